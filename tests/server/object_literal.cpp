#include <quipu/server/object_literal.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

using quipu::literal;
using quipu::literal_kind;
using quipu::parse_object_literal;

namespace {

/// The literal in one spelling: texts in double quotes, one blank nowhere.
std::string told(const literal& one) {
    std::string out;
    switch (one.kind) {
    case literal_kind::nothing: return "null";
    case literal_kind::boolean: return one.truth ? "true" : "false";
    case literal_kind::number: return std::to_string(one.number);
    case literal_kind::text: return '"' + one.text + '"';
    case literal_kind::list:
        for (const auto& item : one.items)
            out += (out.empty() ? "" : ",") + told(item);
        return '[' + out + ']';
    case literal_kind::object:
        for (std::size_t i = 0; i < one.items.size(); ++i)
            out += (out.empty() ? "" : ",") + one.names[i] + ':' + told(one.items[i]);
        return '{' + out + '}';
    }
    return out;
}

std::string told(std::string_view text) {
    const auto read = parse_object_literal(text);
    if (!read.error.why.empty())
        return std::to_string(read.error.line) + ": " + read.error.why;
    return told(read.value);
}

} // namespace

TEST_CASE("object_literal: names and texts in any quotes, comments, a last comma",
          "[server][object_literal]") {
    CHECK(told("{}") == "{}");
    CHECK(told("{a: 1, 'b': \"x\", \"c-d\": 'y',}") == "{a:1.000000,b:\"x\",c-d:\"y\"}");
    CHECK(told("// first\n({ /* a } */ port: 8125 // end\n, backends: [ './a', \"b\", ] });\n;") ==
          "{port:8125.000000,backends:[\"./a\",\"b\"]}");
    CHECK(told("{a: {b: {c: []}}, _$1: null, e: undefined, f: true, g: false}") ==
          "{a:{b:{c:[]}},_$1:null,e:null,f:true,g:false}");
    CHECK(told("\xef\xbb\xbf{\r\n a:1\r\n}\r\n") == "{a:1.000000}");
    CHECK(told("{__proto__: 1, 8: 2}") == "{__proto__:1.000000,8:2.000000}");
}

TEST_CASE("object_literal: numbers as JavaScript writes them", "[server][object_literal]") {
    CHECK(told("[-10, +2, .5, 5., 1e3, 1E-3, 0x10]") ==
          "[-10.000000,2.000000,0.500000,5.000000,1000.000000,0.001000,16.000000]");
    CHECK(parse_object_literal("99.9").value.text == "99.9");
}

TEST_CASE("object_literal: escapes in texts", "[server][object_literal]") {
    CHECK(told(R"('a\'b\\c\n\x41\u00e9\u20ac\q')") == "\"a'b\\c\nA\xc3\xa9\xe2\x82\xacq\"");
    CHECK(told("'one \\\nline'") == "\"one line\"");
    CHECK(told("`as it\nis`") == "\"as it\nis\"");
    CHECK(told(R"('\ud83d\ude00')") == "1: half a character: write it as it is");
    CHECK(told(R"('\x4')") == "1: an escape lacks its digits");
}

TEST_CASE("object_literal: of several members of a name the last one counts",
          "[server][object_literal]") {
    const auto read = parse_object_literal("{\n a: 1,\n\n a: 2, b: 3}");
    REQUIRE(read.value.find("a") != nullptr);
    CHECK(read.value.find("a")->number == 2);
    CHECK(read.value.find("a")->line == 4);
    CHECK(read.value.find("c") == nullptr);
    CHECK(read.value.line == 1);
}

TEST_CASE("object_literal: without surroundings nothing is set, and nothing is run",
          "[server][object_literal]") {
    CHECK(told("{a: process.env.HOST}") == "{a:null}");
    CHECK(told("{\na: 10 * 1000}") == "{a:10000.000000}");
    CHECK(told("{a: require('net')}") == "1: of modules only 'os' is known: nothing is run");
    CHECK(told("{a: `${b}`}") == "1: 'b' is no plain value: nothing is run");
}

TEST_CASE("object_literal: what is wrong is told with its line", "[server][object_literal]") {
    CHECK(told("") == "1: a value is missing at the end");
    CHECK(told("{\n\na 1}") == "3: a ':' is expected after the name");
    CHECK(told("{a: 1\nb: 2}") == "2: a ',' or a '}' is expected after a value");
    CHECK(told("{a: 'x\n'}") == "1: the text does not end in its line");
    CHECK(told("{a: 'x") == "1: the text does not end");
    CHECK(told("{a: 1") == "1: a ',' or a '}' is expected after a value");
    CHECK(told("{a: 1,") == "1: a '}' is missing");
    CHECK(told("[1, /* x") == "1: a value is missing at the end");
    CHECK(told("{} {}") == "1: there is more after the end: only one value is read");
    CHECK(told("({}") == "1: a ')' is missing");
    CHECK(told("{: 1}") == "1: here a name is expected");
    CHECK(told("[,]") == "1: here a value is expected");
}

TEST_CASE("object_literal: nesting has a bound", "[server][object_literal]") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(told(nested(33)) == nested(33));
    CHECK(told(nested(34)) == "1: it is nested too deeply");
    CHECK(told(std::string(100'000, '[')) == "1: it is nested too deeply");
}

TEST_CASE("object_literal: no bytes harm it", "[server][object_literal]") {
    const std::string whole = "{a: [1, 'x\\u0041', /* c */ true], \"b\": {c: null}}";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(told(whole.substr(0, size)).find(": ") != std::string::npos);
        for (const char byte : {'\0', '\xff', '{', ']', '\\', '\'', '\n'}) {
            std::string changed = whole;
            changed[size] = byte;
            static_cast<void>(told(changed));
        }
    }
}

namespace {

std::string told_there(std::string_view text) {
    quipu::literal_surroundings around;
    around.hostname = "web01.example";
    around.environment = [](std::string_view name) -> std::optional<std::string> {
        if (name == "PORT")
            return "9125";
        if (name == "EMPTY")
            return "";
        return std::nullopt;
    };
    const auto read = parse_object_literal(text, around);
    if (!read.error.why.empty())
        return std::to_string(read.error.line) + ": " + read.error.why;
    return told(read.value);
}

} // namespace

TEST_CASE("object_literal: what config files compute is read, and nothing is run",
          "[server][object_literal]") {
    CHECK(told_there("{port: process.env.PORT || 8125}") == "{port:\"9125\"}");
    CHECK(told_there("{port: process.env.NO || 8125, b: process.env[\"PORT\"]}") ==
          "{port:8125.000000,b:\"9125\"}");
    CHECK(told_there("{port: process.env.EMPTY || 1, b: process.env.EMPTY ?? 2}") ==
          "{port:1.000000,b:\"\"}");
    CHECK(told_there("{a: parseInt(process.env.PORT, 10), b: parseInt(process.env.NO) || 7,"
                     " c: Number(process.env.PORT) + 1}") ==
          "{a:9125.000000,b:7.000000,c:9126.000000}");
    CHECK(told_there("{a: 60 * 1000, b: (2 + 3) * 4 - 1, c: 'stats.' + \"x\", d: 1 + '2'}") ==
          "{a:60000.000000,b:19.000000,c:\"stats.x\",d:\"12\"}");
    CHECK(
        told_there("{h: require('os').hostname(), s: require(\"os\").hostname().split('.')[0]}") ==
        "{h:\"web01.example\",s:\"web01\"}");
    CHECK(told_there("var os = require('os');\nconst short = os.hostname().split('.')[0];\n"
                     "module.exports = { p: 'x.' + short };\n") == "{p:\"x.web01\"}");
    CHECK(told_there("(function () { return { a: 1 }; })()") == "{a:1.000000}");
    CHECK(told_there("'use strict';\n(() => ({ a: 1 }))();") == "{a:1.000000}");
    CHECK(told_there("(function() {\n var p = 5;\n return { a: p, b: !p };\n})();") ==
          "{a:5.000000,b:false}");
    CHECK(told_there("{d: process.env.DEBUG === 'true', e: process.env.PORT === '9125',"
                     " f: process.env.NO ? 1 : 2}") == "{d:false,e:true,f:2.000000}");
    CHECK(told_there("{t: `a.${process.env.PORT}.b`}") == "{t:\"a.9125.b\"}");
    CHECK(told_there("({ a: -1 - -2, b: +3, c: 1e3*2 })") ==
          "{a:1.000000,b:3.000000,c:2000.000000}");
    CHECK(told_there("{a: process.env.NO}") == "{a:null}");
}

TEST_CASE("object_literal: what would have to be run is an error with its place",
          "[server][object_literal]") {
    CHECK(told_there("{\n a: require('fs').readFileSync('x')}") ==
          "2: of modules only 'os' is known: nothing is run");
    CHECK(told_there("{a: secret()}") == "1: 'secret' is no plain value: nothing is run");
    CHECK(told_there("(function () { while (1); })()") != "");
    CHECK(told_there("{a: {} + 1}") == "1: lists and objects are not computed with");
    CHECK(told_there("{a: parseInt(}").starts_with("1: "));
    CHECK(told_there("{a: 1 +}").starts_with("1: "));
    CHECK(told_there(std::string(5'000, '(')).starts_with("1: it is nested too deeply"));
    CHECK(told_there(std::string(5'000, '!')).starts_with("1: it is nested too deeply"));
}

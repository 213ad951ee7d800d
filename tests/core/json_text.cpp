#include <quipu/core/json_text.hpp>

#include <quipu/server/object_literal.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using namespace quipu;

namespace {

std::string written(std::string_view text) {
    json_text out(10'000);
    return out.text(text).take();
}

} // namespace

TEST_CASE("json_text: objects, lists and values stand with their commas", "[core][json_text]") {
    json_text out(1000);
    out.begin_object().member("a", 1.5).member("b", std::uint64_t{2}).name("c").begin_list();
    out.begin_list().end_list().number(-0.25).truth(true).truth(false).nothing();
    out.begin_object().end_object().end_list();
    out.member("d", std::int64_t{-7}).member("e", "x").end_object();
    CHECK(out.view() == R"({"a":1.5,"b":2,"c":[[],-0.25,true,false,null,{}],"d":-7,"e":"x"})");
    CHECK_FALSE(out.full());
}

TEST_CASE("json_text: numbers that JSON has not are null", "[core][json_text]") {
    json_text out(1000);
    out.begin_list().number(std::numeric_limits<double>::infinity());
    out.number(std::numeric_limits<double>::quiet_NaN()).number(1e300).number(0.1).end_list();
    CHECK(out.view() == "[null,null,1e300,0.1]");
}

TEST_CASE("json_text: text is never markup, nor ends its quotes", "[core][json_text]") {
    CHECK(written("<img src=x onerror=\"a&b\">") ==
          R"("\u003cimg src=x onerror=\"a\u0026b\"\u003e")");
    CHECK(written("a\\b\n\x7f") == R"("a\\b\u000a\u007f")");
    CHECK(written(std::string_view("\0", 1)) == R"("\u0000")");
    for (int c = 0; c < 128; ++c) {
        const std::string text(1, static_cast<char>(c));
        CAPTURE(c);
        CHECK(parse_object_literal(written(text)).value.text == text);
    }
}

TEST_CASE("json_text: what is no UTF-8 becomes the character for that", "[core][json_text]") {
    for (const char* const good : {"é", "\u20ac", "\U0001F600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        CHECK(written(good) == '"' + std::string(good) + '"');
    const std::string bad = "\xef\xbf\xbd";
    for (const char* const text : {"\x80", "\xc0", "\xff", "\xc3", "\xf5"})
        CHECK(written(text) == '"' + bad + '"');
    CHECK(written("\xc0\xaf") == '"' + bad + bad + '"'); // overlong
    CHECK(written("\xe0\x80\xaf") == '"' + bad + bad + bad + '"');
    CHECK(written("\xed\xa0\x80") == '"' + bad + bad + bad + '"'); // half a pair
    CHECK(written("\xf4\x90\x80\x80") == '"' + bad + bad + bad + bad + '"');
    CHECK(written("\xc3(") == '"' + bad + "(\"");
    CHECK(written("\xe2\x82") == '"' + bad + bad + '"');
}

TEST_CASE("json_text: it is no longer than it may be, and tells", "[core][json_text]") {
    json_text out(10);
    out.begin_list().text("12345");
    CHECK_FALSE(out.full());
    out.number(123456.0);
    CHECK(out.full());
    out.end_list();
    CHECK(out.view().size() <= 10);
    CHECK(out.full());
}

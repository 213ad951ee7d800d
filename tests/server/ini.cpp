#include <quipu/server/ini.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using quipu::parse_ini;

namespace {

/// What was read, an entry a line: `LINE SECTION KEY=VALUE`, and the error behind.
std::string told(std::string_view text) {
    const auto read = parse_ini(text);
    std::string out;
    for (const auto& one : read.entries) {
        out +=
            std::to_string(one.line) + ' ' + one.section + ' ' + one.key + '=' + one.value + '\n';
    }
    if (!read.error.why.empty())
        out += std::to_string(read.error.line) + ": " + read.error.why + '\n';
    return out;
}

} // namespace

TEST_CASE("ini: sections, keys and values, without the blanks around them", "[server][ini]") {
    CHECK(told("[a]\nk=v\n k2 = two words \n[ b c ]\nk:v=w\n") ==
          "2 a k=v\n3 a k2=two words\n5 b c k=v=w\n");
    CHECK(told("[a]\r\nk = v\r\n") == "2 a k=v\n");
    CHECK(told("\xef\xbb\xbf[a]\nk=v") == "2 a k=v\n");
    CHECK(told("[a]\nempty=\n") == "2 a empty=\n");
    CHECK(told("").empty());
}

TEST_CASE("ini: keys and sections keep their case, and may come again", "[server][ini]") {
    CHECK(told("[A]\nKey=1\nKey=2\n[B]\n[A]\nkey=3\n") == "2 A Key=1\n3 A Key=2\n6 A key=3\n");
    const auto read = parse_ini("[A]\n[B]\n[A]\n");
    REQUIRE(read.sections.size() == 3);
    CHECK(read.sections[2].name == "A");
    CHECK(read.sections[2].line == 3);
}

TEST_CASE("ini: comments are lines, or what follows a blank and a semicolon", "[server][ini]") {
    CHECK(told("; one\n# two\n[a] ; three\n  # four\nk=v ; five\n") == "5 a k=v\n");
    CHECK(told("[a]\nk=x;y #z\nl=;\nm= ; none\nn=1\t;tab\n") ==
          "2 a k=x;y #z\n3 a l=;\n4 a m=\n5 a n=1\n");
}

TEST_CASE("ini: what is wrong is told with its line, and what stands before it was read",
          "[server][ini]") {
    CHECK(told("[a]\nk=v\n\nnonsense\n") == "2 a k=v\n4: neither 'key = value' nor '[section]'\n");
    CHECK(told("[a\n") == "1: a section begins with '[' but does not end with ']'\n");
    CHECK(told("k=v\n[a]\n") == "1: 'k' stands before the first '[section]'\n");
    CHECK(told("[a]\n=v\n") == "2: neither 'key = value' nor '[section]'\n");
}

#include <quipu/sink/graphite_name.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

std::string name_of(std::string_view head,
                    std::string_view name,
                    std::string_view tail = "",
                    std::string_view tags = "") {
    std::string out;
    quipu::append_graphite_name(out, {head, name, tail, tags, 0, false, 0});
    return out;
}

} // namespace

TEST_CASE("graphite_name: no name can end its line, its field or its folder",
          "[sink][graphite_name]") {
    CHECK(name_of("a.", "b c", ".d") == "a.b_c.d");
    CHECK(name_of("", "a/b/../c") == "a-b-..-c");
    CHECK(name_of("", "a\tb\nc\rd\x7f") == "a_b_c_d_");
    CHECK(name_of("", std::string_view("a\0b", 3)) == "a_b");
    CHECK(name_of("", "caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(name_of("my stats/", "x") == "my_stats-x");
    CHECK(name_of("", "") == "");
}

TEST_CASE("graphite_name: tags stand behind the whole name, each with a value",
          "[sink][graphite_name]") {
    CHECK(name_of("a.", "b", ".c", ";k=v") == "a.b.c;k=v");
    CHECK(name_of("", "b", "", ";bare") == "b;bare=true");
    CHECK(name_of("", "b", "", ";bare;k=v;last") == "b;bare=true;k=v;last=true");
    CHECK(name_of("", "b", "", ";k=a b/c") == "b;k=a_b-c");

    SECTION("and none that is empty") {
        CHECK(name_of("", "b", "", ";") == "b");
        CHECK(name_of("", "b", "", ";;k=v;") == "b;k=v");
    }
}

TEST_CASE("graphite_name: what is not UTF-8 costs its series a byte and no other anything",
          "[sink][graphite_name]") {
    CHECK(name_of("", "u\xff") == "u_");
    CHECK(name_of("", "\xe2\x82") == "__");
    CHECK(name_of("", "\xf0\x9f\x98\x80\x80") == "\xf0\x9f\x98\x80_");
    CHECK(name_of("", "a", "", ";k\xff=v\xfe") == "a;k_=v_");
}

TEST_CASE("graphite_name: no blank of Unicode ends a name or a line", "[sink][graphite_name]") {
    for (const auto* const blank : {"\xc2\x85",
                                    "\xc2\xa0",
                                    "\xe1\x9a\x80",
                                    "\xe2\x80\x80",
                                    "\xe2\x80\x8a",
                                    "\xe2\x80\xa8",
                                    "\xe2\x80\xa9",
                                    "\xe2\x80\xaf",
                                    "\xe2\x81\x9f",
                                    "\xe3\x80\x80"}) {
        CAPTURE(blank);
        CHECK(name_of("", std::string("a") + blank + "b") == "a_b");
    }
    CHECK(name_of("", "a\xe2\x80\x8b") == "a\xe2\x80\x8b"); // a space without width is none
}

TEST_CASE("graphite_name: tags that carbon calls invalid are made valid", "[sink][graphite_name]") {
    CHECK(name_of("", "b", "", ";k=") == "b;k=_");
    CHECK(name_of("", "b", "", ";k=~v") == "b;k=_v");
    CHECK(name_of("", "b", "", ";k=a~") == "b;k=a~");
    CHECK(name_of("", "b", "", ";!k^=v!^") == "b;_k_=v!^");
    CHECK(name_of("", "b", "", ";=v") == "b;_=v");
}

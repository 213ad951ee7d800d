#include <quipu/core/glob.hpp>

#include "support/catch.hpp"

#include <string>

using quipu::glob_match;

TEST_CASE("glob: a star stands for any characters, a question mark for one", "[core][glob]") {
    CHECK(glob_match("", ""));
    CHECK(glob_match("*", ""));
    CHECK(glob_match("api.*", "api.hits"));
    CHECK(glob_match("api.*", "api."));
    CHECK(glob_match("*.hits", "api.v1.hits"));
    CHECK(glob_match("a*b*c", "a-b-b-c"));
    CHECK(glob_match("a?c", "abc"));
    CHECK(glob_match("**", "x"));
    CHECK_FALSE(glob_match("", "a"));
    CHECK_FALSE(glob_match("api.*", "api"));
    CHECK_FALSE(glob_match("a?c", "ac"));
    CHECK_FALSE(glob_match("a*b", "abc"));
    CHECK_FALSE(glob_match("a", "ab"));
}

TEST_CASE("glob: many stars take no more than pattern times text", "[core][glob]") {
    const std::string text(20'000, 'a');
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "*a";
    CHECK_FALSE(glob_match(pattern + "*b", text)); // one that branched would never end
    CHECK(glob_match(pattern + "*", text));
}

static_assert(glob_match("a*", "abc"));

TEST_CASE("glob: '*' stands for a part of a node, and is told", "[core][glob]") {
    const auto captures = [](std::string_view pattern, std::string_view name) {
        std::vector<std::string_view> all;
        if (!quipu::glob_nodes(pattern, name, all))
            return std::string("none");
        std::string text;
        for (const auto one : all)
            (text += '<').append(one) += '>';
        return text;
    };
    CHECK(captures("a.b", "a.b").empty());
    CHECK(captures("a.*", "a.b") == "<b>");
    CHECK(captures("*.*.latency", "api.get.latency") == "<api><get>");
    CHECK(captures("api-*.x*z", "api-1.xyz") == "<1><y>");
    CHECK(captures("*-*", "a-b-c") == "<a><b-c>");
    CHECK(captures("a*b*c", "abbc") == "<><b>");
    CHECK(captures("*", "") == "<>");
    CHECK(captures("a.*.b", "a..b") == "<>");
    CHECK(captures("*", "a.b") == "none");
    CHECK(captures("a.*", "a") == "none");
    CHECK(captures("a.*", "a.b.c") == "none");
    CHECK(captures("*.b", "a.c") == "none");
    CHECK(captures("a.", "a") == "none");
    CHECK(captures("a?", "ab") == "none"); // which is no '*'
    CHECK(captures("", "").empty());
}

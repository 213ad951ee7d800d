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

#include <quipu/schema/percentile.hpp>

#include "support/catch.hpp"

#include <string_view>
#include <vector>

using namespace quipu;

TEST_CASE("percentile: its text makes its suffix", "[schema][percentile]") {
    struct expectation {
        std::string_view text;
        percentile read;
    };
    const expectation cases[] = {
        {"90", {90, "90"}},
        {"+90", {90, "90"}},
        {"0", {0, "0"}},
        {"100", {100, "100"}},
        {"99.9", {99.9, "99_9"}},
        {"99.90", {99.9, "99_90"}},
        {".5", {.5, "_5"}},
        {"-10", {-10, "top10"}},
        {"-99.5", {-99.5, "top99_5"}},
        {"-100", {-100, "top100"}},
    };
    for (const auto& [text, read] : cases) {
        INFO(text);
        const auto result = parse_percentile(text);
        REQUIRE(result);
        CHECK(result->value == read.value);
        CHECK(result->suffix == read.suffix);
    }
}

TEST_CASE("percentile: a negative one has the share of the positive", "[schema][percentile]") {
    CHECK(percentile{90, "90"}.share() == 0.9);
    CHECK(percentile{-10, "top10"}.share() == 0.1);
    CHECK(percentile{0, "0"}.share() == 0);
    CHECK(percentile().share() == 0.9);
}

TEST_CASE("percentile: what is no percentage is refused", "[schema][percentile]") {
    for (const auto* const text : {"", " ", "p90", "90%", "90 ", "nan", "-", "0x10"})
        CHECK(parse_percentile(text).error() == errc::bad_number);
    for (const auto* const text : {"100.1", "-101", "1e3", "1e999"})
        CHECK(parse_percentile(text).error() == errc::number_out_of_range);
}

TEST_CASE("percentiles: a list is read in its order", "[schema][percentile]") {
    const auto list = parse_percentiles("50,99.9,-10,50");
    REQUIRE(list);
    CHECK(*list == std::vector<percentile>{{50, "50"}, {99.9, "99_9"}, {-10, "top10"}, {50, "50"}});
    CHECK(*parse_percentiles("7") == std::vector<percentile>{{7, "7"}});
}

TEST_CASE("percentiles: one that is wrong spoils the list", "[schema][percentile]") {
    for (const auto* const text : {"", ",", "50,", ",50", "50,,90", "50, 90", "50;90"})
        CHECK(parse_percentiles(text).error() == errc::bad_number);
    CHECK(parse_percentiles("50,101").error() == errc::number_out_of_range);
}

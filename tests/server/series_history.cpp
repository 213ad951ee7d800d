#include <quipu/server/series_history.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace quipu;

namespace {

constexpr auto counter = metric_kind::counter;
constexpr auto timer = metric_kind::timer;

} // namespace

TEST_CASE("series_history: the last intervals are there, the latest first",
          "[server][series_history]") {
    series_history all;
    for (int i = 1; i <= 130; ++i) {
        all.next(1000 + i, false);
        all.put(counter, "hits", {i * 1.0, series_history::nothing}, i, false);
    }
    const auto* const hits = all.at(counter, "hits");
    REQUIRE(hits != nullptr);
    REQUIRE(all.intervals(*hits) == series_history::intervals_max);
    CHECK(all.before(*hits, 0).value == 130);
    CHECK(all.before(*hits, 119).value == 11);
    CHECK(all.time_before(0) == 1130);
    CHECK(all.time_before(119) == 1011);
    CHECK(hits->total == 130 * 131 / 2);
}

TEST_CASE("series_history: before it came up there is nothing of a series",
          "[server][series_history]") {
    series_history all;
    all.next(1, false);
    all.next(2, false);
    all.put(timer, "t", {5, 9}, 3, false);
    all.next(3, false);
    const auto* const its = all.at(timer, "t");
    REQUIRE(its != nullptr);
    REQUIRE(all.intervals(*its) == 2);
    CHECK(std::isnan(all.before(*its, 0).value)); // no values, no median
    CHECK(all.before(*its, 1).value == 5);
    CHECK(all.before(*its, 1).high == 9);
    CHECK(all.at(counter, "t") == nullptr);
}

TEST_CASE("series_history: an idle counter has the rate zero, and leaves in the end",
          "[server][series_history]") {
    series_history all;
    all.next(1, false);
    all.put(counter, "hits", {1, series_history::nothing}, 1, false);
    for (std::size_t i = 0; i < series_history::intervals_max; ++i)
        all.next(2, false);
    const auto* const hits = all.at(counter, "hits");
    REQUIRE(hits != nullptr);
    CHECK(all.before(*hits, 0).value == 0);
    all.next(3, false);
    CHECK(all.at(counter, "hits") == nullptr);
    CHECK(all.size() == 0);
}

TEST_CASE("series_history: of many series those have one that are looked at",
          "[server][series_history]") {
    series_history all;
    all.next(1, true);
    all.put(counter, "a", {1, 0}, 1, false);
    CHECK(all.at(counter, "a") == nullptr);
    REQUIRE(all.look(counter, "a") != nullptr);
    for (std::size_t i = 0; i < series_history::intervals_max; ++i) {
        all.next(2, true);
        all.put(counter, "a", {2, 0}, 2, false);
        all.put(counter, "b", {2, 0}, 2, false);
    }
    REQUIRE(all.at(counter, "a") != nullptr);
    CHECK(all.at(counter, "b") == nullptr);
    all.next(3, true);
    CHECK(all.at(counter, "a") == nullptr); // nobody looked for so long
}

TEST_CASE("series_history: there is room for so many, and what found none is counted",
          "[server][series_history]") {
    series_history all;
    all.next(1, false);
    for (std::size_t i = 0; i <= series_history::series_max; ++i)
        all.put(counter, "n" + std::to_string(i), {1, 0}, 1, false);
    CHECK(all.size() == series_history::series_max);
    CHECK(all.refused() == 1);
    CHECK(all.look(counter, "other") == nullptr);
}

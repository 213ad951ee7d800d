#include <quipu/snapshot/select.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <string_view>

using quipu::test::snapshot_of;

TEST_CASE("select: some series with their cells, of every kind", "[snapshot][select]") {
    const auto all = snapshot_of("a.c:3|c\nb.c:1|c\na.t:5|ms\nb.g:1|g\na.g:2|g\na.s:x|s\n"
                                 "b.s:x|s\na.k:9|kv\nb.k:8|kv",
                                 100);
    const auto some =
        quipu::select(all, [](std::string_view name) { return name.starts_with("a."); });
    CHECK(some.size() == 5);
    CHECK(some.timestamp == 100);
    CHECK(some.interval_seconds == 10);
    REQUIRE(some.counters.size() == 1);
    CHECK(some.counters[0].name == "a.c");
    CHECK(some.counters[0].cell.sum() == 3);
    REQUIRE(some.timers.size() == 1);
    CHECK(some.timers[0].cell.max() == 5);
    REQUIRE(some.gauges.size() == 1);
    CHECK(some.gauges[0].cell.value() == 2);
    REQUIRE(some.uniques.size() == 1);
    CHECK(some.uniques[0].cell.estimate() == 1);
    REQUIRE(some.keyvalues.size() == 1);
    CHECK(some.keyvalues[0].cell.values().front().value == 9);
    CHECK(all.size() == 9);
    CHECK(quipu::select(all, [](std::string_view) { return false; }).size() == 0);
}

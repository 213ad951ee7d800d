#include <quipu/snapshot/snapshot.hpp>

#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"

#include <string>
#include <type_traits>
#include <utility>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<snapshot>);
static_assert(std::is_nothrow_move_assignable_v<snapshot>);
static_assert(!std::is_copy_constructible_v<snapshot>);
static_assert(!std::is_copy_assignable_v<snapshot>);

namespace {

/// A snapshot of a store that is gone.
snapshot orphan() {
    store all;
    for (int i = 0; i < 5000; ++i) {
        sample one;
        one.value = i;
        one.series.kind = metric_kind::counter;
        all.apply("series." + std::to_string(i) + ";region=eu", one);
        one.series.kind = metric_kind::timer;
        all.apply("series." + std::to_string(i % 100), one);
    }
    return collect(all, 1'700'000'000, 10);
}

void check_orphan(const snapshot& frozen) {
    CHECK(frozen.timestamp == 1'700'000'000);
    CHECK(frozen.interval_seconds == 10);
    CHECK(frozen.size() == 5100);
    REQUIRE(frozen.counters.size() == 5000);
    REQUIRE(frozen.timers.size() == 100);
    for (std::size_t i = 0; i < frozen.counters.size(); ++i) {
        const auto& one = frozen.counters[i];
        if (one.name != "series." + std::to_string(i) + ";region=eu" ||
            one.cell.sum() != static_cast<double>(i)) {
            FAIL_CHECK("counter " << i << " is wrong: " << one.name);
        }
    }
    for (std::size_t i = 0; i < frozen.timers.size(); ++i) {
        const auto& values = frozen.timers[i].cell.values().values();
        CHECK(frozen.timers[i].name == "series." + std::to_string(i));
        REQUIRE(values.size() == 50);
        CHECK(values.front() == static_cast<double>(i));
        CHECK(values.back() == static_cast<double>(i + 4900));
    }
}

} // namespace

TEST_CASE("snapshot: outlives its store", "[snapshot]") {
    check_orphan(orphan());
}

TEST_CASE("snapshot: takes its names along when it moves", "[snapshot]") {
    auto first = orphan();
    const auto* const name = first.counters.front().name.data();
    auto second = std::move(first);
    CHECK(second.counters.front().name.data() == name);
    check_orphan(second);
    snapshot third;
    CHECK(third.size() == 0);
    third = std::move(second);
    check_orphan(third);
}

TEST_CASE("snapshot: counts the series of all kinds", "[snapshot]") {
    store all;
    for (std::size_t kind = 0; kind < metric_kind_count; ++kind) {
        sample one;
        one.series.kind = static_cast<metric_kind>(kind);
        all.apply("a", one);
    }
    CHECK(collect(all, 0, 1).size() == 5);
}

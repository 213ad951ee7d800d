#include <quipu/snapshot/unite.hpp>

#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace quipu;

namespace {

/// A backend to which '-' is '_'.
const auto dashes = [](std::string_view name, std::string& key) {
    key = name;
    bool cleaned = false;
    for (char& c : key) {
        cleaned = cleaned || c == '-';
        c = c == '-' ? '_' : c;
    }
    return cleaned;
};

template <class List>
const auto& named(const List& list, std::string_view name) {
    for (const auto& one : list) {
        if (one.name == name)
            return one.cell;
    }
    FAIL("there is no " << name);
    return list[0].cell;
}

} // namespace

TEST_CASE("unite: series that are one are merged, each kind by itself", "[snapshot][unite]") {
    store all;
    all.counter("a_b").add(1);
    all.counter("x").add(100);
    all.counter("a-b").add(2);
    all.gauge("a_b").set(7);
    for (int i = 0; i < 3; ++i) {
        all.timer(i == 0 ? "t-a-b" : i == 1 ? "t-a_b" : "t_a_b").record(i);
        static_cast<void>(all.unique(i == 0 ? "u-" : "u_").insert(std::to_string(i)));
    }
    for (int i = 0; i < 2; ++i) {
        sample one;
        one.series.kind = metric_kind::keyvalue;
        one.value = i;
        static_cast<void>(all.apply(i == 0 ? "k-" : "k_", one));
    }
    const auto from = collect(all, 5, 10);
    snapshot room;
    united_series told;
    const auto& made = unite(from, dashes, room, told);
    CHECK(&made == &room);
    CHECK(made.timestamp == 5);
    CHECK(made.interval_seconds == 10);
    CHECK(made.counters.size() == 2);
    CHECK(named(made.counters, "a_b").sum() == 3);
    CHECK(named(made.counters, "x").sum() == 100);
    CHECK(made.gauges.size() == 1);
    REQUIRE(made.timers.size() == 1);
    CHECK(made.timers[0].name == "t-a-b");
    CHECK(made.timers[0].cell.count() == 3);
    CHECK(made.timers[0].cell.values().quantile(1) == 2);
    REQUIRE(made.uniques.size() == 1);
    CHECK(made.uniques[0].cell.estimate() == 3);
    REQUIRE(made.keyvalues.size() == 1);
    REQUIRE(made.keyvalues[0].cell.values().size() == 2);
    CHECK(made.keyvalues[0].cell.values()[1].value == 1);
    CHECK(told.merged == 5);
    CHECK(told.one == "a-b");
    CHECK(told.into == "a_b");
}

TEST_CASE("unite: of gauges the one that was set later stays, flush after flush",
          "[snapshot][unite]") {
    store all;
    united_series told;
    const auto value = [&] {
        const auto from = collect(all, 5, 10);
        snapshot room;
        const auto& made = unite(from, dashes, room, told);
        REQUIRE(made.gauges.size() == 1);
        return made.gauges[0].cell.value();
    };
    all.gauge("g-").set(1);
    all.gauge("g_").set(2);
    CHECK(value() == 2);
    CHECK(value() == 2);
    all.gauge("g-").set(3);
    CHECK(value() == 3);
    CHECK(value() == 3);
    CHECK(told.merged == 4);
}

TEST_CASE("unite: where all differ the snapshot is the one that came", "[snapshot][unite]") {
    store all;
    all.counter("a-b").add(1);
    all.counter("a_c").add(1);
    all.gauge("a_b").set(1);
    const auto from = collect(all, 5, 10);
    snapshot room;
    united_series told;
    CHECK(&unite(from, dashes, room, told) == &from);
    CHECK(told.merged == 0);
}

#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

sample counted(double value) {
    sample one;
    one.value = value;
    return one;
}

sample of(metric_kind kind, double value = 1) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.member = "m";
    return one;
}

/// Every retention is a number that can be set.
struct idling_traits : store_traits {
    using counter_retention = retention::idle_for;
    using timer_retention = retention::idle_for;
    using gauge_retention = retention::idle_for;
    using unique_retention = retention::idle_for;
    using keyvalue_retention = retention::idle_for;
    static constexpr std::size_t series_max = 300;
};

struct lasting_traits : store_traits {
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using gauge_retention = retention::forever;
    using unique_retention = retention::forever;
    using keyvalue_retention = retention::forever;
};

struct fleeting_traits : store_traits {
    using gauge_retention = retention::each_interval;
};

template <class Traits>
void fill(basic_store<Traits>& all) {
    for (std::size_t kind = 0; kind < metric_kind_count; ++kind)
        all.apply("a", of(static_cast<metric_kind>(kind), 7));
}

} // namespace

TEST_CASE("collect: tells when and how long", "[snapshot][collect]") {
    store all;
    const auto frozen = collect(all, 1'700'000'010, 2.5);
    CHECK(frozen.timestamp == 1'700'000'010);
    CHECK(frozen.interval_seconds == 2.5);
    CHECK(frozen.size() == 0);
}

TEST_CASE("collect: the store begins anew, the snapshot does not change", "[snapshot][collect]") {
    store all;
    all.apply("a", counted(3));
    const auto first = collect(all, 10, 10);
    all.apply("a", counted(4));
    const auto second = collect(all, 20, 10);
    CHECK(first.counters.at(0).cell.sum() == 3);
    CHECK(second.counters.at(0).cell.sum() == 4);
}

TEST_CASE("collect: natively only gauges outlast their interval", "[snapshot][collect]") {
    store all;
    fill(all);
    CHECK(collect(all, 10, 10).size() == 5);
    for (std::uint32_t idle = 1; idle < 4; ++idle) {
        const auto later = collect(all, 20, 10);
        CHECK(later.size() == 1);
        REQUIRE(later.gauges.size() == 1);
        CHECK(later.gauges[0].cell.value() == 7);
        CHECK(later.gauges[0].idle_intervals == idle);
    }
}

TEST_CASE("collect: what stays for ever is empty when idle", "[snapshot][collect]") {
    basic_store<lasting_traits> all;
    fill(all);
    static_cast<void>(collect(all, 10, 10));
    for (std::uint32_t idle = 1; idle < 4; ++idle) {
        const auto later = collect(all, 20, 10);
        REQUIRE(later.size() == 5);
        CHECK(later.counters.at(0).cell.sum() == 0);
        CHECK(later.counters[0].cell.idle());
        CHECK(later.counters[0].idle_intervals == idle);
        CHECK(later.timers.at(0).cell.count() == 0);
        CHECK(later.timers[0].idle_intervals == idle);
        CHECK(later.gauges.at(0).cell.value() == 7);
        CHECK(later.uniques.at(0).cell.estimate() == 0);
        CHECK(later.keyvalues.at(0).cell.values().empty());
    }
    all.apply("a", counted(0)); // a sample of nothing is a sample
    CHECK(collect(all, 30, 10).counters.at(0).idle_intervals == 0);
}

TEST_CASE("collect: with each_interval a gauge leaves and changes from zero again",
          "[snapshot][collect]") {
    basic_store<fleeting_traits> all;
    all.apply("a", of(metric_kind::gauge, 7));
    CHECK(collect(all, 10, 10).gauges.at(0).cell.value() == 7);
    CHECK(collect(all, 20, 10).gauges.empty());
    CHECK(all.size() == 0);
    auto change = of(metric_kind::gauge, 2);
    change.relative = true;
    all.apply("a", change);
    CHECK(collect(all, 30, 10).gauges.at(0).cell.value() == 2);
}

TEST_CASE("collect: each kind goes by its own retention", "[snapshot][collect]") {
    const basic_retentions<idling_traits> keep{
        .counters = {4}, .timers = {3}, .gauges = {2}, .uniques = {1}, .keyvalues = {0}};
    basic_store<idling_traits> all;
    fill(all);
    for (std::size_t idle = 0; idle <= 5; ++idle) {
        const auto frozen = collect(all, 10, 10, keep);
        CHECK(frozen.counters.size() == (idle <= 4 ? 1 : 0));
        CHECK(frozen.timers.size() == (idle <= 3 ? 1 : 0));
        CHECK(frozen.gauges.size() == (idle <= 2 ? 1 : 0));
        CHECK(frozen.uniques.size() == (idle <= 1 ? 1 : 0));
        CHECK(frozen.keyvalues.size() == (idle <= 0 ? 1 : 0));
    }
}

TEST_CASE("collect: timers are settled, names are those of the store", "[snapshot][collect]") {
    store all;
    for (const double value : {5, 1, 4, 2, 3})
        all.apply("t;b=1", of(metric_kind::timer, value));
    const auto frozen = collect(all, 10, 10);
    CHECK(frozen.timers.at(0).name == "t;b=1");
    CHECK(frozen.timers[0].cell.values().values() == std::vector<double>{1, 2, 3, 4, 5});
    CHECK(frozen.timers[0].cell.values().median() == 3);
}

TEST_CASE("collect: behaves as a map of cells does", "[snapshot][collect]") {
    generator random(21);
    basic_store<idling_traits> real(random.next());
    store_model::store model{.series_max = idling_traits::series_max};
    for (int flush = 0; flush < 400; ++flush) {
        for (auto left = random.below(1500); left > 0; --left)
            store_model::apply_to_both(random, real, model, 100);
        std::array<std::uint32_t, metric_kind_count> idle_max{};
        for (auto& one : idle_max)
            one = static_cast<std::uint32_t>(random.below(4));
        const basic_retentions<idling_traits> keep{.counters = {idle_max[0]},
                                                   .timers = {idle_max[1]},
                                                   .gauges = {idle_max[2]},
                                                   .uniques = {idle_max[3]},
                                                   .keyvalues = {idle_max[4]}};
        const auto frozen = collect(real, flush, 10, keep);
        model.age([&](metric_kind kind, std::uint32_t idle) {
            return idle > idle_max[static_cast<std::size_t>(kind)];
        });
        CHECK(frozen.size() == model.size());
        store_model::check_same(model, metric_kind::counter, frozen.counters);
        store_model::check_same(model, metric_kind::timer, frozen.timers);
        store_model::check_same(model, metric_kind::gauge, frozen.gauges);
        store_model::check_same(model, metric_kind::unique, frozen.uniques);
        store_model::check_same(model, metric_kind::keyvalue, frozen.keyvalues);
        for (const auto& one : frozen.counters) {
            const auto kind = static_cast<std::size_t>(metric_kind::counter);
            CHECK(one.idle_intervals == model.cells[kind].find(one.name)->second.idle);
        }
        // Gauges that are to leave have left.
        model.erase_if([&](metric_kind kind, const std::string& name) {
            return kind == metric_kind::gauge &&
                   model.cells[static_cast<std::size_t>(kind)].at(name).idle + 1 > idle_max[2];
        });
        model.next(true);
        store_model::check_same(model, real);
    }
}

TEST_CASE("collect: a gauge that is to leave has left when a change comes", "[snapshot]") {
    struct etsy_like : store_traits {
        using gauge_retention = retention::adjustable;
    };
    sample one;
    one.series.kind = metric_kind::gauge;
    for (const std::uint32_t idle : {0U, 2U}) {
        CAPTURE(idle);
        basic_store<etsy_like> all;
        basic_retentions<etsy_like> keep;
        keep.gauges = retention::adjustable(idle);
        one.value = 100;
        one.relative = false;
        REQUIRE(all.apply("g.base", one) == errc::ok);
        for (std::uint32_t i = 0; i <= idle; ++i) {
            const auto flushed = collect(all, i, 10, keep);
            REQUIRE(flushed.gauges.size() == 1);
            CHECK(flushed.gauges[0].cell.value() == 100);
        }
        CHECK(all.size() == 0);
        one.value = 1;
        one.relative = true;
        REQUIRE(all.apply("g.base", one) == errc::ok);
        CHECK(collect(all, 9, 10, keep).gauges[0].cell.value() == 1);
    }
}

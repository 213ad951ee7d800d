#include <quipu/store/store.hpp>

#include <quipu/sketch/exact_set.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

static_assert(!std::is_copy_constructible_v<store>);
static_assert(std::is_nothrow_move_constructible_v<store>);

namespace {

struct small_traits : store_traits {
    static constexpr std::size_t series_max = 300;
};
using small_store = basic_store<small_traits>;

struct tiny_traits : store_traits {
    using timer = basic_timer<basic_exact<2>>;
    using unique = basic_unique<basic_exact_set<2>>;
    using keyvalue = basic_keyvalue<2>;
    static constexpr std::size_t series_max = 5;
};
using tiny_store = basic_store<tiny_traits>;

constexpr metric_kind kinds[] = {metric_kind::counter,
                                 metric_kind::timer,
                                 metric_kind::gauge,
                                 metric_kind::unique,
                                 metric_kind::keyvalue};

sample of(metric_kind kind, double value = 1, std::string_view member = "m") {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.member = member;
    return one;
}

} // namespace

TEST_CASE("store: one name is a series of each kind", "[store]") {
    store all;
    for (const auto kind : kinds)
        CHECK(all.apply("load", of(kind, 5)) == errc::ok);
    CHECK(all.size() == 5);
    CHECK(all.counters().find("load")->sum() == 5);
    CHECK(all.timers().find("load")->sum() == 5);
    CHECK(all.gauges().find("load")->value() == 5);
    CHECK(all.uniques().find("load")->estimate() == 1);
    CHECK(all.keyvalues().find("load")->values().size() == 1);
}

TEST_CASE("store: the limit holds for all kinds together", "[store]") {
    for (const auto last : kinds) {
        tiny_store full;
        for (const auto kind : kinds) {
            if (kind != last)
                CHECK(full.apply("first", of(kind)) == errc::ok);
        }
        CHECK(full.apply("first", of(last)) == errc::ok);
        for (const auto kind : kinds) {
            CHECK(full.apply("second", of(kind)) == errc::series_limit);
            CHECK(full.apply("first", of(kind)) == errc::ok);
        }
        CHECK(full.size() == 5);
        // When one leaves there is room for one, of whatever kind.
        full.counters().erase_if([](const auto&) { return true; });
        CHECK(full.apply("second", of(last)) == errc::ok);
        CHECK(full.apply("third", of(last)) == errc::series_limit);
    }
}

TEST_CASE("store: a full cell says so, and its series stays", "[store]") {
    tiny_store cells;
    for (const auto kind : {metric_kind::timer, metric_kind::unique, metric_kind::keyvalue}) {
        CHECK(cells.apply("a", of(kind, 1, "m")) == errc::ok);
        CHECK(cells.apply("a", of(kind, 2, "n")) == errc::ok);
        CHECK(cells.apply("a", of(kind, 3, "o")) == errc::value_limit);
    }
    CHECK(cells.timers().find("a")->sum() == 6);
    CHECK(cells.uniques().find("a")->members().dropped() == 1);
    CHECK(cells.keyvalues().find("a")->dropped() == 1);
}

TEST_CASE("store: behaves as a map of cells does", "[store]") {
    generator random(11);
    small_store real(random.next());
    store_model::store model{.series_max = small_traits::series_max};
    std::size_t refused = 0;
    for (int round = 1; round <= 320'000; ++round) {
        store_model::apply_to_both(random, real, model, 100);
        if (random.one_in(1000)) {
            small_store later(random.next());
            store_model::store later_model{.series_max = small_traits::series_max};
            for (auto left = random.below(60); left > 0; --left)
                store_model::apply_to_both(random, later, later_model, 120);
            const auto expected = model.merge(later_model);
            CHECK(real.merge(later) == expected);
            refused += expected;
        }
        if (random.one_in(3000)) {
            const auto idle_max = static_cast<std::uint32_t>(random.below(3));
            real.reset(idle_max);
            model.age([&](metric_kind, std::uint32_t idle) { return idle > idle_max; });
            model.next(false);
            store_model::check_same(model, real);
        }
        if (round % 2000 == 0)
            store_model::check_same(model, real);
    }
    CHECK(refused > 100); // else the limit was never met
    store_model::check_same(model, real);
}

TEST_CASE("store: a merge leaves out what was idle", "[store]") {
    store here;
    store there;
    there.apply("kept", of(metric_kind::gauge, 70));
    there.reset(1);
    there.apply("new", of(metric_kind::gauge, 5));
    CHECK(here.merge(there) == 0);
    CHECK(here.size() == 1);
    CHECK(here.gauges().find("new")->value() == 5);
}

TEST_CASE("store: a merge tells how many series found no room", "[store]") {
    tiny_store here;
    for (const auto* const name : {"a", "b", "c"})
        here.apply(name, of(metric_kind::counter));
    tiny_store there;
    for (const auto* const name : {"c", "d", "e", "f", "g"})
        there.apply(name, of(metric_kind::counter));
    CHECK(here.merge(there) == 2);
    CHECK(here.size() == 5);
    CHECK(here.counters().find("c")->sum() == 2);
    CHECK(here.counters().find("f") == nullptr);
    CHECK(here.merge(there) == 2);
    CHECK(here.counters().find("d")->sum() == 2);
}

TEST_CASE("store: a reset keeps the series until they were idle for too long", "[store]") {
    store all;
    all.apply("a", of(metric_kind::gauge, 7));
    all.reset(1);
    CHECK(all.size() == 1);
    CHECK(all.gauges().find("a")->value() == 0);
    all.reset(1);
    CHECK(all.size() == 1);
    all.apply("a", of(metric_kind::gauge, 7)); // the count begins anew
    all.reset(1);
    all.reset(1);
    CHECK(all.size() == 1);
    all.reset(1);
    CHECK(all.size() == 0);
}

TEST_CASE("store: known series cost no allocation once their cells have grown", "[store]") {
    generator random(12);
    store all(random.next());
    std::vector<std::string> names;
    for (int i = 0; i < 1000; ++i)
        names.push_back("a.series.with.a.name.that.no.string.keeps.in.itself." + std::to_string(i));
    std::vector<std::pair<std::string_view, sample>> samples;
    for (int i = 0; i < 20'000; ++i)
        samples.emplace_back(names[random.below(names.size())], store_model::make_sample(random));
    const auto interval = [&] {
        for (const auto& [name, one] : samples)
            all.apply(name, one);
    };
    interval();
    all.reset(1);
    const auto before = allocations();
    interval();
    all.reset(1);
    CHECK(allocations() == before);
}

TEST_CASE("store: the order of series does not depend on the seed", "[store]") {
    const auto order = [](std::uint64_t seed) {
        store all(seed);
        std::vector<std::string> names;
        for (int i = 0; i < 500; ++i)
            all.apply(std::to_string(i * 37 % 500), of(metric_kind::counter));
        for (const auto& one : all.counters().entries())
            names.emplace_back(one.name());
        return names;
    };
    CHECK(order(1) == order(0xffff'ffff'ffff'ffff));
}

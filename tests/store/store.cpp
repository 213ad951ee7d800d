#include <quipu/store/store.hpp>

#include <quipu/sketch/exact.hpp>

#include <quipu/sketch/exact_set.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/ledger_allocator.hpp"
#include "support/store_model.hpp"

#include <new>
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

struct overflow_traits : tiny_traits {
    static constexpr std::string_view overflow_name = "overflow";
};

struct ledger_traits : store_traits {
    template <class T>
    using allocator = ledger_allocator<T>;
};

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
    for (int round = 1; round <= 3'200'000; ++round) {
        store_model::apply_to_both(random, real, model, 100);
        if (random.one_in(1000)) {
            small_store later(random.next());
            store_model::store later_model{.series_max = small_traits::series_max};
            for (auto left = random.below(60); left > 0; --left)
                store_model::apply_to_both(random, later, later_model, 120);
            const auto expected = model.merge(later_model);
            CHECK(real.merge(later).series == expected);
            refused += expected;
        }
        if (random.one_in(3000)) {
            const auto idle_max = static_cast<std::uint32_t>(random.below(3));
            real.reset(idle_max);
            model.age([&](metric_kind, std::uint32_t idle) { return idle > idle_max; });
            model.next(false);
            store_model::check_same(model, real);
        }
        if (random.one_in(5000)) {
            const auto name = store_model::make_name(random, 100);
            const auto kind = kinds[random.below(5)];
            switch (random.below(3)) {
            case 0:
                CHECK(real.erase(name) ==
                      model.erase_if([&](auto, auto& one) { return one == name; }));
                break;
            case 1:
                CHECK(real.erase(kind, name) == model.erase_if([&](auto of, auto& one) {
                    return of == kind && one == name;
                }));
                break;
            default:
                CHECK(real.erase_prefix(name) ==
                      model.erase_if([&](auto, auto& one) { return one.starts_with(name); }));
            }
        }
        if (round % 20'000 == 0)
            store_model::check_same(model, real);
    }
    CHECK(refused > 100); // else the limit was never met
    store_model::check_same(model, real);
}

TEST_CASE(
    "store: what new series beyond the limit bring goes to the overflow series, if there is one",
    "[store]") {
    basic_store<overflow_traits> full;
    for (const auto* const name : {"a", "b", "c", "d", "e"})
        CHECK(full.apply(name, of(metric_kind::counter)) == errc::ok);
    CHECK(full.overflowed() == 0);
    CHECK(full.apply("f", of(metric_kind::counter, 2)) == errc::ok);
    CHECK(full.apply("g", of(metric_kind::counter, 3)) == errc::ok);
    CHECK(full.apply("g", of(metric_kind::timer, 4)) == errc::ok);
    CHECK(full.apply("a", of(metric_kind::counter, 5)) == errc::ok);
    CHECK(full.overflowed() == 3);
    CHECK(full.counters().find("overflow")->sum() == 5);
    CHECK(full.timers().find("overflow")->sum() == 4);
    CHECK(full.counters().find("a")->sum() == 6);
    CHECK(full.counters().find("f") == nullptr);
    CHECK(full.size() == 7); // one a kind beside the five

    basic_store<overflow_traits> later;
    later.apply("h", of(metric_kind::counter, 7));
    CHECK(full.merge(later).series == 0);
    CHECK(full.counters().find("overflow")->sum() == 12);
    CHECK(full.overflowed() == 4);
}

TEST_CASE("store: an asked for cell that does not fit is nobody's", "[store]") {
    tiny_store full;
    for (const auto* const name : {"a", "b", "c", "d", "e"})
        full.counter(name).add();
    full.counter("f").add(5);
    full.gauge("g").set(5);
    full.counter("a").add();
    CHECK(full.refused() == 2);
    CHECK(full.size() == 5);
    CHECK(full.counter("a").sum() == 2);
    CHECK(full.counters().find("f") == nullptr);
}

TEST_CASE("store: memory of its own choice, all of it given back", "[store]") {
    ledger book;
    {
        basic_store<ledger_traits> first(1, ledger_allocator<char>(book));
        for (int i = 0; i < 3000; ++i)
            first.apply(std::string(i % 100 == 0 ? 80 : 10, 'x') + std::to_string(i),
                        of(kinds[static_cast<std::size_t>(i) % 5]));
        const auto used = book.bytes;
        CHECK(used > 3000 * 64);
        auto second = std::move(first);
        CHECK(book.bytes == used);
        CHECK(second.size() == 3000);
        second.erase_prefix("");
        CHECK(second.size() == 0);
        CHECK(second.apply("again", of(metric_kind::counter)) == errc::ok);
    }
    CHECK(book.bytes == 0);
}

TEST_CASE("store: whatever memory is refused, the other samples are counted", "[store]") {
    constexpr int samples = 3000;
    const auto apply_all = [](store& into, std::size_t fails_at) {
        generator random(3);
        int failures = 0;
        const failing_allocation fails(fails_at);
        for (int i = 0; i < samples; ++i) {
            const auto name = std::to_string(random.below(200));
            const auto one = store_model::make_sample(random);
            try {
                into.apply(name, one);
            } catch (const std::bad_alloc&) {
                ++failures;
            }
        }
        return failures;
    };
    int failed = 1;
    int rounds = 0;
    for (std::size_t fails_at = 0; failed > 0; fails_at += 1 + fails_at / 16, ++rounds) {
        store real(7);
        failed = apply_all(real, fails_at);
        CHECK(failed <= 1);
        double counted = 0;
        for (auto& one : real.counters().entries())
            counted += one.cell.samples();
        store all(7);
        apply_all(all, SIZE_MAX);
        double expected = 0;
        for (auto& one : all.counters().entries())
            expected += one.cell.samples();
        CHECK(counted >= expected - 4 * failed); // a sample weighs 4 at most
        CHECK(counted <= expected);
        CHECK(real.size() + static_cast<std::size_t>(failed) >= all.size());
    }
    CHECK(rounds > 20);
}

TEST_CASE("store: a merge leaves out what was idle", "[store]") {
    store here;
    store there;
    there.apply("kept", of(metric_kind::gauge, 70));
    there.reset(1);
    there.apply("new", of(metric_kind::gauge, 5));
    CHECK(here.merge(there).series == 0);
    CHECK(here.size() == 1);
    CHECK(here.gauges().find("new")->value() == 5);
}

TEST_CASE("store: what finds no room in a merge is counted in samples", "[store]") {
    tiny_store here;
    for (const auto* const name : {"a", "b", "c", "d", "e"})
        here.apply(name, of(metric_kind::counter));
    tiny_store there;
    for (int i = 0; i < 3; ++i) {
        there.apply("f", of(metric_kind::counter));
        there.apply("t", of(metric_kind::timer, i));
    }
    there.apply("a", of(metric_kind::counter));
    const auto refused = here.merge(there);
    CHECK(refused.series == 2);
    CHECK(refused.series_limit == 6);
    CHECK(refused.number_out_of_range == 0);
}

TEST_CASE("store: what full sketches leave out of a merge is counted once", "[store]") {
    struct small : store_traits {
        using timer = basic_timer<basic_exact<10>>;
        using unique = basic_unique<basic_exact_set<4>>;
    };
    basic_store<small> all;
    std::uint64_t left_out = 0;
    for (int part = 0; part < 5; ++part) {
        basic_store<small> one;
        for (int i = 0; i < 7; ++i) {
            left_out += one.apply("t", of(metric_kind::timer, i)) == errc::ok ? 0U : 1U;
            left_out +=
                one.apply("u", of(metric_kind::unique, 1, std::to_string(i))) == errc::ok ? 0U : 1U;
        }
        left_out += all.merge(one).value_limit;
    }
    CHECK(all.timers().find("t")->count() == 35);
    CHECK(all.timers().find("t")->values().dropped() == 25);
    CHECK(left_out == 25 + 15);
}

TEST_CASE("store: a merge that would leave the doubles is refused and counted", "[store]") {
    store here;
    store there;
    for (auto* each : {&here, &there}) {
        CHECK(each->apply("c", of(metric_kind::counter, 1e308)) == errc::ok);
        CHECK(each->apply("c", of(metric_kind::counter, 1)) == errc::ok);
        CHECK(each->apply("c", of(metric_kind::counter, 1e308)) == errc::number_out_of_range);
        CHECK(each->apply("t", of(metric_kind::timer, 1e308)) == errc::ok);
        CHECK(each->apply("t", of(metric_kind::timer, 1e308)) == errc::number_out_of_range);
    }
    CHECK(here.merge(there).number_out_of_range == 3);
    CHECK(here.counters().find("c")->sum() == 1e308);
    CHECK(here.timers().find("t")->mean() == 1e308);
    CHECK(here.timers().find("t")->count() == 1);
}

TEST_CASE("store: a merge tells how many series found no room", "[store]") {
    tiny_store here;
    for (const auto* const name : {"a", "b", "c"})
        here.apply(name, of(metric_kind::counter));
    tiny_store there;
    for (const auto* const name : {"c", "d", "e", "f", "g"})
        there.apply(name, of(metric_kind::counter));
    CHECK(here.merge(there).series == 2);
    CHECK(here.size() == 5);
    CHECK(here.counters().find("c")->sum() == 2);
    CHECK(here.counters().find("f") == nullptr);
    CHECK(here.merge(there).series == 2);
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

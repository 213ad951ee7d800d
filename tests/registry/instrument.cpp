#include <quipu/registry/instrument.hpp>

#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>

using namespace quipu;
using namespace quipu::detail;

TEMPLATE_TEST_CASE("instrument: parts are plain, so that nothing happens when they end",
                   "[registry][instrument]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    using counts = counter_instrument<counter, TestType>;
    STATIC_REQUIRE(std::is_trivially_destructible_v<typename counts::part>);
    STATIC_REQUIRE(
        std::is_trivially_destructible_v<typename timer_instrument<timer, TestType>::part>);
    STATIC_REQUIRE(
        std::is_trivially_destructible_v<typename unique_instrument<unique, TestType>::part>);
}

TEMPLATE_TEST_CASE("instrument: counts of several parts are reported once, also across 2^64",
                   "[registry][instrument]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    using counts = counter_instrument<counter, TestType>;
    typename counts::part a;
    typename counts::part b;
    typename counts::tally tally;
    const auto flush = [&] {
        counts::gather(a, tally);
        counts::gather(b, tally);
        return counts::finish(tally);
    };
    CHECK(flush().idle());
    a.value.add(3);
    b.value.add(4);
    const auto first = flush();
    CHECK(first.sum() == 7);
    CHECK(first.integral());
    CHECK(flush().idle());
    a.value.add(std::numeric_limits<std::uint64_t>::max() - 4); // to 2^64 - 2
    CHECK(flush().sum() == 0x1p64);
    a.value.add(5);
    CHECK(flush().sum() == 5);
}

TEMPLATE_TEST_CASE("instrument: a gauge stays, and tells whether it was touched",
                   "[registry][instrument]",
                   threading::unsynchronized,
                   threading::atomic) {
    using gauges = gauge_instrument<gauge, TestType>;
    typename gauges::part part;
    typename gauges::tally tally;
    const auto flush = [&] {
        gauges::gather(part, tally);
        return gauges::finish(tally);
    };
    CHECK(flush().idle());
    gauges::set(part, 4);
    gauges::change(part, -1);
    CHECK(flush().value() == 3);
    const auto idle = flush();
    CHECK(idle.idle());
    CHECK(idle.value() == 3);
    gauges::set(part, 3); // the same
    CHECK_FALSE(flush().idle());
    gauges::set(part, std::numeric_limits<double>::quiet_NaN());
    CHECK(flush().value() == 3);
    CHECK(tally.refused == 1);
    gauges::open(part);
    gauges::change(part, 1);
    CHECK(flush().value() == 1);
}

TEMPLATE_TEST_CASE("instrument: timers and sets gather the cells of their parts",
                   "[registry][instrument]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    using timers = timer_instrument<timer, TestType>;
    typename timers::part a;
    typename timers::part b;
    timers::open(a);
    timers::open(b);
    typename timers::tally tally;
    for (int i = 0; i < 1000; ++i) {
        timers::record(a, 1);
        timers::record(b, 2);
    }
    timers::record(b, std::numeric_limits<double>::infinity());
    timers::gather(a, tally);
    timers::gather(b, tally);
    CHECK(tally.refused == 1);
    const auto cell = timers::finish(tally);
    CHECK(cell.count() == 2000);
    CHECK(cell.sum() == 3000);
    timers::record(a, 9);
    timers::open(a); // for another series
    timers::gather(a, tally);
    CHECK(timers::finish(tally).idle());
    timers::close(a);
    timers::close(b);
    timers::close(b);

    using sets = unique_instrument<unique, TestType>;
    typename sets::part part;
    typename sets::tally members;
    sets::open(part);
    sets::insert(part, "ann");
    sets::insert(part, "bob");
    sets::insert(part, "ann");
    sets::gather(part, members);
    CHECK(sets::finish(members).estimate() == 2);
    sets::gather(part, members);
    CHECK(sets::finish(members).idle());
    sets::close(part);
}

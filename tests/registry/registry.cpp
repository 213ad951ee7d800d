#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

using namespace quipu;

namespace {

/// One policy for all kinds, but for gauges where it cannot be.
template <class Threading>
struct all : registry_traits {
    using counter_threading = Threading;
    using timer_threading = Threading;
    using unique_threading = Threading;
    using gauge_threading =
        std::conditional_t<Threading::each_thread_its_own, threading::atomic, Threading>;
};

struct short_memory : registry_traits {
    using counter_retention = retention::idle_for;
    using timer_retention = retention::each_interval;
    static constexpr std::size_t series_max = 3;
};

template <class Entries>
const auto* find(const Entries& entries, std::string_view name) {
    for (const auto& one : entries) {
        if (one.name == name)
            return &one.cell;
    }
    return static_cast<decltype(&entries.front().cell)>(nullptr);
}

double sum_of(const snapshot& from, std::string_view name) {
    const auto* const cell = find(from.counters, name);
    return cell == nullptr ? -1 : cell->sum();
}

// A registry that lives as long as the program, and what is counted when the main thread's values
// have been given back and statics end. Nobody is left to tell of a failure but the exit status.
registry of_the_program;

struct last_words {
    registry::counter_handle hits = of_the_program.counter("hits");
    registry::timer_handle latency = of_the_program.timer("latency");
    bool used = false;

    ~last_words() {
        if (!used)
            return;
        hits.add(2);
        latency.record(2);
        const auto flushed = of_the_program.flush(1, 1);
        if (sum_of(flushed, "hits") != 3 || flushed.timers[0].cell.sum() != 3)
            std::abort();
    }
} at_exit;

static_assert(std::is_same_v<registry::snapshot_type, snapshot>);

} // namespace

TEMPLATE_TEST_CASE("registry: what is updated is in the next snapshot, once",
                   "[registry]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    const auto hits = metrics.counter("api.hits");
    const auto latency = metrics.timer("api.latency");
    const auto queue = metrics.gauge("queue");
    const auto users = metrics.unique("users");

    hits.add();
    hits.add(41);
    latency.record(1.5);
    latency.record(2.5);
    queue.set(7);
    queue.change(-2);
    users.insert("ann");
    users.insert("bob");
    users.insert("ann");

    const auto first = metrics.flush(1000, 10);
    CHECK(first.timestamp == 1000);
    CHECK(first.interval_seconds == 10);
    REQUIRE(first.size() == 4);
    CHECK(first.counters[0].name == "api.hits");
    CHECK(first.counters[0].cell.sum() == 42);
    CHECK(first.counters[0].cell.integral());
    CHECK(first.timers[0].cell.count() == 2);
    CHECK(first.timers[0].cell.sum() == 4);
    CHECK(first.timers[0].cell.values().values() == std::vector<double>{1.5, 2.5});
    CHECK(first.gauges[0].cell.value() == 5);
    CHECK(first.uniques[0].cell.estimate() == 2);

    hits.add(3);
    latency.record(9);
    const auto second = metrics.flush(1010, 10);
    REQUIRE(second.size() == 4);
    CHECK(second.counters[0].cell.sum() == 3);
    CHECK(second.timers[0].cell.count() == 1);
    CHECK(second.timers[0].cell.max() == 9);
    CHECK(second.gauges[0].cell.value() == 5); // it stays, though nothing came
    CHECK(second.gauges[0].idle_intervals == 1);
    CHECK(second.uniques[0].cell.estimate() == 0);

    const auto third = metrics.flush(1020, 10);
    CHECK(third.counters[0].cell.sum() == 0);
    CHECK(third.counters[0].cell.idle());
    CHECK(third.counters[0].idle_intervals == 1);
    CHECK(third.timers[0].cell.count() == 0);
}

TEST_CASE("registry: a name is one series a kind", "[registry]") {
    registry metrics;
    CHECK(metrics.counter("a") == metrics.counter("a"));
    CHECK(metrics.counter("a") != metrics.counter("b"));
    CHECK(metrics.timer("a"));
    CHECK(metrics.size() == 3);
    metrics.counter("a").add(1);
    metrics.counter("a").add(2);
    CHECK(sum_of(metrics.flush(1, 1), "a") == 3);
}

TEST_CASE("registry: labels and tags in a name are the same, in any order", "[registry]") {
    registry metrics;
    const auto one = metrics.counter("hits", {{"method", "get"}, {"code", "200"}});
    CHECK(one == metrics.counter("hits", {{"code", "200"}, {"method", "get"}}));
    CHECK(one == metrics.counter("hits;method=get;code=200"));
    CHECK(one == metrics.counter("hits;code=200", {{"method", "get"}, {"none", ""}}));
    CHECK(one != metrics.counter("hits"));
    const auto flushed = metrics.flush(1, 1);
    REQUIRE(flushed.counters.size() == 2);
    CHECK(flushed.counters[0].name == "hits;code=200;method=get");
}

TEST_CASE("registry: a bad name has no series, and is counted", "[registry]") {
    registry metrics;
    const auto none = metrics.counter("");
    CHECK_FALSE(none);
    CHECK_FALSE(metrics.counter("a\nb:1|c"));
    CHECK_FALSE(metrics.timer(std::string(2000, 'x')));
    none.add();
    CHECK(metrics.size() == 0);
    CHECK(metrics.refused(errc::empty_name) == 1);
    CHECK(metrics.refused(errc::bad_name) == 1);
    CHECK(metrics.refused(errc::name_too_long) == 1);
    CHECK(metrics.flush(1, 1).size() == 0);
}

TEST_CASE("registry: handles made from nothing do no harm", "[registry]") {
    const registry::counter_handle counter;
    const registry::timer_handle timer;
    const registry::gauge_handle gauge;
    const registry::unique_handle unique;
    CHECK_FALSE(counter);
    counter.add();
    timer.record(1);
    gauge.set(1);
    unique.insert("a");
}

TEST_CASE("registry: beyond the limit series are refused, and counted", "[registry]") {
    basic_registry<short_memory> metrics;
    const auto a = metrics.counter("a");
    const auto b = metrics.timer("b");
    const auto c = metrics.gauge("c");
    const auto d = metrics.unique("d");
    CHECK(a);
    CHECK(b);
    CHECK(c);
    CHECK_FALSE(d);
    d.insert("x");
    CHECK(metrics.counter("a") == a); // known ones are not new
    CHECK(metrics.refused(errc::series_limit) == 1);
    CHECK(metrics.size() == 3);
    CHECK(metrics.remove("b") == 1);
    CHECK(metrics.unique("d"));
}

TEMPLATE_TEST_CASE("registry: values that are no numbers are refused, and counted",
                   "[registry]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const auto latency = metrics.timer("latency");
    const auto queue = metrics.gauge("queue");
    latency.record(1);
    latency.record(nan);
    latency.record(-infinity);
    queue.set(1);
    queue.set(infinity);
    queue.change(nan);
    const auto flushed = metrics.flush(1, 1);
    CHECK(flushed.timers[0].cell.count() == 1);
    CHECK(flushed.gauges[0].cell.value() == 1);
    CHECK(metrics.refused(errc::value_limit) == 4);
    static_cast<void>(metrics.flush(2, 1));
    CHECK(metrics.refused(errc::value_limit) == 4);
}

TEST_CASE("registry: a timer keeps values as its cell does, however many", "[registry]") {
    registry metrics;
    const auto latency = metrics.timer("latency");
    timer expected;
    for (int i = 1; i <= 100'000; ++i) {
        const double value = 0.001 * i;
        latency.record(value);
        expected.record(value);
    }
    const auto flushed = metrics.flush(1, 1);
    const auto& cell = flushed.timers[0].cell;
    expected.settle();
    CHECK(cell.count() == expected.count());
    CHECK(cell.sum() == Approx(expected.sum()).epsilon(1e-12));
    CHECK(cell.min() == expected.min());
    CHECK(cell.max() == expected.max());
    for (const double q : {0.0, 0.5, 0.9, 0.99, 1.0})
        CHECK(cell.values().quantile(q) == expected.values().quantile(q));
    CHECK(cell.population_deviation() == Approx(expected.population_deviation()).epsilon(1e-9));
    CHECK_FALSE(cell.integral()); // the values need not be whole
}

TEMPLATE_TEST_CASE("registry: handles of a removed series do no harm",
                   "[registry]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    const auto hits = metrics.counter("hits");
    const auto latency = metrics.timer("latency");
    const auto users = metrics.unique("users");
    const auto queue = metrics.gauge("queue");
    hits.add(5);
    latency.record(5);
    users.insert("ann");
    queue.set(5);
    CHECK(metrics.remove(metric_kind::gauge, "hits") == 0);
    CHECK(metrics.remove(metric_kind::counter, "hits") == 1);
    CHECK(metrics.remove(metric_kind::timer, "latency") == 1);
    CHECK(metrics.remove(metric_kind::unique, "users") == 1);
    CHECK(metrics.remove("queue") == 1);
    CHECK(metrics.remove("queue") == 0);
    CHECK_FALSE(hits);
    CHECK(metrics.flush(1, 1).size() == 0);

    // Others take their places.
    const auto other_hits = metrics.counter("other");
    const auto other_latency = metrics.timer("other");
    const auto other_users = metrics.unique("other");
    const auto other_queue = metrics.gauge("other");
    for (int i = 0; i < 3; ++i) { // in turns
        hits.add(100);
        other_hits.add(1);
        latency.record(100);
        other_latency.record(1);
        users.insert("bob");
        other_users.insert("eve");
        queue.set(100);
        other_queue.change(1);
    }
    const auto flushed = metrics.flush(2, 1);
    REQUIRE(flushed.size() == 4);
    CHECK(flushed.counters[0].cell.sum() == 3);
    CHECK(flushed.timers[0].cell.sum() == 3);
    CHECK(flushed.timers[0].cell.count() == 3);
    CHECK(flushed.uniques[0].cell.estimate() == 1);
    CHECK(flushed.gauges[0].cell.value() == 3);

    // The same name again is another series.
    const auto again = metrics.counter("hits");
    CHECK(again != hits);
    hits.add(100);
    again.add(1);
    CHECK(metrics.flush(3, 1).counters[1].cell.sum() == 1);
}

TEST_CASE("registry: an idle series leaves the flushes and comes back", "[registry]") {
    basic_registry<short_memory> metrics({.counters = {.intervals_max = 1}});
    const auto hits = metrics.counter("hits");
    const auto latency = metrics.timer("latency");
    hits.add();
    latency.record(1);
    CHECK(metrics.flush(1, 1).size() == 2);
    CHECK(metrics.flush(2, 1).size() == 1); // the counter, as 0
    CHECK(metrics.flush(3, 1).size() == 0);
    CHECK(hits);
    hits.add(7);
    const auto back = metrics.flush(4, 1);
    REQUIRE(back.size() == 1);
    CHECK(back.counters[0].cell.sum() == 7);
    CHECK(back.counters[0].idle_intervals == 0);
}

TEST_CASE("registry: series that are idle long enough can be removed", "[registry]") {
    registry metrics;
    const auto busy = metrics.counter("busy");
    const auto idle = metrics.counter("idle");
    for (int i = 0; i < 3; ++i) {
        busy.add();
        static_cast<void>(metrics.flush(i, 1));
    }
    CHECK(metrics.remove_idle(4) == 0);
    CHECK(metrics.remove_idle(3) == 1);
    CHECK(busy);
    CHECK_FALSE(idle);
}

TEST_CASE("registry: there may be several, of one type", "[registry]") {
    registry a;
    registry b;
    const auto to_a = a.counter("hits");
    const auto to_b = b.counter("hits");
    for (int i = 0; i < 100; ++i) {
        to_a.add(1);
        to_b.add(2);
    }
    CHECK(sum_of(a.flush(1, 1), "hits") == 100);
    CHECK(sum_of(b.flush(1, 1), "hits") == 200);
}

TEST_CASE("registry: one of the program counts until the very end", "[registry]") {
    at_exit.used = true;
    at_exit.hits.add(1);
    at_exit.latency.record(1);
    CHECK(of_the_program.size() == 2);
}

TEST_CASE("registry: many series", "[registry]") {
    registry metrics;
    std::vector<registry::counter_handle> handles;
    for (int i = 0; i < 5000; ++i)
        handles.push_back(metrics.counter("hits." + std::to_string(i)));
    for (std::uint64_t i = 0; i < handles.size(); ++i)
        handles[i].add(i);
    const auto flushed = metrics.flush(1, 1);
    REQUIRE(flushed.counters.size() == 5000);
    bool right = true;
    for (std::size_t i = 0; i < 5000; ++i) {
        right = right && flushed.counters[i].cell.sum() == static_cast<double>(i) &&
                flushed.counters[i].name == "hits." + std::to_string(i);
    }
    CHECK(right);
}

TEST_CASE("registry: a count below 0 is refused and counted", "[registry]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    hits.add(5);
    hits.add(-1);
    hits.add(std::int64_t{-9'000'000'000'000'000'000});
    hits.add(std::int8_t{2});
    hits.add(3U);
    const auto flushed = metrics.flush(1, 1);
    CHECK(flushed.counters[0].cell.sum() == 10);
    CHECK(metrics.refused(errc::value_limit) == 2);
    registry::counter_handle().add(-1);
    metrics.remove("hits");
    hits.add(-1);
    static_cast<void>(metrics.flush(1, 1));
    CHECK(metrics.refused(errc::value_limit) == 2); // who is not there refuses nothing
}

namespace {

template <class Threading>
struct fractions : registry_traits {
    using counter_threading = Threading;
    using counter_number = double;
};

} // namespace

TEMPLATE_TEST_CASE("registry: counters count fractions, if they shall",
                   "[registry]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    basic_registry<fractions<TestType>> metrics;
    const auto hits = metrics.counter("hits");
    hits.add(0.5);
    hits.add(0.5);
    hits.add();
    hits.add(2);
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 4);
    hits.add(0.25);
    for (const double no : {-0.5,
                            1e300,
                            std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()})
        hits.add(no);
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 0.25);
    CHECK(metrics.refused(errc::value_limit) == 4);
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 0);
}

TEST_CASE("registry: gauges may come and go for ever", "[registry]") {
    registry metrics;
    const auto late = metrics.gauge("gauge.0");
    for (int i = 0; i < 50'000; ++i) {
        const auto name = "gauge." + std::to_string(i);
        const auto one = metrics.gauge(name);
        REQUIRE(one);
        one.set(i);
        REQUIRE(metrics.remove(name) == 1);
        late.set(-1);
        REQUIRE_FALSE(one);
    }
    const auto last = metrics.gauge("last");
    last.set(7);
    late.set(-1);
    CHECK(last);
    const auto flushed = metrics.flush(1, 1);
    REQUIRE(flushed.gauges.size() == 1);
    CHECK(flushed.gauges[0].cell.value() == 7);
}

#include <quipu/schema/native.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

using lines = std::vector<std::string>;

namespace {

sample of(metric_kind kind, double value, double rate = 1) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.rate = rate;
    return one;
}

snapshot timings(std::string_view name, std::initializer_list<double> values, double rate = 1) {
    store all;
    for (const double value : values)
        all.apply(name, of(metric_kind::timer, value, rate));
    return collect(all, 1'700'000'000, 10);
}

native_schema with_percentiles(std::string_view list) {
    return native_schema({.percentiles = *parse_percentiles(list)});
}

/// The lines whose names end in `suffix`.
lines ending(const lines& all, std::string_view suffix) {
    lines found;
    for (const auto& line : all) {
        if (std::string_view(line).substr(0, line.find(' ')).ends_with(suffix))
            found.push_back(line);
    }
    return found;
}

struct lasting_traits : store_traits {
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using unique_retention = retention::forever;
};

} // namespace

TEST_CASE("native schema: each kind has its names", "[schema][native]") {
    store all;
    all.apply("c", of(metric_kind::counter, 25, 0.5));
    all.apply("g", of(metric_kind::gauge, -1.5));
    auto member = of(metric_kind::unique, 0);
    for (const auto* const name : {"anna", "otto", "anna"}) {
        member.member = name;
        all.apply("s", member);
    }
    auto timed = of(metric_kind::keyvalue, 7);
    timed.timestamp = 1'000'000'000;
    all.apply("k", timed);
    all.apply("k", of(metric_kind::keyvalue, 8));
    CHECK(points(native_schema(), collect(all, 1'700'000'000, 10)) ==
          lines{"stats.counters.c.count 50",
                "stats.counters.c.rate 5",
                "stats.gauges.g -1.5",
                "stats.sets.s.count 2",
                "stats.kv.k 7 1000000000",
                "stats.kv.k 8"});
}

TEST_CASE("native schema: a timer has its moments and percentiles", "[schema][native]") {
    CHECK(points(native_schema(), timings("t", {12, 2, 4})) ==
          lines{"stats.timers.t.count 3",
                "stats.timers.t.rate 0.3",
                "stats.timers.t.sum 18",
                "stats.timers.t.sum_squares 164",
                "stats.timers.t.mean 6",
                "stats.timers.t.std 4.320493798938574",
                "stats.timers.t.median 4",
                "stats.timers.t.lower 2",
                "stats.timers.t.upper 12",
                "stats.timers.t.count_50 2",
                "stats.timers.t.mean_50 3",
                "stats.timers.t.upper_50 4",
                "stats.timers.t.sum_50 6",
                "stats.timers.t.sum_squares_50 20",
                "stats.timers.t.count_90 3",
                "stats.timers.t.mean_90 6",
                "stats.timers.t.upper_90 12",
                "stats.timers.t.sum_90 18",
                "stats.timers.t.sum_squares_90 164",
                "stats.timers.t.count_99 3",
                "stats.timers.t.mean_99 6",
                "stats.timers.t.upper_99 12",
                "stats.timers.t.sum_99 18",
                "stats.timers.t.sum_squares_99 164"});
}

TEST_CASE("native schema: percentiles are of any kind", "[schema][native]") {
    const auto all = points(with_percentiles("99.9,-10,100,0"),
                            timings("t", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    CHECK(ending(all, "_99_9") == lines{"stats.timers.t.count_99_9 11",
                                        "stats.timers.t.mean_99_9 6",
                                        "stats.timers.t.upper_99_9 11",
                                        "stats.timers.t.sum_99_9 66",
                                        "stats.timers.t.sum_squares_99_9 506"});
    // 1.1 values: the two highest.
    CHECK(ending(all, "_top10") == lines{"stats.timers.t.count_top10 2",
                                         "stats.timers.t.mean_top10 10.5",
                                         "stats.timers.t.lower_top10 10",
                                         "stats.timers.t.sum_top10 21",
                                         "stats.timers.t.sum_squares_top10 221"});
    CHECK(ending(all, "_100") == lines{"stats.timers.t.count_100 11",
                                       "stats.timers.t.mean_100 6",
                                       "stats.timers.t.upper_100 11",
                                       "stats.timers.t.sum_100 66",
                                       "stats.timers.t.sum_squares_100 506"});
    CHECK(ending(all, "_0") == lines{"stats.timers.t.count_0 1",
                                     "stats.timers.t.mean_0 1",
                                     "stats.timers.t.upper_0 1",
                                     "stats.timers.t.sum_0 1",
                                     "stats.timers.t.sum_squares_0 1"});
    CHECK(all.size() == 9 + 4 * 5);
}

TEST_CASE("native schema: a sampled timing weighs in everything", "[schema][native]") {
    CHECK(points(with_percentiles("90"), timings("t", {2, 4}, 0.1)) ==
          lines{"stats.timers.t.count 20",
                "stats.timers.t.rate 2",
                "stats.timers.t.sum 60",
                "stats.timers.t.sum_squares 200",
                "stats.timers.t.mean 3",
                "stats.timers.t.std 1",
                "stats.timers.t.median 3",
                "stats.timers.t.lower 2",
                "stats.timers.t.upper 4",
                "stats.timers.t.count_90 18",
                "stats.timers.t.mean_90 2.888888888888889",
                "stats.timers.t.upper_90 4",
                "stats.timers.t.sum_90 52",
                "stats.timers.t.sum_squares_90 168"});
}

TEST_CASE("native schema: tags come last", "[schema][native]") {
    store all;
    all.apply("c;env=prod;flag", of(metric_kind::counter, 1));
    all.apply("g;env=prod", of(metric_kind::gauge, 1));
    all.apply("k;env=prod", of(metric_kind::keyvalue, 1));
    all.apply("s;env=prod", of(metric_kind::unique, 1));
    CHECK(points(native_schema(), collect(all, 0, 10)) ==
          lines{"stats.counters.c.count;env=prod;flag 1",
                "stats.counters.c.rate;env=prod;flag 0.1",
                "stats.gauges.g;env=prod 1",
                "stats.sets.s.count;env=prod 1",
                "stats.kv.k;env=prod 1"});
    const auto timer = points(with_percentiles("90"), timings("t;a=1;b=2", {1}));
    REQUIRE(timer.size() == 14);
    CHECK(timer.front() == "stats.timers.t.count;a=1;b=2 1");
    CHECK(timer.back() == "stats.timers.t.sum_squares_90;a=1;b=2 1");
}

TEST_CASE("native schema: the prefix can be another or none", "[schema][native]") {
    store all;
    all.apply("c", of(metric_kind::counter, 1));
    const auto frozen = collect(all, 0, 1);
    CHECK(points(native_schema({.prefix = "my.app"}), frozen) ==
          lines{"my.app.counters.c.count 1", "my.app.counters.c.rate 1"});
    CHECK(points(native_schema({.prefix = ""}), frozen) ==
          lines{"counters.c.count 1", "counters.c.rate 1"});
}

TEST_CASE("native schema: idle series that stay report zeros", "[schema][native]") {
    basic_store<lasting_traits> all;
    all.apply("c", of(metric_kind::counter, 1));
    all.apply("t", of(metric_kind::timer, 1));
    all.apply("g", of(metric_kind::gauge, 7));
    all.apply("s", of(metric_kind::unique, 1));
    static_cast<void>(collect(all, 10, 10));
    CHECK(points(native_schema(), collect(all, 20, 10)) == lines{"stats.counters.c.count 0",
                                                                 "stats.counters.c.rate 0",
                                                                 "stats.timers.t.count 0",
                                                                 "stats.timers.t.rate 0",
                                                                 "stats.gauges.g 7",
                                                                 "stats.sets.s.count 0"});
}

TEST_CASE("native schema: nothing in, nothing out", "[schema][native]") {
    CHECK(points(native_schema(), snapshot()).empty());
}

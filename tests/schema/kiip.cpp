#include <quipu/schema/kiip.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <string>
#include <vector>

using namespace quipu;

using lines = std::vector<std::string>;

namespace {

sample of(metric_kind kind, double value, bool integral = true) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.integral = integral;
    return one;
}

struct kiip_traits : store_traits {
    using timer = basic_timer<exact>;
};
using kiip_store = basic_store<kiip_traits>;

basic_snapshot<kiip_traits> timings(const std::vector<double>& values, bool integral = true) {
    kiip_store all;
    for (const double value : values)
        all.apply("t", of(metric_kind::timer, value, integral));
    return collect(all, 1'700'000'000, 10);
}

std::vector<double> one_to(int last) {
    std::vector<double> values;
    for (int value = 1; value <= last; ++value)
        values.push_back(value);
    return values;
}

struct lasting_traits : kiip_traits {
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using keyvalue_retention = retention::forever;
};

} // namespace

TEST_CASE("kiip schema: the percentile's window is in the middle", "[schema][kiip]") {
    CHECK(points(kiip_schema(), timings(one_to(100))) ==
          lines{"statsite.timers.t.sum 5050",
                "statsite.timers.t.mean 50.5",
                "statsite.timers.t.lower 1",
                "statsite.timers.t.upper 100",
                "statsite.timers.t.count 100",
                "statsite.timers.t.stdev 29.0114919759",
                "statsite.timers.t.sum_90 4545",
                "statsite.timers.t.mean_90 50", // whole numbers divide to a whole number
                "statsite.timers.t.lower_90 6",
                "statsite.timers.t.upper_90 96", // the one behind the window
                "statsite.timers.t.count_90 90",
                "statsite.timers.t.stdev_90 26.1295390122"}); // from that mean
}

TEST_CASE("kiip schema: a single value is its window, which counts none", "[schema][kiip]") {
    CHECK(points(kiip_schema(), timings({320})) == lines{"statsite.timers.t.sum 320",
                                                         "statsite.timers.t.mean 320.0",
                                                         "statsite.timers.t.lower 320",
                                                         "statsite.timers.t.upper 320",
                                                         "statsite.timers.t.count 1",
                                                         "statsite.timers.t.stdev 0",
                                                         "statsite.timers.t.sum_90 320",
                                                         "statsite.timers.t.mean_90 320",
                                                         "statsite.timers.t.lower_90 320",
                                                         "statsite.timers.t.upper_90 320",
                                                         "statsite.timers.t.count_90 0",
                                                         "statsite.timers.t.stdev_90 0"});
}

TEST_CASE("kiip schema: two values leave one in the window", "[schema][kiip]") {
    CHECK(points(kiip_schema(), timings({4, 1})) == lines{"statsite.timers.t.sum 5",
                                                          "statsite.timers.t.mean 2.5",
                                                          "statsite.timers.t.lower 1",
                                                          "statsite.timers.t.upper 4",
                                                          "statsite.timers.t.count 2",
                                                          "statsite.timers.t.stdev 2.12132034356",
                                                          "statsite.timers.t.sum_90 1",
                                                          "statsite.timers.t.mean_90 1",
                                                          "statsite.timers.t.lower_90 1",
                                                          "statsite.timers.t.upper_90 4",
                                                          "statsite.timers.t.count_90 1",
                                                          "statsite.timers.t.stdev_90 0"});
}

TEST_CASE("kiip schema: fractions stay fractions, even where they are zero", "[schema][kiip]") {
    CHECK(points(kiip_schema(), timings({1, 2, 3, 4.5}, false)) ==
          lines{"statsite.timers.t.sum 10.5",
                "statsite.timers.t.mean 2.625",
                "statsite.timers.t.lower 1.0",
                "statsite.timers.t.upper 4.5",
                "statsite.timers.t.count 4",
                "statsite.timers.t.stdev 1.4930394056",
                "statsite.timers.t.sum_90 6.0",
                "statsite.timers.t.mean_90 2.0",
                "statsite.timers.t.lower_90 1.0",
                "statsite.timers.t.upper_90 4.5",
                "statsite.timers.t.count_90 3",
                "statsite.timers.t.stdev_90 1.0"});
}

TEST_CASE("kiip schema: whole numbers below zero divide downwards", "[schema][kiip]") {
    const auto all = points(kiip_schema(), timings({-1, -2, -2, -4}));
    REQUIRE(all.size() == 12);
    CHECK(all[1] == "statsite.timers.t.mean -2.25");
    CHECK(all[7] == "statsite.timers.t.mean_90 -3"); // of -4, -2 and -2
}

TEST_CASE("kiip schema: a percentile is named by its whole part", "[schema][kiip]") {
    const kiip_schema schema({.percentiles = *parse_percentiles("99.9,50")});
    const auto all = points(schema, timings(one_to(10)));
    REQUIRE(all.size() == 18);
    CHECK(all[10] == "statsite.timers.t.count_99 9");
    CHECK(all[12] == "statsite.timers.t.sum_50 25");
    CHECK(all[15] == "statsite.timers.t.upper_50 8");
}

TEST_CASE("kiip schema: a window without a value is zeros, next to the middle", "[schema][kiip]") {
    const kiip_schema schema({.percentiles = *parse_percentiles("10")});
    for (const bool integral : {true, false}) {
        const auto all = points(schema, timings(one_to(9), integral));
        const std::string five = integral ? "5" : "5.0";
        CHECK(lines(all.begin() + 6, all.end()) == lines{"statsite.timers.t.sum_10 0",
                                                         "statsite.timers.t.mean_10 0",
                                                         "statsite.timers.t.lower_10 " + five,
                                                         "statsite.timers.t.upper_10 " + five,
                                                         "statsite.timers.t.count_10 0",
                                                         "statsite.timers.t.stdev_10 -0.0"});
    }
}

TEST_CASE("kiip schema: a hundred percent loses no flush", "[schema][kiip]") {
    const kiip_schema schema({.percentiles = *parse_percentiles("100")});
    const auto all = points(schema, timings(one_to(9)));
    REQUIRE(all.size() == 12);
    CHECK(all[9] == "statsite.timers.t.upper_100 9");
    CHECK(all[10] == "statsite.timers.t.count_100 9");
}

TEST_CASE("kiip schema: key/values keep order, kind of number and time", "[schema][kiip]") {
    kiip_store all;
    auto timed = of(metric_kind::keyvalue, 2);
    timed.timestamp = 1'000'000'000;
    all.apply("k", timed);
    all.apply("k", of(metric_kind::keyvalue, 1.25, false));
    timed.timestamp = 0; // as good as none
    timed.value = 3;
    all.apply("k", timed);
    all.apply("k", of(metric_kind::keyvalue, -4, false));
    CHECK(points(kiip_schema(), collect(all, 1'700'000'000, 10)) ==
          lines{"statsite.kv.k 2 1000000000",
                "statsite.kv.k 1.25",
                "statsite.kv.k 3",
                "statsite.kv.k -4.0"});
}

TEST_CASE("kiip schema: counters are their sum", "[schema][kiip]") {
    kiip_store all;
    all.apply("whole", of(metric_kind::counter, 40));
    all.apply("whole", of(metric_kind::counter, 2));
    all.apply("mixed", of(metric_kind::counter, 40));
    all.apply("mixed", of(metric_kind::counter, 2, false));
    auto sampled = of(metric_kind::counter, 1);
    sampled.rate = 0.1;
    all.apply("sampled", sampled);
    CHECK(points(kiip_schema({.prefix = "a.b"}), collect(all, 0, 10)) ==
          lines{"a.b.counts.whole 42", "a.b.counts.mixed 42.0", "a.b.counts.sampled 10.0"});
    all.apply("whole", of(metric_kind::counter, 1));
    CHECK(points(kiip_schema({.prefix = ""}), collect(all, 0, 10)) == lines{"counts.whole 1"});
}

TEST_CASE("kiip schema: key/values come before counters before timers", "[schema][kiip]") {
    kiip_store all;
    for (const auto kind : {metric_kind::timer,
                            metric_kind::counter,
                            metric_kind::keyvalue,
                            metric_kind::gauge,
                            metric_kind::unique})
        all.apply("a", of(kind, 5));
    const auto written = points(kiip_schema({.percentiles = {}}), collect(all, 0, 10));
    REQUIRE(written.size() == 8); // that server knows neither gauges nor sets
    CHECK(written[0] == "statsite.kv.a 5");
    CHECK(written[1] == "statsite.counts.a 5");
    CHECK(written[2] == "statsite.timers.a.sum 5");
}

TEST_CASE("kiip schema: an idle interval says nothing", "[schema][kiip]") {
    basic_store<lasting_traits> all;
    for (const auto kind : {metric_kind::timer, metric_kind::counter, metric_kind::keyvalue})
        all.apply("a", of(kind, 5));
    static_cast<void>(collect(all, 10, 10));
    const auto idle = collect(all, 20, 10);
    CHECK(idle.size() == 3);
    CHECK(points(kiip_schema(), idle).empty());
}

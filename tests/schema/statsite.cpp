#include <quipu/schema/statsite.hpp>

#include <quipu/server/profile.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace quipu;

// What that server was seen to send for many inputs is in tests/oracle; here is the rest.

using lines = std::vector<std::string>;

namespace {

using store_type = basic_store<profile::statsite::store_traits>;

sample of(metric_kind kind, double value, double rate = 1) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.rate = rate;
    one.member = "m";
    return one;
}

lines told(statsite_schema_options options, store_type& all) {
    return points(statsite_schema(std::move(options)), collect(all, 10, 2));
}

} // namespace

TEST_CASE("statsite schema: every kind has its prefix, in its order", "[schema][statsite]") {
    const auto filled = [] {
        store_type all;
        for (const auto kind :
             {metric_kind::unique, metric_kind::gauge, metric_kind::counter, metric_kind::keyvalue})
            CHECK(all.apply("k", of(kind, 2)) == errc::ok);
        return all;
    };
    auto all = filled();
    CHECK(told({}, all) ==
          lines{"kv.k 2.000000", "counts.k 2.000000", "gauges.k 2.000000", "sets.k 1"});
    all = filled();
    CHECK(told({.global_prefix = "g.",
                .kv_prefix = "v.",
                .gauges_prefix = "a.",
                .counts_prefix = "c.",
                .sets_prefix = ""},
               all) == lines{"g.v.k 2.000000", "g.c.k 2.000000", "g.a.k 2.000000", "g.k 1"});
    all = filled();
    CHECK(told({.global_prefix = "g.", .use_type_prefix = false}, all) ==
          lines{"g.k 2.000000", "g.k 2.000000", "g.k 2.000000", "g.k 1"});
    CHECK(told({}, all).empty()); // nothing stays
}

TEST_CASE("statsite schema: a gauge begins with 0 in each interval", "[schema][statsite]") {
    store_type all;
    CHECK(all.apply("g", of(metric_kind::gauge, 5)) == errc::ok);
    static_cast<void>(collect(all, 10, 2));
    auto change = of(metric_kind::gauge, 3);
    change.relative = true;
    CHECK(all.apply("g", change) == errc::ok);
    CHECK(told({}, all) == lines{"gauges.g 3.000000"});
}

TEST_CASE("statsite schema: key/values come last in, first out", "[schema][statsite]") {
    store_type all;
    for (const double value : {1.0, 2.0})
        CHECK(all.apply("a", of(metric_kind::keyvalue, value)) == errc::ok);
    CHECK(all.apply("b", of(metric_kind::keyvalue, 3)) == errc::ok);
    CHECK(told({}, all) == lines{"kv.b 3.000000", "kv.a 2.000000", "kv.a 1.000000"});
}

TEST_CASE("statsite schema: of a timer those numbers are told that are included",
          "[schema][statsite]") {
    const auto of_timer = [](statsite_schema_options options) {
        store_type all;
        CHECK(all.apply("t", of(metric_kind::timer, 4, 0.3)) == errc::ok);
        return told(std::move(options), all);
    };
    // A count is a whole number, and so is what is divided for the rate.
    CHECK(of_timer({.timers_include = timer_numbers::count | timer_numbers::sample_rate,
                    .quantiles = {0.01, {}}}) ==
          lines{"timers.t.count 3", "timers.t.sample_rate 1.500000"});
    CHECK(of_timer({.timers_include = timer_numbers::median, .quantiles = {0.01, {0.5, 0.999}}}) ==
          lines{"timers.t.median 4.000000", "timers.t.p50 4.000000", "timers.t.p100 4.000000"});
    CHECK(of_timer({.timers_include = timer_numbers::none, .quantiles = {0.01, {0.5}}}) ==
          lines{"timers.t.p50 4.000000"});
}

TEST_CASE("statsite schema: the longest prefix gives a timer its histogram", "[schema][statsite]") {
    store_type all;
    for (const double value : {-1.0, 0.0, 49.9, 50.0, 100.0, 1000.0}) {
        for (const auto* const name : {"api.x", "ape", "other"})
            CHECK(all.apply(name, of(metric_kind::timer, value)) == errc::ok);
    }
    const auto lines_told = told({.timers_include = timer_numbers::none,
                                  .quantiles = {0.01, {}},
                                  .histograms = {*statsite_histogram("ap", 0, 1, 1),
                                                 *statsite_histogram("api", 0, 100, 50)}},
                                 all);
    CHECK(lines_told == lines{"timers.api.x.histogram.bin_<0.00 1",
                              "timers.api.x.histogram.bin_0.00 2",
                              "timers.api.x.histogram.bin_50.00 1",
                              "timers.api.x.histogram.bin_>100.00 2",
                              "timers.ape.histogram.bin_<0.00 1",
                              "timers.ape.histogram.bin_0.00 1",
                              "timers.ape.histogram.bin_>1.00 4"});
}

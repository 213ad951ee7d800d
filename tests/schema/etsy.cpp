#include <quipu/schema/etsy.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

// What that server was seen to send for many inputs is in tests/oracle; here is the rest.

using lines = std::vector<std::string>;

namespace {

struct etsy_traits : store_traits {
    using timer = basic_timer<exact, timer_weighting::count_only>;
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using unique_retention = retention::forever;
};
using etsy_store = basic_store<etsy_traits>;

sample of(metric_kind kind, double value, double rate = 1) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.rate = rate;
    return one;
}

etsy_store one_of_each(std::string_view name) {
    etsy_store all;
    for (const auto kind : {metric_kind::counter,
                            metric_kind::timer,
                            metric_kind::gauge,
                            metric_kind::unique,
                            metric_kind::keyvalue})
        all.apply(name, of(kind, 4));
    return all;
}

bool contains(const lines& all, std::string_view line) {
    return std::find(all.begin(), all.end(), line) != all.end();
}

/// The lines with `node` in their names.
lines with(const lines& all, std::string_view node) {
    lines found;
    for (const auto& line : all) {
        if (line.substr(0, line.find(' ')).find(node) != std::string::npos)
            found.push_back(line);
    }
    return found;
}

} // namespace

TEST_CASE("etsy schema: the legacy names are fixed", "[schema][etsy]") {
    // That server has them in its code: prefixes and nodes are for the modern names.
    auto all = one_of_each("k");
    const etsy_schema schema({.global_prefix = "other",
                              .prefix_counter = "c",
                              .prefix_timer = "t",
                              .prefix_gauge = "g",
                              .prefix_set = "s",
                              .percentiles = {}});
    CHECK(points(schema, collect(all, 10, 2)) ==
          lines{"stats.k 2",
                "stats_counts.k 4",
                "stats.timers.k.std 0",
                "stats.timers.k.upper 4",
                "stats.timers.k.lower 4",
                "stats.timers.k.count 1",
                "stats.timers.k.count_ps 0.5",
                "stats.timers.k.sum 4",
                "stats.timers.k.sum_squares 16",
                "stats.timers.k.mean 4",
                "stats.timers.k.median 4",
                "stats.gauges.k 4",
                "stats.sets.k.count 1",
                "statsd.numStats 4",
                "stats.statsd.graphiteStats.calculationtime 0",
                "stats.statsd.processing_time 0",
                "stats.statsd.graphiteStats.last_exception 0",
                "stats.statsd.graphiteStats.last_flush 0",
                "stats.statsd.graphiteStats.flush_time 0",
                "stats.statsd.graphiteStats.flush_length 0"});
}

TEST_CASE("etsy schema: the legacy namespace can be another's", "[schema][etsy]") {
    auto all = one_of_each("k");
    const auto found =
        points(etsy_schema({.legacy_prefix = "mine", .percentiles = {}}), collect(all, 10, 2));
    REQUIRE(found.size() == 20);
    CHECK(found[0] == "mine.k 2");
    CHECK(found[1] == "mine_counts.k 4");
    CHECK(found[2] == "mine.timers.k.std 0");
    CHECK(found[11] == "mine.gauges.k 4");
    CHECK(found[12] == "mine.sets.k.count 1");
    CHECK(found[13] == "statsd.numStats 4");
    CHECK(found[14] == "mine.statsd.graphiteStats.calculationtime 0");

    all = one_of_each("k");
    const auto bare =
        points(etsy_schema({.legacy_prefix = "", .percentiles = {}}), collect(all, 10, 2));
    REQUIRE(bare.size() == 20);
    CHECK(bare[0] == "k 2");
    CHECK(bare[1] == "counts.k 4");
}

TEST_CASE("etsy schema: the modern names have nodes that can be left out", "[schema][etsy]") {
    auto all = one_of_each("k");
    const auto frozen = collect(all, 10, 2);
    const auto named = points(etsy_schema({.legacy_namespace = false,
                                           .global_prefix = "all",
                                           .prefix_counter = "c",
                                           .prefix_timer = "t",
                                           .prefix_gauge = "g",
                                           .prefix_set = "s",
                                           .prefix_stats = "own"}),
                              frozen);
    for (const auto* const line : {"all.c.k.rate 2",
                                   "all.c.k.count 4",
                                   "all.t.k.mean 4",
                                   "all.g.k 4",
                                   "all.s.k.count 1",
                                   "all.own.numStats 4",
                                   "all.own.processing_time 0"})
        CHECK(contains(named, line));
    const auto bare = points(etsy_schema({.legacy_namespace = false,
                                          .global_prefix = "",
                                          .prefix_counter = "",
                                          .prefix_timer = "",
                                          .prefix_gauge = "",
                                          .prefix_set = ""}),
                             frozen);
    for (const auto* const line :
         {"k.rate 2", "k.count 4", "k.mean 4", "k 4", "k.count 1", "statsd.numStats 4"})
        CHECK(contains(bare, line));
}

TEST_CASE("etsy schema: the suffix comes before the tags", "[schema][etsy]") {
    auto all = one_of_each("k;env=prod;flag");
    const auto legacy = points(etsy_schema({.global_suffix = "suf"}), collect(all, 10, 2));
    for (const auto* const line : {"stats.k.suf;env=prod;flag 2",
                                   "stats_counts.k.suf;env=prod;flag 4",
                                   "stats.timers.k.upper_90.suf;env=prod;flag 4",
                                   "stats.gauges.k.suf;env=prod;flag 4",
                                   "stats.sets.k.count.suf;env=prod;flag 1",
                                   "statsd.numStats.suf 4"})
        CHECK(contains(legacy, line));
}

TEST_CASE("etsy schema: counts can be left out of both namespaces", "[schema][etsy]") {
    etsy_store all;
    all.apply("k", of(metric_kind::counter, 4));
    const auto frozen = collect(all, 10, 2);
    const auto legacy = points(etsy_schema({.flush_counts = false}), frozen);
    CHECK(legacy.front() == "stats.k 2");
    CHECK(legacy[1] == "statsd.numStats 1");
    const auto modern =
        points(etsy_schema({.legacy_namespace = false, .flush_counts = false}), frozen);
    CHECK(modern.front() == "stats.counters.k.rate 2");
    CHECK(modern[1] == "stats.statsd.numStats 1");
}

TEST_CASE("etsy schema: only the count of a timer goes by the sampling rate", "[schema][etsy]") {
    etsy_store all;
    all.apply("k", of(metric_kind::timer, 10, 0.1));
    all.apply("k", of(metric_kind::timer, 20, 0.1));
    const auto written = points(etsy_schema(), collect(all, 10, 2));
    for (const auto* const line : {"stats.timers.k.count 20",
                                   "stats.timers.k.count_ps 10",
                                   "stats.timers.k.count_90 2",
                                   "stats.timers.k.sum 30",
                                   "stats.timers.k.mean 15",
                                   "stats.timers.k.std 5"})
        CHECK(contains(written, line));
}

TEST_CASE("etsy schema: a threshold that takes no value is left out", "[schema][etsy]") {
    etsy_store all;
    for (const double value : {1, 2, 3, 4})
        all.apply("k", of(metric_kind::timer, value));
    // A half is rounded up: 12.5 % of four values are one.
    const auto schema = etsy_schema({.percentiles = *parse_percentiles("12.5,12.4,-12.5,-12.4,0")});
    const auto written = points(schema, collect(all, 10, 2));
    CHECK(with(written, "12_5").size() == 5 + 5);
    CHECK(contains(written, "stats.timers.k.upper_12_5 1"));
    CHECK(contains(written, "stats.timers.k.lower_top12_5 4"));
    CHECK(with(written, "12_4").empty());
    CHECK(with(written, "_0").empty());
}

TEST_CASE("etsy schema: -100 takes all values", "[schema][etsy]") {
    etsy_store all;
    for (const double value : {3, 1, 2})
        all.apply("k", of(metric_kind::timer, value));
    const auto schema = etsy_schema({.percentiles = *parse_percentiles("-100")});
    CHECK(with(points(schema, collect(all, 10, 2)), "top100") ==
          lines{"stats.timers.k.count_top100 3",
                "stats.timers.k.mean_top100 2",
                "stats.timers.k.lower_top100 1",
                "stats.timers.k.sum_top100 6",
                "stats.timers.k.sum_squares_top100 14"});
}

TEST_CASE("etsy schema: sums are right even where values were dropped", "[schema][etsy]") {
    struct small_traits : etsy_traits {
        using timer = basic_timer<basic_exact<4>, timer_weighting::count_only>;
    };
    basic_store<small_traits> all;
    for (const double value : {1, 2, 3, 4, 30, -10})
        all.apply("k", of(metric_kind::timer, value));
    CHECK(with(points(etsy_schema({.percentiles = {}}), collect(all, 10, 2)), "timers") ==
          lines{"stats.timers.k.std 1.118033988749895", // of the values kept
                "stats.timers.k.upper 30",
                "stats.timers.k.lower -10",
                "stats.timers.k.count 6",
                "stats.timers.k.count_ps 3",
                "stats.timers.k.sum 30",
                "stats.timers.k.sum_squares 1030",
                "stats.timers.k.mean 5",
                "stats.timers.k.median 2.5"});
}

TEST_CASE("etsy schema: tells what the sink has done", "[schema][etsy]") {
    basic_snapshot<etsy_traits> empty;
    empty.timestamp = 10;
    empty.processing_milliseconds = 2.5;
    const sink_history history{
        .last_flush = 8, .last_exception = 6, .flush_milliseconds = 0.5, .flush_bytes = 1234};
    CHECK(points(etsy_schema({.prefix_stats = "own"}), empty, history) ==
          lines{"own.numStats 0",
                "stats.own.graphiteStats.calculationtime 2.5",
                "stats.own.processing_time 2.5",
                "stats.own.graphiteStats.last_exception 6",
                "stats.own.graphiteStats.last_flush 8",
                "stats.own.graphiteStats.flush_time 0.5",
                "stats.own.graphiteStats.flush_length 1234"});
}

TEST_CASE("etsy schema: of a timer those numbers are told that are asked for", "[schema][etsy]") {
    const auto told = [](std::vector<std::string> metrics) {
        etsy_store all;
        all.apply("t", of(metric_kind::timer, 4));
        all.apply("idle", of(metric_kind::timer, 4));
        static_cast<void>(collect(all, 10, 2));
        all.apply("t", of(metric_kind::timer, 4));
        const etsy_schema schema({.percentiles = *parse_percentiles("90,99.9,-10"),
                                  .timer_metrics = std::move(metrics),
                                  .histograms = {*etsy_histogram("t", {"5"})}});
        return with(points(schema, collect(all, 10, 2)), "stats.timers.");
    };
    CHECK(told({"count_ps", "upper"}) == lines{"stats.timers.t.upper 4",
                                               "stats.timers.t.count_ps 0.5",
                                               "stats.timers.idle.count_ps 0"});
    CHECK(told({"upper_percent", "lower_percent"}) == lines{"stats.timers.t.upper_90 4",
                                                            "stats.timers.t.upper_99_9 4",
                                                            "stats.timers.t.lower_top10 4"});
    CHECK(told({"histogram"}) == lines{"stats.timers.t.histogram.bin_5 1"});
    CHECK(told({"sum_squares"}) == lines{"stats.timers.t.sum_squares 16"});
    CHECK(told({"nothing"}).empty());
}

TEST_CASE("etsy schema: names that came as they were can be cleaned, tags not", "[schema][etsy]") {
    auto all = one_of_each("a/ \tb\xff!c;tag=d e/f");
    const auto told =
        points(etsy_schema({.clean_names = true, .percentiles = {}}), collect(all, 10, 2));
    CHECK(contains(told, "stats.a-_bc;tag=d e/f 2"));
    CHECK(contains(told, "stats_counts.a-_bc;tag=d e/f 4"));
    CHECK(contains(told, "stats.timers.a-_bc.mean;tag=d e/f 4"));
    CHECK(contains(told, "stats.gauges.a-_bc;tag=d e/f 4"));
    CHECK(contains(told, "stats.sets.a-_bc.count;tag=d e/f 1"));
}

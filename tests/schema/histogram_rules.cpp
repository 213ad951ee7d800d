#include <quipu/schema/histogram_rules.hpp>

#include <quipu/schema/etsy.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

using lines = std::vector<std::string>;

struct counting_traits : store_traits {
    using timer = basic_timer<exact, timer_weighting::count_only>;
};

} // namespace

TEST_CASE("histogram rules: Etsy's bins have exclusive limits", "[schema][histogram]") {
    const auto rule = etsy_histogram("api", {"10", "99.99", "inf"});
    REQUIRE(rule);
    CHECK(rule->tails == lines{".histogram.bin_10", ".histogram.bin_99_99", ".histogram.bin_inf"});
    exact values;
    for (const double value : {1.0, 9.0, 10.0, 99.0, 99.99, 1e6})
        values.record(value, 10);
    CHECK(count_samples(values, rule->edges).counts() == std::vector<double>{2, 2, 2});
    CHECK(etsy_histogram("", {})->tails.empty());
    CHECK(etsy_histogram("", {"ten"}).error() == errc::bad_number);
    CHECK(etsy_histogram("", {"inf", "10"}).error() == errc::bad_number);
    CHECK(etsy_histogram("", {"10", "5"}).error() == errc::bad_number);
}

TEST_CASE("histogram rules: statsite's bins have one width", "[schema][histogram]") {
    const auto rule = statsite_histogram("api.", 10, 200, 30);
    REQUIRE(rule);
    CHECK(rule->tails == lines{".histogram.bin_<10.00",
                               ".histogram.bin_10.00",
                               ".histogram.bin_40.00",
                               ".histogram.bin_70.00",
                               ".histogram.bin_100.00",
                               ".histogram.bin_130.00",
                               ".histogram.bin_160.00",
                               ".histogram.bin_>200.00"});
    exact values;
    for (const double value : {9.0, 10.0, 39.9, 189.0, 190.0, 195.0, 300.0})
        values.record(value);
    CHECK(count_samples(values, rule->edges).counts() ==
          std::vector<double>{1, 2, 0, 0, 0, 0, 1, 3});
    CHECK(statsite_histogram("", 0, 10, 0).error() == errc::bad_number);
    CHECK(statsite_histogram("", 0, 1e6, 1).error() == errc::value_limit);
}

TEST_CASE("histogram rules: the first within a key, or the longest prefix", "[schema][histogram]") {
    const std::vector<histogram_rule> rules{{"api", {}, {}}, {"", {}, {}}, {"api.get", {}, {}}};
    const auto pattern = [&](histogram_match match, std::string_view key) {
        const auto* const found = find_rule(rules, match, key);
        return found == nullptr ? "none" : found->pattern;
    };
    CHECK(pattern(histogram_match::first_within, "my.api.get") == "api");
    CHECK(pattern(histogram_match::first_within, "other") == "");
    CHECK(pattern(histogram_match::longest_prefix, "api.get.x") == "api.get");
    CHECK(pattern(histogram_match::longest_prefix, "api.put") == "api");
    CHECK(pattern(histogram_match::longest_prefix, "my.api") == "");
    CHECK(find_rule({}, histogram_match::longest_prefix, "a") == nullptr);
    CHECK(find_rule({rules[0]}, histogram_match::first_within, "other") == nullptr);
    CHECK(find_rule({rules[0]}, histogram_match::longest_prefix, "my.api") == nullptr);
}

TEST_CASE("histogram rules: Etsy's schema tells the bins last, and none of an idle timer",
          "[schema][histogram]") {
    const etsy_schema schema(
        {.percentiles = {},
         .histograms = {*etsy_histogram("slow", {"5", "inf"}), *etsy_histogram("", {"100"})}});
    basic_store<counting_traits> all;
    const auto record = [&](const char* name, double value) {
        CHECK(all.timer(name).record(value, 2) == errc::ok);
    };
    record("a.slow.query", 4);
    record("a.slow.query", 5);
    record("quick", 5);
    record("quick", 500); // not below any limit: not told
    const auto written = points(schema, collect(all, 10, 10));
    lines bins;
    std::string before;
    for (const auto& one : written) {
        if (one.find("histogram") != one.npos) {
            if (bins.empty())
                CHECK(before.find(".median") != before.npos);
            bins.push_back(one);
        }
        before = one;
    }
    CHECK(bins == lines{"stats.timers.a.slow.query.histogram.bin_5 1",
                        "stats.timers.a.slow.query.histogram.bin_inf 1",
                        "stats.timers.quick.histogram.bin_100 1"});
}

#include <quipu/server/series_json.hpp>

#include <quipu/server/object_literal.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using namespace quipu;
using quipu::detail::bins_between;
using quipu::test::snapshot_of;

namespace {

template <class Cell>
literal told(const Cell& cell) {
    json_text out(100'000);
    out.begin_object();
    detail::tell_cell(out, cell);
    out.end_object();
    const auto read = parse_object_literal(out.view());
    REQUIRE(read.error.why.empty());
    return read.value;
}

} // namespace

TEST_CASE("series_json: each kind has its value in an interval", "[server][series_json]") {
    const auto from = snapshot_of(
        "hits:30|c\nt:1|ms\nt:2|ms\nt:9|ms\nq:7|g\nusers:a|s\nusers:b|s\nsize:4|kv\nsize:5|kv",
        1000);
    const auto hits = detail::now_of(from.counters.at(0).cell, 10);
    CHECK(hits.value == 30);
    CHECK(hits.rate == 3);
    CHECK(std::isnan(hits.count));
    const auto timer = detail::now_of(from.timers.at(0).cell, 10);
    CHECK(timer.value == 2);
    CHECK(timer.high == 9);
    CHECK(timer.count == 3);
    CHECK(timer.rate == 0.3);
    CHECK(detail::now_of(from.gauges.at(0).cell, 10).value == 7);
    CHECK(std::isnan(detail::now_of(from.gauges.at(0).cell, 10).rate));
    CHECK(detail::now_of(from.uniques.at(0).cell, 10).value == 2);
    CHECK(detail::now_of(from.keyvalues.at(0).cell, 10).value == 5);
}

TEST_CASE("series_json: bins go from the least to the largest value", "[server][series_json]") {
    CHECK(bins_between(0, 4, 4) == std::vector<double>{1, 2, 3, 4});
    const auto wide = bins_between(1, 10'000, 4);
    REQUIRE(wide.size() == 4);
    CHECK(wide[0] == Approx(10));
    CHECK(wide[2] == Approx(1000));
    CHECK(wide[3] == 10'000);
    CHECK(bins_between(5, 5, 4) == std::vector<double>{5});
    for (const double low : {-1e308, 5e-324, -5.0}) {
        for (const double bound : bins_between(low, 1.7e308, 32))
            CHECK(std::isfinite(bound));
    }
}

TEST_CASE("series_json: a timer tells its distribution and percentiles", "[server][series_json]") {
    std::string lines;
    for (int i = 1; i <= 100; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    const auto from = snapshot_of(lines, 1000);
    const auto all = told(from.timers.at(0).cell);
    CHECK(all.find("sum")->number == 5050);
    CHECK(all.find("min")->number == 1);
    CHECK(all.find("max")->number == 100);
    CHECK(all.find("percentiles")->items.at(5).items.at(0).number == 90);
    CHECK(all.find("percentiles")->items.at(5).items.at(1).number == 90);
    const auto& bins = all.find("bins")->items;
    REQUIRE(bins.size() == distribution_bins_max);
    double count = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
        count += bins[i].items.at(2).number;
        if (i > 0)
            CHECK(bins[i].items.at(0).number == bins[i - 1].items.at(1).number);
    }
    CHECK(count == 100);
    CHECK(bins.front().items.at(0).number == 1);
    CHECK(bins.back().items.at(1).number == 100);
}

TEST_CASE("series_json: a set tells its error", "[server][series_json]") {
    std::string lines;
    for (int i = 0; i < 1025; ++i)
        lines += "many:" + std::to_string(i) + "|s\nfew:" + std::to_string(i % 9) + "|s\n";
    const auto from = snapshot_of(lines, 1000);
    REQUIRE(from.uniques.size() == 2);
    const auto many = told(from.uniques[0].cell);
    CHECK(many.find("standard_error")->number == Approx(0.0081).epsilon(0.01));
    CHECK_FALSE(many.find("exact")->truth);
    const auto few = told(from.uniques[1].cell);
    CHECK(few.find("standard_error")->number == 0);
    CHECK(few.find("exact")->truth);
}

TEST_CASE("series_json: a name says how to ask for it", "[server][series_json]") {
    json_text out(1000);
    out.begin_object();
    detail::tell_series(out, metric_kind::keyvalue, "a<b;c=d\xff", false);
    out.end_object();
    CHECK(out.view() ==
          "{\"kind\":\"keyvalue\",\"name\":\"a\\u003cb\",\"tags\":\";c=d\xef\xbf\xbd\","
          "\"query\":\"kind=keyvalue\\u0026name=a%3Cb%3Bc%3Dd%FF\",\"idle\":false}");
}

#include <quipu/sketch/bucket_layout.hpp>

#include <quipu/sketch/adaptive.hpp>

#include "support/catch.hpp"
#include "support/distributions.hpp"
#include "support/generator.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

using namespace quipu;

namespace {

using histogram = exponential_histogram<>;
using counts = std::map<std::int32_t, double>;

counts counts_of(const bucket_run& run) {
    counts found;
    for (std::size_t i = 0; i < run.counts.size(); ++i) {
        if (run.counts[i] > 0)
            found[run.offset + static_cast<std::int32_t>(i)] = run.counts[i];
    }
    return found;
}

/// As a Prometheus server reads them.
counts counts_of(const prometheus_buckets::side& side) {
    counts found;
    std::int32_t number = 0;
    double count = 0;
    std::size_t at = 0;
    for (const auto& span : side.spans) {
        number += span.offset;
        for (std::uint32_t i = 0; i < span.length; ++i)
            found[number++] = count += side.deltas.at(at++);
    }
    CHECK(at == side.deltas.size());
    return found;
}

/// The numbers of buckets by their definitions, from logarithms.
std::int32_t opentelemetry_number(double magnitude, int scale) {
    return static_cast<std::int32_t>(std::ceil(std::log2(magnitude) * std::exp2(scale))) - 1;
}
std::int32_t prometheus_number(double magnitude, int schema) {
    return static_cast<std::int32_t>(std::ceil(std::log2(magnitude) * std::exp2(schema)));
}

std::vector<double> draw() {
    generator random(1);
    std::vector<double> values(5000);
    for (double& one : values) {
        one = std::exp(3 * distributions::normal(random));
        one = random.one_in(10) ? 0 : random.one_in(3) ? -one : one;
    }
    return values;
}

histogram histogram_of(const std::vector<double>& values) {
    histogram made;
    for (const double value : values)
        made.record(value);
    return made;
}

} // namespace

TEST_CASE("bucket layout: OpenTelemetry's buckets, at every scale", "[sketch]") {
    const auto values = draw();
    const auto made = histogram_of(values);
    for (int scale = -3; scale <= 6; ++scale) {
        counts positive;
        counts negative;
        double zeros = 0;
        for (const double value : values) {
            if (value == 0)
                ++zeros;
            else
                ++(value > 0 ? positive : negative)[opentelemetry_number(std::abs(value), scale)];
        }
        const auto exported = to_opentelemetry(made, scale);
        CHECK(exported.scale == scale);
        CHECK(exported.zero_count == zeros);
        CHECK(counts_of(exported.positive) == positive);
        CHECK(counts_of(exported.negative) == negative);
    }
}

TEST_CASE("bucket layout: one scale down is the number shifted by one", "[sketch]") {
    const auto made = histogram_of(draw());
    for (int scale = 6; scale > -4; --scale) {
        counts shifted;
        for (const auto& [number, count] : counts_of(to_opentelemetry(made, scale).positive))
            shifted[number >> 1] += count;
        CHECK(counts_of(to_opentelemetry(made, scale - 1).positive) == shifted);
    }
}

TEST_CASE("bucket layout: Prometheus' spans and deltas", "[sketch]") {
    const auto values = draw();
    const auto made = histogram_of(values);
    for (const int schema : {6, 3, 0, -4}) {
        counts positive;
        counts negative;
        for (const double value : values) {
            if (value != 0)
                ++(value > 0 ? positive : negative)[prometheus_number(std::abs(value), schema)];
        }
        const auto exported = to_prometheus(made, schema);
        CHECK(exported.schema == schema);
        CHECK(counts_of(exported.positive) == positive);
        CHECK(counts_of(exported.negative) == negative);
    }
    // 1 is the upper edge of bucket 0, 2 that of bucket 64, and none of a span is empty.
    const auto few = to_prometheus(histogram_of({1, 1, 1, 2, 2 / 1.001}));
    using span = prometheus_buckets::span;
    CHECK(few.positive.spans == std::vector<span>{{0, 1}, {63, 1}});
    CHECK(few.positive.deltas == std::vector<double>{3, -1});
    CHECK(few.negative.spans.empty());
    CHECK(to_prometheus(exponential_histogram<10>()).schema == 8);
}

TEST_CASE("bucket layout: cumulative counts are exact at the edges of buckets", "[sketch]") {
    const auto values = draw();
    const auto made = histogram_of(values);
    std::vector<double> edges;
    for (const double magnitude : {64.0, 8.0, 1.0, 0.25})
        edges.push_back(-magnitude);
    edges.push_back(0);
    for (std::int32_t i = -300; i <= 600; i += 7)
        edges.push_back(histogram::scale_type::edge(i));
    edges.push_back(std::numeric_limits<double>::infinity());
    const auto found = cumulative_counts(made, edges);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        double at_or_below = 0;
        for (const double value : values)
            at_or_below += value <= edges[i];
        CHECK(found[i] == at_or_below);
    }
    CHECK(found.back() == made.count());
}

TEST_CASE("bucket layout: within a bucket a bound is off by the relative error at most",
          "[sketch]") {
    const auto values = draw();
    const auto made = histogram_of(values);
    const std::vector<double> bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    const auto found = cumulative_counts(made, bounds);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        double least = 0;
        double most = 0;
        for (const double value : values) {
            least += value <= bounds[i] * (1 - 2 * histogram::relative_error);
            most += value <= bounds[i] * (1 + 2 * histogram::relative_error);
        }
        CHECK(found[i] >= least);
        CHECK(found[i] <= most);
        CHECK((i == 0 || found[i] >= found[i - 1]));
    }
}

TEST_CASE("bucket layout: an edge below zero parts what is less from the others", "[sketch]") {
    const auto made = histogram_of({-4, -3, -2, -2, -1, 1, 2, 2, 4});
    CHECK(cumulative_counts(made, {-8, -4, -2, -1, 0, 1, 2, 4}) ==
          std::vector<double>{0, 0, 2, 4, 5, 6, 8, 9});
}

TEST_CASE("bucket layout: the ends of all values are exact bounds", "[sketch]") {
    const auto equal = histogram_of({1234.5, 1234.5, 1234.5});
    CHECK(cumulative_counts(equal, {1234, 1234.4, 1234.5, 1235}) ==
          std::vector<double>{0, 0, 3, 3});
    const auto made = histogram_of({-5.5, 3, 77.7});
    CHECK(cumulative_counts(made, {-5.6, -5.5, 76.5, 77.7, 78}) ==
          std::vector<double>{0, 1, 2, 3, 3});
}

TEST_CASE("bucket layout: collapsed values count where the lowest bucket is", "[sketch]") {
    const auto made = histogram_of({1e-300, 2e-300, 1, 1e300});
    const double floor = histogram::scale_type::edge(made.positive().lowest());
    CHECK(cumulative_counts(made, {1e-200, floor, floor * 1.02, 1e299, 1e300}) ==
          std::vector<double>{0, 0, 3, 3, 4});
    CHECK(to_opentelemetry(made).positive.offset == made.positive().lowest());
    CHECK(to_opentelemetry(made).positive.counts.front() == 3);
}

TEST_CASE("bucket layout: weights leave as they are", "[sketch]") {
    histogram made;
    made.record(1, 2.5);
    made.record(1 + 0x1p-52, 0.25);
    made.record(-1, 0.5);
    CHECK(to_opentelemetry(made).positive == bucket_run{-1, {2.5, 0.25}});
    CHECK(to_opentelemetry(made).negative == bucket_run{-1, {0.5}});
    CHECK(to_opentelemetry(made, 0).positive == bucket_run{-1, {2.5, 0.25}});
    CHECK(to_prometheus(made).positive.deltas == std::vector<double>{2.5, -2.25});
    CHECK(cumulative_counts(made, {0, 1, 2}) == std::vector<double>{0.5, 3, 3.25});
}

TEST_CASE("bucket layout: of nothing there is nothing", "[sketch]") {
    const histogram none;
    CHECK(to_opentelemetry(none).positive.counts.empty());
    CHECK(to_prometheus(none).positive.spans.empty());
    CHECK(cumulative_counts(none, {1, 2}) == std::vector<double>{0, 0});
}

TEST_CASE("cumulative counts: of kept values as they are, then of buckets",
          "[sketch][bucket_layout]") {
    const std::vector<double> bounds{0, 2, 2.5, 100};
    adaptive<4> sketch;
    sketch.record(3);
    sketch.record(1, 0.5);
    sketch.record(2);
    sketch.settle();
    CHECK(cumulative_counts(sketch, bounds) == std::vector<double>{0, 1.5, 1.5, 2.5});
    for (int i = 0; i < 5; ++i)
        sketch.record(50);
    sketch.settle();
    REQUIRE_FALSE(sketch.keeps_values());
    CHECK(cumulative_counts(sketch, bounds) == std::vector<double>{0, 1.5, 1.5, 7.5});
}

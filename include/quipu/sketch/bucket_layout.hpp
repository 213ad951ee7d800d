// An exponential histogram as other systems write its buckets. Nothing is lost on the way: their
// buckets are ours, under other numbers.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/sketch/exponential_histogram.hpp>

#include <quipu/sketch/sketch.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quipu {

/// Counts of buckets one after another, the first of which has the number `offset`.
struct bucket_run {
    std::int32_t offset = 0;
    std::vector<double> counts{};

    friend bool operator==(const bucket_run&, const bucket_run&) = default;
};

/// OpenTelemetry's `ExponentialHistogramDataPoint`: bucket i of the positive values is for those
/// above base^i, up to base^(i + 1); of the negative ones for the magnitudes likewise.
/// base = 2^(2^-scale).
struct opentelemetry_buckets {
    int scale = 0;
    double zero_count = 0;
    bucket_run positive{};
    bucket_run negative{};
};

/// Prometheus' native histogram: bucket i is for values above base^(i - 1), up to base^i. A span is
/// a run of buckets: after how many that are left out (the first: the number of its bucket), and how
/// many. The count of a bucket is the one before it and its delta.
struct prometheus_buckets {
    struct span {
        std::int32_t offset = 0;
        std::uint32_t length = 0;

        friend bool operator==(const span&, const span&) = default;
    };
    struct side {
        std::vector<span> spans{};
        std::vector<double> deltas{};
    };

    int schema = 0;
    double zero_count = 0;
    side positive{};
    side negative{};
};

namespace detail {

/// The buckets of one side by their magnitude, at a scale that is `shift` coarser. `key_of(i)` is
/// the key of the window for the bucket i.
template <std::size_t Cap, class KeyOf>
[[nodiscard]] bucket_run run_of(
    const bucket_window<Cap>& side, std::int32_t low, std::int32_t high, int shift, KeyOf key_of) {
    bucket_run run;
    run.offset = low >> shift;
    run.counts.resize(static_cast<std::size_t>((high >> shift) - run.offset) + 1);
    for (std::int32_t i = low; i <= high; ++i)
        run.counts[static_cast<std::size_t>((i >> shift) - run.offset)] += side[key_of(i)];
    return run;
}

template <int Scale, std::size_t Cap>
[[nodiscard]] bucket_run positive_run(const exponential_histogram<Scale, Cap>& of, int shift) {
    const auto& side = of.positive();
    if (side.empty())
        return {};
    return run_of(side, side.lowest(), side.highest(), shift, [](std::int32_t i) { return i; });
}

template <int Scale, std::size_t Cap>
[[nodiscard]] bucket_run negative_run(const exponential_histogram<Scale, Cap>& of, int shift) {
    const auto& side = of.negative();
    if (side.empty())
        return {};
    return run_of(side, ~side.highest(), ~side.lowest(), shift, [](std::int32_t i) { return ~i; });
}

[[nodiscard]] inline prometheus_buckets::side spans_of(const bucket_run& run) {
    prometheus_buckets::side made;
    std::int32_t left_out = run.offset + 1; // their number of the first bucket
    double before = 0;
    for (const double count : run.counts) {
        if (count == 0) {
            ++left_out;
            continue;
        }
        if (made.spans.empty() || left_out > 0)
            made.spans.push_back({left_out, 0});
        ++made.spans.back().length;
        made.deltas.push_back(count - before);
        before = count;
        left_out = 0;
    }
    return made;
}

} // namespace detail

/// The buckets as OpenTelemetry has them, at the histogram's scale or a coarser one. Going down one
/// scale joins two buckets each, whose number is then shifted by one bit.
/// Input    scale: `Scale` at most.
/// Cost     O(buckets); allocates what is returned.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram".
template <int Scale, std::size_t Cap>
[[nodiscard]] opentelemetry_buckets to_opentelemetry(const exponential_histogram<Scale, Cap>& of,
                                                     int scale = Scale) {
    QUIPU_ASSERT(scale <= Scale && scale >= Scale - 20);
    return {scale,
            of.zeros(),
            detail::positive_run(of, Scale - scale),
            detail::negative_run(of, Scale - scale)};
}

/// The buckets as Prometheus has them. Its schemas are the scales from -4 to 8.
/// Input    schema: `Scale` at most.
/// Cost     O(buckets); allocates what is returned.
/// Source   Prometheus, "Native histograms"; its `Histogram` message.
template <int Scale, std::size_t Cap>
[[nodiscard]] prometheus_buckets to_prometheus(const exponential_histogram<Scale, Cap>& of,
                                               int schema = Scale < 8 ? Scale : 8) {
    QUIPU_ASSERT(schema <= Scale && schema >= -4 && schema <= 8);
    return {schema,
            of.zeros(),
            detail::spans_of(detail::positive_run(of, Scale - schema)),
            detail::spans_of(detail::negative_run(of, Scale - schema))};
}

/// How much weight is at or below each of the bounds: the cumulative counts of a classic histogram,
/// `le`. Exact where a bound is the edge of a bucket, though below zero the values that are just the
/// edge count as above it; elsewhere all values of the bucket that a bound parts are counted where
/// the estimate for them is, which is as if the bound were off by `relative_error` at most. Where
/// the histogram is collapsed, lower values count as those of its lowest bucket.
/// Input    bounds: ascending.
/// Cost     O(buckets × log(bounds) + bounds); allocates what is returned.
template <int Scale, std::size_t Cap>
[[nodiscard]] std::vector<double> cumulative_counts(const exponential_histogram<Scale, Cap>& of,
                                                    const std::vector<double>& bounds) {
    using scale = exponential_scale<Scale>;
    std::vector<double> counts(bounds.size() + 1); // the last one is beyond all bounds
    const auto add = [&](double estimate, double count) {
        const double value = std::clamp(estimate, of.min(), of.max());
        const auto first = std::lower_bound(bounds.begin(), bounds.end(), value);
        counts[static_cast<std::size_t>(first - bounds.begin())] += count;
    };
    const auto add_side = [&add](const bucket_window<Cap>& side, auto estimate_of) {
        if (side.empty())
            return;
        const std::int32_t high = side.highest();
        for (std::int32_t key = side.lowest(); key <= high; ++key) {
            if (side[key] > 0)
                add(estimate_of(key), side[key]);
        }
    };
    add_side(of.negative(), [](std::int32_t key) { return -scale::midpoint(~key); });
    if (of.zeros() > 0)
        add(0, of.zeros());
    add_side(of.positive(), [](std::int32_t key) { return scale::midpoint(key); });
    counts.pop_back();
    for (std::size_t i = 1; i < counts.size(); ++i)
        counts[i] += counts[i - 1];
    return counts;
}

namespace detail {

template <class Sketch>
concept has_values = requires(const Sketch& of) {
    { of.values().size() } -> std::same_as<std::size_t>;
    { of.weight(std::size_t{0}) } -> std::same_as<double>;
};

} // namespace detail

/// The same of a settled sketch that keeps its values, as they are; of one that keeps them for a
/// while, of what they move into from then on.
template <detail::has_values Sketch>
[[nodiscard]] std::vector<double> cumulative_counts(const Sketch& of,
                                                    const std::vector<double>& bounds) {
    if constexpr (requires { cumulative_counts(*of.sketch(), bounds); }) {
        if (of.sketch() != nullptr)
            return cumulative_counts(*of.sketch(), bounds);
    }
    std::vector<double> counts(bounds.size());
    double below = 0;
    std::size_t place = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        for (; place < of.values().size() && of.values()[place] <= bounds[i]; ++place)
            below += of.weight(place);
        counts[i] = below;
    }
    return counts;
}

/// The same of any other settled sketch, as far as its quantiles tell.
/// Cost     O(bounds × 53 quantiles).
template <quantile_sketch Sketch>
requires(!detail::has_values<Sketch>)
    [[nodiscard]] std::vector<double> cumulative_counts(const Sketch& of,
                                                        const std::vector<double>& bounds) {
    std::vector<double> counts(bounds.size());
    for (std::size_t i = 0; i < bounds.size() && of.count() > 0; ++i) {
        double low = 0;
        double high = 1;
        if (of.min() > bounds[i])
            continue;
        if (of.max() <= bounds[i]) {
            low = 1;
        } else {
            for (int bits = 0; bits < 53; ++bits) {
                const double middle = low + (high - low) / 2;
                (of.quantile(middle) <= bounds[i] ? low : high) = middle;
            }
        }
        counts[i] = std::round(low * of.count());
    }
    return counts;
}

} // namespace quipu

// Distributions of the kinds that are measured, and the quantiles of what is drawn from them.
#pragma once

#include "support/generator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace distributions {

struct distribution {
    std::string_view name;
    /// Value number i of n.
    double (*value)(generator& random, std::size_t i, std::size_t n);
};

/// Above 0, up to 1.
inline double unit(generator& random) {
    return static_cast<double>((random.next() >> 11U) + 1) * 0x1p-53;
}

/// Of the mean 0 and the standard deviation 1.
inline double normal(generator& random) {
    const double radius = std::sqrt(-2 * std::log(unit(random)));
    return radius * std::cos(6.283185307179586 * unit(random));
}

inline constexpr std::array all{
    distribution{"pareto(1, 1)",
                 [](generator& r, std::size_t, std::size_t) { return 1 / unit(r); }},
    distribution{"lognormal(0, 2)",
                 [](generator& r, std::size_t, std::size_t) { return std::exp(2 * normal(r)); }},
    distribution{"exponential",
                 [](generator& r, std::size_t, std::size_t) { return -std::log(unit(r)); }},
    distribution{"uniform", [](generator& r, std::size_t, std::size_t) { return unit(r); }},
    distribution{"normal(1000, 100)",
                 [](generator& r, std::size_t, std::size_t) { return 1000 + 100 * normal(r); }},
    distribution{"ns, 100 to 1.9e12", // from a cache miss to half an hour, all sizes alike
                 [](generator& r, std::size_t, std::size_t) {
                     return std::floor(100 * std::exp(unit(r) * std::log(1.9e10)));
                 }},
    distribution{"all equal", [](generator&, std::size_t, std::size_t) { return 123.456; }},
    distribution{"sorted up",
                 [](generator&, std::size_t i, std::size_t) { return static_cast<double>(i + 1); }},
    distribution{
        "sorted down",
        [](generator&, std::size_t i, std::size_t n) { return static_cast<double>(n - i); }},
};

/// The quantiles that accuracy is told of.
inline constexpr std::array quantiles{0.5, 0.75, 0.9, 0.95, 0.99, 0.999};

inline std::vector<double> draw(const distribution& from, std::size_t n, std::uint64_t seed) {
    generator random(seed);
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i)
        values[i] = from.value(random, i, n);
    return values;
}

/// The smallest value that a share q of all is not above.
inline double quantile_of(const std::vector<double>& sorted, double q) {
    // A little less than the share, since 0.07 * 100 is more than 7 in binary.
    const double rank = std::ceil(q * static_cast<double>(sorted.size()) * (1 - 1e-12));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// How far a sketch of these values is off at each of the `quantiles`, relatively; they are sorted.
template <class Sketch>
std::array<double, quantiles.size()> errors_of(std::vector<double>& values) {
    Sketch sketch;
    for (const double value : values)
        sketch.record(value);
    sketch.settle();
    std::sort(values.begin(), values.end());
    std::array<double, quantiles.size()> errors{};
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
        const double right = quantile_of(values, quantiles[i]);
        errors[i] = std::abs(sketch.quantile(quantiles[i]) - right) / std::abs(right);
    }
    return errors;
}

} // namespace distributions

// Values as they come in practice, and as they are hard for a sketch; seeded, so that all is the
// same everywhere but the last digits of the logarithms.
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

/// A number above 0 and below 1.
inline double uniform(generator& random) {
    return (static_cast<double>(random.next() >> 12U) + 0.5) * 0x1p-52;
}

/// One of mean 0 and standard deviation 1, by Box and Muller.
inline double normal(generator& random) {
    constexpr double turn = 6.283185307179586;
    const double radius = std::sqrt(-2 * std::log(uniform(random)));
    return radius * std::cos(turn * uniform(random));
}

struct distribution {
    std::string_view name;
    double (*draw)(generator&);
    enum class order { drawn, ascending, descending } arranged = order::drawn;
};

inline constexpr std::array<distribution, 9> all{{
    {"pareto(1, 1)", [](generator& random) { return 1 / uniform(random); }},
    {"lognormal(0, 2)", [](generator& random) { return std::exp(2 * normal(random)); }},
    {"exponential(1)", [](generator& random) { return -std::log(uniform(random)); }},
    {"uniform(0, 1)", uniform},
    {"normal(1000, 100)", [](generator& random) { return 1000 + 100 * normal(random); }},
    {"nanoseconds 1e2 to 1.9e12",
     [](generator& random) { return std::floor(100 * std::pow(1.9e10, uniform(random))); }},
    {"all equal", [](generator&) { return 1234.5; }},
    {"sorted up",
     [](generator& random) { return std::exp(normal(random)); },
     distribution::order::ascending},
    {"sorted down",
     [](generator& random) { return std::exp(normal(random)); },
     distribution::order::descending},
}};

inline std::vector<double> values_of(const distribution& of, std::size_t count) {
    generator random(count);
    std::vector<double> values(count);
    for (double& one : values)
        one = of.draw(random);
    if (of.arranged != distribution::order::drawn)
        std::sort(values.begin(), values.end());
    if (of.arranged == distribution::order::descending)
        std::reverse(values.begin(), values.end());
    return values;
}

/// The nearest rank: the smallest of the sorted values that a share `q` of them is not above.
inline double quantile(const std::vector<double>& sorted, double q) {
    const auto rank = std::ceil(q * static_cast<double>(sorted.size()) * (1 - 1e-12));
    return sorted[std::max<std::size_t>(static_cast<std::size_t>(rank), 1) - 1];
}

inline constexpr std::array<double, 6> quantiles{0.5, 0.75, 0.9, 0.95, 0.99, 0.999};

} // namespace distributions

// How far off a HyperLogLog's estimates are, over many seeds.
#pragma once

#include <quipu/sketch/hyperloglog.hpp>

#include "support/generator.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hyperloglog_accuracy {

/// The numbers of members at which it is measured, each divided by the number of registers.
inline constexpr std::array<double, 8> ratios{0.5, 1, 2, 2.5, 3, 5, 10, 50};

/// Of the estimates, relatively to the numbers that they are of.
struct accuracy {
    double bias = 0;
    double rmse = 0;
};

/// That at each of the ratios, over sketches of as many seeds.
template <unsigned Precision>
std::array<accuracy, ratios.size()> measure(int seeds) {
    std::array<accuracy, ratios.size()> result{};
    quipu::hyperloglog<Precision> sketch;
    for (int seed = 0; seed < seeds; ++seed) {
        generator random(static_cast<std::uint64_t>(seed) * 1000 + Precision);
        sketch.clear();
        std::uint64_t members = 0;
        for (std::size_t i = 0; i < ratios.size(); ++i) {
            const auto wanted = ratios[i] * static_cast<double>(sketch.registers);
            for (; static_cast<double>(members) < wanted; ++members)
                sketch.insert(random.next());
            const double off = sketch.estimate() / static_cast<double>(members) - 1;
            result[i].bias += off / seeds;
            result[i].rmse += off * off / seeds;
        }
    }
    for (auto& one : result)
        one.rmse = std::sqrt(one.rmse);
    return result;
}

} // namespace hyperloglog_accuracy

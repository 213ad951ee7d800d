// How accurate the sketches are: tables of the errors that were measured, in percent. Run it as it
// is; the largest inputs take some seconds.
//
//     accuracy
#include <quipu/sketch/exponential_histogram.hpp>

#include "support/distributions.hpp"
#include "support/hyperloglog_accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace {

void print_quantiles() {
    using sketch_type = quipu::exponential_histogram<>;
    std::printf(
        "exponential_histogram<%d>: relative error of quantiles in %%; the bound is %.4f\n\n",
        sketch_type::scale,
        100 * sketch_type::relative_error);
    std::printf("%-26s %9s", "distribution", "n");
    for (const double q : distributions::quantiles)
        std::printf(" %8s", ("p" + std::to_string(q * 100).substr(0, q > 0.99 ? 4 : 2)).c_str());
    std::printf(" %8s\n", "buckets");
    double worst = 0;
    for (const auto& of : distributions::all) {
        for (std::size_t count = 1'000; count <= 10'000'000; count *= 10) {
            auto values = distributions::values_of(of, count);
            sketch_type sketch;
            for (const double value : values)
                sketch.record(value);
            std::printf("%-26s %9zu", std::string(of.name).c_str(), count);
            for (const double q : distributions::quantiles) {
                const auto rank = static_cast<std::ptrdiff_t>(
                    std::ceil(q * static_cast<double>(count) * (1 - 1e-12)) - 1);
                std::nth_element(values.begin(), values.begin() + rank, values.end());
                const double real = values[static_cast<std::size_t>(rank)];
                const double off = 100 * std::abs(sketch.quantile(q) - real) / real;
                worst = std::max(worst, off);
                std::printf(" %8.4f", off);
            }
            const auto& buckets = sketch.positive();
            std::printf(" %8d\n", buckets.empty() ? 0 : buckets.highest() - buckets.lowest() + 1);
        }
    }
    std::printf("%-26s %9s %8.4f\n\n", "the largest", "", worst);
}

template <unsigned Precision>
void print_distinct() {
    constexpr int seeds = 100;
    using sketch_type = quipu::hyperloglog<Precision>;
    constexpr double theory = sketch_type::standard_error();
    const auto measured = hyperloglog_accuracy::measure<Precision>(seeds);
    for (std::size_t i = 0; i < measured.size(); ++i) {
        std::printf("%9u %8.1f %9.0f %+8.3f %8.3f %8.3f %8.3f\n",
                    Precision,
                    hyperloglog_accuracy::ratios[i],
                    hyperloglog_accuracy::ratios[i] * static_cast<double>(sketch_type::registers),
                    100 * measured[i].bias,
                    100 * (3 * theory / std::sqrt(seeds) + 0.001),
                    100 * measured[i].rmse,
                    100 * 1.1 * theory);
    }
}

} // namespace

int main() {
    print_quantiles();
    std::printf("hyperloglog: bias and root mean square error in %%, over 100 seeds\n\n");
    std::printf("precision      n/m         n     bias    bound     rmse    bound\n");
    print_distinct<10>();
    print_distinct<12>();
    print_distinct<14>();
    return 0;
}

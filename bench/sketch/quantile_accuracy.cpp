// A table of how far off the quantiles of an exponential histogram are, for distributions of many
// kinds and numbers of values.
#include <quipu/sketch/exponential_histogram.hpp>

#include "support/distributions.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

namespace {

using sketch = quipu::exponential_histogram<>;

constexpr std::size_t count_max = 10'000'000;
constexpr double percent = 100;

/// The errors of one distribution, a line for each number of values. Returns the worst.
double print_lines(const distributions::distribution& from) {
    double worst = 0;
    for (std::size_t count = 1000; count <= count_max; count *= 10) {
        auto values = distributions::draw(from, count, count);
        const auto name = count == 1000 ? from.name : "";
        std::printf("%-18.*s %10zu ", static_cast<int>(name.size()), name.data(), count);
        for (const double error : distributions::errors_of<sketch>(values)) {
            std::printf(" %8.4f", error * percent);
            worst = std::max(worst, error);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
    return worst;
}

} // namespace

int main() {
    std::printf("Relative error of the quantiles of exponential_histogram<>, in percent\n\n");
    std::printf("%-18s %10s ", "distribution", "values");
    for (const double q : distributions::quantiles)
        std::printf(" %*sp%g", q == 0.999 ? 3 : 5, "", q * percent);
    std::printf("\n");
    double worst = 0;
    for (const auto& from : distributions::all)
        worst = std::max(worst, print_lines(from));
    std::printf(
        "\nthe worst %.4f, promised %.4f\n", worst * percent, sketch::relative_error * percent);
    return worst <= sketch::relative_error * (1 + 1e-12) ? 0 : 1;
}

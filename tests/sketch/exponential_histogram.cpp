#include <quipu/sketch/exponential_histogram.hpp>

#include "support/catch.hpp"
#include "support/distributions.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

constexpr double rounding = 4 * 0x1p-52;

template <class Sketch = exponential_histogram<>>
Sketch sketch_of(const std::vector<double>& values) {
    Sketch sketch;
    for (const double value : values)
        sketch.record(value);
    return sketch;
}

} // namespace

TEST_CASE("exponential histogram: quantiles are within the relative error", "[sketch]") {
    STATIC_REQUIRE(exponential_histogram<>::relative_error <= 0.005425);
    for (const auto& of : distributions::all) {
        for (const std::size_t count : {1'000u, 10'000u, 100'000u}) {
            auto values = distributions::values_of(of, count);
            const auto sketch = sketch_of(values);
            std::sort(values.begin(), values.end());
            for (const double q : distributions::quantiles) {
                const double real = distributions::quantile(values, q);
                if (std::abs(sketch.quantile(q) - real) > 0.005425 * real)
                    FAIL_CHECK(of.name << ", " << count << " values, quantile " << q);
                CHECK_FALSE(sketch.collapsed(q));
            }
            CHECK(sketch.min() == values.front());
            CHECK(sketch.max() == values.back());
            CHECK(sketch.count() == static_cast<double>(count));
            if (of.name == "all equal")
                CHECK(sketch.quantile(0.5) == 1234.5);
        }
    }
}

TEST_CASE("exponential histogram: the error is met at the edges of a bucket, and not passed",
          "[sketch]") {
    using scale = exponential_histogram<>::scale_type;
    const double infinity = std::numeric_limits<double>::infinity();
    double most = 0;
    for (std::int32_t i = -40'000; i <= 40'000; i += 61) {
        const double below = std::nextafter(scale::edge(i), infinity);
        const double above = scale::edge(i + 1);
        for (const double value : {below, above}) {
            // Others in the bucket and around, so that neither minimum nor maximum helps.
            const auto sketch =
                sketch_of({value / 4, value / 4, below, value, above, value * 4, value * 4});
            const double off = std::abs(sketch.quantile(0.5) - value) / value;
            most = std::max(most, off);
            if (off > exponential_histogram<>::relative_error + rounding)
                FAIL_CHECK(value << " is off by " << off);
        }
    }
    CHECK(most > exponential_histogram<>::relative_error * (1 - 1e-12));
}

TEST_CASE("exponential histogram: an outlier above never coarsens the upper quantiles",
          "[sketch]") {
    auto wide = sketch_of({1e-300, 1e300});
    CHECK(wide.collapsed(0.5));
    CHECK_FALSE(wide.collapsed(0.9));
    CHECK(wide.quantile(0.9) == 1e300);
    CHECK(wide.quantile(0) == 1e-300);
    CHECK(wide.min() == 1e-300);
    CHECK(wide.quantile(0.5) >= 1e-300);

    // A hundred values near one another, one far above: only what is below the cap collapses.
    exponential_histogram<> mixed;
    for (int i = 1; i <= 100; ++i)
        mixed.record(i);
    mixed.record(1e-30);
    mixed.record(1e10);
    CHECK(mixed.collapsed(0.005));
    for (const double q : {0.1, 0.5, 0.9}) {
        const double real = std::ceil(q * 102) - 1;
        CHECK(std::abs(mixed.quantile(q) - real) <= 0.005425 * real);
        CHECK_FALSE(mixed.collapsed(q));
    }

    // Of the negative values those far from zero collapse.
    exponential_histogram<6, 64> negative;
    for (const double value : {-1e9, -1e8, -3.0, -2.0})
        negative.record(value);
    CHECK(negative.collapsed(0.25));
    CHECK(negative.collapsed(0.5));
    CHECK_FALSE(negative.collapsed(0.75));
    CHECK(std::abs(negative.quantile(0.75) + 3) <= 3 * 0.005425);
    CHECK(negative.min() == -1e9);
}

TEST_CASE("exponential histogram: values below, at and above zero", "[sketch]") {
    const auto sketch = sketch_of({-8, -4, 0, 0, 0, 4, 8});
    CHECK(sketch.zeros() == 3);
    CHECK(sketch.quantile(0) == -8);
    CHECK(std::abs(sketch.quantile(2.0 / 7) + 4) <= 4 * 0.005425);
    CHECK(sketch.quantile(0.5) == 0);
    CHECK(sketch.median() == 0);
    CHECK(std::abs(sketch.quantile(6.0 / 7) - 4) <= 4 * 0.005425);
    CHECK(sketch.quantile(1) == 8);
    CHECK(sketch.sum() == 0);
    CHECK(sketch.sum_squares() == 160);
    CHECK(sketch.squared_deviations() == 160);
    CHECK(sketch.positive().highest() == exponential_scale<6>::index(8));
    CHECK(sketch.negative().lowest() == ~exponential_scale<6>::index(8));
}

TEST_CASE("exponential histogram: a finer one merges as if it had been recorded here", "[sketch]") {
    generator random(9);
    exponential_histogram<8, 1 << 14> fine;
    exponential_histogram<3> coarse;
    exponential_histogram<3> merged;
    for (int i = 0; i < 2000; ++i) {
        const double value = std::exp(4 * distributions::normal(random)) - 0.5;
        fine.record(value);
        coarse.record(value);
    }
    merged.merge(fine);
    for (int percent = 0; percent <= 100; ++percent)
        CHECK(merged.quantile(percent / 100.0) == coarse.quantile(percent / 100.0));
}

TEST_CASE("exponential histogram: weights are exact as long as they are whole", "[sketch]") {
    exponential_histogram<> sketch;
    sketch.record(1, 3);
    CHECK(sketch.whole());
    CHECK(sketch.count() == 3);
    sketch.record(2, 2.5);
    CHECK_FALSE(sketch.whole());
    CHECK(sketch.count() == 5.5);
    CHECK(sketch.sum() == 8);
    CHECK(sketch.quantile(0.5) == Approx(1).epsilon(0.005425));
    CHECK(sketch.quantile(0.6) == Approx(2).epsilon(0.005425));
}

TEST_CASE("exponential histogram: its bytes are small and stay the same", "[sketch]") {
    exponential_histogram<> sketch;
    sketch.record(1);
    sketch.record(4);
    sketch.record(4);
    std::string bytes;
    byte_writer out(bytes);
    sketch.write(out);
    // Five moments, three deviations, a flag, the zeros; one side: 129 buckets, where they begin
    // (two bytes), a flag, a byte a count; the other side: none.
    CHECK(bytes.size() == 40 + 24 + 1 + 8 + 2 + 1 + 1 + 129 + 1);
    CHECK(std::string_view(bytes).substr(73, 5) == std::string_view("\x81\x01\x01\x00\x01", 5));
}

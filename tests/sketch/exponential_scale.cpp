#include <quipu/sketch/exponential_scale.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using quipu::exponential_scale;

namespace {

using scale = exponential_scale<6>;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The definition: the largest i with base^i below the value, base = 2^(2^-Scale). Of the value only
/// the mantissa goes through the logarithm, whose error is then far below the distance of any double
/// from an edge that it is not on.
template <int Scale>
std::int32_t index_by_definition(double value) {
    static_assert(std::numeric_limits<long double>::digits >= 64);
    int exponent = 0;
    const long double mantissa = std::frexp(static_cast<long double>(value), &exponent);
    const long double octaves = std::log2(mantissa);
    if constexpr (Scale >= 0) {
        constexpr int per_octave = 1 << Scale;
        return exponent * per_octave + static_cast<std::int32_t>(std::ceil(octaves * per_octave)) -
               1;
    } else {
        constexpr int width = 1 << -Scale;
        const int above = exponent - (mantissa == 0.5L ? 1 : 0); // ceil of log2
        return static_cast<std::int32_t>(std::floor((above - 1) / static_cast<double>(width)));
    }
}

double positive_double(generator& random) {
    for (;;) {
        const auto value = std::bit_cast<double>(random.next() >> 1U);
        if (value > 0 && value < infinity)
            return value;
    }
}

template <int Scale>
std::size_t differing(std::size_t count) {
    generator random(static_cast<std::uint64_t>(Scale + 100));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
        double value = positive_double(random);
        if (i % 16 == 0) // subnormal, of any length
            value = std::bit_cast<double>((random.next() >> 12U >> random.below(52)) | 1U);
        wrong += exponential_scale<Scale>::index(value) != index_by_definition<Scale>(value);
    }
    return wrong;
}

} // namespace

TEST_CASE("exponential scale: the index is what the definition says", "[sketch]") {
    CHECK(differing<6>(10'000'000) == 0);
    CHECK(differing<0>(100'000) == 0);
    CHECK(differing<1>(100'000) == 0);
    CHECK(differing<3>(100'000) == 0);
    CHECK(differing<10>(100'000) == 0);
    CHECK(differing<-1>(100'000) == 0);
    CHECK(differing<-4>(100'000) == 0);
}

TEST_CASE("exponential scale: an edge is the last of its bucket, the next double is not",
          "[sketch]") {
    std::size_t wrong = 0;
    std::size_t edges = 0;
    for (std::int32_t i = scale::index_min + 1; i <= scale::index_max; ++i) {
        const double edge = scale::edge(i);
        if (edge < std::numeric_limits<double>::min())
            continue; // there, buckets are narrower than the spacing
        ++edges;
        wrong += scale::index(edge) != i - 1;
        wrong += scale::index(std::nextafter(edge, infinity)) != i;
        wrong += scale::index(std::nextafter(edge, 0.0)) != i - 1;
    }
    CHECK(wrong == 0);
    CHECK(edges > 130'000);
    CHECK(scale::index(std::numeric_limits<double>::denorm_min()) == scale::index_min);
    CHECK(scale::index(std::numeric_limits<double>::max()) == scale::index_max);
    STATIC_REQUIRE(scale::index(1) == -1);
    STATIC_REQUIRE(scale::places_above(-1, 1) == 0);
    for (const double magnitude : {0x1p-1022, 1e-200, 0.3, 1.0, 7.5, 1e300}) {
        const auto i = scale::index(magnitude);
        CHECK(scale::places_above(i, magnitude) == 0);
        CHECK(scale::places_above(i - 1000, magnitude) == 1000);
    }
    using coarse = exponential_scale<-3>;
    CHECK(coarse::places_above(coarse::index(1), 1e9) ==
          static_cast<std::size_t>(coarse::index(1e9) - coarse::index(1)));
    STATIC_REQUIRE(scale::index(std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0) + 1)) == 0);
    STATIC_REQUIRE(scale::edge(scale::index_max + 1) == infinity);
}

TEST_CASE("exponential scale: the midpoint is off by the relative error at both edges, and no more",
          "[sketch]") {
    STATIC_REQUIRE(scale::relative_error > 0.005415);
    STATIC_REQUIRE(scale::relative_error < 0.005425);
    constexpr double rounding = 4 * 0x1p-52;
    std::size_t wrong = 0;
    for (std::int32_t i = scale::index(0x1p-1022) + 1; i < scale::index_max; ++i) {
        const double middle = scale::midpoint(i);
        const double lowest = std::nextafter(scale::edge(i), infinity);
        const double highest = scale::edge(i + 1);
        const double above = (middle - lowest) / lowest;
        const double below = (highest - middle) / highest;
        for (const double off : {above, below})
            wrong +=
                !(off <= scale::relative_error + rounding && off >= scale::relative_error - 1e-14);
    }
    CHECK(wrong == 0);
    // Among the subnormal numbers half their spacing comes on top.
    generator random(5);
    for (int i = 0; i < 10'000; ++i) {
        const auto value = std::bit_cast<double>((random.next() >> 12U >> random.below(52)) | 1U);
        const double off = std::abs(scale::midpoint(scale::index(value)) - value);
        wrong += !(off * 0x1p100 <= value * 0x1p100 * scale::relative_error + 0x1p-975 * 1.001);
    }
    CHECK(wrong == 0);
}

TEST_CASE("exponential scale: one scale down, the number of a bucket is halved", "[sketch]") {
    generator random(6);
    std::size_t wrong = 0;
    for (int i = 0; i < 100'000; ++i) {
        const double value = positive_double(random);
        wrong += exponential_scale<5>::index(value) != scale::index(value) >> 1;
        wrong += exponential_scale<0>::index(value) != scale::index(value) >> 6;
        wrong += exponential_scale<-2>::index(value) != scale::index(value) >> 8;
        wrong += exponential_scale<8>::index(value) >> 2 != scale::index(value);
    }
    CHECK(wrong == 0);
    for (std::int32_t i = -1000; i < 1000; ++i)
        wrong += exponential_scale<5>::edge(i) != scale::edge(2 * i);
    CHECK(wrong == 0);
}

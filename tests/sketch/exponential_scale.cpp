#include <quipu/sketch/exponential_scale.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

using namespace quipu;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr double smallest_normal = std::numeric_limits<double>::min();
constexpr double epsilon = std::numeric_limits<double>::epsilon();

double above(double value) {
    return std::nextafter(value, inf);
}

/// A magnitude: any bits, often subnormal ones or ones at an edge of scale 6.
double generate_magnitude(generator& random) {
    constexpr std::uint64_t end = std::uint64_t{0x7ff} << 52U;
    const std::uint64_t bits = random.next();
    const auto number = [](std::uint64_t of) { return std::bit_cast<double>(of); };
    switch (bits >> 61U) {
    case 0: return number(1 + bits % ((std::uint64_t{1} << 52U) - 1));
    case 1: {
        const auto octave = static_cast<int>(bits % 2040) - 1020;
        const double edge =
            exponential_scale<6>::edge(octave * 64 + static_cast<int>(bits >> 40U & 63U));
        return number(std::bit_cast<std::uint64_t>(edge) + (bits >> 50U & 3U) - 1);
    }
    default: return number(1 + bits % (end - 1));
    }
}

/// A whole number of any size, the lowest digit of base 2^32 first.
using digits = std::vector<std::uint32_t>;

digits squared(const digits& of) {
    digits product(2 * of.size());
    for (std::size_t i = 0; i < of.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < of.size(); ++j) {
            carry += std::uint64_t{of[i]} * of[j] + product[i + j];
            product[i + j] = static_cast<std::uint32_t>(carry);
            carry >>= 32U;
        }
        product[i + of.size()] = static_cast<std::uint32_t>(carry);
    }
    return product;
}

/// mantissa^(2^scale) is at least 2^exponent.
bool power_reaches(std::uint64_t mantissa, int scale, std::size_t exponent) {
    digits power{static_cast<std::uint32_t>(mantissa), static_cast<std::uint32_t>(mantissa >> 32U)};
    for (int i = 0; i < scale; ++i)
        power = squared(power);
    while (power.back() == 0)
        power.pop_back();
    const std::size_t bits =
        power.size() * 32 - static_cast<std::size_t>(std::countl_zero(power.back()));
    return bits > exponent;
}

/// The 53 bits of a double from 1 to below 2.
std::uint64_t mantissa_of(double value) {
    return static_cast<std::uint64_t>(value * 0x1p52);
}

/// An edge within an octave is the last double that is not above 2^(j / 2^Scale).
template <int Scale>
bool is_last_below(std::size_t j) {
    const std::uint64_t mantissa =
        mantissa_of(exponential_scale<Scale>::edge(static_cast<std::int32_t>(j)));
    const std::size_t exponent = (std::size_t{52} << static_cast<unsigned>(Scale)) + j;
    const bool equal = j == 0; // no other root of two is a fraction
    return power_reaches(mantissa, Scale, exponent) == equal &&
           power_reaches(mantissa + 1, Scale, exponent);
}

/// The definition: magnitude = m × 2^e, and as many of the edges 2^(j/64) from 1 on are below m.
std::int32_t defined_index(double magnitude, const std::vector<double>& edges) {
    int exponent = 0;
    const double mantissa = 2 * std::frexp(magnitude, &exponent);
    const auto below = std::lower_bound(edges.begin(), edges.end(), mantissa) - edges.begin();
    return (exponent - 1) * static_cast<std::int32_t>(edges.size()) +
           static_cast<std::int32_t>(below) - 1;
}

template <int Scale>
struct at_scale : exponential_scale<Scale> {
    static constexpr int scale = Scale;
};

using scales = std::tuple<at_scale<-10>,
                          at_scale<-9>,
                          at_scale<-4>,
                          at_scale<-1>,
                          at_scale<0>,
                          at_scale<1>,
                          at_scale<3>,
                          at_scale<6>,
                          at_scale<8>,
                          at_scale<10>>;

} // namespace

TEST_CASE("exponential_scale: an edge is the last double that is not above it",
          "[sketch][exponential_scale]") {
    for (std::size_t j = 0; j < 64; ++j) {
        INFO("edge " << j << " of 64");
        CHECK(is_last_below<6>(j));
    }
    for (std::size_t j = 0; j < 8; ++j)
        CHECK(is_last_below<3>(j));
    generator random(1);
    for (int round = 0; round < 4; ++round)
        CHECK(is_last_below<10>(random.below(1024) | 1U));
}

TEST_CASE("exponential_scale: the index is what it is by definition",
          "[sketch][exponential_scale]") {
    std::vector<double> edges;
    for (std::int32_t j = 0; j < 64; ++j)
        edges.push_back(exponential_scale<6>::edge(j));
    generator random(2);
    std::uint64_t subnormal = 0;
    std::uint64_t wrong = 0;
    const auto numbers = generated_numbers(10'000'000);
    for (std::uint64_t i = 0; i < numbers; ++i) {
        const double magnitude = generate_magnitude(random);
        subnormal += magnitude < smallest_normal ? 1 : 0;
        if (exponential_scale<6>::index(magnitude) != defined_index(magnitude, edges) &&
            ++wrong < 10) {
            CAPTURE(magnitude);
            CHECK(exponential_scale<6>::index(magnitude) == defined_index(magnitude, edges));
        }
    }
    CHECK(wrong == 0);
    CHECK(subnormal > numbers / 10);
}

TEST_CASE("exponential_scale: a scale less is half the index, rounded down",
          "[sketch][exponential_scale]") {
    generator random(3);
    const auto check = [&random]<int... Scales>(std::integer_sequence<int, Scales...>) {
        for (int i = 0; i < 20'000; ++i) {
            const double magnitude = generate_magnitude(random);
            const std::array all{exponential_scale<Scales - 10>::index(magnitude)...};
            for (std::size_t scale = 1; scale < all.size(); ++scale) {
                if (all[scale - 1] != all[scale] >> 1)
                    FAIL_CHECK(magnitude << " at scale " << static_cast<int>(scale) - 10);
            }
        }
    };
    check(std::make_integer_sequence<int, 21>());
}

TEST_CASE("exponential_scale: a power of two is the last of its bucket",
          "[sketch][exponential_scale]") {
    STATIC_REQUIRE(exponential_scale<6>::index(1) == -1);
    STATIC_REQUIRE(exponential_scale<6>::index(1 + epsilon) == 0);
    STATIC_REQUIRE(exponential_scale<6>::index(2) == 63);
    STATIC_REQUIRE(exponential_scale<6>::index(2 + 2 * epsilon) == 64);
    STATIC_REQUIRE(exponential_scale<0>::index(8) == 2);
    STATIC_REQUIRE(exponential_scale<0>::index(8.5) == 3);
    STATIC_REQUIRE(exponential_scale<-1>::index(4) == 0);
    STATIC_REQUIRE(exponential_scale<-1>::index(4.5) == 1);
    STATIC_REQUIRE(exponential_scale<6>::index(smallest) == exponential_scale<6>::index_min);
    STATIC_REQUIRE(exponential_scale<6>::index_min == -1074 * 64 - 1);
    STATIC_REQUIRE(exponential_scale<6>::index_max == 1024 * 64 - 1);
}

TEMPLATE_LIST_TEST_CASE("exponential_scale: the buckets lie edge to edge",
                        "[sketch][exponential_scale]",
                        scales) {
    CHECK(TestType::index(smallest) == TestType::index_min);
    CHECK(TestType::index(largest) == TestType::index_max);
    CHECK(TestType::edge(TestType::index_max + 1) == inf);
    CHECK(TestType::edge(TestType::index_min) == 0);
    for (std::int32_t i = TestType::index_min + 1; i <= TestType::index_max; ++i) {
        const double edge = TestType::edge(i);
        const std::int32_t at = edge > 0 ? TestType::index(edge) : TestType::index_min;
        const std::int32_t next = TestType::index(above(edge));
        // Several edges may lie between two subnormal numbers.
        const bool one_each = edge >= smallest_normal;
        if (one_each ? at != i - 1 || next != i : at >= i || next < i)
            FAIL_CHECK("edge " << i << ": " << at << ", then " << next);
    }
}

TEMPLATE_LIST_TEST_CASE(
    "exponential_scale: the estimate is off by what is promised, and not by less",
    "[sketch][exponential_scale]",
    scales) {
    constexpr double promised = TestType::relative_error;
    const double defined = std::tanh(std::log(2.0) * std::exp2(-TestType::scale) / 2);
    CHECK(promised == Approx(defined).epsilon(1e-12));
    const auto error = [](double estimate, double value) { return std::abs(estimate / value - 1); };
    // Up, where half the spacing of the subnormal numbers is a number.
    const auto is_near = [](double estimate, double value) {
        const double distance = std::abs(estimate - value) * 0x1p100;
        return distance <= (promised + 4 * epsilon) * (value * 0x1p100) + smallest * 0x1p99;
    };
    double worst = 0;
    int wrong = 0;
    for (std::int32_t i = TestType::index_min; i <= TestType::index_max; ++i) {
        const double estimate = TestType::midpoint(i);
        const double first = above(TestType::edge(i));
        const double last = std::min(TestType::edge(i + 1), largest);
        if (last == 0 || TestType::index(last) != i)
            continue; // no double is in it
        if (first >= smallest_normal)
            worst = std::max({worst, error(estimate, first), error(estimate, last)});
        else if (!is_near(estimate, first) || !is_near(estimate, last))
            ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(worst <= promised + 4 * epsilon);
    CHECK(worst >= (TestType::scale > -10 ? promised - 4 * epsilon : 0)); // there all are cut off
}

TEST_CASE("exponential_scale: the default scale is within half a percent and a little",
          "[sketch][exponential_scale]") {
    STATIC_REQUIRE(exponential_scale<6>::relative_error < 0.005425);
    STATIC_REQUIRE(exponential_scale<6>::relative_error > 0.005415);
}

TEST_CASE("exponential scale: tells how many buckets above another one a magnitude is",
          "[sketch]") {
    using scale = exponential_scale<6>;
    STATIC_REQUIRE(scale::places_above(-1, 1) == 0);
    for (const double magnitude : {0x1p-1022, 1e-200, 0.3, 1.0, 7.5, 1e300}) {
        const auto i = scale::index(magnitude);
        CHECK(scale::places_above(i, magnitude) == 0);
        CHECK(scale::places_above(i - 1000, magnitude) == 1000);
    }
    using coarse = exponential_scale<-3>;
    CHECK(coarse::places_above(coarse::index(1), 1e9) ==
          static_cast<std::size_t>(coarse::index(1e9) - coarse::index(1)));
}

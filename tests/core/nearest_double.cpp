#include <quipu/core/nearest_double.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

using namespace quipu::detail;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t largest = ~std::uint64_t{0};

} // namespace

TEST_CASE("nearest_double: ordinary decimals", "[core][nearest_double]") {
    STATIC_REQUIRE(nearest_double(1, -1) == 0.1);
    STATIC_REQUIRE(nearest_double(12345, -3) == 12.345);
    STATIC_REQUIRE(nearest_double(1, 22) == 1e22);
    STATIC_REQUIRE(nearest_double(17976931348623157, 292) == std::numeric_limits<double>::max());
    STATIC_REQUIRE(nearest_double(largest, 0) == 0x1p64);
    STATIC_REQUIRE(nearest_double(0, 0) == 0);
    STATIC_REQUIRE(nearest_double(0, 100'000) == 0);
}

TEST_CASE("nearest_double: a decimal halfway between two doubles goes to the even one",
          "[core][nearest_double]") {
    STATIC_REQUIRE(nearest_double(9'007'199'254'740'993, 0) == 9'007'199'254'740'992.0);
    STATIC_REQUIRE(nearest_double(9'007'199'254'740'995, 0) == 9'007'199'254'740'996.0);
    STATIC_REQUIRE(nearest_double(1, 23) == 0x1.52d02c7e14af6p+76); // exactly halfway
    STATIC_REQUIRE(nearest_double(45'035'996'273'704'985, -1) == 4'503'599'627'370'498.5);
    STATIC_REQUIRE(nearest_double(11'258'999'068'426'241'25, -3) == 1'125'899'906'842'624.0);
    STATIC_REQUIRE(nearest_double(11'258'999'068'426'243'75, -3) == 1'125'899'906'842'624.5);
}

TEST_CASE("nearest_double: small numbers become subnormal and then zero",
          "[core][nearest_double]") {
    constexpr double smallest = std::numeric_limits<double>::denorm_min();
    STATIC_REQUIRE(nearest_double(5, -324) == smallest);
    STATIC_REQUIRE(nearest_double(3, -324) == smallest);
    STATIC_REQUIRE(nearest_double(2, -324) == 0);
    STATIC_REQUIRE(nearest_double(2'470'328'229'206'232'720U, -342) == 0);
    STATIC_REQUIRE(nearest_double(2'470'328'229'206'232'721U, -342) == smallest);
    STATIC_REQUIRE(nearest_double(largest, -343) == 0);
    STATIC_REQUIRE(nearest_double(largest, -10'000'000'000) == 0);
    STATIC_REQUIRE(nearest_double(22'250'738'585'072'011, -324) == 0x0.fffffffffffffp-1022);
    STATIC_REQUIRE(nearest_double(22'250'738'585'072'012, -324) == 0x1p-1022);
}

TEST_CASE("nearest_double: beyond halfway above the largest is infinity",
          "[core][nearest_double]") {
    STATIC_REQUIRE(nearest_double(1'797'693'134'862'315'807U, 290) ==
                   std::numeric_limits<double>::max());
    STATIC_REQUIRE(nearest_double(1'797'693'134'862'315'808U, 290) == infinity);
    STATIC_REQUIRE(nearest_double(1, 309) == infinity);
    STATIC_REQUIRE(nearest_double(1, 10'000'000'000) == infinity);
}

TEST_CASE("nearest_double: where the processor rounds once, it agrees", "[core][nearest_double]") {
    STATIC_REQUIRE_FALSE(rounds_once((std::uint64_t{1} << 53) + 1, 0));
    STATIC_REQUIRE_FALSE(rounds_once(1, 23));
    STATIC_REQUIRE_FALSE(rounds_once(1, -23));
    generator random(3);
    std::uint64_t different = 0;
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t digits = random.next() >> (11 + random.below(53));
        const int exponent = static_cast<int>(random.below(45)) - 22;
        if (rounds_once(digits, exponent) &&
            round_once(digits, exponent) != nearest_double(digits, exponent))
            ++different;
    }
    CHECK(different == 0);
}

TEST_CASE("nearest_double: a double taken apart is whole when put together",
          "[core][nearest_double]") {
    STATIC_REQUIRE(to_binary(1).significand == std::uint64_t{1} << 52);
    STATIC_REQUIRE(to_binary(1).exponent == -52);
    STATIC_REQUIRE(to_binary(-0.0).significand == 0);
    STATIC_REQUIRE(to_binary(0x1p-1074).significand == 1);
    STATIC_REQUIRE(to_binary(0x1p-1074).exponent == -1074);
    generator random(4);
    for (int i = 0; i < 1000; ++i) {
        const double value = generated_double(random);
        const binary parts = to_binary(value);
        CHECK(std::ldexp(static_cast<double>(parts.significand), parts.exponent) ==
              std::abs(value));
    }
}

TEST_CASE("nearest_double: all digits choose between neighbours", "[core][nearest_double]") {
    constexpr double even = 9'007'199'254'740'992.0;
    constexpr double odd = 9'007'199'254'740'994.0;
    STATIC_REQUIRE(choose_neighbour(even, big_integer(9'007'199'254'740'993), 0) == even);
    STATIC_REQUIRE(choose_neighbour(even, big_integer(90'071'992'547'409'931), -1) == odd);
    STATIC_REQUIRE(choose_neighbour(odd, big_integer(90'071'992'547'409'949), -1) == odd);
    STATIC_REQUIRE(choose_neighbour(odd, big_integer(9'007'199'254'740'995), 0) == odd + 2);
    STATIC_REQUIRE(choose_neighbour(0, big_integer(1), -324) == 0);
    STATIC_REQUIRE(choose_neighbour(0, big_integer(3), -324) == 0x1p-1074);
}

#include <quipu/core/big_integer.hpp>

#include "support/catch.hpp"

#include <cstdint>

using quipu::detail::big_integer;
using quipu::detail::compare_exactly;

namespace {

constexpr std::uint64_t largest = ~std::uint64_t{0};

constexpr int compare_with(const big_integer& a, std::uint64_t b) {
    return compare(a, big_integer(b));
}

constexpr big_integer power_of_five(std::uint64_t exponent) {
    big_integer number(1);
    number.multiply_by_power_of_five(exponent);
    return number;
}

} // namespace

TEST_CASE("big_integer: holds 64 bits and compares them", "[core][big_integer]") {
    STATIC_REQUIRE(big_integer().is_zero());
    STATIC_REQUIRE(big_integer(0).is_zero());
    STATIC_REQUIRE(compare_with(big_integer(largest), largest) == 0);
    STATIC_REQUIRE(compare_with(big_integer(largest), largest - 1) > 0);
    STATIC_REQUIRE(compare_with(big_integer(0x1'0000'0000), 0xffff'ffff) > 0);
    STATIC_REQUIRE(compare_with(big_integer(0x1'0000'0001), 0x2'0000'0000) < 0);
    STATIC_REQUIRE(compare_with(big_integer(0), 1) < 0);
}

TEST_CASE("big_integer: multiplies and adds with carries", "[core][big_integer]") {
    constexpr auto carried = [] {
        big_integer number(largest);
        number.multiply_add(0xffff'ffff, 0xffff'ffff); // (2^64 - 1)(2^32 - 1) + 2^32 - 1
        return number.divide(0xffff'ffff) == 0 && number.divide(2) == 0 &&
               compare_with(number, std::uint64_t{1} << 63) == 0;
    };
    STATIC_REQUIRE(carried());
    CHECK(carried());
}

TEST_CASE("big_integer: a power of five divides back to one", "[core][big_integer]") {
    STATIC_REQUIRE(compare_with(power_of_five(0), 1) == 0);
    STATIC_REQUIRE(compare_with(power_of_five(27), 7'450'580'596'923'828'125) == 0);
    big_integer number = power_of_five(1111);
    for (int i = 0; i < 1111; ++i)
        REQUIRE(number.divide(5) == 0);
    CHECK(compare_with(number, 1) == 0);
}

TEST_CASE("big_integer: a power of two shifts by limbs and bits", "[core][big_integer]") {
    constexpr auto shifted = [](std::uint64_t exponent) {
        big_integer number(3);
        number.multiply_by_power_of_two(exponent);
        for (; exponent > 0; --exponent) {
            if (number.divide(2) != 0)
                return false;
        }
        return compare_with(number, 3) == 0;
    };
    STATIC_REQUIRE(shifted(0));
    STATIC_REQUIRE(shifted(31));
    STATIC_REQUIRE(shifted(64));
    CHECK(shifted(1));
    CHECK(shifted(32));
    CHECK(shifted(1074));
    big_integer zero;
    zero.multiply_by_power_of_two(1000);
    CHECK(zero.is_zero());
}

TEST_CASE("big_integer: division leaves its remainder", "[core][big_integer]") {
    big_integer number(12'345'678'901'234'567'890U);
    CHECK(number.divide(1'000'000'000) == 234'567'890);
    CHECK(number.divide(1'000'000'000) == 345'678'901);
    CHECK(number.divide(1'000'000'000) == 12);
    CHECK(number.is_zero());
    CHECK(number.divide(7) == 0);
}

TEST_CASE("big_integer: decimals compare with binaries exactly", "[core][big_integer]") {
    STATIC_REQUIRE(compare_exactly(big_integer(5), -1, 1, -1) == 0); // 0.5
    STATIC_REQUIRE(compare_exactly(big_integer(1), -1, 0x19'9999'9999'999a, -56) < 0);
    STATIC_REQUIRE(compare_exactly(big_integer(1), -1, 0x19'9999'9999'9999, -56) > 0);
    STATIC_REQUIRE(compare_exactly(big_integer(1), 3, 125, 3) == 0);
    // 10^23 lies halfway between two doubles.
    STATIC_REQUIRE(compare_exactly(big_integer(1), 23, 0x15'2d02'c7e1'4af6, 24) > 0);
    STATIC_REQUIRE(compare_exactly(big_integer(1), 23, 0x15'2d02'c7e1'4af7, 24) < 0);
    STATIC_REQUIRE(compare_exactly(big_integer(1), 23, 0x2a'5a05'8fc2'95ed, 23) == 0);
}

#include <quipu/core/power_of_ten.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

using namespace quipu::detail;

namespace {

/// Schoolbook arithmetic of its own: the lowest limb first.
using limbs = std::vector<std::uint32_t>;

void multiply_by(limbs& number, std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (auto& limb : number) {
        carry += std::uint64_t{limb} * factor;
        limb = static_cast<std::uint32_t>(carry);
        carry >>= 32;
    }
    if (carry != 0)
        number.push_back(static_cast<std::uint32_t>(carry));
}

void divide_by(limbs& number, std::uint32_t divisor) {
    std::uint64_t rest = 0;
    for (std::size_t i = number.size(); i > 0; --i) {
        rest = rest << 32 | number[i - 1];
        number[i - 1] = static_cast<std::uint32_t>(rest / divisor);
        rest %= divisor;
    }
    while (number.back() == 0)
        number.pop_back();
}

/// The 128 leading bits, cut off.
wide leading_bits(const limbs& number) {
    std::vector<bool> bits;
    for (std::size_t i = number.size(); i > 0; --i) {
        for (int bit = 31; bit >= 0; --bit)
            bits.push_back((number[i - 1] >> bit & 1) != 0);
    }
    std::size_t first = 0;
    while (!bits[first])
        ++first;
    wide leading;
    for (std::size_t i = 0; i < 128; ++i) {
        const std::uint64_t bit = first + i < bits.size() && bits[first + i] ? 1 : 0;
        leading.high = leading.high << 1 | leading.low >> 63;
        leading.low = leading.low << 1 | bit;
    }
    return leading;
}

} // namespace

TEST_CASE("power_of_ten: some powers are known", "[core][power_of_ten]") {
    STATIC_REQUIRE(power_of_ten_bits(0) == wide{0x8000'0000'0000'0000, 0});
    STATIC_REQUIRE(power_of_ten_bits(1) == wide{0xa000'0000'0000'0000, 0});
    STATIC_REQUIRE(power_of_ten_bits(-1) == wide{0xcccc'cccc'cccc'cccc, 0xcccc'cccc'cccc'cccc});
}

TEST_CASE("power_of_ten: every positive power is its 128 leading bits", "[core][power_of_ten]") {
    limbs power{1};
    for (int exponent = 0; exponent <= power_of_ten_max; ++exponent) {
        INFO(exponent);
        CHECK(power_of_ten_bits(exponent) == leading_bits(power));
        multiply_by(power, 10);
    }
}

TEST_CASE("power_of_ten: every negative power is its 128 leading bits", "[core][power_of_ten]") {
    // 2^1400 / 10^n, cut off after each division, is cut off once: dividing whole numbers allows
    // it.
    limbs power(44);
    power.back() = 1;
    for (int exponent = 0; exponent >= power_of_ten_min; --exponent) {
        INFO(exponent);
        CHECK(power_of_ten_bits(exponent) == leading_bits(power));
        divide_by(power, 10);
    }
}

TEST_CASE("power_of_ten: the logarithm to base 2 is rounded down", "[core][power_of_ten]") {
    STATIC_REQUIRE(floor_log2_of_power_of_ten(0) == 0);
    STATIC_REQUIRE(floor_log2_of_power_of_ten(1) == 3);
    STATIC_REQUIRE(floor_log2_of_power_of_ten(-1) == -4);
    for (int exponent = -1233; exponent <= 1233; ++exponent) {
        INFO(exponent);
        // Never so near to a whole number that the approximation could err.
        CHECK(floor_log2_of_power_of_ten(exponent) ==
              static_cast<int>(std::floor(exponent * 3.3219280948873623)));
    }
}

TEST_CASE("power_of_ten: the small powers are powers", "[core][power_of_ten]") {
    std::uint64_t ten = 1;
    for (const std::uint64_t power : integer_powers_of_ten) {
        CHECK(power == ten);
        ten *= 10;
    }
    std::uint64_t five = 1;
    for (const std::uint64_t power : powers_of_five) {
        CHECK(power == five);
        five *= 5;
    }
}

// From a decimal to the nearest double: correctly rounded for every input.
#pragma once

#include <quipu/core/big_integer.hpp>
#include <quipu/core/power_of_ten.hpp>

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

namespace quipu::detail {

inline constexpr double exact_powers_of_ten[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/// Whether digits * 10^exponent is one product or quotient of two doubles that are exact, so that
/// the processor rounds once and therefore correctly (Clinger 1990). False where expressions are
/// evaluated with more precision than double has.
[[nodiscard]] constexpr bool rounds_once(std::uint64_t digits, std::int64_t exponent) noexcept {
    return FLT_EVAL_METHOD == 0 && digits <= (std::uint64_t{1} << 53) && -22 <= exponent &&
           exponent <= 22;
}

/// digits * 10^exponent where `rounds_once`.
[[nodiscard]] constexpr double round_once(std::uint64_t digits, std::int64_t exponent) noexcept {
    // The detour over a signed number is one instruction instead of a branch and six.
    const auto value = static_cast<double>(static_cast<std::int64_t>(digits));
    return exponent < 0 ? value / exact_powers_of_ten[-exponent]
                        : value * exact_powers_of_ten[exponent];
}

/// The double nearest to digits * 10^exponent, the even one of two; infinity from halfway above
/// the largest double.
///
/// Cost     4 to 8 multiplications, no loop.
/// Threads  pure.
/// Source   Lemire, "Number parsing at a gigabyte per second" (2021); that 128 bits of the power
///          always suffice for 64-bit digits: Mushtak and Lemire, "Fast number parsing without
///          fallback" (2023).
[[nodiscard]] constexpr double nearest_double(std::uint64_t digits,
                                              std::int64_t exponent) noexcept {
    if (digits == 0 || exponent < power_of_ten_min)
        return 0; // 2^64 * 10^-343 is below half of the smallest subnormal
    if (exponent > 308)
        return std::numeric_limits<double>::infinity();

    const int ten = static_cast<int>(exponent);
    const int zeros = std::countl_zero(digits);
    const std::uint64_t significand = digits << zeros;
    wide power = power_of_ten_bits(ten);
    if (-27 <= ten && ten < 0 && ++power.low == 0) // here the proof asks for rounding up
        ++power.high;

    wide product = multiply(significand, power.high);
    if ((product.high & 0x1ff) == 0x1ff) { // the bits below the 55 needed might carry into them
        const std::uint64_t second = multiply(significand, power.low).high;
        product.low += second;
        if (product.low < second)
            ++product.high;
    }

    const int upper_bit = static_cast<int>(product.high >> 63);
    const int shift = upper_bit + 9; // leaves 54 bits: the significand and one to round by
    std::uint64_t bits = product.high >> shift;
    int biased = floor_log2_of_power_of_ten(ten) + 63 + upper_bit - zeros + 1023;
    if (biased <= 0) { // subnormal; too many digits would be needed to fall exactly halfway
        if (biased <= -63)
            return 0;
        bits >>= 1 - biased;
        bits = (bits + (bits & 1)) >> 1;
        return std::bit_cast<double>(bits); // 2^52 is the smallest normal number, as it should be
    }
    // Exactly halfway, which only these exponents allow: to the even one, which is below.
    if (product.low <= 1 && -4 <= ten && ten <= 23 && (bits & 3) == 1 &&
        (bits << shift) == product.high)
        bits &= ~std::uint64_t{1};
    bits = (bits + (bits & 1)) >> 1;
    if (bits == std::uint64_t{1} << 53) {
        bits >>= 1;
        ++biased;
    }
    if (biased >= 0x7ff)
        return std::numeric_limits<double>::infinity();
    constexpr std::uint64_t fraction = (std::uint64_t{1} << 52) - 1;
    return std::bit_cast<double>((static_cast<std::uint64_t>(biased) << 52) | (bits & fraction));
}

/// A finite double taken apart: its magnitude is significand * 2^exponent.
struct binary {
    std::uint64_t significand = 0;
    int exponent = 0;
};

/// Takes a double apart. The magnitude only: the sign is ignored.
[[nodiscard]] constexpr binary to_binary(double finite) noexcept {
    constexpr std::uint64_t hidden = std::uint64_t{1} << 52;
    const auto bits = std::bit_cast<std::uint64_t>(finite);
    const auto biased = static_cast<int>((bits >> 52) & 0x7ff);
    if (biased == 0)
        return {bits & (hidden - 1), -1074};
    return {(bits & (hidden - 1)) | hidden, biased - 1075};
}

/// Decides between `below` and the next double above it, for a decimal known to lie from the one
/// to the other: the even one if it is exactly between them.
/// Cost  some microseconds for hundreds of digits.
[[nodiscard]] constexpr double
choose_neighbour(double below, const big_integer& decimal, std::int64_t exponent) noexcept {
    const binary lower = to_binary(below);
    const int order =
        compare_exactly(decimal, exponent, 2 * lower.significand + 1, lower.exponent - 1);
    const bool up = order > 0 || (order == 0 && (lower.significand & 1) != 0);
    return up ? std::bit_cast<double>(std::bit_cast<std::uint64_t>(below) + 1) : below;
}

} // namespace quipu::detail

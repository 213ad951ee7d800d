// quipu 0.1.0, a header-only C++20 metrics library.
// Made from include/quipu by single_include/amalgamate.cpp: change it there.
//
// SPDX-License-Identifier: MIT
//
// MIT License
//
// Copyright (c) 2026 The quipu authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cfloat>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// quipu/core/config.hpp

// Version, assertions and the few constants that every floor shares.

/// The version of the library as one number: major * 10000 + minor * 100 + patch.
/// CMake reads it from here, so it is written once.
#define QUIPU_VERSION 100

/// Checks a precondition or an invariant: wrong code, never wrong input.
/// Define it before the first include to take another action, or to nothing to switch it off.
#ifndef QUIPU_ASSERT
#include <cassert>
#define QUIPU_ASSERT(condition) assert(condition)
#endif

namespace quipu {

/// The parts of QUIPU_VERSION.
inline constexpr int version_major = QUIPU_VERSION / 10000;
inline constexpr int version_minor = QUIPU_VERSION / 100 % 100;
inline constexpr int version_patch = QUIPU_VERSION % 100;

/// Receivers hand out text that is followed by this many readable bytes (their content is anything),
/// so that a parser may load whole vectors past the end of a line.
inline constexpr std::size_t read_padding_bytes = 64;

} // namespace quipu

// quipu/core/big_integer.hpp

// A bounded unsigned integer, large enough to decide every rounding between decimal and binary.

namespace quipu::detail {

/// An unsigned integer of up to `bits_max` bits. The largest that a comparison of a decimal with a
/// double needs is about 2,600: 769 digits have 2,555 bits, 5^1111 has 2,580.
/// Memory   `bits_max / 8` bytes, in place; never allocates.
/// Threads  distinct objects safe, shared objects unsafe.
class big_integer {
public:
    static constexpr std::size_t bits_max = 3072;

    constexpr big_integer() noexcept = default;
    constexpr explicit big_integer(std::uint64_t value) noexcept {
        for (; value != 0; value >>= 32)
            push(static_cast<std::uint32_t>(value));
    }

    [[nodiscard]] constexpr bool is_zero() const noexcept { return size_ == 0; }

    /// Becomes this * factor + addend.
    constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) noexcept {
        std::uint64_t carry = addend;
        for (std::size_t i = 0; i < size_; ++i) {
            carry += std::uint64_t{limbs_[i]} * factor;
            limbs_[i] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        if (carry != 0)
            push(static_cast<std::uint32_t>(carry));
    }

    /// Becomes this * 5^exponent.
    constexpr void multiply_by_power_of_five(std::uint64_t exponent) noexcept {
        constexpr std::uint32_t five_to_13 = 1'220'703'125; // the largest power in 32 bits
        for (; exponent >= 13; exponent -= 13)
            multiply_add(five_to_13, 0);
        std::uint32_t rest = 1;
        for (; exponent > 0; --exponent)
            rest *= 5;
        multiply_add(rest, 0);
    }

    /// Becomes this * 2^exponent.
    constexpr void multiply_by_power_of_two(std::uint64_t exponent) noexcept {
        if (is_zero())
            return;
        multiply_add(std::uint32_t{1} << (exponent % 32), 0);
        const auto limbs = static_cast<std::size_t>(exponent / 32);
        QUIPU_ASSERT(size_ + limbs <= limbs_.size());
        for (std::size_t i = size_; i > 0; --i)
            limbs_[i - 1 + limbs] = limbs_[i - 1];
        for (std::size_t i = 0; i < limbs; ++i)
            limbs_[i] = 0;
        size_ += limbs;
    }

    /// Becomes this / divisor.
    /// Returns  the remainder.
    constexpr std::uint32_t divide(std::uint32_t divisor) noexcept {
        std::uint64_t remainder = 0;
        for (std::size_t i = size_; i > 0; --i) {
            remainder = (remainder << 32) | limbs_[i - 1];
            limbs_[i - 1] = static_cast<std::uint32_t>(remainder / divisor);
            remainder %= divisor;
        }
        while (size_ > 0 && limbs_[size_ - 1] == 0)
            --size_;
        return static_cast<std::uint32_t>(remainder);
    }

    /// Returns  a number below, equal to or above 0 as `a` is below, equal to or above `b`.
    [[nodiscard]] friend constexpr int compare(const big_integer& a,
                                               const big_integer& b) noexcept {
        if (a.size_ != b.size_)
            return a.size_ < b.size_ ? -1 : 1;
        for (std::size_t i = a.size_; i > 0; --i) {
            if (a.limbs_[i - 1] != b.limbs_[i - 1])
                return a.limbs_[i - 1] < b.limbs_[i - 1] ? -1 : 1;
        }
        return 0;
    }

private:
    constexpr void push(std::uint32_t limb) noexcept {
        QUIPU_ASSERT(size_ < limbs_.size());
        limbs_[size_++] = limb;
    }

    std::array<std::uint32_t, bits_max / 32> limbs_{}; // the lowest first, no zero at the end
    std::size_t size_ = 0;
};

/// Compares decimal * 10^exponent_of_ten with binary * 2^exponent_of_two, exactly.
///
/// Input    two numbers that differ by no more than some powers of two, so that neither side
///          outgrows big_integer when they are brought to a common scale.
/// Returns  a number below, equal to or above 0, as the decimal is below, equal to or above.
[[nodiscard]] constexpr int compare_exactly(big_integer decimal,
                                            std::int64_t exponent_of_ten,
                                            std::uint64_t binary,
                                            std::int64_t exponent_of_two) noexcept {
    big_integer right(binary);
    if (exponent_of_ten >= 0)
        decimal.multiply_by_power_of_five(static_cast<std::uint64_t>(exponent_of_ten));
    else
        right.multiply_by_power_of_five(static_cast<std::uint64_t>(-exponent_of_ten));
    const std::int64_t shift = exponent_of_ten - exponent_of_two;
    if (shift >= 0)
        decimal.multiply_by_power_of_two(static_cast<std::uint64_t>(shift));
    else
        right.multiply_by_power_of_two(static_cast<std::uint64_t>(-shift));
    return compare(decimal, right);
}

} // namespace quipu::detail

// quipu/core/wide_product.hpp

// The 128-bit product of two 64-bit numbers, on every compiler and at compile time.

namespace quipu::detail {

/// A 128-bit unsigned number in two halves.
struct wide {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr bool operator==(const wide&, const wide&) = default;
};

/// Multiplies by halves of 32 bits: what `multiply` does where the compiler has no 128-bit type.
/// A function of its own so that a test can hold both equal.
/// Cost  four multiplications.
[[nodiscard]] constexpr wide multiply_by_halves(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t half = 0xffff'ffff;
    const std::uint64_t low = (a & half) * (b & half);
    const std::uint64_t cross = (a >> 32) * (b & half) + (low >> 32); // cannot overflow
    const std::uint64_t middle = (a & half) * (b >> 32) + (cross & half);
    return {(a >> 32) * (b >> 32) + (cross >> 32) + (middle >> 32),
            (middle << 32) | (low & half)};
}

/// The exact product.
/// Cost  one multiplication where the compiler has a 128-bit type, otherwise four.
[[nodiscard]] constexpr wide multiply(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
    __extension__ using uint128 = unsigned __int128;
    const uint128 product = static_cast<uint128>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    return multiply_by_halves(a, b);
#endif
}

} // namespace quipu::detail

// quipu/core/power_of_ten.hpp

// Powers of ten as 128-bit significands: what exact conversion between decimal and binary needs.

namespace quipu::detail {

/// 10^0 .. 10^19, all that 64 bits hold.
inline constexpr std::uint64_t integer_powers_of_ten[] = {
    1,
    10,
    100,
    1'000,
    10'000,
    100'000,
    1'000'000,
    10'000'000,
    100'000'000,
    1'000'000'000,
    10'000'000'000,
    100'000'000'000,
    1'000'000'000'000,
    10'000'000'000'000,
    100'000'000'000'000,
    1'000'000'000'000'000,
    10'000'000'000'000'000,
    100'000'000'000'000'000,
    1'000'000'000'000'000'000,
    10'000'000'000'000'000'000U,
};

/// 5^0 .. 5^26.
inline constexpr std::uint64_t powers_of_five[] = {
    1,
    5,
    25,
    125,
    625,
    3'125,
    15'625,
    78'125,
    390'625,
    1'953'125,
    9'765'625,
    48'828'125,
    244'140'625,
    1'220'703'125,
    6'103'515'625,
    30'517'578'125,
    152'587'890'625,
    762'939'453'125,
    3'814'697'265'625,
    19'073'486'328'125,
    95'367'431'640'625,
    476'837'158'203'125,
    2'384'185'791'015'625,
    11'920'928'955'078'125,
    59'604'644'775'390'625,
    298'023'223'876'953'125,
    1'490'116'119'384'765'625,
};

inline constexpr int power_of_ten_min = -342;
inline constexpr int power_of_ten_max = 324;

/// The 192 leading bits, cut off, of every 27th power of ten from 10^-351 to 10^324. A table of
/// all 667 powers with 128 bits would be 10 KB and cost every include some milliseconds; one
/// multiplication by a power of five, all of which up to 5^26 fit 64 bits, gives the ones between.
/// tests/core/power_of_ten.cpp computes all of them anew.
struct coarse_power {
    std::uint64_t high;
    std::uint64_t middle;
    std::uint64_t low;
};
inline constexpr int coarse_power_step = 27;
inline constexpr int coarse_power_min = -351;
inline constexpr coarse_power coarse_powers[] = {
    {0x8049a4ac0c5811ae, 0x205b896d777d6278, 0xac261e9f5141430b}, // 10^-351
    {0xcf42894a5dce35ea, 0x52064cac828675b9, 0x475f2b7d7df1ad7a}, // 10^-324
    {0xa76c582338ed2621, 0xaf2af2b80af6f24e, 0x657c8f4d43323a36}, // 10^-297
    {0x873e4f75e2224e68, 0x5a7744a6e804a291, 0xcc35eddfcf0996d7}, // 10^-270
    {0xda7f5bf590966848, 0xaf39a475506a899e, 0xa30294cc2934e662}, // 10^-243
    {0xb080392cc4349dec, 0xbd8d794d96aacfb3, 0xfe13a5c86af64418}, // 10^-216
    {0x8e938662882af53e, 0x547eb47b7282ee9c, 0x41b0230e1421487d}, // 10^-189
    {0xe65829b3046b0afa, 0x0cb4a5a3112a5112, 0xa3b561b1cb208396}, // 10^-162
    {0xba121a4650e4ddeb, 0x92f34d62616ce413, 0x21a0183e10583cd3}, // 10^-135
    {0x964e858c91ba2655, 0x3a6a07f8d510f86f, 0xe9082f25e9c5e9ec}, // 10^-108
    {0xf2d56790ab41c2a2, 0xfae27299423fb9c3, 0x3695dad7e8858901}, // 10^-81
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886, 0x96842dc95323f5a8}, // 10^-54
    {0x9e74d1b791e07e48, 0x775ea264cf55347d, 0xca49f1c05120c9c7}, // 10^-27
    {0x8000000000000000, 0x0000000000000000, 0x0000000000000000}, // 10^0
    {0xcecb8f27f4200f3a, 0x0000000000000000, 0x0000000000000000}, // 10^27
    {0xa70c3c40a64e6c51, 0x999090b65f67d924, 0x0000000000000000}, // 10^54
    {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3, 0xdf9f915627c04e28}, // 10^81
    {0xda01ee641a708de9, 0xe80e6f4820cc9495, 0xd74baad03bc1d8d3}, // 10^108
    {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f, 0xc04c79ffe324301f}, // 10^135
    {0x8e41ade9fbebc27d, 0x14588f13be847307, 0x23bd6a2059c002f5}, // 10^162
    {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa, 0xf0b5ccf5176ecc7c}, // 10^189
    {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692, 0x88efb0037ac08bde}, // 10^216
    {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e, 0x0d5a4af7b3a98e47}, // 10^243
    {0xf24a01a73cf2dccf, 0xbc633b39673c8cec, 0x3d9c44cd2f36917c}, // 10^270
    {0xc3b8358109e84f07, 0x0a862f80ec4700c8, 0x02606ea01029dc37}, // 10^297
    {0x9e19db92b4e31ba9, 0x6c07a2c26a8346d1, 0x4944d9f52cd0dec2}, // 10^324
};

/// The 128 leading bits of 10^`exponent`, cut off: the largest s below 2^128 with
/// s * 2^(floor(log2(10^exponent)) - 127) <= 10^exponent. Exact from 10^0 to 10^55.
///
/// Input  power_of_ten_min <= exponent <= power_of_ten_max.
/// Cost   three multiplications.
/// Note   The product of the 192 bits and a power of five is short by less than 2^-63 of the last
///        bit that is kept; that this never changes that bit is tested for each exponent.
[[nodiscard]] constexpr wide power_of_ten_bits(int exponent) noexcept {
    const auto offset = static_cast<unsigned>(exponent - coarse_power_min);
    const coarse_power& coarse = coarse_powers[offset / coarse_power_step];
    const std::uint64_t five = powers_of_five[offset % coarse_power_step];
    const std::uint64_t fine = five << std::countl_zero(five);

    const wide first = multiply(coarse.high, fine);
    const wide second = multiply(coarse.middle, fine);
    const std::uint64_t lowest = second.low + multiply(coarse.low, fine).high;
    const std::uint64_t carry = lowest < second.low ? 1 : 0;
    const std::uint64_t low = first.low + second.high + carry; // second.high is never all ones
    const std::uint64_t high = first.high + (low < first.low ? 1 : 0);
    if ((high >> 63) != 0)
        return {high, low};
    return {(high << 1) | (low >> 63), (low << 1) | (lowest >> 63)};
}

/// floor(log2(10^exponent)) for |exponent| <= 1233.
[[nodiscard]] constexpr int floor_log2_of_power_of_ten(int exponent) noexcept {
    return (exponent * 1'741'647) >> 19;
}

} // namespace quipu::detail

// quipu/core/nearest_double.hpp

// From a decimal to the nearest double: correctly rounded for every input.

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

// quipu/core/decimal.hpp

// From a double to decimal digits: the shortest that read back equal, or a given number of them.

namespace quipu {

/// The number digits * 10^exponent, or its negative. In the form in which functions return it,
/// `digits` does not end in 0, and zero is 0 * 10^0, with its sign.
struct decimal {
    std::uint64_t digits = 0;
    int exponent = 0;
    bool negative = false;

    friend constexpr bool operator==(const decimal&, const decimal&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool is_finite(double value) noexcept {
    return (std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) != 0x7ff;
}

[[nodiscard]] constexpr bool is_negative(double value) noexcept {
    return std::bit_cast<std::uint64_t>(value) >> 63 != 0;
}

/// The number of decimal digits, 1 for 0.
[[nodiscard]] constexpr int digit_count(std::uint64_t value) noexcept {
    value |= 1; // changes no count but that of 0: the last number before each power of ten is odd
    const int estimate = ((64 - std::countl_zero(value)) * 1233) >> 12; // bits * log10(2)
    return estimate + (value >= integer_powers_of_ten[estimate] ? 1 : 0);
}

/// Moves zeros from the end of the digits into the exponent.
[[nodiscard]] constexpr decimal without_trailing_zeros(decimal number) noexcept {
    if (number.digits == 0)
        return {0, 0, number.negative};
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        ++number.exponent;
    }
    return number;
}

/// The integer part of power * factor / 2^128, its last bit set if the rest is not zero: "round to
/// odd", after which comparisons with even integers are exact. The power may be too large by one
/// in its last bit; that can add 1 to the word of the fraction, and true fractions are not that small.
[[nodiscard]] constexpr std::uint64_t multiply_to_odd(wide power, std::uint64_t factor) noexcept {
    const std::uint64_t carried = multiply(power.low, factor).high;
    const wide product = multiply(power.high, factor);
    const std::uint64_t fraction = product.low + carried;
    const std::uint64_t whole = product.high + (fraction < carried ? 1 : 0);
    return whole | (fraction > 1 ? 1 : 0);
}

/// The shortest decimal that rounds to significand * 2^exponent, which is not zero; the nearest
/// of the shortest; the even one of two.
/// Cost    about ten multiplications.
/// Source  Giulietti, "The Schubfach way to render doubles" (2021).
[[nodiscard]] constexpr decimal shortest_digits(binary value) noexcept {
    const std::uint64_t c = value.significand;
    const bool even = (c & 1) == 0;
    // Below a power of two, doubles are twice as dense.
    const bool uneven = c == std::uint64_t{1} << 52 && value.exponent > -1074;

    // 10^ten is the power below the width of the interval that rounds to the value: at most one
    // multiple of 10^(ten + 1) is in it, and at least one of 10^ten.
    const int ten = (value.exponent * 1'262'611 - (uneven ? 524'031 : 0)) >> 22;
    const int shift = value.exponent + floor_log2_of_power_of_ten(-ten) + 1;
    wide power = power_of_ten_bits(-ten);
    if ((-ten < 0 || -ten > 55) && ++power.low == 0) // upwards where it is not exact
        ++power.high;

    // The interval and the value in quarters of 10^ten.
    const std::uint64_t left = multiply_to_odd(power, (4 * c - (uneven ? 1 : 2)) << shift);
    const std::uint64_t middle = multiply_to_odd(power, (4 * c) << shift);
    const std::uint64_t right = multiply_to_odd(power, (4 * c + 2) << shift);
    const std::uint64_t lower = left + (even ? 0 : 1); // the ends belong to even numbers only
    const std::uint64_t upper = right - (even ? 0 : 1);

    const std::uint64_t units = middle / 4;
    if (units >= 10) {
        const std::uint64_t tens = units / 10;
        const bool down = lower <= 40 * tens;
        const bool up = 40 * tens + 40 <= upper;
        if (down != up)
            return without_trailing_zeros({tens + (up ? 1 : 0), ten + 1, false});
    }
    const bool down = lower <= 4 * units;
    const bool up = 4 * units + 4 <= upper;
    if (down != up)
        return {units + (up ? 1 : 0), ten, false};
    const std::uint64_t halfway = 4 * units + 2;
    const bool nearer_up = middle > halfway || (middle == halfway && (units & 1) != 0);
    return {units + (nearer_up ? 1 : 0), ten, false};
}

} // namespace detail

/// The decimal with the fewest digits that reads back equal, and of those the nearest: 0.1 is
/// 1 * 10^-1, though the double is a little more.
///
/// Input    a finite number.
/// Returns  at most 17 digits; those of `std::to_chars`.
/// Cost     4 to 15 ns; no loop over a big integer.
/// Threads  pure.
[[nodiscard]] constexpr decimal shortest_decimal(double finite) noexcept {
    QUIPU_ASSERT(detail::is_finite(finite));
    const bool negative = detail::is_negative(finite);
    const detail::binary value = detail::to_binary(finite);
    if (value.significand == 0)
        return {0, 0, negative};
    decimal number = detail::shortest_digits(value);
    number.negative = negative;
    return number;
}

/// The nearest decimal of at most `digits` significant digits, halfway cases of the exact binary value
/// to the even one: what "%.12g" prints.
///
/// Input    a finite number; 1 <= digits <= 17.
/// Cost     as shortest_decimal; some 100 ns where its digits end in 5 just behind the last kept.
/// Threads  pure.
[[nodiscard]] constexpr decimal rounded_decimal(double finite, int digits) noexcept {
    QUIPU_ASSERT(1 <= digits && digits <= 17);
    decimal number = shortest_decimal(finite);
    const int excess = detail::digit_count(number.digits) - digits;
    if (excess <= 0)
        return number;
    // A point halfway between two results has one digit more than they have. If it lay between the
    // value and its shortest decimal, it would have been the shortest itself. So to round that
    // decimal is to round the value, unless it is the halfway point.
    const std::uint64_t unit = detail::integer_powers_of_ten[excess];
    const std::uint64_t rest = number.digits % unit;
    std::uint64_t kept = number.digits / unit;
    if (rest > unit / 2) {
        ++kept;
    } else if (rest == unit / 2) {
        const detail::binary exact = detail::to_binary(finite);
        const int order = detail::compare_exactly(detail::big_integer(number.digits),
                                                  number.exponent,
                                                  exact.significand,
                                                  exact.exponent);
        if (order < 0 || (order == 0 && (kept & 1) != 0))
            ++kept;
    }
    return detail::without_trailing_zeros({kept, number.exponent + excess, number.negative});
}

} // namespace quipu

// quipu/core/hash.hpp

// Hashes of bytes: seeded, of 64 bits, and the same at compile time, at run time and everywhere.

namespace quipu {

namespace detail {

// The first hexadecimal digits of pi's fraction: numbers with nothing up their sleeve. The last
// bit of each is set, as a factor should be odd.
inline constexpr std::uint64_t hash_keys[] = {
    0x243f'6a88'85a3'08d3, 0x1319'8a2e'0370'7345, 0xa409'3822'299f'31d1,
    0x082e'fa98'ec4e'6c89, 0x4528'21e6'38d0'1377, 0xbe54'66cf'34e9'0c6d,
};

/// Reads `Unsigned` in little-endian order, whatever the machine's is.
template <class Unsigned>
[[nodiscard]] constexpr std::uint64_t read_little_endian(const char* bytes) noexcept {
    if (std::endian::native == std::endian::little && !std::is_constant_evaluated()) {
        Unsigned value;
        std::memcpy(&value, bytes, sizeof value);
        return value;
    }
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(Unsigned); i > 0; --i)
        value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
    return value;
}

/// Folds two numbers to one: every bit of either reaches every bit of the product's halves. Zero
/// times something would lose the something, so both factors are kept beside the product.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const wide product = multiply(a, b);
    return (product.high ^ a) ^ (product.low ^ b);
}

} // namespace detail

/// Hashes bytes.
///
/// Input    any bytes of any length; `seed` chooses one of 2^64 functions. Give each process, or
///          each table, a seed nobody can guess and nobody can choose keys that collide.
/// Returns  64 bits, all of equal quality, the same on every platform and in every version of the
///          library: stored sketches rely on it.
/// Cost     1 to 5 ns for up to 64 bytes; no table, no allocation; reads nothing outside `bytes`.
/// Threads  pure.
/// Note     Not a cryptographic hash.
[[nodiscard]] constexpr std::uint64_t hash_bytes(std::string_view bytes,
                                                 std::uint64_t seed) noexcept {
    using detail::fold;
    using detail::hash_keys;
    constexpr auto word = [](const char* at) {
        return detail::read_little_endian<std::uint64_t>(at);
    };
    constexpr auto half_word = [](const char* at) {
        return detail::read_little_endian<std::uint32_t>(at);
    };

    const char* at = bytes.data();
    const std::size_t size = bytes.size();
    // Both factors of the first product depend on the seed: without it, nobody knows the bytes
    // that make one of them zero.
    const std::uint64_t first_key = seed ^ hash_keys[0];
    const std::uint64_t second_key = std::rotl(seed, 32) * hash_keys[1] ^ hash_keys[2];

    std::uint64_t a = 0; // the last 16 bytes, or all of them
    std::uint64_t b = 0;
    std::uint64_t state = first_key;
    if (size <= 16) {
        if (size >= 8) {
            a = word(at);
            b = word(at + size - 8);
        } else if (size >= 4) {
            a = half_word(at);
            b = half_word(at + size - 4);
        } else if (size > 0) {
            const auto byte = [at](std::size_t i) {
                return std::uint64_t{static_cast<unsigned char>(at[i])};
            };
            a = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
        }
    } else {
        std::size_t left = size;
        if (left > 32) {
            std::uint64_t other = second_key;
            do { // two chains, so that two products are under way at once
                state = fold(word(at) ^ state, word(at + 8) ^ hash_keys[3]);
                other = fold(word(at + 16) ^ other, word(at + 24) ^ hash_keys[4]);
                at += 32;
                left -= 32;
            } while (left > 32);
            state ^= std::rotl(other, 23);
        }
        if (left > 16)
            state = fold(word(at) ^ state, word(at + 8) ^ hash_keys[5]);
        a = word(at + left - 16);
        b = word(at + left - 8);
    }
    const std::uint64_t folded = fold(a ^ state, b ^ second_key);
    return fold(folded ^ hash_keys[1], first_key ^ size);
}

/// Mixes a number: a bijection whose every bit of input flips each bit of output with probability
/// one half. For hashing integers, or for making several hashes out of one.
/// Cost     two multiplications.
/// Threads  pure.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ (value >> 32)) * detail::hash_keys[2];
    value = (value ^ (value >> 29)) * detail::hash_keys[5];
    return value ^ (value >> 32);
}

} // namespace quipu

// quipu/core/result.hpp

// Errors as values: `errc` names what went wrong, `result<T>` is a value or an errc. Nothing in the
// library throws but allocation.

namespace quipu {

/// Every cause of failure, one enumerator for each; `message` says it in words.
enum class errc : std::uint8_t {
    ok,
    // a line, wire/
    empty_name,
    missing_value,
    missing_type,
    unknown_type,
    bad_name,
    bad_number,
    number_out_of_range,
    negative_timing,
    bad_rate,
    bad_timestamp,
    bad_tags,
    empty_member,
    unknown_field,
    several_samples,
    unterminated_line,
    line_too_long,
    name_too_long,
    too_many_tags,
    // bounds, everywhere
    no_space,
    series_limit,
    value_limit,
    queue_full,
    // the operating system, net/
    bad_address,
    name_unresolved,
    address_in_use,
    address_unavailable,
    permission_denied,
    connection_refused,
    connection_lost,
    unreachable,
    timed_out,
    would_block,
    message_too_long,
    too_many_descriptors,
    unsupported,
    system_failure,
};

/// The number of enumerators: counters by cause are arrays of this size.
inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::system_failure) + 1;

/// Says in words what an errc means, as the end of a sentence ("cannot bind: address in use").
/// Total: any value has a text.
[[nodiscard]] constexpr std::string_view message(errc error) noexcept {
    switch (error) {
    case errc::ok: return "ok";
    case errc::empty_name: return "the name is empty";
    case errc::missing_value: return "no ':' and value after the name";
    case errc::missing_type: return "no '|' and type after the value";
    case errc::unknown_type: return "unknown metric type";
    case errc::bad_name: return "a character that a name cannot have";
    case errc::bad_number: return "the value is not a number";
    case errc::number_out_of_range: return "the number is too large for a double";
    case errc::negative_timing: return "a timing is below zero";
    case errc::bad_rate: return "the sampling rate is not a number above 0 and up to 1";
    case errc::bad_timestamp: return "the timestamp is not whole Unix seconds";
    case errc::bad_tags: return "the tags cannot be read";
    case errc::empty_member: return "a set member is empty";
    case errc::unknown_field: return "unknown field after the type";
    case errc::several_samples: return "more than one sample where one is expected";
    case errc::unterminated_line: return "the connection ended within a line";
    case errc::line_too_long: return "the line is too long";
    case errc::name_too_long: return "the name is too long";
    case errc::too_many_tags: return "too many tags";
    case errc::no_space: return "the buffer is too small";
    case errc::series_limit: return "the limit of series is reached";
    case errc::value_limit: return "the limit of values is reached";
    case errc::queue_full: return "the queue is full";
    case errc::bad_address: return "the address cannot be read";
    case errc::name_unresolved: return "the host name has no address";
    case errc::address_in_use: return "the address is in use";
    case errc::address_unavailable: return "the address is not one of this machine";
    case errc::permission_denied: return "permission denied";
    case errc::connection_refused: return "connection refused";
    case errc::connection_lost: return "the connection is lost";
    case errc::unreachable: return "the network or host is unreachable";
    case errc::timed_out: return "timed out";
    case errc::would_block: return "nothing can be done without waiting";
    case errc::message_too_long: return "the message is too long for the transport";
    case errc::too_many_descriptors: return "too many open files";
    case errc::unsupported: return "not supported here";
    case errc::system_failure: return "the operating system failed";
    }
    return "unknown error";
}

/// A value or the reason why there is none: the part of `std::expected<T, errc>` that we need, with
/// its spelling. `T` is default-constructible; an error holds a default one.
/// Threads  distinct objects safe, shared objects unsafe.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    constexpr result() = default;
    // Implicit, as in std::expected, so that a function can simply return either.
    constexpr result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(value)) {}
    constexpr result(errc error) noexcept : error_(error) { QUIPU_ASSERT(error != errc::ok); }

    [[nodiscard]] constexpr bool has_value() const noexcept { return error_ == errc::ok; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    /// The reason; `errc::ok` if there is a value.
    [[nodiscard]] constexpr errc error() const noexcept { return error_; }

    [[nodiscard]] constexpr T& operator*() & noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr const T& operator*() const& noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr T&& operator*() && noexcept {
        QUIPU_ASSERT(has_value());
        return std::move(value_);
    }
    [[nodiscard]] constexpr T* operator->() noexcept { return &**this; }
    [[nodiscard]] constexpr const T* operator->() const noexcept { return &**this; }

    [[nodiscard]] constexpr T value_or(T other) const& { return has_value() ? value_ : other; }

private:
    T value_{};
    errc error_ = errc::ok;
};

} // namespace quipu

// quipu/core/number.hpp

// Text to numbers: correctly rounded, at compile time too, without locale, allocation or exception.

namespace quipu {

/// A number at the start of a text.
struct number_prefix {
    double value = 0;
    std::size_t size = 0;  ///< Bytes that belong to it.
    bool integral = false; ///< Written with neither '.' nor exponent.
};

namespace detail {

/// What a text says before it is rounded: digits * 10^exponent, and more digits if `truncated`.
struct scanned_number {
    std::uint64_t digits = 0; // the first 19 significant ones
    std::int64_t exponent = 0;
    std::size_t size = 0; // bytes in the text, 0 if it does not begin with a number
    bool negative = false;
    bool integral = false;
    bool truncated = false;
    std::string_view significant{}; // if truncated: all significant digits, perhaps with a '.'
};

inline constexpr int digits_kept = 19; // as many as always fit 64 bits

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return '0' <= c && c <= '9'; }

[[nodiscard]] constexpr std::uint64_t digit_value(char c) noexcept {
    return static_cast<std::uint64_t>(c - '0');
}

/// Reads "[+-]digits" at `at` as an exponent and moves `at` behind it; leaves `at` if there is none.
/// Saturates far beyond what the digits of any text could bring back into range.
[[nodiscard]] constexpr std::int64_t scan_exponent(const char*& at, const char* end) noexcept {
    constexpr std::int64_t bound = 1'000'000'000'000'000'000;
    const char* next = at;
    const bool negative = next != end && *next == '-';
    if (next != end && (*next == '-' || *next == '+'))
        ++next;
    if (next == end || !is_digit(*next))
        return 0;
    std::int64_t exponent = 0;
    for (; next != end && is_digit(*next); ++next) {
        if (exponent < bound / 10)
            exponent = exponent * 10 + static_cast<std::int64_t>(digit_value(*next));
    }
    at = next;
    return negative ? -exponent : exponent;
}

/// Reduces `number`, of which more than 19 digits were read, to its first 19 significant ones.
constexpr void
keep_leading_digits(scanned_number& number, std::string_view text, std::int64_t count) noexcept {
    std::size_t first = 0;
    for (; first < text.size() && (text[first] == '0' || text[first] == '.'); ++first)
        count -= text[first] == '0' ? 1 : 0;
    if (count <= digits_kept)
        return; // it was only leading zeros: nothing has overflowed
    number.truncated = true;
    number.significant = text.substr(first);
    number.exponent += count - digits_kept;
    number.digits = 0;
    int kept = 0;
    for (std::size_t i = 0; kept < digits_kept; ++i) {
        if (number.significant[i] == '.')
            continue;
        number.digits = number.digits * 10 + digit_value(number.significant[i]);
        ++kept;
    }
}

/// Reads the longest number that `text` begins with.
[[nodiscard]] constexpr scanned_number scan_number(std::string_view text) noexcept {
    scanned_number number;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* at = begin;
    if (at != end && (*at == '-' || *at == '+')) {
        number.negative = *at == '-';
        ++at;
    }
    const char* const first = at;
    for (; at != end && is_digit(*at); ++at)
        number.digits = number.digits * 10 + digit_value(*at);
    std::int64_t count = at - first;
    number.integral = true;
    if (at != end && *at == '.') {
        number.integral = false;
        const char* const fraction = ++at;
        for (; at != end && is_digit(*at); ++at)
            number.digits = number.digits * 10 + digit_value(*at);
        number.exponent = fraction - at;
        count -= number.exponent;
    }
    if (count == 0)
        return {};
    const char* const last = at;
    if (at != end && (*at == 'e' || *at == 'E')) {
        const char* after = at + 1;
        const std::int64_t exponent = scan_exponent(after, end);
        if (after != at + 1) {
            number.integral = false;
            number.exponent += exponent;
            at = after;
        }
    }
    number.size = static_cast<std::size_t>(at - begin);
    if (count > digits_kept) [[unlikely]]
        keep_leading_digits(number, {first, static_cast<std::size_t>(last - first)}, count);
    return number;
}

/// Rounds a number of more than 19 significant digits. Two doubles at most are in question; where
/// 19 digits leave it open, all digits decide.
[[nodiscard]] constexpr double round_truncated(const scanned_number& number) noexcept {
    const double below = nearest_double(number.digits, number.exponent);
    if (below == nearest_double(number.digits + 1, number.exponent))
        return below;
    // No point halfway between two doubles has more than 767 significant digits. So of the digits
    // behind the 768th it only matters whether all are zero; a single 1 stands for them.
    constexpr int digits_max = 768;
    big_integer decimal;
    int count = 0;
    bool rest = false;
    std::uint32_t chunk = 0;
    std::uint32_t scale = 1;
    for (const char c : number.significant) {
        if (c == '.')
            continue;
        if (count == digits_max) {
            rest = rest || c != '0';
            continue;
        }
        ++count;
        chunk = chunk * 10 + static_cast<std::uint32_t>(digit_value(c));
        scale *= 10;
        if (scale == 1'000'000'000) {
            decimal.multiply_add(scale, chunk);
            chunk = 0;
            scale = 1;
        }
    }
    decimal.multiply_add(scale, chunk);
    if (rest) {
        decimal.multiply_add(10, 1);
        ++count;
    }
    return choose_neighbour(below, decimal, number.exponent - (count - digits_kept));
}

/// The nearest double, with its sign.
[[nodiscard]] constexpr double round_number(const scanned_number& number) noexcept {
    double value = 0;
    if (rounds_once(number.digits, number.exponent) && !number.truncated) [[likely]]
        value = round_once(number.digits, number.exponent);
    else if (number.truncated)
        value = round_truncated(number);
    else
        value = nearest_double(number.digits, number.exponent);
    return number.negative ? -value : value;
}

[[nodiscard]] constexpr bool is_infinite(double value) noexcept {
    return value > std::numeric_limits<double>::max() ||
           value < std::numeric_limits<double>::lowest();
}

} // namespace detail

/// Reads the number that a text begins with: the longest prefix of the form
/// `[+-] digits [. digits] [(e|E) [+-] digits]`, where digits may be missing on one side of the
/// point. A dangling exponent ("1e", "1e+") is not part of the number.
///
/// Input    any text; nothing outside it is read.
/// Returns  the double nearest to the decimal, the even one of two; below the smallest subnormal
///          0 or that; "-0" is -0.
/// Errors   bad_number if no number is there ("nan", "inf" and "0x" never are one: of "0x10" the
///          prefix is "0"); number_out_of_range if it rounds to infinity.
/// Cost     O(text.size()); some nanoseconds up to 19 digits, some microseconds for hundreds.
/// Threads  pure.
[[nodiscard]] constexpr result<number_prefix> parse_number_prefix(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.size == 0)
        return errc::bad_number;
    const double value = detail::round_number(number);
    if (detail::is_infinite(value))
        return errc::number_out_of_range;
    return number_prefix{value, number.size, number.integral};
}

/// Reads a text that is a number and nothing else, as `parse_number_prefix` does.
/// Errors   bad_number if any byte is left over or none is there; number_out_of_range.
[[nodiscard]] constexpr result<double> parse_number(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.size == 0 || number.size != text.size())
        return errc::bad_number;
    const double value = detail::round_number(number);
    if (detail::is_infinite(value))
        return errc::number_out_of_range;
    return value;
}

/// Reads a text that is an integer, `[+-] digits`, and nothing else.
/// Errors   bad_number; number_out_of_range if it is not one of 64 bits.
/// Cost     O(text.size()).
/// Threads  pure.
[[nodiscard]] constexpr result<std::int64_t> parse_integer(std::string_view text) noexcept {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+'))
        text.remove_prefix(1);
    if (text.empty())
        return errc::bad_number;
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::uint64_t bound = largest + (negative ? 1 : 0);
    std::uint64_t magnitude = 0;
    bool fits = true;
    for (const char c : text) {
        if (!detail::is_digit(c))
            return errc::bad_number;
        const std::uint64_t digit = detail::digit_value(c);
        fits = fits && magnitude <= (bound - digit) / 10;
        magnitude = fits ? magnitude * 10 + digit : 0;
    }
    if (!fits)
        return errc::number_out_of_range;
    // Negated while unsigned: the magnitude of the smallest integer has no signed positive.
    return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

} // namespace quipu

// quipu/core/number_javascript.hpp

// Text to numbers as JavaScript's Number() reads them, for the dialect of a server written in it.

namespace quipu {

namespace detail {

[[nodiscard]] constexpr bool is_javascript_blank(char c) noexcept {
    return c == ' ' || ('\t' <= c && c <= '\r');
}

/// The value of a digit in bases up to 16; 16 if it is none.
[[nodiscard]] constexpr unsigned hexadecimal_value(char c) noexcept {
    if (is_digit(c))
        return static_cast<unsigned>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    return 'a' <= lower && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10 : 16;
}

/// Reads digits of `bits` bits each: correctly rounded, whatever their number.
[[nodiscard]] constexpr result<double> parse_power_of_two_base(std::string_view digits,
                                                               int bits) noexcept {
    if (digits.empty())
        return errc::bad_number;
    std::uint64_t value = 0; // the leading bits, 61 at least once some are cut off
    bool rest = false;       // whether a bit that was cut off is set
    std::int64_t cut = 0;
    for (const char c : digits) {
        const unsigned digit = hexadecimal_value(c);
        if (digit >> bits != 0)
            return errc::bad_number;
        if (value >> (64 - bits) == 0) {
            value = value << bits | digit;
        } else {
            rest = rest || digit != 0;
            cut += bits;
        }
    }
    // A set last bit, far below the 53 that stay, tells the one rounding of the conversion.
    auto rounded = static_cast<double>(value | (rest ? 1 : 0));
    if (cut > 1024 - 61)
        return errc::number_out_of_range;
    for (; cut > 0; --cut)
        rounded *= 2;
    if (is_infinite(rounded))
        return errc::number_out_of_range;
    return rounded;
}

} // namespace detail

/// Reads what JavaScript's Number() makes a finite number of: a decimal with sign, point and
/// exponent ("5.", ".5", "+1e3"), or a whole number in base 16, 8 or 2 without sign ("0x1F", "0o17",
/// "0b11"); blanks (space, tab, newline, vertical tab, form feed, return) around either; blanks
/// alone are 0.
///
/// Returns  the nearest double, the even one of two.
/// Errors   bad_number for what JavaScript makes NaN of ("1_000", "1n", "0x", "-0x10"), for the empty
///          text, which it makes 0 of, and for blanks outside ASCII; number_out_of_range for what it
///          makes infinite ("Infinity", "1e400"). Those two are refused on purpose: a value
///          that was left out is no zero, and an infinity spoils a mean for ever.
/// Cost     O(text.size()).
/// Threads  pure.
/// Source   ECMA-262, StringToNumber.
[[nodiscard]] constexpr result<double> parse_javascript_number(std::string_view text) noexcept {
    if (text.empty())
        return errc::bad_number;
    while (!text.empty() && detail::is_javascript_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && detail::is_javascript_blank(text.back()))
        text.remove_suffix(1);
    if (text.empty())
        return 0.0;
    if (text.size() >= 2 && text[0] == '0') {
        const std::string_view digits = text.substr(2);
        switch (text[1]) {
        case 'x':
        case 'X': return detail::parse_power_of_two_base(digits, 4);
        case 'o':
        case 'O': return detail::parse_power_of_two_base(digits, 3);
        case 'b':
        case 'B': return detail::parse_power_of_two_base(digits, 1);
        default: break;
        }
    }
    if (text == "Infinity" || text == "+Infinity" || text == "-Infinity")
        return errc::number_out_of_range;
    return parse_number(text);
}

} // namespace quipu

// quipu/core/number_text.hpp

// Numbers to text: integers, and doubles in the layouts that peers print.

namespace quipu {

namespace detail {

/// Writes the last `count` decimal digits of a number, zeros before it if it has fewer.
constexpr char* write_digits(char* out, std::uint64_t value, int count) noexcept {
    for (int i = count; i > 0; --i) {
        out[i - 1] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

constexpr char* write_repeated(char* out, char c, int count) noexcept {
    for (; count > 0; --count)
        *out++ = c;
    return out;
}

} // namespace detail

/// What the longest integer takes: a sign and 19 digits, or 20 digits.
inline constexpr std::size_t integer_bytes_max = 20;

/// Writes an integer in decimal.
/// Input    `out` with room for integer_bytes_max.
/// Returns  the end of what was written.
/// Threads  pure.
constexpr char* write_integer(char* out, std::uint64_t value) noexcept {
    return detail::write_digits(out, value, detail::digit_count(value));
}
constexpr char* write_integer(char* out, std::int64_t value) noexcept {
    auto magnitude = static_cast<std::uint64_t>(value);
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    return write_integer(out, magnitude);
}

/// How a double looks as text.
///
/// Requires  static std::size_t bytes_max; static char* write(char* out, double finite) noexcept,
///           which writes at most bytes_max bytes to `out` and returns their end.
/// Provided  layout::shortest (default), javascript, python, python2, fixed<Decimals>.
/// Laws      the text is read by parse_number; shortest, javascript and python read back equal.
template <class L>
concept number_layout = requires(char* out, double finite) {
    { L::bytes_max } -> std::convertible_to<std::size_t>;
    { L::write(out, finite) } -> std::same_as<char*>;
    requires noexcept(L::write(out, finite));
};

namespace detail {

/// How a layout writes a decimal 0.DIGITS * 10^point.
struct decimal_rules {
    int point_min;           // the smallest point written without exponent
    int point_max;           // the largest
    int exponent_digits_min; // 2 for "1e-05"
    bool exponent_plus;      // "1e+21"
    bool point_zero;         // "2.0", without exponent only
};

constexpr char* write_exponent(char* out, int exponent, const decimal_rules& rules) noexcept {
    *out++ = 'e';
    if (exponent < 0)
        *out++ = '-';
    else if (rules.exponent_plus)
        *out++ = '+';
    const auto magnitude = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
    const int count = digit_count(magnitude);
    return write_digits(
        out, magnitude, count < rules.exponent_digits_min ? rules.exponent_digits_min : count);
}

/// Writes the magnitude of a decimal.
constexpr char*
write_decimal(char* out, const decimal& number, const decimal_rules& rules) noexcept {
    const int count = digit_count(number.digits);
    const int point = number.exponent + count;
    if (point < rules.point_min || point > rules.point_max) {
        char* const end = write_digits(out + 1, number.digits, count);
        out[0] = out[1]; // the point goes behind the first digit
        out[1] = '.';
        return write_exponent(count == 1 ? out + 1 : end, point - 1, rules);
    }
    if (point <= 0) {
        *out++ = '0';
        *out++ = '.';
        out = write_repeated(out, '0', -point);
        return write_digits(out, number.digits, count);
    }
    if (point < count) {
        const std::uint64_t unit = integer_powers_of_ten[count - point];
        out = write_digits(out, number.digits / unit, point);
        *out++ = '.';
        return write_digits(out, number.digits % unit, count - point);
    }
    out = write_digits(out, number.digits, count);
    out = write_repeated(out, '0', point - count);
    if (rules.point_zero) {
        *out++ = '.';
        *out++ = '0';
    }
    return out;
}

} // namespace detail

namespace layout {

/// Native: the fewest digits that read back equal; an exponent below 1e-6 and from 1e21 up
/// ("1e-7", "1e21"); "-0" for -0.
struct shortest {
    static constexpr std::size_t bytes_max = 25; // -0.0000012345678901234567
    static constexpr char* write(char* out, double finite) noexcept {
        const decimal number = shortest_decimal(finite);
        if (number.negative)
            *out++ = '-';
        return detail::write_decimal(out, number, {-5, 21, 1, false, false});
    }
};
static_assert(number_layout<shortest>);

/// JavaScript's Number.prototype.toString: as `shortest`, but "1e+21", and "0" for -0.
/// Source  ECMA-262, Number::toString.
struct javascript {
    static constexpr std::size_t bytes_max = 25;
    static constexpr char* write(char* out, double finite) noexcept {
        const decimal number = shortest_decimal(finite);
        if (number.negative && number.digits != 0)
            *out++ = '-';
        return detail::write_decimal(out, number, {-5, 21, 1, true, false});
    }
};
static_assert(number_layout<javascript>);

/// Python 3's repr of a float: the same digits, an exponent below 1e-4 and from 1e16 up, of two
/// digits at least ("1e-05"), and ".0" after a whole number.
/// Source  CPython, Python/pystrtod.c.
struct python {
    static constexpr std::size_t bytes_max = 24; // -1.2345678901234567e-308
    static constexpr char* write(char* out, double finite) noexcept {
        const decimal number = shortest_decimal(finite);
        if (number.negative)
            *out++ = '-';
        return detail::write_decimal(out, number, {-3, 16, 2, true, true});
    }
};
static_assert(number_layout<python>);

/// Python 2's str of a float: 12 significant digits; an exponent from 1e11 up, where "%.12g" waits
/// until 1e12, as room is kept for the ".0"; otherwise as `python`. It does not read back equal.
/// Source  CPython 2.7, Python/pystrtod.c.
struct python2 {
    static constexpr std::size_t bytes_max = 19; // -1.23456789012e-308
    static constexpr char* write(char* out, double finite) noexcept {
        const decimal number = rounded_decimal(finite, 12);
        if (number.negative)
            *out++ = '-';
        return detail::write_decimal(out, number, {-3, 11, 2, true, true});
    }
};
static_assert(number_layout<python2>);

/// C's "%.*f": exactly `Decimals` digits behind the point, all digits before it; halfway cases of
/// the exact binary value to the even one. "-0.000000" for -0 and small negative numbers, as in C.
template <int Decimals>
struct fixed {
    static_assert(0 <= Decimals && Decimals <= 19, "quipu layout: fixed<0> to fixed<19>");

    static constexpr std::size_t bytes_max = 1 + 309 + 1 + Decimals;
    static constexpr char* write(char* out, double finite) noexcept {
        QUIPU_ASSERT(detail::is_finite(finite));
        if (detail::is_negative(finite))
            *out++ = '-';
        const detail::binary value = detail::to_binary(finite);
        if (value.exponent > 11) {
            out = write_large(out, value);
            return write_fraction(out, 0);
        }
        if (value.exponent >= 0) {
            out = write_integer(out, value.significand << value.exponent);
            return write_fraction(out, 0);
        }
        const int places = -value.exponent; // binary ones behind the point
        std::uint64_t whole = places < 64 ? value.significand >> places : 0;
        const std::uint64_t below =
            places < 64 ? value.significand - (whole << places) : value.significand;
        const detail::wide scaled = detail::multiply(below, unit);
        std::uint64_t decimals = round_shifted(scaled, places, whole);
        if (decimals == unit) {
            decimals = 0;
            ++whole;
        }
        out = write_integer(out, whole);
        return write_fraction(out, decimals);
    }

private:
    static constexpr std::uint64_t unit = detail::integer_powers_of_ten[Decimals];

    /// value / 2^places, halfway to even: of the result itself, or of `whole` if it has no digits.
    static constexpr std::uint64_t
    round_shifted(detail::wide value, int places, std::uint64_t whole) noexcept {
        if (places >= 128)
            return 0; // the value has 117 bits at most: below one half
        // The bits that leave, moved to the top of 128.
        detail::wide rest = value;
        std::uint64_t quotient = 0;
        if (places > 64) {
            quotient = value.high >> (places - 64);
            rest.high = (value.high << (128 - places)) | (value.low >> (places - 64));
            rest.low = value.low << (128 - places);
        } else if (places == 64) {
            quotient = value.high;
            rest = {value.low, 0};
        } else {
            quotient = (value.high << (64 - places)) | (value.low >> places);
            rest = {value.low << (64 - places), 0};
        }
        constexpr std::uint64_t half = std::uint64_t{1} << 63;
        const bool odd = ((Decimals == 0 ? whole : quotient) & 1) != 0;
        const bool up = rest.high > half || (rest.high == half && (rest.low != 0 || odd));
        return quotient + (up ? 1 : 0);
    }

    static constexpr char* write_large(char* out, detail::binary value) noexcept {
        detail::big_integer number(value.significand);
        number.multiply_by_power_of_two(static_cast<std::uint64_t>(value.exponent));
        std::array<std::uint32_t, 35> chunks{}; // 309 digits in nines
        std::size_t count = 0;
        while (!number.is_zero())
            chunks[count++] = number.divide(1'000'000'000);
        out = write_integer(out, std::uint64_t{chunks[--count]});
        while (count > 0)
            out = detail::write_digits(out, chunks[--count], 9);
        return out;
    }

    static constexpr char* write_fraction(char* out, std::uint64_t decimals) noexcept {
        if constexpr (Decimals > 0) {
            *out++ = '.';
            out = detail::write_digits(out, decimals, Decimals);
        }
        return out;
    }
};
static_assert(number_layout<fixed<6>>);

} // namespace layout

} // namespace quipu

// quipu/net/endpoint.hpp

// Hosts and ports as people write them: `endpoint` is udp://HOST:PORT or tcp://HOST:PORT.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// Longest name of a host, as in RFC 1035, with room for the `%zone` of an IPv6 address.
inline constexpr std::size_t host_bytes_max = 255;

/// A host and a port as people write them. `host` is a name, an IPv4 or an IPv6 address (without
/// brackets); empty or `*` means any address of this machine.
struct host_port {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const host_port&, const host_port&) = default;
};

enum class ip_protocol : std::uint8_t { udp, tcp };

/// A host and a port together with the protocol that is spoken there.
struct endpoint {
    ip_protocol protocol = ip_protocol::udp;
    host_port at;

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool all_of_text(std::string_view text, std::string_view allowed) noexcept {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Whether `text` has only what names of hosts and of network interfaces are made of.
[[nodiscard]] constexpr bool is_name_text(std::string_view text) noexcept {
    return !text.empty() &&
           all_of_text(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

/// Whether `text` is an IPv6 address, `%zone` included.
[[nodiscard]] inline bool is_ipv6_text(std::string_view text) noexcept {
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos) {
        if (!is_name_text(text.substr(percent + 1)))
            return false;
        text = text.substr(0, percent);
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size())
        return false;
    if (!all_of_text(text, "0123456789abcdefABCDEF:."))
        return false; // a NUL would end it early
    text.copy(terminated.data(), text.size());
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, terminated.data(), &ignored) == 1;
}

/// Whether `text` is an IPv4 address of four decimal parts; "127.1" and "8125" are not.
[[nodiscard]] inline bool is_ipv4_text(std::string_view text) noexcept {
    std::array<char, INET_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || !all_of_text(text, "0123456789."))
        return false;
    text.copy(terminated.data(), text.size());
    in_addr ignored{};
    return ::inet_pton(AF_INET, terminated.data(), &ignored) == 1;
}

/// Whether `text` can be a host at all, brackets removed.
[[nodiscard]] inline bool is_host_text(std::string_view text) noexcept {
    if (text.empty() || text == "*")
        return true;
    if (text.size() > host_bytes_max)
        return false;
    if (text.find(':') != std::string_view::npos)
        return is_ipv6_text(text);
    // The C library reads "8125" as 0.0.31.189; whoever writes that forgot the host.
    if (all_of_text(text, "0123456789."))
        return is_ipv4_text(text);
    return is_name_text(text);
}

[[nodiscard]] constexpr result<std::uint16_t> parse_port(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 5)
        return errc::bad_address;
    std::uint32_t port = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9')
            return errc::bad_address;
        port = port * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    if (port > 65535)
        return errc::bad_address;
    return static_cast<std::uint16_t>(port);
}

} // namespace detail

/// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT", and, when there is a `default_port`, those without
/// ":PORT". Asks no name server.
///
/// Errors   bad_address, for an IPv6 address without brackets too: its last part could be a port.
/// Cost     O(text.size()); allocates for a long host.
/// Threads  pure.
[[nodiscard]] inline result<host_port>
parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    std::string_view host;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return errc::bad_address;
        host = text.substr(1, close - 1);
        if (!detail::is_ipv6_text(host))
            return errc::bad_address;
        text.remove_prefix(close + 1);
    } else {
        host = text.substr(0, text.find(':'));
        text.remove_prefix(host.size());
    }
    if (!detail::is_host_text(host))
        return errc::bad_address;
    host_port read{std::string{host}, default_port.value_or(0)};
    if (text.empty()) {
        if (!default_port)
            return errc::bad_address;
        return read;
    }
    if (text.front() != ':')
        return errc::bad_address;
    const result<std::uint16_t> port = detail::parse_port(text.substr(1));
    if (!port)
        return port.error();
    read.port = *port;
    return read;
}

/// Reads "udp://HOST:PORT" or "tcp://HOST:PORT", where what follows the scheme is as
/// `parse_host_port` reads it.
///
/// Errors   bad_address, for another scheme too.
/// Threads  pure.
[[nodiscard]] inline result<endpoint>
parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    endpoint read;
    if (text.starts_with("udp://")) {
        read.protocol = ip_protocol::udp;
    } else if (text.starts_with("tcp://")) {
        read.protocol = ip_protocol::tcp;
    } else {
        return errc::bad_address;
    }
    auto at = parse_host_port(text.substr(6), default_port);
    if (!at)
        return at.error();
    read.at = *std::move(at);
    return read;
}

/// The text of a host and a port: `parse_host_port` reads it back equal.
[[nodiscard]] inline std::string to_string(const host_port& at) {
    const bool brackets = at.host.find(':') != std::string::npos;
    return (brackets ? '[' + at.host + ']' : at.host) + ':' + std::to_string(at.port);
}

/// The text of an endpoint: `parse_endpoint` reads it back equal.
[[nodiscard]] inline std::string to_string(const endpoint& to) {
    return (to.protocol == ip_protocol::udp ? "udp://" : "tcp://") + to_string(to.at);
}

} // namespace quipu

// quipu/net/address.hpp

// `address`: an IPv4 or IPv6 address with its port, as the operating system takes it.

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// An IPv4 or IPv6 address with its port, as the operating system takes it.
/// Threads  distinct objects safe, shared objects safe while only read.
class address {
public:
    /// No address: neither IPv4 nor IPv6.
    address() noexcept = default;

    /// This machine, seen from itself only.
    [[nodiscard]] static address loopback_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_LOOPBACK, port);
    }
    [[nodiscard]] static address loopback_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_loopback, port);
    }
    /// Every address of this machine.
    [[nodiscard]] static address any_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_ANY, port);
    }
    [[nodiscard]] static address any_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_any, port);
    }

    /// Copies what a system call has filled in.
    /// Errors   unsupported for another family than IPv4 and IPv6.
    [[nodiscard]] static result<address> from_native(const sockaddr* from,
                                                     socklen_t size) noexcept {
        address copy;
        const std::size_t bytes = size;
        if (bytes < sizeof(sockaddr))
            return errc::unsupported;
        const bool v4 = from->sa_family == AF_INET && bytes >= sizeof(sockaddr_in);
        const bool v6 = from->sa_family == AF_INET6 && bytes >= sizeof(sockaddr_in6);
        if (!v4 && !v6)
            return errc::unsupported;
        std::memcpy(&copy.native_, from, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        return copy;
    }

    [[nodiscard]] const sockaddr* native() const noexcept { return &native_.any; }
    [[nodiscard]] socklen_t native_size() const noexcept {
        return is_v4() ? sizeof(sockaddr_in) : is_v6() ? sizeof(sockaddr_in6) : 0;
    }

    [[nodiscard]] int family() const noexcept { return native_.any.sa_family; }
    [[nodiscard]] bool is_v4() const noexcept { return family() == AF_INET; }
    [[nodiscard]] bool is_v6() const noexcept { return family() == AF_INET6; }

    /// The port; 0 if there is no address.
    [[nodiscard]] std::uint16_t port() const noexcept {
        if (is_v4())
            return ntohs(native_.v4.sin_port);
        if (is_v6())
            return ntohs(native_.v6.sin6_port);
        return 0;
    }

    /// The same host with another port.
    [[nodiscard]] address with_port(std::uint16_t port) const noexcept {
        address other = *this;
        if (is_v4())
            other.native_.v4.sin_port = htons(port);
        if (is_v6())
            other.native_.v6.sin6_port = htons(port);
        return other;
    }

    friend bool operator==(const address& a, const address& b) noexcept {
        return a.sort_key() == b.sort_key();
    }
    /// IPv4 before IPv6, then by host, zone and port.
    friend std::strong_ordering operator<=>(const address& a, const address& b) noexcept {
        return a.sort_key() <=> b.sort_key();
    }

private:
    union native_address {
        sockaddr_in6 v6; // first, since it is the largest and thus zeroes them all
        sockaddr_in v4;
        sockaddr any;
    };

    [[nodiscard]] static address make_v4(std::uint32_t host, std::uint16_t port) noexcept {
        address made;
        made.native_.v4.sin_family = AF_INET;
        made.native_.v4.sin_addr.s_addr = htonl(host);
        made.native_.v4.sin_port = htons(port);
        return made;
    }
    [[nodiscard]] static address make_v6(const in6_addr& host, std::uint16_t port) noexcept {
        address made;
        made.native_.v6.sin6_family = AF_INET6;
        made.native_.v6.sin6_addr = host;
        made.native_.v6.sin6_port = htons(port);
        return made;
    }

    // Only what makes an address: systems fill the other fields in as they like.
    [[nodiscard]] std::array<unsigned char, 23> sort_key() const noexcept {
        std::array<unsigned char, 23> key{};
        unsigned char* const host = key.data() + 1;
        std::uint32_t zone = 0;
        if (is_v4()) {
            key[0] = 4;
            std::memcpy(host, &native_.v4.sin_addr, 4);
        } else if (is_v6()) {
            key[0] = 6;
            std::memcpy(host, &native_.v6.sin6_addr, 16);
            zone = htonl(native_.v6.sin6_scope_id);
        }
        const std::uint16_t port_in_order = htons(port());
        std::memcpy(host + 16, &zone, 4);
        std::memcpy(host + 20, &port_in_order, 2);
        return key;
    }

    native_address native_{};
};

/// The text of an address: "127.0.0.1:8125", "[::1]:8125"; "no address" if it is none.
[[nodiscard]] inline std::string to_string(const address& of) {
    std::array<char, 256> host{};
    if (of.native_size() == 0 ||
        ::getnameinfo(
            of.native(), of.native_size(), host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) !=
            0)
        return "no address";
    return to_string(host_port{host.data(), of.port()});
}

} // namespace quipu

// quipu/net/descriptor.hpp

// The operating system's file descriptors: one owner for each, and its error numbers as `errc`.

#include <fcntl.h>
#include <unistd.h>

namespace quipu {

/// Says which `errc` an error number of the operating system is.
///
/// Returns  ok for 0; system_failure for every number that has no enumerator of its own.
/// Threads  pure.
[[nodiscard]] constexpr errc from_errno(int number) noexcept {
    // Two names of one number on most systems, so not two cases of one switch.
    if (number == EAGAIN || number == EWOULDBLOCK)
        return errc::would_block;
    switch (number) {
    case 0: return errc::ok;
    case EADDRINUSE: return errc::address_in_use;
    case EADDRNOTAVAIL: return errc::address_unavailable;
    case EACCES:
    case EPERM: return errc::permission_denied;
    case ECONNREFUSED: return errc::connection_refused;
    case ECONNABORTED:
    case ECONNRESET:
    case ENOTCONN:
    case EPIPE: return errc::connection_lost;
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH: return errc::unreachable;
    case ETIMEDOUT: return errc::timed_out;
    case EMSGSIZE: return errc::message_too_long;
    case ENOBUFS: return errc::queue_full;
    case EMFILE:
    case ENFILE: return errc::too_many_descriptors;
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT: return errc::unsupported;
    default: return errc::system_failure;
    }
}

/// The error of the system call that failed last in this thread.
[[nodiscard]] inline errc last_error() noexcept {
    return from_errno(errno);
}

/// Makes a system call again for as long as signals interrupt it.
///
/// Input    `call()` returns a number below zero on failure, with the reason in `errno`.
/// Returns  what the call that was not interrupted returned.
template <class Call>
[[nodiscard]] auto uninterrupted(Call&& call) noexcept {
    auto answer = call();
    while (answer < 0 && errno == EINTR)
        answer = call();
    return answer;
}

/// Owns one file descriptor and closes it.
/// Threads  distinct objects safe, shared objects unsafe.
class descriptor {
public:
    /// Owns nothing.
    descriptor() noexcept = default;
    /// Takes over `number`; one below zero is nothing.
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            close();
            number_ = other.release();
        }
        return *this;
    }
    ~descriptor() { close(); }

    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    /// The descriptor, or -1.
    [[nodiscard]] int fd() const noexcept { return number_; }

    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

    /// Closes now; nothing is owned afterwards. `errno` stays as it was.
    void close() noexcept {
        if (number_ < 0)
            return;
        const int before = errno;
        // Not repeated when interrupted: the number is free already and may belong to another
        // thread.
        ::close(release());
        errno = before;
    }

    /// A second descriptor of the same open file.
    /// Errors   too_many_descriptors.
    [[nodiscard]] result<descriptor> duplicate() const noexcept {
        descriptor copy{::fcntl(number_, F_DUPFD_CLOEXEC, 0)};
        if (!copy)
            return last_error();
        return copy;
    }

    /// Makes calls return would_block in place of waiting, and the descriptor invisible to programs
    /// that this one starts. For systems that cannot say so when they open it.
    [[nodiscard]] errc never_wait_nor_inherit() noexcept {
        const int status = ::fcntl(number_, F_GETFL);
        if (status < 0 || ::fcntl(number_, F_SETFL, status | O_NONBLOCK) < 0)
            return last_error();
        if (::fcntl(number_, F_SETFD, FD_CLOEXEC) < 0)
            return last_error();
        return errc::ok;
    }

private:
    int number_ = -1;
};

} // namespace quipu

// quipu/net/resolve.hpp

// `resolve` makes the addresses of a host's name.

#include <netdb.h>
#include <sys/socket.h>

namespace quipu {

/// The addresses of one host, best first. Bounded: what a name server says beyond `size_max`
/// addresses is left out.
class address_list {
public:
    static constexpr std::size_t size_max = 16;

    [[nodiscard]] const address* begin() const noexcept { return addresses_.data(); }
    [[nodiscard]] const address* end() const noexcept { return begin() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const address& operator[](std::size_t index) const noexcept {
        QUIPU_ASSERT(index < size_);
        return addresses_[index];
    }

    /// Appends an address that is not there yet; refused in silence when the list is full.
    void push(const address& next) noexcept {
        for (const address& known : *this)
            if (known == next)
                return;
        if (size_ != size_max)
            addresses_[size_++] = next;
    }

private:
    std::array<address, size_max> addresses_{};
    std::size_t size_ = 0;
};

/// What the addresses are wanted for: any address of this machine can be bound, not reached.
enum class address_use : std::uint8_t { bind, connect };

namespace detail {

[[nodiscard]] constexpr bool is_localhost(std::string_view host) noexcept {
    constexpr std::string_view name = "localhost";
    if (host.size() != name.size())
        return false;
    for (std::size_t i = 0; i != name.size(); ++i) {
        // Sets the bit that tells small letters from capital ones.
        if ((static_cast<unsigned char>(host[i]) | 0x20U) != static_cast<unsigned char>(name[i]))
            return false;
    }
    return true;
}

/// Whether an endpoint's host stands for every address of this machine.
[[nodiscard]] constexpr bool is_any_host(std::string_view host) noexcept {
    return host.empty() || host == "*";
}

/// Whether this machine has `host`: the operating system lets a socket have it.
[[nodiscard]] inline bool can_bind(const address& host) noexcept {
    const descriptor probe{::socket(host.family(), SOCK_DGRAM, 0)};
    return probe && ::bind(probe.fd(), host.with_port(0).native(), host.native_size()) == 0;
}

[[nodiscard]] inline errc from_resolver(int failure) noexcept {
    if (failure == EAI_SYSTEM)
        return last_error();
    return failure == EAI_MEMORY ? errc::system_failure : errc::name_unresolved;
}

/// Asks the C library; `host` is an address or a name.
[[nodiscard]] inline result<address_list> ask_resolver(std::string_view host,
                                                       std::uint16_t port) noexcept {
    std::array<char, host_bytes_max + 1> terminated{};
    host.copy(terminated.data(), host_bytes_max);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM; // else every address comes once for each kind of socket
    const bool literal = is_ipv4_text(host) || is_ipv6_text(host);
    hints.ai_flags = literal ? AI_NUMERICHOST : 0;
    addrinfo* found = nullptr;
    int failure = 0;
    do {
        failure = ::getaddrinfo(terminated.data(), nullptr, &hints, &found);
    } while (failure == EAI_SYSTEM && errno == EINTR);
    // A literal fails by an unknown %zone only.
    if (failure != 0)
        return literal ? errc::bad_address : from_resolver(failure);
    address_list list;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        const result<address> one = address::from_native(each->ai_addr, each->ai_addrlen);
        if (one)
            list.push(one->with_port(port));
    }
    ::freeaddrinfo(found);
    if (list.empty())
        return errc::name_unresolved;
    return list;
}

} // namespace detail

/// Finds the addresses of a host.
///
/// Input    a name, an address (which never asks a name server), `localhost`: 127.0.0.1 and ::1 of
///          which this machine has, whatever its host table says; empty or `*`, to bind only:
///          `[::]`, which takes IPv4 too on a dual-stack socket, or 0.0.0.0 where there is no IPv6.
/// Returns  at least one address.
/// Errors   bad_address, name_unresolved, address_unavailable (localhost without loopback).
/// Cost     a name waits for the name servers as long as the C library does: seconds at worst.
/// Threads  safe.
[[nodiscard]] inline result<address_list>
resolve(std::string_view host, std::uint16_t port, address_use use) noexcept {
    if (!detail::is_host_text(host))
        return errc::bad_address;
    address_list list;
    if (detail::is_any_host(host)) {
        if (use == address_use::connect)
            return errc::bad_address;
        const address v6 = address::any_v6(port);
        list.push(detail::can_bind(v6) ? v6 : address::any_v4(port));
        return list;
    }
    if (!detail::is_localhost(host))
        return detail::ask_resolver(host, port);
    for (const address& loopback : {address::loopback_v4(port), address::loopback_v6(port)})
        if (detail::can_bind(loopback))
            list.push(loopback);
    if (list.empty())
        return errc::address_unavailable;
    return list;
}

/// The same for a host and a port in one.
[[nodiscard]] inline result<address_list> resolve(const host_port& at, address_use use) noexcept {
    return resolve(at.host, at.port, use);
}

} // namespace quipu

// quipu/net/socket.hpp

// `socket`: a UDP or TCP socket that never waits, with the options that this library sets.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace quipu {

namespace detail {

// A lost peer is an error of the call and never the signal SIGPIPE.
#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0; // `socket::open` sets SO_NOSIGPIPE there
#endif

} // namespace detail

/// A socket whose calls return would_block in place of waiting, which no program inherits that this
/// one starts, and which never raises SIGPIPE.
/// Threads  distinct objects safe, shared objects unsafe.
class socket {
public:
    /// No socket.
    socket() noexcept = default;
    /// Takes over a descriptor that is set like ours.
    explicit socket(descriptor owned) noexcept : descriptor_(std::move(owned)) {}

    /// A new socket for addresses of the family of `like`. An IPv6 one takes IPv6 only until
    /// `accept_v4_too` says otherwise, whatever this machine's default is.
    /// Errors   unsupported (no such family here), too_many_descriptors, permission_denied.
    [[nodiscard]] static result<socket> open(const address& like, ip_protocol protocol) noexcept {
        int type = protocol == ip_protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
        type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
#else
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
        const errc set = opened.descriptor_.never_wait_nor_inherit();
        if (set != errc::ok)
            return set;
#endif
#if !defined(MSG_NOSIGNAL)
        const errc quiet = opened.set(SOL_SOCKET, SO_NOSIGPIPE, 1);
        if (quiet != errc::ok)
            return quiet;
#endif
        if (like.is_v6()) {
            const errc only = opened.set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            if (only != errc::ok)
                return only;
        }
        return opened;
    }

    [[nodiscard]] explicit operator bool() const noexcept {
        return static_cast<bool>(descriptor_);
    }
    [[nodiscard]] int fd() const noexcept {
        return descriptor_.fd();
    }
    void close() noexcept {
        descriptor_.close();
    }

    /// Sets an option whose value is a number; `level` and `option` as in setsockopt.
    [[nodiscard]] errc set(int level, int option, int value) noexcept {
        const int failed = ::setsockopt(fd(), level, option, &value, sizeof value);
        return failed != 0 ? last_error() : errc::ok;
    }
    /// Reads an option whose value is a number.
    [[nodiscard]] result<int> get(int level, int option) const noexcept {
        int value = 0;
        socklen_t size = sizeof value;
        if (::getsockopt(fd(), level, option, &value, &size) != 0)
            return last_error();
        return value;
    }

    /// Lets an IPv6 socket that will be bound to `[::]` take IPv4 too.
    [[nodiscard]] errc accept_v4_too() noexcept {
        return set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }

    /// TCP: lets the port be bound while connections of the last run are still timing out. Not for
    /// UDP, where it would let two programs bind one port, and one of them hear nothing.
    [[nodiscard]] errc reuse_address() noexcept {
        return set(SOL_SOCKET, SO_REUSEADDR, 1);
    }

    /// Lets several sockets share a port; the system spreads what comes over those that say so.
    [[nodiscard]] errc reuse_port() noexcept {
#if defined(SO_REUSEPORT)
        return set(SOL_SOCKET, SO_REUSEPORT, 1);
#else
        return errc::unsupported;
#endif
    }

    /// Asks for a buffer of this size for what has come and was not read yet.
    /// Returns  what was granted, in the system's own count: Linux doubles what is asked, for its
    ///          bookkeeping, and grants no more than twice net.core.rmem_max.
    [[nodiscard]] result<std::size_t> receive_buffer(std::size_t bytes) noexcept {
        return buffer(SO_RCVBUF, bytes);
    }
    /// The same for what was sent and has not left yet (net.core.wmem_max).
    [[nodiscard]] result<std::size_t> send_buffer(std::size_t bytes) noexcept {
        return buffer(SO_SNDBUF, bytes);
    }

    /// Errors   address_in_use, address_unavailable, permission_denied.
    [[nodiscard]] errc bind(const address& to) noexcept {
        return ::bind(fd(), to.native(), to.native_size()) != 0 ? last_error() : errc::ok;
    }

    /// UDP: fixes where `send` goes. TCP: begins to connect, and returns would_block until poll
    /// says that the socket can be written to; `pending_error` then says how it went.
    [[nodiscard]] errc connect(const address& to) noexcept {
        if (::connect(fd(), to.native(), to.native_size()) == 0)
            return errc::ok;
        // Interrupted or in progress: the system goes on connecting by itself either way.
        if (errno == EINPROGRESS || errno == EINTR)
            return errc::would_block;
        return last_error();
    }

    /// Takes and clears the error that the system keeps for this socket.
    [[nodiscard]] errc pending_error() noexcept {
        const result<int> number = get(SOL_SOCKET, SO_ERROR);
        return number ? from_errno(*number) : number.error();
    }

    /// Sends what there is room for.
    /// Returns  how many of the bytes were taken: all of them for UDP.
    /// Errors   would_block, connection_lost, connection_refused, message_too_long, queue_full.
    [[nodiscard]] result<std::size_t> send_some(std::string_view bytes) noexcept {
        const auto sent = uninterrupted(
            [&] { return ::send(fd(), bytes.data(), bytes.size(), detail::send_flags); });
        if (sent < 0)
            return last_error();
        return static_cast<std::size_t>(sent);
    }

    /// Where this socket is bound: tells the port that a bind to port 0 has got.
    [[nodiscard]] result<address> local_address() const noexcept {
        return ask_name(::getsockname);
    }
    /// The other end of a connected socket.
    /// Errors   connection_lost if it is not connected.
    [[nodiscard]] result<address> peer_address() const noexcept {
        return ask_name(::getpeername);
    }

private:
    [[nodiscard]] result<std::size_t> buffer(int option, std::size_t bytes) noexcept {
        // Half of what an int holds, since Linux doubles it.
        constexpr std::size_t most = std::numeric_limits<int>::max() / 2;
        const errc asked = set(SOL_SOCKET, option, static_cast<int>(bytes < most ? bytes : most));
        if (asked != errc::ok)
            return asked;
        const result<int> granted = get(SOL_SOCKET, option);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    template <class Ask>
    [[nodiscard]] result<address> ask_name(Ask ask) const noexcept {
        sockaddr_storage native{};
        socklen_t size = sizeof native;
        auto* const any = reinterpret_cast<sockaddr*>(&native);
        if (ask(fd(), any, &size) != 0)
            return last_error();
        return address::from_native(any, size);
    }

    descriptor descriptor_;
};

} // namespace quipu

// quipu/net/udp.hpp

// UDP: `udp_receiver` takes datagrams in batches, `udp_sender` sends them to one address.

#include <sys/socket.h>
#include <sys/uio.h>
#if defined(__linux__)
#include <linux/sock_diag.h>
#endif

namespace quipu {

/// Compile-time choices of a UDP receiver. Derive from this and override one line.
struct udp_receiver_traits {
    /// Longest datagram that is taken; a longer one is counted and left out. No UDP datagram is
    /// longer than 65,527 bytes. Change when many receivers shall reserve less address space.
    static constexpr std::size_t datagram_bytes_max = 65'535;
    /// Most datagrams that one call of `receive` takes. Change when many receivers shall take less
    /// memory; more than 16 gained nothing when it was measured.
    static constexpr std::size_t batch_datagrams_max = 16;
    /// Takes a batch by one system call, recvmmsg. Change to see what that is worth.
#if defined(__linux__)
    static constexpr bool one_call_per_batch = true;
#else
    static constexpr bool one_call_per_batch = false;
#endif
};

/// How a UDP receiver is bound.
struct udp_receiver_options {
    /// Buffer of the operating system for datagrams that wait to be taken; 0 leaves the default.
    std::size_t receive_buffer_bytes = 0;
    /// Several receivers share the port, one a thread; all of them must say so.
    bool reuse_port = false;
    /// An IPv6 receiver bound to `[::]` takes IPv4 too.
    bool dual_stack = true;
};

namespace detail {

/// Room for a batch of datagrams: one slot each, as long as the longest datagram and its padding.
/// The memory is never filled, so of each slot only the pages that datagrams reach become real.
class datagram_slots {
public:
    datagram_slots() noexcept = default;
    datagram_slots(std::size_t count, std::size_t datagram_bytes_max)
        : slot_bytes_(datagram_bytes_max + read_padding_bytes),
          memory_(static_cast<char*>(::operator new(count* slot_bytes_))) {}
    datagram_slots(datagram_slots&& other) noexcept
        : slot_bytes_(other.slot_bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
    datagram_slots& operator=(datagram_slots&& other) noexcept {
        std::swap(slot_bytes_, other.slot_bytes_);
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~datagram_slots() { ::operator delete(memory_); }

    [[nodiscard]] char* operator[](std::size_t slot) const noexcept {
        return memory_ + slot * slot_bytes_;
    }

private:
    std::size_t slot_bytes_ = 0;
    char* memory_ = nullptr;
};

} // namespace detail

/// Takes the datagrams that come to one address.
///
/// Limits   a datagram longer than `Traits::datagram_bytes_max` is not handed out, not even in
/// part,
///          and counted by `oversized`; what the system drops because its buffer is full is counted
///          by `dropped`.
/// Memory   1 MiB of address space with the usual traits; real are the pages that datagrams have
///          reached: 64 KiB if none was longer than 4 KiB.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = udp_receiver_traits>
class basic_udp_receiver {
    static_assert(Traits::batch_datagrams_max > 0, "quipu udp: a batch needs room for a datagram");
    static_assert(Traits::datagram_bytes_max > 0, "quipu udp: a datagram needs room for a byte");

public:
    /// Receives nothing.
    basic_udp_receiver() noexcept = default;

    /// Opens a receiver at an address of this machine; port 0 takes any free one.
    /// Errors   address_in_use, address_unavailable, permission_denied, unsupported,
    ///          too_many_descriptors.
    [[nodiscard]] static result<basic_udp_receiver> bind(const address& at,
                                                         udp_receiver_options options = {}) {
        result<socket> opened = socket::open(at, ip_protocol::udp);
        if (!opened)
            return opened.error();
        errc done = errc::ok;
        if (at.is_v6() && options.dual_stack)
            done = opened->accept_v4_too();
        if (done == errc::ok && options.reuse_port)
            done = opened->reuse_port();
        if (done == errc::ok && options.receive_buffer_bytes != 0)
            done = opened->receive_buffer(options.receive_buffer_bytes).error();
        if (done == errc::ok)
            done = opened->bind(at);
        if (done != errc::ok)
            return done;
        return basic_udp_receiver{*std::move(opened)};
    }

    /// Takes the datagrams that wait, at most a batch of them.
    ///
    /// Input    `on_bytes(std::string_view)` gets each datagram, an empty one too; the text is
    /// valid
    ///          until it returns, with `read_padding_bytes` readable bytes behind.
    /// Returns  how many datagrams were taken, oversized ones included; 0: none waits.
    /// Errors   system_failure; a receiver that was never bound has it always.
    /// Cost     one system call a batch on Linux, one a datagram elsewhere; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        if constexpr (Traits::one_call_per_batch) {
            return receive_batch(on_bytes);
        } else {
            return receive_singly(on_bytes);
        }
    }

    /// Never: a datagram socket has no other end that could leave.
    [[nodiscard]] bool closed() const noexcept { return false; }

    /// How many datagrams were longer than `Traits::datagram_bytes_max`, and left out.
    [[nodiscard]] std::uint64_t oversized() const noexcept { return oversized_; }

    /// How many datagrams the system has dropped because nobody took them in time. The system
    /// counts to 2^32 only: between two calls no more than that may be lost.
    /// Errors   unsupported where the system does not tell.
    [[nodiscard]] result<std::uint64_t> dropped() noexcept {
#if defined(__linux__) && defined(SO_MEMINFO)
        std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
        socklen_t size = sizeof memory;
        if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0)
            return last_error();
        if (size <= SK_MEMINFO_DROPS * sizeof(std::uint32_t))
            return errc::unsupported;
        dropped_ += memory[SK_MEMINFO_DROPS] - static_cast<std::uint32_t>(dropped_);
        return dropped_;
#else
        return errc::unsupported;
#endif
    }

    /// The size of the operating system's buffer, in its own count.
    [[nodiscard]] result<std::size_t> receive_buffer_bytes() const noexcept {
        const result<int> granted = socket_.get(SOL_SOCKET, SO_RCVBUF);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    [[nodiscard]] result<address> local_address() const noexcept {
        return socket_.local_address();
    }
    [[nodiscard]] int fd() const noexcept {
        return socket_.fd();
    }

private:
    explicit basic_udp_receiver(socket bound)
        : socket_(std::move(bound)), slots_(slot_count, Traits::datagram_bytes_max) {
        if constexpr (Traits::one_call_per_batch)
            prepare_batch();
    }

    static constexpr std::size_t slot_count =
        Traits::one_call_per_batch ? Traits::batch_datagrams_max : 1;

    [[nodiscard]] iovec whole_slot(std::size_t slot) const noexcept {
        return {slots_[slot], Traits::datagram_bytes_max};
    }

    template <class OnBytes>
    void hand_out(OnBytes& on_bytes, std::size_t slot, std::size_t size, int flags) {
        if ((flags & MSG_TRUNC) != 0) {
            ++oversized_;
        } else {
            on_bytes(std::string_view{slots_[slot], size});
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_singly(OnBytes& on_bytes) {
        std::size_t taken = 0;
        while (taken != Traits::batch_datagrams_max) {
            iovec room = whole_slot(0);
            msghdr message{};
            message.msg_iov = &room;
            message.msg_iovlen = 1;
            const auto size = uninterrupted([&] { return ::recvmsg(fd(), &message, 0); });
            if (size < 0) {
                const errc why = last_error();
                if (why == errc::would_block || taken != 0)
                    break;
                return why;
            }
            ++taken;
            hand_out(on_bytes, 0, static_cast<std::size_t>(size), message.msg_flags);
        }
        return taken;
    }

#if defined(__linux__)
    // The headers point at the slots and at each other by their place on the heap, which stays when
    // the receiver is moved.
    void prepare_batch() {
        rooms_.resize(slot_count);
        messages_.resize(slot_count);
        for (std::size_t slot = 0; slot != slot_count; ++slot) {
            rooms_[slot] = whole_slot(slot);
            messages_[slot].msg_hdr.msg_iov = &rooms_[slot];
            messages_[slot].msg_hdr.msg_iovlen = 1;
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_batch(OnBytes& on_bytes) {
        const int answer = uninterrupted([&] {
            return ::recvmmsg(
                fd(), messages_.data(), static_cast<unsigned>(messages_.size()), 0, nullptr);
        });
        if (answer < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            return why;
        }
        const auto taken = static_cast<std::size_t>(answer);
        for (std::size_t slot = 0; slot != taken; ++slot)
            hand_out(on_bytes, slot, messages_[slot].msg_len, messages_[slot].msg_hdr.msg_flags);
        return taken;
    }

    std::vector<iovec> rooms_;
    std::vector<mmsghdr> messages_;
#endif

    socket socket_;
    detail::datagram_slots slots_;
    std::uint64_t oversized_ = 0;
    std::uint64_t dropped_ = 0;
};

using udp_receiver = basic_udp_receiver<>;

/// Sends datagrams to one address: a transport.
/// Threads  distinct objects safe, shared objects unsafe.
class udp_sender {
public:
    /// Sends nowhere.
    udp_sender() noexcept = default;

    /// Fixes the address that all datagrams go to. Nothing is sent, so nobody needs to be there.
    /// Errors   unsupported, unreachable, address_unavailable, too_many_descriptors.
    [[nodiscard]] static result<udp_sender> connect(const address& to) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::udp);
        if (!opened)
            return opened.error();
        const errc done = opened->connect(to);
        if (done != errc::ok)
            return done;
        return udp_sender{*std::move(opened)};
    }

    /// Sends `bytes` as one datagram.
    ///
    /// Returns  ok once the system has taken the datagram, which is no promise that it arrives.
    /// Errors   would_block or queue_full (the system's buffer is full), message_too_long,
    ///          unreachable, connection_refused, permission_denied; nothing was sent then.
    /// Cost     one system call, two after a refusal; does not allocate, does not wait.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const errc done = socket_.send_some(bytes).error();
        if (done != errc::connection_refused)
            return done;
        // The answer to an earlier datagram, which stopped this one: it has not been sent.
        ++refused_;
        return socket_.send_some(bytes).error();
    }

    /// How many answers came that nobody listens there. They are told by a later send, if at all.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    [[nodiscard]] result<address> local_address() const noexcept { return socket_.local_address(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    explicit udp_sender(socket connected) noexcept : socket_(std::move(connected)) {}

    socket socket_;
    std::uint64_t refused_ = 0;
};

} // namespace quipu

// quipu/sketch/sketch.hpp

// What a sketch is: a summary of many values from which quantiles, or the number of distinct
// members, can be read.

namespace quipu {

/// A part of a distribution: its lowest or its highest values.
struct distribution_part {
    double count = 0; ///< in weights
    double sum = 0;
    double sum_squares = 0;
    /// The value at the cut: the largest of the lowest, the smallest of the highest.
    double boundary = 0;
};

/// Summarises values so that quantiles can be read.
/// Requires  record, merge, clear; settle, which comes after the last record and before a read;
///           count (the sum of the weights), sum, min, max, quantile, median, lowest and highest
///           (the part up to a quantile, from it on), squared_deviations (from the mean), and
///           dropped: how many values it could not take into its quantiles.
/// Laws      merge is associative and commutative as far as quantiles tell; a weight w equals w
///           repetitions; quantile is monotonic in q and within [min, max].
/// Provided  exact.   Chosen at  basic_timer.
/// Cost      one record for each sample.
template <class S>
concept quantile_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, double value, double weight) {
    s.record(value, weight);
    s.merge(other);
    s.settle();
    s.clear();
    { other.count() } -> std::same_as<double>;
    { other.sum() } -> std::same_as<double>;
    { other.min() } -> std::same_as<double>;
    { other.max() } -> std::same_as<double>;
    { other.quantile(value) } -> std::same_as<double>;
    { other.median() } -> std::same_as<double>;
    { other.lowest(value) } -> std::same_as<distribution_part>;
    { other.highest(value) } -> std::same_as<distribution_part>;
    { other.squared_deviations() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
};

/// Estimates how many distinct members it has seen.
/// Requires  insert(hash), which is false if a new member finds no room; dropped, how often that
///           was so; merge, clear, estimate.
/// Laws      merge is associative and commutative; a member counts once however often it comes.
/// Provided  exact_set.   Chosen at  basic_unique.
/// Cost      one insert for each sample.
template <class S>
concept distinct_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, std::uint64_t hash) {
    { s.insert(hash) } -> std::same_as<bool>;
    s.merge(other);
    s.clear();
    { other.estimate() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
};

} // namespace quipu

// quipu/sketch/exact.hpp

// The exact quantile sketch: keeps every value.

namespace quipu {

/// Keeps every value up to a bound; beyond it count, sum, min and max stay exact, the value itself
/// is not kept, and `dropped()` counts it.
///
/// Memory   8 bytes a value, 16 from the first weight that is not 1 on.
/// Error    none, up to `ValuesMax` values.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
/// safe.
template <std::size_t ValuesMax = std::size_t{1} << 20>
class basic_exact {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value that stands for `weight` events, weight > 0.
    /// Cost     O(1); allocates when the storage grows.
    void record(double value, double weight = 1) {
        min_ = events_ == 0 || value < min_ ? value : min_;
        max_ = events_ == 0 || value > max_ ? value : max_;
        events_ += weight;
        sum_ += value * weight;
        keep(value, weight);
    }

    void merge(const basic_exact& other) {
        if (other.events_ == 0)
            return;
        min_ = events_ == 0 || other.min_ < min_ ? other.min_ : min_;
        max_ = events_ == 0 || other.max_ > max_ ? other.max_ : max_;
        events_ += other.events_;
        sum_ += other.sum_;
        dropped_ += other.dropped_;
        for (std::size_t i = 0; i < other.values_.size(); ++i) {
            keep(other.values_[i], other.weight(i));
        }
    }

    /// Sorts the values. Call it once after the last record and before any of the reads below.
    /// Cost     O(n log n).
    void settle() {
        if (weights_.empty())
            return std::sort(values_.begin(), values_.end());
        std::vector<std::pair<double, double>> weighted(values_.size());
        for (std::size_t i = 0; i < values_.size(); ++i)
            weighted[i] = {values_[i], weights_[i]};
        std::sort(weighted.begin(), weighted.end());
        for (std::size_t i = 0; i < values_.size(); ++i) {
            std::tie(values_[i], weights_[i]) = weighted[i];
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        values_.clear();
        weights_.clear();
        events_ = sum_ = min_ = max_ = 0;
        dropped_ = 0;
    }

    [[nodiscard]] double count() const noexcept { return events_; } ///< the sum of the weights
    [[nodiscard]] double sum() const noexcept { return sum_; }
    [[nodiscard]] double min() const noexcept { return min_; } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return max_; } ///< 0 if there is no value

    /// How many values came beyond the bound and were not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// The values kept, in ascending order once settled.
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }
    [[nodiscard]] double weight(std::size_t i) const noexcept {
        return weights_.empty() ? 1 : weights_[i];
    }

    /// The smallest value that at least a share `q` of the weight is not above (nearest rank); the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value. Settled.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The value in the middle, or the mean of the two there. Settled.
    [[nodiscard]] double median() const noexcept {
        const double half = kept_weight() / 2;
        double below = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            below += weight(i);
            if (below > half)
                return values_[i];
            if (below == half && i + 1 < values_.size())
                return (values_[i] + values_[i + 1]) / 2;
        }
        return max_;
    }

    /// The smallest values that hold a share `q` of the weight, the value at the cut wholly in; one
    /// value at least if there is any. Settled.
    /// Cost     O(n).
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, [](std::size_t i) { return i; });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(q, [last = values_.size() - 1](std::size_t i) { return last - i; });
    }

    /// The sum of weight × (value - mean)², free of cancellation.
    [[nodiscard]] double squared_deviations() const noexcept {
        const double total = kept_weight();
        if (total == 0)
            return 0;
        double sum = 0;
        for (std::size_t i = 0; i < values_.size(); ++i)
            sum += values_[i] * weight(i);
        const double mean = sum / total;
        double deviations = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const double distance = values_[i] - mean;
            deviations += distance * distance * weight(i);
        }
        return deviations;
    }

private:
    void keep(double value, double weight) {
        if (values_.size() == ValuesMax) {
            ++dropped_;
            return;
        }
        if (weight != 1 && weights_.empty())
            weights_.assign(values_.size(), 1);
        values_.push_back(value);
        if (weight != 1 || !weights_.empty())
            weights_.push_back(weight);
    }

    /// The first values in the order of `place`, up to a share `q` of the weight.
    template <class Place>
    [[nodiscard]] distribution_part part(double q, Place place) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * kept_weight() * (1 - 1e-12);
        distribution_part taken;
        for (std::size_t i = 0; i < values_.size() && (i == 0 || taken.count < share); ++i) {
            const double value = values_[place(i)];
            const double times = weight(place(i));
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
        }
        return taken;
    }

    [[nodiscard]] double kept_weight() const noexcept {
        if (weights_.empty())
            return static_cast<double>(values_.size());
        double total = 0;
        for (const double weight : weights_)
            total += weight;
        return total;
    }

    std::vector<double> values_{};
    std::vector<double> weights_{}; // empty as long as all weights are 1
    double events_ = 0;
    double sum_ = 0;
    double min_ = 0;
    double max_ = 0;
    std::size_t dropped_ = 0;
};

using exact = basic_exact<>;

static_assert(quantile_sketch<exact>);

} // namespace quipu

// quipu/sketch/exact_set.hpp

// The exact distinct sketch: keeps the hash of every member.

namespace quipu {

/// Keeps the 64-bit hash of each distinct member up to a bound; beyond it a new member is refused
/// and counted in `dropped()`.
///
/// Memory   11 to 22 bytes a member.
/// Error    two of n members share a hash with probability n² / 2^65: 3e-8 for the bound of 2^20.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t MembersMax = std::size_t{1} << 20>
class basic_exact_set {
public:
    static constexpr std::size_t members_max = MembersMax;

    /// Adds a member by its hash. Returns false if it is new and beyond the bound.
    /// Cost     O(1) expected; allocates when the table grows.
    bool insert(std::uint64_t hash) {
        if (hash == 0)
            hash = 1; // 0 marks a free slot
        if ((size_ + 1) * 4 > slots_.size() * 3)
            grow();
        std::uint64_t& slot = slots_[find(hash)];
        if (slot == hash)
            return true;
        if (size_ == MembersMax) {
            ++dropped_;
            return false;
        }
        slot = hash;
        ++size_;
        return true;
    }

    void merge(const basic_exact_set& other) {
        dropped_ += other.dropped_;
        if (other.size_ == 0)
            return;
        for (const std::uint64_t hash : other.slots_) {
            if (hash != 0)
                insert(hash);
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (size_ > 0)
            slots_.assign(slots_.size(), 0);
        size_ = dropped_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] double estimate() const noexcept { return static_cast<double>(size_); }

    /// How many insertions of new members were refused at the bound.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

private:
    [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = mix(hash) & mask;
        while (slots_[place] != 0 && slots_[place] != hash)
            place = (place + 1) & mask;
        return place;
    }

    void grow() {
        const std::vector<std::uint64_t> old(std::move(slots_));
        slots_.assign(old.empty() ? 8 : old.size() * 2, 0);
        for (const std::uint64_t hash : old) {
            if (hash != 0)
                slots_[find(hash)] = hash;
        }
    }

    std::vector<std::uint64_t> slots_{}; // a power of two of them, at most three quarters full
    std::size_t size_ = 0;
    std::size_t dropped_ = 0;
};

using exact_set = basic_exact_set<>;

static_assert(distinct_sketch<exact_set>);

} // namespace quipu

// quipu/wire/series.hpp

// What a sample belongs to: the kind of metric, its name, and its tags.

namespace quipu {

/// The five kinds of running values. Histograms (`h`) and distributions (`d`) of the wire are
/// timers.
enum class metric_kind : std::uint8_t { counter, timer, gauge, unique, keyvalue };

inline constexpr std::size_t metric_kind_count = 5;

/// The word for a kind, in the singular.
[[nodiscard]] constexpr std::string_view to_string(metric_kind kind) noexcept {
    constexpr std::string_view words[metric_kind_count] = {
        "counter", "timer", "gauge", "set", "key/value"};
    return words[static_cast<std::size_t>(kind)];
}

/// One series as it stands on the wire. Owns nothing.
struct series {
    metric_kind kind = metric_kind::counter;
    std::string_view name{};
    /// The text of the tag list, without its mark: `env:prod,region:eu`. Empty if there is none.
    std::string_view tags{};

    friend constexpr bool operator==(const series&, const series&) = default;
};

} // namespace quipu

// quipu/wire/sample.hpp

// One parsed line: a series and what happened to it.

namespace quipu {

/// The timestamp of a sample that carries none.
inline constexpr std::int64_t no_timestamp = std::numeric_limits<std::int64_t>::min();

/// One datum of the wire. Owns nothing: its views point into the line it was parsed from.
struct sample {
    quipu::series series{};
    /// The number; for a set it is unused. Timers are in milliseconds.
    double value = 0;
    /// The share of events that the sender reports; each one stands for 1 / rate of them.
    double rate = 1;
    /// The member of a set.
    std::string_view member{};
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    /// A gauge's value is a change, not a new value.
    bool relative = false;
    /// The value was written as a whole number, with neither a dot nor an exponent.
    bool integral = false;

    /// How many events the sample stands for.
    [[nodiscard]] constexpr double weight() const noexcept { return 1 / rate; }

    friend constexpr bool operator==(const sample&, const sample&) = default;
};

} // namespace quipu

// quipu/wire/dialect.hpp

// Dialects: which grammar of StatsD lines is accepted. A dialect is a type of constants and small
// constexpr functions; derive from one and override a line to make your own.

namespace quipu {

/// Where a dialect has its tag list.
enum class tag_field : std::uint8_t {
    absent,       ///< `|#` has no meaning.
    anywhere,     ///< a field like others, which ends at the next '|'.
    rest_of_line, ///< all that follows the first `|#`.
};

/// What may follow the value of a line, `name:` set aside.
enum class repetition : std::uint8_t {
    absent, ///< one value, one type.
    typed,  ///< `1|c:2|ms`: samples, each with its own type.
    packed, ///< the same, and `1:2:3|ms`: several values of one type.
};

namespace detail {

[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads a plain number into the value of a sample.
[[nodiscard]] constexpr errc read_number(std::string_view text, sample& out) noexcept {
    const auto number = parse_number_prefix(text);
    if (!number)
        return number.error();
    if (number->size != text.size())
        return errc::bad_number;
    out.value = number->value;
    out.integral = number->integral;
    return errc::ok;
}

} // namespace detail

namespace dialect {

/// The native dialect: the union of the sane forms of all servers. Numbers are decimal; a name has
/// no control character; rates are in (0, 1]; unknown fields are accepted where they start with a
/// letter, as the extensions of DogStatsD do, and refused otherwise (`|0.1` is a rate without its
/// '@': to accept it would miscount).
struct quipu {
    /// A line beyond it is refused: `line_too_long`.
    static constexpr std::size_t line_bytes_max = 8192;
    /// A name beyond it, tags not counted, is refused: `name_too_long`.
    static constexpr std::size_t name_bytes_max = 1024;
    /// A list of more tags is refused: `too_many_tags`.
    static constexpr std::size_t tags_max = 64;

    static constexpr tag_field tags = tag_field::anywhere;
    static constexpr repetition repeats = repetition::packed;
    /// A '\r' before the newline does not count.
    static constexpr bool ignores_carriage_return = true;
    /// A stream's last line counts even if no newline ends it, when the sender closed in order.
    static constexpr bool unterminated_lines = true;
    /// Names are kept byte for byte; true: they are cleaned as Etsy's statsd does.
    static constexpr bool sanitizes = false;
    /// Tags are sorted, so that their order does not split a series.
    static constexpr bool sorts_tags = true;

    /// The kind that a type's text stands for. Errors: unknown_type.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type.size() == 1) {
            switch (type[0]) {
            case 'c': return metric_kind::counter;
            case 'g': return metric_kind::gauge;
            case 's': return metric_kind::unique;
            case 'h':
            case 'd': return metric_kind::timer;
            default: return errc::unknown_type;
            }
        }
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    /// Accepts or refuses a name. Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        for (const char c : name) {
            if (detail::is_control(c) || c == '|')
                return errc::bad_name;
        }
        return errc::ok;
    }

    /// Reads the text of a value into `out`, whose kind is set; `type` is the type as written.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique) {
            if (text.empty())
                return errc::empty_member;
            out.member = text;
            return errc::ok;
        }
        out.relative = out.series.kind == metric_kind::gauge && !text.empty() &&
                       (text[0] == '+' || text[0] == '-');
        return detail::read_number(text, out);
    }

    /// Reads the field number `index` after the type (from 0) into `out`, whose kind is set.
    /// Tag fields do not come here.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok; // "||": DogStatsD's servers skip it
        if (text[0] == '@') {
            if (out.series.kind == metric_kind::keyvalue)
                return read_timestamp(text, out);
            return read_rate(text, out);
        }
        if (text[0] == 'T')
            return read_timestamp(text, out);
        return detail::is_letter(text[0]) ? errc::ok : errc::unknown_field;
    }

protected:
    /// `@` and a number in (0, 1].
    [[nodiscard]] static constexpr errc read_rate(std::string_view text, sample& out) noexcept {
        const auto rate = parse_number(text.substr(1));
        if (!rate || !(*rate > 0 && *rate <= 1))
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }

    /// A mark and Unix seconds.
    [[nodiscard]] static constexpr errc read_timestamp(std::string_view text,
                                                       sample& out) noexcept {
        const auto seconds = parse_integer(text.substr(1));
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
};

/// Etsy's statsd. Source: statsd/statsd 0.10.2, stats.js and lib/helpers.js, as observed.
/// Deviations: what gives an infinity there (`|@0`, `Infinity`, `1e400`) or ends that server
/// (`|@Infinity`, `|@ 0.1`, `|@+1`) is refused.
struct etsy : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr tag_field tags = tag_field::rest_of_line;
    static constexpr repetition repeats = repetition::typed;
    static constexpr bool ignores_carriage_return = false; // but blanks around a type are
    static constexpr bool unterminated_lines = false;
    static constexpr bool sanitizes = true;
    static constexpr bool sorts_tags = false;

    /// Blanks around it do not count; every unknown type is a counter.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        type = detail::trim(type);
        if (type == "ms")
            return metric_kind::timer;
        if (type == "g")
            return metric_kind::gauge;
        if (type == "s")
            return metric_kind::unique;
        return metric_kind::counter;
    }

    /// Anything is a name, even nothing: it is cleaned later. Errors: name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        return name.size() > name_bytes_max ? errc::name_too_long : errc::ok;
    }

    /// The rules look at the type as written, blanks included, so `-1|ms ` is no refusal.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique)
            out.member = text.empty() ? "0" : text;
        if (type == "s")
            return errc::ok;
        const auto number = parse_javascript_number(text);
        if (!number)
            return number.error();
        if (type == "ms" && *number < 0)
            return errc::negative_timing;
        out.value = *number;
        out.relative = out.series.kind == metric_kind::gauge && (text[0] == '+' || text[0] == '-');
        return errc::ok;
    }

    /// The first field is a rate, the others do not count.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0)
            return errc::ok;
        if (text.empty() || text[0] != '@')
            return errc::bad_rate;
        text.remove_prefix(1);
        if (!parse_javascript_number(text))
            return errc::bad_rate;
        std::size_t digits = 0;
        while (digits < text.size() && (detail::is_digit(text[digits]) || text[digits] == '.')) {
            ++digits;
        }
        const auto rate = parse_number(text.substr(0, digits));
        if (!rate || !(*rate > 0))
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }
};

/// The Python statsite. Source: kiip/statsite 0.5.1, statsite/parser.py, as observed.
/// A rate has no effect on a timer. Deviation: a sampled counter is scaled up, not down.
struct kiip : quipu {
    static constexpr tag_field tags = tag_field::absent;
    static constexpr repetition repeats = repetition::absent;
    static constexpr bool ignores_carriage_return = false;
    static constexpr bool sorts_tags = false;

    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type == "c")
            return metric_kind::counter;
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        for (const char c : name) {
            const bool known =
                detail::is_letter(c) || detail::is_digit(c) || c == '-' || c == '_' || c == '.';
            if (!known)
                return errc::bad_name;
        }
        return errc::ok;
    }

    /// An optional '-', then digits and dots.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        const std::size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
        return is_plain(text.substr(first)) ? detail::read_number(text, out) : errc::bad_number;
    }

    /// `@` and digits and dots: a rate, but the time of a key/value. 0 stands for none.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0 || text.empty() || text[0] != '@')
            return errc::unknown_field;
        const bool timed = out.series.kind == metric_kind::keyvalue;
        const auto flag = is_plain(text.substr(1)) ? parse_number(text.substr(1))
                                                   : result<double>(errc::bad_number);
        if (timed) {
            if (!flag || *flag >= 9e18)
                return errc::bad_timestamp;
            out.timestamp = static_cast<std::int64_t>(*flag);
        } else {
            if (!flag)
                return errc::bad_rate;
            if (*flag > 0 && out.series.kind == metric_kind::counter)
                out.rate = *flag;
        }
        return errc::ok;
    }

private:
    [[nodiscard]] static constexpr bool is_plain(std::string_view text) noexcept {
        for (const char c : text) {
            if (!detail::is_digit(c) && c != '.')
                return false;
        }
        return true;
    }
};

} // namespace dialect

/// The constants of a dialect.
template <class D>
concept has_dialect_constants = requires {
    { D::line_bytes_max } -> std::convertible_to<std::size_t>;
    { D::name_bytes_max } -> std::convertible_to<std::size_t>;
    { D::tags_max } -> std::convertible_to<std::size_t>;
    { D::tags } -> std::convertible_to<tag_field>;
    { D::repeats } -> std::convertible_to<repetition>;
    { D::ignores_carriage_return } -> std::convertible_to<bool>;
    { D::unterminated_lines } -> std::convertible_to<bool>;
    { D::sanitizes } -> std::convertible_to<bool>;
    { D::sorts_tags } -> std::convertible_to<bool>;
};

/// The functions of a dialect.
template <class D>
concept has_dialect_functions = requires(std::string_view text, std::size_t index, sample& out) {
    { D::kind(text) } -> std::same_as<result<metric_kind>>;
    { D::check_name(text) } -> std::same_as<errc>;
    { D::read_value(text, text, out) } -> std::same_as<errc>;
    { D::read_field(text, index, out) } -> std::same_as<errc>;
    requires noexcept(D::kind(text))&& noexcept(D::check_name(text));
    requires noexcept(D::read_value(text, text, out))&& noexcept(D::read_field(text, index, out));
};

/// Decides which lines are accepted and what they mean.
/// Requires  the constants and the four functions of `dialect::quipu`; derive from it.
/// Provided  quipu (default), etsy, kiip.   Chosen at  the template argument of parse and its kin.
/// Cost      `kind` and `read_value` once a sample, `check_name` once a line.
template <class D>
concept wire_dialect = has_dialect_constants<D> && has_dialect_functions<D>;

static_assert(wire_dialect<dialect::quipu>);
static_assert(wire_dialect<dialect::etsy>);
static_assert(wire_dialect<dialect::kiip>);

} // namespace quipu

// quipu/wire/canonical.hpp

// The canonical text of a series: `name;tag=value;tag=value`, one text for all spellings of the
// same series. Stores use it as the key.

namespace quipu {

/// The two parts of a canonical text.
struct canonical_parts {
    std::string_view name;
    /// With the ';' that announces them; empty if there are none.
    std::string_view tags;
};

/// Cuts a canonical text at its first ';'.
[[nodiscard]] constexpr canonical_parts split_canonical(std::string_view text) noexcept {
    const auto semicolon = text.find(';');
    if (semicolon == text.npos)
        return {text, {}};
    return {text.substr(0, semicolon), text.substr(semicolon)};
}

namespace detail {

/// Etsy's rule for a key: runs of blanks become one '_', '/' becomes '-', and what is not a letter,
/// a digit or one of `_-.;=` goes.
[[nodiscard]] constexpr bool is_etsy_key(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == ';' || c == '=';
}

[[nodiscard]] constexpr bool is_etsy_key(std::string_view text) noexcept {
    for (const char c : text) {
        if (!is_etsy_key(c))
            return false;
    }
    return true;
}

/// Writes a key by Etsy's rule, character by character, to `out`, which has room for all of them.
struct etsy_key_writer {
    char* out;
    bool after_blank = false;

    constexpr void put(char c) noexcept {
        const bool blank = is_blank(c);
        if (blank && !after_blank)
            *out++ = '_';
        after_blank = blank;
        if (c == '/')
            *out++ = '-';
        if (is_etsy_key(c))
            *out++ = c;
    }
};

/// One tag of a list: `key:value`, or a bare key. Only the first ':' parts them.
struct tag_parts {
    std::string_view key;
    std::string_view value;
    bool bare = false;

    friend constexpr bool operator==(const tag_parts&, const tag_parts&) = default;
    friend constexpr bool operator<(const tag_parts& a, const tag_parts& b) noexcept {
        const int order = a.key.compare(b.key);
        return order != 0 ? order < 0 : a.value < b.value;
    }
};

[[nodiscard]] constexpr tag_parts split_tag(std::string_view tag) noexcept {
    const auto colon = tag.find(':');
    if (colon == tag.npos)
        return {tag, {}, true};
    return {tag.substr(0, colon), tag.substr(colon + 1), false};
}

/// Copies a part of a tag; what has a meaning in the canonical text becomes '_'.
[[nodiscard]] constexpr char*
write_tag_part(char* out, std::string_view part, bool is_key) noexcept {
    for (const char c : part)
        *out++ = c == ';' || (is_key && c == '=') ? '_' : c;
    return out;
}

} // namespace detail

/// Where `canonical_name` builds a text that differs from the line's.
/// One for each thread; distinct objects safe, shared objects unsafe.
template <wire_dialect Dialect = dialect::quipu>
class canonical_buffer {
public:
    /// Gives the canonical text of a series.
    ///
    /// Returns  a view into the series' own name if that is canonical as it is, else into this
    ///          buffer, valid until the next call.
    /// Errors   too_many_tags, line_too_long.
    /// Cost     O(size), and O(tags²) for the few tags; does not allocate.
    [[nodiscard]] constexpr result<std::string_view> name(const series& of) noexcept {
        if (of.tags.empty() && is_canonical(of.name))
            return of.name;
        if (of.name.size() + of.tags.size() > Dialect::line_bytes_max)
            return errc::line_too_long;
        if constexpr (Dialect::sanitizes) {
            return sanitized(of);
        } else {
            return sorted(of);
        }
    }

private:
    [[nodiscard]] static constexpr bool is_canonical(std::string_view name) noexcept {
        if constexpr (Dialect::sanitizes)
            return detail::is_etsy_key(name);
        return true;
    }

    [[nodiscard]] constexpr std::string_view view(const char* end) const noexcept {
        return {bytes_, static_cast<std::size_t>(end - bytes_)};
    }

    /// Etsy's form: the tags in the order given; in each the first ';' as '_' and the first ':' as
    /// '='.
    [[nodiscard]] constexpr std::string_view sanitized(const series& of) noexcept {
        detail::etsy_key_writer key{bytes_};
        for (const char c : of.name)
            key.put(c);
        if (of.tags.empty())
            return view(key.out);
        bool colon = false;
        bool semicolon = false;
        key.put(';');
        for (const char c : of.tags) {
            if (c == ',') {
                key.put(';');
                colon = semicolon = false;
            } else if (c == ':' && !std::exchange(colon, true)) {
                key.put('=');
            } else if (c == ';' && !std::exchange(semicolon, true)) {
                key.put('_');
            } else {
                key.put(c);
            }
        }
        return view(key.out);
    }

    /// The tags sorted, each once; empty ones go, and so does the '#' that some clients put before
    /// each.
    [[nodiscard]] constexpr result<std::string_view> sorted(const series& of) noexcept {
        std::size_t count = 0;
        for (auto rest = of.tags; !rest.empty();) {
            const auto comma = rest.find(',');
            auto tag = rest.substr(0, comma);
            if (!tag.empty() && tag.front() == '#')
                tag.remove_prefix(1);
            if (!tag.empty()) {
                if (count == Dialect::tags_max)
                    return errc::too_many_tags;
                insert(detail::split_tag(tag), count);
            }
            if (comma == rest.npos)
                break;
            rest.remove_prefix(comma + 1);
        }
        char* out = bytes_;
        for (const char c : of.name)
            *out++ = c;
        for (std::size_t i = 0; i < count; ++i) {
            *out++ = ';';
            out = detail::write_tag_part(out, tags_[i].key, true);
            if (tags_[i].bare)
                continue;
            *out++ = '=';
            out = detail::write_tag_part(out, tags_[i].value, false);
        }
        return view(out);
    }

    /// Puts `tag` at its place among the first `count` tags, unless it stands there.
    constexpr void insert(const detail::tag_parts& tag, std::size_t& count) noexcept {
        std::size_t place = count;
        while (place > 0 && tag < tags_[place - 1])
            --place;
        if (place > 0 && tags_[place - 1] == tag)
            return;
        for (std::size_t i = count; i > place; --i)
            tags_[i] = tags_[i - 1];
        tags_[place] = tag;
        ++count;
    }

    // One byte more for the ';' before the first tag: each later one takes the place of a comma.
    char bytes_[Dialect::line_bytes_max + 1] = {};
    detail::tag_parts tags_[Dialect::tags_max] = {};
};

} // namespace quipu

// quipu/wire/format.hpp

// Samples to text: the exact inverse of parsing.

namespace quipu {

/// A text of at most `BytesMax` bytes that is built piece by piece, without allocation.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax>
class basic_line_buffer {
public:
    constexpr basic_line_buffer() noexcept {} // the bytes are written before they are read

    /// Appends all of `piece`, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::string_view piece) noexcept {
        if (piece.size() > BytesMax - size_)
            return false;
        for (const char c : piece)
            bytes_[size_++] = c;
        return true;
    }

    /// Appends a number in the shortest form that reads back equal, or nothing and returns false.
    [[nodiscard]] constexpr bool append(double number) noexcept {
        char text[layout::shortest::bytes_max] = {};
        const char* const end = layout::shortest::write(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Cuts the text to `size` bytes, which is no more than there are.
    constexpr void resize(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        size_ = size;
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }

private:
    std::size_t size_ = 0;
    char bytes_[BytesMax];
};

/// Has room for any line that every server of ours accepts.
using line_buffer = basic_line_buffer<8192>;

namespace detail {

[[nodiscard]] constexpr std::string_view type_text(metric_kind kind) noexcept {
    constexpr std::string_view texts[metric_kind_count] = {"c", "ms", "g", "s", "kv"};
    return texts[static_cast<std::size_t>(kind)];
}

/// True if `text` has one of `marks` in it, or a control character: it would break its line, or
/// smuggle in another.
[[nodiscard]] constexpr bool injects(std::string_view text, std::string_view marks) noexcept {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return true;
        for (const char mark : marks) {
            if (c == mark)
                return true;
        }
    }
    return false;
}

[[nodiscard]] constexpr errc check_sample(const sample& one) noexcept {
    if (one.series.name.empty())
        return errc::empty_name;
    if (injects(one.series.name, ":|#@"))
        return errc::bad_name;
    if (injects(one.series.tags, "|#"))
        return errc::bad_tags;
    if (!(one.rate > 0 && one.rate <= 1))
        return errc::bad_rate;
    if (one.timestamp != no_timestamp && one.timestamp < 0)
        return errc::bad_timestamp;
    if (one.series.kind != metric_kind::unique) {
        return is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    }
    if (one.member.empty())
        return errc::empty_member;
    return injects(one.member, "|") ? errc::bad_name : errc::ok;
}

/// Appends `name:value|type|@rate|Ttime|#tags`, with `sign` before the value.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_line(const sample& one,
                                         std::string_view sign,
                                         double value,
                                         basic_line_buffer<BytesMax>& out) noexcept {
    const bool unique = one.series.kind == metric_kind::unique;
    const bool timed = one.timestamp != no_timestamp;
    const bool keyed = one.series.kind == metric_kind::keyvalue;
    return out.append(one.series.name) && out.append(":") && out.append(sign) &&
           (unique ? out.append(one.member) : out.append(value)) && out.append("|") &&
           out.append(type_text(one.series.kind)) &&
           (one.rate == 1 || keyed || (out.append("|@") && out.append(one.rate))) &&
           (!timed ||
            (out.append(keyed ? "|@" : "|T") && out.append(static_cast<double>(one.timestamp)))) &&
           (one.series.tags.empty() || (out.append("|#") && out.append(one.series.tags)));
}

} // namespace detail

/// Appends the line of one sample to `out`, without a newline at its end. A gauge that is set to a
/// value below zero takes two lines, `name:0|g` and `name:-n|g`, since a sign means a change.
///
/// Returns  ok, and then parse(text) gives the same sample; else `out` is as it was.
/// Errors   empty_name, bad_name, bad_tags, empty_member (a text that a line cannot carry or that
///          would smuggle in another), bad_rate, bad_timestamp, number_out_of_range (not finite),
///          no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const sample& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_sample(one); error != errc::ok)
        return error;
    const auto before = out.size();
    const bool gauge = one.series.kind == metric_kind::gauge;
    const double value = one.value == 0 ? 0 : one.value; // "-0" would be a change of a gauge
    bool written = true;
    if (gauge && !one.relative && value < 0) {
        written = detail::append_line(one, "", 0, out) && out.append("\n");
    }
    const bool plus = gauge && one.relative && value >= 0;
    written = written && detail::append_line(one, plus ? "+" : "", value, out);
    if (!written)
        out.resize(before);
    return written ? errc::ok : errc::no_space;
}

} // namespace quipu

// quipu/wire/parse.hpp

// A line of text to samples. A line holds one sample as a rule; some dialects allow several of the
// same name (`hits:1|c:7|ms`, `load:1:2:3|ms`).

namespace quipu {

/// Why a line, or one sample of it, was refused, and where.
struct refusal {
    errc error = errc::ok;
    /// The byte of the line at which the part begins that was refused.
    std::size_t offset = 0;

    friend constexpr bool operator==(const refusal&, const refusal&) = default;
};

namespace detail {

/// Cuts `text` at the first of `stops`, one or two characters, and returns what stands before it;
/// `text` then begins at the stop, or is empty.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text,
                                                    std::string_view stops) noexcept {
    std::size_t end = 0;
    while (end < text.size() && text[end] != stops.front() && text[end] != stops.back())
        ++end;
    const auto taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

/// The walk along one line. `Dialect` says what each part means.
template <wire_dialect Dialect, class OnSample, class OnRefusal>
class line_reader {
public:
    constexpr line_reader(std::string_view line,
                          OnSample& on_sample,
                          OnRefusal& on_refusal) noexcept
        : origin_(line.data()), on_sample_(on_sample), on_refusal_(on_refusal) {}

    constexpr void read(std::string_view line) noexcept {
        if (line.size() > Dialect::line_bytes_max)
            return refuse(errc::line_too_long, line);
        if constexpr (Dialect::tags == tag_field::rest_of_line) {
            if (const auto mark = line.find("|#"); mark != line.npos) {
                tags_ = line.substr(mark + 2);
                line = line.substr(0, mark);
            }
        }
        const auto colon = line.find(':');
        if (colon == line.npos)
            return refuse(errc::missing_value, line);
        name_ = line.substr(0, colon);
        if (const auto error = Dialect::check_name(name_); error != errc::ok) {
            return refuse(error, name_);
        }
        auto rest = line.substr(colon + 1);
        read_samples(rest);
        while (!rest.empty()) {
            rest.remove_prefix(1); // the ':' that announces another sample
            read_samples(rest);
        }
    }

private:
    static constexpr bool repeats = Dialect::repeats != repetition::absent;
    static constexpr std::string_view field_ends = repeats ? "|:" : "|";
    // A value that is packed, or may hold a colon itself, ends at the bar alone.
    static constexpr std::string_view value_ends =
        Dialect::repeats == repetition::typed ? "|:" : "|";

    constexpr void refuse(errc error, std::string_view at) noexcept {
        on_refusal_(refusal{error, static_cast<std::size_t>(at.data() - origin_)});
    }

    /// Reads `value|type|field|field` and leaves in `rest` what follows: nothing, or ":value|...".
    constexpr void read_samples(std::string_view& rest) noexcept {
        const auto values = take_until(rest, value_ends);
        if (rest.empty() || rest.front() == ':')
            return refuse(errc::missing_type, values);
        rest.remove_prefix(1);
        const auto type = take_until(rest, field_ends);

        sample out;
        out.series = {metric_kind::counter, name_, tags_};
        auto refused = refusal{errc::ok, 0};
        const auto note = [&](errc error, std::string_view at) {
            if (error == errc::ok || refused.error != errc::ok)
                return;
            refused = {error, static_cast<std::size_t>(at.data() - origin_)};
        };
        const auto kind = Dialect::kind(type);
        if (kind)
            out.series.kind = *kind;
        note(kind.error(), type);
        for (std::size_t index = 0; !rest.empty() && rest.front() == '|'; ++index) {
            rest.remove_prefix(1);
            read_field(rest, index, out, note);
        }
        if constexpr (repeats && Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && out.series.tags.empty())
                out.series.tags = find_tags(rest);
        }
        if (refused.error != errc::ok)
            return on_refusal_(refused);
        read_values(values, type, out);
    }

    template <class Note>
    constexpr void
    read_field(std::string_view& rest, std::size_t index, sample& out, const Note& note) noexcept {
        if constexpr (Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && rest.front() == '#') {
                auto tags = take_until(rest, "|").substr(1);
                for (const char c : tags) {
                    if (is_control(c))
                        note(errc::bad_tags, tags);
                }
                out.series.tags = tags;
                return;
            }
        }
        // The fields that begin with a letter carry colons (`|c:id`); a rate or a junk one does
        // not.
        const bool colons = !rest.empty() && is_letter(rest.front());
        const auto field = take_until(rest, colons ? "|" : field_ends);
        note(Dialect::read_field(field, index, out), field);
    }

    /// The tags of a line stand after its last sample, and hold for all.
    [[nodiscard]] static constexpr std::string_view find_tags(std::string_view rest) noexcept {
        const auto mark = rest.find("|#");
        if (mark == rest.npos)
            return {};
        rest.remove_prefix(mark + 2);
        return take_until(rest, "|");
    }

    constexpr void
    read_values(std::string_view values, std::string_view type, sample& out) noexcept {
        if constexpr (Dialect::repeats == repetition::packed) {
            // A set's member may have colons in it.
            while (out.series.kind != metric_kind::unique) {
                const auto value = take_until(values, ":");
                read_value(value, type, out);
                if (values.empty())
                    return;
                values.remove_prefix(1);
            }
        }
        read_value(values, type, out);
    }

    constexpr void read_value(std::string_view value, std::string_view type, sample& out) noexcept {
        if (const auto error = Dialect::read_value(value, type, out); error != errc::ok) {
            return refuse(error, value);
        }
        on_sample_(std::as_const(out));
    }

    const char* origin_;
    std::string_view name_{};
    std::string_view tags_{};
    OnSample& on_sample_;
    OnRefusal& on_refusal_;
};

} // namespace detail

/// Parses one line and hands out each sample in it and each refusal.
///
/// Input    `line` without its newline; a '\r' at its end does not count. Not retained.
/// Returns  nothing; calls `on_sample(const sample&)` with views into `line`, and
///          `on_refusal(refusal)` for each sample, or for the line, that cannot be accepted. A bad
///          sample costs none of its neighbours.
/// Errors   all of the first group of errc.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr void parse_line(std::string_view line, OnSample&& on_sample, OnRefusal&& on_refusal) {
    detail::line_reader<Dialect, OnSample, OnRefusal> reader(line, on_sample, on_refusal);
    if constexpr (Dialect::ignores_carriage_return) {
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
    }
    reader.read(line);
}

/// Parses a line that holds exactly one sample.
///
/// Input    as for parse_line.
/// Returns  the sample; its views point into `line`.
/// Errors   as for parse_line, and several_samples.
/// Units    rate in (0, 1]; timings in milliseconds; timestamps in Unix seconds.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu>
[[nodiscard]] constexpr result<sample> parse(std::string_view line) noexcept {
    result<sample> parsed = errc::missing_value;
    std::size_t samples = 0;
    errc refused = errc::ok;
    parse_line<Dialect>(
        line,
        [&](const sample& one) {
            parsed = one;
            ++samples;
        },
        [&](refusal why) {
            if (refused == errc::ok)
                refused = why.error;
        });
    if (refused != errc::ok)
        return refused;
    if (samples > 1)
        return errc::several_samples;
    return parsed;
}

} // namespace quipu

// quipu/wire/datagram.hpp

// Several lines at once: the text of a datagram into lines and samples, and back.

namespace quipu {

/// Hands out each line of `text` that is not empty, without its newline, and returns their number.
/// Cost     O(text.size()); does not allocate.
template <class OnLine>
constexpr std::size_t for_each_line(std::string_view text, OnLine&& on_line) {
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        const auto line = text.substr(0, newline);
        if (!line.empty()) {
            on_line(line);
            ++lines;
        }
        if (newline == text.npos)
            break;
        text.remove_prefix(newline + 1);
    }
    return lines;
}

/// Parses all lines of a datagram.
///
/// Input    `text`: lines with newlines between them, the last newline as one likes.
/// Returns  the number of lines that are not empty; calls `on_sample(const sample&)` and
///          `on_refusal(refusal, std::string_view line)` in the order of the text. A bad line costs
///          none of its neighbours.
/// Cost     O(text.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr std::size_t
parse_datagram(std::string_view text, OnSample&& on_sample, OnRefusal&& on_refusal) {
    return for_each_line(text, [&](std::string_view line) {
        parse_line<Dialect>(line, on_sample, [&](refusal why) { on_refusal(why, line); });
    });
}

/// Packs samples into one datagram of at most `BytesMax` bytes, lines with newlines between them.
/// 1432 bytes fit one Ethernet frame with room for any tunnel.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax = 1432>
class basic_datagram_writer {
public:
    /// Appends the lines of one sample, or nothing.
    /// Errors   no_space: send `view()`, `clear()`, and add again; those of format.
    [[nodiscard]] constexpr errc add(const sample& one) noexcept {
        const auto before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        const auto error = format(one, text_);
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    /// What was added, without a newline at its end. Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return text_.view(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return text_.size() == 0; }
    constexpr void clear() noexcept { text_.resize(0); }

private:
    basic_line_buffer<BytesMax> text_{};
};

using datagram_writer = basic_datagram_writer<>;

} // namespace quipu

// quipu/wire/stream.hpp

// A stream of bytes, cut anywhere, into texts of whole lines.

namespace quipu {

/// Joins what a stream delivers in pieces: hands out texts that end with a newline and holds back
/// an unfinished line until the rest of it comes. A line that grows past `line_bytes_max` is thrown
/// away up to its newline and counted: memory stays bounded whatever the sender does.
///
/// Threads  distinct objects safe, shared objects unsafe.
class line_stream {
public:
    explicit line_stream(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// Takes the next piece of the stream and calls `on_text(std::string_view)` with the whole
    /// lines that are now complete; at most twice, with views into `bytes` or into this object.
    /// Cost     O(bytes.size()); copies only unfinished lines; allocates only when one is longer
    /// than
    ///          all before.
    template <class OnText>
    void feed(std::string_view bytes, OnText&& on_text) {
        if (skipping_ || held_bytes_ > 0)
            bytes = finish_line(bytes, on_text);
        const auto last = bytes.rfind('\n');
        if (last != bytes.npos) {
            on_text(bytes.substr(0, last + 1));
            bytes.remove_prefix(last + 1);
        }
        hold(bytes);
    }

    /// The unfinished line at the end of a stream; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept { return {held_.data(), held_bytes_}; }

    /// How many lines were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept { return overlong_; }

private:
    template <class OnText>
    [[nodiscard]] std::string_view finish_line(std::string_view bytes, OnText& on_text) {
        const auto newline = bytes.find('\n');
        if (newline == bytes.npos) {
            hold(bytes);
            return {};
        }
        hold(bytes.substr(0, newline + 1));
        // hold() throws away a line that turns out to be too long.
        if (!skipping_)
            on_text(rest());
        skipping_ = false;
        held_bytes_ = 0;
        return bytes.substr(newline + 1);
    }

    void hold(std::string_view bytes) {
        if (skipping_ || bytes.empty())
            return;
        if (held_bytes_ + bytes.size() > line_bytes_max_ + 1) { // one more for the newline
            skipping_ = true;
            ++overlong_;
            held_bytes_ = 0;
            return;
        }
        const auto needed = held_bytes_ + bytes.size() + read_padding_bytes;
        if (held_.size() < needed)
            held_.resize(needed);
        std::memcpy(held_.data() + held_bytes_, bytes.data(), bytes.size());
        held_bytes_ += bytes.size();
    }

    std::size_t line_bytes_max_;
    std::size_t held_bytes_ = 0;
    std::size_t overlong_ = 0;
    bool skipping_ = false;
    std::vector<char> held_{}; // the bytes held, then the padding
};

} // namespace quipu

// quipu/cell/cell.hpp

// What a cell is: the running value of one series between two flushes.

namespace quipu {

/// The running value of one series.
/// Requires  apply(sample), which gives ok or value_limit; merge(later); idle: nothing came since
///           the last reset or next_interval; reset to the neutral value; next_interval: keep only
///           what lasts beyond a flush (a gauge's value); settle: get ready to be read.
/// Laws      merge(a, reset cell) = a; merge is associative, and commutative but for gauges, where
///           the later of two values wins; merge of the parts equals the cell of the whole.
/// Provided  counter, gauge, timer, unique, keyvalue.   Chosen at  store_traits.
/// Cost      one apply for each sample, one merge, settle and next_interval for each flush.
template <class C>
concept cell = std::default_initializable<C> && std::movable<C> &&
    requires(C c, const C& other, const sample& one) {
    { c.apply(one) } -> std::same_as<errc>;
    c.merge(other);
    c.reset();
    c.next_interval();
    c.settle();
    { other.idle() } -> std::same_as<bool>;
};

} // namespace quipu

// quipu/cell/counter.hpp

// The counter: a sum of what was counted in one interval.

namespace quipu {

/// Sums values, each scaled up by the share that was sampled. Values below zero are allowed.
/// Threads  distinct objects safe, shared objects unsafe.
class counter {
public:
    /// Adds `value` for each of the `weight` events that the caller stands for (1 / sampling rate).
    constexpr void add(double value = 1, double weight = 1) noexcept {
        sum_ += value * weight;
        samples_ += weight;
    }

    constexpr errc apply(const sample& one) noexcept {
        add(one.value, one.weight());
        integral_ = integral_ && one.integral && one.rate == 1;
        return errc::ok;
    }

    constexpr void merge(const counter& other) noexcept {
        sum_ += other.sum_;
        samples_ += other.samples_;
        integral_ = integral_ && other.integral_;
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { reset(); }
    constexpr void settle() noexcept {}

    [[nodiscard]] constexpr double sum() const noexcept { return sum_; }
    /// How many samples came, each by its weight.
    [[nodiscard]] constexpr double samples() const noexcept { return samples_; }
    /// The sum for each second of an interval, which is above zero.
    [[nodiscard]] constexpr double rate(double interval_seconds) const noexcept {
        return sum_ / interval_seconds;
    }
    /// All values were written as whole numbers.
    [[nodiscard]] constexpr bool integral() const noexcept { return integral_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return samples_ == 0; }

private:
    double sum_ = 0;
    double samples_ = 0;
    bool integral_ = true;
};

static_assert(cell<counter>);

} // namespace quipu

// quipu/cell/gauge.hpp

// The gauge: a value that stays until it is changed.

namespace quipu {

/// The last value set, with the changes since. A gauge that was never set changes from 0.
///
/// Merging puts the other's history behind this one's: what the other set replaces the value, what
/// it only changed is added. So the parts of one interval merge in any order as long as at most one
/// of them sets the value; where several do, the one merged last wins. Threads  distinct objects
/// safe, shared objects unsafe.
class gauge {
public:
    constexpr void set(double value) noexcept {
        value_ = value;
        was_set_ = touched_ = true;
    }
    constexpr void change(double by) noexcept {
        value_ += by;
        touched_ = true;
    }

    constexpr errc apply(const sample& one) noexcept {
        one.relative ? change(one.value) : set(one.value);
        return errc::ok;
    }

    constexpr void merge(const gauge& later) noexcept {
        if (!later.touched_)
            return;
        later.was_set_ ? set(later.value_) : change(later.value_);
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { touched_ = false; }
    constexpr void settle() noexcept {}

    [[nodiscard]] constexpr double value() const noexcept { return value_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return !touched_; }

private:
    double value_ = 0;
    bool was_set_ = false;
    bool touched_ = false;
};

static_assert(cell<gauge>);

} // namespace quipu

// quipu/cell/keyvalue.hpp

// The key/value: each value as it came, with its own time; nothing is aggregated.

namespace quipu {

/// One value of a key/value series.
struct timed_value {
    double value = 0;
    /// Unix seconds, or `no_timestamp`: the time of the flush.
    std::int64_t timestamp = no_timestamp;
    /// It was written as a whole number.
    bool integral = false;

    friend constexpr bool operator==(const timed_value&, const timed_value&) = default;
};

/// Keeps values in the order in which they came, up to a bound for each interval.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t ValuesMax = 65536>
class basic_keyvalue {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value. Returns ok, or value_limit: then it is not kept.
    errc append(timed_value one) {
        if (values_.size() == ValuesMax) {
            ++dropped_;
            return errc::value_limit;
        }
        values_.push_back(one);
        return errc::ok;
    }

    errc apply(const sample& one) { return append({one.value, one.timestamp, one.integral}); }

    void merge(const basic_keyvalue& later) {
        dropped_ += later.dropped_;
        for (const auto& one : later.values_)
            static_cast<void>(append(one));
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        values_.clear();
        dropped_ = 0;
    }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    [[nodiscard]] const std::vector<timed_value>& values() const noexcept { return values_; }
    /// How many values came beyond the bound and were not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] bool idle() const noexcept { return values_.empty(); }

private:
    std::vector<timed_value> values_{};
    std::size_t dropped_ = 0;
};

using keyvalue = basic_keyvalue<>;

static_assert(cell<keyvalue>);

} // namespace quipu

// quipu/cell/timer.hpp

// The timer: the distribution of values in one interval.

namespace quipu {

/// What the sampling rate of a timing means.
enum class timer_weighting : std::uint8_t {
    full,       ///< a sample stands for 1 / rate equal ones, in everything
    count_only, ///< it does so in the count; Etsy's statsd and statsite do that
};

/// Summarises values, milliseconds as a rule: how many, their moments, and their quantiles.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
/// safe.
template <quantile_sketch Sketch = exact, timer_weighting Weighting = timer_weighting::full>
class basic_timer {
public:
    /// Adds a value that stands for `weight` events (1 / sampling rate). Returns ok, or value_limit
    /// if the sketch could not keep the value for its quantiles.
    errc record(double value, double weight = 1) {
        events_ += weight;
        if constexpr (Weighting == timer_weighting::count_only)
            weight = 1;
        sum_squares_ += value * value * weight;
        const auto before = values_.dropped();
        values_.record(value, weight);
        return values_.dropped() == before ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) {
        integral_ = integral_ && one.integral;
        return record(one.value, one.weight());
    }

    void merge(const basic_timer& other) {
        events_ += other.events_;
        sum_squares_ += other.sum_squares_;
        integral_ = integral_ && other.integral_;
        values_.merge(other.values_);
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        events_ = sum_squares_ = 0;
        integral_ = true;
        values_.clear();
    }
    void next_interval() noexcept { reset(); }
    void settle() { values_.settle(); }

    /// The number of events: samples, each by its weight.
    [[nodiscard]] double count() const noexcept { return events_; }
    [[nodiscard]] double sum() const noexcept { return values_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return sum_squares_; }
    [[nodiscard]] double mean() const noexcept { return idle() ? 0 : sum() / values_.count(); }
    [[nodiscard]] double min() const noexcept { return values_.min(); }
    [[nodiscard]] double max() const noexcept { return values_.max(); }

    /// The standard deviation of the values themselves: the sum of squares divided by n.
    [[nodiscard]] double population_deviation() const noexcept {
        return idle() ? 0 : std::sqrt(values_.squared_deviations() / values_.count());
    }
    /// The estimate for what the values were drawn from: divided by n - 1; 0 up to n = 1.
    [[nodiscard]] double sample_deviation() const noexcept {
        const double degrees = values_.count() - 1;
        return degrees > 0 ? std::sqrt(values_.squared_deviations() / degrees) : 0;
    }

    /// The sketch, for quantiles.
    [[nodiscard]] const Sketch& values() const noexcept { return values_; }
    /// All values were written as whole numbers.
    [[nodiscard]] bool integral() const noexcept { return integral_; }
    [[nodiscard]] bool idle() const noexcept { return events_ == 0; }

private:
    Sketch values_{};
    double events_ = 0;
    double sum_squares_ = 0;
    bool integral_ = true;
};

using timer = basic_timer<>;

static_assert(cell<timer>);

} // namespace quipu

// quipu/cell/unique.hpp

// The set: how many distinct members came in one interval.

namespace quipu {

/// Counts distinct members. A member is its bytes: `1` and `1.0` are two.
/// Threads  distinct objects safe, shared objects unsafe.
template <distinct_sketch Sketch = exact_set>
class basic_unique {
public:
    /// The seed of the members' hash. All sets share it, so that they merge.
    static constexpr std::uint64_t hash_seed = 0x71756970755f7365; // "quipu_se"

    /// Adds a member. Returns ok, or value_limit if it is new and the sketch is full.
    errc insert(std::string_view member) {
        touched_ = true;
        return members_.insert(hash_bytes(member, hash_seed)) ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) { return insert(one.member); }

    void merge(const basic_unique& other) {
        touched_ = touched_ || other.touched_;
        members_.merge(other.members_);
    }

    void reset() noexcept {
        touched_ = false;
        members_.clear();
    }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    /// The number of distinct members.
    [[nodiscard]] double estimate() const noexcept { return members_.estimate(); }
    [[nodiscard]] const Sketch& members() const noexcept { return members_; }
    [[nodiscard]] bool idle() const noexcept { return !touched_; }

private:
    Sketch members_{};
    bool touched_ = false;
};

using unique = basic_unique<>;

static_assert(cell<unique>);

} // namespace quipu

// quipu/store/key.hpp

// Interned keys: where a table keeps the texts of its series.

namespace quipu {

/// Keeps texts at addresses that do not change until `clear`.
/// Threads  distinct objects safe, shared objects unsafe.
class key_arena {
public:
    /// Keeps a copy of `text` and returns the view of it.
    /// Cost     O(text.size()); allocates once in 64 KiB of text.
    [[nodiscard]] std::string_view intern(std::string_view text) {
        if (chunks_.empty() || chunks_.back().size() - used_ < text.size()) {
            chunks_.emplace_back(text.size() > chunk_bytes ? text.size() : chunk_bytes);
            used_ = 0;
        }
        char* const place = chunks_.back().data() + used_;
        if (!text.empty())
            std::memcpy(place, text.data(), text.size());
        used_ += text.size();
        bytes_ += text.size();
        return {place, text.size()};
    }

    /// The bytes of all texts.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    void swap(key_arena& other) noexcept {
        chunks_.swap(other.chunks_);
        std::swap(used_, other.used_);
        std::swap(bytes_, other.bytes_);
    }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

    std::vector<std::vector<char>> chunks_{};
    std::size_t used_ = 0; // of the last chunk
    std::size_t bytes_ = 0;
};

} // namespace quipu

// quipu/store/retention.hpp

// When a series that stopped reporting leaves the store.

namespace quipu {

namespace retention {

/// A series stays for ever, and is part of every flush: counters as 0, gauges with their value.
struct forever {
    [[nodiscard]] constexpr bool expired(std::uint32_t) const noexcept { return false; }
};

/// A series leaves at the first flush of an interval in which nothing came for it.
struct each_interval {
    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > 0;
    }
};

/// A series is part of `intervals_max` flushes after its last sample's, and leaves at the next.
/// The bound is set at run time.
struct idle_for {
    std::uint32_t intervals_max = 1;

    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > intervals_max;
    }
};

} // namespace retention

/// Decides when a series that stopped reporting leaves the store.
/// Requires  bool expired(std::uint32_t idle_intervals) const noexcept; monotonic in its argument,
///           which counts the flushes since the series' last sample, 0 if there was one since the
///           flush before.
/// Provided  forever, each_interval, idle_for.   Chosen at  store_traits, one for each kind.
/// Cost      one call for each series and flush.
template <class R>
concept retention_policy = std::default_initializable<R> && requires(const R r, std::uint32_t n) {
    { r.expired(n) } -> std::same_as<bool>;
    requires noexcept(r.expired(n));
};

static_assert(retention_policy<retention::forever>);
static_assert(retention_policy<retention::each_interval>);
static_assert(retention_policy<retention::idle_for>);

} // namespace quipu

// quipu/store/table.hpp

// The hash table from series to cells, for one kind.

namespace quipu {

/// Maps names to cells. The cells lie dense, in the order in which their series came; a table of
/// 8-byte slots with open addressing and linear probing, at most 3/4 full, finds them.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <cell Cell>
class basic_table {
public:
    struct entry {
        std::string_view name;
        std::uint64_t hash = 0;
        /// Flushes since the last sample; a store's owner counts it.
        std::uint32_t idle_intervals = 0;
        Cell cell{};
    };

    /// The seed keeps senders from choosing names that collide.
    explicit basic_table(std::uint64_t seed = 0) : seed_(seed) {}

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::vector<entry>& entries() noexcept { return entries_; }
    [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

    /// The cell of a series, or null. Valid until the next call that is not const.
    /// Cost     O(name.size()), one cache line of slots and one entry as a rule.
    [[nodiscard]] Cell* find(std::string_view name) noexcept {
        if (slots_.empty())
            return nullptr;
        const auto hash = hash_bytes(name, seed_);
        const slot& place = slots_[probe(name, hash)];
        return place.index == 0 ? nullptr : &entries_[place.index - 1].cell;
    }

    /// The cell of a series, new if there is none yet; null if it would be the entry number
    /// `size_max` + 1. Valid until the next call that is not const.
    /// Cost     as find; a new one costs a copy of its name, and now and then a larger table.
    [[nodiscard]] Cell* find_or_insert(std::string_view name, std::size_t size_max) {
        if ((entries_.size() + 1) * 4 > slots_.size() * 3) {
            rebuild(slots_.empty() ? 16 : slots_.size() * 2);
        }
        const auto hash = hash_bytes(name, seed_);
        slot& place = slots_[probe(name, hash)];
        if (place.index != 0)
            return &entries_[place.index - 1].cell;
        if (entries_.size() >= size_max)
            return nullptr;
        entries_.push_back({keys_.intern(name), hash, 0, {}});
        place = {tag(hash), static_cast<std::uint32_t>(entries_.size())};
        return &entries_.back().cell;
    }

    /// Removes the entries for which `leaves(const entry&)` is true; the others keep their order.
    /// Cost     O(size).
    template <class Predicate>
    void erase_if(Predicate&& leaves) {
        std::size_t kept = 0;
        std::size_t name_bytes = 0;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (leaves(std::as_const(entries_[i])))
                continue;
            name_bytes += entries_[i].name.size();
            if (kept != i)
                entries_[kept] = std::move(entries_[i]);
            ++kept;
        }
        if (kept == entries_.size())
            return;
        entries_.resize(kept);
        if (keys_.bytes() > 2 * name_bytes)
            move_names();
        rebuild(slots_.size());
    }

private:
    struct slot {
        std::uint32_t tag = 0;
        std::uint32_t index = 0; // of the entry, plus one; 0: free
    };

    [[nodiscard]] static constexpr std::uint32_t tag(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }

    /// The place of the series, or the free one where it would go.
    [[nodiscard]] std::size_t probe(std::string_view name, std::uint64_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = hash & mask;
        for (; slots_[place].index != 0; place = (place + 1) & mask) {
            if (slots_[place].tag != tag(hash))
                continue;
            const entry& candidate = entries_[slots_[place].index - 1];
            if (candidate.hash == hash && candidate.name == name)
                break;
        }
        return place;
    }

    void rebuild(std::size_t slot_count) {
        slots_.assign(slot_count, {});
        const std::size_t mask = slot_count - 1;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            std::size_t place = entries_[i].hash & mask;
            while (slots_[place].index != 0)
                place = (place + 1) & mask;
            slots_[place] = {tag(entries_[i].hash), static_cast<std::uint32_t>(i + 1)};
        }
    }

    void move_names() {
        key_arena fresh;
        for (auto& one : entries_)
            one.name = fresh.intern(one.name);
        keys_.swap(fresh);
    }

    std::uint64_t seed_;
    std::vector<slot> slots_{}; // a power of two of them
    std::vector<entry> entries_{};
    key_arena keys_{};
};

} // namespace quipu

// quipu/store/store.hpp

// The store: the cells of all series, of every kind.

namespace quipu {

/// Compile-time choices of a store. Derive from this and override one line.
struct store_traits {
    /// Change a cell when another sketch, weighting or bound suits the kind better.
    using counter = quipu::counter;
    using timer = quipu::timer;
    using gauge = quipu::gauge;
    using unique = quipu::unique;
    using keyvalue = quipu::keyvalue;

    /// Change when idle series should go on to report, or names are unbounded.
    using counter_retention = retention::each_interval;
    using timer_retention = retention::each_interval;
    using gauge_retention = retention::forever;
    using unique_retention = retention::each_interval;
    using keyvalue_retention = retention::each_interval;

    /// Beyond so many series, all kinds together, new ones are refused: `series_limit`.
    static constexpr std::size_t series_max = 1'000'000;
};

/// Maps series to cells. A series is a kind and a canonical text (canonical.hpp): the same text
/// under two kinds is two series.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_store {
public:
    using traits = Traits;

    /// The seed of the hash; choose it at random where names come from strangers.
    explicit basic_store(std::uint64_t seed = 0)
        : counters_(seed), timers_(seed), gauges_(seed), uniques_(seed), keyvalues_(seed) {}

    /// Adds a sample to the cell of its series, whose canonical text is `name`.
    /// Errors   series_limit: the series is new and the store full; value_limit: the cell is full.
    /// Cost     one look-up and one update; allocates only for a new series or a growing cell.
    errc apply(std::string_view name, const sample& one) {
        errc error = errc::ok;
        with_table(*this, one.series.kind, [&](auto& table) {
            auto* const cell = table.find_or_insert(name, room(table));
            error = cell == nullptr ? errc::series_limit : cell->apply(one);
        });
        return error;
    }

    /// Adds all cells of another store, the later one. Returns how many series were refused at the
    /// limit.
    std::size_t merge(const basic_store& later) {
        std::size_t refused = 0;
        for_each_pair(later, [&](auto& mine, const auto& theirs) {
            for (const auto& from : theirs.entries()) {
                if (from.cell.idle())
                    continue;
                auto* const cell = mine.find_or_insert(from.name, room(mine));
                cell == nullptr ? static_cast<void>(++refused) : cell->merge(from.cell);
            }
        });
        return refused;
    }

    /// Sets every cell back to its neutral value and keeps series and storage; a series that was
    /// idle for more than `idle_intervals_max` resets in a row leaves.
    void reset(std::uint32_t idle_intervals_max) {
        for_each_table([&](auto& table) {
            for (auto& one : table.entries()) {
                one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
                one.cell.reset();
            }
            table.erase_if(
                [&](const auto& one) { return one.idle_intervals > idle_intervals_max; });
        });
    }

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size() +
               keyvalues_.size();
    }

    [[nodiscard]] auto& counters() noexcept { return counters_; }
    [[nodiscard]] auto& timers() noexcept { return timers_; }
    [[nodiscard]] auto& gauges() noexcept { return gauges_; }
    [[nodiscard]] auto& uniques() noexcept { return uniques_; }
    [[nodiscard]] auto& keyvalues() noexcept { return keyvalues_; }

private:
    template <class Self, class F>
    static void with_table(Self& self, metric_kind kind, F&& f) {
        switch (kind) {
        case metric_kind::counter: return f(self.counters_);
        case metric_kind::timer: return f(self.timers_);
        case metric_kind::gauge: return f(self.gauges_);
        case metric_kind::unique: return f(self.uniques_);
        case metric_kind::keyvalue: return f(self.keyvalues_);
        }
    }

    template <class F>
    void for_each_table(F&& f) {
        f(counters_), f(timers_), f(gauges_), f(uniques_), f(keyvalues_);
    }

    template <class F>
    void for_each_pair(const basic_store& other, F&& f) {
        f(counters_, other.counters_);
        f(timers_, other.timers_);
        f(gauges_, other.gauges_);
        f(uniques_, other.uniques_);
        f(keyvalues_, other.keyvalues_);
    }

    /// How large `table` may become with the others as they are.
    template <class Table>
    [[nodiscard]] std::size_t room(const Table& table) const noexcept {
        return table.size() + (Traits::series_max - size());
    }

    basic_table<typename Traits::counter> counters_;
    basic_table<typename Traits::timer> timers_;
    basic_table<typename Traits::gauge> gauges_;
    basic_table<typename Traits::unique> uniques_;
    basic_table<typename Traits::keyvalue> keyvalues_;
};

using store = basic_store<>;

} // namespace quipu

// quipu/snapshot/snapshot.hpp

// A snapshot: one flush, frozen.

namespace quipu {

/// All series of one flush with their cells, settled. It owns its memory, so it may outlive the
/// store and cross threads.
///
/// Threads  reading one from several is safe.
template <class Traits = store_traits>
struct basic_snapshot {
    template <class Cell>
    struct entry {
        /// The canonical text of the series: `name;tag=value`.
        std::string_view name;
        /// Flushes since the last sample; 0: there was one in this interval.
        std::uint32_t idle_intervals = 0;
        Cell cell{};
    };

    basic_snapshot() = default;
    basic_snapshot(basic_snapshot&&) noexcept = default;
    basic_snapshot& operator=(basic_snapshot&&) noexcept = default;
    ~basic_snapshot() = default;
    basic_snapshot(const basic_snapshot&) = delete; // the names point into `names`
    basic_snapshot& operator=(const basic_snapshot&) = delete;

    /// Unix seconds of the end of the interval.
    std::int64_t timestamp = 0;
    double interval_seconds = 0;
    /// How long it took to merge and collect it.
    double processing_milliseconds = 0;

    std::vector<entry<typename Traits::counter>> counters{};
    std::vector<entry<typename Traits::timer>> timers{};
    std::vector<entry<typename Traits::gauge>> gauges{};
    std::vector<entry<typename Traits::unique>> uniques{};
    std::vector<entry<typename Traits::keyvalue>> keyvalues{};

    /// Keeps the names that the entries view.
    key_arena names{};

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters.size() + timers.size() + gauges.size() + uniques.size() + keyvalues.size();
    }
};

using snapshot = basic_snapshot<>;

} // namespace quipu

// quipu/snapshot/collect.hpp

// From a store to a snapshot, at a flush.

namespace quipu {

/// The retention policies of a store's kinds; set the members of those that have some.
template <class Traits = store_traits>
struct basic_retentions {
    typename Traits::counter_retention counters{};
    typename Traits::timer_retention timers{};
    typename Traits::gauge_retention gauges{};
    typename Traits::unique_retention uniques{};
    typename Traits::keyvalue_retention keyvalues{};
};

using retentions = basic_retentions<>;

namespace detail {

template <class Table, class Entries, retention_policy Retention>
void collect_table(Table& table, Entries& entries, key_arena& names, const Retention& retention) {
    const auto leaves = [&](const auto& one) { return retention.expired(one.idle_intervals); };
    for (auto& one : table.entries()) {
        one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
    }
    table.erase_if(leaves);
    entries.reserve(table.size());
    for (auto& one : table.entries()) {
        one.cell.settle();
        auto frozen = one.cell;
        one.cell.next_interval();
        entries.push_back({names.intern(one.name), one.idle_intervals, std::move(frozen)});
    }
}

} // namespace detail

/// Takes the snapshot of one interval out of a store and begins the next: series that their
/// retention policy lets go leave, the cells of the others begin anew.
///
/// Units    `timestamp` in Unix seconds, the end of the interval.
/// Cost     O(size of the cells), with a sort of each timer's values; allocates the snapshot.
template <class Traits>
[[nodiscard]] basic_snapshot<Traits> collect(basic_store<Traits>& from,
                                             std::int64_t timestamp,
                                             double interval_seconds,
                                             const basic_retentions<Traits>& keep = {}) {
    basic_snapshot<Traits> into;
    into.timestamp = timestamp;
    into.interval_seconds = interval_seconds;
    detail::collect_table(from.counters(), into.counters, into.names, keep.counters);
    detail::collect_table(from.timers(), into.timers, into.names, keep.timers);
    detail::collect_table(from.gauges(), into.gauges, into.names, keep.gauges);
    detail::collect_table(from.uniques(), into.uniques, into.names, keep.uniques);
    detail::collect_table(from.keyvalues(), into.keyvalues, into.names, keep.keyvalues);
    return into;
}

} // namespace quipu

// quipu/schema/percentile.hpp

// Percentiles as users write them: a number, and the suffix that it gives to names.

namespace quipu {

/// A percentile: -100 to 100; a negative one means the highest values.
struct percentile {
    double value = 90;
    /// What it is called in a name: `90`, `99_9`, `top10`.
    std::string suffix = "90";

    /// The share of the values, 0 to 1.
    [[nodiscard]] double share() const noexcept { return (value < 0 ? -value : value) / 100; }

    friend bool operator==(const percentile&, const percentile&) = default;
};

/// Reads a percentile; the suffix is its text with the first '.' as '_' and the '-' as "top".
/// Errors   bad_number, number_out_of_range (outside -100 to 100).
[[nodiscard]] inline result<percentile> parse_percentile(std::string_view text) {
    const auto value = parse_number(text);
    if (!value)
        return value.error();
    if (!(*value >= -100 && *value <= 100))
        return errc::number_out_of_range;
    std::string suffix(text);
    if (suffix[0] == '-')
        suffix.replace(0, 1, "top");
    if (suffix[0] == '+')
        suffix.erase(0, 1);
    if (const auto dot = suffix.find('.'); dot != suffix.npos)
        suffix[dot] = '_';
    return percentile{*value, std::move(suffix)};
}

/// Reads a list such as `50,90,99.9`.
/// Errors   as for one.
[[nodiscard]] inline result<std::vector<percentile>> parse_percentiles(std::string_view text) {
    std::vector<percentile> list;
    for (;;) {
        const auto comma = text.find(',');
        auto one = parse_percentile(text.substr(0, comma));
        if (!one)
            return one.error();
        list.push_back(*std::move(one));
        if (comma == text.npos)
            return list;
        text.remove_prefix(comma + 1);
    }
}

} // namespace quipu

// quipu/schema/schema.hpp

// What a schema is: the names and numbers that flat backends get for a snapshot.

namespace quipu {

/// One number of one flush. Its name is head, name, tail and tags, one behind the other: the tags
/// come last, where Graphite wants them. The views are valid during the call that hands it out.
struct point {
    std::string_view head{}; ///< "stats.timers."
    std::string_view name{}; ///< the series without its tags
    std::string_view tail{}; ///< ".upper_90"
    std::string_view tags{}; ///< ";region=eu", or empty
    double value = 0;
    /// Python's servers print it without a fraction.
    bool integral = false;
    /// Unix seconds.
    std::int64_t timestamp = 0;
};

/// What a sink has done so far; Etsy's schema reports it as `graphiteStats`.
struct sink_history {
    std::int64_t last_flush = 0;     ///< Unix seconds; 0: never
    std::int64_t last_exception = 0; ///< Unix seconds; 0: never
    double flush_milliseconds = 0;   ///< of the last flush
    double flush_bytes = 0;          ///< of the last flush
};

namespace detail {
struct point_taker {
    void operator()(const point&) const noexcept {}
};
} // namespace detail

/// Names the statistics of a snapshot.
/// Requires  write(snapshot, history, out), which calls out(const point&) for each number, in the
///           order in which they are sent; `number_layout`, how numbers are printed.
/// Provided  native_schema, etsy_schema, kiip_schema.   Chosen at  the sinks for flat backends.
/// Cost      one write for each flush and sink.
template <class S, class Traits>
concept schema_for = requires(const S s,
                              const basic_snapshot<Traits>& from,
                              const sink_history& history,
                              detail::point_taker out) {
    typename S::number_layout;
    s.write(from, history, out);
};

} // namespace quipu

// quipu/schema/etsy.hpp

// The schema of Etsy's statsd: its Graphite names, legacy and modern.

namespace quipu {

/// The settings of Etsy's statsd that shape names and numbers, with its defaults.
struct etsy_schema_options {
    bool legacy_namespace = true;
    bool flush_counts = true;
    std::string global_prefix = "stats";
    // The nodes of the modern namespace; an empty one is left out.
    std::string prefix_counter = "counters";
    std::string prefix_timer = "timers";
    std::string prefix_gauge = "gauges";
    std::string prefix_set = "sets";
    std::string global_suffix = "";
    /// The node of the server's own statistics.
    std::string prefix_stats = "statsd";
    std::vector<percentile> percentiles = {{90, "90"}};
};

/// Names and numbers of Etsy's statsd, to the letter.
///
/// Legacy     stats.K and stats_counts.K, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Modern     stats.counters.K.{rate,count}, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Timers     for each percentile P count_P mean_P upper_P sum_P sum_squares_P (P < 0: lower_P),
///            then std upper lower count count_ps sum sum_squares mean median; an idle one gives
///            count_ps and count alone. Only the count is weighted by the sampling rate.
/// Own        statsd.numStats, graphiteStats.* and processing_time.
/// Source     statsd/statsd 0.10.2, lib/process_metrics.js and backends/graphite.js, as observed.
/// Deviation  -100 as a percentile gives all values, not NaN; key/values, which that server does
/// not
///            have, are not written.
/// Threads    distinct objects safe; a const one may be shared.
class etsy_schema {
public:
    using number_layout = layout::javascript;

    explicit etsy_schema(etsy_schema_options options = {});

    template <class Traits, class Out>
    void write(const basic_snapshot<Traits>& from, const sink_history& history, Out&& out) const {
        const auto writer = [&](std::string_view head, std::string_view name) {
            return point_writer<Out>{out, *this, head, split_canonical(name), from.timestamp};
        };
        for (const auto& one : from.counters) {
            writer(rate_head_, one.name)(rate_tail_, one.cell.rate(from.interval_seconds));
            if (!options_.flush_counts)
                continue;
            writer(count_head_, one.name)(count_tail_, one.cell.sum());
        }
        for (const auto& one : from.timers) {
            write_timer(one.cell, from.interval_seconds, writer(timer_head_, one.name));
        }
        for (const auto& one : from.gauges)
            writer(gauge_head_, one.name)("", one.cell.value());
        for (const auto& one : from.uniques) {
            writer(set_head_, one.name)(".count", one.cell.estimate());
        }
        const auto series =
            from.counters.size() + from.timers.size() + from.gauges.size() + from.uniques.size();
        writer(own_count_head_, options_.prefix_stats)(".numStats", static_cast<double>(series));
        const auto own = writer(own_head_, options_.prefix_stats);
        own(".graphiteStats.calculationtime", from.processing_milliseconds);
        own(".processing_time", from.processing_milliseconds);
        own(".graphiteStats.last_exception", static_cast<double>(history.last_exception));
        own(".graphiteStats.last_flush", static_cast<double>(history.last_flush));
        own(".graphiteStats.flush_time", history.flush_milliseconds);
        own(".graphiteStats.flush_length", history.flush_bytes);
    }

private:
    template <class Out>
    struct point_writer {
        Out& out;
        const etsy_schema& schema;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        /// `tail` without the global suffix: it is in the tail already, or put behind it here.
        void operator()(std::string_view tail, double value) const {
            const std::string whole = std::string(tail) + schema.suffix_;
            out(point{head, name.name, whole, name.tags, value, false, timestamp});
        }
    };

    template <class Timer, class Writer>
    void write_timer(const Timer& cell, double interval_seconds, const Writer& to) const {
        if (cell.idle()) {
            to(".count_ps", 0);
            to(".count", 0);
            return;
        }
        const auto& values = cell.values().values();
        for (const auto& one : options_.percentiles)
            write_percentile(values, one, to);
        const auto all = lowest(values, values.size());
        const double mean = all.sum / all.count;
        double deviations = 0;
        for (const double value : values)
            deviations += (value - mean) * (value - mean);
        to(".std", std::sqrt(deviations / all.count));
        to(".upper", values.back());
        to(".lower", values.front());
        to(".count", cell.count());
        to(".count_ps", cell.count() / interval_seconds);
        to(".sum", all.sum);
        to(".sum_squares", all.sum_squares);
        to(".mean", mean);
        to(".median", cell.values().median());
    }

    /// The sums in ascending order, as that server adds them up: the last digit depends on it.
    [[nodiscard]] static distribution_part lowest(const std::vector<double>& values,
                                                  std::size_t count) noexcept {
        distribution_part part;
        for (std::size_t i = 0; i < count; ++i) {
            part.sum += values[i];
            part.sum_squares += values[i] * values[i];
        }
        part.count = static_cast<double>(count);
        part.boundary = values[count - 1];
        return part;
    }

    template <class Writer>
    static void write_percentile(const std::vector<double>& values,
                                 const percentile& wanted,
                                 const Writer& to) {
        const auto n = values.size();
        // With a single value every threshold holds it.
        const double half_up = std::floor(wanted.share() * static_cast<double>(n) + 0.5);
        const auto count = n == 1 ? 1 : static_cast<std::size_t>(half_up);
        if (count == 0)
            return;
        distribution_part part;
        if (wanted.value > 0 || n == count) {
            part = lowest(values, count);
            if (wanted.value <= 0)
                part.boundary = values.front();
        } else {
            // That server takes the difference of two sums.
            const auto all = lowest(values, n);
            const auto rest = lowest(values, n - count);
            part = {static_cast<double>(count),
                    all.sum - rest.sum,
                    all.sum_squares - rest.sum_squares,
                    values[n - count]};
        }
        const std::string suffix = '_' + wanted.suffix;
        to(".count" + suffix, part.count);
        to(".mean" + suffix, part.sum / part.count);
        to((wanted.value > 0 ? ".upper" : ".lower") + suffix, part.boundary);
        to(".sum" + suffix, part.sum);
        to(".sum_squares" + suffix, part.sum_squares);
    }

    etsy_schema_options options_;
    std::string rate_head_, count_head_, timer_head_, gauge_head_, set_head_;
    std::string own_head_, own_count_head_;
    std::string rate_tail_{}, count_tail_{}, suffix_{};
};

inline etsy_schema::etsy_schema(etsy_schema_options options) : options_(std::move(options)) {
    const auto node = [](const std::string& name) { return name.empty() ? name : name + '.'; };
    const std::string global = node(options_.global_prefix);
    if (options_.legacy_namespace) {
        rate_head_ = global;
        count_head_ = options_.global_prefix + "_counts.";
        timer_head_ = global + "timers.";
        gauge_head_ = global + "gauges.";
        set_head_ = global + "sets.";
        own_count_head_ = "";
    } else {
        rate_head_ = count_head_ = global + node(options_.prefix_counter);
        timer_head_ = global + node(options_.prefix_timer);
        gauge_head_ = global + node(options_.prefix_gauge);
        set_head_ = global + node(options_.prefix_set);
        rate_tail_ = ".rate";
        count_tail_ = ".count";
        own_count_head_ = global;
    }
    own_head_ = global;
    if (!options_.global_suffix.empty())
        suffix_ = '.' + options_.global_suffix;
}

static_assert(schema_for<etsy_schema, store_traits>);

} // namespace quipu

// quipu/schema/kiip.hpp

// The schema of the Python statsite.

namespace quipu {

/// The settings of the Python statsite that shape names and numbers, with its defaults.
struct kiip_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "statsite";
    std::vector<percentile> percentiles = {{90, "90"}};
};

/// Names and numbers of the Python statsite.
///
///     PREFIX.kv.K          each value in the order received, with its own time
///     PREFIX.counts.K      the sum
///     PREFIX.timers.K.X    X: sum mean lower upper count stdev, and each with _P for a percentile
///     P
///
/// `stdev` divides by n - 1. A percentile is about the window in the middle that holds P % of the
/// values; `upper_P` is the value next above it, and with whole numbers `mean_P` is rounded down.
/// Gauges and sets, which that server does not have, are not written.
/// Source     kiip/statsite 0.5.1, statsite/aggregator.py and metrics, as observed.
/// Deviation  100 as a percentile, or a window without a value, loses no flush.
/// Threads    distinct objects safe; a const one may be shared.
class kiip_schema {
public:
    using number_layout = layout::python2;

    explicit kiip_schema(kiip_schema_options options = {}) : options_(std::move(options)) {
        const auto prefix = options_.prefix.empty() ? "" : options_.prefix + '.';
        kv_ = prefix + "kv.";
        counts_ = prefix + "counts.";
        timers_ = prefix + "timers.";
    }

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp && value.timestamp != 0;
                const auto timestamp = timed ? value.timestamp : from.timestamp;
                out(point{kv_, one.name, "", "", value.value, value.integral, timestamp});
            }
        }
        for (const auto& one : from.counters) {
            out(point{
                counts_, one.name, "", "", one.cell.sum(), one.cell.integral(), from.timestamp});
        }
        for (const auto& one : from.timers) {
            const auto to = [&](std::string_view tail, double value, bool integral) {
                out(point{timers_, one.name, tail, "", value, integral, from.timestamp});
            };
            write_timer(one.cell, to);
        }
    }

private:
    template <class Timer, class Writer>
    void write_timer(const Timer& cell, const Writer& to) const {
        const auto& values = cell.values().values(); // the rate has no effect here
        const bool whole = cell.integral();
        write_window(values, 0, values.size(), "", whole, to);
        for (const auto& one : options_.percentiles) {
            const auto n = values.size();
            const auto inner = static_cast<std::size_t>(static_cast<double>(n) * one.share());
            const auto suffix = '_' + one.suffix.substr(0, one.suffix.find('_'));
            if (n == 1) {
                write_window(values, 0, 1, suffix, whole, to);
            } else if (inner > 0) {
                write_window(values, (n - inner) / 2, inner, suffix, whole, to);
            }
        }
    }

    /// Writes the statistics of `count` values from `first` on.
    template <class Writer>
    static void write_window(const std::vector<double>& values,
                             std::size_t first,
                             std::size_t count,
                             const std::string& suffix,
                             bool whole,
                             const Writer& to) {
        const bool cut = !suffix.empty();
        double sum = 0;
        for (std::size_t i = first; i < first + count; ++i)
            sum += values[i];
        const double mean = sum / static_cast<double>(count);
        double deviations = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            deviations += (values[i] - mean) * (values[i] - mean);
        }
        const auto last = std::min(cut ? first + count : first + count - 1, values.size() - 1);
        const bool alone = count == 1;
        to(".sum" + suffix, sum, whole);
        to(".mean" + suffix, cut && whole ? std::floor(mean) : mean, cut && whole);
        to(".lower" + suffix, values[first], whole);
        to(".upper" + suffix, values[last], whole);
        // With a single value that server counts none in the window.
        to(".count" + suffix, cut && values.size() == 1 ? 0 : static_cast<double>(count), true);
        to(".stdev" + suffix,
           alone ? 0 : std::sqrt(deviations / static_cast<double>(count - 1)),
           alone);
    }

    kiip_schema_options options_;
    std::string kv_{}, counts_{}, timers_{};
};

static_assert(schema_for<kiip_schema, store_traits>);

} // namespace quipu

// quipu/schema/native.hpp

// The native schema: quipu's own names.

namespace quipu {

/// What the native schema can be told.
struct native_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "stats";
    std::vector<percentile> percentiles = {{50, "50"}, {90, "90"}, {99, "99"}};
};

/// Etsy's modern names as far as they go, on weighted statistics:
///
///     PREFIX.counters.K.{count,rate}                 the sum, and the sum for each second
///     PREFIX.gauges.K
///     PREFIX.timers.K.{count,rate,sum,sum_squares,mean,std,median,lower,upper}
///     PREFIX.timers.K.{count,sum,sum_squares,mean,upper}_P   for each percentile P
///     PREFIX.sets.K.count
///     PREFIX.kv.K                                    each value with its own time
///
/// `std` divides by n. A percentile P > 0 is about the lowest P % of the values (nearest rank), so
/// `upper_90` is the 90th percentile; P < 0 about the highest (`lower_top10`). Only what reported
/// in the interval is there, but for gauges, which stay. Threads  distinct objects safe; a const
/// one may be shared.
class native_schema {
public:
    using number_layout = layout::shortest;

    explicit native_schema(native_schema_options options = {});

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.counters) {
            writer<Out> to{out, counters_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.sum());
            to(".rate", one.cell.rate(from.interval_seconds));
        }
        for (const auto& one : from.timers) {
            writer<Out> to{out, timers_, split_canonical(one.name), from.timestamp};
            write_timer(one.cell, from.interval_seconds, to);
        }
        for (const auto& one : from.gauges) {
            writer<Out>{out, gauges_, split_canonical(one.name), from.timestamp}("",
                                                                                 one.cell.value());
        }
        for (const auto& one : from.uniques) {
            writer<Out> to{out, sets_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.estimate());
        }
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                writer<Out> to{
                    out, kv_, split_canonical(one.name), timed ? value.timestamp : from.timestamp};
                to("", value.value);
            }
        }
    }

private:
    template <class Out>
    struct writer {
        Out& out;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        void operator()(std::string_view tail, double value) const {
            out(point{head, name.name, tail, name.tags, value, false, timestamp});
        }
    };

    /// The tails of one percentile, ready to use.
    struct cut {
        double share;
        bool top;
        std::string count, mean, boundary, sum, sum_squares;
    };

    template <class Timer, class Writer>
    void write_timer(const Timer& cell, double interval_seconds, const Writer& to) const {
        const auto& values = cell.values();
        to(".count", cell.count());
        to(".rate", cell.count() / interval_seconds);
        if (cell.idle())
            return;
        to(".sum", cell.sum());
        to(".sum_squares", cell.sum_squares());
        to(".mean", cell.mean());
        to(".std", cell.population_deviation());
        to(".median", values.median());
        to(".lower", cell.min());
        to(".upper", cell.max());
        for (const auto& one : cuts_) {
            const auto part = one.top ? values.highest(one.share) : values.lowest(one.share);
            to(one.count, part.count);
            to(one.mean, part.sum / part.count);
            to(one.boundary, part.boundary);
            to(one.sum, part.sum);
            to(one.sum_squares, part.sum_squares);
        }
    }

    std::string counters_, timers_, gauges_, sets_, kv_;
    std::vector<cut> cuts_{};
};

inline native_schema::native_schema(native_schema_options options) {
    const std::string prefix = options.prefix.empty() ? "" : options.prefix + '.';
    counters_ = prefix + "counters.";
    timers_ = prefix + "timers.";
    gauges_ = prefix + "gauges.";
    sets_ = prefix + "sets.";
    kv_ = prefix + "kv.";
    for (const auto& one : options.percentiles) {
        const bool top = one.value < 0;
        const auto& suffix = one.suffix;
        cuts_.push_back({one.share(),
                         top,
                         ".count_" + suffix,
                         ".mean_" + suffix,
                         (top ? ".lower_" : ".upper_") + suffix,
                         ".sum_" + suffix,
                         ".sum_squares_" + suffix});
    }
}

static_assert(schema_for<native_schema, store_traits>);

} // namespace quipu

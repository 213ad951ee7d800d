// From a double to decimal digits: the shortest that read back equal, or a given number of them.
#pragma once

#include <quipu/core/big_integer.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/nearest_double.hpp>
#include <quipu/core/power_of_ten.hpp>

#include <bit>
#include <cstdint>

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

/// The number of millionths that reads back as `magnitude` when written as a decimal; -1 if there
/// is none below 10^15. Up to 15 digits no two decimals share a double, so it is the shortest too.
/// Cost  a product, a quotient and two conversions.
[[nodiscard]] constexpr std::int64_t exact_millionths(double magnitude) noexcept {
    if (!(magnitude < 1e9))
        return -1;
    const auto millionths = static_cast<std::int64_t>(magnitude * 1e6 + 0.5);
    return static_cast<double>(millionths) / 1e6 == magnitude ? millionths : -1;
}

/// The integer part of power * factor / 2^128, its last bit set if the rest is not zero: "round to
/// odd", after which comparisons with even integers are exact. The power may be too large by one
/// in its last bit; that can add 1 to the word of the fraction, and true fractions are not that
/// small.
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
    bool up = 4 * units + 4 <= upper;
    if (down == up) { // the nearer one
        const std::uint64_t halfway = 4 * units + 2;
        up = middle > halfway || (middle == halfway && (units & 1) != 0);
    }
    const std::uint64_t digits = units + (up ? 1 : 0);
    return digits == 10 ? decimal{1, ten + 1, false} : decimal{digits, ten, false};
}

/// The nearest decimal of at most `digits` digits, for a subnormal number: its shortest decimal can
/// have fewer digits than are asked for, and they are not those of the value.
/// Cost  some microseconds: one or two exact comparisons.
[[nodiscard]] constexpr decimal round_subnormal(binary value, int digits) noexcept {
    const std::uint64_t least = integer_powers_of_ten[digits - 1];
    const int zeros = std::countl_zero(value.significand);
    // The exponent of the last digit, from the power of two just above the value; perhaps 1 too
    // large. `rounded` counts units of it; at first cut off, and from 64 bits only.
    int ten = ((64 - zeros + value.exponent) * 1'262'611 >> 22) - digits + 2;
    std::uint64_t rounded = 0;
    while (rounded < least) {
        --ten;
        const std::uint64_t product =
            multiply(value.significand << zeros, power_of_ten_bits(-ten).high).high;
        rounded = product >> (zeros - value.exponent - floor_log2_of_power_of_ten(-ten) - 1);
    }
    for (;; ++rounded) { // until the value is not above the halfway point to the next
        const int order = compare_exactly(
            big_integer(2 * rounded + 1), ten, value.significand, value.exponent + 1);
        if (order > 0 || (order == 0 && (rounded & 1) == 0))
            break;
    }
    return without_trailing_zeros({rounded, ten, false});
}

} // namespace detail

/// The decimal with the fewest digits that reads back equal, and of those the nearest: 0.1 is
/// 1 * 10^-1, though the double is a little more.
///
/// Input    a finite number.
/// Returns  at most 17 digits; those of `std::to_chars`.
/// Cost     conversions, a product and a quotient for whole numbers below 2^53 and six decimals
///          below 10^9, otherwise about ten 128-bit products. `std::to_chars` is no alternative: it
///          is not constexpr, <charconv> would cost every include its time, and numbers of few
///          digits, the usual ones, took it four times as long.
/// Threads  pure.
[[nodiscard]] constexpr decimal shortest_decimal(double finite) noexcept {
    QUIPU_ASSERT(detail::is_finite(finite));
    const bool negative = detail::is_negative(finite);
    const double magnitude = negative ? -finite : finite;
    if (magnitude < 0x1p53) { // doubles are no further apart than 1: no digit of theirs is idle
        const auto whole = static_cast<std::uint64_t>(static_cast<std::int64_t>(magnitude));
        if (static_cast<double>(static_cast<std::int64_t>(whole)) == magnitude)
            return detail::without_trailing_zeros({whole, 0, negative});
        const std::int64_t millionths = detail::exact_millionths(magnitude);
        if (millionths >= 0)
            return detail::without_trailing_zeros(
                {static_cast<std::uint64_t>(millionths), -6, negative});
    }
    decimal number = detail::shortest_digits(detail::to_binary(finite));
    number.negative = negative;
    return number;
}

/// The nearest decimal of at most `digits` significant digits, halfway cases of the exact binary
/// value to the even one: what "%.12g" prints.
///
/// Input    a finite number; 1 <= digits <= 15, as many as every double tells apart.
/// Cost     as shortest_decimal; more for subnormal numbers, and where a 5 is the last digit and
///          just behind the last kept.
/// Threads  pure.
[[nodiscard]] constexpr decimal rounded_decimal(double finite, int digits) noexcept {
    QUIPU_ASSERT(1 <= digits && digits <= 15);
    const detail::binary parts = detail::to_binary(finite);
    decimal number;
    if (parts.significand < std::uint64_t{1} << 52 && parts.significand != 0) {
        number = detail::round_subnormal(parts, digits);
        number.negative = detail::is_negative(finite);
        return number;
    }
    number = shortest_decimal(finite); // nearer than half of a 15th digit
    const int excess = detail::digit_count(number.digits) - digits;
    if (excess <= 0)
        return number;
    // A point halfway between two results has one digit more than they have. If it lay between the
    // value and its shortest decimal, it would have been the shortest or the nearer itself. So to
    // round that decimal is to round the value, unless it is the halfway point.
    const std::uint64_t unit = detail::integer_powers_of_ten[excess];
    const std::uint64_t rest = number.digits % unit;
    std::uint64_t kept = number.digits / unit;
    if (rest > unit / 2) {
        ++kept;
    } else if (rest == unit / 2) {
        const int order = detail::compare_exactly(
            detail::big_integer(number.digits), number.exponent, parts.significand, parts.exponent);
        if (order < 0 || (order == 0 && (kept & 1) != 0))
            ++kept;
    }
    return detail::without_trailing_zeros({kept, number.exponent + excess, number.negative});
}

} // namespace quipu

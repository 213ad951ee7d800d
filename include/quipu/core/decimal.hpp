// From a double to decimal digits: the shortest that read back equal, or a given number of them.
#pragma once

#include <quipu/core/big_integer.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/nearest_double.hpp>
#include <quipu/core/power_of_ten.hpp>

#include <bit>
#include <cstdint>
#include <limits>

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

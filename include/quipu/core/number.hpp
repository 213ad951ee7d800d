// Text to numbers: correctly rounded, at compile time too, without locale, allocation or exception.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/nearest_double.hpp>
#include <quipu/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace quipu {

/// A number at the start of a text.
struct number_prefix {
    double value = 0;
    std::size_t size = 0;  ///< Bytes that belong to it.
    bool integral = false; ///< Written with neither '.' nor exponent.
};

namespace detail {

/// What a text says before it is rounded: digits * 10^exponent.
struct scanned_number {
    std::uint64_t digits = 0;    // modulo 2^64, if there are more than 19
    std::int64_t exponent = 0;   // of the last digit
    std::int64_t count = 0;      // of the digits, zeros in front too; 0 if there is no number
    const char* first = nullptr; // the first digit or the point
    const char* end = nullptr;   // behind the number
    bool negative = false;
    bool integral = false;
};

inline constexpr int digits_kept = 19; // as many as always fit 64 bits

[[nodiscard]] constexpr std::uint64_t digit_value(char c) noexcept {
    return static_cast<std::uint64_t>(c - '0');
}

/// Whether eight characters, the first in the lowest byte, are all digits.
[[nodiscard]] constexpr bool are_digits(std::uint64_t eight) noexcept {
    // Above '9' the sum sets the top bit of a byte, below '0' the difference does; what carries
    // into the next byte comes from one that has failed already.
    const std::uint64_t above = eight + 0x4646'4646'4646'4646;
    const std::uint64_t below = eight - 0x3030'3030'3030'3030;
    return ((above | below) & 0x8080'8080'8080'8080) == 0;
}

/// The number that eight digits spell: neighbours join to pairs, pairs to fours, fours to eight.
[[nodiscard]] constexpr std::uint64_t eight_digit_value(std::uint64_t eight) noexcept {
    std::uint64_t value = eight - 0x3030'3030'3030'3030;
    value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
    value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
    return (value * 10'000 + (value >> 32)) & 0xffff'ffff;
}

/// Appends the digits at `at` to `value`, modulo 2^64.
/// Returns  the end of them.
[[nodiscard]] constexpr const char*
scan_digits(const char* at, const char* end, std::uint64_t& value) noexcept {
    while (end - at >= 8) {
        const auto eight = read_little_endian<std::uint64_t>(at);
        if (!are_digits(eight))
            break;
        value = value * 100'000'000 + eight_digit_value(eight);
        at += 8;
    }
    for (; at != end && is_digit(*at); ++at)
        value = value * 10 + digit_value(*at);
    return at;
}

/// Reads "e[+-]digits" at the end of the number and adds it; leaves a dangling 'e' alone.
constexpr void scan_exponent(scanned_number& number, const char* text_end) noexcept {
    const char* at = number.end + 1;
    const bool negative = at != text_end && *at == '-';
    if (at != text_end && (*at == '-' || *at == '+'))
        ++at;
    if (at == text_end || !is_digit(*at))
        return;
    constexpr std::int64_t bound = 100'000'000'000'000'000; // beyond what digits in memory balance
    std::int64_t exponent = 0;
    for (; at != text_end && is_digit(*at); ++at) {
        if (exponent < bound)
            exponent = exponent * 10 + static_cast<std::int64_t>(digit_value(*at));
    }
    number.exponent += negative ? -exponent : exponent;
    number.integral = false;
    number.end = at;
}

/// Reads the longest number that `text` begins with.
[[nodiscard]] constexpr scanned_number scan_number(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    scanned_number number;
    if (at != end && (*at == '-' || *at == '+')) {
        number.negative = *at == '-';
        ++at;
    }
    number.first = at;
    std::uint64_t digits = 0;
    at = scan_digits(at, end, digits);
    number.count = at - number.first;
    number.integral = true;
    if (at != end && *at == '.') {
        const char* const fraction = ++at;
        at = scan_digits(at, end, digits);
        number.exponent = fraction - at;
        number.count -= number.exponent;
        number.integral = false;
    }
    number.digits = digits;
    number.end = at;
    if (at != end && (*at | 0x20) == 'e' && number.count != 0)
        scan_exponent(number, end);
    return number;
}

/// Rounds a number of more than 19 digits. The first 19 significant ones leave two doubles at most;
/// where they leave two, all digits decide.
[[nodiscard]] constexpr double round_long_number(const scanned_number& number) noexcept {
    const char* at = number.first;
    std::int64_t count = number.count; // of the significant digits
    for (; count > 0 && (*at == '0' || *at == '.'); ++at)
        count -= *at == '0' ? 1 : 0;
    if (count <= digits_kept) // it was only zeros in front, and nothing has overflowed
        return nearest_double(number.digits, number.exponent);

    // No point halfway between two doubles has more than 767 significant digits. So of the digits
    // behind the 768th it only matters whether all are zero; a single 1 stands for them.
    constexpr std::int64_t digits_max = 768;
    const char* digit = at;
    std::uint64_t leading = 0;
    for (int kept = 0; kept < digits_kept; ++digit) {
        if (*digit == '.')
            continue;
        leading = leading * 10 + digit_value(*digit);
        ++kept;
    }
    const std::int64_t exponent = number.exponent + count - digits_kept;
    const double below = nearest_double(leading, exponent);
    if (below == nearest_double(leading + 1, exponent))
        return below;

    big_integer decimal(leading);
    std::int64_t used = digits_kept;
    std::uint32_t chunk = 0;
    std::uint32_t scale = 1;
    for (; used < count && used < digits_max; ++digit) {
        if (*digit == '.')
            continue;
        chunk = chunk * 10 + static_cast<std::uint32_t>(digit_value(*digit));
        scale *= 10;
        ++used;
        if (scale == 1'000'000'000) {
            decimal.multiply_add(scale, chunk);
            chunk = 0;
            scale = 1;
        }
    }
    decimal.multiply_add(scale, chunk);
    bool rest = false;
    for (std::int64_t left = count - used; left > 0 && !rest; ++digit) {
        rest = *digit != '0' && *digit != '.';
        left -= *digit == '.' ? 0 : 1;
    }
    if (rest) {
        decimal.multiply_add(10, 1);
        ++used;
    }
    return choose_neighbour(below, decimal, exponent - (used - digits_kept));
}

/// The nearest double, with its sign.
[[nodiscard]] constexpr double round_number(const scanned_number& number) noexcept {
    double value = 0;
    if (number.count > digits_kept) [[unlikely]]
        value = round_long_number(number);
    else if (rounds_once(number.digits, number.exponent)) [[likely]]
        value = round_once(number.digits, number.exponent);
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
/// Cost     O(text.size()): up to 15 digits a product or quotient of doubles, up to 19 some
///          128-bit products; only more digits next to a halfway point take a big integer.
/// Threads  pure.
[[nodiscard]] constexpr result<number_prefix> parse_number_prefix(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.count == 0)
        return errc::bad_number;
    const double value = detail::round_number(number);
    if (detail::is_infinite(value))
        return errc::number_out_of_range;
    return number_prefix{
        value, static_cast<std::size_t>(number.end - text.data()), number.integral};
}

/// Reads a text that is a number and nothing else, as `parse_number_prefix` does.
/// Errors   bad_number if any byte is left over or none is there; number_out_of_range.
[[nodiscard]] constexpr result<double> parse_number(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.count == 0 || number.end != text.data() + text.size())
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

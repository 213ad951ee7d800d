// Text to numbers: correctly rounded, at compile time too, without locale, allocation or exception.
#pragma once

#include <quipu/core/ascii.hpp>
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

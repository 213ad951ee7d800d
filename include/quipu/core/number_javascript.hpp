// Text to numbers as JavaScript's Number() reads them, for the dialect of a server written in it.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>

#include <cstdint>
#include <string_view>

namespace quipu {

namespace detail {

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
/// exponent ("5.", ".5", "+1e3"), or a whole number in base 16, 8 or 2 without sign ("0x1F",
/// "0o17", "0b11"); blanks (space, tab, newline, vertical tab, form feed, return) around either;
/// blanks alone are 0.
///
/// Returns  the nearest double, the even one of two.
/// Errors   bad_number for what JavaScript makes NaN of ("1_000", "1n", "0x", "-0x10"), for blanks
///          outside ASCII, and for the empty text, which it makes 0 of; number_out_of_range for
///          what it makes infinite ("Infinity", "1e400"). The latter two are refused on purpose: a
///          value that was left out is no zero, and an infinity spoils a mean for ever.
/// Cost     O(text.size()).
/// Threads  pure.
/// Source   ECMA-262, StringToNumber.
[[nodiscard]] constexpr result<double> parse_javascript_number(std::string_view text) noexcept {
    if (text.empty())
        return errc::bad_number;
    text = detail::trim(text);
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

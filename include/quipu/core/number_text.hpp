// Numbers to text: integers, and doubles in the layouts that peers print.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/decimal.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

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

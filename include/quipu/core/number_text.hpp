// Numbers to text: doubles in the layouts that peers print.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/core/fixed_text.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/power_of_ten.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quipu {

/// How a double looks as text.
///
/// Requires  static std::size_t bytes_max; static char* write(char* out, double finite) noexcept,
///           which returns the end of the text; `out` has room for bytes_max bytes, of which any
///           may be written. Neither NaN nor infinity is ever passed.
/// Provided  layout::shortest (default), javascript, python, python2, fixed<Decimals>.
/// Laws      parse_number reads the text; from shortest, javascript and python, the same value
///           (but for JavaScript's -0).
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
    bool negative_zero;      // "-0"
    int digits_max;          // more are rounded away
};

/// Room for the longest text, "-0.0000012345678901234567", and for what digits in blocks of eight
/// are written beyond it.
inline constexpr std::size_t decimal_bytes_max = 32;

template <decimal_rules Rules>
constexpr char* write_exponent(char* out, int exponent) noexcept {
    *out++ = 'e';
    if (exponent < 0)
        *out++ = '-';
    else if (Rules.exponent_plus)
        *out++ = '+';
    const auto magnitude = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
    const int count = digit_count(magnitude);
    const int least = Rules.exponent_digits_min;
    return write_up_to_eight(out, magnitude, count < least ? least : count);
}

/// Writes `count` digits with a point behind the first `point` of them.
constexpr char* write_with_point(char* out, std::uint64_t digits, int count, int point) noexcept {
    char* const end = write_digits(out + 1, digits, count);
    for (int i = 0; i < point; ++i) // cheaper than to divide by a power of ten
        out[i] = out[i + 1];
    out[point] = '.';
    return end;
}

/// Writes the magnitude of a decimal.
template <decimal_rules Rules>
constexpr char* write_decimal(char* out, const decimal& number) noexcept {
    const int count = digit_count(number.digits);
    const int point = number.exponent + count;
    if (point < Rules.point_min || point > Rules.point_max) {
        char* const end = write_with_point(out, number.digits, count, 1);
        return write_exponent<Rules>(count == 1 ? out + 1 : end, point - 1);
    }
    if (point <= 0) {
        write_little_endian(out, eight_zeros); // as many as there can be: point_min is above -6
        out[1] = '.';
        return write_digits(out + 2 - point, number.digits, count);
    }
    if (point < count)
        return write_with_point(out, number.digits, count, point);
    out = write_digits(out, number.digits, count);
    for (int zeros = point - count; zeros > 0; --zeros)
        *out++ = '0';
    if (Rules.point_zero) {
        *out++ = '.';
        *out++ = '0';
    }
    return out;
}

/// Writes whole.fraction, the fraction in millionths, without zeros at its end.
template <decimal_rules Rules>
constexpr char* write_millionths(char* out, std::uint64_t millionths) noexcept {
    const std::uint64_t whole = millionths / 1'000'000;
    out = write_digits(out, whole, digit_count(whole));
    const std::uint64_t digits = to_eight_digits(millionths % 1'000'000 * 100);
    const int zeros = std::countl_zero(digits) / 8; // at the end: the last digit is in the top byte
    if (zeros == 8 && !Rules.point_zero)
        return out;
    *out++ = '.';
    write_little_endian(out, digits | eight_zeros);
    return out + (zeros == 8 ? 1 : 8 - zeros);
}

/// Writes the shortest decimal, or one of at most digits_max digits.
template <decimal_rules Rules>
constexpr char* write_by_rules(char* out, double finite) noexcept {
    // In this range the millionths have no more digits than are allowed, and no exponent.
    constexpr double bound = Rules.digits_max < 17 ? 1e6 : 1e9;
    constexpr std::int64_t least = Rules.point_min > -5 ? 100 : 1;
    static_assert(Rules.digits_max >= 12 && -5 <= Rules.point_min && Rules.point_min <= -3);

    QUIPU_ASSERT(is_finite(finite));
    const bool negative = is_negative(finite);
    if (negative && (Rules.negative_zero || finite != 0))
        *out++ = '-';
    const double magnitude = negative ? -finite : finite;
    if (magnitude < bound) {
        const std::int64_t millionths = exact_millionths(magnitude);
        if (millionths >= least || millionths == 0)
            return write_millionths<Rules>(out, static_cast<std::uint64_t>(millionths));
    }
    return write_decimal<Rules>(out,
                                Rules.digits_max < 17 ? rounded_decimal(magnitude, Rules.digits_max)
                                                      : shortest_decimal(magnitude));
}

/// The layout that rules make.
template <decimal_rules Rules>
struct layout_by_rules {
    static constexpr std::size_t bytes_max = decimal_bytes_max;
    static constexpr char* write(char* out, double finite) noexcept {
        return write_by_rules<Rules>(out, finite);
    }
};

} // namespace detail

namespace layout {

/// Native: the fewest digits that read back equal; an exponent below 1e-6 and from 1e21 up
/// ("1e-7", "1e21"); "-0" for -0.
struct shortest : detail::layout_by_rules<detail::decimal_rules{.point_min = -5,
                                                                .point_max = 21,
                                                                .exponent_digits_min = 1,
                                                                .exponent_plus = false,
                                                                .point_zero = false,
                                                                .negative_zero = true,
                                                                .digits_max = 17}> {};
static_assert(number_layout<shortest>);

/// JavaScript's Number.prototype.toString: as `shortest`, but "1e+21", and "0" for -0.
/// Source  ECMA-262, Number::toString.
struct javascript : detail::layout_by_rules<detail::decimal_rules{.point_min = -5,
                                                                  .point_max = 21,
                                                                  .exponent_digits_min = 1,
                                                                  .exponent_plus = true,
                                                                  .point_zero = false,
                                                                  .negative_zero = false,
                                                                  .digits_max = 17}> {};
static_assert(number_layout<javascript>);

/// Python 3's repr of a float: the same digits, an exponent below 1e-4 and from 1e16 up, of two
/// digits at least ("1e-05"), and ".0" after a whole number.
/// Source  CPython, Python/pystrtod.c.
struct python : detail::layout_by_rules<detail::decimal_rules{.point_min = -3,
                                                              .point_max = 16,
                                                              .exponent_digits_min = 2,
                                                              .exponent_plus = true,
                                                              .point_zero = true,
                                                              .negative_zero = true,
                                                              .digits_max = 17}> {};
static_assert(number_layout<python>);

/// Python 2's str of a float: 12 significant digits; an exponent from 1e11 up, where "%.12g" waits
/// until 1e12, as room is kept for the ".0"; otherwise as `python`. It does not read back equal.
/// Source  CPython 2.7, Python/pystrtod.c.
struct python2 : detail::layout_by_rules<detail::decimal_rules{.point_min = -3,
                                                               .point_max = 11,
                                                               .exponent_digits_min = 2,
                                                               .exponent_plus = true,
                                                               .point_zero = true,
                                                               .negative_zero = true,
                                                               .digits_max = 12}> {};
static_assert(number_layout<python2>);

static_assert(number_layout<fixed<6>>);

} // namespace layout

} // namespace quipu

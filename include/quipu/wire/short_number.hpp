// Numbers of a few characters, as most values are, read without a branch.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace quipu::detail {

/// A number of at most eight characters, digits and perhaps one point.
struct short_number {
    double value = 0;
    bool integral = false;
    bool valid = false;
};

/// What to divide by, found by the place of the point's top bit divided by four: it is the seventh
/// of its byte. Without a point the place is 0.
inline constexpr double point_units[] = {
    1, 1e7, 1, 1e6, 1, 1e5, 1, 1e4, 1, 1e3, 1, 1e2, 1, 1e1, 1, 1};

/// Reads a number of `size` characters, 1 to 8, from a text of which eight bytes are readable;
/// without a branch, since no processor can foretell how long a number is and where its point.
[[nodiscard]] constexpr short_number read_short_number(const char* text,
                                                       std::size_t size) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    constexpr std::uint64_t tops = 0x8080'8080'8080'8080;
    constexpr std::uint64_t pairs = 0x0000'00ff'0000'00ff;
    // Digits as their values, the last character in the highest byte, zeros before the first.
    const auto shift = static_cast<unsigned>(0 - 8 * size) & 63U; // of more than eight: nonsense
    std::uint64_t digits = (read_little_endian<std::uint64_t>(text) ^ '0' * ones) << shift;
    // The top bit of the first byte that is a point: below it no byte is zero, so nothing borrows.
    const std::uint64_t no_point = digits ^ std::uint64_t{'.' ^ '0'} * ones;
    const std::uint64_t point = (no_point - ones) & ~no_point & tops;
    const bool integral = point == 0;
    // Takes the point out: the bytes before it move up by one.
    const std::uint64_t upto = (point ^ (point - 1)) & (std::uint64_t{integral} - 1);
    digits = (digits & ~upto) | (digits & upto >> 8U) << 8U;
    const bool valid = ((((digits + 0x76 * ones) | digits) & tops) == 0) & (integral | (size > 1));
    // Twos, fours, eight: each step joins neighbours.
    digits = digits * 10 + (digits >> 8U);
    digits = ((digits & pairs) * 0x000f'4240'0000'0064 +
              (digits >> 16U & pairs) * 0x0000'2710'0000'0001) >>
             32U;
    const auto unit = static_cast<unsigned>(std::bit_width(point | 1) - 1) / 4;
    // Both are exact, so the quotient is correctly rounded.
    return {static_cast<double>(static_cast<std::int64_t>(digits & 0xffff'ffff)) /
                point_units[unit],
            integral,
            valid};
}

} // namespace quipu::detail

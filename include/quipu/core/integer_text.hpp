// Integers to text: eight digits at a time, without tables.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/power_of_ten.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace quipu {

namespace detail {

/// The number of decimal digits, 1 for 0.
[[nodiscard]] constexpr int digit_count(std::uint64_t value) noexcept {
    value |= 1; // changes no count but that of 0: the last number before each power of ten is odd
    const int estimate = ((64 - std::countl_zero(value)) * 1233) >> 12; // bits * log10(2)
    return estimate + (value >= integer_powers_of_ten[estimate] ? 1 : 0);
}

/// The eight digits of a number below 10^8, zeros in front, the first in the lowest byte; as
/// values, not yet as characters. The eight become fours, the fours pairs, the pairs digits; a
/// lane's quotient goes below, its remainder above.
[[nodiscard]] constexpr std::uint64_t to_eight_digits(std::uint64_t value) noexcept {
    const std::uint64_t thousands = value / 10'000;
    std::uint64_t lanes = thousands | (value - thousands * 10'000) << 32;
    // x * 5243 >> 19 is x / 100 below 10,000; x * 103 >> 10 is x / 10 below 100.
    const std::uint64_t hundreds = (lanes * 5243 >> 19) & 0x0000'007f'0000'007f;
    lanes = hundreds | (lanes - hundreds * 100) << 16;
    const std::uint64_t tens = (lanes * 103 >> 10) & 0x000f'000f'000f'000f;
    return tens | (lanes - tens * 10) << 8;
}

inline constexpr std::uint64_t eight_zeros =
    0x3030'3030'3030'3030; // the character '0' in each byte

/// Writes `count` digits of a number below 10^count, zeros in front; 1 <= count <= 8.
/// Input    `out` with room for 8 bytes, whatever the count: all are written.
/// Returns  the end of the digits.
constexpr char* write_up_to_eight(char* out, std::uint64_t value, int count) noexcept {
    QUIPU_ASSERT(1 <= count && count <= 8);
    const std::uint64_t digits = to_eight_digits(value) | eight_zeros;
    write_little_endian(out, digits >> (64 - 8 * count));
    return out + count;
}

/// Writes `count` digits of a number below 10^count, zeros in front; 1 <= count <= 20.
/// Input    `out` with room for `count` bytes and at least 8.
/// Returns  the end of the digits.
constexpr char* write_digits(char* out, std::uint64_t value, int count) noexcept {
    constexpr std::uint64_t eight = 100'000'000;
    if (count > 16) {
        out = write_up_to_eight(out, value / (eight * eight), count - 16);
        value %= eight * eight;
        count = 16;
    }
    if (count > 8) {
        out = write_up_to_eight(out, value / eight, count - 8);
        value %= eight;
        count = 8;
    }
    return write_up_to_eight(out, value, count);
}

} // namespace detail

/// What the longest integer takes: a sign and 19 digits, or 20 digits.
inline constexpr std::size_t integer_bytes_max = 20;

/// Writes an integer in decimal.
///
/// Input    `out` with room for integer_bytes_max bytes, of which any may be written.
/// Returns  the end of the text.
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

} // namespace quipu

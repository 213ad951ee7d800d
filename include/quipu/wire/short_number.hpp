// Numbers of a few characters, as most values are, read without a branch.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

/// Reads a number of `size` characters from a text of which eight bytes are readable;
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
    const bool valid = ((((digits + 0x76 * ones) | digits) & tops) == 0) & (size - 1 < 8) &
                       (integral | (size > 1));
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

#if defined(__SSE2__)
/// What to divide by, found by the place of the point; 8 if there is none.
inline constexpr double place_units[] = {1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1};

/// The same with vectors: fewer steps, one after another, from the text to the value, so that the
/// next lines need not wait.
[[nodiscard, gnu::always_inline]] inline short_number
read_short_number_sse2(const char* text, std::size_t size) noexcept {
    const auto bits = [](__m128i lanes) {
        return static_cast<std::uint32_t>(_mm_movemask_epi8(lanes));
    };
    // Digits as their values, the last character in the highest of eight bytes, zeros before the
    // first.
    const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(64 - 8 * size)); // of more: no digits
    const __m128i digits = _mm_sll_epi64(
        _mm_sub_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(text)), _mm_set1_epi8('0')),
        shift);
    const __m128i points = _mm_cmpeq_epi8(digits, _mm_set1_epi8('.' - '0'));
    const std::uint32_t point = bits(points);
    const std::uint32_t numeric =
        bits(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)) | point;
    const bool integral = point == 0;
    const bool valid = ((numeric & 0xff) == 0xff) & ((point & (point - 1)) == 0) & (size - 1 < 8) &
                       (integral | (size > 1));
    // What is behind the point moves up by one byte, into its place; so all counts ten times.
    const __m128i from_point = _mm_sub_epi64(_mm_setzero_si128(), points); // its own byte is 1
    const __m128i behind = _mm_andnot_si128(points, from_point);
    const __m128i moved = _mm_srli_epi64(_mm_and_si128(digits, behind), 8);
    const __m128i joined =
        _mm_or_si128(_mm_andnot_si128(_mm_or_si128(behind, points), digits), moved);
    // Twos, fours, eight.
    const __m128i tens =
        _mm_mullo_epi16(_mm_and_si128(joined, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
    const __m128i twos = _mm_add_epi16(tens, _mm_srli_epi16(joined, 8));
    const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eight =
        _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10'000));
    // Both are exact, so the quotient is correctly rounded.
    const double value = _mm_cvtsd_f64(_mm_cvtepi32_pd(eight));
    return {value / place_units[std::countr_zero(point | 0x100)], integral, valid};
}
#endif

} // namespace quipu::detail

// Numbers of a few characters, as most values are, read without a branch.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

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
/// How numbers of one size with their point at one place are read.
struct alignas(64) number_shape {
    /// What each character counts: a power of ten; nothing for the point and what is behind.
    float weights[8] = {};
    double unit = 1; ///< what to divide by, for the point
    bool integral = false;
    bool valid = false;
};

/// All shapes: by the size, and by the place of the point, which is the size if there is none.
class number_shapes {
public:
    constexpr number_shapes() noexcept {
        for (std::size_t size = 1; size <= 8; ++size) {
            // Seven digits at most: a float holds what each counts, and the sums.
            for (std::size_t point = 0; point < size; ++point)
                enter(size, point, size > 1);
            if (size <= 7)
                enter(size, size, true);
        }
    }

    /// `point` is at most `size`. Of a size above 8 it is the shape of another one.
    [[nodiscard]] constexpr const number_shape& of(std::size_t size,
                                                   std::size_t point) const noexcept {
        return shapes_[(size * 8 + point) % std::size(shapes_)];
    }

private:
    constexpr void enter(std::size_t size, std::size_t point, bool valid) noexcept {
        number_shape& shape = shapes_[size * 8 + point];
        shape.valid = valid;
        shape.integral = point == size;
        float weight = 1;
        for (std::size_t i = size; i-- > 0;) {
            if (i == point) {
                shape.unit = static_cast<double>(weight);
            } else {
                shape.weights[i] = weight;
                weight *= 10;
            }
        }
    }

    number_shape shapes_[128] = {}; // a power of two; what is not entered is not valid
};

inline constexpr number_shapes number_shapes_table{};

/// The same with vectors, which leave the integer units to the rest of a line; of at most seven
/// digits. `size` is below 64.
[[nodiscard]] inline short_number read_short_number_sse2(const char* text,
                                                         std::size_t size) noexcept {
    const __m128i zero = _mm_setzero_si128();
    const __m128i digits =
        _mm_sub_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(text)), _mm_set1_epi8('0'));
    const auto bits = [](__m128i lanes) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(lanes)));
    };
    const std::uint64_t is_digit =
        bits(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
    const std::uint64_t points = bits(_mm_cmpeq_epi8(digits, _mm_set1_epi8('.' - '0')));
    const std::uint64_t first_point = points & (0 - points);
    const std::uint64_t end = std::uint64_t{1} << size;
    const auto point = static_cast<std::uint32_t>(std::countr_zero(first_point | end));
    const bool clean = ((end - 1) & ~(is_digit | first_point)) == 0;
    const number_shape& shape = number_shapes_table.of(size, point);
    // A sum of products, whose order does not matter: all are exact. What is behind the number
    // counts nothing.
    const __m128i pairs = _mm_unpacklo_epi8(digits, zero);
    const __m128 four = _mm_add_ps(
        _mm_mul_ps(_mm_cvtepi32_ps(_mm_unpacklo_epi16(pairs, zero)), _mm_load_ps(shape.weights)),
        _mm_mul_ps(_mm_cvtepi32_ps(_mm_unpackhi_epi16(pairs, zero)),
                   _mm_load_ps(shape.weights + 4)));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    const float one = _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
    return {static_cast<double>(one) / shape.unit, shape.integral, clean && shape.valid};
}
#endif

} // namespace quipu::detail

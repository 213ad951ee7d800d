// Sixty-four characters at once: where in them the marks of a line stand.
#pragma once

#include <quipu/core/little_endian.hpp>
#include <quipu/wire/short_number.hpp>

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// How many characters a block has.
inline constexpr unsigned block_bytes = 64;

/// The marks in a block: bit i is about character i.
struct block_marks {
    std::uint64_t separators = 0; ///< ':' and '|'
    /// What is not printable ASCII: the first is the newline, or a reason to look closer.
    std::uint64_t breaks = 0;

    friend constexpr bool operator==(const block_marks&, const block_marks&) = default;
};

// How a block is looked at. Each of these has `static block_marks marks(const char* text)
// noexcept`, which reads 64 characters, and all give the same marks for the same characters.

/// One character at a time.
struct plain_scan {
    [[nodiscard]] static constexpr block_marks marks(const char* text) noexcept {
        block_marks found;
        for (unsigned i = 0; i < block_bytes; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << i;
            if (text[i] == ':' || text[i] == '|')
                found.separators |= bit;
            if (text[i] < ' ' || text[i] > '~')
                found.breaks |= bit;
        }
        return found;
    }

    [[nodiscard]] static constexpr std::uint64_t bars(const char* text) noexcept {
        std::uint64_t found = 0;
        for (unsigned i = 0; i < block_bytes; ++i)
            found |= std::uint64_t{text[i] == '|'} << i;
        return found;
    }

    [[nodiscard]] static constexpr short_number number(const char* text,
                                                       std::size_t size) noexcept {
        return read_short_number(text, size);
    }
};

/// Eight characters at a time, in a 64-bit register.
struct swar_scan {
    [[nodiscard]] static constexpr block_marks marks(const char* text) noexcept {
        block_marks found;
        for (unsigned i = 0; i < block_bytes; i += 8) {
            const auto eight = read_little_endian<std::uint64_t>(text + i);
            found.separators |= gather(equal(eight, ':') | equal(eight, '|')) << i;
            found.breaks |= gather(below_space(eight) | equal(eight, '\x7f') | eight) << i;
        }
        return found;
    }

    [[nodiscard]] static constexpr std::uint64_t bars(const char* text) noexcept {
        std::uint64_t found = 0;
        for (unsigned i = 0; i < block_bytes; i += 8)
            found |= gather(equal(read_little_endian<std::uint64_t>(text + i), '|')) << i;
        return found;
    }

    [[nodiscard]] static constexpr short_number number(const char* text,
                                                       std::size_t size) noexcept {
        return read_short_number(text, size);
    }

private:
    static constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    static constexpr std::uint64_t tops = 0x8080'8080'8080'8080;

    /// The top bit of each byte that is `c`. Exact: nothing is carried from byte to byte.
    [[nodiscard]] static constexpr std::uint64_t equal(std::uint64_t eight, char c) noexcept {
        const std::uint64_t zero = eight ^ static_cast<unsigned char>(c) * ones;
        return ~(((zero & ~tops) + ~tops) | zero) & tops;
    }

    [[nodiscard]] static constexpr std::uint64_t below_space(std::uint64_t eight) noexcept {
        return ~((eight & ~tops) + (0x80 - ' ') * ones) & ~eight & tops;
    }

    /// The eight top bits as the lowest byte.
    [[nodiscard]] static constexpr std::uint64_t gather(std::uint64_t top_bits) noexcept {
        return ((top_bits & tops) >> 7U) * 0x0102'0408'1020'4080 >> 56U;
    }
};

#if defined(__SSE2__)
/// Sixteen characters at a time. SSE2 is part of every x86-64.
struct sse2_scan {
    [[nodiscard]] static block_marks marks(const char* text) noexcept {
        const quarter first = look(text);
        const quarter second = look(text + 16);
        const quarter third = look(text + 32);
        const quarter fourth = look(text + 48);
        return {join(first.separators, second.separators, third.separators, fourth.separators),
                ~join(first.printable, second.printable, third.printable, fourth.printable)};
    }

    [[nodiscard]] static std::uint64_t bars(const char* text) noexcept {
        const auto look = [](const char* sixteen) {
            return bits(equal(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen)), '|'));
        };
        return join(look(text), look(text + 16), look(text + 32), look(text + 48));
    }

    [[nodiscard, gnu::always_inline]] static short_number number(const char* text,
                                                                 std::size_t size) noexcept {
        return read_short_number_sse2(text, size);
    }

private:
    struct quarter {
        std::uint32_t separators;
        std::uint32_t printable;
    };

    [[nodiscard]] static quarter look(const char* text) noexcept {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
        // One more than each: what is above '~' becomes negative, or 0, and so below '!' as the
        // control characters are.
        const __m128i more = _mm_add_epi8(sixteen, _mm_set1_epi8(1));
        return {bits(_mm_or_si128(equal(sixteen, ':'), equal(sixteen, '|'))),
                bits(_mm_cmpgt_epi8(more, _mm_set1_epi8(' ')))};
    }

    [[nodiscard]] static __m128i equal(__m128i sixteen, char c) noexcept {
        return _mm_cmpeq_epi8(sixteen, _mm_set1_epi8(c));
    }

    [[nodiscard]] static std::uint32_t bits(__m128i lanes) noexcept {
        return static_cast<std::uint32_t>(_mm_movemask_epi8(lanes));
    }

    [[nodiscard]] static std::uint64_t
    join(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
        return (a | b << 16U) | std::uint64_t{c | d << 16U} << 32U;
    }
};
using default_scan = sse2_scan;
#else
using default_scan = swar_scan;
#endif

} // namespace quipu::detail

// Where the marks of a piece of text stand, found before its lines are read.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/wire/block.hpp>

#include <bit>
#include <cstdint>

namespace quipu::detail {

/// The place of the lowest bit of a number that is not 0.
[[nodiscard]] constexpr std::uint32_t lowest_bit(std::uint64_t bits) noexcept {
    QUIPU_ASSERT(bits != 0);
#if defined(__GNUC__)
    if (bits == 0)
        __builtin_unreachable(); // spares the answer for 0, which costs two instructions
#endif
    return static_cast<std::uint32_t>(std::countr_zero(bits));
}

/// Where the marks of a piece of text stand, as two arrays of bits. A piece is looked at as a whole
/// before its lines are read: so each character is looked at once, and where a line ends is known by
/// a load, a shift and a count, which is what the next line waits for.
template <class Scan>
class mark_index {
public:
    /// How many characters a piece has at most: the index stays in the first cache.
    static constexpr std::uint32_t piece_bytes = 2048;

    /// Looks at the piece of `size` characters at `text`, up to 63 beyond are read. A break is put
    /// behind the last.
    void scan(const char* text, std::uint32_t size) noexcept {
        std::uint32_t at = 0;
        for (; at < size; at += block_bytes) {
            const block_marks found = Scan::marks(text + at);
            write_little_endian(breaks_ + at / 8, found.breaks);
            write_little_endian(marks_ + at / 8, found.separators | found.breaks);
        }
        write_little_endian(breaks_ + at / 8, std::uint64_t{0});
        write_little_endian(marks_ + at / 8, std::uint64_t{0});
        const auto end = static_cast<char>(1U << size % 8);
        breaks_[size / 8] = static_cast<char>(breaks_[size / 8] | end);
        marks_[size / 8] = static_cast<char>(marks_[size / 8] | end);
    }

    /// The breaks from a place on: bit 0 is about the character there, and 57 bits are sure.
    [[nodiscard]] std::uint64_t breaks(std::uint32_t from) const noexcept {
        return bits(breaks_, from);
    }
    /// The separators and breaks likewise.
    [[nodiscard]] std::uint64_t marks(std::uint32_t from) const noexcept {
        return bits(marks_, from);
    }

    /// The place of the first break from a place on, and of the first mark. There must be one.
    [[nodiscard]] std::uint32_t next_break(std::uint32_t from) const noexcept {
        return next(breaks_, from);
    }
    [[nodiscard]] std::uint32_t next_mark(std::uint32_t from) const noexcept {
        return next(marks_, from);
    }

private:
    using bit_array = char[piece_bytes / 8 + 16]; // bits beyond are read

    [[nodiscard]] static std::uint64_t bits(const bit_array& array, std::uint32_t from) noexcept {
        return read_little_endian<std::uint64_t>(array + from / 8) >> from % 8;
    }

    [[nodiscard]] static std::uint32_t next(const bit_array& array, std::uint32_t from) noexcept {
        std::uint64_t found = bits(array, from);
        for (; found == 0; found = bits(array, from))
            from += block_bytes - 7;
        return from + lowest_bit(found);
    }

    bit_array breaks_;
    bit_array marks_;
};

} // namespace quipu::detail

// A text of bounded size, built piece by piece.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/number_text.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// A text of at most `BytesMax` bytes that is built piece by piece, without allocation.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax>
class basic_line_buffer {
public:
    // NOLINTNEXTLINE(modernize-use-equals-default) because that would let {} clear all the bytes
    constexpr basic_line_buffer() noexcept {} // they are written before they are read

    /// Appends all of `piece`, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::string_view piece) noexcept {
        if (piece.size() > BytesMax - size_)
            return false;
        std::char_traits<char>::copy(bytes_ + size_, piece.data(), piece.size());
        size_ += piece.size();
        return true;
    }

    /// Appends a number in the shortest form that reads back equal, or nothing and returns false.
    [[nodiscard]] constexpr bool append(double number) noexcept {
        char text[layout::shortest::bytes_max] = {};
        const char* const end = layout::shortest::write(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Appends an integer, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::same_as<std::int64_t> auto number) noexcept {
        char text[integer_bytes_max] = {};
        const char* const end = write_integer(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Cuts the text to `size` bytes, which is no more than there are.
    constexpr void resize(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        size_ = size;
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }

private:
    std::size_t size_ = 0;
    char bytes_[BytesMax];
};

/// Has room for any line that every server of ours accepts.
using line_buffer = basic_line_buffer<8192>;

} // namespace quipu

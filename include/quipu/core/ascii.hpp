// Kinds of characters as the wire knows them: ASCII, whatever the locale says.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu::detail {

/// A space, or one of tab, newline, vertical tab, form feed and return.
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || ('\t' <= c && c <= '\r');
}

[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return '0' <= c && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
}

/// Cuts off the blanks at both ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Whether one of eight characters is a control character or one of `Marks`, which are ASCII.
template <char... Marks>
[[nodiscard]] constexpr bool has_control_or(std::uint64_t eight) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    // A byte's top bit: it is below `bound`. What it borrows from the next byte matters no more.
    const auto below = [](std::uint64_t bytes, std::uint64_t bound) {
        return (bytes - bound * ones) & ~bytes;
    };
    const auto equal = [&](char c) {
        return below(eight ^ static_cast<std::uint64_t>(c) * ones, 1);
    };
    const std::uint64_t found = (below(eight, 0x20) | ... | equal(Marks)) | equal('\x7f');
    return (found & 0x80 * ones) != 0;
}

/// Whether a text has a control character in it or one of `Marks`, which are ASCII.
template <char... Marks>
[[nodiscard]] constexpr bool has_control_or(std::string_view text) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) {
        for (const char c : text) {
            if ((is_control(c) || ... || (c == Marks)))
                return true;
        }
        return false;
    }
    const char* at = text.data();
    const char* const last = at + text.size() - step; // the last eight, some of them once more
    for (; at < last; at += step) {
        if (has_control_or<Marks...>(read_little_endian<std::uint64_t>(at)))
            return true;
    }
    return has_control_or<Marks...>(read_little_endian<std::uint64_t>(last));
}

} // namespace quipu::detail

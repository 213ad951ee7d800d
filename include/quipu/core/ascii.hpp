// Kinds of characters as the wire knows them: ASCII, whatever the locale says.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

[[nodiscard]] constexpr bool is_upper(char c) noexcept {
    return 'A' <= c && c <= 'Z';
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i]))
            return false;
    }
    return true;
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

/// Whether one of the characters of a text is such: `of_one(c)` tells it of one character,
/// `of_eight` of eight.
template <class OfOne, class OfEight>
[[nodiscard]] constexpr bool has(std::string_view text, OfOne of_one, OfEight of_eight) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) {
        for (const char c : text) {
            if (of_one(c))
                return true;
        }
        return false;
    }
    const char* at = text.data();
    const char* const last = at + text.size() - step; // the last eight, some of them once more
    for (; at < last; at += step) {
        if (of_eight(read_little_endian<std::uint64_t>(at)))
            return true;
    }
    return of_eight(read_little_endian<std::uint64_t>(last));
}

/// Whether a text has a control character in it or one of `Marks`, which are ASCII.
template <char... Marks>
[[nodiscard]] constexpr bool has_control_or(std::string_view text) noexcept {
    return has(
        text,
        [](char c) { return (is_control(c) || ... || (c == Marks)); },
        [](std::uint64_t eight) { return has_control_or<Marks...>(eight); });
}

/// Whether a text is printable ASCII without any of `Marks`.
template <char... Marks>
[[nodiscard]] constexpr bool is_printable_without(std::string_view text) noexcept {
    constexpr std::uint64_t tops = 0x8080'8080'8080'8080;
    return !has(
        text,
        [](char c) { return c < ' ' || ((c == '\x7f') || ... || (c == Marks)); },
        [](std::uint64_t eight) { return (eight & tops) != 0 || has_control_or<Marks...>(eight); });
}

/// Whether a text has a character in it; without a call or a branch for texts as long as names are.
[[nodiscard]] constexpr bool contains(std::string_view text, char c) noexcept {
#if defined(__SSE2__)
    if (!std::is_constant_evaluated() && text.size() - 16 <= 48 - 16) {
        const auto matches = [wanted = _mm_set1_epi8(c)](const char* sixteen) {
            const auto* const at = reinterpret_cast<const __m128i*>(sixteen);
            return _mm_cmpeq_epi8(_mm_loadu_si128(at), wanted);
        };
        const char* const last = text.data() + text.size() - 16;
        const __m128i ends = _mm_or_si128(matches(text.data()), matches(last));
        const __m128i middle = matches(text.data() + (text.size() - 16) / 2);
        return _mm_movemask_epi8(_mm_or_si128(ends, middle)) != 0;
    }
#endif
    return text.find(c) != text.npos;
}

} // namespace quipu::detail

// UTF-8, as far as text from the wire has to be checked.
#pragma once

#include <cstddef>
#include <string_view>

namespace quipu {

/// The size of the character that `text` begins with, 1 to 4 bytes; 0 if it does not begin with a
/// well-formed one: cut off, overlong, a surrogate, or beyond U+10FFFF.
/// Cost     O(1).
/// Source   Unicode 15, table 3-7.
[[nodiscard]] constexpr std::size_t utf8_size(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
    const unsigned first = byte(0);
    if (text.empty())
        return 0;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4 || !continues(1))
        return 0;
    if (first < 0xe0)
        return 2;
    // Where the second byte has less than its whole range.
    const unsigned second = byte(1);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second > 0x9f;
    const bool beyond = first == 0xf4 && second > 0x8f;
    if (overlong || surrogate || beyond || !continues(2))
        return 0;
    if (first < 0xf0)
        return 3;
    return continues(3) ? 4 : 0;
}

} // namespace quipu

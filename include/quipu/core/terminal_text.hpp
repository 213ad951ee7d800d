// Text for a terminal: so many cells wide, and harmless.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/core/whole_number.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

namespace detail {

/// The number of a character that utf8_size has found sound.
[[nodiscard]] constexpr std::uint32_t code_point(std::string_view character) noexcept {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1)
        return first;
    std::uint32_t code = first & (0x7fU >> character.size());
    for (const char c : character.substr(1))
        code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
    return code;
}

/// How many cells a character takes; below zero: it is none that may be shown, since it drives the
/// terminal or turns the text around.
[[nodiscard]] constexpr int cells_of(std::uint32_t code) noexcept {
    const auto in = [code](std::uint32_t first, std::uint32_t last) {
        return code >= first && code <= last;
    };
    if (code < 0x20 || in(0x7f, 0x9f) || in(0x200b, 0x200f) || in(0x2028, 0x202e) ||
        in(0x2060, 0x206f) || code == 0xfeff || in(0xe000, 0xf8ff) || in(0xfff0, 0xfffb) ||
        in(0xe0000, 0xe0fff))
        return -1;
    if (in(0x300, 0x36f) || in(0x483, 0x489) || in(0x591, 0x5bd) || in(0x610, 0x61a) ||
        in(0x64b, 0x65f) || in(0x20d0, 0x20ff) || in(0xfe00, 0xfe0f) || in(0xfe20, 0xfe2f))
        return 0;
    if (in(0x1100, 0x115f) || in(0x2e80, 0x303e) || in(0x3041, 0xa4cf) || in(0xac00, 0xd7a3) ||
        in(0xf900, 0xfaff) || in(0xfe30, 0xfe6f) || in(0xff00, 0xff60) || in(0xffe0, 0xffe6) ||
        in(0x1f300, 0x1f64f) || in(0x1f900, 0x1f9ff) || in(0x20000, 0x3fffd))
        return 2;
    return 1;
}

} // namespace detail

/// How a terminal wants its text.
struct terminal_style {
    bool utf8 = true;    ///< else ASCII alone
    bool colours = true; ///< and bold, and so on
};

/// The text in exactly so many cells: cut with a mark, or filled with blanks at its end, or before it.
/// What may not be shown becomes '?'.
/// Cost     O(text); allocates what is returned.
/// Threads  pure.
/// Source   Unicode 15, East Asian Width, in coarse ranges.
[[nodiscard]] inline std::string cells(std::string_view text,
                                       std::size_t columns,
                                       const terminal_style& style = {},
                                       bool right_aligned = false) {
    std::string made;
    std::size_t width = 0;
    std::size_t cut_at = 0; // where the mark goes if the text is too long
    std::size_t cut_width = 0;
    while (!text.empty()) {
        const auto size = utf8_size(text);
        auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const int takes = size == 0 ? -1 : detail::cells_of(detail::code_point(character));
        if (takes < 0 || (!style.utf8 && character.size() > 1))
            character = "?";
        const auto more = character == "?" ? 1U : static_cast<unsigned>(takes);
        if (width + more > columns) {
            made.resize(cut_at);
            width = cut_width;
            if (columns > 0) {
                made += style.utf8 ? "…" : "~";
                ++width;
            }
            break;
        }
        made += character;
        width += more;
        if (width < columns) {
            cut_at = made.size();
            cut_width = width;
        }
    }
    const std::string blanks(columns - width, ' ');
    return right_aligned ? blanks + made : made + blanks;
}

/// A line plot of the last values in so many cells; NaN: nothing. The highest value is a full cell, the
/// lowest, or 0 if that is lower, an eighth.
/// Cost     O(values); allocates what is returned.
/// Threads  pure.
[[nodiscard]] inline std::string sparkline(const std::vector<double>& values,
                                           std::size_t columns,
                                           const terminal_style& style = {}) {
    constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr std::string_view plain = "_.-:=+*#";
    const std::size_t first = values.size() > columns ? values.size() - columns : 0;
    double low = 0;
    double high = 0;
    for (std::size_t i = first; i < values.size(); ++i) {
        if (!detail::is_finite(values[i]))
            continue;
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
    }
    std::string made(columns - (values.size() - first), ' ');
    for (std::size_t i = first; i < values.size(); ++i) {
        if (!detail::is_finite(values[i])) {
            made += ' ';
            continue;
        }
        // Halves, whose differences are finite whatever the values are.
        const double range = high / 2 - low / 2;
        const double share = range > 0 ? (values[i] / 2 - low / 2) / range : 0;
        const auto level = std::min<std::size_t>(nearest_whole<std::size_t>(share * 7 + 0.5), 7);
        made += style.utf8 ? bars[level] : plain.substr(level, 1);
    }
    return made;
}

/// A number in eight characters at most, four digits as a rule: `1234`, `12.34`, `-5.678M`. Powers of
/// 1,000 are `k`, `M`, `G`, `T`.
/// Threads  pure.
[[nodiscard]] inline std::string short_text(double value) {
    constexpr std::array<std::string_view, 5> units{"", "k", "M", "G", "T"};
    if (!detail::is_finite(value))
        return "-";
    double size = value < 0 ? -value : value;
    std::size_t unit = 0;
    if (size >= 10'000) {
        for (; unit + 1 < units.size() && size >= 1000; ++unit)
            size /= 1000;
    }
    char text[layout::shortest::bytes_max];
    const auto write = [&](double number) {
        return std::string(text,
                           static_cast<std::size_t>(layout::shortest::write(text, number) - text));
    };
    if (size >= 10'000 || (size > 0 && size < 0.001)) { // beyond the units
        const double power = std::floor(std::log10(size));
        const double digits = std::round(size / std::pow(10, power) * 100) / 100;
        return (value < 0 ? "-" : "") + write(digits) + 'e' +
               write(power + static_cast<double>(3 * unit));
    }
    const double step = size >= 1000 ? 1 : size >= 100 ? 10 : size >= 10 ? 100 : 1000;
    const double rounded = std::round(size * step) / step;
    return (value < 0 && rounded > 0 ? "-" : "") + write(rounded) + std::string(units[unit]);
}

} // namespace quipu

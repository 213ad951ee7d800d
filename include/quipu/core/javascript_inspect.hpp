// Values as Node.js prints them with `util.inspect` and `console.log`.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// A number, a text, a list or an object of JavaScript.
struct javascript_value {
    enum class type : std::uint8_t { number, text, list, object };

    std::string key{}; ///< where it is a member of an object
    type is = type::object;
    double number = 0;
    std::string text{};
    std::vector<javascript_value> members{}; ///< of an object, or the items of a list
    std::size_t more = 0;                    ///< items of the list that are not among the members
};

struct javascript_inspect_options {
    std::size_t depth = 2; ///< objects deeper than that are `[Object]`
    bool colors = false;   ///< as a terminal takes them
};

namespace detail {

/// Whether JavaScript takes the key for an index: such keys come first in an object, in their order.
[[nodiscard]] constexpr bool is_index_key(std::string_view key, std::uint64_t& index) noexcept {
    if (key.empty() || key.size() > 10 || (key[0] == '0' && key.size() > 1))
        return false;
    index = 0;
    for (const char c : key) {
        if (!is_digit(c))
            return false;
        index = index * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return index < 0xffffffff;
}

/// The columns of a text, without its colours.
[[nodiscard]] inline std::size_t inspected_columns(std::string_view text) noexcept {
    std::size_t columns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            while (i < text.size() && text[i] != 'm')
                ++i;
        } else if ((static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U) {
            ++columns;
        }
    }
    return columns;
}

/// Appends a text in the quotes that it needs least escapes in.
inline void append_inspected_text(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    const auto has = [text](std::string_view part) { return text.find(part) != text.npos; };
    const char quote = !has("'") ? '\'' : !has("\"") ? '"' : !has("`") && !has("${") ? '`' : '\'';
    out += quote;
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const char c = text.front();
        const auto byte = static_cast<unsigned char>(size == 2 ? text[1] : c);
        const auto named = std::string_view("\b\t\n\f\r").find(c);
        if (size == 0)
            out += "\xef\xbf\xbd";
        else if (size == 1 && (c == '\\' || (c == '\'' && quote == '\'')))
            (out += '\\') += c;
        else if (size == 1 && named != std::string_view::npos)
            (out += '\\') += "btnfr"[named];
        else if ((size == 1 && is_control(c)) || (size == 2 && c == '\xc2' && byte < 0xa0))
            ((out += "\\x") += hex[byte >> 4U]) += hex[byte & 15U];
        else
            out += text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += quote;
}

class javascript_inspector {
public:
    explicit javascript_inspector(javascript_inspect_options options) noexcept
        : options_(options) {}

    [[nodiscard]] std::string print(const javascript_value& value, std::size_t level = 0) {
        using type = javascript_value::type;
        if (value.is == type::number)
            return print_number(value.number);
        if (value.is == type::text) {
            std::string text;
            append_inspected_text(text, value.text);
            return colored("32", std::move(text));
        }
        const bool list = value.is == type::list;
        if (value.members.empty() && value.more == 0)
            return list ? "[]" : "{}";
        if (level > options_.depth)
            return colored("36", list ? "[Array]" : "[Object]");
        depth_ = ++level;
        std::vector<std::string> parts;
        for (const auto* const one : in_order(value)) {
            auto text = list ? std::string() : print_key(one->key) + ": ";
            indent_ += 2;
            text += print(*one, level);
            indent_ -= 2;
            parts.push_back(std::move(text));
        }
        if (value.more > 0)
            parts.push_back("... " + std::to_string(value.more) + " more item" +
                            (value.more > 1 ? "s" : ""));
        return reduce(std::move(parts), value, level);
    }

private:
    static constexpr std::size_t columns_max = 80;
    static constexpr std::size_t levels_on_a_line = 3;

    [[nodiscard]] std::string colored(std::string_view color, std::string text) const {
        if (!options_.colors)
            return text;
        return ((("\x1b[" + std::string(color)) += 'm') += text) += "\x1b[39m";
    }

    [[nodiscard]] std::string print_number(double value) const {
        if (value == 0 && std::signbit(value))
            return colored("33", "-0");
        if (!is_finite(value))
            return colored("33", value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN");
        char digits[layout::javascript::bytes_max];
        const char* const end = layout::javascript::write(digits, value);
        return colored("33", std::string(digits, static_cast<std::size_t>(end - digits)));
    }

    [[nodiscard]] std::string print_key(std::string_view key) const {
        bool identifier = !key.empty() && !is_digit(key[0]);
        for (const char c : key)
            identifier = identifier && (is_letter(c) || is_digit(c) || c == '_');
        if (identifier)
            return std::string(key);
        std::string quoted;
        append_inspected_text(quoted, key);
        return colored("32", std::move(quoted));
    }

    [[nodiscard]] static std::vector<const javascript_value*>
    in_order(const javascript_value& value) {
        std::vector<std::pair<std::uint64_t, const javascript_value*>> indices;
        std::vector<const javascript_value*> others;
        for (const auto& one : value.members) {
            std::uint64_t index = 0;
            if (value.is == javascript_value::type::object && is_index_key(one.key, index))
                indices.emplace_back(index, &one);
            else
                others.push_back(&one);
        }
        std::sort(indices.begin(), indices.end());
        std::vector<const javascript_value*> all;
        for (const auto& one : indices)
            all.push_back(one.second);
        all.insert(all.end(), others.begin(), others.end());
        return all;
    }

    /// In one line if that is short and holds few levels, else a line for each part.
    [[nodiscard]] std::string
    reduce(std::vector<std::string> parts, const javascript_value& value, std::size_t level) const {
        const bool list = value.is == javascript_value::type::list;
        const char open = list ? '[' : '{';
        const char close = list ? ']' : '}';
        const auto count = parts.size();
        if (list && count > 6)
            parts = grouped(std::move(parts), value);
        if (depth_ - level < levels_on_a_line && count == parts.size() && fits(parts)) {
            std::string line(1, open);
            for (const auto& one : parts)
                (line += &one == &parts.front() ? " " : ", ") += one;
            if (line.find('\n') == line.npos)
                return (line += ' ') += close;
        }
        const auto begin = '\n' + std::string(indent_, ' ');
        std::string lines(1, open);
        for (const auto& one : parts)
            ((lines += &one == &parts.front() ? "" : ",") += begin) += "  " + one;
        return (lines += begin) += close;
    }

    [[nodiscard]] bool fits(const std::vector<std::string>& parts) const {
        const auto start = parts.size() + indent_ + 1 + 10;
        auto total = parts.size() + start;
        for (const auto& one : parts)
            total += inspected_columns(one);
        return total <= columns_max;
    }

    /// The items of a list in columns, where they are about as long as one another.
    [[nodiscard]] std::vector<std::string> grouped(std::vector<std::string> parts,
                                                   const javascript_value& value) const {
        constexpr std::size_t separator = 2;
        const auto items = parts.size() - (value.more > 0 ? 1 : 0);
        std::vector<std::size_t> sizes(items);
        std::size_t total = 0;
        std::size_t longest = 0;
        for (std::size_t i = 0; i < items; ++i) {
            sizes[i] = inspected_columns(parts[i]);
            total += sizes[i] + separator;
            longest = std::max(longest, sizes[i]);
        }
        const auto widest = longest + separator;
        if (widest * 3 + indent_ >= columns_max ||
            (static_cast<double>(total) / static_cast<double>(widest) <= 5 && longest > 6))
            return parts;
        const auto wide = static_cast<double>(widest);
        const double bias =
            std::sqrt(wide - static_cast<double>(total) / static_cast<double>(parts.size()));
        const double biased = std::max(wide - 3 - bias, 1.0);
        const auto square = static_cast<std::size_t>(
            std::floor(std::sqrt(2.5 * biased * static_cast<double>(items)) / biased + 0.5));
        const auto columns = std::min(
            {square, (columns_max - indent_) / widest, levels_on_a_line * 4, std::size_t{15}});
        if (columns <= 1)
            return parts;
        std::vector<std::size_t> widths(columns, 0);
        for (std::size_t i = 0; i < items; ++i)
            widths[i % columns] = std::max(widths[i % columns], sizes[i] + separator);
        const bool numbers =
            std::all_of(value.members.begin(), value.members.end(), [](const auto& one) {
                return one.is == javascript_value::type::number;
            });
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < items; i += columns) {
            std::string line;
            const auto end = std::min(i + columns, items);
            for (auto j = i; j < end; ++j) {
                const bool last = j + 1 == end;
                const auto pad = widths[j - i] - sizes[j] - separator;
                if (numbers)
                    line.append(pad, ' ');
                line += parts[j];
                line += last ? "" : ", ";
                if (!numbers && !last)
                    line.append(pad, ' ');
            }
            lines.push_back(std::move(line));
        }
        if (value.more > 0)
            lines.push_back(std::move(parts.back()));
        return lines;
    }

    javascript_inspect_options options_;
    std::size_t depth_ = 0; // of the object that was printed last
    std::size_t indent_ = 0;
};

} // namespace detail

/// Prints a value as Node.js does with `util.inspect`, up to 100 items of a list: the caller leaves the
/// others out, and counts them as `more`.
/// Cost     O(size); allocates.
/// Threads  pure.
/// Source   Node.js 18 and 20, `util.inspect` with `breakLength: 80, compact: 3`, compared with node itself.
[[nodiscard]] inline std::string inspect_javascript(const javascript_value& value,
                                                    javascript_inspect_options options = {}) {
    return detail::javascript_inspector(options).print(value);
}

} // namespace quipu

// INI files, as C programs and Python's ConfigParser read them.
#pragma once

#include <quipu/core/ascii.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// A place in a config file, and what is wrong there.
struct config_error {
    std::size_t line = 0;
    std::string why{}; ///< empty: nothing
};

/// `key = value` within a section; the line counts from 1.
struct ini_entry {
    std::string section{};
    std::string key{};
    std::string value{};
    std::size_t line = 0;
};

/// A header `[name]`. A section may have several, and each of its entries names the section too.
struct ini_section {
    std::string name{};
    std::size_t line = 0;
};

struct ini_file {
    std::vector<ini_section> sections{};
    std::vector<ini_entry> entries{};
    /// If something is wrong: the first place. What stands before it was read.
    config_error error{};
};

/// What a value is that begins with '"'.
enum class ini_values : std::uint8_t {
    plain, ///< nothing else than others
    /// What stands up to the closing one, with blanks, semicolons and all; `\"`, `\\` and `\n` stand for
    /// a quote, a backslash and a newline.
    quoted,
};

namespace detail {

/// Reads a value in quotes, behind which nothing but a comment stands; nothing if it is none.
[[nodiscard]] inline std::optional<std::string> read_quoted(std::string_view value) {
    value = trim(value);
    if (!value.starts_with('"'))
        return std::nullopt;
    std::string plain;
    for (std::size_t at = 1; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '"') {
            const auto behind = trim(value.substr(at + 1));
            if (!behind.empty() && behind.front() != ';')
                return std::nullopt;
            return plain;
        }
        const bool escapes = c == '\\' && at + 1 < value.size();
        const char next = escapes ? value[at + 1] : '\0';
        const bool known = escapes && (next == '"' || next == '\\' || next == 'n');
        plain += !known ? c : next == 'n' ? '\n' : next;
        at += known ? 1 : 0;
    }
    return std::nullopt;
}

} // namespace detail

/// Whether a value has to stand in quotes, so that it is read again as it is.
[[nodiscard]] inline bool needs_quotes(std::string_view value) {
    bool needs = detail::trim(value) != value || value.starts_with('"');
    char before = ' ';
    for (const char c : value) {
        needs = needs || c == '\n' || (c == ';' && detail::is_blank(before));
        before = c;
    }
    return needs;
}

/// Appends a value as it is, or in quotes if it needs them.
inline void append_ini_value(std::string& out, std::string_view value) {
    if (!needs_quotes(value)) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    out += '"';
}

/// Reads `[section]`, `key = value` and `key: value`. Blanks around each part do not count, nor does
/// the indent of a line. A line that begins with ';' or '#' is a comment, and so is the rest of a line
/// from a blank and ';' on. Keys and sections keep their case.
///
/// Cost     O(size), allocates.
/// Threads  pure.
/// Source   inih and Python's ConfigParser, where they agree.
[[nodiscard]] inline ini_file parse_ini(std::string_view text,
                                        ini_values values = ini_values::plain) {
    ini_file read;
    constexpr std::string_view mark = "\xef\xbb\xbf"; // of UTF-8
    if (text.starts_with(mark))
        text.remove_prefix(mark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = detail::trim(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty() || line.front() == ';' || line.front() == '#')
            continue;
        const auto fail = [&](std::string why) {
            read.error = {number, std::move(why)};
            return read;
        };
        if (line.front() == '[') {
            const auto close = line.find(']');
            if (close == line.npos)
                return fail("a section begins with '[' but does not end with ']'");
            read.sections.push_back({std::string(detail::trim(line.substr(1, close - 1))), number});
            continue;
        }
        const auto separator = line.find_first_of("=:");
        const auto key = detail::trim(line.substr(0, separator));
        if (separator == line.npos || key.empty())
            return fail("neither 'key = value' nor '[section]'");
        if (read.sections.empty())
            return fail("'" + std::string(key) + "' stands before the first '[section]'");
        auto value = line.substr(separator + 1);
        if (values == ini_values::quoted) {
            if (auto plain = detail::read_quoted(value)) {
                read.entries.push_back(
                    {read.sections.back().name, std::string(key), *std::move(plain), number});
                continue;
            }
        }
        for (std::size_t at = 0; (at = value.find(';', at)) != value.npos; ++at) {
            if (at > 0 && detail::is_blank(value[at - 1])) {
                value = value.substr(0, at);
                break;
            }
        }
        read.entries.push_back({read.sections.back().name,
                                std::string(key),
                                std::string(detail::trim(value)),
                                number});
    }
    return read;
}

} // namespace quipu

// The names of Graphite: what of a point's name carbon takes, and what stands for the rest.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/sink/clean_tags.hpp>
#include <quipu/wire/canonical.hpp>

#include <string>
#include <string_view>

namespace quipu {

namespace detail {

/// Whether carbon would take this character, well-formed and not ASCII, for the end of a line:
/// U+0085, U+2028 and U+2029; or for a blank: U+00A0 and its kin, U+2000 to U+200A among them.
[[nodiscard]] constexpr bool is_wide_blank(std::string_view character) noexcept {
    constexpr std::string_view blanks[] = {"\xc2\x85",
                                           "\xc2\xa0",
                                           "\xe1\x9a\x80",
                                           "\xe2\x80\xa8",
                                           "\xe2\x80\xa9",
                                           "\xe2\x80\xaf",
                                           "\xe2\x81\x9f",
                                           "\xe3\x80\x80"};
    for (const auto blank : blanks) {
        if (character == blank)
            return true;
    }
    return character.size() == 3 && character >= "\xe2\x80\x80" && character <= "\xe2\x80\x8a";
}

/// Appends a part of a path so that carbon takes it as one word. Blanks and control characters
/// would end the name, '/' would leave the folder that the numbers are kept in, and one byte that
/// is not UTF-8 would make carbon close the connection, with the points of all others in it.
inline void append_graphite_text(std::string& out, std::string_view text) {
    if (is_printable_without<' ', '/'>(text)) {
        out += text;
        return;
    }
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const char c = character.front();
        if (size == 0 || (size == 1 && (c == ' ' || is_control(c))) || is_wide_blank(character)) {
            out += '_';
        } else if (c == '/') {
            out += '-';
        } else {
            out += character;
        }
    }
}

/// A key of a tag by Graphite's rules: without `!^=`, not empty, and not `name`, which carbon throws
/// away: it is `name_`.
inline void append_graphite_key(std::string& out, std::string_view key) {
    const auto first = out.size();
    append_graphite_text(out, key);
    for (auto i = first; i < out.size(); ++i) {
        if (out[i] == '!' || out[i] == '^')
            out[i] = '_';
    }
    if (out.size() == first || std::string_view(out).substr(first) == "name")
        out += '_';
}

/// A value of a tag by Graphite's rules: not empty, and not beginning with '~'.
inline void append_graphite_value(std::string& out, std::string_view value) {
    if (value.empty() || value.front() == '~') {
        out += '_';
        value.remove_prefix(value.empty() ? 0 : 1);
    }
    append_graphite_text(out, value);
}

/// Whether canonical tags are Graphite's as they stand.
[[nodiscard]] inline bool are_graphite_tags(std::string_view tags) noexcept {
    return is_printable_without<' ', '/', '!', '^', '~'>(tags) && are_simple_tags(tags) &&
           tags.find(";name=") == tags.npos;
}

/// Appends tags `;key=value;bare`, each by Graphite's rules; see clean_tags.
inline void append_graphite_tags(std::string& out, std::string_view tags) {
    if (are_graphite_tags(tags))
        out += tags;
    else
        append_tags(out, clean_tags(tags, append_graphite_key, append_graphite_value));
}

} // namespace detail

/// Appends the name of a point, tags behind it, so that carbon takes it for one word and the series
/// for a tagged one: blanks, control characters and bytes that are not UTF-8 become '_', and '/'
/// becomes '-'; a bare tag gets the value `true`, and what carbon refuses in a tag becomes '_'; the key
/// `name` is `name_`, and equal keys are one with all their values.
/// Cost     O(size); allocates as `out` grows.
/// Source   carbon 1.1.10: carbon/protocols.py and carbon/util.py, TaggedSeries.
inline void append_graphite_name(std::string& out, const point& one) {
    for (const auto part : {one.head, one.name, one.tail})
        detail::append_graphite_text(out, part);
    detail::append_graphite_tags(out, one.tags);
}

/// What carbon knows a series by, if that is not its canonical text: its name cleaned, without dots at its
/// ends, and with one for several in a row, since carbon keeps those numbers in one file.
/// Returns  false, and appends nothing, if it is the canonical text.
/// Cost     a look at each byte, as a rule.
inline bool append_graphite_identity(std::string& out, std::string_view canonical) {
    const auto parts = split_canonical(canonical);
    const auto name = parts.name;
    const bool is_plain = detail::is_printable_without<' ', '/'>(name) && !name.starts_with('.') &&
                          !name.ends_with('.') && name.find("..") == name.npos;
    if (is_plain && detail::are_graphite_tags(parts.tags))
        return false;
    std::string cleaned;
    detail::append_graphite_text(cleaned, name);
    for (const char c : cleaned) {
        if (c != '.' || (!out.empty() && out.back() != '.'))
            out += c;
    }
    if (!out.empty() && out.back() == '.')
        out.pop_back();
    detail::append_graphite_tags(out, parts.tags);
    return true;
}

} // namespace quipu

// The canonical text of a series: `name;tag=value;tag=value`, one text for all spellings of the
// same series. Stores use it as the key. Tags in the name and after the type are one list in it.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/name_tags.hpp>
#include <quipu/wire/series.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu {

/// The two parts of a canonical text.
struct canonical_parts {
    std::string_view name;
    /// With the ';' that announces them; empty if there are none.
    std::string_view tags;
};

/// Cuts a canonical text at its first ';'.
[[nodiscard]] constexpr canonical_parts split_canonical(std::string_view text) noexcept {
    const auto semicolon = text.find(';');
    if (semicolon == text.npos)
        return {text, {}};
    return {text.substr(0, semicolon), text.substr(semicolon)};
}

namespace detail {

/// Etsy's rule for a key: runs of blanks become one '_', '/' becomes '-', and what is not a letter,
/// a digit or one of `_-.;=` goes.
[[nodiscard]] constexpr bool is_etsy_key(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == ';' || c == '=';
}

#if defined(__SSE2__)
/// The same of sixteen characters: a lane of ones for each that is.
[[nodiscard]] inline __m128i are_etsy_keys(const char* sixteen) noexcept {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen));
    const auto equal = [text](char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
    const auto between = [](__m128i of, char first, char last) {
        const __m128i from_first = _mm_sub_epi8(of, _mm_set1_epi8(first));
        const __m128i most = _mm_set1_epi8(static_cast<char>(last - first));
        return _mm_cmpeq_epi8(_mm_min_epu8(from_first, most), from_first);
    };
    const __m128i small = _mm_or_si128(text, _mm_set1_epi8(' ')); // of letters
    const __m128i names = _mm_or_si128(between(small, 'a', 'z'), between(text, '0', '9'));
    const __m128i marks = _mm_or_si128(between(text, '-', '.'), equal('_'));
    const __m128i tags = _mm_or_si128(equal(';'), equal('='));
    return _mm_or_si128(names, _mm_or_si128(marks, tags));
}
#endif

[[nodiscard]] constexpr bool is_etsy_key(std::string_view text) noexcept {
#if defined(__SSE2__)
    if (!std::is_constant_evaluated() && text.size() >= 16) {
        const char* const last = text.data() + text.size() - 16;
        __m128i all = are_etsy_keys(last); // may have some of the one before
        for (const char* at = text.data(); at < last; at += 16)
            all = _mm_and_si128(all, are_etsy_keys(at));
        return _mm_movemask_epi8(all) == 0xffff;
    }
#endif
    for (const char c : text) {
        if (!is_etsy_key(c))
            return false;
    }
    return true;
}

/// Writes a key by Etsy's rule, character by character, to `out`, which has room for all of them; or
/// as it is, if it is not to be cleaned.
template <bool Cleans = true>
struct etsy_key_writer {
    char* out;
    bool after_blank = false;

    constexpr void put(char c) noexcept {
        if constexpr (!Cleans) {
            *out++ = c;
            return;
        }
        const bool blank = is_blank(c);
        if (blank && !after_blank)
            *out++ = '_';
        after_blank = blank;
        if (c == '/')
            *out++ = '-';
        if (is_etsy_key(c))
            *out++ = c;
    }
};

/// One tag of a list: `key:value`, or a bare key. Only the first ':' parts them.
struct tag_parts {
    std::string_view key;
    std::string_view value;
    bool bare = false;

    friend constexpr bool operator==(const tag_parts&, const tag_parts&) = default;
    friend constexpr bool operator<(const tag_parts& a, const tag_parts& b) noexcept {
        if (const int order = a.key.compare(b.key); order != 0)
            return order < 0;
        // `key` and `key:` are two tags: the texts `key` and `key=`.
        return a.bare != b.bare ? a.bare : a.value < b.value;
    }
};

[[nodiscard]] constexpr tag_parts split_tag(std::string_view tag) noexcept {
    const auto colon = tag.find(':');
    if (colon == tag.npos)
        return {tag, {}, true};
    return {tag.substr(0, colon), tag.substr(colon + 1), false};
}

/// The same of a tag in a name, `key=value`; empty if a part is missing.
[[nodiscard]] constexpr tag_parts split_name_tag(std::string_view tag) noexcept {
    const auto equals = tag.find('=');
    if (equals == tag.npos || equals == 0 || equals + 1 == tag.size())
        return {};
    return {tag.substr(0, equals), tag.substr(equals + 1), false};
}

/// Copies a name or a part of a tag; what has a meaning in the canonical text becomes '_'.
[[nodiscard]] constexpr char* write_part(char* out, std::string_view part, bool is_key) noexcept {
    for (const char c : part)
        *out++ = c == ';' || (is_key && c == '=') ? '_' : c;
    return out;
}

} // namespace detail

/// Where `canonical_name` builds a text that differs from the line's.
/// One for each thread; distinct objects safe, shared objects unsafe.
template <class Dialect = dialect::quipu>
class canonical_buffer {
    static_assert(require_dialect<Dialect>());

public:
    // NOLINTNEXTLINE(modernize-use-equals-default) because that would let {} clear all the bytes
    constexpr canonical_buffer() noexcept {} // they are written before they are read

    /// Gives the canonical text of a series.
    ///
    /// Returns  a view into the series' own name if that is canonical as it is, else into this
    ///          buffer, valid until the next call.
    /// Errors   too_many_tags, line_too_long; empty_name, if there is nothing but tags; mixed_tags,
    ///          if the name has tags of a form that excludes others.
    /// Cost     O(size), and O(tags * tags_max) to sort them; does not allocate.
    [[nodiscard]] constexpr result<std::string_view> name(const series& of) noexcept {
        if (of.tags.empty() && is_canonical(of.name))
            return of.name;
        if (of.name.size() + of.tags.size() > Dialect::line_bytes_max)
            return errc::line_too_long;
        if constexpr (of_etsy) {
            return joined_by_etsy(of);
        } else {
            return joined(of);
        }
    }

    /// Whether a text that `name` gave is its own canonical text as a name: then one that a store
    /// knows needs no closer look.
    static constexpr bool idempotent = Dialect::sanitizes;

    /// How many tags in names were left out since this was made, because they are not `key=value`
    /// with both parts.
    [[nodiscard]] constexpr std::uint64_t tags_dropped() const noexcept { return tags_dropped_; }

private:
    static constexpr name_tags form = Dialect::tags_in_name;
    /// Whose rules for tags are Etsy's.
    static constexpr bool of_etsy = Dialect::tags == tag_field::rest_of_line;

    [[nodiscard]] static constexpr bool is_canonical(std::string_view name) noexcept {
        if constexpr (Dialect::sanitizes)
            return detail::is_etsy_key(name);
        // Where there are no tags at all, names are kept byte for byte.
        constexpr bool plain =
            form == name_tags::absent && (Dialect::tags == tag_field::absent || of_etsy);
        if (plain)
            return true;
        if (detail::contains(name, ';')) // which announces tags, or has no meaning in a name
            return false;
        return form == name_tags::graphite || !split_name<form>(name).tagged;
    }

    [[nodiscard]] constexpr std::string_view view(const char* end) const noexcept {
        return {bytes_, static_cast<std::size_t>(end - bytes_)};
    }

    /// Etsy's form: the tags in the order given; in each the first ';' as '_' and the first ':' as
    /// '='.
    [[nodiscard]] constexpr std::string_view joined_by_etsy(const series& of) noexcept {
        detail::etsy_key_writer<Dialect::sanitizes> key{bytes_};
        for (const char c : of.name)
            key.put(c);
        if (of.tags.empty())
            return view(key.out);
        bool colon = false;
        bool semicolon = false;
        key.put(';');
        for (const char c : of.tags) {
            if (c == ',') {
                key.put(';');
                colon = semicolon = false;
            } else if (c == ':' && !std::exchange(colon, true)) {
                key.put('=');
            } else if (c == ';' && !std::exchange(semicolon, true)) {
                key.put('_');
            } else {
                key.put(c);
            }
        }
        return view(key.out);
    }

    /// Puts in the tags of a name. Returns false if there is no room.
    [[nodiscard]] constexpr bool insert_name_tags(std::string_view list) noexcept {
        constexpr char separator = tag_separator(form);
        while (!list.empty()) {
            const auto text = list.substr(0, list.find(separator));
            const auto tag = detail::split_name_tag(text);
            if (tag.key.empty())
                ++tags_dropped_;
            else if (!insert(tag))
                return false;
            list.remove_prefix(text.size() == list.size() ? text.size() : text.size() + 1);
        }
        return true;
    }

    /// Empty tags go, and so does the '#' that some clients put before each.
    [[nodiscard]] constexpr result<std::string_view> joined(const series& of) noexcept {
        count_ = 0;
        const auto name = split_name<form>(of.name);
        if (excludes_tag_field(form) && name.tagged && !of.tags.empty())
            return errc::mixed_tags;
        if (name.tagged && name.before.empty() && name.after.empty())
            return errc::empty_name;
        if (!insert_name_tags(name.tags))
            return errc::too_many_tags;
        for (auto rest = of.tags; !rest.empty();) {
            const auto comma = rest.find(',');
            auto tag = rest.substr(0, comma);
            if (!tag.empty() && tag.front() == '#')
                tag.remove_prefix(1);
            if (!tag.empty() && !insert(detail::split_tag(tag)))
                return errc::too_many_tags;
            if (comma == rest.npos)
                break;
            rest.remove_prefix(comma + 1);
        }
        char* out = bytes_;
        out = detail::write_part(out, name.before, false);
        out = detail::write_part(out, name.after, false);
        for (std::size_t i = 0; i < count_; ++i) {
            *out++ = ';';
            out = detail::write_part(out, tags_[i].key, true);
            if (tags_[i].bare)
                continue;
            *out++ = '=';
            out = detail::write_part(out, tags_[i].value, false);
        }
        return view(out);
    }

    /// Puts `tag` at its place, unless it stands there. Returns false if there is no room.
    [[nodiscard]] constexpr bool insert(const detail::tag_parts& tag) noexcept {
        std::size_t place = count_;
        if constexpr (Dialect::sorts_tags) {
            while (place > 0 && tag < tags_[place - 1])
                --place;
            if (place > 0 && tags_[place - 1] == tag)
                return true;
        }
        if (count_ == Dialect::tags_max)
            return false;
        for (std::size_t i = count_; i > place; --i)
            tags_[i] = tags_[i - 1];
        tags_[place] = tag;
        ++count_;
        return true;
    }

    // One byte more for the ';' before the first tag: each later one takes the place of a comma.
    char bytes_[Dialect::line_bytes_max + 1];
    detail::tag_parts tags_[Dialect::tags_max] = {};
    std::size_t count_ = 0; // of the tags
    std::uint64_t tags_dropped_ = 0;
};

} // namespace quipu

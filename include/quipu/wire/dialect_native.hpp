// The native dialect, from which all others derive, and the words that dialects are made of.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/name_tags.hpp>
#include <quipu/wire/sample.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// Where a dialect has its tag list.
enum class tag_field : std::uint8_t {
    absent,       ///< `|#` has no meaning.
    anywhere,     ///< a field like others, which ends at the next '|'.
    rest_of_line, ///< all from the first `|#` to the second or the end.
};

/// What may follow the value of a line, `name:` set aside.
enum class repetition : std::uint8_t {
    absent, ///< one value, one type.
    typed,  ///< `1|c:2|ms`: samples, each with its own type.
    packed, ///< the same, and `1:2:3|ms`: several values of one type.
    values, ///< `1:2:3|ms` alone, where empty values do not count.
};

namespace detail {

/// Reads a plain number into the value of a sample.
[[nodiscard]] constexpr errc read_number(std::string_view text, sample& out) noexcept {
    const auto number = parse_number_prefix(text);
    if (!number)
        return number.error();
    if (number->size != text.size())
        return errc::bad_number;
    out.value = number->value;
    out.integral = number->integral;
    return errc::ok;
}

} // namespace detail

namespace dialect {

/// The native dialect: the union of the sane forms of all servers. Numbers are decimal; a name has
/// no control character; rates are in (0, 1]; unknown fields are accepted where they start with a
/// letter, as the extensions of DogStatsD do, and refused otherwise (`|0.1` is a rate without its
/// '@': to accept it would miscount).
struct quipu {
    /// A line beyond it is refused: `line_too_long`.
    static constexpr std::size_t line_bytes_max = native_line_bytes_max;
    /// A name beyond it, with the tags in it, is refused: `name_too_long`.
    static constexpr std::size_t name_bytes_max = native_name_bytes_max;
    /// A series of more tags, equal ones counted once, is refused: `too_many_tags`.
    static constexpr std::size_t tags_max = 64;
    /// A tag list after the type beyond it is refused: `tags_too_long`.
    static constexpr std::size_t tag_bytes_max = 4096;
    /// Of a line's values those beyond it are refused: `too_many_values`. A line of line_bytes_max
    /// has no room for so many; the bound is for dialects with longer ones.
    static constexpr std::size_t values_max = 4096;

    static constexpr tag_field tags = tag_field::anywhere;
    static constexpr name_tags tags_in_name = name_tags::graphite;
    static constexpr repetition repeats = repetition::packed;
    /// Each '|' behind the type begins a field; false: the first field is all the rest of the line.
    static constexpr bool bars_part_fields = true;
    /// False: a NUL ends a name, as in C, and the rest of it does not count.
    static constexpr bool names_keep_nul = true;
    /// A '\r' before the newline does not count.
    static constexpr bool ignores_carriage_return = true;
    /// A stream's last line counts even if no newline ends it, when the sender closed in order.
    static constexpr bool unterminated_lines = true;
    /// Names are kept byte for byte; true: they are cleaned as Etsy's statsd does.
    static constexpr bool sanitizes = false;
    /// Tags are sorted, so that their order does not split a series, and equal ones become one;
    /// false: they stay as they came. No effect where `sanitizes`.
    static constexpr bool sorts_tags = true;

    /// The kind that a type's text stands for. Errors: unknown_type.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type.size() == 1) {
            switch (type[0]) {
            case 'c': return metric_kind::counter;
            case 'g': return metric_kind::gauge;
            case 's': return metric_kind::unique;
            case 'h':
            case 'd': return metric_kind::timer;
            default: return errc::unknown_type;
            }
        }
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    /// The text of a sample's type, the inverse of `kind`; empty if the dialect has none.
    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        constexpr std::string_view texts[metric_kind_count] = {"c", "ms", "g", "s", "kv"};
        return texts[static_cast<std::size_t>(one.series.kind)];
    }

    /// The character that begins the field of a time; NUL if the dialect has none.
    [[nodiscard]] static constexpr char time_mark(metric_kind kind) noexcept {
        return kind == metric_kind::keyvalue ? '@' : 'T';
    }

    /// Whether a sign before a gauge's value means a change.
    static constexpr bool signs_change_gauges = true;

    /// Accepts or refuses a name. Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        return detail::has_control_or<'|'>(name) ? errc::bad_name : errc::ok;
    }

    /// Reads the text of a value into `out`, whose kind is set; `type` is the type as written.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique) {
            if (text.empty())
                return errc::empty_member;
            out.member = text;
            return errc::ok;
        }
        out.relative = out.series.kind == metric_kind::gauge && !text.empty() &&
                       (text[0] == '+' || text[0] == '-');
        return detail::read_number(text, out);
    }

    /// Reads the field number `index` after the type (from 0) into `out`, whose kind is set.
    /// Tag fields do not come here.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok; // "||": DogStatsD's servers skip it
        if (text[0] == '@') {
            if (out.series.kind == metric_kind::keyvalue)
                return read_timestamp(text, out);
            return read_rate(text, out);
        }
        if (text[0] == 'T')
            return read_timestamp(text, out);
        return detail::is_letter(text[0]) ? errc::ok : errc::unknown_field;
    }

protected:
    /// `@` and a number in [rate_min, 1].
    [[nodiscard]] static constexpr errc read_rate(std::string_view text, sample& out) noexcept {
        const auto rate = parse_number(text.substr(1));
        if (!rate || *rate < rate_min || *rate > 1)
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }

    /// A mark and Unix seconds.
    [[nodiscard]] static constexpr errc read_timestamp(std::string_view text,
                                                       sample& out) noexcept {
        const auto seconds = parse_integer(text.substr(1));
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
};

} // namespace dialect

} // namespace quipu

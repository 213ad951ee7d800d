// Samples to text: the exact inverse of parsing, in any dialect.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace quipu {

namespace format_policy {

/// A name that the dialect does not allow is refused.
struct refuse {
    static constexpr bool sanitizes = false;
};
/// Each character of a name that the dialect does not allow becomes '_'.
struct sanitize {
    static constexpr bool sanitizes = true;
};

} // namespace format_policy

/// Decides what becomes of a name with characters that a line cannot carry.
/// Requires  static constexpr bool sanitizes.
/// Provided  format_policy::refuse (default), format_policy::sanitize; change it where names come
///           from people or from other programs.   Chosen at  the template argument of format.
/// Cost      sanitize: `check_name` once for each character.
template <class P>
concept name_policy = requires {
    { P::sanitizes } -> std::convertible_to<bool>;
};
static_assert(name_policy<format_policy::refuse> && name_policy<format_policy::sanitize>);

namespace detail {

/// Whether `sanitize` replaces a character, of one byte or more.
template <wire_dialect Dialect>
[[nodiscard]] constexpr bool is_bad_in_name(std::string_view character) noexcept {
    return has_control_or<':', '|'>(character) || Dialect::check_name(character) != errc::ok;
}

/// Appends a name in which a '_' stands for each bad character.
template <wire_dialect Dialect, std::size_t BytesMax>
[[nodiscard]] constexpr bool append_clean(std::string_view name,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    while (!name.empty()) {
        const auto size = utf8_size(name);
        const auto character = name.substr(0, size == 0 ? 1 : size);
        if (!out.append(is_bad_in_name<Dialect>(character) ? "_" : character))
            return false;
        name.remove_prefix(character.size());
    }
    return true;
}

/// Refuses what no reading of the line would show, or not with its reason.
template <wire_dialect Dialect, name_policy Names>
[[nodiscard]] constexpr errc check_sample(const sample& one) noexcept {
    constexpr bool native = std::is_same_v<Dialect, dialect::quipu>;
    const auto& series = one.series;
    if (!Names::sanitizes) {
        if (const auto error = Dialect::check_name(series.name); error != errc::ok)
            return error;
        const bool newline = !native && series.name.find('\n') != series.name.npos;
        if (newline || series.name.find(':') != series.name.npos)
            return errc::bad_name;
    } else if (series.name.empty() && Dialect::check_name(series.name) != errc::ok) {
        return errc::empty_name;
    } else if (series.name.size() > Dialect::name_bytes_max) {
        return errc::name_too_long;
    }
    if (Dialect::type_of(one).empty())
        return errc::unknown_type;
    if (!series.tags.empty() && Dialect::tags == tag_field::absent)
        return errc::bad_tags;
    if (series.tags.size() > Dialect::tag_bytes_max)
        return errc::tags_too_long;
    if (native ? has_control_or<'|'>(series.tags) : series.tags.find('\n') != series.tags.npos)
        return errc::bad_tags;
    const bool keyed = Dialect::time_mark(series.kind) == '@'; // then `|@` is no rate
    if (!(one.rate >= rate_min) || (native && one.rate > 1) || (keyed && one.rate != 1))
        return errc::bad_rate;
    if (one.timestamp != no_timestamp &&
        (one.timestamp < 0 || Dialect::time_mark(series.kind) == '\0'))
        return errc::bad_timestamp;
    if (one.relative && series.kind == metric_kind::gauge && !Dialect::signs_change_gauges)
        return errc::unknown_type;
    if (native && series.kind == metric_kind::timer && one.timer != timer_type::ms)
        return errc::unknown_type;
    if (native && !one.origin.empty())
        return errc::unknown_field;
    if (series.kind != metric_kind::unique)
        return is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    if (one.member.empty())
        return errc::empty_member;
    const bool broken = native ? has_control_or<'|'>(one.member)
                               : one.member.find('|') != one.member.npos ||
                                     one.member.find('\n') != one.member.npos;
    return broken ? errc::bad_name : errc::ok;
}

/// Appends a number without an exponent, which some dialects do not read.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_plain(double number,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    char text[layout::shortest::bytes_max] = {};
    const char* const end = layout::shortest::write(text, number);
    std::string_view digits(text, static_cast<std::size_t>(end - text));
    const auto e = digits.find('e');
    if (e == digits.npos)
        return out.append(digits);
    const auto zeros = [&](std::int64_t count) {
        for (; count > 0; --count) {
            if (!out.append("0"))
                return false;
        }
        return true;
    };
    const auto exponent = parse_integer(digits.substr(e + 1)).value_or(0);
    digits = digits.substr(0, e);
    const bool negative = digits.front() == '-';
    const auto first = digits.substr(negative ? 1 : 0, 1); // the point is behind it
    auto rest = digits.substr(negative ? 2 : 1);
    rest.remove_prefix(rest.empty() ? 0 : 1);
    if (negative && !out.append("-"))
        return false;
    if (exponent < 0)
        return out.append("0.") && zeros(-exponent - 1) && out.append(first) && out.append(rest);
    return out.append(first) && out.append(rest) &&
           zeros(exponent - static_cast<std::int64_t>(rest.size()));
}

/// Appends `mark` and `text`, or nothing if there is no text.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_field(std::string_view mark,
                                          std::string_view text,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    return text.empty() || (out.append(mark) && out.append(text));
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_origin(const sample_origin& origin,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    return append_field("|c:", origin.container(), out) &&
           append_field("|e:", origin.external_data(), out) &&
           append_field("|card:", origin.cardinality(), out);
}

/// Appends `name:value|type|@rate|Ttime|c:origin|#tags`, with `sign` before the value.
template <wire_dialect Dialect, name_policy Names, std::size_t BytesMax>
[[nodiscard]] constexpr bool append_line(const sample& one,
                                         std::string_view sign,
                                         double value,
                                         bool exponents,
                                         basic_line_buffer<BytesMax>& out) noexcept {
    const bool unique = one.series.kind == metric_kind::unique;
    const bool timed = one.timestamp != no_timestamp;
    const char time_field[] = {'|', Dialect::time_mark(one.series.kind)};
    bool named = false;
    if constexpr (Names::sanitizes)
        named = append_clean<Dialect>(one.series.name, out);
    else
        named = out.append(one.series.name);
    return named && out.append(":") && out.append(sign) &&
           (unique      ? out.append(one.member)
            : exponents ? out.append(value)
                        : append_plain(value, out)) &&
           out.append("|") && out.append(Dialect::type_of(one)) &&
           (one.rate == 1 || (out.append("|@") && append_plain(one.rate, out))) &&
           (!timed || (out.append({time_field, 2}) && out.append(one.timestamp))) &&
           (one.origin.empty() || append_origin(one.origin, out)) &&
           append_field("|#", one.series.tags, out);
}

/// Compares what was read with what was written; says which part the dialect cannot carry.
[[nodiscard]] constexpr errc find_difference(const sample& read, const sample& one) noexcept {
    const auto kind = one.series.kind;
    const bool timers_differ = kind == metric_kind::timer && read.timer != one.timer;
    if (read.series.kind != kind || timers_differ)
        return errc::unknown_type;
    if (read.series.tags != one.series.tags)
        return errc::bad_tags;
    if (read.rate != one.rate)
        return errc::bad_rate;
    if (read.timestamp != one.timestamp)
        return errc::bad_timestamp;
    if (read.origin != one.origin)
        return errc::unknown_field;
    if (kind == metric_kind::unique)
        return read.member == one.member ? errc::ok : errc::bad_name;
    return read.value == one.value ? errc::ok : errc::bad_number;
}

/// Reads a line as its receiver will.
template <wire_dialect Dialect, name_policy Names>
[[nodiscard]] constexpr errc check_line(std::string_view line, const sample& one) noexcept {
    if (line.find('\n') != line.npos) // nowhere else than in the origin
        return errc::unknown_field;
    const auto read = parse<Dialect>(line);
    if (!read)
        return read.error();
    if (!Names::sanitizes && read->series.name != one.series.name)
        return errc::bad_name;
    return find_difference(*read, one);
}

/// Appends the line or the two lines of a sample, or a part of them.
template <wire_dialect Dialect, name_policy Names, std::size_t BytesMax>
[[nodiscard]] constexpr errc
append_sample(const sample& one, bool exponents, basic_line_buffer<BytesMax>& out) noexcept {
    const bool signs = one.series.kind == metric_kind::gauge && Dialect::signs_change_gauges;
    const double value = one.value == 0 ? 0 : one.value; // "-0" would be a change of a gauge
    if (signs && !one.relative && value < 0) {
        if (!append_line<Dialect, Names>(one, "", 0, exponents, out) || !out.append("\n"))
            return errc::no_space;
    }
    const auto last = out.size();
    const bool plus = signs && one.relative && value >= 0;
    if (!append_line<Dialect, Names>(one, plus ? "+" : "", value, exponents, out))
        return errc::no_space;
    if (out.size() - last > Dialect::line_bytes_max)
        return errc::line_too_long;
    // The native rules are those of check_sample; of others the parser knows best.
    if constexpr (std::is_same_v<Dialect, dialect::quipu>)
        return errc::ok;
    else
        return check_line<Dialect, Names>(out.view().substr(last), one);
}

} // namespace detail

/// Appends the line of one sample to `out`, without a newline at its end. Where a sign means a
/// change, a gauge that is set to a value below zero takes two lines, `name:0|g` and `name:-n|g`.
///
/// Returns  ok, and then parse<Dialect>(text) gives the same sample, but for what its kind does not
///          use, for `integral`, which tells of the text, and for a name that was sanitized; else
///          `out` is as it was.
/// Errors   what a line cannot carry or would smuggle in another: empty_name, name_too_long,
///          bad_name (a ':' or newline in the name, a '|' in a member, what the dialect refuses),
///          unknown_type, bad_tags, tags_too_long, mixed_tags, empty_member, bad_rate,
///          bad_timestamp, number_out_of_range (not finite), bad_number (the dialect reads it as
///          another), unknown_field (an origin); line_too_long; no_space. Those of parse.
/// Cost     O(bytes written), at most twice, and what parsing costs unless the dialect is the
/// native one; does not
///          allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu,
          name_policy Names = format_policy::refuse,
          std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const sample& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_sample<Dialect, Names>(one); error != errc::ok)
        return error;
    const auto before = out.size();
    auto error = detail::append_sample<Dialect, Names>(one, true, out);
    if (error == errc::bad_number || error == errc::number_out_of_range) {
        out.resize(before);
        error = detail::append_sample<Dialect, Names>(one, false, out);
    }
    if (error != errc::ok)
        out.resize(before);
    return error;
}

} // namespace quipu

// Events and service checks to text: the exact inverse of parsing.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/event.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/line_buffer.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

namespace detail {

/// Copies `text`, with each `from` in it replaced by `to`.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_replaced(std::string_view text,
                                             std::string_view from,
                                             std::string_view to,
                                             basic_line_buffer<BytesMax>& out) noexcept {
    for (;;) {
        const auto found = text.find(from);
        if (!out.append(text.substr(0, found)))
            return false;
        if (found == text.npos)
            return true;
        if (!out.append(to))
            return false;
        text.remove_prefix(found + from.size());
    }
}

inline constexpr std::string_view newline_spelled = "\\n";

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_escaped(std::string_view text,
                                            basic_line_buffer<BytesMax>& out) noexcept {
    return append_replaced(text, "\n", newline_spelled, out);
}

/// The size of a text once its newlines are spelled.
[[nodiscard]] constexpr std::int64_t escaped_size(std::string_view text) noexcept {
    std::size_t size = text.size();
    for (const char c : text)
        size += c == '\n' ? newline_spelled.size() - 1 : 0;
    return static_cast<std::int64_t>(size);
}

/// Whether one of the texts has what no field can carry.
[[nodiscard]] constexpr bool breaks_a_field(std::same_as<std::string_view> auto... texts) noexcept {
    return (has_control_or<'|'>(texts) || ...);
}

[[nodiscard]] constexpr errc check_origin(const event_origin& origin) noexcept {
    if (origin.timestamp != no_timestamp && origin.timestamp < 0)
        return errc::bad_timestamp;
    if (breaks_a_field(origin.tags))
        return errc::bad_tags;
    return breaks_a_field(origin.host, origin.container, origin.external_data, origin.cardinality)
               ? errc::bad_field
               : errc::ok;
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_origin(const event_origin& origin,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    return (origin.timestamp == no_timestamp ||
            (out.append("|d:") && out.append(origin.timestamp))) &&
           append_field("|h:", origin.host, out) && append_field("|#", origin.tags, out) &&
           append_field("|c:", origin.container, out) &&
           append_field("|e:", origin.external_data, out) &&
           append_field("|card:", origin.cardinality, out);
}

[[nodiscard]] constexpr errc check_event(const event& one) noexcept {
    if (one.title.empty())
        return errc::empty_title;
    if (one.priority > event_priority::low || one.alert > event_alert::error ||
        breaks_a_field(one.aggregation_key, one.source_type))
        return errc::bad_field;
    return check_origin(one.origin);
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_event(const event& one,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    const bool low = one.priority != event_priority::normal;
    const bool alerts = one.alert != event_alert::info;
    return out.append("_e{") && out.append(escaped_size(one.title)) && out.append(",") &&
           out.append(escaped_size(one.text)) && out.append("}:") &&
           append_escaped(one.title, out) && out.append("|") && append_escaped(one.text, out) &&
           append_origin(one.origin, out) && append_field("|k:", one.aggregation_key, out) &&
           append_field("|p:", low ? to_string(one.priority) : "", out) &&
           append_field("|s:", one.source_type, out) &&
           append_field("|t:", alerts ? to_string(one.alert) : "", out);
}

[[nodiscard]] constexpr errc check_service_check(const service_check& one) noexcept {
    if (const auto error = dialect::quipu::check_name(one.name); error != errc::ok)
        return error;
    if (one.status > service_status::unknown)
        return errc::bad_status;
    // A '\r' at the end of the line would not count when it is read.
    if (one.message.find('|') != one.message.npos || one.message.ends_with('\r'))
        return errc::bad_field;
    return check_origin(one.origin);
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_service_check(const service_check& one,
                                                  basic_line_buffer<BytesMax>& out) noexcept {
    const char status = static_cast<char>('0' + static_cast<int>(one.status));
    return out.append("_sc|") && out.append(one.name) && out.append("|") &&
           out.append(std::string_view(&status, 1)) && append_origin(one.origin, out) &&
           (one.message.empty() || (out.append("|m:") && append_escaped(one.message, out)));
}

/// Leaves what was appended behind `before` if it is all there and no longer than may be read.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc
keep_event_line(bool written, std::size_t before, basic_line_buffer<BytesMax>& out) noexcept {
    const bool fits = out.size() - before <= event_bytes_max;
    if (!written || !fits)
        out.resize(before);
    return !written ? errc::no_space : fits ? errc::ok : errc::line_too_long;
}

} // namespace detail

/// Appends the line of an event to `out`, without a newline at its end. Newlines in title and text
/// are spelled as a backslash and an n; what has its default value is left out.
///
/// Returns  ok, and then parse_event gives the same event, with its newlines spelled; else `out` is
///          as it was.
/// Errors   empty_title, bad_timestamp, bad_tags, bad_field (a '|' or a control character in any
///          text but title and text; a value that is no enumerator), line_too_long, no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const event& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_event(one); error != errc::ok)
        return error;
    const auto before = out.size();
    return detail::keep_event_line(detail::append_event(one, out), before, out);
}

/// Appends the line of a service check to `out`, as for an event. The message comes last, as its
/// protocol asks for.
///
/// Errors   empty_name, name_too_long, bad_name, bad_status, bad_timestamp, bad_tags, bad_field (a
///          '|' in the message or a '\r' at its end; a '|' or a control character in another text),
///          line_too_long, no_space.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const service_check& one,
                                    basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_service_check(one); error != errc::ok)
        return error;
    const auto before = out.size();
    return detail::keep_event_line(detail::append_service_check(one, out), before, out);
}

/// Appends a title, text or message with its newlines as they were meant: a backslash and an n are
/// one again. That also holds where a sender meant the two characters: the wire cannot tell.
///
/// Returns  ok; else `out` is as it was.
/// Errors   no_space.
/// Cost     O(text.size()).
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc append_unescaped(std::string_view text,
                                              basic_line_buffer<BytesMax>& out) noexcept {
    const auto before = out.size();
    if (detail::append_replaced(text, detail::newline_spelled, "\n", out))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

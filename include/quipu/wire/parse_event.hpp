// The line of an event or a service check to views of its parts.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/event.hpp>
#include <quipu/wire/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

namespace detail {

/// Cuts `mark` off a text that begins so.
[[nodiscard]] constexpr bool take_mark(std::string_view& text, std::string_view mark) noexcept {
    if (!text.starts_with(mark))
        return false;
    text.remove_prefix(mark.size());
    return true;
}

[[nodiscard]] constexpr errc read_event_text(std::string_view text,
                                             std::string_view& out) noexcept {
    if (has_control_or<>(text))
        return errc::bad_field;
    out = text;
    return errc::ok;
}

/// Looks a word up among those of the enumerators up to `last`.
template <class Enumeration>
[[nodiscard]] constexpr errc
read_event_word(std::string_view word, Enumeration last, Enumeration& out) noexcept {
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(last); ++i) {
        if (word == to_string(static_cast<Enumeration>(i))) {
            out = static_cast<Enumeration>(i);
            return errc::ok;
        }
    }
    return errc::bad_field;
}

/// The fields that events and service checks share; those of a later version are no error.
[[nodiscard]] constexpr errc read_event_field(std::string_view field, event_origin& out) noexcept {
    if (take_mark(field, "d:")) {
        const auto seconds = parse_integer(field);
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
    if (take_mark(field, "#")) {
        out.tags = field;
        return has_control_or<>(field) ? errc::bad_tags : errc::ok;
    }
    if (take_mark(field, "h:"))
        return read_event_text(field, out.host);
    if (take_mark(field, "c:"))
        return read_event_text(field, out.container);
    if (take_mark(field, "e:"))
        return read_event_text(field, out.external_data);
    if (take_mark(field, "card:"))
        return read_event_text(field, out.cardinality);
    return field.empty() || is_letter(field.front()) ? errc::ok : errc::unknown_field;
}

[[nodiscard]] constexpr errc read_event_field(std::string_view field, event& out) noexcept {
    if (take_mark(field, "k:"))
        return read_event_text(field, out.aggregation_key);
    if (take_mark(field, "s:"))
        return read_event_text(field, out.source_type);
    if (take_mark(field, "p:"))
        return read_event_word(field, event_priority::low, out.priority);
    if (take_mark(field, "t:"))
        return read_event_word(field, event_alert::error, out.alert);
    return read_event_field(field, out.origin);
}

[[nodiscard]] constexpr errc read_event_field(std::string_view field, service_check& out) noexcept {
    if (!take_mark(field, "m:"))
        return read_event_field(field, out.origin);
    out.message = field;
    return errc::ok;
}

/// The walk along the line of an event or a service check. Knows where it is for refusals.
class event_reader {
    // First what the others use: Clang needs it so at compile time.
    const char* origin_;
    std::string_view rest_;

    [[nodiscard]] constexpr refusal at(std::string_view part, errc error) const noexcept {
        return {error, static_cast<std::size_t>(part.data() - origin_)};
    }

    constexpr void drop_carriage_return() noexcept {
        if (!rest_.empty() && rest_.back() == '\r')
            rest_.remove_suffix(1);
    }

    /// Takes as many bytes as `digits` say, if there are as many. Digits that would overflow any
    /// integer say more than there are.
    [[nodiscard]] constexpr bool take_counted(std::string_view digits,
                                              std::string_view& out) noexcept {
        if (digits.empty())
            return false;
        std::size_t count = 0;
        for (const char c : digits) {
            if (!is_digit(c))
                return false;
            count = count * 10 + static_cast<std::size_t>(c - '0');
            if (count > rest_.size())
                return false;
        }
        out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return true;
    }

    /// Reads what stands behind each of the remaining bars, up to the first that is refused.
    template <class Parsed>
    [[nodiscard]] constexpr refusal read_fields(Parsed& out) noexcept {
        while (!rest_.empty()) {
            rest_.remove_prefix(1);
            const auto field = take_until<'|'>(rest_);
            if (const auto error = read_event_field(field, out); error != errc::ok)
                return at(field, error);
        }
        return {};
    }

public:
    constexpr explicit event_reader(std::string_view line) noexcept
        : origin_(line.data()), rest_(line) {}

    [[nodiscard]] constexpr refusal read(event& out) noexcept {
        if (rest_.size() > event_bytes_max)
            return at(rest_, errc::line_too_long);
        if (!take_mark(rest_, "_e{"))
            return at(rest_, errc::bad_header);
        const auto title_digits = take_until<',', '}', ':', '|'>(rest_);
        if (!take_mark(rest_, ","))
            return at(rest_, errc::bad_header);
        const auto text_digits = take_until<'}', ':', '|'>(rest_);
        if (!take_mark(rest_, "}:"))
            return at(rest_, errc::bad_header);
        if (!take_counted(title_digits, out.title) || !take_mark(rest_, "|"))
            return at(title_digits, errc::bad_length);
        if (out.title.empty())
            return at(title_digits, errc::empty_title);
        if (!take_counted(text_digits, out.text))
            return at(text_digits, errc::bad_length);
        drop_carriage_return();
        if (!rest_.empty() && rest_.front() != '|')
            return at(text_digits, errc::bad_length);
        return read_fields(out);
    }

    [[nodiscard]] constexpr refusal read(service_check& out) noexcept {
        if (rest_.size() > event_bytes_max)
            return at(rest_, errc::line_too_long);
        if (!take_mark(rest_, "_sc|"))
            return at(rest_, errc::bad_header);
        drop_carriage_return();
        out.name = take_until<'|'>(rest_);
        if (const auto error = dialect::quipu::check_name(out.name); error != errc::ok)
            return at(out.name, error);
        if (!take_mark(rest_, "|"))
            return at(rest_, errc::bad_status);
        const auto digit = take_until<'|'>(rest_);
        if (digit.size() != 1 || digit[0] < '0' || digit[0] > '3')
            return at(digit, errc::bad_status);
        out.status = static_cast<service_status>(digit[0] - '0');
        return read_fields(out);
    }
};

template <class Parsed>
[[nodiscard]] constexpr result<Parsed> read_event_line(std::string_view line,
                                                       refusal* why) noexcept {
    Parsed parsed;
    const refusal refused = event_reader(line).read(parsed);
    if (why != nullptr)
        *why = refused;
    if (refused.error != errc::ok)
        return refused.error;
    return parsed;
}

} // namespace detail

/// Parses the line of an event, `_e{TITLE_BYTES,TEXT_BYTES}:TITLE|TEXT`, and then in any order
/// `|d:UNIX` `|h:HOST` `|k:KEY` `|p:normal|low` `|s:SOURCE` `|t:error|warning|info|success`
/// `|#TAGS` `|c:` `|e:` `|card:`.
///
/// Input    `line` without its newline; a '\r' behind its last part does not count. Not retained.
/// Returns  the event; its views point into `line`. Unknown fields that begin with a letter, and
///          empty ones, do not count; of a field that comes twice the last counts. `why`, if there
///          is one, learns what was refused and where.
/// Errors   line_too_long (event_bytes_max), bad_header, bad_length, empty_title, bad_timestamp,
///          bad_tags, bad_field (a word that p: or t: do not have; a control character),
///          unknown_field.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
/// Source   DogStatsD protocol 1.6, "Events".
[[nodiscard]] constexpr result<event> parse_event(std::string_view line,
                                                  refusal* why = nullptr) noexcept {
    return detail::read_event_line<event>(line, why);
}

/// Parses the line of a service check, `_sc|NAME|STATUS`, and then in any order `|d:UNIX` `|h:HOST`
/// `|#TAGS` `|c:` `|e:` `|card:` `|m:MESSAGE`.
///
/// Input, Returns, Cost, Threads  as for parse_event.
/// Errors   line_too_long (event_bytes_max), bad_header, empty_name, name_too_long, bad_name,
///          bad_status, bad_timestamp, bad_tags, bad_field, unknown_field.
/// Source   DogStatsD protocol 1.6, "Service checks".
[[nodiscard]] constexpr result<service_check> parse_service_check(std::string_view line,
                                                                  refusal* why = nullptr) noexcept {
    return detail::read_event_line<service_check>(line, why);
}

} // namespace quipu

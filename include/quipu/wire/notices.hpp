// Datagrams with events and service checks among the metrics, as DogStatsD's clients send them.
#pragma once

#include <quipu/wire/datagram.hpp>
#include <quipu/wire/parse_event.hpp>

#include <string_view>

namespace quipu {

namespace detail {

/// Reads a line that may be an event or a service check.
template <wire_dialect Dialect, class OnSample, class OnRefusal, class OnNotice>
constexpr void read_line_or_notice(std::string_view line,
                                   OnSample& on_sample,
                                   OnRefusal& on_refusal,
                                   OnNotice& on_notice) {
    const auto hand_out = [&](const auto& parsed, refusal why) {
        parsed ? static_cast<void>(on_notice(*parsed)) : static_cast<void>(on_refusal(why, line));
    };
    refusal why;
    if (is_event(line))
        hand_out(parse_event(line, &why), why);
    else if (is_service_check(line))
        hand_out(parse_service_check(line, &why), why);
    else
        parse_line<Dialect>(line, on_sample, [&](refusal of_line) { on_refusal(of_line, line); });
}

} // namespace detail

/// Parses all lines of a datagram as parse_datagram does, and calls `on_notice` with an `event` or
/// a `service_check` for each line that is one: overload it for both, or take either by a template.
/// One that is malformed is refused, with the byte where.
template <wire_dialect Dialect = dialect::dogstatsd,
          class OnSample,
          class OnRefusal,
          class OnNotice>
constexpr std::size_t parse_datagram_with_notices(padded_text from,
                                                  OnSample&& on_sample,
                                                  OnRefusal&& on_refusal,
                                                  OnNotice&& on_notice) {
    return detail::read_lines<Dialect, detail::notices::leave>(
        from, on_sample, [&](std::string_view line) {
            detail::read_line_or_notice<Dialect>(line, on_sample, on_refusal, on_notice);
        });
}

/// The same for any text, with nothing behind it.
template <wire_dialect Dialect = dialect::dogstatsd,
          class OnSample,
          class OnRefusal,
          class OnNotice>
constexpr std::size_t parse_datagram_with_notices(std::string_view text,
                                                  OnSample&& on_sample,
                                                  OnRefusal&& on_refusal,
                                                  OnNotice&& on_notice) {
    return for_each_line<Dialect>(text, [&](std::string_view line) {
        detail::read_line_or_notice<Dialect>(line, on_sample, on_refusal, on_notice);
    });
}

} // namespace quipu

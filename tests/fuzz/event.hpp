// Lines of events and service checks.
#pragma once

#include <quipu/wire/format_event.hpp>
#include <quipu/wire/parse_event.hpp>

#include "fuzz/expect.hpp"
#include "fuzz/samples.hpp"

#include <string_view>

namespace quipu::test {

/// Checks what was parsed from `line`: `parse_again` reads the same from what format makes of it.
template <class Parsed, class Parse>
void check_event_line(const result<Parsed>& parsed,
                      refusal why,
                      std::string_view line,
                      Parse again) {
    if (!parsed)
        return check_refusal(why, line);
    expect(why == refusal(), "what is accepted has no refusal");
    expect(is_inside(parsed->origin.host, line), "a host is a part of its line");
    expect(is_inside(parsed->origin.tags, line), "tags are a part of their line");
    static line_buffer out;
    out.resize(0);
    const auto error = format(*parsed, out);
    // A message may end with a '\r' that is not the end of the line.
    expect(error == errc::ok || error == errc::bad_field, "what is read can be written");
    if (error == errc::ok)
        expect(*again(out.view()) == *parsed, "what is written reads back equal");
}

inline void fuzz_event(std::string_view bytes) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    refusal why;
    const auto one = parse_event(line, &why);
    check_event_line(one, why, line, [](std::string_view text) { return parse_event(text); });
    expect(!one || is_event(line), "an event begins as one");
    const auto check = parse_service_check(line, &why);
    check_event_line(
        check, why, line, [](std::string_view text) { return parse_service_check(text); });
    expect(!check || is_service_check(line), "a service check begins as one");

    static line_buffer text;
    text.resize(0);
    const auto error = append_unescaped(bytes, text);
    expect((error == errc::ok && text.size() <= bytes.size()) || text.size() == 0,
           "a text gets no longer by its newlines");
}

} // namespace quipu::test

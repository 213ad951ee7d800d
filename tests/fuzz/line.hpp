// One line in every dialect.
#pragma once

#include <quipu/wire/canonical.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/parse.hpp>

#include "fuzz/samples.hpp"

#include <cstddef>
#include <string_view>

namespace quipu::test {

template <wire_dialect Dialect>
void fuzz_line_of(std::string_view line) {
    std::size_t samples = 0;
    errc first = errc::ok;
    parse_line<Dialect>(
        line,
        [&](const sample& one) {
            ++samples;
            check_sample<dialect::quipu, Dialect>(one, line);
        },
        [&](refusal why) {
            check_refusal(why, line);
            first = first == errc::ok ? why.error : first;
        });
    expect(samples > 0 || first != errc::ok, "a line gives a sample or a refusal");
    const auto alone = parse<Dialect>(line);
    expect(alone.has_value() == (samples == 1 && first == errc::ok),
           "parse gives what is the only sample");
    expect(first == errc::ok || alone.error() == first, "parse tells the first cause");
}

/// Parses the first line of `bytes` in every dialect.
inline void fuzz_line(std::string_view bytes) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    fuzz_line_of<dialect::quipu>(line);
    fuzz_line_of<dialect::etsy>(line);
    fuzz_line_of<dialect::kiip>(line);
    fuzz_line_of<dialect::statsite>(line);
    fuzz_line_of<dialect::dogstatsd>(line);
    fuzz_line_of<dialect::influx>(line);
    fuzz_line_of<dialect::librato>(line);
    fuzz_line_of<dialect::signalfx>(line);
}

} // namespace quipu::test

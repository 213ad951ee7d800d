// What holds for every sample, whichever dialect it comes from.
#pragma once

#include <quipu/wire/datagram.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/sample.hpp>

#include "fuzz/expect.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace quipu::test {

/// Whether two samples say the same, what their kind does not use and their spelling aside.
inline bool say_the_same(const sample& a, const sample& b) {
    const auto kind = a.series.kind;
    return a.series == b.series && a.rate == b.rate && a.timestamp == b.timestamp &&
           (kind == metric_kind::unique ? a.member == b.member : a.value == b.value) &&
           (kind != metric_kind::gauge || a.relative == b.relative) &&
           (kind != metric_kind::timer || a.timer == b.timer) && a.origin == b.origin;
}

/// Checks that a sample reads back equal from what format makes of it.
template <wire_dialect Dialect>
void check_format(const sample& one) {
    static basic_line_buffer<1 << 17> text;
    text.resize(0);
    if (format<Dialect>(one, text) != errc::ok)
        return; // a dialect may accept what no line of another can carry
    sample last;
    std::size_t count = 0;
    parse_datagram<Dialect>(
        text.view(),
        [&](const sample& back) {
            last = back;
            ++count;
        },
        [](refusal, std::string_view) { expect(false, "what is written can be read"); });
    sample wanted = one;
    if (count == 2) { // set to zero first, then changed
        expect(one.series.kind == metric_kind::gauge && one.value < 0, "only such a gauge is two");
        wanted.relative = true;
    }
    expect(count == 1 || count == 2, "a sample is a line, a negative gauge two");
    expect(say_the_same(wanted, last), "what is written reads back equal");
}

/// Checks one sample that was read from `from`: its numbers, its views, and that each of
/// `Dialects` reads it back.
template <wire_dialect... Dialects>
void check_sample(const sample& one, std::string_view from) {
    expect(std::isfinite(one.value), "a value is finite");
    expect(one.rate >= rate_min && std::isfinite(one.rate), "a rate is above zero and finite");
    expect(one.timestamp == no_timestamp || one.timestamp >= 0, "a time is not below zero");
    expect(is_inside(one.series.name, from), "a name is a part of its line");
    expect(is_inside(one.series.tags, from), "tags are a part of their line");
    (check_format<Dialects>(one), ...);
}

/// Checks that a refusal tells a cause and a place within its line.
inline void check_refusal(refusal why, std::string_view line) {
    expect(why.error != errc::ok, "a refusal has a cause");
    expect(why.offset <= line.size(), "a refusal is within its line");
}

} // namespace quipu::test

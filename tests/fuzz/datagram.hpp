// A datagram of lines: all at once, and line by line.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/wire/datagram.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/notices.hpp>

#include "fuzz/samples.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace quipu::test {

/// All that a text gives.
struct datagram_outcome {
    std::vector<sample> samples;
    std::vector<refusal> refusals;
    std::vector<event> events;
    std::vector<service_check> checks;
    std::size_t lines = 0;

    void operator()(const event& one) { events.push_back(one); }
    void operator()(const service_check& one) { checks.push_back(one); }

    friend bool operator==(const datagram_outcome&, const datagram_outcome&) = default;
};

template <wire_dialect Dialect, class Text>
datagram_outcome read_datagram(Text text) {
    datagram_outcome all;
    all.lines = parse_datagram<Dialect>(
        text,
        [&](const sample& one) { all.samples.push_back(one); },
        [&](refusal why, std::string_view line) {
            check_refusal(why, line);
            all.refusals.push_back(why);
        });
    return all;
}

template <wire_dialect Dialect>
void fuzz_datagram_of(std::string_view text, padded_text padded) {
    datagram_outcome by_line;
    by_line.lines = for_each_line<Dialect>(text, [&](std::string_view line) {
        parse_line<Dialect>(
            line,
            [&](const sample& one) { by_line.samples.push_back(one); },
            [&](refusal why) { by_line.refusals.push_back(why); });
    });
    expect(read_datagram<Dialect>(text) == by_line, "a datagram is its lines");
    expect(read_datagram<Dialect>(padded) == by_line, "with padding, too");

    // Packed as samples again, those that go on a line of ours stay in order.
    datagram_writer writer;
    std::size_t packed = 0;
    std::size_t came = 0;
    const auto send = [&] {
        expect(writer.view().size() <= 1432, "a datagram is as long as may be");
        const auto back = read_datagram<dialect::quipu>(writer.view());
        expect(back.refusals.empty(), "what is packed can be read");
        came += back.samples.size();
        writer.clear();
    };
    for (const auto& one : by_line.samples) {
        auto error = writer.add(one);
        if (error == errc::no_space && !writer.empty()) {
            send();
            error = writer.add(one);
        }
        packed += error == errc::ok ? 1 : 0;
    }
    send();
    expect(came >= packed, "no packed sample is lost");
}

template <wire_dialect Dialect, class Text>
datagram_outcome read_notices(Text text) {
    datagram_outcome all;
    all.lines = parse_datagram_with_notices<Dialect>(
        text,
        [&](const sample& one) { all.samples.push_back(one); },
        [&](refusal why, std::string_view line) {
            check_refusal(why, line);
            all.refusals.push_back(why);
        },
        [&](const auto& notice) { all(notice); });
    return all;
}

/// Parses a datagram as it came and with other bytes behind it.
inline void fuzz_datagram(std::string_view bytes) {
    std::vector<char> memory(bytes.begin(), bytes.end());
    for (std::size_t i = 0; i < read_padding_bytes; ++i)
        memory.push_back(":1|c\n"[i % 5]);
    const std::string_view text(memory.data(), bytes.size());
    fuzz_datagram_of<dialect::quipu>(text, {text});
    fuzz_datagram_of<dialect::etsy>(text, {text});
    fuzz_datagram_of<dialect::kiip>(text, {text});
    fuzz_datagram_of<dialect::statsite>(text, {text});
    fuzz_datagram_of<dialect::dogstatsd>(text, {text});
    expect(read_notices<dialect::dogstatsd>(text) ==
               read_notices<dialect::dogstatsd>(padded_text{text}),
           "events among metrics are the same, with padding or not");
    read_datagram<dialect::quipu>(bytes); // of memory that ends with the text
}

} // namespace quipu::test

// Streams of text, and of text and binary records, in one piece and cut into several.
#pragma once

#include <quipu/wire/mixed_stream.hpp>
#include <quipu/wire/stream.hpp>

#include "fuzz/expect.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::test {

/// A small bound, so that what is beyond it comes up.
inline constexpr std::size_t stream_bytes_max = 64;

/// What comes out of a stream. Lines beyond the bound are left out: they come out only if they were
/// in one piece.
struct stream_outcome {
    std::vector<std::string> parts;
    std::string rest;
    errc error = errc::ok;
    bool in_record = false;

    void add(std::string_view text) {
        expect(!text.empty() && text.back() == '\n', "a text is whole lines");
        while (!text.empty()) {
            const auto line = text.substr(0, text.find('\n'));
            if (!line.empty() && line.size() <= stream_bytes_max)
                parts.emplace_back(line);
            text.remove_prefix(line.size() + 1);
        }
    }

    friend bool operator==(const stream_outcome&, const stream_outcome&) = default;
};

/// Cuts `bytes` into pieces whose sizes `sizes` gives, one after the other and over again, each
/// in memory of its own.
template <class Feed>
void feed_pieces(std::string_view bytes, std::string_view sizes, Feed feed) {
    for (std::size_t i = 0; !bytes.empty(); ++i) {
        const auto size = 1 + static_cast<unsigned char>(sizes[i % sizes.size()]) % 32U;
        const auto piece = bytes.substr(0, size);
        const std::vector<char> copy(piece.begin(), piece.end());
        feed(std::string_view(copy.data(), copy.size()));
        bytes.remove_prefix(piece.size());
    }
}

/// A line_stream and what came out of it.
struct line_stream_run {
    line_stream stream{stream_bytes_max};
    stream_outcome out;

    void feed(std::string_view bytes) {
        stream.feed(bytes, [&](std::string_view text) { out.add(text); });
        expect(stream.rest().size() <= stream_bytes_max, "what is held is bounded");
        out.rest = stream.rest();
    }
};

/// A mixed_stream and what came out of it.
struct mixed_stream_run {
    mixed_stream stream{stream_bytes_max};
    stream_outcome out;

    void feed(std::string_view bytes) {
        out.error = stream.feed(
            bytes,
            [&](std::string_view text) { out.add(text); },
            [&](const sample& one) {
                out.parts.push_back("sample " + std::string(one.series.name) + ':' +
                                    std::string(one.member) + std::to_string(one.value));
            },
            [&](refusal why, std::string_view record) {
                expect(record.size() <= stream_bytes_max, "a record is bounded");
                expect(why.offset < record.size(), "a refusal is within its record");
                out.parts.push_back("refused " + std::string(record));
            });
        expect(stream.rest().size() <= stream_bytes_max, "what is held is bounded");
        expect(stream.rest().empty() || !stream.in_record(), "a record does not begin in a line");
        out.rest = stream.rest();
        out.in_record = stream.in_record();
    }
};

template <class Run>
void fuzz_stream_of(std::string_view bytes, std::string_view sizes) {
    Run whole;
    whole.feed(bytes);
    Run pieces;
    feed_pieces(bytes, sizes, [&](std::string_view piece) { pieces.feed(piece); });
    expect(whole.out == pieces.out, "a stream is the same wherever it is cut");
}

/// The first eight bytes say how to cut what follows.
inline void fuzz_stream(std::string_view bytes) {
    if (bytes.size() < 8)
        return;
    const auto sizes = bytes.substr(0, 8);
    bytes.remove_prefix(sizes.size());
    fuzz_stream_of<line_stream_run>(bytes, sizes);
    fuzz_stream_of<mixed_stream_run>(bytes, sizes);
}

} // namespace quipu::test

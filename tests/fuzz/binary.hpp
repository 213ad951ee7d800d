// Binary records: statsite's samples and its sink stream.
#pragma once

#include <quipu/wire/binary.hpp>
#include <quipu/wire/binary_point.hpp>

#include "fuzz/expect.hpp"
#include "fuzz/samples.hpp"

#include <string_view>

namespace quipu::test {

/// Checks a record at the front of `bytes`; what it says is written as the same bytes.
inline void fuzz_binary_sample(std::string_view bytes) {
    const auto size = binary_record_size(bytes);
    const auto record = parse_binary(bytes);
    expect(size.has_value() || record.error() == size.error(), "what has no size is no record");
    if (!record)
        return;
    expect(record->complete() == (bytes.size() >= *size), "a record is there when its bytes are");
    if (!record->complete())
        return;
    expect(record->size == *size && record->size <= bytes.size(), "a record has its size");
    const auto whole = bytes.substr(0, record->size);
    if (record->refused.error != errc::ok)
        return check_refusal(record->refused, whole);
    check_sample<dialect::quipu, dialect::statsite>(record->sample, whole);
    static line_buffer out;
    out.resize(0);
    if (format_binary(record->sample, out) == errc::ok)
        expect(out.view() == whole, "what is read is written as the same bytes");
}

inline void fuzz_binary_point(std::string_view bytes) {
    const auto record = parse_binary_point(bytes);
    if (!record || !record->complete())
        return;
    expect(record->size <= bytes.size(), "a point is within its bytes");
    static basic_line_buffer<70'000> out;
    out.resize(0);
    expect(format_binary(record->point, out) == errc::ok, "what is read can be written");
    expect(out.view() == bytes.substr(0, record->size), "as the same bytes");
}

inline void fuzz_binary(std::string_view bytes) {
    fuzz_binary_sample(bytes);
    fuzz_binary_point(bytes);
}

} // namespace quipu::test

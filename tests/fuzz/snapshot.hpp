// Bytes as a snapshot: what is read can be written, and used.
#pragma once

#include <quipu/schema/native.hpp>
#include <quipu/snapshot/codec.hpp>
#include <quipu/snapshot/merge.hpp>

#include "fuzz/expect.hpp"

#include <string>
#include <string_view>

namespace quipu::test {

/// Gives bytes the checksum that they need, so that more than the checksum is looked at.
inline std::string with_checksum(std::string_view bytes) {
    std::string whole(snapshot_magic);
    whole += bytes;
    const auto checksum = quipu::detail::snapshot_checksum(whole);
    byte_writer(whole).word(checksum);
    return whole;
}

inline void fuzz_snapshot_whole(std::string_view bytes) {
    auto read = read_snapshot<>(bytes);
    if (!read)
        return;
    // Cells that were not settled are so now; after that nothing changes.
    std::string settled;
    write_snapshot(*read, settled);
    expect(settled.size() == bytes.size(), "what was read is written as long as it was");
    const auto back = read_snapshot<>(settled);
    std::string again;
    if (back)
        write_snapshot(*back, again);
    expect(again == settled, "what was written is read, and written as the same bytes");
    // It can be looked at, merged, and put into a store.
    std::size_t points = 0;
    if (read->interval_seconds > 0) {
        native_schema().write(*read, {}, [&](const point& one) {
            expect(one.value == one.value, "no number is NaN");
            ++points;
        });
    }
    snapshot sum;
    merge(sum, *read);
    merge(sum, *read);
    sort_by_name(sum);
    store all;
    restore(sum, all);
    expect(all.size() <= sum.size(), "a store has the series of the snapshot");
}

inline void fuzz_snapshot(std::string_view bytes) {
    fuzz_snapshot_whole(bytes);
    fuzz_snapshot_whole(with_checksum(bytes));
}

} // namespace quipu::test

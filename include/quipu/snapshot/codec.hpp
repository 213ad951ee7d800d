// A snapshot to bytes and back: for a checkpoint, a spool, or another host.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/result.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/store.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What the bytes of a snapshot begin with; the last of it is the version of their form.
inline constexpr std::string_view snapshot_magic = "QUIPU\x1aS\x01";

namespace detail {

inline constexpr std::uint64_t snapshot_checksum_seed = 0x7175'6970'7573'6e61;

[[nodiscard]] inline std::uint64_t snapshot_checksum(std::string_view bytes) noexcept {
    return hash_bytes(bytes, snapshot_checksum_seed);
}

template <class Entries>
void write_entries(byte_writer& out, const Entries& entries) {
    out.count(entries.size());
    for (const auto& one : entries) {
        out.text(one.name);
        out.count(one.idle_intervals);
        one.cell.write(out);
    }
}

template <class Entry>
[[nodiscard]] bool read_entries(byte_reader& from, std::vector<Entry>& entries, key_arena& names) {
    constexpr std::size_t entry_bytes_min = 3;
    for (auto left = from.count_of(entry_bytes_min); left > 0 && !from.failed(); --left) {
        const auto name = from.text();
        const auto idle = from.count();
        if (from.failed() || idle > UINT32_MAX)
            return false;
        // One after another: a few bytes that promise many do not reserve memory for them.
        entries.push_back({names.intern(name), static_cast<std::uint32_t>(idle), {}});
        if (!entries.back().cell.read(from))
            return false;
        entries.back().cell.settle();
    }
    return !from.failed();
}

} // namespace detail

/// Appends the bytes of a snapshot, whose form is the same on every machine and stays readable.
/// What a cell is, and how many values it may hold, is that of the traits; who reads needs the same.
/// Cost     O(size of the cells); allocates when the string grows.
template <class Traits>
void write_snapshot(const basic_snapshot<Traits>& of, std::string& out) {
    const std::size_t begin = out.size();
    out += snapshot_magic;
    byte_writer to(out);
    to.word(static_cast<std::uint64_t>(of.timestamp));
    to.number(of.interval_seconds);
    to.number(of.processing_milliseconds);
    for_each_kind([&](const auto& list) { detail::write_entries(to, list); }, of);
    to.word(detail::snapshot_checksum(std::string_view(out).substr(begin)));
}

/// Reads what `write_snapshot` wrote.
/// Input    any bytes, whole: no more than one snapshot.
/// Errors   bad_magic: these are no snapshot, or of a form that is not known here; bad_encoding: they
///          are damaged, or of other traits.
/// Cost     O(bytes); the memory that it takes is at most a fixed multiple of them.
template <class Traits = store_traits>
[[nodiscard]] result<basic_snapshot<Traits>> read_snapshot(std::string_view bytes) {
    constexpr std::size_t checksum_bytes = 8;
    if (bytes.substr(0, snapshot_magic.size()) != snapshot_magic)
        return errc::bad_magic;
    if (bytes.size() < snapshot_magic.size() + checksum_bytes)
        return errc::bad_encoding;
    const auto body = bytes.substr(0, bytes.size() - checksum_bytes);
    if (detail::read_little_endian<std::uint64_t>(body.data() + body.size()) !=
        detail::snapshot_checksum(body))
        return errc::bad_encoding;
    byte_reader from(body.substr(snapshot_magic.size()));
    basic_snapshot<Traits> made;
    made.timestamp = static_cast<std::int64_t>(from.word());
    made.interval_seconds = from.number();
    made.processing_milliseconds = from.number();
    bool sound = made.interval_seconds >= 0 && std::isfinite(made.interval_seconds) &&
                 std::isfinite(made.processing_milliseconds);
    for_each_kind(
        [&](auto& list) { sound = sound && detail::read_entries(from, list, made.names); }, made);
    if (!sound || from.failed() || from.left() > 0)
        return errc::bad_encoding;
    return made;
}

/// Puts the series of a snapshot into a store as if they had come before all that it holds: after a
/// restart, gauges have their values again. Returns how many found no room.
/// Cost     as a merge of two stores.
template <class Traits>
std::size_t restore(const basic_snapshot<Traits>& from, basic_store<Traits>& into) {
    const std::size_t refused = into.refused();
    const auto put = [](const auto& entry, auto& cell) {
        auto both = entry.cell;
        both.merge(cell);
        cell = std::move(both);
    };
    for (const auto& one : from.counters)
        put(one, into.counter(one.name));
    for (const auto& one : from.timers)
        put(one, into.timer(one.name));
    for (const auto& one : from.gauges)
        put(one, into.gauge(one.name));
    for (const auto& one : from.uniques)
        put(one, into.unique(one.name));
    for (const auto& one : from.keyvalues)
        put(one, into.keyvalue(one.name));
    return into.refused() - refused;
}

} // namespace quipu

// Series that a backend cannot tell apart, made one before they are rendered.
#pragma once

#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quipu {

/// What was made one, since the beginning.
struct united_series {
    std::uint64_t merged = 0; ///< series of flushes that went into another one
    std::string one{};        ///< the first that did, and into which
    std::string into{};
};

namespace detail {

/// Of a gauge the value that was set later counts, of all others the sum or all values.
template <class Entry>
void unite_entries(Entry& into, const Entry& later) {
    if constexpr (requires { into.cell.change(1.0); }) {
        if (later.idle_intervals <= into.idle_intervals)
            into.cell = later.cell;
    } else {
        static_cast<void>(refused_by_merge(into.cell, later.cell));
        into.cell.settle();
    }
    into.idle_intervals =
        later.idle_intervals < into.idle_intervals ? later.idle_intervals : into.idle_intervals;
}

/// The places of entries that are one, the first of them first; and only those.
template <class Entry, class KeyOf>
[[nodiscard]] std::vector<std::vector<std::size_t>> groups_of(const std::vector<Entry>& entries,
                                                              KeyOf& key_of) {
    // Where nothing is cleaned all names are different ones.
    std::unordered_map<std::string, std::vector<std::size_t>> cleaned;
    std::string key;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        key.clear();
        if (key_of(entries[i].name, key))
            cleaned[key].push_back(i);
    }
    std::vector<std::vector<std::size_t>> groups;
    if (cleaned.empty())
        return groups;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        key.clear();
        if (key_of(entries[i].name, key))
            continue;
        if (const auto found = cleaned.find(std::string(entries[i].name)); found != cleaned.end())
            found->second.push_back(i);
    }
    for (auto& [name, places] : cleaned) {
        if (places.size() < 2)
            continue;
        for (std::size_t i = 1; i < places.size(); ++i) { // the plain one came last
            for (std::size_t j = i; j > 0 && places[j] < places[j - 1]; --j)
                std::swap(places[j], places[j - 1]);
        }
        groups.push_back(std::move(places));
    }
    return groups;
}

template <class Entry>
void unite_groups(std::vector<Entry>& entries,
                  const std::vector<std::vector<std::size_t>>& groups,
                  united_series& told) {
    std::vector<bool> leaves(entries.size());
    for (const auto& group : groups) {
        for (std::size_t i = 1; i < group.size(); ++i) {
            if (told.merged++ == 0) {
                told.one = entries[group[i]].name;
                told.into = entries[group[0]].name;
            }
            unite_entries(entries[group[0]], entries[group[i]]);
            leaves[group[i]] = true;
        }
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (leaves[i])
            continue;
        if (kept != i)
            entries[kept] = std::move(entries[i]);
        ++kept;
    }
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(kept), entries.end());
}

} // namespace detail

/// A snapshot in which each series is another one to a backend: `from`, if all of them are; else `room`,
/// where those that are one were merged, counters, timers and sets exactly, of gauges the later value,
/// key/values in their order. The name is that of the first.
///
/// Input    key_of(std::string_view canonical, std::string& key): appends what the backend knows a
///          series by, and returns true; or returns false, if that is the canonical text as it is. Series
///          of different kinds are different.
/// Cost     a call of `key_of` for each series; if any is cleaned, one more and a look-up for each; a
///          copy of all cells if any are one. The names of `room` are views of those of `from`.
template <class Traits, class KeyOf>
[[nodiscard]] const basic_snapshot<Traits>& unite(const basic_snapshot<Traits>& from,
                                                  KeyOf&& key_of,
                                                  basic_snapshot<Traits>& room,
                                                  united_series& told) {
    std::vector<std::vector<std::size_t>> groups[metric_kind_count];
    std::size_t kind = 0;
    bool any = false;
    for_each_kind(
        [&](const auto& entries) {
            groups[kind] = detail::groups_of(entries, key_of);
            any = any || !groups[kind].empty();
            ++kind;
        },
        from);
    if (!any)
        return from;
    room.timestamp = from.timestamp;
    room.interval_seconds = from.interval_seconds;
    room.processing_milliseconds = from.processing_milliseconds;
    kind = 0;
    for_each_kind(
        [&](auto& into, const auto& all) {
            into = all;
            detail::unite_groups(into, groups[kind], told);
            ++kind;
        },
        room,
        from);
    return room;
}

} // namespace quipu

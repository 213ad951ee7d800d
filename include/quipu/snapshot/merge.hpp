// Two snapshots into one: of two intervals one behind the other, or of two stores in one interval.
#pragma once

#include <quipu/snapshot/snapshot.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Sorts the series of each kind by name, byte by byte: an order that does not depend on which came
/// first.
/// Cost     O(n log n).
template <class Traits>
void sort_by_name(basic_snapshot<Traits>& of) {
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    for_each_kind([&](auto& list) { std::sort(list.begin(), list.end(), by_name); }, of);
}

namespace detail {

/// Returns how many samples were refused.
template <class Entry>
std::uint64_t
merge_entries(std::vector<Entry>& into, const std::vector<Entry>& later, key_arena& names) {
    std::uint64_t refused = 0;
    // Places of the entries that are here, by name; new ones stay behind them.
    std::vector<std::size_t> order(into.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return into[a].name < into[b].name;
    });
    for (const auto& one : later) {
        const auto found = std::lower_bound(
            order.begin(), order.end(), one.name, [&](std::size_t place, std::string_view name) {
                return into[place].name < name;
            });
        if (found == order.end() || into[*found].name != one.name) {
            into.push_back({names.intern(one.name), one.idle_intervals, one.cell});
            continue;
        }
        Entry& here = into[*found];
        here.idle_intervals = std::min(here.idle_intervals, one.idle_intervals);
        refused += refused_by_merge(here.cell, one.cell);
        here.cell.settle();
    }
    return refused;
}

} // namespace detail

/// Adds a later snapshot to an earlier one, series by series; new series come last. Of a gauge that
/// both set, the later value stays. Merging is associative, and commutative but for gauges,
/// key/values and the order of series.
///
/// Units    `interval_seconds` and `processing_milliseconds` add up; the later timestamp stays. For
///          two stores of one interval set the interval again.
/// Returns  how many samples of the later one were refused, since their sum with those of the earlier
///          would be no number.
/// Cost     O(n log n) for the series, and a merge of each cell.
template <class Traits>
std::uint64_t merge(basic_snapshot<Traits>& into, const basic_snapshot<Traits>& later) {
    QUIPU_ASSERT(&later != &into);
    into.timestamp = std::max(into.timestamp, later.timestamp);
    into.interval_seconds += later.interval_seconds;
    into.processing_milliseconds += later.processing_milliseconds;
    std::uint64_t refused = 0;
    for_each_kind(
        [&](auto& mine, const auto& theirs) {
            refused += detail::merge_entries(mine, theirs, into.names);
        },
        into,
        later);
    return refused;
}

} // namespace quipu

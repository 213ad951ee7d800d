// From a store to a snapshot, at a flush.
#pragma once

#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/store.hpp>

#include <cstdint>
#include <utility>

namespace quipu {

/// The retention policies of a store's kinds; set the members of those that have some.
template <class Traits = store_traits>
struct basic_retentions {
    typename Traits::counter_retention counters{};
    typename Traits::timer_retention timers{};
    typename Traits::gauge_retention gauges{};
    typename Traits::unique_retention uniques{};
    typename Traits::keyvalue_retention keyvalues{};
};

using retentions = basic_retentions<>;

namespace detail {

template <class Table, class Entries, retention_policy Retention>
void collect_table(Table& table, Entries& entries, key_arena& names, const Retention& retention) {
    const auto leaves = [&](const auto& one) { return retention.expired(one.idle_intervals); };
    for (auto& one : table.entries()) {
        one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
    }
    table.erase_if(leaves);
    entries.reserve(table.size());
    for (auto& one : table.entries()) {
        one.cell.settle();
        auto frozen = one.cell;
        one.cell.next_interval();
        entries.push_back({names.intern(one.name()), one.idle_intervals, std::move(frozen)});
    }
    // A gauge that leaves unless something comes leaves at once, as that of Etsy's statsd does: a change
    // that comes later begins at 0.
    if constexpr (requires(typename Entries::value_type one) { one.cell.change(1.0); })
        table.erase_if([&](const auto& one) { return retention.expired(one.idle_intervals + 1); });
}

} // namespace detail

/// Takes the snapshot of one interval out of a store and begins the next: series that their
/// retention policy lets go leave, the cells of the others begin anew.
///
/// Units    `timestamp` in Unix seconds, the end of the interval.
/// Cost     O(size of the cells), with a sort of each timer's values; allocates the snapshot.
template <class Traits>
[[nodiscard]] basic_snapshot<Traits> collect(basic_store<Traits>& from,
                                             std::int64_t timestamp,
                                             double interval_seconds,
                                             const basic_retentions<Traits>& keep = {}) {
    basic_snapshot<Traits> into;
    into.timestamp = timestamp;
    into.interval_seconds = interval_seconds;
    detail::collect_table(from.counters(), into.counters, into.names, keep.counters);
    detail::collect_table(from.timers(), into.timers, into.names, keep.timers);
    detail::collect_table(from.gauges(), into.gauges, into.names, keep.gauges);
    detail::collect_table(from.uniques(), into.uniques, into.names, keep.uniques);
    detail::collect_table(from.keyvalues(), into.keyvalues, into.names, keep.keyvalues);
    return into;
}

} // namespace quipu

// The store: the cells of all series, of every kind.
#pragma once

#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/keyvalue.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>
#include <quipu/store/retention.hpp>
#include <quipu/store/table.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// Compile-time choices of a store. Derive from this and override one line.
struct store_traits {
    /// Change a cell when another sketch, weighting or bound suits the kind better.
    using counter = quipu::counter;
    using timer = quipu::timer;
    using gauge = quipu::gauge;
    using unique = quipu::unique;
    using keyvalue = quipu::keyvalue;

    /// Change when idle series should go on to report, or names are unbounded.
    using counter_retention = retention::each_interval;
    using timer_retention = retention::each_interval;
    using gauge_retention = retention::forever;
    using unique_retention = retention::each_interval;
    using keyvalue_retention = retention::each_interval;

    /// Beyond so many series, all kinds together, new ones are refused: `series_limit`.
    static constexpr std::size_t series_max = 1'000'000;

    /// Change to the name of a series, one a kind, that takes what comes for new series beyond
    /// series_max; it stands beside them, and `overflowed()` counts.
    static constexpr std::string_view overflow_name = {};

    /// Change when names, entries and index should come from elsewhere. What cells hold is theirs.
    template <class T>
    using allocator = std::allocator<T>;
};

/// What one store could not take from another.
struct merge_refusals {
    std::size_t series = 0;                ///< for which there was no room
    std::uint64_t series_limit = 0;        ///< their samples, each by its weight
    std::uint64_t number_out_of_range = 0; ///< samples whose sum with those here would be no number
    std::uint64_t value_limit = 0;         ///< samples that full sketches left out, of either store
};

namespace detail {

/// How many samples a cell has, as far as it tells: of gauges and sets at least.
template <class Cell>
[[nodiscard]] std::uint64_t samples_of(const Cell& cell) noexcept {
    double samples = 1;
    if constexpr (requires { cell.samples(); })
        samples = cell.samples();
    else if constexpr (requires { cell.count(); })
        samples = cell.count();
    else if constexpr (requires { cell.values().size(); })
        samples = static_cast<double>(cell.values().size());
    else if constexpr (requires { cell.estimate(); })
        samples = cell.estimate();
    constexpr double samples_max = 0x1p53;
    return samples < samples_max ? static_cast<std::uint64_t>(samples + 0.5)
                                 : static_cast<std::uint64_t>(samples_max);
}

/// How many samples a full sketch of a cell has left out. A merge of two that are not full may fill one.
template <class Cell>
[[nodiscard]] std::uint64_t left_out_of(const Cell& cell) noexcept {
    if constexpr (requires { cell.values().dropped(); })
        return cell.values().dropped();
    else if constexpr (requires { cell.members().dropped(); })
        return cell.members().dropped();
    else
        return 0;
}

/// Merges a later cell. Returns how many samples of it were refused.
template <class Cell>
std::uint64_t refused_by_merge(Cell& into, const Cell& later) {
    if constexpr (requires {
                      { into.merge(later) } -> std::convertible_to<double>;
                  }) {
        constexpr double samples_max = 0x1p53;
        const double refused = into.merge(later);
        return static_cast<std::uint64_t>(refused < samples_max ? refused + 0.5 : samples_max);
    } else {
        into.merge(later);
        return 0;
    }
}

} // namespace detail

/// Maps series to cells. A series is a kind and a canonical text (canonical.hpp): the same text
/// under two kinds is two series.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_store {
public:
    using traits = Traits;

    template <class Cell>
    using table_of = basic_table<Cell, Traits::template allocator>;

    /// The seed of the hash; choose it at random where names come from strangers.
    explicit basic_store(std::uint64_t seed = 0,
                         const typename Traits::template allocator<char>& allocator = {})
        : counters_(seed, allocator), timers_(seed, allocator), gauges_(seed, allocator),
          uniques_(seed, allocator), keyvalues_(seed, allocator) {}

    /// Adds a sample to the cell of its series, whose canonical text is `name`.
    /// Errors   series_limit: the series is new and the store full; value_limit: the cell is full.
    /// Cost     one look-up and one update; allocates only for a new series or a growing cell.
    errc apply(std::string_view name, const sample& one) {
        errc error = errc::ok;
        with_table(*this, one.series.kind, [&](auto& table) {
            auto* const cell = find_or_insert(table, name);
            error = cell == nullptr ? errc::series_limit : cell->apply(one);
        });
        return error;
    }

    /// The cell in `table`, one of this store's, of a series that is not there yet; null if there
    /// is no room. `hash` is the name's.
    [[nodiscard]] auto* insert(auto& table, std::string_view name, std::uint64_t hash) {
        if (size() < Traits::series_max)
            return &table.insert(name, hash);
        if constexpr (Traits::overflow_name.empty())
            return decltype(&table.insert(name, hash)){};
        ++overflowed_;
        return table.find_or_insert(Traits::overflow_name, SIZE_MAX);
    }

    /// The cell of a series, new if there is none yet. Valid until the next call that is not const.
    /// Beyond the limit of series it is a cell that nobody reads, and `refused()` counts it.
    /// Cost     one look-up; allocates for a new series only.
    [[nodiscard]] auto& counter(std::string_view name) { return cell_of(counters_, name); }
    [[nodiscard]] auto& timer(std::string_view name) { return cell_of(timers_, name); }
    [[nodiscard]] auto& gauge(std::string_view name) { return cell_of(gauges_, name); }
    [[nodiscard]] auto& unique(std::string_view name) { return cell_of(uniques_, name); }
    [[nodiscard]] auto& keyvalue(std::string_view name) { return cell_of(keyvalues_, name); }

    /// How often a cell was asked for that did not fit.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

    /// How many samples, and merged cells, went to an overflow series.
    [[nodiscard]] std::size_t overflowed() const noexcept { return overflowed_; }

    /// Adds what came for the series of another store, the later one; its idle series do not count.
    /// Returns what was refused.
    /// Cost     as one apply for each series.
    merge_refusals merge(const basic_store& later) {
        QUIPU_ASSERT(&later != this);
        merge_refusals refused;
        for_each_pair(later, [&](auto& mine, const auto& theirs) {
            for (const auto& from : theirs.entries()) {
                if (from.cell.idle())
                    continue;
                auto* const cell = find_or_insert(mine, from.name());
                if (cell == nullptr) {
                    ++refused.series;
                    refused.series_limit += detail::samples_of(from.cell);
                } else {
                    const auto left_out =
                        detail::left_out_of(*cell) + detail::left_out_of(from.cell);
                    refused.number_out_of_range += detail::refused_by_merge(*cell, from.cell);
                    const auto now = detail::left_out_of(*cell);
                    refused.value_limit += now > left_out ? now - left_out : 0;
                }
            }
        });
        return refused;
    }

    /// Removes the series of that name, of every kind or of one. Returns how many there were.
    /// Cost     O(size).
    std::size_t erase(std::string_view name) {
        return erase_if([name](std::string_view one) { return one == name; });
    }
    std::size_t erase(metric_kind kind, std::string_view name) {
        std::size_t before = size();
        with_table(*this, kind, [&](auto& table) { table.erase(name); });
        return before - size();
    }

    /// Removes the series whose names begin so. Returns how many there were.
    /// Cost     O(size).
    std::size_t erase_prefix(std::string_view prefix) {
        return erase_if([prefix](std::string_view one) { return one.starts_with(prefix); });
    }

    /// Sets every cell back to its neutral value and keeps series and storage.
    void reset() {
        for_each_table([](auto& table) {
            for (auto& one : table.entries()) {
                one.idle_intervals = one.cell.idle() ? one.idle_intervals : 0;
                one.cell.reset();
            }
        });
    }
    /// The same at the end of an interval; a series that was idle for more than `idle_intervals_max`
    /// of them in a row leaves.
    void reset(std::uint32_t idle_intervals_max) {
        for_each_table([&](auto& table) {
            for (auto& one : table.entries()) {
                one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
                one.cell.reset();
            }
            table.erase_if(
                [&](const auto& one) { return one.idle_intervals > idle_intervals_max; });
        });
    }

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size() +
               keyvalues_.size();
    }

    [[nodiscard]] auto& counters() noexcept { return counters_; }
    [[nodiscard]] auto& timers() noexcept { return timers_; }
    [[nodiscard]] auto& gauges() noexcept { return gauges_; }
    [[nodiscard]] auto& uniques() noexcept { return uniques_; }
    [[nodiscard]] auto& keyvalues() noexcept { return keyvalues_; }

private:
    template <class Self, class F>
    static void with_table(Self& self, metric_kind kind, F&& f) {
        switch (kind) {
        case metric_kind::counter: return f(self.counters_);
        case metric_kind::timer: return f(self.timers_);
        case metric_kind::gauge: return f(self.gauges_);
        case metric_kind::unique: return f(self.uniques_);
        case metric_kind::keyvalue: return f(self.keyvalues_);
        }
    }

    template <class F>
    void for_each_table(F&& f) {
        f(counters_), f(timers_), f(gauges_), f(uniques_), f(keyvalues_);
    }

    template <class F>
    void for_each_pair(const basic_store& other, F&& f) {
        f(counters_, other.counters_);
        f(timers_, other.timers_);
        f(gauges_, other.gauges_);
        f(uniques_, other.uniques_);
        f(keyvalues_, other.keyvalues_);
    }

    template <class Predicate>
    std::size_t erase_if(const Predicate& leaves) {
        const std::size_t before = size();
        for_each_table([&](auto& table) {
            table.erase_if([&](const auto& one) { return leaves(one.name()); });
        });
        return before - size();
    }

    [[nodiscard]] auto* find_or_insert(auto& table, std::string_view name) {
        const std::uint64_t hash = table.hash(name);
        auto* const known = table.find(name, hash);
        return known != nullptr ? known : insert(table, name, hash);
    }

    template <class Cell>
    [[nodiscard]] Cell& cell_of(table_of<Cell>& table, std::string_view name) {
        if (auto* const found = find_or_insert(table, name))
            return *found;
        ++refused_;
        static thread_local Cell nobodys;
        nobodys.reset();
        return nobodys;
    }

    table_of<typename Traits::counter> counters_;
    table_of<typename Traits::timer> timers_;
    table_of<typename Traits::gauge> gauges_;
    table_of<typename Traits::unique> uniques_;
    table_of<typename Traits::keyvalue> keyvalues_;
    std::size_t refused_ = 0;
    std::size_t overflowed_ = 0;
};

using store = basic_store<>;

} // namespace quipu

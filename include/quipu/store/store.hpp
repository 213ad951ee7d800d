// The store: the cells of all series, of every kind.
#pragma once

#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/keyvalue.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>
#include <quipu/store/retention.hpp>
#include <quipu/store/table.hpp>

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
};

/// Maps series to cells. A series is a kind and a canonical text (canonical.hpp): the same text
/// under two kinds is two series.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_store {
public:
    using traits = Traits;

    /// The seed of the hash; choose it at random where names come from strangers.
    explicit basic_store(std::uint64_t seed = 0)
        : counters_(seed), timers_(seed), gauges_(seed), uniques_(seed), keyvalues_(seed) {}

    /// Adds a sample to the cell of its series, whose canonical text is `name`.
    /// Errors   series_limit: the series is new and the store full; value_limit: the cell is full.
    /// Cost     one look-up and one update; allocates only for a new series or a growing cell.
    errc apply(std::string_view name, const sample& one) {
        errc error = errc::ok;
        with_table(*this, one.series.kind, [&](auto& table) {
            auto* const cell = table.find_or_insert(name, room(table));
            error = cell == nullptr ? errc::series_limit : cell->apply(one);
        });
        return error;
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

    /// Adds what came for the series of another store, the later one; its idle series do not count.
    /// Returns how many series were refused at the limit.
    /// Cost     as one apply for each series.
    std::size_t merge(const basic_store& later) {
        QUIPU_ASSERT(&later != this);
        std::size_t refused = 0;
        for_each_pair(later, [&](auto& mine, const auto& theirs) {
            for (const auto& from : theirs.entries()) {
                if (from.cell.idle())
                    continue;
                auto* const cell = mine.find_or_insert(from.name, room(mine));
                cell == nullptr ? static_cast<void>(++refused) : cell->merge(from.cell);
            }
        });
        return refused;
    }

    /// Sets every cell back to its neutral value and keeps series and storage; a series that was
    /// idle for more than `idle_intervals_max` resets in a row leaves.
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

    template <class Cell>
    [[nodiscard]] Cell& cell_of(basic_table<Cell>& table, std::string_view name) {
        if (auto* const found = table.find_or_insert(name, room(table)))
            return *found;
        ++refused_;
        static thread_local Cell nobodys;
        nobodys.reset();
        return nobodys;
    }

    /// How large `table` may become with the others as they are.
    template <class Table>
    [[nodiscard]] std::size_t room(const Table& table) const noexcept {
        return table.size() + (Traits::series_max - size());
    }

    basic_table<typename Traits::counter> counters_;
    basic_table<typename Traits::timer> timers_;
    basic_table<typename Traits::gauge> gauges_;
    basic_table<typename Traits::unique> uniques_;
    basic_table<typename Traits::keyvalue> keyvalues_;
    std::size_t refused_ = 0;
};

using store = basic_store<>;

} // namespace quipu

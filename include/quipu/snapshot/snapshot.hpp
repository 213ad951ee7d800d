// A snapshot: one flush, frozen.
#pragma once

#include <quipu/store/key.hpp>
#include <quipu/store/store.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace quipu {

/// All series of one flush with their cells, settled. It owns its memory, so it may outlive the
/// store and cross threads.
///
/// Threads  reading one from several is safe.
template <class Traits = store_traits>
struct basic_snapshot {
    template <class Cell>
    struct entry {
        /// The canonical text of the series: `name;tag=value`.
        std::string_view name;
        /// Flushes since the last sample; 0: there was one in this interval.
        std::uint32_t idle_intervals = 0;
        Cell cell{};
    };

    basic_snapshot() = default;
    basic_snapshot(basic_snapshot&&) noexcept = default;
    basic_snapshot& operator=(basic_snapshot&&) noexcept = default;
    ~basic_snapshot() = default;
    basic_snapshot(const basic_snapshot&) = delete; // the names point into `names`
    basic_snapshot& operator=(const basic_snapshot&) = delete;

    /// Unix seconds of the end of the interval.
    std::int64_t timestamp = 0;
    double interval_seconds = 0;
    /// How long it took to merge and collect it.
    double processing_milliseconds = 0;

    std::vector<entry<typename Traits::counter>> counters{};
    std::vector<entry<typename Traits::timer>> timers{};
    std::vector<entry<typename Traits::gauge>> gauges{};
    std::vector<entry<typename Traits::unique>> uniques{};
    std::vector<entry<typename Traits::keyvalue>> keyvalues{};

    /// Keeps the names that the entries view.
    key_arena names{};

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters.size() + timers.size() + gauges.size() + uniques.size() + keyvalues.size();
    }
};

using snapshot = basic_snapshot<>;

/// Calls f(lists...) for each kind: the entries of that kind of all the snapshots.
template <class F, class... Snapshots>
void for_each_kind(F&& f, Snapshots&... of) {
    f(of.counters...);
    f(of.timers...);
    f(of.gauges...);
    f(of.uniques...);
    f(of.keyvalues...);
}

} // namespace quipu

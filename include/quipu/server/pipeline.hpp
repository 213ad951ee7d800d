// From the shards of the receiving threads to snapshots: the flusher's half of a server.
#pragma once

#include <quipu/server/intake.hpp>
#include <quipu/server/key_frequency.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/snapshot/collect.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Merges what the receiving threads handed over, keeps what lasts beyond an interval, and makes
/// the snapshot of each flush. It does no input or output and holds no clock.
///
/// Threads  one thread, the flusher's.
template <server_profile Profile = profile::quipu>
class basic_pipeline {
public:
    using store_traits = typename Profile::store_traits;
    using snapshot_type = basic_snapshot<store_traits>;
    using input = interval_input<store_traits>;

    /// `own_prefix` is the node of the server's own counters, if the profile has them.
    explicit basic_pipeline(std::uint64_t seed = 0,
                            std::string own_prefix = "statsd",
                            basic_retentions<store_traits> keep = {})
        : store_(seed), keep_(keep), own_prefix_(std::move(own_prefix)) {
        if constexpr (Profile::counts_itself)
            count_itself({});
    }

    /// From the next flush on.
    void set_retentions(const basic_retentions<store_traits>& keep) { keep_ = keep; }

    /// Counts the lines that were taken as a counter of that name, as statsite's `input_counter`
    /// does; an empty name: not.
    void count_lines_as(std::string name) { input_counter_ = std::move(name); }

    /// Adds the input of one thread and empties it; its series stay known to the thread for a
    /// while, so that they cost no allocation when they come again.
    /// Input    `ends_interval`: it is taken for a flush, not only to look at.
    void take(input& from, bool ends_interval = true) {
        if constexpr (Profile::counts_itself)
            count_itself(from.counts);
        count_lines(from.counts);
        counts_.merge(from.counts);
        const auto refused = store_.merge(from.store);
        counts_.refused[static_cast<std::size_t>(errc::series_limit)] += refused.series_limit;
        counts_.refused[static_cast<std::size_t>(errc::number_out_of_range)] +=
            refused.number_out_of_range;
        counts_.refused[static_cast<std::size_t>(errc::value_limit)] += refused.value_limit;
        ends_interval ? from.store.reset(known_intervals_max) : from.store.reset();
        from.counts = {};
        if (!from.keys.empty()) {
            keys_.merge(from.keys);
            from.keys.clear();
        }
    }

    /// Adds a value to a counter, or sets a gauge, of the interval that is under way; `name` is canonical.
    void record(std::string_view name, metric_kind kind, double value) {
        sample own;
        own.series = {kind, {}, {}};
        own.value = value;
        static_cast<void>(store_.apply(name, own));
    }

    /// Makes the snapshot of the interval that ends now and begins the next.
    ///
    /// Units    `timestamp` in Unix seconds.
    /// Cost     O(size of the cells), see collect.
    [[nodiscard]] snapshot_type flush(std::int64_t timestamp, double interval_seconds) {
        if constexpr (Profile::counts_itself) {
            if (last_timestamp_ != 0) {
                const auto since = static_cast<double>(timestamp - last_timestamp_);
                apply_own(".timestamp_lag", metric_kind::gauge, since - interval_seconds);
            }
            last_timestamp_ = timestamp;
        }
        return collect(store_, timestamp, interval_seconds, keep_);
    }

    /// What came in since `take_counts` was last called.
    [[nodiscard]] const intake_counts& counts() const noexcept { return counts_; }
    /// The same, and begins to count anew.
    [[nodiscard]] intake_counts take_counts() noexcept { return std::exchange(counts_, {}); }

    /// The keys that were counted since this was last called; see basic_intake::count_keys.
    [[nodiscard]] key_counts take_keys() { return std::exchange(keys_, {}); }

    [[nodiscard]] const basic_store<store_traits>& store() const noexcept { return store_; }
    [[nodiscard]] basic_store<store_traits>& store() noexcept { return store_; }

private:
    /// Idle intervals after which a receiving thread forgets a series.
    static constexpr std::uint32_t known_intervals_max = 8;

    void count_lines(const intake_counts& counts) {
        if (input_counter_.empty() || counts.lines == counts.bad_lines)
            return;
        // A sample for each, as there.
        store_.counter(input_counter_).add(1, static_cast<double>(counts.lines - counts.bad_lines));
    }

    void count_itself(const intake_counts& counts) {
        apply_own(
            ".bad_lines_seen", metric_kind::counter, static_cast<double>(counts.refused_in_all()));
        apply_own(".packets_received", metric_kind::counter, static_cast<double>(counts.packets));
        apply_own(".metrics_received", metric_kind::counter, static_cast<double>(counts.lines));
    }

    void apply_own(std::string_view tail, metric_kind kind, double value) {
        record(own_prefix_ + std::string(tail), kind, value);
    }

    basic_store<store_traits> store_;
    basic_retentions<store_traits> keep_;
    std::string own_prefix_;
    std::string input_counter_{};
    intake_counts counts_{};
    key_counts keys_{};
    std::int64_t last_timestamp_ = 0;
};

using pipeline = basic_pipeline<>;

} // namespace quipu

// The registry: the metrics of a program, which many threads update and a flush collects.
#pragma once

#include <quipu/cell/threading.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/fork_guard.hpp>
#include <quipu/registry/board.hpp>
#include <quipu/registry/family.hpp>
#include <quipu/registry/handle.hpp>
#include <quipu/registry/instrument.hpp>
#include <quipu/registry/label.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/retention.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/series.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace quipu {

/// Compile-time choices of a registry. Derive from this and override one line. Two registries that
/// the same threads update in turns should have traits of their own, even if they are alike.
struct registry_traits {
    /// Change the cells when snapshots should have another sketch or bound.
    using cells = store_traits;

    /// Change to `atomic` where series are many and updates few: a sharded series takes its room
    /// once for each thread that updates it. To `unsynchronized` where there is one thread.
    using counter_threading = threading::sharded;
    using timer_threading = threading::sharded;
    using unique_threading = threading::sharded;
    /// A gauge cannot be sharded.
    using gauge_threading = threading::atomic;

    /// Change to `double` where counters count fractions. A flush has what was added since the one
    /// before, to 16 digits of all that was ever added; whole counts are exact.
    using counter_number = std::uint64_t;

    /// Change when series should be left out of flushes as long as nothing comes for them. Their
    /// handles stay valid, and with the next update they are back.
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using gauge_retention = retention::forever;
    using unique_retention = retention::forever;

    /// Beyond so many series, all kinds together, new ones are refused: `series_limit`.
    static constexpr std::size_t series_max = 100'000;
};

/// The retention policies of a registry's kinds; set the members of those that have some.
template <class Traits = registry_traits>
struct basic_registry_retentions {
    typename Traits::counter_retention counters{};
    typename Traits::timer_retention timers{};
    typename Traits::gauge_retention gauges{};
    typename Traits::unique_retention uniques{};
};

/// The metrics of a program. Names are looked up once, for a handle; handles are updated.
///
///     quipu::registry metrics;
///     const auto hits = metrics.counter("api.hits");
///     hits.add();                                        // from any thread
///     const auto flushed = metrics.flush(now, 10);       // for any sink
///
/// There are no globals, and no threads of its own. A thread's values are the registry's when the
/// thread is gone; a registry may be gone before its threads. Registries of a program and of the
/// libraries that it loads never meet, and may be passed among them.
///
/// At a fork the child gets a copy of all that was counted and not flushed: it flushes once, and lets
/// that go, if the parent flushes as well. No lock is held there.
///
/// Threads  all of it from any, also at once; with `unsynchronized` for all kinds, from one at a
///          time.
template <class Traits = registry_traits>
class basic_registry {
    using cells = typename Traits::cells;

    template <class... Policies>
    static constexpr bool
        all_unsynchronized = (std::is_same_v<Policies, threading::unsynchronized> && ...);
    using lock = std::conditional_t<all_unsynchronized<typename Traits::counter_threading,
                                                       typename Traits::timer_threading,
                                                       typename Traits::gauge_threading,
                                                       typename Traits::unique_threading>,
                                    detail::no_lock,
                                    detail::small_mutex>;

    template <class Instrument>
    using board_of = detail::board<Instrument, Traits, lock>;
    using counter_board = board_of<detail::counter_instrument<typename cells::counter,
                                                              typename Traits::counter_threading,
                                                              typename Traits::counter_number>>;
    using timer_board =
        board_of<detail::timer_instrument<typename cells::timer, typename Traits::timer_threading>>;
    using gauge_board =
        board_of<detail::gauge_instrument<typename cells::gauge, typename Traits::gauge_threading>>;
    using unique_board = board_of<
        detail::unique_instrument<typename cells::unique, typename Traits::unique_threading>>;

public:
    using traits = Traits;
    static_assert(Traits::series_max <= detail::series_id::places_max,
                  "quipu registry: `series_max` is 2^24 at most");
    using snapshot_type = basic_snapshot<cells>;
    using counter_handle = basic_counter_handle<counter_board>;
    using timer_handle = basic_timer_handle<timer_board>;
    using gauge_handle = basic_gauge_handle<gauge_board>;
    using unique_handle = basic_unique_handle<unique_board>;
    using labels = std::initializer_list<label>;

    explicit basic_registry(basic_registry_retentions<Traits> keep = {})
        : keep_(keep), forks_(detail::fork_guard::rank::inner, this, hold_all, release_all) {}
    basic_registry(const basic_registry&) = delete; // handles point into it
    basic_registry& operator=(const basic_registry&) = delete;
    ~basic_registry() = default;

    /// The handle of a series, which is new if there is none of that name and kind yet.
    ///
    /// Input    a name as a line has it, perhaps with tags: `api.hits;method=get`; labels in any
    ///          order. What has a meaning in a tag becomes '_', a label without a value is none.
    /// Returns  a handle; one without a series if the name is refused or there is no room: then
    ///          `refused` counts it.
    /// Cost     a look-up and a lock: do it once, and keep the handle.
    [[nodiscard]] counter_handle counter(std::string_view name, labels with = {}) {
        return find<counter_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] timer_handle timer(std::string_view name, labels with = {}) {
        return find<timer_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] gauge_handle gauge(std::string_view name, labels with = {}) {
        return find<gauge_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] unique_handle unique(std::string_view name, labels with = {}) {
        return find<unique_handle>(name, with.begin(), with.size());
    }

    /// The handle of that kind; the labels one after another.
    template <class Handle>
    [[nodiscard]] Handle find(std::string_view name, const label* labels_at, std::size_t count) {
        detail::series_text text;
        const auto canonical = text.of(name, labels_at, count);
        auto& among = board_for<Handle>();
        const detail::holding hold(lock_);
        if (!canonical)
            return refuse(canonical.error()), Handle();
        if (auto* const known = among.find(*canonical))
            return Handle(*known);
        if (size_held() >= Traits::series_max)
            return refuse(errc::series_limit), Handle();
        return Handle(among.add(*canonical));
    }

    /// Series that differ in the values of their labels: see basic_family. `Values` are the types of
    /// the values; then come the name and a key for each.
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, counter_handle, Values...>
    counters(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, timer_handle, Values...>
    timers(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, gauge_handle, Values...>
    gauges(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, unique_handle, Values...>
    uniques(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }

    /// Takes the snapshot of one interval and begins the next. What is updated meanwhile is in this
    /// snapshot or in the next one.
    ///
    /// Input    interval_seconds: above 0.
    /// Units    `timestamp` in Unix seconds, the end of the interval.
    /// Cost     O(series * threads), and allocates the snapshot. Updates go on meanwhile; a thread's
    ///          first update of a series waits.
    [[nodiscard]] snapshot_type flush(std::int64_t timestamp, double interval_seconds) {
        QUIPU_ASSERT(interval_seconds > 0);
        snapshot_type into;
        into.timestamp = timestamp;
        into.interval_seconds = interval_seconds;
        {
            const detail::holding hold(lock_);
            auto& refused = refused_[static_cast<std::size_t>(errc::value_limit)];
            refused += counters_.collect(into.counters, into.names, keep_.counters);
            refused += timers_.collect(into.timers, into.names, keep_.timers);
            refused += gauges_.collect(into.gauges, into.names, keep_.gauges);
            refused += uniques_.collect(into.uniques, into.names, keep_.uniques);
        }
        for_each_kind(
            [](auto& entries) {
                for (auto& one : entries)
                    one.cell.settle();
            },
            into);
        return into;
    }

    /// Removes the series of that name, of every kind or of one; what came since the last flush goes
    /// with them. Their handles stay harmless; a series of that name that is asked for later is
    /// another one. Returns how many there were.
    /// Cost     a look-up and a lock.
    std::size_t remove(std::string_view name) {
        std::size_t gone = 0;
        for (const auto kind :
             {metric_kind::counter, metric_kind::timer, metric_kind::gauge, metric_kind::unique})
            gone += remove(kind, name);
        return gone;
    }
    std::size_t remove(metric_kind kind, std::string_view name) {
        const detail::holding hold(lock_);
        switch (kind) {
        case metric_kind::counter: return counters_.erase(name) ? 1 : 0;
        case metric_kind::timer: return timers_.erase(name) ? 1 : 0;
        case metric_kind::gauge: return gauges_.erase(name) ? 1 : 0;
        case metric_kind::unique: return uniques_.erase(name) ? 1 : 0;
        case metric_kind::keyvalue: return 0;
        }
        return 0;
    }

    /// Removes the series for which nothing came for so many flushes.
    /// Cost     O(series).
    std::size_t remove_idle(std::uint32_t intervals) {
        return remove_if([intervals](std::string_view, std::uint32_t idle_intervals) {
            return idle_intervals >= intervals;
        });
    }

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const {
        const detail::holding hold(lock_);
        return size_held();
    }

    /// How often something was refused for a cause: a handle for a name that cannot be, or beyond
    /// the limit (`series_limit`); a count below 0, a value that is not finite or for which a cell had
    /// no room (`value_limit`), as counted up to the last flush.
    [[nodiscard]] std::uint64_t refused(errc cause) const {
        const detail::holding hold(lock_);
        return refused_[static_cast<std::size_t>(cause)];
    }

    /// For how many threads at once there was room for sharded values of a kind: the most there
    /// were.
    [[nodiscard]] std::size_t shard_count(metric_kind kind) const {
        const detail::holding hold(lock_);
        switch (kind) {
        case metric_kind::counter: return counters_.shard_count();
        case metric_kind::timer: return timers_.shard_count();
        case metric_kind::unique: return uniques_.shard_count();
        default: return 0;
        }
    }

private:
    template <class Handle>
    [[nodiscard]] auto& board_for() noexcept {
        if constexpr (std::is_same_v<Handle, counter_handle>)
            return counters_;
        else if constexpr (std::is_same_v<Handle, timer_handle>)
            return timers_;
        else if constexpr (std::is_same_v<Handle, gauge_handle>)
            return gauges_;
        else
            return uniques_;
    }

    void refuse(errc cause) noexcept { ++refused_[static_cast<std::size_t>(cause)]; }

    template <class Predicate>
    std::size_t remove_if(const Predicate& leaves) {
        const detail::holding hold(lock_);
        return counters_.erase_if(leaves) + timers_.erase_if(leaves) + gauges_.erase_if(leaves) +
               uniques_.erase_if(leaves);
    }

    [[nodiscard]] std::size_t size_held() const noexcept {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size();
    }

    static void hold_all(void* object) noexcept {
        auto& mine = *static_cast<basic_registry*>(object);
        mine.lock_.lock();
        mine.for_each_board([](auto& board) { board.hold_parts(); });
    }
    static void release_all(void* object) noexcept {
        auto& mine = *static_cast<basic_registry*>(object);
        mine.for_each_board([](auto& board) { board.release_parts(); });
        mine.lock_.unlock();
    }
    template <class F>
    void for_each_board(F f) {
        f(counters_);
        f(timers_);
        f(gauges_);
        f(uniques_);
    }

    mutable lock lock_{};
    basic_registry_retentions<Traits> keep_;
    std::array<std::uint64_t, errc_count> refused_{};
    counter_board counters_{lock_};
    timer_board timers_{lock_};
    gauge_board gauges_{lock_};
    unique_board uniques_{lock_};
    detail::fork_guard forks_; // last: it looks at all others
};

using registry = basic_registry<>;

} // namespace quipu

// A thread that flushes a registry regularly: the only one of the library that a program starts.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/registry/registry.hpp>
#include <quipu/snapshot/merge.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

namespace quipu {

namespace detail {

template <class Sink, class Snapshot>
concept is_written = requires(Sink sink, const Snapshot& from) {
    { sink.write(from) } -> std::same_as<errc>;
};

template <class Sink, class Snapshot>
concept is_called = requires(Sink sink, const Snapshot& from) {
    { sink(from) } -> std::same_as<errc>;
};

} // namespace detail

/// Flushes a registry each interval and writes the snapshots to a sink, from a thread of its own:
///
///     const quipu::flush_every flushing(metrics, 10s, quipu::basic_console{quipu::file_writer()});
///
/// The sink is one, `write(snapshot)`, or any function of a snapshot, that gives an errc. What it
/// could not write goes out with the next flush, as one longer interval: nothing is lost, and nothing
/// piles up, while a backend is down. When this ends it flushes once more.
///
/// Units    timestamps are Unix seconds of the system's clock; an interval lasts as long as it did.
/// Threads  `stop` and the counts are safe from any. The sink is used by the thread alone.
template <class Registry, class Sink>
class flush_every {
    using snapshot_type = typename Registry::snapshot_type;
    static_assert(
        detail::is_written<Sink, snapshot_type> || detail::is_called<Sink, snapshot_type>,
        "quipu flush_every: the sink needs `errc write(const snapshot&)`, or to be called "
        "with a snapshot and to return an errc");

    using clock = std::chrono::steady_clock;

public:
    /// The registry has to live longer than this.
    /// Input    interval: above 0.
    flush_every(Registry& from, std::chrono::milliseconds interval, Sink sink)
        : from_(from), interval_(checked(interval)), sink_(std::move(sink)),
          thread_([this] { run(); }) {}
    flush_every(const flush_every&) = delete;
    flush_every& operator=(const flush_every&) = delete;
    ~flush_every() { stop(); }

    /// Flushes once more, and ends the thread; waits for both. Once is enough.
    /// Returns  what the sink said last.
    errc stop() {
        {
            const std::lock_guard hold(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        const std::lock_guard hold(joining_);
        if (thread_.joinable())
            thread_.join();
        return last_error();
    }

    /// How many snapshots the sink has taken, and how often it did not.
    [[nodiscard]] std::uint64_t written() const {
        const std::lock_guard hold(mutex_);
        return written_;
    }
    [[nodiscard]] std::uint64_t failed() const {
        const std::lock_guard hold(mutex_);
        return failed_;
    }
    /// What the sink said last.
    [[nodiscard]] errc last_error() const {
        const std::lock_guard hold(mutex_);
        return last_error_;
    }

private:
    [[nodiscard]] static std::chrono::milliseconds checked(std::chrono::milliseconds interval) {
        QUIPU_ASSERT(interval.count() > 0);
        return std::max(interval, std::chrono::milliseconds(1));
    }

    void run() {
        auto begun = clock::now();
        auto due = begun + interval_;
        for (bool last = false; !last;) {
            {
                std::unique_lock hold(mutex_);
                last = wake_.wait_until(hold, due, [this] { return stopping_; });
            }
            const auto now = clock::now();
            flush(now - begun);
            begun = now;
            do // ticks that a slow sink let pass are left out
                due += interval_;
            while (due <= now);
        }
    }

    void flush(clock::duration took) {
        constexpr double shortest = 1e-3; // an interval is above 0
        const double seconds = std::chrono::duration<double>(took).count();
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        auto fresh = from_.flush(std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                                 seconds > shortest ? seconds : shortest);
        if (waiting_)
            merge(pending_, fresh);
        else
            pending_ = std::move(fresh);
        const errc error = write(pending_);
        waiting_ = error != errc::ok;
        const std::lock_guard hold(mutex_);
        ++(waiting_ ? failed_ : written_);
        last_error_ = error;
    }

    [[nodiscard]] errc write(const snapshot_type& from) {
        if constexpr (detail::is_written<Sink, snapshot_type>)
            return sink_.write(from);
        else
            return sink_(from);
    }

    Registry& from_;
    const std::chrono::milliseconds interval_;
    Sink sink_;
    snapshot_type pending_{};
    bool waiting_ = false; // pending_ could not be written
    mutable std::mutex mutex_{};
    std::mutex joining_{};
    std::condition_variable wake_{};
    bool stopping_ = false;
    std::uint64_t written_ = 0;
    std::uint64_t failed_ = 0;
    errc last_error_ = errc::ok;
    std::thread thread_; // last, since it uses the others
};

template <class Registry, class Duration, class Sink>
flush_every(Registry&, Duration, Sink) -> flush_every<Registry, Sink>;

} // namespace quipu

// A thread that flushes a registry regularly: the only one of the library that a program starts.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/fork_guard.hpp>
#include <quipu/registry/registry.hpp>
#include <quipu/snapshot/merge.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
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

/// Whether a sink may get a snapshot again that it could not write whole: all but those that say no.
template <class Sink>
constexpr bool takes_twice = [] {
    if constexpr (requires { Sink::takes_twice; })
        return bool{Sink::takes_twice};
    else
        return true;
}();

} // namespace detail

/// Flushes a registry each interval and writes the snapshots to a sink, from a thread of its own:
///
///     const quipu::flush_every flushing(metrics, 10s, quipu::basic_console{quipu::file_writer()});
///
/// The sink is one, `write(snapshot)`, or any function of a snapshot, that gives an errc. A snapshot
/// that it could not write comes again unchanged at the next flush, before the later ones: a backend
/// that has a part of it finds the same numbers at the same time. Beyond `waiting_max` snapshots the
/// newest go together, as one longer interval. So nothing is lost, and nothing piles up, while a
/// backend is down. A sink that takes nothing twice (`takes_twice`, such as a relay) is tried once, and
/// `lost` counts what it could not write. When this ends it flushes once more. For several backends
/// make one function that writes to each; better, a registry's flusher and a server.
///
/// At a fork the thread stays with the parent, and so does what waits: in the child nothing is flushed,
/// `stop` is `unsupported`, and nothing hangs. Make another one there, after `daemon()` as well.
///
/// Units    timestamps are Unix seconds of the system's clock, and none comes twice where an interval
///          is a second or more, also after a cut interval or a step of the clock; an interval lasts
///          as long as it did.
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
    static constexpr std::size_t waiting_max = 64;

    /// The registry has to live longer than this.
    /// Input    interval: above 0.
    flush_every(Registry& from, std::chrono::milliseconds interval, Sink sink)
        : state_(new state(from, checked(interval), std::move(sink))) {}
    flush_every(const flush_every&) = delete;
    flush_every& operator=(const flush_every&) = delete;
    ~flush_every() {
        if (stop() != errc::unsupported || !elsewhere())
            delete state_;
        // else the locks in it may be held by threads that this process does not have
    }

    /// Flushes once more, and ends the thread; waits for both. Once is enough.
    /// Returns  what the sink said last.
    /// Errors   unsupported: in the child of a fork.
    errc stop() { return elsewhere() ? errc::unsupported : state_->stop(); }

    /// How many snapshots the sink has taken, and how often it did not.
    [[nodiscard]] std::uint64_t written() const { return told(&counts::written); }
    [[nodiscard]] std::uint64_t failed() const { return told(&counts::failed); }
    /// How many snapshots wait, and how many will never be written.
    [[nodiscard]] std::uint64_t waiting() const { return told(&counts::waiting); }
    [[nodiscard]] std::uint64_t lost() const { return told(&counts::lost); }
    /// What the sink said last.
    [[nodiscard]] errc last_error() const { return told(&counts::last_error); }

private:
    struct counts {
        std::uint64_t written = 0;
        std::uint64_t failed = 0;
        std::uint64_t waiting = 0;
        std::uint64_t lost = 0;
        errc last_error = errc::ok;
    };

    [[nodiscard]] static std::chrono::milliseconds checked(std::chrono::milliseconds interval) {
        QUIPU_ASSERT(interval.count() > 0);
        return std::max(interval, std::chrono::milliseconds(1));
    }

    /// Whether this is the child of a fork.
    [[nodiscard]] bool elsewhere() const noexcept { return detail::process_number() != process_; }

    template <class T>
    [[nodiscard]] T told(T counts::*which) const {
        return elsewhere() ? T() : state_->told().*which;
    }

    class state {
    public:
        state(Registry& from, std::chrono::milliseconds interval, Sink sink)
            : from_(from), interval_(interval), sink_(std::move(sink)), thread_([this] { run(); }) {
        }

        errc stop() {
            {
                const std::lock_guard hold(mutex_);
                stopping_ = true;
            }
            wake_.notify_all();
            const std::lock_guard hold(joining_);
            if (thread_.joinable())
                thread_.join();
            return told().last_error;
        }

        [[nodiscard]] counts told() const {
            const std::lock_guard hold(mutex_);
            return counts_;
        }

    private:
        void run() {
            auto begun = clock::now();
            auto due = begun + interval_;
            for (bool last = false; !last;) {
                {
                    std::unique_lock hold(mutex_);
                    last = wake_.wait_until(hold, due, [this] { return stopping_; });
                }
                const auto now = clock::now();
                take(now - begun);
                write_all(last);
                begun = now;
                do // ticks that a slow sink let pass are left out
                    due += interval_;
                while (due <= now);
            }
        }

        void take(clock::duration took) {
            constexpr double shortest = 1e-3; // an interval is above 0
            const double seconds = std::chrono::duration<double>(took).count();
            auto fresh = from_.flush(next_stamp(), seconds > shortest ? seconds : shortest);
            // The oldest may have been sent in part: it stays as it is.
            if (waiting_.size() >= waiting_max)
                merge(waiting_.back(), fresh);
            else
                waiting_.push_back(std::move(fresh));
        }

        [[nodiscard]] std::int64_t next_stamp() {
            const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                std::chrono::system_clock::now().time_since_epoch());
            const bool may_repeat = interval_ < std::chrono::seconds(1);
            const std::int64_t stamp =
                may_repeat || now.count() > last_stamp_ ? now.count() : last_stamp_ + 1;
            return last_stamp_ = stamp;
        }

        void write_all(bool last) {
            while (!waiting_.empty()) {
                const errc error = write(waiting_.front());
                const bool leaves = error == errc::ok || !detail::takes_twice<Sink>;
                if (leaves)
                    waiting_.pop_front();
                const std::lock_guard hold(mutex_);
                ++(error == errc::ok ? counts_.written : counts_.failed);
                counts_.waiting = waiting_.size();
                counts_.lost += error != errc::ok && leaves ? 1 : 0;
                counts_.last_error = error;
                if (error != errc::ok)
                    break;
            }
            if (last) {
                const std::lock_guard hold(mutex_);
                counts_.lost += waiting_.size();
                counts_.waiting = 0;
            }
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
        std::deque<snapshot_type> waiting_{}; // the thread's own
        std::int64_t last_stamp_ = std::numeric_limits<std::int64_t>::min();
        mutable std::mutex mutex_{};
        std::mutex joining_{};
        std::condition_variable wake_{};
        bool stopping_ = false;
        counts counts_{};
        std::thread thread_; // last, since it uses the others
    };

    const std::int64_t process_ = detail::process_number();
    state* const state_;
};

template <class Registry, class Duration, class Sink>
flush_every(Registry&, Duration, Sink) -> flush_every<Registry, Sink>;

} // namespace quipu

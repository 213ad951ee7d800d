// A sink with a queue and a thread of its own, so that it delays nobody.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/server/log.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace quipu {

/// What a sink found out about numbers that it had taken, since the beginning.
struct sink_delivery {
    std::uint64_t resent = 0;     ///< flushes of which a part was sent again: it may have been lost
    std::uint64_t maybe_lost = 0; ///< flushes of which a part may be lost
    std::uint64_t maybe_lost_lines = 0; ///< where such flushes are not sent again
    std::uint64_t left_out = 0;         ///< numbers that the backend has no form for, or refused
    std::uint64_t merged =
        0; ///< series of flushes that the backend could not have told from another
    std::string merged_one{}; ///< the first that was merged, and into which
    std::string merged_into{};
};

/// The bounds of a sink worker.
struct sink_worker_options {
    /// Snapshots that wait in memory while a backend is down; beyond it the oldest is dropped, counted
    /// and logged. With a backlog they go there in time.
    std::size_t snapshots_max = 64;
    /// The pause after a failed write: doubled after each, up to the second.
    std::chrono::milliseconds pause_first{250};
    std::chrono::milliseconds pause_max{15'000};
    /// Change for a sink that takes nothing twice: a flush that fails is dropped then, counted and
    /// logged.
    bool tries_again = true;
    /// Tells how many bytes the last write sent, if the sink knows; called on the thread of `write`.
    std::function<double()> sent_bytes{};
    /// Tells what became of what the sink had taken; called on the thread of `write`, after it.
    std::function<sink_delivery()> delivery{};
    /// Called on the thread of `write` when all is written and the end has come: whether the backend has
    /// got it. An error is tried again as long as there is time.
    std::function<errc()> settle{};
};

/// How a sink does. Times in Unix seconds, 0 for never.
struct sink_report {
    std::int64_t last_success = 0;
    std::int64_t last_failure = 0;
    double write_milliseconds = 0;       ///< of the last success
    std::optional<double> write_bytes{}; ///< of the last success, where the sink tells
    std::size_t waiting = 0;             ///< snapshots in the queue
    std::optional<std::size_t> kept{};   ///< snapshots in the backlog, if there is one
    std::uint64_t dropped = 0;           ///< snapshots, since the beginning
    errc error = errc::ok;               ///< of the last try
    std::uint64_t successes = 0;         ///< writes, since the beginning
    std::uint64_t failures = 0;
    std::uint64_t retries = 0; ///< writes of a snapshot that had failed before
    sink_delivery delivery{};
};

/// For a worker that keeps snapshots in memory alone. Another backlog has the same functions; what is
/// in it is older than all that is in memory. See snapshot_spool.
template <class Snapshot>
struct no_backlog {
    [[nodiscard]] static errc push(const Snapshot&) { return errc::unsupported; }
    [[nodiscard]] static result<std::shared_ptr<const Snapshot>> front() {
        return errc::unsupported;
    }
    static void pop() noexcept {}
    [[nodiscard]] static std::size_t size() noexcept { return 0; }
    /// Those that left since there was no room.
    [[nodiscard]] static std::uint64_t dropped() noexcept { return 0; }
};

/// Hands snapshots to one sink, in order, on a thread of its own. A write that fails is tried again
/// after a pause; meanwhile snapshots wait in a bounded queue. The first failure and the recovery
/// are logged, not each try.
///
/// With a backlog all wait there while writes fail, and so do the older ones of a queue that grows, and
/// those that are left at the end, for the worker that takes the backlog over. A snapshot may then be
/// written twice, if the program dies between its write and the backlog's taking note.
///
/// Threads  `push` and `finish` from one thread.
template <class Snapshot, class Backlog = no_backlog<Snapshot>>
class sink_worker {
public:
    using write_function = std::function<errc(const Snapshot&)>;

    /// `name` is for the log; `write` and the functions of the backlog are called on the worker's
    /// thread only, but for a write that hangs at the end.
    sink_worker(std::string name,
                write_function write,
                const log& messages,
                sink_worker_options options = {},
                std::unique_ptr<Backlog> backlog = nullptr)
        : state_(std::make_shared<state>(
              std::move(name), std::move(write), messages, options, std::move(backlog))),
          thread_([shared = state_] { shared->run(); }) {}

    sink_worker(const sink_worker&) = delete;
    sink_worker& operator=(const sink_worker&) = delete;
    ~sink_worker() { finish(std::chrono::milliseconds(0)); }

    /// Queues a snapshot; an empty one only if none waits, so that it takes the place of none.
    void push(std::shared_ptr<const Snapshot> one) { state_->push(std::move(one)); }

    /// Announces the end: what waits is tried more often from now on, for `patience` at most.
    /// Returns at once, so that several sinks can use the same time; the first call sets the end.
    void end_within(std::chrono::milliseconds patience) { state_->end_within(patience); }

    /// Tries to write all that waits and ends the thread. What a sink has not taken after
    /// `patience`, or that of `end_within`, goes to the backlog, or is dropped, counted and logged; a
    /// write that hangs is left behind.
    void finish(std::chrono::milliseconds patience) {
        if (!thread_.joinable())
            return;
        state_->end_within(patience);
        if (state_->await_end()) {
            thread_.join();
        } else {
            thread_.detach(); // it owns a share of the state
        }
    }

    /// How many snapshots were dropped.
    [[nodiscard]] std::uint64_t dropped() const { return state_->report().dropped; }

    [[nodiscard]] sink_report report() const { return state_->report(); }
    [[nodiscard]] const std::string& name() const noexcept { return state_->name(); }

private:
    using clock = std::chrono::steady_clock;

    class state {
    public:
        state(std::string name,
              write_function write,
              const log& messages,
              sink_worker_options options,
              std::unique_ptr<Backlog> backlog)
            : name_(std::move(name)), write_(std::move(write)), log_(messages), options_(options),
              backlog_(std::move(backlog)) {
            QUIPU_ASSERT(options.snapshots_max > 0);
            QUIPU_ASSERT(options.tries_again || !backlog_);
            kept_ = backlog_ ? backlog_->size() : 0;
        }

        void push(std::shared_ptr<const Snapshot> one) {
            const std::lock_guard hold(mutex_);
            if (one->size() == 0 && !queue_.empty())
                return;
            if (queue_.size() == options_.snapshots_max) {
                queue_.pop_front();
                // One in the middle of its write is lost only if that fails.
                if (writing_ && !of_backlog_ && !front_left_) {
                    front_left_ = true;
                } else {
                    count_dropped();
                }
            }
            queue_.push_back(std::move(one));
            changed_.notify_all();
        }

        void end_within(std::chrono::milliseconds patience) {
            const std::lock_guard hold(mutex_);
            if (finishing_)
                return;
            end_ = clock::now() + patience;
            finishing_ = true;
            changed_.notify_all();
        }

        /// False if a write hangs; else the thread has ended or does so at once.
        [[nodiscard]] bool await_end() {
            std::unique_lock hold(mutex_);
            if (changed_.wait_until(hold, end_, [&] { return ended_; }))
                return true;
            given_up_ = true;
            changed_.notify_all();
            if (!writing_)
                return true;
            leave_rest(hold); // the thread does not touch the backlog any more
            return false;
        }

        [[nodiscard]] sink_report report() const {
            const std::lock_guard hold(mutex_);
            sink_report now = report_;
            now.waiting = queue_.size();
            if (backlog_)
                now.kept = kept_;
            now.dropped = dropped_;
            return now;
        }

        [[nodiscard]] const std::string& name() const noexcept { return name_; }

        void run() {
            std::unique_lock hold(mutex_);
            auto pause = options_.pause_first;
            for (;;) {
                changed_.wait(hold, [&] { return !is_empty() || finishing_; });
                if (given_up_)
                    break;
                if (wants_to_keep() || keep_failing_)
                    keep_older(hold, in_memory_max());
                if (given_up_)
                    break;
                if (is_empty()) {
                    if (settle(hold))
                        break;
                    continue;
                }
                const auto one = oldest(hold);
                if (given_up_)
                    break; // while the disk was waited for
                if (one && *one == nullptr)
                    continue;
                errc error = one.error();
                std::chrono::duration<double, std::milli> took{};
                if (one) {
                    writing_ = true;
                    hold.unlock();
                    const auto start = clock::now();
                    error = write_(**one);
                    took = clock::now() - start;
                    hold.lock();
                    writing_ = false;
                }
                note(error, took.count());
                const bool left = std::exchange(front_left_, false);
                if (error == errc::ok) {
                    if (!left && !given_up_)
                        pop_oldest(hold);
                    report_recovery();
                    pause = options_.pause_first;
                    continue;
                }
                if (!options_.tries_again) {
                    lose(error, left);
                    continue;
                }
                report_failure(error);
                if (left)
                    count_dropped();
                if (finishing_)
                    pause = std::min(pause, options_.pause_first);
                const auto until = clock::now() + pause;
                if (finishing_ && until >= end_)
                    break;
                await_retry(hold, until);
                pause = std::min(pause * 2, options_.pause_max);
            }
            leave_rest(hold);
            ended_ = true;
            changed_.notify_all();
        }

    private:
        [[nodiscard]] bool is_empty() const noexcept { return queue_.empty() && kept_ == 0; }

        /// Of those that wait so many stay in memory; with a backlog. While writes fail none does: the
        /// program may die before they succeed.
        [[nodiscard]] std::size_t in_memory_max() const noexcept {
            return failing_ ? 0 : std::max<std::size_t>(options_.snapshots_max / 2, 1);
        }
        [[nodiscard]] bool wants_to_keep() const noexcept {
            return backlog_ && !keep_failing_ && queue_.size() > in_memory_max();
        }

        /// At the end, when all is written: waits until the backend has got it. Returns false if more
        /// came, or it is to be asked again.
        bool settle(std::unique_lock<std::mutex>& hold) {
            if (!options_.settle)
                return true;
            writing_ = true;
            settling_ = true;
            hold.unlock();
            const errc error = options_.settle();
            hold.lock();
            writing_ = false;
            note_delivery();
            if (error == errc::ok) {
                settling_ = false;
                return is_empty();
            }
            const auto until = clock::now() + options_.pause_first;
            if (!given_up_ && until < end_)
                return await_retry(hold, until), false;
            tell_unsettled(error);
            return true;
        }

        void tell_unsettled(errc error) {
            if (!std::exchange(settling_, false))
                return;
            log_.error(name_ +
                       ": what was sent last may be lost, for nothing says that it was read: " +
                       std::string(message(error)));
        }

        void note_delivery() {
            if (options_.delivery)
                report_.delivery = options_.delivery();
        }

        void await_retry(std::unique_lock<std::mutex>& hold, clock::time_point until) {
            const bool was_finishing = finishing_;
            const auto ends = [&] { return given_up_ || finishing_ != was_finishing; };
            while (!ends() &&
                   changed_.wait_until(hold, until, [&] { return ends() || wants_to_keep(); })) {
                if (!ends())
                    keep_older(hold, in_memory_max());
            }
        }

        /// Calls f() without the lock, on the thread of the worker, and notes what is in the backlog
        /// then.
        template <class F>
        auto with_backlog(std::unique_lock<std::mutex>& hold, F&& f) {
            hold.unlock();
            auto done = f(*backlog_);
            const auto kept = backlog_->size();
            const auto dropped = backlog_->dropped();
            hold.lock();
            kept_ = kept;
            if (const auto more = dropped - std::exchange(backlog_dropped_, dropped); more > 0) {
                dropped_ += more;
                kept_front_.reset();
                log_.error(name_ +
                           ": dropped the oldest flushes on disk, for which there is no "
                           "room: " +
                           std::to_string(more));
            }
            return done;
        }

        /// Brings all but the newest so many into the backlog, if there is one.
        void keep_older(std::unique_lock<std::mutex>& hold, std::size_t newest) {
            while (backlog_ && queue_.size() > newest) {
                const auto one = std::move(queue_.front());
                queue_.pop_front();
                const errc error =
                    with_backlog(hold, [&](Backlog& into) { return into.push(*one); });
                if (error == errc::ok) {
                    keep_failing_ = false;
                    continue;
                }
                if (!std::exchange(keep_failing_, true))
                    log_.error(name_ +
                               ": a flush cannot be kept on disk: " + std::string(message(error)));
                // It stays the oldest, unless its place is taken.
                if (queue_.size() < options_.snapshots_max)
                    queue_.push_front(one);
                else
                    count_dropped();
                return;
            }
        }

        /// Null if it cannot be read and has left.
        /// Errors   it cannot be read now.
        [[nodiscard]] result<std::shared_ptr<const Snapshot>>
        oldest(std::unique_lock<std::mutex>& hold) {
            of_backlog_ = kept_ > 0;
            if (!of_backlog_)
                return queue_.front();
            if (kept_front_)
                return kept_front_;
            const auto before = kept_;
            const auto read = with_backlog(hold, [](Backlog& from) { return from.front(); });
            if (!read && kept_ == before)
                return read.error();
            if (read) {
                kept_front_ = *read;
            } else {
                ++dropped_;
                log_.error(name_ + ": a flush on disk cannot be read, and is set aside: " +
                           std::string(message(read.error())));
            }
            return kept_front_;
        }

        void pop_oldest(std::unique_lock<std::mutex>& hold) {
            if (!of_backlog_)
                return queue_.pop_front();
            kept_front_.reset();
            with_backlog(hold, [](Backlog& from) { return from.pop(), 0; });
        }

        void note(errc error, double milliseconds) {
            const auto before = report_.delivery;
            note_delivery();
            if (const auto more = report_.delivery.resent - before.resent; more > 0)
                log_.info(name_ +
                          ": the connection broke; sent again, since nothing said that they "
                          "were read: " +
                          std::to_string(more) + " flushes");
            if (before.merged == 0 && report_.delivery.merged > 0)
                log_.warning(
                    name_ + ": " + quoted(report_.delivery.merged_one) + " and " +
                    quoted(report_.delivery.merged_into) +
                    " are one series there, and are merged; more of this kind are counted");
            if (const auto more = report_.delivery.maybe_lost_lines - before.maybe_lost_lines;
                more > 0)
                log_.error(name_ + ": the connection broke; lines that may be lost with it: " +
                           std::to_string(more));
            report_.retries += std::exchange(retrying_, error != errc::ok && options_.tries_again);
            report_.error = error;
            ++(error == errc::ok ? report_.successes : report_.failures);
            if (error != errc::ok) {
                report_.last_failure = std::time(nullptr);
            } else {
                report_.last_success = std::time(nullptr);
                report_.write_milliseconds = milliseconds;
                if (options_.sent_bytes)
                    report_.write_bytes = options_.sent_bytes();
            }
        }

        void report_failure(errc error) {
            if (failing_)
                return;
            failing_ = true;
            log_.error(name_ + ": " + std::string(message(error)) +
                       "; flushes wait until it can be reached");
        }

        void lose(errc error, bool left) {
            if (left || !given_up_) // else `leave_rest` has counted it
                ++dropped_;
            if (!left && !given_up_)
                queue_.pop_front();
            log_.error(name_ + ": " + std::string(message(error)) + "; the flush is lost");
        }

        void report_recovery() {
            if (!failing_)
                return;
            failing_ = false;
            log_.info(name_ + ": reached again; flushes still waiting: " +
                      std::to_string(queue_.size() + kept_));
        }

        void count_dropped() {
            ++dropped_;
            log_.error(name_ + ": dropped the oldest of " + std::to_string(options_.snapshots_max) +
                       " waiting flushes");
        }

        /// At the end, by the worker's thread or, if a write hangs there, by the other one.
        void leave_rest(std::unique_lock<std::mutex>& hold) {
            given_up_ = true;
            if (std::exchange(left_rest_, true))
                return;
            tell_unsettled(errc::timed_out);
            keep_older(hold, 0);
            if (kept_ > 0)
                log_.info(name_ + ": flushes that wait on disk for the next start: " +
                          std::to_string(kept_));
            if (queue_.empty())
                return;
            dropped_ += queue_.size();
            log_.error(name_ + ": flushes that could not be sent before the end: " +
                       std::to_string(queue_.size()));
            queue_.clear();
        }

        const std::string name_;
        const write_function write_;
        const log log_;
        const sink_worker_options options_;
        const std::unique_ptr<Backlog> backlog_; // of the thread that writes

        mutable std::mutex mutex_{};
        std::condition_variable changed_{};
        std::deque<std::shared_ptr<const Snapshot>> queue_{};
        clock::time_point end_{};
        sink_report report_{}; // but for what is counted beside it
        std::uint64_t dropped_ = 0;
        std::size_t kept_ = 0;                         // in the backlog
        std::uint64_t backlog_dropped_ = 0;            // by it, as far as is known
        std::shared_ptr<const Snapshot> kept_front_{}; // the oldest of the backlog, once it is read
        bool of_backlog_ = false;                      // the oldest one is
        bool keep_failing_ = false;
        bool left_rest_ = false;
        bool writing_ = false;    // the oldest one, at the moment
        bool front_left_ = false; // the one that is being written is no longer in the queue
        bool failing_ = false;
        bool retrying_ = false; // the next write is of what failed
        bool finishing_ = false;
        bool given_up_ = false;
        bool settling_ = false; // what was written is not known to be read
        bool ended_ = false;
    };

    std::shared_ptr<state> state_;
    std::thread thread_;
};

} // namespace quipu

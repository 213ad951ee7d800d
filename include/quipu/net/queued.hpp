// A transport behind a bounded queue and a thread of its own: who sends never waits for the network.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/transport.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace quipu {

/// The bounds of a queue, and when it sends.
struct queue_options {
    /// Bytes that wait; as many again may be on their way. Beyond it messages are dropped, and
    /// counted. The memory is taken at once.
    std::size_t bytes_max = std::size_t{1} << 20U;
    /// Messages are put together up to this size, with a newline between them unless the transport is
    /// a stream. 0: each goes as it came.
    std::size_t pack_bytes_max = 0;
    /// How long the first message waits for others, unless half of the bytes are taken or `flush` is
    /// called: the interval of a client that packs nothing by itself (`batches = false`).
    int interval_ms = 0;
    /// The pause after a message that was not taken; doubled after each, up to the second. 0: it is
    /// not tried again, but dropped and counted.
    int retry_ms = 0;
    int retry_ms_max = 1000;
    /// How long the end waits for what is there to leave.
    int stop_timeout_ms = 1000;
};

/// What became of the messages of a queue. A message is what one `send` was given; its lines are
/// counted by their newlines.
struct queue_counts {
    std::uint64_t sent = 0;          ///< messages that the transport took
    std::uint64_t dropped = 0;       ///< messages for which there was no room
    std::uint64_t dropped_lines = 0; ///< their lines
    std::uint64_t failed = 0;        ///< messages that the transport did not take, or the end left
    std::uint64_t failed_lines = 0;  ///< their lines
    std::uint64_t waiting = 0;       ///< messages that are in the queue or on their way
    errc last_error = errc::ok;      ///< what the transport said last that was not ok
};

/// Hands what is sent to a thread, which passes it to a transport, in order. Copies share the queue:
/// give one to each thread's client. The last one to go stops the thread.
///
/// At a fork the thread stays with the parent, and so does what waits: in the child `send` and
/// `flush` are `unsupported`, nothing hangs, and nothing is sent twice. Make another one there.
///
/// Threads  safe, of one object too. The transport is used by the thread alone.
template <class Transport>
class queued {
    static_assert(require_transport<Transport>());

    static constexpr bool joins_bare = is_stream_transport<Transport>;

public:
    static constexpr bool is_stream = joins_bare;

    explicit queued(Transport to, queue_options options = {})
        : owner_(std::make_shared<owner>(std::move(to), options)) {}

    /// Queues a message.
    /// Errors   queue_full: it was dropped, and counted; unsupported: in the child of a fork.
    /// Cost     a lock, held for a copy; wakes the thread when it sleeps. Does not allocate.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        return owner_->elsewhere() ? errc::unsupported : owner_->shared->push(bytes);
    }

    /// Waits until all that was queued before has left, or could not.
    /// Errors   timed_out; unsupported: in the child of a fork.
    [[nodiscard]] errc flush(const deadline& end) noexcept {
        return owner_->elsewhere() ? errc::unsupported : owner_->shared->flush(end);
    }

    /// What became of the messages; nothing is known in the child of a fork.
    [[nodiscard]] queue_counts counts() const noexcept {
        return owner_->elsewhere() ? queue_counts{} : owner_->shared->counts();
    }

private:
    using clock = std::chrono::steady_clock;

    /// Messages one behind the other.
    struct batch {
        std::vector<char> text{};
        std::vector<std::size_t> ends{};

        void clear() noexcept {
            text.clear();
            ends.clear();
        }
    };

    [[nodiscard]] static std::uint64_t lines_of(std::string_view text) noexcept {
        const auto newlines = std::count(text.begin(), text.end(), '\n');
        return static_cast<std::uint64_t>(newlines) + (text.empty() || text.back() == '\n' ? 0 : 1);
    }

    class state {
    public:
        state(Transport to, queue_options options) : to_(std::move(to)), options_(options) {
            for (batch* each : {&filling_, &leaving_}) {
                each->text.reserve(options.bytes_max);
                each->ends.reserve(messages_max());
            }
            packed_.reserve(options.pack_bytes_max);
        }

        [[nodiscard]] errc push(std::string_view bytes) noexcept {
            const std::lock_guard hold(mutex_);
            if (bytes.size() > options_.bytes_max - filling_.text.size() ||
                filling_.ends.size() == messages_max() || stopping_) {
                ++counts_.dropped;
                counts_.dropped_lines += lines_of(bytes);
                return errc::queue_full;
            }
            const bool was_urgent = is_urgent();
            filling_.text.insert(filling_.text.end(), bytes.begin(), bytes.end());
            filling_.ends.push_back(filling_.text.size());
            ++pushed_;
            if (filling_.ends.size() == 1 || is_urgent() != was_urgent)
                changed_.notify_all();
            return errc::ok;
        }

        [[nodiscard]] errc flush(const deadline& end) noexcept {
            std::unique_lock hold(mutex_);
            const std::uint64_t mine = pushed_;
            flushed_ = std::max(flushed_, mine);
            changed_.notify_all();
            return wait(hold, end.remaining_ms(), [&] { return done_ >= mine; }) ? errc::ok
                                                                                 : errc::timed_out;
        }

        [[nodiscard]] queue_counts counts() const noexcept {
            const std::lock_guard hold(mutex_);
            queue_counts now = counts_;
            now.waiting = pushed_ - done_;
            return now;
        }

        /// False if the transport hangs; else the thread has ended, or does so at once.
        [[nodiscard]] bool stop() noexcept {
            std::unique_lock hold(mutex_);
            stopping_ = true;
            changed_.notify_all();
            if (wait(hold, options_.stop_timeout_ms, [&] { return ended_; }))
                return true;
            given_up_ = true;
            changed_.notify_all();
            return !sending_;
        }

        void run() noexcept {
            std::unique_lock hold(mutex_);
            for (;;) {
                changed_.wait(hold, [&] { return !filling_.ends.empty() || stopping_; });
                if (filling_.ends.empty())
                    break;
                wait(hold, options_.interval_ms, [&] { return is_urgent(); });
                std::swap(filling_, leaving_);
                send_all(hold);
                leaving_.clear();
            }
            ended_ = true;
            changed_.notify_all();
        }

    private:
        /// Many empty messages are bounded, too.
        [[nodiscard]] std::size_t messages_max() const noexcept {
            return options_.bytes_max / 16 + 16;
        }

        [[nodiscard]] bool is_urgent() const noexcept {
            return stopping_ || flushed_ > done_ ||
                   filling_.text.size() >= options_.bytes_max / 2 ||
                   filling_.ends.size() >= messages_max() / 2;
        }

        /// Below zero: for ever.
        template <class Condition>
        bool wait(std::unique_lock<std::mutex>& hold, int ms, const Condition& holds) noexcept {
            if (ms >= 0)
                return changed_.wait_for(hold, std::chrono::milliseconds(ms), holds);
            changed_.wait(hold, holds);
            return true;
        }

        void send_all(std::unique_lock<std::mutex>& hold) noexcept {
            std::size_t begin = 0;
            for (std::size_t next = 0; next != leaving_.ends.size();) {
                const std::size_t first = next;
                std::string_view text = message(begin, leaving_.ends[next++]);
                const std::size_t joint = joins_bare ? 0 : 1;
                if (text.size() < options_.pack_bytes_max) {
                    packed_ = text;
                    while (next != leaving_.ends.size()) {
                        const auto more = message(leaving_.ends[next - 1], leaving_.ends[next]);
                        if (packed_.size() + joint + more.size() > options_.pack_bytes_max)
                            break;
                        packed_.append(joint, '\n').append(more);
                        ++next;
                    }
                    text = packed_;
                }
                const errc error = send_one(hold, text);
                begin = leaving_.ends[next - 1];
                const std::uint64_t messages = next - first;
                (error == errc::ok ? counts_.sent : counts_.failed) += messages;
                if (error != errc::ok)
                    counts_.failed_lines += lines_of(text);
                done_ += messages;
                changed_.notify_all();
            }
        }

        [[nodiscard]] std::string_view message(std::size_t begin, std::size_t end) const noexcept {
            return {leaving_.text.data() + begin, end - begin};
        }

        /// Sends without the lock, which it has again at the end.
        [[nodiscard]] errc send_one(std::unique_lock<std::mutex>& hold,
                                    std::string_view text) noexcept {
            for (int pause = options_.retry_ms;;
                 pause = std::min(2 * pause, options_.retry_ms_max)) {
                if (given_up_)
                    return errc::timed_out;
                sending_ = true;
                hold.unlock();
                const errc error = to_.send(text);
                hold.lock();
                sending_ = false;
                if (error == errc::ok)
                    return error;
                counts_.last_error = error;
                if (pause <= 0)
                    return error;
                wait(hold, pause, [&] { return given_up_; });
            }
        }

        Transport to_;
        const queue_options options_;
        mutable std::mutex mutex_{};
        std::condition_variable changed_{};
        batch filling_{};
        batch leaving_{};      // the thread's own
        std::string packed_{}; // the thread's own
        queue_counts counts_{};
        std::uint64_t pushed_ = 0;  // messages, ever
        std::uint64_t done_ = 0;    // of them
        std::uint64_t flushed_ = 0; // up to which one somebody waits
        bool sending_ = false;
        bool stopping_ = false;
        bool given_up_ = false;
        bool ended_ = false;
    };

    struct owner {
        owner(Transport to, queue_options options)
            : shared(std::make_shared<state>(std::move(to), options)),
              thread([kept = shared] { kept->run(); }) {}
        owner(const owner&) = delete;
        owner& operator=(const owner&) = delete;
        ~owner() {
            if (elsewhere()) {
                // Its thread is not in this process, and its lock may be held for ever.
                new std::thread(std::move(thread));
                new std::shared_ptr<state>(shared);
            } else if (shared->stop()) {
                thread.join();
            } else {
                thread.detach(); // it owns a share of the state
            }
        }

        /// Whether this is the child of a fork.
        [[nodiscard]] bool elsewhere() const noexcept { return ::getpid() != process; }

        const pid_t process = ::getpid();
        std::shared_ptr<state> shared;
        std::thread thread;
    };

    std::shared_ptr<owner> owner_;
};

} // namespace quipu

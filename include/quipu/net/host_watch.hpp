// The addresses of a host, asked for again and again on a thread of its own: who sends never waits for
// a name server.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include <unistd.h>

namespace quipu {

/// When the addresses of a host are asked for.
struct host_watch_options {
    /// How long they are believed.
    int ttl_ms = 60'000;
    /// How long after a failure it is tried again; what was known before stays.
    int retry_ms = 1'000;
};

/// The names that this machine resolves.
struct system_names {
    [[nodiscard]] result<address_list> operator()(const host_port& of) const noexcept {
        return resolve(of, address_use::connect);
    }
};

/// Knows the addresses of one host. Asks once when it is made, which may wait for the name servers, and
/// from then on on its thread; an address that is none of a name is asked for once, without a thread.
/// `Names` is system_names, or another function from a host_port to a result<address_list>.
///
/// At a fork the thread stays with the parent: in the child the addresses stay as they are.
///
/// Threads  safe. It ends at once, even while a name server does not answer.
template <class Names = system_names>
class basic_host_watch {
    static_assert(std::is_invocable_r_v<result<address_list>, Names&, const host_port&>,
                  "quipu host watch: needs `result<address_list> names(const host_port&)`");

public:
    explicit basic_host_watch(host_port of, host_watch_options options = {}, Names names = {})
        : shared_(std::make_shared<state>(std::move(of), options, std::move(names))) {
        shared_->ask();
        if (!detail::is_ipv4_text(shared_->of.host) && !detail::is_ipv6_text(shared_->of.host))
            thread_ = std::thread([kept = shared_] { kept->run(); });
    }
    basic_host_watch(const basic_host_watch&) = delete;
    basic_host_watch& operator=(const basic_host_watch&) = delete;
    ~basic_host_watch() {
        if (!thread_.joinable())
            return;
        if (elsewhere()) { // its thread is not in this process, and its lock may be held for ever
            new std::thread(std::move(thread_));
            new std::shared_ptr<state>(shared_);
        } else if (shared_->stop()) {
            thread_.join();
        } else {
            thread_.detach(); // it owns a share of the state, and ends with the answer
        }
    }

    /// Another one whenever the addresses have changed; 0: none is known yet.
    /// Cost     one load.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return shared_->generation.load(std::memory_order_acquire);
    }

    /// The addresses, or why none is known: that of `Names`. Those that were known once stay so.
    /// Cost     a lock.
    [[nodiscard]] result<address_list> addresses() const noexcept {
        if (elsewhere() && thread_.joinable())
            return errc::unsupported;
        const std::lock_guard hold(shared_->mutex);
        return shared_->known;
    }

    [[nodiscard]] const host_port& host() const noexcept { return shared_->of; }

private:
    struct state {
        state(host_port host, host_watch_options when, Names source)
            : of(std::move(host)), options(when), names(std::move(source)) {}

        /// Asks, and keeps what is new. True if there was an answer.
        bool ask() {
            const result<address_list> answer = names(of);
            const std::lock_guard hold(mutex);
            if (!answer) {
                if (!known)
                    known = answer.error();
                return false;
            }
            if (!known || !(*known == *answer)) {
                known = *answer;
                generation.fetch_add(1, std::memory_order_release);
            }
            return true;
        }

        void run() {
            bool answered = generation.load(std::memory_order_relaxed) != 0;
            std::unique_lock hold(mutex);
            for (;;) {
                const std::chrono::milliseconds pause(answered ? options.ttl_ms : options.retry_ms);
                if (changed.wait_for(hold, pause, [this] { return stopping; }))
                    return;
                asking = true;
                hold.unlock();
                answered = ask();
                hold.lock();
                asking = false;
            }
        }

        /// False if the thread waits for an answer.
        [[nodiscard]] bool stop() {
            const std::lock_guard hold(mutex);
            stopping = true;
            changed.notify_all();
            return !asking;
        }

        const host_port of;
        const host_watch_options options;
        Names names;
        std::mutex mutex{};
        std::condition_variable changed{};
        result<address_list> known = errc::name_unresolved;
        std::atomic<std::uint64_t> generation{0};
        bool asking = false;
        bool stopping = false;
    };

    [[nodiscard]] bool elsewhere() const noexcept { return ::getpid() != process_; }

    const pid_t process_ = ::getpid();
    std::shared_ptr<state> shared_;
    std::thread thread_{};
};

using host_watch = basic_host_watch<>;

} // namespace quipu

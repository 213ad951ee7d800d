// `event_loop`: waits for many descriptors at once, by epoll on Linux and by poll elsewhere.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>

#include <array>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#if defined(__linux__)
#include <sys/epoll.h>
#endif

namespace quipu {

/// What a descriptor is waited for. Its end and its errors are told in any case.
enum class interest : std::uint8_t { readable, writable, both };

/// Most descriptors that one call of `wait` tells of; the rest comes with the next calls.
inline constexpr std::size_t ready_max = 64;

/// The keys of descriptors that are ready, as a backend tells them.
using ready_keys = std::array<std::uint64_t, ready_max>;

/// How the operating system is asked.
/// Requires  static result<B> open() noexcept;
///           errc watch(int fd, std::uint64_t key, interest, bool known); begins, or if `known`
///           goes on in another way; void forget(int fd) noexcept; also after fd was closed.
///           result<std::size_t> wait(int timeout_ms, ready_keys&) noexcept; fills in the keys of
///           what is ready, for as long as it is (level-triggered), in turn if they are too many; 0
///           when the time is over or a signal came.
/// Provided  epoll_backend (Linux), poll_backend.   Chosen at  basic_event_loop<Backend>.
template <class B>
concept event_backend = std::movable<B> && requires(B& backend, ready_keys& ready) {
    { B::open() } -> std::same_as<result<B>>;
    { backend.watch(0, std::uint64_t{0}, interest::both, true) } -> std::same_as<errc>;
    { backend.forget(0) } -> std::same_as<void>;
    { backend.wait(0, ready) } -> std::same_as<result<std::size_t>>;
    requires noexcept(B::open())&& noexcept(backend.forget(0))&& noexcept(backend.wait(0, ready));
};

#if defined(__linux__)
/// Asks by epoll.
/// Cost  O(ready) a wait, one system call for each change.
class epoll_backend {
public:
    [[nodiscard]] static result<epoll_backend> open() noexcept {
        epoll_backend made;
        made.epoll_ = descriptor{::epoll_create1(EPOLL_CLOEXEC)};
        if (!made.epoll_)
            return last_error();
        return made;
    }

    [[nodiscard]] errc watch(int fd, std::uint64_t key, interest wanted, bool known) noexcept {
        epoll_event event{};
        event.events = wanted == interest::readable   ? EPOLLIN
                       : wanted == interest::writable ? EPOLLOUT
                                                      : EPOLLIN | EPOLLOUT;
        event.data.u64 = key;
        // One that was closed is forgotten by epoll itself, and its number may be another one's
        // now.
        if (known && ::epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, fd, &event) == 0)
            return errc::ok;
        if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0)
            return errc::ok;
        return errno == EPERM ? errc::unsupported : last_error();
    }

    void forget(int fd) noexcept { (void)::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr); }

    [[nodiscard]] result<std::size_t> wait(int timeout_ms, ready_keys& ready) noexcept {
        std::array<epoll_event, ready_max> events;
        const int count =
            ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), timeout_ms);
        if (count < 0) {
            if (errno != EINTR)
                return last_error();
            return std::size_t{0};
        }
        const auto size = static_cast<std::size_t>(count);
        for (std::size_t i = 0; i != size; ++i)
            ready[i] = events[i].data.u64;
        return size;
    }

private:
    descriptor epoll_;
};
static_assert(event_backend<epoll_backend>);
using default_event_backend = epoll_backend;
#endif

/// Asks by poll, on any POSIX system.
/// Cost  O(watched) a wait and a change.
class poll_backend {
public:
    [[nodiscard]] static result<poll_backend> open() noexcept { return poll_backend{}; }

    [[nodiscard]] errc watch(int fd, std::uint64_t key, interest wanted, bool known) {
        if (::fcntl(fd, F_GETFD) < 0)
            return last_error();
        const auto events = static_cast<short>(wanted == interest::readable   ? POLLIN
                                               : wanted == interest::writable ? POLLOUT
                                                                              : POLLIN | POLLOUT);
        const std::size_t at = known ? find(fd) : polled_.size();
        if (at == polled_.size()) {
            polled_.emplace_back();
            keys_.emplace_back();
        }
        polled_[at] = {fd, events, 0};
        keys_[at] = key;
        return errc::ok;
    }

    void forget(int fd) noexcept {
        const std::size_t at = find(fd);
        if (at != polled_.size())
            drop(at);
    }

    [[nodiscard]] result<std::size_t> wait(int timeout_ms, ready_keys& ready) noexcept {
        const int count = ::poll(polled_.data(), static_cast<nfds_t>(polled_.size()), timeout_ms);
        if (count < 0) {
            if (errno != EINTR)
                return last_error();
            return std::size_t{0};
        }
        std::size_t told = 0;
        // Begins where the last one stopped, so that none is always too late.
        for (std::size_t left = count > 0 ? polled_.size() : 0; left != 0 && told != ready.size();
             --left) {
            if (next_ >= polled_.size())
                next_ = 0;
            const int what = polled_[next_].revents;
            if ((what & POLLNVAL) != 0) {
                drop(next_); // was closed: epoll forgets such a one, too
                continue;
            }
            if (what != 0)
                ready[told++] = keys_[next_];
            ++next_;
        }
        return told;
    }

private:
    [[nodiscard]] std::size_t find(int fd) const noexcept {
        std::size_t at = 0;
        while (at != polled_.size() && polled_[at].fd != fd)
            ++at;
        return at;
    }

    void drop(std::size_t at) noexcept {
        polled_[at] = polled_.back();
        keys_[at] = keys_.back();
        polled_.pop_back();
        keys_.pop_back();
    }

    std::vector<pollfd> polled_;
    std::vector<std::uint64_t> keys_;
    std::size_t next_ = 0;
};
static_assert(event_backend<poll_backend>);
#if !defined(__linux__)
using default_event_backend = poll_backend;
#endif

/// Tells which of many descriptors are ready, each by a token that the caller has chosen.
///
/// Limits   one wait tells of `ready_max` descriptors at most; how many are watched is bounded by
///          how many the process may open.
/// Memory   16 bytes for each number up to the highest watched.
/// Threads  distinct objects safe, shared objects unsafe; another thread gets through by a `waker`.
template <event_backend Backend = default_event_backend>
class basic_event_loop {
public:
    /// Watches nothing, and cannot.
    basic_event_loop() = default;

    /// Errors   too_many_descriptors.
    [[nodiscard]] static result<basic_event_loop> open() noexcept {
        result<Backend> opened = Backend::open();
        if (!opened)
            return opened.error();
        basic_event_loop made;
        made.backend_ = *std::move(opened);
        return made;
    }

    /// Watches `fd`, which stays the caller's; if it is watched already, the new token and interest
    /// replace the old.
    /// Errors   unsupported (epoll cannot watch files), system_failure (not an open descriptor).
    [[nodiscard]] errc add(int fd, std::uint64_t token, interest wanted = interest::readable) {
        if (fd < 0)
            return errc::system_failure;
        const auto index = static_cast<std::size_t>(fd);
        if (index >= watches_.size())
            watches_.resize(index + 1);
        watch& place = watches_[index];
        const std::uint32_t generation = place.generation + 1;
        const std::uint64_t key = std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(fd);
        const errc done = backend_.watch(fd, key, wanted, place.watched);
        if (done == errc::ok)
            place = {token, generation, true};
        return done;
    }

    /// Watches `fd` no longer; its token is not told any more, not even by the `wait` that is under
    /// way. Does nothing if it is not watched. To be called before `fd` is closed.
    void remove(int fd) noexcept {
        const auto index = static_cast<std::size_t>(fd);
        if (fd < 0 || index >= watches_.size() || !watches_[index].watched)
            return;
        backend_.forget(fd);
        watches_[index].watched = false;
    }

    /// Waits until a descriptor is ready, a signal came or the time is over, whichever is first.
    ///
    /// Input    `timeout_ms` 0: only looks; below zero: no end. `on_ready(token)` is called for
    ///          each descriptor that is ready, as long as it is; it may add and remove any.
    /// Returns  how many tokens were told.
    /// Errors   system_failure.
    /// Cost     that of the backend; does not allocate.
    template <class OnReady>
    [[nodiscard]] result<std::size_t>
    wait(int timeout_ms,
         OnReady&& on_ready) noexcept(std::is_nothrow_invocable_v<OnReady&, std::uint64_t>) {
        ready_keys ready;
        const result<std::size_t> count = backend_.wait(timeout_ms, ready);
        if (!count)
            return count.error();
        std::size_t told = 0;
        for (std::size_t i = 0; i != *count; ++i) {
            // One before it may have removed this one, or even have given its number to another.
            const watch place = watches_[ready[i] & 0xffff'ffffU];
            if (!place.watched || place.generation != ready[i] >> 32U)
                continue;
            ++told;
            on_ready(place.token);
        }
        return told;
    }

private:
    struct watch {
        std::uint64_t token = 0;
        std::uint32_t generation = 0; // tells apart those that had the same number
        bool watched = false;
    };

    Backend backend_;
    std::vector<watch> watches_;
};

using event_loop = basic_event_loop<>;

} // namespace quipu

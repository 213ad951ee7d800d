// `deadline`: the moment when waiting ends, and waiting for one descriptor until then.
//
// Timeouts are an `int` of milliseconds, as poll and epoll take them, with the unit in the name:
// <chrono> would cost every user of a transport 196 ms of compile time.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>

#include <cstdint>
#include <ctime>
#include <limits>

#include <poll.h>

namespace quipu {

/// A moment on the clock that is never set.
/// Threads  distinct objects safe, shared objects safe while only read.
class deadline {
public:
    /// `timeout_ms` from now; below zero: never.
    explicit deadline(int timeout_ms) noexcept
        : end_ms_(timeout_ms < 0 ? never : now_ms() + timeout_ms) {}

    /// What is left, as poll takes it: 0 when it is over, -1 for never.
    [[nodiscard]] int remaining_ms() const noexcept {
        if (end_ms_ == never)
            return -1;
        const std::int64_t left = end_ms_ - now_ms();
        return left > 0 ? static_cast<int>(left) : 0;
    }

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] static std::int64_t now_ms() noexcept {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    }

    std::int64_t end_ms_;
};

/// Waits until `fd` is ready for one of `events` (POLLIN, POLLOUT), or has an error for the next
/// call to tell. Signals do not make it longer nor shorter.
/// Errors   timed_out, system_failure.
[[nodiscard]] inline errc wait_until(int fd, short events, const deadline& end) noexcept {
    pollfd waited{fd, events, 0};
    const int ready = uninterrupted([&] { return ::poll(&waited, 1, end.remaining_ms()); });
    if (ready < 0)
        return last_error();
    if ((waited.revents & POLLNVAL) != 0)
        return errc::system_failure;
    return ready == 0 ? errc::timed_out : errc::ok;
}

} // namespace quipu

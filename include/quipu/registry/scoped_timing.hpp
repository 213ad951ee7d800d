// How long a block or a call takes, recorded when it ends.
#pragma once

#include <quipu/core/tick_clock.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace quipu {

/// What a time can be recorded in: a timer's handle.
template <class H>
concept records_values = requires(const H& to, double milliseconds) {
    to.record(milliseconds);
};

/// Records its lifetime in milliseconds, also when an exception ends the block.
///
///     const quipu::scoped_timing timing(latency);
///
/// Cost     two looks at the clock, 40 ns with the standard one, and a record.
/// Threads  distinct objects safe, shared objects unsafe.
template <records_values Handle, tick_clock Clock = steady_ticks>
class [[nodiscard]] scoped_timing {
public:
    explicit scoped_timing(Handle into, Clock clock = {}) noexcept
        : into_(std::move(into)), clock_(std::move(clock)), start_(clock_.now()) {}
    scoped_timing(const scoped_timing&) = delete;
    scoped_timing& operator=(const scoped_timing&) = delete;
    ~scoped_timing() {
        if (running_)
            into_.record(elapsed());
    }

    /// The milliseconds since it was made.
    [[nodiscard]] double elapsed() const noexcept {
        const std::uint64_t now = clock_.now();
        return now > start_ ? clock_.milliseconds(now - start_) : 0; // cores may differ by a tick
    }

    /// Records now, and not at the end. Returns the milliseconds; 0, and has no effect, if it was
    /// stopped or cancelled before.
    double stop() noexcept {
        if (!std::exchange(running_, false))
            return 0;
        const double milliseconds = elapsed();
        into_.record(milliseconds);
        return milliseconds;
    }

    /// Records nothing.
    void cancel() noexcept { running_ = false; }

private:
    Handle into_;
    [[no_unique_address]] Clock clock_;
    std::uint64_t start_;
    bool running_ = true;
};

/// Calls f(args...), records how long that takes, and returns what it returns.
template <records_values Handle, class F, class... Args>
requires std::invocable<F, Args...>
decltype(auto) timed(const Handle& into, F&& f, Args&&... args) {
    const scoped_timing timing(into);
    return std::forward<F>(f)(std::forward<Args>(args)...);
}

} // namespace quipu

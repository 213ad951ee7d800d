// How long a part of a program takes, told to a client when it is left.
#pragma once

#include <quipu/client/client.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace quipu {

/// Measures from its making to `stop`, or to its end, however that comes: a block that is left by an
/// exception is timed as well.
///
/// `Client` has `timing(name, duration, call_options)`; it outlives the timer. The name and the tags
/// hold as long as the timer does.
/// Cost     two looks at the clock and one call of the client.
/// Threads  those of the client.
template <class Client, class Clock = std::chrono::steady_clock>
class scoped_timer {
public:
    explicit scoped_timer(Client& to, std::string_view name, const call_options& more = {})
        : to_(&to), name_(name), more_(more), start_(Clock::now()) {}

    scoped_timer(const scoped_timer&) = delete; // one measurement is told once
    scoped_timer& operator=(const scoped_timer&) = delete;
    ~scoped_timer() {
        if (to_ != nullptr)
            static_cast<void>(stop());
    }

    /// Tells how long it took, and returns that. Later calls, and the end, tell nothing more.
    typename Clock::duration stop() {
        const auto took = Clock::now() - start_;
        if (Client* const to = std::exchange(to_, nullptr))
            static_cast<void>(to->timing(name_, took, more_));
        return took;
    }

    /// Tells nothing.
    void cancel() noexcept { to_ = nullptr; }

private:
    Client* to_;
    std::string_view name_;
    call_options more_;
    typename Clock::time_point start_;
};

/// Calls `f` and tells a client how long it took. Returns what `f` returns.
template <class Client, class F>
decltype(auto) timed(Client& to, std::string_view name, F&& f, const call_options& more = {}) {
    const scoped_timer measured(to, name, more);
    return std::forward<F>(f)();
}

} // namespace quipu

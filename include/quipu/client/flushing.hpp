// When a client sends what waits, beside when a datagram is full: on request, or as time passes.
#pragma once

#include <concepts>
#include <cstdint>

namespace quipu {

namespace flushing {

/// When `flush` is called.
struct on_request {
    [[nodiscard]] static constexpr bool due() noexcept { return false; }
    static constexpr void restart() noexcept {}
};

/// With the first call after so many milliseconds since the last flush; what nothing is called behind
/// waits on. A thread that sends by itself is a `queued` transport's. `Clock` is a tick_clock:
/// steady_ticks, or processor_ticks, which is cheaper.
template <class Clock>
class at_intervals {
public:
    explicit at_intervals(double interval_milliseconds, Clock clock = Clock()) noexcept
        : clock_(clock), interval_milliseconds_(interval_milliseconds), begin_(clock_.now()) {}

    [[nodiscard]] bool due() const noexcept {
        return clock_.milliseconds(clock_.now() - begin_) >= interval_milliseconds_;
    }
    void restart() noexcept { begin_ = clock_.now(); }

private:
    Clock clock_;
    double interval_milliseconds_;
    std::uint64_t begin_;
};

} // namespace flushing

/// Decides when a client flushes by itself.
/// Requires  bool due() noexcept, asked after each call; void restart() noexcept, called at each
///           flush.
/// Provided  flushing::on_request (default), flushing::at_intervals<Clock>.   Chosen at
///           client_traits, and given to the client.
/// Cost      nothing, or a look at the clock a call.
template <class P>
concept flushing_policy = std::move_constructible<P> && requires(P policy) {
    { policy.due() } -> std::same_as<bool>;
    requires noexcept(policy.due());
    requires noexcept(policy.restart());
};

static_assert(flushing_policy<flushing::on_request>);

} // namespace quipu

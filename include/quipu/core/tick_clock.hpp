// Clocks that tell how long something took: the standard one, and the processor's own.
#pragma once

#include <quipu/core/result.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>

namespace quipu {

/// Tells the time in ticks of its own, which only grow, and what so many of them are.
/// Requires  std::uint64_t now() const noexcept; double milliseconds(std::uint64_t ticks) const
///           noexcept. It is copied, so it is small.
/// Provided  steady_ticks (default), processor_ticks.   Chosen at  scoped_timing.
/// Cost      two calls of now for each thing that is timed.
template <class C>
concept tick_clock = std::copyable<C> && requires(const C clock, std::uint64_t ticks) {
    { clock.now() } -> std::same_as<std::uint64_t>;
    { clock.milliseconds(ticks) } -> std::same_as<double>;
    requires noexcept(clock.now());
    requires noexcept(clock.milliseconds(ticks));
};

/// std::chrono::steady_clock. A tick is a nanosecond.
/// Cost     about 20 ns a call.
/// Threads  pure.
struct steady_ticks {
    [[nodiscard]] std::uint64_t now() const noexcept {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    }
    [[nodiscard]] double milliseconds(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) / 1e6;
    }
};

namespace detail {

/// The processor's time stamp counter, if there is one that all cores have in common and that runs
/// evenly, whatever the core does.
struct time_stamp_counter {
#if defined(__GNUC__) && defined(__x86_64__)
    static constexpr bool is_known = true;

    [[nodiscard]] static std::uint64_t read() noexcept {
        return __builtin_ia32_rdtsc();
    }

    [[nodiscard]] static bool runs_evenly() noexcept {
        const auto query = [](std::uint32_t leaf, std::uint32_t& last) {
            std::uint32_t a = leaf;
            std::uint32_t b = 0;
            std::uint32_t c = 0;
            asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(last));
            return a;
        };
        constexpr std::uint32_t power_leaf = 0x8000'0007;
        std::uint32_t flags = 0;
        if (query(0x8000'0000, flags) < power_leaf)
            return false;
        query(power_leaf, flags);
        return (flags >> 8U & 1U) != 0;
    }
#elif defined(__GNUC__) && defined(__aarch64__)
    static constexpr bool is_known = true;

    [[nodiscard]] static std::uint64_t read() noexcept {
        std::uint64_t ticks;
        asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
    }
    [[nodiscard]] static bool runs_evenly() noexcept {
        return true;
    }
#else
    static constexpr bool is_known = false;

    [[nodiscard]] static std::uint64_t read() noexcept {
        return 0;
    }
    [[nodiscard]] static bool runs_evenly() noexcept {
        return false;
    }
#endif
};

} // namespace detail

/// The processor's own counter. Calibrate one at the start of a program, and copy it to where it is
/// needed; one that is not calibrated measures nothing.
///
/// Error    that of the calibration: about 100 ns in its duration, 0.001 % for 10 ms.
/// Cost     of now: about 9 ns. The processor may read the counter a few instructions early or late.
/// Threads  reading one from several is safe.
class processor_ticks {
public:
    processor_ticks() = default;

    /// Measures the counter against steady_clock.
    /// Errors   unsupported: there is no such counter here, or it does not run evenly.
    /// Cost     takes as long as it is told, and looks at the clock all the while.
    [[nodiscard]] static result<processor_ticks>
    calibrated(std::chrono::nanoseconds duration = std::chrono::milliseconds(10)) noexcept {
        if (!counter::is_known || !counter::runs_evenly())
            return errc::unsupported;
        const pair first = look();
        const auto until = first.steady + static_cast<std::uint64_t>(duration.count());
        while (steady_ticks().now() < until) {
        }
        const pair last = look();
        if (last.counted <= first.counted || last.steady <= first.steady)
            return errc::unsupported;
        processor_ticks clock;
        clock.milliseconds_per_tick_ = steady_ticks().milliseconds(last.steady - first.steady) /
                                       static_cast<double>(last.counted - first.counted);
        return clock;
    }

    [[nodiscard]] std::uint64_t now() const noexcept { return counter::read(); }
    [[nodiscard]] double milliseconds(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) * milliseconds_per_tick_;
    }

private:
    using counter = detail::time_stamp_counter;

    struct pair {
        std::uint64_t steady = 0;
        std::uint64_t counted = 0;
    };

    /// Both clocks at one moment: of a few looks the one that took the least time.
    [[nodiscard]] static pair look() noexcept {
        pair best;
        std::uint64_t shortest = ~std::uint64_t{0};
        for (int i = 0; i < 10; ++i) {
            const auto before = counter::read();
            const auto steady = steady_ticks().now();
            const auto after = counter::read();
            if (after - before < shortest) {
                shortest = after - before;
                best = {steady, before + shortest / 2};
            }
        }
        return best;
    }

    double milliseconds_per_tick_ = 0;
};

static_assert(tick_clock<steady_ticks>);
static_assert(tick_clock<processor_ticks>);

} // namespace quipu

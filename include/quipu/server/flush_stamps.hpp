// What time a flush has, and how long its interval was.
#pragma once

#include <quipu/core/config.hpp>

#include <cstdint>
#include <limits>
#include <utility>

namespace quipu {

/// The time of a flush, and how long it took to come.
struct flush_stamp {
    std::int64_t timestamp = 0; ///< Unix seconds
    std::int64_t interval_ms = 0;
};

/// Stamps flushes: with the time of the wall clock, which may be set, and lengths by a clock that is not.
///
///  - An interval that lasted about a whole number of those of the schedule counts as so many: rates do
///    not tremble with the machine. One that was cut short, or whose length was changed, has its own.
///  - No time comes twice where intervals are a second or more: after a cut interval, or a step of the
///    clock back, the next second is taken; backends that keep one value for each time would lose the one
///    before.
///
/// It holds no clock: the time is told to it.
/// Threads  distinct objects safe, shared objects unsafe.
class flush_stamps {
public:
    /// The first interval begins now.
    /// Units    `steady_ms`: of a clock that nobody sets.
    explicit flush_stamps(std::int64_t steady_ms) noexcept : begun_ms_(steady_ms) {}

    /// A flush that the schedule asked for.
    /// Input    due_ms: the tick, in Unix milliseconds; `schedule_ms`: the length of an interval.
    [[nodiscard]] flush_stamp
    regular(std::int64_t due_ms, std::int64_t steady_ms, std::int64_t schedule_ms) noexcept {
        QUIPU_ASSERT(schedule_ms > 0);
        const std::int64_t took_ms = take(steady_ms);
        const std::int64_t intervals = (took_ms + schedule_ms / 2) / schedule_ms;
        const std::int64_t off_ms = took_ms - intervals * schedule_ms;
        const bool is_whole = !std::exchange(rescheduled_, false) && intervals > 0 &&
                              off_ms <= schedule_ms / 4 && off_ms >= -schedule_ms / 4;
        return {unused((due_ms + 500) / 1000, schedule_ms),
                is_whole ? intervals * schedule_ms : took_ms};
    }

    /// The interval that is under way ends by another schedule: its length is what it will be.
    void reschedule() noexcept { rescheduled_ = true; }

    /// A flush within an interval, the last one of a server.
    [[nodiscard]] flush_stamp
    cut(std::int64_t now_ms, std::int64_t steady_ms, std::int64_t schedule_ms) noexcept {
        return {unused(now_ms / 1000, schedule_ms), take(steady_ms)};
    }

private:
    /// Ends the interval; returns its length, above 0.
    [[nodiscard]] std::int64_t take(std::int64_t steady_ms) noexcept {
        const std::int64_t took_ms = steady_ms - begun_ms_;
        begun_ms_ = steady_ms;
        return took_ms > 0 ? took_ms : 1;
    }

    [[nodiscard]] std::int64_t unused(std::int64_t timestamp, std::int64_t schedule_ms) noexcept {
        constexpr std::int64_t second_ms = 1000;
        if (schedule_ms >= second_ms && timestamp <= last_)
            timestamp = last_ + 1;
        return last_ = timestamp;
    }

    std::int64_t begun_ms_;
    bool rescheduled_ = false;
    std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

} // namespace quipu

// When to flush: ticks of the wall clock that do not drift.
#pragma once

#include <quipu/core/config.hpp>

#include <cstdint>
#include <limits>

namespace quipu {

/// When flushes are due. All times in milliseconds.
struct flush_schedule {
    std::int64_t interval_ms = 10'000;
    /// Flush at multiples of the interval on the wall clock, not of the start; the first interval
    /// is then a short one as a rule.
    bool aligned = false;
    /// With `aligned`: so much later.
    std::int64_t offset_ms = 0;
};

/// Tells when the next flush is due. It holds no clock: the time is told to it, so that it can be
/// tested, and steps of the clock can be seen.
///
/// The ticks are start + k × interval, or multiples of the interval plus the offset, whatever
/// happened between them. A tick that was missed altogether (the machine slept, the clock stepped
/// forward) is left out and counted; after a step back the ticks begin anew from the new time, but
/// for one that was done already: twice the same would be two flushes of one timestamp.
/// Threads  distinct objects safe, shared objects unsafe.
class flush_clock {
public:
    /// Units    `now_ms`: Unix milliseconds.
    flush_clock(flush_schedule schedule, std::int64_t now_ms) noexcept
        : schedule_(schedule), next_ms_(0) {
        QUIPU_ASSERT(schedule.interval_ms > 0);
        QUIPU_ASSERT(schedule.offset_ms >= 0 && schedule.offset_ms < schedule.interval_ms);
        next_ms_ = first_after(now_ms);
    }

    /// The time of the next flush, in Unix milliseconds.
    [[nodiscard]] std::int64_t next_ms() const noexcept { return next_ms_; }

    /// How long to wait for it, 0 if it is due.
    [[nodiscard]] std::int64_t wait_ms(std::int64_t now_ms) noexcept {
        if (next_ms_ - now_ms > schedule_.interval_ms) {
            const std::int64_t first_ms = first_after(now_ms);
            if (first_ms != last_ms_)
                next_ms_ = first_ms;
        }
        return next_ms_ > now_ms ? next_ms_ - now_ms : 0;
    }

    /// Says that the flush which was due is being done; moves on to the first tick in the future.
    /// Returns  the tick that the flush belongs to, in Unix milliseconds: the last one that is
    /// past.
    std::int64_t tick(std::int64_t now_ms) noexcept {
        const std::int64_t late_ms = now_ms > next_ms_ ? now_ms - next_ms_ : 0;
        const std::int64_t missed = late_ms / schedule_.interval_ms;
        missed_ += static_cast<std::uint64_t>(missed);
        const std::int64_t due_ms = next_ms_ + missed * schedule_.interval_ms;
        last_ms_ = due_ms;
        next_ms_ = due_ms + schedule_.interval_ms;
        return due_ms;
    }

    /// How many ticks passed without a flush.
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

private:
    [[nodiscard]] std::int64_t first_after(std::int64_t now_ms) const noexcept {
        if (!schedule_.aligned)
            return now_ms + schedule_.interval_ms;
        const std::int64_t since = (now_ms - schedule_.offset_ms) % schedule_.interval_ms;
        const std::int64_t tick_ms =
            now_ms - since; // the one before, or the one after if since < 0
        return since < 0 ? tick_ms : tick_ms + schedule_.interval_ms;
    }

    flush_schedule schedule_;
    std::int64_t next_ms_;
    std::int64_t last_ms_ = std::numeric_limits<std::int64_t>::min();
    std::uint64_t missed_ = 0;
};

} // namespace quipu

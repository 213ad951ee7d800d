// When the most frequent keys are told, and by whom.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/server/key_frequency.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/sink_worker.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace quipu {

/// Hands the keys of each interval to a function, on a thread of its own. A report that fails is lost,
/// and logged: a part of it may have been written.
///
/// Units    `now_ms`: Unix milliseconds.
/// Threads  all calls from one thread.
class key_reporter {
public:
    using worker_type = sink_worker<key_report>;

    /// Input    interval_ms: above 0. The first interval begins with `start`.
    key_reporter(std::int64_t interval_ms,
                 typename worker_type::write_function write,
                 const log& messages)
        : log_(messages), interval_ms_(interval_ms),
          worker_("key report", std::move(write), messages, {.tries_again = false}) {
        QUIPU_ASSERT(interval_ms > 0);
    }

    void start(std::int64_t now_ms) noexcept { due_ms_ = now_ms + interval_ms_; }

    [[nodiscard]] bool is_due(std::int64_t now_ms) const noexcept { return now_ms >= due_ms_; }

    /// How long to wait for the next report, 0 if it is due.
    [[nodiscard]] std::int64_t wait_ms(std::int64_t now_ms) noexcept {
        due_ms_ = std::min(due_ms_, now_ms + interval_ms_); // the clock was set back
        return std::max<std::int64_t>(due_ms_ - now_ms, 0);
    }

    /// Tells what came in the interval, and begins the next.
    void push(std::int64_t now_ms, key_counts keys) {
        due_ms_ += interval_ms_;
        if (due_ms_ <= now_ms) // what was missed is in this one
            due_ms_ = now_ms + interval_ms_;
        if (keys.left_out() > 0) {
            log_.warning("key report: " + std::to_string(keys.left_out()) +
                         " lines are not in it: there are more than " +
                         std::to_string(keys.size()) + " keys");
        }
        worker_.push(
            std::make_shared<const key_report>(key_report{(now_ms + 500) / 1000, std::move(keys)}));
    }

    /// As sink_worker does.
    void end_within(std::chrono::milliseconds patience) { worker_.end_within(patience); }
    void finish(std::chrono::milliseconds patience) { worker_.finish(patience); }

private:
    const log log_;
    std::int64_t interval_ms_;
    std::int64_t due_ms_ = 0;
    worker_type worker_;
};

} // namespace quipu

// What a server says of what it has not taken, and not passed on.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/repeater.hpp>
#include <quipu/server/sink_worker.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace quipu {

/// Says what of an interval's input was not taken, and why.
/// Input    lost_lines: what the lost datagrams held, estimated.
inline void log_losses(const log& to, const intake_counts& of, std::uint64_t lost_lines) {
    std::string causes;
    for (std::size_t cause = 0; cause < errc_count; ++cause) {
        if (of.refused[cause] == 0)
            continue;
        causes += causes.empty() ? ": " : ", ";
        causes += std::to_string(of.refused[cause]) + " × " +
                  std::string(message(static_cast<errc>(cause)));
    }
    if (!causes.empty())
        to.warning("refused in this interval, of " + std::to_string(of.lines) + " lines" + causes);
    if (of.dropped > 0) {
        to.warning("lost in this interval: " + std::to_string(of.dropped) + " datagrams, some " +
                   std::to_string(lost_lines) +
                   " lines: the system's buffer was full, or they were too long. Raise "
                   "receive_buffer (and net.core.rmem_max), or threads");
    }
    if (of.tags_dropped > 0) {
        to.warning("left out in this interval: " + std::to_string(of.tags_dropped) +
                   " tags in names, without a key or a value");
    }
}

/// Looks after repeaters: says what they have not passed on, and how they do.
/// Threads  one thread.
class repeater_watch {
public:
    repeater_watch(const repeater_list& of, const log& messages) : of_(of), log_(messages) {}

    /// Says what was lost since the last call.
    void log_losses() {
        for (const auto& one : of_.all()) {
            const auto lost = one->take_losses();
            const bool stuck = lost.waiting > 0 && lost.sent == 0;
            errors_[one->name()] =
                lost.failed > 0 || stuck || lost.dropped > 0 ? lost.last_error : errc::ok;
            if (lost.dropped > 0)
                log_.warning(one->name() + ": dropped in this interval, since too many waited: " +
                             std::to_string(lost.dropped) + " messages");
            if (lost.failed > 0)
                log_.warning(one->name() +
                             ": not sent in this interval: " + std::to_string(lost.failed) +
                             " messages: " + std::string(message(lost.last_error)));
        }
        const auto skipped = of_.skipped();
        if (const auto more = skipped - std::exchange(skipped_, skipped); more > 0)
            log_.warning("not repeated in this interval: " + std::to_string(more) +
                         " binary records of streams");
    }

    /// Waits for what is on its way, and says what could not be sent.
    void finish(std::chrono::milliseconds patience) {
        const deadline end(static_cast<int>(patience.count()));
        for (const auto& one : of_.all()) {
            if (const auto left = one->finish(end); left > 0)
                log_.error(one->name() + ": messages that could not be sent before the end: " +
                           std::to_string(left));
        }
        log_losses();
    }

    /// How one does, as sinks tell it; its numbers are of messages, its error of the last interval.
    [[nodiscard]] sink_report report(const repeater& one) const {
        const auto counts = one.counts();
        const auto error = errors_.find(one.name());
        sink_report made;
        made.waiting = counts.waiting;
        made.dropped = counts.dropped;
        made.successes = counts.sent;
        made.failures = counts.failed;
        made.error = error == errors_.end() ? errc::ok : error->second;
        return made;
    }

private:
    const repeater_list& of_;
    const log log_;
    std::map<std::string, errc> errors_{};
    std::uint64_t skipped_ = 0; // records, up to the last call
};

} // namespace quipu

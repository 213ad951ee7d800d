// What a server tells its operator: lines on standard error or in the system's log, at a limited rate.
#pragma once

#include <quipu/core/config.hpp>

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

namespace quipu {

enum class log_level : std::uint8_t { info, warning, error };

/// Writes one line for each event to a descriptor, standard error as a rule:
///
///     2026-11-21T22:30:40Z warning: refused "hits:x|c" at byte 5: the value is not a number
///
/// It never waits: a line that nobody takes, since the pipe is full, is dropped, and the next one
/// that gets through says how many were.
/// Threads  safe: a line is one write.
class log {
public:
    /// The system's log in place of a descriptor; who wants a name or a facility there calls
    /// openlog before.
    static constexpr int to_syslog = -2;

    /// What is below `least` is not written.
    explicit log(int fd = 2, log_level least = log_level::info)
        : fd_(fd), least_(std::make_shared<std::atomic<log_level>>(least)) {}
    /// A copy writes to the same place; what the other dropped, the other tells.
    log(const log& other) noexcept : fd_(other.fd_), least_(other.least_) {}
    log& operator=(const log&) = delete;
    ~log() = default;

    void write(log_level level, std::string_view text) const {
        if (level < least_->load(std::memory_order_relaxed))
            return;
        if (fd_ == to_syslog) {
            constexpr int priorities[] = {LOG_INFO, LOG_WARNING, LOG_ERR};
            ::syslog(priorities[static_cast<std::size_t>(level)],
                     "%.*s",
                     static_cast<int>(text.size()),
                     text.data());
            return;
        }
        constexpr std::string_view words[] = {"info: ", "warning: ", "error: "};
        char time[32];
        const std::time_t now = std::time(nullptr);
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        const auto size = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ ", &parts);
        pollfd room{fd_, POLLOUT, 0};
        if (::poll(&room, 1, 0) == 0) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        std::string line(time, size);
        line += words[static_cast<std::size_t>(level)];
        line += text;
        if (const auto dropped = dropped_.exchange(0, std::memory_order_relaxed); dropped != 0)
            line += " (and " + std::to_string(dropped) + " lines that nobody took)";
        // A pipe that is ready has room for so much in one piece.
        if (line.size() >= PIPE_BUF)
            line.resize(PIPE_BUF - 1);
        line += '\n';
        // Who cannot be told by this line cannot be told at all.
        static_cast<void>(!::write(fd_, line.data(), line.size()));
    }

    /// From now on what is below `least` is not written, by all copies.
    void set_level(log_level least) const noexcept {
        least_->store(least, std::memory_order_relaxed);
    }

    void info(std::string_view text) const { write(log_level::info, text); }
    void warning(std::string_view text) const { write(log_level::warning, text); }
    void error(std::string_view text) const { write(log_level::error, text); }

private:
    int fd_;
    std::shared_ptr<std::atomic<log_level>> least_; // one for all copies
    mutable std::atomic<std::uint64_t> dropped_{0};
};

/// Lets through so many events in each period and counts the others.
/// Threads  distinct objects safe, shared objects unsafe.
class rate_limit {
public:
    explicit rate_limit(std::uint32_t events_max = 10, std::int64_t period_ms = 10'000) noexcept
        : events_max_(events_max), period_ms_(period_ms) {}

    /// True if the event may pass. Units: `now_ms` of any clock.
    [[nodiscard]] bool allows(std::int64_t now_ms) noexcept {
        if (now_ms - period_start_ms_ >= period_ms_ || now_ms < period_start_ms_) {
            period_start_ms_ = now_ms;
            events_ = 0;
        }
        if (events_ < events_max_) {
            ++events_;
            return true;
        }
        ++held_back_;
        return false;
    }

    /// How many events did not pass since this was last called.
    [[nodiscard]] std::uint64_t take_held_back() noexcept {
        const auto count = held_back_;
        held_back_ = 0;
        return count;
    }

private:
    std::uint32_t events_max_;
    std::int64_t period_ms_;
    std::int64_t period_start_ms_ = 0;
    std::uint32_t events_ = 0;
    std::uint64_t held_back_ = 0;
};

/// Text from the wire between quotes for a log: at most `bytes_max` bytes of it, and no byte that
/// could end the line or drive a terminal.
[[nodiscard]] inline std::string quoted(std::string_view text, std::size_t bytes_max = 120) {
    constexpr std::string_view hex = "0123456789abcdef";
    const bool cut = text.size() > bytes_max;
    std::string out = "\"";
    for (const char c : text.substr(0, bytes_max)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f) {
            out += "\\x";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            if (c == '"' || c == '\\')
                out += '\\';
            out += c;
        }
    }
    out += cut ? "\"..." : "\"";
    return out;
}

} // namespace quipu

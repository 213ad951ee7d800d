#include <quipu/server/recent_window.hpp>

#include "support/catch.hpp"

#include <cstdint>

using namespace quipu;

namespace {

/// A server with one way in that got so many datagrams of so many lines in all, and lost some.
server_status with(std::uint64_t packets, std::uint64_t lines, std::uint64_t lost) {
    server_status now;
    now.counts.lines = lines;
    now.listeners.push_back({.at = "udp://a", .packets = packets, .lines = lines, .dropped = lost});
    return now;
}

server_status seen(const recent_window& by, std::int64_t at_ms, server_status now) {
    by.fill(at_ms, now);
    return now;
}

} // namespace

TEST_CASE("recent_window: lost datagrams are told in lines", "[server][recent_window]") {
    recent_window window;
    window.note(0, with(0, 0, 0));
    // One of four arrived, with forty lines each: three quarters are lost, not three per cent.
    window.note(10'000, with(100, 4'000, 300));
    const auto now = seen(window, 10'000, with(100, 4'000, 300));
    CHECK(now.lost_lines == 12'000);
    CHECK(now.listeners[0].lost_lines == 12'000);
    CHECK(now.recent.lost_lines == 12'000);
    CHECK(window.lost_lines() == 12'000);
    // What was lost then stays what it was, though datagrams are shorter now.
    window.note(20'000, with(1'100, 5'000, 310));
    CHECK(window.lost_lines() == 12'010);
}

TEST_CASE("recent_window: of an interval in which none came, the lines of ever are taken",
          "[server][recent_window]") {
    recent_window window;
    window.note(0, with(10, 300, 0));
    window.note(10'000, with(10, 300, 2));
    CHECK(window.lost_lines() == 60);
    recent_window silent;
    silent.note(0, with(0, 0, 0));
    silent.note(10'000, with(0, 0, 2));
    CHECK(silent.lost_lines() == 2);
}

TEST_CASE("recent_window: what once happened is not lately after a while",
          "[server][recent_window]") {
    recent_window window;
    window.note(0, with(0, 0, 0));
    window.note(10'000, with(10, 100, 5));
    CHECK(seen(window, 15'000, with(12, 120, 5)).recent.listeners.at(0).dropped == 5);
    std::int64_t at = 20'000;
    for (; at <= 400'000; at += 10'000)
        window.note(at, with(12, 120, 5));
    const auto now = seen(window, at, with(20, 200, 5));
    CHECK(now.recent.listeners.at(0).dropped == 0);
    CHECK(now.listeners[0].dropped == 5);
    CHECK(now.recent.lines == 80);
    CHECK(now.recent_seconds >= 300);
    CHECK(now.recent_seconds <= 320);
}

TEST_CASE("recent_window: a long interval counts whole, and short ones reach as far back",
          "[server][recent_window]") {
    recent_window hourly;
    hourly.note(0, with(0, 0, 0));
    hourly.note(3'600'000, with(10, 100, 5));
    CHECK(seen(hourly, 3'600'001, with(10, 100, 5)).recent.listeners.at(0).dropped == 5);
    hourly.note(7'200'000, with(20, 200, 5));
    CHECK(seen(hourly, 7'200'001, with(20, 200, 5)).recent.listeners.at(0).dropped == 0);

    recent_window hasty; // ten flushes a second
    hasty.note(0, with(0, 0, 0));
    std::int64_t at = 100;
    for (; at <= 250'000; at += 100)
        hasty.note(at, with(1, 10, at > 50'000 ? 7 : 0));
    const auto now = seen(hasty, at, with(1, 10, 7));
    CHECK(now.recent.listeners.at(0).dropped == 7);
    CHECK(now.recent_seconds > 249);
    for (; at <= 500'000; at += 100)
        hasty.note(at, with(1, 10, 7));
    CHECK(seen(hasty, at, with(1, 10, 7)).recent.listeners.at(0).dropped == 0);
}

TEST_CASE("recent_window: drops of a sink, and refusals, are told apart likewise",
          "[server][recent_window]") {
    recent_window window;
    server_status now;
    now.sinks.push_back({"graphite", {}});
    now.sinks[0].report.dropped = 3;
    now.counts.refused[static_cast<std::size_t>(errc::bad_rate)] = 2;
    window.note(0, now);
    now.sinks[0].report.dropped = 4;
    now.counts.refused[static_cast<std::size_t>(errc::bad_rate)] = 9;
    now.sinks.push_back({"new", {}});
    now.sinks[1].report.dropped = 1;
    window.fill(1'000, now);
    CHECK(now.recent.sinks_dropped == std::vector<std::uint64_t>{1, 1});
    CHECK(now.recent.refused[static_cast<std::size_t>(errc::bad_rate)] == 7);
    CHECK(now.recent_seconds == 1);
}

#include <quipu/server/health.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace quipu;

namespace {

server_status with_sinks(bool first_fails, bool second_fails) {
    server_status now;
    now.sinks.push_back({"graphite", {}});
    now.sinks.push_back({"influx", {}});
    now.sinks.push_back({"state:gauges", {}, false, true});
    if (first_fails)
        now.sinks[0].report.error = errc::connection_refused;
    if (second_fails)
        now.sinks[1].report.error = errc::timed_out;
    return now;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("health: a server without faults is healthy", "[server][health]") {
    CHECK(health(server_status()) == health_state::healthy);
    CHECK(ailments(with_sinks(false, false)).empty());
}

TEST_CASE("health: a sink that fails degrades, and all of them are down", "[server][health]") {
    CHECK(health(with_sinks(true, false)) == health_state::degraded);
    CHECK(ailment_lines(with_sinks(true, false)) == "graphite: connection refused\n");
    // The folder of the state works, but is no backend.
    CHECK(health(with_sinks(true, true)) == health_state::down);
    auto strict = with_sinks(true, false);
    strict.down_if = health_rule::any_sink;
    CHECK(health(strict) == health_state::down);
}

TEST_CASE("health: an admin's word counts before all", "[server][health]") {
    auto now = with_sinks(true, false);
    now.said_healthy = false;
    CHECK(health(now) == health_state::down);
    CHECK(ailment_lines(now) ==
          "an admin command said `health down`\ngraphite: connection refused\n");
}

TEST_CASE("health: a limit that is reached degrades, and names itself", "[server][health]") {
    server_status now;
    now.series_max = 1'000'000;
    now.recent_seconds = 42;
    now.counts.refused[static_cast<std::size_t>(errc::series_limit)] = 5; // once, long ago
    CHECK(health(now) == health_state::healthy);
    now.recent.refused[static_cast<std::size_t>(errc::series_limit)] = 5;
    CHECK(health(now) == health_state::degraded);
    CHECK(has(ailment_lines(now), "5 samples of new series refused in the last 42 s"));
    CHECK(has(ailment_lines(now), "1000000"));
    now.recent = {};
    now.recent.metrics_refused = 3;
    CHECK(has(ailment_lines(now), "3 times series left off /metrics"));
    now.recent = {};
    now.recent.listeners.push_back({.at = "tcp://a", .turned_away = 2});
    CHECK(has(ailment_lines(now), "2 connections turned away at tcp://a"));
    CHECK(health(now) == health_state::degraded);
}

TEST_CASE("health: a loss overloads, in lines, with its remedy", "[server][health]") {
    server_status now;
    now.recent_seconds = 300;
    now.recent.listeners.push_back({.at = "udp://a", .dropped = 75, .lost_lines = 3'000});
    CHECK(health(now) == health_state::overloaded);
    const auto text = ailment_lines(now);
    CHECK(has(text, "udp://a: 75 datagrams lost in the last 300 s, some 3000 lines"));
    CHECK(has(text, "net.core.rmem_max"));
    now.recent = {};
    now.sinks.push_back({"graphite", {}});
    now.recent.sinks_dropped.push_back(4);
    CHECK(health(now) == health_state::overloaded);
    CHECK(has(ailment_lines(now), "graphite: 4 flushes dropped in the last 300 s"));
}

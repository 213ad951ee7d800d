#include <quipu/server/server_status.hpp>

#include <quipu/server/object_literal.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

server_status busy() {
    server_status now;
    now.profile = "quipu";
    now.now = 1100;
    now.start = 1000;
    now.counts.lines = 12;
    now.counts.refused[static_cast<std::size_t>(errc::bad_rate)] = 3;
    now.series = {1, 2, 3, 4, 5};
    now.listeners.push_back(
        {.at = "udp://127.0.0.1:8125", .packets = 7, .lines = 70, .dropped = 2, .lost_lines = 20});
    now.lost_lines = 20;
    now.recent_seconds = 60;
    now.recent.listeners.push_back({.at = "udp://127.0.0.1:8125", .packets = 3});
    now.sinks.push_back({"graphite", {}});
    now.sinks.back().report.retries = 5;
    return now;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("server_status: all of it is in the JSON", "[server][server_status]") {
    json_text out(10'000);
    out.begin_object();
    tell_status(out, busy());
    out.end_object();
    const auto read = parse_object_literal(out.view());
    REQUIRE(read.error.why.empty());
    const auto& all = read.value;
    CHECK(all.find("uptime")->number == 100);
    CHECK(all.find("lines")->number == 12);
    CHECK(all.find("refused")->number == 3);
    CHECK(all.find("causes")->find(message(errc::bad_rate))->number == 3);
    CHECK(all.find("series")->find("set")->number == 4);
    CHECK(all.find("listeners")->items.at(0).find("dropped")->number == 2);
    CHECK(all.find("listeners")->items.at(0).find("lost_lines")->number == 20);
    CHECK(all.find("listeners")->items.at(0).find("recent")->find("dropped")->number == 0);
    CHECK(all.find("lost_lines")->number == 20);
    CHECK(all.find("recent")->find("seconds")->number == 60);
    CHECK(all.find("health")->text == "healthy");
    CHECK(all.find("sinks")->items.at(0).find("retries")->number == 5);
    CHECK_FALSE(all.find("sinks")->items.at(0).find("failing")->truth);
}

TEST_CASE("server_status: its numbers are a page for Prometheus", "[server][server_status]") {
    auto now = busy();
    now.sinks[0].name = "a\"b\\c\nd";
    const auto page = self_page(now);
    CHECK(has(page,
              "# HELP quipud_lines_total Lines received\n# TYPE quipud_lines_total counter\n"
              "quipud_lines_total 12\n"));
    CHECK(has(page,
              "quipud_refused_total{cause=\"" + std::string(message(errc::bad_rate)) + "\"} 3\n"));
    CHECK(has(page,
              "# TYPE quipud_series gauge\nquipud_series{kind=\"counter\"} 1\n"
              "quipud_series{kind=\"timer\"} 2\n"));
    CHECK(has(page, "quipud_listener_dropped_total{listener=\"udp://127.0.0.1:8125\"} 2\n"));
    CHECK(has(page, "quipud_listener_lost_lines_total{listener=\"udp://127.0.0.1:8125\"} 20\n"));
    CHECK(has(page, "quipud_healthy 1\n"));
    CHECK(has(page, "quipud_sink_retries_total{sink=\"a\\\"b\\\\c\\nd\"} 5\n"));
}

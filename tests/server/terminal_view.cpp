#include <quipu/server/terminal_view.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using quipu::terminal_request;
using quipu::terminal_view;

namespace {

quipu::literal event(std::string_view text) {
    auto parsed = quipu::parse_object_literal(text);
    CAPTURE(parsed.error.why);
    REQUIRE(parsed.error.why.empty());
    return std::move(parsed.value);
}

const std::string status =
    R"("status":{"version":"0.1.0","profile":"quipu","now":1000,"uptime":93784,"health":"healthy","ailments":"",)"
    R"("listeners":[{"at":"udp://127.0.0.1:8125","packets":12345,"dropped":0,"oversized":0,)"
    R"("connections":0}],"sinks":[{"name":"graphite://g:2003","failing":true,"error":"refused",)"
    R"("waiting":3,"on_disk":20,"dropped":1,"failures":7,"last_success":940}],)"
    R"("past":{"lines":[0,500,1000],"bytes":[0,0,25000],"refused":[0,0,2],"lost_lines":[0,0,0]}})";

std::string row_text(std::string_view name, std::string_view kind, double value) {
    return R"({"kind":")" + std::string(kind) + R"(","name":")" + std::string(name) +
           R"(","tags":";env=prod","idle":false,"value":)" + std::to_string(value) +
           R"(,"rate":null,"high":12.5,"count":null,"points":[1,2,null,4]})";
}

quipu::literal usual() {
    return event("{" + status + R"(,"list":{"at":1000,"series":2,"matched":2,"offset":0,"rows":[)" +
                 row_text("hits", "counter", 3) + ',' + row_text("latency", "timer", 250) + "]}}");
}

terminal_request plain(std::size_t columns = 80, std::size_t rows = 24) {
    terminal_request asked;
    asked.at = "127.0.0.1:8126";
    asked.columns = columns;
    asked.rows = rows;
    asked.style = {.utf8 = false, .colours = false};
    return asked;
}

bool has(const std::vector<std::string>& lines, std::string_view text) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& one) {
        return one.find(text) != std::string::npos;
    });
}

} // namespace

TEST_CASE("terminal_view: a number that is missing, or no number of series, is not shown",
          "[server][terminal_view]") {
    const auto rows = ",\"rows\":[" + row_text("hits", "counter", 3) + "]}}";
    for (const auto* const matched : {"",
                                      R"(,"matched":null)",
                                      R"(,"matched":-1)",
                                      R"(,"matched":1e300)",
                                      R"(,"matched":2.5)"}) {
        const auto lines = terminal_view(
            event("{" + status + R"(,"list":{"at":1000)" + matched + rows), plain(100));
        CAPTURE(matched);
        CHECK(has(lines, "1-1 "));
        CHECK_FALSE(has(lines, " of "));
    }
    const auto all = R"(,"matched":18446744073709549568)" + rows;
    CHECK(has(terminal_view(event("{" + status + R"(,"list":{"at":1000)" + all), plain(100)),
              "1-1 of 18446744073709549568"));
}

TEST_CASE("terminal_view: the server, its ways, and its series", "[server][terminal_view]") {
    const auto lines = terminal_view(usual(), plain(100));
    CHECK(lines.size() == 24);
    CHECK(lines[0].starts_with(
        "quipud 0.1.0  profile quipu  up 1d 02:03:04  healthy  127.0.0.1:8126 "));
    CHECK(has(lines, "lines 1000/s"));
    CHECK(has(lines, "bytes 25k/s  refused 2/s  lost 0/s"));
    CHECK(has(lines, " in  udp://127.0.0.1:8125  12.35k packets"));
    CHECK(has(lines,
              " out graphite://g:2003  written 00:01:00 ago  3 waiting  20 on disk  7 failures  1 "
              "dropped"));
    CHECK(has(lines, "NAME+"));
    CHECK(has(lines, "hits;env=prod"));
    CHECK(has(lines, "latency;env=prod"));
    CHECK(has(lines, "1-2 of 2"));
    for (const auto& one : lines)
        CHECK(one.size() == 100);
}

TEST_CASE("terminal_view: every size has its frame", "[server][terminal_view]") {
    for (const std::size_t columns : {1U, 10U, 20U, 49U, 50U, 60U, 70U, 81U, 133U, 250U}) {
        for (const std::size_t rows : {1U, 5U, 10U, 24U, 60U}) {
            CAPTURE(columns, rows);
            const auto lines = terminal_view(usual(), plain(columns, rows));
            CHECK(lines.size() >= std::min<std::size_t>(rows, 6));
            const bool fits = std::all_of(
                lines.begin(), lines.end(), [&](const auto& one) { return one.size() == columns; });
            CHECK(fits);
        }
    }
    // As many rows as there are.
    CHECK(has(terminal_view(usual(), plain(80, 0)), "latency"));
    CHECK_FALSE(has(terminal_view(usual(), plain(80, 0)), "q quit"));
}

TEST_CASE("terminal_view: what was lost once is not red for ever", "[server][terminal_view]") {
    auto asked = plain(120);
    asked.style.colours = true;
    const auto way = [](const char* lately) {
        return std::string(R"({"status":{"listeners":[{"at":"udp://a","lines":300,"dropped":9,)") +
               R"("recent":{"dropped":)" + lately + "}}]},\"list\":{\"rows\":[]}}";
    };
    const auto line_of = [&](const std::string& text) {
        for (const auto& line : terminal_view(quipu::parse_object_literal(text).value, asked)) {
            if (line.find("udp://a") != line.npos)
                return line;
        }
        return std::string();
    };
    CHECK(line_of(way("0")).find("9 dropped by the system (none lately)") != std::string::npos);
    CHECK_FALSE(line_of(way("0")).starts_with("\x1b[31m"));
    CHECK(line_of(way("4")).starts_with("\x1b[31m"));
    CHECK(line_of(way("4")).find("(4 lately)") != std::string::npos);
}

TEST_CASE("terminal_view: what is not well says so", "[server][terminal_view]") {
    auto asked = plain();
    asked.trouble = "connection refused; tries again each second";
    const auto lost = terminal_view({}, asked);
    CHECK(has(lost, "! connection refused; tries again each second"));
    CHECK(has(lost, "waiting for the server"));

    const auto empty = R"({"status":{"ailments":"a: refused\nb: timed out\n"},"list":{"rows":[]}})";
    CHECK(has(terminal_view(event(empty), plain()), "! a: refused"));
    CHECK(has(terminal_view(event(empty), plain()), "! b: timed out"));
    CHECK(has(terminal_view(event(empty), plain()), "nothing is flushed yet"));
    const auto none = event("{" + status + R"(,"list":{"at":5,"matched":0,"rows":[]}})");
    CHECK(has(terminal_view(none, plain()), "no series"));
    asked = plain();
    asked.series.search = "x";
    CHECK(has(terminal_view(none, asked), "no series is asked for by these words"));
    CHECK(has(terminal_view(event("{" + status + R"(,"list":null})"), plain()), "too long"));
}

TEST_CASE("terminal_view: names from the wire are harmless", "[server][terminal_view]") {
    const auto hostile = event("{" + status + R"(,"list":{"at":1,"matched":1,"rows":[)" +
                               row_text("\\u001b[2J\\u009bevil\\u202e", "counter", 1) + "]}}");
    auto asked = plain();
    asked.style.utf8 = true;
    const auto lines = terminal_view(hostile, asked);
    CHECK(has(lines, "?[2J?evil?"));
    for (const auto& one : lines)
        CHECK(one.find('\x1b') == std::string::npos);
}

TEST_CASE("terminal_view: what is asked for stands in the path, and at the foot",
          "[server][terminal_view]") {
    auto asked = plain();
    asked.series.search = "api &x";
    asked.series.kind = quipu::metric_kind::timer;
    asked.series.order = quipu::series_order::rate;
    asked.series.descending = true;
    asked.series.offset = 7;
    CHECK(quipu::events_path(asked.series) ==
          "/api/events?search=api%20%26x&kind=timer&sort=rate&order=desc&offset=7&limit=50");
    CHECK(quipu::parse_series_query(quipu::events_path(asked.series).substr(12)) == asked.series);
    asked.typing = true;
    const auto lines = terminal_view(usual(), asked);
    CHECK(has(lines, "RATE/S-"));
    CHECK(has(lines, "8-9 of 2  timers only  /api &x_"));
    CHECK(has(lines, "Enter ends"));
}

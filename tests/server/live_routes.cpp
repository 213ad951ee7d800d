#include <quipu/server/live_routes.hpp>

#include <quipu/server/health.hpp>
#include <quipu/server/object_literal.hpp>
#include <quipu/server/series_board.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

/// A server that is none.
struct host_of_one_flush {
    host_of_one_flush() {
        board_.take(std::make_shared<const snapshot>(
            quipu::test::snapshot_of("hits:30|c\nt:5|ms\n<b>:1|c", 1000)));
    }
    server_status status() { return now; }
    const std::vector<status_point>& past() const { return points; }
    auto& board() { return board_; }
    std::string metrics(prometheus_format form) {
        return form == prometheus_format::text ? "hits_total 30\n" : "# EOF\n";
    }
    std::size_t followers() const { return following; }

    server_status now{};
    std::vector<status_point> points{{1000, 3, 30, 1, 0}};
    std::size_t following = 0;

private:
    series_board board_{};
};

http_reply get(host_of_one_flush& host, std::string_view target) {
    const auto text = "GET " + std::string(target) + " HTTP/1.0\r\n\r\n";
    const auto asked = parse_http_request(text);
    REQUIRE(asked.status == 200);
    return live_routes(host)(asked);
}

literal json_of(const http_reply& answer) {
    CHECK(answer.status == 200);
    CHECK(answer.type == "application/json");
    const auto read = parse_object_literal(answer.body);
    REQUIRE(read.error.why.empty());
    return read.value;
}

} // namespace

TEST_CASE("live_routes: metrics come in the format that is asked for", "[server][live_routes]") {
    host_of_one_flush host;
    const auto asked = parse_http_request(
        "GET /metrics HTTP/1.0\r\naccept: application/openmetrics-text;version=1.0.0\r\n\r\n");
    const auto answer = live_routes(host)(asked);
    CHECK(answer.body == "# EOF\n");
    CHECK(answer.type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("live_routes: each path has its answer, others have none", "[server][live_routes]") {
    host_of_one_flush host;
    CHECK(get(host, "/").body == live_page);
    CHECK(get(host, "/").policy == live_page_policy);
    CHECK(get(host, "/metrics").body == "hits_total 30\n");
    CHECK(get(host, "/metrics").type == "text/plain; version=0.0.4; charset=utf-8");
    for (const char* const path :
         {"/index.html", "//", "/metrics/", "/api", "/api/series/", "/%2e"})
        CHECK(get(host, path).status == 404);
}

TEST_CASE("live_routes: health is a status, and says why", "[server][live_routes]") {
    host_of_one_flush host;
    CHECK(get(host, "/healthz").status == 200);
    CHECK(get(host, "/healthz").body == "healthy\n");
    CHECK(get(host, "/readyz").status == 200);
    host.now.said_healthy = false;
    CHECK(get(host, "/healthz").status == 503);
    CHECK(get(host, "/healthz").body == "down\n" + ailment_lines(host.now));
    CHECK(get(host, "/readyz").status == 503);
    CHECK(get(host, "/-/ready").status == 503);
}

TEST_CASE("live_routes: one sink that fails ends no process, and is told",
          "[server][live_routes]") {
    host_of_one_flush host;
    host.now.sinks = {{"graphite", {}}, {"influx", {}}, {"json", {}}};
    host.now.sinks[1].report.error = errc::connection_refused;
    CHECK(get(host, "/healthz").status == 200);
    CHECK(get(host, "/healthz").body == "degraded\ninflux: connection refused\n");
    host.now.down_if = health_rule::any_sink;
    CHECK(get(host, "/healthz").status == 503);
    for (const char* const path : {"/livez", "/-/healthy", "/readyz", "/-/ready"})
        CHECK(get(host, path).status == 200);
}

TEST_CASE("live_routes: who is at a limit does not say that all is well", "[server][live_routes]") {
    host_of_one_flush host;
    host.now.series_max = 1'000'000;
    host.now.recent_seconds = 60;
    host.now.recent.refused[static_cast<std::size_t>(errc::series_limit)] = 7;
    const auto answer = get(host, "/healthz");
    CHECK(answer.status == 200);
    CHECK(answer.body.starts_with("degraded\n7 samples of new series refused in the last 60 s: "));
    CHECK(answer.body.find("1000000") != std::string::npos);
}

TEST_CASE("live_routes: the status has its past", "[server][live_routes]") {
    host_of_one_flush host;
    const auto all = json_of(get(host, "/api/status"));
    CHECK(all.find("past")->find("times")->items.at(0).number == 1000);
    CHECK(all.find("past")->find("bytes")->items.at(0).number == 30);
    CHECK(all.find("version")->kind == literal_kind::text);
}

TEST_CASE("live_routes: series are listed and shown as asked", "[server][live_routes]") {
    host_of_one_flush host;
    CHECK(json_of(get(host, "/api/series?search=hits")).find("matched")->number == 1);
    CHECK(get(host, "/api/series?sort=size").status == 400);
    const auto one = json_of(get(host, "/api/series/one?kind=counter&name=%3Cb%3E"));
    CHECK(one.find("name")->text == "<b>");
    CHECK(get(host, "/api/series/one?kind=timer&name=hits").status == 404);
    CHECK(get(host, "/api/series/one?name=hits").status == 400);
    CHECK(get(host, "/api/series/one?kind=timer").status == 400);
}

TEST_CASE("live_routes: a stream begins with what is now, and says what it follows",
          "[server][live_routes]") {
    host_of_one_flush host;
    const auto answer = get(host, "/api/events?search=hits");
    CHECK(answer.type == "text/event-stream");
    CHECK(answer.follows == "?search=hits");
    REQUIRE(answer.body.starts_with("data: "));
    REQUIRE(answer.body.ends_with("\n\n"));
    CHECK(answer.body.find('\n') == answer.body.size() - 2);
    const auto read = parse_object_literal(answer.body.substr(6));
    REQUIRE(read.error.why.empty());
    CHECK(read.value.find("list")->find("rows")->items.size() == 1);
    CHECK(read.value.find("status")->find("lines")->number == 0);
    CHECK(get(host, "/api/events").follows == "?");
    CHECK(get(host, "/api/events?limit=x").status == 400);
    host.following = live_routes<host_of_one_flush>::followers_max;
    CHECK(get(host, "/api/events").status == 503);
}

TEST_CASE("live_routes: a browser is answered under the server's names alone, others always",
          "[server][live_routes]") {
    host_of_one_flush host;
    const live_routes routes(host, own_hosts({"metrics.example"}));
    const auto status = [&](const std::string& headers) {
        const auto text = "GET /api/status HTTP/1.1\r\n" + headers + "\r\n";
        const auto asked = parse_http_request(text);
        REQUIRE(asked.status == 200);
        return routes(asked).status;
    };
    for (const std::string header : {"Origin: http://evil.example\r\n",
                                     "Sec-Fetch-Site: same-origin\r\n",
                                     "sec-fetch-mode: cors\r\n"}) {
        CHECK(status("Host: evil.example\r\n" + header) == 403);
        CHECK(status("Host: metrics.example:8126\r\n" + header) == 200);
        CHECK(status("Host: 127.0.0.1:8126\r\n" + header) == 200);
    }
    CHECK(status("Host: evil.example\r\n") == 200); // a scraper behind a name of its own
}

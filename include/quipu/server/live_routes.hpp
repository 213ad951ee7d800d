// What a server answers to HTTP.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/json_text.hpp>
#include <quipu/server/health.hpp>
#include <quipu/server/http.hpp>
#include <quipu/server/live_page.hpp>
#include <quipu/server/own_hosts.hpp>
#include <quipu/server/series_query.hpp>
#include <quipu/server/server_status.hpp>
#include <quipu/sink/prometheus_format.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What the routes are about. All is called on one thread.
/// Requires  server_status status(); const std::vector<status_point>& past(); board(): a
///           basic_series_board; std::string metrics(prometheus_format): the page of Prometheus;
///           size_t followers().
/// Provided  basic_server.
template <class H>
concept live_host = requires(H& host, const series_query& asked) {
    { host.status() } -> std::same_as<server_status>;
    { host.past() } -> std::convertible_to<const std::vector<status_point>&>;
    { host.metrics(prometheus_format::text) } -> std::convertible_to<std::string>;
    { host.board().list(asked) } -> std::convertible_to<std::string>;
    { host.followers() } -> std::convertible_to<std::size_t>;
};

namespace detail {

inline constexpr std::size_t status_bytes_max = std::size_t{1} << 20;

/// The status with its past.
template <live_host Host>
[[nodiscard]] std::string status_json(Host& host) {
    json_text out(status_bytes_max);
    out.begin_object().member("version",
                              std::to_string(version_major) + '.' + std::to_string(version_minor) +
                                  '.' + std::to_string(version_patch));
    tell_status(out, host.status());
    out.name("past").begin_object();
    const auto list = [&](std::string_view name, auto number_of) {
        out.name(name).begin_list();
        for (const status_point& one : host.past())
            out.number(number_of(one));
        out.end_list();
    };
    list("times", [](const auto& one) { return one.at; });
    list("lines", [](const auto& one) { return one.lines; });
    list("bytes", [](const auto& one) { return one.bytes; });
    list("refused", [](const auto& one) { return one.refused; });
    list("lost_lines", [](const auto& one) { return one.lost_lines; });
    out.end_object().end_object();
    return out.full() ? std::string("{}") : out.take();
}

/// One event of the stream: the status, and the rows that a query asks for.
template <live_host Host>
[[nodiscard]] std::string event_text(Host& host, std::string_view query) {
    const auto asked = parse_series_query(query).value_or(series_query());
    const auto list = host.board().list(asked);
    return "data: {\"status\":" + status_json(host) +
           ",\"list\":" + (list.empty() ? "null" : list) + "}\n\n";
}

} // namespace detail

/// The paths of a server:
///
///     /                 the live page
///     /metrics          all series and the server's own numbers for Prometheus, in its text format or,
///                       where the header Accept asks for it, in that of OpenMetrics or in protocol
///                       buffers
///     /healthz          the state in a word, and a line for each thing that is wrong: 503 if the server
///                       counts as down (health.hpp), else 200
///     /readyz           503 after the admin command `health down`, else 200: /-/ready too
///     /livez            200 whenever the server answers, whatever its sinks do: /-/healthy too
///     /api/status       how the server does, in JSON
///     /api/series       the series: search, kind, sort, order, offset, limit (series_query)
///     /api/series/one   one series: kind, name
///     /api/events       a stream of events, one a second and one a flush: status, and rows as asked
///
/// Threads  that of the host.
template <live_host Host>
class live_routes {
public:
    static constexpr std::size_t followers_max = 32; ///< streams; beyond it: 503

    /// `own`: the names under which browsers may ask.
    explicit live_routes(Host& host, own_hosts own = own_hosts())
        : host_(&host), own_(std::move(own)) {}

    [[nodiscard]] http_reply operator()(const http_request& asked) const {
        if (asked.of_browser && !own_.has(asked.host))
            return http_error(
                403,
                "this name is none of the server's: open its address, or add the name "
                "to admin_hosts");
        if (asked.path == "/")
            return {200, "text/html; charset=utf-8", std::string(live_page), live_page_policy, {}};
        if (asked.path == "/metrics")
            return metrics(negotiate(asked.accept));
        if (asked.path == "/healthz")
            return health();
        if (asked.path == "/livez" || asked.path == "/-/healthy")
            return text(200, "alive\n");
        if (asked.path == "/readyz" || asked.path == "/-/ready")
            return ready();
        if (asked.path == "/api/status")
            return json(detail::status_json(*host_));
        if (asked.path == "/api/series")
            return list(asked.query);
        if (asked.path == "/api/series/one")
            return one(asked.query);
        if (asked.path == "/api/events")
            return events(asked.query);
        return http_error(404);
    }

private:
    [[nodiscard]] static http_reply json(std::string body) {
        return {200, "application/json", std::move(body)};
    }

    [[nodiscard]] http_reply metrics(prometheus_format form) const {
        return {200, content_type(form), host_->metrics(form)};
    }

    [[nodiscard]] static http_reply text(int status, std::string body) {
        return {status, "text/plain; charset=utf-8", std::move(body)};
    }

    [[nodiscard]] http_reply health() const {
        const auto now = host_->status();
        const auto state = quipu::health(now);
        const int status = state == health_state::down ? 503 : 200;
        return text(status, std::string(health_word(state)) + '\n' + ailment_lines(now));
    }

    [[nodiscard]] http_reply ready() const {
        return host_->status().said_healthy ? text(200, "ready\n")
                                            : text(503, "an admin command said `health down`\n");
    }

    [[nodiscard]] http_reply list(std::string_view query) const {
        const auto asked = parse_series_query(query);
        if (!asked)
            return http_error(400, "search, kind, sort, order, offset or limit cannot be read");
        auto text = host_->board().list(*asked);
        return text.empty() ? http_error(503, "the answer is too long; ask for fewer rows")
                            : json(std::move(text));
    }

    [[nodiscard]] http_reply one(std::string_view query) const {
        const auto kind = kind_of(query_value(query, "kind").value_or(""));
        const auto name = query_value(query, "name");
        if (!kind || !name)
            return http_error(400, "ask with kind and name");
        auto text = host_->board().one(*kind, *name);
        return text.empty() ? http_error(404, "there is no such series") : json(std::move(text));
    }

    [[nodiscard]] http_reply events(std::string_view query) const {
        if (!parse_series_query(query))
            return http_error(400, "search, kind, sort, order, offset or limit cannot be read");
        if (host_->followers() >= followers_max)
            return http_error(503, "too many follow already");
        http_reply made{200, "text/event-stream", detail::event_text(*host_, query)};
        made.follows = '?' + std::string(query);
        return made;
    }

    Host* host_;
    own_hosts own_;
};

} // namespace quipu

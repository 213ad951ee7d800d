// How a server does: what it tells of itself as text, as JSON and as metrics.
#pragma once

#include <quipu/core/json_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/server/health.hpp>
#include <quipu/server/series_query.hpp>
#include <quipu/server/status_counts.hpp>
#include <quipu/sink/prometheus_format.hpp>
#include <quipu/sink/prometheus_name.hpp>
#include <quipu/sink/prometheus_protobuf.hpp>
#include <quipu/wire/series.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

namespace detail {

inline void tell_way(json_text& out, const way_in_counts& of) {
    out.member("packets", of.packets).member("lines", of.lines);
    out.member("dropped", of.dropped).member("lost_lines", of.lost_lines);
    out.member("oversized", of.oversized).member("turned_away", of.turned_away);
}

/// What happened lately, apart from what ever happened.
inline void tell_recent(json_text& out, const server_status& of) {
    out.name("recent").begin_object().member("seconds", of.recent_seconds);
    out.member("lines", of.recent.lines).member("lost_lines", of.recent.lost_lines);
    std::uint64_t refused = 0;
    for (const auto one : of.recent.refused)
        refused += one;
    out.member("refused", refused).end_object();
}

} // namespace detail

/// Writes a status as members of an object that is open.
inline void tell_status(json_text& out, const server_status& of) {
    out.member("profile", of.profile).member("now", of.now).member("start", of.start);
    out.member("uptime", of.now - of.start).member("interval_seconds", of.interval_seconds);
    out.member("health", health_word(health(of))).member("ailments", ailment_lines(of));
    out.member("lines", of.counts.lines).member("bytes", of.counts.bytes);
    out.member("packets", of.counts.packets).member("dropped", of.counts.dropped);
    out.member("lost_lines", of.lost_lines).member("series_max", std::uint64_t{of.series_max});
    out.member("discarded", of.counts.discarded).member("tags_dropped", of.counts.tags_dropped);
    out.member("last_seen", of.counts.last_seen);
    out.member("refused", of.counts.refused_in_all()).name("causes").begin_object();
    for (std::size_t cause = 0; cause < errc_count; ++cause) {
        if (of.counts.refused[cause] > 0)
            out.member(message(static_cast<errc>(cause)), of.counts.refused[cause]);
    }
    out.end_object().name("series").begin_object();
    for (std::size_t kind = 0; kind < metric_kind_count; ++kind)
        out.member(kind_word(static_cast<metric_kind>(kind)), std::uint64_t{of.series[kind]});
    out.end_object().member("flushes", of.flushes);
    out.member("flush_milliseconds", of.flush_milliseconds);
    out.member("input_gap_milliseconds", of.input_gap_milliseconds);
    out.member("metrics_conflicts", of.metrics_conflicts);
    out.member("metrics_refused", of.metrics_refused);
    out.member("metrics_merged", of.metrics_merged);
    out.member("metrics_fallen", of.metrics_fallen);
    out.member("metrics_out_of_range", of.metrics_out_of_range);
    out.member("metrics_expired", of.metrics_expired);
    out.member("admin_turned_away", of.admin_turned_away);
    detail::tell_recent(out, of);
    out.name("listeners").begin_list();
    for (std::size_t i = 0; i < of.listeners.size(); ++i) {
        const auto& one = of.listeners[i];
        out.begin_object().member("at", one.at);
        detail::tell_way(out, one);
        out.member("connections", one.connections);
        if (i < of.recent.listeners.size()) {
            out.name("recent").begin_object();
            detail::tell_way(out, of.recent.listeners[i]);
            out.end_object();
        }
        out.end_object();
    }
    out.end_list().name("sinks").begin_list();
    for (std::size_t i = 0; i < of.sinks.size(); ++i) {
        const auto& [name, report, is_repeater, is_state] = of.sinks[i];
        out.begin_object().member("name", name).name("repeater").truth(is_repeater);
        if (i < of.recent.sinks_dropped.size())
            out.member("recent_dropped", of.recent.sinks_dropped[i]);
        out.name("failing").truth(report.error != errc::ok);
        out.member("error", report.error == errc::ok ? "" : message(report.error));
        out.member("waiting", std::uint64_t{report.waiting});
        out.member("on_disk", std::uint64_t{report.kept.value_or(0)});
        out.member("dropped", report.dropped);
        out.member("successes", report.successes).member("failures", report.failures);
        out.member("retries", report.retries).member("last_success", report.last_success);
        out.member("last_failure", report.last_failure);
        out.member("resent", report.delivery.resent);
        out.member("maybe_lost_lines", report.delivery.maybe_lost_lines);
        out.member("left_out", report.delivery.left_out);
        out.member("merged", report.delivery.merged);
        out.member("write_milliseconds", report.write_milliseconds).end_object();
    }
    out.end_list();
}

/// A number of the server itself. `label` and `is` are empty, or a label and its value.
struct self_number {
    std::string_view name;
    std::string_view help;
    bool counts; ///< it only grows; else it is a gauge
    std::string_view label;
    std::string_view is;
    double value;
};

/// Calls f(self_number) for each number of a server itself; those of one name follow each other.
template <class F>
void for_each_self_number(const server_status& of, F&& f) {
    const auto one = [&](std::string_view name, std::string_view help, bool counts, auto value) {
        f(self_number{name, help, counts, {}, {}, static_cast<double>(value)});
    };
    one("lines", "Lines received", true, of.counts.lines);
    one("bytes", "Bytes received", true, of.counts.bytes);
    one("packets", "Datagrams and pieces of streams received", true, of.counts.packets);
    one("discarded", "Samples dropped by mapping rules", true, of.counts.discarded);
    one("tags_dropped",
        "Tags in names that lack a key or a value, and are left out",
        true,
        of.counts.tags_dropped);
    for (std::size_t cause = 0; cause < errc_count; ++cause) {
        if (of.counts.refused[cause] > 0)
            f(self_number{"refused",
                          "Lines refused, by cause",
                          true,
                          "cause",
                          message(static_cast<errc>(cause)),
                          static_cast<double>(of.counts.refused[cause])});
    }
    for (std::size_t kind = 0; kind < metric_kind_count; ++kind)
        f(self_number{"series",
                      "Series at the last flush",
                      false,
                      "kind",
                      kind_word(static_cast<metric_kind>(kind)),
                      static_cast<double>(of.series[kind])});
    one("flushes", "Flushes made", true, of.flushes);
    one("flush_seconds", "How long the last flush took", false, of.flush_milliseconds / 1000);
    one("input_gap_seconds",
        "Longest time without reading input, of the last interval",
        false,
        of.input_gap_milliseconds / 1000);
    one("metrics_conflicts",
        "Series of flushes that are not on /metrics: another has the name",
        true,
        of.metrics_conflicts);
    one("metrics_refused",
        "Series of flushes that are not on /metrics: there was no room",
        true,
        of.metrics_refused);
    one("metrics_merged",
        "Series of flushes that are on /metrics within another's, whose name is the same there",
        true,
        of.metrics_merged);
    one("metrics_fallen",
        "Steps of counters below zero that are not on /metrics",
        true,
        of.metrics_fallen);
    one("metrics_out_of_range",
        "Values of series that are not on /metrics: the total would be no number",
        true,
        of.metrics_out_of_range);
    one("metrics_expired",
        "Series that left /metrics, since nothing came for them",
        true,
        of.metrics_expired);
    one("lost_lines",
        "Lines in datagrams that were lost, estimated: datagrams times lines in those that came",
        true,
        of.lost_lines);
    one("healthy", "1 if nothing is wrong, else 0", false, ailments(of).empty() ? 1 : 0);
    one("series_max", "Series beyond which new ones are refused", false, of.series_max);
    one("admin_turned_away",
        "Connections to the admin port that were closed or turned away: too many were open",
        true,
        of.admin_turned_away);
    const auto each_listener = [&](std::string_view name, std::string_view help, auto value_of) {
        for (const auto& way : of.listeners)
            f(self_number{
                name, help, true, "listener", way.at, static_cast<double>(value_of(way))});
    };
    each_listener("listener_packets",
                  "Datagrams and pieces of streams received",
                  [](const auto& way) { return way.packets; });
    each_listener("listener_lines", "Lines received", [](const auto& way) { return way.lines; });
    each_listener("listener_lost_lines", "Lines in lost datagrams, estimated", [](const auto& way) {
        return way.lost_lines;
    });
    each_listener("listener_dropped",
                  "Datagrams that the system dropped: its buffer was full",
                  [](const auto& way) { return way.dropped; });
    each_listener("listener_oversized", "Datagrams refused for their length", [](const auto& way) {
        return way.oversized;
    });
    each_listener("listener_turned_away",
                  "Connections turned away: too many were open",
                  [](const auto& way) { return way.turned_away; });
    const auto each_sink = [&](std::string_view name,
                               std::string_view help,
                               bool counts,
                               auto value_of) {
        for (const auto& sink : of.sinks)
            f(self_number{
                name, help, counts, "sink", sink.name, static_cast<double>(value_of(sink.report))});
    };
    each_sink("sink_successes", "Flushes written, or messages repeated", true, [](const auto& its) {
        return its.successes;
    });
    each_sink(
        "sink_failures", "Writes that failed", true, [](const auto& its) { return its.failures; });
    each_sink("sink_retries",
              "Writes of a flush that had failed before",
              true,
              [](const auto& its) { return its.retries; });
    each_sink("sink_dropped", "Flushes dropped", true, [](const auto& its) { return its.dropped; });
    each_sink("sink_resent",
              "Flushes of which a part was sent again, since nothing said that it was read",
              true,
              [](const auto& its) { return its.delivery.resent; });
    each_sink("sink_maybe_lost_lines",
              "Lines that may be lost with a connection",
              true,
              [](const auto& its) { return its.delivery.maybe_lost_lines; });
    each_sink("sink_merged",
              "Series of flushes that the backend could not have told from another, merged",
              true,
              [](const auto& its) { return its.delivery.merged; });
    each_sink("sink_left_out",
              "Numbers that the backend has no form for, or refused",
              true,
              [](const auto& its) { return its.delivery.left_out; });
    each_sink(
        "sink_waiting", "Flushes in the queue", false, [](const auto& its) { return its.waiting; });
    each_sink("sink_on_disk", "Flushes that wait on disk", false, [](const auto& its) {
        return its.kept.value_or(0);
    });
}

/// The numbers of the server itself as Prometheus scrapes them: `quipud_lines_total 12`.
[[nodiscard]] inline std::string self_page(const server_status& of,
                                           prometheus_format form = prometheus_format::text) {
    std::string out;
    std::string last;
    std::optional<prometheus_message> message;
    const auto close = [&] {
        if (message)
            message->append_to(out);
    };
    for_each_self_number(of, [&](const self_number& one) {
        const auto metric = "quipud_" + std::string(one.name);
        const auto name = metric + (one.counts ? "_total" : "");
        const auto title = form == prometheus_format::openmetrics ? metric : name;
        const auto type = one.counts ? prometheus_type::counter : prometheus_type::gauge;
        std::string labels;
        if (!one.label.empty()) {
            (labels += one.label) += "=\"";
            detail::append_prometheus_value(labels, one.is);
            labels += '"';
        }
        const bool is_new = title != std::exchange(last, title);
        if (form == prometheus_format::protobuf) {
            if (is_new)
                close(), message.emplace(title, one.help, type);
            return message->add(labels, one.value);
        }
        if (is_new)
            detail::append_prometheus_title(
                out, title, one.counts ? "counter" : "gauge", one.help, form);
        out += name;
        if (!labels.empty())
            ((out += '{') += labels) += '}';
        char digits[layout::shortest::bytes_max];
        const char* const end = layout::shortest::write(digits, one.value);
        out += ' ';
        out.append(digits, static_cast<std::size_t>(end - digits)) += '\n';
    });
    close();
    return out;
}

} // namespace quipu

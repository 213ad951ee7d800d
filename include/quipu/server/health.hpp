// What is wrong with a server now, and what that means for whoever asks after its health.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/server/status_counts.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What kind of thing is wrong.
enum class ailment_kind : std::uint8_t {
    command, ///< an operator said `health down`
    sink,    ///< a backend cannot be reached, or has refused
    limit,   ///< a bound was reached lately: something was refused or left out
    loss,    ///< input or flushes were lost lately
};

struct ailment {
    ailment_kind kind;
    std::string text; ///< one line: what is wrong, how much, and what to turn
};

/// In which state a server is, the worst one that holds.
enum class health_state : std::uint8_t {
    healthy,    ///< nothing is wrong
    degraded,   ///< a sink fails, or a limit is reached; everything else works
    overloaded, ///< input or flushes are being lost
    down,       ///< by a command, or since its sinks fail as the rule says
};

[[nodiscard]] constexpr std::string_view health_word(health_state state) noexcept {
    constexpr std::string_view words[] = {"healthy", "degraded", "overloaded", "down"};
    return words[static_cast<std::size_t>(state)];
}

namespace detail {

/// `12 lines in the last 300 s`
[[nodiscard]] inline std::string
recent_text(const server_status& of, std::uint64_t count, std::string_view what) {
    const auto seconds = static_cast<std::uint64_t>(of.recent_seconds + 0.5);
    return std::to_string(count) + ' ' + std::string(what) + " in the last " +
           std::to_string(seconds > 0 ? seconds : 1) + " s";
}

} // namespace detail

/// All that is wrong, the gravest kind last; empty: the server is healthy.
[[nodiscard]] inline std::vector<ailment> ailments(const server_status& of) {
    std::vector<ailment> all;
    const auto add = [&](ailment_kind kind, std::string text) {
        all.push_back({kind, std::move(text)});
    };
    if (!of.said_healthy)
        add(ailment_kind::command, "an admin command said `health down`");
    for (const auto& sink : of.sinks) {
        if (sink.report.error != errc::ok)
            add(ailment_kind::sink, sink.name + ": " + std::string(message(sink.report.error)));
    }
    const auto limit = [&](std::uint64_t count, std::string_view what, std::string_view remedy) {
        if (count > 0)
            add(ailment_kind::limit,
                detail::recent_text(of, count, what) + ": " + std::string(remedy));
    };
    limit(of.recent.refused[static_cast<std::size_t>(errc::series_limit)],
          "samples of new series refused",
          "the limit of series is reached (" + std::to_string(of.series_max) +
              "); the known ones go on. Remove series (delcounters, delgauges, [idle]), or see "
              "which names never end");
    limit(of.recent.refused[static_cast<std::size_t>(errc::value_limit)],
          "values refused, or left out of quantiles",
          "the limit of values of a series in an interval is reached");
    limit(of.recent.metrics_refused,
          "times series left off /metrics",
          "its limit of series is reached");
    for (const auto& way : of.recent.listeners)
        limit(way.turned_away,
              "connections turned away at " + way.at,
              "too many were open, or the system had no more descriptors");
    limit(of.recent.admin_turned_away,
          "connections to the admin port turned away",
          "too many were open");
    for (const auto& way : of.recent.listeners) {
        if (way.dropped > 0)
            add(ailment_kind::loss,
                way.at + ": " + detail::recent_text(of, way.dropped, "datagrams lost") + ", some " +
                    std::to_string(way.lost_lines) +
                    " lines: the system's buffer was full. Raise receive_buffer (and "
                    "net.core.rmem_max), or threads");
    }
    for (std::size_t i = 0; i < of.recent.sinks_dropped.size() && i < of.sinks.size(); ++i) {
        if (of.recent.sinks_dropped[i] > 0)
            add(ailment_kind::loss,
                of.sinks[i].name + ": " +
                    detail::recent_text(of,
                                        of.recent.sinks_dropped[i],
                                        of.sinks[i].is_repeater ? "messages dropped"
                                                                : "flushes dropped"));
    }
    return all;
}

/// Whether the server counts as down: an admin command said so, or its sinks fail as the rule says.
/// What keeps the server's own state is no sink here.
[[nodiscard]] inline bool is_down(const server_status& of) noexcept {
    std::size_t backends = 0, failing = 0;
    for (const auto& sink : of.sinks) {
        if (sink.is_state)
            continue;
        ++backends;
        failing += sink.report.error != errc::ok ? 1 : 0;
    }
    const bool any = of.down_if == health_rule::any_sink;
    return !of.said_healthy || (failing > 0 && (any || failing == backends));
}

[[nodiscard]] inline health_state health(const server_status& of) {
    if (is_down(of))
        return health_state::down;
    auto state = health_state::healthy;
    for (const auto& one : ailments(of)) {
        if (one.kind == ailment_kind::loss)
            return health_state::overloaded;
        state = health_state::degraded;
    }
    return state;
}

/// The texts of all ailments, a line each.
[[nodiscard]] inline std::string ailment_lines(const server_status& of) {
    std::string all;
    for (const auto& one : ailments(of))
        (all += one.text) += '\n';
    return all;
}

} // namespace quipu

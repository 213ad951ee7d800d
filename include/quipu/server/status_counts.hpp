// What a server knows of itself at a moment, as plain numbers.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/listeners.hpp>
#include <quipu/server/sink_worker.hpp>
#include <quipu/wire/series.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// When a server whose sinks fail counts as down: `/healthz` answers 503 then.
enum class health_rule : std::uint8_t {
    all_sinks, ///< every sink fails
    any_sink,  ///< one sink fails
};

/// What a server knows of itself at a moment. Counts are since its start.
struct server_status {
    struct way_out {
        std::string name{};
        sink_report report{};
        bool is_repeater = false; ///< its numbers are of messages, not of flushes
        bool is_state = false;    ///< it keeps the server's own state, and is no backend
    };

    /// What was added to counts in the last minutes; see recent_window.
    struct recent_counts {
        std::uint64_t lines = 0;
        std::uint64_t lost_lines = 0; ///< estimated
        std::array<std::uint64_t, errc_count> refused{};
        std::uint64_t metrics_conflicts = 0;
        std::uint64_t metrics_refused = 0;
        std::uint64_t admin_turned_away = 0;
        std::vector<way_in_counts> listeners{};     ///< of each listener, in their order
        std::vector<std::uint64_t> sinks_dropped{}; ///< likewise
    };

    std::string_view profile{};
    std::int64_t now = 0;   ///< Unix seconds
    std::int64_t start = 0; ///< likewise
    bool said_healthy = true;
    health_rule down_if = health_rule::all_sinks;
    double interval_seconds = 0;
    intake_counts counts{};
    std::uint64_t lost_lines = 0;                        ///< in lost datagrams, estimated
    std::array<std::size_t, metric_kind_count> series{}; ///< of the last flush
    std::size_t series_max = 0;                          ///< beyond so many, new ones are refused
    std::uint64_t flushes = 0;
    double flush_milliseconds = 0;     ///< of the last one
    double input_gap_milliseconds = 0; ///< the longest of the last interval
    /// Series of flushes that are not on the page for Prometheus: another has the name; there was no
    /// room.
    std::uint64_t metrics_conflicts = 0;
    std::uint64_t metrics_refused = 0;
    /// Series of flushes that are there within another's, counters' steps below zero and totals beyond
    /// the doubles that are not; series that left, since nothing came for them.
    std::uint64_t metrics_merged = 0;
    std::uint64_t metrics_fallen = 0;
    std::uint64_t metrics_out_of_range = 0;
    std::uint64_t metrics_expired = 0;
    std::uint64_t admin_turned_away = 0; ///< connections, since too many were open
    std::vector<way_in_counts> listeners{};
    std::vector<way_out> sinks{}; ///< repeaters, too
    double recent_seconds = 0;    ///< how long "lately" is
    recent_counts recent{};
};

/// What a status was at a flush, to be drawn. Rates are a second.
struct status_point {
    std::int64_t at = 0;
    double lines = 0;
    double bytes = 0;
    double refused = 0;
    double lost_lines = 0; ///< estimated
};

} // namespace quipu

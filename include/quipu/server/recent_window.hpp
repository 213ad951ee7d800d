// What a server did lately, apart from what it ever did.
#pragma once

#include <quipu/server/listeners.hpp>
#include <quipu/server/status_counts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quipu {

/// Remembers the counts of past flushes, and reports what was added to them in the last minutes; so
/// what went wrong once does not look wrong for ever. Estimates how many lines the lost datagrams of
/// a way in held.
///
/// Memory   at most `marks_max` copies of a status.
/// Threads  distinct objects safe, shared objects unsafe.
class recent_window {
    template <class List, class Member>
    [[nodiscard]] static auto* find(const List& all, const std::string& name, Member member) {
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const auto& one) { return one.*member == name; });
        return found == all.end() ? nullptr : &*found;
    }

public:
    /// How far back "lately" reaches; an interval that is longer counts whole.
    static constexpr std::int64_t reach_ms = 300'000;
    static constexpr std::size_t marks_max = 32;

    /// Notes the counts at the start, and then at each flush; `fill` compares with them.
    /// Units    milliseconds of a clock that nobody sets.
    void note(std::int64_t now_ms, server_status now) {
        estimate(now.listeners);
        fill_lost_lines(now);
        while (marks_.size() > 1 && marks_[1].at_ms <= now_ms - reach_ms)
            marks_.pop_front();
        if (marks_.size() > 1 && now_ms - marks_[marks_.size() - 2].at_ms < reach_ms / 30)
            marks_
                .pop_back(); // flushes follow each other closely: one mark each ten seconds will do
        marks_.push_back({now_ms, std::move(now)});
        if (marks_.size() > marks_max)
            marks_.pop_front();
    }

    /// Lines in all datagrams that were lost up to the last note, estimated.
    [[nodiscard]] std::uint64_t lost_lines() const noexcept {
        std::uint64_t all = 0;
        for (const auto& [at, known] : known_)
            all += known.lost_lines;
        return all;
    }

    /// Writes into a status what its lost datagrams held, and what happened lately.
    void fill(std::int64_t now_ms, server_status& now) const {
        fill_lost_lines(now);
        if (marks_.empty())
            return;
        const auto& [at_ms, before] = marks_.front();
        now.recent_seconds = static_cast<double>(now_ms - at_ms) / 1000;
        auto& recent = now.recent;
        recent.lines = now.counts.lines - before.counts.lines;
        for (std::size_t cause = 0; cause < errc_count; ++cause)
            recent.refused[cause] = now.counts.refused[cause] - before.counts.refused[cause];
        recent.metrics_conflicts = now.metrics_conflicts - before.metrics_conflicts;
        recent.metrics_refused = now.metrics_refused - before.metrics_refused;
        recent.admin_turned_away = now.admin_turned_away - before.admin_turned_away;
        recent.lost_lines = now.lost_lines - before.lost_lines;
        recent.listeners = now.listeners;
        for (auto& way : recent.listeners)
            subtract(way, before);
        recent.sinks_dropped.clear();
        for (const auto& sink : now.sinks) {
            const auto* const then = find(before.sinks, sink.name, &server_status::way_out::name);
            const auto dropped = then == nullptr ? 0 : then->report.dropped;
            recent.sinks_dropped.push_back(sink.report.dropped - dropped);
        }
    }

private:
    struct mark {
        std::int64_t at_ms;
        server_status counts;
    };

    static void subtract(way_in_counts& way, const server_status& before) {
        const auto* const then = find(before.listeners, way.at, &way_in_counts::at);
        if (then == nullptr)
            return;
        way.packets -= then->packets;
        way.lines -= then->lines;
        way.dropped -= then->dropped;
        way.oversized -= then->oversized;
        way.turned_away -= then->turned_away;
        way.lost_lines -= then->lost_lines;
    }

    /// A lost datagram held as many lines as the ones that came in the same interval by the same way;
    /// if none came, as many as ever; and at least one.
    void estimate(const std::vector<way_in_counts>& ways) {
        for (const auto& way : ways) {
            auto& known = known_[way.at];
            const auto lost = way.dropped + way.oversized - known.lost;
            const bool came = way.packets > known.packets;
            const auto packets = came ? way.packets - known.packets : way.packets;
            const auto lines = came ? way.lines - known.lines : way.lines;
            const double each =
                packets == 0 ? 1 : static_cast<double>(lines) / static_cast<double>(packets);
            known.lost_lines +=
                static_cast<std::uint64_t>(static_cast<double>(lost) * std::max(each, 1.0) + 0.5);
            known.lost += lost;
            known.packets = way.packets;
            known.lines = way.lines;
        }
    }

    void fill_lost_lines(server_status& now) const {
        now.lost_lines = lost_lines();
        for (auto& way : now.listeners) {
            const auto known = known_.find(way.at);
            way.lost_lines = known == known_.end() ? 0 : known->second.lost_lines;
        }
    }

    struct way_known {
        std::uint64_t lost = 0; // datagrams
        std::uint64_t packets = 0;
        std::uint64_t lines = 0;
        std::uint64_t lost_lines = 0;
    };

    std::deque<mark> marks_{}; // the oldest first
    std::map<std::string, way_known> known_{};
};

} // namespace quipu

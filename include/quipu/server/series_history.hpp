// What the last intervals of a series were, for whoever looks at it.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/wire/series.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace quipu {

/// Remembers the last intervals of some series: of all as long as they are few, else of those that
/// somebody looked at lately.
///
/// Memory   2 KiB a series, `series_max` at most; one that finds no room has no history, and
///          `refused` counts.
/// Threads  distinct objects safe, shared objects unsafe.
class series_history {
public:
    static constexpr std::size_t intervals_max = 120;
    static constexpr std::size_t series_max = 2000;

    static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

    /// What one interval was. NaN: nothing came.
    struct point {
        double value = nothing; ///< a rate, a gauge's value, a median, a number of members
        double high = nothing;  ///< a timer's 99th percentile
    };

    struct record {
        metric_kind kind = metric_kind::counter;
        bool present = false; ///< in the interval that was put down last
        double total = 0; ///< of all that was recorded: the sum of a counter, the count of a timer
        std::uint32_t idle_intervals = 0;     ///< since something came
        std::uint32_t unlooked_intervals = 0; ///< since somebody looked
        std::array<point, intervals_max> points{};
        std::size_t since = 0; ///< the interval, counted from the start, in which it came up
    };

    /// Begins the next interval. `many`: there are more than `series_max` series, so only those
    /// that are looked at stay.
    /// Units    Unix seconds.
    void next(std::int64_t timestamp, bool many) {
        ++intervals_;
        times_[place(intervals_ - 1)] = timestamp;
        many_ = many;
        for (auto& of_kind : records_) {
            for (auto one = of_kind.begin(); one != of_kind.end();) {
                auto& its = one->second;
                ++its.idle_intervals;
                ++its.unlooked_intervals;
                its.present = false;
                const bool leaves = its.unlooked_intervals > intervals_max &&
                                    (many || its.idle_intervals > intervals_max);
                if (leaves) {
                    --size_;
                    one = of_kind.erase(one);
                    continue;
                }
                // A rate without samples is none at all; of the others there is nothing to say.
                const bool counts = its.kind == metric_kind::counter;
                its.points[place(intervals_ - 1)] = {counts ? 0.0 : nothing, nothing};
                ++one;
            }
        }
    }

    /// Whether `put` will put something down for a series.
    [[nodiscard]] bool wants(metric_kind kind, std::string_view name) const {
        return !many_ || at(kind, name) != nullptr;
    }

    /// Puts down what came for a series in this interval, if it has a history or can have one.
    /// Input    `amount` is added to its total.
    void put(metric_kind kind, std::string_view name, point what, double amount, bool idle) {
        record* const known = many_ ? find(kind, name) : find_or_insert(kind, name);
        if (known == nullptr)
            return;
        known->points[place(intervals_ - 1)] = what;
        known->total += amount;
        known->present = true;
        if (!idle)
            known->idle_intervals = 0;
    }

    /// Says that somebody looks at a series. Returns its history, or null if there is no room.
    const record* look(metric_kind kind, std::string_view name) {
        record* const known = find_or_insert(kind, name);
        if (known != nullptr)
            known->unlooked_intervals = 0;
        return known;
    }
    [[nodiscard]] const record* at(metric_kind kind, std::string_view name) const {
        const auto& of_kind = records_[static_cast<std::size_t>(kind)];
        const auto found = of_kind.find(name);
        return found == of_kind.end() ? nullptr : &found->second;
    }

    /// How many of the last intervals a record has something to say about.
    [[nodiscard]] std::size_t intervals(const record& of) const noexcept {
        const std::size_t since = intervals_ - of.since;
        return since < intervals_max ? since : intervals_max;
    }
    /// One of them; 0 is the last one, 1 the one before.
    [[nodiscard]] const point& before(const record& of, std::size_t intervals) const noexcept {
        QUIPU_ASSERT(intervals < this->intervals(of));
        return of.points[place(intervals_ - 1 - intervals)];
    }
    /// When it ended, in Unix seconds.
    [[nodiscard]] std::int64_t time_before(std::size_t intervals) const noexcept {
        QUIPU_ASSERT(intervals < intervals_ && intervals < intervals_max);
        return times_[place(intervals_ - 1 - intervals)];
    }

    /// Calls f(name, const record&) for each.
    template <class F>
    void for_each(F&& f) const {
        for (const auto& of_kind : records_) {
            for (const auto& [name, its] : of_kind)
                f(std::string_view(name), its);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// How often a series found no room.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using table = std::unordered_map<std::string, record, text_hash, std::equal_to<>>;

    [[nodiscard]] static std::size_t place(std::size_t interval) noexcept {
        return interval % intervals_max;
    }

    [[nodiscard]] record* find(metric_kind kind, std::string_view name) {
        auto& of_kind = records_[static_cast<std::size_t>(kind)];
        const auto found = of_kind.find(name);
        return found == of_kind.end() ? nullptr : &found->second;
    }

    [[nodiscard]] record* find_or_insert(metric_kind kind, std::string_view name) {
        if (record* const known = find(kind, name))
            return known;
        if (size_ == series_max) {
            ++refused_;
            return nullptr;
        }
        ++size_;
        record fresh;
        fresh.kind = kind;
        fresh.since = intervals_ == 0 ? 0 : intervals_ - 1; // the interval that is put down now
        return &records_[static_cast<std::size_t>(kind)]
                    .emplace(std::string(name), std::move(fresh))
                    .first->second;
    }

    std::array<table, metric_kind_count> records_{};
    std::array<std::int64_t, intervals_max> times_{};
    std::size_t intervals_ = 0;
    std::size_t size_ = 0;
    bool many_ = false;
    std::uint64_t refused_ = 0;
};

} // namespace quipu

// The series as they were at the last flush, for who looks at them.
#pragma once

#include <quipu/core/json_text.hpp>
#include <quipu/server/series_history.hpp>
#include <quipu/server/series_json.hpp>
#include <quipu/server/series_query.hpp>
#include <quipu/snapshot/snapshot.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quipu {

/// Keeps the last snapshot and the history of some series, and tells of them in JSON.
///
/// Memory   that of one snapshot, of a series_history, and of the last values of a few timers.
/// Threads  distinct objects safe, shared objects unsafe.
template <class StoreTraits = store_traits>
class basic_series_board {
public:
    using snapshot_type = basic_snapshot<StoreTraits>;

    static constexpr std::size_t answer_bytes_max = std::size_t{4} << 20;
    /// Timers of which somebody looks at the distribution: that of the last interval with values stays.
    static constexpr std::size_t watched_max = 32;

    /// Takes in the next snapshot, which is not null.
    /// Cost     O(series); allocates for new histories.
    void take(std::shared_ptr<const snapshot_type> next) {
        last_ = std::move(next);
        history_.next(last_->timestamp, last_->size() > series_history::series_max);
        each([&](metric_kind kind, const auto& one) {
            if (!history_.wants(kind, one.name))
                return;
            const auto now = detail::now_of(one.cell, last_->interval_seconds);
            const bool rates = kind == metric_kind::counter;
            history_.put(kind,
                         one.name,
                         {rates ? now.rate : now.value, now.high},
                         now.amount,
                         one.cell.idle());
        });
        watched_.erase(std::remove_if(watched_.begin(),
                                      watched_.end(),
                                      [](watched& one) {
                                          return ++one.unlooked_intervals > unlooked_intervals_max;
                                      }),
                       watched_.end());
        if (watched_.empty())
            return;
        for (const auto& one : last_->timers) {
            if (auto* const known = find_watched(one.name))
                known->keep(one.cell, last_->timestamp);
        }
    }

    [[nodiscard]] const series_history& history() const noexcept { return history_; }

    /// The rows that are asked for, and how many there are; who asks for them looks at them. Idle
    /// series that have a history are among them.
    /// Cost     O(series × log(rows)).
    [[nodiscard]] std::string list(const series_query& asked) {
        std::vector<row> rows;
        std::size_t all = 0;
        each([&](metric_kind kind, const auto& one) {
            ++all;
            if (wanted(asked, kind, one.name))
                rows.push_back({kind, one.name, &one, nullptr, sort_key(asked, kind, one)});
        });
        history_.for_each([&](std::string_view name, const auto& its) {
            if (its.present)
                return;
            ++all;
            const double key = asked.order == series_order::name   ? 0
                               : asked.order == series_order::kind ? static_cast<double>(its.kind)
                               : its.kind == metric_kind::counter  ? 0
                                                                   : least;
            if (wanted(asked, its.kind, name))
                rows.push_back({its.kind, name, nullptr, &its, key});
        });
        const auto first = std::min(asked.offset, rows.size());
        const auto last = std::min(first + asked.limit, rows.size());
        std::partial_sort(rows.begin(),
                          rows.begin() + static_cast<std::ptrdiff_t>(last),
                          rows.end(),
                          [&](const row& a, const row& b) { return comes_before(asked, a, b); });
        json_text out(answer_bytes_max);
        out.begin_object();
        if (last_)
            out.member("at", last_->timestamp).member("interval_seconds", last_->interval_seconds);
        out.member("series", std::uint64_t{all}).member("matched", std::uint64_t{rows.size()});
        out.member("offset", std::uint64_t{first}).name("rows").begin_list();
        for (std::size_t i = first; i < last; ++i)
            tell(out, rows[i]);
        out.end_list().end_object();
        return out.full() ? std::string() : out.take();
    }

    /// One series: its history, and what is in its cell; of a timer without values the distribution of
    /// the last interval that had some, if somebody looked by then, and when that was. Empty: there is no
    /// such series.
    [[nodiscard]] std::string one(metric_kind kind, std::string_view name) {
        const auto* const present = find(kind, name);
        if (present == nullptr && history_.at(kind, name) == nullptr)
            return {};
        const auto* const its = history_.look(kind, name);
        json_text out(answer_bytes_max);
        out.begin_object();
        detail::tell_series(out, kind, name, present == nullptr);
        if (last_)
            out.member("at", last_->timestamp).member("interval_seconds", last_->interval_seconds);
        if (its != nullptr) {
            out.member("total", its->total);
            tell_history(out, *its);
        }
        with_entry(kind, present, [&](const auto& entry) {
            detail::tell_now(out, detail::now_of(entry.cell, last_->interval_seconds));
            detail::tell_cell(out, entry.cell);
        });
        if (kind == metric_kind::timer)
            tell_watched(out, name, static_cast<const timer_entry*>(present));
        out.end_object();
        return out.take();
    }

private:
    using timer_entry = typename snapshot_type::template entry<typename StoreTraits::timer>;

    struct watched {
        std::string name;
        typename StoreTraits::timer cell{};
        std::int64_t at = 0;
        std::uint32_t unlooked_intervals = 0;

        void keep(const typename StoreTraits::timer& from, std::int64_t timestamp) {
            if (from.idle())
                return;
            cell = from;
            at = timestamp;
        }
    };
    static constexpr std::uint32_t unlooked_intervals_max = 12;

    [[nodiscard]] watched* find_watched(std::string_view name) noexcept {
        for (auto& one : watched_) {
            if (one.name == name)
                return &one;
        }
        return nullptr;
    }

    /// Watches a timer from now on, and tells the values that it had before, if it has none now.
    void tell_watched(json_text& out, std::string_view name, const timer_entry* present) {
        auto* known = find_watched(name);
        if (known == nullptr && watched_.size() == watched_max) {
            known = &*std::max_element(
                watched_.begin(), watched_.end(), [](const auto& a, const auto& b) {
                    return a.unlooked_intervals < b.unlooked_intervals;
                });
            *known = {.name = std::string(name)};
        } else if (known == nullptr) {
            known = &watched_.emplace_back(watched{.name = std::string(name)});
        }
        known->unlooked_intervals = 0;
        if (present != nullptr && !present->cell.idle())
            return known->keep(present->cell, last_->timestamp);
        if (known->cell.idle())
            return;
        detail::tell_cell(out, known->cell);
        out.member("distribution_at", known->at);
    }

    struct row {
        metric_kind kind;
        std::string_view name;
        const void* entry; // of the snapshot, of that kind; or null: idle
        const series_history::record* its;
        double key;
    };

    static constexpr double least = -std::numeric_limits<double>::infinity();

    /// Calls f(kind, entry) for each of the last snapshot.
    template <class F>
    void each(F&& f) const {
        if (!last_)
            return;
        const auto list = [&](metric_kind of, const auto& entries) {
            for (const auto& one : entries)
                f(of, one);
        };
        list(metric_kind::counter, last_->counters);
        list(metric_kind::timer, last_->timers);
        list(metric_kind::gauge, last_->gauges);
        list(metric_kind::unique, last_->uniques);
        list(metric_kind::keyvalue, last_->keyvalues);
    }

    /// Calls f with an entry that is not null, as what it is.
    template <class F>
    void with_entry(metric_kind kind, const void* entry, F&& f) const {
        if (entry == nullptr)
            return;
        const auto as = [&](const auto& list) {
            using entry_type = typename std::decay_t<decltype(list)>::value_type;
            f(*static_cast<const entry_type*>(entry));
        };
        switch (kind) {
        case metric_kind::counter: return as(last_->counters);
        case metric_kind::timer: return as(last_->timers);
        case metric_kind::gauge: return as(last_->gauges);
        case metric_kind::unique: return as(last_->uniques);
        case metric_kind::keyvalue: return as(last_->keyvalues);
        }
    }

    [[nodiscard]] const void* find(metric_kind kind, std::string_view name) const {
        const void* found = nullptr;
        each([&](metric_kind of, const auto& one) {
            if (of == kind && one.name == name)
                found = &one;
        });
        return found;
    }

    [[nodiscard]] static bool
    wanted(const series_query& asked, metric_kind kind, std::string_view name) {
        return (!asked.kind || *asked.kind == kind) && asked.finds(name);
    }

    template <class Entry>
    [[nodiscard]] double
    sort_key(const series_query& asked, metric_kind kind, const Entry& one) const {
        if (asked.order == series_order::kind)
            return static_cast<double>(kind);
        if (asked.order == series_order::name)
            return 0;
        const auto now = detail::now_of(one.cell, last_->interval_seconds);
        const double key = asked.order == series_order::value ? now.value : now.rate;
        return std::isnan(key) ? least : key; // what has none is below all
    }

    [[nodiscard]] static bool comes_before(const series_query& asked, const row& a, const row& b) {
        if (a.key != b.key)
            return asked.descending ? a.key > b.key : a.key < b.key;
        const int order = a.name.compare(b.name);
        if (order != 0)
            return asked.descending && asked.order == series_order::name ? order > 0 : order < 0;
        return a.kind < b.kind;
    }

    void tell(json_text& out, const row& of) {
        out.begin_object();
        const auto* const its = history_.look(of.kind, of.name);
        bool idle = of.entry == nullptr;
        with_entry(of.kind, of.entry, [&](const auto& entry) { idle = entry.cell.idle(); });
        detail::tell_series(out, of.kind, of.name, idle);
        detail::series_now now;
        if (of.entry == nullptr && of.kind == metric_kind::counter)
            now.value = now.rate = 0;
        with_entry(of.kind, of.entry, [&](const auto& entry) {
            now = detail::now_of(entry.cell, last_->interval_seconds);
        });
        detail::tell_now(out, now);
        if (its != nullptr) {
            out.member("total", its->total).name("points").begin_list();
            for (std::size_t i = history_.intervals(*its); i > 0; --i)
                out.number(history_.before(*its, i - 1).value);
            out.end_list();
        }
        out.end_object();
    }

    void tell_history(json_text& out, const series_history::record& its) const {
        const auto list = [&](std::string_view name, auto number_of) {
            out.name(name).begin_list();
            for (std::size_t i = history_.intervals(its); i > 0; --i)
                number_of(i - 1);
            out.end_list();
        };
        list("times", [&](std::size_t i) { out.number(history_.time_before(i)); });
        list("values", [&](std::size_t i) { out.number(history_.before(its, i).value); });
        if (its.kind == metric_kind::timer)
            list("highs", [&](std::size_t i) { out.number(history_.before(its, i).high); });
    }

    std::shared_ptr<const snapshot_type> last_{};
    series_history history_{};
    std::vector<watched> watched_{};
};

using series_board = basic_series_board<>;

} // namespace quipu

// A series in JSON: its name, what it is in one interval, and what is in its cell.
#pragma once

#include <quipu/core/json_text.hpp>
#include <quipu/server/http_request.hpp>
#include <quipu/server/series_history.hpp>
#include <quipu/server/series_query.hpp>
#include <quipu/sketch/bucket_layout.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/series.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// How many bars the distribution of a timer has.
inline constexpr std::size_t distribution_bins_max = 32;

namespace detail {

/// What one series is in one interval.
struct series_now {
    static constexpr double nothing = series_history::nothing;
    double value = nothing;
    double rate = nothing;  // a second
    double high = nothing;  // a timer's 99th percentile
    double count = nothing; // of a timer
    double amount = 0;      // for the total
};

template <class Cell>
[[nodiscard]] series_now now_of(const Cell& cell, double interval_seconds) {
    series_now now;
    if constexpr (requires { cell.rate(interval_seconds); }) { // a counter
        now.value = now.amount = cell.sum();
        now.rate = cell.rate(interval_seconds);
    } else if constexpr (requires { cell.sum_squares(); }) { // a timer
        now.count = now.amount = cell.count();
        now.rate = cell.count() / interval_seconds;
        if (!cell.idle()) {
            now.value = cell.values().median();
            now.high = cell.values().quantile(0.99);
        }
    } else if constexpr (requires { cell.estimate(); }) { // a set
        now.value = cell.estimate();
    } else if constexpr (requires { cell.value(); }) { // a gauge
        now.value = cell.value();
    } else if (!cell.values().empty()) { // key/values
        now.value = cell.values().back().value;
    }
    return now;
}

/// The bounds of so many bins from the least to the largest value: evenly spaced, or by factors
/// where the values are of several magnitudes.
[[nodiscard]] inline std::vector<double> bins_between(double low, double high, std::size_t count) {
    std::vector<double> bounds;
    const bool by_factors = low > 0 && high / low > 1000 && high / low < 1e300;
    const auto n = static_cast<double>(count);
    for (std::size_t i = 1; i < count && low < high; ++i) {
        const double share = static_cast<double>(i) / n;
        bounds.push_back(by_factors ? low * std::pow(high / low, share)
                                    : low * (1 - share) + high * share);
    }
    bounds.push_back(high);
    return bounds;
}

/// Members that say which series it is; `query` is how to ask for it.
inline void tell_series(json_text& out, metric_kind kind, std::string_view name, bool idle) {
    const auto parts = split_canonical(name);
    std::string query = "kind=" + std::string(kind_word(kind)) + "&name=";
    append_escaped_query(query, name);
    out.member("kind", kind_word(kind)).member("name", parts.name).member("tags", parts.tags);
    out.member("query", query).name("idle").truth(idle);
}

inline void tell_now(json_text& out, const detail::series_now& now) {
    out.member("value", now.value).member("rate", now.rate);
    out.member("high", now.high).member("count", now.count);
}

/// The members of a timer that has values: moments, percentiles, and the bars of its distribution,
/// each [from, to, count].
template <class Timer>
void tell_distribution(json_text& out, const Timer& cell) {
    const auto& values = cell.values();
    out.member("sum", cell.sum()).member("mean", cell.mean());
    out.member("deviation", cell.population_deviation());
    out.member("min", cell.min()).member("max", cell.max());
    out.name("percentiles").begin_list();
    for (const double percent : {1.0, 5.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9}) {
        out.begin_list().number(percent).number(values.quantile(percent / 100)).end_list();
    }
    out.end_list().name("bins").begin_list();
    const auto bounds = detail::bins_between(cell.min(), cell.max(), distribution_bins_max);
    const auto counts = cumulative_counts(values, bounds);
    double from = cell.min();
    double below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        out.begin_list().number(from).number(bounds[i]);
        out.number(counts[i] - below).end_list();
        from = bounds[i];
        below = counts[i];
    }
    out.end_list();
}

/// What only a timer or a set has to tell.
template <class Cell>
void tell_cell(json_text& out, const Cell& cell) {
    if constexpr (requires { cell.sum_squares(); }) {
        if (!cell.idle())
            tell_distribution(out, cell);
    } else if constexpr (requires { cell.standard_error(); }) {
        out.member("standard_error", cell.standard_error());
        out.name("exact").truth(cell.exact());
    }
}

} // namespace detail

} // namespace quipu

// The schema of Etsy's statsd: its Graphite names, legacy and modern.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/schema/histogram_rules.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// The settings of Etsy's statsd that shape names and numbers, with its defaults.
struct etsy_schema_options {
    bool legacy_namespace = true;
    bool flush_counts = true;
    /// The first node of the legacy namespace, which that server has in its code.
    std::string legacy_prefix = "stats";
    // The nodes of the modern namespace, which the legacy one does not heed; an empty one is left
    // out.
    std::string global_prefix = "stats";
    std::string prefix_counter = "counters";
    std::string prefix_timer = "timers";
    std::string prefix_gauge = "gauges";
    std::string prefix_set = "sets";
    std::string global_suffix = "";
    /// Names, tags apart, are cleaned here: as that server's Graphite backend does if they were not
    /// when they came, `keyNameSanitize: false`.
    bool clean_names = false;
    /// The node of the server's own statistics.
    std::string prefix_stats = "statsd";
    std::vector<percentile> percentiles = {{90, "90"}};
    /// The numbers of a timer that are told: `upper`, `count_ps`, `histogram`, and with `_percent` for
    /// any percentile, as `mean_percent`. Empty: all.
    std::vector<std::string> timer_metrics{};
    /// The first whose pattern stands in a timer's key gives it a histogram; see etsy_histogram.
    std::vector<histogram_rule> histograms{};
};

/// Names and numbers of Etsy's statsd, to the letter. Its timers keep their values: basic_timer of
/// an `exact` sketch, with timer_weighting::count_only.
///
/// Legacy     stats.K and stats_counts.K, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Modern     stats.counters.K.{rate,count}, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Timers     for each percentile P count_P mean_P upper_P sum_P sum_squares_P (P < 0: lower_P),
///            then std upper lower count count_ps sum sum_squares mean median; an idle one gives
///            count_ps and count alone. Only the count is weighted by the sampling rate.
/// Own        statsd.numStats, graphiteStats.* and processing_time.
/// Source     statsd/statsd 0.10.2, lib/process_metrics.js and backends/graphite.js, as observed.
/// Deviation  -100 as a percentile gives all values, not NaN. Key/values, which that server does not
///            have, are not written. `_percent` in `timer_metrics` means those with a point, too.
/// Threads    distinct objects safe; a const one may be shared.
class etsy_schema {
public:
    using number_layout = layout::javascript;

    explicit etsy_schema(etsy_schema_options options = {});

    template <class Traits, class Out>
    void write(const basic_snapshot<Traits>& from, const sink_history& history, Out&& out) const {
        std::string clean;
        const auto writer = [&](std::string_view head, std::string_view name) {
            auto parts = split_canonical(name);
            if (options_.clean_names)
                parts.name = cleaned(parts.name, clean);
            return point_writer<Out>{out, *this, head, parts, from.timestamp};
        };
        for (const auto& one : from.counters) {
            writer(rate_head_, one.name)(rate_tail_, one.cell.rate(from.interval_seconds));
            if (!options_.flush_counts)
                continue;
            writer(count_head_, one.name)(count_tail_, one.cell.sum());
        }
        for (const auto& one : from.timers) {
            const auto all = writer(timer_head_, one.name);
            write_timer(all.name.name, one.cell, from.interval_seconds, all);
        }
        for (const auto& one : from.gauges)
            writer(gauge_head_, one.name)("", one.cell.value());
        for (const auto& one : from.uniques) {
            writer(set_head_, one.name)(".count", one.cell.estimate());
        }
        const auto series =
            from.counters.size() + from.timers.size() + from.gauges.size() + from.uniques.size();
        writer(own_count_head_, options_.prefix_stats)(".numStats", static_cast<double>(series));
        const auto own = writer(own_head_, options_.prefix_stats);
        own(".graphiteStats.calculationtime", from.processing_milliseconds);
        own(".processing_time", from.processing_milliseconds);
        own(".graphiteStats.last_exception", static_cast<double>(history.last_exception));
        own(".graphiteStats.last_flush", static_cast<double>(history.last_flush));
        own(".graphiteStats.flush_time", history.flush_milliseconds);
        own(".graphiteStats.flush_length", history.flush_bytes);
    }

    /// Calls out(tail, value) for each number of a timer that is told: `.upper_90`, `.histogram.bin_10`.
    template <class Timer, class Out>
    void write_timer(std::string_view name,
                     const Timer& cell,
                     double interval_seconds,
                     const Out& out) const {
        write_numbers(cell, interval_seconds, [&](std::string_view tail, double value) {
            if (tells(tail))
                out(tail, value);
        });
        write_histogram(name, cell, out);
    }

    [[nodiscard]] const etsy_schema_options& options() const noexcept { return options_; }

private:
    template <class Out>
    struct point_writer {
        Out& out;
        const etsy_schema& schema;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        /// `tail` without the global suffix: it is in the tail already, or put behind it here.
        void operator()(std::string_view tail, double value) const {
            const std::string whole = std::string(tail) + schema.suffix_;
            out(point{head, name.name, whole, name.tags, saturated(value), false, timestamp});
        }
    };

    [[nodiscard]] static std::string_view cleaned(std::string_view name, std::string& into) {
        into.resize(name.size());
        detail::etsy_key_writer<> key{into.data()};
        for (const char c : name)
            key.put(c);
        return {into.data(), static_cast<std::size_t>(key.out - into.data())};
    }

    /// Whether a number of a timer is one of those that are told.
    [[nodiscard]] bool tells(std::string_view tail) const {
        const auto& told = options_.timer_metrics;
        if (told.empty())
            return true;
        std::string name(tail.substr(1));
        for (std::size_t i = 0; i + 1 < name.size(); ++i) {
            const auto rest = std::string_view(name).substr(i + 1);
            if (name[i] == '_' && (detail::is_digit(rest.front()) || rest.starts_with("top"))) {
                name.replace(i, name.npos, "_percent");
                break;
            }
        }
        return std::find(told.begin(), told.end(), name) != told.end();
    }

    template <class Timer, class Writer>
    void write_histogram(std::string_view name, const Timer& cell, const Writer& to) const {
        if (options_.histograms.empty() || cell.idle() || !tells(".histogram"))
            return;
        const auto* const rule =
            find_rule(options_.histograms, histogram_match::first_within, name);
        if (rule == nullptr)
            return;
        const auto bins = count_samples(cell.values(), rule->edges);
        for (std::size_t i = 0; i < rule->tails.size(); ++i)
            to(rule->tails[i], bins.counts()[i]);
    }

    template <class Timer, class Writer>
    void write_numbers(const Timer& cell, double interval_seconds, const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        if (cell.idle()) {
            to(".count_ps", 0);
            to(".count", 0);
            return;
        }
        const auto& values = cell.values().values();
        for (const auto& one : options_.percentiles)
            write_percentile(values, one, to);
        const auto kept = lowest(values, values.size());
        // In ascending order the sum of some may be beyond a double where that of all is not.
        const double mean = kept.sum - kept.sum == 0 ? kept.sum / kept.count : cell.mean();
        double deviations = 0;
        for (const double value : values)
            deviations += (value - mean) * (value - mean);
        const bool all = cell.values().dropped() == 0;
        to(".std", std::sqrt(deviations / kept.count));
        to(".upper", cell.max());
        to(".lower", cell.min());
        to(".count", cell.count());
        to(".count_ps", cell.count() / interval_seconds);
        to(".sum", all ? kept.sum : cell.sum());
        to(".sum_squares", all ? kept.sum_squares : cell.sum_squares());
        to(".mean", all ? mean : cell.mean());
        to(".median", cell.values().median());
    }

    /// The sums in ascending order, as that server adds them up: the last digit depends on it.
    [[nodiscard]] static distribution_part lowest(const std::vector<double>& values,
                                                  std::size_t count) noexcept {
        distribution_part part;
        for (std::size_t i = 0; i < count; ++i) {
            part.sum += values[i];
            part.sum_squares += values[i] * values[i];
        }
        part.count = static_cast<double>(count);
        part.boundary = values[count - 1];
        return part;
    }

    template <class Writer>
    static void write_percentile(const std::vector<double>& values,
                                 const percentile& wanted,
                                 const Writer& to) {
        const auto n = values.size();
        // With a single value every threshold holds it.
        const double half_up = std::floor(wanted.share() * static_cast<double>(n) + 0.5);
        const auto count = n == 1 ? 1 : static_cast<std::size_t>(half_up);
        if (count == 0)
            return;
        distribution_part part;
        if (wanted.value > 0 || n == count) {
            part = lowest(values, count);
            if (wanted.value <= 0)
                part.boundary = values.front();
        } else {
            // That server takes the difference of two sums.
            const auto all = lowest(values, n);
            const auto rest = lowest(values, n - count);
            part = {static_cast<double>(count),
                    all.sum - rest.sum,
                    all.sum_squares - rest.sum_squares,
                    values[n - count]};
        }
        const std::string suffix = '_' + wanted.suffix;
        to(".count" + suffix, part.count);
        to(".mean" + suffix, saturated(part.sum) / part.count);
        to((wanted.value > 0 ? ".upper" : ".lower") + suffix, part.boundary);
        to(".sum" + suffix, part.sum);
        to(".sum_squares" + suffix, part.sum_squares);
    }

    etsy_schema_options options_;
    std::string rate_head_, count_head_, timer_head_, gauge_head_, set_head_;
    std::string own_head_, own_count_head_; // the legacy `statsd.numStats` has no head
    std::string rate_tail_{}, count_tail_{}, suffix_{};
};

inline etsy_schema::etsy_schema(etsy_schema_options options) : options_(std::move(options)) {
    const auto node = [](const std::string& name) { return name.empty() ? name : name + '.'; };
    if (options_.legacy_namespace) {
        const std::string first = node(options_.legacy_prefix);
        rate_head_ = own_head_ = first;
        count_head_ = options_.legacy_prefix + (first.empty() ? "counts." : "_counts.");
        timer_head_ = first + "timers.";
        gauge_head_ = first + "gauges.";
        set_head_ = first + "sets.";
    } else {
        const std::string global = node(options_.global_prefix);
        rate_head_ = count_head_ = global + node(options_.prefix_counter);
        timer_head_ = global + node(options_.prefix_timer);
        gauge_head_ = global + node(options_.prefix_gauge);
        set_head_ = global + node(options_.prefix_set);
        rate_tail_ = ".rate";
        count_tail_ = ".count";
        own_head_ = own_count_head_ = global;
    }
    if (!options_.global_suffix.empty())
        suffix_ = '.' + options_.global_suffix;
}

static_assert(schema_for<etsy_schema, detail::traits_with_values>);

} // namespace quipu

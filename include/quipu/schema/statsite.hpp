// The schema of statsite, the one in C.
#pragma once

#include <quipu/cell/fixed_bins.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/schema/histogram_rules.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/sketch/arrivals.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/wire/binary_point.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// The numbers of a timer that statsite tells, as bits: `timers_include`.
enum class timer_numbers : std::uint16_t {
    sum = 1U << 0U,
    sum_sq = 1U << 1U,
    mean = 1U << 2U,
    lower = 1U << 3U,
    upper = 1U << 4U,
    count = 1U << 5U,
    stdev = 1U << 6U,
    median = 1U << 7U,
    rate = 1U << 8U,
    sample_rate = 1U << 9U,
    none = 0,
    all = (1U << 10U) - 1,
};

[[nodiscard]] constexpr timer_numbers operator|(timer_numbers a, timer_numbers b) noexcept {
    return static_cast<timer_numbers>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool includes(timer_numbers all, timer_numbers one) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// The quantiles of timers and how far off their ranks may be, as a config file has them.
struct statsite_quantiles {
    double error = 0.01; ///< `timer_eps`
    std::vector<double> quantiles = {0.5, 0.95, 0.99};
};

/// The settings of statsite that shape names and numbers, with its defaults.
struct statsite_schema_options {
    std::string global_prefix{};
    bool use_type_prefix = true;
    std::string kv_prefix = "kv.";
    std::string gauges_prefix = "gauges.";
    std::string counts_prefix = "counts.";
    std::string sets_prefix = "sets.";
    std::string timers_prefix = "timers.";
    /// A counter tells its count and its rate, not the sum alone.
    bool extended_counters = false;
    /// That count is the number of samples, not the sum.
    bool legacy_extended_counters = true;
    timer_numbers timers_include = timer_numbers::all;
    statsite_quantiles quantiles{};
    /// The one with the longest prefix of a timer's name gives it a histogram; see
    /// statsite_histogram.
    std::vector<histogram_rule> histograms{};
};

/// Names and numbers of statsite, to the digit, quantiles included: its own algorithm goes over the
/// values, which its timers therefore keep as they came: basic_timer<arrivals,
/// timer_weighting::count_only>.
///
///     GLOBAL kv.K        each value, the last one first
///     GLOBAL counts.K    the sum; or counts.K.count and counts.K.rate
///     GLOBAL timers.K.X  sum sum_sq mean lower upper count stdev, for each quantile pNN (median
///                        before that of 0.5), rate (the sum a second), sample_rate, histogram.bin_…
///     GLOBAL gauges.K, GLOBAL sets.K
///
/// A quantile is called `p` and its whole percent, rounded, so that of 0.999 is p100, as there.
/// `stdev` divides by n - 1. Counts are whole numbers. What was idle says nothing. Each number has
/// its kind and statistic, for the binary form.
///
/// Source     statsite 0.8.1, src/streaming.c, src/sink.c and src/metrics.c, as observed.
/// Deviation  sums and deviations are free of cancellation; the order of series is that of their
///            coming, not of a hash.
/// Cost       of the quantiles: some 120 ns a value.
/// Threads    distinct objects safe; a const one may be shared.
class statsite_schema {
public:
    using number_layout = layout::fixed<6>;

    explicit statsite_schema(statsite_schema_options options = {}) : options_(std::move(options)) {
        const auto head = [this](const std::string& type) {
            return options_.use_type_prefix ? options_.global_prefix + type
                                            : options_.global_prefix;
        };
        kv_ = head(options_.kv_prefix);
        gauges_ = head(options_.gauges_prefix);
        counts_ = head(options_.counts_prefix);
        sets_ = head(options_.sets_prefix);
        timers_ = head(options_.timers_prefix);
        for (const double q : options_.quantiles.quantiles) {
            char text[layout::fixed<0>::bytes_max];
            percents_.emplace_back(text, layout::fixed<0>::write(text, q * 100));
        }
    }

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        const writer<Out> to{out, from.timestamp};
        for (auto one = from.keyvalues.rbegin(); one != from.keyvalues.rend(); ++one) {
            const auto& values = one->cell.values();
            for (auto value = values.rbegin(); value != values.rend(); ++value)
                to({kv_, one->name, metric_kind::keyvalue}, "", statistic::none, value->value);
        }
        for (const auto& one : from.counters)
            write_counter(
                one.cell, from.interval_seconds, {counts_, one.name, metric_kind::counter}, to);
        basic_ckms<statsite_quantiles> sketch(options_.quantiles);
        for (const auto& one : from.timers) {
            const series_head head{timers_, one.name, metric_kind::timer};
            if (!one.cell.idle())
                write_timer(one.cell, from.interval_seconds, sketch, head, to);
        }
        for (const auto& one : from.gauges) {
            if (!one.cell.idle())
                to({gauges_, one.name, metric_kind::gauge}, "", statistic::none, one.cell.value());
        }
        for (const auto& one : from.uniques) {
            if (!one.cell.idle())
                to.whole({sets_, one.name, metric_kind::unique},
                         "",
                         statistic::sum,
                         std::round(one.cell.estimate()));
        }
    }

private:
    struct series_head {
        std::string_view head;
        std::string_view name;
        metric_kind kind;
    };

    template <class Out>
    struct writer {
        Out& out;
        std::int64_t timestamp;

        void operator()(const series_head& of,
                        std::string_view tail,
                        statistic what,
                        double value,
                        bool integral = false,
                        double edge = 0) const {
            out(point{of.head,
                      of.name,
                      tail,
                      "",
                      saturated(value),
                      integral,
                      timestamp,
                      of.kind,
                      what,
                      edge});
        }
        void
        whole(const series_head& of, std::string_view tail, statistic what, double value) const {
            (*this)(of, tail, what, value, true);
        }
    };

    template <class Counter, class Writer>
    void write_counter(const Counter& cell,
                       double interval_seconds,
                       const series_head& of,
                       const Writer& to) const {
        if (cell.idle())
            return;
        if (!options_.extended_counters)
            return to(of, "", statistic::sum, cell.sum());
        if (options_.legacy_extended_counters)
            to.whole(of, ".count", statistic::count, std::floor(cell.samples()));
        else
            to(of, ".count", statistic::count, cell.sum());
        to(of, ".rate", statistic::rate, cell.rate(interval_seconds));
    }

    template <class Timer, class Writer>
    void write_timer(const Timer& cell,
                     double interval_seconds,
                     basic_ckms<statsite_quantiles>& sketch,
                     const series_head& of,
                     const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        const auto tells = [this](timer_numbers one) {
            return includes(options_.timers_include, one);
        };
        const auto tell = [&](timer_numbers one, const char* tail, statistic what, double value) {
            if (tells(one))
                to(of, tail, what, value);
        };
        const double count = std::floor(cell.count());
        tell(timer_numbers::sum, ".sum", statistic::sum, cell.sum());
        tell(timer_numbers::sum_sq, ".sum_sq", statistic::sum_of_squares, cell.sum_squares());
        tell(timer_numbers::mean, ".mean", statistic::mean, cell.mean());
        tell(timer_numbers::lower, ".lower", statistic::minimum, cell.min());
        tell(timer_numbers::upper, ".upper", statistic::maximum, cell.max());
        if (tells(timer_numbers::count))
            to.whole(of, ".count", statistic::count, count);
        tell(
            timer_numbers::stdev, ".stdev", statistic::standard_deviation, cell.sample_deviation());
        sketch.clear();
        for (const double value : cell.values().values())
            sketch.record(value);
        sketch.settle();
        for (std::size_t i = 0; i < percents_.size(); ++i) {
            const double q = options_.quantiles.quantiles[i];
            const double value = sketch.quantile(q);
            if (q == 0.5 && tells(timer_numbers::median))
                to(of, ".median", percentile_statistic(50), value);
            to(of, ".p" + percents_[i], percentile_statistic(static_cast<int>(q * 100)), value);
        }
        tell(timer_numbers::rate, ".rate", statistic::rate, cell.sum() / interval_seconds);
        tell(timer_numbers::sample_rate,
             ".sample_rate",
             statistic::sample_rate,
             count / interval_seconds);
        write_histogram(cell, of, to);
    }

    template <class Timer, class Writer>
    void write_histogram(const Timer& cell, const series_head& of, const Writer& to) const {
        const auto* const rule =
            find_rule(options_.histograms, histogram_match::longest_prefix, of.name);
        if (rule == nullptr)
            return;
        const auto bins = count_samples(cell.values(), rule->edges);
        const auto& edges = rule->edges.values();
        for (std::size_t i = 0; i < rule->tails.size(); ++i) {
            const bool last = i + 1 == rule->tails.size();
            const auto what = i == 0 ? statistic::histogram_floor
                              : last ? statistic::histogram_ceiling
                                     : statistic::histogram_bin;
            const double edge = i == 0 ? edges.front() : edges[i - 1];
            to(of, rule->tails[i], what, bins.counts()[i], true, edge);
        }
    }

    statsite_schema_options options_;
    std::string kv_, gauges_, counts_, sets_, timers_;
    std::vector<std::string> percents_{};
};

namespace detail {
struct traits_with_arrivals : store_traits {
    using timer = basic_timer<arrivals>;
};
} // namespace detail

static_assert(schema_for<statsite_schema, detail::traits_with_arrivals>);

} // namespace quipu

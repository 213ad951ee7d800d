// The schema of the Python statsite.
#pragma once

#include <quipu/core/number_text.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// The settings of the Python statsite that shape names and numbers, with its defaults.
struct kiip_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "statsite";
    std::vector<percentile> percentiles = {{90, "90"}};
};

/// Names and numbers of the Python statsite.
///
///     PREFIX.kv.K          each value in the order received, with its own time
///     PREFIX.counts.K      the sum
///     PREFIX.timers.K.X    sum mean lower upper count stdev
///     PREFIX.timers.K.X_P  the same for a percentile P
///
/// `stdev` divides by n - 1. A percentile is about the window in the middle that holds P % of the
/// values. `upper_P` is the value next above it; with whole numbers `mean_P` is rounded down, and
/// `stdev_P` is the deviation from that. What was idle says nothing. Gauges and sets, which that
/// server does not have, are not written.
///
/// Source     kiip/statsite 0.5.1, statsite/aggregator.py and metrics, as observed.
/// Deviation  100 as a percentile loses no flush. Whether a value was written as a whole number is
///            known for a timer as a whole: that server looks at each value.
/// Threads    distinct objects safe; a const one may be shared.
class kiip_schema {
public:
    using number_layout = layout::python2;

    explicit kiip_schema(kiip_schema_options options = {}) : options_(std::move(options)) {
        const auto prefix = options_.prefix.empty() ? "" : options_.prefix + '.';
        kv_ = prefix + "kv.";
        counts_ = prefix + "counts.";
        timers_ = prefix + "timers.";
    }

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp && value.timestamp != 0;
                const auto timestamp = timed ? value.timestamp : from.timestamp;
                out(point{kv_, one.name, "", "", value.value, value.integral, timestamp});
            }
        }
        for (const auto& one : from.counters) {
            if (one.cell.idle())
                continue;
            out(point{
                counts_, one.name, "", "", one.cell.sum(), one.cell.integral(), from.timestamp});
        }
        for (const auto& one : from.timers) {
            const auto to = [&](std::string_view tail, double value, bool integral) {
                out(point{timers_, one.name, tail, "", saturated(value), integral, from.timestamp});
            };
            if (!one.cell.idle())
                write_timer(one.cell, to);
        }
    }

private:
    template <class Timer, class Writer>
    void write_timer(const Timer& cell, const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        const auto& values = cell.values().values(); // the rate has no effect here
        const bool whole = cell.integral();
        // Beyond the bound of the sketch these are known of all values, the deviation of those kept.
        const auto of_all = [&](const std::string& tail, double value, bool integral) {
            if (cell.values().dropped() == 0)
                return to(tail, value, integral);
            to(tail,
               tail == ".count"   ? cell.count()
               : tail == ".sum"   ? cell.sum()
               : tail == ".mean"  ? cell.mean()
               : tail == ".lower" ? cell.min()
               : tail == ".upper" ? cell.max()
                                  : value,
               integral);
        };
        write_window(values, 0, values.size(), "", whole, of_all);
        for (const auto& one : options_.percentiles) {
            const auto n = values.size();
            const auto inner = static_cast<std::size_t>(static_cast<double>(n) * one.share());
            const auto suffix = '_' + one.suffix.substr(0, one.suffix.find('_'));
            if (n == 1)
                write_window(values, 0, 1, suffix, whole, to);
            else
                write_window(values, (n - inner) / 2, inner, suffix, whole, to);
        }
    }

    /// Writes the statistics of `count` values from `first` on, which is the place of a value.
    template <class Writer>
    static void write_window(const std::vector<double>& values,
                             std::size_t first,
                             std::size_t count,
                             const std::string& suffix,
                             bool integral,
                             const Writer& to) {
        const bool cut = !suffix.empty();
        const auto size = static_cast<double>(count);
        double sum = 0;
        for (std::size_t i = first; i < first + count; ++i)
            sum += values[i];
        const bool whole = integral || count == 0;
        double mean = count == 0 ? 0 : sum / size;
        if (cut && whole)
            mean = std::floor(mean);
        double deviations = 0;
        for (std::size_t i = first; i < first + count; ++i)
            deviations += (values[i] - mean) * (values[i] - mean);
        const auto next = std::min(first + count, values.size() - 1);
        const bool alone = count == 1;
        to(".sum" + suffix, sum, whole);
        to(".mean" + suffix, mean, cut && whole);
        to(".lower" + suffix, values[first], integral);
        to(".upper" + suffix, cut ? values[next] : values.back(), integral);
        // With a single value that server counts none in the window.
        to(".count" + suffix, cut && values.size() == 1 ? 0 : size, true);
        // Of an empty window it is -0, there as here.
        to(".stdev" + suffix, alone ? 0 : std::sqrt(deviations / (size - 1)), alone);
    }

    kiip_schema_options options_;
    std::string kv_{}, counts_{}, timers_{};
};

static_assert(schema_for<kiip_schema, detail::traits_with_values>);

} // namespace quipu

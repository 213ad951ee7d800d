// The schema of the Python statsite.
#pragma once

#include <quipu/core/number_text.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
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
///     PREFIX.timers.K.X    X: sum mean lower upper count stdev, and each with _P for a percentile
///     P
///
/// `stdev` divides by n - 1. A percentile is about the window in the middle that holds P % of the
/// values; `upper_P` is the value next above it, and with whole numbers `mean_P` is rounded down.
/// Gauges and sets, which that server does not have, are not written.
/// Source     kiip/statsite 0.5.1, statsite/aggregator.py and metrics, as observed.
/// Deviation  100 as a percentile, or a window without a value, loses no flush.
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
            out(point{
                counts_, one.name, "", "", one.cell.sum(), one.cell.integral(), from.timestamp});
        }
        for (const auto& one : from.timers) {
            const auto to = [&](std::string_view tail, double value, bool integral) {
                out(point{timers_, one.name, tail, "", value, integral, from.timestamp});
            };
            write_timer(one.cell, to);
        }
    }

private:
    template <class Timer, class Writer>
    void write_timer(const Timer& cell, const Writer& to) const {
        const auto& values = cell.values().values(); // the rate has no effect here
        const bool whole = cell.integral();
        write_window(values, 0, values.size(), "", whole, to);
        for (const auto& one : options_.percentiles) {
            const auto n = values.size();
            const auto inner = static_cast<std::size_t>(static_cast<double>(n) * one.share());
            const auto suffix = '_' + one.suffix.substr(0, one.suffix.find('_'));
            if (n == 1) {
                write_window(values, 0, 1, suffix, whole, to);
            } else if (inner > 0) {
                write_window(values, (n - inner) / 2, inner, suffix, whole, to);
            }
        }
    }

    /// Writes the statistics of `count` values from `first` on.
    template <class Writer>
    static void write_window(const std::vector<double>& values,
                             std::size_t first,
                             std::size_t count,
                             const std::string& suffix,
                             bool whole,
                             const Writer& to) {
        const bool cut = !suffix.empty();
        double sum = 0;
        for (std::size_t i = first; i < first + count; ++i)
            sum += values[i];
        const double mean = sum / static_cast<double>(count);
        double deviations = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            deviations += (values[i] - mean) * (values[i] - mean);
        }
        const auto last = std::min(cut ? first + count : first + count - 1, values.size() - 1);
        const bool alone = count == 1;
        to(".sum" + suffix, sum, whole);
        to(".mean" + suffix, cut && whole ? std::floor(mean) : mean, cut && whole);
        to(".lower" + suffix, values[first], whole);
        to(".upper" + suffix, values[last], whole);
        // With a single value that server counts none in the window.
        to(".count" + suffix, cut && values.size() == 1 ? 0 : static_cast<double>(count), true);
        to(".stdev" + suffix,
           alone ? 0 : std::sqrt(deviations / static_cast<double>(count - 1)),
           alone);
    }

    kiip_schema_options options_;
    std::string kv_{}, counts_{}, timers_{};
};

static_assert(schema_for<kiip_schema, store_traits>);

} // namespace quipu

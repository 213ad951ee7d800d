// The native schema: quipu's own names.
#pragma once

#include <quipu/core/number_text.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/wire/canonical.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What the native schema can be told.
struct native_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "stats";
    std::vector<percentile> percentiles = {{50, "50"}, {90, "90"}, {99, "99"}};
};

/// Etsy's modern names as far as they go, on weighted statistics:
///
///     PREFIX.counters.K.{count,rate}                 the sum, and the sum for each second
///     PREFIX.gauges.K
///     PREFIX.timers.K.{count,rate,sum,sum_squares,mean,std,median,lower,upper}
///     PREFIX.timers.K.{count,sum,sum_squares,mean,upper}_P   for each percentile P
///     PREFIX.sets.K.count
///     PREFIX.kv.K                                    each value with its own time
///
/// `std` divides by n. A percentile P > 0 is about the lowest P % of the values (nearest rank), so
/// `upper_90` is the 90th percentile; P < 0 about the highest (`lower_top10`). A series that is in
/// the snapshot without a sample reports zeros: which ones are there is the store's retention.
///
/// Threads  distinct objects safe; a const one may be shared.
class native_schema {
public:
    using number_layout = layout::shortest;

    explicit native_schema(native_schema_options options = {});

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.counters) {
            writer<Out> to{out, counters_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.sum());
            to(".rate", one.cell.rate(from.interval_seconds));
        }
        for (const auto& one : from.timers) {
            writer<Out> to{out, timers_, split_canonical(one.name), from.timestamp};
            write_timer(one.cell, from.interval_seconds, to);
        }
        for (const auto& one : from.gauges) {
            writer<Out>{out, gauges_, split_canonical(one.name), from.timestamp}("",
                                                                                 one.cell.value());
        }
        for (const auto& one : from.uniques) {
            writer<Out> to{out, sets_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.estimate());
        }
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                writer<Out> to{
                    out, kv_, split_canonical(one.name), timed ? value.timestamp : from.timestamp};
                to("", value.value);
            }
        }
    }

private:
    template <class Out>
    struct writer {
        Out& out;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        void operator()(std::string_view tail, double value) const {
            out(point{head, name.name, tail, name.tags, saturated(value), false, timestamp});
        }
    };

    /// The tails of one percentile, ready to use.
    struct cut {
        double share;
        bool top;
        std::string count, mean, boundary, sum, sum_squares;
    };

    template <class Timer, class Writer>
    void write_timer(const Timer& cell, double interval_seconds, const Writer& to) const {
        const auto& values = cell.values();
        to(".count", cell.count());
        to(".rate", cell.count() / interval_seconds);
        if (cell.idle())
            return;
        to(".sum", cell.sum());
        to(".sum_squares", cell.sum_squares());
        to(".mean", cell.mean());
        to(".std", cell.population_deviation());
        to(".median", values.median());
        to(".lower", cell.min());
        to(".upper", cell.max());
        for (const auto& one : cuts_) {
            const auto part = one.top ? values.highest(one.share) : values.lowest(one.share);
            to(one.count, part.count);
            to(one.mean, part.sum / part.count);
            to(one.boundary, part.boundary);
            to(one.sum, part.sum);
            to(one.sum_squares, part.sum_squares);
        }
    }

    std::string counters_, timers_, gauges_, sets_, kv_;
    std::vector<cut> cuts_{};
};

inline native_schema::native_schema(native_schema_options options) {
    const std::string prefix = options.prefix.empty() ? "" : options.prefix + '.';
    counters_ = prefix + "counters.";
    timers_ = prefix + "timers.";
    gauges_ = prefix + "gauges.";
    sets_ = prefix + "sets.";
    kv_ = prefix + "kv.";
    for (const auto& one : options.percentiles) {
        const bool top = one.value < 0;
        const auto& suffix = one.suffix;
        cuts_.push_back({one.share(),
                         top,
                         ".count_" + suffix,
                         ".mean_" + suffix,
                         (top ? ".lower_" : ".upper_") + suffix,
                         ".sum_" + suffix,
                         ".sum_squares_" + suffix});
    }
}

static_assert(schema_for<native_schema, store_traits>);

} // namespace quipu

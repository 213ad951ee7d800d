// What a schema is: the names and numbers that flat backends get for a snapshot.
#pragma once

#include <quipu/cell/timer.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/binary_point.hpp>
#include <quipu/wire/series.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// One number of one flush. Its name is head, name, tail and tags, one behind the other: the tags
/// come last, where Graphite wants them. The views are valid during the call that hands it out.
struct point {
    std::string_view head{}; ///< "stats.timers."
    std::string_view name{}; ///< the series without its tags
    std::string_view tail{}; ///< ".upper_90"
    std::string_view tags{}; ///< ";region=eu", or empty
    double value = 0;
    /// Python's servers print it without a fraction.
    bool integral = false;
    /// Unix seconds.
    std::int64_t timestamp = 0;
    // Where a schema tells it, as statsite_schema does for its binary form:
    metric_kind kind = metric_kind::counter;
    statistic what = statistic::none;
    double edge = 0; ///< of a bin of a histogram, whose value is the number of samples in it
};

/// Room for the value of a point as text.
template <number_layout Layout>
inline constexpr std::size_t point_value_bytes_max =
    Layout::bytes_max > integer_bytes_max ? Layout::bytes_max : integer_bytes_max;

/// Writes the value of a point: without a fraction if it is integral, else as `Layout` has it.
/// Input    room for `point_value_bytes_max<Layout>` bytes.
/// Returns  the end.
template <number_layout Layout>
char* write_point_value(char* out, const point& one) noexcept {
    const bool whole = one.integral && one.value > -9e15 && one.value < 9e15;
    return whole ? write_integer(out, static_cast<std::int64_t>(one.value))
                 : Layout::write(out, one.value);
}

/// What a sink has done so far; Etsy's schema reports it as `graphiteStats`.
struct sink_history {
    std::int64_t last_flush = 0;     ///< Unix seconds; 0: never
    std::int64_t last_exception = 0; ///< Unix seconds; 0: never
    double flush_milliseconds = 0;   ///< of the last flush
    double flush_bytes = 0;          ///< of the last flush
};

namespace detail {

struct point_taker {
    void operator()(const point&) const noexcept {}
};

/// Traits whose timers keep their values.
struct traits_with_values : store_traits {
    using timer = basic_timer<exact>;
};

/// Says in a sentence what a timer lacks for a schema that works on the values themselves.
template <class Timer>
consteval bool require_values() {
    static_assert(
        requires(const Timer& cell) {
            cell.values().values();
            requires Timer::sketch_type::keeps_values();
        },
        "quipu schema: needs timers of a sketch that keeps its values, such as basic_exact");
    return true;
}

} // namespace detail

/// Names the statistics of a snapshot.
/// Requires  write(snapshot, history, out), which calls out(const point&) for each number, in the
///           order in which they are sent; the type `number_layout`, how numbers are printed.
/// Provided  native_schema, etsy_schema, kiip_schema, statsite_schema.   Chosen at  the sinks for flat backends.
/// Cost      one write for each flush and sink.
template <class S, class Traits>
concept schema_for = requires(const S s,
                              const basic_snapshot<Traits>& from,
                              const sink_history& history,
                              detail::point_taker out) {
    requires number_layout<typename S::number_layout>;
    s.write(from, history, out);
};

} // namespace quipu

// What a schema is: the names and numbers that flat backends get for a snapshot.
#pragma once

#include <quipu/cell/timer.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/store.hpp>

#include <concepts>
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
};

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
/// Provided  native_schema, etsy_schema, kiip_schema.   Chosen at  the sinks for flat backends.
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

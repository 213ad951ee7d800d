// Snapshots as the console backend of Etsy's statsd prints them.
#pragma once

#include <quipu/core/javascript_inspect.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/etsy.hpp>
#include <quipu/sink/sink.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Prints each snapshot as that server does: a line with the time, and its tables as JavaScript's objects.
///
///     Flushing stats at  Sat Nov 21 2026 22:30:40 GMT+0000 (Coordinated Universal Time)
///     {
///       counters: { 'statsd.bad_lines_seen': 0, hits: 3 },
///       timers: { latency: [ 1, 2, 3 ] },
///       gauges: { queue: 7 },
///       timer_data: { latency: { count_90: 3, ... } },
///       counter_rates: { 'statsd.bad_lines_seen': 0, hits: 0.3 },
///       sets: { users: [ '0b8d13ac77c5f2b1' ] },
///       pctThreshold: [ 90 ]
///     }
///
/// Deviation  members of sets are not kept: each is shown as 16 digits of its hash, and of a set that is only
///            estimated as many are said to be left out.
/// Cost       O(size), with the first 100 values of each timer.
/// Threads    distinct objects safe, shared objects unsafe.
/// Source     Etsy's statsd 0.10, backends/console.js.
template <class Transport>
class basic_etsy_console {
    static_assert(require_transport<Transport>());

public:
    /// The text of a Unix time, as append_javascript_date writes it.
    using date_function = std::function<std::string(std::int64_t)>;

    /// `pretty`: in colours and to the depth of 5, as its option `prettyprint`.
    basic_etsy_console(Transport transport,
                       etsy_schema schema,
                       date_function date,
                       bool pretty = false)
        : transport_(std::move(transport)), schema_(std::move(schema)), date_(std::move(date)),
          pretty_(pretty) {}

    /// Returns  ok when the transport has taken everything.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        value counters, timers, gauges, data, rates, sets, thresholds;
        for (const auto& one : from.counters) {
            add(counters, one.name, number(one.cell.sum()));
            add(rates, one.name, number(one.cell.rate(from.interval_seconds)));
        }
        for (const auto& one : from.timers) {
            add(timers, one.name, values_of(one.cell));
            add(data, one.name, data_of(one.name, one.cell, from.interval_seconds));
        }
        for (const auto& one : from.gauges)
            add(gauges, one.name, number(one.cell.value()));
        for (const auto& one : from.uniques)
            add(sets, one.name, members_of(one.cell));
        thresholds.is = value::type::list;
        for (const auto& one : schema_.options().percentiles)
            add(thresholds, "", number(one.value));
        value all;
        add(all, "counters", std::move(counters));
        add(all, "timers", std::move(timers));
        add(all, "gauges", std::move(gauges));
        add(all, "timer_data", std::move(data));
        add(all, "counter_rates", std::move(rates));
        add(all, "sets", std::move(sets));
        add(all, "pctThreshold", std::move(thresholds));
        const javascript_inspect_options form{pretty_ ? std::size_t{5} : std::size_t{2}, pretty_};
        return transport_.send("Flushing stats at  " + date_(from.timestamp) + '\n' +
                               inspect_javascript(all, form) + '\n');
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    using value = javascript_value;
    static constexpr std::size_t items_max = 100;

    static void add(value& to, std::string_view key, value what) {
        what.key = key;
        to.members.push_back(std::move(what));
    }
    [[nodiscard]] static value number(double of) {
        value made;
        made.is = value::type::number;
        made.number = of;
        return made;
    }

    template <class Timer>
    [[nodiscard]] static value values_of(const Timer& cell) {
        value list;
        list.is = value::type::list;
        if (cell.idle())
            return list;
        const auto& values = cell.values().values();
        for (std::size_t i = 0; i < values.size() && i < items_max; ++i)
            add(list, "", number(values[i]));
        list.more = values.size() - list.members.size() + cell.values().dropped();
        return list;
    }

    template <class Timer>
    [[nodiscard]] value
    data_of(std::string_view name, const Timer& cell, double interval_seconds) const {
        constexpr std::string_view histogram = ".histogram.";
        value numbers;
        value bins;
        schema_.write_timer(name, cell, interval_seconds, [&](std::string_view tail, double of) {
            if (tail.starts_with(histogram))
                add(bins, tail.substr(histogram.size()), number(of));
            else
                add(numbers, tail.substr(1), number(of));
        });
        if (!bins.members.empty())
            add(numbers, "histogram", std::move(bins));
        return numbers;
    }

    template <class Unique>
    [[nodiscard]] static value members_of(const Unique& cell) {
        value list;
        list.is = value::type::list;
        const auto take = [&](std::uint64_t hash) {
            if (list.members.size() < items_max)
                add(list, "", digits_of(hash));
        };
        if (!cell.idle()) {
            if constexpr (requires { cell.members().for_each(take); })
                cell.members().for_each(take);
        }
        const auto all = static_cast<std::size_t>(std::llround(cell.estimate()));
        list.more = all > list.members.size() ? all - list.members.size() : 0;
        return list;
    }

    [[nodiscard]] static value digits_of(std::uint64_t hash) {
        value text;
        text.is = value::type::text;
        for (int shift = 60; shift >= 0; shift -= 4)
            text.text += "0123456789abcdef"[hash >> shift & 15U];
        return text;
    }

    Transport transport_;
    etsy_schema schema_;
    date_function date_;
    bool pretty_;
};

} // namespace quipu

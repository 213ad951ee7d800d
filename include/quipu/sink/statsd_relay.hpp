// To another StatsD server: what was added up here in an interval, as lines that come to the same there.
#pragma once

#include <quipu/client/call.hpp>
#include <quipu/client/packed_values.hpp>
#include <quipu/client/packer.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Compile-time choices of a relay. Derive from this and override one line.
struct statsd_relay_traits {
    /// Change when the server is not ours: dialect::etsy, dogstatsd. A server that passes over tags, as
    /// Etsy's, takes the series that differ by them for one.
    using dialect_type = dialect::quipu;
    using names = format_policy::sanitize;
    /// Change when the server reads several values of a timer in a line, as ours does: `t:1:2:3|ms`.
    static constexpr bool packs_values = false;
    /// As of a client.
    static constexpr std::size_t datagram_bytes_max = 1432;
};

/// Sends each snapshot as StatsD lines, as many in a datagram as there is room for: the second step of a
/// tree of servers, or a registry's way to a server.
///
///  - A counter is its sum of the interval; one that is 0 says nothing.
///  - A gauge is set to its value.
///  - A timer is its values, several in a line if the traits say so, each with the rate of what
///    it stands for, so that counts agree; from the bound of its sketch on the buckets' estimates, of the
///    sketch's error, and, of a sketch that has none, a hundred of its quantiles.
///  - A set is a member of sixteen hexadecimal digits for each of its own, the same for the same member
///    from every relay, but not from a client. A set that is only estimated is left out, and counted.
///  - Key/values keep their times.
///
/// A server's counters of itself, where its profile has them, go along like others.
///
/// A snapshot that was sent in part must not be sent again, since the server would add it twice: so
/// says `takes_twice`, which flush_every obeys; of a server's worker set `tries_again`. What is lost is
/// counted.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport, class Traits = statsd_relay_traits>
class basic_statsd_relay {
    static_assert(require_transport<Transport>());
    static_assert(require_dialect<typename Traits::dialect_type>());

public:
    static constexpr bool takes_twice = false;

    explicit basic_statsd_relay(Transport to) noexcept : packer_(std::move(to)) {}

    /// Returns  ok when the transport has taken everything that can be said.
    /// Errors   the last one of the transport; the other datagrams were sent.
    /// Cost     that of `format` for each line.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        const std::uint64_t failures = counts().failures;
        if constexpr (requires { transport().begin_flush(); })
            transport().begin_flush();
        for (const auto& one : from.counters) {
            if (one.cell.sum() != 0)
                send(named(metric_kind::counter, one.name, one.cell.sum()));
        }
        for (const auto& one : from.gauges)
            send(named(metric_kind::gauge, one.name, one.cell.value()));
        for (const auto& one : from.timers)
            send_timer(named(metric_kind::timer, one.name, 0), one.cell);
        for (const auto& one : from.uniques)
            send_set(named(metric_kind::unique, one.name, 0), one.cell);
        for (const auto& one : from.keyvalues) {
            sample line = named(metric_kind::keyvalue, one.name, 0);
            for (const auto& each : one.cell.values()) {
                line.value = each.value;
                line.integral = each.integral;
                line.timestamp = each.timestamp;
                send(line);
            }
        }
        static_cast<void>(packer_.flush());
        return counts().failures == failures ? errc::ok : packer_.last_error;
    }

    /// What became of the lines: `refused` are those that the dialect cannot say.
    [[nodiscard]] const client_counts& counts() const noexcept { return packer_.counts; }
    /// Sets that were only estimated, in all snapshots.
    [[nodiscard]] std::uint64_t sets_left_out() const noexcept { return sets_left_out_; }
    [[nodiscard]] Transport& transport() noexcept { return packer_.transport(); }

private:
    using dialect_type = typename Traits::dialect_type;
    using names_type = typename Traits::names;

    /// Values of one weight, as `format_packed` takes them.
    struct value_run {
        const double* next;
        const double* end;

        [[nodiscard]] bool done() const noexcept { return next == end; }
        [[nodiscard]] double value() const noexcept { return *next; }
        void advance() noexcept { ++next; }
    };

    /// A line for a series, whose canonical tags become those of a line. It views `tags_`.
    [[nodiscard]] sample named(metric_kind kind, std::string_view series, double value) {
        const std::size_t end = std::min(series.find(';'), series.size());
        tags_ = series.substr(std::min(end + 1, series.size()));
        bool in_key = true;
        for (char& c : tags_) {
            if (c == ';' || (in_key && c == '='))
                c = std::exchange(in_key, c == ';') && c == '=' ? ':' : ',';
        }
        sample one;
        one.series.kind = kind;
        one.series.name = series.substr(0, end);
        one.series.tags = tags_;
        one.value = value;
        return one;
    }

    bool send(const sample& one) {
        const errc error =
            packer_.append([&](auto& out) { return format<dialect_type, names_type>(one, out); });
        count(error, 1);
        return error == errc::ok;
    }

    void count(errc error, std::uint64_t samples) noexcept {
        (error == errc::ok ? packer_.counts.samples : packer_.counts.refused) += samples;
        if (error == errc::ok)
            packer_.stands_for(samples);
    }

    template <class Cell>
    void send_timer(sample line, const Cell& cell) {
        if (cell.idle())
            return;
        const auto& sketch = cell.values();
        // Where a rate counts for the events alone, all values share it.
        const double events_each = cell.count() / sketch.count();
        double weight_of_run = 1;
        run_.clear();
        for_each_value(sketch, [&](double value, double weight) {
            weight *= events_each;
            if (weight != weight_of_run) {
                send_run(line, weight_of_run);
                weight_of_run = weight;
            }
            run_.push_back(value);
        });
        send_run(line, weight_of_run);
    }

    template <class Sketch, class F>
    static void for_each_value(const Sketch& sketch, F f) {
        if constexpr (requires { sketch.keeps_values(); }) {
            if (sketch.keeps_values()) {
                for (std::size_t i = 0; i < sketch.values().size(); ++i)
                    f(sketch.values()[i], sketch.weight(i));
                return;
            }
        }
        if constexpr (requires { sketch.sketch()->for_each(f); }) {
            sketch.sketch()->for_each(f);
        } else if constexpr (requires { sketch.for_each(f); }) {
            sketch.for_each(f);
        } else {
            const int points = static_cast<int>(std::clamp(sketch.count(), 1.0, 100.0));
            for (int i = 0; i < points; ++i)
                f(sketch.quantile((i + 0.5) / points), sketch.count() / points);
        }
    }

    void send_run(sample line, double weight) {
        line.rate = weight > 1 ? 1 / weight : 1;
        value_run values{run_.data(), run_.data() + run_.size()};
        while (!values.done()) {
            line.value = values.value();
            value_run rest = values;
            std::size_t taken = 1;
            const errc error = packer_.append([&](auto& out) {
                rest = values;
                rest.advance();
                if constexpr (Traits::packs_values) {
                    const auto packed = format_packed<dialect_type, names_type>(line, rest, out);
                    taken = packed.value_or(1);
                    return packed.error();
                } else {
                    return format<dialect_type, names_type>(line, out);
                }
            });
            count(error, taken);
            values = rest;
        }
        run_.clear();
    }

    template <class Cell>
    void send_set(sample line, const Cell& cell) {
        if (cell.idle())
            return;
        const auto& members = cell.members();
        if constexpr (requires { members.for_each([](std::uint64_t) {}); }) {
            if (cell.exact()) {
                return members.for_each([&](std::uint64_t hash) {
                    constexpr std::string_view digits = "0123456789abcdef";
                    char text[16];
                    for (char& c : text) {
                        c = digits[static_cast<std::size_t>(hash >> 60U)];
                        hash <<= 4U;
                    }
                    line.member = {text, sizeof text};
                    send(line);
                });
            }
        }
        ++sets_left_out_;
    }

    detail::packer<Transport, Traits::datagram_bytes_max> packer_;
    std::string tags_{};
    std::vector<double> run_{};
    std::uint64_t sets_left_out_ = 0;
};

} // namespace quipu

// Snapshots as InfluxDB's line protocol.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/sink/influx_line.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/snapshot/unite.hpp>
#include <quipu/wire/binary_point.hpp>
#include <quipu/wire/canonical.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Compile-time choices of the sink for InfluxDB. Derive from this and override one line.
struct influx_traits {
    /// Lines are sent in pieces of at most so many bytes. A longer line becomes several, each with a
    /// part of the fields; one whose series leaves no room for a field is left out, and counted.
    static constexpr std::size_t piece_bytes_max = std::size_t{512} << 10;
    /// Change where the receiver expects nanoseconds, as InfluxDB does over UDP.
    static constexpr bool nanoseconds = false;
};

/// For datagrams that no router has to cut.
struct influx_datagram_traits : influx_traits {
    static constexpr std::size_t piece_bytes_max = 1432;
    static constexpr bool nanoseconds = true;
};

/// Sends each snapshot as lines, one for each series, named as they are, with the fields that Telegraf's
/// statsd input has:
///
///     hits,metric_type=counter,region=eu value=12 1700000000
///     queue,metric_type=gauge value=7 1700000000
///     latency,metric_type=timing count=3,lower=1,upper=9,mean=5,median=5,stddev=3.2,sum=15,90_percentile=9 1700000000
///     users,metric_type=set value=2 1700000000
///
/// A counter tells what came in the interval, a timer without a sample its count alone, key/values each
/// value with its own time (`metric_type=kv`). The percentile of a negative P is the lowest of the highest values,
/// `top10_percentile`. Every field is a float, whatever its value is today: InfluxDB refuses a field that changes its
/// type, and counts are whole only until one is sampled. Numbers that are not finite are left out, and counted.
/// InfluxDB takes the same point twice without harm, so a write that failed can be tried again; a piece that
/// the peer refuses for good (message_refused) is counted, and the next one sent.
///
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   InfluxDB, "Line protocol"; Telegraf, "StatsD input plugin".
template <class Transport, class Traits = influx_traits>
class basic_influx {
    static_assert(require_transport<Transport>());

public:
    explicit basic_influx(Transport transport,
                          std::vector<percentile> percentiles = {{50, "50"},
                                                                 {90, "90"},
                                                                 {99, "99"}})
        : transport_(std::move(transport)) {
        for (const auto& one : percentiles)
            cuts_.push_back({one.share(), one.value < 0, one.suffix + "_percentile"});
    }

    /// Returns  ok when the transport has taken or refused everything. An empty snapshot sends nothing, but
    ///          looks whether the backend can be reached where the transport can tell.
    /// Errors   those of the transport, but message_refused.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& all) {
        now_ = {};
        piece_.clear();
        basic_snapshot<StoreTraits> room;
        auto united = united_;
        const auto& from = unite(
            all,
            [](std::string_view name, std::string& key) {
                return append_influx_identity(key, name);
            },
            room,
            united);
        for (const auto& one : from.counters) {
            begin(one.name, "counter", from.timestamp);
            field("value", one.cell.sum());
            end();
        }
        for (const auto& one : from.gauges) {
            begin(one.name, "gauge", from.timestamp);
            field("value", one.cell.value());
            end();
        }
        for (const auto& one : from.timers) {
            begin(one.name, "timing", from.timestamp);
            add_timer(one.cell);
            end();
        }
        for (const auto& one : from.uniques) {
            begin(one.name, "set", from.timestamp);
            field("value", one.cell.estimate());
            end();
        }
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                begin(one.name, "kv", timed ? value.timestamp : from.timestamp);
                field("value", value.value);
                end();
            }
        }
        send();
        if constexpr (requires { transport_.connect(); }) {
            if (now_.lines == 0)
                now_.error = transport_.connect();
        }
        if (now_.error == errc::ok) { // counted once, however often the snapshot was tried
            united_ = std::move(united);
            skipped_ += now_.skipped;
            refused_ += now_.refused;
        }
        return now_.error;
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
    /// The series that InfluxDB could not have told apart, merged.
    [[nodiscard]] const united_series& united() const noexcept { return united_; }
    /// How many lines the peer has refused for good, with those that stood in a piece with them.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct cut {
        double share;
        bool top;
        std::string field;
    };

    /// What the write that is under way has come to.
    struct progress {
        errc error = errc::ok;
        std::size_t lines = 0;
        std::size_t in_piece = 0; // lines
        std::uint64_t skipped = 0;
        std::uint64_t refused = 0;
    };

    template <class Timer>
    void add_timer(const Timer& cell) {
        field("count", cell.count());
        if (cell.idle())
            return;
        const auto& values = cell.values();
        field("lower", cell.min());
        field("upper", cell.max());
        field("mean", cell.mean());
        field("median", values.median());
        field("stddev", cell.population_deviation());
        field("sum", cell.sum());
        for (const auto& one : cuts_) {
            const auto part = one.top ? values.highest(one.share) : values.lowest(one.share);
            field(one.field, part.boundary);
        }
    }

    void begin(std::string_view canonical, std::string_view metric_type, std::int64_t timestamp) {
        const auto parts = split_canonical(canonical);
        line_.clear();
        append_influx_key(line_, parts.name, metric_type, parts.tags);
        line_ += ' ';
        key_bytes_ = line_.size();
        char text[integer_bytes_max];
        const char* const last = write_integer(text, timestamp);
        time_.assign(" ").append(text, static_cast<std::size_t>(last - text));
        time_ += Traits::nanoseconds ? "000000000\n" : "\n";
    }

    void field(std::string_view key, double value) {
        if (!detail::is_finite(value)) {
            ++now_.skipped;
            return;
        }
        field_.clear();
        append_influx_field(field_, key, value);
        const auto fits = [&] {
            return line_.size() + 1 + field_.size() + time_.size() <= Traits::piece_bytes_max;
        };
        if (line_.size() > key_bytes_ && !fits())
            end();
        if (!fits()) {
            ++now_.skipped;
            return;
        }
        if (line_.size() > key_bytes_)
            line_ += ',';
        line_ += field_;
    }

    /// Ends the line, if it has a field, and leaves its begin for another.
    void end() {
        if (line_.size() == key_bytes_)
            return;
        if (piece_.size() + line_.size() + time_.size() > Traits::piece_bytes_max)
            send();
        (piece_ += line_) += time_;
        ++now_.in_piece;
        ++now_.lines;
        line_.resize(key_bytes_);
    }

    void send() {
        if (now_.error == errc::ok && !piece_.empty()) {
            now_.error = transport_.send(piece_);
            if (now_.error == errc::message_refused) {
                now_.refused += now_.in_piece;
                now_.error = errc::ok;
            }
        }
        now_.in_piece = 0;
        piece_.clear();
    }

    Transport transport_;
    std::vector<cut> cuts_{};
    progress now_{};
    std::string piece_{};
    std::string line_{};
    std::size_t key_bytes_ = 0;
    std::string field_{};
    std::string time_{};
    std::uint64_t skipped_ = 0;
    std::uint64_t refused_ = 0;
    united_series united_{};
};

} // namespace quipu

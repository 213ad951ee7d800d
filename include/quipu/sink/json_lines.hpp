// Snapshots as JSON, a line for each series.
#pragma once

#include <quipu/core/json_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/wire/binary_point.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Sends each snapshot as lines of JSON, one for each series, for programs that read them one by one:
///
///     {"time":1700000000,"interval":10,"type":"counter","name":"hits","tags":{"region":"eu"},"count":12,"rate":1.2}
///     {"time":1700000000,"interval":10,"type":"gauge","name":"queue","value":7}
///     {"time":1700000000,"interval":10,"type":"timer","name":"latency","count":3,"rate":0.3,"sum":15,"lower":1,"upper":9,"mean":5,"median":5,"stddev":3.2,"percentiles":{"90":9}}
///     {"time":1700000000,"interval":10,"type":"set","name":"users","value":2}
///     {"time":1313107325,"interval":10,"type":"kv","name":"deploys","value":1}
///
/// Times are Unix seconds, the interval's are its length; a key/value has its own. A timer without a
/// sample has a count of 0 and nothing more. A bare tag is `true`; of several tags with one key readers take
/// the last. A number that is not finite is null; names are as json_text writes text. The percentile of a
/// negative P is the lowest of the highest values, "top10".
/// A flush goes to the transport as one piece, so that append_file has it whole or not at all.
/// Cost     of memory: the text of one flush, about 60 bytes and the name for a series, 250 for a timer.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport>
class basic_json_lines {
    static_assert(require_transport<Transport>());

public:
    explicit basic_json_lines(Transport transport,
                              std::vector<percentile> percentiles = {{50, "50"},
                                                                     {90, "90"},
                                                                     {99, "99"}})
        : transport_(std::move(transport)), percentiles_(std::move(percentiles)) {}

    /// Returns  ok when the transport has taken everything. An empty snapshot sends nothing.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        text_.clear();
        for (const auto& one : from.counters) {
            json_text line = begin(from, one.name, "counter", from.timestamp);
            line.member("count", one.cell.sum())
                .member("rate", one.cell.rate(from.interval_seconds));
            end(line);
        }
        for (const auto& one : from.gauges)
            add_value(from, one.name, "gauge", from.timestamp, one.cell.value());
        for (const auto& one : from.timers) {
            json_text line = begin(from, one.name, "timer", from.timestamp);
            add_timer(line, one.cell, from.interval_seconds);
            end(line);
        }
        for (const auto& one : from.uniques)
            add_value(from, one.name, "set", from.timestamp, one.cell.estimate());
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                add_value(
                    from, one.name, "kv", timed ? value.timestamp : from.timestamp, value.value);
            }
        }
        return text_.empty() ? errc::ok : transport_.send(text_);
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    template <class Snapshot>
    [[nodiscard]] static json_text begin(const Snapshot& from,
                                         std::string_view canonical,
                                         std::string_view type,
                                         std::int64_t timestamp) {
        const auto [name, tags] = split_canonical(canonical);
        json_text line(static_cast<std::size_t>(-1));
        line.begin_object()
            .member("time", timestamp)
            .member("interval", from.interval_seconds)
            .member("type", type)
            .member("name", name);
        if (!tags.empty())
            add_tags(line.name("tags").begin_object(), tags.substr(1));
        return line;
    }

    /// The value of a key is its tag's; of a bare one true; of several tags a list of theirs.
    static void add_tags(json_text& line, std::string_view tags) {
        const auto next_key = [&tags] {
            return tags.substr(0, std::min(tags.find('='), tags.find(';')));
        };
        const auto add_value = [&line](std::string_view tag, std::string_view key) {
            if (tag.size() == key.size())
                line.truth(true);
            else
                line.text(tag.substr(key.size() + 1));
        };
        while (!tags.empty()) {
            const auto key = next_key();
            line.name(key);
            bool is_list = false;
            do {
                const auto tag = tags.substr(0, tags.find(';'));
                tags.remove_prefix(std::min(tag.size() + 1, tags.size()));
                const bool more = !tags.empty() && next_key() == key;
                if (more && !std::exchange(is_list, true))
                    line.begin_list();
                add_value(tag, key);
            } while (!tags.empty() && next_key() == key);
            if (is_list)
                line.end_list();
        }
        line.end_object();
    }

    template <class Timer>
    void add_timer(json_text& line, const Timer& cell, double interval_seconds) const {
        line.member("count", cell.count());
        if (cell.idle())
            return;
        line.member("rate", cell.count() / interval_seconds)
            .member("sum", cell.sum())
            .member("lower", cell.min())
            .member("upper", cell.max())
            .member("mean", cell.mean())
            .member("median", cell.values().median())
            .member("stddev", cell.population_deviation());
        line.name("percentiles").begin_object();
        for (const auto& one : percentiles_) {
            const auto part = one.value < 0 ? cell.values().highest(one.share())
                                            : cell.values().lowest(one.share());
            line.member(one.suffix, part.boundary);
        }
        line.end_object();
    }

    template <class Snapshot>
    void add_value(const Snapshot& from,
                   std::string_view name,
                   std::string_view type,
                   std::int64_t timestamp,
                   double value) {
        json_text line = begin(from, name, type, timestamp);
        line.member("value", value);
        end(line);
    }

    void end(json_text& line) { (text_ += line.end_object().view()) += '\n'; }

    Transport transport_;
    std::vector<percentile> percentiles_;
    std::string text_{};
};

} // namespace quipu

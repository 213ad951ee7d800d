// The client: a program's own metrics as StatsD lines to a server.
#pragma once

#include <quipu/client/aggregation.hpp>
#include <quipu/client/call.hpp>
#include <quipu/client/flushing.hpp>
#include <quipu/client/packed_values.hpp>
#include <quipu/client/packer.hpp>
#include <quipu/client/sampling.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/event.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/format_event.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Compile-time choices of a client. Derive from this and override one line.
struct client_traits {
    /// Change when the server is not ours: dialect::etsy, statsite, dogstatsd. What a server does
    /// not read is refused here.
    using dialect_type = dialect::quipu;
    /// Change to format_policy::refuse when a name with a character that no line can carry should be
    /// an error and not be mended.
    using names = format_policy::sanitize;
    /// Change when calls should be chosen in another way.
    using sampler = sampling::bernoulli;
    /// Change to aggregation::by_series<> to send one line an interval for each series, in place of
    /// one for each call. Then `flush` as often as the server does.
    using aggregation = aggregation::none;
    /// Change to flushing::at_intervals<Clock> to send what waits as time passes, with the calls.
    using flushing = flushing::on_request;
    /// Change to what the way to the server carries: 512 is safe anywhere, 1432 fits an Ethernet
    /// frame, 8192 a Unix socket.
    static constexpr std::size_t datagram_bytes_max = 1432;
    /// Change to send each call at once, in a datagram of its own.
    static constexpr bool batches = true;
    /// Change to tell the rate of gauges and sets, too, of which no server can make use.
    static constexpr bool rates_of_all = false;
    // Add `using writer = …` when the lines should be written in a way of their own; it takes the
    // place of dialect and names. pystatsd.hpp has one.
};

/// What a client is told when it is made.
struct client_options {
    /// Stands before each name, with a '.' between.
    std::string prefix = "";
    /// Tags of every line: `env:prod,region:eu`.
    std::string tags = "";
    /// Of the sampling. Give each process another one.
    std::uint64_t seed = 0;
};

/// Writes lines and sends them through a transport, several in a datagram. A datagram goes out when
/// the next line does not fit, when `flush` says so, and when the client ends: call `flush` as often
/// as numbers may be late. A stream gets each datagram with a newline behind it.
///
/// Nothing is thrown, and nothing waits that the transport does not wait for: a udp_sender never does, a
/// tcp_sender or unix_stream_sender up to the times in its options. What cannot be sent is dropped and counted.
///
/// With aggregation, counters, gauges and sets take every call, whatever its rate: it costs nothing on
/// the way. What has a time of its own, key/values and events go out as they come.
///
/// At a fork both processes have what was not sent yet: flush before.
///
/// Memory   two buffers of a datagram's size and of a name's, and what an aggregation has; nothing
///          is allocated after it is made.
/// Threads  distinct objects safe, shared objects unsafe: one client for each thread.
template <transport Transport, class Traits = client_traits>
class basic_client {
    using dialect_type = typename Traits::dialect_type;
    using aggregation_type = typename Traits::aggregation;
    static_assert(require_dialect<dialect_type>());
    static_assert(sampling_policy<typename Traits::sampler>);
    static_assert(name_policy<typename Traits::names>);
    static_assert(flushing_policy<typename Traits::flushing>);

public:
    using traits = Traits;
    /// The most that `send_lines` takes.
    static constexpr std::size_t lines_bytes_max =
        Traits::datagram_bytes_max - (is_stream_transport<Transport> ? 1 : 0);

    explicit basic_client(Transport to,
                          client_options options = {},
                          typename Traits::flushing when = {})
        : packer_(std::move(to)), prefix_(std::move(options.prefix)),
          tags_(std::move(options.tags)), seed_(options.seed), sampler_(options.seed),
          aggregates_(made_aggregation(options.seed)), when_(std::move(when)) {
        if (!prefix_.empty())
            prefix_ += '.';
    }

    basic_client(const basic_client&) = delete; // what it holds would be sent twice
    basic_client& operator=(const basic_client&) = delete;
    ~basic_client() { static_cast<void>(flush()); }

    // Each of the following returns ok if the line was taken, or left out by its rate; else why no
    // line can say it: the errors of `format`. What the transport says is in `counts()` and
    // `last_error()`.

    /// Adds to a counter.
    errc
    increment(std::string_view name, metric_value by = 1, const call_options& more = {}) noexcept {
        return add(metric_kind::counter, name, by, more);
    }
    errc
    decrement(std::string_view name, metric_value by = 1, const call_options& more = {}) noexcept {
        by.value = -by.value;
        return increment(name, by, more);
    }

    /// Sets a gauge. A value below zero takes two lines, which stay together. A gauge has no rate:
    /// one that is not 1 leaves calls out, and the server is not told.
    errc gauge(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(metric_kind::gauge, name, value, more);
    }

    /// Changes a gauge.
    errc
    change_gauge(std::string_view name, metric_value by, const call_options& more = {}) noexcept {
        return add(metric_kind::gauge, name, by, more, {.relative = true});
    }

    /// Reports how long something took, in milliseconds.
    errc
    timing(std::string_view name, double milliseconds, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, milliseconds, more);
    }
    template <duration_like Duration>
    errc timing(std::string_view name, Duration took, const call_options& more = {}) noexcept {
        return timing(name, milliseconds_of(took), more);
    }

    /// Reports a value whose distribution counts, that is no time; DogStatsD tells it apart.
    errc histogram(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, value, more, {.timer = timer_type::h});
    }
    errc distribution(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, value, more, {.timer = timer_type::d});
    }

    /// Adds a member to a set. It has no rate: what is left out is not counted by the server.
    errc
    set(std::string_view name, std::string_view member, const call_options& more = {}) noexcept {
        return add(metric_kind::unique, name, 0, more, {.member = member});
    }

    /// Sends a value as it is, with its own time if it has one: nothing is aggregated. Of the servers
    /// that know key/values. It has no rate, as a set.
    errc
    key_value(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(metric_kind::keyvalue, name, value, more);
    }

    /// Sends an event or a service check, which DogStatsD's servers read. Prefix and tags of the
    /// client are for metrics.
    /// Errors   those of `format`.
    errc send(const event& one) noexcept {
        return append([&](auto& out) { return format(one, out); });
    }
    errc send(const service_check& one) noexcept {
        return append([&](auto& out) { return format(one, out); });
    }

    /// Adds lines that are ready, as they are: nothing is checked, nor added up. They stay together.
    /// Errors   no_space: they are more than `lines_bytes_max`.
    errc send_lines(std::string_view lines) noexcept {
        std::uint64_t count = 1;
        for (const char c : lines)
            count += c == '\n' ? 1 : 0;
        return append([&](auto& out) { return out.append(lines) ? errc::ok : errc::no_space; },
                      count);
    }

    /// Sends what became of the client's own calls since it was last asked to, as counters with the
    /// names of `client_counts`: `NAME.samples`, `NAME.lost`, …; those that are 0 are left out. Call it
    /// as often as the numbers are wanted.
    /// Errors   as increment.
    errc send_counts(std::string_view name) noexcept {
        const client_counts now = counts();
        errc first = errc::ok;
        for (const auto& [what, count] : client_count_names) {
            basic_line_buffer<dialect_type::name_bytes_max> full;
            const std::uint64_t fresh = now.*count - told_.*count;
            errc error = errc::ok;
            if (!full.append(name) || !full.append(".") || !full.append(what))
                error = errc::name_too_long;
            else if (fresh != 0)
                error = increment(full.view(), fresh);
            if (error == errc::ok)
                told_.*count = now.*count;
            else if (first == errc::ok)
                first = error;
        }
        return first;
    }

    /// Sends what is there.
    /// Errors   those of the transport; what was there is lost then, and counted.
    errc flush() noexcept {
        if constexpr (is_aggregating)
            write_aggregates();
        when_.restart();
        return packer_.flush();
    }

    /// Sends what is there, and waits until the transport has passed it on or the time is over: for a
    /// transport with a queue (`queued`), which has `flush(deadline)`.
    /// Errors   those of both; of the transport's timed_out.
    template <class Deadline>
    errc flush(const Deadline& end) noexcept requires requires(Transport& to) {
        to.flush(end);
    }
    {
        const errc sent = flush();
        const errc passed_on = transport().flush(end);
        return sent != errc::ok ? sent : passed_on;
    }

    /// What became of all calls so far. What waits is in `samples` only.
    [[nodiscard]] const client_counts& counts() const noexcept { return packer_.counts; }
    /// What the transport said last that was not ok; ok if there is none.
    [[nodiscard]] errc last_error() const noexcept { return packer_.last_error; }
    [[nodiscard]] Transport& transport() noexcept { return packer_.transport(); }

    /// What a client is to be made with that speaks like this one: its prefix and tags, and a seed of
    /// its own each time.
    [[nodiscard]] client_options child_options() {
        return {.prefix = prefix_.substr(0, prefix_.size() - (prefix_.empty() ? 0 : 1)),
                .tags = tags_,
                .seed = mix(seed_ += 0x9e37'79b9'7f4a'7c15)};
    }

private:
    static constexpr bool is_aggregating = aggregates<aggregation_type>;
    static constexpr bool has_writer = requires { typename Traits::writer; };

    /// What only some kinds have.
    struct details {
        std::string_view member = {};
        timer_type timer = timer_type::ms;
        bool relative = false;
    };

    [[nodiscard]] static aggregation_type made_aggregation(std::uint64_t seed) {
        if constexpr (is_aggregating)
            return aggregation_type(seed);
        else
            return {};
    }

    /// What a call is about. Of the kinds that have no rate the server is not told one.
    [[nodiscard]] static sample of(metric_kind kind,
                                   std::string_view name,
                                   metric_value value,
                                   const call_options& more,
                                   const details& rest) noexcept {
        const bool rated = kind == metric_kind::counter || kind == metric_kind::timer;
        sample one;
        one.series.kind = kind;
        one.series.name = name;
        one.series.tags = more.tags;
        one.value = value.value;
        one.integral = value.integral;
        one.rate = rated || Traits::rates_of_all ? more.rate : 1;
        one.member = rest.member;
        one.timestamp = more.timestamp;
        one.relative = rest.relative;
        one.timer = std::same_as<dialect_type, dialect::dogstatsd> ? rest.timer : timer_type::ms;
        return one;
    }

    /// Adds the line of a call, unless its rate leaves it out; that is looked at first.
    errc add(metric_kind kind,
             std::string_view name,
             metric_value value,
             const call_options& more,
             const details& rest = {}) noexcept {
        if (!(more.rate >= rate_min && more.rate <= 1))
            return refused(errc::bad_rate);
        const bool in_aggregate =
            is_aggregating && kind != metric_kind::keyvalue && more.timestamp == no_timestamp;
        if ((!in_aggregate || kind == metric_kind::timer) && !sampler_.keep(more.rate)) {
            ++packer_.counts.sampled_out;
            return errc::ok;
        }
        const sample one = of(kind, name, value, more, rest);
        if constexpr (is_aggregating) {
            if (in_aggregate)
                return add_to_aggregate(one);
        }
        return append([&](auto& out) { return write(one, out); });
    }

    /// Writes the line of a sample, with the client's prefix and tags.
    template <std::size_t BytesMax>
    errc write(const sample& bare, basic_line_buffer<BytesMax>& out) noexcept {
        sample one = bare;
        if (const errc error = complete(one); error != errc::ok)
            return error;
        if constexpr (has_writer)
            return Traits::writer::write(one, out);
        else
            return format<dialect_type, typename Traits::names>(one, out);
    }

    /// Gives a sample the client's prefix and tags. Its views are valid until the next one.
    errc complete(sample& one) noexcept {
        names_.resize(0);
        if (one.series.name.empty())
            return errc::empty_name; // which a prefix would hide
        if (!prefix_.empty()) {
            if (!names_.append(prefix_) || !names_.append(one.series.name))
                return errc::name_too_long;
            one.series.name = names_.view();
        }
        const std::size_t name_end = names_.size();
        if (!tags_.empty()) {
            if (!names_.append(tags_) || (!one.series.tags.empty() && !names_.append(",")) ||
                !names_.append(one.series.tags))
                return errc::tags_too_long;
            one.series.tags = names_.view().substr(name_end);
        }
        return errc::ok;
    }

    errc add_to_aggregate(sample one) noexcept {
        if (one.series.kind != metric_kind::timer)
            one.rate = 1;
        const auto check = [this](const sample& fresh) noexcept {
            basic_line_buffer<Traits::datagram_bytes_max> line;
            return write(fresh, line);
        };
        errc error = aggregates_.add(one, check);
        if (error == errc::queue_full) {
            write_aggregates();
            error = aggregates_.add(one, check);
        }
        if (error == errc::queue_full) // a text that is longer than all of its room
            return append([&](auto& out) { return write(one, out); });
        if (error != errc::ok)
            return refused(error);
        ++packer_.counts.samples;
        packer_.counts.thinned = aggregates_.thinned();
        flush_when_due();
        return errc::ok;
    }

    /// Moves what is added up into datagrams.
    void write_aggregates() noexcept {
        aggregates_.take([this](detail::aggregate& from, detail::value_list values) {
            if (from.one.series.kind == metric_kind::timer)
                return write_timer(from, values);
            settle(packer_.append([&](auto& out) { return write(from.one, out); }), from.calls);
        });
    }

    /// Writes the values of a timer, several in a line if there are readers for that. The first line
    /// answers for the values that were thinned out.
    void write_timer(detail::aggregate& from, detail::value_list values) noexcept {
        std::uint64_t thinned = from.calls - from.kept;
        while (!values.done()) {
            std::size_t count = 1;
            auto rest = values;
            from.one.value = values.value();
            const errc error = packer_.append([&](auto& out) {
                rest = values;
                rest.advance();
                if constexpr (has_writer) {
                    return write(from.one, out);
                } else {
                    sample one = from.one;
                    const errc named = complete(one);
                    return named == errc::ok ? pack(one, rest, out, count) : named;
                }
            });
            settle(error, count + std::exchange(thinned, 0));
            values = rest;
        }
    }

    template <std::size_t BytesMax>
    static errc pack(const sample& first,
                     detail::value_list& rest,
                     basic_line_buffer<BytesMax>& out,
                     std::size_t& count) noexcept {
        const auto packed = format_packed<dialect_type, typename Traits::names>(first, rest, out);
        count = packed.value_or(1);
        return packed.error();
    }

    /// Counts what an aggregated line stands for.
    void settle(errc error, std::uint64_t samples) noexcept {
        if (error == errc::ok) {
            packer_.stands_for(samples);
            if constexpr (!Traits::batches)
                static_cast<void>(packer_.flush());
        } else { // since the sum has more digits than there was room for, say
            packer_.counts.lost += samples;
            packer_.last_error = error;
        }
    }

    /// Adds lines to the datagram, or to the next one if they do not fit.
    template <class Write>
    errc append(const Write& write_line, std::uint64_t samples = 1) noexcept {
        if (const errc error = packer_.append(write_line); error != errc::ok)
            return refused(error);
        packer_.counts.samples += samples;
        settle(errc::ok, samples);
        flush_when_due();
        return errc::ok;
    }

    void flush_when_due() noexcept {
        if (when_.due())
            static_cast<void>(flush());
    }

    errc refused(errc why) noexcept {
        ++packer_.counts.refused;
        return why;
    }

    detail::packer<Transport, Traits::datagram_bytes_max> packer_;
    std::string prefix_;
    std::string tags_;
    std::uint64_t seed_;   // of the last child
    client_counts told_{}; // by send_counts
    typename Traits::sampler sampler_;
    [[no_unique_address]] aggregation_type aggregates_;
    [[no_unique_address]] typename Traits::flushing when_;
    basic_line_buffer<dialect_type::name_bytes_max + dialect_type::tag_bytes_max> names_{};
};

} // namespace quipu

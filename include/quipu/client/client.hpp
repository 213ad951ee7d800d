// The client: a program's own metrics as StatsD lines to a server.
#pragma once

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

/// What a call may say beside its value.
struct call_options {
    /// The share of the calls that is sent, above 0 and up to 1.
    double rate = 1;
    /// Tags of this line, behind those of the client: `code:200,method:get`.
    std::string_view tags = {};
    /// Unix seconds, where the dialect has it.
    std::int64_t timestamp = no_timestamp;
};

/// What became of the calls of a client.
struct client_counts {
    std::uint64_t samples = 0;     ///< taken into a datagram
    std::uint64_t sampled_out = 0; ///< not sent, since a rate left them out
    std::uint64_t refused = 0;     ///< that no line can carry; the call told why
    std::uint64_t datagrams = 0;   ///< taken by the transport
    std::uint64_t bytes = 0;       ///< of those
    std::uint64_t failures = 0;    ///< datagrams that the transport did not take
    std::uint64_t lost = 0;        ///< samples that were in those

    friend constexpr bool operator==(const client_counts&, const client_counts&) = default;
};

/// A number that a call takes: it remembers whether it is an integer, which some servers and
/// layouts tell apart.
struct metric_value {
    template <std::integral Integer>
    constexpr metric_value(Integer number) noexcept
        : value(static_cast<double>(number)), integral(true) {}
    constexpr metric_value(double number) noexcept : value(number) {}

    double value;
    bool integral = false;
};

/// A duration as <chrono> has them; that header costs more to include than this one.
template <class D>
concept duration_like = requires(const D& d) {
    { d.count() } -> std::convertible_to<double>;
    { D::period::num } -> std::convertible_to<double>;
    { D::period::den } -> std::convertible_to<double>;
};

/// Writes lines and sends them through a transport, several in a datagram. A datagram goes out when
/// the next line does not fit, when `flush` says so, and when the client ends: call `flush` as often
/// as numbers may be late. A stream gets each datagram with a newline behind it.
///
/// Nothing is thrown, and nothing waits that the transport does not wait for: a udp_sender never does, a
/// tcp_sender up to the times in its options. What cannot be sent is dropped and counted.
///
/// At a fork both processes have what was not sent yet: flush before.
///
/// Memory   two buffers of a datagram's size and of a name's; nothing is allocated after it is made.
/// Threads  distinct objects safe, shared objects unsafe: one client for each thread.
template <transport Transport, class Traits = client_traits>
class basic_client {
    using dialect_type = typename Traits::dialect_type;
    static_assert(require_dialect<dialect_type>());
    static_assert(sampling_policy<typename Traits::sampler>);
    static_assert(name_policy<typename Traits::names>);

public:
    using traits = Traits;

    explicit basic_client(Transport to, client_options options = {})
        : to_(std::move(to)), prefix_(std::move(options.prefix)), tags_(std::move(options.tags)),
          sampler_(options.seed) {
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
        return add(of(metric_kind::counter, name, by, more), more.rate);
    }
    errc
    decrement(std::string_view name, metric_value by = 1, const call_options& more = {}) noexcept {
        by.value = -by.value;
        return increment(name, by, more);
    }

    /// Sets a gauge. A value below zero takes two lines, which stay together. A gauge has no rate:
    /// one that is not 1 leaves calls out, and the server is not told.
    errc gauge(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(unrated(of(metric_kind::gauge, name, value, more)), more.rate);
    }

    /// Changes a gauge.
    errc
    change_gauge(std::string_view name, metric_value by, const call_options& more = {}) noexcept {
        sample one = unrated(of(metric_kind::gauge, name, by, more));
        one.relative = true;
        return add(one, more.rate);
    }

    /// Reports how long something took, in milliseconds.
    errc
    timing(std::string_view name, double milliseconds, const call_options& more = {}) noexcept {
        return add(of(metric_kind::timer, name, milliseconds, more), more.rate);
    }
    template <duration_like Duration>
    errc timing(std::string_view name, Duration took, const call_options& more = {}) noexcept {
        constexpr double milliseconds = 1000 * static_cast<double>(Duration::period::num) /
                                        static_cast<double>(Duration::period::den);
        return timing(name, static_cast<double>(took.count()) * milliseconds, more);
    }

    /// Reports a value whose distribution counts, that is no time; DogStatsD tells it apart.
    errc histogram(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(of(metric_kind::timer, name, value, more, timer_type::h), more.rate);
    }
    errc distribution(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(of(metric_kind::timer, name, value, more, timer_type::d), more.rate);
    }

    /// Adds a member to a set. It has no rate: what is left out is not counted by the server.
    errc
    set(std::string_view name, std::string_view member, const call_options& more = {}) noexcept {
        sample one = unrated(of(metric_kind::unique, name, 0, more));
        one.member = member;
        return add(one, more.rate);
    }

    /// Sends a value as it is, with its own time if it has one: nothing is aggregated. Of the servers
    /// that know key/values. It has no rate, as a set.
    errc
    key_value(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(unrated(of(metric_kind::keyvalue, name, value, more)), more.rate);
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

    /// Sends what is there.
    /// Errors   those of the transport; what was there is lost then, and counted.
    errc flush() noexcept {
        if (text_.size() == 0)
            return errc::ok;
        if constexpr (is_stream)
            static_cast<void>(text_.append("\n")); // there is room for it
        const errc error = to_.send(text_.view());
        if (error == errc::ok) {
            ++counts_.datagrams;
            counts_.bytes += text_.size();
        } else {
            ++counts_.failures;
            counts_.lost += waiting_;
            last_error_ = error;
        }
        text_.resize(0);
        waiting_ = 0;
        return error;
    }

    /// What became of all calls so far. What waits is in `samples` only.
    [[nodiscard]] const client_counts& counts() const noexcept { return counts_; }
    /// What the transport said last that was not ok; ok if there is none.
    [[nodiscard]] errc last_error() const noexcept { return last_error_; }
    [[nodiscard]] Transport& transport() noexcept { return to_; }

private:
    static constexpr bool is_stream = requires { requires Transport::is_stream; };
    static constexpr std::size_t datagram_bytes_max = Traits::datagram_bytes_max;

    [[nodiscard]] static sample of(metric_kind kind,
                                   std::string_view name,
                                   metric_value value,
                                   const call_options& more,
                                   timer_type type = timer_type::ms) noexcept {
        sample one;
        one.series.kind = kind;
        one.series.name = name;
        one.series.tags = more.tags;
        one.value = value.value;
        one.integral = value.integral;
        one.rate = more.rate;
        one.timestamp = more.timestamp;
        one.timer = std::same_as<dialect_type, dialect::dogstatsd> ? type : timer_type::ms;
        return one;
    }

    /// A sample of a kind that has no rate.
    [[nodiscard]] static sample unrated(sample one) noexcept {
        if constexpr (!Traits::rates_of_all)
            one.rate = 1;
        return one;
    }

    /// Adds the line of a sample, with the client's prefix and tags.
    errc add(sample one, double rate) noexcept {
        if (!(rate >= rate_min && rate <= 1))
            return refused(errc::bad_rate);
        if (!sampler_.keep(rate)) {
            ++counts_.sampled_out;
            return errc::ok;
        }
        names_.resize(0);
        if (!prefix_.empty()) {
            if (!names_.append(prefix_) || !names_.append(one.series.name))
                return refused(errc::name_too_long);
            one.series.name = names_.view();
        }
        const std::size_t name_end = names_.size();
        if (!tags_.empty()) {
            if (!names_.append(tags_) || (!one.series.tags.empty() && !names_.append(",")) ||
                !names_.append(one.series.tags))
                return refused(errc::tags_too_long);
            one.series.tags = names_.view().substr(name_end);
        }
        return append([&](auto& out) {
            if constexpr (requires { typename Traits::writer; })
                return Traits::writer::write(one, out);
            else
                return format<dialect_type, typename Traits::names>(one, out);
        });
    }

    /// Adds lines to the datagram, or to the next one if they do not fit.
    template <class Format>
    errc append(const Format& write) noexcept {
        errc error = append_here(write);
        if (error == errc::no_space && text_.size() > 0) {
            static_cast<void>(flush());
            error = append_here(write);
        }
        if (error != errc::ok)
            return refused(error);
        ++counts_.samples;
        ++waiting_;
        if constexpr (!Traits::batches)
            static_cast<void>(flush());
        return errc::ok;
    }

    template <class Format>
    errc append_here(const Format& write) noexcept {
        const std::size_t before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        errc error = write(text_);
        if (error == errc::ok && is_stream && text_.size() == datagram_bytes_max)
            error = errc::no_space; // for the newline at the end
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    errc refused(errc why) noexcept {
        ++counts_.refused;
        return why;
    }

    Transport to_;
    std::string prefix_;
    std::string tags_;
    typename Traits::sampler sampler_;
    client_counts counts_{};
    errc last_error_ = errc::ok;
    std::uint64_t waiting_ = 0; // samples in the text
    basic_line_buffer<datagram_bytes_max> text_{};
    basic_line_buffer<dialect_type::name_bytes_max + dialect_type::tag_bytes_max> names_{};
};

} // namespace quipu

// The sinks for InfluxDB, OpenTSDB, other StatsD servers and files, from their settings.
#pragma once

#include <quipu/net/append_file.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/host_watch.hpp>
#include <quipu/net/http_post.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/udp_host.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/server.hpp>
#include <quipu/sink/influx.hpp>
#include <quipu/sink/json_lines.hpp>
#include <quipu/sink/opentsdb.hpp>
#include <quipu/sink/statsd_relay.hpp>

#include "serve_sink.hpp"
#include "settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace quipud {

/// Tells in the log when a sink begins to leave numbers out, and when it no longer does.
class omissions {
public:
    omissions(std::string name, quipu::log messages) : name_(std::move(name)), log_(messages) {}

    /// `total`: so many since the beginning; `why`: what the backend says of them.
    void note(std::uint64_t total, const std::string& why) {
        const bool more = total != total_;
        if (more && !told_)
            log_.error(name_ + ": " + std::to_string(total - total_) + " left out" + why);
        if (!more && told_)
            log_.info(name_ + ": takes all again; left out until now: " + std::to_string(total));
        told_ = more;
        total_ = total;
    }

private:
    std::string name_;
    quipu::log log_;
    std::uint64_t total_ = 0;
    bool told_ = false;
};

/// Adds a sink that counts what it leaves out; `why_of(sink)` says more of it.
template <class Server, class Sink, class Why>
void add_counted(Server& server,
                 const sink_setting& option,
                 const quipu::log& messages,
                 std::shared_ptr<Sink> sink,
                 Why why_of) {
    const auto told = std::make_shared<omissions>(name_of(option), messages);
    quipu::sink_worker_options bounds;
    watch_delivery(bounds, sink);
    register_sink(
        server,
        option,
        [sink, told, why_of](const auto& from) {
            const auto error = sink->write(from);
            std::uint64_t omitted = sink->skipped();
            if constexpr (requires { sink->refused(); })
                omitted += sink->refused();
            if (error == quipu::errc::ok)
                told->note(omitted, why_of(*sink));
            return error;
        },
        bounds);
}

template <class Server>
void add_influx(Server& server,
                const sink_setting& option,
                const settings& all,
                const quipu::log& messages) {
    using sink = quipu::basic_influx<quipu::http_post>;
    auto made = std::make_shared<sink>(quipu::http_post(option.to, option.rest), *all.percentiles);
    add_counted(server, option, messages, std::move(made), [](sink& of) {
        const auto& answer = of.transport().answer();
        return answer.status() < 300
                   ? std::string()
                   : ", lines that the server refuses with " + std::to_string(answer.status()) +
                         ": " + in_quotes(answer.body());
    });
}

template <class Server>
void add_influx_udp(Server& server,
                    const sink_setting& option,
                    const settings& all,
                    const quipu::log& messages) {
    using sink = quipu::basic_influx<quipu::udp_host_sender, quipu::influx_datagram_traits>;
    auto made = std::make_shared<sink>(
        quipu::udp_host_sender(std::make_shared<quipu::host_watch>(option.to)), *all.percentiles);
    add_counted(server, option, messages, std::move(made), [](const sink&) { return ""; });
}

template <class Schema, class Server>
void add_opentsdb(Server& server,
                  const sink_setting& option,
                  Schema schema,
                  const quipu::log& messages) {
    using sink = quipu::basic_opentsdb<Schema, quipu::tcp_sender>;
    quipu::opentsdb_options chosen;
    chosen.host = option.rest;
    auto made = std::make_shared<sink>(std::move(schema),
                                       quipu::tcp_sender(option.to, connection_of(option, false)),
                                       std::move(chosen));
    add_counted(server, option, messages, std::move(made), [](const sink&) {
        return " that OpenTSDB has no form for, or of series with more than 8 tags";
    });
}

template <class Transport, class Server>
void add_json(Server& server, const sink_setting& option, const settings& all, Transport to) {
    using sink = quipu::basic_json_lines<Transport>;
    const auto made = std::make_shared<sink>(std::move(to), *all.percentiles);
    register_sink(server, option, [made](const auto& from) { return made->write(from); });
}

/// Another StatsD server is told in this one's dialect.
template <class Profile>
struct relay_traits : quipu::statsd_relay_traits {
    using dialect_type = typename Profile::dialect_type;
};

template <class Profile, class Transport>
void add_relay(quipu::basic_server<Profile>& server,
               const sink_setting& option,
               const quipu::log& messages,
               Transport to) {
    using sink = quipu::basic_statsd_relay<Transport, relay_traits<Profile>>;
    const auto made = std::make_shared<sink>(std::move(to));
    const auto told = std::make_shared<omissions>(name_of(option), messages);
    quipu::sink_worker_options bounds;
    bounds.tries_again = false; // what arrived of a flush would count twice
    watch_delivery(bounds, made);
    register_sink(
        server,
        option,
        [made, told](const auto& from) {
            const auto error = made->write(from);
            told->note(made->sets_left_out() + made->counts().refused,
                       ": sets that are only estimated, or lines that it could not read");
            return error;
        },
        bounds);
}

} // namespace quipud

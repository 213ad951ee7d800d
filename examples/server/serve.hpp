// A server of one profile, from its settings to its end. It is compiled once for each profile, in a
// file of its own: serve_PROFILE.cpp.
#pragma once

#include <quipu/core/javascript_date.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/append_file.hpp>
#include <quipu/net/command.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/server/key_frequency.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/server/server.hpp>
#include <quipu/sink/console.hpp>
#include <quipu/sink/etsy_console.hpp>
#include <quipu/sink/graphite.hpp>
#include <quipu/sink/graphite_pickle.hpp>
#include <quipu/sink/statsite_stream.hpp>
#include <quipu/wire/dialect.hpp>

#include "process.hpp"
#include "serve_backends.hpp"
#include "serve_profiles.hpp"
#include "setting_values.hpp"
#include "signals.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <syslog.h>
#include <unistd.h>

namespace quipud {

template <class Profile>
typename Profile::schema_options schema_options(const settings& all) {
    typename Profile::schema_options options;
    if constexpr (requires { options.percentiles; })
        options.percentiles = *all.percentiles;
    if constexpr (requires { options.legacy_namespace; }) {
        options.legacy_namespace = all.legacy_names;
        options.flush_counts = all.flush_counts;
        options.legacy_prefix = options.global_prefix = *all.prefix;
        options.prefix_counter = *all.counters_node;
        options.prefix_timer = *all.timers_node;
        options.prefix_gauge = *all.gauges_node;
        options.prefix_set = *all.sets_node;
        options.global_suffix = all.suffix;
        options.prefix_stats = all.own_prefix;
        options.timer_metrics = all.timer_metrics;
        options.clean_names = !all.sanitize_names;
    } else if constexpr (requires { options.use_type_prefix; }) {
        options.global_prefix = *all.prefix;
        options.use_type_prefix = all.type_nodes;
        options.kv_prefix = all.keyvalues_node;
        options.counts_prefix = *all.counters_node;
        options.timers_prefix = *all.timers_node;
        options.gauges_prefix = *all.gauges_node;
        options.sets_prefix = *all.sets_node;
        options.extended_counters = all.extended_counters;
        options.legacy_extended_counters = all.counts_samples;
        options.timers_include = *timer_numbers_of(all.timer_metrics);
        options.quantiles = {all.quantile_error, all.quantiles};
    } else {
        options.prefix = *all.prefix;
    }
    if constexpr (requires { options.histograms; }) {
        for (const auto& one : all.histograms) // they were looked at when the settings were read
            options.histograms.push_back(*one.rule(all.profile));
    }
    return options;
}

/// What the settings say of idle series, if the profile lets them.
template <class Retentions>
Retentions retentions(const settings& all) {
    Retentions keep;
    const auto set = [](auto& retention, const std::optional<idle_flushes>& flushes) {
        if constexpr (requires { retention.intervals_max; }) {
            if (*flushes)
                retention.intervals_max = **flushes;
        }
    };
    set(keep.counters, all.counters_idle);
    set(keep.timers, all.timers_idle);
    set(keep.gauges, all.gauges_idle);
    set(keep.uniques, all.sets_idle);
    return keep;
}

template <class Profile>
struct graphite_traits : quipu::graphite_traits {
    static constexpr bool closes_after_flush = Profile::connects_for_each_flush;
    /// Its names are clean, be it by the dialect or by the schema.
    static constexpr bool verbatim_names =
        std::is_base_of_v<quipu::dialect::etsy, typename Profile::dialect_type>;
};

template <class Profile, class Traits>
void add_graphite(quipu::basic_server<Profile>& server,
                  const sink_setting& option,
                  const settings& all) {
    using schema = typename Profile::schema_type;
    using sink = quipu::basic_graphite<schema, quipu::tcp_sender, Traits>;
    // A profile that connects for each flush waits for the peer's end each time, and keeps nothing.
    auto connection = connection_of(option, false);
    if constexpr (Traits::closes_after_flush)
        connection.resend_bytes_max = 0;
    // Shared, since a function that is stored must be copyable.
    const auto graphite = std::make_shared<sink>(schema(schema_options<Profile>(all)),
                                                 quipu::tcp_sender(option.to, connection));
    quipu::sink_worker_options bounds;
    watch_delivery(bounds, graphite);
    bounds.sent_bytes = [graphite] { return graphite->history().flush_bytes; };
    const auto write = [graphite](const auto& from) {
        using clock = std::chrono::steady_clock;
        const auto start = clock::now();
        const auto error = graphite->write(from);
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
        graphite->history().flush_milliseconds = static_cast<double>(took.count());
        return error;
    };
    register_sink(server, option, write, bounds);
}

/// The commands that run at a flush: they do not outlive the server.
using command_list = std::vector<std::shared_ptr<quipu::command>>;

template <class Profile>
void add_command(quipu::basic_server<Profile>& server,
                 const sink_setting& option,
                 const settings& all,
                 command_list& commands) {
    using sink = quipu::basic_statsite_stream<typename Profile::schema_type, quipu::command>;
    const auto command = std::make_shared<quipu::command>(option.command());
    auto numbers = schema_options<Profile>(all);
    if constexpr (requires { numbers.extended_counters; }) {
        // What shapes the lines there says nothing of records: these always have all.
        if (option.form != quipu::statsite_form::lines) {
            numbers.extended_counters = true;
            numbers.timers_include = quipu::timer_numbers::all;
        }
    }
    const auto stream = std::make_shared<sink>(
        typename Profile::schema_type(std::move(numbers)), *command, option.form);
    quipu::sink_worker_options bounds;
    bounds.tries_again = false; // nobody knows what a command that failed has done
    register_sink(
        server,
        option,
        [command, stream](const auto& from) { return stream->write(from); },
        bounds);
    commands.push_back(command);
}

/// The time there as Node.js prints it, but for the zone's name where that is not UTC.
inline std::string local_date(std::int64_t seconds) {
    const auto at = static_cast<std::time_t>(seconds);
    std::tm parts{};
    ::localtime_r(&at, &parts);
    std::string text;
    if (parts.tm_gmtoff == 0)
        quipu::append_javascript_date(text, seconds);
    else
        quipu::append_javascript_date(text, seconds, parts.tm_gmtoff, parts.tm_zone);
    return text;
}

/// The settings with what the sink has of its own.
inline settings settings_of(const sink_setting& option, const settings& all) {
    settings own = all;
    if (option.prefix)
        own.prefix = option.prefix;
    if (option.percentiles)
        own.percentiles = option.percentiles;
    return own;
}

template <class Profile>
void add_sink(quipu::basic_server<Profile>& server,
              const sink_setting& option,
              const settings& all,
              const quipu::log& messages,
              command_list& commands) {
    switch (option.kind) {
    case sink_kind::none: return;
    case sink_kind::repeat: {
        quipu::repeater_options bounds;
        bounds.datagram_bytes_max = all.repeat_datagram_bytes;
        return server.add_repeater(option.copies, bounds);
    }
    case sink_kind::command: return add_command(server, option, all, commands);
    case sink_kind::graphite: {
        using traits = graphite_traits<Profile>;
        return option.pickles ? add_graphite<Profile, quipu::pickled<traits>>(server, option, all)
                              : add_graphite<Profile, traits>(server, option, all);
    }
    case sink_kind::json:
        return option.rest.empty() ? add_json(server, option, all, quipu::file_writer())
                                   : add_json(server, option, all, quipu::append_file(option.rest));
    case sink_kind::influx: return add_influx(server, option, all, messages);
    case sink_kind::influx_udp: return add_influx_udp(server, option, all, messages);
    case sink_kind::statsd:
        return add_relay(server,
                         option,
                         messages,
                         quipu::udp_host_sender(std::make_shared<quipu::host_watch>(option.to)));
    case sink_kind::statsd_tcp:
        return add_relay(
            server, option, messages, quipu::tcp_sender(option.to, connection_of(option, true)));
    case sink_kind::opentsdb:
        return add_opentsdb(
            server, option, typename Profile::schema_type(schema_options<Profile>(all)), messages);
    case sink_kind::console: {
        if constexpr (std::is_same_v<typename Profile::schema_type, quipu::etsy_schema>) {
            using sink = quipu::basic_etsy_console<quipu::file_writer>;
            const auto console =
                std::make_shared<sink>(quipu::file_writer(),
                                       quipu::etsy_schema(schema_options<Profile>(all)),
                                       local_date,
                                       option.pretty);
            return register_sink(
                server, option, [console](const auto& from) { return console->write(from); });
        } else {
            using sink = quipu::basic_console<quipu::file_writer>;
            const auto console = std::make_shared<sink>(quipu::file_writer(), *all.percentiles);
            return register_sink(
                server, option, [console](const auto& from) { return console->write(from); });
        }
    }
    }
}

template <class Server>
void add_key_report(Server& server, const settings& all) {
    if (all.keys_interval_ms == 0)
        return;
    server.report_keys(
        all.keys_interval_ms,
        [path = all.keys_log, percent = all.keys_percent](const quipu::key_report& from) {
            std::string text;
            quipu::append_key_lines(text, from.keys, percent, local_date(from.timestamp));
            if (text.empty())
                return quipu::errc::ok;
            return path == "stdout" ? quipu::file_writer().send(text)
                                    : quipu::append_file(path).send(text);
        });
}

template <class Server>
quipu::errc listen(Server& server, const listen_setting& one, const settings& all) {
    switch (one.kind) {
    case way_in::address: return server.listen(one.at);
    case way_in::unix_path: return server.listen_unix(one.path, one.unix, one.mode);
    case way_in::inherited: return server.listen_inherited();
    case way_in::standard_input: break;
    }
    // The C statsite goes on when its input has ended.
    return server.listen_file(STDIN_FILENO, all.profile == profile_name::statsite);
}

/// Why the server cannot start, as one line; empty if all is bound.
template <class Server>
std::string bind(Server& server, const settings& all, const quipu::log& messages) {
    const auto why = [](const std::string& what, quipu::errc error) {
        return error == quipu::errc::ok ? std::string()
                                        : what + ": " + std::string(quipu::message(error));
    };
    std::string text;
    for (const auto& one : all.listen) {
        if (text.empty())
            text = why("cannot listen on " + one.url(), listen(server, one, all));
    }
    if (all.admin && text.empty()) {
        text = why("cannot answer admin commands on " + to_string(*all.admin),
                   server.listen_admin(*all.admin));
        if (all.admin_is_default && !text.empty()) {
            messages.warning(text + "; goes on without");
            text.clear();
        }
    }
    if (all.aliveness && text.empty())
        text = why("cannot answer aliveness checks on " + to_string(*all.aliveness),
                   server.listen_aliveness(*all.aliveness));
    return text;
}

inline quipu::flush_schedule schedule(const settings& all) {
    return {all.interval_ms, all.align, all.offset_ms};
}

/// What the system gives in place of the `receive_buffer` that somebody set; empty if that.
inline std::string buffer_that_is_not_granted(const settings& all) {
    const std::size_t wanted = all.receive_buffer_bytes;
    if (wanted == 0 || wanted == settings().receive_buffer_bytes)
        return {};
    auto probe = quipu::socket::open(quipu::address::loopback_v4(0), quipu::ip_protocol::udp);
    if (!probe)
        return {};
    const auto granted = probe->receive_buffer(wanted);
#if defined(__linux__)
    const std::size_t usable = granted.value_or(0) / 2; // it doubles what is asked
#else
    const std::size_t usable = granted.value_or(0);
#endif
    if (usable >= wanted)
        return {};
    return "receive_buffer: asked for " + std::to_string(wanted) + " bytes, the system gives " +
           std::to_string(usable) +
           "; as root: sysctl -w net.core.rmem_max=" + std::to_string(wanted);
}

inline quipu::prometheus_options metrics_options(const settings& all) {
    quipu::prometheus_options made;
    made.bounds = all.metrics_buckets;
    made.quantiles = all.metrics_quantiles;
    made.ttl_seconds = static_cast<double>(all.metrics_ttl_ms) / 1000;
    return made;
}

inline quipu::mapping_rules mapping_rules(const settings& all) {
    quipu::mapping_rules made;
    for (const auto& one : all.mapping)
        made.push_back(one.rule);
    return made;
}

/// Reads the files again and takes over what a running server can change; of the rest it says so.
template <class Server>
void reload(Server& server, const quipu::log& messages, const reread& again, settings& now) {
    const auto line = again();
    if (!line.error.empty())
        return messages.error("the settings stay as they are: " + line.error);
    for (const auto& change : changes(now, line.all))
        messages.info(change);
    const auto before = std::exchange(now, take_over(now, line.all));
    messages.set_level(now.log_level);
    server.set_retentions(retentions<typename Server::retentions>(now));
    if (now.interval_ms != before.interval_ms || now.align != before.align ||
        now.offset_ms != before.offset_ms)
        server.set_schedule(schedule(now));
    server.change_metrics(metrics_options(now));
    server.change_mapping(mapping_rules(now));
    server.set_config(print_lines(now));
}

template <class Profile>
int serve(const command_line& line, const reread& again) {
    ignore_harmless_signals();
    settings all = line.all;
    starter waiting;
    if (all.daemonize) {
        auto background = go_into_background();
        if (!background)
            return fail(exit_not_started, "cannot go into the background");
        waiting = *std::move(background);
    }
    pid_file with_number;
    if (const auto why = with_number.write(all.pid_file); !why.empty())
        return fail(exit_not_started, why);
    if (all.syslog)
        ::openlog(all.log_name.c_str(), LOG_PID, *facility_of(*all.syslog));
    const quipu::log messages(all.syslog ? quipu::log::to_syslog : STDERR_FILENO, all.log_level);
    for (const auto& one : line.notices)
        messages.info(one);
    if (const auto text = raise_descriptor_limit(); !text.empty())
        messages.info(text);
    quipu::server_options options;
    options.schedule = schedule(all);
    options.listeners.receive_buffer_bytes = all.receive_buffer_bytes;
    options.listeners.idle_ms = all.connection_idle_ms;
    options.threads = all.threads;
    options.log_lines = all.log_lines;
    options.own_prefix = all.own_prefix;
    options.input_counter = all.input_counter;
    options.self_prefix = all.self_node;
    options.mapping = mapping_rules(all);
    options.config = print_lines(all);
    options.metrics = metrics_options(all);
    options.native_metrics = all.metrics_native;
    options.down_if = all.down_if;
    options.admin_hosts = all.admin_hosts;
    options.once = all.once;
    std::random_device random;
    options.hash_seed = std::uint64_t{random()} << 32U | random();
    using server_type = quipu::basic_server<Profile>;
    server_type server(messages, options, retentions<typename server_type::retentions>(all));
    if (const auto error = server.ready(); error != quipu::errc::ok) {
        return fail(exit_not_started, quipu::message(error));
    }
    if (!all.state.empty()) {
        auto folder = quipu::state_folder::open(all.state);
        if (!folder)
            return fail(exit_not_started,
                        "cannot keep the state in " + in_quotes(all.state) + ": " +
                            std::string(folder.error() == quipu::errc::address_in_use
                                            ? "another server does"
                                            : quipu::message(folder.error())));
        server.keep_state(*std::move(folder), {all.spool_bytes});
    }
    if (const auto why = bind(server, all, messages); !why.empty())
        return fail(exit_not_started, why);
    if (const auto text = buffer_that_is_not_granted(all); !text.empty())
        messages.warning(text);
    obey_signals(server);
    bool whole_seconds = false;
    command_list commands;
    for (const auto& one : all.sinks) {
        add_sink(server, one, settings_of(one, all), messages, commands);
        whole_seconds = whole_seconds || one.to.port != 0;
    }
    add_key_report(server, all);
    if (whole_seconds && all.interval_ms < 1000) {
        messages.warning("backends get whole seconds: of flushes less than one apart they keep the "
                         "last of each second");
    }
    for (const auto& one : server.bound())
        messages.info("listening on " + one);
    for (const auto& one : server.admin_addresses())
        messages.info("answering on tcp://" + to_string(one));
    std::puts("server is up");
    std::fflush(stdout);
    waiting.started();
    server.on_interrupt([&] { reload(server, messages, again, all); });
    server.run();
    ignore_all_signals();
    for (const auto& one : commands)
        one->end();
    if (!all.once)
        return exit_ok;
    const auto sinks = server.status().sinks;
    const bool lost = std::any_of(
        sinks.begin(), sinks.end(), [](const auto& one) { return one.report.dropped > 0; });
    return lost ? exit_not_started : exit_ok;
}

} // namespace quipud

// quipud: a StatsD server, assembled from the library.
#include <quipu/core/config.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/server/server.hpp>
#include <quipu/sink/console.hpp>
#include <quipu/sink/graphite.hpp>

#include "command_line.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipud {
namespace {

enum exit_code : int { exit_ok = 0, exit_not_started = 1, exit_usage = 2 };

int fail(exit_code code, std::string_view why) {
    std::fprintf(stderr, "quipud: %.*s\n", static_cast<int>(why.size()), why.data());
    return code;
}

/// The server's `stop`, for the signal handler.
template <class Server>
std::atomic<Server*> running{nullptr};

template <class Server>
void stop_on_signals(Server& server) {
    running<Server>.store(&server);
    struct sigaction action {};
    action.sa_handler = [](int) { running<Server>.load()->stop(); };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr); // standard output may be a pipe that ends
}

/// From here on a signal finds no server any more, and the end is near anyway.
void ignore_stop_signals() {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
}

std::vector<quipu::endpoint> default_listen(profile_name profile) {
    using quipu::ip_protocol;
    if (profile != profile_name::quipu)
        return {{ip_protocol::udp, {"", 8125}}};
    return {{ip_protocol::udp, {"127.0.0.1", 8125}}, {ip_protocol::tcp, {"127.0.0.1", 8125}}};
}

template <class SchemaOptions>
SchemaOptions schema_options(const command_line& line) {
    SchemaOptions options;
    if (line.percentiles)
        options.percentiles = *line.percentiles;
    if constexpr (requires { options.global_prefix; }) {
        if (line.prefix)
            options.legacy_prefix = options.global_prefix = *line.prefix;
    } else {
        if (line.prefix)
            options.prefix = *line.prefix;
    }
    return options;
}

template <class Profile>
struct graphite_traits : quipu::graphite_traits {
    static constexpr bool closes_after_flush = Profile::connects_for_each_flush;
    static constexpr bool verbatim_names = Profile::dialect_type::sanitizes;
};

template <class Profile>
void add_graphite(quipu::basic_server<Profile>& server,
                  const sink_option& option,
                  const command_line& line) {
    using schema = typename Profile::schema_type;
    using sink = quipu::basic_graphite<schema, quipu::tcp_sender, graphite_traits<Profile>>;
    // Shared, since a function that is stored must be copyable.
    const auto graphite =
        std::make_shared<sink>(schema(schema_options<typename Profile::schema_options>(line)),
                               quipu::tcp_sender(option.to));
    server.add_sink(option.url, [graphite](const auto& from) {
        using clock = std::chrono::steady_clock;
        const auto start = clock::now();
        const auto error = graphite->write(from);
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
        graphite->history().flush_milliseconds = static_cast<double>(took.count());
        return error;
    });
}

template <class Profile>
void add_console(quipu::basic_server<Profile>& server, const command_line& line) {
    using sink = quipu::basic_console<quipu::file_writer>;
    const auto percentiles = schema_options<typename Profile::schema_options>(line).percentiles;
    const auto console = std::make_shared<sink>(quipu::file_writer(), percentiles);
    server.add_sink("console", [console](const auto& from) { return console->write(from); });
}

template <class Profile>
int serve(const command_line& line) {
    const quipu::log messages;
    quipu::server_options options;
    options.schedule = {line.interval_ms, line.align, 0};
    std::random_device random;
    options.hash_seed = std::uint64_t{random()} << 32U | random();
    quipu::basic_server<Profile> server(messages, options);
    if (const auto error = server.ready(); error != quipu::errc::ok) {
        return fail(exit_not_started, quipu::message(error));
    }
    const auto listen = line.listen.empty() ? default_listen(line.profile) : line.listen;
    for (const auto& one : listen) {
        const auto error = server.listen(one);
        if (error == quipu::errc::ok)
            continue;
        return fail(exit_not_started,
                    "cannot listen on " + to_string(one) + ": " +
                        std::string(quipu::message(error)));
    }
    stop_on_signals(server);
    const auto sinks = line.sinks.empty() ? std::vector<sink_option>(1) : line.sinks;
    for (const auto& one : sinks) {
        one.kind == sink_kind::graphite ? add_graphite(server, one, line)
                                        : add_console(server, line);
    }
    const bool to_graphite = std::any_of(sinks.begin(), sinks.end(), [](const auto& one) {
        return one.kind == sink_kind::graphite;
    });
    if (to_graphite && line.interval_ms < 1000) {
        messages.warning(
            "Graphite keeps whole seconds: of flushes less than one apart it keeps the "
            "last of each second");
    }
    for (const auto& one : server.bound())
        messages.info("listening on " + one);
    std::puts("server is up");
    std::fflush(stdout);
    server.run();
    ignore_stop_signals();
    return exit_ok;
}

int run(const std::vector<std::string_view>& arguments) {
    const auto [line, error] = parse_command_line(arguments);
    if (!error.empty())
        return fail(exit_usage, error);
    if (line.help) {
        const auto text = help_text();
        std::fwrite(text.data(), 1, text.size(), stdout);
        return exit_ok;
    }
    if (line.version) {
        std::printf(
            "quipud %d.%d.%d\n", quipu::version_major, quipu::version_minor, quipu::version_patch);
        return exit_ok;
    }
    switch (line.profile) {
    case profile_name::quipu: return serve<quipu::profile::quipu>(line);
    case profile_name::etsy: return serve<quipu::profile::etsy>(line);
    case profile_name::kiip: return serve<quipu::profile::kiip>(line);
    }
    return exit_usage;
}

} // namespace
} // namespace quipud

int main(int argc, char** argv) {
    return quipud::run({argv + 1, argv + argc});
}

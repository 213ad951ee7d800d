// Each option that Etsy's statsd, statsite and the Python statsite have, and what quipud makes of it.
#include "support/catch.hpp"
#include "support/quipud.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using quipu::test::file;
using quipu::test::has_line;
using quipu::test::printed;
using quipu::test::quipud;
using quipu::test::words;

namespace {

/// An option of a peer, what its file says, and a line that the settings then have and otherwise have
/// not. An empty line: the option has no effect here, and quipud says so.
struct option {
    std::string_view name;
    std::string_view text;
    std::string_view line;
};

// The lists of the peers' options: statsd 0.10.2 (exampleConfig.js), statsite 0.8 (README), and the
// Python statsite 0.4.

constexpr option of_etsy[] = {
    {"graphiteHost", "graphiteHost: 'g'", "sink = graphite://g:2003"},
    {"graphitePort", "graphiteHost: 'g', graphitePort: 5", "sink = graphite://g:5"},
    {"graphiteProtocol",
     "graphiteHost: 'g', graphiteProtocol: 'pickle'",
     "sink = graphite+pickle://g:2004"},
    {"graphitePicklePort",
     "graphiteHost: 'g', graphiteProtocol: 'pickle', graphitePicklePort: 5",
     "sink = graphite+pickle://g:5"},
    {"backends", "backends: ['./backends/console']", "sink = console:"},
    {"servers",
     "servers: [{server: './servers/tcp', address: '::1', port: 2}]",
     "listen = tcp://[::1]:2"},
    {"server", "server: './servers/tcp'", "listen = tcp://:8125"},
    {"address", "address: '127.0.0.1'", "listen = udp://127.0.0.1:8125"},
    {"address_ipv6", "address: '::1', address_ipv6: true", "listen = udp://[::1]:8125"},
    {"port", "port: 5", "listen = udp://:5"},
    {"socket", "server: './servers/tcp', socket: '/tmp/s'", "listen = unix:///tmp/s"},
    {"socket_mod",
     "server: './servers/tcp', socket: '/tmp/s', socket_mod: '0660'",
     "listen = unix:///tmp/s?mode=0660"},
    {"debug", "debug: true", ""},
    {"mgmt_address", "mgmt_address: '127.0.0.1'", "admin = 127.0.0.1:8126"},
    {"mgmt_port", "mgmt_port: 5", "admin = :5"},
    {"title", "title: 'x'", ""},
    {"healthStatus", "healthStatus: 'down'", ""}, // that statsd is up, whatever it says
    {"dumpMessages", "dumpMessages: true", "log_lines = yes"},
    {"flushInterval", "flushInterval: 2500", "interval = 2500ms"},
    {"percentThreshold", "percentThreshold: [50, -10]", "percentiles = 50,-10"},
    {"flush_counts", "flush_counts: false", "counts = no"},
    {"keyFlush.interval", "keyFlush: {interval: 2000}", "interval = 2s"},
    {"keyFlush.percent", "keyFlush: {interval: 2000, percent: 7}", "percent = 7"},
    {"keyFlush.log", "keyFlush: {interval: 2000, log: '/tmp/k'}", "log = /tmp/k"},
    {"deleteIdleStats", "deleteIdleStats: true", "sets = drop"},
    {"deleteCounters", "deleteCounters: true", "counters = drop"},
    {"deleteTimers", "deleteTimers: true", "timers = drop"},
    {"deleteSets", "deleteSets: true", "sets = drop"},
    {"deleteGauges", "deleteGauges: true", "gauges = drop"},
    {"gaugesMaxTTL", "deleteGauges: true, gaugesMaxTTL: 3", "gauges = 2"},
    {"prefixStats", "prefixStats: 'me'", "own_prefix = me"},
    {"keyNameSanitize", "keyNameSanitize: false", "sanitize = no"},
    {"calculatedTimerMetrics", "calculatedTimerMetrics: ['sum']", "timer_metrics = sum"},
    {"console.prettyprint",
     "backends: ['./backends/console'], console: {prettyprint: true}",
     "sink = console:pretty"},
    {"log.backend", "log: {backend: 'syslog'}", "log = syslog:user"},
    {"log.application", "log: {backend: 'syslog', application: 'x'}", "log_name = x"},
    {"log.level", "log: {level: 'LOG_ERR'}", "log_level = error"},
    {"graphite.legacyNamespace", "graphite: {legacyNamespace: false}", "legacy = no"},
    {"graphite.globalPrefix",
     "graphite: {legacyNamespace: false, globalPrefix: 'p'}",
     "prefix = p"},
    {"graphite.prefixCounter",
     "graphite: {legacyNamespace: false, prefixCounter: 'x'}",
     "counters = x"},
    {"graphite.prefixTimer", "graphite: {legacyNamespace: false, prefixTimer: 'x'}", "timers = x"},
    {"graphite.prefixGauge", "graphite: {legacyNamespace: false, prefixGauge: 'x'}", "gauges = x"},
    {"graphite.prefixSet", "graphite: {legacyNamespace: false, prefixSet: 'x'}", "sets = x"},
    {"graphite.globalSuffix", "graphite: {globalSuffix: 'x'}", "suffix = x"},
    {"repeater",
     "backends: ['./backends/repeater'], repeater: [{host: 'h', port: 5}]",
     "sink = repeat+udp4://h:5"},
    {"repeaterProtocol",
     "backends: ['./backends/repeater'], repeater: [{host: 'h', port: 5}], "
     "repeaterProtocol: 'tcp'",
     "sink = repeat+tcp://h:5"},
    {"histogram", "histogram: [{metric: 'a', bins: [1, 'inf']}]", "bins = 1,inf"},
    {"automaticConfigReload", "automaticConfigReload: false", ""}, // SIGHUP does it
};

constexpr option of_statsite[] = {
    {"port", "port = 5", "listen = tcp://:5"},
    {"tcp_port", "tcp_port = 5", "listen = tcp://:5"},
    {"udp_port", "udp_port = 5", "listen = udp://:5"},
    {"udp_rcvbuf", "udp_rcvbuf = 4096", "receive_buffer = 4096"},
    {"bind_address", "bind_address = 127.0.0.1", "listen = udp://127.0.0.1:8125"},
    {"parse_stdin", "parse_stdin = true", "listen = stdin:"},
    {"log_level", "log_level = ERROR", "log_level = error"},
    {"log_facility", "log_facility = local5\ndaemonize = true", "log = syslog:local5"},
    {"flush_interval", "flush_interval = 3", "interval = 3s"},
    {"aligned_flush", "aligned_flush = true", "align = yes"},
    {"timer_eps", "timer_eps = 0.05", "quantile_error = 0.05"},
    {"set_eps", "set_eps = 0.05", ""},
    {"stream_cmd", "stream_cmd = wc -l", "sink = exec:wc -l"},
    {"input_counter", "input_counter = lines", "input_counter = lines"},
    {"daemonize", "daemonize = true", "daemonize = yes"},
    {"pid_file", "daemonize = true\npid_file = /run/x.pid", "pid_file = /run/x.pid"},
    {"binary_stream", "binary_stream = true", "sink = exec+binary:cat"},
    {"prefix_binary_stream",
     "binary_stream = true\nprefix_binary_stream = true",
     "sink = exec+prefixed:cat"},
    {"use_type_prefix", "use_type_prefix = false", "types = no"},
    {"global_prefix", "global_prefix = g.", "prefix = g."},
    {"kv_prefix", "kv_prefix = x.", "keyvalues = x."},
    {"gauges_prefix", "gauges_prefix = x.", "gauges = x."},
    {"counts_prefix", "counts_prefix = x.", "counters = x."},
    {"sets_prefix", "sets_prefix = x.", "sets = x."},
    {"timers_prefix", "timers_prefix = x.", "timers = x."},
    {"extended_counters", "extended_counters = true", "extended_counters = yes"},
    {"legacy_extended_counters", "legacy_extended_counters = false", "counts_samples = no"},
    {"timers_include", "timers_include = COUNT", "timer_metrics = COUNT"},
    {"quantiles", "quantiles = 0.25", "quantiles = 0.25"},
    {"histogram", "[histogram_x]\nprefix = api\nmin = 0\nmax = 9\nwidth = 3", "match = api"},
};

constexpr option of_kiip[] = {
    {"flush_interval", "[statsite]\nflush_interval = 3", "interval = 3s"},
    {"log_level", "[statsite]\nlog_level = error", "log_level = error"},
    {"collector.class",
     "[collector]\nclass = statsite.collector.TCPCollector",
     "listen = tcp://0.0.0.0:8125"},
    {"collector.host", "[collector]\nhost = 127.0.0.1", "listen = udp://127.0.0.1:8125"},
    {"collector.port", "[collector]\nport = 5", "listen = udp://0.0.0.0:5"},
    {"store.host", "[store]\nhost = h", "sink = graphite://h:2003"},
    {"store.port", "[store]\nport = 5", "sink = graphite://localhost:5"},
    {"store.prefix", "[store]\nprefix = p", "prefix = p"},
    {"store.attempts", "[store]\nattempts = 5", ""},
    {"aliveness_check.enabled", "[aliveness_check]\nenabled = 1", "aliveness = 0.0.0.0:8325"},
    {"aliveness_check.host",
     "[aliveness_check]\nenabled = 1\nhost = 127.0.0.1",
     "aliveness = 127.0.0.1:8325"},
    {"aliveness_check.port", "[aliveness_check]\nenabled = 1\nport = 5", "aliveness = 0.0.0.0:5"},
    {"metrics.ms.percentile", "[metrics]\nms.percentile = 80", "percentiles = 80"},
};

/// What quipud makes of a file, as `option` says.
void check(const option& one, const std::string& name, const words& way, const std::string& text) {
    const file with(name, text);
    words options = way;
    options.push_back(with.path());
    CAPTURE(one.name, text);
    const auto all = printed(options);
    if (!one.line.empty()) {
        CAPTURE(all);
        CHECK(has_line(all, std::string(one.line)));
        return;
    }
    options.emplace_back("--check");
    const auto program = quipud(options);
    CHECK(program->exit_code() == 0);
    const std::string told(one.name.substr(one.name.rfind('.') + 1));
    const auto notices = program->err() + program->out();
    CAPTURE(notices);
    CHECK(notices.find(told) != std::string::npos);
}

/// None of the lines stands there without the option.
template <std::size_t Size>
void check_defaults(const option (&all)[Size], const std::string& name, const words& way) {
    const file empty(name, name.ends_with(".js") ? "{}" : "[statsite]\nflush_interval = 10\n");
    words options = way;
    options.push_back(empty.path());
    const auto defaults = printed(options);
    for (const auto& one : all) {
        CAPTURE(one.name, one.line);
        const bool stands = !one.line.empty() && has_line(defaults, std::string(one.line));
        CHECK_FALSE(stands);
    }
}

} // namespace

TEST_CASE("quipud options: each of Etsy's statsd", "[quipud][config]") {
    for (const auto& one : of_etsy)
        check(one, "option.js", {}, "{" + std::string(one.text) + "}");
    check_defaults(of_etsy, "none.js", {});
}

TEST_CASE("quipud options: each of statsite", "[quipud][config]") {
    for (const auto& one : of_statsite)
        check(one, "option.conf", {"-f"}, "[statsite]\n" + std::string(one.text) + "\n");
    check_defaults(of_statsite, "none.conf", {"-f"});
}

TEST_CASE("quipud options: each of the Python statsite", "[quipud][config]") {
    for (const auto& one : of_kiip)
        check(one, "option.ini", {"-c"}, std::string(one.text) + "\n");
    check_defaults(of_kiip, "none.ini", {"-c"});
}

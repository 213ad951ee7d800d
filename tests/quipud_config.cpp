// quipud's config files: its own, and those of the servers whose place it takes.
#include "support/asking.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/process.hpp"
#include "support/quipud.hpp"
#include "support/running_quipud.hpp"

#include <quipu/net/udp.hpp>
#include <quipu/wire/binary_point.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

using quipu::errc;
using quipu::test::asking;
using quipu::test::eventually;
using quipu::test::file;
using quipu::test::graphite_server;
using quipu::test::has_line;
using quipu::test::printed;
using quipu::test::process;
using quipu::test::quipud;
using quipu::test::words;

namespace {

/// What is wrong, without the name of the program; the path is shown as FILE.
std::string refusal(const words& options, const std::string& path = {}) {
    const auto program = quipud(options);
    CHECK(program->exit_code() == 2);
    CHECK(program->out().empty());
    auto text = program->err();
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.starts_with("quipud: "));
    text.erase(0, 8);
    for (auto at = text.find(path); !path.empty() && at != text.npos; at = text.find(path))
        text.replace(at, path.size(), "FILE");
    return text;
}

/// quipud as a file says, with free ports where the file has port 0.
using running = quipu::test::running_quipud;

} // namespace

TEST_CASE("quipud config: its own file has what the options have, and more", "[quipud][config]") {
    const file own("own.ini",
                   "; a comment\n"
                   "[quipud]\n"
                   "profile = etsy\n"
                   "listen = udp://127.0.0.1:1\n"
                   "listen = tcp://[::1]:2\n"
                   "sink = graphite://a.example\n"
                   "sink = console:\n"
                   "interval = 500ms\n"
                   "align = yes\n"
                   "offset = 200ms\n"
                   "percentiles = 50, 99.9,-10\n"
                   "prefix = p\n"
                   "own_prefix = me\n"
                   "input_counter = lines\n"
                   "self = quipud\n"
                   "once = no\n"
                   "daemonize = yes\n"
                   "pid_file = /run/q.pid\n"
                   "log = syslog:local3\n"
                   "admin = 127.0.0.1\n"
                   "aliveness = :7\n"
                   "log_name = me\n"
                   "log_level = error\n"
                   "log_lines = yes\n"
                   "receive_buffer = 65536\n"
                   "threads = 3\n"
                   "state = /var/lib/q\n"
                   "spool = 5000\n"
                   "[names]\n"
                   "legacy = no\n"
                   "suffix = suf\n"
                   "timer_metrics = count, upper_percent\n"
                   "[idle]\n"
                   "counters = drop\n"
                   "gauges = 3\n"
                   "[histogram web]\n"
                   "match = api\n"
                   "bins = 1, 2.5, inf\n");
    const std::string expected = "[quipud]\n"
                                 "profile = etsy\n"
                                 "listen = udp://127.0.0.1:1\n"
                                 "listen = tcp://[::1]:2\n"
                                 "sink = graphite://a.example\n"
                                 "sink = console:\n"
                                 "interval = 500ms\n"
                                 "align = yes\n"
                                 "offset = 200ms\n"
                                 "percentiles = 50,99.9,-10\n"
                                 "prefix = p\n"
                                 "own_prefix = me\n"
                                 "input_counter = lines\n"
                                 "self = quipud\n"
                                 "admin = 127.0.0.1:8126\n"
                                 "admin_hosts = \n"
                                 "down_if = all\n"
                                 "aliveness = :7\n"
                                 "log = syslog:local3\n"
                                 "log_name = me\n"
                                 "log_level = error\n"
                                 "log_lines = yes\n"
                                 "receive_buffer = 65536\n"
                                 "connection_idle = 60s\n"
                                 "repeat_datagram = 0\n"
                                 "threads = 3\n"
                                 "state = /var/lib/q\n"
                                 "spool = 5000\n"
                                 "once = no\n"
                                 "daemonize = yes\n"
                                 "pid_file = /run/q.pid\n"
                                 "\n"
                                 "[keys]\n"
                                 "interval = off\n"
                                 "percent = 100\n"
                                 "log = stdout\n"
                                 "\n"
                                 "[prometheus]\n"
                                 "buckets = \n"
                                 "quantiles = 0.5,0.9,0.99\n"
                                 "ttl = 3600s\n"
                                 "native = yes\n"
                                 "\n"
                                 "[names]\n"
                                 "legacy = no\n"
                                 "counts = yes\n"
                                 "sanitize = yes\n"
                                 "counters = counters\n"
                                 "timers = timers\n"
                                 "gauges = gauges\n"
                                 "sets = sets\n"
                                 "suffix = suf\n"
                                 "timer_metrics = count,upper_percent\n"
                                 "\n"
                                 "[idle]\n"
                                 "counters = drop\n"
                                 "timers = keep\n"
                                 "gauges = 3\n"
                                 "sets = keep\n"
                                 "\n"
                                 "[histogram web]\n"
                                 "match = api\n"
                                 "bins = 1,2.5,inf\n";
    CHECK(printed({own.path()}) == expected);
    for (const auto* const option : {"--config", "-c", "-f"})
        CHECK(printed({option, own.path()}) == expected);
    const file again("again.ini", expected);
    CHECK(printed({again.path()}) == expected);
}

TEST_CASE("quipud config: the command line counts before files, later files before earlier",
          "[quipud][config]") {
    const file first("first.ini",
                     "[quipud]\ninterval=1s\nprefix=a\nlisten=udp://:1\nlisten=udp://:2\n");
    const file second("second.ini", "[quipud]\nprefix=b\nlisten=udp://:3\n");
    const auto both = printed({first.path(), second.path()});
    CHECK(has_line(both, "interval = 1s"));
    CHECK(has_line(both, "prefix = b"));
    CHECK(has_line(both, "listen = udp://:3"));
    CHECK_FALSE(has_line(both, "listen = udp://:1"));
    const auto all = printed({"--listen=tcp://:4",
                              first.path(),
                              "-s",
                              "quipud.prefix=c",
                              "-s",
                              "quipud.interval=3",
                              "--interval=2s"});
    CHECK(has_line(all, "prefix = c"));
    CHECK(has_line(all, "interval = 2s"));
    CHECK(has_line(all, "listen = tcp://:4"));
    CHECK_FALSE(has_line(all, "listen = udp://:1"));
}

TEST_CASE("quipud config: --check says nothing when all is well", "[quipud][config]") {
    const file own("check.ini", "[quipud]\ninterval=1s\n");
    const auto program = quipud({"--check", own.path()});
    CHECK(program->exit_code() == 0);
    CHECK(program->out().empty());
    CHECK(program->err().empty());
}

TEST_CASE("quipud config: what is wrong is told with file, line and key", "[quipud][config]") {
    const auto [name, text, why] = GENERATE(table<std::string, std::string, std::string>({
        {"a.ini",
         "[quipud]\n\nintervall = 1\n",
         "FILE:3: unknown setting 'intervall'; did you mean 'interval'?\n"},
        {"a.ini",
         "[quipd]\ninterval = 1\n",
         "FILE:2: unknown section 'quipd'; did you mean 'quipud'?\n"},
        {"a.ini",
         "[quipud]\ninterval = soon\n",
         "FILE:2: interval 'soon': use a time such as 10s, 500ms or 1m, from 100ms to 24h\n"},
        {"a.ini", "[quipud]\nalign = maybe\n", "FILE:2: align 'maybe': use yes or no\n"},
        {"a.ini",
         "[quipud]\nreceive_buffer = -1\n",
         "FILE:2: receive_buffer '-1': use a number of bytes up to 1 GiB; 0 leaves it to the "
         "system\n"},
        {"a.ini",
         "[idle]\ncounters = 1.5\n",
         "FILE:2: counters '1.5': use keep, drop, or for how many flushes an idle series stays\n"},
        {"a.ini",
         "[quipud]\nprofile = etsy\n[histogram]\nbins = 2,1\n",
         "FILE:4: [histogram]: use rising limits for bins, such as 10,100,inf\n"},
        {"a.ini",
         "[histogram]\nbin = 1\n",
         "FILE:2: bin '1': a histogram has match, and bins or min, max and width\n"},
        {"a.ini",
         "[quipud]\nlog = syslog:x\n",
         "FILE:2: log 'syslog:x': use stderr or syslog:FACILITY, such as syslog:local0\n"},
        {"a.ini",
         "[names]\nlegacy = no\n",
         "FILE:2: legacy: the profile quipu has no such setting\n"},
        {"a.ini", "interval = 1\n", "FILE:1: 'interval' stands before the first '[section]'\n"},
        {"a.ini", "[quipud]\nx\n", "FILE:2: neither 'key = value' nor '[section]'\n"},
        {"a.js",
         "{\n port: 1\n mgmt_port: 2}",
         "FILE:3: a ',' or a '}' is expected after a value\n"},
        {"a.js",
         "{flushInterval: 'soon'}",
         "FILE:1: flushInterval 'soon': use a number of milliseconds\n"},
        {"a.js",
         "{flushInterval: 50}",
         "FILE:1: flushInterval '50ms': use a time such as 10s, 500ms or 1m, from 100ms to 24h\n"},
        {"a.js",
         "{\nport: 'x'}",
         "FILE:2: port 'udp://:x': use udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH, "
         "unixgram:///PATH, stdin: or inherited:\n"},
        {"a.js", "[1]", "FILE:1: an object is expected: { … }\n"},
        {"a.js",
         "{backends: ['my-backend']}",
         "FILE:1: backends 'my-backend': use ./backends/graphite, ./backends/console or "
         "./backends/repeater\n"},
        {"a.js",
         "{server: './servers/http'}",
         "FILE:1: server './servers/http': use ./servers/udp or ./servers/tcp\n"},
        {"a.js",
         "{percentThreshold: 'most'}",
         "FILE:1: percentThreshold 'most': use numbers from -100 to 100 such as 50,90,99.9\n"},
        {"a.js",
         "{histogram: [{metric: 'a', bins: [2, 1]}]}",
         "FILE:1: [histogram 1]: use rising limits for bins, such as 10,100,inf\n"},
        {"a.ini",
         "[collector]\nclass = my.Collector\n",
         "FILE:2: class 'my.Collector': use UDPCollector or TCPCollector\n"},
        {"a.ini",
         "[collector]\nport = x\n",
         "FILE:2: port 'udp://0.0.0.0:x': use udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH, "
         "unixgram:///PATH, stdin: or inherited:\n"},
        {"a.ini",
         "[collector]\n[statsite]\nlog_level = loud\n",
         "FILE:3: log_level 'loud': choose debug, info, warn, error or critical\n"},
        {"a.ini", "[statsite]\nport = 1\n[x]\n", "FILE:3: unknown section 'x'\n"},
        {"a.ini",
         "[statsite]\nport = 1\nlog_level = loud\n",
         "FILE:3: log_level 'loud': choose DEBUG, INFO, WARN, ERROR or CRITICAL\n"},
        {"a.ini",
         "[statsite]\nport = 1\nquantiles = 0.5, 1\n",
         "FILE:3: quantiles '0.5, 1': use numbers between 0 and 1 such as 0.5,0.95,0.99\n"},
        {"a.ini",
         "[statsite]\nport = 1\ntimer_eps = 0.5\n",
         "FILE:3: timer_eps '0.5': use a number above 0 and below 0.5\n"},
        {"a.ini",
         "[statsite]\nport = 1\nbinary_stream = maybe\n",
         "FILE:3: binary_stream 'maybe': use true or false\n"},
        {"a.ini",
         "[statsite]\nport = 1\ntimers_include = COUNT, most\n",
         "FILE:3: timers_include 'COUNT,most': choose of sum, sum_sq, mean, lower, upper, count, "
         "stdev, "
         "median, rate and sample_rate\n"},
        {"a.ini",
         "[statsite]\nport = 1\n[histogram_a]\nprefix = a\nmin = 0\nmax = 9\n",
         "FILE:4: [histogram_a]: use numbers for min, max and width, with up to 1,024 bins\n"},
    }));
    const file wrong(name, text);
    CAPTURE(text);
    CHECK(refusal({wrong.path()}, wrong.path()) == why);
    CHECK(refusal({"--check", wrong.path()}, wrong.path()) == why);
}

TEST_CASE("quipud config: a file that cannot be read is told", "[quipud][config]") {
    CHECK(refusal({"/nowhere/x.ini"}) ==
          "cannot read '/nowhere/x.ini': No such file or directory\n");
    CHECK(refusal({std::filesystem::temp_directory_path().string()}).find("Is a directory") !=
          std::string::npos);
    const file large("large.ini", std::string((std::size_t{1} << 20) + 1, '\n'));
    CHECK(refusal({large.path()}).find("larger than 1 MiB") != std::string::npos);
}

TEST_CASE("quipud config: a file of the Python statsite", "[quipud][config]") {
    const file one("one.ini",
                   "[statsite]\nflush_interval = 3\nlog_level = WARN\n"
                   "[collector]\nhost = 127.0.0.1\nport = 5\nclass = collector.TCPCollector\n"
                   "[store]\nhost = ::1\nport = 6\nprefix = mine\n"
                   "[aliveness_check]\nenabled = yes\nport = 7\n");
    const auto all = printed({"-c", one.path()});
    CHECK(has_line(all, "profile = kiip"));
    CHECK(has_line(all, "interval = 3s"));
    CHECK(has_line(all, "log_level = warning"));
    CHECK(has_line(all, "listen = tcp://127.0.0.1:5"));
    CHECK(has_line(all, "sink = graphite://[::1]:6"));
    CHECK(has_line(all, "prefix = mine"));
    CHECK(has_line(all, "aliveness = 0.0.0.0:7"));
    CHECK_FALSE(has_line(all, "[names]"));

    const file two("two.ini", "[collector]\nport = 55\n[aliveness_check]\nenabled = False\n");
    const auto both =
        printed({"-c", one.path(), "-c", two.path(), "-s", "store.port=66", "-l", "error"});
    CHECK(has_line(both, "listen = tcp://127.0.0.1:55"));
    CHECK(has_line(both, "sink = graphite://[::1]:66"));
    CHECK(has_line(both, "aliveness = off"));
    CHECK(has_line(both, "log_level = error"));

    const auto defaults = printed({"-s", "store.prefix=x"});
    CHECK(has_line(defaults, "listen = udp://0.0.0.0:8125"));
    CHECK(has_line(defaults, "sink = graphite://localhost:2003"));
    CHECK(has_line(defaults, "interval = 10s"));

    const file bare("bare.ini", "[statsite]\nflush_interval = 2\n");
    CHECK(has_line(printed({"-c", bare.path()}), "profile = kiip"));
}

TEST_CASE("quipud config: the Python statsite's place is taken", "[quipud][config]") {
    const graphite_server graphite;
    const file config("kiip.ini",
                      "[statsite]\nflush_interval = 1\n"
                      "[collector]\nhost = 127.0.0.1\nport = 0\n"
                      "[store]\nhost = 127.0.0.1\nport = " +
                          std::to_string(graphite.port()) +
                          "\nattempts = 5\n"
                          "[aliveness_check]\nenabled = 1\nhost = 127.0.0.1\nport = 0\n"
                          "[other]\nthing = 1\n");
    running server({"-c", config.path()});
    server.send("hits:3|c\nhits:4|c\nt:1|ms\nq:1|g");
    CHECK(graphite.shows("statsite.counts.hits", "7"));
    CHECK(graphite.shows("statsite.timers.t.upper_90", "1"));
    CHECK(asking(server.port("answering on tcp://")).hear_all() == "YES");
    CHECK(server.program().complains("attempts has no effect"));
    CHECK(server.program().complains("thing is unknown and left out"));
    CHECK(server.ends_well());
    for (const auto& point : graphite.points())
        CHECK(point.name.starts_with("statsite."));
}

TEST_CASE("quipud config: a file of Etsy's statsd", "[quipud][config]") {
    const file config(
        "etsy.js",
        "{\n"
        "  graphiteHost: 'g.example', graphitePort: 2013,\n"
        "  servers: [{server: './servers/udp', address: '127.0.0.1', port: 1},\n"
        "            {server: \"./servers/tcp\", address: '::1', port: '2'}, {}],\n"
        "  backends: ['./backends/graphite', './backends/console'],\n"
        "  flushInterval: 250, percentThreshold: [50, 99.9, -10],\n"
        "  mgmt_address: '127.0.0.1', mgmt_port: 3,\n"
        "  prefixStats: 'me', flush_counts: false, keyNameSanitize: false,\n"
        "  deleteIdleStats: true, deleteTimers: false, gaugesMaxTTL: 3,\n"
        "  calculatedTimerMetrics: ['count', 'mean_percent'],\n"
        "  log: {backend: 'syslog', level: 'LOG_WARNING'},\n"
        "  histogram: [{metric: 'a', bins: []}, {metric: '', bins: [1, 'inf']}],\n"
        "  graphite: {legacyNamespace: false, globalPrefix: '', prefixCounter: 'c',\n"
        "             prefixTimer: 't', prefixGauge: 'g', prefixSet: 's', globalSuffix: 'z'},\n"
        "}\n");
    CHECK(printed({config.path()}) == "[quipud]\n"
                                      "profile = etsy\n"
                                      "listen = udp://127.0.0.1:1\n"
                                      "listen = tcp://[::1]:2\n"
                                      "listen = udp://:8125\n"
                                      "sink = none:\n"
                                      "sink = graphite://g.example:2013\n"
                                      "sink = console:\n"
                                      "interval = 250ms\n"
                                      "align = no\n"
                                      "offset = 0s\n"
                                      "percentiles = 50,99.9,-10\n"
                                      "prefix = \n"
                                      "own_prefix = me\n"
                                      "input_counter = \n"
                                      "self = \n"
                                      "admin = 127.0.0.1:3\n"
                                      "admin_hosts = \n"
                                      "down_if = all\n"
                                      "aliveness = off\n"
                                      "log = syslog:user\n"
                                      "log_name = statsd\n"
                                      "log_level = warning\n"
                                      "log_lines = no\n"
                                      "receive_buffer = 4194304\n"
                                      "connection_idle = 60s\n"
                                      "repeat_datagram = 0\n"
                                      "threads = 1\n"
                                      "state = \n"
                                      "spool = 1073741824\n"
                                      "once = no\n"
                                      "daemonize = no\n"
                                      "pid_file = \n"
                                      "\n"
                                      "[keys]\n"
                                      "interval = off\n"
                                      "percent = 100\n"
                                      "log = stdout\n"
                                      "\n"
                                      "[prometheus]\n"
                                      "buckets = \n"
                                      "quantiles = 0.5,0.9,0.99\n"
                                      "ttl = 3600s\n"
                                      "native = yes\n"
                                      "\n"
                                      "[names]\n"
                                      "legacy = no\n"
                                      "counts = no\n"
                                      "sanitize = no\n"
                                      "counters = c\n"
                                      "timers = t\n"
                                      "gauges = g\n"
                                      "sets = s\n"
                                      "suffix = z\n"
                                      "timer_metrics = count,mean_percent\n"
                                      "\n"
                                      "[idle]\n"
                                      "counters = drop\n"
                                      "timers = keep\n"
                                      "gauges = 2\n"
                                      "sets = drop\n"
                                      "\n"
                                      "[histogram 1]\n"
                                      "match = a\n"
                                      "bins = \n"
                                      "\n"
                                      "[histogram 2]\n"
                                      "match = \n"
                                      "bins = 1,inf\n");
}

TEST_CASE("quipud config: Etsy's defaults are its own", "[quipud][config]") {
    const file config("empty.js", "{}");
    const auto all = printed({config.path()});
    CHECK(has_line(all, "profile = etsy"));
    CHECK(has_line(all, "listen = udp://:8125"));
    CHECK(has_line(all, "sink = none:")); // without a host nothing is sent
    CHECK(has_line(all, "interval = 10s"));
    CHECK(has_line(all, "percentiles = 90"));
    CHECK(has_line(all, "prefix = stats"));
    CHECK(has_line(all, "admin = :8126"));
    CHECK(has_line(all, "legacy = yes"));
    CHECK(has_line(all, "counters = keep"));

    const file pickle("pickle.js",
                      "{graphiteHost: 'g', graphiteProtocol: 'pickle', graphitePicklePort: 7}");
    CHECK(has_line(printed({pickle.path()}), "sink = graphite+pickle://g:7"));

    // The legacy names do not heed a prefix; an empty list of percentiles is none.
    const file legacy("legacy.js", "{graphite: {globalPrefix: 'x'}, percentThreshold: []}");
    CHECK(has_line(printed({legacy.path()}), "prefix = stats"));
    CHECK(has_line(printed({legacy.path()}), "percentiles = "));
}

TEST_CASE("quipud config: Etsy's place is taken", "[quipud][config]") {
    const graphite_server graphite;
    const file config("live.js",
                      "{ port: 0, address: '127.0.0.1', mgmt_port: 0, mgmt_address: '127.0.0.1'\n"
                      ", graphiteHost: '127.0.0.1', graphitePort: " +
                          std::to_string(graphite.port()) +
                          "\n, flushInterval: 300, deleteCounters: true, debug: true\n"
                          ", calculatedTimerMetrics: ['upper'], title: 'x', odd: 1 }");
    running server({config.path()});
    const auto admin_port = server.port("answering on tcp://");
    asking admin(admin_port);
    CHECK(admin.ask("gauges\n", "END\n\n").find("q:") == std::string::npos);
    server.send("hits:3|c\nt:5|ms\nq:7|g");
    CHECK(eventually(
        [&] { return admin.ask("gauges\n", "END\n\n").find("q: 7") != std::string::npos; }));
    CHECK(admin.ask("config\n", "sets: keep\n").find("interval: 300ms\n") != std::string::npos);
    CHECK(graphite.shows("stats_counts.hits", "3"));
    CHECK(graphite.shows("stats.timers.t.upper", "5"));
    CHECK(graphite.shows("stats.gauges.q", "7"));
    CHECK(graphite.last("stats.timers.t.mean") == "none");
    CHECK(server.program().complains("'odd' is unknown and left out"));
    CHECK(server.program().complains("'debug' has no effect here"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud config: a file of statsite", "[quipud][config]") {
    const file config("statsite.ini",
                      "[statsite]\n"
                      "port = 1\nudp_port = 2\nbind_address = ::1\nudp_rcvbuf = 65536\n"
                      "log_level = WARN\nlog_facility = local5\ndaemonize = true\n"
                      "pid_file = /run/s.pid\nflush_interval = 3\naligned_flush = yes\n"
                      "timer_eps = 0.02\nstream_cmd = python sink.py a:b --x=1\n"
                      "input_counter = lines\nbinary_stream = 1\nprefix_binary_stream = true\n"
                      "use_type_prefix = false\nglobal_prefix = g.\nkv_prefix = k.\n"
                      "gauges_prefix = a.\ncounts_prefix = c.\nsets_prefix = s.\n"
                      "timers_prefix = t.\nextended_counters = true\n"
                      "legacy_extended_counters = false\ntimers_include = COUNT, mean\n"
                      "quantiles = 0.5, 0.999\n"
                      "[histogram_api]\nprefix = api\nmin = 0\nmax = 100\nwidth = 50\n");
    CHECK(printed({"-f", config.path()}) == "[quipud]\n"
                                            "profile = statsite\n"
                                            "listen = tcp://[::1]:1\n"
                                            "listen = udp://[::1]:2\n"
                                            "sink = exec+prefixed:python sink.py a:b --x=1\n"
                                            "interval = 3s\n"
                                            "align = yes\n"
                                            "offset = 0s\n"
                                            "quantiles = 0.5,0.999\n"
                                            "quantile_error = 0.02\n"
                                            "prefix = g.\n"
                                            "input_counter = lines\n"
                                            "self = \n"
                                            "admin = off\n"
                                            "admin_hosts = \n"
                                            "down_if = all\n"
                                            "aliveness = off\n"
                                            "log = syslog:local5\n"
                                            "log_name = quipud\n"
                                            "log_level = warning\n"
                                            "log_lines = no\n"
                                            "receive_buffer = 65536\n"
                                            "connection_idle = 60s\n"
                                            "repeat_datagram = 0\n"
                                            "threads = 1\n"
                                            "state = \n"
                                            "spool = 1073741824\n"
                                            "once = no\n"
                                            "daemonize = yes\n"
                                            "pid_file = /run/s.pid\n"
                                            "\n"
                                            "[keys]\n"
                                            "interval = off\n"
                                            "percent = 100\n"
                                            "log = stdout\n"
                                            "\n"
                                            "[prometheus]\n"
                                            "buckets = \n"
                                            "quantiles = 0.5,0.9,0.99\n"
                                            "ttl = 3600s\n"
                                            "native = yes\n"
                                            "\n"
                                            "[names]\n"
                                            "types = no\n"
                                            "keyvalues = k.\n"
                                            "counters = c.\n"
                                            "timers = t.\n"
                                            "gauges = a.\n"
                                            "sets = s.\n"
                                            "timer_metrics = COUNT,mean\n"
                                            "extended_counters = yes\n"
                                            "counts_samples = no\n"
                                            "\n"
                                            "[histogram_api]\n"
                                            "match = api\n"
                                            "min = 0\n"
                                            "max = 100\n"
                                            "width = 50\n");
    const file own("statsite_own.ini", printed({config.path()}));
    CHECK(printed({own.path()}) == printed({config.path()}));

    const file nothing("statsite_nothing.ini", "[statsite]\ntcp_port = 0\nudp_port = 0\n");
    const auto all = printed({nothing.path()});
    CHECK(has_line(all, "listen = none:"));
    CHECK(has_line(all, "sink = exec:cat"));
    CHECK(has_line(all, "quantiles = 0.5,0.95,0.99"));
    const file bare("statsite_bare.ini", "[statsite]\nflush_interval = 2\n");
    CHECK(has_line(printed({"-f", bare.path()}), "listen = tcp://:8125"));
}

TEST_CASE("quipud config: under the name of statsite it is that server", "[quipud][config]") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("quipud_statsite_" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const auto name = folder / "statsite";
    std::filesystem::create_symlink(QUIPU_QUIPUD, name);
    const process program({name.string(), "--print-config"});
    CHECK(program.prints("profile = statsite\n"));
    CHECK(program.prints("sink = exec:cat\n"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("quipud config: statsite's place is taken", "[quipud][config]") {
    const file out("statsite.out", "");
    const file config("statsite_live.ini",
                      "[statsite]\nport = 0\nudp_port = 0\nflush_interval = 1\n"
                      "stream_cmd = cat >> " +
                          out.path() + "; echo flush >> " + out.path() +
                          "\nquantiles = 0.5, 0.90, 0.95, 0.99\nset_eps = 0.05\nodd = 1\n");
    // The ports 0 mean none there, so they are told beside.
    running server({"-f", config.path(), "--listen", "udp://127.0.0.1:0"});
    std::string timings = "t:0|ms";
    for (int i = 1; i < 100; ++i)
        timings += "\nt:" + std::to_string(i) + "|ms";
    server.send(timings);
    server.send("a:1|kv\na:2|kv\nb:1|c|@0.1\ng:4|g\ns:x|s\n");
    const auto text = [&] {
        std::ifstream in(out.path(), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    CHECK(eventually([&] { return text().find("sets.s|1|") != std::string::npos; }));
    CHECK(eventually([&] { return text().ends_with("flush\n"); }));
    for (const auto* const line : {"kv.a|2.000000|",
                                   "kv.a|1.000000|",
                                   "counts.b|10.000000|",
                                   "gauges.g|4.000000|",
                                   "timers.t.p50|49.000000|",
                                   "timers.t.p90|90.000000|",
                                   "timers.t.p95|95.000000|",
                                   "timers.t.p99|99.000000|"}) {
        CAPTURE(line);
        CHECK(text().find(line) != std::string::npos);
    }
    // An idle interval runs the command, too.
    CHECK(eventually([&] { return text().find("flush\nflush\n") != std::string::npos; }));
    CHECK(server.program().complains("odd is unknown and left out"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud config: statsite's binary stream has all numbers, whatever its lines have",
          "[quipud][config]") {
    const file out("statsite.bin", "");
    const file config(
        "statsite_binary.ini",
        "[statsite]\nport = 0\nudp_port = 0\nflush_interval = 3600\nbinary_stream = true\n"
        "timers_include = MEAN\nstream_cmd = cat >> " +
            out.path() + "\n");
    running server({"-f", config.path(), "--listen", "udp://127.0.0.1:0"});
    server.send("a:4|c|@0.5\nt:3|ms");
    CHECK(server.ends_well());
    std::ifstream in(out.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::vector<quipu::statistic> of_counter;
    std::size_t of_timer = 0;
    for (std::string_view rest = bytes; !rest.empty();) {
        const auto one = quipu::parse_binary_point(rest);
        REQUIRE(one);
        REQUIRE(one->complete());
        if (one->point.kind == quipu::metric_kind::counter)
            of_counter.push_back(one->point.what);
        else
            ++of_timer;
        rest.remove_prefix(one->size);
    }
    CHECK(of_counter == std::vector{quipu::statistic::count, quipu::statistic::rate});
    CHECK(of_timer > 9);
}

TEST_CASE("quipud config: a command that fails is told, and one that hangs does not stay",
          "[quipud][config]") {
    running failing({"--profile=statsite",
                     "--interval=200ms",
                     "--listen=udp://127.0.0.1:0",
                     "--sink=exec:exit 3"});
    CHECK(failing.program().complains(
        "exec:exit 3: the peer has failed at the message; the flush is lost"));
    CHECK(failing.ends_well());

    const file number("hangs.pid", "");
    running hanging({"--profile=statsite",
                     "--interval=200ms",
                     "--listen=udp://127.0.0.1:0",
                     "--sink=exec:echo $$ > " + number.path() + "; sleep 300"});
    pid_t shell = 0;
    CHECK(eventually([&] { return bool(std::ifstream(number.path()) >> shell) && shell > 0; }));
    CHECK(hanging.ends_well());
    CHECK(eventually([&] { return ::kill(shell, 0) != 0; }));
}

TEST_CASE("quipud config: in the background, with a pid file", "[quipud][config]") {
    const file number("quipud.pid", "999999999\n"); // of one that is gone
    const words options{"-s",
                        "quipud.daemonize=yes",
                        "-s",
                        "quipud.pid_file=" + number.path(),
                        "--listen=udp://127.0.0.1:0",
                        "--sink=none:"};
    const auto starter = quipud(options);
    CHECK(starter->exit_code() == 0);
    CHECK(starter->out() == "server is up\n");
    pid_t server = 0;
    REQUIRE(bool(std::ifstream(number.path()) >> server));
    CHECK(::kill(server, 0) == 0);
    const auto second = quipud(options);
    CHECK(second->exit_code() == 1);
    CHECK(second->complains("process " + std::to_string(server) + " is running"));
    CHECK(::kill(server, SIGTERM) == 0);
    CHECK(eventually([&] { return !std::filesystem::exists(number.path()); }));

    const auto refused = quipud({"-s", "quipud.daemonize=yes", "--listen=udp://192.0.2.77:1"});
    CHECK(refused->exit_code() == 1);
    CHECK(refused->complains("cannot listen on udp://192.0.2.77:1"));
}

TEST_CASE("quipud config: standard input, and Unix paths", "[quipud][config]") {
    const auto path = "/tmp/quipud_config_" + std::to_string(::getpid());
    const auto all = printed({"--listen=unix://" + path + "?mode=660",
                              "--listen=stdin:",
                              "--listen=unixgram://" + path + "g"});
    CHECK(has_line(all, "listen = unix://" + path + "?mode=0660"));
    CHECK(has_line(all, "listen = stdin:"));
    CHECK(has_line(all, "listen = unixgram://" + path + "g"));
    const file etsy("socket.js",
                    "{server: './servers/tcp', socket: '/x/y', socket_mod: 0660, servers: null}");
    CHECK(has_line(printed({etsy.path()}), "listen = unix:///x/y?mode=0660"));
    const file statsite("stdin.ini", "[statsite]\nport=0\nudp_port=0\nparse_stdin=true\n");
    CHECK(has_line(printed({statsite.path()}), "listen = stdin:"));

    // The end of standard input, if nothing else listens, is that of the server.
    const process program({"/bin/sh",
                           "-c",
                           "printf 'hits:3|c\\nhits:4|c' | exec " QUIPU_QUIPUD
                           " --listen stdin: --interval 1h"});
    CHECK(program.prints("  hits          7 "));
}

TEST_CASE("quipud config: idle series stay as long as a file says", "[quipud][config]") {
    const graphite_server graphite;
    const file config("idle.ini", "[idle]\ncounters = 1\ntimers = keep\n");
    const auto all = printed({config.path()});
    CHECK(has_line(all, "counters = 1"));
    CHECK(has_line(all, "timers = keep"));
    CHECK(has_line(all, "gauges = keep"));
    CHECK(has_line(all, "sets = drop"));
    running server({config.path(),
                    "--interval=200ms",
                    "--listen=udp://127.0.0.1:0",
                    "--sink",
                    graphite.url()});
    server.send("c:1|c\nt:1|ms\ns:x|s");
    const auto times = [&](std::string_view name) {
        std::size_t count = 0;
        for (const auto& point : graphite.points())
            count += std::size_t{point.name == name};
        return count;
    };
    CHECK(eventually([&] { return times("stats.timers.t.count") >= 5; }));
    CHECK(times("stats.counters.c.count") == 2);
    CHECK(times("stats.sets.s.count") == 1);
    CHECK(server.ends_well());
}

TEST_CASE("quipud: --once ends with the first flush", "[quipud][config]") {
    running server({"--once", "--interval=500ms", "--listen=udp://127.0.0.1:0"});
    server.send("hits:3|c");
    CHECK(server.program().exit_code() == 0);
    CHECK(server.program().prints("  hits          3 "));
}

TEST_CASE("quipud config: each sink has a section with its own options", "[quipud][config]") {
    graphite_server all;
    graphite_server some;
    const file own("sinks.ini",
                   "[quipud]\ninterval = 200ms\nlisten = udp://127.0.0.1:0\n"
                   "[sink all]\nurl = " +
                       all.url() +
                       "\n"
                       "[sink some]\nurl = " +
                       some.url() +
                       "\nprefix = web\npercentiles = 75\nonly = api.*,t\nexcept = *.debug\n"
                       "queue = 5\nretry = 50ms\nretry_max = 1s\nresend = 9\nlook_up = never\n");
    const auto text = printed({own.path()});
    CHECK(has_line(text, "[sink some]"));
    CHECK(has_line(text, "only = api.*,t"));
    CHECK(has_line(text, "retry_max = 1s"));
    CHECK(has_line(text, "resend = 9"));
    CHECK(has_line(text, "look_up = never"));
    CHECK_FALSE(has_line(text, "sink = " + all.url()));
    const file again("sinks_again.ini", text);
    CHECK(printed({again.path()}) == text);
    CHECK(has_line(printed({own.path(), "-s", "sink some.queue=7"}), "queue = 7"));
    CHECK_FALSE(has_line(printed({own.path(), "--sink", "none:"}), "[sink some]"));

    const auto program = quipud({own.path()});
    REQUIRE(program->prints("server is up\n"));
    constexpr std::string_view before = "listening on udp://127.0.0.1:";
    REQUIRE(program->complains(std::string(before)));
    const auto told = program->err();
    const auto port = std::stoul(told.substr(told.find(before) + before.size()));
    auto sender =
        quipu::udp_sender::connect(quipu::address::loopback_v4(static_cast<std::uint16_t>(port)));
    REQUIRE(sender);
    REQUIRE(sender->send("api.hits:1|c\napi.debug:1|c\nother:1|c\nt:1|ms\nt:2|ms") == errc::ok);
    CHECK(all.shows("stats.counters.other.count", "1"));
    CHECK(some.shows("web.counters.api.hits.count", "1"));
    CHECK(some.shows("web.timers.t.upper_75", "2"));
    CHECK(some.last("web.counters.other.count") == "none");
    CHECK(some.last("web.counters.api.debug.count") == "none");
    CHECK(all.last("stats.counters.api.debug.count") == "1");
    program->signal(SIGTERM);
    CHECK(program->exit_code() == 0);
}

TEST_CASE("quipud config: the admin port is there unless it is taken", "[quipud][config]") {
    CHECK(has_line(printed({}), "admin = 127.0.0.1:8126"));
    CHECK(has_line(printed({"--admin=off"}), "admin = off"));
    CHECK(has_line(printed({"--profile=etsy"}), "admin = off"));
    const words options{"--listen=udp://127.0.0.1:0", "--sink=none:"};
    bool told = false;
    for (int i = 0; i < 5 && !told; ++i) { // whoever has the port may leave it between the two
        const auto first = quipud(options);
        REQUIRE(first->prints("server is up\n"));
        const auto second = quipud(options);
        REQUIRE(second->prints("server is up\n"));
        told = second->err().find("cannot answer admin commands on 127.0.0.1:8126: the address is "
                                  "in use; goes on without\n") != std::string::npos;
        for (auto* const one : {first.get(), second.get()}) {
            one->signal(SIGTERM);
            CHECK(one->exit_code() == 0);
        }
    }
    CHECK(told);
}

TEST_CASE("quipud config: what is wrong with a sink is told", "[quipud][config]") {
    const auto why = [](const std::string& section) {
        const file wrong("sink_wrong.ini", section);
        const auto program = quipud({"--check", wrong.path()});
        CHECK(program->exit_code() == 2);
        return program->err();
    };
    const auto tells = [&](const std::string& section, const std::string& text) {
        const auto line = why(section);
        CAPTURE(line, text);
        CHECK(line.find(text) != std::string::npos);
    };
    tells("[sink a]\nurl = console\n", ":2: url 'console': use console:");
    tells("[sink a]\nurl = console:\nqueu = 1\n", ":3: queu '1': a sink has url");
    tells("[sink a]\nurl = console:\nqueu = 1\n", "did you mean 'queue'?");
    tells("[sink a]\nurl = console:\nqueue = 0\n", ":3: queue '0': use a number of flushes");
    tells("[sink a]\nqueue = 1\n", "[sink a]: url is missing");
    tells("[sink a]\nurl = console:\nprefix = x\n", "[sink a]: prefix: this sink gives names none");
    tells("[sink a]\nurl = repeat://h:1\nonly = x\n", "takes no flushes");
    tells("[sink a]\nurl = statsd://h:1\npercentiles = 5\n", "the other server has its own");
    tells("[sink a]\nurl = console:\nresend = 9\n", "resend: this sink keeps no connection open");
    tells("[sink a]\nurl = influx://h/d\nlook_up = 1m\n",
          "look_up: this sink keeps no connection open");
    tells("[sink a]\nurl = graphite://h\nlook_up = 1ms\n", ":3: look_up '1ms': use a time");
    tells("[sink a]\nurl = console:\nretry = soon\n", ":3: retry 'soon': use a time");
    tells("[sin a]\nurl = console:\n", "unknown section 'sin a'; did you mean 'sink'?");
}

TEST_CASE("quipud config: SIGHUP reads the files again", "[quipud][config]") {
    const graphite_server graphite;
    const file config("reload.ini", "[quipud]\ninterval = 1h\nprefix = a\n");
    running server({config.path(), "--listen=udp://127.0.0.1:0", "--sink", graphite.url()});
    const auto rewrite = [&](std::string_view text) {
        std::ofstream(config.path(), std::ios::binary) << text;
        server.program().signal(SIGHUP);
    };
    server.send("c:5|c");
    rewrite("[quipud]\ninterval = soon\n");
    CHECK(server.program().complains("the settings stay as they are: "));
    rewrite("[quipud]\ninterval = 200ms\nprefix = b\n[idle]\ncounters = keep\n");
    CHECK(server.program().complains("quipud.interval is now '200ms'\n"));
    CHECK(server.program().complains("idle.counters is now 'keep'\n"));
    CHECK(
        server.program().complains("quipud.prefix is now 'b' in the files: it needs a new start"));
    CHECK(graphite.shows("a.counters.c.count", "5"));
    // Its interval was the time since the start, not the new one: five in 0.2 seconds were 25.
    const auto points = graphite.points();
    const auto rate = std::find_if(points.begin(), points.end(), [](const auto& point) {
        return point.name == "a.counters.c.rate";
    });
    REQUIRE(rate != points.end());
    CAPTURE(rate->value);
    CHECK(std::stod(rate->value) > 0);
    CHECK(std::stod(rate->value) < 25);
    CHECK(graphite.shows("a.counters.c.count", "0"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud config: SIGHUP changes mappings and the page for Prometheus, and loses nothing",
          "[quipud][config]") {
    const std::string head = "[quipud]\nlisten = udp://127.0.0.1:0\nadmin = 127.0.0.1:0\nsink = "
                             "none:\ninterval = 100ms\n";
    const file config("maps.ini", head + "[map a]\nmatch = old.*\nname = first\ntags = x=$1\n");
    running server({config.path()});
    const auto port = server.port("answering on tcp://");
    const auto page_has = [&](const std::string& text) {
        return eventually([&] {
            asking page(port);
            return page.ask("GET /metrics HTTP/1.0\r\n\r\n", "no such end").find(text) !=
                   std::string::npos;
        });
    };
    server.send("old.one:5|c\nt:7|ms");
    CHECK(page_has("first_total{x=\"one\"} 5\n"));
    CHECK(page_has("t_count 1\n"));
    std::ofstream(config.path(), std::ios::binary)
        << head + "[map a]\nmatch = old.*\nname = second\n[prometheus]\nquantiles = 0.25\n";
    server.program().signal(SIGHUP);
    CHECK(server.program().complains("[map a] is another one now\n"));
    CHECK(server.program().complains("prometheus.quantiles is now '0.25'\n"));
    CHECK(page_has("t{quantile=\"0.25\"} "));
    std::uint64_t sent = 0;
    CHECK(eventually([&] {
        server.send("old.one:1|c");
        ++sent;
        return page_has("\nsecond_total ");
    }));
    CHECK(page_has("t_count 1\n"));
    CHECK(page_has("first_total{x=\"one\"} "));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: keyFlush of Etsy's statsd tells the most frequent keys", "[quipud]") {
    const file log("keys.log", "");
    const file config("keys.js",
                      "{address: '127.0.0.1', port: 0, mgmt_address: '127.0.0.1', mgmt_port: 0,\n"
                      " keyFlush: {interval: 50, percent: 60, log: '" +
                          log.path() + "'}}");
    const auto text = printed({config.path()});
    CHECK(text.find("[keys]\ninterval = 50ms\npercent = 60\nlog = " + log.path()) != text.npos);
    const auto own = printed({"--set", "keys.interval=1m"});
    CHECK(own.find("[keys]\ninterval = 60s\npercent = 100\nlog = stdout\n") != own.npos);
}

TEST_CASE("quipud config: rules map names", "[quipud][config]") {
    const std::string text = "[map latency]\n"
                             "match = api.*.*.latency\n"
                             "kind = timer\n"
                             "name = latency\n"
                             "tags = service=$1,method=$2\n"
                             "scale = 0.001\n"
                             "\n"
                             "[map noise]\n"
                             "match = debug.*\n"
                             "drop = yes\n";
    const graphite_server graphite;
    const file config("map.ini",
                      text +
                          "[quipud]\nlisten = udp://127.0.0.1:0\nprefix =\ninterval = 1h\n"
                          "sink = " +
                          graphite.url() + '\n');
    CHECK(printed({config.path()}).ends_with('\n' + text));
    running server({config.path()});
    server.send("api.shop.get.latency:250|ms\ndebug.x:1|c");
    CHECK(server.ends_well());
    CHECK(graphite.shows("timers.latency.sum;method=get;service=shop", "0.25"));
    CHECK(graphite.last("counters.debug.x.count") == "none");

    const auto tells = [](const std::string& all, const std::string& why) {
        const file wrong("wrong_map.ini", all);
        CHECK(refusal({"--check", wrong.path()}, wrong.path()) == why + '\n');
    };
    tells("[map x]\nmatch = a\n",
          "FILE:2: [map x]: it changes nothing: give it a name, tags, a scale, or drop = yes");
    tells("[map x]\nmatch = a\nname = $1\n",
          "FILE:2: [map x]: $1 is what the first '*' stands for, and so on: there are fewer, or it "
          "is another '$'");
    tells("[map x]\nkind = set of\n",
          "FILE:2: kind 'set of': choose counter, timer, gauge, set or keyvalue");
    tells("[map x]\ntags = a\n", "FILE:2: tags 'a': use a list such as service=$1,method=$2");
    tells("[map x]\nscale = 0\n", "FILE:2: scale '0': use a number such as 0.001");
    tells("[mop x]\nscale = 0\n", "FILE:2: unknown section 'mop x'; did you mean 'map'?");
}

TEST_CASE("quipud config: what `-l` and --set say changes nobody's server", "[quipud][config]") {
    const file etsy("level.js",
                    "{port: 1, graphiteHost: 'h', backends: ['./backends/graphite.js']}");
    const auto text = printed({etsy.path(), "-l", "warn"});
    CHECK(has_line(text, "profile = etsy"));
    CHECK(has_line(text, "listen = udp://:1"));
    CHECK(has_line(text, "sink = graphite://h:2003"));
    CHECK(has_line(text, "log_level = warning"));
    CHECK(refusal({etsy.path(), "--set", "statsite.flush_interval=5"}).starts_with("--set "));
    const file own("level.ini", "[quipud]\ninterval = 1s\n");
    CHECK(has_line(printed({own.path(), "-l", "critical"}), "profile = quipu"));
    const file statsite("statsite.ini", "[statsite]\nport = 1\nflush_interval = 7\n");
    const auto theirs =
        printed({"-f", statsite.path(), "-l", "error", "--set", "statsite.flush_interval=5"});
    CHECK(has_line(theirs, "profile = statsite"));
    CHECK(has_line(theirs, "interval = 5s"));
    CHECK(has_line(theirs, "log_level = error"));
    const file kiip("kiip.ini",
                    "[statsite]\nflush_interval = 5\n[collector]\nPort = 9\nPORT = 7\n");
    CHECK(has_line(printed({kiip.path(), "-l", "debug"}), "profile = kiip"));
    CHECK(has_line(printed({kiip.path()}), "listen = udp://0.0.0.0:7")); // keys have no case there
    // A later file counts before it, and what is said of it on the command line before that.
    const file later("later.ini", "[quipud]\ninterval = 1s\nsink = console:\n");
    const auto both = printed({kiip.path(), later.path()});
    CHECK(has_line(both, "interval = 1s"));
    CHECK(has_line(both, "sink = console:"));
    CHECK(has_line(both, "listen = udp://0.0.0.0:7"));
    const auto said = printed({kiip.path(), later.path(), "-s", "statsite.flush_interval=3"});
    CHECK(has_line(said, "interval = 3s"));
    CHECK(has_line(said, "sink = console:"));
}

TEST_CASE("quipud config: statsite's file has no case, and unknown keys are left out",
          "[quipud][config]") {
    const file theirs("case.ini",
                      "[Statsite]\nPort = 1\nAligned_Flush = True\nparse_stdin = YES\n"
                      "daemonize = 1\nlog_facility = LOCAL3\n"
                      "[histogram1]\nprefix = a\nMin = 1\nmax = 2\nwidth = 1\nfoo = 2\n");
    const auto text = printed({"-f", theirs.path()});
    CHECK(has_line(text, "align = yes"));
    CHECK(has_line(text, "listen = stdin:"));
    CHECK(has_line(text, "log = syslog:local3"));
    CHECK(has_line(text, "min = 1"));
    const file of_both("both.ini", "[statsite]\nflush_interval = 5\nfoo = x\n");
    CHECK(has_line(printed({"-c", of_both.path()}), "profile = kiip"));
    CHECK(has_line(printed({"-f", of_both.path()}), "profile = statsite"));
}

TEST_CASE("quipud config: an object literal may begin with a comment, whatever its name",
          "[quipud][config]") {
    for (const char* const begin :
         {"// local\n", "/* a\n b */ ", "\xef\xbb\xbf", " \n//x\n/*y*/"}) {
        CAPTURE(begin);
        const file theirs(
            "statsd.conf",
            begin +
                std::string(
                    "{port: 1, percentThreshold: 0, mgmt_address: '::1', graphiteHost: '::1'}"));
        const auto text = printed({theirs.path()});
        CHECK(has_line(text, "profile = etsy"));
        CHECK(has_line(text, "percentiles = 90"));
        CHECK(has_line(text, "admin = [::1]:8126"));
        CHECK(has_line(text, "sink = graphite://[::1]:2003"));
    }
}

TEST_CASE("quipud config: what is printed is read again as it was", "[quipud][config]") {
    for (const char* const command :
         {"exec:sort ; date", "exec:a\nb", "exec:say \"x\" ; done", "exec:\\n", "exec: a"}) {
        CAPTURE(command);
        const auto text = printed({"--sink", command, "--state", "/tmp/a ; b"});
        const file again("again.ini", text);
        CHECK(printed({again.path()}) == text);
    }
    CHECK(has_line(printed({"--sink", "exec:sort ; date"}), "sink = \"exec:sort ; date\""));
}

TEST_CASE("quipud config: --set changes a section, and no other", "[quipud][config]") {
    const file etsy("bins.ini",
                    "[quipud]\nprofile = etsy\n[histogram a]\nmatch = x\nbins = 1,2\n"
                    "[histogram b]\nmatch = y\nbins = 3\n");
    const auto text = printed({etsy.path(), "--set", "histogram a.bins=5,6"});
    CHECK(text.find("[histogram a]\nmatch = x\nbins = 5,6\n\n[histogram b]\nmatch = y\n") !=
          text.npos);
    const file rules(
        "rules.ini",
        "[map a]\nmatch = x\nname = y\n[map b]\nmatch = z\ndrop = yes\n[map a]\nscale = 2\n");
    const auto mapped = printed({rules.path(), "--set", "map a.name=z"});
    CHECK(mapped.find(
              "[map a]\nmatch = x\nname = z\nscale = 2\n\n[map b]\nmatch = z\ndrop = yes\n") !=
          mapped.npos);
    // A later file lists anew.
    const file later("later.ini", "[map c]\nmatch = x\nname = y\n");
    CHECK(printed({rules.path(), later.path()}).find("[map a]") == std::string::npos);
}

TEST_CASE("quipud config: SIGHUP tells what runs apart from what the files say",
          "[quipud][config]") {
    const std::string ways = "listen = udp://127.0.0.1:0\nadmin = 127.0.0.1:0\nsink = none:\n";
    const file config("told.ini", "[quipud]\nthreads = 1\ninterval = 1h\n" + ways);
    running server({config.path()});
    const auto count = [&](std::string_view text) {
        const auto err = server.program().err();
        std::size_t times = 0;
        for (auto at = err.find(text); at != err.npos; at = err.find(text, at + 1))
            ++times;
        return times;
    };
    const auto reread = [&](const std::string& text, std::string_view told) {
        std::ofstream(config.path(), std::ios::binary) << text;
        const auto before = count(told);
        server.program().signal(SIGHUP);
        CHECK(eventually([&] { return count(told) > before; }));
    };
    const std::string_view pending = "quipud.threads is now '2' in the files: it needs a new start";
    reread("[quipud]\nthreads = 2\ninterval = 1h\n" + ways, pending);
    reread("[quipud]\nthreads = 2\ninterval = 2h\n" + ways, pending); // still
    CHECK(server.program().complains("quipud.interval is now '7200s'"));
    asking admin(server.port("answering on tcp://"));
    admin.say("config\nquit\n");
    const auto told = admin.hear_all();
    CHECK(told.find("interval: 7200s\n") != told.npos);
    CHECK(told.find("threads: 1\n") != told.npos);
    reread("[quipud]\nthreads = 1\ninterval = 3h\n" + ways, "quipud.interval is now '10800s'");
    CHECK(count("threads is now '1'") == 0); // that is what runs
    // Of another profile nothing else is taken for the same.
    reread("[quipud]\nprofile = etsy\ninterval = 4h\n" + ways, "quipud.interval is now '14400s'");
    CHECK(server.program().complains("quipud.profile is now 'etsy' in the files: it needs"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: --once waits for its flush, and tells if it is lost", "[quipud][config]") {
    const file out("once.txt", "");
    const auto slow = quipud({"--once",
                              "--interval=100ms",
                              "--listen=udp://127.0.0.1:0",
                              "--admin=off",
                              "--sink",
                              "exec:sleep 2; echo done > " + out.path()});
    CHECK(slow->exit_code() == 0);
    std::string text;
    std::getline(std::ifstream(out.path()), text);
    CHECK(text == "done");
    const auto piped = std::string("printf 'a:1|c\n' | ") + QUIPU_QUIPUD +
                       " --listen stdin: --admin off --sink 'exec:sleep 2; cat > " + out.path() +
                       "'";
    CHECK(std::system((piped + " 2> /dev/null").c_str()) == 0);
    std::getline(std::ifstream(out.path()), text);
    CHECK(text.find("counters.a.") != text.npos);
    const auto lost = quipud({"--once",
                              "--interval=100ms",
                              "--listen=udp://127.0.0.1:0",
                              "--admin=off",
                              "--sink",
                              "exec:exit 3"});
    CHECK(lost->exit_code() == 1);
}

TEST_CASE("quipud: it starts without standard streams", "[quipud][config]") {
    const file pid("closed.pid", "");
    const file config("closed.ini",
                      "[quipud]\nlisten = udp://127.0.0.1:0\nadmin = off\nsink = none:\n"
                      "daemonize = yes\npid_file = " +
                          pid.path() + "\n");
    const std::string command = std::string(QUIPU_QUIPUD) + " " + config.path() + " <&- >&- 2>&-";
    REQUIRE(std::system(command.c_str()) == 0);
    long number = 0;
    REQUIRE(eventually([&] { return std::ifstream(pid.path()) >> number && number > 0; }));
    REQUIRE(::kill(static_cast<pid_t>(number), SIGTERM) == 0);
    CHECK(eventually([&] { return ::kill(static_cast<pid_t>(number), 0) != 0; }));
    CHECK(eventually([&] { return !std::filesystem::exists(pid.path()); }));
}

TEST_CASE("quipud: a pid file of another process, and a device, stay", "[quipud][config]") {
    const file pid("other.pid", "99999999999999999999999\n");
    running server({"--listen=udp://127.0.0.1:0",
                    "--admin=off",
                    "--sink=none:",
                    "--set",
                    "quipud.pid_file=" + pid.path()});
    std::ofstream(pid.path()) << "1\n";
    CHECK(server.ends_well());
    CHECK(std::filesystem::exists(pid.path()));
    running other({"--listen=udp://127.0.0.1:0",
                   "--admin=off",
                   "--sink=none:",
                   "--set",
                   "quipud.pid_file=/dev/null"});
    CHECK(other.ends_well());
    CHECK(std::filesystem::exists("/dev/null"));
}

namespace {

/// What `--check` says of a file.
std::string checked(const std::string& name, const std::string& text) {
    const file config(name, text);
    const auto made = quipud({"--check", config.path()});
    const int code = made->exit_code();
    const auto said = made->err() + made->out();
    return (code == 0 ? "well" : said.substr(said.find(name) == said.npos ? 0 : said.find(name)));
}

} // namespace

TEST_CASE("quipud config: what is surely a slip is never taken", "[quipud][config]") {
    const auto says = [](const std::string& text, const std::string& why) {
        const auto said = checked("slip.ini", text);
        CAPTURE(text, said);
        CHECK(said.find(why) != said.npos);
    };
    says("[sink a]\nurl = none:\n[sink a]\nurl = console:\n",
         "slip.ini:4: 'url' of [sink a] stands in line 2 already");
    says("[map a]\nmatch = x\ndrop = yes\n[map a]\nmatch = y\ndrop = yes\n",
         "slip.ini:5: 'match' of [map a] stands in line 2 already");
    says("[quipud]\ninterval = 1s\nprefix = a\ninterval = 2s\n",
         "slip.ini:4: 'interval' of [quipud] stands in line 2 already");
    says("[quipud]\nprefix = \"abc\n", "slip.ini:2: 'prefix': the quote does not end");
    says("[quipud]\nprefix = stats.\n", "slip.ini:2: prefix 'stats.': use 'stats'");
    says("[quipud]\npercentiles = 0.5,0.99\n", "these are percentages: 50,99 and not 0.5,0.99");
    says("[map a]\nmatch = ^x\\..*$\nname = y\n",
         "use a glob such as api.*.latency: this is a regular expression");
    says("[sink a]\nurl = console:\nonly = ^api\n", "this is a regular expression");
    says("[sink a]\nurl = graphite://h\nprefix = x.\n", "prefix: use 'x'");
    CHECK(checked(
              "good.ini",
              "[quipud]\nlisten = udp://:1\nlisten = tcp://:1\nsink = none:\nsink = "
              "console:\nprefix = \"a\"\npercentiles = 0.5,50\n[map a]\nmatch = x.*\nname = y\n") ==
          "well");
    const auto option = quipud({"--check", "--prefix", "stats."});
    CHECK(option->exit_code() != 0);
    CHECK(option->err().find("use 'stats'") != std::string::npos);
}

TEST_CASE("quipud config: files of Etsy's statsd that compute are read, those of others refused",
          "[quipud][config]") {
    const file config("computes.js",
                      "var os = require('os');\n"
                      "module.exports = {\n"
                      "  port: parseInt(process.env.QUIPUD_TEST_PORT || '9125', 10),\n"
                      "  graphiteHost: process.env.QUIPUD_TEST_NOBODY || 'g.example',\n"
                      "  flushInterval: 2 * 1000,\n"
                      "  prefixStats: 'statsd.' + 'x'\n"
                      "};\n");
    ::setenv("QUIPUD_TEST_PORT", "9999", 1);
    const auto text = printed({config.path()});
    ::unsetenv("QUIPUD_TEST_PORT");
    CHECK(has_line(text, "listen = udp://:9999"));
    CHECK(has_line(text, "sink = graphite://g.example:2003"));
    CHECK(has_line(text, "interval = 2s"));
    CHECK(has_line(text, "own_prefix = statsd.x"));

    const auto proxy =
        checked("proxyConfig.js",
                "{\nnodes: [{host: '127.0.0.1', port: 8127, adminport: 8128}],\n"
                "udp_version: 'udp4', host: '0.0.0.0', port: 8125, forkCount: 0\n}\n");
    CHECK(proxy.starts_with("proxyConfig.js:2: this is the file of Etsy's proxy"));
    CHECK(checked("any.js", "{ name: 'app', version: 1 }")
              .find("nothing in it is an option of Etsy's statsd") != std::string::npos);
    CHECK(checked("runs.js", "{ port: secret() }").find("nothing is run") != std::string::npos);
}

TEST_CASE("quipud config: a buffer that the system does not give is said", "[quipud][config]") {
    const auto server = quipud({"--listen=udp://127.0.0.1:0",
                                "--admin=off",
                                "--sink=none:",
                                "--set",
                                "quipud.receive_buffer=1073741824"});
    REQUIRE(server->prints("server is up\n"));
    CHECK(server->complains("receive_buffer: asked for 1073741824 bytes, the system gives "));
    CHECK(server->complains("sysctl -w net.core.rmem_max=1073741824\n"));
}

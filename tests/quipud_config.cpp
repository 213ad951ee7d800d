// quipud's config files: its own, and those of the servers whose place it takes.
#include "support/asking.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/process.hpp"

#include <quipu/net/udp.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

using quipu::errc;
using quipu::test::asking;
using quipu::test::eventually;
using quipu::test::graphite_server;
using quipu::test::process;

namespace {

using words = std::vector<std::string>;

std::unique_ptr<process> quipud(words options) {
    options.insert(options.begin(), QUIPU_QUIPUD);
    return std::make_unique<process>(options);
}

/// A file that goes away by itself.
class file {
public:
    file(const std::string& name, std::string_view text)
        : path_(std::filesystem::temp_directory_path() /
                ("quipud_" + std::to_string(::getpid()) + '_' + name)) {
        std::ofstream(path_, std::ios::binary) << text;
    }
    ~file() { std::filesystem::remove(path_); }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

/// The settings that it comes to, as quipud's own config file.
std::string printed(words options) {
    options.emplace_back("--print-config");
    const auto program = quipud(std::move(options));
    CHECK(program->exit_code() == 0);
    CHECK(program->err().empty());
    return program->out();
}

bool has_line(const std::string& text, const std::string& line) {
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

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
class running {
public:
    explicit running(words options) : program_(quipud(std::move(options))) {
        INFO(program_->err());
        REQUIRE(program_->prints("server is up\n"));
    }

    /// The port in the log behind some words.
    [[nodiscard]] std::uint16_t port(std::string_view behind, std::size_t which = 0) const {
        std::size_t at = 0;
        const auto found = [&] {
            const auto err = program_->err();
            at = 0;
            for (std::size_t i = 0; i <= which; ++i) {
                at = err.find(behind, at);
                if (at == err.npos)
                    return false;
                at += behind.size();
            }
            return err.find('\n', at) != err.npos;
        };
        REQUIRE(eventually(found));
        const auto line = program_->err().substr(at, program_->err().find('\n', at) - at);
        return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
    }

    void send(std::string_view text) const {
        auto sender =
            quipu::udp_sender::connect(quipu::address::loopback_v4(port("listening on udp://")));
        REQUIRE(sender);
        REQUIRE(sender->send(text) == errc::ok);
    }

    bool ends_well() {
        program_->signal(SIGTERM);
        return program_->exit_code() == 0;
    }

    process& program() { return *program_; }

private:
    std::unique_ptr<process> program_;
};

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
                   "admin = 127.0.0.1\n"
                   "aliveness = :7\n"
                   "log_level = error\n"
                   "receive_buffer = 65536\n"
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
                                 "admin = 127.0.0.1:8126\n"
                                 "aliveness = :7\n"
                                 "log_level = error\n"
                                 "receive_buffer = 65536\n"
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
         "[histogram]\nbins = 2,1\n",
         "FILE:2: bins '2,1': use rising limits such as 10,100,inf\n"},
        {"a.ini", "[histogram]\nbin = 1\n", "FILE:2: bin '1': a histogram has match and bins\n"},
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
         "FILE:2: port 'udp://:x': use udp://HOST:PORT or tcp://HOST:PORT\n"},
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
         "FILE:1: bins '2,1': use rising limits such as 10,100,inf\n"},
        {"a.ini",
         "[collector]\nclass = my.Collector\n",
         "FILE:2: class 'my.Collector': use UDPCollector or TCPCollector\n"},
        {"a.ini",
         "[collector]\nport = x\n",
         "FILE:2: port 'udp://0.0.0.0:x': use udp://HOST:PORT or tcp://HOST:PORT\n"},
        {"a.ini",
         "[collector]\n[statsite]\nlog_level = loud\n",
         "FILE:3: log_level 'loud': choose debug, info, warn, error or critical\n"},
        {"a.ini", "[statsite]\nport = 1\n", "FILE: not available yet: config files of statsite\n"},
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
                                      "admin = 127.0.0.1:3\n"
                                      "aliveness = off\n"
                                      "log_level = info\n"
                                      "receive_buffer = 4194304\n"
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

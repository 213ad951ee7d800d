// quipud as its users have it: a program with a command line, signals, output and an exit code.
#include <quipu/core/config.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/server/snapshot_spool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/http_server.hpp"
#include "support/process.hpp"
#include "support/quipud.hpp"
#include "support/scratch_folder.hpp"
#include "support/tcp.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using quipu::errc;
using quipu::test::eventually;
using quipu::test::graphite_mood;
using quipu::test::graphite_server;
using quipu::test::process;
using quipu::test::quipud;
using quipu::test::scratch_folder;
using quipu::test::stopwatch;
using quipu::test::words;
using namespace std::chrono_literals;

namespace {

/// On free ports of 127.0.0.1, a UDP and a TCP one, with nothing to wait for.
class running {
public:
    explicit running(words options, bool closes_output = false) {
        for (const auto* const at : {"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}) {
            options.emplace_back("--listen");
            options.emplace_back(at);
        }
        program_ = quipud(std::move(options), closes_output);
        INFO(program_->err());
        if (!closes_output)
            REQUIRE(program_->prints("server is up\n"));
        udp_ = port_behind("listening on udp://127.0.0.1:");
        tcp_ = port_behind("listening on tcp://127.0.0.1:");
    }

    process& program() { return *program_; }
    [[nodiscard]] std::uint16_t udp() const { return udp_; }
    [[nodiscard]] std::uint16_t tcp() const { return tcp_; }

    void send(std::string_view text) const {
        auto sender = quipu::udp_sender::connect(quipu::address::loopback_v4(udp_));
        REQUIRE(sender);
        REQUIRE(sender->send(text) == errc::ok);
    }

    /// Sends SIGTERM; true if quipud then ends well, within two seconds.
    bool ends_well(int signal = SIGTERM) {
        const stopwatch watch;
        program_->signal(signal);
        const int code = program_->exit_code();
        const auto took = watch.elapsed();
        CAPTURE(code, took.count(), program_->err());
        CHECK(code == 0);
        CHECK(took < 2s);
        return code == 0 && took < 2s;
    }

private:
    [[nodiscard]] std::uint16_t port_behind(std::string_view text) const {
        const auto ends = [&] {
            const auto at = program_->err().find(text);
            return at != std::string::npos && program_->err().find('\n', at) != std::string::npos;
        };
        REQUIRE(eventually(ends));
        const auto err = program_->err();
        return static_cast<std::uint16_t>(std::stoi(err.substr(err.find(text) + text.size(), 5)));
    }

    std::unique_ptr<process> program_{};
    std::uint16_t udp_ = 0;
    std::uint16_t tcp_ = 0;
};

/// Ends at once; what it says on standard error.
std::string refusal(const words& options, int expected_code) {
    const auto program = quipud(options);
    CHECK(program->exit_code() == expected_code);
    const auto text = program->err();
    CHECK(text.ends_with('\n'));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.starts_with("quipud: "));
    CHECK(program->out().empty());
    return text;
}

std::string name_of_good(const std::string& profile) {
    return profile == "etsy"   ? "stats_counts.good"
           : profile == "kiip" ? "statsite.counts.good"
                               : "stats.counters.good.count";
}

/// The sum of the values of a name, all flushes together.
double sum_of(const graphite_server& graphite, const std::string& name) {
    double sum = 0;
    for (const auto& value : graphite.values(name))
        sum += std::stod(value);
    return sum;
}

} // namespace

TEST_CASE("quipud: --help and --version say what they should", "[quipud]") {
    const auto help = quipud({GENERATE(as<std::string>(), "--help", "-h")});
    CHECK(help->exit_code() == 0);
    CHECK(help->prints("--interval TIME"));
    CHECK(help->prints("echo 'hello:1|c'"));
    CHECK(help->err().empty());

    const auto version = quipud({"--version"});
    CHECK(version->exit_code() == 0);
    CHECK(version->prints("quipud " + std::to_string(quipu::version_major) + '.' +
                          std::to_string(quipu::version_minor) + '.' +
                          std::to_string(quipu::version_patch) + '\n'));
}

TEST_CASE("quipud: a wrong command line is one line and exit code 2", "[quipud]") {
    const auto [options, why] = GENERATE(table<words, std::string>({
        {{"--bogus"}, "unknown option '--bogus'"},
        {{"-x"}, "unknown option '-x'"},
        {{"--bogus=1"}, "unknown option '--bogus'"},
        {{"--help=yes"}, "--help takes no value"},
        {{"--align=1"}, "--align takes no value"},
        {{"--interval"}, "--interval needs a value"},
        {{"--interval", "soon"}, "--interval 'soon'"},
        {{"--interval="}, "--interval ''"},
        {{"--intervall", "1s"}, "unknown option '--intervall'; did you mean '--interval'?"},
        {{"--interval", "0"}, "from 100ms to 24h"},
        {{"--interval", "-1s"}, "--interval '-1s'"},
        {{"--interval", "99ms"}, "--interval '99ms'"},
        {{"--interval", "25h"}, "--interval '25h'"},
        {{"--interval", "nan"}, "--interval 'nan'"},
        {{"--interval", "1e999"}, "--interval '1e999'"},
        {{"--interval", "10 s"}, "--interval '10 s'"},
        {{"--profile", "carbon"}, "choose quipu, etsy, kiip, statsite or dogstatsd"},
        {{"--listen", "127.0.0.1:8125"}, "use udp://HOST:PORT"},
        {{"--listen", "udp://127.0.0.1:99999"}, "use udp://HOST:PORT"},
        {{"--listen", "http://x:1"}, "use udp://HOST:PORT"},
        {{"--listen", "unix://"}, "use udp://HOST:PORT"},
        {{"--listen", "unix:///x?mode=8"}, "use udp://HOST:PORT"},
        {{"--sink", "graphite://"}, "graphite://HOST:PORT"},
        {{"--sink", "graphite://h:0"}, "graphite://HOST:PORT"},
        {{"--sink", "influx://h:8086"}, "influx://HOST:PORT/DATABASE"},
        {{"--sink", "influx://h/"}, "influx://HOST:PORT/DATABASE"},
        {{"--sink", "influx://h/a?b"}, "influx://HOST:PORT/DATABASE"},
        {{"--sink", "influx+udp://h/x"}, "influx+udp://HOST:PORT"},
        {{"--sink", "opentsdb://"}, "opentsdb://HOST:PORT"},
        {{"--sink", "statsd://"}, "statsd://HOST:PORT"},
        {{"--sink", "prometheus:"}, "at /metrics of the admin port"},
        {{"--sink", "opentsdb://h?host="}, "opentsdb://HOST:PORT"},
        {{"--sink", "graphite+pickle://"}, "graphite+pickle://HOST:PORT"},
        {{"-s", "prometheus.buckets=1,1"}, "-s prometheus.buckets '1,1': use rising numbers"},
        {{"-s", "prometheus.quantiles=2"}, "from 0 to 1 such as"},
        {{"--sink", "console"}, "use console:"},
        {{"--sink", "json://x"}, "json:///PATH"},
        {{"--admin", "x:y"}, "--admin 'x:y': use HOST:PORT, or off"},
        {{"--log-level", "loud"}, "choose info, warning or error"},
        {{"--offset", "10s"}, "offset '10s': it has to be less than the interval"},
        {{"--set", "interval=1"}, "--set 'interval=1': use SECTION.KEY=VALUE"},
        {{"-s", "quipud.interval"}, "-s 'quipud.interval': use SECTION.KEY=VALUE"},
        {{"-s", "quipud.interval=x"}, "-s quipud.interval 'x': use a time"},
        {{"-s", "quipud.sinks=x"}, "-s unknown setting 'quipud.sinks'; did you mean 'sink'?"},
        {{"-s", "nmes.legacy=x"}, "-s unknown section 'nmes'; did you mean 'names'?"},
        {{"-s", "zzzzz.legacy=x"}, "-s unknown section 'zzzzz'\n"},
        {{"--sink", "exec:"}, "exec:COMMAND"},
        {{"--sink", "exec+binary:cat"}, "the binary form is the profile statsite's"},
        {{"-s", "names.legacy=no"}, "-s names.legacy: the profile quipu has no such setting"},
        {{"-s", "histogram.bins=1"}, "-s histogram.bins: the profile quipu has no such setting"},
        {{"--profile=statsite", "--percentiles=50"},
         "--percentiles: the profile statsite has no such setting"},
        {{"--percentiles", "50,,90"}, "--percentiles '50,,90'"},
        {{"--percentiles", "101"}, "from -100 to 100"},
        {{"--prefix", "a b"}, "cannot be in a name"},
        {{"--prefix", "a;b"}, "cannot be in a name"},
        {{"--bogus\nquipud: all is well\x1b[2J"}, "unknown option '--bogus?quipud"},
        {{"--help", "--bogus"}, "unknown option"},
    }));
    CAPTURE(options);
    CHECK(refusal(options, 2).find(why) != std::string::npos);
}

TEST_CASE("quipud: an address that is taken is one line with the reason", "[quipud]") {
    const auto taken = quipu::test::listening();
    const auto at = "tcp://" + to_string(*taken.local_address());
    CHECK(refusal({"--listen", at}, 1) ==
          "quipud: cannot listen on " + at + ": the address is in use\n");
    CHECK(refusal({"--listen", "udp://192.0.2.77:8125"}, 1) ==
          "quipud: cannot listen on udp://192.0.2.77:8125: "
          "the address is not one of this machine\n");
    CHECK(refusal({"--listen", "udp://nowhere.invalid:8125"}, 1).find("nowhere.invalid:8125: ") !=
          std::string::npos);
}

TEST_CASE("quipud: both spellings of each option do the same", "[quipud]") {
    const bool joined = GENERATE(true, false);
    CAPTURE(joined);
    const graphite_server graphite;
    const std::vector<std::pair<std::string, std::string>> options{
        {"--profile", "quipu"},
        {"--sink", graphite.url()},
        {"--interval", "200ms"},
        {"--percentiles", "75,-10"},
        {"--prefix", "mine"},
    };
    words spelled{"--align"};
    for (const auto& [name, value] : options) {
        if (joined) {
            spelled.push_back(name + '=' + value);
        } else {
            spelled.push_back(name);
            spelled.push_back(value);
        }
    }
    running server(spelled);
    server.send("t:1|ms\nt:2|ms\nt:3|ms\nt:4|ms");
    CHECK(graphite.shows("mine.timers.t.upper_75", "3"));
    CHECK(graphite.last("mine.timers.t.lower_top10") == "4");
    CHECK(graphite.last("mine.timers.t.upper_90") == "none");
    // Four in 0.2 seconds, or in less: the first interval ends with one of the clock's.
    CHECK(std::stod(graphite.last("mine.timers.t.rate")) >= 19);
    CHECK(server.ends_well());
}

TEST_CASE("quipud: InfluxDB gets lines over HTTP, and what it refuses is told", "[quipud]") {
    using quipu::test::http_server;
    const http_server influx(
        {"HTTP/1.1 404 No\r\nContent-Length: 8\r\n\r\nno\nthere", http_server::taken});
    const auto url = "influx://" + to_string(influx.host()) + "/a b";
    running server({"--interval=200ms", "--percentiles=50", "--sink", url});
    server.send("hits:3|c|#region:eu");
    CHECK(server.program().complains(
        url + ": 1 left out, lines that the server refuses with 404: 'no?there'"));
    server.send("t:4|ms");
    REQUIRE(eventually([&] { return influx.requests().size() == 2; }));
    CHECK(server.ends_well());
    const auto asked = influx.requests();
    CHECK(asked[0].head.starts_with("POST /write?db=a%20b&precision=s HTTP/1.1\r\n"));
    CHECK(asked[0].body.starts_with("hits,metric_type=counter,region=eu value=3 "));
    CHECK(asked[1].body.starts_with("t,metric_type=timing count=1,lower=4,upper=4,mean=4,median=4,"
                                    "stddev=0,sum=4,50_percentile=4 "));
}

TEST_CASE("quipud: InfluxDB gets lines over UDP", "[quipud]") {
    auto influx = quipu::udp_receiver::bind(quipu::address::loopback_v4(0));
    REQUIRE(influx);
    const auto at = to_string(*influx->local_address());
    running server({"--interval=1h", "--sink", "influx+udp://" + at});
    server.send("hits:3|c");
    CHECK(server.ends_well());
    const auto texts = quipu::test::receive_texts(*influx, 1);
    REQUIRE(texts.size() == 1);
    CHECK(texts[0].starts_with("hits,metric_type=counter value=3 "));
    CHECK(texts[0].ends_with("000000000\n"));
}

TEST_CASE("quipud: a file gets lines of JSON", "[quipud]") {
    const quipu::test::scratch_folder folder;
    const auto path = folder.path("flushes.json");
    running server({"--interval=1h", "--percentiles=50", "--sink", "json://" + path});
    server.send("hits:3|c|#region:eu");
    CHECK(server.ends_well());
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CAPTURE(text);
    CHECK(text.starts_with("{\"time\":"));
    CHECK(text.find(",\"type\":\"counter\",\"name\":\"hits\",\"tags\":{\"region\":\"eu\"},"
                    "\"count\":3,\"rate\":") != text.npos);
    // The interval that the end cut short has the length that it had.
    const auto number_behind = [&](std::string_view key) {
        return std::stod(text.substr(text.find(key) + key.size()));
    };
    const double seconds = number_behind("\"interval\":");
    CHECK(seconds < 60);
    CHECK(number_behind("\"rate\":") == Approx(3 / seconds));
    CHECK(number_behind("\"time\":") <= static_cast<double>(std::time(nullptr)));
}

TEST_CASE("quipud: the profile dogstatsd reads what Datadog's clients send", "[quipud]") {
    graphite_server graphite;
    running server(
        {"--profile=dogstatsd", "--interval=200ms", "--prefix=", "--sink", graphite.url()});
    server.send("depth:5|g\ndepth:-2|g\nwait:1:2:6|d|@1|#at:eu|c:abc\n"
                "wait:9|d|#at:eu|T1700000000\nk:1|kv");
    CHECK(graphite.shows("gauges.depth", "-2"));
    CHECK(graphite.shows("timers.wait.count;at=eu", "3"));
    CHECK(server.program().complains("1 × unknown metric type"));
    CHECK(server.program().complains("the sample has a time of its own, `|T`"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: gauges survive a restart, and even its sudden death", "[quipud]") {
    const scratch_folder folder;
    const auto options = [&](const graphite_server& graphite) {
        return words{
            "--interval=200ms", "--prefix=", "--state", folder.path(), "--sink", graphite.url()};
    };
    {
        graphite_server graphite;
        running server(options(graphite));
        server.send("load:7|g\nhits:1|c");
        REQUIRE(graphite.shows("gauges.load", "7"));
        CHECK(server.ends_well());
    }
    {
        graphite_server graphite;
        running server(options(graphite));
        CHECK(graphite.shows("gauges.load", "7"));
        CHECK(graphite.last("counters.hits.count") == "none");
        server.send("load:+2|g");
        REQUIRE(graphite.shows("gauges.load", "9"));
        // Its file comes with the same flush.
        REQUIRE(eventually([&] {
            const auto kept = quipu::read_checkpoint<>(folder.path("gauges"));
            return kept && kept->gauges.size() == 1 && kept->gauges[0].cell.value() == 9;
        }));
        server.program().signal(SIGKILL);
        static_cast<void>(server.program().exit_code());
    }
    graphite_server graphite;
    running server(options(graphite));
    CHECK(graphite.shows("gauges.load", "9"));
    CHECK(server.ends_well());
}

TEST_CASE(
    "quipud: flushes wait on disk for a backend that is down, over a restart or a sudden death",
    "[quipud]") {
    const scratch_folder folder;
    auto taken = std::make_unique<graphite_server>();
    const auto url = taken->url();
    const auto port = taken->port();
    taken.reset(); // nobody listens there
    const words options{"--interval=1s", "--prefix=", "--state", folder.path(), "--sink", url};
    const auto kept = [&] {
        std::size_t pieces = 0;
        for (const auto& one : std::filesystem::recursive_directory_iterator(folder.path()))
            pieces += one.path().filename().string().size() == 20 ? 1U : 0U;
        return pieces;
    };
    for (int run = 0; run < 2; ++run) {
        const auto before = kept();
        running server(options);
        server.send("run" + std::to_string(run) + ":1|c");
        REQUIRE(server.program().complains("connection refused"));
        if (run == 0) {
            CHECK(server.ends_well());
            CHECK(server.program().complains("flushes that wait on disk for the next start: "));
            continue;
        }
        REQUIRE(eventually([&] { return kept() > before; }));
        server.program().signal(SIGKILL);
        static_cast<void>(server.program().exit_code());
    }
    graphite_server graphite(port);
    running server(options);
    CHECK(graphite.shows("counters.run0.count", "1"));
    CHECK(graphite.shows("counters.run1.count", "1"));
    CHECK(server.ends_well());
    // In order, each with its own time.
    std::vector<std::pair<std::string, std::int64_t>> came;
    for (const auto& one : graphite.points()) {
        if (one.name.ends_with(".count"))
            came.emplace_back(one.name, one.timestamp);
    }
    REQUIRE(came.size() == 2);
    CHECK(came[0].first == "counters.run0.count");
    CHECK(came[1].first == "counters.run1.count");
    CHECK(came[0].second < came[1].second);
}

TEST_CASE("quipud: a folder for the state has one server, and is made", "[quipud]") {
    const scratch_folder folder;
    const auto path = folder.path("state");
    running server({"--interval=1h", "--state", path});
    CHECK(refusal({"--listen=udp://127.0.0.1:0", "--state", path}, 1) ==
          "quipud: cannot keep the state in '" + path + "': another server does\n");
    CHECK(refusal({"--listen=udp://127.0.0.1:0", "--state", "/no/such"}, 1) ==
          "quipud: cannot keep the state in '/no/such': no such file or folder\n");
    CHECK(server.ends_well());
}

TEST_CASE("quipud: several threads receive", "[quipud]") {
    graphite_server graphite;
    running server({"--threads=3", "--interval=1h", "--prefix=", "--sink", graphite.url()});
    for (int i = 0; i < 60; ++i)
        server.send("hits:60|c\nload:" + std::to_string(i) + "|g");
    CHECK(server.ends_well());
    CHECK(graphite.shows("counters.hits.count", "3600"));
    CHECK(refusal({"--threads", "0"}, 2) ==
          "quipud: --threads '0': use a whole number from 1 to 64\n");
}

TEST_CASE("quipud: OpenTSDB gets lines with the host's tag", "[quipud]") {
    auto opentsdb = quipu::test::listening();
    const auto at = to_string(*opentsdb.local_address());
    running server({"--interval=1h", "--prefix=", "--sink", "opentsdb://" + at + "?host=web01"});
    server.send("hits:7200|c|#region:eu");
    CHECK(server.ends_well());
    auto connection = quipu::test::accepted(opentsdb);
    const auto text = quipu::test::receive_bytes(connection, std::string::npos);
    CAPTURE(text);
    CHECK(text.starts_with("put counters.hits.count "));
    CHECK(text.find(" 7200 region=eu host=web01\nput counters.hits.rate ") != text.npos);
    CHECK(text.ends_with(" region=eu host=web01\n"));
}

TEST_CASE("quipud: it says that it is up once its sockets are bound, and not before", "[quipud]") {
    running server({"--interval", "1h"});
    CHECK(server.program().out() == "server is up\n");
    quipu::tcp_sender sender({"127.0.0.1", server.tcp()});
    CHECK(sender.connect() == errc::ok);
    CHECK(server.ends_well());
}

TEST_CASE("quipud: each flush is a table on the console", "[quipud]") {
    running server({"--interval=1h"});
    server.send("api.hits:1200|c\nqueue:7|g");
    CHECK(server.ends_well());
    const auto out = server.program().out();
    CAPTURE(out);
    CHECK(out.starts_with("server is up\n20"));
    CHECK(out.find(" s, 2 series\ncounters    count") != out.npos);
    CHECK(out.find("\n  api.hits   1200") != out.npos);
    CHECK(out.ends_with("gauges    value\n  queue       7\n\n"));
}

TEST_CASE("quipud: the console shows the percentiles asked for", "[quipud]") {
    running server({"--interval=1h", "--percentiles=75"});
    server.send("t:1|ms");
    CHECK(server.ends_well());
    CHECK(server.program().out().find("lower  upper  p75\n") != std::string::npos);
}

TEST_CASE("quipud: --align makes the first flush a short interval", "[quipud]") {
    const graphite_server graphite;
    running server({"--align", "--interval=2s", "--sink", graphite.url()});
    server.send("a:1|c");
    CHECK(graphite.shows("stats.counters.a.count", "1"));
    const auto points = graphite.points();
    REQUIRE_FALSE(points.empty());
    CHECK(points[0].timestamp % 2 == 0);
    CHECK(server.ends_well());
}

TEST_CASE("quipud: SIGTERM and SIGINT flush once more", "[quipud]") {
    const int signal = GENERATE(SIGTERM, SIGINT);
    const std::string profile = GENERATE(as<std::string>(), "quipu", "etsy", "kiip");
    CAPTURE(signal, profile);
    const graphite_server graphite;
    running server({"--profile", profile, "--interval=1h", "--sink", graphite.url()});
    server.send("good:5|c");
    CHECK(server.ends_well(signal));
    CHECK(graphite.shows(name_of_good(profile), "5"));
}

TEST_CASE("quipud: it ends in time and well, while Graphite is not there", "[quipud]") {
    std::uint16_t port = 0;
    {
        const graphite_server gone;
        port = gone.port();
    }
    running server({"--interval=100ms", "--sink", "graphite://127.0.0.1:" + std::to_string(port)});
    server.send("a:1|c");
    CHECK(server.program().complains("connection refused"));
    CHECK(server.ends_well());
    const auto err = server.program().err();
    CAPTURE(err);
    std::size_t errors = 0;
    for (auto at = err.find(" error: "); at != err.npos; at = err.find(" error: ", at + 1))
        ++errors;
    CHECK(errors == 2); // that it cannot be reached, and what is lost with the end
}

TEST_CASE("quipud: it ends in time and well, while Graphite never reads", "[quipud]") {
    const graphite_server graphite(0, graphite_mood::never_reads);
    running server({"--interval=100ms", "--sink", graphite.url()});
    // More than the buffers on the way take.
    std::string lines;
    const std::string long_name(400, 'n');
    for (int i = 0; i < 4'000; ++i)
        lines += long_name + std::to_string(i) + ":1|g\n";
    quipu::tcp_sender sender({"127.0.0.1", server.tcp()}, {5'000, 5'000});
    REQUIRE(sender.send(lines) == errc::ok);
    REQUIRE(eventually([&] { return graphite.connections() > 0; }));
    CHECK(server.program().complains("timed out"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: an outage of Graphite loses nothing", "[quipud]") {
    auto graphite = std::make_unique<graphite_server>();
    const auto port = graphite->port();
    running server({"--interval=100ms", "--sink", graphite->url()});
    server.send("good:1|c");
    REQUIRE(graphite->shows("stats.counters.good.count", "1"));
    graphite.reset();
    server.send("good:2|c");
    REQUIRE(server.program().complains("flushes wait until it can be reached"));
    server.send("good:4|c");
    graphite = std::make_unique<graphite_server>(port);
    CHECK(eventually([&] { return sum_of(*graphite, "stats.counters.good.count") == 6; }));
    CHECK(server.program().complains("reached again"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: its ports can be bound again at once", "[quipud]") {
    std::uint16_t udp = 0;
    std::uint16_t tcp = 0;
    quipu::tcp_sender open({"", 0});
    {
        running first({"--interval=1h"});
        udp = first.udp();
        tcp = first.tcp();
        open = quipu::tcp_sender({"127.0.0.1", tcp});
        REQUIRE(open.send("a:1|c\n") == errc::ok); // quipud is the one that closes it
        CHECK(first.ends_well());
    }
    const auto second = quipud({"--listen",
                                "udp://127.0.0.1:" + std::to_string(udp),
                                "--listen",
                                "tcp://127.0.0.1:" + std::to_string(tcp)});
    CHECK(second->prints("server is up\n"));
}

TEST_CASE("quipud: it outlives the reader of its output", "[quipud]") {
    const graphite_server graphite;
    running server({"--interval=100ms", "--sink=console:", "--sink", graphite.url()}, true);
    server.send("good:1|c");
    CHECK(graphite.shows("stats.counters.good.count", "1"));
    CHECK(server.program().complains("console: the connection is lost"));
    server.send("good:2|c");
    CHECK(graphite.shows("stats.counters.good.count", "2"));
    CHECK(server.ends_well());
}

TEST_CASE("quipud: many signals are like one", "[quipud]") {
    running server({"--interval=1h"});
    server.send("a:1|c");
    for (int i = 0; i < 1'000 && server.program().runs(); ++i)
        server.program().signal(i % 2 == 0 ? SIGTERM : SIGINT);
    CHECK(server.program().exit_code() == 0);
    CHECK(server.program().out().find("1 series") != std::string::npos);
}

TEST_CASE("quipud: no input ends it, and the next good line counts", "[quipud]") {
    const std::string profile = GENERATE(as<std::string>(), "quipu", "etsy", "kiip");
    CAPTURE(profile);
    const graphite_server graphite;
    running server({"--profile", profile, "--interval=100ms", "--sink", graphite.url()});
    double good = 0;
    const auto send_good = [&] {
        server.send("good:1|c");
        ++good;
    };
    // Each of them has ended or misled some server.
    for (const std::string_view hostile : {
             std::string_view("a:1|c|@Infinity"),
             std::string_view("a:1|c|@ 0.1"),
             std::string_view("a:1|c|@+1"),
             std::string_view("a:1|c|@0"),
             std::string_view("a:1|c|@0x10"),
             std::string_view("__proto__:1|ms"),
             std::string_view(":1|c"),
             std::string_view("a:NaN|g"),
             std::string_view("a:inf|g"),
             std::string_view("a:1e400|c"),
             std::string_view("a:0x10|c"),
             std::string_view("a:1abc|c"),
             std::string_view("a:1|c\r\n"),
             std::string_view("a:1|c|#x:y|@0.1"),
             std::string_view("a:1|g|T0"),
             std::string_view("_e{4294967295,4294967295}:a|b"),
             std::string_view(""),
             std::string_view("\n\n\n"),
             std::string_view("\0\0\0", 3),
             std::string_view("\xff\xfe:1|c"),
             std::string_view("a:1|c|@0.00000000000000000000000000000000001"),
         }) {
        server.send(hostile);
        send_good();
        server.send(std::string(hostile) + "\ngood:1|c");
        ++good;
    }
    server.send(std::string(65'507, 'x'));
    send_good();
    server.send("a:" + std::string(60'000, '9') + "|c");
    send_good();
    for (int i = 0; i < 1'000; ++i)
        send_good();
    {
        quipu::tcp_sender sender({"127.0.0.1", server.tcp()}, {5'000, 5'000});
        const std::string megabyte(std::size_t{1} << 20, 'a');
        for (int i = 0; i < 20; ++i)
            REQUIRE(sender.send(megabyte) == errc::ok);
        REQUIRE(sender.send("\ngood:1|c\n") == errc::ok);
        ++good;
    }
    const auto seen = [&] { return sum_of(graphite, name_of_good(profile)); };
    CHECK(eventually([&] { return seen() == good; }));
    CHECK(server.program().complains("refused in this interval"));
    CHECK(server.ends_well());
    CHECK(seen() == good);
    for (const auto& one : graphite.points()) { // which also reads each line
        if (one.value.find_first_of("nN") != std::string::npos)
            FAIL_CHECK(one.name << " is " << one.value);
    }
}

TEST_CASE("quipud: sends to another StatsD server what it added up", "[quipud]") {
    const std::string way = GENERATE("statsd", "statsd+tcp");
    CAPTURE(way);
    const graphite_server graphite;
    running second({"--interval=200ms", "--prefix=", "--sink", graphite.url()});
    const auto port = way == "statsd" ? second.udp() : second.tcp();
    running first({"--interval=1h", "--sink", way + "://127.0.0.1:" + std::to_string(port)});
    first.send("hits:3|c|@0.5\ndepth:-4|g\nt:1|ms\nt:3|ms|@0.5\nu:anna|s\nu:bert|s");
    CHECK(first.ends_well());
    CHECK(graphite.shows("counters.hits.count", "6"));
    CHECK(graphite.shows("gauges.depth", "-4"));
    CHECK(graphite.shows("timers.t.count", "3"));
    CHECK(graphite.shows("timers.t.sum", "7"));
    CHECK(graphite.shows("sets.u.count", "2"));
    CHECK(second.ends_well());
}

TEST_CASE("quipud: repeats what it receives, byte by byte", "[quipud]") {
    auto copies = quipu::udp_receiver::bind(quipu::address::loopback_v4(0));
    REQUIRE(copies);
    auto stream = quipu::test::listening();
    running server({"--interval=1h",
                    "--sink=repeat://" + to_string(*copies->local_address()),
                    "--sink=repeat+tcp://" + to_string(*stream.local_address())});
    server.send("hits:1|c\nnot a line");
    server.send("hits:2|c\n");
    CHECK(quipu::test::receive_texts(*copies, 2) == words{"hits:1|c\nnot a line", "hits:2|c\n"});
    auto connection = quipu::test::accepted(stream);
    CHECK(quipu::test::receive_bytes(connection, 30) == "hits:1|c\nnot a line\nhits:2|c\n\n");
    CHECK(server.ends_well());
}

TEST_CASE("quipud: tells the most frequent keys, each interval and at the end", "[quipud]") {
    const quipu::test::scratch_folder folder;
    running server({"--sink=none:",
                    "--interval=1h",
                    "--set=keys.interval=200ms",
                    "--set=keys.log=" + folder.path("keys")});
    const auto told = [&] {
        std::ifstream file(folder.path("keys"));
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    server.send("often:1|c\noften:2|c\nonce:1|ms\nbad");
    CHECK(eventually([&] { return told().find("count=2 key=often\n") != std::string::npos; }));
    CHECK(told().find("count=1 key=once\n") != std::string::npos);
    CHECK(told().find("key=bad") == std::string::npos);
    server.send("last:1|c");
    CHECK(server.ends_well());
    CHECK(told().find("count=1 key=last\n") != std::string::npos);
}

TEST_CASE("quipud: each line is logged if that is asked for", "[quipud]") {
    running server({"--interval=1h", "--set", "quipud.log_lines=yes", "--sink=none:"});
    server.send("hits:3|c\n\x1bodd");
    CHECK(server.program().complains("info: received \"hits:3|c\"\n"));
    CHECK(server.program().complains("info: received \"\\x1bodd\"\n"));
    CHECK(server.ends_well());
}

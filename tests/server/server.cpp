#include <quipu/server/server.hpp>

#include "support/asking.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/live_server.hpp"
#include "support/log_file.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

using quipu::errc;
using quipu::test::asking;
using quipu::test::eventually;
using quipu::test::live_server;
using quipu::test::log_file;
using quipu::test::options_of;
using quipu::test::stopwatch;
using namespace std::chrono_literals;

namespace {

/// The flushes that a sink got.
class recording {
public:
    struct flush {
        std::int64_t timestamp;
        std::size_t series;
        double hits;
    };

    template <class Snapshot>
    errc write(const Snapshot& from) {
        flush one{from.timestamp, from.size(), 0};
        for (const auto& each : from.counters) {
            if (each.name == "hits")
                one.hits = each.cell.sum();
        }
        const std::lock_guard hold(mutex_);
        flushes_.push_back(one);
        return errc::ok;
    }

    [[nodiscard]] std::vector<flush> flushes() const {
        const std::lock_guard hold(mutex_);
        return flushes_;
    }
    [[nodiscard]] double hits() const {
        double sum = 0;
        for (const auto& one : flushes())
            sum += one.hits;
        return sum;
    }

private:
    mutable std::mutex mutex_{};
    std::vector<flush> flushes_{};
};

std::shared_ptr<recording> record(live_server<>& server) {
    const auto made = std::make_shared<recording>();
    server.server().add_sink("recording", [made](const auto& from) { return made->write(from); });
    return made;
}

} // namespace

TEST_CASE("server: what was sent before the end is in the last flush", "[server][server]") {
    live_server<> server;
    const auto seen = record(server);
    server.start();
    for (int i = 0; i < 100; ++i)
        server.send("hits:1|c");
    server.send_stream("hits:1000|c\nhits:10000|c");
    server.stop();
    REQUIRE(seen->flushes().size() == 1);
    CHECK(seen->hits() == 11'100);
}

TEST_CASE("server: one that is stopped before it runs still takes what has come",
          "[server][server]") {
    live_server<> server;
    const auto seen = record(server);
    server.send("hits:1|c");
    server.server().stop();
    server.start();
    server.stop();
    CHECK(seen->hits() == 1);
}

TEST_CASE("server: flushes follow each other and the last one belongs to the interval's end",
          "[server][server]") {
    auto options = options_of(1'000);
    options.schedule.aligned = true;
    live_server<> server(options);
    const auto seen = record(server);
    server.start();
    server.send("gauge:1|g"); // something to flush
    REQUIRE(eventually([&] { return seen->flushes().size() == 2; }));
    server.stop();
    const auto all = seen->flushes();
    REQUIRE(all.size() == 3);
    CHECK(all[1].timestamp == all[0].timestamp + 1);
    CHECK(all[2].timestamp == all[1].timestamp + 1);
}

TEST_CASE("server: aligned flushes are multiples of the interval", "[server][server]") {
    auto options = options_of(2'000);
    options.schedule.aligned = true;
    live_server<> server(options);
    const auto seen = record(server);
    server.start();
    server.send("hits:1|c");
    REQUIRE(eventually([&] { return seen->flushes().size() == 1; }));
    CHECK(seen->flushes()[0].timestamp % 2 == 0);
}

TEST_CASE("server: fifty flushes lose nothing of four streams", "[server][server]") {
    live_server<> server(options_of(10));
    const auto seen = record(server);
    server.start();
    std::atomic<bool> ending{false};
    std::atomic<std::uint64_t> sent{0};
    const auto at = server.bound(1).at;
    std::vector<std::thread> senders;
    for (int i = 0; i < 4; ++i) {
        senders.emplace_back([&] {
            quipu::tcp_sender to(at, {5'000, 5'000});
            std::string lines;
            for (int line = 0; line < 100; ++line)
                lines += "hits:1|c\n";
            bool well = to.connect() == errc::ok;
            while (well && !ending) {
                well = to.send(lines) == errc::ok;
                sent += well ? 100U : 1'000'000'000U;
            }
            live_server<>::await_arrival(to.fd());
        });
    }
    const bool flushed = eventually([&] { return seen->flushes().size() >= 50; });
    ending = true;
    for (auto& one : senders)
        one.join();
    // What waits in the system's buffers is more than a busy machine takes in the time for the end.
    const bool all_came = eventually([&] { return seen->hits() == static_cast<double>(sent); });
    server.stop();
    CHECK(flushed);
    CHECK(sent > 0);
    CHECK(all_came);
    CHECK(seen->hits() == static_cast<double>(sent));
}

TEST_CASE("server: fifty flushes lose no datagram that the system has not lost",
          "[server][server]") {
    const log_file log;
    auto options = options_of(10);
    options.listeners.receive_buffer_bytes = std::size_t{64} << 10;
    live_server<> server(options, log.fd());
    const auto seen = record(server);
    server.start();
    std::atomic<bool> ending{false};
    std::atomic<std::uint64_t> sent{0};
    const auto at = quipu::address::loopback_v4(server.bound(0).at.port);
    std::vector<std::thread> senders;
    for (int i = 0; i < 2; ++i) {
        senders.emplace_back([&] {
            auto to = quipu::udp_sender::connect(at);
            while (!ending) {
                if (to->send("hits:1|c") == errc::ok)
                    ++sent;
            }
        });
    }
    const bool flushed = eventually([&] { return seen->flushes().size() >= 50; });
    ending = true;
    for (auto& one : senders)
        one.join();
    server.stop();
    CHECK(flushed);
    CHECK(seen->hits() + log.sum_behind("lost in this interval: ") == static_cast<double>(sent));
}

TEST_CASE("server: a sink that hangs delays neither the others nor the end", "[server][server]") {
    // Shared with a thread that is left behind.
    const auto released = std::make_shared<std::atomic<bool>>(false);
    auto options = options_of(20);
    options.patience = 200ms;
    live_server<> server(options);
    server.server().add_sink("hanging", [released](const auto&) {
        released->wait(false);
        return errc::ok;
    });
    const auto seen = record(server);
    server.start();
    server.send("hits:1|c");
    CHECK(eventually([&] { return seen->hits() == 1; }));
    server.send("hits:10|c");
    CHECK(eventually([&] { return seen->hits() == 11; }));
    server.send("hits:100|c");
    const stopwatch watch;
    server.stop();
    CHECK(watch.elapsed() < 2s);
    CHECK(seen->hits() == 111);
    released->store(true);
    released->notify_all();
    CHECK(eventually([&] { return released.use_count() <= 2; }));
}

TEST_CASE("server: a sink that fails has its last try, even behind one that hangs",
          "[server][server]") {
    const auto released = std::make_shared<std::atomic<bool>>(false);
    const auto tries = std::make_shared<std::atomic<int>>(0);
    auto options = options_of(20);
    options.patience = 300ms;
    options.sinks.pause_first = 100ms;
    options.sinks.pause_max = 60s;
    live_server<> server(options);
    server.server().add_sink("hanging", [released](const auto&) {
        released->wait(false);
        return errc::ok;
    });
    server.server().add_sink("failing", [tries](const auto&) {
        return ++*tries < 4 ? errc::connection_refused : errc::ok;
    });
    server.start();
    server.send("hits:1|c");
    REQUIRE(eventually([&] { return *tries == 3; })); // the next pause is 400 ms
    server.stop();
    CHECK(*tries == 4);
    released->store(true);
    released->notify_all();
}

TEST_CASE("server: refused lines are told by their causes", "[server][server]") {
    const log_file log;
    live_server<> server(options_of(), log.fd());
    server.start();
    server.send("a:x|c\nb:1|c|@7\nc:y|c\ngood;k=v;bad:1|c");
    server.stop();
    const auto text = log.text();
    CAPTURE(text);
    CHECK(text.find("warning: refused \"a:x|c\" at byte 2: the value is not a number\n") !=
          text.npos);
    CHECK(text.find("warning: refused in this interval, of 4 lines: "
                    "2 \xc3\x97 the value is not a number, "
                    "1 \xc3\x97 the sampling rate is not a number above 0 and up to 1\n") !=
          text.npos);
    CHECK(text.find("warning: left out in this interval: 1 tags in names") != text.npos);
}

TEST_CASE("server: a flood of bad lines does not flood the log", "[server][server]") {
    const log_file log;
    live_server<> server(options_of(), log.fd());
    server.start();
    for (int i = 0; i < 500; ++i)
        server.send("bad\x1b[2J\nworse\n");
    server.stop();
    const auto text = log.text();
    CHECK(text.size() < 5'000);
    CHECK(text.find('\x1b') == text.npos);
    CHECK(text.find("of 1000 lines: 1000 ") != text.npos);
}

TEST_CASE("server: an outage of Graphite loses nothing", "[server][server]") {
    auto options = options_of(20);
    options.sinks.pause_first = 1ms;
    options.sinks.pause_max = 10ms;
    options.sinks.snapshots_max = 1'000;
    live_server<> server(options);
    auto graphite = std::make_unique<quipu::test::graphite_server>();
    const auto port = graphite->port();
    server.add_graphite(graphite->host());
    const auto seen = record(server);
    server.start();
    server.send("hits:1|c");
    REQUIRE(graphite->shows("stats.counters.hits.count", "1"));
    graphite.reset();
    server.send("hits:2|c");
    REQUIRE(eventually([&] { return seen->hits() == 3; })); // flushed, but nobody listens
    server.send("hits:3|c");
    REQUIRE(eventually([&] { return seen->hits() == 6; }));
    graphite = std::make_unique<quipu::test::graphite_server>(port);
    REQUIRE(graphite->shows("stats.counters.hits.count", "3"));
    CHECK(graphite->values("stats.counters.hits.count") == std::vector<std::string>{"2", "3"});
    server.stop();
}

TEST_CASE("server: its admin commands know what came up to now, and can delete it", "[server]") {
    live_server<quipu::profile::etsy> server;
    REQUIRE(server.server().listen_admin({"127.0.0.1", 0}) == errc::ok);
    REQUIRE(server.server().listen_aliveness({"127.0.0.1", 0}) == errc::ok);
    REQUIRE(server.server().listen_admin({"127.0.0.1", 0}) == errc::ok);
    const auto at = server.server().admin_addresses();
    REQUIRE(at.size() == 3);
    server.start();
    quipu::test::asking admin(at[0].port());
    const std::string end = "END\n\n";
    const auto hits = [&] {
        return admin.ask("counters\n", end).find(" hits: 3") != std::string::npos;
    };
    CHECK_FALSE(hits());
    server.send("hits:3|c\nbad");
    CHECK(eventually(hits));
    const auto statistics = admin.ask("stats\n", end);
    CHECK(statistics.starts_with("uptime: "));
    CHECK(statistics.find("messages.bad_lines_seen: 1\n") != std::string::npos);
    CHECK(admin.ask("delcounters hits\n", end) == "deleted: hits\n" + end);
    CHECK_FALSE(hits());
    CHECK(quipu::test::asking(at[1].port()).hear_all() == "YES");
    CHECK(admin.ask("health down\n", "\n") == "health: down\n");
    CHECK(quipu::test::asking(at[2].port()).ask("health\n", "\n") == "health: down\n");
    server.stop();
}

TEST_CASE("server: statistics tell of each sink", "[server]") {
    live_server<> server(options_of(100));
    const auto flushes = record(server);
    server.server().add_sink("broken://x", [](const auto&) { return errc::connection_refused; });
    REQUIRE(server.server().listen_admin({"127.0.0.1", 0}) == errc::ok);
    const auto port = server.server().admin_addresses().at(0).port();
    server.start();
    server.send("hits:1|c");
    CHECK(eventually([&] { return flushes->hits() == 1; }));
    quipu::test::asking admin(port);
    const auto statistics = admin.ask("stats\n", "END\n\n");
    CHECK(statistics.find("recording.waiting: 0\n") != std::string::npos);
    CHECK(statistics.find("broken.waiting: 1\n") != std::string::npos);
    CHECK(statistics.find("broken.last_exception: ") != std::string::npos);
    server.stop();
}

namespace {

/// A server that answers, and its port.
struct watched_server {
    explicit watched_server(std::int64_t interval_ms = 3'600'000)
        : server(options_of(interval_ms)) {
        REQUIRE(server.server().listen_admin({"127.0.0.1", 0}) == errc::ok);
        port = server.server().admin_addresses().at(0).port();
        server.start();
    }
    [[nodiscard]] std::string get(std::string_view target) const {
        quipu::test::asking client(port);
        client.say("GET " + std::string(target) + " HTTP/1.0\r\n\r\n");
        return client.hear_all();
    }

    live_server<> server;
    std::uint16_t port = 0;
};

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("server: pages tell what came, by its numbers", "[server][server]") {
    watched_server one(200);
    one.server.send("hits:30|c\nhits:12|c\nquipud_lines_total:1|c\nno line");
    CHECK(eventually([&] {
        return has(one.get("/metrics"), "\nhits_total 42\n") ||
               has(one.get("/metrics"), "hits_total 42\n");
    }));
    const auto page = one.get("/metrics");
    CHECK(has(page, "\nquipud_lines_total 4\n"));
    CHECK(has(page, "\nquipud_packets_total 1\n"));
    CHECK(page.find("# TYPE quipud_lines_total") == page.rfind("# TYPE quipud_lines_total"));
    CHECK(has(one.get("/api/series/one?kind=counter&name=hits"), "\"total\":42"));
    CHECK(has(page, "# HELP hits_total StatsD's hits\n"));
    CHECK(has(one.get("/healthz"), "HTTP/1.1 200 OK"));
    CHECK(has(one.get("/nothing"), "HTTP/1.1 404 "));
    quipu::test::asking commands(one.port);
    CHECK(has(commands.ask("health down\n", "\n"), "health: down"));
    CHECK(has(one.get("/healthz"), "HTTP/1.1 503 "));
}

TEST_CASE("server: a stream tells of each flush without being asked", "[server][server]") {
    watched_server one(300);
    quipu::test::asking stream(one.port);
    stream.say("GET /api/events HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(has(stream.hear("data: "), "text/event-stream"));
    one.server.send("hits:42|c");
    CHECK(has(stream.hear("\"value\":42"), "\"value\":42"));
}

TEST_CASE("server: five hundred silent connections take nothing from the input",
          "[server][server]") {
    constexpr int lines = 2000;
    watched_server one(200);
    std::vector<std::unique_ptr<quipu::test::asking>> silent;
    for (int i = 0; i < 500; ++i) {
        silent.push_back(std::make_unique<quipu::test::asking>(one.port));
        silent.back()->say("GET /met"); // and no more
    }
    const auto seen = [&](std::string_view what) { return has(one.get("/metrics"), what); };
    for (int i = 0; i < lines; ++i)
        one.server.send("hits:1|c");
    CHECK(eventually([&] { return seen("hits_total 2000\n"); }));
    CHECK(seen("quipud_listener_dropped_total{listener=\"udp://127.0.0.1:"));
    silent[499]->say("rics HTTP/1.0\r\n\r\n"); // it is answered still
    CHECK(has(silent[499]->hear_all(), "hits_total 2000\n"));
}

TEST_CASE("server: its own numbers are series like others, if they are asked for",
          "[server][server]") {
    auto options = options_of();
    options.self_prefix = "me";
    live_server<> server(options);
    std::map<std::string, double> counters;
    std::map<std::string, double> gauges;
    server.server().add_sink("recording", [&](const auto& from) {
        for (const auto& one : from.counters)
            counters[std::string(one.name)] += one.cell.sum();
        for (const auto& one : from.gauges)
            gauges[std::string(one.name)] = one.cell.value();
        return errc::ok;
    });
    server.start();
    server.send("hits:1|c\nhits:x|c\n");
    server.stop();
    CHECK(server.server().status().series[0] == counters.size()); // though nobody watches
    CHECK(counters["hits"] == 1);
    CHECK(counters["me.lines"] == 2);
    CHECK(counters["me.bytes"] == 18);
    CHECK(counters["me.refused;cause=the_value_is_not_a_number"] == 1);
    CHECK(counters["me.listener_packets;listener=" + server.server().bound()[0]] == 1);
    CHECK(counters["me.sink_failures;sink=recording"] == 0);
    CHECK(gauges.count("me.series;kind=counter") == 1);
    CHECK(gauges.count("me.flush_seconds") == 1);
    CHECK(gauges.count("me.input_gap_seconds") == 1);
}

TEST_CASE("server: hundreds of connections that do nothing disturb nobody", "[server][server]") {
    live_server<> server;
    REQUIRE(server.server().listen_admin({"127.0.0.1", 0}) == errc::ok);
    const auto seen = record(server);
    server.start();
    const auto at = server.server().admin_addresses()[0];
    std::vector<std::unique_ptr<asking>> idle;
    for (int i = 0; i < 500; ++i)
        idle.push_back(std::make_unique<asking>(at.port()));
    for (int i = 0; i < 1'000; ++i)
        server.send("hits:1|c");
    asking one(at.port());
    CHECK(one.ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "healthy\n").find("200") !=
          std::string::npos);
    // They can still ask.
    CHECK(idle.back()->ask("health\n", "\n") == "health: up\n");
    server.stop();
    CHECK(seen->hits() == 1'000);
}

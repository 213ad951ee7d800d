// quipud and a Graphite that takes what it is sent, and dies before it has read it: every number is
// there in the end, under its own time.
#include <quipu/net/tcp_listener.hpp>

#include "support/asking.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/running_quipud.hpp"
#include "support/tcp.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <sys/socket.h>

using quipu::test::asking;
using quipu::test::eventually;
using quipu::test::graphite_mood;
using quipu::test::graphite_server;
using quipu::test::words;
using running = quipu::test::running_quipud;

namespace {

/// A server with an interval of a second, so that each flush has a time of its own.
running started(std::uint16_t graphite, words more = {}) {
    words all{"--listen=udp://127.0.0.1:0",
              "--admin=127.0.0.1:0",
              "--interval=1s",
              "--sink=graphite://127.0.0.1:" + std::to_string(graphite)};
    all.insert(all.end(), more.begin(), more.end());
    return running(all);
}

/// A number of the sink, as /api/status has it.
std::uint64_t sink_number(const running& of, const std::string& name) {
    asking page(of.port("answering on tcp://"));
    const auto text = page.ask("GET /api/status HTTP/1.0\r\n\r\n", "no such end");
    const auto key = '"' + name + "\":";
    const auto at = text.find(key, text.find("\"sinks\""));
    return at == text.npos ? 0 : std::stoull(text.substr(at + key.size()));
}

bool has_flushed(const running& server, std::uint64_t flushes) {
    return eventually([&] { return sink_number(server, "successes") >= flushes; });
}

/// What a store has of a counter that keeps one value for each time.
double stored(const graphite_server& in, const std::string& name) {
    std::map<std::int64_t, double> by_time;
    for (const auto& one : in.points()) {
        if (one.name == name)
            by_time[one.timestamp] = std::stod(one.value);
    }
    double all = 0;
    for (const auto& [time, value] : by_time)
        all += value;
    return all;
}

constexpr auto counter = "stats.counters.hits.count";

} // namespace

TEST_CASE("quipud delivery: flushes that Graphite never read come again", "[quipud][delivery]") {
    auto deaf = std::make_optional<graphite_server>(std::uint16_t{0}, graphite_mood::never_reads);
    const auto port = deaf->port();
    auto server = started(port);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        server.send("hits:100|c");
        REQUIRE(has_flushed(server, sink_number(server, "successes") + 1));
    }
    deaf.reset();
    const graphite_server graphite(port);
    server.send("hits:11|c");
    CHECK(eventually([&] { return stored(graphite, counter) == 311; }));
    CHECK(sink_number(server, "resent") >= 3);
    CHECK(server.ends_well());
    CHECK(stored(graphite, counter) == 311);
}

TEST_CASE("quipud delivery: a Graphite that breaks off in the middle of each flush loses none",
          "[quipud][delivery]") {
    auto listener = quipu::test::listening();
    const auto port = listener.local_address()->port();
    auto server = started(port);
    for (int i = 0; i < 3; ++i) {
        server.send("hits:100|c");
        auto peer = quipu::test::accepted(listener);
        REQUIRE(quipu::test::comes_ready(peer.fd()));
        char some[5];
        REQUIRE(::recv(peer.fd(), some, sizeof some, 0) > 0);
        if (i == 1)
            quipu::test::reset(peer);
    }
    listener = {};
    const graphite_server graphite(port);
    server.send("hits:11|c");
    CHECK(eventually([&] { return stored(graphite, counter) == 311; }));
    CHECK(server.ends_well());
    CHECK(stored(graphite, counter) == 311);
}

TEST_CASE("quipud delivery: what is not read at the end is sent again, or said to be lost",
          "[quipud][delivery]") {
    auto deaf = std::make_optional<graphite_server>(std::uint16_t{0}, graphite_mood::never_reads);
    const auto port = deaf->port();
    auto server = started(port);
    server.send("hits:100|c");
    REQUIRE(has_flushed(server, 1));
    deaf.reset();
    SECTION("somebody is there again") {
        const graphite_server graphite(port);
        CHECK(server.ends_well());
        CHECK(stored(graphite, counter) == 100);
    }
    SECTION("nobody is") {
        CHECK(server.ends_well());
        CHECK(server.program().err().find("flushes that could not be sent before the end") !=
              std::string::npos);
    }
}

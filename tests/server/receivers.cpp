#include <quipu/server/receivers.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/scratch_folder.hpp"

#include <quipu/net/resolve.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

using quipu::errc;
using quipu::test::eventually;

namespace {

using receivers = quipu::basic_receivers<quipu::profile::quipu>;

quipu::endpoint where(std::string_view url) {
    const auto at = quipu::parse_endpoint(url, 1);
    REQUIRE(at);
    return *at;
}

/// Sends a datagram from a socket, and so a port, of its own.
void send(const receivers& to, std::string_view text) {
    const auto at = quipu::resolve(where(to.bound()[0]).at, quipu::address_use::connect);
    REQUIRE(at);
    auto sender = quipu::udp_sender::connect((*at)[0]);
    REQUIRE(sender);
    REQUIRE(sender->send(text) == errc::ok);
}

} // namespace

TEST_CASE("receivers: several threads share an address, and take all that comes to it",
          "[server][receivers]") {
    const std::string url = GENERATE("udp://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://[::1]:0");
    CAPTURE(url);
    constexpr int clients = 64;
    receivers here(quipu::log(-1), 3);
    REQUIRE(here.ready() == errc::ok);
    REQUIRE(here.listen(where(url)) == errc::ok);
    REQUIRE(here.bound().size() == 1);
    here.start();
    const auto at = where(here.bound()[0]);
    std::vector<quipu::tcp_sender> connections;
    for (int i = 0; i < clients; ++i) {
        if (at.protocol == quipu::ip_protocol::udp) {
            send(here, "hits:1|c");
            continue;
        }
        connections.emplace_back(at.at);
        REQUIRE(connections.back().connect() == errc::ok);
        REQUIRE(connections.back().send("hits:1|c\n") == errc::ok);
    }
    CHECK(eventually([&] { return here.ways_in().at(0).packets == clients; }));
    CHECK(here.ways_in().size() == 1);
    CHECK(here.ways_in()[0].connections == connections.size());

    double sum = 0;
    int threads = 0;
    int threads_with_some = 0;
    here.take([&](auto& from) {
        const double hits = from.store.counter("hits").sum();
        sum += hits;
        ++threads;
        threads_with_some += hits > 0 ? 1 : 0;
    });
    CHECK(sum == clients);
    CHECK(threads == 3);
    CHECK(threads_with_some > 1); // all would come to one of them once in 3^63 runs
}

TEST_CASE("receivers: an address that they share is in use for others", "[server][receivers]") {
    const std::string scheme = GENERATE("udp://", "tcp://");
    receivers first(quipu::log(-1), 2);
    REQUIRE(first.listen(where(scheme + "127.0.0.1:0")) == errc::ok);
    receivers second(quipu::log(-1), 2);
    CHECK(second.listen(where(first.bound()[0])) == errc::address_in_use);
    CHECK(second.bound().empty());
}

TEST_CASE("receivers: of a gauge that several threads got the last value stays",
          "[server][receivers]") {
    constexpr int gauges = 64;
    receivers here(quipu::log(-1), 2);
    REQUIRE(here.listen(where("udp://127.0.0.1:0")) == errc::ok);
    here.start();
    for (int i = 0; i < gauges; ++i) {
        const auto name = "g" + std::to_string(i);
        for (const auto* const value : {":1|g", ":2|g"}) {
            const auto before = here.ways_in()[0].packets;
            send(here, name + value);
            REQUIRE(eventually([&] { return here.ways_in()[0].packets == before + 1; }));
        }
    }
    quipu::pipeline all;
    here.take([&](auto& from) { all.take(from); });
    for (int i = 0; i < gauges; ++i) {
        CAPTURE(i);
        CHECK(all.store().gauge("g" + std::to_string(i)).value() == 2);
    }
}

TEST_CASE("receivers: what is left after the end is taken", "[server][receivers]") {
    receivers here(quipu::log(-1), 2);
    REQUIRE(here.listen(where("udp://127.0.0.1:0")) == errc::ok);
    for (int i = 0; i < 20; ++i)
        send(here, "hits:1|c");
    here.start();
    here.stop();
    double sum = 0;
    here.take_rest([&](auto& from) { sum += from.store.counter("hits").sum(); });
    CHECK(sum == 20);
}

TEST_CASE("receivers: the end of a descriptor counts if nothing else listens on any thread",
          "[server][receivers]") {
    const quipu::test::scratch_folder folder;
    const bool alone = GENERATE(true, false);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    receivers here(quipu::log(-1), 2);
    std::atomic<bool> ended{false};
    REQUIRE(here.listen_file(ends[0], [&] { ended = true; }) == errc::ok);
    if (!alone)
        REQUIRE(here.listen_unix(folder.path("datagrams"), quipu::unix_kind::datagrams) ==
                errc::ok);
    CHECK(here.bound().size() == (alone ? 1 : 2));
    here.start();
    REQUIRE(::write(ends[1], "hits:1|c\n", 9) == 9);
    ::close(ends[1]);
    if (alone) {
        CHECK(eventually([&] { return ended.load(); }));
    } else {
        CHECK(eventually([&] { return here.ways_in()[0].packets > 0; }));
        here.stop();
        CHECK_FALSE(ended);
    }
    here.stop();
    ::close(ends[0]);
    double sum = 0;
    here.take_rest([&](auto& from) { sum += from.store.counter("hits").sum(); });
    CHECK(sum == 1);
}

TEST_CASE("receivers: both families listen at one port, in either order", "[server][receivers]") {
    const std::string scheme = GENERATE("udp://", "tcp://");
    const bool v6_first = GENERATE(true, false);
    CAPTURE(scheme, v6_first);
    receivers here(quipu::log(-1), 2);
    REQUIRE(here.listen(where(scheme + (v6_first ? "[::]:0" : "0.0.0.0:0"))) == errc::ok);
    const auto port = where(here.bound()[0]).at.port;
    const auto second = scheme + (v6_first ? "0.0.0.0:" : "[::]:") + std::to_string(port);
    REQUIRE(here.listen(where(second)) == errc::ok);
    here.start();
    std::vector<quipu::tcp_sender> connections;
    for (const auto* const host : {"127.0.0.1", "::1"}) {
        const auto at = quipu::resolve({host, port}, quipu::address_use::connect);
        REQUIRE(at);
        if (scheme == "udp://") {
            auto sender = quipu::udp_sender::connect((*at)[0]);
            REQUIRE(sender);
            REQUIRE(sender->send("hits:1|c\n") == errc::ok);
        } else {
            connections.emplace_back(quipu::host_port{host, port});
            REQUIRE(connections.back().send("hits:1|c\n") == errc::ok);
        }
    }
    quipu::basic_pipeline<quipu::profile::quipu> pipeline;
    CHECK(eventually([&] {
        here.take([&](auto& input) { pipeline.take(input); });
        return pipeline.counts().lines == 2;
    }));
    here.stop();
}

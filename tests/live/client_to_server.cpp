// Our client through our server to a sink, from several threads at once: nothing is lost on the way
// that is not counted. Ten million calls for each way, compiled as for use.
#include <quipu/client/client.hpp>
#include <quipu/net/unix_datagram.hpp>
#include <quipu/net/unix_stream.hpp>

#include "support/catch.hpp"
#include "support/live_server.hpp"
#include "support/log_file.hpp"
#include "support/scratch_folder.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include <unistd.h>

using namespace quipu;
using quipu::test::live_server;
using quipu::test::log_file;
using quipu::test::options_of;

namespace {

constexpr int threads = 4;
constexpr int datagrams = 250'000; // of each thread
constexpr int hits_each = 7;       // calls in a datagram: these,
constexpr int timings_each = 2;    // these, and the change of a gauge
constexpr double all_datagrams = double{threads} * datagrams;
constexpr double all_calls = all_datagrams * (hits_each + timings_each + 1);
static_assert(all_calls == 10e6);

/// What the threads' metrics came to, over all flushes.
struct totals {
    double hits = 0;
    double timings = 0;
    double milliseconds = 0;
    double depth = 0;
    double packets = 0; // datagrams, by the server's own count

    template <class Snapshot>
    void add(const Snapshot& from) {
        for (const auto& one : from.counters) {
            if (one.name == "app.hits")
                hits += one.cell.sum();
            if (one.name == "statsd.packets_received")
                packets += one.cell.sum();
        }
        for (const auto& one : from.timers) {
            timings += one.cell.count();
            milliseconds += one.cell.sum();
        }
        for (const auto& one : from.gauges) {
            if (one.name == "app.depth")
                depth = one.cell.value();
        }
    }
};

/// What so many datagrams come to.
void check(const totals& seen, double of) {
    CHECK(seen.hits == of * hits_each);
    CHECK(seen.timings == of * timings_each);
    CHECK(seen.milliseconds == of * timings_each * 2.5);
    CHECK(seen.depth == of);
}

/// Waits until the server has read what was sent, where the system tells.
template <class Transport>
void await_reading(Transport& by) {
    if constexpr (is_stream_transport<Transport> || std::is_same_v<Transport, unix_datagram_sender>)
        live_server<>::await_arrival(by.fd());
}

/// Sends from all threads, each by a client of its own, and adds up what became of the calls.
template <class Connect>
client_counts send_all(const Connect& connect) {
    std::array<client_counts, threads> counts{};
    std::vector<std::thread> all;
    for (auto& mine : counts) {
        all.emplace_back([&mine, &connect] {
            basic_client client{connect(), {.prefix = "app"}};
            for (int datagram = 0; datagram < datagrams; ++datagram) {
                for (int i = 0; i < hits_each; ++i)
                    client.increment("hits");
                for (int i = 0; i < timings_each; ++i)
                    client.timing("latency", 2.5);
                client.change_gauge("depth", 1);
                client.flush();
            }
            mine = client.counts();
            await_reading(client.transport());
        });
    }
    for (auto& one : all)
        one.join();
    client_counts sum;
    for (const auto& one : counts) {
        for (const auto& [name, count] : client_count_names)
            sum.*count += one.*count;
    }
    return sum;
}

/// A server that flushes all the time, and all that came out of it.
template <class Profile = profile::quipu>
class run {
public:
    explicit run(int log_fd = -1) : server(options_of(100), log_fd) {
        server.server().add_sink("totals", [this](const auto& from) {
            seen.add(from);
            return errc::ok;
        });
    }

    totals seen{};
    live_server<Profile> server;
};

void check_nothing_lost(const client_counts& sent, const totals& seen) {
    CHECK(sent.samples == static_cast<std::uint64_t>(all_calls));
    CHECK(sent.datagrams == static_cast<std::uint64_t>(all_datagrams));
    CHECK(sent.lost + sent.failures + sent.refused == 0);
    check(seen, all_datagrams);
}

} // namespace

TEST_CASE("client to server: over TCP every call of every thread is counted", "[live]") {
    run<> to;
    to.server.start();
    const auto at = to.server.bound(1).at;
    const auto sent = send_all([&] { return tcp_sender(at, {.send_timeout_ms = -1}); });
    to.server.stop();
    check_nothing_lost(sent, to.seen);
}

TEST_CASE("client to server: over a Unix stream every call of every thread is counted", "[live]") {
    const test::scratch_folder folder;
    run<> to;
    REQUIRE(to.server.server().listen_unix(folder.path("s"), unix_kind::streams) == errc::ok);
    to.server.start();
    const auto sent =
        send_all([&] { return unix_stream_sender(folder.path("s"), {.send_timeout_ms = -1}); });
    to.server.stop();
    check_nothing_lost(sent, to.seen);
}

TEST_CASE("client to server: over a Unix path every datagram is counted, here or there", "[live]") {
    const test::scratch_folder folder;
    run<> to;
    REQUIRE(to.server.server().listen_unix(folder.path("d"), unix_kind::datagrams) == errc::ok);
    to.server.start();
    const auto sent = send_all([&] { return unix_datagram_sender(folder.path("d")); });
    to.server.stop();
    CHECK(sent.samples == static_cast<std::uint64_t>(all_calls));
    CHECK(sent.datagrams + sent.failures == static_cast<std::uint64_t>(all_datagrams));
    CHECK(sent.lost == sent.failures * (hits_each + timings_each + 1));
    CHECK(sent.datagrams > 0);
    check(to.seen, static_cast<double>(sent.datagrams)); // what is not refused arrives
}

TEST_CASE("client to server: over UDP every datagram is counted, or counted as lost", "[live]") {
    const log_file log;
    run<profile::etsy> to(log.fd());
    to.server.start();
    const auto at = resolve(to.server.bound(0).at, address_use::connect);
    REQUIRE(at);
    const auto sent = send_all([&] { return *udp_sender::connect((*at)[0]); });
    to.server.stop();
    CHECK(sent.samples == static_cast<std::uint64_t>(all_calls));
    CHECK(sent.datagrams + sent.failures == static_cast<std::uint64_t>(all_datagrams));
    CHECK(static_cast<double>(sent.datagrams) ==
          to.seen.packets + log.sum_behind("lost in this interval: "));
    CHECK(to.seen.packets > 0);
    check(to.seen, to.seen.packets);
}

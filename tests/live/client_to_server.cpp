// Our client through our server to a sink, from several threads at once: nothing is lost on the way
// that is not counted.
#include <quipu/client/client.hpp>

#include "support/catch.hpp"
#include "support/live_server.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace quipu;
using quipu::test::live_server;
using quipu::test::options_of;

namespace {

constexpr int threads = 4;
constexpr int rounds = 2'500;
constexpr int lines_a_round = 40; // of which a datagram has exactly ten

/// What the threads' counters, timers and sets came to, over all flushes.
struct totals {
    double hits = 0;
    double timings = 0;
    double milliseconds = 0;
    double packets = 0;

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
    }
};

/// Sends from all threads, each by a client of its own, and adds up what became of the calls.
template <class Connect>
client_counts send_all(const Connect& connect) {
    std::array<client_counts, threads> counts{};
    std::vector<std::thread> all;
    for (auto& mine : counts) {
        all.emplace_back([&mine, &connect] {
            basic_client client{connect(), {.prefix = "app"}};
            for (int round = 0; round < rounds; ++round) {
                for (int i = 0; i < lines_a_round; i += 10) {
                    for (int k = 0; k < 9; ++k)
                        client.increment("hits");
                    client.timing("latency", 2);
                    client.flush();
                }
            }
            mine = client.counts();
            if constexpr (requires { client.transport().connected(); })
                live_server<>::await_arrival(client.transport().fd());
        });
    }
    for (auto& one : all)
        one.join();
    client_counts sum;
    for (const auto& one : counts) {
        sum.samples += one.samples;
        sum.datagrams += one.datagrams;
        sum.refused += one.refused;
        sum.lost += one.lost;
        sum.failures += one.failures;
    }
    return sum;
}

/// What a server says that it has lost, of all its log.
double lost_in(std::string_view log) {
    constexpr std::string_view mark = "lost in this interval: ";
    double lost = 0;
    for (auto at = log.find(mark); at != log.npos; at = log.find(mark, at + 1))
        lost += std::stod(std::string(log.substr(at + mark.size(), 20)));
    return lost;
}

/// A file that is gone with it: a log that never makes a server wait.
class log_file {
public:
    [[nodiscard]] int fd() const { return ::fileno(file_); }
    [[nodiscard]] std::string text() const {
        std::string all(1 << 20, '\0');
        const auto size = ::pread(fd(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }
    ~log_file() { std::fclose(file_); }
    log_file() = default;
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;

private:
    std::FILE* file_ = std::tmpfile();
};

constexpr double samples = static_cast<double>(threads) * rounds * lines_a_round;

} // namespace

TEST_CASE("client to server: over TCP every call of every thread is counted", "[client][live]") {
    totals seen;
    client_counts sent;
    {
        live_server<> server(options_of(100)); // many flushes meanwhile
        server.server().add_sink("totals", [&](const auto& from) {
            seen.add(from);
            return errc::ok;
        });
        server.start();
        const auto at = server.bound(1).at;
        sent = send_all([&] { return tcp_sender(at); });
        server.stop();
    }
    CHECK(sent.samples == static_cast<std::uint64_t>(samples));
    CHECK(sent.lost == 0);
    CHECK(sent.refused == 0);
    CHECK(seen.hits == samples * 0.9);
    CHECK(seen.timings == samples * 0.1);
    CHECK(seen.milliseconds == samples * 0.2);
}

TEST_CASE("client to server: over UDP every call is counted, or its datagram as lost",
          "[client][live]") {
    totals seen;
    client_counts sent;
    const log_file log;
    {
        live_server<profile::etsy> server(options_of(100), log.fd());
        server.server().add_sink("totals", [&](const auto& from) {
            seen.add(from);
            return errc::ok;
        });
        server.start();
        const auto at = resolve(server.bound(0).at, address_use::connect);
        REQUIRE(at);
        sent = send_all([&] { return *udp_sender::connect((*at)[0]); });
        server.stop();
    }
    const double lost = lost_in(log.text());
    CHECK(sent.samples == static_cast<std::uint64_t>(samples));
    CHECK(sent.datagrams + sent.failures == static_cast<std::uint64_t>(samples) / 10);
    CHECK(static_cast<double>(sent.datagrams) == seen.packets + lost);
    CHECK(seen.hits == seen.packets * 9);
    CHECK(seen.timings == seen.packets);
    CHECK(seen.packets > 0);
}

// Sends a StatsD server three seconds of demo traffic, whose totals are known beforehand.
//
//     02_send_metrics [HOST:PORT]
#include <quipu/client/client.hpp>
#include <quipu/client/scoped_timer.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/udp.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;

/// No call is left out by chance, so that the totals are known: each has its rate as it is.
struct demo_traits : quipu::client_traits {
    using sampler = quipu::sampling::keep_all;
};
using demo_client = quipu::basic_client<quipu::udp_sender, demo_traits>;

void send_batch(demo_client& client, int batch) {
    for (int i = 1; i <= 10; ++i) {
        client.increment("requests");
        client.timing("latency", batch % 10 * 10 + i);
    }
    // One in ten is reported, so each stands for ten.
    client.increment("cache.hits", 1, {.rate = 0.1});
    client.set("users", "user" + std::to_string(batch % 25));
}

/// What a program does to measure itself.
void work(quipu::udp_sender to_server) {
    // [readme]
    quipu::basic_client client{std::move(to_server), {.prefix = "shop", .tags = "env:prod"}};

    client.increment("orders");
    client.increment("clicks", 1, {.rate = 0.1}); // one in ten is sent, and counts ten
    client.timing("checkout", 12ms, {.tags = "code:200"});
    client.gauge("queue", 70);
    {
        const quipu::scoped_timer timer(client, "report");
        std::this_thread::sleep_for(1ms);
    }
    client.flush(); // and whenever a datagram is full
    // [/readme]
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view to = argc > 1 ? argv[1] : "127.0.0.1:8125";
    const auto where = quipu::parse_host_port(to, 8125);
    if (!where) {
        std::fprintf(stderr, "usage: 02_send_metrics [HOST:PORT]\n");
        return 2;
    }
    const auto addresses = quipu::resolve(*where, quipu::address_use::connect);
    const auto connect = [&] {
        return addresses ? quipu::udp_sender::connect((*addresses)[0])
                         : quipu::result<quipu::udp_sender>(addresses.error());
    };
    auto socket = connect();
    if (!socket) {
        const auto why = quipu::message(socket.error());
        std::fprintf(stderr, "cannot send to %s: %s\n", argv[1], std::string(why).c_str());
        return 1;
    }

    demo_client client{*std::move(socket), {.prefix = "demo"}};
    client.gauge("queue", 70);
    client.change_gauge("queue", +1);
    client.change_gauge("queue", -3);
    client.key_value("deployed", 42, {.timestamp = std::time(nullptr)});
    for (int batch = 0; batch < 30; ++batch) {
        send_batch(client, batch);
        client.flush();
        std::this_thread::sleep_for(100ms);
    }
    if (auto another = connect())
        work(*std::move(another));
    return client.counts().refused == 0 ? 0 : 1;
}

// Sends a StatsD server three seconds of demo traffic, whose totals are known beforehand.
//
//     02_send_metrics [HOST:PORT]
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/wire/datagram.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>

namespace {

using quipu::metric_kind;
using quipu::sample;

/// Packs samples into datagrams and sends each when it is full.
class sender {
public:
    explicit sender(quipu::udp_sender to) : to_(std::move(to)) {}

    // [readme]
    void add(const quipu::sample& one) {
        if (packet_.add(one) == quipu::errc::no_space) {
            flush();
            static_cast<void>(packet_.add(one));
        }
    }

    void flush() {
        if (!packet_.empty())
            static_cast<void>(to_.send(packet_.view()));
        packet_.clear();
    }
    // [/readme]

private:
    quipu::udp_sender to_;
    quipu::datagram_writer packet_{};
};

void send_batch(sender& to, int batch) {
    for (int i = 1; i <= 10; ++i) {
        const double request = batch % 10 * 10 + i;
        to.add({{metric_kind::counter, "demo.requests"}, 1});
        to.add({{metric_kind::timer, "demo.latency"}, request});
    }
    // One in ten is reported, so each stands for ten.
    to.add({{metric_kind::counter, "demo.cache.hits"}, 1, 0.1});
    const std::string user = "user" + std::to_string(batch % 25);
    to.add({.series = {metric_kind::unique, "demo.users"}, .member = user});
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
    auto socket = addresses ? quipu::udp_sender::connect((*addresses)[0])
                            : quipu::result<quipu::udp_sender>(addresses.error());
    if (!socket) {
        const auto why = quipu::message(socket.error());
        std::fprintf(stderr, "cannot send to %s: %s\n", argv[1], std::string(why).c_str());
        return 1;
    }

    sender out(*std::move(socket));
    out.add({{metric_kind::gauge, "demo.queue"}, 70});
    out.add({.series = {metric_kind::gauge, "demo.queue"}, .value = +1, .relative = true});
    out.add({.series = {metric_kind::gauge, "demo.queue"}, .value = -3, .relative = true});
    out.add({.series = {metric_kind::keyvalue, "demo.deployed"},
             .value = 42,
             .timestamp = std::time(nullptr)});
    for (int batch = 0; batch < 30; ++batch) {
        send_batch(out, batch);
        out.flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return 0;
}

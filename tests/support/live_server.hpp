// A whole server within the test program: real sockets in, a list of snapshots or Graphite out.
#pragma once

#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/server/server.hpp>
#include <quipu/sink/graphite.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace quipu::test {

/// An interval, unless it is asked for, is so long that the only flush is that of the end.
inline server_options options_of(std::int64_t interval_ms = 3'600'000) {
    server_options options;
    options.schedule.interval_ms = interval_ms;
    return options;
}

template <class Profile>
struct graphite_traits_of : graphite_traits {
    static constexpr bool closes_after_flush = Profile::connects_for_each_flush;
};

template <class Profile = profile::quipu>
class live_server {
public:
    explicit live_server(server_options options = options_of(), int log_fd = -1)
        : server_(log(log_fd), std::move(options)) {
        REQUIRE(server_.ready() == errc::ok);
        listen("udp://127.0.0.1:0");
        listen("tcp://127.0.0.1:0");
    }
    ~live_server() { stop(); }
    live_server(const live_server&) = delete;
    live_server& operator=(const live_server&) = delete;

    void listen(std::string_view at) {
        const auto where = parse_endpoint(at, 1);
        REQUIRE(where);
        REQUIRE(server_.listen(*where) == errc::ok);
    }

    /// Adds Graphite as quipud has it.
    void add_graphite(host_port to, typename Profile::schema_options options = {}) {
        using traits = graphite_traits_of<Profile>;
        using sink = basic_graphite<typename Profile::schema_type, tcp_sender, traits>;
        const auto graphite = std::make_shared<sink>(
            typename Profile::schema_type(std::move(options)), tcp_sender(std::move(to)));
        server_.add_sink("graphite",
                         [graphite](const auto& from) { return graphite->write(from); });
    }

    void start() {
        thread_ = std::thread([this] { server_.run(); });
    }

    /// Waits for the last flush.
    void stop() {
        if (!thread_.joinable())
            return;
        server_.stop();
        thread_.join();
    }

    basic_server<Profile>& server() { return server_; }

    /// Where the n-th socket is bound: 0 UDP, 1 TCP, then those that were added.
    [[nodiscard]] endpoint bound(std::size_t n) const {
        const auto at = parse_endpoint(server_.bound().at(n), 1);
        REQUIRE(at);
        return *at;
    }

    /// Sends one datagram; it waits at the server when this returns.
    void send(std::string_view text, std::size_t socket = 0) const {
        const auto at = resolve(bound(socket).at, address_use::connect);
        REQUIRE(at);
        auto sender = udp_sender::connect((*at)[0]);
        REQUIRE(sender);
        REQUIRE(sender->send(text) == errc::ok);
    }

    [[nodiscard]] tcp_sender connect(std::size_t socket = 1) const {
        tcp_sender sender(bound(socket).at);
        REQUIRE(sender.connect() == errc::ok);
        return sender;
    }

    /// Sends a stream and ends it; its bytes wait at the server when this returns.
    void send_stream(std::string_view text, std::size_t socket = 1) const {
        auto sender = connect(socket);
        REQUIRE(sender.send(text) == errc::ok);
        await_arrival(sender.fd());
    }

    /// Waits until the other end of a TCP connection has what was sent. Any thread may do so.
    static void await_arrival(int fd) {
        int on_their_way = 1;
        while (::ioctl(fd, SIOCOUTQ, &on_their_way) == 0 && on_their_way > 0)
            std::this_thread::yield();
    }

private:
    basic_server<Profile> server_;
    std::thread thread_{};
};

} // namespace quipu::test

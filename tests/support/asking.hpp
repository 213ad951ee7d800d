// A client of services that answer over TCP.
#pragma once

#include <quipu/net/address.hpp>
#include <quipu/net/socket.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace quipu::test {

/// A connection on which something is asked, and what is answered.
class asking {
public:
    explicit asking(std::uint16_t port) {
        const auto at = address::loopback_v4(port);
        auto opened = socket::open(at, ip_protocol::tcp);
        REQUIRE(opened);
        to_ = *std::move(opened);
        static_cast<void>(to_.connect(at)); // under way
        REQUIRE(comes_ready(to_.fd(), POLLOUT));
        REQUIRE(to_.pending_error() == errc::ok);
    }

    void say(std::string_view text) {
        while (!text.empty()) {
            REQUIRE(comes_ready(to_.fd(), POLLOUT));
            const auto count = to_.send_some(text);
            REQUIRE(count);
            text.remove_prefix(*count);
        }
    }

    /// What is answered up to and with `end`, or all that is until the other end closes.
    [[nodiscard]] std::string hear(std::string_view end) {
        std::string all;
        while (all.find(end) == all.npos && hear_some(all)) {
        }
        return all;
    }

    [[nodiscard]] std::string ask(std::string_view text, std::string_view end) {
        say(text);
        return hear(end);
    }

    /// Says that nothing more comes, and hears what is left.
    [[nodiscard]] std::string finish() {
        REQUIRE(::shutdown(to_.fd(), SHUT_WR) == 0);
        return hear_all();
    }

    [[nodiscard]] std::string hear_all() {
        std::string all;
        while (hear_some(all)) {
        }
        return all;
    }

    [[nodiscard]] int fd() const noexcept { return to_.fd(); }

private:
    bool hear_some(std::string& into) {
        if (!comes_ready(to_.fd()))
            return false;
        char bytes[65536];
        const auto size = ::recv(to_.fd(), bytes, sizeof bytes, 0);
        if (size <= 0)
            return false;
        into.append(bytes, static_cast<std::size_t>(size));
        return true;
    }

    socket to_;
};

} // namespace quipu::test

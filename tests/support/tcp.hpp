// What tests of TCP share.
#pragma once

#include <quipu/net/tcp_listener.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <utility>

#include <sys/socket.h>

namespace quipu::test {

inline tcp_listener listening(const address& at = address::loopback_v4(0)) {
    auto made = tcp_listener::listen(at);
    INFO(to_string(at));
    REQUIRE(made);
    return *std::move(made);
}

/// The connection that comes within two seconds.
inline tcp_connection accepted(tcp_listener& listener) {
    REQUIRE(comes_ready(listener.fd()));
    auto made = listener.accept();
    REQUIRE(made);
    return *std::move(made);
}

/// Breaks off in place of ending in good order: the peer gets a reset.
template <class Connection>
void reset(Connection& broken) {
    const linger at_once{1, 0};
    REQUIRE(::setsockopt(broken.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    broken = {};
}

} // namespace quipu::test

// TCP, outgoing: `tcp_sender` keeps a connection to one host and makes a new one when it is lost.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/stream_sender.hpp>
#include <quipu/net/transport.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace quipu {

namespace detail {

/// Connects `from`, a new TCP socket, and waits for it.
/// Errors   connection_refused, timed_out, unreachable, address_unavailable, connection_lost.
[[nodiscard]] inline errc
connect_until(socket& from, const address& to, const deadline& end) noexcept {
    errc done = from.connect(to);
    if (done == errc::would_block) {
        done = wait_until(from.fd(), POLLOUT, end);
        if (done == errc::ok)
            done = from.pending_error();
    }
    if (done != errc::ok)
        return done;
    // A socket that is given, by chance, the very port that it connects to meets itself, and would
    // keep the server from ever binding it again.
    const auto here = from.local_address();
    const auto there = from.peer_address();
    if (!here || !there)
        return errc::connection_lost;
    return *here == *there ? errc::connection_refused : errc::ok;
}

} // namespace detail

/// To a host by TCP. Its name is resolved for each new connection, and its addresses are tried in order.
class tcp_route {
public:
    using place_type = host_port;

    explicit tcp_route(host_port to) noexcept : to_(std::move(to)) {}

    /// Errors   that of the address tried last: connection_refused, timed_out, unreachable, …; or
    ///          name_unresolved, bad_address, too_many_descriptors.
    /// Cost     waits until `end` at most, and before that for the name servers.
    [[nodiscard]] result<socket> connect(const deadline& end) noexcept {
        const result<address_list> addresses = resolve(to_, address_use::connect);
        if (!addresses)
            return addresses.error();
        result<socket> done = errc::name_unresolved;
        std::size_t left = addresses->size();
        for (const address& next : *addresses) {
            // Each address has its share of the time, or a silent one would leave none to the rest.
            const int remaining = end.remaining_ms();
            const int share = remaining > 0 ? remaining / static_cast<int>(left) : remaining;
            done = connect_to(next, deadline{share});
            if (done)
                break;
            --left;
        }
        return done;
    }

    /// Whether the name still stands for the peer of a connection; so it does as long as nobody says
    /// otherwise.
    /// Cost     waits for the name servers.
    [[nodiscard]] bool leads_to(const socket& connected) const noexcept {
        const auto peer = connected.peer_address();
        const auto addresses = resolve(to_, address_use::connect);
        return !peer || !addresses || addresses->size() == 0 ||
               std::find(addresses->begin(), addresses->end(), *peer) != addresses->end();
    }

    [[nodiscard]] const host_port& host() const noexcept { return to_; }

private:
    [[nodiscard]] static result<socket> connect_to(const address& to,
                                                   const deadline& end) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::tcp);
        if (!opened)
            return opened;
        // Each `send` is a whole message: nothing that comes soon would fill up its last segment.
        errc done = opened->set(IPPROTO_TCP, TCP_NODELAY, 1);
        if (done == errc::ok)
            done = detail::connect_until(*opened, to, end);
        if (done != errc::ok)
            return done;
        return opened;
    }

    host_port to_;
};

/// Sends a stream of bytes to one host, such as `{"localhost", 8125}`: a transport.
using tcp_sender = basic_stream_sender<tcp_route>;

static_assert(transport<tcp_sender>);

} // namespace quipu

// TCP, outgoing: `tcp_sender` keeps a connection to one host and makes a new one when it is lost.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/transport.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace quipu {

/// How long a TCP sender waits, in milliseconds; below zero: for ever.
struct tcp_sender_options {
    /// To connect to a host, all its addresses together.
    int connect_timeout_ms = 1000;
    /// To hand one `send` over to the operating system.
    int send_timeout_ms = 1000;
};

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

/// Sends a stream of bytes to one host: a transport. Answers of the peer are thrown away.
///
/// The host's name is resolved for each new connection, and its addresses are tried in order. A
/// connection that the peer has ended, even if only in one direction, is replaced by a new one
/// before anything is written to it. TCP does not tell what a peer has read, so when a peer dies,
/// messages that were sent shortly before are lost although `send` said ok.
///
/// Threads  distinct objects safe, shared objects unsafe.
class tcp_sender {
public:
    static constexpr bool is_stream = true;

    /// Connects when first needed.
    explicit tcp_sender(host_port to, tcp_sender_options options = {}) noexcept
        : to_(std::move(to)), options_(options) {}
    tcp_sender(tcp_sender&& other) noexcept = default;
    tcp_sender& operator=(tcp_sender&& other) noexcept {
        close();
        to_ = std::move(other.to_);
        options_ = other.options_;
        socket_ = std::move(other.socket_);
        return *this;
    }
    ~tcp_sender() { close(); }

    /// Connects now, unless there is a connection.
    /// Errors   that of the address tried last: connection_refused, timed_out, unreachable, …; or
    ///          name_unresolved, bad_address, too_many_descriptors.
    /// Cost     waits `connect_timeout_ms` at most, and before that for the name servers.
    [[nodiscard]] errc connect() noexcept {
        if (connected())
            return errc::ok;
        const result<address_list> addresses = resolve(to_, address_use::connect);
        if (!addresses)
            return addresses.error();
        const deadline end{options_.connect_timeout_ms};
        errc done = errc::name_unresolved;
        std::size_t left = addresses->size();
        for (const address& next : *addresses) {
            // Each address has its share of the time, or a silent one would leave none to the rest.
            const int remaining = end.remaining_ms();
            const int share = remaining > 0 ? remaining / static_cast<int>(left) : remaining;
            done = connect_to(next, deadline{share});
            if (done == errc::ok)
                return done;
            --left;
        }
        return done;
    }

    /// Sends all of `bytes`, over a new connection if there is none that works.
    ///
    /// Returns  ok once the operating system has taken all of them.
    /// Errors   those of `connect`; connection_lost; timed_out: the peer reads too slowly. The peer
    ///          may then have got the first part of `bytes`, but never a later part without it: if
    ///          any was taken, the connection is closed, and its stream ends there. All of `bytes`
    ///          can be sent again.
    /// Cost     two system calls if all is well; waits `connect_timeout_ms` once and
    ///          `send_timeout_ms` twice at most; allocates in `getaddrinfo` only.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const bool had_connection = connected() && !peer_has_left();
        errc done = had_connection ? errc::ok : reconnect();
        if (done != errc::ok)
            return done;
        std::size_t taken = 0;
        done = send_all(bytes, taken);
        if (done == errc::connection_lost && taken == 0 && had_connection) {
            // The connection broke between the look and the write.
            done = reconnect();
            if (done == errc::ok)
                done = send_all(bytes, taken);
        }
        const bool whole = done == errc::ok || (done == errc::timed_out && taken == 0);
        if (!whole)
            close();
        return done;
    }

    /// Ends the connection; the next `send` makes a new one.
    void close() noexcept {
        // A close with answers unread would tell the peer to throw away what it has not read yet.
        if (connected())
            (void)peer_has_left();
        socket_.close();
    }

    /// Whether there is a connection, as far as is known: `send` looks closer.
    [[nodiscard]] bool connected() const noexcept { return static_cast<bool>(socket_); }
    [[nodiscard]] const host_port& host() const noexcept { return to_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] errc reconnect() noexcept {
        close();
        return connect();
    }

    [[nodiscard]] errc connect_to(const address& to, const deadline& end) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::tcp);
        if (!opened)
            return opened.error();
        // Each `send` is a whole message: nothing that comes soon would fill up its last segment.
        errc done = opened->set(IPPROTO_TCP, TCP_NODELAY, 1);
        if (done == errc::ok)
            done = detail::connect_until(*opened, to, end);
        if (done == errc::ok)
            socket_ = *std::move(opened);
        return done;
    }

    // Throws away what the peer has answered: only behind that can its end be seen.
    [[nodiscard]] bool peer_has_left() noexcept {
        std::array<char, 4096> answer;
        for (int reads = 0; reads != 16; ++reads) { // bounded, if the peer never ends to talk
            const auto size =
                uninterrupted([&] { return ::recv(fd(), answer.data(), answer.size(), 0); });
            if (size < 0)
                return last_error() != errc::would_block;
            if (size == 0)
                return true;
        }
        return false;
    }

    // Adds to `taken` what the system took.
    [[nodiscard]] errc send_all(std::string_view bytes, std::size_t& taken) noexcept {
        const deadline end{options_.send_timeout_ms};
        while (taken != bytes.size()) {
            const result<std::size_t> part = socket_.send_some(bytes.substr(taken));
            if (part) {
                taken += *part;
                continue;
            }
            if (part.error() != errc::would_block)
                return part.error();
            const errc room = wait_until(fd(), POLLOUT, end);
            if (room != errc::ok)
                return room;
        }
        return errc::ok;
    }

    host_port to_;
    tcp_sender_options options_;
    socket socket_;
};

static_assert(transport<tcp_sender>);

} // namespace quipu

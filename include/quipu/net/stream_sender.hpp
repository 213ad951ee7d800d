// A connection to one place, outgoing: `basic_stream_sender` keeps it, and makes a new one when it is
// lost.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/socket.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace quipu {

/// How long a stream sender waits, in milliseconds; below zero: for ever.
struct stream_sender_options {
    /// To connect, to all addresses of a host together.
    int connect_timeout_ms = 1000;
    /// To hand one `send` over to the operating system.
    int send_timeout_ms = 1000;
    /// After it could not connect: so long each `send` fails at once, as the attempt did. Doubled with
    /// each further failure, up to the second. 0: each `send` tries.
    int reconnect_ms = 100;
    int reconnect_ms_max = 10'000;
};

/// Knows where a stream goes, and how to get there.
/// Requires  place_type, what says where, from which a route is made; result<socket> connect(const
///           deadline& end) noexcept: a connected socket that never waits.
/// Provided  tcp_route, unix_route.
template <class R>
concept stream_route = std::movable<R> && std::constructible_from<R, typename R::place_type> &&
    requires(R& to, const deadline& end) {
    { to.connect(end) } -> std::same_as<result<socket>>;
    requires noexcept(to.connect(end));
};

/// Sends a stream of bytes to one place: a transport. Answers of the peer are thrown away.
///
/// A connection that the peer has ended, even if only in one direction, is replaced by a new one
/// before anything is written to it. A stream does not tell what a peer has read, so when a peer dies,
/// messages that were sent shortly before are lost although `send` said ok.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <stream_route Route>
class basic_stream_sender {
public:
    static constexpr bool is_stream = true;

    /// Connects when first needed.
    explicit basic_stream_sender(typename Route::place_type to,
                                 stream_sender_options options = {}) noexcept
        : to_(std::move(to)), options_(options) {}
    basic_stream_sender(basic_stream_sender&& other) noexcept = default;
    basic_stream_sender& operator=(basic_stream_sender&& other) noexcept {
        close();
        to_ = std::move(other.to_);
        options_ = other.options_;
        socket_ = std::move(other.socket_);
        pause_ms_ = other.pause_ms_;
        pause_end_ = other.pause_end_;
        last_failure_ = other.last_failure_;
        return *this;
    }
    ~basic_stream_sender() { close(); }

    /// Connects now, unless there is a connection; a pause after a failure is not kept.
    /// Errors   those of the route.
    /// Cost     waits `connect_timeout_ms` at most, and before that for the name servers.
    [[nodiscard]] errc connect() noexcept {
        if (connected())
            return errc::ok;
        result<socket> made = to_.connect(deadline{options_.connect_timeout_ms});
        last_failure_ = made.error();
        if (made) {
            socket_ = *std::move(made);
            pause_ms_ = 0;
        } else {
            pause_ms_ = pause_ms_ == 0 ? options_.reconnect_ms
                                       : std::min(pause_ms_, options_.reconnect_ms_max / 2) * 2;
            pause_end_ = deadline{pause_ms_};
        }
        return last_failure_;
    }

    /// Sends all of `bytes`, over a new connection if there is none that works.
    ///
    /// Returns  ok once the operating system has taken all of them.
    /// Errors   those of `connect`, also of an earlier one while its pause lasts; connection_lost;
    ///          timed_out: the peer reads too slowly. The peer may then have got the first part of
    ///          `bytes`, but never a later part without it: if any was taken, the connection is closed,
    ///          and its stream ends there. All of `bytes` can be sent again.
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
    [[nodiscard]] const Route& route() const noexcept { return to_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] errc reconnect() noexcept {
        close();
        return pause_ms_ > 0 && pause_end_.remaining_ms() != 0 ? last_failure_ : connect();
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

    Route to_;
    stream_sender_options options_;
    socket socket_;
    int pause_ms_ = 0; // 0: it did not fail to connect
    deadline pause_end_{0};
    errc last_failure_ = errc::ok;
};

} // namespace quipu

// A connection to one place, outgoing: `basic_stream_sender` keeps it, and makes a new one when it is
// lost.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/unproven_bytes.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#if defined(__linux__)
#include <linux/sockios.h>
#endif

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
    /// So many bytes of what was sent last are kept, and sent again when a connection breaks: for a
    /// peer that takes the same twice without harm. What a peer's system holds unread is less: 6 MiB on
    /// Linux, as it comes. 0: none, and nothing is known of what may be lost.
    std::size_t resend_bytes_max = 0;
    /// Change for a peer that adds up: then nothing is sent again, and what may be lost is counted, as
    /// far as `resend_bytes_max` goes.
    bool resends = true;
    /// After so long the route is asked whether the name still stands for the peer; a peer that moved
    /// is followed. 0: never.
    int look_up_ms = 0;
};

/// What became of messages that a connection took before it broke.
struct stream_delivery {
    std::uint64_t breaks = 0;         ///< connections that ended otherwise than in good order
    std::uint64_t resent_flushes = 0; ///< of which a part was sent again
    std::uint64_t resent_bytes = 0;
    std::uint64_t maybe_lost_flushes = 0; ///< without `resends`: of which a part may be lost
    std::uint64_t maybe_lost_lines = 0;
    std::uint64_t moves = 0; ///< to another address of the name
};

/// Knows where a stream goes, and how to get there.
/// Requires  place_type, what says where, from which a route is made; result<socket> connect(const
///           deadline& end) noexcept: a connected socket that never waits. By choice bool leads_to(const
///           socket&) noexcept: whether a connection is to where a new one would be.
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
/// before anything is written to it.
///
/// What the system has taken is not delivered: the peer's system may hold it, and the peer die before it
/// reads. A peer that ends the connection in good order, after all bytes were acknowledged, has read
/// them: a system resets a connection on which something is unread. Any other end proves nothing, and
/// what was sent last goes out again over the next connection, before anything else
/// (`resend_bytes_max`).
///
/// Threads  distinct objects safe, shared objects unsafe.
template <stream_route Route>
class basic_stream_sender {
public:
    static constexpr bool is_stream = true;

    /// Connects when first needed.
    explicit basic_stream_sender(typename Route::place_type to,
                                 stream_sender_options options = {}) noexcept
        : to_(std::move(to)), options_(options),
          unproven_(options.resend_bytes_max, options.resends) {}
    basic_stream_sender(basic_stream_sender&& other) noexcept = default;
    basic_stream_sender& operator=(basic_stream_sender&& other) noexcept {
        close();
        to_ = std::move(other.to_);
        options_ = other.options_;
        socket_ = std::move(other.socket_);
        pause_ms_ = other.pause_ms_;
        pause_end_ = other.pause_end_;
        last_failure_ = other.last_failure_;
        look_up_at_ = other.look_up_at_;
        unproven_ = std::move(other.unproven_);
        delivery_ = other.delivery_;
        return *this;
    }
    ~basic_stream_sender() { close(); }

    /// Connects now, unless there is a connection that works; a pause after a failure is not kept.
    /// Errors   those of the route; those of `send`, for what is sent again.
    /// Cost     waits `connect_timeout_ms` at most, and before that for the name servers.
    [[nodiscard]] errc connect() noexcept {
        if (connected() && is_sound())
            return errc::ok;
        close();
        result<socket> made = to_.connect(deadline{options_.connect_timeout_ms});
        last_failure_ = made.error();
        if (made) {
            socket_ = *std::move(made);
            pause_ms_ = 0;
            look_up_at_ = deadline{options_.look_up_ms > 0 ? options_.look_up_ms : -1};
            last_failure_ = send_again();
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
        const bool had_connection = connected() && is_sound();
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
        if (done == errc::ok)
            keep(bytes);
        if (!whole)
            note_break();
        return done;
    }

    /// Says that what is sent from here on belongs together: for the counts.
    void begin_flush() noexcept { unproven_.begin_flush(); }

    /// Ends the connection, and waits until the peer has ended it as well, or has acknowledged all and
    /// says no more; the next `send` makes a new one.
    /// Errors   connection_lost: the peer has not read all; timed_out: not acknowledged in time. What
    ///          is kept goes out over the next connection.
    /// Cost     waits `send_timeout_ms` at most.
    [[nodiscard]] errc finish() noexcept {
        if (!connected())
            return unproven_.empty() ? errc::ok : errc::connection_lost;
        static_cast<void>(::shutdown(fd(), SHUT_WR));
        const deadline end{options_.send_timeout_ms};
        for (;;) {
            const peer_state state = look();
            note(state);
            if (state != peer_state::sound) {
                socket_.close();
                return state == peer_state::ended ? errc::ok : errc::connection_lost;
            }
            if (wait_until(fd(), POLLIN, end) != errc::ok)
                break;
        }
        const bool acknowledged = unacknowledged_bytes() == 0;
        note(acknowledged ? peer_state::ended : peer_state::broken);
        socket_.close();
        return acknowledged ? errc::ok : errc::timed_out;
    }

    /// Ends the connection; the next `send` makes a new one.
    void close() noexcept {
        // A close with answers unread would tell the peer to throw away what it has not read yet.
        if (connected())
            note(look());
        socket_.close();
    }

    /// What was sent and is not known to be read: up to `resend_bytes_max`.
    [[nodiscard]] const unproven_bytes& unproven() const noexcept { return unproven_; }
    [[nodiscard]] const stream_delivery& delivery() const noexcept { return delivery_; }

    /// Whether there is a connection, as far as is known: `send` looks closer.
    [[nodiscard]] bool connected() const noexcept { return static_cast<bool>(socket_); }
    [[nodiscard]] const Route& route() const noexcept { return to_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    enum class peer_state { sound, ended, broken };

    [[nodiscard]] errc reconnect() noexcept {
        close();
        return pause_ms_ > 0 && pause_end_.remaining_ms() != 0 ? last_failure_ : connect();
    }

    /// Whether there is no reason for another connection. Takes note of what the end of this one tells.
    [[nodiscard]] bool is_sound() noexcept {
        const peer_state state = look();
        note(state);
        if (state != peer_state::sound)
            return false;
        if constexpr (requires { to_.leads_to(socket_); }) {
            if (look_up_at_.remaining_ms() == 0) {
                look_up_at_ = deadline{options_.look_up_ms};
                if (!to_.leads_to(socket_)) {
                    ++delivery_.moves;
                    static_cast<void>(finish());
                    return false;
                }
            }
        }
        return true;
    }

    /// How the peer does. Throws away what it has answered: only behind that can its end be seen.
    [[nodiscard]] peer_state look() noexcept {
        std::array<char, 4096> answer;
        for (int reads = 0; reads != 16; ++reads) { // bounded, if the peer never ends to talk
            const auto size =
                uninterrupted([&] { return ::recv(fd(), answer.data(), answer.size(), 0); });
            if (size < 0)
                return last_error() == errc::would_block ? peer_state::sound : peer_state::broken;
            if (size == 0)
                return unacknowledged_bytes() == 0 ? peer_state::ended : peer_state::broken;
        }
        return peer_state::sound;
    }

    /// How many bytes the peer's system, or for a Unix socket the peer, has not taken yet.
    [[nodiscard]] int unacknowledged_bytes() const noexcept {
#if defined(SIOCOUTQ)
        int bytes = 0;
        return ::ioctl(fd(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
#elif defined(SO_NWRITE)
        return socket_.get(SOL_SOCKET, SO_NWRITE).value_or(0);
#else
        return 0; // not known: a clean end has to do
#endif
    }

    /// Takes note of what the peer's state proves.
    void note(peer_state state) noexcept {
        if (state == peer_state::ended)
            unproven_.clear();
        if (state == peer_state::broken)
            note_break();
    }

    /// The connection has broken, with whatever was under way on it.
    void note_break() noexcept {
        if (!connected())
            return;
        socket_.close();
        ++delivery_.breaks;
        if (unproven_.keeps_text())
            return;
        delivery_.maybe_lost_flushes += unproven_.flushes();
        delivery_.maybe_lost_lines += unproven_.lines();
        unproven_.clear();
    }

    void keep(std::string_view bytes) noexcept {
#if defined(__cpp_exceptions)
        try {
            unproven_.add(bytes);
        } catch (...) { // no memory for it: less is sent again
        }
#else
        unproven_.add(bytes);
#endif
    }

    /// Sends what no connection before has proven to be read.
    [[nodiscard]] errc send_again() noexcept {
        if (unproven_.empty())
            return errc::ok;
        errc done = errc::ok;
        static_cast<void>(unproven_.for_each([&](std::string_view piece) {
            std::size_t taken = 0;
            done = send_all(piece, taken);
            return done == errc::ok;
        }));
        if (done != errc::ok) {
            note_break();
        } else {
            delivery_.resent_bytes += unproven_.bytes();
            delivery_.resent_flushes += unproven_.flushes();
        }
        return done;
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
    deadline look_up_at_{-1};
    unproven_bytes unproven_{};
    stream_delivery delivery_{};
};

} // namespace quipu

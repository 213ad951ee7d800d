// `socket`: a UDP or TCP socket that never waits, with the options that this library sets.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>

#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace quipu {

namespace detail {

// A lost peer is an error of the call and never the signal SIGPIPE.
#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0; // `socket::open` sets SO_NOSIGPIPE there
#endif

} // namespace detail

/// A socket whose calls return would_block in place of waiting, which no program inherits that this
/// one starts, and which never raises SIGPIPE.
/// Threads  distinct objects safe, shared objects unsafe.
class socket {
public:
    /// No socket.
    socket() noexcept = default;
    /// Takes over a descriptor that is set like ours.
    explicit socket(descriptor owned) noexcept : descriptor_(std::move(owned)) {}

    /// A new socket for addresses of the family of `like`. An IPv6 one takes IPv6 only until
    /// `accept_v4_too` says otherwise, whatever this machine's default is.
    /// Errors   unsupported (no such family here), too_many_descriptors, permission_denied.
    [[nodiscard]] static result<socket> open(const address& like, ip_protocol protocol) noexcept {
        int type = protocol == ip_protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
        type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
#else
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
        const errc set = opened.descriptor_.never_wait_nor_inherit();
        if (set != errc::ok)
            return set;
#endif
#if !defined(MSG_NOSIGNAL)
        const errc quiet = opened.set(SOL_SOCKET, SO_NOSIGPIPE, 1);
        if (quiet != errc::ok)
            return quiet;
#endif
        if (like.is_v6()) {
            const errc only = opened.set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            if (only != errc::ok)
                return only;
        }
        return opened;
    }

    [[nodiscard]] explicit operator bool() const noexcept {
        return static_cast<bool>(descriptor_);
    }
    [[nodiscard]] int fd() const noexcept {
        return descriptor_.fd();
    }
    void close() noexcept {
        descriptor_.close();
    }

    /// Sets an option whose value is a number; `level` and `option` as in setsockopt.
    [[nodiscard]] errc set(int level, int option, int value) noexcept {
        const int failed = ::setsockopt(fd(), level, option, &value, sizeof value);
        return failed != 0 ? last_error() : errc::ok;
    }
    /// Reads an option whose value is a number.
    [[nodiscard]] result<int> get(int level, int option) const noexcept {
        int value = 0;
        socklen_t size = sizeof value;
        if (::getsockopt(fd(), level, option, &value, &size) != 0)
            return last_error();
        return value;
    }

    /// Lets an IPv6 socket that will be bound to `[::]` take IPv4 too.
    [[nodiscard]] errc accept_v4_too() noexcept {
        return set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }

    /// TCP: lets the port be bound while connections of the last run are still timing out. Not for
    /// UDP, where it would let two programs bind one port, and one of them hear nothing.
    [[nodiscard]] errc reuse_address() noexcept {
        return set(SOL_SOCKET, SO_REUSEADDR, 1);
    }

    /// Lets several sockets share a port; the system spreads what comes over those that say so.
    [[nodiscard]] errc reuse_port() noexcept {
#if defined(SO_REUSEPORT)
        return set(SOL_SOCKET, SO_REUSEPORT, 1);
#else
        return errc::unsupported;
#endif
    }

    /// Asks for a buffer of this size for what has come and was not read yet.
    /// Returns  what was granted, in the system's own count: Linux doubles what is asked, for its
    ///          bookkeeping, and grants no more than twice net.core.rmem_max.
    [[nodiscard]] result<std::size_t> receive_buffer(std::size_t bytes) noexcept {
        return buffer(SO_RCVBUF, bytes);
    }
    /// The same for what was sent and has not left yet (net.core.wmem_max).
    [[nodiscard]] result<std::size_t> send_buffer(std::size_t bytes) noexcept {
        return buffer(SO_SNDBUF, bytes);
    }

    /// Errors   address_in_use, address_unavailable, permission_denied.
    [[nodiscard]] errc bind(const address& to) noexcept {
        return ::bind(fd(), to.native(), to.native_size()) != 0 ? last_error() : errc::ok;
    }

    /// UDP: fixes where `send` goes. TCP: begins to connect, and returns would_block until poll
    /// says that the socket can be written to; `pending_error` then says how it went.
    [[nodiscard]] errc connect(const address& to) noexcept {
        if (::connect(fd(), to.native(), to.native_size()) == 0)
            return errc::ok;
        // Interrupted or in progress: the system goes on connecting by itself either way.
        if (errno == EINPROGRESS || errno == EINTR)
            return errc::would_block;
        return last_error();
    }

    /// Takes and clears the error that the system keeps for this socket.
    [[nodiscard]] errc pending_error() noexcept {
        const result<int> number = get(SOL_SOCKET, SO_ERROR);
        return number ? from_errno(*number) : number.error();
    }

    /// Sends what there is room for.
    /// Returns  how many of the bytes were taken: all of them for UDP.
    /// Errors   would_block, connection_lost, connection_refused, message_too_long, queue_full.
    [[nodiscard]] result<std::size_t> send_some(std::string_view bytes) noexcept {
        const auto sent = uninterrupted(
            [&] { return ::send(fd(), bytes.data(), bytes.size(), detail::send_flags); });
        if (sent < 0)
            return last_error();
        return static_cast<std::size_t>(sent);
    }

    /// Where this socket is bound: tells the port that a bind to port 0 has got.
    [[nodiscard]] result<address> local_address() const noexcept {
        return ask_name(::getsockname);
    }
    /// The other end of a connected socket.
    /// Errors   connection_lost if it is not connected.
    [[nodiscard]] result<address> peer_address() const noexcept {
        return ask_name(::getpeername);
    }

private:
    [[nodiscard]] result<std::size_t> buffer(int option, std::size_t bytes) noexcept {
        // Half of what an int holds, since Linux doubles it.
        constexpr std::size_t most = std::numeric_limits<int>::max() / 2;
        const errc asked = set(SOL_SOCKET, option, static_cast<int>(bytes < most ? bytes : most));
        if (asked != errc::ok)
            return asked;
        const result<int> granted = get(SOL_SOCKET, option);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    template <class Ask>
    [[nodiscard]] result<address> ask_name(Ask ask) const noexcept {
        sockaddr_storage native{};
        socklen_t size = sizeof native;
        auto* const any = reinterpret_cast<sockaddr*>(&native);
        if (ask(fd(), any, &size) != 0)
            return last_error();
        return address::from_native(any, size);
    }

    descriptor descriptor_;
};

} // namespace quipu

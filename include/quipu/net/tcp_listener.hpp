// TCP, incoming: `tcp_listener` accepts connections, each `tcp_connection` is a receiver.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/transport.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace quipu {

/// One accepted connection: a receiver of a stream, and a way to answer.
///
/// Limits   keeps no bytes: what comes is handed out at once, so thousands of connections cost no
///          buffers. To put lines together is the caller's part.
/// Threads  distinct objects safe, shared objects unsafe.
class tcp_connection {
public:
    /// Most bytes that a call of `receive` without room hands out; they lie on the stack.
    static constexpr std::size_t chunk_bytes_max = std::size_t{32} * 1024;

    /// No connection.
    tcp_connection() noexcept = default;
    /// Takes over a connected socket.
    tcp_connection(socket connected, const address& peer) noexcept
        : socket_(std::move(connected)), peer_(peer) {}

    /// Hands out bytes that have come.
    ///
    /// Input    `on_bytes(std::string_view)` gets them; the text is valid until it returns, with
    ///          `read_padding_bytes` readable bytes behind.
    /// Returns  1: bytes were handed out, and more may wait; 0: none are there now, or `closed`.
    /// Errors   connection_lost, timed_out, unreachable: broken off, and every later call says so
    ///          again; system_failure for no connection.
    /// Cost     one system call; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        std::array<char, chunk_bytes_max + read_padding_bytes> chunk; // not filled: that takes time
        return receive(chunk, on_bytes);
    }

    /// The same by way of the caller's `room`, the last `read_padding_bytes` of which stay free.
    /// Cost     the more room, the fewer calls: 256 KiB instead of 32 save the system a third of its
    ///          time for a line.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(std::span<char> room,
            OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        QUIPU_ASSERT(room.size() > read_padding_bytes);
        if (broken_ != errc::ok)
            return broken_;
        if (closed_)
            return std::size_t{0};
        const auto size = uninterrupted(
            [&] { return ::recv(fd(), room.data(), room.size() - read_padding_bytes, 0); });
        if (size < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            broken_ = why;
            return why;
        }
        if (size == 0) {
            closed_ = true;
            return std::size_t{0};
        }
        on_bytes(std::string_view{room.data(), static_cast<std::size_t>(size)});
        return std::size_t{1};
    }

    /// Whether the peer has ended the stream in good order, and all of it was handed out.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Answers with as many of `bytes` as there is room for.
    /// Errors   would_block, connection_lost.
    [[nodiscard]] result<std::size_t> send_some(std::string_view bytes) noexcept {
        return socket_.send_some(bytes);
    }

    /// The other end.
    [[nodiscard]] const address& peer() const noexcept { return peer_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    socket socket_;
    address peer_;
    errc broken_ = errc::ok;
    bool closed_ = false;
};

static_assert(watchable_receiver<tcp_connection>);

/// How a TCP listener is opened.
struct tcp_listener_options {
    /// Most connections that wait to be accepted; the system may allow less.
    int backlog = SOMAXCONN;
    /// Several listeners share the port, one a thread; all of them must say so.
    bool reuse_port = false;
    /// An IPv6 listener at `[::]` takes IPv4 too.
    bool dual_stack = true;
};

/// Accepts the connections that come to one address.
///
/// Limits   keeps one descriptor in reserve: when the program has no other left, it serves to
///          accept the connection and close it, so that its peer learns of it, and the event loop
///          does not find it waiting for ever.
/// Threads  distinct objects safe, shared objects unsafe.
class tcp_listener {
public:
    static constexpr int keepalive_idle_s = 300;
    static constexpr int keepalive_interval_s = 60;
    static constexpr int keepalive_probes_max = 5;

    /// Accepts nothing.
    tcp_listener() noexcept = default;

    /// Listens at an address of this machine; port 0 takes any free one. The port can be bound
    /// again at once after an earlier run.
    /// Errors   address_in_use, address_unavailable, permission_denied, unsupported,
    ///          too_many_descriptors.
    [[nodiscard]] static result<tcp_listener> listen(const address& at,
                                                     tcp_listener_options options = {}) noexcept {
        result<socket> opened = socket::open(at, ip_protocol::tcp);
        if (!opened)
            return opened.error();
        errc done = opened->reuse_address();
        if (done == errc::ok && at.is_v6() && options.dual_stack)
            done = opened->accept_v4_too();
        if (done == errc::ok && options.reuse_port)
            done = opened->reuse_port();
        if (done == errc::ok)
            done = opened->bind(at);
        if (done == errc::ok && ::listen(opened->fd(), options.backlog) != 0)
            done = last_error();
        if (done != errc::ok)
            return done;
        return take_over(*std::move(opened));
    }

    /// Takes over a socket that listens, of whatever family: one of a Unix path, or one that this
    /// program was started with.
    /// Errors   too_many_descriptors.
    [[nodiscard]] static result<tcp_listener> take_over(socket listening) noexcept {
        tcp_listener made;
        made.socket_ = std::move(listening);
        if (!made.take_reserve())
            return errc::too_many_descriptors;
        return made;
    }

    /// Lets others that ask for it (`reuse_port`) share the port from now on, although this one has
    /// made sure that nobody else had it. Linux.
    [[nodiscard]] errc share_port() noexcept { return socket_.reuse_port(); }

    /// Takes the connection that waits longest. The system asks a silent peer of TCP whether it still
    /// lives (SO_KEEPALIVE), first after `keepalive_idle_s`; if it has vanished, the connection breaks
    /// `keepalive_probes_max` times `keepalive_interval_s` later: within ten minutes.
    /// Errors   would_block: none waits. too_many_descriptors: one was turned away; close others or
    ///          go on. queue_full, system_failure: the system has no memory.
    [[nodiscard]] result<tcp_connection> accept() noexcept {
        for (;;) {
            sockaddr_storage from{};
            descriptor accepted{accept_raw(from)};
            if (accepted) {
                socket connected{std::move(accepted)};
                ask_whether_it_lives(connected);
                const auto peer =
                    address::from_native(reinterpret_cast<const sockaddr*>(&from), sizeof from);
                return tcp_connection{std::move(connected), peer.value_or({})};
            }
            const errc why = last_error();
            if (why == errc::too_many_descriptors)
                turn_away();
            if (!is_of_the_connection(errno))
                return why;
        }
    }

    [[nodiscard]] result<address> local_address() const noexcept { return socket_.local_address(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    /// Cannot fail for TCP; if it did, or for a Unix path, the connection were no worse.
    static void ask_whether_it_lives(socket& connected) noexcept {
        static_cast<void>(connected.set(SOL_SOCKET, SO_KEEPALIVE, 1));
#if defined(TCP_KEEPIDLE)
        static_cast<void>(connected.set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s));
#elif defined(TCP_KEEPALIVE)
        static_cast<void>(connected.set(IPPROTO_TCP, TCP_KEEPALIVE, keepalive_idle_s));
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
        static_cast<void>(connected.set(IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s));
        static_cast<void>(connected.set(IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes_max));
#endif
    }

    [[nodiscard]] int accept_raw(sockaddr_storage& from) const noexcept {
        auto* const any = reinterpret_cast<sockaddr*>(&from);
        socklen_t size = sizeof from;
#if defined(__linux__)
        return uninterrupted(
            [&] { return ::accept4(fd(), any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#else
        descriptor accepted{uninterrupted([&] { return ::accept(fd(), any, &size); })};
        if (accepted && accepted.never_wait_nor_inherit() != errc::ok)
            accepted.close();
        return accepted.release();
#endif
    }

    // Errors of a connection that died while it waited: the next one may be well.
    [[nodiscard]] static bool is_of_the_connection(int number) noexcept {
        switch (number) {
        case ECONNABORTED:
        case EHOSTUNREACH:
        case ENETDOWN:
        case ENETUNREACH:
        case EPROTO: return true;
        default: return false;
        }
    }

    [[nodiscard]] bool take_reserve() noexcept {
        reserve_ = descriptor{::socket(AF_INET, SOCK_DGRAM, 0)};
        if (!reserve_)
            reserve_ = descriptor{::socket(AF_INET6, SOCK_DGRAM, 0)};
        return reserve_ && reserve_.never_wait_nor_inherit() == errc::ok;
    }

    // Keeps errno, by which `accept` tells what has happened.
    void turn_away() noexcept {
        const int before = errno;
        reserve_.close();
        sockaddr_storage from{};
        descriptor{accept_raw(from)}.close();
        // Another thread may have been quicker. Then the next call that fails tries again.
        (void)take_reserve();
        errno = before;
    }

    socket socket_;
    descriptor reserve_;
};

} // namespace quipu

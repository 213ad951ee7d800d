// UDP: `udp_receiver` takes datagrams in batches, `udp_sender` sends them to one address.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/datagram_slots.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/transport.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>
#if defined(__linux__)
#include <linux/sock_diag.h>
#endif

namespace quipu {

/// Compile-time choices of a UDP receiver. Derive from this and override one line.
struct udp_receiver_traits {
    /// Longest datagram that is taken; a longer one is counted and left out. No UDP datagram is
    /// longer than 65,527 bytes. Change when many receivers shall reserve less address space.
    static constexpr std::size_t datagram_bytes_max = 65'535;
    /// Most datagrams that one call of `receive` takes. Change when many receivers shall take less
    /// memory; more than 16 gained nothing when it was measured.
    static constexpr std::size_t batch_datagrams_max = 16;
    /// Takes a batch by one system call, recvmmsg. Change to see what that is worth.
#if defined(__linux__)
    static constexpr bool one_call_per_batch = true;
#else
    static constexpr bool one_call_per_batch = false;
#endif
};

/// How a UDP receiver is bound.
struct udp_receiver_options {
    /// Buffer of the operating system for datagrams that wait to be taken; 0 leaves the default.
    std::size_t receive_buffer_bytes = 0;
    /// Several receivers share the port, one a thread; all of them must say so.
    bool reuse_port = false;
    /// An IPv6 receiver bound to `[::]` takes IPv4 too.
    bool dual_stack = true;
};

/// Takes the datagrams that come to one address.
///
/// Limits   a datagram longer than `Traits::datagram_bytes_max` is not handed out, not even in
///          part, and counted by `oversized`; what the system drops because its buffer is full is
///          counted by `dropped`.
/// Memory   1 MiB of address space with the usual traits; real are the pages that datagrams have
///          reached: 128 KiB at most if none was longer than 4 KiB.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = udp_receiver_traits>
class basic_udp_receiver {
    static_assert(Traits::batch_datagrams_max > 0, "quipu udp: a batch needs room for a datagram");
    static_assert(Traits::datagram_bytes_max > 0, "quipu udp: a datagram needs room for a byte");
#if !defined(__linux__)
    static_assert(!Traits::one_call_per_batch, "quipu udp: recvmmsg exists on Linux only");
#endif

public:
    /// Receives nothing.
    basic_udp_receiver() noexcept = default;

    /// Opens a receiver at an address of this machine; port 0 takes any free one.
    /// Errors   address_in_use, address_unavailable, permission_denied, unsupported,
    ///          too_many_descriptors.
    [[nodiscard]] static result<basic_udp_receiver> bind(const address& at,
                                                         udp_receiver_options options = {}) {
        result<socket> opened = socket::open(at, ip_protocol::udp);
        if (!opened)
            return opened.error();
        errc done = errc::ok;
        if (at.is_v6() && options.dual_stack)
            done = opened->accept_v4_too();
        if (done == errc::ok && options.reuse_port)
            done = opened->reuse_port();
        if (done == errc::ok && options.receive_buffer_bytes != 0)
            done = opened->receive_buffer(options.receive_buffer_bytes).error();
        if (done == errc::ok)
            done = opened->bind(at);
        if (done != errc::ok)
            return done;
        return basic_udp_receiver{*std::move(opened)};
    }

    /// Takes over a socket for datagrams that is bound, of whatever family: one of a Unix path, or one
    /// that this program was started with.
    [[nodiscard]] static basic_udp_receiver take_over(socket bound) {
        return basic_udp_receiver(std::move(bound));
    }

    /// Lets others that ask for it (`reuse_port`) share the port from now on, although this one has
    /// made sure that nobody else had it. Linux.
    [[nodiscard]] errc share_port() noexcept {
        return socket_.reuse_port();
    }

    /// Takes the datagrams that wait, at most a batch of them.
    ///
    /// Input    `on_bytes(std::string_view)` gets each datagram, an empty one too; the text is
    ///          valid until it returns, with `read_padding_bytes` readable bytes behind.
    /// Returns  how many datagrams were taken, oversized ones included; 0: none waits.
    /// Errors   system_failure; a receiver that was never bound has it always.
    /// Cost     one system call a batch on Linux, one a datagram elsewhere; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        if constexpr (Traits::one_call_per_batch) {
            return receive_batch(on_bytes);
        } else {
            return receive_singly(on_bytes);
        }
    }

    /// Never: a datagram socket has no other end that could leave.
    [[nodiscard]] bool closed() const noexcept {
        return false;
    }

    /// How many datagrams were longer than `Traits::datagram_bytes_max`, and left out.
    [[nodiscard]] std::uint64_t oversized() const noexcept {
        return oversized_;
    }

    /// How many datagrams the system has dropped because nobody took them in time. The system
    /// counts to 2^32 only: between two calls no more than that may be lost.
    /// Errors   unsupported where the system does not tell.
    [[nodiscard]] result<std::uint64_t> dropped() noexcept {
#if defined(__linux__) && defined(SO_MEMINFO)
        std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
        socklen_t size = sizeof memory;
        if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0)
            return last_error();
        if (size <= SK_MEMINFO_DROPS * sizeof(std::uint32_t))
            return errc::unsupported;
        dropped_ += memory[SK_MEMINFO_DROPS] - static_cast<std::uint32_t>(dropped_);
        return dropped_;
#else
        return errc::unsupported;
#endif
    }

    /// The size of the operating system's buffer, in its own count.
    [[nodiscard]] result<std::size_t> receive_buffer_bytes() const noexcept {
        const result<int> granted = socket_.get(SOL_SOCKET, SO_RCVBUF);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    [[nodiscard]] result<address> local_address() const noexcept {
        return socket_.local_address();
    }
    [[nodiscard]] int fd() const noexcept {
        return socket_.fd();
    }

private:
    explicit basic_udp_receiver(socket bound)
        : socket_(std::move(bound)), slots_(slot_count, Traits::datagram_bytes_max) {
        if constexpr (Traits::one_call_per_batch)
            this->prepare_batch(); // `this`, since it is there on Linux only
    }

    static constexpr std::size_t slot_count =
        Traits::one_call_per_batch ? Traits::batch_datagrams_max : 1;

    [[nodiscard]] iovec whole_slot(std::size_t slot) const noexcept {
        return {slots_[slot], Traits::datagram_bytes_max};
    }

    template <class OnBytes>
    void hand_out(OnBytes& on_bytes, std::size_t slot, std::size_t size, int flags) {
        if ((flags & MSG_TRUNC) != 0) {
            ++oversized_;
        } else {
            on_bytes(std::string_view{slots_[slot], size});
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_singly(OnBytes& on_bytes) {
        std::size_t taken = 0;
        while (taken != Traits::batch_datagrams_max) {
            iovec room = whole_slot(0);
            msghdr message{};
            message.msg_iov = &room;
            message.msg_iovlen = 1;
            const auto size = uninterrupted([&] { return ::recvmsg(fd(), &message, 0); });
            if (size < 0) {
                const errc why = last_error();
                if (why == errc::would_block || taken != 0)
                    break;
                return why;
            }
            ++taken;
            hand_out(on_bytes, 0, static_cast<std::size_t>(size), message.msg_flags);
        }
        return taken;
    }

#if defined(__linux__)
    // The headers point at the slots and at each other by their place on the heap, which stays when
    // the receiver is moved.
    void prepare_batch() {
        rooms_.resize(slot_count);
        messages_.resize(slot_count);
        for (std::size_t slot = 0; slot != slot_count; ++slot) {
            rooms_[slot] = whole_slot(slot);
            messages_[slot].msg_hdr.msg_iov = &rooms_[slot];
            messages_[slot].msg_hdr.msg_iovlen = 1;
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_batch(OnBytes& on_bytes) {
        const int answer = uninterrupted([&] {
            return ::recvmmsg(
                fd(), messages_.data(), static_cast<unsigned>(messages_.size()), 0, nullptr);
        });
        if (answer < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            return why;
        }
        const auto taken = static_cast<std::size_t>(answer);
        for (std::size_t slot = 0; slot != taken; ++slot)
            hand_out(on_bytes, slot, messages_[slot].msg_len, messages_[slot].msg_hdr.msg_flags);
        return taken;
    }

    std::vector<iovec> rooms_;
    std::vector<mmsghdr> messages_;
#endif

    socket socket_;
    datagram_slots slots_;
    std::uint64_t oversized_ = 0;
    std::uint64_t dropped_ = 0;
};

using udp_receiver = basic_udp_receiver<>;

static_assert(watchable_receiver<udp_receiver>);

/// Sends datagrams to one address: a transport.
/// Threads  distinct objects safe, shared objects unsafe.
class udp_sender {
public:
    /// Sends nowhere.
    udp_sender() noexcept = default;

    /// Fixes the address that all datagrams go to. Nothing is sent, so nobody needs to be there.
    /// Errors   unsupported, unreachable, address_unavailable, too_many_descriptors.
    [[nodiscard]] static result<udp_sender> connect(const address& to) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::udp);
        if (!opened)
            return opened.error();
        const errc done = opened->connect(to);
        if (done != errc::ok)
            return done;
        return udp_sender{*std::move(opened)};
    }

    /// Sends `bytes` as one datagram.
    ///
    /// Returns  ok once the system has taken the datagram, which is no promise that it arrives.
    /// Errors   would_block or queue_full (the system's buffer is full), message_too_long,
    ///          unreachable, connection_refused, permission_denied; nothing was sent then.
    /// Cost     one system call, two after a refusal; does not allocate, does not wait.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const errc done = socket_.send_some(bytes).error();
        if (done != errc::connection_refused)
            return done;
        // The answer to an earlier datagram, which stopped this one: it has not been sent.
        ++refused_;
        return socket_.send_some(bytes).error();
    }

    /// How many answers came that nobody listens there. They are told by a later send, if at all.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    [[nodiscard]] result<address> local_address() const noexcept { return socket_.local_address(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    explicit udp_sender(socket connected) noexcept : socket_(std::move(connected)) {}

    socket socket_;
    std::uint64_t refused_ = 0;
};

static_assert(transport<udp_sender>);

} // namespace quipu

// `resolve` makes the addresses of a host's name.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <netdb.h>
#include <sys/socket.h>

namespace quipu {

/// The addresses of one host, best first. Bounded: what a name server says beyond `size_max`
/// addresses is left out.
class address_list {
public:
    static constexpr std::size_t size_max = 16;

    [[nodiscard]] const address* begin() const noexcept { return addresses_.data(); }
    [[nodiscard]] const address* end() const noexcept { return begin() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const address& operator[](std::size_t index) const noexcept {
        QUIPU_ASSERT(index < size_);
        return addresses_[index];
    }

    /// The same addresses in the same order.
    friend bool operator==(const address_list& a, const address_list& b) noexcept {
        bool same = a.size_ == b.size_;
        for (std::size_t i = 0; same && i != a.size_; ++i)
            same = a.addresses_[i] == b.addresses_[i];
        return same;
    }

    /// Appends an address that is not there yet; refused in silence when the list is full.
    void push(const address& next) noexcept {
        for (const address& known : *this)
            if (known == next)
                return;
        if (size_ != size_max)
            addresses_[size_++] = next;
    }

private:
    std::array<address, size_max> addresses_{};
    std::size_t size_ = 0;
};

/// What the addresses are wanted for: any address of this machine can be bound, not reached.
enum class address_use : std::uint8_t { bind, connect };

namespace detail {

[[nodiscard]] constexpr bool is_localhost(std::string_view host) noexcept {
    constexpr std::string_view name = "localhost";
    if (host.size() != name.size())
        return false;
    for (std::size_t i = 0; i != name.size(); ++i) {
        // Sets the bit that tells small letters from capital ones.
        if ((static_cast<unsigned char>(host[i]) | 0x20U) != static_cast<unsigned char>(name[i]))
            return false;
    }
    return true;
}

/// Whether an endpoint's host stands for every address of this machine.
[[nodiscard]] constexpr bool is_any_host(std::string_view host) noexcept {
    return host.empty() || host == "*";
}

/// Whether this machine has `host`: the operating system lets a socket have it.
[[nodiscard]] inline bool can_bind(const address& host) noexcept {
    const descriptor probe{::socket(host.family(), SOCK_DGRAM, 0)};
    return probe && ::bind(probe.fd(), host.with_port(0).native(), host.native_size()) == 0;
}

[[nodiscard]] inline errc from_resolver(int failure) noexcept {
    if (failure == EAI_SYSTEM)
        return last_error();
    return failure == EAI_MEMORY ? errc::system_failure : errc::name_unresolved;
}

/// Asks the C library; `host` is an address or a name.
[[nodiscard]] inline result<address_list> ask_resolver(std::string_view host,
                                                       std::uint16_t port) noexcept {
    std::array<char, host_bytes_max + 1> terminated{};
    host.copy(terminated.data(), host_bytes_max);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM; // else every address comes once for each kind of socket
    const bool literal = is_ipv4_text(host) || is_ipv6_text(host);
    hints.ai_flags = literal ? AI_NUMERICHOST : 0;
    addrinfo* found = nullptr;
    int failure = 0;
    do {
        failure = ::getaddrinfo(terminated.data(), nullptr, &hints, &found);
    } while (failure == EAI_SYSTEM && errno == EINTR);
    // A literal fails by an unknown %zone only.
    if (failure != 0)
        return literal ? errc::bad_address : from_resolver(failure);
    address_list list;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        const result<address> one = address::from_native(each->ai_addr, each->ai_addrlen);
        if (one)
            list.push(one->with_port(port));
    }
    ::freeaddrinfo(found);
    if (list.empty())
        return errc::name_unresolved;
    return list;
}

} // namespace detail

/// Finds the addresses of a host.
///
/// Input    a name, an address (which never asks a name server), `localhost`: 127.0.0.1 and ::1 of
///          which this machine has, whatever its host table says; empty or `*`, to bind only:
///          `[::]`, which takes IPv4 too on a dual-stack socket, or 0.0.0.0 where there is no IPv6.
/// Returns  at least one address.
/// Errors   bad_address, name_unresolved, address_unavailable (localhost without loopback).
/// Cost     a name waits for the name servers as long as the C library does: seconds at worst.
/// Threads  safe.
[[nodiscard]] inline result<address_list>
resolve(std::string_view host, std::uint16_t port, address_use use) noexcept {
    if (!detail::is_host_text(host))
        return errc::bad_address;
    address_list list;
    if (detail::is_any_host(host)) {
        if (use == address_use::connect)
            return errc::bad_address;
        const address v6 = address::any_v6(port);
        list.push(detail::can_bind(v6) ? v6 : address::any_v4(port));
        return list;
    }
    if (!detail::is_localhost(host))
        return detail::ask_resolver(host, port);
    for (const address& loopback : {address::loopback_v4(port), address::loopback_v6(port)})
        if (detail::can_bind(loopback))
            list.push(loopback);
    if (list.empty())
        return errc::address_unavailable;
    return list;
}

/// The same for a host and a port in one.
[[nodiscard]] inline result<address_list> resolve(const host_port& at, address_use use) noexcept {
    return resolve(at.host, at.port, use);
}

} // namespace quipu

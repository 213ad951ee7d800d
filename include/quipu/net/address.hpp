// `address`: an IPv4 or IPv6 address with its port, as the operating system takes it.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/endpoint.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// An IPv4 or IPv6 address with its port, as the operating system takes it.
/// Threads  distinct objects safe, shared objects safe while only read.
class address {
public:
    /// No address: neither IPv4 nor IPv6.
    address() noexcept = default;

    /// This machine, seen from itself only.
    [[nodiscard]] static address loopback_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_LOOPBACK, port);
    }
    [[nodiscard]] static address loopback_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_loopback, port);
    }
    /// Every address of this machine.
    [[nodiscard]] static address any_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_ANY, port);
    }
    [[nodiscard]] static address any_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_any, port);
    }

    /// Copies what a system call has filled in.
    /// Errors   unsupported for another family than IPv4 and IPv6.
    [[nodiscard]] static result<address> from_native(const sockaddr* from,
                                                     socklen_t size) noexcept {
        address copy;
        const std::size_t bytes = size;
        if (bytes < sizeof(sockaddr))
            return errc::unsupported;
        const bool v4 = from->sa_family == AF_INET && bytes >= sizeof(sockaddr_in);
        const bool v6 = from->sa_family == AF_INET6 && bytes >= sizeof(sockaddr_in6);
        if (!v4 && !v6)
            return errc::unsupported;
        std::memcpy(&copy.native_, from, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        return copy;
    }

    [[nodiscard]] const sockaddr* native() const noexcept { return &native_.any; }
    [[nodiscard]] socklen_t native_size() const noexcept {
        return is_v4() ? sizeof(sockaddr_in) : is_v6() ? sizeof(sockaddr_in6) : 0;
    }

    [[nodiscard]] int family() const noexcept { return native_.any.sa_family; }
    [[nodiscard]] bool is_v4() const noexcept { return family() == AF_INET; }
    [[nodiscard]] bool is_v6() const noexcept { return family() == AF_INET6; }

    /// The port; 0 if there is no address.
    [[nodiscard]] std::uint16_t port() const noexcept {
        if (is_v4())
            return ntohs(native_.v4.sin_port);
        if (is_v6())
            return ntohs(native_.v6.sin6_port);
        return 0;
    }

    /// The same host with another port.
    [[nodiscard]] address with_port(std::uint16_t port) const noexcept {
        address other = *this;
        if (is_v4())
            other.native_.v4.sin_port = htons(port);
        if (is_v6())
            other.native_.v6.sin6_port = htons(port);
        return other;
    }

    friend bool operator==(const address& a, const address& b) noexcept {
        return a.sort_key() == b.sort_key();
    }
    /// IPv4 before IPv6, then by host, zone and port.
    friend std::strong_ordering operator<=>(const address& a, const address& b) noexcept {
        return a.sort_key() <=> b.sort_key();
    }

private:
    union native_address {
        sockaddr_in6 v6; // first, since it is the largest and thus zeroes them all
        sockaddr_in v4;
        sockaddr any;
    };

    [[nodiscard]] static address make_v4(std::uint32_t host, std::uint16_t port) noexcept {
        address made;
        made.native_.v4.sin_family = AF_INET;
        made.native_.v4.sin_addr.s_addr = htonl(host);
        made.native_.v4.sin_port = htons(port);
        return made;
    }
    [[nodiscard]] static address make_v6(const in6_addr& host, std::uint16_t port) noexcept {
        address made;
        made.native_.v6.sin6_family = AF_INET6;
        made.native_.v6.sin6_addr = host;
        made.native_.v6.sin6_port = htons(port);
        return made;
    }

    // Only what makes an address: systems fill the other fields in as they like.
    [[nodiscard]] std::array<unsigned char, 23> sort_key() const noexcept {
        std::array<unsigned char, 23> key{};
        unsigned char* const host = key.data() + 1;
        std::uint32_t zone = 0;
        if (is_v4()) {
            key[0] = 4;
            std::memcpy(host, &native_.v4.sin_addr, 4);
        } else if (is_v6()) {
            key[0] = 6;
            std::memcpy(host, &native_.v6.sin6_addr, 16);
            zone = htonl(native_.v6.sin6_scope_id);
        }
        const std::uint16_t port_in_order = htons(port());
        std::memcpy(host + 16, &zone, 4);
        std::memcpy(host + 20, &port_in_order, 2);
        return key;
    }

    native_address native_{};
};

/// The text of an address: "127.0.0.1:8125", "[::1]:8125"; "no address" if it is none.
[[nodiscard]] inline std::string to_string(const address& of) {
    std::array<char, 256> host{};
    if (of.native_size() == 0 ||
        ::getnameinfo(
            of.native(), of.native_size(), host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) !=
            0)
        return "no address";
    return to_string(host_port{host.data(), of.port()});
}

} // namespace quipu

// Hosts and ports as people write them: `endpoint` is udp://HOST:PORT or tcp://HOST:PORT.
#pragma once

#include <quipu/core/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// Longest name of a host, as in RFC 1035, with room for the `%zone` of an IPv6 address.
inline constexpr std::size_t host_bytes_max = 255;

/// A host and a port as people write them. `host` is a name, an IPv4 or an IPv6 address (without
/// brackets); empty or `*` means any address of this machine.
struct host_port {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const host_port&, const host_port&) = default;
};

enum class ip_protocol : std::uint8_t { udp, tcp };

/// A host and a port together with the protocol that is spoken there.
struct endpoint {
    ip_protocol protocol = ip_protocol::udp;
    host_port at;

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool all_of_text(std::string_view text, std::string_view allowed) noexcept {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Whether `text` has only what names of hosts and of network interfaces are made of.
[[nodiscard]] constexpr bool is_name_text(std::string_view text) noexcept {
    return !text.empty() &&
           all_of_text(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

/// Whether `text` is an IPv6 address, `%zone` included.
[[nodiscard]] inline bool is_ipv6_text(std::string_view text) noexcept {
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos) {
        if (!is_name_text(text.substr(percent + 1)))
            return false;
        text = text.substr(0, percent);
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size())
        return false;
    if (!all_of_text(text, "0123456789abcdefABCDEF:."))
        return false; // a NUL would end it early
    text.copy(terminated.data(), text.size());
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, terminated.data(), &ignored) == 1;
}

/// Whether `text` is an IPv4 address of four decimal parts; "127.1" and "8125" are not.
[[nodiscard]] inline bool is_ipv4_text(std::string_view text) noexcept {
    std::array<char, INET_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || !all_of_text(text, "0123456789."))
        return false;
    text.copy(terminated.data(), text.size());
    in_addr ignored{};
    return ::inet_pton(AF_INET, terminated.data(), &ignored) == 1;
}

/// Whether `text` can be a host at all, brackets removed.
[[nodiscard]] inline bool is_host_text(std::string_view text) noexcept {
    if (text.empty() || text == "*")
        return true;
    if (text.size() > host_bytes_max)
        return false;
    if (text.find(':') != std::string_view::npos)
        return is_ipv6_text(text);
    // The C library reads "8125" as 0.0.31.189; whoever writes that forgot the host.
    if (all_of_text(text, "0123456789."))
        return is_ipv4_text(text);
    return is_name_text(text);
}

[[nodiscard]] constexpr result<std::uint16_t> parse_port(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 5)
        return errc::bad_address;
    std::uint32_t port = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9')
            return errc::bad_address;
        port = port * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    if (port > 65535)
        return errc::bad_address;
    return static_cast<std::uint16_t>(port);
}

} // namespace detail

/// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT", and, when there is a `default_port`, those without
/// ":PORT". Asks no name server.
///
/// Errors   bad_address, for an IPv6 address without brackets too: its last part could be a port.
/// Cost     O(text.size()); allocates for a long host.
/// Threads  pure.
[[nodiscard]] inline result<host_port>
parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    std::string_view host;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return errc::bad_address;
        host = text.substr(1, close - 1);
        if (!detail::is_ipv6_text(host))
            return errc::bad_address;
        text.remove_prefix(close + 1);
    } else {
        host = text.substr(0, text.find(':'));
        text.remove_prefix(host.size());
    }
    if (!detail::is_host_text(host))
        return errc::bad_address;
    host_port read{std::string{host}, default_port.value_or(0)};
    if (text.empty()) {
        if (!default_port)
            return errc::bad_address;
        return read;
    }
    if (text.front() != ':')
        return errc::bad_address;
    const result<std::uint16_t> port = detail::parse_port(text.substr(1));
    if (!port)
        return port.error();
    read.port = *port;
    return read;
}

/// Reads "udp://HOST:PORT" or "tcp://HOST:PORT", where what follows the scheme is as
/// `parse_host_port` reads it.
///
/// Errors   bad_address, for another scheme too.
/// Threads  pure.
[[nodiscard]] inline result<endpoint>
parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    endpoint read;
    if (text.starts_with("udp://")) {
        read.protocol = ip_protocol::udp;
    } else if (text.starts_with("tcp://")) {
        read.protocol = ip_protocol::tcp;
    } else {
        return errc::bad_address;
    }
    auto at = parse_host_port(text.substr(6), default_port);
    if (!at)
        return at.error();
    read.at = *std::move(at);
    return read;
}

/// The text of a host and a port: `parse_host_port` reads it back equal.
[[nodiscard]] inline std::string to_string(const host_port& at) {
    const bool brackets = at.host.find(':') != std::string::npos;
    return (brackets ? '[' + at.host + ']' : at.host) + ':' + std::to_string(at.port);
}

/// The text of an endpoint: `parse_endpoint` reads it back equal.
[[nodiscard]] inline std::string to_string(const endpoint& to) {
    return (to.protocol == ip_protocol::udp ? "udp://" : "tcp://") + to_string(to.at);
}

} // namespace quipu

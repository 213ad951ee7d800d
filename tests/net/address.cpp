#include <quipu/net/address.hpp>

#include "support/catch.hpp"

#include <array>
#include <type_traits>

using namespace quipu;

static_assert(std::is_trivially_copyable_v<address>);

namespace {

address v4(std::array<unsigned char, 4> host, std::uint16_t port) {
    sockaddr_in native{};
    native.sin_family = AF_INET;
    native.sin_port = htons(port);
    std::memcpy(&native.sin_addr, host.data(), host.size());
    return *address::from_native(reinterpret_cast<const sockaddr*>(&native), sizeof native);
}

} // namespace

TEST_CASE("address: says itself as text with its port", "[net][address]") {
    CHECK(to_string(address::loopback_v4(8125)) == "127.0.0.1:8125");
    CHECK(to_string(address::loopback_v6(8125)) == "[::1]:8125");
    CHECK(to_string(address::any_v4(0)) == "0.0.0.0:0");
    CHECK(to_string(address::any_v6(65535)) == "[::]:65535");
    CHECK(to_string(v4({10, 1, 2, 3}, 80)) == "10.1.2.3:80");
    CHECK(to_string(address{}) == "no address");
}

TEST_CASE("address: knows its family and port", "[net][address]") {
    const address four = address::loopback_v4(8125);
    CHECK(four.is_v4());
    CHECK_FALSE(four.is_v6());
    CHECK(four.family() == AF_INET);
    CHECK(four.native_size() == sizeof(sockaddr_in));
    CHECK(four.port() == 8125);
    const address six = address::any_v6(513);
    CHECK(six.is_v6());
    CHECK_FALSE(six.is_v4());
    CHECK(six.native_size() == sizeof(sockaddr_in6));
    CHECK(six.port() == 513);
    CHECK(four.with_port(1) == address::loopback_v4(1));
    CHECK(six.with_port(1) == address::any_v6(1));
    CHECK(address{}.port() == 0);
    CHECK(address{}.native_size() == 0);
    CHECK(address{}.with_port(1) == address{});
}

TEST_CASE("address: is ordered by family, host, zone and port", "[net][address]") {
    sockaddr_in6 zoned{};
    zoned.sin6_family = AF_INET6;
    zoned.sin6_addr = in6addr_loopback;
    zoned.sin6_scope_id = 3;
    const address in_zone =
        *address::from_native(reinterpret_cast<const sockaddr*>(&zoned), sizeof zoned);
    const std::array ascending{address{},
                               v4({9, 0, 0, 200}, 500),
                               v4({10, 0, 0, 1}, 255),
                               v4({10, 0, 0, 1}, 256),
                               v4({200, 0, 0, 0}, 1),
                               address::any_v6(7),
                               address::loopback_v6(6),
                               address::loopback_v6(7),
                               in_zone};
    for (std::size_t i = 0; i != ascending.size(); ++i) {
        for (std::size_t j = 0; j != ascending.size(); ++j) {
            CAPTURE(i, j);
            CHECK((ascending[i] == ascending[j]) == (i == j));
            CHECK((ascending[i] < ascending[j]) == (i < j));
        }
    }
}

TEST_CASE("address: copies a native one and leaves out what is not part of it", "[net][address]") {
    sockaddr_in6 native{};
    native.sin6_family = AF_INET6;
    native.sin6_addr = in6addr_loopback;
    native.sin6_port = htons(7);
    native.sin6_flowinfo = 99;
    const auto* const any = reinterpret_cast<const sockaddr*>(&native);
    const auto copy = address::from_native(any, sizeof native);
    REQUIRE(copy);
    CHECK(*copy == address::loopback_v6(7));
    CHECK(*address::from_native(copy->native(), copy->native_size()) == *copy);
    CHECK(address::from_native(any, sizeof native - 1).error() == errc::unsupported);
    CHECK(address::from_native(any, 1).error() == errc::unsupported);
    native.sin6_family = AF_UNIX;
    CHECK(address::from_native(any, sizeof native).error() == errc::unsupported);
}

#include <quipu/net/resolve.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <string>

using namespace quipu;

namespace {

address first(std::string_view host, address_use use = address_use::connect) {
    const auto found = resolve(host, 8125, use);
    INFO(host);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    return (*found)[0];
}

} // namespace

TEST_CASE("resolve: an address is itself", "[net][resolve]") {
    CHECK(to_string(first("127.0.0.1")) == "127.0.0.1:8125");
    CHECK(to_string(first("192.0.2.7")) == "192.0.2.7:8125");
    CHECK(to_string(first("::1")) == "[::1]:8125");
    CHECK(to_string(first("2001:DB8::0:1")) == "[2001:db8::1]:8125");
    CHECK(to_string(first("0.0.0.0", address_use::bind)) == "0.0.0.0:8125");
    CHECK(to_string(first("::", address_use::bind)) == "[::]:8125");
}

TEST_CASE("resolve: an interface's zone is part of an address", "[net][resolve]") {
    CHECK(to_string(first("fe80::1%lo")) == "[fe80::1%lo]:8125");
    CHECK(resolve("fe80::1%nosuch0", 1, address_use::connect).error() == errc::bad_address);
}

TEST_CASE("resolve: localhost is 127.0.0.1 and ::1", "[net][resolve]") {
    for (const auto use : {address_use::bind, address_use::connect}) {
        for (const char* name : {"localhost", "LocalHost"}) {
            const auto found = resolve(name, 8125, use);
            REQUIRE(found);
            REQUIRE(found->size() == 2);
            CHECK((*found)[0] == address::loopback_v4(8125));
            CHECK((*found)[1] == address::loopback_v6(8125));
        }
    }
}

TEST_CASE("resolve: no host means any address, to bind only", "[net][resolve]") {
    for (const char* any : {"", "*"}) {
        CHECK(first(any, address_use::bind) == address::any_v6(8125));
        CHECK(resolve(any, 8125, address_use::connect).error() == errc::bad_address);
    }
    CHECK(resolve(host_port{"", 1}, address_use::bind)->begin()->port() == 1);
}

TEST_CASE("resolve: a name without address has its error", "[net][resolve]") {
    // A label of more than 63 bytes cannot be asked for: the answer comes without a name server.
    const std::string unknown = std::string(64, 'a') + ".invalid";
    CHECK(resolve(unknown, 1, address_use::connect).error() == errc::name_unresolved);
}

TEST_CASE("resolve: what cannot be a host is not asked for", "[net][resolve]") {
    for (const char* text : {"8125", "127.1", "1.2.3.4.5", ":", "[::1]", "a b", "::1%", "g::1"}) {
        CAPTURE(text);
        CHECK(resolve(text, 1, address_use::connect).error() == errc::bad_address);
    }
    const std::string too_long(host_bytes_max + 1, 'a');
    CHECK(resolve(too_long, 1, address_use::connect).error() == errc::bad_address);
}

TEST_CASE("resolve: leaves no descriptor open", "[net][resolve]") {
    const std::size_t before = test::open_descriptors();
    for (const char* host : {"localhost", "", "127.0.0.1", "::1"})
        CHECK(resolve(host, 1, address_use::bind));
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("address_list: is bounded and has nothing twice", "[net][resolve]") {
    address_list list;
    CHECK(list.empty());
    list.push(address::loopback_v4(1));
    list.push(address::loopback_v4(1));
    CHECK(list.size() == 1);
    for (std::uint16_t port = 2; port != 40; ++port)
        list.push(address::loopback_v4(port));
    CHECK(list.size() == address_list::size_max);
    CHECK(list[address_list::size_max - 1] == address::loopback_v4(address_list::size_max));
}

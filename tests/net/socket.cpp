#include <quipu/net/socket.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <csignal>
#include <string>
#include <type_traits>

#include <arpa/inet.h>

using namespace quipu;

static_assert(!std::is_copy_constructible_v<quipu::socket>);
static_assert(std::is_nothrow_move_constructible_v<quipu::socket>);

namespace {

quipu::socket opened(const address& like, ip_protocol protocol) {
    auto made = quipu::socket::open(like, protocol);
    REQUIRE(made);
    return *std::move(made);
}

quipu::socket bound(const address& to, ip_protocol protocol) {
    auto made = opened(to, protocol);
    REQUIRE(made.bind(to) == errc::ok);
    return made;
}

} // namespace

TEST_CASE("socket: never waits, is not inherited, and is closed", "[net][socket]") {
    const std::size_t before = test::open_descriptors();
    {
        const auto made = bound(address::loopback_v4(0), ip_protocol::udp);
        CHECK((::fcntl(made.fd(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(made.fd(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(test::open_descriptors() == before + 1);
    }
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("socket: a bind to port 0 tells the port it has got", "[net][socket]") {
    for (const address& any_port : {address::loopback_v4(0), address::loopback_v6(0)}) {
        for (const auto protocol : {ip_protocol::udp, ip_protocol::tcp}) {
            const auto made = bound(any_port, protocol);
            const auto local = made.local_address();
            REQUIRE(local);
            CHECK(local->port() != 0);
            CHECK(local->with_port(0) == any_port);
            CHECK(made.peer_address().error() == errc::connection_lost);
        }
    }
}

TEST_CASE("socket: says why it cannot be bound", "[net][socket]") {
    for (const auto protocol : {ip_protocol::udp, ip_protocol::tcp}) {
        const auto first = bound(address::loopback_v4(0), protocol);
        auto second = opened(address::loopback_v4(0), protocol);
        CHECK(second.bind(*first.local_address()) == errc::address_in_use);
        // 192.0.2.0/24 is for documentation: no machine has it.
        sockaddr_in elsewhere{};
        elsewhere.sin_family = AF_INET;
        REQUIRE(::inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr) == 1);
        const auto no_machine =
            address::from_native(reinterpret_cast<const sockaddr*>(&elsewhere), sizeof elsewhere);
        CHECK(second.bind(*no_machine) == errc::address_unavailable);
    }
    CHECK(quipu::socket::open(address{}, ip_protocol::udp).error() == errc::unsupported);
}

TEST_CASE("socket: says that no descriptor is left", "[net][socket]") {
    errc refusal = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        refusal = quipu::socket::open(address::loopback_v4(0), ip_protocol::udp).error();
    }
    CHECK(refusal == errc::too_many_descriptors);
}

TEST_CASE("socket: an IPv6 one takes IPv4 only when told to", "[net][socket]") {
    auto only_v6 = opened(address::any_v6(0), ip_protocol::udp);
    CHECK(*only_v6.get(IPPROTO_IPV6, IPV6_V6ONLY) == 1);
    REQUIRE(only_v6.bind(address::any_v6(0)) == errc::ok);
    const std::uint16_t port = only_v6.local_address()->port();
    auto v4 = opened(address::any_v4(0), ip_protocol::udp);
    CHECK(v4.bind(address::any_v4(port)) == errc::ok);

    auto both = opened(address::any_v6(0), ip_protocol::udp);
    REQUIRE(both.accept_v4_too() == errc::ok);
    CHECK(*both.get(IPPROTO_IPV6, IPV6_V6ONLY) == 0);
    REQUIRE(both.bind(address::any_v6(0)) == errc::ok);
    auto late = opened(address::any_v4(0), ip_protocol::udp);
    CHECK(late.bind(address::any_v4(both.local_address()->port())) == errc::address_in_use);
}

TEST_CASE("socket: several may share a port when all say so", "[net][socket]") {
    auto first = opened(address::loopback_v4(0), ip_protocol::udp);
    REQUIRE(first.reuse_port() == errc::ok);
    REQUIRE(first.bind(address::loopback_v4(0)) == errc::ok);
    auto second = opened(address::loopback_v4(0), ip_protocol::udp);
    REQUIRE(second.reuse_port() == errc::ok);
    CHECK(second.bind(*first.local_address()) == errc::ok);
}

TEST_CASE("socket: tells the buffers that were granted", "[net][socket]") {
    auto made = opened(address::loopback_v4(0), ip_protocol::udp);
    const auto granted = made.receive_buffer(64 * 1024);
    REQUIRE(granted);
    CHECK(*granted >= 64 * 1024);
    CHECK(*granted == static_cast<std::size_t>(*made.get(SOL_SOCKET, SO_RCVBUF)));
    const auto sending = made.send_buffer(32 * 1024);
    REQUIRE(sending);
    CHECK(*sending >= 32 * 1024);
    CHECK(*sending == static_cast<std::size_t>(*made.get(SOL_SOCKET, SO_SNDBUF)));
    // More than there is: granted up to the system's bound, and no error.
    const auto bounded = made.receive_buffer(std::size_t{1} << 40U);
    REQUIRE(bounded);
    CHECK(*bounded >= *granted);
}

TEST_CASE("socket: sends what there is room for, and a lost peer is no signal", "[net][socket]") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    descriptor peer{ends[1]};
    descriptor ours{ends[0]};
    REQUIRE(ours.never_wait_nor_inherit() == errc::ok);
    quipu::socket sender{std::move(ours)};
    const std::string much(1 << 20, 'x');
    const auto taken = sender.send_some(much);
    REQUIRE(taken);
    CHECK(*taken > 0);
    CHECK(*taken < much.size());
    while (sender.send_some(much)) {
    }
    CHECK(sender.send_some(much).error() == errc::would_block);
    peer.close();
    // SIGPIPE has its default action here, which would end the program.
    REQUIRE(std::signal(SIGPIPE, SIG_DFL) == SIG_DFL);
    CHECK(sender.send_some("x").error() == errc::connection_lost);
}

TEST_CASE("socket: connecting tells how it went later", "[net][socket]") {
    auto listening = bound(address::loopback_v6(0), ip_protocol::tcp);
    const address there = *listening.local_address();

    auto refused = opened(there, ip_protocol::tcp);
    CHECK(refused.connect(there) == errc::would_block);
    REQUIRE(test::comes_ready(refused.fd(), POLLOUT));
    CHECK(refused.pending_error() == errc::connection_refused);
    CHECK(refused.pending_error() == errc::ok);

    REQUIRE(::listen(listening.fd(), 1) == 0);
    auto accepted = opened(there, ip_protocol::tcp);
    CHECK(accepted.connect(there) == errc::would_block);
    REQUIRE(test::comes_ready(accepted.fd(), POLLOUT));
    CHECK(accepted.pending_error() == errc::ok);
    CHECK(*accepted.peer_address() == there);
}

TEST_CASE("socket: options that do not exist are errors", "[net][socket]") {
    auto made = opened(address::loopback_v4(0), ip_protocol::udp);
    CHECK(made.set(SOL_SOCKET, 12345, 1) == errc::unsupported);
    CHECK(made.get(SOL_SOCKET, 12345).error() == errc::unsupported);
    CHECK(made.accept_v4_too() == errc::unsupported);
    CHECK(quipu::socket{}.pending_error() == errc::system_failure);
}

#include <quipu/net/tcp_listener.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;
using test::accepted;
using test::listening;
using test::reset;

namespace {

constexpr auto ignore = [](std::string_view) noexcept {};

/// A plain client, connected and willing to wait.
quipu::socket client_of(const address& at) {
    auto made = quipu::socket::open(at, ip_protocol::tcp);
    REQUIRE(made);
    REQUIRE(made->connect(at) == errc::would_block);
    REQUIRE(test::comes_ready(made->fd(), POLLOUT));
    REQUIRE(made->pending_error() == errc::ok);
    return *std::move(made);
}

quipu::socket client_of(const tcp_listener& listener) {
    return client_of(*listener.local_address());
}

bool sees_the_end(const quipu::socket& of) {
    char byte = 0;
    return test::comes_ready(of.fd()) && ::recv(of.fd(), &byte, 1, 0) <= 0;
}

} // namespace

static_assert(std::is_nothrow_move_constructible_v<tcp_connection>);
static_assert(std::is_nothrow_move_assignable_v<tcp_connection>);
static_assert(noexcept(std::declval<tcp_connection&>().receive(ignore)));

TEST_CASE("tcp_listener: accepts over IPv4 and IPv6", "[net][tcp]") {
    for (const address& at : {address::loopback_v4(0), address::loopback_v6(0)}) {
        auto listener = listening(at);
        CHECK(listener.accept().error() == errc::would_block);
        auto client = client_of(listener);
        auto connection = accepted(listener);
        CHECK(listener.accept().error() == errc::would_block);
        CHECK(connection.peer() == *client.local_address());
        CHECK((::fcntl(connection.fd(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(connection.fd(), F_GETFD) & FD_CLOEXEC) != 0);

        CHECK(*connection.receive(ignore) == 0);
        REQUIRE(client.send_some("hits:1|c\n"));
        CHECK(test::receive_bytes(connection, 9) == "hits:1|c\n");
        CHECK(*connection.receive(ignore) == 0);
        CHECK_FALSE(connection.closed());
    }
}

TEST_CASE("tcp_connection: an end in good order comes after the last bytes", "[net][tcp]") {
    auto listener = listening();
    auto client = client_of(listener);
    auto connection = accepted(listener);
    REQUIRE(client.send_some("last"));
    client.close();
    CHECK(test::receive_bytes(connection, 4) == "last");
    REQUIRE(test::comes_ready(connection.fd()));
    CHECK_FALSE(connection.closed());
    for (int i = 0; i != 2; ++i) {
        const auto taken = connection.receive(ignore);
        REQUIRE(taken);
        CHECK(*taken == 0);
        CHECK(connection.closed());
    }
}

TEST_CASE("tcp_connection: one that broke off is no end in good order", "[net][tcp]") {
    auto listener = listening();
    auto client = client_of(listener);
    auto connection = accepted(listener);
    reset(client);
    REQUIRE(test::comes_ready(connection.fd()));
    for (int i = 0; i != 2; ++i) {
        CHECK(connection.receive(ignore).error() == errc::connection_lost);
        CHECK_FALSE(connection.closed());
    }
    CHECK(connection.send_some("x").error() == errc::connection_lost);
    CHECK(tcp_connection{}.receive(ignore).error() == errc::system_failure);
}

TEST_CASE("tcp_connection: hands out long streams in pieces, with padding", "[net][tcp]") {
    auto listener = listening();
    auto client = client_of(listener);
    auto connection = accepted(listener);
    std::string sent;
    std::string came;
    std::size_t longest = 0;
    std::size_t readable = 0;
    for (int i = 0; i != 40; ++i) {
        const std::string piece(5000, static_cast<char>('a' + i % 26));
        const auto taken = client.send_some(piece);
        REQUIRE(taken);
        sent.append(piece, 0, *taken);
        if (i % 8 != 7)
            continue;
        while (came.size() != sent.size()) {
            REQUIRE(test::comes_ready(connection.fd()));
            REQUIRE(*connection.receive([&](std::string_view text) {
                came += text;
                longest = text.size() > longest ? text.size() : longest;
                const std::string behind(text.data() + text.size(), read_padding_bytes);
                readable += behind.size();
            }) == 1);
        }
    }
    CHECK((came == sent));
    CHECK(longest <= tcp_connection::chunk_bytes_max);
    CHECK(longest > 5000);
    CHECK(readable > 0);
}

TEST_CASE("tcp_connection: hands out as much as the caller has room for", "[net][tcp]") {
    auto listener = listening();
    auto client = client_of(listener);
    auto connection = accepted(listener);
    const std::string sent(300'000, 's');
    REQUIRE(*client.send_some("0123456789") == 10);
    std::vector<std::string> came;
    std::vector<char> room(4 + read_padding_bytes, '#');
    const auto take = [&] {
        REQUIRE(test::comes_ready(connection.fd()));
        return connection.receive(room, [&](std::string_view text) {
            CHECK(text.data() == room.data());
            came.emplace_back(text);
        });
    };
    for (int i = 0; i != 3; ++i)
        CHECK(*take() == 1);
    CHECK(came == std::vector<std::string>{"0123", "4567", "89"});
    CHECK(room[4] == '#');
    // In one piece, however large, if there is room for it.
    room.resize(sent.size() + read_padding_bytes);
    const auto begun = client.send_some(sent);
    REQUIRE(begun);
    std::size_t longest = 0;
    for (std::size_t all = 0; all < *begun; all += came.back().size()) {
        REQUIRE(*take() == 1);
        longest = std::max(longest, came.back().size());
    }
    CHECK(longest > tcp_connection::chunk_bytes_max);
    client = quipu::socket{};
    CHECK(*take() == 0);
    CHECK(connection.closed());
}

TEST_CASE("tcp_connection: can answer, as far as there is room", "[net][tcp]") {
    auto listener = listening();
    auto client = client_of(listener);
    auto connection = accepted(listener);
    CHECK(*connection.send_some("YES") == 3);
    CHECK(test::comes_ready(client.fd()));
    const std::string much(1 << 20, 'x');
    while (connection.send_some(much)) {
    }
    CHECK(connection.send_some(much).error() == errc::would_block);
}

TEST_CASE("tcp_listener: two hundred connections at once", "[net][tcp]") {
    constexpr std::size_t count = 200;
    const std::size_t before = test::open_descriptors();
    {
        auto listener = listening();
        std::vector<quipu::socket> clients;
        for (std::size_t i = 0; i != count; ++i)
            clients.push_back(client_of(listener));
        std::vector<tcp_connection> connections;
        for (std::size_t i = 0; i != count; ++i)
            connections.push_back(accepted(listener));
        CHECK(listener.accept().error() == errc::would_block);
        for (std::size_t i = 0; i != count; ++i)
            REQUIRE(clients[i].send_some("client:" + std::to_string(i) + "|g\n"));
        for (std::size_t i = 0; i != count; ++i) {
            // In the order of arrival, over loopback: that of connecting.
            const std::string wanted = "client:" + std::to_string(i) + "|g\n";
            CHECK(test::receive_bytes(connections[i], wanted.size()) == wanted);
        }
        CHECK(test::open_descriptors() == before + 2 * count + 2);
    }
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("tcp_listener: a port in use is refused, a port of the last run is not", "[net][tcp]") {
    address at;
    {
        auto listener = listening();
        at = *listener.local_address();
        CHECK(tcp_listener::listen(at).error() == errc::address_in_use);
        CHECK(tcp_listener::listen(at, {.reuse_port = true}).error() == errc::address_in_use);
        const auto client = client_of(listener);
        {
            // The side that ends first is the one that has to wait until the port is forgotten.
            const auto ended_here_first = accepted(listener);
        }
        CHECK(sees_the_end(client));
    }
    CHECK(tcp_listener::listen(at));
}

TEST_CASE("tcp_listener: several share a port when all agree", "[net][tcp]") {
    const auto first = tcp_listener::listen(address::loopback_v4(0), {.reuse_port = true});
    REQUIRE(first);
    CHECK(tcp_listener::listen(*first->local_address(), {.reuse_port = true}));
}

TEST_CASE("tcp_listener: any address takes IPv4 too, unless IPv6 alone is asked for",
          "[net][tcp]") {
    auto both = listening(address::any_v6(0));
    const std::uint16_t port = both.local_address()->port();
    for (const address& way : {address::loopback_v4(port), address::loopback_v6(port)}) {
        const auto client = client_of(way);
        const auto connection = accepted(both);
        CHECK(connection.peer().port() == client.local_address()->port());
    }
    const auto only_v6 = tcp_listener::listen(address::any_v6(0), {.dual_stack = false});
    REQUIRE(only_v6);
    CHECK(tcp_listener::listen(address::any_v4(only_v6->local_address()->port())));
}

TEST_CASE("tcp_listener: without descriptors left it turns away and goes on", "[net][tcp]") {
    auto listener = listening();
    std::vector<quipu::socket> clients;
    for (int i = 0; i != 3; ++i)
        clients.push_back(client_of(listener));
    REQUIRE(test::comes_ready(listener.fd()));
    std::vector<errc> outcomes;
    {
        const test::descriptor_limit few{128};
        std::vector<descriptor> all_others;
        for (int next = 0; next >= 0;) {
            next = ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0);
            if (next >= 0)
                all_others.emplace_back(next);
        }
        outcomes.push_back(listener.accept().error());
        outcomes.push_back(listener.accept().error());
        all_others.pop_back(); // now there is one
        outcomes.push_back(listener.accept().error());
        outcomes.push_back(listener.accept().error());
    }
    CHECK(outcomes ==
          std::vector<errc>{
              errc::too_many_descriptors, errc::too_many_descriptors, errc::ok, errc::would_block});
    for (const auto& client : clients)
        CHECK(sees_the_end(client));
    const auto client = client_of(listener);
    CHECK(accepted(listener).peer() == *client.local_address());

    errc opening = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        opening = tcp_listener::listen(address::loopback_v4(0)).error();
    }
    CHECK(opening == errc::too_many_descriptors);
}

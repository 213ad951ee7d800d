#include <quipu/net/tcp_sender.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <csignal>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;
using test::accepted;
using test::listening;
using test::reset;

namespace {

std::string host_text(const address& of) {
    return of.is_v4() ? "127.0.0.1" : "::1";
}

host_port place_of(const tcp_listener& listener) {
    const address at = *listener.local_address();
    return {host_text(at), at.port()};
}

/// Takes all that comes until the end of the stream, of whichever kind.
std::string everything(tcp_connection& from) {
    return test::receive_bytes(from, std::string::npos);
}

/// A text in which every byte lost or moved is noticed.
std::string numbered(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i)
        text += std::to_string(i) + '\n';
    text.resize(bytes);
    return text;
}

void fill_up(const tcp_sender& sender) {
    const std::string much(1 << 16, 'x');
    while (::send(sender.fd(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
}

} // namespace

static_assert(!std::is_copy_constructible_v<tcp_sender>);
static_assert(std::is_nothrow_move_constructible_v<tcp_sender>);
static_assert(noexcept(std::declval<tcp_sender&>().send("")));

TEST_CASE("tcp_sender: connects when first needed and sends all, over IPv4 and IPv6",
          "[net][tcp]") {
    for (const address& at : {address::loopback_v4(0), address::loopback_v6(0)}) {
        auto listener = listening(at);
        tcp_sender sender{place_of(listener)};
        CHECK_FALSE(sender.connected());
        CHECK(listener.accept().error() == errc::would_block);
        CHECK(sender.send("a 1 2\n") == errc::ok);
        CHECK(sender.connected());
        CHECK(sender.send("") == errc::ok);
        CHECK(sender.send("b 3 4\n") == errc::ok);
        auto connection = accepted(listener);
        CHECK(test::receive_bytes(connection, 12) == "a 1 2\nb 3 4\n");
        CHECK(listener.accept().error() == errc::would_block);
        sender.close();
        CHECK(everything(connection).empty());
        CHECK(connection.closed());
        CHECK(sender.route().host() == place_of(listener));
    }
}

TEST_CASE("tcp_sender: tries every address of a name", "[net][tcp]") {
    // localhost is 127.0.0.1 first; only the second address has a listener.
    auto listener = listening(address::loopback_v6(0));
    tcp_sender sender{{"localhost", listener.local_address()->port()}};
    CHECK(sender.connect() == errc::ok);
    CHECK(sender.connect() == errc::ok);
    CHECK(sender.send("x") == errc::ok);
    auto connection = accepted(listener);
    CHECK(test::receive_bytes(connection, 1) == "x");
    CHECK(listener.accept().error() == errc::would_block);
}

TEST_CASE("tcp_sender: says why it cannot connect", "[net][tcp]") {
    host_port nobody;
    {
        const auto closed_soon = listening();
        nobody = place_of(closed_soon);
    }
    CHECK(tcp_sender{nobody}.send("x") == errc::connection_refused);
    CHECK(tcp_sender{{"localhost", nobody.port}}.connect() == errc::connection_refused);
    CHECK(tcp_sender{{"", 1}}.send("x") == errc::bad_address);
    // A label of more than 63 bytes cannot be asked for: the answer comes without a name server.
    CHECK(tcp_sender{{std::string(64, 'a'), 1}}.send("x") == errc::name_unresolved);
    errc without = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        without = tcp_sender{nobody}.send("x");
    }
    CHECK(without == errc::too_many_descriptors);
}

TEST_CASE("tcp_sender: waits no longer than its timeout to connect", "[net][tcp]") {
    const auto full = tcp_listener::listen(address::loopback_v4(0), {.backlog = 0});
    REQUIRE(full);
    // Connections that nobody accepts, until the system answers no more to new ones.
    std::vector<tcp_sender> waiting;
    errc last = errc::ok;
    while (last == errc::ok && waiting.size() < 16) {
        waiting.emplace_back(place_of(*full), stream_sender_options{.connect_timeout_ms = 100});
        last = waiting.back().connect();
    }
    REQUIRE(last == errc::timed_out);
    tcp_sender sender{place_of(*full), {.connect_timeout_ms = 150}};
    const deadline at_least{150};
    const deadline at_most{1000};
    const test::interruptions signals;
    CHECK(sender.send("x") == errc::timed_out);
    CHECK(at_least.remaining_ms() <= 1);
    CHECK(at_most.remaining_ms() > 0);
    CHECK_FALSE(sender.connected());
    CHECK(signals.count() > 5);
}

TEST_CASE("tcp_sender: writes nothing to a peer that has ended the connection", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener)};
    REQUIRE(sender.send("1") == errc::ok);
    {
        auto first = accepted(listener);
        CHECK(test::receive_bytes(first, 1) == "1");
    }
    REQUIRE(test::comes_ready(sender.fd())); // the end has come
    CHECK(sender.connected());
    CHECK(sender.send("2") == errc::ok);
    auto second = accepted(listener);
    CHECK(test::receive_bytes(second, 1) == "2");
}

TEST_CASE("tcp_sender: sees the end behind answers that nobody reads", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener)};
    REQUIRE(sender.send("1") == errc::ok);
    {
        auto first = accepted(listener);
        CHECK(test::receive_bytes(first, 1) == "1");
        REQUIRE(*first.send_some(std::string(10'000, 'y')) == 10'000);
    }
    REQUIRE(test::comes_ready(sender.fd(), POLLRDHUP));
    CHECK(sender.send("2") == errc::ok);
    auto second = accepted(listener);
    CHECK(test::receive_bytes(second, 1) == "2");
}

TEST_CASE("tcp_sender: a connection that was reset is replaced", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener)};
    REQUIRE(sender.send("1") == errc::ok);
    auto first = accepted(listener);
    CHECK(test::receive_bytes(first, 1) == "1");
    reset(first);
    REQUIRE(test::comes_ready(sender.fd()));
    CHECK(sender.send("2") == errc::ok);
    auto second = accepted(listener);
    CHECK(test::receive_bytes(second, 1) == "2");
}

TEST_CASE("tcp_sender: a write that finds the connection broken is made again", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener)};
    REQUIRE(sender.send("1") == errc::ok);
    auto first = accepted(listener);
    CHECK(test::receive_bytes(first, 1) == "1");
    // More answers than are thrown away before a write hide the reset from the look before it.
    const std::string answers(200'000, 'y');
    std::size_t answered = 0;
    while (answered < 150'000) {
        REQUIRE(test::comes_ready(first.fd(), POLLOUT));
        answered += *first.send_some(answers);
    }
    reset(first);
    REQUIRE(test::comes_ready(sender.fd(), POLLRDHUP));
    CHECK(sender.send("2") == errc::ok);
    auto second = accepted(listener);
    CHECK(test::receive_bytes(second, 1) == "2");
}

TEST_CASE("tcp_sender: a lost peer is an error once nobody listens, and no signal", "[net][tcp]") {
    REQUIRE(std::signal(SIGPIPE, SIG_DFL) == SIG_DFL);
    address at;
    host_port place;
    {
        auto listener = listening();
        at = *listener.local_address();
        place = place_of(listener);
    }
    tcp_sender sender{place, {.reconnect_ms = 0}};
    {
        auto listener = listening(at);
        REQUIRE(sender.send("1") == errc::ok);
        auto connection = accepted(listener);
        CHECK(test::receive_bytes(connection, 1) == "1");
    }
    REQUIRE(test::comes_ready(sender.fd()));
    CHECK(sender.send("2") == errc::connection_refused);
    CHECK_FALSE(sender.connected());
    CHECK(sender.send("3") == errc::connection_refused);
    auto back_again = listening(at);
    CHECK(sender.send("4") == errc::ok);
    auto connection = accepted(back_again);
    CHECK(test::receive_bytes(connection, 1) == "4");
}

TEST_CASE("tcp_sender: all of a long message reaches a slow reader", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), {.send_timeout_ms = 10'000}};
    REQUIRE(sender.connect() == errc::ok);
    auto connection = accepted(listener);
    const std::string sent = numbered(std::size_t{8} << 20U);
    std::string came;
    const test::interruptions signals;
    std::thread reader{[&] {
        ::poll(nullptr, 0, 50); // lets the buffers run full first
        came = test::receive_bytes(connection, sent.size());
    }};
    const errc done = sender.send(sent);
    reader.join();
    CHECK(done == errc::ok);
    CHECK((came == sent));
    CHECK(sender.connected());
    CHECK(signals.count() > 0);
}

TEST_CASE("tcp_sender: a message that a reader takes too slowly ends the stream", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), {.send_timeout_ms = 100}};
    REQUIRE(sender.connect() == errc::ok);
    auto first = accepted(listener);
    const std::string sent = numbered(std::size_t{32} << 20U);
    const deadline at_least{100};
    const deadline at_most{2000};
    CHECK(sender.send(sent) == errc::timed_out);
    CHECK(at_least.remaining_ms() <= 1);
    CHECK(at_most.remaining_ms() > 0);
    CHECK_FALSE(sender.connected());
    // What follows comes over a new connection, never behind a part of a message.
    CHECK(sender.send("next") == errc::ok);
    auto second = accepted(listener);
    CHECK(test::receive_bytes(second, 4) == "next");
    const std::string came = everything(first);
    CHECK(first.closed());
    CHECK(came.size() < sent.size());
    CHECK((came == sent.substr(0, came.size())));
}

TEST_CASE("tcp_sender: keeps the connection when none of a message was taken", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), {.send_timeout_ms = 50}};
    REQUIRE(sender.connect() == errc::ok);
    auto connection = accepted(listener);
    fill_up(sender);
    CHECK(sender.send("refused") == errc::timed_out);
    CHECK(sender.connected());
    std::thread reader{[&] { (void)everything(connection); }};
    CHECK(wait_until(sender.fd(), POLLOUT, deadline{2000}) == errc::ok);
    CHECK(sender.send("taken") == errc::ok);
    sender.close();
    reader.join();
    CHECK(connection.closed());
}

TEST_CASE("tcp_sender: a peer that goes away within a message is an error", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), {.send_timeout_ms = 5000}};
    REQUIRE(sender.connect() == errc::ok);
    auto connection = accepted(listener);
    const std::string sent = numbered(std::size_t{32} << 20U);
    std::thread peer{[&] {
        ::poll(nullptr, 0, 50);
        connection = {};
    }};
    CHECK(sender.send(sent) == errc::connection_lost);
    peer.join();
    CHECK_FALSE(sender.connected());
    CHECK(listener.accept().error() == errc::would_block);
}

TEST_CASE("tcp_sender: closing with answers unread loses nothing that was sent", "[net][tcp]") {
    auto listener = listening();
    {
        tcp_sender sender{place_of(listener)};
        REQUIRE(sender.send("all of it") == errc::ok);
        auto connection = accepted(listener);
        REQUIRE(*connection.send_some("answer") == 6);
        REQUIRE(test::comes_ready(sender.fd()));
        tcp_sender moved_away{std::move(sender)};
        moved_away = tcp_sender{{"::1", 1}};
        CHECK(everything(connection) == "all of it");
        CHECK(connection.closed());
    }
}

TEST_CASE("tcp_sender: does not mistake itself for the server", "[net][tcp]") {
    for (const address& any_port : {address::loopback_v4(0), address::loopback_v6(0)}) {
        auto itself = *quipu::socket::open(any_port, ip_protocol::tcp);
        REQUIRE(itself.bind(any_port) == errc::ok);
        const address here = *itself.local_address();
        CHECK(detail::connect_until(itself, here, deadline{1000}) == errc::connection_refused);
    }
}

TEST_CASE("tcp_sender: leaves no descriptor open", "[net][tcp]") {
    const std::size_t before = test::open_descriptors();
    {
        auto listener = listening();
        const std::size_t with_listener = test::open_descriptors();
        tcp_sender sender{place_of(listener)};
        for (int i = 0; i != 5; ++i) {
            REQUIRE(sender.send("x") == errc::ok);
            const auto connection = accepted(listener);
            CHECK(test::open_descriptors() == with_listener + 2);
            sender.close();
        }
        CHECK(tcp_sender{{"localhost", 1}}.send("x") == errc::connection_refused);
        CHECK(test::open_descriptors() == with_listener);
    }
    CHECK(test::open_descriptors() == before);
}

namespace {

stream_sender_options resending(std::size_t bytes = 1 << 20) {
    stream_sender_options options;
    options.reconnect_ms = 0;
    options.resend_bytes_max = bytes;
    return options;
}

/// Sends until the sender has seen the end of its connection.
void send_until_it_reconnects(tcp_sender& sender, tcp_listener& listener, tcp_connection& next) {
    REQUIRE(test::eventually([&] {
        static_cast<void>(sender.connect());
        auto made = listener.accept();
        if (made)
            next = *std::move(made);
        return made.has_value();
    }));
}

} // namespace

TEST_CASE("tcp_sender: what a peer has not read before it died is sent again", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), resending()};
    sender.begin_flush();
    CHECK(sender.send("a 1 1\n") == errc::ok);
    sender.begin_flush();
    CHECK(sender.send("b 2 2\n") == errc::ok);
    auto first = accepted(listener);
    SECTION("it reads nothing, and its connection is reset") {
        reset(first);
    }
    SECTION("it reads a part, and ends with the rest unread") {
        REQUIRE(test::comes_ready(first.fd()));
        char byte = 0;
        CHECK(::recv(first.fd(), &byte, 1, 0) == 1);
        first = tcp_connection();
    }
    tcp_connection second;
    send_until_it_reconnects(sender, listener, second);
    CHECK(sender.send("c 3 3\n") == errc::ok);
    CHECK(test::receive_bytes(second, 18) == "a 1 1\nb 2 2\nc 3 3\n");
    CHECK(sender.delivery().breaks == 1);
    CHECK(sender.delivery().resent_flushes == 2);
    CHECK(sender.delivery().resent_bytes == 12);
    // What it has read, and ended in good order, does not come again.
    second = tcp_connection();
    tcp_connection third;
    send_until_it_reconnects(sender, listener, third);
    CHECK(sender.unproven().empty());
    CHECK(sender.send("d 4 4\n") == errc::ok);
    CHECK(test::receive_bytes(third, 6) == "d 4 4\n");
    CHECK(sender.delivery().breaks == 1);
}

TEST_CASE("tcp_sender: a peer that reads nothing gets all of it from the next one", "[net][tcp]") {
    auto listener = listening();
    tcp_sender sender{place_of(listener), resending(std::size_t{8} << 20)};
    const std::string piece = numbered(50'000);
    std::string sent;
    for (int i = 0; i < 20; ++i) {
        CHECK(sender.send(piece) == errc::ok);
        sent += piece;
    }
    auto first = accepted(listener);
    reset(first);
    tcp_connection second;
    REQUIRE(test::eventually([&] {
        std::thread reader([&] {
            auto made = listener.accept();
            if (made)
                second = *std::move(made);
        });
        static_cast<void>(sender.connect());
        reader.join();
        return second.fd() >= 0;
    }));
    std::string got;
    std::thread reader([&] { got = test::receive_bytes(second, sent.size()); });
    CHECK(sender.connect() == errc::ok);
    reader.join();
    CHECK(got == sent);
}

TEST_CASE("tcp_sender: for a peer that adds up nothing comes twice, and the loss is counted",
          "[net][tcp]") {
    auto options = resending();
    options.resends = false;
    auto listener = listening();
    tcp_sender sender{place_of(listener), options};
    CHECK(sender.send("a:1|c\nb:1|c\n") == errc::ok);
    auto first = accepted(listener);
    reset(first);
    tcp_connection second;
    send_until_it_reconnects(sender, listener, second);
    CHECK(sender.send("c:1|c\n") == errc::ok);
    CHECK(test::receive_bytes(second, 6) == "c:1|c\n");
    CHECK(sender.delivery().maybe_lost_lines == 2);
    CHECK(sender.delivery().maybe_lost_flushes == 1);
    CHECK(sender.delivery().resent_bytes == 0);
}

TEST_CASE("tcp_sender: an end says whether all has arrived", "[net][tcp]") {
    auto options = resending();
    options.send_timeout_ms = 200;
    auto listener = listening();
    tcp_sender sender{place_of(listener), options};
    CHECK(sender.finish() == errc::ok); // nothing was sent
    REQUIRE(sender.send("a 1 1\n") == errc::ok);
    auto peer = accepted(listener);
    SECTION("the peer ends as well") {
        std::thread reader([&] {
            CHECK(everything(peer) == "a 1 1\n");
            peer = tcp_connection();
        });
        CHECK(sender.finish() == errc::ok);
        reader.join();
        CHECK(sender.unproven().empty());
    }
    SECTION("the peer stays") {
        CHECK(sender.finish() == errc::ok); // its system has it, and more is not to be known
    }
    SECTION("the peer is gone, and has read nothing") {
        reset(peer);
        CHECK(sender.finish() == errc::connection_lost);
        CHECK(sender.unproven().bytes() == 6);
        CHECK(sender.finish() == errc::connection_lost);
    }
    SECTION("the peer does not read, and its system has no more room") {
        const std::string much(std::size_t{1} << 20, 'x');
        while (sender.send(much) == errc::ok) {
        }
        CHECK(sender.finish() != errc::ok);
    }
    CHECK_FALSE(sender.connected());
}

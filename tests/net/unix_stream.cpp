#include <quipu/net/unix_stream.hpp>

#include <quipu/client/client.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/unix_listener.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/socket.h>

using namespace quipu;

namespace {

/// A server's end, at a path: it accepts, and the path goes with it.
struct receiving_end {
    explicit receiving_end(const std::string& path)
        : at(*unix_listener::bind(path, unix_kind::streams)),
          listener(*tcp_listener::take_over(at.release())) {}

    unix_listener at;
    tcp_listener listener;
};

} // namespace

static_assert(!std::is_copy_constructible_v<unix_stream_sender>);
static_assert(std::is_nothrow_move_constructible_v<unix_stream_sender>);
static_assert(noexcept(std::declval<unix_stream_sender&>().send("")));

TEST_CASE("unix_stream_sender: connects when first needed and sends all", "[net][unix_stream]") {
    const test::scratch_folder folder;
    receiving_end server(folder.path("s"));
    unix_stream_sender sender(folder.path("s"));
    CHECK_FALSE(sender.connected());
    CHECK(sender.send("a:1|c\n") == errc::ok);
    CHECK(sender.send("") == errc::ok);
    CHECK(sender.send("b:2|c\n") == errc::ok);
    auto connection = test::accepted(server.listener);
    CHECK(test::receive_bytes(connection, 12) == "a:1|c\nb:2|c\n");
    sender.close();
    CHECK(test::receive_bytes(connection, std::string::npos).empty());
    CHECK(connection.closed());
    CHECK(sender.route().path() == folder.path("s"));
}

TEST_CASE("unix_stream_sender: says why it cannot connect", "[net][unix_stream]") {
    const test::scratch_folder folder;
    CHECK(unix_stream_sender(folder.path("nobody")).send("x") == errc::connection_refused);
    CHECK(unix_stream_sender(std::string()).send("x") == errc::bad_address);
    CHECK(unix_stream_sender(std::string(200, 'x')).send("x") == errc::bad_address);
    errc without = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        without = unix_stream_sender(folder.path("nobody")).send("x");
    }
    CHECK(without == errc::too_many_descriptors);
}

TEST_CASE("unix_stream_sender: finds a server that was started anew", "[net][unix_stream]") {
    const test::scratch_folder folder;
    unix_stream_sender sender(folder.path("s"), {.reconnect_ms = 0});
    for (int run = 0; run < 2; ++run) {
        receiving_end server(folder.path("s"));
        CHECK(sender.send("a:1|c\n") == errc::ok);
        auto connection = test::accepted(server.listener);
        CHECK(test::receive_bytes(connection, 6) == "a:1|c\n");
    }
    CHECK(sender.send("a:1|c\n") == errc::connection_refused);
}

TEST_CASE("unix_stream_sender: waits for a listener that has no room, but not longer than it may",
          "[net][unix_stream]") {
    const test::scratch_folder folder;
    receiving_end server(folder.path("s"));
    REQUIRE(::listen(server.listener.fd(), 0) == 0);
    std::vector<unix_stream_sender> open;
    errc last = errc::ok;
    while (last == errc::ok && open.size() < 16) {
        open.emplace_back(folder.path("s"), stream_sender_options{.connect_timeout_ms = 50});
        last = open.back().connect();
    }
    CHECK(last == errc::timed_out);
    auto connection = test::accepted(server.listener);
    CHECK(unix_stream_sender(folder.path("s")).connect() == errc::ok);
}

TEST_CASE("unix_stream_sender: carries a client's lines", "[net][unix_stream]") {
    const test::scratch_folder folder;
    receiving_end server(folder.path("s"));
    {
        basic_client client(unix_stream_sender(folder.path("s")));
        client.increment("hits");
        client.gauge("depth", 7);
    }
    auto connection = test::accepted(server.listener);
    CHECK(test::receive_bytes(connection, std::string::npos) == "hits:1|c\ndepth:7|g\n");
}

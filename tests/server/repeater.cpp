#include <quipu/server/repeater.hpp>

#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using test::eventually;

namespace {

repeat_target target_of(const address& at, repeat_protocol protocol) {
    return {protocol, {at.is_v4() ? "127.0.0.1" : "::1", at.port()}};
}

} // namespace

TEST_CASE("repeater: targets are read and printed", "[server][repeater]") {
    for (const std::string url : {"repeat://a.example:1",
                                  "repeat+udp4://127.0.0.1:8125",
                                  "repeat+udp6://[::1]:8125",
                                  "repeat+tcp://b:65535"}) {
        const auto target = parse_repeat_target(url);
        REQUIRE(target);
        CHECK(to_string(*target) == url);
    }
    CHECK(parse_repeat_target("repeat+tcp://b", 8125)->to == host_port{"b", 8125});
    for (const auto* const url : {"statsd://a:1",
                                  "repeat://",
                                  "repeat://:1",
                                  "repeat://*:1",
                                  "repeat://a:0",
                                  "repeat://a",
                                  "repeat+udp5://a:1"})
        CHECK_FALSE(parse_repeat_target(url));
}

TEST_CASE("repeater: over UDP each message is a datagram, as it came", "[server][repeater]") {
    auto receiver = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(receiver);
    repeater to(target_of(*receiver->local_address(), repeat_protocol::udp4));
    to.send("a:1|c\nb:2|c\n");
    to.send(std::string_view("x\0y", 3));
    CHECK(to.finish(deadline{5'000}) == 0);
    CHECK(test::receive_texts(*receiver, 2) ==
          std::vector<std::string>{"a:1|c\nb:2|c\n", std::string("x\0y", 3)});
    CHECK(to.counts().sent == 2);
}

TEST_CASE("repeater: what is longer than a datagram is parted behind a newline",
          "[server][repeater]") {
    udp_receiver_options much;
    much.receive_buffer_bytes = 1 << 20;
    auto receiver = udp_receiver::bind(address::loopback_v4(0), much);
    REQUIRE(receiver);
    repeater to(target_of(*receiver->local_address(), repeat_protocol::udp));
    std::string text;
    while (text.size() < 100'000)
        text += "counter:1|c\n";
    to.send(text);
    CHECK(to.finish(deadline{5'000}) == 0);
    const auto bound = text.size() / 8192 + 1; // within this machine
    const auto parts = test::receive_texts(*receiver, bound);
    REQUIRE(parts.size() == bound);
    std::string whole;
    for (const auto& one : parts) {
        CHECK(one.ends_with('\n'));
        CHECK(one.size() <= 8192);
        whole += one;
    }
    CHECK(whole == text);
    to.send("");
    to.send(std::string(9'000, 'y') + "\nz:1|c\n" + std::string(70'000, 'x'));
    CHECK(to.finish(deadline{5'000}) == 0);
    const auto more = test::receive_texts(*receiver, 2);
    REQUIRE(more.size() == 2);
    CHECK(more[0].size() == 9'001); // a line that is longer goes alone
    CHECK(more[1] == "z:1|c\n");
    CHECK(to.counts().failed == 1);
    CHECK(to.counts().last_error == errc::message_too_long);
}

TEST_CASE("repeater: the bound of a datagram can be set", "[server][repeater]") {
    auto receiver = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(receiver);
    repeater to(target_of(*receiver->local_address(), repeat_protocol::udp),
                {.datagram_bytes_max = 12});
    to.send("a:1|c\nb:1|c\nc:1|c\nd:1|c");
    CHECK(to.finish(deadline{5'000}) == 0);
    CHECK(test::receive_texts(*receiver, 2) ==
          std::vector<std::string>{"a:1|c\nb:1|c\n", "c:1|c\nd:1|c"});
}

TEST_CASE("repeater: over TCP each message has a newline behind it", "[server][repeater]") {
    auto listener = test::listening();
    repeater to(target_of(*listener.local_address(), repeat_protocol::tcp));
    to.send("a:1|c");
    to.send("b:2|c\n");
    CHECK(to.finish(deadline{5'000}) == 0);
    auto connection = test::accepted(listener);
    CHECK(test::receive_bytes(connection, 13) == "a:1|c\nb:2|c\n\n");
}

TEST_CASE("repeater: what a target that is away has no room for is counted once",
          "[server][repeater]") {
    address at;
    {
        const auto gone = test::listening();
        at = *gone.local_address();
    }
    repeater_options small;
    small.bytes_max = 64;
    small.retry_ms = 1;
    repeater to(target_of(at, repeat_protocol::tcp), small);
    for (int i = 0; i < 100; ++i)
        to.send("counter:1|c\ncounter:2|c");
    const auto first = to.take_losses();
    CHECK(first.dropped > 90);
    CHECK(first.dropped_lines == 2 * first.dropped);
    CHECK(to.take_losses().dropped == 0);
    CHECK(to.finish(deadline{10}) == 100 - first.dropped); // they wait for its return
}

TEST_CASE("repeater: what waits goes to a target that comes back", "[server][repeater]") {
    address at;
    {
        const auto gone = test::listening();
        at = *gone.local_address();
    }
    repeater_options often;
    often.retry_ms = often.retry_ms_max = 5;
    repeater to(target_of(at, repeat_protocol::tcp), often);
    to.send("a:1|c");
    CHECK(eventually([&] { return to.counts().last_error == errc::connection_refused; }));
    auto listener = test::listening(at);
    auto connection = test::accepted(listener);
    CHECK(test::receive_bytes(connection, 6) == "a:1|c\n");
}

TEST_CASE("repeater: a list sends to each", "[server][repeater]") {
    auto one = udp_receiver::bind(address::loopback_v4(0));
    auto two = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(one);
    REQUIRE(two);
    repeater_list all;
    all.add(target_of(*one->local_address(), repeat_protocol::udp));
    all.add(target_of(*two->local_address(), repeat_protocol::udp));
    all.send("a:1|c");
    CHECK(test::receive_texts(*one, 1) == std::vector<std::string>{"a:1|c"});
    CHECK(test::receive_texts(*two, 1) == std::vector<std::string>{"a:1|c"});
    all.skip();
    CHECK(all.skipped() == 1);
}

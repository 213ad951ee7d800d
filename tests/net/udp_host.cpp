#include <quipu/net/udp_host.hpp>

#include <quipu/client/client.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/scripted_names.hpp"
#include "support/sockets.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace quipu;
using test::list_of;
using test::scripted_names;

namespace {

using watch = basic_host_watch<scripted_names>;
using sender = basic_udp_host_sender<scripted_names>;
using texts = std::vector<std::string>;

const host_port stats{"stats.example", 8125};

udp_receiver bound(const address& at = address::loopback_v4(0)) {
    auto made = udp_receiver::bind(at);
    REQUIRE(made);
    return *std::move(made);
}

address address_of(const udp_receiver& receiver) {
    return *receiver.local_address();
}

} // namespace

TEST_CASE("udp_host_sender: goes where the name leads, and with it when it moves",
          "[net][udp_host]") {
    auto first = bound();
    auto second = bound();
    scripted_names names(list_of({address_of(first)}));
    const auto seen = std::make_shared<const watch>(stats, host_watch_options{.ttl_ms = 1}, names);
    sender a(seen);
    sender b(seen);
    CHECK(a.send("a1") == errc::ok);
    CHECK(b.send("b1") == errc::ok);
    CHECK(test::receive_texts(first, 2) == texts{"a1", "b1"});
    names.say(list_of({address_of(second)}));
    REQUIRE(test::eventually([&] { return seen->generation() == 2; }));
    CHECK(a.send("a2") == errc::ok);
    CHECK(b.send("b2") == errc::ok);
    CHECK(test::receive_texts(second, 2) == texts{"a2", "b2"});
}

TEST_CASE("udp_host_sender: keeps to the family that is asked for", "[net][udp_host]") {
    auto v4 = bound(address::loopback_v4(0));
    auto v6 = bound(address::loopback_v6(0));
    const auto seen = std::make_shared<const watch>(
        stats, host_watch_options{}, scripted_names(list_of({address_of(v4), address_of(v6)})));
    CHECK(sender(seen).send("any") == errc::ok);
    CHECK(sender(seen, address_family::v4).send("v4") == errc::ok);
    CHECK(sender(seen, address_family::v6).send("v6") == errc::ok);
    CHECK(test::receive_texts(v4, 2) == texts{"any", "v4"});
    CHECK(test::receive_texts(v6, 1) == texts{"v6"});

    const auto only_v4 = std::make_shared<const watch>(
        stats, host_watch_options{}, scripted_names(list_of({address_of(v4)})));
    CHECK(sender(only_v4, address_family::v6).send("x") == errc::address_unavailable);
}

TEST_CASE("udp_host_sender: says why while the name is unknown, and begins when it is known",
          "[net][udp_host]") {
    auto server = bound();
    scripted_names names(errc::name_unresolved);
    const auto seen =
        std::make_shared<const watch>(stats, host_watch_options{.retry_ms = 1}, names);
    basic_client client{sender(seen)};
    client.increment("early");
    CHECK(client.flush() == errc::name_unresolved);
    CHECK(client.counts().lost == 1);
    names.say(list_of({address_of(server)}));
    REQUIRE(test::eventually([&] { return seen->generation() == 1; }));
    client.increment("hits");
    CHECK(client.flush() == errc::ok);
    CHECK(test::receive_texts(server, 1) == texts{"hits:1|c"});
}

TEST_CASE("udp_host_sender: stays with the last address when the next has none of its family",
          "[net][udp_host]") {
    auto v4 = bound();
    scripted_names names(list_of({address_of(v4)}));
    const auto seen = std::make_shared<const watch>(stats, host_watch_options{.ttl_ms = 1}, names);
    sender out(seen, address_family::v4);
    CHECK(out.send("1") == errc::ok);
    names.say(list_of({address::loopback_v6(9)}));
    REQUIRE(test::eventually([&] { return seen->generation() == 2; }));
    CHECK(out.send("2") == errc::ok);
    CHECK(test::receive_texts(v4, 2) == texts{"1", "2"});
}

TEST_CASE("udp_host_sender: by this machine's own names", "[net][udp_host]") {
    auto server = bound();
    const host_port at{"localhost", address_of(server).port()};
    udp_host_sender out(std::make_shared<const host_watch>(at), address_family::v4);
    CHECK(out.send("hits:1|c") == errc::ok);
    CHECK(test::receive_texts(server, 1) == texts{"hits:1|c"});
}

#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

namespace {

struct one_call_per_datagram : udp_receiver_traits {
    static constexpr bool one_call_per_batch = false;
};

struct short_datagrams : udp_receiver_traits {
    static constexpr std::size_t datagram_bytes_max = 16;
};

struct short_datagrams_singly : short_datagrams {
    static constexpr bool one_call_per_batch = false;
};

template <class Receiver = udp_receiver>
Receiver bound(const address& at = address::loopback_v4(0), udp_receiver_options options = {}) {
    auto made = Receiver::bind(at, options);
    INFO(to_string(at));
    REQUIRE(made);
    return *std::move(made);
}

template <class Receiver>
udp_sender to(const Receiver& receiver) {
    auto made = udp_sender::connect(*receiver.local_address());
    REQUIRE(made);
    return *std::move(made);
}

constexpr auto ignore = [](std::string_view) noexcept {};

} // namespace

static_assert(std::is_nothrow_move_constructible_v<udp_sender>);
static_assert(noexcept(std::declval<udp_sender&>().send("")));
static_assert(noexcept(std::declval<udp_receiver&>().receive(ignore)));

TEMPLATE_TEST_CASE("udp: what is sent arrives, over IPv4 and IPv6",
                   "[net][udp]",
                   udp_receiver,
                   basic_udp_receiver<one_call_per_datagram>) {
    for (const address& at : {address::loopback_v4(0), address::loopback_v6(0)}) {
        auto receiver = bound<TestType>(at);
        CHECK_FALSE(receiver.closed());
        auto sender = to(receiver);
        CHECK(*receiver.receive(ignore) == 0);
        CHECK(sender.send("hits:1|c") == errc::ok);
        CHECK(sender.send("") == errc::ok);
        CHECK(sender.send("time:320|ms\nload:7|g") == errc::ok);
        CHECK(test::receive_texts(receiver, 3) ==
              std::vector<std::string>{"hits:1|c", "", "time:320|ms\nload:7|g"});
        CHECK(*receiver.receive(ignore) == 0);
    }
}

TEMPLATE_TEST_CASE("udp: the longest datagrams arrive whole",
                   "[net][udp]",
                   udp_receiver,
                   basic_udp_receiver<one_call_per_datagram>) {
    struct expectation {
        address at;
        std::size_t bytes_max; // 65,535 less the headers of UDP and of IPv4; IPv6's do not count
    };
    for (const auto& [at, bytes_max] : {expectation{address::loopback_v4(0), 65'507},
                                        expectation{address::loopback_v6(0), 65'527}}) {
        auto receiver = bound<TestType>(at, {.receive_buffer_bytes = 512 * 1024});
        auto sender = to(receiver);
        std::string longest(bytes_max, 'x');
        longest.front() = '<';
        longest.back() = '>';
        REQUIRE(sender.send(longest) == errc::ok);
        REQUIRE(sender.send("next") == errc::ok);
        CHECK(sender.send(longest + 'x') == errc::message_too_long);
        const auto texts = test::receive_texts(receiver, 2);
        REQUIRE(texts.size() == 2);
        CHECK((texts[0] == longest));
        CHECK(texts[1] == "next");
        CHECK(receiver.oversized() == 0);
    }
}

TEMPLATE_TEST_CASE("udp: a datagram that does not fit is left out and counted",
                   "[net][udp]",
                   basic_udp_receiver<short_datagrams>,
                   basic_udp_receiver<short_datagrams_singly>) {
    auto receiver = bound<TestType>();
    auto sender = to(receiver);
    const std::string fits(16, 'a');
    REQUIRE(sender.send(fits) == errc::ok);
    REQUIRE(sender.send(fits + 'b') == errc::ok);
    REQUIRE(sender.send("c") == errc::ok);
    CHECK(test::receive_texts(receiver, 2) == std::vector<std::string>{fits, "c"});
    CHECK(receiver.oversized() == 1);
}

TEMPLATE_TEST_CASE("udp: a call takes a batch, and the next one the rest",
                   "[net][udp]",
                   udp_receiver,
                   basic_udp_receiver<one_call_per_datagram>) {
    auto receiver = bound<TestType>();
    auto sender = to(receiver);
    constexpr std::size_t batch = udp_receiver_traits::batch_datagrams_max;
    for (std::size_t i = 0; i != 2 * batch + 3; ++i)
        REQUIRE(sender.send(std::to_string(i)) == errc::ok);
    REQUIRE(test::comes_ready(receiver.fd()));
    std::size_t next = 0;
    const auto in_order = [&](std::string_view text) { CHECK(text == std::to_string(next++)); };
    CHECK(*receiver.receive(in_order) == batch);
    CHECK(*receiver.receive(in_order) == batch);
    CHECK(*receiver.receive(in_order) == 3);
    CHECK(*receiver.receive(in_order) == 0);
    CHECK(next == 2 * batch + 3);
}

TEMPLATE_TEST_CASE("udp: the bytes behind a datagram can be read",
                   "[net][udp]",
                   basic_udp_receiver<short_datagrams>,
                   basic_udp_receiver<short_datagrams_singly>) {
    auto receiver = bound<TestType>();
    auto sender = to(receiver);
    for (std::size_t i = 0; i != udp_receiver_traits::batch_datagrams_max; ++i)
        REQUIRE(sender.send(std::string(16, 'x')) == errc::ok);
    REQUIRE(test::comes_ready(receiver.fd()));
    std::size_t sum = 0;
    // The address sanitizer sees to it that the last slot has its padding, too.
    CHECK(*receiver.receive([&](std::string_view text) {
        for (std::size_t i = 0; i != read_padding_bytes; ++i)
            sum += static_cast<unsigned char>(text.data()[text.size() + i]) != 256U ? 1U : 0U;
    }) == udp_receiver_traits::batch_datagrams_max);
    CHECK(sum == udp_receiver_traits::batch_datagrams_max * read_padding_bytes);
}

TEST_CASE("udp: a receiver still works after it was moved", "[net][udp]") {
    auto first = bound();
    auto sender = to(first);
    REQUIRE(sender.send("1") == errc::ok);
    udp_receiver second = std::move(first);
    CHECK(test::receive_texts(second, 1) == std::vector<std::string>{"1"});
    udp_receiver third;
    third = std::move(second);
    REQUIRE(sender.send("2") == errc::ok);
    CHECK(test::receive_texts(third, 1) == std::vector<std::string>{"2"});
    CHECK(udp_receiver{}.receive(ignore).error() == errc::system_failure);
    CHECK(udp_sender{}.send("x") == errc::system_failure);
}

TEST_CASE("udp: a port has one receiver unless all agree to share it", "[net][udp]") {
    const auto first = bound();
    CHECK(udp_receiver::bind(*first.local_address()).error() == errc::address_in_use);
    CHECK(udp_receiver::bind(*first.local_address(), {.reuse_port = true}).error() ==
          errc::address_in_use);

    auto left = bound(address::loopback_v4(0), {.reuse_port = true});
    auto right = bound(*left.local_address(), {.reuse_port = true});
    // The system spreads by sender. That 64 of them all meet one side has odds of 1 in 2^63.
    for (int i = 0; i != 64; ++i)
        REQUIRE(to(left).send("x") == errc::ok);
    std::size_t at_left = 0;
    std::size_t at_right = 0;
    REQUIRE(test::comes_ready(left.fd()));
    REQUIRE(test::comes_ready(right.fd()));
    while (const auto taken = left.receive(ignore).value_or(0))
        at_left += taken;
    while (const auto taken = right.receive(ignore).value_or(0))
        at_right += taken;
    CHECK(at_left > 0);
    CHECK(at_right > 0);
    CHECK(at_left + at_right == 64);
}

TEST_CASE("udp: any address takes IPv4 and IPv6, unless IPv6 alone is asked for", "[net][udp]") {
    auto both = bound(address::any_v6(0));
    const std::uint16_t port = both.local_address()->port();
    for (const address& way : {address::loopback_v4(port), address::loopback_v6(port)}) {
        auto sender = udp_sender::connect(way);
        REQUIRE(sender);
        REQUIRE(sender->send("x") == errc::ok);
        CHECK(test::receive_texts(both, 1) == std::vector<std::string>{"x"});
    }
    const auto only_v6 = bound(address::any_v6(0), {.dual_stack = false});
    CHECK(udp_receiver::bind(only_v6.local_address()->with_port(0)));
    CHECK(udp_receiver::bind(address::any_v4(only_v6.local_address()->port())));
}

TEST_CASE("udp: nobody listening stops no later datagram", "[net][udp]") {
    for (const address& any_port : {address::loopback_v4(0), address::loopback_v6(0)}) {
        address free_port;
        {
            const auto closed_soon = bound(any_port);
            free_port = *closed_soon.local_address();
        }
        auto sender = *udp_sender::connect(free_port);
        CHECK(sender.send("lost") == errc::ok);
        auto receiver = bound(free_port);
        CHECK(sender.send("not lost") == errc::ok);
        CHECK(sender.refused() == 1);
        CHECK(test::receive_texts(receiver, 1) == std::vector<std::string>{"not lost"});
    }
}

TEST_CASE("udp: what the system drops is counted", "[net][udp]") {
    auto receiver = bound(address::loopback_v4(0), {.receive_buffer_bytes = 1});
    auto sender = to(receiver);
    REQUIRE(receiver.dropped());
    CHECK(*receiver.dropped() == 0);
    constexpr std::uint64_t sent = 200;
    const std::string large(1000, 'x');
    for (std::uint64_t i = 0; i != sent; ++i)
        REQUIRE(sender.send(large) == errc::ok);
    std::uint64_t arrived = 0;
    while (const auto taken = receiver.receive(ignore).value_or(0))
        arrived += taken;
    CHECK(arrived > 0);
    CHECK(arrived < sent);
    CHECK(*receiver.dropped() == sent - arrived);
    CHECK(*receiver.dropped() == sent - arrived);
}

TEST_CASE("udp: the buffer that was asked for is granted or told", "[net][udp]") {
    const auto usual = bound();
    const auto small = bound(address::loopback_v4(0), {.receive_buffer_bytes = 4096});
    REQUIRE(small.receive_buffer_bytes());
    CHECK(*small.receive_buffer_bytes() >= 4096);
    CHECK(*small.receive_buffer_bytes() < *usual.receive_buffer_bytes());
}

TEST_CASE("udp: leaves no descriptor open", "[net][udp]") {
    const std::size_t before = test::open_descriptors();
    {
        const auto receiver = bound();
        const auto sender = to(receiver);
        CHECK(udp_receiver::bind(*receiver.local_address()).error() == errc::address_in_use);
        CHECK(test::open_descriptors() == before + 2);
    }
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("udp: says that no descriptor is left", "[net][udp]") {
    errc receiving = errc::ok;
    errc sending = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        receiving = udp_receiver::bind(address::loopback_v4(0)).error();
        sending = udp_sender::connect(address::loopback_v4(1)).error();
    }
    CHECK(receiving == errc::too_many_descriptors);
    CHECK(sending == errc::too_many_descriptors);
}

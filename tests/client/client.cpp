#include <quipu/client/client.hpp>

#include <quipu/net/address.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/wire/datagram.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace quipu;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;
using memory_client = basic_client<memory_transport>;

struct refusing_traits : client_traits {
    using names = format_policy::refuse;
};
struct dogstatsd_traits : client_traits {
    using dialect_type = dialect::dogstatsd;
};
struct small_traits : client_traits {
    static constexpr std::size_t datagram_bytes_max = 20;
};
struct unbatched_traits : client_traits {
    static constexpr bool batches = false;
};

/// The lines that a client has sent, in order.
template <class Client>
lines sent(Client& client) {
    client.flush();
    lines all;
    for (const auto& datagram : client.transport().sent())
        for_each_line(datagram, [&](std::string_view line) { all.emplace_back(line); });
    return all;
}

struct stream_transport : memory_transport {
    static constexpr bool is_stream = true;
};

} // namespace

TEST_CASE("client: says what the calls mean", "[client]") {
    memory_client client{memory_transport()};
    client.increment("hits");
    client.increment("hits", 5);
    client.decrement("hits", 0.5);
    client.gauge("queue", 70);
    client.change_gauge("queue", 3);
    client.change_gauge("queue", -4);
    client.gauge("queue", -2.5);
    client.timing("latency", 12.5);
    client.timing("latency", 250us);
    client.timing("latency", 2s);
    client.histogram("size", 100);
    client.set("users", "ada");
    client.key_value("size", 7, {.timestamp = 1'700'000'000});
    CHECK(sent(client) == lines{"hits:1|c",
                                "hits:5|c",
                                "hits:-0.5|c",
                                "queue:70|g",
                                "queue:+3|g",
                                "queue:-4|g",
                                "queue:0|g",
                                "queue:-2.5|g",
                                "latency:12.5|ms",
                                "latency:0.25|ms",
                                "latency:2000|ms",
                                "size:100|ms",
                                "users:ada|s",
                                "size:7|kv|@1700000000"});
    CHECK(client.counts().samples == 13);
    CHECK(client.counts().datagrams == 1);
}

TEST_CASE("client: prefix and tags stand in every line", "[client]") {
    memory_client client{memory_transport(), {.prefix = "shop.api", .tags = "env:prod,az:b"}};
    client.increment("hits");
    client.timing("latency", 3, {.tags = "code:200"});
    CHECK(sent(client) == lines{"shop.api.hits:1|c|#env:prod,az:b",
                                "shop.api.latency:3|ms|#env:prod,az:b,code:200"});
    memory_client bare{memory_transport()};
    bare.increment("hits", 1, {.tags = "code:200"});
    CHECK(sent(bare) == lines{"hits:1|c|#code:200"});
}

TEST_CASE("client: a rate leaves calls out and says so, but for gauges and sets", "[client]") {
    memory_client client{memory_transport(), {.seed = 5}};
    for (int i = 0; i < 1000; ++i)
        client.increment("hits", 1, {.rate = 0.1});
    const auto counters = sent(client);
    CHECK(counters.size() > 60);
    CHECK(counters.size() < 140);
    CHECK(counters.front() == "hits:1|c|@0.1");
    CHECK(client.counts().samples == counters.size());
    CHECK(client.counts().sampled_out == 1000 - counters.size());
    client.transport().clear();
    for (int i = 0; i < 100; ++i) {
        client.gauge("g", 5, {.rate = 0.5});
        client.set("s", "m", {.rate = 0.5});
    }
    const auto others = sent(client);
    CHECK(others.size() > 60);
    CHECK(others.size() < 140);
    for (const auto& line : others)
        CHECK((line == "g:5|g" || line == "s:m|s"));
    for (const double rate : {0.0, -1.0, 1.5})
        CHECK(client.increment("hits", 1, {.rate = rate}) == errc::bad_rate);
    CHECK(client.counts().refused == 3);
}

TEST_CASE("client: packs lines up to the limit of a datagram, never past it", "[client]") {
    basic_client<memory_transport, small_traits> client{memory_transport()};
    for (int i = 0; i < 5; ++i)
        client.increment("hits.a");         // ten bytes
    client.increment("h23456789012345678"); // 22 bytes: never fits
    client.increment("12345678901234", 10); // 19
    client.gauge("g", -1);                  // two lines of 5 and 6 bytes, together
    client.flush();
    CHECK(client.transport().sent() == lines{"hits.a:1|c",
                                             "hits.a:1|c",
                                             "hits.a:1|c",
                                             "hits.a:1|c",
                                             "hits.a:1|c",
                                             "12345678901234:10|c",
                                             "g:0|g\ng:-1|g"});
    CHECK(client.counts().refused == 1);
    basic_client<memory_transport, small_traits> full{memory_transport()};
    full.increment("hits.a");
    full.increment("hits.", 12); // 10 + 1 + 10 is one too many
    full.increment("hits", 3);   // 10 + 1 + 8
    full.flush();
    CHECK(full.transport().sent() == lines{"hits.a:1|c", "hits.:12|c\nhits:3|c"});
}

TEST_CASE("client: over a stream every line has its end, within the limit", "[client]") {
    basic_client<stream_transport, small_traits> client{stream_transport()};
    client.increment("hits.a");
    client.increment("hits.b", 12); // ten and one and eleven: does not fit
    client.increment("hits", 3);
    client.increment("12345678901234", 10);  // 19, and the newline
    client.increment("123456789012345", 10); // 20: no room for the newline
    client.flush();
    CHECK(client.transport().text() == "hits.a:1|c\nhits.b:12|c\nhits:3|c\n12345678901234:10|c\n");
    for (const auto& piece : client.transport().sent())
        CHECK(piece.size() <= 20);
    CHECK(client.counts().refused == 1);
}

TEST_CASE("client: sends each call at once if it is to", "[client]") {
    basic_client<memory_transport, unbatched_traits> client{memory_transport()};
    client.increment("a");
    CHECK(client.transport().sent() == lines{"a:1|c"});
    client.gauge("b", -2);
    CHECK(client.transport().sent() == lines{"a:1|c", "b:0|g\nb:-2|g"});
    CHECK(client.counts().datagrams == 2);
}

TEST_CASE("client: nothing gets into a line that is not meant", "[client]") {
    memory_client client{memory_transport()};
    CHECK(client.increment("a:1|c\nevil:1|c") == errc::ok);
    CHECK(sent(client) == lines{"a_1_c_evil_1_c:1|c"});
    CHECK(client.set("s", "m|c\nevil:1|c") == errc::bad_name);
    CHECK(client.increment("a", 1, {.tags = "k:v\nevil:1|c"}) == errc::bad_tags);
    CHECK(client.increment("a", 1, {.tags = "k:v|@0.1"}) == errc::bad_tags);
    CHECK(client.set("s", "") == errc::empty_member);
    CHECK(client.increment("") == errc::empty_name);
    CHECK(client.timing("t", -1) == errc::ok); // ours allows it
    CHECK(client.increment("a", std::numeric_limits<double>::quiet_NaN()) ==
          errc::number_out_of_range);
    CHECK(client.counts().refused == 6);

    basic_client<memory_transport, refusing_traits> strict{memory_transport()};
    CHECK(strict.increment("a:1|c\nevil:1|c") == errc::bad_name);
    strict.flush();
    CHECK(strict.transport().sent().empty());
}

TEST_CASE("client: what is too long is refused, and does no harm", "[client]") {
    memory_client client{memory_transport(), {.prefix = std::string(1000, 'p')}};
    CHECK(client.increment(std::string(9000, 'n')) == errc::name_too_long);
    CHECK(client.increment("n", 1, {.tags = std::string(20'000, 't')}) != errc::ok);
    CHECK(client.increment("n") == errc::ok);
    CHECK(sent(client) == lines{std::string(1000, 'p') + ".n:1|c"});
    CHECK(client.counts().refused == 2);
}

TEST_CASE("client: DogStatsD's types, events and service checks", "[client]") {
    basic_client<memory_transport, dogstatsd_traits> client{memory_transport(), {.tags = "a:b"}};
    client.histogram("size", 100, {.rate = 1});
    client.distribution("size", 7);
    client.increment("hits", 2, {.timestamp = 1'700'000'000});
    client.send(event{.title = "deploy", .text = "v2"});
    client.send(service_check{.name = "db", .status = service_status::critical});
    CHECK(sent(client) == lines{"size:100|h|#a:b",
                                "size:7|d|#a:b",
                                "hits:2|c|T1700000000|#a:b",
                                "_e{6,2}:deploy|v2",
                                "_sc|db|2"});
    CHECK(client.send(event{.title = ""}) != errc::ok);
    CHECK(client.counts().refused == 1);
}

TEST_CASE("client: what the transport does not take is counted, and the next goes on", "[client]") {
    memory_client client{memory_transport()};
    client.increment("a");
    client.increment("b");
    client.transport().fail_with(errc::unreachable);
    CHECK(client.flush() == errc::unreachable);
    CHECK(client.counts().lost == 2);
    CHECK(client.counts().failures == 1);
    CHECK(client.last_error() == errc::unreachable);
    client.transport().fail_with(errc::ok);
    client.increment("c");
    CHECK(sent(client) == lines{"c:1|c"});
    CHECK(client.counts().datagrams == 1);
    CHECK(client.counts().bytes == 5);
    CHECK(client.flush() == errc::ok); // of nothing
    CHECK(client.counts().datagrams == 1);
}

TEST_CASE("client: sends what is left when it ends, and allocates nothing once it is made",
          "[client]") {
    std::size_t sent = 0;
    struct counting {
        std::size_t* bytes;
        errc send(std::string_view text) noexcept {
            *bytes += text.size();
            return errc::ok;
        }
    };
    {
        basic_client client{counting{&sent}, {.prefix = "some.prefix.that.is.long", .tags = "a:b"}};
        const auto before = allocations();
        for (int i = 0; i < 1000; ++i) {
            client.increment("hits");
            client.timing("latency", i * 0.1, {.tags = "code:200"});
            client.gauge("queue", -i);
        }
        CHECK(allocations() == before);
        CHECK(client.counts().datagrams > 0);
    }
    CHECK(sent > 100'000);
}

TEST_CASE("client: over UDP a datagram arrives as it was packed", "[client]") {
    auto receiver = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(receiver);
    auto sender = udp_sender::connect(*receiver->local_address());
    REQUIRE(sender);
    basic_client client{*std::move(sender), {.prefix = "app"}};
    client.increment("hits");
    client.timing("latency", 2ms);
    CHECK(client.flush() == errc::ok);
    std::string got;
    for (int i = 0; i < 1000 && got.empty(); ++i) {
        const auto taken = receiver->receive([&](std::string_view text) { got = text; });
        REQUIRE(taken);
    }
    CHECK(got == "app.hits:1|c\napp.latency:2|ms");
}

TEST_CASE("client: lines that are ready go as they are, and stay together", "[client]") {
    basic_client<memory_transport, small_traits> client{memory_transport(), {.prefix = "app"}};
    CHECK(client.send_lines("a:1|c") == errc::ok);
    CHECK(client.send_lines("b:2|c\nc:3|c\nd:4|c") == errc::ok); // no room behind the first
    CHECK(client.send_lines("much.too.long:1|c\ne:1|c") == errc::no_space);
    CHECK(client.counts().samples == 4);
    CHECK(client.counts().refused == 1);
    client.flush();
    REQUIRE(client.transport().sent().size() == 2);
    CHECK(client.transport().sent()[0] == "a:1|c");
    CHECK(client.transport().sent()[1] == "b:2|c\nc:3|c\nd:4|c");
}

TEST_CASE("client: tells its own counts when asked, what is new of them", "[client]") {
    memory_client client{memory_transport(), {.prefix = "app"}};
    client.increment("hits");
    client.increment("");
    client.flush();
    CHECK(client.send_counts("metrics") == errc::ok);
    CHECK(sent(client) == lines{"app.hits:1|c",
                                "app.metrics.samples:1|c",
                                "app.metrics.refused:1|c",
                                "app.metrics.datagrams:1|c",
                                "app.metrics.bytes:12|c"});
    client.transport().clear();
    CHECK(client.send_counts("metrics") == errc::ok);
    const auto told = sent(client); // of its own lines
    REQUIRE_FALSE(told.empty());
    CHECK(told[0] == "app.metrics.samples:4|c");
    CHECK(client.send_counts(std::string(dialect::quipu::name_bytes_max, 'x')) ==
          errc::name_too_long);
}

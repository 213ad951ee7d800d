#include <quipu/client/aggregation.hpp>

#include <quipu/client/client.hpp>
#include <quipu/client/pystatsd.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/wire/datagram.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

using namespace quipu;

namespace {

using lines = std::vector<std::string>;

template <class Limits = aggregation::limits, class Base = client_traits>
struct summing : Base {
    using aggregation = quipu::aggregation::by_series<Limits>;
};
template <class Traits = summing<>>
using summing_client = basic_client<memory_transport, Traits>;

template <class Client>
lines sent(Client& client) {
    client.flush();
    lines all;
    for (const auto& datagram : client.transport().sent())
        for_each_line(datagram, [&](std::string_view line) { all.emplace_back(line); });
    return all;
}

struct kiip_traits : client_traits {
    using dialect_type = dialect::kiip;
};
struct dogstatsd_traits : client_traits {
    using dialect_type = dialect::dogstatsd;
};
struct two_entries : aggregation::limits {
    static constexpr std::size_t entries_max = 2;
};
struct little_text : aggregation::limits {
    static constexpr std::size_t text_bytes_max = 8;
};
struct three_values : aggregation::limits {
    static constexpr std::size_t values_max = 3;
};
struct small_reservoir : aggregation::limits {
    static constexpr std::size_t timer_values_max = 10;
};

} // namespace

TEST_CASE("aggregation: one line a series, as the kinds have it", "[client]") {
    summing_client<> client{memory_transport(), {.prefix = "app", .tags = "env:prod"}};
    for (int i = 0; i < 3; ++i)
        client.increment("hits");
    client.decrement("hits", 0.5);
    client.increment("hits", 2, {.tags = "code:200"});
    client.gauge("queue", 70);
    client.gauge("queue", 60);
    client.change_gauge("queue", -4);
    client.change_gauge("level", 3);
    client.change_gauge("level", -5);
    client.set("users", "ann");
    client.set("users", "bob");
    client.set("users", "ann");
    client.timing("t", 1.5);
    client.timing("t", 2);
    CHECK(client.transport().sent().empty());
    CHECK(sent(client) == lines{"app.hits:2.5|c|#env:prod",
                                "app.hits:2|c|#env:prod,code:200",
                                "app.queue:56|g|#env:prod",
                                "app.level:-2|g|#env:prod",
                                "app.users:ann|s|#env:prod",
                                "app.users:bob|s|#env:prod",
                                "app.t:1.5:2|ms|#env:prod"});
    CHECK(client.counts().samples == 15);
    CHECK(client.flush() == errc::ok);
    CHECK(client.counts().datagrams == 1);
    client.increment("hits");
    CHECK(sent(client).back() == "app.hits:1|c|#env:prod"); // begins anew
}

TEST_CASE("aggregation: a gauge below zero keeps its two lines", "[client]") {
    summing_client<> client{memory_transport()};
    client.gauge("g", 3);
    client.change_gauge("g", -5);
    client.change_gauge("other", -5);
    client.gauge("other", -1);
    CHECK(sent(client) == lines{"g:0|g", "g:-2|g", "other:0|g", "other:-1|g"});
}

TEST_CASE("aggregation: counters take every call, timers their rate", "[client]") {
    summing_client<> client{memory_transport(), {.seed = 1}};
    for (int i = 0; i < 1000; ++i) {
        client.increment("hits", 1, {.rate = 0.01});
        client.timing("t", 1, {.rate = 0.01});
    }
    client.timing("t", 7);
    CHECK(client.increment("hits", 1, {.rate = 2}) == errc::bad_rate);
    const lines all = sent(client);
    REQUIRE(all.size() == 3);
    CHECK(all[0] == "hits:1000|c");
    CHECK(all[1].ends_with("|ms|@0.01"));
    CHECK(all[2] == "t:7|ms");
    const auto ones = static_cast<std::uint64_t>(std::count(all[1].begin(), all[1].end(), '1') - 1);
    CHECK(client.counts().sampled_out == 1000 - ones);
    CHECK(client.counts().samples == 1001 + ones);
}

TEST_CASE("aggregation: what has its own time, and key/values, go as they come", "[client]") {
    summing_client<> client{memory_transport()};
    client.increment("later");
    client.key_value("k", 1);
    client.key_value("k", 2, {.timestamp = 10});
    CHECK(sent(client) == lines{"k:1|kv", "k:2|kv|@10", "later:1|c"});
}

TEST_CASE("aggregation: one value a line where servers read no more", "[client]") {
    summing_client<summing<aggregation::limits, kiip_traits>> client{memory_transport()};
    client.timing("t", 1);
    client.timing("t", 2);
    CHECK(sent(client) == lines{"t:1|ms", "t:2|ms"});
    summing_client<summing<aggregation::limits, pystatsd_traits>> python{memory_transport()};
    python.timing("t", 1);
    python.timing("t", 2);
    python.increment("c", 2);
    CHECK(sent(python) == lines{"t:1.000000|ms", "t:2.000000|ms", "c:2|c"});
    summing_client<summing<aggregation::limits, dogstatsd_traits>> dog{memory_transport()};
    dog.timing("t", 1);
    dog.histogram("t", 2);
    dog.timing("t", 3);
    CHECK(sent(dog) == lines{"t:1:3|ms", "t:2|h"});
}

TEST_CASE("aggregation: the call tells what no line can say", "[client]") {
    summing_client<> client{memory_transport()};
    CHECK(client.increment("") == errc::empty_name);
    CHECK(client.set("users", "a|b") == errc::bad_name);
    CHECK(client.increment("c", 1, {.tags = "a|b"}) == errc::bad_tags);
    constexpr double huge = std::numeric_limits<double>::max();
    CHECK(client.increment("c", huge) == errc::ok);
    CHECK(client.increment("c", huge) == errc::number_out_of_range);
    CHECK(client.gauge("g", std::numeric_limits<double>::infinity()) == errc::number_out_of_range);
    CHECK(client.timing(std::string(1000, 'x') + std::string(500, 'y'), 1) == errc::name_too_long);
    CHECK(client.counts().refused == 6);
    CHECK(client.counts().samples == 1);
    CHECK(sent(client).size() == 1);

    summing_client<summing<aggregation::limits, kiip_traits>> kiip{memory_transport()};
    CHECK(kiip.change_gauge("g", 1) != errc::ok);
    CHECK(sent(kiip).empty());
}

TEMPLATE_TEST_CASE("aggregation: sends early at its bounds, and loses nothing",
                   "[client]",
                   two_entries,
                   little_text,
                   three_values) {
    summing_client<summing<TestType>> client{memory_transport()};
    double sum = 0;
    int count = 0;
    for (int i = 0; i < 40; ++i) {
        REQUIRE(client.increment("c" + std::to_string(i % 5), i) == errc::ok);
        REQUIRE(client.timing("timer", i) == errc::ok);
        sum += 2 * i;
    }
    client.increment("longer than eight bytes"); // than all the room, even
    client.flush();
    for (const auto& datagram : client.transport().sent())
        parse_datagram(
            datagram,
            [&](const sample& one) { sum -= one.value, ++count; },
            [](auto, auto) { FAIL(); });
    CHECK(sum == -1);
    CHECK(count > 45);
    CHECK(client.counts().samples == 81);
    CHECK(client.counts().thinned == 0);
}

TEST_CASE("aggregation: a bounded timer is a fair sample with its rate", "[client]") {
    summing_client<summing<small_reservoir>> client{memory_transport(), {.seed = 3}};
    double sum = 0;
    double weight = 0;
    for (int round = 0; round < 400; ++round) {
        for (int i = 0; i < 1000; ++i)
            client.timing("t", i);
        client.flush();
    }
    for (const auto& datagram : client.transport().sent())
        parse_datagram(
            datagram,
            [&](const sample& one) {
                sum += one.value;
                weight += one.weight();
            },
            [](auto, auto) { FAIL(); });
    CHECK(client.counts().samples == 400'000);
    CHECK(client.counts().thinned == 400 * 990);
    CHECK(weight == Approx(400'000));
    CHECK(sum / 4000 == Approx(499.5).epsilon(0.04)); // four standard errors
}

TEST_CASE("aggregation: counts the calls that a lost datagram stood for", "[client]") {
    summing_client<summing<small_reservoir>> client{memory_transport()};
    client.transport().fail_with(errc::would_block);
    for (int i = 0; i < 25; ++i) {
        client.increment("hits");
        client.timing("t", i);
    }
    CHECK(client.flush() == errc::would_block);
    CHECK(client.counts().lost == 50);
    CHECK(client.counts().samples == 50);
}

TEST_CASE("aggregation: allocates nothing once it is made", "[client]") {
    basic_client<null_transport, summing<two_entries>> client{null_transport()};
    const auto before = allocations();
    for (int i = 0; i < 100; ++i) {
        client.increment(i % 3 == 0 ? "a" : "b");
        client.timing("t", i);
        client.set("s", "m");
    }
    client.flush();
    CHECK(allocations() == before);
}

#include <quipu/sink/statsd_relay.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using quipu::basic_statsd_relay;
using quipu::errc;
using quipu::memory_transport;
using quipu::test::snapshot_of;

namespace {

constexpr std::int64_t now = 1'700'000'000;

struct packing_traits : quipu::statsd_relay_traits {
    static constexpr bool packs_values = true;
};
using relay = basic_statsd_relay<memory_transport, packing_traits>;
struct etsy_traits : quipu::statsd_relay_traits {
    using dialect_type = quipu::dialect::etsy;
};
struct small_traits : quipu::statsd_relay_traits {
    static constexpr std::size_t datagram_bytes_max = 30;
};

/// What a relay makes of some lines.
template <class Profile = quipu::profile::quipu, class Relay = relay>
std::string relayed(std::string_view lines) {
    Relay out{memory_transport()};
    CHECK(out.write(snapshot_of<Profile>(lines, now)) == errc::ok);
    std::string all;
    for (const auto& datagram : out.transport().sent())
        (all += datagram) += '\n';
    return all;
}

} // namespace

TEST_CASE("statsd_relay: each kind as the line that comes to the same", "[sink][statsd_relay]") {
    CHECK(relayed("hits:1|c\nhits:2|c|@0.5") == "hits:5|c\n");
    CHECK(relayed("depth:4|g\ndepth:-6|g") == "depth:0|g\ndepth:-2|g\n");
    CHECK(relayed("t:3|ms\nt:1.5|ms\nt:2|ms") == "t:1.5:2:3|ms\n");
    CHECK(relayed("t:3|ms\nt:1|ms|@0.1\nt:2|ms|@0.1") == "t:1:2|ms|@0.1\nt:3|ms\n");
    CHECK(relayed("k:7|kv|@1699999999").find("k:7|kv") == 0);
    CHECK(relayed("").empty());
    CHECK(relayed("zero:0|c").empty());
}

TEST_CASE("statsd_relay: tags go along in their own form", "[sink][statsd_relay]") {
    CHECK(relayed("hits:1|c|#env:prod,region:eu") == "hits:1|c|#env:prod,region:eu\n");
    CHECK(relayed("hits;url=a=b:1|c") == "hits:1|c|#url:a=b\n");
}

TEST_CASE("statsd_relay: the next server knows what this one knew", "[sink][statsd_relay]") {
    std::string lines = "hits:3|c|@0.1\nmiss:1|c|#a:b\ndepth:-2.5|g\n";
    for (int i = 0; i < 500; ++i) {
        lines += "t:" + std::to_string(i) + ".25|ms|@" + (i % 2 == 0 ? "0.25" : "1") + '\n';
        lines += "u:user" + std::to_string(i % 100) + "|s\n";
    }
    const auto here = snapshot_of(lines, now);
    const auto there = snapshot_of(relayed(lines), now);
    REQUIRE(there.size() == here.size());
    CHECK(there.counters[0].cell.sum() == 30);
    CHECK(there.counters[1].name == "miss;a=b");
    CHECK(there.gauges[0].cell.value() == -2.5);
    CHECK(there.uniques[0].cell.estimate() == 100);
    const auto& timer = there.timers[0].cell;
    CHECK(timer.count() == here.timers[0].cell.count());
    CHECK(timer.sum() == here.timers[0].cell.sum());
    CHECK(timer.values().quantile(0.9) == here.timers[0].cell.values().quantile(0.9));
}

TEST_CASE("statsd_relay: sets of several relays are one set there", "[sink][statsd_relay]") {
    const auto one = relayed("u:anna|s\nu:bert|s");
    const auto two = relayed("u:bert|s\nu:carl|s");
    CHECK(snapshot_of(one + two, now).uniques[0].cell.estimate() == 3);
    CHECK(one.size() == 2 * std::string_view("u:0123456789abcdef|s\n").size());
}

TEST_CASE("statsd_relay: beyond the exact bound the count is right and the values nearly",
          "[sink][statsd_relay]") {
    std::string lines;
    for (int i = 1; i <= 5000; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    for (int i = 0; i < 3000; ++i)
        lines += "u:" + std::to_string(i) + "|s\n";
    relay out{memory_transport()};
    REQUIRE(out.write(snapshot_of(lines, now)) == errc::ok);
    CHECK(out.sets_left_out() == 1);
    std::string text;
    for (const auto& datagram : out.transport().sent()) {
        CHECK(datagram.size() <= 1432);
        (text += datagram) += '\n';
    }
    const auto there = snapshot_of(text, now);
    REQUIRE(there.timers.size() == 1);
    const auto& timer = there.timers[0].cell;
    CHECK(timer.count() == Approx(5000).epsilon(1e-9));
    CHECK(timer.sum() == Approx(5000.0 * 5001 / 2).epsilon(0.0055));
    for (const double q : {0.5, 0.9, 0.99})
        CHECK(timer.values().quantile(q) == Approx(5000 * q).epsilon(0.011));
    CHECK(text.size() < 20'000); // 5,000 lines would be more
}

TEST_CASE("statsd_relay: a server of Etsy's gets its lines", "[sink][statsd_relay]") {
    using to_etsy = basic_statsd_relay<memory_transport, etsy_traits>;
    CHECK(relayed<quipu::profile::quipu, to_etsy>("t:1|ms\nt:2|ms|@0.5") ==
          "t:1|ms\nt:2|ms|@0.5\n");
    to_etsy out{memory_transport()};
    CHECK(out.write(snapshot_of("k:1|kv\nb:2|c", now)) == errc::ok);
    CHECK(out.transport().sent() == std::vector<std::string>{"b:2|c"});
    CHECK(out.counts().refused == 1); // what that server does not know
}

TEST_CASE("statsd_relay: where a rate counts for the events alone, it does there, too",
          "[sink][statsd_relay]") {
    const auto lines = relayed<quipu::profile::etsy>("t:1|ms|@0.5\nt:3|ms|@0.5");
    CHECK(lines.ends_with("\nt:1:3|ms|@0.5\n")); // behind what that server counts of itself
    const auto there = snapshot_of<quipu::profile::etsy>("t:1|ms|@0.5\nt:3|ms|@0.5", now);
    CHECK(there.timers[0].cell.count() == 4);
}

TEST_CASE("statsd_relay: what statsite's sketch has is told by its quantiles",
          "[sink][statsd_relay]") {
    std::string lines;
    for (int i = 1; i <= 1000; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    const auto there = snapshot_of(relayed<quipu::profile::statsite>(lines), now);
    REQUIRE(there.timers.size() == 1);
    CHECK(there.timers[0].cell.count() == Approx(1000).epsilon(1e-9));
    CHECK(there.timers[0].cell.values().quantile(0.5) == Approx(500).epsilon(0.05));
}

TEST_CASE("statsd_relay: what a transport loses is an error, and counted", "[sink][statsd_relay]") {
    struct every_second {
        int sent = 0;
        errc send(std::string_view) noexcept {
            return ++sent % 2 == 0 ? errc::would_block : errc::ok;
        }
    };
    basic_statsd_relay<every_second, small_traits> out{every_second()};
    std::string lines;
    for (int i = 0; i < 8; ++i)
        lines += "counter." + std::to_string(i) + ":1|c\n"; // two fit a datagram
    CHECK(out.write(snapshot_of(lines, now)) == errc::would_block);
    CHECK(out.counts().samples == 8);
    CHECK(out.counts().datagrams == 2);
    CHECK(out.counts().lost == 4);
    CHECK(out.write(snapshot_of("a:1|c", now)) == errc::ok);
}

TEST_CASE("statsd_relay: a registry's way to a server", "[sink][statsd_relay][registry]") {
    quipu::registry metrics;
    metrics.counter("hits").add(3);
    metrics.timer("latency").record(2.5);
    metrics.gauge("depth").set(-4);
    relay out{memory_transport()};
    CHECK(out.write(metrics.flush(now, 10)) == errc::ok);
    metrics.counter("hits").add(2);
    CHECK(out.write(metrics.flush(now + 10, 10)) == errc::ok);
    REQUIRE(out.transport().sent().size() == 2);
    const auto there =
        snapshot_of(out.transport().sent()[0] + '\n' + out.transport().sent()[1], now);
    CHECK(there.counters[0].cell.sum() == 5);
    CHECK(there.timers[0].cell.sum() == 2.5);
    CHECK(there.gauges[0].cell.value() == -4);
}

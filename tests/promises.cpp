// What the server promises to whoever sends it metrics, seen from outside: through sockets in, and
// as Graphite gets it.
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/live_server.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace profile = quipu::profile;
using quipu::test::graphite_server;
using quipu::test::live_server;
using quipu::test::options_of;

namespace {

enum class way { udp, tcp };

/// What Graphite has after one interval in which `text` came.
template <class Profile>
class one_interval {
public:
    explicit one_interval(std::string_view text,
                          std::int64_t interval_ms = 10'000,
                          way through = way::udp,
                          typename Profile::schema_options names = {}) {
        {
            live_server<Profile> server(options_of(interval_ms));
            server.add_graphite(graphite_.host(), std::move(names));
            server.start();
            if (through == way::udp)
                server.send(text);
            else
                server.send_stream(text);
            server.stop();
        }
        REQUIRE(graphite_.has_all());
    }

    [[nodiscard]] std::string operator[](std::string_view name) const {
        REQUIRE(graphite_.values(name).size() <= 1); // one interval, one value
        return graphite_.last(name);
    }
    /// How long the interval was, as a count and its rate tell; the end of the server has cut it short.
    [[nodiscard]] double seconds(std::string_view count, std::string_view rate) const {
        const double long_it_was = std::stod((*this)[count]) / std::stod((*this)[rate]);
        CHECK(long_it_was > 0);
        CHECK(long_it_was < 10);
        return long_it_was;
    }
    [[nodiscard]] const graphite_server& graphite() const { return graphite_; }

private:
    graphite_server graphite_{};
};

std::string one_to_hundred() {
    std::string all;
    for (int i = 1; i <= 100; ++i)
        all += "t:" + std::to_string(i) + "|ms\n";
    return all;
}

} // namespace

TEST_CASE("promise: a message is key:value|type, and more of it behind another '|'", "[promise]") {
    const auto through = GENERATE(way::udp, way::tcp);
    const std::string packet = "mysql.queries:1381|kv|@1313107325\n"
                               "api.session_created:114|ms\n"
                               "api.session_created:114|ms|@0.1\n"
                               "rewards:1|c\n"
                               "inventory:-7|c\n";
    SECTION("quipu") {
        const one_interval<profile::quipu> seen(packet, 10'000, through);
        CHECK(seen["stats.kv.mysql.queries"] == "1381");
        CHECK(seen["stats.timers.api.session_created.count"] == "11");
        CHECK(seen["stats.timers.api.session_created.mean"] == "114");
        CHECK(seen["stats.counters.rewards.count"] == "1");
        CHECK(seen["stats.counters.inventory.count"] == "-7");
        for (const auto& one : seen.graphite().points()) {
            if (one.name == "stats.kv.mysql.queries")
                CHECK(one.timestamp == 1'313'107'325);
            else
                CHECK(one.timestamp > 1'700'000'000);
        }
    }
    SECTION("etsy") {
        const one_interval<profile::etsy> seen(packet, 10'000, through);
        CHECK(seen["stats.timers.api.session_created.count"] == "11");
        CHECK(seen["stats.timers.api.session_created.mean"] == "114");
        CHECK(seen["stats_counts.rewards"] == "1");
        CHECK(seen["stats_counts.inventory"] == "-7");
    }
    SECTION("kiip") {
        const one_interval<profile::kiip> seen(packet, 10'000, through);
        CHECK(seen["statsite.kv.mysql.queries"] == "1381");
        CHECK(seen["statsite.timers.api.session_created.count"] == "2"); // a rate has no effect
        CHECK(seen["statsite.timers.api.session_created.mean"] == "114.0");
        CHECK(seen["statsite.counts.rewards"] == "1");
        CHECK(seen["statsite.counts.inventory"] == "-7");
        for (const auto& one : seen.graphite().points()) {
            if (one.name == "statsite.kv.mysql.queries")
                CHECK(one.timestamp == 1'313'107'325);
        }
    }
}

TEST_CASE("promise: a counter is a rate for each second, and a count", "[promise]") {
    const std::int64_t interval_ms = GENERATE(10'000, 60'000);
    CAPTURE(interval_ms);
    const one_interval<profile::quipu> native("a:10|c\na:20|c", interval_ms);
    CHECK(native["stats.counters.a.count"] == "30");
    CHECK(native.seconds("stats.counters.a.count", "stats.counters.a.rate") < 10);
    const one_interval<profile::etsy> etsy("a:10|c\na:20|c", interval_ms);
    CHECK(etsy["stats_counts.a"] == "30");
    CHECK(etsy.seconds("stats_counts.a", "stats.a") < 10);
    const one_interval<profile::kiip> kiip("a:10|c\na:20|c", interval_ms);
    CHECK(kiip["statsite.counts.a"] == "30");
}

TEST_CASE("promise: a sampled counter shows the true rate", "[promise]") {
    const std::string_view lines = "a:1|c|@0.1\na:1|c|@0.1\nb:2|c|@0.5\nb:1|c";
    const one_interval<profile::quipu> native(lines);
    CHECK(native["stats.counters.a.count"] == "20");
    CHECK(native["stats.counters.b.count"] == "5");
    CHECK(native.seconds("stats.counters.a.count", "stats.counters.a.rate") ==
          Approx(native.seconds("stats.counters.b.count", "stats.counters.b.rate")));
    const one_interval<profile::etsy> etsy(lines);
    CHECK(etsy["stats_counts.a"] == "20");
    CHECK(etsy["stats_counts.b"] == "5");
    CHECK(etsy.seconds("stats_counts.a", "stats.a") ==
          Approx(etsy.seconds("stats_counts.b", "stats.b")));
    const one_interval<profile::kiip> kiip(lines);
    CHECK(kiip["statsite.counts.a"] == "20.0");
    CHECK(kiip["statsite.counts.b"] == "5.0");
}

TEST_CASE("promise: a timer shows lower, mean, 90th percentile, upper and count", "[promise]") {
    const auto numbers = one_to_hundred();
    SECTION("quipu") {
        const one_interval<profile::quipu> seen(numbers);
        const std::string t = "stats.timers.t.";
        CHECK(seen[t + "lower"] == "1");
        CHECK(seen[t + "mean"] == "50.5");
        CHECK(seen[t + "upper_90"] == "90");
        CHECK(seen[t + "upper"] == "100");
        CHECK(seen[t + "count"] == "100");
        CHECK(seen.seconds(t + "count", t + "rate") > 0);
        CHECK(seen[t + "sum"] == "5050");
        CHECK(seen[t + "sum_squares"] == "338350");
        CHECK(seen[t + "std"] == "28.86607004772212");
        CHECK(seen[t + "median"] == "50.5");
        // and all of them within the percentile
        CHECK(seen[t + "count_90"] == "90");
        CHECK(seen[t + "mean_90"] == "45.5");
        CHECK(seen[t + "sum_90"] == "4095");
        CHECK(seen[t + "sum_squares_90"] == "247065");
        CHECK(seen[t + "upper_50"] == "50");
        CHECK(seen[t + "upper_99"] == "99");
    }
    SECTION("etsy") {
        const one_interval<profile::etsy> seen(numbers);
        const std::string t = "stats.timers.t.";
        CHECK(seen[t + "lower"] == "1");
        CHECK(seen[t + "mean"] == "50.5");
        CHECK(seen[t + "upper_90"] == "90");
        CHECK(seen[t + "upper"] == "100");
        CHECK(seen[t + "count"] == "100");
        CHECK(seen.seconds(t + "count", t + "count_ps") > 0);
        CHECK(seen[t + "sum"] == "5050");
        CHECK(seen[t + "sum_squares"] == "338350");
        CHECK(seen[t + "std"] == "28.86607004772212");
        CHECK(seen[t + "median"] == "50.5");
        CHECK(seen[t + "count_90"] == "90");
        CHECK(seen[t + "mean_90"] == "45.5");
        CHECK(seen[t + "sum_90"] == "4095");
        CHECK(seen[t + "sum_squares_90"] == "247065");
    }
    SECTION("kiip") {
        const one_interval<profile::kiip> seen(numbers);
        const std::string t = "statsite.timers.t.";
        CHECK(seen[t + "lower"] == "1");
        CHECK(seen[t + "mean"] == "50.5");
        CHECK(seen[t + "upper"] == "100");
        CHECK(seen[t + "count"] == "100");
        CHECK(seen[t + "sum"] == "5050");
        CHECK(seen[t + "stdev"] == "29.0114919759");
        // Its window is in the middle, 6 to 95, and the upper end is the value above it.
        CHECK(seen[t + "lower_90"] == "6");
        CHECK(seen[t + "mean_90"] == "50");
        CHECK(seen[t + "upper_90"] == "96");
        CHECK(seen[t + "count_90"] == "90");
        CHECK(seen[t + "sum_90"] == "4545");
        CHECK(seen[t + "stdev_90"] == "26.1295390122");
    }
}

TEST_CASE("promise: a gauge stays until it is changed, and +1 and -3 change it", "[promise]") {
    const auto check = [](auto& server, const std::string& name) {
        graphite_server graphite;
        server.add_graphite(graphite.host());
        server.start();
        server.send("foo:70|g");
        REQUIRE(graphite.shows(name, "70"));
        server.send("foo:+1|g");
        REQUIRE(graphite.shows(name, "71"));
        server.send("foo:-3|g");
        REQUIRE(graphite.shows(name, "68"));
        const auto before = graphite.values(name).size();
        REQUIRE(
            quipu::test::eventually([&] { return graphite.values(name).size() >= before + 3; }));
        server.stop();
        std::string all;
        std::string last;
        for (const auto& value : graphite.values(name)) {
            if (value != last)
                all += value + ' ';
            last = value;
        }
        CHECK(all == "70 71 68 ");
    };
    SECTION("quipu") {
        live_server<profile::quipu> server(options_of(50));
        check(server, "stats.gauges.foo");
    }
    SECTION("etsy") {
        live_server<profile::etsy> server(options_of(50));
        check(server, "stats.gauges.foo");
    }
}

TEST_CASE("promise: a set counts each member once in an interval", "[promise]") {
    const std::string_view lines = "users:ann|s\nusers:bob|s\nusers:ann|s\nusers:ann|s\nusers:1|s";
    CHECK(one_interval<profile::quipu>(lines)["stats.sets.users.count"] == "3");
    CHECK(one_interval<profile::etsy>(lines)["stats.sets.users.count"] == "3");

    SECTION("and begins anew with the next") {
        graphite_server graphite;
        live_server<profile::quipu> server(options_of(50));
        server.add_graphite(graphite.host());
        server.start();
        server.send("users:ann|s\nusers:bob|s");
        REQUIRE(graphite.shows("stats.sets.users.count", "2"));
        server.send("users:ann|s");
        CHECK(graphite.shows("stats.sets.users.count", "1"));
    }
}

TEST_CASE("promise: names begin as they always did", "[promise]") {
    const std::string_view lines = "k:1|c\nk:1|ms\nk:1|g";
    SECTION("stats, stats.timers and stats.gauges") {
        const one_interval<profile::etsy> seen(lines);
        CHECK(seen.seconds("stats_counts.k", "stats.k") > 0);
        CHECK(seen["stats_counts.k"] == "1");
        CHECK(seen["stats.timers.k.count"] == "1");
        CHECK(seen["stats.gauges.k"] == "1");
    }
    SECTION("or as the operator says") {
        const one_interval<profile::quipu> seen(lines, 10'000, way::udp, {.prefix = "shop.eu"});
        CHECK(seen["shop.eu.counters.k.count"] == "1");
        CHECK(seen["shop.eu.timers.k.upper_90"] == "1");
        CHECK(seen["shop.eu.gauges.k"] == "1");
        for (const auto& one : seen.graphite().points())
            CHECK(one.name.starts_with("shop.eu."));
    }
}

TEST_CASE("promise: the same name may be of every kind", "[promise]") {
    const std::string_view lines = "x:1|c\nx:2|g\nx:3|ms\nx:4|kv|@1000000000\nx:five|s";
    SECTION("quipu") {
        const one_interval<profile::quipu> seen(lines);
        CHECK(seen["stats.counters.x.count"] == "1");
        CHECK(seen["stats.gauges.x"] == "2");
        CHECK(seen["stats.timers.x.mean"] == "3");
        CHECK(seen["stats.kv.x"] == "4");
        CHECK(seen["stats.sets.x.count"] == "1");
    }
    SECTION("etsy") {
        const one_interval<profile::etsy> seen("x:1|c\nx:2|g\nx:3|ms\nx:five|s");
        CHECK(seen["stats_counts.x"] == "1");
        CHECK(seen["stats.gauges.x"] == "2");
        CHECK(seen["stats.timers.x.mean"] == "3");
        CHECK(seen["stats.sets.x.count"] == "1");
    }
    SECTION("kiip") {
        const one_interval<profile::kiip> seen("x:1|c\nx:3|ms\nx:4|kv|@1000000000");
        CHECK(seen["statsite.counts.x"] == "1");
        CHECK(seen["statsite.timers.x.mean"] == "3.0");
        CHECK(seen["statsite.kv.x"] == "4");
    }
}

TEST_CASE("promise: each key/value is kept, in order, with its own time", "[promise]") {
    const one_interval<profile::kiip> seen("k:3|kv|@100\nk:1|kv|@50\nk:2|kv");
    const auto all = seen.graphite().points();
    REQUIRE(all.size() == 3);
    CHECK(all[0].value == "3");
    CHECK(all[0].timestamp == 100);
    CHECK(all[1].value == "1");
    CHECK(all[1].timestamp == 50);
    CHECK(all[2].value == "2");
    CHECK(all[2].timestamp > 1'700'000'000);
}

TEST_CASE("promise: intervals follow each other, and each has only its own", "[promise]") {
    graphite_server graphite;
    live_server<profile::quipu> server(options_of(1'000));
    server.add_graphite(graphite.host());
    server.start();
    server.send("a:5|c");
    REQUIRE(graphite.shows("stats.counters.a.rate", "5"));
    server.send("a:7|c");
    server.stop();
    REQUIRE(quipu::test::eventually([&] { return graphite.lines().size() == 4; }));
    CHECK(graphite.values("stats.counters.a.count") == std::vector<std::string>{"5", "7"});
    const auto all = graphite.points();
    REQUIRE(all.size() == 4);
    CHECK(all[3].timestamp == all[0].timestamp + 1);
}

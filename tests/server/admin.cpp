#include <quipu/server/admin.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace quipu;

namespace {

template <class Traits>
struct host {
    basic_store<Traits>& store() { return all; }
    static std::vector<admin_statistic> statistics() {
        return {{"uptime", 12}, {"messages.bad_lines_seen", 0}, {"graphite.flush_time", 0.5}};
    }
    bool& healthy() { return up; }
    static std::string_view config() { return "port: 8125\nnames > legacy: yes\n"; }

    void add(metric_kind kind, std::string_view name, double value) {
        sample one;
        one.series.kind = kind;
        one.value = value;
        one.member = name;
        REQUIRE(all.apply(name, one) == errc::ok);
    }

    basic_store<Traits> all{};
    bool up = true;
};

template <class Traits>
struct asked : host<Traits> {
    std::string ask(std::string_view text) {
        conversation with;
        with.opens = false;
        with.input = text;
        std::string told;
        answers = 0;
        do {
            with.again = false;
            commands(with);
            answers += with.output.empty() ? 0 : 1;
            told += std::exchange(with.output, {});
        } while (with.again);
        CHECK(with.input.empty());
        ended = with.ends;
        return told;
    }

    admin_commands<host<Traits>> commands{*this};
    bool ended = false;
    int answers = 0; // how many the last text had
};

using etsy_host = asked<profile::etsy::store_traits>;
using native_host = asked<store_traits>;

} // namespace

TEST_CASE("admin: help, statistics, config and health, as Etsy's statsd answers",
          "[server][admin]") {
    etsy_host one;
    CHECK(one.ask("help\n") ==
          "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, health, "
          "config, quit\n\n");
    CHECK(one.ask("stats\n") ==
          "uptime: 12\nmessages.bad_lines_seen: 0\ngraphite.flush_time: 0.5\nEND\n\n");
    CHECK(one.ask("config") == "\nport: 8125\nnames > legacy: yes\n");
    CHECK(one.ask("health\r\n") == "health: up\n");
    CHECK(one.ask("health down") == "health: down\n");
    CHECK(one.ask("health sideways") == "health: down\n");
    CHECK(one.ask("health") == "health: down\n");
    CHECK(one.ask("health up") == "health: up\n");
    CHECK(one.ask("HELP") == "ERROR\n");
    CHECK(one.ask("\n \n").empty());
    CHECK_FALSE(one.ended);
    CHECK(one.ask("quit\nhelp\n").empty());
    CHECK(one.ended);
}

TEST_CASE("admin: several lines are several commands", "[server][admin]") {
    etsy_host one;
    CHECK(one.ask("health\n  health\tdown  \n\nfoo") == "health: up\nhealth: down\nERROR\n");
    CHECK(one.answers == 3);
}

TEST_CASE("admin: what a browser sends commands nothing", "[server][admin]") {
    etsy_host one;
    CHECK(one.ask("x / HTTP/1.1\r\nhealth down\r\n").empty());
    CHECK(one.ended);
    CHECK(one.ask("host: evil.example\r\nhealth down\r\n").empty());
    CHECK(one.ended);
    CHECK(one.ask("x /a-long-path-that-came-in-two-pieces").starts_with("ERROR"));
    CHECK(one.ask("-and-ends HTTP/1.1\nHost: evil.example\nhealth down\n").empty());
    CHECK(one.ask("health") == "health: up\n");
}

TEST_CASE("admin: series are printed as Node.js prints an object", "[server][admin]") {
    etsy_host one;
    CHECK(one.ask("counters") == "{}\nEND\n\n");
    one.add(metric_kind::counter, "hits", 3);
    one.add(metric_kind::counter, "a.b", 0.5);
    CHECK(one.ask("counters") == "{ hits: 3, 'a.b': 0.5 }\nEND\n\n");
    one.add(metric_kind::counter, "it's\n\\", 1e21);
    one.add(metric_kind::counter, "8", 1);
    one.add(metric_kind::counter, "a.name.that.makes.it.too.long.for.one.line", 1);
    CHECK(one.ask("counters") ==
          "{\n  hits: 3,\n  'a.b': 0.5,\n  'it\\'s\\x0A\\\\': 1e+21,\n  '8': 1,\n"
          "  'a.name.that.makes.it.too.long.for.one.line': 1\n}\nEND\n\n");
    one.add(metric_kind::gauge, "g", -2);
    CHECK(one.ask("gauges") == "{ g: -2 }\nEND\n\n");
    one.add(metric_kind::unique, "s", 0);
    CHECK(one.ask("sets") == "{ s: 1 }\nEND\n\n");
}

TEST_CASE("admin: timers tell their values, up to a hundred of each", "[server][admin]") {
    etsy_host one;
    one.add(metric_kind::timer, "t", 2);
    one.add(metric_kind::timer, "t", 1.5);
    CHECK(one.ask("timers") == "{ t: [ 2, 1.5 ] }\nEND\n\n");
    for (int i = 0; i < 99; ++i)
        one.add(metric_kind::timer, "t", 7);
    CHECK(one.ask("timers").find(", 7, ... 1 more items ]") != std::string::npos);

    native_host other;
    other.add(metric_kind::timer, "t", 2);
    other.add(metric_kind::timer, "t", 4);
    CHECK(other.ask("timers") == "{ t: [ 2, 4 ] }\nEND\n\n");
    // Beyond their bound the values have moved into a sketch.
    for (int i = 0; i < 1023; ++i)
        other.add(metric_kind::timer, "t", 4);
    CHECK(other.ask("timers") == "{ t: { count: 1025, sum: 4098, lower: 2, upper: 4 } }\nEND\n\n");
}

TEST_CASE("admin: series are deleted by name or by folder, of one kind", "[server][admin]") {
    etsy_host one;
    for (const auto* const name : {"a.b.c", "a.b.d", "a.bc", "a*"}) {
        one.add(metric_kind::counter, name, 1);
        one.add(metric_kind::gauge, name, 1);
        one.add(metric_kind::timer, name, 1);
    }
    CHECK(one.ask("delcounters a.bc b\n") == "deleted: a.bc\nmetric b not found\nEND\n\n");
    CHECK(one.ask("delcounters a.b.*") == "deleted: a.b.c\ndeleted: a.b.d\nEND\n\n");
    CHECK(one.ask("delcounters a.b.*") == "metric a.b.* not found\nEND\n\n");
    CHECK(one.ask("delcounters a*") == "deleted: a*\nEND\n\n");
    CHECK(one.all.counters().size() == 0);
    CHECK(one.all.gauges().size() == 4);
    CHECK(one.ask("delgauges a.*").find("deleted: a.bc\n") != std::string::npos);
    CHECK(one.all.gauges().size() == 1);
    CHECK(one.ask("deltimers a.b.c").starts_with("deleted: a.b.c\n"));
    CHECK(one.all.timers().size() == 3);
    CHECK(one.ask("delcounters") == "END\n\n");
}

TEST_CASE("admin: an answer has a bound, and says what it leaves out", "[server][admin]") {
    etsy_host one;
    const std::string tail(8000, 'x');
    for (int i = 0; i < 2200; ++i)
        one.add(metric_kind::counter, std::to_string(i) + tail, 1);
    const auto answer = one.ask("counters");
    CHECK(answer.size() < decltype(one.commands)::answer_bytes_max + 20'000);
    const auto left_out = answer.find("\n  ... ");
    REQUIRE(left_out != answer.npos);
    CHECK(answer.substr(answer.find(" more", left_out)) == " more\n}\nEND\n\n");
}

TEST_CASE("admin: names that are deleted are looked up, and shown without control characters",
          "[server][admin]") {
    native_host one;
    for (const auto* const name : {"a", "b", "f.x"})
        one.add(metric_kind::counter, name, 1);
    CHECK(one.ask("delcounters a a \x1b[31mred f.* f.x b\n") ==
          "deleted: a\nmetric a not found\nmetric ?[31mred not found\ndeleted: f.x\n"
          "metric f.x not found\ndeleted: b\nEND\n\n");
    CHECK(one.all.size() == 0);
}

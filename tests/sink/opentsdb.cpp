#include <quipu/sink/opentsdb.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/schema/native.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"
#include "support/tcp.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::memory_transport;
using quipu::opentsdb_options;
using quipu::point;
using quipu::test::snapshot_of;

namespace {

constexpr std::int64_t now = 1'700'000'000;

std::string line(const point& one, const opentsdb_options& options = {}) {
    std::string out;
    const bool taken = quipu::append_opentsdb_line(out, one, options);
    CHECK(taken == !out.empty());
    return out;
}

std::string line(std::string_view name, std::string_view tags = "", double value = 1) {
    return line(point{"", name, "", tags, value, false, now}, {.host = "web01"});
}

} // namespace

TEST_CASE("opentsdb: a point is a line of name, time, value and tags", "[sink][opentsdb]") {
    CHECK(line(point{"stats.timers.", "api.get", ".upper_90", ";region=eu", 0.5, false, now},
               {.host = "web01"}) ==
          "put stats.timers.api.get.upper_90 1700000000 0.5 region=eu host=web01\n");
}

TEST_CASE("opentsdb: each point has a host, its own or the one chosen", "[sink][opentsdb]") {
    CHECK(line("a") == "put a 1700000000 1 host=web01\n");
    CHECK(line("a", ";host=b;k=v") == "put a 1700000000 1 host=b k=v\n");
    CHECK(line(point{"", "a", "", "", 1, false, now}) == "put a 1700000000 1 host=localhost\n");
}

TEST_CASE("opentsdb: what it does not know becomes '_'", "[sink][opentsdb]") {
    CHECK(line("a b:c\nh\xc3\xa9\xff-_./Z9", ";k y=v l;flag;e=;=x") ==
          "put a_b_c_h__-_./Z9 1700000000 1 k_y=v_l flag=true e=_ _=x host=web01\n");
    CHECK(line("") == "put _ 1700000000 1 host=web01\n");
    CHECK(line("a", ";k:1=first;k_1=second") == "put a 1700000000 1 k_1=first_second host=web01\n");
}

TEST_CASE("opentsdb: numbers are such as it reads", "[sink][opentsdb]") {
    CHECK(line("a", "", -3) == "put a 1700000000 -3 host=web01\n");
    CHECK(line("a", "", 1e300) == "put a 1700000000 1e300 host=web01\n");
    const auto large = line("a", "", 0x1p64); // no integer of 64 bits
    CHECK(large.find_first_of(".e", 17) < large.find(" host"));
}

TEST_CASE("opentsdb: what it cannot take is left out", "[sink][opentsdb]") {
    CHECK(line("a", "", std::numeric_limits<double>::infinity()).empty());
    CHECK(line(point{"", "a", "", "", 1, false, 0}).empty());
    CHECK(line(point{"", "a", "", "", 1, false, -1}).empty());
    CHECK_FALSE(line("a", ";1=1;2=2;3=3;4=4;5=5;6=6;7=7").empty());
    CHECK(line("a", ";1=1;2=2;3=3;4=4;5=5;6=6;7=7;8=8").empty()); // host is the ninth
    CHECK_FALSE(line("a", ";1=1;2=2;3=3;4=4;5=5;6=6;7=7;host=8").empty());
}

TEST_CASE("opentsdb: a snapshot becomes lines", "[sink][opentsdb]") {
    quipu::basic_opentsdb to{
        quipu::native_schema(), memory_transport(), {.host = "w", .tags_max = 2}};
    CHECK(to.write(snapshot_of("hits:3|c|#a:b\nload:1|g|#a:1,b:2\nq:2|g", now)) == errc::ok);
    CHECK(to.transport().text() == "put stats.counters.hits.count 1700000000 3 a=b host=w\n"
                                   "put stats.counters.hits.rate 1700000000 0.3 a=b host=w\n"
                                   "put stats.gauges.q 1700000000 2 host=w\n");
    CHECK(to.skipped() == 1);
    CHECK(to.history().last_flush == now);
}

TEST_CASE("opentsdb: lines are sent in pieces", "[sink][opentsdb]") {
    quipu::basic_opentsdb to{quipu::native_schema(), memory_transport()};
    std::string lines;
    for (int i = 0; i < 2000; ++i)
        lines += "g" + std::to_string(i) + ":1|g\n";
    CHECK(to.write(snapshot_of(lines, now)) == errc::ok);
    CHECK(to.transport().sent().size() == 2);
    for (const auto& piece : to.transport().sent())
        CHECK(piece.ends_with(" host=localhost\n"));
}

TEST_CASE("opentsdb: nobody there", "[sink][opentsdb]") {
    quipu::stream_sender_options patience;
    patience.reconnect_ms = 0;
    quipu::basic_opentsdb to{quipu::native_schema(), quipu::tcp_sender({"127.0.0.1", 1}, patience)};
    CHECK(to.write(snapshot_of("", now)) == errc::connection_refused);
    CHECK(to.write(snapshot_of("a:1|c", now)) == errc::connection_refused);
    CHECK(to.history().last_exception == now);
}

#include <quipu/sink/console.hpp>

#include <quipu/net/memory.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using quipu::errc;
using quipu::memory_transport;
using quipu::test::snapshot_of;

namespace {

template <class Profile = quipu::profile::quipu>
std::string shown(std::string_view lines, std::int64_t timestamp = 1'700'000'000) {
    quipu::basic_console<memory_transport> to{memory_transport()};
    REQUIRE(to.write(snapshot_of<Profile>(lines, timestamp)) == errc::ok);
    return to.transport().text();
}

std::string utc(std::int64_t seconds) {
    std::string out;
    quipu::detail::append_utc(out, seconds);
    return out;
}

std::string rounded(double value) {
    std::string out;
    quipu::detail::append_rounded(out, value);
    return out;
}

std::string visible(std::string_view text) {
    std::string out;
    quipu::detail::append_visible(out, text);
    return out;
}

} // namespace

TEST_CASE("console: a flush is as its documentation shows it", "[sink][console]") {
    CHECK(shown("api.hits:1200|c\nqueue:7|g", 1'795'300'240) ==
          "2026-11-21 22:30:40 UTC, 10 s, 2 series\n"
          "counters    count  rate/s\n"
          "  api.hits   1200     120\n"
          "gauges    value\n"
          "  queue       7\n"
          "\n");
}

TEST_CASE("console: an empty flush is one line", "[sink][console]") {
    CHECK(shown("") == "2023-11-14 22:13:20 UTC, 10 s, 0 series\n\n");
}

TEST_CASE("console: each kind has its table", "[sink][console]") {
    CHECK(shown("hits:1|c\n"
                "hits:2|c|@0.5\n"
                "inventory:-7|c\n"
                "query:10|ms\nquery:20|ms\nquery:30|ms\nquery:40.5|ms\n"
                "load:0.25|g\n"
                "users:ann|s\nusers:bob|s\nusers:ann|s\n"
                "mysql.queries:1381|kv|@1313107325\n"
                "mysql.queries:7|kv\n") ==
          "2023-11-14 22:13:20 UTC, 10 s, 6 series\n"
          "counters     count  rate/s\n"
          "  hits           5     0.5\n"
          "  inventory     -7    -0.7\n"
          "timers    count    mean     std  lower  upper  p50   p90   p99\n"
          "  query       4  25.125  11.349     10   40.5   20  40.5  40.5\n"
          "gauges    value\n"
          "  load     0.25\n"
          "sets     members\n"
          "  users        2\n"
          "key/values       value                     time\n"
          "  mysql.queries   1381  2011-08-12 00:02:05 UTC\n"
          "  mysql.queries      7  2023-11-14 22:13:20 UTC\n"
          "\n");
}

TEST_CASE("console: percentiles are the ones asked for", "[sink][console]") {
    std::string lines;
    for (int i = 1; i <= 1000; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    quipu::basic_console<memory_transport> to{memory_transport(),
                                              {{99.9, "99_9"}, {-10, "top10"}, {0, "0"}}};
    REQUIRE(to.write(snapshot_of(lines, 0)) == errc::ok);
    CHECK(to.transport().text() ==
          "1970-01-01 00:00:00 UTC, 10 s, 1 series\n"
          "timers    count   mean      std  lower  upper  p99.9  top10  p0\n"
          "  t        1000  500.5  288.675      1   1000    999    901   1\n"
          "\n");
    to.transport().clear();
    quipu::basic_console<memory_transport> none{memory_transport(), {}};
    REQUIRE(none.write(snapshot_of("t:1|ms", 0)) == errc::ok);
    CHECK(none.transport().text() == "1970-01-01 00:00:00 UTC, 10 s, 1 series\n"
                                     "timers    count  mean  std  lower  upper\n"
                                     "  t           1     1    0      1      1\n"
                                     "\n");
}

TEST_CASE("console: series that only stay are shown, too", "[sink][console]") {
    quipu::basic_intake<quipu::profile::etsy> intake;
    intake.receive("t:5|ms\nc:1|c\ns:x|s\n", 0, [](auto, auto) {});
    quipu::basic_pipeline<quipu::profile::etsy> pipeline;
    pipeline.take(intake.shard().active());
    static_cast<void>(pipeline.flush(10, 10));
    quipu::basic_console<memory_transport> to{memory_transport(), {{90, "90"}, {-10, "top10"}}};
    REQUIRE(to.write(pipeline.flush(20, 10)) == errc::ok);
    CHECK(to.transport().text() == "1970-01-01 00:00:20 UTC, 10 s, 7 series\n"
                                   "counters                   count  rate/s\n"
                                   "  statsd.bad_lines_seen        0       0\n"
                                   "  statsd.packets_received      0       0\n"
                                   "  statsd.metrics_received      0       0\n"
                                   "  c                            0       0\n"
                                   "timers    count  mean  std  lower  upper  p90  top10\n"
                                   "  t           0     0    0      0      0    0      0\n"
                                   "gauges                  value\n"
                                   "  statsd.timestamp_lag      0\n"
                                   "sets    members\n"
                                   "  s           0\n"
                                   "\n");
}

TEST_CASE("console: columns are wide enough for text that is not ASCII", "[sink][console]") {
    CHECK(shown("caf\xc3\xa9.\xe2\x82\xac:1|g\nplain.name:2|g") ==
          "2023-11-14 22:13:20 UTC, 10 s, 2 series\n"
          "gauges        value\n"
          "  caf\xc3\xa9.\xe2\x82\xac          1\n"
          "  plain.name      2\n"
          "\n");
}

TEST_CASE("console: a very long name shifts its own row alone", "[sink][console]") {
    const std::string longest(quipu::detail::text_table::first_columns_max, 'n');
    const std::string row = "  a" + std::string(longest.size() - 1, ' ') + "      1\n";
    CHECK(shown("a:1|g\n" + longest + ":2|g").find(row) != std::string::npos);
    CHECK(shown("a:1|g\n" + longest + "n:2|g") == "2023-11-14 22:13:20 UTC, 10 s, 2 series\n"
                                                  "gauges    value\n"
                                                  "  a           1\n"
                                                  "  " +
                                                      longest +
                                                      "n      2\n"
                                                      "\n");
}

TEST_CASE("console: nothing from the wire drives the terminal", "[sink][console]") {
    CHECK(visible("api.hits;host=a b") == "api.hits;host=a b");
    CHECK(visible("a\x1b[2J\x07\r\n\x7f") == "a?[2J????");
    CHECK(visible(std::string_view("\0", 1)) == "?");
    CHECK(visible("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
          "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");

    SECTION("not by the control characters above ASCII, of one byte or of two") {
        CHECK(visible("a\xc2\x9b"
                      "2J") == "a??2J");
        CHECK(visible("a\x9b"
                      "2J") == "a?2J");
        CHECK(visible("\xc2\x80\xc2\x9f\xc2\xa0") == "????\xc2\xa0");
    }
    SECTION("nor by what is not UTF-8") {
        CHECK(visible("\xc3") == "?");
        CHECK(visible("\xc3(") == "?(");
        CHECK(visible("\xe2\x82") == "??");
        CHECK(visible("\xff\xfe") == "??");
        CHECK(visible("\xc0\x9b\xc1\xbf") == "????");      // too long for what it means
        CHECK(visible("\xe0\x82\x9b") == "???");           // likewise
        CHECK(visible("\xf0\x80\x82\x9b") == "????");      // likewise
        CHECK(visible("\xed\xa0\x80") == "???");           // half of a pair
        CHECK(visible("\xf4\x90\x80\x80") == "????");      // above the last character
        CHECK(visible("\xf8\x88\x80\x80\x80") == "?????"); // five bytes
    }
    SECTION("in a flush") {
        const auto text = shown("a\xc2\x9bz:1|g\nt:1|g|#k:\xc2\x9b");
        CHECK(text.find('\x9b') == text.npos);
        CHECK(text.find("a??z") != text.npos);
    }
}

TEST_CASE("console: dates are right at their edges", "[sink][console]") {
    CHECK(utc(0) == "1970-01-01 00:00:00 UTC");
    CHECK(utc(-1) == "1969-12-31 23:59:59 UTC");
    CHECK(utc(-86'400) == "1969-12-31 00:00:00 UTC");
    CHECK(utc(-86'401) == "1969-12-30 23:59:59 UTC");
    CHECK(utc(951'782'399) == "2000-02-28 23:59:59 UTC");
    CHECK(utc(951'782'400) == "2000-02-29 00:00:00 UTC");
    CHECK(utc(951'868'800) == "2000-03-01 00:00:00 UTC");
    CHECK(utc(1'709'164'800) == "2024-02-29 00:00:00 UTC");
    CHECK(utc(2'147'483'647) == "2038-01-19 03:14:07 UTC");
    CHECK(utc(2'147'483'648) == "2038-01-19 03:14:08 UTC");
    CHECK(utc(4'107'542'400) == "2100-03-01 00:00:00 UTC");
    CHECK(utc(4'107'542'399) == "2100-02-28 23:59:59 UTC");
    CHECK(utc(253'402'300'799) == "9999-12-31 23:59:59 UTC");
    CHECK(utc(-2'203'891'200) == "1900-03-01 00:00:00 UTC");
}

TEST_CASE("console: numbers are rounded to three decimals", "[sink][console]") {
    CHECK(rounded(0) == "0");
    CHECK(rounded(-0.0) == "0");
    CHECK(rounded(1.0 / 3) == "0.333");
    CHECK(rounded(2.0 / 3) == "0.667");
    CHECK(rounded(-2.0 / 3) == "-0.667");
    CHECK(rounded(0.0004) == "0");
    CHECK(rounded(-0.0004) == "0");
    CHECK(rounded(0.0005) == "0.001");
    CHECK(rounded(0.125) == "0.125");
    CHECK(rounded(99.9995) == "100");
    CHECK(rounded(1e11 + 0.5) == "100000000000.5");
    CHECK(rounded(1e300) == "1e300");
    CHECK(rounded(-1e300) == "-1e300");
    CHECK(rounded(std::numeric_limits<double>::infinity()) == "inf");
    CHECK(rounded(-std::numeric_limits<double>::infinity()) == "-inf");
    CHECK(rounded(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("console: a transport that fails is told", "[sink][console]") {
    quipu::basic_console<memory_transport> to{memory_transport()};
    to.transport().fail_with(errc::connection_lost);
    CHECK(to.write(snapshot_of("a:1|c", 0)) == errc::connection_lost);
    to.transport().fail_with(errc::ok);
    CHECK(to.write(snapshot_of("a:1|c", 0)) == errc::ok);
    CHECK(to.transport().sent().size() == 1);
}

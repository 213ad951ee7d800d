#include <quipu/sink/influx.hpp>

#include <quipu/net/http_post.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/snapshots.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::memory_transport;
using quipu::test::http_server;
using quipu::test::snapshot_of;

namespace {

constexpr std::int64_t now = 1'700'000'000;

std::string lines_of(std::string_view text) {
    quipu::basic_influx to{memory_transport()};
    CHECK(to.write(snapshot_of(text, now)) == errc::ok);
    return to.transport().text();
}

struct small : quipu::influx_traits {
    static constexpr std::size_t piece_bytes_max = 60;
};

} // namespace

TEST_CASE("influx: each series is a line of its fields", "[sink][influx]") {
    CHECK(lines_of(
              "hits:3|c|#region:eu\nload:0.5|g\nusers:ann|s\nusers:bob|s\nold:1|kv|@1313107325") ==
          "hits,metric_type=counter,region=eu value=3 1700000000\n"
          "load,metric_type=gauge value=0.5 1700000000\n"
          "users,metric_type=set value=2 1700000000\n"
          "old,metric_type=kv value=1 1313107325\n");
}

TEST_CASE("influx: a timer has its statistics", "[sink][influx]") {
    quipu::basic_influx to{memory_transport(), {{90, "90"}, {99.9, "99_9"}, {-10, "top10"}}};
    std::string lines;
    for (int i = 1; i <= 10; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    CHECK(to.write(snapshot_of(lines, now)) == errc::ok);
    CHECK(to.transport().text() ==
          "t,metric_type=timing count=10,lower=1,upper=10,mean=5.5,median=5.5,"
          "stddev=2.8722813232690143,sum=55,90_percentile=9,99_9_percentile=10,top10_percentile=10 "
          "1700000000\n");
}

TEST_CASE("influx: a timer without a sample tells its count", "[sink][influx]") {
    using profile = quipu::profile::etsy;
    quipu::basic_intake<profile> intake;
    quipu::basic_pipeline<profile> pipeline;
    intake.receive("t:1|ms", now, [](quipu::refusal, std::string_view) {});
    pipeline.take(intake.shard().active());
    static_cast<void>(pipeline.flush(now, 10));
    quipu::basic_influx to{memory_transport()};
    CHECK(to.write(pipeline.flush(now + 10, 10)) == errc::ok);
    CHECK(to.transport().text().ends_with("t,metric_type=timing count=0 1700000010\n"));
}

TEST_CASE("influx: the profiles' timers have the same fields", "[sink][influx]") {
    const auto check = [](const auto& snapshot) {
        quipu::basic_influx to{memory_transport(), {{50, "50"}}};
        CHECK(to.write(snapshot) == errc::ok);
        const auto text = to.transport().text();
        CHECK(text.find("t,metric_type=timing count=3,lower=1,upper=3,mean=2,median=2,") !=
              text.npos);
        CHECK(text.find("sum=6,50_percentile=2 1700000000\n") != text.npos);
    };
    check(snapshot_of<quipu::profile::etsy>("t:1|ms\nt:2|ms\nt:3|ms", now));
    check(snapshot_of<quipu::profile::kiip>("t:1|ms\nt:2|ms\nt:3|ms", now));
    check(snapshot_of<quipu::profile::statsite>("t:1|ms\nt:2|ms\nt:3|ms", now));
}

TEST_CASE("influx: over UDP times are in nanoseconds", "[sink][influx]") {
    quipu::basic_influx<memory_transport, quipu::influx_datagram_traits> to{memory_transport()};
    CHECK(to.write(snapshot_of("a:1|c", now)) == errc::ok);
    CHECK(to.transport().text() == "a,metric_type=counter value=1 1700000000000000000\n");
}

TEST_CASE("influx: pieces are cut at lines", "[sink][influx]") {
    quipu::basic_influx<memory_transport, quipu::influx_datagram_traits> to{memory_transport()};
    std::string lines;
    for (int i = 0; i < 100; ++i)
        lines += "series.number." + std::to_string(i) + ":1|c\n";
    CHECK(to.write(snapshot_of(lines, now)) == errc::ok);
    std::size_t count = 0;
    for (const auto& piece : to.transport().sent()) {
        CHECK(piece.size() <= 1432);
        CHECK(piece.ends_with('\n'));
        CHECK(piece.starts_with("series.number."));
        count += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
    }
    CHECK(count == 100);
    CHECK(to.transport().sent().size() == 5); // of about 66 bytes each
}

TEST_CASE("influx: a line that is too long becomes several of the same series", "[sink][influx]") {
    quipu::basic_influx<memory_transport, small> to{memory_transport(), {}};
    CHECK(to.write(snapshot_of("t:1|ms\nt:3|ms", now)) == errc::ok);
    CHECK(to.transport().text() == "t,metric_type=timing count=2,lower=1,upper=3 1700000000\n"
                                   "t,metric_type=timing mean=2,median=2,stddev=1 1700000000\n"
                                   "t,metric_type=timing sum=4 1700000000\n");
    for (const auto& piece : to.transport().sent())
        CHECK(piece.size() <= 60);
    CHECK(to.skipped() == 0);
    const std::string name(60, 'n');
    CHECK(to.write(snapshot_of(name + ":1|c\na:1|c", now)) == errc::ok);
    CHECK(to.skipped() == 1);
    CHECK(to.transport().sent().back() == "a,metric_type=counter value=1 1700000000\n");
}

TEST_CASE("influx: a number that is not finite is left out", "[sink][influx]") {
    auto snapshot = snapshot_of("a:1|g\nb:1|c", now);
    snapshot.gauges[0].cell.set(std::numeric_limits<double>::infinity());
    quipu::basic_influx to{memory_transport()};
    CHECK(to.write(snapshot) == errc::ok);
    CHECK(to.transport().text() == "b,metric_type=counter value=1 1700000000\n");
    CHECK(to.skipped() == 1);
}

TEST_CASE("influx: what the peer refuses for good is counted, and the rest sent",
          "[sink][influx]") {
    http_server server({http_server::taken,
                        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                        http_server::taken});
    quipu::basic_influx<quipu::http_post, small> to{
        quipu::http_post(server.host(), "/write?db=x&precision=s")};
    CHECK(to.write(snapshot_of("a:1|c\nb:2|c\nc:3|c", now)) == errc::ok);
    CHECK(to.refused() == 1);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[2].body == "c,metric_type=counter value=3 1700000000\n");
}

TEST_CASE("influx: what the peer cannot take now fails, and counts nothing", "[sink][influx]") {
    http_server server({"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                        "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n",
                        http_server::taken});
    quipu::basic_influx<quipu::http_post, small> to{quipu::http_post(server.host(), "/")};
    const auto snapshot = snapshot_of("a:1|c\nb:2|c\nc:3|c", now);
    CHECK(to.write(snapshot) == errc::peer_failed);
    CHECK(server.requests().size() == 2);
    CHECK(to.refused() == 0);
    CHECK(to.write(snapshot) == errc::ok);
    CHECK(server.requests().size() == 5);
    CHECK(to.refused() == 0);
}

TEST_CASE("influx: an empty snapshot shows whether the backend is there", "[sink][influx]") {
    http_server server({http_server::taken});
    quipu::basic_influx there{quipu::http_post(server.host(), "/")};
    CHECK(there.write(snapshot_of("", now)) == errc::ok);
    CHECK(server.requests().empty());
    quipu::basic_influx nowhere{quipu::http_post({"127.0.0.1", 1}, "/")};
    CHECK(nowhere.write(snapshot_of("", now)) == errc::connection_refused);
}

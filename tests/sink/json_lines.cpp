#include <quipu/sink/json_lines.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::memory_transport;
using quipu::test::snapshot_of;

namespace {

constexpr std::int64_t now = 1'700'000'000;

template <class Snapshot>
std::string lines_of(const Snapshot& from) {
    quipu::basic_json_lines to{memory_transport(), {{90, "90"}, {-10, "top10"}}};
    CHECK(to.write(from) == errc::ok);
    return to.transport().text();
}

} // namespace

TEST_CASE("json_lines: each series is an object of its numbers", "[sink][json_lines]") {
    CHECK(
        lines_of(snapshot_of("hits:12|c|#region:eu,hot\nload:0.5|g\nusers:ann|s\nusers:bob|s\n"
                             "old:1|kv|@1313107325\nnew:2|kv",
                             now)) ==
        R"({"time":1700000000,"interval":10,"type":"counter","name":"hits","tags":{"hot":true,"region":"eu"},"count":12,"rate":1.2}
{"time":1700000000,"interval":10,"type":"gauge","name":"load","value":0.5}
{"time":1700000000,"interval":10,"type":"set","name":"users","value":2}
{"time":1313107325,"interval":10,"type":"kv","name":"old","value":1}
{"time":1700000000,"interval":10,"type":"kv","name":"new","value":2}
)");
}

TEST_CASE("json_lines: a timer has its statistics", "[sink][json_lines]") {
    std::string lines;
    for (int i = 1; i <= 10; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    const std::string expected =
        R"({"time":1700000000,"interval":10,"type":"timer","name":"t","count":10,"rate":1,"sum":55,"lower":1,"upper":10,"mean":5.5,"median":5.5,"stddev":2.8722813232690143,"percentiles":{"90":9,"top10":10}}
)";
    CHECK(lines_of(snapshot_of(lines, now)) == expected);
    CHECK(lines_of(snapshot_of<quipu::profile::etsy>(lines, now)).ends_with(expected));
    CHECK(lines_of(snapshot_of<quipu::profile::kiip>(lines, now)) == expected);
}

TEST_CASE("json_lines: whatever is in a name stays within its quotes", "[sink][json_lines]") {
    const auto text = lines_of(snapshot_of("a\"b\\c<i>:1|g", now));
    CHECK(text.find(R"("name":"a\"b\\c\u003ci\u003e","value":1})") != text.npos);
}

TEST_CASE("json_lines: a flush is one piece, and an empty one is none", "[sink][json_lines]") {
    quipu::basic_json_lines to{memory_transport()};
    CHECK(to.write(snapshot_of("", now)) == errc::ok);
    CHECK(to.transport().sent().empty());
    CHECK(to.write(snapshot_of("a:1|c\nb:1|g", now)) == errc::ok);
    CHECK(to.transport().sent().size() == 1);
}

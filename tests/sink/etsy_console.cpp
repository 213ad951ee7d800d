#include <quipu/sink/etsy_console.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::memory_transport;

namespace {

std::string printed(std::string_view lines, bool pretty = false) {
    quipu::etsy_schema_options options;
    options.histograms.push_back(*quipu::etsy_histogram("t", {"2", "inf"}));
    quipu::basic_etsy_console to{memory_transport(),
                                 quipu::etsy_schema(options),
                                 [](std::int64_t at) { return "at " + std::to_string(at); },
                                 pretty};
    CHECK(to.write(quipu::test::snapshot_of<quipu::profile::etsy>(lines, 100)) == errc::ok);
    return to.transport().text();
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("etsy_console: a flush is what that server's console prints", "[sink][etsy_console]") {
    const auto text = printed("hits:3|c\nt:1|ms\nt:3|ms\nq:7|g\nu:ann|s\nu:bob|s");
    CAPTURE(text);
    CHECK(text.starts_with("Flushing stats at  at 100\n{\n  counters: {"));
    CHECK(has(text, " hits: 3"));
    CHECK(has(text, "  timers: { t: [ 1, 3 ] },\n"));
    CHECK(has(text, "q: 7"));
    CHECK(has(text, "      median: 2,\n      histogram: [Object]\n    }\n  },\n"));
    CHECK(has(text, " hits: 0.3"));
    CHECK(has(text, "  sets: { u: [ '"));
    CHECK(text.ends_with("  pctThreshold: [ 90 ]\n}\n"));
    CHECK(has(printed("t:1|ms", true), "histogram: { bin_2: \x1b[33m1\x1b[39m, bin_inf: "));
}

TEST_CASE("etsy_console: of many values 100 are shown", "[sink][etsy_console]") {
    std::string lines;
    for (int i = 0; i < 150; ++i)
        lines += "t:" + std::to_string(i) + "|ms\n";
    CHECK(has(printed(lines), "... 50 more items\n"));
}

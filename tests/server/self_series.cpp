#include <quipu/server/self_series.hpp>

#include "support/catch.hpp"

#include <map>
#include <string>
#include <string_view>

using namespace quipu;

TEST_CASE("self_series: what grows is told by what came, the rest as it is",
          "[server][self_series]") {
    CHECK_FALSE(self_series(""));
    self_series mine("me");
    REQUIRE(mine);
    server_status status;
    status.counts.lines = 10;
    status.counts.refused[static_cast<std::size_t>(errc::bad_number)] = 3;
    status.series[0] = 7;
    status.sinks.push_back({"exec:cat | tr a; b", {}});
    std::map<std::string, double> counters;
    std::map<std::string, double> gauges;
    const auto tell = [&] {
        mine.tell(status, [&](std::string_view name, metric_kind kind, double value) {
            (kind == metric_kind::counter ? counters : gauges)[std::string(name)] = value;
        });
    };
    tell();
    CHECK(counters["me.lines"] == 10);
    CHECK(counters["me.refused;cause=the_value_is_not_a_number"] == 3);
    CHECK(counters.count("me.sink_failures;sink=exec:cat___tr_a__b") == 1);
    CHECK(gauges["me.series;kind=counter"] == 7);
    status.counts.lines = 14;
    status.series[0] = 2;
    tell();
    CHECK(counters["me.lines"] == 4);
    CHECK(counters["me.refused;cause=the_value_is_not_a_number"] == 0);
    CHECK(gauges["me.series;kind=counter"] == 2);
}

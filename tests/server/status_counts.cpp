#include <quipu/server/status_counts.hpp>

#include "support/catch.hpp"

using namespace quipu;

TEST_CASE("status_counts: a server that did nothing says so", "[server][status_counts]") {
    const server_status fresh;
    CHECK(fresh.said_healthy);
    CHECK(fresh.down_if == health_rule::all_sinks);
    CHECK(fresh.lost_lines == 0);
    CHECK(fresh.recent.listeners.empty());
}

#include <quipu/client/call.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace quipu;

TEST_CASE("call: a value remembers whether it is an integer", "[client]") {
    STATIC_REQUIRE(metric_value(3).integral);
    STATIC_REQUIRE(metric_value(3).value == 3);
    STATIC_REQUIRE_FALSE(metric_value(3.0).integral);
}

TEST_CASE("call: a duration is told in milliseconds", "[client]") {
    STATIC_REQUIRE(milliseconds_of(std::chrono::seconds(2)) == 2000);
    STATIC_REQUIRE(milliseconds_of(std::chrono::microseconds(1500)) == 1.5);
    STATIC_REQUIRE(duration_like<std::chrono::nanoseconds>);
    STATIC_REQUIRE_FALSE(duration_like<int>);
}

#include <quipu/wire/event.hpp>

#include "support/catch.hpp"

#include <type_traits>

using namespace quipu;

TEST_CASE("event: a line tells by its start what it is", "[wire][event]") {
    STATIC_REQUIRE(is_event("_e{1,1}:a|b"));
    STATIC_REQUIRE(is_event("_e{"));
    STATIC_REQUIRE_FALSE(is_event("_e"));
    STATIC_REQUIRE_FALSE(is_event(""));
    STATIC_REQUIRE_FALSE(is_event("_errors:1|c"));
    STATIC_REQUIRE_FALSE(is_event(" _e{1,1}:a|b"));
    STATIC_REQUIRE_FALSE(is_event("_sc|a|0"));

    STATIC_REQUIRE(is_service_check("_sc|a|0"));
    STATIC_REQUIRE(is_service_check("_sc|"));
    STATIC_REQUIRE_FALSE(is_service_check("_sc"));
    STATIC_REQUIRE_FALSE(is_service_check("_scans:1|c"));
    STATIC_REQUIRE_FALSE(is_service_check("_e{1,1}:a|b"));
}

TEST_CASE("event: the words are those of the wire", "[wire][event]") {
    STATIC_REQUIRE(to_string(event_priority::normal) == "normal");
    STATIC_REQUIRE(to_string(event_priority::low) == "low");
    STATIC_REQUIRE(to_string(event_alert::info) == "info");
    STATIC_REQUIRE(to_string(event_alert::success) == "success");
    STATIC_REQUIRE(to_string(event_alert::warning) == "warning");
    STATIC_REQUIRE(to_string(event_alert::error) == "error");
    STATIC_REQUIRE(to_string(service_status::ok) == "ok");
    STATIC_REQUIRE(to_string(service_status::warning) == "warning");
    STATIC_REQUIRE(to_string(service_status::critical) == "critical");
    STATIC_REQUIRE(to_string(service_status::unknown) == "unknown");
}

TEST_CASE("event: says what it does not know to be the usual", "[wire][event]") {
    STATIC_REQUIRE(event().priority == event_priority::normal);
    STATIC_REQUIRE(event().alert == event_alert::info);
    STATIC_REQUIRE(event().origin.timestamp == no_timestamp);
    STATIC_REQUIRE(service_check().origin == event_origin());
}

TEST_CASE("event: owns nothing and is copied as bytes", "[wire][event]") {
    STATIC_REQUIRE(std::is_trivially_copyable_v<event>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<service_check>);
}

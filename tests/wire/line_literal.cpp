#include <quipu/wire/line_literal.hpp>

#include "support/catch.hpp"

using namespace quipu::literals;
using quipu::metric_kind;

TEST_CASE("line_literal: a literal is a sample", "[wire][line_literal]") {
    constexpr auto hits = "api.hits:1|c"_line;
    STATIC_REQUIRE(hits.series.kind == metric_kind::counter);
    STATIC_REQUIRE(hits.series.name == "api.hits");
    STATIC_REQUIRE(hits.value == 1);

    constexpr auto all = "queue:-2.5|g|@0.5|T7|#env:prod"_line;
    STATIC_REQUIRE(all.series.kind == metric_kind::gauge);
    STATIC_REQUIRE(all.relative);
    STATIC_REQUIRE(all.value == -2.5);
    STATIC_REQUIRE(all.rate == 0.5);
    STATIC_REQUIRE(all.timestamp == 7);
    STATIC_REQUIRE(all.series.tags == "env:prod");
}

TEST_CASE("line_literal: its views outlive the expression", "[wire][line_literal]") {
    const auto user = "users:alice:b|s"_line;
    CHECK(user.series.name == "users");
    CHECK(user.member == "alice:b");
    auto changed = "api.latency:0|ms"_line;
    changed.value = 12;
    CHECK(changed.series.name == "api.latency");
}

TEST_CASE("line_literal: reads as the parser does when the program runs", "[wire][line_literal]") {
    CHECK("a:1|c|@0.1|#x:y"_line == *quipu::parse("a:1|c|@0.1|#x:y"));
    CHECK("a:1e3|kv|@7"_line == *quipu::parse("a:1e3|kv|@7"));
}

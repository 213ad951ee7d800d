#include <quipu/server/literal_values.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <string>

using quipu::literal;
using namespace quipu::detail;

namespace {

literal text(std::string of) {
    return literal_of(std::move(of));
}

} // namespace

TEST_CASE("literal_values: what is true, and what a number", "[server][object_literal]") {
    CHECK_FALSE(is_truthy(literal()));
    CHECK_FALSE(is_truthy(text("")));
    CHECK(is_truthy(text("0")));
    CHECK_FALSE(is_truthy(literal_of(0.0)));
    CHECK_FALSE(is_truthy(literal_of(to_number(text("x")))));
    CHECK(to_number(text(" 8125 ")) == 8125);
    CHECK(to_number(text("")) == 0);
    CHECK(to_number(text("0x10")) == 16);
    CHECK(std::isnan(to_number(text("8125x"))));
    CHECK(std::isnan(to_number(literal())));
    CHECK(to_number(literal_of(true)) == 1);
}

TEST_CASE("literal_values: parseInt takes the digits in front", "[server][object_literal]") {
    CHECK(to_integer(text("8125"), 0) == 8125);
    CHECK(to_integer(text(" -12.9x"), 10) == -12);
    CHECK(to_integer(text("0x1f"), 0) == 31);
    CHECK(to_integer(text("0660"), 8) == 432);
    CHECK(to_integer(text("08"), 0) == 8);
    CHECK(std::isnan(to_integer(text("x"), 0)));
    CHECK(std::isnan(to_integer(text(""), 0)));
}

TEST_CASE("literal_values: operators do as JavaScript's", "[server][object_literal]") {
    CHECK(compute('*', literal_of(60.0), literal_of(1000.0)).text == "60000");
    CHECK(compute('+', text("stats."), text("web")).text == "stats.web");
    CHECK(compute('+', text("a"), literal_of(1.0)).text == "a1");
    CHECK(compute('+', text("a"), literal()).text == "aundefined");
    CHECK(compute('-', text("10"), literal_of(1.0)).number == 9);
    CHECK(compute('%', literal_of(7.0), literal_of(4.0)).number == 3);
    CHECK(compute('/', literal_of(1.0), literal_of(4.0)).number == 0.25);
    CHECK(are_equal(text("a"), text("a")));
    CHECK_FALSE(are_equal(text("1"), literal_of(1.0)));
    CHECK(are_equal(literal(), literal()));
}

#include <quipu/cell/counter.hpp>

#include "support/catch.hpp"

#include <limits>

using namespace quipu;

namespace {

constexpr sample counted(double value, double rate, bool integral) {
    sample one;
    one.value = value;
    one.rate = rate;
    one.integral = integral;
    return one;
}

constexpr counter count(std::initializer_list<sample> samples) {
    counter cell;
    for (const auto& one : samples)
        cell.apply(one);
    return cell;
}

} // namespace

TEST_CASE("counter: a value counts for all that were not sampled", "[cell][counter]") {
    STATIC_REQUIRE(count({counted(1, 0.1, true)}).sum() == 10);
    STATIC_REQUIRE(count({counted(5, 0.25, true)}).sum() == 20);
    STATIC_REQUIRE(count({counted(1, 1, true), counted(1, 0.1, true)}).sum() == 11);
    STATIC_REQUIRE(count({counted(1, 1, true), counted(1, 0.1, true)}).samples() == 11);
}

TEST_CASE("counter: values below zero are taken off", "[cell][counter]") {
    STATIC_REQUIRE(count({counted(10, 1, true), counted(-15, 1, true)}).sum() == -5);
    STATIC_REQUIRE(count({counted(-3, 0.5, true)}).samples() == 2);
}

TEST_CASE("counter: a sum of zero is not the same as nothing", "[cell][counter]") {
    STATIC_REQUIRE(counter().idle());
    STATIC_REQUIRE_FALSE(count({counted(0, 1, true)}).idle());
    STATIC_REQUIRE_FALSE(count({counted(7, 1, true), counted(-7, 1, true)}).idle());
}

TEST_CASE("counter: the rate is the sum for each second", "[cell][counter]") {
    STATIC_REQUIRE(count({counted(5, 1, true)}).rate(2) == 2.5);
    STATIC_REQUIRE(counter().rate(10) == 0);
}

TEST_CASE("counter: is a whole number as long as nothing else was counted", "[cell][counter]") {
    STATIC_REQUIRE(counter().integral());
    STATIC_REQUIRE(count({counted(1, 1, true)}).integral());
    STATIC_REQUIRE_FALSE(count({counted(1, 1, true), counted(1, 1, false)}).integral());
    STATIC_REQUIRE_FALSE(count({counted(1, 0.5, true)}).integral());
    constexpr auto merged = [] {
        counter one = count({counted(1, 1, true)});
        one.merge(count({counted(1, 1, false)}));
        return one;
    }();
    STATIC_REQUIRE_FALSE(merged.integral());
}

TEST_CASE("counter: adds one unless told otherwise", "[cell][counter]") {
    counter hits;
    hits.add();
    hits.add(2);
    hits.add(3, 10);
    CHECK(hits.sum() == 33);
    CHECK(hits.samples() == 12);
    hits.next_interval();
    CHECK(hits.sum() == 0);
    CHECK(hits.idle());
}

TEST_CASE("counter: what would lead beyond a double is refused, and changes nothing",
          "[cell][counter]") {
    counter hits;
    CHECK(hits.add(1e308, 10) == errc::number_out_of_range);
    CHECK(hits.idle());
    CHECK(hits.apply(counted(1e308, 1, true)) == errc::ok);
    CHECK(hits.apply(counted(1e308, 1, false)) == errc::number_out_of_range);
    CHECK(hits.integral());
    CHECK(hits.add(-1e308) == errc::ok);
    CHECK(hits.sum() == 0);
    CHECK(hits.samples() == 2);
    CHECK(hits.add(1.5e308) == errc::ok);
    const counter other = count({counted(1e308, 1, true), counted(1, 0.5, true)});
    CHECK(hits.merge(other) == 3);
    CHECK(hits.sum() == 1.5e308);
    CHECK(hits.rate(0.1) == std::numeric_limits<double>::max());
}

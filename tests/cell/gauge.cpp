#include <quipu/cell/gauge.hpp>

#include "support/catch.hpp"

#include <initializer_list>

using namespace quipu;

namespace {

constexpr sample set_to(double value) {
    sample one;
    one.value = value;
    return one;
}

constexpr sample set_at(std::uint32_t order, double value) {
    sample one = set_to(value);
    one.order = order;
    return one;
}

constexpr sample changed_by(double value) {
    sample one;
    one.value = value;
    one.relative = true;
    return one;
}

constexpr gauge after(std::initializer_list<sample> samples) {
    gauge cell;
    for (const auto& one : samples)
        cell.apply(one);
    return cell;
}

constexpr gauge merged(gauge first, const gauge& later) {
    first.merge(later);
    return first;
}

} // namespace

TEST_CASE("gauge: the last value wins, changes add to it", "[cell][gauge]") {
    STATIC_REQUIRE(after({set_to(70), changed_by(1), changed_by(-3)}).value() == 68);
    STATIC_REQUIRE(after({set_to(1), set_to(50)}).value() == 50);
    STATIC_REQUIRE(after({changed_by(5), set_to(2)}).value() == 2);
}

TEST_CASE("gauge: one that was never set changes from zero", "[cell][gauge]") {
    STATIC_REQUIRE(after({changed_by(5)}).value() == 5);
    STATIC_REQUIRE(after({changed_by(-5), changed_by(-5)}).value() == -10);
}

TEST_CASE("gauge: of two parts of an interval the value that came last stays", "[cell][gauge]") {
    const auto old = after({set_at(5, 1)});
    const auto recent = after({set_at(7, 2), changed_by(3)});
    CHECK(merged(old, recent).value() == 5);
    CHECK(merged(recent, old).value() == 5);
    // Equals: as they are merged.
    CHECK(merged(after({set_at(5, 1)}), after({set_at(5, 2)})).value() == 2);
    // The numbers begin anew.
    CHECK(merged(after({set_at(3, 1)}), after({set_at(0xffff'fff0, 2)})).value() == 1);
    // A change has no place in the order: it is added.
    CHECK(merged(recent, after({changed_by(1)})).value() == 6);
}

TEST_CASE("gauge: a value of an earlier interval never outlasts a new one", "[cell][gauge]") {
    auto lasting = after({set_at(7, 2)});
    lasting.next_interval();
    CHECK(merged(lasting, after({set_at(5, 1)})).value() == 1);
    // Nor one that was frozen.
    auto frozen = after({set_at(7, 2)});
    frozen.settle();
    CHECK(merged(frozen, after({set_at(5, 1)})).value() == 1);
}

TEST_CASE("gauge: may be below zero", "[cell][gauge]") {
    STATIC_REQUIRE(after({set_to(-4)}).value() == -4);
    // As clients send it: first 0, then the change.
    STATIC_REQUIRE(after({set_to(10), set_to(0), changed_by(-7)}).value() == -7);
}

TEST_CASE("gauge: the value stays at the end of an interval", "[cell][gauge]") {
    gauge load = after({set_to(70)});
    load.next_interval();
    CHECK(load.idle());
    CHECK(load.value() == 70);
    load.change(2);
    CHECK_FALSE(load.idle());
    CHECK(load.value() == 72);
    load.reset();
    CHECK(load.value() == 0);
    CHECK(load.idle());
}

TEST_CASE("gauge: what was set later replaces, what was only changed adds", "[cell][gauge]") {
    constexpr auto set_once = after({set_to(70), changed_by(1)});
    constexpr auto changes = after({changed_by(-3)});
    STATIC_REQUIRE(merged(set_once, changes).value() == 68);
    STATIC_REQUIRE(merged(changes, set_once).value() == 71);
    STATIC_REQUIRE(merged(changes, changes).value() == -6);
    STATIC_REQUIRE(merged(set_once, after({set_to(5)})).value() == 5);
}

TEST_CASE("gauge: a part that nothing came for replaces nothing", "[cell][gauge]") {
    gauge kept = after({set_to(70)});
    gauge old = after({set_to(5)});
    old.next_interval(); // still 5, but of an earlier interval
    kept.merge(old);
    CHECK(kept.value() == 70);
}

TEST_CASE("gauge: a part of this interval merges into the value of the last", "[cell][gauge]") {
    gauge kept = after({set_to(70)});
    kept.next_interval();
    kept.merge(after({changed_by(-10)}));
    CHECK(kept.value() == 60);
    CHECK_FALSE(kept.idle());
}

TEST_CASE("gauge: one of an interval begins with 0 in each", "[cell][gauge]") {
    interval_gauge load;
    load.set(70);
    load.next_interval();
    CHECK(load.idle());
    load.change(-3);
    CHECK(load.value() == -3);
    interval_gauge later;
    later.change(1);
    load.merge(later);
    CHECK(load.value() == -2);
}

TEST_CASE("gauge: a change that would lead beyond a double is refused, and the gauge recovers",
          "[cell][gauge]") {
    gauge one;
    one.set(1e308);
    CHECK(one.change(1e308) == errc::number_out_of_range);
    CHECK(one.value() == 1e308);
    CHECK(one.change(-1e308) == errc::ok);
    CHECK(one.value() == 0);
    gauge up;
    CHECK(up.change(1.5e308) == errc::ok);
    gauge more;
    CHECK(more.change(1.5e308) == errc::ok);
    CHECK(up.merge(more) == 1);
    CHECK(up.value() == 1.5e308);
}

#include <quipu/cell/keyvalue.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace quipu;

TEST_CASE("key/value: keeps what came, in its order, with its time", "[cell][keyvalue]") {
    keyvalue cell;
    sample one;
    one.value = 2;
    one.integral = true;
    one.timestamp = 1'000'000'000;
    CHECK(cell.apply(one) == errc::ok);
    CHECK(cell.append({1.25}) == errc::ok);
    CHECK(cell.apply(one) == errc::ok);
    CHECK(cell.values() == std::vector<timed_value>{{2, 1'000'000'000, true},
                                                    {1.25, no_timestamp, false},
                                                    {2, 1'000'000'000, true}});
}

TEST_CASE("key/value: a later part comes behind", "[cell][keyvalue]") {
    keyvalue first;
    first.append({1});
    first.append({2});
    keyvalue later;
    later.append({3});
    first.merge(later);
    CHECK(first.values() == std::vector<timed_value>{{1}, {2}, {3}});
}

TEST_CASE("key/value: beyond the bound the first ones are kept", "[cell][keyvalue]") {
    basic_keyvalue<3> cell;
    for (const double value : {1, 2, 3})
        CHECK(cell.append({value}) == errc::ok);
    CHECK(cell.append({4}) == errc::value_limit);
    CHECK(cell.apply({}) == errc::value_limit);
    CHECK(cell.values() == std::vector<timed_value>{{1}, {2}, {3}});
    CHECK(cell.dropped() == 2);

    basic_keyvalue<3> other;
    other.append({0});
    other.merge(cell);
    CHECK(other.values() == std::vector<timed_value>{{0}, {1}, {2}});
    CHECK(other.dropped() == 3);
}

TEST_CASE("key/value: an interval begins empty and allocates nothing to fill again",
          "[cell][keyvalue]") {
    basic_keyvalue<100> cell;
    const auto fill = [&] {
        for (int value = 0; value < 101; ++value)
            static_cast<void>(cell.append({static_cast<double>(value)}));
    };
    fill();
    CHECK_FALSE(cell.idle());
    cell.next_interval();
    CHECK(cell.idle());
    CHECK(cell.dropped() == 0);
    const auto before = allocations();
    fill();
    CHECK(allocations() == before);
}

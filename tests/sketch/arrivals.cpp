#include <quipu/sketch/arrivals.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace quipu;

// That its quantiles keep the laws is in sketch.cpp.

TEST_CASE("arrivals: the values stay as they came", "[sketch][arrivals]") {
    arrivals sketch;
    for (const double value : {3.0, 1.0, 2.0})
        sketch.record(value);
    sketch.settle();
    CHECK(sketch.values() == std::vector<double>{3, 1, 2});
    CHECK(sketch.median() == 2);
    CHECK(sketch.quantile(0.1) == 1);
    CHECK(sketch.lowest(0.5).sum == 3);
    CHECK(sketch.highest(0.3).boundary == 3);
    CHECK(sketch.values() == std::vector<double>{3, 1, 2});
}

TEST_CASE("arrivals: a merge puts the other's values behind", "[sketch][arrivals]") {
    arrivals one;
    one.record(5);
    arrivals other;
    other.record(4);
    other.record(6);
    one.merge(other);
    CHECK(one.values() == std::vector<double>{5, 4, 6});
}

TEST_CASE("arrivals: beyond the bound values are counted, but not kept", "[sketch][arrivals]") {
    basic_arrivals<2> sketch;
    for (const double value : {3.0, 1.0, 2.0})
        sketch.record(value);
    CHECK(sketch.values() == std::vector<double>{3, 1});
    CHECK(sketch.count() == 3);
    CHECK(sketch.dropped() == 1);
}

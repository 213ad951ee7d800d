#include <quipu/cell/cell.hpp>
#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/keyvalue.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

// The laws of all cells. A new model is one more name in `all_cells`, and its `readings`.

namespace {

struct without_bytes : counter {
    void write(byte_writer&) const = delete;
};

struct without_settle : counter {
    void settle() = delete;
};

static_assert(!cell<int>);
static_assert(!cell<exact>);
static_assert(!cell<without_settle>);
static_assert(!cell<without_bytes>);

using weighting_full = basic_timer<exact, timer_weighting::full>;
using weighting_count = basic_timer<exact, timer_weighting::count_only>;
using sketching = basic_timer<adaptive<4>>; // the values move while it is tested

/// Where the order of additions shows in the last digits.
double rounded(double reading) {
    return std::round(reading * 1e9) / 1e9;
}

/// Everything that can be read from a settled cell.
std::vector<double> readings(const counter& one) {
    return {one.sum(), one.samples(), one.rate(10), one.integral() ? 1.0 : 0.0};
}

std::vector<double> readings(const gauge& one) {
    return {one.value()};
}

template <class Sketch, timer_weighting Weighting>
std::vector<double> readings(const basic_timer<Sketch, Weighting>& one) {
    std::vector<double> all = one.values().values();
    for (std::size_t i = 0; i < one.values().values().size(); ++i)
        all.push_back(one.values().weight(i));
    for (int percent = 0; percent <= 100; percent += 10) {
        for (const auto& part :
             {one.values().lowest(percent / 100.0), one.values().highest(percent / 100.0)}) {
            all.push_back(part.count);
            all.push_back(part.sum);
            all.push_back(part.sum_squares);
            all.push_back(part.boundary);
        }
    }
    for (const double reading : {one.count(),
                                 one.sum(),
                                 one.sum_squares(),
                                 one.mean(),
                                 one.min(),
                                 one.max(),
                                 rounded(one.population_deviation()),
                                 rounded(one.sample_deviation()),
                                 one.values().median(),
                                 one.integral() ? 1.0 : 0.0})
        all.push_back(reading);
    return all;
}

std::vector<double> readings(const unique& one) {
    return {one.estimate()};
}

std::vector<double> readings(const keyvalue& one) {
    std::vector<double> all;
    for (const auto& value : one.values()) {
        all.push_back(value.value);
        all.push_back(static_cast<double>(value.timestamp));
        all.push_back(value.integral ? 1 : 0);
    }
    return all;
}

template <cell Cell>
void check_same(Cell a, Cell b) {
    a.settle();
    b.settle();
    CHECK(readings(a) == readings(b));
    CHECK(a.idle() == b.idle());
}

/// A sample that any cell can take. Whole numbers and powers of two: all sums are exact.
sample make_sample(generator& random) {
    static const std::vector<std::string> members{"a", "b", "c", "d", "e", "f", "g", "h"};
    sample one;
    one.value = static_cast<double>(random.below(100)) - 30;
    one.rate = 1.0 / static_cast<double>(1 << random.below(3));
    one.member = members[random.below(members.size())];
    one.timestamp = random.one_in(2) ? no_timestamp : static_cast<std::int64_t>(random.below(1000));
    one.relative = !random.one_in(3);
    one.integral = !random.one_in(4);
    return one;
}

template <cell Cell>
Cell make_cell(generator& random) {
    Cell made;
    for (auto left = random.below(20); left > 0; --left)
        CHECK(made.apply(make_sample(random)) == errc::ok);
    return made;
}

constexpr int rounds = 100;

} // namespace

#define ALL_CELLS                                                                                  \
    counter, gauge, timer, weighting_full, weighting_count, sketching, unique, keyvalue

TEMPLATE_TEST_CASE("cells: a reset one is neutral in a merge", "[cell]", ALL_CELLS) {
    generator random(1);
    for (int round = 0; round < rounds; ++round) {
        const auto original = make_cell<TestType>(random);
        auto neutral = make_cell<TestType>(random);
        neutral.reset();
        CHECK(neutral.idle());
        check_same(neutral, TestType{});
        auto behind = original;
        behind.merge(neutral);
        check_same(behind, original);
        neutral.merge(original);
        check_same(neutral, original);
    }
}

TEMPLATE_TEST_CASE("cells: merging is associative", "[cell]", ALL_CELLS) {
    generator random(2);
    for (int round = 0; round < rounds; ++round) {
        const auto a = make_cell<TestType>(random);
        const auto b = make_cell<TestType>(random);
        const auto c = make_cell<TestType>(random);
        auto left = a;
        left.merge(b);
        left.merge(c);
        auto right = b;
        right.merge(c);
        auto all = a;
        all.merge(right);
        check_same(left, all);
    }
}

TEMPLATE_TEST_CASE("cells: merging is commutative where order has no meaning",
                   "[cell]",
                   counter,
                   timer,
                   weighting_full,
                   weighting_count,
                   sketching,
                   unique) {
    generator random(3);
    for (int round = 0; round < rounds; ++round) {
        const auto a = make_cell<TestType>(random);
        const auto b = make_cell<TestType>(random);
        auto forwards = a;
        forwards.merge(b);
        auto backwards = b;
        backwards.merge(a);
        check_same(forwards, backwards);
    }
}

TEMPLATE_TEST_CASE("cells: parts one after the other merge to the whole", "[cell]", ALL_CELLS) {
    generator random(4);
    for (int round = 0; round < rounds; ++round) {
        TestType whole;
        TestType merged;
        for (auto parts = 1 + random.below(4); parts > 0; --parts) {
            TestType part;
            for (auto left = random.below(10); left > 0; --left) {
                const auto one = make_sample(random);
                CHECK(whole.apply(one) == errc::ok);
                CHECK(part.apply(one) == errc::ok);
            }
            merged.merge(part);
        }
        check_same(merged, whole);
    }
}

TEMPLATE_TEST_CASE("cells: a sample ends idleness, an interval's end brings it back",
                   "[cell]",
                   ALL_CELLS) {
    generator random(5);
    TestType one;
    CHECK(one.idle());
    for (int interval = 0; interval < 3; ++interval) {
        auto first = make_sample(random);
        first.value = 0; // even this one is a sample
        CHECK(one.apply(first) == errc::ok);
        CHECK_FALSE(one.idle());
        one.settle();
        one.next_interval();
        CHECK(one.idle());
    }
}

TEMPLATE_TEST_CASE(
    "cells: a sample of a small rate is as many whole ones", "[cell]", counter, timer, sketching) {
    generator random(6);
    for (int round = 0; round < rounds; ++round) {
        TestType weighted;
        TestType repeated;
        for (auto left = random.below(20); left > 0; --left) {
            auto one = make_sample(random);
            one.integral = false; // a counter's sum is whole only without a rate
            CHECK(weighted.apply(one) == errc::ok);
            const double weight = one.weight();
            one.rate = 1;
            for (double times = 0; times < weight; ++times)
                CHECK(repeated.apply(one) == errc::ok);
        }
        weighted.settle();
        repeated.settle();
        CHECK(weighted.sum() == repeated.sum());
        if constexpr (requires { weighted.values(); }) {
            CHECK(weighted.count() == repeated.count());
            CHECK(weighted.sum_squares() == repeated.sum_squares());
            CHECK(weighted.values().quantile(0.5) ==
                  Approx(repeated.values().quantile(0.5)).epsilon(0.011).margin(0.3));
        } else {
            CHECK(weighted.samples() == repeated.samples());
        }
    }
}

TEST_CASE("cells: of the values that several gauges set, that of the one merged last wins",
          "[cell][gauge]") {
    gauge first;
    first.set(5);
    first.change(1);
    gauge second;
    second.set(7);
    gauge third;
    third.change(2);
    auto forwards = first;
    forwards.merge(second);
    forwards.merge(third);
    CHECK(forwards.value() == 9);
    auto backwards = third;
    backwards.merge(second);
    backwards.merge(first);
    CHECK(backwards.value() == 6);
    // What was read is whole: it is not added to what it grew from.
    auto read = third;
    read.settle();
    auto later = first;
    later.merge(read);
    CHECK(later.value() == 2);
    // With one that sets, order does not matter as long as the changes are behind it.
    auto other = second;
    other.merge(third);
    CHECK(other.value() == 9);
}

TEMPLATE_TEST_CASE("cells: what was written is read", "[cell]", ALL_CELLS) {
    generator random(7);
    for (int round = 0; round < rounds; ++round) {
        auto original = make_cell<TestType>(random);
        if (random.one_in(2))
            original.settle();
        if (random.one_in(4))
            original.next_interval();
        const auto bytes = bytes_of(original);
        auto back = make_cell<TestType>(random);
        REQUIRE(read_whole(back, bytes));
        CHECK(bytes_of(back) == bytes);
        check_same(back, original);
        // And goes on as the other does.
        for (int i = 0; i < 5; ++i) {
            const auto one = make_sample(random);
            CHECK(back.apply(one) == original.apply(one));
        }
        check_same(back, original);
    }
}

TEMPLATE_TEST_CASE("cells: what is read from other bytes is nothing, or is written so",
                   "[cell]",
                   ALL_CELLS) {
    generator random(8);
    for (int round = 0; round < rounds; ++round) {
        const auto bytes = bytes_of(make_cell<TestType>(random));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            auto back = make_cell<TestType>(random);
            byte_reader cut(std::string_view(bytes).substr(0, size));
            CHECK_FALSE(back.read(cut));
            CHECK(bytes_of(back) == bytes_of(TestType{}));
        }
        for (int change = 0; change < 20; ++change) {
            auto changed = bytes;
            changed[random.below(changed.size())] = static_cast<char>(random.below(256));
            TestType back;
            byte_reader from(changed);
            if (back.read(from))
                CHECK(bytes_of(back) == changed.substr(0, changed.size() - from.left()));
            else
                CHECK(bytes_of(back) == bytes_of(TestType{}));
        }
    }
}

#include <quipu/cell/cell.hpp>
#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/keyvalue.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <string>
#include <vector>

using namespace quipu;

// The laws of all cells. A new model is one more name in `all_cells`, and its `readings`.

namespace {

struct without_settle : counter {
    void settle() = delete;
};

static_assert(!cell<int>);
static_assert(!cell<exact>);
static_assert(!cell<without_settle>);

using weighting_full = basic_timer<exact, timer_weighting::full>;
using weighting_count = basic_timer<exact, timer_weighting::count_only>;

/// Everything that can be read from a settled cell.
std::vector<double> readings(const counter& one) {
    return {one.sum(), one.samples(), one.rate(10), one.integral() ? 1.0 : 0.0};
}

std::vector<double> readings(const gauge& one) {
    return {one.value()};
}

template <timer_weighting Weighting>
std::vector<double> readings(const basic_timer<exact, Weighting>& one) {
    std::vector<double> all = one.values().values();
    for (std::size_t i = 0; i < one.values().values().size(); ++i)
        all.push_back(one.values().weight(i));
    for (const double reading : {one.count(),
                                 one.sum(),
                                 one.sum_squares(),
                                 one.mean(),
                                 one.min(),
                                 one.max(),
                                 one.population_deviation(),
                                 one.sample_deviation(),
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

#define ALL_CELLS counter, gauge, weighting_full, weighting_count, unique, keyvalue

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
                   weighting_full,
                   weighting_count,
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

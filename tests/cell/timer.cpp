#include <quipu/cell/timer.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <initializer_list>
#include <limits>

using namespace quipu;

namespace {

using counting_timer = basic_timer<exact, timer_weighting::count_only>;

template <class Timer = timer>
Timer settled(std::initializer_list<double> values, double weight = 1) {
    Timer made;
    for (const double value : values)
        CHECK(made.record(value, weight) == errc::ok);
    made.settle();
    return made;
}

} // namespace

TEST_CASE("timer: tells the moments of its values", "[cell][timer]") {
    const auto three = settled({2, 4, 12});
    CHECK(three.count() == 3);
    CHECK(three.sum() == 18);
    CHECK(three.sum_squares() == 164);
    CHECK(three.mean() == 6);
    CHECK(three.min() == 2);
    CHECK(three.max() == 12);
    CHECK(three.population_deviation() == 4.320493798938574);
    CHECK(three.sample_deviation() == Approx(5.291502622129181).epsilon(1e-15));
    CHECK(three.values().median() == 4);
}

TEST_CASE("timer: a single value does not deviate", "[cell][timer]") {
    const auto one = settled({320});
    CHECK(one.population_deviation() == 0);
    CHECK(one.sample_deviation() == 0);
}

TEST_CASE("timer: an idle one is all zeros", "[cell][timer]") {
    const timer idle;
    CHECK(idle.idle());
    CHECK(idle.count() == 0);
    CHECK(idle.mean() == 0);
    CHECK(idle.population_deviation() == 0);
    CHECK(idle.sample_deviation() == 0);
    CHECK(idle.values().median() == 0);
}

TEST_CASE("timer: deviations of large values do not cancel out", "[cell][timer]") {
    const auto four = settled({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16});
    CHECK(four.sample_deviation() == Approx(5.477225575051661).epsilon(1e-15));
}

TEST_CASE("timer: natively a sample weighs in everything", "[cell][timer]") {
    timer cell;
    sample one;
    one.value = 10;
    one.rate = 0.1;
    cell.apply(one);
    one.value = 43;
    one.rate = 1;
    cell.apply(one);
    cell.settle();
    CHECK(cell.count() == 11);
    CHECK(cell.sum() == 143);
    CHECK(cell.sum_squares() == 1000 + 43 * 43);
    CHECK(cell.mean() == 13);
    CHECK(cell.values().quantile(0.9) == 10);
    CHECK(cell.values().median() == 10);
    CHECK(cell.population_deviation() == Approx(std::sqrt(90.0)).epsilon(1e-15));
}

TEST_CASE("timer: with count_only a sample weighs in the count alone", "[cell][timer]") {
    const auto cell = settled<counting_timer>({10, 43}, 10);
    CHECK(cell.count() == 20);
    CHECK(cell.sum() == 53);
    CHECK(cell.sum_squares() == 100 + 43 * 43);
    CHECK(cell.mean() == 26.5);
    CHECK(cell.population_deviation() == 16.5);
    CHECK(cell.sample_deviation() == Approx(23.334523779156068).epsilon(1e-15));
    CHECK(cell.values().count() == 2);
}

TEST_CASE("timer: a value that finds no room is reported, and counts", "[cell][timer]") {
    basic_timer<basic_exact<3>> small;
    for (const double value : {2, 4, 12})
        CHECK(small.record(value) == errc::ok);
    for (const double value : {2, 4, 12})
        CHECK(small.record(value) == errc::value_limit);
    sample one;
    one.value = 100;
    CHECK(small.apply(one) == errc::value_limit);
    small.settle();
    CHECK(small.count() == 7);
    CHECK(small.sum() == 136);
    CHECK(small.sum_squares() == 2 * 164 + 10'000);
    CHECK(small.max() == 100);
    CHECK(small.values().dropped() == 4);
    small.reset();
    CHECK(small.record(1) == errc::ok);
}

TEST_CASE("timer: the deviation is that of the values kept when others were dropped",
          "[cell][timer]") {
    basic_timer<basic_exact<3>> small;
    for (int times = 0; times < 4; ++times) {
        for (const double value : {2, 4, 12})
            static_cast<void>(small.record(value));
    }
    small.settle();
    CHECK(small.population_deviation() == Approx(4.320493798938574).epsilon(1e-15));
}

TEST_CASE("timer: is whole as long as all values are", "[cell][timer]") {
    timer cell;
    sample one;
    one.integral = true;
    cell.apply(one);
    CHECK(cell.integral());
    timer other;
    one.integral = false;
    other.apply(one);
    CHECK_FALSE(other.integral());
    cell.merge(other);
    CHECK_FALSE(cell.integral());
    cell.reset();
    CHECK(cell.integral());
}

TEST_CASE("timer: the intervals after the first allocate nothing", "[cell][timer]") {
    timer cell;
    const auto interval = [&] {
        for (int value = 100; value > 0; --value)
            static_cast<void>(cell.record(value));
        cell.settle();
        cell.next_interval();
    };
    interval();
    const auto before = allocations();
    interval();
    CHECK(allocations() == before);
}

TEST_CASE("timer: a value whose sum would be beyond a double is refused, the mean is a number",
          "[cell][timer]") {
    timer one;
    CHECK(one.record(1e308) == errc::ok);
    CHECK(one.record(1e308) == errc::number_out_of_range);
    CHECK(one.count() == 1);
    timer other = one;
    CHECK(one.merge(other) == 1);
    CHECK(one.record(-1e308) == errc::ok);
    CHECK(one.record(-1.5e308) == errc::ok);
    one.settle();
    CHECK(one.sum() == -1.5e308);
    CHECK(one.mean() == -5e307);
    CHECK(one.sum_squares() == std::numeric_limits<double>::max());
    CHECK(one.population_deviation() < std::numeric_limits<double>::infinity());
    CHECK(one.sample_deviation() < std::numeric_limits<double>::infinity());
}

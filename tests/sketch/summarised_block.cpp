#include <quipu/sketch/summarised_block.hpp>

#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/exponential_histogram.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace quipu;

namespace {

static_assert(takes_blocks<exponential_histogram<>>);
static_assert(takes_blocks<adaptive<>>);
static_assert(takes_blocks<adaptive<8, exact>>);
static_assert(!takes_blocks<exact>);

std::vector<double> values_of(std::size_t count, double from, double to, std::uint64_t seed) {
    generator random(seed);
    std::vector<double> values(count);
    for (double& one : values)
        one = from + (to - from) * static_cast<double>(random.next() >> 11U) * 0x1p-53;
    return values;
}

} // namespace

TEST_CASE("summarised block: knows of values what recording them tells",
          "[sketch][summarised_block]") {
    for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 255U, 256U, 1001U}) {
        for (const double from : {-1000.0, 0.0, 0.001, 1e6}) {
            const auto values = values_of(count, from, from + 100, count);
            moments all;
            deviations apart;
            for (const double one : values) {
                apart.record(one, all.empty());
                all.record(one);
            }
            const auto block = summarised_block::of(values.data(), count);
            INFO(count << " values from " << from);
            REQUIRE(block.sound());
            CHECK(block.all.count() == all.count());
            CHECK(block.all.min() == all.min());
            CHECK(block.all.max() == all.max());
            const double size = std::fabs(from) + 100;
            CHECK(std::fabs(block.all.sum() - all.sum()) <= 1e-12 * all.count() * size);
            CHECK(block.all.sum_squares() == Approx(all.sum_squares()).epsilon(1e-12));
            CHECK(block.deviations.squared(all.count()) ==
                  Approx(apart.squared(all.count())).epsilon(1e-9));
        }
    }
}

TEST_CASE("summarised block: an outlier in front costs no digits", "[sketch][summarised_block]") {
    auto values = values_of(256, 0.1, 0.2, 7);
    values[0] = 1e9;
    double sum = 0;
    double squares = 0;
    for (std::size_t i = values.size(); i-- > 0;) { // the small ones first
        sum += values[i];
        squares += values[i] * values[i];
    }
    const auto block = summarised_block::of(values.data(), values.size());
    CHECK(block.all.sum() == Approx(sum).epsilon(1e-13));
    CHECK(block.all.sum_squares() == Approx(squares).epsilon(1e-13));
}

TEST_CASE("summarised block: whole numbers are summed exactly", "[sketch][summarised_block]") {
    std::vector<double> values;
    double sum = 0;
    for (int i = 1; i <= 1000; ++i) {
        values.push_back(i * 37 % 1009);
        sum += values.back();
    }
    CHECK(summarised_block::of(values.data(), values.size()).all.sum() == sum);
}

TEST_CASE("summarised block: nothing has nothing", "[sketch][summarised_block]") {
    const auto block = summarised_block::of(nullptr, 0);
    CHECK(block.sound());
    CHECK(block.all.empty());
}

TEST_CASE("summarised block: what is no number is noticed at any place",
          "[sketch][summarised_block]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const double bad : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
        for (std::size_t place = 0; place < 11; ++place) {
            std::vector<double> values(11, 1.0);
            values[place] = bad;
            CHECK_FALSE(summarised_block::of(values.data(), values.size()).sound());
        }
    }
    const std::vector<double> large{1e200, -1e200, 3}; // whose squares are none
    CHECK_FALSE(summarised_block::of(large.data(), large.size()).sound());
}

TEMPLATE_TEST_CASE("record_all: the quantiles are those of recording one by one",
                   "[sketch][summarised_block]",
                   exponential_histogram<>,
                   (exponential_histogram<3, 16>),
                   (exponential_histogram<-2>),
                   adaptive<100>,
                   (adaptive<100, exact>)) {
    struct range {
        double from, to;
    };
    for (const auto& in : {range{0.1, 100}, range{-5, 5}, range{0, 1e-310}, range{1e-9, 1e9}}) {
        TestType one_by_one;
        TestType at_once;
        for (std::uint64_t round = 0; round < 6; ++round) {
            auto values = values_of(round == 5 ? 3 : 97, in.from, in.to, round + 1);
            for (double& one : values) {
                if (in.to == 1e9) // over many octaves
                    one = std::exp2(one / 1e9 * 60 - 30);
            }
            if (round == 3)
                values[5] = 0;
            for (const double one : values)
                one_by_one.record(one);
            const auto block = summarised_block::of(values.data(), values.size());
            REQUIRE(block.sound());
            at_once.record_all(values.data(), values.size(), block);
        }
        one_by_one.settle();
        at_once.settle();
        INFO(in.from << " to " << in.to);
        CHECK(at_once.count() == one_by_one.count());
        CHECK(at_once.min() == one_by_one.min());
        CHECK(at_once.max() == one_by_one.max());
        CHECK(at_once.sum() == Approx(one_by_one.sum()).epsilon(1e-11).margin(1e-11));
        CHECK(at_once.sum_squares() == Approx(one_by_one.sum_squares()).epsilon(1e-11));
        CHECK(at_once.squared_deviations() ==
              Approx(one_by_one.squared_deviations()).epsilon(1e-9));
        for (int percent = 0; percent <= 100; ++percent)
            CHECK(at_once.quantile(percent / 100.0) == one_by_one.quantile(percent / 100.0));
    }
}

#include <quipu/sketch/ckms.hpp>

#include <quipu/core/byte_codec.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<ckms>);

namespace {

struct four_targets : statsite_targets {
    static constexpr std::array quantiles{0.5, 0.9, 0.95, 0.99};
};

struct statsite_run {
    int first;
    int last;
    std::array<double, 4> answers; ///< to the four targets
};

/// What statsite 0.8.1 answers for whole numbers in ascending order.
constexpr statsite_run runs[] = {
    {0, 99, {49, 90, 95, 99}},
    {1, 10, {5, 9, 10, 10}},
    {5, 6, {5, 6, 6, 6}},
    {0, 999, {508, 896, 950, 990}},
};

/// What its algorithm keeps of random numbers from `lowest` on, and answers.
struct random_run {
    int count; ///< and seed
    std::uint64_t range;
    double lowest;
    std::size_t kept;
    std::array<double, 8> answers;
};

constexpr std::array asked{.1, .5, .75, .9, .95, .97, .99, .995};

constexpr random_run random_runs[] = {
    {200, 1000, 0, 94, {96, 426, 655, 859, 930, 952, 986, 992}},
    {200, 1000, -500, 80, {-403, -74, 155, 342, 418, 435, 486, 492}},
    {1500, 100, 0, 89, {8, 48, 75, 90, 94, 96, 99, 99}},
    {1500, 100'000, -30'000, 87, {-19412, 19399, 42546, 60813, 65588, 67819, 69618, 69618}},
    {20'000, 1'000'000, 0, 88, {112037, 502948, 743109, 902885, 950493, 970683, 999962, 999962}},
};

template <class Sketch = ckms>
Sketch settled(const std::vector<double>& values) {
    Sketch sketch;
    for (const double value : values)
        sketch.record(value);
    sketch.settle();
    return sketch;
}

/// 1 to `count`, in an order of its own.
std::vector<double> shuffled(std::size_t count, std::uint64_t seed) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<double>(i + 1);
    generator random(seed);
    random.shuffle(values);
    return values;
}

/// How far off the targets are at most, relative to the number of values, if these are 1 to count.
double worst_error(const ckms& sketch) {
    double worst = 0;
    for (const double q : statsite_targets::quantiles)
        worst = std::max(worst, std::abs(sketch.quantile(q) / sketch.count() - q));
    return worst;
}

void check_same(const ckms& a, const ckms& b) {
    CHECK(bytes_of(a) == bytes_of(b));
    for (int step = 0; step <= 100; ++step) {
        if (a.quantile(step / 100.0) != b.quantile(step / 100.0))
            FAIL_CHECK("they differ at " << step << " %");
    }
    CHECK(a.lowest(0.7).sum == b.lowest(0.7).sum);
    CHECK(a.highest(0.7).sum_squares == b.highest(0.7).sum_squares);
    CHECK(a.count() == b.count());
    CHECK(a.sum() == b.sum());
    CHECK(a.min() == b.min());
    CHECK(a.max() == b.max());
    CHECK(a.squared_deviations() == b.squared_deviations());
}

} // namespace

TEST_CASE("ckms: answers what statsite answers", "[sketch][ckms]") {
    for (const auto& run : runs) {
        basic_ckms<four_targets> sketch;
        for (int value = run.first; value <= run.last; ++value)
            sketch.record(value);
        sketch.settle();
        for (std::size_t i = 0; i < run.answers.size(); ++i)
            CHECK(sketch.quantile(four_targets::quantiles[i]) == run.answers[i]);
    }
}

TEST_CASE("ckms: keeps and answers what statsite does, of random values as well",
          "[sketch][ckms]") {
    for (const auto& run : random_runs) {
        basic_ckms<four_targets> sketch;
        generator random(static_cast<std::uint64_t>(run.count));
        for (int i = 0; i < run.count; ++i)
            sketch.record(static_cast<double>(random.below(run.range)) + run.lowest);
        sketch.settle();
        CHECK(sketch.size() == run.kept);
        for (std::size_t i = 0; i < asked.size(); ++i)
            CHECK(sketch.quantile(asked[i]) == run.answers[i]);
    }
}

TEST_CASE("ckms: the targets are as near as promised, whatever the order", "[sketch][ckms]") {
    constexpr std::size_t count = 5000;
    auto ascending = shuffled(count, 1);
    std::sort(ascending.begin(), ascending.end());
    const std::vector<double> descending(ascending.rbegin(), ascending.rend());
    std::vector<double> alternating;
    for (std::size_t i = 0; i < count / 2; ++i)
        alternating.insert(alternating.end(), {ascending[i], descending[i]});
    for (const auto& values :
         {shuffled(count, 2), shuffled(count, 3), ascending, descending, alternating}) {
        const auto sketch = settled(values);
        CHECK(worst_error(sketch) <= 0.01);
        CHECK(sketch.size() < 300);
    }
}

TEST_CASE("ckms: negative values are as near", "[sketch][ckms]") {
    ckms sketch;
    for (const double value : shuffled(3000, 4))
        sketch.record(value - 2000);
    sketch.settle();
    for (const double q : statsite_targets::quantiles)
        CHECK(std::abs((sketch.quantile(q) + 2000) / 3000 - q) <= 0.01);
    CHECK(sketch.quantile(0) == -1999);
    CHECK(sketch.quantile(1) == 1000);
}

TEST_CASE("ckms: nothing in, nothing out", "[sketch][ckms]") {
    ckms empty;
    empty.settle();
    CHECK(empty.count() == 0);
    CHECK(empty.min() == 0);
    CHECK(empty.quantile(0.5) == 0);
    CHECK(empty.median() == 0);
    CHECK(empty.lowest(0.5).count == 0);
    CHECK(empty.highest(0.5).count == 0);
    CHECK(empty.squared_deviations() == 0);
    empty.merge(ckms{});
    CHECK(bytes_of(empty) == std::string(8, '\0'));
}

TEST_CASE("ckms: quantiles rise from the minimum to the maximum", "[sketch][ckms]") {
    for (const std::size_t count : {1U, 2U, 30U, 1000U, 4000U}) {
        const auto sketch = settled(shuffled(count, count));
        CHECK(sketch.quantile(0) == 1);
        CHECK(sketch.quantile(1) == static_cast<double>(count));
        double last = 1;
        for (int step = 0; step <= 1000; ++step) {
            const double value = sketch.quantile(step / 1000.0);
            if (value < last)
                FAIL_CHECK("quantile " << step / 1000.0 << " of " << count << " is " << value);
            last = value;
        }
    }
}

TEST_CASE("ckms: a weight stands for as many values", "[sketch][ckms]") {
    ckms sketch;
    sketch.record(1);
    sketch.record(2, 1000);
    sketch.record(3, 2.4);
    sketch.record(4, 0.2); // one, as there is no less
    sketch.settle();
    CHECK(sketch.count() == 1003.6);
    CHECK(sketch.sum() == Approx(2009));
    for (const double q : {0.01, 0.1, 0.5, 0.9, 0.95, 0.98})
        CHECK(sketch.quantile(q) == 2);
    CHECK(sketch.quantile(1) == 4);
    CHECK(sketch.lowest(1).count == 1004);
    CHECK(sketch.lowest(0.5).sum == 1 + 2 * 501);

    generator random(5);
    ckms weighted;
    ckms repeated;
    for (const double value : shuffled(1000, 6)) {
        const auto weight = 1 + random.below(9);
        weighted.record(value, static_cast<double>(weight));
        for (std::uint64_t times = 0; times < weight; ++times)
            repeated.record(value);
    }
    weighted.settle();
    repeated.settle();
    CHECK(weighted.count() == repeated.count());
    CHECK(weighted.sum() == repeated.sum());
    CHECK(weighted.squared_deviations() == Approx(repeated.squared_deviations()).epsilon(1e-12));
    for (const double q : statsite_targets::quantiles)
        CHECK(std::abs(weighted.quantile(q) - repeated.quantile(q)) < 2 * 0.01 * 1000);
}

TEST_CASE("ckms: merged into an empty one it goes on as it would have", "[sketch][ckms]") {
    ckms whole;
    ckms part;
    generator random(7);
    for (int i = 0; i < 3000; ++i) {
        const double value = static_cast<double>(random.below(1000));
        whole.record(value);
        part.record(value);
        if (i == 1777) {
            ckms copy;
            copy.merge(part);
            part = std::move(copy);
        }
    }
    whole.settle();
    part.settle();
    CHECK(part.size() == whole.size());
    for (const double q : asked)
        CHECK(part.quantile(q) == whole.quantile(q));
}

TEST_CASE("ckms: its targets may be told at run time", "[sketch][ckms]") {
    struct told {
        double error = 0.5;
        std::vector<double> quantiles{};
    };
    for (const auto& run : runs) {
        basic_ckms<told> sketch({0.01, {0.5, 0.9, 0.95, 0.99}});
        for (int value = run.first; value <= run.last; ++value)
            sketch.record(value);
        sketch.settle();
        for (std::size_t i = 0; i < run.answers.size(); ++i)
            CHECK(sketch.quantile(four_targets::quantiles[i]) == run.answers[i]);
    }
}

TEST_CASE("ckms: parts merge to what is as near, and as small", "[sketch][ckms]") {
    for (const bool alike : {true, false}) {
        const auto values = shuffled(6000, 7);
        std::array<ckms, 6> parts;
        for (std::size_t i = 0; i < values.size(); ++i) // some of all values, or a range of them
            parts[alike ? i % 6 : static_cast<std::size_t>(values[i] - 1) / 1000].record(values[i]);
        ckms merged;
        for (const auto& part : parts)
            merged.merge(part);
        merged.settle();
        CHECK(merged.count() == 6000);
        CHECK(merged.sum() == 6000 * 6001 / 2);
        CHECK(merged.squared_deviations() ==
              Approx(6000 * (6000.0 * 6000 - 1) / 12).epsilon(1e-12));
        CHECK(worst_error(merged) <= (alike ? 0.01 : 0.02));
        CHECK(merged.size() < 350);
        CHECK(merged.quantile(0) == 1);
        CHECK(merged.quantile(1) == 6000);
    }
}

TEST_CASE("ckms: few values lose nothing in a merge, in whatever order", "[sketch][ckms]") {
    generator random(8);
    for (int round = 0; round < 100; ++round) {
        const auto values = shuffled(1 + random.below(40), random.next());
        std::array<ckms, 3> parts;
        for (const double value : values)
            parts[random.below(3)].record(value);
        for (const std::size_t first : {0U, 1U, 2U}) {
            ckms merged;
            for (std::size_t i = 0; i < 3; ++i)
                merged.merge(parts[(first + i) % 3]);
            merged.settle();
            CHECK(merged.size() == values.size());
            for (int step = 1; step <= 20; ++step)
                CHECK(merged.quantile(step / 20.0) == settled(values).quantile(step / 20.0));
        }
    }
}

TEST_CASE("ckms: merging nothing changes nothing", "[sketch][ckms]") {
    auto full = settled(shuffled(500, 9));
    const auto before = full;
    full.merge(ckms{});
    check_same(full, before);
}

TEST_CASE("ckms: goes on after a reading and after a merge", "[sketch][ckms]") {
    ckms sketch;
    const auto values = shuffled(3000, 10);
    ckms other;
    for (std::size_t i = 0; i < values.size(); ++i) {
        (i % 3 == 0 ? other : sketch).record(values[i]);
        if (i % 500 == 250)
            sketch.settle();
        if (i % 500 == 499) {
            sketch.merge(other);
            other.clear();
        }
    }
    sketch.settle();
    CHECK(sketch.count() == 3000);
    CHECK(worst_error(sketch) <= 0.015);
}

TEST_CASE("ckms: a part and the rest are the whole", "[sketch][ckms]") {
    const auto sketch = settled(shuffled(1000, 11));
    const auto all = sketch.lowest(1);
    CHECK(all.count == 1000);
    CHECK(all.boundary == 1000);
    CHECK(all.sum == Approx(sketch.sum()).epsilon(0.03));
    for (const double share : {0.001, 0.25, 0.5, 0.95}) {
        const auto low = sketch.lowest(share);
        const auto high = sketch.highest(1 - share);
        CHECK(low.count == std::round(share * 1000));
        CHECK(low.count + high.count == 1000);
        CHECK(low.sum + high.sum == all.sum);
        CHECK(low.sum_squares + high.sum_squares == all.sum_squares);
        CHECK(low.boundary <= high.boundary);
    }
    CHECK(sketch.lowest(0).count == 1);
    CHECK(sketch.highest(0).boundary == 1000);
    CHECK(settled(shuffled(100, 12)).lowest(0.07).count == 7); // 0.07 × 100 is more in binary
}

TEST_CASE("ckms: deviations do not cancel out", "[sketch][ckms]") {
    CHECK(settled({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}).squared_deviations() == 90);
    CHECK(settled({42}).squared_deviations() == 0);
    ckms weighted;
    for (const double value : {2, 4, 12})
        weighted.record(value, 10);
    CHECK(weighted.squared_deviations() == Approx(560));
}

TEST_CASE("ckms: numbers at the end of their range stay numbers", "[sketch][ckms]") {
    constexpr double most = std::numeric_limits<double>::max();
    ckms sketch;
    for (const double value : {most, -most, most, most})
        sketch.record(value, 1e300);
    ckms other = sketch;
    other.record(-most, 5);
    sketch.merge(other);
    sketch.settle();
    CHECK(sketch.max() == most);
    CHECK(sketch.min() == -most);
    CHECK(sketch.sum() == sketch.sum());
    CHECK(sketch.squared_deviations() == most);
    ckms copy;
    const auto bytes = bytes_of(sketch);
    byte_reader from(bytes);
    CHECK(copy.read(from));
    CHECK(bytes_of(copy) == bytes);
}

TEST_CASE("ckms: a sketch that was cleared is as good as new, and allocates nothing to fill",
          "[sketch][ckms]") {
    const auto values = shuffled(1000, 13);
    auto sketch = settled(values);
    sketch.clear();
    check_same(sketch, ckms{});
    const auto before = allocations();
    for (const double value : values)
        sketch.record(value);
    sketch.settle();
    CHECK(allocations() == before);
    check_same(sketch, settled(values));
}

TEST_CASE("ckms: what is written reads back equal", "[sketch][ckms]") {
    for (const std::size_t count : {0U, 1U, 2U, 77U, 3000U}) {
        ckms sketch;
        for (const double value : shuffled(count, 14))
            sketch.record(value, 1.5);
        const auto bytes = bytes_of(sketch); // not settled, but written as if it were
        sketch.settle();
        CHECK(bytes_of(sketch) == bytes);
        auto copy = settled(shuffled(50, 15));
        byte_reader from(bytes);
        CHECK(copy.read(from));
        CHECK(from.left() == 0);
        check_same(copy, sketch);
        for (const double value : shuffled(500, 16))
            copy.record(value);
        copy.settle();
        CHECK(copy.count() == static_cast<double>(count) * 1.5 + 500);
    }
}

TEST_CASE("ckms: hostile bytes are refused, or are what is written", "[sketch][ckms]") {
    generator random(17);
    const auto check = [](const std::string& bytes) {
        auto sketch = settled({1, 2, 3});
        byte_reader from(bytes);
        if (sketch.read(from)) {
            CHECK(bytes_of(sketch) == bytes.substr(0, bytes.size() - from.left()));
            sketch.merge(settled(shuffled(20, 18)));
            sketch.record(5);
            sketch.settle();
            CHECK(sketch.quantile(0.5) <= sketch.max());
        } else {
            CHECK(bytes_of(sketch) == bytes_of(ckms{}));
        }
    };
    for (int round = 0; round < 300; ++round) {
        auto bytes = bytes_of(settled(shuffled(random.below(8), random.next())));
        check(bytes);
        if (random.one_in(4))
            bytes.resize(random.below(bytes.size() + 1));
        for (auto changes = random.below(4); changes > 0 && !bytes.empty(); --changes)
            bytes[random.below(bytes.size())] = static_cast<char>(random.next());
        check(bytes);
    }
}

TEST_CASE("ckms: numbers that no sketch has are not read", "[sketch][ckms]") {
    const auto bytes = bytes_of(settled({1, 2, 3}));
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    // Five moments and the deviations stand in front.
    struct change {
        std::size_t place;
        double number;
        bool possible;
    };
    for (const auto& [place, number, possible] : {change{0, 0.5, true},
                                                  {0, 0, false},
                                                  {1, nothing, false},
                                                  {3, 0.5, false}, // the lowest is 1
                                                  {3, 2, false},
                                                  {4, 4, false}, // the highest is 3
                                                  {5, infinite, true},
                                                  {5, 0, true},
                                                  {5, -0.0, false},
                                                  {5, -1, false},
                                                  {5, nothing, false}}) {
        std::string changed = bytes.substr(0, place * 8);
        byte_writer(changed).number(number);
        changed += bytes.substr(changed.size());
        ckms sketch;
        byte_reader from(changed);
        INFO("number " << place << " is " << number);
        CHECK((sketch.read(from) && from.left() == 0) == possible);
    }
}

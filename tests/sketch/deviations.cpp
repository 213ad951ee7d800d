#include <quipu/sketch/deviations.hpp>

#include <quipu/core/byte_codec.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

using namespace quipu;

static_assert(std::is_trivially_copyable_v<deviations>);
static_assert(sizeof(deviations) == 24);

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double huge = std::numeric_limits<double>::max();

/// The deviations, and the number that is kept beside them.
struct counted {
    deviations sum{};
    double count = 0;

    constexpr void record(double value) {
        sum.record(value, count == 0);
        count += 1;
    }
    constexpr void record(double value, double weight) {
        sum.record(value, weight, count == 0);
        count += weight;
    }
    constexpr void merge(const counted& other) {
        sum.merge(other.sum, count, other.count);
        count += other.count;
    }
    [[nodiscard]] constexpr double squared() const { return sum.squared(count); }
};

constexpr counted of(std::initializer_list<double> values, double weight = 1) {
    counted all;
    for (const double value : values)
        all.record(value, weight);
    return all;
}

constexpr double squared(std::initializer_list<double> values, double weight = 1) {
    return of(values, weight).squared();
}

/// The same in two passes, summed without loss that would matter.
double reference(const std::vector<double>& values) {
    std::vector<double> rest = values;     // less their mean, at last
    for (int pass = 0; pass < 3; ++pass) { // what a pass rounds off the next one adds
        double sum = 0;
        for (const double value : rest)
            sum += value;
        const double step = sum / static_cast<double>(values.size());
        for (double& value : rest)
            value -= step;
    }
    for (double& value : rest)
        value *= value;
    std::sort(rest.begin(), rest.end());
    double sum = 0;
    for (const double square : rest)
        sum += square;
    return sum;
}

std::string bytes_of(std::initializer_list<double> numbers) {
    std::string bytes;
    byte_writer out(bytes);
    for (const double number : numbers)
        out.number(number);
    return bytes;
}

bool reads(std::initializer_list<double> numbers) {
    counted all = of({1, 2});
    const auto bytes = bytes_of(numbers);
    byte_reader from(bytes);
    const bool sound = all.sum.read(from);
    CHECK(all.squared() >= 0);
    CHECK((sound || all.squared() == 0));
    return sound;
}

} // namespace

TEST_CASE("deviations: the squares of the distances from the mean add up", "[sketch][deviations]") {
    STATIC_REQUIRE(squared({}) == 0);
    STATIC_REQUIRE(squared({42}) == 0);
    STATIC_REQUIRE(squared({2, 4, 12}) == 56);
    STATIC_REQUIRE(squared({2, 4, 12}, 10) == 560);
    STATIC_REQUIRE(squared({2, 4, 12}, 0.5) == 28);
    STATIC_REQUIRE(squared({-1, 1, -1, 1}) == 4);
    STATIC_REQUIRE(squared({0.1, 0.1, 0.1}) == 0);
    STATIC_REQUIRE([] {
        counted all;
        for (const double value : {2, 4, 12})
            all.record(value);
        return all.squared() == 56;
    }());
}

TEST_CASE("deviations: large numbers near each other do not cancel out", "[sketch][deviations]") {
    STATIC_REQUIRE(squared({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) == 90);
    STATIC_REQUIRE(squared({-1e15 + 4, -1e15 + 7, -1e15 + 13, -1e15 + 16}) == 90);
    counted parts = of({1e9 + 4, 1e9 + 13});
    parts.merge(of({1e9 + 7, 1e9 + 16}));
    CHECK(parts.squared() == 90);
}

TEST_CASE("deviations: the error is no more than promised", "[sketch][deviations]") {
    generator random(1);
    for (int round = 0; round < 200; ++round) {
        const double center =
            std::ldexp(static_cast<double>(random.below(1000)), static_cast<int>(random.below(40)));
        std::vector<double> values(2 + random.below(2000));
        for (double& value : values)
            value = center + static_cast<double>(random.below(1'000'000)) / 1000;
        if (random.one_in(4))
            values[0] = center + 1e6; // an outlier comes first
        counted all;
        std::array<counted, 3> parts;
        for (const double value : values) {
            all.record(value);
            parts[random.below(3)].record(value);
        }
        counted merged;
        for (const counted& part : parts)
            merged.merge(part);
        const double right = reference(values);
        const auto size = static_cast<double>(values.size());
        double mean = 0;
        for (const double value : values)
            mean += value / size;
        const double first = (values[0] - mean) * (values[0] - mean) * size / right;
        const double margin = right * size * (1 + first) * 0x1p-53;
        CHECK(std::abs(all.squared() - right) <= margin);
        CHECK(first <= size);
        CHECK(merged.squared() == Approx(right).epsilon(1e-11));
    }
}

TEST_CASE("deviations: a merge is all values together", "[sketch][deviations]") {
    counted all = of({3, -1});
    all.merge(of({5}, 2));
    CHECK(all.squared() == Approx(squared({3, -1, 5, 5})));
    const double before = all.squared();
    all.merge(counted{});
    CHECK(all.squared() == before);
    counted other;
    other.merge(all);
    CHECK(other.squared() == before);
    other.record(10);
    CHECK(other.squared() == Approx(squared({3, -1, 5, 5, 10})));
    other.sum.clear();
    other.count = 0;
    CHECK(other.squared() == 0);
}

TEST_CASE("deviations: what is too large for a double is infinite, and never NaN",
          "[sketch][deviations]") {
    CHECK(squared({huge, -huge}) == inf);
    CHECK(squared({huge, -huge, huge}) == inf);
    CHECK(squared({0, 1e200}) == inf);
    CHECK(squared({huge, huge}) == 0);
    counted all = of({-huge, huge});
    all.merge(of({1, 2}));
    CHECK(all.squared() == inf);
    counted other = of({1, 2});
    other.merge(all);
    CHECK(other.squared() == inf);
    other.record(3);
    CHECK(other.squared() == inf);
    counted apart = of({huge});
    apart.merge(of({-huge}));
    CHECK(apart.squared() == inf);
    counted infinitely_many = of({1, 2}, huge);
    infinitely_many.merge(of({5, 9}, huge));
    CHECK(infinitely_many.squared() == infinitely_many.squared());
}

TEST_CASE("deviations: what was written is read", "[sketch][deviations]") {
    for (const counted& all :
         {counted{}, of({3}), of({3, -1, 5}), of({0.1, 0.7}, 0.3), of({huge, -huge, 1, 2})}) {
        std::string bytes;
        byte_writer out(bytes);
        all.sum.write(out);
        CHECK(bytes.size() == 24);
        counted back = of({7, 8});
        byte_reader from(bytes);
        REQUIRE(back.sum.read(from));
        back.count = all.count;
        CHECK(back.squared() == all.squared());
        std::string again;
        byte_writer out_again(again);
        back.sum.write(out_again);
        CHECK(again == bytes);
        back.record(1);
        CHECK(back.squared() == back.squared());
    }
}

TEST_CASE("deviations: what no values lead to is not read", "[sketch][deviations]") {
    CHECK(reads({1, 2, 3}));
    CHECK(reads({-1, -2, 0}));
    CHECK(reads({0, 0, inf}));
    CHECK_FALSE(reads({}));
    CHECK_FALSE(reads({1, 2}));
    CHECK_FALSE(reads({1, 2, -3}));
    CHECK_FALSE(reads({1, 2, -0.0}));
    CHECK_FALSE(reads({1, 2, inf}));
    CHECK_FALSE(reads({-0.0, 0, inf}));
    CHECK_FALSE(reads({0, -0.0, inf}));
    CHECK_FALSE(reads({inf, 0, 1}));
    CHECK_FALSE(reads({0, inf, 1}));
    CHECK_FALSE(reads({not_a_number, 0, 1}));
    CHECK_FALSE(reads({0, not_a_number, 1}));
    CHECK_FALSE(reads({0, 0, not_a_number}));
}

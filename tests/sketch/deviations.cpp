#include <quipu/sketch/deviations.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

/// The deviations of values and how many they are, as a sketch keeps them together.
struct counted {
    deviations sums{};
    double count = 0;

    void record(double value) {
        sums.record(value, count == 0);
        ++count;
    }
    void record(double value, double weight) {
        sums.record(value, weight, count == 0);
        count += weight;
    }
    void merge(const counted& other) {
        sums.merge(other.sums, count, other.count);
        count += other.count;
    }
    [[nodiscard]] double squared() const { return sums.squared(count); }
};

/// In two passes, with more bits.
double squared_by_definition(const std::vector<double>& values) {
    long double mean = 0;
    for (const double value : values)
        mean += static_cast<long double>(value);
    mean /= static_cast<long double>(values.size());
    long double sum = 0;
    for (const double value : values)
        sum += (static_cast<long double>(value) - mean) * (static_cast<long double>(value) - mean);
    return static_cast<double>(sum);
}

std::vector<double> draw(generator& random, double offset, double spread) {
    std::vector<double> values(2 + random.below(500));
    for (double& one : values)
        one = offset + spread * (static_cast<double>(random.below(2000)) - 1000) / 1000;
    return values;
}

} // namespace

TEST_CASE("deviations: are those from the mean, however far it is from zero", "[sketch]") {
    generator random(1);
    for (const double offset : {0.0, 1.0, -1e3, 1e9, 1e15}) {
        for (int round = 0; round < 50; ++round) {
            const auto values = draw(random, offset, 10);
            counted all;
            for (const double value : values)
                all.record(value);
            CHECK(all.squared() == Approx(squared_by_definition(values)).epsilon(1e-10));
        }
    }
}

TEST_CASE("deviations: parts merge to the whole, in any order", "[sketch]") {
    generator random(2);
    for (int round = 0; round < 200; ++round) {
        const auto values = draw(random, 1e6, 1);
        std::vector<counted> parts(1 + random.below(6));
        for (const double value : values)
            parts[random.below(parts.size())].record(value);
        counted forwards;
        counted backwards;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            forwards.merge(parts[i]);
            backwards.merge(parts[parts.size() - 1 - i]);
        }
        CHECK(forwards.squared() == Approx(squared_by_definition(values)).epsilon(1e-9));
        CHECK(backwards.squared() == Approx(forwards.squared()).epsilon(1e-9));
    }
}

TEST_CASE("deviations: a weight is as many repetitions", "[sketch]") {
    generator random(3);
    counted weighted;
    counted repeated;
    for (int i = 0; i < 100; ++i) {
        const double value = 500 + static_cast<double>(random.below(100));
        const auto weight = 1 + random.below(5);
        weighted.record(value, static_cast<double>(weight));
        for (std::uint64_t times = 0; times < weight; ++times)
            repeated.record(value);
    }
    CHECK(weighted.squared() == Approx(repeated.squared()).epsilon(1e-12));
}

TEST_CASE("deviations: of one value, or of equal ones, there are none", "[sketch]") {
    counted one;
    CHECK(one.squared() == 0);
    for (int i = 0; i < 100; ++i) {
        one.record(0.1);
        CHECK(one.squared() == 0);
    }
}

TEST_CASE("deviations: what is beyond a double is infinite", "[sketch]") {
    counted far;
    far.record(1e300);
    far.record(-1e300);
    CHECK(far.squared() == std::numeric_limits<double>::infinity());
    counted near;
    near.record(1);
    near.merge(far);
    CHECK(near.squared() == std::numeric_limits<double>::infinity());
}

TEST_CASE("deviations: what was written is read", "[sketch]") {
    generator random(4);
    for (const double scale : {1.0, 1e-3, 1e300}) {
        counted all;
        for (int i = 0; i < 50; ++i)
            all.record(scale * static_cast<double>(random.below(100)));
        std::string bytes;
        byte_writer out(bytes);
        all.sums.write(out);
        CHECK(bytes.size() == 24);
        deviations back;
        byte_reader in(bytes);
        REQUIRE(back.read(in));
        CHECK(back.squared(all.count) == all.squared());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            byte_reader cut(std::string_view(bytes).substr(0, size));
            CHECK_FALSE(back.read(cut));
            CHECK(back.squared(1) == 0);
        }
        for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
            std::string changed = bytes.substr(0, 16);
            byte_writer wrong(changed);
            wrong.number(bad);
            byte_reader from(changed);
            CHECK_FALSE(back.read(from));
        }
    }
}

#include <quipu/sketch/bound_policy.hpp>

#include <quipu/sketch/exact.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace quipu;

namespace {

struct without_place {
    [[maybe_unused]] static constexpr bool samples = false;
    static void write(byte_writer&) noexcept {}
    static void read(byte_reader&) noexcept {}
};
static_assert(!value_bound_policy<without_place>);
static_assert(!value_bound_policy<int>);

constexpr std::size_t kept = 100;
using first_ones = basic_exact<kept>;
template <std::uint64_t Seed>
using sampled = basic_exact<kept, bound_policy::reservoir<Seed>>;

template <class Sketch>
Sketch sketch_of(int from, int to, double weight = 1) {
    Sketch sketch;
    for (int i = from; i < to; ++i)
        sketch.record(i, weight);
    return sketch;
}

/// How often each tenth of 0 to 999 is among what is kept, over the seeds.
struct shares {
    std::vector<int> counts = std::vector<int>(10);
    int sketches = 0;

    template <class Sketch>
    void add(const Sketch& sketch) {
        for (const double value : sketch.values())
            ++counts[static_cast<std::size_t>(value) / 100];
        ++sketches;
    }
    /// The largest distance from the expected number, in its standard deviations.
    [[nodiscard]] double deviation() const {
        double most = 0;
        for (const int count : counts) {
            const double expected = 10.0 * sketches;
            // Of 1000 values 100 are drawn, without putting back.
            const double variance = 100 * 0.1 * 0.9 * (900.0 / 999) * sketches;
            most = std::max(most, std::abs(count - expected) / std::sqrt(variance));
        }
        return most;
    }
};

template <std::uint64_t... Seeds>
void with_seeds(std::integer_sequence<std::uint64_t, Seeds...>, auto&& f) {
    (f.template operator()<sampled<Seeds + 1>>(), ...);
}
constexpr std::make_integer_sequence<std::uint64_t, 40> seeds{};

} // namespace

TEST_CASE("bound policy: the first values stay, or all have the same chance", "[sketch]") {
    const auto first = sketch_of<first_ones>(0, 1000);
    for (std::size_t i = 0; i < kept; ++i)
        CHECK(first.values()[i] == static_cast<double>(i));
    shares found;
    with_seeds(seeds, [&]<class Sketch>() {
        const auto sketch = sketch_of<Sketch>(0, 1000);
        CHECK(sketch.values().size() == kept);
        CHECK(sketch.dropped() == 900);
        CHECK(sketch.count() == 1000);
        CHECK(sketch.max() == 999);
        found.add(sketch);
    });
    CHECK(found.deviation() < 4);
}

TEST_CASE("bound policy: samples merge to a sample", "[sketch]") {
    shares found;
    with_seeds(seeds, [&]<class Sketch>() {
        // One below the bound, one that saw many, the other order, and two below the bound.
        auto sketch = sketch_of<Sketch>(0, 60);
        sketch.merge(sketch_of<Sketch>(60, 700));
        sketch.merge(sketch_of<Sketch>(700, 790));
        sketch.merge(sketch_of<Sketch>(790, 1000));
        CHECK(sketch.values().size() == kept);
        CHECK(sketch.dropped() == 900);
        CHECK(sketch.count() == 1000);
        CHECK(sketch.sum() == 499'500);
        found.add(sketch);
    });
    CHECK(found.deviation() < 4);
    auto few = sketch_of<sampled<1>>(0, 50);
    few.merge(sketch_of<sampled<1>>(50, 100));
    few.settle();
    CHECK(few.dropped() == 0);
    CHECK(few.quantile(0.5) == 49);
}

TEST_CASE("bound policy: values that are put out take their weights along", "[sketch]") {
    sampled<3> sketch;
    for (int i = 0; i < 1000; ++i)
        sketch.record(i, i < 500 ? 1 : 4);
    sketch.merge(sketch_of<sampled<3>>(0, 300, 1));
    for (std::size_t i = 0; i < kept; ++i)
        CHECK(sketch.weight(i) == (sketch.values()[i] < 500 ? 1 : 4));
    CHECK(sketch.count() == 2800);
}

TEST_CASE("bound policy: a sample stands for all, weights included", "[sketch]") {
    constexpr std::size_t sample = 2000;
    basic_exact<sample, bound_policy::reservoir<>> sketch;
    exact all;
    for (int i = 0; i < 100'000; ++i) {
        const double value = i * 7919 % 100'000;
        const double weight = value < 50'000 ? 1 : 3;
        sketch.record(value, weight);
        all.record(value, weight);
    }
    sketch.settle();
    all.settle();
    CHECK(sketch.count() == 200'000);
    CHECK(sketch.lowest(1).count == 200'000);
    CHECK(sketch.lowest(1).sum == all.sum());
    CHECK(sketch.quantile(1) == 99'999);
    for (const double q : {0.05, 0.25, 0.5, 0.75, 0.95, 0.99}) {
        // Four standard deviations of the rank, which heavy values make up to twice as large.
        const double margin = 2 * 4 * std::sqrt(q * (1 - q) / sample);
        CHECK(sketch.quantile(q) >= all.quantile(std::max(q - margin, 0.0)));
        CHECK(sketch.quantile(q) <= all.quantile(std::min(q + margin, 1.0)));
        CHECK(sketch.lowest(q).count == Approx(q * 200'000).epsilon(0.01));
        CHECK(sketch.lowest(q).sum == Approx(all.lowest(q).sum).epsilon(0.15));
    }
    CHECK(sketch.squared_deviations() == Approx(all.squared_deviations()).epsilon(0.1));
}

TEST_CASE("bound policy: a place is any below the number, and there is one for any number",
          "[sketch]") {
    bound_policy::reservoir<> policy;
    std::vector<int> counts(10);
    for (int i = 0; i < 100'000; ++i)
        ++counts.at(policy.place(10));
    for (const int count : counts)
        CHECK(std::abs(count - 10'000) < 4 * 95);
    CHECK(policy.place(1) == 0);
    CHECK(policy.place(0) == 0);
    CHECK(bound_policy::keep_first::place(5) >= 5);
}

TEST_CASE("bound policy: a sample that was read goes on as the one that was written", "[sketch]") {
    auto sketch = sketch_of<sampled<5>>(0, 500);
    std::string bytes;
    byte_writer out(bytes);
    sketch.write(out);
    sampled<5> back;
    byte_reader in(bytes);
    REQUIRE(back.read(in));
    for (int i = 0; i < 500; ++i) {
        sketch.record(i);
        back.record(i);
    }
    CHECK(back.values() == sketch.values());
}

#include <quipu/sketch/bound_policy.hpp>

#include <quipu/sketch/exact.hpp>

#include "support/catch.hpp"

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

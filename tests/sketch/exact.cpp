#include <quipu/sketch/exact.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<exact>);

namespace {

exact settled(std::initializer_list<double> values, double weight = 1) {
    exact sketch;
    for (const double value : values)
        sketch.record(value, weight);
    sketch.settle();
    return sketch;
}

exact one_to(int last) {
    exact sketch;
    for (int value = last; value > 0; --value)
        sketch.record(value);
    sketch.settle();
    return sketch;
}

/// The byte form, made by hand.
struct encoded {
    double count = 2;
    double min = 3;
    double max = 4;
    std::uint64_t dropped = 0;
    std::uint8_t weighted = 0;
    std::vector<double> numbers = {4, 3};

    template <class Sketch = exact>
    [[nodiscard]] bool reads() const {
        std::string bytes;
        byte_writer out(bytes);
        for (const double number : {count, 7.0, 25.0, min, max})
            out.number(number);
        out.count(dropped);
        out.byte(weighted);
        out.count(weighted == 0 ? numbers.size() : numbers.size() / 2);
        for (const double number : numbers)
            out.number(number);
        Sketch sketch;
        byte_reader in(bytes);
        const bool sound = sketch.read(in);
        CHECK((sound || sketch.count() == 0));
        return sound;
    }
};

} // namespace

TEST_CASE("exact: a quantile is the value at the nearest rank", "[sketch][exact]") {
    const auto ten = one_to(10);
    CHECK(ten.quantile(0) == 1);
    CHECK(ten.quantile(0.1) == 1);
    CHECK(ten.quantile(0.100001) == 2);
    CHECK(ten.quantile(0.5) == 5);
    CHECK(ten.quantile(0.51) == 6);
    CHECK(ten.quantile(0.9) == 9);
    CHECK(ten.quantile(0.99) == 10);
    CHECK(ten.quantile(1) == 10);
}

TEST_CASE("exact: a percentage that is no binary number cuts where it says", "[sketch][exact]") {
    const auto hundred = one_to(100);
    for (int percent = 1; percent <= 100; ++percent) {
        CHECK(hundred.quantile(percent / 100.0) == percent);
        CHECK(hundred.highest(percent / 100.0).count == percent);
    }
}

TEST_CASE("exact: a quantile goes by weight", "[sketch][exact]") {
    exact sketch;
    sketch.record(2);
    sketch.record(1, 3);
    sketch.settle();
    CHECK(sketch.count() == 4);
    CHECK(sketch.sum() == 5);
    CHECK(sketch.quantile(0.75) == 1);
    CHECK(sketch.quantile(0.76) == 2);
}

TEST_CASE("exact: nothing in, nothing out", "[sketch][exact]") {
    const exact empty;
    CHECK(empty.count() == 0);
    CHECK(empty.min() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.quantile(0.5) == 0);
    CHECK(empty.median() == 0);
    CHECK(empty.lowest(0.5).count == 0);
    CHECK(empty.highest(0.5).count == 0);
    CHECK(empty.squared_deviations() == 0);
}

TEST_CASE("exact: the lowest and the highest are cut at a share", "[sketch][exact]") {
    const auto ten = one_to(10);
    const auto low = ten.lowest(0.9);
    CHECK(low.count == 9);
    CHECK(low.sum == 45);
    CHECK(low.sum_squares == 285);
    CHECK(low.boundary == 9);
    const auto high = ten.highest(0.2);
    CHECK(high.count == 2);
    CHECK(high.sum == 19);
    CHECK(high.sum_squares == 181);
    CHECK(high.boundary == 9);
    CHECK(ten.lowest(0).count == 1);
    CHECK(ten.lowest(0).boundary == 1);
    CHECK(ten.highest(0).boundary == 10);
    CHECK(ten.lowest(1).sum == 55);
    CHECK(ten.highest(1).boundary == 1);
}

TEST_CASE("exact: a cut through a heavy value takes whole events of it", "[sketch][exact]") {
    const auto ten = settled({3}, 10);
    CHECK(ten.lowest(0.9).count == 9);
    CHECK(ten.lowest(0.9).sum == 27);
    CHECK(ten.lowest(0.91).count == 10);
    // Half an event at the end is taken as it is.
    const auto fractional = settled({3}, 2.5);
    CHECK(fractional.lowest(0.4).count == 1);
    CHECK(fractional.lowest(0.8).count == 2);
    CHECK(fractional.lowest(0.9).count == 2.5);
    CHECK(fractional.lowest(0).count == 1);
    CHECK(settled({3}, 0.5).lowest(0).count == 0.5);
}

TEST_CASE("exact: the median of an even number is between the two", "[sketch][exact]") {
    CHECK(settled({7}).median() == 7);
    CHECK(settled({4, 1}).median() == 2.5);
    CHECK(settled({9, 1, 4}).median() == 4);
    CHECK(settled({1, 4, 9, 16}).median() == 6.5);
    CHECK(settled({5, 5, 5, 5}).median() == 5);
}

TEST_CASE("exact: a common sampling rate leaves the median where it is", "[sketch][exact]") {
    // Thirds and the like do not add up to the half exactly.
    for (int tenths = 1; tenths <= 10; ++tenths) {
        for (int count = 2; count <= 60; count += 2) {
            exact sketch;
            for (int value = 1; value <= count; ++value)
                sketch.record(value, 1 / (tenths / 10.0));
            sketch.settle();
            CHECK(sketch.median() == (count + 1) / 2.0);
        }
    }
}

TEST_CASE("exact: deviations do not cancel out", "[sketch][exact]") {
    CHECK(settled({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}).squared_deviations() == 90);
    CHECK(settled({2, 4, 12}).squared_deviations() == 56);
    CHECK(settled({2, 4, 12}, 10).squared_deviations() == 560);
    CHECK(settled({42}).squared_deviations() == 0);
}

TEST_CASE("exact: beyond the bound values count, but are not kept", "[sketch][exact]") {
    basic_exact<4> sketch;
    for (const double value : {4, 3, 2, 1})
        sketch.record(value);
    CHECK(sketch.dropped() == 0);
    sketch.record(100);
    sketch.record(-100, 2);
    sketch.settle();
    CHECK(sketch.dropped() == 2);
    CHECK(sketch.values() == std::vector<double>{1, 2, 3, 4});
    CHECK(sketch.count() == 7);
    CHECK(sketch.sum() == -90);
    CHECK(sketch.min() == -100);
    CHECK(sketch.max() == 100);
    CHECK(sketch.median() == 2.5);
    sketch.clear();
    CHECK(sketch.dropped() == 0);
    sketch.record(1);
    CHECK(sketch.values().size() == 1);
}

TEST_CASE("exact: beyond the bound the values kept stand for all", "[sketch][exact]") {
    basic_exact<4> sketch;
    for (const double value : {1, 2, 3, 4, 100, -100, 7, 8})
        sketch.record(value);
    sketch.settle();
    CHECK(sketch.lowest(0.5).count == 4);
    CHECK(sketch.lowest(0.5).sum == 2 * (1 + 2));
    CHECK(sketch.lowest(0.5).boundary == 2);
    CHECK(sketch.highest(0.25).count == 2);
    CHECK(sketch.highest(0.25).sum_squares == 2 * 16);
    CHECK(sketch.lowest(0.375).count == 3);
    CHECK(sketch.quantile(0) == -100); // the ends are known
    CHECK(sketch.quantile(1) == 100);
    CHECK(sketch.lowest(1).count == 8);
    CHECK(sketch.lowest(1).sum == 25);
    CHECK(sketch.highest(1).sum_squares == sketch.sum_squares());
    CHECK(sketch.highest(1).boundary == -100);
}

TEST_CASE("exact: where memory is refused, nothing has changed", "[sketch][exact]") {
    for (const double weight : {1.0, 2.0}) {
        for (std::size_t fails_at = 0; fails_at < 3; ++fails_at) {
            for (int size = 0; size < 9; ++size) {
                exact sketch = one_to(size);
                const exact other = settled({10, 20, 30, 40, 50, 60, 70, 80, 90}, weight);
                for (const bool merges : {true, false}) {
                    const auto before = bytes_of(sketch);
                    bool failed = false;
                    try {
                        const failing_allocation fails(fails_at);
                        merges ? sketch.merge(other) : sketch.record(5, weight);
                    } catch (const std::bad_alloc&) {
                        failed = true;
                    }
                    if (failed) {
                        exact copy;
                        REQUIRE(read_whole(copy, bytes_of(sketch)));
                        CHECK(copy.values() == sketch.values());
                        CHECK(copy.count() == sketch.count());
                        CHECK((bytes_of(sketch) == before || weight != 1));
                        merges ? sketch.merge(other) : sketch.record(5, weight);
                    }
                }
                CHECK(sketch.values().size() == static_cast<std::size_t>(size) + 10);
                CHECK(sketch.count() == size + 10 * weight);
            }
        }
    }
}

TEST_CASE("exact: a median between the largest numbers is one", "[sketch][exact]") {
    constexpr double huge = std::numeric_limits<double>::max();
    CHECK(settled({huge, huge}).median() == huge);
    CHECK(settled({-huge, huge}).median() == 0);
    constexpr double tiny = std::numeric_limits<double>::denorm_min();
    CHECK(settled({tiny, tiny}).median() == tiny);
}

TEST_CASE("exact: the values kept stand for those dropped in the deviations", "[sketch][exact]") {
    basic_exact<4> sketch;
    for (int times = 0; times < 3; ++times) {
        for (const double value : {1, 2, 3, 4})
            sketch.record(value);
    }
    sketch.settle();
    CHECK(sketch.dropped() == 8);
    CHECK(sketch.squared_deviations() == 15);
}

TEST_CASE("exact: a merge respects the bound and keeps the weights", "[sketch][exact]") {
    basic_exact<4> first;
    first.record(1);
    first.record(2);
    basic_exact<4> second;
    second.record(3, 5);
    second.record(4);
    second.record(5, 2);
    first.merge(second);
    CHECK(first.dropped() == 1);
    CHECK(first.count() == 10);
    CHECK(first.weight(1) == 1);
    CHECK(first.weight(2) == 5);
    CHECK(first.weight(3) == 1);
    second.merge(first);
    CHECK(second.dropped() == 4);
    CHECK(second.count() == 18);
    CHECK(second.min() == 1);
}

TEST_CASE("exact: a sketch that was cleared allocates nothing to fill again", "[sketch][exact]") {
    exact sketch;
    const auto fill = [&] {
        for (int value = 0; value < 1000; ++value)
            sketch.record(value, value % 2 == 0 ? 1 : 2);
    };
    fill();
    sketch.clear();
    const auto before = allocations();
    fill();
    CHECK(allocations() == before);
}

TEST_CASE("exact: bytes are read that values can have led to", "[sketch][exact]") {
    constexpr double inf = std::numeric_limits<double>::infinity();
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    CHECK(encoded{}.reads());
    CHECK_FALSE(encoded{.count = 3}.reads());
    CHECK_FALSE(encoded{.count = -2}.reads());
    CHECK_FALSE(encoded{.min = 2}.reads());
    CHECK_FALSE(encoded{.max = 5}.reads());
    CHECK_FALSE(encoded{.min = 3.5}.reads());
    CHECK_FALSE(encoded{.max = 3.5}.reads());
    CHECK_FALSE(encoded{.numbers = {3, not_a_number, 4}}.reads());
    CHECK_FALSE(encoded{.max = inf, .numbers = {3, inf}}.reads());
    CHECK_FALSE(encoded{.weighted = 2}.reads());

    CHECK(encoded{.count = 7.5, .weighted = 1, .numbers = {4, 3, 5, 2.5}}.reads());
    CHECK_FALSE(encoded{.count = inf, .weighted = 1, .numbers = {4, 3, 1e308, 1e308}}.reads());
    CHECK_FALSE(encoded{.count = 7.6, .weighted = 1, .numbers = {4, 3, 5, 2.5}}.reads());
    CHECK_FALSE(encoded{.count = 2, .weighted = 1, .numbers = {4, 3, 5, -3}}.reads());
    CHECK_FALSE(encoded{.count = inf, .weighted = 1, .numbers = {4, 3, 5, inf}}.reads());
    CHECK_FALSE(encoded{.count = 5, .weighted = 1, .numbers = {4, 3, 5, not_a_number}}.reads());

    // What was dropped may have been anything, but there is a full sketch before it.
    CHECK(encoded{.count = 9, .min = 1, .max = 5, .dropped = 3}.reads<basic_exact<2>>());
    CHECK_FALSE(encoded{.count = 1, .dropped = 3}.reads<basic_exact<2>>());
    CHECK_FALSE(encoded{.count = 9, .dropped = 3}.reads<basic_exact<3>>());
    CHECK_FALSE(encoded{}.reads<basic_exact<1>>());
    constexpr auto most = ~std::uint64_t{0};
    CHECK_FALSE(encoded{.count = 9, .dropped = most}.reads<basic_exact<2>>());
}

TEST_CASE("exact: a sketch is read into the storage that is there", "[sketch][exact]") {
    std::string bytes;
    byte_writer out(bytes);
    settled({1, 2, 3}, 2).write(out);
    auto sketch = settled({1, 2, 3}, 2);
    byte_reader in(bytes);
    const auto before = allocations();
    CHECK(sketch.read(in));
    CHECK(allocations() == before);
}

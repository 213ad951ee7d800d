#include <quipu/sketch/adaptive.hpp>

#include <quipu/core/byte_codec.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<adaptive<>>);
static_assert(sizeof(adaptive<>) <= 120);
static_assert(quantile_sketch<adaptive<8, exact>>); // any sketch may be the second

namespace {

/// The values of a whole number each from 1 on.
template <class Sketch = adaptive<8>>
Sketch one_to(int last, double weight = 1) {
    Sketch sketch;
    for (int value = last; value > 0; --value)
        sketch.record(value, weight);
    return sketch;
}

template <class Sketch>
void check_same_answers(const Sketch& a, const exponential_histogram<>& b) {
    CHECK(a.count() == b.count());
    CHECK(a.sum() == b.sum());
    CHECK(a.sum_squares() == b.sum_squares());
    CHECK(a.min() == b.min());
    CHECK(a.max() == b.max());
    CHECK(a.median() == b.median());
    CHECK(a.squared_deviations() == b.squared_deviations());
    for (int percent = 0; percent <= 100; ++percent) {
        const double q = percent / 100.0;
        CHECK(a.quantile(q) == b.quantile(q));
        CHECK(a.lowest(q).sum == b.lowest(q).sum);
        CHECK(a.highest(q).sum == b.highest(q).sum);
    }
}

} // namespace

TEST_CASE("adaptive: up to the bound all is exact", "[sketch][adaptive]") {
    auto sketch = one_to(8);
    sketch.settle();
    CHECK(sketch.keeps_values());
    CHECK(sketch.sketch() == nullptr);
    CHECK(sketch.values() == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(sketch.weight(3) == 1);
    CHECK(sketch.quantile(0.5) == 4);
    CHECK(sketch.quantile(0.51) == 5);
    CHECK(sketch.median() == 4.5);
    CHECK(sketch.lowest(0.75).sum == 21);
    CHECK(sketch.highest(0.25).sum == 15);
    CHECK(sketch.squared_deviations() == 42);
    CHECK(sketch.count() == 8);
    CHECK(sketch.sum() == 36);
    CHECK(sketch.sum_squares() == 204);
    CHECK(sketch.dropped() == 0);
}

TEST_CASE("adaptive: one value more moves them all into the sketch", "[sketch][adaptive]") {
    generator random(1);
    for (const double weight : {1.0, 3.0, 1 / 0.3}) {
        adaptive<8> sketch;
        exponential_histogram<> direct;
        for (int i = 0; i < 9; ++i) {
            CHECK(sketch.keeps_values());
            const double value = static_cast<double>(random.below(1000)) / 10 - 20;
            sketch.record(value, i % 2 == 0 ? weight : 1);
            direct.record(value, i % 2 == 0 ? weight : 1);
        }
        CHECK_FALSE(sketch.keeps_values());
        CHECK(sketch.values().empty());
        REQUIRE(sketch.sketch() != nullptr);
        sketch.settle();
        // It makes no difference that they were kept before.
        CHECK(bytes_of(*sketch.sketch()) == bytes_of(direct));
        check_same_answers(sketch, direct);
        sketch.record(5);
        direct.record(5);
        CHECK(bytes_of(*sketch.sketch()) == bytes_of(direct));
    }
}

TEST_CASE("adaptive: the number of values is what counts, not their weight", "[sketch][adaptive]") {
    CHECK(one_to(8, 100).keeps_values());
    CHECK_FALSE(one_to(9, 0.01).keeps_values());
}

TEST_CASE("adaptive: the default keeps 1,024 values", "[sketch][adaptive]") {
    STATIC_REQUIRE(adaptive<>::bound == 1024);
    CHECK(one_to<adaptive<>>(1024).keeps_values());
    CHECK_FALSE(one_to<adaptive<>>(1025).keeps_values());
    CHECK_FALSE(one_to<adaptive<1>>(2).keeps_values());
}

TEST_CASE("adaptive: merges across the border, in any order", "[sketch][adaptive]") {
    generator random(2);
    for (int round = 0; round < 200; ++round) {
        std::array<adaptive<8>, 4> parts;
        adaptive<8> whole;
        const auto size = 1 + random.below(16);
        for (std::uint64_t i = 0; i < size; ++i) {
            const double value = static_cast<double>(random.below(50));
            parts[random.one_in(2) ? 0 : random.below(4)].record(value);
            whole.record(value);
        }
        whole.settle();
        std::vector<std::size_t> order{0, 1, 2, 3};
        for (int times = 0; times < 4; ++times) {
            random.shuffle(order);
            adaptive<8> merged;
            for (const std::size_t part : order)
                merged.merge(parts[part]);
            merged.settle();
            CHECK(merged.keeps_values() == (size <= 8));
            CHECK(merged.values() == whole.values());
            CHECK(merged.sum() == whole.sum());
            for (int step = 0; step <= 20; ++step)
                CHECK(merged.quantile(step / 20.0) == whole.quantile(step / 20.0));
        }
    }
}

TEST_CASE("adaptive: adds its values to another sketch, wherever they are", "[sketch][adaptive]") {
    for (const int last : {3, 20}) {
        exponential_histogram<> direct;
        for (int value = last; value > 0; --value)
            direct.record(value, 2);
        exponential_histogram<> into;
        one_to(last, 2).merge_into(into);
        check_same_answers(into, direct);
    }
}

TEST_CASE("adaptive: a cleared one keeps values again, and allocates nothing to fill",
          "[sketch][adaptive]") {
    adaptive<8> sketch;
    const auto fill = [&sketch] {
        for (int value = 1; value < 100; ++value)
            sketch.record(value, value % 3 == 0 ? 2 : 1);
    };
    fill();
    sketch.clear();
    CHECK(sketch.keeps_values());
    CHECK(sketch.count() == 0);
    CHECK(sketch.quantile(0.5) == 0);
    const auto before = allocations();
    fill();
    CHECK(allocations() == before);
    const auto bytes = bytes_of(sketch);
    adaptive<8> fresh;
    std::swap(sketch, fresh);
    fill();
    CHECK(bytes_of(sketch) == bytes);
}

TEST_CASE("adaptive: a copy is of its own, and what was moved from can be used again",
          "[sketch][adaptive]") {
    for (const int last : {3, 20}) {
        auto sketch = one_to(last);
        auto copy = sketch;
        sketch.record(1000);
        CHECK(copy.max() == last);
        CHECK(copy.count() == last);
        copy = sketch;
        CHECK(copy.max() == 1000);
        copy = std::move(sketch);
        CHECK(copy.count() == last + 1);
        auto moved = std::move(copy);
        CHECK(moved.count() == last + 1);
        for (auto* const used : {&sketch, &copy}) {
            used->clear();
            CHECK(used->keeps_values());
            for (int value = 1; value <= last; ++value)
                used->record(value);
            CHECK(bytes_of(*used).size() == bytes_of(one_to(last)).size());
            CHECK(used->sum() == one_to(last).sum());
        }
    }
}

TEST_CASE("adaptive: a copy takes no storage that is not used", "[sketch][adaptive]") {
    auto sketch = one_to(20);
    sketch.clear();
    const auto before = allocations();
    const auto copy = sketch;
    CHECK(allocations() == before);
    CHECK(copy.keeps_values());
}

TEST_CASE("adaptive: an allocation that fails while they move loses no value",
          "[sketch][adaptive]") {
    for (std::size_t fails_at = 0; fails_at < 4; ++fails_at) {
        auto sketch = one_to(8);
        bool failed = false;
        {
            const failing_allocation fails(fails_at);
            try {
                sketch.record(9);
            } catch (const std::bad_alloc&) {
                failed = true;
            }
        }
        CHECK((failed || fails_at > 0));
        if (failed)
            sketch.record(9);
        CHECK(sketch.count() == 9);
        CHECK(sketch.sum() == 45);
        CHECK(sketch.sketch()->count() == 9);
    }
}

TEST_CASE("adaptive: a border between the sketches is read as well", "[sketch][adaptive]") {
    for (const int last : {0, 1, 8, 9, 100}) {
        for (const double weight : {1.0, 2.5}) {
            auto sketch = one_to(last, weight);
            const auto bytes = bytes_of(sketch);
            for (const int before : {0, 5, 50}) {
                auto back = one_to(before);
                REQUIRE(read_whole(back, bytes));
                CHECK(back.keeps_values() == (last <= 8));
                CHECK(bytes_of(back) == bytes);
                for (std::size_t size = 0; size < bytes.size(); ++size)
                    CHECK_FALSE(read_whole(back, std::string_view(bytes).substr(0, size)));
                CHECK(bytes_of(back) == bytes_of(adaptive<8>{}));
            }
        }
    }
}

TEST_CASE("adaptive: bytes that no values lead to are refused", "[sketch][adaptive]") {
    adaptive<8> sketch;
    const auto refuses = [&sketch](const std::string& bytes) {
        return !read_whole(sketch, bytes) && sketch.keeps_values() && sketch.count() == 0;
    };
    CHECK(refuses(""));
    CHECK(refuses("\2" + bytes_of(one_to(3)).substr(1)));
    CHECK(refuses("\1" + bytes_of(one_to(3)).substr(1)));
    CHECK(refuses(std::string(1, '\0') + bytes_of(one_to(30)).substr(1)));
    CHECK(refuses("\1" + bytes_of(exponential_histogram<>{}))); // who moves, has values
    CHECK(refuses(std::string(1, '\0') + bytes_of(one_to<basic_exact<9>>(9))));
    CHECK(refuses(std::string(1, '\0') + bytes_of(one_to<basic_exact<8>>(9)))); // one was dropped
    CHECK(read_whole(sketch, std::string(1, '\0') + bytes_of(one_to<basic_exact<9>>(8))));
    CHECK(read_whole(sketch, "\1" + bytes_of(one_to<exponential_histogram<>>(3))));
}

TEST_CASE("adaptive: what is beyond the second sketch's bound is dropped there",
          "[sketch][adaptive]") {
    adaptive<8, basic_exact<20>> sketch;
    for (int value = 1; value <= 30; ++value)
        sketch.record(value);
    sketch.settle();
    CHECK(sketch.dropped() == 10);
    CHECK(sketch.max() == 30);
    CHECK(sketch.quantile(0.99) == 20);
    sketch.clear();
    CHECK(sketch.dropped() == 0);
}

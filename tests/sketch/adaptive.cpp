#include <quipu/sketch/adaptive.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<adaptive<>>);

namespace {

using small = adaptive<16>;

small sketch_of(int count) {
    small sketch;
    for (int i = 1; i <= count; ++i)
        sketch.record(i);
    sketch.settle();
    return sketch;
}

} // namespace

TEST_CASE("adaptive: keeps every value up to the bound, and moves all with the next", "[sketch]") {
    const auto few = sketch_of(16);
    CHECK(few.keeps_values());
    CHECK(few.sketch() == nullptr);
    CHECK(few.values().size() == 16);
    CHECK(few.quantile(0.5) == 8);
    CHECK(few.median() == 8.5);
    const auto many = sketch_of(17);
    CHECK_FALSE(many.keeps_values());
    CHECK(many.values().empty());
    REQUIRE(many.sketch() != nullptr);
    CHECK(many.sketch()->count() == 17);
    CHECK(many.count() == 17);
    CHECK(many.sum() == 153);
    CHECK(many.min() == 1);
    CHECK(many.max() == 17);
    CHECK(std::abs(many.quantile(0.5) - 9) <= 9 * 0.005425);
    CHECK(many.dropped() == 0);
    CHECK(adaptive<>::bound == 1024);
}

TEST_CASE("adaptive: it makes no difference that the values were kept before", "[sketch]") {
    generator random(1);
    exponential_histogram<> direct;
    small sketch;
    for (int i = 0; i < 100; ++i) {
        const double value = std::exp(static_cast<double>(random.below(1000)) / 100);
        const double weight = static_cast<double>(1 + random.below(3));
        direct.record(value, weight);
        sketch.record(value, weight);
    }
    for (int percent = 0; percent <= 100; ++percent)
        CHECK(sketch.quantile(percent / 100.0) == direct.quantile(percent / 100.0));
}

TEST_CASE("adaptive: merges across the bound", "[sketch]") {
    for (const auto& [mine, theirs] : {std::pair(8, 8),
                                       std::pair(8, 9),
                                       std::pair(17, 3),
                                       std::pair(3, 17),
                                       std::pair(20, 20),
                                       std::pair(0, 16),
                                       std::pair(0, 17),
                                       std::pair(17, 0)}) {
        auto here = sketch_of(mine);
        here.merge(sketch_of(theirs));
        here.settle();
        CHECK(here.keeps_values() == (mine + theirs <= 16));
        CHECK(here.count() == mine + theirs);
        small whole;
        for (const int count : {mine, theirs}) {
            for (int i = 1; i <= count; ++i)
                whole.record(i);
        }
        whole.settle();
        for (int percent = 0; percent <= 100; percent += 5)
            CHECK(here.quantile(percent / 100.0) == whole.quantile(percent / 100.0));
    }
}

TEST_CASE("adaptive: is exact again after a clear, and keeps its storage", "[sketch]") {
    auto sketch = sketch_of(100);
    const auto fill = [&] {
        for (int i = 1; i <= 100; ++i)
            sketch.record(i);
    };
    sketch.clear();
    CHECK(sketch.keeps_values());
    CHECK(sketch.count() == 0);
    const auto before = allocations();
    fill();
    sketch.clear();
    fill();
    CHECK(allocations() == before);
}

TEST_CASE("adaptive: copies are deep, moves leave one that is ready", "[sketch]") {
    auto first = sketch_of(17);
    const auto copy = first;
    first.record(1000);
    CHECK(copy.count() == 17);
    CHECK(copy.max() == 17);
    auto second = std::move(first);
    CHECK(second.count() == 18);
    first = small();
    first.record(5);
    CHECK(first.count() == 1);
    first = second;
    CHECK(first.max() == 1000);
}

TEST_CASE("adaptive: an allocation that fails while they move loses no value", "[sketch]") {
    for (std::size_t fails_at = 0; fails_at < 4; ++fails_at) {
        auto sketch = sketch_of(16);
        bool failed = false;
        {
            const failing_allocation fails(fails_at);
            try {
                sketch.record(17);
            } catch (const std::bad_alloc&) {
                failed = true;
            }
        }
        CHECK((failed || fails_at > 0));
        if (failed)
            sketch.record(17);
        CHECK(sketch.count() == 17);
        CHECK(sketch.sum() == 153);
        CHECK(sketch.sketch()->count() == 17);
    }
}

TEST_CASE("adaptive: bytes say which of the two it is", "[sketch]") {
    for (const int count : {0, 16, 17}) {
        const auto sketch = sketch_of(count);
        std::string bytes;
        byte_writer out(bytes);
        sketch.write(out);
        CHECK(bytes[0] == (count > 16 ? 1 : 0));
        small back;
        byte_reader in(bytes);
        REQUIRE(back.read(in));
        CHECK(back.keeps_values() == (count <= 16));
        CHECK(back.count() == count);
        bytes[0] = 2;
        byte_reader other(bytes);
        CHECK_FALSE(back.read(other));
        CHECK(back.count() == 0);
    }
}

#include <quipu/sketch/weighted_values.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<weighted_values>);

namespace {

using pairs = std::vector<std::pair<double, double>>;

weighted_values of(const pairs& list) {
    weighted_values values;
    for (const auto& [value, weight] : list)
        values.push(value, weight);
    return values;
}

pairs list_of(const weighted_values& values) {
    pairs list;
    for (std::size_t i = 0; i < values.size(); ++i)
        list.emplace_back(values[i], values.weight(i));
    return list;
}

constexpr std::size_t size_max = 5;

bool reads(std::string_view bytes) {
    byte_reader from(bytes);
    weighted_values values;
    values.read(from, size_max);
    return !from.failed() && from.left() == 0;
}

bool reads(std::uint8_t weighted, std::uint64_t size, std::initializer_list<double> numbers) {
    std::string bytes;
    byte_writer out(bytes);
    out.byte(weighted);
    out.count(size);
    for (const double number : numbers)
        out.number(number);
    return reads(bytes);
}

} // namespace

TEST_CASE("weighted_values: weights of 1 take no room", "[sketch][weighted_values]") {
    auto values = of({{3, 1}, {-2, 1}});
    CHECK_FALSE(values.weighted());
    CHECK(values.total() == 2);
    CHECK(values.weight(1) == 1);
    CHECK(bytes_of(values).size() == 2 + 2 * 8);
    values.push(5, 2.5);
    CHECK(values.weighted());
    CHECK(values.total() == 4.5);
    CHECK(list_of(values) == pairs{{3, 1}, {-2, 1}, {5, 2.5}});
    CHECK(bytes_of(values).size() == 2 + 3 * 16);
    values.clear();
    CHECK(values.empty());
    CHECK_FALSE(values.weighted());
    CHECK(values.total() == 0);
}

TEST_CASE("weighted_values: is what a list of pairs is", "[sketch][weighted_values]") {
    generator random(1);
    for (int round = 0; round < 300; ++round) {
        weighted_values values;
        pairs expected;
        const std::uint64_t weights = round % 3 == 0 ? 1 : 3;
        for (int step = 0; step < 60; ++step) {
            const double value = static_cast<double>(random.below(20));
            const double weight = static_cast<double>(1 + random.below(weights));
            const auto place = expected.empty() ? 0 : random.below(expected.size());
            switch (random.below(expected.empty() ? 1 : 5)) {
            case 1:
                values.replace(place, value, weight);
                expected[place] = {value, weight};
                break;
            case 2:
                values.remove(place);
                expected[place] = expected.back();
                expected.pop_back();
                break;
            case 3:
                values.sort();
                std::sort(expected.begin(), expected.end());
                break;
            default: values.push(value, weight); expected.emplace_back(value, weight);
            }
            if (list_of(values) != expected)
                FAIL("other values in round " << round);
        }
        double total = 0;
        for (const auto& one : expected)
            total += one.second;
        CHECK(values.total() == total);
        CHECK(values.values().size() == expected.size());
    }
}

TEST_CASE("weighted_values: what was written is read, in the storage that is there",
          "[sketch][weighted_values]") {
    for (const auto& list : {pairs{}, pairs{{3, 1}, {-2, 1}}, pairs{{3, 0.5}, {-2, 1}, {3, 7}}}) {
        const auto bytes = bytes_of(of(list));
        auto back = of({{1, 2}, {1, 2}, {1, 2}, {1, 2}});
        byte_reader from(bytes);
        const auto before = allocations();
        back.read(from, size_max);
        CHECK(allocations() == before);
        CHECK_FALSE(from.failed());
        CHECK(from.left() == 0);
        CHECK(list_of(back) == list);
        CHECK(bytes_of(back) == bytes);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK_FALSE(reads(std::string_view(bytes).substr(0, size)));
    }
}

TEST_CASE("weighted_values: bytes that are no values are refused", "[sketch][weighted_values]") {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    CHECK(reads(0, 5, {1, 2, 3, 4, 5}));
    CHECK_FALSE(reads(0, 6, {1, 2, 3, 4, 5, 6}));
    CHECK_FALSE(reads(0, std::uint64_t{1} << 60U, {1, 2}));
    CHECK_FALSE(reads(2, 1, {1, 2}));
    CHECK(reads(1, 1, {1, 2}));
    CHECK_FALSE(reads(0, 2, {1, infinite}));
    CHECK_FALSE(reads(0, 2, {1, not_a_number}));
    CHECK_FALSE(reads(1, 1, {1, infinite}));
    CHECK_FALSE(reads(1, 1, {1, not_a_number}));
    CHECK_FALSE(reads(1, 1, {1, 0}));
    CHECK_FALSE(reads(1, 1, {1, -1}));
}

TEST_CASE("weighted_values: where memory is refused, nothing has changed",
          "[sketch][weighted_values]") {
    for (std::size_t size = 0; size < 20; ++size) {
        for (const double weight : {1.0, 2.0}) {
            for (std::size_t fails_at = 0; fails_at < 2; ++fails_at) {
                weighted_values values;
                for (std::size_t i = 0; i < size; ++i)
                    values.push(static_cast<double>(i), size % 2 == 0 ? 3 : 1);
                const auto before = list_of(values);
                bool failed = false;
                try {
                    const failing_allocation fails(fails_at);
                    values.push(7, weight);
                } catch (const std::bad_alloc&) {
                    failed = true;
                }
                if (failed) {
                    CHECK(list_of(values) == before);
                    values.sort();
                    CHECK(list_of(of(list_of(values))) == before);
                    values.push(7, 5);
                }
                CHECK(values.size() == size + 1);
                CHECK(values.weight(size) == (failed ? 5 : weight));
                weighted_values back;
                const auto bytes = bytes_of(values);
                byte_reader from(bytes);
                back.read(from, 100);
                CHECK(list_of(back) == list_of(values));
            }
        }
    }
}

TEST_CASE("weighted_values: where room was made, pushing asks for no memory",
          "[sketch][weighted_values]") {
    for (const bool with_weights : {false, true}) {
        auto values = of({{1, 1}, {2, 1}});
        values.make_room(100, with_weights);
        const auto before = allocations();
        for (int i = 0; i < 100; ++i)
            values.push(i, with_weights ? 2 : 1);
        CHECK(allocations() == before);
        // Made again and again, it grows by more than what is asked for.
        for (int i = 0; i < 1000; ++i) {
            values.make_room(1, with_weights);
            values.push(i, with_weights ? 2 : 1);
        }
        CHECK(allocations() - before < 20);
    }
}

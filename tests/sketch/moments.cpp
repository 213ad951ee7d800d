#include <quipu/sketch/moments.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

using namespace quipu;

static_assert(std::is_trivially_copyable_v<moments>);
static_assert(sizeof(moments) == 40);

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double huge = std::numeric_limits<double>::max();

constexpr moments of(std::initializer_list<double> values, double weight = 1) {
    moments all;
    for (const double value : values)
        all.record(value, weight);
    return all;
}

constexpr bool
are(const moments& all, double count, double sum, double sum_squares, double min, double max) {
    return all.count() == count && all.sum() == sum && all.sum_squares() == sum_squares &&
           all.min() == min && all.max() == max;
}

std::string bytes_of(std::initializer_list<double> numbers) {
    std::string bytes;
    byte_writer out(bytes);
    for (const double number : numbers)
        out.number(number);
    return bytes;
}

bool reads(std::initializer_list<double> numbers) {
    moments all = of({1});
    const std::string bytes = bytes_of(numbers);
    byte_reader in(bytes);
    const bool sound = all.read(in);
    CHECK((sound || all.empty()));
    return sound;
}

} // namespace

TEST_CASE("moments: nothing in, zeros out", "[sketch][moments]") {
    STATIC_REQUIRE(moments{}.empty());
    STATIC_REQUIRE(are(moments{}, 0, 0, 0, 0, 0));
}

TEST_CASE("moments: values add up", "[sketch][moments]") {
    STATIC_REQUIRE(are(of({3, -1, 5}), 3, 7, 35, -1, 5));
    STATIC_REQUIRE(are(of({-2}), 1, -2, 4, -2, -2));
    STATIC_REQUIRE(are(of({3, -1, 5}, 2), 6, 14, 70, -1, 5));
    STATIC_REQUIRE(are(of({3, 1}, 0.5), 1, 2, 5, 1, 3));
    STATIC_REQUIRE([] {
        moments all;
        for (const double value : {3, -1, 5})
            all.record(value);
        return are(all, 3, 7, 35, -1, 5);
    }());
}

TEST_CASE("moments: a merge is all values together", "[sketch][moments]") {
    STATIC_REQUIRE([] {
        moments all = of({3, -1});
        all.merge(of({5}, 2));
        all.merge(moments{});
        moments other;
        other.merge(all);
        return are(other, 4, 12, 60, -1, 5);
    }());
    STATIC_REQUIRE([] {
        moments all = of({3});
        all.clear();
        return are(all, 0, 0, 0, 0, 0);
    }());
}

constexpr double largest = std::numeric_limits<double>::max();

TEST_CASE("moments: what is too large for a double reads as the largest one", "[sketch][moments]") {
    moments up = of({huge, huge});
    CHECK(up.sum() == largest);
    CHECK(up.sum_squares() == largest);
    moments down = of({-huge}, 10);
    CHECK(down.sum() == -largest);
    CHECK(down.min() == -huge);
    up.merge(down);
    CHECK(up.sum() == 0);
    up = of({huge, huge});
    up.record(-huge, 10);
    CHECK(up.sum() == 0);
}

TEST_CASE("moments: what was written is read", "[sketch][moments]") {
    for (const moments& all :
         {moments{}, of({3, -1, 5}), of({0.1, 0.7}, 0.3), of({huge, huge, huge}, 1e300)}) {
        std::string bytes;
        byte_writer out(bytes);
        all.write(out);
        moments back = of({7});
        byte_reader in(bytes);
        REQUIRE(back.read(in));
        CHECK(in.left() == 0);
        CHECK(are(back, all.count(), all.sum(), all.sum_squares(), all.min(), all.max()));
    }
    CHECK(bytes_of({0.0}) == std::string(8, '\0'));
}

TEST_CASE("moments: what no values lead to is not read", "[sketch][moments]") {
    CHECK(reads({2, 7, 25, 3, 4}));
    CHECK(reads({0}));
    CHECK_FALSE(reads({}));
    CHECK_FALSE(reads({-0.0}));
    CHECK_FALSE(reads({2, 7, 25, 3}));
    CHECK_FALSE(reads({-2, 7, 25, 3, 4}));
    CHECK_FALSE(reads({not_a_number, 7, 25, 3, 4}));
    CHECK_FALSE(reads({2, not_a_number, 25, 3, 4}));
    CHECK_FALSE(reads({2, 7, not_a_number, 3, 4}));
    CHECK_FALSE(reads({2, 7, -25, 3, 4}));
    CHECK_FALSE(reads({2, 7, 25, not_a_number, 4}));
    CHECK_FALSE(reads({2, 7, 25, 3, not_a_number}));
    CHECK_FALSE(reads({2, 7, 25, 4, 3}));
    CHECK_FALSE(reads({2, 7, 25, -inf, 4}));
    CHECK_FALSE(reads({2, 7, 25, 3, inf}));
}

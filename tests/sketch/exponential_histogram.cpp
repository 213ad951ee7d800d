#include <quipu/sketch/exponential_histogram.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/sketch/exact.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/distributions.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<exponential_histogram<>>);
static_assert(sizeof(exponential_histogram<>) <= 136);

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double huge = std::numeric_limits<double>::max();
constexpr double tiny = std::numeric_limits<double>::denorm_min();
constexpr double promised = exponential_histogram<>::relative_error;
constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();

template <class Sketch = exponential_histogram<>>
Sketch of(std::initializer_list<double> values, double weight = 1) {
    Sketch sketch;
    for (const double value : values)
        sketch.record(value, weight);
    return sketch;
}

double error(double estimate, double value) {
    return std::abs(estimate - value) / std::abs(value);
}

/// What is said of a value between two others.
double estimate_of(double value) {
    return of({value / 8, value, value * 8}).quantile(0.5);
}

bool reads(std::string_view bytes) {
    auto sketch = of({-3, 0, 7}, 2.5);
    const bool sound = read_whole(sketch, bytes);
    CHECK((sound || bytes_of(sketch) == bytes_of(exponential_histogram<>{})));
    return sound;
}

/// The byte form of 3, 3 and 4, made by hand.
struct encoded {
    double count = 3;
    double sum = 10;
    double min = 3;
    double max = 4;
    unsigned as_integers = 1;
    double zeros = 0;
    std::int32_t first = exponential_scale<6>::index(3);
    std::int32_t last = exponential_scale<6>::index(4);
    unsigned collapsed = 0;
    double at_first = 2;
    bool negative = false;

    [[nodiscard]] bool reads() const {
        std::string bytes;
        byte_writer out(bytes);
        for (const double number : {count, sum, 34.0, min, max, 3.0, 1.0, 1.0})
            out.number(number);
        out.byte(static_cast<std::uint8_t>(as_integers));
        out.number(zeros);
        if (negative)
            out.count(0);
        out.count(static_cast<std::uint64_t>(last - first + 1));
        const auto key = static_cast<std::uint32_t>(first);
        out.count(key << 1U ^ (0 - (key >> 31U)));
        out.byte(static_cast<std::uint8_t>(collapsed));
        for (std::int32_t i = first; i <= last; ++i) {
            const double weight = i == first ? at_first : i == last ? 1 : 0;
            as_integers == 1 ? out.count(static_cast<std::uint64_t>(weight)) : out.number(weight);
        }
        if (!negative)
            out.count(0);
        return ::reads(bytes);
    }
};

} // namespace

TEST_CASE("exponential_histogram: nothing in, nothing out", "[sketch][exponential_histogram]") {
    const exponential_histogram<> empty;
    CHECK(empty.count() == 0);
    CHECK(empty.sum() == 0);
    CHECK(empty.min() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.quantile(0) == 0);
    CHECK(empty.quantile(0.5) == 0);
    CHECK(empty.quantile(1) == 0);
    CHECK(empty.median() == 0);
    CHECK(empty.lowest(0.5).count == 0);
    CHECK(empty.highest(0.5).count == 0);
    CHECK(empty.squared_deviations() == 0);
    CHECK_FALSE(empty.collapsed(0.5));
    CHECK(empty.whole());
    CHECK(bytes_of(empty) == std::string(8, '\0'));
}

TEST_CASE("exponential_histogram: equal values come out as they went in",
          "[sketch][exponential_histogram]") {
    for (const double value : {1.0, 3.7, -42.123, 0.0, 1e300, tiny, -huge}) {
        const auto sketch = of({value, value, value});
        for (const double q : {0.0, 0.01, 0.5, 0.99, 1.0})
            CHECK(sketch.quantile(q) == value);
        CHECK(sketch.median() == value);
        CHECK(sketch.lowest(0.4).count == 2);
        CHECK(sketch.lowest(0.4).boundary == value);
        CHECK(sketch.squared_deviations() == 0);
    }
}

TEST_CASE("exponential_histogram: a quantile is as near the exact one as promised",
          "[sketch][exponential_histogram]") {
    generator random(1);
    for (int round = 0; round < 40; ++round) {
        exponential_histogram<> sketch;
        exact values;
        for (auto left = 1 + random.below(400); left > 0; --left) {
            double value = std::exp2(static_cast<double>(random.below(40'000)) / 1000 - 20);
            value = random.one_in(10) ? 0 : random.one_in(3) ? -value : value;
            const double weight = round % 3 == 0 ? 1 : 1 / 0.3;
            sketch.record(value, weight);
            values.record(value, weight);
        }
        values.settle();
        for (int permille = 0; permille <= 1000; permille += 4) {
            const double q = permille / 1000.0;
            const double right = values.quantile(q);
            if (std::abs(sketch.quantile(q) - right) > (promised + rounding) * std::abs(right))
                FAIL_CHECK(right << " is said to be " << sketch.quantile(q));
            if (round % 3 == 0 && sketch.lowest(q).count != values.lowest(q).count)
                FAIL_CHECK("the lowest " << q << " are " << sketch.lowest(q).count);
        }
        CHECK(sketch.count() == values.count());
        CHECK(sketch.sum() == values.sum());
        CHECK(sketch.min() == values.min());
        CHECK(sketch.max() == values.max());
        CHECK(sketch.squared_deviations() == Approx(values.squared_deviations()));
    }
}

TEST_CASE("exponential_histogram: at the edges of a bucket the promise is all used up",
          "[sketch][exponential_histogram]") {
    using scale = exponential_scale<6>;
    for (std::int32_t i = -1000 * 64; i < 1000 * 64; i += 61) {
        const double edge = scale::edge(i);
        const double last = std::nextafter(edge, 0);
        const double first = std::nextafter(edge, inf);
        double worst = 0;
        double least = 1;
        for (const double value : {last, edge, first, -last, -edge, -first}) {
            const double off = error(estimate_of(value), value);
            worst = std::max(worst, off);
            least = std::min(least, off);
        }
        if (worst > promised + rounding || least < promised - rounding)
            FAIL_CHECK("edge " << i << " is off by " << least << " to " << worst);
        // The edge itself belongs to the bucket below it.
        if (estimate_of(edge) >= edge || estimate_of(first) <= first)
            FAIL_CHECK("edge " << i << " is on the wrong side");
    }
}

TEST_CASE("exponential_histogram: whatever the distribution, quantiles are off by what is promised",
          "[sketch][exponential_histogram]") {
    for (const auto& from : distributions::all) {
        for (const std::size_t count : {1000U, 10'000U, 100'000U}) {
            INFO(count << " values, " << from.name);
            auto values = distributions::draw(from, count, count);
            for (const double error : distributions::errors_of<exponential_histogram<>>(values)) {
                CHECK(error <= promised + rounding);
                CHECK(error <= 0.005425);
            }
        }
    }
}

TEST_CASE("exponential_histogram: the median of an even number is between the two",
          "[sketch][exponential_histogram]") {
    CHECK(of({1, 100}).median() == 50.5);
    CHECK(of({-100, 0}).median() == -50);
    CHECK(of({1, 5, 100}).median() == Approx(5).epsilon(promised));
    CHECK(of({1, 4, 9, 16}).median() == Approx(6.5).epsilon(promised));
    // Thirds and the like do not add up to the half exactly.
    for (int count = 2; count <= 60; count += 2) {
        exponential_histogram<> sketch;
        for (int value = 1; value <= count; ++value)
            sketch.record(value, 1 / 0.3);
        CHECK(sketch.median() == Approx((count + 1) / 2.0).epsilon(promised));
    }
}

TEST_CASE("exponential_histogram: negative values, zeros, positive values, in this order",
          "[sketch][exponential_histogram]") {
    const auto sketch = of({0, 8, -8, 2, -2, 0});
    CHECK(sketch.zeros() == 2);
    CHECK(sketch.quantile(0) == -8);
    CHECK(error(sketch.quantile(0.16), -8) <= promised + rounding);
    CHECK(error(sketch.quantile(0.3), -2) <= promised + rounding);
    CHECK(sketch.quantile(0.5) == 0);
    CHECK(sketch.median() == 0);
    CHECK(error(sketch.quantile(0.7), 2) <= promised + rounding);
    CHECK(sketch.quantile(1) == 8);
    CHECK(sketch.negative()[~exponential_scale<6>::index(8)] == 1);
    CHECK(sketch.positive()[exponential_scale<6>::index(8)] == 1);
    CHECK(of({-0.0}).zeros() == 1);
}

TEST_CASE("exponential_histogram: a range beyond the cap costs the lowest values alone",
          "[sketch][exponential_histogram]") {
    exponential_histogram<> sketch = of({1e-300, 1e300});
    CHECK(sketch.quantile(0) == 1e-300);
    CHECK(sketch.quantile(1) == 1e300);
    CHECK(sketch.collapsed(0.5));
    CHECK(sketch.quantile(0.5) >= 1e-300); // an upper limit
    CHECK_FALSE(sketch.collapsed(0.51));
    CHECK_FALSE(sketch.collapsed(0));
    CHECK_FALSE(sketch.collapsed(1));
    CHECK(error(sketch.quantile(0.51), 1e300) <= promised);
    CHECK(sketch.count() == 2);
    CHECK(sketch.sum() == 1e300);

    // A hundred thousandths and fifty thousand of each half of what the cap spans.
    generator random(2);
    exact values;
    sketch.clear();
    const auto add = [&](double value) {
        sketch.record(value);
        values.record(value);
    };
    for (int i = 0; i < 1000; ++i)
        add(1e-300 * static_cast<double>(1 + random.below(1000)));
    for (int i = 0; i < 1000; ++i)
        add(std::exp2(static_cast<double>(random.below(60)) + 900));
    add(1e290);
    values.settle();
    for (int permille = 1; permille < 1000; ++permille) {
        const double q = permille / 1000.0;
        const double right = values.quantile(q);
        CHECK(sketch.collapsed(q) == (right < 1e-200));
        if (sketch.collapsed(q))
            CHECK(sketch.quantile(q) >= right);
        else
            CHECK(error(sketch.quantile(q), right) <= promised + rounding);
    }
}

TEST_CASE("exponential_histogram: of negative values those farthest from zero collapse",
          "[sketch][exponential_histogram]") {
    const auto sketch = of({-1e-300, -1e300, -1e-299, 5});
    CHECK(sketch.collapsed(0.25));
    CHECK(sketch.quantile(0.25) >= -1e300);
    CHECK(sketch.quantile(0.25) < -1e-299);
    CHECK_FALSE(sketch.collapsed(0.5));
    CHECK(error(sketch.quantile(0.5), -1e-299) <= promised);
    CHECK(error(sketch.quantile(0.75), -1e-300) <= promised);
    CHECK(sketch.quantile(0) == -1e300);
}

TEST_CASE("exponential_histogram: the buckets are never more than the cap",
          "[sketch][exponential_histogram]") {
    generator random(3);
    exponential_histogram<6, 50> sketch;
    for (int i = 0; i < 5000; ++i) {
        const double value = std::exp2(static_cast<double>(random.below(2000)) - 1000);
        sketch.record(random.one_in(2) ? value : -value);
    }
    CHECK(sketch.positive().highest() - sketch.positive().lowest() < 50);
    CHECK(sketch.negative().highest() - sketch.negative().lowest() < 50);
    CHECK(sketch.lowest(1).count == 5000);
    CHECK(bytes_of(sketch).size() < 300);
}

TEST_CASE("exponential_histogram: a finer one merges into a coarser one as if recorded there",
          "[sketch][exponential_histogram]") {
    generator random(4);
    exponential_histogram<8> fine;
    exponential_histogram<6> coarse;
    exponential_histogram<-1> coarsest;
    for (int i = 0; i < 3000; ++i) {
        const double value = static_cast<double>(random.below(100'000)) - 30'000;
        fine.record(value);
        coarse.record(value);
        coarsest.record(value);
    }
    exponential_histogram<6> merged;
    merged.merge(fine);
    for (const auto& [a, b] : {std::pair(&merged.positive(), &coarse.positive()),
                               std::pair(&merged.negative(), &coarse.negative())}) {
        CHECK(a->lowest() == b->lowest());
        CHECK(a->highest() == b->highest());
        for (std::int32_t key = b->lowest(); key <= b->highest(); ++key) {
            if ((*a)[key] != (*b)[key])
                FAIL_CHECK("bucket " << key);
        }
    }
    CHECK(merged.zeros() == coarse.zeros());
    CHECK(merged.sum() == coarse.sum());
    exponential_histogram<-1> twice;
    twice.merge(merged);
    for (int percent = 0; percent <= 100; ++percent)
        CHECK(twice.quantile(percent / 100.0) == coarsest.quantile(percent / 100.0));
}

TEST_CASE("exponential_histogram: a weight counts as it is", "[sketch][exponential_histogram]") {
    exponential_histogram<> sketch;
    sketch.record(10, 2.5);
    sketch.record(20, 0.5);
    sketch.record(0, 3);
    CHECK(sketch.count() == 6);
    CHECK(sketch.sum() == 35);
    CHECK(sketch.sum_squares() == 450);
    CHECK_FALSE(sketch.whole());
    CHECK(sketch.lowest(1).count == 6);
    CHECK(sketch.lowest(0.9).count == 5.5);
    CHECK(sketch.quantile(0.5) == 0);
    CHECK(error(sketch.quantile(0.51), 10) <= promised);
    sketch.record(10, 0.5);
    sketch.record(20, 1.5);
    CHECK(sketch.whole());
}

TEST_CASE("exponential_histogram: numbers at the end of their range stay numbers",
          "[sketch][exponential_histogram]") {
    exponential_histogram<> sketch = of({huge, -huge, huge, tiny, -tiny, huge}, 1e300);
    exponential_histogram<> other = sketch;
    other.record(-huge, 5);
    sketch.merge(other);
    CHECK(sketch.max() == huge);
    CHECK(sketch.min() == -huge);
    CHECK(sketch.sum() == sketch.sum());
    CHECK(sketch.squared_deviations() == std::numeric_limits<double>::max());
    for (int percent = 0; percent <= 100; ++percent) {
        const double value = sketch.quantile(percent / 100.0);
        CHECK((value >= -huge && value <= huge));
    }
    CHECK(reads(bytes_of(sketch)));
    CHECK(error(estimate_of(1e-310), 1e-310) <= promised + 1e-12);
}

TEST_CASE("exponential_histogram: one that was cleared allocates nothing to fill again",
          "[sketch][exponential_histogram]") {
    exponential_histogram<> sketch;
    const auto fill = [&sketch] {
        for (int i = 0; i < 1000; ++i)
            sketch.record((i % 3 == 0 ? -1 : 1) * std::exp2(i % 50), i % 2 == 0 ? 1 : 2);
    };
    fill();
    sketch.clear();
    const auto before = allocations();
    fill();
    CHECK(allocations() == before);
    sketch.clear();
    sketch.record(1e30, 7); // another range in the same storage
    CHECK(sketch.quantile(0.5) == 1e30);
    CHECK(sketch.lowest(1).count == 7);
}

TEST_CASE("exponential_histogram: its bytes are small and stay the same",
          "[sketch][exponential_histogram]") {
    const auto bytes = bytes_of(of({1, 4, 4}));
    // Five moments, three deviations, a flag, the zeros; one side: 129 buckets, where they begin
    // (two bytes), a flag, a byte a count; the other side: none.
    CHECK(bytes.size() == 40 + 24 + 1 + 8 + 2 + 1 + 1 + 129 + 1);
    CHECK(std::string_view(bytes).substr(73, 5) == std::string_view("\x81\x01\x01\x00\x01", 5));
}

TEST_CASE("exponential_histogram: bytes cut short are refused", "[sketch][exponential_histogram]") {
    for (const double weight : {1.0, 0.3}) {
        const auto bytes = bytes_of(of({1e-300, -5, 0, 17, 18, 1e10}, weight));
        CHECK(reads(bytes));
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK_FALSE(reads(std::string_view(bytes).substr(0, size)));
    }
}

TEST_CASE("exponential_histogram: changed bytes are refused, or are what is written",
          "[sketch][exponential_histogram]") {
    generator random(5);
    for (int round = 0; round < 1000; ++round) {
        auto bytes = bytes_of(of({1e-300, -5, 0, 17, 18, 20}, random.one_in(2) ? 1 : 0.3));
        for (auto changes = 1 + random.below(3); changes > 0; --changes) {
            const auto place =
                random.one_in(2) ? random.below(bytes.size()) : 64 + random.below(20);
            bytes[place % bytes.size()] = static_cast<char>(random.next());
        }
        exponential_histogram<> sketch = of({3});
        byte_reader from(bytes);
        if (sketch.read(from)) {
            CHECK(bytes_of(sketch) == bytes.substr(0, bytes.size() - from.left()));
            sketch.merge(of({-1e300, 4}));
            CHECK(sketch.quantile(0.5) <= sketch.max());
        } else {
            CHECK(bytes_of(sketch) == bytes_of(exponential_histogram<>{}));
        }
    }
}

TEST_CASE("exponential_histogram: buckets and moments of different values are not read",
          "[sketch][exponential_histogram]") {
    constexpr auto key = exponential_scale<6>::index(3);
    CHECK(encoded{}.reads());
    CHECK_FALSE(encoded{.sum = inf}.reads());
    CHECK_FALSE(encoded{.count = 4}.reads());
    CHECK_FALSE(encoded{.count = 3.0000001}.reads());
    CHECK_FALSE(encoded{.count = -3}.reads());
    CHECK_FALSE(encoded{.min = 2.9}.reads());
    CHECK_FALSE(encoded{.max = 4.1}.reads());
    CHECK_FALSE(encoded{.min = 0}.reads());
    CHECK_FALSE(encoded{.min = -3}.reads());
    CHECK_FALSE(encoded{.as_integers = 0}.reads()); // whole, and not written so
    CHECK_FALSE(encoded{.as_integers = 2}.reads());
    CHECK(encoded{.count = 3.5, .as_integers = 0, .at_first = 2.5}.reads());
    CHECK(encoded{.count = 3.5 * (1 + 1e-9), .as_integers = 0, .at_first = 2.5}.reads());
    CHECK_FALSE(encoded{.count = 3.6, .as_integers = 0, .at_first = 2.5}.reads());
    CHECK_FALSE(encoded{.as_integers = 0, .at_first = -2}.reads());
    CHECK_FALSE(encoded{.zeros = 1}.reads());
    CHECK_FALSE(encoded{.count = 4, .zeros = 1}.reads()); // 0 would be the minimum
    CHECK(encoded{.count = 4, .min = 0, .zeros = 1}.reads());
    CHECK_FALSE(encoded{.count = 2, .zeros = -1}.reads());
    CHECK_FALSE(encoded{.zeros = -0.0}.reads());
    CHECK_FALSE(encoded{.min = 2.5, .first = key - 1}.reads());
    CHECK(encoded{.min = 2.5, .collapsed = 1}.reads());
    CHECK_FALSE(encoded{.min = 3.5, .collapsed = 1}.reads());
    CHECK_FALSE(encoded{.negative = true}.reads());
    CHECK_FALSE(encoded{.first = key - 5000}.reads());
}

#include <quipu/sketch/sketch.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/adaptive_set.hpp>
#include <quipu/sketch/arrivals.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/exact_set.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/sketch/hyperloglog.hpp>

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using namespace quipu;

// The laws of all sketches. A new model is one more name in a list.

namespace {

using quantile_sketches = std::tuple<exact,
                                     basic_exact<1200, bound_policy::reservoir<>>,
                                     exponential_histogram<>,
                                     exponential_histogram<6, 100>, // too few: the lowest collapse
                                     exponential_histogram<-1>,
                                     adaptive<>,
                                     adaptive<1>,
                                     ckms,
                                     arrivals>;

struct without_merge : exact {
    void merge(const exact&) = delete;
};

struct without_bytes : exact {
    void write(byte_writer&) const = delete;
};

static_assert(!quantile_sketch<int>);
static_assert(!quantile_sketch<without_bytes>);
static_assert(!quantile_sketch<exact_set>);
static_assert(!quantile_sketch<without_merge>);
static_assert(!distinct_sketch<int>);
static_assert(!distinct_sketch<exact>);

struct weighted {
    double value = 0;
    double weight = 1;
};

/// Whole numbers, many of them equal: their sums are the same in whatever order they are added.
std::vector<weighted> make_values(generator& random, std::uint64_t weight_max) {
    std::vector<weighted> values(1 + random.below(200));
    for (auto& one : values) {
        one.value = static_cast<double>(random.below(120)) - 20;
        one.weight = static_cast<double>(1 + random.below(weight_max));
    }
    return values;
}

template <class Sketch>
Sketch sketch_of(const std::vector<weighted>& values) {
    Sketch sketch;
    for (const auto& one : values)
        sketch.record(one.value, one.weight);
    sketch.settle();
    return sketch;
}

bool same(const distribution_part& a, const distribution_part& b) {
    return a.count == b.count && a.sum == b.sum && a.sum_squares == b.sum_squares &&
           a.boundary == b.boundary;
}

/// What is exact, whatever the sketch.
template <class Sketch>
void check_same_moments(const Sketch& a, const Sketch& b) {
    CHECK(a.count() == b.count());
    CHECK(a.sum() == b.sum());
    CHECK(a.min() == b.min());
    CHECK(a.max() == b.max());
    CHECK(a.dropped() == b.dropped());
    CHECK(a.squared_deviations() == Approx(b.squared_deviations()).epsilon(1e-12));
}

template <class Sketch>
void check_same(const Sketch& a, const Sketch& b) {
    check_same_moments(a, b);
    CHECK(a.median() == b.median());
    for (int percent = 0; percent <= 100; percent += 4) {
        const double q = percent / 100.0;
        if (a.quantile(q) != b.quantile(q) || !same(a.lowest(q), b.lowest(q)) ||
            !same(a.highest(q), b.highest(q))) {
            FAIL_CHECK("they differ at " << percent << " %");
        }
    }
}

/// How far off, as a share of the number of events, the ranks may be of a sketch that promises no
/// more than that: which value it answers with depends on the order that they came in.
template <class Sketch>
constexpr double rank_error = 0;
template <>
constexpr double rank_error<ckms> = 2 * statsite_targets::error; // that of two parts, merged

/// The answers to the quantiles that ckms is for are near the right place among these values.
template <class Sketch>
void check_ranks(const Sketch& sketch, const std::vector<weighted>& values) {
    for (const double q : statsite_targets::quantiles) {
        const double answer = sketch.quantile(q);
        double below = 0;
        double up_to = 0;
        for (const auto& one : values) {
            below += one.value < answer ? one.weight : 0;
            up_to += one.value <= answer ? one.weight : 0;
        }
        const double share = q * sketch.count();
        const double margin = rank_error<Sketch> * sketch.count() + 1;
        INFO(answer << " at " << q);
        CHECK(below - margin <= share);
        CHECK(share <= up_to + margin);
    }
}

/// Two sketches of these values say the same of them, or as nearly the same as they promise.
template <class Sketch>
void check_alike(const Sketch& a, const Sketch& b, const std::vector<weighted>& values) {
    if constexpr (rank_error<Sketch> == 0) {
        check_same(a, b);
    } else {
        check_same_moments(a, b);
        check_ranks(a, values);
        check_ranks(b, values);
    }
}

/// How far an estimate of a value may be off, relatively to the largest.
template <class Sketch>
constexpr double error_of = 0;
template <int Scale>
constexpr double error_of<exponential_histogram<Scale>> =
    exponential_histogram<Scale>::relative_error;
template <int Scale>
constexpr double error_of<exponential_histogram<Scale, 100>> = 1; // as far as they collapse
template <>
constexpr double error_of<adaptive<1>> = exponential_histogram<>::relative_error;

constexpr int rounds = 24;

} // namespace

TEMPLATE_LIST_TEST_CASE("quantile sketches: the parts merge to the whole",
                        "[sketch]",
                        quantile_sketches) {
    generator random(1);
    for (int round = 0; round < rounds; ++round) {
        const auto values = make_values(random, round % 2 == 0 ? 1 : 5);
        std::vector<TestType> parts(1 + random.below(5));
        for (const auto& one : values)
            parts[random.below(parts.size())].record(one.value, one.weight);
        TestType merged;
        for (const auto& part : parts)
            merged.merge(part);
        merged.settle();
        check_alike(merged, sketch_of<TestType>(values), values);
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: merging is associative and commutative",
                        "[sketch]",
                        quantile_sketches) {
    generator random(2);
    for (int round = 0; round < rounds; ++round) {
        std::vector<weighted> values;
        const auto sketch_of_more = [&](std::uint64_t weight_max) {
            const auto more = make_values(random, weight_max);
            values.insert(values.end(), more.begin(), more.end());
            return sketch_of<TestType>(more);
        };
        const auto a = sketch_of_more(3);
        const auto b = sketch_of_more(1);
        const auto c = sketch_of_more(2);
        auto left = a;
        left.merge(b);
        left.merge(c);
        auto right = c;
        right.merge(b);
        auto other = a;
        other.merge(right);
        left.settle();
        other.settle();
        check_alike(left, other, values);
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: merging nothing changes nothing",
                        "[sketch]",
                        quantile_sketches) {
    generator random(3);
    const auto values = make_values(random, 4);
    auto full = sketch_of<TestType>(values);
    TestType empty;
    full.merge(empty);
    full.settle();
    check_same(full, sketch_of<TestType>(values));
    empty.merge(full);
    empty.settle();
    check_alike(empty, full, values);
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: the order of the values does not matter",
                        "[sketch]",
                        quantile_sketches) {
    generator random(4);
    for (int round = 0; round < rounds; ++round) {
        auto values = make_values(random, 1 + static_cast<std::uint64_t>(round % 3));
        const auto before = sketch_of<TestType>(values);
        random.shuffle(values);
        check_alike(before, sketch_of<TestType>(values), values);
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: a weight is as many repetitions",
                        "[sketch]",
                        quantile_sketches) {
    generator random(5);
    for (int round = 0; round < rounds; ++round) {
        const auto values = make_values(random, 6);
        TestType repeated;
        for (const auto& one : values) {
            for (int times = static_cast<int>(one.weight); times > 0; --times)
                repeated.record(one.value);
        }
        repeated.settle();
        check_alike(sketch_of<TestType>(values), repeated, values);
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: quantiles rise from the minimum to the maximum",
                        "[sketch]",
                        quantile_sketches) {
    generator random(6);
    for (int round = 0; round < rounds; ++round) {
        const auto sketch = sketch_of<TestType>(make_values(random, 3));
        double last = sketch.min();
        CHECK(sketch.quantile(0) == sketch.min());
        CHECK(sketch.quantile(1) == sketch.max());
        for (int step = 0; step <= 200; ++step) {
            const double value = sketch.quantile(step / 200.0);
            if (value < last || value > sketch.max())
                FAIL_CHECK("quantile " << step / 200.0 << " is " << value);
            last = value;
        }
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: a part and the rest are the whole",
                        "[sketch]",
                        quantile_sketches) {
    generator random(7);
    for (int round = 0; round < rounds; ++round) {
        const auto values = make_values(random, 3);
        const auto sketch = sketch_of<TestType>(values);
        const auto all = sketch.lowest(1);
        CHECK(same(all, {all.count, all.sum, all.sum_squares, sketch.max()}));
        CHECK(all.count == sketch.count());
        if (rank_error<TestType> == 0) // else all are what each stands for
            CHECK(all.sum == sketch.sum());
        // Cut between two events, so that both sides are whole.
        const auto below = 1 + random.below(static_cast<std::uint64_t>(all.count));
        const double share = static_cast<double>(below) / all.count;
        const auto low = sketch.lowest(share);
        CHECK(low.count == static_cast<double>(below));
        if (low.count == all.count)
            continue;
        const auto high = sketch.highest(1 - share);
        CHECK(low.count + high.count == all.count);
        CHECK(low.boundary <= high.boundary);
        // The sums of a part are estimates where values are not kept.
        const double largest = std::max(-sketch.min(), sketch.max());
        const double margin = error_of<TestType> * all.count * largest;
        CHECK(std::abs(low.sum + high.sum - all.sum) <= margin);
        CHECK(std::abs(low.sum_squares + high.sum_squares - all.sum_squares) <=
              margin * 3 * largest);
    }
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: a cleared one is as good as new",
                        "[sketch]",
                        quantile_sketches) {
    generator random(8);
    const auto values = make_values(random, 3);
    auto used = sketch_of<TestType>(make_values(random, 5));
    used.clear();
    used.settle();
    check_same(used, TestType{});
    for (const auto& one : values)
        used.record(one.value, one.weight);
    used.settle();
    check_same(used, sketch_of<TestType>(values));
}

TEMPLATE_LIST_TEST_CASE("quantile sketches: what was written is read",
                        "[sketch]",
                        quantile_sketches) {
    generator random(11);
    for (int round = 0; round < rounds; ++round) {
        TestType sketch;
        for (const auto& one : make_values(random, round % 2 == 0 ? 1 : 5))
            sketch.record(one.value * 0.1, one.weight * (round % 3 == 0 ? 0.3 : 1));
        if (round % 4 == 0)
            sketch.settle();
        const auto bytes = bytes_of(sketch);
        auto back = sketch_of<TestType>(make_values(random, 2));
        REQUIRE(read_whole(back, bytes));
        CHECK(bytes_of(back) == bytes);
        const auto more = make_values(random, 3);
        for (auto* one : {&back, &sketch})
            one->settle();
        check_same(back, sketch);
        for (auto* one : {&back, &sketch}) {
            for (const auto& value : more)
                one->record(value.value, value.weight);
            one->settle();
        }
        // Where the order decides, it is written what was settled, and not in which order.
        rank_error<TestType> == 0 ? check_same(back, sketch) : check_same_moments(back, sketch);
    }
    TestType back;
    back.record(1);
    REQUIRE(read_whole(back, bytes_of(TestType{})));
    check_same(back, TestType{});
}

TEMPLATE_LIST_TEST_CASE(
    "quantile sketches: what is read from other bytes is nothing, or is written so",
    "[sketch]",
    quantile_sketches) {
    generator random(12);
    for (int round = 0; round < rounds / 3; ++round) {
        const auto bytes = bytes_of(sketch_of<TestType>(make_values(random, 3)));
        for (int change = 0; change < 60; ++change) {
            auto changed =
                bytes.substr(0, change % 2 == 0 ? bytes.size() : random.below(bytes.size()));
            if (change > 0 && !changed.empty())
                changed[random.below(changed.size())] = static_cast<char>(random.below(256));
            auto back = sketch_of<TestType>(make_values(random, 2));
            byte_reader in(changed);
            if (back.read(in)) {
                CHECK(bytes_of(back) == changed.substr(0, changed.size() - in.left()));
                back.settle();
                const double middle = back.quantile(0.5);
                CHECK((middle >= back.min() && middle <= back.max()));
            } else {
                check_same(back, TestType{});
            }
        }
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            TestType back;
            CHECK_FALSE(read_whole(back, std::string_view(bytes).substr(0, size)));
        }
    }
}

// Of each kind, and one that changes from one to the other within the numbers used here.
using distinct_sketches =
    std::tuple<exact_set, hyperloglog<10>, adaptive_set<>, adaptive_set<64, hyperloglog<8>>>;

namespace {

/// The sketch that these bytes are, over one that held something else.
template <class Sketch>
Sketch read_from(std::string_view bytes) {
    Sketch sketch;
    for (std::uint64_t i = 0; i < 100; ++i)
        sketch.insert(mix(i));
    CHECK(read_whole(sketch, bytes));
    return sketch;
}

template <class Sketch>
Sketch distinct_of(const std::vector<std::uint64_t>& hashes) {
    Sketch sketch;
    for (const auto hash : hashes)
        sketch.insert(hash);
    return sketch;
}

/// Up to `size_max` hashes, among them the lowest and the highest.
std::vector<std::uint64_t> make_hashes(generator& random, std::uint64_t size_max) {
    std::vector<std::uint64_t> hashes(random.below(size_max + 1));
    for (auto& hash : hashes)
        hash = random.one_in(50) ? random.below(4) - 2 : random.next();
    return hashes;
}

template <class Sketch>
void check_same_members(const Sketch& a, const Sketch& b) {
    CHECK(bytes_of(a) == bytes_of(b));
    CHECK(a.estimate() == b.estimate());
    CHECK(a.standard_error() == b.standard_error());
    CHECK(a.empty() == b.empty());
    CHECK(a.dropped() == b.dropped());
}

} // namespace

TEMPLATE_LIST_TEST_CASE("distinct sketches: a member counts once", "[sketch]", distinct_sketches) {
    generator random(9);
    std::vector<std::uint64_t> hashes(300);
    for (auto& hash : hashes)
        hash = random.next();
    const auto once = distinct_of<TestType>(hashes);
    CHECK(once.estimate() == Approx(300).epsilon(4 * once.standard_error()));
    TestType sketch;
    for (int times = 0; times < 3; ++times) {
        random.shuffle(hashes);
        for (const auto hash : hashes)
            CHECK(sketch.insert(hash));
    }
    check_same_members(sketch, once);
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: the order of the members does not show",
                        "[sketch]",
                        distinct_sketches) {
    generator random(10);
    for (int round = 0; round < rounds; ++round) {
        auto hashes = make_hashes(random, 300);
        const auto before = distinct_of<TestType>(hashes);
        random.shuffle(hashes);
        check_same_members(distinct_of<TestType>(hashes), before);
    }
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: the parts merge to the whole in any order",
                        "[sketch]",
                        distinct_sketches) {
    generator random(11);
    for (int round = 0; round < rounds; ++round) {
        const auto hashes = make_hashes(random, 300);
        std::vector<TestType> parts(1 + random.below(5));
        for (const auto hash : hashes) {
            for (auto copies = 1 + random.below(2); copies > 0; --copies)
                parts[random.below(parts.size())].insert(hash);
        }
        const auto whole = distinct_of<TestType>(hashes);
        TestType forwards;
        for (std::size_t i = 0; i < parts.size(); ++i)
            forwards.merge(parts[i]);
        TestType backwards;
        for (std::size_t i = parts.size(); i > 0; --i)
            backwards.merge(parts[i - 1]);
        check_same_members(forwards, whole);
        check_same_members(backwards, whole);
        forwards.merge(backwards);
        check_same_members(forwards, whole);
    }
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: nothing in, nothing out",
                        "[sketch]",
                        distinct_sketches) {
    TestType sketch;
    CHECK(sketch.empty());
    CHECK(sketch.estimate() == 0);
    sketch.merge(TestType{});
    check_same_members(sketch, TestType{});
    check_same_members(read_from<TestType>(bytes_of(sketch)), sketch);
    sketch.insert(0);
    CHECK_FALSE(sketch.empty());
    CHECK(sketch.estimate() == Approx(1).epsilon(0.01));
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: a cleared one is as good as new",
                        "[sketch]",
                        distinct_sketches) {
    generator random(12);
    for (int round = 0; round < rounds; ++round) {
        auto sketch = distinct_of<TestType>(make_hashes(random, 300));
        sketch.clear();
        check_same_members(sketch, TestType{});
        const auto hashes = make_hashes(random, 300);
        for (const auto hash : hashes)
            sketch.insert(hash);
        check_same_members(sketch, distinct_of<TestType>(hashes));
    }
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: a copy is one of its own",
                        "[sketch]",
                        distinct_sketches) {
    generator random(13);
    for (int round = 0; round < rounds; ++round) {
        const auto hashes = make_hashes(random, 300);
        const auto before = distinct_of<TestType>(hashes);
        auto sketch = before;
        auto copy = distinct_of<TestType>(make_hashes(random, 300));
        copy = sketch;
        sketch.insert(random.next());
        check_same_members(copy, before);
        for (const auto hash : hashes)
            copy.insert(hash);
        check_same_members(copy, before);
        const auto moved = std::move(copy);
        check_same_members(moved, before);
        copy = TestType{};
        copy.insert(1);
        CHECK_FALSE(copy.empty());
    }
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: what is written reads back equal",
                        "[sketch]",
                        distinct_sketches) {
    generator random(14);
    for (int round = 0; round < rounds; ++round) {
        auto sketch = distinct_of<TestType>(make_hashes(random, 600));
        auto copy = read_from<TestType>(bytes_of(sketch));
        check_same_members(copy, sketch);
        const auto hash = random.next();
        copy.insert(hash);
        sketch.insert(hash);
        check_same_members(copy, sketch);
    }
}

TEMPLATE_LIST_TEST_CASE("distinct sketches: hostile bytes are refused, or are what is written",
                        "[sketch]",
                        distinct_sketches) {
    generator random(15);
    for (int round = 0; round < 4 * rounds; ++round) {
        auto bytes =
            bytes_of(distinct_of<TestType>(make_hashes(random, random.one_in(4) ? 600 : 30)));
        if (random.one_in(2))
            bytes.resize(random.below(bytes.size() + 1));
        for (auto changes = random.below(4); changes > 0 && !bytes.empty(); --changes) {
            const auto place = random.one_in(2) ? bytes.size() : std::size_t{4};
            bytes[random.below(place) % bytes.size()] = static_cast<char>(random.next());
        }
        byte_reader from(bytes);
        TestType sketch;
        sketch.insert(random.next());
        if (sketch.read(from))
            CHECK(bytes_of(sketch) == bytes.substr(0, bytes.size() - from.left()));
        else
            check_same_members(sketch, TestType{});
    }
}

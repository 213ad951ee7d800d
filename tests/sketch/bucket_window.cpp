#include <quipu/sketch/bucket_window.hpp>

#include <quipu/core/byte_codec.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

using namespace quipu;

namespace {

/// What a window holds, told without one.
struct model {
    std::map<std::int32_t, double> counts{};
    bool collapsed = false;
    std::int32_t cap = 0;

    void add(std::int32_t key, double weight) {
        if (collapsed)
            key = std::max(key, counts.begin()->first);
        counts[key] += weight;
        raise(counts.rbegin()->first - cap + 1);
    }

    void merge(const model& other, unsigned shift) {
        if (other.collapsed)
            raise(other.counts.begin()->first >> shift, true);
        for (const auto& [key, weight] : other.counts)
            add(key >> shift, weight);
        if (other.collapsed)
            raise(other.counts.begin()->first >> shift, true);
    }

    void raise(std::int32_t floor, bool even_if_none_is_below = false) {
        double below = 0;
        while (!counts.empty() && counts.begin()->first < floor) {
            below += counts.begin()->second;
            counts.erase(counts.begin());
        }
        if (below > 0)
            counts[floor] += below;
        collapsed = collapsed || below > 0 || (even_if_none_is_below && counts.contains(floor));
    }
};

template <std::size_t Cap>
bool same(const bucket_window<Cap>& window, const model& expected) {
    if (window.empty() || expected.counts.empty())
        return window.empty() && expected.counts.empty() && !window.collapsed();
    const std::int32_t low = expected.counts.begin()->first;
    const std::int32_t high = expected.counts.rbegin()->first;
    if (window.lowest() != low || window.highest() != high ||
        window.collapsed() != expected.collapsed)
        return false;
    for (std::int32_t key = low - 3; key <= high + 3; ++key) {
        const auto found = expected.counts.find(key);
        if (window[key] != (found == expected.counts.end() ? 0 : found->second))
            return false;
    }
    return true;
}

template <std::size_t Cap>
struct checked {
    bucket_window<Cap> window{};
    model expected{{}, false, static_cast<std::int32_t>(Cap)};

    void add(std::int32_t key, double weight) {
        window.add(key, weight);
        expected.add(key, weight);
    }

    template <unsigned Shift, std::size_t OtherCap>
    void merge(const checked<OtherCap>& other) {
        window.template merge<Shift>(other.window);
        expected.merge(other.expected, Shift);
    }

    void clear() {
        window.clear();
        expected = {{}, false, static_cast<std::int32_t>(Cap)};
    }

    [[nodiscard]] bool right() const { return same(window, expected); }
};

/// Keys near each other, and at times far away.
std::int32_t generate_key(generator& random) {
    const auto spread = std::uint64_t{1} << random.below(random.one_in(20) ? 12 : 6);
    return static_cast<std::int32_t>(random.below(spread)) -
           static_cast<std::int32_t>(random.below(40));
}

template <std::size_t Cap>
void fill(checked<Cap>& one, generator& random) {
    for (auto left = random.below(30); left > 0; --left)
        one.add(generate_key(random), static_cast<double>(1 + random.below(3)));
}

template <std::size_t Cap>
bucket_window<Cap> window_of(std::initializer_list<std::pair<std::int32_t, double>> counts) {
    bucket_window<Cap> window;
    for (const auto& [key, weight] : counts)
        window.add(key, weight);
    return window;
}

constexpr std::int32_t key_min = -5000;
constexpr std::int32_t key_max = 5000;

template <std::size_t Cap>
std::string bytes_of(const bucket_window<Cap>& window, bool as_integers = true) {
    std::string bytes;
    byte_writer out(bytes);
    window.write(out, as_integers);
    return bytes;
}

template <std::size_t Cap>
bool reads(bucket_window<Cap>& window, std::string_view bytes, bool as_integers = true) {
    byte_reader from(bytes);
    window.read(from, as_integers, key_min, key_max);
    return !from.failed() && from.left() == 0;
}

bool reads(std::initializer_list<unsigned> bytes) {
    std::string text;
    for (const unsigned byte : bytes)
        text += static_cast<char>(byte);
    bucket_window<10> window;
    return reads(window, text);
}

bool reads_numbers(std::initializer_list<double> numbers) {
    std::string text;
    byte_writer out(text);
    out.count(numbers.size());
    out.count(0);
    out.byte(0);
    for (const double number : numbers)
        out.number(number);
    bucket_window<10> window;
    return reads(window, text, false);
}

} // namespace

TEST_CASE("bucket_window: counts what was added, whatever the range", "[sketch][bucket_window]") {
    generator random(1);
    const auto check = [&random](auto one) {
        for (int round = 0; round < 300; ++round) {
            for (int step = 0; step < 40; ++step) {
                one.add(generate_key(random), static_cast<double>(1 + random.below(3)));
                if (!one.right())
                    FAIL_CHECK("wrong in round " << round << " at step " << step);
            }
            if (round % 2 == 0) // a new one, or one with a range from before
                one = {};
            else
                one.clear();
        }
    };
    check(checked<1>());
    check(checked<7>());
    check(checked<64>());
    check(checked<5000>());
}

TEST_CASE("bucket_window: merges other ones, finer and larger and collapsed ones",
          "[sketch][bucket_window]") {
    generator random(2);
    for (int round = 0; round < 2000; ++round) {
        checked<20> into;
        checked<50> large;
        checked<5> small;
        checked<20> alike;
        fill(into, random);
        fill(large, random);
        fill(small, random);
        fill(alike, random);
        switch (random.below(4)) {
        case 0: into.merge<0>(large); break;
        case 1: into.merge<1>(large); break;
        case 2: into.merge<3>(small); break;
        default: into.merge<0>(small);
        }
        const bool first = into.right();
        into.merge<0>(alike);
        if (!first || !into.right())
            FAIL_CHECK("wrong in round " << round);
    }
}

TEST_CASE("bucket_window: beyond the cap the lowest collapse, and say so",
          "[sketch][bucket_window]") {
    bucket_window<10> window = window_of<10>({{0, 1}, {9, 2}});
    CHECK(window.lowest() == 0);
    CHECK_FALSE(window.collapsed());
    window.add(10, 4);
    CHECK(window.collapsed());
    CHECK(window.lowest() == 1);
    CHECK(window[1] == 1);
    CHECK(window[9] == 2);
    window.add(-1000, 8);
    CHECK(window[1] == 9);
    CHECK(window[-1000] == 0);
    window.add(1000, 1);
    CHECK(window.lowest() == 991);
    CHECK(window.highest() == 1000);
    CHECK(window[991] == 15);
    window.clear();
    CHECK(window.empty());
    CHECK_FALSE(window.collapsed());
}

TEST_CASE("bucket_window: what was collapsed stays so where there is room again",
          "[sketch][bucket_window]") {
    const auto narrow = window_of<2>({{0, 1}, {9, 1}});
    CHECK(narrow.lowest() == 8);
    auto wide = window_of<100>({{3, 1}, {8, 1}});
    wide.merge(narrow);
    CHECK(wide.collapsed());
    CHECK(wide.lowest() == 8);
    CHECK(wide[8] == 3);
    CHECK(wide[9] == 1);
}

TEST_CASE("bucket_window: keeps no more than the cap, and the storage when cleared",
          "[sketch][bucket_window]") {
    bucket_window<64> window;
    const auto fill_it = [&window] {
        for (std::int32_t key = 0; key < 100'000; key += 7)
            window.add(key, 1);
    };
    fill_it();
    CHECK(window.highest() - window.lowest() < 64);
    window.clear();
    const auto before = allocations();
    window.add(99'950, 1);
    fill_it();
    CHECK(allocations() == before);
}

TEST_CASE("bucket_window: whole counts are told from others", "[sketch][bucket_window]") {
    CHECK(bucket_window<10>().whole());
    CHECK(window_of<10>({{1, 3}, {2, 0x1p53 - 1}}).whole());
    CHECK_FALSE(window_of<10>({{1, 3}, {2, 0x1p53}}).whole());
    CHECK_FALSE(window_of<10>({{1, 3}, {2, 0.5}}).whole());
    CHECK_FALSE(window_of<10>({{1, std::numeric_limits<double>::infinity()}}).whole());
}

TEST_CASE("bucket_window: what was written is read", "[sketch][bucket_window]") {
    generator random(3);
    for (int round = 0; round < 200; ++round) {
        checked<30> one;
        fill(one, random);
        const bool as_integers = random.one_in(2);
        const auto bytes = bytes_of(one.window, as_integers);
        checked<30> back;
        fill(back, random);
        REQUIRE(reads(back.window, bytes, as_integers));
        CHECK(same(back.window, one.expected));
        CHECK(bytes_of(back.window, as_integers) == bytes);
        back.expected = one.expected;
        fill(back, random);
        CHECK(back.right());
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK_FALSE(reads(back.window, std::string_view(bytes).substr(0, size), as_integers));
    }
}

TEST_CASE("bucket_window: the bytes are these, and no others", "[sketch][bucket_window]") {
    CHECK(bytes_of(bucket_window<10>()) == std::string(1, '\0'));
    CHECK(bytes_of(window_of<10>({{-2, 5}, {0, 1}})) == std::string("\3\3\0\5\0\1", 6));
    CHECK(bytes_of(window_of<2>({{0, 1}, {2, 1}})) == "\2\2\1\1\1");

    CHECK(reads({0}));
    CHECK(reads({3, 3, 0, 5, 0, 1}));
    CHECK(reads({2, 2, 1, 1, 1}));
    CHECK_FALSE(reads({2, 2, 2, 1, 1}));    // collapsed, or not
    CHECK_FALSE(reads({3, 3, 0, 0, 5, 1})); // from the first that is used
    CHECK_FALSE(reads({3, 3, 0, 5, 1, 0})); // to the last
    CHECK(reads({10, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
    CHECK_FALSE(reads({11, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})); // beyond the cap
    CHECK(reads({1, 0x8f, 0x4e, 0, 1}));                             // -5000
    CHECK_FALSE(reads({1, 0x91, 0x4e, 0, 1}));
    CHECK(reads({1, 0x90, 0x4e, 0, 1})); // 5000
    CHECK_FALSE(reads({1, 0x92, 0x4e, 0, 1}));
    CHECK_FALSE(reads({2, 0x90, 0x4e, 0, 1, 1}));
    CHECK_FALSE(reads({1, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 1}));                   // 2^31
    CHECK_FALSE(reads({1, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10})); // 2^53
    CHECK_FALSE(reads({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 1}));

    constexpr double infinite = std::numeric_limits<double>::infinity();
    CHECK(reads_numbers({0.5, 0, infinite}));
    CHECK_FALSE(reads_numbers({0.5, -0.0, 1}));
    CHECK_FALSE(reads_numbers({0.5, -1, 1}));
    CHECK_FALSE(reads_numbers({0.5, std::numeric_limits<double>::quiet_NaN(), 1}));
}

TEST_CASE("bucket window: a range of buckets is counted in place, within the bound",
          "[sketch][bucket_window]") {
    bucket_window<8> window;
    double* const counts = window.range(-2, 3);
    REQUIRE(counts != nullptr);
    counts[0] += 1;
    counts[5] += 2;
    CHECK(window[-2] == 1);
    CHECK(window[3] == 2);
    CHECK(window.range(-4, 3) != nullptr);
    CHECK(window[-2] == 1);
    CHECK(window.range(-5, 3) == nullptr); // nine of them
    CHECK(window.range(-4, 4) == nullptr);
    window.add(20, 1);
    CHECK(window.collapsed());
    CHECK(window.range(12, 20) == nullptr);
    CHECK(window.range(13, 20) != nullptr);
    CHECK(window[20] == 1);
}

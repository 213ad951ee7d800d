#include <quipu/sketch/bucket_window.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace quipu;

namespace {

constexpr std::size_t cap = 24;
using window = bucket_window<cap>;

/// The counts as they are to be: all of them, and what is below the cap in its lowest bucket.
std::map<std::int32_t, double> expected(const std::vector<std::pair<std::int32_t, double>>& added,
                                        std::size_t buckets = cap) {
    std::int32_t highest = INT32_MIN;
    for (const auto& [key, weight] : added)
        highest = std::max(highest, key);
    std::map<std::int32_t, double> counts;
    for (const auto& [key, weight] : added)
        counts[std::max(key, highest - static_cast<std::int32_t>(buckets) + 1)] += weight;
    return counts;
}

std::map<std::int32_t, double> counts_of(const window& of) {
    std::map<std::int32_t, double> counts;
    if (of.empty())
        return counts;
    for (std::int32_t key = of.lowest(); key <= of.highest(); ++key) {
        if (of[key] > 0)
            counts[key] = of[key];
    }
    return counts;
}

std::vector<std::pair<std::int32_t, double>> draw(generator& random, std::uint64_t span) {
    std::vector<std::pair<std::int32_t, double>> added(1 + random.below(30));
    const auto middle = static_cast<std::int32_t>(random.below(2000)) - 1000;
    for (auto& [key, weight] : added) {
        key = middle + static_cast<std::int32_t>(random.below(span));
        weight = static_cast<double>(1 + random.below(9));
    }
    return added;
}

window window_of(const std::vector<std::pair<std::int32_t, double>>& added) {
    window one;
    for (const auto& [key, weight] : added)
        one.add(key, weight);
    return one;
}

} // namespace

TEST_CASE("bucket window: counts what was added, the lowest collapsed beyond the cap", "[sketch]") {
    generator random(1);
    std::size_t collapsed = 0;
    for (int round = 0; round < 3000; ++round) {
        auto added = draw(random, round % 2 == 0 ? cap : 4 * cap);
        const auto all = window_of(added);
        const auto wanted = expected(added);
        if (counts_of(all) != wanted)
            FAIL("other counts in round " << round);
        collapsed += all.collapsed();
        random.shuffle(added);
        CHECK(counts_of(window_of(added)) == wanted);
        CHECK(all[all.lowest() - 1] == 0);
        CHECK(all[all.highest() + 1] == 0);
    }
    CHECK(collapsed > 500);
    CHECK(window().empty());
    CHECK_FALSE(window().collapsed());
}

TEST_CASE("bucket window: parts merge to the whole", "[sketch]") {
    generator random(2);
    for (int round = 0; round < 3000; ++round) {
        const auto first = draw(random, 3 * cap);
        const auto second = draw(random, 3 * cap);
        auto together = first;
        together.insert(together.end(), second.begin(), second.end());
        auto merged = window_of(first);
        merged.merge(window_of(second));
        const auto whole = window_of(together);
        if (counts_of(merged) != counts_of(whole) || merged.collapsed() != whole.collapsed())
            FAIL("a merge differs in round " << round);
    }
}

TEST_CASE("bucket window: a window of a finer scale is merged by its numbers shifted", "[sketch]") {
    generator random(3);
    for (int round = 0; round < 1000; ++round) {
        const auto added = draw(random, cap);
        auto halved = added;
        for (auto& one : halved)
            one.first >>= 1;
        window coarse;
        coarse.merge<1>(window_of(added));
        CHECK(counts_of(coarse) == expected(halved));
    }
}

TEST_CASE("bucket window: a cleared one counts from nothing", "[sketch]") {
    generator random(4);
    window used;
    for (int round = 0; round < 300; ++round) {
        const auto added = draw(random, 3 * cap);
        for (const auto& [key, weight] : added)
            used.add(key, weight);
        CHECK(counts_of(used) == expected(added));
        used.clear();
        CHECK(used.empty());
        CHECK_FALSE(used.collapsed());
    }
}

TEST_CASE("bucket window: what was written is read, and nothing else", "[sketch]") {
    generator random(5);
    constexpr std::int32_t key_min = -2000;
    constexpr std::int32_t key_max = 2000;
    for (int round = 0; round < 300; ++round) {
        const bool as_integers = round % 2 == 0;
        const auto all = window_of(draw(random, 3 * cap));
        CHECK(all.whole());
        std::string bytes;
        byte_writer out(bytes);
        all.write(out, as_integers);
        window back;
        byte_reader in(bytes);
        back.read(in, as_integers, key_min, key_max);
        CHECK_FALSE(in.failed());
        CHECK(in.left() == 0);
        CHECK(counts_of(back) == counts_of(all));
        CHECK(back.collapsed() == all.collapsed());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            byte_reader cut(std::string_view(bytes).substr(0, size));
            back.read(cut, as_integers, key_min, key_max);
            if (!cut.failed())
                FAIL_CHECK("reads " << size << " of " << bytes.size() << " bytes");
        }
        byte_reader beyond(bytes);
        back.read(beyond, as_integers, key_min, all.highest() - 1);
        CHECK(beyond.failed());
        byte_reader below(bytes);
        back.read(below, as_integers, all.lowest() + 1, key_max);
        CHECK(below.failed());
    }
}

TEST_CASE("bucket window: knows whether its counts are whole", "[sketch]") {
    window one;
    one.add(3, 2);
    CHECK(one.whole());
    one.add(4, 0.5);
    CHECK_FALSE(one.whole());
    window many;
    many.add(3, 0x1p53);
    CHECK_FALSE(many.whole());
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

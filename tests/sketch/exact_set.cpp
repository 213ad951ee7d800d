#include <quipu/sketch/exact_set.hpp>

#include <quipu/core/hash.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <type_traits>
#include <vector>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<exact_set>);

TEST_CASE("exact set: counts distinct members exactly", "[sketch][exact_set]") {
    exact_set set;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        set.insert(mix(i));
        set.insert(mix(i / 2));
    }
    CHECK(set.size() == 100'000);
    CHECK(set.estimate() == 100'000);
}

TEST_CASE("exact set: a hash of zero is a member as well", "[sketch][exact_set]") {
    exact_set set;
    CHECK(set.insert(0));
    CHECK(set.size() == 1);
    CHECK(set.insert(0));
    CHECK(set.insert(7));
    CHECK(set.size() == 2);
    exact_set copy;
    copy.merge(set);
    CHECK(copy.size() == 2);
}

TEST_CASE("exact set: members that want one place are all kept", "[sketch][exact_set]") {
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t hash = 1; hashes.size() < 50; ++hash) {
        if (mix(hash) % 256 == 255) // the last slot, so that the search goes round
            hashes.push_back(hash);
    }
    exact_set set;
    for (int times = 0; times < 2; ++times) {
        for (const auto hash : hashes)
            CHECK(set.insert(hash));
        CHECK(set.size() == 50);
    }
}

TEST_CASE("exact set: a new member beyond the bound is refused and counted",
          "[sketch][exact_set]") {
    basic_exact_set<6> set;
    for (std::uint64_t hash = 1; hash <= 6; ++hash)
        CHECK(set.insert(hash));
    CHECK_FALSE(set.insert(7));
    CHECK_FALSE(set.insert(7));
    CHECK(set.insert(6));
    CHECK(set.size() == 6);
    CHECK(set.dropped() == 2);

    basic_exact_set<6> other;
    other.insert(6);
    other.insert(8);
    other.merge(set); // 6 is in both, 8 takes the place of one
    CHECK(other.size() == 6);
    CHECK(other.dropped() == 3);
    other.clear();
    CHECK(other.dropped() == 0);
    CHECK(other.insert(7));
}

TEST_CASE("exact set: a set that was cleared allocates nothing to fill again",
          "[sketch][exact_set]") {
    exact_set set;
    const auto fill = [&] {
        for (std::uint64_t i = 0; i < 1000; ++i)
            set.insert(mix(i));
    };
    fill();
    set.clear();
    CHECK(set.estimate() == 0);
    const auto before = allocations();
    fill();
    CHECK(allocations() == before);
}

#include <quipu/sketch/adaptive_set.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

using namespace quipu;
using namespace std::string_literals;

static_assert(std::is_nothrow_move_constructible_v<adaptive_set<>>);
static_assert(sizeof(adaptive_set<>) == 24);
static_assert(etsy_set::exact_max == 1 << 20);

namespace {

using small = adaptive_set<4, hyperloglog<6>>;

/// The members `from` to `to` - 1.
template <class Set = small>
Set members(std::uint64_t from, std::uint64_t to) {
    Set set;
    for (; from < to; ++from)
        CHECK(set.insert(mix(from)));
    return set;
}

bool reads(const std::string& bytes) {
    auto set = members(1, 9);
    byte_reader from(bytes);
    const bool good = set.read(from);
    CHECK((good || bytes_of(set) == bytes_of(small{})));
    return good;
}

} // namespace

TEST_CASE("adaptive set: exact up to its bound", "[sketch][adaptive_set]") {
    auto set = members<adaptive_set<>>(0, 1024);
    CHECK(set.exact());
    CHECK(set.estimate() == 1024);
    CHECK(set.standard_error() == 0);
    set.insert(mix(5)); // a known one does not count
    CHECK(set.exact());
    set.insert(mix(1024));
    CHECK_FALSE(set.exact());
    CHECK(set.standard_error() == hyperloglog<14>::standard_error());
    CHECK(set.estimate() == Approx(1025).epsilon(0.02));
    CHECK(set.dropped() == 0);
}

TEST_CASE("adaptive set: beyond the bound it is the sketch of all its members",
          "[sketch][adaptive_set]") {
    small set;
    hyperloglog<6> sketch;
    for (std::uint64_t member = 0; member < 100; ++member) {
        set.insert(member == 0 ? 1 : mix(member)); // 0 is 1 here
        sketch.insert(member == 0 ? 1 : mix(member));
        if (member >= 4)
            CHECK(set.estimate() == sketch.estimate());
    }
}

TEST_CASE("adaptive set: a hash of zero is the same member before and after",
          "[sketch][adaptive_set]") {
    auto before = members(1, 3);
    before.insert(0);
    before.merge(members(3, 10));
    auto after = members(1, 10);
    after.insert(0);
    CHECK(bytes_of(before) == bytes_of(after));
}

TEST_CASE("adaptive set: merges whichever of the two each is", "[sketch][adaptive_set]") {
    // Disjoint, equal, and overlapping; up to 4 are exact.
    for (std::uint64_t first = 0; first <= 9; ++first) {
        for (std::uint64_t second = 0; second <= 9; ++second) {
            for (std::uint64_t shift = 0; shift <= 9; shift += 3) {
                auto set = members(0, first);
                set.merge(members(shift, shift + second));
                small whole = members(0, first);
                for (std::uint64_t member = shift; member < shift + second; ++member)
                    whole.insert(mix(member));
                CHECK(bytes_of(set) == bytes_of(whole));
            }
        }
    }
}

TEST_CASE("adaptive set: one that was cleared is exact again, and allocates nothing to fill",
          "[sketch][adaptive_set]") {
    auto set = members<adaptive_set<64, hyperloglog<12>>>(0, 500);
    const auto before = allocations();
    set.clear();
    CHECK(set.exact());
    for (std::uint64_t member = 0; member < 500; ++member) {
        CHECK(set.exact() == (member <= 64));
        set.insert(mix(member));
    }
    CHECK(allocations() == before);
}

TEST_CASE("adaptive set: what no set of its type would write is not read",
          "[sketch][adaptive_set]") {
    const auto exact = bytes_of(members(1, 5));
    const auto sketched = bytes_of(members(1, 6));
    CHECK(reads(exact));
    CHECK(reads(sketched));
    CHECK(reads("\0\0"s));
    CHECK_FALSE(reads(""));
    CHECK_FALSE(reads("\2" + exact.substr(1)));            // neither of the two
    CHECK_FALSE(reads(exact.substr(0, exact.size() - 1))); // cut short
    CHECK_FALSE(reads("\0\5"s + exact.substr(2) + "\xff\xff\xff\xff\xff\xff\xff\xff")); // one more
    CHECK_FALSE(reads("\1\6\0"s)); // no members
    CHECK_FALSE(reads(bytes_of(adaptive_set<4, hyperloglog<7>>()).replace(0, 1, "\1\7")));
}

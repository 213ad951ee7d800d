#include <quipu/sketch/exact_set.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace quipu;
using namespace std::string_view_literals;

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

namespace {

/// A form of bytes as it may come from anywhere.
std::string
form(std::size_t size, std::initializer_list<std::uint64_t> words, std::size_t dropped) {
    std::string bytes;
    byte_writer out(bytes);
    out.count(size);
    for (const auto word : words)
        out.word(word);
    out.count(dropped);
    return bytes;
}

template <class Set>
bool reads(std::string_view bytes) {
    Set set;
    set.insert(77);
    byte_reader from(bytes);
    const bool good = set.read(from);
    CHECK((good || (set.estimate() == 0 && set.dropped() == 0)));
    return good;
}

} // namespace

TEST_CASE("exact set: the form is its members in ascending order", "[sketch][exact_set]") {
    basic_exact_set<3> set;
    for (const std::uint64_t hash : {0x0300U, 0x01U, 0x0200U, 0x0400U})
        set.insert(hash);
    std::string bytes;
    byte_writer out(bytes);
    set.write(out);
    CHECK(bytes == "\x03"
                   "\x01\0\0\0\0\0\0\0"
                   "\0\x02\0\0\0\0\0\0"
                   "\0\x03\0\0\0\0\0\0"
                   "\x01"sv);
    CHECK(bytes == form(3, {0x01, 0x0200, 0x0300}, 1));
}

TEST_CASE("exact set: what no set of its bound would write is not read", "[sketch][exact_set]") {
    using set = basic_exact_set<3>;
    CHECK(reads<set>(form(0, {}, 0)));
    CHECK(reads<set>(form(2, {1, 2}, 0)));
    CHECK(reads<set>(form(3, {1, 2, ~std::uint64_t{0}}, 9)));
    CHECK_FALSE(reads<set>(""));
    CHECK_FALSE(reads<set>(form(2, {2, 1}, 0)));       // out of order
    CHECK_FALSE(reads<set>(form(2, {2, 2}, 0)));       // twice
    CHECK_FALSE(reads<set>(form(2, {0, 2}, 0)));       // no member's hash
    CHECK_FALSE(reads<set>(form(2, {1, 2}, 1)));       // refused one with room left
    CHECK_FALSE(reads<set>(form(4, {1, 2, 3, 4}, 0))); // beyond the bound
    CHECK_FALSE(reads<set>(form(3, {1, 2}, 0)));       // one is missing
    CHECK_FALSE(reads<set>("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));
}

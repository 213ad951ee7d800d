#include <quipu/cell/unique.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/sketch/exact_set.hpp>
#include <quipu/store/table.hpp>

#include "support/bytes.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <string_view>

using namespace quipu;
using namespace std::string_view_literals;

// A store has many: one in a cache line with its name.
static_assert(sizeof(unique) == 24);
static_assert(sizeof(table_entry<unique>) == 64);

TEST_CASE("unique: members count once, by their bytes", "[cell][unique]") {
    unique users;
    for (const auto* const name : {"foo", "bar", "foo", "FOO", "1", "1.0", "01"})
        CHECK(users.insert(name) == errc::ok);
    CHECK(users.estimate() == 6);
}

TEST_CASE("unique: the empty member is one, and zero bytes are bytes", "[cell][unique]") {
    unique users;
    users.insert("");
    CHECK(users.estimate() == 1);
    users.insert("\0"sv);
    users.insert("\0\0"sv);
    CHECK(users.estimate() == 3);
}

TEST_CASE("unique: takes the member of a sample, whatever its rate", "[cell][unique]") {
    unique users;
    sample one;
    one.member = "anna";
    one.rate = 0.1;
    CHECK(users.apply(one) == errc::ok);
    CHECK(users.apply(one) == errc::ok);
    CHECK(users.estimate() == 1);
}

TEST_CASE("unique: an interval begins without members", "[cell][unique]") {
    unique users;
    users.insert("anna");
    CHECK_FALSE(users.idle());
    users.next_interval();
    CHECK(users.idle());
    CHECK(users.estimate() == 0);
    CHECK(users.members().empty());
}

TEST_CASE("unique: a new member that finds no room is reported", "[cell][unique]") {
    basic_unique<basic_exact_set<2>> users;
    CHECK(users.insert("a") == errc::ok);
    CHECK(users.insert("b") == errc::ok);
    CHECK(users.insert("c") == errc::value_limit);
    CHECK(users.insert("a") == errc::ok);
    CHECK(users.estimate() == 2);
    CHECK(users.members().dropped() == 1);
    CHECK_FALSE(users.idle());
}

TEST_CASE("unique: sets of different objects count the same member once", "[cell][unique]") {
    unique here;
    unique there;
    for (int i = 0; i < 600; ++i) {
        here.insert(std::to_string(i));
        there.insert(std::to_string(i + 300));
    }
    here.merge(there);
    CHECK(here.estimate() == 900);
}

TEST_CASE("unique: tells whether it is exact, and how far off it may be", "[cell][unique]") {
    unique users;
    CHECK(users.exact());
    CHECK(users.standard_error() == 0);
    for (int i = 0; i < 1024; ++i)
        users.insert(std::to_string(i));
    CHECK(users.exact());
    CHECK(users.estimate() == 1024);
    users.insert("one more");
    CHECK_FALSE(users.exact());
    CHECK(users.standard_error() == 1.04 / 128);
    CHECK(users.estimate() == Approx(1025).epsilon(3 * users.standard_error()));

    basic_unique<basic_exact_set<1>> full;
    full.insert("a");
    CHECK(full.exact());
    full.insert("b");
    CHECK_FALSE(full.exact());
    CHECK(full.standard_error() == 0);
}

TEST_CASE("unique: is written with the seed of its hash", "[cell][unique]") {
    unique users;
    CHECK(bytes_of(users) == "es_upiuq\0\0"sv);
    users.insert("anna");
    users.insert("bert");
    const auto bytes = bytes_of(users);
    unique copy;
    copy.insert("carl");
    byte_reader from(bytes);
    CHECK(copy.read(from));
    CHECK(from.left() == 0);
    CHECK(copy.estimate() == 2);
    CHECK(bytes_of(copy) == bytes);
    copy.insert("anna");
    CHECK(copy.estimate() == 2);
}

TEST_CASE("unique: one that was hashed with another seed is refused", "[cell][unique]") {
    basic_unique<adaptive_set<>, 1> other;
    other.insert("anna");
    const auto bytes = bytes_of(other);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        unique users;
        users.insert("bert");
        byte_reader from(std::string_view(bytes).substr(0, size));
        CHECK_FALSE(users.read(from));
        CHECK(users.idle());
    }
}

TEST_CASE("unique: a number of members is a whole one, kept or estimated", "[cell][unique]") {
    quipu::unique native;
    quipu::basic_unique<quipu::etsy_set> etsy;
    for (int i = 0; i < 10'000; ++i) {
        const auto member = "user." + std::to_string(i);
        REQUIRE(native.insert(member) == quipu::errc::ok);
        REQUIRE(etsy.insert(member) == quipu::errc::ok);
        REQUIRE(native.estimate() == std::floor(native.estimate()));
    }
    CHECK(etsy.estimate() == 10'000);
    CHECK(etsy.exact());
    CHECK_FALSE(native.exact());
    CHECK(native.estimate() == Approx(10'000).epsilon(0.04));
}

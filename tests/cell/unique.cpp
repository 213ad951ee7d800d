#include <quipu/cell/unique.hpp>

#include "support/catch.hpp"

#include <string>

using namespace quipu;

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
    using namespace std::string_view_literals;
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
    CHECK(users.members().size() == 0);
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
    for (int i = 0; i < 1000; ++i) {
        here.insert(std::to_string(i));
        there.insert(std::to_string(i + 500));
    }
    here.merge(there);
    CHECK(here.estimate() == 1500);
}

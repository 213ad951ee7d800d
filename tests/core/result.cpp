#include <quipu/core/result.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using quipu::errc;
using quipu::result;

namespace {

// Counts how it travels: a result must not copy what it can move.
struct traveller {
    int copies = 0;
    int moves = 0;

    traveller() = default;
    traveller(const traveller& other) : copies(other.copies + 1), moves(other.moves) {}
    traveller(traveller&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
    traveller& operator=(const traveller&) = default;
    traveller& operator=(traveller&&) noexcept = default;
    ~traveller() = default;
};

constexpr result<int> half(int number) {
    if (number % 2 != 0) {
        return errc::bad_number;
    }
    return number / 2;
}

std::vector<std::string_view> every_message() {
    std::vector<std::string_view> all;
    for (std::size_t index = 0; index < quipu::errc_count; ++index) {
        all.push_back(quipu::message(static_cast<errc>(index)));
    }
    return all;
}

} // namespace

TEST_CASE("result: holds what a function returns, a value or a reason", "[core][result]") {
    STATIC_REQUIRE(half(8).has_value());
    STATIC_REQUIRE(half(8));
    STATIC_REQUIRE(*half(8) == 4);
    STATIC_REQUIRE(half(8).error() == errc::ok);

    STATIC_REQUIRE_FALSE(half(7).has_value());
    STATIC_REQUIRE_FALSE(half(7));
    STATIC_REQUIRE(half(7).error() == errc::bad_number);
}

TEST_CASE("result: a default one holds a default value", "[core][result]") {
    STATIC_REQUIRE(result<int>().has_value());
    STATIC_REQUIRE(*result<int>() == 0);
}

TEST_CASE("result: value_or answers the other value in place of an error", "[core][result]") {
    STATIC_REQUIRE(half(8).value_or(-1) == 4);
    STATIC_REQUIRE(half(7).value_or(-1) == -1);
}

TEST_CASE("result: gives access to the value in place", "[core][result]") {
    result<std::string> text = std::string("hits");
    text->push_back('!');
    CHECK(*text == "hits!");
    CHECK(std::as_const(text)->size() == 5);
    *text = "misses";
    CHECK(*std::as_const(text) == "misses");
}

TEST_CASE("result: an rvalue gives its value away", "[core][result]") {
    result<std::string> text = std::string("a text too long for the small buffer of a string");
    const char* letters = text->data();
    const std::string taken = *std::move(text);
    CHECK(taken.data() == letters);
}

TEST_CASE("result: moves what it is made from", "[core][result]") {
    const result<traveller> made = traveller();
    CHECK(made->copies == 0);
}

TEST_CASE("result: converts to bool only where one is asked for", "[core][result]") {
    STATIC_REQUIRE(std::is_constructible_v<bool, result<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<result<int>, bool>);
}

TEST_CASE("result: throws only if its value's move does", "[core][result]") {
    STATIC_REQUIRE(std::is_nothrow_constructible_v<result<traveller>, errc>);
    STATIC_REQUIRE(std::is_nothrow_constructible_v<result<int>, int>);
}

TEST_CASE("message: every cause has a text of its own", "[core][result]") {
    auto all = every_message();
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
    CHECK(std::ranges::find(all, std::string_view()) == all.end());
    CHECK(std::ranges::find(all, std::string_view("unknown error")) == all.end());
}

TEST_CASE("message: a text ends a sentence, so it has no full stop", "[core][result]") {
    for (const std::string_view text : every_message()) {
        CAPTURE(text);
        CHECK(text.back() != '.');
        CHECK(std::isupper(static_cast<unsigned char>(text.front())) == 0);
    }
}

TEST_CASE("message: a value that is no enumerator has a text too", "[core][result]") {
    STATIC_REQUIRE(quipu::message(static_cast<errc>(quipu::errc_count)) == "unknown error");
    STATIC_REQUIRE(quipu::message(static_cast<errc>(255)) == "unknown error");
}

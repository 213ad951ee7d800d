#include <quipu/core/javascript_inspect.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using quipu::inspect_javascript;
using quipu::javascript_value;

// What node 20 prints for the same; counterparts.console compares whole flushes with it.

namespace {

using type = javascript_value::type;

javascript_value number(double of) {
    javascript_value made;
    made.is = type::number;
    made.number = of;
    return made;
}

javascript_value text(std::string of) {
    javascript_value made;
    made.is = type::text;
    made.text = std::move(of);
    return made;
}

javascript_value list(std::vector<javascript_value> items, std::size_t more = 0) {
    javascript_value made;
    made.is = type::list;
    made.members = std::move(items);
    made.more = more;
    return made;
}

struct member {
    std::string key;
    javascript_value value;
};

javascript_value object(std::vector<member> members) {
    javascript_value made;
    for (auto& [key, value] : members) {
        value.key = key;
        made.members.push_back(std::move(value));
    }
    return made;
}

} // namespace

TEST_CASE("javascript_inspect: short objects are in one line", "[core][javascript_inspect]") {
    CHECK(inspect_javascript(object({})) == "{}");
    CHECK(inspect_javascript(list({})) == "[]");
    CHECK(inspect_javascript(object({{"a", number(1)},
                                     {"b.c", number(-0.0)},
                                     {"10", number(1e21)},
                                     {"2", list({text("x"), text("it's")})}})) ==
          "{ '2': [ 'x', \"it's\" ], '10': 1e+21, a: 1, 'b.c': -0 }");
}

TEST_CASE("javascript_inspect: what has more than three levels or is too wide is in lines",
          "[core][javascript_inspect]") {
    const auto deep = object({{"a", object({{"b", object({{"c", object({{"d", number(1)}})}})}})}});
    CHECK(inspect_javascript(deep) == "{ a: { b: { c: [Object] } } }");
    CHECK(inspect_javascript(deep, {5, false}) == "{\n  a: { b: { c: { d: 1 } } }\n}");
    const auto wide =
        object({{"name", text(std::string(40, 'x'))}, {"other", text(std::string(30, 'y'))}});
    CHECK(inspect_javascript(wide) ==
          "{\n  name: '" + std::string(40, 'x') + "',\n  other: '" + std::string(30, 'y') + "'\n}");
}

TEST_CASE("javascript_inspect: long lists are in columns", "[core][javascript_inspect]") {
    CHECK(inspect_javascript(list(
              {number(1), number(2), number(3), number(4), number(5), number(6), number(7)})) ==
          "[\n  1, 2, 3, 4,\n  5, 6, 7\n]");
    std::vector<javascript_value> hundred;
    for (int i = 0; i < 100; ++i)
        hundred.push_back(number(i));
    const auto shown = inspect_javascript(list(std::move(hundred), 50));
    CHECK(shown.starts_with("[\n   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,\n  12, 13,"));
    CHECK(shown.ends_with("96, 97, 98, 99,\n  ... 50 more items\n]"));
}

TEST_CASE("javascript_inspect: with colours, and text that needs escapes",
          "[core][javascript_inspect]") {
    CHECK(inspect_javascript(object({{"a", number(1)}, {"b.c", text("x")}}), {5, true}) ==
          "{ a: \x1b[33m1\x1b[39m, \x1b[32m'b.c'\x1b[39m: \x1b[32m'x'\x1b[39m }");
    CHECK(inspect_javascript(text("a\\\n\x1b\xff'\"`")) == "'a\\\\\\n\\x1B\xef\xbf\xbd\\'\"`'");
}

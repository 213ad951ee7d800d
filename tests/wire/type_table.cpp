#include <quipu/wire/type_table.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

using namespace quipu;

template <class Dialect>
void check_all_types() {
    constexpr detail::type_table<Dialect> types{};
    for (unsigned first = 0; first < 256; ++first) {
        const std::string one(1, static_cast<char>(first));
        const auto wanted = Dialect::kind(one);
        const auto found = types.kind((one + 'x').data(), 1);
        CAPTURE(first);
        // Etsy's "|#" begins tags; there is no type then.
        const bool tags = Dialect::tags == tag_field::rest_of_line && first == '#';
        CHECK((found == types.unknown) == (!wanted || tags));
        if (found != types.unknown)
            CHECK(static_cast<metric_kind>(found) == *wanted);
    }
    for (const std::string_view two : {"ms", "kv", "mx", "kc", "xx", "sm"}) {
        const auto found = types.kind(two.data(), 2);
        CAPTURE(two);
        // What is not in the table is for the full parser, which may know it.
        if (found != types.unknown)
            CHECK(static_cast<metric_kind>(found) == *Dialect::kind(two));
        else
            CHECK((two != "ms" || !Dialect::kind(two)));
    }
}

} // namespace

TEST_CASE("type_table: says of every type what the dialect says", "[wire][type_table]") {
    check_all_types<dialect::quipu>();
    check_all_types<dialect::etsy>();
    check_all_types<dialect::kiip>();
    check_all_types<dialect::statsite>();
    check_all_types<dialect::dogstatsd>();
}

TEST_CASE("type_table: is made by the compiler", "[wire][type_table]") {
    constexpr detail::type_table<dialect::quipu> types{};
    STATIC_REQUIRE(types.kind("ms", 2) == static_cast<std::uint8_t>(metric_kind::timer));
    STATIC_REQUIRE(types.kind("c|", 1) == static_cast<std::uint8_t>(metric_kind::counter));
    STATIC_REQUIRE(types.kind("mx", 2) == types.unknown);
}

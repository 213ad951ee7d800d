#include <quipu/core/saturated.hpp>

#include "support/catch.hpp"

#include <limits>

using quipu::saturated;
using quipu::detail::harmless_max;
using quipu::detail::sum_is_finite;

namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double beyond = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

} // namespace

TEST_CASE("saturated: what is a number stays, what is none is the one next to it", "[core]") {
    STATIC_REQUIRE(saturated(1.5) == 1.5);
    STATIC_REQUIRE(saturated(-largest) == -largest);
    STATIC_REQUIRE(saturated(beyond) == largest);
    STATIC_REQUIRE(saturated(-beyond) == -largest);
    CHECK(saturated(not_a_number) == largest);
}

TEST_CASE("saturated: harmless values never make a sum infinite", "[core]") {
    STATIC_REQUIRE(largest + harmless_max == largest);
    STATIC_REQUIRE(-largest - harmless_max == -largest);
    STATIC_REQUIRE(sum_is_finite(largest, harmless_max));
    STATIC_REQUIRE(sum_is_finite(largest, -largest));
    STATIC_REQUIRE(sum_is_finite(1e308, 7e307));
    CHECK_FALSE(sum_is_finite(1e308, 1e308));
    CHECK_FALSE(sum_is_finite(-1e308, -1e308));
    CHECK_FALSE(sum_is_finite(0, beyond));
    CHECK_FALSE(sum_is_finite(0, not_a_number));
}

TEST_CASE("saturated: what is far enough from the end is harmless, whatever its sign", "[core]") {
    using quipu::detail::is_harmless;
    STATIC_REQUIRE(is_harmless(0));
    STATIC_REQUIRE(is_harmless(-harmless_max));
    STATIC_REQUIRE_FALSE(is_harmless(2 * harmless_max));
    STATIC_REQUIRE_FALSE(is_harmless(-2 * harmless_max));
    STATIC_REQUIRE_FALSE(is_harmless(-beyond));
    CHECK_FALSE(is_harmless(not_a_number));
}

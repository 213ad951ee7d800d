#include <quipu/core/whole_number.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <optional>

using quipu::nearest_whole;
using quipu::whole_number;

namespace {

constexpr double endless = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

} // namespace

TEST_CASE("whole_number: what is one is that", "[core][whole_number]") {
    CHECK(whole_number<std::uint32_t>(0) == 0U);
    CHECK(whole_number<std::uint32_t>(-0.0) == 0U);
    CHECK(whole_number<std::uint32_t>(4294967295.0) == 4294967295U);
    CHECK(whole_number<std::int64_t>(-0x1p63) == std::numeric_limits<std::int64_t>::min());
    CHECK(whole_number<std::int64_t>(0x1p63 - 1024) == 0x7fff'ffff'ffff'fc00);
    CHECK(whole_number<std::uint64_t>(0x1p64 - 2048) == 0xffff'ffff'ffff'f800);
    CHECK(whole_number<std::int8_t>(-128) == std::int8_t{-128});
}

TEST_CASE("whole_number: what is none of the type is nothing", "[core][whole_number]") {
    for (const double value : {not_a_number, endless, -endless, 1e300, -1e300, 0.5, -1.0, 0x1p32})
        CHECK_FALSE(whole_number<std::uint32_t>(value));
    CHECK_FALSE(whole_number<std::int64_t>(0x1p63));
    CHECK_FALSE(whole_number<std::int64_t>(-0x1p63 - 2048));
    CHECK_FALSE(whole_number<std::uint64_t>(0x1p64));
    CHECK_FALSE(whole_number<std::int8_t>(128));
    CHECK_FALSE(whole_number<std::int8_t>(-129));
}

TEST_CASE("whole_number: the nearest one never leaves the type", "[core][whole_number]") {
    STATIC_REQUIRE(nearest_whole<std::uint32_t>(not_a_number) == 0);
    STATIC_REQUIRE(nearest_whole<std::uint32_t>(-1) == 0);
    STATIC_REQUIRE(nearest_whole<std::uint32_t>(-0.5) == 0);
    STATIC_REQUIRE(nearest_whole<std::uint32_t>(2.9) == 2);
    STATIC_REQUIRE(nearest_whole<std::uint32_t>(1e300) == 4294967295U);
    STATIC_REQUIRE(nearest_whole<std::uint64_t>(0x1p64) == 0xffff'ffff'ffff'ffff);
    STATIC_REQUIRE(nearest_whole<std::int64_t>(0x1p63) == 0x7fff'ffff'ffff'ffff);
    STATIC_REQUIRE(nearest_whole<std::int64_t>(-endless) ==
                   std::numeric_limits<std::int64_t>::min());
    STATIC_REQUIRE(nearest_whole<std::int64_t>(-2.9) == -2);
    STATIC_REQUIRE(nearest_whole<std::int64_t>(endless) == 0x7fff'ffff'ffff'ffff);
}

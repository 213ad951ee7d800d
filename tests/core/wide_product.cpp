#include <quipu/core/wide_product.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstdint>

using quipu::detail::multiply;
using quipu::detail::multiply_by_halves;
using quipu::detail::wide;

namespace {
constexpr std::uint64_t largest = ~std::uint64_t{0};
}

TEST_CASE("wide_product: the product is exact", "[core][wide_product]") {
    STATIC_REQUIRE(multiply(0, largest) == wide{0, 0});
    STATIC_REQUIRE(multiply(1, largest) == wide{0, largest});
    STATIC_REQUIRE(multiply(largest, largest) == wide{largest - 1, 1});
    STATIC_REQUIRE(multiply(0x1'0000'0000, 0x1'0000'0000) == wide{1, 0});
    STATIC_REQUIRE(multiply(0xfedc'ba98'7654'3210, 0x0123'4567'89ab'cdef) ==
                   wide{0x0121'fa00'ad77'd742, 0x2236'd88f'e561'8cf0});
}

TEST_CASE("wide_product: both ways to multiply agree", "[core][wide_product]") {
    STATIC_REQUIRE(multiply_by_halves(largest, largest) == wide{largest - 1, 1});
    STATIC_REQUIRE(multiply_by_halves(0xffff'ffff, 0xffff'ffff'0000'0001) ==
                   multiply(0xffff'ffff, 0xffff'ffff'0000'0001));
    generator random(1);
    int different = 0;
    for (int i = 0; i < 100'000; ++i) {
        // Some factors with halves of zeros or ones, where carries are.
        const std::uint64_t a = random.next() | (random.one_in(4) ? largest << 32 : 0);
        const std::uint64_t b = random.next() & (random.one_in(4) ? largest << 32 : largest);
        different += multiply(a, b) == multiply_by_halves(a, b) ? 0 : 1;
    }
    CHECK(different == 0);
}

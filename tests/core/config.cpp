#include <quipu/core/config.hpp>

#include "support/catch.hpp"

TEST_CASE("config: the parts of the version make up its number", "[core][config]") {
    STATIC_REQUIRE(quipu::version_major * 10000 + quipu::version_minor * 100 +
                       quipu::version_patch ==
                   QUIPU_VERSION);
    STATIC_REQUIRE(quipu::version_minor < 100);
    STATIC_REQUIRE(quipu::version_patch < 100);
}

TEST_CASE("config: the padding of received text holds the widest vector", "[core][config]") {
    STATIC_REQUIRE(quipu::read_padding_bytes >= 64);
}

namespace {

constexpr int halved(int even) {
    QUIPU_ASSERT(even % 2 == 0);
    return even / 2;
}

} // namespace

TEST_CASE("config: an assertion that holds costs no constant expression", "[core][config]") {
    STATIC_REQUIRE(halved(4) == 2);
}

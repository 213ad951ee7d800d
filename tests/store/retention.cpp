#include <quipu/store/retention.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>

using namespace quipu;

namespace {

struct may_throw {
    static bool expired(std::uint32_t) { return false; }
};
struct says_when {
    static std::uint32_t expired(std::uint32_t idle) noexcept { return idle; }
};
static_assert(!retention_policy<int>);
static_assert(!retention_policy<may_throw>);
static_assert(!retention_policy<says_when>);

constexpr auto longest = std::numeric_limits<std::uint32_t>::max();

} // namespace

TEST_CASE("retention: forever never ends", "[store][retention]") {
    STATIC_REQUIRE_FALSE(retention::forever().expired(0));
    STATIC_REQUIRE_FALSE(retention::forever().expired(longest));
}

TEST_CASE("retention: each_interval ends with the first idle one", "[store][retention]") {
    STATIC_REQUIRE_FALSE(retention::each_interval().expired(0));
    STATIC_REQUIRE(retention::each_interval().expired(1));
    STATIC_REQUIRE(retention::each_interval().expired(longest));
}

TEST_CASE("retention: idle_for stays for as many idle intervals", "[store][retention]") {
    STATIC_REQUIRE(retention::idle_for().intervals_max == 1);
    STATIC_REQUIRE_FALSE(retention::idle_for{3}.expired(0));
    STATIC_REQUIRE_FALSE(retention::idle_for{3}.expired(3));
    STATIC_REQUIRE(retention::idle_for{3}.expired(4));
    STATIC_REQUIRE(retention::idle_for{0}.expired(1));
    STATIC_REQUIRE_FALSE(retention::idle_for{longest}.expired(longest));
}

TEMPLATE_TEST_CASE("retention: what has left does not come back by waiting",
                   "[store][retention]",
                   retention::forever,
                   retention::each_interval,
                   retention::idle_for) {
    const TestType policy;
    bool left = false;
    for (std::uint32_t idle = 0; idle < 100; ++idle) {
        CHECK((!left || policy.expired(idle)));
        left = policy.expired(idle);
    }
    CHECK_FALSE(policy.expired(0));
}

TEST_CASE("retention: adjustable never ends until it is told", "[store][retention]") {
    STATIC_REQUIRE_FALSE(retention::adjustable().expired(longest));
    STATIC_REQUIRE_FALSE(retention::adjustable{2}.expired(2));
    STATIC_REQUIRE(retention::adjustable{2}.expired(3));
    STATIC_REQUIRE(retention::adjustable{0}.expired(1));
}

#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <string_view>
#include <type_traits>

namespace profile = quipu::profile;
using quipu::test::snapshot_of;

namespace {

struct nameless {
    using dialect_type = quipu::dialect::quipu;
};
/// As a user makes one: derive and override.
struct mine : profile::quipu {
    static constexpr std::string_view name = "mine";
    using dialect_type = ::quipu::dialect::kiip;
};
struct without_schema : profile::quipu {
    using schema_type = int;
};

} // namespace

TEST_CASE("profile: those of the library are profiles, and so is what derives from one",
          "[server][profile]") {
    STATIC_REQUIRE(quipu::server_profile<profile::quipu>);
    STATIC_REQUIRE(quipu::server_profile<profile::etsy>);
    STATIC_REQUIRE(quipu::server_profile<profile::kiip>);
    STATIC_REQUIRE(quipu::server_profile<mine>);
    STATIC_REQUIRE_FALSE(quipu::server_profile<nameless>);
    STATIC_REQUIRE_FALSE(quipu::server_profile<without_schema>);
    STATIC_REQUIRE_FALSE(quipu::server_profile<int>);
    STATIC_REQUIRE(profile::quipu::name == "quipu");
    STATIC_REQUIRE(profile::etsy::name == "etsy");
    STATIC_REQUIRE(profile::kiip::name == "kiip");
}

TEST_CASE("profile: etsy weighs a sampled timer in its count alone, quipu in everything",
          "[server][profile]") {
    constexpr std::string_view lines = "t:10|ms\nt:20|ms|@0.1";
    const auto etsy = snapshot_of<profile::etsy>(lines, 1);
    REQUIRE(etsy.timers.size() == 1);
    CHECK(etsy.timers[0].cell.count() == 11);
    CHECK(etsy.timers[0].cell.mean() == 15);
    const auto native = snapshot_of<profile::quipu>(lines, 1);
    CHECK(native.timers[0].cell.count() == 11);
    CHECK(native.timers[0].cell.mean() == Approx(210.0 / 11));
}

namespace {

/// How many series are left one interval after they came: counter, timer, gauge, set.
template <class Profile>
std::size_t left_after_an_idle_interval() {
    quipu::basic_intake<Profile> intake;
    intake.receive("c:1|c\nt:1|ms\ng:1|g\ns:1|s\n", 0, [](auto, auto) {});
    quipu::basic_pipeline<Profile> pipeline;
    pipeline.take(intake.shard().active());
    static_cast<void>(pipeline.flush(10, 10));
    const auto second = pipeline.flush(20, 10);
    std::size_t own = 0;
    const auto count = [&](const auto& entries) {
        for (const auto& one : entries)
            own += one.name.starts_with("statsd.") ? 1U : 0U;
    };
    count(second.counters);
    count(second.gauges);
    return second.size() - own;
}

} // namespace

TEST_CASE("profile: etsy forgets nothing, the others keep gauges only", "[server][profile]") {
    CHECK(left_after_an_idle_interval<profile::etsy>() == 4);
    CHECK(left_after_an_idle_interval<profile::quipu>() == 1);
    CHECK(left_after_an_idle_interval<profile::kiip>() == 0);
}

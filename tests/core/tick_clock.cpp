#include <quipu/core/tick_clock.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>

using namespace quipu;

namespace {

struct without_milliseconds {
    [[nodiscard]] std::uint64_t now() const noexcept { return 0; }
};
static_assert(!tick_clock<without_milliseconds>);
static_assert(!tick_clock<std::chrono::steady_clock>);

} // namespace

TEST_CASE("tick clock: the standard one counts nanoseconds", "[core][tick_clock]") {
    constexpr steady_ticks clock;
    CHECK(clock.milliseconds(2'500'000) == 2.5);
    const auto before = clock.now();
    CHECK(clock.now() >= before);
}

TEST_CASE("tick clock: the processor's agrees with the standard one", "[core][tick_clock]") {
    const auto calibrated = processor_ticks::calibrated();
    if (!calibrated) {
        CHECK(calibrated.error() == errc::unsupported);
        return;
    }
    const processor_ticks clock = *calibrated;
    constexpr steady_ticks standard;
    // Whoever is interrupted between two looks measures more: the closest of some tries counts.
    double closest = 1;
    for (int i = 0; i < 20 && closest > 0.01; ++i) {
        const auto steady_start = standard.now();
        const auto start = clock.now();
        while (standard.milliseconds(standard.now() - steady_start) < 2) {
        }
        const double measured = clock.milliseconds(clock.now() - start);
        const double expected = standard.milliseconds(standard.now() - steady_start);
        const double error = measured > expected ? measured - expected : expected - measured;
        closest = error / expected < closest ? error / expected : closest;
    }
    CHECK(closest <= 0.01);
}

TEST_CASE("tick clock: one that is not calibrated measures nothing", "[core][tick_clock]") {
    CHECK(processor_ticks().milliseconds(1'000'000) == 0);
}

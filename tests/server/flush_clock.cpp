#include <quipu/server/flush_clock.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstdint>

using quipu::flush_clock;

TEST_CASE("flush_clock: the first flush comes one interval after the start", "[server][clock]") {
    flush_clock clock({10'000, false, 0}, 1'234);
    CHECK(clock.next_ms() == 11'234);
    CHECK(clock.wait_ms(1'234) == 10'000);
    CHECK(clock.wait_ms(11'233) == 1);
    CHECK(clock.wait_ms(11'234) == 0);
    CHECK(clock.wait_ms(11'300) == 0);
    CHECK(clock.tick(11'300) == 11'234);
    CHECK(clock.next_ms() == 21'234);
    CHECK(clock.missed() == 0);
}

TEST_CASE("flush_clock: a million late ticks do not drift", "[server][clock]") {
    constexpr std::int64_t interval_ms = 200;
    generator random(1);
    flush_clock clock({interval_ms, false, 0}, 77);
    bool all_in_time = true;
    for (std::int64_t i = 1; i <= 1'000'000; ++i) {
        const auto late_ms = static_cast<std::int64_t>(random.below(interval_ms));
        all_in_time = all_in_time && clock.tick(clock.next_ms() + late_ms) == 77 + i * interval_ms;
    }
    CHECK(all_in_time);
    CHECK(clock.next_ms() == 77 + 1'000'001 * interval_ms);
    CHECK(clock.missed() == 0);
}

TEST_CASE("flush_clock: aligned ticks are multiples of the interval", "[server][clock]") {
    const auto first = [](quipu::flush_schedule schedule, std::int64_t now_ms) {
        return flush_clock(schedule, now_ms).next_ms();
    };
    CHECK(first({10'000, true, 0}, 1'700'000'001'234) == 1'700'000'010'000);
    CHECK(first({10'000, true, 0}, 1'700'000'009'999) == 1'700'000'010'000);
    CHECK(first({10'000, true, 0}, 1'700'000'010'000) == 1'700'000'020'000);
    CHECK(first({10'000, true, 2'000}, 1'700'000'001'000) == 1'700'000'002'000);
    CHECK(first({10'000, true, 2'000}, 1'700'000'002'000) == 1'700'000'012'000);

    SECTION("where the remainder is below zero, too") {
        CHECK(first({10, true, 0}, -3) == 0);
        CHECK(first({10, true, 0}, -10) == 0);
        CHECK(first({10, true, 0}, -11) == -10);
        CHECK(first({10, true, 5}, 3) == 5);
        CHECK(first({10, true, 5}, -5) == 5);
        CHECK(first({10, true, 5}, -6) == -5);
    }
}

TEST_CASE("flush_clock: ticks that were missed are counted and left out", "[server][clock]") {
    flush_clock clock({1'000, false, 0}, 0);
    CHECK(clock.tick(1'999) == 1'000);
    CHECK(clock.missed() == 0);
    CHECK(clock.tick(5'500) == 5'000); // those of 2,000, 3,000 and 4,000 never were
    CHECK(clock.missed() == 3);
    CHECK(clock.next_ms() == 6'000);
    CHECK(clock.wait_ms(5'500) == 500);
}

TEST_CASE("flush_clock: after a step back the ticks begin anew", "[server][clock]") {
    SECTION("from the new time") {
        flush_clock clock({1'000, false, 0}, 100'000);
        CHECK(clock.wait_ms(50'123) == 1'000);
        CHECK(clock.tick(51'123) == 51'123);
        CHECK(clock.missed() == 0);
    }
    SECTION("aligned") {
        flush_clock clock({1'000, true, 0}, 100'000);
        CHECK(clock.wait_ms(50'123) == 877);
        CHECK(clock.tick(51'000) == 51'000);
    }
    SECTION("and no earlier than they were, if the step is within the interval") {
        flush_clock clock({1'000, false, 0}, 100'000);
        CHECK(clock.wait_ms(100'400) == 600);
        CHECK(clock.wait_ms(100'100) == 900);
        CHECK(clock.next_ms() == 101'000);
    }
}

TEST_CASE("flush_clock: a step back right after a tick does not do it twice", "[server][clock]") {
    flush_clock clock({1'000, true, 0}, 100'500);
    REQUIRE(clock.tick(101'000) == 101'000);
    CHECK(clock.wait_ms(100'999) == 1'001);
    CHECK(clock.tick(102'000) == 102'000);
}

TEST_CASE("flush_clock: whatever the clock does, a flush is due within two intervals",
          "[server][clock]") {
    generator random(2);
    for (int round = 0; round < 200; ++round) {
        CAPTURE(round);
        const auto interval_ms = 100 + static_cast<std::int64_t>(random.below(20'000));
        const bool aligned = random.one_in(2);
        const auto offset_ms =
            aligned ? static_cast<std::int64_t>(random.below(std::uint64_t(interval_ms))) : 0;
        std::int64_t now_ms = static_cast<std::int64_t>(random.below(1'000'000'000)) - 500'000'000;
        flush_clock clock({interval_ms, aligned, offset_ms}, now_ms);
        std::int64_t last_ms = now_ms;
        std::uint64_t missed = 0;
        bool stepped = false;
        for (int i = 0; i < 100; ++i) {
            if (random.one_in(10)) { // somebody sets the clock
                now_ms += static_cast<std::int64_t>(random.below(200'000)) - 100'000;
                stepped = true;
            }
            const auto wait_ms = clock.wait_ms(now_ms);
            if (wait_ms < 0 || wait_ms > 2 * interval_ms)
                FAIL("waits " << wait_ms << " ms");
            now_ms += wait_ms + static_cast<std::int64_t>(random.below(50));
            const auto due_ms = clock.tick(now_ms);
            if (due_ms > now_ms || now_ms - due_ms >= interval_ms)
                FAIL("the tick of " << due_ms << " is done at " << now_ms);
            if (aligned && (due_ms - offset_ms) % interval_ms != 0)
                FAIL(due_ms << " is no multiple");
            const auto missed_now = static_cast<std::int64_t>(clock.missed() - missed);
            if (!stepped && i > 0 && due_ms - last_ms != (missed_now + 1) * interval_ms)
                FAIL("ticks at " << last_ms << " and " << due_ms << ", missed " << missed_now);
            last_ms = due_ms;
            missed = clock.missed();
            stepped = false;
        }
    }
}

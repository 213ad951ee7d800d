#include <quipu/server/flush_stamps.hpp>

#include "support/catch.hpp"

using quipu::flush_stamp;
using quipu::flush_stamps;

namespace {

bool is(const flush_stamp& one, std::int64_t timestamp, std::int64_t interval_ms) {
    CAPTURE(one.timestamp, one.interval_ms);
    CHECK(one.timestamp == timestamp);
    CHECK(one.interval_ms == interval_ms);
    return one.timestamp == timestamp && one.interval_ms == interval_ms;
}

} // namespace

TEST_CASE("flush_stamps: an interval that is a little late has its usual length",
          "[server][clock]") {
    flush_stamps stamps(5'000);
    CHECK(is(stamps.regular(1'000'010'000, 15'030, 10'000), 1'000'010, 10'000));
    CHECK(is(stamps.regular(1'000'020'000, 25'001, 10'000), 1'000'020, 10'000));
    CHECK(is(stamps.regular(1'000'050'000, 55'500, 10'000), 1'000'050, 30'000)); // two were missed
}

TEST_CASE("flush_stamps: a step of the clock changes no rate, and no time comes twice",
          "[server][clock]") {
    flush_stamps stamps(0);
    CHECK(is(stamps.regular(10'000, 10'000, 10'000), 10, 10'000));
    CHECK(is(stamps.regular(3'610'000, 20'000, 10'000), 3'610, 10'000)); // an hour forward
    CHECK(is(stamps.regular(90'000'000, 30'000, 10'000), 90'000, 10'000));
    CHECK(is(stamps.regular(89'995'000, 40'000, 10'000), 90'001, 10'000)); // a bit back
    CHECK(is(stamps.regular(90'005'000, 50'000, 10'000), 90'005, 10'000));
    // Where several flushes come in a second, their times are what they are.
    CHECK(is(stamps.regular(90'005'100, 50'100, 100), 90'005, 100));
    CHECK(is(stamps.regular(90'005'200, 50'200, 100), 90'005, 100));
}

TEST_CASE("flush_stamps: an interval that is cut has its own length, and is not in the future",
          "[server][clock]") {
    flush_stamps stamps(0);
    CHECK(is(stamps.regular(7'000, 7'000, 7'000), 7, 7'000));
    CHECK(is(stamps.cut(9'900, 9'900, 7'000), 9, 2'900));
    CHECK(is(stamps.cut(9'950, 9'950, 7'000), 10, 50)); // in the same second: the next one
    CHECK(is(stamps.cut(11'000, 9'950, 7'000), 11, 1));
    CHECK(is(stamps.regular(18'000, 17'000, 7'000), 18, 7'000));
    stamps.reschedule();
    CHECK(is(stamps.regular(25'000, 23'900, 7'000), 25, 6'900));
    CHECK(is(stamps.regular(32'000, 30'950, 7'000), 32, 7'000));
    // One that a new schedule ends has the time that passed, too.
    CHECK(is(stamps.regular(35'000, 33'950, 60'000), 35, 3'000));
}

#include <quipu/registry/timer_buffer.hpp>

#include <quipu/cell/timer.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstddef>
#include <limits>
#include <thread>
#include <vector>

using namespace quipu;
using detail::timer_buffer;

TEST_CASE("timer buffer: values come out once, in any portion", "[registry][timer_buffer]") {
    timer_buffer<timer, 8> buffer;
    double next = 1;
    double sum = 0;
    double taken = 0;
    for (const int portion : {0, 1, 7, 8, 9, 3, 16, 17, 100, 2}) {
        for (int i = 0; i < portion; ++i) {
            sum += next;
            buffer.record(next++);
        }
        timer out;
        CHECK(buffer.move_into(out) == 0);
        CHECK(out.count() == portion);
        taken += out.sum();
    }
    CHECK(taken == sum);
}

TEST_CASE("timer buffer: what is taken is added to what is there", "[registry][timer_buffer]") {
    timer_buffer<timer, 4> buffer;
    timer out;
    out.record(100);
    for (int i = 0; i < 6; ++i)
        buffer.record(i);
    static_cast<void>(buffer.move_into(out));
    CHECK(out.count() == 7);
    CHECK(out.sum() == 115);
}

TEST_CASE("timer buffer: what is no number is refused, and counted", "[registry][timer_buffer]") {
    timer_buffer<timer, 4> buffer;
    for (int i = 0; i < 3; ++i) {
        buffer.record(1);
        buffer.record(std::numeric_limits<double>::quiet_NaN());
        buffer.record(std::numeric_limits<double>::infinity());
    }
    timer out;
    CHECK(buffer.move_into(out) == 6);
    CHECK(buffer.move_into(out) == 0);
    CHECK(out.count() == 3);
    CHECK(out.sum() == 3);
}

TEST_CASE("timer buffer: what a cell cannot keep is counted", "[registry][timer_buffer]") {
    timer_buffer<basic_timer<basic_exact<5>>, 4> buffer;
    for (int i = 0; i < 9; ++i)
        buffer.record(i);
    basic_timer<basic_exact<5>> out;
    CHECK(buffer.move_into(out) == 4);
    CHECK(out.count() == 9);
}

TEST_CASE("timer buffer: values whose squares are beyond doubles count as well",
          "[registry][timer_buffer]") {
    timer_buffer<timer, 4> buffer;
    for (const double value : {1e200, 1.0, -1e200, 3.0, 5.0})
        buffer.record(value);
    timer out;
    CHECK(buffer.move_into(out) == 0);
    CHECK(out.count() == 5);
    CHECK(out.max() == 1e200);
}

TEST_CASE("timer buffer: a reset forgets all", "[registry][timer_buffer]") {
    timer_buffer<timer, 4> buffer;
    for (int i = 0; i < 7; ++i)
        buffer.record(i);
    buffer.reset();
    buffer.record(2);
    timer out;
    static_cast<void>(buffer.move_into(out));
    CHECK(out.count() == 1);
    CHECK(out.sum() == 2);
}

TEST_CASE("timer buffer: one records while others collect", "[registry][timer_buffer]") {
    constexpr int total = 200'000;
    timer_buffer<timer, 16> buffer;
    std::atomic<bool> ended = false;
    timer first;
    timer second;
    const auto collect = [&](timer& into) {
        while (!ended)
            static_cast<void>(buffer.move_into(into));
    };
    std::thread a([&] { collect(first); });
    std::thread b([&] { collect(second); });
    for (int i = 1; i <= total; ++i)
        buffer.record(i);
    ended = true;
    a.join();
    b.join();
    static_cast<void>(buffer.move_into(first));
    CHECK(first.count() + second.count() == total);
    CHECK(first.sum() + second.sum() == 0.5 * total * (total + 1.0));
}

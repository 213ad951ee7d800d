#include <quipu/registry/scoped_timing.hpp>

#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace quipu;

namespace {

/// A clock that is set by hand; a tick is two milliseconds.
struct hand_clock {
    const std::uint64_t* ticks = nullptr;

    [[nodiscard]] std::uint64_t now() const noexcept { return *ticks; }
    [[nodiscard]] double milliseconds(std::uint64_t count) const noexcept {
        return 2.0 * static_cast<double>(count);
    }
};

struct list {
    std::vector<double>* values = nullptr;
    void record(double value) const { values->push_back(value); }
};

using recorded = std::vector<double>;

} // namespace

TEST_CASE("scoped timing: records its lifetime", "[registry][scoped_timing]") {
    std::uint64_t ticks = 100;
    recorded values;
    {
        const scoped_timing timing(list{&values}, hand_clock{&ticks});
        ticks += 21;
        CHECK(timing.elapsed() == 42);
        CHECK(values.empty());
    }
    CHECK(values == recorded{42});
}

TEST_CASE("scoped timing: records also when the block throws", "[registry][scoped_timing]") {
    std::uint64_t ticks = 0;
    recorded values;
    try {
        const scoped_timing timing(list{&values}, hand_clock{&ticks});
        ticks += 1;
        throw std::runtime_error("late");
    } catch (const std::runtime_error&) {
        values.push_back(-1);
    }
    CHECK(values == recorded{2, -1});
}

TEST_CASE("scoped timing: may be stopped, once, or cancelled", "[registry][scoped_timing]") {
    std::uint64_t ticks = 0;
    recorded values;
    {
        scoped_timing timing(list{&values}, hand_clock{&ticks});
        ticks += 5;
        CHECK(timing.stop() == 10);
        ticks += 5;
        CHECK(timing.stop() == 0);
    }
    CHECK(values == recorded{10});
    {
        scoped_timing timing(list{&values}, hand_clock{&ticks});
        timing.cancel();
        CHECK(timing.stop() == 0);
    }
    CHECK(values == recorded{10});
}

TEST_CASE("scoped timing: a clock that seems to go back measures nothing",
          "[registry][scoped_timing]") {
    std::uint64_t ticks = 10;
    recorded values;
    {
        const scoped_timing timing(list{&values}, hand_clock{&ticks});
        ticks = 9;
    }
    CHECK(values == recorded{0});
}

TEST_CASE("scoped timing: times calls, and gives what they give", "[registry][scoped_timing]") {
    registry metrics;
    const auto latency = metrics.timer("latency");
    int calls = 0;
    CHECK(timed(
              latency, [](int a, int b) { return a + b; }, 2, 3) == 5);
    timed(latency, [&] { ++calls; });
    int& same = timed(latency, [&]() -> int& { return calls; });
    CHECK(&same == &calls);
    CHECK_THROWS_AS(timed(latency, [] { throw std::runtime_error("late"); }), std::runtime_error);
    { const scoped_timing timing(latency); }
    const auto flushed = metrics.flush(1, 1);
    CHECK(flushed.timers[0].cell.count() == 5);
    CHECK(flushed.timers[0].cell.min() >= 0);
}

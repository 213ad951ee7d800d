#include <quipu/client/scoped_timer.hpp>

#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quipu;

namespace {

/// A clock that the test turns.
struct test_clock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<test_clock>;

    static inline duration time{};
    static time_point now() noexcept { return time_point(time); }
};

using memory_client = basic_client<memory_transport>;
using timer_under_test = scoped_timer<memory_client, test_clock>;

std::vector<std::string> sent(memory_client& client) {
    client.flush();
    return client.transport().sent();
}

} // namespace

TEST_CASE("scoped timer: tells the time from its making to its end, once", "[client]") {
    memory_client client{memory_transport()};
    {
        const timer_under_test timer(client, "a", {.tags = "k:v"});
        test_clock::time += std::chrono::microseconds(1500);
    }
    {
        timer_under_test timer(client, "b");
        test_clock::time += std::chrono::microseconds(250);
        CHECK(timer.stop() == std::chrono::microseconds(250));
        test_clock::time += std::chrono::microseconds(1000);
        CHECK(timer.stop() == std::chrono::microseconds(1250));
    }
    {
        timer_under_test timer(client, "c");
        timer.cancel();
    }
    CHECK(sent(client) == std::vector<std::string>{"a:1.5|ms|#k:v\nb:0.25|ms"});
}

TEST_CASE("scoped timer: a block that throws is timed as well", "[client]") {
    memory_client client{memory_transport()};
    const auto fails = [&] {
        const timer_under_test timer(client, "a");
        test_clock::time += std::chrono::microseconds(2000);
        throw std::runtime_error("no");
    };
    CHECK_THROWS_AS(fails(), std::runtime_error);
    CHECK(sent(client) == std::vector<std::string>{"a:2|ms"});
}

TEST_CASE("scoped timer: a callable is timed, and its result is handed on", "[client]") {
    memory_client client{memory_transport()};
    int value = 5;
    int& same = timed(client, "f", [&]() -> int& { return value; });
    CHECK(&same == &value);
    timed(client, "g", [] {});
    client.flush();
    REQUIRE(client.transport().sent().size() == 1);
    CHECK(client.counts().samples == 2);
    CHECK(client.transport().sent().front().starts_with("f:0"));
}

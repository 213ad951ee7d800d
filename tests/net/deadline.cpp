#include <quipu/net/deadline.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <limits>

using namespace quipu;

namespace {

struct open_pipe {
    open_pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reader = descriptor{ends[0]};
        writer = descriptor{ends[1]};
    }
    descriptor reader;
    descriptor writer;
};

} // namespace

TEST_CASE("deadline: what remains becomes less, down to nothing", "[net][deadline]") {
    const deadline end{60};
    const int first = end.remaining_ms();
    CHECK(first > 0);
    CHECK(first <= 60);
    CHECK(::poll(nullptr, 0, 20) == 0);
    CHECK(end.remaining_ms() <= 41);
    CHECK(::poll(nullptr, 0, 60) == 0);
    CHECK(end.remaining_ms() == 0);
    CHECK(deadline{0}.remaining_ms() == 0);
    CHECK(deadline{-1}.remaining_ms() == -1);
    CHECK(deadline{std::numeric_limits<int>::max()}.remaining_ms() > 1'000'000);
}

TEST_CASE("wait_until: returns when the descriptor is ready or the time is over",
          "[net][deadline]") {
    open_pipe both;
    const deadline end{50};
    CHECK(wait_until(both.reader.fd(), POLLIN, end) == errc::timed_out);
    CHECK(end.remaining_ms() == 0);
    CHECK(wait_until(both.reader.fd(), POLLIN, deadline{0}) == errc::timed_out);
    CHECK(wait_until(both.writer.fd(), POLLOUT, deadline{0}) == errc::ok);
    REQUIRE(::write(both.writer.fd(), "x", 1) == 1);
    CHECK(wait_until(both.reader.fd(), POLLIN, deadline{-1}) == errc::ok);
}

TEST_CASE("wait_until: an end or an error is something to be ready for", "[net][deadline]") {
    open_pipe both;
    both.writer.close();
    CHECK(wait_until(both.reader.fd(), POLLIN, deadline{1000}) == errc::ok);
    CHECK(wait_until(1 << 20, POLLIN, deadline{1000}) == errc::system_failure);
}

TEST_CASE("wait_until: signals make it neither longer nor shorter", "[net][deadline]") {
    const open_pipe both;
    const test::interruptions signals;
    const deadline at_least{100};
    const deadline at_most{1000};
    CHECK(wait_until(both.reader.fd(), POLLIN, deadline{101}) == errc::timed_out);
    CHECK(at_least.remaining_ms() == 0);
    CHECK(at_most.remaining_ms() > 0);
    CHECK(signals.count() > 5);
}

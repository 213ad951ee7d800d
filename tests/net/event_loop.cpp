#include <quipu/net/event_loop.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace quipu;

namespace {

using by_epoll = basic_event_loop<epoll_backend>;
using by_poll = basic_event_loop<poll_backend>;
using tokens = std::vector<std::uint64_t>;

static_assert(std::is_same_v<event_loop, by_epoll>);

/// Two connected sockets: what is written to one can be read from the other.
struct pair_of_sockets {
    pair_of_sockets() {
        std::array<int, 2> both{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, both.data()) == 0);
        here = descriptor{both[0]};
        there = descriptor{both[1]};
    }
    void make_ready() const { REQUIRE(::write(there.fd(), "x", 1) == 1); }
    void drain() const {
        char byte = 0;
        REQUIRE(::read(here.fd(), &byte, 1) == 1);
    }
    descriptor here;
    descriptor there;
};

template <class Loop>
Loop opened() {
    auto made = Loop::open();
    REQUIRE(made);
    return *std::move(made);
}

template <class Loop>
tokens told(Loop& loop, int timeout_ms = 0) {
    tokens all;
    const auto count = loop.wait(timeout_ms, [&](std::uint64_t token) { all.push_back(token); });
    REQUIRE(count);
    CHECK(*count == all.size());
    return all;
}

/// How long it takes to call `act`.
template <class Act>
long time_ms(Act&& act) {
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    act();
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
}

} // namespace

TEMPLATE_TEST_CASE("event_loop: tells what is ready, for as long as it is",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const pair_of_sockets one;
    const pair_of_sockets two;
    constexpr std::uint64_t all_bits = ~std::uint64_t{0};
    REQUIRE(loop.add(one.here.fd(), 7) == errc::ok);
    REQUIRE(loop.add(two.here.fd(), all_bits) == errc::ok);
    CHECK(told(loop).empty());
    one.make_ready();
    CHECK(told(loop, 2000) == tokens{7});
    CHECK(told(loop) == tokens{7});
    one.drain();
    CHECK(told(loop).empty());
    two.make_ready();
    CHECK(told(loop, 2000) == tokens{all_bits});
    TestType moved = std::move(loop);
    CHECK(told(moved) == tokens{all_bits});
}

TEMPLATE_TEST_CASE("event_loop: waits for what it is told to",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const pair_of_sockets one;
    REQUIRE(loop.add(one.here.fd(), 1, interest::writable) == errc::ok);
    CHECK(told(loop) == tokens{1});
    REQUIRE(loop.add(one.here.fd(), 2, interest::readable) == errc::ok);
    CHECK(told(loop).empty());
    REQUIRE(loop.add(one.here.fd(), 3, interest::both) == errc::ok);
    CHECK(told(loop) == tokens{3});
    one.make_ready();
    CHECK(told(loop) == tokens{3});
    REQUIRE(loop.add(one.here.fd(), 4) == errc::ok);
    CHECK(told(loop) == tokens{4});
}

TEMPLATE_TEST_CASE("event_loop: waits no longer than it is told",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const pair_of_sockets one;
    REQUIRE(loop.add(one.here.fd(), 1) == errc::ok);
    const auto took_ms = time_ms([&] { CHECK(told(loop, 50).empty()); });
    CHECK(took_ms >= 49);
    CHECK(took_ms < 1000);
}

TEMPLATE_TEST_CASE("event_loop: a signal ends waiting and is no error",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const pair_of_sockets one;
    REQUIRE(loop.add(one.here.fd(), 1) == errc::ok);
    const test::interruptions signals;
    CHECK(told(loop, 60'000).empty());
    CHECK(signals.count() >= 1);
}

TEMPLATE_TEST_CASE("event_loop: the other side's end makes ready",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    pair_of_sockets one;
    REQUIRE(loop.add(one.here.fd(), 1) == errc::ok);
    one.there.close();
    CHECK(told(loop, 2000) == tokens{1});
}

TEMPLATE_TEST_CASE("event_loop: tells nothing of what was removed",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const pair_of_sockets one;
    const pair_of_sockets two;
    REQUIRE(loop.add(one.here.fd(), 1) == errc::ok);
    REQUIRE(loop.add(two.here.fd(), 2) == errc::ok);
    one.make_ready();
    two.make_ready();
    loop.remove(one.here.fd());
    CHECK(told(loop) == tokens{2});
    loop.remove(one.here.fd());
    loop.remove(1 << 20);
    loop.remove(-1);
    REQUIRE(loop.add(one.here.fd(), 3) == errc::ok);
    CHECK(told(loop).size() == 2);
}

TEMPLATE_TEST_CASE("event_loop: what is removed while it tells is not told",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const std::array<pair_of_sockets, 2> both;
    for (std::size_t i = 0; i != 2; ++i) {
        REQUIRE(loop.add(both[i].here.fd(), i) == errc::ok);
        both[i].make_ready();
    }
    tokens all;
    const auto count = loop.wait(0, [&](std::uint64_t token) {
        all.push_back(token);
        loop.remove(both[1 - token].here.fd());
    });
    CHECK(*count == 1);
    CHECK(all.size() == 1);
}

TEMPLATE_TEST_CASE("event_loop: a number that was given to another is not mistaken",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    std::array<pair_of_sockets, 2> both;
    pair_of_sockets quiet;
    for (std::size_t i = 0; i != 2; ++i) {
        REQUIRE(loop.add(both[i].here.fd(), i) == errc::ok);
        both[i].make_ready();
    }
    tokens all;
    const auto count = loop.wait(0, [&](std::uint64_t token) {
        all.push_back(token);
        // The other one's number becomes that of a descriptor that is not ready.
        const int number = both[1 - token].here.fd();
        loop.remove(number);
        REQUIRE(::dup2(quiet.here.fd(), number) == number);
        REQUIRE(loop.add(number, 99) == errc::ok);
    });
    CHECK(*count == 1);
    CHECK(all.size() == 1);
    CHECK(told(loop) == all);
}

TEMPLATE_TEST_CASE("event_loop: one that was closed and not removed is forgotten",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    pair_of_sockets one;
    const pair_of_sockets two;
    REQUIRE(loop.add(one.here.fd(), 1) == errc::ok);
    REQUIRE(loop.add(two.here.fd(), 2) == errc::ok);
    one.make_ready();
    two.make_ready();
    const int number = one.here.fd();
    one.here.close();
    CHECK(told(loop) == tokens{2});
    CHECK(told(loop) == tokens{2});
    two.drain();
    CHECK(time_ms([&] { CHECK(told(loop, 50).empty()); }) >= 49); // it does not wake the loop
    two.make_ready();
    REQUIRE(::dup2(two.here.fd(), number) == number);
    const descriptor same_number{number};
    REQUIRE(loop.add(number, 3) == errc::ok);
    CHECK(told(loop).size() == 2);
}

TEMPLATE_TEST_CASE("event_loop: tells of all in turn when they are many",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    const std::array<pair_of_sockets, ready_max + 36> many;
    for (std::size_t i = 0; i != many.size(); ++i) {
        REQUIRE(loop.add(many[i].here.fd(), i) == errc::ok);
        many[i].make_ready();
    }
    std::array<bool, many.size()> seen{};
    for (int round = 0; round != 2; ++round) {
        const tokens some = told(loop);
        CHECK(some.size() == ready_max);
        for (const std::uint64_t token : some)
            seen[token] = true;
    }
    // None had to wait for a third round, though none was drained.
    for (std::size_t i = 0; i != many.size(); ++i) {
        CAPTURE(i);
        CHECK(seen[i]);
    }
}

TEMPLATE_TEST_CASE("event_loop: what is not open cannot be watched",
                   "[net][event_loop]",
                   by_epoll,
                   by_poll) {
    auto loop = opened<TestType>();
    CHECK(loop.add(-1, 1) == errc::system_failure);
    CHECK(loop.add(1000, 1) == errc::system_failure);
    CHECK(told(loop).empty());
}

TEST_CASE("event_loop: epoll refuses files, poll finds them always ready", "[net][event_loop]") {
    const descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    REQUIRE(file);
    auto epolling = opened<by_epoll>();
    CHECK(epolling.add(file.fd(), 1) == errc::unsupported);
    CHECK(told(epolling).empty());
    auto polling = opened<by_poll>();
    REQUIRE(polling.add(file.fd(), 1) == errc::ok);
    CHECK(told(polling) == tokens{1});
}

TEST_CASE("event_loop: closes what it opened, and can fail to open", "[net][event_loop]") {
    const std::size_t before = test::open_descriptors();
    errc refusal = errc::ok;
    {
        const auto loop = opened<by_epoll>();
        CHECK(test::open_descriptors() == before + 1);
        const test::descriptor_limit only_the_standard_ones{3};
        refusal = by_epoll::open().error();
    }
    CHECK(refusal == errc::too_many_descriptors);
    CHECK(test::open_descriptors() == before);
    CHECK(event_loop{}.wait(0, [](std::uint64_t) {}).error() == errc::system_failure);
}

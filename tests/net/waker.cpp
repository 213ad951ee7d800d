#include <quipu/net/waker.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <thread>
#include <utility>

using namespace quipu;

namespace {

using by_eventfd = basic_waker<waker_kind::eventfd>;
using by_pipe = basic_waker<waker_kind::pipe>;

template <class Waker>
Waker opened() {
    auto made = Waker::open();
    REQUIRE(made);
    return *std::move(made);
}

template <class Waker>
bool is_awake(const Waker& one) {
    pollfd watched{one.fd(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

template <class Waker>
const Waker* woken_by_signal = nullptr;

} // namespace

TEMPLATE_TEST_CASE("waker: is awake from wake until clear", "[net][waker]", by_eventfd, by_pipe) {
    auto one = opened<TestType>();
    CHECK_FALSE(is_awake(one));
    one.wake();
    CHECK(is_awake(one));
    CHECK(is_awake(one));
    one.clear();
    CHECK_FALSE(is_awake(one));
    one.clear();
    one.wake();
    TestType moved = std::move(one);
    CHECK(is_awake(moved));
}

TEMPLATE_TEST_CASE("waker: many calls are one event and never wait",
                   "[net][waker]",
                   by_eventfd,
                   by_pipe) {
    auto one = opened<TestType>();
    for (int i = 0; i != 20'000; ++i)
        one.wake(); // a pipe is full long before
    CHECK(is_awake(one));
    one.clear();
    CHECK_FALSE(is_awake(one));
    one.wake();
    CHECK(is_awake(one));
}

TEMPLATE_TEST_CASE("waker: ends waiting from another thread", "[net][waker]", by_eventfd, by_pipe) {
    auto one = opened<TestType>();
    std::atomic<int> posted{0};
    constexpr int rounds = 200;
    std::thread other{[&] {
        for (int i = 0; i != rounds; ++i) {
            posted.fetch_add(1);
            one.wake();
        }
    }};
    int seen = 0;
    while (seen != rounds && test::comes_ready(one.fd())) {
        one.clear();
        seen = posted.load();
    }
    other.join();
    CHECK(seen == rounds);
}

TEMPLATE_TEST_CASE("waker: ends waiting from a signal handler, which keeps errno",
                   "[net][waker]",
                   by_eventfd,
                   by_pipe) {
    auto one = opened<TestType>();
    woken_by_signal<TestType> = &one;
    const auto before = std::signal(SIGUSR1, [](int) { woken_by_signal<TestType>->wake(); });
    errno = EDOM;
    REQUIRE(std::raise(SIGUSR1) == 0);
    CHECK(errno == EDOM);
    CHECK(is_awake(one));
    for (int i = 0; i != 20'000; ++i)
        one.wake(); // the next one fails inside, with EAGAIN
    errno = EDOM;
    REQUIRE(std::raise(SIGUSR1) == 0);
    CHECK(errno == EDOM);
    std::signal(SIGUSR1, before);
}

TEMPLATE_TEST_CASE("waker: is not inherited, closes what it opened, and can fail to open",
                   "[net][waker]",
                   by_eventfd,
                   by_pipe) {
    const std::size_t before = test::open_descriptors();
    errc refusal = errc::ok;
    {
        const auto one = opened<TestType>();
        CHECK((::fcntl(one.fd(), F_GETFD) & FD_CLOEXEC) != 0);
        const test::descriptor_limit only_the_standard_ones{3};
        refusal = TestType::open().error();
    }
    CHECK(refusal == errc::too_many_descriptors);
    CHECK(test::open_descriptors() == before);
}

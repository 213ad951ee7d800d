#include <quipu/cell/threading.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

using namespace quipu;

namespace {

struct without_lock {
    [[maybe_unused]] static constexpr bool each_thread_its_own = false;
    template <class T>
    using number = threading::atomic::number<T>;
};

static_assert(!threading_policy<without_lock>);
static_assert(!threading_policy<int>);
static_assert(std::is_trivially_destructible_v<detail::small_mutex>);

constinit detail::small_mutex at_start{};

} // namespace

TEMPLATE_TEST_CASE("threading: a number adds, is set, read and exchanged",
                   "[cell][threading]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    typename TestType::template number<std::uint64_t> count;
    CHECK(count.read() == 0);
    count.add(5);
    count.add(2);
    CHECK(count.read() == 7);
    CHECK(count.exchange(1) == 7);
    CHECK(count.read() == 1);
    count.add(~std::uint64_t{0}); // modulo 2^64
    CHECK(count.read() == 0);

    typename TestType::template number<double> value;
    value.set(2.5);
    value.add(-4);
    CHECK(value.read() == -1.5);
    const auto copy = value;
    CHECK(copy.read() == -1.5);
}

TEST_CASE("threading: atomic numbers lose nothing where threads meet", "[cell][threading]") {
    threading::atomic::number<std::uint64_t> count;
    threading::atomic::number<double> value;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 50'000; ++n) {
                count.add(1);
                value.add(0.5);
            }
        });
    }
    for (auto& one : threads)
        one.join();
    CHECK(count.read() == 200'000);
    CHECK(value.read() == 100'000);
}

TEST_CASE("threading: a sharded number is read while its owner adds", "[cell][threading]") {
    threading::sharded::number<std::uint64_t> count;
    std::thread owner([&] {
        for (int n = 0; n < 200'000; ++n)
            count.add(1);
    });
    std::uint64_t last = 0;
    bool went_back = false;
    while (last < 200'000) {
        const auto now = count.read();
        went_back = went_back || now < last;
        last = now;
    }
    owner.join();
    CHECK_FALSE(went_back);
    CHECK(count.read() == 200'000);
}

TEST_CASE("small mutex: one at a time, and who waits goes on", "[cell][threading]") {
    std::uint64_t count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 20'000; ++n) {
                const detail::holding hold(at_start);
                ++count;
            }
        });
    }
    for (auto& one : threads)
        one.join();
    CHECK(count == 80'000);
}

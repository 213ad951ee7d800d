#include <quipu/store/shard.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct pile {
    explicit pile(std::uint64_t first = 0) : sum(first) {}
    std::uint64_t sum;
    std::vector<std::uint32_t> items{};
};

constexpr auto nobody = [] {};

} // namespace

TEST_CASE("shard: both sides are built from the same arguments", "[store][shard]") {
    quipu::shard<pile> shard(std::uint64_t{7});
    CHECK(shard.active().sum == 7);
    shard.end();
    CHECK(shard.retire(nobody).sum == 7);
    CHECK(shard.retire(nobody).sum == 7);
}

TEST_CASE("shard: nothing swaps until the flusher asks", "[store][shard]") {
    quipu::shard<pile> shard;
    pile* const first = &shard.active();
    CHECK_FALSE(shard.asked());
    shard.pass_boundary();
    CHECK(&shard.active() == first);
}

TEST_CASE("shard: the flusher gets what the owner filled, and the owner goes on with the other",
          "[store][shard]") {
    quipu::shard<pile> shard;
    pile* const first = &shard.active();
    pile* second = nullptr;
    // The wake stands for the owner's thread here: it comes to its boundary at once.
    const auto owner = [&] {
        CHECK(shard.asked());
        shard.pass_boundary();
        CHECK_FALSE(shard.asked());
        second = &shard.active();
    };
    CHECK(&shard.retire(owner) == first);
    CHECK(second != first);
    CHECK(&shard.active() == second);
    const pile* const filled = second; // retire changes `second`
    CHECK(&shard.retire(owner) == filled);
    CHECK(&shard.active() == first);
}

TEST_CASE("shard: at the end each side comes once, the one that was filled last at first",
          "[store][shard]") {
    quipu::shard<pile> shard;
    const int swaps = GENERATE(0, 1, 2, 3);
    for (int i = 0; i < swaps; ++i)
        shard.retire([&] { shard.pass_boundary(); }).sum = 0;
    shard.active().sum = 5;
    shard.end();
    CHECK(shard.retire(nobody).sum == 5);
    CHECK(shard.retire(nobody).sum == 0);
}

TEST_CASE("shard: nothing is lost or doubled between two threads", "[store][shard]") {
    constexpr std::uint32_t items = 200'000;
    quipu::shard<pile> shard;
    std::atomic<bool> ended{false};
    std::thread owner([&] {
        generator random(3);
        for (std::uint32_t i = 0; i < items; ++i) {
            shard.active().sum += 1;
            shard.active().items.push_back(i);
            if (random.one_in(8))
                shard.pass_boundary();
        }
        while (!ended.load()) // as a real owner does, it looks after its boundaries until it ends
            shard.pass_boundary();
    });
    std::uint64_t sum = 0;
    std::vector<std::uint32_t> seen;
    const auto take = [&](pile& from) {
        sum += std::exchange(from.sum, 0);
        seen.insert(seen.end(), from.items.begin(), from.items.end());
        from.items.clear();
    };
    generator random(4);
    int retired = 0;
    while (sum < items / 2 || retired < 200) {
        take(shard.retire(nobody));
        ++retired;
        for (auto pause = random.below(2'000); pause > 0; --pause)
            std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ended = true;
    owner.join();
    shard.end();
    take(shard.retire(nobody));
    take(shard.retire(nobody));
    CHECK(sum == items);
    bool in_order = seen.size() == items;
    for (std::uint32_t i = 0; in_order && i < items; ++i)
        in_order = seen[i] == i;
    CHECK(in_order);
}

TEST_CASE("shard: the flusher wakes an owner that sleeps", "[store][shard]") {
    quipu::shard<pile> shard;
    std::atomic<int> calls{0};
    std::thread owner([&] {
        shard.active().sum = 9;
        calls.wait(0);
        shard.pass_boundary();
    });
    CHECK(shard
              .retire([&] {
                  calls = 1;
                  calls.notify_one();
              })
              .sum == 9);
    owner.join();
}

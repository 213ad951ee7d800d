#include <quipu/registry/handle.hpp>

#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using namespace quipu;

namespace {

template <class Handle>
constexpr bool
    is_plain = std::is_trivially_copyable_v<Handle>&& std::is_trivially_destructible_v<Handle> &&
               sizeof(Handle) == 16;

static_assert(is_plain<registry::counter_handle>);
static_assert(is_plain<registry::timer_handle>);
static_assert(is_plain<registry::gauge_handle>);
static_assert(is_plain<registry::unique_handle>);

template <class Threading>
struct all : registry_traits {
    using counter_threading = Threading;
    using timer_threading = Threading;
    using unique_threading = Threading;
};

} // namespace

TEST_CASE("handle: a copy is the same series", "[registry][handle]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    registry::counter_handle copy;
    CHECK_FALSE(copy);
    CHECK(copy != hits);
    copy = hits;
    CHECK(copy == hits);
    copy.add();
    hits.add();
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 2);
    CHECK(metrics.remove("hits") == 1);
    CHECK_FALSE(copy);
    CHECK_FALSE(hits);
}

TEMPLATE_TEST_CASE("handle: any thread may update by it",
                   "[registry][handle]",
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    const auto hits = metrics.counter("hits");
    const auto latency = metrics.timer("latency");
    const auto users = metrics.unique("users");
    const auto running = metrics.gauge("running");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([=] {
            for (int i = 0; i < 1000; ++i) {
                running.change(1);
                hits.add();
                latency.record(i);
                users.insert(std::to_string(i % 10));
            }
            running.change(-999);
        });
    }
    for (auto& one : threads)
        one.join();
    const auto flushed = metrics.flush(1, 1);
    CHECK(flushed.counters[0].cell.sum() == 4000);
    CHECK(flushed.timers[0].cell.count() == 4000);
    CHECK(flushed.timers[0].cell.sum() == 4 * 499'500);
    CHECK(flushed.uniques[0].cell.estimate() == 10);
    CHECK(flushed.gauges[0].cell.value() == 4);
}

TEMPLATE_TEST_CASE("handle: nothing is lost or counted twice while flushes collect",
                   "[registry][handle][stress]",
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    constexpr int thread_count = 3;
    constexpr int generations = 20;
    constexpr int rounds = 1000;
    std::atomic<int> running = thread_count;
    std::vector<std::thread> threads;
    for (int t = 0; t < thread_count; ++t) {
        threads.emplace_back([&] {
            for (int g = 0; g < generations; ++g) {
                std::thread([&] {
                    const auto hits = metrics.counter("hits");
                    const auto latency = metrics.timer("latency");
                    for (int i = 0; i < rounds; ++i) {
                        hits.add();
                        latency.record(i);
                        if (i % 100 == 0)
                            metrics.counter("hits." + std::to_string(i)).add(2);
                    }
                }).join();
            }
            --running;
        });
    }
    double hits = 0;
    double others = 0;
    double timings = 0;
    double sum = 0;
    const auto flush = [&] {
        const auto flushed = metrics.flush(1, 1);
        for (const auto& one : flushed.counters)
            (one.name == "hits" ? hits : others) += one.cell.sum();
        for (const auto& one : flushed.timers) {
            timings += one.cell.count();
            sum += one.cell.sum();
        }
    };
    while (running > 0)
        flush();
    for (auto& one : threads)
        one.join();
    flush();
    constexpr double all_rounds = thread_count * generations * rounds;
    CHECK(hits == all_rounds);
    CHECK(others == thread_count * generations * 10 * 2);
    CHECK(timings == all_rounds);
    CHECK(sum == all_rounds / rounds * (rounds - 1) * rounds / 2);
    CHECK(metrics.shard_count(metric_kind::counter) <= thread_count);
}

TEMPLATE_TEST_CASE("handle: series are removed while threads update them",
                   "[registry][handle][stress]",
                   threading::atomic,
                   threading::sharded) {
    basic_registry<all<TestType>> metrics;
    std::atomic<bool> ended = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            const auto mine = metrics.counter("kept." + std::to_string(t));
            for (int i = 0; i < 2000; ++i) {
                const auto gone = metrics.counter("gone");
                const auto timed = metrics.timer("gone");
                const auto seen = metrics.unique("gone");
                for (int n = 0; n < 10; ++n) {
                    mine.add();
                    gone.add(1000);
                    timed.record(1000);
                    seen.insert("someone");
                }
            }
        });
    }
    double kept = 0;
    double largest = 0;
    const auto flush = [&] {
        metrics.remove("gone");
        const auto flushed = metrics.flush(1, 1);
        for (const auto& one : flushed.counters) {
            if (one.name != "gone")
                kept += one.cell.sum();
        }
        for (const auto& one : flushed.timers)
            largest = one.cell.max() > largest ? one.cell.max() : largest;
    };
    std::thread flusher([&] {
        while (!ended)
            flush();
    });
    for (auto& one : threads)
        one.join();
    ended = true;
    flusher.join();
    flush();
    CHECK(kept == 3 * 2000 * 10);
    CHECK(largest <= 1000);
}

TEST_CASE("handle: threads may outlive a registry and go on with another", "[registry][handle]") {
    std::atomic<int> step = 0;
    const auto wait_for = [&](int wanted) {
        while (step < wanted)
            std::this_thread::yield();
    };
    std::atomic<registry*> metrics = nullptr;
    std::thread worker([&] {
        for (int round = 0; round < 50; ++round) {
            wait_for(2 * round + 1);
            metrics.load()->counter("hits").add(3);
            metrics.load()->timer("latency").record(3);
            metrics.load()->unique("users").insert("ann");
            ++step;
        }
    });
    bool right = true;
    for (int round = 0; round < 50; ++round) {
        registry one;
        metrics = &one;
        one.counter("hits").add(1);
        ++step;
        wait_for(2 * round + 2);
        const auto flushed = one.flush(1, 1);
        right = right && flushed.counters[0].cell.sum() == 4 &&
                flushed.timers[0].cell.count() == 1 && flushed.uniques[0].cell.estimate() == 1;
    }
    worker.join();
    CHECK(right);
}

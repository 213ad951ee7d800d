// What a registry and its flusher do at a fork, as their documentation tells.
#include <quipu/registry/flush_every.hpp>
#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;
using namespace std::chrono_literals;

namespace {

/// Whether `f` says yes in a child; a child that hangs is ended after a while, and says no.
template <class F>
bool in_child(const F& f) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(30);
        ::_exit(f() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_CASE("registry: a child uses what other threads were busy with", "[registry][fork]") {
    registry metrics;
    auto family = metrics.counters<int>("family", "n");
    std::atomic<bool> ended = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, t] {
            const auto latency = metrics.timer("latency");
            for (int i = 0; !ended; ++i) {
                const auto name = "busy." + std::to_string(t) + '.' + std::to_string(i % 50);
                metrics.counter(name).add();
                metrics.unique("users").insert(name);
                latency.record(i);
                family(i % 100).add();
                metrics.remove(name);
                if (i % 10 == 0)
                    static_cast<void>(metrics.flush(1, 1));
            }
        });
    }
    bool right = true;
    for (int i = 0; i < 100; ++i) {
        right = right && in_child([&] {
                    static_cast<void>(metrics.flush(1, 1)); // the parent's
                    metrics.counter("child").add(3);
                    metrics.timer("latency").record(1);
                    metrics.unique("users").insert("child");
                    metrics.gauge("queue").set(2);
                    family(1).add(4);
                    const auto flushed = metrics.flush(2, 1);
                    double sum = 0;
                    for (const auto& one : flushed.counters)
                        sum += one.name == "child" ? one.cell.sum() : 0;
                    return sum == 3 && flushed.gauges[0].cell.value() == 2;
                });
    }
    ended = true;
    for (auto& one : threads)
        one.join();
    CHECK(right);
}

TEST_CASE("flush_every: a child lets go of it, and makes another one", "[registry][fork]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    std::atomic<double> sum = 0;
    const auto add = [&](const snapshot& from) {
        for (const auto& one : from.counters)
            sum = sum + one.cell.sum();
        return errc::ok;
    };
    for (int i = 0; i < 20; ++i) {
        auto* const flushing = new flush_every(metrics, 1ms, add);
        hits.add(1);
        CHECK(in_child([&] {
            const bool said = flushing->stop() == errc::unsupported && flushing->written() == 0;
            delete flushing;
            static_cast<void>(metrics.flush(1, 1));
            hits.add(7);
            return said && metrics.flush(2, 1).counters[0].cell.sum() == 7;
        }));
        delete flushing;
    }
    CHECK(sum == 20);
}

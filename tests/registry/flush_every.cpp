#include <quipu/registry/flush_every.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/sink/console.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace quipu;
using namespace std::chrono_literals;
using test::eventually;

namespace {

/// What a sink saw; it outlives the thread.
struct seen {
    std::atomic<int> flushes = 0;
    std::atomic<double> hits = 0;
    std::atomic<double> seconds = 0;
    std::atomic<bool> down = false;

    auto sink() {
        return [this](const snapshot& from) {
            if (down)
                return errc::connection_refused;
            ++flushes;
            seconds = seconds + from.interval_seconds;
            for (const auto& one : from.counters)
                hits = hits + one.cell.sum();
            return errc::ok;
        };
    }
};

} // namespace

TEST_CASE("flush_every: flushes until it is stopped, and then once more",
          "[registry][flush_every]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    seen what;
    {
        flush_every flushing(metrics, 1ms, what.sink());
        hits.add(1);
        REQUIRE(eventually([&] { return what.flushes >= 3; }));
        CHECK(flushing.failed() == 0);
        hits.add(2);
        CHECK(flushing.stop() == errc::ok);
        CHECK(what.hits == 3);
        const int flushes = what.flushes;
        CHECK(flushing.written() == static_cast<std::uint64_t>(flushes));
        hits.add(4);
        CHECK(flushing.stop() == errc::ok);
        CHECK(what.flushes == flushes);
    }
    CHECK(what.hits == 3);
    CHECK(what.seconds > 0);
}

TEST_CASE("flush_every: the end does not wait for the interval", "[registry][flush_every]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    seen what;
    const test::stopwatch watch;
    {
        const flush_every flushing(metrics, 1h, what.sink());
        hits.add(5);
    }
    CHECK(watch.elapsed() < 10s);
    CHECK(what.flushes == 1);
    CHECK(what.hits == 5);
}

TEST_CASE("flush_every: what could not be written goes out later", "[registry][flush_every]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    seen what;
    what.down = true;
    flush_every flushing(metrics, 1ms, what.sink());
    hits.add(1);
    REQUIRE(eventually([&] { return flushing.failed() >= 2; }));
    hits.add(2);
    const auto failed = flushing.failed();
    REQUIRE(eventually([&] { return flushing.failed() > failed + 1; }));
    CHECK(flushing.last_error() == errc::connection_refused);
    CHECK(what.hits == 0);
    what.down = false;
    CHECK(flushing.stop() == errc::ok);
    CHECK(what.hits == 3);
}

TEST_CASE("flush_every: takes sinks", "[registry][flush_every]") {
    registry metrics;
    metrics.counter("hits").add(3);
    memory_transport out;
    struct shared_transport {
        memory_transport* to;
        [[nodiscard]] errc send(std::string_view bytes) noexcept { return to->send(bytes); }
    };
    { const flush_every flushing(metrics, 1h, basic_console{shared_transport{&out}}); }
    CHECK(out.text().find("hits") != std::string::npos);
}

TEST_CASE("flush_every: nothing is lost while threads count", "[registry][flush_every][stress]") {
    registry metrics;
    seen what;
    {
        const flush_every flushing(metrics, 1ms, what.sink());
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([&] {
                const auto hits = metrics.counter("hits");
                for (int i = 0; i < 200'000; ++i)
                    hits.add();
            });
        }
        for (auto& one : threads)
            one.join();
    }
    CHECK(what.hits == 600'000);
}

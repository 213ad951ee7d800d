#include <quipu/registry/flush_every.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/sink/console.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
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

TEST_CASE("flush_every: what failed comes again as it was, and later ones apart",
          "[registry][flush_every]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    struct written {
        std::int64_t timestamp;
        double hits;
        double seconds;
        bool operator==(const written&) const = default;
    };
    std::mutex lock;
    std::vector<written> tried;
    std::vector<written> taken;
    std::atomic<bool> down = true;
    flush_every flushing(metrics, 1ms, [&](const snapshot& from) {
        const std::lock_guard hold(lock);
        auto& to = down ? tried : taken;
        to.push_back({from.timestamp,
                      from.counters.empty() ? 0 : from.counters[0].cell.sum(),
                      from.interval_seconds});
        return down ? errc::connection_refused : errc::ok;
    });
    hits.add(1);
    double added = 1;
    // More than wait: the newest go together.
    REQUIRE(eventually([&] {
        hits.add(1);
        ++added;
        return flushing.failed() > 2 * flushing.waiting_max;
    }));
    down = false;
    CHECK(flushing.stop() == errc::ok);
    for (const auto& one : tried)
        CHECK(one == tried.front());
    REQUIRE(taken.size() >= flushing.waiting_max);
    CHECK(taken.front() == tried.front());
    double all = 0;
    for (const auto& one : taken)
        all += one.hits;
    CHECK(all == added);
    CHECK(flushing.waiting() == 0);
    CHECK(flushing.lost() == 0);
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 0);
}

namespace {

/// Its backend gets all, and its first answer says no.
struct adds_up {
    static constexpr bool takes_twice = false;
    static inline std::atomic<int> writes;
    static inline std::atomic<double> sum;

    errc write(const snapshot& from) {
        sum = sum + from.counters[0].cell.sum();
        return ++writes == 1 ? errc::connection_refused : errc::ok;
    }
};

} // namespace

TEST_CASE("flush_every: a sink that takes nothing twice is tried once", "[registry][flush_every]") {
    registry metrics;
    const auto hits = metrics.counter("hits");
    adds_up::writes = 0;
    adds_up::sum = 0;
    flush_every flushing(metrics, 1ms, adds_up{});
    hits.add(5);
    REQUIRE(eventually([] { return adds_up::writes >= 3; }));
    CHECK(flushing.stop() == errc::ok);
    CHECK(adds_up::sum == 5);
    CHECK(flushing.lost() == 1);
    CHECK(flushing.failed() == 1);
}

TEST_CASE("flush_every: no time comes twice, not even at the end", "[registry][flush_every]") {
    registry metrics;
    std::vector<std::int64_t> stamps;
    for (int i = 0; i < 3; ++i) {
        flush_every flushing(metrics, 1s, [&](const snapshot& from) {
            stamps.push_back(from.timestamp);
            return errc::ok;
        });
        REQUIRE(eventually([&] { return flushing.written() >= 1; }));
        CHECK(flushing.stop() == errc::ok); // in the same second
        REQUIRE(stamps.size() >= 2);
        CHECK(stamps[stamps.size() - 1] > stamps[stamps.size() - 2]);
    }
}

#include <quipu/server/sink_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

using quipu::errc;
using quipu::test::eventually;
using quipu::test::stopwatch;
using namespace std::chrono_literals;

namespace {

/// As much of a snapshot as a worker looks at.
struct flush {
    int number = 0;
    std::size_t series = 1;
    [[nodiscard]] std::size_t size() const { return series; }
};

using worker = quipu::sink_worker<flush>;

/// Writes what it is given into a list, unless told to fail or to wait. Outlives its worker, whose
/// thread may be left behind.
class backend {
public:
    errc write(const flush& one) {
        std::unique_lock hold(mutex_);
        ++tries_;
        ++inside_;
        changed_.notify_all();
        changed_.wait(hold, [&] { return !waits_; });
        --inside_;
        if (failures_ > 0) {
            --failures_;
            return errc::connection_refused;
        }
        written_.push_back(one.number);
        return errc::ok;
    }

    void fail(int times) {
        const std::lock_guard hold(mutex_);
        failures_ = times;
    }
    void wait(bool waits) {
        const std::lock_guard hold(mutex_);
        waits_ = waits;
        changed_.notify_all();
    }
    [[nodiscard]] std::vector<int> written() const {
        const std::lock_guard hold(mutex_);
        return written_;
    }
    [[nodiscard]] int tries() const {
        const std::lock_guard hold(mutex_);
        return tries_;
    }
    [[nodiscard]] bool is_writing() const {
        const std::lock_guard hold(mutex_);
        return inside_ > 0;
    }

private:
    mutable std::mutex mutex_{};
    std::condition_variable changed_{};
    std::vector<int> written_{};
    int tries_ = 0;
    int inside_ = 0;
    int failures_ = 0;
    bool waits_ = false;
};

constexpr int always = 1'000'000'000;
const quipu::sink_worker_options quick{4, 1ms, 4ms};

struct bench {
    std::shared_ptr<backend> to = std::make_shared<backend>();
    quipu::log log{-1};

    [[nodiscard]] std::unique_ptr<worker> start(quipu::sink_worker_options options = quick) const {
        return std::make_unique<worker>(
            "test", [to = to](const flush& one) { return to->write(one); }, log, options);
    }
};

void push(worker& to, int number, std::size_t series = 1) {
    to.push(std::make_shared<flush>(flush{number, series}));
}

using numbers = std::vector<int>;

} // namespace

TEST_CASE("sink_worker: snapshots are written in order", "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start({1'000, 1ms, 1ms});
    numbers all;
    for (int i = 0; i < 1'000; ++i) {
        push(*sink, i);
        all.push_back(i);
    }
    sink->finish(10s);
    CHECK(here.to->written() == all);
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: what a backend refuses comes again, and nothing is lost",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start();
    here.to->fail(7);
    for (int i = 0; i < 4; ++i)
        push(*sink, i);
    REQUIRE(eventually([&] { return here.to->written().size() == 4; }));
    CHECK(here.to->written() == numbers{0, 1, 2, 3});
    CHECK(here.to->tries() == 4 + 7);
    sink->finish(10s);
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: one that is not to try again drops what fails, and counts it",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start({64, 60s, 60s, false});
    here.to->fail(2);
    for (int i = 0; i < 4; ++i)
        push(*sink, i);
    sink->finish(10s);
    CHECK(here.to->written() == numbers{2, 3});
    CHECK(here.to->tries() == 4);
    CHECK(sink->dropped() == 2);
    CHECK(sink->report().last_failure > 0);
    CHECK(sink->report().last_success > 0);
}

TEST_CASE("sink_worker: what was given up in the middle of its write is counted once",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start({64, 60s, 60s, false});
    here.to->fail(1);
    here.to->wait(true);
    push(*sink, 0);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    sink->finish(0ms); // leaves the thread behind
    CHECK(sink->dropped() == 1);
    here.to->wait(false);
    REQUIRE(eventually([&] { return sink->report().last_failure > 0; }));
    CHECK(sink->dropped() == 1);
}

TEST_CASE("sink_worker: beyond the bound the oldest is dropped and counted",
          "[server][sink_worker]") {
    const bench here;
    // The pause is so long that nothing is tried twice.
    const auto sink = here.start({4, 60s, 60s});
    here.to->fail(1);
    push(*sink, 0);
    REQUIRE(eventually([&] { return here.to->tries() == 1 && !here.to->is_writing(); }));
    for (int i = 1; i < 4; ++i)
        push(*sink, i);
    CHECK(sink->dropped() == 0);
    for (int i = 4; i < 7; ++i)
        push(*sink, i);
    CHECK(sink->dropped() == 3);
    sink->finish(10s); // wakes it from its pause
    CHECK(here.to->written() == numbers{3, 4, 5, 6});
    CHECK(sink->dropped() == 3);
}

TEST_CASE("sink_worker: one in the middle of its write may leave the queue",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start();
    here.to->wait(true);
    push(*sink, 0);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    for (int i = 1; i < 7; ++i)
        push(*sink, i); // 0, 1 and 2 leave
    SECTION("and is not lost if the write succeeds") {
        here.to->wait(false);
        sink->finish(10s);
        CHECK(here.to->written() == numbers{0, 3, 4, 5, 6});
        CHECK(sink->dropped() == 2);
    }
    SECTION("and is lost if the write fails") {
        here.to->fail(1);
        here.to->wait(false);
        sink->finish(10s);
        CHECK(here.to->written() == numbers{3, 4, 5, 6});
        CHECK(sink->dropped() == 3);
    }
}

TEST_CASE("sink_worker: an empty snapshot takes the place of none", "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start();
    push(*sink, 0, 0);
    REQUIRE(eventually([&] { return here.to->written() == numbers{0}; }));
    here.to->wait(true);
    push(*sink, 1);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    for (int i = 0; i < 10; ++i)
        push(*sink, 100 + i, 0);
    push(*sink, 2);
    here.to->wait(false);
    sink->finish(10s);
    CHECK(here.to->written() == numbers{0, 1, 2});
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: the end waits for a write that is slow", "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start();
    here.to->wait(true);
    push(*sink, 0);
    push(*sink, 1);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    std::thread later([&] {
        std::this_thread::sleep_for(50ms);
        here.to->wait(false);
    });
    sink->finish(10s);
    CHECK(here.to->written() == numbers{0, 1});
    later.join();
}

TEST_CASE("sink_worker: the end does not wait for a write that hangs", "[server][sink_worker]") {
    const bench here;
    auto sink = here.start();
    here.to->wait(true);
    push(*sink, 0);
    push(*sink, 1);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    const stopwatch watch;
    sink->finish(20ms);
    CHECK(watch.elapsed() >= 20ms);
    CHECK(watch.elapsed() < 5s);
    CHECK(sink->dropped() == 2);
    sink.reset();
    // The thread that was left behind ends without harm, and writes no more.
    here.to->wait(false);
    REQUIRE(eventually([&] { return !here.to->is_writing() && here.to.use_count() == 1; }));
    CHECK(here.to->written() == numbers{0});
}

TEST_CASE("sink_worker: a backend that is down is tried until the end", "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start({4, 5ms, 60s});
    here.to->fail(always);
    push(*sink, 0);
    push(*sink, 1);
    REQUIRE(eventually([&] { return here.to->tries() > 2; }));
    SECTION("in vain") {
        const auto before = here.to->tries();
        sink->finish(100ms);
        CHECK(here.to->tries() > before + 1);
        CHECK(sink->dropped() == 2);
        CHECK(here.to->written().empty());
    }
    SECTION("with success, however long the pause was") {
        here.to->fail(3);
        sink->finish(10s);
        CHECK(here.to->written() == numbers{0, 1});
        CHECK(sink->dropped() == 0);
    }
}

TEST_CASE("sink_worker: a write that fails after the end was announced is tried again soon",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start({4, 5ms, 60s});
    here.to->fail(7); // the next pause would be longer than all patience
    push(*sink, 0);
    REQUIRE(eventually([&] { return here.to->tries() == 7; }));
    here.to->fail(1);
    here.to->wait(true);
    sink->end_within(300ms);
    REQUIRE(eventually([&] { return here.to->is_writing(); }));
    here.to->wait(false);
    sink->finish(0ms);
    CHECK(here.to->written() == numbers{0});
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: several share the time before their end", "[server][sink_worker]") {
    const bench hanging;
    const bench failing;
    auto first = hanging.start();
    const auto second = failing.start({4, 60s, 60s});
    hanging.to->wait(true);
    failing.to->fail(1);
    push(*first, 0);
    push(*second, 0);
    REQUIRE(eventually([&] { return hanging.to->is_writing(); }));
    REQUIRE(eventually([&] { return failing.to->tries() == 1 && !failing.to->is_writing(); }));
    first->end_within(100ms);
    second->end_within(100ms);
    first->finish(100ms);
    second->finish(100ms);
    CHECK(first->dropped() == 1);
    CHECK(failing.to->written() == numbers{0});
    hanging.to->wait(false);
    first.reset();
    REQUIRE(eventually([&] { return hanging.to.use_count() == 1; }));
}

TEST_CASE("sink_worker: no thread is left behind", "[server][sink_worker]") {
    const bench here;
    const auto runs = [](const bench& from) { return from.to.use_count() > 1; };
    SECTION("by one that has nothing to do, even without patience") {
        for (int i = 0; i < 100; ++i) {
            auto sink = here.start();
            sink.reset();
            REQUIRE_FALSE(runs(here));
        }
    }
    SECTION("by one in its pause") {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const bench telling{.log = quipu::log(ends[1])};
        auto sink = telling.start({4, 60s, 60s});
        telling.to->fail(always);
        push(*sink, 0);
        // It tells of the failure on its way from the write, which has ended, into the pause.
        pollfd told{ends[0], POLLIN, 0};
        REQUIRE(::poll(&told, 1, 10'000) == 1);
        const stopwatch watch;
        sink.reset();
        CHECK(watch.elapsed() < 5s);
        CHECK_FALSE(runs(telling));
        ::close(ends[0]);
        ::close(ends[1]);
    }
    SECTION("by one that has finished") {
        auto sink = here.start();
        push(*sink, 0);
        sink->finish(10s);
        sink->finish(10s); // and again, which does nothing
        sink.reset();
        CHECK_FALSE(runs(here));
    }
}

TEST_CASE("sink_worker: successes, failures and second tries are counted",
          "[server][sink_worker]") {
    const bench here;
    const auto sink = here.start();
    here.to->fail(3);
    push(*sink, 1);
    push(*sink, 2);
    REQUIRE(eventually([&] { return sink->report().successes == 2; }));
    CHECK(sink->report().failures == 3);
    CHECK(sink->report().retries == 3);
}

TEST_CASE("sink_worker: the bytes of a write are told where the sink knows them",
          "[server][sink_worker]") {
    const bench here;
    CHECK_FALSE(here.start()->report().write_bytes);
    quipu::sink_worker_options bounds = quick;
    bounds.sent_bytes = [] { return 42.0; };
    const auto sink = here.start(bounds);
    push(*sink, 1);
    REQUIRE(eventually([&] { return sink->report().successes == 1; }));
    CHECK(sink->report().write_bytes == 42.0);
}

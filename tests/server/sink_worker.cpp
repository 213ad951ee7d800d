#include <quipu/server/sink_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
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

namespace {

/// What a worker keeps elsewhere, and what a later worker finds there.
struct shelf {
    std::mutex mutex{};
    std::deque<flush> kept{};
    std::vector<int> ever{};
    std::size_t size_max = 1'000;
    int refusals = 0;   // of what is pushed
    int unreadable = 0; // of what is at the front
    int busy = 0;       // times that nothing can be read
    std::chrono::milliseconds slow{0};
    std::uint64_t dropped = 0;
};

class backlog {
public:
    explicit backlog(std::shared_ptr<shelf> of) : of_(std::move(of)) {}

    errc push(const flush& one) {
        const std::lock_guard hold(of_->mutex);
        if (of_->refusals > 0)
            return --of_->refusals, errc::disk_full;
        of_->kept.push_back(one);
        of_->ever.push_back(one.number);
        if (of_->kept.size() > of_->size_max) {
            of_->kept.pop_front();
            ++of_->dropped;
        }
        return errc::ok;
    }
    quipu::result<std::shared_ptr<const flush>> front() {
        std::this_thread::sleep_for(of_->slow);
        const std::lock_guard hold(of_->mutex);
        if (of_->busy > 0)
            return --of_->busy, errc::too_many_descriptors;
        if (of_->unreadable > 0) {
            --of_->unreadable;
            of_->kept.pop_front();
            return errc::bad_encoding;
        }
        return std::make_shared<const flush>(of_->kept.front());
    }
    void pop() {
        const std::lock_guard hold(of_->mutex);
        of_->kept.pop_front();
    }
    std::size_t size() const {
        const std::lock_guard hold(of_->mutex);
        return of_->kept.size();
    }
    std::uint64_t dropped() const {
        const std::lock_guard hold(of_->mutex);
        return of_->dropped;
    }

private:
    std::shared_ptr<shelf> of_;
};

using keeping_worker = quipu::sink_worker<flush, backlog>;

std::unique_ptr<keeping_worker> start_keeping(const std::shared_ptr<backend>& to,
                                              const std::shared_ptr<shelf>& on,
                                              quipu::sink_worker_options options) {
    return std::make_unique<keeping_worker>(
        "keeping",
        [to](const flush& one) { return to->write(one); },
        quipu::log(-1),
        options,
        std::make_unique<backlog>(on));
}

void push(keeping_worker& to, int number) {
    to.push(std::make_shared<const flush>(flush{number, 1}));
}

numbers up_to(int end, int begin = 0) {
    numbers all;
    for (int i = begin; i < end; ++i)
        all.push_back(i);
    return all;
}

} // namespace

TEST_CASE("sink_worker: with a backlog a long failure loses nothing, and keeps the order",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    // The pause is so long that the queue would overflow in it.
    const auto sink = start_keeping(to, on, {8, 60s, 60s});
    to->fail(1);
    push(*sink, 0);
    REQUIRE(eventually([&] { return to->tries() == 1 && !to->is_writing(); }));
    for (int i = 1; i < 100; ++i) {
        push(*sink, i);
        REQUIRE(eventually([&] { return sink->report().waiting == 0; }));
    }
    CHECK(*sink->report().kept == 100); // whatever becomes of the program now
    CHECK(to->written().empty());
    sink->finish(10s); // wakes it from its pause
    CHECK(to->written() == up_to(100));
    CHECK(sink->dropped() == 0);
    CHECK(on->kept.empty());
    CHECK(sink->report().kept == 0);
}

TEST_CASE("sink_worker: what is left at the end waits in the backlog for the next worker",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    to->fail(1'000);
    {
        const auto sink = start_keeping(to, on, {8, 1ms, 1ms});
        for (int i = 0; i < 6; ++i)
            push(*sink, i);
        sink->finish(20ms);
        CHECK(sink->dropped() == 0);
    }
    CHECK(on->kept.size() == 6);
    to->fail(0);
    const auto next = start_keeping(to, on, {8, 1ms, 1ms});
    push(*next, 6);
    REQUIRE(eventually([&] { return to->written().size() == 7; }));
    next->finish(10s);
    CHECK(to->written() == up_to(7));
}

TEST_CASE("sink_worker: of a write that hangs at the end the flush is kept, too",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    const auto sink = start_keeping(to, on, {8, 1ms, 1ms});
    to->wait(true);
    push(*sink, 0);
    REQUIRE(eventually([&] { return to->is_writing(); }));
    push(*sink, 1);
    sink->finish(0ms); // leaves the thread behind
    CHECK(on->ever == up_to(2));
    to->wait(false);
    REQUIRE(eventually([&] { return to->written().size() == 1; }));
    CHECK(on->kept.size() == 2); // the thread that was left behind keeps off
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: what the backlog has no room for is counted", "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    on->size_max = 3;
    const auto sink = start_keeping(to, on, {2, 60s, 60s});
    to->fail(1);
    push(*sink, 0);
    REQUIRE(eventually([&] { return to->tries() == 1 && !to->is_writing(); }));
    for (int i = 1; i < 10; ++i) {
        push(*sink, i);
        REQUIRE(eventually([&] { return sink->report().waiting == 0; }));
    }
    CHECK(sink->dropped() == 7);
    sink->finish(10s);
    CHECK(to->written() == up_to(10, 7));
    CHECK(sink->dropped() == 7);
}

TEST_CASE("sink_worker: when the backlog takes nothing, memory does as without it",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    on->refusals = 1'000;
    const auto sink = start_keeping(to, on, {4, 60s, 60s});
    to->fail(1);
    push(*sink, 0);
    REQUIRE(eventually([&] { return to->tries() == 1 && !to->is_writing(); }));
    for (int i = 1; i < 6; ++i)
        push(*sink, i);
    REQUIRE(eventually([&] { return sink->report().waiting == 4; }));
    CHECK(sink->dropped() == 2);
    sink->finish(10s);
    CHECK(to->written() == up_to(6, 2));
}

TEST_CASE("sink_worker: what the backlog cannot read is counted, and the next one written",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    for (int i = 0; i < 3; ++i)
        on->kept.push_back({i, 1});
    on->unreadable = 1;
    const auto sink = start_keeping(to, on, {4, 1ms, 1ms});
    REQUIRE(eventually([&] { return to->written().size() == 2; }));
    sink->finish(10s);
    CHECK(to->written() == up_to(3, 1));
    CHECK(sink->dropped() == 1);
}

TEST_CASE("sink_worker: what the backlog cannot read now is tried again", "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    for (int i = 0; i < 3; ++i)
        on->kept.push_back({i, 1});
    on->busy = 4;
    const auto sink = start_keeping(to, on, {4, 1ms, 1ms});
    REQUIRE(eventually([&] { return to->written().size() == 3; }));
    sink->finish(10s);
    CHECK(to->written() == up_to(3));
    CHECK(sink->dropped() == 0);
    CHECK(sink->report().failures == 4);
}

TEST_CASE("sink_worker: what is read when the time is over is not written, but kept",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto on = std::make_shared<shelf>();
    on->kept.push_back({0, 1});
    on->slow = 200ms;
    const auto sink = start_keeping(to, on, {4, 1ms, 1ms});
    sink->finish(1ms);
    CHECK(to->written().empty());
    CHECK(on->kept.size() == 1);
    CHECK(sink->dropped() == 0);
}

TEST_CASE("sink_worker: the end waits until the backend has got it, as long as there is time",
          "[server][sink_worker]") {
    const auto to = std::make_shared<backend>();
    const auto asked = std::make_shared<std::atomic<int>>(0);
    quipu::sink_worker_options options{4, 1ms, 1ms};
    options.settle = [asked] { return ++*asked < 3 ? errc::connection_lost : errc::ok; };
    options.delivery = [asked] {
        return quipu::sink_delivery{.resent = static_cast<std::uint64_t>(*asked)};
    };
    worker sink(
        "a sink", [to](const flush& one) { return to->write(one); }, quipu::log(-1), options);
    sink.push(std::make_shared<flush>());
    REQUIRE(eventually([&] { return sink.report().successes == 1; }));
    CHECK(*asked == 0);
    sink.finish(10s);
    CHECK(*asked == 3);
    CHECK(sink.report().delivery.resent == 3);
}

TEST_CASE("sink_worker: an end that cannot be known does not wait for ever",
          "[server][sink_worker]") {
    quipu::sink_worker_options options{4, 1ms, 1ms};
    options.settle = [] { return errc::connection_lost; };
    worker sink(
        "a sink", [](const flush&) { return errc::ok; }, quipu::log(-1), options);
    sink.push(std::make_shared<flush>());
    const stopwatch watch;
    sink.finish(50ms);
    CHECK(watch.elapsed() < 10s);
}

#include <quipu/registry/shards.hpp>

#include <quipu/cell/counter.hpp>
#include <quipu/registry/instrument.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace quipu;
using detail::small_mutex;

namespace {

struct tag {};

/// Counters, and how many parts are open.
struct kind {
    struct part {
        threading::sharded::number<std::uint64_t> value{};
        bool opened = false;
    };
    static inline std::atomic<int> open_parts{0};

    static void open(part& one) {
        one.value.set(0);
        if (!one.opened)
            ++open_parts;
        one.opened = true;
    }
    static void close(part& one) {
        if (one.opened)
            --open_parts;
    }
};

using counters = detail::shards<kind, tag>;

/// Shards and their lock, and series that are always there.
struct board {
    small_mutex lock{};
    counters slots{};

    void add(std::uint64_t id, std::uint64_t count = 1) {
        const auto update = [count](kind::part& part) { part.value.add(count); };
        auto& slot = counters::guess(id);
        if (slot.id == id)
            return update(slot.value);
        slots.update(
            lock, id, [] { return true; }, update);
    }

    std::uint64_t sum(std::uint64_t id) {
        const detail::holding hold(lock);
        std::uint64_t all = 0;
        slots.for_each(id, [&](kind::part& part) { all += part.value.read(); });
        return all;
    }

    std::size_t size() {
        const detail::holding hold(lock);
        return slots.size();
    }
};

/// A number that no other series has.
std::uint64_t fresh(std::size_t place) {
    static counters of;
    return detail::series_id::make(place, of.next_epoch());
}

template <class F>
void on_a_thread(F&& f) {
    std::thread(f).join();
}

/// Updates a board when its thread ends, after or before the thread's shards are given back.
struct last_words {
    board* to = nullptr;
    std::uint64_t id = 0;
    ~last_words() {
        if (to != nullptr)
            to->add(id, 1000);
    }
};

} // namespace

TEST_CASE("series id: a number tells the place", "[registry][shards]") {
    using namespace detail::series_id;
    CHECK(place(make(7, 1)) == 7);
    CHECK(place(make(places_max - 1, 2)) == places_max - 1);
    CHECK(make(7, 1) != make(7, 2));
    CHECK(make(0, 1) > detail::series_id::refused);
}

TEST_CASE("shards: no two boards have an epoch in common", "[registry][shards]") {
    std::set<std::uint64_t> seen;
    std::vector<std::unique_ptr<counters>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(std::make_unique<counters>());
    for (int i = 0; i < 100; ++i) {
        for (auto& one : all) {
            const auto epoch = one->next_epoch();
            REQUIRE(epoch != 0);
            REQUIRE(epoch >> 40 == 0);
            REQUIRE(seen.insert(epoch).second);
        }
    }
}

TEST_CASE("shards: the second update finds the slot at once", "[registry][shards]") {
    board one;
    const auto id = fresh(3);
    CHECK(counters::guess(id).id != id);
    one.add(id);
    CHECK(counters::guess(id).id == id);
    one.add(id);
    CHECK(one.sum(id) == 2);
    CHECK(one.sum(fresh(3)) == 0);
    CHECK(one.sum(fresh(1000)) == 0);
}

TEST_CASE("shards: slots keep their numbers while the array grows", "[registry][shards]") {
    board one;
    std::vector<std::uint64_t> ids;
    for (std::size_t place = 0; place < 3000; ++place) {
        ids.push_back(fresh(place));
        one.add(ids.back(), place);
    }
    bool right = true;
    for (std::size_t place = 0; place < 3000; ++place)
        right = right && one.sum(ids[place]) == place;
    CHECK(right);
}

TEST_CASE("shards: a place that is used again begins at zero in each thread",
          "[registry][shards]") {
    board one;
    const auto old_id = fresh(1);
    one.add(old_id, 5);
    on_a_thread([&] {
        one.add(old_id, 7);
        const auto new_id = fresh(1);
        one.add(new_id, 1);
        CHECK(one.sum(old_id) == 5); // the other thread's slot is the old series' still
        CHECK(one.sum(new_id) == 1);
    });
}

TEST_CASE("shards: a thread that ends hands its values over", "[registry][shards]") {
    board one;
    const auto id = fresh(0);
    for (int i = 0; i < 10; ++i)
        on_a_thread([&] { one.add(id); });
    CHECK(one.sum(id) == 10);
    CHECK(one.size() == 1); // each took the one that the last had given back
}

TEST_CASE("shards: there are as many as threads at once", "[registry][shards]") {
    board one;
    const auto id = fresh(0);
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> there = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                one.add(id);
                ++there;
                while (there < 4)
                    std::this_thread::yield();
            });
        }
        for (auto& thread : threads)
            thread.join();
    }
    CHECK(one.sum(id) == 20);
    CHECK(one.size() == 4);
}

TEST_CASE("shards: a thread may outlive the board, and the board the thread",
          "[registry][shards]") {
    const int before = kind::open_parts;
    on_a_thread([] {
        for (int i = 0; i < 100; ++i) { // at the same address, perhaps
            auto one = std::make_unique<board>();
            const auto id = fresh(2);
            one->add(id);
            CHECK(one->sum(id) == 1);
        }
        board last;
        const auto id = fresh(2);
        last.add(id);
        CHECK(last.sum(id) == 1);
    });
    CHECK(kind::open_parts == before);

    auto one = std::make_unique<board>();
    const auto id = fresh(2);
    on_a_thread([&] { one->add(id); });
    CHECK(kind::open_parts == before + 1);
    one.reset();
    CHECK(kind::open_parts == before);
}

TEST_CASE("shards: two boards that a thread updates in turns", "[registry][shards]") {
    board a;
    board b;
    const auto id_a = fresh(0);
    const auto id_b = fresh(0);
    for (int i = 0; i < 1000; ++i) {
        a.add(id_a, 1);
        b.add(id_b, 2);
    }
    CHECK(a.sum(id_a) == 1000);
    CHECK(b.sum(id_b) == 2000);
    CHECK(a.sum(id_b) == 0);
}

TEST_CASE("shards: what a thread's last destructors count is counted", "[registry][shards]") {
    board one;
    const auto id = fresh(0);
    on_a_thread([&] {
        static thread_local last_words after; // made first, so destroyed last
        after.to = &one;
        after.id = id;
        one.add(id, 1);
    });
    CHECK(one.sum(id) == 1001);
    on_a_thread([&] {
        one.add(id, 1);
        static thread_local last_words before;
        before.to = &one;
        before.id = id;
    });
    CHECK(one.sum(id) == 2002);
    CHECK(one.size() == 1);
}

TEST_CASE("shards: every addition is in one reading, while threads come and go",
          "[registry][shards][stress]") {
    board one;
    constexpr std::size_t series = 40;
    std::vector<std::uint64_t> ids;
    for (std::size_t i = 0; i < series; ++i)
        ids.push_back(fresh(i * 5)); // so that arrays grow

    std::atomic<bool> ended = false;
    std::atomic<bool> went_back = false;
    std::thread reader([&] {
        std::vector<std::uint64_t> last(series, 0);
        while (!ended) {
            for (std::size_t i = 0; i < series; ++i) {
                const auto now = one.sum(ids[i]);
                if (now < last[i])
                    went_back = true;
                last[i] = now;
            }
        }
    });
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (int generation = 0; generation < 60; ++generation) {
                on_a_thread([&] {
                    for (unsigned n = 0; n < 400; ++n)
                        one.add(ids[(n * (t + 1)) % series]);
                });
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    ended = true;
    reader.join();
    std::uint64_t total = 0;
    for (const auto id : ids)
        total += one.sum(id);
    CHECK(total == 3 * 60 * 400);
    CHECK_FALSE(went_back);
    CHECK(one.size() <= 3);
}

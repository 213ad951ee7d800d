#include <quipu/registry/board.hpp>

#include <quipu/cell/counter.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/registry/instrument.hpp>
#include <quipu/snapshot/snapshot.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using detail::no_lock;

namespace {

struct tag {};

template <class Threading>
using counter_board = detail::board<detail::counter_instrument<counter, Threading>, tag, no_lock>;

template <class Board>
void add(Board& to, typename Board::series& one, std::uint64_t count) {
    const auto f = [count](auto& part) { part.value.add(count); };
    if constexpr (Board::is_sharded)
        to.update(one, one.id(), f);
    else
        one.update(one.id(), f);
}

template <class Board>
std::vector<std::string> collected(Board& from) {
    std::vector<snapshot::entry<counter>> entries;
    key_arena names;
    static_cast<void>(from.collect(entries, names, retention::idle_for{1}));
    std::vector<std::string> all;
    for (const auto& one : entries)
        all.push_back(std::string(one.name) + '=' + std::to_string(int(one.cell.sum())));
    return all;
}

using texts = std::vector<std::string>;

} // namespace

TEMPLATE_TEST_CASE("board: series are found by name, and do not move",
                   "[registry][board]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    no_lock lock;
    counter_board<TestType> board(lock);
    CHECK(board.find("a") == nullptr);
    auto& a = board.add("a");
    for (int i = 0; i < 2000; ++i)
        board.add("n" + std::to_string(i));
    CHECK(board.size() == 2001);
    CHECK(board.find("a") == &a);
    CHECK(board.find("n1999") != nullptr);
    CHECK(board.find("n2000") == nullptr);
    CHECK(&a.home() == &board);
}

TEMPLATE_TEST_CASE("board: a flush has the counts since the last, and lets idle series go",
                   "[registry][board]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    no_lock lock;
    counter_board<TestType> board(lock);
    auto& a = board.add("a");
    auto& b = board.add("b");
    add(board, a, 1);
    add(board, b, 2);
    add(board, a, 3);
    CHECK(collected(board) == texts{"a=4", "b=2"});
    add(board, a, 1);
    CHECK(collected(board) == texts{"a=1", "b=0"});
    CHECK(collected(board) == texts{"a=0"});
    CHECK(collected(board).empty());
    add(board, b, 5);
    CHECK(collected(board) == texts{"b=5"});
}

TEMPLATE_TEST_CASE("board: a removed series takes with it what came",
                   "[registry][board]",
                   threading::unsynchronized,
                   threading::atomic,
                   threading::sharded) {
    no_lock lock;
    counter_board<TestType> board(lock);
    auto& a = board.add("a");
    const auto old_id = a.id();
    add(board, a, 1);
    const auto is_a = [](std::string_view name, std::uint32_t) { return name == "a"; };
    CHECK(board.erase_if(is_a) == 1);
    CHECK(board.erase_if(is_a) == 0);
    CHECK(board.size() == 0);
    CHECK(board.find("a") == nullptr);
    CHECK(collected(board).empty());
    CHECK(a.id() != old_id);

    // The place is used again, in the end.
    auto* again = &board.add("a");
    for (int i = 0; i < 5000 && again != &a; ++i) {
        board.erase("a");
        again = &board.add("a");
    }
    REQUIRE(again == &a);
    CHECK(again->id() != old_id);
    add(board, *again, 7);
    CHECK(collected(board) == texts{"a=7"});
}

TEST_CASE("board: an update by an old number has no effect", "[registry][board]") {
    no_lock lock;
    counter_board<threading::sharded> board(lock);
    auto& a = board.add("a");
    const auto old_id = a.id();
    board.erase_if([](std::string_view, std::uint32_t) { return true; });
    auto* b = &board.add("b");
    for (int i = 0; i < 5000 && b != &a; ++i) {
        board.erase("b");
        b = &board.add("b");
    }
    REQUIRE(b == &a);
    board.update(a, old_id, [](auto& part) { part.value.add(100); });
    CHECK(collected(board) == texts{"b=0"});
    CHECK(board.shard_count() == 0);
}

TEST_CASE("board: series that come and go take no more room", "[registry][board]") {
    no_lock lock;
    using gauges = detail::board<detail::gauge_instrument<gauge, threading::atomic>, tag, no_lock>;
    gauges board(lock);
    const auto first = &board.add("a");
    const auto first_id = first->id();
    REQUIRE(board.erase("a"));
    CHECK_FALSE(board.erase("a"));
    for (int i = 0; i < 1000; ++i) {
        auto& one = board.add("a" + std::to_string(i));
        REQUIRE(&one == first);
        const auto id = one.id();
        REQUIRE(id != first_id);
        one.update(id, [](auto& part) { part.value.set(1); });
        // Those of the ones before have no effect, wherever their thread stood.
        one.update(first_id, [](auto& part) { part.value.set(2); });
        REQUIRE(board.erase("a" + std::to_string(i)));
        one.update(id, [](auto& part) { part.value.set(3); });
    }
}

TEST_CASE("board: an update that began before its series was removed changes no other one",
          "[registry][board]") {
    no_lock lock;
    using gauge_kind = detail::gauge_instrument<gauge, threading::atomic>;
    detail::board<gauge_kind, tag, no_lock> board(lock);
    auto& one = board.add("old");
    gauge_kind::part* stale =
        nullptr; // as a thread has it that looked at the number, and then waits
    one.update(one.id(), [&](auto& part) { stale = &part; });
    for (const auto* name : {"new", "newer"}) {
        REQUIRE(board.erase(board.find("old") != nullptr ? "old" : "new"));
        auto& other = board.add(name);
        REQUIRE(&other == &one);
        other.update(other.id(), [](auto& part) { gauge_kind::set(part, 7); });
        gauge_kind::set(*stale, 1000);
        std::vector<snapshot::entry<gauge>> entries;
        key_arena names;
        static_cast<void>(board.collect(entries, names, retention::forever{}));
        REQUIRE(entries.size() == 1);
        CHECK(entries[0].cell.value() == 7);
    }
}

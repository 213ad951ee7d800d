#include <quipu/server/series_board.hpp>

#include <quipu/server/object_literal.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using quipu::test::snapshot_of;

namespace {

template <class Profile = profile::quipu>
auto shared_snapshot(std::string_view lines, std::int64_t timestamp) {
    auto made = snapshot_of<Profile>(lines, timestamp);
    return std::make_shared<const decltype(made)>(std::move(made));
}

literal read(const std::string& text) {
    const auto made = parse_object_literal(text);
    REQUIRE(made.error.why.empty());
    return made.value;
}

/// The names of the rows for a query.
template <class Board>
std::vector<std::string> names(Board& board, std::string_view query) {
    std::vector<std::string> all;
    const auto asked = parse_series_query(query);
    REQUIRE(asked);
    const auto list = read(board.list(*asked));
    for (const auto& row : list.find("rows")->items)
        all.push_back(row.find("name")->text + row.find("tags")->text);
    return all;
}

using strings = std::vector<std::string>;

constexpr std::string_view five =
    "hits:30|c\nhits:5|c|#env:prod\nlatency:20|ms\nqueue:7|g\nusers:ann|s";

} // namespace

TEST_CASE("series_board: before the first flush there is nothing", "[server][series_board]") {
    series_board board;
    const auto all = read(board.list({}));
    CHECK(all.find("series")->number == 0);
    CHECK(all.find("rows")->items.empty());
    CHECK(all.find("at") == nullptr);
    CHECK(board.one(metric_kind::counter, "hits").empty());
}

TEST_CASE("series_board: rows are found, ordered and cut", "[server][series_board]") {
    series_board board;
    board.take(shared_snapshot(five, 1000));
    CHECK(names(board, "") == strings{"hits", "hits;env=prod", "latency", "queue", "users"});
    CHECK(names(board, "order=desc") ==
          strings{"users", "queue", "latency", "hits;env=prod", "hits"});
    CHECK(names(board, "search=HITS%20env") == strings{"hits;env=prod"});
    CHECK(names(board, "kind=gauge") == strings{"queue"});
    CHECK(names(board, "sort=value&order=desc") ==
          strings{"hits", "latency", "queue", "hits;env=prod", "users"});
    CHECK(names(board, "sort=rate&order=desc&limit=3") ==
          strings{"hits", "hits;env=prod", "latency"});
    CHECK(names(board, "sort=kind") ==
          strings{"hits", "hits;env=prod", "latency", "queue", "users"});
    CHECK(names(board, "offset=1&limit=2") == strings{"hits;env=prod", "latency"});
    CHECK(names(board, "offset=9").empty());
    const auto all = read(board.list(*parse_series_query("search=hits&limit=1")));
    CHECK(all.find("series")->number == 5);
    CHECK(all.find("matched")->number == 2);
    CHECK(all.find("at")->number == 1000);
}

TEST_CASE("series_board: a row has its numbers, its total and its plot", "[server][series_board]") {
    series_board board;
    board.take(shared_snapshot("hits:30|c", 1000));
    board.take(shared_snapshot("hits:50|c", 1010));
    const auto row = read(board.list({})).find("rows")->items.at(0);
    CHECK(row.find("value")->number == 50);
    CHECK(row.find("rate")->number == 5);
    CHECK(row.find("total")->number == 80);
    CHECK(row.find("high")->kind == literal_kind::nothing);
    REQUIRE(row.find("points")->items.size() == 2);
    CHECK(row.find("points")->items[0].number == 3);
    CHECK(row.find("points")->items[1].number == 5);
}

TEST_CASE("series_board: the most rows with all their intervals fit into an answer",
          "[server][series_board]") {
    std::string lines;
    for (std::size_t i = 0; i < series_query::limit_max; ++i)
        lines += (i == 0 ? "" : "\n") + std::string(1000, 'n') + std::to_string(i) +
                 ":-1.2345678901234567e-300|g";
    series_board board;
    for (std::size_t i = 0; i < series_history::intervals_max + 5; ++i)
        board.take(shared_snapshot(lines, static_cast<std::int64_t>(1000 + i)));
    const auto text = board.list(*parse_series_query("limit=200"));
    CHECK(text.size() > 200 * 120 * 20);
    CHECK(text.size() < series_board::answer_bytes_max / 2);
    const auto all = read(text);
    REQUIRE(all.find("rows")->items.size() == series_query::limit_max);
    for (const auto& row : all.find("rows")->items)
        CHECK(row.find("points")->items.size() == series_history::intervals_max);
}

TEST_CASE("series_board: a series that stopped stays as idle", "[server][series_board]") {
    series_board board;
    board.take(shared_snapshot(five, 1000));
    board.take(shared_snapshot("queue:8|g", 1010));
    const auto all = read(board.list({}));
    CHECK(all.find("series")->number == 5);
    for (const auto& row : all.find("rows")->items)
        CHECK(row.find("idle")->truth == (row.find("name")->text != "queue"));
    CHECK(all.find("rows")->items[0].find("rate")->number == 0);
    CHECK(all.find("rows")->items[2].find("value")->kind == literal_kind::nothing);
}

TEST_CASE("series_board: one series tells all that there is", "[server][series_board]") {
    series_board board;
    board.take(shared_snapshot("t:1|ms\nt:3|ms", 1000));
    board.take(shared_snapshot("t:5|ms", 1010));
    const auto its = read(board.one(metric_kind::timer, "t"));
    CHECK(its.find("times")->items.at(0).number == 1000);
    CHECK(its.find("values")->items.at(1).number == 5);
    CHECK(its.find("highs")->items.at(0).number == 3);
    CHECK(its.find("total")->number == 3);
    CHECK(its.find("count")->number == 1);
    CHECK(its.find("bins")->items.size() == 1);
    CHECK(board.one(metric_kind::counter, "t").empty());

    board.take(shared_snapshot("other:5|ms", 1020));
    const auto idle = read(board.one(metric_kind::timer, "t"));
    CHECK(idle.find("idle")->truth);
    CHECK(idle.find("values")->items.at(2).kind == literal_kind::nothing);
    // What was looked at keeps its distribution.
    CHECK(idle.find("bins")->items.size() == 1);
    CHECK(idle.find("max")->number == 5);
    CHECK(idle.find("distribution_at")->number == 1010);
    CHECK(its.find("distribution_at") == nullptr);
}

TEST_CASE("series_board: the distribution of a timer that is looked at is the last one with values",
          "[server][series_board]") {
    series_board board;
    board.take(shared_snapshot("t:1|ms\nunseen:1|ms", 1000));
    CHECK(read(board.one(metric_kind::timer, "t")).find("max")->number == 1);
    board.take(shared_snapshot("t:2|ms", 1010));
    board.take(shared_snapshot("other:1|c", 1020));
    CHECK(read(board.one(metric_kind::timer, "t")).find("max")->number == 2);
    CHECK(read(board.one(metric_kind::timer, "unseen")).find("max") == nullptr);
    // Until nobody has looked for a while.
    for (int i = 0; i < 13; ++i)
        board.take(shared_snapshot("other:1|c", 1030 + i));
    CHECK(read(board.one(metric_kind::timer, "t")).find("max") == nullptr);
}

TEST_CASE("series_board: of the timers that are looked at the bound is kept",
          "[server][series_board]") {
    std::string lines;
    for (std::size_t i = 0; i <= series_board::watched_max; ++i)
        lines += "t" + std::to_string(i) + ":1|ms\n";
    series_board board;
    board.take(shared_snapshot(lines, 1000));
    const auto look = [&](std::size_t i) {
        return read(board.one(metric_kind::timer, "t" + std::to_string(i))).find("max") != nullptr;
    };
    CHECK(look(0));
    board.take(shared_snapshot(lines, 1010));
    for (std::size_t i = 1; i <= series_board::watched_max; ++i)
        CHECK(look(i));
    board.take(shared_snapshot("other:1|c", 1020));
    for (std::size_t i = 1; i <= series_board::watched_max; ++i)
        CHECK(look(i));
    CHECK_FALSE(look(0)); // it was looked at the longest ago
}

TEST_CASE("series_board: of many series those have a plot that were looked at",
          "[server][series_board]") {
    std::string lines;
    for (std::size_t i = 0; i <= series_history::series_max; ++i)
        lines += "n" + std::to_string(i) + ":1|c\n";
    series_board board;
    board.take(shared_snapshot(lines, 1000));
    CHECK(board.history().size() == 0);
    CHECK(names(board, "search=n7&limit=3") == strings{"n7", "n70", "n700"});
    CHECK(board.history().size() == 3);
    board.take(shared_snapshot(lines, 1010));
    const auto row = read(board.list(*parse_series_query("search=n700"))).find("rows")->items.at(0);
    CHECK(row.find("points")->items.size() == 2);
}

TEST_CASE("series_board: the cells of every profile can be shown", "[server][series_board]") {
    const auto shows = [](auto board, auto from) {
        board.take(from);
        const auto names_of = names(board, "");
        CHECK(read(board.one(metric_kind::timer, "t")).find("percentiles")->items.size() == 9);
        return names_of;
    };
    CHECK(shows(basic_series_board<profile::etsy::store_traits>(),
                shared_snapshot<profile::etsy>("t:1|ms\na:1|c\ng:1|g\ns:1|s", 1000))
              .size() >= 4);
    CHECK(shows(basic_series_board<profile::kiip::store_traits>(),
                shared_snapshot<profile::kiip>("t:1|ms\na:1|c", 1000)) == strings{"a", "t"});
    CHECK(shows(basic_series_board<profile::statsite::store_traits>(),
                shared_snapshot<profile::statsite>("t:1|ms\na:1|c\ng:1|g\ns:1|s", 1000)) ==
          strings{"a", "g", "s", "t"});
}

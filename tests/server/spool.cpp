#include <quipu/server/spool.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using quipu::errc;
using quipu::spool;
using quipu::test::scratch_folder;

namespace {

spool opened(const std::string& folder, quipu::spool_options options = {}) {
    auto made = spool::open(folder, options);
    REQUIRE(made);
    return *std::move(made);
}

std::vector<std::string> drained(spool& from) {
    std::vector<std::string> all;
    for (; from.size() > 0; from.pop()) {
        const auto one = from.front();
        REQUIRE(one);
        all.push_back(*one);
    }
    return all;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("spool: what is first in is first out, over a restart too", "[server][spool]") {
    const scratch_folder folder;
    const auto path = folder.path("waits");
    {
        auto waits = opened(path);
        CHECK(waits.size() == 0);
        for (int i = 0; i < 12; ++i)
            REQUIRE(waits.push(std::to_string(i)) == errc::ok);
        CHECK(*waits.front() == "0");
        waits.pop();
        CHECK(waits.size() == 11);
        CHECK(waits.bytes() == 13);
    }
    auto again = opened(path);
    CHECK(again.size() == 11);
    CHECK(again.bytes() == 13);
    REQUIRE(again.push("last") == errc::ok);
    CHECK(drained(again) == texts{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "last"});
    CHECK(again.bytes() == 0);
    CHECK(std::filesystem::is_empty(path));
}

TEST_CASE("spool: beyond its bytes the oldest leaves, counted", "[server][spool]") {
    const scratch_folder folder;
    auto waits = opened(folder.path(), {10});
    for (const auto* const text : {"aaaa", "bbbb", "cc", "dd", "eeee"})
        REQUIRE(waits.push(text) == errc::ok);
    CHECK(waits.dropped() == 2);
    CHECK(waits.push("longer than that") == errc::no_space);
    CHECK(drained(waits) == texts{"cc", "dd", "eeee"});
}

TEST_CASE("spool: what is not its own, or was never whole, is no piece", "[server][spool]") {
    const scratch_folder folder;
    std::ofstream(folder.path("README")) << "hello";
    std::ofstream(folder.path("00000000000000000007.new")) << "half a pi";
    std::ofstream(folder.path("0000000000000000000x")) << "no number";
    auto waits = opened(folder.path());
    CHECK(waits.size() == 0);
    CHECK(std::filesystem::exists(folder.path("README")));
    CHECK_FALSE(std::filesystem::exists(folder.path("00000000000000000007.new")));
}

TEST_CASE("spool: a piece can be set aside", "[server][spool]") {
    const scratch_folder folder;
    auto waits = opened(folder.path());
    REQUIRE(waits.push("bad") == errc::ok);
    REQUIRE(waits.push("good") == errc::ok);
    waits.set_aside();
    CHECK(waits.bytes() == 4);
    CHECK(drained(waits) == texts{"good"});
    CHECK(std::filesystem::exists(folder.path("00000000000000000001.unreadable")));
    CHECK(opened(folder.path()).size() == 0);
}

TEST_CASE("spool: errors of the disk are told", "[server][spool]") {
    const scratch_folder folder;
    CHECK(spool::open(folder.path("no/such")).error() == errc::no_such_file);
    auto waits = opened(folder.path("waits"));
    std::filesystem::remove_all(folder.path("waits"));
    CHECK(waits.push("x") == errc::no_such_file);
    CHECK(waits.size() == 0);
}

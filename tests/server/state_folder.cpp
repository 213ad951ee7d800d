#include <quipu/server/state_folder.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

using quipu::errc;
using quipu::state_folder;
using quipu::test::scratch_folder;

TEST_CASE("state_folder: is made, and has one owner", "[server][state_folder]") {
    const scratch_folder scratch;
    const auto path = scratch.path("state");
    {
        const auto mine = state_folder::open(path);
        REQUIRE(mine);
        CHECK(mine->gauges() == path + "/gauges");
        CHECK(state_folder::open(path).error() == errc::address_in_use);
    }
    CHECK(state_folder::open(path));
    CHECK(state_folder::open(scratch.path("no/such")).error() == errc::no_such_file);
}

TEST_CASE("state_folder: each sink has a spool of its own, which it finds again",
          "[server][state_folder]") {
    const scratch_folder scratch;
    const std::string name = "graphite://[::1]:2003";
    {
        auto mine = state_folder::open(scratch.path());
        REQUIRE(mine);
        auto first = mine->open_spool(name);
        auto other = mine->open_spool("graphite://[::1]:2004");
        auto second = mine->open_spool(name);
        REQUIRE(first);
        REQUIRE(other);
        REQUIRE(second);
        REQUIRE(first->push("1") == errc::ok);
        REQUIRE(second->push("2") == errc::ok);
        REQUIRE(other->push("3") == errc::ok);
        CHECK(mine->forgotten().empty());
    }
    auto again = state_folder::open(scratch.path());
    REQUIRE(again);
    CHECK(again->forgotten().size() == 3);
    CHECK(*again->open_spool(name)->front() == "1");
    CHECK(*again->open_spool(name)->front() == "2");
    const auto left = again->forgotten();
    REQUIRE(left.size() == 1);
    CHECK(left[0].find("/spool/graphite_1_2004-") != std::string::npos);
}

TEST_CASE("state_folder: no name leaves the folder", "[server][state_folder]") {
    const scratch_folder scratch;
    auto mine = state_folder::open(scratch.path("state"));
    REQUIRE(mine);
    for (const auto& name : {std::string("../../x"),
                             std::string("."),
                             std::string(),
                             std::string(1000, '/'),
                             std::string("json:///var/log/a b.json"),
                             std::string("a\0b", 3),
                             std::string("\xff\n")}) {
        const auto opened = mine->open_spool(name);
        REQUIRE(opened);
        const auto inside = opened->folder().substr(scratch.path("state/spool/").size());
        CAPTURE(inside);
        CHECK(inside.find('/') == std::string::npos);
        CHECK(inside.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                  "._-") == std::string::npos);
        CHECK_FALSE(inside.starts_with('.'));
    }
}

TEST_CASE("state_folder: a lock that is a link is refused", "[server][state_folder]") {
    const scratch_folder folder;
    std::filesystem::create_symlink(folder.path("nowhere"), folder.path("lock"));
    CHECK(state_folder::open(folder.path()).error() == errc::is_a_link);
    CHECK_FALSE(std::filesystem::exists(folder.path("nowhere")));
}

#include <quipu/net/whole_file.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

using quipu::errc;
using quipu::read_whole_file;
using quipu::write_whole_file;
using quipu::test::scratch_folder;

TEST_CASE("whole_file: what was written is read", "[net][whole_file]") {
    const scratch_folder folder;
    const auto path = folder.path("it");
    for (const auto& text : {std::string(), std::string("a\0b", 3), std::string(100'000, 'x')}) {
        REQUIRE(write_whole_file(path, text) == errc::ok);
        const auto read = read_whole_file(path);
        REQUIRE(read);
        CHECK(*read == text);
    }
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0600);
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("whole_file: a file that does not tell its size is read", "[net][whole_file]") {
    const auto read = read_whole_file("/proc/self/status");
    REQUIRE(read);
    CHECK(read->find("Pid:") != read->npos);
}

TEST_CASE("whole_file: errors say why", "[net][whole_file]") {
    const scratch_folder folder;
    CHECK(read_whole_file(folder.path("none")).error() == errc::no_such_file);
    CHECK(read_whole_file(folder.path()).error() == errc::system_failure);
    CHECK(write_whole_file(folder.path("none/it"), "x") == errc::no_such_file);
    REQUIRE(write_whole_file(folder.path("it"), "12345") == errc::ok);
    CHECK(read_whole_file(folder.path("it"), 4).error() == errc::message_too_long);
    CHECK(read_whole_file(folder.path("it"), 5));
}

TEST_CASE("whole_file: a write that fails leaves what was there", "[net][whole_file]") {
    const scratch_folder folder;
    // A folder stands where the file is to be.
    REQUIRE(::mkdir(folder.path("it").c_str(), 0700) == 0);
    CHECK(write_whole_file(folder.path("it"), "x") != errc::ok);
    CHECK(std::filesystem::is_directory(folder.path("it")));
    CHECK_FALSE(std::filesystem::exists(folder.path("it.new")));
    CHECK(write_whole_file("/dev/full/it", "x") == errc::no_such_file);
}

TEST_CASE("whole_file: where a planted link leads to is not touched", "[net][whole_file]") {
    const scratch_folder folder;
    REQUIRE(write_whole_file(folder.path("target"), "mine") == errc::ok);
    for (const auto* const link : {"it.new", "it"}) {
        std::filesystem::create_symlink(folder.path("target"), folder.path(link));
        REQUIRE(write_whole_file(folder.path("it"), "new") == errc::ok);
        CHECK(read_whole_file(folder.path("target")).value_or("") == "mine");
        CHECK(read_whole_file(folder.path("it")).value_or("") == "new");
        CHECK_FALSE(std::filesystem::is_symlink(folder.path("it")));
        CHECK_FALSE(std::filesystem::exists(folder.path("it.new")));
        std::filesystem::remove(folder.path("it"));
    }
    // One that leads nowhere yet makes no file there.
    std::filesystem::create_symlink(folder.path("nowhere"), folder.path("it.new"));
    REQUIRE(write_whole_file(folder.path("it"), "new") == errc::ok);
    CHECK_FALSE(std::filesystem::exists(folder.path("nowhere")));
}

TEST_CASE("whole_file: what a writer that was killed has left is replaced", "[net][whole_file]") {
    const scratch_folder folder;
    std::ofstream(folder.path("it.new")) << "half, and longer than what follows";
    REQUIRE(write_whole_file(folder.path("it"), "whole") == errc::ok);
    CHECK(read_whole_file(folder.path("it")).value_or("") == "whole");
}

#include <quipu/net/append_file.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using quipu::append_file;
using quipu::errc;
using quipu::test::scratch_folder;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("append_file: texts follow one another", "[net][append_file]") {
    const scratch_folder folder;
    append_file to(folder.path("a"));
    CHECK(to.send("one\n") == errc::ok);
    CHECK(to.send("two\n") == errc::ok);
    CHECK(text_of(to.path()) == "one\ntwo\n");
}

TEST_CASE("append_file: one that was moved away is made anew", "[net][append_file]") {
    const scratch_folder folder;
    append_file to(folder.path("a"), 0600);
    CHECK(to.send("one\n") == errc::ok);
    std::filesystem::rename(folder.path("a"), folder.path("a.1"));
    CHECK(to.send("two\n") == errc::ok);
    CHECK(text_of(folder.path("a.1")) == "one\n");
    CHECK(text_of(folder.path("a")) == "two\n");
    struct stat made {};
    REQUIRE(::stat(to.path().c_str(), &made) == 0);
    CHECK((made.st_mode & 0777U) == 0600);
}

TEST_CASE("append_file: what does not fit is in it not at all", "[net][append_file]") {
    const scratch_folder folder;
    append_file to(folder.path("a"));
    REQUIRE(to.send("12345\n") == errc::ok);
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    auto* const old = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small { 10, before.rlim_max };
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto error = to.send("1234567890\n"); // four bytes of it would fit
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, old);
    CHECK(error == errc::disk_full);
    CHECK(text_of(to.path()) == "12345\n");
}

TEST_CASE("append_file: says why it cannot", "[net][append_file]") {
    const scratch_folder folder;
    CHECK(append_file(folder.path("none/a")).send("x") == errc::no_such_file);
    CHECK(append_file(folder.path()).send("x") != errc::ok);
    REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    CHECK(append_file(folder.path("pipe")).send("x") != errc::ok); // nobody reads: it does not wait
}

TEST_CASE("append_file: a link of one's own is followed, that of somebody else is not",
          "[net][append_file]") {
    const scratch_folder folder;
    std::filesystem::create_symlink(folder.path("target"), folder.path("link"));
    append_file to(folder.path("link"));
    CHECK(to.send("one\n") == errc::ok);
    CHECK(text_of(folder.path("target")) == "one\n");
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    if (::geteuid() != 0) {
        WARN("only root can give a link to somebody else");
        return;
    }
    REQUIRE(::lchown(folder.path("link").c_str(), 12'345, 12'345) == 0);
    CHECK(to.send("two\n") == errc::is_a_link);
    CHECK(text_of(folder.path("target")) == "one\n");
}

TEST_CASE("append_file: a line that somebody left unfinished is not continued",
          "[net][append_file]") {
    const scratch_folder folder;
    append_file to(folder.path("lines"));
    CHECK(to.send("one\n") == errc::ok);
    std::ofstream(folder.path("lines"), std::ios::app) << "half a li";
    CHECK(to.send("two\n") == errc::ok);
    CHECK(to.send("three\n") == errc::ok);
    CHECK(text_of(folder.path("lines")) == "one\nhalf a li\ntwo\nthree\n");
}

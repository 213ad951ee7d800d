#include <quipu/net/command.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/sockets.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;
using quipu::test::eventually;
using quipu::test::stopwatch;

namespace {

/// A path that is free, and is cleaned up.
class scratch {
public:
    scratch()
        : path_(std::filesystem::temp_directory_path() /
                ("quipu_command_" + std::to_string(::getpid()))) {
        std::filesystem::remove(path_);
    }
    ~scratch() { std::filesystem::remove(path_); }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] std::string text() const {
        std::ifstream file(path_, std::ios::binary);
        std::ostringstream all;
        all << file.rdbuf();
        return all.str();
    }

private:
    std::filesystem::path path_;
};

bool has_children() {
    return ::waitpid(-1, nullptr, WNOHANG) >= 0; // there are none: ECHILD
}

} // namespace

TEST_CASE("command: runs once for each text, which it gets whole", "[net][command]") {
    const scratch file;
    command cat("cat >> " + file.path() + "; echo / >> " + file.path());
    CHECK(cat.send("one\n") == errc::ok);
    CHECK(cat.send("") == errc::ok);
    const std::string large(3'000'000, 'x');
    CHECK(cat.send(large) == errc::ok);
    CHECK(file.text() == "one\n/\n/\n" + large + "/\n");
    CHECK_FALSE(has_children());
}

TEST_CASE("command: what is not read is no failure, an exit status is", "[net][command]") {
    const std::string large(1'000'000, 'x');
    command reads_nothing("exit 0");
    CHECK(reads_nothing.send(large) == errc::ok);
    command fails("exit 3");
    CHECK(fails.send(large) == errc::peer_failed);
    CHECK(fails.exit_status() == 3);
    command unknown("exec /no/such/program 2>/dev/null");
    CHECK(unknown.send("x") == errc::peer_failed);
    CHECK(unknown.exit_status() == 127);
    command killed("kill -TERM $$");
    CHECK(killed.send("x") == errc::peer_failed);
    CHECK(killed.exit_status() == 128 + SIGTERM);
    CHECK_FALSE(has_children());
}

TEST_CASE("command: it is killed with all its group when it takes too long", "[net][command]") {
    const std::string large(1'000'000, 'x');
    command never_reads("sleep 60 & sleep 60", {50});
    const stopwatch watch;
    CHECK(never_reads.send(large) == errc::timed_out);
    command never_ends("cat > /dev/null; sleep 60", {50});
    CHECK(never_ends.send("x") == errc::timed_out);
    CHECK(watch.elapsed() < std::chrono::seconds(10));
    CHECK_FALSE(has_children());
}

TEST_CASE("command: another thread can end it, for good", "[net][command]") {
    const scratch file;
    command hangs("echo up > " + file.path() + "; sleep 60");
    errc told = errc::ok;
    std::thread sender([&] { told = hangs.send("x"); });
    CHECK(eventually([&] { return file.text() == "up\n"; }));
    hangs.end();
    sender.join();
    CHECK(told != errc::ok);
    CHECK(hangs.send("x") == errc::system_failure);
    CHECK_FALSE(has_children());
}

TEST_CASE("command: no signal and no descriptor is left over", "[net][command]") {
    command reads_nothing("exit 0");
    const auto before = test::open_descriptors();
    const std::string large(1'000'000, 'x');
    for (int i = 0; i < 5; ++i)
        CHECK(reads_nothing.send(large) == errc::ok);
    CHECK(test::open_descriptors() == before);
    sigset_t blocked{};
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    CHECK(::sigismember(&blocked, SIGPIPE) == 0);
    sigset_t pending{};
    ::sigpending(&pending);
    CHECK(::sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("command: it gets the usual signals, and none of our descriptors", "[net][command]") {
    const scratch file;
    command looks("ls /proc/self/fd | wc -l > " + file.path());
    CHECK(looks.send("") == errc::ok);
    const auto inherited = file.text(); // what this program got itself
    std::vector<descriptor> open;
    for (int i = 0; i < 10; ++i) {
        auto one = descriptor(::dup(2)).duplicate();
        REQUIRE(one);
        open.push_back(*std::move(one));
    }
    CHECK(looks.send("") == errc::ok);
    CHECK(file.text() == inherited);
    command dies("kill -PIPE $$");
    CHECK(dies.send("") == errc::peer_failed);
    CHECK(dies.exit_status() == 128 + SIGPIPE);
}

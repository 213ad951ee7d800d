// quipud as a process of its system: signals, links in the way, open files, a file with its number.
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/graphite_server.hpp"
#include "support/process.hpp"
#include "support/quipud.hpp"
#include "support/running_quipud.hpp"
#include "support/scratch_folder.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/file.h>
#include <unistd.h>

using quipu::test::eventually;
using quipu::test::graphite_server;
using quipu::test::quipud;
using quipu::test::scratch_folder;
using quipu::test::words;
using running = quipu::test::running_quipud;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

words with(words more) {
    more.insert(more.begin(), {"--listen=udp://127.0.0.1:0", "--admin=off"});
    return more;
}

words with_pid_file(const std::string& path) {
    return with({"--sink=none:", "--set", "quipud.pid_file=" + path});
}

} // namespace

TEST_CASE("quipud process: what ends it flushes once more", "[quipud][process]") {
    const int signal = GENERATE(SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR);
    const graphite_server graphite;
    running server(with({"--sink=" + graphite.url(), "--interval=1h"}));
    server.send("hits:3|c");
    CAPTURE(signal);
    CHECK(server.ends_well(signal));
    CHECK(graphite.values("stats.counters.hits.count") == std::vector<std::string>{"3"});
}

TEST_CASE("quipud process: other signals do no harm", "[quipud][process]") {
    const graphite_server graphite;
    running server(with({"--sink=" + graphite.url(), "--interval=1h"}));
    server.send("hits:3|c");
    std::vector<int> harmless{
        SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE, SIGXFSZ, SIGIO, SIGSTKFLT, SIGHUP};
    for (int real_time = SIGRTMIN; real_time <= SIGRTMAX; ++real_time)
        harmless.push_back(real_time);
    for (const int signal : harmless)
        server.program().signal(signal);
    server.send("hits:4|c");
    CHECK(server.ends_well());
    CHECK(graphite.values("stats.counters.hits.count") == std::vector<std::string>{"7"});
}

TEST_CASE("quipud process: a command of a sink has the usual signals", "[quipud][process]") {
    const scratch_folder folder;
    running server(with({"--sink=exec:grep SigIgn /proc/self/status > " + folder.path("signals"),
                         "--interval=100ms"}));
    CHECK(eventually([&] { return text_of(folder.path("signals")).ends_with('\n'); }));
    // But for two of the C library's own, which nobody can set back.
    const auto text = text_of(folder.path("signals"));
    REQUIRE(text.starts_with("SigIgn:\t"));
    const auto ignored = std::stoull(text.substr(8), nullptr, 16);
    CHECK((ignored & ~(3ULL << 31)) == 0);
}

TEST_CASE("quipud process: where a pid file that is a link leads to stays", "[quipud][process]") {
    const scratch_folder folder;
    std::ofstream(folder.path("target")) << "mine";
    std::filesystem::create_symlink(folder.path("target"), folder.path("pid"));
    const auto refused = quipud(with_pid_file(folder.path("pid")));
    CHECK(refused->exit_code() == 1);
    CHECK(refused->err().find("it is a symbolic link\n") != std::string::npos);
    CHECK(text_of(folder.path("target")) == "mine");
    std::filesystem::remove(folder.path("pid"));
    std::filesystem::create_symlink(folder.path("nowhere"), folder.path("pid"));
    CHECK(quipud(with_pid_file(folder.path("pid")))->exit_code() == 1);
    CHECK_FALSE(std::filesystem::exists(folder.path("nowhere")));
}

TEST_CASE("quipud process: a pid file is taken by its lock, not by its number",
          "[quipud][process]") {
    const scratch_folder folder;
    const auto path = folder.path("pid");
    std::ofstream(path) << ::getpid() << "\nand more lines\n"; // somebody lives who has that number
    running server(with_pid_file(path));
    const auto number = text_of(path);
    CHECK(number.find('\n') == number.size() - 1);
    CHECK(std::stol(number) != ::getpid());
    const auto second = quipud(with_pid_file(path));
    CHECK(second->exit_code() == 1);
    CHECK(second->complains("process " + std::to_string(std::stol(number)) + " is running"));
    CHECK(text_of(path) == number);
    // The number is unreadable, and still it is locked.
    std::ofstream(path) << "x";
    const auto third = quipud(with_pid_file(path));
    CHECK(third->exit_code() == 1);
    CHECK(third->complains("another process is running"));
    std::ofstream(path) << number;
    server.program().signal(SIGKILL);
    CHECK(server.program().exit_code() == 128 + SIGKILL);
    running fourth(with_pid_file(path));
    CHECK(text_of(path) != number);
    CHECK(fourth.ends_well());
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("quipud process: where links in the state folder lead to stays", "[quipud][process]") {
    const scratch_folder folder;
    const auto state = folder.path("state");
    std::filesystem::create_directory(state);
    std::ofstream(folder.path("target")) << "mine";
    std::filesystem::create_symlink(folder.path("target"), state + "/gauges.new");
    running server(with({"--sink=none:", "--state", state, "--interval=100ms"}));
    server.send("g:1|g");
    CHECK(eventually([&] { return std::filesystem::exists(state + "/gauges"); }));
    CHECK(server.ends_well());
    CHECK(text_of(folder.path("target")) == "mine");
}

TEST_CASE("quipud process: it takes all the open files that it may have", "[quipud][process]") {
    const auto program =
        running::behind("ulimit -S -n 100; ulimit -H -n 500;", with({"--sink=none:"}));
    CHECK(program->complains("up to 500 files can be open at once (the soft limit was 100)"));
    const auto all = running::behind("ulimit -n 200;", with({"--sink=none:"}));
    CHECK(all->prints("server is up\n"));
    CHECK(all->err().find("open at once") == std::string::npos);
}

#include "support/process.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace quipu::test {

process::process(const std::vector<std::string>& arguments, bool closes_output) {
    // A program with the thread sanitizer and a thread that hangs would linger for a second.
    ::setenv("TSAN_OPTIONS", "atexit_sleep_ms=0", 0);
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(err.data(), O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    std::vector<char*> words;
    for (const auto& one : arguments)
        words.push_back(const_cast<char*>(one.c_str()));
    words.push_back(nullptr);
    const int failure = ::posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    INFO(arguments[0]);
    REQUIRE(failure == 0);
    err_reader_ = std::thread([this, fd = err[0]] { read(fd, err_); });
    if (closes_output)
        ::close(out[0]);
    else
        out_reader_ = std::thread([this, fd = out[0]] { read(fd, out_); });
}

process::~process() {
    if (runs())
        signal(SIGKILL);
    exit_code();
}

void process::read(int fd, std::string& into) {
    std::array<char, 4096> piece{};
    for (;;) {
        const auto size = ::read(fd, piece.data(), piece.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            break;
        const std::lock_guard hold(mutex_);
        into.append(piece.data(), static_cast<std::size_t>(size));
    }
    ::close(fd);
}

std::string process::out() const {
    const std::lock_guard hold(mutex_);
    return out_;
}

std::string process::err() const {
    const std::lock_guard hold(mutex_);
    return err_;
}

bool process::prints(std::string_view text) const {
    return eventually([&] { return out().find(text) != std::string::npos; });
}

bool process::complains(std::string_view text) const {
    return eventually([&] { return err().find(text) != std::string::npos; });
}

bool process::runs() {
    if (!ended_)
        ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return !ended_;
}

void process::signal(int number) const {
    if (!ended_)
        ::kill(pid_, number);
}

int process::exit_code() {
    if (!eventually([&] { return !runs(); }))
        return -1;
    for (auto* const reader : {&out_reader_, &err_reader_}) { // its last words may be in the pipes
        if (reader->joinable())
            reader->join();
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

} // namespace quipu::test

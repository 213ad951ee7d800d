// A command of the shell as a transport: it is run for each text, and gets it on its standard input.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/transport.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace quipu {

/// The bounds of a command.
struct command_options {
    /// A run that takes longer is killed, with all that it has started in its group. Below zero: none.
    int timeout_ms = 30'000;
};

namespace detail {

/// Keeps SIGPIPE from this thread, and takes it away if one came meanwhile.
class without_sigpipe {
public:
    without_sigpipe() noexcept {
        sigset_t pending{};
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        ::sigpending(&pending);
        was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~without_sigpipe() {
        const timespec at_once{};
        if (!was_pending_) {
            while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

} // namespace detail

/// Runs `/bin/sh -c TEXT` once for each `send`, in a process group of its own, hands it the bytes on
/// its standard input and waits for its end. It inherits the environment, standard output and
/// standard error, and no other descriptor that is closed on exec.
///
/// Threads  one thread sends; any may call `end`.
class command {
public:
    explicit command(std::string text, command_options options = {})
        : text_(std::move(text)), options_(options) {}
    command(const command&) = delete; // `end` has to find the process
    command& operator=(const command&) = delete;
    ~command() = default;

    /// Runs it with `bytes`, which may be empty. A command may leave some of its input unread.
    /// Errors   system_failure: it could not be started; peer_failed: its exit status was not 0, or
    ///          somebody killed it; timed_out: it was killed, since it took too long or `end` was
    ///          called.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        int ends[2] = {-1, -1};
#if defined(__linux__)
        const int made = ::pipe2(ends, O_CLOEXEC); // no other thread's program inherits them
#else
        const int made = ::pipe(ends);
#endif
        if (made != 0)
            return last_error();
        descriptor reading{ends[0]};
        descriptor writing{ends[1]};
        if (writing.never_wait_nor_inherit() != errc::ok ||
            ::fcntl(reading.fd(), F_SETFD, FD_CLOEXEC) != 0)
            return last_error();
        const pid_t started = start(reading.fd());
        if (started < 0)
            return errc::system_failure;
        reading.close();
        running_.store(started, std::memory_order_release);
        const deadline last(options_.timeout_ms);
        const detail::without_sigpipe quietly;
        const bool in_time = write_all(writing.fd(), bytes, last);
        writing.close();
        const errc done = in_time ? wait_for(started, last) : kill_and_reap(started);
        running_.store(0, std::memory_order_release);
        return done;
    }

    /// Ends what runs, and lets nothing run any more. A signal handler may not call it.
    void end() noexcept {
        ended_.store(true, std::memory_order_release);
        const pid_t runs = running_.load(std::memory_order_acquire);
        if (runs > 0)
            ::kill(-runs, SIGKILL);
    }

    /// How the last run that ended by itself did: its exit status, or 128 and the signal's number.
    [[nodiscard]] int exit_status() const noexcept {
        return exit_status_;
    }
    [[nodiscard]] const std::string& text() const noexcept {
        return text_;
    }

private:
    /// How long one waits at a time, so that `end` is heard.
    static constexpr int step_ms_max = 20;

    [[nodiscard]] pid_t start(int input) noexcept {
        if (ended_.load(std::memory_order_acquire))
            return -1;
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (::posix_spawn_file_actions_init(&files) != 0)
            return -1;
        if (::posix_spawnattr_init(&attributes) != 0) {
            ::posix_spawn_file_actions_destroy(&files);
            return -1;
        }
        sigset_t none{};
        sigset_t usual{};
        ::sigemptyset(&none);
        ::sigfillset(&usual);
        pid_t started = -1;
        char shell[] = "/bin/sh";
        char option[] = "-c";
        char* const arguments[] = {shell, option, text_.data(), nullptr};
        const bool made =
            ::posix_spawn_file_actions_adddup2(&files, input, 0) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes, &usual) == 0 &&
            ::posix_spawnattr_setpgroup(&attributes, 0) == 0 &&
            ::posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                           POSIX_SPAWN_SETPGROUP) == 0 &&
            ::posix_spawn(&started, shell, &files, &attributes, arguments, environ) == 0;
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        return made ? started : -1;
    }

    /// False if the time is over. Who does not read on is no failure.
    [[nodiscard]] bool write_all(int to, std::string_view bytes, const deadline& last) noexcept {
        while (!bytes.empty()) {
            const auto size =
                uninterrupted([&] { return ::write(to, bytes.data(), bytes.size()); });
            if (size >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(size));
            } else if (last_error() != errc::would_block) {
                return true;
            } else if (!step(to, last)) {
                return false;
            }
        }
        return true;
    }

    /// Waits a little, or until there is room. False if the time is over.
    [[nodiscard]] bool step(int to, const deadline& last) const noexcept {
        const int left = last.remaining_ms();
        if (left == 0 || ended_.load(std::memory_order_acquire))
            return false;
        pollfd waited{to, POLLOUT, 0};
        static_cast<void>(
            ::poll(&waited, to < 0 ? 0 : 1, left > 0 && left < step_ms_max ? left : step_ms_max));
        return true;
    }

    [[nodiscard]] errc wait_for(pid_t started, const deadline& last) noexcept {
        int status = 0;
        for (timespec pause{0, 500'000};;) {
            const pid_t gone = ::waitpid(started, &status, WNOHANG);
            if (gone == started)
                return judge(status);
            if (gone < 0 && errno != EINTR)
                return errc::system_failure;
            if (last.remaining_ms() == 0 || ended_.load(std::memory_order_acquire))
                return kill_and_reap(started);
            ::nanosleep(&pause, nullptr);
            if (pause.tv_nsec < step_ms_max * 1'000'000L)
                pause.tv_nsec *= 2;
        }
    }

    [[nodiscard]] errc judge(int status) noexcept {
        exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return exit_status_ == 0 ? errc::ok : errc::peer_failed;
    }

    [[nodiscard]] static errc kill_and_reap(pid_t started) noexcept {
        ::kill(-started, SIGKILL);
        while (::waitpid(started, nullptr, 0) < 0 && errno == EINTR) {
        }
        return errc::timed_out;
    }

    std::string text_;
    command_options options_;
    std::atomic<pid_t> running_{0};
    std::atomic<bool> ended_{false};
    int exit_status_ = 0;
};

static_assert(transport<command>);

} // namespace quipu

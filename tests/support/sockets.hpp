// What tests of sockets share: the count of open descriptors, and waiting for what is on its way.
#pragma once

#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>

namespace quipu::test {

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr)
        ++count;
    ::closedir(folder);
    return count;
}

/// Waits until there is something to read (or POLLOUT: room to write), two seconds at most.
inline bool comes_ready(int fd, short events = POLLIN) {
    pollfd waited{fd, events, 0};
    return ::poll(&waited, 1, 2000) == 1;
}

/// Receives until `count` texts have come, nothing has come for two seconds, or the end is there.
template <class Receiver>
std::vector<std::string> receive_texts(Receiver& from, std::size_t count) {
    std::vector<std::string> texts;
    while (texts.size() < count && !from.closed() && comes_ready(from.fd())) {
        const auto taken = from.receive([&](std::string_view text) { texts.emplace_back(text); });
        if (!taken)
            break;
    }
    return texts;
}

/// The same for a stream: `bytes` of text, in as many pieces as they come.
template <class Receiver>
std::string receive_bytes(Receiver& from, std::size_t bytes) {
    std::string all;
    while (all.size() < bytes && !from.closed() && comes_ready(from.fd())) {
        const auto taken = from.receive([&](std::string_view text) { all += text; });
        if (!taken)
            break;
    }
    return all;
}

/// Leaves this process no more than `count` descriptors for as long as it lives.
class descriptor_limit {
public:
    explicit descriptor_limit(std::size_t count) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit lowered = before_;
        lowered.rlim_cur = count;
        ::setrlimit(RLIMIT_NOFILE, &lowered);
    }
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
    rlimit before_{};
};

/// Interrupts the system calls of this process every three milliseconds for as long as it lives.
class interruptions {
public:
    interruptions() {
        count_ = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { count_ = count_ + 1; };
        ::sigaction(SIGALRM, &action, &before_); // without SA_RESTART
        const itimerval often{{0, 3000}, {0, 3000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    ~interruptions() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }
    interruptions(const interruptions&) = delete;
    interruptions& operator=(const interruptions&) = delete;

    [[nodiscard]] int count() const { return count_; }

private:
    static inline volatile std::sig_atomic_t count_ = 0;
    struct sigaction before_ {};
};

} // namespace quipu::test

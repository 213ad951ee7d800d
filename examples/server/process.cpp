#include "process.hpp"

#include "settings.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace quipud {

void hold_standard_streams() noexcept {
    int fd = 0;
    while (fd >= 0 && fd <= 2)
        fd = ::open("/dev/null", O_RDWR);
    if (fd > 2)
        ::close(fd);
}

std::string raise_descriptor_limit() {
    constexpr rlim_t most =
        1 << 20; // programs that are run at a flush may close as many, one by one
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return {};
    const auto before = limit.rlim_cur;
    const auto wanted = std::min(limit.rlim_max, most);
    if (wanted <= before)
        return {};
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return {};
    return "up to " + std::to_string(wanted) + " files can be open at once (the soft limit was " +
           std::to_string(before) + ')';
}

namespace {

/// The number in a pid file, 0 if there is none. Only a file is looked into, not what a device has.
long number_in(const std::string& path) {
    struct stat about {};
    long number = 0;
    if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    std::FILE* const file = std::fopen(path.c_str(), "r");
    if (file == nullptr)
        return 0;
    const bool read = std::fscanf(file, "%ld", &number) == 1;
    std::fclose(file);
    return read && number > 0 && number <= std::numeric_limits<pid_t>::max() ? number : 0;
}

} // namespace

starter::starter(starter&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

starter& starter::operator=(starter&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

starter::~starter() {
    tell(1);
}

void starter::started() noexcept {
    if (fd_ < 0)
        return;
    const int nothing = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2 && nothing >= 0; ++fd)
        ::dup2(nothing, fd);
    if (nothing > 2)
        ::close(nothing);
    tell(0);
}

void starter::tell(char code) noexcept {
    if (fd_ < 0)
        return;
    static_cast<void>(!::write(fd_, &code, 1));
    ::close(std::exchange(fd_, -1));
}

std::optional<starter> go_into_background() {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0)
        return std::nullopt;
    const pid_t child = ::fork();
    if (child < 0)
        return std::nullopt;
    if (child > 0) {
        ::close(ends[1]);
        char code = 1;
        while (::read(ends[0], &code, 1) < 0 && errno == EINTR) {
        }
        ::_exit(code);
    }
    ::close(ends[0]);
    ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    ::setsid();
    return starter(ends[1]);
}

std::string pid_file::write(const std::string& path) {
    if (path.empty())
        return {};
    const auto cannot = [&] {
        return "cannot write pid file " + in_quotes(path) + ": " +
               (errno == ELOOP ? "it is a symbolic link" : std::strerror(errno));
    };
    struct stat about {};
    for (struct stat named{};;) {
        constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        locked_ = quipu::descriptor(
            quipu::uninterrupted([&] { return ::open(path.c_str(), flags, 0644); }));
        if (!locked_ || ::fstat(locked_.fd(), &about) != 0)
            return cannot();
        if (!S_ISREG(about.st_mode)) // a device, which anybody may write to
            break;
        if (::flock(locked_.fd(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK)
                return cannot();
            const long number = number_in(path);
            return "pid file " + in_quotes(path) + ": " +
                   (number > 0 ? "process " + std::to_string(number) : "another process") +
                   " is running";
        }
        // The one that held the lock before may have removed the file meanwhile.
        if (::lstat(path.c_str(), &named) == 0 && named.st_ino == about.st_ino &&
            named.st_dev == about.st_dev)
            break;
    }
    const auto text = std::to_string(::getpid()) + '\n';
    if ((S_ISREG(about.st_mode) && ::ftruncate(locked_.fd(), 0) != 0) ||
        ::write(locked_.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return cannot();
    path_ = path;
    return {};
}

pid_file::~pid_file() {
    if (!path_.empty() && number_in(path_) == ::getpid())
        ::unlink(path_.c_str());
}

} // namespace quipud

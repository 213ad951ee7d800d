#include "process.hpp"

#include "settings.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include <fcntl.h>
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
    const long number = number_in(path);
    const bool lives =
        number != 0 && (::kill(static_cast<pid_t>(number), 0) == 0 || errno == EPERM);
    if (lives && number != ::getpid())
        return "pid file " + in_quotes(path) + ": process " + std::to_string(number) +
               " is running";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr)
        return "cannot write pid file " + in_quotes(path) + ": " + std::strerror(errno);
    const bool written = std::fprintf(file, "%ld\n", static_cast<long>(::getpid())) > 0;
    if (std::fclose(file) != 0 || !written)
        return "cannot write pid file " + in_quotes(path) + ": " + std::strerror(errno);
    path_ = path;
    return {};
}

pid_file::~pid_file() {
    if (!path_.empty() && number_in(path_) == ::getpid())
        ::unlink(path_.c_str());
}

} // namespace quipud

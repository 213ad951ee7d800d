// The operating system's file descriptors: one owner for each, and its error numbers as `errc`.
#pragma once

#include <quipu/core/result.hpp>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace quipu {

/// Says which `errc` an error number of the operating system is.
///
/// Returns  ok for 0; system_failure for every number that has no enumerator of its own.
/// Threads  pure.
[[nodiscard]] constexpr errc from_errno(int number) noexcept {
    // Two names of one number on most systems, so not two cases of one switch.
    if (number == EAGAIN || number == EWOULDBLOCK)
        return errc::would_block;
    switch (number) {
    case 0: return errc::ok;
    case EADDRINUSE: return errc::address_in_use;
    case EADDRNOTAVAIL: return errc::address_unavailable;
    case EACCES:
    case EPERM: return errc::permission_denied;
    case ECONNREFUSED: return errc::connection_refused;
    case ECONNABORTED:
    case ECONNRESET:
    case ENOTCONN:
    case EPIPE: return errc::connection_lost;
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH: return errc::unreachable;
    case ETIMEDOUT: return errc::timed_out;
    case EMSGSIZE: return errc::message_too_long;
    case ENOBUFS: return errc::queue_full;
    case EMFILE:
    case ENFILE: return errc::too_many_descriptors;
    case ENOENT:
    case ENOTDIR: return errc::no_such_file;
    case ELOOP: return errc::is_a_link;
    case EDQUOT:
    case EFBIG:
    case ENOSPC: return errc::disk_full;
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT: return errc::unsupported;
    default: return errc::system_failure;
    }
}

/// The error of the system call that failed last in this thread.
[[nodiscard]] inline errc last_error() noexcept {
    return from_errno(errno);
}

/// Makes a system call again for as long as signals interrupt it.
///
/// Input    `call()` returns a number below zero on failure, with the reason in `errno`.
/// Returns  what the call that was not interrupted returned.
template <class Call>
[[nodiscard]] auto uninterrupted(Call&& call) noexcept {
    auto answer = call();
    while (answer < 0 && errno == EINTR)
        answer = call();
    return answer;
}

/// Owns one file descriptor and closes it.
/// Threads  distinct objects safe, shared objects unsafe.
class descriptor {
public:
    /// Owns nothing.
    descriptor() noexcept = default;
    /// Takes over `number`; one below zero is nothing.
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            close();
            number_ = other.release();
        }
        return *this;
    }
    ~descriptor() { close(); }

    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    /// The descriptor, or -1.
    [[nodiscard]] int fd() const noexcept { return number_; }

    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

    /// Closes now; nothing is owned afterwards. `errno` stays as it was.
    void close() noexcept {
        if (number_ < 0)
            return;
        const int before = errno;
        // Not repeated when interrupted: the number is free already and may belong to another
        // thread.
        ::close(release());
        errno = before;
    }

    /// A second descriptor of the same open file.
    /// Errors   too_many_descriptors.
    [[nodiscard]] result<descriptor> duplicate() const noexcept {
        descriptor copy{::fcntl(number_, F_DUPFD_CLOEXEC, 0)};
        if (!copy)
            return last_error();
        return copy;
    }

    /// Makes calls return would_block in place of waiting, and the descriptor invisible to programs
    /// that this one starts. For systems that cannot say so when they open it.
    [[nodiscard]] errc never_wait_nor_inherit() noexcept {
        const int status = ::fcntl(number_, F_GETFL);
        if (status < 0 || ::fcntl(number_, F_SETFL, status | O_NONBLOCK) < 0)
            return last_error();
        if (::fcntl(number_, F_SETFD, FD_CLOEXEC) < 0)
            return last_error();
        return errc::ok;
    }

private:
    int number_ = -1;
};

} // namespace quipu

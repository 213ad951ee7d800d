// A file that grows, as a transport: what is sent is in it whole, or not at all.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/transport.hpp>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu {

/// Appends to a file, which is opened for each send: one that was moved away, as by logrotate, is made
/// anew. It may be a pipe with a name, too. A symbolic link is followed if it belongs to root or to the
/// user of this process: the link of anybody else might lead to a file that is not meant.
/// Threads  distinct objects safe, shared objects unsafe; one file should have one writer.
class append_file {
public:
    static constexpr bool is_stream = true;

    /// `mode` is that of a file that has to be made; the process' umask takes bits from it.
    explicit append_file(std::string path, unsigned mode = 0644) noexcept
        : path_(std::move(path)), mode_(mode) {}

    /// Appends all of `bytes`. What a write that failed (the disk is full, say) has left of them is cut
    /// off again; behind a line that somebody left unfinished, as by dying, a new one is begun.
    /// Errors   no_such_file (the folder), permission_denied, is_a_link (of another user), disk_full,
    ///          system_failure (a pipe that nobody reads), and the like.
    /// Cost     six system calls as a rule.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const descriptor file(open());
        struct stat before {};
        if (!file || ::fstat(file.fd(), &before) != 0)
            return last_error();
        errc error = errc::ok;
        if (S_ISREG(before.st_mode) && ends_within_a_line(file.fd(), before.st_size))
            error = file_writer(file.fd()).send("\n");
        if (error == errc::ok)
            error = file_writer(file.fd()).send(bytes);
        if (error != errc::ok && S_ISREG(before.st_mode) &&
            ::ftruncate(file.fd(), before.st_size) != 0)
            return last_error();
        return error;
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    /// Not if it may not be read.
    [[nodiscard]] static bool ends_within_a_line(int fd, off_t size) noexcept {
        char last = '\n';
        return size > 0 && uninterrupted([&] { return ::pread(fd, &last, 1, size - 1); }) == 1 &&
               last != '\n';
    }

    /// Without waiting for the reader of a pipe.
    [[nodiscard]] int open() const noexcept {
        const auto open_with = [this](int more) {
            const auto open_for = [&](int what) {
                return uninterrupted([&] {
                    return ::open(path_.c_str(),
                                  what | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | more,
                                  static_cast<mode_t>(mode_));
                });
            };
            // A pipe that is opened to be read as well would have a reader; a file need not be readable.
            struct stat known {};
            if (::stat(path_.c_str(), &known) != 0 || !S_ISREG(known.st_mode))
                return open_for(O_WRONLY);
            const int both = open_for(O_RDWR);
            return both >= 0 || errno != EACCES ? both : open_for(O_WRONLY);
        };
        const int opened = open_with(O_NOFOLLOW);
        if (opened >= 0 || errno != ELOOP)
            return opened;
        struct stat link {};
        if (::lstat(path_.c_str(), &link) == 0 && (link.st_uid == 0 || link.st_uid == ::geteuid()))
            return open_with(0);
        errno = ELOOP;
        return -1;
    }

    std::string path_;
    unsigned mode_;
};

static_assert(transport<append_file>);

} // namespace quipu

// Sockets that listen at a path of this machine, for datagrams or for connections.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/unix_path.hpp>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu {

/// A bound socket, and the file that others find it by, which goes away with it.
class unix_listener {
public:
    /// Nothing.
    unix_listener() noexcept = default;
    unix_listener(unix_listener&& other) noexcept
        : socket_(std::move(other.socket_)), path_(std::exchange(other.path_, {})),
          inode_(other.inode_) {}
    unix_listener& operator=(unix_listener&& other) noexcept {
        std::swap(socket_, other.socket_);
        std::swap(path_, other.path_);
        std::swap(inode_, other.inode_);
        return *this;
    }
    ~unix_listener() {
        if (inode_ != 0 && inode_of(path_) == inode_) // not another's that took its place
            ::unlink(path_.c_str());
    }

    /// Binds `path`; what an earlier run left there, and nobody listens at, is replaced.
    ///
    /// Input    mode: of the file, such as 0660; nothing: what the process makes.
    /// Errors   bad_address (empty or too long), address_in_use (somebody listens there, or it is no
    ///          socket), permission_denied, too_many_descriptors, no_such_file (the folder).
    [[nodiscard]] static result<unix_listener>
    bind(std::string path, unix_kind kind, std::optional<unsigned> mode = std::nullopt) noexcept {
        const auto at = unix_path::of(path);
        if (!at)
            return at.error();
        unix_listener made;
        auto opened = unix_path::open(kind);
        if (!opened)
            return opened.error();
        if (is_left_over(*at, kind))
            ::unlink(path.c_str());
        // Linux makes the file with the socket's own mode: so nobody gets in before its mode is set.
        if (mode)
            static_cast<void>(::fchmod(opened->fd(), static_cast<mode_t>(*mode)));
        if (::bind(opened->fd(), at->native(), at->native_size()) != 0)
            return last_error();
        made.inode_ = inode_of(path);
        made.path_ = std::move(path);
        if (mode && made.inode_ == 0)
            return errc::address_in_use; // another file stands there already, or a link to one
        if (mode && ::chmod(made.path_.c_str(), static_cast<mode_t>(*mode)) != 0)
            return last_error();
        if (kind == unix_kind::streams && ::listen(opened->fd(), SOMAXCONN) != 0)
            return last_error();
        made.socket_ = *std::move(opened);
        return made;
    }

    /// Gives the socket away; the file stays this object's.
    [[nodiscard]] socket release() noexcept { return std::move(socket_); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    /// Whether there is a socket at which nobody listens.
    [[nodiscard]] static bool is_left_over(const unix_path& at, unix_kind kind) noexcept {
        struct stat file {};
        if (::lstat(at.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
            return false;
        const auto probe = unix_path::open(kind);
        return probe && ::connect(probe->fd(), at.native(), at.native_size()) != 0 &&
               errno == ECONNREFUSED;
    }

    /// The number of the socket's file; 0: there is none, or what stands there is no socket.
    [[nodiscard]] static ino_t inode_of(const std::string& path) noexcept {
        struct stat file {};
        return ::lstat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode) ? file.st_ino : 0;
    }

    socket socket_;
    std::string path_{};
    ino_t inode_ = 0;
};

} // namespace quipu

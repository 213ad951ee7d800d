// The path of a Unix socket: as an address of the system, and a socket that is connected to it.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

namespace quipu {

/// What goes through a Unix path.
enum class unix_kind { datagrams, streams };

/// A path as the system takes it.
class unix_path {
public:
    /// The longest that the system takes.
    static constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;

    /// No path.
    unix_path() noexcept = default;

    /// Errors   bad_address (empty, too long, or with a zero byte in it).
    [[nodiscard]] static result<unix_path> of(std::string_view path) noexcept {
        if (path.empty() || path.size() > bytes_max || path.find('\0') != path.npos)
            return errc::bad_address;
        unix_path made;
        made.native_.sun_family = AF_UNIX;
        std::memcpy(made.native_.sun_path, path.data(), path.size());
        return made;
    }

    /// A socket that never waits, not bound to anything yet.
    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] static result<socket> open(unix_kind kind) noexcept {
        const int type = kind == unix_kind::datagrams ? SOCK_DGRAM : SOCK_STREAM;
        descriptor made{::socket(AF_UNIX, type, 0)};
        if (!made)
            return last_error();
        if (const errc set = made.never_wait_nor_inherit(); set != errc::ok)
            return set;
        return socket(std::move(made));
    }

    /// A socket that is connected to whoever listens here.
    /// Errors   those of `open`; connection_refused: nobody is there; would_block: the listener has no
    ///          room for one more now; permission_denied.
    [[nodiscard]] result<socket> connect(unix_kind kind) const noexcept {
        result<socket> made = open(kind);
        if (made && ::connect(made->fd(), native(), native_size()) != 0)
            return errno == ENOENT ? errc::connection_refused : last_error();
        return made;
    }

    [[nodiscard]] const char* c_str() const noexcept { return native_.sun_path; }
    [[nodiscard]] const sockaddr* native() const noexcept {
        return reinterpret_cast<const sockaddr*>(&native_);
    }
    [[nodiscard]] static constexpr socklen_t native_size() noexcept { return sizeof(sockaddr_un); }

private:
    sockaddr_un native_{};
};

} // namespace quipu

// Sockets that this program was started with, as systemd hands them over.
#pragma once

#include <quipu/core/number.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/socket.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace quipu {

/// A socket that is bound already.
struct inherited_socket {
    socket bound{};
    bool datagrams = false; ///< else it listens for connections
};

/// Takes over the sockets that the environment tells of, once: LISTEN_PID is this process, and
/// LISTEN_FDS their number; the variables go away. What is neither for datagrams nor listens is left
/// alone.
///
/// Threads  one thread, before there are others: it changes the environment.
/// Source   sd_listen_fds(3).
[[nodiscard]] inline std::vector<inherited_socket> take_inherited_sockets() {
    constexpr int first = 3;
    constexpr std::int64_t inherited_max = 65'536; // more are none of a starter in its right mind
    std::vector<inherited_socket> taken;
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    const bool ours = pid != nullptr && parse_integer(pid).value_or(0) == ::getpid();
    const auto told = ours && count != nullptr ? parse_integer(count).value_or(0) : 0;
    const int last = first + static_cast<int>(std::clamp<std::int64_t>(told, 0, inherited_max));
    for (int fd = first; fd < last; ++fd) {
        int type = 0;
        int listens = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
            continue;
        size = sizeof listens;
        static_cast<void>(::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size));
        if (type != SOCK_DGRAM && listens == 0)
            continue;
        descriptor one{fd};
        if (one.never_wait_nor_inherit() == errc::ok)
            taken.push_back({socket(std::move(one)), type == SOCK_DGRAM});
    }
    for (const auto* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return taken;
}

} // namespace quipu

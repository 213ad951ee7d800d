// A stream within one machine, over a Unix socket: what a TCP connection carries, without the network.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/stream_sender.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/net/unix_path.hpp>

#include <string>
#include <utility>

#include <poll.h>

namespace quipu {

/// To the socket that a path names. A server that was started anew, and so has made another socket
/// there, is found by the next connection.
class unix_route {
public:
    using place_type = std::string;

    explicit unix_route(std::string path) noexcept : path_(std::move(path)) {}

    /// Errors   bad_address (the path is empty or too long), connection_refused (nobody is there),
    ///          permission_denied, too_many_descriptors; timed_out: the listener takes no more.
    /// Cost     does not wait, but while the listener has no room, until `end` at most.
    [[nodiscard]] result<socket> connect(const deadline& end) noexcept {
        const result<unix_path> to = unix_path::of(path_);
        if (!to)
            return to.error();
        for (;;) {
            result<socket> made = to->connect(unix_kind::streams);
            if (made.error() != errc::would_block)
                return made;
            if (end.remaining_ms() == 0)
                return errc::timed_out;
            static_cast<void>(::poll(nullptr, 0, 1)); // the system tells nobody when there is room
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// Sends a stream of bytes to the socket that a path names: a transport.
using unix_stream_sender = basic_stream_sender<unix_route>;

static_assert(transport<unix_stream_sender>);

} // namespace quipu

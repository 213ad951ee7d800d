// Datagrams within one machine, over a Unix socket: as fast as memory allows, and never lost on the
// way without the sender knowing.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/net/unix_path.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Sends datagrams to the socket that a path names: a transport. A server that was started anew, and
/// so has made another socket there, is found again by the next `send`.
///
/// Threads  distinct objects safe, shared objects unsafe.
class unix_datagram_sender {
public:
    /// Connects when first needed.
    explicit unix_datagram_sender(std::string path) noexcept : path_(std::move(path)) {}

    /// Sends `bytes` as one datagram.
    ///
    /// Returns  ok once it is in the receiver's queue.
    /// Errors   bad_address (the path is empty or too long), connection_refused (nobody is there),
    ///          would_block or queue_full (the receiver's queue is full), message_too_long,
    ///          permission_denied, too_many_descriptors; nothing was sent then.
    /// Cost     one system call; three more when the receiver was started anew. Does not wait.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        if (socket_) {
            const errc done = socket_.send_some(bytes).error();
            if (done != errc::connection_refused && done != errc::connection_lost)
                return done;
        }
        const errc done = connect();
        return done == errc::ok ? socket_.send_some(bytes).error() : done;
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] errc connect() noexcept {
        socket_.close();
        const result<unix_path> to = unix_path::of(path_);
        if (!to)
            return to.error();
        result<socket> made = to->connect(unix_kind::datagrams);
        if (!made)
            return made.error();
        socket_ = *std::move(made);
        return errc::ok;
    }

    std::string path_;
    socket socket_;
};

static_assert(transport<unix_datagram_sender>);

} // namespace quipu

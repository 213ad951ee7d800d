// A file, terminal or pipe that is open already, as a transport.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/transport.hpp>

#include <cstddef>
#include <string_view>

#include <poll.h>
#include <unistd.h>

namespace quipu {

/// Writes to a descriptor that it does not own, standard output as a rule.
/// Threads  distinct objects safe, shared objects unsafe.
class file_writer {
public:
    static constexpr bool is_stream = true;

    explicit file_writer(int fd = 1) noexcept : fd_(fd) {}

    /// Writes all of `bytes`; waits where the other end of a pipe is slow.
    /// Errors   connection_lost (nobody reads the pipe), system_failure (the disk is full, say);
    ///          a part of `bytes` may have been written then.
    /// Cost     one system call as a rule.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        while (!bytes.empty()) {
            const auto size =
                uninterrupted([&] { return ::write(fd_, bytes.data(), bytes.size()); });
            if (size >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(size));
                continue;
            }
            errc error = last_error();
            if (error == errc::would_block)
                error = wait_until(fd_, POLLOUT, deadline(-1));
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

private:
    int fd_;
};

static_assert(transport<file_writer>);

} // namespace quipu

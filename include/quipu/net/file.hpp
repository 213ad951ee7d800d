// A file, terminal or pipe that is open already, as a transport and as a receiver.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/transport.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

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

/// Reads a descriptor that it does not own, standard input as a rule, as a receiver of a stream. It
/// does not wait if the descriptor does not.
/// Threads  distinct objects safe, shared objects unsafe.
class file_reader {
public:
    /// Most bytes that a call of `receive` without room hands out; they lie on the stack.
    static constexpr std::size_t chunk_bytes_max = std::size_t{16} * 1024;

    explicit file_reader(int fd = 0) noexcept : fd_(fd) {}

    /// Hands out bytes, as tcp_connection does.
    /// Errors   system_failure, and the like: it cannot be read.
    /// Cost     one system call; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        std::array<char, chunk_bytes_max + read_padding_bytes> chunk; // not filled: that takes time
        return receive(chunk, on_bytes);
    }
    /// The same by way of the caller's `room`, as tcp_connection does.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(std::span<char> room,
            OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        QUIPU_ASSERT(room.size() > read_padding_bytes);
        if (closed_)
            return std::size_t{0};
        const auto size = uninterrupted(
            [&] { return ::read(fd_, room.data(), room.size() - read_padding_bytes); });
        if (size < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            return why;
        }
        if (size == 0) {
            closed_ = true;
            return std::size_t{0};
        }
        on_bytes(std::string_view{room.data(), static_cast<std::size_t>(size)});
        return std::size_t{1};
    }

    /// Whether the end was read.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
    bool closed_ = false;
};

static_assert(watchable_receiver<file_reader>);

} // namespace quipu

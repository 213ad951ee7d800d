// `waker`: ends the waiting of an event loop from another thread or a signal handler.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace quipu {

/// What a waker is made of: eventfd is one descriptor and Linux only, a pipe is two.
enum class waker_kind : std::uint8_t { eventfd, pipe };

#if defined(__linux__)
inline constexpr waker_kind waker_kind_here = waker_kind::eventfd;
#else
inline constexpr waker_kind waker_kind_here = waker_kind::pipe;
#endif

/// A descriptor that becomes readable when somebody calls `wake`, and stays so until `clear`.
/// However many have called it in between, that is one event.
///
/// Threads  `wake` is safe from any thread and any signal handler, while the waker lives and is not
///          moved; all else: distinct objects safe, shared objects unsafe.
template <waker_kind Kind = waker_kind_here>
class basic_waker {
public:
    /// Wakes nobody.
    basic_waker() noexcept = default;

    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] static result<basic_waker> open() noexcept {
        basic_waker made;
#if defined(__linux__)
        if constexpr (Kind == waker_kind::eventfd) {
            made.reader_ = descriptor{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
            if (!made.reader_)
                return last_error();
            return made;
        }
#else
        static_assert(Kind == waker_kind::pipe, "quipu waker: eventfd exists on Linux only");
#endif
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0)
            return last_error();
        made.reader_ = descriptor{ends[0]};
        made.writer_ = descriptor{ends[1]};
        for (descriptor* end : {&made.reader_, &made.writer_}) {
            const errc set = end->never_wait_nor_inherit();
            if (set != errc::ok)
                return set;
        }
        return made;
    }

    /// Makes `fd` readable. Leaves `errno` as it was.
    /// Cost     one system call.
    void wake() const noexcept {
        const int before = errno;
        const std::uint64_t one = 1; // eventfd wants all eight bytes of it
        const int to = Kind == waker_kind::eventfd ? reader_.fd() : writer_.fd();
        // It fails when it is full, and then it is readable already.
        (void)uninterrupted([&] { return ::write(to, &one, sizeof one); });
        errno = before;
    }

    /// Makes `fd` unreadable until the next `wake`. To miss nothing, clear first and then look for
    /// what the others want.
    void clear() noexcept {
        std::array<char, 512> calls;
        while (uninterrupted([&] { return ::read(fd(), calls.data(), calls.size()); }) ==
               static_cast<ssize_t>(calls.size())) {
        }
    }

    /// The descriptor to watch.
    [[nodiscard]] int fd() const noexcept {
        return reader_.fd();
    }

private:
    descriptor reader_;
    descriptor writer_;
};

using waker = basic_waker<>;

} // namespace quipu

// Transport and receiver within the program: for tests, and for embedding quipu without sockets.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quipu {

/// Takes all and forgets it: where a program can be told to send nothing.
/// Threads  distinct objects safe; a shared one, too.
class null_transport {
public:
    [[nodiscard]] static constexpr errc send(std::string_view /*bytes*/) noexcept {
        return errc::ok;
    }
};

/// Keeps what is sent.
///
/// Limits   holds `bytes_max` bytes of messages; beyond that `send` is queue_full until `clear`.
/// Threads  distinct objects safe, shared objects unsafe.
class memory_transport {
public:
    static constexpr std::size_t bytes_max_default = std::size_t{64} << 20U;

    explicit memory_transport(std::size_t bytes_max = bytes_max_default) noexcept
        : bytes_max_(bytes_max) {}

    /// Keeps a message.
    /// Errors   the one set by `fail_with`; queue_full. Nothing is kept then.
    /// Cost     allocates; like in any noexcept function, no memory ends the program.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        if (failure_ != errc::ok)
            return failure_;
        if (bytes.size() > bytes_max_ - bytes_)
            return errc::queue_full;
        bytes_ += bytes.size();
        sent_.emplace_back(bytes);
        return errc::ok;
    }

    /// Makes every later `send` fail with `why`; `errc::ok` lets them pass again.
    void fail_with(errc why) noexcept { failure_ = why; }

    /// The messages that were sent, oldest first; valid until the next `send` or `clear`.
    [[nodiscard]] const std::vector<std::string>& sent() const noexcept { return sent_; }

    /// All messages one behind the other, as a stream would carry them.
    [[nodiscard]] std::string text() const {
        std::string all;
        all.reserve(bytes_);
        for (const std::string& message : sent_)
            all += message;
        return all;
    }

    /// Forgets what was sent.
    void clear() noexcept {
        sent_.clear();
        bytes_ = 0;
    }

private:
    std::vector<std::string> sent_;
    std::size_t bytes_ = 0;
    std::size_t bytes_max_;
    errc failure_ = errc::ok;
};

/// Hands out what was put in.
///
/// Limits   `receive` hands out at most `batch_max` texts a call; what waits is bounded by whoever
///          puts it in.
/// Threads  distinct objects safe, shared objects unsafe.
class memory_receiver {
public:
    static constexpr std::size_t batch_max = 16;

    /// Puts in a datagram, or a piece of a stream.
    void push(std::string_view text) {
        std::string padded;
        padded.reserve(text.size() + read_padding_bytes);
        padded = text;
        padded.append(read_padding_bytes, '\0');
        waiting_.push_back(std::move(padded));
    }

    /// Ends the stream in good order, behind what waits.
    void close() noexcept { ending_ = true; }

    /// Breaks the stream off, behind what waits: `receive` then fails with `why`.
    void fail_with(errc why) noexcept { failure_ = why; }

    /// Hands out what waits, oldest first.
    /// Returns  how many texts; 0: none waits.
    /// Errors   the one set by `fail_with`, once nothing waits.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        std::size_t taken = 0;
        for (; taken != batch_max && next_ != waiting_.size(); ++taken) {
            // Taken out first: on_bytes may push the next one.
            const std::string text = std::move(waiting_[next_++]);
            on_bytes(std::string_view{text}.substr(0, text.size() - read_padding_bytes));
        }
        if (next_ == waiting_.size()) {
            waiting_.clear();
            next_ = 0;
        }
        if (taken == 0 && failure_ != errc::ok)
            return failure_;
        return taken;
    }

    /// Whether the stream was ended and all of it handed out.
    [[nodiscard]] bool closed() const noexcept { return ending_ && next_ == waiting_.size(); }

private:
    std::vector<std::string> waiting_;
    std::size_t next_ = 0;
    errc failure_ = errc::ok;
    bool ending_ = false;
};

static_assert(transport<null_transport>);
static_assert(transport<memory_transport>);
static_assert(receiver<memory_receiver>);

} // namespace quipu

// HTTP, outgoing: `http_post` hands each message over as the body of a POST, and waits for the answer.
#pragma once

#include <quipu/core/integer_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/http_answer.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/transport.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace quipu {

/// How long an HTTP client waits, in milliseconds; below zero: for ever.
struct http_post_options {
    int connect_timeout_ms = 1000;
    /// To hand a request over to the operating system.
    int send_timeout_ms = 5000;
    /// From then on until the answer has ended.
    int answer_timeout_ms = 5000;
};

/// Posts messages to one path of one host, over a connection that is kept: a transport. What a message
/// does must do no harm twice: one that was sent over a connection that then broke, without an answer,
/// is sent once more over a new one.
///
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   RFC 9110, RFC 9112.
class http_post {
public:
    /// Connects when first needed. `target` is what stands in the request: a path, perhaps a query,
    /// escaped as they need it.
    http_post(host_port to, std::string_view target, http_post_options options = {})
        : connection_(to, connection_options(options)), options_(options) {
        (head_ = "POST ") += target;
        ((head_ += " HTTP/1.1\r\nHost: ") += to_string(to)) += "\r\nUser-Agent: quipu\r\n";
        head_ += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
        head_bytes_ = head_.size();
        head_.reserve(head_bytes_ + integer_bytes_max + 4); // `send` does not allocate
    }

    /// Posts `body`.
    ///
    /// Returns  ok when the server has taken it: a status of 200 to 299.
    /// Errors   message_refused: 300 to 499, and to try again is of no use; peer_failed: 500 and above,
    ///          408, 429, or no answer of HTTP; timed_out; connection_lost; those of
    ///          tcp_sender::connect.
    /// Cost     two writes and a read if all is well; waits for each of the times at most twice.
    [[nodiscard]] errc send(std::string_view body) noexcept {
        const bool kept = connection_.connected();
        errc done = attempt(body);
        if (done == errc::connection_lost && kept && answer_.empty())
            done = attempt(body); // the server had ended what was kept
        if (done != errc::ok || !answer_.keeps_connection())
            connection_.close();
        return done == errc::ok ? meaning() : done;
    }

    /// Connects now, unless there is a connection.
    [[nodiscard]] errc connect() noexcept { return connection_.connect(); }
    void close() noexcept { connection_.close(); }

    /// The answer to the last message, with a status of 0 if there was none.
    [[nodiscard]] const http_answer& answer() const noexcept { return answer_; }

private:
    [[nodiscard]] static stream_sender_options
    connection_options(const http_post_options& options) noexcept {
        stream_sender_options made;
        made.connect_timeout_ms = options.connect_timeout_ms;
        made.send_timeout_ms = options.send_timeout_ms;
        made.reconnect_ms = 0;
        return made;
    }

    [[nodiscard]] errc meaning() const noexcept {
        const int status = answer_.status();
        if (status < 300)
            return errc::ok;
        const bool later = status >= 500 || status == 408 || status == 429;
        return later ? errc::peer_failed : errc::message_refused;
    }

    /// One request and its answer.
    [[nodiscard]] errc attempt(std::string_view body) noexcept {
        answer_.clear();
        char digits[integer_bytes_max];
        const char* const end = write_integer(digits, static_cast<std::int64_t>(body.size()));
        head_.resize(head_bytes_);
        head_.append(digits, static_cast<std::size_t>(end - digits));
        head_ += "\r\n\r\n";
        errc done = connection_.send(head_);
        if (done != errc::ok)
            return done;
        // Whoever refuses a body may say so before it has all of it, and then end the connection.
        done = send_body(body);
        if (done != errc::ok && done != errc::connection_lost)
            return done;
        const errc answered = read_answer();
        return answered == errc::ok || done == errc::ok ? answered : done;
    }

    /// Over the connection that has the head: a new one would need another.
    [[nodiscard]] errc send_body(std::string_view body) noexcept {
        const deadline end{options_.send_timeout_ms};
        while (!body.empty()) {
            const auto part = uninterrupted([&] {
                return ::send(connection_.fd(), body.data(), body.size(), detail::send_flags);
            });
            if (part >= 0) {
                body.remove_prefix(static_cast<std::size_t>(part));
                continue;
            }
            errc done = last_error();
            if (done == errc::would_block)
                done = wait_until(connection_.fd(), POLLOUT, end);
            if (done != errc::ok)
                return done;
        }
        return errc::ok;
    }

    [[nodiscard]] errc read_answer() noexcept {
        const deadline end{options_.answer_timeout_ms};
        std::array<char, 4096> bytes;
        auto now = http_answer::state::head;
        while (now == http_answer::state::head || now == http_answer::state::body) {
            const auto size = uninterrupted(
                [&] { return ::recv(connection_.fd(), bytes.data(), bytes.size(), 0); });
            if (size > 0) {
                now = answer_.take({bytes.data(), static_cast<std::size_t>(size)});
                continue;
            }
            if (size == 0) {
                if (answer_.empty())
                    return errc::connection_lost;
                now = answer_.end();
                continue;
            }
            errc done = last_error();
            if (done == errc::would_block)
                done = wait_until(connection_.fd(), POLLIN, end);
            if (done != errc::ok)
                return done;
            if (end.remaining_ms() == 0)
                return errc::timed_out;
        }
        return now == http_answer::state::complete ? errc::ok : errc::peer_failed;
    }

    tcp_sender connection_;
    http_post_options options_;
    std::string head_{};
    std::size_t head_bytes_ = 0;
    http_answer answer_{};
};

static_assert(transport<http_post>);

} // namespace quipu

// The ways in of one receiving thread: UDP and TCP sockets, and what comes through them.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/event_loop.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/net/waker.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/log.hpp>
#include <quipu/wire/binary.hpp>
#include <quipu/wire/mixed_stream.hpp>
#include <quipu/wire/stream.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace quipu {

/// The bounds of what listens.
struct listener_options {
    /// The system's buffer for datagrams that wait to be taken; it may grant less. 0: its default.
    std::size_t receive_buffer_bytes = std::size_t{4} << 20;
    /// Open TCP connections; beyond it new ones are turned away.
    std::size_t connections_max = 1024;
};

/// Sockets that feed one intake.
///
/// Threads  `listen` before the thread that calls `run` starts; `stop` from any thread, or from a
///          signal handler.
template <class Profile>
class basic_listeners {
public:
    /// Errors   of `ready`: too_many_descriptors.
    basic_listeners(basic_intake<Profile>& intake,
                    const log& messages,
                    listener_options options = {})
        : intake_(intake), log_(messages), options_(options), loop_(event_loop::open()),
          waker_(waker::open()) {
        if (loop_ && waker_)
            ready_ = loop_->add(waker_->fd(), waker_token);
    }

    /// Whether the system gave what is needed before anything can listen.
    [[nodiscard]] errc ready() const noexcept {
        if (!loop_)
            return loop_.error();
        return waker_ ? ready_ : waker_.error();
    }

    /// Binds every address that the host of `at` has here. Each is added to `bound()`.
    /// Errors   those of resolve and of binding; what was bound before the error stays.
    [[nodiscard]] errc listen(const endpoint& at) {
        const auto addresses = resolve(at.at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            const errc error = at.protocol == ip_protocol::udp ? listen_udp(one) : listen_tcp(one);
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    /// The addresses that are bound, as `udp://127.0.0.1:8125`, with the ports that the system
    /// chose.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

    /// Receives until `stop`, then takes what has come by then, and returns.
    void run() {
        while (!stopping_)
            wait(-1);
        // What the senders got rid of before the end is not lost: datagrams and bytes that wait.
        const deadline enough(drain_ms_max); // for who never ends to send
        while (wait(0) > 0 && enough.remaining_ms() > 0) {
        }
        end_streams();
        count_dropped();
    }

    /// Brings `run` to its end.
    void stop() noexcept {
        stop_asked_.store(true, std::memory_order_release);
        wake();
    }

    /// Brings `run` to its next boundary, where the shard of the intake may be handed over.
    void wake() noexcept {
        if (waker_)
            waker_->wake();
    }

private:
    using dialect_type = typename Profile::dialect_type;
    static constexpr bool takes_binary = Profile::takes_binary;
    using stream_type = std::conditional_t<takes_binary, mixed_stream, line_stream>;
    static constexpr std::size_t held_bytes_max =
        takes_binary ? std::max(dialect_type::line_bytes_max, binary_record_bytes_max)
                     : dialect_type::line_bytes_max;

    struct stream {
        tcp_connection connection;
        stream_type lines;
    };
    using source = std::variant<std::monostate, udp_receiver, tcp_listener, stream>;

    static constexpr std::uint64_t waker_token = ~std::uint64_t{0};
    /// So much is taken from one socket before the others have their turn.
    static constexpr int turns_max = 16;
    static constexpr int drain_ms_max = 250;

    [[nodiscard]] errc listen_udp(const address& at) {
        udp_receiver_options options;
        options.receive_buffer_bytes = options_.receive_buffer_bytes;
        auto opened = udp_receiver::bind(at, options);
        if (!opened)
            return opened.error();
        const auto local = opened->local_address();
        const int fd = opened->fd();
        return add(fd, *std::move(opened), ip_protocol::udp, local);
    }

    [[nodiscard]] errc listen_tcp(const address& at) {
        auto opened = tcp_listener::listen(at);
        if (!opened)
            return opened.error();
        const auto local = opened->local_address();
        const int fd = opened->fd();
        return add(fd, *std::move(opened), ip_protocol::tcp, local);
    }

    [[nodiscard]] errc
    add(int fd, source&& opened, ip_protocol protocol, const result<address>& local) {
        if (!local)
            return local.error();
        const errc error = loop_->add(fd, place(std::move(opened)));
        if (error == errc::ok) {
            bound_.push_back((protocol == ip_protocol::udp ? "udp://" : "tcp://") +
                             to_string(*local));
        }
        return error;
    }

    /// Puts a source into a free place and returns its token.
    [[nodiscard]] std::uint64_t place(source&& opened) {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            if (!std::holds_alternative<std::monostate>(sources_[i]))
                continue;
            sources_[i] = std::move(opened);
            return i;
        }
        sources_.push_back(std::move(opened));
        return sources_.size() - 1;
    }

    /// Waits for readiness and takes what is there. Returns how much: datagrams, pieces of streams,
    /// and connections that began or ended.
    std::size_t wait(int timeout_ms) {
        taken_ = 0;
        const auto ready = loop_->wait(timeout_ms, [&](std::uint64_t token) { take(token); });
        if (!ready)
            log_limited("cannot wait for input", ready.error());
        if (taken_ > 0)
            intake_.note_seen(std::time(nullptr));
        pass_boundary();
        return taken_;
    }

    void take(std::uint64_t token) {
        if (token == waker_token) {
            waker_->clear();
            stopping_ = stop_asked_.load(std::memory_order_acquire);
            return;
        }
        source& from = sources_[token];
        if (auto* const datagrams = std::get_if<udp_receiver>(&from)) {
            take_datagrams(*datagrams);
        } else if (std::holds_alternative<tcp_listener>(from)) {
            take_connections(token);
        } else if (auto* const connection = std::get_if<stream>(&from)) {
            take_pieces(*connection, token);
        }
    }

    void take_datagrams(udp_receiver& from) {
        for (int turn = 0; turn < turns_max; ++turn) {
            const auto count = from.receive([&](std::string_view text) { receive_datagram(text); });
            if (!count)
                return log_limited("cannot receive", count.error());
            if (*count == 0)
                return;
            taken_ += *count;
            pass_boundary();
        }
    }

    void take_connections(std::uint64_t token) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto accepted = std::get<tcp_listener>(sources_[token]).accept();
            if (!accepted) {
                if (accepted.error() == errc::would_block)
                    return;
                return log_limited("a connection is turned away", accepted.error());
            }
            if (connections_ == options_.connections_max) {
                log_limited("a connection is turned away: too many are open");
                continue;
            }
            ++taken_;
            const int fd = accepted->fd();
            const auto at = place(stream{*std::move(accepted), stream_type(held_bytes_max)});
            if (const errc error = loop_->add(fd, at); error != errc::ok) {
                sources_[at] = std::monostate{};
                return log_limited("a connection is turned away", error);
            }
            ++connections_;
        }
    }

    void take_pieces(stream& from, std::uint64_t token) {
        for (int turn = 0; turn < turns_max; ++turn) {
            const auto overlong = from.lines.overlong();
            errc broken = errc::ok;
            const auto count = from.connection.receive(
                [&](std::string_view bytes) { broken = feed(from.lines, bytes); });
            if (from.lines.overlong() != overlong) {
                intake_.count_refusals(errc::line_too_long, from.lines.overlong() - overlong);
                log_limited("refused a line of a stream", errc::line_too_long);
            }
            if (!count || from.connection.closed() || broken != errc::ok) {
                // A stream that was cut off may have been cut within a number.
                if (broken == errc::ok)
                    end(from, count && dialect_type::unterminated_lines);
                loop_->remove(from.connection.fd());
                sources_[token] = std::monostate{};
                --connections_;
                ++taken_;
                return;
            }
            if (*count == 0)
                return;
            ++taken_;
            pass_boundary();
        }
    }

    /// Takes a piece of a stream. Errors   a record is broken: nothing that follows can be read.
    [[nodiscard]] errc feed(line_stream& lines, std::string_view bytes) {
        lines.feed(bytes, [&](std::string_view text) { receive(text); });
        return errc::ok;
    }
    [[nodiscard]] errc feed(mixed_stream& mixed, std::string_view bytes) {
        const errc broken = mixed.template feed<dialect_type>(
            bytes,
            [&](std::string_view text) { receive(text); },
            [&](const sample& one) { receive(one); },
            [&](refusal why, std::string_view record) { refuse_record(why.error, record); });
        if (broken != errc::ok)
            refuse_record(broken, {});
        return broken;
    }

    void receive_datagram(std::string_view text) {
        if constexpr (takes_binary) {
            if (!text.empty() && text.front() == binary_magic)
                return receive_records(text);
        }
        receive(text);
    }

    /// A datagram of records, perhaps with newlines between them.
    void receive_records(std::string_view bytes) {
        while (!bytes.empty()) {
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
            if (bytes.front() != binary_magic)
                return receive(bytes);
            const auto record = parse_binary<dialect_type>(bytes);
            if (!record || !record->complete())
                return refuse_record(record ? errc::bad_length : record.error(), bytes);
            const auto whole = bytes.substr(0, record->size);
            if (record->refused.error == errc::ok)
                receive(record->sample);
            else
                refuse_record(record->refused.error, whole);
            bytes.remove_prefix(whole.size());
        }
    }

    void receive(const sample& one) {
        const std::int64_t now = Profile::stamps_on_receipt ? std::time(nullptr) : 0;
        intake_.receive(
            one, now, [&](refusal why, std::string_view name) { log_refusal(why, name); });
    }

    void refuse_record(errc why, std::string_view record) {
        intake_.refuse_line(why);
        log_refusal({why, 0}, record);
    }

    /// Takes or refuses what is left of a stream that ended without a newline.
    void end(stream& ending, bool counts) {
        if constexpr (takes_binary) {
            if (ending.lines.in_record())
                return refuse_record(errc::unterminated_line, {});
        }
        const auto rest = ending.lines.rest();
        if (rest.empty())
            return;
        if (counts)
            return receive(rest);
        intake_.count_refusals(errc::unterminated_line, 1);
        log_refusal({errc::unterminated_line, 0}, rest);
    }

    void end_streams() {
        for (auto& one : sources_) {
            if (auto* const open = std::get_if<stream>(&one))
                end(*open, false);
        }
    }

    void receive(std::string_view text) {
        const std::int64_t now = Profile::stamps_on_receipt ? std::time(nullptr) : 0;
        intake_.receive(padded_text{text}, now, [&](refusal why, std::string_view line) {
            log_refusal(why, line);
        });
    }

    void pass_boundary() {
        if (!intake_.shard().asked())
            return;
        count_dropped();
        intake_.shard().pass_boundary();
    }

    /// Counts the datagrams that were lost before they could be taken.
    void count_dropped() {
        std::uint64_t lost = 0;
        for (auto& one : sources_) {
            auto* const datagrams = std::get_if<udp_receiver>(&one);
            if (datagrams != nullptr) {
                lost += datagrams->oversized() + datagrams->dropped().value_or(0);
            }
        }
        intake_.count_dropped(lost - std::exchange(lost_, lost));
    }

    [[nodiscard]] bool may_log() noexcept { return limit_.allows(std::time(nullptr) * 1000); }

    [[nodiscard]] std::string held_back() {
        const auto count = limit_.take_held_back();
        return count == 0 ? "" : " (and " + std::to_string(count) + " lines not logged)";
    }

    void log_limited(std::string_view text) {
        if (may_log())
            log_.warning(std::string(text) + held_back());
    }
    void log_limited(std::string_view what, errc why) {
        if (may_log())
            log_.warning(std::string(what) + ": " + std::string(message(why)) + held_back());
    }

    void log_refusal(refusal why, std::string_view line) {
        if (!may_log())
            return;
        log_.warning("refused " + quoted(line) + " at byte " + std::to_string(why.offset) + ": " +
                     std::string(message(why.error)) + held_back());
    }

    basic_intake<Profile>& intake_;
    const log& log_;
    listener_options options_;
    rate_limit limit_{};
    result<event_loop> loop_;
    result<waker> waker_;
    errc ready_ = errc::ok;
    std::atomic<bool> stop_asked_{false};
    bool stopping_ = false;
    std::vector<source> sources_{};
    std::vector<std::string> bound_{};
    std::size_t connections_ = 0;
    std::size_t taken_ = 0;
    std::uint64_t lost_ = 0;
};

} // namespace quipu

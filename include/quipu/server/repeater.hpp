// Repeaters: what a server receives, passed on as it came to other servers.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/host_watch.hpp>
#include <quipu/net/queued.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/stream_sender.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/net/udp_host.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quipu {

/// How a copy travels. `udp` takes the first address of the host, `udp4` and `udp6` the first of
/// that family, as Etsy's `repeaterProtocol`.
enum class repeat_protocol : std::uint8_t { udp, udp4, udp6, tcp };

/// Where copies go.
struct repeat_target {
    repeat_protocol protocol = repeat_protocol::udp;
    host_port to{};

    friend bool operator==(const repeat_target&, const repeat_target&) = default;
};

namespace detail {

inline constexpr std::array<std::string_view, 4> repeat_schemes{
    "repeat://", "repeat+udp4://", "repeat+udp6://", "repeat+tcp://"}; // as repeat_protocol

} // namespace detail

/// Reads `repeat://HOST:PORT`, `repeat+udp4://…`, `repeat+udp6://…` or `repeat+tcp://…`.
/// Errors   bad_address: another scheme, no host, port 0.
/// Threads  pure.
[[nodiscard]] inline result<repeat_target>
parse_repeat_target(std::string_view url, std::optional<std::uint16_t> default_port = {}) {
    for (std::size_t i = 0; i < detail::repeat_schemes.size(); ++i) {
        const auto scheme = detail::repeat_schemes[i];
        if (!url.starts_with(scheme))
            continue;
        auto to = parse_host_port(url.substr(scheme.size()), default_port);
        if (!to)
            return to.error();
        if (detail::is_any_host(to->host) || to->port == 0)
            return errc::bad_address;
        return repeat_target{static_cast<repeat_protocol>(i), *std::move(to)};
    }
    return errc::bad_address;
}

/// The text of a target: `parse_repeat_target` reads it back equal.
[[nodiscard]] inline std::string to_string(const repeat_target& target) {
    return std::string(detail::repeat_schemes[static_cast<std::size_t>(target.protocol)]) +
           to_string(target.to);
}

/// The bounds of a repeater.
struct repeater_options {
    /// Bytes that wait for one target, and as many again on their way; beyond it messages are
    /// dropped, and counted. The memory is taken at once.
    std::size_t bytes_max = std::size_t{4} << 20U;
    /// Over UDP: longer messages are parted behind newlines. 0: 1,432, which fit one Ethernet frame with
    /// room for any tunnel, and 8,192 within this machine.
    std::size_t datagram_bytes_max = 0;
    /// The pause after a failure over TCP, doubled after each, up to the second.
    int retry_ms = 250;
    int retry_ms_max = 5000;
    stream_sender_options tcp{.reconnect_ms = 0}; // the queue has the pauses
};

namespace detail {

/// Whether a host is this machine, as its name or address tells.
[[nodiscard]] inline bool is_loopback_host(std::string_view host) noexcept {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Datagrams to a host, whatever its name comes to mean: a transport.
class repeat_datagrams {
public:
    /// `bytes_max`: as repeater_options::datagram_bytes_max.
    explicit repeat_datagrams(repeat_target target, std::size_t bytes_max = 0)
        : bytes_max_(std::min(bytes_max != 0                     ? bytes_max
                              : is_loopback_host(target.to.host) ? std::size_t{8192}
                                                                 : std::size_t{1432},
                              largest)),
          to_(std::make_shared<const host_watch>(std::move(target.to)), family(target.protocol)) {}

    /// A text that is longer than a datagram is parted behind newlines; a line that is longer goes
    /// alone, as far as any datagram reaches.
    /// Errors   those of the last part that failed; the others were sent.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        errc error = errc::ok;
        while (!bytes.empty()) {
            auto part = bytes;
            if (part.size() > bytes_max_) {
                // The last newline within the bound, or the first one behind it.
                auto newline = part.substr(0, bytes_max_).rfind('\n');
                if (newline == part.npos)
                    newline = part.find('\n');
                part = part.substr(0, newline == part.npos ? newline : newline + 1);
            }
            bytes.remove_prefix(part.size());
            const errc sent = part.size() > largest ? errc::message_too_long : to_.send(part);
            error = sent == errc::ok ? error : sent;
        }
        return error;
    }

private:
    static constexpr std::size_t largest = 65'507; // of UDP over IPv4

    [[nodiscard]] static address_family family(repeat_protocol protocol) noexcept {
        switch (protocol) {
        case repeat_protocol::udp4: return address_family::v4;
        case repeat_protocol::udp6: return address_family::v6;
        default: return address_family::any;
        }
    }

    std::size_t bytes_max_;
    udp_host_sender to_;
};

static_assert(transport<repeat_datagrams>);

} // namespace detail

/// Sends copies to one target, on a thread of its own; who calls never waits for the network.
///
/// Over UDP a message is a datagram, as it came; one longer than `datagram_bytes_max`, as a piece of a
/// stream may be, is parted behind newlines, and an empty one is none. A datagram that cannot be sent
/// is counted as failed, and not tried again. Over
/// TCP all go over one connection, in order, each with a newline behind it, even if it ends with one;
/// while there is no connection they wait, and those that find no room are dropped and counted.
///
/// Threads  `send` and `counts` from any; `take_losses` and `finish` from one.
/// Source   statsd 0.9.0, backends/repeater.js. It decodes what it sends over TCP as UTF-8, and what
///          it gets over TCP as 7-bit ASCII: here bytes stay as they are. It spreads messages
///          over five connections, in any order, and loses them while there is none.
class repeater {
public:
    explicit repeater(repeat_target target, repeater_options options = {})
        : name_(to_string(target)), queue_(open(std::move(target), options)) {}

    /// Queues a copy.
    /// Cost     a lock, held for a copy; allocates for a TCP message longer than all before only.
    void send(std::string_view bytes) {
        if (bytes.empty())
            return;
        if (auto* const stream = std::get_if<queued<tcp_sender>>(&queue_)) {
            static thread_local std::string ended;
            ended.assign(bytes);
            ended += '\n';
            static_cast<void>(stream->send(ended)); // it counts what it drops
        } else {
            static_cast<void>(std::get<queued<detail::repeat_datagrams>>(queue_).send(bytes));
        }
    }

    [[nodiscard]] queue_counts counts() const noexcept {
        return std::visit([](const auto& queue) { return queue.counts(); }, queue_);
    }

    /// What was sent, dropped and failed since this was last called.
    [[nodiscard]] queue_counts take_losses() noexcept {
        queue_counts now = counts();
        const queue_counts before = std::exchange(told_, now);
        now.sent -= before.sent;
        now.dropped -= before.dropped;
        now.failed -= before.failed;
        now.dropped_lines -= before.dropped_lines;
        now.failed_lines -= before.failed_lines;
        return now;
    }

    /// Waits until what is there has left. What has not by then is lost when this object goes.
    /// Returns  how many messages are left.
    [[nodiscard]] std::uint64_t finish(const deadline& end) noexcept {
        static_cast<void>(std::visit([&](auto& queue) { return queue.flush(end); }, queue_));
        return counts().waiting;
    }

    /// Its URL.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    using either = std::variant<queued<detail::repeat_datagrams>, queued<tcp_sender>>;
    static constexpr std::size_t pack_bytes_max = std::size_t{16} * 1024;

    [[nodiscard]] static either open(repeat_target target, const repeater_options& options) {
        queue_options bounds;
        bounds.bytes_max = options.bytes_max;
        bounds.stop_timeout_ms = 0; // `finish` has waited
        if (target.protocol != repeat_protocol::tcp)
            return queued(detail::repeat_datagrams(std::move(target), options.datagram_bytes_max),
                          bounds);
        bounds.pack_bytes_max = pack_bytes_max;
        bounds.retry_ms = options.retry_ms;
        bounds.retry_ms_max = options.retry_ms_max;
        return queued(tcp_sender(std::move(target.to), options.tcp), bounds);
    }

    std::string name_;
    queue_counts told_{};
    either queue_;
};

/// The repeaters of the receiving threads.
class repeater_list {
public:
    /// Before the threads start.
    void add(repeat_target target, repeater_options options = {}) {
        all_.push_back(std::make_unique<repeater>(std::move(target), options));
    }

    /// Queues a copy for each.
    void send(std::string_view bytes) {
        for (auto& one : all_)
            one->send(bytes);
    }

    /// Counts what is not passed on: a binary record that came within a stream.
    void skip() noexcept { skipped_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t skipped() const noexcept {
        return skipped_.load(std::memory_order_relaxed);
    }

    [[nodiscard]] const std::vector<std::unique_ptr<repeater>>& all() const noexcept {
        return all_;
    }

private:
    std::vector<std::unique_ptr<repeater>> all_{};
    std::atomic<std::uint64_t> skipped_{0};
};

} // namespace quipu

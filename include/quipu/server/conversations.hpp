// Small services over TCP: connections on which something is asked and answered.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/event_loop.hpp>
#include <quipu/net/tcp_listener.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quipu {

/// What passes on one connection, as the service sees it.
struct conversation {
    std::string input{};  ///< came, and was not yet taken by the service
    std::string output{}; ///< is to be sent
    bool opens = true;    ///< nothing has come yet: the service may speak first
    bool ends = false;    ///< nothing more is read; the connection closes when the output is gone
    /// There is more to answer in the input: the service is called again when the output is gone.
    bool again = false;
    /// What is to be told here without being asked; empty: nothing. `tell` goes by it.
    std::string follows{};
    std::uint8_t manner = 0; ///< the service's own: how it speaks here
};

/// Called when a connection opens, and each time that something came.
using converse_function = std::function<void(conversation&)>;

/// The bounds of conversations.
struct conversation_options {
    /// Open connections; beyond it the one that has been silent for longest makes room, if for longer
    /// than `request_ms_max`, or else the new one is turned away.
    std::size_t connections_max = 512;
    /// Bytes that a service leaves untaken; beyond it the connection is closed.
    std::size_t input_bytes_max = 8192;
    /// A connection on which nothing moves for so long is closed.
    std::int64_t idle_ms_max = 300'000;
    /// Bytes of all answers that wait to be taken; beyond it the connection of the next is closed.
    std::size_t output_bytes_max = std::size_t{128} << 20;
    /// What comes in pieces has so long to become something that can be answered.
    std::int64_t request_ms_max = 10'000;
};

/// Listens, and lets services answer, without ever waiting.
///
/// Threads  one thread, that of the loop.
class conversations {
public:
    /// `loop` watches its descriptors under tokens from `first_token` on.
    explicit conversations(std::uint64_t first_token, conversation_options options = {}) noexcept
        : first_token_(first_token), options_(options) {}

    /// Binds an address to a service.
    /// Errors   those of tcp_listener and of the loop.
    [[nodiscard]] errc listen(event_loop& loop, const address& at, converse_function service) {
        auto opened = tcp_listener::listen(at);
        if (!opened)
            return opened.error();
        const int fd = opened->fd();
        services_.push_back(std::move(service));
        const std::size_t place = free_place();
        places_[place] = listener{*std::move(opened), services_.size() - 1};
        const errc error = loop.add(fd, first_token_ + place);
        if (error != errc::ok)
            places_[place] = std::monostate{};
        return error;
    }

    /// The addresses of the listeners.
    [[nodiscard]] std::vector<address> local_addresses() const {
        std::vector<address> all;
        for (const auto& one : places_) {
            if (const auto* const open = std::get_if<listener>(&one))
                all.push_back(open->from.local_address().value_or({}));
        }
        return all;
    }

    /// Does what can be done for a token that the loop told.
    /// Units    `now_ms` of any clock.
    void take(event_loop& loop, std::uint64_t token, std::int64_t now_ms) {
        const std::size_t place = token - first_token_;
        QUIPU_ASSERT(token >= first_token_ && place < places_.size());
        if (std::holds_alternative<listener>(places_[place])) {
            accept(loop, place, now_ms);
        } else if (std::holds_alternative<talk>(places_[place])) {
            receive(loop, place, now_ms);
        }
    }

    /// Closes the connections on which nothing moved for too long, or too slowly.
    void close_idle(event_loop& loop, std::int64_t now_ms) {
        for (std::size_t place = 0; place < places_.size(); ++place) {
            const auto* const open = std::get_if<talk>(&places_[place]);
            if (open == nullptr)
                continue;
            const bool half_asked = !open->said.input.empty() && open->said.output.empty();
            if (now_ms - open->moved_ms > options_.idle_ms_max ||
                (half_asked && now_ms - open->asked_ms > options_.request_ms_max))
                close(loop, place);
        }
    }

    /// Lets `say(conversation&)` add to the output of each connection that follows something. One
    /// that has not taken what it was told before is left out: it is told the next time.
    template <class Say>
    void tell(event_loop& loop, std::int64_t now_ms, Say&& say) {
        for (std::size_t place = 0; place < places_.size(); ++place) {
            auto* const open = std::get_if<talk>(&places_[place]);
            if (open == nullptr || open->said.follows.empty() || open->said.ends)
                continue;
            if (!open->said.output.empty()) {
                ++left_out_;
                continue;
            }
            say(open->said);
            open->moved_ms = now_ms;
            send(loop, place);
        }
    }

    /// Open connections.
    [[nodiscard]] std::size_t size() const noexcept { return connections_; }
    /// Connections that were turned away or closed, since too many were open.
    [[nodiscard]] std::uint64_t turned_away() const noexcept { return turned_away_; }
    /// Connections that follow something.
    [[nodiscard]] std::size_t followers() const noexcept {
        std::size_t count = 0;
        for (const auto& one : places_) {
            const auto* const open = std::get_if<talk>(&one);
            count += open != nullptr && !open->said.follows.empty() ? 1U : 0U;
        }
        return count;
    }
    /// How often one was not told something, since it had not taken what came before.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    struct listener {
        tcp_listener from;
        std::size_t service;
    };
    struct talk {
        tcp_connection with;
        std::size_t service;
        std::int64_t moved_ms;
        conversation said{};
        std::size_t sent = 0;      // of the output
        std::size_t counted = 0;   // of the output, in output_bytes_
        std::int64_t asked_ms = 0; // since when there is something untaken
        bool waits_for_room = false;
    };

    /// So many connections or pieces are taken from one before the others have their turn.
    static constexpr int turns_max = 16;

    [[nodiscard]] std::size_t free_place() {
        for (std::size_t place = 0; place < places_.size(); ++place) {
            if (std::holds_alternative<std::monostate>(places_[place]))
                return place;
        }
        places_.emplace_back();
        return places_.size() - 1;
    }

    void accept(event_loop& loop, std::size_t from, std::int64_t now_ms) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto& open = std::get<listener>(places_[from]);
            const std::size_t service = open.service;
            auto accepted = open.from.accept();
            if (!accepted)
                return;
            if (connections_ == options_.connections_max) {
                ++turned_away_; // the new one, or the one that has been silent for longest
                if (!close_silent(loop, now_ms))
                    continue;
            }
            const int fd = accepted->fd();
            const std::size_t place = free_place();
            places_[place] = talk{*std::move(accepted), service, now_ms};
            ++connections_;
            if (loop.add(fd, first_token_ + place) != errc::ok)
                close(loop, place);
            else
                answer(loop, place);
        }
    }

    /// Closes the connection that says nothing, and is told nothing, for longer than a request may
    /// take, the longest first. False if there is none.
    bool close_silent(event_loop& loop, std::int64_t now_ms) {
        std::optional<std::size_t> longest;
        std::int64_t since = now_ms - options_.request_ms_max;
        for (std::size_t place = 0; place < places_.size(); ++place) {
            const auto* const open = std::get_if<talk>(&places_[place]);
            if (open != nullptr && open->moved_ms < since && open->said.output.empty() &&
                open->said.follows.empty()) {
                longest = place;
                since = open->moved_ms;
            }
        }
        if (longest)
            close(loop, *longest);
        return longest.has_value();
    }

    void receive(event_loop& loop, std::size_t place, std::int64_t now_ms) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto& open = std::get<talk>(places_[place]);
            open.moved_ms = now_ms;
            // Who does not take the answers is asked for no more: it was waited for room.
            if (open.said.ends || !open.said.output.empty()) {
                send(loop, place);
                if (!std::holds_alternative<talk>(places_[place]) || !open.said.output.empty() ||
                    !open.said.again || !answer(loop, place))
                    return;
                continue;
            }
            if (open.said.input.empty())
                open.asked_ms = now_ms;
            const auto count = open.with.receive([&](std::string_view bytes) {
                open.said.input += bytes; // bounded: what is left untaken is looked at below
            });
            if (!count)
                return close(loop, place);
            open.said.opens = false;
            if (open.with.closed()) {
                open.said.ends = true; // what was asked is still answered
                return send(loop, place);
            }
            if (*count == 0)
                return send(loop, place);
            if (!answer(loop, place))
                return;
        }
    }

    /// False if the connection is closed.
    bool answer(event_loop& loop, std::size_t place) {
        auto& open = std::get<talk>(places_[place]);
        for (;;) {
            open.said.again = false;
            const auto before = open.said.input.size();
            services_[open.service](open.said);
            if (open.said.input.size() < before || open.said.input.empty())
                open.asked_ms = open.moved_ms;
            if (!open.said.again && open.said.input.size() > options_.input_bytes_max)
                open.said.ends = true;
            send(loop, place);
            if (!std::holds_alternative<talk>(places_[place]))
                return false;
            if (!open.said.again || open.said.ends || !open.said.output.empty())
                return true;
        }
    }

    void send(event_loop& loop, std::size_t place) {
        auto& open = std::get<talk>(places_[place]);
        auto& output = open.said.output;
        if (output_bytes_ - open.counted + output.size() > options_.output_bytes_max)
            return close(loop, place);
        output_bytes_ += output.size() - open.counted;
        open.counted = output.size();
        while (open.sent < output.size()) {
            const auto count = open.with.send_some(std::string_view(output).substr(open.sent));
            if (!count && count.error() == errc::would_block)
                break;
            if (!count)
                return close(loop, place);
            open.sent += *count;
        }
        const bool all = open.sent == output.size();
        if (all) {
            output_bytes_ -= std::exchange(open.counted, 0);
            output.clear();
            if (output.capacity() > options_.input_bytes_max)
                output.shrink_to_fit();
            open.sent = 0;
        }
        if (all && open.said.ends)
            return close(loop, place);
        if (open.waits_for_room == !all)
            return;
        open.waits_for_room = !all;
        const auto wanted = all ? interest::readable : interest::writable;
        if (loop.add(open.with.fd(), first_token_ + place, wanted) != errc::ok)
            close(loop, place);
    }

    void close(event_loop& loop, std::size_t place) {
        const auto& open = std::get<talk>(places_[place]);
        output_bytes_ -= open.counted;
        loop.remove(open.with.fd());
        places_[place] = std::monostate{};
        --connections_;
    }

    std::uint64_t first_token_;
    conversation_options options_;
    std::vector<converse_function> services_{};
    std::vector<std::variant<std::monostate, listener, talk>> places_{};
    std::size_t connections_ = 0;
    std::size_t output_bytes_ = 0; // that wait, of all
    std::uint64_t turned_away_ = 0;
    std::uint64_t left_out_ = 0;
};

} // namespace quipu

// The receiving threads of a server, each with an intake and sockets of its own.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/unix_listener.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/listeners.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/name_mapping.hpp>
#include <quipu/server/repeater.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace quipu {

/// Receives with several threads that share nothing: each address of UDP and TCP is bound once for
/// each of them, and the system spreads clients over them (SO_REUSEPORT), so that what one socket
/// of a client sends stays in order. A path, what was inherited and a descriptor belong to one of
/// them. Of a gauge that several threads got, the value that came last stays.
///
/// Limits   those of listener_options are for each thread.
/// Threads  one thread calls all of this; what listens does so before `start`.
template <class Profile>
class basic_receivers {
public:
    using input = typename basic_intake<Profile>::input;

    /// Input    threads: 1 at least; more than one need Linux.
    basic_receivers(const log& messages,
                    std::size_t threads = 1,
                    std::uint64_t hash_seed = 0,
                    const listener_options& options = {}) {
        QUIPU_ASSERT(threads > 0);
        for (std::size_t i = 0; i < threads; ++i)
            all_.push_back(std::make_unique<receiver>(messages, hash_seed, options));
        if (threads > 1)
            for_each([this](receiver& one) { one.listeners.keep_order(order_); });
    }
    basic_receivers(const basic_receivers&) = delete;
    basic_receivers& operator=(const basic_receivers&) = delete;
    ~basic_receivers() { stop(); }

    /// Whether the system gave what is needed before anything can listen.
    /// Errors   too_many_descriptors.
    [[nodiscard]] errc ready() const noexcept {
        for (const auto& one : all_) {
            if (const errc error = one->listeners.ready(); error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    /// What comes goes to these too.
    void repeat_to(repeater_list& list) noexcept {
        for_each([&](receiver& one) { one.listeners.repeat_to(list); });
    }
    /// Each line is logged before it is taken.
    void log_lines() noexcept {
        for_each([](receiver& one) { one.listeners.log_lines(); });
    }
    /// See basic_intake.
    void map_names(const std::shared_ptr<const mapping_rules>& rules) {
        for_each([&](receiver& one) { one.intake.map_names(rules); });
    }
    /// The same while the threads run; see basic_intake.
    void change_mapping(const std::shared_ptr<const mapping_rules>& rules) {
        for_each([&](receiver& one) { one.intake.change_mapping(rules); });
    }
    /// See basic_intake.
    void count_keys() noexcept {
        for_each([](receiver& one) { one.intake.count_keys(); });
    }

    // The following bind as those of basic_listeners; see there for what they mean and for errors.

    [[nodiscard]] errc listen(const endpoint& at) {
        const auto addresses = resolve(at.at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            if (const errc error = listen(one, at.protocol); error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    [[nodiscard]] errc listen_unix(const std::string& path,
                                   unix_kind kind,
                                   std::optional<unsigned> mode = std::nullopt) {
        return at_one_of_them([&](auto& one) { return one.listen_unix(path, kind, mode); });
    }

    [[nodiscard]] errc listen_inherited() {
        return at_one_of_them([](auto& one) { return one.listen_inherited(); });
    }

    /// `at_end` is called if nothing else listens on any thread.
    [[nodiscard]] errc listen_file(int fd, std::function<void()> at_end) {
        return at_one_of_them([&](auto& one) {
            return one.listen_file(fd, [this, at_end = std::move(at_end)] {
                if (at_end && bound_.size() == 1)
                    at_end();
            });
        });
    }

    /// What is bound, each address once.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

    /// The same with the counts of all threads.
    [[nodiscard]] std::vector<way_in_counts> ways_in() const {
        std::vector<way_in_counts> all;
        for (const auto& each : all_) {
            for (auto& way : each->listeners.ways_in()) {
                const auto known = std::find_if(
                    all.begin(), all.end(), [&](const auto& one) { return one.at == way.at; });
                if (known == all.end())
                    all.push_back(std::move(way));
                else
                    known->merge(way);
            }
        }
        return all;
    }

    /// The longest time since the last call during which the sockets of a thread waited for it.
    [[nodiscard]] std::chrono::nanoseconds take_longest_gap() noexcept {
        std::chrono::nanoseconds longest{0};
        for_each(
            [&](receiver& one) { longest = std::max(longest, one.listeners.take_longest_gap()); });
        return longest;
    }

    /// Begins to receive.
    void start() {
        for_each([](receiver& one) { one.thread = std::thread([&one] { one.listeners.run(); }); });
    }

    /// Takes what has come by then, and ends the threads.
    void stop() {
        for_each([](receiver& one) {
            if (one.thread.joinable())
                one.listeners.stop();
        });
        for_each([](receiver& one) {
            if (one.thread.joinable())
                one.thread.join();
        });
    }

    /// Hands over what each thread got since the last time: f(input&), which empties it.
    /// Cost     waits for each thread's next boundary.
    template <class F>
    void take(F&& f) {
        for_each(
            [&](receiver& one) { f(one.intake.shard().retire([&] { one.listeners.wake(); })); });
    }

    /// The same after `stop`: all that is left.
    template <class F>
    void take_rest(F&& f) {
        for_each([&](receiver& one) {
            auto& shard = one.intake.shard();
            shard.end();
            for (int side = 0; side < 2; ++side)
                f(shard.retire([] {}));
        });
    }

private:
    struct receiver {
        receiver(const log& messages, std::uint64_t hash_seed, const listener_options& options)
            : intake(hash_seed), listeners(intake, messages, options) {}

        basic_intake<Profile> intake;
        basic_listeners<Profile> listeners;
        std::thread thread{};
    };

    template <class F>
    void for_each(F&& f) {
        for (const auto& one : all_)
            f(*one);
    }

    /// Of both families at one port: `[::]` takes IPv4 as well, unless an address of that is bound
    /// already; one that comes later has what it wants.
    [[nodiscard]] errc listen(const address& at, ip_protocol protocol) {
        const auto has = [&](auto is) {
            return at.port() != 0 &&
                   std::any_of(ip_bound_.begin(), ip_bound_.end(), [&](const ip_way& one) {
                       return one.protocol == protocol && one.at.port() == at.port() && is(one);
                   });
        };
        if (at.is_v4() && has([](const ip_way& one) { return one.takes_v4_too; }))
            return errc::ok;
        const bool is_any = at == address::any_v6(at.port());
        const bool dual_stack = is_any && !has([](const ip_way& one) { return one.at.is_v4(); });
        auto& first = all_.front()->listeners;
        const auto use = all_.size() == 1 ? port_use::alone : port_use::shared_first;
        const auto bound = first.listen(at, protocol, use, dual_stack);
        if (!bound)
            return bound.error();
        ip_bound_.push_back({*bound, protocol, dual_stack});
        bound_.push_back(first.bound().back());
        for (std::size_t i = 1; i < all_.size(); ++i) {
            const auto next =
                all_[i]->listeners.listen(*bound, protocol, port_use::shared_next, dual_stack);
            if (!next)
                return next.error();
        }
        return errc::ok;
    }

    /// They take turns.
    template <class Bind>
    [[nodiscard]] errc at_one_of_them(Bind&& bind) {
        auto& one = all_[turn_]->listeners;
        turn_ = (turn_ + 1) % all_.size();
        const auto before = one.bound().size();
        const errc error = bind(one);
        bound_.insert(bound_.end(),
                      one.bound().begin() + static_cast<std::ptrdiff_t>(before),
                      one.bound().end());
        return error;
    }

    std::atomic<std::uint32_t> order_{0}; // of what came, a batch at a time
    std::vector<std::unique_ptr<receiver>> all_{};
    struct ip_way {
        address at;
        ip_protocol protocol;
        bool takes_v4_too;
    };

    std::vector<std::string> bound_{};
    std::vector<ip_way> ip_bound_{};
    std::size_t turn_ = 0; // of what only one of them can have
};

} // namespace quipu

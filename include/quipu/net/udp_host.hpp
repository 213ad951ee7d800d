// UDP to a host by its name, which may come to mean another machine while the program runs.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/host_watch.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/net/udp.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace quipu {

/// Which of a host's addresses are used.
enum class address_family : std::uint8_t { any, v4, v6 };

/// Sends datagrams to the first address that a host has, of the family that is asked for; to another
/// one as soon as the watch has seen that it changed. A transport. Several may share a watch: one thread
/// looks for all of them.
///
///     basic_client client{udp_host_sender(std::make_shared<host_watch>(host_port{"stats", 8125}))};
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Names = system_names>
class basic_udp_host_sender {
public:
    using watch_type = basic_host_watch<Names>;

    explicit basic_udp_host_sender(std::shared_ptr<const watch_type> of,
                                   address_family family = address_family::any) noexcept
        : watch_(std::move(of)), family_(family) {}

    /// Sends `bytes` as one datagram.
    /// Errors   those of udp_sender; name_unresolved and others of `resolve`, while no address is known;
    ///          address_unavailable: the host has none of the family.
    /// Cost     that of udp_sender, and a look at the watch; a new socket after a change.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const std::uint64_t now = watch_->generation();
        if (now != generation_ || !connected_) {
            if (const errc error = connect(); error != errc::ok && !connected_)
                return error;
            generation_ = now;
        }
        return to_.send(bytes);
    }

private:
    /// Keeps the old socket if there can be no new one.
    [[nodiscard]] errc connect() noexcept {
        const result<address_list> known = watch_->addresses();
        if (!known)
            return known.error();
        for (const address& next : *known) {
            if (!(family_ == address_family::any ||
                  (family_ == address_family::v4) == next.is_v4()))
                continue;
            result<udp_sender> made = udp_sender::connect(next);
            if (!made)
                return made.error();
            to_ = *std::move(made);
            connected_ = true;
            return errc::ok;
        }
        return errc::address_unavailable;
    }

    std::shared_ptr<const watch_type> watch_;
    address_family family_;
    udp_sender to_{};
    std::uint64_t generation_ = 0;
    bool connected_ = false;
};

using udp_host_sender = basic_udp_host_sender<>;

static_assert(transport<udp_host_sender>);

} // namespace quipu

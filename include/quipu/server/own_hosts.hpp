// The names under which browsers may ask a server.
#pragma once

#include <quipu/core/ascii.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace quipu {

/// Knows a server's own names: addresses, `localhost`, the machine's name, and those that somebody adds.
/// A page of any other site could make its own name mean this machine, and a browser would let it read
/// what the server answers under that name; a name that is none of these is refused to browsers.
/// Threads  distinct objects safe; a const one may be shared.
class own_hosts {
public:
    explicit own_hosts(std::vector<std::string> more = {}) : names_(std::move(more)) {
        char name[256] = {};
        if (::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0')
            names_.emplace_back(name);
    }

    /// Whether the header Host names this server.
    /// Input    a name or an address, perhaps with a port: `localhost:8126`, `[::1]:8126`.
    [[nodiscard]] bool has(std::string_view host) const noexcept {
        if (host.starts_with('['))
            return true; // an address of IPv6 is no name that somebody else has
        host = host.substr(0, host.find(':'));
        if (host.ends_with('.'))
            host.remove_suffix(1);
        if (!host.empty() && host.find_first_not_of("0123456789.") == host.npos)
            return true;
        constexpr std::string_view local = ".localhost";
        if (detail::equal_ignoring_case(host, local.substr(1)) ||
            (host.size() > local.size() &&
             detail::equal_ignoring_case(host.substr(host.size() - local.size()), local)))
            return true;
        return std::any_of(names_.begin(), names_.end(), [host](const std::string& one) {
            return detail::equal_ignoring_case(host, one);
        });
    }

private:
    std::vector<std::string> names_;
};

} // namespace quipu

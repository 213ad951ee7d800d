#include "sink_url.hpp"

#include <quipu/core/ascii.hpp>

#include <array>
#include <cstdint>
#include <string>

#include <unistd.h>

namespace quipud {

namespace {

struct scheme {
    std::string_view begin;
    sink_kind kind;
    std::uint16_t port;
};

constexpr std::array<scheme, 7> schemes{{
    {"graphite://", sink_kind::graphite, 2003},
    {"graphite+pickle://", sink_kind::graphite, 2004},
    {"influx://", sink_kind::influx, 8086},
    {"influx+udp://", sink_kind::influx_udp, 8089},
    {"opentsdb://", sink_kind::opentsdb, 4242},
    {"statsd://", sink_kind::statsd, 8125},
    {"statsd+tcp://", sink_kind::statsd_tcp, 8125},
}};

/// The text as a value within a query.
std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (quipu::detail::is_letter(c) || quipu::detail::is_digit(c) || c == '-' || c == '_' ||
            c == '.' || c == '~') {
            out += c;
        } else {
            ((out += '%') += digits[byte >> 4U]) += digits[byte & 15U];
        }
    }
    return out;
}

std::string name_of_this_host() {
    std::array<char, 256> name{};
    const bool known = ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
    return known ? name.data() : "localhost";
}

/// Takes what stands behind the port; false if the kind has no such thing, or lacks it.
bool read_rest(std::string_view rest, sink_setting& into) {
    if (into.kind == sink_kind::influx) {
        const auto database = rest.substr(rest.empty() ? 0 : 1);
        into.rest = "/write?db=" + escaped(database) + "&precision=s";
        return rest.starts_with('/') && !database.empty() &&
               database.find_first_of("/?") == database.npos;
    }
    if (into.kind == sink_kind::opentsdb) {
        constexpr std::string_view host = "?host=";
        into.rest = rest.empty() ? name_of_this_host()
                                 : rest.substr(host.size() < rest.size() ? host.size() : 0);
        return rest.empty() || (rest.starts_with(host) && rest.size() > host.size());
    }
    return rest.empty();
}

} // namespace

std::optional<sink_setting> read_sink_url(std::string_view url) {
    for (const auto& [begin, kind, port] : schemes) {
        if (!url.starts_with(begin))
            continue;
        const auto place = url.substr(begin.size());
        const auto end = place.find_first_of("/?");
        auto to = quipu::parse_host_port(place.substr(0, end), port);
        sink_setting made;
        made.kind = kind;
        made.url = url;
        made.pickles = begin == "graphite+pickle://";
        if (!to || to->host.empty() || to->host == "*" || to->port == 0 ||
            !read_rest(end == place.npos ? "" : place.substr(end), made))
            return std::nullopt;
        made.to = *std::move(to);
        return made;
    }
    return std::nullopt;
}

} // namespace quipud

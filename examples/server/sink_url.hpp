// The URLs of backends over the network: what each scheme means.
#pragma once

#include "settings.hpp"

#include <optional>
#include <string_view>

namespace quipud {

/// Reads the URL of a backend over the network; nothing if it is none, or lacks a part.
[[nodiscard]] std::optional<sink_setting> read_sink_url(std::string_view url);

/// The forms of those URLs, as a message tells them.
inline constexpr std::string_view sink_url_forms =
    "graphite://HOST:PORT, graphite+pickle://HOST:PORT, influx://HOST:PORT/DATABASE, "
    "influx+udp://HOST:PORT, opentsdb://HOST:PORT, statsd://HOST:PORT, statsd+tcp://HOST:PORT";

} // namespace quipud

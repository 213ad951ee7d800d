// A way out, as a URL and the options of its section say it.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/server/repeater.hpp>
#include <quipu/sink/statsite_stream.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

enum class sink_kind {
    none,
    console,
    graphite,
    influx,
    influx_udp,
    json,
    opentsdb,
    statsd,
    statsd_tcp,
    repeat,
    command
};

struct sink_setting {
    sink_kind kind = sink_kind::console;
    quipu::host_port to{}; ///< a backend over the network
    std::string rest{};    ///< what it needs beside: influx's path, opentsdb's host, json's file
    bool pickles = false;  ///< to Graphite, in place of lines
    bool pretty = false;   ///< Etsy's console, in colours
    quipu::statsite_form form = quipu::statsite_form::lines; ///< that a command gets
    quipu::repeat_target copies{};                           ///< where raw copies go
    std::string url = "console:"; ///< of a command: `exec:` and the command

    // Of a section [sink NAME].
    std::string section{};               ///< empty: it is a line `sink = URL`
    std::optional<std::string> prefix{}; ///< these two: the settings', unless it has its own
    std::optional<std::vector<quipu::percentile>> percentiles{};
    std::vector<std::string> only{};   ///< globs of the series that go there; empty: all
    std::vector<std::string> except{}; ///< globs of those that do not
    std::optional<std::size_t> queue{};
    std::optional<std::int64_t> retry_ms{}, retry_max_ms{};
    std::optional<std::size_t> resend{}; ///< bytes that are kept until they are known to be read
    std::optional<std::int64_t> look_up_ms{}; ///< after so long a name is asked for again; 0: never

    [[nodiscard]] std::string command() const { return url.substr(url.find(':') + 1); }
    [[nodiscard]] bool is_filtered() const { return !only.empty() || !except.empty(); }
};

inline constexpr std::string_view sink_section = "sink";

/// Takes what a URL says. What is wrong with it, or nothing.
[[nodiscard]] std::string read_sink_url(std::string_view url, sink_setting& into);

/// Takes an option of a section [sink NAME], `url` too. What is wrong with it, or nothing.
[[nodiscard]] std::string
read_sink_option(std::string_view key, std::string_view value, sink_setting& into);

/// What the section lacks, or has that its kind does not know; or nothing.
[[nodiscard]] std::string check_sink(const sink_setting& one);

/// Calls `tell(key, value)` for each line of its section.
void print_sink(const sink_setting& one,
                const std::function<void(std::string_view, const std::string&)>& tell);

} // namespace quipud

// The command line of quipud.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/schema/percentile.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

enum class profile_name { quipu, etsy, kiip };
enum class sink_kind { console, graphite };

/// One `--sink`.
struct sink_option {
    sink_kind kind = sink_kind::console;
    quipu::host_port to{}; ///< Graphite's
    std::string url = "console:";
};

/// What the command line asks for.
struct command_line {
    bool help = false;
    bool version = false;
    profile_name profile = profile_name::quipu;
    std::vector<quipu::endpoint> listen{}; ///< empty: the profile's own
    std::vector<sink_option> sinks{};      ///< empty: the console
    std::int64_t interval_ms = 10'000;
    bool align = false;
    std::optional<std::vector<quipu::percentile>> percentiles{};
    std::optional<std::string> prefix{};
};

/// A command line that was read, or one line that says what is wrong with it.
struct parsed_command_line {
    command_line options{};
    std::string error{}; ///< empty: all is well
};

/// Reads the arguments, the program's own name left out. Both `--name value` and `--name=value` do.
[[nodiscard]] parsed_command_line
parse_command_line(const std::vector<std::string_view>& arguments);

/// What `--help` prints.
[[nodiscard]] std::string_view help_text() noexcept;

} // namespace quipud

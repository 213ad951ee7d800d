// How a server of each profile is run.
#pragma once

#include "command_line.hpp"

#include <functional>
#include <string_view>

namespace quipud {

/// Reads the command line and its files once more.
using reread = std::function<command_line()>;

enum exit_code : int { exit_ok = 0, exit_not_started = 1, exit_usage = 2 };

/// Says why the program ends, as one line, and returns the code.
int fail(exit_code code, std::string_view why);

// Each serves until a signal ends it, and returns the exit code.

[[nodiscard]] int serve_quipu(const command_line& line, const reread& again);
[[nodiscard]] int serve_dogstatsd(const command_line& line, const reread& again);
[[nodiscard]] int serve_etsy(const command_line& line, const reread& again);
[[nodiscard]] int serve_etsy_verbatim(const command_line& line, const reread& again);
[[nodiscard]] int serve_kiip(const command_line& line, const reread& again);
[[nodiscard]] int serve_statsite(const command_line& line, const reread& again);

} // namespace quipud

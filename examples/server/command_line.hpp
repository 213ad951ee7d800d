// The command line of quipud.
#pragma once

#include "settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quipud {

/// What to do.
enum class action { serve, help, version, check, print_config };

/// A command line that was read with the files that it names, or one line that says what is wrong.
struct command_line {
    action what = action::serve;
    settings all{};
    std::vector<std::string> notices{}; ///< what of the files is left out, one line each
    std::string error{};                ///< empty: all is well
};

/// Reads the arguments. Both `--name value` and `--name=value` do.
/// Input    program: the name under which it was started. Under the name of `statsite` it is that
///          server, unless a file says otherwise.
[[nodiscard]] command_line parse_command_line(std::string_view program,
                                              const std::vector<std::string_view>& arguments);

/// What `--help` prints.
[[nodiscard]] std::string_view help_text() noexcept;

} // namespace quipud

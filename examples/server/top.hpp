// `quipud top`: a running server on a terminal.
#pragma once

#include <string_view>
#include <vector>

namespace quipud {

/// Runs `quipud top` with the arguments behind that word; returns the exit code.
[[nodiscard]] int top(const std::vector<std::string_view>& arguments);

} // namespace quipud

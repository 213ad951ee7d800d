// What is surely a slip: it could be read, but nobody means it.
#pragma once

#include "settings.hpp"

#include <quipu/server/ini.hpp>

#include <string>
#include <string_view>

namespace quipud {

/// The first slip in a config file of quipud's own, with its line: a key that stands twice in a section,
/// or in two of one name, and would be lost once; a quote that does not end. Empty: none.
[[nodiscard]] quipu::config_error slip_in(const quipu::ini_file& file);

/// What is wrong with a list of globs, or a mapping's `match`: a regular expression stands there.
/// Empty: nothing.
[[nodiscard]] std::string slip_in_glob(std::string_view glob);

/// What is wrong with a prefix of a profile whose nodes are joined by dots.
[[nodiscard]] std::string slip_in_prefix(const settings& all, const std::string& prefix);

/// What is wrong with percentiles: all of them look like fractions.
[[nodiscard]] std::string slip_in_percentiles(const std::vector<quipu::percentile>& all);

} // namespace quipud

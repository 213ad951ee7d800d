// The values of settings as text: read from it, and printed as it. Each reader returns what is wrong
// with the text, or nothing.
#pragma once

#include "settings.hpp"

#include <quipu/net/endpoint.hpp>
#include <quipu/schema/percentile.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);
[[nodiscard]] std::string in_lower_case(std::string_view text);
/// A host as addresses have it: an IPv6 one in brackets.
[[nodiscard]] std::string in_brackets(const std::string& host);
/// "10s", "500ms", "2m", "1h"; a bare number is seconds.
[[nodiscard]] std::string
read_time(std::string_view text, std::int64_t ms_min, std::int64_t ms_max, std::int64_t& into);
[[nodiscard]] std::string print_time(std::int64_t ms);
[[nodiscard]] std::string read_switch(std::string_view text, bool& into);
[[nodiscard]] std::string print_switch(bool on);
[[nodiscard]] std::string read_node(std::string_view text, std::string& into);
[[nodiscard]] std::string read_address(std::string_view text,
                                       std::uint16_t default_port,
                                       std::optional<quipu::host_port>& into);
[[nodiscard]] std::string print_address(const std::optional<quipu::host_port>& at);
[[nodiscard]] std::string read_idle(std::string_view text, idle_flushes& into);
[[nodiscard]] std::string print_idle(idle_flushes flushes);
[[nodiscard]] std::string print_numbers(const std::vector<double>& list);
[[nodiscard]] std::string read_percentiles(std::string_view text,
                                           std::vector<quipu::percentile>& into);
[[nodiscard]] std::string print_percentiles(const std::vector<quipu::percentile>& list);
/// The number of a facility of syslog: `daemon`, `user`, `local0` to `local7`.
[[nodiscard]] std::optional<int> facility_of(std::string_view name);
[[nodiscard]] std::string read_bytes(std::string_view text, std::size_t& into);

} // namespace quipud

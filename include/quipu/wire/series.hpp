// What a sample belongs to: the kind of metric, its name, and its tags.
#pragma once

#include <quipu/core/config.hpp>

#include <cstdint>
#include <string_view>

namespace quipu {

/// The five kinds of running values. Histograms (`h`) and distributions (`d`) of the wire are
/// timers.
enum class metric_kind : std::uint8_t { counter, timer, gauge, unique, keyvalue };

inline constexpr std::size_t metric_kind_count = 5;

/// The native bounds: longer lines, without their newline, and longer names, without their tags,
/// are refused.
inline constexpr std::size_t native_line_bytes_max = 8192;
inline constexpr std::size_t native_name_bytes_max = 1024;

/// The word for a kind, in the singular.
[[nodiscard]] constexpr std::string_view to_string(metric_kind kind) noexcept {
    constexpr std::string_view words[metric_kind_count] = {
        "counter", "timer", "gauge", "set", "key/value"};
    return words[static_cast<std::size_t>(kind)];
}

/// One series as it stands on the wire. Owns nothing.
struct series {
    metric_kind kind = metric_kind::counter;
    std::string_view name{};
    /// The text of the tag list, without its mark: `env:prod,region:eu`. Empty if there is none.
    std::string_view tags{};

    friend constexpr bool operator==(const series&, const series&) = default;
};

} // namespace quipu

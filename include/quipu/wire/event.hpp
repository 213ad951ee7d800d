// Events and service checks: DogStatsD's lines that are no metrics.
#pragma once

#include <quipu/wire/sample.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

enum class event_priority : std::uint8_t { normal, low };
enum class event_alert : std::uint8_t { info, success, warning, error };
enum class service_status : std::uint8_t { ok, warning, critical, unknown };

/// The words of the wire.
[[nodiscard]] constexpr std::string_view to_string(event_priority priority) noexcept {
    return priority == event_priority::low ? "low" : "normal";
}
[[nodiscard]] constexpr std::string_view to_string(event_alert alert) noexcept {
    constexpr std::string_view words[] = {"info", "success", "warning", "error"};
    return words[static_cast<std::size_t>(alert)];
}
[[nodiscard]] constexpr std::string_view to_string(service_status status) noexcept {
    constexpr std::string_view words[] = {"ok", "warning", "critical", "unknown"};
    return words[static_cast<std::size_t>(status)];
}

/// What events and service checks say about where they come from. Empty is what was not said.
struct event_origin {
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    std::string_view host{};
    /// The text of the tag list, without its mark: `env:prod,region:eu`.
    std::string_view tags{};
    std::string_view container{};     ///< `|c:`
    std::string_view external_data{}; ///< `|e:`
    std::string_view cardinality{};   ///< `|card:`

    friend constexpr bool operator==(const event_origin&, const event_origin&) = default;
};

/// Something that happened. Owns nothing: its views point into the line it was parsed from, where
/// a newline in title or text is spelled as a backslash and an n: see append_unescaped in
/// format_event.hpp.
struct event {
    std::string_view title{};
    std::string_view text{};
    event_origin origin{};
    std::string_view aggregation_key{};
    std::string_view source_type{};
    event_priority priority = event_priority::normal;
    event_alert alert = event_alert::info;

    friend constexpr bool operator==(const event&, const event&) = default;
};

/// How a service is. Owns nothing; newlines in the message are spelled as in an event.
struct service_check {
    std::string_view name{};
    service_status status = service_status::ok;
    event_origin origin{};
    std::string_view message{};

    friend constexpr bool operator==(const service_check&, const service_check&) = default;
};

/// The longest line of an event or a service check; as long as any other.
inline constexpr std::size_t event_bytes_max = native_line_bytes_max;

/// Whether a line is one for parse_event, by its start.
[[nodiscard]] constexpr bool is_event(std::string_view line) noexcept {
    return line.starts_with("_e{");
}

/// Whether a line is one for parse_service_check, by its start.
[[nodiscard]] constexpr bool is_service_check(std::string_view line) noexcept {
    return line.starts_with("_sc|");
}

} // namespace quipu

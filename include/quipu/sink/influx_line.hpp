// A line of InfluxDB's line protocol: how names are escaped, and what cannot stand in them.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/sink/clean_tags.hpp>
#include <quipu/wire/canonical.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

namespace detail {

/// Appends a text without what the protocol has no form for: control characters, backslashes (which
/// readers take in different ways) and bytes that are not UTF-8 become '_'.
inline void append_influx_clean(std::string& out, std::string_view text) {
    if (is_printable_without<'\\'>(text)) {
        out += text;
        return;
    }
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const char c = character.front();
        if (size == 0 || (size == 1 && (is_control(c) || c == '\\')))
            out += '_';
        else
            out += character;
    }
}

/// Appends a clean text with a backslash before what would end it: a blank or a comma, and with
/// `Equals` a '='.
template <bool Equals>
void append_influx_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == ' ' || c == ',' || (Equals && c == '='))
            out += '\\';
        out += c;
    }
}

/// A '#' that begins a name becomes '_', for it would begin a comment, and so does nothing.
inline void append_influx_name(std::string& out, std::string_view name) {
    if (name.empty() || name.front() == '#') {
        out += '_';
        name.remove_prefix(name.empty() ? 0 : 1);
    }
    append_influx_clean(out, name);
}

/// `time`, `_field` and `_measurement` are InfluxDB's own, and `metric_type` ours: they become
/// `exported_time`, …. An empty value or key is '_'. See clean_tags.
[[nodiscard]] inline std::vector<clean_tag> influx_tags(std::string_view tags) {
    return clean_tags(
        tags,
        [](std::string& out, std::string_view key) {
            if (key == "time" || key == "_field" || key == "_measurement" || key == "metric_type")
                out = "exported_";
            append_influx_clean(out, key.empty() ? "_" : key);
        },
        [](std::string& out, std::string_view value) {
            append_influx_clean(out, value.empty() ? "_" : value);
        });
}

} // namespace detail

/// Appends a measurement and its tags, the begin of a line: `api.latency,metric_type=timing,region=eu`.
///
/// Canonical tags, `;key=value;bare`, keep their order behind `metric_type`, which tells series of one
/// name apart that are of two kinds. What the protocol has a form for is escaped, the rest becomes '_'.
/// Cost     O(size); allocates as `out` grows.
/// Source   InfluxDB 1.8 and 2.x, "Line protocol".
inline void append_influx_key(std::string& out,
                              std::string_view name,
                              std::string_view metric_type,
                              std::string_view tags) {
    std::string clean;
    detail::append_influx_name(clean, name);
    detail::append_influx_text<false>(out, clean);
    (out += ",metric_type=") += metric_type;
    for (const auto& [key, value] : detail::influx_tags(tags)) {
        out += ',';
        detail::append_influx_text<true>(out, key);
        out += '=';
        detail::append_influx_text<true>(out, value);
    }
}

/// What InfluxDB knows a series by, beside its kind, if that is not its canonical text.
/// Returns  false, and appends nothing, if it is the canonical text.
inline bool append_influx_identity(std::string& out, std::string_view canonical) {
    const auto parts = split_canonical(canonical);
    const auto is_reserved = [&](std::string_view key) {
        return parts.tags.find(key) != parts.tags.npos;
    };
    if (detail::is_printable_without<'\\'>(canonical) && !canonical.starts_with('#') &&
        !parts.name.empty() && detail::are_simple_tags(parts.tags) && !is_reserved(";time=") &&
        !is_reserved(";_field=") && !is_reserved(";_measurement=") && !is_reserved(";metric_type="))
        return false;
    detail::append_influx_name(out, parts.name);
    detail::append_tags(out, detail::influx_tags(parts.tags));
    return true;
}

/// Appends `key=value`, the value as a float: never an integer, whose `i` would make it another type.
/// Input    value: finite.
inline void append_influx_field(std::string& out, std::string_view key, double value) {
    detail::append_influx_text<true>(out, key);
    out += '=';
    char text[layout::shortest::bytes_max];
    out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
}

} // namespace quipu

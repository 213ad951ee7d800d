// The names and labels of Prometheus: what it takes of a series, and what stands for the rest.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/sink/clean_tags.hpp>

#include <string>
#include <string_view>

namespace quipu {

namespace detail {

/// Appends a name of letters, digits and '_', the first no digit; all else becomes '_'. `Colons`:
/// the name of a metric may have them, that of a label may not.
template <bool Colons>
void append_prometheus_name(std::string& out, std::string_view name) {
    if (name.empty() || is_digit(name.front()))
        out += '_';
    for (const char c : name)
        out += is_letter(c) || is_digit(c) || (Colons && c == ':') ? c : '_';
}

/// Appends the value of a label, escaped; each byte that is not UTF-8 becomes '?'.
inline void append_prometheus_value(std::string& out, std::string_view value) {
    while (!value.empty()) {
        const auto size = utf8_size(value);
        const auto character = value.substr(0, size == 0 ? 1 : size);
        value.remove_prefix(character.size());
        if (size == 0)
            out += '?';
        else if (character == "\n")
            out += "\\n";
        else if (character == "\\" || character == "\"")
            (out += '\\') += character;
        else
            out += character;
    }
}

/// The labels of canonical tags, `;key=value;bare`, as `key="value",bare="true"`, in their order.
/// `le`, `quantile` and all that begins with `__` are Prometheus' own: they become `exported_le`, …. Those
/// that have one name after that are one label with all their values, in order: `team="a,b"`. An empty
/// value is no label to Prometheus.
[[nodiscard]] inline std::string prometheus_labels(std::string_view tags) {
    const auto append_key = [](std::string& out, std::string_view key) {
        append_prometheus_name<false>(out, key);
        if (out == "le" || out == "quantile" || out.starts_with("__"))
            out.insert(0, "exported_");
    };
    std::string out;
    for (const auto& [key, value] : clean_tags(tags, append_key, append_prometheus_value, false)) {
        out += out.empty() ? "" : ",";
        (((out += key) += "=\"") += value) += '"';
    }
    return out;
}

} // namespace detail

} // namespace quipu

// A line of InfluxDB's line protocol: how names are escaped, and what cannot stand in them.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

namespace detail {

/// Appends a name, a tag or a field, with a backslash before what would end it: a blank or a comma, and
/// with `Equals` a '='. What the protocol has no form for, control characters, backslashes (which
/// readers take in different ways) and bytes that are not UTF-8, becomes '_'.
template <bool Equals>
void append_influx_text(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const char c = character.front();
        if (size == 0 || (size == 1 && (is_control(c) || c == '\\'))) {
            out += '_';
            continue;
        }
        if (c == ' ' || c == ',' || (Equals && c == '='))
            out += '\\';
        out += character;
    }
}

} // namespace detail

/// Appends a measurement and its tags, the begin of a line: `api.latency,metric_type=timing,region=eu`.
///
/// Canonical tags, `;key=value;bare`, keep their order behind `metric_type`, which tells series of one
/// name apart that are of two kinds. A bare tag is `true`, an empty value or key '_'. `time`, `_field`
/// and `_measurement` are InfluxDB's own, and `metric_type` ours: they become `exported_time`, …. Of
/// several tags that have one key after that the first stays. A '#' that begins a name becomes '_': it
/// would begin a comment.
/// Cost     O(size); allocates as `out` grows.
/// Source   InfluxDB 1.8 and 2.x, "Line protocol".
inline void append_influx_key(std::string& out,
                              std::string_view name,
                              std::string_view metric_type,
                              std::string_view tags) {
    if (name.empty() || name.front() == '#') {
        out += '_';
        name.remove_prefix(name.empty() ? 0 : 1);
    }
    detail::append_influx_text<false>(out, name);
    (out += ",metric_type=") += metric_type;
    std::vector<std::string> seen;
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        if (tag.empty())
            continue;
        const auto equals = tag.find('=');
        const auto key = tag.substr(0, equals);
        std::string clean;
        if (key == "time" || key == "_field" || key == "_measurement" || key == "metric_type")
            clean = "exported_";
        detail::append_influx_text<true>(clean, key.empty() ? "_" : key);
        if (std::find(seen.begin(), seen.end(), clean) != seen.end())
            continue;
        ((out += ',') += clean) += '=';
        seen.push_back(std::move(clean));
        const auto value = equals == tag.npos ? "true" : tag.substr(equals + 1);
        detail::append_influx_text<true>(out, value.empty() ? "_" : value);
    }
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

// Which series somebody wants to see, and in which order.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/server/http_request.hpp>
#include <quipu/wire/series.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

enum class series_order : std::uint8_t { name, kind, value, rate };

/// What is asked of a list of series.
struct series_query {
    static constexpr std::size_t limit_max = 200; ///< more rows are not told at once

    std::string search{};              ///< words that all stand in the name or tags
    std::optional<metric_kind> kind{}; ///< only these
    series_order order = series_order::name;
    bool descending = false;
    std::size_t offset = 0;
    std::size_t limit = 50;

    /// Whether the series of that canonical text is asked for; capitals do not matter.
    /// Cost     O(name × words).
    [[nodiscard]] bool finds(std::string_view name) const noexcept {
        const auto same = [](char a, char b) { return detail::to_lower(a) == detail::to_lower(b); };
        std::string_view rest = search;
        for (rest = detail::trim(rest); !rest.empty(); rest = detail::trim(rest)) {
            std::size_t size = 0;
            while (size < rest.size() && !detail::is_blank(rest[size]))
                ++size;
            const auto word = rest.substr(0, size);
            if (std::search(name.begin(), name.end(), word.begin(), word.end(), same) == name.end())
                return false;
            rest.remove_prefix(size);
        }
        return true;
    }

    friend bool operator==(const series_query&, const series_query&) = default;
};

/// A kind in a query, and in JSON.
[[nodiscard]] constexpr std::string_view kind_word(metric_kind kind) noexcept {
    return kind == metric_kind::keyvalue ? "keyvalue" : to_string(kind);
}

[[nodiscard]] constexpr std::optional<metric_kind> kind_of(std::string_view word) noexcept {
    for (std::size_t i = 0; i < metric_kind_count; ++i) {
        const auto kind = static_cast<metric_kind>(i);
        if (kind_word(kind) == word)
            return kind;
    }
    return std::nullopt;
}

/// Reads `search=…&kind=…&sort=name|kind|value|rate&order=asc|desc&offset=…&limit=…`. What is left
/// out is as in a fresh series_query.
/// Returns  nothing if a value is none of these.
[[nodiscard]] inline std::optional<series_query> parse_series_query(std::string_view query) {
    series_query made;
    made.search = query_value(query, "search").value_or("");
    if (const auto word = query_value(query, "kind"); word && !word->empty()) {
        made.kind = kind_of(*word);
        if (!made.kind)
            return std::nullopt;
    }
    const auto sort = query_value(query, "sort").value_or("name");
    if (sort == "kind")
        made.order = series_order::kind;
    else if (sort == "value")
        made.order = series_order::value;
    else if (sort == "rate")
        made.order = series_order::rate;
    else if (sort != "name")
        return std::nullopt;
    const auto order = query_value(query, "order").value_or("asc");
    made.descending = order == "desc";
    if (!made.descending && order != "asc")
        return std::nullopt;
    const auto take_number = [&](std::string_view key, std::size_t& into) {
        const auto text = query_value(query, key);
        if (!text)
            return true;
        if (text->empty() || text->size() > 9)
            return false;
        std::size_t value = 0;
        for (const char c : *text) {
            if (!detail::is_digit(c))
                return false;
            value = value * 10 + static_cast<std::size_t>(c - '0');
        }
        into = value;
        return true;
    };
    if (!take_number("offset", made.offset) || !take_number("limit", made.limit))
        return std::nullopt;
    made.limit = std::min(made.limit, series_query::limit_max);
    return made;
}

} // namespace quipu

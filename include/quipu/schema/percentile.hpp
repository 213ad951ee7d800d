// Percentiles as users write them: a number, and the suffix that it gives to names.
#pragma once

#include <quipu/core/number.hpp>
#include <quipu/core/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// A percentile: -100 to 100; a negative one means the highest values.
struct percentile {
    double value = 90;
    /// What it is called in a name: `90`, `99_9`, `top10`.
    std::string suffix = "90";

    /// The share of the values, 0 to 1.
    [[nodiscard]] double share() const noexcept { return (value < 0 ? -value : value) / 100; }

    friend bool operator==(const percentile&, const percentile&) = default;
};

/// Reads a percentile; the suffix is its text with the first '.' as '_' and the '-' as "top".
/// Errors   bad_number, number_out_of_range (outside -100 to 100).
[[nodiscard]] inline result<percentile> parse_percentile(std::string_view text) {
    const auto value = parse_number(text);
    if (!value)
        return value.error();
    if (!(*value >= -100 && *value <= 100))
        return errc::number_out_of_range;
    std::string suffix(text);
    if (suffix[0] == '-')
        suffix.replace(0, 1, "top");
    if (suffix[0] == '+')
        suffix.erase(0, 1);
    if (const auto dot = suffix.find('.'); dot != suffix.npos)
        suffix[dot] = '_';
    return percentile{*value, std::move(suffix)};
}

/// Reads a list such as `50,90,99.9`.
/// Errors   as for one.
[[nodiscard]] inline result<std::vector<percentile>> parse_percentiles(std::string_view text) {
    std::vector<percentile> list;
    for (;;) {
        const auto comma = text.find(',');
        auto one = parse_percentile(text.substr(0, comma));
        if (!one)
            return one.error();
        list.push_back(*std::move(one));
        if (comma == text.npos)
            return list;
        text.remove_prefix(comma + 1);
    }
}

} // namespace quipu

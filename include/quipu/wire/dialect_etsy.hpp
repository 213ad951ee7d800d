// The dialect of Etsy's statsd.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/wire/dialect_native.hpp>

#include <cstddef>
#include <string_view>

namespace quipu::dialect {

/// Etsy's statsd. Source: statsd/statsd 0.10.2, stats.js and lib/helpers.js, as observed.
/// Deviations: what gives an infinity there (`|@0`, `Infinity`, `1e400`) or ends that server
/// (`|@Infinity`, `|@ 0.1`, `|@+1`) is refused; blanks outside ASCII are no blanks; a line and a
/// name have a bound.
struct etsy : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr std::size_t name_bytes_max = line_bytes_max - 8; // a value and a type follow
    static constexpr std::size_t tag_bytes_max = line_bytes_max;
    static constexpr std::size_t values_max = line_bytes_max / 2;
    static constexpr tag_field tags = tag_field::rest_of_line;
    static constexpr name_tags tags_in_name = name_tags::absent; // they are part of it
    static constexpr repetition repeats = repetition::typed;
    static constexpr bool ignores_carriage_return = false; // but blanks around a type are
    static constexpr bool unterminated_lines = false;
    static constexpr bool sanitizes = true;
    static constexpr bool sorts_tags = false;

    /// Blanks around it do not count; every unknown type is a counter.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        type = detail::trim(type);
        if (type == "ms")
            return metric_kind::timer;
        if (type == "g")
            return metric_kind::gauge;
        if (type == "s")
            return metric_kind::unique;
        return metric_kind::counter;
    }

    /// It has no key/values: `kv` is a counter there. The blank lets a timing below zero pass.
    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        if (one.series.kind == metric_kind::keyvalue)
            return {};
        const bool below_zero = one.series.kind == metric_kind::timer && one.value < 0;
        return below_zero ? std::string_view("ms ") : quipu::type_of(one);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return '\0'; }

    /// Anything is a name, even nothing: it is cleaned later. Errors: name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        return name.size() > name_bytes_max ? errc::name_too_long : errc::ok;
    }

    /// The rules look at the type as written, blanks included, so `-1|ms ` is no refusal.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique)
            out.member = text.empty() ? "0" : text;
        if (type == "s")
            return errc::ok;
        const auto number = parse_javascript_number(text);
        if (out.series.kind == metric_kind::unique) // its type has blanks: it has to be a number
            return number.error() == errc::bad_number ? errc::bad_number : errc::ok;
        if (!number)
            return number.error();
        if (type == "ms" && *number < 0)
            return errc::negative_timing;
        out.value = *number;
        out.relative = out.series.kind == metric_kind::gauge && (text[0] == '+' || text[0] == '-');
        return errc::ok;
    }

    /// The first field is a rate, the others do not count. All of it has to be a number, and the
    /// digits and points at its start are the rate: `@1e-1` is 1.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0)
            return errc::ok;
        if (text.empty() || text[0] != '@')
            return errc::bad_rate;
        text.remove_prefix(1);
        if (parse_javascript_number(text).error() == errc::bad_number)
            return errc::bad_rate;
        std::size_t digits = 0;
        while (digits < text.size() && (detail::is_digit(text[digits]) || text[digits] == '.'))
            ++digits;
        const auto rate = parse_number(text.substr(0, digits));
        if (!rate || *rate < rate_min)
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }
};

/// Etsy's statsd with `keyNameSanitize: false`: names stay as they came. Its Graphite backend cleans
/// them then, tags apart.
struct etsy_verbatim : etsy {
    static constexpr bool sanitizes = false;
};

} // namespace quipu::dialect

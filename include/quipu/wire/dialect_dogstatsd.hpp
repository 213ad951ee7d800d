// The dialect of DogStatsD, as Datadog's agent reads it.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/wire/dialect_native.hpp>

#include <cstddef>
#include <string_view>

namespace quipu::dialect {

/// DogStatsD, protocol versions 1.0 to 1.6. Source: Datadog's protocol description, and the tests
/// of the agent's comp/dogstatsd/server. Gauges do not change by a sign; the fields come in any
/// order, and unknown ones do not count; `1:2:3|ms` is three samples, `a:b|s` one. A message is taken
/// whole or refused whole: so `http://x:1|c` is no counter `http`.
/// Deviations: a rate is in (0, 1] and a number plain; a name is UTF-8 without control characters.
struct dogstatsd : quipu {
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::values;
    static constexpr bool signs_change_gauges = false;

    /// The native types but `kv`.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "kv" ? result<metric_kind>(errc::unknown_type) : quipu::kind(type);
    }

    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        if (one.series.kind == metric_kind::keyvalue)
            return {};
        if (one.series.kind == metric_kind::timer && one.timer == timer_type::h)
            return "h";
        if (one.series.kind == metric_kind::timer && one.timer == timer_type::d)
            return "d";
        return quipu::type_of(one);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return 'T'; }

    /// Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (const auto error = quipu::check_name(name); error != errc::ok)
            return error;
        for (std::size_t size = 0; !name.empty(); name.remove_prefix(size)) {
            size = utf8_size(name);
            if (size == 0)
                return errc::bad_name;
        }
        return errc::ok;
    }

    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        if (out.series.kind == metric_kind::timer)
            out.timer = type == "h" ? timer_type::h : type == "d" ? timer_type::d : timer_type::ms;
        const auto error = quipu::read_value(text, type, out);
        out.relative = false;
        return error;
    }

    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok;
        if (text[0] == '@')
            return read_rate(text, out);
        if (text[0] == 'T') {
            const auto error = read_timestamp(text, out);
            return error == errc::ok && out.timestamp == 0 ? errc::bad_timestamp : error;
        }
        if (text.starts_with("c:") || text.starts_with("e:") || text.starts_with("card:"))
            out.origin.add(text);
        return errc::ok;
    }
};

} // namespace quipu::dialect

// The dialect of the Python statsite.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/wire/dialect_native.hpp>

#include <cstdint>
#include <string_view>

namespace quipu::dialect {

/// The Python statsite. Source: kiip/statsite 0.5.1, statsite/parser.py, as observed.
/// A rate has no effect on a timer. Deviation: a sampled counter is scaled up, not down.
struct kiip : quipu {
    static constexpr tag_field tags = tag_field::absent;
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::absent;
    static constexpr bool ignores_carriage_return = false;
    static constexpr bool sorts_tags = false;

    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type == "c")
            return metric_kind::counter;
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        const bool known =
            one.series.kind != metric_kind::gauge && one.series.kind != metric_kind::unique;
        return known ? quipu::type_of(one) : std::string_view();
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind kind) noexcept {
        return kind == metric_kind::keyvalue ? '@' : '\0';
    }

    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        for (const char c : name) {
            const bool known =
                detail::is_letter(c) || detail::is_digit(c) || c == '-' || c == '_' || c == '.';
            if (!known)
                return errc::bad_name;
        }
        return errc::ok;
    }

    /// An optional '-', then digits and dots.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        const std::size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
        return is_plain(text.substr(first)) ? detail::read_number(text, out) : errc::bad_number;
    }

    /// `@` and digits and dots: a rate, of which 0 stands for none, but the time of a key/value.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0 || text.empty() || text[0] != '@')
            return errc::unknown_field;
        const bool timed = out.series.kind == metric_kind::keyvalue;
        const auto flag = is_plain(text.substr(1)) ? parse_number(text.substr(1))
                                                   : result<double>(errc::bad_number);
        if (timed) {
            if (!flag || *flag >= 9e18)
                return errc::bad_timestamp;
            out.timestamp = static_cast<std::int64_t>(*flag);
        } else {
            if (!flag || (*flag > 0 && *flag < rate_min))
                return errc::bad_rate;
            if (*flag > 0 && out.series.kind == metric_kind::counter)
                out.rate = *flag;
        }
        return errc::ok;
    }

private:
    [[nodiscard]] static constexpr bool is_plain(std::string_view text) noexcept {
        for (const char c : text) {
            if (!detail::is_digit(c) && c != '.')
                return false;
        }
        return true;
    }
};

} // namespace quipu::dialect

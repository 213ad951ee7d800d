// The dialect of statsite, the one in C.
#pragma once

#include <quipu/core/number.hpp>
#include <quipu/wire/dialect_native.hpp>

#include <cstddef>
#include <limits>
#include <string_view>

namespace quipu::dialect {

/// statsite. Source: statsite/statsite 0.8.1, src/ascii_parser_std.rl and src/conn_handler.c, as
/// observed. Numbers are read as far as they go: `1abc` is 1, `0x10` and `-` are 0. Names are any
/// bytes but ':', and end at a NUL.
/// Deviations: what gives an infinity there (400 digits, `|@1e-310`) is refused, and so are a name
/// and a member that a NUL leaves empty; numbers are correctly rounded; a line and a name have a
/// bound.
struct statsite : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr tag_field tags = tag_field::absent;
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::absent;
    static constexpr bool bars_part_fields = false;
    static constexpr bool names_keep_nul = false;
    static constexpr bool ignores_carriage_return = false;
    static constexpr bool unterminated_lines = false;
    static constexpr bool sorts_tags = false;

    /// `h` is another word for `ms`; `d` is none.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "d" ? result<metric_kind>(errc::unknown_type) : quipu::kind(type);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return '\0'; }

    /// Any bytes. Errors: empty_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        return name.size() > name_bytes_max ? errc::name_too_long : errc::ok;
    }

    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        text = text.substr(0, text.find('\0'));
        if (out.series.kind == metric_kind::unique) {
            out.member = text;
            return text.empty() ? errc::empty_member : errc::ok;
        }
        const auto number = read_prefix(text);
        if (!number)
            return number.error();
        if (underflows(text.substr(0, number->size), number->value))
            return errc::number_out_of_range;
        out.value = number->value;
        out.integral = number->integral;
        out.relative = out.series.kind == metric_kind::gauge && (text[0] == '+' || text[0] == '-');
        return errc::ok;
    }

    /// The rate of a counter or timer: all the rest of the line, of which the number at the start
    /// counts. A rate outside (0, 1] is 1, and so is whatever has one character.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        const bool rated =
            out.series.kind == metric_kind::counter || out.series.kind == metric_kind::timer;
        if (!rated || text.size() < 2 || text[0] != '@')
            return errc::unknown_field;
        if (text.size() == 2)
            return errc::ok;
        const auto rate = read_prefix(text.substr(1));
        if (rate.error() == errc::bad_number)
            return errc::bad_rate;
        if (!rate || !(rate->value > 0 && rate->value <= 1))
            return errc::ok;
        if (rate->value < rate_min)
            return errc::bad_rate;
        out.rate = rate->value;
        return errc::ok;
    }

private:
    /// The number at the start of a text. A sign or a point alone is 0.
    [[nodiscard]] static constexpr result<number_prefix>
    read_prefix(std::string_view text) noexcept {
        const auto number = parse_number_prefix(text);
        return number.error() == errc::bad_number ? read_nothing(text) : number;
    }

    /// Where there is an exponent the C library reads, which refuses what is too small.
    [[nodiscard]] static constexpr bool underflows(std::string_view digits, double value) noexcept {
        constexpr double normal_min = std::numeric_limits<double>::min();
        const auto exponent = digits.find_first_of("eE");
        if (exponent == digits.npos || value >= normal_min || value <= -normal_min)
            return false;
        return digits.substr(0, exponent).find_first_not_of("+-.0") != digits.npos;
    }

    [[nodiscard]] static constexpr result<number_prefix>
    read_nothing(std::string_view text) noexcept {
        auto rest = text;
        if (!rest.empty() && (rest[0] == '+' || rest[0] == '-'))
            rest.remove_prefix(1);
        const bool point = !rest.empty() && rest[0] == '.';
        if (point)
            rest.remove_prefix(1);
        const bool exponent = !rest.empty() && (rest[0] == 'e' || rest[0] == 'E');
        if (exponent || rest.size() == text.size())
            return errc::bad_number;
        return number_prefix{0, text.size() - rest.size(), !point};
    }
};

} // namespace quipu::dialect

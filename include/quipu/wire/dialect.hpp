// Dialects: which grammar of StatsD lines is accepted. A dialect is a type of constants and small
// constexpr functions; derive from one and override a line to make your own.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <string_view>

namespace quipu {

/// Where a dialect has its tag list.
enum class tag_field : std::uint8_t {
    absent,       ///< `|#` has no meaning.
    anywhere,     ///< a field like others, which ends at the next '|'.
    rest_of_line, ///< all from the first `|#` to the second or the end.
};

/// What may follow the value of a line, `name:` set aside.
enum class repetition : std::uint8_t {
    absent, ///< one value, one type.
    typed,  ///< `1|c:2|ms`: samples, each with its own type.
    packed, ///< the same, and `1:2:3|ms`: several values of one type.
};

namespace detail {

/// Reads a plain number into the value of a sample.
[[nodiscard]] constexpr errc read_number(std::string_view text, sample& out) noexcept {
    const auto number = parse_number_prefix(text);
    if (!number)
        return number.error();
    if (number->size != text.size())
        return errc::bad_number;
    out.value = number->value;
    out.integral = number->integral;
    return errc::ok;
}

} // namespace detail

namespace dialect {

/// The native dialect: the union of the sane forms of all servers. Numbers are decimal; a name has
/// no control character; rates are in (0, 1]; unknown fields are accepted where they start with a
/// letter, as the extensions of DogStatsD do, and refused otherwise (`|0.1` is a rate without its
/// '@': to accept it would miscount).
struct quipu {
    /// A line beyond it is refused: `line_too_long`.
    static constexpr std::size_t line_bytes_max = native_line_bytes_max;
    /// A name beyond it, tags not counted, is refused: `name_too_long`.
    static constexpr std::size_t name_bytes_max = native_name_bytes_max;
    /// A series of more tags, equal ones counted once, is refused: `too_many_tags`.
    static constexpr std::size_t tags_max = 64;

    static constexpr tag_field tags = tag_field::anywhere;
    static constexpr repetition repeats = repetition::packed;
    /// A '\r' before the newline does not count.
    static constexpr bool ignores_carriage_return = true;
    /// A stream's last line counts even if no newline ends it, when the sender closed in order.
    static constexpr bool unterminated_lines = true;
    /// Names are kept byte for byte; true: they are cleaned as Etsy's statsd does.
    static constexpr bool sanitizes = false;
    /// Tags are sorted, so that their order does not split a series, and equal ones become one;
    /// false: they stay as they came. No effect where `sanitizes`.
    static constexpr bool sorts_tags = true;

    /// The kind that a type's text stands for. Errors: unknown_type.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type.size() == 1) {
            switch (type[0]) {
            case 'c': return metric_kind::counter;
            case 'g': return metric_kind::gauge;
            case 's': return metric_kind::unique;
            case 'h':
            case 'd': return metric_kind::timer;
            default: return errc::unknown_type;
            }
        }
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    /// Accepts or refuses a name. Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        return detail::has_control_or<'|'>(name) ? errc::bad_name : errc::ok;
    }

    /// Reads the text of a value into `out`, whose kind is set; `type` is the type as written.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique) {
            if (text.empty())
                return errc::empty_member;
            out.member = text;
            return errc::ok;
        }
        out.relative = out.series.kind == metric_kind::gauge && !text.empty() &&
                       (text[0] == '+' || text[0] == '-');
        return detail::read_number(text, out);
    }

    /// Reads the field number `index` after the type (from 0) into `out`, whose kind is set.
    /// Tag fields do not come here.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok; // "||": DogStatsD's servers skip it
        if (text[0] == '@') {
            if (out.series.kind == metric_kind::keyvalue)
                return read_timestamp(text, out);
            return read_rate(text, out);
        }
        if (text[0] == 'T')
            return read_timestamp(text, out);
        return detail::is_letter(text[0]) ? errc::ok : errc::unknown_field;
    }

protected:
    /// `@` and a number in [rate_min, 1].
    [[nodiscard]] static constexpr errc read_rate(std::string_view text, sample& out) noexcept {
        const auto rate = parse_number(text.substr(1));
        if (!rate || *rate < rate_min || *rate > 1)
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }

    /// A mark and Unix seconds.
    [[nodiscard]] static constexpr errc read_timestamp(std::string_view text,
                                                       sample& out) noexcept {
        const auto seconds = parse_integer(text.substr(1));
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
};

/// Etsy's statsd. Source: statsd/statsd 0.10.2, stats.js and lib/helpers.js, as observed.
/// Deviations: what gives an infinity there (`|@0`, `Infinity`, `1e400`) or ends that server
/// (`|@Infinity`, `|@ 0.1`, `|@+1`) is refused; blanks outside ASCII are no blanks; a line and a
/// name have a bound.
struct etsy : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr tag_field tags = tag_field::rest_of_line;
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

/// The Python statsite. Source: kiip/statsite 0.5.1, statsite/parser.py, as observed.
/// A rate has no effect on a timer. Deviation: a sampled counter is scaled up, not down.
struct kiip : quipu {
    static constexpr tag_field tags = tag_field::absent;
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

} // namespace dialect

/// The constants of a dialect.
template <class D>
concept has_dialect_constants = requires {
    { D::line_bytes_max } -> std::convertible_to<std::size_t>;
    { D::name_bytes_max } -> std::convertible_to<std::size_t>;
    { D::tags_max } -> std::convertible_to<std::size_t>;
    { D::tags } -> std::convertible_to<tag_field>;
    { D::repeats } -> std::convertible_to<repetition>;
    { D::ignores_carriage_return } -> std::convertible_to<bool>;
    { D::unterminated_lines } -> std::convertible_to<bool>;
    { D::sanitizes } -> std::convertible_to<bool>;
    { D::sorts_tags } -> std::convertible_to<bool>;
};

/// The functions of a dialect.
template <class D>
concept has_dialect_functions = requires(std::string_view text, std::size_t index, sample& out) {
    { D::kind(text) } -> std::same_as<result<metric_kind>>;
    { D::check_name(text) } -> std::same_as<errc>;
    { D::read_value(text, text, out) } -> std::same_as<errc>;
    { D::read_field(text, index, out) } -> std::same_as<errc>;
    requires noexcept(D::kind(text))&& noexcept(D::check_name(text));
    requires noexcept(D::read_value(text, text, out))&& noexcept(D::read_field(text, index, out));
};

/// Decides which lines are accepted and what they mean.
/// Requires  the constants and the four functions of `dialect::quipu`; derive from it.
/// Provided  quipu (default), etsy, kiip.   Chosen at  the template argument of parse and its kin.
/// Cost      `kind` and `read_value` once a sample, `check_name` once a line.
template <class D>
concept wire_dialect = has_dialect_constants<D> && has_dialect_functions<D>;

/// Says in a sentence what a type lacks to be a dialect; for class templates, which take any type.
template <class D>
consteval bool require_dialect() {
    static_assert(has_dialect_constants<D>,
                  "quipu dialect: needs the constants of dialect::quipu; derive from it");
    static_assert(has_dialect_functions<D>,
                  "quipu dialect: needs noexcept kind, check_name, read_value and read_field as "
                  "dialect::quipu has them; derive from it");
    return true;
}

static_assert(wire_dialect<dialect::quipu>);
static_assert(wire_dialect<dialect::etsy>);
static_assert(wire_dialect<dialect::kiip>);

} // namespace quipu

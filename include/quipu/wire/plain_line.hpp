// The fast way through lines of the commonest shapes: `name:12.5|ms`, `name:1|c|@0.1`,
// `name:1|c|#env:prod`. What it does not know, it leaves to the full parser.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/wire/block.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/sample.hpp>
#include <quipu/wire/short_number.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu::detail {

/// The place of the lowest bit of a number that is not 0.
[[nodiscard]] constexpr std::size_t lowest_bit(std::uint64_t bits) noexcept {
    QUIPU_ASSERT(bits != 0);
#if defined(__GNUC__)
    if (bits == 0)
        __builtin_unreachable(); // spares the answer for 0, which costs two instructions
#endif
    return static_cast<std::size_t>(std::countr_zero(bits));
}

/// The kinds that the types of one character stand for in a dialect, and `ms` and `kv`; looked up
/// without a branch on the type's length, which no processor can foretell.
template <class Dialect>
class type_table {
public:
    static constexpr std::uint8_t unknown = 0xff;

    constexpr type_table() noexcept {
        for (unsigned c = 0; c < 256; ++c) {
            const char type = static_cast<char>(c);
            kinds_[0][c] = number_of(Dialect::kind(std::string_view(&type, 1)));
            kinds_[1][c] = unknown;
        }
        enter("ms");
        enter("kv");
        if constexpr (Dialect::tags == tag_field::rest_of_line)
            kinds_[0][static_cast<unsigned char>('#')] = unknown; // the tags begin before a type
    }

    /// The kind as a number, or `unknown`. `size` is 1 or 2, and two characters are readable.
    [[nodiscard]] constexpr std::uint8_t kind(const char* type, std::size_t size) const noexcept {
        const auto first = static_cast<unsigned char>(type[0]);
        const bool other = (size == 2) & (type[1] != seconds_[first]);
        return static_cast<std::uint8_t>(kinds_[size - 1][first] | (other ? unknown : 0));
    }

private:
    [[nodiscard]] static constexpr std::uint8_t number_of(result<metric_kind> kind) noexcept {
        return kind ? static_cast<std::uint8_t>(*kind) : unknown;
    }

    constexpr void enter(std::string_view type) noexcept {
        const auto first = static_cast<unsigned char>(type[0]);
        kinds_[1][first] = number_of(Dialect::kind(type));
        seconds_[first] = type[1];
    }

    std::uint8_t kinds_[2][256] = {};
    char seconds_[256] = {};
};

/// A function as a type: GCC's sanitizers do not let addresses be compared at compile time.
template <auto Function>
struct function_type {};

template <auto Function, auto... Others>
concept is_one_of = (std::same_as<function_type<Function>, function_type<Others>> || ...);

/// Asks for the memory at an address, which need not be ours, ahead of its use: worth 8 % where the
/// text lies in no cache.
inline void prefetch([[maybe_unused]] const char* address) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#endif
}

/// Whether a dialect's functions are those whose meaning for plain lines is known here. A dialect
/// that overrides one goes the long way.
template <class Dialect>
concept has_plain_values =
    Dialect::line_bytes_max >= block_bytes&& is_one_of<&Dialect::read_value,
                                                       &dialect::quipu::read_value,
                                                       &dialect::etsy::read_value,
                                                       &dialect::kiip::read_value,
                                                       &dialect::statsite::read_value,
                                                       &dialect::dogstatsd::read_value>;

template <class Dialect>
concept has_plain_fields =
    Dialect::tags != tag_field::absent && !excludes_tag_field(Dialect::tags_in_name) &&
    Dialect::tag_bytes_max >= block_bytes &&
    is_one_of<&Dialect::read_field,
              &dialect::quipu::read_field,
              &dialect::etsy::read_field,
              &dialect::dogstatsd::read_field>;

/// Names that only a control character, a bar, or nothing at all would spoil.
template <class Dialect>
concept has_plain_names =
    Dialect::name_bytes_max >=
    block_bytes&&
        is_one_of<&Dialect::check_name, &dialect::quipu::check_name, &dialect::etsy::check_name>;

/// JavaScript has but one kind of number.
template <class Dialect>
concept tells_integers = !is_one_of<&Dialect::read_value, &dialect::etsy::read_value>;

template <class Dialect>
concept tells_timers = is_one_of<&Dialect::read_value, &dialect::dogstatsd::read_value>;

/// Reads lines of the commonest shapes.
template <class Dialect, class Scan>
class plain_line_reader {
public:
    /// Reads the line of `length` bytes at `line` into the sample, or returns false: then it is for
    /// the full parser. `marks` are those of the line's block, and `length` is below 64.
    [[nodiscard]] constexpr bool
    read(const char* line, std::size_t length, const block_marks& marks) noexcept {
        // A separator that is not there counts as one at the end, which makes a size huge.
        const std::uint64_t end = std::uint64_t{1} << length;
        const std::uint64_t all = marks.separators & (end - 1);
        const std::uint64_t behind_colon = all & (all - 1);
        const std::uint64_t behind_bar = behind_colon & (behind_colon - 1);
        const std::size_t colon = lowest_bit(all | end);
        const std::size_t bar = lowest_bit(behind_colon | end);
        const std::size_t type_end = lowest_bit(behind_bar | end);
        const std::size_t value_size = bar - colon - 1;
        const std::size_t type_size = type_end - bar - 1;
        if ((colon == 0) | (value_size - 1 >= value_size_max) | (type_size - 1 >= 2) |
            (line[colon] != ':') | (line[bar] != '|'))
            return false;
        const auto kind = types.kind(line + bar + 1, type_size);
        if (kind == type_table<Dialect>::unknown)
            return false;
        sample_.series.name = {line, colon};
        if (!name_is_good(sample_.series.name))
            return false;
        sample_.series.kind = static_cast<metric_kind>(kind);
        if constexpr (tells_timers<Dialect>)
            sample_.timer = timer_type_of(sample_.series.kind, line[bar + 1]);
        sample_.series.tags = {};
        sample_.rate = 1;
        if (behind_bar != 0 && !read_fields(line, length, behind_bar))
            return false;
        return read_value(line + colon + 1, value_size);
    }

    [[nodiscard]] constexpr const sample& value() const noexcept { return sample_; }

private:
    static constexpr type_table<Dialect> types{};
    static constexpr std::size_t value_size_max = 16;

    [[nodiscard]] static constexpr bool name_is_good(std::string_view name) noexcept {
        if constexpr (has_plain_names<Dialect>)
            return true;
        else
            return Dialect::check_name(name) == errc::ok;
    }

    [[nodiscard]] static constexpr timer_type timer_type_of(metric_kind kind, char type) noexcept {
        if (kind != metric_kind::timer || type == 'm')
            return timer_type::ms;
        return type == 'h' ? timer_type::h : timer_type::d;
    }

    /// Reads the value as a number and as a member, and takes what the kind asks for.
    [[nodiscard]] constexpr bool read_value(const char* text, std::size_t size) noexcept {
        const bool member = sample_.series.kind == metric_kind::unique;
        const auto number = read_short_number(text, size);
        sample_.member = {member ? text : nullptr, member ? size : 0};
        sample_.value = member ? 0 : number.value;
        sample_.integral = tells_integers<Dialect> & number.integral & !member;
        return member | (number.valid & (size <= 8));
    }

    /// Reads `|@rate`, `|#tags` or both in this order behind the type. `separators` are those from
    /// the end of the type on.
    [[nodiscard]] constexpr bool
    read_fields(const char* line, std::size_t length, std::uint64_t separators) noexcept {
        if constexpr (!has_plain_fields<Dialect>)
            return false;
        const std::uint64_t end = std::uint64_t{1} << length;
        std::size_t at = lowest_bit(separators);
        if (line[at] == '|' && at + 1 < length && line[at + 1] == '@') {
            separators &= separators - 1;
            const std::size_t rate_end = lowest_bit(separators | end);
            const std::size_t size = rate_end - at - 2;
            if (size - 1 >= 8 || sample_.series.kind == metric_kind::keyvalue)
                return false;
            const auto rate = read_short_number(line + at + 2, size);
            if (!rate.valid || !(rate.value > 0 && rate.value <= 1))
                return false;
            sample_.rate = rate.value;
            at = rate_end;
            if (at == length)
                return true;
        }
        if (line[at] != '|' || at + 1 >= length || line[at + 1] != '#')
            return false;
        // Tags have colons in them, but no bar.
        if ((Scan::bars(line) & (end - 1)) >> at != 1)
            return false;
        sample_.series.tags = {line + at + 2, length - at - 2};
        return true;
    }

    sample sample_{};
};

/// What becomes of lines that may be events or service checks: their name, and that of some
/// metrics, begins with '_'.
enum class notices : std::uint8_t {
    ignore, ///< nothing: they are lines as others.
    leave,  ///< they are not plain.
};

/// Walks along the lines of a text behind whose end `read_padding_bytes` are readable: calls
/// `on_sample(const sample&)` for each plain line and `on_line(std::string_view)` for each other.
/// Returns  the number of lines that are not empty.
template <class Dialect,
          class Scan = default_scan,
          notices Notices = notices::ignore,
          class OnSample,
          class OnLine>
std::size_t read_plain_lines(std::string_view text, OnSample&& on_sample, OnLine&& on_line) {
    plain_line_reader<Dialect, Scan> reader;
    std::size_t lines = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        prefetch(at + 1024);
        block_marks marks = Scan::marks(at);
        const auto left = static_cast<std::size_t>(end - at);
        if (left < block_bytes)
            marks.breaks |= std::uint64_t{1} << left; // the end of the text ends its last line
        // Where the next line begins depends on this alone, so the processor can begin with it
        // before this line is read. 64 if the block has none.
        const auto length = static_cast<std::size_t>(std::countr_zero(marks.breaks));
        if (length == block_bytes || (length != left && at[length] != '\n')) {
            const std::string_view rest(at, left);
            const auto line = rest.substr(0, rest.find('\n', length));
            ++lines;
            on_line(line);
            at += line.size() + 1;
            continue;
        }
        const char* const line = at;
        at += length + 1;
        if (length == 0)
            continue;
        ++lines;
        const bool notice = Notices == notices::leave && *line == '_';
        if (!notice && reader.read(line, length, marks))
            on_sample(reader.value());
        else
            on_line(std::string_view(line, length));
    }
    return lines;
}

} // namespace quipu::detail

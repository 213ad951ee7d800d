// The fast way through lines of the commonest shapes: `name:12.5|ms`, `name:1|c|@0.1`,
// `name:1|c|#env:prod`. What it does not know, it leaves to the full parser.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/wire/block.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/mark_index.hpp>
#include <quipu/wire/sample.hpp>
#include <quipu/wire/type_table.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace quipu::detail {

/// A function as a type: GCC's sanitizers do not let addresses be compared at compile time.
template <auto Function>
struct function_type {};

template <auto Function, auto... Others>
concept is_one_of = (std::same_as<function_type<Function>, function_type<Others>> || ...);

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

/// Reads lines of the commonest shapes, out of a piece of text that its index was told to scan.
template <class Dialect, class Scan>
class plain_line_reader {
public:
    [[nodiscard]] mark_index<Scan>& index() noexcept { return index_; }

    /// Reads the line from `begin` to `end` of the piece into the sample, or returns false: then it
    /// is for the full parser.
    [[gnu::always_inline]] bool
    read(const char* piece, std::uint32_t begin, std::uint32_t end) noexcept {
        const std::uint64_t first = index_.marks(begin);
        const std::uint64_t second = first & (first - 1);
        const std::uint64_t third = second & (second - 1);
        if (third == 0)
            return read_long(piece, begin, end);
        return read(piece + begin,
                    {lowest_bit(first), lowest_bit(second), lowest_bit(third), end - begin},
                    begin);
    }

    [[nodiscard]] const sample& value() const noexcept { return sample_; }

    /// Reads a line of several values, `name:1:2:3|ms`, and hands out a sample for each; or returns
    /// false before any is handed out.
    template <class OnSample>
    [[gnu::noinline]] bool
    read_packed(const char* piece, std::uint32_t begin, std::uint32_t end, OnSample& on_sample) {
        if constexpr (Dialect::repeats != repetition::packed &&
                      Dialect::repeats != repetition::values)
            return false;
        const std::uint32_t colon = index_.next_mark(begin);
        if (end - begin > line_bytes_max || colon == begin || colon >= end || piece[colon] != ':')
            return false;
        short_number numbers[packed_values_max];
        std::size_t count = 0;
        std::uint32_t at = colon;
        do {
            const std::uint32_t next = index_.next_mark(at + 1);
            const std::uint32_t size = next - at - 1;
            if (next >= end || size - 1 >= value_size_max || count == packed_values_max)
                return false;
            short_number& number = numbers[count++];
            number = Scan::number(piece + at + 1, size);
            if (!number.valid)
                number = read_longer_number(piece + at + 1, size);
            if (!number.valid)
                return false;
            at = next;
        } while (piece[at] == ':');
        const std::uint32_t type_end = index_.next_mark(at + 1);
        if (!read_series({piece + begin, colon - begin}, piece + at + 1, type_end - at - 1) ||
            sample_.series.kind == metric_kind::unique ||
            (type_end != end && !read_fields(piece, type_end, end)))
            return false;
        sample_.member = {};
        for (std::size_t i = 0; i < count; ++i) {
            sample_.value = numbers[i].value;
            sample_.integral = tells_integers<Dialect> & numbers[i].integral;
            on_sample(std::as_const(sample_));
        }
        return true;
    }

private:
    static constexpr type_table<Dialect> types{};

    /// A line of more values is for the full parser.
    static constexpr std::size_t packed_values_max = std::min<std::size_t>(64, Dialect::values_max);

    /// What reads numbers can look at, and members as long.
    static constexpr std::uint32_t value_size_max = 63;

    /// No part of a line of so many bytes is too long.
    static constexpr std::size_t line_bytes_max =
        std::min({Dialect::line_bytes_max, Dialect::name_bytes_max, Dialect::tag_bytes_max});

    /// Where the first three marks of a line stand, and its end.
    struct places {
        std::uint32_t colon;
        std::uint32_t bar;
        std::uint32_t type_end;
        std::uint32_t end;
    };

    /// Reads a line with its first three marks far from its begin, or with fewer marks.
    [[gnu::noinline]] bool
    read_long(const char* piece, std::uint32_t begin, std::uint32_t end) noexcept {
        if (end - begin > line_bytes_max)
            return false;
        const std::uint32_t colon = index_.next_mark(begin);
        const std::uint32_t bar = colon < end ? index_.next_mark(colon + 1) : end;
        const std::uint32_t type_end = bar < end ? index_.next_mark(bar + 1) : end;
        return read(
            piece + begin, {colon - begin, bar - begin, type_end - begin, end - begin}, begin);
    }

    [[gnu::always_inline]] bool
    read(const char* line, const places& at, std::uint32_t begin) noexcept {
        // The marks are in order: if the first two are none of the line's ends, the line has them.
        const std::uint32_t value_size = at.bar - at.colon - 1;
        if (at.colon == 0 || value_size - 1 >= value_size_max || line[at.colon] != ':' ||
            line[at.bar] != '|')
            return false;
        if (!read_series({line, at.colon}, line + at.bar + 1, at.type_end - at.bar - 1))
            return false;
        if (at.type_end != at.end &&
            (at.end > line_bytes_max ||
             !read_fields(line - begin, begin + at.type_end, begin + at.end)))
            return false;
        return read_value(line + at.colon + 1, value_size);
    }

    /// Begins a sample with the name and the kind of a line. Two characters of the type are
    /// readable.
    [[gnu::always_inline]] bool
    read_series(std::string_view name, const char* type, std::uint32_t type_size) noexcept {
        if (type_size - 1 >= 2)
            return false;
        const auto kind = types.kind(type, type_size);
        if (kind == type_table<Dialect>::unknown || !name_is_good(name))
            return false;
        sample_.series.name = name;
        sample_.series.kind = static_cast<metric_kind>(kind);
        if constexpr (tells_timers<Dialect>)
            sample_.timer = timer_type_of(sample_.series.kind, *type);
        sample_.series.tags = {};
        sample_.rate = 1;
        return true;
    }

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
        const auto number = Scan::number(text, size);
        sample_.member = {member ? text : nullptr, member ? size : 0};
        // A choice of doubles would become a branch.
        const std::uint64_t kept = std::bit_cast<std::uint64_t>(number.value);
        sample_.value = std::bit_cast<double>(kept & (std::uint64_t{member} - 1));
        sample_.integral = tells_integers<Dialect> & number.integral & !member;
        if (member | number.valid)
            return true;
        const auto longer = read_longer_number(text, size);
        sample_.value = longer.value;
        sample_.integral = tells_integers<Dialect> & longer.integral;
        return longer.valid;
    }

    /// Reads a number of more digits than are read at once, but so few that its digits and what they
    /// are divided by are exact, and their quotient is correctly rounded.
    [[nodiscard, gnu::noinline]] static short_number read_longer_number(const char* text,
                                                                        std::size_t size) noexcept {
        constexpr std::size_t digits_max = 15;
        std::uint64_t digits = 0;
        double unit = 1;
        bool integral = true;
        if (size > digits_max + 1)
            return {};
        for (std::size_t i = 0; i < size; ++i) {
            if (is_digit(text[i])) {
                digits = digits * 10 + static_cast<unsigned char>(text[i] - '0');
                unit *= integral ? 1 : 10;
            } else if (text[i] == '.' && integral) {
                integral = false;
            } else {
                return {};
            }
        }
        if (size - !integral > digits_max || size == 1)
            return {};
        return {static_cast<double>(static_cast<std::int64_t>(digits)) / unit, integral, true};
    }

    /// Reads `|@rate`, `|#tags` or both in this order, from the end of the type on.
    [[gnu::noinline]] bool
    read_fields(const char* piece, std::uint32_t at, std::uint32_t end) noexcept {
        if constexpr (!has_plain_fields<Dialect>)
            return false;
        if (piece[at] == '|' && piece[at + 1] == '@') {
            const std::uint32_t rate_end = index_.next_mark(at + 1);
            const std::uint32_t size = rate_end - at - 2; // huge if the line ends before
            if (size - 1 >= value_size_max)
                return false;
            const auto rate = Scan::number(piece + at + 2, size);
            if (!rate.valid || !(rate.value > 0 && rate.value <= 1) ||
                sample_.series.kind == metric_kind::keyvalue)
                return false;
            sample_.rate = rate.value;
            if (rate_end == end)
                return true;
            at = rate_end;
        }
        if (at + 1 >= end || piece[at] != '|' || piece[at + 1] != '#')
            return false;
        // Tags have colons in them, but no bar.
        const std::string_view tags(piece + at + 2, end - at - 2);
        for (std::size_t done = 0; done < tags.size(); done += block_bytes) {
            const std::size_t left = tags.size() - done;
            const std::uint64_t bars = Scan::bars(tags.data() + done);
            if ((left < block_bytes ? bars & ((std::uint64_t{1} << left) - 1) : bars) != 0)
                return false;
        }
        sample_.series.tags = tags;
        return true;
    }

    mark_index<Scan> index_;
    sample sample_{};
};

/// What becomes of lines that may be events or service checks: their name, and that of some
/// metrics, begins with '_'.
enum class notices : std::uint8_t {
    ignore, ///< nothing: they are lines as others.
    leave,  ///< they are not plain.
};

/// Keeps what becomes of other lines out of the way of the plain ones: worth 10 %.
template <class OnLine>
[[gnu::noinline]] void hand_over(std::string_view line, OnLine& on_line) {
    on_line(line);
}

/// Walks along the lines of a text behind whose end `read_padding_bytes` are readable: calls
/// `on_sample(const sample&)` for each plain line and `on_line(std::string_view)` for each other.
/// Returns  the number of lines that are not blank.
template <class Dialect,
          class Scan = default_scan,
          notices Notices = notices::ignore,
          class OnSample,
          class OnLine>
std::size_t read_plain_lines(std::string_view text, OnSample&& on_sample, OnLine&& on_line) {
    plain_line_reader<Dialect, Scan> reader;
    mark_index<Scan>& index = reader.index();
    std::size_t lines = 0;
    while (!text.empty()) {
        const char* const piece = text.data();
        const bool last = text.size() <= index.piece_bytes;
        const auto size = last ? static_cast<std::uint32_t>(text.size()) : index.piece_bytes;
        const std::size_t text_end = last ? size : text.npos;
        index.scan(piece, size);
        std::uint32_t begin = 0;
        std::size_t beyond = 0; // how far a line went on behind the piece
        while (begin < size) {
            const std::uint64_t breaks = index.breaks(begin);
            const std::uint32_t end =
                breaks != 0 ? begin + lowest_bit(breaks) : index.next_break(begin);
            const bool notice = Notices == notices::leave && piece[begin] == '_';
            if ((piece[end] == '\n' || end == text_end) && !notice &&
                reader.read(piece, begin, end)) {
                ++lines;
                on_sample(reader.value());
                begin = end + 1;
                continue;
            }
            if ((piece[end] == '\n' || end == text_end) && !notice &&
                reader.read_packed(piece, begin, end, on_sample)) {
                ++lines;
                begin = end + 1;
                continue;
            }
            if (end == size && !last && begin != 0)
                break; // the line goes on behind this piece: the next one begins with it
            const auto rest = text.substr(begin);
            const auto line = rest.substr(0, rest.find('\n', end - begin));
            const bool blank = line.empty() || (Dialect::ignores_carriage_return && line == "\r");
            lines += !blank;
            if (!blank)
                hand_over(line, on_line);
            const std::size_t behind = begin + line.size() + 1;
            begin = static_cast<std::uint32_t>(std::min<std::size_t>(behind, size));
            beyond = behind - begin;
        }
        text.remove_prefix(std::min(begin + beyond, text.size()));
    }
    return lines;
}

} // namespace quipu::detail

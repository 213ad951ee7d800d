// Several lines at once: the text of a datagram into lines and samples, and back.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/plain_line.hpp>

#include <string_view>
#include <type_traits>

namespace quipu {

namespace detail {

/// Whether there is nothing on a line, for a dialect to which the '\r' of "\r\n" is nothing.
template <class Dialect>
[[nodiscard]] constexpr bool is_blank_line(std::string_view line) noexcept {
    if constexpr (requires { Dialect::ignores_carriage_return; }) {
        if (Dialect::ignores_carriage_return && line == "\r")
            return true;
    }
    return line.empty();
}

} // namespace detail

/// Hands out each line of `text` that is not blank, without its newline, and returns their number.
/// To a dialect that ignores the '\r' before a newline a line of nothing else is blank; to none,
/// `void`, only an empty one is.
/// Cost     O(text.size()); does not allocate.
template <class Dialect = void, class OnLine>
constexpr std::size_t for_each_line(std::string_view text, OnLine&& on_line) {
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        const auto line = text.substr(0, newline);
        if (!detail::is_blank_line<Dialect>(line)) {
            on_line(line);
            ++lines;
        }
        if (newline == text.npos)
            break;
        text.remove_prefix(newline + 1);
    }
    return lines;
}

/// A text behind whose end `read_padding_bytes` can be read, whatever they are: what receivers and
/// streams of ours hand out.
struct padded_text {
    std::string_view text;
};

namespace detail {

/// Walks along the lines of a padded text, the fast way where the dialect has one: calls `on_sample`
/// for plain lines and `on_line` for the others.
template <wire_dialect Dialect, notices Notices = notices::ignore, class OnSample, class OnLine>
constexpr std::size_t read_lines(padded_text from, OnSample& on_sample, const OnLine& on_line) {
    if constexpr (has_plain_values<Dialect>) {
        if (!std::is_constant_evaluated())
            return read_plain_lines<Dialect, default_scan, Notices>(from.text, on_sample, on_line);
    }
    return for_each_line<Dialect>(from.text, on_line);
}

} // namespace detail

/// Parses all lines of a datagram.
///
/// Input    `from`: lines with newlines between them, the last newline as one likes.
/// Returns  the number of lines that are not blank; calls `on_sample(const sample&)` and
///          `on_refusal(refusal, std::string_view line)` in the order of the text. A bad line costs
///          none of its neighbours. The sample is valid during the call.
/// Cost     O(size); does not allocate; throws what the two functions throw. Lines of the commonest
///          shapes are read with a few vector instructions (plain_line.hpp).
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr std::size_t
parse_datagram(padded_text from, OnSample&& on_sample, OnRefusal&& on_refusal) {
    return detail::read_lines<Dialect>(from, on_sample, [&](std::string_view line) {
        parse_line<Dialect>(line, on_sample, [&](refusal why) { on_refusal(why, line); });
    });
}

/// The same for any text; its last lines take the longer way.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr std::size_t
parse_datagram(std::string_view text, OnSample&& on_sample, OnRefusal&& on_refusal) {
    std::size_t lines = 0;
    if (text.size() > read_padding_bytes) {
        // The newline behind which so little is left that it can serve as the padding.
        const auto newline = text.rfind('\n', text.size() - read_padding_bytes - 1);
        if (newline != text.npos) {
            const padded_text padded{text.substr(0, newline + 1)};
            lines = parse_datagram<Dialect>(padded, on_sample, on_refusal);
            text.remove_prefix(newline + 1);
        }
    }
    return lines + for_each_line<Dialect>(text, [&](std::string_view line) {
               parse_line<Dialect>(line, on_sample, [&](refusal why) { on_refusal(why, line); });
           });
}

/// Packs samples into one datagram of at most `BytesMax` bytes, lines with newlines between them.
/// 1432 bytes fit one Ethernet frame with room for any tunnel.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax = 1432>
class basic_datagram_writer {
public:
    /// Appends the lines of one sample, or nothing.
    /// Errors   no_space: send `view()`, `clear()`, and add again; from an empty writer it means
    ///          that the sample never fits. Those of format.
    [[nodiscard]] constexpr errc add(const sample& one) noexcept {
        const auto before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        const auto error = format(one, text_);
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    /// What was added, without a newline at its end. Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return text_.view(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return text_.size() == 0; }
    constexpr void clear() noexcept { text_.resize(0); }

private:
    basic_line_buffer<BytesMax> text_{};
};

using datagram_writer = basic_datagram_writer<>;

} // namespace quipu

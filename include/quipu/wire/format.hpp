// Samples to text: the exact inverse of parsing.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// A text of at most `BytesMax` bytes that is built piece by piece, without allocation.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax>
class basic_line_buffer {
public:
    // NOLINTNEXTLINE(modernize-use-equals-default) because that would let {} clear all the bytes
    constexpr basic_line_buffer() noexcept {} // they are written before they are read

    /// Appends all of `piece`, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::string_view piece) noexcept {
        if (piece.size() > BytesMax - size_)
            return false;
        std::char_traits<char>::copy(bytes_ + size_, piece.data(), piece.size());
        size_ += piece.size();
        return true;
    }

    /// Appends a number in the shortest form that reads back equal, or nothing and returns false.
    [[nodiscard]] constexpr bool append(double number) noexcept {
        char text[layout::shortest::bytes_max] = {};
        const char* const end = layout::shortest::write(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Appends an integer, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::same_as<std::int64_t> auto number) noexcept {
        char text[integer_bytes_max] = {};
        const char* const end = write_integer(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Cuts the text to `size` bytes, which is no more than there are.
    constexpr void resize(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        size_ = size;
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }

private:
    std::size_t size_ = 0;
    char bytes_[BytesMax];
};

/// Has room for any line that every server of ours accepts.
using line_buffer = basic_line_buffer<8192>;

namespace detail {

[[nodiscard]] constexpr std::string_view type_text(metric_kind kind) noexcept {
    constexpr std::string_view texts[metric_kind_count] = {"c", "ms", "g", "s", "kv"};
    return texts[static_cast<std::size_t>(kind)];
}

/// Refuses what a line cannot carry, and what would break it or smuggle in another.
[[nodiscard]] constexpr errc check_sample(const sample& one) noexcept {
    if (one.series.name.empty())
        return errc::empty_name;
    if (one.series.name.size() > native_name_bytes_max)
        return errc::name_too_long;
    if (has_control_or<':', '|'>(one.series.name))
        return errc::bad_name;
    if (has_control_or<'|'>(one.series.tags))
        return errc::bad_tags;
    const bool keyed = one.series.kind == metric_kind::keyvalue; // where `|@` is the time
    if (!(one.rate >= rate_min && one.rate <= 1) || (keyed && one.rate != 1))
        return errc::bad_rate;
    if (one.timestamp != no_timestamp && one.timestamp < 0)
        return errc::bad_timestamp;
    if (one.series.kind != metric_kind::unique)
        return is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    if (one.member.empty())
        return errc::empty_member;
    return has_control_or<'|'>(one.member) ? errc::bad_name : errc::ok;
}

/// Appends `name:value|type|@rate|Ttime|#tags`, with `sign` before the value.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_line(const sample& one,
                                         std::string_view sign,
                                         double value,
                                         basic_line_buffer<BytesMax>& out) noexcept {
    const bool unique = one.series.kind == metric_kind::unique;
    const bool timed = one.timestamp != no_timestamp;
    const bool keyed = one.series.kind == metric_kind::keyvalue;
    return out.append(one.series.name) && out.append(":") && out.append(sign) &&
           (unique ? out.append(one.member) : out.append(value)) && out.append("|") &&
           out.append(type_text(one.series.kind)) &&
           (one.rate == 1 || (out.append("|@") && out.append(one.rate))) &&
           (!timed || (out.append(keyed ? "|@" : "|T") && out.append(one.timestamp))) &&
           (one.series.tags.empty() || (out.append("|#") && out.append(one.series.tags)));
}

} // namespace detail

/// Appends the line of one sample to `out`, without a newline at its end. A gauge that is set to a
/// value below zero takes two lines, `name:0|g` and `name:-n|g`, since a sign means a change.
///
/// Returns  ok, and then parse(text) gives the same sample, but for what its kind does not use and
///          for `integral`, which tells of the text; else `out` is as it was.
/// Errors   what a line cannot carry or would smuggle in another: empty_name, name_too_long,
///          bad_name (a ':' or '|' in the name, a '|' in a member, a control character in either),
///          bad_tags (a '|' or a control character), empty_member, bad_rate (a key/value has none),
///          bad_timestamp, number_out_of_range (not finite), line_too_long; no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const sample& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_sample(one); error != errc::ok)
        return error;
    const auto before = out.size();
    const bool gauge = one.series.kind == metric_kind::gauge;
    const double value = one.value == 0 ? 0 : one.value; // "-0" would be a change of a gauge
    bool written = true;
    if (gauge && !one.relative && value < 0)
        written = detail::append_line(one, "", 0, out) && out.append("\n");
    const auto last = out.size();
    const bool plus = gauge && one.relative && value >= 0;
    written = written && detail::append_line(one, plus ? "+" : "", value, out);
    const bool fits = out.size() - last <= native_line_bytes_max;
    if (!written || !fits)
        out.resize(before);
    return !written ? errc::no_space : fits ? errc::ok : errc::line_too_long;
}

} // namespace quipu

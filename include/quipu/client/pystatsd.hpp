// The lines of pystatsd, byte by byte: for programs that take the place of one that used it.
#pragma once

#include <quipu/client/client.hpp>
#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/sample.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// Writes a sample as pystatsd does: whole numbers as integers, others as Python prints them, times
/// with six decimals, a change of a gauge with its sign; a gauge that is set below zero is set to 0
/// before.
///
/// Deviation  what would smuggle in another line, which pystatsd sends, is refused: a control
///            character, ':' or '|' in a name, a newline or '|' in a member; so are tags, which it
///            does not have, and numbers that are not finite. An integer is exact up to 2^53.
/// Source     jsocol/pystatsd 3.3, statsd/client/base.py.
struct pystatsd_lines {
    /// Appends the line, or the two lines, or nothing.
    /// Errors   bad_name, empty_name, bad_tags, unknown_type (a key/value), number_out_of_range,
    ///          no_space.
    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr errc write(const sample& one,
                                              basic_line_buffer<BytesMax>& out) noexcept {
        if (const auto error = check(one); error != errc::ok)
            return error;
        const std::size_t before = out.size();
        const bool zero_first =
            one.series.kind == metric_kind::gauge && !one.relative && one.value < 0;
        sample zero = one;
        zero.value = 0;
        zero.integral = true;
        sample last = one;
        if (zero_first)
            zero.rate = last.rate = 1; // that client has drawn before
        if ((!zero_first || (append(zero, out) && out.append("\n"))) && append(last, out))
            return errc::ok;
        out.resize(before);
        return errc::no_space;
    }

private:
    [[nodiscard]] static constexpr errc check(const sample& one) noexcept {
        const auto name = one.series.name;
        if (name.empty())
            return errc::empty_name;
        if (detail::has_control_or<':', '|'>(name) || detail::has_control_or<'|'>(one.member))
            return errc::bad_name;
        if (!one.series.tags.empty())
            return errc::bad_tags;
        if (one.series.kind == metric_kind::keyvalue)
            return errc::unknown_type;
        return detail::is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    }

    template <class Layout, std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append_number(double number,
                                                      basic_line_buffer<BytesMax>& out) noexcept {
        char text[Layout::bytes_max] = {};
        const char* const end = Layout::write(text, number);
        return out.append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append_value(const sample& one,
                                                     basic_line_buffer<BytesMax>& out) noexcept {
        if (one.series.kind == metric_kind::unique)
            return out.append(one.member);
        if (one.series.kind == metric_kind::timer)
            return append_number<layout::fixed<6>>(one.value, out);
        if (one.relative && one.value >= 0 && !out.append("+"))
            return false;
        if (one.integral && one.value > -0x1p63 && one.value < 0x1p63)
            return out.append(static_cast<std::int64_t>(one.value));
        return append_number<layout::python>(one.value, out);
    }

    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append(const sample& one,
                                               basic_line_buffer<BytesMax>& out) noexcept {
        constexpr std::string_view types[] = {"|c", "|ms", "|g", "|s"};
        return out.append(one.series.name) && out.append(":") && append_value(one, out) &&
               out.append(types[static_cast<std::size_t>(one.series.kind)]) &&
               (one.rate == 1 ||
                (out.append("|@") && append_number<layout::python>(one.rate, out)));
    }
};

/// A client whose bytes are those of pystatsd's pipeline, of UDP and of TCP. With `batches = false`
/// they are those of its calls one by one.
/// Deviation  a line of more than 511 bytes is refused, and not sent alone.
struct pystatsd_traits : client_traits {
    using writer = pystatsd_lines;
    static constexpr bool rates_of_all = true;
    static constexpr std::size_t datagram_bytes_max = 511; // it sends what would reach 512
};

} // namespace quipu

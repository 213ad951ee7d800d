// Samples as records of bytes: statsite's binary protocol, read and written.
//
// A record is, all little endian, `u8 0xaa, u8 type, u16 name size, f64 value, name`; of a set `u8
// 0xaa, u8 4, u16 name size, u16 member size, name, member`. Texts end with a zero, which their
// sizes count.
#pragma once

#include <quipu/core/little_endian.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/sample.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// What every record begins with. No line of UTF-8 does.
inline constexpr char binary_magic = '\xaa';

/// The largest text of a record, its zero not counted, and the largest record.
inline constexpr std::size_t binary_text_bytes_max = 65534;
inline constexpr std::size_t binary_record_bytes_max = 6 + 2 * (binary_text_bytes_max + 1);

/// What stands at the front of some bytes.
struct binary_record {
    quipu::sample sample{};
    /// Why the sample cannot be accepted, although its record is whole; what follows can be read.
    refusal refused{};
    /// The bytes of the record; 0 as long as more of them have to come.
    std::size_t size = 0;

    [[nodiscard]] constexpr bool complete() const noexcept { return size > 0; }

    friend constexpr bool operator==(const binary_record&, const binary_record&) = default;
};

namespace detail {

enum class binary_type : std::uint8_t { keyvalue = 1, counter, timer, unique, gauge, gauge_change };

inline constexpr std::size_t binary_scalar_head_bytes = 12;
inline constexpr std::size_t binary_set_head_bytes = 6;

[[nodiscard]] constexpr metric_kind kind_of(binary_type type) noexcept {
    switch (type) {
    case binary_type::keyvalue: return metric_kind::keyvalue;
    case binary_type::counter: return metric_kind::counter;
    case binary_type::timer: return metric_kind::timer;
    case binary_type::unique: return metric_kind::unique;
    case binary_type::gauge:
    case binary_type::gauge_change: break;
    }
    return metric_kind::gauge;
}

[[nodiscard]] constexpr binary_type binary_type_of(const sample& one) noexcept {
    switch (one.series.kind) {
    case metric_kind::keyvalue: return binary_type::keyvalue;
    case metric_kind::counter: return binary_type::counter;
    case metric_kind::timer: return binary_type::timer;
    case metric_kind::unique: return binary_type::unique;
    case metric_kind::gauge: break;
    }
    return one.relative ? binary_type::gauge_change : binary_type::gauge;
}

/// Reads a u16 that may stand anywhere.
[[nodiscard]] constexpr std::size_t read_size(std::string_view bytes, std::size_t at) noexcept {
    return read_little_endian<std::uint16_t>(bytes.data() + at);
}

[[nodiscard]] constexpr double read_double(std::string_view bytes, std::size_t at) noexcept {
    return std::bit_cast<double>(read_little_endian<std::uint64_t>(bytes.data() + at));
}

/// Whether `text`, of a size that counts its zero, ends with one.
[[nodiscard]] constexpr bool is_terminated(std::string_view text) noexcept {
    return !text.empty() && text.back() == '\0';
}

/// Refuses what no line could carry, which keeps a record from smuggling one in.
[[nodiscard]] constexpr bool breaks_a_line(std::string_view text, char mark) noexcept {
    for (const char c : text) {
        if (c == '\0' || c == '\n' || c == mark)
            return true;
    }
    return false;
}

[[nodiscard]] constexpr errc read_binary_value(double value, sample& out) noexcept {
    if (value != value)
        return errc::bad_number;
    if (is_infinite(value))
        return errc::number_out_of_range;
    out.value = value;
    return errc::ok;
}

template <wire_dialect Dialect>
[[nodiscard]] constexpr errc read_binary_member(std::string_view member, sample& out) noexcept {
    if (member.empty())
        return errc::empty_member;
    if (breaks_a_line(member, '|'))
        return errc::bad_name;
    return Dialect::read_value(member, "s", out);
}

template <wire_dialect Dialect>
[[nodiscard]] constexpr errc check_binary_name(std::string_view name) noexcept {
    if (const auto error = Dialect::check_name(name); error != errc::ok)
        return error;
    return breaks_a_line(name, ':') ? errc::bad_name : errc::ok;
}

} // namespace detail

/// Tells how much of a record has to be there before more can be told: its head, and once that is
/// there the whole of it. So whoever waits for that much twice has a record.
///
/// Input    the first bytes of a record, any number of them; not retained.
/// Returns  a size up to binary_record_bytes_max.
/// Errors   bad_magic, unknown_type.
/// Cost     O(1).
/// Threads  pure.
[[nodiscard]] constexpr result<std::size_t> binary_record_size(std::string_view bytes) noexcept {
    if (!bytes.empty() && bytes[0] != binary_magic)
        return errc::bad_magic;
    if (bytes.size() < 2)
        return std::size_t{2};
    if (bytes[1] < 1 || bytes[1] > static_cast<char>(detail::binary_type::gauge_change))
        return errc::unknown_type;
    const bool is_set = bytes[1] == static_cast<char>(detail::binary_type::unique);
    const auto head = is_set ? detail::binary_set_head_bytes : detail::binary_scalar_head_bytes;
    if (bytes.size() < head)
        return head;
    return head + detail::read_size(bytes, 2) + (is_set ? detail::read_size(bytes, 4) : 0);
}

/// Parses the record that `bytes` begin with.
///
/// Input    any bytes, of which the record need not be all nor all be there; not retained.
/// Returns  the record, whose views point into `bytes`; one that is not complete; or one whose
///          sample is refused: for line_too_long, empty_name, name_too_long, bad_name (by the
///          dialect, and a zero, a newline or a ':' in any), bad_number (NaN), number_out_of_range
///          (an infinity), empty_member, bad_name (a zero, a newline or a '|' in a member).
/// Errors   bad_magic, unknown_type, bad_terminator: nothing tells where the next record begins,
///          so a connection has to be closed.
/// Cost     O(name and member); does not allocate, does not throw.
/// Threads  pure.
/// Source   statsite/statsite 0.8.1, src/conn_handler.c.
template <wire_dialect Dialect = dialect::quipu>
[[nodiscard]] constexpr result<binary_record> parse_binary(std::string_view bytes) noexcept {
    const auto size = binary_record_size(bytes);
    if (!size)
        return size.error();
    if (bytes.size() < *size)
        return binary_record{};
    const auto type = static_cast<detail::binary_type>(bytes[1]);
    const bool is_set = type == detail::binary_type::unique;
    const auto head = is_set ? detail::binary_set_head_bytes : detail::binary_scalar_head_bytes;
    auto name = bytes.substr(head, detail::read_size(bytes, 2));
    auto member = bytes.substr(head + name.size(), *size - head - name.size());
    if (!detail::is_terminated(name) || (is_set && !detail::is_terminated(member)))
        return errc::bad_terminator;
    name.remove_suffix(1);
    binary_record record;
    record.size = *size;
    sample& one = record.sample;
    one.series.kind = detail::kind_of(type);
    one.series.name = name;
    one.relative = type == detail::binary_type::gauge_change;
    const auto refuse = [&](errc error, std::size_t offset) {
        if (error != errc::ok && record.refused.error == errc::ok)
            record.refused = {error, offset};
    };
    if (record.size > Dialect::line_bytes_max)
        refuse(errc::line_too_long, 0);
    refuse(detail::check_binary_name<Dialect>(name), head);
    if (is_set) {
        member.remove_suffix(1);
        refuse(detail::read_binary_member<Dialect>(member, one), head + name.size() + 1);
    } else {
        refuse(detail::read_binary_value(detail::read_double(bytes, 4), one), 4);
    }
    return record;
}

/// Appends the record of one sample to `out`.
///
/// Returns  ok, and then parse_binary gives the same sample, but for what its kind does not use and
///          for `integral`, which tells of the text; else `out` is as it was.
/// Errors   those of format, with bad_rate, bad_timestamp and bad_tags for all that is not the
///          default, as a record has room for none; line_too_long (native_line_bytes_max),
///          no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format_binary(const sample& one,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    const auto refused = detail::check_sample<dialect::quipu, format_policy::refuse>(one);
    if (refused != errc::ok)
        return refused;
    if (one.rate != 1)
        return errc::bad_rate;
    if (one.timestamp != no_timestamp)
        return errc::bad_timestamp;
    if (!one.series.tags.empty())
        return errc::bad_tags;
    const bool is_set = one.series.kind == metric_kind::unique;
    const std::string_view zero("\0", 1);
    const auto name_size = one.series.name.size() + 1;
    const auto member_size = one.member.size() + 1;
    if (is_set && detail::binary_set_head_bytes + name_size + member_size > native_line_bytes_max)
        return errc::line_too_long;
    char head[detail::binary_scalar_head_bytes] = {binary_magic,
                                                   static_cast<char>(detail::binary_type_of(one))};
    detail::write_little_endian(head + 2, static_cast<std::uint16_t>(name_size));
    if (is_set) {
        detail::write_little_endian(head + 4, static_cast<std::uint16_t>(member_size));
    } else {
        detail::write_little_endian(head + 4, std::bit_cast<std::uint64_t>(one.value));
    }
    const auto head_size = is_set ? detail::binary_set_head_bytes : sizeof head;
    const auto before = out.size();
    if (out.append(std::string_view(head, head_size)) && out.append(one.series.name) &&
        out.append(zero) && (!is_set || (out.append(one.member) && out.append(zero))))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

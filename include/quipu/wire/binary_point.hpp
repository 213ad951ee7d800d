// What statsite hands to a sink as bytes: one statistic of one series a record, read and written.
//
// A record is, all little endian, `u64 time, u8 type, u8 statistic, u16 name size, f64 value,
// name`, and for a bin of a histogram `u32 count`. The name ends with a zero, which its size
// counts.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/series.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// What the value of a point is, by its number on the wire. A percentile is not listed: see
/// percentile_statistic.
enum class statistic : std::uint8_t {
    none, ///< the value of a key/value or gauge
    sum,  ///< for a set the number of its members
    sum_of_squares,
    mean,
    count,
    standard_deviation,
    minimum,
    maximum,
    histogram_floor, ///< the values below the first bin
    histogram_bin,
    histogram_ceiling, ///< the values above the last bin
    rate,
    sample_rate,
};

/// The whole percentiles, 0 to 100, have statistics of their own.
[[nodiscard]] constexpr statistic percentile_statistic(int percent) noexcept {
    QUIPU_ASSERT(0 <= percent && percent <= 100);
    return static_cast<statistic>(0x80 | percent);
}

/// Whether points of a statistic have a count beside their value, which then is an edge.
[[nodiscard]] constexpr bool is_histogram(statistic what) noexcept {
    return statistic::histogram_floor <= what && what <= statistic::histogram_ceiling;
}

/// One number of a flush. Owns nothing.
struct binary_point {
    metric_kind kind = metric_kind::counter;
    statistic what = statistic::none;
    std::string_view name{};
    double value = 0;
    std::int64_t timestamp = 0; ///< Unix seconds
    std::uint32_t count = 0;    ///< Of a bin; of nothing else.

    friend constexpr bool operator==(const binary_point&, const binary_point&) = default;
};

/// What stands at the front of some bytes.
struct binary_point_record {
    binary_point point{};
    /// The bytes of the record; 0 as long as more of them have to come.
    std::size_t size = 0;

    [[nodiscard]] constexpr bool complete() const noexcept { return size > 0; }

    friend constexpr bool operator==(const binary_point_record&,
                                     const binary_point_record&) = default;
};

/// The largest name of a point, its zero not counted.
inline constexpr std::size_t binary_point_name_bytes_max = 65534;

namespace detail {

inline constexpr std::size_t binary_point_head_bytes = 20;

/// In the order of metric_kind: its numbers on this wire.
inline constexpr char binary_point_types[metric_kind_count] = {2, 3, 5, 4, 1};

[[nodiscard]] constexpr result<metric_kind> kind_of_point(char type) noexcept {
    for (std::size_t i = 0; i < metric_kind_count; ++i) {
        if (binary_point_types[i] == type)
            return static_cast<metric_kind>(i);
    }
    return errc::unknown_type;
}

[[nodiscard]] constexpr bool is_statistic(statistic what) noexcept {
    return what <= statistic::sample_rate ||
           (percentile_statistic(0) <= what && what <= percentile_statistic(100));
}

/// Refuses what a record cannot carry or what is no point.
[[nodiscard]] constexpr errc check_point(const binary_point& one) noexcept {
    if (one.name.empty())
        return errc::empty_name;
    if (one.name.size() > binary_point_name_bytes_max)
        return errc::name_too_long;
    if (one.name.find('\0') != one.name.npos)
        return errc::bad_name;
    if (one.timestamp < 0)
        return errc::bad_timestamp;
    if (one.value != one.value)
        return errc::bad_number;
    if (is_infinite(one.value))
        return errc::number_out_of_range;
    return is_statistic(one.what) ? errc::ok : errc::unknown_type;
}

} // namespace detail

/// Parses the record that `bytes` begin with.
///
/// Input    any bytes, of which the record need not be all nor all be there; not retained.
/// Returns  the point, whose name points into `bytes`; or a record that is not complete.
/// Errors   unknown_type (of series or statistic), bad_terminator, empty_name, bad_name (a zero
///          within), bad_timestamp (beyond 2^63), bad_number (NaN), number_out_of_range (an
///          infinity).
/// Cost     O(name); does not allocate, does not throw.
/// Threads  pure.
/// Source   statsite/statsite 0.8.1, src/streaming.c.
[[nodiscard]] constexpr result<binary_point_record>
parse_binary_point(std::string_view bytes) noexcept {
    constexpr auto head = detail::binary_point_head_bytes;
    if (bytes.size() < head)
        return binary_point_record{};
    const auto kind = detail::kind_of_point(bytes[8]);
    if (!kind)
        return kind.error();
    const auto what = static_cast<statistic>(bytes[9]);
    const std::size_t name_size = detail::read_little_endian<std::uint16_t>(bytes.data() + 10);
    const auto size = head + name_size + (is_histogram(what) ? sizeof(std::uint32_t) : 0);
    if (bytes.size() < size)
        return binary_point_record{};
    if (name_size == 0 || bytes[head + name_size - 1] != '\0')
        return errc::bad_terminator;
    binary_point_record record{.point = {}, .size = size};
    binary_point& one = record.point;
    one.kind = *kind;
    one.what = what;
    one.name = bytes.substr(head, name_size - 1);
    one.value = std::bit_cast<double>(detail::read_little_endian<std::uint64_t>(bytes.data() + 12));
    one.timestamp =
        static_cast<std::int64_t>(detail::read_little_endian<std::uint64_t>(bytes.data()));
    if (is_histogram(what))
        one.count = detail::read_little_endian<std::uint32_t>(bytes.data() + head + name_size);
    if (const auto error = detail::check_point(one); error != errc::ok)
        return error;
    return record;
}

/// Appends the record of one point to `out`.
///
/// Returns  ok, and then parse_binary_point gives the same point, but for the count of what is no
///          bin; else `out` is as it was.
/// Errors   empty_name, name_too_long (binary_point_name_bytes_max), bad_name (a zero within),
///          bad_timestamp (below 0), bad_number, number_out_of_range, unknown_type (what is no
///          statistic), no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format_binary(const binary_point& one,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_point(one); error != errc::ok)
        return error;
    char head[detail::binary_point_head_bytes] = {};
    detail::write_little_endian(head, static_cast<std::uint64_t>(one.timestamp));
    head[8] = detail::binary_point_types[static_cast<std::size_t>(one.kind)];
    head[9] = static_cast<char>(one.what);
    detail::write_little_endian(head + 10, static_cast<std::uint16_t>(one.name.size() + 1));
    detail::write_little_endian(head + 12, std::bit_cast<std::uint64_t>(one.value));
    char count[sizeof one.count] = {};
    detail::write_little_endian(count, one.count);
    const auto before = out.size();
    if (out.append(std::string_view(head, sizeof head)) && out.append(one.name) &&
        out.append(std::string_view("\0", 1)) &&
        (!is_histogram(one.what) || out.append(std::string_view(count, sizeof count))))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

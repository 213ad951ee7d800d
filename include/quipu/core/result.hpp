// Errors as values: `errc` names what went wrong, `result<T>` is a value or an errc. Nothing in the
// library throws but allocation.
#pragma once

#include <quipu/core/config.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace quipu {

/// Every cause of failure, one enumerator for each; `message` says it in words.
enum class errc : std::uint8_t {
    ok,
    // a line, wire/
    empty_name,
    missing_value,
    missing_type,
    unknown_type,
    bad_name,
    bad_number,
    number_out_of_range,
    negative_timing,
    bad_rate,
    bad_timestamp,
    bad_tags,
    mixed_tags,
    empty_member,
    unknown_field,
    several_samples,
    unterminated_line,
    line_too_long,
    name_too_long,
    too_many_tags,
    tags_too_long,
    too_many_values,
    // an event, a service check, a binary record, wire/
    bad_header,
    bad_length,
    empty_title,
    bad_status,
    bad_field,
    bad_magic,
    bad_terminator,
    // serialised sketches, cells and snapshots
    bad_encoding,
    // bounds, everywhere
    no_space,
    series_limit,
    value_limit,
    time_not_kept,
    queue_full,
    // the operating system, net/
    bad_address,
    name_unresolved,
    address_in_use,
    address_unavailable,
    permission_denied,
    connection_refused,
    connection_lost,
    unreachable,
    timed_out,
    would_block,
    message_too_long,
    message_refused,
    peer_failed,
    too_many_descriptors,
    no_such_file,
    is_a_link,
    disk_full,
    unsupported,
    system_failure,
};

/// The number of enumerators: counters by cause are arrays of this size.
inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::system_failure) + 1;

/// Says in words what an errc means, as the end of a sentence ("cannot bind: address in use").
/// Total: any value has a text.
[[nodiscard]] constexpr std::string_view message(errc error) noexcept {
    switch (error) {
    case errc::ok: return "ok";
    case errc::empty_name: return "the name is empty";
    case errc::missing_value: return "no ':' and value after the name";
    case errc::missing_type: return "no '|' and type after the value";
    case errc::unknown_type: return "unknown metric type";
    case errc::bad_name: return "a character that a name cannot have";
    case errc::time_not_kept:
        return "the sample has a time of its own, `|T`, and would count as one of now";
    case errc::bad_number: return "the value is not a number";
    case errc::number_out_of_range: return "the number is too large or too small for a double";
    case errc::negative_timing: return "a timing is below zero";
    case errc::bad_rate: return "the sampling rate is not a number above 0 and up to 1";
    case errc::bad_timestamp: return "the timestamp is not whole Unix seconds";
    case errc::bad_tags: return "the tags cannot be read";
    case errc::mixed_tags: return "tags in the name and after the type";
    case errc::empty_member: return "a set member is empty";
    case errc::unknown_field: return "unknown field after the type";
    case errc::several_samples: return "more than one sample where one is expected";
    case errc::unterminated_line: return "the connection ended within a line";
    case errc::line_too_long: return "the line is too long";
    case errc::name_too_long: return "the name is too long";
    case errc::too_many_tags: return "too many tags";
    case errc::tags_too_long: return "the tags are too long";
    case errc::too_many_values: return "too many values in one line";
    case errc::bad_header: return "the line does not begin as an event or service check does";
    case errc::bad_length: return "the length is not a number, or not that of the text";
    case errc::empty_title: return "the title of the event is empty";
    case errc::bad_status: return "the status is not one of 0 to 3";
    case errc::bad_field: return "the field has no such value";
    case errc::bad_magic: return "the binary record does not begin with its mark";
    case errc::bad_terminator: return "a text of the binary record does not end where it says";
    case errc::bad_encoding: return "the bytes are not a serialised value of this type";
    case errc::no_space: return "the buffer is too small";
    case errc::series_limit: return "the limit of series is reached";
    case errc::value_limit: return "the limit of values is reached";
    case errc::queue_full: return "the queue is full";
    case errc::bad_address: return "the address cannot be read";
    case errc::name_unresolved: return "the host name has no address";
    case errc::address_in_use: return "the address is in use";
    case errc::address_unavailable: return "the address is not one of this machine";
    case errc::permission_denied: return "permission denied";
    case errc::connection_refused: return "connection refused";
    case errc::connection_lost: return "the connection is lost";
    case errc::unreachable: return "the network or host is unreachable";
    case errc::timed_out: return "timed out";
    case errc::would_block: return "nothing can be done without waiting";
    case errc::message_too_long: return "the message is too long for the transport";
    case errc::message_refused: return "the peer has refused the message";
    case errc::peer_failed: return "the peer has failed at the message";
    case errc::too_many_descriptors: return "too many open files";
    case errc::no_such_file: return "no such file or folder";
    case errc::is_a_link: return "a symbolic link stands where a file is expected";
    case errc::disk_full: return "the disk is full";
    case errc::unsupported: return "not supported here";
    case errc::system_failure: return "the operating system failed";
    }
    return "unknown error";
}

/// A value or the reason why there is none: the part of `std::expected<T, errc>` that we need, with
/// its spelling. `T` is default-constructible; an error holds a default one.
/// Threads  distinct objects safe, shared objects unsafe.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    constexpr result() = default;
    // Implicit, as in std::expected, so that a function can simply return either.
    constexpr result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(value)) {}
    constexpr result(errc error) noexcept : error_(error) { QUIPU_ASSERT(error != errc::ok); }

    [[nodiscard]] constexpr bool has_value() const noexcept { return error_ == errc::ok; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    /// The reason; `errc::ok` if there is a value.
    [[nodiscard]] constexpr errc error() const noexcept { return error_; }

    [[nodiscard]] constexpr T& operator*() & noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr const T& operator*() const& noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr T&& operator*() && noexcept {
        QUIPU_ASSERT(has_value());
        return std::move(value_);
    }
    [[nodiscard]] constexpr T* operator->() noexcept { return &**this; }
    [[nodiscard]] constexpr const T* operator->() const noexcept { return &**this; }

    [[nodiscard]] constexpr T value_or(T other) const& { return has_value() ? value_ : other; }

private:
    T value_{};
    errc error_ = errc::ok;
};

} // namespace quipu

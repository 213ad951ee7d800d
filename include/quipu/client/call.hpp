// What a call of a client may say, and what a client counts of its calls.
#pragma once

#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace quipu {

/// What a call may say beside its value.
struct call_options {
    /// The share of the calls that is sent, above 0 and up to 1.
    double rate = 1;
    /// Tags of this line, behind those of the client: `code:200,method:get`.
    std::string_view tags = {};
    /// Unix seconds, where the dialect has it.
    std::int64_t timestamp = no_timestamp;
};

/// What became of the calls of a client.
struct client_counts {
    std::uint64_t samples = 0;     ///< taken, into a datagram or into an aggregate
    std::uint64_t sampled_out = 0; ///< not sent, since a rate left them out
    std::uint64_t refused = 0;     ///< that no line can carry; the call told why
    std::uint64_t thinned = 0;     ///< values of timers that others stand for, at a bound
    std::uint64_t datagrams = 0;   ///< taken by the transport
    std::uint64_t bytes = 0;       ///< of those
    std::uint64_t failures = 0;    ///< datagrams that the transport did not take
    std::uint64_t lost = 0;        ///< samples that were in those, or whose aggregate fits no line

    friend constexpr bool operator==(const client_counts&, const client_counts&) = default;
};

/// The counts by their names.
inline constexpr struct {
    std::string_view name;
    std::uint64_t client_counts::*count;
} client_count_names[] = {{"samples", &client_counts::samples},
                          {"sampled_out", &client_counts::sampled_out},
                          {"refused", &client_counts::refused},
                          {"thinned", &client_counts::thinned},
                          {"datagrams", &client_counts::datagrams},
                          {"bytes", &client_counts::bytes},
                          {"failures", &client_counts::failures},
                          {"lost", &client_counts::lost}};

/// A number that a call takes: it remembers whether it is an integer, which some servers and
/// layouts tell apart.
struct metric_value {
    template <std::integral Integer>
    constexpr metric_value(Integer number) noexcept
        : value(static_cast<double>(number)), integral(true) {}
    constexpr metric_value(double number) noexcept : value(number) {}

    double value;
    bool integral = false;
};

/// A duration as <chrono> has them; that header costs more to include than this one.
template <class D>
concept duration_like = requires(const D& d) {
    { d.count() } -> std::convertible_to<double>;
    { D::period::num } -> std::convertible_to<double>;
    { D::period::den } -> std::convertible_to<double>;
};

/// A duration in milliseconds.
template <duration_like Duration>
[[nodiscard]] constexpr double milliseconds_of(Duration took) noexcept {
    constexpr double milliseconds = 1000 * static_cast<double>(Duration::period::num) /
                                    static_cast<double>(Duration::period::den);
    return static_cast<double>(took.count()) * milliseconds;
}

} // namespace quipu

// One parsed line: a series and what happened to it.
#pragma once

#include <quipu/wire/series.hpp>

#include <cstdint>
#include <limits>
#include <string_view>

namespace quipu {

/// The timestamp of a sample that carries none.
inline constexpr std::int64_t no_timestamp = std::numeric_limits<std::int64_t>::min();

/// The smallest rate: a smaller one would weigh infinitely much.
inline constexpr double rate_min = std::numeric_limits<double>::min();

/// One datum of the wire. Owns nothing: its views point into the line it was parsed from.
struct sample {
    quipu::series series{};
    /// The number; for a set it is unused. Timers are in milliseconds.
    double value = 0;
    /// The share of events that the sender reports; each one stands for 1 / rate of them.
    double rate = 1;
    /// The member of a set.
    std::string_view member{};
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    /// A gauge's value is a change, not a new value.
    bool relative = false;
    /// The value was written as a whole number, with neither a dot nor an exponent.
    bool integral = false;

    /// How many events the sample stands for.
    [[nodiscard]] constexpr double weight() const noexcept { return 1 / rate; }

    friend constexpr bool operator==(const sample&, const sample&) = default;
};

} // namespace quipu

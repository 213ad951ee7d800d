// Numbers from outside as whole ones, with a look at their range first.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>

namespace quipu {

namespace detail {

/// The first double above all values of an integer type: a power of two, so it is exact.
template <std::integral Integer>
inline constexpr double
    integers_end = 2.0 * static_cast<double>(std::numeric_limits<Integer>::max() / 2 + 1);

} // namespace detail

/// The whole number that a double is; nothing if it has a fraction, is not of that type, or is NaN.
/// A cast of such a double to an integer is undefined; this is what to write in its place.
/// Threads  pure.
template <std::integral Integer>
[[nodiscard]] inline std::optional<Integer> whole_number(double value) noexcept {
    constexpr auto lowest = static_cast<double>(std::numeric_limits<Integer>::min());
    if (!(value >= lowest && value < detail::integers_end<Integer>) || value != std::floor(value))
        return std::nullopt;
    return static_cast<Integer>(value);
}

/// The whole number at or next to a double towards zero, no farther than the type reaches; NaN is 0.
/// Threads  pure.
template <std::integral Integer>
[[nodiscard]] constexpr Integer nearest_whole(double value) noexcept {
    if (value != value)
        return 0;
    if (!(value < detail::integers_end<Integer>))
        return std::numeric_limits<Integer>::max();
    constexpr auto lowest = static_cast<double>(std::numeric_limits<Integer>::min());
    return value > lowest ? static_cast<Integer>(value) : std::numeric_limits<Integer>::min();
}

} // namespace quipu

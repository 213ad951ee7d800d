// Numbers that stay finite.
#pragma once

#include <limits>

namespace quipu {

namespace detail {

/// What is certainly far enough from the end of the doubles: to a sum that is finite any number of
/// values up to this can be added, for they change no larger sum than half of the largest double.
inline constexpr double harmless_max = 0x1p960;

/// Whether a value is not beyond `harmless_max`. Cost: one comparison.
[[nodiscard]] constexpr bool is_harmless(double value) noexcept {
#if defined(__GNUC__)
    return __builtin_fabs(value) <= harmless_max;
#else
    return value <= harmless_max && value >= -harmless_max;
#endif
}

/// Whether a + b is a number. Cost: one comparison for values that are not beyond `harmless_max`.
[[nodiscard]] constexpr bool sum_is_finite(double a, double b) noexcept {
    if (is_harmless(b)) [[likely]]
        return true;
    const double sum = a + b;
    constexpr double largest = std::numeric_limits<double>::max();
    return sum >= -largest && sum <= largest;
}

} // namespace detail

/// The number next to what is beyond the doubles: the largest for infinity and for NaN, which here
/// comes of two infinite ones, the lowest for minus infinity; any other is itself.
/// Threads  pure.
[[nodiscard]] constexpr double saturated(double value) noexcept {
    constexpr double largest = std::numeric_limits<double>::max();
    if (value >= -largest && value <= largest) [[likely]]
        return value;
    return value < 0 ? -largest : largest;
}

} // namespace quipu

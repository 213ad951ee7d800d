// The squared deviations from the mean, of values that are not kept, without cancellation.
#pragma once

#include <quipu/core/byte_codec.hpp>

#include <bit>
#include <cstdint>
#include <limits>

namespace quipu {

/// Sums the distances from an origin near the mean, and their squares: the first value is the
/// origin, and the common mean, as near as a double comes, that of two that are merged. How many
/// values there are is known elsewhere (`moments`).
///
/// Memory   24 bytes.
/// Error    relatively that of adding n doubles, times 1 + (distance of the first value from the
///          mean / standard deviation)²: at most 1 + n, and as a rule about 2. What is beyond a
///          double is infinite, never NaN.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Chan, Golub, LeVeque, "Algorithms for Computing the Sample Variance", 1983.
class deviations {
public:
    /// Adds a value; `first` says that there was none before.
    constexpr void record(double value, bool first) noexcept {
        if (first) [[unlikely]]
            origin_ = value;
        const double distance = value - origin_;
        sum_ += distance;
        squares_ += distance * distance;
    }

    /// Adds a value that stands for `weight` events.
    constexpr void record(double value, double weight, bool first) noexcept {
        if (first) [[unlikely]]
            origin_ = value;
        const double distance = value - origin_;
        sum_ += distance * weight;
        squares_ += distance * distance * weight;
    }

    /// Adds the `other_count` values of another to the `count` that are here.
    constexpr void merge(const deviations& other, double count, double other_count) noexcept {
        if (other_count == 0)
            return;
        if (count == 0) {
            *this = other;
            return;
        }
        const double share = other_count / (count + other_count);
        const double offset = sum_ / count;
        const double distance = (other.origin_ - origin_) + (other.sum_ / other_count - offset);
        const double between = distance * distance * count * share;
        const double squares = squared(count) + other.squared(other_count) + between;
        *this = about(origin_, offset + distance * share, count + other_count, squares);
    }

    /// Those of values whose distances from an origin, one of them, have these sums.
    [[nodiscard]] static constexpr deviations
    from(double origin, double sum, double squares) noexcept {
        deviations made;
        made.origin_ = origin;
        made.sum_ = sum;
        made.squares_ = squares;
        return made;
    }

    constexpr void clear() noexcept { *this = deviations(); }

    /// The sum of weight × (value - mean)² of the `count` values.
    [[nodiscard]] constexpr double squared(double count) const noexcept {
        if (!finite())
            return infinity;
        if (count == 0)
            return 0;
        const double left = squares_ - sum_ / count * sum_;
        return left > 0 ? left : 0;
    }

    void write(byte_writer& out) const {
        const deviations one = finite() ? *this : about(0, 0, 0, infinity);
        for (const double number : {one.origin_, one.sum_, one.squares_})
            out.number(number);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] constexpr bool read(byte_reader& from) noexcept {
        origin_ = from.number();
        sum_ = from.number();
        squares_ = from.number();
        const auto bits = [](double one) { return std::bit_cast<std::uint64_t>(one); };
        const bool infinite = bits(origin_) == 0 && bits(sum_) == 0 && squares_ == infinity;
        if (!from.failed() && (finite() || infinite) && (squares_ > 0 || bits(squares_) == 0))
            return true;
        clear();
        return false;
    }

private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    [[nodiscard]] constexpr bool finite() const noexcept {
        return origin_ - origin_ == 0 && sum_ - sum_ == 0 && squares_ < infinity;
    }

    /// Has its origin at a mean, `origin + offset`: what a double is too coarse for goes into the
    /// sum, so that the means of parts are told apart however far from zero they are.
    [[nodiscard]] static constexpr deviations
    about(double origin, double offset, double count, double squares) noexcept {
        deviations one;
        one.origin_ = origin + offset;
        const double rest = (origin - one.origin_) + offset;
        one.sum_ = rest * count;
        one.squares_ = squares + rest * one.sum_;
        return one;
    }

    double origin_ = 0;
    double sum_ = 0;
    double squares_ = 0;
};

} // namespace quipu

// What is exact of a distribution, however many its values: their number, sums, and ends.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/saturated.hpp>

#include <bit>
#include <cstdint>
#include <limits>

namespace quipu {

/// Count, sum, sum of squares, minimum and maximum of weighted values: what every quantile sketch
/// keeps beside what it knows of the quantiles.
///
/// Memory   40 bytes.
/// Error    that of adding doubles. A sum beyond them reads as the largest one; a timer refuses the
///          value that would lead there.
/// Threads  distinct objects safe, shared objects unsafe.
class moments {
public:
    /// Adds a value.
    /// Input    value: finite.
    constexpr void record(double value) noexcept {
        QUIPU_ASSERT(value - value == 0);
        count_ += 1;
        sum_ += value;
        sum_squares_ += value * value;
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    constexpr void record(double value, double weight) noexcept {
        QUIPU_ASSERT(value - value == 0 && weight > 0 && weight - weight == 0);
        count_ += weight;
        sum_ = total(sum_, value * weight);
        sum_squares_ += value * value * weight;
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }

    constexpr void merge(const moments& other) noexcept {
        count_ += other.count_;
        sum_ = total(sum_, other.sum_);
        sum_squares_ += other.sum_squares_;
        min_ = other.min_ < min_ ? other.min_ : min_;
        max_ = other.max_ > max_ ? other.max_ : max_;
    }

    /// Those of values that are known by nothing else.
    /// Input    count: above 0.
    [[nodiscard]] static constexpr moments
    from(double count, double sum, double sum_squares, double min, double max) noexcept {
        moments made;
        made.count_ = count;
        made.sum_ = sum;
        made.sum_squares_ = sum_squares;
        made.min_ = min;
        made.max_ = max;
        return made;
    }

    constexpr void clear() noexcept { *this = moments(); }

    [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] constexpr double count() const noexcept { return count_; } ///< sum of the weights
    [[nodiscard]] constexpr double sum() const noexcept { return saturated(sum_); }
    [[nodiscard]] constexpr double sum_squares() const noexcept { return saturated(sum_squares_); }
    /// 0 if there is no value.
    [[nodiscard]] constexpr double min() const noexcept { return empty() ? 0 : min_; }
    /// 0 if there is no value.
    [[nodiscard]] constexpr double max() const noexcept { return empty() ? 0 : max_; }

    /// Five numbers, or the count alone if that is 0.
    void write(byte_writer& out) const {
        out.number(count_);
        if (empty())
            return;
        for (const double one : {sum(), sum_squares(), min_, max_})
            out.number(one);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] constexpr bool read(byte_reader& from) noexcept {
        moments got;
        got.count_ = from.number();
        if (got.count_ > 0) {
            for (double* one : {&got.sum_, &got.sum_squares_, &got.min_, &got.max_})
                *one = from.number();
        }
        const bool sound = !from.failed() && got.sound();
        *this = sound ? got : moments();
        return sound;
    }

private:
    /// Values can have led here: in particular nothing is NaN.
    [[nodiscard]] constexpr bool sound() const noexcept {
        if (count_ == 0)
            return std::bit_cast<std::uint64_t>(count_) == 0; // not -0
        return count_ > 0 && count_ - count_ == 0 && sum_ - sum_ == 0 && sum_squares_ >= 0 &&
               sum_squares_ - sum_squares_ == 0 && min_ - min_ == 0 && max_ - max_ == 0 &&
               min_ <= max_;
    }

    /// The sum of two, of which both or one may be infinite: two that cancel each other are 0.
    [[nodiscard]] static constexpr double total(double a, double b) noexcept {
        const double sum = a + b;
        return sum == sum ? sum : 0;
    }

    double count_ = 0;
    double sum_ = 0;
    double sum_squares_ = 0;
    double min_ = std::numeric_limits<double>::infinity();
    double max_ = -std::numeric_limits<double>::infinity();
};

} // namespace quipu

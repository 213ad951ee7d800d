// The counter: a sum of what was counted in one interval.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/saturated.hpp>

namespace quipu {

/// Sums values, each scaled up by the share that was sampled. Values below zero are allowed.
/// Threads  distinct objects safe, shared objects unsafe.
class counter {
public:
    /// Adds `value` for each of the `weight` events that the caller stands for (1 / sampling rate).
    /// Errors   number_out_of_range: the sum would be no number, and stays as it is.
    constexpr errc add(double value = 1, double weight = 1) noexcept {
        const double more = value * weight;
        if (!detail::sum_is_finite(sum_, more)) [[unlikely]]
            return errc::number_out_of_range;
        sum_ += more;
        samples_ += weight;
        return errc::ok;
    }

    constexpr errc apply(const sample& one) noexcept {
        const errc error = add(one.value, one.weight());
        if (error == errc::ok) [[likely]]
            integral_ = integral_ && one.integral && one.rate == 1;
        return error;
    }

    /// Returns how many samples of the other were refused, since the sum would be no number.
    constexpr double merge(const counter& other) noexcept {
        if (!detail::sum_is_finite(sum_, other.sum_))
            return other.samples_;
        sum_ += other.sum_;
        samples_ += other.samples_;
        integral_ = integral_ && other.integral_;
        return 0;
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { reset(); }
    constexpr void settle() noexcept {}

    [[nodiscard]] constexpr double sum() const noexcept { return sum_; }
    /// How many samples came, each by its weight.
    [[nodiscard]] constexpr double samples() const noexcept { return samples_; }
    /// The sum for each second of an interval, which is above zero.
    [[nodiscard]] constexpr double rate(double interval_seconds) const noexcept {
        return saturated(sum_ / interval_seconds);
    }
    /// All values were written as whole numbers.
    [[nodiscard]] constexpr bool integral() const noexcept { return integral_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return samples_ == 0; }

    /// Writes the two sums and whether all was whole.
    void write(byte_writer& out) const {
        out.number(sum_);
        out.number(samples_);
        out.byte(integral_ ? 1 : 0);
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no counter.
    [[nodiscard]] bool read(byte_reader& from) noexcept {
        sum_ = from.number();
        samples_ = from.number();
        const auto integral = from.byte();
        integral_ = integral == 1;
        const bool counted = samples_ > 0 || (samples_ == 0 && sum_ == 0 && integral_);
        if (!from.failed() && integral <= 1 && sum_ - sum_ == 0 && samples_ - samples_ == 0 &&
            counted)
            return true;
        reset();
        return false;
    }

private:
    double sum_ = 0;
    double samples_ = 0;
    bool integral_ = true;
};

static_assert(cell<counter>);

} // namespace quipu

// The quantile sketch of statsite: biased quantiles, with its schedule and its answers.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/sketch/ckms_summary.hpp>
#include <quipu/sketch/moments.hpp>
#include <quipu/sketch/sketch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quipu {

/// The quantiles that matter, each between 0 and 1, and how far off their ranks may be, relative
/// to the number of values: statsite's defaults. Derive from this and override a line; what is known
/// at run time only may be members of an object, which the sketch is made with.
struct statsite_targets {
    static constexpr double error = 0.01; ///< `timer_eps`
    static constexpr std::array quantiles{0.5, 0.95, 0.99};
};

/// Keeps the values around which the targets lie, and answers exactly what statsite does: the
/// same insertions and compressions in the same order, and its rule of reading. That is its use;
/// elsewhere another sketch is faster, and its answers do not depend on the order of the values.
///
/// Memory   O(log(error × n) / error): by default 32 bytes each for 90 to 250 values
///          of a million.
/// Error    the rank of a target is off by `error` × n at most; that of another rank r by
///          error × max(r / q, (n - r) / (1 - q)) for the target q where this is least. Up to some
///          50 values, nothing is lost. A merge adds the errors of its parts at the same value:
///          with a target of 0.5 that is 2 × error × n at most.
/// Weights  in quantiles and parts a weight is rounded to a whole number from 1 to 2^32; the
///          moments and the deviations are exact and take it as it is.
/// Source   G. Cormode, F. Korn, S. Muthukrishnan, D. Srivastava, "Effective computation of biased
///          quantiles over data streams" (2005).
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <class Targets = statsite_targets>
class basic_ckms {
public:
    explicit basic_ckms(Targets targets = {}) : summary_(std::move(targets)) {}

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(error × values kept), in small constant steps; allocates when more are kept.
    void record(double value, double weight = 1) {
        const double before = moments_.empty() ? value : mean();
        moments_.record(value, weight);
        add_deviation((value - before) * (value - mean()) * weight);
        summary_.record(value, repetitions(weight));
    }

    /// Adds all values of another sketch.
    /// Cost     O(values kept).
    void merge(const basic_ckms& other) {
        QUIPU_ASSERT(&other != this);
        if (other.moments_.empty())
            return;
        if (!moments_.empty()) {
            const double apart = other.mean() - mean();
            const double share = other.count() / (count() + other.count());
            add_deviation(apart * apart * share * count());
        }
        add_deviation(other.deviations_);
        moments_.merge(other.moments_);
        summary_.merge(other.summary_);
    }

    /// Lets the values that wait take their places. Call it once after the last record and before
    /// any of the reads below.
    void settle() { summary_.settle(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        summary_.clear();
        moments_.clear();
        deviations_ = 0;
    }

    [[nodiscard]] double count() const noexcept {
        return moments_.count();
    } ///< the sum of the weights
    [[nodiscard]] double sum() const noexcept { return moments_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return moments_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return moments_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return moments_.max(); } ///< 0 if there is no value
    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// The sum of weight × (value - mean)², free of cancellation.
    [[nodiscard]] double squared_deviations() const noexcept { return saturated(deviations_); }

    /// What statsite says; the minimum for q = 0, 0 if there is no value. Settled. Monotonic in q
    /// as long as no target is above 1 - error.
    [[nodiscard]] double quantile(double q) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        return q == 0 ? min() : summary_.quantile(q);
    }

    /// The quantile 0.5, as in statsite: never between two values. Settled.
    [[nodiscard]] double median() const noexcept { return quantile(0.5); }

    /// The smallest values that hold a share `q` of the weight, one event at least if there is any.
    /// Each value that is not kept counts as the next one above it that is. Settled.
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, [this](auto&& take) { summary_.for_each(take); });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(q, [this](auto&& take) { summary_.for_each_backwards(take); });
    }

    /// The values that are kept.
    [[nodiscard]] std::size_t size() const noexcept { return summary_.size(); }

    /// Writes the sketch as it is when it is settled.
    void write(byte_writer& out) const {
        moments_.write(out);
        if (moments_.empty())
            return;
        out.number(deviations_);
        summary_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no such sketch.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!moments_.read(from))
            return false;
        if (moments_.empty())
            return true;
        deviations_ = from.number();
        if (deviations_ >= 0 && !std::signbit(deviations_) && summary_.read(from) &&
            summary_.size() > 0 && min() == summary_.lowest() && max() == summary_.highest())
            return true;
        clear();
        return false;
    }

private:
    [[nodiscard]] double mean() const noexcept { return sum() / count(); }

    /// Rounding may make one of almost 0 negative, and overflow one that is no number.
    void add_deviation(double square) noexcept {
        if (square > 0)
            deviations_ += square;
    }

    static std::uint64_t repetitions(double weight) noexcept {
        return static_cast<std::uint64_t>(std::clamp(std::round(weight), 1.0, 0x1p32));
    }

    template <class Each>
    [[nodiscard]] distribution_part part(double q, Each&& for_each) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * static_cast<double>(summary_.ranks()) * (1 - 1e-12);
        distribution_part taken;
        for_each([&](double value, std::uint64_t width) {
            if (taken.count > 0 && taken.count >= share)
                return false;
            const double missing = std::max(std::ceil(share - taken.count), 1.0);
            const double times = std::min(static_cast<double>(width), missing);
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
            return true;
        });
        taken.sum = saturated(taken.sum);
        taken.sum_squares = saturated(taken.sum_squares);
        return taken;
    }

    detail::ckms_summary<Targets> summary_;
    moments moments_{};
    double deviations_ = 0;
};

using ckms = basic_ckms<>;

static_assert(quantile_sketch<ckms>);

} // namespace quipu

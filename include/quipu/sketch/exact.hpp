// The exact quantile sketch: keeps every value.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/sketch/bound_policy.hpp>
#include <quipu/sketch/moments.hpp>
#include <quipu/sketch/sketch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace quipu {

/// Keeps every value up to a bound; beyond it count, sum, min and max stay exact, `Bound` says which
/// values are kept, and `dropped()` counts the others.
///
/// Memory   8 bytes a value, 16 from the first weight that is not 1 on.
/// Error    none, up to `ValuesMax` values; beyond it as `Bound` says (bound_policy.hpp).
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
/// safe.
template <std::size_t ValuesMax = std::size_t{1} << 20,
          value_bound_policy Bound = bound_policy::keep_first>
class basic_exact {
    static_assert(ValuesMax > 0, "quipu exact: keeps one value at least");

public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(1); allocates when the storage grows.
    void record(double value, double weight = 1) {
        all_.record(value, weight);
        keep(value, weight);
    }

    /// Adds all values of another sketch.
    void merge(const basic_exact& other) {
        QUIPU_ASSERT(&other != this);
        all_.merge(other.all_);
        if constexpr (Bound::samples) {
            if (other.values_.size() > ValuesMax - values_.size())
                return merge_samples(other);
        }
        dropped_ += other.dropped_;
        for (std::size_t i = 0; i < other.values_.size(); ++i) {
            keep(other.values_[i], other.weight(i));
        }
    }

    /// Sorts the values. Call it once after the last record and before any of the reads below.
    /// Cost     O(n log n).
    void settle() {
        if (weights_.empty())
            return std::sort(values_.begin(), values_.end());
        std::vector<std::pair<double, double>> weighted(values_.size());
        for (std::size_t i = 0; i < values_.size(); ++i)
            weighted[i] = {values_[i], weights_[i]};
        std::sort(weighted.begin(), weighted.end());
        for (std::size_t i = 0; i < values_.size(); ++i) {
            std::tie(values_[i], weights_[i]) = weighted[i];
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        values_.clear();
        weights_.clear();
        all_.clear();
        dropped_ = 0;
    }

    [[nodiscard]] double count() const noexcept { return all_.count(); } ///< sum of the weights
    [[nodiscard]] double sum() const noexcept { return all_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return all_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return all_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return all_.max(); } ///< 0 if there is no value

    /// How many of the values that came are not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// The values are here as they came, those kept.
    [[nodiscard]] static constexpr bool keeps_values() noexcept { return true; }
    /// The values kept, in ascending order once settled.
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }
    [[nodiscard]] double weight(std::size_t i) const noexcept {
        return weights_.empty() ? 1 : weights_[i];
    }

    /// The smallest value that at least a share `q` of the weight is not above (nearest rank); the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value. Settled.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The value in the middle, or the mean of the two there. Settled.
    [[nodiscard]] double median() const noexcept {
        const double half = kept_weight() / 2;
        const double slack = half * rounding;
        double below = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            below += weight(i);
            if (below > half + slack)
                return values_[i];
            if (below >= half - slack)
                return (values_[i] + values_[i + 1]) / 2;
        }
        return max();
    }

    /// The smallest values that hold a share `q` of the weight. Of the value at the cut only as
    /// many whole events as are needed are in, and one event at least if there is any. Settled.
    /// Cost     O(n).
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, [](std::size_t i) { return i; });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(q, [last = values_.size() - 1](std::size_t i) { return last - i; });
    }

    /// The sum of weight × (value - mean)², free of cancellation; the values kept stand for those
    /// that were dropped.
    [[nodiscard]] double squared_deviations() const noexcept {
        const double total = kept_weight();
        if (total == 0)
            return 0;
        double sum = 0;
        for (std::size_t i = 0; i < values_.size(); ++i)
            sum += values_[i] * weight(i);
        const double mean = sum / total;
        double deviations = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const double distance = values_[i] - mean;
            deviations += distance * distance * weight(i);
        }
        return dropped_ == 0 ? deviations : deviations * (count() / total);
    }

    void write(byte_writer& out) const {
        all_.write(out);
        if (all_.empty())
            return;
        out.count(dropped_);
        bound_.write(out);
        out.byte(weights_.empty() ? 0 : 1);
        out.count(values_.size());
        for (const double value : values_)
            out.number(value);
        for (const double weight : weights_)
            out.number(weight);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    /// Cost     O(n); allocates no more than the bytes that are there.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!all_.read(from))
            return false;
        if (!all_.empty())
            read_values(from);
        if (!from.failed())
            return true;
        clear();
        return false;
    }

private:
    /// How far a sum of weights such as 1 / 0.3 may be off, relatively.
    static constexpr double rounding = 1e-12;
    /// How far the sums of as many weights as there may be, in another order, may be apart.
    static constexpr double rounding_of_many = static_cast<double>(ValuesMax) * 0x1p-52 + rounding;

    void keep(double value, double weight) {
        if (values_.size() == ValuesMax) {
            ++dropped_;
            if (const auto place = bound_.place(ValuesMax + dropped_); place < ValuesMax)
                replace(place, value, weight);
            return;
        }
        if (weight != 1 && weights_.empty())
            weights_.assign(values_.size(), 1);
        values_.push_back(value);
        if (weight != 1 || !weights_.empty())
            weights_.push_back(weight);
    }

    void replace(std::size_t place, double value, double weight) {
        if (weight != 1 && weights_.empty())
            weights_.assign(values_.size(), 1);
        values_[place] = value;
        if (!weights_.empty())
            weights_[place] = weight;
    }

    /// Makes a random sample of all values of two out of their samples: draws as if from all of
    /// them, without putting back, and takes one of the sample where it is of the side that the
    /// draw hits.
    void merge_samples(const basic_exact& other) {
        basic_exact both;
        both.all_ = all_;
        both.bound_ = bound_;
        basic_exact rest[] = {std::move(*this), other};
        std::uint64_t left[] = {rest[0].seen(), rest[1].seen()};
        const std::uint64_t all = left[0] + left[1];
        while (both.values_.size() < ValuesMax) {
            const bool theirs = both.bound_.place(left[0] + left[1]) >= left[0];
            basic_exact& from = rest[theirs ? 1 : 0];
            --left[theirs ? 1 : 0];
            const std::size_t last = from.values_.size() - 1;
            const std::size_t place = both.bound_.place(from.values_.size());
            both.keep(from.values_[place], from.weight(place));
            from.replace(place, from.values_[last], from.weight(last));
            from.values_.pop_back();
            if (!from.weights_.empty())
                from.weights_.pop_back();
        }
        both.dropped_ = static_cast<std::size_t>(all - ValuesMax);
        *this = std::move(both);
    }

    /// How many values came, kept or not.
    [[nodiscard]] std::uint64_t seen() const noexcept { return values_.size() + dropped_; }

    void read_values(byte_reader& from) {
        dropped_ = static_cast<std::size_t>(from.count());
        bound_.read(from);
        const auto weighted = from.byte();
        const auto size = from.count_of(weighted == 0 ? 8 : 16);
        if (weighted > 1 || size > ValuesMax || (dropped_ > 0 && size < ValuesMax))
            return from.fail();
        values_.resize(size);
        weights_.resize(weighted == 0 ? 0 : size);
        for (double& value : values_)
            value = from.number();
        for (double& weight : weights_)
            weight = from.number();
        if (!sound())
            from.fail();
    }

    /// What is kept and what is known of all values fit each other.
    [[nodiscard]] bool sound() const noexcept {
        double lowest = max();
        double highest = min();
        for (const double value : values_) {
            if (!(value >= min() && value <= max()))
                return false;
            lowest = std::min(lowest, value);
            highest = std::max(highest, value);
        }
        for (const double weight : weights_) {
            if (!(weight > 0 && weight - weight == 0))
                return false;
        }
        const double kept = kept_weight();
        if (dropped_ > 0)
            return count() >= kept * (1 - rounding_of_many);
        return lowest == min() && highest == max() &&
               (count() == kept ||
                (!weights_.empty() && std::abs(count() - kept) <= kept * rounding_of_many));
    }

    /// The first values in the order of `place`, up to a share `q` of the weight.
    template <class Place>
    [[nodiscard]] distribution_part part(double q, Place place) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * kept_weight() * (1 - rounding);
        distribution_part taken;
        for (std::size_t i = 0; i < values_.size() && (i == 0 || taken.count < share); ++i) {
            const double value = values_[place(i)];
            const double missing = std::ceil(share - taken.count);
            const double times = std::min(weight(place(i)), std::max(missing, 1.0));
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
        }
        return taken;
    }

    [[nodiscard]] double kept_weight() const noexcept {
        if (weights_.empty())
            return static_cast<double>(values_.size());
        double total = 0;
        for (const double weight : weights_)
            total += weight;
        return total;
    }

    std::vector<double> values_{};
    std::vector<double> weights_{}; // empty as long as all weights are 1
    moments all_{};
    std::size_t dropped_ = 0;
    [[no_unique_address]] Bound bound_{};
};

using exact = basic_exact<>;

static_assert(quantile_sketch<exact>);

} // namespace quipu

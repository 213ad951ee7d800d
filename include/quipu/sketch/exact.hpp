// The exact quantile sketch: keeps every value.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/sketch/bound_policy.hpp>
#include <quipu/sketch/moments.hpp>
#include <quipu/sketch/sketch.hpp>
#include <quipu/sketch/weighted_values.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quipu {

/// Keeps every value up to a bound; beyond it count, sum, min and max stay exact, `Bound` says which
/// values are kept, and `dropped()` counts the others. Those kept stand for all then.
///
/// Memory   8 bytes a value, 16 from the first weight that is not 1 on.
/// Error    none, up to `ValuesMax` values; beyond it as `Bound` says (bound_policy.hpp).
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <std::size_t ValuesMax = std::size_t{1} << 20,
          value_bound_policy Bound = bound_policy::keep_first>
class basic_exact {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(1); allocates when the storage grows, and has changed nothing if that fails.
    void record(double value, double weight = 1) {
        keep(value, weight);
        if (weight == 1) [[likely]]
            all_.record(value);
        else
            all_.record(value, weight);
    }

    /// Adds all values of another sketch, or none if there is no memory.
    void merge(const basic_exact& other) {
        QUIPU_ASSERT(&other != this);
        const std::size_t room = ValuesMax - values_.size();
        if (Bound::samples && other.values_.size() > room) {
            merge_samples(other);
        } else {
            values_.make_room(std::min(room, other.values_.size()), other.values_.weighted());
            for (std::size_t i = 0; i < other.values_.size(); ++i)
                keep(other.values_[i], other.weight(i));
            dropped_ += other.dropped_;
        }
        all_.merge(other.all_);
    }

    /// Sorts the values. Call it once after the last record and before any of the reads below.
    /// Cost     O(n log n).
    void settle() { values_.sort(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        values_.clear();
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
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_.values(); }
    [[nodiscard]] double weight(std::size_t i) const noexcept { return values_.weight(i); }

    /// The smallest value that at least a share `q` of the weight is not above (nearest rank); the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value. Settled.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The value in the middle, or the mean of the two there. Settled.
    [[nodiscard]] double median() const noexcept {
        const double half = values_.total() / 2;
        const double slack = half * rounding;
        double below = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            below += weight(i);
            if (below > half + slack)
                return values_[i];
            if (below >= half - slack)
                return between(values_[i], values_[i + 1]);
        }
        return max();
    }

    /// The smallest values that hold a share `q` of the weight. Of the value at the cut only as
    /// many whole events as are needed are in, and one event at least if there is any. Settled.
    /// Cost     O(n).
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, min(), max(), [](std::size_t i) { return i; });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(
            q, max(), min(), [last = values_.size() - 1](std::size_t i) { return last - i; });
    }

    /// The sum of weight × (value - mean)², free of cancellation.
    [[nodiscard]] double squared_deviations() const noexcept {
        const double total = values_.total();
        if (total == 0)
            return 0;
        double sum = 0;
        for (std::size_t i = 0; i < values_.size(); ++i)
            sum += values_[i] * weight(i);
        double mean = sum / total;
        if (mean - mean != 0) { // the sum of some, where that of all is a number
            mean = 0;
            for (std::size_t i = 0; i < values_.size(); ++i)
                mean += values_[i] * (weight(i) / total);
        }
        double deviations = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const double distance = values_[i] - mean;
            deviations += distance * distance * weight(i);
        }
        return saturated(deviations * events_each(total));
    }

    void write(byte_writer& out) const {
        all_.write(out);
        if (all_.empty())
            return;
        out.count(dropped_);
        bound_.write(out);
        values_.write(out);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    /// Cost     O(n); allocates no more than the bytes that are there.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!all_.read(from))
            return false;
        if (!all_.empty())
            read_kept(from);
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
        if (values_.size() < ValuesMax) [[likely]]
            return values_.push(value, weight);
        keep_beyond(value, weight);
    }

    [[gnu::noinline]] void keep_beyond(double value, double weight) {
        if (const auto place = bound_.place(seen() + 1); place < ValuesMax)
            values_.replace(place, value, weight);
        ++dropped_;
    }

    /// Makes a random sample of all values of two out of their samples: draws as if from all of
    /// them, without putting back, and takes one of the sample where it is of the side that the
    /// draw hits.
    void merge_samples(const basic_exact& other) {
        weighted_values rest[] = {values_, other.values_};
        std::uint64_t left[] = {seen(), other.seen()};
        const std::uint64_t all = left[0] + left[1];
        weighted_values both;
        while (both.size() < ValuesMax) {
            const bool theirs = bound_.place(left[0] + left[1]) >= left[0];
            weighted_values& from = rest[theirs ? 1 : 0];
            --left[theirs ? 1 : 0];
            const std::size_t place = bound_.place(from.size());
            both.push(from[place], from.weight(place));
            from.remove(place);
        }
        values_ = std::move(both);
        dropped_ = static_cast<std::size_t>(all - ValuesMax);
    }

    /// How many values came, kept or not.
    [[nodiscard]] std::uint64_t seen() const noexcept { return values_.size() + dropped_; }

    void read_kept(byte_reader& from) {
        dropped_ = static_cast<std::size_t>(from.count());
        bound_.read(from);
        values_.read(from, ValuesMax);
        if (!sound())
            from.fail();
    }

    /// What is kept and what is known of all values fit each other.
    [[nodiscard]] bool sound() const noexcept {
        double lowest = max();
        double highest = min();
        for (const double value : values_.values()) {
            lowest = std::min(lowest, value);
            highest = std::max(highest, value);
        }
        const double kept = values_.total();
        if (dropped_ > 0)
            return values_.size() == ValuesMax && dropped_ <= dropped_max && lowest >= min() &&
                   highest <= max() && count() >= kept * (1 - rounding_of_many);
        return lowest == min() && highest == max() &&
               (count() == kept ||
                (values_.weighted() && std::abs(count() - kept) <= kept * rounding_of_many));
    }

    /// How many events one kept stands for, if it weighs 1.
    [[nodiscard]] double events_each(double kept) const noexcept {
        return dropped_ == 0 ? 1 : count() / kept;
    }

    [[nodiscard]] static double between(double a, double b) noexcept {
        const double sum = a + b;
        return sum - sum == 0 ? sum / 2 : a / 2 + b / 2;
    }

    /// The first values in the order of `place`, up to a share `q` of the weight.
    template <class Place>
    [[nodiscard]] distribution_part
    part(double q, double near_end, double far_end, Place place) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        const double kept = values_.total();
        const double each = events_each(kept);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * kept * each * (1 - rounding);
        distribution_part taken;
        for (std::size_t i = 0; i < values_.size() && (i == 0 || taken.count < share); ++i) {
            const double value = q > 0 ? values_[place(i)] : near_end;
            const double missing = std::ceil(share - taken.count);
            const double times = std::min(weight(place(i)) * each, std::max(missing, 1.0));
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
        }
        taken.sum = saturated(taken.sum);
        taken.sum_squares = saturated(taken.sum_squares);
        if (dropped_ == 0 || q < 1)
            return taken;
        return {count(), sum(), sum_squares(), far_end};
    }

    /// So that sums of some of them are numbers of 64 bits.
    static constexpr std::size_t dropped_max = std::size_t{1} << (sizeof(std::size_t) * 8 - 12);

    weighted_values values_{};
    moments all_{};
    std::size_t dropped_ = 0;
    [[no_unique_address]] Bound bound_{};
};

using exact = basic_exact<>;

static_assert(quantile_sketch<exact>);

} // namespace quipu

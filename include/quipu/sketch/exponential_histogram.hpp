// The quantile sketch of bounded memory: counts in exponential buckets.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/sketch/bucket_window.hpp>
#include <quipu/sketch/deviations.hpp>
#include <quipu/sketch/exponential_scale.hpp>
#include <quipu/sketch/moments.hpp>
#include <quipu/sketch/sketch.hpp>
#include <quipu/sketch/summarised_block.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quipu {

/// Counts values in base-2 exponential buckets: the positive ones, the negative ones by their
/// magnitude, and the zeros. Merging adds the counts, so it is exact, in any order.
///
/// Each side has up to `Cap` buckets, dense from the lowest value seen to the highest. When the
/// values of a side span more, its lowest *values* collapse into the lowest bucket for which there
/// is room: the smallest of the positive ones, and of the negative ones those farthest from zero.
/// So an outlier above never coarsens the upper quantiles; `collapsed(q)` tells which have become
/// no more than an upper limit.
///
/// Memory   136 bytes, and 8 to 12 for each bucket from the lowest to the highest, 2 * 8 * Cap
///          at most: 64 buckets an octave at scale 6, where the default cap spans 64 octaves.
/// Error    a quantile that is not collapsed: (b - 1) / (b + 1), where b = 2^(2^-Scale), of the
///          value; that is 0.542 % at scale 6. Among subnormal numbers half their spacing on top.
///          Count, sum, sum of squares, min and max: none. All-equal values: none.
/// Threads  distinct objects safe, shared objects unsafe; reading one from several is safe.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram".
template <int Scale = 6, std::size_t Cap = 4096>
class exponential_histogram {
public:
    using scale_type = exponential_scale<Scale>;
    static constexpr int scale = Scale;
    static constexpr std::size_t cap = Cap;
    static constexpr double relative_error = scale_type::relative_error;

    /// Adds a value that stands for `weight` events. Counts are whole numbers until a weight is
    /// none.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(1); O(buckets), perhaps with an allocation, when the range seen grows.
    void record(double value, double weight = 1) {
        QUIPU_ASSERT(value - value == 0 && weight > 0);
        count_value(value, weight);
        if (weight == 1) [[likely]] {
            deviations_.record(value, all_.empty());
            all_.record(value);
        } else {
            deviations_.record(value, weight, all_.empty());
            all_.record(value, weight);
        }
    }

    /// Adds many values; as record for each, but for the last digits of sums.
    /// Input    block: of these values, and sound.
    /// Cost     a third of record's.
    void record_all(const double* values, std::size_t count, const summarised_block& block) {
        QUIPU_ASSERT(block.sound() && block.all.count() == static_cast<double>(count));
        if (count == 0)
            return;
        if (!record_all_normal(values, count, block)) {
            for (std::size_t i = 0; i < count; ++i)
                count_value(values[i], 1);
        }
        deviations_.merge(block.deviations, all_.count(), block.all.count());
        all_.merge(block.all);
    }

    /// Adds all values of another one; of a finer scale, too.
    template <int OtherScale, std::size_t OtherCap>
    requires(OtherScale >=
             Scale) void merge(const exponential_histogram<OtherScale, OtherCap>& other) {
        QUIPU_ASSERT(static_cast<const void*>(&other) != this);
        constexpr auto shift = static_cast<unsigned>(OtherScale - Scale);
        positive_.template merge<shift>(other.positive_);
        negative_.template merge<shift>(other.negative_);
        zeros_ += other.zeros_;
        deviations_.merge(other.deviations_, all_.count(), other.all_.count());
        all_.merge(other.all_);
    }

    void settle() const noexcept {}

    /// Forgets all, and keeps the storage and the range that it is for.
    void clear() noexcept {
        if (all_.empty())
            return;
        positive_.clear();
        negative_.clear();
        zeros_ = 0;
        deviations_.clear();
        all_.clear();
    }

    [[nodiscard]] double count() const noexcept { return all_.count(); } ///< sum of the weights
    [[nodiscard]] double sum() const noexcept { return all_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return all_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return all_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return all_.max(); } ///< 0 if there is no value
    [[nodiscard]] double squared_deviations() const noexcept {
        return saturated(deviations_.squared(all_.count()));
    }
    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// An estimate of the smallest value that at least a share `q` of the weight is not above; the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value.
    /// Cost     O(buckets), as that of all reads below.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The estimate in the middle, or the mean of the two there.
    [[nodiscard]] double median() const noexcept {
        const double half = count() / 2;
        const double slack = half * rounding;
        double below = 0;
        double lower = 0;
        double middle = max();
        walk<true>([&](double estimate, double weight, bool /*collapsed*/) {
            const bool between = below > 0 && below >= half - slack;
            below += weight;
            if (between || below > half + slack) {
                middle = between ? lower / 2 + estimate / 2 : estimate;
                return false;
            }
            lower = estimate;
            return true;
        });
        return middle;
    }

    /// The smallest values that hold a share `q` of the weight: of the last bucket as many whole
    /// events as are needed, and one event at least if there is any. The values are estimates,
    /// unless they are all there are.
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part<true>(q, min(), max());
    }

    /// The largest values that hold a share `q` of the weight, likewise.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part<false>(q, max(), min());
    }

    /// The quantile is from a bucket that counts lower values, too: it is no more than an upper
    /// limit.
    [[nodiscard]] bool collapsed(double q) const noexcept {
        const double share = q * count() * (1 - rounding);
        double below = 0;
        bool found = false;
        walk<true>([&](double, double weight, bool collapsed) {
            below += weight;
            found = collapsed && q > 0 && q < 1 && below >= share;
            return below < share;
        });
        return found;
    }

    /// All counts are whole numbers.
    [[nodiscard]] bool whole() const noexcept {
        return positive_.whole() && negative_.whole() && zeros_ < 0x1p53 &&
               zeros_ == std::floor(zeros_);
    }

    /// Calls f(estimate, weight) for each bucket that has something, upwards.
    template <class F>
    void for_each(F f) const {
        walk<true>([&f](double estimate, double weight, bool /*collapsed*/) {
            f(estimate, weight);
            return true;
        });
    }

    /// The weight of the zeros; the buckets of the positive values, by their number i; those of
    /// the negative ones by ~i, so that they ascend with the value.
    [[nodiscard]] double zeros() const noexcept { return zeros_; }
    [[nodiscard]] const bucket_window<Cap>& positive() const noexcept { return positive_; }
    [[nodiscard]] const bucket_window<Cap>& negative() const noexcept { return negative_; }

    void write(byte_writer& out) const {
        all_.write(out);
        if (all_.empty())
            return;
        deviations_.write(out);
        const bool as_integers = whole();
        out.byte(as_integers ? 1 : 0);
        out.number(zeros_);
        positive_.write(out, as_integers);
        negative_.write(out, as_integers);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    /// Cost     O(buckets); allocates no more than 8 bytes for each that is there.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!all_.read(from))
            return false;
        if (all_.empty() || (deviations_.read(from) && read_buckets(from)))
            return true;
        zeros_ = 0;
        positive_.clear();
        negative_.clear();
        deviations_.clear();
        all_.clear();
        return false;
    }

private:
    /// How far a sum of weights such as 1 / 0.3 may be off, relatively; and one of many.
    static constexpr double rounding = 1e-12;
    static constexpr double rounding_of_many = 1e-6;

    static constexpr std::int32_t narrow = 16; // buckets

    void count_value(double value, double weight) {
        if (value > 0)
            positive_.add(scale_type::index(value), weight);
        else if (value < 0)
            negative_.add(~scale_type::index(-value), weight);
        else
            zeros_ += weight;
    }

    /// Puts values into their buckets, if all are positive and no bucket collapses. Buckets ascend
    /// with the values, so the lowest and the highest tell the range.
    [[nodiscard]] bool
    record_all_normal(const double* values, std::size_t count, const summarised_block& block) {
        if (!(block.all.min() >= std::numeric_limits<double>::min()))
            return false;
        const std::int32_t low = scale_type::index(block.all.min());
        const std::int32_t high = scale_type::index(block.all.max());
        double* const counts = positive_.range(low, high);
        if (counts == nullptr)
            return false;
        const auto place = [&](std::size_t i) { return scale_type::places_above(low, values[i]); };
        std::size_t i = 0;
        if (high - low < narrow) {
            // Where many values are of one bucket, each would wait for the one before it.
            double apart[4][narrow] = {};
            for (; count - i >= 4; i += 4) {
                apart[0][place(i)] += 1;
                apart[1][place(i + 1)] += 1;
                apart[2][place(i + 2)] += 1;
                apart[3][place(i + 3)] += 1;
            }
            for (std::int32_t k = 0; k <= high - low; ++k)
                counts[k] += (apart[0][k] + apart[1][k]) + (apart[2][k] + apart[3][k]);
        }
        for (; i < count; ++i)
            counts[place(i)] += 1;
        return true;
    }

    [[nodiscard]] bool read_buckets(byte_reader& from) {
        const auto as_integers = from.byte();
        zeros_ = from.number();
        const auto read_side =
            [&](bucket_window<Cap>& side, std::int32_t first, std::int32_t last) {
                side.read(from, as_integers == 1, std::min(first, last), std::max(first, last));
            };
        read_side(positive_, scale_type::index_min, scale_type::index_max);
        read_side(negative_, ~scale_type::index_min, ~scale_type::index_max);
        return !from.failed() && as_integers == (whole() ? 1 : 0) && sound();
    }

    /// Buckets and moments can be of the same values.
    [[nodiscard]] bool sound() const noexcept {
        if (!(zeros_ > 0 || std::bit_cast<std::uint64_t>(zeros_) == 0))
            return false;
        double total = 0;
        walk<true>([&](double, double weight, bool) { return (total += weight) > 0; });
        const bool precise = whole() && count() < 0x1p53;
        if (total != count() &&
            (precise || !(std::abs(total - count()) <= count() * rounding_of_many)))
            return false;
        const auto key_of = [](double value) {
            return value > 0 ? scale_type::index(value) : ~scale_type::index(-value);
        };
        const auto begins = [&](const bucket_window<Cap>& side) {
            const std::int32_t key = key_of(min());
            return key == side.lowest() || (side.collapsed() && key < side.lowest());
        };
        const bool top = !positive_.empty() ? max() > 0 && key_of(max()) == positive_.highest()
                         : zeros_ > 0       ? max() == 0
                                            : max() < 0 && key_of(max()) == negative_.highest();
        const bool bottom = !negative_.empty() ? min() < 0 && begins(negative_)
                            : zeros_ > 0       ? min() == 0
                                               : min() > 0 && begins(positive_);
        return top && bottom;
    }

    /// The first values from one end, up to a share `q` of the weight.
    template <bool Upwards>
    [[nodiscard]] distribution_part part(double q, double near_end, double far_end) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        const double share = q * count() * (1 - rounding);
        distribution_part taken;
        walk<Upwards>([&](double estimate, double weight, bool) {
            const double times = std::min(weight, std::max(std::ceil(share - taken.count), 1.0));
            const double value = q > 0 ? estimate : near_end;
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
            return taken.count < share;
        });
        taken.sum = saturated(taken.sum);
        taken.sum_squares = saturated(taken.sum_squares);
        if (taken.count < count() * (1 - rounding))
            return taken;
        return {count(), sum(), sum_squares(), far_end};
    }

    /// Calls f(estimate, weight, collapsed) for each bucket in the order of values, up or down, as
    /// long as it is true.
    template <bool Upwards, class F>
    void walk(F f) const {
        const auto positive = [&] { return walk_side<Upwards>(positive_, f); };
        const auto negative = [&] { return walk_side<Upwards>(negative_, f); };
        const auto zeros = [&] { return zeros_ == 0 || f(0.0, zeros_, false); };
        if constexpr (Upwards)
            static_cast<void>(negative() && zeros() && positive());
        else
            static_cast<void>(positive() && zeros() && negative());
    }

    template <bool Upwards, class F>
    [[nodiscard]] bool walk_side(const bucket_window<Cap>& side, F& f) const {
        if (side.empty())
            return true;
        const std::int32_t low = side.lowest();
        const std::int32_t high = side.highest();
        for (std::int32_t left = high - low; left >= 0; --left) {
            const std::int32_t key = Upwards ? high - left : low + left;
            const double weight = side[key];
            if (weight > 0 && !f(estimate(side, key), weight, key == low && side.collapsed()))
                return false;
        }
        return true;
    }

    [[nodiscard]] double estimate(const bucket_window<Cap>& side, std::int32_t key) const noexcept {
        const double middle =
            &side == &positive_ ? scale_type::midpoint(key) : -scale_type::midpoint(~key);
        return std::clamp(middle, min(), max());
    }

    template <int, std::size_t>
    friend class exponential_histogram;

    bucket_window<Cap> positive_{};
    bucket_window<Cap> negative_{};
    double zeros_ = 0;
    deviations deviations_{};
    moments all_{};
};

static_assert(quantile_sketch<exponential_histogram<>>);

} // namespace quipu

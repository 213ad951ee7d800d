// The timer: the distribution of values in one interval.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/summarised_block.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quipu {

/// What the sampling rate of a timing means.
enum class timer_weighting : std::uint8_t {
    full,       ///< a sample stands for 1 / rate equal ones, in everything
    count_only, ///< it does so in the count; Etsy's statsd and statsite do that
};

/// Summarises values, milliseconds as a rule: how many, their moments, and their quantiles.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
/// safe.
template <quantile_sketch Sketch = adaptive<>, timer_weighting Weighting = timer_weighting::full>
class basic_timer {
    static constexpr bool counts_apart = Weighting == timer_weighting::count_only;

public:
    using sketch_type = Sketch;

    /// Adds a finite value that stands for `weight` events (1 / sampling rate).
    /// Errors   number_out_of_range: the sum would be no number, and nothing has changed; value_limit:
    ///          the sketch could not keep the value for its quantiles, all else has it.
    errc record(double value, double weight = 1) {
        const double most = value * weight;
        if (!detail::is_harmless(most)) [[unlikely]] {
            if (!detail::sum_is_finite(values_.sum(), most))
                return errc::number_out_of_range;
        }
        if constexpr (counts_apart) {
            events_ += weight;
            weight = 1;
        }
        const auto before = values_.dropped();
        values_.record(value, weight);
        return values_.dropped() == before ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) {
        const errc error = record(one.value, one.weight());
        if (error != errc::number_out_of_range) [[likely]]
            integral_ = integral_ && one.integral;
        return error;
    }

    /// Adds values of which nobody says that they are whole. Returns how many of them the sketch
    /// could not keep for its quantiles. The sum stays a number: sound values are far from its end.
    /// Input    block: of these values, and sound: none of them is infinite or NaN.
    /// Cost     as record for each, or less if the sketch takes many at once.
    std::size_t record_all(const double* values, std::size_t count, const summarised_block& block) {
        if (count == 0)
            return 0;
        if constexpr (counts_apart)
            events_ += static_cast<double>(count);
        integral_ = false;
        const auto before = values_.dropped();
        if constexpr (takes_blocks<Sketch>) {
            values_.record_all(values, count, block);
        } else {
            for (std::size_t i = 0; i < count; ++i)
                values_.record(values[i], 1);
        }
        return static_cast<std::size_t>(values_.dropped() - before);
    }

    /// Returns how many samples of the other were refused, since the sum would be no number.
    double merge(const basic_timer& other) {
        if (!detail::sum_is_finite(values_.sum(), other.values_.sum()))
            return other.count();
        if constexpr (counts_apart)
            events_ += other.events_;
        integral_ = integral_ && other.integral_;
        values_.merge(other.values_);
        return 0;
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        events_ = {};
        integral_ = true;
        values_.clear();
    }
    void next_interval() noexcept { reset(); }
    void settle() { values_.settle(); }

    /// The number of events: samples, each by its weight.
    [[nodiscard]] double count() const noexcept {
        if constexpr (counts_apart)
            return events_;
        else
            return values_.count();
    }
    [[nodiscard]] double sum() const noexcept { return values_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return saturated(values_.sum_squares()); }
    [[nodiscard]] double mean() const noexcept { return idle() ? 0 : sum() / values_.count(); }
    [[nodiscard]] double min() const noexcept { return values_.min(); }
    [[nodiscard]] double max() const noexcept { return values_.max(); }

    /// The standard deviation of the values themselves: the sum of squares divided by n.
    [[nodiscard]] double population_deviation() const noexcept {
        return idle() ? 0 : std::sqrt(saturated(values_.squared_deviations() / values_.count()));
    }
    /// The estimate for what the values were drawn from: divided by n - 1; 0 up to n = 1.
    [[nodiscard]] double sample_deviation() const noexcept {
        const double degrees = values_.count() - 1;
        return degrees > 0 ? std::sqrt(saturated(values_.squared_deviations() / degrees)) : 0;
    }

    /// The sketch, for quantiles.
    [[nodiscard]] const Sketch& values() const noexcept { return values_; }
    /// All values were written as whole numbers.
    [[nodiscard]] bool integral() const noexcept { return integral_; }
    [[nodiscard]] bool idle() const noexcept { return count() == 0; }

    /// Writes whether all values were whole, the events if they are counted apart, and the sketch.
    void write(byte_writer& out) const {
        out.byte(integral_ ? 1 : 0);
        if constexpr (counts_apart)
            out.number(events_);
        values_.write(out);
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no such timer.
    [[nodiscard]] bool read(byte_reader& from) {
        reset();
        const auto integral = from.byte();
        bool sound = integral <= 1;
        if constexpr (counts_apart) {
            events_ = from.number();
            sound = sound && events_ >= 0;
        }
        if (sound && values_.read(from) && idle() == (values_.count() == 0) &&
            (integral == 1 || !idle())) {
            integral_ = integral == 1;
            return true;
        }
        reset();
        return false;
    }

private:
    struct none {};

    Sketch values_{};
    [[no_unique_address]] std::conditional_t<counts_apart, double, none> events_{};
    bool integral_ = true;
};

using timer = basic_timer<>;

static_assert(cell<timer>);

} // namespace quipu

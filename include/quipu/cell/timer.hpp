// The timer: the distribution of values in one interval.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/sketch/adaptive.hpp>

#include <cmath>
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

    /// Adds a value, not NaN, that stands for `weight` events (1 / sampling rate). Returns ok, or
    /// value_limit if the sketch could not keep the value for its quantiles.
    errc record(double value, double weight = 1) {
        if constexpr (counts_apart) {
            events_ += weight;
            weight = 1;
        }
        const auto before = values_.dropped();
        values_.record(value, weight);
        return values_.dropped() == before ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) {
        integral_ = integral_ && one.integral;
        return record(one.value, one.weight());
    }

    void merge(const basic_timer& other) {
        if constexpr (counts_apart)
            events_ += other.events_;
        integral_ = integral_ && other.integral_;
        values_.merge(other.values_);
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
    [[nodiscard]] double sum_squares() const noexcept { return values_.sum_squares(); }
    [[nodiscard]] double mean() const noexcept { return idle() ? 0 : sum() / values_.count(); }
    [[nodiscard]] double min() const noexcept { return values_.min(); }
    [[nodiscard]] double max() const noexcept { return values_.max(); }

    /// The standard deviation of the values themselves: the sum of squares divided by n.
    [[nodiscard]] double population_deviation() const noexcept {
        return idle() ? 0 : std::sqrt(values_.squared_deviations() / values_.count());
    }
    /// The estimate for what the values were drawn from: divided by n - 1; 0 up to n = 1.
    [[nodiscard]] double sample_deviation() const noexcept {
        const double degrees = values_.count() - 1;
        return degrees > 0 ? std::sqrt(values_.squared_deviations() / degrees) : 0;
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

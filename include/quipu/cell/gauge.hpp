// The gauge: a value that stays until it is changed.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/saturated.hpp>

#include <cstdint>

namespace quipu {

/// The last value set, with the changes since. A gauge that was never set changes from 0.
///
/// Merging puts the other's history behind this one's: what the other set replaces the value, what
/// it only changed is added. So the parts of one interval merge in any order as long as at most one
/// of them sets the value; where several do, the one that was set last wins, by the `order` of their
/// samples, and with equal orders the one merged last. What another part changed behind that is lost.
///
/// Threads  distinct objects safe, shared objects unsafe.
class gauge {
public:
    /// `order`: as in sample.
    constexpr void set(double value, std::uint32_t order = 0) noexcept {
        value_ = value;
        order_ = order;
        was_set_ = set_now_ = touched_ = true;
    }
    /// Errors   number_out_of_range: the value would be no number, and stays as it is.
    constexpr errc change(double by) noexcept {
        if (!detail::sum_is_finite(value_, by)) [[unlikely]]
            return errc::number_out_of_range;
        value_ += by;
        touched_ = true;
        return errc::ok;
    }

    constexpr errc apply(const sample& one) noexcept {
        if (one.relative)
            return change(one.value);
        set(one.value, one.order);
        return errc::ok;
    }

    /// Returns how many samples of the other were refused: 1 if its change leads beyond a double.
    constexpr double merge(const gauge& later) noexcept {
        if (!later.touched_)
            return 0;
        if (!later.was_set_)
            return change(later.value_) == errc::ok ? 0 : 1;
        if (!set_now_ || !later.set_now_ || !is_before(later.order_, order_))
            set(later.value_, later.order_);
        return 0;
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { touched_ = set_now_ = false; }
    /// Makes the value one that was set, since what is read is whole: so of two snapshots the later
    /// one tells the value, and its changes are not added once more.
    constexpr void settle() noexcept {
        was_set_ = was_set_ || touched_;
        set_now_ = false;
    }

    [[nodiscard]] constexpr double value() const noexcept { return value_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return !touched_; }

    /// Writes the value, and whether it was set and touched.
    void write(byte_writer& out) const {
        out.number(value_);
        out.byte(static_cast<std::uint8_t>((was_set_ ? 1U : 0U) | (touched_ ? 2U : 0U)));
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no gauge.
    [[nodiscard]] bool read(byte_reader& from) noexcept {
        value_ = from.number();
        const auto flags = from.byte();
        was_set_ = (flags & 1U) != 0;
        touched_ = (flags & 2U) != 0;
        set_now_ = false;
        if (!from.failed() && flags <= 3 && value_ - value_ == 0)
            return true;
        reset();
        return false;
    }

private:
    double value_ = 0;
    std::uint32_t order_ = 0; // of the sample that set it
    bool was_set_ = false;
    bool set_now_ = false; // in this interval, and it is not settled
    bool touched_ = false;
};

/// A gauge of one interval, as statsite's: the next one begins with 0 again.
/// Threads  as gauge.
class interval_gauge : public gauge {
public:
    constexpr double merge(const interval_gauge& later) noexcept { return gauge::merge(later); }
    constexpr void next_interval() noexcept { reset(); }
};

static_assert(cell<gauge>);
static_assert(cell<interval_gauge>);

} // namespace quipu

// The gauge: a value that stays until it is changed.
#pragma once

#include <quipu/cell/cell.hpp>

namespace quipu {

/// The last value set, with the changes since. A gauge that was never set changes from 0.
///
/// Merging puts the other's history behind this one's: what the other set replaces the value, what
/// it only changed is added. So the parts of one interval merge in any order as long as at most one
/// of them sets the value; where several do, the one merged last wins.
///
/// Threads  distinct objects safe, shared objects unsafe.
class gauge {
public:
    constexpr void set(double value) noexcept {
        value_ = value;
        was_set_ = touched_ = true;
    }
    constexpr void change(double by) noexcept {
        value_ += by;
        touched_ = true;
    }

    constexpr errc apply(const sample& one) noexcept {
        one.relative ? change(one.value) : set(one.value);
        return errc::ok;
    }

    constexpr void merge(const gauge& later) noexcept {
        if (!later.touched_)
            return;
        later.was_set_ ? set(later.value_) : change(later.value_);
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { touched_ = false; }
    constexpr void settle() noexcept {}

    [[nodiscard]] constexpr double value() const noexcept { return value_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return !touched_; }

private:
    double value_ = 0;
    bool was_set_ = false;
    bool touched_ = false;
};

static_assert(cell<gauge>);

} // namespace quipu

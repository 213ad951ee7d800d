// The key/value: each value as it came, with its own time; nothing is aggregated.
#pragma once

#include <quipu/cell/cell.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quipu {

/// One value of a key/value series.
struct timed_value {
    double value = 0;
    /// Unix seconds, or `no_timestamp`: the time of the flush.
    std::int64_t timestamp = no_timestamp;
    /// It was written as a whole number.
    bool integral = false;

    friend constexpr bool operator==(const timed_value&, const timed_value&) = default;
};

/// Keeps values in the order in which they came, up to a bound for each interval.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t ValuesMax = 65536>
class basic_keyvalue {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value. Returns ok, or value_limit: then it is not kept.
    errc append(timed_value one) {
        if (values_.size() == ValuesMax) {
            ++dropped_;
            return errc::value_limit;
        }
        values_.push_back(one);
        return errc::ok;
    }

    errc apply(const sample& one) { return append({one.value, one.timestamp, one.integral}); }

    void merge(const basic_keyvalue& later) {
        QUIPU_ASSERT(&later != this);
        dropped_ += later.dropped_;
        for (const auto& one : later.values_)
            static_cast<void>(append(one));
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        values_.clear();
        dropped_ = 0;
    }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    [[nodiscard]] const std::vector<timed_value>& values() const noexcept { return values_; }
    /// How many values came beyond the bound and were not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] bool idle() const noexcept { return values_.empty(); }

private:
    std::vector<timed_value> values_{};
    std::size_t dropped_ = 0;
};

using keyvalue = basic_keyvalue<>;

static_assert(cell<keyvalue>);

} // namespace quipu

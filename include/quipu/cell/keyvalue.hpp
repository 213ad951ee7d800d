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

    /// Writes how many values were dropped, and those kept with their times.
    void write(byte_writer& out) const {
        out.count(dropped_);
        out.count(values_.size());
        for (const auto& one : values_) {
            out.number(one.value);
            out.word(static_cast<std::uint64_t>(one.timestamp));
            out.byte(one.integral ? 1 : 0);
        }
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no key/value of this
    /// bound.
    [[nodiscard]] bool read(byte_reader& from) {
        reset();
        dropped_ = static_cast<std::size_t>(from.count());
        const std::size_t size = from.count_of(17);
        bool sound = size <= ValuesMax && (dropped_ == 0 || size == ValuesMax);
        for (std::size_t i = 0; i < size && sound; ++i) {
            const double value = from.number();
            const auto timestamp = static_cast<std::int64_t>(from.word());
            const auto integral = from.byte();
            sound = value == value && integral <= 1;
            values_.push_back({value, timestamp, integral == 1});
        }
        if (sound && !from.failed())
            return true;
        reset();
        return false;
    }

private:
    std::vector<timed_value> values_{};
    std::size_t dropped_ = 0;
};

using keyvalue = basic_keyvalue<>;

static_assert(cell<keyvalue>);

} // namespace quipu

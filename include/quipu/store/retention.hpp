// When a series that stopped reporting leaves the store.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

namespace quipu {

namespace retention {

/// A series stays for ever, and is part of every flush: counters as 0, gauges with their value.
struct forever {
    [[nodiscard]] constexpr bool expired(std::uint32_t) const noexcept { return false; }
};

/// A series leaves at the first flush of an interval in which nothing came for it.
struct each_interval {
    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > 0;
    }
};

/// A series is part of `intervals_max` flushes after its last sample's, and leaves at the next.
/// The bound is set at run time.
struct idle_for {
    std::uint32_t intervals_max = 1;

    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > intervals_max;
    }
};

/// As `idle_for`, and for ever unless a bound is set: for who lets others choose.
struct adjustable : idle_for {
    constexpr explicit adjustable(
        std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) noexcept
        : idle_for{most} {}
};

} // namespace retention

/// Decides when a series that stopped reporting leaves the store.
/// Requires  bool expired(std::uint32_t idle_intervals) const noexcept; monotonic in its argument,
///           which counts the flushes since the series' last sample, 0 if there was one since the
///           flush before.
/// Provided  forever, each_interval, idle_for, adjustable.   Chosen at  store_traits, one for each kind.
/// Cost      one call for each series and flush.
template <class R>
concept retention_policy = std::default_initializable<R> && requires(const R r, std::uint32_t n) {
    { r.expired(n) } -> std::same_as<bool>;
    requires noexcept(r.expired(n));
};

static_assert(retention_policy<retention::forever>);
static_assert(retention_policy<retention::each_interval>);
static_assert(retention_policy<retention::idle_for>);
static_assert(retention_policy<retention::adjustable>);

} // namespace quipu

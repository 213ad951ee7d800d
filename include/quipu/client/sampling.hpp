// Which calls of a client are sent when only a share of them is to be.
#pragma once

#include <quipu/core/hash.hpp>

#include <concepts>
#include <cstdint>

namespace quipu {

namespace sampling {

/// Each call by itself, with the rate as its probability: nothing that recurs in a program can be in
/// step with it. A small generator of its own, the same on every platform.
///
/// To draw, in place of each call, how many calls to skip costs 1 ns less at one call in a hundred, but
/// twice as much at one in ten, and seven times as much where calls of two rates alternate, so it is
/// not there.
class bernoulli {
public:
    explicit constexpr bernoulli(std::uint64_t seed = 0) noexcept : state_(seed) {}

    [[nodiscard]] constexpr bool keep(double rate) noexcept {
        if (rate >= 1)
            return true;
        const std::uint64_t drawn = mix(state_ += 0x9e37'79b9'7f4a'7c15) >> 11U;
        return static_cast<double>(static_cast<std::int64_t>(drawn)) * 0x1p-53 < rate;
    }

private:
    std::uint64_t state_;
};

/// All calls, each with its rate: for callers that have drawn already.
class keep_all {
public:
    explicit constexpr keep_all(std::uint64_t /*seed*/ = 0) noexcept {}

    [[nodiscard]] static constexpr bool keep(double /*rate*/) noexcept { return true; }
};

} // namespace sampling

/// Decides which calls are sent.
/// Requires  explicit P(std::uint64_t seed); bool keep(double rate) noexcept, true for a share `rate`
///           of the calls; for a rate of 1 always.
/// Provided  sampling::bernoulli (default), sampling::keep_all.   Chosen at  client_traits.
/// Cost      one call for each sample: 1 ns, and nothing for a rate of 1.
template <class P>
concept sampling_policy = std::constructible_from<P, std::uint64_t> &&
    requires(P policy, double rate) {
    { policy.keep(rate) } -> std::same_as<bool>;
    requires noexcept(policy.keep(rate));
};

static_assert(sampling_policy<sampling::bernoulli>);
static_assert(sampling_policy<sampling::keep_all>);

} // namespace quipu

// What happens to a value that comes when a sketch keeps as many as it may.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/wide_product.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quipu {

namespace bound_policy {

/// The value is not kept: quantiles are those of the first values. All of them were seen, so a
/// quantile says nothing about what came later.
struct keep_first {
    static constexpr bool samples = false;

    [[nodiscard]] static constexpr std::size_t place(std::uint64_t /*seen*/) noexcept {
        return SIZE_MAX;
    }
    static void write(byte_writer& /*out*/) noexcept {}
    static constexpr void read(byte_reader& /*from*/) noexcept {}
};

/// The value takes the place of another one, or is not kept, so that any value has the same chance
/// to be among those that are: a quantile is that of a random sample. The ranks are off by about
/// sqrt(q (1 - q) / kept).
/// Source   Vitter, "Random Sampling with a Reservoir", 1985, algorithm R.
template <std::uint64_t Seed = 0x7265'7365'7276'6f69> // "reservoi"
class reservoir {
public:
    static constexpr bool samples = true;

    /// A number below `seen`.
    [[nodiscard]] constexpr std::size_t place(std::uint64_t seen) noexcept {
        return static_cast<std::size_t>(
            detail::multiply(mix(state_ += 0x9e37'79b9'7f4a'7c15), seen).high);
    }
    void write(byte_writer& out) const { out.word(state_); }
    void read(byte_reader& from) noexcept { state_ = from.word(); }

private:
    std::uint64_t state_ = Seed;
};

} // namespace bound_policy

/// Decides which values stay when there are more than a sketch keeps.
/// Requires  place(seen): the place of the one that the value number `seen`, counted from 1, puts
///           out; one at or beyond the number that is kept means that this value is not kept.
///           samples: those kept are a random sample, and are merged as such. write and read.
/// Provided  bound_policy::keep_first (default), bound_policy::reservoir.   Chosen at  basic_exact.
/// Cost      one call for each value beyond the bound.
template <class P>
concept value_bound_policy = std::default_initializable<P> &&
    requires(P policy, const P& other, std::uint64_t seen, byte_writer& out, byte_reader& from) {
    { policy.place(seen) } -> std::same_as<std::size_t>;
    { P::samples } -> std::convertible_to<bool>;
    other.write(out);
    policy.read(from);
    requires noexcept(policy.place(seen));
};

static_assert(value_bound_policy<bound_policy::keep_first>);
static_assert(value_bound_policy<bound_policy::reservoir<>>);

} // namespace quipu

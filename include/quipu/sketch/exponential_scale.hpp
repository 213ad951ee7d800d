// Base-2 exponential buckets: which one a magnitude belongs to, and where it begins and ends.
#pragma once

#include <quipu/core/wide_product.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace quipu {

namespace detail {

/// 2^(1/2), 2^(1/4), 2^(1/8), … rounded down to 127 fractional bits.
inline constexpr std::array<wide, 10> roots_of_two{{
    {0xb504f333f9de6484, 0x597d89b3754abe9f},
    {0x9837f0518db8a96f, 0x46ad23182e42f6f6},
    {0x8b95c1e3ea8bd6e6, 0xfbe4628758a53c90},
    {0x85aac367cc487b14, 0xc5c95b8c2154c1b2},
    {0x82cd8698ac2ba1d7, 0x3e2a475b46520bff},
    {0x8164d1f3bc030773, 0x7be56527bd14def4},
    {0x80b1ed4fd999ab6c, 0x25335719b6e6fd20},
    {0x8058d7d2d5e5f6b0, 0x94d589f608ee4aa2},
    {0x802c6436d0e04f50, 0xff8ce94a6797b3ce},
    {0x8016302f17467628, 0x3690dfe44d11d008},
}};

/// The product of two numbers in [1, 2) of 127 fractional bits, itself below 2; a few of the last
/// bits are missing.
[[nodiscard]] constexpr wide multiply_fractions(const wide& a, const wide& b) noexcept {
    wide product = multiply(a.high, b.high);
    for (const std::uint64_t part : {multiply(a.high, b.low).high, multiply(a.low, b.high).high}) {
        product.low += part;
        product.high += product.low < part ? 1 : 0;
    }
    return {product.high << 1U | product.low >> 63U, product.low << 1U};
}

/// The lower edges of the buckets of [1, 2], as the 52 bits of a double's mantissa: the largest
/// double that is not above 2^(j / Buckets).
template <std::size_t Buckets>
[[nodiscard]] consteval std::array<std::uint64_t, Buckets> edge_mantissas() noexcept {
    std::array<wide, Buckets> powers{};
    std::array<std::uint64_t, Buckets> edges{};
    powers[0] = {std::uint64_t{1} << 63U, 0};
    for (std::size_t j = 1; j < Buckets; ++j) {
        const auto zeros = static_cast<std::size_t>(std::countr_zero(j));
        const std::size_t root = static_cast<std::size_t>(std::countr_zero(Buckets)) - zeros - 1;
        powers[j] = multiply_fractions(powers[j & (j - 1)], roots_of_two[root]);
        edges[j] = powers[j].high << 1U >> 12U;
    }
    return edges;
}

} // namespace detail

/// The buckets of OpenTelemetry's exponential histograms: number i holds the magnitudes in
/// (b^i, b^(i + 1)], where b = 2^(2^-Scale). In Prometheus' native histograms, whose schema is this
/// scale, the same bucket has the number i + 1.
///
/// Error    the `midpoint` of a bucket is off by relative_error = (b - 1) / (b + 1) at most from
///          any magnitude in it; among subnormal numbers half their spacing comes on top.
/// Cost     of index: one table look-up, no logarithm. The table has 2^(Scale + 4) bytes.
/// Threads  pure.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram"; Prometheus, "Native
///          histograms".
template <int Scale>
struct exponential_scale {
    static_assert(Scale >= -10 && Scale <= 10, "quipu exponential_scale: -10 to 10");

    /// Buckets from one power of two to the next; below scale 0 a bucket is several of those.
    static constexpr int per_octave = Scale > 0 ? 1 << Scale : 1;

private:
    static constexpr unsigned finer = static_cast<unsigned>(Scale > 0 ? Scale : 0);
    static constexpr unsigned coarser = static_cast<unsigned>(Scale < 0 ? -Scale : 0);
    static constexpr unsigned mantissa_bits = 52;
    static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << mantissa_bits;
    static constexpr std::uint64_t mantissa_mask = hidden_bit - 1;
    static constexpr std::int32_t bias = 1023;

    static constexpr auto edges = detail::edge_mantissas<std::size_t{per_octave}>();

    /// An octave in equal slots, half as wide as a bucket would be if all were, so narrow that each
    /// has one edge at most. A slot's entry is what to add to a double's bits so that those above
    /// `bucket_shift` become the number of edges below it, of all octaves: edges below the slot, and
    /// a carry from mantissas above the edge within.
    static constexpr unsigned bucket_shift = mantissa_bits - finer;
    static constexpr unsigned slot_shift = bucket_shift - 1;
    static constexpr std::size_t slots_per_octave = std::size_t{2} * per_octave;
    static constexpr auto slots = [] {
        std::array<std::uint64_t, slots_per_octave> table{};
        std::size_t below = 0;
        for (std::size_t slot = 0; slot < table.size(); ++slot) {
            const bool edge_within = below < edges.size() && edges[below] >> slot_shift == slot;
            if (edge_within) {
                table[slot] = (std::uint64_t{below + 1} << bucket_shift) - 1 - edges[below];
                ++below;
            } else {
                table[slot] = (std::uint64_t{below} << bucket_shift) - (slot << slot_shift);
            }
        }
        return table;
    }();

    [[nodiscard]] static constexpr std::int32_t normal_index(std::uint64_t bits) noexcept {
        const std::uint64_t above = bits + slots[bits >> slot_shift & (slots_per_octave - 1)];
        const auto fine = static_cast<std::int32_t>(above >> bucket_shift);
        return (fine - bias * per_octave - 1) >> coarser;
    }

public:
    /// How many buckets above bucket `low` a magnitude is; as many steps as are needed and no more.
    /// Input    magnitude: 2^-1022 at least, finite, not below bucket `low`.
    [[nodiscard]] static constexpr std::size_t places_above(std::int32_t low,
                                                            double magnitude) noexcept {
        if constexpr (coarser > 0)
            return static_cast<std::size_t>(index(magnitude) - low);
        const auto bits = std::bit_cast<std::uint64_t>(magnitude);
        const std::uint64_t above = bits + slots[bits >> slot_shift & (slots_per_octave - 1)];
        return (above >> bucket_shift) - static_cast<std::uint64_t>(low + bias * per_octave + 1);
    }

    /// The bucket of a magnitude.
    /// Input    magnitude: above 0, finite.
    [[nodiscard]] static constexpr std::int32_t index(double magnitude) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(magnitude);
        if (bits >= hidden_bit) [[likely]]
            return normal_index(bits);
        constexpr std::int32_t octaves = 1 << 10U; // a whole number of coarse buckets, too
        const auto scaled = std::bit_cast<std::uint64_t>(magnitude * 0x1p512 * 0x1p512);
        return normal_index(scaled) - (octaves * per_octave >> coarser);
    }

    /// Those of the smallest and the largest double.
    static constexpr std::int32_t index_min = (-1074 * per_octave - 1) >> coarser;
    static constexpr std::int32_t index_max = (1024 * per_octave - 1) >> coarser;

    /// The lower edge b^i, rounded down to a double: precisely the doubles above it are above b^i.
    /// That of index_max + 1 is infinite. The upper edge of i is the lower edge of i + 1.
    /// Input    i: index_min to index_max + 1.
    [[nodiscard]] static constexpr double edge(std::int32_t i) noexcept {
        const std::int32_t fine = i * (1 << coarser);
        const std::int32_t exponent = (fine >> finer) + bias;
        const auto mantissa = edges[static_cast<std::size_t>(fine & (per_octave - 1))];
        if (exponent > 0)
            return std::bit_cast<double>((static_cast<std::uint64_t>(exponent) << mantissa_bits) |
                                         mantissa);
        const int shift = 1 - exponent;
        return std::bit_cast<double>(shift > 52 ? 0 : (hidden_bit | mantissa) >> shift);
    }

    static constexpr double relative_error = [] {
        const double inverse = 1 / edge(index(1) + 2); // 1 / b, which is 0 where b has no double
        return (1 - inverse) / (1 + inverse);
    }();

    /// The estimate for the magnitudes of a bucket: the harmonic mean of its edges, from which both
    /// of them are equally far off relatively.
    [[nodiscard]] static constexpr double midpoint(std::int32_t i) noexcept {
        constexpr double factor = 1 + relative_error; // 2b / (b + 1)
        constexpr std::int32_t up = 512 * per_octave;
        const double lower = edge(i);
        if (lower >= 0x1p-1022 || coarser > 0)
            return lower * factor;
        return edge(i + up) * factor * 0x1p-512;
    }
};

} // namespace quipu

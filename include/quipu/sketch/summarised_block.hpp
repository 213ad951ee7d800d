// The moments of many values at once, several of them in flight.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/sketch/deviations.hpp>
#include <quipu/sketch/moments.hpp>

#include <cstddef>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu {

namespace detail {

/// Two doubles at once.
#if defined(__SSE2__)
struct two_doubles {
    __m128d both;

    [[nodiscard]] static two_doubles of(double one) noexcept { return {_mm_set1_pd(one)}; }
    [[nodiscard]] static two_doubles at(const double* first) noexcept {
        return {_mm_loadu_pd(first)};
    }
    [[nodiscard]] double low() const noexcept { return _mm_cvtsd_f64(both); }
    [[nodiscard]] double high() const noexcept {
        return _mm_cvtsd_f64(_mm_unpackhi_pd(both, both));
    }
    friend two_doubles operator+(two_doubles a, two_doubles b) noexcept {
        return {_mm_add_pd(a.both, b.both)};
    }
    friend two_doubles operator-(two_doubles a, two_doubles b) noexcept {
        return {_mm_sub_pd(a.both, b.both)};
    }
    friend two_doubles operator*(two_doubles a, two_doubles b) noexcept {
        return {_mm_mul_pd(a.both, b.both)};
    }
    [[nodiscard]] static two_doubles lower(two_doubles a, two_doubles b) noexcept {
        return {_mm_min_pd(a.both, b.both)};
    }
    [[nodiscard]] static two_doubles higher(two_doubles a, two_doubles b) noexcept {
        return {_mm_max_pd(a.both, b.both)};
    }
};
#else
struct two_doubles {
    double first;
    double second;

    [[nodiscard]] static two_doubles of(double one) noexcept { return {one, one}; }
    [[nodiscard]] static two_doubles at(const double* from) noexcept { return {from[0], from[1]}; }
    [[nodiscard]] double low() const noexcept { return first; }
    [[nodiscard]] double high() const noexcept { return second; }
    friend two_doubles operator+(two_doubles a, two_doubles b) noexcept {
        return {a.first + b.first, a.second + b.second};
    }
    friend two_doubles operator-(two_doubles a, two_doubles b) noexcept {
        return {a.first - b.first, a.second - b.second};
    }
    friend two_doubles operator*(two_doubles a, two_doubles b) noexcept {
        return {a.first * b.first, a.second * b.second};
    }
    [[nodiscard]] static two_doubles lower(two_doubles a, two_doubles b) noexcept {
        return {a.first < b.first ? a.first : b.first, a.second < b.second ? a.second : b.second};
    }
    [[nodiscard]] static two_doubles higher(two_doubles a, two_doubles b) noexcept {
        return {a.first > b.first ? a.first : b.first, a.second > b.second ? a.second : b.second};
    }
};
#endif

} // namespace detail

/// What `moments` and `deviations` know of values, each of weight 1.
///
/// Everything is summed by the distance from the first value, from which the sums of the values
/// themselves follow: as the first is one of them, that costs no more digits than adding n doubles
/// does.
struct summarised_block {
    moments all{};
    quipu::deviations deviations{};

    /// All values are finite, and so are the sums. Otherwise take the values one by one.
    [[nodiscard]] bool sound() const noexcept {
        constexpr double largest = std::numeric_limits<double>::max();
        return all.sum_squares() < largest && all.sum() < largest && all.sum() > -largest;
    }

    /// Cost     two steps for four values; does not allocate.
    [[nodiscard]] static summarised_block of(const double* values, std::size_t count) noexcept {
        using pair = detail::two_doubles;
        if (count == 0)
            return {};
        const double first = values[0];
        const auto origin = pair::of(first);
        pair sums[2] = {pair::of(0), pair::of(0)};
        pair squares[2] = {pair::of(0), pair::of(0)};
        pair low = origin;
        pair high = origin;
        const double* at = values;
        const double* const end = values + count;
        for (; end - at >= 4; at += 4) {
            const auto a = pair::at(at);
            const auto b = pair::at(at + 2);
            low = pair::lower(low, pair::lower(a, b));
            high = pair::higher(high, pair::higher(a, b));
            const auto distance_a = a - origin;
            const auto distance_b = b - origin;
            sums[0] = sums[0] + distance_a;
            sums[1] = sums[1] + distance_b;
            squares[0] = squares[0] + distance_a * distance_a;
            squares[1] = squares[1] + distance_b * distance_b;
        }
        const auto sum_pair = sums[0] + sums[1];
        const auto square_pair = squares[0] + squares[1];
        double sum = sum_pair.low() + sum_pair.high();
        double square = square_pair.low() + square_pair.high();
        double lowest = low.low() < low.high() ? low.low() : low.high();
        double highest = high.low() > high.high() ? high.low() : high.high();
        for (; at != end; ++at) {
            const double distance = *at - first;
            sum += distance;
            square += distance * distance;
            lowest = *at < lowest ? *at : lowest;
            highest = *at > highest ? *at : highest;
        }
        const auto n = static_cast<double>(count);
        summarised_block block;
        block.deviations = quipu::deviations::from(first, sum, square);
        block.all = moments::from(
            n, n * first + sum, square + first * (sum + sum) + n * first * first, lowest, highest);
        return block;
    }
};

/// Takes many values at once: record_all(values, count, block), where the block is of these values
/// and sound, does what record does for each, faster.
/// Provided  exponential_histogram, adaptive.
template <class S>
concept takes_blocks = requires(S s, const double* values, std::size_t n, summarised_block block) {
    s.record_all(values, n, block);
};

} // namespace quipu

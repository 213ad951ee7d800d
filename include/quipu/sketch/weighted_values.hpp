// Values as they came, and their weights once one of them is not 1.
#pragma once

#include <quipu/core/byte_codec.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

namespace quipu {

/// A list of values with a weight each, which takes room from the first one on that is not 1.
///
/// Memory   48 bytes, and 8 for each value, or 16.
/// Errors   what changes it has done so, or has changed nothing if there was no memory.
/// Threads  distinct objects safe, shared objects unsafe.
class weighted_values {
public:
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }
    [[nodiscard]] double operator[](std::size_t i) const noexcept { return values_[i]; }
    [[nodiscard]] double weight(std::size_t i) const noexcept {
        return weights_.empty() ? 1 : weights_[i];
    }
    /// There are weights that are not 1, or have been.
    [[nodiscard]] bool weighted() const noexcept { return !weights_.empty(); }

    /// The sum of the weights.
    /// Cost     O(n) if they are not all 1.
    [[nodiscard]] double total() const noexcept {
        if (!weighted())
            return static_cast<double>(size());
        double sum = 0;
        for (std::size_t i = 0; i < size(); ++i)
            sum += weights_[i];
        return sum;
    }

    /// Appends. Cost  amortised O(1); O(n) for the first weight.
    void push(double value, double weight) {
        if (weight != 1 || weighted()) [[unlikely]]
            push_weight(weight);
        values_.push_back(value);
    }

    /// Puts one in the place of another.
    void replace(std::size_t place, double value, double weight) {
        if (weight != 1 && !weighted())
            weights_.assign(size(), 1);
        values_[place] = value;
        if (weighted())
            weights_[place] = weight;
    }

    /// Removes one; the last takes its place.
    void remove(std::size_t place) noexcept {
        values_[place] = values_.back();
        values_.pop_back();
        if (weighted()) {
            weights_[place] = weights_[size()];
            weights_.resize(size());
        }
    }

    /// Makes room, so that `count` more can be pushed without asking for memory.
    void make_room(std::size_t count, bool with_weights) {
        const std::size_t needed = size() + count;
        if (needed > values_.capacity())
            values_.reserve(std::max(needed, 2 * values_.capacity()));
        if ((with_weights || weighted()) && needed > weights_.capacity())
            weights_.reserve(std::max(needed, 2 * weights_.capacity()));
    }

    /// Sorts by value.
    /// Cost     O(n log n); allocates if there are weights.
    void sort() {
        if (!weighted())
            return std::sort(values_.begin(), values_.end());
        std::vector<std::pair<double, double>> pairs(size());
        for (std::size_t i = 0; i < size(); ++i)
            pairs[i] = {values_[i], weights_[i]};
        std::sort(pairs.begin(), pairs.end());
        for (std::size_t i = 0; i < size(); ++i)
            std::tie(values_[i], weights_[i]) = pairs[i];
    }

    /// Keeps the storage.
    void clear() noexcept {
        values_.clear();
        weights_.clear();
    }

    /// Whether there are weights, how many values, the values, the weights.
    void write(byte_writer& out) const {
        out.byte(weighted() ? 1 : 0);
        out.count(size());
        for (const double value : values_)
            out.number(value);
        for (std::size_t i = 0; weighted() && i < size(); ++i)
            out.number(weights_[i]);
    }

    /// Replaces the contents; makes the reader fail, and leaves anything, if the bytes make no sense:
    /// values are finite, weights, too, and above 0.
    /// Cost     O(n); allocates no more than the bytes that are there.
    void read(byte_reader& from, std::size_t size_max) {
        clear();
        const auto with_weights = from.byte();
        const auto count = from.count_of(with_weights == 0 ? 8 : 16);
        if (with_weights > 1 || count > size_max)
            return from.fail();
        values_.resize(count);
        weights_.resize(with_weights == 0 ? 0 : count);
        for (double& value : values_)
            value = from.number();
        for (double& weight : weights_)
            weight = from.number();
        const auto finite = [](double one) { return one - one == 0; };
        if (!std::all_of(values_.begin(), values_.end(), finite) ||
            !std::all_of(weights_.begin(), weights_.end(), [&](double one) {
                return finite(one) && one > 0;
            }))
            from.fail();
    }

private:
    [[gnu::noinline]] void push_weight(double weight) {
        weights_.resize(size(), 1); // without one that found no room for its value, too
        weights_.push_back(weight);
    }

    std::vector<double> values_{};
    std::vector<double> weights_{}; // empty as long as all weights are 1
};

} // namespace quipu

// Counts of numbered buckets that lie near each other, within a bound.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quipu {

/// A dense window of counts that grows with the range of numbers seen, up to `Cap` buckets. Beyond
/// it the lowest collapse: they count in the lowest bucket for which there is room below the
/// highest. What the window holds depends on what was added, and not on the order.
///
/// Memory   32 bytes, and 8 to 12 for each bucket of the range seen, `8 * Cap` at most.
/// Error    a count is a double: exact for whole weights up to 2^53.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t Cap>
class bucket_window {
public:
    static_assert(Cap > 0 && Cap <= std::size_t{1} << 24U);
    static constexpr std::size_t cap = Cap;

    /// Adds to a bucket.
    /// Input    key: not near the ends of its type.
    /// Cost     a subtraction, a comparison and an addition within the window; O(size) and perhaps
    ///          an allocation when the window has to move.
    void add(std::int32_t key, double weight) {
        const auto place = place_of(key);
        if (place < counts_.size()) [[likely]]
            counts_[place] += weight;
        else
            add_outside(key, weight);
    }

    /// Makes room for the buckets from `low` to `high` and returns where their counts stand, one
    /// after another; null if there are more than the bound allows. Valid until the window is
    /// changed by another call.
    [[nodiscard]] double* range(std::int32_t low, std::int32_t high) {
        if (place_of(low) >= counts_.size() || place_of(high) >= counts_.size())
            cover(low, high);
        return low < floor_ ? nullptr : &counts_[place_of(low)];
    }

    /// Adds the counts of another window, whose numbers are divided by 2^Shift (rounding down).
    template <unsigned Shift = 0, std::size_t OtherCap>
    void merge(const bucket_window<OtherCap>& other) {
        if (other.empty())
            return;
        const std::int32_t low = other.lowest();
        const std::int32_t high = other.highest();
        cover(low >> Shift, high >> Shift);
        if (other.collapsed())
            collapse(low >> Shift);
        std::int32_t key = low;
        for (; key >> Shift < floor_; ++key)
            counts_[place_of(floor_)] += other[key];
        const double* from = &other.counts_[other.place_of(key)];
        if constexpr (Shift == 0) {
            double* into = &counts_[place_of(key)];
            for (std::int32_t left = high - key; left >= 0; --left)
                *into++ += *from++;
        } else {
            for (; key <= high; ++key)
                counts_[place_of(key >> Shift)] += *from++;
        }
    }

    /// Forgets all counts, and keeps the storage and the range that it is for.
    void clear() noexcept {
        std::fill(counts_.begin(), counts_.end(), 0.0);
        floor_ = no_floor;
    }

    [[nodiscard]] bool empty() const noexcept { return first_used() == counts_.size(); }
    /// The numbers of the first and the last bucket that has a count. Not empty.
    [[nodiscard]] std::int32_t lowest() const noexcept { return key_of(first_used()); }
    [[nodiscard]] std::int32_t highest() const noexcept { return key_of(last_used()); }

    /// The count of a bucket; 0 outside the window.
    [[nodiscard]] double operator[](std::int32_t key) const noexcept {
        const auto place = place_of(key);
        return place < counts_.size() ? counts_[place] : 0;
    }

    /// The lowest bucket counts values of lower ones, too.
    [[nodiscard]] bool collapsed() const noexcept { return floor_ != no_floor; }

    /// All counts are whole numbers.
    [[nodiscard]] bool whole() const noexcept {
        return std::all_of(counts_.begin(), counts_.end(), [](double count) {
            return count < 0x1p53 &&
                   static_cast<double>(static_cast<std::uint64_t>(count)) == count;
        });
    }

    /// The number of buckets from the lowest to the highest, the lowest, whether it is collapsed;
    /// and the counts: as integers if `as_integers`, which is for whole ones.
    void write(byte_writer& out, bool as_integers) const {
        if (empty())
            return out.count(0);
        out.count(last_used() - first_used() + 1);
        const auto key = static_cast<std::uint32_t>(lowest());
        out.count(key << 1U ^ (0 - (key >> 31U))); // small for a small negative one, too
        out.byte(collapsed() ? 1 : 0);
        for (std::size_t place = first_used(); place <= last_used(); ++place) {
            if (as_integers)
                out.count(static_cast<std::uint64_t>(counts_[place]));
            else
                out.number(counts_[place]);
        }
    }

    /// Replaces the contents; makes the reader fail, and leaves anything, if the bytes make no
    /// sense.
    /// Input    keys from `key_min` to `key_max`.
    void read(byte_reader& from, bool as_integers, std::int32_t key_min, std::int32_t key_max) {
        clear();
        const std::size_t size = from.count_of(as_integers ? 1 : sizeof(double));
        if (size == 0)
            return;
        const std::uint64_t coded = from.count();
        const auto key =
            static_cast<std::int64_t>(coded >> 1U) ^ -static_cast<std::int64_t>(coded & 1U);
        const auto collapsed = from.byte();
        if (size > Cap || coded >> 32U != 0 || key < key_min ||
            key + static_cast<std::int64_t>(size) - 1 > key_max || collapsed > 1)
            return from.fail();
        first_ = static_cast<std::int32_t>(key);
        counts_.assign(size, 0);
        for (double& count : counts_) {
            const std::uint64_t integer = as_integers ? from.count() : 0;
            if (integer >= std::uint64_t{1} << 53U)
                return from.fail();
            count = as_integers ? static_cast<double>(integer) : from.number();
            if (!(count > 0 || std::bit_cast<std::uint64_t>(count) == 0))
                return from.fail();
        }
        if (!(counts_.front() > 0 && counts_.back() > 0))
            return from.fail();
        floor_ = collapsed == 1 ? first_ : no_floor;
    }

private:
    static constexpr std::int32_t no_floor = std::numeric_limits<std::int32_t>::min();

    [[nodiscard]] std::size_t place_of(std::int32_t key) const noexcept {
        return static_cast<std::uint32_t>(key) - static_cast<std::uint32_t>(first_);
    }
    [[nodiscard]] std::int32_t key_of(std::size_t place) const noexcept {
        return first_ + static_cast<std::int32_t>(place);
    }

    [[nodiscard]] std::size_t first_used() const noexcept {
        std::size_t place = 0;
        while (place < counts_.size() && counts_[place] == 0)
            ++place;
        return place;
    }
    /// Not empty.
    [[nodiscard]] std::size_t last_used() const noexcept {
        std::size_t place = counts_.size() - 1;
        while (counts_[place] == 0)
            --place;
        return place;
    }

    [[gnu::noinline]] void add_outside(std::int32_t key, double weight) {
        cover(key, key);
        counts_[place_of(std::max(key, floor_))] += weight;
    }

    /// Moves the window so that it holds what is used and low to high, or those of them that are
    /// not below the floor, which rises if there are too many.
    void cover(std::int32_t low, std::int32_t high) {
        const bool downwards = low < first_;
        if (!empty()) {
            low = std::min(low, lowest());
            high = std::max(high, highest());
        }
        const std::int32_t floor = std::max(floor_, high - static_cast<std::int32_t>(Cap) + 1);
        const std::int32_t bottom = std::max(low, floor);
        const auto needed = static_cast<std::size_t>(high - bottom) + 1;
        if (needed > counts_.size())
            counts_.resize(std::min(Cap, needed + needed / 2));
        const double carried = low < floor ? take_below(floor) : 0;
        // What is free lies on the side where more is to be expected.
        const auto size = static_cast<std::int32_t>(counts_.size());
        move_to(downwards ? std::max(floor_, high - size + 1) : bottom);
        if (carried > 0)
            counts_[place_of(floor_)] += carried;
    }

    /// What lies below a key of the window counts there from now on.
    void collapse(std::int32_t floor) {
        if (floor <= floor_)
            return;
        counts_[place_of(floor)] += take_below(floor);
        move_to(std::max(first_, floor));
    }

    /// Makes a key the floor and takes out what is counted below it.
    [[nodiscard]] double take_below(std::int32_t floor) noexcept {
        double taken = 0;
        for (std::size_t place = 0; place < counts_.size() && key_of(place) < floor; ++place) {
            taken += counts_[place];
            counts_[place] = 0;
        }
        floor_ = floor;
        return taken;
    }

    /// Gives the window another first key, from which on it has room for all that is used.
    void move_to(std::int32_t first) noexcept {
        if (!empty()) {
            const std::ptrdiff_t up = std::ptrdiff_t{first_} - first;
            std::rotate(
                counts_.begin(), up > 0 ? counts_.end() - up : counts_.begin() - up, counts_.end());
        }
        first_ = first;
    }

    template <std::size_t>
    friend class bucket_window;

    std::vector<double> counts_{};
    std::int32_t first_ = 0;        // the key of counts_[0]
    std::int32_t floor_ = no_floor; // the lowest key that is counted as it is, once some are not
};

} // namespace quipu

// HyperLogLog: the number of distinct members in a fixed room, however many there are.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/sketch/sketch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quipu {

namespace detail {

/// x + Σ x^(2^k) 2^(k-1), of Ertl's estimator: what the registers still at 0 have to say.
[[nodiscard]] inline double hyperloglog_sigma(double x) noexcept {
    if (x == 1)
        return HUGE_VAL;
    double sum = x;
    double last = -1;
    for (double factor = 1; sum != last; factor += factor) {
        x *= x;
        last = sum;
        sum += x * factor;
    }
    return sum;
}

/// (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3, of Ertl's estimator: what the registers at their highest
/// have to say.
[[nodiscard]] inline double hyperloglog_tau(double x) noexcept {
    if (x == 0 || x == 1)
        return 0;
    double sum = 1 - x;
    double last = -1;
    for (double factor = 0.5; sum != last; factor /= 2) {
        x = std::sqrt(x);
        last = sum;
        sum -= (1 - x) * (1 - x) * factor;
    }
    return sum / 3;
}

} // namespace detail

/// Estimates the number of distinct members from 2^Precision registers. A hash chooses one by its
/// first bits, and each keeps how long a run of zeros followed, at most, in a hash of its own.
///
/// Memory   8 bytes; 2^Precision more from the first member on: 16 KiB at the default. A byte a
///          register: six bits would save a quarter, and make a merge take many times as long.
/// Error    standard error 1.04 / sqrt(2^Precision), 0.81 % at the default, at all cardinalities.
/// Source   O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), the
///          improved raw estimator: no tables of bias, no thresholds between estimators.
/// Threads  distinct objects safe, shared objects unsafe.
template <unsigned Precision = 14>
class hyperloglog {
    static_assert(Precision >= 4 && Precision <= 18,
                  "quipu hyperloglog: the precision is between 4 and 18");

public:
    static constexpr unsigned precision = Precision;
    static constexpr std::size_t registers = std::size_t{1} << Precision;

    hyperloglog() = default;
    hyperloglog(const hyperloglog& other) {
        if (other.ranks_ != nullptr)
            std::copy_n(other.ranks_, registers, allocate());
    }
    hyperloglog(hyperloglog&& other) noexcept : ranks_(std::exchange(other.ranks_, nullptr)) {}
    hyperloglog& operator=(const hyperloglog& other) {
        hyperloglog copy(other);
        std::swap(ranks_, copy.ranks_);
        return *this;
    }
    hyperloglog& operator=(hyperloglog&& other) noexcept {
        hyperloglog taken(std::move(other));
        std::swap(ranks_, taken.ranks_);
        return *this;
    }
    ~hyperloglog() { delete[] ranks_; }

    /// Adds a member by its hash, of which all bits are of equal quality. Always true.
    /// Cost     one register; the first allocates.
    bool insert(std::uint64_t hash) {
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        raise(ranks[hash >> (64 - Precision)], rank_of(hash << Precision));
        return true;
    }

    /// Adds all members of another. One of a higher precision is brought down to this first, as if
    /// its members had been inserted here.
    template <unsigned Other>
    void merge(const hyperloglog<Other>& other) {
        static_assert(Other >= Precision, "quipu hyperloglog: a merge cannot raise the precision");
        if (other.ranks_ == nullptr)
            return;
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        if constexpr (Other == Precision) {
            QUIPU_ASSERT(&other != this);
            for (std::size_t i = 0; i < registers; ++i)
                ranks[i] = std::max(ranks[i], other.ranks_[i]);
        } else {
            constexpr unsigned more = Other - Precision;
            for (std::size_t i = 0; i < other.registers; ++i) {
                // The bits by which it has more registers are part of the run here.
                const std::uint64_t rest = std::uint64_t{i} << (64 - more);
                if (other.ranks_[i] != 0)
                    raise(ranks[i >> more], rest != 0 ? rank_of(rest) : more + other.ranks_[i]);
            }
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (ranks_ != nullptr)
            std::fill_n(ranks_, registers, std::uint8_t{0});
    }

    /// Cost     O(2^Precision) at worst, after a clear; O(1) as a rule.
    [[nodiscard]] bool empty() const noexcept {
        return ranks_ == nullptr || std::all_of(ranks_, ranks_ + registers, is_zero);
    }

    /// At most 2^64, even for hashes that were chosen to mislead.
    /// Cost     O(2^Precision).
    [[nodiscard]] double estimate() const noexcept {
        if (ranks_ == nullptr)
            return 0;
        constexpr auto count = static_cast<double>(registers);
        const auto having = histogram();
        double sum = count * detail::hyperloglog_tau(1 - having[rank_max] / count);
        for (unsigned rank = rank_max - 1; rank > 0; --rank)
            sum = (sum + having[rank]) / 2;
        sum += count * detail::hyperloglog_sigma(having[0] / count);
        constexpr double ln2 = 0.693147180559945309417;
        return std::min(count * (count / (2 * ln2 * sum)), 0x1p64);
    }

    /// The standard deviation of the estimate, relative to the true number.
    [[nodiscard]] static constexpr double standard_error() noexcept {
        double root = Precision % 2 == 0 ? 1 : 1.41421356237309504880;
        for (unsigned bits = 1; bits < Precision; bits += 2)
            root *= 2;
        return 1.04 / root;
    }

    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// Writes the registers that are not 0, each with its distance from the last one; all of them
    /// with six bits each, if more than a quarter is not 0.
    void write(byte_writer& out) const {
        const std::size_t used = registers_used();
        out.byte(Precision);
        out.count(used);
        if (used > sparse_max)
            return write_all(out);
        const std::size_t end = used > 0 ? registers : 0;
        std::size_t next = 0;
        for (std::size_t i = 0; i < end; ++i) {
            if (ranks_[i] == 0)
                continue;
            out.count((i - next) << rank_bits | ranks_[i]);
            next = i + 1;
        }
    }

    /// Takes the place of what it held. False, and empty, if the bytes are none of this precision.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const std::uint8_t its_precision = from.byte();
        const std::uint64_t used = from.count();
        const bool valid = its_precision == Precision && used <= registers && !from.failed() &&
                           (used > sparse_max ? read_all(from) : read_used(from, used)) &&
                           registers_used() == used && !from.failed();
        if (!valid)
            clear();
        return valid;
    }

private:
    template <unsigned>
    friend class hyperloglog;

    static constexpr unsigned rank_max = 64 - Precision + 1;
    static constexpr unsigned rank_bits = 6;
    static constexpr std::size_t sparse_max = registers / 4;

    static bool is_zero(std::uint8_t rank) noexcept { return rank == 0; }

    /// The length of the run of zeros at the front, plus one; `rest` is followed by a one.
    [[nodiscard]] static constexpr unsigned rank_of(std::uint64_t rest) noexcept {
        return static_cast<unsigned>(std::countl_zero(rest | std::uint64_t{1} << (Precision - 1))) +
               1;
    }

    static void raise(std::uint8_t& rank, unsigned to) noexcept {
        if (rank < to)
            rank = static_cast<std::uint8_t>(to);
    }

    [[gnu::noinline]] std::uint8_t* allocate() {
        ranks_ = new std::uint8_t[registers]();
        return ranks_;
    }

    /// How many registers have which rank.
    [[nodiscard]] std::array<double, rank_max + 1> histogram() const noexcept {
        // Four counts of each, so that the increments of equal neighbours need not wait for
        // each other.
        std::array<std::array<std::uint32_t, rank_max + 1>, 4> counts{};
        for (std::size_t i = 0; i < registers; i += 4) {
            for (std::size_t lane = 0; lane < 4; ++lane)
                ++counts[lane][ranks_[i + lane]];
        }
        std::array<double, rank_max + 1> all{};
        for (std::size_t rank = 0; rank <= rank_max; ++rank) {
            for (const auto& lane : counts)
                all[rank] += lane[rank];
        }
        return all;
    }

    [[nodiscard]] std::size_t registers_used() const noexcept {
        if (ranks_ == nullptr)
            return 0;
        return registers -
               static_cast<std::size_t>(std::count(ranks_, ranks_ + registers, std::uint8_t{0}));
    }

    void write_all(byte_writer& out) const {
        for (std::size_t i = 0; i < registers; i += 4) {
            std::uint32_t four = 0;
            for (unsigned lane = 0; lane < 4; ++lane)
                four |= std::uint32_t{ranks_[i + lane]} << (lane * rank_bits);
            for (unsigned shift = 0; shift < 24; shift += 8)
                out.byte(static_cast<std::uint8_t>(four >> shift));
        }
    }

    [[nodiscard]] bool read_all(byte_reader& from) {
        if (from.left() < registers / 4 * 3)
            return false;
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        bool valid = true;
        for (std::size_t i = 0; i < registers; i += 4) {
            std::uint32_t four = 0;
            for (unsigned shift = 0; shift < 24; shift += 8)
                four |= std::uint32_t{from.byte()} << shift;
            for (unsigned lane = 0; lane < 4; ++lane) {
                ranks[i + lane] = four >> (lane * rank_bits) & 63U;
                valid = valid && ranks[i + lane] <= rank_max;
            }
        }
        return valid;
    }

    [[nodiscard]] bool read_used(byte_reader& from, std::uint64_t used) {
        std::uint64_t next = 0;
        for (; used > 0; --used) {
            const std::uint64_t entry = from.count();
            const std::uint64_t rank = entry & 63U;
            const std::uint64_t gap = entry >> rank_bits;
            if (rank == 0 || rank > rank_max || gap >= registers - next)
                return false;
            std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
            next += gap;
            ranks[next++] = static_cast<std::uint8_t>(rank);
        }
        return true;
    }

    std::uint8_t* ranks_ = nullptr; // none before the first member
};

static_assert(distinct_sketch<hyperloglog<>>);

} // namespace quipu

// The set: how many distinct members came in one interval.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/sketch/adaptive_set.hpp>

#include <cstdint>
#include <string_view>

namespace quipu {

/// Counts distinct members. A member is its bytes: `1` and `1.0` are two.
///
/// The seed of the members' hash is part of the type and of the form of bytes: sets hashed alike
/// merge, wherever they come from, and others cannot be mistaken for such. It need not be secret.
/// Threads  distinct objects safe, shared objects unsafe.
template <distinct_sketch Sketch = adaptive_set<>,
          std::uint64_t HashSeed = 0x71756970755f7365> // "quipu_se"
class basic_unique {
public:
    static constexpr std::uint64_t hash_seed = HashSeed;

    /// Adds a member. Returns ok, or value_limit if it is new and the sketch is full.
    errc insert(std::string_view member) {
        return members_.insert(hash_bytes(member, hash_seed)) ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) { return insert(one.member); }

    void merge(const basic_unique& other) { members_.merge(other.members_); }

    void reset() noexcept { members_.clear(); }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    /// The number of distinct members, or about that: a whole number.
    [[nodiscard]] double estimate() const noexcept {
        constexpr double half = 0.5; // 2^63 members are not to be had
        return static_cast<double>(static_cast<std::uint64_t>(members_.estimate() + half));
    }
    /// Whether the estimate is the number itself.
    [[nodiscard]] bool exact() const noexcept {
        return standard_error() == 0 && members_.dropped() == 0;
    }
    /// The standard deviation of the estimate, relative to the true number.
    [[nodiscard]] double standard_error() const noexcept { return members_.standard_error(); }
    [[nodiscard]] const Sketch& members() const noexcept { return members_; }
    [[nodiscard]] bool idle() const noexcept { return members_.empty(); }

    /// Writes the seed and the sketch.
    void write(byte_writer& out) const {
        out.word(hash_seed);
        members_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the members were hashed with another
    /// seed, or the bytes make no sense.
    [[nodiscard]] bool read(byte_reader& from) {
        if (from.word() == hash_seed && !from.failed())
            return members_.read(from);
        reset();
        return false;
    }

private:
    Sketch members_{};
};

using unique = basic_unique<>;

static_assert(cell<unique>);

} // namespace quipu

// The exact distinct sketch: keeps the hash of every member.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/sketch/hash_slots.hpp>
#include <quipu/sketch/sketch.hpp>

#include <cstddef>
#include <cstdint>

namespace quipu {

/// Keeps the 64-bit hash of each distinct member up to a bound; beyond it a new member is refused
/// and counted in `dropped()`.
///
/// Memory   24 bytes, and 11 to 22 a member.
/// Error    two of n members share a hash with probability n² / 2^65: 3e-8 for the bound of 2^20.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t MembersMax = std::size_t{1} << 20>
class basic_exact_set {
    static_assert(MembersMax > 0 && MembersMax <= std::size_t{1} << 31,
                  "quipu exact set: keeps 1 to 2^31 members");

public:
    static constexpr std::size_t members_max = MembersMax;

    /// Adds a member by its hash. Returns false if it is new and beyond the bound.
    /// Cost     O(1) expected, whoever chose the members; allocates when the table grows.
    bool insert(std::uint64_t hash) {
        if (members_.insert(hash, MembersMax) != detail::slot_outcome::refused)
            return true;
        ++dropped_;
        return false;
    }

    /// Adds all members of another set.
    void merge(const basic_exact_set& other) {
        QUIPU_ASSERT(&other != this);
        dropped_ += other.dropped_;
        other.members_.for_each([this](std::uint64_t hash) { insert(hash); });
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        members_.clear();
        dropped_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] double estimate() const noexcept { return static_cast<double>(size()); }
    [[nodiscard]] static constexpr double standard_error() noexcept { return 0; }

    /// Calls f(hash) for each member, in no order.
    template <class F>
    void for_each(F f) const {
        members_.for_each(f);
    }

    /// How many insertions of new members were refused at the bound.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// Writes the members in ascending order of their hashes, and how many were refused.
    /// Cost     O(n log n).
    void write(byte_writer& out) const {
        members_.write(out);
        out.count(dropped_);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no set of this bound.
    [[nodiscard]] bool read(byte_reader& from) {
        const bool valid = members_.read(from, MembersMax);
        dropped_ = static_cast<std::size_t>(from.count());
        // Only a full set refuses.
        if (valid && !from.failed() && (dropped_ == 0 || size() == MembersMax))
            return true;
        clear();
        return false;
    }

private:
    detail::hash_slots members_{};
    std::size_t dropped_ = 0;
};

using exact_set = basic_exact_set<>;

static_assert(distinct_sketch<exact_set>);

} // namespace quipu

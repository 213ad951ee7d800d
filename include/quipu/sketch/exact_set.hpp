// The exact distinct sketch: keeps the hash of every member.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/sketch/sketch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quipu {

/// Keeps the 64-bit hash of each distinct member up to a bound; beyond it a new member is refused
/// and counted in `dropped()`.
///
/// Memory   11 to 22 bytes a member.
/// Error    two of n members share a hash with probability n² / 2^65: 3e-8 for the bound of 2^20.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t MembersMax = std::size_t{1} << 20>
class basic_exact_set {
public:
    static constexpr std::size_t members_max = MembersMax;

    /// Adds a member by its hash. Returns false if it is new and beyond the bound.
    /// Cost     O(1) expected; allocates when the table grows.
    bool insert(std::uint64_t hash) {
        if (hash == 0)
            hash = 1; // 0 marks a free slot
        if ((size_ + 1) * 4 > slots_.size() * 3)
            grow();
        std::uint64_t& slot = slots_[find(hash)];
        if (slot == hash)
            return true;
        if (size_ == MembersMax) {
            ++dropped_;
            return false;
        }
        slot = hash;
        ++size_;
        return true;
    }

    /// Adds all members of another set.
    void merge(const basic_exact_set& other) {
        QUIPU_ASSERT(&other != this);
        dropped_ += other.dropped_;
        if (other.size_ == 0)
            return;
        for (const std::uint64_t hash : other.slots_) {
            if (hash != 0)
                insert(hash);
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (size_ > 0)
            slots_.assign(slots_.size(), 0);
        size_ = dropped_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] double estimate() const noexcept { return static_cast<double>(size_); }

    /// How many insertions of new members were refused at the bound.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// Writes the members in ascending order, and how many were refused.
    /// Cost     O(n log n).
    void write(byte_writer& out) const {
        std::vector<std::uint64_t> members;
        members.reserve(size_);
        for (const std::uint64_t hash : slots_) {
            if (hash != 0)
                members.push_back(hash);
        }
        std::sort(members.begin(), members.end());
        out.count(size_);
        for (const std::uint64_t hash : members)
            out.word(hash);
        out.count(dropped_);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no set of this bound.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const std::size_t size = from.count_of(sizeof(std::uint64_t));
        bool valid = size <= MembersMax;
        std::uint64_t last = 0;
        for (std::size_t i = 0; i < size && valid; ++i) {
            const std::uint64_t hash = from.word();
            valid = hash > last && insert(hash);
            last = hash;
        }
        dropped_ = static_cast<std::size_t>(from.count());
        // Only a full set refuses.
        if (valid && !from.failed() && (dropped_ == 0 || size_ == MembersMax))
            return true;
        clear();
        return false;
    }

private:
    [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = mix(hash) & mask;
        while (slots_[place] != 0 && slots_[place] != hash)
            place = (place + 1) & mask;
        return place;
    }

    void grow() {
        const std::vector<std::uint64_t> old(std::move(slots_));
        slots_.assign(old.empty() ? 8 : old.size() * 2, 0);
        for (const std::uint64_t hash : old) {
            if (hash != 0)
                slots_[find(hash)] = hash;
        }
    }

    std::vector<std::uint64_t> slots_{}; // a power of two of them, at most three quarters full
    std::size_t size_ = 0;
    std::size_t dropped_ = 0;
};

using exact_set = basic_exact_set<>;

static_assert(distinct_sketch<exact_set>);

} // namespace quipu

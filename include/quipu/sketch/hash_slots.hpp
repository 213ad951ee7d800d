// Distinct 64-bit hashes in an open-addressing table whose order nobody outside can foresee.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/hash.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quipu::detail {

/// The slot, of 2^`bits` at `address`, at which the search for a hash begins. Who knows a hash, but
/// not the address, does not know the slot.
/// Cost     two multiplications of 64 by 64 bits, when the address is the same again. With one alone
///          hashes in a row want neighbouring slots in 2 % of the tables.
[[nodiscard]] constexpr std::size_t
slot_of(std::uint64_t hash, std::uint64_t address, unsigned bits) noexcept {
    const std::uint64_t secret = address * hash_keys[3];
    const std::uint64_t mixed = fold(hash ^ std::rotl(secret, 32), secret ^ hash_keys[1]);
    return static_cast<std::size_t>(fold(mixed, secret ^ hash_keys[2]) >> (64 - bits));
}

/// What became of a hash.
enum class slot_outcome : std::uint8_t { added, known, refused };

/// A set of hashes; 0 counts as 1, for it marks a free slot.
///
/// The hashes of members are public, so that sets merge; if they alone chose the slot, a sender
/// could choose members that all want the same one, and each search would pass all others. Here
/// the address of the slots chooses as well. It is random where addresses are, no other set has
/// it, it changes whenever the table grows, and it takes no room. What is written, and what is
/// equal, does not depend on it.
///
/// Memory   16 bytes, and 11 to 22 for each hash.
/// Threads  distinct objects safe, shared objects unsafe.
class hash_slots {
public:
    hash_slots() = default;
    hash_slots(const hash_slots& other) { add_all(other); }
    hash_slots(hash_slots&& other) noexcept { swap(other); }
    hash_slots& operator=(const hash_slots& other) {
        hash_slots copy(other);
        swap(copy);
        return *this;
    }
    hash_slots& operator=(hash_slots&& other) noexcept {
        hash_slots taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~hash_slots() { delete[] slots_; }

    /// Adds a hash; a new one is refused if there are `size_max` already.
    /// Cost     O(1) expected; allocates when the table grows.
    slot_outcome insert(std::uint64_t hash, std::size_t size_max) {
        hash = hash == 0 ? 1 : hash;
        if ((size_ + 1) * 4 > capacity() * 3)
            grow();
        std::uint64_t& slot = slots_[find(hash)];
        if (slot == hash)
            return slot_outcome::known;
        if (size_ == size_max)
            return slot_outcome::refused;
        slot = hash;
        ++size_;
        return slot_outcome::added;
    }

    /// Calls `take(hash)` for each, in no particular order.
    template <class Take>
    void for_each(Take&& take) const {
        const std::size_t slots = size_ > 0 ? capacity() : 0;
        for (std::size_t place = 0; place < slots; ++place) {
            if (slots_[place] != 0)
                take(slots_[place]);
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (size_ > 0)
            std::fill_n(slots_, capacity(), std::uint64_t{0});
        size_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// How many slots are looked at, at most, until one of the hashes is found.
    /// Cost     O(n).
    [[nodiscard]] std::size_t longest_search() const noexcept {
        std::size_t longest = 0;
        for_each([&](const std::uint64_t& hash) {
            const auto place = static_cast<std::size_t>(&hash - slots_);
            longest = std::max(longest, (place - start(hash)) % capacity() + 1);
        });
        return longest;
    }

    /// Writes how many, and the hashes in ascending order.
    /// Cost     O(n log n).
    void write(byte_writer& out) const {
        std::vector<std::uint64_t> hashes;
        hashes.reserve(size_);
        for_each([&](std::uint64_t hash) { hashes.push_back(hash); });
        std::sort(hashes.begin(), hashes.end());
        out.count(size_);
        for (const std::uint64_t hash : hashes)
            out.word(hash);
    }

    /// Takes the place of what it held. False, and empty, if these are no `size_max` hashes.
    [[nodiscard]] bool read(byte_reader& from, std::size_t size_max) {
        clear();
        const std::size_t size = from.count_of(sizeof(std::uint64_t));
        bool valid = size <= size_max;
        std::uint64_t last = 0;
        for (std::size_t i = 0; i < size && valid; ++i) {
            const std::uint64_t hash = from.word();
            valid = hash > last;
            if (valid)
                insert(hash, size_max);
            last = hash;
        }
        if (valid && !from.failed())
            return true;
        clear();
        return false;
    }

private:
    [[nodiscard]] std::size_t capacity() const noexcept {
        return slots_ == nullptr ? 0 : std::size_t{1} << bits_;
    }

    [[nodiscard]] std::size_t start(std::uint64_t hash) const noexcept {
        return slot_of(hash, reinterpret_cast<std::uintptr_t>(slots_), bits_);
    }

    [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept {
        const std::size_t mask = capacity() - 1;
        std::size_t place = start(hash);
        while (slots_[place] != 0 && slots_[place] != hash)
            place = (place + 1) & mask;
        return place;
    }

    void grow() { resize(slots_ == nullptr ? 3 : bits_ + 1U); }

    void resize(unsigned bits) {
        hash_slots larger;
        larger.slots_ = new std::uint64_t[std::size_t{1} << bits]();
        larger.bits_ = static_cast<std::uint8_t>(bits);
        for_each([&](std::uint64_t hash) { larger.slots_[larger.find(hash)] = hash; });
        larger.size_ = size_;
        swap(larger);
    }

    /// Into an empty one: at another address each hash has another slot.
    void add_all(const hash_slots& other) {
        if (other.size_ == 0)
            return;
        resize(other.bits_);
        other.for_each([&](std::uint64_t hash) { slots_[find(hash)] = hash; });
        size_ = other.size_;
    }

    void swap(hash_slots& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(size_, other.size_);
        std::swap(bits_, other.bits_);
    }

    std::uint64_t* slots_ = nullptr; // 2^bits_ of them, at most three quarters in use
    std::uint32_t size_ = 0;
    std::uint8_t bits_ = 0;
};

} // namespace quipu::detail

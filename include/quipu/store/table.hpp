// The hash table from series to cells, for one kind.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/store/key.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Maps names to cells. The cells lie dense, in the order in which their series came; a table of
/// 8-byte slots with open addressing and linear probing, at most 3/4 full, finds them.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <cell Cell>
class basic_table {
public:
    struct entry {
        std::string_view name;
        std::uint64_t hash = 0;
        /// Flushes since the last sample; a store's owner counts it.
        std::uint32_t idle_intervals = 0;
        Cell cell{};
    };

    /// The seed keeps senders from choosing names that collide.
    explicit basic_table(std::uint64_t seed = 0) : seed_(seed) {}

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::vector<entry>& entries() noexcept { return entries_; }
    [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

    /// The cell of a series, or null. Valid until the next call that is not const.
    /// Cost     O(name.size()), one cache line of slots and one entry as a rule.
    [[nodiscard]] Cell* find(std::string_view name) noexcept {
        return find(name, hash_bytes(name, seed_));
    }

    /// The cell of a series, new if there is none yet; null if it would be the entry number
    /// `size_max` + 1. Valid until the next call that is not const.
    /// Cost     as find; only a new one allocates: a copy of its name, now and then a larger table.
    [[nodiscard]] Cell* find_or_insert(std::string_view name, std::size_t size_max) {
        const auto hash = hash_bytes(name, seed_);
        if (Cell* const known = find(name, hash); known != nullptr)
            return known;
        if (entries_.size() >= size_max)
            return nullptr;
        if ((entries_.size() + 1) * 4 > slots_.size() * 3)
            rebuild(slots_.empty() ? 16 : slots_.size() * 2);
        entries_.push_back({keys_.intern(name), hash, 0, {}});
        slots_[probe(name, hash)] = {tag(hash), static_cast<std::uint32_t>(entries_.size())};
        return &entries_.back().cell;
    }

    /// Removes the entries for which `leaves(const entry&)` is true; the others keep their order.
    /// Cost     O(size).
    template <class Predicate>
    void erase_if(Predicate&& leaves) {
        std::size_t kept = 0;
        std::size_t name_bytes = 0;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (leaves(std::as_const(entries_[i])))
                continue;
            name_bytes += entries_[i].name.size();
            if (kept != i)
                entries_[kept] = std::move(entries_[i]);
            ++kept;
        }
        if (kept == entries_.size())
            return;
        entries_.resize(kept);
        if (keys_.bytes() > 2 * name_bytes)
            move_names();
        rebuild(slots_.size());
    }

private:
    struct slot {
        std::uint32_t tag = 0;
        std::uint32_t index = 0; // of the entry, plus one; 0: free
    };

    [[nodiscard]] static constexpr std::uint32_t tag(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }

    [[nodiscard]] Cell* find(std::string_view name, std::uint64_t hash) noexcept {
        if (slots_.empty())
            return nullptr;
        const slot& place = slots_[probe(name, hash)];
        return place.index == 0 ? nullptr : &entries_[place.index - 1].cell;
    }

    /// The place of the series, or the free one where it would go.
    [[nodiscard]] std::size_t probe(std::string_view name, std::uint64_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = hash & mask;
        for (; slots_[place].index != 0; place = (place + 1) & mask) {
            if (slots_[place].tag != tag(hash))
                continue;
            const entry& candidate = entries_[slots_[place].index - 1];
            if (candidate.hash == hash && candidate.name == name)
                break;
        }
        return place;
    }

    void rebuild(std::size_t slot_count) {
        slots_.assign(slot_count, {});
        const std::size_t mask = slot_count - 1;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            std::size_t place = entries_[i].hash & mask;
            while (slots_[place].index != 0)
                place = (place + 1) & mask;
            slots_[place] = {tag(entries_[i].hash), static_cast<std::uint32_t>(i + 1)};
        }
    }

    void move_names() {
        key_arena fresh;
        for (auto& one : entries_)
            one.name = fresh.intern(one.name);
        keys_.swap(fresh);
    }

    std::uint64_t seed_;
    std::vector<slot> slots_{}; // a power of two of them
    std::vector<entry> entries_{};
    key_arena keys_{};
};

} // namespace quipu

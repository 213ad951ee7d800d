// From a hash to the places of the entries that may have it: one cache line a look-up.
#pragma once

#include <quipu/store/segmented_vector.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// Asks for memory ahead of its use.
inline void prefetch([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#endif
}

/// A hash table of places, by linear hashing: it grows by one chunk at a time, as it fills, so that
/// no insertion waits for a table to be built anew. A chunk is one cache line: twelve tags of eight
/// bits and twelve places; one that overflows is followed by another.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <template <class> class Allocator>
class chunk_index {
public:
    static constexpr std::uint32_t none = 0xffff'ffff;

    /// A cache line of tags and places.
    struct alignas(64) chunk {
        static constexpr unsigned size = 12;

        std::uint8_t tags[size] = {}; // 0: free; the free ones are the last
        std::uint32_t follower = 0;   // of the followers, plus one
        std::uint32_t places[size] = {};

        /// A bit for each place with this tag.
        [[nodiscard]] std::uint32_t matches(std::uint8_t tag) const noexcept {
#if defined(__SSE2__)
            const __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
            const __m128i equal = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(tag)));
            return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & ((1U << size) - 1);
#else
            std::uint32_t found = 0;
            for (unsigned i = 0; i < size; ++i)
                found |= static_cast<std::uint32_t>(tags[i] == tag) << i;
            return found;
#endif
        }

        [[nodiscard]] unsigned used() const noexcept {
            const std::uint32_t free = matches(0);
            return free == 0 ? size : static_cast<unsigned>(std::countr_zero(free));
        }
    };
    static_assert(sizeof(chunk) == 64);

    explicit chunk_index(const Allocator<char>& allocator = {})
        : homes_(allocator), followers_(allocator) {}

    chunk_index(chunk_index&& other) noexcept
        : homes_(std::move(other.homes_)), followers_(std::move(other.followers_)),
          free_follower_(std::exchange(other.free_follower_, 0)),
          size_(std::exchange(other.size_, 0)), round_(std::exchange(other.round_, 1)) {}
    chunk_index& operator=(chunk_index&& other) noexcept {
        homes_ = std::move(other.homes_);
        followers_ = std::move(other.followers_);
        free_follower_ = std::exchange(other.free_follower_, 0);
        size_ = std::exchange(other.size_, 0);
        round_ = std::exchange(other.round_, 1);
        return *this;
    }
    ~chunk_index() = default;
    chunk_index(const chunk_index&) = delete;
    chunk_index& operator=(const chunk_index&) = delete;

    /// Asks for the chunk where a hash is at home and returns it; null if there is none at all.
    /// Valid until the next insertion.
    [[nodiscard]] const chunk* prefetch(std::uint64_t hash) const noexcept {
        if (homes_.empty())
            return nullptr;
        const chunk* const at = &homes_[home(hash)];
        detail::prefetch(at);
        return at;
    }

    /// The first place with the tag of a hash in its home, or `none`: as a rule the right one.
    [[nodiscard]] static std::uint32_t candidate(const chunk* home, std::uint64_t hash) noexcept {
        const std::uint32_t matches = home == nullptr ? 0 : home->matches(tag(hash));
        return matches == 0 ? none : home->places[std::countr_zero(matches)];
    }

    /// The place for which `is_it(place)` is true among those that may have the hash, or `none`.
    /// Cost     one chunk and one call as a rule.
    template <class IsIt>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, const IsIt& is_it) const {
        if (homes_.empty())
            return none;
        const std::uint8_t wanted = tag(hash);
        for (const chunk* at = &homes_[home(hash)];; at = &followers_[at->follower - 1]) {
            for (auto matches = at->matches(wanted); matches != 0; matches &= matches - 1) {
                const std::uint32_t place = at->places[std::countr_zero(matches)];
                if (is_it(place))
                    return place;
            }
            if (at->follower == 0)
                return none;
        }
    }

    /// Adds a place. `hash_of(place)` gives the hash of any place that was added.
    /// Cost     amortised O(1): at most one chunk is split. What throws has added nothing.
    template <class HashOf>
    void insert(std::uint64_t hash, std::uint32_t place, const HashOf& hash_of) {
        if (homes_.empty())
            homes_.emplace_back();
        if (size_ >= homes_.size() * places_a_chunk)
            split(hash_of);
        put(homes_[home(hash)], tag(hash), place);
        ++size_;
    }

    /// Gives a place that is there another number.
    void renumber(std::uint64_t hash, std::uint32_t from, std::uint32_t to) noexcept {
        const slot found = slot_of(hash, from);
        found.in->places[found.number] = to;
    }

    /// Removes a place that is there; keeps the storage.
    void erase(std::uint64_t hash, std::uint32_t place) noexcept {
        const slot hole = slot_of(hash, place);
        // The chain's last one goes into the hole, so that the free ones stay the last.
        chunk* before = nullptr;
        chunk* last = &homes_[home(hash)];
        for (; last->follower != 0; last = &followers_[last->follower - 1])
            before = last;
        const unsigned number = last->used() - 1;
        hole.in->tags[hole.number] = last->tags[number];
        hole.in->places[hole.number] = last->places[number];
        last->tags[number] = 0;
        if (number == 0 && before != nullptr)
            last->follower = std::exchange(free_follower_, std::exchange(before->follower, 0));
        --size_;
    }

    [[nodiscard]] std::size_t bytes() const noexcept {
        return (homes_.size() + followers_.size()) * sizeof(chunk);
    }

private:
    /// How many places a chunk has on average before one more chunk is made: between a chunk that
    /// is split and one that is not lies a factor of two.
    static constexpr std::size_t places_a_chunk = 6;

    struct slot {
        chunk* in;
        unsigned number;
    };

    [[nodiscard]] slot slot_of(std::uint64_t hash, std::uint32_t place) noexcept {
        for (chunk* at = &homes_[home(hash)];; at = &followers_[at->follower - 1]) {
            for (auto matches = at->matches(tag(hash)); matches != 0; matches &= matches - 1) {
                const auto number = static_cast<unsigned>(std::countr_zero(matches));
                if (at->places[number] == place)
                    return {at, number};
            }
            QUIPU_ASSERT(at->follower != 0);
        }
    }

    [[nodiscard]] static std::uint8_t tag(std::uint64_t hash) noexcept {
        const auto top = static_cast<std::uint8_t>(hash >> 56U);
        return top == 0 ? std::uint8_t{1} : top;
    }

    /// The chunks below `homes_.size() - round_` are already those of the next round, in which one
    /// more bit of the hash counts.
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept {
        const std::size_t place = hash & (2 * round_ - 1);
        return place < homes_.size() ? place : place - round_;
    }

    void put(chunk& at, std::uint8_t tag, std::uint32_t place) {
        chunk* to = &at;
        while (to->follower != 0)
            to = &followers_[to->follower - 1];
        if (const unsigned used = to->used(); used < chunk::size) {
            to->tags[used] = tag;
            to->places[used] = place;
            return;
        }
        const std::uint32_t fresh = new_follower(); // may move the followers
        chunk* last = &at;
        while (last->follower != 0)
            last = &followers_[last->follower - 1];
        last->follower = fresh;
        followers_[fresh - 1].tags[0] = tag;
        followers_[fresh - 1].places[0] = place;
    }

    [[nodiscard]] std::uint32_t new_follower() {
        if (free_follower_ != 0) {
            const std::uint32_t reused = free_follower_;
            free_follower_ = followers_[reused - 1].follower;
            followers_[reused - 1] = {};
            return reused;
        }
        followers_.emplace_back();
        return static_cast<std::uint32_t>(followers_.size());
    }

    /// Makes one more chunk and moves there what the hash's next bit says. What is freed on the way
    /// is enough for what is needed, so nothing but the new chunk is allocated.
    template <class HashOf>
    void split(const HashOf& hash_of) {
        const std::size_t parted = homes_.size() - round_;
        homes_.emplace_back();
        const chunk before = std::exchange(homes_[parted], {});
        spread(before, parted, hash_of);
        for (std::uint32_t next = before.follower; next != 0;) {
            const std::uint32_t freed = next;
            const chunk follower = followers_[freed - 1];
            next = follower.follower;
            followers_[freed - 1].follower = std::exchange(free_follower_, freed);
            spread(follower, parted, hash_of);
        }
        if (homes_.size() == 2 * round_)
            round_ *= 2;
    }

    template <class HashOf>
    void spread(const chunk& from, std::size_t parted, const HashOf& hash_of) {
        for (unsigned i = 0; i < chunk::size && from.tags[i] != 0; ++i) {
            const bool moves = (hash_of(from.places[i]) & round_) != 0;
            put(homes_[moves ? parted + round_ : parted], from.tags[i], from.places[i]);
        }
    }

    segmented_vector<chunk, Allocator> homes_;
    segmented_vector<chunk, Allocator> followers_;
    std::uint32_t free_follower_ = 0; // plus one; each free one names the next
    std::size_t size_ = 0;
    std::size_t round_ = 1; // a power of two: homes_.size() is in [round_, 2 * round_)
};

} // namespace quipu::detail

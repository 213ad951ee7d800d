// The distinct sketch for every day: exact as long as that is cheap, a HyperLogLog from then on.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/sketch/hash_slots.hpp>
#include <quipu/sketch/hyperloglog.hpp>
#include <quipu/sketch/sketch.hpp>

#include <cstddef>
#include <cstdint>

namespace quipu {

/// Keeps the hashes of up to `Bound` distinct members; when one more comes, all move into a
/// `Sketch`. Which of the two it is depends on the members alone, not on their order nor on how
/// they were merged.
///
/// Memory   24 bytes; while exact 11 to 22 more a member, at most 16 KiB; then those of the sketch,
///          16 KiB. A clear keeps both.
/// Error    none up to `Bound` members, but that two of n share a hash with probability n² / 2^65;
///          from then on the sketch's.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t Bound = 1024, distinct_sketch Sketch = hyperloglog<14>>
class adaptive_set {
    static_assert(Bound > 0 && Bound <= std::size_t{1} << 31,
                  "quipu adaptive set: keeps 1 to 2^31 members exactly");

public:
    using sketch_type = Sketch;
    static constexpr std::size_t exact_max = Bound;

    /// Adds a member by its hash. Returns what the sketch does: HyperLogLog takes all.
    /// Cost     O(1) expected, whoever chose the members; allocates when it grows.
    bool insert(std::uint64_t hash) {
        hash = hash == 0 ? 1 : hash; // as it is among the exact ones
        if (sketched_)
            return sketch_.insert(hash);
        if (members_.insert(hash, Bound) != detail::slot_outcome::refused)
            return true;
        leave_exactness();
        return sketch_.insert(hash);
    }

    /// Adds all members of another set.
    void merge(const adaptive_set& other) {
        QUIPU_ASSERT(&other != this);
        if (!other.sketched_)
            return other.members_.for_each([this](std::uint64_t hash) { insert(hash); });
        if (!sketched_)
            leave_exactness();
        sketch_.merge(other.sketch_);
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        members_.clear();
        if (sketched_)
            sketch_.clear();
        sketched_ = false;
    }

    [[nodiscard]] bool empty() const noexcept { return !sketched_ && members_.size() == 0; }

    /// Whether all members are kept, and `estimate` is their number.
    [[nodiscard]] bool exact() const noexcept { return !sketched_; }

    /// Calls f(hash) for each member, in no order; for none unless `exact`.
    template <class F>
    void for_each(F f) const {
        if (exact())
            members_.for_each(f);
    }

    [[nodiscard]] double estimate() const noexcept {
        return sketched_ ? sketch_.estimate() : static_cast<double>(members_.size());
    }
    [[nodiscard]] double standard_error() const noexcept {
        return sketched_ ? sketch_.standard_error() : 0;
    }
    [[nodiscard]] std::size_t dropped() const noexcept { return sketched_ ? sketch_.dropped() : 0; }

    /// Writes which of the two it is, as a byte, and that one.
    void write(byte_writer& out) const {
        out.byte(sketched_ ? 1 : 0);
        if (sketched_)
            sketch_.write(out);
        else
            members_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no set of this type.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const std::uint8_t kind = from.byte();
        if (kind == 0 && !from.failed())
            return members_.read(from, Bound);
        sketched_ = kind == 1;
        // No set leaves exactness without members.
        if (sketched_ && sketch_.read(from) && !sketch_.empty())
            return true;
        clear();
        return false;
    }

private:
    [[gnu::noinline]] void leave_exactness() {
        members_.for_each([this](std::uint64_t hash) { sketch_.insert(hash); });
        members_.clear();
        sketched_ = true;
    }

    [[no_unique_address]] detail::hash_slots members_{}; // it leaves room for a flag
    bool sketched_ = false;
    Sketch sketch_{};
};

/// As Etsy's statsd counts: exactly, up to 2^20 members; then as `adaptive_set<>` does.
using etsy_set = adaptive_set<std::size_t{1} << 20>;

static_assert(distinct_sketch<adaptive_set<>>);
static_assert(distinct_sketch<etsy_set>);

} // namespace quipu

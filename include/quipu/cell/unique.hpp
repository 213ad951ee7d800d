// The set: how many distinct members came in one interval.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/sketch/exact_set.hpp>

#include <cstdint>
#include <string_view>

namespace quipu {

/// Counts distinct members. A member is its bytes: `1` and `1.0` are two.
/// Threads  distinct objects safe, shared objects unsafe.
template <distinct_sketch Sketch = exact_set>
class basic_unique {
public:
    /// The seed of the members' hash. All sets share it, so that they merge.
    static constexpr std::uint64_t hash_seed = 0x71756970755f7365; // "quipu_se"

    /// Adds a member. Returns ok, or value_limit if it is new and the sketch is full.
    errc insert(std::string_view member) {
        touched_ = true;
        return members_.insert(hash_bytes(member, hash_seed)) ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) { return insert(one.member); }

    void merge(const basic_unique& other) {
        touched_ = touched_ || other.touched_;
        members_.merge(other.members_);
    }

    void reset() noexcept {
        touched_ = false;
        members_.clear();
    }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    /// The number of distinct members.
    [[nodiscard]] double estimate() const noexcept { return members_.estimate(); }
    [[nodiscard]] const Sketch& members() const noexcept { return members_; }
    [[nodiscard]] bool idle() const noexcept { return !touched_; }

private:
    Sketch members_{};
    bool touched_ = false;
};

using unique = basic_unique<>;

static_assert(cell<unique>);

} // namespace quipu

// The series of one kind in a registry: their names, what they consist of, and how they come and go.
#pragma once

#include <quipu/cell/threading.hpp>
#include <quipu/core/config.hpp>
#include <quipu/registry/shards.hpp>
#include <quipu/store/chunk_index.hpp>
#include <quipu/store/key.hpp>
#include <quipu/store/name_hash.hpp>
#include <quipu/store/retention.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quipu::detail {

/// Series do not move, so a handle is a pointer and the series' number. The number alone says that
/// the series is still the one that the handle was made for: a removed one has none, and its place
/// is used again under another number. Where threads update one value for all, a number that is
/// read may be gone before the update; such a place is not used again, and 100 bytes or so stay for
/// each removed series.
///
/// Threads  `update` from any; all else under the lock.
template <class Kind, class Tag, class Lock>
class board {
    using cell = typename Kind::cell;
    using threading = typename Kind::threading;

public:
    using kind = Kind;
    static constexpr bool is_sharded = threading::each_thread_its_own;
    using slots = shards<Kind, Tag>;

    class series {
    public:
        explicit series(board& home) noexcept : home_(home) {}

        [[nodiscard]] std::uint64_t id() const noexcept {
            return id_.load(std::memory_order_relaxed);
        }
        [[nodiscard]] board& home() const noexcept { return home_; }
        /// The part that all threads update, if they do.
        [[nodiscard]] typename Kind::part& part() noexcept { return part_; }

    private:
        friend board;

        std::atomic<std::uint64_t> id_{series_id::none};
        typename Kind::part part_{};
        board& home_;
        std::string name_{};
        std::uint64_t hash_ = 0;
        std::uint32_t idle_intervals_ = 0;
        typename Kind::tally tally_{};
    };

    explicit board(Lock& lock) noexcept : lock_(lock) {}
    ~board() {
        for (auto& one : all_)
            Kind::close(one.part_);
    }
    board(const board&) = delete;
    board& operator=(const board&) = delete;

    /// Calls f(part) with the calling thread's part of a series, if it still has that number.
    template <class F>
    [[gnu::cold, gnu::noinline]] void update(const series& of, std::uint64_t id, F f) {
        const auto still_there = [&] { return of.id() == id; };
        if (still_there())
            shards_.update(lock_, id, still_there, f);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t shard_count() const noexcept { return shards_.size(); }

    /// The series of that name, or null.
    [[nodiscard]] series* find(std::string_view name) noexcept {
        const auto place =
            index_.find(hash_(name), [&](std::uint32_t one) { return all_[one].name_ == name; });
        return place == index_.none ? nullptr : &all_[place];
    }

    /// A new series.
    series& add(std::string_view name) {
        if (free_.empty()) {
            all_.emplace_back(*this);
            free_.push_back(static_cast<std::uint32_t>(all_.size() - 1));
        }
        const std::uint32_t place = free_.back();
        series& one = all_[place];
        one.name_ = name;
        one.hash_ = hash_(name);
        one.idle_intervals_ = 0;
        one.tally_ = {};
        if constexpr (!is_sharded)
            Kind::open(one.part_);
        index_.insert(one.hash_, place, [this](std::uint32_t i) { return all_[i].hash_; });
        free_.pop_back();
        ++size_;
        one.id_.store(series_id::make(place), std::memory_order_relaxed);
        return one;
    }

    /// Removes the series for which `leaves(name, idle_intervals)` is true. What came since the last
    /// flush goes with them.
    template <class Predicate>
    std::size_t erase_if(const Predicate& leaves) {
        const std::size_t before = size_;
        for (std::uint32_t place = 0; place < all_.size(); ++place) {
            series& one = all_[place];
            if (one.id() != series_id::none && leaves(one.name_, one.idle_intervals_))
                erase(one, place);
        }
        return before - size_;
    }

    /// Puts the cells of the interval into a snapshot's list, but for those that a retention policy
    /// lets go, and begins the next. Returns how many values were refused.
    template <class Entries, retention_policy Retention>
    std::uint64_t collect(Entries& entries, key_arena& names, const Retention& retention) {
        std::uint64_t refused = 0;
        entries.reserve(size_);
        for (auto& one : all_) {
            if (one.id() == series_id::none)
                continue;
            const auto gather = [&](auto& part) { Kind::gather(part, one.tally_); };
            if constexpr (is_sharded)
                shards_.for_each(one.id(), gather);
            else
                gather(one.part_);
            refused += std::exchange(one.tally_.refused, 0);
            cell frozen = Kind::finish(one.tally_);
            one.idle_intervals_ = frozen.idle() ? one.idle_intervals_ + 1 : 0;
            if (!retention.expired(one.idle_intervals_))
                entries.push_back(
                    {names.intern(one.name_), one.idle_intervals_, std::move(frozen)});
        }
        return refused;
    }

private:
    void erase(series& one, std::uint32_t place) {
        one.id_.store(series_id::none, std::memory_order_relaxed);
        index_.erase(one.hash_, place);
        one.name_ = {};
        one.tally_ = {};
        --size_;
        if constexpr (std::is_same_v<threading, quipu::threading::atomic>)
            Kind::open(one.part_); // which forgets what it has
        else
            free_.push_back(place);
    }

    Lock& lock_;
    std::deque<series> all_{}; // they stay where they are
    std::vector<std::uint32_t> free_{};
    chunk_index<std::allocator> index_{};
    name_hash hash_{0};
    std::size_t size_ = 0;
    shards<Kind, Tag> shards_{};
};

} // namespace quipu::detail

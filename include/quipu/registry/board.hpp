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
/// is used again under another number.
///
/// Where threads update one value for all, a number that a thread reads may be gone before its update.
/// So the value of a place's first series is never used again: a late update finds it, and nobody
/// reads it. The series after the first share a second value, `again`, under a lock that every update
/// takes to look at the number: 10 ns, for series that come and go.
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

private:
    /// Whether several threads update one part, and without a lock.
    static constexpr bool is_shared =
        !is_sharded && !std::is_same_v<threading, quipu::threading::unsynchronized>;

public:
    class series {
    public:
        explicit series(board& home) noexcept : home_(home) {}

        [[nodiscard]] std::uint64_t id() const noexcept {
            return id_.load(std::memory_order_relaxed);
        }
        [[nodiscard]] board& home() const noexcept { return home_; }

        /// Calls f(part) with the part that all threads update, if the series has that number.
        template <class F>
        void update(std::uint64_t id, F f) {
            if (first_id_.load(std::memory_order_relaxed) == id) [[likely]]
                return f(part_);
            if constexpr (is_shared)
                update_again(id, f);
        }

    private:
        friend board;

        struct second_part {
            small_mutex lock{};
            typename Kind::part part{};
        };
        struct no_part {};

        template <class F>
        [[gnu::cold, gnu::noinline]] void update_again(std::uint64_t id, F f) {
            const holding hold(again_.lock);
            if (id == this->id())
                f(again_.part);
        }

        /// The part that counts for the number that the series has now.
        [[nodiscard]] typename Kind::part& part_now() noexcept {
            if constexpr (is_shared) {
                if (id() != first_id_.load(std::memory_order_relaxed))
                    return again_.part;
            }
            return part_;
        }

        /// Calls f(part) for each part that the place has.
        template <class F>
        void for_each_part(F f) {
            f(part_);
            if constexpr (is_shared)
                f(again_.part);
        }

        std::atomic<std::uint64_t> first_id_{series_id::none}; // if `part_` is of this number
        typename Kind::part part_{};
        std::atomic<std::uint64_t> id_{series_id::none};
        [[no_unique_address]] std::conditional_t<is_shared, second_part, no_part> again_{};
        board& home_;
        std::string name_{};
        std::uint64_t hash_ = 0;
        std::uint32_t idle_intervals_ = 0;
        bool used_before_ = false;
        typename Kind::tally tally_{};
    };

    explicit board(Lock& lock) noexcept : lock_(lock) {}
    ~board() {
        for (auto& one : all_)
            one.for_each_part([](auto& part) { Kind::close(part); });
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

    /// Counts an update that cannot be.
    [[gnu::cold, gnu::noinline]] void refuse() noexcept {
        const holding hold(lock_);
        ++refused_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t shard_count() const noexcept { return shards_.size(); }

    /// The series of that name, or null.
    [[nodiscard]] series* find(std::string_view name) noexcept {
        const auto place =
            index_.find(hash_(name), [&](std::uint32_t one) { return all_[one].name_ == name; });
        return place == index_.none ? nullptr : &all_[place];
    }

    /// A new series. There are fewer than `series_id::places_max` of them.
    series& add(std::string_view name) {
        if (free_.empty())
            find_places();
        const std::uint32_t place = free_.back();
        series& one = all_[place];
        one.name_ = name;
        one.hash_ = hash_(name);
        one.idle_intervals_ = 0;
        one.tally_ = {};
        index_.insert(one.hash_, place, [this](std::uint32_t i) { return all_[i].hash_; });
        free_.pop_back();
        ++size_;
        begin(one, series_id::make(place, is_sharded ? epoch_ : ++last_count_));
        return one;
    }

    /// Removes the series of that name; what came since the last flush goes with it. Returns whether
    /// there was one.
    bool erase(std::string_view name) {
        series* const one = find(name);
        if (one != nullptr)
            erase(*one, static_cast<std::uint32_t>(series_id::place(one->id())));
        return one != nullptr;
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
        std::uint64_t refused = std::exchange(refused_, 0);
        entries.reserve(size_);
        for (auto& one : all_) {
            if (one.id() == series_id::none)
                continue;
            const auto gather = [&](auto& part) { Kind::gather(part, one.tally_); };
            if constexpr (is_sharded)
                shards_.for_each(one.id(), gather);
            else
                gather(one.part_now());
            refused += std::exchange(one.tally_.refused, 0);
            cell frozen = Kind::finish(one.tally_);
            one.idle_intervals_ = frozen.idle() ? one.idle_intervals_ + 1 : 0;
            if (!retention.expired(one.idle_intervals_))
                entries.push_back(
                    {names.intern(one.name_), one.idle_intervals_, std::move(frozen)});
        }
        return refused;
    }

    /// Holds every lock below the board's own, or lets them go: around a fork.
    void hold_parts() noexcept {
        if constexpr (is_shared)
            for (auto& one : all_)
                one.again_.lock.lock();
        for_each_part([](auto& part) { Kind::hold(part); });
    }
    void release_parts() noexcept {
        for_each_part([](auto& part) { Kind::release(part); });
        if constexpr (is_shared)
            for (auto& one : all_)
                one.again_.lock.unlock();
    }

private:
    /// A place, or several. Those of series that were removed are used again in another epoch, and
    /// so that epochs do not go by too fast, when there are many of them.
    void find_places() {
        constexpr std::size_t many = is_sharded ? 1024 : 1;
        if (spent_.size() >= many || all_.size() == series_id::places_max) {
            free_.swap(spent_);
        } else {
            all_.emplace_back(*this);
            free_.push_back(static_cast<std::uint32_t>(all_.size() - 1));
            if (epoch_ != 0)
                return;
        }
        if constexpr (is_sharded)
            epoch_ = shards_.next_epoch();
    }

    /// Gives a series its number, and a part without values.
    void begin(series& one, std::uint64_t id) {
        if constexpr (is_shared) {
            if (std::exchange(one.used_before_, true)) {
                const holding hold(one.again_.lock);
                Kind::open(one.again_.part);
                return one.id_.store(id, std::memory_order_relaxed);
            }
        }
        if constexpr (!is_sharded)
            Kind::open(one.part_);
        one.id_.store(id, std::memory_order_relaxed);
        one.first_id_.store(id, std::memory_order_relaxed);
    }

    void erase(series& one, std::uint32_t place) {
        const auto id = one.id_.exchange(series_id::none, std::memory_order_relaxed);
        if (one.first_id_.exchange(series_id::none, std::memory_order_relaxed) == id && is_shared)
            Kind::open(one.part_); // which forgets what it has, for good
        index_.erase(one.hash_, place);
        one.name_ = {};
        one.tally_ = {};
        --size_;
        spent_.push_back(place);
    }

    template <class F>
    void for_each_part(F f) {
        if constexpr (is_sharded) {
            shards_.for_each_part(f);
        } else {
            for (auto& one : all_) {
                one.for_each_part(f);
            }
        }
    }

    Lock& lock_;
    std::deque<series> all_{};           // they stay where they are
    std::vector<std::uint32_t> free_{};  // places that are not used yet in this epoch
    std::vector<std::uint32_t> spent_{}; // those that were
    chunk_index<std::allocator> index_{};
    name_hash hash_{0};
    std::size_t size_ = 0;
    std::uint64_t epoch_ = 0;
    std::uint64_t last_count_ = 0; // in place of epochs, where a place is looked at by itself
    std::uint64_t refused_ = 0;
    shards<Kind, Tag> shards_{};
};

} // namespace quipu::detail

// Values that each thread has of its own, for the `sharded` policy: how a thread finds them, and who
// may touch what, and when.
#pragma once

#include <quipu/cell/threading.hpp>
#include <quipu/core/config.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace quipu::detail {

/// A series' number: the place of its slot in the low bits, and above them an epoch of its board. A
/// place is used once in an epoch, and no two boards of a process have an epoch in common. So a slot
/// that carries the number is this series', and no other's.
namespace series_id {

inline constexpr unsigned place_bits = 24;
inline constexpr std::size_t places_max = std::size_t{1} << place_bits;
inline constexpr std::uint64_t none = 0;    // of an empty slot
inline constexpr std::uint64_t refused = 1; // of a handle without a series: no slot carries it

[[nodiscard]] constexpr std::size_t place(std::uint64_t id) noexcept {
    return static_cast<std::size_t>(id & (places_max - 1));
}

/// Input    place: below `places_max`; epoch: above 0.
[[nodiscard]] constexpr std::uint64_t make(std::size_t place, std::uint64_t epoch) noexcept {
    QUIPU_ASSERT(place < places_max && epoch > 0);
    return epoch << place_bits | place;
}

} // namespace series_id

/// The epochs of a board: numbers that no other board of the process has while this lives.
///
/// They are addresses of memory that this keeps and never touches, in steps of 256. They are no counts:
/// a program and the libraries that it loads may each have their own copy of every static variable
/// here, while boards and threads are passed among them; but one address is one thing in all of them.
/// Addresses of user memory have 48 bits everywhere, of which a tag in the top byte is none.
///
/// The board shares them with its shards, and the last one to go frees them.
class epochs {
public:
    epochs() = default;
    epochs(const epochs&) = delete;
    epochs& operator=(const epochs&) = delete;

    /// The next one. Under the board's lock.
    [[nodiscard]] std::uint64_t next() {
        constexpr std::size_t block_size_max = 256; // 64 KiB, which are not touched
        if (left_ == 0) {
            const std::size_t size = blocks_.empty() ? 4 : block_size_max;
            blocks_.emplace_back(new step[size]); // which writes nothing
            left_ = size;
        }
        const auto address = reinterpret_cast<std::uintptr_t>(&blocks_.back()[--left_]);
        return (address & address_mask) / sizeof(step);
    }

    void join() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    void leave() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

private:
    ~epochs() = default;

    struct alignas(256) step {
        unsigned char nothing[256];
    };
    static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 48) - 1;
    static_assert(48 - 8 + series_id::place_bits == 64);

    std::vector<std::unique_ptr<step[]>> blocks_{};
    std::size_t left_ = 0; // of the last block
    std::atomic<std::size_t> owners_{1};
};

/// The slots of all threads for the series of one board. `Kind` tells what a slot has (its `part`),
/// and a `Tag` more gives boards a way of their own to the slots of a thread.
///
/// The protocol. A shard is an array of slots; a thread has one for each board that it updates.
///  1. One thread at a time owns a shard. It alone writes the numbers in it, adding to them with
///     relaxed loads and stores, and it alone gives a slot to a series or moves the array.
///  2. Everything but that adding happens under the board's lock: that a thread takes a shard, that
///     a slot is given to a series, that the array moves, and that a flush reads.
///  3. Numbers of a slot only grow. A flush reads them all, and reports the sum less what it
///     reported before. Each addition is one store: it is seen by one flush or the next, whole,
///     and, since two reads of one atomic never go back, by all flushes from then on. So nothing is
///     lost and nothing counts twice, whenever the flush comes.
///  4. A thread that ends gives its shard back, numbers and all: they still count, and the next new
///     thread goes on adding to them. The lock under which it takes the shard, and the release with
///     which the other gave it back, put the one's last store before the other's first load.
///     So there are as many shards as there were threads at once.
///  5. A shard belongs to its board and to its thread; the last of the two frees it. So neither the
///     thread nor the board has to outlive the other.
///
/// A thread finds a slot by `current`: where the slots of the board are that it updated last. They
/// are its own, so a look at the number in the slot is all it takes. With two boards of one type
/// that a thread updates in turns, `current` changes with each: 5 ns more.
template <class Kind, class Tag>
class shards {
public:
    using part = typename Kind::part;

    struct slot {
        std::uint64_t id = series_id::none;
        part value{};
    };

    shards() : epochs_(new epochs()) {}
    ~shards() {
        for (shard* const one : all_)
            one->leave();
        epochs_->leave();
    }
    shards(const shards&) = delete;
    shards& operator=(const shards&) = delete;

    /// The next epoch of the board. Under the lock.
    [[nodiscard]] std::uint64_t next_epoch() { return epochs_->next(); }

    /// The slot where the calling thread's values of a series are, if it has that number.
    [[nodiscard]] static slot& guess(std::uint64_t id) noexcept {
        return current.slots[id & current.mask];
    }

    /// Calls f(part) with the calling thread's part of a series.
    /// Input    still_there(): whether the series still has this number, called under the lock.
    /// Cost     5 ns if the thread has updated the series before; else the lock, and perhaps an
    ///          allocation.
    template <class Lock, class StillThere, class F>
    void update(Lock& lock, std::uint64_t id, StillThere still_there, F f) {
        shard* mine = ended ? nullptr : own(epochs_);
        if (mine != nullptr && mine->has(id)) {
            mine->show();
            return f(mine->at(id).value);
        }
        const holding hold(lock);
        if (!still_there())
            return;
        if (mine == nullptr)
            mine = &take();
        f(mine->give(id).value);
        if (ended) // so it was for this once
            return mine->leave_thread();
        keep(*mine);
        mine->show();
    }

    /// Calls f(part) for each thread's part of a series. Under the lock.
    template <class F>
    void for_each(std::uint64_t id, F f) {
        for (shard* const one : all_) {
            if (one->has(id))
                f(one->at(id).value);
        }
    }

    /// Calls f(part) for each part that any thread has or had. Under the lock.
    template <class F>
    void for_each_part(F f) {
        for (shard* const one : all_)
            one->for_each_part(f);
    }

    /// How many there are. Under the lock.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    class shard {
    public:
        explicit shard(epochs& board) noexcept : board_(board) { board_.join(); }
        ~shard() {
            for_each_part([](part& one) { Kind::close(one); });
            delete[] slots_;
            board_.leave();
        }
        shard(const shard&) = delete;
        shard& operator=(const shard&) = delete;

        [[nodiscard]] bool has(std::uint64_t id) const noexcept {
            const auto place = series_id::place(id);
            return place < size_ && slots_[place].id == id;
        }
        [[nodiscard]] slot& at(std::uint64_t id) noexcept { return slots_[series_id::place(id)]; }

        /// The slot of a series, which it has or now gets. For the owner, under the lock.
        [[nodiscard]] slot& give(std::uint64_t id) {
            const auto place = series_id::place(id);
            if (place >= size_)
                grow(std::bit_ceil(place + 1));
            slot& one = slots_[place];
            if (one.id != id) {
                one.id = series_id::none;
                Kind::open(one.value);
                one.id = id;
            }
            return one;
        }

        template <class F>
        void for_each_part(F f) {
            for (std::size_t i = 0; i < size_; ++i)
                f(slots_[i].value);
        }

        /// Makes its slots those that its owner looks at.
        void show() noexcept { current = {slots_, size_ - 1}; }

        [[nodiscard]] bool is_shown() const noexcept { return current.slots == slots_; }
        [[nodiscard]] const void* board() const noexcept { return &board_; }

        /// Has a thread. What its last one did happened before.
        [[nodiscard]] bool in_use() const noexcept {
            return in_use_.load(std::memory_order_acquire);
        }
        [[nodiscard]] bool is_orphan() const noexcept {
            return owners_.load(std::memory_order_acquire) == 1;
        }
        void join_thread() noexcept {
            owners_.fetch_add(1, std::memory_order_relaxed);
            in_use_.store(true, std::memory_order_relaxed);
        }
        void leave_thread() noexcept {
            in_use_.store(false, std::memory_order_release);
            leave();
        }
        /// One of the two, board and thread, lets go.
        void leave() noexcept {
            if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
                delete this;
        }

        shard* next = nullptr; // of the same thread

    private:
        static constexpr std::size_t size_min = 16;

        void grow(std::size_t size) {
            size = size < size_min ? size_min : size;
            auto* const more = new slot[size];
            for (std::size_t i = 0; i < size_; ++i)
                more[i] = slots_[i];
            const bool shown = size_ > 0 && is_shown();
            delete[] std::exchange(slots_, more);
            size_ = size;
            if (shown)
                show();
        }

        slot* slots_ = nullptr;
        std::size_t size_ = 0; // a power of two, or 0
        epochs& board_;
        std::atomic<std::uint32_t> owners_{1};
        std::atomic<bool> in_use_{false};
    };

    struct view {
        slot* slots;
        std::uint64_t mask;
    };

    /// The shards of a thread, which it gives back when it ends.
    struct possession {
        shard* first = nullptr;

        ~possession() {
            ended = true;
            current = {&nothing, 0};
            while (first != nullptr)
                std::exchange(first, first->next)->leave_thread();
        }
    };

    // No series has this one; it is there so that `current` needs no check.
    static inline constinit slot nothing{};
    static inline constinit thread_local view current{&nothing, 0};
    static inline constinit thread_local bool ended = false; // all its shards are given back
    static inline thread_local possession possessed{};

    /// The calling thread's shard for a board. Those whose board is gone go as well.
    [[nodiscard]] static shard* own(const void* board) noexcept {
        shard** link = &possessed.first;
        while (*link != nullptr) {
            shard* const one = *link;
            if (one->board() == board)
                return one;
            if (one->is_orphan()) {
                *link = one->next;
                if (one->is_shown())
                    current = {&nothing, 0};
                one->leave_thread();
                continue;
            }
            link = &one->next;
        }
        return nullptr;
    }

    static void keep(shard& one) noexcept {
        if (own(one.board()) == nullptr)
            one.next = std::exchange(possessed.first, &one);
    }

    /// A shard for a thread that has none yet: one that was given back, or a new one.
    [[nodiscard]] shard& take() {
        for (shard* const one : all_) {
            if (!one->in_use()) {
                one->join_thread();
                return *one;
            }
        }
        all_.reserve(all_.size() + 1);
        all_.push_back(new shard(*epochs_));
        all_.back()->join_thread();
        return *all_.back();
    }

    std::vector<shard*> all_{};
    epochs* const epochs_; // also what tells the board from all others
};

} // namespace quipu::detail

// The values of a timer that one thread records and any other collects.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/cell/threading.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace quipu::detail {

/// A ring of values in front of a cell. The thread that owns it puts values into the ring, which is
/// a store each, and moves them into the cell when the ring is full; who collects moves what is left
/// there and takes the cell's contents.
///
/// The protocol. `head` is how many values were put in, `tail` how many were moved out; the owner
/// writes `head`, with release after the value, so who reads it with acquire finds the values before
/// it. `tail` and the cell are touched under the lock only, whoever moves. `limit` = tail + size is
/// published with release after the values were read, and read with acquire before a place is used
/// again: so no value is overwritten before it was moved, and each is moved once.
///
/// Memory   8 bytes a value of the ring, and the cell.
/// Cost     of record: a value's store and a count; once in `Size` values the lock and the cell's
///          apply for all of them.
/// Threads  one records, one at a time collects.
template <class Cell, std::size_t Size = 256>
class timer_buffer {
    static_assert(Size > 0 && (Size & (Size - 1)) == 0);

public:
    void record(double value) {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        if (head == limit_.load(std::memory_order_acquire)) [[unlikely]]
            make_room();
        ring_[head % Size].store(value, std::memory_order_relaxed);
        head_.store(head + 1, std::memory_order_release);
    }

    /// Adds all values to a cell, and forgets them. Returns how many were refused, since they are no
    /// finite numbers or the cell was full.
    std::uint64_t move_into(Cell& into) {
        const holding hold(lock_);
        drain();
        into.merge(cell_);
        cell_.reset();
        const std::uint64_t refused = refused_;
        refused_ = 0;
        return refused;
    }

    /// Forgets all values; for the owner.
    void reset() {
        const holding hold(lock_);
        drain();
        cell_ = Cell();
        refused_ = 0;
    }

private:
    [[gnu::noinline]] void make_room() {
        const holding hold(lock_);
        drain();
    }

    void drain() {
        const std::uint64_t head = head_.load(std::memory_order_acquire);
        for (; tail_ != head; ++tail_) {
            sample one;
            one.value = ring_[tail_ % Size].load(std::memory_order_relaxed);
            const bool finite = one.value - one.value == 0;
            if (!finite || cell_.apply(one) != errc::ok)
                ++refused_;
        }
        limit_.store(tail_ + Size, std::memory_order_release);
    }

    std::atomic<std::uint64_t> head_{0};
    std::atomic<std::uint64_t> limit_{Size};
    std::uint64_t tail_ = 0;
    std::uint64_t refused_ = 0;
    small_mutex lock_{};
    Cell cell_{};
    std::array<std::atomic<double>, Size> ring_{};
};

} // namespace quipu::detail

// The values of a timer that one thread records and any other collects.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/cell/threading.hpp>
#include <quipu/sketch/summarised_block.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quipu::detail {

/// A few values in front of a cell. The thread that owns it appends values, which is a store each,
/// and moves them into the cell when there is no more room; who collects moves those that are there
/// and takes the cell's contents.
///
/// The protocol. `head` is how many values were appended; the owner writes it, with release after
/// the value, so who reads it with acquire finds the values before it. `tail`, how many of them were
/// moved, and the cell are touched under the lock only, whoever moves, so each value is moved once.
/// Only the owner begins anew at the front, under the lock, when all were moved: so no value is
/// overwritten before or while it is moved.
///
/// Memory   8 bytes a value, and the cell.
/// Cost     of record: two stores; once in `Size` values the lock, and the cell's cost for all.
/// Threads  one records, one at a time collects.
template <class Cell, std::size_t Size = 256>
class timer_buffer {
public:
    void record(double value) {
        std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == Size) [[unlikely]] {
            make_room();
            head = 0;
        }
        values_[head] = value;
        head_.store(head + 1, std::memory_order_release);
    }

    /// Adds all values to a cell, and forgets them. Returns how many were refused, since they are no
    /// finite numbers or the cell was full.
    std::uint64_t move_into(Cell& into) {
        const holding hold(lock_);
        move_values();
        into.merge(cell_);
        cell_.reset();
        return std::exchange(refused_, 0);
    }

    /// Forgets all values; for the owner.
    void reset() {
        const holding hold(lock_);
        tail_ = 0;
        head_.store(0, std::memory_order_release);
        cell_ = Cell();
        refused_ = 0;
    }

    void hold() noexcept { lock_.lock(); }
    void release() noexcept { lock_.unlock(); }

private:
    [[gnu::cold, gnu::noinline]] void make_room() {
        const holding hold(lock_);
        move_values();
        tail_ = 0;
        head_.store(0, std::memory_order_release);
    }

    /// Moves the values that the cell has not got yet.
    void move_values() {
        const std::size_t head = head_.load(std::memory_order_acquire);
        const double* const first = values_ + tail_;
        const std::size_t count = head - tail_;
        tail_ = head;
        if constexpr (takes_blocks<Cell>) {
            const auto block = summarised_block::of(first, count);
            if (block.sound()) [[likely]] {
                refused_ += cell_.record_all(first, count, block);
                return;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            sample one;
            one.value = first[i];
            const bool finite = one.value - one.value == 0;
            if (!finite || cell_.apply(one) != errc::ok)
                ++refused_;
        }
    }

    std::atomic<std::size_t> head_{0};
    std::size_t tail_ = 0;
    std::uint64_t refused_ = 0;
    small_mutex lock_{};
    Cell cell_{};
    double values_[Size]; // written before they are read
};

} // namespace quipu::detail

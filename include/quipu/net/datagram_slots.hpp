// Memory for a batch of datagrams.
#pragma once

#include <quipu/core/config.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace quipu {

/// Room for a batch of datagrams: one slot each, as long as the longest datagram and its padding.
/// The memory is never filled, so of each slot only the pages that datagrams reach become real.
///
/// Threads  distinct objects safe, shared objects unsafe.
class datagram_slots {
public:
    /// No room at all.
    datagram_slots() noexcept = default;
    datagram_slots(std::size_t count, std::size_t datagram_bytes_max)
        : slot_bytes_(datagram_bytes_max + read_padding_bytes) {
        const std::size_t bytes = slot_bytes_ * count;
        memory_ = static_cast<char*>(::operator new(bytes));
    }
    datagram_slots(datagram_slots&& other) noexcept
        : slot_bytes_(other.slot_bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
    datagram_slots& operator=(datagram_slots&& other) noexcept {
        std::swap(slot_bytes_, other.slot_bytes_);
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~datagram_slots() { ::operator delete(memory_); }

    /// The first byte of a slot; it stays where it is when the slots are moved.
    [[nodiscard]] char* operator[](std::size_t slot) const noexcept {
        return memory_ + slot * slot_bytes_;
    }

private:
    std::size_t slot_bytes_ = 0;
    char* memory_ = nullptr;
};

} // namespace quipu

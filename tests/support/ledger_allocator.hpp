// An allocator with a state: it keeps a ledger, and fails when the ledger says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

/// What was allocated and given back by the allocators that share it.
struct ledger {
    std::size_t calls = 0;           ///< of allocate, the failing ones among them
    std::size_t bytes = 0;           ///< that are in use now
    std::size_t fails_at = SIZE_MAX; ///< the number of the call that fails, from 0
};

/// Takes memory from operator new and writes it into a ledger. Two are equal if they share one, and
/// none follows an assignment or a swap: what must not be mixed up is noticed.
template <class T>
struct ledger_allocator {
    using value_type = T;

    explicit ledger_allocator(ledger& into) noexcept : in(&into) {}
    template <class U>
    explicit ledger_allocator(const ledger_allocator<U>& other) noexcept : in(other.in) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        if (in->calls++ == in->fails_at)
            throw std::bad_alloc();
        void* const block = ::operator new (count * sizeof(T), std::align_val_t{alignof(T)});
        in->bytes += count * sizeof(T);
        return static_cast<T*>(block);
    }
    void deallocate(T* block, std::size_t count) noexcept {
        in->bytes -= count * sizeof(T);
        ::operator delete (block, std::align_val_t{alignof(T)});
    }

    friend bool operator==(const ledger_allocator& a, const ledger_allocator& b) noexcept {
        return a.in == b.in;
    }

    ledger* in;
};

// Replaces operator new and delete of the whole test program by ones that count. They lead to
// malloc and free, so that the sanitizers go on watching every block.
#include "support/allocations.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> calls{0};

constexpr std::size_t never = SIZE_MAX;
thread_local std::size_t calls_until_failure = never;

/// Counts a call; false if it is the one that fails.
bool may_allocate() noexcept {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (calls_until_failure == never)
        return true;
    return calls_until_failure-- != 0; // from 0 to never
}

void* allocate(std::size_t size) noexcept {
    if (!may_allocate())
        return nullptr;
    return std::malloc(size > 0 ? size : 1);
}

void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
    if (!may_allocate())
        return nullptr;
    const auto step = static_cast<std::size_t>(alignment);
    return std::aligned_alloc(step, (size + step) / step * step);
}

void* require(void* block) {
    if (block == nullptr)
        throw std::bad_alloc();
    return block;
}

} // namespace

std::size_t allocations() noexcept {
    return calls.load(std::memory_order_relaxed);
}

failing_allocation::failing_allocation(std::size_t number) noexcept {
    calls_until_failure = number;
}
failing_allocation::~failing_allocation() {
    calls_until_failure = never;
}

// GCC cannot know that these are pairs.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(std::size_t size) {
    return require(allocate(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return require(allocate(size, alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size, alignment);
}

void* operator new[](std::size_t size) {
    return require(allocate(size));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return require(allocate(size, alignment));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size, alignment);
}

void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
    std::free(block);
}
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(block);
}

void operator delete[](void* block) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(block);
}

// How often the test program has asked for memory, and whether it gets it.
#pragma once

#include <cstddef>

/// The calls of operator new since the start, those of all threads together.
std::size_t allocations() noexcept;

/// As long as it lives, one call of operator new of this thread fails: the one of this number, from
/// 0 on. One at a time in a thread.
class failing_allocation {
public:
    explicit failing_allocation(std::size_t number) noexcept;
    ~failing_allocation();
    failing_allocation(const failing_allocation&) = delete;
    failing_allocation& operator=(const failing_allocation&) = delete;
};

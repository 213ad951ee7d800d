// How often the test program has asked for memory.
#pragma once

#include <cstddef>

/// The calls of operator new since the start, those of all threads together.
std::size_t allocations() noexcept;

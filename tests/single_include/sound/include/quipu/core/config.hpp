// The include under the condition stays there, the others move to the top.
#pragma once

#include <cstddef>

#define QUIPU_VERSION 10203

#ifndef QUIPU_ASSERT
#include <cassert>
#define QUIPU_ASSERT(condition) assert(condition)
#endif

inline constexpr std::size_t one = 1;

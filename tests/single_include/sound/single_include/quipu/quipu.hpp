// quipu 1.2.3, a header-only C++20 metrics library.
// Made from include/quipu by single_include/amalgamate.cpp: change it there.
//
// SPDX-License-Identifier: MIT
//
// Nobody minds.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// quipu/core/config.hpp

// The include under the condition stays there, the others move to the top.

#define QUIPU_VERSION 10203

#ifndef QUIPU_ASSERT
#include <cassert>
#define QUIPU_ASSERT(condition) assert(condition)
#endif

inline constexpr std::size_t one = 1;

// quipu/core/text.hpp

// What a raw string holds is no directive, and its blank lines are its own.

inline constexpr std::string_view page = R"page(
#pragma once
#include <quipu/core/nowhere.hpp>


#include <vector>
)" is not its end)page";
inline constexpr std::string_view error = "ERROR" "(";

#if defined(__linux__)
#  if defined(__GNUC__)
#include <iterator>
#  endif
#endif

// quipu/net/rope.hpp

inline constexpr int ropes = 2;

// quipu/net/knot.hpp

// A longer path is the same file; what is included twice comes once, and before its users.

#include <sys/socket.h>

inline constexpr int knots = AF_INET;

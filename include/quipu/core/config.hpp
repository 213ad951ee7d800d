// Version, assertions and the few constants that every floor shares.
#pragma once

#include <cstddef>

/// The version of the library as one number: major * 10000 + minor * 100 + patch.
/// CMake reads it from here, so it is written once.
#define QUIPU_VERSION 100

/// Checks a precondition or an invariant: wrong code, never wrong input.
/// Define it before the first include to take another action, or to nothing to switch it off.
#ifndef QUIPU_ASSERT
#include <cassert>
#define QUIPU_ASSERT(condition) assert(condition)
#endif

namespace quipu {

/// The parts of QUIPU_VERSION.
inline constexpr int version_major = QUIPU_VERSION / 10000;
inline constexpr int version_minor = QUIPU_VERSION / 100 % 100;
inline constexpr int version_patch = QUIPU_VERSION % 100;

/// Receivers hand out text that is followed by this many readable bytes, whatever is in them, so
/// that a parser may load whole vectors past the end of a line.
inline constexpr std::size_t read_padding_bytes = 64;

} // namespace quipu

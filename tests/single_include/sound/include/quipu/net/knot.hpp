// A longer path is the same file; what is included twice comes once, and before its users.
#pragma once

#include <quipu/core/../core/text.hpp>
#include <quipu/core/config.hpp>
#include <quipu/net/rope.hpp>

#include <array>
#include <cstddef>

#include <sys/socket.h>

inline constexpr int knots = AF_INET;

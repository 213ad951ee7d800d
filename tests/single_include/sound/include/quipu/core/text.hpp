// What a raw string holds is no directive, and its blank lines are its own.
#pragma once

#include <quipu/core/config.hpp>

#include <string_view>

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

// The whole library, from the ground up. A program that minds its compile time includes the headers
// it uses. Made by single_include/amalgamate.cpp.
#pragma once

// Floor 0: core
#include <quipu/core/config.hpp>
#include <quipu/core/text.hpp>

// Floor 1: net
#include <quipu/net/knot.hpp>
#include <quipu/net/rope.hpp>

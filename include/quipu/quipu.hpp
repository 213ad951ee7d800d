// The whole library, from the ground up. Programs that mind their compile time include the headers
// they use.
#pragma once

// 0
#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>

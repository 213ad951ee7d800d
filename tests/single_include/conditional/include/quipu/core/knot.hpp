#pragma once

#if defined(__linux__)
#include <quipu/core/config.hpp>
#endif

#pragma once

inline constexpr int ropes = 2;

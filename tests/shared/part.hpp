// What each part of the process can do with a registry, whoever made it.
#pragma once

struct part {
    void* (*make)();
    void (*destroy)(void* registry);
    /// Updates every kind of series: a counter, a timer, a set and a gauge, all named alike in all parts.
    void (*update)(void* registry, unsigned count);
    /// The counter's sum and the number of timings, members and gauges since the last time.
    void (*collect)(void* registry, double into[4]);
};

/// Under this name in each part.
extern "C" [[gnu::visibility("default")]] const part* quipu_part();

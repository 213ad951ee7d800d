// Seeded numbers: the same on every platform and in every run.
#pragma once

#include <quipu/core/hash.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

class generator {
public:
    explicit generator(std::uint64_t seed) : state_(quipu::mix(seed)) {}

    std::uint64_t next() { return quipu::mix(state_ += 0x9e37'79b9'7f4a'7c15); }

    /// One of 0 to bound - 1, bound far below 2^64.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    bool one_in(std::uint64_t count) { return below(count) == 0; }

    template <class T>
    void shuffle(std::vector<T>& list) {
        for (std::size_t i = list.size(); i > 1; --i)
            std::swap(list[i - 1], list[below(i)]);
    }

private:
    std::uint64_t state_;
};

// The hash of keys as long as names are, beside the standard library's.
#include <quipu/core/hash.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t count = 4096;

/// Keys of so many bytes; of 8 to 64, each as often, if 0.
std::vector<std::string> keys(std::size_t bytes) {
    std::mt19937_64 random(7);
    std::vector<std::string> list;
    while (list.size() < count) {
        std::string key(bytes != 0 ? bytes : 8 + random() % 57, ' ');
        for (char& c : key)
            c = static_cast<char>('a' + random() % 26);
        list.push_back(key);
    }
    return list;
}

std::uint64_t ours(std::string_view key) {
    return quipu::hash_bytes(key, 42);
}
std::uint64_t library(std::string_view key) {
    return std::hash<std::string_view>()(key);
}

template <auto Hash>
void hash(benchmark::State& state) {
    const auto list = keys(static_cast<std::size_t>(state.range(0)));
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(Hash(list[i]));
        i = (i + 1) % count;
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(hash<ours>)->Name("core/hash/bytes")->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256);
BENCHMARK(hash<library>)->Name("core/hash/std_bytes")->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256);
BENCHMARK(hash<ours>)->Name("core/hash/mixed_lengths")->Arg(0);
BENCHMARK(hash<library>)->Name("core/hash/std_mixed_lengths")->Arg(0);

} // namespace

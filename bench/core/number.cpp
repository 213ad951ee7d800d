// Numbers from and to text, beside what the standard library does with the same ones.
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t count = 4096; // so many that their branches are not learnt by heart
using random_engine = std::mt19937_64;

double whole(random_engine& random) {
    return static_cast<double>(random() % 100'000);
}
double thousandths(random_engine& random) {
    return static_cast<double>(random() % 10'000'000) / 1000;
}
double mean(random_engine& random) {
    return static_cast<double>(random() >> 11) * 0x1p-53 * 1000;
}

template <auto Generate>
std::vector<double> values() {
    random_engine random(7);
    std::vector<double> list(count);
    for (double& value : list)
        value = Generate(random);
    return list;
}

template <auto Generate>
std::vector<std::string> texts() {
    std::vector<std::string> list;
    std::array<char, 32> text{};
    for (const double value : values<Generate>())
        list.emplace_back(text.data(),
                          std::to_chars(text.data(), text.data() + text.size(), value).ptr);
    return list;
}

struct ours {
    static double read(std::string_view text) { return *quipu::parse_number(text); }
};

struct prefix {
    static double read(std::string_view text) { return quipu::parse_number_prefix(text)->value; }
};

struct library {
    static constexpr std::size_t bytes_max = 400;
    static double read(std::string_view text) {
        double value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }
    static char* write(char* out, double value) {
        return std::to_chars(out, out + bytes_max, value).ptr;
    }
};

template <class Reader, auto Generate>
void parse(benchmark::State& state) {
    const auto list = texts<Generate>();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(Reader::read(list[i]));
        i = (i + 1) % count;
    }
    state.SetItemsProcessed(state.iterations());
}

template <class Writer, auto Generate>
void print(benchmark::State& state) {
    const auto list = values<Generate>();
    std::array<char, Writer::bytes_max> out{};
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(Writer::write(out.data(), list[i]));
        benchmark::ClobberMemory();
        i = (i + 1) % count;
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(parse<ours, whole>)->Name("core/number/parse_whole");
BENCHMARK(parse<prefix, whole>)->Name("core/number/parse_prefix_whole");
BENCHMARK(parse<library, whole>)->Name("core/number/from_chars_whole");
BENCHMARK(parse<ours, thousandths>)->Name("core/number/parse_short");
BENCHMARK(parse<prefix, thousandths>)->Name("core/number/parse_prefix_short");
BENCHMARK(parse<library, thousandths>)->Name("core/number/from_chars_short");
BENCHMARK(parse<ours, mean>)->Name("core/number/parse_17_digits");
BENCHMARK(parse<library, mean>)->Name("core/number/from_chars_17_digits");

using quipu::layout::fixed;
using quipu::layout::python2;
using quipu::layout::shortest;

BENCHMARK(print<shortest, whole>)->Name("core/number/shortest_whole");
BENCHMARK(print<library, whole>)->Name("core/number/to_chars_whole");
BENCHMARK(print<shortest, thousandths>)->Name("core/number/shortest_short");
BENCHMARK(print<library, thousandths>)->Name("core/number/to_chars_short");
BENCHMARK(print<shortest, mean>)->Name("core/number/shortest_17_digits");
BENCHMARK(print<library, mean>)->Name("core/number/to_chars_17_digits");
BENCHMARK(print<python2, mean>)->Name("core/number/python2_17_digits");
BENCHMARK(print<fixed<6>, mean>)->Name("core/number/fixed_17_digits");

} // namespace

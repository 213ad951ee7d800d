// What it costs to record into a sketch, to merge two, and to read one.
#include <quipu/core/hash.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/adaptive_set.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/exact_set.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/sketch/hyperloglog.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using namespace quipu;

/// Latencies of a service: lognormal, a median of some 20 ms.
std::vector<double> make_values(std::size_t count) {
    std::vector<double> values(count);
    std::uint64_t state = 1;
    for (double& one : values) {
        double sum = 0; // of twelve uniform numbers: nearly normal
        for (int i = 0; i < 12; ++i)
            sum += static_cast<double>(mix(++state) >> 11U) * 0x1p-53;
        one = std::exp(3 + (sum - 6));
    }
    return values;
}

template <class Sketch>
void record(benchmark::State& state) {
    const auto values = make_values(1 << 14);
    Sketch sketch;
    for (auto _ : state) {
        for (const double value : values)
            sketch.record(value);
        benchmark::DoNotOptimize(sketch);
        sketch.clear();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

/// The bucket alone, without the sums.
void bucket(benchmark::State& state) {
    const auto values = make_values(1 << 14);
    std::vector<std::uint32_t> counts(1 << 14);
    for (auto _ : state) {
        for (const double value : values)
            ++counts[static_cast<std::size_t>(exponential_scale<6>::index(value)) & 0x3fff];
        benchmark::DoNotOptimize(counts);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

/// One of all values into another that has as many, again and again.
template <class Sketch, std::size_t Values = 1 << 14>
void merge(benchmark::State& state) {
    Sketch one;
    Sketch sum;
    for (const double value : make_values(Values))
        one.record(value);
    for (auto _ : state) {
        if constexpr (Values < 1 << 14) // all are kept: without end there would be ever more
            sum.clear();
        sum.merge(one);
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations());
}

/// What a flush does to a thousand values that are kept: they are sorted first.
template <class Sketch>
void settle(benchmark::State& state) {
    const auto values = make_values(1000);
    Sketch sketch;
    for (auto _ : state) {
        sketch.clear();
        for (const double value : values)
            sketch.record(value);
        sketch.settle();
        benchmark::DoNotOptimize(sketch.quantile(0.99));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

template <class Sketch, std::size_t Values = 1 << 14>
void quantile(benchmark::State& state) {
    Sketch sketch;
    for (const double value : make_values(Values))
        sketch.record(value);
    sketch.settle();
    for (auto _ : state)
        benchmark::DoNotOptimize(sketch.quantile(0.99));
    state.SetItemsProcessed(state.iterations());
}

template <class Set>
void insert(benchmark::State& state) {
    std::vector<std::uint64_t> hashes(1 << 14);
    for (std::size_t i = 0; i < hashes.size(); ++i)
        hashes[i] = mix(i + 1);
    Set set;
    for (auto _ : state) {
        for (const auto hash : hashes)
            set.insert(hash);
        benchmark::DoNotOptimize(set);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(hashes.size()));
}

} // namespace

BENCHMARK(bucket)->Name("sketch/record/bucket_alone");
BENCHMARK_TEMPLATE(record, exponential_histogram<>)->Name("sketch/record/exponential_histogram");
BENCHMARK_TEMPLATE(record, exact)->Name("sketch/record/exact");
BENCHMARK_TEMPLATE(record, basic_exact<1024, bound_policy::reservoir<>>)
    ->Name("sketch/record/reservoir");
BENCHMARK_TEMPLATE(record, adaptive<>)->Name("sketch/record/adaptive");
BENCHMARK_TEMPLATE(record, ckms)->Name("sketch/record/ckms");
BENCHMARK_TEMPLATE(merge, exponential_histogram<>)->Name("sketch/merge/exponential_histogram");
BENCHMARK_TEMPLATE(merge, exact, 1000)->Name("sketch/merge/exact_1000");
BENCHMARK_TEMPLATE(merge, adaptive<>, 1000)->Name("sketch/merge/adaptive_1000");
BENCHMARK_TEMPLATE(merge, adaptive<>)->Name("sketch/merge/adaptive");
BENCHMARK_TEMPLATE(merge, ckms)->Name("sketch/merge/ckms");
BENCHMARK_TEMPLATE(settle, exact)->Name("sketch/settle/exact_1000");
BENCHMARK_TEMPLATE(settle, exponential_histogram<>)
    ->Name("sketch/settle/exponential_histogram_1000");
BENCHMARK_TEMPLATE(quantile, exponential_histogram<>)
    ->Name("sketch/quantile/exponential_histogram");
BENCHMARK_TEMPLATE(quantile, adaptive<>, 1000)->Name("sketch/quantile/adaptive_1000");
BENCHMARK_TEMPLATE(quantile, ckms)->Name("sketch/quantile/ckms");
BENCHMARK_TEMPLATE(insert, hyperloglog<>)->Name("sketch/insert/hyperloglog");
BENCHMARK_TEMPLATE(insert, exact_set)->Name("sketch/insert/exact_set");
BENCHMARK_TEMPLATE(insert, adaptive_set<>)->Name("sketch/insert/adaptive_set");

// A flush: from a store to the text for Graphite. Of timers, which are most of the work.
#include <quipu/schema/native.hpp>
#include <quipu/sink/graphite.hpp>
#include <quipu/snapshot/codec.hpp>
#include <quipu/snapshot/collect.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace quipu;

constexpr int samples_a_timer = 10;

/// Takes all that is sent and counts it.
struct counting_transport {
    std::size_t* bytes;
    errc send(std::string_view text) noexcept {
        *bytes += text.size();
        return errc::ok;
    }
};

std::vector<std::string> make_names(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back("production.web" + std::to_string(i % 97) + ".latency." +
                        std::to_string(i));
    return names;
}

void fill(store& into, const std::vector<std::string>& names) {
    std::uint64_t state = 1;
    for (int round = 0; round < samples_a_timer; ++round) {
        for (const auto& name : names) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            into.timer(name).record(static_cast<double>(state >> 44U) / 1024);
        }
    }
}

/// Collect, name and write; `state.range(0)` timers of ten samples each.
void timers_to_graphite(benchmark::State& state) {
    const auto names = make_names(static_cast<std::size_t>(state.range(0)));
    std::size_t bytes = 0;
    basic_graphite graphite{native_schema(native_schema_options{}), counting_transport{&bytes}};
    store all;
    for (auto _ : state) {
        state.PauseTiming();
        fill(all, names);
        state.ResumeTiming();
        const auto frozen = collect(all, 1'700'000'000, 10);
        if (graphite.write(frozen) != errc::ok)
            state.SkipWithError("the sink failed");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void collect_timers(benchmark::State& state) {
    const auto names = make_names(static_cast<std::size_t>(state.range(0)));
    store all;
    for (auto _ : state) {
        state.PauseTiming();
        fill(all, names);
        state.ResumeTiming();
        benchmark::DoNotOptimize(collect(all, 1'700'000'000, 10));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void write_bytes(benchmark::State& state) {
    store all;
    fill(all, make_names(static_cast<std::size_t>(state.range(0))));
    const auto frozen = collect(all, 1'700'000'000, 10);
    std::string bytes;
    for (auto _ : state) {
        bytes.clear();
        write_snapshot(frozen, bytes);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void read_bytes(benchmark::State& state) {
    store all;
    fill(all, make_names(static_cast<std::size_t>(state.range(0))));
    std::string bytes;
    write_snapshot(collect(all, 1'700'000'000, 10), bytes);
    for (auto _ : state)
        benchmark::DoNotOptimize(read_snapshot<>(bytes));
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

} // namespace

BENCHMARK(timers_to_graphite)
    ->Name("snapshot/flush/timers_to_graphite")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(collect_timers)
    ->Name("snapshot/flush/collect_timers")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(write_bytes)
    ->Name("snapshot/codec/write_timers")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(read_bytes)
    ->Name("snapshot/codec/read_timers")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

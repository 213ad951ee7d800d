// What one update costs a program, alone and when two threads do it: the registry's instruments, a
// shared atomic, a mutex and a map, and prometheus-cpp where it is installed.
#include <quipu/core/tick_clock.hpp>
#include <quipu/registry/registry.hpp>
#include <quipu/registry/scoped_timing.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#if defined(QUIPU_BENCH_PROMETHEUS)
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#endif

namespace {

struct atomic_traits : quipu::registry_traits {
    using counter_threading = quipu::threading::atomic;
    using timer_threading = quipu::threading::atomic;
};

struct alone_traits : quipu::registry_traits {
    using counter_threading = quipu::threading::unsynchronized;
    using timer_threading = quipu::threading::unsynchronized;
    using gauge_threading = quipu::threading::unsynchronized;
    using unique_threading = quipu::threading::unsynchronized;
};

/// The same one for all threads of a benchmark, for as long as the program runs.
template <class Traits = quipu::registry_traits>
quipu::basic_registry<Traits>& metrics() {
    static quipu::basic_registry<Traits> one;
    return one;
}

/// Latencies in milliseconds, spread over some octaves.
const std::array<double, 4096>& values() {
    static const auto all = [] {
        std::array<double, 4096> made{};
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i] = 0.5 + static_cast<double>(i * 7919 % 4096) * 0.01;
        return made;
    }();
    return all;
}

void counted(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations());
}

template <class Traits>
void counter(benchmark::State& state) {
    const auto hits = metrics<Traits>().counter("api.hits");
    for (auto _ : state)
        hits.add();
    counted(state);
}
BENCHMARK(counter<quipu::registry_traits>)->Name("registry/counter/sharded")->ThreadRange(1, 2);
BENCHMARK(counter<atomic_traits>)->Name("registry/counter/atomic")->ThreadRange(1, 2);
BENCHMARK(counter<alone_traits>)->Name("registry/counter/unsynchronized");

void counter_of_many(benchmark::State& state) {
    std::array<quipu::registry::counter_handle, 64> hits;
    for (std::size_t i = 0; i < hits.size(); ++i)
        hits[i] = metrics().counter("many." + std::to_string(i));
    std::size_t i = 0;
    for (auto _ : state)
        hits[i++ % 64].add();
    counted(state);
}
BENCHMARK(counter_of_many)->Name("registry/counter/sharded_64")->ThreadRange(1, 2);

template <class Traits>
void timer(benchmark::State& state) {
    const auto latency = metrics<Traits>().timer("api.latency");
    std::size_t i = 0;
    for (auto _ : state)
        latency.record(values()[i++ % 4096]);
    counted(state);
}
BENCHMARK(timer<quipu::registry_traits>)->Name("registry/timer/sharded")->ThreadRange(1, 2);
BENCHMARK(timer<atomic_traits>)->Name("registry/timer/atomic")->ThreadRange(1, 2);
BENCHMARK(timer<alone_traits>)->Name("registry/timer/unsynchronized");

void timer_of_one_value(benchmark::State& state) {
    const auto latency = metrics().timer("api.constant");
    for (auto _ : state)
        latency.record(12.5);
    counted(state);
}
BENCHMARK(timer_of_one_value)->Name("registry/timer/sharded_one_value")->ThreadRange(1, 2);

void gauge(benchmark::State& state) {
    const auto queue = metrics().gauge("queue");
    double value = 0;
    for (auto _ : state)
        queue.set(value += 1);
    counted(state);
}
BENCHMARK(gauge)->Name("registry/gauge/atomic")->ThreadRange(1, 2);

void unique(benchmark::State& state) {
    const auto users = metrics().unique("users");
    std::array<std::string, 512> names;
    for (std::size_t i = 0; i < names.size(); ++i)
        names[i] = "user" + std::to_string(i);
    std::size_t i = 0;
    for (auto _ : state)
        users.insert(names[i++ % 512]);
    counted(state);
}
BENCHMARK(unique)->Name("registry/unique/sharded")->ThreadRange(1, 2);

template <class Clock>
void scope(benchmark::State& state, const Clock& clock) {
    const auto latency = metrics().timer("api.scope");
    for (auto _ : state)
        const quipu::scoped_timing timing(latency, clock);
    counted(state);
}
void scope_steady(benchmark::State& state) {
    scope(state, quipu::steady_ticks());
}
void scope_processor(benchmark::State& state) {
    const auto clock = quipu::processor_ticks::calibrated();
    scope(state, clock.value_or(quipu::processor_ticks()));
}
BENCHMARK(scope_steady)->Name("registry/scoped_timing/steady");
BENCHMARK(scope_processor)->Name("registry/scoped_timing/processor");

void labelled(benchmark::State& state) {
    static auto requests =
        metrics().counters<std::string_view, int>("api.requests", "method", "status");
    int i = 0;
    for (auto _ : state)
        requests("get", 200 + i++ % 8).add();
    counted(state);
}
BENCHMARK(labelled)->Name("registry/family/counter")->ThreadRange(1, 2);

void by_name(benchmark::State& state) {
    for (auto _ : state)
        metrics().counter("api.hits").add();
    counted(state);
}
BENCHMARK(by_name)->Name("registry/counter/by_name")->ThreadRange(1, 2);

void flush(benchmark::State& state) {
    quipu::registry own;
    for (int i = 0; i < 10'000; ++i)
        own.counter("hits." + std::to_string(i)).add();
    for (auto _ : state)
        benchmark::DoNotOptimize(own.flush(1, 10).size());
    state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(flush)->Name("registry/flush/counters_10k");

void shared_atomic(benchmark::State& state) {
    static std::atomic<std::uint64_t> count{0};
    for (auto _ : state)
        count.fetch_add(1, std::memory_order_relaxed);
    counted(state);
}
BENCHMARK(shared_atomic)->Name("registry/beside/shared_atomic")->ThreadRange(1, 2);

void mutex_and_map(benchmark::State& state) {
    static std::mutex mutex;
    static std::unordered_map<std::string, double> counts;
    const std::string name = "api.hits";
    for (auto _ : state) {
        const std::lock_guard hold(mutex);
        counts[name] += 1;
    }
    counted(state);
}
BENCHMARK(mutex_and_map)->Name("registry/beside/mutex_and_map")->ThreadRange(1, 2);

#if defined(QUIPU_BENCH_PROMETHEUS)

prometheus::Registry& other() {
    static prometheus::Registry one;
    return one;
}

void prometheus_counter(benchmark::State& state) {
    static auto& hits = prometheus::BuildCounter().Name("hits").Register(other()).Add({});
    for (auto _ : state)
        hits.Increment();
    counted(state);
}
BENCHMARK(prometheus_counter)->Name("registry/beside/prometheus_counter")->ThreadRange(1, 2);

void prometheus_gauge(benchmark::State& state) {
    static auto& queue = prometheus::BuildGauge().Name("queue").Register(other()).Add({});
    double value = 0;
    for (auto _ : state)
        queue.Set(value += 1);
    counted(state);
}
BENCHMARK(prometheus_gauge)->Name("registry/beside/prometheus_gauge")->ThreadRange(1, 2);

void prometheus_histogram(benchmark::State& state) {
    static auto& latency = prometheus::BuildHistogram().Name("latency").Register(other()).Add(
        {}, prometheus::Histogram::BucketBoundaries{0.5, 1, 2, 5, 10, 20, 50, 100});
    std::size_t i = 0;
    for (auto _ : state)
        latency.Observe(values()[i++ % 4096]);
    counted(state);
}
BENCHMARK(prometheus_histogram)->Name("registry/beside/prometheus_histogram")->ThreadRange(1, 2);

void prometheus_summary(benchmark::State& state) {
    static auto& latency = prometheus::BuildSummary().Name("summary").Register(other()).Add(
        {}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}});
    std::size_t i = 0;
    for (auto _ : state)
        latency.Observe(values()[i++ % 4096]);
    counted(state);
}
BENCHMARK(prometheus_summary)->Name("registry/beside/prometheus_summary")->ThreadRange(1, 2);

void prometheus_labelled(benchmark::State& state) {
    static auto& requests = prometheus::BuildCounter().Name("requests").Register(other());
    int i = 0;
    for (auto _ : state) {
        const auto status = std::to_string(200 + i++ % 8);
        requests.Add({{"method", "get"}, {"status", status}}).Increment();
    }
    counted(state);
}
BENCHMARK(prometheus_labelled)->Name("registry/beside/prometheus_labelled")->ThreadRange(1, 2);

#endif

} // namespace

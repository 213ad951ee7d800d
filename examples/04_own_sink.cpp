// A sink of one's own: anything with a `write` that takes a snapshot. This one writes a line of CSV
// for each counter and timer; a thread of the library's flushes to it regularly.
#include <quipu/registry/flush_every.hpp>
#include <quipu/registry/registry.hpp>
#include <quipu/sink/sink.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

// [readme]
struct csv {
    std::FILE* file;

    quipu::errc write(const quipu::snapshot& from) {
        const auto time = static_cast<long long>(from.timestamp);
        for (const auto& one : from.counters) {
            const std::string name(one.name);
            std::fprintf(file, "%lld,%s,%g\n", time, name.c_str(), one.cell.sum());
        }
        for (const auto& one : from.timers) {
            const std::string name(one.name);
            const double p99 = one.cell.values().quantile(0.99);
            std::fprintf(file, "%lld,%s,%g,%g\n", time, name.c_str(), one.cell.count(), p99);
        }
        // What is not written comes again with the next flush.
        return std::fflush(file) == 0 ? quipu::errc::ok : quipu::errc::system_failure;
    }
};

static_assert(quipu::sink_for<csv, quipu::store_traits>);
// [/readme]

int main() {
    quipu::registry metrics;
    const auto jobs = metrics.counter("jobs");
    const auto duration = metrics.timer("jobs.duration");

    quipu::flush_every flushing(metrics, std::chrono::milliseconds(100), csv{stdout});
    for (int i = 1; i <= 30; ++i) {
        jobs.add();
        duration.record(i);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return flushing.stop() == quipu::errc::ok ? 0 : 1; // after a last flush
}

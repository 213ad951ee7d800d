// Counts and times what a program does, without a server, and prints the numbers of one interval.
#include <quipu/net/file.hpp>
#include <quipu/schema/native.hpp>
#include <quipu/sink/console.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/store/store.hpp>

#include <ctime>

int main() {
    // [readme]
    quipu::store metrics;

    for (int i = 1; i <= 100; ++i) {
        metrics.counter("api.requests").add();
        metrics.timer("api.latency").record(i);
    }

    // At the end of an interval, a snapshot for any sink: here, a table.
    const quipu::snapshot flushed = quipu::collect(metrics, std::time(nullptr), 10.0);
    quipu::basic_console console{quipu::file_writer()};
    return console.write(flushed) == quipu::errc::ok ? 0 : 1;
    // [/readme]
}

#include "part.hpp"

#include <quipu/registry/registry.hpp>

#include <string>

namespace {

quipu::registry& of(void* registry) {
    return *static_cast<quipu::registry*>(registry);
}

void update(void* registry, unsigned count) {
    auto& metrics = of(registry);
    metrics.counter("hits").add(count);
    for (unsigned i = 0; i < count; ++i) {
        metrics.timer("latency").record(1);
        metrics.unique("users").insert(std::to_string(i));
    }
    metrics.gauge("queue").change(count);
}

void collect(void* registry, double into[4]) {
    const auto flushed = of(registry).flush(1, 1);
    into[0] = into[1] = into[2] = into[3] = 0;
    for (const auto& one : flushed.counters)
        into[0] += one.cell.sum();
    for (const auto& one : flushed.timers)
        into[1] += one.cell.count();
    for (const auto& one : flushed.uniques)
        into[2] += static_cast<double>(one.cell.estimate());
    for (const auto& one : flushed.gauges)
        into[3] += one.cell.value();
}

} // namespace

const part* quipu_part() {
    static const part its{[]() -> void* { return new quipu::registry(); },
                          [](void* registry) { delete &of(registry); },
                          update,
                          collect};
    return &its;
}

#include <quipu/cell/timer.hpp>

int main() {
    quipu::timer latency;
    latency.record(12.5), latency.record(320), latency.settle();
    return latency.values().quantile(0.99) == 320 ? 0 : 1;
}

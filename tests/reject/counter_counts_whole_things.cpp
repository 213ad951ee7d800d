// reject: quipu counter: it counts whole things, and a fraction would be cut off
#include <quipu/registry/registry.hpp>

int main() {
    quipu::registry metrics;
#if defined(QUIPU_REJECT)
    metrics.counter("hits").add(0.5);
#else
    metrics.counter("hits").add(5);
#endif
}

// Tests code that sends metrics: it takes any client, and the test gives it one that keeps the lines.
#include <quipu/client/client.hpp>
#include <quipu/net/memory.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace {

/// The code under test. In the program it is given a client over UDP; where metrics are switched
/// off, one over a null_transport.
void serve(auto& metrics, bool found) {
    metrics.increment("requests");
    if (!found)
        metrics.increment("errors", 1, {.tags = "code:404"});
}

} // namespace

int main() {
    quipu::basic_client metrics{quipu::memory_transport(), {.prefix = "shop"}};
    serve(metrics, true);
    serve(metrics, false);
    metrics.flush();
    const std::vector<std::string> expected{
        "shop.requests:1|c\nshop.requests:1|c\nshop.errors:1|c|#code:404"};

    quipu::basic_client off{quipu::null_transport()};
    serve(off, true);

    if (metrics.transport().sent() == expected && metrics.counts().refused == 0)
        return 0;
    for (const auto& datagram : metrics.transport().sent())
        std::printf("unexpected: %s\n", datagram.c_str());
    return 1;
}

// Series that differ in their labels, timed by threads, as the text that Prometheus scrapes.
#include <quipu/registry/registry.hpp>
#include <quipu/registry/scoped_timing.hpp>
#include <quipu/sink/prometheus.hpp>

#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

enum class method { get, put };

std::string_view to_string(method one) {
    return one == method::get ? "get" : "put";
}

} // namespace

int main() {
    quipu::registry metrics;

    // [readme]
    auto requests = metrics.counters<method, int>("api.requests", "method", "status");
    auto latency = metrics.timers<method>("api.latency", "method");

    const auto serve = [&](method called, int status) {
        const quipu::scoped_timing timing(latency(called)); // milliseconds, until the end
        requests(called, status).add();
    };
    // [/readme]

    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i)
                serve(i % 4 == 0 ? method::put : method::get, i % 10 == 0 ? 404 : 200);
        });
    }
    for (auto& one : threads)
        one.join();

    quipu::prometheus_page page({.bounds = {0.001, 0.01, 0.1, 1, 10}});
    page.add(metrics.flush(std::time(nullptr), 10.0));
    std::fputs(page.render().c_str(), stdout);

    const std::string expected = R"(api_requests_total{method="get",status="200"} 140)";
    return page.render().find(expected) == std::string::npos ? 1 : 0;
}

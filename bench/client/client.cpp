// What a call of the client costs: the line alone, packed into datagrams, left out by a rate, and
// over a socket.
#include <quipu/client/client.hpp>
#include <quipu/client/pystatsd.hpp>
#include <quipu/net/address.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/net/udp.hpp>

#include <benchmark/benchmark.h>

#include <optional>
#include <string>

namespace {

using namespace quipu;

struct refusing_traits : client_traits {
    using names = format_policy::refuse;
};
struct single_traits : refusing_traits {
    static constexpr bool batches = false;
};
struct aggregating_traits : refusing_traits {
    using aggregation = quipu::aggregation::by_series<>;
};

template <class Traits>
void increments(benchmark::State& state) {
    basic_client<null_transport, Traits> client{null_transport(), {.prefix = "app"}};
    for (auto _ : state)
        client.increment("api.requests.count");
    state.SetItemsProcessed(state.iterations());
}

void timings(benchmark::State& state) {
    basic_client<null_transport, refusing_traits> client{null_transport(), {.prefix = "app"}};
    double value = 0;
    for (auto _ : state)
        client.timing("api.requests.latency", value += 0.25);
    state.SetItemsProcessed(state.iterations());
}

void tagged(benchmark::State& state) {
    basic_client<null_transport, refusing_traits> client{null_transport(),
                                                         {.prefix = "app", .tags = "env:prod"}};
    for (auto _ : state)
        client.increment("api.requests.count", 1, {.tags = "code:200"});
    state.SetItemsProcessed(state.iterations());
}

void sampled(benchmark::State& state) {
    basic_client<null_transport, refusing_traits> client{null_transport(), {.prefix = "app"}};
    for (auto _ : state)
        client.increment("api.requests.count", 1, {.rate = 0.01});
    state.SetItemsProcessed(state.iterations());
}

/// Each thread has a client and a socket of its own.
template <class Traits, int OneIn = 1>
void over_udp(benchmark::State& state) {
    auto receiver = udp_receiver::bind(address::loopback_v4(0));
    std::optional<result<udp_sender>> sender;
    if (receiver)
        sender.emplace(udp_sender::connect(*receiver->local_address()));
    if (!sender || !*sender) {
        state.SkipWithError("no socket");
        return;
    }
    basic_client<udp_sender, Traits> client{*std::move(*sender), {.prefix = "app"}};
    for (auto _ : state)
        client.increment("api.requests.count", 1, {.rate = 1.0 / OneIn}); // nobody reads them
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK_TEMPLATE(increments, refusing_traits)->Name("client/call/increment");
BENCHMARK_TEMPLATE(increments, client_traits)->Name("client/call/increment_sanitized");
BENCHMARK_TEMPLATE(increments, pystatsd_traits)->Name("client/call/increment_as_pystatsd");
BENCHMARK(timings)->Name("client/call/timing");
BENCHMARK(tagged)->Name("client/call/tagged");
BENCHMARK(sampled)->Name("client/call/sampled_1_in_100");
BENCHMARK_TEMPLATE(increments, aggregating_traits)->Name("client/call/aggregated");
BENCHMARK_TEMPLATE(over_udp, refusing_traits)->Name("client/udp/batched")->ThreadRange(1, 2);
BENCHMARK_TEMPLATE(over_udp, single_traits)->Name("client/udp/unbatched")->ThreadRange(1, 2);
BENCHMARK_TEMPLATE(over_udp, aggregating_traits)->Name("client/udp/aggregated")->ThreadRange(1, 2);
BENCHMARK_TEMPLATE(over_udp, refusing_traits, 10)
    ->Name("client/udp/sampled_1_in_10")
    ->ThreadRange(1, 2);

// Samples to lines: how fast, alone and packed into datagrams.
#include <quipu/wire/datagram.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace quipu;

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return random() % bound;
}

/// A thousand samples of one kind of line; the names are kept beside them.
class samples {
public:
    template <class Change>
    explicit samples(Change change) {
        generator random(1);
        constexpr std::size_t count = 1000;
        names_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            names_.push_back("api.requests." + std::to_string(below(random, 1000)));
            sample one;
            one.series.name = names_.back();
            one.value = static_cast<double>(below(random, 1000));
            change(random, one);
            all_.push_back(one);
        }
    }
    const std::vector<sample>& all() const { return all_; }

private:
    std::vector<std::string> names_{};
    std::vector<sample> all_{};
};

using maker = samples (*)();

samples counters() {
    return samples([](generator&, sample&) {});
}

samples timers() {
    return samples([](generator& random, sample& one) {
        one.series.kind = metric_kind::timer;
        one.value += static_cast<double>(below(random, 1000)) / 1000;
    });
}

samples sampled() {
    return samples([](generator&, sample& one) { one.rate = 0.1; });
}

samples tagged() {
    return samples(
        [](generator&, sample& one) { one.series.tags = "env:production,region:eu-west-1"; });
}

samples sets() {
    return samples([](generator&, sample& one) {
        one.series.kind = metric_kind::unique;
        one.member = "user123";
    });
}

void report(benchmark::State& state, std::size_t lines, std::size_t bytes) {
    state.SetItemsProcessed(static_cast<std::int64_t>(lines));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void format_lines(benchmark::State& state, maker make) {
    const samples input = make();
    std::size_t lines = 0;
    std::size_t bytes = 0;
    line_buffer text;
    for (auto _ : state) {
        for (const sample& one : input.all()) {
            text.resize(0);
            lines += format(one, text) == errc::ok ? 1u : 0u;
            benchmark::DoNotOptimize(text.view().data());
            benchmark::ClobberMemory();
            bytes += text.size();
        }
    }
    report(state, lines, bytes);
}

/// What many clients do.
void format_by_snprintf(benchmark::State& state, maker make) {
    const samples input = make();
    std::size_t lines = 0;
    std::size_t bytes = 0;
    char text[256];
    for (auto _ : state) {
        for (const sample& one : input.all()) {
            const auto& name = one.series.name;
            const int size = std::snprintf(text,
                                           sizeof text,
                                           "%.*s:%.17g|c",
                                           static_cast<int>(name.size()),
                                           name.data(),
                                           one.value);
            benchmark::DoNotOptimize(text);
            benchmark::ClobberMemory();
            bytes += static_cast<std::size_t>(size);
            ++lines;
        }
    }
    report(state, lines, bytes);
}

void format_datagrams(benchmark::State& state, maker make) {
    const samples input = make();
    std::size_t lines = 0;
    std::size_t bytes = 0;
    datagram_writer writer;
    const auto send = [&] {
        bytes += writer.view().size();
        benchmark::DoNotOptimize(writer.view().data());
        benchmark::ClobberMemory();
        writer.clear();
    };
    for (auto _ : state) {
        for (const sample& one : input.all()) {
            if (writer.add(one) == errc::no_space) {
                send();
                lines += writer.add(one) == errc::ok ? 1u : 0u;
            } else {
                ++lines;
            }
        }
    }
    send();
    report(state, lines, bytes);
}

BENCHMARK_CAPTURE(format_lines, counter, counters)->Name("wire/format/counter");
BENCHMARK_CAPTURE(format_lines, timer, timers)->Name("wire/format/timer");
BENCHMARK_CAPTURE(format_lines, sampled, sampled)->Name("wire/format/sampled");
BENCHMARK_CAPTURE(format_lines, tagged, tagged)->Name("wire/format/tagged");
BENCHMARK_CAPTURE(format_lines, set, sets)->Name("wire/format/set");
BENCHMARK_CAPTURE(format_datagrams, counter, counters)->Name("wire/format/datagram_counter");
BENCHMARK_CAPTURE(format_by_snprintf, counter, counters)->Name("wire/format/counter_by_snprintf");

} // namespace

// Lines to samples: how fast, and how fast others would be.
#include <quipu/wire/datagram.hpp>

#include <benchmark/benchmark.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace {

using namespace quipu;

constexpr std::size_t small_bytes = std::size_t{256} << 10; // stays in the second cache
constexpr std::size_t large_bytes = std::size_t{64} << 20;  // does not stay in any

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return random() % bound;
}

std::string name(generator& random) {
    constexpr std::string_view subjects[] = {
        "api.requests", "db.query_time", "cache", "web.frontend.page_views", "queue.depth"};
    return std::string(subjects[below(random, std::size(subjects))]) + '.' +
           std::to_string(below(random, 1000));
}

std::string whole(generator& random) {
    return std::to_string(below(random, 1000));
}

std::string fraction(generator& random) {
    return whole(random) + '.' + whole(random);
}

using line_maker = std::string (*)(generator&);

std::string counter(generator& random) {
    return name(random) + ':' + whole(random) + "|c";
}

std::string timer(generator& random) {
    return name(random) + ':' + fraction(random) + "|ms";
}

std::string sampled(generator& random) {
    return counter(random) + "|@0.1";
}

std::string tagged(generator& random) {
    return counter(random) + "|#env:production,region:eu-west-" + whole(random);
}

std::string packed(generator& random) {
    auto line = name(random);
    for (int i = 0; i < 8; ++i) {
        line += ':' + fraction(random);
    }
    return line + "|ms";
}

std::string mixed(generator& random) {
    const auto die = below(random, 10);
    return die < 4   ? counter(random)
           : die < 6 ? timer(random)
           : die < 7 ? sampled(random)
           : die < 8 ? tagged(random)
           : die < 9 ? name(random) + ':' + fraction(random) + "|g"
                     : name(random) + ":user" + whole(random) + "|s";
}

/// Lines with newlines between them, about `bytes` of them.
std::string lines(line_maker make, std::size_t bytes) {
    generator random(1);
    std::string text;
    while (text.size() < bytes) {
        text += make(random) + '\n';
    }
    return text;
}

/// Parses `text` with `parser`, which returns the number of samples and adds up their values.
template <class Parser>
void run(benchmark::State& state, const std::string& text, Parser parser) {
    std::size_t samples = 0;
    for (auto _ : state) {
        double sum = 0;
        samples += parser(std::string_view(text), sum);
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(samples));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

template <class Dialect>
std::size_t parse_ours(std::string_view text, double& sum) {
    std::size_t samples = 0;
    parse_datagram<Dialect>(
        text,
        [&](const sample& one) {
            sum += one.value * one.weight() + static_cast<double>(one.series.name.size());
            ++samples;
        },
        [](refusal, std::string_view) {});
    return samples;
}

/// What one writes in an afternoon: one value, one type, perhaps a rate; nothing is checked.
template <class Find>
std::size_t parse_simply(std::string_view text, double& sum, Find find) {
    std::size_t samples = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char* const newline = find(at, end, '\n');
        const char* const colon = find(at, newline, ':');
        double value = 0;
        double rate = 1;
        if (colon != newline) {
            const char* const bar = find(colon + 1, newline, '|');
            std::from_chars(colon + 1, bar, value);
            const char* const rated = find(bar, newline, '@');
            if (rated != newline) {
                std::from_chars(rated + 1, newline, rate);
            }
            sum += value / rate + static_cast<double>(colon - at);
            ++samples;
        }
        at = newline == end ? end : newline + 1;
    }
    return samples;
}

const char* find_by_loop(const char* at, const char* end, char c) {
    while (at != end && *at != c) {
        ++at;
    }
    return at;
}

const char* find_by_memchr(const char* at, const char* end, char c) {
    const void* const found = std::memchr(at, c, static_cast<std::size_t>(end - at));
    return found == nullptr ? end : static_cast<const char*>(found);
}

std::size_t parse_by_loop(std::string_view text, double& sum) {
    return parse_simply(text, sum, find_by_loop);
}

std::size_t parse_by_memchr(std::string_view text, double& sum) {
    return parse_simply(text, sum, find_by_memchr);
}

using parser = std::size_t (*)(std::string_view, double&);

void parse_lines(benchmark::State& state, parser parse, line_maker make, std::size_t bytes) {
    run(state, lines(make, bytes), parse);
}

constexpr parser ours = parse_ours<dialect::quipu>;

BENCHMARK_CAPTURE(parse_lines, counter, ours, counter, small_bytes)->Name("wire/parse/counter");
BENCHMARK_CAPTURE(parse_lines, timer, ours, timer, small_bytes)->Name("wire/parse/timer");
BENCHMARK_CAPTURE(parse_lines, sampled, ours, sampled, small_bytes)->Name("wire/parse/sampled");
BENCHMARK_CAPTURE(parse_lines, tagged, ours, tagged, small_bytes)->Name("wire/parse/tagged");
BENCHMARK_CAPTURE(parse_lines, packed, ours, packed, small_bytes)->Name("wire/parse/packed");
BENCHMARK_CAPTURE(parse_lines, mixed, ours, mixed, small_bytes)->Name("wire/parse/mixed");
// Once, for callgrind, which counts the same on any machine:
//
//     valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*parse_ours*'
//     quipu_bench --benchmark_filter=mixed_once           (on one line with the above)
//
// g++ 12, -O2: 1,881,194 instructions for 8,944 lines, 210 a line.
BENCHMARK_CAPTURE(parse_lines, mixed_once, ours, mixed, small_bytes)
    ->Name("wire/parse/mixed_once")
    ->Iterations(1);
BENCHMARK_CAPTURE(parse_lines, mixed_large, ours, mixed, large_bytes)
    ->Name("wire/parse/mixed_64mb");
BENCHMARK_CAPTURE(parse_lines, etsy, parse_ours<dialect::etsy>, mixed, small_bytes)
    ->Name("wire/parse/mixed_etsy");
BENCHMARK_CAPTURE(parse_lines, loop, parse_by_loop, mixed, small_bytes)
    ->Name("wire/parse/mixed_by_loop");
BENCHMARK_CAPTURE(parse_lines, loop_large, parse_by_loop, mixed, large_bytes)
    ->Name("wire/parse/mixed_64mb_by_loop");
BENCHMARK_CAPTURE(parse_lines, memchr, parse_by_memchr, mixed, small_bytes)
    ->Name("wire/parse/mixed_by_memchr");
BENCHMARK_CAPTURE(parse_lines, memchr_large, parse_by_memchr, mixed, large_bytes)
    ->Name("wire/parse/mixed_64mb_by_memchr");

} // namespace

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

/// What one writes in an afternoon: values, one type, perhaps a rate; nothing is checked.
template <class Find>
std::size_t parse_simply(std::string_view text, double& sum, Find find) {
    std::size_t samples = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char* const newline = find(at, end, '\n');
        const char* const colon = find(at, newline, ':');
        if (colon != newline) {
            const char* const bar = find(colon + 1, newline, '|');
            double rate = 1;
            const char* const rated = find(bar, newline, '@');
            if (rated != newline) {
                std::from_chars(rated + 1, newline, rate);
            }
            for (const char* before = colon; before != bar; ++samples) {
                const char* const value_end = find(before + 1, bar, ':');
                double value = 0;
                std::from_chars(before + 1, value_end, value);
                sum += value / rate + static_cast<double>(colon - at);
                before = value_end;
            }
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

/// Each form by us and by the two others, one after another, so that they can be compared even on
/// a machine that is not quiet.
int add_benchmarks() {
    constexpr struct {
        const char* name;
        line_maker make;
    } forms[] = {{"counter", counter},
                 {"timer", timer},
                 {"sampled", sampled},
                 {"tagged", tagged},
                 {"packed", packed},
                 {"mixed", mixed}};
    constexpr struct {
        const char* name;
        parser parse;
    } parsers[] = {{"", ours}, {"_by_loop", parse_by_loop}, {"_by_memchr", parse_by_memchr}};
    const auto add = [&](std::string name, line_maker make, std::size_t bytes) {
        for (const auto& one : parsers) {
            const parser parse = one.parse;
            benchmark::RegisterBenchmark(
                ("wire/parse/" + name + one.name).c_str(),
                [=](benchmark::State& state) { parse_lines(state, parse, make, bytes); });
        }
    };
    for (const auto& form : forms)
        add(form.name, form.make, small_bytes);
    add("mixed_64mb", mixed, large_bytes);
    return 0;
}
const int benchmarks_added = add_benchmarks();

BENCHMARK_CAPTURE(parse_lines, etsy, parse_ours<dialect::etsy>, mixed, small_bytes)
    ->Name("wire/parse/mixed_etsy");

// Once, for callgrind, which counts the same on any machine:
//
//     valgrind --tool=callgrind --collect-atstart=no
//     --toggle-collect='unsigned long (anonymous namespace)::parse_ours*'
//     quipu_bench --benchmark_filter=mixed_once           (on one line with the above)
//
// g++ 12, -O2: 1,994,571 instructions for 8,944 lines, 223 a line.
BENCHMARK_CAPTURE(parse_lines, mixed_once, ours, mixed, small_bytes)
    ->Name("wire/parse/mixed_once")
    ->Iterations(1);

} // namespace

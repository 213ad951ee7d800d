// From the bytes of datagrams into cells: quipu's store beside the standard library's hash map.
#include <quipu/core/number_text.hpp>
#include <quipu/store/batch.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/datagram.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using namespace quipu;

/// What one would write at first: a string for each look-up.
struct by_string {
    template <class Cell>
    using table = std::unordered_map<std::string, Cell>;

    template <class Cell>
    static Cell& cell(table<Cell>& in, std::string_view name) {
        return in[std::string(name)];
    }
};

/// What one would write next: look-ups by string_view.
struct by_view {
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept {
            return std::hash<std::string_view>()(name);
        }
    };
    template <class Cell>
    using table = std::unordered_map<std::string, Cell, hash, std::equal_to<>>;

    template <class Cell>
    static Cell& cell(table<Cell>& in, std::string_view name) {
        const auto known = in.find(name);
        return known != in.end() ? known->second : in[std::string(name)];
    }
};

/// A store of the standard library's maps. Parser and cells are ours here too, so only the tables
/// differ.
template <class Lookup>
class map_store {
public:
    errc apply(std::string_view name, const sample& one) {
        switch (one.series.kind) {
        case metric_kind::counter: return Lookup::cell(counters_, name).apply(one);
        case metric_kind::timer: return Lookup::cell(timers_, name).apply(one);
        case metric_kind::gauge: return Lookup::cell(gauges_, name).apply(one);
        case metric_kind::unique: return Lookup::cell(uniques_, name).apply(one);
        case metric_kind::keyvalue: return Lookup::cell(keyvalues_, name).apply(one);
        }
        return errc::unknown_type;
    }

    void reset(std::uint32_t /*idle_intervals_max*/) {
        const auto reset_all = [](auto& map) {
            for (auto& one : map)
                one.second.reset();
        };
        reset_all(counters_), reset_all(timers_), reset_all(gauges_);
        reset_all(uniques_), reset_all(keyvalues_);
    }

    [[nodiscard]] std::size_t size() const {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size() +
               keyvalues_.size();
    }

private:
    typename Lookup::template table<counter> counters_{};
    typename Lookup::template table<timer> timers_{};
    typename Lookup::template table<gauge> gauges_{};
    typename Lookup::template table<unique> uniques_{};
    typename Lookup::template table<keyvalue> keyvalues_{};
};

/// The line of a key, of some 36 bytes: in ten keys there are five counters, three timers, a gauge
/// and a set.
void append_line(std::string& text, std::size_t key, std::uint64_t value) {
    constexpr std::string_view types[] = {"c", "ms", "c", "g", "c", "ms", "c", "s", "c", "ms"};
    const auto type = types[key % std::size(types)];
    text += "production.web" + std::to_string(key % 97) + ".requests." + std::to_string(key);
    text += ':';
    const auto tenths = static_cast<double>(value % 10'000);
    char number[layout::shortest::bytes_max];
    text.append(number, layout::shortest::write(number, type == "ms" ? tenths / 10 : tenths));
    text += '|';
    text += type;
}

struct input {
    std::vector<std::string> datagrams;
    std::int64_t lines = 0;
};

/// At least a quarter of a million lines in datagrams as an Ethernet carries them: each key once,
/// and then any of them.
input make_input(std::size_t keys) {
    constexpr std::size_t lines_min = std::size_t{1} << 18;
    constexpr std::size_t datagram_bytes = 1432;
    std::mt19937_64 random(keys);
    std::vector<std::size_t> order(std::max(keys, lines_min));
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i < keys ? i : random() % keys;
    std::shuffle(order.begin(), order.end(), random);

    input made;
    std::string text;
    for (const auto key : order) {
        const auto before = text.size();
        if (before > 0)
            text += '\n';
        append_line(text, key, random());
        if (text.size() > datagram_bytes) {
            made.datagrams.push_back(text.substr(0, before));
            text.erase(0, before + 1);
        }
    }
    made.datagrams.push_back(std::move(text));
    for (auto& datagram : made.datagrams)
        datagram.append(read_padding_bytes, '\0'); // as receivers have it
    made.lines = static_cast<std::int64_t>(order.size());
    return made;
}

padded_text text_of(const std::string& padded) {
    return {std::string_view(padded).substr(0, padded.size() - read_padding_bytes)};
}

/// As a server's intake does it.
void receive(store& into, const input& from) {
    canonical_buffer<> canonical;
    batch samples;
    const auto on_refusal = [](errc error, std::string_view) { benchmark::DoNotOptimize(error); };
    for (const auto& datagram : from.datagrams) {
        samples.begin(into);
        parse_datagram(
            text_of(datagram),
            [&](const sample& one) {
                const auto name = canonical.name(one.series);
                if (name && name->data() == one.series.name.data())
                    samples.add(detail::padded_name{*name}, one, on_refusal);
                else if (name)
                    samples.add(*name, one, on_refusal);
            },
            [](refusal, std::string_view) {});
        samples.apply(on_refusal);
    }
}

template <class Lookup>
void receive(map_store<Lookup>& into, const input& from) {
    canonical_buffer<> canonical;
    for (const auto& datagram : from.datagrams) {
        parse_datagram(
            text_of(datagram),
            [&](const sample& one) {
                if (const auto name = canonical.name(one.series))
                    benchmark::DoNotOptimize(into.apply(*name, one));
            },
            [](refusal, std::string_view) {});
    }
}

/// Intervals after the first: all series are known, all storage is there.
template <class Store>
void lines(benchmark::State& state) {
    const auto keys = static_cast<std::size_t>(state.range(0));
    const auto from = make_input(keys);
    Store into;
    receive(into, from);
    if (into.size() != keys) {
        state.SkipWithError("there are other series than expected");
        return;
    }
    for (auto _ : state) {
        state.PauseTiming();
        into.reset(1);
        state.ResumeTiming();
        receive(into, from);
    }
    state.SetItemsProcessed(state.iterations() * from.lines);
}

} // namespace

BENCHMARK_TEMPLATE(lines, store)
    ->Name("store/store/line")
    ->RangeMultiplier(10)
    ->Range(1'000, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(lines, map_store<by_view>)
    ->Name("store/unordered_map_by_view/line")
    ->RangeMultiplier(10)
    ->Range(1'000, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(lines, map_store<by_string>)
    ->Name("store/unordered_map/line")
    ->RangeMultiplier(10)
    ->Range(1'000, 1'000'000)
    ->Unit(benchmark::kMillisecond);

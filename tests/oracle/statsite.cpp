// Ours against the C statsite: the same input gives the same timers and sets, to the digit.
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/wire/datagram.hpp>
#include <quipu/wire/dialect_statsite.hpp>

#include "support/catch.hpp"
#include "support/source_tree.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

using lines = std::multiset<std::string>;

constexpr double interval_seconds = 2;

struct extended_targets : statsite_targets {
    static constexpr std::array quantiles{0.5, 0.9, 0.999};
};

std::filesystem::path folder() {
    return std::filesystem::path(QUIPU_SOURCE_DIR) / "tests" / "oracle" / "statsite";
}

std::string printed(const char* form, double value) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), form, value);
    return text.data();
}

/// The lines that statsite puts out for a timer.
template <class Targets>
void add_timer(lines& out,
               const std::string& name,
               basic_timer<basic_ckms<Targets>, timer_weighting::count_only>& timer) {
    timer.settle();
    const auto add = [&](const std::string& statistic, double value) {
        out.insert(name + '.' + statistic + printed("|%f", value));
    };
    const double count = std::floor(timer.count());
    add("sum", timer.sum());
    add("sum_sq", timer.sum_squares());
    add("mean", timer.mean());
    add("lower", timer.min());
    add("upper", timer.max());
    out.insert(name + printed(".count|%.0f", count));
    add("stdev", timer.sample_deviation());
    for (const double q : Targets::quantiles) {
        if (q == 0.5)
            add("median", timer.values().median());
        add(printed("p%.0f", q * 100), timer.values().quantile(q));
    }
    add("rate", timer.sum() / interval_seconds);
    add("sample_rate", count / interval_seconds);
}

/// What our cells make of an input.
template <class Targets>
lines ours(const std::string& input,
           const std::string& timers_prefix,
           const std::string& sets_prefix) {
    std::
        map<std::string, basic_timer<basic_ckms<Targets>, timer_weighting::count_only>, std::less<>>
            timers;
    std::map<std::string, basic_unique<statsite_set>, std::less<>> sets;
    for (const auto& datagram :
         source_tree::lines_of(source_tree::read_text(folder() / (input + ".txt")))) {
        parse_datagram<dialect::statsite>(
            datagram,
            [&](const sample& one) {
                const std::string name(one.series.name);
                CHECK((one.series.kind == metric_kind::timer ? timers[name].apply(one)
                                                             : sets[name].apply(one)) == errc::ok);
            },
            [](refusal, std::string_view) {});
    }
    lines out;
    for (auto& [name, timer] : timers)
        add_timer<Targets>(out, timers_prefix + name, timer);
    for (auto& [name, set] : sets)
        out.insert(sets_prefix + name + printed("|%.0f", set.estimate()));
    return out;
}

/// The recorded lines without their timestamps and without the server's own counter.
lines recorded(const std::string& file) {
    lines all;
    for (const auto& line : source_tree::lines_of(source_tree::read_text(folder() / file))) {
        if (line.find("numStats") == line.npos)
            all.insert(line.substr(0, line.rfind('|')));
    }
    return all;
}

constexpr std::array inputs{"timers", "percentiles", "sets"};

} // namespace

TEST_CASE("oracle: our timers and sets are those of statsite", "[oracle][statsite]") {
    for (const std::string input : inputs) {
        const auto theirs = recorded(input + ".statsite.out");
        CHECK(theirs.size() > 10);
        CHECK(ours<statsite_targets>(input, "timers.", "sets.") == theirs);
    }
}

TEST_CASE("oracle: with other quantiles our timers are those of statsite", "[oracle][statsite]") {
    for (const std::string input : inputs) {
        const auto theirs = recorded(input + ".statsite-extended.out");
        CHECK(theirs.size() > 10);
        CHECK(ours<extended_targets>(input, "stats.", "stats.") == theirs);
    }
}

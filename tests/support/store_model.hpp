// A store as simple as can be, to compare the real one with: maps of sorted names, lists of orders.
#pragma once

#include <quipu/store/store.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace store_model {

using quipu::errc;
using quipu::metric_kind;
using quipu::sample;

/// A cell of any kind; each kind uses the members it needs.
struct cell {
    double sum = 0; // of counters and timers, the value of gauges
    double samples = 0;
    bool integral = true;
    bool was_set = false;
    bool touched = false;
    std::vector<std::pair<double, double>> timings{};
    std::set<std::string> members{};
    std::vector<quipu::timed_value> values{};
    std::uint32_t idle = 0;

    void apply(metric_kind kind, const sample& one) {
        touched = true;
        switch (kind) {
        case metric_kind::counter:
            sum += one.value / one.rate;
            samples += 1 / one.rate;
            integral = integral && one.integral && one.rate == 1;
            return;
        case metric_kind::timer:
            timings.emplace_back(one.value, 1 / one.rate);
            sum += one.value / one.rate;
            integral = integral && one.integral;
            return;
        case metric_kind::gauge:
            sum = one.relative ? sum + one.value : one.value;
            was_set = was_set || !one.relative;
            return;
        case metric_kind::unique: members.emplace(one.member); return;
        case metric_kind::keyvalue:
            values.push_back({one.value, one.timestamp, one.integral});
            return;
        }
    }

    void merge(metric_kind kind, const cell& later) {
        touched = true;
        const bool replaces = kind == metric_kind::gauge && later.was_set;
        sum = replaces ? later.sum : sum + later.sum;
        was_set = was_set || later.was_set;
        samples += later.samples;
        integral = integral && later.integral;
        timings.insert(timings.end(), later.timings.begin(), later.timings.end());
        members.insert(later.members.begin(), later.members.end());
        values.insert(values.end(), later.values.begin(), later.values.end());
    }

    /// Ends an interval; gauges keep their value, if told so.
    void next(bool keeps_value) {
        cell fresh;
        fresh.idle = idle;
        if (keeps_value) {
            fresh.sum = sum;
            fresh.was_set = was_set;
        }
        *this = std::move(fresh);
    }
};

struct store {
    std::size_t series_max = SIZE_MAX;
    std::array<std::map<std::string, cell, std::less<>>, quipu::metric_kind_count> cells{};
    std::array<std::vector<std::string>, quipu::metric_kind_count> order{};

    [[nodiscard]] std::size_t size() const {
        std::size_t all = 0;
        for (const auto& kind : cells)
            all += kind.size();
        return all;
    }

    /// The cell of a series, or null if there is no room for a new one.
    cell* find(std::size_t kind, const std::string& name) {
        const auto known = cells[kind].find(name);
        if (known != cells[kind].end())
            return &known->second;
        if (size() == series_max)
            return nullptr;
        order[kind].push_back(name);
        return &cells[kind][name];
    }

    errc apply(const std::string& name, const sample& one) {
        cell* const found = find(static_cast<std::size_t>(one.series.kind), name);
        if (found == nullptr)
            return errc::series_limit;
        found->apply(one.series.kind, one);
        return errc::ok;
    }

    std::size_t merge(const store& later) {
        std::size_t refused = 0;
        for (std::size_t kind = 0; kind < order.size(); ++kind) {
            for (const auto& name : later.order[kind]) {
                const cell& from = later.cells[kind].at(name);
                if (!from.touched)
                    continue;
                cell* const found = find(kind, name);
                if (found == nullptr)
                    ++refused;
                else
                    found->merge(static_cast<metric_kind>(kind), from);
            }
        }
        return refused;
    }

    /// Counts the idle intervals and removes the series that `leaves(kind, idle)` names.
    template <class Leaves>
    void age(Leaves&& leaves) {
        for (auto& kind : cells) {
            for (auto& [name, one] : kind)
                one.idle = one.touched ? 0 : one.idle + 1;
        }
        erase_if([&](metric_kind kind, const std::string& name) {
            return leaves(kind, cells[static_cast<std::size_t>(kind)].at(name).idle);
        });
    }

    /// Removes the series for which `leaves(kind, name)` is true. Returns how many there were.
    template <class Leaves>
    std::size_t erase_if(Leaves&& leaves) {
        const std::size_t before = size();
        for (std::size_t kind = 0; kind < order.size(); ++kind) {
            const auto stays = [&](const std::string& name) {
                return !leaves(static_cast<metric_kind>(kind), name);
            };
            const auto end = std::stable_partition(order[kind].begin(), order[kind].end(), stays);
            for (auto name = end; name != order[kind].end(); ++name)
                cells[kind].erase(*name);
            order[kind].erase(end, order[kind].end());
        }
        return before - size();
    }

    /// Begins the next interval, or everything anew.
    void next(bool gauges_stay) {
        for (std::size_t kind = 0; kind < order.size(); ++kind) {
            for (auto& [name, one] : cells[kind])
                one.next(gauges_stay && static_cast<metric_kind>(kind) == metric_kind::gauge);
        }
    }
};

inline bool same(const cell& a, const quipu::counter& b) {
    return a.sum == b.sum() && a.samples == b.samples() && a.integral == b.integral() &&
           a.touched == !b.idle();
}

inline bool same(const cell& a, const quipu::gauge& b) {
    return a.sum == b.value() && a.touched == !b.idle();
}

inline bool same(const cell& a, quipu::timer b) {
    b.settle();
    auto timings = a.timings;
    std::sort(timings.begin(), timings.end());
    if (b.values().values().size() != timings.size() || a.sum != b.sum())
        return false;
    for (std::size_t i = 0; i < timings.size(); ++i) {
        if (timings[i] != std::pair(b.values().values()[i], b.values().weight(i)))
            return false;
    }
    return a.integral == b.integral() && a.touched == !b.idle();
}

inline bool same(const cell& a, const quipu::unique& b) {
    return static_cast<double>(a.members.size()) == b.estimate() && a.touched == !b.idle();
}

inline bool same(const cell& a, const quipu::keyvalue& b) {
    return a.values == b.values() && a.touched == !b.idle();
}

/// The name of a table's entry or of a snapshot's.
std::string_view name_of(const auto& entry) {
    if constexpr (requires { entry.name(); })
        return entry.name();
    else
        return entry.name;
}

/// Checks the entries of one kind: the same series, in the same order, with the same readings.
template <class Entries>
void check_same(const store& expected, metric_kind which, const Entries& entries) {
    const auto kind = static_cast<std::size_t>(which);
    REQUIRE(entries.size() == expected.order[kind].size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& name = expected.order[kind][i];
        if (name_of(entries[i]) != name)
            FAIL("there is " << name_of(entries[i]) << " in the place of " << name);
        if (!same(expected.cells[kind].at(name), entries[i].cell))
            FAIL_CHECK(to_string(which) << ' ' << name << " is wrong");
    }
}

template <class Traits>
void check_same(const store& expected, quipu::basic_store<Traits>& real) {
    CHECK(real.size() == expected.size());
    check_same(expected, metric_kind::counter, real.counters().entries());
    check_same(expected, metric_kind::timer, real.timers().entries());
    check_same(expected, metric_kind::gauge, real.gauges().entries());
    check_same(expected, metric_kind::unique, real.uniques().entries());
    check_same(expected, metric_kind::keyvalue, real.keyvalues().entries());
}

/// A sample of any kind. Whole numbers and powers of two: all sums are exact.
inline sample make_sample(generator& random) {
    static constexpr std::array<std::string_view, 6> members{"", "a", "b", "c", "d", "e"};
    sample one;
    one.series.kind = static_cast<metric_kind>(random.below(quipu::metric_kind_count));
    one.value = static_cast<double>(random.below(100)) - 30;
    one.rate = 1.0 / static_cast<double>(1 << random.below(3));
    one.member = members[random.below(members.size())];
    one.timestamp = random.one_in(2) ? quipu::no_timestamp : 1'000'000'000;
    one.relative = !random.one_in(3);
    one.integral = !random.one_in(4);
    return one;
}

/// One of `count` names, the empty one among them, some of them long.
inline std::string make_name(generator& random, std::uint64_t count) {
    const auto number = random.below(count);
    if (number == 0)
        return {};
    return std::string(number % 50 == 7 ? 300 : number % 7, 'n') + std::to_string(number);
}

/// Applies a sample to both, and checks that they agree about the room.
template <class Traits>
void apply_to_both(generator& random,
                   quipu::basic_store<Traits>& real,
                   store& model,
                   std::uint64_t name_count) {
    const auto name = make_name(random, name_count);
    const auto one = make_sample(random);
    if (real.apply(name, one) != model.apply(name, one))
        FAIL("a sample of " << name << " has another fate");
}

/// Checks that two stores have the same series, in the same order, with the same contents.
template <class Traits>
void check_same(quipu::basic_store<Traits>& expected, quipu::basic_store<Traits>& real) {
    const auto same = [](auto& a, auto& b, auto reading) {
        REQUIRE(a.size() == b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            const auto& one = a.entries()[i];
            const auto& other = b.entries()[i];
            if (one.name() != other.name() || reading(one.cell) != reading(other.cell))
                FAIL_CHECK(one.name() << " differs from " << other.name());
        }
    };
    same(expected.counters(), real.counters(), [](auto& cell) { return cell.sum(); });
    same(expected.timers(), real.timers(), [](auto& cell) { return cell.values().values(); });
    same(expected.gauges(), real.gauges(), [](auto& cell) { return cell.value(); });
    same(expected.uniques(), real.uniques(), [](auto& cell) { return cell.estimate(); });
    same(expected.keyvalues(), real.keyvalues(), [](auto& cell) { return cell.values(); });
}

} // namespace store_model

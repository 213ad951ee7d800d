#include <quipu/snapshot/merge.hpp>

#include <quipu/snapshot/codec.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace quipu;

namespace {

/// The snapshot of an interval with samples of all kinds; some gauges have stayed idle.
snapshot draw(generator& random, std::int64_t timestamp) {
    store all;
    for (auto left = random.below(300); left > 0; --left)
        all.apply(store_model::make_name(random, 40), store_model::make_sample(random));
    if (random.one_in(2)) {
        static_cast<void>(collect(all, timestamp - 10, 10));
        for (auto left = random.below(300); left > 0; --left)
            all.apply(store_model::make_name(random, 40), store_model::make_sample(random));
    }
    return collect(all, timestamp, 10);
}

/// All that a snapshot has, whatever the order of its series, but the times.
std::string bytes_of(const snapshot& of) {
    snapshot sorted;
    merge(sorted, of);
    sort_by_name(sorted);
    sorted.timestamp = 0;
    sorted.interval_seconds = sorted.processing_milliseconds = 0;
    std::string bytes;
    write_snapshot(sorted, bytes);
    return bytes;
}

snapshot merged(const snapshot& first, const snapshot& second) {
    snapshot both;
    merge(both, first);
    merge(both, second);
    return both;
}

void leave_out_ordered_kinds(snapshot& of) {
    of.gauges.clear();
    of.keyvalues.clear();
}

} // namespace

TEST_CASE("merge: of the parts is the whole", "[snapshot][merge]") {
    generator random(1);
    for (int round = 0; round < 50; ++round) {
        store whole;
        store parts[2];
        for (auto& part : parts) {
            for (auto left = random.below(300); left > 0; --left) {
                const auto name = store_model::make_name(random, 40);
                auto one = store_model::make_sample(random);
                one.relative = false; // a snapshot has whole values
                whole.apply(name, one);
                part.apply(name, one);
            }
        }
        const auto first = collect(parts[0], 10, 10);
        const auto second = collect(parts[1], 20, 10);
        const auto both = merged(first, second);
        CHECK(both.timestamp == 20);
        CHECK(both.interval_seconds == 20);
        CHECK(bytes_of(both) == bytes_of(collect(whole, 20, 20)));
    }
}

TEST_CASE("merge: is associative, and commutative where order has no meaning",
          "[snapshot][merge]") {
    generator random(2);
    for (int round = 0; round < 50; ++round) {
        auto a = draw(random, 10);
        auto b = draw(random, 20);
        auto c = draw(random, 30);
        CHECK(bytes_of(merged(merged(a, b), c)) == bytes_of(merged(a, merged(b, c))));
        for (auto* one : {&a, &b})
            leave_out_ordered_kinds(*one);
        CHECK(bytes_of(merged(a, b)) == bytes_of(merged(b, a)));
    }
}

TEST_CASE("merge: an empty one changes nothing", "[snapshot][merge]") {
    generator random(3);
    const auto one = draw(random, 10);
    CHECK(bytes_of(merged(one, snapshot{})) == bytes_of(one));
    CHECK(bytes_of(merged(snapshot{}, one)) == bytes_of(one));
}

TEST_CASE("merge: a series is idle if it was so in both", "[snapshot][merge]") {
    snapshot first;
    snapshot second;
    gauge set;
    set.set(5);
    gauge kept = set;
    kept.next_interval();
    first.gauges = {{"both", 2, kept}, {"first", 0, set}, {"second", 4, kept}};
    second.gauges = {{"second", 0, set}, {"first", 1, kept}, {"both", 3, kept}, {"new", 7, kept}};
    const auto both = merged(first, second);
    REQUIRE(both.gauges.size() == 4);
    const std::vector<std::pair<std::string, std::uint32_t>> expected{
        {"both", 2}, {"first", 0}, {"second", 0}, {"new", 7}};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(both.gauges[i].name == expected[i].first);
        CHECK(both.gauges[i].idle_intervals == expected[i].second);
        CHECK(both.gauges[i].cell.value() == 5);
    }
}

TEST_CASE("merge: a sorted snapshot has its series by name", "[snapshot][merge]") {
    generator random(4);
    auto one = draw(random, 10);
    sort_by_name(one);
    for_each_kind(
        [](const auto& list) {
            for (std::size_t i = 1; i < list.size(); ++i)
                CHECK(list[i - 1].name < list[i].name);
        },
        one);
}

TEST_CASE("merge: timers beyond their bound are merged as sketches", "[snapshot][merge]") {
    store first;
    store second;
    for (int i = 1; i <= 900; ++i) {
        static_cast<void>(first.timer("t").record(i));
        static_cast<void>(second.timer("t").record(900 + i));
    }
    const auto both = merged(collect(first, 10, 10), collect(second, 20, 10));
    const auto& values = both.timers.at(0).cell.values();
    CHECK_FALSE(values.keeps_values());
    CHECK(values.count() == 1800);
    CHECK(values.quantile(0.5) == Approx(900).epsilon(0.005425));
}

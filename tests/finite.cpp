// Finite in, finite out: values near the ends of the doubles through cells, merges, schemas and sinks
// of every profile. What would lead beyond a double is refused, and the books balance.
#include <quipu/net/memory.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/sink/json_lines.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/snapshot/merge.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

using namespace quipu;

namespace {

constexpr double largest = std::numeric_limits<double>::max();

double extreme(generator& random) {
    constexpr std::array<double, 12> all{largest,
                                         1e308,
                                         1e300,
                                         0x1p960,
                                         0x1p959,
                                         1e154,
                                         1.5e154,
                                         1,
                                         0.1,
                                         std::numeric_limits<double>::min(),
                                         std::numeric_limits<double>::denorm_min(),
                                         0};
    const double one = all[random.below(all.size())];
    return random.one_in(2) ? one : -one;
}

double rate(generator& random) {
    constexpr std::array<double, 6> all{1, 1, 1, 0.1, 1e-9, rate_min};
    return all[random.below(all.size())];
}

struct books {
    std::uint64_t sent = 0;
    std::uint64_t refused = 0;
};

template <class Traits>
void fill(basic_store<Traits>& into, generator& random, books& counted) {
    constexpr std::array<metric_kind, 5> kinds{metric_kind::counter,
                                               metric_kind::timer,
                                               metric_kind::gauge,
                                               metric_kind::unique,
                                               metric_kind::keyvalue};
    const auto count = 1 + random.below(40);
    for (std::uint64_t i = 0; i < count; ++i) {
        sample one;
        one.series.kind = kinds[random.below(kinds.size())];
        one.value = extreme(random);
        one.member = "m";
        one.relative = one.series.kind == metric_kind::gauge && random.one_in(2);
        if (one.series.kind == metric_kind::counter || one.series.kind == metric_kind::timer)
            one.rate = rate(random);
        const auto error = into.apply(random.one_in(2) ? "a" : "b", one);
        REQUIRE((error == errc::ok || error == errc::number_out_of_range));
        ++counted.sent;
        counted.refused += error == errc::ok ? 0U : 1U;
    }
}

bool is_finite(double value) {
    return value - value == 0;
}

template <class Profile>
void check_points(const basic_snapshot<typename Profile::store_traits>& from) {
    const typename Profile::schema_type schema{};
    schema.write(from, sink_history{}, [&](const point& one) {
        INFO(one.name << one.tail << ' ' << one.value);
        REQUIRE(is_finite(one.value));
    });
}

template <class Snapshot>
void check_json(const Snapshot& from) {
    basic_json_lines sink{memory_transport()};
    REQUIRE(sink.write(from) == errc::ok);
    const auto text = sink.transport().text();
    CHECK(text.find("null") == text.npos);
    CHECK(text.find("inf") == text.npos);
}

} // namespace

TEMPLATE_TEST_CASE("finite: every number of every profile is one",
                   "[finite]",
                   profile::quipu,
                   profile::dogstatsd,
                   profile::etsy,
                   profile::kiip,
                   profile::statsite) {
    using traits = typename TestType::store_traits;
    generator random(7);
    books counted;
    for (int round = 0; round < 400; ++round) {
        basic_store<traits> all;
        basic_snapshot<traits> flushed;
        for (int part = 0; part < 3; ++part) {
            basic_store<traits> one;
            fill(one, random, counted);
            counted.refused += all.merge(one).number_out_of_range > 0 ? 1U : 0U;
            const double seconds = random.one_in(2) ? 0.1 : 10;
            auto next = collect(all, 1, seconds, basic_retentions<traits>());
            check_points<TestType>(next);
            check_json(next);
            if (part == 0)
                flushed = std::move(next);
            else
                static_cast<void>(merge(flushed, next));
        }
        check_points<TestType>(flushed);
        check_json(flushed);
    }
    CHECK(counted.refused > 0);
    CHECK(counted.refused < counted.sent / 2);
}

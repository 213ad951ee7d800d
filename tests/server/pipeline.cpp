#include <quipu/server/pipeline.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using quipu::errc;
namespace profile = quipu::profile;

namespace {

template <class Profile>
void receive(quipu::basic_intake<Profile>& into, std::string_view text) {
    into.came(text.size());
    into.receive(text, 0, [](auto, auto) {});
}

/// The value of a counter of a snapshot, NaN if it is not there.
template <class Snapshot>
double counter(const Snapshot& from, std::string_view name) {
    for (const auto& one : from.counters) {
        if (one.name == name)
            return one.cell.sum();
    }
    return std::numeric_limits<double>::quiet_NaN();
}
template <class Snapshot>
double gauge(const Snapshot& from, std::string_view name) {
    for (const auto& one : from.gauges) {
        if (one.name == name)
            return one.cell.value();
    }
    return std::numeric_limits<double>::quiet_NaN();
}

struct few_series : profile::quipu {
    struct store_traits : quipu::store_traits {
        static constexpr std::size_t series_max = 3;
    };
};

} // namespace

TEST_CASE("pipeline: what threads handed over becomes one snapshot", "[server][pipeline]") {
    quipu::basic_intake<profile::quipu> first;
    quipu::basic_intake<profile::quipu> second;
    quipu::pipeline pipeline;
    receive(first, "a:1|c\nt:1|ms\nboth:5|g\ns:x|s\n");
    receive(second, "a:2|c\nt:3|ms\nboth:+2|g\ns:x|s\nb:7|c\n");
    pipeline.take(first.shard().active());
    pipeline.take(second.shard().active());
    const auto one = pipeline.flush(1'700'000'000, 10);
    CHECK(one.timestamp == 1'700'000'000);
    CHECK(one.interval_seconds == 10);
    CHECK(counter(one, "a") == 3);
    CHECK(counter(one, "b") == 7);
    CHECK(one.timers.at(0).cell.mean() == 2);
    CHECK(gauge(one, "both") == 7);
    CHECK(one.uniques.at(0).cell.estimate() == 1);
    CHECK(pipeline.flush(1'700'000'010, 10).counters.empty());
}

TEST_CASE("pipeline: an input that was taken is empty, and can be filled again",
          "[server][pipeline]") {
    quipu::basic_intake<profile::quipu> intake;
    quipu::pipeline pipeline;
    for (int i = 1; i <= 20; ++i) {
        receive(intake, i % 10 == 1 ? "a:1|c\nrare:1|c\nbad" : "a:1|c\nbad");
        pipeline.take(intake.shard().active());
        CHECK(intake.shard().active().counts.lines == 0);
        const auto one = pipeline.flush(i, 1);
        CHECK(counter(one, "a") == 1);
        CHECK(one.size() == (i % 10 == 1 ? 2U : 1U));
        const auto counts = pipeline.take_counts();
        CHECK(counts.packets == 1);
        CHECK(counts.refused_in_all() == 1);
    }
    CHECK(pipeline.take_counts().packets == 0);
}

TEST_CASE("pipeline: who only looks makes no series older", "[server][pipeline]") {
    quipu::basic_intake<profile::quipu> intake;
    quipu::pipeline pipeline;
    receive(intake, "rare:1|c");
    auto& input = intake.shard().active();
    for (int look = 0; look < 50; ++look)
        pipeline.take(input, false);
    CHECK(input.store.size() == 1);
    CHECK(counter(pipeline.flush(1, 1), "rare") == 1);
    for (int flush = 0; flush < 50; ++flush)
        pipeline.take(input);
    CHECK(input.store.size() == 0);
}

TEST_CASE("pipeline: lines that could be read are counted, a sample each", "[server][pipeline]") {
    quipu::basic_intake<profile::statsite> intake;
    quipu::basic_pipeline<profile::statsite> pipeline;
    pipeline.count_lines_as("lines");
    receive(intake, "a:1|c\nb:x|c\nc:1|g\n");
    intake.refuse_lines(errc::line_too_long, 2);
    pipeline.take(intake.shard().active());
    const auto flushed = pipeline.flush(1, 1);
    REQUIRE(counter(flushed, "lines") == 2);
    for (const auto& one : flushed.counters) {
        if (one.name == "lines")
            CHECK(one.cell.samples() == 2);
    }
}

TEST_CASE("pipeline: a gauge that changes is changed from where it was", "[server][pipeline]") {
    quipu::basic_intake<profile::quipu> intake;
    quipu::pipeline pipeline;
    const auto flush = [&](std::string_view text) {
        receive(intake, text);
        pipeline.take(intake.shard().active());
        return gauge(pipeline.flush(1, 1), "foo");
    };
    CHECK(flush("foo:70|g") == 70);
    CHECK(flush("foo:+1|g") == 71);
    CHECK(flush("foo:-3|g") == 68);
    CHECK(flush("") == 68);
    CHECK(flush("foo:1|g\nfoo:+1|g") == 2);
}

TEST_CASE("pipeline: series beyond the limit of the whole are refused and counted",
          "[server][pipeline]") {
    quipu::basic_intake<few_series> first;
    quipu::basic_intake<few_series> second;
    quipu::basic_pipeline<few_series> pipeline;
    receive(first, "a:1|c\nb:1|c");
    receive(second, "b:1|c\nc:1|c\nd:1|c");
    pipeline.take(first.shard().active());
    pipeline.take(second.shard().active());
    const auto counts = pipeline.take_counts();
    CHECK(counts.refused[static_cast<std::size_t>(errc::series_limit)] == 1);
    const auto one = pipeline.flush(1, 1);
    CHECK(one.size() == 3);
    CHECK(counter(one, "b") == 2);
}

TEST_CASE("pipeline: etsy counts itself from the first flush, its lag from the second",
          "[server][pipeline]") {
    quipu::basic_intake<profile::etsy> intake;
    quipu::basic_pipeline<profile::etsy> pipeline(0, "own");
    receive(intake, "a:1|c\nbad\nb:1|g\n");
    receive(intake, "a:1|c");
    pipeline.take(intake.shard().active());
    const auto first = pipeline.flush(100, 10);
    CHECK(counter(first, "own.packets_received") == 2);
    CHECK(counter(first, "own.metrics_received") == 4);
    CHECK(counter(first, "own.bad_lines_seen") == 1);
    CHECK(first.gauges.size() == 1);
    pipeline.take(intake.shard().active());
    const auto second = pipeline.flush(112, 10);
    CHECK(counter(second, "own.packets_received") == 0);
    CHECK(gauge(second, "own.timestamp_lag") == 2);

    SECTION("and without any input") {
        quipu::basic_pipeline<profile::etsy> idle;
        const auto one = idle.flush(1, 1);
        CHECK(one.size() == 3);
        CHECK(counter(one, "statsd.packets_received") == 0);
    }
}

TEST_CASE("pipeline: the other profiles say nothing about themselves", "[server][pipeline]") {
    quipu::basic_pipeline<profile::quipu> native;
    CHECK(native.flush(1, 1).size() == 0);
    quipu::basic_pipeline<profile::kiip> kiip;
    CHECK(kiip.flush(1, 1).size() == 0);
}

TEST_CASE("pipeline: however samples are dealt out to threads, the counters are the same",
          "[server][pipeline]") {
    generator random(5);
    quipu::basic_intake<profile::quipu> threads[3];
    quipu::pipeline pipeline;
    double expected[5] = {};
    double seen[5] = {};
    for (int i = 0; i < 50; ++i) {
        for (auto lines = random.below(100); lines > 0; --lines) {
            const auto name = random.below(5);
            const auto value = random.below(1000);
            receive(threads[random.below(3)],
                    std::to_string(name) + ':' + std::to_string(value) + "|c");
            expected[name] += static_cast<double>(value);
        }
        for (auto& one : threads) {
            if (!random.one_in(4)) // a thread may be late
                pipeline.take(one.shard().active());
        }
        for (const auto& one : pipeline.flush(i, 1).counters)
            seen[one.name.at(0) - '0'] += one.cell.sum();
    }
    for (auto& one : threads)
        pipeline.take(one.shard().active());
    for (const auto& one : pipeline.flush(51, 1).counters)
        seen[one.name.at(0) - '0'] += one.cell.sum();
    for (int name = 0; name < 5; ++name)
        CHECK(seen[name] == expected[name]);
}

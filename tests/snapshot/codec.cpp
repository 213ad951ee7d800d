#include <quipu/snapshot/codec.hpp>

#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

#include <limits>
#include <string>
#include <string_view>

using namespace quipu;

namespace {

struct small_traits : store_traits {
    static constexpr std::size_t series_max = 20;
};

store draw(generator& random, std::uint64_t samples) {
    store all;
    for (auto left = random.below(samples); left > 0; --left)
        all.apply(store_model::make_name(random, 60), store_model::make_sample(random));
    for (int i = 0; i < 1500; ++i)
        static_cast<void>(all.timer("many").record(i * 0.1));
    return all;
}

std::string bytes_of(const snapshot& of) {
    std::string bytes;
    write_snapshot(of, bytes);
    return bytes;
}

/// A gauge, a counter and a timer of two values.
std::string small() {
    store all;
    all.gauge("g").set(-2.5);
    all.counter("c;region=eu").add(3, 10);
    static_cast<void>(all.timer("t").record(7));
    static_cast<void>(all.timer("t").record(9));
    return bytes_of(collect(all, 1'700'000'000, 10));
}

} // namespace

TEST_CASE("codec: what was written is read", "[snapshot][codec]") {
    generator random(1);
    for (int round = 0; round < 30; ++round) {
        auto all = draw(random, 500);
        store_model::store model;
        const auto original = collect(all, 1'700'000'000 + round, 10);
        const auto bytes = bytes_of(original);
        const auto back = read_snapshot<>(bytes);
        REQUIRE(back);
        CHECK(back->timestamp == original.timestamp);
        CHECK(back->interval_seconds == 10);
        CHECK(back->size() == original.size());
        CHECK(bytes_of(*back) == bytes);
        for (std::size_t i = 0; i < original.gauges.size(); ++i) {
            CHECK(back->gauges[i].name == original.gauges[i].name);
            CHECK(back->gauges[i].cell.value() == original.gauges[i].cell.value());
        }
        const auto& timer = back->timers.back();
        CHECK(timer.name == "many");
        CHECK(timer.cell.values().quantile(0.9) ==
              original.timers.back().cell.values().quantile(0.9));
    }
    CHECK(read_snapshot<>(bytes_of(snapshot{}))->size() == 0);
}

TEST_CASE("codec: the form stays", "[snapshot][codec]") {
    store all;
    all.counter("hits").add(2);
    const auto bytes = bytes_of(collect(all, 1, 10));
    const std::string expected = std::string("QUIPU\x1aS\x01", 8) +
                                 std::string("\1\0\0\0\0\0\0\0", 8) +            // the timestamp
                                 std::string("\0\0\0\0\0\0\x24\x40", 8) +        // 10
                                 std::string("\0\0\0\0\0\0\0\0", 8) +            // processing
                                 "\1\4hits" + std::string("\0", 1) +             // one, idle for 0
                                 std::string("\0\0\0\0\0\0\0\x40", 8) +          // 2
                                 std::string("\0\0\0\0\0\0\xf0\x3f", 8) + "\1" + // 1 sample, whole
                                 std::string("\0\0\0\0", 4);                     // no other kinds
    CHECK(bytes.substr(0, bytes.size() - 8) == expected);
}

TEST_CASE("codec: bytes that are cut or changed anywhere are refused", "[snapshot][codec]") {
    const auto bytes = small();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto read = read_snapshot<>(std::string_view(bytes).substr(0, size));
        CHECK(read.error() ==
              (size < snapshot_magic.size() ? errc::bad_magic : errc::bad_encoding));
    }
    CHECK(read_snapshot<>(bytes + '\0').error() == errc::bad_encoding);
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const unsigned bit : {1U, 16U, 128U}) {
            auto changed = bytes;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ bit);
            accepted += read_snapshot<>(changed).has_value();
        }
    }
    CHECK(accepted == 0);
}

TEST_CASE("codec: a version that is not known is not read", "[snapshot][codec]") {
    auto bytes = small();
    bytes[snapshot_magic.size() - 1] = 2;
    CHECK(read_snapshot<>(bytes).error() == errc::bad_magic);
}

TEST_CASE("codec: a snapshot of other traits is refused", "[snapshot][codec]") {
    struct other_traits : store_traits {
        using timer = basic_timer<exact>;
    };
    CHECK(read_snapshot<other_traits>(small()).error() == errc::bad_encoding);
}

TEST_CASE("codec: an interval that is no time is refused", "[snapshot][codec]") {
    for (const double interval : {-1.0, std::numeric_limits<double>::infinity()}) {
        snapshot odd;
        odd.interval_seconds = interval;
        CHECK(read_snapshot<>(bytes_of(odd)).error() == errc::bad_encoding);
    }
}

TEST_CASE("codec: a store goes on where the snapshot of another ended", "[snapshot][codec]") {
    store before;
    before.gauge("kept").set(7);
    before.gauge("changed").set(7);
    before.gauge("set").set(7);
    before.counter("hits").add(3);
    static_cast<void>(collect(before, 10, 10));
    before.counter("hits").add(4);
    const auto saved = read_snapshot<>(bytes_of(collect(before, 20, 10)));
    REQUIRE(saved);

    store after;
    after.gauge("changed").change(1);
    after.gauge("set").set(5);
    after.counter("hits").add(2);
    CHECK(restore(*saved, after) == 0);
    CHECK(after.gauges().find("kept")->value() == 7);
    CHECK(after.gauges().find("kept")->idle());
    CHECK(after.gauges().find("changed")->value() == 8);
    CHECK(after.gauges().find("set")->value() == 5);
    CHECK(after.counters().find("hits")->sum() == 6);
}

TEST_CASE("codec: series that find no room are counted", "[snapshot][codec]") {
    generator random(2);
    auto all = draw(random, 500);
    const auto saved = read_snapshot<small_traits>(bytes_of(collect(all, 10, 10)));
    REQUIRE(saved);
    basic_store<small_traits> full;
    REQUIRE(saved->size() > 20);
    CHECK(restore(*saved, full) == saved->size() - 20);
    CHECK(full.size() == 20);
}

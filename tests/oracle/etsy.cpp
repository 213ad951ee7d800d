// Ours against Etsy's statsd: the same input gives the same lines, in the same order, to the digit.
#include <quipu/schema/etsy.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/datagram.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"
#include "support/recorded.hpp"
#include "support/source_tree.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

using lines = std::vector<std::string>;

namespace {

using dialect_type = profile::etsy::dialect_type;

/// With `deleteIdleStats` a series leaves in its first idle interval.
struct deleting_traits : profile::etsy::store_traits {
    using counter_retention = retention::each_interval;
    using timer_retention = retention::each_interval;
    using gauge_retention = retention::each_interval;
    using unique_retention = retention::each_interval;
};

std::filesystem::path folder() {
    return std::filesystem::path(QUIPU_SOURCE_DIR) / "tests" / "oracle" / "etsy";
}

/// Whether a number depends on the clock, or on what that server sent before.
bool is_momentary(std::string_view name) {
    for (const auto* const part :
         {"calculationtime", "processing_time", "last_flush", "flush_time", "flush_length"}) {
        if (name.find(part) != name.npos)
            return true;
    }
    return false;
}

/// "NAME VALUE" as it is compared.
std::string comparable(const std::string& line) {
    const auto name = line.substr(0, line.find(' '));
    return is_momentary(name) ? name + " *" : line;
}

/// Where we mean to differ: as a member of a set, `__proto__` is lost there, since it is something
/// else to JavaScript. Here it counts as any other.
std::string with_deviation(std::string line) {
    if (line.starts_with("stats.sets.s.proto.count") && line.ends_with(" 2"))
        line.back() = '3';
    return line;
}

/// The recorded lines without their timestamps.
lines recorded(const std::string& file) {
    lines all;
    for (const auto& line : source_tree::lines_of(source_tree::read_text(folder() / file)))
        all.push_back(with_deviation(comparable(line.substr(0, line.rfind(' ')))));
    return all;
}

/// As much of a server as lies between a datagram and a flush.
template <class Traits>
class server {
public:
    explicit server(etsy_schema_options options)
        : prefix_(options.prefix_stats), schema_(std::move(options)) {
        count_itself(0, 0, 0); // so these are the first counters
    }

    void receive(std::string_view datagram) {
        double bad = 0;
        const auto count = parse_datagram<dialect_type>(
            datagram,
            [&](const sample& one) {
                const auto name = canonical_.name(one.series);
                REQUIRE(name);
                CHECK(store_.apply(*name, one) == errc::ok);
            },
            [&](refusal, std::string_view) { ++bad; });
        count_itself(bad, 1, static_cast<double>(count));
    }

    lines flush() {
        apply(".timestamp_lag", metric_kind::gauge, 0);
        lines all;
        for (const auto& line : points(schema_, collect(store_, 1'795'295'074, 2)))
            all.push_back(comparable(line));
        count_itself(0, 0, 0); // these never count as idle
        return all;
    }

private:
    void count_itself(double bad, double packets, double received) {
        apply(".bad_lines_seen", metric_kind::counter, bad);
        apply(".packets_received", metric_kind::counter, packets);
        apply(".metrics_received", metric_kind::counter, received);
    }

    void apply(const char* tail, metric_kind kind, double value) {
        sample own;
        own.series.kind = kind;
        own.value = value;
        CHECK(store_.apply(prefix_ + tail, own) == errc::ok);
    }

    std::string prefix_;
    profile::etsy::schema_type schema_;
    basic_store<Traits> store_{};
    canonical_buffer<dialect_type> canonical_{};
};

void check_same(const lines& ours, const lines& theirs) {
    const auto size = std::min(ours.size(), theirs.size());
    for (std::size_t i = 0; i < size; ++i) {
        INFO("line " << i + 1);
        REQUIRE(ours[i] == theirs[i]);
    }
    CHECK(ours.size() == theirs.size());
}

/// Feeds one input and compares the flushes that were recorded.
template <class Traits>
void compare(const std::string& input,
             const std::string& config,
             const etsy_schema_options& options) {
    INFO(input << ' ' << config);
    server<Traits> ours(options);
    for (const auto& line :
         source_tree::lines_of(source_tree::read_text(folder() / (input + ".txt"))))
        ours.receive(recorded_input::unescape(line));
    check_same(ours.flush(), recorded(input + '.' + config + ".out"));
    if (const auto second = input + '.' + config + ".2.out";
        std::filesystem::exists(folder() / second)) {
        check_same(ours.flush(), recorded(second));
    }
}

constexpr std::array inputs{"counters", "timers", "gauges", "sets", "kv", "types", "percentiles"};

/// How many flushes of a configuration there are to compare with.
std::ptrdiff_t count_recorded(const std::string& config) {
    return std::count_if(std::filesystem::directory_iterator(folder()), {}, [&](const auto& entry) {
        const auto name = entry.path().filename().string();
        return name.find('.' + config + '.') != name.npos && name.ends_with(".out");
    });
}

} // namespace

TEST_CASE("oracle: by default we put out what Etsy's statsd does", "[oracle][etsy]") {
    CHECK(count_recorded("etsy") == 11);
    for (const auto* const input : inputs)
        compare<profile::etsy::store_traits>(input, "etsy", {});
}

TEST_CASE("oracle: with modern names and many percentiles we put out what Etsy's statsd does",
          "[oracle][etsy]") {
    const etsy_schema_options options{.legacy_namespace = false,
                                      .global_suffix = "suf",
                                      .prefix_stats = "self",
                                      .percentiles = *parse_percentiles("50,90,95,99.9,-10,0,100")};
    CHECK(count_recorded("etsy-modern") == 10);
    for (const auto* const input : inputs) {
        if (std::string_view(input) != "types")
            compare<profile::etsy::store_traits>(input, "etsy-modern", options);
    }
}

TEST_CASE("oracle: when idle series leave we put out what Etsy's statsd does", "[oracle][etsy]") {
    CHECK(count_recorded("etsy-delete") == 8);
    for (const auto* const input : {"counters", "timers", "gauges", "sets"})
        compare<deleting_traits>(input, "etsy-delete", {.flush_counts = false});
}

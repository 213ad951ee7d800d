#include <quipu/sink/prometheus_protobuf.hpp>

#include "support/catch.hpp"

#include <quipu/sink/prometheus.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/store/store.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using quipu::prometheus_format;
using quipu::prometheus_page;
using quipu::prometheus_type;

namespace {

/// A message taken apart: by the number of the field, what stands there, in order.
struct message {
    std::map<unsigned, std::vector<std::string>> bytes{};
    std::map<unsigned, std::vector<std::uint64_t>> integers{};
    std::map<unsigned, std::vector<double>> numbers{};

    [[nodiscard]] std::string text(unsigned field) const { return bytes.at(field).at(0); }
};

std::uint64_t take_varint(std::string_view& from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        REQUIRE_FALSE(from.empty());
        const auto byte = static_cast<unsigned char>(from[0]);
        from.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return value;
    }
}

double take_double(std::string_view& from) {
    REQUIRE(from.size() >= 8);
    double value = 0;
    std::memcpy(&value, from.data(), 8);
    from.remove_prefix(8);
    return value;
}

std::string take_bytes(std::string_view& from) {
    const auto size = take_varint(from);
    REQUIRE(size <= from.size());
    const auto taken = from.substr(0, size);
    from.remove_prefix(size);
    return std::string(taken);
}

message parsed(std::string_view from) {
    message made;
    while (!from.empty()) {
        const auto key = take_varint(from);
        const auto field = static_cast<unsigned>(key >> 3U);
        switch (key & 7U) {
        case 0: made.integers[field].push_back(take_varint(from)); break;
        case 1: made.numbers[field].push_back(take_double(from)); break;
        case 2: made.bytes[field].push_back(take_bytes(from)); break;
        default: FAIL("a type of field that nothing here has");
        }
    }
    return made;
}

/// The families of a page by their names.
std::map<std::string, message> families_of(std::string_view page) {
    std::map<std::string, message> all;
    while (!page.empty()) {
        auto family = parsed(take_bytes(page));
        const auto name = family.text(1);
        CHECK(all.count(name) == 0);
        all.emplace(name, std::move(family));
    }
    return all;
}

std::int64_t unfolded(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

std::vector<std::int64_t> zigzags(std::string_view packed) {
    std::vector<std::int64_t> all;
    while (!packed.empty())
        all.push_back(unfolded(take_varint(packed)));
    return all;
}

/// The counts of the buckets of one side by their numbers; `field` is that of the spans.
std::map<std::int64_t, double> buckets_of(const message& histogram, unsigned field) {
    std::map<std::int64_t, double> all;
    if (histogram.bytes.count(field) == 0)
        return all;
    std::vector<double> counts;
    if (histogram.bytes.count(field + 1) != 0) {
        double before = 0;
        for (const auto delta : zigzags(histogram.text(field + 1)))
            counts.push_back(before += static_cast<double>(delta));
    } else {
        const auto packed = histogram.text(field + 2);
        for (std::string_view left = packed; !left.empty();)
            counts.push_back(take_double(left));
    }
    std::size_t at = 0;
    std::int64_t number = 0;
    for (const auto& bytes : histogram.bytes.at(field)) {
        const auto span = parsed(bytes);
        number += unfolded(span.integers.at(1).at(0));
        for (auto left = span.integers.at(2).at(0); left > 0; --left)
            all[number++] = counts.at(at++);
    }
    CHECK(at == counts.size());
    return all;
}

message histogram_of(const message& family) {
    CHECK(family.integers.at(3).at(0) == 4);
    return parsed(parsed(family.text(4)).text(7));
}

quipu::snapshot flushed(quipu::store& series) {
    return collect(series, 10, 10);
}

} // namespace

TEST_CASE("prometheus_protobuf: a page of every kind", "[sink][prometheus]") {
    quipu::store series;
    series.counter("api.hits;method=get;quote=a\"b\\c").add(12);
    series.gauge("queue").set(-7.5);
    series.unique("users").insert("ann");
    series.timer("latency").record(2);
    series.timer("latency").record(4);
    prometheus_page page({.quantiles = {0.5}});
    page.add(flushed(series));
    const auto all = families_of(page.render(prometheus_format::protobuf));
    REQUIRE(all.size() == 4);

    const auto& hits = all.at("api_hits_total");
    CHECK(hits.text(2) == "StatsD's api.hits");
    CHECK(hits.integers.at(3).at(0) == 0);
    const auto hit = parsed(hits.text(4));
    REQUIRE(hit.bytes.at(1).size() == 2);
    CHECK(parsed(hit.bytes.at(1)[0]).text(1) == "method");
    CHECK(parsed(hit.bytes.at(1)[0]).text(2) == "get");
    CHECK(parsed(hit.bytes.at(1)[1]).text(2) == "a\"b\\c");
    CHECK(parsed(hit.text(3)).numbers.at(1).at(0) == 12);

    CHECK(all.at("queue").integers.at(3).at(0) == 1);
    CHECK(parsed(parsed(all.at("queue").text(4)).text(2)).numbers.at(1).at(0) == -7.5);
    CHECK(parsed(parsed(all.at("users").text(4)).text(2)).numbers.at(1).at(0) == 1);

    // Nobody has asked for native histograms yet.
    CHECK(all.at("latency").integers.at(3).at(0) == 2);
    const auto summary = parsed(parsed(all.at("latency").text(4)).text(4));
    CHECK(summary.integers.at(1).at(0) == 2);
    CHECK(summary.numbers.at(2).at(0) == 6);
    const auto quantile = parsed(summary.text(3));
    CHECK(quantile.numbers.at(1).at(0) == 0.5);
    CHECK(quantile.numbers.at(2).at(0) == 2);
}

TEST_CASE("prometheus_protobuf: native histograms add up what came since they were asked for",
          "[sink][prometheus]") {
    quipu::store series;
    prometheus_page page;
    series.timer("latency").record(1'000'000);
    page.add(flushed(series));
    page.collect_native();
    for (const double value : {1.0, 2.0, 0.0})
        series.timer("latency").record(value);
    page.add(flushed(series));
    for (const double value : {2.0, 4.0, -1.0})
        series.timer("latency").record(value);
    page.add(flushed(series));

    const auto all = families_of(page.render(prometheus_format::protobuf));
    const auto histogram = histogram_of(all.at("latency"));
    CHECK(histogram.integers.at(1).at(0) == 6);
    CHECK(histogram.numbers.at(2).at(0) == 8);
    CHECK(unfolded(histogram.integers.at(5).at(0)) == 6);
    CHECK(histogram.numbers.at(6).at(0) > 0); // by which a scraper knows it, even without buckets
    CHECK(histogram.integers.at(7).at(0) == 1);
    // The bucket i is up to 2^(i/64).
    CHECK(buckets_of(histogram, 12) == std::map<std::int64_t, double>{{0, 1}, {64, 2}, {128, 1}});
    CHECK(buckets_of(histogram, 9) == std::map<std::int64_t, double>{{0, 1}});
    // The text is what it was.
    CHECK(page.render().find("latency_count 7\n") != std::string::npos);
}

TEST_CASE("prometheus_protobuf: sampled values make counts that are not whole",
          "[sink][prometheus]") {
    quipu::store series;
    prometheus_page page;
    page.collect_native();
    series.timer("latency").record(1, 1 / 0.3);
    series.timer("latency").record(2, 2);
    page.add(flushed(series));
    const auto all = families_of(page.render(prometheus_format::protobuf));
    const auto histogram = histogram_of(all.at("latency"));
    CHECK(histogram.integers.count(1) == 0);
    CHECK(histogram.numbers.at(4).at(0) == 1 / 0.3 + 2);
    CHECK(histogram.numbers.at(8).at(0) == 0);
    CHECK(buckets_of(histogram, 12) == std::map<std::int64_t, double>{{0, 1 / 0.3}, {64, 2}});
}

TEST_CASE("prometheus_protobuf: classic buckets stand beside native ones", "[sink][prometheus]") {
    quipu::store series;
    prometheus_page page({.bounds = {1, 3}});
    page.collect_native();
    for (const double value : {1.0, 2.0, 9.0})
        series.timer("latency").record(value);
    page.add(flushed(series));
    const auto all = families_of(page.render(prometheus_format::protobuf));
    const auto histogram = histogram_of(all.at("latency"));
    REQUIRE(histogram.bytes.at(3).size() == 2);
    CHECK(parsed(histogram.bytes.at(3)[0]).integers.at(1).at(0) == 1);
    CHECK(parsed(histogram.bytes.at(3)[1]).integers.at(1).at(0) == 2);
    CHECK(parsed(histogram.bytes.at(3)[1]).numbers.at(2).at(0) == 3);
    CHECK(buckets_of(histogram, 12).size() == 3);
}

TEST_CASE("prometheus_protobuf: timers beyond the bound are what they are without",
          "[sink][prometheus]") {
    quipu::store series;
    prometheus_page page({.native_max = 1});
    page.collect_native();
    for (const auto* const name : {"a", "b"})
        series.timer(name).record(1);
    page.add(flushed(series));
    const auto all = families_of(page.render(prometheus_format::protobuf));
    int natives = 0;
    for (const auto* const name : {"a", "b"})
        natives += all.at(name).integers.at(3).at(0) == 4 ? 1 : 0;
    CHECK(natives == 1);
}

TEST_CASE("prometheus_protobuf: texts are UTF-8, and what is more belongs to the page",
          "[sink][prometheus]") {
    quipu::prometheus_message more("more", "a \xff b", prometheus_type::gauge);
    more.add("", 3);
    more.add("x=\"line\\nend\",y=\"\"", 4);
    std::string page;
    more.append_to(page);
    const auto all = families_of(prometheus_page().render(prometheus_format::protobuf, page));
    CHECK(all.at("more").text(2) == "a ? b");
    REQUIRE(all.at("more").bytes.at(4).size() == 2);
    const auto labels = parsed(all.at("more").bytes.at(4)[1]).bytes.at(1);
    REQUIRE(labels.size() == 2);
    CHECK(parsed(labels[0]).text(2) == "line\nend");
    CHECK(parsed(labels[1]).text(1) == "y");
    CHECK(parsed(labels[1]).text(2).empty());
}

#include <quipu/sink/statsite_stream.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/schema/statsite.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

using store_type = basic_store<profile::statsite::store_traits>;

struct recording {
    errc send(std::string_view bytes) noexcept {
        texts.emplace_back(bytes);
        return answer;
    }
    std::vector<std::string> texts{};
    errc answer = errc::ok;
};

sample of(metric_kind kind, double value) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.member = "m";
    return one;
}

using stream = basic_statsite_stream<statsite_schema, recording>;

std::vector<binary_point> read(std::string_view bytes) {
    std::vector<binary_point> all;
    while (!bytes.empty()) {
        const auto one = parse_binary_point(bytes);
        REQUIRE(one);
        REQUIRE(one->complete());
        all.push_back(one->point);
        bytes.remove_prefix(one->size);
    }
    return all;
}

} // namespace

TEST_CASE("statsite stream: lines, in one text for each flush", "[sink][statsite_stream]") {
    store_type all;
    static_cast<void>(all.apply("a b", of(metric_kind::counter, 3)));
    static_cast<void>(all.apply("g", of(metric_kind::gauge, -1.5)));
    static_cast<void>(all.apply("s", of(metric_kind::unique, 0)));
    recording to;
    stream sink(statsite_schema(), to);
    CHECK(sink.write(collect(all, 7, 10)) == errc::ok);
    CHECK(sink.write(collect(all, 17, 10)) == errc::ok);
    CHECK(to.texts == std::vector<std::string>{
                          "counts.a b|3.000000|7\ngauges.g|-1.500000|7\nsets.s|1|7\n", ""});
    to.answer = errc::system_failure;
    CHECK(sink.write(collect(all, 27, 10)) == errc::system_failure);
}

TEST_CASE("statsite stream: an infinite gauge of a program is the largest number",
          "[sink][statsite_stream]") {
    store_type all;
    static_cast<void>(all.apply("g", of(metric_kind::gauge, 1)));
    auto from = collect(all, 7, 10);
    from.gauges[0].cell.set(std::numeric_limits<double>::infinity());
    recording to;
    stream sink(statsite_schema(), to);
    CHECK(sink.write(from) == errc::ok);
    CHECK(to.texts[0].starts_with("gauges.g|17976931348623157"));
    CHECK(sink.skipped() == 0);
}

TEST_CASE("statsite stream: binary records have kind, statistic and name",
          "[sink][statsite_stream]") {
    store_type all;
    static_cast<void>(all.apply("c", of(metric_kind::counter, 3)));
    for (const double value : {5.0, 15.0, 25.0})
        static_cast<void>(all.apply("t", of(metric_kind::timer, value)));
    statsite_schema_options options;
    options.extended_counters = true;
    options.quantiles.quantiles = {0.5};
    options.timers_include = timer_numbers::median | timer_numbers::count;
    options.histograms = {*statsite_histogram("t", 10, 20, 10)};
    recording to;
    stream sink(statsite_schema(options), to, statsite_form::binary);
    CHECK(sink.write(collect(all, 7, 10)) == errc::ok);
    const auto kind = metric_kind::timer;
    CHECK(read(to.texts[0]) ==
          std::vector<binary_point>{{metric_kind::counter, statistic::count, "c", 1, 7, 0},
                                    {metric_kind::counter, statistic::rate, "c", 0.3, 7, 0},
                                    {kind, statistic::count, "t", 3, 7, 0},
                                    {kind, percentile_statistic(50), "t", 15, 7, 0},
                                    {kind, statistic::histogram_floor, "t", 10, 7, 1},
                                    {kind, statistic::histogram_bin, "t", 10, 7, 1},
                                    {kind, statistic::histogram_ceiling, "t", 20, 7, 1}});
}

TEST_CASE("statsite stream: with prefix the names are those of the lines",
          "[sink][statsite_stream]") {
    store_type all;
    static_cast<void>(all.apply("g", of(metric_kind::gauge, 2)));
    statsite_schema_options options;
    options.global_prefix = "x.";
    recording to;
    stream sink(statsite_schema(options), to, statsite_form::prefixed_binary);
    CHECK(sink.write(collect(all, 7, 10)) == errc::ok);
    CHECK(read(to.texts[0]) ==
          std::vector<binary_point>{{metric_kind::gauge, statistic::none, "x.gauges.g", 2, 7, 0}});
}

TEST_CASE("statsite stream: a name that no record can carry is left out and counted",
          "[sink][statsite_stream]") {
    store_type all;
    static_cast<void>(all.apply(std::string(5000, 'n'), of(metric_kind::gauge, 2)));
    static_cast<void>(all.apply("g", of(metric_kind::gauge, 2)));
    recording to;
    stream sink(statsite_schema(), to, statsite_form::binary);
    CHECK(sink.write(collect(all, 7, 10)) == errc::ok);
    CHECK(read(to.texts[0]).size() == 1);
    CHECK(sink.skipped() == 1);
}

#include <quipu/sink/prometheus.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/store/store.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <limits>
#include <string>
#include <string_view>

using namespace quipu;

namespace {

/// The lines of a page that begin so.
std::string lines_of(const std::string& page, std::string_view head) {
    std::string out;
    for (std::string_view rest = page; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n') + 1);
        if (line.starts_with(head))
            out += line;
        rest.remove_prefix(line.size());
    }
    return out;
}

/// A page without what its metrics are called elsewhere.
std::string without_help(const std::string& page) {
    std::string out;
    for (std::string_view rest = page; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n') + 1);
        if (!line.starts_with("# HELP "))
            out += line;
        rest.remove_prefix(line.size());
    }
    return out;
}

struct exact_traits : store_traits {
    using timer = basic_timer<exact>;
};

static_assert(sink_for<basic_prometheus<memory_transport>, store_traits>);

} // namespace

TEST_CASE("prometheus: every kind has its lines, under one type", "[sink][prometheus]") {
    store metrics;
    metrics.counter("api.hits;method=get").add(3);
    metrics.counter("api.hits;method=put").add(4);
    metrics.gauge("queue").set(-7.5);
    metrics.unique("users").insert("ann");
    metrics.keyvalue("left.out").append({1});
    for (int i = 1; i <= 100; ++i)
        metrics.timer("api.latency").record(i);
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    CHECK(without_help(page.render()) == R"(# TYPE api_hits_total counter
api_hits_total{method="get"} 3
api_hits_total{method="put"} 4
# TYPE api_latency summary
api_latency{quantile="0.5"} 50
api_latency{quantile="0.9"} 90
api_latency{quantile="0.99"} 99
api_latency_sum 5050
api_latency_count 100
# TYPE queue gauge
queue -7.5
# TYPE users gauge
users 1
)");
    CHECK(page.losses().conflicts == 0);
}

TEST_CASE("prometheus: counts and sums grow from snapshot to snapshot", "[sink][prometheus]") {
    store metrics;
    prometheus_page page;
    for (int i = 1; i <= 3; ++i) {
        metrics.counter("hits").add(i);
        metrics.timer("latency").record(i);
        metrics.gauge("queue").set(i);
        page.add(collect(metrics, i, 10));
    }
    CHECK(lines_of(without_help(page.render()), "hits_total ") == "hits_total 6\n");
    CHECK(lines_of(without_help(page.render()), "latency_") == "latency_sum 6\nlatency_count 3\n");
    CHECK(lines_of(without_help(page.render()), "latency{quantile=\"0.5\"}") ==
          "latency{quantile=\"0.5\"} 3\n");
    CHECK(lines_of(without_help(page.render()), "queue ") == "queue 3\n");
    // An interval without anything: counts stay, gauges of series that are gone go.
    store empty;
    page.add(collect(empty, 4, 10));
    CHECK(lines_of(without_help(page.render()), "hits_total ") == "hits_total 6\n");
    CHECK(lines_of(without_help(page.render()), "latency_count ") == "latency_count 3\n");
    CHECK(lines_of(without_help(page.render()), "queue").empty());
    CHECK(lines_of(without_help(page.render()), "# TYPE queue").empty());
}

TEST_CASE("prometheus: a timer without values has quantiles that are no numbers",
          "[sink][prometheus]") {
    snapshot from;
    from.timers.push_back({"latency", 1, {}});
    from.gauges.push_back({"high", 0, {}});
    from.gauges.back().cell.set(std::numeric_limits<double>::infinity());
    prometheus_page page;
    page.add(from);
    CHECK(lines_of(without_help(page.render()), "latency{quantile=\"0.5\"}") ==
          "latency{quantile=\"0.5\"} NaN\n");
    CHECK(lines_of(without_help(page.render()), "high ") == "high +Inf\n");
}

TEMPLATE_TEST_CASE("prometheus: a timer may be a classic histogram",
                   "[sink][prometheus]",
                   store_traits,
                   exact_traits) {
    basic_store<TestType> metrics;
    prometheus_page page({.bounds = {0.25, 1, 64}});
    for (const int values : {10, 2000}) { // kept, and in buckets
        for (int i = 1; i <= values; ++i)
            metrics.timer("latency;a=b").record(i * 0.125);
        page.add(collect(metrics, 1, 10));
    }
    CHECK(without_help(page.render()) == R"(# TYPE latency histogram
latency_bucket{a="b",le="0.25"} 4
latency_bucket{a="b",le="1"} 16
latency_bucket{a="b",le="64"} 522
latency_bucket{a="b",le="+Inf"} 2010
latency_sum{a="b"} 250131.875
latency_count{a="b"} 2010
)");
}

TEST_CASE("prometheus: names that become one are one series, where they can be",
          "[sink][prometheus]") {
    store metrics;
    metrics.counter("a.b").add(1);
    metrics.counter("a_b").add(2);
    metrics.counter("a_b_total").add(4);
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    CHECK(without_help(page.render()) == "# TYPE a_b_total counter\na_b_total 7\n");
    CHECK(page.losses().conflicts == 0);
    CHECK(page.losses().merged == 2);
    CHECK(page.losses().merged_name == "a_b_total");
    CHECK(page.losses().merged_into == "a_b_total");
}

TEST_CASE("prometheus: a name belongs to one metric, lines of timers too", "[sink][prometheus]") {
    store metrics;
    metrics.counter("hits").add(1);
    metrics.gauge("hits_total").set(2);
    metrics.gauge("latency_sum").set(3);
    metrics.timer("latency").record(4);
    metrics.unique("latency_sum").insert("ann"); // a gauge as well: the first stays
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    CHECK(without_help(page.render()) == "# TYPE hits_total counter\nhits_total 1\n"
                                         "# TYPE latency_sum gauge\nlatency_sum 3\n");
    CHECK(page.losses().conflicts == 3);
}

TEST_CASE("prometheus: beyond the limit series are left out", "[sink][prometheus]") {
    store metrics;
    for (const char* name : {"a", "b", "c"})
        metrics.counter(name).add(1);
    prometheus_page page({.series_max = 2});
    page.add(collect(metrics, 1, 10));
    CHECK(lines_of(without_help(page.render()), "c_total").empty());
    CHECK(page.losses().refused == 1);
}

TEST_CASE("prometheus: a name that has no series leaves nothing behind", "[sink][prometheus]") {
    const auto render = [](prometheus_page& page, auto&& fill) {
        store metrics;
        fill(metrics);
        page.add(collect(metrics, 1, 10));
        return without_help(page.render());
    };
    prometheus_page page({.series_max = 1});
    CHECK(render(page, [](store& into) {
              into.gauge("a").set(1);
              into.gauge("b").set(1); // for which there is no room
          }) == "# TYPE a gauge\na 1\n");
    CHECK(page.losses().refused == 1);
    // Names of gauges that are gone, and that never were, are free for others.
    CHECK(render(page, [](store& into) { into.counter("b").add(2); }) ==
          "# TYPE b_total counter\nb_total 2\n");
    prometheus_page other;
    CHECK(render(other, [](store& into) { into.gauge("x_total").set(1); }) ==
          "# TYPE x_total gauge\nx_total 1\n");
    CHECK(render(other, [](store&) {}).empty());
    CHECK(render(other, [](store& into) { into.counter("x").add(3); }) ==
          "# TYPE x_total counter\nx_total 3\n");
    CHECK(other.losses().conflicts == 0);
    CHECK(other.losses().refused == 0);
}

TEST_CASE("prometheus: of two gauges of one name the later stays, of a gauge and a set the first",
          "[sink][prometheus]") {
    store metrics;
    metrics.gauge("x.y").set(1);
    metrics.gauge("x_y").set(2);
    metrics.gauge("both").set(5);
    REQUIRE(metrics.unique("both").insert("u") == errc::ok);
    prometheus_page page;
    for (int flush = 1; flush <= 2; ++flush) {
        page.add(collect(metrics, flush, 10));
        const auto text = page.render();
        CHECK(lines_of(text, "x_y") == "x_y 2\n");
        CHECK(lines_of(text, "both") == "both 5\n");
    }
    CHECK(page.losses().merged == 2);
    CHECK(page.losses().conflicts == 1); // the set came once
}

TEST_CASE("prometheus: timers and sets of one name are merged exactly", "[sink][prometheus]") {
    store metrics;
    store together;
    for (int i = 0; i < 10; ++i) {
        for (const auto* const name : {"t.a", "t_a", "t-a"}) {
            const double value = 100 * (name[1] - '-') + i;
            metrics.timer(name).record(value);
            together.timer("t.a").record(value);
            const auto member = std::string(name) + std::to_string(i % 7);
            static_cast<void>(metrics.unique(name[1] == '.' ? "u.a" : "u_a").insert(member));
            static_cast<void>(together.unique("u.a").insert(member));
        }
    }
    prometheus_page page;
    prometheus_page right;
    page.add(collect(metrics, 1, 10));
    right.add(collect(together, 1, 10));
    CHECK(page.render() == right.render());
    CHECK(page.losses().merged == 3);
}

TEST_CASE("prometheus: labels that become one have all values, in order", "[sink][prometheus]") {
    store metrics;
    metrics.counter("x;team=a;team=b").add(1);
    metrics.counter("x;team=b").add(2);
    metrics.counter("x;team=a").add(4);
    metrics.counter("y;a-b=1;a.b=2;a_b").add(8);
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    CHECK(lines_of(page.render(), "x_total") == "x_total{team=\"a\"} 4\n"
                                                "x_total{team=\"a,b\"} 1\n"
                                                "x_total{team=\"b\"} 2\n");
    CHECK(lines_of(page.render(), "y_total") == "y_total{a_b=\"1,2,true\"} 8\n");
}

TEST_CASE("prometheus: a counter never falls", "[sink][prometheus]") {
    store metrics;
    prometheus_page page;
    for (const double step : {5, -3, 2}) {
        metrics.counter("n").add(step);
        page.add(collect(metrics, 1, 10));
    }
    CHECK(lines_of(page.render(), "n_total") == "n_total 7\n");
    CHECK(page.losses().fallen == 1);
    CHECK(page.losses().fallen_name == "n");
}

TEST_CASE("prometheus: totals stay numbers", "[sink][prometheus]") {
    store metrics;
    prometheus_page page;
    prometheus_page buckets({.bounds = {1}});
    for (int i = 0; i < 3; ++i) {
        metrics.counter("c").add(1e308);
        metrics.timer("t").record(1e308);
        const auto flushed = collect(metrics, 1, 10);
        page.add(flushed);
        buckets.add(flushed);
    }
    CHECK(lines_of(page.render(), "c_total") == "c_total 1e308\n");
    CHECK(lines_of(page.render(), "t_sum") == "t_sum 1e308\n");
    CHECK(lines_of(page.render(), "t_count") == "t_count 1\n");
    CHECK(page.losses().out_of_range == 4);
    CHECK(page.render().find("Inf") == std::string::npos);
    CHECK(lines_of(buckets.render(), "t_bucket{le=\"+Inf\"}") == "t_bucket{le=\"+Inf\"} 1\n");
}

TEST_CASE("prometheus: counts of timers stay numbers, too", "[sink][prometheus]") {
    prometheus_page page;
    for (int i = 0; i < 3; ++i) {
        store metrics;
        metrics.timer("t").record(1e-10, 1e308);
        page.add(collect(metrics, 1, 10));
    }
    CHECK(lines_of(page.render(), "t_count") == "t_count 1e308\n");
    CHECK(page.losses().out_of_range == 2);
    // What was left out has no quantiles, and those of before are of another interval.
    CHECK(lines_of(page.render(), "t{quantile=\"0.5\"}") == "t{quantile=\"0.5\"} NaN\n");
}

TEST_CASE("prometheus: quantiles and bounds that are one have one line", "[sink][prometheus]") {
    store metrics;
    metrics.timer("t").record(3);
    const auto flushed = collect(metrics, 1, 10);
    prometheus_page summary({.quantiles = {0.5, 0.99, 0.5}});
    summary.add(flushed);
    CHECK(lines_of(summary.render(), "t{") == "t{quantile=\"0.5\"} 3\nt{quantile=\"0.99\"} 3\n");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    prometheus_page classic({.bounds = {1, 5, 5, infinity}});
    classic.add(flushed);
    CHECK(lines_of(classic.render(), "t_bucket") ==
          "t_bucket{le=\"1\"} 0\nt_bucket{le=\"5\"} 1\nt_bucket{le=\"+Inf\"} 1\n");
}

TEST_CASE("prometheus: a timer that is silent has no quantiles, its sum and count stay",
          "[sink][prometheus]") {
    store metrics;
    prometheus_page page;
    metrics.timer("t").record(3000);
    page.add(collect(metrics, 1, 10));
    CHECK(lines_of(page.render(), "t{quantile=\"0.99\"}") == "t{quantile=\"0.99\"} 3000\n");
    page.add(collect(metrics, 2, 10));
    CHECK(lines_of(page.render(), "t{quantile=\"0.99\"}") == "t{quantile=\"0.99\"} NaN\n");
    CHECK(lines_of(page.render(), "t_sum") == "t_sum 3000\n");
    CHECK(lines_of(page.render(), "t_count") == "t_count 1\n");
}

TEST_CASE("prometheus: what nothing comes for leaves, and gives its place back",
          "[sink][prometheus]") {
    store metrics;
    prometheus_page page({.series_max = 4, .ttl_seconds = 25});
    metrics.counter("once").add(1);
    metrics.timer("once.t").record(1);
    metrics.gauge("once.g").set(1);
    metrics.counter("lives").add(1);
    const auto flush = [&] {
        page.add(collect(metrics, 1, 10));
        return page.size();
    };
    CHECK(flush() == 4);
    for (int i = 0; i < 2; ++i) {
        metrics.counter("lives").add(1);
        metrics.counter("new").add(1); // no room yet
        CHECK(flush() == 4);
    }
    CHECK(page.losses().refused == 2);
    metrics.counter("lives").add(1);
    CHECK(flush() == 1);
    CHECK(page.losses().expired == 3);
    metrics.counter("lives").add(1);
    metrics.counter("new").add(1);
    CHECK(flush() == 2); // the gauge is in the store still, and stays away
    CHECK(without_help(page.render()) == "# TYPE lives_total counter\nlives_total 5\n"
                                         "# TYPE new_total counter\nnew_total 1\n");
    metrics.gauge("once.g").set(2);
    metrics.counter("once").add(7);
    CHECK(flush() == 4);
    CHECK(lines_of(page.render(), "once_total") == "once_total 7\n");
    CHECK(lines_of(page.render(), "once_g") == "once_g 2\n");
}

TEST_CASE("prometheus: other quantiles and buckets keep what has been added up",
          "[sink][prometheus]") {
    store metrics;
    prometheus_page page;
    const auto flush = [&] {
        metrics.counter("c").add(1);
        metrics.timer("t").record(10);
        page.add(collect(metrics, 1, 10));
    };
    flush();
    page.change({.quantiles = {0.25, 0.75}});
    CHECK(lines_of(page.render(), "t{") == "t{quantile=\"0.25\"} NaN\nt{quantile=\"0.75\"} NaN\n");
    flush();
    CHECK(lines_of(page.render(), "t") == "t{quantile=\"0.25\"} 10\nt{quantile=\"0.75\"} 10\n"
                                          "t_sum 20\nt_count 2\n");
    page.change({.bounds = {5, 50}}); // of the past nobody knows the counts
    flush();
    CHECK(lines_of(page.render(), "t") ==
          "t_bucket{le=\"5\"} 0\nt_bucket{le=\"50\"} 1\nt_bucket{le=\"+Inf\"} 1\n"
          "t_sum 10\nt_count 1\n");
    CHECK(lines_of(page.render(), "c_total") == "c_total 3\n");
}

namespace {

struct ckms_traits : store_traits {
    using timer = basic_timer<ckms>;
};

} // namespace

TEST_CASE("prometheus: any sketch has a place on it", "[sink][prometheus]") {
    basic_store<ckms_traits> metrics;
    prometheus_page summary;
    prometheus_page classic({.bounds = {10, 50, 1000}});
    summary.collect_native();
    for (int i = 1; i <= 100; ++i)
        metrics.timer("t").record(i);
    const auto flushed = collect(metrics, 1, 10);
    summary.add(flushed);
    classic.add(flushed);
    CHECK(lines_of(summary.render(), "t_count") == "t_count 100\n");
    CHECK(summary.render(prometheus_format::protobuf).size() > 100);
    CHECK(lines_of(classic.render(), "t_bucket{le=\"1000\"}") == "t_bucket{le=\"1000\"} 100\n");
    const auto text = lines_of(classic.render(), "t_bucket{le=\"50\"}");
    CHECK(std::stod(text.substr(text.find('}') + 1)) == Approx(50).margin(3));
}

TEST_CASE("prometheus: what could not be sent counts once when it comes again",
          "[sink][prometheus]") {
    store metrics;
    metrics.counter("hits").add(3);
    const auto flushed = collect(metrics, 1, 10);
    basic_prometheus sink{memory_transport()};
    sink.transport().fail_with(errc::connection_lost);
    CHECK(sink.write(flushed) == errc::connection_lost);
    CHECK(sink.write(flushed) == errc::connection_lost);
    sink.transport().fail_with(errc::ok);
    CHECK(sink.write(flushed) == errc::ok);
    CHECK(without_help(sink.transport().text()) == "# TYPE hits_total counter\nhits_total 3\n");
    CHECK(sink.page().render() == sink.transport().text());
}

TEST_CASE("prometheus: as OpenMetrics a counter is of the metric without its suffix",
          "[sink][prometheus]") {
    quipu::prometheus_page page({.quantiles = {0.5}, .bounds = {}});
    page.add(quipu::test::snapshot_of("hits:3|c|#k:v\nqueue:7|g\nt:2|ms\nusers:ann|s", 1));
    CHECK(without_help(page.render(quipu::prometheus_format::openmetrics)) ==
          "# TYPE hits counter\n"
          "hits_total{k=\"v\"} 3\n"
          "# TYPE queue gauge\n"
          "queue 7\n"
          "# TYPE t summary\n"
          "t{quantile=\"0.5\"} 2\n"
          "t_sum 2\n"
          "t_count 1\n"
          "# TYPE users gauge\n"
          "users 1\n"
          "# EOF\n");
}

TEST_CASE("prometheus: in OpenMetrics no two metrics have one name", "[sink][prometheus]") {
    quipu::prometheus_page page;
    CHECK(without_help(page.render(quipu::prometheus_format::openmetrics)) == "# EOF\n");
    page.add(quipu::test::snapshot_of("both:1|c\nboth:2|g\n_total:4|c", 1));
    CHECK(without_help(page.render(quipu::prometheus_format::openmetrics)) ==
          "# TYPE _total unknown\n"
          "_total 4\n"
          "# TYPE both gauge\n"
          "both 2\n"
          "# TYPE both_total unknown\n"
          "both_total 1\n"
          "# EOF\n");
    CHECK(without_help(page.render()).find("# TYPE both_total counter\n") != std::string::npos);
}

TEST_CASE("prometheus: in OpenMetrics no counter is of the name of a timer's sum",
          "[sink][prometheus]") {
    store metrics;
    metrics.timer("t").record(3);
    metrics.counter("t_sum").add(1);
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    const auto text = page.render(prometheus_format::openmetrics);
    CHECK(lines_of(text, "# TYPE t_sum") == "# TYPE t_sum_total unknown\n");
    CHECK(lines_of(text, "t_sum_total") == "t_sum_total 1\n");
}

TEST_CASE("prometheus: names that are somebody else's are changed", "[sink][prometheus]") {
    store metrics;
    metrics.counter("own.lines").add(3);
    metrics.counter("hits").add(1);
    prometheus_page page({.reserved_prefix = "own_"});
    page.add(collect(metrics, 1, 10));
    CHECK(without_help(page.render()) == "# TYPE hits_total counter\nhits_total 1\n"
                                         "# TYPE statsd_own_lines_total counter\n"
                                         "statsd_own_lines_total 3\n");
    CHECK(page.losses().conflicts == 0);
}

TEST_CASE("prometheus: each metric tells what StatsD calls it", "[sink][prometheus]") {
    store metrics;
    metrics.counter("api.hits;a=b").add(1);
    metrics.gauge("a\\\"b").set(1);
    prometheus_page page;
    page.add(collect(metrics, 1, 10));
    CHECK(page.render() ==
          "# HELP a__b StatsD's a\\\\\"b\n# TYPE a__b gauge\na__b 1\n"
          "# HELP api_hits_total StatsD's api.hits\n# TYPE api_hits_total counter\n"
          "api_hits_total{a=\"b\"} 1\n");
    CHECK(page.render(quipu::prometheus_format::openmetrics, "x 1\n") ==
          "# HELP a__b StatsD's a\\\\\\\"b\n# TYPE a__b gauge\na__b 1\n"
          "# HELP api_hits StatsD's api.hits\n# TYPE api_hits counter\n"
          "api_hits_total{a=\"b\"} 1\nx 1\n# EOF\n");
}

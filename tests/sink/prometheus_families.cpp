#include <quipu/sink/prometheus_families.hpp>

#include "support/catch.hpp"

using namespace quipu;
using detail::prometheus_families;

namespace {

detail::prometheus_series*
find(prometheus_families& in, std::string_view name, prometheus_type type, metric_kind kind) {
    bool first = false;
    const auto suffix = type == prometheus_type::counter ? "_total" : "";
    return in.find(name, suffix, type, kind, 2, first);
}

} // namespace

TEST_CASE("prometheus_families: a name has one kind, and is free when its last series is gone",
          "[sink][prometheus]") {
    prometheus_families all;
    all.begin(0);
    auto* const timer = find(all, "t", prometheus_type::summary, metric_kind::timer);
    REQUIRE(timer != nullptr);
    CHECK(find(all, "t", prometheus_type::summary, metric_kind::timer) == timer);
    CHECK(find(all, "t_sum", prometheus_type::gauge, metric_kind::gauge) == nullptr);
    CHECK(all.losses.conflicts == 1);
    auto* const gauge = find(all, "g", prometheus_type::gauge, metric_kind::gauge);
    REQUIRE(gauge != nullptr);
    CHECK(find(all, "g", prometheus_type::gauge, metric_kind::unique) == nullptr);
    CHECK(find(all, "more", prometheus_type::gauge, metric_kind::gauge) == nullptr);
    CHECK(all.losses.refused == 1);
    all.touch(*timer);
    all.end(10, 5, [](auto&) {});
    CHECK(all.size() == 2);
    all.begin(0);
    CHECK(all.size() == 1); // the gauge comes no more
    int quiet = 0;
    all.end(4, 5, [&](auto&) { ++quiet; });
    CHECK(quiet == 1);
    CHECK(all.size() == 1);
    all.begin(0);
    all.end(4, 5, [](auto&) {});
    CHECK(all.size() == 0);
    CHECK(all.losses.expired == 1);
    CHECK(find(all, "t_sum", prometheus_type::gauge, metric_kind::gauge) != nullptr);
}

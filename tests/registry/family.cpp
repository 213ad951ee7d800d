#include <quipu/registry/family.hpp>

#include <quipu/registry/registry.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace quipu;

namespace {

enum class color { red, green };
enum class size : std::uint8_t { small = 7 };

std::string_view to_string(color one) {
    return one == color::red ? "red" : "green";
}

struct narrow : registry_traits {
    static constexpr std::size_t series_max = 2;
};

std::vector<std::string> names_of(const snapshot& from) {
    std::vector<std::string> names;
    for (const auto& one : from.counters)
        names.emplace_back(one.name);
    return names;
}

static_assert(label_value<std::string_view>);
static_assert(label_value<const char*>);
static_assert(label_value<color>);
static_assert(!label_value<double>);
static_assert(!label_value<std::vector<int>>);

template <class... Keys>
concept two_values = requires(registry& metrics, const Keys&... keys) {
    metrics.counters<int, int>("name", keys...);
};
static_assert(two_values<std::string_view, const char*>);
static_assert(!two_values<std::string_view>);
static_assert(!two_values<std::string_view, int>);

} // namespace

TEST_CASE("family: a set of values is a series", "[registry][family]") {
    registry metrics;
    auto requests = metrics.counters<std::string_view, int>("api.requests", "method", "status");
    requests("get", 200).add(2);
    requests("get", 404).add();
    requests("get", 200).add();
    CHECK(requests("get", 200) == requests(std::string("get"), 200));
    CHECK(requests("get", 200) ==
          metrics.counter("api.requests", {{"status", "200"}, {"method", "get"}}));
    CHECK(metrics.size() == 2);
    const auto flushed = metrics.flush(1, 1);
    CHECK(names_of(flushed) == std::vector<std::string>{"api.requests;method=get;status=200",
                                                        "api.requests;method=get;status=404"});
    CHECK(flushed.counters[0].cell.sum() == 3);
}

TEST_CASE("family: values of every type have a text", "[registry][family]") {
    registry metrics;
    auto many = metrics.counters<bool, color, size, std::int64_t, std::string>(
        "n", "a", "b", "c", "d", "e");
    CHECK(many(true, color::green, size::small, -5, "x;y"));
    CHECK(names_of(metrics.flush(1, 1)) ==
          std::vector<std::string>{"n;a=true;b=green;c=7;d=-5;e=x_y"});
}

TEST_CASE("family: there is one for each kind", "[registry][family]") {
    registry metrics;
    metrics.timers<int>("n", "a")(1).record(2.5);
    metrics.gauges<int>("n", "a")(1).set(3);
    metrics.uniques<int>("n", "a")(1).insert("x");
    const auto flushed = metrics.flush(1, 1);
    REQUIRE(flushed.size() == 3);
    CHECK(flushed.timers[0].name == "n;a=1");
    CHECK(flushed.timers[0].cell.sum() == 2.5);
    CHECK(flushed.gauges[0].cell.value() == 3);
    CHECK(flushed.uniques[0].cell.estimate() == 1);
}

TEST_CASE("family: what was removed is made anew when it is asked for", "[registry][family]") {
    registry metrics;
    auto requests = metrics.counters<int>("requests", "status");
    const auto old = requests(200);
    CHECK(metrics.remove("requests;status=200") == 1);
    CHECK_FALSE(old);
    const auto fresh = requests(200);
    CHECK(fresh);
    CHECK(fresh == requests(200));
    fresh.add();
    old.add(100);
    CHECK(metrics.flush(1, 1).counters[0].cell.sum() == 1);
}

TEST_CASE("family: values that come and go are forgotten", "[registry][family]") {
    registry metrics;
    auto sessions = metrics.counters<int>("sessions", "id");
    const auto kept = sessions(-1);
    for (int i = 0; i < 20'000; ++i) {
        sessions(i).add();
        static_cast<void>(metrics.remove("sessions;id=" + std::to_string(i)));
    }
    CHECK(metrics.size() == 1);
    CHECK(sessions(-1) == kept);
    CHECK(sessions(5));
    CHECK(metrics.size() == 2);
}

TEST_CASE("family: beyond the limit the handle has no series", "[registry][family]") {
    basic_registry<narrow> metrics;
    auto requests = metrics.counters<int>("requests", "status");
    CHECK(requests(1));
    CHECK(requests(2));
    CHECK_FALSE(requests(3));
    CHECK_FALSE(requests(3));
    requests(3).add();
    CHECK(requests(1));
    CHECK(metrics.refused(errc::series_limit) == 3);
    CHECK(metrics.remove("requests;status=1") == 1);
    CHECK(requests(3));
}

TEST_CASE("family: threads may share one", "[registry][family][stress]") {
    registry metrics;
    auto requests = metrics.counters<std::string_view, unsigned>("requests", "method", "status");
    std::vector<std::thread> threads;
    for (int t = 0; t < 12; ++t) {
        threads.emplace_back([&] {
            for (unsigned i = 0; i < 5000; ++i)
                requests(i % 2 == 0 ? "get" : "put", i % 100).add();
        });
    }
    for (auto& one : threads)
        one.join();
    CHECK(metrics.size() == 100);
    double sum = 0;
    for (const auto& one : metrics.flush(1, 1).counters)
        sum += one.cell.sum();
    CHECK(sum == 60'000);
}

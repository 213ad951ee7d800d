#include <quipu/wire/sample.hpp>

#include "support/catch.hpp"

#include <initializer_list>
#include <limits>
#include <string_view>
#include <type_traits>

using namespace quipu;

TEST_CASE("sample: stands for one event unless its rate says more", "[wire][sample]") {
    STATIC_REQUIRE(sample{}.weight() == 1);
    STATIC_REQUIRE(sample{.rate = 0.1}.weight() == 10);
    STATIC_REQUIRE(sample{.rate = 2}.weight() == 0.5);
}

TEST_CASE("sample: the smallest rate weighs less than infinitely much", "[wire][sample]") {
    STATIC_REQUIRE(sample{.rate = rate_min}.weight() <= std::numeric_limits<double>::max());
    const double tiny = std::numeric_limits<double>::denorm_min();
    CHECK(sample{.rate = tiny}.weight() > std::numeric_limits<double>::max());
}

TEST_CASE("sample: has no time unless it is given one", "[wire][sample]") {
    STATIC_REQUIRE(sample{}.timestamp == no_timestamp);
    STATIC_REQUIRE(no_timestamp < 0); // no line can say it
}

TEST_CASE("sample: is equal where all of it is", "[wire][sample]") {
    constexpr sample one{.series = {metric_kind::gauge, "a", "b"},
                         .value = 1,
                         .rate = 0.5,
                         .member = "m",
                         .timestamp = 7,
                         .relative = true,
                         .integral = true};
    const auto differs = [&](auto change) {
        sample other = one;
        change(other);
        return other != one;
    };
    CHECK_FALSE(differs([](sample&) {}));
    CHECK(differs([](sample& other) { other.series.name = "x"; }));
    CHECK(differs([](sample& other) { other.value = 2; }));
    CHECK(differs([](sample& other) { other.rate = 1; }));
    CHECK(differs([](sample& other) { other.member = ""; }));
    CHECK(differs([](sample& other) { other.timestamp = no_timestamp; }));
    CHECK(differs([](sample& other) { other.relative = false; }));
    CHECK(differs([](sample& other) { other.integral = false; }));
    CHECK(differs([](sample& other) { other.timer = timer_type::h; }));
    CHECK(differs([](sample& other) { other.origin.add("c:1"); }));
    CHECK_FALSE(differs([](sample& other) { other.origin.add("c:"); }));
    STATIC_REQUIRE(std::is_trivially_copyable_v<sample>);
}

TEST_CASE("sample: an origin is read from fields of one line", "[wire][sample]") {
    constexpr std::string_view line = "a:1|c|card:low|#x|c:1|e:2";
    constexpr auto told = [](std::initializer_list<std::string_view> fields) {
        sample_origin origin;
        for (const auto field : fields) {
            origin.add(field);
        }
        return origin;
    };
    constexpr auto cardinality = line.substr(6, 8);
    constexpr auto container = line.substr(18, 3);
    STATIC_REQUIRE(sample_origin{}.empty());
    STATIC_REQUIRE(told({cardinality}).cardinality() == "low");
    STATIC_REQUIRE(told({cardinality}).container().empty());
    STATIC_REQUIRE(told({cardinality, container}).container() == "1");
    STATIC_REQUIRE(told({cardinality, container}).cardinality() == "low");
    STATIC_REQUIRE(told({cardinality, container}).external_data().empty());
    STATIC_REQUIRE(told({container}) == told({"c:1"}));
    STATIC_REQUIRE(told({container}) != told({"c:2"}));
}

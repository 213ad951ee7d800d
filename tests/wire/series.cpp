#include <quipu/wire/series.hpp>

#include "support/catch.hpp"

#include <set>
#include <string_view>
#include <type_traits>

using namespace quipu;

TEST_CASE("series: each kind has its own word", "[wire][series]") {
    STATIC_REQUIRE(to_string(metric_kind::counter) == "counter");
    STATIC_REQUIRE(to_string(metric_kind::timer) == "timer");
    STATIC_REQUIRE(to_string(metric_kind::gauge) == "gauge");
    STATIC_REQUIRE(to_string(metric_kind::unique) == "set");
    STATIC_REQUIRE(to_string(metric_kind::keyvalue) == "key/value");

    std::set<std::string_view> words;
    for (std::size_t i = 0; i < metric_kind_count; ++i) {
        words.insert(to_string(static_cast<metric_kind>(i)));
    }
    CHECK(words.size() == metric_kind_count);
}

TEST_CASE("series: is equal where kind, name and tags are", "[wire][series]") {
    constexpr series one{metric_kind::timer, "a", "b:c"};
    STATIC_REQUIRE(one == series{metric_kind::timer, "a", "b:c"});
    STATIC_REQUIRE(one != series{metric_kind::counter, "a", "b:c"});
    STATIC_REQUIRE(one != series{metric_kind::timer, "A", "b:c"});
    STATIC_REQUIRE(one != series{metric_kind::timer, "a", ""});
    STATIC_REQUIRE(series{} == series{metric_kind::counter, "", ""});
    STATIC_REQUIRE(std::is_trivially_copyable_v<series>);
}

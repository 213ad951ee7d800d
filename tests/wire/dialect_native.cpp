#include <quipu/wire/dialect_native.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <string>

using namespace quipu;
using namespace parsed;

namespace {

struct roomy : dialect::quipu {
    static constexpr std::size_t line_bytes_max = std::size_t{1} << 16;
};

struct handful : dialect::quipu {
    static constexpr std::size_t values_max = 3;
};

constexpr expectation handfuls[] = {
    {"a:1:2:3|ms", {{timer("a", 1), timer("a", 2), timer("a", 3)}}},
    {"a:1:2:3:4|ms", {{}, {{errc::too_many_values, 2}}}},
    {"a:1|c:2|c:3|c", {{counter("a", 1), counter("a", 2), counter("a", 3)}}},
    {"a:1|c:2|c:3|c:4|c:5|c",
     {{counter("a", 1), counter("a", 2), counter("a", 3)},
      {{errc::too_many_values, 14}, {errc::too_many_values, 18}}}},
    {"a:1:2|c:3:4|c", {{counter("a", 1), counter("a", 2)}, {{errc::too_many_values, 8}}}},
    {"a:b:c:d:e|s", {{set_member("a", "b:c:d:e")}}}, // one value
};
static_assert(first_wrong<handful>(handfuls) == "none");

constexpr bool names_its_own_types() {
    for (const auto kind : {metric_kind::counter,
                            metric_kind::timer,
                            metric_kind::gauge,
                            metric_kind::unique,
                            metric_kind::keyvalue}) {
        sample one;
        one.series.kind = kind;
        if (*dialect::quipu::kind(dialect::quipu::type_of(one)) != kind) {
            return false;
        }
    }
    return true;
}
static_assert(names_its_own_types());

} // namespace

TEST_CASE("dialect: a line has as many values as the bound, and no more",
          "[wire][dialect_native]") {
    check<handful>(handfuls);

    std::string line = "a";
    for (std::size_t i = 0; i < roomy::values_max; ++i) {
        line += ":1";
    }
    std::size_t samples = 0;
    errc refused = errc::ok;
    const auto count = [&](const sample&) { ++samples; };
    const auto note = [&](refusal why) { refused = why.error; };
    parse_line<roomy>(line + "|c", count, note);
    CHECK(samples == roomy::values_max);
    CHECK(refused == errc::ok);
    parse_line<roomy>(line + ":1|c", count, note);
    CHECK(samples == roomy::values_max);
    CHECK(refused == errc::too_many_values);
}

TEST_CASE("dialect: no line of the usual length has too many values", "[wire][dialect_native]") {
    std::string line = "a";
    while (line.size() + 4 <= dialect::quipu::line_bytes_max) {
        line += ":1";
    }
    std::size_t refused = 0;
    parse_line(
        line + "|c", [](const sample&) {}, [&](refusal) { ++refused; });
    CHECK(refused == 0);
}

TEST_CASE("dialect: a tag list is as long as its bound, and no longer", "[wire][dialect_native]") {
    const std::string longest(dialect::quipu::tag_bytes_max, 't');
    REQUIRE(parse("a:1|c|#" + longest));
    CHECK(parse("a:1|c|#" + longest)->series.tags == longest);
    CHECK(read<dialect::quipu>("a:1|c|#" + longest + 't') ==
          outcome({}, {{errc::tags_too_long, 7}}));
    // Those that hold for all samples of a line, too.
    CHECK(read<dialect::quipu>("a:1|c:2|c|#" + longest).accepted == 2);
    CHECK(read<dialect::quipu>("a:1|c:2|c|#" + longest + 't') ==
          outcome({}, {{errc::tags_too_long, 11}, {errc::tags_too_long, 11}}));
}

TEST_CASE("dialect: every type has its text", "[wire][dialect_native]") {
    CHECK(names_its_own_types());
}

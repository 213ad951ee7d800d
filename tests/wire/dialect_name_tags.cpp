#include <quipu/wire/dialect_name_tags.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

// The name of a sample keeps its tags: its canonical text has them apart.
constexpr expectation influx[] = {
    {"a,b=c,d=e:1|c", {{counter("a,b=c,d=e", 1)}}},
    {"a,b=c:1|c|@0.5", {{counter("a,b=c", 1).sampled(0.5)}}},
    {"a:1|c|#b:c", {{counter("a", 1).tagged("b:c")}}},
    {"a#b=c[d]:1|c|#b:c", {{counter("a#b=c[d]", 1).tagged("b:c")}}},
    {"a,b=c:1|c|#", {{counter("a,b=c", 1)}}},
    {"a,b=c:1|c|#d:e", {{}, {{errc::mixed_tags, 11}}}},
    {"a,b=c:1|c|@0.5|#d:e", {{}, {{errc::mixed_tags, 16}}}},
    {"a,:1|c|#d:e", {{}, {{errc::mixed_tags, 8}}}},
    {"a,b=c:1|c:2|c|#d:e", {{}, {{errc::mixed_tags, 15}, {errc::mixed_tags, 15}}}},
};
static_assert(first_wrong<dialect::influx>(influx) == "none");

constexpr expectation librato[] = {
    {"a#b=c,d=e:1|c", {{counter("a#b=c,d=e", 1)}}},
    {"a,b=c:1|c|#b:c", {{counter("a,b=c", 1).tagged("b:c")}}},
    {"a#b=c:1|c|#d:e", {{}, {{errc::mixed_tags, 11}}}},
};
static_assert(first_wrong<dialect::librato>(librato) == "none");

constexpr expectation signalfx[] = {
    {"n[b=c,d=e]m:1|c", {{counter("n[b=c,d=e]m", 1)}}},
    {"n[b=c:1|c|#b:c", {{counter("n[b=c", 1).tagged("b:c")}}},
    {"n[b=c]:1|c|#d:e", {{}, {{errc::mixed_tags, 12}}}},
};
static_assert(first_wrong<dialect::signalfx>(signalfx) == "none");

} // namespace

TEST_CASE("influx: tags stand in the name or after the type", "[wire][dialect_name_tags]") {
    check<dialect::influx>(influx);
}

TEST_CASE("librato: tags stand in the name or after the type", "[wire][dialect_name_tags]") {
    check<dialect::librato>(librato);
}

TEST_CASE("signalfx: tags stand in the name or after the type", "[wire][dialect_name_tags]") {
    check<dialect::signalfx>(signalfx);
}

TEST_CASE("quipu: tags stand in the name and after the type", "[wire][dialect_name_tags]") {
    STATIC_REQUIRE(parse("a;b=c:1|c|#d:e")->series.tags == "d:e");
}

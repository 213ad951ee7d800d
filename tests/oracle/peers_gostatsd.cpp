// What gostatsd's own tests ask of its lexer, asked of the native and the DogStatsD dialect. Events
// are not here.
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

// The same in both dialects.
constexpr expectation common[] = {
    {"web.page.hits:2|c", {{counter("web.page.hits", 2)}}},
    {"web.load:3|g", {{gauge("web.load", 3)}}},
    {"web.wait:10|ms", {{timer("web.wait", 10)}}},
    {"webPageHits:2|c", {{counter("webPageHits", 2)}}},
    {"rated:5|c|@0.1", {{counter("rated", 5).sampled(0.1)}}},
    {"rated:5|c|@0.1|#env:qa,slow", {{counter("rated", 5).sampled(0.1).tagged("env:qa,slow")}}},
    {"tagged:5|c|#env:qa,slow", {{counter("tagged", 5).tagged("env:qa,slow")}}},
    {"tagged:5|c|#Env:QA,slow", {{counter("tagged", 5).tagged("Env:QA,slow")}}},
    {"tagged:1|g|#e_nv:q-a", {{gauge("tagged", 1).tagged("e_nv:q-a")}}},
    {"users:ann|s", {{set_member("users", "ann")}}},
    {"us3rs:ann|s|#some:42", {{set_member("us3rs", "ann").tagged("some:42")}}},
    {"us-ers:1|s", {{set_member("us-ers", "1")}}},
    {"us_ers:1|s", {{set_member("us_ers", "1")}}},
    // gostatsd maps these to "a_b", "a-b" and "ab"; here a name is what was sent.
    {"a b:1|g", {{gauge("a b", 1)}}},
    {"a/b:1|g", {{gauge("a/b", 1)}}},
    {"a,b$:1|g", {{gauge("a,b$", 1)}}},
    // Lists with nothing in them; the canonical text leaves empty tags out.
    {"a:1|g|#f,,", {{gauge("a", 1).tagged("f,,")}}},
    {"a:1|g|#,,f", {{gauge("a", 1).tagged(",,f")}}},
    {"a:1|g|#f,,z", {{gauge("a", 1).tagged("f,,z")}}},
    {"a:1|g|#", {{gauge("a", 1)}}},
    {"a:1|g|#,", {{gauge("a", 1).tagged(",")}}},
    // Unknown fields anywhere.
    {"a:1|g|x:", {{gauge("a", 1)}}},
    {"a:1|g|x:#,,", {{gauge("a", 1)}}},
    {"a:1|g||#f", {{gauge("a", 1).tagged("f")}}},
    {"a:1|g|#f||@0.5", {{gauge("a", 1).tagged("f").sampled(0.5)}}},
    {"a:1|g|#f|x:|@0.5|", {{gauge("a", 1).tagged("f").sampled(0.5)}}},
    // Several values of one type.
    {"a:1:2:3|c", {{counter("a", 1), counter("a", 2), counter("a", 3)}}},
    {"a:1:2|ms|@0.5|#f",
     {{timer("a", 1).sampled(0.5).tagged("f"), timer("a", 2).sampled(0.5).tagged("f")}}},
    {"a:x:y|s", {{set_member("a", "x:y")}}},
    {"a|b:cd", {{}, {{errc::bad_name, 0}}}},
    {"a:1|q", {{}, {{errc::unknown_type, 4}}}},
    {"a:NaN|g", {{}, {{errc::bad_number, 2}}}},
    {"a:1|g|@", {{}, {{errc::bad_rate, 6}}}},
    {":1|c", {{}, {{errc::empty_name, 0}}}},
    {"a:1", {{}, {{errc::missing_type, 2}}}},
};
static_assert(first_wrong<dialect::quipu>(common) == "none");
static_assert(first_wrong<dialect::dogstatsd>(common) == "none");

constexpr expectation native[] = {
    {"web.wait:10|h", {{timer("web.wait", 10)}}},
    {"web.wait:10|h|#foo|c:xyz", {{timer("web.wait", 10).tagged("foo")}}},
    {"a:2|c|c:xyz", {{counter("a", 2)}}},
    {"a:2|c|@0.1|#f:g,h|c:xyz", {{counter("a", 2).sampled(0.1).tagged("f:g,h")}}},
    {"a:2|c|c:xyz|#f:g|@0.1", {{counter("a", 2).sampled(0.1).tagged("f:g")}}},
    {"a:1|g|#,,|c::,#@", {{gauge("a", 1).tagged(",,")}}},
    {"a:1|c|c", {{counter("a", 1)}}}, // there it has to have a colon
};
static_assert(first_wrong<dialect::quipu>(native) == "none");

constexpr expectation packed_empty[] = {
    {"a:1::2|c", {{counter("a", 1), counter("a", 2)}}},
    {"a::1:|ms", {{timer("a", 1)}}},
    {"a:::|ms", {{}, {{errc::bad_number, 2}}}},
    {"a:1|g|#|c:xyz|:", {{gauge("a", 1).from("c:xyz")}}},
    {"a:1|g|:|#|c:xyz", {{gauge("a", 1).from("c:xyz")}}},
    {"a:1|g|c:xyz|#f:g|@0.1", {{gauge("a", 1).sampled(0.1).tagged("f:g").from("c:xyz")}}},
    {"a:1|g|#,,|c::,#@", {{gauge("a", 1).tagged(",,").from("c::,#@")}}},
};
static_assert(first_wrong<dialect::dogstatsd>(packed_empty) == "none");

} // namespace

TEST_CASE("peers: the lines of gostatsd's lexer", "[oracle][gostatsd]") {
    check<dialect::quipu>(common);
    check<dialect::quipu>(native);
    check<dialect::dogstatsd>(common);
    check<dialect::dogstatsd>(packed_empty);
}

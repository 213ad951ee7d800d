// What the tests of Datadog's agent ask of its parser, asked of the DogStatsD dialect.
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

constexpr auto histogram = timer_type::h;
constexpr auto distribution = timer_type::d;

constexpr expectation lines[] = {
    {"node:555|g", {{gauge("node", 555)}}},
    {"node:555:444|g", {{gauge("node", 555), gauge("node", 444)}}},
    {"node:12|c", {{counter("node", 12)}}},
    {"node:12:13|c", {{counter("node", 12), counter("node", 13)}}},
    {"node:1|c|#proto:udp,load", {{counter("node", 1).tagged("proto:udp,load")}}},
    {"node:12|h", {{timer("node", 12).called(histogram)}}},
    {"node:12:13|h", {{timer("node", 12).called(histogram), timer("node", 13).called(histogram)}}},
    {"node:12|ms", {{timer("node", 12)}}},
    {"node:12:13|ms", {{timer("node", 12), timer("node", 13)}}},
    {"node:xyz|s", {{set_member("node", "xyz")}}},
    {"node:xyz:uvw|s", {{set_member("node", "xyz:uvw")}}},
    {"node:\xe2\x99\xac\xe2\x80\xa0|s", {{set_member("node", "\xe2\x99\xac\xe2\x80\xa0")}}},
    {"node:2.5|d", {{timer("node", 2.5).fractional().called(distribution)}}},
    {"node:2.5:4|d",
     {{timer("node", 2.5).fractional().called(distribution),
       timer("node", 4).called(distribution)}}},
    {"node:5|g|#t:v,u:w", {{gauge("node", 5).tagged("t:v,u:w")}}},
    {"node:5|g|@0.21", {{gauge("node", 5).sampled(0.21)}}},
    {"node:5|g|#", {{gauge("node", 5)}}},
    {"\xe2\x99\xac\xc3\xb8:5|g|#cl\xc3\xa9:\xc2\xb5",
     {{gauge("\xe2\x99\xac\xc3\xb8", 5).tagged("cl\xc3\xa9:\xc2\xb5")}}},
    {"node:5|g|m:unknown", {{gauge("node", 5)}}},
    // The time in every place.
    {"node:5|g|#t|T1700000000", {{gauge("node", 5).tagged("t").timed(1700000000)}}},
    {"node:5|g|#|T1700000000", {{gauge("node", 5).timed(1700000000)}}},
    {"node:5|g|@0.21|T17", {{gauge("node", 5).sampled(0.21).timed(17)}}},
    {"node:5|g|#t|@0.21|T17", {{gauge("node", 5).tagged("t").sampled(0.21).timed(17)}}},
    {"node:5|g|#t|T17|@0.21", {{gauge("node", 5).tagged("t").sampled(0.21).timed(17)}}},
    {"node:5|g|@0.21|T17|#t", {{gauge("node", 5).tagged("t").sampled(0.21).timed(17)}}},
    {"node:5|g|T17|@0.25|#t", {{gauge("node", 5).tagged("t").sampled(0.25).timed(17)}}},
    {"node:5|g|T17|#t|@0.25", {{gauge("node", 5).tagged("t").sampled(0.25).timed(17)}}},
    // Many fields, of which some are of the future.
    {"node:2.5|d|@1.000000|#env:qa|c:2a25f7",
     {{timer("node", 2.5).fractional().called(distribution).tagged("env:qa").from("c:2a25f7")}}},
    {"node:2.5|d|T17|@1.000000|#env:qa|c:2a25f7|f:new|f2:newer",
     {{timer("node", 2.5)
           .fractional()
           .called(distribution)
           .tagged("env:qa")
           .timed(17)
           .from("c:2a25f7")}}},
    {"node:5|g|c:12af", {{gauge("node", 5).from("c:12af")}}},
    {"node:5|g|e:it-false,cn-web|card:none",
     {{gauge("node", 5).from("e:it-false,cn-web|card:none")}}},
};
static_assert(first_wrong<dialect::dogstatsd>(lines) == "none");

constexpr expectation refused[] = {
    {"node:5", {{}, {{errc::missing_type, 5}}}},
    {"node:5|", {{}, {{errc::unknown_type, 7}}}},
    {"node:|g", {{}, {{errc::bad_number, 5}}}},
    {":5|g", {{}, {{errc::empty_name, 0}}}},
    {"node5|g", {{}, {{errc::missing_value, 0}}}},
    {"node:xyz|g", {{}, {{errc::bad_number, 5}}}},
    {"node:5|sometype", {{}, {{errc::unknown_type, 7}}}},
    {"node:5|g|@xyz", {{}, {{errc::bad_rate, 9}}}},
    {"node:5|g|#t|Txyz", {{}, {{errc::bad_timestamp, 12}}}},
    {"node:5|g|#t|T", {{}, {{errc::bad_timestamp, 12}}}},
    {"node:5|g|#t|T-102", {{}, {{errc::bad_timestamp, 12}}}},
    {"node:5|g|#t|T0", {{}, {{errc::bad_timestamp, 12}}}},
    {"node:CgQIARAC|S", {{}, {{errc::unknown_type, 14}}}}, // a whole sketch, which has no samples
};
static_assert(first_wrong<dialect::dogstatsd>(refused) == "none");

} // namespace

TEST_CASE("peers: the lines that Datadog's agent accepts", "[oracle][datadog]") {
    check<dialect::dogstatsd>(lines);
}

TEST_CASE("peers: the lines that Datadog's agent refuses", "[oracle][datadog]") {
    check<dialect::dogstatsd>(refused);
}

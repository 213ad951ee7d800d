// What brubeck's own tests ask of a parser, asked of the native dialect.
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

constexpr expectation accepted[] = {
    {"login.keys.sha1:1|c", {{counter("login.keys.sha1", 1)}}},
    {"login.keys.sha1:1|c|@0.1", {{counter("login.keys.sha1", 1).sampled(0.1)}}},
    {"login.keys.sha1:1|g", {{gauge("login.keys.sha1", 1)}}},
    {"t:1|ms", {{timer("t", 1)}}},
    {"t:0012|h", {{timer("t", 12)}}},
    {"t:17.17|g", {{gauge("t", 17.17).fractional()}}},
    {"t:0.450450|g", {{gauge("t", 0.45045).fractional()}}},
    {"t:7654321.98|g", {{gauge("t", 7654321.98).fractional()}}},
    {"t:7654321.98|g|@0.025", {{gauge("t", 7654321.98).fractional().sampled(0.025)}}},
    {"t:7654321.98|g|@0.25", {{gauge("t", 7654321.98).fractional().sampled(0.25)}}},
    {"t:7654321.98|g|@0.01", {{gauge("t", 7654321.98).fractional().sampled(0.01)}}},
    {"t:5|g|@000.0100", {{gauge("t", 5).sampled(0.01)}}},
    {"t:5|g|@1.0", {{gauge("t", 5)}}},
    {"t:5|g|@1", {{gauge("t", 5)}}},
    {"t:5|g|@1.", {{gauge("t", 5)}}},
    {"up:+1|g", {{gauge("up", 1).changing()}}},
    {"down:-1|g", {{gauge("down", -1).changing()}}},
    {"down:-0.5|g", {{gauge("down", -0.5).fractional().changing()}}},
    {"hits:+1|c", {{counter("hits", 1)}}},
    {"hits:-1|c", {{counter("hits", -1)}}},
    // A tag or a name with a blank or a point at its end, which brubeck refuses.
    {"two words:1|c", {{counter("two words", 1)}}},
    {"point.:1|c", {{counter("point.", 1)}}},
};
static_assert(first_wrong<dialect::quipu>(accepted) == "none");

constexpr expectation refused[] = {
    {"t:17.17.17|g", {{}, {{errc::bad_number, 2}}}},
    {"t:17.17|a", {{}, {{errc::unknown_type, 8}}}},
    {"t:17.17|msdos", {{}, {{errc::unknown_type, 8}}}},
    {"t:17.17g|", {{}, {{errc::unknown_type, 9}}}},
    {"t:17.17g", {{}, {{errc::missing_type, 2}}}},
    {"t:17.17", {{}, {{errc::missing_type, 2}}}},
    {"t:17.17|", {{}, {{errc::unknown_type, 8}}}},
    {"t:17.17 |g", {{}, {{errc::bad_number, 2}}}},
    {"t|g", {{}, {{errc::missing_value, 0}}}},
    {"t", {{}, {{errc::missing_value, 0}}}},
    {"", {{}, {{errc::missing_value, 0}}}},
    {"t:5|g|1.0", {{}, {{errc::unknown_field, 6}}}},
    {"t:5|g|0.1", {{}, {{errc::unknown_field, 6}}}},
    {"t:5|g|@0.1.1", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|0.1@", {{}, {{errc::unknown_field, 6}}}},
    {"t:5|g|@0.1@", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@1.23", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@3.0", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@-3.0", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@-1.0", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@-0.23", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@0.0", {{}, {{errc::bad_rate, 6}}}},
    {"t:5|g|@0", {{}, {{errc::bad_rate, 6}}}},
    // brubeck takes an empty value for 0, and has a counter that never falls, `C`.
    {"t:|g", {{}, {{errc::bad_number, 2}}}},
    {"t:199812|C", {{}, {{errc::unknown_type, 9}}}},
};
static_assert(first_wrong<dialect::quipu>(refused) == "none");

} // namespace

TEST_CASE("peers: the lines that brubeck accepts", "[oracle][brubeck]") {
    check<dialect::quipu>(accepted);
}

TEST_CASE("peers: the lines that brubeck refuses", "[oracle][brubeck]") {
    check<dialect::quipu>(refused);
}

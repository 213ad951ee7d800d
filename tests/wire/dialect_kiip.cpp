#include <quipu/wire/dialect_kiip.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

// The Python statsite: one anchored expression for each line.
constexpr expectation kiip_lines[] = {
    {"a:42|c", {{counter("a", 42)}}},
    {"Az09-_.:1|c", {{counter("Az09-_.", 1)}}},
    {"a:-1|c", {{counter("a", -1)}}},
    {"a:42.0|c", {{counter("a", 42).fractional()}}},
    {"a:.5|ms", {{timer("a", 0.5).fractional()}}},
    {"a:5.|ms", {{timer("a", 5).fractional()}}},
    {"a:1|kv", {{keyvalue("a", 1)}}},
    // A flag is a counter's rate, which scales up here; a time; and nothing to a timer.
    {"a:1|c|@0.1", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|c|@2", {{counter("a", 1).sampled(2)}}},
    {"a:1|c|@0", {{counter("a", 1)}}},
    {"a:1|ms|@0.1", {{timer("a", 1)}}},
    {"__proto__:1|ms", {{timer("__proto__", 1)}}},
    {"a:1|kv|@1000000000", {{keyvalue("a", 1).timed(1000000000)}}},
    {"a:1|kv|@12.75", {{keyvalue("a", 1).timed(12)}}},
    {"a:1|kv|@0", {{keyvalue("a", 1).timed(0)}}},
};
static_assert(first_wrong<dialect::kiip>(kiip_lines) == "none");

constexpr expectation kiip_refused[] = {
    {"", {{}, {{errc::missing_value, 0}}}},
    {"a", {{}, {{errc::missing_value, 0}}}},
    {":1|c", {{}, {{errc::empty_name, 0}}}},
    {"a b:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a/b:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a;b=c:1|c", {{}, {{errc::bad_name, 0}}}},
    {"\xc3\xa9:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a:1", {{}, {{errc::missing_type, 2}}}},
    {"a:|c", {{}, {{errc::bad_number, 2}}}},
    {"a:-|c", {{}, {{errc::bad_number, 2}}}},
    {"a:.|c", {{}, {{errc::bad_number, 2}}}},
    {"a:+1|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1e3|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1.2.3|c", {{}, {{errc::bad_number, 2}}}},
    {"a: 1|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1:2|c", {{}, {{errc::bad_number, 2}}}},
    {"a:NaN|c", {{}, {{errc::bad_number, 2}}}},
    {"a:0x10|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1|", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|g", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|s", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|h", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|C", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c\r", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c:2|c", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c|", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|#x:y", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|T1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|@0.1|@0.1", {{}, {{errc::unknown_field, 11}}}},
    {"a:1|c|@", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@.", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@-1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@1e-1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|ms|@x", {{}, {{errc::bad_rate, 7}}}},
    {"a:1|c|@Infinity", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@ 0.1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@+1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|kv|@-1", {{}, {{errc::bad_timestamp, 7}}}},
    {"a:1|kv|@9999999999999999999", {{}, {{errc::bad_timestamp, 7}}}},
    {"a:1|c|@0x10", {{}, {{errc::bad_rate, 6}}}},
    {"a:inf|g", {{}, {{errc::unknown_type, 6}}}},
    {"a:inf|ms", {{}, {{errc::bad_number, 2}}}},
    {"a:1e400|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1abc|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1|c|#x:y|@0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|g|T0", {{}, {{errc::unknown_type, 4}}}},
    {"_e{4294967295,4294967295}:a|b", {{}, {{errc::bad_name, 0}}}},
};
static_assert(first_wrong<dialect::kiip>(kiip_refused) == "none");

} // namespace

TEST_CASE("kiip: reads what its expression matches", "[wire][dialect_kiip]") {
    check<dialect::kiip>(kiip_lines);
}

TEST_CASE("kiip: refuses what its expression does not match", "[wire][dialect_kiip]") {
    check<dialect::kiip>(kiip_refused);
}

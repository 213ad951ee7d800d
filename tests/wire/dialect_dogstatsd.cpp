#include <quipu/wire/dialect_dogstatsd.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

using dogstatsd = dialect::dogstatsd;

constexpr expectation types[] = {
    {"a:21|c", {{counter("a", 21)}}},
    {"a:666|g", {{gauge("a", 666)}}},
    {"a:21|ms", {{timer("a", 21)}}},
    {"a:21|h", {{timer("a", 21).called(timer_type::h)}}},
    {"a:3.5|d", {{timer("a", 3.5).fractional().called(timer_type::d)}}},
    {"a:abc|s", {{set_member("a", "abc")}}},
    // A sign changes nothing.
    {"a:+5|g", {{gauge("a", 5)}}},
    {"a:-5|g", {{gauge("a", -5)}}},
    {"a:1|kv", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|unknown", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|C", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c ", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c:2|c", {{}, {{errc::unknown_type, 4}}}},
    {"a:666|", {{}, {{errc::unknown_type, 6}}}},
    {"a:666", {{}, {{errc::missing_type, 2}}}},
    {"a666|g", {{}, {{errc::missing_value, 0}}}},
    {"a:|g", {{}, {{errc::bad_number, 2}}}},
    {"a:|s", {{}, {{errc::empty_member, 2}}}},
    {"a:abc|g", {{}, {{errc::bad_number, 2}}}},
    {"a:0x10|g", {{}, {{errc::bad_number, 2}}}},
    {"a:1e400|g", {{}, {{errc::number_out_of_range, 2}}}},
};
static_assert(first_wrong<dogstatsd>(types) == "none");

constexpr expectation packed[] = {
    {"a:666:777|g", {{gauge("a", 666), gauge("a", 777)}}},
    {"a:666:777|c", {{counter("a", 666), counter("a", 777)}}},
    {"a:21:22|ms", {{timer("a", 21), timer("a", 22)}}},
    {"a:21:22|h", {{timer("a", 21).called(timer_type::h), timer("a", 22).called(timer_type::h)}}},
    {"a:3.5:4|d|@0.5|#x",
     {{timer("a", 3.5).fractional().called(timer_type::d).sampled(0.5).tagged("x"),
       timer("a", 4).called(timer_type::d).sampled(0.5).tagged("x")}}},
    {"a:abc:def|s", {{set_member("a", "abc:def")}}},
    {"a::|s", {{set_member("a", ":")}}},
    // Empty items do not count, but there has to be one that does.
    {"a::1:|c", {{counter("a", 1)}}},
    {"a:1::2|c", {{counter("a", 1), counter("a", 2)}}},
    {"a::|c", {{}, {{errc::bad_number, 2}}}},
    // All of a message, or nothing.
    {"a:1:x:2|c", {{}, {{errc::bad_number, 4}}}},
    {"z:1:2:3x|d", {{}, {{errc::bad_number, 6}}}},
    {"http://x/z:1|c", {{}, {{errc::bad_number, 5}}}},
    {"a:1:2|c|@2", {{}, {{errc::bad_rate, 8}}}},
};
static_assert(first_wrong<dogstatsd>(packed) == "none");

constexpr expectation fields[] = {
    {"a:1|g|@0.21", {{gauge("a", 1).sampled(0.21)}}},
    {"a:1|g|#x:y,z", {{gauge("a", 1).tagged("x:y,z")}}},
    {"a:1|g|#", {{gauge("a", 1)}}},
    {"a:1|g|#x|T5", {{gauge("a", 1).tagged("x").timed(5)}}},
    {"a:1|g|#|T5", {{gauge("a", 1).timed(5)}}},
    {"a:1|g|@0.5|T5|#x", {{gauge("a", 1).tagged("x").timed(5).sampled(0.5)}}},
    {"a:1|g|T5|@0.5|#x", {{gauge("a", 1).tagged("x").timed(5).sampled(0.5)}}},
    {"a:1|g|#x|T5|@0.5", {{gauge("a", 1).tagged("x").timed(5).sampled(0.5)}}},
    // Whatever is unknown does not count, with colons or without.
    {"a:1|g|m:test", {{gauge("a", 1)}}},
    {"a:1|g||:|x|!y|0.5|", {{gauge("a", 1)}}},
    {"a:1|g|#x|c", {{gauge("a", 1).tagged("x")}}},
    {"a:1|g|@", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|g|@abc", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|g|@2", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|g|@0", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|g|T0", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|g|T-5", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|g|Tnow", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|g|T5.5", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|g|T", {{}, {{errc::bad_timestamp, 6}}}},
};
static_assert(first_wrong<dogstatsd>(fields) == "none");

constexpr expectation names[] = {
    {"\xe2\x99\xac\xc3\xb8:1|g|#intitul\xc3\xa9:\xc2\xb5",
     {{gauge("\xe2\x99\xac\xc3\xb8", 1).tagged("intitul\xc3\xa9:\xc2\xb5")}}},
    {"a:\xe2\x99\xac|s", {{set_member("a", "\xe2\x99\xac")}}},
    {"a;b=c,d#e[f]:1|c", {{counter("a;b=c,d#e[f]", 1)}}},
    {":1|g", {{}, {{errc::empty_name, 0}}}},
    {"a\xff:1|g", {{}, {{errc::bad_name, 0}}}},
    {"a\xe2\x99:1|g", {{}, {{errc::bad_name, 0}}}},
    {"a\tb:1|g", {{}, {{errc::bad_name, 0}}}},
    {"a|b:1|g", {{}, {{errc::bad_name, 0}}}},
};
static_assert(first_wrong<dogstatsd>(names) == "none");

constexpr sample_origin origin(std::string_view line) {
    return parse<dogstatsd>(line)->origin;
}

} // namespace

TEST_CASE("dogstatsd: five types, of which three are timers", "[wire][dialect_dogstatsd]") {
    check<dogstatsd>(types);
}

TEST_CASE("dogstatsd: values are packed, a member is not", "[wire][dialect_dogstatsd]") {
    check<dogstatsd>(packed);
}

TEST_CASE("dogstatsd: fields come in any order, the unknown do not count",
          "[wire][dialect_dogstatsd]") {
    check<dogstatsd>(fields);
}

TEST_CASE("dogstatsd: names are UTF-8", "[wire][dialect_dogstatsd]") {
    check<dogstatsd>(names);
}

TEST_CASE("dogstatsd: a line tells where it comes from", "[wire][dialect_dogstatsd]") {
    STATIC_REQUIRE(origin("a:1|c").empty());
    STATIC_REQUIRE(origin("a:1|c|x:y|#c:d").empty());
    STATIC_REQUIRE(origin("a:1|c|c:ci-1,in-2").container() == "ci-1,in-2");
    STATIC_REQUIRE(origin("a:1|c|e:it-true,cn-x:y").external_data() == "it-true,cn-x:y");
    STATIC_REQUIRE(origin("a:1|c|card:low").cardinality() == "low");
    // In any order, with other fields between them.
    constexpr auto mixed = "a:1|c|card:high|#c:no|c:ci-1|@0.5|e:x|T5"sv;
    STATIC_REQUIRE(origin(mixed).container() == "ci-1");
    STATIC_REQUIRE(origin(mixed).external_data() == "x");
    STATIC_REQUIRE(origin(mixed).cardinality() == "high");
    STATIC_REQUIRE(origin(mixed) == origin("a:1|c|c:ci-1|e:x|card:high"));
    STATIC_REQUIRE(origin("a:1|c|c:first|c:last").container() == "last");
    STATIC_REQUIRE(parse<dogstatsd>(mixed)->rate == 0.5);
    STATIC_REQUIRE(parse<dogstatsd>(mixed)->series.tags == "c:no");
    // The native dialect reads past it.
    STATIC_REQUIRE(parse(mixed)->origin.empty());
}

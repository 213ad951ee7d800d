#include <quipu/wire/dialect_etsy.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

using namespace quipu;
using namespace parsed;

namespace {

// Etsy's statsd, each line as that server was seen to take it.
constexpr expectation etsy_types[] = {
    {"a:1|c", {{counter("a", 1).fractional()}}},
    {"a:1|ms", {{timer("a", 1).fractional()}}},
    {"a:1|g", {{gauge("a", 1).fractional()}}},
    {"a:1|s", {{set_member("a", "1")}}},
    // Every other type is a counter, even none.
    {"a:1|h", {{counter("a", 1).fractional()}}},
    {"a:1|d", {{counter("a", 1).fractional()}}},
    {"a:1|kv", {{counter("a", 1).fractional()}}},
    {"a:1|C", {{counter("a", 1).fractional()}}},
    {"a:1|MS", {{counter("a", 1).fractional()}}},
    {"a:1|G", {{counter("a", 1).fractional()}}},
    {"a:1|msx", {{counter("a", 1).fractional()}}},
    {"a:1|", {{counter("a", 1).fractional()}}},
    {"a:1", {{}, {{errc::missing_type, 2}}}},
    {"a", {{}, {{errc::missing_value, 0}}}},
    {"a:", {{}, {{errc::missing_type, 2}}}},
    // Blanks around a type do not count, but it is then not what the rules look for.
    {"a:1|c ", {{counter("a", 1).fractional()}}},
    {"a:1| c", {{counter("a", 1).fractional()}}},
    {"a:1|c\t", {{counter("a", 1).fractional()}}},
    {"a:1|c\r", {{counter("a", 1).fractional()}}},
    {"a:1|ms\r", {{timer("a", 1).fractional()}}},
    {"a:1|g ", {{gauge("a", 1).fractional()}}},
    {"a:-1|ms ", {{timer("a", -1).fractional()}}},
    {"a:-1|ms", {{}, {{errc::negative_timing, 2}}}},
    {"a:-0|ms", {{timer("a", 0).fractional()}}},
    {"a:1|s ", {{set_member("a", "1")}}},
    {"a:x|s ", {{}, {{errc::bad_number, 2}}}},
    {"a:|s ", {{}, {{errc::bad_number, 2}}}},
    {"a:Infinity|s ", {{set_member("a", "Infinity")}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_types) == "none");

constexpr expectation etsy_values[] = {
    {"a:+4|c", {{counter("a", 4).fractional()}}},
    {"a:-3|c", {{counter("a", -3).fractional()}}},
    {"a:007|c", {{counter("a", 7).fractional()}}},
    {"a:.5|c", {{counter("a", 0.5).fractional()}}},
    {"a:5.|c", {{counter("a", 5).fractional()}}},
    {"a:1E3|c", {{counter("a", 1000).fractional()}}},
    {"a:25e-2|c", {{counter("a", 0.25).fractional()}}},
    {"a:0x10|c", {{counter("a", 16).fractional()}}},
    {"a:0b11|c", {{counter("a", 3).fractional()}}},
    {"a: 5 |c", {{counter("a", 5).fractional()}}},
    {"a: |c", {{counter("a", 0).fractional()}}},
    {"a:|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1o|c", {{}, {{errc::bad_number, 2}}}},
    {"a:NaN|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1,5|c", {{}, {{errc::bad_number, 2}}}},
    // Deviations: infinities are refused.
    {"a:Infinity|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:1e400|g", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:+5|g", {{gauge("a", 5).fractional().changing()}}},
    {"a:-5|g", {{gauge("a", -5).fractional().changing()}}},
    {"a: -5|g", {{gauge("a", -5).fractional()}}}, // the sign is not the first character
    {"a:|s", {{set_member("a", "0")}}},
    {"a: b |s", {{set_member("a", " b ")}}},
    {"a:1e400|s", {{set_member("a", "1e400")}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_values) == "none");

constexpr expectation etsy_rates[] = {
    {"a:1|c|@0.1", {{counter("a", 1).fractional().sampled(0.1)}}},
    {"a:1|ms|@.5", {{timer("a", 1).fractional().sampled(0.5)}}},
    {"a:1|c|@2", {{counter("a", 1).fractional().sampled(2)}}},
    {"a:1|c|@0.5 ", {{counter("a", 1).fractional().sampled(0.5)}}},
    {"a:1|c|@0.5\r", {{counter("a", 1).fractional().sampled(0.5)}}},
    {"a:1|g|@0.5", {{gauge("a", 1).fractional().sampled(0.5)}}},
    {"a:b|s|@0.5", {{set_member("a", "b").sampled(0.5)}}},
    // It has to be a number, and then its first digits and points count.
    {"a:1|c|@1e-1", {{counter("a", 1).fractional()}}},
    {"a:1|c|@2e-1", {{counter("a", 1).fractional().sampled(2)}}},
    {"a:1|c|@1e400", {{counter("a", 1).fractional()}}},
    {"a:1|c|@0.1.1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0.1x", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@-0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c| @0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:b|s|x", {{}, {{errc::bad_rate, 6}}}},
    // Deviations: there these give an infinity, or end the server.
    {"a:1|c|@0", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0x10", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@ 0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@+0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@Infinity", {{}, {{errc::bad_rate, 6}}}},
    // Later fields do not count.
    {"a:1|c|@0.1|x", {{counter("a", 1).fractional().sampled(0.1)}}},
    {"a:1|c|@0.1|@9|", {{counter("a", 1).fractional().sampled(0.1)}}},
    {"a:1|c|T1700000000", {{}, {{errc::bad_rate, 6}}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_rates) == "none");

constexpr expectation etsy_several[] = {
    {"a:1|c:2|c|@0.5:3|ms",
     {{counter("a", 1).fractional(),
       counter("a", 2).fractional().sampled(0.5),
       timer("a", 3).fractional()}}},
    {"a:1:2:3|c",
     {{counter("a", 3).fractional()}, {{errc::missing_type, 2}, {errc::missing_type, 4}}}},
    {"a:x:y|s", {{set_member("a", "y")}, {{errc::missing_type, 2}}}},
    {"a:1|c:", {{counter("a", 1).fractional()}, {{errc::missing_type, 6}}}},
    // A colon parts samples wherever it stands.
    {"a:1|c|@0.1|x:2|c",
     {{counter("a", 1).fractional().sampled(0.1), counter("a", 2).fractional()}}},
    {"a:1|c|c:in-7", {{}, {{errc::bad_rate, 6}, {errc::missing_type, 8}}}},
    {"a:1|cx:2|c", {{counter("a", 1).fractional(), counter("a", 2).fractional()}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_several) == "none");

constexpr expectation etsy_tags[] = {
    {"a:1|c|#x:y,z", {{counter("a", 1).fractional().tagged("x:y,z")}}},
    {"a:1|c|@0.5|#x:y", {{counter("a", 1).fractional().sampled(0.5).tagged("x:y")}}},
    // All that follows is tags, up to a second mark.
    {"a:1|c|#x:y|@0.5", {{counter("a", 1).fractional().tagged("x:y|@0.5")}}},
    {"a:1|c|#x:y|c:2", {{counter("a", 1).fractional().tagged("x:y|c:2")}}},
    {"a:1|c|#x:y|#z", {{counter("a", 1).fractional().tagged("x:y")}}},
    {"a:1|c|#", {{counter("a", 1).fractional()}}},
    {"a:1|c:2|c|#x",
     {{counter("a", 1).fractional().tagged("x"), counter("a", 2).fractional().tagged("x")}}},
    {"a|#x:1|c", {{}, {{errc::missing_value, 0}}}},
    {"a:1|#x", {{}, {{errc::missing_type, 2}}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_tags) == "none");

constexpr expectation etsy_notorious[] = {
    {":1|c", {{counter("", 1).fractional()}}},
    {"a b/c!|d:1|c", {{counter("a b/c!|d", 1).fractional()}}},
    {"__proto__:1|ms", {{timer("__proto__", 1).fractional()}}},
    {"valueOf:1|s", {{set_member("valueOf", "1")}}},
    {"a:inf|g", {{}, {{errc::bad_number, 2}}}},
    {"a:1abc|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1|g|T0", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@+1", {{}, {{errc::bad_rate, 6}}}},
    {"_e{4294967295,4294967295}:a|b", {{}, {{errc::bad_number, 26}}}},
    {"_sc|a|0", {{}, {{errc::missing_value, 0}}}},
    {"", {{}, {{errc::missing_value, 0}}}},
};
static_assert(first_wrong<dialect::etsy>(etsy_notorious) == "none");

struct short_tags : dialect::etsy {
    static constexpr std::size_t tag_bytes_max = 3;
};
constexpr expectation tag_bounds[] = {
    {"a:1|c|#x:y", {{counter("a", 1).fractional().tagged("x:y")}}},
    {"a:1|c|#x:y|#longer", {{counter("a", 1).fractional().tagged("x:y")}}},
    {"a:1|c|#x:yz", {{}, {{errc::tags_too_long, 7}}}},
    {"a:1|c:2|c|#x:yz", {{}, {{errc::tags_too_long, 11}}}}, // the line, not each sample
};
static_assert(first_wrong<short_tags>(tag_bounds) == "none");

} // namespace

TEST_CASE("etsy: a tag list that is too long costs the line", "[wire][dialect_etsy]") {
    check<short_tags>(tag_bounds);
}

TEST_CASE("etsy: every type that is unknown is a counter", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_types);
}

TEST_CASE("etsy: values are what JavaScript takes for a number", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_values);
}

TEST_CASE("etsy: the first field is a rate, and may be above one", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_rates);
}

TEST_CASE("etsy: each colon begins another sample", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_several);
}

TEST_CASE("etsy: the tags are what follows the first mark", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_tags);
}

TEST_CASE("etsy: lines that end that server are read or refused", "[wire][dialect_etsy]") {
    check<dialect::etsy>(etsy_notorious);
}

TEST_CASE("dialect::etsy: a name is as long as its line", "[wire][dialect]") {
    const std::string name(5'000, 'n');
    std::size_t size = 0;
    quipu::parse_line<quipu::dialect::etsy>(
        name + ":1|c",
        [&](const quipu::sample& one) { size = one.series.name.size(); },
        [](quipu::refusal) {});
    CHECK(size == 5'000);
}

#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

struct roomy : dialect::quipu {
    static constexpr std::size_t line_bytes_max = std::size_t{1} << 20;
    static constexpr std::size_t values_max = line_bytes_max;
};

constexpr expectation kinds[] = {
    {"a:1|c", {{counter("a", 1)}}},
    {"a:-1|c", {{counter("a", -1)}}},
    {"a:+1|c", {{counter("a", 1)}}},
    {"a:0.5|c", {{counter("a", 0.5).fractional()}}},
    {"a:1e3|c", {{counter("a", 1000).fractional()}}},
    {"a:5.|c", {{counter("a", 5).fractional()}}},
    {"a:.5|c", {{counter("a", 0.5).fractional()}}},
    {"a:320|ms", {{timer("a", 320)}}},
    {"a:-320|ms", {{timer("a", -320)}}},
    {"a:320|h", {{timer("a", 320)}}},
    {"a:3.2|d", {{timer("a", 3.2).fractional()}}},
    {"a:333|g", {{gauge("a", 333)}}},
    {"a:+4|g", {{gauge("a", 4).changing()}}},
    {"a:-10|g", {{gauge("a", -10).changing()}}},
    {"a:-0|g", {{gauge("a", 0).changing()}}},
    {"a:42|s", {{set_member("a", "42")}}},
    {"a:x y|s", {{set_member("a", "x y")}}},
    {"a:b:c|s", {{set_member("a", "b:c")}}},
    {"a::|s", {{set_member("a", ":")}}},
    {"a:100|kv", {{keyvalue("a", 100)}}},
    {"a.b/c d;e=f@g#h~\xc3\xa9:1|c", {{counter("a.b/c d;e=f@g#h~\xc3\xa9", 1)}}},
    {"a:1|c\r", {{counter("a", 1)}}},
};
static_assert(first_wrong<dialect::quipu>(kinds) == "none");

constexpr expectation fields[] = {
    {"a:1|c|@0.1", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|c|@1", {{counter("a", 1)}}},
    {"a:1|c|@1e-3", {{counter("a", 1).sampled(0.001)}}},
    {"a:1|ms|@.5", {{timer("a", 1).sampled(0.5)}}},
    {"a:1|g|@0.5", {{gauge("a", 1).sampled(0.5)}}},
    {"a:b|s|@0.5", {{set_member("a", "b").sampled(0.5)}}},
    {"a:1|kv|@1700000000", {{keyvalue("a", 1).timed(1700000000)}}},
    {"a:1|kv|T1700000000", {{keyvalue("a", 1).timed(1700000000)}}},
    {"a:1|c|T1700000000", {{counter("a", 1).timed(1700000000)}}},
    {"a:1|c|T0", {{counter("a", 1).timed(0)}}},
    {"a:1|c|#x:y", {{counter("a", 1).tagged("x:y")}}},
    {"a:1|c|#x:y,z,u:v:w", {{counter("a", 1).tagged("x:y,z,u:v:w")}}},
    {"a:1|c|#", {{counter("a", 1)}}},
    {"a:1|c|##x", {{counter("a", 1).tagged("#x")}}},
    {"a:1|c|@0.5|#x", {{counter("a", 1).sampled(0.5).tagged("x")}}},
    {"a:1|c|#x|@0.5", {{counter("a", 1).sampled(0.5).tagged("x")}}},
    {"a:1|c|T5|#x|@0.5", {{counter("a", 1).sampled(0.5).tagged("x").timed(5)}}},
    {"a:1|c|#x|c:in-7:8|T5", {{counter("a", 1).tagged("x").timed(5)}}},
    {"a:1|c|#x|#y", {{counter("a", 1).tagged("y")}}},
    {"a:1|c||@0.5||", {{counter("a", 1).sampled(0.5)}}},
    {"a:1|c|", {{counter("a", 1)}}},
    {"a:1|c|c:id|e:it|card:low|X", {{counter("a", 1)}}},
    {"a:1|c|#x\r", {{counter("a", 1).tagged("x")}}},
};
static_assert(first_wrong<dialect::quipu>(fields) == "none");

constexpr expectation several[] = {
    {"a:1:2:3|ms", {{timer("a", 1), timer("a", 2), timer("a", 3)}}},
    {"a:1:2.5|ms|@0.5|#x",
     {{timer("a", 1).sampled(0.5).tagged("x"),
       timer("a", 2.5).fractional().sampled(0.5).tagged("x")}}},
    {"a:1:+2:3|g", {{gauge("a", 1), gauge("a", 2).changing(), gauge("a", 3)}}},
    {"a:1|c:2|ms", {{counter("a", 1), timer("a", 2)}}},
    {"a:1|c|@0.5:2|c", {{counter("a", 1).sampled(0.5), counter("a", 2)}}},
    {"a:1|kv|@7:2|c", {{keyvalue("a", 1).timed(7), counter("a", 2)}}},
    {"a:b|s:2|c", {{set_member("a", "b"), counter("a", 2)}}},
    {"a:1|c:b:c|s", {{counter("a", 1), set_member("a", "b:c")}}},
    {"a:1:2|c:3:4|ms", {{counter("a", 1), counter("a", 2), timer("a", 3), timer("a", 4)}}},
    // The tags stand after the last sample and hold for all.
    {"a:1|c:2|ms|#x:y", {{counter("a", 1).tagged("x:y"), timer("a", 2).tagged("x:y")}}},
    {"a:1|c:2|c:3|c|@0.5|#x|T5",
     {{counter("a", 1).tagged("x"),
       counter("a", 2).tagged("x"),
       counter("a", 3).sampled(0.5).tagged("x").timed(5)}}},
    {"a:1|c:2|c|#x|#y", {{counter("a", 1).tagged("y"), counter("a", 2).tagged("y")}}},
    {"a:1|c|#x|@0.5:2|c", {{counter("a", 1).sampled(0.5).tagged("x"), counter("a", 2)}}},
    {"a:1|c|c:id|@0.5:2|c", {{counter("a", 1).sampled(0.5), counter("a", 2)}}},
};
static_assert(first_wrong<dialect::quipu>(several) == "none");

constexpr expectation refused[] = {
    {"", {{}, {{errc::missing_value, 0}}}},
    {"a", {{}, {{errc::missing_value, 0}}}},
    {"a|c", {{}, {{errc::missing_value, 0}}}},
    {":1|c", {{}, {{errc::empty_name, 0}}}},
    {"a|b:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a\tb:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a\x7f:1|c", {{}, {{errc::bad_name, 0}}}},
    {"\0:1|c"sv, {{}, {{errc::bad_name, 0}}}},
    {"a_long_enough_name\x1f:1|c", {{}, {{errc::bad_name, 0}}}},
    {"a:", {{}, {{errc::missing_type, 2}}}},
    {"a:1", {{}, {{errc::missing_type, 2}}}},
    {"a:1:2", {{}, {{errc::missing_type, 2}}}},
    {"a:1|", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|x", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|C", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|m", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|msdos", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c ", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c\r\r", {{}, {{errc::unknown_type, 4}}}},
    {"a:|c", {{}, {{errc::bad_number, 2}}}},
    {"a: 1|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1 |c", {{}, {{errc::bad_number, 2}}}},
    {"a:1abc|c", {{}, {{errc::bad_number, 2}}}},
    {"a:0x10|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1.2.3|c", {{}, {{errc::bad_number, 2}}}},
    {"a:--1|g", {{}, {{errc::bad_number, 2}}}},
    {"a:NaN|g", {{}, {{errc::bad_number, 2}}}},
    {"a:inf|g", {{}, {{errc::bad_number, 2}}}},
    {"a:1,5|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1e400|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:-1e400|g", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:|s", {{}, {{errc::empty_member, 2}}}},
    {"a:1|c|@", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@-0.5", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@1.0001", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0x10", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@ 0.1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@Infinity", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0.1@", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@1e-310", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|#x|@2", {{}, {{errc::bad_rate, 9}}}},
    {"a:1|c|T", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|c|T-1", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|c|T1.5", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|c|Tnow", {{}, {{errc::bad_timestamp, 6}}}},
    {"a:1|kv|@0.1", {{}, {{errc::bad_timestamp, 7}}}},
    {"a:1|kv|@99999999999999999999", {{}, {{errc::bad_timestamp, 7}}}},
    {"a:1|c|#x\ty", {{}, {{errc::bad_tags, 7}}}},
    {"a:1|c|0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|@0.1|1.0", {{}, {{errc::unknown_field, 11}}}},
    {"a:1|c| @0.1", {{}, {{errc::unknown_field, 6}}}},
    // The first reason in the order of the line, the value last.
    {"a:x|y|@2|T-1", {{}, {{errc::unknown_type, 4}}}},
    {"a:x|c|@2|T-1", {{}, {{errc::bad_rate, 6}}}},
};
static_assert(first_wrong<dialect::quipu>(refused) == "none");

constexpr expectation neighbours[] = {
    {"a:1:x:3|ms", {{timer("a", 1), timer("a", 3)}, {{errc::bad_number, 4}}}},
    {"a::1:|ms", {{timer("a", 1)}, {{errc::bad_number, 2}, {errc::bad_number, 5}}}},
    {"a:1|c:2|x:3|c", {{counter("a", 1), counter("a", 3)}, {{errc::unknown_type, 8}}}},
    {"a:1|c|@2:2|c", {{counter("a", 2)}, {{errc::bad_rate, 6}}}},
    {"a:1|c|5:2|c", {{counter("a", 2)}, {{errc::unknown_field, 6}}}},
    {"a:1|c:", {{counter("a", 1)}, {{errc::missing_type, 6}}}},
    {"a:1|c:2", {{counter("a", 1)}, {{errc::missing_type, 6}}}},
    {"a:1|c:|s:3|c", {{counter("a", 1), counter("a", 3)}, {{errc::empty_member, 6}}}},
    // What the last sample has set does not stay.
    {"a:+1|g|@0.5|T5|#x|:2|c",
     {{gauge("a", 1).changing().sampled(0.5).timed(5).tagged("x"), counter("a", 2)}}},
    // Tags that cannot be read cannot be read for any.
    {"a:1|c:2|ms|#x\x01", {{}, {{errc::bad_tags, 12}, {errc::bad_tags, 12}}}},
};
static_assert(first_wrong<dialect::quipu>(neighbours) == "none");

// Found by sending them to other servers, which stop, or miscount.
constexpr expectation notorious[] = {
    {"a:1|c|@Infinity", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@ 0.1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@+1", {{counter("a", 1)}}},
    {"a:1|c|@0", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@0x10", {{}, {{errc::bad_rate, 6}}}},
    {"__proto__:1|ms", {{timer("__proto__", 1)}}},
    {"constructor:1|ms", {{timer("constructor", 1)}}},
    {":1|c", {{}, {{errc::empty_name, 0}}}},
    {"a:NaN|g", {{}, {{errc::bad_number, 2}}}},
    {"a:inf|g", {{}, {{errc::bad_number, 2}}}},
    {"a:1e400|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:0x10|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1abc|c", {{}, {{errc::bad_number, 2}}}},
    {"a:1|c\r", {{counter("a", 1)}}},
    {"a:1|c|#x:y|@0.1", {{counter("a", 1).tagged("x:y").sampled(0.1)}}},
    {"a:1|g|T0", {{gauge("a", 1).timed(0)}}},
    {"_e{4294967295,4294967295}:a|b", {{}, {{errc::unknown_type, 28}}}},
    {"_sc|a|0|#b:c", {{}, {{errc::bad_name, 0}}}},
};
static_assert(first_wrong<dialect::quipu>(notorious) == "none");

} // namespace

TEST_CASE("parse: every kind of metric has its type", "[wire][parse]") {
    check<dialect::quipu>(kinds);
}

TEST_CASE("parse: fields come in any order, empty ones do not count", "[wire][parse]") {
    check<dialect::quipu>(fields);
}

TEST_CASE("parse: a line can hold several samples, packed or typed", "[wire][parse]") {
    check<dialect::quipu>(several);
}

TEST_CASE("parse: a refusal says why and where", "[wire][parse]") {
    check<dialect::quipu>(refused);
}

TEST_CASE("parse: a bad sample costs its neighbours nothing", "[wire][parse]") {
    check<dialect::quipu>(neighbours);
}

TEST_CASE("parse: lines that harm other servers are read or refused", "[wire][parse]") {
    check<dialect::quipu>(notorious);
}

TEST_CASE("parse: one sample is asked for and one is given", "[wire][parse]") {
    STATIC_REQUIRE(*parse("a:1|c|@0.05") == counter("a", 1).sampled(0.05));
    STATIC_REQUIRE(parse("a:1|c|@0.05")->weight() == 20);
    STATIC_REQUIRE(parse("a:1:2|c").error() == errc::several_samples);
    STATIC_REQUIRE(parse("a:1|c:x|c").error() == errc::bad_number);
    STATIC_REQUIRE(parse("a:1|c:2|c:x|y").error() == errc::unknown_type);
    STATIC_REQUIRE(parse("").error() == errc::missing_value);
    STATIC_REQUIRE(parse(std::string_view()).error() == errc::missing_value);
    STATIC_REQUIRE(noexcept(parse("a:1|c")));
}

TEST_CASE("parse: the views of a sample point into the line", "[wire][parse]") {
    const std::string line = "name:member|s|#tag";
    const auto one = parse(line);
    REQUIRE(one);
    CHECK(one->series.name.data() == line.data());
    CHECK(one->member.data() == line.data() + 5);
    CHECK(one->series.tags.data() == line.data() + 15);
}

TEMPLATE_TEST_CASE("parse: a name may be as long as its bound, and no longer",
                   "[wire][parse]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::kiip,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx) {
    const std::string longest(TestType::name_bytes_max, 'n');
    REQUIRE(parse<TestType>(longest + ":1|c"));
    CHECK(parse<TestType>(longest + ":1|c")->series.name == longest);
    CHECK(read<TestType>(longest + "n:1|c") == outcome({}, {{errc::name_too_long, 0}}));
}

TEMPLATE_TEST_CASE("parse: a line may be as long as its bound, and no longer",
                   "[wire][parse]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::kiip,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx) {
    constexpr auto bound = TestType::line_bytes_max;
    const std::string longest = "a:" + std::string(bound - 5, '0') + "1|c";
    REQUIRE(longest.size() == bound);
    CHECK(parse<TestType>(longest)->value == 1);
    const std::string longer = "a:" + std::string(bound - 4, '0') + "1|c";
    CHECK(read<TestType>(longer) == outcome({}, {{errc::line_too_long, 0}}));
}

TEST_CASE("parse: the return before the newline is not part of a line's length", "[wire][parse]") {
    const std::string line = "a:" + std::string(dialect::quipu::line_bytes_max - 5, '0') + "1|c";
    REQUIRE(line.size() == dialect::quipu::line_bytes_max);
    CHECK(parse(line + '\r'));
    CHECK(parse(line + 'c').error() == errc::line_too_long);
}

TEST_CASE("parse: the tags of a line of many samples are looked for once", "[wire][parse]") {
    // If each sample looked for them, this would take longer than a test is given.
    std::string line = "a";
    while (line.size() + 4 <= roomy::line_bytes_max) {
        line += ":1|c";
    }
    std::size_t samples = 0;
    std::size_t refusals = 0;
    parse_line<roomy>(
        line, [&](const sample&) { ++samples; }, [&](refusal) { ++refusals; });
    CHECK(samples == (roomy::line_bytes_max - 1) / 4);
    CHECK(refusals == 0);
}

TEST_CASE("parse: what a function of the caller throws arrives", "[wire][parse]") {
    const auto ignore = [](auto&&...) {};
    const auto complain = [](auto&&...) { throw std::runtime_error("enough"); };
    CHECK_THROWS_AS(parse_line("a:1|c", complain, ignore), std::runtime_error);
    CHECK_THROWS_AS(parse_line("a", ignore, complain), std::runtime_error);
}

namespace {

struct cause {
    errc error;
    std::string_view line;
    std::size_t offset;
};

/// The native dialect with narrow bounds and one rule more.
struct strict : dialect::quipu {
    static constexpr std::size_t line_bytes_max = 20;
    static constexpr std::size_t name_bytes_max = 6;
    static constexpr std::size_t tag_bytes_max = 3;
    static constexpr std::size_t values_max = 2;
    static constexpr name_tags tags_in_name = name_tags::influx;
    static constexpr errc check_name(std::string_view name) noexcept {
        return name.size() > name_bytes_max ? errc::name_too_long
                                            : dialect::quipu::check_name(name);
    }
    static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        const auto error = dialect::quipu::read_value(text, type, out);
        return error == errc::ok && type == "ms" && out.value < 0 ? errc::negative_timing : error;
    }
};

// Each cause that the parser of some dialect has, and where.
constexpr cause causes[] = {
    {errc::empty_name, ":1|c", 0},
    {errc::missing_value, "a", 0},
    {errc::missing_type, "a:1", 2},
    {errc::unknown_type, "a:1|x", 4},
    {errc::bad_name, "a|b:1|c", 0},
    {errc::bad_number, "a:x|c", 2},
    {errc::number_out_of_range, "a:1e400|c", 2},
    {errc::negative_timing, "a:-1|ms", 2},
    {errc::bad_rate, "a:1|c|@2", 6},
    {errc::bad_timestamp, "a:1|c|Tx", 6},
    {errc::bad_tags, "a:1|c|#\t", 7},
    {errc::mixed_tags, "a,b:1|c|#d", 9},
    {errc::empty_member, "a:|s", 2},
    {errc::unknown_field, "a:1|c|!", 6},
    {errc::line_too_long, "a:1|c|a_field_that_goes_on", 0},
    {errc::name_too_long, "a_name_:1|c", 0},
    {errc::tags_too_long, "a:1|c|#tags", 7},
    {errc::too_many_values, "a:1:2:3|c", 2},
};

constexpr bool all_are_told() {
    for (const auto& [error, line, offset] : causes) {
        if (read<strict>(line) != outcome({}, {{error, offset}})) {
            return false;
        }
    }
    return true;
}

} // namespace

TEST_CASE("parse: every cause of a refusal is told, with its place", "[wire][parse]") {
    for (const auto& [error, line, offset] : causes) {
        CAPTURE(line, text(read<strict>(line)));
        CHECK(read<strict>(line) == outcome({}, {{error, offset}}));
    }
    STATIC_REQUIRE(all_are_told());
    // Those that are not a line's: of a whole, of a stream, of a series.
    constexpr errc others[] = {errc::several_samples, errc::unterminated_line, errc::too_many_tags};
    std::size_t told = std::size(causes) + std::size(others);
    for (auto error = errc::empty_name; error <= errc::too_many_values;
         error = static_cast<errc>(static_cast<int>(error) + 1)) {
        const auto is = [&](const auto& one) { return one == error; };
        const auto is_cause = [&](const cause& one) { return one.error == error; };
        CAPTURE(message(error));
        CHECK((std::any_of(std::begin(others), std::end(others), is) ||
               std::any_of(std::begin(causes), std::end(causes), is_cause)));
        --told;
    }
    CHECK(told == 0);
}

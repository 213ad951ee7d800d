#include <quipu/wire/dialect_statsite.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <string>

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

using statsite = dialect::statsite;

// Each line as that server was seen, or its grammar says, to take it.
constexpr expectation types[] = {
    {"a:1|c", {{counter("a", 1)}}},
    {"a:1|g", {{gauge("a", 1)}}},
    {"a:1|ms", {{timer("a", 1)}}},
    {"a:1|h", {{timer("a", 1)}}},
    {"a:1|kv", {{keyvalue("a", 1)}}},
    {"a:1|s", {{set_member("a", "1")}}},
    {"a: b :c|s", {{set_member("a", " b :c")}}},
    {"a:1|d", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|m", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|C", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|MS", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|cc", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|msx", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c ", {{}, {{errc::unknown_type, 4}}}},
    {"a:1| c", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c\r", {{}, {{errc::unknown_type, 4}}}},
    {"a:1|c:2|c", {{}, {{errc::unknown_type, 4}}}},
    {"a:1", {{}, {{errc::missing_type, 2}}}},
    {"a", {{}, {{errc::missing_value, 0}}}},
    {"", {{}, {{errc::missing_value, 0}}}},
};
static_assert(first_wrong<statsite>(types) == "none");

constexpr expectation values[] = {
    {"a:+4|c", {{counter("a", 4)}}},
    {"a:-3|ms", {{timer("a", -3)}}},
    {"a:.5|c", {{counter("a", 0.5).fractional()}}},
    {"a:5.|c", {{counter("a", 5).fractional()}}},
    {"a:1E3|c", {{counter("a", 1000).fractional()}}},
    // The longest number at the start counts, and nothing of what follows.
    {"a:1abc|c", {{counter("a", 1)}}},
    {"a:1,5|c", {{counter("a", 1)}}},
    {"a:1.2.3|c", {{counter("a", 1.2).fractional()}}},
    {"a:0x10|c", {{counter("a", 0)}}},
    {"a:1_000|c", {{counter("a", 1)}}},
    {"a:1:2|c", {{counter("a", 1)}}},
    {"a:1 |c", {{counter("a", 1)}}},
    {"a:1e|c", {{counter("a", 1)}}},
    {"a:1e+|c", {{counter("a", 1)}}},
    // So a sign or a point alone is a number, and what is none is none.
    {"a:-|c", {{counter("a", 0)}}},
    {"a:+|c", {{counter("a", 0)}}},
    {"a:.|c", {{counter("a", 0).fractional()}}},
    {"a:-.|c", {{counter("a", 0).fractional()}}},
    {"a:--1|c", {{counter("a", 0)}}},
    {"a:-Infinity|c", {{counter("a", 0)}}},
    {"a:abc|c", {{}, {{errc::bad_number, 2}}}},
    {"a:nan|c", {{}, {{errc::bad_number, 2}}}},
    {"a:inf|c", {{}, {{errc::bad_number, 2}}}},
    {"a: 1|c", {{}, {{errc::bad_number, 2}}}},
    {"a:|c", {{}, {{errc::bad_number, 2}}}},
    {"a:e5|c", {{}, {{errc::bad_number, 2}}}},
    {"a:-e5|c", {{}, {{errc::bad_number, 2}}}},
    {"a:.e5|c", {{}, {{errc::bad_number, 2}}}},
    // The C library reads exponents, and tells of what does not fit.
    {"a:1e400|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:-1e400|g", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:1e-400|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:-1e-310|c", {{}, {{errc::number_out_of_range, 2}}}},
    {"a:1e-307|c", {{counter("a", 1e-307).fractional()}}},
    {"a:0e-400|c", {{counter("a", 0).fractional()}}},
    {"a:-0.0e5|c", {{counter("a", 0).fractional()}}},
    // A sign makes a change of a gauge, so it cannot be set below zero.
    {"a:+5|g", {{gauge("a", 5).changing()}}},
    {"a:-5|g", {{gauge("a", -5).changing()}}},
    {"a:-|g", {{gauge("a", 0).changing()}}},
    {"a:|s", {{}, {{errc::empty_member, 2}}}},
};
static_assert(first_wrong<statsite>(values) == "none");

constexpr expectation rates[] = {
    {"a:1|c|@0.1", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|ms|@.5", {{timer("a", 1).sampled(0.5)}}},
    {"a:1|h|@0.5", {{timer("a", 1).sampled(0.5)}}},
    {"a:1|c|@1e-1", {{counter("a", 1).sampled(0.1)}}},
    // Outside (0, 1] it is 1, and so is what has one character.
    {"a:1|c|@2.5", {{counter("a", 1)}}},
    {"a:1|c|@0.0", {{counter("a", 1)}}},
    {"a:1|c|@-0.5", {{counter("a", 1)}}},
    {"a:1|c|@1e400", {{counter("a", 1)}}},
    {"a:1|c|@--", {{counter("a", 1)}}},
    {"a:1|c|@2", {{counter("a", 1)}}},
    {"a:1|c|@0", {{counter("a", 1)}}},
    {"a:1|c|@x", {{counter("a", 1)}}},
    // It is all the rest of the line, of which the number at the start counts.
    {"a:1|c|@0.1 extra", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|c|@0.1|#a:b", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|c|@0.1\r", {{counter("a", 1).sampled(0.1)}}},
    {"a:1|c|@5|#a", {{counter("a", 1)}}},
    {"a:1|c|@x|#a", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@|#a", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@xx", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@Infinity", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@ 0.1", {{}, {{errc::bad_rate, 6}}}},
    {"a:1|c|@1e-310", {{}, {{errc::bad_rate, 6}}}},
    // Nothing else may follow a type.
    {"a:1|c|@", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|#a:b", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|c|T5", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|g|@0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|s|@0.1", {{}, {{errc::unknown_field, 6}}}},
    {"a:1|kv|@1000000000", {{}, {{errc::unknown_field, 7}}}},
};
static_assert(first_wrong<statsite>(rates) == "none");

constexpr expectation names[] = {
    {" a/b!|c;d=e\xc3\xa9\t\x01:1|c", {{counter(" a/b!|c;d=e\xc3\xa9\t\x01", 1)}}},
    {"a|#b:1|c", {{counter("a|#b", 1)}}},
    {"__proto__:1|ms", {{timer("__proto__", 1)}}},
    {":1|c", {{}, {{errc::empty_name, 0}}}},
    // A NUL ends a name, a value and a member.
    {"a\0b:1|c"sv, {{counter("a", 1)}}},
    {"a:1\0002|c"sv, {{counter("a", 1)}}},
    {"a:b\0c|s"sv, {{set_member("a", "b")}}},
    {"\0b:1|c"sv, {{}, {{errc::empty_name, 0}}}},
    {"a:\0001|c"sv, {{}, {{errc::bad_number, 2}}}},
    {"a:\0b|s"sv, {{}, {{errc::empty_member, 2}}}},
    {"_e{4294967295,4294967295}:a|b", {{}, {{errc::unknown_type, 28}}}},
};
static_assert(first_wrong<statsite>(names) == "none");

} // namespace

TEST_CASE("statsite: `h` is another word for `ms`, `d` is none", "[wire][dialect_statsite]") {
    check<statsite>(types);
}

TEST_CASE("statsite: numbers are read as far as they go", "[wire][dialect_statsite]") {
    check<statsite>(values);
}

TEST_CASE("statsite: a rate that cannot be one is 1", "[wire][dialect_statsite]") {
    check<statsite>(rates);
}

TEST_CASE("statsite: a name is any bytes up to a NUL", "[wire][dialect_statsite]") {
    check<statsite>(names);
}

TEST_CASE("statsite: so many digits that they give an infinity are refused",
          "[wire][dialect_statsite]") {
    const std::string digits(400, '9');
    CHECK(read<statsite>("a:" + digits + "|c") == outcome({}, {{errc::number_out_of_range, 2}}));
    CHECK(read<statsite>("a:." + digits + "|c") == outcome({counter("a", 1).fractional()}));
}

TEST_CASE("statsite: a stream's last line needs its newline", "[wire][dialect_statsite]") {
    STATIC_REQUIRE_FALSE(statsite::unterminated_lines);
}

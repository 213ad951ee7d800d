// What the tests of Telegraf's statsd input, of Vector's statsd source and of bioyino ask of their
// parsers, asked of the native dialect.
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/datagram.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace parsed;

namespace {

constexpr expectation telegraf[] = {
    // A gauge that is set, lowered, raised; and ones that only change.
    {"current.users:100|g", {{gauge("current.users", 100)}}},
    {"current.users:-10|g", {{gauge("current.users", -10).changing()}}},
    {"current.users:+30|g", {{gauge("current.users", 30).changing()}}},
    {"disk.free:-1.5e2|g", {{gauge("disk.free", -150).fractional().changing()}}},
    {"sci:4.6968460083008E-5|ms", {{timer("sci", 4.6968460083008e-5).fractional()}}},
    {"sci:4.6968460083008E-5|h", {{timer("sci", 4.6968460083008e-5).fractional()}}},
    {"sci:1e3|c", {{counter("sci", 1000).fractional()}}},
    // Several samples in a line, of one type and of several.
    {"deploys:1|c:1|c:1|c",
     {{counter("deploys", 1), counter("deploys", 1), counter("deploys", 1)}}},
    {"wait:1|ms:9|ms|@0.1", {{timer("wait", 1), timer("wait", 9).sampled(0.1)}}},
    {"mixed:1|c:2|g:3|ms:x|s",
     {{counter("mixed", 1), gauge("mixed", 2), timer("mixed", 3), set_member("mixed", "x")}}},
    {"ids:2|s:2|s:4|s", {{set_member("ids", "2"), set_member("ids", "2"), set_member("ids", "4")}}},
    {"ids:a text, of words|s", {{set_member("ids", "a text, of words")}}},
    {"ids:12345678901234567890|s", {{set_member("ids", "12345678901234567890")}}},
    {"tagged:1|c|#env:prod,region:eu,bare",
     {{counter("tagged", 1).tagged("env:prod,region:eu,bare")}}},
    {"tagged:1|c|@0.1|#env:prod|c:123", {{counter("tagged", 1).sampled(0.1).tagged("env:prod")}}},
    {"tagged:1|c|c:123|#env:prod", {{counter("tagged", 1).tagged("env:prod")}}},
    {"tagged:1|g|#host:http://here:80/", {{gauge("tagged", 1).tagged("host:http://here:80/")}}},
    {"i.dont.have.a.pipe:45g", {{}, {{errc::missing_type, 19}}}},
    {"i.dont.have.a.colon45|c", {{}, {{errc::missing_value, 0}}}},
    {"invalid.value:dasfds|c", {{}, {{errc::bad_number, 14}}}},
    {"invalid.plus:12+10|c", {{}, {{errc::bad_number, 13}}}},
    {"invalid.value:1d1|c", {{}, {{errc::bad_number, 14}}}},
    {"invalid.type:1|nothing", {{}, {{errc::unknown_type, 15}}}},
};
static_assert(first_wrong<dialect::quipu>(telegraf) == "none");

constexpr expectation vector_lines[] = {
    {"foo:1|c", {{counter("foo", 1)}}},
    {"foo/how@ever baz:1|c|#tag1,tag2:value",
     {{counter("foo/how@ever baz", 1).tagged("tag1,tag2:value")}}},
    {"bar:2|c|@0.1", {{counter("bar", 2).sampled(0.1)}}},
    {"glork:320|ms|@0.1", {{timer("glork", 320).sampled(0.1)}}},
    {"glork:320|h|@0.1|#region:us,production,e:",
     {{timer("glork", 320).sampled(0.1).tagged("region:us,production,e:")}}},
    {"gaugor:-4|g", {{gauge("gaugor", -4).changing()}}},
    {"gaugor:+10|g", {{gauge("gaugor", 10).changing()}}},
    {"uniques:765|s", {{set_member("uniques", "765")}}},
    // Vector takes a rate of 0 for 1.
    {"bar:2|c|@0", {{}, {{errc::bad_rate, 8}}}},
};
static_assert(first_wrong<dialect::quipu>(vector_lines) == "none");

template <class Dialect>
std::string canonical(std::string_view line) {
    static canonical_buffer<Dialect> buffer;
    const auto one = parse<Dialect>(line);
    REQUIRE(one);
    return std::string(*buffer.name(one->series));
}

} // namespace

TEST_CASE("peers: the lines of Telegraf's tests", "[oracle][telegraf]") {
    check<dialect::quipu>(telegraf);
}

TEST_CASE("peers: the lines of Vector's tests", "[oracle][vector]") {
    check<dialect::quipu>(vector_lines);
}

TEST_CASE("peers: Vector's three forms of a tag are three tags", "[oracle][vector]") {
    CHECK(canonical<dialect::quipu>("foo:1|c|#t1,t2:A,t2:B,t3:v,t3,t4:") ==
          "foo;t1;t2=A;t2=B;t3;t3=v;t4=");
}

TEST_CASE("peers: the cleaning of names that Vector and Telegraf know is Etsy's",
          "[oracle][vector]") {
    CHECK(canonical<dialect::etsy>("foo/bar/baz:1|c") == "foo-bar-baz");
    CHECK(canonical<dialect::etsy>("foo bar  baz:1|c") == "foo_bar_baz");
    CHECK(canonical<dialect::etsy>("foo. @& bar_$!#.baz:1|c") == "foo.__bar_.baz");
}

TEST_CASE("peers: bioyino's tags have one order, whatever theirs was", "[oracle][bioyino]") {
    CHECK(canonical<dialect::quipu>("gorets;a=b;c=d:1|c") == "gorets;a=b;c=d");
    CHECK(canonical<dialect::quipu>("gorets;c=d;a=b:1|c") == "gorets;a=b;c=d");
    CHECK(parse("gorets:-1000|g|@0.5")->relative);
    CHECK(parse("gorets:-1000|g|@0.5")->rate == 0.5);
}

TEST_CASE("peers: trash among lines costs the good ones nothing", "[oracle][bioyino]") {
    const std::string text = "trash\ngorets1:+1000|g\nTRASH:\xff\xfe|\ngorets2;tag2=b;tag1=a:1|c\n"
                             "bad:1|zz\n:1|c\n\ngorets3:1|c|@0.5";
    std::vector<std::string> names;
    std::size_t refused = 0;
    canonical_buffer<> buffer;
    const auto lines = parse_datagram(
        text,
        [&](const sample& one) { names.emplace_back(*buffer.name(one.series)); },
        [&](refusal, std::string_view) { ++refused; });
    CHECK(lines == 7);
    CHECK(refused == 4);
    CHECK(names == std::vector<std::string>{"gorets1", "gorets2;tag1=a;tag2=b", "gorets3"});
}

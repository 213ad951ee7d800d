#include <quipu/wire/format.hpp>
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

struct expectation {
    sample one;
    std::string_view wanted;
};

constexpr expectation lines[] = {
    {counter("a", 1), "a:1|c"},
    {counter("a", -2.5), "a:-2.5|c"},
    {counter("a", -0.0), "a:0|c"},
    {counter("a", 1).sampled(0.05), "a:1|c|@0.05"}, // not "@0.5"
    {counter("a", 1).sampled(0.29), "a:1|c|@0.29"},
    {counter("a", 1).sampled(1e-3), "a:1|c|@0.001"},
    {counter("a", 1).timed(1700000000), "a:1|c|T1700000000"},
    {counter("a", 1).timed(9223372036854775807), "a:1|c|T9223372036854775807"},
    {counter("a", 1).tagged("b:c,d"), "a:1|c|#b:c,d"},
    {counter("a", 1).tagged("b").sampled(0.5).timed(0), "a:1|c|@0.5|T0|#b"},
    {timer("a", 320), "a:320|ms"},
    {timer("a", 0.1), "a:0.1|ms"},
    {gauge("a", 333), "a:333|g"},
    {gauge("a", 4).changing(), "a:+4|g"},
    {gauge("a", -10).changing(), "a:-10|g"},
    {gauge("a", 0).changing(), "a:+0|g"},
    {gauge("a", -0.0).changing(), "a:+0|g"},
    {gauge("a", -0.0), "a:0|g"},
    {gauge("a", -7), "a:0|g\na:-7|g"}, // a sign means a change
    {gauge("a", -7).tagged("b").sampled(0.5), "a:0|g|@0.5|#b\na:-7|g|@0.5|#b"},
    {set_member("a", "b:c"), "a:b:c|s"},
    {set_member("a", "42").sampled(0.5), "a:42|s|@0.5"},
    {keyvalue("a", 100), "a:100|kv"},
    {keyvalue("a", 100).timed(1000000000), "a:100|kv|@1000000000"},
    {counter("a@b#c d/e", 1).tagged("#b,##,c:"), "a@b#c d/e:1|c|##b,##,c:"},
};

constexpr bool writes(const expectation& row) {
    line_buffer out;
    return format(row.one, out) == errc::ok && out.view() == row.wanted;
}

constexpr std::string_view first_wrong() {
    for (const auto& row : lines) {
        if (!writes(row)) {
            return row.wanted;
        }
    }
    return "none";
}
static_assert(first_wrong() == "none");

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return random() % bound;
}

std::string text(generator& random, std::string_view alphabet, std::size_t size_max) {
    std::string out(below(random, size_max + 1), '?');
    for (char& c : out) {
        c = alphabet[below(random, alphabet.size())];
    }
    return out;
}

double value(generator& random) {
    switch (below(random, 4)) {
    case 0: return static_cast<double>(below(random, 1000));
    case 1: return -static_cast<double>(below(random, 1000000)) / 1000;
    case 2: return static_cast<double>(static_cast<std::int64_t>(random()));
    default: break;
    }
    for (;;) {
        const auto bits = random(); // any double
        double any = 0;
        static_assert(sizeof any == sizeof bits);
        std::memcpy(&any, &bits, sizeof any);
        if (std::isfinite(any)) {
            return any;
        }
    }
}

double rate(generator& random) {
    constexpr double some[] = {1, 0.5, 0.1, 0.05, 0.29, 1e-3, 1e-9, rate_min, 1 - 0x1p-53};
    const auto i = below(random, std::size(some) + 1);
    return i < std::size(some) ? some[i] : static_cast<double>(1 + below(random, 999)) / 1000;
}

/// The line that has to be read for a sample: the last one.
std::string_view last_line(std::string_view written) {
    const auto newline = written.rfind('\n');
    return newline == written.npos ? written : written.substr(newline + 1);
}

} // namespace

TEST_CASE("format: writes every kind and every field", "[wire][format]") {
    for (const auto& row : lines) {
        line_buffer out;
        CHECK(format(row.one, out) == errc::ok);
        CHECK(out.view() == row.wanted);
    }
}

TEST_CASE("format: what is written reads back equal", "[wire][format]") {
    generator random(4);
    for (int i = 0; i < 20000; ++i) {
        const auto kind = static_cast<metric_kind>(below(random, metric_kind_count));
        const auto name = 'n' + text(random, "abc.-_ /;=@#,!~\xc3\xa9", 20);
        const auto tags = text(random, "ab:,;=#@ \xff", 12);
        const auto member = 'm' + text(random, "xyz:;,@# ", 6);
        sample one;
        one.series = {kind, name, tags};
        if (below(random, 3) == 0) {
            one.timestamp = static_cast<std::int64_t>(random() >> (1 + below(random, 63)));
        }
        one.rate = kind == metric_kind::keyvalue ? 1 : rate(random);
        one.relative = kind == metric_kind::gauge && below(random, 2) != 0;
        if (kind == metric_kind::unique) {
            one.member = member;
        } else {
            one.value = value(random);
        }

        line_buffer out;
        REQUIRE(format(one, out) == errc::ok);
        CAPTURE(std::string(out.view()));
        auto read = parse(last_line(out.view()));
        REQUIRE(read);
        if (kind == metric_kind::gauge && !one.relative && one.value < 0) {
            // Set to 0 first, then changed.
            const auto first = parse(out.view().substr(0, out.view().find('\n')));
            REQUIRE(first);
            CHECK_FALSE(first->relative);
            CHECK(first->value == 0);
            CHECK(first->series == one.series);
            CHECK(std::exchange(read->relative, false));
        }
        read->integral = one.integral; // tells of the text
        CHECK(*read == one);
    }
}

TEST_CASE("format: refuses what a line cannot carry or would smuggle in", "[wire][format]") {
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const std::string long_name(native_name_bytes_max + 1, 'n');
    const std::pair<sample, errc> cases[] = {
        {counter("", 1), errc::empty_name},
        {counter("a:9|c\nb", 1), errc::bad_name},
        {counter("a:b", 1), errc::bad_name},
        {counter("a|b", 1), errc::bad_name},
        {counter("a\nb", 1), errc::bad_name},
        {counter("a\rb", 1), errc::bad_name},
        {counter("a\0b"sv, 1), errc::bad_name},
        {counter("a\x7f", 1), errc::bad_name},
        {counter("a_name_of_many_bytes\n", 1), errc::bad_name},
        {counter(long_name, 1), errc::name_too_long},
        {counter("a", 1).tagged("b|@0.1"), errc::bad_tags},
        {counter("a", 1).tagged("b\nc:1|c"), errc::bad_tags},
        {counter("a", 1).sampled(0), errc::bad_rate},
        {counter("a", 1).sampled(-1), errc::bad_rate},
        {counter("a", 1).sampled(1.5), errc::bad_rate},
        {counter("a", 1).sampled(nan), errc::bad_rate},
        {counter("a", 1).sampled(rate_min / 2), errc::bad_rate},
        {keyvalue("a", 1).sampled(0.5), errc::bad_rate},
        {counter("a", 1).timed(-1), errc::bad_timestamp},
        {counter("a", infinity), errc::number_out_of_range},
        {timer("a", -infinity), errc::number_out_of_range},
        {gauge("a", nan), errc::number_out_of_range},
        {set_member("a", ""), errc::empty_member},
        {set_member("a", "b|s\nc:1"), errc::bad_name},
        {set_member("a", "b\nc"), errc::bad_name},
        {set_member("a", "b|c"), errc::bad_name},
    };
    for (const auto& [one, wanted] : cases) {
        CAPTURE(one.series.name, one.series.tags, one.member, one.value, one.rate);
        line_buffer out;
        REQUIRE(out.append("before"));
        CHECK(format(one, out) == wanted);
        CHECK(out.view() == "before");
    }
}

TEST_CASE("format: names and lines are as long as may be read, and no longer", "[wire][format]") {
    const std::string name(native_name_bytes_max, 'n');
    const std::string member(native_line_bytes_max - name.size() - 3, 'm');
    basic_line_buffer<3 * native_line_bytes_max> out;
    REQUIRE(format(set_member(name, member), out) == errc::ok);
    CHECK(out.size() == native_line_bytes_max);
    CHECK(parse(out.view())->member == member);
    CHECK(format(set_member(name, member + 'm'), out) == errc::line_too_long);
    CHECK(out.size() == native_line_bytes_max);
}

namespace {

/// Formats into a buffer of `Size` bytes behind two that are there.
template <std::size_t Size>
constexpr bool leaves_or_fills(const sample& one, std::string_view wanted) {
    basic_line_buffer<2 + Size> out;
    if (!out.append("x\n")) {
        return false;
    }
    const auto error = format(one, out);
    if (Size < wanted.size()) {
        return error == errc::no_space && out.view() == "x\n";
    }
    return error == errc::ok && out.view().substr(2) == wanted;
}

template <std::size_t... Sizes>
constexpr bool
every_size(const sample& one, std::string_view wanted, std::index_sequence<Sizes...>) {
    return (leaves_or_fills<Sizes>(one, wanted) && ...);
}

} // namespace

TEST_CASE("format: a buffer that is too small stays as it was", "[wire][format]") {
    constexpr auto one = gauge("name", -2.5).sampled(0.5).timed(7).tagged("b:c");
    constexpr auto wanted = "name:0|g|@0.5|T7|#b:c\nname:-2.5|g|@0.5|T7|#b:c"sv;
    STATIC_REQUIRE(every_size(one, wanted, std::make_index_sequence<wanted.size() + 2>()));
}

namespace {

/// Writes a sample, reads it back, and tells whether it is the same.
template <class Dialect>
bool comes_back(const sample& one, std::string& written) {
    basic_line_buffer<4 * native_line_bytes_max> out;
    const auto error = format<Dialect>(one, out);
    written = error == errc::ok ? std::string(out.view()) : std::string(message(error));
    auto read = parse<Dialect>(last_line(written));
    if (error != errc::ok || !read) {
        return false;
    }
    read->integral = one.integral;                                      // tells of the text
    read->relative = one.relative || (read->relative && one.value < 0); // of the second line
    sample same = one;
    same.relative = one.relative || (Dialect::signs_change_gauges && read->relative);
    return *read == same;
}

std::string any_line(generator& random) {
    constexpr std::string_view names[] = {"a",
                                          "a.b",
                                          "a b/c",
                                          "a;b=c",
                                          "a,b=c",
                                          "a#b=c",
                                          "n[b=c]m",
                                          "a|b",
                                          "\xc3\xa9",
                                          "a\tb",
                                          "a[b"};
    constexpr std::string_view values[] = {"1",
                                           "-2.5",
                                           "+4",
                                           "0.0000000123",
                                           "1e300",
                                           ".5",
                                           "5.",
                                           "-0",
                                           "abc",
                                           "1:2",
                                           "0x10",
                                           "1e-9",
                                           "+0",
                                           "-",
                                           "b c",
                                           "1abc",
                                           "123456789012345678901234567"};
    constexpr std::string_view types[] = {"c", "ms", "g", "s", "kv", "h", "d", "ms ", "x"};
    constexpr std::string_view fields[] = {"|@0.5",
                                           "|@0.00000012",
                                           "|@2",
                                           "|@1e-3",
                                           "|#x:y,z",
                                           "|#",
                                           "|T17",
                                           "|@1000000000",
                                           "|c:in-1|e:x|card:low",
                                           "|card:high",
                                           "|x",
                                           ""};
    const auto pick = [&](const auto& list) {
        return std::string(list[below(random, std::size(list))]);
    };
    auto line = pick(names) + ':' + pick(values) + '|' + pick(types);
    for (auto count = below(random, 4); count > 0; --count) {
        line += pick(fields);
    }
    return line;
}

} // namespace

TEMPLATE_TEST_CASE("format: what a dialect accepts it can write",
                   "[wire][format]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::kiip,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx) {
    generator random(7);
    std::size_t accepted = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto line = any_line(random);
        parse_line<TestType>(
            line,
            [&](const sample& one) {
                ++accepted;
                std::string written;
                if (!comes_back<TestType>(one, written)) {
                    FAIL_CHECK(line << " is written as " << written);
                }
            },
            [](refusal) {});
    }
    CHECK(accepted > 20);
}

namespace {

template <class Dialect>
errc refusal_of(const sample& one) {
    line_buffer out;
    return format<Dialect>(one, out);
}

template <class Dialect, class Names = format_policy::refuse>
std::string written(const sample& one) {
    line_buffer out;
    const auto error = format<Dialect, Names>(one, out);
    return std::string(error == errc::ok ? out.view() : message(error));
}

} // namespace

TEST_CASE("format: each dialect has its own words", "[wire][format]") {
    auto told = timer("a", 1).called(timer_type::d).sampled(0.5).timed(7).tagged("x:y");
    told.origin.add("c:in-1|card:low");
    CHECK(written<dialect::dogstatsd>(told) == "a:1|d|@0.5|T7|c:in-1|card:low|#x:y");
    CHECK(written<dialect::dogstatsd>(gauge("a", -7)) == "a:-7|g"); // a sign means nothing
    CHECK(written<dialect::etsy>(gauge("a", -7)) == "a:0|g\na:-7|g");
    CHECK(written<dialect::etsy>(counter("a", 1).sampled(1e-7)) == "a:1|c|@0.0000001");
    CHECK(written<dialect::statsite>(gauge("a", 4).changing()) == "a:+4|g");
    CHECK(written<dialect::kiip>(keyvalue("a", 1e21).timed(7)) == "a:1000000000000000000000|kv|@7");
    CHECK(written<dialect::kiip>(counter("a", -1.5e-7)) == "a:-0.00000015|c");
    CHECK(written<dialect::signalfx>(counter("n[b=c]m", 1)) == "n[b=c]m:1|c");
}

TEST_CASE("format: what a dialect cannot say is refused with its reason", "[wire][format]") {
    using dialect::dogstatsd;
    using dialect::etsy;
    using dialect::influx;
    using dialect::kiip;
    using dialect::statsite;
    auto told = counter("a", 1);
    told.origin.add("c:in-1");
    CHECK(refusal_of<dialect::quipu>(told) == errc::unknown_field);
    CHECK(refusal_of<etsy>(told) == errc::bad_rate);
    CHECK(refusal_of<statsite>(told) == errc::unknown_field);
    CHECK(refusal_of<dialect::quipu>(timer("a", 1).called(timer_type::h)) == errc::unknown_type);
    CHECK(refusal_of<statsite>(timer("a", 1).called(timer_type::h)) == errc::unknown_type);
    CHECK(refusal_of<etsy>(keyvalue("a", 1)) == errc::unknown_type);
    CHECK(refusal_of<kiip>(gauge("a", 1)) == errc::unknown_type);
    CHECK(refusal_of<kiip>(set_member("a", "b")) == errc::unknown_type);
    CHECK(refusal_of<dogstatsd>(keyvalue("a", 1)) == errc::unknown_type);
    CHECK(refusal_of<dogstatsd>(gauge("a", 1).changing()) == errc::unknown_type);
    CHECK(refusal_of<statsite>(counter("a", 1).tagged("b")) == errc::bad_tags);
    CHECK(refusal_of<kiip>(counter("a", 1).tagged("b")) == errc::bad_tags);
    CHECK(refusal_of<influx>(counter("a,b=c", 1).tagged("d")) == errc::mixed_tags);
    CHECK(refusal_of<etsy>(counter("a", 1).timed(7)) == errc::bad_timestamp);
    CHECK(refusal_of<statsite>(keyvalue("a", 1).timed(7)) == errc::bad_timestamp);
    CHECK(refusal_of<dogstatsd>(counter("a", 1).timed(0)) == errc::bad_timestamp);
    // It reads a time as a double.
    CHECK(refusal_of<kiip>(keyvalue("a", 1).timed(9007199254740993)) == errc::bad_timestamp);
    CHECK(refusal_of<kiip>(keyvalue("a", 1).timed(9007199254740992)) == errc::ok);
    CHECK(refusal_of<kiip>(timer("a", 1).sampled(0.5)) == errc::bad_rate);
    CHECK(refusal_of<statsite>(counter("a", 1).sampled(2)) == errc::bad_rate);
    CHECK(refusal_of<kiip>(counter("a b", 1)) == errc::bad_name);
    CHECK(refusal_of<statsite>(counter("a\0b"sv, 1)) == errc::bad_name);
    CHECK(refusal_of<etsy>(counter("a|#b", 1)) == errc::missing_value);
    CHECK(refusal_of<dogstatsd>(counter("a\xff", 1)) == errc::bad_name);
    CHECK(refusal_of<etsy>(set_member("a", "b:c")) == errc::missing_type);
    const std::string tags(dialect::quipu::tag_bytes_max + 1, 't');
    CHECK(refusal_of<dialect::quipu>(counter("a", 1).tagged(tags)) == errc::tags_too_long);
}

TEMPLATE_TEST_CASE("format: no dialect smuggles in a line",
                   "[wire][format]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::dogstatsd,
                   dialect::influx) {
    CHECK(refusal_of<TestType>(counter("a:1|c\nb", 1)) == errc::bad_name);
    CHECK(refusal_of<TestType>(counter("a\nb", 1)) == errc::bad_name);
    CHECK(refusal_of<TestType>(counter("a", 1).tagged("b\nc:1|c")) == errc::bad_tags);
    CHECK(refusal_of<TestType>(set_member("a", "b\nc:1|c")) == errc::bad_name);
    auto told = counter("a", 1);
    told.origin.add("c:x\nb:1");
    CHECK(refusal_of<TestType>(told) == errc::unknown_field);
}

TEST_CASE("format: a name can be sanitized", "[wire][format]") {
    using format_policy::sanitize;
    CHECK(written<dialect::quipu, sanitize>(counter("a:b|c\nd e", 1)) == "a_b_c_d e:1|c");
    CHECK(written<dialect::quipu, sanitize>(counter("a.b", 1).tagged("x")) == "a.b:1|c|#x");
    CHECK(written<dialect::kiip, sanitize>(counter("a b/c;d=\xc3\xa9!", 1)) == "a_b_c_d___:1|c");
    CHECK(written<dialect::dogstatsd, sanitize>(counter("\xc3\xa9\xff", 1)) == "\xc3\xa9_:1|c");
    CHECK(written<dialect::statsite, sanitize>(counter("a\0b:c"sv, 1)) == "a_b_c:1|c");
    CHECK(written<dialect::quipu, sanitize>(gauge(":", -1)) == "_:0|g\n_:-1|g");
    // Nothing else is: it has no reading that is nearly right.
    CHECK(written<dialect::quipu, sanitize>(counter("", 1)) == message(errc::empty_name));
    CHECK(written<dialect::quipu, sanitize>(counter("a", 1).tagged("\n")) ==
          message(errc::bad_tags));
    const std::string name(native_name_bytes_max + 1, 'n');
    CHECK(written<dialect::quipu, sanitize>(counter(name, 1)) == message(errc::name_too_long));
}

#include <quipu/wire/binary.hpp>

#include "support/binaries.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include "support/parsed.hpp"

#include <array>
#include <limits>
#include <string>
#include <string_view>

using namespace quipu;
using namespace std::string_view_literals;
using binaries::scalar_record;
using binaries::set_record;
using parsed::counter;
using parsed::gauge;
using parsed::keyvalue;
using parsed::set_member;
using parsed::timer;

namespace {

struct good_case {
    std::string_view bytes;
    sample wanted;
};

constexpr good_case good_records[] = {
    {"\xaa\1\2\0\0\0\0\0\0\0\xf0\x3f"
     "a\0"sv,
     keyvalue("a", 1).fractional()},
    {"\xaa\2\5\0\0\0\0\0\0\0\x04\xc0hits\0"sv, counter("hits", -2.5).fractional()},
    {"\xaa\3\2\0\x9a\x99\x99\x99\x99\x99\xb9\x3f"
     "t\0"sv,
     timer("t", 0.1).fractional()},
    {"\xaa\4\2\0\4\0s\0bob\0"sv, set_member("s", "bob")},
    {"\xaa\4\2\0\6\0s\0a:b c\0"sv, set_member("s", "a:b c")},
    {"\xaa\5\2\0\0\0\0\0\0\0\xf0\xbfg\0"sv, gauge("g", -1).fractional()},
    {"\xaa\6\2\0\0\0\0\0\0\0\xf0\x3fg\0"sv, gauge("g", 1).fractional().changing()},
    {"\xaa\2\4\0\0\0\0\0\0\0\0\0a b\0"sv, counter("a b", 0).fractional()},
};

constexpr std::string_view first_wrong() {
    for (const auto& [bytes, wanted] : good_records) {
        const auto record = parse_binary(bytes);
        if (!record || record->sample != wanted || record->size != bytes.size() ||
            record->refused != refusal()) {
            return bytes;
        }
        basic_line_buffer<64> out;
        if (format_binary(wanted, out) != errc::ok || out.view() != bytes) {
            return bytes;
        }
    }
    return "none";
}

std::string with_zero(std::string_view text) {
    return std::string(text) + '\0';
}

} // namespace

TEST_CASE("binary: records are read and written at compile time", "[wire][binary]") {
    STATIC_REQUIRE(first_wrong() == "none");
    STATIC_REQUIRE(noexcept(parse_binary("")));
    STATIC_REQUIRE(binary_record_bytes_max == 6 + 65535 + 65535);
}

TEST_CASE("binary: records are read from memory of their size", "[wire][binary]") {
    for (const auto& [bytes, wanted] : good_records) {
        const exact_copy copy(bytes);
        const auto record = parse_binary(copy.view());
        REQUIRE(record.error() == errc::ok);
        CHECK(record->sample == wanted);
        CHECK(record->refused == refusal());
        CHECK(record->size == bytes.size());
        CHECK(record->complete());
    }
}

TEST_CASE("binary: a record that has not all come is no error", "[wire][binary]") {
    for (const auto& good : good_records) {
        for (std::size_t size = 0; size < good.bytes.size(); ++size) {
            CAPTURE(size);
            const exact_copy part(good.bytes.substr(0, size));
            const auto record = parse_binary(part.view());
            REQUIRE(record.error() == errc::ok);
            CHECK_FALSE(record->complete());
            CHECK(*record == binary_record());
        }
    }
}

TEST_CASE("binary: what follows a record is left alone", "[wire][binary]") {
    for (const auto& good : good_records) {
        const auto bytes = std::string(good.bytes) + "\nx";
        CHECK(parse_binary(bytes)->sample == good.wanted);
        CHECK(parse_binary(bytes)->size == good.bytes.size());
    }
}

TEST_CASE("binary: tells in two steps how much has to come", "[wire][binary]") {
    for (const auto& good : good_records) {
        std::size_t known = 0;
        for (int step = 0; known < good.bytes.size(); ++step) {
            REQUIRE(step < 3);
            const auto wanted = *binary_record_size(good.bytes.substr(0, known));
            CHECK(wanted > known);
            known = wanted;
        }
        CHECK(known == good.bytes.size());
        CHECK(*binary_record_size(good.bytes) == good.bytes.size());
    }
    CHECK(binary_record_size("a").error() == errc::bad_magic);
    CHECK(binary_record_size("\xaa\7").error() == errc::unknown_type);
    CHECK(*binary_record_size("\xaa\4\xff\xff\xff\xff"sv) == binary_record_bytes_max);
}

TEST_CASE("binary: a record that hides where the next begins is an error", "[wire][binary]") {
    CHECK(parse_binary("a:1|c\n").error() == errc::bad_magic);
    CHECK(parse_binary("\n"sv).error() == errc::bad_magic);
    CHECK(parse_binary("\0"sv).error() == errc::bad_magic);
    for (const int type : {0, 7, 8, 127, 128, 255}) {
        const std::string bytes{'\xaa', static_cast<char>(type)};
        CHECK(parse_binary(bytes).error() == errc::unknown_type);
    }
    for (const char type : {'\1', '\2', '\3', '\5', '\6'}) {
        CHECK(parse_binary(scalar_record(type, 1, "a")).error() == errc::bad_terminator);
        CHECK(parse_binary(scalar_record(type, 1, "")).error() == errc::bad_terminator);
        CHECK(parse_binary(scalar_record(type, 1, "a\0b"sv)).error() == errc::bad_terminator);
    }
    CHECK(parse_binary(set_record("a", "b\0"sv)).error() == errc::bad_terminator);
    CHECK(parse_binary(set_record("a\0"sv, "b")).error() == errc::bad_terminator);
    CHECK(parse_binary(set_record("", "b\0"sv)).error() == errc::bad_terminator);
    CHECK(parse_binary(set_record("a\0"sv, "")).error() == errc::bad_terminator);
}

TEST_CASE("binary: a sample is refused and the next record can be read", "[wire][binary]") {
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    const struct {
        std::string bytes;
        refusal wanted;
    } cases[] = {
        {scalar_record(2, nan, "a\0"sv), {errc::bad_number, 4}},
        {scalar_record(2, -nan, "a\0"sv), {errc::bad_number, 4}},
        {scalar_record(2, infinity, "a\0"sv), {errc::number_out_of_range, 4}},
        {scalar_record(5, -infinity, "a\0"sv), {errc::number_out_of_range, 4}},
        {scalar_record(2, 1, "\0"sv), {errc::empty_name, 12}},
        {scalar_record(2, 1, "a:b\0"sv), {errc::bad_name, 12}},
        {scalar_record(2, 1, "a|b\0"sv), {errc::bad_name, 12}},
        {scalar_record(2, 1, "a\nb:1|c\0"sv), {errc::bad_name, 12}},
        {scalar_record(2, 1, "a\0b\0"sv), {errc::bad_name, 12}},
        {scalar_record(2, nan, "\0"sv), {errc::empty_name, 12}},
        {scalar_record(2, 1, with_zero(std::string(1025, 'n'))), {errc::name_too_long, 12}},
        {set_record("\0"sv, "b\0"sv), {errc::empty_name, 6}},
        {set_record("a\0"sv, "\0"sv), {errc::empty_member, 8}},
        {set_record("a\0"sv, "b|c\0"sv), {errc::bad_name, 8}},
        {set_record("a\0"sv, "b\nc\0"sv), {errc::bad_name, 8}},
        {set_record("a\0"sv, "b\0c\0"sv), {errc::bad_name, 8}},
        {set_record("a\0"sv, with_zero(std::string(8184, 'm'))), {errc::line_too_long, 0}},
    };
    for (const auto& [bytes, wanted] : cases) {
        const exact_copy copy(bytes);
        const auto record = parse_binary(copy.view());
        REQUIRE(record.error() == errc::ok);
        CAPTURE(message(record->refused.error), record->refused.offset);
        CHECK(record->refused == wanted);
        CHECK(record->size == bytes.size());
    }
}

TEST_CASE("binary: names are those of the dialect, but no line's end", "[wire][binary]") {
    const auto accepts = [](std::string_view name) {
        return parse_binary<dialect::etsy>(scalar_record(2, 1, with_zero(name)))->refused.error;
    };
    CHECK(accepts("a\tb") == errc::ok);
    CHECK(accepts("a|b") == errc::ok);
    CHECK(accepts("a\nb") == errc::bad_name);
    CHECK(accepts("a:b") == errc::bad_name);
    CHECK(accepts("a\0b"sv) == errc::bad_name);
}

TEST_CASE("binary: names and records are as long as may be read, and no longer", "[wire][binary]") {
    const std::string name(native_name_bytes_max, 'n');
    CHECK(parse_binary(scalar_record(2, 1, with_zero(name)))->sample.series.name == name);
    const std::string member(native_line_bytes_max - 6 - 2 - 1, 'm');
    const auto longest = set_record("a\0"sv, with_zero(member));
    CHECK(parse_binary(longest)->sample.member == member);
    CHECK(parse_binary(longest)->refused == refusal());

    basic_line_buffer<2 * native_line_bytes_max> out;
    REQUIRE(format_binary(set_member("a", member), out) == errc::ok);
    CHECK(out.view() == longest);
    CHECK(format_binary(set_member("a", member + 'm'), out) == errc::line_too_long);
    CHECK(format_binary(counter(name + 'n', 1), out) == errc::name_too_long);
    CHECK(out.view() == longest);
}

TEST_CASE("binary: refuses to write what would not read back", "[wire][binary]") {
    line_buffer out;
    REQUIRE(out.append("before"));
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    CHECK(format_binary(counter("", 1), out) == errc::empty_name);
    CHECK(format_binary(counter("a\nb", 1), out) == errc::bad_name);
    CHECK(format_binary(counter("a", infinity), out) == errc::number_out_of_range);
    CHECK(format_binary(counter("a", 1).sampled(0.5), out) == errc::bad_rate);
    CHECK(format_binary(counter("a", 1).timed(5), out) == errc::bad_timestamp);
    CHECK(format_binary(counter("a", 1).tagged("b:c"), out) == errc::bad_tags);
    CHECK(format_binary(set_member("a", ""), out) == errc::empty_member);
    CHECK(format_binary(set_member("a", "b|c"), out) == errc::bad_name);
    CHECK(out.view() == "before");
}

TEST_CASE("binary: a buffer that is too small stays as it was", "[wire][binary]") {
    basic_line_buffer<1 + 14> exact;
    REQUIRE(exact.append("x"));
    CHECK(format_binary(counter("a", 1), exact) == errc::ok);
    basic_line_buffer<14> small;
    REQUIRE(small.append("x"));
    CHECK(format_binary(counter("a", 1), small) == errc::no_space);
    CHECK(format_binary(set_member("a", "12345"), small) == errc::no_space); // 6 + 2 + 6
    CHECK(small.view() == "x");
    CHECK(format_binary(set_member("a", "1234"), small) == errc::ok);
}

TEST_CASE("binary: whatever is written reads back equal", "[wire][binary]") {
    generator random(11);
    for (int i = 0; i < 5000; ++i) {
        const auto name = binaries::generated_name(random, 40);
        const auto member = binaries::generated_name(random, 40);
        const auto one = binaries::generated_sample(random, name, member);
        line_buffer out;
        REQUIRE(format_binary(one, out) == errc::ok);
        const auto back = parse_binary(out.view());
        REQUIRE(back.error() == errc::ok);
        CHECK(back->refused == refusal());
        CHECK(back->size == out.size());
        CHECK(back->sample == one);
        CHECK(same(back->sample.value, one.value));
    }
}

TEST_CASE("binary: any bytes are read without a read outside them", "[wire][binary]") {
    generator random(12);
    std::array<std::size_t, errc_count> seen{};
    std::size_t incomplete = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string bytes = random.one_in(2)
                                ? scalar_record(static_cast<char>(random.below(8)),
                                                generated_double(random),
                                                with_zero(binaries::generated_name(random, 9)))
                                : set_record("a\0"sv, "bc\0"sv);
        for (auto left = random.below(3); left > 0; --left)
            bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
        bytes.resize(random.below(bytes.size() + 3), '\0');
        const exact_copy copy(bytes);
        const auto record = parse_binary(copy.view());
        ++seen[static_cast<std::size_t>(record.error())];
        incomplete += record && !record->complete() ? 1U : 0U;
        CHECK((!record || record->size <= bytes.size()));
    }
    CHECK(seen[static_cast<std::size_t>(errc::ok)] > incomplete + 1000);
    CHECK(seen[static_cast<std::size_t>(errc::bad_magic)] > 100);
    CHECK(seen[static_cast<std::size_t>(errc::unknown_type)] > 100);
    CHECK(seen[static_cast<std::size_t>(errc::bad_terminator)] > 100);
    CHECK(incomplete > 1000);
}

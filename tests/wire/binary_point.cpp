#include <quipu/wire/binary_point.hpp>

#include "support/binaries.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <limits>
#include <string>
#include <string_view>

using namespace quipu;
using namespace std::string_view_literals;

namespace {

constexpr binary_point hits{.kind = metric_kind::counter,
                            .what = statistic::count,
                            .name = "hits",
                            .value = 1,
                            .timestamp = 0x0102'0304'0506};
constexpr auto hits_bytes = "\6\5\4\3\2\1\0\0\2\4\5\0\0\0\0\0\0\0\xf0\x3fhits\0"sv;

constexpr binary_point bin{.kind = metric_kind::timer,
                           .what = statistic::histogram_bin,
                           .name = "t",
                           .value = 1,
                           .timestamp = 7,
                           .count = 258};
constexpr auto bin_bytes = "\7\0\0\0\0\0\0\0\3\x09\2\0\0\0\0\0\0\0\xf0\x3ft\0\2\1\0\0"sv;

constexpr bool writes(const binary_point& one, std::string_view wanted) {
    line_buffer out;
    return format_binary(one, out) == errc::ok && out.view() == wanted;
}

template <class Member, class Value>
binary_point with(Member member, Value value) {
    binary_point one = hits;
    one.*member = value;
    return one;
}

std::string patched(std::size_t at, std::string_view bytes) {
    return std::string(hits_bytes).replace(at, bytes.size(), bytes);
}

} // namespace

TEST_CASE("binary_point: records are read and written at compile time", "[wire][binary_point]") {
    STATIC_REQUIRE(writes(hits, hits_bytes));
    STATIC_REQUIRE(writes(bin, bin_bytes));
    STATIC_REQUIRE(parse_binary_point(hits_bytes)->point == hits);
    STATIC_REQUIRE(parse_binary_point(hits_bytes)->size == hits_bytes.size());
    STATIC_REQUIRE(parse_binary_point(bin_bytes)->point == bin);
    STATIC_REQUIRE(parse_binary_point(bin_bytes)->size == bin_bytes.size());
    STATIC_REQUIRE(noexcept(parse_binary_point("")));
}

TEST_CASE("binary_point: kinds and statistics have statsite's numbers", "[wire][binary_point]") {
    const auto byte = [](const binary_point& one, std::size_t at) {
        line_buffer out;
        REQUIRE(format_binary(one, out) == errc::ok);
        return static_cast<int>(static_cast<unsigned char>(out.view()[at]));
    };
    CHECK(byte(with(&binary_point::kind, metric_kind::keyvalue), 8) == 1);
    CHECK(byte(with(&binary_point::kind, metric_kind::counter), 8) == 2);
    CHECK(byte(with(&binary_point::kind, metric_kind::timer), 8) == 3);
    CHECK(byte(with(&binary_point::kind, metric_kind::unique), 8) == 4);
    CHECK(byte(with(&binary_point::kind, metric_kind::gauge), 8) == 5);
    CHECK(byte(with(&binary_point::what, statistic::none), 9) == 0);
    CHECK(byte(with(&binary_point::what, statistic::standard_deviation), 9) == 5);
    CHECK(byte(with(&binary_point::what, statistic::sample_rate), 9) == 12);
    CHECK(byte(with(&binary_point::what, percentile_statistic(99)), 9) == 0x80 + 99);
    CHECK(byte(with(&binary_point::what, percentile_statistic(100)), 9) == 0x80 + 100);
}

TEST_CASE("binary_point: a record that has not all come is no error", "[wire][binary_point]") {
    for (const auto whole : {hits_bytes, bin_bytes}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            const exact_copy part(whole.substr(0, size));
            const auto record = parse_binary_point(part.view());
            REQUIRE(record.error() == errc::ok);
            CHECK(*record == binary_point_record());
            CHECK_FALSE(record->complete());
        }
        CHECK(parse_binary_point(std::string(whole) + "x")->size == whole.size());
    }
}

TEST_CASE("binary_point: says what is wrong with a record", "[wire][binary_point]") {
    const auto error = [](std::string_view bytes) {
        const exact_copy copy(bytes);
        return parse_binary_point(copy.view()).error();
    };
    CHECK(error(hits_bytes) == errc::ok);
    CHECK(error(patched(8, "\0"sv)) == errc::unknown_type);
    CHECK(error(patched(8, "\6")) == errc::unknown_type);
    CHECK(error(patched(8, "\xff")) == errc::unknown_type);
    CHECK(error(patched(9, "\x0d")) == errc::unknown_type);
    CHECK(error(patched(9, "\x7f")) == errc::unknown_type);
    CHECK(error(patched(9, "\xe5")) == errc::unknown_type); // the 101st percentile
    CHECK(error(patched(7, "\x80")) == errc::bad_timestamp);
    CHECK(error(patched(10, "\0"sv)) == errc::bad_terminator);
    CHECK(error(patched(10, "\1")) == errc::bad_terminator);
    CHECK(error(patched(24, "x")) == errc::bad_terminator);
    CHECK(error(patched(21, "\0"sv)) == errc::bad_name);
    CHECK(error(patched(10, "\1\0"sv).replace(20, 1, 1, '\0')) == errc::empty_name);
    CHECK(error(patched(18, "\xf0\x7f")) == errc::number_out_of_range);
    CHECK(error(patched(18, "\xf8\x7f")) == errc::bad_number);
}

TEST_CASE("binary_point: refuses to write what would not read back", "[wire][binary_point]") {
    line_buffer out;
    REQUIRE(out.append("before"));
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const std::string too_long(binary_point_name_bytes_max + 1, 'n');
    CHECK(format_binary(with(&binary_point::name, ""), out) == errc::empty_name);
    CHECK(format_binary(with(&binary_point::name, "a\0b"sv), out) == errc::bad_name);
    CHECK(format_binary(with(&binary_point::name, too_long), out) == errc::name_too_long);
    CHECK(format_binary(with(&binary_point::timestamp, -1), out) == errc::bad_timestamp);
    CHECK(format_binary(with(&binary_point::value, nan), out) == errc::bad_number);
    CHECK(format_binary(with(&binary_point::value, -infinity), out) == errc::number_out_of_range);
    CHECK(format_binary(with(&binary_point::what, statistic{13}), out) == errc::unknown_type);
    CHECK(out.view() == "before");
    basic_line_buffer<24> small;
    CHECK(format_binary(hits, small) == errc::no_space);
    CHECK(format_binary(bin, small) == errc::no_space); // its count does not fit
    CHECK(small.view().empty());
}

TEST_CASE("binary_point: the longest name fits", "[wire][binary_point]") {
    const std::string longest(binary_point_name_bytes_max, 'n');
    static basic_line_buffer<70'000> out;
    REQUIRE(format_binary(with(&binary_point::name, longest), out) == errc::ok);
    CHECK(parse_binary_point(out.view())->point.name == longest);
}

TEST_CASE("binary_point: whatever is written reads back equal", "[wire][binary_point]") {
    generator random(13);
    for (int i = 0; i < 5000; ++i) {
        const auto name = binaries::generated_name(random, 40);
        binary_point one{.kind = static_cast<metric_kind>(random.below(metric_kind_count)),
                         .what = random.one_in(2)
                                     ? static_cast<statistic>(random.below(13))
                                     : percentile_statistic(static_cast<int>(random.below(101))),
                         .name = name,
                         .value = generated_double(random),
                         .timestamp = static_cast<std::int64_t>(random.next() >> 1)};
        if (is_histogram(one.what))
            one.count = static_cast<std::uint32_t>(random.next());
        line_buffer out;
        REQUIRE(format_binary(one, out) == errc::ok);
        const auto back = parse_binary_point(out.view());
        REQUIRE(back.error() == errc::ok);
        CHECK(back->size == out.size());
        CHECK(back->point == one);
    }
}

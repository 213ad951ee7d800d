#include <quipu/core/byte_codec.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

using namespace quipu;
using namespace std::string_view_literals;

TEST_CASE("byte_codec: what was written is read", "[core][byte_codec]") {
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    std::string bytes;
    byte_writer out(bytes);
    out.byte(0xff);
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, highest})
        out.count(value);
    out.word(highest - 1);
    for (const double value : {-0.0, 5e-324, 1e300, HUGE_VAL})
        out.number(value);
    out.text("a\0b"sv);
    out.text("");

    byte_reader in(bytes);
    CHECK(in.byte() == 0xff);
    CHECK(in.count() == 0);
    CHECK(in.count() == 127);
    CHECK(in.count() == 128);
    CHECK(in.count() == highest);
    CHECK(in.word() == highest - 1);
    CHECK(std::signbit(in.number()));
    CHECK(in.number() == 5e-324);
    CHECK(in.number() == 1e300);
    CHECK(in.number() == HUGE_VAL);
    CHECK(in.text() == "a\0b"sv);
    CHECK(in.text().empty());
    CHECK(in.left() == 0);
    CHECK_FALSE(in.failed());
}

TEST_CASE("byte_codec: the form is what it has always been", "[core][byte_codec]") {
    std::string bytes;
    byte_writer out(bytes);
    out.count(300);
    out.word(0x0102);
    out.number(1);
    out.text("ab");
    CHECK(bytes == "\xac\x02\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f\x02"
                   "ab"sv);
}

TEST_CASE("byte_codec: what is cut short fails and stays failed", "[core][byte_codec]") {
    std::string bytes;
    byte_writer out(bytes);
    out.count(300);
    out.word(7);
    out.text("abc");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        byte_reader in(std::string_view(bytes).substr(0, size));
        in.count();
        in.word();
        in.text();
        CHECK(in.failed());
        CHECK(in.byte() == 0);
        CHECK(in.left() == 0);
    }
}

TEST_CASE("byte_codec: counts that no writer writes are refused", "[core][byte_codec]") {
    for (const auto bytes : {"\x80\x00"sv,                                 // 0 in two bytes
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, // 65 bits
                             "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv}) {
        byte_reader in(bytes);
        CHECK(in.count() == 0);
        CHECK(in.failed());
    }
}

TEST_CASE("byte_codec: a count of more than the bytes can hold is refused", "[core][byte_codec]") {
    byte_reader fits("\x02sixteen bytes..."sv);
    CHECK(fits.count_of(8) == 2);
    CHECK_FALSE(fits.failed());
    byte_reader beyond("\x03sixteen bytes..."sv);
    CHECK(beyond.count_of(8) == 0);
    CHECK(beyond.failed());
}

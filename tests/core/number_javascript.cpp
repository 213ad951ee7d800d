#include <quipu/core/number_javascript.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::parse_javascript_number;

namespace {

struct javascript_case {
    std::string_view text;
    std::uint64_t bits;
    errc error;
};

// What Number(text) of Node.js 20.20 gives: NaN is bad_number, an infinity number_out_of_range.
// clang-format off
constexpr javascript_case javascript_cases[] = {
    {"0", 0x0000000000000000, errc::ok},
    {"-0", 0x8000000000000000, errc::ok},
    {"+0", 0x0000000000000000, errc::ok},
    {"1", 0x3ff0000000000000, errc::ok},
    {"42", 0x4045000000000000, errc::ok},
    {"+42", 0x4045000000000000, errc::ok},
    {"-42", 0xc045000000000000, errc::ok},
    {"5.", 0x4014000000000000, errc::ok},
    {".5", 0x3fe0000000000000, errc::ok},
    {"-.5", 0xbfe0000000000000, errc::ok},
    {"+.5", 0x3fe0000000000000, errc::ok},
    {"5.e3", 0x40b3880000000000, errc::ok},
    {".5e-1", 0x3fa999999999999a, errc::ok},
    {"1e3", 0x408f400000000000, errc::ok},
    {"1E3", 0x408f400000000000, errc::ok},
    {"1e+3", 0x408f400000000000, errc::ok},
    {"1e-3", 0x3f50624dd2f1a9fc, errc::ok},
    {"1e400", 0, errc::number_out_of_range},
    {"-1e400", 0, errc::number_out_of_range},
    {"1e308", 0x7fe1ccf385ebc8a0, errc::ok},
    {"1.7976931348623157e308", 0x7fefffffffffffff, errc::ok},
    {"1.7976931348623158e308", 0x7fefffffffffffff, errc::ok},
    {"1.7976931348623159e308", 0, errc::number_out_of_range},
    {"5e-324", 0x0000000000000001, errc::ok},
    {"2e-324", 0x0000000000000000, errc::ok},
    {"3e-324", 0x0000000000000001, errc::ok},
    {"1e-400", 0x0000000000000000, errc::ok},
    {"007", 0x401c000000000000, errc::ok},
    {"010", 0x4024000000000000, errc::ok},
    {"0.1", 0x3fb999999999999a, errc::ok},
    {"  42  ", 0x4045000000000000, errc::ok},
    {"\t42\n", 0x4045000000000000, errc::ok},
    {"\v42\f", 0x4045000000000000, errc::ok},
    {"\r\n42\r\n", 0x4045000000000000, errc::ok},
    {" ", 0x0000000000000000, errc::ok},
    {"\t", 0x0000000000000000, errc::ok},
    {" \t\n\v\f\r ", 0x0000000000000000, errc::ok},
    {"4 2", 0, errc::bad_number},
    {"- 5", 0, errc::bad_number},
    {"+ 5", 0, errc::bad_number},
    {"0x10", 0x4030000000000000, errc::ok},
    {"0X10", 0x4030000000000000, errc::ok},
    {"0xff", 0x406fe00000000000, errc::ok},
    {"0xFF", 0x406fe00000000000, errc::ok},
    {"0xfF", 0x406fe00000000000, errc::ok},
    {"0xg", 0, errc::bad_number},
    {"0x", 0, errc::bad_number},
    {"0X", 0, errc::bad_number},
    {"0x1.8", 0, errc::bad_number},
    {"0x1p3", 0, errc::bad_number},
    {"-0x10", 0, errc::bad_number},
    {"+0x10", 0, errc::bad_number},
    {"0o17", 0x402e000000000000, errc::ok},
    {"0O17", 0x402e000000000000, errc::ok},
    {"0o18", 0, errc::bad_number},
    {"0o", 0, errc::bad_number},
    {"0b101", 0x4014000000000000, errc::ok},
    {"0B101", 0x4014000000000000, errc::ok},
    {"0b102", 0, errc::bad_number},
    {"0b", 0, errc::bad_number},
    {"-0b1", 0, errc::bad_number},
    {" 0x10 ", 0x4030000000000000, errc::ok},
    {"0x 10", 0, errc::bad_number},
    {"0x1F", 0x403f000000000000, errc::ok},
    {"0x0", 0x0000000000000000, errc::ok},
    {"0x00000000000000000000000000000001", 0x3ff0000000000000, errc::ok},
    {"0x20000000000001", 0x4340000000000000, errc::ok},
    {"0x20000000000002", 0x4340000000000001, errc::ok},
    {"0x20000000000003", 0x4340000000000002, errc::ok},
    {"0x20000000000001.", 0, errc::bad_number},
    {"0xffffffffffffffff", 0x43f0000000000000, errc::ok},
    {"0x80000000000000000000000", 0x45a0000000000000, errc::ok},
    {"0x1000000000000080000000000", 0x45f0000000000000, errc::ok},
    {"0x1000000000000180000000000", 0x45f0000000000002, errc::ok},
    {"0x1000000000000080000000001", 0x45f0000000000001, errc::ok},
    {"0x100000000000008000000000000000000000000000000000000000000000001", 0x4f70000000000001, errc::ok},
    {"0b100000000000000000000000000000000000000000000000000001", 0x4340000000000000, errc::ok},
    {"0b100000000000000000000000000000000000000000000000000011", 0x4340000000000002, errc::ok},
    {"0b1000000000000000000000000000000000000000000000000000010000000000000000000000000000001", 0x4530000000000001, errc::ok},
    {"0o400000000000000001", 0x4340000000000000, errc::ok},
    {"0o400000000000000003", 0x4340000000000002, errc::ok},
    {"0o4000000000000000010000000000000000000000000001", 0x4880000000000001, errc::ok},
    {"Infinity", 0, errc::number_out_of_range},
    {"+Infinity", 0, errc::number_out_of_range},
    {"-Infinity", 0, errc::number_out_of_range},
    {" Infinity ", 0, errc::number_out_of_range},
    {"infinity", 0, errc::bad_number},
    {"INFINITY", 0, errc::bad_number},
    {"Infinity1", 0, errc::bad_number},
    {"Inf", 0, errc::bad_number},
    {"NaN", 0, errc::bad_number},
    {"nan", 0, errc::bad_number},
    {"1_000", 0, errc::bad_number},
    {"1n", 0, errc::bad_number},
    {"1,5", 0, errc::bad_number},
    {"1.2.3", 0, errc::bad_number},
    {"--1", 0, errc::bad_number},
    {"+-1", 0, errc::bad_number},
    {"1e", 0, errc::bad_number},
    {"1e+", 0, errc::bad_number},
    {"e5", 0, errc::bad_number},
    {".", 0, errc::bad_number},
    {"+", 0, errc::bad_number},
    {"-", 0, errc::bad_number},
    {"+.", 0, errc::bad_number},
    {".e1", 0, errc::bad_number},
    {"1e5.5", 0, errc::bad_number},
    {"1 e5", 0, errc::bad_number},
    {"abc", 0, errc::bad_number},
    {"12abc", 0, errc::bad_number},
    {"true", 0, errc::bad_number},
    {"null", 0, errc::bad_number},
    {"1f", 0, errc::bad_number},
    {"1d", 0, errc::bad_number},
    {"0x1g", 0, errc::bad_number},
    {"1e1000000000000000000000", 0, errc::number_out_of_range},
    {"1e-1000000000000000000000", 0x0000000000000000, errc::ok},
    {"0e1000000000000000000000", 0x0000000000000000, errc::ok},
    {"123456789012345678901234567890", 0x45f8ee90ff6c373e, errc::ok},
    {"9007199254740993", 0x4340000000000000, errc::ok},
    {"9007199254740992.999999999999999999999999999", 0x4340000000000000, errc::ok},
    {"9007199254740993.0000000000000000000000001", 0x4340000000000001, errc::ok},
};
// clang-format on

constexpr bool holds(std::string_view text, std::uint64_t bits, errc error) {
    const auto read = parse_javascript_number(text);
    return read.error() == error && (!read || std::bit_cast<std::uint64_t>(*read) == bits);
}

} // namespace

TEST_CASE("number_javascript: what Number() reads is read equal", "[core][number_javascript]") {
    constexpr auto first_wrong = [] {
        for (const auto& [text, bits, error] : javascript_cases) {
            if (!holds(text, bits, error))
                return text;
        }
        return std::string_view("none");
    };
    STATIC_REQUIRE(first_wrong() == "none");
    for (const auto& [text, bits, error] : javascript_cases) {
        INFO(text);
        CHECK(holds(exact_copy(text).view(), bits, error));
    }
}

TEST_CASE("number_javascript: hundreds of digits in base 16 are rounded once",
          "[core][number_javascript]") {
    const auto hexadecimal = [](std::string_view digits, std::size_t count, char fill) {
        return "0x" + std::string(digits) + std::string(count - digits.size(), fill);
    };
    CHECK(holds(hexadecimal("", 255, 'f'), 0x7fb0'0000'0000'0000, errc::ok));
    CHECK(holds(hexadecimal("", 256, 'f'), 0, errc::number_out_of_range));
    CHECK(holds(hexadecimal("", 257, 'f'), 0, errc::number_out_of_range));
    CHECK(holds(hexadecimal("", 10'000, 'f'), 0, errc::number_out_of_range));
    CHECK(holds(hexadecimal("fffffffffffff8", 256, '0'), 0x7fef'ffff'ffff'ffff, errc::ok));
    CHECK(holds(hexadecimal("fffffffffffffb", 256, 'f'), 0x7fef'ffff'ffff'ffff, errc::ok));
    CHECK(holds(hexadecimal("fffffffffffffc", 256, '0'), 0, errc::number_out_of_range));
    CHECK(holds("0b" + std::string(5000, '0') + '1', 0x3ff0'0000'0000'0000, errc::ok));
    CHECK(holds("0b1" + std::string(1024, '0'), 0, errc::number_out_of_range));
    CHECK(holds("0b1" + std::string(1023, '0'), 0x7fe0'0000'0000'0000, errc::ok));
}

TEST_CASE("number_javascript: no text at all and infinities are refused on purpose",
          "[core][number_javascript]") {
    STATIC_REQUIRE(parse_javascript_number("").error() == errc::bad_number);
    STATIC_REQUIRE(parse_javascript_number("Infinity").error() == errc::number_out_of_range);
    CHECK(parse_javascript_number({}).error() == errc::bad_number);
    CHECK(parse_javascript_number("\xc2\xa0"
                                  "1")
              .error() == errc::bad_number); // no-break space
}

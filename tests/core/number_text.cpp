#include <quipu/core/number_text.hpp>

#include <quipu/core/number.hpp>

#include "support/catch.hpp"
#include "support/number_cases.hpp"
#include "support/numbers.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace layout = quipu::layout;

namespace {

using limits = std::numeric_limits<double>;

template <class Layout>
constexpr bool writes(double value, std::string_view expected) {
    std::array<char, Layout::bytes_max> out{};
    const char* const end = Layout::write(out.data(), value);
    return std::string_view(out.data(), static_cast<std::size_t>(end - out.data())) == expected;
}

template <class Layout>
std::string written(double value) {
    std::vector<char> out(Layout::bytes_max); // a sanitizer sees a write behind it
    return {out.data(), Layout::write(out.data(), value)};
}

// The text of the first case of the table that a layout writes otherwise.
template <class Layout>
constexpr std::string_view first_wrong(std::string_view number_case::*expected) {
    for (const auto& each : number_cases) {
        if (!writes<Layout>(std::bit_cast<double>(each.bits), each.*expected))
            return each.*expected;
    }
    return "none";
}

// `layout::javascript` without the '+' of its exponent.
std::string without_plus(std::string_view text) {
    std::string result(text);
    if (const std::size_t plus = result.find('+'); plus != std::string::npos)
        result.erase(plus, 1);
    return result;
}

} // namespace

TEST_CASE("number_text: JavaScript's numbers are those of Node.js", "[core][number_text]") {
    STATIC_REQUIRE(first_wrong<layout::javascript>(&number_case::javascript) == "none");
    for (const auto& each : number_cases)
        CHECK(written<layout::javascript>(std::bit_cast<double>(each.bits)) == each.javascript);
}

TEST_CASE("number_text: Python's numbers are those of Python 3", "[core][number_text]") {
    STATIC_REQUIRE(first_wrong<layout::python>(&number_case::python) == "none");
    for (const auto& each : number_cases)
        CHECK(written<layout::python>(std::bit_cast<double>(each.bits)) == each.python);
}

TEST_CASE("number_text: Python 2's numbers are those of Python 2", "[core][number_text]") {
    STATIC_REQUIRE(first_wrong<layout::python2>(&number_case::python2) == "none");
    for (const auto& each : number_cases)
        CHECK(written<layout::python2>(std::bit_cast<double>(each.bits)) == each.python2);
}

TEST_CASE("number_text: the native layout is JavaScript's but for -0 and the plus",
          "[core][number_text]") {
    STATIC_REQUIRE(writes<layout::shortest>(-0.0, "-0"));
    STATIC_REQUIRE(writes<layout::shortest>(1e21, "1e21"));
    STATIC_REQUIRE(writes<layout::shortest>(1e20, "100000000000000000000"));
    STATIC_REQUIRE(writes<layout::shortest>(1e-6, "0.000001"));
    STATIC_REQUIRE(writes<layout::shortest>(-1.5e-7, "-1.5e-7"));
    STATIC_REQUIRE(writes<layout::shortest>(limits::max(), "1.7976931348623157e308"));
    STATIC_REQUIRE(writes<layout::shortest>(limits::denorm_min(), "5e-324"));
    for (const auto& each : number_cases) {
        const auto value = std::bit_cast<double>(each.bits);
        if (value != 0)
            CHECK(written<layout::shortest>(value) == without_plus(each.javascript));
    }
}

TEST_CASE("number_text: the longest texts fit", "[core][number_text]") {
    CHECK(written<layout::shortest>(-1.2345678901234567e-6) == "-0.0000012345678901234567");
    CHECK(written<layout::javascript>(-limits::min()) == "-2.2250738585072014e-308");
    CHECK(written<layout::python>(-limits::min()) == "-2.2250738585072014e-308");
    CHECK(written<layout::shortest>(-123456789012345680000.0) == "-123456789012345680000");
    CHECK(written<layout::python>(-0.00012345678901234567) == "-0.00012345678901234567");
    CHECK(written<layout::python2>(-limits::min()) == "-2.22507385851e-308");
}

TEST_CASE("number_text: what is written reads back equal", "[core][number_text]") {
    generator random(11);
    const std::uint64_t count = generated_numbers(700'000);
    std::string different;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double value = generated_double(random);
        const auto reads_back = [value](const std::string& text) {
            const auto read = quipu::parse_number(text);
            return read && same(*read, value);
        };
        const std::string text = written<layout::shortest>(value);
        if (!reads_back(text) || !reads_back(written<layout::python>(value)) ||
            (value != 0 && without_plus(written<layout::javascript>(value)) != text))
            different += text + ' ';
    }
    CHECK(different == "");
}

TEST_CASE("number_text: Python 2 prints twelve digits as printf does", "[core][number_text]") {
    generator random(12);
    const std::uint64_t count = generated_numbers(500'000);
    std::string different;
    std::array<char, 64> theirs{};
    for (std::uint64_t i = 0; i < count; ++i) {
        const double value = generated_double(random);
        const std::string ours = written<layout::python2>(value);
        const int size = std::snprintf(theirs.data(), theirs.size(), "%.12g", value);
        std::string expected(theirs.data(), static_cast<std::size_t>(size));
        if (expected.find_first_of(".e") == std::string::npos)
            expected += ".0";
        // printf writes the numbers from 1e11 to 1e12 without exponent: compare what they mean.
        const bool wide = std::abs(value) > 99'999'999'999.4 && std::abs(value) < 1e12;
        if (wide ? !same(*quipu::parse_number(ours), *quipu::parse_number(expected))
                 : ours != expected)
            different += expected + ' ';
    }
    CHECK(different == "");
}

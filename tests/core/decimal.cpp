#include <quipu/core/decimal.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

using quipu::decimal;
using quipu::rounded_decimal;
using quipu::shortest_decimal;

namespace {

using limits = std::numeric_limits<double>;

// As "%e" has it: the point behind the first digit, two digits of exponent at least.
std::string scientific(const decimal& number) {
    std::string text = std::to_string(number.digits);
    const int exponent = number.exponent + static_cast<int>(text.size()) - 1;
    if (text.size() > 1)
        text.insert(1, ".");
    std::array<char, 16> power{};
    std::snprintf(power.data(), power.size(), "e%+03d", exponent);
    return (number.negative ? "-" : "") + text + power.data();
}

std::string shortest_by_library(double value) {
    std::array<char, 32> text{};
    char* const end = text.data() + text.size();
    return {text.data(), std::to_chars(text.data(), end, value, std::chars_format::scientific).ptr};
}

// Rounded by the C library, and without the zeros at the end of the digits.
std::string rounded_by_library(double value, int digits) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.*e", digits - 1, value);
    std::string text(buffer.data());
    const std::size_t end = text.find('e');
    std::size_t last = end;
    if (text.find('.') != std::string::npos) {
        while (text[last - 1] == '0')
            --last;
        if (text[last - 1] == '.')
            --last;
    }
    return text.erase(last, end - last);
}

} // namespace

TEST_CASE("decimal: the shortest digits that read back equal", "[core][decimal]") {
    STATIC_REQUIRE(shortest_decimal(0) == decimal{0, 0, false});
    STATIC_REQUIRE(shortest_decimal(-0.0) == decimal{0, 0, true});
    STATIC_REQUIRE(shortest_decimal(1) == decimal{1, 0, false});
    STATIC_REQUIRE(shortest_decimal(-1200) == decimal{12, 2, true});
    STATIC_REQUIRE(shortest_decimal(0.1) == decimal{1, -1, false});
    STATIC_REQUIRE(shortest_decimal(0.1 + 0.2) == decimal{30000000000000004, -17, false});
    STATIC_REQUIRE(shortest_decimal(123.456) == decimal{123456, -3, false});
    STATIC_REQUIRE(shortest_decimal(1.0 / 3) == decimal{3333333333333333, -16, false});
    STATIC_REQUIRE(shortest_decimal(1e23) == decimal{1, 23, false});
    STATIC_REQUIRE(shortest_decimal(1e-7) == decimal{1, -7, false});
    STATIC_REQUIRE(shortest_decimal(0x1p53) == decimal{9007199254740992, 0, false});
    STATIC_REQUIRE(shortest_decimal(0x1p-44) == decimal{5684341886080802, -29, false});
}

TEST_CASE("decimal: the ends of the range", "[core][decimal]") {
    STATIC_REQUIRE(shortest_decimal(limits::max()) == decimal{17976931348623157, 292, false});
    STATIC_REQUIRE(shortest_decimal(limits::lowest()) == decimal{17976931348623157, 292, true});
    STATIC_REQUIRE(shortest_decimal(limits::denorm_min()) == decimal{5, -324, false});
    STATIC_REQUIRE(shortest_decimal(0x1p-1073) == decimal{1, -323, false});
    STATIC_REQUIRE(shortest_decimal(limits::min()) == decimal{22250738585072014, -324, false});
    STATIC_REQUIRE(shortest_decimal(0x0.fffffffffffffp-1022) ==
                   decimal{2225073858507201, -323, false});
    CHECK(shortest_decimal(limits::max()) == decimal{17976931348623157, 292, false});
    CHECK(shortest_decimal(limits::denorm_min()) == decimal{5, -324, false});
}

TEST_CASE("decimal: of two that are equally near, the even one", "[core][decimal]") {
    STATIC_REQUIRE(shortest_decimal(1125899906842624.25) == decimal{11258999068426242, -1, false});
    STATIC_REQUIRE(shortest_decimal(1125899906842624.75) == decimal{11258999068426248, -1, false});
}

TEST_CASE("decimal: the digits are those of std::to_chars", "[core][decimal]") {
    generator random(8);
    const std::uint64_t count = generated_numbers(1'000'000);
    std::string different;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double value = generated_double(random);
        const std::string theirs = shortest_by_library(value);
        if (scientific(shortest_decimal(value)) != theirs)
            different += theirs + ' ';
    }
    CHECK(different == "");
}

TEST_CASE("decimal: every power of two and its neighbours have those digits too",
          "[core][decimal]") {
    std::string different;
    for (int exponent = -1074; exponent < 1024; ++exponent) {
        const double power = std::ldexp(1.0, exponent);
        for (const double value :
             {std::nextafter(power, 0.0), power, std::nextafter(power, limits::max())}) {
            if (scientific(shortest_decimal(value)) != shortest_by_library(value))
                different += shortest_by_library(value) + ' ';
        }
    }
    CHECK(different == "");
}

TEST_CASE("decimal: fewer digits are rounded from the exact binary value", "[core][decimal]") {
    STATIC_REQUIRE(rounded_decimal(0.1, 12) == decimal{1, -1, false});
    STATIC_REQUIRE(rounded_decimal(2.0 / 3, 3) == decimal{667, -3, false});
    STATIC_REQUIRE(rounded_decimal(-9.996, 3) == decimal{1, 1, true});
    STATIC_REQUIRE(rounded_decimal(0, 1) == decimal{0, 0, false});
    STATIC_REQUIRE(rounded_decimal(123456789012.5, 12) == decimal{123456789012, 0, false});
    STATIC_REQUIRE(rounded_decimal(123456789013.5, 12) == decimal{123456789014, 0, false});
    // Its shortest decimal ends in 5, though it is a little more, or a little less.
    STATIC_REQUIRE(rounded_decimal(0.15, 1) == decimal{1, -1, false});
    STATIC_REQUIRE(rounded_decimal(0.35, 1) == decimal{3, -1, false});
    STATIC_REQUIRE(rounded_decimal(0.45, 1) == decimal{5, -1, false});
    STATIC_REQUIRE(rounded_decimal(0.85, 1) == decimal{8, -1, false});
    CHECK(rounded_decimal(0.45, 1) == decimal{5, -1, false});
}

TEST_CASE("decimal: subnormal numbers have all the digits that are asked for", "[core][decimal]") {
    STATIC_REQUIRE(rounded_decimal(limits::denorm_min(), 1) == decimal{5, -324, false});
    STATIC_REQUIRE(rounded_decimal(-limits::denorm_min(), 12) == decimal{494065645841, -335, true});
    STATIC_REQUIRE(rounded_decimal(0x1p-1073, 15) == decimal{988131291682493, -338, false});
    STATIC_REQUIRE(rounded_decimal(0x1p-1073, 1) == decimal{1, -323, false});
    STATIC_REQUIRE(rounded_decimal(0x0.fffffffffffffp-1022, 15) ==
                   decimal{22250738585072, -321, false});
    std::string different;
    for (int exponent = -1074; exponent <= -1022; ++exponent) {
        for (const double value : {std::ldexp(1.0, exponent), std::ldexp(1.7, exponent)}) {
            for (int digits = 1; digits <= 15; ++digits) {
                const std::string theirs = rounded_by_library(value, digits);
                if (scientific(rounded_decimal(value, digits)) != theirs)
                    different += theirs + ' ';
            }
        }
    }
    CHECK(different == "");
}

TEST_CASE("decimal: the rounded digits are those of printf", "[core][decimal]") {
    generator random(9);
    const std::uint64_t count = generated_numbers(300'000);
    std::string different;
    for (std::uint64_t i = 0; i < count; ++i) {
        double value = generated_double(random);
        int digits = 1 + static_cast<int>(random.below(15));
        if (random.one_in(4)) { // ends in 5 just behind the last digit
            digits = 1 + static_cast<int>(random.below(12));
            const std::uint64_t unit = quipu::detail::integer_powers_of_ten[digits];
            value = static_cast<double>(random.below(unit) * 10 + 5) /
                    static_cast<double>(quipu::detail::integer_powers_of_ten[random.below(20)]);
        }
        const std::string theirs = rounded_by_library(value, digits);
        if (scientific(rounded_decimal(value, digits)) != theirs)
            different += theirs + ' ';
    }
    CHECK(different == "");
}

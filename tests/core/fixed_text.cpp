#include <quipu/core/fixed_text.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using quipu::layout::fixed;

namespace {

using limits = std::numeric_limits<double>;

template <int Decimals>
constexpr bool writes(double value, std::string_view expected) {
    std::array<char, fixed<Decimals>::bytes_max> out{};
    const char* const end = fixed<Decimals>::write(out.data(), value);
    return std::string_view(out.data(), static_cast<std::size_t>(end - out.data())) == expected;
}

template <int Decimals>
bool agrees_with_printf(double value) {
    std::vector<char> ours(fixed<Decimals>::bytes_max); // a sanitizer sees a write behind it
    std::array<char, 512> theirs{};
    const int size = std::snprintf(theirs.data(), theirs.size(), "%.*f", Decimals, value);
    const char* const end = fixed<Decimals>::write(ours.data(), value);
    return std::string_view(ours.data(), static_cast<std::size_t>(end - ours.data())) ==
           std::string_view(theirs.data(), static_cast<std::size_t>(size));
}

} // namespace

TEST_CASE("fixed_text: always as many decimals", "[core][fixed_text]") {
    STATIC_REQUIRE(writes<6>(0, "0.000000"));
    STATIC_REQUIRE(writes<6>(-0.0, "-0.000000"));
    STATIC_REQUIRE(writes<6>(42, "42.000000"));
    STATIC_REQUIRE(writes<6>(-0.1, "-0.100000"));
    STATIC_REQUIRE(writes<6>(1234.5678, "1234.567800"));
    STATIC_REQUIRE(writes<6>(1e-7, "0.000000"));
    STATIC_REQUIRE(writes<6>(-1e-7, "-0.000000"));
    STATIC_REQUIRE(writes<6>(limits::denorm_min(), "0.000000"));
    STATIC_REQUIRE(writes<0>(41.9, "42"));
    STATIC_REQUIRE(writes<3>(1.0005, "1.000"));
    STATIC_REQUIRE(writes<19>(0.1, "0.1000000000000000056"));
}

TEST_CASE("fixed_text: halfway in binary goes to the even digit", "[core][fixed_text]") {
    STATIC_REQUIRE(writes<0>(0.5, "0"));
    STATIC_REQUIRE(writes<0>(1.5, "2"));
    STATIC_REQUIRE(writes<0>(2.5, "2"));
    STATIC_REQUIRE(writes<1>(0.25, "0.2"));
    STATIC_REQUIRE(writes<1>(0.75, "0.8"));
    STATIC_REQUIRE(writes<6>(0.0000005, "0.000000"));  // a little less than halfway
    STATIC_REQUIRE(writes<6>(0x1p-7, "0.007812"));     // 0.0078125
    STATIC_REQUIRE(writes<6>(3 * 0x1p-7, "0.023438")); // 0.0234375
}

TEST_CASE("fixed_text: rounding up carries into the whole part", "[core][fixed_text]") {
    STATIC_REQUIRE(writes<6>(0.9999999, "1.000000"));
    STATIC_REQUIRE(writes<6>(999.9999996, "1000.000000"));
    STATIC_REQUIRE(writes<2>(9.999, "10.00"));
}

TEST_CASE("fixed_text: the largest numbers are written in full", "[core][fixed_text]") {
    STATIC_REQUIRE(writes<6>(0x1p63, "9223372036854775808.000000"));
    STATIC_REQUIRE(writes<6>(0x1p64, "18446744073709551616.000000"));
    STATIC_REQUIRE(writes<6>(1e23, "99999999999999991611392.000000"));
    STATIC_REQUIRE(writes<0>(
        limits::max(),
        "179769313486231570814527423731704356798070567525844996598917476803157260780028538760"
        "589558632766878171540458953514382464234321326889464182768467546703537516986049910576"
        "551282076245490090389328944075868508455133942304583236903222948165808559332123348274"
        "797826204144723168738177180919299881250404026184124858368"));
}

TEST_CASE("fixed_text: what is written is what printf writes", "[core][fixed_text]") {
    generator random(10);
    const std::uint64_t count = generated_numbers(500'000);
    std::string different;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double value = generated_double(random);
        const bool agree =
            agrees_with_printf<6>(value) &&
            (i % 8 != 0 || (agrees_with_printf<0>(value) && agrees_with_printf<2>(value) &&
                            agrees_with_printf<19>(value)));
        if (!agree)
            different += std::to_string(value) + ' ';
    }
    CHECK(different == "");
}

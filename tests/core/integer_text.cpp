#include <quipu/core/integer_text.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using quipu::integer_bytes_max;
using quipu::write_integer;
using quipu::detail::digit_count;
using quipu::detail::write_digits;

namespace {

template <class Integer>
constexpr bool writes(Integer value, std::string_view expected) {
    std::array<char, integer_bytes_max> out{};
    const char* const end = write_integer(out.data(), value);
    return std::string_view(out.data(), static_cast<std::size_t>(end - out.data())) == expected;
}

template <class Integer>
std::string written(Integer value) {
    std::vector<char> out(integer_bytes_max); // a sanitizer sees a write behind it
    return {out.data(), write_integer(out.data(), value)};
}

} // namespace

TEST_CASE("integer_text: the extremes are written in full", "[core][integer_text]") {
    using signed_limits = std::numeric_limits<std::int64_t>;
    STATIC_REQUIRE(writes(std::int64_t{0}, "0"));
    STATIC_REQUIRE(writes(std::int64_t{-1}, "-1"));
    STATIC_REQUIRE(writes(std::int64_t{-120}, "-120"));
    STATIC_REQUIRE(writes(signed_limits::max(), "9223372036854775807"));
    STATIC_REQUIRE(writes(signed_limits::min(), "-9223372036854775808"));
    STATIC_REQUIRE(writes(std::uint64_t{10}, "10"));
    STATIC_REQUIRE(writes(~std::uint64_t{0}, "18446744073709551615"));
    CHECK(written(signed_limits::min()) == "-9223372036854775808");
    CHECK(written(~std::uint64_t{0}) == "18446744073709551615");
}

TEST_CASE("integer_text: digits are counted on both sides of each power of ten",
          "[core][integer_text]") {
    STATIC_REQUIRE(digit_count(0) == 1);
    int digits = 1;
    for (std::uint64_t power = 10;; power *= 10) {
        CHECK(digit_count(power - 1) == digits);
        CHECK(digit_count(power) == ++digits);
        CHECK(written(power) == std::to_string(power));
        CHECK(written(power - 1) == std::to_string(power - 1));
        if (digits == 20)
            break;
    }
    CHECK(digit_count(~std::uint64_t{0}) == 20);
}

TEST_CASE("integer_text: what is written is what std::to_string says", "[core][integer_text]") {
    generator random(2);
    const std::uint64_t count = generated_numbers(100'000);
    std::string different;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t value = random.next() >> random.below(64);
        const auto negative = -static_cast<std::int64_t>(value >> 1);
        if (written(value) != std::to_string(value) ||
            written(negative) != std::to_string(negative))
            different += std::to_string(value) + ' ';
    }
    CHECK(different == "");
}

TEST_CASE("integer_text: a fixed number of digits has zeros in front", "[core][integer_text]") {
    std::vector<char> out(20);
    const auto padded = [&out](std::uint64_t value, int count) {
        return std::string(out.data(), write_digits(out.data(), value, count));
    };
    CHECK(padded(7, 1) == "7");
    CHECK(padded(7, 6) == "000007");
    CHECK(padded(12345678, 8) == "12345678");
    CHECK(padded(5, 9) == "000000005");
    CHECK(padded(1'000'000'000'000'000, 17) == "01000000000000000");
    CHECK(padded(3, 20) == "00000000000000000003");
}

#include <quipu/wire/short_number.hpp>

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

using namespace quipu;

TEST_CASE("short_number: is what parse_number says, or none", "[wire][short_number]") {
    constexpr std::uint64_t seed = 11;
    constexpr std::string_view characters = "01234567890123456789....+-ex:|/;";
    generator random(seed);
    int valid = 0;
    for (int i = 0; i < 300'000; ++i) {
        char text[8];
        std::memset(text, '|', sizeof text);
        const std::size_t size = 1 + random.below(8);
        bool plain = true;
        for (std::size_t k = 0; k < size; ++k) {
            text[k] = characters[random.below(random.one_in(3) ? characters.size() : 21)];
            plain = plain && (detail::is_digit(text[k]) || text[k] == '.');
        }
        const std::string_view written(text, size);
        const auto wanted = parse_number_prefix(written);
        const bool good = plain && wanted && wanted->size == size;
        const auto read = detail::read_short_number(text, size);
        if (read.valid != good ||
            (good && (read.value != wanted->value || read.integral != wanted->integral)))
            FAIL(written << " of seed " << seed);
#if defined(__SSE2__)
        const auto by_vectors = detail::read_short_number_sse2(text, size);
        if (by_vectors.valid != good ||
            (by_vectors.valid &&
             (by_vectors.value != read.value || by_vectors.integral != read.integral)))
            FAIL(written << " of seed " << seed << " by vectors");
#endif
        valid += good;
    }
    CHECK(valid > 50'000);
    STATIC_REQUIRE(detail::read_short_number("12.25|ms", 5).value == 12.25);
    STATIC_REQUIRE(!detail::read_short_number(".|ms....", 1).valid);
}

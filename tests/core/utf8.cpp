#include <quipu/core/utf8.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

using quipu::utf8_size;
using namespace std::string_view_literals;

/// The bytes of a code point, written by the definition; surrogates and what is too large as well.
std::string encoded(unsigned point) {
    const auto tail = [point](unsigned shift) {
        return static_cast<char>(0x80U | (point >> shift & 0x3fU));
    };
    if (point < 0x80)
        return {static_cast<char>(point)};
    if (point < 0x800)
        return {static_cast<char>(0xc0U | point >> 6U), tail(0)};
    if (point < 0x10000)
        return {static_cast<char>(0xe0U | point >> 12U), tail(6), tail(0)};
    return {static_cast<char>(0xf0U | point >> 18U), tail(12), tail(6), tail(0)};
}

} // namespace

TEST_CASE("utf8: every code point but the surrogates is well-formed", "[core][utf8]") {
    for (unsigned point = 0; point < 0x120000; ++point) {
        const auto text = encoded(point);
        const bool surrogate = 0xd800 <= point && point <= 0xdfff;
        const std::size_t wanted = surrogate || point > 0x10ffff ? 0 : text.size();
        if (utf8_size(text) != wanted)
            FAIL("code point " << point);
        if (utf8_size(text + "x") != wanted)
            FAIL("code point " << point << " with a letter behind");
    }
}

TEST_CASE("utf8: what is cut off or overlong is not well-formed", "[core][utf8]") {
    STATIC_REQUIRE(utf8_size("") == 0);
    STATIC_REQUIRE(utf8_size("\0"sv) == 1);
    for (const auto text : {"\x80"sv,
                            "\xbf"sv,
                            "\xc0\x80"sv,
                            "\xc1\xbf"sv,
                            "\xc3"sv,
                            "\xc3x"sv,
                            "\xe0\x80\x80"sv,
                            "\xe0\x9f\xbf"sv,
                            "\xe2\x82"sv,
                            "\xe2\x82x"sv,
                            "\xf0\x8f\xbf\xbf"sv,
                            "\xf0\x9f\x98"sv,
                            "\xf0\x9f\x98x"sv,
                            "\xf4\x90\x80\x80"sv,
                            "\xf5\x80\x80\x80"sv,
                            "\xff"sv}) {
        CAPTURE(text);
        CHECK(utf8_size(text) == 0);
    }
}

#include <quipu/wire/block.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using namespace quipu::detail;

using block = std::array<char, block_bytes>;

/// The marks by the words of their definition.
block_marks defined(const block& text) {
    block_marks marks;
    for (std::size_t i = 0; i < block_bytes; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        marks.separators |= std::uint64_t{byte == ':' || byte == '|'} << i;
        marks.breaks |= std::uint64_t{byte < 32 || byte > 126} << i;
    }
    return marks;
}

std::uint64_t defined_bars(const block& text) {
    std::uint64_t bars = 0;
    for (std::size_t i = 0; i < block_bytes; ++i)
        bars |= std::uint64_t{text[i] == '|'} << i;
    return bars;
}

/// One block, at an address that is aligned to nothing.
template <class Scan>
bool says_the_same(const block& text) {
    alignas(16) char bytes[block_bytes + 1];
    for (std::size_t i = 0; i < block_bytes; ++i)
        bytes[i + 1] = text[i];
    return Scan::marks(bytes + 1) == defined(text) && Scan::bars(bytes + 1) == defined_bars(text);
}

} // namespace

TEMPLATE_TEST_CASE("block: every character at every place is marked as defined",
                   "[wire][block]",
                   plain_scan,
                   swar_scan,
                   default_scan) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t at = 0; at < block_bytes; ++at) {
            block text;
            text.fill('x');
            text[at] = static_cast<char>(byte);
            if (!says_the_same<TestType>(text))
                FAIL("byte " << byte << " at " << at);
        }
    }
}

TEMPLATE_TEST_CASE("block: neighbours do not disturb each other",
                   "[wire][block]",
                   plain_scan,
                   swar_scan,
                   default_scan) {
    constexpr std::uint64_t seed = 20260101;
    generator random(seed);
    for (int i = 0; i < 50'000; ++i) {
        block text;
        // Neighbours of the marks, too: a borrow or a carry would show there.
        constexpr char few[] = {
            ':', '|', '\n', '\x1f', ' ', '\x7f', '~', '9', ';', '{', '}', '\x80'};
        for (auto& c : text)
            c = i % 2 == 0 ? few[random.below(sizeof few)] : static_cast<char>(random.next());
        if (!says_the_same<TestType>(text))
            FAIL("block " << i << " of seed " << seed);
    }
}

TEST_CASE("block: the portable ways work at compile time", "[wire][block]") {
    constexpr block_marks marks{std::uint64_t{1} << 2 | std::uint64_t{1} << 4,
                                std::uint64_t{1} << 6};
    constexpr auto text = [] {
        block letters;
        letters.fill('a');
        letters[2] = ':';
        letters[4] = '|';
        letters[6] = '\n';
        return letters;
    }();
    STATIC_REQUIRE(plain_scan::marks(text.data()) == marks);
    STATIC_REQUIRE(swar_scan::marks(text.data()) == marks);
    STATIC_REQUIRE(plain_scan::bars(text.data()) == std::uint64_t{1} << 4);
    STATIC_REQUIRE(swar_scan::bars(text.data()) == std::uint64_t{1} << 4);
}

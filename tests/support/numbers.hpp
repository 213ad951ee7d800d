// Numbers and texts of numbers to compare with what the standard library makes of them.
#pragma once

#include "support/generator.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// How many numbers a comparison generates: `usual`, or QUIPU_TEST_NUMBERS for a long run.
inline std::uint64_t generated_numbers(std::uint64_t usual) {
    const char* const asked = std::getenv("QUIPU_TEST_NUMBERS");
    return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

/// Copies a text to memory of just its size, so that a sanitizer sees a read outside it.
class exact_copy {
public:
    explicit exact_copy(std::string_view text) : bytes_(text.begin(), text.end()) {
        bytes_.shrink_to_fit();
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

private:
    std::vector<char> bytes_;
};

/// Equal in every bit: -0 is not 0.
[[nodiscard]] constexpr bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// A finite double of one of several kinds, so that fast paths and rare ones are met alike.
inline double generated_double(generator& random) {
    const auto whole = [&random](std::uint64_t bound) {
        return static_cast<double>(random.below(bound));
    };
    double value = 0;
    switch (random.below(8)) {
    case 0: value = whole(1'000'000); break;
    case 1: value = whole(10'000'000) / 1000; break;
    case 2: value = whole(1'000'000'000'000'000) / 1e6; break;
    case 3: value = whole(std::uint64_t{1} << 60); break;
    case 4: value = whole(std::uint64_t{1} << 53) * 0x1p-53 * 1000; break; // like a mean
    case 5: // few binary places: halfway between two decimals at times
        value = std::ldexp(whole(std::uint64_t{1} << 53), -static_cast<int>(random.below(60)));
        break;
    case 6: // powers of two, where the gap below is half the gap above
        value = std::ldexp(1.0, static_cast<int>(random.below(2098)) - 1074);
        break;
    default: {
        std::uint64_t bits = random.next();
        if ((bits >> 52 & 0x7ff) == 0x7ff)
            bits &= ~(std::uint64_t{1} << 62);
        value = std::bit_cast<double>(bits);
    }
    }
    return random.one_in(4) ? -value : value;
}

/// A text that is a decimal number: `digits_max` digits at most, with or without sign, point and
/// exponent.
inline void generate_number(generator& random, std::size_t digits_max, std::string& text) {
    text.clear();
    if (random.one_in(3))
        text += random.one_in(2) ? '-' : '+';
    const std::size_t count = 1 + random.below(digits_max);
    const std::size_t point = random.below(2 * count); // as often none
    for (std::size_t i = 0; i < count; ++i) {
        if (i == point)
            text += '.';
        text += static_cast<char>('0' + random.below(10));
    }
    if (random.one_in(2)) {
        text += random.one_in(2) ? 'e' : 'E';
        text += std::to_string(static_cast<int>(random.below(680)) - 350);
    }
}

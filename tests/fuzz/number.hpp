// Numbers from text and to text, beside what the C library makes of them.
#pragma once

#include <quipu/core/number.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/core/number_text.hpp>

#include "fuzz/expect.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::test {

inline bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Writes a number into memory of just the room that its layout asks for.
template <number_layout Layout>
std::string written(double number) {
    std::vector<char> room(Layout::bytes_max);
    const char* const end = Layout::write(room.data(), number);
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

/// Checks every layout of a finite number.
inline void fuzz_layouts(double number) {
    const auto shortest = written<layout::shortest>(number);
    const auto back = parse_number(shortest);
    expect(back && *back == number, "the shortest text reads back equal");
    expect(std::strtod(shortest.c_str(), nullptr) == number, "and the C library reads it so");
    const auto python = parse_number(written<layout::python>(number));
    expect(python && same_bits(*python, number), "Python's text reads back equal");
    const auto javascript = parse_javascript_number(written<layout::javascript>(number));
    expect(javascript && *javascript == number, "JavaScript's text reads back equal");
    expect(parse_number(written<layout::python2>(number)).error() != errc::bad_number,
           "Python 2's text is a number");

    char wanted[400];
    std::snprintf(wanted, sizeof wanted, "%.6f", number);
    expect(written<layout::fixed<6>>(number) == wanted, "fixed<6> is %.6f");
    std::snprintf(wanted, sizeof wanted, "%.0f", number);
    expect(written<layout::fixed<0>>(number) == wanted, "fixed<0> is %.0f");
}

/// Checks the readers of a text against each other and against the C library.
inline void fuzz_number_text(std::string_view text) {
    const auto prefix = parse_number_prefix(text);
    const auto whole = parse_number(text);
    if (prefix) {
        expect(prefix->size > 0 && prefix->size <= text.size(), "a prefix is within its text");
        expect(whole.has_value() == (prefix->size == text.size()), "a number is a whole prefix");
        expect(!whole || same_bits(*whole, prefix->value), "and the same");
        const std::string digits(text.substr(0, prefix->size));
        char* end = nullptr;
        expect(same_bits(std::strtod(digits.c_str(), &end), prefix->value),
               "a number is what the C library says");
        expect(end == digits.c_str() + digits.size(), "and all of it");
        fuzz_layouts(prefix->value);
    } else {
        expect(!whole, "what has no number is none");
    }
    const auto integer = parse_integer(text);
    expect(!integer || (whole && static_cast<double>(*integer) == *whole), "integers are numbers");
    const auto javascript = parse_javascript_number(text);
    expect(!javascript || std::isfinite(*javascript), "no text is infinite");
    expect(!whole || (javascript && same_bits(*javascript, *whole)),
           "a number is JavaScript's too");
}

/// The bytes as a text, and the first eight of them as a double.
inline void fuzz_number(std::string_view bytes) {
    fuzz_number_text(bytes);
    if (bytes.size() < sizeof(double))
        return;
    double number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    if (std::isfinite(number))
        fuzz_layouts(number);
}

} // namespace quipu::test

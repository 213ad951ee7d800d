// quipu 0.1.0, a header-only C++20 metrics library.
// Made from include/quipu by single_include/amalgamate.cpp: change it there.
//
// SPDX-License-Identifier: MIT
//
// MIT License
//
// Copyright (c) 2026 The quipu authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cfloat>
#include <chrono>
#include <climits>
#include <cmath>
#include <compare>
#include <concepts>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

// quipu/core/little_endian.hpp

// Numbers from and to bytes in little-endian order, on every machine and at compile time.

namespace quipu::detail {

/// Reads an unsigned number of sizeof(Unsigned) bytes, the lowest byte first.
/// Cost  one load on a little-endian machine.
template <class Unsigned>
[[nodiscard]] constexpr Unsigned read_little_endian(const char* bytes) noexcept {
    static_assert(std::is_unsigned_v<Unsigned>);
    if (std::endian::native == std::endian::little && !std::is_constant_evaluated()) {
        Unsigned value;
        std::memcpy(&value, bytes, sizeof value);
        return value;
    }
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        value = static_cast<Unsigned>(value | static_cast<Unsigned>(byte) << (8 * i));
    }
    return value;
}

/// Writes an unsigned number as sizeof(Unsigned) bytes, the lowest byte first.
/// Cost  one store on a little-endian machine.
template <class Unsigned>
constexpr void write_little_endian(char* out, Unsigned value) noexcept {
    static_assert(std::is_unsigned_v<Unsigned>);
    if (std::endian::native == std::endian::little && !std::is_constant_evaluated()) {
        std::memcpy(out, &value, sizeof value);
        return;
    }
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        out[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

} // namespace quipu::detail

// quipu/core/ascii.hpp

// Kinds of characters as the wire knows them: ASCII, whatever the locale says.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// A space, or one of tab, newline, vertical tab, form feed and return.
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || ('\t' <= c && c <= '\r');
}

[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return '0' <= c && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
}

/// Cuts off the blanks at both ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Whether one of eight characters is a control character or one of `Marks`, which are ASCII.
template <char... Marks>
[[nodiscard]] constexpr bool has_control_or(std::uint64_t eight) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    // A byte's top bit: it is below `bound`. What it borrows from the next byte matters no more.
    const auto below = [](std::uint64_t bytes, std::uint64_t bound) {
        return (bytes - bound * ones) & ~bytes;
    };
    const auto equal = [&](char c) {
        return below(eight ^ static_cast<std::uint64_t>(c) * ones, 1);
    };
    const std::uint64_t found = (below(eight, 0x20) | ... | equal(Marks)) | equal('\x7f');
    return (found & 0x80 * ones) != 0;
}

/// Whether one of the characters of a text is such: `of_one(c)` tells it of one character,
/// `of_eight` of eight.
template <class OfOne, class OfEight>
[[nodiscard]] constexpr bool has(std::string_view text, OfOne of_one, OfEight of_eight) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) {
        for (const char c : text) {
            if (of_one(c))
                return true;
        }
        return false;
    }
    const char* at = text.data();
    const char* const last = at + text.size() - step; // the last eight, some of them once more
    for (; at < last; at += step) {
        if (of_eight(read_little_endian<std::uint64_t>(at)))
            return true;
    }
    return of_eight(read_little_endian<std::uint64_t>(last));
}

/// Whether a text has a control character in it or one of `Marks`, which are ASCII.
template <char... Marks>
[[nodiscard]] constexpr bool has_control_or(std::string_view text) noexcept {
    return has(
        text,
        [](char c) { return (is_control(c) || ... || (c == Marks)); },
        [](std::uint64_t eight) { return has_control_or<Marks...>(eight); });
}

/// Whether a text is printable ASCII without any of `Marks`.
template <char... Marks>
[[nodiscard]] constexpr bool is_printable_without(std::string_view text) noexcept {
    constexpr std::uint64_t tops = 0x8080'8080'8080'8080;
    return !has(
        text,
        [](char c) { return c < ' ' || ((c == '\x7f') || ... || (c == Marks)); },
        [](std::uint64_t eight) { return (eight & tops) != 0 || has_control_or<Marks...>(eight); });
}

/// Whether a text has a character in it; without a call or a branch for texts as long as names are.
[[nodiscard]] constexpr bool contains(std::string_view text, char c) noexcept {
#if defined(__SSE2__)
    if (!std::is_constant_evaluated() && text.size() - 16 <= 48 - 16) {
        const auto matches = [wanted = _mm_set1_epi8(c)](const char* sixteen) {
            const auto* const at = reinterpret_cast<const __m128i*>(sixteen);
            return _mm_cmpeq_epi8(_mm_loadu_si128(at), wanted);
        };
        const char* const last = text.data() + text.size() - 16;
        const __m128i ends = _mm_or_si128(matches(text.data()), matches(last));
        const __m128i middle = matches(text.data() + (text.size() - 16) / 2);
        return _mm_movemask_epi8(_mm_or_si128(ends, middle)) != 0;
    }
#endif
    return text.find(c) != text.npos;
}

} // namespace quipu::detail

// quipu/core/config.hpp

// Version, assertions and the few constants that every floor shares.

/// The version of the library as one number: major * 10000 + minor * 100 + patch.
/// CMake reads it from here, so it is written once.
#define QUIPU_VERSION 100

/// Checks a precondition or an invariant: wrong code, never wrong input.
/// Define it before the first include to take another action, or to nothing to switch it off.
#ifndef QUIPU_ASSERT
#include <cassert>
#define QUIPU_ASSERT(condition) assert(condition)
#endif

namespace quipu {

/// The parts of QUIPU_VERSION.
inline constexpr int version_major = QUIPU_VERSION / 10000;
inline constexpr int version_minor = QUIPU_VERSION / 100 % 100;
inline constexpr int version_patch = QUIPU_VERSION % 100;

/// Receivers hand out text that is followed by this many readable bytes, whatever is in them, so
/// that a parser may load whole vectors past the end of a line.
inline constexpr std::size_t read_padding_bytes = 64;

} // namespace quipu

// quipu/core/big_integer.hpp

// A bounded unsigned integer, large enough to decide every rounding between decimal and binary.

namespace quipu::detail {

/// An unsigned integer of up to `bits_max` bits. The largest that a comparison of a decimal with a
/// double needs is about 2,600: 769 digits have 2,555 bits, 5^1111 has 2,580.
/// Memory   `bits_max / 8` bytes, in place; never allocates.
/// Threads  distinct objects safe, shared objects unsafe.
class big_integer {
public:
    static constexpr std::size_t bits_max = 3072;

    constexpr big_integer() noexcept = default;
    constexpr explicit big_integer(std::uint64_t value) noexcept {
        for (; value != 0; value >>= 32)
            push(static_cast<std::uint32_t>(value));
    }

    [[nodiscard]] constexpr bool is_zero() const noexcept { return size_ == 0; }

    /// Becomes this * factor + addend.
    constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) noexcept {
        std::uint64_t carry = addend;
        for (std::size_t i = 0; i < size_; ++i) {
            carry += std::uint64_t{limbs_[i]} * factor;
            limbs_[i] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        if (carry != 0)
            push(static_cast<std::uint32_t>(carry));
    }

    /// Becomes this * 5^exponent.
    constexpr void multiply_by_power_of_five(std::uint64_t exponent) noexcept {
        constexpr std::uint32_t five_to_13 = 1'220'703'125; // the largest power in 32 bits
        for (; exponent >= 13; exponent -= 13)
            multiply_add(five_to_13, 0);
        std::uint32_t rest = 1;
        for (; exponent > 0; --exponent)
            rest *= 5;
        multiply_add(rest, 0);
    }

    /// Becomes this * 2^exponent.
    constexpr void multiply_by_power_of_two(std::uint64_t exponent) noexcept {
        if (is_zero())
            return;
        multiply_add(std::uint32_t{1} << (exponent % 32), 0);
        const auto limbs = static_cast<std::size_t>(exponent / 32);
        QUIPU_ASSERT(size_ + limbs <= limbs_.size());
        for (std::size_t i = size_; i > 0; --i)
            limbs_[i - 1 + limbs] = limbs_[i - 1];
        for (std::size_t i = 0; i < limbs; ++i)
            limbs_[i] = 0;
        size_ += limbs;
    }

    /// Becomes this / divisor.
    /// Returns  the remainder.
    constexpr std::uint32_t divide(std::uint32_t divisor) noexcept {
        std::uint64_t remainder = 0;
        for (std::size_t i = size_; i > 0; --i) {
            remainder = (remainder << 32) | limbs_[i - 1];
            limbs_[i - 1] = static_cast<std::uint32_t>(remainder / divisor);
            remainder %= divisor;
        }
        while (size_ > 0 && limbs_[size_ - 1] == 0)
            --size_;
        return static_cast<std::uint32_t>(remainder);
    }

    /// Returns  a number below, equal to or above 0 as `a` is below, equal to or above `b`.
    [[nodiscard]] friend constexpr int compare(const big_integer& a,
                                               const big_integer& b) noexcept {
        if (a.size_ != b.size_)
            return a.size_ < b.size_ ? -1 : 1;
        for (std::size_t i = a.size_; i > 0; --i) {
            if (a.limbs_[i - 1] != b.limbs_[i - 1])
                return a.limbs_[i - 1] < b.limbs_[i - 1] ? -1 : 1;
        }
        return 0;
    }

private:
    constexpr void push(std::uint32_t limb) noexcept {
        QUIPU_ASSERT(size_ < limbs_.size());
        limbs_[size_++] = limb;
    }

    std::array<std::uint32_t, bits_max / 32> limbs_{}; // the lowest first, no zero at the end
    std::size_t size_ = 0;
};

/// Compares decimal * 10^exponent_of_ten with binary * 2^exponent_of_two, exactly.
///
/// Input    two numbers that differ by no more than some powers of two, so that neither side
///          outgrows big_integer when they are brought to a common scale.
/// Returns  a number below, equal to or above 0, as the decimal is below, equal to or above.
[[nodiscard]] constexpr int compare_exactly(big_integer decimal,
                                            std::int64_t exponent_of_ten,
                                            std::uint64_t binary,
                                            std::int64_t exponent_of_two) noexcept {
    big_integer right(binary);
    if (exponent_of_ten >= 0)
        decimal.multiply_by_power_of_five(static_cast<std::uint64_t>(exponent_of_ten));
    else
        right.multiply_by_power_of_five(static_cast<std::uint64_t>(-exponent_of_ten));
    const std::int64_t shift = exponent_of_ten - exponent_of_two;
    if (shift >= 0)
        decimal.multiply_by_power_of_two(static_cast<std::uint64_t>(shift));
    else
        right.multiply_by_power_of_two(static_cast<std::uint64_t>(-shift));
    return compare(decimal, right);
}

} // namespace quipu::detail

// quipu/core/byte_codec.hpp

// Numbers and texts to bytes and back, in a form that stays the same: what checkpoints, spools and
// serialised sketches are made of.

namespace quipu {

/// Appends to a string of the caller's. The form is the same on every machine and in every version.
/// Cost     amortised O(bytes); allocates when the string grows, and throws what it throws then.
/// Threads  distinct objects on distinct strings safe, shared objects unsafe.
class byte_writer {
public:
    explicit byte_writer(std::string& out) noexcept : out_(&out) {}

    void byte(std::uint8_t value) { out_->push_back(static_cast<char>(value)); }

    /// A number that is small as a rule: seven bits a byte, the lowest first, the top bit of each
    /// byte but the last set.
    void count(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U)
            byte(static_cast<std::uint8_t>(value | 0x80U));
        byte(static_cast<std::uint8_t>(value));
    }

    /// Eight bytes, the lowest first.
    void word(std::uint64_t value) {
        char bytes[sizeof value];
        detail::write_little_endian(bytes, value);
        out_->append(bytes, sizeof bytes);
    }

    /// The bits of a double as a word: every value comes back as it was.
    void number(double value) { word(std::bit_cast<std::uint64_t>(value)); }

    /// The size as a count, and the bytes.
    void text(std::string_view value) {
        count(value.size());
        out_->append(value);
    }

private:
    std::string* out_;
};

/// Reads what a `byte_writer` wrote. What cannot be read is 0 or empty, as is everything behind it,
/// and `failed()` says so: one look at the end is enough.
/// Input    any bytes, hostile ones too: nothing outside them is read.
/// Threads  distinct objects safe, shared objects unsafe.
class byte_reader {
public:
    explicit constexpr byte_reader(std::string_view bytes) noexcept : left_(bytes) {}

    constexpr std::uint8_t byte() noexcept {
        const auto one = take(1);
        return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
    }

    /// Refuses what does not fit 64 bits, and what a writer would have written shorter.
    constexpr std::uint64_t count() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t septet = byte();
            const std::uint64_t bits = septet & 0x7fU;
            if ((bits << shift) >> shift != bits)
                break;
            value |= bits << shift;
            if (septet < 0x80) {
                if (septet == 0 && shift > 0)
                    break;
                return value;
            }
        }
        fail();
        return 0;
    }

    /// A count of things of which each takes at least `bytes_each` of what is left: so a few hostile
    /// bytes cannot ask for much memory.
    constexpr std::size_t count_of(std::size_t bytes_each) noexcept {
        const std::uint64_t things = count();
        if (things <= left_.size() / bytes_each)
            return static_cast<std::size_t>(things);
        fail();
        return 0;
    }

    constexpr std::uint64_t word() noexcept {
        const auto bytes = take(sizeof(std::uint64_t));
        return bytes.empty() ? 0 : detail::read_little_endian<std::uint64_t>(bytes.data());
    }

    constexpr double number() noexcept { return std::bit_cast<double>(word()); }

    /// A view into the bytes that are read.
    constexpr std::string_view text() noexcept { return take(count_of(1)); }

    /// Declares that what was read makes no sense.
    constexpr void fail() noexcept {
        failed_ = true;
        left_ = {};
    }

    [[nodiscard]] constexpr bool failed() const noexcept { return failed_; }
    /// The bytes that are left.
    [[nodiscard]] constexpr std::size_t left() const noexcept { return left_.size(); }

private:
    constexpr std::string_view take(std::size_t size) noexcept {
        if (size > left_.size()) {
            fail();
            return {};
        }
        const auto taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::string_view left_;
    bool failed_ = false;
};

} // namespace quipu

// quipu/core/wide_product.hpp

// The 128-bit product of two 64-bit numbers, on every compiler and at compile time.

namespace quipu::detail {

/// A 128-bit unsigned number in two halves.
struct wide {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr bool operator==(const wide&, const wide&) = default;
};

/// Multiplies by halves of 32 bits: what `multiply` does where the compiler has no 128-bit type.
/// A function of its own so that a test can hold both equal.
/// Cost  four multiplications.
[[nodiscard]] constexpr wide multiply_by_halves(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t half = 0xffff'ffff;
    const std::uint64_t low = (a & half) * (b & half);
    const std::uint64_t cross = (a >> 32) * (b & half) + (low >> 32); // cannot overflow
    const std::uint64_t middle = (a & half) * (b >> 32) + (cross & half);
    return {(a >> 32) * (b >> 32) + (cross >> 32) + (middle >> 32), (middle << 32) | (low & half)};
}

/// The exact product.
/// Cost  one multiplication where the compiler has a 128-bit type, otherwise four.
[[nodiscard]] constexpr wide multiply(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
    __extension__ using uint128 = unsigned __int128;
    const uint128 product = static_cast<uint128>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    return multiply_by_halves(a, b);
#endif
}

} // namespace quipu::detail

// quipu/core/power_of_ten.hpp

// Powers of ten as 128-bit significands: what exact conversion between decimal and binary needs.

namespace quipu::detail {

/// 10^0 .. 10^19, all that 64 bits hold.
inline constexpr std::uint64_t integer_powers_of_ten[] = {
    1,
    10,
    100,
    1'000,
    10'000,
    100'000,
    1'000'000,
    10'000'000,
    100'000'000,
    1'000'000'000,
    10'000'000'000,
    100'000'000'000,
    1'000'000'000'000,
    10'000'000'000'000,
    100'000'000'000'000,
    1'000'000'000'000'000,
    10'000'000'000'000'000,
    100'000'000'000'000'000,
    1'000'000'000'000'000'000,
    10'000'000'000'000'000'000U,
};

/// 5^0 .. 5^26.
inline constexpr std::uint64_t powers_of_five[] = {
    1,
    5,
    25,
    125,
    625,
    3'125,
    15'625,
    78'125,
    390'625,
    1'953'125,
    9'765'625,
    48'828'125,
    244'140'625,
    1'220'703'125,
    6'103'515'625,
    30'517'578'125,
    152'587'890'625,
    762'939'453'125,
    3'814'697'265'625,
    19'073'486'328'125,
    95'367'431'640'625,
    476'837'158'203'125,
    2'384'185'791'015'625,
    11'920'928'955'078'125,
    59'604'644'775'390'625,
    298'023'223'876'953'125,
    1'490'116'119'384'765'625,
};

inline constexpr int power_of_ten_min = -342;
inline constexpr int power_of_ten_max = 350;

/// The 192 leading bits, cut off, of every 27th power of ten from 10^-351 to 10^324. A table of
/// all 693 powers with 128 bits would be 11 KB and cost every include some milliseconds; one
/// multiplication by a power of five, all of which up to 5^26 fit 64 bits, gives the ones between.
/// tests/core/power_of_ten.cpp computes all of them anew.
struct coarse_power {
    std::uint64_t high;
    std::uint64_t middle;
    std::uint64_t low;
};
inline constexpr int coarse_power_step = 27;
inline constexpr int coarse_power_min = -351;
inline constexpr coarse_power coarse_powers[] = {
    {0x8049a4ac0c5811ae, 0x205b896d777d6278, 0xac261e9f5141430b}, // 10^-351
    {0xcf42894a5dce35ea, 0x52064cac828675b9, 0x475f2b7d7df1ad7a}, // 10^-324
    {0xa76c582338ed2621, 0xaf2af2b80af6f24e, 0x657c8f4d43323a36}, // 10^-297
    {0x873e4f75e2224e68, 0x5a7744a6e804a291, 0xcc35eddfcf0996d7}, // 10^-270
    {0xda7f5bf590966848, 0xaf39a475506a899e, 0xa30294cc2934e662}, // 10^-243
    {0xb080392cc4349dec, 0xbd8d794d96aacfb3, 0xfe13a5c86af64418}, // 10^-216
    {0x8e938662882af53e, 0x547eb47b7282ee9c, 0x41b0230e1421487d}, // 10^-189
    {0xe65829b3046b0afa, 0x0cb4a5a3112a5112, 0xa3b561b1cb208396}, // 10^-162
    {0xba121a4650e4ddeb, 0x92f34d62616ce413, 0x21a0183e10583cd3}, // 10^-135
    {0x964e858c91ba2655, 0x3a6a07f8d510f86f, 0xe9082f25e9c5e9ec}, // 10^-108
    {0xf2d56790ab41c2a2, 0xfae27299423fb9c3, 0x3695dad7e8858901}, // 10^-81
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886, 0x96842dc95323f5a8}, // 10^-54
    {0x9e74d1b791e07e48, 0x775ea264cf55347d, 0xca49f1c05120c9c7}, // 10^-27
    {0x8000000000000000, 0x0000000000000000, 0x0000000000000000}, // 10^0
    {0xcecb8f27f4200f3a, 0x0000000000000000, 0x0000000000000000}, // 10^27
    {0xa70c3c40a64e6c51, 0x999090b65f67d924, 0x0000000000000000}, // 10^54
    {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3, 0xdf9f915627c04e28}, // 10^81
    {0xda01ee641a708de9, 0xe80e6f4820cc9495, 0xd74baad03bc1d8d3}, // 10^108
    {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f, 0xc04c79ffe324301f}, // 10^135
    {0x8e41ade9fbebc27d, 0x14588f13be847307, 0x23bd6a2059c002f5}, // 10^162
    {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa, 0xf0b5ccf5176ecc7c}, // 10^189
    {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692, 0x88efb0037ac08bde}, // 10^216
    {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e, 0x0d5a4af7b3a98e47}, // 10^243
    {0xf24a01a73cf2dccf, 0xbc633b39673c8cec, 0x3d9c44cd2f36917c}, // 10^270
    {0xc3b8358109e84f07, 0x0a862f80ec4700c8, 0x02606ea01029dc37}, // 10^297
    {0x9e19db92b4e31ba9, 0x6c07a2c26a8346d1, 0x4944d9f52cd0dec2}, // 10^324
};

/// The 128 leading bits of 10^`exponent`, cut off: the largest s below 2^128 with
/// s * 2^(floor(log2(10^exponent)) - 127) <= 10^exponent. Exact from 10^0 to 10^55.
///
/// Input  power_of_ten_min <= exponent <= power_of_ten_max.
/// Cost   three multiplications.
/// Note   The product of the 192 bits and a power of five is short by less than 2^-63 of the last
///        bit that is kept; that this never changes that bit is tested for each exponent.
[[nodiscard]] constexpr wide power_of_ten_bits(int exponent) noexcept {
    const auto offset = static_cast<unsigned>(exponent - coarse_power_min);
    const coarse_power& coarse = coarse_powers[offset / coarse_power_step];
    const std::uint64_t five = powers_of_five[offset % coarse_power_step];
    const std::uint64_t fine = five << std::countl_zero(five);

    const wide first = multiply(coarse.high, fine);
    const wide second = multiply(coarse.middle, fine);
    const std::uint64_t lowest = second.low + multiply(coarse.low, fine).high;
    const std::uint64_t carry = lowest < second.low ? 1 : 0;
    const std::uint64_t low = first.low + second.high + carry; // second.high is never all ones
    const std::uint64_t high = first.high + (low < first.low ? 1 : 0);
    if ((high >> 63) != 0)
        return {high, low};
    return {(high << 1) | (low >> 63), (low << 1) | (lowest >> 63)};
}

/// floor(log2(10^exponent)) for |exponent| <= 1233.
[[nodiscard]] constexpr int floor_log2_of_power_of_ten(int exponent) noexcept {
    return (exponent * 1'741'647) >> 19;
}

} // namespace quipu::detail

// quipu/core/integer_text.hpp

// Integers to text: eight digits at a time, without tables.

namespace quipu {

namespace detail {

/// The number of decimal digits, 1 for 0.
[[nodiscard]] constexpr int digit_count(std::uint64_t value) noexcept {
    value |= 1; // changes no count but that of 0: the last number before each power of ten is odd
    const int estimate = ((64 - std::countl_zero(value)) * 1233) >> 12; // bits * log10(2)
    return estimate + (value >= integer_powers_of_ten[estimate] ? 1 : 0);
}

/// The eight digits of a number below 10^8, zeros in front, the first in the lowest byte; as
/// values, not yet as characters. The eight become fours, the fours pairs, the pairs digits; a
/// lane's quotient goes below, its remainder above.
[[nodiscard]] constexpr std::uint64_t to_eight_digits(std::uint64_t value) noexcept {
    const std::uint64_t thousands = value / 10'000;
    std::uint64_t lanes = thousands | (value - thousands * 10'000) << 32;
    // x * 5243 >> 19 is x / 100 below 10,000; x * 103 >> 10 is x / 10 below 100.
    const std::uint64_t hundreds = (lanes * 5243 >> 19) & 0x0000'007f'0000'007f;
    lanes = hundreds | (lanes - hundreds * 100) << 16;
    const std::uint64_t tens = (lanes * 103 >> 10) & 0x000f'000f'000f'000f;
    return tens | (lanes - tens * 10) << 8;
}

inline constexpr std::uint64_t eight_zeros =
    0x3030'3030'3030'3030; // the character '0' in each byte

/// Writes `count` digits of a number below 10^count, zeros in front; 1 <= count <= 8.
/// Input    `out` with room for 8 bytes, whatever the count: all are written.
/// Returns  the end of the digits.
constexpr char* write_up_to_eight(char* out, std::uint64_t value, int count) noexcept {
    QUIPU_ASSERT(1 <= count && count <= 8);
    const std::uint64_t digits = to_eight_digits(value) | eight_zeros;
    write_little_endian(out, digits >> (64 - 8 * count));
    return out + count;
}

/// Writes `count` digits of a number below 10^count, zeros in front; 1 <= count <= 20.
/// Input    `out` with room for `count` bytes and at least 8.
/// Returns  the end of the digits.
constexpr char* write_digits(char* out, std::uint64_t value, int count) noexcept {
    constexpr std::uint64_t eight = 100'000'000;
    if (count > 16) {
        out = write_up_to_eight(out, value / (eight * eight), count - 16);
        value %= eight * eight;
        count = 16;
    }
    if (count > 8) {
        out = write_up_to_eight(out, value / eight, count - 8);
        value %= eight;
        count = 8;
    }
    return write_up_to_eight(out, value, count);
}

} // namespace detail

/// What the longest integer takes: a sign and 19 digits, or 20 digits.
inline constexpr std::size_t integer_bytes_max = 20;

/// Writes an integer in decimal.
///
/// Input    `out` with room for integer_bytes_max bytes, of which any may be written.
/// Returns  the end of the text.
/// Threads  pure.
constexpr char* write_integer(char* out, std::uint64_t value) noexcept {
    return detail::write_digits(out, value, detail::digit_count(value));
}
constexpr char* write_integer(char* out, std::int64_t value) noexcept {
    auto magnitude = static_cast<std::uint64_t>(value);
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    return write_integer(out, magnitude);
}

} // namespace quipu

// quipu/core/nearest_double.hpp

// From a decimal to the nearest double: correctly rounded for every input.

namespace quipu::detail {

inline constexpr double exact_powers_of_ten[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/// Whether digits * 10^exponent is one product or quotient of two doubles that are exact, so that
/// the processor rounds once and therefore correctly (Clinger 1990). False where expressions are
/// evaluated with more precision than double has.
[[nodiscard]] constexpr bool rounds_once(std::uint64_t digits, std::int64_t exponent) noexcept {
    return FLT_EVAL_METHOD == 0 && digits <= (std::uint64_t{1} << 53) && -22 <= exponent &&
           exponent <= 22;
}

/// digits * 10^exponent where `rounds_once`.
[[nodiscard]] constexpr double round_once(std::uint64_t digits, std::int64_t exponent) noexcept {
    // The detour over a signed number is one instruction instead of a branch and six.
    const auto value = static_cast<double>(static_cast<std::int64_t>(digits));
    return exponent < 0 ? value / exact_powers_of_ten[-exponent]
                        : value * exact_powers_of_ten[exponent];
}

/// The double nearest to digits * 10^exponent, the even one of two; infinity from halfway above
/// the largest double.
///
/// Cost     4 to 8 multiplications, no loop.
/// Threads  pure.
/// Source   Lemire, "Number parsing at a gigabyte per second" (2021); that 128 bits of the power
///          always suffice for 64-bit digits: Mushtak and Lemire, "Fast number parsing without
///          fallback" (2023).
[[nodiscard]] constexpr double nearest_double(std::uint64_t digits,
                                              std::int64_t exponent) noexcept {
    if (digits == 0 || exponent < power_of_ten_min)
        return 0; // 2^64 * 10^-343 is below half of the smallest subnormal
    if (exponent > 308)
        return std::numeric_limits<double>::infinity();

    const int ten = static_cast<int>(exponent);
    const int zeros = std::countl_zero(digits);
    const std::uint64_t significand = digits << zeros;
    wide power = power_of_ten_bits(ten);
    if (-27 <= ten && ten < 0 && ++power.low == 0) // here the proof asks for rounding up
        ++power.high;

    wide product = multiply(significand, power.high);
    if ((product.high & 0x1ff) == 0x1ff) { // the bits below the 55 needed might carry into them
        const std::uint64_t second = multiply(significand, power.low).high;
        product.low += second;
        if (product.low < second)
            ++product.high;
    }

    const int upper_bit = static_cast<int>(product.high >> 63);
    const int shift = upper_bit + 9; // leaves 54 bits: the significand and one to round by
    std::uint64_t bits = product.high >> shift;
    int biased = floor_log2_of_power_of_ten(ten) + 63 + upper_bit - zeros + 1023;
    if (biased <= 0) { // subnormal; too many digits would be needed to fall exactly halfway
        if (biased <= -63)
            return 0;
        bits >>= 1 - biased;
        bits = (bits + (bits & 1)) >> 1;
        return std::bit_cast<double>(bits); // 2^52 is the smallest normal number, as it should be
    }
    // Exactly halfway, which only these exponents allow: to the even one, which is below.
    if (product.low <= 1 && -4 <= ten && ten <= 23 && (bits & 3) == 1 &&
        (bits << shift) == product.high)
        bits &= ~std::uint64_t{1};
    bits = (bits + (bits & 1)) >> 1;
    if (bits == std::uint64_t{1} << 53) {
        bits >>= 1;
        ++biased;
    }
    if (biased >= 0x7ff)
        return std::numeric_limits<double>::infinity();
    constexpr std::uint64_t fraction = (std::uint64_t{1} << 52) - 1;
    return std::bit_cast<double>((static_cast<std::uint64_t>(biased) << 52) | (bits & fraction));
}

/// A finite double taken apart: its magnitude is significand * 2^exponent.
struct binary {
    std::uint64_t significand = 0;
    int exponent = 0;
};

/// Takes a double apart. The magnitude only: the sign is ignored.
[[nodiscard]] constexpr binary to_binary(double finite) noexcept {
    constexpr std::uint64_t hidden = std::uint64_t{1} << 52;
    const auto bits = std::bit_cast<std::uint64_t>(finite);
    const auto biased = static_cast<int>((bits >> 52) & 0x7ff);
    if (biased == 0)
        return {bits & (hidden - 1), -1074};
    return {(bits & (hidden - 1)) | hidden, biased - 1075};
}

/// Decides between `below` and the next double above it, for a decimal known to lie from the one
/// to the other: the even one if it is exactly between them.
/// Cost  some microseconds for hundreds of digits.
[[nodiscard]] constexpr double
choose_neighbour(double below, const big_integer& decimal, std::int64_t exponent) noexcept {
    const binary lower = to_binary(below);
    const int order =
        compare_exactly(decimal, exponent, 2 * lower.significand + 1, lower.exponent - 1);
    const bool up = order > 0 || (order == 0 && (lower.significand & 1) != 0);
    return up ? std::bit_cast<double>(std::bit_cast<std::uint64_t>(below) + 1) : below;
}

} // namespace quipu::detail

// quipu/core/decimal.hpp

// From a double to decimal digits: the shortest that read back equal, or a given number of them.

namespace quipu {

/// The number digits * 10^exponent, or its negative. In the form in which functions return it,
/// `digits` does not end in 0, and zero is 0 * 10^0, with its sign.
struct decimal {
    std::uint64_t digits = 0;
    int exponent = 0;
    bool negative = false;

    friend constexpr bool operator==(const decimal&, const decimal&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool is_finite(double value) noexcept {
    return (std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) != 0x7ff;
}

[[nodiscard]] constexpr bool is_negative(double value) noexcept {
    return std::bit_cast<std::uint64_t>(value) >> 63 != 0;
}

/// Moves zeros from the end of the digits into the exponent.
[[nodiscard]] constexpr decimal without_trailing_zeros(decimal number) noexcept {
    if (number.digits == 0)
        return {0, 0, number.negative};
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        ++number.exponent;
    }
    return number;
}

/// The number of millionths that reads back as `magnitude` when written as a decimal; -1 if there
/// is none below 10^15. Up to 15 digits no two decimals share a double, so it is the shortest too.
/// Cost  a product, a quotient and two conversions.
[[nodiscard]] constexpr std::int64_t exact_millionths(double magnitude) noexcept {
    if (!(magnitude < 1e9))
        return -1;
    const auto millionths = static_cast<std::int64_t>(magnitude * 1e6 + 0.5);
    return static_cast<double>(millionths) / 1e6 == magnitude ? millionths : -1;
}

/// The integer part of power * factor / 2^128, its last bit set if the rest is not zero: "round to
/// odd", after which comparisons with even integers are exact. The power may be too large by one
/// in its last bit; that can add 1 to the word of the fraction, and true fractions are not that
/// small.
[[nodiscard]] constexpr std::uint64_t multiply_to_odd(wide power, std::uint64_t factor) noexcept {
    const std::uint64_t carried = multiply(power.low, factor).high;
    const wide product = multiply(power.high, factor);
    const std::uint64_t fraction = product.low + carried;
    const std::uint64_t whole = product.high + (fraction < carried ? 1 : 0);
    return whole | (fraction > 1 ? 1 : 0);
}

/// The shortest decimal that rounds to significand * 2^exponent, which is not zero; the nearest
/// of the shortest; the even one of two.
/// Cost    about ten multiplications.
/// Source  Giulietti, "The Schubfach way to render doubles" (2021).
[[nodiscard]] constexpr decimal shortest_digits(binary value) noexcept {
    const std::uint64_t c = value.significand;
    const bool even = (c & 1) == 0;
    // Below a power of two, doubles are twice as dense.
    const bool uneven = c == std::uint64_t{1} << 52 && value.exponent > -1074;

    // 10^ten is the power below the width of the interval that rounds to the value: at most one
    // multiple of 10^(ten + 1) is in it, and at least one of 10^ten.
    const int ten = (value.exponent * 1'262'611 - (uneven ? 524'031 : 0)) >> 22;
    const int shift = value.exponent + floor_log2_of_power_of_ten(-ten) + 1;
    wide power = power_of_ten_bits(-ten);
    if ((-ten < 0 || -ten > 55) && ++power.low == 0) // upwards where it is not exact
        ++power.high;

    // The interval and the value in quarters of 10^ten.
    const std::uint64_t left = multiply_to_odd(power, (4 * c - (uneven ? 1 : 2)) << shift);
    const std::uint64_t middle = multiply_to_odd(power, (4 * c) << shift);
    const std::uint64_t right = multiply_to_odd(power, (4 * c + 2) << shift);
    const std::uint64_t lower = left + (even ? 0 : 1); // the ends belong to even numbers only
    const std::uint64_t upper = right - (even ? 0 : 1);

    const std::uint64_t units = middle / 4;
    if (units >= 10) {
        const std::uint64_t tens = units / 10;
        const bool down = lower <= 40 * tens;
        const bool up = 40 * tens + 40 <= upper;
        if (down != up)
            return without_trailing_zeros({tens + (up ? 1 : 0), ten + 1, false});
    }
    const bool down = lower <= 4 * units;
    bool up = 4 * units + 4 <= upper;
    if (down == up) { // the nearer one
        const std::uint64_t halfway = 4 * units + 2;
        up = middle > halfway || (middle == halfway && (units & 1) != 0);
    }
    const std::uint64_t digits = units + (up ? 1 : 0);
    return digits == 10 ? decimal{1, ten + 1, false} : decimal{digits, ten, false};
}

/// The nearest decimal of at most `digits` digits, for a subnormal number: its shortest decimal can
/// have fewer digits than are asked for, and they are not those of the value.
/// Cost  some microseconds: one or two exact comparisons.
[[nodiscard]] constexpr decimal round_subnormal(binary value, int digits) noexcept {
    const std::uint64_t least = integer_powers_of_ten[digits - 1];
    const int zeros = std::countl_zero(value.significand);
    // The exponent of the last digit, from the power of two just above the value; perhaps 1 too
    // large. `rounded` counts units of it; at first cut off, and from 64 bits only.
    int ten = ((64 - zeros + value.exponent) * 1'262'611 >> 22) - digits + 2;
    std::uint64_t rounded = 0;
    while (rounded < least) {
        --ten;
        const std::uint64_t product =
            multiply(value.significand << zeros, power_of_ten_bits(-ten).high).high;
        rounded = product >> (zeros - value.exponent - floor_log2_of_power_of_ten(-ten) - 1);
    }
    for (;; ++rounded) { // until the value is not above the halfway point to the next
        const int order = compare_exactly(
            big_integer(2 * rounded + 1), ten, value.significand, value.exponent + 1);
        if (order > 0 || (order == 0 && (rounded & 1) == 0))
            break;
    }
    return without_trailing_zeros({rounded, ten, false});
}

} // namespace detail

/// The decimal with the fewest digits that reads back equal, and of those the nearest: 0.1 is
/// 1 * 10^-1, though the double is a little more.
///
/// Input    a finite number.
/// Returns  at most 17 digits; those of `std::to_chars`.
/// Cost     conversions, a product and a quotient for whole numbers below 2^53 and six decimals
///          below 10^9, otherwise about ten 128-bit products. `std::to_chars` is no alternative: it
///          is not constexpr, <charconv> would cost every include its time, and numbers of few
///          digits, the usual ones, took it four times as long.
/// Threads  pure.
[[nodiscard]] constexpr decimal shortest_decimal(double finite) noexcept {
    QUIPU_ASSERT(detail::is_finite(finite));
    const bool negative = detail::is_negative(finite);
    const double magnitude = negative ? -finite : finite;
    if (magnitude < 0x1p53) { // doubles are no further apart than 1: no digit of theirs is idle
        const auto whole = static_cast<std::uint64_t>(static_cast<std::int64_t>(magnitude));
        if (static_cast<double>(static_cast<std::int64_t>(whole)) == magnitude)
            return detail::without_trailing_zeros({whole, 0, negative});
        const std::int64_t millionths = detail::exact_millionths(magnitude);
        if (millionths >= 0)
            return detail::without_trailing_zeros(
                {static_cast<std::uint64_t>(millionths), -6, negative});
    }
    decimal number = detail::shortest_digits(detail::to_binary(finite));
    number.negative = negative;
    return number;
}

/// The nearest decimal of at most `digits` significant digits, halfway cases of the exact binary
/// value to the even one: what "%.12g" prints.
///
/// Input    a finite number; 1 <= digits <= 15, as many as every double tells apart.
/// Cost     as shortest_decimal; more for subnormal numbers, and where a 5 is the last digit and
///          just behind the last kept.
/// Threads  pure.
[[nodiscard]] constexpr decimal rounded_decimal(double finite, int digits) noexcept {
    QUIPU_ASSERT(1 <= digits && digits <= 15);
    const detail::binary parts = detail::to_binary(finite);
    decimal number;
    if (parts.significand < std::uint64_t{1} << 52 && parts.significand != 0) {
        number = detail::round_subnormal(parts, digits);
        number.negative = detail::is_negative(finite);
        return number;
    }
    number = shortest_decimal(finite); // nearer than half of a 15th digit
    const int excess = detail::digit_count(number.digits) - digits;
    if (excess <= 0)
        return number;
    // A point halfway between two results has one digit more than they have. If it lay between the
    // value and its shortest decimal, it would have been the shortest or the nearer itself. So to
    // round that decimal is to round the value, unless it is the halfway point.
    const std::uint64_t unit = detail::integer_powers_of_ten[excess];
    const std::uint64_t rest = number.digits % unit;
    std::uint64_t kept = number.digits / unit;
    if (rest > unit / 2) {
        ++kept;
    } else if (rest == unit / 2) {
        const int order = detail::compare_exactly(
            detail::big_integer(number.digits), number.exponent, parts.significand, parts.exponent);
        if (order < 0 || (order == 0 && (kept & 1) != 0))
            ++kept;
    }
    return detail::without_trailing_zeros({kept, number.exponent + excess, number.negative});
}

} // namespace quipu

// quipu/core/fixed_text.hpp

// Doubles to text with a given number of decimals, exactly.

namespace quipu::layout {

/// C's "%.*f": exactly `Decimals` digits behind the point, all digits before it; halfway cases of
/// the exact binary value to the even one. "-0.000000" for -0 and small negative numbers, as in C.
/// Cost  some nanoseconds below 2^64; beyond, a division of up to 1024 bits for every nine digits.
template <int Decimals>
struct fixed {
    static_assert(0 <= Decimals && Decimals <= 19, "quipu layout: fixed<0> to fixed<19>");

    // A sign, the 309 digits of the largest double, the point, the decimals; and 8 more, as digits
    // are written in blocks of eight.
    static constexpr std::size_t bytes_max = 1 + 309 + 1 + Decimals + 8;
    static constexpr char* write(char* out, double finite) noexcept {
        QUIPU_ASSERT(detail::is_finite(finite));
        if (detail::is_negative(finite))
            *out++ = '-';
        const detail::binary value = detail::to_binary(finite);
        if (value.exponent > 11) {
            out = write_large(out, value);
            return write_fraction(out, 0);
        }
        if (value.exponent >= 0) {
            out = write_integer(out, value.significand << value.exponent);
            return write_fraction(out, 0);
        }
        const int places = -value.exponent; // binary ones behind the point
        std::uint64_t whole = places < 64 ? value.significand >> places : 0;
        const std::uint64_t below = // of the unit place, still times 2^places
            places < 64 ? value.significand - (whole << places) : value.significand;
        const detail::wide scaled = detail::multiply(below, unit);
        std::uint64_t decimals = round_shifted(scaled, places, whole);
        if (decimals == unit) {
            decimals = 0;
            ++whole;
        }
        out = write_integer(out, whole);
        return write_fraction(out, decimals);
    }

private:
    static constexpr std::uint64_t unit = detail::integer_powers_of_ten[Decimals];

    /// value / 2^places, rounded. Halfway goes to the even last digit: that of the quotient, or of
    /// `whole` where no decimal is printed.
    static constexpr std::uint64_t
    round_shifted(detail::wide value, int places, std::uint64_t whole) noexcept {
        if (places >= 128)
            return 0; // the value has 117 bits at most: below one half
        std::uint64_t quotient = 0;
        detail::wide rest; // the bits that are cut off, moved to the top
        if (places > 64) {
            quotient = value.high >> (places - 64);
            rest = {(value.high << (128 - places)) | (value.low >> (places - 64)),
                    value.low << (128 - places)};
        } else if (places == 64) {
            quotient = value.high;
            rest = {value.low, 0};
        } else {
            quotient = (value.high << (64 - places)) | (value.low >> places);
            rest = {value.low << (64 - places), 0};
        }
        constexpr std::uint64_t half = std::uint64_t{1} << 63;
        const bool odd = ((Decimals == 0 ? whole : quotient) & 1) != 0;
        const bool up = rest.high > half || (rest.high == half && (rest.low != 0 || odd));
        return quotient + (up ? 1 : 0);
    }

    static constexpr char* write_large(char* out, detail::binary value) noexcept {
        detail::big_integer number(value.significand);
        number.multiply_by_power_of_two(static_cast<std::uint64_t>(value.exponent));
        std::array<std::uint32_t, 35> chunks{}; // 309 digits in nines
        std::size_t count = 0;
        while (!number.is_zero())
            chunks[count++] = number.divide(1'000'000'000);
        out = write_integer(out, std::uint64_t{chunks[--count]});
        while (count > 0)
            out = detail::write_digits(out, chunks[--count], 9);
        return out;
    }

    static constexpr char* write_fraction(char* out, std::uint64_t decimals) noexcept {
        if constexpr (Decimals > 0) {
            *out++ = '.';
            out = detail::write_digits(out, decimals, Decimals);
        }
        return out;
    }
};
} // namespace quipu::layout

// quipu/core/hash.hpp

// Hashes of bytes: seeded, of 64 bits, and the same at compile time, at run time and everywhere.

namespace quipu {

namespace detail {

// The first hexadecimal digits of pi's fraction: numbers with nothing up their sleeve. The last
// bit of each is set, as a factor should be odd.
inline constexpr std::uint64_t hash_keys[] = {
    0x243f'6a88'85a3'08d3,
    0x1319'8a2e'0370'7345,
    0xa409'3822'299f'31d1,
    0x082e'fa98'ec4e'6c89,
    0x4528'21e6'38d0'1377,
    0xbe54'66cf'34e9'0c6d,
};

/// Folds two numbers to one: every bit of either reaches every bit of the product's halves. Zero
/// times something would lose the something, so both factors are kept beside the product.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const wide product = multiply(a, b);
    return (product.high ^ a) ^ (product.low ^ b);
}

} // namespace detail

/// Hashes bytes.
///
/// Input    any bytes of any length; `seed` chooses one of 2^64 functions. Give each process, or
///          each table, a seed nobody can guess and nobody can choose keys that collide.
/// Returns  64 bits, all of equal quality, the same on every platform and in every version of the
///          library: stored sketches rely on it.
/// Cost     two multiplications up to 16 bytes, three up to 32, about one more for every 16 beyond,
///          two at a time; reads nothing outside `bytes`.
/// Threads  pure.
/// Note     Not a cryptographic hash.
[[nodiscard]] constexpr std::uint64_t hash_bytes(std::string_view bytes,
                                                 std::uint64_t seed) noexcept {
    using detail::fold;
    using detail::hash_keys;
    constexpr auto word = [](const char* at) {
        return detail::read_little_endian<std::uint64_t>(at);
    };
    constexpr auto half_word = [](const char* at) {
        return std::uint64_t{detail::read_little_endian<std::uint32_t>(at)};
    };

    const char* at = bytes.data();
    const std::size_t size = bytes.size();
    // Both factors of the first product depend on the seed: without it, nobody knows the bytes
    // that make one of them zero.
    const std::uint64_t first_key = seed ^ hash_keys[0];
    const std::uint64_t second_key = std::rotl(seed, 32) * hash_keys[1] ^ hash_keys[2];

    std::uint64_t a = 0; // the last 16 bytes, or all of them
    std::uint64_t b = 0;
    std::uint64_t state = first_key;
    if (size <= 16) {
        if (size >= 8) {
            a = word(at);
            b = word(at + size - 8);
        } else if (size >= 4) {
            a = half_word(at);
            b = half_word(at + size - 4);
        } else if (size > 0) {
            const auto byte = [at](std::size_t i) {
                return std::uint64_t{static_cast<unsigned char>(at[i])};
            };
            a = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
        }
    } else {
        std::size_t left = size;
        if (left > 32) {
            std::uint64_t other = second_key;
            do { // two chains, so that two products are under way at once
                state = fold(word(at) ^ state, word(at + 8) ^ hash_keys[3]);
                other = fold(word(at + 16) ^ other, word(at + 24) ^ hash_keys[4]);
                at += 32;
                left -= 32;
            } while (left > 32);
            state ^= std::rotl(other, 23);
        }
        if (left > 16)
            state = fold(word(at) ^ state, word(at + 8) ^ hash_keys[5]);
        a = word(at + left - 16);
        b = word(at + left - 8);
    }
    const std::uint64_t folded = fold(a ^ state, b ^ second_key);
    return fold(folded ^ hash_keys[1], first_key ^ size);
}

/// Mixes a number: a bijection whose every bit of input flips each bit of output with probability
/// one half. For hashing integers, or for making several hashes out of one.
/// Cost     two multiplications.
/// Threads  pure.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ (value >> 32)) * detail::hash_keys[2];
    value = (value ^ (value >> 29)) * detail::hash_keys[5];
    return value ^ (value >> 32);
}

} // namespace quipu

// quipu/core/javascript_date.hpp

// A time as JavaScript prints it.

namespace quipu {

/// Appends `Fri Nov 27 2026 10:17:22 GMT+0000 (Coordinated Universal Time)`.
///
/// Units    `seconds` of Unix time; `offset_seconds` is how far the zone is ahead of UTC.
/// Input    `zone` is its name.
/// Cost     O(1); allocates where `out` has no room.
/// Source   ECMA-262, Date.prototype.toString.
inline void append_javascript_date(std::string& out,
                                   std::int64_t seconds,
                                   std::int64_t offset_seconds = 0,
                                   std::string_view zone = "Coordinated Universal Time") {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    using namespace std::chrono;
    const sys_seconds there{std::chrono::seconds(seconds + offset_seconds)};
    const auto day = floor<std::chrono::days>(there);
    const year_month_day date{day};
    const hh_mm_ss time{there - day};
    const auto number = [&out](std::int64_t value, std::size_t digits) {
        const auto text = std::to_string(value);
        out.append(text.size() < digits ? digits - text.size() : 0, '0');
        out += text;
    };
    out += days[weekday{day}.c_encoding()];
    out += ' ';
    out += months[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    number(static_cast<unsigned>(date.day()), 2);
    out += ' ';
    number(static_cast<int>(date.year()), 4);
    out += ' ';
    number(time.hours().count(), 2);
    out += ':';
    number(time.minutes().count(), 2);
    out += ':';
    number(time.seconds().count(), 2);
    const auto ahead = offset_seconds < 0 ? -offset_seconds : offset_seconds;
    out += offset_seconds < 0 ? " GMT-" : " GMT+";
    number(ahead / 3600, 2);
    number(ahead / 60 % 60, 2);
    out += " (";
    out += zone;
    out += ')';
}

} // namespace quipu

// quipu/core/result.hpp

// Errors as values: `errc` names what went wrong, `result<T>` is a value or an errc. Nothing in the
// library throws but allocation.

namespace quipu {

/// Every cause of failure, one enumerator for each; `message` says it in words.
enum class errc : std::uint8_t {
    ok,
    // a line, wire/
    empty_name,
    missing_value,
    missing_type,
    unknown_type,
    bad_name,
    bad_number,
    number_out_of_range,
    negative_timing,
    bad_rate,
    bad_timestamp,
    bad_tags,
    mixed_tags,
    empty_member,
    unknown_field,
    several_samples,
    unterminated_line,
    line_too_long,
    name_too_long,
    too_many_tags,
    tags_too_long,
    too_many_values,
    // an event, a service check, a binary record, wire/
    bad_header,
    bad_length,
    empty_title,
    bad_status,
    bad_field,
    bad_magic,
    bad_terminator,
    // serialised sketches, cells and snapshots
    bad_encoding,
    // bounds, everywhere
    no_space,
    series_limit,
    value_limit,
    queue_full,
    // the operating system, net/
    bad_address,
    name_unresolved,
    address_in_use,
    address_unavailable,
    permission_denied,
    connection_refused,
    connection_lost,
    unreachable,
    timed_out,
    would_block,
    message_too_long,
    message_refused,
    peer_failed,
    too_many_descriptors,
    unsupported,
    system_failure,
};

/// The number of enumerators: counters by cause are arrays of this size.
inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::system_failure) + 1;

/// Says in words what an errc means, as the end of a sentence ("cannot bind: address in use").
/// Total: any value has a text.
[[nodiscard]] constexpr std::string_view message(errc error) noexcept {
    switch (error) {
    case errc::ok: return "ok";
    case errc::empty_name: return "the name is empty";
    case errc::missing_value: return "no ':' and value after the name";
    case errc::missing_type: return "no '|' and type after the value";
    case errc::unknown_type: return "unknown metric type";
    case errc::bad_name: return "a character that a name cannot have";
    case errc::bad_number: return "the value is not a number";
    case errc::number_out_of_range: return "the number is too large or too small for a double";
    case errc::negative_timing: return "a timing is below zero";
    case errc::bad_rate: return "the sampling rate is not a number above 0 and up to 1";
    case errc::bad_timestamp: return "the timestamp is not whole Unix seconds";
    case errc::bad_tags: return "the tags cannot be read";
    case errc::mixed_tags: return "tags in the name and after the type";
    case errc::empty_member: return "a set member is empty";
    case errc::unknown_field: return "unknown field after the type";
    case errc::several_samples: return "more than one sample where one is expected";
    case errc::unterminated_line: return "the connection ended within a line";
    case errc::line_too_long: return "the line is too long";
    case errc::name_too_long: return "the name is too long";
    case errc::too_many_tags: return "too many tags";
    case errc::tags_too_long: return "the tags are too long";
    case errc::too_many_values: return "too many values in one line";
    case errc::bad_header: return "the line does not begin as an event or service check does";
    case errc::bad_length: return "the length is not a number, or not that of the text";
    case errc::empty_title: return "the title of the event is empty";
    case errc::bad_status: return "the status is not one of 0 to 3";
    case errc::bad_field: return "the field has no such value";
    case errc::bad_magic: return "the binary record does not begin with its mark";
    case errc::bad_terminator: return "a text of the binary record does not end where it says";
    case errc::bad_encoding: return "the bytes are not a serialised value of this type";
    case errc::no_space: return "the buffer is too small";
    case errc::series_limit: return "the limit of series is reached";
    case errc::value_limit: return "the limit of values is reached";
    case errc::queue_full: return "the queue is full";
    case errc::bad_address: return "the address cannot be read";
    case errc::name_unresolved: return "the host name has no address";
    case errc::address_in_use: return "the address is in use";
    case errc::address_unavailable: return "the address is not one of this machine";
    case errc::permission_denied: return "permission denied";
    case errc::connection_refused: return "connection refused";
    case errc::connection_lost: return "the connection is lost";
    case errc::unreachable: return "the network or host is unreachable";
    case errc::timed_out: return "timed out";
    case errc::would_block: return "nothing can be done without waiting";
    case errc::message_too_long: return "the message is too long for the transport";
    case errc::message_refused: return "the peer has refused the message";
    case errc::peer_failed: return "the peer has failed at the message";
    case errc::too_many_descriptors: return "too many open files";
    case errc::unsupported: return "not supported here";
    case errc::system_failure: return "the operating system failed";
    }
    return "unknown error";
}

/// A value or the reason why there is none: the part of `std::expected<T, errc>` that we need, with
/// its spelling. `T` is default-constructible; an error holds a default one.
/// Threads  distinct objects safe, shared objects unsafe.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    constexpr result() = default;
    // Implicit, as in std::expected, so that a function can simply return either.
    constexpr result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(value)) {}
    constexpr result(errc error) noexcept : error_(error) { QUIPU_ASSERT(error != errc::ok); }

    [[nodiscard]] constexpr bool has_value() const noexcept { return error_ == errc::ok; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    /// The reason; `errc::ok` if there is a value.
    [[nodiscard]] constexpr errc error() const noexcept { return error_; }

    [[nodiscard]] constexpr T& operator*() & noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr const T& operator*() const& noexcept {
        QUIPU_ASSERT(has_value());
        return value_;
    }
    [[nodiscard]] constexpr T&& operator*() && noexcept {
        QUIPU_ASSERT(has_value());
        return std::move(value_);
    }
    [[nodiscard]] constexpr T* operator->() noexcept { return &**this; }
    [[nodiscard]] constexpr const T* operator->() const noexcept { return &**this; }

    [[nodiscard]] constexpr T value_or(T other) const& { return has_value() ? value_ : other; }

private:
    T value_{};
    errc error_ = errc::ok;
};

} // namespace quipu

// quipu/core/number.hpp

// Text to numbers: correctly rounded, at compile time too, without locale, allocation or exception.

namespace quipu {

/// A number at the start of a text.
struct number_prefix {
    double value = 0;
    std::size_t size = 0;  ///< Bytes that belong to it.
    bool integral = false; ///< Written with neither '.' nor exponent.
};

namespace detail {

/// What a text says before it is rounded: digits * 10^exponent.
struct scanned_number {
    std::uint64_t digits = 0;    // modulo 2^64, if there are more than 19
    std::int64_t exponent = 0;   // of the last digit
    std::int64_t count = 0;      // of the digits, zeros in front too; 0 if there is no number
    const char* first = nullptr; // the first digit or the point
    const char* end = nullptr;   // behind the number
    bool negative = false;
    bool integral = false;
};

inline constexpr int digits_kept = 19; // as many as always fit 64 bits

[[nodiscard]] constexpr std::uint64_t digit_value(char c) noexcept {
    return static_cast<std::uint64_t>(c - '0');
}

/// Whether eight characters, the first in the lowest byte, are all digits.
[[nodiscard]] constexpr bool are_digits(std::uint64_t eight) noexcept {
    // Above '9' the sum sets the top bit of a byte, below '0' the difference does; what carries
    // into the next byte comes from one that has failed already.
    const std::uint64_t above = eight + 0x4646'4646'4646'4646;
    const std::uint64_t below = eight - 0x3030'3030'3030'3030;
    return ((above | below) & 0x8080'8080'8080'8080) == 0;
}

/// The number that eight digits spell: neighbours join to pairs, pairs to fours, fours to eight.
[[nodiscard]] constexpr std::uint64_t eight_digit_value(std::uint64_t eight) noexcept {
    std::uint64_t value = eight - 0x3030'3030'3030'3030;
    value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
    value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
    return (value * 10'000 + (value >> 32)) & 0xffff'ffff;
}

/// Appends the digits at `at` to `value`, modulo 2^64.
/// Returns  the end of them.
[[nodiscard]] constexpr const char*
scan_digits(const char* at, const char* end, std::uint64_t& value) noexcept {
    while (end - at >= 8) {
        const auto eight = read_little_endian<std::uint64_t>(at);
        if (!are_digits(eight))
            break;
        value = value * 100'000'000 + eight_digit_value(eight);
        at += 8;
    }
    for (; at != end && is_digit(*at); ++at)
        value = value * 10 + digit_value(*at);
    return at;
}

/// Reads "e[+-]digits" at the end of the number and adds it; leaves a dangling 'e' alone.
constexpr void scan_exponent(scanned_number& number, const char* text_end) noexcept {
    const char* at = number.end + 1;
    const bool negative = at != text_end && *at == '-';
    if (at != text_end && (*at == '-' || *at == '+'))
        ++at;
    if (at == text_end || !is_digit(*at))
        return;
    constexpr std::int64_t bound = 100'000'000'000'000'000; // beyond what digits in memory balance
    std::int64_t exponent = 0;
    for (; at != text_end && is_digit(*at); ++at) {
        if (exponent < bound)
            exponent = exponent * 10 + static_cast<std::int64_t>(digit_value(*at));
    }
    number.exponent += negative ? -exponent : exponent;
    number.integral = false;
    number.end = at;
}

/// Reads the longest number that `text` begins with.
[[nodiscard]] constexpr scanned_number scan_number(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    scanned_number number;
    if (at != end && (*at == '-' || *at == '+')) {
        number.negative = *at == '-';
        ++at;
    }
    number.first = at;
    std::uint64_t digits = 0;
    at = scan_digits(at, end, digits);
    number.count = at - number.first;
    number.integral = true;
    if (at != end && *at == '.') {
        const char* const fraction = ++at;
        at = scan_digits(at, end, digits);
        number.exponent = fraction - at;
        number.count -= number.exponent;
        number.integral = false;
    }
    number.digits = digits;
    number.end = at;
    if (at != end && (*at | 0x20) == 'e' && number.count != 0)
        scan_exponent(number, end);
    return number;
}

/// Rounds a number of more than 19 digits. The first 19 significant ones leave two doubles at most;
/// where they leave two, all digits decide.
[[nodiscard]] constexpr double round_long_number(const scanned_number& number) noexcept {
    const char* at = number.first;
    std::int64_t count = number.count; // of the significant digits
    for (; count > 0 && (*at == '0' || *at == '.'); ++at)
        count -= *at == '0' ? 1 : 0;
    if (count <= digits_kept) // it was only zeros in front, and nothing has overflowed
        return nearest_double(number.digits, number.exponent);

    // No point halfway between two doubles has more than 767 significant digits. So of the digits
    // behind the 768th it only matters whether all are zero; a single 1 stands for them.
    constexpr std::int64_t digits_max = 768;
    const char* digit = at;
    std::uint64_t leading = 0;
    for (int kept = 0; kept < digits_kept; ++digit) {
        if (*digit == '.')
            continue;
        leading = leading * 10 + digit_value(*digit);
        ++kept;
    }
    const std::int64_t exponent = number.exponent + count - digits_kept;
    const double below = nearest_double(leading, exponent);
    if (below == nearest_double(leading + 1, exponent))
        return below;

    big_integer decimal(leading);
    std::int64_t used = digits_kept;
    std::uint32_t chunk = 0;
    std::uint32_t scale = 1;
    for (; used < count && used < digits_max; ++digit) {
        if (*digit == '.')
            continue;
        chunk = chunk * 10 + static_cast<std::uint32_t>(digit_value(*digit));
        scale *= 10;
        ++used;
        if (scale == 1'000'000'000) {
            decimal.multiply_add(scale, chunk);
            chunk = 0;
            scale = 1;
        }
    }
    decimal.multiply_add(scale, chunk);
    bool rest = false;
    for (std::int64_t left = count - used; left > 0 && !rest; ++digit) {
        rest = *digit != '0' && *digit != '.';
        left -= *digit == '.' ? 0 : 1;
    }
    if (rest) {
        decimal.multiply_add(10, 1);
        ++used;
    }
    return choose_neighbour(below, decimal, exponent - (used - digits_kept));
}

/// The nearest double, with its sign.
[[nodiscard]] constexpr double round_number(const scanned_number& number) noexcept {
    double value = 0;
    if (number.count > digits_kept) [[unlikely]]
        value = round_long_number(number);
    else if (rounds_once(number.digits, number.exponent)) [[likely]]
        value = round_once(number.digits, number.exponent);
    else
        value = nearest_double(number.digits, number.exponent);
    return number.negative ? -value : value;
}

[[nodiscard]] constexpr bool is_infinite(double value) noexcept {
    return value > std::numeric_limits<double>::max() ||
           value < std::numeric_limits<double>::lowest();
}

} // namespace detail

/// Reads the number that a text begins with: the longest prefix of the form
/// `[+-] digits [. digits] [(e|E) [+-] digits]`, where digits may be missing on one side of the
/// point. A dangling exponent ("1e", "1e+") is not part of the number.
///
/// Input    any text; nothing outside it is read.
/// Returns  the double nearest to the decimal, the even one of two; below the smallest subnormal
///          0 or that; "-0" is -0.
/// Errors   bad_number if no number is there ("nan", "inf" and "0x" never are one: of "0x10" the
///          prefix is "0"); number_out_of_range if it rounds to infinity.
/// Cost     O(text.size()): up to 15 digits a product or quotient of doubles, up to 19 some
///          128-bit products; only more digits next to a halfway point take a big integer.
/// Threads  pure.
[[nodiscard]] constexpr result<number_prefix> parse_number_prefix(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.count == 0)
        return errc::bad_number;
    const double value = detail::round_number(number);
    if (detail::is_infinite(value))
        return errc::number_out_of_range;
    return number_prefix{
        value, static_cast<std::size_t>(number.end - text.data()), number.integral};
}

/// Reads a text that is a number and nothing else, as `parse_number_prefix` does.
/// Errors   bad_number if any byte is left over or none is there; number_out_of_range.
[[nodiscard]] constexpr result<double> parse_number(std::string_view text) noexcept {
    const detail::scanned_number number = detail::scan_number(text);
    if (number.count == 0 || number.end != text.data() + text.size())
        return errc::bad_number;
    const double value = detail::round_number(number);
    if (detail::is_infinite(value))
        return errc::number_out_of_range;
    return value;
}

/// Reads a text that is an integer, `[+-] digits`, and nothing else.
/// Errors   bad_number; number_out_of_range if it is not one of 64 bits.
/// Cost     O(text.size()).
/// Threads  pure.
[[nodiscard]] constexpr result<std::int64_t> parse_integer(std::string_view text) noexcept {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+'))
        text.remove_prefix(1);
    if (text.empty())
        return errc::bad_number;
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::uint64_t bound = largest + (negative ? 1 : 0);
    std::uint64_t magnitude = 0;
    bool fits = true;
    for (const char c : text) {
        if (!detail::is_digit(c))
            return errc::bad_number;
        const std::uint64_t digit = detail::digit_value(c);
        fits = fits && magnitude <= (bound - digit) / 10;
        magnitude = fits ? magnitude * 10 + digit : 0;
    }
    if (!fits)
        return errc::number_out_of_range;
    // Negated while unsigned: the magnitude of the smallest integer has no signed positive.
    return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

} // namespace quipu

// quipu/core/number_javascript.hpp

// Text to numbers as JavaScript's Number() reads them, for the dialect of a server written in it.

namespace quipu {

namespace detail {

/// The value of a digit in bases up to 16; 16 if it is none.
[[nodiscard]] constexpr unsigned hexadecimal_value(char c) noexcept {
    if (is_digit(c))
        return static_cast<unsigned>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    return 'a' <= lower && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10 : 16;
}

/// Reads digits of `bits` bits each: correctly rounded, whatever their number.
[[nodiscard]] constexpr result<double> parse_power_of_two_base(std::string_view digits,
                                                               int bits) noexcept {
    if (digits.empty())
        return errc::bad_number;
    std::uint64_t value = 0; // the leading bits, 61 at least once some are cut off
    bool rest = false;       // whether a bit that was cut off is set
    std::int64_t cut = 0;
    for (const char c : digits) {
        const unsigned digit = hexadecimal_value(c);
        if (digit >> bits != 0)
            return errc::bad_number;
        if (value >> (64 - bits) == 0) {
            value = value << bits | digit;
        } else {
            rest = rest || digit != 0;
            cut += bits;
        }
    }
    // A set last bit, far below the 53 that stay, tells the one rounding of the conversion.
    auto rounded = static_cast<double>(value | (rest ? 1 : 0));
    if (cut > 1024 - 61)
        return errc::number_out_of_range;
    for (; cut > 0; --cut)
        rounded *= 2;
    if (is_infinite(rounded))
        return errc::number_out_of_range;
    return rounded;
}

} // namespace detail

/// Reads what JavaScript's Number() makes a finite number of: a decimal with sign, point and
/// exponent ("5.", ".5", "+1e3"), or a whole number in base 16, 8 or 2 without sign ("0x1F",
/// "0o17", "0b11"); blanks (space, tab, newline, vertical tab, form feed, return) around either;
/// blanks alone are 0.
///
/// Returns  the nearest double, the even one of two.
/// Errors   bad_number for what JavaScript makes NaN of ("1_000", "1n", "0x", "-0x10"), for blanks
///          outside ASCII, and for the empty text, which it makes 0 of; number_out_of_range for
///          what it makes infinite ("Infinity", "1e400"). The latter two are refused on purpose: a
///          value that was left out is no zero, and an infinity spoils a mean for ever.
/// Cost     O(text.size()).
/// Threads  pure.
/// Source   ECMA-262, StringToNumber.
[[nodiscard]] constexpr result<double> parse_javascript_number(std::string_view text) noexcept {
    if (text.empty())
        return errc::bad_number;
    text = detail::trim(text);
    if (text.empty())
        return 0.0;
    if (text.size() >= 2 && text[0] == '0') {
        const std::string_view digits = text.substr(2);
        switch (text[1]) {
        case 'x':
        case 'X': return detail::parse_power_of_two_base(digits, 4);
        case 'o':
        case 'O': return detail::parse_power_of_two_base(digits, 3);
        case 'b':
        case 'B': return detail::parse_power_of_two_base(digits, 1);
        default: break;
        }
    }
    if (text == "Infinity" || text == "+Infinity" || text == "-Infinity")
        return errc::number_out_of_range;
    return parse_number(text);
}

} // namespace quipu

// quipu/core/number_text.hpp

// Numbers to text: doubles in the layouts that peers print.

namespace quipu {

/// How a double looks as text.
///
/// Requires  static std::size_t bytes_max; static char* write(char* out, double finite) noexcept,
///           which returns the end of the text; `out` has room for bytes_max bytes, of which any
///           may be written. Neither NaN nor infinity is ever passed.
/// Provided  layout::shortest (default), javascript, python, python2, fixed<Decimals>.
/// Laws      parse_number reads the text; from shortest, javascript and python, the same value
///           (but for JavaScript's -0).
template <class L>
concept number_layout = requires(char* out, double finite) {
    { L::bytes_max } -> std::convertible_to<std::size_t>;
    { L::write(out, finite) } -> std::same_as<char*>;
    requires noexcept(L::write(out, finite));
};

namespace detail {

/// How a layout writes a decimal 0.DIGITS * 10^point.
struct decimal_rules {
    int point_min;           // the smallest point written without exponent
    int point_max;           // the largest
    int exponent_digits_min; // 2 for "1e-05"
    bool exponent_plus;      // "1e+21"
    bool point_zero;         // "2.0", without exponent only
    bool negative_zero;      // "-0"
    int digits_max;          // more are rounded away
};

/// Room for the longest text, "-0.0000012345678901234567", and for what digits in blocks of eight
/// are written beyond it.
inline constexpr std::size_t decimal_bytes_max = 32;

template <decimal_rules Rules>
constexpr char* write_exponent(char* out, int exponent) noexcept {
    *out++ = 'e';
    if (exponent < 0)
        *out++ = '-';
    else if (Rules.exponent_plus)
        *out++ = '+';
    const auto magnitude = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
    const int count = digit_count(magnitude);
    const int least = Rules.exponent_digits_min;
    return write_up_to_eight(out, magnitude, count < least ? least : count);
}

/// Writes `count` digits with a point behind the first `point` of them.
constexpr char* write_with_point(char* out, std::uint64_t digits, int count, int point) noexcept {
    char* const end = write_digits(out + 1, digits, count);
    for (int i = 0; i < point; ++i) // cheaper than to divide by a power of ten
        out[i] = out[i + 1];
    out[point] = '.';
    return end;
}

/// Writes the magnitude of a decimal.
template <decimal_rules Rules>
constexpr char* write_decimal(char* out, const decimal& number) noexcept {
    const int count = digit_count(number.digits);
    const int point = number.exponent + count;
    if (point < Rules.point_min || point > Rules.point_max) {
        char* const end = write_with_point(out, number.digits, count, 1);
        return write_exponent<Rules>(count == 1 ? out + 1 : end, point - 1);
    }
    if (point <= 0) {
        write_little_endian(out, eight_zeros); // as many as there can be: point_min is above -6
        out[1] = '.';
        return write_digits(out + 2 - point, number.digits, count);
    }
    if (point < count)
        return write_with_point(out, number.digits, count, point);
    out = write_digits(out, number.digits, count);
    for (int zeros = point - count; zeros > 0; --zeros)
        *out++ = '0';
    if (Rules.point_zero) {
        *out++ = '.';
        *out++ = '0';
    }
    return out;
}

/// Writes whole.fraction, the fraction in millionths, without zeros at its end.
template <decimal_rules Rules>
constexpr char* write_millionths(char* out, std::uint64_t millionths) noexcept {
    const std::uint64_t whole = millionths / 1'000'000;
    out = write_digits(out, whole, digit_count(whole));
    const std::uint64_t digits = to_eight_digits(millionths % 1'000'000 * 100);
    const int zeros = std::countl_zero(digits) / 8; // at the end: the last digit is in the top byte
    if (zeros == 8 && !Rules.point_zero)
        return out;
    *out++ = '.';
    write_little_endian(out, digits | eight_zeros);
    return out + (zeros == 8 ? 1 : 8 - zeros);
}

/// Writes the shortest decimal, or one of at most digits_max digits.
template <decimal_rules Rules>
constexpr char* write_by_rules(char* out, double finite) noexcept {
    // In this range the millionths have no more digits than are allowed, and no exponent.
    constexpr double bound = Rules.digits_max < 17 ? 1e6 : 1e9;
    constexpr std::int64_t least = Rules.point_min > -5 ? 100 : 1;
    static_assert(Rules.digits_max >= 12 && -5 <= Rules.point_min && Rules.point_min <= -3);

    QUIPU_ASSERT(is_finite(finite));
    const bool negative = is_negative(finite);
    if (negative && (Rules.negative_zero || finite != 0))
        *out++ = '-';
    const double magnitude = negative ? -finite : finite;
    if (magnitude < bound) {
        const std::int64_t millionths = exact_millionths(magnitude);
        if (millionths >= least || millionths == 0)
            return write_millionths<Rules>(out, static_cast<std::uint64_t>(millionths));
    }
    return write_decimal<Rules>(out,
                                Rules.digits_max < 17 ? rounded_decimal(magnitude, Rules.digits_max)
                                                      : shortest_decimal(magnitude));
}

/// The layout that rules make.
template <decimal_rules Rules>
struct layout_by_rules {
    static constexpr std::size_t bytes_max = decimal_bytes_max;
    static constexpr char* write(char* out, double finite) noexcept {
        return write_by_rules<Rules>(out, finite);
    }
};

} // namespace detail

namespace layout {

/// Native: the fewest digits that read back equal; an exponent below 1e-6 and from 1e21 up
/// ("1e-7", "1e21"); "-0" for -0.
struct shortest : detail::layout_by_rules<detail::decimal_rules{.point_min = -5,
                                                                .point_max = 21,
                                                                .exponent_digits_min = 1,
                                                                .exponent_plus = false,
                                                                .point_zero = false,
                                                                .negative_zero = true,
                                                                .digits_max = 17}> {};
static_assert(number_layout<shortest>);

/// JavaScript's Number.prototype.toString: as `shortest`, but "1e+21", and "0" for -0.
/// Source  ECMA-262, Number::toString.
struct javascript : detail::layout_by_rules<detail::decimal_rules{.point_min = -5,
                                                                  .point_max = 21,
                                                                  .exponent_digits_min = 1,
                                                                  .exponent_plus = true,
                                                                  .point_zero = false,
                                                                  .negative_zero = false,
                                                                  .digits_max = 17}> {};
static_assert(number_layout<javascript>);

/// Python 3's repr of a float: the same digits, an exponent below 1e-4 and from 1e16 up, of two
/// digits at least ("1e-05"), and ".0" after a whole number.
/// Source  CPython, Python/pystrtod.c.
struct python : detail::layout_by_rules<detail::decimal_rules{.point_min = -3,
                                                              .point_max = 16,
                                                              .exponent_digits_min = 2,
                                                              .exponent_plus = true,
                                                              .point_zero = true,
                                                              .negative_zero = true,
                                                              .digits_max = 17}> {};
static_assert(number_layout<python>);

/// Python 2's str of a float: 12 significant digits; an exponent from 1e11 up, where "%.12g" waits
/// until 1e12, as room is kept for the ".0"; otherwise as `python`. It does not read back equal.
/// Source  CPython 2.7, Python/pystrtod.c.
struct python2 : detail::layout_by_rules<detail::decimal_rules{.point_min = -3,
                                                               .point_max = 11,
                                                               .exponent_digits_min = 2,
                                                               .exponent_plus = true,
                                                               .point_zero = true,
                                                               .negative_zero = true,
                                                               .digits_max = 12}> {};
static_assert(number_layout<python2>);

static_assert(number_layout<fixed<6>>);

} // namespace layout

} // namespace quipu

// quipu/core/tick_clock.hpp

// Clocks that tell how long something took: the standard one, and the processor's own.

namespace quipu {

/// Tells the time in ticks of its own, which only grow, and what so many of them are.
/// Requires  std::uint64_t now() const noexcept; double milliseconds(std::uint64_t ticks) const
///           noexcept. It is copied, so it is small.
/// Provided  steady_ticks (default), processor_ticks.   Chosen at  scoped_timing.
/// Cost      two calls of now for each thing that is timed.
template <class C>
concept tick_clock = std::copyable<C> && requires(const C clock, std::uint64_t ticks) {
    { clock.now() } -> std::same_as<std::uint64_t>;
    { clock.milliseconds(ticks) } -> std::same_as<double>;
    requires noexcept(clock.now());
    requires noexcept(clock.milliseconds(ticks));
};

/// std::chrono::steady_clock. A tick is a nanosecond.
/// Cost     about 20 ns a call.
/// Threads  pure.
struct steady_ticks {
    [[nodiscard]] std::uint64_t now() const noexcept {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    }
    [[nodiscard]] double milliseconds(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) / 1e6;
    }
};

namespace detail {

/// The processor's time stamp counter, if there is one that all cores have in common and that runs
/// evenly, whatever the core does.
struct time_stamp_counter {
#if defined(__GNUC__) && defined(__x86_64__)
    static constexpr bool is_known = true;

    [[nodiscard]] static std::uint64_t read() noexcept {
        return __builtin_ia32_rdtsc();
    }

    [[nodiscard]] static bool runs_evenly() noexcept {
        const auto query = [](std::uint32_t leaf, std::uint32_t& last) {
            std::uint32_t a = leaf;
            std::uint32_t b = 0;
            std::uint32_t c = 0;
            asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(last));
            return a;
        };
        constexpr std::uint32_t power_leaf = 0x8000'0007;
        std::uint32_t flags = 0;
        if (query(0x8000'0000, flags) < power_leaf)
            return false;
        query(power_leaf, flags);
        return (flags >> 8U & 1U) != 0;
    }
#elif defined(__GNUC__) && defined(__aarch64__)
    static constexpr bool is_known = true;

    [[nodiscard]] static std::uint64_t read() noexcept {
        std::uint64_t ticks;
        asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
    }
    [[nodiscard]] static bool runs_evenly() noexcept {
        return true;
    }
#else
    static constexpr bool is_known = false;

    [[nodiscard]] static std::uint64_t read() noexcept {
        return 0;
    }
    [[nodiscard]] static bool runs_evenly() noexcept {
        return false;
    }
#endif
};

} // namespace detail

/// The processor's own counter. Calibrate one at the start of a program, and copy it to where it is
/// needed; one that is not calibrated measures nothing.
///
/// Error    that of the calibration: about 100 ns in its duration, 0.001 % for 10 ms.
/// Cost     of now: about 9 ns. The processor may read the counter a few instructions early or late.
/// Threads  reading one from several is safe.
class processor_ticks {
public:
    processor_ticks() = default;

    /// Measures the counter against steady_clock.
    /// Errors   unsupported: there is no such counter here, or it does not run evenly.
    /// Cost     takes as long as it is told, and looks at the clock all the while.
    [[nodiscard]] static result<processor_ticks>
    calibrated(std::chrono::nanoseconds duration = std::chrono::milliseconds(10)) noexcept {
        if (!counter::is_known || !counter::runs_evenly())
            return errc::unsupported;
        const pair first = look();
        const auto until = first.steady + static_cast<std::uint64_t>(duration.count());
        while (steady_ticks().now() < until) {
        }
        const pair last = look();
        if (last.counted <= first.counted || last.steady <= first.steady)
            return errc::unsupported;
        processor_ticks clock;
        clock.milliseconds_per_tick_ = steady_ticks().milliseconds(last.steady - first.steady) /
                                       static_cast<double>(last.counted - first.counted);
        return clock;
    }

    [[nodiscard]] std::uint64_t now() const noexcept { return counter::read(); }
    [[nodiscard]] double milliseconds(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) * milliseconds_per_tick_;
    }

private:
    using counter = detail::time_stamp_counter;

    struct pair {
        std::uint64_t steady = 0;
        std::uint64_t counted = 0;
    };

    /// Both clocks at one moment: of a few looks the one that took the least time.
    [[nodiscard]] static pair look() noexcept {
        pair best;
        std::uint64_t shortest = ~std::uint64_t{0};
        for (int i = 0; i < 10; ++i) {
            const auto before = counter::read();
            const auto steady = steady_ticks().now();
            const auto after = counter::read();
            if (after - before < shortest) {
                shortest = after - before;
                best = {steady, before + shortest / 2};
            }
        }
        return best;
    }

    double milliseconds_per_tick_ = 0;
};

static_assert(tick_clock<steady_ticks>);
static_assert(tick_clock<processor_ticks>);

} // namespace quipu

// quipu/core/utf8.hpp

// UTF-8, as far as text from the wire has to be checked.

namespace quipu {

/// The size of the character that `text` begins with, 1 to 4 bytes; 0 if it does not begin with a
/// well-formed one: cut off, overlong, a surrogate, or beyond U+10FFFF.
/// Cost     O(1).
/// Source   Unicode 15, table 3-7.
[[nodiscard]] constexpr std::size_t utf8_size(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
    const unsigned first = byte(0);
    if (text.empty())
        return 0;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4 || !continues(1))
        return 0;
    if (first < 0xe0)
        return 2;
    // Where the second byte has less than its whole range.
    const unsigned second = byte(1);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second > 0x9f;
    const bool beyond = first == 0xf4 && second > 0x8f;
    if (overlong || surrogate || beyond || !continues(2))
        return 0;
    if (first < 0xf0)
        return 3;
    return continues(3) ? 4 : 0;
}

} // namespace quipu

// quipu/net/endpoint.hpp

// Hosts and ports as people write them: `endpoint` is udp://HOST:PORT or tcp://HOST:PORT.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// Longest name of a host, as in RFC 1035, with room for the `%zone` of an IPv6 address.
inline constexpr std::size_t host_bytes_max = 255;

/// A host and a port as people write them. `host` is a name, an IPv4 or an IPv6 address (without
/// brackets); empty or `*` means any address of this machine.
struct host_port {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const host_port&, const host_port&) = default;
};

enum class ip_protocol : std::uint8_t { udp, tcp };

/// A host and a port together with the protocol that is spoken there.
struct endpoint {
    ip_protocol protocol = ip_protocol::udp;
    host_port at;

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool all_of_text(std::string_view text, std::string_view allowed) noexcept {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Whether `text` has only what names of hosts and of network interfaces are made of.
[[nodiscard]] constexpr bool is_name_text(std::string_view text) noexcept {
    return !text.empty() &&
           all_of_text(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

/// Whether `text` is an IPv6 address, `%zone` included.
[[nodiscard]] inline bool is_ipv6_text(std::string_view text) noexcept {
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos) {
        if (!is_name_text(text.substr(percent + 1)))
            return false;
        text = text.substr(0, percent);
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size())
        return false;
    if (!all_of_text(text, "0123456789abcdefABCDEF:."))
        return false; // a NUL would end it early
    text.copy(terminated.data(), text.size());
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, terminated.data(), &ignored) == 1;
}

/// Whether `text` is an IPv4 address of four decimal parts; "127.1" and "8125" are not.
[[nodiscard]] inline bool is_ipv4_text(std::string_view text) noexcept {
    std::array<char, INET_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || !all_of_text(text, "0123456789."))
        return false;
    text.copy(terminated.data(), text.size());
    in_addr ignored{};
    return ::inet_pton(AF_INET, terminated.data(), &ignored) == 1;
}

/// Whether `text` can be a host at all, brackets removed.
[[nodiscard]] inline bool is_host_text(std::string_view text) noexcept {
    if (text.empty() || text == "*")
        return true;
    if (text.size() > host_bytes_max)
        return false;
    if (text.find(':') != std::string_view::npos)
        return is_ipv6_text(text);
    // The C library reads "8125" as 0.0.31.189; whoever writes that forgot the host.
    if (all_of_text(text, "0123456789."))
        return is_ipv4_text(text);
    return is_name_text(text);
}

[[nodiscard]] constexpr result<std::uint16_t> parse_port(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 5)
        return errc::bad_address;
    std::uint32_t port = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9')
            return errc::bad_address;
        port = port * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    if (port > 65535)
        return errc::bad_address;
    return static_cast<std::uint16_t>(port);
}

} // namespace detail

/// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT", and, when there is a `default_port`, those without
/// ":PORT". Asks no name server.
///
/// Errors   bad_address, for an IPv6 address without brackets too: its last part could be a port.
/// Cost     O(text.size()); allocates for a long host.
/// Threads  pure.
[[nodiscard]] inline result<host_port>
parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    std::string_view host;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return errc::bad_address;
        host = text.substr(1, close - 1);
        if (!detail::is_ipv6_text(host))
            return errc::bad_address;
        text.remove_prefix(close + 1);
    } else {
        host = text.substr(0, text.find(':'));
        text.remove_prefix(host.size());
    }
    if (!detail::is_host_text(host))
        return errc::bad_address;
    host_port read{std::string{host}, default_port.value_or(0)};
    if (text.empty()) {
        if (!default_port)
            return errc::bad_address;
        return read;
    }
    if (text.front() != ':')
        return errc::bad_address;
    const result<std::uint16_t> port = detail::parse_port(text.substr(1));
    if (!port)
        return port.error();
    read.port = *port;
    return read;
}

/// Reads "udp://HOST:PORT" or "tcp://HOST:PORT", where what follows the scheme is as
/// `parse_host_port` reads it.
///
/// Errors   bad_address, for another scheme too.
/// Threads  pure.
[[nodiscard]] inline result<endpoint>
parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt) {
    endpoint read;
    if (text.starts_with("udp://")) {
        read.protocol = ip_protocol::udp;
    } else if (text.starts_with("tcp://")) {
        read.protocol = ip_protocol::tcp;
    } else {
        return errc::bad_address;
    }
    auto at = parse_host_port(text.substr(6), default_port);
    if (!at)
        return at.error();
    read.at = *std::move(at);
    return read;
}

/// The text of a host and a port: `parse_host_port` reads it back equal.
[[nodiscard]] inline std::string to_string(const host_port& at) {
    const bool brackets = at.host.find(':') != std::string::npos;
    return (brackets ? '[' + at.host + ']' : at.host) + ':' + std::to_string(at.port);
}

/// The text of an endpoint: `parse_endpoint` reads it back equal.
[[nodiscard]] inline std::string to_string(const endpoint& to) {
    return (to.protocol == ip_protocol::udp ? "udp://" : "tcp://") + to_string(to.at);
}

} // namespace quipu

// quipu/net/address.hpp

// `address`: an IPv4 or IPv6 address with its port, as the operating system takes it.

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace quipu {

/// An IPv4 or IPv6 address with its port, as the operating system takes it.
/// Threads  distinct objects safe, shared objects safe while only read.
class address {
public:
    /// No address: neither IPv4 nor IPv6.
    address() noexcept = default;

    /// This machine, seen from itself only.
    [[nodiscard]] static address loopback_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_LOOPBACK, port);
    }
    [[nodiscard]] static address loopback_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_loopback, port);
    }
    /// Every address of this machine.
    [[nodiscard]] static address any_v4(std::uint16_t port) noexcept {
        return make_v4(INADDR_ANY, port);
    }
    [[nodiscard]] static address any_v6(std::uint16_t port) noexcept {
        return make_v6(in6addr_any, port);
    }

    /// Copies what a system call has filled in.
    /// Errors   unsupported for another family than IPv4 and IPv6.
    [[nodiscard]] static result<address> from_native(const sockaddr* from,
                                                     socklen_t size) noexcept {
        address copy;
        const std::size_t bytes = size;
        if (bytes < sizeof(sockaddr))
            return errc::unsupported;
        const bool v4 = from->sa_family == AF_INET && bytes >= sizeof(sockaddr_in);
        const bool v6 = from->sa_family == AF_INET6 && bytes >= sizeof(sockaddr_in6);
        if (!v4 && !v6)
            return errc::unsupported;
        std::memcpy(&copy.native_, from, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        return copy;
    }

    [[nodiscard]] const sockaddr* native() const noexcept { return &native_.any; }
    [[nodiscard]] socklen_t native_size() const noexcept {
        return is_v4() ? sizeof(sockaddr_in) : is_v6() ? sizeof(sockaddr_in6) : 0;
    }

    [[nodiscard]] int family() const noexcept { return native_.any.sa_family; }
    [[nodiscard]] bool is_v4() const noexcept { return family() == AF_INET; }
    [[nodiscard]] bool is_v6() const noexcept { return family() == AF_INET6; }

    /// The port; 0 if there is no address.
    [[nodiscard]] std::uint16_t port() const noexcept {
        if (is_v4())
            return ntohs(native_.v4.sin_port);
        if (is_v6())
            return ntohs(native_.v6.sin6_port);
        return 0;
    }

    /// The same host with another port.
    [[nodiscard]] address with_port(std::uint16_t port) const noexcept {
        address other = *this;
        if (is_v4())
            other.native_.v4.sin_port = htons(port);
        if (is_v6())
            other.native_.v6.sin6_port = htons(port);
        return other;
    }

    friend bool operator==(const address& a, const address& b) noexcept {
        return a.sort_key() == b.sort_key();
    }
    /// IPv4 before IPv6, then by host, zone and port.
    friend std::strong_ordering operator<=>(const address& a, const address& b) noexcept {
        return a.sort_key() <=> b.sort_key();
    }

private:
    union native_address {
        sockaddr_in6 v6; // first, since it is the largest and thus zeroes them all
        sockaddr_in v4;
        sockaddr any;
    };

    [[nodiscard]] static address make_v4(std::uint32_t host, std::uint16_t port) noexcept {
        address made;
        made.native_.v4.sin_family = AF_INET;
        made.native_.v4.sin_addr.s_addr = htonl(host);
        made.native_.v4.sin_port = htons(port);
        return made;
    }
    [[nodiscard]] static address make_v6(const in6_addr& host, std::uint16_t port) noexcept {
        address made;
        made.native_.v6.sin6_family = AF_INET6;
        made.native_.v6.sin6_addr = host;
        made.native_.v6.sin6_port = htons(port);
        return made;
    }

    // Only what makes an address: systems fill the other fields in as they like.
    [[nodiscard]] std::array<unsigned char, 23> sort_key() const noexcept {
        std::array<unsigned char, 23> key{};
        unsigned char* const host = key.data() + 1;
        std::uint32_t zone = 0;
        if (is_v4()) {
            key[0] = 4;
            std::memcpy(host, &native_.v4.sin_addr, 4);
        } else if (is_v6()) {
            key[0] = 6;
            std::memcpy(host, &native_.v6.sin6_addr, 16);
            zone = htonl(native_.v6.sin6_scope_id);
        }
        const std::uint16_t port_in_order = htons(port());
        std::memcpy(host + 16, &zone, 4);
        std::memcpy(host + 20, &port_in_order, 2);
        return key;
    }

    native_address native_{};
};

/// The text of an address: "127.0.0.1:8125", "[::1]:8125"; "no address" if it is none.
[[nodiscard]] inline std::string to_string(const address& of) {
    std::array<char, 256> host{};
    if (of.native_size() == 0 ||
        ::getnameinfo(
            of.native(), of.native_size(), host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) !=
            0)
        return "no address";
    return to_string(host_port{host.data(), of.port()});
}

} // namespace quipu

// quipu/net/descriptor.hpp

// The operating system's file descriptors: one owner for each, and its error numbers as `errc`.

#include <fcntl.h>
#include <unistd.h>

namespace quipu {

/// Says which `errc` an error number of the operating system is.
///
/// Returns  ok for 0; system_failure for every number that has no enumerator of its own.
/// Threads  pure.
[[nodiscard]] constexpr errc from_errno(int number) noexcept {
    // Two names of one number on most systems, so not two cases of one switch.
    if (number == EAGAIN || number == EWOULDBLOCK)
        return errc::would_block;
    switch (number) {
    case 0: return errc::ok;
    case EADDRINUSE: return errc::address_in_use;
    case EADDRNOTAVAIL: return errc::address_unavailable;
    case EACCES:
    case EPERM: return errc::permission_denied;
    case ECONNREFUSED: return errc::connection_refused;
    case ECONNABORTED:
    case ECONNRESET:
    case ENOTCONN:
    case EPIPE: return errc::connection_lost;
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH: return errc::unreachable;
    case ETIMEDOUT: return errc::timed_out;
    case EMSGSIZE: return errc::message_too_long;
    case ENOBUFS: return errc::queue_full;
    case EMFILE:
    case ENFILE: return errc::too_many_descriptors;
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT: return errc::unsupported;
    default: return errc::system_failure;
    }
}

/// The error of the system call that failed last in this thread.
[[nodiscard]] inline errc last_error() noexcept {
    return from_errno(errno);
}

/// Makes a system call again for as long as signals interrupt it.
///
/// Input    `call()` returns a number below zero on failure, with the reason in `errno`.
/// Returns  what the call that was not interrupted returned.
template <class Call>
[[nodiscard]] auto uninterrupted(Call&& call) noexcept {
    auto answer = call();
    while (answer < 0 && errno == EINTR)
        answer = call();
    return answer;
}

/// Owns one file descriptor and closes it.
/// Threads  distinct objects safe, shared objects unsafe.
class descriptor {
public:
    /// Owns nothing.
    descriptor() noexcept = default;
    /// Takes over `number`; one below zero is nothing.
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            close();
            number_ = other.release();
        }
        return *this;
    }
    ~descriptor() { close(); }

    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    /// The descriptor, or -1.
    [[nodiscard]] int fd() const noexcept { return number_; }

    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

    /// Closes now; nothing is owned afterwards. `errno` stays as it was.
    void close() noexcept {
        if (number_ < 0)
            return;
        const int before = errno;
        // Not repeated when interrupted: the number is free already and may belong to another
        // thread.
        ::close(release());
        errno = before;
    }

    /// A second descriptor of the same open file.
    /// Errors   too_many_descriptors.
    [[nodiscard]] result<descriptor> duplicate() const noexcept {
        descriptor copy{::fcntl(number_, F_DUPFD_CLOEXEC, 0)};
        if (!copy)
            return last_error();
        return copy;
    }

    /// Makes calls return would_block in place of waiting, and the descriptor invisible to programs
    /// that this one starts. For systems that cannot say so when they open it.
    [[nodiscard]] errc never_wait_nor_inherit() noexcept {
        const int status = ::fcntl(number_, F_GETFL);
        if (status < 0 || ::fcntl(number_, F_SETFL, status | O_NONBLOCK) < 0)
            return last_error();
        if (::fcntl(number_, F_SETFD, FD_CLOEXEC) < 0)
            return last_error();
        return errc::ok;
    }

private:
    int number_ = -1;
};

} // namespace quipu

// quipu/net/deadline.hpp

// `deadline`: the moment when waiting ends, and waiting for one descriptor until then.
//
// Timeouts are an `int` of milliseconds, as poll and epoll take them, with the unit in the name:
// <chrono> would cost every user of a transport 196 ms of compile time.

#include <poll.h>

namespace quipu {

/// A moment on the clock that is never set.
/// Threads  distinct objects safe, shared objects safe while only read.
class deadline {
public:
    /// `timeout_ms` from now; below zero: never.
    explicit deadline(int timeout_ms) noexcept
        : end_ms_(timeout_ms < 0 ? never : now_ms() + timeout_ms) {}

    /// What is left, as poll takes it: 0 when it is over, -1 for never.
    [[nodiscard]] int remaining_ms() const noexcept {
        if (end_ms_ == never)
            return -1;
        const std::int64_t left = end_ms_ - now_ms();
        return left > 0 ? static_cast<int>(left) : 0;
    }

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] static std::int64_t now_ms() noexcept {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    }

    std::int64_t end_ms_;
};

/// Waits until `fd` is ready for one of `events` (POLLIN, POLLOUT), or has an error for the next
/// call to tell. Signals do not make it longer nor shorter.
/// Errors   timed_out, system_failure.
[[nodiscard]] inline errc wait_until(int fd, short events, const deadline& end) noexcept {
    pollfd waited{fd, events, 0};
    const int ready = uninterrupted([&] { return ::poll(&waited, 1, end.remaining_ms()); });
    if (ready < 0)
        return last_error();
    if ((waited.revents & POLLNVAL) != 0)
        return errc::system_failure;
    return ready == 0 ? errc::timed_out : errc::ok;
}

} // namespace quipu

// quipu/net/transport.hpp

// What moves bytes: a `transport` sends them, a `receiver` hands out those that come.

namespace quipu {

namespace detail {

/// Stands for any function that a receiver may be given.
struct any_on_bytes {
    void operator()(std::string_view) const noexcept {}
};

} // namespace detail

template <class T>
concept has_send = requires(T& to, std::string_view bytes) {
    { to.send(bytes) } -> std::same_as<errc>;
    requires noexcept(to.send(bytes));
};

/// Sends bytes somewhere: a message at a time, or a stream of them.
/// Requires  errc send(std::string_view bytes) noexcept; on ok the message is whole on its way (a
///           stream: all bytes, in order). On an error nothing of it, or a first part that is never
///           followed by other bytes in the same stream: it may be sent again from its beginning.
///           A stream has `static constexpr bool is_stream = true`: nothing but newlines parts what
///           is sent over it.
/// Provided  udp_sender, udp_host_sender, tcp_sender, unix_datagram_sender, unix_stream_sender,
///           file_writer, memory_transport, null_transport; queued<T> before any of them.
/// Cost      one call per datagram or flush.
template <class T>
concept transport = has_send<T>;

/// Whether a transport is a stream.
template <class T>
inline constexpr bool is_stream_transport = requires { requires T::is_stream; };

template <class R>
concept has_receive = requires(R& from, detail::any_on_bytes on_bytes) {
    { from.receive(on_bytes) } -> std::same_as<result<std::size_t>>;
    requires noexcept(from.receive(on_bytes));
};

template <class R>
concept has_closed = requires(const R& from) {
    { from.closed() } -> std::same_as<bool>;
    requires noexcept(from.closed());
};

/// Hands out bytes that come from somewhere, without waiting for them.
/// Requires  result<std::size_t> receive(on_bytes); calls on_bytes(std::string_view) for each
///           datagram or piece of a stream that is there, up to a bound of its own; noexcept if
///           on_bytes is. The text is valid until on_bytes returns, and followed by
///           `read_padding_bytes` readable bytes. Returns how many were taken; 0: none now. A
///           stream that broke off is an error. bool closed() const noexcept; a stream has ended in
///           good order, and no more will come.
/// Provided  udp_receiver, tcp_connection, memory_receiver.
/// Cost      one call per wake-up of the event loop, or more until it returns 0.
template <class R>
concept receiver = has_receive<R> && has_closed<R>;

/// A receiver that an event loop can watch.
/// Requires  int fd() const noexcept; readable when `receive` has something to say.
/// Provided  udp_receiver, tcp_connection.
template <class R>
concept watchable_receiver = receiver<R> && requires(const R& from) {
    { from.fd() } -> std::same_as<int>;
};

/// Says in a sentence what `T` lacks to be a transport: the first line of a class that takes one.
template <class T>
consteval bool require_transport() {
    static_assert(has_send<T>, "quipu transport: needs `errc send(std::string_view) noexcept`");
    return true;
}

/// Says in a sentence what `R` lacks to be a receiver: the first line of a class that takes one.
template <class R>
consteval bool require_receiver() {
    static_assert(has_receive<R>,
                  "quipu receiver: needs `result<std::size_t> receive(on_bytes)`, noexcept if "
                  "`on_bytes(std::string_view)` is");
    static_assert(has_closed<R>, "quipu receiver: needs `bool closed() const noexcept`");
    return true;
}

} // namespace quipu

// quipu/net/command.hpp

// A command of the shell as a transport: it is run for each text, and gets it on its standard input.

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace quipu {

/// The bounds of a command.
struct command_options {
    /// A run that takes longer is killed, with all that it has started in its group. Below zero: none.
    int timeout_ms = 30'000;
};

namespace detail {

/// Keeps SIGPIPE from this thread, and takes it away if one came meanwhile.
class without_sigpipe {
public:
    without_sigpipe() noexcept {
        sigset_t pending{};
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        ::sigpending(&pending);
        was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~without_sigpipe() {
        const timespec at_once{};
        if (!was_pending_) {
            while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

} // namespace detail

/// Runs `/bin/sh -c TEXT` once for each `send`, in a process group of its own, hands it the bytes on
/// its standard input and waits for its end. It inherits the environment, standard output and
/// standard error, and no other descriptor that is closed on exec.
///
/// Threads  one thread sends; any may call `end`.
class command {
public:
    explicit command(std::string text, command_options options = {})
        : text_(std::move(text)), options_(options) {}
    command(const command&) = delete; // `end` has to find the process
    command& operator=(const command&) = delete;
    ~command() = default;

    /// Runs it with `bytes`, which may be empty. A command may leave some of its input unread.
    /// Errors   system_failure: it could not be started, was killed, or its exit status was not 0;
    ///          timed_out: it was killed, since it took too long or `end` was called.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        int ends[2] = {-1, -1};
#if defined(__linux__)
        const int made = ::pipe2(ends, O_CLOEXEC); // no other thread's program inherits them
#else
        const int made = ::pipe(ends);
#endif
        if (made != 0)
            return last_error();
        descriptor reading{ends[0]};
        descriptor writing{ends[1]};
        if (writing.never_wait_nor_inherit() != errc::ok ||
            ::fcntl(reading.fd(), F_SETFD, FD_CLOEXEC) != 0)
            return last_error();
        const pid_t started = start(reading.fd());
        if (started < 0)
            return errc::system_failure;
        reading.close();
        running_.store(started, std::memory_order_release);
        const deadline last(options_.timeout_ms);
        const detail::without_sigpipe quietly;
        const bool in_time = write_all(writing.fd(), bytes, last);
        writing.close();
        const errc done = in_time ? wait_for(started, last) : kill_and_reap(started);
        running_.store(0, std::memory_order_release);
        return done;
    }

    /// Ends what runs, and lets nothing run any more. A signal handler may not call it.
    void end() noexcept {
        ended_.store(true, std::memory_order_release);
        const pid_t runs = running_.load(std::memory_order_acquire);
        if (runs > 0)
            ::kill(-runs, SIGKILL);
    }

    /// How the last run that ended by itself did: its exit status, or 128 and the signal's number.
    [[nodiscard]] int exit_status() const noexcept {
        return exit_status_;
    }
    [[nodiscard]] const std::string& text() const noexcept {
        return text_;
    }

private:
    /// How long one waits at a time, so that `end` is heard.
    static constexpr int step_ms_max = 20;

    [[nodiscard]] pid_t start(int input) noexcept {
        if (ended_.load(std::memory_order_acquire))
            return -1;
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (::posix_spawn_file_actions_init(&files) != 0)
            return -1;
        if (::posix_spawnattr_init(&attributes) != 0) {
            ::posix_spawn_file_actions_destroy(&files);
            return -1;
        }
        sigset_t none{};
        sigset_t usual{};
        ::sigemptyset(&none);
        ::sigemptyset(&usual);
        for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP})
            ::sigaddset(&usual, signal);
        pid_t started = -1;
        char shell[] = "/bin/sh";
        char option[] = "-c";
        char* const arguments[] = {shell, option, text_.data(), nullptr};
        const bool made =
            ::posix_spawn_file_actions_adddup2(&files, input, 0) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes, &usual) == 0 &&
            ::posix_spawnattr_setpgroup(&attributes, 0) == 0 &&
            ::posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                           POSIX_SPAWN_SETPGROUP) == 0 &&
            ::posix_spawn(&started, shell, &files, &attributes, arguments, environ) == 0;
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        return made ? started : -1;
    }

    /// False if the time is over. Who does not read on is no failure.
    [[nodiscard]] bool write_all(int to, std::string_view bytes, const deadline& last) noexcept {
        while (!bytes.empty()) {
            const auto size =
                uninterrupted([&] { return ::write(to, bytes.data(), bytes.size()); });
            if (size >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(size));
            } else if (last_error() != errc::would_block) {
                return true;
            } else if (!step(to, last)) {
                return false;
            }
        }
        return true;
    }

    /// Waits a little, or until there is room. False if the time is over.
    [[nodiscard]] bool step(int to, const deadline& last) const noexcept {
        const int left = last.remaining_ms();
        if (left == 0 || ended_.load(std::memory_order_acquire))
            return false;
        pollfd waited{to, POLLOUT, 0};
        static_cast<void>(
            ::poll(&waited, to < 0 ? 0 : 1, left > 0 && left < step_ms_max ? left : step_ms_max));
        return true;
    }

    [[nodiscard]] errc wait_for(pid_t started, const deadline& last) noexcept {
        int status = 0;
        for (timespec pause{0, 500'000};;) {
            const pid_t gone = ::waitpid(started, &status, WNOHANG);
            if (gone == started)
                return judge(status);
            if (gone < 0 && errno != EINTR)
                return errc::system_failure;
            if (last.remaining_ms() == 0 || ended_.load(std::memory_order_acquire))
                return kill_and_reap(started);
            ::nanosleep(&pause, nullptr);
            if (pause.tv_nsec < step_ms_max * 1'000'000L)
                pause.tv_nsec *= 2;
        }
    }

    [[nodiscard]] errc judge(int status) noexcept {
        exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return exit_status_ == 0 ? errc::ok : errc::system_failure;
    }

    [[nodiscard]] static errc kill_and_reap(pid_t started) noexcept {
        ::kill(-started, SIGKILL);
        while (::waitpid(started, nullptr, 0) < 0 && errno == EINTR) {
        }
        return errc::timed_out;
    }

    std::string text_;
    command_options options_;
    std::atomic<pid_t> running_{0};
    std::atomic<bool> ended_{false};
    int exit_status_ = 0;
};

static_assert(transport<command>);

} // namespace quipu

// quipu/net/datagram_slots.hpp

// Memory for a batch of datagrams.

namespace quipu {

/// Room for a batch of datagrams: one slot each, as long as the longest datagram and its padding.
/// The memory is never filled, so of each slot only the pages that datagrams reach become real.
///
/// Threads  distinct objects safe, shared objects unsafe.
class datagram_slots {
public:
    /// No room at all.
    datagram_slots() noexcept = default;
    datagram_slots(std::size_t count, std::size_t datagram_bytes_max)
        : slot_bytes_(datagram_bytes_max + read_padding_bytes) {
        const std::size_t bytes = slot_bytes_ * count;
        memory_ = static_cast<char*>(::operator new(bytes));
    }
    datagram_slots(datagram_slots&& other) noexcept
        : slot_bytes_(other.slot_bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
    datagram_slots& operator=(datagram_slots&& other) noexcept {
        std::swap(slot_bytes_, other.slot_bytes_);
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~datagram_slots() { ::operator delete(memory_); }

    /// The first byte of a slot; it stays where it is when the slots are moved.
    [[nodiscard]] char* operator[](std::size_t slot) const noexcept {
        return memory_ + slot * slot_bytes_;
    }

private:
    std::size_t slot_bytes_ = 0;
    char* memory_ = nullptr;
};

} // namespace quipu

// quipu/net/event_loop.hpp

// `event_loop`: waits for many descriptors at once, by epoll on Linux and by poll elsewhere.

#include <fcntl.h>
#include <poll.h>
#if defined(__linux__)
#include <sys/epoll.h>
#endif

namespace quipu {

/// What a descriptor is waited for. Its end and its errors are told in any case.
enum class interest : std::uint8_t { readable, writable, both };

/// Most descriptors that one call of `wait` tells of; the rest comes with the next calls.
inline constexpr std::size_t ready_max = 64;

/// The keys of descriptors that are ready, as a backend tells them.
using ready_keys = std::array<std::uint64_t, ready_max>;

/// How the operating system is asked.
/// Requires  static result<B> open() noexcept;
///           errc watch(int fd, std::uint64_t key, interest, bool known); begins, or if `known`
///           goes on in another way; void forget(int fd) noexcept; also after fd was closed.
///           result<std::size_t> wait(int timeout_ms, ready_keys&) noexcept; fills in the keys of
///           what is ready, for as long as it is (level-triggered), in turn if they are too many; 0
///           when the time is over or a signal came.
/// Provided  epoll_backend (Linux), poll_backend.   Chosen at  basic_event_loop<Backend>.
template <class B>
concept event_backend = std::movable<B> && requires(B& backend, ready_keys& ready) {
    { B::open() } -> std::same_as<result<B>>;
    { backend.watch(0, std::uint64_t{0}, interest::both, true) } -> std::same_as<errc>;
    { backend.forget(0) } -> std::same_as<void>;
    { backend.wait(0, ready) } -> std::same_as<result<std::size_t>>;
    requires noexcept(B::open())&& noexcept(backend.forget(0))&& noexcept(backend.wait(0, ready));
};

#if defined(__linux__)
/// Asks by epoll.
/// Cost  O(ready) a wait, one system call for each change.
class epoll_backend {
public:
    [[nodiscard]] static result<epoll_backend> open() noexcept {
        epoll_backend made;
        made.epoll_ = descriptor{::epoll_create1(EPOLL_CLOEXEC)};
        if (!made.epoll_)
            return last_error();
        return made;
    }

    [[nodiscard]] errc watch(int fd, std::uint64_t key, interest wanted, bool known) noexcept {
        epoll_event event{};
        event.events = wanted == interest::readable   ? EPOLLIN
                       : wanted == interest::writable ? EPOLLOUT
                                                      : EPOLLIN | EPOLLOUT;
        event.data.u64 = key;
        // One that was closed is forgotten by epoll itself, and its number may be another one's
        // now.
        if (known && ::epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, fd, &event) == 0)
            return errc::ok;
        if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0)
            return errc::ok;
        return errno == EPERM ? errc::unsupported : last_error();
    }

    void forget(int fd) noexcept { (void)::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr); }

    [[nodiscard]] result<std::size_t> wait(int timeout_ms, ready_keys& ready) noexcept {
        std::array<epoll_event, ready_max> events;
        const int count =
            ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), timeout_ms);
        if (count < 0) {
            if (errno != EINTR)
                return last_error();
            return std::size_t{0};
        }
        const auto size = static_cast<std::size_t>(count);
        for (std::size_t i = 0; i != size; ++i)
            ready[i] = events[i].data.u64;
        return size;
    }

private:
    descriptor epoll_;
};
static_assert(event_backend<epoll_backend>);
using default_event_backend = epoll_backend;
#endif

/// Asks by poll, on any POSIX system.
/// Cost  O(watched) a wait and a change.
class poll_backend {
public:
    [[nodiscard]] static result<poll_backend> open() noexcept { return poll_backend{}; }

    [[nodiscard]] errc watch(int fd, std::uint64_t key, interest wanted, bool known) {
        if (::fcntl(fd, F_GETFD) < 0)
            return last_error();
        const auto events = static_cast<short>(wanted == interest::readable   ? POLLIN
                                               : wanted == interest::writable ? POLLOUT
                                                                              : POLLIN | POLLOUT);
        const std::size_t at = known ? find(fd) : polled_.size();
        if (at == polled_.size()) {
            polled_.emplace_back();
            keys_.emplace_back();
        }
        polled_[at] = {fd, events, 0};
        keys_[at] = key;
        return errc::ok;
    }

    void forget(int fd) noexcept {
        const std::size_t at = find(fd);
        if (at != polled_.size())
            drop(at);
    }

    [[nodiscard]] result<std::size_t> wait(int timeout_ms, ready_keys& ready) noexcept {
        const int count = ::poll(polled_.data(), static_cast<nfds_t>(polled_.size()), timeout_ms);
        if (count < 0) {
            if (errno != EINTR)
                return last_error();
            return std::size_t{0};
        }
        std::size_t told = 0;
        // Begins where the last one stopped, so that none is always too late.
        for (std::size_t left = count > 0 ? polled_.size() : 0; left != 0 && told != ready.size();
             --left) {
            if (next_ >= polled_.size())
                next_ = 0;
            const int what = polled_[next_].revents;
            if ((what & POLLNVAL) != 0) {
                drop(next_); // was closed: epoll forgets such a one, too
                continue;
            }
            if (what != 0)
                ready[told++] = keys_[next_];
            ++next_;
        }
        return told;
    }

private:
    [[nodiscard]] std::size_t find(int fd) const noexcept {
        std::size_t at = 0;
        while (at != polled_.size() && polled_[at].fd != fd)
            ++at;
        return at;
    }

    void drop(std::size_t at) noexcept {
        polled_[at] = polled_.back();
        keys_[at] = keys_.back();
        polled_.pop_back();
        keys_.pop_back();
    }

    std::vector<pollfd> polled_;
    std::vector<std::uint64_t> keys_;
    std::size_t next_ = 0;
};
static_assert(event_backend<poll_backend>);
#if !defined(__linux__)
using default_event_backend = poll_backend;
#endif

/// Tells which of many descriptors are ready, each by a token that the caller has chosen.
///
/// Limits   one wait tells of `ready_max` descriptors at most; how many are watched is bounded by
///          how many the process may open.
/// Memory   16 bytes for each number up to the highest watched.
/// Threads  distinct objects safe, shared objects unsafe; another thread gets through by a `waker`.
template <event_backend Backend = default_event_backend>
class basic_event_loop {
public:
    /// Watches nothing, and cannot.
    basic_event_loop() = default;

    /// Errors   too_many_descriptors.
    [[nodiscard]] static result<basic_event_loop> open() noexcept {
        result<Backend> opened = Backend::open();
        if (!opened)
            return opened.error();
        basic_event_loop made;
        made.backend_ = *std::move(opened);
        return made;
    }

    /// Watches `fd`, which stays the caller's; if it is watched already, the new token and interest
    /// replace the old.
    /// Errors   unsupported (epoll cannot watch files), system_failure (not an open descriptor).
    [[nodiscard]] errc add(int fd, std::uint64_t token, interest wanted = interest::readable) {
        if (fd < 0)
            return errc::system_failure;
        const auto index = static_cast<std::size_t>(fd);
        if (index >= watches_.size())
            watches_.resize(index + 1);
        watch& place = watches_[index];
        const std::uint32_t generation = place.generation + 1;
        const std::uint64_t key = std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(fd);
        const errc done = backend_.watch(fd, key, wanted, place.watched);
        if (done == errc::ok)
            place = {token, generation, true};
        return done;
    }

    /// Watches `fd` no longer; its token is not told any more, not even by the `wait` that is under
    /// way. Does nothing if it is not watched. To be called before `fd` is closed.
    void remove(int fd) noexcept {
        const auto index = static_cast<std::size_t>(fd);
        if (fd < 0 || index >= watches_.size() || !watches_[index].watched)
            return;
        backend_.forget(fd);
        watches_[index].watched = false;
    }

    /// Waits until a descriptor is ready, a signal came or the time is over, whichever is first.
    ///
    /// Input    `timeout_ms` 0: only looks; below zero: no end. `on_ready(token)` is called for
    ///          each descriptor that is ready, as long as it is; it may add and remove any.
    /// Returns  how many tokens were told.
    /// Errors   system_failure.
    /// Cost     that of the backend; does not allocate.
    template <class OnReady>
    [[nodiscard]] result<std::size_t>
    wait(int timeout_ms,
         OnReady&& on_ready) noexcept(std::is_nothrow_invocable_v<OnReady&, std::uint64_t>) {
        ready_keys ready;
        const result<std::size_t> count = backend_.wait(timeout_ms, ready);
        if (!count)
            return count.error();
        std::size_t told = 0;
        for (std::size_t i = 0; i != *count; ++i) {
            // One before it may have removed this one, or even have given its number to another.
            const watch place = watches_[ready[i] & 0xffff'ffffU];
            if (!place.watched || place.generation != ready[i] >> 32U)
                continue;
            ++told;
            on_ready(place.token);
        }
        return told;
    }

private:
    struct watch {
        std::uint64_t token = 0;
        std::uint32_t generation = 0; // tells apart those that had the same number
        bool watched = false;
    };

    Backend backend_;
    std::vector<watch> watches_;
};

using event_loop = basic_event_loop<>;

} // namespace quipu

// quipu/net/file.hpp

// A file, terminal or pipe that is open already, as a transport and as a receiver.

#include <poll.h>
#include <unistd.h>

namespace quipu {

/// Writes to a descriptor that it does not own, standard output as a rule.
/// Threads  distinct objects safe, shared objects unsafe.
class file_writer {
public:
    static constexpr bool is_stream = true;

    explicit file_writer(int fd = 1) noexcept : fd_(fd) {}

    /// Writes all of `bytes`; waits where the other end of a pipe is slow.
    /// Errors   connection_lost (nobody reads the pipe), system_failure (the disk is full, say);
    ///          a part of `bytes` may have been written then.
    /// Cost     one system call as a rule.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        while (!bytes.empty()) {
            const auto size =
                uninterrupted([&] { return ::write(fd_, bytes.data(), bytes.size()); });
            if (size >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(size));
                continue;
            }
            errc error = last_error();
            if (error == errc::would_block)
                error = wait_until(fd_, POLLOUT, deadline(-1));
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

private:
    int fd_;
};

static_assert(transport<file_writer>);

/// Reads a descriptor that it does not own, standard input as a rule, as a receiver of a stream. It
/// does not wait if the descriptor does not.
/// Threads  distinct objects safe, shared objects unsafe.
class file_reader {
public:
    /// Most bytes that one call of `receive` hands out; they lie on the stack.
    static constexpr std::size_t chunk_bytes_max = std::size_t{16} * 1024;

    explicit file_reader(int fd = 0) noexcept : fd_(fd) {}

    /// Hands out bytes, as tcp_connection does.
    /// Errors   system_failure, and the like: it cannot be read.
    /// Cost     one system call; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        if (closed_)
            return std::size_t{0};
        std::array<char, chunk_bytes_max + read_padding_bytes> chunk; // not filled: that takes time
        const auto size = uninterrupted([&] { return ::read(fd_, chunk.data(), chunk_bytes_max); });
        if (size < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            return why;
        }
        if (size == 0) {
            closed_ = true;
            return std::size_t{0};
        }
        on_bytes(std::string_view{chunk.data(), static_cast<std::size_t>(size)});
        return std::size_t{1};
    }

    /// Whether the end was read.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
    bool closed_ = false;
};

static_assert(watchable_receiver<file_reader>);

} // namespace quipu

// quipu/net/resolve.hpp

// `resolve` makes the addresses of a host's name.

#include <netdb.h>
#include <sys/socket.h>

namespace quipu {

/// The addresses of one host, best first. Bounded: what a name server says beyond `size_max`
/// addresses is left out.
class address_list {
public:
    static constexpr std::size_t size_max = 16;

    [[nodiscard]] const address* begin() const noexcept { return addresses_.data(); }
    [[nodiscard]] const address* end() const noexcept { return begin() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const address& operator[](std::size_t index) const noexcept {
        QUIPU_ASSERT(index < size_);
        return addresses_[index];
    }

    /// The same addresses in the same order.
    friend bool operator==(const address_list& a, const address_list& b) noexcept {
        bool same = a.size_ == b.size_;
        for (std::size_t i = 0; same && i != a.size_; ++i)
            same = a.addresses_[i] == b.addresses_[i];
        return same;
    }

    /// Appends an address that is not there yet; refused in silence when the list is full.
    void push(const address& next) noexcept {
        for (const address& known : *this)
            if (known == next)
                return;
        if (size_ != size_max)
            addresses_[size_++] = next;
    }

private:
    std::array<address, size_max> addresses_{};
    std::size_t size_ = 0;
};

/// What the addresses are wanted for: any address of this machine can be bound, not reached.
enum class address_use : std::uint8_t { bind, connect };

namespace detail {

[[nodiscard]] constexpr bool is_localhost(std::string_view host) noexcept {
    constexpr std::string_view name = "localhost";
    if (host.size() != name.size())
        return false;
    for (std::size_t i = 0; i != name.size(); ++i) {
        // Sets the bit that tells small letters from capital ones.
        if ((static_cast<unsigned char>(host[i]) | 0x20U) != static_cast<unsigned char>(name[i]))
            return false;
    }
    return true;
}

/// Whether an endpoint's host stands for every address of this machine.
[[nodiscard]] constexpr bool is_any_host(std::string_view host) noexcept {
    return host.empty() || host == "*";
}

/// Whether this machine has `host`: the operating system lets a socket have it.
[[nodiscard]] inline bool can_bind(const address& host) noexcept {
    const descriptor probe{::socket(host.family(), SOCK_DGRAM, 0)};
    return probe && ::bind(probe.fd(), host.with_port(0).native(), host.native_size()) == 0;
}

[[nodiscard]] inline errc from_resolver(int failure) noexcept {
    if (failure == EAI_SYSTEM)
        return last_error();
    return failure == EAI_MEMORY ? errc::system_failure : errc::name_unresolved;
}

/// Asks the C library; `host` is an address or a name.
[[nodiscard]] inline result<address_list> ask_resolver(std::string_view host,
                                                       std::uint16_t port) noexcept {
    std::array<char, host_bytes_max + 1> terminated{};
    host.copy(terminated.data(), host_bytes_max);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM; // else every address comes once for each kind of socket
    const bool literal = is_ipv4_text(host) || is_ipv6_text(host);
    hints.ai_flags = literal ? AI_NUMERICHOST : 0;
    addrinfo* found = nullptr;
    int failure = 0;
    do {
        failure = ::getaddrinfo(terminated.data(), nullptr, &hints, &found);
    } while (failure == EAI_SYSTEM && errno == EINTR);
    // A literal fails by an unknown %zone only.
    if (failure != 0)
        return literal ? errc::bad_address : from_resolver(failure);
    address_list list;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        const result<address> one = address::from_native(each->ai_addr, each->ai_addrlen);
        if (one)
            list.push(one->with_port(port));
    }
    ::freeaddrinfo(found);
    if (list.empty())
        return errc::name_unresolved;
    return list;
}

} // namespace detail

/// Finds the addresses of a host.
///
/// Input    a name, an address (which never asks a name server), `localhost`: 127.0.0.1 and ::1 of
///          which this machine has, whatever its host table says; empty or `*`, to bind only:
///          `[::]`, which takes IPv4 too on a dual-stack socket, or 0.0.0.0 where there is no IPv6.
/// Returns  at least one address.
/// Errors   bad_address, name_unresolved, address_unavailable (localhost without loopback).
/// Cost     a name waits for the name servers as long as the C library does: seconds at worst.
/// Threads  safe.
[[nodiscard]] inline result<address_list>
resolve(std::string_view host, std::uint16_t port, address_use use) noexcept {
    if (!detail::is_host_text(host))
        return errc::bad_address;
    address_list list;
    if (detail::is_any_host(host)) {
        if (use == address_use::connect)
            return errc::bad_address;
        const address v6 = address::any_v6(port);
        list.push(detail::can_bind(v6) ? v6 : address::any_v4(port));
        return list;
    }
    if (!detail::is_localhost(host))
        return detail::ask_resolver(host, port);
    for (const address& loopback : {address::loopback_v4(port), address::loopback_v6(port)})
        if (detail::can_bind(loopback))
            list.push(loopback);
    if (list.empty())
        return errc::address_unavailable;
    return list;
}

/// The same for a host and a port in one.
[[nodiscard]] inline result<address_list> resolve(const host_port& at, address_use use) noexcept {
    return resolve(at.host, at.port, use);
}

} // namespace quipu

// quipu/net/host_watch.hpp

// The addresses of a host, asked for again and again on a thread of its own: who sends never waits for
// a name server.

#include <unistd.h>

namespace quipu {

/// When the addresses of a host are asked for.
struct host_watch_options {
    /// How long they are believed.
    int ttl_ms = 60'000;
    /// How long after a failure it is tried again; what was known before stays.
    int retry_ms = 1'000;
};

/// The names that this machine resolves.
struct system_names {
    [[nodiscard]] result<address_list> operator()(const host_port& of) const noexcept {
        return resolve(of, address_use::connect);
    }
};

/// Knows the addresses of one host. Asks once when it is made, which may wait for the name servers, and
/// from then on on its thread; an address that is none of a name is asked for once, without a thread.
/// `Names` is system_names, or another function from a host_port to a result<address_list>.
///
/// At a fork the thread stays with the parent: in the child the addresses stay as they are.
///
/// Threads  safe. It ends at once, even while a name server does not answer.
template <class Names = system_names>
class basic_host_watch {
    static_assert(std::is_invocable_r_v<result<address_list>, Names&, const host_port&>,
                  "quipu host watch: needs `result<address_list> names(const host_port&)`");

public:
    explicit basic_host_watch(host_port of, host_watch_options options = {}, Names names = {})
        : shared_(std::make_shared<state>(std::move(of), options, std::move(names))) {
        shared_->ask();
        if (!detail::is_ipv4_text(shared_->of.host) && !detail::is_ipv6_text(shared_->of.host))
            thread_ = std::thread([kept = shared_] { kept->run(); });
    }
    basic_host_watch(const basic_host_watch&) = delete;
    basic_host_watch& operator=(const basic_host_watch&) = delete;
    ~basic_host_watch() {
        if (!thread_.joinable())
            return;
        if (elsewhere()) { // its thread is not in this process, and its lock may be held for ever
            new std::thread(std::move(thread_));
            new std::shared_ptr<state>(shared_);
        } else if (shared_->stop()) {
            thread_.join();
        } else {
            thread_.detach(); // it owns a share of the state, and ends with the answer
        }
    }

    /// Another one whenever the addresses have changed; 0: none is known yet.
    /// Cost     one load.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return shared_->generation.load(std::memory_order_acquire);
    }

    /// The addresses, or why none is known: that of `Names`. Those that were known once stay so.
    /// Cost     a lock.
    [[nodiscard]] result<address_list> addresses() const noexcept {
        if (elsewhere() && thread_.joinable())
            return errc::unsupported;
        const std::lock_guard hold(shared_->mutex);
        return shared_->known;
    }

    [[nodiscard]] const host_port& host() const noexcept { return shared_->of; }

private:
    struct state {
        state(host_port host, host_watch_options when, Names source)
            : of(std::move(host)), options(when), names(std::move(source)) {}

        /// Asks, and keeps what is new. True if there was an answer.
        bool ask() {
            const result<address_list> answer = names(of);
            const std::lock_guard hold(mutex);
            if (!answer) {
                if (!known)
                    known = answer.error();
                return false;
            }
            if (!known || !(*known == *answer)) {
                known = *answer;
                generation.fetch_add(1, std::memory_order_release);
            }
            return true;
        }

        void run() {
            bool answered = generation.load(std::memory_order_relaxed) != 0;
            std::unique_lock hold(mutex);
            for (;;) {
                const std::chrono::milliseconds pause(answered ? options.ttl_ms : options.retry_ms);
                if (changed.wait_for(hold, pause, [this] { return stopping; }))
                    return;
                asking = true;
                hold.unlock();
                answered = ask();
                hold.lock();
                asking = false;
            }
        }

        /// False if the thread waits for an answer.
        [[nodiscard]] bool stop() {
            const std::lock_guard hold(mutex);
            stopping = true;
            changed.notify_all();
            return !asking;
        }

        const host_port of;
        const host_watch_options options;
        Names names;
        std::mutex mutex{};
        std::condition_variable changed{};
        result<address_list> known = errc::name_unresolved;
        std::atomic<std::uint64_t> generation{0};
        bool asking = false;
        bool stopping = false;
    };

    [[nodiscard]] bool elsewhere() const noexcept { return ::getpid() != process_; }

    const pid_t process_ = ::getpid();
    std::shared_ptr<state> shared_;
    std::thread thread_{};
};

using host_watch = basic_host_watch<>;

} // namespace quipu

// quipu/net/http_answer.hpp

// The answer to an HTTP/1.1 request, read piece by piece.

namespace quipu {

/// Reads one answer out of the bytes of a connection: its status, the begin of its body, and where it
/// ends, so that the connection can be used again.
///
/// Limits   a head of more than `head_bytes_max` is refused; of the body `kept_bytes` are kept.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   RFC 9112, of which it reads what a client of POST needs: no trailers, no chunks. An answer
///          in chunks, or without a length, ends with its connection.
class http_answer {
public:
    static constexpr std::size_t head_bytes_max = 8192;
    static constexpr std::size_t kept_bytes = 256;

    enum class state : std::uint8_t {
        head,     ///< more is to come
        body,     ///< the status is known, and more is to come
        complete, ///< it has ended
        broken,   ///< this is no answer of HTTP
    };

    /// Takes the next bytes. What stands behind the end of the answer is ignored.
    /// Cost     O(bytes); does not allocate.
    state take(std::string_view bytes) noexcept {
        while (state_ == state::head && !bytes.empty()) {
            const char c = bytes.front();
            bytes.remove_prefix(1);
            if (head_bytes_++ == head_bytes_max)
                return state_ = state::broken;
            if (c != '\n') {
                if (c != '\r' && line_size_ < line_.size())
                    line_[line_size_++] = c;
                continue;
            }
            take_line({line_.data(), line_size_});
            line_size_ = 0;
        }
        if (state_ == state::body)
            take_body(bytes);
        return state_;
    }

    /// The connection has ended.
    state end() noexcept {
        const bool whole = state_ == state::body && !has_length_;
        return state_ = whole || state_ == state::complete ? state::complete : state::broken;
    }

    /// Forgets all, for the next answer.
    void clear() noexcept { *this = {}; }

    /// Such as 204; 0 while it is not known.
    [[nodiscard]] int status() const noexcept { return status_; }
    /// The begin of the body.
    [[nodiscard]] std::string_view body() const noexcept { return {kept_.data(), kept_size_}; }
    /// The connection can carry another request, once this answer is complete.
    [[nodiscard]] bool keeps_connection() const noexcept { return keeps_ && has_length_; }
    /// Nothing has come yet.
    [[nodiscard]] bool empty() const noexcept { return head_bytes_ == 0 && status_ == 0; }

private:
    void take_line(std::string_view line) noexcept {
        if (status_ == 0)
            return take_status(line);
        if (line.empty())
            return end_head();
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        const auto value = colon == line.npos ? "" : detail::trim(line.substr(colon + 1));
        if (same(name, "content-length"))
            take_length(value);
        else if (same(name, "connection"))
            keeps_ = keeps_ && !same(value, "close");
        else if (same(name, "transfer-encoding"))
            chunked_ = true;
    }

    void take_status(std::string_view line) noexcept {
        // HTTP/1.1 204 No Content
        const bool sound = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                           detail::is_digit(line[9]) && detail::is_digit(line[10]) &&
                           detail::is_digit(line[11]) && line[9] != '0';
        if (!sound) {
            state_ = state::broken;
            return;
        }
        keeps_ = line[7] != '0';
        status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    }

    void take_length(std::string_view digits) noexcept {
        length_ = 0;
        has_length_ = !digits.empty() && digits.size() <= 9;
        for (const char c : digits) {
            has_length_ = has_length_ && detail::is_digit(c);
            length_ = has_length_ ? length_ * 10 + static_cast<std::size_t>(c - '0') : 0;
        }
        if (!has_length_)
            state_ = state::broken;
    }

    void end_head() noexcept {
        if (state_ == state::broken)
            return;
        if (status_ < 200) { // 100 Continue and its kin: the answer follows
            clear();
            return;
        }
        if (status_ == 204 || status_ == 304) {
            has_length_ = true;
            length_ = 0;
        } else if (chunked_) {
            has_length_ = false;
        }
        state_ = has_length_ && length_ == 0 ? state::complete : state::body;
    }

    void take_body(std::string_view bytes) noexcept {
        if (has_length_)
            bytes = bytes.substr(0, length_);
        for (const char c : bytes.substr(0, kept_bytes - kept_size_))
            kept_[kept_size_++] = c;
        if (!has_length_)
            return;
        length_ -= bytes.size();
        if (length_ == 0)
            state_ = state::complete;
    }

    [[nodiscard]] static bool same(std::string_view text, std::string_view lower) noexcept {
        if (text.size() != lower.size())
            return false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i])
                return false;
        }
        return true;
    }

    state state_ = state::head;
    int status_ = 0;
    std::size_t head_bytes_ = 0;
    std::size_t length_ = 0; // what of the body is to come
    bool has_length_ = false;
    bool chunked_ = false;
    bool keeps_ = true;
    std::array<char, 256> line_{}; // longer ones are cut: none of the headers above is
    std::size_t line_size_ = 0;
    std::array<char, kept_bytes> kept_{};
    std::size_t kept_size_ = 0;
};

} // namespace quipu

// quipu/net/socket.hpp

// `socket`: a UDP or TCP socket that never waits, with the options that this library sets.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace quipu {

namespace detail {

// A lost peer is an error of the call and never the signal SIGPIPE.
#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0; // `socket::open` sets SO_NOSIGPIPE there
#endif

} // namespace detail

/// A socket whose calls return would_block in place of waiting, which no program inherits that this
/// one starts, and which never raises SIGPIPE.
/// Threads  distinct objects safe, shared objects unsafe.
class socket {
public:
    /// No socket.
    socket() noexcept = default;
    /// Takes over a descriptor that is set like ours.
    explicit socket(descriptor owned) noexcept : descriptor_(std::move(owned)) {}

    /// A new socket for addresses of the family of `like`. An IPv6 one takes IPv6 only until
    /// `accept_v4_too` says otherwise, whatever this machine's default is.
    /// Errors   unsupported (no such family here), too_many_descriptors, permission_denied.
    [[nodiscard]] static result<socket> open(const address& like, ip_protocol protocol) noexcept {
        int type = protocol == ip_protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
        type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
#else
        socket opened{descriptor{::socket(like.family(), type, 0)}};
        if (!opened)
            return last_error();
        const errc set = opened.descriptor_.never_wait_nor_inherit();
        if (set != errc::ok)
            return set;
#endif
#if !defined(MSG_NOSIGNAL)
        const errc quiet = opened.set(SOL_SOCKET, SO_NOSIGPIPE, 1);
        if (quiet != errc::ok)
            return quiet;
#endif
        if (like.is_v6()) {
            const errc only = opened.set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            if (only != errc::ok)
                return only;
        }
        return opened;
    }

    [[nodiscard]] explicit operator bool() const noexcept {
        return static_cast<bool>(descriptor_);
    }
    [[nodiscard]] int fd() const noexcept {
        return descriptor_.fd();
    }
    void close() noexcept {
        descriptor_.close();
    }

    /// Sets an option whose value is a number; `level` and `option` as in setsockopt.
    [[nodiscard]] errc set(int level, int option, int value) noexcept {
        const int failed = ::setsockopt(fd(), level, option, &value, sizeof value);
        return failed != 0 ? last_error() : errc::ok;
    }
    /// Reads an option whose value is a number.
    [[nodiscard]] result<int> get(int level, int option) const noexcept {
        int value = 0;
        socklen_t size = sizeof value;
        if (::getsockopt(fd(), level, option, &value, &size) != 0)
            return last_error();
        return value;
    }

    /// Lets an IPv6 socket that will be bound to `[::]` take IPv4 too.
    [[nodiscard]] errc accept_v4_too() noexcept {
        return set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }

    /// TCP: lets the port be bound while connections of the last run are still timing out. Not for
    /// UDP, where it would let two programs bind one port, and one of them hear nothing.
    [[nodiscard]] errc reuse_address() noexcept {
        return set(SOL_SOCKET, SO_REUSEADDR, 1);
    }

    /// Lets several sockets share a port; the system spreads what comes over those that say so.
    [[nodiscard]] errc reuse_port() noexcept {
#if defined(SO_REUSEPORT)
        return set(SOL_SOCKET, SO_REUSEPORT, 1);
#else
        return errc::unsupported;
#endif
    }

    /// Asks for a buffer of this size for what has come and was not read yet.
    /// Returns  what was granted, in the system's own count: Linux doubles what is asked, for its
    ///          bookkeeping, and grants no more than twice net.core.rmem_max.
    [[nodiscard]] result<std::size_t> receive_buffer(std::size_t bytes) noexcept {
        return buffer(SO_RCVBUF, bytes);
    }
    /// The same for what was sent and has not left yet (net.core.wmem_max).
    [[nodiscard]] result<std::size_t> send_buffer(std::size_t bytes) noexcept {
        return buffer(SO_SNDBUF, bytes);
    }

    /// Errors   address_in_use, address_unavailable, permission_denied.
    [[nodiscard]] errc bind(const address& to) noexcept {
        return ::bind(fd(), to.native(), to.native_size()) != 0 ? last_error() : errc::ok;
    }

    /// UDP: fixes where `send` goes. TCP: begins to connect, and returns would_block until poll
    /// says that the socket can be written to; `pending_error` then says how it went.
    [[nodiscard]] errc connect(const address& to) noexcept {
        if (::connect(fd(), to.native(), to.native_size()) == 0)
            return errc::ok;
        // Interrupted or in progress: the system goes on connecting by itself either way.
        if (errno == EINPROGRESS || errno == EINTR)
            return errc::would_block;
        return last_error();
    }

    /// Takes and clears the error that the system keeps for this socket.
    [[nodiscard]] errc pending_error() noexcept {
        const result<int> number = get(SOL_SOCKET, SO_ERROR);
        return number ? from_errno(*number) : number.error();
    }

    /// Sends what there is room for.
    /// Returns  how many of the bytes were taken: all of them for UDP.
    /// Errors   would_block, connection_lost, connection_refused, message_too_long, queue_full.
    [[nodiscard]] result<std::size_t> send_some(std::string_view bytes) noexcept {
        const auto sent = uninterrupted(
            [&] { return ::send(fd(), bytes.data(), bytes.size(), detail::send_flags); });
        if (sent < 0)
            return last_error();
        return static_cast<std::size_t>(sent);
    }

    /// Where this socket is bound: tells the port that a bind to port 0 has got.
    [[nodiscard]] result<address> local_address() const noexcept {
        return ask_name(::getsockname);
    }
    /// The other end of a connected socket.
    /// Errors   connection_lost if it is not connected.
    [[nodiscard]] result<address> peer_address() const noexcept {
        return ask_name(::getpeername);
    }

private:
    [[nodiscard]] result<std::size_t> buffer(int option, std::size_t bytes) noexcept {
        // Half of what an int holds, since Linux doubles it.
        constexpr std::size_t most = std::numeric_limits<int>::max() / 2;
        const errc asked = set(SOL_SOCKET, option, static_cast<int>(bytes < most ? bytes : most));
        if (asked != errc::ok)
            return asked;
        const result<int> granted = get(SOL_SOCKET, option);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    template <class Ask>
    [[nodiscard]] result<address> ask_name(Ask ask) const noexcept {
        sockaddr_storage native{};
        socklen_t size = sizeof native;
        auto* const any = reinterpret_cast<sockaddr*>(&native);
        if (ask(fd(), any, &size) != 0)
            return last_error();
        return address::from_native(any, size);
    }

    descriptor descriptor_;
};

} // namespace quipu

// quipu/net/stream_sender.hpp

// A connection to one place, outgoing: `basic_stream_sender` keeps it, and makes a new one when it is
// lost.

#include <poll.h>
#include <sys/socket.h>

namespace quipu {

/// How long a stream sender waits, in milliseconds; below zero: for ever.
struct stream_sender_options {
    /// To connect, to all addresses of a host together.
    int connect_timeout_ms = 1000;
    /// To hand one `send` over to the operating system.
    int send_timeout_ms = 1000;
    /// After it could not connect: so long each `send` fails at once, as the attempt did. Doubled with
    /// each further failure, up to the second. 0: each `send` tries.
    int reconnect_ms = 100;
    int reconnect_ms_max = 10'000;
};

/// Knows where a stream goes, and how to get there.
/// Requires  place_type, what says where, from which a route is made; result<socket> connect(const
///           deadline& end) noexcept: a connected socket that never waits.
/// Provided  tcp_route, unix_route.
template <class R>
concept stream_route = std::movable<R> && std::constructible_from<R, typename R::place_type> &&
    requires(R& to, const deadline& end) {
    { to.connect(end) } -> std::same_as<result<socket>>;
    requires noexcept(to.connect(end));
};

/// Sends a stream of bytes to one place: a transport. Answers of the peer are thrown away.
///
/// A connection that the peer has ended, even if only in one direction, is replaced by a new one
/// before anything is written to it. A stream does not tell what a peer has read, so when a peer dies,
/// messages that were sent shortly before are lost although `send` said ok.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <stream_route Route>
class basic_stream_sender {
public:
    static constexpr bool is_stream = true;

    /// Connects when first needed.
    explicit basic_stream_sender(typename Route::place_type to,
                                 stream_sender_options options = {}) noexcept
        : to_(std::move(to)), options_(options) {}
    basic_stream_sender(basic_stream_sender&& other) noexcept = default;
    basic_stream_sender& operator=(basic_stream_sender&& other) noexcept {
        close();
        to_ = std::move(other.to_);
        options_ = other.options_;
        socket_ = std::move(other.socket_);
        pause_ms_ = other.pause_ms_;
        pause_end_ = other.pause_end_;
        last_failure_ = other.last_failure_;
        return *this;
    }
    ~basic_stream_sender() { close(); }

    /// Connects now, unless there is a connection; a pause after a failure is not kept.
    /// Errors   those of the route.
    /// Cost     waits `connect_timeout_ms` at most, and before that for the name servers.
    [[nodiscard]] errc connect() noexcept {
        if (connected())
            return errc::ok;
        result<socket> made = to_.connect(deadline{options_.connect_timeout_ms});
        last_failure_ = made.error();
        if (made) {
            socket_ = *std::move(made);
            pause_ms_ = 0;
        } else {
            pause_ms_ = pause_ms_ == 0 ? options_.reconnect_ms
                                       : std::min(pause_ms_, options_.reconnect_ms_max / 2) * 2;
            pause_end_ = deadline{pause_ms_};
        }
        return last_failure_;
    }

    /// Sends all of `bytes`, over a new connection if there is none that works.
    ///
    /// Returns  ok once the operating system has taken all of them.
    /// Errors   those of `connect`, also of an earlier one while its pause lasts; connection_lost;
    ///          timed_out: the peer reads too slowly. The peer may then have got the first part of
    ///          `bytes`, but never a later part without it: if any was taken, the connection is closed,
    ///          and its stream ends there. All of `bytes` can be sent again.
    /// Cost     two system calls if all is well; waits `connect_timeout_ms` once and
    ///          `send_timeout_ms` twice at most; allocates in `getaddrinfo` only.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const bool had_connection = connected() && !peer_has_left();
        errc done = had_connection ? errc::ok : reconnect();
        if (done != errc::ok)
            return done;
        std::size_t taken = 0;
        done = send_all(bytes, taken);
        if (done == errc::connection_lost && taken == 0 && had_connection) {
            // The connection broke between the look and the write.
            done = reconnect();
            if (done == errc::ok)
                done = send_all(bytes, taken);
        }
        const bool whole = done == errc::ok || (done == errc::timed_out && taken == 0);
        if (!whole)
            close();
        return done;
    }

    /// Ends the connection; the next `send` makes a new one.
    void close() noexcept {
        // A close with answers unread would tell the peer to throw away what it has not read yet.
        if (connected())
            (void)peer_has_left();
        socket_.close();
    }

    /// Whether there is a connection, as far as is known: `send` looks closer.
    [[nodiscard]] bool connected() const noexcept { return static_cast<bool>(socket_); }
    [[nodiscard]] const Route& route() const noexcept { return to_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] errc reconnect() noexcept {
        close();
        return pause_ms_ > 0 && pause_end_.remaining_ms() != 0 ? last_failure_ : connect();
    }

    // Throws away what the peer has answered: only behind that can its end be seen.
    [[nodiscard]] bool peer_has_left() noexcept {
        std::array<char, 4096> answer;
        for (int reads = 0; reads != 16; ++reads) { // bounded, if the peer never ends to talk
            const auto size =
                uninterrupted([&] { return ::recv(fd(), answer.data(), answer.size(), 0); });
            if (size < 0)
                return last_error() != errc::would_block;
            if (size == 0)
                return true;
        }
        return false;
    }

    // Adds to `taken` what the system took.
    [[nodiscard]] errc send_all(std::string_view bytes, std::size_t& taken) noexcept {
        const deadline end{options_.send_timeout_ms};
        while (taken != bytes.size()) {
            const result<std::size_t> part = socket_.send_some(bytes.substr(taken));
            if (part) {
                taken += *part;
                continue;
            }
            if (part.error() != errc::would_block)
                return part.error();
            const errc room = wait_until(fd(), POLLOUT, end);
            if (room != errc::ok)
                return room;
        }
        return errc::ok;
    }

    Route to_;
    stream_sender_options options_;
    socket socket_;
    int pause_ms_ = 0; // 0: it did not fail to connect
    deadline pause_end_{0};
    errc last_failure_ = errc::ok;
};

} // namespace quipu

// quipu/net/tcp_sender.hpp

// TCP, outgoing: `tcp_sender` keeps a connection to one host and makes a new one when it is lost.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace quipu {

namespace detail {

/// Connects `from`, a new TCP socket, and waits for it.
/// Errors   connection_refused, timed_out, unreachable, address_unavailable, connection_lost.
[[nodiscard]] inline errc
connect_until(socket& from, const address& to, const deadline& end) noexcept {
    errc done = from.connect(to);
    if (done == errc::would_block) {
        done = wait_until(from.fd(), POLLOUT, end);
        if (done == errc::ok)
            done = from.pending_error();
    }
    if (done != errc::ok)
        return done;
    // A socket that is given, by chance, the very port that it connects to meets itself, and would
    // keep the server from ever binding it again.
    const auto here = from.local_address();
    const auto there = from.peer_address();
    if (!here || !there)
        return errc::connection_lost;
    return *here == *there ? errc::connection_refused : errc::ok;
}

} // namespace detail

/// To a host by TCP. Its name is resolved for each new connection, and its addresses are tried in order.
class tcp_route {
public:
    using place_type = host_port;

    explicit tcp_route(host_port to) noexcept : to_(std::move(to)) {}

    /// Errors   that of the address tried last: connection_refused, timed_out, unreachable, …; or
    ///          name_unresolved, bad_address, too_many_descriptors.
    /// Cost     waits until `end` at most, and before that for the name servers.
    [[nodiscard]] result<socket> connect(const deadline& end) noexcept {
        const result<address_list> addresses = resolve(to_, address_use::connect);
        if (!addresses)
            return addresses.error();
        result<socket> done = errc::name_unresolved;
        std::size_t left = addresses->size();
        for (const address& next : *addresses) {
            // Each address has its share of the time, or a silent one would leave none to the rest.
            const int remaining = end.remaining_ms();
            const int share = remaining > 0 ? remaining / static_cast<int>(left) : remaining;
            done = connect_to(next, deadline{share});
            if (done)
                break;
            --left;
        }
        return done;
    }

    [[nodiscard]] const host_port& host() const noexcept { return to_; }

private:
    [[nodiscard]] static result<socket> connect_to(const address& to,
                                                   const deadline& end) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::tcp);
        if (!opened)
            return opened;
        // Each `send` is a whole message: nothing that comes soon would fill up its last segment.
        errc done = opened->set(IPPROTO_TCP, TCP_NODELAY, 1);
        if (done == errc::ok)
            done = detail::connect_until(*opened, to, end);
        if (done != errc::ok)
            return done;
        return opened;
    }

    host_port to_;
};

/// Sends a stream of bytes to one host, such as `{"localhost", 8125}`: a transport.
using tcp_sender = basic_stream_sender<tcp_route>;

static_assert(transport<tcp_sender>);

} // namespace quipu

// quipu/net/http_post.hpp

// HTTP, outgoing: `http_post` hands each message over as the body of a POST, and waits for the answer.

#include <poll.h>
#include <sys/socket.h>

namespace quipu {

/// How long an HTTP client waits, in milliseconds; below zero: for ever.
struct http_post_options {
    int connect_timeout_ms = 1000;
    /// To hand a request over to the operating system.
    int send_timeout_ms = 5000;
    /// From then on until the answer has ended.
    int answer_timeout_ms = 5000;
};

/// Posts messages to one path of one host, over a connection that is kept: a transport. What a message
/// does must do no harm twice: one that was sent over a connection that then broke, without an answer,
/// is sent once more over a new one.
///
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   RFC 9110, RFC 9112.
class http_post {
public:
    /// Connects when first needed. `target` is what stands in the request: a path, perhaps a query,
    /// escaped as they need it.
    http_post(host_port to, std::string_view target, http_post_options options = {})
        : connection_(to, connection_options(options)), options_(options) {
        (head_ = "POST ") += target;
        ((head_ += " HTTP/1.1\r\nHost: ") += to_string(to)) += "\r\nUser-Agent: quipu\r\n";
        head_ += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
        head_bytes_ = head_.size();
        head_.reserve(head_bytes_ + integer_bytes_max + 4); // `send` does not allocate
    }

    /// Posts `body`.
    ///
    /// Returns  ok when the server has taken it: a status of 200 to 299.
    /// Errors   message_refused: 300 to 499, and to try again is of no use; peer_failed: 500 and above,
    ///          408, 429, or no answer of HTTP; timed_out; connection_lost; those of
    ///          tcp_sender::connect.
    /// Cost     two writes and a read if all is well; waits for each of the times at most twice.
    [[nodiscard]] errc send(std::string_view body) noexcept {
        const bool kept = connection_.connected();
        errc done = attempt(body);
        if (done == errc::connection_lost && kept && answer_.empty())
            done = attempt(body); // the server had ended what was kept
        if (done != errc::ok || !answer_.keeps_connection())
            connection_.close();
        return done == errc::ok ? meaning() : done;
    }

    /// Connects now, unless there is a connection.
    [[nodiscard]] errc connect() noexcept { return connection_.connect(); }
    void close() noexcept { connection_.close(); }

    /// The answer to the last message, with a status of 0 if there was none.
    [[nodiscard]] const http_answer& answer() const noexcept { return answer_; }

private:
    [[nodiscard]] static stream_sender_options
    connection_options(const http_post_options& options) noexcept {
        stream_sender_options made;
        made.connect_timeout_ms = options.connect_timeout_ms;
        made.send_timeout_ms = options.send_timeout_ms;
        made.reconnect_ms = 0;
        return made;
    }

    [[nodiscard]] errc meaning() const noexcept {
        const int status = answer_.status();
        if (status < 300)
            return errc::ok;
        const bool later = status >= 500 || status == 408 || status == 429;
        return later ? errc::peer_failed : errc::message_refused;
    }

    /// One request and its answer.
    [[nodiscard]] errc attempt(std::string_view body) noexcept {
        answer_.clear();
        char digits[integer_bytes_max];
        const char* const end = write_integer(digits, static_cast<std::int64_t>(body.size()));
        head_.resize(head_bytes_);
        head_.append(digits, static_cast<std::size_t>(end - digits));
        head_ += "\r\n\r\n";
        errc done = connection_.send(head_);
        if (done != errc::ok)
            return done;
        // Whoever refuses a body may say so before it has all of it, and then end the connection.
        done = send_body(body);
        if (done != errc::ok && done != errc::connection_lost)
            return done;
        const errc answered = read_answer();
        return answered == errc::ok || done == errc::ok ? answered : done;
    }

    /// Over the connection that has the head: a new one would need another.
    [[nodiscard]] errc send_body(std::string_view body) noexcept {
        const deadline end{options_.send_timeout_ms};
        while (!body.empty()) {
            const auto part = uninterrupted([&] {
                return ::send(connection_.fd(), body.data(), body.size(), detail::send_flags);
            });
            if (part >= 0) {
                body.remove_prefix(static_cast<std::size_t>(part));
                continue;
            }
            errc done = last_error();
            if (done == errc::would_block)
                done = wait_until(connection_.fd(), POLLOUT, end);
            if (done != errc::ok)
                return done;
        }
        return errc::ok;
    }

    [[nodiscard]] errc read_answer() noexcept {
        const deadline end{options_.answer_timeout_ms};
        std::array<char, 4096> bytes;
        auto now = http_answer::state::head;
        while (now == http_answer::state::head || now == http_answer::state::body) {
            const auto size = uninterrupted(
                [&] { return ::recv(connection_.fd(), bytes.data(), bytes.size(), 0); });
            if (size > 0) {
                now = answer_.take({bytes.data(), static_cast<std::size_t>(size)});
                continue;
            }
            if (size == 0) {
                if (answer_.empty())
                    return errc::connection_lost;
                now = answer_.end();
                continue;
            }
            errc done = last_error();
            if (done == errc::would_block)
                done = wait_until(connection_.fd(), POLLIN, end);
            if (done != errc::ok)
                return done;
            if (end.remaining_ms() == 0)
                return errc::timed_out;
        }
        return now == http_answer::state::complete ? errc::ok : errc::peer_failed;
    }

    tcp_sender connection_;
    http_post_options options_;
    std::string head_{};
    std::size_t head_bytes_ = 0;
    http_answer answer_{};
};

static_assert(transport<http_post>);

} // namespace quipu

// quipu/net/inherited.hpp

// Sockets that this program was started with, as systemd hands them over.

#include <sys/socket.h>
#include <unistd.h>

namespace quipu {

/// A socket that is bound already.
struct inherited_socket {
    socket bound{};
    bool datagrams = false; ///< else it listens for connections
};

/// Takes over the sockets that the environment tells of, once: LISTEN_PID is this process, and
/// LISTEN_FDS their number; the variables go away. What is neither for datagrams nor listens is left
/// alone.
///
/// Threads  one thread, before there are others: it changes the environment.
/// Source   sd_listen_fds(3).
[[nodiscard]] inline std::vector<inherited_socket> take_inherited_sockets() {
    constexpr int first = 3;
    std::vector<inherited_socket> taken;
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    const bool ours = pid != nullptr && std::atol(pid) == static_cast<long>(::getpid());
    const int last = ours && count != nullptr ? first + std::atoi(count) : first;
    for (int fd = first; fd < last; ++fd) {
        int type = 0;
        int listens = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
            continue;
        size = sizeof listens;
        static_cast<void>(::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size));
        if (type != SOCK_DGRAM && listens == 0)
            continue;
        descriptor one{fd};
        if (one.never_wait_nor_inherit() == errc::ok)
            taken.push_back({socket(std::move(one)), type == SOCK_DGRAM});
    }
    for (const auto* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return taken;
}

} // namespace quipu

// quipu/net/memory.hpp

// Transport and receiver within the program: for tests, and for embedding quipu without sockets.

namespace quipu {

/// Takes all and forgets it: where a program can be told to send nothing.
/// Threads  distinct objects safe; a shared one, too.
class null_transport {
public:
    [[nodiscard]] static constexpr errc send(std::string_view /*bytes*/) noexcept {
        return errc::ok;
    }
};

/// Keeps what is sent.
///
/// Limits   holds `bytes_max` bytes of messages; beyond that `send` is queue_full until `clear`.
/// Threads  distinct objects safe, shared objects unsafe.
class memory_transport {
public:
    static constexpr std::size_t bytes_max_default = std::size_t{64} << 20U;

    explicit memory_transport(std::size_t bytes_max = bytes_max_default) noexcept
        : bytes_max_(bytes_max) {}

    /// Keeps a message.
    /// Errors   the one set by `fail_with`; queue_full. Nothing is kept then.
    /// Cost     allocates; like in any noexcept function, no memory ends the program.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        if (failure_ != errc::ok)
            return failure_;
        if (bytes.size() > bytes_max_ - bytes_)
            return errc::queue_full;
        bytes_ += bytes.size();
        sent_.emplace_back(bytes);
        return errc::ok;
    }

    /// Makes every later `send` fail with `why`; `errc::ok` lets them pass again.
    void fail_with(errc why) noexcept { failure_ = why; }

    /// The messages that were sent, oldest first; valid until the next `send` or `clear`.
    [[nodiscard]] const std::vector<std::string>& sent() const noexcept { return sent_; }

    /// All messages one behind the other, as a stream would carry them.
    [[nodiscard]] std::string text() const {
        std::string all;
        all.reserve(bytes_);
        for (const std::string& message : sent_)
            all += message;
        return all;
    }

    /// Forgets what was sent.
    void clear() noexcept {
        sent_.clear();
        bytes_ = 0;
    }

private:
    std::vector<std::string> sent_;
    std::size_t bytes_ = 0;
    std::size_t bytes_max_;
    errc failure_ = errc::ok;
};

/// Hands out what was put in.
///
/// Limits   `receive` hands out at most `batch_max` texts a call; what waits is bounded by whoever
///          puts it in.
/// Threads  distinct objects safe, shared objects unsafe.
class memory_receiver {
public:
    static constexpr std::size_t batch_max = 16;

    /// Puts in a datagram, or a piece of a stream.
    void push(std::string_view text) {
        std::string padded;
        padded.reserve(text.size() + read_padding_bytes);
        padded = text;
        padded.append(read_padding_bytes, '\0');
        waiting_.push_back(std::move(padded));
    }

    /// Ends the stream in good order, behind what waits.
    void close() noexcept { ending_ = true; }

    /// Breaks the stream off, behind what waits: `receive` then fails with `why`.
    void fail_with(errc why) noexcept { failure_ = why; }

    /// Hands out what waits, oldest first.
    /// Returns  how many texts; 0: none waits.
    /// Errors   the one set by `fail_with`, once nothing waits.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        std::size_t taken = 0;
        for (; taken != batch_max && next_ != waiting_.size(); ++taken) {
            // Taken out first: on_bytes may push the next one.
            const std::string text = std::move(waiting_[next_++]);
            on_bytes(std::string_view{text}.substr(0, text.size() - read_padding_bytes));
        }
        if (next_ == waiting_.size()) {
            waiting_.clear();
            next_ = 0;
        }
        if (taken == 0 && failure_ != errc::ok)
            return failure_;
        return taken;
    }

    /// Whether the stream was ended and all of it handed out.
    [[nodiscard]] bool closed() const noexcept { return ending_ && next_ == waiting_.size(); }

private:
    std::vector<std::string> waiting_;
    std::size_t next_ = 0;
    errc failure_ = errc::ok;
    bool ending_ = false;
};

static_assert(transport<null_transport>);
static_assert(transport<memory_transport>);
static_assert(receiver<memory_receiver>);

} // namespace quipu

// quipu/net/queued.hpp

// A transport behind a bounded queue and a thread of its own: who sends never waits for the network.

#include <unistd.h>

namespace quipu {

/// The bounds of a queue, and when it sends.
struct queue_options {
    /// Bytes that wait; as many again may be on their way. Beyond it messages are dropped, and
    /// counted. The memory is taken at once.
    std::size_t bytes_max = std::size_t{1} << 20U;
    /// Messages are put together up to this size, with a newline between them unless the transport is
    /// a stream. 0: each goes as it came.
    std::size_t pack_bytes_max = 0;
    /// How long the first message waits for others, unless half of the bytes are taken or `flush` is
    /// called: the interval of a client that packs nothing by itself (`batches = false`).
    int interval_ms = 0;
    /// The pause after a message that was not taken; doubled after each, up to the second. 0: it is
    /// not tried again, but dropped and counted.
    int retry_ms = 0;
    int retry_ms_max = 1000;
    /// How long the end waits for what is there to leave.
    int stop_timeout_ms = 1000;
};

/// What became of the messages of a queue. A message is what one `send` was given; its lines are
/// counted by their newlines.
struct queue_counts {
    std::uint64_t sent = 0;          ///< messages that the transport took
    std::uint64_t dropped = 0;       ///< messages for which there was no room
    std::uint64_t dropped_lines = 0; ///< their lines
    std::uint64_t failed = 0;        ///< messages that the transport did not take, or the end left
    std::uint64_t failed_lines = 0;  ///< their lines
    std::uint64_t waiting = 0;       ///< messages that are in the queue or on their way
    errc last_error = errc::ok;      ///< what the transport said last that was not ok
};

/// Hands what is sent to a thread, which passes it to a transport, in order. Copies share the queue:
/// give one to each thread's client. The last one to go stops the thread.
///
/// At a fork the thread stays with the parent, and so does what waits: in the child `send` and
/// `flush` are `unsupported`, nothing hangs, and nothing is sent twice. Make another one there.
///
/// Threads  safe, of one object too. The transport is used by the thread alone.
template <class Transport>
class queued {
    static_assert(require_transport<Transport>());

    static constexpr bool joins_bare = is_stream_transport<Transport>;

public:
    static constexpr bool is_stream = joins_bare;

    explicit queued(Transport to, queue_options options = {})
        : owner_(std::make_shared<owner>(std::move(to), options)) {}

    /// Queues a message.
    /// Errors   queue_full: it was dropped, and counted; unsupported: in the child of a fork.
    /// Cost     a lock, held for a copy; wakes the thread when it sleeps. Does not allocate.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        return owner_->elsewhere() ? errc::unsupported : owner_->shared->push(bytes);
    }

    /// Waits until all that was queued before has left, or could not.
    /// Errors   timed_out; unsupported: in the child of a fork.
    [[nodiscard]] errc flush(const deadline& end) noexcept {
        return owner_->elsewhere() ? errc::unsupported : owner_->shared->flush(end);
    }

    /// What became of the messages; nothing is known in the child of a fork.
    [[nodiscard]] queue_counts counts() const noexcept {
        return owner_->elsewhere() ? queue_counts{} : owner_->shared->counts();
    }

private:
    using clock = std::chrono::steady_clock;

    /// Messages one behind the other.
    struct batch {
        std::vector<char> text{};
        std::vector<std::size_t> ends{};

        void clear() noexcept {
            text.clear();
            ends.clear();
        }
    };

    [[nodiscard]] static std::uint64_t lines_of(std::string_view text) noexcept {
        const auto newlines = std::count(text.begin(), text.end(), '\n');
        return static_cast<std::uint64_t>(newlines) + (text.empty() || text.back() == '\n' ? 0 : 1);
    }

    class state {
    public:
        state(Transport to, queue_options options) : to_(std::move(to)), options_(options) {
            for (batch* each : {&filling_, &leaving_}) {
                each->text.reserve(options.bytes_max);
                each->ends.reserve(messages_max());
            }
            packed_.reserve(options.pack_bytes_max);
        }

        [[nodiscard]] errc push(std::string_view bytes) noexcept {
            const std::lock_guard hold(mutex_);
            if (bytes.size() > options_.bytes_max - filling_.text.size() ||
                filling_.ends.size() == messages_max() || stopping_) {
                ++counts_.dropped;
                counts_.dropped_lines += lines_of(bytes);
                return errc::queue_full;
            }
            const bool was_urgent = is_urgent();
            filling_.text.insert(filling_.text.end(), bytes.begin(), bytes.end());
            filling_.ends.push_back(filling_.text.size());
            ++pushed_;
            if (filling_.ends.size() == 1 || is_urgent() != was_urgent)
                changed_.notify_all();
            return errc::ok;
        }

        [[nodiscard]] errc flush(const deadline& end) noexcept {
            std::unique_lock hold(mutex_);
            const std::uint64_t mine = pushed_;
            flushed_ = std::max(flushed_, mine);
            changed_.notify_all();
            return wait(hold, end.remaining_ms(), [&] { return done_ >= mine; }) ? errc::ok
                                                                                 : errc::timed_out;
        }

        [[nodiscard]] queue_counts counts() const noexcept {
            const std::lock_guard hold(mutex_);
            queue_counts now = counts_;
            now.waiting = pushed_ - done_;
            return now;
        }

        /// False if the transport hangs; else the thread has ended, or does so at once.
        [[nodiscard]] bool stop() noexcept {
            std::unique_lock hold(mutex_);
            stopping_ = true;
            changed_.notify_all();
            if (wait(hold, options_.stop_timeout_ms, [&] { return ended_; }))
                return true;
            given_up_ = true;
            changed_.notify_all();
            return !sending_;
        }

        void run() noexcept {
            std::unique_lock hold(mutex_);
            for (;;) {
                changed_.wait(hold, [&] { return !filling_.ends.empty() || stopping_; });
                if (filling_.ends.empty())
                    break;
                wait(hold, options_.interval_ms, [&] { return is_urgent(); });
                std::swap(filling_, leaving_);
                send_all(hold);
                leaving_.clear();
            }
            ended_ = true;
            changed_.notify_all();
        }

    private:
        /// Many empty messages are bounded, too.
        [[nodiscard]] std::size_t messages_max() const noexcept {
            return options_.bytes_max / 16 + 16;
        }

        [[nodiscard]] bool is_urgent() const noexcept {
            return stopping_ || flushed_ > done_ ||
                   filling_.text.size() >= options_.bytes_max / 2 ||
                   filling_.ends.size() >= messages_max() / 2;
        }

        /// Below zero: for ever.
        template <class Condition>
        bool wait(std::unique_lock<std::mutex>& hold, int ms, const Condition& holds) noexcept {
            if (ms >= 0)
                return changed_.wait_for(hold, std::chrono::milliseconds(ms), holds);
            changed_.wait(hold, holds);
            return true;
        }

        void send_all(std::unique_lock<std::mutex>& hold) noexcept {
            std::size_t begin = 0;
            for (std::size_t next = 0; next != leaving_.ends.size();) {
                const std::size_t first = next;
                std::string_view text = message(begin, leaving_.ends[next++]);
                const std::size_t joint = joins_bare ? 0 : 1;
                if (text.size() < options_.pack_bytes_max) {
                    packed_ = text;
                    while (next != leaving_.ends.size()) {
                        const auto more = message(leaving_.ends[next - 1], leaving_.ends[next]);
                        if (packed_.size() + joint + more.size() > options_.pack_bytes_max)
                            break;
                        packed_.append(joint, '\n').append(more);
                        ++next;
                    }
                    text = packed_;
                }
                const errc error = send_one(hold, text);
                begin = leaving_.ends[next - 1];
                const std::uint64_t messages = next - first;
                (error == errc::ok ? counts_.sent : counts_.failed) += messages;
                if (error != errc::ok)
                    counts_.failed_lines += lines_of(text);
                done_ += messages;
                changed_.notify_all();
            }
        }

        [[nodiscard]] std::string_view message(std::size_t begin, std::size_t end) const noexcept {
            return {leaving_.text.data() + begin, end - begin};
        }

        /// Sends without the lock, which it has again at the end.
        [[nodiscard]] errc send_one(std::unique_lock<std::mutex>& hold,
                                    std::string_view text) noexcept {
            for (int pause = options_.retry_ms;;
                 pause = std::min(2 * pause, options_.retry_ms_max)) {
                if (given_up_)
                    return errc::timed_out;
                sending_ = true;
                hold.unlock();
                const errc error = to_.send(text);
                hold.lock();
                sending_ = false;
                if (error == errc::ok)
                    return error;
                counts_.last_error = error;
                if (pause <= 0)
                    return error;
                wait(hold, pause, [&] { return given_up_; });
            }
        }

        Transport to_;
        const queue_options options_;
        mutable std::mutex mutex_{};
        std::condition_variable changed_{};
        batch filling_{};
        batch leaving_{};      // the thread's own
        std::string packed_{}; // the thread's own
        queue_counts counts_{};
        std::uint64_t pushed_ = 0;  // messages, ever
        std::uint64_t done_ = 0;    // of them
        std::uint64_t flushed_ = 0; // up to which one somebody waits
        bool sending_ = false;
        bool stopping_ = false;
        bool given_up_ = false;
        bool ended_ = false;
    };

    struct owner {
        owner(Transport to, queue_options options)
            : shared(std::make_shared<state>(std::move(to), options)),
              thread([kept = shared] { kept->run(); }) {}
        owner(const owner&) = delete;
        owner& operator=(const owner&) = delete;
        ~owner() {
            if (elsewhere()) {
                // Its thread is not in this process, and its lock may be held for ever.
                new std::thread(std::move(thread));
                new std::shared_ptr<state>(shared);
            } else if (shared->stop()) {
                thread.join();
            } else {
                thread.detach(); // it owns a share of the state
            }
        }

        /// Whether this is the child of a fork.
        [[nodiscard]] bool elsewhere() const noexcept { return ::getpid() != process; }

        const pid_t process = ::getpid();
        std::shared_ptr<state> shared;
        std::thread thread;
    };

    std::shared_ptr<owner> owner_;
};

} // namespace quipu

// quipu/net/tcp_listener.hpp

// TCP, incoming: `tcp_listener` accepts connections, each `tcp_connection` is a receiver.

#include <sys/socket.h>

namespace quipu {

/// One accepted connection: a receiver of a stream, and a way to answer.
///
/// Limits   keeps no bytes: what comes is handed out at once, `chunk_bytes_max` a call, so
///          thousands of connections cost no buffers. To put lines together is the caller's part.
/// Threads  distinct objects safe, shared objects unsafe.
class tcp_connection {
public:
    /// Most bytes that one call of `receive` hands out; they lie on the stack.
    static constexpr std::size_t chunk_bytes_max = std::size_t{16} * 1024;

    /// No connection.
    tcp_connection() noexcept = default;
    /// Takes over a connected socket.
    tcp_connection(socket connected, const address& peer) noexcept
        : socket_(std::move(connected)), peer_(peer) {}

    /// Hands out bytes that have come.
    ///
    /// Input    `on_bytes(std::string_view)` gets them; the text is valid until it returns, with
    ///          `read_padding_bytes` readable bytes behind.
    /// Returns  1: bytes were handed out, and more may wait; 0: none are there now, or `closed`.
    /// Errors   connection_lost, timed_out, unreachable: broken off, and every later call says so
    ///          again; system_failure for no connection.
    /// Cost     one system call; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        if (broken_ != errc::ok)
            return broken_;
        if (closed_)
            return std::size_t{0};
        std::array<char, chunk_bytes_max + read_padding_bytes> chunk; // not filled: that takes time
        const auto size =
            uninterrupted([&] { return ::recv(fd(), chunk.data(), chunk_bytes_max, 0); });
        if (size < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            broken_ = why;
            return why;
        }
        if (size == 0) {
            closed_ = true;
            return std::size_t{0};
        }
        on_bytes(std::string_view{chunk.data(), static_cast<std::size_t>(size)});
        return std::size_t{1};
    }

    /// Whether the peer has ended the stream in good order, and all of it was handed out.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Answers with as many of `bytes` as there is room for.
    /// Errors   would_block, connection_lost.
    [[nodiscard]] result<std::size_t> send_some(std::string_view bytes) noexcept {
        return socket_.send_some(bytes);
    }

    /// The other end.
    [[nodiscard]] const address& peer() const noexcept { return peer_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    socket socket_;
    address peer_;
    errc broken_ = errc::ok;
    bool closed_ = false;
};

static_assert(watchable_receiver<tcp_connection>);

/// How a TCP listener is opened.
struct tcp_listener_options {
    /// Most connections that wait to be accepted; the system may allow less.
    int backlog = SOMAXCONN;
    /// Several listeners share the port, one a thread; all of them must say so.
    bool reuse_port = false;
    /// An IPv6 listener at `[::]` takes IPv4 too.
    bool dual_stack = true;
};

/// Accepts the connections that come to one address.
///
/// Limits   keeps one descriptor in reserve: when the program has no other left, it serves to
///          accept the connection and close it, so that its peer learns of it, and the event loop
///          does not find it waiting for ever.
/// Threads  distinct objects safe, shared objects unsafe.
class tcp_listener {
public:
    /// Accepts nothing.
    tcp_listener() noexcept = default;

    /// Listens at an address of this machine; port 0 takes any free one. The port can be bound
    /// again at once after an earlier run.
    /// Errors   address_in_use, address_unavailable, permission_denied, unsupported,
    ///          too_many_descriptors.
    [[nodiscard]] static result<tcp_listener> listen(const address& at,
                                                     tcp_listener_options options = {}) noexcept {
        result<socket> opened = socket::open(at, ip_protocol::tcp);
        if (!opened)
            return opened.error();
        errc done = opened->reuse_address();
        if (done == errc::ok && at.is_v6() && options.dual_stack)
            done = opened->accept_v4_too();
        if (done == errc::ok && options.reuse_port)
            done = opened->reuse_port();
        if (done == errc::ok)
            done = opened->bind(at);
        if (done == errc::ok && ::listen(opened->fd(), options.backlog) != 0)
            done = last_error();
        if (done != errc::ok)
            return done;
        return take_over(*std::move(opened));
    }

    /// Takes over a socket that listens, of whatever family: one of a Unix path, or one that this
    /// program was started with.
    /// Errors   too_many_descriptors.
    [[nodiscard]] static result<tcp_listener> take_over(socket listening) noexcept {
        tcp_listener made;
        made.socket_ = std::move(listening);
        if (!made.take_reserve())
            return errc::too_many_descriptors;
        return made;
    }

    /// Takes the connection that waits longest. Connections whose peers are silent for hours are
    /// asked by the system whether they still live (SO_KEEPALIVE).
    /// Errors   would_block: none waits. too_many_descriptors: one was turned away; close others or
    ///          go on. queue_full, system_failure: the system has no memory.
    [[nodiscard]] result<tcp_connection> accept() noexcept {
        for (;;) {
            sockaddr_storage from{};
            descriptor accepted{accept_raw(from)};
            if (accepted) {
                socket connected{std::move(accepted)};
                // Cannot fail for a TCP socket; if it did, the connection were no worse.
                (void)connected.set(SOL_SOCKET, SO_KEEPALIVE, 1);
                const auto peer =
                    address::from_native(reinterpret_cast<const sockaddr*>(&from), sizeof from);
                return tcp_connection{std::move(connected), peer.value_or({})};
            }
            const errc why = last_error();
            if (why == errc::too_many_descriptors)
                turn_away();
            if (!is_of_the_connection(errno))
                return why;
        }
    }

    [[nodiscard]] result<address> local_address() const noexcept { return socket_.local_address(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] int accept_raw(sockaddr_storage& from) const noexcept {
        auto* const any = reinterpret_cast<sockaddr*>(&from);
        socklen_t size = sizeof from;
#if defined(__linux__)
        return uninterrupted(
            [&] { return ::accept4(fd(), any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#else
        descriptor accepted{uninterrupted([&] { return ::accept(fd(), any, &size); })};
        if (accepted && accepted.never_wait_nor_inherit() != errc::ok)
            accepted.close();
        return accepted.release();
#endif
    }

    // Errors of a connection that died while it waited: the next one may be well.
    [[nodiscard]] static bool is_of_the_connection(int number) noexcept {
        switch (number) {
        case ECONNABORTED:
        case EHOSTUNREACH:
        case ENETDOWN:
        case ENETUNREACH:
        case EPROTO: return true;
        default: return false;
        }
    }

    [[nodiscard]] bool take_reserve() noexcept {
        reserve_ = descriptor{::socket(AF_INET, SOCK_DGRAM, 0)};
        if (!reserve_)
            reserve_ = descriptor{::socket(AF_INET6, SOCK_DGRAM, 0)};
        return reserve_ && reserve_.never_wait_nor_inherit() == errc::ok;
    }

    // Keeps errno, by which `accept` tells what has happened.
    void turn_away() noexcept {
        const int before = errno;
        reserve_.close();
        sockaddr_storage from{};
        descriptor{accept_raw(from)}.close();
        // Another thread may have been quicker. Then the next call that fails tries again.
        (void)take_reserve();
        errno = before;
    }

    socket socket_;
    descriptor reserve_;
};

} // namespace quipu

// quipu/net/udp.hpp

// UDP: `udp_receiver` takes datagrams in batches, `udp_sender` sends them to one address.

#include <sys/socket.h>
#include <sys/uio.h>
#if defined(__linux__)
#include <linux/sock_diag.h>
#endif

namespace quipu {

/// Compile-time choices of a UDP receiver. Derive from this and override one line.
struct udp_receiver_traits {
    /// Longest datagram that is taken; a longer one is counted and left out. No UDP datagram is
    /// longer than 65,527 bytes. Change when many receivers shall reserve less address space.
    static constexpr std::size_t datagram_bytes_max = 65'535;
    /// Most datagrams that one call of `receive` takes. Change when many receivers shall take less
    /// memory; more than 16 gained nothing when it was measured.
    static constexpr std::size_t batch_datagrams_max = 16;
    /// Takes a batch by one system call, recvmmsg. Change to see what that is worth.
#if defined(__linux__)
    static constexpr bool one_call_per_batch = true;
#else
    static constexpr bool one_call_per_batch = false;
#endif
};

/// How a UDP receiver is bound.
struct udp_receiver_options {
    /// Buffer of the operating system for datagrams that wait to be taken; 0 leaves the default.
    std::size_t receive_buffer_bytes = 0;
    /// Several receivers share the port, one a thread; all of them must say so.
    bool reuse_port = false;
    /// An IPv6 receiver bound to `[::]` takes IPv4 too.
    bool dual_stack = true;
};

/// Takes the datagrams that come to one address.
///
/// Limits   a datagram longer than `Traits::datagram_bytes_max` is not handed out, not even in
///          part, and counted by `oversized`; what the system drops because its buffer is full is
///          counted by `dropped`.
/// Memory   1 MiB of address space with the usual traits; real are the pages that datagrams have
///          reached: 128 KiB at most if none was longer than 4 KiB.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = udp_receiver_traits>
class basic_udp_receiver {
    static_assert(Traits::batch_datagrams_max > 0, "quipu udp: a batch needs room for a datagram");
    static_assert(Traits::datagram_bytes_max > 0, "quipu udp: a datagram needs room for a byte");
#if !defined(__linux__)
    static_assert(!Traits::one_call_per_batch, "quipu udp: recvmmsg exists on Linux only");
#endif

public:
    /// Receives nothing.
    basic_udp_receiver() noexcept = default;

    /// Opens a receiver at an address of this machine; port 0 takes any free one.
    /// Errors   address_in_use, address_unavailable, permission_denied, unsupported,
    ///          too_many_descriptors.
    [[nodiscard]] static result<basic_udp_receiver> bind(const address& at,
                                                         udp_receiver_options options = {}) {
        result<socket> opened = socket::open(at, ip_protocol::udp);
        if (!opened)
            return opened.error();
        errc done = errc::ok;
        if (at.is_v6() && options.dual_stack)
            done = opened->accept_v4_too();
        if (done == errc::ok && options.reuse_port)
            done = opened->reuse_port();
        if (done == errc::ok && options.receive_buffer_bytes != 0)
            done = opened->receive_buffer(options.receive_buffer_bytes).error();
        if (done == errc::ok)
            done = opened->bind(at);
        if (done != errc::ok)
            return done;
        return basic_udp_receiver{*std::move(opened)};
    }

    /// Takes over a socket for datagrams that is bound, of whatever family: one of a Unix path, or one
    /// that this program was started with.
    [[nodiscard]] static basic_udp_receiver take_over(socket bound) {
        return basic_udp_receiver(std::move(bound));
    }

    /// Takes the datagrams that wait, at most a batch of them.
    ///
    /// Input    `on_bytes(std::string_view)` gets each datagram, an empty one too; the text is
    ///          valid until it returns, with `read_padding_bytes` readable bytes behind.
    /// Returns  how many datagrams were taken, oversized ones included; 0: none waits.
    /// Errors   system_failure; a receiver that was never bound has it always.
    /// Cost     one system call a batch on Linux, one a datagram elsewhere; does not allocate.
    template <class OnBytes>
    [[nodiscard]] result<std::size_t>
    receive(OnBytes&& on_bytes) noexcept(std::is_nothrow_invocable_v<OnBytes&, std::string_view>) {
        if constexpr (Traits::one_call_per_batch) {
            return receive_batch(on_bytes);
        } else {
            return receive_singly(on_bytes);
        }
    }

    /// Never: a datagram socket has no other end that could leave.
    [[nodiscard]] bool closed() const noexcept {
        return false;
    }

    /// How many datagrams were longer than `Traits::datagram_bytes_max`, and left out.
    [[nodiscard]] std::uint64_t oversized() const noexcept {
        return oversized_;
    }

    /// How many datagrams the system has dropped because nobody took them in time. The system
    /// counts to 2^32 only: between two calls no more than that may be lost.
    /// Errors   unsupported where the system does not tell.
    [[nodiscard]] result<std::uint64_t> dropped() noexcept {
#if defined(__linux__) && defined(SO_MEMINFO)
        std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
        socklen_t size = sizeof memory;
        if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0)
            return last_error();
        if (size <= SK_MEMINFO_DROPS * sizeof(std::uint32_t))
            return errc::unsupported;
        dropped_ += memory[SK_MEMINFO_DROPS] - static_cast<std::uint32_t>(dropped_);
        return dropped_;
#else
        return errc::unsupported;
#endif
    }

    /// The size of the operating system's buffer, in its own count.
    [[nodiscard]] result<std::size_t> receive_buffer_bytes() const noexcept {
        const result<int> granted = socket_.get(SOL_SOCKET, SO_RCVBUF);
        if (!granted)
            return granted.error();
        return static_cast<std::size_t>(*granted);
    }

    [[nodiscard]] result<address> local_address() const noexcept {
        return socket_.local_address();
    }
    [[nodiscard]] int fd() const noexcept {
        return socket_.fd();
    }

private:
    explicit basic_udp_receiver(socket bound)
        : socket_(std::move(bound)), slots_(slot_count, Traits::datagram_bytes_max) {
        if constexpr (Traits::one_call_per_batch)
            this->prepare_batch(); // `this`, since it is there on Linux only
    }

    static constexpr std::size_t slot_count =
        Traits::one_call_per_batch ? Traits::batch_datagrams_max : 1;

    [[nodiscard]] iovec whole_slot(std::size_t slot) const noexcept {
        return {slots_[slot], Traits::datagram_bytes_max};
    }

    template <class OnBytes>
    void hand_out(OnBytes& on_bytes, std::size_t slot, std::size_t size, int flags) {
        if ((flags & MSG_TRUNC) != 0) {
            ++oversized_;
        } else {
            on_bytes(std::string_view{slots_[slot], size});
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_singly(OnBytes& on_bytes) {
        std::size_t taken = 0;
        while (taken != Traits::batch_datagrams_max) {
            iovec room = whole_slot(0);
            msghdr message{};
            message.msg_iov = &room;
            message.msg_iovlen = 1;
            const auto size = uninterrupted([&] { return ::recvmsg(fd(), &message, 0); });
            if (size < 0) {
                const errc why = last_error();
                if (why == errc::would_block || taken != 0)
                    break;
                return why;
            }
            ++taken;
            hand_out(on_bytes, 0, static_cast<std::size_t>(size), message.msg_flags);
        }
        return taken;
    }

#if defined(__linux__)
    // The headers point at the slots and at each other by their place on the heap, which stays when
    // the receiver is moved.
    void prepare_batch() {
        rooms_.resize(slot_count);
        messages_.resize(slot_count);
        for (std::size_t slot = 0; slot != slot_count; ++slot) {
            rooms_[slot] = whole_slot(slot);
            messages_[slot].msg_hdr.msg_iov = &rooms_[slot];
            messages_[slot].msg_hdr.msg_iovlen = 1;
        }
    }

    template <class OnBytes>
    result<std::size_t> receive_batch(OnBytes& on_bytes) {
        const int answer = uninterrupted([&] {
            return ::recvmmsg(
                fd(), messages_.data(), static_cast<unsigned>(messages_.size()), 0, nullptr);
        });
        if (answer < 0) {
            const errc why = last_error();
            if (why == errc::would_block)
                return std::size_t{0};
            return why;
        }
        const auto taken = static_cast<std::size_t>(answer);
        for (std::size_t slot = 0; slot != taken; ++slot)
            hand_out(on_bytes, slot, messages_[slot].msg_len, messages_[slot].msg_hdr.msg_flags);
        return taken;
    }

    std::vector<iovec> rooms_;
    std::vector<mmsghdr> messages_;
#endif

    socket socket_;
    datagram_slots slots_;
    std::uint64_t oversized_ = 0;
    std::uint64_t dropped_ = 0;
};

using udp_receiver = basic_udp_receiver<>;

static_assert(watchable_receiver<udp_receiver>);

/// Sends datagrams to one address: a transport.
/// Threads  distinct objects safe, shared objects unsafe.
class udp_sender {
public:
    /// Sends nowhere.
    udp_sender() noexcept = default;

    /// Fixes the address that all datagrams go to. Nothing is sent, so nobody needs to be there.
    /// Errors   unsupported, unreachable, address_unavailable, too_many_descriptors.
    [[nodiscard]] static result<udp_sender> connect(const address& to) noexcept {
        result<socket> opened = socket::open(to, ip_protocol::udp);
        if (!opened)
            return opened.error();
        const errc done = opened->connect(to);
        if (done != errc::ok)
            return done;
        return udp_sender{*std::move(opened)};
    }

    /// Sends `bytes` as one datagram.
    ///
    /// Returns  ok once the system has taken the datagram, which is no promise that it arrives.
    /// Errors   would_block or queue_full (the system's buffer is full), message_too_long,
    ///          unreachable, connection_refused, permission_denied; nothing was sent then.
    /// Cost     one system call, two after a refusal; does not allocate, does not wait.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const errc done = socket_.send_some(bytes).error();
        if (done != errc::connection_refused)
            return done;
        // The answer to an earlier datagram, which stopped this one: it has not been sent.
        ++refused_;
        return socket_.send_some(bytes).error();
    }

    /// How many answers came that nobody listens there. They are told by a later send, if at all.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    [[nodiscard]] result<address> local_address() const noexcept { return socket_.local_address(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    explicit udp_sender(socket connected) noexcept : socket_(std::move(connected)) {}

    socket socket_;
    std::uint64_t refused_ = 0;
};

static_assert(transport<udp_sender>);

} // namespace quipu

// quipu/net/udp_host.hpp

// UDP to a host by its name, which may come to mean another machine while the program runs.

namespace quipu {

/// Which of a host's addresses are used.
enum class address_family : std::uint8_t { any, v4, v6 };

/// Sends datagrams to the first address that a host has, of the family that is asked for; to another
/// one as soon as the watch has seen that it changed. A transport. Several may share a watch: one thread
/// looks for all of them.
///
///     basic_client client{udp_host_sender(std::make_shared<host_watch>(host_port{"stats", 8125}))};
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Names = system_names>
class basic_udp_host_sender {
public:
    using watch_type = basic_host_watch<Names>;

    explicit basic_udp_host_sender(std::shared_ptr<const watch_type> of,
                                   address_family family = address_family::any) noexcept
        : watch_(std::move(of)), family_(family) {}

    /// Sends `bytes` as one datagram.
    /// Errors   those of udp_sender; name_unresolved and others of `resolve`, while no address is known;
    ///          address_unavailable: the host has none of the family.
    /// Cost     that of udp_sender, and a look at the watch; a new socket after a change.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        const std::uint64_t now = watch_->generation();
        if (now != generation_ || !connected_) {
            if (const errc error = connect(); error != errc::ok && !connected_)
                return error;
            generation_ = now;
        }
        return to_.send(bytes);
    }

private:
    /// Keeps the old socket if there can be no new one.
    [[nodiscard]] errc connect() noexcept {
        const result<address_list> known = watch_->addresses();
        if (!known)
            return known.error();
        for (const address& next : *known) {
            if (!(family_ == address_family::any ||
                  (family_ == address_family::v4) == next.is_v4()))
                continue;
            result<udp_sender> made = udp_sender::connect(next);
            if (!made)
                return made.error();
            to_ = *std::move(made);
            connected_ = true;
            return errc::ok;
        }
        return errc::address_unavailable;
    }

    std::shared_ptr<const watch_type> watch_;
    address_family family_;
    udp_sender to_{};
    std::uint64_t generation_ = 0;
    bool connected_ = false;
};

using udp_host_sender = basic_udp_host_sender<>;

static_assert(transport<udp_host_sender>);

} // namespace quipu

// quipu/net/unix_path.hpp

// The path of a Unix socket: as an address of the system, and a socket that is connected to it.

#include <sys/socket.h>
#include <sys/un.h>

namespace quipu {

/// What goes through a Unix path.
enum class unix_kind { datagrams, streams };

/// A path as the system takes it.
class unix_path {
public:
    /// The longest that the system takes.
    static constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;

    /// No path.
    unix_path() noexcept = default;

    /// Errors   bad_address (empty, too long, or with a zero byte in it).
    [[nodiscard]] static result<unix_path> of(std::string_view path) noexcept {
        if (path.empty() || path.size() > bytes_max || path.find('\0') != path.npos)
            return errc::bad_address;
        unix_path made;
        made.native_.sun_family = AF_UNIX;
        std::memcpy(made.native_.sun_path, path.data(), path.size());
        return made;
    }

    /// A socket that never waits, not bound to anything yet.
    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] static result<socket> open(unix_kind kind) noexcept {
        const int type = kind == unix_kind::datagrams ? SOCK_DGRAM : SOCK_STREAM;
        descriptor made{::socket(AF_UNIX, type, 0)};
        if (!made)
            return last_error();
        if (const errc set = made.never_wait_nor_inherit(); set != errc::ok)
            return set;
        return socket(std::move(made));
    }

    /// A socket that is connected to whoever listens here.
    /// Errors   those of `open`; connection_refused: nobody is there; would_block: the listener has no
    ///          room for one more now; permission_denied.
    [[nodiscard]] result<socket> connect(unix_kind kind) const noexcept {
        result<socket> made = open(kind);
        if (made && ::connect(made->fd(), native(), native_size()) != 0)
            return errno == ENOENT ? errc::connection_refused : last_error();
        return made;
    }

    [[nodiscard]] const char* c_str() const noexcept { return native_.sun_path; }
    [[nodiscard]] const sockaddr* native() const noexcept {
        return reinterpret_cast<const sockaddr*>(&native_);
    }
    [[nodiscard]] static constexpr socklen_t native_size() noexcept { return sizeof(sockaddr_un); }

private:
    sockaddr_un native_{};
};

} // namespace quipu

// quipu/net/unix_datagram.hpp

// Datagrams within one machine, over a Unix socket: as fast as memory allows, and never lost on the
// way without the sender knowing.

namespace quipu {

/// Sends datagrams to the socket that a path names: a transport. A server that was started anew, and
/// so has made another socket there, is found again by the next `send`.
///
/// Threads  distinct objects safe, shared objects unsafe.
class unix_datagram_sender {
public:
    /// Connects when first needed.
    explicit unix_datagram_sender(std::string path) noexcept : path_(std::move(path)) {}

    /// Sends `bytes` as one datagram.
    ///
    /// Returns  ok once it is in the receiver's queue.
    /// Errors   bad_address (the path is empty or too long), connection_refused (nobody is there),
    ///          would_block or queue_full (the receiver's queue is full), message_too_long,
    ///          permission_denied, too_many_descriptors; nothing was sent then.
    /// Cost     one system call; three more when the receiver was started anew. Does not wait.
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        if (socket_) {
            const errc done = socket_.send_some(bytes).error();
            if (done != errc::connection_refused && done != errc::connection_lost)
                return done;
        }
        const errc done = connect();
        return done == errc::ok ? socket_.send_some(bytes).error() : done;
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    [[nodiscard]] errc connect() noexcept {
        socket_.close();
        const result<unix_path> to = unix_path::of(path_);
        if (!to)
            return to.error();
        result<socket> made = to->connect(unix_kind::datagrams);
        if (!made)
            return made.error();
        socket_ = *std::move(made);
        return errc::ok;
    }

    std::string path_;
    socket socket_;
};

static_assert(transport<unix_datagram_sender>);

} // namespace quipu

// quipu/net/unix_listener.hpp

// Sockets that listen at a path of this machine, for datagrams or for connections.

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu {

/// A bound socket, and the file that others find it by, which goes away with it.
class unix_listener {
public:
    /// Nothing.
    unix_listener() noexcept = default;
    unix_listener(unix_listener&& other) noexcept
        : socket_(std::move(other.socket_)), path_(std::exchange(other.path_, {})),
          inode_(other.inode_) {}
    unix_listener& operator=(unix_listener&& other) noexcept {
        std::swap(socket_, other.socket_);
        std::swap(path_, other.path_);
        std::swap(inode_, other.inode_);
        return *this;
    }
    ~unix_listener() {
        if (!path_.empty() && inode_of(path_) == inode_) // not another's that took its place
            ::unlink(path_.c_str());
    }

    /// Binds `path`; what an earlier run left there, and nobody listens at, is replaced.
    ///
    /// Input    mode: of the file, such as 0660; nothing: what the process makes.
    /// Errors   bad_address (empty or too long), address_in_use (somebody listens there, or it is no
    ///          socket), permission_denied, too_many_descriptors, system_failure (no such folder).
    [[nodiscard]] static result<unix_listener>
    bind(std::string path, unix_kind kind, std::optional<unsigned> mode = std::nullopt) noexcept {
        const auto at = unix_path::of(path);
        if (!at)
            return at.error();
        unix_listener made;
        auto opened = unix_path::open(kind);
        if (!opened)
            return opened.error();
        if (is_left_over(*at, kind))
            ::unlink(path.c_str());
        if (::bind(opened->fd(), at->native(), at->native_size()) != 0)
            return last_error();
        made.inode_ = inode_of(path);
        made.path_ = std::move(path);
        if (mode && ::chmod(made.path_.c_str(), static_cast<mode_t>(*mode)) != 0)
            return last_error();
        if (kind == unix_kind::streams && ::listen(opened->fd(), SOMAXCONN) != 0)
            return last_error();
        made.socket_ = *std::move(opened);
        return made;
    }

    /// Gives the socket away; the file stays this object's.
    [[nodiscard]] socket release() noexcept { return std::move(socket_); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

private:
    /// Whether there is a socket at which nobody listens.
    [[nodiscard]] static bool is_left_over(const unix_path& at, unix_kind kind) noexcept {
        struct stat file {};
        if (::stat(at.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
            return false;
        const auto probe = unix_path::open(kind);
        return probe && ::connect(probe->fd(), at.native(), at.native_size()) != 0 &&
               errno == ECONNREFUSED;
    }

    [[nodiscard]] static ino_t inode_of(const std::string& path) noexcept {
        struct stat file {};
        return ::stat(path.c_str(), &file) == 0 ? file.st_ino : 0;
    }

    socket socket_;
    std::string path_{};
    ino_t inode_ = 0;
};

} // namespace quipu

// quipu/net/unix_stream.hpp

// A stream within one machine, over a Unix socket: what a TCP connection carries, without the network.

#include <poll.h>

namespace quipu {

/// To the socket that a path names. A server that was started anew, and so has made another socket
/// there, is found by the next connection.
class unix_route {
public:
    using place_type = std::string;

    explicit unix_route(std::string path) noexcept : path_(std::move(path)) {}

    /// Errors   bad_address (the path is empty or too long), connection_refused (nobody is there),
    ///          permission_denied, too_many_descriptors; timed_out: the listener takes no more.
    /// Cost     does not wait, but while the listener has no room, until `end` at most.
    [[nodiscard]] result<socket> connect(const deadline& end) noexcept {
        const result<unix_path> to = unix_path::of(path_);
        if (!to)
            return to.error();
        for (;;) {
            result<socket> made = to->connect(unix_kind::streams);
            if (made.error() != errc::would_block)
                return made;
            if (end.remaining_ms() == 0)
                return errc::timed_out;
            static_cast<void>(::poll(nullptr, 0, 1)); // the system tells nobody when there is room
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// Sends a stream of bytes to the socket that a path names: a transport.
using unix_stream_sender = basic_stream_sender<unix_route>;

static_assert(transport<unix_stream_sender>);

} // namespace quipu

// quipu/net/waker.hpp

// `waker`: ends the waiting of an event loop from another thread or a signal handler.

#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace quipu {

/// What a waker is made of: eventfd is one descriptor and Linux only, a pipe is two.
enum class waker_kind : std::uint8_t { eventfd, pipe };

#if defined(__linux__)
inline constexpr waker_kind waker_kind_here = waker_kind::eventfd;
#else
inline constexpr waker_kind waker_kind_here = waker_kind::pipe;
#endif

/// A descriptor that becomes readable when somebody calls `wake`, and stays so until `clear`.
/// However many have called it in between, that is one event.
///
/// Threads  `wake` is safe from any thread and any signal handler, while the waker lives and is not
///          moved; all else: distinct objects safe, shared objects unsafe.
template <waker_kind Kind = waker_kind_here>
class basic_waker {
public:
    /// Wakes nobody.
    basic_waker() noexcept = default;

    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] static result<basic_waker> open() noexcept {
        basic_waker made;
#if defined(__linux__)
        if constexpr (Kind == waker_kind::eventfd) {
            made.reader_ = descriptor{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
            if (!made.reader_)
                return last_error();
            return made;
        }
#else
        static_assert(Kind == waker_kind::pipe, "quipu waker: eventfd exists on Linux only");
#endif
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0)
            return last_error();
        made.reader_ = descriptor{ends[0]};
        made.writer_ = descriptor{ends[1]};
        for (descriptor* end : {&made.reader_, &made.writer_}) {
            const errc set = end->never_wait_nor_inherit();
            if (set != errc::ok)
                return set;
        }
        return made;
    }

    /// Makes `fd` readable. Leaves `errno` as it was.
    /// Cost     one system call.
    void wake() const noexcept {
        const int before = errno;
        const std::uint64_t one = 1; // eventfd wants all eight bytes of it
        const int to = Kind == waker_kind::eventfd ? reader_.fd() : writer_.fd();
        // It fails when it is full, and then it is readable already.
        (void)uninterrupted([&] { return ::write(to, &one, sizeof one); });
        errno = before;
    }

    /// Makes `fd` unreadable until the next `wake`. To miss nothing, clear first and then look for
    /// what the others want.
    void clear() noexcept {
        std::array<char, 512> calls;
        while (uninterrupted([&] { return ::read(fd(), calls.data(), calls.size()); }) ==
               static_cast<ssize_t>(calls.size())) {
        }
    }

    /// The descriptor to watch.
    [[nodiscard]] int fd() const noexcept {
        return reader_.fd();
    }

private:
    descriptor reader_;
    descriptor writer_;
};

using waker = basic_waker<>;

} // namespace quipu

// quipu/sketch/bound_policy.hpp

// What happens to a value that comes when a sketch keeps as many as it may.

namespace quipu {

namespace bound_policy {

/// The value is not kept: quantiles are those of the first values. All of them were seen, so a
/// quantile says nothing about what came later.
struct keep_first {
    static constexpr bool samples = false;

    [[nodiscard]] static constexpr std::size_t place(std::uint64_t /*seen*/) noexcept {
        return SIZE_MAX;
    }
    static void write(byte_writer& /*out*/) noexcept {}
    static constexpr void read(byte_reader& /*from*/) noexcept {}
};

/// The value takes the place of another one, or is not kept, so that any value has the same chance
/// to be among those that are: a quantile is that of a random sample. The ranks are off by about
/// sqrt(q (1 - q) / kept).
/// Source   Vitter, "Random Sampling with a Reservoir", 1985, algorithm R.
template <std::uint64_t Seed = 0x7265'7365'7276'6f69> // "reservoi"
class reservoir {
public:
    static constexpr bool samples = true;

    /// A number below `seen`.
    [[nodiscard]] constexpr std::size_t place(std::uint64_t seen) noexcept {
        return static_cast<std::size_t>(
            detail::multiply(mix(state_ += 0x9e37'79b9'7f4a'7c15), seen).high);
    }
    void write(byte_writer& out) const { out.word(state_); }
    void read(byte_reader& from) noexcept { state_ = from.word(); }

private:
    std::uint64_t state_ = Seed;
};

} // namespace bound_policy

/// Decides which values stay when there are more than a sketch keeps.
/// Requires  place(seen): the place of the one that the value number `seen`, counted from 1, puts
///           out; one at or beyond the number that is kept means that this value is not kept.
///           samples: those kept are a random sample, and are merged as such. write and read.
/// Provided  bound_policy::keep_first (default), bound_policy::reservoir.   Chosen at  basic_exact.
/// Cost      one call for each value beyond the bound.
template <class P>
concept value_bound_policy = std::default_initializable<P> &&
    requires(P policy, const P& other, std::uint64_t seen, byte_writer& out, byte_reader& from) {
    { policy.place(seen) } -> std::same_as<std::size_t>;
    { P::samples } -> std::convertible_to<bool>;
    other.write(out);
    policy.read(from);
    requires noexcept(policy.place(seen));
};

static_assert(value_bound_policy<bound_policy::keep_first>);
static_assert(value_bound_policy<bound_policy::reservoir<>>);

} // namespace quipu

// quipu/sketch/moments.hpp

// What is exact of a distribution, however many its values: their number, sums, and ends.

namespace quipu {

/// Count, sum, sum of squares, minimum and maximum of weighted values: what every quantile sketch
/// keeps beside what it knows of the quantiles.
///
/// Memory   40 bytes.
/// Error    that of adding doubles. A sum beyond them is infinite, and never NaN: two infinite
///          ones that cancel each other are 0.
/// Threads  distinct objects safe, shared objects unsafe.
class moments {
public:
    /// Adds a value.
    /// Input    value: finite.
    constexpr void record(double value) noexcept {
        QUIPU_ASSERT(value - value == 0);
        count_ += 1;
        sum_ += value;
        sum_squares_ += value * value;
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    constexpr void record(double value, double weight) noexcept {
        QUIPU_ASSERT(value - value == 0 && weight > 0 && weight - weight == 0);
        count_ += weight;
        sum_ = total(sum_, value * weight);
        sum_squares_ += value * value * weight;
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }

    constexpr void merge(const moments& other) noexcept {
        count_ += other.count_;
        sum_ = total(sum_, other.sum_);
        sum_squares_ += other.sum_squares_;
        min_ = other.min_ < min_ ? other.min_ : min_;
        max_ = other.max_ > max_ ? other.max_ : max_;
    }

    /// Those of values that are known by nothing else.
    /// Input    count: above 0.
    [[nodiscard]] static constexpr moments
    from(double count, double sum, double sum_squares, double min, double max) noexcept {
        moments made;
        made.count_ = count;
        made.sum_ = sum;
        made.sum_squares_ = sum_squares;
        made.min_ = min;
        made.max_ = max;
        return made;
    }

    constexpr void clear() noexcept { *this = moments(); }

    [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] constexpr double count() const noexcept { return count_; } ///< sum of the weights
    [[nodiscard]] constexpr double sum() const noexcept { return sum_; }
    [[nodiscard]] constexpr double sum_squares() const noexcept { return sum_squares_; }
    /// 0 if there is no value.
    [[nodiscard]] constexpr double min() const noexcept { return empty() ? 0 : min_; }
    /// 0 if there is no value.
    [[nodiscard]] constexpr double max() const noexcept { return empty() ? 0 : max_; }

    /// Five numbers, or the count alone if that is 0.
    void write(byte_writer& out) const {
        out.number(count_);
        if (empty())
            return;
        for (const double one : {sum_, sum_squares_, min_, max_})
            out.number(one);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] constexpr bool read(byte_reader& from) noexcept {
        moments got;
        got.count_ = from.number();
        if (got.count_ > 0) {
            for (double* one : {&got.sum_, &got.sum_squares_, &got.min_, &got.max_})
                *one = from.number();
        }
        const bool sound = !from.failed() && got.sound();
        *this = sound ? got : moments();
        return sound;
    }

private:
    /// Values can have led here: in particular nothing is NaN.
    [[nodiscard]] constexpr bool sound() const noexcept {
        if (count_ == 0)
            return std::bit_cast<std::uint64_t>(count_) == 0; // not -0
        return count_ > 0 && sum_ == sum_ && sum_squares_ >= 0 && min_ - min_ == 0 &&
               max_ - max_ == 0 && min_ <= max_;
    }

    /// The sum of two, of which both or one may be infinite.
    [[nodiscard]] static constexpr double total(double a, double b) noexcept {
        const double sum = a + b;
        return sum == sum ? sum : 0;
    }

    double count_ = 0;
    double sum_ = 0;
    double sum_squares_ = 0;
    double min_ = std::numeric_limits<double>::infinity();
    double max_ = -std::numeric_limits<double>::infinity();
};

} // namespace quipu

// quipu/sketch/sketch.hpp

// What a sketch is: a summary of many values from which quantiles, or the number of distinct
// members, can be read.

namespace quipu {

/// A part of a distribution: its lowest or its highest values.
struct distribution_part {
    double count = 0; ///< in weights
    double sum = 0;
    double sum_squares = 0;
    /// The value at the cut: the largest of the lowest, the smallest of the highest.
    double boundary = 0;
};

/// Summarises values so that quantiles can be read.
/// Requires  record, merge, clear; settle, which comes after the last record and before a read;
///           count (the sum of the weights), sum, sum_squares, min, max, quantile, median, lowest and highest
///           (the part up to a quantile, from it on), squared_deviations (from the mean), and
///           dropped: how many values it could not take into its quantiles; write and read, to
///           bytes in a form that stays the same and back: read replaces the contents, and is false
///           and leaves nothing if the bytes make no sense.
/// Laws      merge is associative and commutative as far as quantiles tell; a weight w equals w
///           repetitions; quantile is monotonic in q and within [min, max]; the lowest and the
///           highest, cut between the same two events, are the whole; what was written is read.
/// Provided  exact, exponential_histogram, adaptive (default), ckms.   Chosen at  basic_timer.
/// Cost      one record for each sample.
template <class S>
concept quantile_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, double value, double weight, byte_writer& out, byte_reader& in) {
    s.record(value, weight);
    s.merge(other);
    s.settle();
    s.clear();
    { other.count() } -> std::same_as<double>;
    { other.sum() } -> std::same_as<double>;
    { other.sum_squares() } -> std::same_as<double>;
    { other.min() } -> std::same_as<double>;
    { other.max() } -> std::same_as<double>;
    { other.quantile(value) } -> std::same_as<double>;
    { other.median() } -> std::same_as<double>;
    { other.lowest(value) } -> std::same_as<distribution_part>;
    { other.highest(value) } -> std::same_as<distribution_part>;
    { other.squared_deviations() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
    other.write(out);
    { s.read(in) } -> std::same_as<bool>;
};

/// Estimates how many distinct members it has seen.
/// Requires  insert(hash), which is false if a new member finds no room; dropped, how often that
///           was so; merge, clear; empty; estimate, and standard_error, its deviation relative to
///           the true number, 0 while that is what it is; write, a form of bytes that stays the
///           same, and read, which takes its place, or is false and leaves nothing if the bytes
///           are no such form.
/// Laws      merge is associative and commutative; a member counts once however often it comes;
///           what is written reads back equal, and what is read is written as the same bytes; as
///           long as nothing is dropped, the order of the members does not show.
/// Provided  exact_set, hyperloglog, adaptive_set (default).   Chosen at  basic_unique.
/// Cost      one insert for each sample.
template <class S>
concept distinct_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, std::uint64_t hash, byte_writer& out, byte_reader& from) {
    { s.insert(hash) } -> std::same_as<bool>;
    s.merge(other);
    s.clear();
    { other.empty() } -> std::same_as<bool>;
    { other.estimate() } -> std::same_as<double>;
    { other.standard_error() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
    other.write(out);
    { s.read(from) } -> std::same_as<bool>;
};

} // namespace quipu

// quipu/sketch/weighted_values.hpp

// Values as they came, and their weights once one of them is not 1.

namespace quipu {

/// A list of values with a weight each, which takes room from the first one on that is not 1.
///
/// Memory   48 bytes, and 8 for each value, or 16.
/// Errors   what changes it has done so, or has changed nothing if there was no memory.
/// Threads  distinct objects safe, shared objects unsafe.
class weighted_values {
public:
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }
    [[nodiscard]] double operator[](std::size_t i) const noexcept { return values_[i]; }
    [[nodiscard]] double weight(std::size_t i) const noexcept {
        return weights_.empty() ? 1 : weights_[i];
    }
    /// There are weights that are not 1, or have been.
    [[nodiscard]] bool weighted() const noexcept { return !weights_.empty(); }

    /// The sum of the weights.
    /// Cost     O(n) if they are not all 1.
    [[nodiscard]] double total() const noexcept {
        if (!weighted())
            return static_cast<double>(size());
        double sum = 0;
        for (std::size_t i = 0; i < size(); ++i)
            sum += weights_[i];
        return sum;
    }

    /// Appends. Cost  amortised O(1); O(n) for the first weight.
    void push(double value, double weight) {
        if (weight != 1 || weighted()) [[unlikely]]
            push_weight(weight);
        values_.push_back(value);
    }

    /// Puts one in the place of another.
    void replace(std::size_t place, double value, double weight) {
        if (weight != 1 && !weighted())
            weights_.assign(size(), 1);
        values_[place] = value;
        if (weighted())
            weights_[place] = weight;
    }

    /// Removes one; the last takes its place.
    void remove(std::size_t place) noexcept {
        values_[place] = values_.back();
        values_.pop_back();
        if (weighted()) {
            weights_[place] = weights_[size()];
            weights_.resize(size());
        }
    }

    /// Makes room, so that `count` more can be pushed without asking for memory.
    void make_room(std::size_t count, bool with_weights) {
        const std::size_t needed = size() + count;
        if (needed > values_.capacity())
            values_.reserve(std::max(needed, 2 * values_.capacity()));
        if ((with_weights || weighted()) && needed > weights_.capacity())
            weights_.reserve(std::max(needed, 2 * weights_.capacity()));
    }

    /// Sorts by value.
    /// Cost     O(n log n); allocates if there are weights.
    void sort() {
        if (!weighted())
            return std::sort(values_.begin(), values_.end());
        std::vector<std::pair<double, double>> pairs(size());
        for (std::size_t i = 0; i < size(); ++i)
            pairs[i] = {values_[i], weights_[i]};
        std::sort(pairs.begin(), pairs.end());
        for (std::size_t i = 0; i < size(); ++i)
            std::tie(values_[i], weights_[i]) = pairs[i];
    }

    /// Keeps the storage.
    void clear() noexcept {
        values_.clear();
        weights_.clear();
    }

    /// Whether there are weights, how many values, the values, the weights.
    void write(byte_writer& out) const {
        out.byte(weighted() ? 1 : 0);
        out.count(size());
        for (const double value : values_)
            out.number(value);
        for (std::size_t i = 0; weighted() && i < size(); ++i)
            out.number(weights_[i]);
    }

    /// Replaces the contents; makes the reader fail, and leaves anything, if the bytes make no sense:
    /// values are finite, weights, too, and above 0.
    /// Cost     O(n); allocates no more than the bytes that are there.
    void read(byte_reader& from, std::size_t size_max) {
        clear();
        const auto with_weights = from.byte();
        const auto count = from.count_of(with_weights == 0 ? 8 : 16);
        if (with_weights > 1 || count > size_max)
            return from.fail();
        values_.resize(count);
        weights_.resize(with_weights == 0 ? 0 : count);
        for (double& value : values_)
            value = from.number();
        for (double& weight : weights_)
            weight = from.number();
        const auto finite = [](double one) { return one - one == 0; };
        if (!std::all_of(values_.begin(), values_.end(), finite) ||
            !std::all_of(weights_.begin(), weights_.end(), [&](double one) {
                return finite(one) && one > 0;
            }))
            from.fail();
    }

private:
    [[gnu::noinline]] void push_weight(double weight) {
        weights_.resize(size(), 1); // without one that found no room for its value, too
        weights_.push_back(weight);
    }

    std::vector<double> values_{};
    std::vector<double> weights_{}; // empty as long as all weights are 1
};

} // namespace quipu

// quipu/sketch/exact.hpp

// The exact quantile sketch: keeps every value.

namespace quipu {

/// Keeps every value up to a bound; beyond it count, sum, min and max stay exact, `Bound` says which
/// values are kept, and `dropped()` counts the others. Those kept stand for all then.
///
/// Memory   8 bytes a value, 16 from the first weight that is not 1 on.
/// Error    none, up to `ValuesMax` values; beyond it as `Bound` says (bound_policy.hpp).
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <std::size_t ValuesMax = std::size_t{1} << 20,
          value_bound_policy Bound = bound_policy::keep_first>
class basic_exact {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(1); allocates when the storage grows, and has changed nothing if that fails.
    void record(double value, double weight = 1) {
        keep(value, weight);
        if (weight == 1) [[likely]]
            all_.record(value);
        else
            all_.record(value, weight);
    }

    /// Adds all values of another sketch, or none if there is no memory.
    void merge(const basic_exact& other) {
        QUIPU_ASSERT(&other != this);
        const std::size_t room = ValuesMax - values_.size();
        if (Bound::samples && other.values_.size() > room) {
            merge_samples(other);
        } else {
            values_.make_room(std::min(room, other.values_.size()), other.values_.weighted());
            for (std::size_t i = 0; i < other.values_.size(); ++i)
                keep(other.values_[i], other.weight(i));
            dropped_ += other.dropped_;
        }
        all_.merge(other.all_);
    }

    /// Sorts the values. Call it once after the last record and before any of the reads below.
    /// Cost     O(n log n).
    void settle() { values_.sort(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        values_.clear();
        all_.clear();
        dropped_ = 0;
    }

    [[nodiscard]] double count() const noexcept { return all_.count(); } ///< sum of the weights
    [[nodiscard]] double sum() const noexcept { return all_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return all_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return all_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return all_.max(); } ///< 0 if there is no value

    /// How many of the values that came are not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// The values are here as they came, those kept.
    [[nodiscard]] static constexpr bool keeps_values() noexcept { return true; }
    /// The values kept, in ascending order once settled.
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_.values(); }
    [[nodiscard]] double weight(std::size_t i) const noexcept { return values_.weight(i); }

    /// The smallest value that at least a share `q` of the weight is not above (nearest rank); the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value. Settled.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The value in the middle, or the mean of the two there. Settled.
    [[nodiscard]] double median() const noexcept {
        const double half = values_.total() / 2;
        const double slack = half * rounding;
        double below = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            below += weight(i);
            if (below > half + slack)
                return values_[i];
            if (below >= half - slack)
                return between(values_[i], values_[i + 1]);
        }
        return max();
    }

    /// The smallest values that hold a share `q` of the weight. Of the value at the cut only as
    /// many whole events as are needed are in, and one event at least if there is any. Settled.
    /// Cost     O(n).
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, min(), max(), [](std::size_t i) { return i; });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(
            q, max(), min(), [last = values_.size() - 1](std::size_t i) { return last - i; });
    }

    /// The sum of weight × (value - mean)², free of cancellation.
    [[nodiscard]] double squared_deviations() const noexcept {
        const double total = values_.total();
        if (total == 0)
            return 0;
        double sum = 0;
        for (std::size_t i = 0; i < values_.size(); ++i)
            sum += values_[i] * weight(i);
        const double mean = sum / total;
        double deviations = 0;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const double distance = values_[i] - mean;
            deviations += distance * distance * weight(i);
        }
        return deviations * events_each(total);
    }

    void write(byte_writer& out) const {
        all_.write(out);
        if (all_.empty())
            return;
        out.count(dropped_);
        bound_.write(out);
        values_.write(out);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    /// Cost     O(n); allocates no more than the bytes that are there.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!all_.read(from))
            return false;
        if (!all_.empty())
            read_kept(from);
        if (!from.failed())
            return true;
        clear();
        return false;
    }

private:
    /// How far a sum of weights such as 1 / 0.3 may be off, relatively.
    static constexpr double rounding = 1e-12;
    /// How far the sums of as many weights as there may be, in another order, may be apart.
    static constexpr double rounding_of_many = static_cast<double>(ValuesMax) * 0x1p-52 + rounding;

    void keep(double value, double weight) {
        if (values_.size() < ValuesMax) [[likely]]
            return values_.push(value, weight);
        keep_beyond(value, weight);
    }

    [[gnu::noinline]] void keep_beyond(double value, double weight) {
        if (const auto place = bound_.place(seen() + 1); place < ValuesMax)
            values_.replace(place, value, weight);
        ++dropped_;
    }

    /// Makes a random sample of all values of two out of their samples: draws as if from all of
    /// them, without putting back, and takes one of the sample where it is of the side that the
    /// draw hits.
    void merge_samples(const basic_exact& other) {
        weighted_values rest[] = {values_, other.values_};
        std::uint64_t left[] = {seen(), other.seen()};
        const std::uint64_t all = left[0] + left[1];
        weighted_values both;
        while (both.size() < ValuesMax) {
            const bool theirs = bound_.place(left[0] + left[1]) >= left[0];
            weighted_values& from = rest[theirs ? 1 : 0];
            --left[theirs ? 1 : 0];
            const std::size_t place = bound_.place(from.size());
            both.push(from[place], from.weight(place));
            from.remove(place);
        }
        values_ = std::move(both);
        dropped_ = static_cast<std::size_t>(all - ValuesMax);
    }

    /// How many values came, kept or not.
    [[nodiscard]] std::uint64_t seen() const noexcept { return values_.size() + dropped_; }

    void read_kept(byte_reader& from) {
        dropped_ = static_cast<std::size_t>(from.count());
        bound_.read(from);
        values_.read(from, ValuesMax);
        if (!sound())
            from.fail();
    }

    /// What is kept and what is known of all values fit each other.
    [[nodiscard]] bool sound() const noexcept {
        double lowest = max();
        double highest = min();
        for (const double value : values_.values()) {
            lowest = std::min(lowest, value);
            highest = std::max(highest, value);
        }
        const double kept = values_.total();
        if (dropped_ > 0)
            return values_.size() == ValuesMax && dropped_ <= dropped_max && lowest >= min() &&
                   highest <= max() && count() >= kept * (1 - rounding_of_many);
        return lowest == min() && highest == max() &&
               (count() == kept ||
                (values_.weighted() && std::abs(count() - kept) <= kept * rounding_of_many));
    }

    /// How many events one kept stands for, if it weighs 1.
    [[nodiscard]] double events_each(double kept) const noexcept {
        return dropped_ == 0 ? 1 : count() / kept;
    }

    [[nodiscard]] static double between(double a, double b) noexcept {
        const double sum = a + b;
        return sum - sum == 0 ? sum / 2 : a / 2 + b / 2;
    }

    /// The first values in the order of `place`, up to a share `q` of the weight.
    template <class Place>
    [[nodiscard]] distribution_part
    part(double q, double near_end, double far_end, Place place) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        const double kept = values_.total();
        const double each = events_each(kept);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * kept * each * (1 - rounding);
        distribution_part taken;
        for (std::size_t i = 0; i < values_.size() && (i == 0 || taken.count < share); ++i) {
            const double value = q > 0 ? values_[place(i)] : near_end;
            const double missing = std::ceil(share - taken.count);
            const double times = std::min(weight(place(i)) * each, std::max(missing, 1.0));
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
        }
        if (dropped_ == 0 || q < 1)
            return taken;
        return {count(), sum(), sum_squares(), far_end};
    }

    /// So that sums of some of them are numbers of 64 bits.
    static constexpr std::size_t dropped_max = std::size_t{1} << (sizeof(std::size_t) * 8 - 12);

    weighted_values values_{};
    moments all_{};
    std::size_t dropped_ = 0;
    [[no_unique_address]] Bound bound_{};
};

using exact = basic_exact<>;

static_assert(quantile_sketch<exact>);

} // namespace quipu

// quipu/sketch/bucket_window.hpp

// Counts of numbered buckets that lie near each other, within a bound.

namespace quipu {

/// A dense window of counts that grows with the range of numbers seen, up to `Cap` buckets. Beyond
/// it the lowest collapse: they count in the lowest bucket for which there is room below the
/// highest. What the window holds depends on what was added, and not on the order.
///
/// Memory   32 bytes, and 8 to 12 for each bucket of the range seen, `8 * Cap` at most.
/// Error    a count is a double: exact for whole weights up to 2^53.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t Cap>
class bucket_window {
public:
    static_assert(Cap > 0 && Cap <= std::size_t{1} << 24U);
    static constexpr std::size_t cap = Cap;

    /// Adds to a bucket.
    /// Input    key: not near the ends of its type.
    /// Cost     a subtraction, a comparison and an addition within the window; O(size) and perhaps
    ///          an allocation when the window has to move.
    void add(std::int32_t key, double weight) {
        const auto place = place_of(key);
        if (place < counts_.size()) [[likely]]
            counts_[place] += weight;
        else
            add_outside(key, weight);
    }

    /// Makes room for the buckets from `low` to `high` and returns where their counts stand, one
    /// after another; null if there are more than the bound allows. Valid until the window is
    /// changed by another call.
    [[nodiscard]] double* range(std::int32_t low, std::int32_t high) {
        if (place_of(low) >= counts_.size() || place_of(high) >= counts_.size())
            cover(low, high);
        return low < floor_ ? nullptr : &counts_[place_of(low)];
    }

    /// Adds the counts of another window, whose numbers are divided by 2^Shift (rounding down).
    template <unsigned Shift = 0, std::size_t OtherCap>
    void merge(const bucket_window<OtherCap>& other) {
        if (other.empty())
            return;
        const std::int32_t low = other.lowest();
        const std::int32_t high = other.highest();
        cover(low >> Shift, high >> Shift);
        if (other.collapsed())
            collapse(low >> Shift);
        std::int32_t key = low;
        for (; key >> Shift < floor_; ++key)
            counts_[place_of(floor_)] += other[key];
        const double* from = &other.counts_[other.place_of(key)];
        if constexpr (Shift == 0) {
            double* into = &counts_[place_of(key)];
            for (std::int32_t left = high - key; left >= 0; --left)
                *into++ += *from++;
        } else {
            for (; key <= high; ++key)
                counts_[place_of(key >> Shift)] += *from++;
        }
    }

    /// Forgets all counts, and keeps the storage and the range that it is for.
    void clear() noexcept {
        std::fill(counts_.begin(), counts_.end(), 0.0);
        floor_ = no_floor;
    }

    [[nodiscard]] bool empty() const noexcept { return first_used() == counts_.size(); }
    /// The numbers of the first and the last bucket that has a count. Not empty.
    [[nodiscard]] std::int32_t lowest() const noexcept { return key_of(first_used()); }
    [[nodiscard]] std::int32_t highest() const noexcept { return key_of(last_used()); }

    /// The count of a bucket; 0 outside the window.
    [[nodiscard]] double operator[](std::int32_t key) const noexcept {
        const auto place = place_of(key);
        return place < counts_.size() ? counts_[place] : 0;
    }

    /// The lowest bucket counts values of lower ones, too.
    [[nodiscard]] bool collapsed() const noexcept { return floor_ != no_floor; }

    /// All counts are whole numbers.
    [[nodiscard]] bool whole() const noexcept {
        return std::all_of(counts_.begin(), counts_.end(), [](double count) {
            return count < 0x1p53 &&
                   static_cast<double>(static_cast<std::uint64_t>(count)) == count;
        });
    }

    /// The number of buckets from the lowest to the highest, the lowest, whether it is collapsed;
    /// and the counts: as integers if `as_integers`, which is for whole ones.
    void write(byte_writer& out, bool as_integers) const {
        if (empty())
            return out.count(0);
        out.count(last_used() - first_used() + 1);
        const auto key = static_cast<std::uint32_t>(lowest());
        out.count(key << 1U ^ (0 - (key >> 31U))); // small for a small negative one, too
        out.byte(collapsed() ? 1 : 0);
        for (std::size_t place = first_used(); place <= last_used(); ++place) {
            if (as_integers)
                out.count(static_cast<std::uint64_t>(counts_[place]));
            else
                out.number(counts_[place]);
        }
    }

    /// Replaces the contents; makes the reader fail, and leaves anything, if the bytes make no
    /// sense.
    /// Input    keys from `key_min` to `key_max`.
    void read(byte_reader& from, bool as_integers, std::int32_t key_min, std::int32_t key_max) {
        clear();
        const std::size_t size = from.count_of(as_integers ? 1 : sizeof(double));
        if (size == 0)
            return;
        const std::uint64_t coded = from.count();
        const auto key =
            static_cast<std::int64_t>(coded >> 1U) ^ -static_cast<std::int64_t>(coded & 1U);
        const auto collapsed = from.byte();
        if (size > Cap || coded >> 32U != 0 || key < key_min ||
            key + static_cast<std::int64_t>(size) - 1 > key_max || collapsed > 1)
            return from.fail();
        first_ = static_cast<std::int32_t>(key);
        counts_.assign(size, 0);
        for (double& count : counts_) {
            const std::uint64_t integer = as_integers ? from.count() : 0;
            if (integer >= std::uint64_t{1} << 53U)
                return from.fail();
            count = as_integers ? static_cast<double>(integer) : from.number();
            if (!(count > 0 || std::bit_cast<std::uint64_t>(count) == 0))
                return from.fail();
        }
        if (!(counts_.front() > 0 && counts_.back() > 0))
            return from.fail();
        floor_ = collapsed == 1 ? first_ : no_floor;
    }

private:
    static constexpr std::int32_t no_floor = std::numeric_limits<std::int32_t>::min();

    [[nodiscard]] std::size_t place_of(std::int32_t key) const noexcept {
        return static_cast<std::uint32_t>(key) - static_cast<std::uint32_t>(first_);
    }
    [[nodiscard]] std::int32_t key_of(std::size_t place) const noexcept {
        return first_ + static_cast<std::int32_t>(place);
    }

    [[nodiscard]] std::size_t first_used() const noexcept {
        std::size_t place = 0;
        while (place < counts_.size() && counts_[place] == 0)
            ++place;
        return place;
    }
    /// Not empty.
    [[nodiscard]] std::size_t last_used() const noexcept {
        std::size_t place = counts_.size() - 1;
        while (counts_[place] == 0)
            --place;
        return place;
    }

    [[gnu::noinline]] void add_outside(std::int32_t key, double weight) {
        cover(key, key);
        counts_[place_of(std::max(key, floor_))] += weight;
    }

    /// Moves the window so that it holds what is used and low to high, or those of them that are
    /// not below the floor, which rises if there are too many.
    void cover(std::int32_t low, std::int32_t high) {
        const bool downwards = low < first_;
        if (!empty()) {
            low = std::min(low, lowest());
            high = std::max(high, highest());
        }
        const std::int32_t floor = std::max(floor_, high - static_cast<std::int32_t>(Cap) + 1);
        const std::int32_t bottom = std::max(low, floor);
        const auto needed = static_cast<std::size_t>(high - bottom) + 1;
        if (needed > counts_.size())
            counts_.resize(std::min(Cap, needed + needed / 2));
        const double carried = low < floor ? take_below(floor) : 0;
        // What is free lies on the side where more is to be expected.
        const auto size = static_cast<std::int32_t>(counts_.size());
        move_to(downwards ? std::max(floor_, high - size + 1) : bottom);
        if (carried > 0)
            counts_[place_of(floor_)] += carried;
    }

    /// What lies below a key of the window counts there from now on.
    void collapse(std::int32_t floor) {
        if (floor <= floor_)
            return;
        counts_[place_of(floor)] += take_below(floor);
        move_to(std::max(first_, floor));
    }

    /// Makes a key the floor and takes out what is counted below it.
    [[nodiscard]] double take_below(std::int32_t floor) noexcept {
        double taken = 0;
        for (std::size_t place = 0; place < counts_.size() && key_of(place) < floor; ++place) {
            taken += counts_[place];
            counts_[place] = 0;
        }
        floor_ = floor;
        return taken;
    }

    /// Gives the window another first key, from which on it has room for all that is used.
    void move_to(std::int32_t first) noexcept {
        if (!empty()) {
            const std::ptrdiff_t up = std::ptrdiff_t{first_} - first;
            std::rotate(
                counts_.begin(), up > 0 ? counts_.end() - up : counts_.begin() - up, counts_.end());
        }
        first_ = first;
    }

    template <std::size_t>
    friend class bucket_window;

    std::vector<double> counts_{};
    std::int32_t first_ = 0;        // the key of counts_[0]
    std::int32_t floor_ = no_floor; // the lowest key that is counted as it is, once some are not
};

} // namespace quipu

// quipu/sketch/deviations.hpp

// The squared deviations from the mean, of values that are not kept, without cancellation.

namespace quipu {

/// Sums the distances from an origin near the mean, and their squares: the first value is the
/// origin, and the common mean, as near as a double comes, that of two that are merged. How many
/// values there are is known elsewhere (`moments`).
///
/// Memory   24 bytes.
/// Error    relatively that of adding n doubles, times 1 + (distance of the first value from the
///          mean / standard deviation)²: at most 1 + n, and as a rule about 2. What is beyond a
///          double is infinite, never NaN.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Chan, Golub, LeVeque, "Algorithms for Computing the Sample Variance", 1983.
class deviations {
public:
    /// Adds a value; `first` says that there was none before.
    constexpr void record(double value, bool first) noexcept {
        if (first) [[unlikely]]
            origin_ = value;
        const double distance = value - origin_;
        sum_ += distance;
        squares_ += distance * distance;
    }

    /// Adds a value that stands for `weight` events.
    constexpr void record(double value, double weight, bool first) noexcept {
        if (first) [[unlikely]]
            origin_ = value;
        const double distance = value - origin_;
        sum_ += distance * weight;
        squares_ += distance * distance * weight;
    }

    /// Adds the `other_count` values of another to the `count` that are here.
    constexpr void merge(const deviations& other, double count, double other_count) noexcept {
        if (other_count == 0)
            return;
        if (count == 0) {
            *this = other;
            return;
        }
        const double share = other_count / (count + other_count);
        const double offset = sum_ / count;
        const double distance = (other.origin_ - origin_) + (other.sum_ / other_count - offset);
        const double between = distance * distance * count * share;
        const double squares = squared(count) + other.squared(other_count) + between;
        *this = about(origin_, offset + distance * share, count + other_count, squares);
    }

    /// Those of values whose distances from an origin, one of them, have these sums.
    [[nodiscard]] static constexpr deviations
    from(double origin, double sum, double squares) noexcept {
        deviations made;
        made.origin_ = origin;
        made.sum_ = sum;
        made.squares_ = squares;
        return made;
    }

    constexpr void clear() noexcept { *this = deviations(); }

    /// The sum of weight × (value - mean)² of the `count` values.
    [[nodiscard]] constexpr double squared(double count) const noexcept {
        if (!finite())
            return infinity;
        if (count == 0)
            return 0;
        const double left = squares_ - sum_ / count * sum_;
        return left > 0 ? left : 0;
    }

    void write(byte_writer& out) const {
        const deviations one = finite() ? *this : about(0, 0, 0, infinity);
        for (const double number : {one.origin_, one.sum_, one.squares_})
            out.number(number);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] constexpr bool read(byte_reader& from) noexcept {
        origin_ = from.number();
        sum_ = from.number();
        squares_ = from.number();
        const auto bits = [](double one) { return std::bit_cast<std::uint64_t>(one); };
        const bool infinite = bits(origin_) == 0 && bits(sum_) == 0 && squares_ == infinity;
        if (!from.failed() && (finite() || infinite) && (squares_ > 0 || bits(squares_) == 0))
            return true;
        clear();
        return false;
    }

private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    [[nodiscard]] constexpr bool finite() const noexcept {
        return origin_ - origin_ == 0 && sum_ - sum_ == 0 && squares_ < infinity;
    }

    /// Has its origin at a mean, `origin + offset`: what a double is too coarse for goes into the
    /// sum, so that the means of parts are told apart however far from zero they are.
    [[nodiscard]] static constexpr deviations
    about(double origin, double offset, double count, double squares) noexcept {
        deviations one;
        one.origin_ = origin + offset;
        const double rest = (origin - one.origin_) + offset;
        one.sum_ = rest * count;
        one.squares_ = squares + rest * one.sum_;
        return one;
    }

    double origin_ = 0;
    double sum_ = 0;
    double squares_ = 0;
};

} // namespace quipu

// quipu/sketch/exponential_scale.hpp

// Base-2 exponential buckets: which one a magnitude belongs to, and where it begins and ends.

namespace quipu {

namespace detail {

/// 2^(1/2), 2^(1/4), 2^(1/8), … rounded down to 127 fractional bits.
inline constexpr std::array<wide, 10> roots_of_two{{
    {0xb504f333f9de6484, 0x597d89b3754abe9f},
    {0x9837f0518db8a96f, 0x46ad23182e42f6f6},
    {0x8b95c1e3ea8bd6e6, 0xfbe4628758a53c90},
    {0x85aac367cc487b14, 0xc5c95b8c2154c1b2},
    {0x82cd8698ac2ba1d7, 0x3e2a475b46520bff},
    {0x8164d1f3bc030773, 0x7be56527bd14def4},
    {0x80b1ed4fd999ab6c, 0x25335719b6e6fd20},
    {0x8058d7d2d5e5f6b0, 0x94d589f608ee4aa2},
    {0x802c6436d0e04f50, 0xff8ce94a6797b3ce},
    {0x8016302f17467628, 0x3690dfe44d11d008},
}};

/// The product of two numbers in [1, 2) of 127 fractional bits, itself below 2; a few of the last
/// bits are missing.
[[nodiscard]] constexpr wide multiply_fractions(const wide& a, const wide& b) noexcept {
    wide product = multiply(a.high, b.high);
    for (const std::uint64_t part : {multiply(a.high, b.low).high, multiply(a.low, b.high).high}) {
        product.low += part;
        product.high += product.low < part ? 1 : 0;
    }
    return {product.high << 1U | product.low >> 63U, product.low << 1U};
}

/// The lower edges of the buckets of [1, 2], as the 52 bits of a double's mantissa: the largest
/// double that is not above 2^(j / Buckets).
template <std::size_t Buckets>
[[nodiscard]] consteval std::array<std::uint64_t, Buckets> edge_mantissas() noexcept {
    std::array<wide, Buckets> powers{};
    std::array<std::uint64_t, Buckets> edges{};
    powers[0] = {std::uint64_t{1} << 63U, 0};
    for (std::size_t j = 1; j < Buckets; ++j) {
        const auto zeros = static_cast<std::size_t>(std::countr_zero(j));
        const std::size_t root = static_cast<std::size_t>(std::countr_zero(Buckets)) - zeros - 1;
        powers[j] = multiply_fractions(powers[j & (j - 1)], roots_of_two[root]);
        edges[j] = powers[j].high << 1U >> 12U;
    }
    return edges;
}

} // namespace detail

/// The buckets of OpenTelemetry's exponential histograms: number i holds the magnitudes in
/// (b^i, b^(i + 1)], where b = 2^(2^-Scale). In Prometheus' native histograms, whose schema is this
/// scale, the same bucket has the number i + 1.
///
/// Error    the `midpoint` of a bucket is off by relative_error = (b - 1) / (b + 1) at most from
///          any magnitude in it; among subnormal numbers half their spacing comes on top.
/// Cost     of index: one table look-up, no logarithm. The table has 2^(Scale + 4) bytes.
/// Threads  pure.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram"; Prometheus, "Native
///          histograms".
template <int Scale>
struct exponential_scale {
    static_assert(Scale >= -10 && Scale <= 10, "quipu exponential_scale: -10 to 10");

    /// Buckets from one power of two to the next; below scale 0 a bucket is several of those.
    static constexpr int per_octave = Scale > 0 ? 1 << Scale : 1;

private:
    static constexpr unsigned finer = static_cast<unsigned>(Scale > 0 ? Scale : 0);
    static constexpr unsigned coarser = static_cast<unsigned>(Scale < 0 ? -Scale : 0);
    static constexpr unsigned mantissa_bits = 52;
    static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << mantissa_bits;
    static constexpr std::uint64_t mantissa_mask = hidden_bit - 1;
    static constexpr std::int32_t bias = 1023;

    static constexpr auto edges = detail::edge_mantissas<std::size_t{per_octave}>();

    /// An octave in equal slots, half as wide as a bucket would be if all were, so narrow that each
    /// has one edge at most. A slot's entry is what to add to a double's bits so that those above
    /// `bucket_shift` become the number of edges below it, of all octaves: edges below the slot, and
    /// a carry from mantissas above the edge within.
    static constexpr unsigned bucket_shift = mantissa_bits - finer;
    static constexpr unsigned slot_shift = bucket_shift - 1;
    static constexpr std::size_t slots_per_octave = std::size_t{2} * per_octave;
    static constexpr auto slots = [] {
        std::array<std::uint64_t, slots_per_octave> table{};
        std::size_t below = 0;
        for (std::size_t slot = 0; slot < table.size(); ++slot) {
            const bool edge_within = below < edges.size() && edges[below] >> slot_shift == slot;
            if (edge_within) {
                table[slot] = (std::uint64_t{below + 1} << bucket_shift) - 1 - edges[below];
                ++below;
            } else {
                table[slot] = (std::uint64_t{below} << bucket_shift) - (slot << slot_shift);
            }
        }
        return table;
    }();

    [[nodiscard]] static constexpr std::int32_t normal_index(std::uint64_t bits) noexcept {
        const std::uint64_t above = bits + slots[bits >> slot_shift & (slots_per_octave - 1)];
        const auto fine = static_cast<std::int32_t>(above >> bucket_shift);
        return (fine - bias * per_octave - 1) >> coarser;
    }

public:
    /// How many buckets above bucket `low` a magnitude is; as many steps as are needed and no more.
    /// Input    magnitude: 2^-1022 at least, finite, not below bucket `low`.
    [[nodiscard]] static constexpr std::size_t places_above(std::int32_t low,
                                                            double magnitude) noexcept {
        if constexpr (coarser > 0)
            return static_cast<std::size_t>(index(magnitude) - low);
        const auto bits = std::bit_cast<std::uint64_t>(magnitude);
        const std::uint64_t above = bits + slots[bits >> slot_shift & (slots_per_octave - 1)];
        return (above >> bucket_shift) - static_cast<std::uint64_t>(low + bias * per_octave + 1);
    }

    /// The bucket of a magnitude.
    /// Input    magnitude: above 0, finite.
    [[nodiscard]] static constexpr std::int32_t index(double magnitude) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(magnitude);
        if (bits >= hidden_bit) [[likely]]
            return normal_index(bits);
        constexpr std::int32_t octaves = 1 << 10U; // a whole number of coarse buckets, too
        const auto scaled = std::bit_cast<std::uint64_t>(magnitude * 0x1p512 * 0x1p512);
        return normal_index(scaled) - (octaves * per_octave >> coarser);
    }

    /// Those of the smallest and the largest double.
    static constexpr std::int32_t index_min = (-1074 * per_octave - 1) >> coarser;
    static constexpr std::int32_t index_max = (1024 * per_octave - 1) >> coarser;

    /// The lower edge b^i, rounded down to a double: precisely the doubles above it are above b^i.
    /// That of index_max + 1 is infinite. The upper edge of i is the lower edge of i + 1.
    /// Input    i: index_min to index_max + 1.
    [[nodiscard]] static constexpr double edge(std::int32_t i) noexcept {
        const std::int32_t fine = i * (1 << coarser);
        const std::int32_t exponent = (fine >> finer) + bias;
        const auto mantissa = edges[static_cast<std::size_t>(fine & (per_octave - 1))];
        if (exponent > 0)
            return std::bit_cast<double>((static_cast<std::uint64_t>(exponent) << mantissa_bits) |
                                         mantissa);
        const int shift = 1 - exponent;
        return std::bit_cast<double>(shift > 52 ? 0 : (hidden_bit | mantissa) >> shift);
    }

    static constexpr double relative_error = [] {
        const double inverse = 1 / edge(index(1) + 2); // 1 / b, which is 0 where b has no double
        return (1 - inverse) / (1 + inverse);
    }();

    /// The estimate for the magnitudes of a bucket: the harmonic mean of its edges, from which both
    /// of them are equally far off relatively.
    [[nodiscard]] static constexpr double midpoint(std::int32_t i) noexcept {
        constexpr double factor = 1 + relative_error; // 2b / (b + 1)
        constexpr std::int32_t up = 512 * per_octave;
        const double lower = edge(i);
        if (lower >= 0x1p-1022 || coarser > 0)
            return lower * factor;
        return edge(i + up) * factor * 0x1p-512;
    }
};

} // namespace quipu

// quipu/sketch/summarised_block.hpp

// The moments of many values at once, several of them in flight.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu {

namespace detail {

/// Two doubles at once.
#if defined(__SSE2__)
struct two_doubles {
    __m128d both;

    [[nodiscard]] static two_doubles of(double one) noexcept { return {_mm_set1_pd(one)}; }
    [[nodiscard]] static two_doubles at(const double* first) noexcept {
        return {_mm_loadu_pd(first)};
    }
    [[nodiscard]] double low() const noexcept { return _mm_cvtsd_f64(both); }
    [[nodiscard]] double high() const noexcept {
        return _mm_cvtsd_f64(_mm_unpackhi_pd(both, both));
    }
    friend two_doubles operator+(two_doubles a, two_doubles b) noexcept {
        return {_mm_add_pd(a.both, b.both)};
    }
    friend two_doubles operator-(two_doubles a, two_doubles b) noexcept {
        return {_mm_sub_pd(a.both, b.both)};
    }
    friend two_doubles operator*(two_doubles a, two_doubles b) noexcept {
        return {_mm_mul_pd(a.both, b.both)};
    }
    [[nodiscard]] static two_doubles lower(two_doubles a, two_doubles b) noexcept {
        return {_mm_min_pd(a.both, b.both)};
    }
    [[nodiscard]] static two_doubles higher(two_doubles a, two_doubles b) noexcept {
        return {_mm_max_pd(a.both, b.both)};
    }
};
#else
struct two_doubles {
    double first;
    double second;

    [[nodiscard]] static two_doubles of(double one) noexcept { return {one, one}; }
    [[nodiscard]] static two_doubles at(const double* from) noexcept { return {from[0], from[1]}; }
    [[nodiscard]] double low() const noexcept { return first; }
    [[nodiscard]] double high() const noexcept { return second; }
    friend two_doubles operator+(two_doubles a, two_doubles b) noexcept {
        return {a.first + b.first, a.second + b.second};
    }
    friend two_doubles operator-(two_doubles a, two_doubles b) noexcept {
        return {a.first - b.first, a.second - b.second};
    }
    friend two_doubles operator*(two_doubles a, two_doubles b) noexcept {
        return {a.first * b.first, a.second * b.second};
    }
    [[nodiscard]] static two_doubles lower(two_doubles a, two_doubles b) noexcept {
        return {a.first < b.first ? a.first : b.first, a.second < b.second ? a.second : b.second};
    }
    [[nodiscard]] static two_doubles higher(two_doubles a, two_doubles b) noexcept {
        return {a.first > b.first ? a.first : b.first, a.second > b.second ? a.second : b.second};
    }
};
#endif

} // namespace detail

/// What `moments` and `deviations` know of values, each of weight 1.
///
/// Everything is summed by the distance from the first value, from which the sums of the values
/// themselves follow: as the first is one of them, that costs no more digits than adding n doubles
/// does.
struct summarised_block {
    moments all{};
    quipu::deviations deviations{};

    /// All values are finite, and so are the sums. Otherwise take the values one by one.
    [[nodiscard]] bool sound() const noexcept {
        return all.sum_squares() - all.sum_squares() == 0 && all.sum() - all.sum() == 0;
    }

    /// Cost     two steps for four values; does not allocate.
    [[nodiscard]] static summarised_block of(const double* values, std::size_t count) noexcept {
        using pair = detail::two_doubles;
        if (count == 0)
            return {};
        const double first = values[0];
        const auto origin = pair::of(first);
        pair sums[2] = {pair::of(0), pair::of(0)};
        pair squares[2] = {pair::of(0), pair::of(0)};
        pair low = origin;
        pair high = origin;
        const double* at = values;
        const double* const end = values + count;
        for (; end - at >= 4; at += 4) {
            const auto a = pair::at(at);
            const auto b = pair::at(at + 2);
            low = pair::lower(low, pair::lower(a, b));
            high = pair::higher(high, pair::higher(a, b));
            const auto distance_a = a - origin;
            const auto distance_b = b - origin;
            sums[0] = sums[0] + distance_a;
            sums[1] = sums[1] + distance_b;
            squares[0] = squares[0] + distance_a * distance_a;
            squares[1] = squares[1] + distance_b * distance_b;
        }
        const auto sum_pair = sums[0] + sums[1];
        const auto square_pair = squares[0] + squares[1];
        double sum = sum_pair.low() + sum_pair.high();
        double square = square_pair.low() + square_pair.high();
        double lowest = low.low() < low.high() ? low.low() : low.high();
        double highest = high.low() > high.high() ? high.low() : high.high();
        for (; at != end; ++at) {
            const double distance = *at - first;
            sum += distance;
            square += distance * distance;
            lowest = *at < lowest ? *at : lowest;
            highest = *at > highest ? *at : highest;
        }
        const auto n = static_cast<double>(count);
        summarised_block block;
        block.deviations = quipu::deviations::from(first, sum, square);
        block.all = moments::from(
            n, n * first + sum, square + first * (sum + sum) + n * first * first, lowest, highest);
        return block;
    }
};

/// Takes many values at once: record_all(values, count, block), where the block is of these values
/// and sound, does what record does for each, faster.
/// Provided  exponential_histogram, adaptive.
template <class S>
concept takes_blocks = requires(S s, const double* values, std::size_t n, summarised_block block) {
    s.record_all(values, n, block);
};

} // namespace quipu

// quipu/sketch/exponential_histogram.hpp

// The quantile sketch of bounded memory: counts in exponential buckets.

namespace quipu {

/// Counts values in base-2 exponential buckets: the positive ones, the negative ones by their
/// magnitude, and the zeros. Merging adds the counts, so it is exact, in any order.
///
/// Each side has up to `Cap` buckets, dense from the lowest value seen to the highest. When the
/// values of a side span more, its lowest *values* collapse into the lowest bucket for which there
/// is room: the smallest of the positive ones, and of the negative ones those farthest from zero.
/// So an outlier above never coarsens the upper quantiles; `collapsed(q)` tells which have become
/// no more than an upper limit.
///
/// Memory   136 bytes, and 8 to 12 for each bucket from the lowest to the highest, 2 * 8 * Cap
///          at most: 64 buckets an octave at scale 6, where the default cap spans 64 octaves.
/// Error    a quantile that is not collapsed: (b - 1) / (b + 1), where b = 2^(2^-Scale), of the
///          value; that is 0.542 % at scale 6. Among subnormal numbers half their spacing on top.
///          Count, sum, sum of squares, min and max: none. All-equal values: none.
/// Threads  distinct objects safe, shared objects unsafe; reading one from several is safe.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram".
template <int Scale = 6, std::size_t Cap = 4096>
class exponential_histogram {
public:
    using scale_type = exponential_scale<Scale>;
    static constexpr int scale = Scale;
    static constexpr std::size_t cap = Cap;
    static constexpr double relative_error = scale_type::relative_error;

    /// Adds a value that stands for `weight` events. Counts are whole numbers until a weight is
    /// none.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(1); O(buckets), perhaps with an allocation, when the range seen grows.
    void record(double value, double weight = 1) {
        QUIPU_ASSERT(value - value == 0 && weight > 0);
        count_value(value, weight);
        if (weight == 1) [[likely]] {
            deviations_.record(value, all_.empty());
            all_.record(value);
        } else {
            deviations_.record(value, weight, all_.empty());
            all_.record(value, weight);
        }
    }

    /// Adds many values; as record for each, but for the last digits of sums.
    /// Input    block: of these values, and sound.
    /// Cost     a third of record's.
    void record_all(const double* values, std::size_t count, const summarised_block& block) {
        QUIPU_ASSERT(block.sound() && block.all.count() == static_cast<double>(count));
        if (count == 0)
            return;
        if (!record_all_normal(values, count, block)) {
            for (std::size_t i = 0; i < count; ++i)
                count_value(values[i], 1);
        }
        deviations_.merge(block.deviations, all_.count(), block.all.count());
        all_.merge(block.all);
    }

    /// Adds all values of another one; of a finer scale, too.
    template <int OtherScale, std::size_t OtherCap>
    requires(OtherScale >=
             Scale) void merge(const exponential_histogram<OtherScale, OtherCap>& other) {
        QUIPU_ASSERT(static_cast<const void*>(&other) != this);
        constexpr auto shift = static_cast<unsigned>(OtherScale - Scale);
        positive_.template merge<shift>(other.positive_);
        negative_.template merge<shift>(other.negative_);
        zeros_ += other.zeros_;
        deviations_.merge(other.deviations_, all_.count(), other.all_.count());
        all_.merge(other.all_);
    }

    void settle() const noexcept {}

    /// Forgets all, and keeps the storage and the range that it is for.
    void clear() noexcept {
        if (all_.empty())
            return;
        positive_.clear();
        negative_.clear();
        zeros_ = 0;
        deviations_.clear();
        all_.clear();
    }

    [[nodiscard]] double count() const noexcept { return all_.count(); } ///< sum of the weights
    [[nodiscard]] double sum() const noexcept { return all_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return all_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return all_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return all_.max(); } ///< 0 if there is no value
    [[nodiscard]] double squared_deviations() const noexcept {
        return deviations_.squared(all_.count());
    }
    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// An estimate of the smallest value that at least a share `q` of the weight is not above; the
    /// minimum for q = 0, the maximum for q = 1, 0 if there is no value.
    /// Cost     O(buckets), as that of all reads below.
    [[nodiscard]] double quantile(double q) const noexcept { return lowest(q).boundary; }

    /// The estimate in the middle, or the mean of the two there.
    [[nodiscard]] double median() const noexcept {
        const double half = count() / 2;
        const double slack = half * rounding;
        double below = 0;
        double lower = 0;
        double middle = max();
        walk<true>([&](double estimate, double weight, bool /*collapsed*/) {
            const bool between = below > 0 && below >= half - slack;
            below += weight;
            if (between || below > half + slack) {
                middle = between ? lower / 2 + estimate / 2 : estimate;
                return false;
            }
            lower = estimate;
            return true;
        });
        return middle;
    }

    /// The smallest values that hold a share `q` of the weight: of the last bucket as many whole
    /// events as are needed, and one event at least if there is any. The values are estimates,
    /// unless they are all there are.
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part<true>(q, min(), max());
    }

    /// The largest values that hold a share `q` of the weight, likewise.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part<false>(q, max(), min());
    }

    /// The quantile is from a bucket that counts lower values, too: it is no more than an upper
    /// limit.
    [[nodiscard]] bool collapsed(double q) const noexcept {
        const double share = q * count() * (1 - rounding);
        double below = 0;
        bool found = false;
        walk<true>([&](double, double weight, bool collapsed) {
            below += weight;
            found = collapsed && q > 0 && q < 1 && below >= share;
            return below < share;
        });
        return found;
    }

    /// All counts are whole numbers.
    [[nodiscard]] bool whole() const noexcept {
        return positive_.whole() && negative_.whole() && zeros_ < 0x1p53 &&
               zeros_ == std::floor(zeros_);
    }

    /// The weight of the zeros; the buckets of the positive values, by their number i; those of
    /// the negative ones by ~i, so that they ascend with the value.
    [[nodiscard]] double zeros() const noexcept { return zeros_; }
    [[nodiscard]] const bucket_window<Cap>& positive() const noexcept { return positive_; }
    [[nodiscard]] const bucket_window<Cap>& negative() const noexcept { return negative_; }

    void write(byte_writer& out) const {
        all_.write(out);
        if (all_.empty())
            return;
        deviations_.write(out);
        const bool as_integers = whole();
        out.byte(as_integers ? 1 : 0);
        out.number(zeros_);
        positive_.write(out, as_integers);
        negative_.write(out, as_integers);
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    /// Cost     O(buckets); allocates no more than 8 bytes for each that is there.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!all_.read(from))
            return false;
        if (all_.empty() || (deviations_.read(from) && read_buckets(from)))
            return true;
        zeros_ = 0;
        positive_.clear();
        negative_.clear();
        deviations_.clear();
        all_.clear();
        return false;
    }

private:
    /// How far a sum of weights such as 1 / 0.3 may be off, relatively; and one of many.
    static constexpr double rounding = 1e-12;
    static constexpr double rounding_of_many = 1e-6;

    static constexpr std::int32_t narrow = 16; // buckets

    void count_value(double value, double weight) {
        if (value > 0)
            positive_.add(scale_type::index(value), weight);
        else if (value < 0)
            negative_.add(~scale_type::index(-value), weight);
        else
            zeros_ += weight;
    }

    /// Puts values into their buckets, if all are positive and no bucket collapses. Buckets ascend
    /// with the values, so the lowest and the highest tell the range.
    [[nodiscard]] bool
    record_all_normal(const double* values, std::size_t count, const summarised_block& block) {
        if (!(block.all.min() >= std::numeric_limits<double>::min()))
            return false;
        const std::int32_t low = scale_type::index(block.all.min());
        const std::int32_t high = scale_type::index(block.all.max());
        double* const counts = positive_.range(low, high);
        if (counts == nullptr)
            return false;
        const auto place = [&](std::size_t i) { return scale_type::places_above(low, values[i]); };
        std::size_t i = 0;
        if (high - low < narrow) {
            // Where many values are of one bucket, each would wait for the one before it.
            double apart[4][narrow] = {};
            for (; count - i >= 4; i += 4) {
                apart[0][place(i)] += 1;
                apart[1][place(i + 1)] += 1;
                apart[2][place(i + 2)] += 1;
                apart[3][place(i + 3)] += 1;
            }
            for (std::int32_t k = 0; k <= high - low; ++k)
                counts[k] += (apart[0][k] + apart[1][k]) + (apart[2][k] + apart[3][k]);
        }
        for (; i < count; ++i)
            counts[place(i)] += 1;
        return true;
    }

    [[nodiscard]] bool read_buckets(byte_reader& from) {
        const auto as_integers = from.byte();
        zeros_ = from.number();
        const auto read_side =
            [&](bucket_window<Cap>& side, std::int32_t first, std::int32_t last) {
                side.read(from, as_integers == 1, std::min(first, last), std::max(first, last));
            };
        read_side(positive_, scale_type::index_min, scale_type::index_max);
        read_side(negative_, ~scale_type::index_min, ~scale_type::index_max);
        return !from.failed() && as_integers == (whole() ? 1 : 0) && sound();
    }

    /// Buckets and moments can be of the same values.
    [[nodiscard]] bool sound() const noexcept {
        if (!(zeros_ > 0 || std::bit_cast<std::uint64_t>(zeros_) == 0))
            return false;
        double total = 0;
        walk<true>([&](double, double weight, bool) { return (total += weight) > 0; });
        const bool precise = whole() && count() < 0x1p53;
        if (total != count() &&
            (precise || !(std::abs(total - count()) <= count() * rounding_of_many)))
            return false;
        const auto key_of = [](double value) {
            return value > 0 ? scale_type::index(value) : ~scale_type::index(-value);
        };
        const auto begins = [&](const bucket_window<Cap>& side) {
            const std::int32_t key = key_of(min());
            return key == side.lowest() || (side.collapsed() && key < side.lowest());
        };
        const bool top = !positive_.empty() ? max() > 0 && key_of(max()) == positive_.highest()
                         : zeros_ > 0       ? max() == 0
                                            : max() < 0 && key_of(max()) == negative_.highest();
        const bool bottom = !negative_.empty() ? min() < 0 && begins(negative_)
                            : zeros_ > 0       ? min() == 0
                                               : min() > 0 && begins(positive_);
        return top && bottom;
    }

    /// The first values from one end, up to a share `q` of the weight.
    template <bool Upwards>
    [[nodiscard]] distribution_part part(double q, double near_end, double far_end) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        const double share = q * count() * (1 - rounding);
        distribution_part taken;
        walk<Upwards>([&](double estimate, double weight, bool) {
            const double times = std::min(weight, std::max(std::ceil(share - taken.count), 1.0));
            const double value = q > 0 ? estimate : near_end;
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
            return taken.count < share;
        });
        if (taken.count < count() * (1 - rounding))
            return taken;
        return {count(), sum(), sum_squares(), far_end};
    }

    /// Calls f(estimate, weight, collapsed) for each bucket in the order of values, up or down, as
    /// long as it is true.
    template <bool Upwards, class F>
    void walk(F f) const {
        const auto positive = [&] { return walk_side<Upwards>(positive_, f); };
        const auto negative = [&] { return walk_side<Upwards>(negative_, f); };
        const auto zeros = [&] { return zeros_ == 0 || f(0.0, zeros_, false); };
        if constexpr (Upwards)
            static_cast<void>(negative() && zeros() && positive());
        else
            static_cast<void>(positive() && zeros() && negative());
    }

    template <bool Upwards, class F>
    [[nodiscard]] bool walk_side(const bucket_window<Cap>& side, F& f) const {
        if (side.empty())
            return true;
        const std::int32_t low = side.lowest();
        const std::int32_t high = side.highest();
        for (std::int32_t left = high - low; left >= 0; --left) {
            const std::int32_t key = Upwards ? high - left : low + left;
            const double weight = side[key];
            if (weight > 0 && !f(estimate(side, key), weight, key == low && side.collapsed()))
                return false;
        }
        return true;
    }

    [[nodiscard]] double estimate(const bucket_window<Cap>& side, std::int32_t key) const noexcept {
        const double middle =
            &side == &positive_ ? scale_type::midpoint(key) : -scale_type::midpoint(~key);
        return std::clamp(middle, min(), max());
    }

    template <int, std::size_t>
    friend class exponential_histogram;

    bucket_window<Cap> positive_{};
    bucket_window<Cap> negative_{};
    double zeros_ = 0;
    deviations deviations_{};
    moments all_{};
};

static_assert(quantile_sketch<exponential_histogram<>>);

} // namespace quipu

// quipu/sketch/adaptive.hpp

// The quantile sketch for the usual and the worst case: exact while there are few values, of bounded
// memory when there are many.

namespace quipu {

namespace detail {

/// A value that is made when it is first needed, and is there or not; a pointer's size till then.
/// One that is dropped stays in the background, for the next time. Copies are deep.
template <class T>
class made_late {
public:
    made_late() noexcept = default;
    made_late(const made_late& other)
        : value_(other ? new T(*other) : nullptr), there_(other.there_) {}
    made_late(made_late&& other) noexcept
        : value_(std::exchange(other.value_, nullptr)), there_(std::exchange(other.there_, false)) {
    }
    made_late& operator=(made_late other) noexcept {
        std::swap(value_, other.value_);
        std::swap(there_, other.there_);
        return *this;
    }
    ~made_late() { delete value_; }

    /// What is to be filled before it is put there: a new one, or one that was dropped, as it was.
    [[nodiscard]] T& background() {
        if (value_ == nullptr)
            value_ = new T();
        return *value_;
    }
    void put() noexcept { there_ = true; }
    void drop() noexcept { there_ = false; }

    explicit operator bool() const noexcept { return there_; }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_; }

private:
    T* value_ = nullptr;
    bool there_ = false;
};

} // namespace detail

/// Keeps up to `Bound` values as they are; with one more, all move into `Sketch`, which takes the
/// rest. It makes no difference to the sketch, then, that they were kept before. Whether they have
/// moved depends on the number of values alone, so merging is possible in any order.
///
/// Memory   104 bytes and what the values take, 8 bytes each or 16; from the move on the sketch,
///          too. What was used stays for the next interval.
/// Error    none up to `Bound` values, then that of the sketch. Beyond the bound a weight is as
///          many repetitions as far as the sketch can tell.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <std::size_t Bound = 1024, quantile_sketch Sketch = exponential_histogram<>>
class adaptive {
public:
    static constexpr std::size_t bound = Bound;
    using sketch_type = Sketch;

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     that of one of the two; O(Bound) for the value that makes them move.
    void record(double value, double weight = 1) {
        if (!many_) {
            if (few_.values().size() < Bound) {
                few_.record(value, weight);
                return;
            }
            move();
        }
        many_->record(value, weight);
    }

    /// Adds many values; as record for each.
    /// Input    block: of these values, and sound.
    void record_all(const double* values, std::size_t count, const summarised_block& block) {
        if constexpr (takes_blocks<Sketch>) {
            if (many_)
                return many_->record_all(values, count, block);
        }
        for (std::size_t i = 0; i < count; ++i)
            record(values[i]);
    }

    /// Adds all values of another one.
    void merge(const adaptive& other) {
        QUIPU_ASSERT(&other != this);
        const std::size_t together = few_.values().size() + other.few_.values().size();
        if (!many_ && !other.many_ && together <= Bound)
            return few_.merge(other.few_);
        if (!many_)
            move();
        other.merge_into(*many_);
    }

    /// Adds all values to a sketch of the kind that they move into, wherever they are.
    void merge_into(Sketch& sketch) const {
        if (many_)
            return sketch.merge(*many_);
        for (std::size_t i = 0; i < values().size(); ++i)
            sketch.record(values()[i], weight(i));
    }

    /// Call it once after the last record and before any of the reads below.
    void settle() { many_ ? many_->settle() : few_.settle(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        few_.clear();
        if (many_)
            many_->clear();
        many_.drop();
    }

    [[nodiscard]] double count() const noexcept {
        return either([](const auto& sketch) { return sketch.count(); });
    }
    [[nodiscard]] double sum() const noexcept {
        return either([](const auto& sketch) { return sketch.sum(); });
    }
    [[nodiscard]] double sum_squares() const noexcept {
        return either([](const auto& sketch) { return sketch.sum_squares(); });
    }
    [[nodiscard]] double min() const noexcept {
        return either([](const auto& sketch) { return sketch.min(); });
    }
    [[nodiscard]] double max() const noexcept {
        return either([](const auto& sketch) { return sketch.max(); });
    }
    [[nodiscard]] double median() const noexcept {
        return either([](const auto& sketch) { return sketch.median(); });
    }
    [[nodiscard]] double squared_deviations() const noexcept {
        return either([](const auto& sketch) { return sketch.squared_deviations(); });
    }
    [[nodiscard]] double quantile(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.quantile(q); });
    }
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.lowest(q); });
    }
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.highest(q); });
    }
    [[nodiscard]] std::size_t dropped() const noexcept { return many_ ? many_->dropped() : 0; }

    /// The values are still here as they came: `values()` and `weight(i)` tell them.
    [[nodiscard]] bool keeps_values() const noexcept { return !many_; }
    /// In ascending order once settled; none if they are not kept any more.
    [[nodiscard]] const std::vector<double>& values() const noexcept { return few_.values(); }
    [[nodiscard]] double weight(std::size_t i) const noexcept { return few_.weight(i); }

    /// The sketch that all values moved into; null if they are kept.
    [[nodiscard]] const Sketch* sketch() const noexcept { return many_ ? &*many_ : nullptr; }

    void write(byte_writer& out) const {
        out.byte(many_ ? 1 : 0);
        either([&out](const auto& sketch) { sketch.write(out); });
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const auto moved = from.byte();
        if (moved > 1 || from.failed())
            return false;
        if (moved == 1 ? read_moved(from) : few_.read(from) && few_.dropped() == 0)
            return true;
        clear();
        return false;
    }

private:
    /// Reads from the one that has the values.
    template <class F>
    decltype(auto) either(F f) const {
        return many_ ? f(*many_) : f(few_);
    }

    [[gnu::noinline]] void move() {
        Sketch& sketch = many_.background();
        sketch.clear(); // it holds something only if memory ran out here before
        merge_into(sketch);
        few_.clear();
        many_.put();
    }

    [[nodiscard]] bool read_moved(byte_reader& from) {
        Sketch& sketch = many_.background();
        many_.put();
        return sketch.read(from) && sketch.count() > 0;
    }

    basic_exact<Bound> few_{};
    detail::made_late<Sketch> many_{};
};

static_assert(quantile_sketch<adaptive<>>);

} // namespace quipu

// quipu/sketch/hash_slots.hpp

// Distinct 64-bit hashes in an open-addressing table whose order nobody outside can foresee.

namespace quipu::detail {

/// The slot, of 2^`bits` at `address`, at which the search for a hash begins. Who knows a hash, but
/// not the address, does not know the slot.
/// Cost     one multiplication of 64 by 64 bits, when the address is the same again.
[[nodiscard]] constexpr std::size_t
slot_of(std::uint64_t hash, std::uint64_t address, unsigned bits) noexcept {
    const std::uint64_t secret = address * hash_keys[3];
    return static_cast<std::size_t>(fold(hash ^ std::rotl(secret, 32), secret) >> (64 - bits));
}

/// What became of a hash.
enum class slot_outcome : std::uint8_t { added, known, refused };

/// A set of hashes; 0 counts as 1, for it marks a free slot.
///
/// The hashes of members are public, so that sets merge; if they alone chose the slot, a sender
/// could choose members that all want the same one, and each search would pass all others. Here
/// the address of the slots chooses as well. It is random where addresses are, no other set has
/// it, it changes whenever the table grows, and it takes no room. What is written, and what is
/// equal, does not depend on it.
///
/// Memory   16 bytes, and 11 to 22 for each hash.
/// Threads  distinct objects safe, shared objects unsafe.
class hash_slots {
public:
    hash_slots() = default;
    hash_slots(const hash_slots& other) { add_all(other); }
    hash_slots(hash_slots&& other) noexcept { swap(other); }
    hash_slots& operator=(const hash_slots& other) {
        hash_slots copy(other);
        swap(copy);
        return *this;
    }
    hash_slots& operator=(hash_slots&& other) noexcept {
        hash_slots taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~hash_slots() { delete[] slots_; }

    /// Adds a hash; a new one is refused if there are `size_max` already.
    /// Cost     O(1) expected; allocates when the table grows.
    slot_outcome insert(std::uint64_t hash, std::size_t size_max) {
        hash = hash == 0 ? 1 : hash;
        if ((size_ + 1) * 4 > capacity() * 3)
            grow();
        std::uint64_t& slot = slots_[find(hash)];
        if (slot == hash)
            return slot_outcome::known;
        if (size_ == size_max)
            return slot_outcome::refused;
        slot = hash;
        ++size_;
        return slot_outcome::added;
    }

    /// Calls `take(hash)` for each, in no particular order.
    template <class Take>
    void for_each(Take&& take) const {
        const std::size_t slots = size_ > 0 ? capacity() : 0;
        for (std::size_t place = 0; place < slots; ++place) {
            if (slots_[place] != 0)
                take(slots_[place]);
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (size_ > 0)
            std::fill_n(slots_, capacity(), std::uint64_t{0});
        size_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// How many slots are looked at, at most, until one of the hashes is found.
    /// Cost     O(n).
    [[nodiscard]] std::size_t longest_search() const noexcept {
        std::size_t longest = 0;
        for_each([&](const std::uint64_t& hash) {
            const auto place = static_cast<std::size_t>(&hash - slots_);
            longest = std::max(longest, (place - start(hash)) % capacity() + 1);
        });
        return longest;
    }

    /// Writes how many, and the hashes in ascending order.
    /// Cost     O(n log n).
    void write(byte_writer& out) const {
        std::vector<std::uint64_t> hashes;
        hashes.reserve(size_);
        for_each([&](std::uint64_t hash) { hashes.push_back(hash); });
        std::sort(hashes.begin(), hashes.end());
        out.count(size_);
        for (const std::uint64_t hash : hashes)
            out.word(hash);
    }

    /// Takes the place of what it held. False, and empty, if these are no `size_max` hashes.
    [[nodiscard]] bool read(byte_reader& from, std::size_t size_max) {
        clear();
        const std::size_t size = from.count_of(sizeof(std::uint64_t));
        bool valid = size <= size_max;
        std::uint64_t last = 0;
        for (std::size_t i = 0; i < size && valid; ++i) {
            const std::uint64_t hash = from.word();
            valid = hash > last;
            if (valid)
                insert(hash, size_max);
            last = hash;
        }
        if (valid && !from.failed())
            return true;
        clear();
        return false;
    }

private:
    [[nodiscard]] std::size_t capacity() const noexcept {
        return slots_ == nullptr ? 0 : std::size_t{1} << bits_;
    }

    [[nodiscard]] std::size_t start(std::uint64_t hash) const noexcept {
        return slot_of(hash, reinterpret_cast<std::uintptr_t>(slots_), bits_);
    }

    [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept {
        const std::size_t mask = capacity() - 1;
        std::size_t place = start(hash);
        while (slots_[place] != 0 && slots_[place] != hash)
            place = (place + 1) & mask;
        return place;
    }

    void grow() { resize(slots_ == nullptr ? 3 : bits_ + 1U); }

    void resize(unsigned bits) {
        hash_slots larger;
        larger.slots_ = new std::uint64_t[std::size_t{1} << bits]();
        larger.bits_ = static_cast<std::uint8_t>(bits);
        for_each([&](std::uint64_t hash) { larger.slots_[larger.find(hash)] = hash; });
        larger.size_ = size_;
        swap(larger);
    }

    /// Into an empty one: at another address each hash has another slot.
    void add_all(const hash_slots& other) {
        if (other.size_ == 0)
            return;
        resize(other.bits_);
        other.for_each([&](std::uint64_t hash) { slots_[find(hash)] = hash; });
        size_ = other.size_;
    }

    void swap(hash_slots& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(size_, other.size_);
        std::swap(bits_, other.bits_);
    }

    std::uint64_t* slots_ = nullptr; // 2^bits_ of them, at most three quarters in use
    std::uint32_t size_ = 0;
    std::uint8_t bits_ = 0;
};

} // namespace quipu::detail

// quipu/sketch/hyperloglog.hpp

// HyperLogLog: the number of distinct members in a fixed room, however many there are.

namespace quipu {

namespace detail {

/// x + Σ x^(2^k) 2^(k-1), of Ertl's estimator: what the registers still at 0 have to say.
[[nodiscard]] inline double hyperloglog_sigma(double x) noexcept {
    if (x == 1)
        return HUGE_VAL;
    double sum = x;
    double last = -1;
    for (double factor = 1; sum != last; factor += factor) {
        x *= x;
        last = sum;
        sum += x * factor;
    }
    return sum;
}

/// (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3, of Ertl's estimator: what the registers at their highest
/// have to say.
[[nodiscard]] inline double hyperloglog_tau(double x) noexcept {
    if (x == 0 || x == 1)
        return 0;
    double sum = 1 - x;
    double last = -1;
    for (double factor = 0.5; sum != last; factor /= 2) {
        x = std::sqrt(x);
        last = sum;
        sum -= (1 - x) * (1 - x) * factor;
    }
    return sum / 3;
}

} // namespace detail

/// Estimates the number of distinct members from 2^Precision registers. A hash chooses one by its
/// first bits, and each keeps how long a run of zeros followed, at most, in a hash of its own.
///
/// Memory   8 bytes; 2^Precision more from the first member on: 16 KiB at the default. A byte a
///          register: six bits would save a quarter, and make a merge take many times as long.
/// Error    standard error 1.04 / sqrt(2^Precision), 0.81 % at the default, at all cardinalities.
/// Source   O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), the
///          improved raw estimator: no tables of bias, no thresholds between estimators.
/// Threads  distinct objects safe, shared objects unsafe.
template <unsigned Precision = 14>
class hyperloglog {
    static_assert(Precision >= 4 && Precision <= 18,
                  "quipu hyperloglog: the precision is between 4 and 18");

public:
    static constexpr unsigned precision = Precision;
    static constexpr std::size_t registers = std::size_t{1} << Precision;

    hyperloglog() = default;
    hyperloglog(const hyperloglog& other) {
        if (other.ranks_ != nullptr)
            std::copy_n(other.ranks_, registers, allocate());
    }
    hyperloglog(hyperloglog&& other) noexcept : ranks_(std::exchange(other.ranks_, nullptr)) {}
    hyperloglog& operator=(const hyperloglog& other) {
        hyperloglog copy(other);
        std::swap(ranks_, copy.ranks_);
        return *this;
    }
    hyperloglog& operator=(hyperloglog&& other) noexcept {
        hyperloglog taken(std::move(other));
        std::swap(ranks_, taken.ranks_);
        return *this;
    }
    ~hyperloglog() { delete[] ranks_; }

    /// Adds a member by its hash, of which all bits are of equal quality. Always true.
    /// Cost     one register; the first allocates.
    bool insert(std::uint64_t hash) {
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        raise(ranks[hash >> (64 - Precision)], rank_of(hash << Precision));
        return true;
    }

    /// Adds all members of another. One of a higher precision is brought down to this first, as if
    /// its members had been inserted here.
    template <unsigned Other>
    void merge(const hyperloglog<Other>& other) {
        static_assert(Other >= Precision, "quipu hyperloglog: a merge cannot raise the precision");
        if (other.ranks_ == nullptr)
            return;
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        if constexpr (Other == Precision) {
            QUIPU_ASSERT(&other != this);
            for (std::size_t i = 0; i < registers; ++i)
                ranks[i] = std::max(ranks[i], other.ranks_[i]);
        } else {
            constexpr unsigned more = Other - Precision;
            for (std::size_t i = 0; i < other.registers; ++i) {
                // The bits by which it has more registers are part of the run here.
                const std::uint64_t rest = std::uint64_t{i} << (64 - more);
                if (other.ranks_[i] != 0)
                    raise(ranks[i >> more], rest != 0 ? rank_of(rest) : more + other.ranks_[i]);
            }
        }
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        if (ranks_ != nullptr)
            std::fill_n(ranks_, registers, std::uint8_t{0});
    }

    /// Cost     O(2^Precision) at worst, after a clear; O(1) as a rule.
    [[nodiscard]] bool empty() const noexcept {
        return ranks_ == nullptr || std::all_of(ranks_, ranks_ + registers, is_zero);
    }

    /// At most 2^64, even for hashes that were chosen to mislead.
    /// Cost     O(2^Precision).
    [[nodiscard]] double estimate() const noexcept {
        if (ranks_ == nullptr)
            return 0;
        constexpr auto count = static_cast<double>(registers);
        const auto having = histogram();
        double sum = count * detail::hyperloglog_tau(1 - having[rank_max] / count);
        for (unsigned rank = rank_max - 1; rank > 0; --rank)
            sum = (sum + having[rank]) / 2;
        sum += count * detail::hyperloglog_sigma(having[0] / count);
        constexpr double ln2 = 0.693147180559945309417;
        return std::min(count * (count / (2 * ln2 * sum)), 0x1p64);
    }

    /// The standard deviation of the estimate, relative to the true number.
    [[nodiscard]] static constexpr double standard_error() noexcept {
        double root = Precision % 2 == 0 ? 1 : 1.41421356237309504880;
        for (unsigned bits = 1; bits < Precision; bits += 2)
            root *= 2;
        return 1.04 / root;
    }

    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// Writes the registers that are not 0, each with its distance from the last one; all of them
    /// with six bits each, if more than a quarter is not 0.
    void write(byte_writer& out) const {
        const std::size_t used = registers_used();
        out.byte(Precision);
        out.count(used);
        if (used > sparse_max)
            return write_all(out);
        const std::size_t end = used > 0 ? registers : 0;
        std::size_t next = 0;
        for (std::size_t i = 0; i < end; ++i) {
            if (ranks_[i] == 0)
                continue;
            out.count((i - next) << rank_bits | ranks_[i]);
            next = i + 1;
        }
    }

    /// Takes the place of what it held. False, and empty, if the bytes are none of this precision.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const std::uint8_t its_precision = from.byte();
        const std::uint64_t used = from.count();
        const bool valid = its_precision == Precision && used <= registers && !from.failed() &&
                           (used > sparse_max ? read_all(from) : read_used(from, used)) &&
                           registers_used() == used && !from.failed();
        if (!valid)
            clear();
        return valid;
    }

private:
    template <unsigned>
    friend class hyperloglog;

    static constexpr unsigned rank_max = 64 - Precision + 1;
    static constexpr unsigned rank_bits = 6;
    static constexpr std::size_t sparse_max = registers / 4;

    static bool is_zero(std::uint8_t rank) noexcept { return rank == 0; }

    /// The length of the run of zeros at the front, plus one; `rest` is followed by a one.
    [[nodiscard]] static constexpr unsigned rank_of(std::uint64_t rest) noexcept {
        return static_cast<unsigned>(std::countl_zero(rest | std::uint64_t{1} << (Precision - 1))) +
               1;
    }

    static void raise(std::uint8_t& rank, unsigned to) noexcept {
        if (rank < to)
            rank = static_cast<std::uint8_t>(to);
    }

    [[gnu::noinline]] std::uint8_t* allocate() {
        ranks_ = new std::uint8_t[registers]();
        return ranks_;
    }

    /// How many registers have which rank.
    [[nodiscard]] std::array<double, rank_max + 1> histogram() const noexcept {
        // Four counts of each, so that the increments of equal neighbours need not wait for
        // each other.
        std::array<std::array<std::uint32_t, rank_max + 1>, 4> counts{};
        for (std::size_t i = 0; i < registers; i += 4) {
            for (std::size_t lane = 0; lane < 4; ++lane)
                ++counts[lane][ranks_[i + lane]];
        }
        std::array<double, rank_max + 1> all{};
        for (std::size_t rank = 0; rank <= rank_max; ++rank) {
            for (const auto& lane : counts)
                all[rank] += lane[rank];
        }
        return all;
    }

    [[nodiscard]] std::size_t registers_used() const noexcept {
        if (ranks_ == nullptr)
            return 0;
        return registers -
               static_cast<std::size_t>(std::count(ranks_, ranks_ + registers, std::uint8_t{0}));
    }

    void write_all(byte_writer& out) const {
        for (std::size_t i = 0; i < registers; i += 4) {
            std::uint32_t four = 0;
            for (unsigned lane = 0; lane < 4; ++lane)
                four |= std::uint32_t{ranks_[i + lane]} << (lane * rank_bits);
            for (unsigned shift = 0; shift < 24; shift += 8)
                out.byte(static_cast<std::uint8_t>(four >> shift));
        }
    }

    [[nodiscard]] bool read_all(byte_reader& from) {
        if (from.left() < registers / 4 * 3)
            return false;
        std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
        bool valid = true;
        for (std::size_t i = 0; i < registers; i += 4) {
            std::uint32_t four = 0;
            for (unsigned shift = 0; shift < 24; shift += 8)
                four |= std::uint32_t{from.byte()} << shift;
            for (unsigned lane = 0; lane < 4; ++lane) {
                ranks[i + lane] = four >> (lane * rank_bits) & 63U;
                valid = valid && ranks[i + lane] <= rank_max;
            }
        }
        return valid;
    }

    [[nodiscard]] bool read_used(byte_reader& from, std::uint64_t used) {
        std::uint64_t next = 0;
        for (; used > 0; --used) {
            const std::uint64_t entry = from.count();
            const std::uint64_t rank = entry & 63U;
            const std::uint64_t gap = entry >> rank_bits;
            if (rank == 0 || rank > rank_max || gap >= registers - next)
                return false;
            std::uint8_t* const ranks = ranks_ != nullptr ? ranks_ : allocate();
            next += gap;
            ranks[next++] = static_cast<std::uint8_t>(rank);
        }
        return true;
    }

    std::uint8_t* ranks_ = nullptr; // none before the first member
};

static_assert(distinct_sketch<hyperloglog<>>);

} // namespace quipu

// quipu/sketch/adaptive_set.hpp

// The distinct sketch for every day: exact as long as that is cheap, a HyperLogLog from then on.

namespace quipu {

/// Keeps the hashes of up to `Bound` distinct members; when one more comes, all move into a
/// `Sketch`. Which of the two it is depends on the members alone, not on their order nor on how
/// they were merged.
///
/// Memory   24 bytes; while exact 11 to 22 more a member, at most 16 KiB; then those of the sketch,
///          16 KiB. A clear keeps both.
/// Error    none up to `Bound` members, but that two of n share a hash with probability n² / 2^65;
///          from then on the sketch's.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t Bound = 1024, distinct_sketch Sketch = hyperloglog<14>>
class adaptive_set {
    static_assert(Bound > 0 && Bound <= std::size_t{1} << 31,
                  "quipu adaptive set: keeps 1 to 2^31 members exactly");

public:
    using sketch_type = Sketch;
    static constexpr std::size_t exact_max = Bound;

    /// Adds a member by its hash. Returns what the sketch does: HyperLogLog takes all.
    /// Cost     O(1) expected, whoever chose the members; allocates when it grows.
    bool insert(std::uint64_t hash) {
        hash = hash == 0 ? 1 : hash; // as it is among the exact ones
        if (sketched_)
            return sketch_.insert(hash);
        if (members_.insert(hash, Bound) != detail::slot_outcome::refused)
            return true;
        leave_exactness();
        return sketch_.insert(hash);
    }

    /// Adds all members of another set.
    void merge(const adaptive_set& other) {
        QUIPU_ASSERT(&other != this);
        if (!other.sketched_)
            return other.members_.for_each([this](std::uint64_t hash) { insert(hash); });
        if (!sketched_)
            leave_exactness();
        sketch_.merge(other.sketch_);
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        members_.clear();
        if (sketched_)
            sketch_.clear();
        sketched_ = false;
    }

    [[nodiscard]] bool empty() const noexcept { return !sketched_ && members_.size() == 0; }

    /// Whether all members are kept, and `estimate` is their number.
    [[nodiscard]] bool exact() const noexcept { return !sketched_; }

    [[nodiscard]] double estimate() const noexcept {
        return sketched_ ? sketch_.estimate() : static_cast<double>(members_.size());
    }
    [[nodiscard]] double standard_error() const noexcept {
        return sketched_ ? sketch_.standard_error() : 0;
    }
    [[nodiscard]] std::size_t dropped() const noexcept { return sketched_ ? sketch_.dropped() : 0; }

    /// Writes which of the two it is, as a byte, and that one.
    void write(byte_writer& out) const {
        out.byte(sketched_ ? 1 : 0);
        if (sketched_)
            sketch_.write(out);
        else
            members_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no set of this type.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const std::uint8_t kind = from.byte();
        if (kind == 0 && !from.failed())
            return members_.read(from, Bound);
        sketched_ = kind == 1;
        // No set leaves exactness without members.
        if (sketched_ && sketch_.read(from) && !sketch_.empty())
            return true;
        clear();
        return false;
    }

private:
    [[gnu::noinline]] void leave_exactness() {
        members_.for_each([this](std::uint64_t hash) { sketch_.insert(hash); });
        members_.clear();
        sketched_ = true;
    }

    [[no_unique_address]] detail::hash_slots members_{}; // it leaves room for a flag
    bool sketched_ = false;
    Sketch sketch_{};
};

/// As statsite counts: exact up to 64 members, then a HyperLogLog whose standard error is below its
/// default `set_eps` of 2 % (1.6 %). There the estimate has bias corrections of its own and another
/// hash, so beyond 64 the numbers are as good, and not the same. A profile may as well take
/// `adaptive_set<>`, whose numbers are better.
using statsite_set = adaptive_set<64, hyperloglog<12>>;

static_assert(distinct_sketch<adaptive_set<>>);
static_assert(distinct_sketch<statsite_set>);

} // namespace quipu

// quipu/sketch/arrivals.hpp

// A sketch that keeps its values in the order in which they came.

namespace quipu {

/// As basic_exact, for who works on the values themselves and wants to see them as they came, as
/// statsite_schema does: `values()` stay in that order. A merge puts the other's behind.
///
/// Memory   as basic_exact.
/// Cost     each read of a quantile or a part sorts a copy.
/// Threads  distinct objects safe, shared objects unsafe; reading one from several is safe.
template <std::size_t ValuesMax = std::size_t{1} << 20>
class basic_arrivals : public basic_exact<ValuesMax> {
    using base = basic_exact<ValuesMax>;

public:
    /// There is nothing to do.
    void settle() noexcept {}

    void merge(const basic_arrivals& other) { base::merge(other); }

    [[nodiscard]] double quantile(double q) const { return sorted().quantile(q); }
    [[nodiscard]] double median() const { return sorted().median(); }
    [[nodiscard]] distribution_part lowest(double q) const { return sorted().lowest(q); }
    [[nodiscard]] distribution_part highest(double q) const { return sorted().highest(q); }

private:
    [[nodiscard]] base sorted() const {
        base copy(*this);
        copy.settle();
        return copy;
    }
};

using arrivals = basic_arrivals<>;

static_assert(quantile_sketch<arrivals>);

} // namespace quipu

// quipu/sketch/bucket_layout.hpp

// An exponential histogram as other systems write its buckets. Nothing is lost on the way: their
// buckets are ours, under other numbers.

namespace quipu {

/// Counts of buckets one after another, the first of which has the number `offset`.
struct bucket_run {
    std::int32_t offset = 0;
    std::vector<double> counts{};

    friend bool operator==(const bucket_run&, const bucket_run&) = default;
};

/// OpenTelemetry's `ExponentialHistogramDataPoint`: bucket i of the positive values is for those
/// above base^i, up to base^(i + 1); of the negative ones for the magnitudes likewise.
/// base = 2^(2^-scale).
struct opentelemetry_buckets {
    int scale = 0;
    double zero_count = 0;
    bucket_run positive{};
    bucket_run negative{};
};

/// Prometheus' native histogram: bucket i is for values above base^(i - 1), up to base^i. A span is
/// a run of buckets: after how many that are left out (the first: the number of its bucket), and how
/// many. The count of a bucket is the one before it and its delta.
struct prometheus_buckets {
    struct span {
        std::int32_t offset = 0;
        std::uint32_t length = 0;

        friend bool operator==(const span&, const span&) = default;
    };
    struct side {
        std::vector<span> spans{};
        std::vector<double> deltas{};
    };

    int schema = 0;
    double zero_count = 0;
    side positive{};
    side negative{};
};

namespace detail {

/// The buckets of one side by their magnitude, at a scale that is `shift` coarser. `key_of(i)` is
/// the key of the window for the bucket i.
template <std::size_t Cap, class KeyOf>
[[nodiscard]] bucket_run run_of(
    const bucket_window<Cap>& side, std::int32_t low, std::int32_t high, int shift, KeyOf key_of) {
    bucket_run run;
    run.offset = low >> shift;
    run.counts.resize(static_cast<std::size_t>((high >> shift) - run.offset) + 1);
    for (std::int32_t i = low; i <= high; ++i)
        run.counts[static_cast<std::size_t>((i >> shift) - run.offset)] += side[key_of(i)];
    return run;
}

template <int Scale, std::size_t Cap>
[[nodiscard]] bucket_run positive_run(const exponential_histogram<Scale, Cap>& of, int shift) {
    const auto& side = of.positive();
    if (side.empty())
        return {};
    return run_of(side, side.lowest(), side.highest(), shift, [](std::int32_t i) { return i; });
}

template <int Scale, std::size_t Cap>
[[nodiscard]] bucket_run negative_run(const exponential_histogram<Scale, Cap>& of, int shift) {
    const auto& side = of.negative();
    if (side.empty())
        return {};
    return run_of(side, ~side.highest(), ~side.lowest(), shift, [](std::int32_t i) { return ~i; });
}

[[nodiscard]] inline prometheus_buckets::side spans_of(const bucket_run& run) {
    prometheus_buckets::side made;
    std::int32_t left_out = run.offset + 1; // their number of the first bucket
    double before = 0;
    for (const double count : run.counts) {
        if (count == 0) {
            ++left_out;
            continue;
        }
        if (made.spans.empty() || left_out > 0)
            made.spans.push_back({left_out, 0});
        ++made.spans.back().length;
        made.deltas.push_back(count - before);
        before = count;
        left_out = 0;
    }
    return made;
}

} // namespace detail

/// The buckets as OpenTelemetry has them, at the histogram's scale or a coarser one. Going down one
/// scale joins two buckets each, whose number is then shifted by one bit.
/// Input    scale: `Scale` at most.
/// Cost     O(buckets); allocates what is returned.
/// Source   OpenTelemetry metrics data model, "ExponentialHistogram".
template <int Scale, std::size_t Cap>
[[nodiscard]] opentelemetry_buckets to_opentelemetry(const exponential_histogram<Scale, Cap>& of,
                                                     int scale = Scale) {
    QUIPU_ASSERT(scale <= Scale && scale >= Scale - 20);
    return {scale,
            of.zeros(),
            detail::positive_run(of, Scale - scale),
            detail::negative_run(of, Scale - scale)};
}

/// The buckets as Prometheus has them. Its schemas are the scales from -4 to 8.
/// Input    schema: `Scale` at most.
/// Cost     O(buckets); allocates what is returned.
/// Source   Prometheus, "Native histograms"; its `Histogram` message.
template <int Scale, std::size_t Cap>
[[nodiscard]] prometheus_buckets to_prometheus(const exponential_histogram<Scale, Cap>& of,
                                               int schema = Scale < 8 ? Scale : 8) {
    QUIPU_ASSERT(schema <= Scale && schema >= -4 && schema <= 8);
    return {schema,
            of.zeros(),
            detail::spans_of(detail::positive_run(of, Scale - schema)),
            detail::spans_of(detail::negative_run(of, Scale - schema))};
}

/// How much weight is at or below each of the bounds: the cumulative counts of a classic histogram,
/// `le`. Exact where a bound is the edge of a bucket, though below zero the values that are just the
/// edge count as above it; elsewhere all values of the bucket that a bound parts are counted where
/// the estimate for them is, which is as if the bound were off by `relative_error` at most. Where
/// the histogram is collapsed, lower values count as those of its lowest bucket.
/// Input    bounds: ascending.
/// Cost     O(buckets × log(bounds) + bounds); allocates what is returned.
template <int Scale, std::size_t Cap>
[[nodiscard]] std::vector<double> cumulative_counts(const exponential_histogram<Scale, Cap>& of,
                                                    const std::vector<double>& bounds) {
    using scale = exponential_scale<Scale>;
    std::vector<double> counts(bounds.size() + 1); // the last one is beyond all bounds
    const auto add = [&](double estimate, double count) {
        const double value = std::clamp(estimate, of.min(), of.max());
        const auto first = std::lower_bound(bounds.begin(), bounds.end(), value);
        counts[static_cast<std::size_t>(first - bounds.begin())] += count;
    };
    const auto add_side = [&add](const bucket_window<Cap>& side, auto estimate_of) {
        if (side.empty())
            return;
        const std::int32_t high = side.highest();
        for (std::int32_t key = side.lowest(); key <= high; ++key) {
            if (side[key] > 0)
                add(estimate_of(key), side[key]);
        }
    };
    add_side(of.negative(), [](std::int32_t key) { return -scale::midpoint(~key); });
    if (of.zeros() > 0)
        add(0, of.zeros());
    add_side(of.positive(), [](std::int32_t key) { return scale::midpoint(key); });
    counts.pop_back();
    for (std::size_t i = 1; i < counts.size(); ++i)
        counts[i] += counts[i - 1];
    return counts;
}

/// The same of a settled sketch that keeps its values, as they are; of one that keeps them for a
/// while, of what they move into from then on.
template <class Sketch>
requires requires(const Sketch& of) {
    { of.values().size() } -> std::same_as<std::size_t>;
    { of.weight(std::size_t{0}) } -> std::same_as<double>;
}
[[nodiscard]] std::vector<double> cumulative_counts(const Sketch& of,
                                                    const std::vector<double>& bounds) {
    if constexpr (requires { cumulative_counts(*of.sketch(), bounds); }) {
        if (of.sketch() != nullptr)
            return cumulative_counts(*of.sketch(), bounds);
    }
    std::vector<double> counts(bounds.size());
    double below = 0;
    std::size_t place = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        for (; place < of.values().size() && of.values()[place] <= bounds[i]; ++place)
            below += of.weight(place);
        counts[i] = below;
    }
    return counts;
}

} // namespace quipu

// quipu/sketch/ckms_summary.hpp

// The values of a CKMS sketch in ascending order, each with the ranks it stands for, and the cursors
// that insert and compress a little at each new value.

namespace quipu::detail {

/// New values wait in two heaps: those above the insertion cursor, which comes by on its way up, and
/// those below, for its next way. The compression cursor goes down, and joins a value to its upper
/// neighbour where the targets allow it. Both go a share `targets_.error` of the list at each value,
/// as statsite's do: when what is joined decides which answers are given.
///
/// A value that stands for several events is kept twice, once for its first event and once for the
/// others; so a rank within it finds it, as the reading looks for the last value surely not above.
template <class Targets>
class ckms_summary {
public:
    explicit ckms_summary(Targets targets = {}) : targets_(std::move(targets)) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }     ///< values kept
    [[nodiscard]] std::uint64_t ranks() const noexcept { return ranks_; } ///< events in them
    [[nodiscard]] double lowest() const noexcept { return nodes_[first_].value; } ///< size() > 0
    [[nodiscard]] double highest() const noexcept { return nodes_[last_].value; } ///< likewise

    void record(double value, std::uint64_t width) {
        // Between two ways up there is no cursor, and 0 stands in for its value, as in statsite.
        const double cursor = inserting_ == none ? 0 : nodes_[inserting_].value;
        push(ranks_ > 0 && value < cursor ? below_ : above_, {value, width});
        insert();
        compress(stride());
    }

    /// Inserts all that wait.
    void settle() {
        while (!below_.empty() || !above_.empty()) {
            if (above_.empty())
                restart_inserting();
            insert();
            compress(stride());
        }
    }

    /// Adds the values of another, each with the doubt about its rank among those of the other. An
    /// empty one becomes the other, cursors and all: later values find it as they would the other.
    void merge(const ckms_summary& other) {
        if (size_ == 0 && above_.empty() && below_.empty()) {
            *this = other;
            return;
        }
        std::vector<node> all;
        all.reserve(size_ + other.size_);
        index mine = first_;
        index theirs = other.first_;
        while (mine != none || theirs != none) {
            const bool from_other =
                mine == none || (theirs != none && other.nodes_[theirs].value < nodes_[mine].value);
            node one = from_other ? other.nodes_[theirs] : nodes_[mine];
            (from_other ? theirs : mine) = one.next;
            if (from_other ? mine != none : theirs != none) {
                const node& above = from_other ? nodes_[mine] : other.nodes_[theirs];
                one.delta += above.width + above.delta - 1;
            }
            all.push_back(one);
        }
        heap waits(std::move(above_));
        for (const heap* const list : {&std::as_const(below_), &other.above_, &other.below_})
            waits.insert(waits.end(), list->begin(), list->end());
        clear();
        for (const node& one : all)
            link(none, one.value, one.width, one.delta);
        for (const waiting& one : waits)
            push(above_, one);
        compress(size_);
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        nodes_.clear();
        above_.clear();
        below_.clear();
        free_ = first_ = last_ = inserting_ = compressing_ = none;
        size_ = 0;
        ranks_ = rank_below_ = 0;
    }

    /// statsite's rule; 0 if there is no value.
    [[nodiscard]] double quantile(double q) const noexcept {
        const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(ranks_)));
        const std::uint64_t allowed = threshold(rank);
        const std::uint64_t most = rank + allowed / 2 + allowed % 2;
        std::uint64_t below = 0;
        double answer = size_ > 0 ? lowest() : 0;
        for (index at = first_; at != none; at = nodes_[at].next) {
            const node& one = nodes_[at];
            if (below > rank || below + one.width + one.delta > most)
                break;
            below += one.width;
            answer = one.value;
        }
        return answer;
    }

    /// Calls `take(value, width)` from the lowest value on as long as it returns true.
    template <class Take>
    void for_each(Take&& take) const {
        for (index at = first_; at != none && take(nodes_[at].value, nodes_[at].width);)
            at = nodes_[at].next;
    }
    template <class Take>
    void for_each_backwards(Take&& take) const {
        for (index at = last_; at != none && take(nodes_[at].value, nodes_[at].width);)
            at = nodes_[at].previous;
    }

    /// Writes how many, and each with its width and the doubt about its rank.
    void write(byte_writer& out) const {
        if (!above_.empty() || !below_.empty()) {
            ckms_summary settled(*this);
            settled.settle();
            return settled.write(out);
        }
        out.count(size_);
        for (index at = first_; at != none; at = nodes_[at].next) {
            out.number(nodes_[at].value);
            out.count(nodes_[at].width);
            out.count(nodes_[at].delta);
        }
    }

    /// False, and empty, if the bytes are no summary.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        bool valid = true;
        std::uint64_t highest_rank = 0;
        for (std::size_t left = from.count_of(10); left > 0 && valid; --left) {
            const double value = from.number();
            const std::uint64_t width = from.count();
            const std::uint64_t delta = from.count();
            valid = !from.failed() && std::isfinite(value) && (size_ == 0 || value >= highest()) &&
                    width > 0 && width < ranks_max - ranks_ && delta < ranks_max;
            if (valid)
                link(none, value, width, delta);
            highest_rank = std::max(highest_rank, ranks_ + delta);
        }
        // The lowest and the highest are never in doubt, and no rank is beyond the number.
        if (valid && !from.failed() && highest_rank == ranks_ &&
            (size_ == 0 || (nodes_[first_].delta == 0 && nodes_[last_].delta == 0)))
            return true;
        clear();
        return false;
    }

private:
    using index = std::uint32_t;
    static constexpr index none = ~index{0};
    static constexpr std::uint64_t ranks_max = std::uint64_t{1} << 62U;

    struct node {
        double value;
        std::uint64_t width; ///< how many ranks it stands for, up to its own
        std::uint64_t delta; ///< how much higher its rank may be
        index next;
        index previous;
    };
    struct waiting {
        double value;
        std::uint64_t width;
    };
    using heap = std::vector<waiting>; // the lowest in front

    static bool is_above(const waiting& a, const waiting& b) noexcept { return a.value > b.value; }

    static void push(heap& to, waiting one) {
        to.push_back(one);
        std::push_heap(to.begin(), to.end(), is_above);
    }

    static waiting pop(heap& from) {
        std::pop_heap(from.begin(), from.end(), is_above);
        const waiting one = from.back();
        from.pop_back();
        return one;
    }

    /// How far a cursor goes for each value.
    [[nodiscard]] std::size_t stride() const noexcept {
        return static_cast<std::size_t>(std::ceil(static_cast<double>(size_) * targets_.error));
    }

    /// How many ranks a value there may stand for, doubt included.
    [[nodiscard]] std::uint64_t threshold(std::uint64_t rank) const noexcept {
        const auto at = static_cast<double>(rank);
        const auto count = static_cast<double>(ranks_);
        double least = 0x1p63;
        for (const double q : targets_.quantiles) {
            const double allowed =
                at >= q * count ? 2 * targets_.error * at / q
                                : 2 * targets_.error * static_cast<double>(ranks_ - rank) / (1 - q);
            least = std::min(least, allowed);
        }
        return static_cast<std::uint64_t>(least);
    }

    void restart_inserting() noexcept {
        std::swap(above_, below_);
        inserting_ = none;
    }

    void insert() {
        if (size_ == 0) {
            if (!above_.empty()) {
                place(none, pop(above_));
                inserting_ = first_;
            }
            return;
        }
        if (inserting_ == none)
            inserting_ = first_;
        for (std::size_t left = stride(); left > 0 && inserting_ != none; --left) {
            while (!above_.empty() && above_.front().value <= nodes_[inserting_].value)
                place(inserting_, pop(above_));
            inserting_ = nodes_[inserting_].next;
        }
        if (inserting_ == none) {
            while (!above_.empty() && above_.front().value > highest())
                place(none, pop(above_));
            restart_inserting();
        }
    }

    /// Inserts a value before a node, or at the end.
    void place(index next, waiting one) {
        const std::uint64_t delta = next == none ? 0 : nodes_[next].width + nodes_[next].delta - 1;
        if (compressing_ != none && nodes_[compressing_].value >= one.value)
            rank_below_ += one.width;
        link(next, one.value, 1, delta);
        if (one.width > 1)
            link(next, one.value, one.width - 1, delta);
    }

    /// Links a new node before another, or at the end.
    void link(index next, double value, std::uint64_t width, std::uint64_t delta) {
        const index previous = next == none ? last_ : nodes_[next].previous;
        index at = free_;
        if (at != none) {
            free_ = nodes_[at].next;
            nodes_[at] = {value, width, delta, next, previous};
        } else {
            at = static_cast<index>(nodes_.size());
            nodes_.push_back({value, width, delta, next, previous});
        }
        (previous == none ? first_ : nodes_[previous].next) = at;
        (next == none ? last_ : nodes_[next].previous) = at;
        ++size_;
        ranks_ += width;
    }

    void compress(std::size_t steps) {
        if (size_ < 3)
            return;
        if (compressing_ == none) {
            const node& last_but_one = nodes_[nodes_[last_].previous];
            rank_below_ = ranks_ - 1 - last_but_one.width;
            compressing_ = last_but_one.previous;
        }
        for (; steps > 0 && compressing_ != first_; --steps) {
            const index at = compressing_;
            const node& one = nodes_[at];
            node& next = nodes_[one.next];
            const std::uint64_t highest_rank = rank_below_ + one.width + one.delta;
            rank_below_ -= one.width;
            compressing_ = one.previous;
            if (one.width + next.width + next.delta <= threshold(highest_rank)) {
                if (inserting_ == at)
                    inserting_ = one.next;
                next.width += one.width;
                unlink(at);
            }
        }
        if (compressing_ == first_)
            compressing_ = none;
    }

    /// Takes a node out that has neighbours on both sides.
    void unlink(index at) noexcept {
        nodes_[nodes_[at].previous].next = nodes_[at].next;
        nodes_[nodes_[at].next].previous = nodes_[at].previous;
        nodes_[at].next = free_;
        free_ = at;
        --size_;
    }

    [[no_unique_address]] Targets targets_;
    std::vector<node> nodes_{};
    heap above_{};
    heap below_{};
    index free_ = none;
    index first_ = none;
    index last_ = none;
    index inserting_ = none;   // where the next value above may go, if not further up
    index compressing_ = none; // the next to be joined to its upper neighbour
    std::size_t size_ = 0;
    std::uint64_t ranks_ = 0;
    std::uint64_t rank_below_ = 0; // about the events up to the one below `compressing_`
};

} // namespace quipu::detail

// quipu/sketch/ckms.hpp

// The quantile sketch of statsite: biased quantiles, with its schedule and its answers.

namespace quipu {

/// The quantiles that matter, each between 0 and 1, and how far off their ranks may be, relative
/// to the number of values: statsite's defaults. Derive from this and override a line; what is known
/// at run time only may be members of an object, which the sketch is made with.
struct statsite_targets {
    static constexpr double error = 0.01; ///< `timer_eps`
    static constexpr std::array quantiles{0.5, 0.95, 0.99};
};

/// Keeps the values around which the targets lie, and answers exactly what statsite does: the
/// same insertions and compressions in the same order, and its rule of reading. That is its use;
/// elsewhere another sketch is faster, and its answers do not depend on the order of the values.
///
/// Memory   O(log(error × n) / error): by default 32 bytes each for 90 to 250 values
///          of a million.
/// Error    the rank of a target is off by `error` × n at most; that of another rank r by
///          error × max(r / q, (n - r) / (1 - q)) for the target q where this is least. Up to some
///          50 values, nothing is lost. A merge adds the errors of its parts at the same value:
///          with a target of 0.5 that is 2 × error × n at most.
/// Weights  in quantiles and parts a weight is rounded to a whole number from 1 to 2^32; the
///          moments and the deviations are exact and take it as it is.
/// Source   G. Cormode, F. Korn, S. Muthukrishnan, D. Srivastava, "Effective computation of biased
///          quantiles over data streams" (2005).
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <class Targets = statsite_targets>
class basic_ckms {
public:
    explicit basic_ckms(Targets targets = {}) : summary_(std::move(targets)) {}

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     O(error × values kept), in small constant steps; allocates when more are kept.
    void record(double value, double weight = 1) {
        const double before = moments_.empty() ? value : mean();
        moments_.record(value, weight);
        add_deviation((value - before) * (value - mean()) * weight);
        summary_.record(value, repetitions(weight));
    }

    /// Adds all values of another sketch.
    /// Cost     O(values kept).
    void merge(const basic_ckms& other) {
        QUIPU_ASSERT(&other != this);
        if (other.moments_.empty())
            return;
        if (!moments_.empty()) {
            const double apart = other.mean() - mean();
            const double share = other.count() / (count() + other.count());
            add_deviation(apart * apart * share * count());
        }
        add_deviation(other.deviations_);
        moments_.merge(other.moments_);
        summary_.merge(other.summary_);
    }

    /// Lets the values that wait take their places. Call it once after the last record and before
    /// any of the reads below.
    void settle() { summary_.settle(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        summary_.clear();
        moments_.clear();
        deviations_ = 0;
    }

    [[nodiscard]] double count() const noexcept {
        return moments_.count();
    } ///< the sum of the weights
    [[nodiscard]] double sum() const noexcept { return moments_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return moments_.sum_squares(); }
    [[nodiscard]] double min() const noexcept { return moments_.min(); } ///< 0 if there is no value
    [[nodiscard]] double max() const noexcept { return moments_.max(); } ///< 0 if there is no value
    [[nodiscard]] static constexpr std::size_t dropped() noexcept { return 0; }

    /// The sum of weight × (value - mean)², free of cancellation.
    [[nodiscard]] double squared_deviations() const noexcept { return deviations_; }

    /// What statsite says; the minimum for q = 0, 0 if there is no value. Settled. Monotonic in q
    /// as long as no target is above 1 - error.
    [[nodiscard]] double quantile(double q) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        return q == 0 ? min() : summary_.quantile(q);
    }

    /// The quantile 0.5, as in statsite: never between two values. Settled.
    [[nodiscard]] double median() const noexcept { return quantile(0.5); }

    /// The smallest values that hold a share `q` of the weight, one event at least if there is any.
    /// Each value that is not kept counts as the next one above it that is. Settled.
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return part(q, [this](auto&& take) { summary_.for_each(take); });
    }

    /// The largest values that hold a share `q` of the weight, likewise. Settled.
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return part(q, [this](auto&& take) { summary_.for_each_backwards(take); });
    }

    /// The values that are kept.
    [[nodiscard]] std::size_t size() const noexcept { return summary_.size(); }

    /// Writes the sketch as it is when it is settled.
    void write(byte_writer& out) const {
        moments_.write(out);
        if (moments_.empty())
            return;
        out.number(deviations_);
        summary_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no such sketch.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        if (!moments_.read(from))
            return false;
        if (moments_.empty())
            return true;
        deviations_ = from.number();
        if (deviations_ >= 0 && !std::signbit(deviations_) && summary_.read(from) &&
            summary_.size() > 0 && min() == summary_.lowest() && max() == summary_.highest())
            return true;
        clear();
        return false;
    }

private:
    [[nodiscard]] double mean() const noexcept { return sum() / count(); }

    /// Rounding may make one of almost 0 negative, and overflow one that is no number.
    void add_deviation(double square) noexcept {
        if (square > 0)
            deviations_ += square;
    }

    static std::uint64_t repetitions(double weight) noexcept {
        return static_cast<std::uint64_t>(std::clamp(std::round(weight), 1.0, 0x1p32));
    }

    template <class Each>
    [[nodiscard]] distribution_part part(double q, Each&& for_each) const noexcept {
        QUIPU_ASSERT(q >= 0 && q <= 1);
        // A little less than the share, since 0.07 * 100 is more than 7 in binary.
        const double share = q * static_cast<double>(summary_.ranks()) * (1 - 1e-12);
        distribution_part taken;
        for_each([&](double value, std::uint64_t width) {
            if (taken.count > 0 && taken.count >= share)
                return false;
            const double missing = std::max(std::ceil(share - taken.count), 1.0);
            const double times = std::min(static_cast<double>(width), missing);
            taken.count += times;
            taken.sum += value * times;
            taken.sum_squares += value * value * times;
            taken.boundary = value;
            return true;
        });
        return taken;
    }

    detail::ckms_summary<Targets> summary_;
    moments moments_{};
    double deviations_ = 0;
};

using ckms = basic_ckms<>;

static_assert(quantile_sketch<ckms>);

} // namespace quipu

// quipu/sketch/exact_set.hpp

// The exact distinct sketch: keeps the hash of every member.

namespace quipu {

/// Keeps the 64-bit hash of each distinct member up to a bound; beyond it a new member is refused
/// and counted in `dropped()`.
///
/// Memory   24 bytes, and 11 to 22 a member.
/// Error    two of n members share a hash with probability n² / 2^65: 3e-8 for the bound of 2^20.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t MembersMax = std::size_t{1} << 20>
class basic_exact_set {
    static_assert(MembersMax > 0 && MembersMax <= std::size_t{1} << 31,
                  "quipu exact set: keeps 1 to 2^31 members");

public:
    static constexpr std::size_t members_max = MembersMax;

    /// Adds a member by its hash. Returns false if it is new and beyond the bound.
    /// Cost     O(1) expected, whoever chose the members; allocates when the table grows.
    bool insert(std::uint64_t hash) {
        if (members_.insert(hash, MembersMax) != detail::slot_outcome::refused)
            return true;
        ++dropped_;
        return false;
    }

    /// Adds all members of another set.
    void merge(const basic_exact_set& other) {
        QUIPU_ASSERT(&other != this);
        dropped_ += other.dropped_;
        other.members_.for_each([this](std::uint64_t hash) { insert(hash); });
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        members_.clear();
        dropped_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] double estimate() const noexcept { return static_cast<double>(size()); }
    [[nodiscard]] static constexpr double standard_error() noexcept { return 0; }

    /// How many insertions of new members were refused at the bound.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// Writes the members in ascending order of their hashes, and how many were refused.
    /// Cost     O(n log n).
    void write(byte_writer& out) const {
        members_.write(out);
        out.count(dropped_);
    }

    /// Takes the place of what it held. False, and empty, if the bytes are no set of this bound.
    [[nodiscard]] bool read(byte_reader& from) {
        const bool valid = members_.read(from, MembersMax);
        dropped_ = static_cast<std::size_t>(from.count());
        // Only a full set refuses.
        if (valid && !from.failed() && (dropped_ == 0 || size() == MembersMax))
            return true;
        clear();
        return false;
    }

private:
    detail::hash_slots members_{};
    std::size_t dropped_ = 0;
};

using exact_set = basic_exact_set<>;

static_assert(distinct_sketch<exact_set>);

} // namespace quipu

// quipu/wire/name_tags.hpp

// Tags that stand in a name, in the forms of the backends that invented them.

namespace quipu {

/// Which tags a dialect finds in a name.
enum class name_tags : std::uint8_t {
    absent,   ///< none: the name is all name.
    graphite, ///< `name;tag=value;tag=value`, joined with those after the type.
    influx,   ///< `name,tag=value,tag=value`
    librato,  ///< `name#tag=value,tag=value`
    signalfx, ///< `na[tag=value,tag=value]me`; a name with one bracket only is all name.
};

/// A name taken apart. Its views point into the name.
struct name_parts {
    std::string_view before; ///< The name, or what stands before its tags.
    std::string_view tags;
    std::string_view after; ///< The rest of the name.
    bool tagged = false;    ///< The form's mark is there, whatever the tags are.
};

/// Takes a name apart by a form.
/// Cost     O(name.size()).
/// Threads  pure.
template <name_tags Form>
[[nodiscard]] constexpr name_parts split_name(std::string_view name) noexcept {
    if constexpr (Form == name_tags::signalfx) {
        const auto open = name.find('[');
        const auto close = name.find(']');
        if (open == name.npos || close == name.npos || close < open)
            return {name, {}, {}};
        return {name.substr(0, open),
                name.substr(open + 1, close - open - 1),
                name.substr(close + 1),
                true};
    } else if constexpr (Form != name_tags::absent) {
        constexpr char mark = Form == name_tags::graphite ? ';'
                              : Form == name_tags::influx ? ','
                                                          : '#';
        const auto at = name.find(mark);
        if (at != name.npos)
            return {name.substr(0, at), name.substr(at + 1), {}, true};
    }
    return {name, {}, {}};
}

/// What stands between two tags of a name.
[[nodiscard]] constexpr char tag_separator(name_tags form) noexcept {
    return form == name_tags::graphite ? ';' : ',';
}

/// Whether a name with tags excludes a tag list after the type.
[[nodiscard]] constexpr bool excludes_tag_field(name_tags form) noexcept {
    return form != name_tags::absent && form != name_tags::graphite;
}

} // namespace quipu

// quipu/wire/series.hpp

// What a sample belongs to: the kind of metric, its name, and its tags.

namespace quipu {

/// The five kinds of running values. Histograms (`h`) and distributions (`d`) of the wire are
/// timers.
enum class metric_kind : std::uint8_t { counter, timer, gauge, unique, keyvalue };

inline constexpr std::size_t metric_kind_count = 5;

/// The native bounds: longer lines, without their newline, and longer names, without their tags,
/// are refused.
inline constexpr std::size_t native_line_bytes_max = 8192;
inline constexpr std::size_t native_name_bytes_max = 1024;

/// The word for a kind, in the singular.
[[nodiscard]] constexpr std::string_view to_string(metric_kind kind) noexcept {
    constexpr std::string_view words[metric_kind_count] = {
        "counter", "timer", "gauge", "set", "key/value"};
    return words[static_cast<std::size_t>(kind)];
}

/// One series as it stands on the wire. Owns nothing.
struct series {
    metric_kind kind = metric_kind::counter;
    std::string_view name{};
    /// The text of the tag list, without its mark: `env:prod,region:eu`. Empty if there is none.
    std::string_view tags{};

    friend constexpr bool operator==(const series&, const series&) = default;
};

} // namespace quipu

// quipu/wire/sample.hpp

// One parsed line: a series and what happened to it.

namespace quipu {

/// The timestamp of a sample that carries none.
inline constexpr std::int64_t no_timestamp = std::numeric_limits<std::int64_t>::min();

/// The smallest rate: a smaller one would weigh infinitely much.
inline constexpr double rate_min = std::numeric_limits<double>::min();

/// The types of a timer that DogStatsD tells apart: times, histograms, distributions.
enum class timer_type : std::uint8_t { ms, h, d };

/// Where a sample comes from, as DogStatsD's clients tell it in fields of a line. Only that dialect
/// reads and writes them. Owns nothing: it is a view of the fields, taken apart when asked.
class sample_origin {
public:
    constexpr sample_origin() noexcept = default;

    /// The three, each empty if the line does not tell; of several the last.
    [[nodiscard]] constexpr std::string_view container() const noexcept { return find("c:"); }
    [[nodiscard]] constexpr std::string_view external_data() const noexcept { return find("e:"); }
    [[nodiscard]] constexpr std::string_view cardinality() const noexcept { return find("card:"); }

    [[nodiscard]] constexpr bool empty() const noexcept {
        return fields_.empty() ||
               (container().empty() && external_data().empty() && cardinality().empty());
    }

    /// Takes in one more field of the line whose fields this has, or the first.
    constexpr void add(std::string_view field) noexcept {
        const char* const first = fields_.empty() ? field.data() : fields_.data();
        fields_ = {first, static_cast<std::size_t>(field.data() + field.size() - first)};
    }

    /// Whether they tell the same, whatever the order of the fields.
    friend constexpr bool operator==(const sample_origin& a, const sample_origin& b) noexcept {
        if (a.fields_.empty() && b.fields_.empty())
            return true;
        return a.container() == b.container() && a.external_data() == b.external_data() &&
               a.cardinality() == b.cardinality();
    }

private:
    [[nodiscard]] constexpr std::string_view find(std::string_view mark) const noexcept {
        std::string_view found;
        for (auto rest = fields_; !rest.empty();) {
            const auto field = rest.substr(0, rest.find('|'));
            if (field.starts_with(mark))
                found = field.substr(mark.size());
            rest.remove_prefix(field.size() == rest.size() ? rest.size() : field.size() + 1);
        }
        return found;
    }

    std::string_view fields_{}; // from the first to the last; others may stand between
};

/// One datum of the wire. Owns nothing: its views point into the line it was parsed from.
struct sample {
    quipu::series series{};
    /// The number; for a set it is unused. Timers are in milliseconds.
    double value = 0;
    /// The share of events that the sender reports; each one stands for 1 / rate of them.
    double rate = 1;
    /// The member of a set.
    std::string_view member{};
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    /// A gauge's value is a change, not a new value.
    bool relative = false;
    /// The value was written as a whole number, with neither a dot nor an exponent.
    bool integral = false;
    /// What a timer was called; dialects that do not tell them apart leave it.
    timer_type timer = timer_type::ms;
    sample_origin origin{};

    /// How many events the sample stands for.
    [[nodiscard]] constexpr double weight() const noexcept { return 1 / rate; }

    friend constexpr bool operator==(const sample&, const sample&) = default;
};

} // namespace quipu

// quipu/wire/dialect_native.hpp

// The native dialect, from which all others derive, and the words that dialects are made of.

namespace quipu {

/// Where a dialect has its tag list.
enum class tag_field : std::uint8_t {
    absent,       ///< `|#` has no meaning.
    anywhere,     ///< a field like others, which ends at the next '|'.
    rest_of_line, ///< all from the first `|#` to the second or the end.
};

/// What may follow the value of a line, `name:` set aside.
enum class repetition : std::uint8_t {
    absent, ///< one value, one type.
    typed,  ///< `1|c:2|ms`: samples, each with its own type.
    packed, ///< the same, and `1:2:3|ms`: several values of one type.
    values, ///< `1:2:3|ms` alone, where empty values do not count.
};

namespace detail {

/// Reads a plain number into the value of a sample.
[[nodiscard]] constexpr errc read_number(std::string_view text, sample& out) noexcept {
    const auto number = parse_number_prefix(text);
    if (!number)
        return number.error();
    if (number->size != text.size())
        return errc::bad_number;
    out.value = number->value;
    out.integral = number->integral;
    return errc::ok;
}

} // namespace detail

namespace dialect {

/// The native dialect: the union of the sane forms of all servers. Numbers are decimal; a name has
/// no control character; rates are in (0, 1]; unknown fields are accepted where they start with a
/// letter, as the extensions of DogStatsD do, and refused otherwise (`|0.1` is a rate without its
/// '@': to accept it would miscount).
struct quipu {
    /// A line beyond it is refused: `line_too_long`.
    static constexpr std::size_t line_bytes_max = native_line_bytes_max;
    /// A name beyond it, with the tags in it, is refused: `name_too_long`.
    static constexpr std::size_t name_bytes_max = native_name_bytes_max;
    /// A series of more tags, equal ones counted once, is refused: `too_many_tags`.
    static constexpr std::size_t tags_max = 64;
    /// A tag list after the type beyond it is refused: `tags_too_long`.
    static constexpr std::size_t tag_bytes_max = 4096;
    /// Of a line's values those beyond it are refused: `too_many_values`. A line of line_bytes_max
    /// has no room for so many; the bound is for dialects with longer ones.
    static constexpr std::size_t values_max = 4096;

    static constexpr tag_field tags = tag_field::anywhere;
    static constexpr name_tags tags_in_name = name_tags::graphite;
    static constexpr repetition repeats = repetition::packed;
    /// Each '|' behind the type begins a field; false: the first field is all the rest of the line.
    static constexpr bool bars_part_fields = true;
    /// False: a NUL ends a name, as in C, and the rest of it does not count.
    static constexpr bool names_keep_nul = true;
    /// A '\r' before the newline does not count.
    static constexpr bool ignores_carriage_return = true;
    /// A stream's last line counts even if no newline ends it, when the sender closed in order.
    static constexpr bool unterminated_lines = true;
    /// Names are kept byte for byte; true: they are cleaned as Etsy's statsd does.
    static constexpr bool sanitizes = false;
    /// Tags are sorted, so that their order does not split a series, and equal ones become one;
    /// false: they stay as they came. No effect where `sanitizes`.
    static constexpr bool sorts_tags = true;

    /// The kind that a type's text stands for. Errors: unknown_type.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type.size() == 1) {
            switch (type[0]) {
            case 'c': return metric_kind::counter;
            case 'g': return metric_kind::gauge;
            case 's': return metric_kind::unique;
            case 'h':
            case 'd': return metric_kind::timer;
            default: return errc::unknown_type;
            }
        }
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    /// The text of a sample's type, the inverse of `kind`; empty if the dialect has none.
    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        constexpr std::string_view texts[metric_kind_count] = {"c", "ms", "g", "s", "kv"};
        return texts[static_cast<std::size_t>(one.series.kind)];
    }

    /// The character that begins the field of a time; NUL if the dialect has none.
    [[nodiscard]] static constexpr char time_mark(metric_kind kind) noexcept {
        return kind == metric_kind::keyvalue ? '@' : 'T';
    }

    /// Whether a sign before a gauge's value means a change.
    static constexpr bool signs_change_gauges = true;

    /// Accepts or refuses a name. Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        return detail::has_control_or<'|'>(name) ? errc::bad_name : errc::ok;
    }

    /// Reads the text of a value into `out`, whose kind is set; `type` is the type as written.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique) {
            if (text.empty())
                return errc::empty_member;
            out.member = text;
            return errc::ok;
        }
        out.relative = out.series.kind == metric_kind::gauge && !text.empty() &&
                       (text[0] == '+' || text[0] == '-');
        return detail::read_number(text, out);
    }

    /// Reads the field number `index` after the type (from 0) into `out`, whose kind is set.
    /// Tag fields do not come here.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok; // "||": DogStatsD's servers skip it
        if (text[0] == '@') {
            if (out.series.kind == metric_kind::keyvalue)
                return read_timestamp(text, out);
            return read_rate(text, out);
        }
        if (text[0] == 'T')
            return read_timestamp(text, out);
        return detail::is_letter(text[0]) ? errc::ok : errc::unknown_field;
    }

protected:
    /// `@` and a number in [rate_min, 1].
    [[nodiscard]] static constexpr errc read_rate(std::string_view text, sample& out) noexcept {
        const auto rate = parse_number(text.substr(1));
        if (!rate || *rate < rate_min || *rate > 1)
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }

    /// A mark and Unix seconds.
    [[nodiscard]] static constexpr errc read_timestamp(std::string_view text,
                                                       sample& out) noexcept {
        const auto seconds = parse_integer(text.substr(1));
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
};

} // namespace dialect

} // namespace quipu

// quipu/wire/dialect_dogstatsd.hpp

// The dialect of DogStatsD, as Datadog's agent reads it.

namespace quipu::dialect {

/// DogStatsD, protocol versions 1.0 to 1.6. Source: Datadog's protocol description, and the tests
/// of the agent's comp/dogstatsd/server. Gauges do not change by a sign; the fields come in any
/// order, and unknown ones do not count; `1:2:3|ms` is three samples, `a:b|s` one.
/// Deviations: a rate is in (0, 1] and a number plain; a name is UTF-8 without control characters.
struct dogstatsd : quipu {
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::values;
    static constexpr bool signs_change_gauges = false;

    /// The native types but `kv`.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "kv" ? result<metric_kind>(errc::unknown_type) : quipu::kind(type);
    }

    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        if (one.series.kind == metric_kind::keyvalue)
            return {};
        if (one.series.kind == metric_kind::timer && one.timer == timer_type::h)
            return "h";
        if (one.series.kind == metric_kind::timer && one.timer == timer_type::d)
            return "d";
        return quipu::type_of(one);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return 'T'; }

    /// Errors: empty_name, bad_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (const auto error = quipu::check_name(name); error != errc::ok)
            return error;
        for (std::size_t size = 0; !name.empty(); name.remove_prefix(size)) {
            size = utf8_size(name);
            if (size == 0)
                return errc::bad_name;
        }
        return errc::ok;
    }

    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        if (out.series.kind == metric_kind::timer)
            out.timer = type == "h" ? timer_type::h : type == "d" ? timer_type::d : timer_type::ms;
        const auto error = quipu::read_value(text, type, out);
        out.relative = false;
        return error;
    }

    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        if (text.empty())
            return errc::ok;
        if (text[0] == '@')
            return read_rate(text, out);
        if (text[0] == 'T') {
            const auto error = read_timestamp(text, out);
            return error == errc::ok && out.timestamp == 0 ? errc::bad_timestamp : error;
        }
        if (text.starts_with("c:") || text.starts_with("e:") || text.starts_with("card:"))
            out.origin.add(text);
        return errc::ok;
    }
};

} // namespace quipu::dialect

// quipu/wire/dialect_etsy.hpp

// The dialect of Etsy's statsd.

namespace quipu::dialect {

/// Etsy's statsd. Source: statsd/statsd 0.10.2, stats.js and lib/helpers.js, as observed.
/// Deviations: what gives an infinity there (`|@0`, `Infinity`, `1e400`) or ends that server
/// (`|@Infinity`, `|@ 0.1`, `|@+1`) is refused; blanks outside ASCII are no blanks; a line and a
/// name have a bound.
struct etsy : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr std::size_t tag_bytes_max = line_bytes_max;
    static constexpr std::size_t values_max = line_bytes_max / 2;
    static constexpr tag_field tags = tag_field::rest_of_line;
    static constexpr name_tags tags_in_name = name_tags::absent; // they are part of it
    static constexpr repetition repeats = repetition::typed;
    static constexpr bool ignores_carriage_return = false; // but blanks around a type are
    static constexpr bool unterminated_lines = false;
    static constexpr bool sanitizes = true;
    static constexpr bool sorts_tags = false;

    /// Blanks around it do not count; every unknown type is a counter.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        type = detail::trim(type);
        if (type == "ms")
            return metric_kind::timer;
        if (type == "g")
            return metric_kind::gauge;
        if (type == "s")
            return metric_kind::unique;
        return metric_kind::counter;
    }

    /// It has no key/values: `kv` is a counter there. The blank lets a timing below zero pass.
    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        if (one.series.kind == metric_kind::keyvalue)
            return {};
        const bool below_zero = one.series.kind == metric_kind::timer && one.value < 0;
        return below_zero ? std::string_view("ms ") : quipu::type_of(one);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return '\0'; }

    /// Anything is a name, even nothing: it is cleaned later. Errors: name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        return name.size() > name_bytes_max ? errc::name_too_long : errc::ok;
    }

    /// The rules look at the type as written, blanks included, so `-1|ms ` is no refusal.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view type, sample& out) noexcept {
        if (out.series.kind == metric_kind::unique)
            out.member = text.empty() ? "0" : text;
        if (type == "s")
            return errc::ok;
        const auto number = parse_javascript_number(text);
        if (out.series.kind == metric_kind::unique) // its type has blanks: it has to be a number
            return number.error() == errc::bad_number ? errc::bad_number : errc::ok;
        if (!number)
            return number.error();
        if (type == "ms" && *number < 0)
            return errc::negative_timing;
        out.value = *number;
        out.relative = out.series.kind == metric_kind::gauge && (text[0] == '+' || text[0] == '-');
        return errc::ok;
    }

    /// The first field is a rate, the others do not count. All of it has to be a number, and the
    /// digits and points at its start are the rate: `@1e-1` is 1.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0)
            return errc::ok;
        if (text.empty() || text[0] != '@')
            return errc::bad_rate;
        text.remove_prefix(1);
        if (parse_javascript_number(text).error() == errc::bad_number)
            return errc::bad_rate;
        std::size_t digits = 0;
        while (digits < text.size() && (detail::is_digit(text[digits]) || text[digits] == '.'))
            ++digits;
        const auto rate = parse_number(text.substr(0, digits));
        if (!rate || *rate < rate_min)
            return errc::bad_rate;
        out.rate = *rate;
        return errc::ok;
    }
};

/// Etsy's statsd with `keyNameSanitize: false`: names stay as they came. Its Graphite backend cleans
/// them then, tags apart.
struct etsy_verbatim : etsy {
    static constexpr bool sanitizes = false;
};

} // namespace quipu::dialect

// quipu/wire/dialect_kiip.hpp

// The dialect of the Python statsite.

namespace quipu::dialect {

/// The Python statsite. Source: kiip/statsite 0.5.1, statsite/parser.py, as observed.
/// A rate has no effect on a timer. Deviation: a sampled counter is scaled up, not down.
struct kiip : quipu {
    static constexpr tag_field tags = tag_field::absent;
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::absent;
    static constexpr bool ignores_carriage_return = false;
    static constexpr bool sorts_tags = false;

    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        if (type == "c")
            return metric_kind::counter;
        if (type == "ms")
            return metric_kind::timer;
        if (type == "kv")
            return metric_kind::keyvalue;
        return errc::unknown_type;
    }

    [[nodiscard]] static constexpr std::string_view type_of(const sample& one) noexcept {
        const bool known =
            one.series.kind != metric_kind::gauge && one.series.kind != metric_kind::unique;
        return known ? quipu::type_of(one) : std::string_view();
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind kind) noexcept {
        return kind == metric_kind::keyvalue ? '@' : '\0';
    }

    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        if (name.size() > name_bytes_max)
            return errc::name_too_long;
        for (const char c : name) {
            const bool known =
                detail::is_letter(c) || detail::is_digit(c) || c == '-' || c == '_' || c == '.';
            if (!known)
                return errc::bad_name;
        }
        return errc::ok;
    }

    /// An optional '-', then digits and dots.
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        const std::size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
        return is_plain(text.substr(first)) ? detail::read_number(text, out) : errc::bad_number;
    }

    /// `@` and digits and dots: a rate, of which 0 stands for none, but the time of a key/value.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t index, sample& out) noexcept {
        if (index > 0 || text.empty() || text[0] != '@')
            return errc::unknown_field;
        const bool timed = out.series.kind == metric_kind::keyvalue;
        const auto flag = is_plain(text.substr(1)) ? parse_number(text.substr(1))
                                                   : result<double>(errc::bad_number);
        if (timed) {
            if (!flag || *flag >= 9e18)
                return errc::bad_timestamp;
            out.timestamp = static_cast<std::int64_t>(*flag);
        } else {
            if (!flag || (*flag > 0 && *flag < rate_min))
                return errc::bad_rate;
            if (*flag > 0 && out.series.kind == metric_kind::counter)
                out.rate = *flag;
        }
        return errc::ok;
    }

private:
    [[nodiscard]] static constexpr bool is_plain(std::string_view text) noexcept {
        for (const char c : text) {
            if (!detail::is_digit(c) && c != '.')
                return false;
        }
        return true;
    }
};

} // namespace quipu::dialect

// quipu/wire/dialect_name_tags.hpp

// The native dialect with tags in the name, in the forms of Influx, Librato and SignalFx.

namespace quipu::dialect {

// Source: the tests of prometheus/statsd_exporter's pkg/line. In all three a line that has tags
// after the type too is refused: `mixed_tags`. A tag in a name that is not `key=value`, neither of
// them empty, is left out, and counted: canonical_buffer::tags_dropped.

/// `name,key=value,key=value:1|c`, which Telegraf's clients send too.
struct influx : quipu {
    static constexpr name_tags tags_in_name = name_tags::influx;
};

/// `name#key=value,key=value:1|c`
struct librato : quipu {
    static constexpr name_tags tags_in_name = name_tags::librato;
};

/// `na[key=value,key=value]me:1|c`: the brackets may stand anywhere in the name. With one of them
/// only, or in the wrong order, all is name.
struct signalfx : quipu {
    static constexpr name_tags tags_in_name = name_tags::signalfx;
};

} // namespace quipu::dialect

// quipu/wire/dialect_statsite.hpp

// The dialect of statsite, the one in C.

namespace quipu::dialect {

/// statsite. Source: statsite/statsite 0.8.1, src/ascii_parser_std.rl and src/conn_handler.c, as
/// observed. Numbers are read as far as they go: `1abc` is 1, `0x10` and `-` are 0. Names are any
/// bytes but ':', and end at a NUL.
/// Deviations: what gives an infinity there (400 digits, `|@1e-310`) is refused, and so are a name
/// and a member that a NUL leaves empty; numbers are correctly rounded; a line and a name have a
/// bound.
struct statsite : quipu {
    static constexpr std::size_t line_bytes_max = 65536;
    static constexpr tag_field tags = tag_field::absent;
    static constexpr name_tags tags_in_name = name_tags::absent;
    static constexpr repetition repeats = repetition::absent;
    static constexpr bool bars_part_fields = false;
    static constexpr bool names_keep_nul = false;
    static constexpr bool ignores_carriage_return = false;
    static constexpr bool unterminated_lines = false;
    static constexpr bool sorts_tags = false;

    /// `h` is another word for `ms`; `d` is none.
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "d" ? result<metric_kind>(errc::unknown_type) : quipu::kind(type);
    }

    [[nodiscard]] static constexpr char time_mark(metric_kind /*kind*/) noexcept { return '\0'; }

    /// Any bytes. Errors: empty_name, name_too_long.
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        if (name.empty())
            return errc::empty_name;
        return name.size() > name_bytes_max ? errc::name_too_long : errc::ok;
    }

    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view /*type*/, sample& out) noexcept {
        text = text.substr(0, text.find('\0'));
        if (out.series.kind == metric_kind::unique) {
            out.member = text;
            return text.empty() ? errc::empty_member : errc::ok;
        }
        const auto number = read_prefix(text);
        if (!number)
            return number.error();
        if (underflows(text.substr(0, number->size), number->value))
            return errc::number_out_of_range;
        out.value = number->value;
        out.integral = number->integral;
        out.relative = out.series.kind == metric_kind::gauge && (text[0] == '+' || text[0] == '-');
        return errc::ok;
    }

    /// The rate of a counter or timer: all the rest of the line, of which the number at the start
    /// counts. A rate outside (0, 1] is 1, and so is whatever has one character.
    [[nodiscard]] static constexpr errc
    read_field(std::string_view text, std::size_t /*index*/, sample& out) noexcept {
        const bool rated =
            out.series.kind == metric_kind::counter || out.series.kind == metric_kind::timer;
        if (!rated || text.size() < 2 || text[0] != '@')
            return errc::unknown_field;
        if (text.size() == 2)
            return errc::ok;
        const auto rate = read_prefix(text.substr(1));
        if (rate.error() == errc::bad_number)
            return errc::bad_rate;
        if (!rate || !(rate->value > 0 && rate->value <= 1))
            return errc::ok;
        if (rate->value < rate_min)
            return errc::bad_rate;
        out.rate = rate->value;
        return errc::ok;
    }

private:
    /// The number at the start of a text. A sign or a point alone is 0.
    [[nodiscard]] static constexpr result<number_prefix>
    read_prefix(std::string_view text) noexcept {
        const auto number = parse_number_prefix(text);
        return number.error() == errc::bad_number ? read_nothing(text) : number;
    }

    /// Where there is an exponent the C library reads, which refuses what is too small.
    [[nodiscard]] static constexpr bool underflows(std::string_view digits, double value) noexcept {
        constexpr double normal_min = std::numeric_limits<double>::min();
        const auto exponent = digits.find_first_of("eE");
        if (exponent == digits.npos || value >= normal_min || value <= -normal_min)
            return false;
        return digits.substr(0, exponent).find_first_not_of("+-.0") != digits.npos;
    }

    [[nodiscard]] static constexpr result<number_prefix>
    read_nothing(std::string_view text) noexcept {
        auto rest = text;
        if (!rest.empty() && (rest[0] == '+' || rest[0] == '-'))
            rest.remove_prefix(1);
        const bool point = !rest.empty() && rest[0] == '.';
        if (point)
            rest.remove_prefix(1);
        const bool exponent = !rest.empty() && (rest[0] == 'e' || rest[0] == 'E');
        if (exponent || rest.size() == text.size())
            return errc::bad_number;
        return number_prefix{0, text.size() - rest.size(), !point};
    }
};

} // namespace quipu::dialect

// quipu/wire/dialect.hpp

// Dialects: which grammar of StatsD lines is accepted. A dialect is a type of constants and small
// constexpr functions; derive from one and override a line to make your own.

namespace quipu {

/// The constants of a dialect.
template <class D>
concept has_dialect_constants = requires {
    { D::line_bytes_max } -> std::convertible_to<std::size_t>;
    { D::name_bytes_max } -> std::convertible_to<std::size_t>;
    { D::tags_max } -> std::convertible_to<std::size_t>;
    { D::tag_bytes_max } -> std::convertible_to<std::size_t>;
    { D::values_max } -> std::convertible_to<std::size_t>;
    { D::tags } -> std::convertible_to<tag_field>;
    { D::tags_in_name } -> std::convertible_to<name_tags>;
    { D::repeats } -> std::convertible_to<repetition>;
    { D::bars_part_fields } -> std::convertible_to<bool>;
    { D::names_keep_nul } -> std::convertible_to<bool>;
    { D::ignores_carriage_return } -> std::convertible_to<bool>;
    { D::unterminated_lines } -> std::convertible_to<bool>;
    { D::sanitizes } -> std::convertible_to<bool>;
    { D::sorts_tags } -> std::convertible_to<bool>;
    { D::signs_change_gauges } -> std::convertible_to<bool>;
};

/// The functions of a dialect.
template <class D>
concept has_dialect_functions = requires(std::string_view text, std::size_t index, sample& out) {
    { D::kind(text) } -> std::same_as<result<metric_kind>>;
    { D::check_name(text) } -> std::same_as<errc>;
    { D::read_value(text, text, out) } -> std::same_as<errc>;
    { D::read_field(text, index, out) } -> std::same_as<errc>;
    { D::type_of(out) } -> std::same_as<std::string_view>;
    { D::time_mark(metric_kind::counter) } -> std::same_as<char>;
    requires noexcept(D::kind(text))&& noexcept(D::check_name(text));
    requires noexcept(D::read_value(text, text, out))&& noexcept(D::read_field(text, index, out));
    requires noexcept(D::type_of(out))&& noexcept(D::time_mark(metric_kind::counter));
};

/// Decides which lines are accepted and what they mean.
/// Requires  the constants and the functions of `dialect::quipu`; derive from it.
/// Provided  quipu (default), etsy, statsite, kiip, dogstatsd, influx, librato, signalfx.
///           Chosen at  the template argument of parse and its kin.
/// Laws      where `format` says ok, `parse` gives back the sample.
/// Cost      `kind` and `read_value` once a sample, `check_name` once a line.
template <class D>
concept wire_dialect = has_dialect_constants<D> && has_dialect_functions<D>;

/// Says in a sentence what a type lacks to be a dialect; for class templates, which take any type.
template <class D>
consteval bool require_dialect() {
    static_assert(has_dialect_constants<D>,
                  "quipu dialect: needs the constants of dialect::quipu; derive from it");
    static_assert(has_dialect_functions<D>,
                  "quipu dialect: needs noexcept kind, check_name, read_value and read_field, and "
                  "type_of and time_mark, as dialect::quipu has them; derive from it");
    return true;
}

static_assert(wire_dialect<dialect::quipu>);
static_assert(wire_dialect<dialect::etsy>);
static_assert(wire_dialect<dialect::statsite>);
static_assert(wire_dialect<dialect::kiip>);
static_assert(wire_dialect<dialect::dogstatsd>);
static_assert(wire_dialect<dialect::influx>);
static_assert(wire_dialect<dialect::librato>);
static_assert(wire_dialect<dialect::signalfx>);

} // namespace quipu

// quipu/wire/line_buffer.hpp

// A text of bounded size, built piece by piece.

namespace quipu {

/// A text of at most `BytesMax` bytes that is built piece by piece, without allocation.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax>
class basic_line_buffer {
public:
    // NOLINTNEXTLINE(modernize-use-equals-default) because that would let {} clear all the bytes
    constexpr basic_line_buffer() noexcept {} // they are written before they are read

    /// Appends all of `piece`, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::string_view piece) noexcept {
        if (piece.size() > BytesMax - size_)
            return false;
        std::char_traits<char>::copy(bytes_ + size_, piece.data(), piece.size());
        size_ += piece.size();
        return true;
    }

    /// Appends a number in the shortest form that reads back equal, or nothing and returns false.
    [[nodiscard]] constexpr bool append(double number) noexcept {
        char text[layout::shortest::bytes_max] = {};
        const char* const end = layout::shortest::write(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Appends an integer, or nothing and returns false.
    [[nodiscard]] constexpr bool append(std::same_as<std::int64_t> auto number) noexcept {
        char text[integer_bytes_max] = {};
        const char* const end = write_integer(text, number);
        return append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    /// Cuts the text to `size` bytes, which is no more than there are.
    constexpr void resize(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        size_ = size;
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }

private:
    std::size_t size_ = 0;
    char bytes_[BytesMax];
};

/// Has room for any line that every server of ours accepts.
using line_buffer = basic_line_buffer<8192>;

} // namespace quipu

// quipu/wire/parse.hpp

// A line of text to samples. A line holds one sample as a rule; some dialects allow several of the
// same name (`hits:1|c:7|ms`, `load:1:2:3|ms`).

namespace quipu {

/// Why a line, or one sample of it, was refused, and where.
struct refusal {
    errc error = errc::ok;
    /// The byte of the line at which the part begins that was refused.
    std::size_t offset = 0;

    friend constexpr bool operator==(const refusal&, const refusal&) = default;
};

namespace detail {

/// Cuts `text` at the first of `Stops` and returns what stands before it; `text` then begins at the
/// stop, or is empty.
template <char... Stops>
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && ((text[end] != Stops) && ...))
        ++end;
    const auto taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

/// The walk along one line. `Dialect` says what each part means.
template <wire_dialect Dialect, class OnSample, class OnRefusal>
class line_reader {
public:
    constexpr line_reader(std::string_view line,
                          OnSample& on_sample,
                          OnRefusal& on_refusal) noexcept
        : origin_(line.data()), on_sample_(on_sample), on_refusal_(on_refusal) {}

    constexpr void read(std::string_view line) {
        if (line.size() > Dialect::line_bytes_max)
            return on_refusal_(at(line, errc::line_too_long));
        if constexpr (Dialect::tags == tag_field::rest_of_line) {
            if (const auto mark = line.find("|#"); mark != line.npos) {
                const auto tags = line.substr(mark + 2);
                sample_.series.tags = tags.substr(0, tags.find("|#"));
                if (sample_.series.tags.size() > Dialect::tag_bytes_max)
                    return on_refusal_(at(tags, errc::tags_too_long));
                line = line.substr(0, mark);
            }
        }
        const auto colon = line.find(':');
        if (colon == line.npos)
            return on_refusal_(at(line, errc::missing_value));
        sample_.series.name = line.substr(0, colon);
        if constexpr (!Dialect::names_keep_nul) {
            auto& name = sample_.series.name;
            name = name.substr(0, name.find('\0'));
        }
        if (const auto error = Dialect::check_name(sample_.series.name); error != errc::ok)
            return on_refusal_(at(line, error));
        auto rest = line.substr(colon);
        for (;;) {
            rest.remove_prefix(1); // the ':' before each sample
            read_samples(rest);
            if (rest.empty())
                return;
            start_another();
        }
    }

private:
    /// A colon behind the type begins another sample.
    static constexpr bool repeats =
        Dialect::repeats == repetition::typed || Dialect::repeats == repetition::packed;

    [[nodiscard]] constexpr refusal at(std::string_view part, errc error) const noexcept {
        return {error, static_cast<std::size_t>(part.data() - origin_)};
    }

    /// Remembers the first reason why a sample is refused.
    constexpr void note(std::string_view part, errc error) noexcept {
        if (error != errc::ok && refused_.error == errc::ok)
            refused_ = at(part, error);
    }

    /// Up to the '|', or the ':' that announces another sample.
    [[nodiscard]] static constexpr std::string_view take_field(std::string_view& rest) noexcept {
        if constexpr (repeats) {
            return take_until<'|', ':'>(rest);
        } else {
            return take_until<'|'>(rest);
        }
    }

    [[nodiscard]] static constexpr std::size_t count_colons(std::string_view text) noexcept {
        std::size_t colons = 0;
        for (const char c : text)
            colons += c == ':' ? 1 : 0;
        return colons;
    }

    /// Reads `value|type|field|field` and leaves in `rest` what follows: nothing, or ":value|...".
    constexpr void read_samples(std::string_view& rest) {
        const auto first = take_field(rest);
        auto values = first;
        std::size_t colons = 0;
        if constexpr (Dialect::repeats == repetition::packed) {
            if (!rest.empty() && rest.front() == ':') {
                const auto others = take_until<'|'>(rest);
                values = {first.data(), first.size() + others.size()};
                colons = count_colons(others);
            }
        } else if constexpr (Dialect::repeats == repetition::values) {
            colons = count_colons(first);
        }
        if (rest.empty() || rest.front() == ':')
            return on_refusal_(at(values, errc::missing_type));
        rest.remove_prefix(1);
        const auto type = take_field(rest);
        const auto kind = Dialect::kind(type);
        if (kind)
            sample_.series.kind = *kind;
        note(type, kind.error());
        for (std::size_t index = 0; !rest.empty() && rest.front() == '|'; ++index) {
            rest.remove_prefix(1);
            read_field(rest, index);
        }
        if constexpr (repeats && Dialect::tags == tag_field::anywhere) {
            if (!rest.empty())
                find_line_tags(rest);
            if (sample_.series.tags.empty()) {
                sample_.series.tags = line_tags_;
                note(line_tags_, line_tags_error_);
            }
        }
        if constexpr (excludes_tag_field(Dialect::tags_in_name)) {
            const auto& one = sample_.series;
            if (!one.tags.empty() && split_name<Dialect::tags_in_name>(one.name).tagged)
                note(one.tags, errc::mixed_tags);
        }
        values_ += sample_.series.kind == metric_kind::unique ? 1 : colons + 1;
        if (values_ > Dialect::values_max)
            note(values, errc::too_many_values);
        if (refused_.error != errc::ok)
            return on_refusal_(std::as_const(refused_));
        colons > 0 ? read_packed(values, type) : read_value(values, type);
    }

    /// Forgets what the last sample of the line has left behind.
    constexpr void start_another() noexcept {
        const auto last = sample_.series;
        sample_ = {};
        sample_.series.name = last.name;
        if constexpr (Dialect::tags == tag_field::rest_of_line)
            sample_.series.tags = last.tags;
        refused_ = {};
    }

    constexpr void read_field(std::string_view& rest, std::size_t index) {
        if constexpr (Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && rest.front() == '#') {
                rest.remove_prefix(1);
                const auto tags = rest.substr(0, rest.find('|'));
                rest.remove_prefix(tags.size());
                note(tags, check_tags(tags));
                sample_.series.tags = tags;
                return;
            }
        }
        auto field = rest;
        if constexpr (!Dialect::bars_part_fields) {
            rest = {};
        } else {
            // Of packed lines, the fields that begin with a letter carry colons (`|c:id`).
            const bool colons =
                Dialect::repeats == repetition::packed && !rest.empty() && is_letter(rest.front());
            field = colons ? take_until<'|'>(rest) : take_field(rest);
        }
        note(field, Dialect::read_field(field, index, sample_));
    }

    [[nodiscard]] static constexpr errc check_tags(std::string_view tags) noexcept {
        if (tags.size() > Dialect::tag_bytes_max)
            return errc::tags_too_long;
        return has_control_or<>(tags) ? errc::bad_tags : errc::ok;
    }

    /// The tags of a line stand after its last sample, and hold for all. Looked for once in a line.
    constexpr void find_line_tags(std::string_view rest) noexcept {
        if (std::exchange(line_tags_known_, true))
            return;
        const auto mark = rest.rfind("|#");
        if (mark == rest.npos)
            return;
        rest.remove_prefix(mark + 2);
        line_tags_ = rest.substr(0, rest.find('|'));
        line_tags_error_ = check_tags(line_tags_);
    }

    constexpr void read_packed(std::string_view values, std::string_view type) {
        // A set's member may have colons in it.
        if (sample_.series.kind == metric_kind::unique)
            return read_value(values, type);
        constexpr bool skips_empty = Dialect::repeats == repetition::values;
        const auto all = values;
        bool any = !skips_empty;
        for (;;) {
            const auto value = take_until<':'>(values);
            if (!skips_empty || !value.empty()) {
                read_value(value, type);
                any = true;
            }
            if (values.empty())
                break;
            values.remove_prefix(1);
        }
        if (!any)
            on_refusal_(at(all, errc::bad_number));
    }

    constexpr void read_value(std::string_view value, std::string_view type) {
        if (const auto error = Dialect::read_value(value, type, sample_); error != errc::ok)
            return on_refusal_(at(value, error));
        on_sample_(std::as_const(sample_));
    }

    const char* origin_;
    sample sample_{};
    refusal refused_{};
    std::string_view line_tags_{};
    errc line_tags_error_ = errc::ok;
    bool line_tags_known_ = false;
    std::size_t values_ = 0; // of the line so far
    OnSample& on_sample_;
    OnRefusal& on_refusal_;
};

} // namespace detail

/// Parses one line and hands out each sample in it and each refusal.
///
/// Input    `line` without its newline; a '\r' at its end does not count. Not retained.
/// Returns  nothing; calls `on_sample(const sample&)` with views into `line`, and
///          `on_refusal(refusal)` for each sample, or for the line, that cannot be accepted. A bad
///          sample costs none of its neighbours.
/// Errors   the first group of errc, but for too_many_tags, which counts after equal ones are one.
/// Cost     O(line.size()); does not allocate; throws what the two functions throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr void parse_line(std::string_view line, OnSample&& on_sample, OnRefusal&& on_refusal) {
    detail::line_reader<Dialect, OnSample, OnRefusal> reader(line, on_sample, on_refusal);
    if constexpr (Dialect::ignores_carriage_return) {
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
    }
    reader.read(line);
}

/// Parses a line that holds exactly one sample.
///
/// Input    as for parse_line.
/// Returns  the sample; its views point into `line`.
/// Errors   as for parse_line, and several_samples.
/// Units    rate in (0, 1]; timings in milliseconds; timestamps in Unix seconds.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu>
[[nodiscard]] constexpr result<sample> parse(std::string_view line) noexcept {
    result<sample> parsed = errc::missing_value;
    std::size_t samples = 0;
    errc refused = errc::ok;
    parse_line<Dialect>(
        line,
        [&](const sample& one) {
            parsed = one;
            ++samples;
        },
        [&](refusal why) {
            if (refused == errc::ok)
                refused = why.error;
        });
    if (refused != errc::ok)
        return refused;
    if (samples > 1)
        return errc::several_samples;
    return parsed;
}

} // namespace quipu

// quipu/wire/format.hpp

// Samples to text: the exact inverse of parsing, in any dialect.

namespace quipu {

namespace format_policy {

/// A name that the dialect does not allow is refused.
struct refuse {
    static constexpr bool sanitizes = false;
};
/// Each character of a name that the dialect does not allow becomes '_'.
struct sanitize {
    static constexpr bool sanitizes = true;
};

} // namespace format_policy

/// Decides what becomes of a name with characters that a line cannot carry.
/// Requires  static constexpr bool sanitizes.
/// Provided  format_policy::refuse (default), format_policy::sanitize; change it where names come
///           from people or from other programs.   Chosen at  the template argument of format.
/// Cost      sanitize: `check_name` once for each character.
template <class P>
concept name_policy = requires {
    { P::sanitizes } -> std::convertible_to<bool>;
};
static_assert(name_policy<format_policy::refuse> && name_policy<format_policy::sanitize>);

namespace detail {

/// Whether `sanitize` replaces a character, of one byte or more.
template <wire_dialect Dialect>
[[nodiscard]] constexpr bool is_bad_in_name(std::string_view character) noexcept {
    return has_control_or<':', '|'>(character) || Dialect::check_name(character) != errc::ok;
}

/// Appends a name in which a '_' stands for each bad character.
template <wire_dialect Dialect, std::size_t BytesMax>
[[nodiscard]] constexpr bool append_clean(std::string_view name,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    while (!name.empty()) {
        const auto size = utf8_size(name);
        const auto character = name.substr(0, size == 0 ? 1 : size);
        if (!out.append(is_bad_in_name<Dialect>(character) ? "_" : character))
            return false;
        name.remove_prefix(character.size());
    }
    return true;
}

/// Refuses what no reading of the line would show, or not with its reason.
template <wire_dialect Dialect, name_policy Names>
[[nodiscard]] constexpr errc check_sample(const sample& one) noexcept {
    constexpr bool native = std::is_same_v<Dialect, dialect::quipu>;
    const auto& series = one.series;
    if (!Names::sanitizes) {
        if (const auto error = Dialect::check_name(series.name); error != errc::ok)
            return error;
        const bool newline = !native && series.name.find('\n') != series.name.npos;
        if (newline || series.name.find(':') != series.name.npos)
            return errc::bad_name;
    } else if (series.name.empty() && Dialect::check_name(series.name) != errc::ok) {
        return errc::empty_name;
    } else if (series.name.size() > Dialect::name_bytes_max) {
        return errc::name_too_long;
    }
    if (Dialect::type_of(one).empty())
        return errc::unknown_type;
    if (!series.tags.empty() && Dialect::tags == tag_field::absent)
        return errc::bad_tags;
    if (series.tags.size() > Dialect::tag_bytes_max)
        return errc::tags_too_long;
    if (native ? has_control_or<'|'>(series.tags) : series.tags.find('\n') != series.tags.npos)
        return errc::bad_tags;
    const bool keyed = Dialect::time_mark(series.kind) == '@'; // then `|@` is no rate
    if (!(one.rate >= rate_min) || (native && one.rate > 1) || (keyed && one.rate != 1))
        return errc::bad_rate;
    if (one.timestamp != no_timestamp &&
        (one.timestamp < 0 || Dialect::time_mark(series.kind) == '\0'))
        return errc::bad_timestamp;
    if (one.relative && series.kind == metric_kind::gauge && !Dialect::signs_change_gauges)
        return errc::unknown_type;
    if (native && series.kind == metric_kind::timer && one.timer != timer_type::ms)
        return errc::unknown_type;
    if (native && !one.origin.empty())
        return errc::unknown_field;
    if (series.kind != metric_kind::unique)
        return is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    if (one.member.empty())
        return errc::empty_member;
    const bool broken = native ? has_control_or<'|'>(one.member)
                               : one.member.find('|') != one.member.npos ||
                                     one.member.find('\n') != one.member.npos;
    return broken ? errc::bad_name : errc::ok;
}

/// Appends a number without an exponent, which some dialects do not read.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_plain(double number,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    char text[layout::shortest::bytes_max] = {};
    const char* const end = layout::shortest::write(text, number);
    std::string_view digits(text, static_cast<std::size_t>(end - text));
    const auto e = digits.find('e');
    if (e == digits.npos)
        return out.append(digits);
    const auto zeros = [&](std::int64_t count) {
        for (; count > 0; --count) {
            if (!out.append("0"))
                return false;
        }
        return true;
    };
    const auto exponent = parse_integer(digits.substr(e + 1)).value_or(0);
    digits = digits.substr(0, e);
    const bool negative = digits.front() == '-';
    const auto first = digits.substr(negative ? 1 : 0, 1); // the point is behind it
    auto rest = digits.substr(negative ? 2 : 1);
    rest.remove_prefix(rest.empty() ? 0 : 1);
    if (negative && !out.append("-"))
        return false;
    if (exponent < 0)
        return out.append("0.") && zeros(-exponent - 1) && out.append(first) && out.append(rest);
    return out.append(first) && out.append(rest) &&
           zeros(exponent - static_cast<std::int64_t>(rest.size()));
}

/// Appends `mark` and `text`, or nothing if there is no text.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_field(std::string_view mark,
                                          std::string_view text,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    return text.empty() || (out.append(mark) && out.append(text));
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_origin(const sample_origin& origin,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    return append_field("|c:", origin.container(), out) &&
           append_field("|e:", origin.external_data(), out) &&
           append_field("|card:", origin.cardinality(), out);
}

/// Appends `name:value|type|@rate|Ttime|c:origin|#tags`, with `sign` before the value.
template <wire_dialect Dialect, name_policy Names, std::size_t BytesMax>
[[nodiscard]] constexpr bool append_line(const sample& one,
                                         std::string_view sign,
                                         double value,
                                         bool exponents,
                                         basic_line_buffer<BytesMax>& out) noexcept {
    const bool unique = one.series.kind == metric_kind::unique;
    const bool timed = one.timestamp != no_timestamp;
    const char time_field[] = {'|', Dialect::time_mark(one.series.kind)};
    bool named = false;
    if constexpr (Names::sanitizes)
        named = append_clean<Dialect>(one.series.name, out);
    else
        named = out.append(one.series.name);
    return named && out.append(":") && out.append(sign) &&
           (unique      ? out.append(one.member)
            : exponents ? out.append(value)
                        : append_plain(value, out)) &&
           out.append("|") && out.append(Dialect::type_of(one)) &&
           (one.rate == 1 || (out.append("|@") && append_plain(one.rate, out))) &&
           (!timed || (out.append({time_field, 2}) && out.append(one.timestamp))) &&
           (one.origin.empty() || append_origin(one.origin, out)) &&
           append_field("|#", one.series.tags, out);
}

/// Compares what was read with what was written; says which part the dialect cannot carry.
[[nodiscard]] constexpr errc find_difference(const sample& read, const sample& one) noexcept {
    const auto kind = one.series.kind;
    const bool timers_differ = kind == metric_kind::timer && read.timer != one.timer;
    if (read.series.kind != kind || timers_differ)
        return errc::unknown_type;
    if (read.series.tags != one.series.tags)
        return errc::bad_tags;
    if (read.rate != one.rate)
        return errc::bad_rate;
    if (read.timestamp != one.timestamp)
        return errc::bad_timestamp;
    if (read.origin != one.origin)
        return errc::unknown_field;
    if (kind == metric_kind::unique)
        return read.member == one.member ? errc::ok : errc::bad_name;
    return read.value == one.value ? errc::ok : errc::bad_number;
}

/// Reads a line as its receiver will.
template <wire_dialect Dialect, name_policy Names>
[[nodiscard]] constexpr errc check_line(std::string_view line, const sample& one) noexcept {
    if (line.find('\n') != line.npos) // nowhere else than in the origin
        return errc::unknown_field;
    const auto read = parse<Dialect>(line);
    if (!read)
        return read.error();
    if (!Names::sanitizes && read->series.name != one.series.name)
        return errc::bad_name;
    return find_difference(*read, one);
}

/// Appends the line or the two lines of a sample, or a part of them.
template <wire_dialect Dialect, name_policy Names, std::size_t BytesMax>
[[nodiscard]] constexpr errc
append_sample(const sample& one, bool exponents, basic_line_buffer<BytesMax>& out) noexcept {
    const bool signs = one.series.kind == metric_kind::gauge && Dialect::signs_change_gauges;
    const double value = one.value == 0 ? 0 : one.value; // "-0" would be a change of a gauge
    if (signs && !one.relative && value < 0) {
        if (!append_line<Dialect, Names>(one, "", 0, exponents, out) || !out.append("\n"))
            return errc::no_space;
    }
    const auto last = out.size();
    const bool plus = signs && one.relative && value >= 0;
    if (!append_line<Dialect, Names>(one, plus ? "+" : "", value, exponents, out))
        return errc::no_space;
    if (out.size() - last > Dialect::line_bytes_max)
        return errc::line_too_long;
    // The native rules are those of check_sample; of others the parser knows best.
    if constexpr (std::is_same_v<Dialect, dialect::quipu>)
        return errc::ok;
    else
        return check_line<Dialect, Names>(out.view().substr(last), one);
}

} // namespace detail

/// Appends the line of one sample to `out`, without a newline at its end. Where a sign means a
/// change, a gauge that is set to a value below zero takes two lines, `name:0|g` and `name:-n|g`.
///
/// Returns  ok, and then parse<Dialect>(text) gives the same sample, but for what its kind does not
///          use, for `integral`, which tells of the text, and for a name that was sanitized; else
///          `out` is as it was.
/// Errors   what a line cannot carry or would smuggle in another: empty_name, name_too_long,
///          bad_name (a ':' or newline in the name, a '|' in a member, what the dialect refuses),
///          unknown_type, bad_tags, tags_too_long, mixed_tags, empty_member, bad_rate,
///          bad_timestamp, number_out_of_range (not finite), bad_number (the dialect reads it as
///          another), unknown_field (an origin); line_too_long; no_space. Those of parse.
/// Cost     O(bytes written), at most twice, and what parsing costs unless the dialect is the
/// native one; does not
///          allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu,
          name_policy Names = format_policy::refuse,
          std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const sample& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_sample<Dialect, Names>(one); error != errc::ok)
        return error;
    const auto before = out.size();
    auto error = detail::append_sample<Dialect, Names>(one, true, out);
    if (error == errc::bad_number || error == errc::number_out_of_range) {
        out.resize(before);
        error = detail::append_sample<Dialect, Names>(one, false, out);
    }
    if (error != errc::ok)
        out.resize(before);
    return error;
}

} // namespace quipu

// quipu/wire/binary.hpp

// Samples as records of bytes: statsite's binary protocol, read and written.
//
// A record is, all little endian, `u8 0xaa, u8 type, u16 name size, f64 value, name`; of a set `u8
// 0xaa, u8 4, u16 name size, u16 member size, name, member`. Texts end with a zero, which their
// sizes count.

namespace quipu {

/// What every record begins with. No line of UTF-8 does.
inline constexpr char binary_magic = '\xaa';

/// The largest text of a record, its zero not counted, and the largest record.
inline constexpr std::size_t binary_text_bytes_max = 65534;
inline constexpr std::size_t binary_record_bytes_max = 6 + 2 * (binary_text_bytes_max + 1);

/// What stands at the front of some bytes.
struct binary_record {
    quipu::sample sample{};
    /// Why the sample cannot be accepted, although its record is whole; what follows can be read.
    refusal refused{};
    /// The bytes of the record; 0 as long as more of them have to come.
    std::size_t size = 0;

    [[nodiscard]] constexpr bool complete() const noexcept { return size > 0; }

    friend constexpr bool operator==(const binary_record&, const binary_record&) = default;
};

namespace detail {

enum class binary_type : std::uint8_t { keyvalue = 1, counter, timer, unique, gauge, gauge_change };

inline constexpr std::size_t binary_scalar_head_bytes = 12;
inline constexpr std::size_t binary_set_head_bytes = 6;

[[nodiscard]] constexpr metric_kind kind_of(binary_type type) noexcept {
    switch (type) {
    case binary_type::keyvalue: return metric_kind::keyvalue;
    case binary_type::counter: return metric_kind::counter;
    case binary_type::timer: return metric_kind::timer;
    case binary_type::unique: return metric_kind::unique;
    case binary_type::gauge:
    case binary_type::gauge_change: break;
    }
    return metric_kind::gauge;
}

[[nodiscard]] constexpr binary_type binary_type_of(const sample& one) noexcept {
    switch (one.series.kind) {
    case metric_kind::keyvalue: return binary_type::keyvalue;
    case metric_kind::counter: return binary_type::counter;
    case metric_kind::timer: return binary_type::timer;
    case metric_kind::unique: return binary_type::unique;
    case metric_kind::gauge: break;
    }
    return one.relative ? binary_type::gauge_change : binary_type::gauge;
}

/// Reads a u16 that may stand anywhere.
[[nodiscard]] constexpr std::size_t read_size(std::string_view bytes, std::size_t at) noexcept {
    return read_little_endian<std::uint16_t>(bytes.data() + at);
}

[[nodiscard]] constexpr double read_double(std::string_view bytes, std::size_t at) noexcept {
    return std::bit_cast<double>(read_little_endian<std::uint64_t>(bytes.data() + at));
}

/// Whether `text`, of a size that counts its zero, ends with one.
[[nodiscard]] constexpr bool is_terminated(std::string_view text) noexcept {
    return !text.empty() && text.back() == '\0';
}

/// Refuses what no line could carry, which keeps a record from smuggling one in.
[[nodiscard]] constexpr bool breaks_a_line(std::string_view text, char mark) noexcept {
    for (const char c : text) {
        if (c == '\0' || c == '\n' || c == mark)
            return true;
    }
    return false;
}

[[nodiscard]] constexpr errc read_binary_value(double value, sample& out) noexcept {
    if (value != value)
        return errc::bad_number;
    if (is_infinite(value))
        return errc::number_out_of_range;
    out.value = value;
    return errc::ok;
}

template <wire_dialect Dialect>
[[nodiscard]] constexpr errc read_binary_member(std::string_view member, sample& out) noexcept {
    if (member.empty())
        return errc::empty_member;
    if (breaks_a_line(member, '|'))
        return errc::bad_name;
    return Dialect::read_value(member, "s", out);
}

template <wire_dialect Dialect>
[[nodiscard]] constexpr errc check_binary_name(std::string_view name) noexcept {
    if (const auto error = Dialect::check_name(name); error != errc::ok)
        return error;
    return breaks_a_line(name, ':') ? errc::bad_name : errc::ok;
}

} // namespace detail

/// Tells how much of a record has to be there before more can be told: its head, and once that is
/// there the whole of it. So whoever waits for that much twice has a record.
///
/// Input    the first bytes of a record, any number of them; not retained.
/// Returns  a size up to binary_record_bytes_max.
/// Errors   bad_magic, unknown_type.
/// Cost     O(1).
/// Threads  pure.
[[nodiscard]] constexpr result<std::size_t> binary_record_size(std::string_view bytes) noexcept {
    if (!bytes.empty() && bytes[0] != binary_magic)
        return errc::bad_magic;
    if (bytes.size() < 2)
        return std::size_t{2};
    if (bytes[1] < 1 || bytes[1] > static_cast<char>(detail::binary_type::gauge_change))
        return errc::unknown_type;
    const bool is_set = bytes[1] == static_cast<char>(detail::binary_type::unique);
    const auto head = is_set ? detail::binary_set_head_bytes : detail::binary_scalar_head_bytes;
    if (bytes.size() < head)
        return head;
    return head + detail::read_size(bytes, 2) + (is_set ? detail::read_size(bytes, 4) : 0);
}

/// Parses the record that `bytes` begin with.
///
/// Input    any bytes, of which the record need not be all nor all be there; not retained.
/// Returns  the record, whose views point into `bytes`; one that is not complete; or one whose
///          sample is refused: for line_too_long, empty_name, name_too_long, bad_name (by the
///          dialect, and a zero, a newline or a ':' in any), bad_number (NaN), number_out_of_range
///          (an infinity), empty_member, bad_name (a zero, a newline or a '|' in a member).
/// Errors   bad_magic, unknown_type, bad_terminator: nothing tells where the next record begins,
///          so a connection has to be closed.
/// Cost     O(name and member); does not allocate, does not throw.
/// Threads  pure.
/// Source   statsite/statsite 0.8.1, src/conn_handler.c.
template <wire_dialect Dialect = dialect::quipu>
[[nodiscard]] constexpr result<binary_record> parse_binary(std::string_view bytes) noexcept {
    const auto size = binary_record_size(bytes);
    if (!size)
        return size.error();
    if (bytes.size() < *size)
        return binary_record{};
    const auto type = static_cast<detail::binary_type>(bytes[1]);
    const bool is_set = type == detail::binary_type::unique;
    const auto head = is_set ? detail::binary_set_head_bytes : detail::binary_scalar_head_bytes;
    auto name = bytes.substr(head, detail::read_size(bytes, 2));
    auto member = bytes.substr(head + name.size(), *size - head - name.size());
    if (!detail::is_terminated(name) || (is_set && !detail::is_terminated(member)))
        return errc::bad_terminator;
    name.remove_suffix(1);
    binary_record record;
    record.size = *size;
    sample& one = record.sample;
    one.series.kind = detail::kind_of(type);
    one.series.name = name;
    one.relative = type == detail::binary_type::gauge_change;
    const auto refuse = [&](errc error, std::size_t offset) {
        if (error != errc::ok && record.refused.error == errc::ok)
            record.refused = {error, offset};
    };
    if (record.size > Dialect::line_bytes_max)
        refuse(errc::line_too_long, 0);
    refuse(detail::check_binary_name<Dialect>(name), head);
    if (is_set) {
        member.remove_suffix(1);
        refuse(detail::read_binary_member<Dialect>(member, one), head + name.size() + 1);
    } else {
        refuse(detail::read_binary_value(detail::read_double(bytes, 4), one), 4);
    }
    return record;
}

/// Appends the record of one sample to `out`.
///
/// Returns  ok, and then parse_binary gives the same sample, but for what its kind does not use and
///          for `integral`, which tells of the text; else `out` is as it was.
/// Errors   those of format, with bad_rate, bad_timestamp and bad_tags for all that is not the
///          default, as a record has room for none; line_too_long (native_line_bytes_max),
///          no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format_binary(const sample& one,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    const auto refused = detail::check_sample<dialect::quipu, format_policy::refuse>(one);
    if (refused != errc::ok)
        return refused;
    if (one.rate != 1)
        return errc::bad_rate;
    if (one.timestamp != no_timestamp)
        return errc::bad_timestamp;
    if (!one.series.tags.empty())
        return errc::bad_tags;
    const bool is_set = one.series.kind == metric_kind::unique;
    const std::string_view zero("\0", 1);
    const auto name_size = one.series.name.size() + 1;
    const auto member_size = one.member.size() + 1;
    if (is_set && detail::binary_set_head_bytes + name_size + member_size > native_line_bytes_max)
        return errc::line_too_long;
    char head[detail::binary_scalar_head_bytes] = {binary_magic,
                                                   static_cast<char>(detail::binary_type_of(one))};
    detail::write_little_endian(head + 2, static_cast<std::uint16_t>(name_size));
    if (is_set) {
        detail::write_little_endian(head + 4, static_cast<std::uint16_t>(member_size));
    } else {
        detail::write_little_endian(head + 4, std::bit_cast<std::uint64_t>(one.value));
    }
    const auto head_size = is_set ? detail::binary_set_head_bytes : sizeof head;
    const auto before = out.size();
    if (out.append(std::string_view(head, head_size)) && out.append(one.series.name) &&
        out.append(zero) && (!is_set || (out.append(one.member) && out.append(zero))))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

// quipu/wire/binary_point.hpp

// What statsite hands to a sink as bytes: one statistic of one series a record, read and written.
//
// A record is, all little endian, `u64 time, u8 type, u8 statistic, u16 name size, f64 value,
// name`, and for a bin of a histogram `u32 count`. The name ends with a zero, which its size
// counts.

namespace quipu {

/// What the value of a point is, by its number on the wire. A percentile is not listed: see
/// percentile_statistic.
enum class statistic : std::uint8_t {
    none, ///< the value of a key/value or gauge
    sum,  ///< for a set the number of its members
    sum_of_squares,
    mean,
    count,
    standard_deviation,
    minimum,
    maximum,
    histogram_floor, ///< the values below the first bin
    histogram_bin,
    histogram_ceiling, ///< the values above the last bin
    rate,
    sample_rate,
};

/// The whole percentiles, 0 to 100, have statistics of their own.
[[nodiscard]] constexpr statistic percentile_statistic(int percent) noexcept {
    QUIPU_ASSERT(0 <= percent && percent <= 100);
    return static_cast<statistic>(0x80 | percent);
}

/// Whether points of a statistic have a count beside their value, which then is an edge.
[[nodiscard]] constexpr bool is_histogram(statistic what) noexcept {
    return statistic::histogram_floor <= what && what <= statistic::histogram_ceiling;
}

/// One number of a flush. Owns nothing.
struct binary_point {
    metric_kind kind = metric_kind::counter;
    statistic what = statistic::none;
    std::string_view name{};
    double value = 0;
    std::int64_t timestamp = 0; ///< Unix seconds
    std::uint32_t count = 0;    ///< Of a bin; of nothing else.

    friend constexpr bool operator==(const binary_point&, const binary_point&) = default;
};

/// What stands at the front of some bytes.
struct binary_point_record {
    binary_point point{};
    /// The bytes of the record; 0 as long as more of them have to come.
    std::size_t size = 0;

    [[nodiscard]] constexpr bool complete() const noexcept { return size > 0; }

    friend constexpr bool operator==(const binary_point_record&,
                                     const binary_point_record&) = default;
};

/// The largest name of a point, its zero not counted.
inline constexpr std::size_t binary_point_name_bytes_max = 65534;

namespace detail {

inline constexpr std::size_t binary_point_head_bytes = 20;

/// In the order of metric_kind: its numbers on this wire.
inline constexpr char binary_point_types[metric_kind_count] = {2, 3, 5, 4, 1};

[[nodiscard]] constexpr result<metric_kind> kind_of_point(char type) noexcept {
    for (std::size_t i = 0; i < metric_kind_count; ++i) {
        if (binary_point_types[i] == type)
            return static_cast<metric_kind>(i);
    }
    return errc::unknown_type;
}

[[nodiscard]] constexpr bool is_statistic(statistic what) noexcept {
    return what <= statistic::sample_rate ||
           (percentile_statistic(0) <= what && what <= percentile_statistic(100));
}

/// Refuses what a record cannot carry or what is no point.
[[nodiscard]] constexpr errc check_point(const binary_point& one) noexcept {
    if (one.name.empty())
        return errc::empty_name;
    if (one.name.size() > binary_point_name_bytes_max)
        return errc::name_too_long;
    if (one.name.find('\0') != one.name.npos)
        return errc::bad_name;
    if (one.timestamp < 0)
        return errc::bad_timestamp;
    if (one.value != one.value)
        return errc::bad_number;
    if (is_infinite(one.value))
        return errc::number_out_of_range;
    return is_statistic(one.what) ? errc::ok : errc::unknown_type;
}

} // namespace detail

/// Parses the record that `bytes` begin with.
///
/// Input    any bytes, of which the record need not be all nor all be there; not retained.
/// Returns  the point, whose name points into `bytes`; or a record that is not complete.
/// Errors   unknown_type (of series or statistic), bad_terminator, empty_name, bad_name (a zero
///          within), bad_timestamp (beyond 2^63), bad_number (NaN), number_out_of_range (an
///          infinity).
/// Cost     O(name); does not allocate, does not throw.
/// Threads  pure.
/// Source   statsite/statsite 0.8.1, src/streaming.c.
[[nodiscard]] constexpr result<binary_point_record>
parse_binary_point(std::string_view bytes) noexcept {
    constexpr auto head = detail::binary_point_head_bytes;
    if (bytes.size() < head)
        return binary_point_record{};
    const auto kind = detail::kind_of_point(bytes[8]);
    if (!kind)
        return kind.error();
    const auto what = static_cast<statistic>(bytes[9]);
    const std::size_t name_size = detail::read_little_endian<std::uint16_t>(bytes.data() + 10);
    const auto size = head + name_size + (is_histogram(what) ? sizeof(std::uint32_t) : 0);
    if (bytes.size() < size)
        return binary_point_record{};
    if (name_size == 0 || bytes[head + name_size - 1] != '\0')
        return errc::bad_terminator;
    binary_point_record record{.point = {}, .size = size};
    binary_point& one = record.point;
    one.kind = *kind;
    one.what = what;
    one.name = bytes.substr(head, name_size - 1);
    one.value = std::bit_cast<double>(detail::read_little_endian<std::uint64_t>(bytes.data() + 12));
    one.timestamp =
        static_cast<std::int64_t>(detail::read_little_endian<std::uint64_t>(bytes.data()));
    if (is_histogram(what))
        one.count = detail::read_little_endian<std::uint32_t>(bytes.data() + head + name_size);
    if (const auto error = detail::check_point(one); error != errc::ok)
        return error;
    return record;
}

/// Appends the record of one point to `out`.
///
/// Returns  ok, and then parse_binary_point gives the same point, but for the count of what is no
///          bin; else `out` is as it was.
/// Errors   empty_name, name_too_long (binary_point_name_bytes_max), bad_name (a zero within),
///          bad_timestamp (below 0), bad_number, number_out_of_range, unknown_type (what is no
///          statistic), no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format_binary(const binary_point& one,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_point(one); error != errc::ok)
        return error;
    char head[detail::binary_point_head_bytes] = {};
    detail::write_little_endian(head, static_cast<std::uint64_t>(one.timestamp));
    head[8] = detail::binary_point_types[static_cast<std::size_t>(one.kind)];
    head[9] = static_cast<char>(one.what);
    detail::write_little_endian(head + 10, static_cast<std::uint16_t>(one.name.size() + 1));
    detail::write_little_endian(head + 12, std::bit_cast<std::uint64_t>(one.value));
    char count[sizeof one.count] = {};
    detail::write_little_endian(count, one.count);
    const auto before = out.size();
    if (out.append(std::string_view(head, sizeof head)) && out.append(one.name) &&
        out.append(std::string_view("\0", 1)) &&
        (!is_histogram(one.what) || out.append(std::string_view(count, sizeof count))))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

// quipu/wire/short_number.hpp

// Numbers of a few characters, as most values are, read without a branch.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// A number of at most eight characters, digits and perhaps one point.
struct short_number {
    double value = 0;
    bool integral = false;
    bool valid = false;
};

/// What to divide by, found by the place of the point's top bit divided by four: it is the seventh
/// of its byte. Without a point the place is 0.
inline constexpr double point_units[] = {
    1, 1e7, 1, 1e6, 1, 1e5, 1, 1e4, 1, 1e3, 1, 1e2, 1, 1e1, 1, 1};

/// Reads a number of `size` characters from a text of which eight bytes are readable;
/// without a branch, since no processor can foretell how long a number is and where its point.
[[nodiscard]] constexpr short_number read_short_number(const char* text,
                                                       std::size_t size) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    constexpr std::uint64_t tops = 0x8080'8080'8080'8080;
    constexpr std::uint64_t pairs = 0x0000'00ff'0000'00ff;
    // Digits as their values, the last character in the highest byte, zeros before the first.
    const auto shift = static_cast<unsigned>(0 - 8 * size) & 63U; // of more than eight: nonsense
    std::uint64_t digits = (read_little_endian<std::uint64_t>(text) ^ '0' * ones) << shift;
    // The top bit of the first byte that is a point: below it no byte is zero, so nothing borrows.
    const std::uint64_t no_point = digits ^ std::uint64_t{'.' ^ '0'} * ones;
    const std::uint64_t point = (no_point - ones) & ~no_point & tops;
    const bool integral = point == 0;
    // Takes the point out: the bytes before it move up by one.
    const std::uint64_t upto = (point ^ (point - 1)) & (std::uint64_t{integral} - 1);
    digits = (digits & ~upto) | (digits & upto >> 8U) << 8U;
    const bool valid = ((((digits + 0x76 * ones) | digits) & tops) == 0) & (size - 1 < 8) &
                       (integral | (size > 1));
    // Twos, fours, eight: each step joins neighbours.
    digits = digits * 10 + (digits >> 8U);
    digits = ((digits & pairs) * 0x000f'4240'0000'0064 +
              (digits >> 16U & pairs) * 0x0000'2710'0000'0001) >>
             32U;
    const auto unit = static_cast<unsigned>(std::bit_width(point | 1) - 1) / 4;
    // Both are exact, so the quotient is correctly rounded.
    return {static_cast<double>(static_cast<std::int64_t>(digits & 0xffff'ffff)) /
                point_units[unit],
            integral,
            valid};
}

#if defined(__SSE2__)
/// What to divide by, found by the place of the point; 8 if there is none.
inline constexpr double place_units[] = {1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1};

/// The same with vectors: fewer steps, one after another, from the text to the value, so that the
/// next lines need not wait.
[[nodiscard, gnu::always_inline]] inline short_number
read_short_number_sse2(const char* text, std::size_t size) noexcept {
    const auto bits = [](__m128i lanes) {
        return static_cast<std::uint32_t>(_mm_movemask_epi8(lanes));
    };
    // Digits as their values, the last character in the highest of eight bytes, zeros before the
    // first.
    const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(64 - 8 * size)); // of more: no digits
    const __m128i digits = _mm_sll_epi64(
        _mm_sub_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(text)), _mm_set1_epi8('0')),
        shift);
    const __m128i points = _mm_cmpeq_epi8(digits, _mm_set1_epi8('.' - '0'));
    const std::uint32_t point = bits(points);
    const std::uint32_t numeric =
        bits(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)) | point;
    const bool integral = point == 0;
    const bool valid = ((numeric & 0xff) == 0xff) & ((point & (point - 1)) == 0) & (size - 1 < 8) &
                       (integral | (size > 1));
    // What is behind the point moves up by one byte, into its place; so all counts ten times.
    const __m128i from_point = _mm_sub_epi64(_mm_setzero_si128(), points); // its own byte is 1
    const __m128i behind = _mm_andnot_si128(points, from_point);
    const __m128i moved = _mm_srli_epi64(_mm_and_si128(digits, behind), 8);
    const __m128i joined =
        _mm_or_si128(_mm_andnot_si128(_mm_or_si128(behind, points), digits), moved);
    // Twos, fours, eight.
    const __m128i tens =
        _mm_mullo_epi16(_mm_and_si128(joined, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
    const __m128i twos = _mm_add_epi16(tens, _mm_srli_epi16(joined, 8));
    const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eight =
        _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10'000));
    // Both are exact, so the quotient is correctly rounded.
    const double value = _mm_cvtsd_f64(_mm_cvtepi32_pd(eight));
    return {value / place_units[std::countr_zero(point | 0x100)], integral, valid};
}
#endif

} // namespace quipu::detail

// quipu/wire/block.hpp

// Sixty-four characters at once: where in them the marks of a line stand.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// How many characters a block has.
inline constexpr unsigned block_bytes = 64;

/// The marks in a block: bit i is about character i.
struct block_marks {
    std::uint64_t separators = 0; ///< ':' and '|'
    /// What is not printable ASCII: the first is the newline, or a reason to look closer.
    std::uint64_t breaks = 0;

    friend constexpr bool operator==(const block_marks&, const block_marks&) = default;
};

// How a block is looked at. Each of these has `static block_marks marks(const char* text)
// noexcept`, which reads 64 characters, and all give the same marks for the same characters.

/// One character at a time.
struct plain_scan {
    [[nodiscard]] static constexpr block_marks marks(const char* text) noexcept {
        block_marks found;
        for (unsigned i = 0; i < block_bytes; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << i;
            if (text[i] == ':' || text[i] == '|')
                found.separators |= bit;
            if (text[i] < ' ' || text[i] > '~')
                found.breaks |= bit;
        }
        return found;
    }

    [[nodiscard]] static constexpr std::uint64_t bars(const char* text) noexcept {
        std::uint64_t found = 0;
        for (unsigned i = 0; i < block_bytes; ++i)
            found |= std::uint64_t{text[i] == '|'} << i;
        return found;
    }

    [[nodiscard]] static constexpr short_number number(const char* text,
                                                       std::size_t size) noexcept {
        return read_short_number(text, size);
    }
};

/// Eight characters at a time, in a 64-bit register.
struct swar_scan {
    [[nodiscard]] static constexpr block_marks marks(const char* text) noexcept {
        block_marks found;
        for (unsigned i = 0; i < block_bytes; i += 8) {
            const auto eight = read_little_endian<std::uint64_t>(text + i);
            found.separators |= gather(equal(eight, ':') | equal(eight, '|')) << i;
            found.breaks |= gather(below_space(eight) | equal(eight, '\x7f') | eight) << i;
        }
        return found;
    }

    [[nodiscard]] static constexpr std::uint64_t bars(const char* text) noexcept {
        std::uint64_t found = 0;
        for (unsigned i = 0; i < block_bytes; i += 8)
            found |= gather(equal(read_little_endian<std::uint64_t>(text + i), '|')) << i;
        return found;
    }

    [[nodiscard]] static constexpr short_number number(const char* text,
                                                       std::size_t size) noexcept {
        return read_short_number(text, size);
    }

private:
    static constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    static constexpr std::uint64_t tops = 0x8080'8080'8080'8080;

    /// The top bit of each byte that is `c`. Exact: nothing is carried from byte to byte.
    [[nodiscard]] static constexpr std::uint64_t equal(std::uint64_t eight, char c) noexcept {
        const std::uint64_t zero = eight ^ static_cast<unsigned char>(c) * ones;
        return ~(((zero & ~tops) + ~tops) | zero) & tops;
    }

    [[nodiscard]] static constexpr std::uint64_t below_space(std::uint64_t eight) noexcept {
        return ~((eight & ~tops) + (0x80 - ' ') * ones) & ~eight & tops;
    }

    /// The eight top bits as the lowest byte.
    [[nodiscard]] static constexpr std::uint64_t gather(std::uint64_t top_bits) noexcept {
        return ((top_bits & tops) >> 7U) * 0x0102'0408'1020'4080 >> 56U;
    }
};

#if defined(__SSE2__)
/// Sixteen characters at a time. SSE2 is part of every x86-64.
struct sse2_scan {
    [[nodiscard]] static block_marks marks(const char* text) noexcept {
        const quarter first = look(text);
        const quarter second = look(text + 16);
        const quarter third = look(text + 32);
        const quarter fourth = look(text + 48);
        return {join(first.separators, second.separators, third.separators, fourth.separators),
                ~join(first.printable, second.printable, third.printable, fourth.printable)};
    }

    [[nodiscard]] static std::uint64_t bars(const char* text) noexcept {
        const auto look = [](const char* sixteen) {
            return bits(equal(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen)), '|'));
        };
        return join(look(text), look(text + 16), look(text + 32), look(text + 48));
    }

    [[nodiscard]] static short_number number(const char* text, std::size_t size) noexcept {
        return read_short_number_sse2(text, size);
    }

private:
    struct quarter {
        std::uint32_t separators;
        std::uint32_t printable;
    };

    [[nodiscard]] static quarter look(const char* text) noexcept {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
        // One more than each: what is above '~' becomes negative, or 0, and so below '!' as the
        // control characters are.
        const __m128i more = _mm_add_epi8(sixteen, _mm_set1_epi8(1));
        return {bits(_mm_or_si128(equal(sixteen, ':'), equal(sixteen, '|'))),
                bits(_mm_cmpgt_epi8(more, _mm_set1_epi8(' ')))};
    }

    [[nodiscard]] static __m128i equal(__m128i sixteen, char c) noexcept {
        return _mm_cmpeq_epi8(sixteen, _mm_set1_epi8(c));
    }

    [[nodiscard]] static std::uint32_t bits(__m128i lanes) noexcept {
        return static_cast<std::uint32_t>(_mm_movemask_epi8(lanes));
    }

    [[nodiscard]] static std::uint64_t
    join(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
        return (a | b << 16U) | std::uint64_t{c | d << 16U} << 32U;
    }
};
using default_scan = sse2_scan;
#else
using default_scan = swar_scan;
#endif

} // namespace quipu::detail

// quipu/wire/canonical.hpp

// The canonical text of a series: `name;tag=value;tag=value`, one text for all spellings of the
// same series. Stores use it as the key. Tags in the name and after the type are one list in it.

namespace quipu {

/// The two parts of a canonical text.
struct canonical_parts {
    std::string_view name;
    /// With the ';' that announces them; empty if there are none.
    std::string_view tags;
};

/// Cuts a canonical text at its first ';'.
[[nodiscard]] constexpr canonical_parts split_canonical(std::string_view text) noexcept {
    const auto semicolon = text.find(';');
    if (semicolon == text.npos)
        return {text, {}};
    return {text.substr(0, semicolon), text.substr(semicolon)};
}

namespace detail {

/// Etsy's rule for a key: runs of blanks become one '_', '/' becomes '-', and what is not a letter,
/// a digit or one of `_-.;=` goes.
[[nodiscard]] constexpr bool is_etsy_key(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == ';' || c == '=';
}

[[nodiscard]] constexpr bool is_etsy_key(std::string_view text) noexcept {
    for (const char c : text) {
        if (!is_etsy_key(c))
            return false;
    }
    return true;
}

/// Writes a key by Etsy's rule, character by character, to `out`, which has room for all of them; or
/// as it is, if it is not to be cleaned.
template <bool Cleans = true>
struct etsy_key_writer {
    char* out;
    bool after_blank = false;

    constexpr void put(char c) noexcept {
        if constexpr (!Cleans) {
            *out++ = c;
            return;
        }
        const bool blank = is_blank(c);
        if (blank && !after_blank)
            *out++ = '_';
        after_blank = blank;
        if (c == '/')
            *out++ = '-';
        if (is_etsy_key(c))
            *out++ = c;
    }
};

/// One tag of a list: `key:value`, or a bare key. Only the first ':' parts them.
struct tag_parts {
    std::string_view key;
    std::string_view value;
    bool bare = false;

    friend constexpr bool operator==(const tag_parts&, const tag_parts&) = default;
    friend constexpr bool operator<(const tag_parts& a, const tag_parts& b) noexcept {
        if (const int order = a.key.compare(b.key); order != 0)
            return order < 0;
        // `key` and `key:` are two tags: the texts `key` and `key=`.
        return a.bare != b.bare ? a.bare : a.value < b.value;
    }
};

[[nodiscard]] constexpr tag_parts split_tag(std::string_view tag) noexcept {
    const auto colon = tag.find(':');
    if (colon == tag.npos)
        return {tag, {}, true};
    return {tag.substr(0, colon), tag.substr(colon + 1), false};
}

/// The same of a tag in a name, `key=value`; empty if a part is missing.
[[nodiscard]] constexpr tag_parts split_name_tag(std::string_view tag) noexcept {
    const auto equals = tag.find('=');
    if (equals == tag.npos || equals == 0 || equals + 1 == tag.size())
        return {};
    return {tag.substr(0, equals), tag.substr(equals + 1), false};
}

/// Copies a name or a part of a tag; what has a meaning in the canonical text becomes '_'.
[[nodiscard]] constexpr char* write_part(char* out, std::string_view part, bool is_key) noexcept {
    for (const char c : part)
        *out++ = c == ';' || (is_key && c == '=') ? '_' : c;
    return out;
}

} // namespace detail

/// Where `canonical_name` builds a text that differs from the line's.
/// One for each thread; distinct objects safe, shared objects unsafe.
template <class Dialect = dialect::quipu>
class canonical_buffer {
    static_assert(require_dialect<Dialect>());

public:
    // NOLINTNEXTLINE(modernize-use-equals-default) because that would let {} clear all the bytes
    constexpr canonical_buffer() noexcept {} // they are written before they are read

    /// Gives the canonical text of a series.
    ///
    /// Returns  a view into the series' own name if that is canonical as it is, else into this
    ///          buffer, valid until the next call.
    /// Errors   too_many_tags, line_too_long; empty_name, if there is nothing but tags; mixed_tags,
    ///          if the name has tags of a form that excludes others.
    /// Cost     O(size), and O(tags * tags_max) to sort them; does not allocate.
    [[nodiscard]] constexpr result<std::string_view> name(const series& of) noexcept {
        if (of.tags.empty() && is_canonical(of.name))
            return of.name;
        if (of.name.size() + of.tags.size() > Dialect::line_bytes_max)
            return errc::line_too_long;
        if constexpr (of_etsy) {
            return joined_by_etsy(of);
        } else {
            return joined(of);
        }
    }

    /// How many tags in names were left out since this was made, because they are not `key=value`
    /// with both parts.
    [[nodiscard]] constexpr std::uint64_t tags_dropped() const noexcept { return tags_dropped_; }

private:
    static constexpr name_tags form = Dialect::tags_in_name;
    /// Whose rules for tags are Etsy's.
    static constexpr bool of_etsy = Dialect::tags == tag_field::rest_of_line;

    [[nodiscard]] static constexpr bool is_canonical(std::string_view name) noexcept {
        if constexpr (Dialect::sanitizes)
            return detail::is_etsy_key(name);
        // Where there are no tags at all, names are kept byte for byte.
        constexpr bool plain =
            form == name_tags::absent && (Dialect::tags == tag_field::absent || of_etsy);
        if (plain)
            return true;
        if (detail::contains(name, ';')) // which announces tags, or has no meaning in a name
            return false;
        return form == name_tags::graphite || !split_name<form>(name).tagged;
    }

    [[nodiscard]] constexpr std::string_view view(const char* end) const noexcept {
        return {bytes_, static_cast<std::size_t>(end - bytes_)};
    }

    /// Etsy's form: the tags in the order given; in each the first ';' as '_' and the first ':' as
    /// '='.
    [[nodiscard]] constexpr std::string_view joined_by_etsy(const series& of) noexcept {
        detail::etsy_key_writer<Dialect::sanitizes> key{bytes_};
        for (const char c : of.name)
            key.put(c);
        if (of.tags.empty())
            return view(key.out);
        bool colon = false;
        bool semicolon = false;
        key.put(';');
        for (const char c : of.tags) {
            if (c == ',') {
                key.put(';');
                colon = semicolon = false;
            } else if (c == ':' && !std::exchange(colon, true)) {
                key.put('=');
            } else if (c == ';' && !std::exchange(semicolon, true)) {
                key.put('_');
            } else {
                key.put(c);
            }
        }
        return view(key.out);
    }

    /// Puts in the tags of a name. Returns false if there is no room.
    [[nodiscard]] constexpr bool insert_name_tags(std::string_view list) noexcept {
        constexpr char separator = tag_separator(form);
        while (!list.empty()) {
            const auto text = list.substr(0, list.find(separator));
            const auto tag = detail::split_name_tag(text);
            if (tag.key.empty())
                ++tags_dropped_;
            else if (!insert(tag))
                return false;
            list.remove_prefix(text.size() == list.size() ? text.size() : text.size() + 1);
        }
        return true;
    }

    /// Empty tags go, and so does the '#' that some clients put before each.
    [[nodiscard]] constexpr result<std::string_view> joined(const series& of) noexcept {
        count_ = 0;
        const auto name = split_name<form>(of.name);
        if (excludes_tag_field(form) && name.tagged && !of.tags.empty())
            return errc::mixed_tags;
        if (name.tagged && name.before.empty() && name.after.empty())
            return errc::empty_name;
        if (!insert_name_tags(name.tags))
            return errc::too_many_tags;
        for (auto rest = of.tags; !rest.empty();) {
            const auto comma = rest.find(',');
            auto tag = rest.substr(0, comma);
            if (!tag.empty() && tag.front() == '#')
                tag.remove_prefix(1);
            if (!tag.empty() && !insert(detail::split_tag(tag)))
                return errc::too_many_tags;
            if (comma == rest.npos)
                break;
            rest.remove_prefix(comma + 1);
        }
        char* out = bytes_;
        out = detail::write_part(out, name.before, false);
        out = detail::write_part(out, name.after, false);
        for (std::size_t i = 0; i < count_; ++i) {
            *out++ = ';';
            out = detail::write_part(out, tags_[i].key, true);
            if (tags_[i].bare)
                continue;
            *out++ = '=';
            out = detail::write_part(out, tags_[i].value, false);
        }
        return view(out);
    }

    /// Puts `tag` at its place, unless it stands there. Returns false if there is no room.
    [[nodiscard]] constexpr bool insert(const detail::tag_parts& tag) noexcept {
        std::size_t place = count_;
        if constexpr (Dialect::sorts_tags) {
            while (place > 0 && tag < tags_[place - 1])
                --place;
            if (place > 0 && tags_[place - 1] == tag)
                return true;
        }
        if (count_ == Dialect::tags_max)
            return false;
        for (std::size_t i = count_; i > place; --i)
            tags_[i] = tags_[i - 1];
        tags_[place] = tag;
        ++count_;
        return true;
    }

    // One byte more for the ';' before the first tag: each later one takes the place of a comma.
    char bytes_[Dialect::line_bytes_max + 1];
    detail::tag_parts tags_[Dialect::tags_max] = {};
    std::size_t count_ = 0; // of the tags
    std::uint64_t tags_dropped_ = 0;
};

} // namespace quipu

// quipu/wire/mark_index.hpp

// Where the marks of a piece of text stand, found before its lines are read.

namespace quipu::detail {

/// The place of the lowest bit of a number that is not 0.
[[nodiscard]] constexpr std::uint32_t lowest_bit(std::uint64_t bits) noexcept {
    QUIPU_ASSERT(bits != 0);
#if defined(__GNUC__)
    if (bits == 0)
        __builtin_unreachable(); // spares the answer for 0, which costs two instructions
#endif
    return static_cast<std::uint32_t>(std::countr_zero(bits));
}

/// Where the marks of a piece of text stand, as two arrays of bits. A piece is looked at as a whole
/// before its lines are read: so each character is looked at once, and where a line ends is known by
/// a load, a shift and a count, which is what the next line waits for.
template <class Scan>
class mark_index {
public:
    /// How many characters a piece has at most: the index stays in the first cache.
    static constexpr std::uint32_t piece_bytes = 2048;

    /// Looks at the piece of `size` characters at `text`, up to 63 beyond are read. A break is put
    /// behind the last.
    void scan(const char* text, std::uint32_t size) noexcept {
        std::uint32_t at = 0;
        for (; at < size; at += block_bytes) {
            const block_marks found = Scan::marks(text + at);
            write_little_endian(breaks_ + at / 8, found.breaks);
            write_little_endian(marks_ + at / 8, found.separators | found.breaks);
        }
        write_little_endian(breaks_ + at / 8, std::uint64_t{0});
        write_little_endian(marks_ + at / 8, std::uint64_t{0});
        const auto end = static_cast<char>(1U << size % 8);
        breaks_[size / 8] = static_cast<char>(breaks_[size / 8] | end);
        marks_[size / 8] = static_cast<char>(marks_[size / 8] | end);
    }

    /// The breaks from a place on: bit 0 is about the character there, and 57 bits are sure.
    [[nodiscard]] std::uint64_t breaks(std::uint32_t from) const noexcept {
        return bits(breaks_, from);
    }
    /// The separators and breaks likewise.
    [[nodiscard]] std::uint64_t marks(std::uint32_t from) const noexcept {
        return bits(marks_, from);
    }

    /// The place of the first break from a place on, and of the first mark. There must be one.
    [[nodiscard]] std::uint32_t next_break(std::uint32_t from) const noexcept {
        return next(breaks_, from);
    }
    [[nodiscard]] std::uint32_t next_mark(std::uint32_t from) const noexcept {
        return next(marks_, from);
    }

private:
    using bit_array = char[piece_bytes / 8 + 16]; // bits beyond are read

    [[nodiscard]] static std::uint64_t bits(const bit_array& array, std::uint32_t from) noexcept {
        return read_little_endian<std::uint64_t>(array + from / 8) >> from % 8;
    }

    [[nodiscard]] static std::uint32_t next(const bit_array& array, std::uint32_t from) noexcept {
        std::uint64_t found = bits(array, from);
        for (; found == 0; found = bits(array, from))
            from += block_bytes - 7;
        return from + lowest_bit(found);
    }

    bit_array breaks_;
    bit_array marks_;
};

} // namespace quipu::detail

// quipu/wire/type_table.hpp

// What the types of a dialect's lines stand for, in a table.

namespace quipu::detail {

/// The kinds that the types of one character stand for in a dialect, and `ms` and `kv`; looked up
/// without a branch on the type's length, which no processor can foretell.
template <class Dialect>
class type_table {
public:
    static constexpr std::uint8_t unknown = 0xff;

    constexpr type_table() noexcept {
        for (unsigned c = 0; c < 256; ++c) {
            const char type = static_cast<char>(c);
            rows_[c].kinds[0] = number_of(Dialect::kind(std::string_view(&type, 1)));
        }
        enter("ms");
        enter("kv");
        if constexpr (Dialect::tags == tag_field::rest_of_line)
            rows_[static_cast<unsigned char>('#')].kinds[0] = unknown; // tags begin before a type
    }

    /// The kind as a number, or `unknown`. `size` is 1 or 2, and two characters are readable.
    [[nodiscard]] constexpr std::uint8_t kind(const char* type, std::size_t size) const noexcept {
        const row& found = rows_[static_cast<unsigned char>(type[0])];
        const bool other = (size == 2) & (type[1] != found.second);
        return static_cast<std::uint8_t>(found.kinds[size - 1] | (other ? unknown : 0));
    }

private:
    /// What begins with one character.
    struct row {
        std::uint8_t kinds[2] = {unknown, unknown}; // by the type's size less one
        char second = 0;
        char unused = 0; // four bytes are a quick index
    };

    [[nodiscard]] static constexpr std::uint8_t number_of(result<metric_kind> kind) noexcept {
        return kind ? static_cast<std::uint8_t>(*kind) : unknown;
    }

    constexpr void enter(std::string_view type) noexcept {
        row& entered = rows_[static_cast<unsigned char>(type[0])];
        entered.kinds[1] = number_of(Dialect::kind(type));
        entered.second = type[1];
    }

    row rows_[256] = {};
};

} // namespace quipu::detail

// quipu/wire/plain_line.hpp

// The fast way through lines of the commonest shapes: `name:12.5|ms`, `name:1|c|@0.1`,
// `name:1|c|#env:prod`. What it does not know, it leaves to the full parser.

namespace quipu::detail {

/// A function as a type: GCC's sanitizers do not let addresses be compared at compile time.
template <auto Function>
struct function_type {};

template <auto Function, auto... Others>
concept is_one_of = (std::same_as<function_type<Function>, function_type<Others>> || ...);

/// Whether a dialect's functions are those whose meaning for plain lines is known here. A dialect
/// that overrides one goes the long way.
template <class Dialect>
concept has_plain_values =
    Dialect::line_bytes_max >= block_bytes&& is_one_of<&Dialect::read_value,
                                                       &dialect::quipu::read_value,
                                                       &dialect::etsy::read_value,
                                                       &dialect::kiip::read_value,
                                                       &dialect::statsite::read_value,
                                                       &dialect::dogstatsd::read_value>;

template <class Dialect>
concept has_plain_fields =
    Dialect::tags != tag_field::absent && !excludes_tag_field(Dialect::tags_in_name) &&
    Dialect::tag_bytes_max >= block_bytes &&
    is_one_of<&Dialect::read_field,
              &dialect::quipu::read_field,
              &dialect::etsy::read_field,
              &dialect::dogstatsd::read_field>;

/// Names that only a control character, a bar, or nothing at all would spoil.
template <class Dialect>
concept has_plain_names =
    Dialect::name_bytes_max >=
    block_bytes&&
        is_one_of<&Dialect::check_name, &dialect::quipu::check_name, &dialect::etsy::check_name>;

/// JavaScript has but one kind of number.
template <class Dialect>
concept tells_integers = !is_one_of<&Dialect::read_value, &dialect::etsy::read_value>;

template <class Dialect>
concept tells_timers = is_one_of<&Dialect::read_value, &dialect::dogstatsd::read_value>;

/// Reads lines of the commonest shapes, out of a piece of text that its index was told to scan.
template <class Dialect, class Scan>
class plain_line_reader {
public:
    [[nodiscard]] mark_index<Scan>& index() noexcept { return index_; }

    /// Reads the line from `begin` to `end` of the piece into the sample, or returns false: then it
    /// is for the full parser.
    [[gnu::always_inline]] bool
    read(const char* piece, std::uint32_t begin, std::uint32_t end) noexcept {
        const std::uint64_t first = index_.marks(begin);
        const std::uint64_t second = first & (first - 1);
        const std::uint64_t third = second & (second - 1);
        if (third == 0)
            return read_long(piece, begin, end);
        return read(piece + begin,
                    {lowest_bit(first), lowest_bit(second), lowest_bit(third), end - begin},
                    begin);
    }

    [[nodiscard]] const sample& value() const noexcept { return sample_; }

    /// Reads a line of several values, `name:1:2:3|ms`, and hands out a sample for each; or returns
    /// false before any is handed out.
    template <class OnSample>
    [[gnu::noinline]] bool
    read_packed(const char* piece, std::uint32_t begin, std::uint32_t end, OnSample& on_sample) {
        if constexpr (Dialect::repeats != repetition::packed &&
                      Dialect::repeats != repetition::values)
            return false;
        const std::uint32_t colon = index_.next_mark(begin);
        if (end - begin > line_bytes_max || colon == begin || colon >= end || piece[colon] != ':')
            return false;
        short_number numbers[packed_values_max];
        std::size_t count = 0;
        std::uint32_t at = colon;
        do {
            const std::uint32_t next = index_.next_mark(at + 1);
            const std::uint32_t size = next - at - 1;
            if (next >= end || size - 1 >= value_size_max || count == packed_values_max)
                return false;
            short_number& number = numbers[count++];
            number = Scan::number(piece + at + 1, size);
            if (!number.valid)
                number = read_longer_number(piece + at + 1, size);
            if (!number.valid)
                return false;
            at = next;
        } while (piece[at] == ':');
        const std::uint32_t type_end = index_.next_mark(at + 1);
        if (!read_series({piece + begin, colon - begin}, piece + at + 1, type_end - at - 1) ||
            sample_.series.kind == metric_kind::unique ||
            (type_end != end && !read_fields(piece, type_end, end)))
            return false;
        sample_.member = {};
        for (std::size_t i = 0; i < count; ++i) {
            sample_.value = numbers[i].value;
            sample_.integral = tells_integers<Dialect> & numbers[i].integral;
            on_sample(std::as_const(sample_));
        }
        return true;
    }

private:
    static constexpr type_table<Dialect> types{};

    /// A line of more values is for the full parser.
    static constexpr std::size_t packed_values_max = std::min<std::size_t>(64, Dialect::values_max);

    /// What reads numbers can look at, and members as long.
    static constexpr std::uint32_t value_size_max = 63;

    /// No part of a line of so many bytes is too long.
    static constexpr std::size_t line_bytes_max =
        std::min({Dialect::line_bytes_max, Dialect::name_bytes_max, Dialect::tag_bytes_max});

    /// Where the first three marks of a line stand, and its end.
    struct places {
        std::uint32_t colon;
        std::uint32_t bar;
        std::uint32_t type_end;
        std::uint32_t end;
    };

    /// Reads a line with its first three marks far from its begin, or with fewer marks.
    [[gnu::noinline]] bool
    read_long(const char* piece, std::uint32_t begin, std::uint32_t end) noexcept {
        if (end - begin > line_bytes_max)
            return false;
        const std::uint32_t colon = index_.next_mark(begin);
        const std::uint32_t bar = colon < end ? index_.next_mark(colon + 1) : end;
        const std::uint32_t type_end = bar < end ? index_.next_mark(bar + 1) : end;
        return read(
            piece + begin, {colon - begin, bar - begin, type_end - begin, end - begin}, begin);
    }

    [[gnu::always_inline]] bool
    read(const char* line, const places& at, std::uint32_t begin) noexcept {
        // The marks are in order: if the first two are none of the line's ends, the line has them.
        const std::uint32_t value_size = at.bar - at.colon - 1;
        if (at.colon == 0 || value_size - 1 >= value_size_max || line[at.colon] != ':' ||
            line[at.bar] != '|')
            return false;
        if (!read_series({line, at.colon}, line + at.bar + 1, at.type_end - at.bar - 1))
            return false;
        if (at.type_end != at.end &&
            (at.end > line_bytes_max ||
             !read_fields(line - begin, begin + at.type_end, begin + at.end)))
            return false;
        return read_value(line + at.colon + 1, value_size);
    }

    /// Begins a sample with the name and the kind of a line. Two characters of the type are
    /// readable.
    [[gnu::always_inline]] bool
    read_series(std::string_view name, const char* type, std::uint32_t type_size) noexcept {
        if (type_size - 1 >= 2)
            return false;
        const auto kind = types.kind(type, type_size);
        if (kind == type_table<Dialect>::unknown || !name_is_good(name))
            return false;
        sample_.series.name = name;
        sample_.series.kind = static_cast<metric_kind>(kind);
        if constexpr (tells_timers<Dialect>)
            sample_.timer = timer_type_of(sample_.series.kind, *type);
        sample_.series.tags = {};
        sample_.rate = 1;
        return true;
    }

    [[nodiscard]] static constexpr bool name_is_good(std::string_view name) noexcept {
        if constexpr (has_plain_names<Dialect>)
            return true;
        else
            return Dialect::check_name(name) == errc::ok;
    }

    [[nodiscard]] static constexpr timer_type timer_type_of(metric_kind kind, char type) noexcept {
        if (kind != metric_kind::timer || type == 'm')
            return timer_type::ms;
        return type == 'h' ? timer_type::h : timer_type::d;
    }

    /// Reads the value as a number and as a member, and takes what the kind asks for.
    [[nodiscard]] constexpr bool read_value(const char* text, std::size_t size) noexcept {
        const bool member = sample_.series.kind == metric_kind::unique;
        const auto number = Scan::number(text, size);
        sample_.member = {member ? text : nullptr, member ? size : 0};
        // A choice of doubles would become a branch.
        const std::uint64_t kept = std::bit_cast<std::uint64_t>(number.value);
        sample_.value = std::bit_cast<double>(kept & (std::uint64_t{member} - 1));
        sample_.integral = tells_integers<Dialect> & number.integral & !member;
        if (member | number.valid)
            return true;
        const auto longer = read_longer_number(text, size);
        sample_.value = longer.value;
        sample_.integral = tells_integers<Dialect> & longer.integral;
        return longer.valid;
    }

    /// Reads a number of more digits than are read at once, but so few that its digits and what they
    /// are divided by are exact, and their quotient is correctly rounded.
    [[nodiscard, gnu::noinline]] static short_number read_longer_number(const char* text,
                                                                        std::size_t size) noexcept {
        constexpr std::size_t digits_max = 15;
        std::uint64_t digits = 0;
        double unit = 1;
        bool integral = true;
        if (size > digits_max + 1)
            return {};
        for (std::size_t i = 0; i < size; ++i) {
            if (is_digit(text[i])) {
                digits = digits * 10 + static_cast<unsigned char>(text[i] - '0');
                unit *= integral ? 1 : 10;
            } else if (text[i] == '.' && integral) {
                integral = false;
            } else {
                return {};
            }
        }
        if (size - !integral > digits_max || size == 1)
            return {};
        return {static_cast<double>(static_cast<std::int64_t>(digits)) / unit, integral, true};
    }

    /// Reads `|@rate`, `|#tags` or both in this order, from the end of the type on.
    [[gnu::noinline]] bool
    read_fields(const char* piece, std::uint32_t at, std::uint32_t end) noexcept {
        if constexpr (!has_plain_fields<Dialect>)
            return false;
        if (piece[at] == '|' && piece[at + 1] == '@') {
            const std::uint32_t rate_end = index_.next_mark(at + 1);
            const std::uint32_t size = rate_end - at - 2; // huge if the line ends before
            if (size - 1 >= value_size_max)
                return false;
            const auto rate = Scan::number(piece + at + 2, size);
            if (!rate.valid || !(rate.value > 0 && rate.value <= 1) ||
                sample_.series.kind == metric_kind::keyvalue)
                return false;
            sample_.rate = rate.value;
            if (rate_end == end)
                return true;
            at = rate_end;
        }
        if (at + 1 >= end || piece[at] != '|' || piece[at + 1] != '#')
            return false;
        // Tags have colons in them, but no bar.
        const std::string_view tags(piece + at + 2, end - at - 2);
        for (std::size_t done = 0; done < tags.size(); done += block_bytes) {
            const std::size_t left = tags.size() - done;
            const std::uint64_t bars = Scan::bars(tags.data() + done);
            if ((left < block_bytes ? bars & ((std::uint64_t{1} << left) - 1) : bars) != 0)
                return false;
        }
        sample_.series.tags = tags;
        return true;
    }

    mark_index<Scan> index_;
    sample sample_{};
};

/// What becomes of lines that may be events or service checks: their name, and that of some
/// metrics, begins with '_'.
enum class notices : std::uint8_t {
    ignore, ///< nothing: they are lines as others.
    leave,  ///< they are not plain.
};

/// Keeps what becomes of other lines out of the way of the plain ones: worth 10 %.
template <class OnLine>
[[gnu::noinline]] void hand_over(std::string_view line, OnLine& on_line) {
    on_line(line);
}

/// Walks along the lines of a text behind whose end `read_padding_bytes` are readable: calls
/// `on_sample(const sample&)` for each plain line and `on_line(std::string_view)` for each other.
/// Returns  the number of lines that are not empty.
template <class Dialect,
          class Scan = default_scan,
          notices Notices = notices::ignore,
          class OnSample,
          class OnLine>
std::size_t read_plain_lines(std::string_view text, OnSample&& on_sample, OnLine&& on_line) {
    plain_line_reader<Dialect, Scan> reader;
    mark_index<Scan>& index = reader.index();
    std::size_t lines = 0;
    while (!text.empty()) {
        const char* const piece = text.data();
        const bool last = text.size() <= index.piece_bytes;
        const auto size = last ? static_cast<std::uint32_t>(text.size()) : index.piece_bytes;
        const std::size_t text_end = last ? size : text.npos;
        index.scan(piece, size);
        std::uint32_t begin = 0;
        std::size_t beyond = 0; // how far a line went on behind the piece
        while (begin < size) {
            const std::uint64_t breaks = index.breaks(begin);
            const std::uint32_t end =
                breaks != 0 ? begin + lowest_bit(breaks) : index.next_break(begin);
            const bool notice = Notices == notices::leave && piece[begin] == '_';
            if ((piece[end] == '\n' || end == text_end) && !notice &&
                reader.read(piece, begin, end)) {
                ++lines;
                on_sample(reader.value());
                begin = end + 1;
                continue;
            }
            if ((piece[end] == '\n' || end == text_end) && !notice &&
                reader.read_packed(piece, begin, end, on_sample)) {
                ++lines;
                begin = end + 1;
                continue;
            }
            if (end == size && !last && begin != 0)
                break; // the line goes on behind this piece: the next one begins with it
            const auto rest = text.substr(begin);
            const auto line = rest.substr(0, rest.find('\n', end - begin));
            lines += !line.empty();
            if (!line.empty())
                hand_over(line, on_line);
            const std::size_t behind = begin + line.size() + 1;
            begin = static_cast<std::uint32_t>(std::min<std::size_t>(behind, size));
            beyond = behind - begin;
        }
        text.remove_prefix(std::min(begin + beyond, text.size()));
    }
    return lines;
}

} // namespace quipu::detail

// quipu/wire/datagram.hpp

// Several lines at once: the text of a datagram into lines and samples, and back.

namespace quipu {

/// Hands out each line of `text` that is not empty, without its newline, and returns their number.
/// Cost     O(text.size()); does not allocate.
template <class OnLine>
constexpr std::size_t for_each_line(std::string_view text, OnLine&& on_line) {
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        const auto line = text.substr(0, newline);
        if (!line.empty()) {
            on_line(line);
            ++lines;
        }
        if (newline == text.npos)
            break;
        text.remove_prefix(newline + 1);
    }
    return lines;
}

/// A text behind whose end `read_padding_bytes` can be read, whatever they are: what receivers and
/// streams of ours hand out.
struct padded_text {
    std::string_view text;
};

namespace detail {

/// Walks along the lines of a padded text, the fast way where the dialect has one: calls `on_sample`
/// for plain lines and `on_line` for the others.
template <wire_dialect Dialect, notices Notices = notices::ignore, class OnSample, class OnLine>
constexpr std::size_t read_lines(padded_text from, OnSample& on_sample, const OnLine& on_line) {
    if constexpr (has_plain_values<Dialect>) {
        if (!std::is_constant_evaluated())
            return read_plain_lines<Dialect, default_scan, Notices>(from.text, on_sample, on_line);
    }
    return for_each_line(from.text, on_line);
}

} // namespace detail

/// Parses all lines of a datagram.
///
/// Input    `from`: lines with newlines between them, the last newline as one likes.
/// Returns  the number of lines that are not empty; calls `on_sample(const sample&)` and
///          `on_refusal(refusal, std::string_view line)` in the order of the text. A bad line costs
///          none of its neighbours. The sample is valid during the call.
/// Cost     O(size); does not allocate; throws what the two functions throw. Lines of the commonest
///          shapes are read with a few vector instructions (plain_line.hpp).
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr std::size_t
parse_datagram(padded_text from, OnSample&& on_sample, OnRefusal&& on_refusal) {
    return detail::read_lines<Dialect>(from, on_sample, [&](std::string_view line) {
        parse_line<Dialect>(line, on_sample, [&](refusal why) { on_refusal(why, line); });
    });
}

/// The same for any text; its last lines take the longer way.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr std::size_t
parse_datagram(std::string_view text, OnSample&& on_sample, OnRefusal&& on_refusal) {
    std::size_t lines = 0;
    if (text.size() > read_padding_bytes) {
        // The newline behind which so little is left that it can serve as the padding.
        const auto newline = text.rfind('\n', text.size() - read_padding_bytes - 1);
        if (newline != text.npos) {
            const padded_text padded{text.substr(0, newline + 1)};
            lines = parse_datagram<Dialect>(padded, on_sample, on_refusal);
            text.remove_prefix(newline + 1);
        }
    }
    return lines + for_each_line(text, [&](std::string_view line) {
               parse_line<Dialect>(line, on_sample, [&](refusal why) { on_refusal(why, line); });
           });
}

/// Packs samples into one datagram of at most `BytesMax` bytes, lines with newlines between them.
/// 1432 bytes fit one Ethernet frame with room for any tunnel.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t BytesMax = 1432>
class basic_datagram_writer {
public:
    /// Appends the lines of one sample, or nothing.
    /// Errors   no_space: send `view()`, `clear()`, and add again; from an empty writer it means
    ///          that the sample never fits. Those of format.
    [[nodiscard]] constexpr errc add(const sample& one) noexcept {
        const auto before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        const auto error = format(one, text_);
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    /// What was added, without a newline at its end. Valid until the next call that is not const.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return text_.view(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return text_.size() == 0; }
    constexpr void clear() noexcept { text_.resize(0); }

private:
    basic_line_buffer<BytesMax> text_{};
};

using datagram_writer = basic_datagram_writer<>;

} // namespace quipu

// quipu/wire/event.hpp

// Events and service checks: DogStatsD's lines that are no metrics.

namespace quipu {

enum class event_priority : std::uint8_t { normal, low };
enum class event_alert : std::uint8_t { info, success, warning, error };
enum class service_status : std::uint8_t { ok, warning, critical, unknown };

/// The words of the wire.
[[nodiscard]] constexpr std::string_view to_string(event_priority priority) noexcept {
    return priority == event_priority::low ? "low" : "normal";
}
[[nodiscard]] constexpr std::string_view to_string(event_alert alert) noexcept {
    constexpr std::string_view words[] = {"info", "success", "warning", "error"};
    return words[static_cast<std::size_t>(alert)];
}
[[nodiscard]] constexpr std::string_view to_string(service_status status) noexcept {
    constexpr std::string_view words[] = {"ok", "warning", "critical", "unknown"};
    return words[static_cast<std::size_t>(status)];
}

/// What events and service checks say about where they come from. Empty is what was not said.
struct event_origin {
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    std::string_view host{};
    /// The text of the tag list, without its mark: `env:prod,region:eu`.
    std::string_view tags{};
    std::string_view container{};     ///< `|c:`
    std::string_view external_data{}; ///< `|e:`
    std::string_view cardinality{};   ///< `|card:`

    friend constexpr bool operator==(const event_origin&, const event_origin&) = default;
};

/// Something that happened. Owns nothing: its views point into the line it was parsed from, where
/// a newline in title or text is spelled as a backslash and an n: see append_unescaped in
/// format_event.hpp.
struct event {
    std::string_view title{};
    std::string_view text{};
    event_origin origin{};
    std::string_view aggregation_key{};
    std::string_view source_type{};
    event_priority priority = event_priority::normal;
    event_alert alert = event_alert::info;

    friend constexpr bool operator==(const event&, const event&) = default;
};

/// How a service is. Owns nothing; newlines in the message are spelled as in an event.
struct service_check {
    std::string_view name{};
    service_status status = service_status::ok;
    event_origin origin{};
    std::string_view message{};

    friend constexpr bool operator==(const service_check&, const service_check&) = default;
};

/// The longest line of an event or a service check; as long as any other.
inline constexpr std::size_t event_bytes_max = native_line_bytes_max;

/// Whether a line is one for parse_event, by its start.
[[nodiscard]] constexpr bool is_event(std::string_view line) noexcept {
    return line.starts_with("_e{");
}

/// Whether a line is one for parse_service_check, by its start.
[[nodiscard]] constexpr bool is_service_check(std::string_view line) noexcept {
    return line.starts_with("_sc|");
}

} // namespace quipu

// quipu/wire/format_event.hpp

// Events and service checks to text: the exact inverse of parsing.

namespace quipu {

namespace detail {

/// Copies `text`, with each `from` in it replaced by `to`.
template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_replaced(std::string_view text,
                                             std::string_view from,
                                             std::string_view to,
                                             basic_line_buffer<BytesMax>& out) noexcept {
    for (;;) {
        const auto found = text.find(from);
        if (!out.append(text.substr(0, found)))
            return false;
        if (found == text.npos)
            return true;
        if (!out.append(to))
            return false;
        text.remove_prefix(found + from.size());
    }
}

inline constexpr std::string_view newline_spelled = "\\n";

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_escaped(std::string_view text,
                                            basic_line_buffer<BytesMax>& out) noexcept {
    return append_replaced(text, "\n", newline_spelled, out);
}

/// The size of a text once its newlines are spelled.
[[nodiscard]] constexpr std::int64_t escaped_size(std::string_view text) noexcept {
    std::size_t size = text.size();
    for (const char c : text)
        size += c == '\n' ? newline_spelled.size() - 1 : 0;
    return static_cast<std::int64_t>(size);
}

/// Whether one of the texts has what no field can carry.
[[nodiscard]] constexpr bool breaks_a_field(std::same_as<std::string_view> auto... texts) noexcept {
    return (has_control_or<'|'>(texts) || ...);
}

[[nodiscard]] constexpr errc check_origin(const event_origin& origin) noexcept {
    if (origin.timestamp != no_timestamp && origin.timestamp < 0)
        return errc::bad_timestamp;
    if (breaks_a_field(origin.tags))
        return errc::bad_tags;
    return breaks_a_field(origin.host, origin.container, origin.external_data, origin.cardinality)
               ? errc::bad_field
               : errc::ok;
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_origin(const event_origin& origin,
                                           basic_line_buffer<BytesMax>& out) noexcept {
    return (origin.timestamp == no_timestamp ||
            (out.append("|d:") && out.append(origin.timestamp))) &&
           append_field("|h:", origin.host, out) && append_field("|#", origin.tags, out) &&
           append_field("|c:", origin.container, out) &&
           append_field("|e:", origin.external_data, out) &&
           append_field("|card:", origin.cardinality, out);
}

[[nodiscard]] constexpr errc check_event(const event& one) noexcept {
    if (one.title.empty())
        return errc::empty_title;
    if (one.priority > event_priority::low || one.alert > event_alert::error ||
        breaks_a_field(one.aggregation_key, one.source_type))
        return errc::bad_field;
    return check_origin(one.origin);
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_event(const event& one,
                                          basic_line_buffer<BytesMax>& out) noexcept {
    const bool low = one.priority != event_priority::normal;
    const bool alerts = one.alert != event_alert::info;
    return out.append("_e{") && out.append(escaped_size(one.title)) && out.append(",") &&
           out.append(escaped_size(one.text)) && out.append("}:") &&
           append_escaped(one.title, out) && out.append("|") && append_escaped(one.text, out) &&
           append_origin(one.origin, out) && append_field("|k:", one.aggregation_key, out) &&
           append_field("|p:", low ? to_string(one.priority) : "", out) &&
           append_field("|s:", one.source_type, out) &&
           append_field("|t:", alerts ? to_string(one.alert) : "", out);
}

[[nodiscard]] constexpr errc check_service_check(const service_check& one) noexcept {
    if (const auto error = dialect::quipu::check_name(one.name); error != errc::ok)
        return error;
    if (one.status > service_status::unknown)
        return errc::bad_status;
    // A '\r' at the end of the line would not count when it is read.
    if (one.message.find('|') != one.message.npos || one.message.ends_with('\r'))
        return errc::bad_field;
    return check_origin(one.origin);
}

template <std::size_t BytesMax>
[[nodiscard]] constexpr bool append_service_check(const service_check& one,
                                                  basic_line_buffer<BytesMax>& out) noexcept {
    const char status = static_cast<char>('0' + static_cast<int>(one.status));
    return out.append("_sc|") && out.append(one.name) && out.append("|") &&
           out.append(std::string_view(&status, 1)) && append_origin(one.origin, out) &&
           (one.message.empty() || (out.append("|m:") && append_escaped(one.message, out)));
}

/// Leaves what was appended behind `before` if it is all there and no longer than may be read.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc
keep_event_line(bool written, std::size_t before, basic_line_buffer<BytesMax>& out) noexcept {
    const bool fits = out.size() - before <= event_bytes_max;
    if (!written || !fits)
        out.resize(before);
    return !written ? errc::no_space : fits ? errc::ok : errc::line_too_long;
}

} // namespace detail

/// Appends the line of an event to `out`, without a newline at its end. Newlines in title and text
/// are spelled as a backslash and an n; what has its default value is left out.
///
/// Returns  ok, and then parse_event gives the same event, with its newlines spelled; else `out` is
///          as it was.
/// Errors   empty_title, bad_timestamp, bad_tags, bad_field (a '|' or a control character in any
///          text but title and text; a value that is no enumerator), line_too_long, no_space.
/// Cost     O(bytes written); does not allocate, does not throw.
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const event& one, basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_event(one); error != errc::ok)
        return error;
    const auto before = out.size();
    return detail::keep_event_line(detail::append_event(one, out), before, out);
}

/// Appends the line of a service check to `out`, as for an event. The message comes last, as its
/// protocol asks for.
///
/// Errors   empty_name, name_too_long, bad_name, bad_status, bad_timestamp, bad_tags, bad_field (a
///          '|' in the message or a '\r' at its end; a '|' or a control character in another text),
///          line_too_long, no_space.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc format(const service_check& one,
                                    basic_line_buffer<BytesMax>& out) noexcept {
    if (const auto error = detail::check_service_check(one); error != errc::ok)
        return error;
    const auto before = out.size();
    return detail::keep_event_line(detail::append_service_check(one, out), before, out);
}

/// Appends a title, text or message with its newlines as they were meant: a backslash and an n are
/// one again. That also holds where a sender meant the two characters: the wire cannot tell.
///
/// Returns  ok; else `out` is as it was.
/// Errors   no_space.
/// Cost     O(text.size()).
/// Threads  pure.
template <std::size_t BytesMax>
[[nodiscard]] constexpr errc append_unescaped(std::string_view text,
                                              basic_line_buffer<BytesMax>& out) noexcept {
    const auto before = out.size();
    if (detail::append_replaced(text, detail::newline_spelled, "\n", out))
        return errc::ok;
    out.resize(before);
    return errc::no_space;
}

} // namespace quipu

// quipu/wire/line_literal.hpp

// Lines as literals, read by the compiler: `"api.hits:1|c"_line` is a sample, and a line that is
// none does not compile.

namespace quipu {

namespace detail::line_literal {

// Not constexpr, so the compiler's complaint names the one that was called.
void the_name_is_empty();
void there_is_no_value_after_the_name();
void there_is_no_type_after_the_value();
void the_type_is_unknown();
void the_name_has_a_character_that_it_cannot_have();
void the_value_is_not_a_number();
void the_number_is_out_of_range();
void the_rate_is_not_above_0_and_up_to_1();
void the_timestamp_is_not_whole_unix_seconds();
void the_tags_cannot_be_read();
void the_set_member_is_empty();
void the_field_after_the_type_is_unknown();
void there_is_more_than_one_sample();
void the_line_is_too_long();
void the_name_is_too_long();
void the_tags_are_too_long();
void the_line_is_none();

/// Calls the function that is named for the cause.
constexpr void explain(errc error) {
    switch (error) {
    case errc::ok: return;
    case errc::empty_name: return the_name_is_empty();
    case errc::missing_value: return there_is_no_value_after_the_name();
    case errc::missing_type: return there_is_no_type_after_the_value();
    case errc::unknown_type: return the_type_is_unknown();
    case errc::bad_name: return the_name_has_a_character_that_it_cannot_have();
    case errc::bad_number: return the_value_is_not_a_number();
    case errc::number_out_of_range: return the_number_is_out_of_range();
    case errc::bad_rate: return the_rate_is_not_above_0_and_up_to_1();
    case errc::bad_timestamp: return the_timestamp_is_not_whole_unix_seconds();
    case errc::bad_tags: return the_tags_cannot_be_read();
    case errc::empty_member: return the_set_member_is_empty();
    case errc::unknown_field: return the_field_after_the_type_is_unknown();
    case errc::several_samples: return there_is_more_than_one_sample();
    case errc::line_too_long: return the_line_is_too_long();
    case errc::name_too_long: return the_name_is_too_long();
    case errc::tags_too_long: return the_tags_are_too_long();
    default: return the_line_is_none();
    }
}

} // namespace detail::line_literal

inline namespace literals {

/// The sample of a line of the native dialect, read at compile time.
///
/// Returns  a sample whose views point into the literal: they live as long as the program.
/// Errors   none when the program runs; a line that parse refuses does not compile, and the
///          compiler names the cause.
consteval sample operator""_line(const char* line, std::size_t size) {
    const auto one = parse(std::string_view(line, size));
    detail::line_literal::explain(one.error());
    return *one;
}

} // namespace literals

} // namespace quipu

// quipu/wire/stream.hpp

// A stream of bytes, cut anywhere, into texts of whole lines.

namespace quipu {

/// Joins what a stream delivers in pieces: hands out texts that end with a newline and holds back
/// an unfinished line until the rest of it comes. A line in several pieces that is longer than
/// `line_bytes_max` is thrown away up to its newline and counted: memory stays bounded whatever the
/// sender does. A longer line in one piece is handed out like others, for the parser to refuse.
///
/// Threads  distinct objects safe, shared objects unsafe.
class line_stream {
public:
    /// The bound does not count the newline.
    explicit line_stream(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// Takes the next piece of the stream and calls `on_text(std::string_view)` with the whole
    /// lines that are now complete; at most twice, with views into `bytes` or into this object.
    /// What is in this object has read_padding_bytes behind it.
    /// Cost     O(bytes.size()); copies only unfinished lines; allocates only when one is longer
    ///          than all before.
    template <class OnText>
    void feed(std::string_view bytes, OnText&& on_text) {
        if (skipping_ || held_bytes_ > 0)
            bytes = finish_line(bytes, on_text);
        const auto last = bytes.rfind('\n');
        if (last != bytes.npos) {
            on_text(bytes.substr(0, last + 1));
            bytes.remove_prefix(last + 1);
        }
        hold(bytes);
    }

    /// The unfinished line at the end of a stream; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept { return {held_.data(), held_bytes_}; }

    /// How many lines were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept { return overlong_; }

private:
    /// Completes the line that is held, if its newline has come. Returns what follows it.
    template <class OnText>
    [[nodiscard]] std::string_view finish_line(std::string_view bytes, OnText& on_text) {
        const auto newline = bytes.find('\n');
        hold(bytes.substr(0, newline));
        if (newline == bytes.npos)
            return {};
        if (!skipping_) {
            held_[held_bytes_++] = '\n';
            on_text(rest());
        }
        skipping_ = false;
        held_bytes_ = 0;
        return bytes.substr(newline + 1);
    }

    /// Keeps a piece of a line, or throws the line away if it gets too long.
    void hold(std::string_view piece) {
        if (skipping_ || piece.empty())
            return;
        if (piece.size() > line_bytes_max_ - held_bytes_) {
            skipping_ = true;
            ++overlong_;
            held_bytes_ = 0;
            return;
        }
        const auto needed = held_bytes_ + piece.size() + 1 + read_padding_bytes;
        if (held_.size() < needed)
            held_.resize(needed);
        std::memcpy(held_.data() + held_bytes_, piece.data(), piece.size());
        held_bytes_ += piece.size();
    }

    std::size_t line_bytes_max_;
    std::size_t held_bytes_ = 0;
    std::size_t overlong_ = 0;
    bool skipping_ = false;
    std::vector<char> held_{}; // the bytes held, room for a newline, then the padding
};

} // namespace quipu

// quipu/wire/mixed_stream.hpp

// A stream of lines and binary records, cut anywhere, into texts of whole lines and samples.

namespace quipu {

/// Joins what a connection delivers in pieces, as line_stream does, where records may stand between
/// lines: a byte 0xaa at the start of a line begins one, newlines behind it do not count. A record
/// that is longer than `bytes_max` is thrown away and counted, a longer line as line_stream says,
/// so memory stays bounded whatever the sender does.
///
/// Threads  distinct objects safe, shared objects unsafe.
class mixed_stream {
public:
    /// The bound counts all of a record, and all of a line but its newline. It is no less than the
    /// head of a record.
    explicit mixed_stream(std::size_t bytes_max) : lines_(bytes_max), bytes_max_(bytes_max) {
        QUIPU_ASSERT(bytes_max >= detail::binary_scalar_head_bytes);
    }

    /// Takes the next piece of the stream and calls, in the order of the stream,
    /// `on_text(std::string_view)` with whole lines that are now complete,
    /// `on_sample(const sample&)` with the sample of each record, and
    /// `on_refusal(refusal, std::string_view record)` for each one that cannot be accepted. Views
    /// point into `bytes` or into this object, until the next call; behind a text there are
    /// read_padding_bytes if they are behind `bytes`.
    /// Returns  ok. Where the stream is cut changes nothing but how lines are grouped into texts,
    ///          and whether one that is beyond the bound is handed out, for the parser to refuse.
    /// Errors   unknown_type, bad_terminator: a record is broken and nothing tells where the next
    ///          begins. The stream has ended; what is fed from then on is not read.
    /// Cost     O(bytes.size()); copies only unfinished lines and records; allocates only when one
    ///          is longer than all before.
    template <wire_dialect Dialect = dialect::quipu, class OnText, class OnSample, class OnRefusal>
    [[nodiscard]] errc
    feed(std::string_view bytes, OnText&& on_text, OnSample&& on_sample, OnRefusal&& on_refusal) {
        while (!bytes.empty() && error_ == errc::ok) {
            if (skipped_bytes_ > 0) {
                skip(bytes);
            } else if (in_line_ || (held_bytes_ == 0 && bytes.front() != binary_magic)) {
                const auto text = take_text(bytes);
                in_line_ = !text.empty() && text.back() != '\n';
                if (!text.empty())
                    lines_.feed(text, on_text);
            } else if (const auto record = take_record(bytes); !record.empty()) {
                error_ = read_record<Dialect>(record, on_sample, on_refusal);
            }
        }
        return error_;
    }

    /// The unfinished line at the end of a stream; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept { return lines_.rest(); }

    /// Whether the stream has come to its end within a record.
    [[nodiscard]] bool in_record() const noexcept { return held_bytes_ > 0 || skipped_bytes_ > 0; }

    /// How many lines and records were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept {
        return lines_.overlong() + overlong_records_;
    }

private:
    /// Passes by bytes of a record that is too long.
    void skip(std::string_view& bytes) noexcept {
        const auto passed = bytes.substr(0, skipped_bytes_).size();
        bytes.remove_prefix(passed);
        skipped_bytes_ -= passed;
    }

    /// Takes the lines up to the next record, the unfinished one at the end too; not the newlines
    /// they begin with, unless they end a line.
    [[nodiscard]] std::string_view take_text(std::string_view& bytes) const noexcept {
        while (!in_line_ && !bytes.empty() && bytes.front() == '\n')
            bytes.remove_prefix(1);
        auto mark = in_line_ ? bytes.find(binary_magic, 1) : bytes.find(binary_magic);
        while (mark != bytes.npos && mark > 0 && bytes[mark - 1] != '\n')
            mark = bytes.find(binary_magic, mark + 1); // part of a character of UTF-8
        const auto text = bytes.substr(0, mark);
        bytes.remove_prefix(text.size());
        return text;
    }

    /// Takes the record that `bytes` begin with or continue. Returns nothing if it has not all
    /// come, and then no bytes are left; or if it is too long or broken.
    [[nodiscard]] std::string_view take_record(std::string_view& bytes) {
        for (;;) {
            const bool fresh = held_bytes_ == 0;
            const auto known = fresh ? bytes : std::string_view(held_.data(), held_bytes_);
            const auto size = binary_record_size(known);
            if (!size) {
                error_ = size.error();
                held_bytes_ = 0;
                return {};
            }
            if (*size > bytes_max_) {
                ++overlong_records_;
                skipped_bytes_ = *size - std::exchange(held_bytes_, 0);
                return {};
            }
            if (known.size() >= *size) {
                bytes.remove_prefix(fresh ? *size : 0);
                held_bytes_ = 0;
                return known.substr(0, *size);
            }
            if (bytes.empty())
                return {};
            const auto piece = bytes.substr(0, *size - held_bytes_);
            hold(piece);
            bytes.remove_prefix(piece.size());
        }
    }

    /// Parses a record that is whole.
    template <wire_dialect Dialect, class OnSample, class OnRefusal>
    [[nodiscard]] static errc
    read_record(std::string_view bytes, OnSample& on_sample, OnRefusal& on_refusal) {
        const auto record = parse_binary<Dialect>(bytes);
        if (!record)
            return record.error();
        if (record->refused.error == errc::ok) {
            on_sample(record->sample);
        } else {
            on_refusal(record->refused, bytes);
        }
        return errc::ok;
    }

    void hold(std::string_view piece) {
        if (held_.size() < held_bytes_ + piece.size())
            held_.resize(held_bytes_ + piece.size());
        std::memcpy(held_.data() + held_bytes_, piece.data(), piece.size());
        held_bytes_ += piece.size();
    }

    line_stream lines_;
    std::size_t bytes_max_;
    std::size_t held_bytes_ = 0;    // of an unfinished record
    std::size_t skipped_bytes_ = 0; // that have to be passed by yet
    std::size_t overlong_records_ = 0;
    errc error_ = errc::ok;
    bool in_line_ = false;
    std::vector<char> held_{};
};

} // namespace quipu

// quipu/wire/parse_event.hpp

// The line of an event or a service check to views of its parts.

namespace quipu {

namespace detail {

/// Cuts `mark` off a text that begins so.
[[nodiscard]] constexpr bool take_mark(std::string_view& text, std::string_view mark) noexcept {
    if (!text.starts_with(mark))
        return false;
    text.remove_prefix(mark.size());
    return true;
}

[[nodiscard]] constexpr errc read_event_text(std::string_view text,
                                             std::string_view& out) noexcept {
    if (has_control_or<>(text))
        return errc::bad_field;
    out = text;
    return errc::ok;
}

/// Looks a word up among those of the enumerators up to `last`.
template <class Enumeration>
[[nodiscard]] constexpr errc
read_event_word(std::string_view word, Enumeration last, Enumeration& out) noexcept {
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(last); ++i) {
        if (word == to_string(static_cast<Enumeration>(i))) {
            out = static_cast<Enumeration>(i);
            return errc::ok;
        }
    }
    return errc::bad_field;
}

/// The fields that events and service checks share; those of a later version are no error.
[[nodiscard]] constexpr errc read_event_field(std::string_view field, event_origin& out) noexcept {
    if (take_mark(field, "d:")) {
        const auto seconds = parse_integer(field);
        if (!seconds || *seconds < 0)
            return errc::bad_timestamp;
        out.timestamp = *seconds;
        return errc::ok;
    }
    if (take_mark(field, "#")) {
        out.tags = field;
        return has_control_or<>(field) ? errc::bad_tags : errc::ok;
    }
    if (take_mark(field, "h:"))
        return read_event_text(field, out.host);
    if (take_mark(field, "c:"))
        return read_event_text(field, out.container);
    if (take_mark(field, "e:"))
        return read_event_text(field, out.external_data);
    if (take_mark(field, "card:"))
        return read_event_text(field, out.cardinality);
    return field.empty() || is_letter(field.front()) ? errc::ok : errc::unknown_field;
}

[[nodiscard]] constexpr errc read_event_field(std::string_view field, event& out) noexcept {
    if (take_mark(field, "k:"))
        return read_event_text(field, out.aggregation_key);
    if (take_mark(field, "s:"))
        return read_event_text(field, out.source_type);
    if (take_mark(field, "p:"))
        return read_event_word(field, event_priority::low, out.priority);
    if (take_mark(field, "t:"))
        return read_event_word(field, event_alert::error, out.alert);
    return read_event_field(field, out.origin);
}

[[nodiscard]] constexpr errc read_event_field(std::string_view field, service_check& out) noexcept {
    if (!take_mark(field, "m:"))
        return read_event_field(field, out.origin);
    out.message = field;
    return errc::ok;
}

/// The walk along the line of an event or a service check. Knows where it is for refusals.
class event_reader {
    // First what the others use: Clang needs it so at compile time.
    const char* origin_;
    std::string_view rest_;

    [[nodiscard]] constexpr refusal at(std::string_view part, errc error) const noexcept {
        return {error, static_cast<std::size_t>(part.data() - origin_)};
    }

    constexpr void drop_carriage_return() noexcept {
        if (!rest_.empty() && rest_.back() == '\r')
            rest_.remove_suffix(1);
    }

    /// Takes as many bytes as `digits` say, if there are as many. Digits that would overflow any
    /// integer say more than there are.
    [[nodiscard]] constexpr bool take_counted(std::string_view digits,
                                              std::string_view& out) noexcept {
        if (digits.empty())
            return false;
        std::size_t count = 0;
        for (const char c : digits) {
            if (!is_digit(c))
                return false;
            count = count * 10 + static_cast<std::size_t>(c - '0');
            if (count > rest_.size())
                return false;
        }
        out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return true;
    }

    /// Reads what stands behind each of the remaining bars, up to the first that is refused.
    template <class Parsed>
    [[nodiscard]] constexpr refusal read_fields(Parsed& out) noexcept {
        while (!rest_.empty()) {
            rest_.remove_prefix(1);
            const auto field = take_until<'|'>(rest_);
            if (const auto error = read_event_field(field, out); error != errc::ok)
                return at(field, error);
        }
        return {};
    }

public:
    constexpr explicit event_reader(std::string_view line) noexcept
        : origin_(line.data()), rest_(line) {}

    [[nodiscard]] constexpr refusal read(event& out) noexcept {
        if (rest_.size() > event_bytes_max)
            return at(rest_, errc::line_too_long);
        if (!take_mark(rest_, "_e{"))
            return at(rest_, errc::bad_header);
        const auto title_digits = take_until<',', '}', ':', '|'>(rest_);
        if (!take_mark(rest_, ","))
            return at(rest_, errc::bad_header);
        const auto text_digits = take_until<'}', ':', '|'>(rest_);
        if (!take_mark(rest_, "}:"))
            return at(rest_, errc::bad_header);
        if (!take_counted(title_digits, out.title) || !take_mark(rest_, "|"))
            return at(title_digits, errc::bad_length);
        if (out.title.empty())
            return at(title_digits, errc::empty_title);
        if (!take_counted(text_digits, out.text))
            return at(text_digits, errc::bad_length);
        drop_carriage_return();
        if (!rest_.empty() && rest_.front() != '|')
            return at(text_digits, errc::bad_length);
        return read_fields(out);
    }

    [[nodiscard]] constexpr refusal read(service_check& out) noexcept {
        if (rest_.size() > event_bytes_max)
            return at(rest_, errc::line_too_long);
        if (!take_mark(rest_, "_sc|"))
            return at(rest_, errc::bad_header);
        drop_carriage_return();
        out.name = take_until<'|'>(rest_);
        if (const auto error = dialect::quipu::check_name(out.name); error != errc::ok)
            return at(out.name, error);
        if (!take_mark(rest_, "|"))
            return at(rest_, errc::bad_status);
        const auto digit = take_until<'|'>(rest_);
        if (digit.size() != 1 || digit[0] < '0' || digit[0] > '3')
            return at(digit, errc::bad_status);
        out.status = static_cast<service_status>(digit[0] - '0');
        return read_fields(out);
    }
};

template <class Parsed>
[[nodiscard]] constexpr result<Parsed> read_event_line(std::string_view line,
                                                       refusal* why) noexcept {
    Parsed parsed;
    const refusal refused = event_reader(line).read(parsed);
    if (why != nullptr)
        *why = refused;
    if (refused.error != errc::ok)
        return refused.error;
    return parsed;
}

} // namespace detail

/// Parses the line of an event, `_e{TITLE_BYTES,TEXT_BYTES}:TITLE|TEXT`, and then in any order
/// `|d:UNIX` `|h:HOST` `|k:KEY` `|p:normal|low` `|s:SOURCE` `|t:error|warning|info|success`
/// `|#TAGS` `|c:` `|e:` `|card:`.
///
/// Input    `line` without its newline; a '\r' behind its last part does not count. Not retained.
/// Returns  the event; its views point into `line`. Unknown fields that begin with a letter, and
///          empty ones, do not count; of a field that comes twice the last counts. `why`, if there
///          is one, learns what was refused and where.
/// Errors   line_too_long (event_bytes_max), bad_header, bad_length, empty_title, bad_timestamp,
///          bad_tags, bad_field (a word that p: or t: do not have; a control character),
///          unknown_field.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
/// Source   DogStatsD protocol 1.6, "Events".
[[nodiscard]] constexpr result<event> parse_event(std::string_view line,
                                                  refusal* why = nullptr) noexcept {
    return detail::read_event_line<event>(line, why);
}

/// Parses the line of a service check, `_sc|NAME|STATUS`, and then in any order `|d:UNIX` `|h:HOST`
/// `|#TAGS` `|c:` `|e:` `|card:` `|m:MESSAGE`.
///
/// Input, Returns, Cost, Threads  as for parse_event.
/// Errors   line_too_long (event_bytes_max), bad_header, empty_name, name_too_long, bad_name,
///          bad_status, bad_timestamp, bad_tags, bad_field, unknown_field.
/// Source   DogStatsD protocol 1.6, "Service checks".
[[nodiscard]] constexpr result<service_check> parse_service_check(std::string_view line,
                                                                  refusal* why = nullptr) noexcept {
    return detail::read_event_line<service_check>(line, why);
}

} // namespace quipu

// quipu/wire/notices.hpp

// Datagrams with events and service checks among the metrics, as DogStatsD's clients send them.

namespace quipu {

namespace detail {

/// Reads a line that may be an event or a service check.
template <wire_dialect Dialect, class OnSample, class OnRefusal, class OnNotice>
constexpr void read_line_or_notice(std::string_view line,
                                   OnSample& on_sample,
                                   OnRefusal& on_refusal,
                                   OnNotice& on_notice) {
    const auto hand_out = [&](const auto& parsed, refusal why) {
        parsed ? static_cast<void>(on_notice(*parsed)) : static_cast<void>(on_refusal(why, line));
    };
    refusal why;
    if (is_event(line))
        hand_out(parse_event(line, &why), why);
    else if (is_service_check(line))
        hand_out(parse_service_check(line, &why), why);
    else
        parse_line<Dialect>(line, on_sample, [&](refusal of_line) { on_refusal(of_line, line); });
}

} // namespace detail

/// Parses all lines of a datagram as parse_datagram does, and calls `on_notice` with an `event` or
/// a `service_check` for each line that is one: overload it for both, or take either by a template.
/// One that is malformed is refused, with the byte where.
template <wire_dialect Dialect = dialect::dogstatsd,
          class OnSample,
          class OnRefusal,
          class OnNotice>
constexpr std::size_t parse_datagram_with_notices(padded_text from,
                                                  OnSample&& on_sample,
                                                  OnRefusal&& on_refusal,
                                                  OnNotice&& on_notice) {
    return detail::read_lines<Dialect, detail::notices::leave>(
        from, on_sample, [&](std::string_view line) {
            detail::read_line_or_notice<Dialect>(line, on_sample, on_refusal, on_notice);
        });
}

/// The same for any text, with nothing behind it.
template <wire_dialect Dialect = dialect::dogstatsd,
          class OnSample,
          class OnRefusal,
          class OnNotice>
constexpr std::size_t parse_datagram_with_notices(std::string_view text,
                                                  OnSample&& on_sample,
                                                  OnRefusal&& on_refusal,
                                                  OnNotice&& on_notice) {
    return for_each_line(text, [&](std::string_view line) {
        detail::read_line_or_notice<Dialect>(line, on_sample, on_refusal, on_notice);
    });
}

} // namespace quipu

// quipu/cell/cell.hpp

// What a cell is: the running value of one series between two flushes.

namespace quipu {

/// The running value of one series.
/// Requires  apply(sample), which gives ok or value_limit; merge(later); idle: nothing came since
///           the last reset or next_interval; reset to the neutral value; next_interval: keep only
///           what lasts beyond a flush (a gauge's value); settle: get ready to be read; write, to
///           bytes in a form that stays the same, and read, which takes the place of what it held,
///           or is false and leaves a reset cell if the bytes make no sense.
/// Laws      merge(a, reset cell) = a; merge is associative, and commutative but for gauges, where
///           the later of two values wins, and key/values, which keep their order; merge of the
///           parts equals the cell of the whole; what was written is read.
/// Provided  counter, gauge, timer, unique, keyvalue.   Chosen at  store_traits.
/// Cost      one apply for each sample, one merge, settle and next_interval for each flush.
template <class C>
concept cell = std::default_initializable<C> && std::movable<C> &&
    requires(C c, const C& other, const sample& one, byte_writer& out, byte_reader& from) {
    { c.apply(one) } -> std::same_as<errc>;
    c.merge(other);
    c.reset();
    c.next_interval();
    c.settle();
    { other.idle() } -> std::same_as<bool>;
    other.write(out);
    { c.read(from) } -> std::same_as<bool>;
};

} // namespace quipu

// quipu/cell/counter.hpp

// The counter: a sum of what was counted in one interval.

namespace quipu {

/// Sums values, each scaled up by the share that was sampled. Values below zero are allowed.
/// Threads  distinct objects safe, shared objects unsafe.
class counter {
public:
    /// Adds `value` for each of the `weight` events that the caller stands for (1 / sampling rate).
    constexpr void add(double value = 1, double weight = 1) noexcept {
        sum_ += value * weight;
        samples_ += weight;
    }

    constexpr errc apply(const sample& one) noexcept {
        add(one.value, one.weight());
        integral_ = integral_ && one.integral && one.rate == 1;
        return errc::ok;
    }

    constexpr void merge(const counter& other) noexcept {
        sum_ += other.sum_;
        samples_ += other.samples_;
        integral_ = integral_ && other.integral_;
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { reset(); }
    /// Two infinite sums that cancelled each other are 0: what is read is never NaN.
    constexpr void settle() noexcept { sum_ = sum_ == sum_ ? sum_ : 0; }

    [[nodiscard]] constexpr double sum() const noexcept { return sum_; }
    /// How many samples came, each by its weight.
    [[nodiscard]] constexpr double samples() const noexcept { return samples_; }
    /// The sum for each second of an interval, which is above zero.
    [[nodiscard]] constexpr double rate(double interval_seconds) const noexcept {
        return sum_ / interval_seconds;
    }
    /// All values were written as whole numbers.
    [[nodiscard]] constexpr bool integral() const noexcept { return integral_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return samples_ == 0; }

    /// Writes the two sums and whether all was whole.
    void write(byte_writer& out) const {
        out.number(sum_);
        out.number(samples_);
        out.byte(integral_ ? 1 : 0);
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no counter.
    [[nodiscard]] bool read(byte_reader& from) noexcept {
        sum_ = from.number();
        samples_ = from.number();
        const auto integral = from.byte();
        integral_ = integral == 1;
        const bool counted = samples_ > 0 || (samples_ == 0 && sum_ == 0 && integral_);
        if (!from.failed() && integral <= 1 && sum_ == sum_ && counted)
            return true;
        reset();
        return false;
    }

private:
    double sum_ = 0;
    double samples_ = 0;
    bool integral_ = true;
};

static_assert(cell<counter>);

} // namespace quipu

// quipu/cell/fixed_bins.hpp

// The fixed-bin histogram: how many values fell between edges that were chosen before.

namespace quipu {

/// The edges of bins, ascending: one bin below the first, one between each two, one from the last
/// on. A value on an edge is in the bin that begins there.
class bin_edges {
public:
    /// How many bins there may be: what statsite allows.
    static constexpr std::size_t bins_max = 1024;

    /// No edge: one bin for all.
    bin_edges() = default;

    /// Edges as they are given.
    /// Errors   bad_number: they do not ascend, or are no numbers; value_limit: more than bins_max.
    [[nodiscard]] static result<bin_edges> at(std::vector<double> edges) {
        if (edges.size() >= bins_max)
            return errc::value_limit;
        bin_edges made;
        made.edges_ = std::move(edges);
        if (!made.ascends())
            return errc::bad_number;
        return made;
    }

    /// Edges from `min` on, each `width` above the last, as many as fit up to `max`. So there are
    /// (max - min) / width bins, rounded down, and the two outer ones.
    /// Errors   bad_number: width is not above 0, or max not above min; value_limit.
    /// Source   statsite, "histogram sections".
    [[nodiscard]] static result<bin_edges> uniform(double min, double max, double width) {
        if (!(width > 0 && max > min && max - min < 1e300))
            return errc::bad_number;
        const double bins = std::floor((max - min) / width);
        if (bins + 2 > static_cast<double>(bins_max))
            return errc::value_limit;
        std::vector<double> edges;
        for (double i = 0; i <= bins; ++i)
            edges.push_back(min + i * width);
        return at(std::move(edges));
    }

    [[nodiscard]] const std::vector<double>& values() const noexcept { return edges_; }
    [[nodiscard]] std::size_t bins() const noexcept { return edges_.size() + 1; }

    /// The bin of a value.
    /// Cost     O(log bins).
    [[nodiscard]] std::size_t bin(double value) const noexcept {
        return static_cast<std::size_t>(std::upper_bound(edges_.begin(), edges_.end(), value) -
                                        edges_.begin());
    }

    friend bool operator==(const bin_edges&, const bin_edges&) = default;

private:
    [[nodiscard]] bool ascends() const noexcept {
        for (std::size_t i = 0; i < edges_.size(); ++i) {
            if (edges_[i] != edges_[i] || (i > 0 && !(edges_[i - 1] < edges_[i])))
                return false;
        }
        return true;
    }

    std::vector<double> edges_{};
};

/// Counts values by bins.
/// Memory   8 bytes a bin and 8 an edge.
/// Threads  distinct objects safe, shared objects unsafe.
class fixed_bins {
public:
    fixed_bins() = default;
    explicit fixed_bins(bin_edges edges) : edges_(std::move(edges)), counts_(edges_.bins()) {}

    void record(double value, double weight = 1) noexcept { counts_[edges_.bin(value)] += weight; }

    /// Adds the counts of another one with the same edges.
    void merge(const fixed_bins& other) noexcept {
        QUIPU_ASSERT(other.edges_ == edges_);
        for (std::size_t i = 0; i < counts_.size(); ++i)
            counts_[i] += other.counts_[i];
    }

    /// Sets all counts to 0 and keeps the edges.
    void clear() noexcept { std::fill(counts_.begin(), counts_.end(), 0.0); }

    [[nodiscard]] const bin_edges& edges() const noexcept { return edges_; }
    /// One count a bin, that below the first edge first.
    [[nodiscard]] const std::vector<double>& counts() const noexcept { return counts_; }

    /// Writes the edges and the counts.
    void write(byte_writer& out) const {
        out.count(edges_.values().size());
        for (const double edge : edges_.values())
            out.number(edge);
        for (const double count : counts_)
            out.number(count);
    }

    /// Takes the place of what it held. False, and without an edge, if the bytes are no such bins.
    [[nodiscard]] bool read(byte_reader& from) {
        std::vector<double> edges(from.count_of(16));
        for (double& edge : edges)
            edge = from.number();
        auto made = bin_edges::at(std::move(edges));
        *this = made && !from.failed() ? fixed_bins(*std::move(made)) : fixed_bins();
        bool sound = made.has_value();
        for (double& count : counts_) {
            count = from.number();
            sound = sound && count >= 0;
        }
        if (sound && !from.failed())
            return true;
        *this = fixed_bins();
        return false;
    }

private:
    bin_edges edges_{};
    std::vector<double> counts_ = std::vector<double>(1);
};

} // namespace quipu

// quipu/cell/gauge.hpp

// The gauge: a value that stays until it is changed.

namespace quipu {

/// The last value set, with the changes since. A gauge that was never set changes from 0.
///
/// Merging puts the other's history behind this one's: what the other set replaces the value, what
/// it only changed is added. So the parts of one interval merge in any order as long as at most one
/// of them sets the value; where several do, the one merged last wins.
///
/// Threads  distinct objects safe, shared objects unsafe.
class gauge {
public:
    constexpr void set(double value) noexcept {
        value_ = value;
        was_set_ = touched_ = true;
    }
    constexpr void change(double by) noexcept {
        value_ += by;
        touched_ = true;
    }

    constexpr errc apply(const sample& one) noexcept {
        one.relative ? change(one.value) : set(one.value);
        return errc::ok;
    }

    constexpr void merge(const gauge& later) noexcept {
        if (!later.touched_)
            return;
        later.was_set_ ? set(later.value_) : change(later.value_);
    }

    constexpr void reset() noexcept { *this = {}; }
    constexpr void next_interval() noexcept { touched_ = false; }
    /// Makes the value one that was set, since what is read is whole: so of two snapshots the later
    /// one tells the value, and its changes are not added once more.
    constexpr void settle() noexcept { was_set_ = was_set_ || touched_; }

    [[nodiscard]] constexpr double value() const noexcept { return value_; }
    [[nodiscard]] constexpr bool idle() const noexcept { return !touched_; }

    /// Writes the value, and whether it was set and touched.
    void write(byte_writer& out) const {
        out.number(value_);
        out.byte(static_cast<std::uint8_t>((was_set_ ? 1U : 0U) | (touched_ ? 2U : 0U)));
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no gauge.
    [[nodiscard]] bool read(byte_reader& from) noexcept {
        value_ = from.number();
        const auto flags = from.byte();
        was_set_ = (flags & 1U) != 0;
        touched_ = (flags & 2U) != 0;
        if (!from.failed() && flags <= 3 && value_ == value_)
            return true;
        reset();
        return false;
    }

private:
    double value_ = 0;
    bool was_set_ = false;
    bool touched_ = false;
};

/// A gauge of one interval, as statsite's: the next one begins with 0 again.
/// Threads  as gauge.
class interval_gauge : public gauge {
public:
    constexpr void merge(const interval_gauge& later) noexcept { gauge::merge(later); }
    constexpr void next_interval() noexcept { reset(); }
};

static_assert(cell<gauge>);
static_assert(cell<interval_gauge>);

} // namespace quipu

// quipu/cell/keyvalue.hpp

// The key/value: each value as it came, with its own time; nothing is aggregated.

namespace quipu {

/// One value of a key/value series.
struct timed_value {
    double value = 0;
    /// Unix seconds, or `no_timestamp`: the time of the flush.
    std::int64_t timestamp = no_timestamp;
    /// It was written as a whole number.
    bool integral = false;

    friend constexpr bool operator==(const timed_value&, const timed_value&) = default;
};

/// Keeps values in the order in which they came, up to a bound for each interval.
/// Threads  distinct objects safe, shared objects unsafe.
template <std::size_t ValuesMax = 65536>
class basic_keyvalue {
public:
    static constexpr std::size_t values_max = ValuesMax;

    /// Adds a value. Returns ok, or value_limit: then it is not kept.
    errc append(timed_value one) {
        if (values_.size() == ValuesMax) {
            ++dropped_;
            return errc::value_limit;
        }
        values_.push_back(one);
        return errc::ok;
    }

    errc apply(const sample& one) { return append({one.value, one.timestamp, one.integral}); }

    void merge(const basic_keyvalue& later) {
        QUIPU_ASSERT(&later != this);
        dropped_ += later.dropped_;
        for (const auto& one : later.values_)
            static_cast<void>(append(one));
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        values_.clear();
        dropped_ = 0;
    }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    [[nodiscard]] const std::vector<timed_value>& values() const noexcept { return values_; }
    /// How many values came beyond the bound and were not kept.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] bool idle() const noexcept { return values_.empty(); }

    /// Writes how many values were dropped, and those kept with their times.
    void write(byte_writer& out) const {
        out.count(dropped_);
        out.count(values_.size());
        for (const auto& one : values_) {
            out.number(one.value);
            out.word(static_cast<std::uint64_t>(one.timestamp));
            out.byte(one.integral ? 1 : 0);
        }
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no key/value of this
    /// bound.
    [[nodiscard]] bool read(byte_reader& from) {
        reset();
        dropped_ = static_cast<std::size_t>(from.count());
        const std::size_t size = from.count_of(17);
        bool sound = size <= ValuesMax && (dropped_ == 0 || size == ValuesMax);
        for (std::size_t i = 0; i < size && sound; ++i) {
            const double value = from.number();
            const auto timestamp = static_cast<std::int64_t>(from.word());
            const auto integral = from.byte();
            sound = value == value && integral <= 1;
            values_.push_back({value, timestamp, integral == 1});
        }
        if (sound && !from.failed())
            return true;
        reset();
        return false;
    }

private:
    std::vector<timed_value> values_{};
    std::size_t dropped_ = 0;
};

using keyvalue = basic_keyvalue<>;

static_assert(cell<keyvalue>);

} // namespace quipu

// quipu/cell/threading.hpp

// How a running value is updated by several threads.

namespace quipu {

namespace detail {

/// A lock that excludes nobody.
struct no_lock {
    void lock() noexcept {}
    void unlock() noexcept {}
};

/// A mutex of one byte that needs no destruction. Who waits sleeps.
class small_mutex {
public:
    void lock() noexcept {
        while (held_.test_and_set(std::memory_order_acquire))
            held_.wait(true, std::memory_order_relaxed);
    }
    void unlock() noexcept {
        held_.clear(std::memory_order_release);
        held_.notify_one();
    }

private:
    std::atomic_flag held_{};
};

/// Holds a lock as long as it lives.
template <class Lock>
class holding {
public:
    explicit holding(Lock& lock) noexcept : lock_(lock) { lock_.lock(); }
    ~holding() { lock_.unlock(); }
    holding(const holding&) = delete;
    holding& operator=(const holding&) = delete;

private:
    Lock& lock_;
};

/// An atomic number that can be copied as the plain one can; the copy is no atomic act.
template <class T>
class atomic_number : public std::atomic<T> {
public:
    constexpr atomic_number() noexcept : std::atomic<T>(T{}) {}
    atomic_number(const atomic_number& other) noexcept
        : std::atomic<T>(other.load(std::memory_order_relaxed)) {}
    atomic_number& operator=(const atomic_number& other) noexcept {
        this->store(other.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return *this;
    }
    ~atomic_number() = default;
};

} // namespace detail

namespace threading {

/// One thread at a time updates and reads; who has several takes care of that. The cheapest.
struct unsynchronized {
    static constexpr bool each_thread_its_own = false;
    using lock = detail::no_lock;

    template <class T>
    class number {
    public:
        void add(T value) noexcept { value_ += value; }
        void set(T value) noexcept { value_ = value; }
        [[nodiscard]] T read() const noexcept { return value_; }
        T exchange(T value) noexcept {
            const T before = value_;
            value_ = value;
            return before;
        }

    private:
        T value_ = {};
    };
};

/// All threads update one value: for what is updated rarely, by few threads, or has to be one. An
/// update is 5 ns alone, and several times that when threads meet.
struct atomic {
    static constexpr bool each_thread_its_own = false;
    using lock = detail::small_mutex;

    template <class T>
    class number {
    public:
        void add(T value) noexcept { value_.fetch_add(value, std::memory_order_relaxed); }
        void set(T value) noexcept { value_.store(value, std::memory_order_release); }
        [[nodiscard]] T read() const noexcept { return value_.load(std::memory_order_acquire); }
        T exchange(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }

    private:
        detail::atomic_number<T> value_{};
    };
};

/// Each thread updates a value of its own, which others may read at any time; what counts is their
/// sum. An update is a load and a store, however many threads there are.
struct sharded {
    static constexpr bool each_thread_its_own = true;
    using lock = detail::small_mutex;

    /// Written by one thread, its owner, and read by any.
    template <class T>
    class number {
    public:
        void add(T value) noexcept { set(read() + value); }
        void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
        [[nodiscard]] T read() const noexcept { return value_.load(std::memory_order_relaxed); }
        T exchange(T value) noexcept {
            const T before = read();
            set(value);
            return before;
        }

    private:
        detail::atomic_number<T> value_{};
    };
};

} // namespace threading

/// Decides how several threads update a running value.
/// Requires  each_thread_its_own: whether there is a value for each thread, or one for all; number:
///           add, set, read, exchange, which may meet as the policy says; lock: lock, unlock, for
///           what is more than a number, held for moments.
/// Provided  unsynchronized, atomic, sharded.   Chosen at  registry_traits, one for each kind.
/// Cost      one add or one lock for each update.
template <class P>
concept threading_policy = requires(typename P::template number<std::uint64_t> count,
                                    typename P::template number<double> value,
                                    typename P::lock lock) {
    { P::each_thread_its_own } -> std::convertible_to<bool>;
    count.add(std::uint64_t{1});
    value.set(1.0);
    { count.exchange(std::uint64_t{0}) } -> std::same_as<std::uint64_t>;
    { value.read() } -> std::same_as<double>;
    lock.lock();
    lock.unlock();
};

static_assert(threading_policy<threading::unsynchronized>);
static_assert(threading_policy<threading::atomic>);
static_assert(threading_policy<threading::sharded>);

} // namespace quipu

// quipu/cell/timer.hpp

// The timer: the distribution of values in one interval.

namespace quipu {

/// What the sampling rate of a timing means.
enum class timer_weighting : std::uint8_t {
    full,       ///< a sample stands for 1 / rate equal ones, in everything
    count_only, ///< it does so in the count; Etsy's statsd and statsite do that
};

/// Summarises values, milliseconds as a rule: how many, their moments, and their quantiles.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
/// safe.
template <quantile_sketch Sketch = adaptive<>, timer_weighting Weighting = timer_weighting::full>
class basic_timer {
    static constexpr bool counts_apart = Weighting == timer_weighting::count_only;

public:
    using sketch_type = Sketch;

    /// Adds a value, not NaN, that stands for `weight` events (1 / sampling rate). Returns ok, or
    /// value_limit if the sketch could not keep the value for its quantiles.
    errc record(double value, double weight = 1) {
        if constexpr (counts_apart) {
            events_ += weight;
            weight = 1;
        }
        const auto before = values_.dropped();
        values_.record(value, weight);
        return values_.dropped() == before ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) {
        integral_ = integral_ && one.integral;
        return record(one.value, one.weight());
    }

    /// Adds values of which nobody says that they are whole. Returns how many of them the sketch
    /// could not keep for its quantiles.
    /// Input    block: of these values, and sound: none of them is infinite or NaN.
    /// Cost     as record for each, or less if the sketch takes many at once.
    std::size_t record_all(const double* values, std::size_t count, const summarised_block& block) {
        if (count == 0)
            return 0;
        if constexpr (counts_apart)
            events_ += static_cast<double>(count);
        integral_ = false;
        const auto before = values_.dropped();
        if constexpr (takes_blocks<Sketch>) {
            values_.record_all(values, count, block);
        } else {
            for (std::size_t i = 0; i < count; ++i)
                values_.record(values[i], 1);
        }
        return static_cast<std::size_t>(values_.dropped() - before);
    }

    void merge(const basic_timer& other) {
        if constexpr (counts_apart)
            events_ += other.events_;
        integral_ = integral_ && other.integral_;
        values_.merge(other.values_);
    }

    /// Forgets all and keeps the storage.
    void reset() noexcept {
        events_ = {};
        integral_ = true;
        values_.clear();
    }
    void next_interval() noexcept { reset(); }
    void settle() { values_.settle(); }

    /// The number of events: samples, each by its weight.
    [[nodiscard]] double count() const noexcept {
        if constexpr (counts_apart)
            return events_;
        else
            return values_.count();
    }
    [[nodiscard]] double sum() const noexcept { return values_.sum(); }
    [[nodiscard]] double sum_squares() const noexcept { return values_.sum_squares(); }
    [[nodiscard]] double mean() const noexcept { return idle() ? 0 : sum() / values_.count(); }
    [[nodiscard]] double min() const noexcept { return values_.min(); }
    [[nodiscard]] double max() const noexcept { return values_.max(); }

    /// The standard deviation of the values themselves: the sum of squares divided by n.
    [[nodiscard]] double population_deviation() const noexcept {
        return idle() ? 0 : std::sqrt(values_.squared_deviations() / values_.count());
    }
    /// The estimate for what the values were drawn from: divided by n - 1; 0 up to n = 1.
    [[nodiscard]] double sample_deviation() const noexcept {
        const double degrees = values_.count() - 1;
        return degrees > 0 ? std::sqrt(values_.squared_deviations() / degrees) : 0;
    }

    /// The sketch, for quantiles.
    [[nodiscard]] const Sketch& values() const noexcept { return values_; }
    /// All values were written as whole numbers.
    [[nodiscard]] bool integral() const noexcept { return integral_; }
    [[nodiscard]] bool idle() const noexcept { return count() == 0; }

    /// Writes whether all values were whole, the events if they are counted apart, and the sketch.
    void write(byte_writer& out) const {
        out.byte(integral_ ? 1 : 0);
        if constexpr (counts_apart)
            out.number(events_);
        values_.write(out);
    }

    /// Takes the place of what it held. False, and reset, if the bytes are no such timer.
    [[nodiscard]] bool read(byte_reader& from) {
        reset();
        const auto integral = from.byte();
        bool sound = integral <= 1;
        if constexpr (counts_apart) {
            events_ = from.number();
            sound = sound && events_ >= 0;
        }
        if (sound && values_.read(from) && idle() == (values_.count() == 0) &&
            (integral == 1 || !idle())) {
            integral_ = integral == 1;
            return true;
        }
        reset();
        return false;
    }

private:
    struct none {};

    Sketch values_{};
    [[no_unique_address]] std::conditional_t<counts_apart, double, none> events_{};
    bool integral_ = true;
};

using timer = basic_timer<>;

static_assert(cell<timer>);

} // namespace quipu

// quipu/cell/unique.hpp

// The set: how many distinct members came in one interval.

namespace quipu {

/// Counts distinct members. A member is its bytes: `1` and `1.0` are two.
///
/// The seed of the members' hash is part of the type and of the form of bytes: sets hashed alike
/// merge, wherever they come from, and others cannot be mistaken for such. It need not be secret.
/// Threads  distinct objects safe, shared objects unsafe.
template <distinct_sketch Sketch = adaptive_set<>,
          std::uint64_t HashSeed = 0x71756970755f7365> // "quipu_se"
class basic_unique {
public:
    static constexpr std::uint64_t hash_seed = HashSeed;

    /// Adds a member. Returns ok, or value_limit if it is new and the sketch is full.
    errc insert(std::string_view member) {
        return members_.insert(hash_bytes(member, hash_seed)) ? errc::ok : errc::value_limit;
    }

    errc apply(const sample& one) { return insert(one.member); }

    void merge(const basic_unique& other) { members_.merge(other.members_); }

    void reset() noexcept { members_.clear(); }
    void next_interval() noexcept { reset(); }
    void settle() noexcept {}

    /// The number of distinct members, or about that.
    [[nodiscard]] double estimate() const noexcept { return members_.estimate(); }
    /// Whether the estimate is the number itself.
    [[nodiscard]] bool exact() const noexcept {
        return standard_error() == 0 && members_.dropped() == 0;
    }
    /// The standard deviation of the estimate, relative to the true number.
    [[nodiscard]] double standard_error() const noexcept { return members_.standard_error(); }
    [[nodiscard]] const Sketch& members() const noexcept { return members_; }
    [[nodiscard]] bool idle() const noexcept { return members_.empty(); }

    /// Writes the seed and the sketch.
    void write(byte_writer& out) const {
        out.word(hash_seed);
        members_.write(out);
    }

    /// Takes the place of what it held. False, and empty, if the members were hashed with another
    /// seed, or the bytes make no sense.
    [[nodiscard]] bool read(byte_reader& from) {
        if (from.word() == hash_seed && !from.failed())
            return members_.read(from);
        reset();
        return false;
    }

private:
    Sketch members_{};
};

using unique = basic_unique<>;

static_assert(cell<unique>);

} // namespace quipu

// quipu/client/aggregation.hpp

// What a client adds up by itself before it sends: one line an interval in place of one a call.

namespace quipu {

namespace aggregation {

/// The bounds of what a client keeps between two flushes. Derive from this and override one line.
/// The memory is that of the bounds, and is taken when a client is made: 330 KiB as it stands.
struct limits {
    /// Series, and members of sets. Beyond it what is there is sent early.
    static constexpr std::size_t entries_max = 1024;
    /// Bytes of their names, tags and members together; beyond it, too.
    static constexpr std::size_t text_bytes_max = std::size_t{64} * 1024;
    /// Values of all timers together; beyond it, too.
    static constexpr std::size_t values_max = 8192;
    /// Values of one timer. Beyond it a random part of them, each as likely as the other, stands for
    /// all, with the rate to tell it; the others are counted as `thinned`. None as it stands.
    static constexpr std::size_t timer_values_max = values_max;
};

/// Each call by itself.
struct none {};

template <class Limits>
class by_series;

} // namespace aggregation

namespace detail {

/// The values of one timer between two flushes, oldest first.
class value_list {
public:
    struct node {
        double value;
        std::uint32_t next;
    };

    value_list(const node* nodes, std::uint32_t first, std::uint32_t last) noexcept
        : nodes_(nodes), at_(first), last_(last) {}

    [[nodiscard]] bool done() const noexcept { return done_; }
    [[nodiscard]] double value() const noexcept { return nodes_[at_].value; }
    void advance() noexcept {
        done_ = at_ == last_;
        at_ = nodes_[at_].next;
    }

private:
    const node* nodes_;
    std::uint32_t at_;
    std::uint32_t last_;
    bool done_ = false;
};

/// What became of one series, or of one member of a set, since the last flush.
struct aggregate {
    sample one;          ///< its value: the sum, the last one; of a timer unused
    std::uint64_t calls; ///< that it stands for
    std::uint32_t first; ///< of the values of a timer
    std::uint32_t last;
    std::uint32_t kept; ///< how many they are
};

} // namespace detail

/// Adds up what comes, for each name with its tags: counters are summed, of gauges the last value is
/// kept with what changed it since, of sets each member once, of timers every value, with its rate.
///
/// Memory   that of `Limits`, taken once.
/// Cost     a hash and a look at a table a call; nothing is allocated.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Limits = aggregation::limits>
class aggregation::by_series {
    using node = detail::value_list::node;

public:
    explicit by_series(std::uint64_t seed) : seed_(seed), slots_(slot_count), values_() {
        entries_.reserve(Limits::entries_max);
        text_.reserve(Limits::text_bytes_max);
        values_.reserve(Limits::values_max);
    }

    /// Adds a sample.
    ///
    /// Input    `check(one)` says why no line can carry a sample; it is asked for what a series had
    ///          not yet: its first sample, a change where it was set, a time below zero.
    /// Errors   those of `check`; number_out_of_range: not finite, or the sum would not be;
    ///          queue_full: at a bound, so take what is there and add again. Nothing was added then.
    template <class Check>
    [[nodiscard]] errc add(const sample& one, const Check& check) noexcept {
        if (!detail::is_finite(one.value))
            return errc::number_out_of_range;
        const std::uint64_t hash = hash_of(one);
        std::size_t slot = hash & (slot_count - 1);
        for (; slots_[slot] != 0; slot = (slot + 1) & (slot_count - 1)) {
            entry& known = entries_[slots_[slot] - 1];
            if (known.hash == hash && is_same(known, one))
                return merge(known, one, check);
        }
        if (const errc error = check(one); error != errc::ok)
            return error;
        return insert(one, hash, slot);
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// Hands out what is there, oldest first, and forgets it.
    /// Input    `on_aggregate(detail::aggregate&, detail::value_list)`; their views are valid
    ///          until it returns, and the list has a first value for a timer only.
    template <class OnAggregate>
    void take(const OnAggregate& on_aggregate) noexcept {
        for (const entry& each : entries_) {
            detail::aggregate told = each.told;
            sample& one = told.one;
            const char* const text = text_.data() + each.text;
            one.series.name = {text, each.name_size};
            one.series.tags = {text + each.name_size, each.tags_size};
            one.member = {text + each.name_size + each.tags_size, each.member_size};
            if (told.kept < told.calls && one.series.kind == metric_kind::timer)
                one.rate *= static_cast<double>(told.kept) / static_cast<double>(told.calls);
            on_aggregate(told, detail::value_list(values_.data(), told.first, told.last));
        }
        for (auto& slot : slots_)
            slot = 0;
        entries_.clear();
        text_.clear();
        values_.clear();
    }

    /// How many values of timers others stand for.
    [[nodiscard]] std::uint64_t thinned() const noexcept { return thinned_; }

private:
    static constexpr std::size_t slot_count = [] {
        std::size_t count = 2;
        while (count < 2 * Limits::entries_max)
            count *= 2;
        return count;
    }();
    static_assert(Limits::entries_max > 0 && Limits::values_max > 0 &&
                  Limits::timer_values_max > 0);
    static_assert(Limits::entries_max < 0xffff'ffff && Limits::text_bytes_max < 0xffff'ffff &&
                      Limits::values_max < 0xffff'ffff,
                  "quipu aggregation: its limits are below 2^32");

    struct entry {
        std::uint64_t hash;
        std::uint32_t text; // where the name begins; tags and member stand behind it
        std::uint32_t name_size;
        std::uint32_t tags_size;
        std::uint32_t member_size;
        detail::aggregate told; // but for its views
    };

    [[nodiscard]] std::uint64_t hash_of(const sample& one) const noexcept {
        const auto& series = one.series;
        const auto kinds =
            static_cast<std::uint64_t>(series.kind) * 4 + static_cast<std::uint64_t>(one.timer);
        std::uint64_t hash = hash_bytes(series.name, seed_ + kinds);
        if (!series.tags.empty())
            hash = hash_bytes(series.tags, hash);
        if (!one.member.empty())
            hash = hash_bytes(one.member, hash + 1);
        return hash;
    }

    [[nodiscard]] bool is_same(const entry& known, const sample& one) const noexcept {
        const std::string_view text(text_.data() + known.text,
                                    known.name_size + known.tags_size + known.member_size);
        const sample& was = known.told.one;
        return was.series.kind == one.series.kind && was.timer == one.timer &&
               was.rate == one.rate && known.name_size == one.series.name.size() &&
               known.tags_size == one.series.tags.size() &&
               known.member_size == one.member.size() && text.starts_with(one.series.name) &&
               text.substr(known.name_size).starts_with(one.series.tags) &&
               text.ends_with(one.member);
    }

    [[nodiscard]] errc insert(const sample& one, std::uint64_t hash, std::size_t slot) noexcept {
        const auto& series = one.series;
        const std::size_t bytes = series.name.size() + series.tags.size() + one.member.size();
        const bool timed = series.kind == metric_kind::timer;
        if (entries_.size() == Limits::entries_max ||
            bytes > Limits::text_bytes_max - text_.size() ||
            (timed && values_.size() == Limits::values_max))
            return errc::queue_full;
        entry fresh{.hash = hash,
                    .text = static_cast<std::uint32_t>(text_.size()),
                    .name_size = static_cast<std::uint32_t>(series.name.size()),
                    .tags_size = static_cast<std::uint32_t>(series.tags.size()),
                    .member_size = static_cast<std::uint32_t>(one.member.size()),
                    .told = {.one = one, .calls = 1, .first = 0, .last = 0, .kept = 0}};
        for (const auto piece : {series.name, series.tags, one.member})
            text_.insert(text_.end(), piece.begin(), piece.end());
        if (timed) {
            fresh.told.first = fresh.told.last = static_cast<std::uint32_t>(values_.size());
            fresh.told.kept = 1;
            values_.push_back({one.value, 0});
        }
        entries_.push_back(fresh);
        slots_[slot] = static_cast<std::uint32_t>(entries_.size());
        return errc::ok;
    }

    template <class Check>
    [[nodiscard]] errc merge(entry& known, const sample& one, const Check& check) noexcept {
        detail::aggregate& told = known.told;
        const bool timed = one.series.kind == metric_kind::timer;
        if ((timed && one.value < 0) || one.relative != told.one.relative) {
            if (const errc error = check(one); error != errc::ok)
                return error;
        }
        if (timed) {
            if (const errc error = add_value(told, one.value); error != errc::ok)
                return error;
        } else if (one.series.kind == metric_kind::gauge && !one.relative) {
            told.one.value = one.value;
            told.one.integral = one.integral;
            told.one.relative = false;
        } else if (one.series.kind != metric_kind::unique) {
            const double sum = told.one.value + one.value;
            if (!detail::is_finite(sum))
                return errc::number_out_of_range;
            told.one.value = sum;
            told.one.integral = told.one.integral && one.integral;
        }
        ++told.calls;
        return errc::ok;
    }

    [[nodiscard]] errc add_value(detail::aggregate& told, double value) noexcept {
        if (told.kept == Limits::timer_values_max) {
            // Vitter's algorithm R: the n-th value takes the place of each with the same chance.
            const std::uint64_t drawn = mix(drawn_ += 0x9e37'79b9'7f4a'7c15);
            std::uint64_t place = detail::multiply(drawn, told.calls + 1).high;
            ++thinned_;
            if (place >= told.kept)
                return errc::ok;
            std::uint32_t at = told.first;
            for (; place != 0; --place)
                at = values_[at].next;
            values_[at].value = value;
            return errc::ok;
        }
        if (values_.size() == Limits::values_max)
            return errc::queue_full;
        const auto at = static_cast<std::uint32_t>(values_.size());
        values_.push_back({value, 0});
        values_[told.last].next = at;
        told.last = at;
        ++told.kept;
        return errc::ok;
    }

    std::uint64_t seed_;
    std::uint64_t drawn_ = seed_;
    std::vector<std::uint32_t> slots_; // an entry's number from 1 on; 0: free
    std::vector<entry> entries_{};
    std::vector<char> text_{};
    std::vector<node> values_;
    std::uint64_t thinned_ = 0;
};

/// Decides what a client adds up before it sends.
/// Provided  aggregation::none (default), aggregation::by_series<>.   Chosen at  client_traits.
template <class A>
concept aggregates = !std::same_as<A, aggregation::none>;

} // namespace quipu

// quipu/client/call.hpp

// What a call of a client may say, and what a client counts of its calls.

namespace quipu {

/// What a call may say beside its value.
struct call_options {
    /// The share of the calls that is sent, above 0 and up to 1.
    double rate = 1;
    /// Tags of this line, behind those of the client: `code:200,method:get`.
    std::string_view tags = {};
    /// Unix seconds, where the dialect has it.
    std::int64_t timestamp = no_timestamp;
};

/// What became of the calls of a client.
struct client_counts {
    std::uint64_t samples = 0;     ///< taken, into a datagram or into an aggregate
    std::uint64_t sampled_out = 0; ///< not sent, since a rate left them out
    std::uint64_t refused = 0;     ///< that no line can carry; the call told why
    std::uint64_t thinned = 0;     ///< values of timers that others stand for, at a bound
    std::uint64_t datagrams = 0;   ///< taken by the transport
    std::uint64_t bytes = 0;       ///< of those
    std::uint64_t failures = 0;    ///< datagrams that the transport did not take
    std::uint64_t lost = 0;        ///< samples that were in those, or whose aggregate fits no line

    friend constexpr bool operator==(const client_counts&, const client_counts&) = default;
};

/// The counts by their names.
inline constexpr struct {
    std::string_view name;
    std::uint64_t client_counts::*count;
} client_count_names[] = {{"samples", &client_counts::samples},
                          {"sampled_out", &client_counts::sampled_out},
                          {"refused", &client_counts::refused},
                          {"thinned", &client_counts::thinned},
                          {"datagrams", &client_counts::datagrams},
                          {"bytes", &client_counts::bytes},
                          {"failures", &client_counts::failures},
                          {"lost", &client_counts::lost}};

/// A number that a call takes: it remembers whether it is an integer, which some servers and
/// layouts tell apart.
struct metric_value {
    template <std::integral Integer>
    constexpr metric_value(Integer number) noexcept
        : value(static_cast<double>(number)), integral(true) {}
    constexpr metric_value(double number) noexcept : value(number) {}

    double value;
    bool integral = false;
};

/// A duration as <chrono> has them; that header costs more to include than this one.
template <class D>
concept duration_like = requires(const D& d) {
    { d.count() } -> std::convertible_to<double>;
    { D::period::num } -> std::convertible_to<double>;
    { D::period::den } -> std::convertible_to<double>;
};

/// A duration in milliseconds.
template <duration_like Duration>
[[nodiscard]] constexpr double milliseconds_of(Duration took) noexcept {
    constexpr double milliseconds = 1000 * static_cast<double>(Duration::period::num) /
                                    static_cast<double>(Duration::period::den);
    return static_cast<double>(took.count()) * milliseconds;
}

} // namespace quipu

// quipu/client/flushing.hpp

// When a client sends what waits, beside when a datagram is full: on request, or as time passes.

namespace quipu {

namespace flushing {

/// When `flush` is called.
struct on_request {
    [[nodiscard]] static constexpr bool due() noexcept { return false; }
    static constexpr void restart() noexcept {}
};

/// With the first call after so many milliseconds since the last flush; what nothing is called behind
/// waits on. A thread that sends by itself is a `queued` transport's. `Clock` is a tick_clock:
/// steady_ticks, or processor_ticks, which is cheaper.
template <class Clock>
class at_intervals {
public:
    explicit at_intervals(double interval_milliseconds, Clock clock = Clock()) noexcept
        : clock_(clock), interval_milliseconds_(interval_milliseconds), begin_(clock_.now()) {}

    [[nodiscard]] bool due() const noexcept {
        return clock_.milliseconds(clock_.now() - begin_) >= interval_milliseconds_;
    }
    void restart() noexcept { begin_ = clock_.now(); }

private:
    Clock clock_;
    double interval_milliseconds_;
    std::uint64_t begin_;
};

} // namespace flushing

/// Decides when a client flushes by itself.
/// Requires  bool due() noexcept, asked after each call; void restart() noexcept, called at each
///           flush.
/// Provided  flushing::on_request (default), flushing::at_intervals<Clock>.   Chosen at
///           client_traits, and given to the client.
/// Cost      nothing, or a look at the clock a call.
template <class P>
concept flushing_policy = std::move_constructible<P> && requires(P policy) {
    { policy.due() } -> std::same_as<bool>;
    requires noexcept(policy.due());
    requires noexcept(policy.restart());
};

static_assert(flushing_policy<flushing::on_request>);

} // namespace quipu

// quipu/client/packed_values.hpp

// Several values of one timer in one line: `name:1:2:3|ms`.

namespace quipu {

/// Whether the readers of a dialect take several values of one type in a line.
template <wire_dialect Dialect>
inline constexpr bool packs_values =
    Dialect::repeats == repetition::packed || Dialect::repeats == repetition::values;

/// Appends one line with as many values as there is room for, in the buffer and in a line of the
/// dialect.
///
/// Input    `like`: a timer with its first value. `more`: the others, at `value()` the next one until
///          `done()`; `advance()` is called for each that was taken.
/// Returns  how many values the line has; 1 where the dialect does not pack them.
/// Errors   those of `format` for the first one; nothing was appended then.
/// Cost     that of `format`, and of writing each further value.
template <wire_dialect Dialect, name_policy Names, class Values, std::size_t BytesMax>
[[nodiscard]] constexpr result<std::size_t>
format_packed(const sample& like, Values& more, basic_line_buffer<BytesMax>& out) noexcept {
    const std::size_t before = out.size();
    if (const errc error = format<Dialect, Names>(like, out); error != errc::ok)
        return error;
    std::size_t count = 1;
    if constexpr (packs_values<Dialect>) {
        const std::size_t values_end = out.view().find('|', before); // none is in a name
        basic_line_buffer<Dialect::line_bytes_max> rest;
        if (!rest.append(out.view().substr(values_end)))
            return count;
        const std::size_t room = std::min(BytesMax, before + Dialect::line_bytes_max) - rest.size();
        out.resize(values_end);
        while (count < Dialect::values_max && !more.done()) {
            const std::size_t last = out.size();
            const double value = more.value() == 0 ? 0 : more.value(); // not "-0"
            if (!out.append(":") || !detail::append_plain(value, out) || out.size() > room) {
                out.resize(last);
                break;
            }
            more.advance();
            ++count;
        }
        static_cast<void>(out.append(rest.view())); // the room was kept for it
    }
    return count;
}

} // namespace quipu

// quipu/client/packer.hpp

// Lines into datagrams, and those into a transport: the lower half of a client.

namespace quipu::detail {

/// Puts lines into a datagram, and sends it when the next line does not fit or `flush` says so. A
/// stream gets each datagram with a newline behind it.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <transport Transport, std::size_t DatagramBytesMax>
class packer {
public:
    explicit packer(Transport to) noexcept : to_(std::move(to)) {}

    /// Adds what `write(out)` appends to a buffer, one line or several that stay together, to the
    /// datagram, or to the next one if it does not fit.
    /// Errors   those of `write`, which then has appended nothing; no_space: it never fits.
    template <class Write>
    errc append(const Write& write) noexcept {
        errc error = append_here(write);
        if (error == errc::no_space && text_.size() > 0) {
            static_cast<void>(flush());
            error = append_here(write);
        }
        return error;
    }

    /// Tells how many samples the lines that were appended last stand for: they are lost if the
    /// datagram is.
    void stands_for(std::uint64_t samples) noexcept { waiting_ += samples; }

    /// Sends what is there.
    /// Errors   those of the transport; what was there is lost then, and counted.
    errc flush() noexcept {
        if (text_.size() == 0)
            return errc::ok;
        if constexpr (is_stream)
            static_cast<void>(text_.append("\n")); // there is room for it
        const errc error = to_.send(text_.view());
        if (error == errc::ok) {
            ++counts.datagrams;
            counts.bytes += text_.size();
        } else {
            ++counts.failures;
            counts.lost += waiting_;
            last_error = error;
        }
        text_.resize(0);
        waiting_ = 0;
        return error;
    }

    [[nodiscard]] Transport& transport() noexcept { return to_; }

    client_counts counts{};
    errc last_error = errc::ok; ///< what the transport said last that was not ok

private:
    static constexpr bool is_stream = is_stream_transport<Transport>;

    template <class Write>
    errc append_here(const Write& write) noexcept {
        const std::size_t before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        errc error = write(text_);
        if (error == errc::ok && is_stream && text_.size() == DatagramBytesMax)
            error = errc::no_space; // for the newline at the end
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    Transport to_;
    std::uint64_t waiting_ = 0; // samples in the text
    basic_line_buffer<DatagramBytesMax> text_{};
};

} // namespace quipu::detail

// quipu/client/sampling.hpp

// Which calls of a client are sent when only a share of them is to be.

namespace quipu {

namespace sampling {

/// Each call by itself, with the rate as its probability: nothing that recurs in a program can be in
/// step with it. A small generator of its own, the same on every platform.
///
/// To draw, in place of each call, how many calls to skip costs 1 ns less at one call in a hundred, but
/// twice as much at one in ten, and seven times as much where calls of two rates alternate, so it is
/// not there.
class bernoulli {
public:
    explicit constexpr bernoulli(std::uint64_t seed = 0) noexcept : state_(seed) {}

    [[nodiscard]] constexpr bool keep(double rate) noexcept {
        if (rate >= 1)
            return true;
        const std::uint64_t drawn = mix(state_ += 0x9e37'79b9'7f4a'7c15) >> 11U;
        return static_cast<double>(static_cast<std::int64_t>(drawn)) * 0x1p-53 < rate;
    }

private:
    std::uint64_t state_;
};

/// All calls, each with its rate: for callers that have drawn already.
class keep_all {
public:
    explicit constexpr keep_all(std::uint64_t /*seed*/ = 0) noexcept {}

    [[nodiscard]] static constexpr bool keep(double /*rate*/) noexcept { return true; }
};

} // namespace sampling

/// Decides which calls are sent.
/// Requires  explicit P(std::uint64_t seed); bool keep(double rate) noexcept, true for a share `rate`
///           of the calls; for a rate of 1 always.
/// Provided  sampling::bernoulli (default), sampling::keep_all.   Chosen at  client_traits.
/// Cost      one call for each sample: 1 ns, and nothing for a rate of 1.
template <class P>
concept sampling_policy = std::constructible_from<P, std::uint64_t> &&
    requires(P policy, double rate) {
    { policy.keep(rate) } -> std::same_as<bool>;
    requires noexcept(policy.keep(rate));
};

static_assert(sampling_policy<sampling::bernoulli>);
static_assert(sampling_policy<sampling::keep_all>);

} // namespace quipu

// quipu/client/client.hpp

// The client: a program's own metrics as StatsD lines to a server.

namespace quipu {

/// Compile-time choices of a client. Derive from this and override one line.
struct client_traits {
    /// Change when the server is not ours: dialect::etsy, statsite, dogstatsd. What a server does
    /// not read is refused here.
    using dialect_type = dialect::quipu;
    /// Change to format_policy::refuse when a name with a character that no line can carry should be
    /// an error and not be mended.
    using names = format_policy::sanitize;
    /// Change when calls should be chosen in another way.
    using sampler = sampling::bernoulli;
    /// Change to aggregation::by_series<> to send one line an interval for each series, in place of
    /// one for each call. Then `flush` as often as the server does.
    using aggregation = aggregation::none;
    /// Change to flushing::at_intervals<Clock> to send what waits as time passes, with the calls.
    using flushing = flushing::on_request;
    /// Change to what the way to the server carries: 512 is safe anywhere, 1432 fits an Ethernet
    /// frame, 8192 a Unix socket.
    static constexpr std::size_t datagram_bytes_max = 1432;
    /// Change to send each call at once, in a datagram of its own.
    static constexpr bool batches = true;
    /// Change to tell the rate of gauges and sets, too, of which no server can make use.
    static constexpr bool rates_of_all = false;
    // Add `using writer = …` when the lines should be written in a way of their own; it takes the
    // place of dialect and names. pystatsd.hpp has one.
};

/// What a client is told when it is made.
struct client_options {
    /// Stands before each name, with a '.' between.
    std::string prefix = "";
    /// Tags of every line: `env:prod,region:eu`.
    std::string tags = "";
    /// Of the sampling. Give each process another one.
    std::uint64_t seed = 0;
};

/// Writes lines and sends them through a transport, several in a datagram. A datagram goes out when
/// the next line does not fit, when `flush` says so, and when the client ends: call `flush` as often
/// as numbers may be late. A stream gets each datagram with a newline behind it.
///
/// Nothing is thrown, and nothing waits that the transport does not wait for: a udp_sender never does, a
/// tcp_sender or unix_stream_sender up to the times in its options. What cannot be sent is dropped and counted.
///
/// With aggregation, counters, gauges and sets take every call, whatever its rate: it costs nothing on
/// the way. What has a time of its own, key/values and events go out as they come.
///
/// At a fork both processes have what was not sent yet: flush before.
///
/// Memory   two buffers of a datagram's size and of a name's, and what an aggregation has; nothing
///          is allocated after it is made.
/// Threads  distinct objects safe, shared objects unsafe: one client for each thread.
template <transport Transport, class Traits = client_traits>
class basic_client {
    using dialect_type = typename Traits::dialect_type;
    using aggregation_type = typename Traits::aggregation;
    static_assert(require_dialect<dialect_type>());
    static_assert(sampling_policy<typename Traits::sampler>);
    static_assert(name_policy<typename Traits::names>);
    static_assert(flushing_policy<typename Traits::flushing>);

public:
    using traits = Traits;
    /// The most that `send_lines` takes.
    static constexpr std::size_t lines_bytes_max =
        Traits::datagram_bytes_max - (is_stream_transport<Transport> ? 1 : 0);

    explicit basic_client(Transport to,
                          client_options options = {},
                          typename Traits::flushing when = {})
        : packer_(std::move(to)), prefix_(std::move(options.prefix)),
          tags_(std::move(options.tags)), seed_(options.seed), sampler_(options.seed),
          aggregates_(made_aggregation(options.seed)), when_(std::move(when)) {
        if (!prefix_.empty())
            prefix_ += '.';
    }

    basic_client(const basic_client&) = delete; // what it holds would be sent twice
    basic_client& operator=(const basic_client&) = delete;
    ~basic_client() { static_cast<void>(flush()); }

    // Each of the following returns ok if the line was taken, or left out by its rate; else why no
    // line can say it: the errors of `format`. What the transport says is in `counts()` and
    // `last_error()`.

    /// Adds to a counter.
    errc
    increment(std::string_view name, metric_value by = 1, const call_options& more = {}) noexcept {
        return add(metric_kind::counter, name, by, more);
    }
    errc
    decrement(std::string_view name, metric_value by = 1, const call_options& more = {}) noexcept {
        by.value = -by.value;
        return increment(name, by, more);
    }

    /// Sets a gauge. A value below zero takes two lines, which stay together. A gauge has no rate:
    /// one that is not 1 leaves calls out, and the server is not told.
    errc gauge(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(metric_kind::gauge, name, value, more);
    }

    /// Changes a gauge.
    errc
    change_gauge(std::string_view name, metric_value by, const call_options& more = {}) noexcept {
        return add(metric_kind::gauge, name, by, more, {.relative = true});
    }

    /// Reports how long something took, in milliseconds.
    errc
    timing(std::string_view name, double milliseconds, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, milliseconds, more);
    }
    template <duration_like Duration>
    errc timing(std::string_view name, Duration took, const call_options& more = {}) noexcept {
        return timing(name, milliseconds_of(took), more);
    }

    /// Reports a value whose distribution counts, that is no time; DogStatsD tells it apart.
    errc histogram(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, value, more, {.timer = timer_type::h});
    }
    errc distribution(std::string_view name, double value, const call_options& more = {}) noexcept {
        return add(metric_kind::timer, name, value, more, {.timer = timer_type::d});
    }

    /// Adds a member to a set. It has no rate: what is left out is not counted by the server.
    errc
    set(std::string_view name, std::string_view member, const call_options& more = {}) noexcept {
        return add(metric_kind::unique, name, 0, more, {.member = member});
    }

    /// Sends a value as it is, with its own time if it has one: nothing is aggregated. Of the servers
    /// that know key/values. It has no rate, as a set.
    errc
    key_value(std::string_view name, metric_value value, const call_options& more = {}) noexcept {
        return add(metric_kind::keyvalue, name, value, more);
    }

    /// Sends an event or a service check, which DogStatsD's servers read. Prefix and tags of the
    /// client are for metrics.
    /// Errors   those of `format`.
    errc send(const event& one) noexcept {
        return append([&](auto& out) { return format(one, out); });
    }
    errc send(const service_check& one) noexcept {
        return append([&](auto& out) { return format(one, out); });
    }

    /// Adds lines that are ready, as they are: nothing is checked, nor added up. They stay together.
    /// Errors   no_space: they are more than `lines_bytes_max`.
    errc send_lines(std::string_view lines) noexcept {
        std::uint64_t count = 1;
        for (const char c : lines)
            count += c == '\n' ? 1 : 0;
        return append([&](auto& out) { return out.append(lines) ? errc::ok : errc::no_space; },
                      count);
    }

    /// Sends what became of the client's own calls since it was last asked to, as counters with the
    /// names of `client_counts`: `NAME.samples`, `NAME.lost`, …; those that are 0 are left out. Call it
    /// as often as the numbers are wanted.
    /// Errors   as increment.
    errc send_counts(std::string_view name) noexcept {
        const client_counts now = counts();
        errc first = errc::ok;
        for (const auto& [what, count] : client_count_names) {
            basic_line_buffer<dialect_type::name_bytes_max> full;
            const std::uint64_t fresh = now.*count - told_.*count;
            errc error = errc::ok;
            if (!full.append(name) || !full.append(".") || !full.append(what))
                error = errc::name_too_long;
            else if (fresh != 0)
                error = increment(full.view(), fresh);
            if (error == errc::ok)
                told_.*count = now.*count;
            else if (first == errc::ok)
                first = error;
        }
        return first;
    }

    /// Sends what is there.
    /// Errors   those of the transport; what was there is lost then, and counted.
    errc flush() noexcept {
        if constexpr (is_aggregating)
            write_aggregates();
        when_.restart();
        return packer_.flush();
    }

    /// Sends what is there, and waits until the transport has passed it on or the time is over: for a
    /// transport with a queue (`queued`), which has `flush(deadline)`.
    /// Errors   those of both; of the transport's timed_out.
    template <class Deadline>
    errc flush(const Deadline& end) noexcept requires requires(Transport& to) {
        to.flush(end);
    }
    {
        const errc sent = flush();
        const errc passed_on = transport().flush(end);
        return sent != errc::ok ? sent : passed_on;
    }

    /// What became of all calls so far. What waits is in `samples` only.
    [[nodiscard]] const client_counts& counts() const noexcept { return packer_.counts; }
    /// What the transport said last that was not ok; ok if there is none.
    [[nodiscard]] errc last_error() const noexcept { return packer_.last_error; }
    [[nodiscard]] Transport& transport() noexcept { return packer_.transport(); }

    /// What a client is to be made with that speaks like this one: its prefix and tags, and a seed of
    /// its own each time.
    [[nodiscard]] client_options child_options() {
        return {.prefix = prefix_.substr(0, prefix_.size() - (prefix_.empty() ? 0 : 1)),
                .tags = tags_,
                .seed = mix(seed_ += 0x9e37'79b9'7f4a'7c15)};
    }

private:
    static constexpr bool is_aggregating = aggregates<aggregation_type>;
    static constexpr bool has_writer = requires { typename Traits::writer; };

    /// What only some kinds have.
    struct details {
        std::string_view member = {};
        timer_type timer = timer_type::ms;
        bool relative = false;
    };

    [[nodiscard]] static aggregation_type made_aggregation(std::uint64_t seed) {
        if constexpr (is_aggregating)
            return aggregation_type(seed);
        else
            return {};
    }

    /// What a call is about. Of the kinds that have no rate the server is not told one.
    [[nodiscard]] static sample of(metric_kind kind,
                                   std::string_view name,
                                   metric_value value,
                                   const call_options& more,
                                   const details& rest) noexcept {
        const bool rated = kind == metric_kind::counter || kind == metric_kind::timer;
        sample one;
        one.series.kind = kind;
        one.series.name = name;
        one.series.tags = more.tags;
        one.value = value.value;
        one.integral = value.integral;
        one.rate = rated || Traits::rates_of_all ? more.rate : 1;
        one.member = rest.member;
        one.timestamp = more.timestamp;
        one.relative = rest.relative;
        one.timer = std::same_as<dialect_type, dialect::dogstatsd> ? rest.timer : timer_type::ms;
        return one;
    }

    /// Adds the line of a call, unless its rate leaves it out; that is looked at first.
    errc add(metric_kind kind,
             std::string_view name,
             metric_value value,
             const call_options& more,
             const details& rest = {}) noexcept {
        if (!(more.rate >= rate_min && more.rate <= 1))
            return refused(errc::bad_rate);
        const bool in_aggregate =
            is_aggregating && kind != metric_kind::keyvalue && more.timestamp == no_timestamp;
        if ((!in_aggregate || kind == metric_kind::timer) && !sampler_.keep(more.rate)) {
            ++packer_.counts.sampled_out;
            return errc::ok;
        }
        const sample one = of(kind, name, value, more, rest);
        if constexpr (is_aggregating) {
            if (in_aggregate)
                return add_to_aggregate(one);
        }
        return append([&](auto& out) { return write(one, out); });
    }

    /// Writes the line of a sample, with the client's prefix and tags.
    template <std::size_t BytesMax>
    errc write(const sample& bare, basic_line_buffer<BytesMax>& out) noexcept {
        sample one = bare;
        if (const errc error = complete(one); error != errc::ok)
            return error;
        if constexpr (has_writer)
            return Traits::writer::write(one, out);
        else
            return format<dialect_type, typename Traits::names>(one, out);
    }

    /// Gives a sample the client's prefix and tags. Its views are valid until the next one.
    errc complete(sample& one) noexcept {
        names_.resize(0);
        if (one.series.name.empty())
            return errc::empty_name; // which a prefix would hide
        if (!prefix_.empty()) {
            if (!names_.append(prefix_) || !names_.append(one.series.name))
                return errc::name_too_long;
            one.series.name = names_.view();
        }
        const std::size_t name_end = names_.size();
        if (!tags_.empty()) {
            if (!names_.append(tags_) || (!one.series.tags.empty() && !names_.append(",")) ||
                !names_.append(one.series.tags))
                return errc::tags_too_long;
            one.series.tags = names_.view().substr(name_end);
        }
        return errc::ok;
    }

    errc add_to_aggregate(sample one) noexcept {
        if (one.series.kind != metric_kind::timer)
            one.rate = 1;
        const auto check = [this](const sample& fresh) noexcept {
            basic_line_buffer<Traits::datagram_bytes_max> line;
            return write(fresh, line);
        };
        errc error = aggregates_.add(one, check);
        if (error == errc::queue_full) {
            write_aggregates();
            error = aggregates_.add(one, check);
        }
        if (error == errc::queue_full) // a text that is longer than all of its room
            return append([&](auto& out) { return write(one, out); });
        if (error != errc::ok)
            return refused(error);
        ++packer_.counts.samples;
        packer_.counts.thinned = aggregates_.thinned();
        flush_when_due();
        return errc::ok;
    }

    /// Moves what is added up into datagrams.
    void write_aggregates() noexcept {
        aggregates_.take([this](detail::aggregate& from, detail::value_list values) {
            if (from.one.series.kind == metric_kind::timer)
                return write_timer(from, values);
            settle(packer_.append([&](auto& out) { return write(from.one, out); }), from.calls);
        });
    }

    /// Writes the values of a timer, several in a line if there are readers for that. The first line
    /// answers for the values that were thinned out.
    void write_timer(detail::aggregate& from, detail::value_list values) noexcept {
        std::uint64_t thinned = from.calls - from.kept;
        while (!values.done()) {
            std::size_t count = 1;
            auto rest = values;
            from.one.value = values.value();
            const errc error = packer_.append([&](auto& out) {
                rest = values;
                rest.advance();
                if constexpr (has_writer) {
                    return write(from.one, out);
                } else {
                    sample one = from.one;
                    const errc named = complete(one);
                    return named == errc::ok ? pack(one, rest, out, count) : named;
                }
            });
            settle(error, count + std::exchange(thinned, 0));
            values = rest;
        }
    }

    template <std::size_t BytesMax>
    static errc pack(const sample& first,
                     detail::value_list& rest,
                     basic_line_buffer<BytesMax>& out,
                     std::size_t& count) noexcept {
        const auto packed = format_packed<dialect_type, typename Traits::names>(first, rest, out);
        count = packed.value_or(1);
        return packed.error();
    }

    /// Counts what an aggregated line stands for.
    void settle(errc error, std::uint64_t samples) noexcept {
        if (error == errc::ok) {
            packer_.stands_for(samples);
            if constexpr (!Traits::batches)
                static_cast<void>(packer_.flush());
        } else { // since the sum has more digits than there was room for, say
            packer_.counts.lost += samples;
            packer_.last_error = error;
        }
    }

    /// Adds lines to the datagram, or to the next one if they do not fit.
    template <class Write>
    errc append(const Write& write_line, std::uint64_t samples = 1) noexcept {
        if (const errc error = packer_.append(write_line); error != errc::ok)
            return refused(error);
        packer_.counts.samples += samples;
        settle(errc::ok, samples);
        flush_when_due();
        return errc::ok;
    }

    void flush_when_due() noexcept {
        if (when_.due())
            static_cast<void>(flush());
    }

    errc refused(errc why) noexcept {
        ++packer_.counts.refused;
        return why;
    }

    detail::packer<Transport, Traits::datagram_bytes_max> packer_;
    std::string prefix_;
    std::string tags_;
    std::uint64_t seed_;   // of the last child
    client_counts told_{}; // by send_counts
    typename Traits::sampler sampler_;
    [[no_unique_address]] aggregation_type aggregates_;
    [[no_unique_address]] typename Traits::flushing when_;
    basic_line_buffer<dialect_type::name_bytes_max + dialect_type::tag_bytes_max> names_{};
};

} // namespace quipu

// quipu/client/pipeline.hpp

// The calls of a part of a program, which leave together: pystatsd's pipeline.

namespace quipu {

/// Hands lines to a client: the transport of a pipeline. The client outlives it.
template <class Client>
class client_transport {
public:
    explicit client_transport(Client& to) noexcept : to_(&to) {}

    /// Errors   those of `Client::send_lines`.
    [[nodiscard]] errc send(std::string_view lines) noexcept { return to_->send_lines(lines); }

private:
    Client* to_;
};

/// The traits of a pipeline before a client: those of the client, but that it always batches.
template <class Client>
struct pipeline_traits : Client::traits {
    using aggregation = aggregation::none;
    using flushing = flushing::on_request;
    static constexpr bool batches = true;
    /// One less before a stream, which gets a newline more.
    static constexpr std::size_t datagram_bytes_max = Client::lines_bytes_max;
};

template <class Client>
using client_pipeline = basic_client<client_transport<Client>, pipeline_traits<Client>>;

/// A client that hands its lines to another one, in order, when it is flushed or ends, and before that
/// whenever it has a datagram full: with its prefix, its tags and its rules. Of a pipeline there can be
/// another one.
///
///     {
///         auto batch = quipu::open_pipeline(client);
///         batch.increment("orders");
///         batch.timing("checkout", 12);
///     }   // here they leave, together if there is room in a datagram
///
/// Deviation  pystatsd keeps all until the end, however much: calls of the client that are made
///            meanwhile go before a full datagram there, and behind it here.
/// Memory     one datagram.
/// Threads    those of the client.
template <class Client>
[[nodiscard]] client_pipeline<Client> open_pipeline(Client& before) {
    return client_pipeline<Client>(client_transport<Client>(before), before.child_options());
}

} // namespace quipu

// quipu/client/pystatsd.hpp

// The lines of pystatsd, byte by byte: for programs that take the place of one that used it.

namespace quipu {

/// Writes a sample as pystatsd does: whole numbers as integers, others as Python prints them, times
/// with six decimals, a change of a gauge with its sign; a gauge that is set below zero is set to 0
/// before.
///
/// Deviation  what would smuggle in another line, which pystatsd sends, is refused: a control
///            character, ':' or '|' in a name, a newline or '|' in a member; so are tags, which it
///            does not have, and numbers that are not finite. An integer is exact up to 2^53.
/// Source     jsocol/pystatsd 3.3, statsd/client/base.py.
struct pystatsd_lines {
    /// Appends the line, or the two lines, or nothing.
    /// Errors   bad_name, empty_name, bad_tags, unknown_type (a key/value), number_out_of_range,
    ///          no_space.
    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr errc write(const sample& one,
                                              basic_line_buffer<BytesMax>& out) noexcept {
        if (const auto error = check(one); error != errc::ok)
            return error;
        const std::size_t before = out.size();
        const bool zero_first =
            one.series.kind == metric_kind::gauge && !one.relative && one.value < 0;
        sample zero = one;
        zero.value = 0;
        zero.integral = true;
        sample last = one;
        if (zero_first)
            zero.rate = last.rate = 1; // that client has drawn before
        if ((!zero_first || (append(zero, out) && out.append("\n"))) && append(last, out))
            return errc::ok;
        out.resize(before);
        return errc::no_space;
    }

private:
    [[nodiscard]] static constexpr errc check(const sample& one) noexcept {
        const auto name = one.series.name;
        if (name.empty())
            return errc::empty_name;
        if (detail::has_control_or<':', '|'>(name) || detail::has_control_or<'|'>(one.member))
            return errc::bad_name;
        if (!one.series.tags.empty())
            return errc::bad_tags;
        if (one.series.kind == metric_kind::keyvalue)
            return errc::unknown_type;
        return detail::is_finite(one.value) ? errc::ok : errc::number_out_of_range;
    }

    template <class Layout, std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append_number(double number,
                                                      basic_line_buffer<BytesMax>& out) noexcept {
        char text[Layout::bytes_max] = {};
        const char* const end = Layout::write(text, number);
        return out.append(std::string_view(text, static_cast<std::size_t>(end - text)));
    }

    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append_value(const sample& one,
                                                     basic_line_buffer<BytesMax>& out) noexcept {
        if (one.series.kind == metric_kind::unique)
            return out.append(one.member);
        if (one.series.kind == metric_kind::timer)
            return append_number<layout::fixed<6>>(one.value, out);
        if (one.relative && one.value >= 0 && !out.append("+"))
            return false;
        if (one.integral && one.value > -0x1p63 && one.value < 0x1p63)
            return out.append(static_cast<std::int64_t>(one.value));
        return append_number<layout::python>(one.value, out);
    }

    template <std::size_t BytesMax>
    [[nodiscard]] static constexpr bool append(const sample& one,
                                               basic_line_buffer<BytesMax>& out) noexcept {
        constexpr std::string_view types[] = {"|c", "|ms", "|g", "|s"};
        return out.append(one.series.name) && out.append(":") && append_value(one, out) &&
               out.append(types[static_cast<std::size_t>(one.series.kind)]) &&
               (one.rate == 1 ||
                (out.append("|@") && append_number<layout::python>(one.rate, out)));
    }
};

/// A client whose bytes are those of pystatsd's pipeline, of UDP and of TCP. With `batches = false`
/// they are those of its calls one by one.
/// Deviation  a line of more than 511 bytes is refused, and not sent alone.
struct pystatsd_traits : client_traits {
    using writer = pystatsd_lines;
    static constexpr bool rates_of_all = true;
    static constexpr std::size_t datagram_bytes_max = 511; // it sends what would reach 512
};

} // namespace quipu

// quipu/client/scoped_timer.hpp

// How long a part of a program takes, told to a client when it is left.

namespace quipu {

/// Measures from its making to `stop`, or to its end, however that comes: a block that is left by an
/// exception is timed as well.
///
/// `Client` has `timing(name, duration, call_options)`; it outlives the timer. The name and the tags
/// hold as long as the timer does.
/// Cost     two looks at the clock and one call of the client.
/// Threads  those of the client.
template <class Client, class Clock = std::chrono::steady_clock>
class scoped_timer {
public:
    explicit scoped_timer(Client& to, std::string_view name, const call_options& more = {})
        : to_(&to), name_(name), more_(more), start_(Clock::now()) {}

    scoped_timer(const scoped_timer&) = delete; // one measurement is told once
    scoped_timer& operator=(const scoped_timer&) = delete;
    ~scoped_timer() {
        if (to_ != nullptr)
            static_cast<void>(stop());
    }

    /// Tells how long it took, and returns that. Later calls, and the end, tell nothing more.
    typename Clock::duration stop() {
        const auto took = Clock::now() - start_;
        if (Client* const to = std::exchange(to_, nullptr))
            static_cast<void>(to->timing(name_, took, more_));
        return took;
    }

    /// Tells nothing.
    void cancel() noexcept { to_ = nullptr; }

private:
    Client* to_;
    std::string_view name_;
    call_options more_;
    typename Clock::time_point start_;
};

/// Calls `f` and tells a client how long it took. Returns what `f` returns.
template <class Client, class F>
decltype(auto) timed(Client& to, std::string_view name, F&& f, const call_options& more = {}) {
    const scoped_timer measured(to, name, more);
    return std::forward<F>(f)();
}

} // namespace quipu

// quipu/client/static_name.hpp

// Names as literals, checked by the compiler: `quipu::static_name<"api.hits">`.

namespace quipu {

/// A literal as a template argument.
template <std::size_t Size>
struct static_text {
    // Implicit, so that a literal is one.
    consteval static_text(const char (&literal)[Size]) noexcept {
        for (std::size_t i = 0; i < Size; ++i)
            bytes[i] = literal[i];
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes, Size - 1}; }

    char bytes[Size] = {};
};

namespace detail {

template <static_text Name>
consteval std::string_view checked_name() {
    constexpr std::string_view text = Name.view();
    static_assert(!text.empty(), "quipu name: it is empty");
    static_assert(
        !has_control_or<':', '|', '@', '#', ';'>(text),
        "quipu name: a line cannot carry a control character, or ':', '|', '@', '#', ';'");
    static_assert(text.size() <= dialect::quipu::name_bytes_max, "quipu name: it is too long");
    return text;
}

} // namespace detail

/// The name of a metric, a view that holds for ever; one that no line can carry, or that some server
/// would take for more than a name, does not compile. (A template that is called just `name` would
/// make `a.name < b.name` mean something else to some compilers.)
template <static_text Name>
inline constexpr std::string_view static_name = detail::checked_name<Name>();

} // namespace quipu

// quipu/store/retention.hpp

// When a series that stopped reporting leaves the store.

namespace quipu {

namespace retention {

/// A series stays for ever, and is part of every flush: counters as 0, gauges with their value.
struct forever {
    [[nodiscard]] constexpr bool expired(std::uint32_t) const noexcept { return false; }
};

/// A series leaves at the first flush of an interval in which nothing came for it.
struct each_interval {
    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > 0;
    }
};

/// A series is part of `intervals_max` flushes after its last sample's, and leaves at the next.
/// The bound is set at run time.
struct idle_for {
    std::uint32_t intervals_max = 1;

    [[nodiscard]] constexpr bool expired(std::uint32_t idle_intervals) const noexcept {
        return idle_intervals > intervals_max;
    }
};

/// As `idle_for`, and for ever unless a bound is set: for who lets others choose.
struct adjustable : idle_for {
    constexpr explicit adjustable(
        std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) noexcept
        : idle_for{most} {}
};

} // namespace retention

/// Decides when a series that stopped reporting leaves the store.
/// Requires  bool expired(std::uint32_t idle_intervals) const noexcept; monotonic in its argument,
///           which counts the flushes since the series' last sample, 0 if there was one since the
///           flush before.
/// Provided  forever, each_interval, idle_for, adjustable.   Chosen at  store_traits, one for each kind.
/// Cost      one call for each series and flush.
template <class R>
concept retention_policy = std::default_initializable<R> && requires(const R r, std::uint32_t n) {
    { r.expired(n) } -> std::same_as<bool>;
    requires noexcept(r.expired(n));
};

static_assert(retention_policy<retention::forever>);
static_assert(retention_policy<retention::each_interval>);
static_assert(retention_policy<retention::idle_for>);
static_assert(retention_policy<retention::adjustable>);

} // namespace quipu

// quipu/store/segmented_vector.hpp

// A vector that grows without moving what it holds.

namespace quipu::detail {

/// Elements in segments of a fixed size: to grow costs one allocation of a segment, never a copy of
/// them all. Only while the first segment is not full may a new element move the others. What throws
/// leaves it as it was. Moving takes the allocator along.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class T, template <class> class Allocator>
class segmented_vector {
public:
    static constexpr std::size_t segment_size = 2048;

    explicit segmented_vector(const Allocator<char>& allocator = {})
        : segments_(Allocator<segment>(allocator)), allocator_(allocator) {}

    segmented_vector(segmented_vector&& other) noexcept
        : segments_(std::move(other.segments_)), size_(std::exchange(other.size_, 0)),
          allocator_(other.allocator_) {
        other.segments_.clear();
    }
    /// Takes the memory of the other, and its allocator with it, whatever the two are.
    segmented_vector& operator=(segmented_vector&& other) noexcept {
        if (this != &other) {
            this->~segmented_vector();
            ::new (static_cast<void*>(this)) segmented_vector(std::move(other));
        }
        return *this;
    }
    ~segmented_vector() = default;
    segmented_vector(const segmented_vector&) = delete;
    segmented_vector& operator=(const segmented_vector&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        return segments_.data()[i / segment_size].data()[i % segment_size];
    }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        return segments_.data()[i / segment_size].data()[i % segment_size];
    }

    template <class... Args>
    T& emplace_back(Args&&... args) {
        const std::size_t place = size_ / segment_size;
        if (place == segments_.size())
            segments_.emplace_back(Allocator<T>(allocator_));
        // Also if the reservation failed the last time.
        if (place > 0 && segments_[place].capacity() == 0)
            segments_[place].reserve(segment_size);
        T& added = segments_[place].emplace_back(std::forward<Args>(args)...);
        ++size_;
        return added;
    }

    /// Removes the last elements; keeps their storage.
    void shrink(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        for (; size_ > size; --size_)
            segments_[(size_ - 1) / segment_size].pop_back();
    }

    void clear() noexcept { shrink(0); }

    template <bool Const>
    class basic_iterator {
    public:
        using owner = std::conditional_t<Const, const segmented_vector, segmented_vector>;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = std::conditional_t<Const, const T&, T&>;

        basic_iterator() = default;
        basic_iterator(owner& of, std::size_t place) noexcept : of_(&of), place_(place) {}

        [[nodiscard]] reference operator*() const noexcept { return (*of_)[place_]; }
        [[nodiscard]] auto* operator->() const noexcept { return &(*of_)[place_]; }
        basic_iterator& operator++() noexcept {
            ++place_;
            return *this;
        }
        basic_iterator operator++(int) noexcept {
            auto before = *this;
            ++place_;
            return before;
        }
        friend bool operator==(const basic_iterator&, const basic_iterator&) = default;

    private:
        owner* of_ = nullptr;
        std::size_t place_ = 0;
    };

    [[nodiscard]] auto begin() noexcept { return basic_iterator<false>(*this, 0); }
    [[nodiscard]] auto end() noexcept { return basic_iterator<false>(*this, size_); }
    [[nodiscard]] auto begin() const noexcept { return basic_iterator<true>(*this, 0); }
    [[nodiscard]] auto end() const noexcept { return basic_iterator<true>(*this, size_); }

private:
    using segment = std::vector<T, Allocator<T>>;

    std::vector<segment, Allocator<segment>> segments_;
    std::size_t size_ = 0;
    Allocator<char> allocator_;
};

} // namespace quipu::detail

// quipu/store/chunk_index.hpp

// From a hash to the places of the entries that may have it: one cache line a look-up.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// Asks for memory ahead of its use.
inline void prefetch([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#endif
}

/// A hash table of places, by linear hashing: it grows by one chunk at a time, as it fills, so that
/// no insertion waits for a table to be built anew. A chunk is one cache line: twelve tags of eight
/// bits and twelve places; one that overflows is followed by another.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <template <class> class Allocator>
class chunk_index {
public:
    static constexpr std::uint32_t none = 0xffff'ffff;

    /// A cache line of tags and places.
    struct alignas(64) chunk {
        static constexpr unsigned size = 12;

        std::uint8_t tags[size] = {}; // 0: free; the free ones are the last
        std::uint32_t follower = 0;   // of the followers, plus one
        std::uint32_t places[size] = {};

        /// A bit for each place with this tag.
        [[nodiscard]] std::uint32_t matches(std::uint8_t tag) const noexcept {
#if defined(__SSE2__)
            const __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
            const __m128i equal = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(tag)));
            return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & ((1U << size) - 1);
#else
            std::uint32_t found = 0;
            for (unsigned i = 0; i < size; ++i)
                found |= static_cast<std::uint32_t>(tags[i] == tag) << i;
            return found;
#endif
        }

        [[nodiscard]] unsigned used() const noexcept {
            const std::uint32_t free = matches(0);
            return free == 0 ? size : static_cast<unsigned>(std::countr_zero(free));
        }
    };
    static_assert(sizeof(chunk) == 64);

    explicit chunk_index(const Allocator<char>& allocator = {})
        : homes_(allocator), followers_(allocator) {}

    chunk_index(chunk_index&& other) noexcept
        : homes_(std::move(other.homes_)), followers_(std::move(other.followers_)),
          free_follower_(std::exchange(other.free_follower_, 0)),
          size_(std::exchange(other.size_, 0)), round_(std::exchange(other.round_, 1)) {}
    chunk_index& operator=(chunk_index&& other) noexcept {
        homes_ = std::move(other.homes_);
        followers_ = std::move(other.followers_);
        free_follower_ = std::exchange(other.free_follower_, 0);
        size_ = std::exchange(other.size_, 0);
        round_ = std::exchange(other.round_, 1);
        return *this;
    }
    ~chunk_index() = default;
    chunk_index(const chunk_index&) = delete;
    chunk_index& operator=(const chunk_index&) = delete;

    /// Asks for the chunk where a hash is at home and returns it; null if there is none at all.
    /// Valid until the next insertion.
    [[nodiscard]] const chunk* prefetch(std::uint64_t hash) const noexcept {
        if (homes_.empty())
            return nullptr;
        const chunk* const at = &homes_[home(hash)];
        detail::prefetch(at);
        return at;
    }

    /// The first place with the tag of a hash in its home, or `none`: as a rule the right one.
    [[nodiscard]] static std::uint32_t candidate(const chunk* home, std::uint64_t hash) noexcept {
        const std::uint32_t matches = home == nullptr ? 0 : home->matches(tag(hash));
        return matches == 0 ? none : home->places[std::countr_zero(matches)];
    }

    /// The place for which `is_it(place)` is true among those that may have the hash, or `none`.
    /// Cost     one chunk and one call as a rule.
    template <class IsIt>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, const IsIt& is_it) const {
        if (homes_.empty())
            return none;
        const std::uint8_t wanted = tag(hash);
        for (const chunk* at = &homes_[home(hash)];; at = &followers_[at->follower - 1]) {
            for (auto matches = at->matches(wanted); matches != 0; matches &= matches - 1) {
                const std::uint32_t place = at->places[std::countr_zero(matches)];
                if (is_it(place))
                    return place;
            }
            if (at->follower == 0)
                return none;
        }
    }

    /// Adds a place. `hash_of(place)` gives the hash of any place that was added.
    /// Cost     amortised O(1): at most one chunk is split. What throws has added nothing.
    template <class HashOf>
    void insert(std::uint64_t hash, std::uint32_t place, const HashOf& hash_of) {
        if (homes_.empty())
            homes_.emplace_back();
        if (size_ >= homes_.size() * places_a_chunk)
            split(hash_of);
        put(homes_[home(hash)], tag(hash), place);
        ++size_;
    }

    /// Gives a place that is there another number.
    void renumber(std::uint64_t hash, std::uint32_t from, std::uint32_t to) noexcept {
        const slot found = slot_of(hash, from);
        found.in->places[found.number] = to;
    }

    /// Removes a place that is there; keeps the storage.
    void erase(std::uint64_t hash, std::uint32_t place) noexcept {
        const slot hole = slot_of(hash, place);
        // The chain's last one goes into the hole, so that the free ones stay the last.
        chunk* before = nullptr;
        chunk* last = &homes_[home(hash)];
        for (; last->follower != 0; last = &followers_[last->follower - 1])
            before = last;
        const unsigned number = last->used() - 1;
        hole.in->tags[hole.number] = last->tags[number];
        hole.in->places[hole.number] = last->places[number];
        last->tags[number] = 0;
        if (number == 0 && before != nullptr)
            last->follower = std::exchange(free_follower_, std::exchange(before->follower, 0));
        --size_;
    }

    [[nodiscard]] std::size_t bytes() const noexcept {
        return (homes_.size() + followers_.size()) * sizeof(chunk);
    }

private:
    /// How many places a chunk has on average before one more chunk is made: between a chunk that
    /// is split and one that is not lies a factor of two.
    static constexpr std::size_t places_a_chunk = 6;

    struct slot {
        chunk* in;
        unsigned number;
    };

    [[nodiscard]] slot slot_of(std::uint64_t hash, std::uint32_t place) noexcept {
        for (chunk* at = &homes_[home(hash)];; at = &followers_[at->follower - 1]) {
            for (auto matches = at->matches(tag(hash)); matches != 0; matches &= matches - 1) {
                const auto number = static_cast<unsigned>(std::countr_zero(matches));
                if (at->places[number] == place)
                    return {at, number};
            }
            QUIPU_ASSERT(at->follower != 0);
        }
    }

    [[nodiscard]] static std::uint8_t tag(std::uint64_t hash) noexcept {
        const auto top = static_cast<std::uint8_t>(hash >> 56U);
        return top == 0 ? std::uint8_t{1} : top;
    }

    /// The chunks below `homes_.size() - round_` are already those of the next round, in which one
    /// more bit of the hash counts.
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept {
        const std::size_t place = hash & (2 * round_ - 1);
        return place < homes_.size() ? place : place - round_;
    }

    void put(chunk& at, std::uint8_t tag, std::uint32_t place) {
        chunk* to = &at;
        while (to->follower != 0)
            to = &followers_[to->follower - 1];
        if (const unsigned used = to->used(); used < chunk::size) {
            to->tags[used] = tag;
            to->places[used] = place;
            return;
        }
        const std::uint32_t fresh = new_follower(); // may move the followers
        chunk* last = &at;
        while (last->follower != 0)
            last = &followers_[last->follower - 1];
        last->follower = fresh;
        followers_[fresh - 1].tags[0] = tag;
        followers_[fresh - 1].places[0] = place;
    }

    [[nodiscard]] std::uint32_t new_follower() {
        if (free_follower_ != 0) {
            const std::uint32_t reused = free_follower_;
            free_follower_ = followers_[reused - 1].follower;
            followers_[reused - 1] = {};
            return reused;
        }
        followers_.emplace_back();
        return static_cast<std::uint32_t>(followers_.size());
    }

    /// Makes one more chunk and moves there what the hash's next bit says. What is freed on the way
    /// is enough for what is needed, so nothing but the new chunk is allocated.
    template <class HashOf>
    void split(const HashOf& hash_of) {
        const std::size_t parted = homes_.size() - round_;
        homes_.emplace_back();
        const chunk before = std::exchange(homes_[parted], {});
        spread(before, parted, hash_of);
        for (std::uint32_t next = before.follower; next != 0;) {
            const std::uint32_t freed = next;
            const chunk follower = followers_[freed - 1];
            next = follower.follower;
            followers_[freed - 1].follower = std::exchange(free_follower_, freed);
            spread(follower, parted, hash_of);
        }
        if (homes_.size() == 2 * round_)
            round_ *= 2;
    }

    template <class HashOf>
    void spread(const chunk& from, std::size_t parted, const HashOf& hash_of) {
        for (unsigned i = 0; i < chunk::size && from.tags[i] != 0; ++i) {
            const bool moves = (hash_of(from.places[i]) & round_) != 0;
            put(homes_[moves ? parted + round_ : parted], from.tags[i], from.places[i]);
        }
    }

    segmented_vector<chunk, Allocator> homes_;
    segmented_vector<chunk, Allocator> followers_;
    std::uint32_t free_follower_ = 0; // plus one; each free one names the next
    std::size_t size_ = 0;
    std::size_t round_ = 1; // a power of two: homes_.size() is in [round_, 2 * round_)
};

} // namespace quipu::detail

// quipu/store/key.hpp

// Interned keys: where a table keeps the texts of its series.

namespace quipu {

/// Keeps texts at addresses that do not change as long as it lives, moved or not.
/// Threads  distinct objects safe, shared objects unsafe.
template <template <class> class Allocator = std::allocator>
class basic_key_arena {
public:
    explicit basic_key_arena(const Allocator<char>& allocator = {})
        : chunks_(Allocator<chunk>(allocator)) {}
    basic_key_arena(basic_key_arena&& other) noexcept
        : chunks_(std::move(other.chunks_)), used_(std::exchange(other.used_, 0)),
          bytes_(std::exchange(other.bytes_, 0)) {
        other.chunks_.clear();
    }
    basic_key_arena& operator=(basic_key_arena&& other) noexcept {
        chunks_ = std::move(other.chunks_);
        other.chunks_.clear();
        used_ = std::exchange(other.used_, 0);
        bytes_ = std::exchange(other.bytes_, 0);
        return *this;
    }
    ~basic_key_arena() = default;
    basic_key_arena(const basic_key_arena&) = delete; // views were handed out of the original
    basic_key_arena& operator=(const basic_key_arena&) = delete;

    /// Keeps a copy of `text` and returns the view of it.
    /// Cost     O(text.size()); allocates once in 64 KiB of text.
    [[nodiscard]] std::string_view intern(std::string_view text) {
        if (chunks_.empty() || chunks_.back().size() - used_ < text.size())
            add_chunk(text.size() > chunk_bytes ? text.size() : chunk_bytes);
        char* const place = chunks_.back().data() + used_;
        if (!text.empty())
            std::memcpy(place, text.data(), text.size());
        used_ += text.size();
        bytes_ += text.size();
        return {place, text.size()};
    }

    /// Makes sure that the next texts, `bytes` together, cost no allocation.
    void reserve(std::size_t bytes) {
        if (bytes > 0 && (chunks_.empty() || chunks_.back().size() - used_ < bytes))
            add_chunk(bytes);
    }

    [[nodiscard]] Allocator<char> get_allocator() const {
        return Allocator<char>(chunks_.get_allocator());
    }

    /// The bytes of all texts.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

    using chunk = std::vector<char, Allocator<char>>;

    void add_chunk(std::size_t bytes) {
        chunks_.emplace_back(bytes, get_allocator());
        used_ = 0;
    }

    std::vector<chunk, Allocator<chunk>> chunks_;
    std::size_t used_ = 0; // of the last chunk
    std::size_t bytes_ = 0;
};

using key_arena = basic_key_arena<>;

} // namespace quipu

// quipu/store/name_hash.hpp

// How a table hashes and compares names: seeded, and without a branch for names of usual lengths.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu::detail {

/// Names of up to so many bytes are compared without a branch on their length.
inline constexpr std::size_t short_name_bytes = 48;

/// Ones and then zeros: what is read at `short_name_bytes - size` keeps the first `size` bytes.
struct byte_masks {
    char bytes[2 * short_name_bytes] = {};

    constexpr byte_masks() noexcept {
        for (std::size_t i = 0; i < short_name_bytes; ++i)
            bytes[i] = '\xff';
    }
    [[nodiscard]] constexpr const char* keeping(std::size_t size) const noexcept {
        return bytes + short_name_bytes - size;
    }
};
inline constexpr byte_masks masks{};

/// A name behind whose first byte `short_name_bytes` can be read, whatever they are.
struct padded_name {
    std::string_view text;
};

/// One of 2^64 hashes of names. Without the seed nobody can choose names that collide.
/// Threads  distinct objects safe, reading one from several is safe.
class name_hash {
public:
    explicit constexpr name_hash(std::uint64_t seed) noexcept : seed_(seed) {
        for (auto& key : keys_) {
            seed += hash_keys[0];
            key = mix(seed);
        }
    }

    /// Cost     four products and no branch but one for a name of 16 to `short_name_bytes` bytes;
    ///          that of hash_bytes for others.
    [[nodiscard, gnu::always_inline]] std::uint64_t
    operator()(std::string_view name) const noexcept {
        const std::size_t size = name.size();
        if (size - 16 > short_name_bytes - 16) [[unlikely]]
            return hash_other(name);
        // Three times 16 bytes, which overlap unless there are as many as there can be.
        const char* const first = name.data();
        const char* const middle = first + (size - 16) / 2;
        const char* const last = first + size - 16;
        const auto word = [](const char* at) { return read_little_endian<std::uint64_t>(at); };
        // Each word meets a key of its own, which nobody knows: so no product is zero but by
        // chance, and they add up without hiding one another.
        const std::uint64_t sum = joined(word(first) ^ keys_[0], word(first + 8) ^ keys_[1]) +
                                  joined(word(middle) ^ keys_[2], word(middle + 8) ^ keys_[3]) +
                                  joined(word(last) ^ keys_[4], word(last + 8) ^ keys_[5]);
        return joined(sum ^ keys_[6], keys_[7] + size);
    }

private:
    [[nodiscard]] static std::uint64_t joined(std::uint64_t a, std::uint64_t b) noexcept {
        const wide product = multiply(a, b);
        return product.high ^ product.low;
    }

    [[nodiscard, gnu::noinline]] std::uint64_t hash_other(std::string_view name) const noexcept {
        return hash_bytes(name, seed_);
    }

    std::uint64_t seed_;
    std::uint64_t keys_[8] = {};
};

/// Whether the first `size` bytes of two texts are equal; `kept` has zeros from there to
/// `Capacity`, which is a multiple of 16, and behind `name` as many can be read.
template <std::size_t Capacity>
[[nodiscard]] inline bool
equal_short_names(const char* kept, const char* name, std::size_t size) noexcept {
    static_assert(Capacity % 16 == 0 && Capacity <= short_name_bytes);
#if defined(__SSE2__)
    const auto load = [](const char* at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    };
    __m128i equal = _mm_set1_epi8('\xff');
    for (std::size_t i = 0; i < Capacity; i += 16) {
        const __m128i masked = _mm_and_si128(load(name + i), load(masks.keeping(size) + i));
        equal = _mm_and_si128(equal, _mm_cmpeq_epi8(masked, load(kept + i)));
    }
    return _mm_movemask_epi8(equal) == 0xffff;
#else
    return std::memcmp(kept, name, size) == 0;
#endif
}

} // namespace quipu::detail

// quipu/store/table.hpp

// The hash table from series to cells, for one kind.

namespace quipu {

template <cell Cell, template <class> class Allocator>
class basic_table;

/// A series of a table: its name, and its cell beside it.
template <cell Cell>
class alignas(64) table_entry {
public:
    [[nodiscard]] std::string_view name() const noexcept {
        return {is_short() ? text_ : long_text(), size_};
    }

    /// Flushes since the last sample; a store's owner counts it.
    std::uint32_t idle_intervals = 0;

private:
    template <cell, template <class> class>
    friend class basic_table;

    static constexpr std::size_t header_bytes = 8;
    static constexpr std::size_t whole_bytes = // in cache lines, with 32 bytes of name at least
        (header_bytes + 32 + sizeof(Cell) + 63) / 64 * 64;
    static constexpr std::size_t room = (whole_bytes - header_bytes - sizeof(Cell)) / 16 * 16;

    /// A name of up to so many bytes stands here; a longer one in the table's arena.
    static constexpr std::size_t short_bytes =
        room < detail::short_name_bytes ? room : detail::short_name_bytes;

    /// `kept`: the name where it stays.
    explicit table_entry(std::string_view kept) noexcept
        : size_(static_cast<std::uint32_t>(kept.size())) {
        rename(kept);
    }

    void rename(std::string_view kept) noexcept {
        const char* const text = kept.data();
        if (!is_short())
            std::memcpy(text_, &text, sizeof text);
        else if (size_ > 0)
            std::memcpy(text_, text, size_);
    }

    [[nodiscard]] bool is_short() const noexcept { return size_ <= short_bytes; }

    [[nodiscard]] const char* long_text() const noexcept {
        const char* text;
        std::memcpy(&text, text_, sizeof text);
        return text;
    }

    [[nodiscard]] bool has(detail::padded_name name) const noexcept {
        if (name.text.size() != size_)
            return false;
        if (is_short())
            return detail::equal_short_names<short_bytes>(text_, name.text.data(), size_);
        return std::memcmp(long_text(), name.text.data(), size_) == 0;
    }
    [[nodiscard]] bool has(std::string_view other) const noexcept { return name() == other; }

    std::uint32_t size_; // of the name
    char text_[short_bytes] = {};

public:
    Cell cell{};
};

/// Maps names to cells. The entries lie dense, in the order in which their series came.
///
/// Memory   per series one entry of whole cache lines, 64 bytes for a counter whose name has up to
///          32 bytes, and 11 bytes of index; longer names lie beside it.
/// Threads  distinct objects safe, shared objects unsafe.
template <cell Cell, template <class> class Allocator = std::allocator>
class basic_table {
public:
    using entry = table_entry<Cell>;
    using entry_list = detail::segmented_vector<entry, Allocator>;
    using chunk = typename detail::chunk_index<Allocator>::chunk;

    /// The seed keeps senders from choosing names that collide. The allocator is for names, entries
    /// and index; what cells hold is theirs.
    explicit basic_table(std::uint64_t seed = 0, const Allocator<char>& allocator = {})
        : hash_(seed), entries_(allocator), index_(allocator), long_names_(allocator) {}

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] entry_list& entries() noexcept { return entries_; }
    [[nodiscard]] const entry_list& entries() const noexcept { return entries_; }

    /// The cell of a series, or null. Valid until the next call that is not const.
    /// Cost     O(name.size()), one cache line of the index and one entry as a rule.
    [[nodiscard]] Cell* find(std::string_view name) noexcept {
        return cell_at(place_of(name, hash_(name)));
    }

    /// The cell of a series, new if there is none yet; null if it would be the entry number
    /// `size_max` + 1. Valid until the next call that is not const.
    /// Cost     as find; only a new one allocates, and never does one wait for all to be moved.
    [[nodiscard]] Cell* find_or_insert(std::string_view name, std::size_t size_max) {
        const std::uint64_t hash = hash_(name);
        if (Cell* const known = cell_at(place_of(name, hash)); known != nullptr)
            return known;
        return size() < size_max ? &insert(name, hash) : nullptr;
    }

    /// Removes the entries for which `leaves(const entry&)` is true; the others keep their order.
    /// Cost     O(size).
    template <class Predicate>
    void erase_if(Predicate&& leaves) {
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < entries_.size(); ++i) {
            entry& one = entries_[i];
            if (leaves(std::as_const(one))) {
                long_bytes_ -= one.is_short() ? 0 : one.size_;
                index_.erase(hash(one.name()), i);
                continue;
            }
            if (kept != i) {
                index_.renumber(hash(one.name()), i, kept);
                entries_[kept] = std::move(one);
            }
            ++kept;
        }
        entries_.shrink(kept);
        if (long_names_.bytes() > 2 * long_bytes_)
            move_long_names();
    }

    /// Removes the series of that name. Returns whether there was one.
    /// Cost     O(size).
    bool erase(std::string_view name) {
        const auto before = size();
        erase_if([name](const entry& one) { return one.name() == name; });
        return size() < before;
    }

    // For look-ups in batches, each in three steps with others between, so that memory is asked for
    // ahead of its use: the hash, for which the index is asked; the entry; the cell.

    [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept { return hash_(name); }
    [[nodiscard]] const detail::chunk_index<Allocator>& index() const noexcept { return index_; }

    /// Asks for the entry that a hash probably means, and returns it, or null; `home` is where the
    /// index has the hash. Valid as a cell is.
    [[nodiscard]] entry* prefetch_entry(const chunk* home, std::uint64_t hash) noexcept {
        const std::uint32_t place = index_.candidate(home, hash);
        if (place == index_.none)
            return nullptr;
        entry* const likely = &entries_[place];
        for (std::size_t line = 0; line < sizeof(entry); line += 64)
            detail::prefetch(reinterpret_cast<const char*>(likely) + line);
        return likely;
    }

    [[nodiscard]] Cell* find(std::string_view name, std::uint64_t hash) noexcept {
        return cell_at(place_of(name, hash));
    }
    /// The cell of a series, or null; looks at `likely` first, which may be null.
    [[nodiscard]] Cell* find(detail::padded_name name, std::uint64_t hash, entry* likely) noexcept {
        if (likely != nullptr && likely->has(name)) [[likely]]
            return &likely->cell;
        return cell_at(place_of(name, hash));
    }

    /// The cell of a series that is new.
    [[nodiscard]] Cell& insert(std::string_view name, std::uint64_t hash) {
        const bool is_long = name.size() > entry::short_bytes;
        entry& added = entries_.emplace_back(entry(is_long ? long_names_.intern(name) : name));
        rollback unless_indexed{&entries_};
        const auto hash_of = [this](std::uint32_t place) { return hash_(entries_[place].name()); };
        index_.insert(hash, static_cast<std::uint32_t>(entries_.size() - 1), hash_of);
        unless_indexed.entries = nullptr;
        long_bytes_ += is_long ? name.size() : 0;
        return added.cell;
    }

private:
    /// Takes the last entry back, unless all went well: for what throws.
    struct rollback {
        entry_list* entries;
        ~rollback() {
            if (entries != nullptr)
                entries->shrink(entries->size() - 1);
        }
    };

    template <class Name>
    [[nodiscard]] std::uint32_t place_of(const Name& name, std::uint64_t hash) const noexcept {
        return index_.find(hash, [&](std::uint32_t place) { return entries_[place].has(name); });
    }

    [[nodiscard]] Cell* cell_at(std::uint32_t place) noexcept {
        return place == index_.none ? nullptr : &entries_[place].cell;
    }

    void move_long_names() {
        basic_key_arena<Allocator> fresh(long_names_.get_allocator());
        fresh.reserve(long_bytes_); // so that nothing fails half way
        for (auto& one : entries_) {
            if (!one.is_short())
                one.rename(fresh.intern(one.name()));
        }
        long_names_ = std::move(fresh);
    }

    detail::name_hash hash_;
    entry_list entries_;
    detail::chunk_index<Allocator> index_;
    basic_key_arena<Allocator> long_names_;
    std::size_t long_bytes_ = 0; // of the names in use
};

} // namespace quipu

// quipu/store/store.hpp

// The store: the cells of all series, of every kind.

namespace quipu {

/// Compile-time choices of a store. Derive from this and override one line.
struct store_traits {
    /// Change a cell when another sketch, weighting or bound suits the kind better.
    using counter = quipu::counter;
    using timer = quipu::timer;
    using gauge = quipu::gauge;
    using unique = quipu::unique;
    using keyvalue = quipu::keyvalue;

    /// Change when idle series should go on to report, or names are unbounded.
    using counter_retention = retention::each_interval;
    using timer_retention = retention::each_interval;
    using gauge_retention = retention::forever;
    using unique_retention = retention::each_interval;
    using keyvalue_retention = retention::each_interval;

    /// Beyond so many series, all kinds together, new ones are refused: `series_limit`.
    static constexpr std::size_t series_max = 1'000'000;

    /// Change to the name of a series, one a kind, that takes what comes for new series beyond
    /// series_max; it stands beside them, and `overflowed()` counts.
    static constexpr std::string_view overflow_name = {};

    /// Change when names, entries and index should come from elsewhere. What cells hold is theirs.
    template <class T>
    using allocator = std::allocator<T>;
};

/// Maps series to cells. A series is a kind and a canonical text (canonical.hpp): the same text
/// under two kinds is two series.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_store {
public:
    using traits = Traits;

    template <class Cell>
    using table_of = basic_table<Cell, Traits::template allocator>;

    /// The seed of the hash; choose it at random where names come from strangers.
    explicit basic_store(std::uint64_t seed = 0,
                         const typename Traits::template allocator<char>& allocator = {})
        : counters_(seed, allocator), timers_(seed, allocator), gauges_(seed, allocator),
          uniques_(seed, allocator), keyvalues_(seed, allocator) {}

    /// Adds a sample to the cell of its series, whose canonical text is `name`.
    /// Errors   series_limit: the series is new and the store full; value_limit: the cell is full.
    /// Cost     one look-up and one update; allocates only for a new series or a growing cell.
    errc apply(std::string_view name, const sample& one) {
        errc error = errc::ok;
        with_table(*this, one.series.kind, [&](auto& table) {
            auto* const cell = find_or_insert(table, name);
            error = cell == nullptr ? errc::series_limit : cell->apply(one);
        });
        return error;
    }

    /// The cell in `table`, one of this store's, of a series that is not there yet; null if there
    /// is no room. `hash` is the name's.
    [[nodiscard]] auto* insert(auto& table, std::string_view name, std::uint64_t hash) {
        if (size() < Traits::series_max)
            return &table.insert(name, hash);
        if constexpr (Traits::overflow_name.empty())
            return decltype(&table.insert(name, hash)){};
        ++overflowed_;
        return table.find_or_insert(Traits::overflow_name, SIZE_MAX);
    }

    /// The cell of a series, new if there is none yet. Valid until the next call that is not const.
    /// Beyond the limit of series it is a cell that nobody reads, and `refused()` counts it.
    /// Cost     one look-up; allocates for a new series only.
    [[nodiscard]] auto& counter(std::string_view name) { return cell_of(counters_, name); }
    [[nodiscard]] auto& timer(std::string_view name) { return cell_of(timers_, name); }
    [[nodiscard]] auto& gauge(std::string_view name) { return cell_of(gauges_, name); }
    [[nodiscard]] auto& unique(std::string_view name) { return cell_of(uniques_, name); }
    [[nodiscard]] auto& keyvalue(std::string_view name) { return cell_of(keyvalues_, name); }

    /// How often a cell was asked for that did not fit.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

    /// How many samples, and merged cells, went to an overflow series.
    [[nodiscard]] std::size_t overflowed() const noexcept { return overflowed_; }

    /// Adds what came for the series of another store, the later one; its idle series do not count.
    /// Returns how many series were refused at the limit.
    /// Cost     as one apply for each series.
    std::size_t merge(const basic_store& later) {
        QUIPU_ASSERT(&later != this);
        std::size_t refused = 0;
        for_each_pair(later, [&](auto& mine, const auto& theirs) {
            for (const auto& from : theirs.entries()) {
                if (from.cell.idle())
                    continue;
                auto* const cell = find_or_insert(mine, from.name());
                cell == nullptr ? static_cast<void>(++refused) : cell->merge(from.cell);
            }
        });
        return refused;
    }

    /// Removes the series of that name, of every kind or of one. Returns how many there were.
    /// Cost     O(size).
    std::size_t erase(std::string_view name) {
        return erase_if([name](std::string_view one) { return one == name; });
    }
    std::size_t erase(metric_kind kind, std::string_view name) {
        std::size_t before = size();
        with_table(*this, kind, [&](auto& table) { table.erase(name); });
        return before - size();
    }

    /// Removes the series whose names begin so. Returns how many there were.
    /// Cost     O(size).
    std::size_t erase_prefix(std::string_view prefix) {
        return erase_if([prefix](std::string_view one) { return one.starts_with(prefix); });
    }

    /// Sets every cell back to its neutral value and keeps series and storage; a series that was
    /// idle for more than `idle_intervals_max` resets in a row leaves.
    void reset(std::uint32_t idle_intervals_max) {
        for_each_table([&](auto& table) {
            for (auto& one : table.entries()) {
                one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
                one.cell.reset();
            }
            table.erase_if(
                [&](const auto& one) { return one.idle_intervals > idle_intervals_max; });
        });
    }

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size() +
               keyvalues_.size();
    }

    [[nodiscard]] auto& counters() noexcept { return counters_; }
    [[nodiscard]] auto& timers() noexcept { return timers_; }
    [[nodiscard]] auto& gauges() noexcept { return gauges_; }
    [[nodiscard]] auto& uniques() noexcept { return uniques_; }
    [[nodiscard]] auto& keyvalues() noexcept { return keyvalues_; }

private:
    template <class Self, class F>
    static void with_table(Self& self, metric_kind kind, F&& f) {
        switch (kind) {
        case metric_kind::counter: return f(self.counters_);
        case metric_kind::timer: return f(self.timers_);
        case metric_kind::gauge: return f(self.gauges_);
        case metric_kind::unique: return f(self.uniques_);
        case metric_kind::keyvalue: return f(self.keyvalues_);
        }
    }

    template <class F>
    void for_each_table(F&& f) {
        f(counters_), f(timers_), f(gauges_), f(uniques_), f(keyvalues_);
    }

    template <class F>
    void for_each_pair(const basic_store& other, F&& f) {
        f(counters_, other.counters_);
        f(timers_, other.timers_);
        f(gauges_, other.gauges_);
        f(uniques_, other.uniques_);
        f(keyvalues_, other.keyvalues_);
    }

    template <class Predicate>
    std::size_t erase_if(const Predicate& leaves) {
        const std::size_t before = size();
        for_each_table([&](auto& table) {
            table.erase_if([&](const auto& one) { return leaves(one.name()); });
        });
        return before - size();
    }

    [[nodiscard]] auto* find_or_insert(auto& table, std::string_view name) {
        const std::uint64_t hash = table.hash(name);
        auto* const known = table.find(name, hash);
        return known != nullptr ? known : insert(table, name, hash);
    }

    template <class Cell>
    [[nodiscard]] Cell& cell_of(table_of<Cell>& table, std::string_view name) {
        if (auto* const found = find_or_insert(table, name))
            return *found;
        ++refused_;
        static thread_local Cell nobodys;
        nobodys.reset();
        return nobodys;
    }

    table_of<typename Traits::counter> counters_;
    table_of<typename Traits::timer> timers_;
    table_of<typename Traits::gauge> gauges_;
    table_of<typename Traits::unique> uniques_;
    table_of<typename Traits::keyvalue> keyvalues_;
    std::size_t refused_ = 0;
    std::size_t overflowed_ = 0;
};

using store = basic_store<>;

} // namespace quipu

// quipu/store/batch.hpp

// Samples on their way into a store, many at a time.

namespace quipu {

/// Adds samples to a store in batches: while one is parsed, the memory for those before is under
/// way, and the cells of a kind are updated one after another. Within a kind samples keep their
/// order, so a store cannot tell that there was a batch.
///
/// Each sample's name and member are views that must hold until `apply`.
/// Memory   18 KB, 4 KB of it for names that are copied; nothing else is allocated.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_batch {
public:
    /// Beyond so many samples the batch is applied.
    static constexpr std::size_t samples_max = 64;

    /// Chooses the store. The batch is empty then; the store outlives what is added.
    void begin(basic_store<Traits>& into) noexcept {
        QUIPU_ASSERT(size_ == 0);
        into_ = &into;
        indexes_[0] = &into.counters().index();
        indexes_[1] = &into.timers().index();
        indexes_[2] = &into.gauges().index();
        indexes_[3] = &into.uniques().index();
        indexes_[4] = &into.keyvalues().index();
    }

    /// Adds a sample whose series has the canonical text `name`.
    /// `on_refusal(errc, std::string_view name)` is told of each sample that the store refuses:
    /// `series_limit`, `value_limit`.
    /// Cost     one copy, and one hash of the name.
    template <class OnRefusal>
    void add(detail::padded_name name, const sample& one, OnRefusal&& on_refusal) {
        if (size_ == samples_max)
            apply(on_refusal);
        const auto kind = static_cast<std::size_t>(one.series.kind);
        const std::uint64_t hash = into_->counters().hash(name.text);
        list& of_kind = lists_[kind];
        sample& kept = samples_[size_++];
        of_kind.items[of_kind.size++] = {hash, indexes_[kind]->prefetch(hash), &kept};
        kept = one;
        kept.series.name = name.text;
    }

    /// The same for a name that does not hold so long, or behind which nothing may be read.
    template <class OnRefusal>
    void add(std::string_view name, const sample& one, OnRefusal&& on_refusal) {
        if (size_ == samples_max || name.size() > text_bytes_max - text_bytes_)
            apply(on_refusal);
        if (name.size() > text_bytes_max) {
            if (const errc error = into_->apply(name, one); error != errc::ok)
                on_refusal(error, name);
            return;
        }
        char* const kept = texts_ + text_bytes_;
        if (!name.empty())
            std::memcpy(kept, name.data(), name.size());
        text_bytes_ += static_cast<std::uint32_t>(name.size());
        add(detail::padded_name{{kept, name.size()}}, one, on_refusal);
    }

    /// Updates the cells. The batch is empty then, even if it throws.
    template <class OnRefusal>
    void apply(OnRefusal&& on_refusal) {
        if (size_ == 0)
            return;
        size_ = text_bytes_ = 0;
        for_each_table([](auto& table, list& of_kind) {
            for (std::uint32_t i = 0; i < of_kind.size; ++i) {
                item& one = of_kind.items[i];
                const auto* const home = static_cast<const chunk*>(one.where);
                one.where = table.prefetch_entry(home, one.hash);
            }
        });
        std::uint32_t sizes[metric_kind_count];
        for (std::size_t kind = 0; kind < metric_kind_count; ++kind)
            sizes[kind] = std::exchange(lists_[kind].size, 0);
        for_each_table([&](auto& table, list& of_kind) {
            const std::uint32_t size = sizes[&of_kind - lists_];
            const std::size_t series = table.size();
            for (std::uint32_t i = 0; i < size; ++i)
                update(table, of_kind.items[i], table.size() == series, on_refusal);
        });
    }

private:
    using index = detail::chunk_index<Traits::template allocator>;
    using chunk = typename index::chunk;

    struct item {
        std::uint64_t hash;
        const void* where;  // the home in the index, and then the likely entry
        const sample* what; // named by the canonical text
    };
    struct list {
        std::uint32_t size = 0;
        item items[samples_max];
    };

    static constexpr std::size_t text_bytes_max = 4096;

    /// `stands`: no entry was added since the likely one was found, which may have moved it.
    template <class Table, class OnRefusal>
    void update(Table& table, const item& one, bool stands, OnRefusal& on_refusal) {
        const std::string_view name = one.what->series.name;
        auto* const likely =
            static_cast<typename Table::entry*>(const_cast<void*>(stands ? one.where : nullptr));
        auto* cell = table.find(detail::padded_name{name}, one.hash, likely);
        if (cell == nullptr)
            cell = into_->insert(table, name, one.hash);
        const errc error = cell == nullptr ? errc::series_limit : cell->apply(*one.what);
        if (error != errc::ok)
            on_refusal(error, name);
    }

    template <class F>
    void for_each_table(F&& f) {
        f(into_->counters(), lists_[0]);
        f(into_->timers(), lists_[1]);
        f(into_->gauges(), lists_[2]);
        f(into_->uniques(), lists_[3]);
        f(into_->keyvalues(), lists_[4]);
    }

    basic_store<Traits>* into_ = nullptr;
    const index* indexes_[metric_kind_count] = {};
    std::uint32_t size_ = 0;
    std::uint32_t text_bytes_ = 0;
    list lists_[metric_kind_count];
    sample samples_[samples_max];
    char texts_[text_bytes_max + detail::short_name_bytes];
};

using batch = basic_batch<>;

} // namespace quipu

// quipu/store/shard.hpp

// How a thread that fills and a thread that flushes share without a lock: two sides that swap.

namespace quipu {

/// Two values of one type. One thread, the owner, fills the active one; another, the flusher, asks
/// for it now and then and gets it as soon as the owner passes a boundary of its choice, while the
/// owner goes on with the other one at once. Nobody waits for a lock: the owner pays one load at
/// each boundary, and only the flusher ever waits.
///
/// Threads  `active`, `asked` and `pass_boundary` are the owner's, `retire` is the flusher's; `end`
///          comes from whoever knows that the owner has ended.
template <class T>
class shard {
public:
    /// Builds both sides from the same arguments.
    template <class... Args>
    explicit shard(const Args&... args) : sides_{T(args...), T(args...)} {}

    shard(const shard&) = delete; // the threads know its address
    shard& operator=(const shard&) = delete;

    /// The side to fill. The reference holds until the next `pass_boundary`.
    [[nodiscard]] T& active() noexcept { return sides_[active_]; }

    /// Whether the flusher asks for the active side: the next `pass_boundary` hands it over.
    [[nodiscard]] bool asked() const noexcept {
        return state_.load(std::memory_order_acquire) == state::asked;
    }

    /// Says that nobody holds on to `active()` now: the sides swap if the flusher asked.
    void pass_boundary() noexcept {
        if (!asked())
            return;
        active_ ^= 1U;
        state_.store(state::filling, std::memory_order_release);
        state_.notify_one();
    }

    /// Takes what the owner filled since the last time. `wake()` must bring the owner to its next
    /// boundary even if it sleeps. The reference holds, and is the flusher's alone, until the next
    /// `retire`, by which time the flusher has emptied it.
    /// Cost     waits for the owner's next boundary.
    template <class Wake>
    [[nodiscard]] T& retire(Wake&& wake) {
        if (!ended_) {
            state_.store(state::asked, std::memory_order_release);
            wake();
            state_.wait(state::asked, std::memory_order_acquire);
        }
        return sides_[std::exchange(retiring_, retiring_ ^ 1U)];
    }

    /// Declares that the owner has ended, its thread joined: `retire` no longer waits for it. Each
    /// of the next two calls of `retire` gives one side, the one that the owner left first.
    void end() noexcept { ended_ = true; }

private:
    enum class state : unsigned char { filling, asked };

    T sides_[2];
    unsigned active_ = 0;   // the owner's
    unsigned retiring_ = 0; // the flusher's: the side that the owner fills
    bool ended_ = false;    // the flusher's
    std::atomic<state> state_{state::filling};
};

} // namespace quipu

// quipu/snapshot/snapshot.hpp

// A snapshot: one flush, frozen.

namespace quipu {

/// All series of one flush with their cells, settled. It owns its memory, so it may outlive the
/// store and cross threads.
///
/// Threads  reading one from several is safe.
template <class Traits = store_traits>
struct basic_snapshot {
    template <class Cell>
    struct entry {
        /// The canonical text of the series: `name;tag=value`.
        std::string_view name;
        /// Flushes since the last sample; 0: there was one in this interval.
        std::uint32_t idle_intervals = 0;
        Cell cell{};
    };

    basic_snapshot() = default;
    basic_snapshot(basic_snapshot&&) noexcept = default;
    basic_snapshot& operator=(basic_snapshot&&) noexcept = default;
    ~basic_snapshot() = default;
    basic_snapshot(const basic_snapshot&) = delete; // the names point into `names`
    basic_snapshot& operator=(const basic_snapshot&) = delete;

    /// Unix seconds of the end of the interval.
    std::int64_t timestamp = 0;
    double interval_seconds = 0;
    /// How long it took to merge and collect it.
    double processing_milliseconds = 0;

    std::vector<entry<typename Traits::counter>> counters{};
    std::vector<entry<typename Traits::timer>> timers{};
    std::vector<entry<typename Traits::gauge>> gauges{};
    std::vector<entry<typename Traits::unique>> uniques{};
    std::vector<entry<typename Traits::keyvalue>> keyvalues{};

    /// Keeps the names that the entries view.
    key_arena names{};

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const noexcept {
        return counters.size() + timers.size() + gauges.size() + uniques.size() + keyvalues.size();
    }
};

using snapshot = basic_snapshot<>;

/// Calls f(lists...) for each kind: the entries of that kind of all the snapshots.
template <class F, class... Snapshots>
void for_each_kind(F&& f, Snapshots&... of) {
    f(of.counters...);
    f(of.timers...);
    f(of.gauges...);
    f(of.uniques...);
    f(of.keyvalues...);
}

} // namespace quipu

// quipu/snapshot/codec.hpp

// A snapshot to bytes and back: for a checkpoint, a spool, or another host.

namespace quipu {

/// What the bytes of a snapshot begin with; the last of it is the version of their form.
inline constexpr std::string_view snapshot_magic = "QUIPU\x1aS\x01";

namespace detail {

inline constexpr std::uint64_t snapshot_checksum_seed = 0x7175'6970'7573'6e61;

[[nodiscard]] inline std::uint64_t snapshot_checksum(std::string_view bytes) noexcept {
    return hash_bytes(bytes, snapshot_checksum_seed);
}

template <class Entries>
void write_entries(byte_writer& out, const Entries& entries) {
    out.count(entries.size());
    for (const auto& one : entries) {
        out.text(one.name);
        out.count(one.idle_intervals);
        one.cell.write(out);
    }
}

template <class Entry>
[[nodiscard]] bool read_entries(byte_reader& from, std::vector<Entry>& entries, key_arena& names) {
    constexpr std::size_t entry_bytes_min = 3;
    for (auto left = from.count_of(entry_bytes_min); left > 0 && !from.failed(); --left) {
        const auto name = from.text();
        const auto idle = from.count();
        if (from.failed() || idle > UINT32_MAX)
            return false;
        // One after another: a few bytes that promise many do not reserve memory for them.
        entries.push_back({names.intern(name), static_cast<std::uint32_t>(idle), {}});
        if (!entries.back().cell.read(from))
            return false;
        entries.back().cell.settle();
    }
    return !from.failed();
}

} // namespace detail

/// Appends the bytes of a snapshot, whose form is the same on every machine and stays readable.
/// What a cell is, and how many values it may hold, is that of the traits; who reads needs the same.
/// Cost     O(size of the cells); allocates when the string grows.
template <class Traits>
void write_snapshot(const basic_snapshot<Traits>& of, std::string& out) {
    const std::size_t begin = out.size();
    out += snapshot_magic;
    byte_writer to(out);
    to.word(static_cast<std::uint64_t>(of.timestamp));
    to.number(of.interval_seconds);
    to.number(of.processing_milliseconds);
    for_each_kind([&](const auto& list) { detail::write_entries(to, list); }, of);
    to.word(detail::snapshot_checksum(std::string_view(out).substr(begin)));
}

/// Reads what `write_snapshot` wrote.
/// Input    any bytes, whole: no more than one snapshot.
/// Errors   bad_magic: these are no snapshot, or of a form that is not known here; bad_encoding: they
///          are damaged, or of other traits.
/// Cost     O(bytes); the memory that it takes is at most a fixed multiple of them.
template <class Traits = store_traits>
[[nodiscard]] result<basic_snapshot<Traits>> read_snapshot(std::string_view bytes) {
    constexpr std::size_t checksum_bytes = 8;
    if (bytes.substr(0, snapshot_magic.size()) != snapshot_magic)
        return errc::bad_magic;
    if (bytes.size() < snapshot_magic.size() + checksum_bytes)
        return errc::bad_encoding;
    const auto body = bytes.substr(0, bytes.size() - checksum_bytes);
    if (detail::read_little_endian<std::uint64_t>(body.data() + body.size()) !=
        detail::snapshot_checksum(body))
        return errc::bad_encoding;
    byte_reader from(body.substr(snapshot_magic.size()));
    basic_snapshot<Traits> made;
    made.timestamp = static_cast<std::int64_t>(from.word());
    made.interval_seconds = from.number();
    made.processing_milliseconds = from.number();
    bool sound = made.interval_seconds >= 0 && std::isfinite(made.interval_seconds) &&
                 std::isfinite(made.processing_milliseconds);
    for_each_kind(
        [&](auto& list) { sound = sound && detail::read_entries(from, list, made.names); }, made);
    if (!sound || from.failed() || from.left() > 0)
        return errc::bad_encoding;
    return made;
}

/// Puts the series of a snapshot into a store as if they had come before all that it holds: after a
/// restart, gauges have their values again. Returns how many found no room.
/// Cost     as a merge of two stores.
template <class Traits>
std::size_t restore(const basic_snapshot<Traits>& from, basic_store<Traits>& into) {
    const std::size_t refused = into.refused();
    const auto put = [](const auto& entry, auto& cell) {
        auto both = entry.cell;
        both.merge(cell);
        cell = std::move(both);
    };
    for (const auto& one : from.counters)
        put(one, into.counter(one.name));
    for (const auto& one : from.timers)
        put(one, into.timer(one.name));
    for (const auto& one : from.gauges)
        put(one, into.gauge(one.name));
    for (const auto& one : from.uniques)
        put(one, into.unique(one.name));
    for (const auto& one : from.keyvalues)
        put(one, into.keyvalue(one.name));
    return into.refused() - refused;
}

} // namespace quipu

// quipu/snapshot/collect.hpp

// From a store to a snapshot, at a flush.

namespace quipu {

/// The retention policies of a store's kinds; set the members of those that have some.
template <class Traits = store_traits>
struct basic_retentions {
    typename Traits::counter_retention counters{};
    typename Traits::timer_retention timers{};
    typename Traits::gauge_retention gauges{};
    typename Traits::unique_retention uniques{};
    typename Traits::keyvalue_retention keyvalues{};
};

using retentions = basic_retentions<>;

namespace detail {

template <class Table, class Entries, retention_policy Retention>
void collect_table(Table& table, Entries& entries, key_arena& names, const Retention& retention) {
    const auto leaves = [&](const auto& one) { return retention.expired(one.idle_intervals); };
    for (auto& one : table.entries()) {
        one.idle_intervals = one.cell.idle() ? one.idle_intervals + 1 : 0;
    }
    table.erase_if(leaves);
    entries.reserve(table.size());
    for (auto& one : table.entries()) {
        one.cell.settle();
        auto frozen = one.cell;
        one.cell.next_interval();
        entries.push_back({names.intern(one.name()), one.idle_intervals, std::move(frozen)});
    }
}

} // namespace detail

/// Takes the snapshot of one interval out of a store and begins the next: series that their
/// retention policy lets go leave, the cells of the others begin anew.
///
/// Units    `timestamp` in Unix seconds, the end of the interval.
/// Cost     O(size of the cells), with a sort of each timer's values; allocates the snapshot.
template <class Traits>
[[nodiscard]] basic_snapshot<Traits> collect(basic_store<Traits>& from,
                                             std::int64_t timestamp,
                                             double interval_seconds,
                                             const basic_retentions<Traits>& keep = {}) {
    basic_snapshot<Traits> into;
    into.timestamp = timestamp;
    into.interval_seconds = interval_seconds;
    detail::collect_table(from.counters(), into.counters, into.names, keep.counters);
    detail::collect_table(from.timers(), into.timers, into.names, keep.timers);
    detail::collect_table(from.gauges(), into.gauges, into.names, keep.gauges);
    detail::collect_table(from.uniques(), into.uniques, into.names, keep.uniques);
    detail::collect_table(from.keyvalues(), into.keyvalues, into.names, keep.keyvalues);
    return into;
}

} // namespace quipu

// quipu/snapshot/merge.hpp

// Two snapshots into one: of two intervals one behind the other, or of two stores in one interval.

namespace quipu {

/// Sorts the series of each kind by name, byte by byte: an order that does not depend on which came
/// first.
/// Cost     O(n log n).
template <class Traits>
void sort_by_name(basic_snapshot<Traits>& of) {
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    for_each_kind([&](auto& list) { std::sort(list.begin(), list.end(), by_name); }, of);
}

namespace detail {

template <class Entry>
void merge_entries(std::vector<Entry>& into, const std::vector<Entry>& later, key_arena& names) {
    // Places of the entries that are here, by name; new ones stay behind them.
    std::vector<std::size_t> order(into.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return into[a].name < into[b].name;
    });
    for (const auto& one : later) {
        const auto found = std::lower_bound(
            order.begin(), order.end(), one.name, [&](std::size_t place, std::string_view name) {
                return into[place].name < name;
            });
        if (found == order.end() || into[*found].name != one.name) {
            into.push_back({names.intern(one.name), one.idle_intervals, one.cell});
            continue;
        }
        Entry& here = into[*found];
        here.idle_intervals = std::min(here.idle_intervals, one.idle_intervals);
        here.cell.merge(one.cell);
        here.cell.settle();
    }
}

} // namespace detail

/// Adds a later snapshot to an earlier one, series by series; new series come last. Of a gauge that
/// both set, the later value stays. Merging is associative, and commutative but for gauges,
/// key/values and the order of series.
///
/// Units    `interval_seconds` and `processing_milliseconds` add up; the later timestamp stays. For
///          two stores of one interval set the interval again.
/// Cost     O(n log n) for the series, and a merge of each cell.
template <class Traits>
void merge(basic_snapshot<Traits>& into, const basic_snapshot<Traits>& later) {
    QUIPU_ASSERT(&later != &into);
    into.timestamp = std::max(into.timestamp, later.timestamp);
    into.interval_seconds += later.interval_seconds;
    into.processing_milliseconds += later.processing_milliseconds;
    for_each_kind(
        [&](auto& mine, const auto& theirs) { detail::merge_entries(mine, theirs, into.names); },
        into,
        later);
}

} // namespace quipu

// quipu/registry/shards.hpp

// Values that each thread has of its own, for the `sharded` policy: how a thread finds them, and who
// may touch what, and when.

namespace quipu::detail {

/// A series' number: the place of its slot in the low bits, and above them a count that never comes
/// twice in a program. So a slot that carries the number is this series', and no other's.
namespace series_id {

inline constexpr unsigned place_bits = 24;
inline constexpr std::uint64_t none = 0;    // of an empty slot
inline constexpr std::uint64_t refused = 1; // of a handle without a series: no slot carries it

inline constinit std::atomic<std::uint64_t> last_count{0};

[[nodiscard]] constexpr std::size_t place(std::uint64_t id) noexcept {
    return static_cast<std::size_t>(id & ((std::uint64_t{1} << place_bits) - 1));
}

[[nodiscard]] inline std::uint64_t make(std::size_t place) noexcept {
    QUIPU_ASSERT(place >> place_bits == 0);
    const auto count = last_count.fetch_add(1, std::memory_order_relaxed) + 1;
    return count << place_bits | place;
}

} // namespace series_id

/// The slots of all threads for the series of one board. `Kind` tells what a slot has (its `part`),
/// and a `Tag` more gives boards a way of their own to the slots of a thread.
///
/// The protocol. A shard is an array of slots; a thread has one for each board that it updates.
///  1. One thread at a time owns a shard. It alone writes the numbers in it, adding to them with
///     relaxed loads and stores, and it alone gives a slot to a series or moves the array.
///  2. Everything but that adding happens under the board's lock: that a thread takes a shard, that
///     a slot is given to a series, that the array moves, and that a flush reads.
///  3. Numbers of a slot only grow. A flush reads them all, and reports the sum less what it
///     reported before. Each addition is one store: it is seen by one flush or the next, whole,
///     and, since two reads of one atomic never go back, by all flushes from then on. So nothing is
///     lost and nothing counts twice, whenever the flush comes.
///  4. A thread that ends gives its shard back, numbers and all: they still count, and the next new
///     thread goes on adding to them. The lock under which it takes the shard, and the release with
///     which the other gave it back, put the one's last store before the other's first load.
///     So there are as many shards as there were threads at once.
///  5. A shard belongs to its board and to its thread; the last of the two frees it. So neither the
///     thread nor the board has to outlive the other.
///
/// A thread finds a slot by `current`: where the slots of the board are that it updated last. They
/// are its own, so a look at the number in the slot is all it takes. With two boards of one type
/// that a thread updates in turns, `current` changes with each: 5 ns more.
template <class Kind, class Tag>
class shards {
public:
    using part = typename Kind::part;

    struct slot {
        std::uint64_t id = series_id::none;
        part value{};
    };

    shards() = default;
    ~shards() {
        for (shard* const one : all_)
            one->leave();
    }
    shards(const shards&) = delete;
    shards& operator=(const shards&) = delete;

    /// The slot where the calling thread's values of a series are, if it has that number.
    [[nodiscard]] static slot& guess(std::uint64_t id) noexcept {
        return current.slots[id & current.mask];
    }

    /// Calls f(part) with the calling thread's part of a series.
    /// Input    still_there(): whether the series still has this number, called under the lock.
    /// Cost     5 ns if the thread has updated the series before; else the lock, and perhaps an
    ///          allocation.
    template <class Lock, class StillThere, class F>
    void update(Lock& lock, std::uint64_t id, StillThere still_there, F f) {
        shard* mine = ended ? nullptr : own(serial_);
        if (mine != nullptr && mine->has(id)) {
            mine->show();
            return f(mine->at(id).value);
        }
        const holding hold(lock);
        if (!still_there())
            return;
        if (mine == nullptr)
            mine = &take();
        f(mine->give(id).value);
        if (ended) // so it was for this once
            return mine->leave_thread();
        keep(*mine);
        mine->show();
    }

    /// Calls f(part) for each thread's part of a series. Under the lock.
    template <class F>
    void for_each(std::uint64_t id, F f) {
        for (shard* const one : all_) {
            if (one->has(id))
                f(one->at(id).value);
        }
    }

    /// How many there are. Under the lock.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    class shard {
    public:
        explicit shard(std::uint64_t board) noexcept : board_(board) {}
        ~shard() {
            for (std::size_t i = 0; i < size_; ++i)
                Kind::close(slots_[i].value);
            delete[] slots_;
        }
        shard(const shard&) = delete;
        shard& operator=(const shard&) = delete;

        [[nodiscard]] bool has(std::uint64_t id) const noexcept {
            const auto place = series_id::place(id);
            return place < size_ && slots_[place].id == id;
        }
        [[nodiscard]] slot& at(std::uint64_t id) noexcept { return slots_[series_id::place(id)]; }

        /// The slot of a series, which it has or now gets. For the owner, under the lock.
        [[nodiscard]] slot& give(std::uint64_t id) {
            const auto place = series_id::place(id);
            if (place >= size_)
                grow(std::bit_ceil(place + 1));
            slot& one = slots_[place];
            if (one.id != id) {
                one.id = series_id::none;
                Kind::open(one.value);
                one.id = id;
            }
            return one;
        }

        /// Makes its slots those that its owner looks at.
        void show() noexcept { current = {slots_, size_ - 1}; }

        [[nodiscard]] bool is_shown() const noexcept { return current.slots == slots_; }
        [[nodiscard]] std::uint64_t board() const noexcept { return board_; }

        /// Has a thread. What its last one did happened before.
        [[nodiscard]] bool in_use() const noexcept {
            return in_use_.load(std::memory_order_acquire);
        }
        [[nodiscard]] bool is_orphan() const noexcept {
            return owners_.load(std::memory_order_acquire) == 1;
        }
        void join_thread() noexcept {
            owners_.fetch_add(1, std::memory_order_relaxed);
            in_use_.store(true, std::memory_order_relaxed);
        }
        void leave_thread() noexcept {
            in_use_.store(false, std::memory_order_release);
            leave();
        }
        /// One of the two, board and thread, lets go.
        void leave() noexcept {
            if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
                delete this;
        }

        shard* next = nullptr; // of the same thread

    private:
        static constexpr std::size_t size_min = 16;

        void grow(std::size_t size) {
            size = size < size_min ? size_min : size;
            auto* const more = new slot[size];
            for (std::size_t i = 0; i < size_; ++i)
                more[i] = slots_[i];
            const bool shown = size_ > 0 && is_shown();
            delete[] std::exchange(slots_, more);
            size_ = size;
            if (shown)
                show();
        }

        slot* slots_ = nullptr;
        std::size_t size_ = 0; // a power of two, or 0
        std::uint64_t board_;
        std::atomic<std::uint32_t> owners_{1};
        std::atomic<bool> in_use_{false};
    };

    struct view {
        slot* slots;
        std::uint64_t mask;
    };

    /// The shards of a thread, which it gives back when it ends.
    struct possession {
        shard* first = nullptr;

        ~possession() {
            ended = true;
            current = {&nothing, 0};
            while (first != nullptr)
                std::exchange(first, first->next)->leave_thread();
        }
    };

    // No series has this one; it is there so that `current` needs no check.
    static inline constinit slot nothing{};
    static inline constinit thread_local view current{&nothing, 0};
    static inline constinit thread_local bool ended = false; // all its shards are given back
    static inline thread_local possession possessed{};

    /// The calling thread's shard for a board. Those whose board is gone go as well.
    [[nodiscard]] static shard* own(std::uint64_t board) noexcept {
        shard** link = &possessed.first;
        while (*link != nullptr) {
            shard* const one = *link;
            if (one->board() == board)
                return one;
            if (one->is_orphan()) {
                *link = one->next;
                if (one->is_shown())
                    current = {&nothing, 0};
                one->leave_thread();
                continue;
            }
            link = &one->next;
        }
        return nullptr;
    }

    static void keep(shard& one) noexcept {
        if (own(one.board()) == nullptr)
            one.next = std::exchange(possessed.first, &one);
    }

    /// A shard for a thread that has none yet: one that was given back, or a new one.
    [[nodiscard]] shard& take() {
        for (shard* const one : all_) {
            if (!one->in_use()) {
                one->join_thread();
                return *one;
            }
        }
        all_.reserve(all_.size() + 1);
        all_.push_back(new shard(serial_));
        all_.back()->join_thread();
        return *all_.back();
    }

    std::vector<shard*> all_{};
    std::uint64_t serial_ = series_id::make(0);
};

} // namespace quipu::detail

// quipu/registry/board.hpp

// The series of one kind in a registry: their names, what they consist of, and how they come and go.

namespace quipu::detail {

/// Series do not move, so a handle is a pointer and the series' number. The number alone says that
/// the series is still the one that the handle was made for: a removed one has none, and its place
/// is used again under another number. Where threads update one value for all, a number that is
/// read may be gone before the update; such a place is not used again, and 100 bytes or so stay for
/// each removed series.
///
/// Threads  `update` from any; all else under the lock.
template <class Kind, class Tag, class Lock>
class board {
    using cell = typename Kind::cell;
    using threading = typename Kind::threading;

public:
    using kind = Kind;
    static constexpr bool is_sharded = threading::each_thread_its_own;
    using slots = shards<Kind, Tag>;

    class series {
    public:
        explicit series(board& home) noexcept : home_(home) {}

        [[nodiscard]] std::uint64_t id() const noexcept {
            return id_.load(std::memory_order_relaxed);
        }
        [[nodiscard]] board& home() const noexcept { return home_; }
        /// The part that all threads update, if they do.
        [[nodiscard]] typename Kind::part& part() noexcept { return part_; }

    private:
        friend board;

        std::atomic<std::uint64_t> id_{series_id::none};
        typename Kind::part part_{};
        board& home_;
        std::string name_{};
        std::uint64_t hash_ = 0;
        std::uint32_t idle_intervals_ = 0;
        typename Kind::tally tally_{};
    };

    explicit board(Lock& lock) noexcept : lock_(lock) {}
    ~board() {
        for (auto& one : all_)
            Kind::close(one.part_);
    }
    board(const board&) = delete;
    board& operator=(const board&) = delete;

    /// Calls f(part) with the calling thread's part of a series, if it still has that number.
    template <class F>
    [[gnu::cold, gnu::noinline]] void update(const series& of, std::uint64_t id, F f) {
        const auto still_there = [&] { return of.id() == id; };
        if (still_there())
            shards_.update(lock_, id, still_there, f);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t shard_count() const noexcept { return shards_.size(); }

    /// The series of that name, or null.
    [[nodiscard]] series* find(std::string_view name) noexcept {
        const auto place =
            index_.find(hash_(name), [&](std::uint32_t one) { return all_[one].name_ == name; });
        return place == index_.none ? nullptr : &all_[place];
    }

    /// A new series.
    series& add(std::string_view name) {
        if (free_.empty()) {
            all_.emplace_back(*this);
            free_.push_back(static_cast<std::uint32_t>(all_.size() - 1));
        }
        const std::uint32_t place = free_.back();
        series& one = all_[place];
        one.name_ = name;
        one.hash_ = hash_(name);
        one.idle_intervals_ = 0;
        one.tally_ = {};
        if constexpr (!is_sharded)
            Kind::open(one.part_);
        index_.insert(one.hash_, place, [this](std::uint32_t i) { return all_[i].hash_; });
        free_.pop_back();
        ++size_;
        one.id_.store(series_id::make(place), std::memory_order_relaxed);
        return one;
    }

    /// Removes the series for which `leaves(name, idle_intervals)` is true. What came since the last
    /// flush goes with them.
    template <class Predicate>
    std::size_t erase_if(const Predicate& leaves) {
        const std::size_t before = size_;
        for (std::uint32_t place = 0; place < all_.size(); ++place) {
            series& one = all_[place];
            if (one.id() != series_id::none && leaves(one.name_, one.idle_intervals_))
                erase(one, place);
        }
        return before - size_;
    }

    /// Puts the cells of the interval into a snapshot's list, but for those that a retention policy
    /// lets go, and begins the next. Returns how many values were refused.
    template <class Entries, retention_policy Retention>
    std::uint64_t collect(Entries& entries, key_arena& names, const Retention& retention) {
        std::uint64_t refused = 0;
        entries.reserve(size_);
        for (auto& one : all_) {
            if (one.id() == series_id::none)
                continue;
            const auto gather = [&](auto& part) { Kind::gather(part, one.tally_); };
            if constexpr (is_sharded)
                shards_.for_each(one.id(), gather);
            else
                gather(one.part_);
            refused += std::exchange(one.tally_.refused, 0);
            cell frozen = Kind::finish(one.tally_);
            one.idle_intervals_ = frozen.idle() ? one.idle_intervals_ + 1 : 0;
            if (!retention.expired(one.idle_intervals_))
                entries.push_back(
                    {names.intern(one.name_), one.idle_intervals_, std::move(frozen)});
        }
        return refused;
    }

private:
    void erase(series& one, std::uint32_t place) {
        one.id_.store(series_id::none, std::memory_order_relaxed);
        index_.erase(one.hash_, place);
        one.name_ = {};
        one.tally_ = {};
        --size_;
        if constexpr (std::is_same_v<threading, quipu::threading::atomic>)
            Kind::open(one.part_); // which forgets what it has
        else
            free_.push_back(place);
    }

    Lock& lock_;
    std::deque<series> all_{}; // they stay where they are
    std::vector<std::uint32_t> free_{};
    chunk_index<std::allocator> index_{};
    name_hash hash_{0};
    std::size_t size_ = 0;
    shards<Kind, Tag> shards_{};
};

} // namespace quipu::detail

// quipu/registry/label.hpp

// Labels, and the text of a series that has some.

namespace quipu {

/// A key and a value that tell series of one name apart: a tag. Owns nothing.
struct label {
    std::string_view key{};
    std::string_view value{};

    friend constexpr bool operator==(const label&, const label&) = default;
};

namespace detail {

/// Builds the canonical text of a series from a name, perhaps with tags, and labels.
class series_text {
public:
    /// Returns  a view into the name or into this, valid until the next call.
    /// Errors   those of a name in the native dialect; too_many_tags, line_too_long.
    [[nodiscard]] result<std::string_view>
    of(std::string_view name, const label* labels, std::size_t count) noexcept {
        if (const auto error = dialect::quipu::check_name(name); error != errc::ok)
            return error;
        if (count == 0)
            return canonical_.name({.name = name});
        if (name.size() > sizeof text_)
            return errc::line_too_long;
        size_ = 0;
        append(name);
        for (std::size_t i = 0; i < count; ++i) {
            const label& one = labels[i];
            if (one.key.empty() || one.value.empty())
                continue;
            if (sizeof text_ - size_ < one.key.size() + one.value.size() + 2)
                return errc::line_too_long;
            text_[size_++] = ';';
            append_part(one.key, true);
            text_[size_++] = '=';
            append_part(one.value, false);
        }
        return canonical_.name({.name = {text_, size_}});
    }

private:
    void append(std::string_view text) noexcept {
        for (const char c : text)
            text_[size_++] = c;
    }

    void append_part(std::string_view text, bool is_key) noexcept {
        for (const char c : text) {
            const bool marks = c == ';' || c == '|' || is_control(c) || (is_key && c == '=');
            text_[size_++] = marks ? '_' : c;
        }
    }

    char text_[native_line_bytes_max];
    std::size_t size_ = 0;
    canonical_buffer<> canonical_{};
};

} // namespace detail

} // namespace quipu

// quipu/registry/family.hpp

// Families: series of one name that differ in the values of their labels.

namespace quipu {

namespace detail {

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view>;

template <class T>
concept has_to_string = requires(const T& value) {
    { to_string(value) } -> std::convertible_to<std::string_view>;
};

} // namespace detail

/// What a label's value can be.
/// Requires  text; or a whole number; or a bool; or an enumeration, which becomes what
///           `to_string(value)` of its namespace says, a std::string_view, or else its number.
template <class T>
concept label_value = detail::text_like<T> || std::integral<T> || std::is_enum_v<T>;

namespace detail {

/// How a family keeps a value: texts as its own.
template <label_value T>
using kept_label = std::conditional_t<text_like<T>, std::string, T>;

template <label_value T>
[[nodiscard]] std::uint64_t label_hash(const T& value) noexcept {
    if constexpr (text_like<T>)
        return hash_bytes(std::string_view(value), 0);
    else
        return mix(static_cast<std::uint64_t>(value) + 1);
}

/// Keys, one for each value.
template <std::size_t ValueCount, class... Keys>
concept keys_for = sizeof...(Keys) == ValueCount &&
                   (std::convertible_to<const Keys&, std::string_view> && ...);

/// Appends the text of a value.
template <label_value T>
void append_label(std::string& out, const T& value) {
    if constexpr (text_like<T>) {
        out += std::string_view(value);
    } else if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::is_enum_v<T> && has_to_string<T>) {
        out += std::string_view(to_string(value));
    } else if constexpr (std::is_enum_v<T>) {
        append_label(out, static_cast<std::underlying_type_t<T>>(value));
    } else {
        out += std::to_string(value);
    }
}

/// Of the calling thread, and of no other that runs.
[[nodiscard]] inline std::uint64_t thread_mark() noexcept {
    static constinit thread_local char mark = 0;
    return reinterpret_cast<std::uintptr_t>(&mark);
}

} // namespace detail

/// Series of one name whose labels have the same keys. The handle for a set of values is looked up
/// here and not in the registry, by the values as they are: no text is made for a set that is known.
///
///     auto requests = metrics.counters<std::string_view, int>("api.requests", "method", "status");
///     requests("get", 200).add();
///
/// A set of values is a series of the registry, with its limit. One that was removed is made anew
/// when it is asked for again.
///
/// Cost     of a look-up: a hash, a lock that threads rarely share, one cache line of an index and
///          one entry: some 20 ns. Keep a handle where the values are always the same.
/// Memory   one entry for each set of values that is in use, at most 8 times: threads share 8 caches.
/// Threads  safe from any, as long as the registry lives.
template <class Registry, class Handle, label_value... Values>
class basic_family {
    static_assert(sizeof...(Values) > 0);

public:
    /// One key for each value.
    template <class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    basic_family(Registry& home, std::string_view name, const Keys&... keys)
        : home_(home), name_(name), keys_{std::string(std::string_view(keys))...} {}

    basic_family(const basic_family&) = delete;
    basic_family& operator=(const basic_family&) = delete;
    ~basic_family() = default;

    /// The handle of the series with these values, new if there is none yet.
    /// Returns  as the registry does: one without a series if there is no room.
    [[nodiscard]] Handle operator()(const Values&... values) {
        std::uint64_t hash = 0;
        ((hash = mix(hash ^ detail::label_hash(values))), ...);
        cache& mine = caches_[mix(detail::thread_mark()) % cache_count];
        const detail::holding hold(mine.lock);
        const auto place = mine.index.find(
            hash, [&](std::uint32_t at) { return mine.entries[at].values == std::tie(values...); });
        if (place == mine.index.none)
            return add(mine, hash, values...);
        Handle& known = mine.entries[place].handle;
        return known ? known : known = make(values...);
    }

private:
    static constexpr std::size_t cache_count = 8;

    struct entry {
        std::tuple<detail::kept_label<Values>...> values;
        std::uint64_t hash;
        Handle handle;
    };

    struct alignas(64) cache {
        detail::small_mutex lock{};
        detail::chunk_index<std::allocator> index{};
        std::vector<entry> entries{};
        std::size_t review_size = 64;
    };

    [[nodiscard]] Handle add(cache& to, std::uint64_t hash, const Values&... values) {
        const Handle made = make(values...);
        if (!made)
            return made; // and do not fill the cache with what there is no room for
        if (to.entries.size() >= to.review_size)
            forget_removed(to);
        to.entries.push_back({{detail::kept_label<Values>(values)...}, hash, made});
        to.index.insert(hash, static_cast<std::uint32_t>(to.entries.size() - 1), hash_of(to));
        return made;
    }

    [[nodiscard]] Handle make(const Values&... values) {
        std::array<std::string, sizeof...(Values)> texts;
        std::array<label, sizeof...(Values)> labels;
        std::size_t i = 0;
        ((detail::append_label(texts[i], values), ++i), ...);
        for (i = 0; i < labels.size(); ++i)
            labels[i] = {keys_[i], texts[i]};
        return home_.template find<Handle>(name_, labels.data(), labels.size());
    }

    /// Entries whose series were removed go, each time there are twice as many as were left.
    static void forget_removed(cache& in) {
        std::erase_if(in.entries, [](const entry& one) { return !one.handle; });
        in.index = detail::chunk_index<std::allocator>();
        for (std::uint32_t i = 0; i < in.entries.size(); ++i)
            in.index.insert(in.entries[i].hash, i, hash_of(in));
        in.review_size = 2 * in.entries.size() + 64;
    }

    [[nodiscard]] static auto hash_of(const cache& in) noexcept {
        return [&in](std::uint32_t place) { return in.entries[place].hash; };
    }

    Registry& home_;
    std::string name_;
    std::array<std::string, sizeof...(Values)> keys_;
    std::array<cache, cache_count> caches_{};
};

} // namespace quipu

// quipu/registry/timer_buffer.hpp

// The values of a timer that one thread records and any other collects.

namespace quipu::detail {

/// A few values in front of a cell. The thread that owns it appends values, which is a store each,
/// and moves them into the cell when there is no more room; who collects moves those that are there
/// and takes the cell's contents.
///
/// The protocol. `head` is how many values were appended; the owner writes it, with release after
/// the value, so who reads it with acquire finds the values before it. `tail`, how many of them were
/// moved, and the cell are touched under the lock only, whoever moves, so each value is moved once.
/// Only the owner begins anew at the front, under the lock, when all were moved: so no value is
/// overwritten before or while it is moved.
///
/// Memory   8 bytes a value, and the cell.
/// Cost     of record: two stores; once in `Size` values the lock, and the cell's cost for all.
/// Threads  one records, one at a time collects.
template <class Cell, std::size_t Size = 256>
class timer_buffer {
public:
    void record(double value) {
        std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == Size) [[unlikely]] {
            make_room();
            head = 0;
        }
        values_[head] = value;
        head_.store(head + 1, std::memory_order_release);
    }

    /// Adds all values to a cell, and forgets them. Returns how many were refused, since they are no
    /// finite numbers or the cell was full.
    std::uint64_t move_into(Cell& into) {
        const holding hold(lock_);
        move_values();
        into.merge(cell_);
        cell_.reset();
        return std::exchange(refused_, 0);
    }

    /// Forgets all values; for the owner.
    void reset() {
        const holding hold(lock_);
        tail_ = 0;
        head_.store(0, std::memory_order_release);
        cell_ = Cell();
        refused_ = 0;
    }

private:
    [[gnu::cold, gnu::noinline]] void make_room() {
        const holding hold(lock_);
        move_values();
        tail_ = 0;
        head_.store(0, std::memory_order_release);
    }

    /// Moves the values that the cell has not got yet.
    void move_values() {
        const std::size_t head = head_.load(std::memory_order_acquire);
        const double* const first = values_ + tail_;
        const std::size_t count = head - tail_;
        tail_ = head;
        if constexpr (takes_blocks<Cell>) {
            const auto block = summarised_block::of(first, count);
            if (block.sound()) [[likely]] {
                refused_ += cell_.record_all(first, count, block);
                return;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            sample one;
            one.value = first[i];
            const bool finite = one.value - one.value == 0;
            if (!finite || cell_.apply(one) != errc::ok)
                ++refused_;
        }
    }

    std::atomic<std::size_t> head_{0};
    std::size_t tail_ = 0;
    std::uint64_t refused_ = 0;
    small_mutex lock_{};
    Cell cell_{};
    double values_[Size]; // written before they are read
};

} // namespace quipu::detail

// quipu/registry/instrument.hpp

// What a registry's series of each kind consist of: the parts that are updated, and how a flush makes
// one cell of them.

namespace quipu::detail {

// Each has: `part`, one a thread or one for all, trivially destructible; `open`, which makes a part a
// new series', whatever it was before; `close`, which frees what it has; `tally`, where a flush
// gathers the parts; `finish`, which gives the cell of the interval and begins the next.

/// Counts are whole and only grow.
template <class Cell, threading_policy Threading>
struct counter_instrument {
    using cell = Cell;
    using threading = Threading;

    struct part {
        typename Threading::template number<std::uint64_t> value{};
    };

    struct tally {
        std::uint64_t refused = 0;
        std::uint64_t reported = 0;
        std::uint64_t total = 0;
    };

    static void open(part& one) noexcept { one.value.set(0); }
    static void close(part&) noexcept {}

    static void gather(part& one, tally& into) noexcept { into.total += one.value.read(); }

    [[nodiscard]] static Cell finish(tally& of) {
        Cell cell;
        // Modulo 2^64, as the parts are.
        const std::uint64_t more = of.total - std::exchange(of.reported, of.total);
        of.total = 0;
        if (more > 0) {
            sample one;
            one.value = static_cast<double>(more);
            one.integral = true;
            static_cast<void>(cell.apply(one));
        }
        return cell;
    }
};

/// A gauge is one value for all threads.
template <class Cell, threading_policy Threading>
struct gauge_instrument {
    static_assert(!Threading::each_thread_its_own,
                  "quipu registry: a gauge is one value, `sharded` would make many of it");

    using cell = Cell;
    using threading = Threading;

    struct part {
        typename Threading::template number<double> value{};
        typename Threading::template number<std::uint8_t> touched{};
        typename Threading::template number<std::uint64_t> refused{};
    };

    struct tally {
        std::uint64_t refused = 0;
        Cell kept{};
    };

    static void open(part& one) noexcept { one = part(); }
    static void close(part&) noexcept {}

    // The value is written before the mark and read after it, so no last value stays unseen.
    static void set(part& one, double value) noexcept {
        if (!is_finite(value))
            return one.refused.add(1);
        one.value.set(value);
        one.touched.set(1);
    }
    static void change(part& one, double by) noexcept {
        if (!is_finite(by))
            return one.refused.add(1);
        one.value.add(by);
        one.touched.set(1);
    }

    static void gather(part& one, tally& into) noexcept {
        into.refused += one.refused.exchange(0);
        if (one.touched.exchange(0) == 0)
            return;
        sample last;
        last.value = one.value.read();
        static_cast<void>(into.kept.apply(last));
    }

    [[nodiscard]] static Cell finish(tally& of) {
        Cell frozen = of.kept;
        of.kept.next_interval();
        return frozen;
    }
};

/// A cell behind a lock, for what is more than a number.
template <class Cell, class Lock>
class locked_cell {
public:
    void apply(const sample& one) {
        const holding hold(lock_);
        if (!is_finite(one.value) || cell_.apply(one) != errc::ok)
            ++refused_;
    }

    /// Adds all to a cell, and forgets it. Returns how many updates were refused, since they are no
    /// finite numbers or the cell was full.
    std::uint64_t move_into(Cell& into) {
        const holding hold(lock_);
        into.merge(cell_);
        cell_.reset();
        return std::exchange(refused_, 0);
    }

    void reset() {
        const holding hold(lock_);
        cell_ = Cell();
        refused_ = 0;
    }

private:
    [[no_unique_address]] Lock lock_{};
    Cell cell_{};
    std::uint64_t refused_ = 0;
};

/// What timers and sets have in common: a part is elsewhere, and a tally is a cell.
template <class Cell, class Threading, class Page>
struct paged_instrument {
    using cell = Cell;
    using threading = Threading;

    struct part {
        Page* page = nullptr;
    };

    struct tally {
        std::uint64_t refused = 0;
        Cell sum{};
    };

    static void open(part& one) {
        if (one.page == nullptr)
            one.page = new Page();
        else
            one.page->reset();
    }
    static void close(part& one) noexcept { delete std::exchange(one.page, nullptr); }

    static void gather(part& one, tally& into) { into.refused += one.page->move_into(into.sum); }

    [[nodiscard]] static Cell finish(tally& of) { return std::exchange(of.sum, Cell()); }
};

template <class Cell, threading_policy Threading>
using timer_page = std::conditional_t<Threading::each_thread_its_own,
                                      timer_buffer<Cell>,
                                      locked_cell<Cell, typename Threading::lock>>;

template <class Cell, threading_policy Threading>
struct timer_instrument : paged_instrument<Cell, Threading, timer_page<Cell, Threading>> {
    using part = typename timer_instrument::paged_instrument::part;

    /// Input    value: finite.
    static void record(part& one, double value) {
        if constexpr (Threading::each_thread_its_own) {
            one.page->record(value);
        } else {
            sample single;
            single.value = value;
            one.page->apply(single);
        }
    }
};

template <class Cell, threading_policy Threading>
struct unique_instrument
    : paged_instrument<Cell, Threading, locked_cell<Cell, typename Threading::lock>> {
    using part = typename unique_instrument::paged_instrument::part;

    static void insert(part& one, std::string_view member) {
        sample single;
        single.member = member;
        one.page->apply(single);
    }
};

} // namespace quipu::detail

// quipu/registry/handle.hpp

// Handles: how a program updates the series of a registry.

namespace quipu {

/// What all handles have in common. A handle is a pointer and a number: cheap to copy, trivial to
/// destroy. One that has no series, since there was no room or it was removed or the handle was
/// made from nothing, can be updated as well: that has no effect.
///
/// Threads  as the kind's threading policy says; a handle may be used as long as its registry lives,
///          and by threads that come and go.
template <class Board>
class basic_handle {
public:
    basic_handle() = default;

    /// Whether updates have an effect now: the series is there and was not removed.
    [[nodiscard]] explicit operator bool() const noexcept {
        return series_ != nullptr && series_->id() == id_;
    }

    /// Whether two are of the same series.
    friend bool operator==(const basic_handle&, const basic_handle&) = default;

protected:
    explicit basic_handle(typename Board::series& of) noexcept : series_(&of), id_(of.id()) {}

    template <class F>
    void update(F f) const noexcept {
        if constexpr (Board::is_sharded) {
            auto& slot = Board::slots::guess(id_);
            if (slot.id == id_) [[likely]]
                return f(slot.value);
            if (series_ != nullptr)
                series_->home().update(*series_, id_, f);
        } else if (*this) {
            f(series_->part());
        }
    }

private:
    typename Board::series* series_ = nullptr;
    std::uint64_t id_ = detail::series_id::refused;
};

/// Counts events.
/// Cost     sharded: a load and a store of the thread's own, 0.5 ns; a thread's first update of a
///          series takes a lock and may allocate.
template <class Board>
class basic_counter_handle : public basic_handle<Board> {
public:
    basic_counter_handle() = default;

    void add(std::uint64_t count = 1) const noexcept {
        this->update([count](auto& part) { part.value.add(count); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// A value that goes up and down: the last one set, with the changes since.
template <class Board>
class basic_gauge_handle : public basic_handle<Board> {
public:
    basic_gauge_handle() = default;

    /// A value that is not finite is refused and counted: `value_limit`.
    void set(double value) const noexcept {
        this->update([value](auto& part) { Board::kind::set(part, value); });
    }
    void change(double by) const noexcept {
        this->update([by](auto& part) { Board::kind::change(part, by); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// Records values of which the distribution is of interest: milliseconds as a rule, see
/// scoped_timer.
/// Cost     sharded: two loads and two stores, and once in 256 values a move into the thread's cell.
template <class Board>
class basic_timer_handle : public basic_handle<Board> {
public:
    basic_timer_handle() = default;

    /// A value that is not finite is refused and counted: `value_limit`.
    void record(double value) const noexcept {
        this->update([value](auto& part) { Board::kind::record(part, value); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// Counts distinct members.
/// Cost     a hash, the thread's own lock, and an insertion.
template <class Board>
class basic_unique_handle : public basic_handle<Board> {
public:
    basic_unique_handle() = default;

    void insert(std::string_view member) const noexcept {
        this->update([member](auto& part) { Board::kind::insert(part, member); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

} // namespace quipu

// quipu/registry/registry.hpp

// The registry: the metrics of a program, which many threads update and a flush collects.

namespace quipu {

/// Compile-time choices of a registry. Derive from this and override one line. Two registries that
/// the same threads update in turns should have traits of their own, even if they are alike.
struct registry_traits {
    /// Change the cells when snapshots should have another sketch or bound.
    using cells = store_traits;

    /// Change to `atomic` where series are many and updates few: a sharded series takes its room
    /// once for each thread that updates it. To `unsynchronized` where there is one thread.
    using counter_threading = threading::sharded;
    using timer_threading = threading::sharded;
    using unique_threading = threading::sharded;
    /// A gauge cannot be sharded.
    using gauge_threading = threading::atomic;

    /// Change when series should be left out of flushes as long as nothing comes for them. Their
    /// handles stay valid, and with the next update they are back.
    using counter_retention = retention::forever;
    using timer_retention = retention::forever;
    using gauge_retention = retention::forever;
    using unique_retention = retention::forever;

    /// Beyond so many series, all kinds together, new ones are refused: `series_limit`.
    static constexpr std::size_t series_max = 100'000;
};

/// The retention policies of a registry's kinds; set the members of those that have some.
template <class Traits = registry_traits>
struct basic_registry_retentions {
    typename Traits::counter_retention counters{};
    typename Traits::timer_retention timers{};
    typename Traits::gauge_retention gauges{};
    typename Traits::unique_retention uniques{};
};

/// The metrics of a program. Names are looked up once, for a handle; handles are updated.
///
///     quipu::registry metrics;
///     const auto hits = metrics.counter("api.hits");
///     hits.add();                                        // from any thread
///     const auto flushed = metrics.flush(now, 10);       // for any sink
///
/// There are no globals, and no threads of its own. A thread's values are the registry's when the
/// thread is gone; a registry may be gone before its threads.
///
/// Threads  all of it from any, also at once; with `unsynchronized` for all kinds, from one at a
///          time.
template <class Traits = registry_traits>
class basic_registry {
    using cells = typename Traits::cells;

    template <class... Policies>
    static constexpr bool
        all_unsynchronized = (std::is_same_v<Policies, threading::unsynchronized> && ...);
    using lock = std::conditional_t<all_unsynchronized<typename Traits::counter_threading,
                                                       typename Traits::timer_threading,
                                                       typename Traits::gauge_threading,
                                                       typename Traits::unique_threading>,
                                    detail::no_lock,
                                    detail::small_mutex>;

    template <class Instrument>
    using board_of = detail::board<Instrument, Traits, lock>;
    using counter_board = board_of<
        detail::counter_instrument<typename cells::counter, typename Traits::counter_threading>>;
    using timer_board =
        board_of<detail::timer_instrument<typename cells::timer, typename Traits::timer_threading>>;
    using gauge_board =
        board_of<detail::gauge_instrument<typename cells::gauge, typename Traits::gauge_threading>>;
    using unique_board = board_of<
        detail::unique_instrument<typename cells::unique, typename Traits::unique_threading>>;

public:
    using traits = Traits;
    using snapshot_type = basic_snapshot<cells>;
    using counter_handle = basic_counter_handle<counter_board>;
    using timer_handle = basic_timer_handle<timer_board>;
    using gauge_handle = basic_gauge_handle<gauge_board>;
    using unique_handle = basic_unique_handle<unique_board>;
    using labels = std::initializer_list<label>;

    explicit basic_registry(basic_registry_retentions<Traits> keep = {}) : keep_(keep) {}
    basic_registry(const basic_registry&) = delete; // handles point into it
    basic_registry& operator=(const basic_registry&) = delete;
    ~basic_registry() = default;

    /// The handle of a series, which is new if there is none of that name and kind yet.
    ///
    /// Input    a name as a line has it, perhaps with tags: `api.hits;method=get`; labels in any
    ///          order. What has a meaning in a tag becomes '_', a label without a value is none.
    /// Returns  a handle; one without a series if the name is refused or there is no room: then
    ///          `refused` counts it.
    /// Cost     a look-up and a lock: do it once, and keep the handle.
    [[nodiscard]] counter_handle counter(std::string_view name, labels with = {}) {
        return find<counter_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] timer_handle timer(std::string_view name, labels with = {}) {
        return find<timer_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] gauge_handle gauge(std::string_view name, labels with = {}) {
        return find<gauge_handle>(name, with.begin(), with.size());
    }
    [[nodiscard]] unique_handle unique(std::string_view name, labels with = {}) {
        return find<unique_handle>(name, with.begin(), with.size());
    }

    /// The handle of that kind; the labels one after another.
    template <class Handle>
    [[nodiscard]] Handle find(std::string_view name, const label* labels_at, std::size_t count) {
        detail::series_text text;
        const auto canonical = text.of(name, labels_at, count);
        auto& among = board_for<Handle>();
        const detail::holding hold(lock_);
        if (!canonical)
            return refuse(canonical.error()), Handle();
        if (auto* const known = among.find(*canonical))
            return Handle(*known);
        if (size_held() >= Traits::series_max)
            return refuse(errc::series_limit), Handle();
        return Handle(among.add(*canonical));
    }

    /// Series that differ in the values of their labels: see basic_family. `Values` are the types of
    /// the values; then come the name and a key for each.
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, counter_handle, Values...>
    counters(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, timer_handle, Values...>
    timers(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, gauge_handle, Values...>
    gauges(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }
    template <label_value... Values, class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    [[nodiscard]] basic_family<basic_registry, unique_handle, Values...>
    uniques(std::string_view name, const Keys&... keys) {
        return {*this, name, keys...};
    }

    /// Takes the snapshot of one interval and begins the next. What is updated meanwhile is in this
    /// snapshot or in the next one.
    ///
    /// Input    interval_seconds: above 0.
    /// Units    `timestamp` in Unix seconds, the end of the interval.
    /// Cost     O(series * threads), and allocates the snapshot. Updates go on meanwhile; a thread's
    ///          first update of a series waits.
    [[nodiscard]] snapshot_type flush(std::int64_t timestamp, double interval_seconds) {
        QUIPU_ASSERT(interval_seconds > 0);
        snapshot_type into;
        into.timestamp = timestamp;
        into.interval_seconds = interval_seconds;
        {
            const detail::holding hold(lock_);
            auto& refused = refused_[static_cast<std::size_t>(errc::value_limit)];
            refused += counters_.collect(into.counters, into.names, keep_.counters);
            refused += timers_.collect(into.timers, into.names, keep_.timers);
            refused += gauges_.collect(into.gauges, into.names, keep_.gauges);
            refused += uniques_.collect(into.uniques, into.names, keep_.uniques);
        }
        for_each_kind(
            [](auto& entries) {
                for (auto& one : entries)
                    one.cell.settle();
            },
            into);
        return into;
    }

    /// Removes the series of that name, of every kind or of one; what came since the last flush goes
    /// with them. Their handles stay harmless; a series of that name that is asked for later is
    /// another one. Returns how many there were.
    /// Cost     O(series), as that of `remove_idle`.
    std::size_t remove(std::string_view name) {
        return remove_if([name](std::string_view one, std::uint32_t) { return one == name; });
    }
    std::size_t remove(metric_kind kind, std::string_view name) {
        const auto is_it = [name](std::string_view one, std::uint32_t) { return one == name; };
        const detail::holding hold(lock_);
        switch (kind) {
        case metric_kind::counter: return counters_.erase_if(is_it);
        case metric_kind::timer: return timers_.erase_if(is_it);
        case metric_kind::gauge: return gauges_.erase_if(is_it);
        case metric_kind::unique: return uniques_.erase_if(is_it);
        case metric_kind::keyvalue: return 0;
        }
        return 0;
    }

    /// Removes the series for which nothing came for so many flushes.
    std::size_t remove_idle(std::uint32_t intervals) {
        return remove_if([intervals](std::string_view, std::uint32_t idle_intervals) {
            return idle_intervals >= intervals;
        });
    }

    /// The number of series of all kinds.
    [[nodiscard]] std::size_t size() const {
        const detail::holding hold(lock_);
        return size_held();
    }

    /// How often something was refused for a cause: a handle for a name that cannot be, or beyond
    /// the limit (`series_limit`); a value that is not finite or for which a cell had no room
    /// (`value_limit`), as counted up to the last flush.
    [[nodiscard]] std::uint64_t refused(errc cause) const {
        const detail::holding hold(lock_);
        return refused_[static_cast<std::size_t>(cause)];
    }

    /// For how many threads at once there was room for sharded values of a kind: the most there
    /// were.
    [[nodiscard]] std::size_t shard_count(metric_kind kind) const {
        const detail::holding hold(lock_);
        switch (kind) {
        case metric_kind::counter: return counters_.shard_count();
        case metric_kind::timer: return timers_.shard_count();
        case metric_kind::unique: return uniques_.shard_count();
        default: return 0;
        }
    }

private:
    template <class Handle>
    [[nodiscard]] auto& board_for() noexcept {
        if constexpr (std::is_same_v<Handle, counter_handle>)
            return counters_;
        else if constexpr (std::is_same_v<Handle, timer_handle>)
            return timers_;
        else if constexpr (std::is_same_v<Handle, gauge_handle>)
            return gauges_;
        else
            return uniques_;
    }

    void refuse(errc cause) noexcept { ++refused_[static_cast<std::size_t>(cause)]; }

    template <class Predicate>
    std::size_t remove_if(const Predicate& leaves) {
        const detail::holding hold(lock_);
        return counters_.erase_if(leaves) + timers_.erase_if(leaves) + gauges_.erase_if(leaves) +
               uniques_.erase_if(leaves);
    }

    [[nodiscard]] std::size_t size_held() const noexcept {
        return counters_.size() + timers_.size() + gauges_.size() + uniques_.size();
    }

    mutable lock lock_{};
    basic_registry_retentions<Traits> keep_;
    std::array<std::uint64_t, errc_count> refused_{};
    counter_board counters_{lock_};
    timer_board timers_{lock_};
    gauge_board gauges_{lock_};
    unique_board uniques_{lock_};
};

using registry = basic_registry<>;

} // namespace quipu

// quipu/registry/flush_every.hpp

// A thread that flushes a registry regularly: the only one of the library that a program starts.

namespace quipu {

namespace detail {

template <class Sink, class Snapshot>
concept is_written = requires(Sink sink, const Snapshot& from) {
    { sink.write(from) } -> std::same_as<errc>;
};

template <class Sink, class Snapshot>
concept is_called = requires(Sink sink, const Snapshot& from) {
    { sink(from) } -> std::same_as<errc>;
};

} // namespace detail

/// Flushes a registry each interval and writes the snapshots to a sink, from a thread of its own:
///
///     const quipu::flush_every flushing(metrics, 10s, quipu::basic_console{quipu::file_writer()});
///
/// The sink is one, `write(snapshot)`, or any function of a snapshot, that gives an errc. What it
/// could not write goes out with the next flush, as one longer interval: nothing is lost, and nothing
/// piles up, while a backend is down. When this ends it flushes once more.
///
/// Units    timestamps are Unix seconds of the system's clock; an interval lasts as long as it did.
/// Threads  `stop` and the counts are safe from any. The sink is used by the thread alone.
template <class Registry, class Sink>
class flush_every {
    using snapshot_type = typename Registry::snapshot_type;
    static_assert(
        detail::is_written<Sink, snapshot_type> || detail::is_called<Sink, snapshot_type>,
        "quipu flush_every: the sink needs `errc write(const snapshot&)`, or to be called "
        "with a snapshot and to return an errc");

    using clock = std::chrono::steady_clock;

public:
    /// The registry has to live longer than this.
    /// Input    interval: above 0.
    flush_every(Registry& from, std::chrono::milliseconds interval, Sink sink)
        : from_(from), interval_(checked(interval)), sink_(std::move(sink)),
          thread_([this] { run(); }) {}
    flush_every(const flush_every&) = delete;
    flush_every& operator=(const flush_every&) = delete;
    ~flush_every() { stop(); }

    /// Flushes once more, and ends the thread; waits for both. Once is enough.
    /// Returns  what the sink said last.
    errc stop() {
        {
            const std::lock_guard hold(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        const std::lock_guard hold(joining_);
        if (thread_.joinable())
            thread_.join();
        return last_error();
    }

    /// How many snapshots the sink has taken, and how often it did not.
    [[nodiscard]] std::uint64_t written() const {
        const std::lock_guard hold(mutex_);
        return written_;
    }
    [[nodiscard]] std::uint64_t failed() const {
        const std::lock_guard hold(mutex_);
        return failed_;
    }
    /// What the sink said last.
    [[nodiscard]] errc last_error() const {
        const std::lock_guard hold(mutex_);
        return last_error_;
    }

private:
    [[nodiscard]] static std::chrono::milliseconds checked(std::chrono::milliseconds interval) {
        QUIPU_ASSERT(interval.count() > 0);
        return std::max(interval, std::chrono::milliseconds(1));
    }

    void run() {
        auto begun = clock::now();
        auto due = begun + interval_;
        for (bool last = false; !last;) {
            {
                std::unique_lock hold(mutex_);
                last = wake_.wait_until(hold, due, [this] { return stopping_; });
            }
            const auto now = clock::now();
            flush(now - begun);
            begun = now;
            do // ticks that a slow sink let pass are left out
                due += interval_;
            while (due <= now);
        }
    }

    void flush(clock::duration took) {
        constexpr double shortest = 1e-3; // an interval is above 0
        const double seconds = std::chrono::duration<double>(took).count();
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        auto fresh = from_.flush(std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                                 seconds > shortest ? seconds : shortest);
        if (waiting_)
            merge(pending_, fresh);
        else
            pending_ = std::move(fresh);
        const errc error = write(pending_);
        waiting_ = error != errc::ok;
        const std::lock_guard hold(mutex_);
        ++(waiting_ ? failed_ : written_);
        last_error_ = error;
    }

    [[nodiscard]] errc write(const snapshot_type& from) {
        if constexpr (detail::is_written<Sink, snapshot_type>)
            return sink_.write(from);
        else
            return sink_(from);
    }

    Registry& from_;
    const std::chrono::milliseconds interval_;
    Sink sink_;
    snapshot_type pending_{};
    bool waiting_ = false; // pending_ could not be written
    mutable std::mutex mutex_{};
    std::mutex joining_{};
    std::condition_variable wake_{};
    bool stopping_ = false;
    std::uint64_t written_ = 0;
    std::uint64_t failed_ = 0;
    errc last_error_ = errc::ok;
    std::thread thread_; // last, since it uses the others
};

template <class Registry, class Duration, class Sink>
flush_every(Registry&, Duration, Sink) -> flush_every<Registry, Sink>;

} // namespace quipu

// quipu/registry/scoped_timing.hpp

// How long a block or a call takes, recorded when it ends.

namespace quipu {

/// What a time can be recorded in: a timer's handle.
template <class H>
concept records_values = requires(const H& to, double milliseconds) {
    to.record(milliseconds);
};

/// Records its lifetime in milliseconds, also when an exception ends the block.
///
///     const quipu::scoped_timing timing(latency);
///
/// Cost     two looks at the clock, 40 ns with the standard one, and a record.
/// Threads  distinct objects safe, shared objects unsafe.
template <records_values Handle, tick_clock Clock = steady_ticks>
class [[nodiscard]] scoped_timing {
public:
    explicit scoped_timing(Handle into, Clock clock = {}) noexcept
        : into_(std::move(into)), clock_(std::move(clock)), start_(clock_.now()) {}
    scoped_timing(const scoped_timing&) = delete;
    scoped_timing& operator=(const scoped_timing&) = delete;
    ~scoped_timing() {
        if (running_)
            into_.record(elapsed());
    }

    /// The milliseconds since it was made.
    [[nodiscard]] double elapsed() const noexcept {
        const std::uint64_t now = clock_.now();
        return now > start_ ? clock_.milliseconds(now - start_) : 0; // cores may differ by a tick
    }

    /// Records now, and not at the end. Returns the milliseconds; 0, and has no effect, if it was
    /// stopped or cancelled before.
    double stop() noexcept {
        if (!std::exchange(running_, false))
            return 0;
        const double milliseconds = elapsed();
        into_.record(milliseconds);
        return milliseconds;
    }

    /// Records nothing.
    void cancel() noexcept { running_ = false; }

private:
    Handle into_;
    [[no_unique_address]] Clock clock_;
    std::uint64_t start_;
    bool running_ = true;
};

/// Calls f(args...), records how long that takes, and returns what it returns.
template <records_values Handle, class F, class... Args>
requires std::invocable<F, Args...>
decltype(auto) timed(const Handle& into, F&& f, Args&&... args) {
    const scoped_timing timing(into);
    return std::forward<F>(f)(std::forward<Args>(args)...);
}

} // namespace quipu

// quipu/schema/histogram_rules.hpp

// Which timers get a fixed-bin histogram, with which bins, and how these are called.

namespace quipu {

/// The histogram of the timers that a pattern is for.
struct histogram_rule {
    std::string pattern;
    bin_edges edges{};
    /// What the name of each bin ends with; where there are fewer, the last bins are not told.
    std::vector<std::string> tails{};
};

/// A rule of Etsy's statsd: the pattern may stand anywhere in a key. The limits of the bins, as
/// text, ascend; each is exclusive, and `inf`, which may be the last, is none. What is not below any
/// is not told.
/// Errors   bad_number, value_limit.
/// Source   statsd/statsd, exampleConfig.js, "histogram".
[[nodiscard]] inline result<histogram_rule> etsy_histogram(std::string pattern,
                                                           const std::vector<std::string>& limits) {
    histogram_rule made{std::move(pattern), {}, {}};
    std::vector<double> edges;
    for (const auto& limit : limits) {
        if (limit != "inf") {
            const auto edge = parse_number(limit);
            if (!edge)
                return edge.error();
            edges.push_back(*edge);
        } else if (&limit != &limits.back()) {
            return errc::bad_number;
        }
        std::string tail = limit;
        if (const auto dot = tail.find('.'); dot != tail.npos)
            tail[dot] = '_';
        made.tails.push_back(".histogram.bin_" + tail);
    }
    auto at = bin_edges::at(std::move(edges));
    if (!at)
        return at.error();
    made.edges = *std::move(at);
    return made;
}

/// A rule of statsite: the pattern is what a key begins with, an empty one is for all.
/// Errors   bad_number, value_limit.
/// Source   statsite, "histogram sections".
[[nodiscard]] inline result<histogram_rule>
statsite_histogram(std::string prefix, double min, double max, double width) {
    auto edges = bin_edges::uniform(min, max, width);
    if (!edges)
        return edges.error();
    const auto text = [](double edge) {
        char number[layout::fixed<2>::bytes_max];
        return std::string(number, layout::fixed<2>::write(number, edge));
    };
    histogram_rule made{std::move(prefix), *std::move(edges), {}};
    made.tails.push_back(".histogram.bin_<" + text(min));
    const auto& all = made.edges.values();
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        made.tails.push_back(".histogram.bin_" + text(all[i]));
    made.tails.push_back(".histogram.bin_>" + text(max));
    return made;
}

/// Which of several rules is a key's.
enum class histogram_match : std::uint8_t {
    first_within,   ///< Etsy's: the first whose pattern stands anywhere in the key
    longest_prefix, ///< statsite's: that of the longest pattern with which the key begins
};

/// The rule of a key, or null.
/// Cost     O(rules * key size).
[[nodiscard]] inline const histogram_rule* find_rule(const std::vector<histogram_rule>& rules,
                                                     histogram_match match,
                                                     std::string_view key) noexcept {
    const histogram_rule* found = nullptr;
    for (const auto& one : rules) {
        if (match == histogram_match::first_within && key.find(one.pattern) != key.npos)
            return &one;
        if (match == histogram_match::longest_prefix && key.starts_with(one.pattern) &&
            (found == nullptr || one.pattern.size() > found->pattern.size()))
            found = &one;
    }
    return found;
}

/// The samples of a sketch that keeps its values, by bins; each counts once, whatever its weight.
template <class Sketch>
[[nodiscard]] fixed_bins count_samples(const Sketch& sketch, const bin_edges& edges) {
    fixed_bins counted(edges);
    for (const double value : sketch.values())
        counted.record(value);
    return counted;
}

} // namespace quipu

// quipu/schema/percentile.hpp

// Percentiles as users write them: a number, and the suffix that it gives to names.

namespace quipu {

/// A percentile: -100 to 100; a negative one means the highest values.
struct percentile {
    double value = 90;
    /// What it is called in a name: `90`, `99_9`, `top10`.
    std::string suffix = "90";

    /// The share of the values, 0 to 1.
    [[nodiscard]] double share() const noexcept { return (value < 0 ? -value : value) / 100; }

    friend bool operator==(const percentile&, const percentile&) = default;
};

/// Reads a percentile; the suffix is its text with the first '.' as '_' and the '-' as "top".
/// Errors   bad_number, number_out_of_range (outside -100 to 100).
[[nodiscard]] inline result<percentile> parse_percentile(std::string_view text) {
    const auto value = parse_number(text);
    if (!value)
        return value.error();
    if (!(*value >= -100 && *value <= 100))
        return errc::number_out_of_range;
    std::string suffix(text);
    if (suffix[0] == '-')
        suffix.replace(0, 1, "top");
    if (suffix[0] == '+')
        suffix.erase(0, 1);
    if (const auto dot = suffix.find('.'); dot != suffix.npos)
        suffix[dot] = '_';
    return percentile{*value, std::move(suffix)};
}

/// Reads a list such as `50,90,99.9`.
/// Errors   as for one.
[[nodiscard]] inline result<std::vector<percentile>> parse_percentiles(std::string_view text) {
    std::vector<percentile> list;
    for (;;) {
        const auto comma = text.find(',');
        auto one = parse_percentile(text.substr(0, comma));
        if (!one)
            return one.error();
        list.push_back(*std::move(one));
        if (comma == text.npos)
            return list;
        text.remove_prefix(comma + 1);
    }
}

} // namespace quipu

// quipu/schema/schema.hpp

// What a schema is: the names and numbers that flat backends get for a snapshot.

namespace quipu {

/// One number of one flush. Its name is head, name, tail and tags, one behind the other: the tags
/// come last, where Graphite wants them. The views are valid during the call that hands it out.
struct point {
    std::string_view head{}; ///< "stats.timers."
    std::string_view name{}; ///< the series without its tags
    std::string_view tail{}; ///< ".upper_90"
    std::string_view tags{}; ///< ";region=eu", or empty
    double value = 0;
    /// Python's servers print it without a fraction.
    bool integral = false;
    /// Unix seconds.
    std::int64_t timestamp = 0;
    // Where a schema tells it, as statsite_schema does for its binary form:
    metric_kind kind = metric_kind::counter;
    statistic what = statistic::none;
    double edge = 0; ///< of a bin of a histogram, whose value is the number of samples in it
};

/// Room for the value of a point as text.
template <number_layout Layout>
inline constexpr std::size_t point_value_bytes_max =
    Layout::bytes_max > integer_bytes_max ? Layout::bytes_max : integer_bytes_max;

/// Writes the value of a point: without a fraction if it is integral, else as `Layout` has it.
/// Input    room for `point_value_bytes_max<Layout>` bytes.
/// Returns  the end.
template <number_layout Layout>
char* write_point_value(char* out, const point& one) noexcept {
    const bool whole = one.integral && one.value > -9e15 && one.value < 9e15;
    return whole ? write_integer(out, static_cast<std::int64_t>(one.value))
                 : Layout::write(out, one.value);
}

/// What a sink has done so far; Etsy's schema reports it as `graphiteStats`.
struct sink_history {
    std::int64_t last_flush = 0;     ///< Unix seconds; 0: never
    std::int64_t last_exception = 0; ///< Unix seconds; 0: never
    double flush_milliseconds = 0;   ///< of the last flush
    double flush_bytes = 0;          ///< of the last flush
};

namespace detail {

struct point_taker {
    void operator()(const point&) const noexcept {}
};

/// Traits whose timers keep their values.
struct traits_with_values : store_traits {
    using timer = basic_timer<exact>;
};

/// Says in a sentence what a timer lacks for a schema that works on the values themselves.
template <class Timer>
consteval bool require_values() {
    static_assert(
        requires(const Timer& cell) {
            cell.values().values();
            requires Timer::sketch_type::keeps_values();
        },
        "quipu schema: needs timers of a sketch that keeps its values, such as basic_exact");
    return true;
}

} // namespace detail

/// Names the statistics of a snapshot.
/// Requires  write(snapshot, history, out), which calls out(const point&) for each number, in the
///           order in which they are sent; the type `number_layout`, how numbers are printed.
/// Provided  native_schema, etsy_schema, kiip_schema, statsite_schema.   Chosen at  the sinks for flat backends.
/// Cost      one write for each flush and sink.
template <class S, class Traits>
concept schema_for = requires(const S s,
                              const basic_snapshot<Traits>& from,
                              const sink_history& history,
                              detail::point_taker out) {
    requires number_layout<typename S::number_layout>;
    s.write(from, history, out);
};

} // namespace quipu

// quipu/schema/etsy.hpp

// The schema of Etsy's statsd: its Graphite names, legacy and modern.

namespace quipu {

/// The settings of Etsy's statsd that shape names and numbers, with its defaults.
struct etsy_schema_options {
    bool legacy_namespace = true;
    bool flush_counts = true;
    /// The first node of the legacy namespace, which that server has in its code.
    std::string legacy_prefix = "stats";
    // The nodes of the modern namespace, which the legacy one does not heed; an empty one is left
    // out.
    std::string global_prefix = "stats";
    std::string prefix_counter = "counters";
    std::string prefix_timer = "timers";
    std::string prefix_gauge = "gauges";
    std::string prefix_set = "sets";
    std::string global_suffix = "";
    /// Names, tags apart, are cleaned here: as that server's Graphite backend does if they were not
    /// when they came, `keyNameSanitize: false`.
    bool clean_names = false;
    /// The node of the server's own statistics.
    std::string prefix_stats = "statsd";
    std::vector<percentile> percentiles = {{90, "90"}};
    /// The numbers of a timer that are told: `upper`, `count_ps`, `histogram`, and with `_percent` for
    /// any percentile, as `mean_percent`. Empty: all.
    std::vector<std::string> timer_metrics{};
    /// The first whose pattern stands in a timer's key gives it a histogram; see etsy_histogram.
    std::vector<histogram_rule> histograms{};
};

/// Names and numbers of Etsy's statsd, to the letter. Its timers keep their values: basic_timer of
/// an `exact` sketch, with timer_weighting::count_only.
///
/// Legacy     stats.K and stats_counts.K, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Modern     stats.counters.K.{rate,count}, stats.timers.K.X, stats.gauges.K, stats.sets.K.count
/// Timers     for each percentile P count_P mean_P upper_P sum_P sum_squares_P (P < 0: lower_P),
///            then std upper lower count count_ps sum sum_squares mean median; an idle one gives
///            count_ps and count alone. Only the count is weighted by the sampling rate.
/// Own        statsd.numStats, graphiteStats.* and processing_time.
/// Source     statsd/statsd 0.10.2, lib/process_metrics.js and backends/graphite.js, as observed.
/// Deviation  -100 as a percentile gives all values, not NaN. Key/values, which that server does not
///            have, are not written. `_percent` in `timer_metrics` means those with a point, too.
/// Threads    distinct objects safe; a const one may be shared.
class etsy_schema {
public:
    using number_layout = layout::javascript;

    explicit etsy_schema(etsy_schema_options options = {});

    template <class Traits, class Out>
    void write(const basic_snapshot<Traits>& from, const sink_history& history, Out&& out) const {
        std::string clean;
        const auto writer = [&](std::string_view head, std::string_view name) {
            auto parts = split_canonical(name);
            if (options_.clean_names)
                parts.name = cleaned(parts.name, clean);
            return point_writer<Out>{out, *this, head, parts, from.timestamp};
        };
        for (const auto& one : from.counters) {
            writer(rate_head_, one.name)(rate_tail_, one.cell.rate(from.interval_seconds));
            if (!options_.flush_counts)
                continue;
            writer(count_head_, one.name)(count_tail_, one.cell.sum());
        }
        for (const auto& one : from.timers) {
            const auto all = writer(timer_head_, one.name);
            write_timer(one.cell, from.interval_seconds, [&](std::string_view tail, double value) {
                if (tells(tail))
                    all(tail, value);
            });
            write_histogram(one.cell, all);
        }
        for (const auto& one : from.gauges)
            writer(gauge_head_, one.name)("", one.cell.value());
        for (const auto& one : from.uniques) {
            writer(set_head_, one.name)(".count", one.cell.estimate());
        }
        const auto series =
            from.counters.size() + from.timers.size() + from.gauges.size() + from.uniques.size();
        writer(own_count_head_, options_.prefix_stats)(".numStats", static_cast<double>(series));
        const auto own = writer(own_head_, options_.prefix_stats);
        own(".graphiteStats.calculationtime", from.processing_milliseconds);
        own(".processing_time", from.processing_milliseconds);
        own(".graphiteStats.last_exception", static_cast<double>(history.last_exception));
        own(".graphiteStats.last_flush", static_cast<double>(history.last_flush));
        own(".graphiteStats.flush_time", history.flush_milliseconds);
        own(".graphiteStats.flush_length", history.flush_bytes);
    }

private:
    template <class Out>
    struct point_writer {
        Out& out;
        const etsy_schema& schema;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        /// `tail` without the global suffix: it is in the tail already, or put behind it here.
        void operator()(std::string_view tail, double value) const {
            const std::string whole = std::string(tail) + schema.suffix_;
            out(point{head, name.name, whole, name.tags, value, false, timestamp});
        }
    };

    [[nodiscard]] static std::string_view cleaned(std::string_view name, std::string& into) {
        into.resize(name.size());
        detail::etsy_key_writer<> key{into.data()};
        for (const char c : name)
            key.put(c);
        return {into.data(), static_cast<std::size_t>(key.out - into.data())};
    }

    /// Whether a number of a timer is one of those that are told.
    [[nodiscard]] bool tells(std::string_view tail) const {
        const auto& told = options_.timer_metrics;
        if (told.empty())
            return true;
        std::string name(tail.substr(1));
        for (std::size_t i = 0; i + 1 < name.size(); ++i) {
            const auto rest = std::string_view(name).substr(i + 1);
            if (name[i] == '_' && (detail::is_digit(rest.front()) || rest.starts_with("top"))) {
                name.replace(i, name.npos, "_percent");
                break;
            }
        }
        return std::find(told.begin(), told.end(), name) != told.end();
    }

    template <class Timer, class Writer>
    void write_histogram(const Timer& cell, const Writer& to) const {
        if (options_.histograms.empty() || cell.idle() || !tells(".histogram"))
            return;
        const auto* const rule =
            find_rule(options_.histograms, histogram_match::first_within, to.name.name);
        if (rule == nullptr)
            return;
        const auto bins = count_samples(cell.values(), rule->edges);
        for (std::size_t i = 0; i < rule->tails.size(); ++i)
            to(rule->tails[i], bins.counts()[i]);
    }

    template <class Timer, class Writer>
    void write_timer(const Timer& cell, double interval_seconds, const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        if (cell.idle()) {
            to(".count_ps", 0);
            to(".count", 0);
            return;
        }
        const auto& values = cell.values().values();
        for (const auto& one : options_.percentiles)
            write_percentile(values, one, to);
        const auto kept = lowest(values, values.size());
        const double mean = kept.sum / kept.count;
        double deviations = 0;
        for (const double value : values)
            deviations += (value - mean) * (value - mean);
        const bool all = cell.values().dropped() == 0;
        to(".std", std::sqrt(deviations / kept.count));
        to(".upper", cell.max());
        to(".lower", cell.min());
        to(".count", cell.count());
        to(".count_ps", cell.count() / interval_seconds);
        to(".sum", all ? kept.sum : cell.sum());
        to(".sum_squares", all ? kept.sum_squares : cell.sum_squares());
        to(".mean", all ? mean : cell.mean());
        to(".median", cell.values().median());
    }

    /// The sums in ascending order, as that server adds them up: the last digit depends on it.
    [[nodiscard]] static distribution_part lowest(const std::vector<double>& values,
                                                  std::size_t count) noexcept {
        distribution_part part;
        for (std::size_t i = 0; i < count; ++i) {
            part.sum += values[i];
            part.sum_squares += values[i] * values[i];
        }
        part.count = static_cast<double>(count);
        part.boundary = values[count - 1];
        return part;
    }

    template <class Writer>
    static void write_percentile(const std::vector<double>& values,
                                 const percentile& wanted,
                                 const Writer& to) {
        const auto n = values.size();
        // With a single value every threshold holds it.
        const double half_up = std::floor(wanted.share() * static_cast<double>(n) + 0.5);
        const auto count = n == 1 ? 1 : static_cast<std::size_t>(half_up);
        if (count == 0)
            return;
        distribution_part part;
        if (wanted.value > 0 || n == count) {
            part = lowest(values, count);
            if (wanted.value <= 0)
                part.boundary = values.front();
        } else {
            // That server takes the difference of two sums.
            const auto all = lowest(values, n);
            const auto rest = lowest(values, n - count);
            part = {static_cast<double>(count),
                    all.sum - rest.sum,
                    all.sum_squares - rest.sum_squares,
                    values[n - count]};
        }
        const std::string suffix = '_' + wanted.suffix;
        to(".count" + suffix, part.count);
        to(".mean" + suffix, part.sum / part.count);
        to((wanted.value > 0 ? ".upper" : ".lower") + suffix, part.boundary);
        to(".sum" + suffix, part.sum);
        to(".sum_squares" + suffix, part.sum_squares);
    }

    etsy_schema_options options_;
    std::string rate_head_, count_head_, timer_head_, gauge_head_, set_head_;
    std::string own_head_, own_count_head_; // the legacy `statsd.numStats` has no head
    std::string rate_tail_{}, count_tail_{}, suffix_{};
};

inline etsy_schema::etsy_schema(etsy_schema_options options) : options_(std::move(options)) {
    const auto node = [](const std::string& name) { return name.empty() ? name : name + '.'; };
    if (options_.legacy_namespace) {
        const std::string first = node(options_.legacy_prefix);
        rate_head_ = own_head_ = first;
        count_head_ = options_.legacy_prefix + (first.empty() ? "counts." : "_counts.");
        timer_head_ = first + "timers.";
        gauge_head_ = first + "gauges.";
        set_head_ = first + "sets.";
    } else {
        const std::string global = node(options_.global_prefix);
        rate_head_ = count_head_ = global + node(options_.prefix_counter);
        timer_head_ = global + node(options_.prefix_timer);
        gauge_head_ = global + node(options_.prefix_gauge);
        set_head_ = global + node(options_.prefix_set);
        rate_tail_ = ".rate";
        count_tail_ = ".count";
        own_head_ = own_count_head_ = global;
    }
    if (!options_.global_suffix.empty())
        suffix_ = '.' + options_.global_suffix;
}

static_assert(schema_for<etsy_schema, detail::traits_with_values>);

} // namespace quipu

// quipu/schema/kiip.hpp

// The schema of the Python statsite.

namespace quipu {

/// The settings of the Python statsite that shape names and numbers, with its defaults.
struct kiip_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "statsite";
    std::vector<percentile> percentiles = {{90, "90"}};
};

/// Names and numbers of the Python statsite.
///
///     PREFIX.kv.K          each value in the order received, with its own time
///     PREFIX.counts.K      the sum
///     PREFIX.timers.K.X    sum mean lower upper count stdev
///     PREFIX.timers.K.X_P  the same for a percentile P
///
/// `stdev` divides by n - 1. A percentile is about the window in the middle that holds P % of the
/// values. `upper_P` is the value next above it; with whole numbers `mean_P` is rounded down, and
/// `stdev_P` is the deviation from that. What was idle says nothing. Gauges and sets, which that
/// server does not have, are not written.
///
/// Source     kiip/statsite 0.5.1, statsite/aggregator.py and metrics, as observed.
/// Deviation  100 as a percentile loses no flush. Whether a value was written as a whole number is
///            known for a timer as a whole: that server looks at each value.
/// Threads    distinct objects safe; a const one may be shared.
class kiip_schema {
public:
    using number_layout = layout::python2;

    explicit kiip_schema(kiip_schema_options options = {}) : options_(std::move(options)) {
        const auto prefix = options_.prefix.empty() ? "" : options_.prefix + '.';
        kv_ = prefix + "kv.";
        counts_ = prefix + "counts.";
        timers_ = prefix + "timers.";
    }

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp && value.timestamp != 0;
                const auto timestamp = timed ? value.timestamp : from.timestamp;
                out(point{kv_, one.name, "", "", value.value, value.integral, timestamp});
            }
        }
        for (const auto& one : from.counters) {
            if (one.cell.idle())
                continue;
            out(point{
                counts_, one.name, "", "", one.cell.sum(), one.cell.integral(), from.timestamp});
        }
        for (const auto& one : from.timers) {
            const auto to = [&](std::string_view tail, double value, bool integral) {
                out(point{timers_, one.name, tail, "", value, integral, from.timestamp});
            };
            if (!one.cell.idle())
                write_timer(one.cell, to);
        }
    }

private:
    template <class Timer, class Writer>
    void write_timer(const Timer& cell, const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        const auto& values = cell.values().values(); // the rate has no effect here
        const bool whole = cell.integral();
        write_window(values, 0, values.size(), "", whole, to);
        for (const auto& one : options_.percentiles) {
            const auto n = values.size();
            const auto inner = static_cast<std::size_t>(static_cast<double>(n) * one.share());
            const auto suffix = '_' + one.suffix.substr(0, one.suffix.find('_'));
            if (n == 1)
                write_window(values, 0, 1, suffix, whole, to);
            else
                write_window(values, (n - inner) / 2, inner, suffix, whole, to);
        }
    }

    /// Writes the statistics of `count` values from `first` on, which is the place of a value.
    template <class Writer>
    static void write_window(const std::vector<double>& values,
                             std::size_t first,
                             std::size_t count,
                             const std::string& suffix,
                             bool integral,
                             const Writer& to) {
        const bool cut = !suffix.empty();
        const auto size = static_cast<double>(count);
        double sum = 0;
        for (std::size_t i = first; i < first + count; ++i)
            sum += values[i];
        const bool whole = integral || count == 0;
        double mean = count == 0 ? 0 : sum / size;
        if (cut && whole)
            mean = std::floor(mean);
        double deviations = 0;
        for (std::size_t i = first; i < first + count; ++i)
            deviations += (values[i] - mean) * (values[i] - mean);
        const auto next = std::min(first + count, values.size() - 1);
        const bool alone = count == 1;
        to(".sum" + suffix, sum, whole);
        to(".mean" + suffix, mean, cut && whole);
        to(".lower" + suffix, values[first], integral);
        to(".upper" + suffix, cut ? values[next] : values.back(), integral);
        // With a single value that server counts none in the window.
        to(".count" + suffix, cut && values.size() == 1 ? 0 : size, true);
        // Of an empty window it is -0, there as here.
        to(".stdev" + suffix, alone ? 0 : std::sqrt(deviations / (size - 1)), alone);
    }

    kiip_schema_options options_;
    std::string kv_{}, counts_{}, timers_{};
};

static_assert(schema_for<kiip_schema, detail::traits_with_values>);

} // namespace quipu

// quipu/schema/native.hpp

// The native schema: quipu's own names.

namespace quipu {

/// What the native schema can be told.
struct native_schema_options {
    /// The first node of every name; empty: none.
    std::string prefix = "stats";
    std::vector<percentile> percentiles = {{50, "50"}, {90, "90"}, {99, "99"}};
};

/// Etsy's modern names as far as they go, on weighted statistics:
///
///     PREFIX.counters.K.{count,rate}                 the sum, and the sum for each second
///     PREFIX.gauges.K
///     PREFIX.timers.K.{count,rate,sum,sum_squares,mean,std,median,lower,upper}
///     PREFIX.timers.K.{count,sum,sum_squares,mean,upper}_P   for each percentile P
///     PREFIX.sets.K.count
///     PREFIX.kv.K                                    each value with its own time
///
/// `std` divides by n. A percentile P > 0 is about the lowest P % of the values (nearest rank), so
/// `upper_90` is the 90th percentile; P < 0 about the highest (`lower_top10`). A series that is in
/// the snapshot without a sample reports zeros: which ones are there is the store's retention.
///
/// Threads  distinct objects safe; a const one may be shared.
class native_schema {
public:
    using number_layout = layout::shortest;

    explicit native_schema(native_schema_options options = {});

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        for (const auto& one : from.counters) {
            writer<Out> to{out, counters_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.sum());
            to(".rate", one.cell.rate(from.interval_seconds));
        }
        for (const auto& one : from.timers) {
            writer<Out> to{out, timers_, split_canonical(one.name), from.timestamp};
            write_timer(one.cell, from.interval_seconds, to);
        }
        for (const auto& one : from.gauges) {
            writer<Out>{out, gauges_, split_canonical(one.name), from.timestamp}("",
                                                                                 one.cell.value());
        }
        for (const auto& one : from.uniques) {
            writer<Out> to{out, sets_, split_canonical(one.name), from.timestamp};
            to(".count", one.cell.estimate());
        }
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                writer<Out> to{
                    out, kv_, split_canonical(one.name), timed ? value.timestamp : from.timestamp};
                to("", value.value);
            }
        }
    }

private:
    template <class Out>
    struct writer {
        Out& out;
        std::string_view head;
        canonical_parts name;
        std::int64_t timestamp;

        void operator()(std::string_view tail, double value) const {
            out(point{head, name.name, tail, name.tags, value, false, timestamp});
        }
    };

    /// The tails of one percentile, ready to use.
    struct cut {
        double share;
        bool top;
        std::string count, mean, boundary, sum, sum_squares;
    };

    template <class Timer, class Writer>
    void write_timer(const Timer& cell, double interval_seconds, const Writer& to) const {
        const auto& values = cell.values();
        to(".count", cell.count());
        to(".rate", cell.count() / interval_seconds);
        if (cell.idle())
            return;
        to(".sum", cell.sum());
        to(".sum_squares", cell.sum_squares());
        to(".mean", cell.mean());
        to(".std", cell.population_deviation());
        to(".median", values.median());
        to(".lower", cell.min());
        to(".upper", cell.max());
        for (const auto& one : cuts_) {
            const auto part = one.top ? values.highest(one.share) : values.lowest(one.share);
            to(one.count, part.count);
            to(one.mean, part.sum / part.count);
            to(one.boundary, part.boundary);
            to(one.sum, part.sum);
            to(one.sum_squares, part.sum_squares);
        }
    }

    std::string counters_, timers_, gauges_, sets_, kv_;
    std::vector<cut> cuts_{};
};

inline native_schema::native_schema(native_schema_options options) {
    const std::string prefix = options.prefix.empty() ? "" : options.prefix + '.';
    counters_ = prefix + "counters.";
    timers_ = prefix + "timers.";
    gauges_ = prefix + "gauges.";
    sets_ = prefix + "sets.";
    kv_ = prefix + "kv.";
    for (const auto& one : options.percentiles) {
        const bool top = one.value < 0;
        const auto& suffix = one.suffix;
        cuts_.push_back({one.share(),
                         top,
                         ".count_" + suffix,
                         ".mean_" + suffix,
                         (top ? ".lower_" : ".upper_") + suffix,
                         ".sum_" + suffix,
                         ".sum_squares_" + suffix});
    }
}

static_assert(schema_for<native_schema, store_traits>);

} // namespace quipu

// quipu/schema/statsite.hpp

// The schema of statsite, the one in C.

namespace quipu {

/// The numbers of a timer that statsite tells, as bits: `timers_include`.
enum class timer_numbers : std::uint16_t {
    sum = 1U << 0U,
    sum_sq = 1U << 1U,
    mean = 1U << 2U,
    lower = 1U << 3U,
    upper = 1U << 4U,
    count = 1U << 5U,
    stdev = 1U << 6U,
    median = 1U << 7U,
    rate = 1U << 8U,
    sample_rate = 1U << 9U,
    none = 0,
    all = (1U << 10U) - 1,
};

[[nodiscard]] constexpr timer_numbers operator|(timer_numbers a, timer_numbers b) noexcept {
    return static_cast<timer_numbers>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool includes(timer_numbers all, timer_numbers one) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// The quantiles of timers and how far off their ranks may be, as a config file has them.
struct statsite_quantiles {
    double error = 0.01; ///< `timer_eps`
    std::vector<double> quantiles = {0.5, 0.95, 0.99};
};

/// The settings of statsite that shape names and numbers, with its defaults.
struct statsite_schema_options {
    std::string global_prefix{};
    bool use_type_prefix = true;
    std::string kv_prefix = "kv.";
    std::string gauges_prefix = "gauges.";
    std::string counts_prefix = "counts.";
    std::string sets_prefix = "sets.";
    std::string timers_prefix = "timers.";
    /// A counter tells its count and its rate, not the sum alone.
    bool extended_counters = false;
    /// That count is the number of samples, not the sum.
    bool legacy_extended_counters = true;
    timer_numbers timers_include = timer_numbers::all;
    statsite_quantiles quantiles{};
    /// The one with the longest prefix of a timer's name gives it a histogram; see
    /// statsite_histogram.
    std::vector<histogram_rule> histograms{};
};

/// Names and numbers of statsite, to the digit, quantiles included: its own algorithm goes over the
/// values, which its timers therefore keep as they came: basic_timer<arrivals,
/// timer_weighting::count_only>.
///
///     GLOBAL kv.K        each value, the last one first
///     GLOBAL counts.K    the sum; or counts.K.count and counts.K.rate
///     GLOBAL timers.K.X  sum sum_sq mean lower upper count stdev, for each quantile pNN (median
///                        before that of 0.5), rate (the sum a second), sample_rate, histogram.bin_…
///     GLOBAL gauges.K, GLOBAL sets.K
///
/// A quantile is called `p` and its whole percent, rounded, so that of 0.999 is p100, as there.
/// `stdev` divides by n - 1. Counts are whole numbers. What was idle says nothing. Each number has
/// its kind and statistic, for the binary form.
///
/// Source     statsite 0.8.1, src/streaming.c, src/sink.c and src/metrics.c, as observed.
/// Deviation  sums and deviations are free of cancellation; the order of series is that of their
///            coming, not of a hash.
/// Cost       of the quantiles: some 120 ns a value.
/// Threads    distinct objects safe; a const one may be shared.
class statsite_schema {
public:
    using number_layout = layout::fixed<6>;

    explicit statsite_schema(statsite_schema_options options = {}) : options_(std::move(options)) {
        const auto head = [this](const std::string& type) {
            return options_.use_type_prefix ? options_.global_prefix + type
                                            : options_.global_prefix;
        };
        kv_ = head(options_.kv_prefix);
        gauges_ = head(options_.gauges_prefix);
        counts_ = head(options_.counts_prefix);
        sets_ = head(options_.sets_prefix);
        timers_ = head(options_.timers_prefix);
        for (const double q : options_.quantiles.quantiles) {
            char text[layout::fixed<0>::bytes_max];
            percents_.emplace_back(text, layout::fixed<0>::write(text, q * 100));
        }
    }

    template <class Traits, class Out>
    void
    write(const basic_snapshot<Traits>& from, const sink_history& /*history*/, Out&& out) const {
        const writer<Out> to{out, from.timestamp};
        for (auto one = from.keyvalues.rbegin(); one != from.keyvalues.rend(); ++one) {
            const auto& values = one->cell.values();
            for (auto value = values.rbegin(); value != values.rend(); ++value)
                to({kv_, one->name, metric_kind::keyvalue}, "", statistic::none, value->value);
        }
        for (const auto& one : from.counters)
            write_counter(
                one.cell, from.interval_seconds, {counts_, one.name, metric_kind::counter}, to);
        basic_ckms<statsite_quantiles> sketch(options_.quantiles);
        for (const auto& one : from.timers) {
            const series_head head{timers_, one.name, metric_kind::timer};
            if (!one.cell.idle())
                write_timer(one.cell, from.interval_seconds, sketch, head, to);
        }
        for (const auto& one : from.gauges) {
            if (!one.cell.idle())
                to({gauges_, one.name, metric_kind::gauge}, "", statistic::none, one.cell.value());
        }
        for (const auto& one : from.uniques) {
            if (!one.cell.idle())
                to.whole({sets_, one.name, metric_kind::unique},
                         "",
                         statistic::sum,
                         std::round(one.cell.estimate()));
        }
    }

private:
    struct series_head {
        std::string_view head;
        std::string_view name;
        metric_kind kind;
    };

    template <class Out>
    struct writer {
        Out& out;
        std::int64_t timestamp;

        void operator()(const series_head& of,
                        std::string_view tail,
                        statistic what,
                        double value,
                        bool integral = false,
                        double edge = 0) const {
            out(point{of.head, of.name, tail, "", value, integral, timestamp, of.kind, what, edge});
        }
        void
        whole(const series_head& of, std::string_view tail, statistic what, double value) const {
            (*this)(of, tail, what, value, true);
        }
    };

    template <class Counter, class Writer>
    void write_counter(const Counter& cell,
                       double interval_seconds,
                       const series_head& of,
                       const Writer& to) const {
        if (cell.idle())
            return;
        if (!options_.extended_counters)
            return to(of, "", statistic::sum, cell.sum());
        if (options_.legacy_extended_counters)
            to.whole(of, ".count", statistic::count, std::floor(cell.samples()));
        else
            to(of, ".count", statistic::count, cell.sum());
        to(of, ".rate", statistic::rate, cell.rate(interval_seconds));
    }

    template <class Timer, class Writer>
    void write_timer(const Timer& cell,
                     double interval_seconds,
                     basic_ckms<statsite_quantiles>& sketch,
                     const series_head& of,
                     const Writer& to) const {
        static_assert(detail::require_values<Timer>());
        const auto tells = [this](timer_numbers one) {
            return includes(options_.timers_include, one);
        };
        const auto tell = [&](timer_numbers one, const char* tail, statistic what, double value) {
            if (tells(one))
                to(of, tail, what, value);
        };
        const double count = std::floor(cell.count());
        tell(timer_numbers::sum, ".sum", statistic::sum, cell.sum());
        tell(timer_numbers::sum_sq, ".sum_sq", statistic::sum_of_squares, cell.sum_squares());
        tell(timer_numbers::mean, ".mean", statistic::mean, cell.mean());
        tell(timer_numbers::lower, ".lower", statistic::minimum, cell.min());
        tell(timer_numbers::upper, ".upper", statistic::maximum, cell.max());
        if (tells(timer_numbers::count))
            to.whole(of, ".count", statistic::count, count);
        tell(
            timer_numbers::stdev, ".stdev", statistic::standard_deviation, cell.sample_deviation());
        sketch.clear();
        for (const double value : cell.values().values())
            sketch.record(value);
        sketch.settle();
        for (std::size_t i = 0; i < percents_.size(); ++i) {
            const double q = options_.quantiles.quantiles[i];
            const double value = sketch.quantile(q);
            if (q == 0.5 && tells(timer_numbers::median))
                to(of, ".median", percentile_statistic(50), value);
            to(of, ".p" + percents_[i], percentile_statistic(static_cast<int>(q * 100)), value);
        }
        tell(timer_numbers::rate, ".rate", statistic::rate, cell.sum() / interval_seconds);
        tell(timer_numbers::sample_rate,
             ".sample_rate",
             statistic::sample_rate,
             count / interval_seconds);
        write_histogram(cell, of, to);
    }

    template <class Timer, class Writer>
    void write_histogram(const Timer& cell, const series_head& of, const Writer& to) const {
        const auto* const rule =
            find_rule(options_.histograms, histogram_match::longest_prefix, of.name);
        if (rule == nullptr)
            return;
        const auto bins = count_samples(cell.values(), rule->edges);
        const auto& edges = rule->edges.values();
        for (std::size_t i = 0; i < rule->tails.size(); ++i) {
            const bool last = i + 1 == rule->tails.size();
            const auto what = i == 0 ? statistic::histogram_floor
                              : last ? statistic::histogram_ceiling
                                     : statistic::histogram_bin;
            const double edge = i == 0 ? edges.front() : edges[i - 1];
            to(of, rule->tails[i], what, bins.counts()[i], true, edge);
        }
    }

    statsite_schema_options options_;
    std::string kv_, gauges_, counts_, sets_, timers_;
    std::vector<std::string> percents_{};
};

namespace detail {
struct traits_with_arrivals : store_traits {
    using timer = basic_timer<arrivals>;
};
} // namespace detail

static_assert(schema_for<statsite_schema, detail::traits_with_arrivals>);

} // namespace quipu

// quipu/sink/sink.hpp

// What a sink is: the end of the road, which renders snapshots for one backend.

namespace quipu {

/// Renders snapshots for one backend and sends them.
/// Requires  errc write(const snapshot&): all of it, or an error; the same snapshot may come again
///           after an error, so what was sent of it already must do no harm twice.
/// Provided  graphite, console.   Chosen at  the program that assembles a server.
/// Cost      one write for each flush, outside of the path that takes samples.
template <class S, class Traits>
concept sink_for = requires(S s, const basic_snapshot<Traits>& from) {
    { s.write(from) } -> std::same_as<errc>;
};

/// Says in one sentence what a type lacks to be a sink.
template <class S, class Traits>
consteval bool require_sink() {
    static_assert(sink_for<S, Traits>, "quipu sink: needs `errc write(const snapshot&)`");
    return true;
}

} // namespace quipu

// quipu/sink/console.hpp

// Snapshots as tables for people to read.

namespace quipu {

namespace detail {

/// Appends a number rounded to three decimals, which is plenty to look at.
inline void append_rounded(std::string& out, double value) {
    if (!is_finite(value)) {
        out += value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
        return;
    }
    if (value > -1e12 && value < 1e12) {
        const auto thousandths = static_cast<std::int64_t>(value * 1000 + (value < 0 ? -0.5 : 0.5));
        value = static_cast<double>(thousandths) / 1000;
    }
    char text[layout::shortest::bytes_max];
    out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
}

/// Appends Unix seconds as `2026-11-21 22:30:40 UTC`.
inline void append_utc(std::string& out, std::int64_t seconds) {
    constexpr std::int64_t day_seconds = 86400;
    std::int64_t days = seconds / day_seconds;
    std::int64_t left = seconds % day_seconds;
    if (left < 0) {
        left += day_seconds;
        --days;
    }
    // The civil date from days since 1970-01-01, in eras of 400 years that begin on a 1 March.
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

    const auto append = [&out](std::int64_t number, char before) {
        if (before != '\0')
            out += before;
        if (number < 10)
            out += '0';
        char text[integer_bytes_max];
        out.append(text, static_cast<std::size_t>(write_integer(text, number) - text));
    };
    append(year, '\0');
    append(month, '-');
    append(day, '-');
    append(left / 3600, ' ');
    append(left / 60 % 60, ':');
    append(left % 60, ':');
    out += " UTC";
}

/// The size of the UTF-8 character that `text` begins with; 0 if it is none, or one that controls a
/// terminal.
[[nodiscard]] constexpr std::size_t visible_character_bytes(std::string_view text) noexcept {
    const auto size = utf8_size(text);
    const bool control =
        size == 1 ? is_control(text[0]) : size == 2 && text[0] == '\xc2' && text[1] < '\xa0';
    return control ? 0 : size;
}

/// Appends text from the wire so that a terminal shows it and does nothing else: each byte of a
/// control character, and of what is not UTF-8, becomes '?'.
inline void append_visible(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto size = visible_character_bytes(text);
        if (size == 0) {
            out += '?';
            text.remove_prefix(1);
        } else {
            out += text.substr(0, size);
            text.remove_prefix(size);
        }
    }
}

/// Rows of cells under a heading, in columns as wide as they need to be; the first is aligned to
/// the left, the others to the right. A first cell of more than `first_columns_max` shifts its own
/// row alone, so that one long name does not push all others out of sight.
class text_table {
public:
    static constexpr std::size_t first_columns_max = 48;

    explicit text_table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool has_rows() const noexcept { return rows_.size() > 1; }

    void append_to(std::string& out) const {
        std::vector<std::size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i) {
                const auto width = columns(row[i]);
                if (width > widths[i] && (i > 0 || width <= first_columns_max))
                    widths[i] = width;
            }
        }
        for (const auto& row : rows_) {
            if (&row != &rows_.front())
                out += "  ";
            out += row.front();
            const auto first = columns(row.front());
            auto pad = first < widths.front() ? widths.front() - first : 0;
            if (&row == &rows_.front())
                pad += 2;
            for (std::size_t i = 1; i < row.size(); ++i) {
                pad += widths[i] - columns(row[i]) + 2;
                out.append(pad, ' ');
                out += row[i];
                pad = 0;
            }
            out += '\n';
        }
    }

private:
    /// How many columns a terminal needs for UTF-8 text of ordinary width.
    [[nodiscard]] static std::size_t columns(std::string_view text) noexcept {
        std::size_t count = 0;
        for (const char c : text) {
            if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U)
                ++count;
        }
        return count;
    }

    std::vector<std::vector<std::string>> rows_{};
};

} // namespace detail

/// Prints each snapshot as tables, one for each kind that has series:
///
///     2026-11-21 22:30:40 UTC, 10 s, 2 series
///     counters    count  rate/s
///       api.hits   1200     120
///     gauges    value
///       queue       7
///
/// Timers show count, mean, standard deviation, lowest and highest value and the percentiles asked
/// for. Numbers are rounded to three decimals.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport>
class basic_console {
    static_assert(require_transport<Transport>());

public:
    explicit basic_console(Transport transport,
                           std::vector<percentile> percentiles = {{50, "50"},
                                                                  {90, "90"},
                                                                  {99, "99"}})
        : transport_(std::move(transport)), percentiles_(std::move(percentiles)) {}

    /// Returns  ok when the transport has taken everything.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        text_.clear();
        detail::append_utc(text_, from.timestamp);
        text_ += ", ";
        detail::append_rounded(text_, from.interval_seconds);
        text_ += " s, ";
        detail::append_rounded(text_, static_cast<double>(from.size()));
        text_ += " series\n";
        add_counters(from);
        add_timers(from);
        add_gauges(from);
        add_sets(from);
        add_keyvalues(from);
        text_ += '\n';
        return transport_.send(text_);
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    [[nodiscard]] static std::string number(double value) {
        std::string text;
        detail::append_rounded(text, value);
        return text;
    }

    [[nodiscard]] static std::string name(std::string_view canonical) {
        std::string text;
        detail::append_visible(text, canonical);
        return text;
    }

    void append(const detail::text_table& table) {
        if (table.has_rows())
            table.append_to(text_);
    }

    template <class StoreTraits>
    void add_counters(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"counters", "count", "rate/s"});
        for (const auto& one : from.counters) {
            table.add({name(one.name),
                       number(one.cell.sum()),
                       number(one.cell.rate(from.interval_seconds))});
        }
        append(table);
    }

    template <class StoreTraits>
    void add_timers(const basic_snapshot<StoreTraits>& from) {
        std::vector<std::string> heading{"timers", "count", "mean", "std", "lower", "upper"};
        for (const auto& one : percentiles_)
            heading.push_back(label(one));
        detail::text_table table(heading);
        for (const auto& one : from.timers) {
            const auto& cell = one.cell;
            std::vector<std::string> row{name(one.name),
                                         number(cell.count()),
                                         number(cell.mean()),
                                         number(cell.population_deviation()),
                                         number(cell.min()),
                                         number(cell.max())};
            for (const auto& wanted : percentiles_) {
                const auto part = wanted.value < 0 ? cell.values().highest(wanted.share())
                                                   : cell.values().lowest(wanted.share());
                row.push_back(number(part.boundary));
            }
            table.add(std::move(row));
        }
        append(table);
    }

    /// `p99.9`, or `top10` for the lowest of the highest.
    [[nodiscard]] static std::string label(const percentile& one) {
        return one.value < 0 ? one.suffix : 'p' + number(one.value);
    }

    template <class StoreTraits>
    void add_gauges(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"gauges", "value"});
        for (const auto& one : from.gauges)
            table.add({name(one.name), number(one.cell.value())});
        append(table);
    }

    template <class StoreTraits>
    void add_sets(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"sets", "members"});
        for (const auto& one : from.uniques) {
            table.add({name(one.name), number(one.cell.estimate())});
        }
        append(table);
    }

    template <class StoreTraits>
    void add_keyvalues(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"key/values", "value", "time"});
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                std::string time;
                const bool timed = value.timestamp != no_timestamp;
                detail::append_utc(time, timed ? value.timestamp : from.timestamp);
                table.add({name(one.name), number(value.value), std::move(time)});
            }
        }
        append(table);
    }

    Transport transport_;
    std::vector<percentile> percentiles_;
    std::string text_{};
};

} // namespace quipu

// quipu/sink/graphite_name.hpp

// The names of Graphite: what of a point's name carbon takes, and what stands for the rest.

namespace quipu {

namespace detail {

/// Whether carbon would take this character, well-formed and not ASCII, for the end of a line:
/// U+0085, U+2028 and U+2029; or for a blank: U+00A0 and its kin, U+2000 to U+200A among them.
[[nodiscard]] constexpr bool is_wide_blank(std::string_view character) noexcept {
    constexpr std::string_view blanks[] = {"\xc2\x85",
                                           "\xc2\xa0",
                                           "\xe1\x9a\x80",
                                           "\xe2\x80\xa8",
                                           "\xe2\x80\xa9",
                                           "\xe2\x80\xaf",
                                           "\xe2\x81\x9f",
                                           "\xe3\x80\x80"};
    for (const auto blank : blanks) {
        if (character == blank)
            return true;
    }
    return character.size() == 3 && character >= "\xe2\x80\x80" && character <= "\xe2\x80\x8a";
}

/// Appends a part of a path so that carbon takes it as one word. Blanks and control characters
/// would end the name, '/' would leave the folder that the numbers are kept in, and one byte that
/// is not UTF-8 would make carbon close the connection, with the points of all others in it.
inline void append_graphite_text(std::string& out, std::string_view text) {
    if (is_printable_without<' ', '/'>(text)) {
        out += text;
        return;
    }
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const char c = character.front();
        if (size == 0 || (size == 1 && (c == ' ' || is_control(c))) || is_wide_blank(character)) {
            out += '_';
        } else if (c == '/') {
            out += '-';
        } else {
            out += character;
        }
    }
}

/// Appends one tag by Graphite's rules: a key without `!^=`, a value that does not begin with '~',
/// and neither of them empty; a bare tag is `true`.
inline void append_graphite_tag(std::string& out, std::string_view tag) {
    const auto equals = tag.find('=');
    const auto key = tag.substr(0, equals);
    out += ';';
    const auto first = out.size();
    append_graphite_text(out, key);
    for (auto i = first; i < out.size(); ++i) {
        if (out[i] == '!' || out[i] == '^')
            out[i] = '_';
    }
    if (key.empty())
        out += '_';
    out += '=';
    if (equals == tag.npos) {
        out += "true";
        return;
    }
    auto value = tag.substr(equals + 1);
    if (value.empty() || value.front() == '~') {
        out += '_';
        value.remove_prefix(value.empty() ? 0 : 1);
    }
    append_graphite_text(out, value);
}

/// Appends tags `;key=value;bare`; empty ones are left out.
inline void append_graphite_tags(std::string& out, std::string_view tags) {
    while (!tags.empty()) {
        const auto end = tags.find(';', 1);
        const auto tag = tags.substr(1, end == tags.npos ? end : end - 1);
        if (!tag.empty())
            append_graphite_tag(out, tag);
        if (end == tags.npos)
            break;
        tags.remove_prefix(end);
    }
}

} // namespace detail

/// Appends the name of a point, tags behind it, so that carbon takes it for one word and the series
/// for a tagged one: blanks, control characters and bytes that are not UTF-8 become '_', and '/'
/// becomes '-'; a bare tag gets the value `true`, and what carbon refuses in a tag becomes '_'.
/// Cost     O(size); allocates as `out` grows.
/// Source   carbon 1.1.10: carbon/protocols.py and carbon/util.py, TaggedSeries.
inline void append_graphite_name(std::string& out, const point& one) {
    for (const auto part : {one.head, one.name, one.tail})
        detail::append_graphite_text(out, part);
    detail::append_graphite_tags(out, one.tags);
}

} // namespace quipu

// quipu/sink/graphite.hpp

// Graphite's plain text: `NAME VALUE TIMESTAMP`, one line for each number.

namespace quipu {

/// Appends the line of one point to `out`, with `Layout` for its value. Its name goes through
/// append_graphite_name, unless `Verbatim`.
/// Cost     O(size); allocates as `out` grows.
template <class Layout, bool Verbatim = false>
void append_graphite_line(std::string& out, const point& one) {
    if constexpr (Verbatim) {
        for (const auto part : {one.head, one.name, one.tail, one.tags})
            out += part;
    } else {
        append_graphite_name(out, one);
    }
    char text[point_value_bytes_max<Layout> + integer_bytes_max + 3];
    char* end = text;
    *end++ = ' ';
    end = write_point_value<Layout>(end, one);
    *end++ = ' ';
    end = write_integer(end, one.timestamp);
    *end++ = '\n';
    out.append(text, static_cast<std::size_t>(end - text));
}

/// The form of Graphite's plain text.
struct graphite_lines {
    /// Most points that one piece holds.
    static constexpr std::size_t points_max = std::numeric_limits<std::size_t>::max();

    template <class Layout, bool Verbatim>
    static bool append(std::string& piece, const point& one) {
        append_graphite_line<Layout, Verbatim>(piece, one);
        return true;
    }
    static void finish(std::string& /*piece*/) noexcept {}
};

/// Compile-time choices of the Graphite sink. Derive from this and override one line.
struct graphite_traits {
    /// How points are written: `append<Layout, Verbatim>(piece, point)`, false for one that the form
    /// cannot carry; `finish(piece)`, once before it is sent; `points_max` for each piece. Change to
    /// graphite_pickles for carbon's other port.
    using form = graphite_lines;
    /// Points are sent in pieces of about this size.
    static constexpr std::size_t piece_bytes = std::size_t{64} << 10;
    /// Change when the backend expects a connection of its own for each flush, as from Etsy's
    /// statsd.
    static constexpr bool closes_after_flush = false;
    /// Change when the dialect has cleaned the names, and they are to go out to the letter.
    static constexpr bool verbatim_names = false;
};

/// Sends each snapshot as Graphite's plain text, or in another form. A number that is not finite, or
/// that the form cannot carry, is left out and counted. Graphite takes the same point twice without harm, so a write that failed can be tried
/// again.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport, class Traits = graphite_traits>
class basic_graphite {
    static_assert(require_transport<Transport>());
    using form = typename Traits::form;

public:
    basic_graphite(Schema schema, Transport transport)
        : schema_(std::move(schema)), transport_(std::move(transport)) {}

    /// Returns  ok when the transport has taken everything. An empty snapshot sends nothing, but
    ///          looks whether the backend can be reached where the transport can tell.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        piece_.clear();
        errc error = errc::ok;
        std::size_t bytes = 0;
        std::size_t points = 0; // in the piece
        std::uint64_t skipped = 0;
        const auto send = [&] {
            if (points > 0)
                form::finish(piece_);
            if (error == errc::ok && points > 0)
                error = transport_.send(piece_);
            bytes += piece_.size();
            piece_.clear();
            points = 0;
        };
        schema_.write(from, history_, [&](const point& one) {
            using layout = typename Schema::number_layout;
            if (!detail::is_finite(one.value) ||
                !form::template append<layout, Traits::verbatim_names>(piece_, one)) {
                ++skipped;
                return;
            }
            ++points;
            if (piece_.size() >= Traits::piece_bytes || points == form::points_max)
                send();
        });
        send();
        if constexpr (Traits::closes_after_flush) {
            transport_.close();
        } else if constexpr (requires { transport_.connect(); }) {
            if (bytes == 0)
                error = transport_.connect();
        }
        if (error != errc::ok) {
            history_.last_exception = from.timestamp;
        } else {
            skipped_ += skipped; // counted once, however often the snapshot was tried
            history_.last_flush = from.timestamp;
            history_.flush_bytes = static_cast<double>(bytes);
        }
        return error;
    }

    /// What this sink has done; who has a clock may add how long it took.
    [[nodiscard]] sink_history& history() noexcept { return history_; }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }

    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

private:
    Schema schema_;
    Transport transport_;
    sink_history history_{};
    std::string piece_{};
    std::uint64_t skipped_ = 0;
};

} // namespace quipu

// quipu/sink/graphite_pickle.hpp

// Carbon's pickle protocol: what Graphite's plain text says, in frames of Python's pickle format.

namespace quipu {

namespace detail {

/// Appends an unsigned number, the highest byte first.
template <class Unsigned>
void append_big_endian(std::string& out, Unsigned value) {
    for (auto shift = 8 * sizeof(Unsigned); shift > 0; shift -= 8)
        out += static_cast<char>(static_cast<unsigned char>(value >> (shift - 8)));
}

template <class Unsigned>
void append_little_endian(std::string& out, Unsigned value) {
    char bytes[sizeof(Unsigned)];
    write_little_endian(bytes, value);
    out.append(bytes, sizeof bytes);
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto size = utf8_size(text);
        if (size == 0)
            return false;
        text.remove_prefix(size);
    }
    return true;
}

} // namespace detail

/// The form of carbon's pickle protocol: each piece is a frame, a length of four bytes, the highest
/// first, and a pickle of protocol 2, which Python 2 and 3 read, of a list of
/// `(name, (timestamp, value))`. Names are text, timestamps integers and values floats, with all
/// their digits: a number has no layout here. Verbatim names that are not UTF-8 are mended as in the
/// plain text: with one of them carbon would throw away the whole frame.
///
/// Limits   `points_max` points a frame, as many as carbon itself sends; a name of more than
///          `name_bytes_max` bytes is left out, so a frame stays below the 2^20 bytes beyond which
///          carbon closes the connection, for pieces of up to half of that.
/// Source   carbon 1.1.10: lib/carbon/protocols.py, MetricPickleReceiver; Python's pickletools.
struct graphite_pickles {
    static constexpr std::size_t points_max = 500;
    static constexpr std::size_t name_bytes_max = std::size_t{64} << 10;

    template <class Layout, bool Verbatim>
    static bool append(std::string& piece, const point& one) {
        const std::size_t before = piece.size();
        if (before == 0)
            piece.append(head, sizeof head - 1);
        piece += unicode;
        const std::size_t length = piece.size();
        piece.append(sizeof(std::uint32_t), '\0');
        const std::size_t name = piece.size();
        append_name<Verbatim>(piece, one);
        if (piece.size() - name > name_bytes_max) {
            piece.resize(before);
            return false;
        }
        detail::write_little_endian(piece.data() + length,
                                    static_cast<std::uint32_t>(piece.size() - name));
        append_integer(piece, one.timestamp);
        piece += real;
        detail::append_big_endian(piece, std::bit_cast<std::uint64_t>(one.value));
        piece += pair;
        piece += pair;
        return true;
    }

    /// Ends a frame, and writes its length.
    static void finish(std::string& piece) {
        piece += list_end;
        std::string length;
        detail::append_big_endian(length,
                                  static_cast<std::uint32_t>(piece.size() - sizeof(std::uint32_t)));
        piece.replace(0, length.size(), length);
    }

private:
    // Room for the length; protocol 2; an empty list; a mark, for the values that follow.
    static constexpr char head[] = "\0\0\0\0\x80\x02](";
    static constexpr std::string_view list_end = "e."; // appends all since the mark; the end
    static constexpr char unicode = 'X';
    static constexpr char real = 'G';
    static constexpr char integer = 'J';
    static constexpr std::string_view long_integer = "\x8a\x08"; // of eight bytes
    static constexpr char pair = '\x86';

    template <bool Verbatim>
    static void append_name(std::string& piece, const point& one) {
        const std::size_t before = piece.size();
        if constexpr (Verbatim) {
            for (const auto part : {one.head, one.name, one.tail, one.tags})
                piece += part;
            if (detail::is_utf8(std::string_view(piece).substr(before)))
                return;
            piece.resize(before);
        }
        append_graphite_name(piece, one);
    }

    static void append_integer(std::string& piece, std::int64_t number) {
        using narrow = std::numeric_limits<std::int32_t>;
        if (number >= narrow::min() && number <= narrow::max()) {
            piece += integer;
            detail::append_little_endian(piece, static_cast<std::uint32_t>(number));
        } else {
            piece += long_integer;
            detail::append_little_endian(piece, static_cast<std::uint64_t>(number));
        }
    }
};

/// `Traits`, but for the form.
template <class Traits = graphite_traits>
struct pickled : Traits {
    using form = graphite_pickles;
    static_assert(Traits::piece_bytes <= std::size_t{512} << 10,
                  "quipu graphite pickle: carbon takes frames below 2^20 bytes; pieces are of 2^19 "
                  "at most");
};

/// Sends each snapshot by carbon's pickle protocol, to its port 2004 as a rule; all else is as
/// basic_graphite has it.
template <class Schema, class Transport, class Traits = graphite_traits>
using basic_graphite_pickle = basic_graphite<Schema, Transport, pickled<Traits>>;

} // namespace quipu

// quipu/sink/influx_line.hpp

// A line of InfluxDB's line protocol: how names are escaped, and what cannot stand in them.

namespace quipu {

namespace detail {

/// Appends a name, a tag or a field, with a backslash before what would end it: a blank or a comma, and
/// with `Equals` a '='. What the protocol has no form for, control characters, backslashes (which
/// readers take in different ways) and bytes that are not UTF-8, becomes '_'.
template <bool Equals>
void append_influx_text(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const auto character = text.substr(0, size == 0 ? 1 : size);
        text.remove_prefix(character.size());
        const char c = character.front();
        if (size == 0 || (size == 1 && (is_control(c) || c == '\\'))) {
            out += '_';
            continue;
        }
        if (c == ' ' || c == ',' || (Equals && c == '='))
            out += '\\';
        out += character;
    }
}

} // namespace detail

/// Appends a measurement and its tags, the begin of a line: `api.latency,metric_type=timing,region=eu`.
///
/// Canonical tags, `;key=value;bare`, keep their order behind `metric_type`, which tells series of one
/// name apart that are of two kinds. A bare tag is `true`, an empty value or key '_'. `time`, `_field`
/// and `_measurement` are InfluxDB's own, and `metric_type` ours: they become `exported_time`, …. Of
/// several tags that have one key after that the first stays. A '#' that begins a name becomes '_': it
/// would begin a comment.
/// Cost     O(size); allocates as `out` grows.
/// Source   InfluxDB 1.8 and 2.x, "Line protocol".
inline void append_influx_key(std::string& out,
                              std::string_view name,
                              std::string_view metric_type,
                              std::string_view tags) {
    if (name.empty() || name.front() == '#') {
        out += '_';
        name.remove_prefix(name.empty() ? 0 : 1);
    }
    detail::append_influx_text<false>(out, name);
    (out += ",metric_type=") += metric_type;
    std::vector<std::string_view> seen;
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        if (tag.empty())
            continue;
        const auto equals = tag.find('=');
        const auto key = tag.substr(0, equals);
        bool known = false;
        for (const auto one : seen)
            known = known || one == key;
        if (known)
            continue;
        seen.push_back(key);
        out += ',';
        if (key == "time" || key == "_field" || key == "_measurement" || key == "metric_type")
            out += "exported_";
        detail::append_influx_text<true>(out, key.empty() ? "_" : key);
        out += '=';
        const auto value = equals == tag.npos ? "true" : tag.substr(equals + 1);
        detail::append_influx_text<true>(out, value.empty() ? "_" : value);
    }
}

/// Appends `key=value`, the value as a float: never an integer, whose `i` would make it another type.
/// Input    value: finite.
inline void append_influx_field(std::string& out, std::string_view key, double value) {
    detail::append_influx_text<true>(out, key);
    out += '=';
    char text[layout::shortest::bytes_max];
    out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
}

} // namespace quipu

// quipu/sink/influx.hpp

// Snapshots as InfluxDB's line protocol.

namespace quipu {

/// Compile-time choices of the sink for InfluxDB. Derive from this and override one line.
struct influx_traits {
    /// Lines are sent in pieces of at most so many bytes. A longer line becomes several, each with a
    /// part of the fields; one whose series leaves no room for a field is left out, and counted.
    static constexpr std::size_t piece_bytes_max = std::size_t{512} << 10;
    /// Change where the receiver expects nanoseconds, as InfluxDB does over UDP.
    static constexpr bool nanoseconds = false;
};

/// For datagrams that no router has to cut.
struct influx_datagram_traits : influx_traits {
    static constexpr std::size_t piece_bytes_max = 1432;
    static constexpr bool nanoseconds = true;
};

/// Sends each snapshot as lines, one for each series, named as they are, with the fields that Telegraf's
/// statsd input has:
///
///     hits,metric_type=counter,region=eu value=12 1700000000
///     queue,metric_type=gauge value=7 1700000000
///     latency,metric_type=timing count=3,lower=1,upper=9,mean=5,median=5,stddev=3.2,sum=15,90_percentile=9 1700000000
///     users,metric_type=set value=2 1700000000
///
/// A counter tells what came in the interval, a timer without a sample its count alone, key/values each
/// value with its own time (`metric_type=kv`). The percentile of a negative P is the lowest of the highest values,
/// `top10_percentile`. Every field is a float, whatever its value is today: InfluxDB refuses a field that changes its
/// type, and counts are whole only until one is sampled. Numbers that are not finite are left out, and counted.
/// InfluxDB takes the same point twice without harm, so a write that failed can be tried again; a piece that
/// the peer refuses for good (message_refused) is counted, and the next one sent.
///
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   InfluxDB, "Line protocol"; Telegraf, "StatsD input plugin".
template <class Transport, class Traits = influx_traits>
class basic_influx {
    static_assert(require_transport<Transport>());

public:
    explicit basic_influx(Transport transport,
                          std::vector<percentile> percentiles = {{50, "50"},
                                                                 {90, "90"},
                                                                 {99, "99"}})
        : transport_(std::move(transport)) {
        for (const auto& one : percentiles)
            cuts_.push_back({one.share(), one.value < 0, one.suffix + "_percentile"});
    }

    /// Returns  ok when the transport has taken or refused everything. An empty snapshot sends nothing, but
    ///          looks whether the backend can be reached where the transport can tell.
    /// Errors   those of the transport, but message_refused.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        now_ = {};
        piece_.clear();
        for (const auto& one : from.counters) {
            begin(one.name, "counter", from.timestamp);
            field("value", one.cell.sum());
            end();
        }
        for (const auto& one : from.gauges) {
            begin(one.name, "gauge", from.timestamp);
            field("value", one.cell.value());
            end();
        }
        for (const auto& one : from.timers) {
            begin(one.name, "timing", from.timestamp);
            add_timer(one.cell);
            end();
        }
        for (const auto& one : from.uniques) {
            begin(one.name, "set", from.timestamp);
            field("value", one.cell.estimate());
            end();
        }
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                const bool timed = value.timestamp != no_timestamp;
                begin(one.name, "kv", timed ? value.timestamp : from.timestamp);
                field("value", value.value);
                end();
            }
        }
        send();
        if constexpr (requires { transport_.connect(); }) {
            if (now_.lines == 0)
                now_.error = transport_.connect();
        }
        if (now_.error == errc::ok) { // counted once, however often the snapshot was tried
            skipped_ += now_.skipped;
            refused_ += now_.refused;
        }
        return now_.error;
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
    /// How many lines the peer has refused for good, with those that stood in a piece with them.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct cut {
        double share;
        bool top;
        std::string field;
    };

    /// What the write that is under way has come to.
    struct progress {
        errc error = errc::ok;
        std::size_t lines = 0;
        std::size_t in_piece = 0; // lines
        std::uint64_t skipped = 0;
        std::uint64_t refused = 0;
    };

    template <class Timer>
    void add_timer(const Timer& cell) {
        field("count", cell.count());
        if (cell.idle())
            return;
        const auto& values = cell.values();
        field("lower", cell.min());
        field("upper", cell.max());
        field("mean", cell.mean());
        field("median", values.median());
        field("stddev", cell.population_deviation());
        field("sum", cell.sum());
        for (const auto& one : cuts_) {
            const auto part = one.top ? values.highest(one.share) : values.lowest(one.share);
            field(one.field, part.boundary);
        }
    }

    void begin(std::string_view canonical, std::string_view metric_type, std::int64_t timestamp) {
        const auto parts = split_canonical(canonical);
        line_.clear();
        append_influx_key(line_, parts.name, metric_type, parts.tags);
        line_ += ' ';
        key_bytes_ = line_.size();
        char text[integer_bytes_max];
        const char* const last = write_integer(text, timestamp);
        time_.assign(" ").append(text, static_cast<std::size_t>(last - text));
        time_ += Traits::nanoseconds ? "000000000\n" : "\n";
    }

    void field(std::string_view key, double value) {
        if (!detail::is_finite(value)) {
            ++now_.skipped;
            return;
        }
        field_.clear();
        append_influx_field(field_, key, value);
        const auto fits = [&] {
            return line_.size() + 1 + field_.size() + time_.size() <= Traits::piece_bytes_max;
        };
        if (line_.size() > key_bytes_ && !fits())
            end();
        if (!fits()) {
            ++now_.skipped;
            return;
        }
        if (line_.size() > key_bytes_)
            line_ += ',';
        line_ += field_;
    }

    /// Ends the line, if it has a field, and leaves its begin for another.
    void end() {
        if (line_.size() == key_bytes_)
            return;
        if (piece_.size() + line_.size() + time_.size() > Traits::piece_bytes_max)
            send();
        (piece_ += line_) += time_;
        ++now_.in_piece;
        ++now_.lines;
        line_.resize(key_bytes_);
    }

    void send() {
        if (now_.error == errc::ok && !piece_.empty()) {
            now_.error = transport_.send(piece_);
            if (now_.error == errc::message_refused) {
                now_.refused += now_.in_piece;
                now_.error = errc::ok;
            }
        }
        now_.in_piece = 0;
        piece_.clear();
    }

    Transport transport_;
    std::vector<cut> cuts_{};
    progress now_{};
    std::string piece_{};
    std::string line_{};
    std::size_t key_bytes_ = 0;
    std::string field_{};
    std::string time_{};
    std::uint64_t skipped_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace quipu

// quipu/sink/opentsdb.hpp

// OpenTSDB's telnet protocol: `put NAME TIMESTAMP VALUE tag=value`, one line for each number.

namespace quipu {

/// What the sink for OpenTSDB can be told.
struct opentsdb_options {
    /// The value of the tag `host`, which each series gets that has none of its own: a point needs a tag.
    std::string host = "localhost";
    /// Series with more tags are left out, and counted: OpenTSDB refuses them. Change it with its
    /// `tsd.storage.max_tags`.
    std::size_t tags_max = 8;
};

namespace detail {

/// Appends a name, a tag's key or its value: letters, digits and `-_./`; each other character becomes
/// '_', and so does nothing.
inline void append_opentsdb_text(std::string& out, std::string_view text) {
    if (text.empty())
        out += '_';
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const char c = text.front();
        text.remove_prefix(size == 0 ? 1 : size);
        const bool stays =
            is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
        out += stays ? c : '_';
    }
}

/// Appends ` key=value` for each of the canonical tags, and `host` if it is not among them. Of several
/// that have one key the first stays; a bare tag is `true`.
/// Returns  how many there are.
[[nodiscard]] inline std::size_t
append_opentsdb_tags(std::string& out, std::string_view tags, std::string_view host) {
    std::vector<std::string> seen;
    const auto append = [&](std::string_view key, std::string_view value) {
        std::string clean;
        append_opentsdb_text(clean, key);
        for (const auto& one : seen) {
            if (one == clean)
                return;
        }
        ((out += ' ') += clean) += '=';
        append_opentsdb_text(out, value);
        seen.push_back(std::move(clean));
    };
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        const auto equals = tag.find('=');
        if (!tag.empty())
            append(tag.substr(0, equals), equals == tag.npos ? "true" : tag.substr(equals + 1));
    }
    append("host", host);
    return seen.size();
}

} // namespace detail

/// Appends the line of one point, its value in the shortest form that reads back equal.
/// Returns  false, and appends nothing, for what OpenTSDB cannot take: a number that is not finite, a
///          time that is not after 1970 began, more tags than `tags_max`.
/// Cost     O(size); allocates as `out` grows.
/// Source   OpenTSDB 2.4, "put" and "Writing Data".
inline bool
append_opentsdb_line(std::string& out, const point& one, const opentsdb_options& options) {
    if (!detail::is_finite(one.value) || one.timestamp <= 0)
        return false;
    const auto begin = out.size();
    out += "put ";
    const auto name = out.size();
    for (const auto part : {one.head, one.name, one.tail}) {
        if (!part.empty())
            detail::append_opentsdb_text(out, part);
    }
    if (out.size() == name)
        out += '_';
    char text[integer_bytes_max + layout::shortest::bytes_max + 4];
    char* end = text;
    *end++ = ' ';
    end = write_integer(end, one.timestamp);
    *end++ = ' ';
    char* const number = end;
    end = layout::shortest::write(end, one.value);
    // What has neither a point nor an exponent is read as an integer of 64 bits.
    const std::string_view digits(number, static_cast<std::size_t>(end - number));
    if (digits.find_first_of(".e") == digits.npos && !(one.value > -9e18 && one.value < 9e18)) {
        *end++ = '.';
        *end++ = '0';
    }
    out.append(text, static_cast<std::size_t>(end - text));
    if (detail::append_opentsdb_tags(out, one.tags, options.host) > options.tags_max) {
        out.resize(begin);
        return false;
    }
    out += '\n';
    return true;
}

/// Sends each snapshot as OpenTSDB's lines, named by a schema. What the protocol cannot carry is left out
/// and counted. OpenTSDB answers only what it refuses, at some time; nobody reads that. It takes the same
/// point twice without harm, so a write that failed can be tried again.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport>
class basic_opentsdb {
    static_assert(require_transport<Transport>());

public:
    /// Points are sent in pieces of about this size.
    static constexpr std::size_t piece_bytes = std::size_t{64} << 10;

    basic_opentsdb(Schema schema, Transport transport, opentsdb_options options = {})
        : schema_(std::move(schema)), transport_(std::move(transport)),
          options_(std::move(options)) {}

    /// Returns  ok when the transport has taken everything. An empty snapshot sends nothing, but
    ///          looks whether the backend can be reached where the transport can tell.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        piece_.clear();
        errc error = errc::ok;
        std::size_t bytes = 0;
        std::uint64_t skipped = 0;
        const auto send = [&] {
            if (error == errc::ok && !piece_.empty())
                error = transport_.send(piece_);
            bytes += piece_.size();
            piece_.clear();
        };
        schema_.write(from, history_, [&](const point& one) {
            if (!append_opentsdb_line(piece_, one, options_))
                ++skipped;
            if (piece_.size() >= piece_bytes)
                send();
        });
        send();
        if constexpr (requires { transport_.connect(); }) {
            if (bytes == 0)
                error = transport_.connect();
        }
        if (error != errc::ok) {
            history_.last_exception = from.timestamp;
        } else {
            skipped_ += skipped; // counted once, however often the snapshot was tried
            history_.last_flush = from.timestamp;
            history_.flush_bytes = static_cast<double>(bytes);
        }
        return error;
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }
    /// What this sink has done; who has a clock may add how long it took.
    [[nodiscard]] sink_history& history() noexcept { return history_; }
    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

private:
    Schema schema_;
    Transport transport_;
    opentsdb_options options_;
    sink_history history_{};
    std::string piece_{};
    std::uint64_t skipped_ = 0;
};

} // namespace quipu

// quipu/sink/prometheus_format.hpp

// The formats of Prometheus' page, and which of them a scraper asks for.

namespace quipu {

enum class prometheus_format : std::uint8_t {
    text,        ///< Prometheus' text format 0.0.4
    openmetrics, ///< OpenMetrics 1.0.0
};

/// What stands in the header `Content-Type` of a page.
[[nodiscard]] constexpr std::string_view content_type(prometheus_format of) noexcept {
    return of == prometheus_format::openmetrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

namespace detail {

/// One entry of the header `Accept`, such as `text/plain;version=0.0.4;q=0.5`.
struct accepted_format {
    std::string_view type;
    std::string_view version;
    double quality = 1;
};

[[nodiscard]] inline accepted_format read_accepted(std::string_view entry) noexcept {
    accepted_format read;
    read.type = trim(entry.substr(0, entry.find(';')));
    while (entry.find(';') != entry.npos) {
        entry.remove_prefix(entry.find(';') + 1);
        const auto one = trim(entry.substr(0, entry.find(';')));
        if (one.starts_with("version="))
            read.version = one.substr(8);
        else if (one.starts_with("q="))
            read.quality = parse_number(one.substr(2)).value_or(0);
    }
    return read;
}

} // namespace detail

/// The format for a scraper whose request has this header `Accept`: OpenMetrics if it is asked for in
/// version 1.0.0 (or in any), and not wanted less than plain text, by `q`; else plain text, which every
/// scraper takes.
/// Cost     O(size); does not allocate.
/// Threads  pure.
/// Source   RFC 9110, "Accept"; OpenMetrics 1.0.0, "Protocol Negotiation".
[[nodiscard]] inline prometheus_format negotiate(std::string_view accept) noexcept {
    double text = 0;
    double openmetrics = 0;
    for (;;) {
        const auto one = detail::read_accepted(accept.substr(0, accept.find(',')));
        const auto take = [&](double& into) { into = one.quality > into ? one.quality : into; };
        if (one.type == "application/openmetrics-text" &&
            (one.version.empty() || one.version == "1.0.0"))
            take(openmetrics);
        else if (one.type == "text/plain")
            take(text);
        if (accept.find(',') == accept.npos)
            break;
        accept.remove_prefix(accept.find(',') + 1);
    }
    return openmetrics > 0 && openmetrics >= text ? prometheus_format::openmetrics
                                                  : prometheus_format::text;
}

} // namespace quipu

// quipu/sink/prometheus_name.hpp

// The names and labels of Prometheus: what it takes of a series, and what stands for the rest.

namespace quipu {

namespace detail {

/// Appends a name of letters, digits and '_', the first no digit; all else becomes '_'. `Colons`:
/// the name of a metric may have them, that of a label may not.
template <bool Colons>
void append_prometheus_name(std::string& out, std::string_view name) {
    if (name.empty() || is_digit(name.front()))
        out += '_';
    for (const char c : name)
        out += is_letter(c) || is_digit(c) || (Colons && c == ':') ? c : '_';
}

/// Appends the value of a label, escaped; each byte that is not UTF-8 becomes '?'.
inline void append_prometheus_value(std::string& out, std::string_view value) {
    while (!value.empty()) {
        const auto size = utf8_size(value);
        const auto character = value.substr(0, size == 0 ? 1 : size);
        value.remove_prefix(character.size());
        if (size == 0)
            out += '?';
        else if (character == "\n")
            out += "\\n";
        else if (character == "\\" || character == "\"")
            (out += '\\') += character;
        else
            out += character;
    }
}

/// The labels of canonical tags, `;key=value;bare`, as `key="value",bare="true"`, in their order.
/// `le` and `quantile` are Prometheus' own: they become `exported_le`, `exported_quantile`. Of
/// several that have one name after that the first stays.
[[nodiscard]] inline std::string prometheus_labels(std::string_view tags) {
    std::string out;
    std::vector<std::string> seen;
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        if (tag.empty())
            continue;
        const auto equals = tag.find('=');
        std::string key;
        append_prometheus_name<false>(key, tag.substr(0, equals));
        if (key == "le" || key == "quantile")
            key.insert(0, "exported_");
        bool known = false;
        for (const auto& one : seen)
            known = known || one == key;
        if (known)
            continue;
        out += out.empty() ? "" : ",";
        (out += key) += "=\"";
        append_prometheus_value(out, equals == tag.npos ? "true" : tag.substr(equals + 1));
        out += '"';
        seen.push_back(std::move(key));
    }
    return out;
}

} // namespace detail

} // namespace quipu

// quipu/sink/prometheus.hpp

// Snapshots in the text formats of Prometheus.

namespace quipu {

/// What the page of Prometheus can be told.
struct prometheus_options {
    /// A timer is a summary with these quantiles of the last interval, each 0 to 1,
    std::vector<double> quantiles = {0.5, 0.9, 0.99};
    /// or, if there are any here, a histogram with these upper bounds, ascending.
    std::vector<double> bounds{};
    /// Series beyond it are left out, and counted.
    std::size_t series_max = 100'000;
};

/// The page that Prometheus scrapes. A snapshot tells what came in one interval, Prometheus wants
/// what came since the start, so the page keeps sums:
///
///     # TYPE api_hits_total counter
///     api_hits_total{method="get"} 1200
///     # TYPE queue gauge
///     queue 7
///     # TYPE api_latency summary
///     api_latency{quantile="0.5"} 12.5
///     api_latency_sum 18250
///     api_latency_count 1460
///
/// Sets are gauges. Names are cleaned; where a name would be of two metrics, the first has it, and
/// `conflicts` counts the other. Key/values are left out. Times are in the unit of the timer.
///
/// Memory   some 200 bytes for each series that ever was, up to `series_max`; gauges and sets go
///          when they are in no snapshot any more.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Prometheus, "Exposition formats", text format 0.0.4; OpenMetrics 1.0.0.
class prometheus_page {
public:
    explicit prometheus_page(prometheus_options options = {}) : options_(std::move(options)) {}

    /// Takes in the next snapshot.
    template <class StoreTraits>
    void add(const basic_snapshot<StoreTraits>& from) {
        for (auto& [name, one] : families_) {
            if (one.type != type_name::gauge)
                continue;
            size_ -= one.by_labels.size();
            one.by_labels.clear();
        }
        for (const auto& one : from.counters) {
            if (auto* const known = find(one.name, "_total", type_name::counter))
                known->value += one.cell.sum();
        }
        for (const auto& one : from.gauges) {
            if (auto* const known = find(one.name, "", type_name::gauge))
                known->value = one.cell.value();
        }
        for (const auto& one : from.timers) {
            const bool classic = !options_.bounds.empty();
            if (auto* const known =
                    find(one.name, "", classic ? type_name::histogram : type_name::summary))
                add_timer(*known, one.cell, classic);
        }
        for (const auto& one : from.uniques) {
            if (auto* const known = find(one.name, "", type_name::gauge))
                known->value = one.cell.estimate();
        }
    }

    /// The page as it is now. In OpenMetrics a counter `x_total` is of the metric `x`, or of an unknown
    /// type if there is another metric `x`.
    [[nodiscard]] std::string text(prometheus_format form = prometheus_format::text) const {
        const bool open = form == prometheus_format::openmetrics;
        std::string out;
        for (const auto& [name, one] : families_) {
            if (one.by_labels.empty())
                continue;
            auto title = name;
            auto type = word(one.type);
            if (open && one.type == type_name::counter) {
                title.resize(title.size() - std::string_view("_total").size());
                if (title.empty() || families_.contains(title))
                    title = name, type = "unknown";
            }
            ((((out += "# TYPE ") += title) += ' ') += type) += '\n';
            for (const auto& [labels, values] : one.by_labels)
                append(out, name, one.type, labels, values);
        }
        return open ? out += "# EOF\n" : out;
    }

    /// How often a series was left out: its name is another metric's, or there was no room.
    [[nodiscard]] std::uint64_t conflicts() const noexcept { return conflicts_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    enum class type_name : std::uint8_t { counter, gauge, summary, histogram };

    struct series {
        double value = 0; // of a timer the sum
        double count = 0;
        std::vector<double> parts{}; // quantiles, or the counts up to the bounds
    };

    struct family {
        type_name type = type_name::counter;
        std::map<std::string, series> by_labels{};
    };

    [[nodiscard]] static std::string_view word(type_name type) noexcept {
        switch (type) {
        case type_name::counter: return "counter";
        case type_name::gauge: return "gauge";
        case type_name::summary: return "summary";
        case type_name::histogram: return "histogram";
        }
        return "untyped";
    }

    /// The series of a canonical text, new if there is none; null if it cannot be.
    [[nodiscard]] series*
    find(std::string_view canonical, std::string_view suffix, type_name type) {
        const auto parts = split_canonical(canonical);
        std::string name;
        detail::append_prometheus_name<true>(name, parts.name);
        if (!name.ends_with(suffix))
            name += suffix;
        auto known = families_.find(name);
        if (known == families_.end()) {
            if (!claim(name, type))
                return ++conflicts_, nullptr;
            known = families_.emplace(std::move(name), family{.type = type}).first;
        } else if (known->second.type != type) {
            return ++conflicts_, nullptr;
        }
        auto& all = known->second.by_labels;
        auto labels = detail::prometheus_labels(parts.tags);
        const auto found = all.find(labels);
        if (found != all.end())
            return &found->second;
        if (size_ >= options_.series_max)
            return ++refused_, nullptr;
        ++size_;
        return &all[std::move(labels)];
    }

    /// Takes the names of a family's lines, unless one of them is taken.
    [[nodiscard]] bool claim(const std::string& name, type_name type) {
        std::vector<std::string> lines{name};
        if (type == type_name::summary || type == type_name::histogram) {
            for (const char* const tail : {"_sum", "_count", "_bucket"})
                lines.push_back(name + tail);
        }
        for (const auto& one : lines) {
            if (taken_.contains(one))
                return false;
        }
        taken_.insert(lines.begin(), lines.end());
        return true;
    }

    template <class Timer>
    void add_timer(series& to, const Timer& cell, bool classic) const {
        to.value += cell.sum();
        to.count += cell.count();
        if (!classic) {
            to.parts.clear();
            for (const double q : options_.quantiles)
                to.parts.push_back(cell.idle() ? not_a_number : cell.values().quantile(q));
            return;
        }
        const auto counts = cumulative_counts(cell.values(), options_.bounds);
        to.parts.resize(counts.size());
        for (std::size_t i = 0; i < counts.size(); ++i)
            to.parts[i] += counts[i];
    }

    static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

    static void append_number(std::string& out, double value) {
        if (!detail::is_finite(value)) {
            out += value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
            return;
        }
        char text[layout::shortest::bytes_max];
        out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
    }

    /// A line; `more` is one more label, or nothing.
    static void append_line(std::string& out,
                            std::string_view name,
                            std::string_view tail,
                            std::string_view labels,
                            std::string_view more,
                            double value) {
        (out += name) += tail;
        if (!labels.empty() || !more.empty()) {
            (out += '{') += labels;
            out += labels.empty() || more.empty() ? "" : ",";
            (out += more) += '}';
        }
        out += ' ';
        append_number(out, value);
        out += '\n';
    }

    [[nodiscard]] static std::string own_label(std::string_view key, double value) {
        std::string label(key);
        label += "=\"";
        append_number(label, value);
        return label += '"';
    }

    void append(std::string& out,
                std::string_view name,
                type_name type,
                std::string_view labels,
                const series& of) const {
        if (type == type_name::counter || type == type_name::gauge)
            return append_line(out, name, "", labels, "", of.value);
        const bool classic = type == type_name::histogram;
        const auto& points = classic ? options_.bounds : options_.quantiles;
        for (std::size_t i = 0; i < points.size(); ++i) {
            append_line(out,
                        name,
                        classic ? "_bucket" : "",
                        labels,
                        own_label(classic ? "le" : "quantile", points[i]),
                        of.parts[i]);
        }
        if (classic)
            append_line(out, name, "_bucket", labels, "le=\"+Inf\"", of.count);
        append_line(out, name, "_sum", labels, "", of.value);
        append_line(out, name, "_count", labels, "", of.count);
    }

    prometheus_options options_;
    std::map<std::string, family> families_{};
    std::set<std::string> taken_{};
    std::size_t size_ = 0;
    std::uint64_t conflicts_ = 0;
    std::uint64_t refused_ = 0;
};

/// Sends the whole page after each snapshot, to a file or a terminal, say.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport>
class basic_prometheus {
    static_assert(require_transport<Transport>());

public:
    explicit basic_prometheus(Transport transport, prometheus_options options = {})
        : transport_(std::move(transport)), page_(std::move(options)) {}

    /// Returns  ok when the transport has taken everything.
    /// Errors   those of the transport: then the snapshot has not been taken in, and may come again,
    ///          also as a part of a longer one.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        prometheus_page next = page_;
        next.add(from);
        const errc error = transport_.send(next.text());
        if (error == errc::ok)
            page_ = std::move(next);
        return error;
    }

    [[nodiscard]] const prometheus_page& page() const noexcept { return page_; }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    Transport transport_;
    prometheus_page page_;
};

} // namespace quipu

// quipu/sink/statsite_stream.hpp

// statsite's stream: lines or binary records for a command, one text for each flush.

namespace quipu {

/// In what form statsite's stream goes out.
enum class statsite_form : std::uint8_t {
    lines,           ///< `NAME|VALUE|TIMESTAMP` and a newline, for each number
    binary,          ///< binary_point records, named as the series are
    prefixed_binary, ///< the same, with the prefix of its kind before each name
};

/// Appends a line of statsite's stream.
/// Cost     O(size); allocates as `out` grows.
template <class Layout>
void append_statsite_line(std::string& out, const point& one) {
    for (const auto part : {one.head, one.name, one.tail, one.tags})
        out += part;
    char text[point_value_bytes_max<Layout> + integer_bytes_max + 3];
    char* end = text;
    *end++ = '|';
    end = write_point_value<Layout>(end, one);
    *end++ = '|';
    end = write_integer(end, one.timestamp);
    *end++ = '\n';
    out.append(text, static_cast<std::size_t>(end - text));
}

/// Hands each snapshot to a transport in one piece, an empty one too: a `command` is run at each
/// flush. A number that is not finite is left out and counted, and so is what no record can carry.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport>
class basic_statsite_stream {
    static_assert(require_transport<Transport>());

public:
    basic_statsite_stream(Schema schema, Transport& transport, statsite_form form = {})
        : schema_(std::move(schema)), transport_(transport), form_(form) {}

    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        text_.clear();
        schema_.write(from, {}, [this](const point& one) {
            if (!detail::is_finite(one.value))
                ++skipped_;
            else if (form_ == statsite_form::lines)
                append_statsite_line<typename Schema::number_layout>(text_, one);
            else
                append_record(one);
        });
        return transport_.send(text_);
    }

    /// How many numbers were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

private:
    void append_record(const point& one) {
        if (one.tail == ".median")
            return; // the same as the quantile behind it
        name_ = form_ == statsite_form::prefixed_binary ? one.head : "";
        name_ += one.name;
        const bool bin = is_histogram(one.what);
        const binary_point record{one.kind,
                                  one.what,
                                  name_,
                                  bin ? one.edge : one.value,
                                  one.timestamp,
                                  bin ? static_cast<std::uint32_t>(one.value) : 0U};
        basic_line_buffer<record_bytes_max> bytes;
        if (format_binary(record, bytes) == errc::ok)
            text_ += bytes.view();
        else
            ++skipped_;
    }

    static constexpr std::size_t record_bytes_max = 4096;

    Schema schema_;
    Transport& transport_;
    statsite_form form_;
    std::string text_{};
    std::string name_{};
    std::uint64_t skipped_ = 0;
};

} // namespace quipu

// quipu/server/conversations.hpp

// Small services over TCP: connections on which something is asked and answered.

namespace quipu {

/// What passes on one connection, as the service sees it.
struct conversation {
    std::string input{};  ///< came, and was not yet taken by the service
    std::string output{}; ///< is to be sent
    bool opens = true;    ///< nothing has come yet: the service may speak first
    bool ends = false;    ///< nothing more is read; the connection closes when the output is gone
};

/// Called when a connection opens, and each time that something came.
using converse_function = std::function<void(conversation&)>;

/// The bounds of conversations.
struct conversation_options {
    /// Open connections; beyond it new ones are turned away.
    std::size_t connections_max = 64;
    /// Bytes that a service leaves untaken; beyond it the connection is closed.
    std::size_t input_bytes_max = 8192;
    /// A connection on which nothing moves for so long is closed.
    std::int64_t idle_ms_max = 300'000;
};

/// Listens, and lets services answer, without ever waiting.
///
/// Threads  one thread, that of the loop.
class conversations {
public:
    /// `loop` watches its descriptors under tokens from `first_token` on.
    explicit conversations(std::uint64_t first_token, conversation_options options = {}) noexcept
        : first_token_(first_token), options_(options) {}

    /// Binds an address to a service.
    /// Errors   those of tcp_listener and of the loop.
    [[nodiscard]] errc listen(event_loop& loop, const address& at, converse_function service) {
        auto opened = tcp_listener::listen(at);
        if (!opened)
            return opened.error();
        const int fd = opened->fd();
        services_.push_back(std::move(service));
        const std::size_t place = free_place();
        places_[place] = listener{*std::move(opened), services_.size() - 1};
        const errc error = loop.add(fd, first_token_ + place);
        if (error != errc::ok)
            places_[place] = std::monostate{};
        return error;
    }

    /// The addresses of the listeners.
    [[nodiscard]] std::vector<address> local_addresses() const {
        std::vector<address> all;
        for (const auto& one : places_) {
            if (const auto* const open = std::get_if<listener>(&one))
                all.push_back(open->from.local_address().value_or({}));
        }
        return all;
    }

    /// Does what can be done for a token that the loop told.
    /// Units    `now_ms` of any clock.
    void take(event_loop& loop, std::uint64_t token, std::int64_t now_ms) {
        const std::size_t place = token - first_token_;
        QUIPU_ASSERT(token >= first_token_ && place < places_.size());
        if (std::holds_alternative<listener>(places_[place])) {
            accept(loop, place, now_ms);
        } else if (std::holds_alternative<talk>(places_[place])) {
            receive(loop, place, now_ms);
        }
    }

    /// Closes the connections on which nothing moved for too long.
    void close_idle(event_loop& loop, std::int64_t now_ms) {
        for (std::size_t place = 0; place < places_.size(); ++place) {
            const auto* const open = std::get_if<talk>(&places_[place]);
            if (open != nullptr && now_ms - open->moved_ms > options_.idle_ms_max)
                close(loop, place);
        }
    }

    /// Open connections.
    [[nodiscard]] std::size_t size() const noexcept { return connections_; }
    /// Connections that were turned away, since too many were open.
    [[nodiscard]] std::uint64_t turned_away() const noexcept { return turned_away_; }

private:
    struct listener {
        tcp_listener from;
        std::size_t service;
    };
    struct talk {
        tcp_connection with;
        std::size_t service;
        std::int64_t moved_ms;
        conversation said{};
        std::size_t sent = 0; // of the output
        bool waits_for_room = false;
    };

    /// So many connections or pieces are taken from one before the others have their turn.
    static constexpr int turns_max = 16;

    [[nodiscard]] std::size_t free_place() {
        for (std::size_t place = 0; place < places_.size(); ++place) {
            if (std::holds_alternative<std::monostate>(places_[place]))
                return place;
        }
        places_.emplace_back();
        return places_.size() - 1;
    }

    void accept(event_loop& loop, std::size_t from, std::int64_t now_ms) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto& open = std::get<listener>(places_[from]);
            const std::size_t service = open.service;
            auto accepted = open.from.accept();
            if (!accepted)
                return;
            if (connections_ == options_.connections_max) {
                ++turned_away_;
                continue;
            }
            const int fd = accepted->fd();
            const std::size_t place = free_place();
            places_[place] = talk{*std::move(accepted), service, now_ms};
            ++connections_;
            if (loop.add(fd, first_token_ + place) != errc::ok)
                close(loop, place);
            else
                answer(loop, place);
        }
    }

    void receive(event_loop& loop, std::size_t place, std::int64_t now_ms) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto& open = std::get<talk>(places_[place]);
            open.moved_ms = now_ms;
            // Who does not take the answers is asked for no more: it was waited for room.
            if (open.said.ends || !open.said.output.empty())
                return send(loop, place);
            const auto count = open.with.receive([&](std::string_view bytes) {
                open.said.input += bytes; // bounded: what is left untaken is looked at below
            });
            if (!count)
                return close(loop, place);
            open.said.opens = false;
            if (open.with.closed()) {
                open.said.ends = true; // what was asked is still answered
                return send(loop, place);
            }
            if (*count == 0)
                return send(loop, place);
            if (!answer(loop, place))
                return;
        }
    }

    /// False if the connection is closed.
    bool answer(event_loop& loop, std::size_t place) {
        auto& open = std::get<talk>(places_[place]);
        services_[open.service](open.said);
        if (open.said.input.size() > options_.input_bytes_max)
            open.said.ends = true;
        send(loop, place);
        return std::holds_alternative<talk>(places_[place]);
    }

    void send(event_loop& loop, std::size_t place) {
        auto& open = std::get<talk>(places_[place]);
        auto& output = open.said.output;
        while (open.sent < output.size()) {
            const auto count = open.with.send_some(std::string_view(output).substr(open.sent));
            if (!count && count.error() == errc::would_block)
                break;
            if (!count)
                return close(loop, place);
            open.sent += *count;
        }
        const bool all = open.sent == output.size();
        if (all) {
            output.clear();
            open.sent = 0;
        }
        if (all && open.said.ends)
            return close(loop, place);
        if (open.waits_for_room == !all)
            return;
        open.waits_for_room = !all;
        const auto wanted = all ? interest::readable : interest::writable;
        if (loop.add(open.with.fd(), first_token_ + place, wanted) != errc::ok)
            close(loop, place);
    }

    void close(event_loop& loop, std::size_t place) {
        loop.remove(std::get<talk>(places_[place]).with.fd());
        places_[place] = std::monostate{};
        --connections_;
    }

    std::uint64_t first_token_;
    conversation_options options_;
    std::vector<converse_function> services_{};
    std::vector<std::variant<std::monostate, listener, talk>> places_{};
    std::size_t connections_ = 0;
    std::uint64_t turned_away_ = 0;
};

} // namespace quipu

// quipu/server/admin.hpp

// The commands of Etsy's statsd for who looks after a server: what is in it, and what shall leave it.

namespace quipu {

/// A number that the server tells about itself: `messages.bad_lines_seen`.
struct admin_statistic {
    std::string name{};
    double value = 0;
};

/// What the commands are about. All is called on one thread.
///
/// Requires  store(): a basic_store with all that came so far; std::vector<admin_statistic>
///           statistics(); std::string_view config(): lines `key: value`; bool& healthy(): what
///           `health` says, on every connection.
/// Provided  basic_server.
template <class H>
concept admin_host = requires(H& host) {
    host.store().counters();
    { host.statistics() } -> std::convertible_to<std::vector<admin_statistic>>;
    { host.config() } -> std::convertible_to<std::string_view>;
    { host.healthy() } -> std::same_as<bool&>;
};

namespace detail {

/// Text as JavaScript would print it between single quotes; a name needs none.
inline void append_javascript_text(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    out += '\'';
    for (const char c : text) {
        if (is_control(c)) {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\x";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            if (c == '\'' || c == '\\')
                out += '\\';
            out += c;
        }
    }
    out += '\'';
}

[[nodiscard]] inline bool is_javascript_name(std::string_view text) noexcept {
    bool name = !text.empty() && !is_digit(text.front());
    for (const char c : text)
        name = name && (is_letter(c) || is_digit(c) || c == '_' || c == '$');
    return name;
}

inline void append_number(std::string& out, double value) {
    char text[layout::javascript::bytes_max];
    out.append(text, layout::javascript::write(text, value));
}

} // namespace detail

/// The service of the commands, each a line or all that comes at once:
///
///     help   stats   counters   timers   gauges   sets   config   quit   health [up|down]
///     delcounters NAME...   deltimers NAME...   delgauges NAME...
///
/// A name that ends in `.*` means all that begin with what stands before the star. `counters` and the
/// like print an object as Node.js does; a list of more than 100 values is cut there. An answer is
/// no longer than `answer_bytes_max`; a list that would be says how much is left out.
///
/// Threads  that of the host.
/// Source   statsd/statsd 0.10.2, lib/mgmt_console.js and stats.js, as observed.
/// Deviation  `sets` is an error there; here it tells the number of members.
template <admin_host Host>
class admin_commands {
public:
    static constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;
    static constexpr std::size_t list_items_max = 100;

    explicit admin_commands(Host& host) noexcept : host_(host) {}

    /// Answers what has come, line by line; an end without a newline counts as one, since people's
    /// tools send none.
    void operator()(conversation& with) {
        std::string_view rest = with.input;
        while (!rest.empty() && !with.ends) {
            const auto end = rest.find('\n');
            const auto line = detail::trim(rest.substr(0, end));
            rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
            if (!line.empty())
                answer(line, with);
        }
        with.input.clear();
    }

private:
    void answer(std::string_view line, conversation& with) {
        auto& out = with.output;
        const auto words = split(line);
        const auto command = words.front();
        if (command == "help") {
            out += "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, "
                   "health, config, quit\n\n";
        } else if (command == "stats") {
            tell_statistics(out);
        } else if (command == "counters") {
            tell(out, host_.store().counters(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.sum());
            });
        } else if (command == "gauges") {
            tell(out, host_.store().gauges(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.value());
            });
        } else if (command == "sets") {
            tell(out, host_.store().uniques(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.estimate());
            });
        } else if (command == "timers") {
            tell(out, host_.store().timers(), [](std::string& to, const auto& cell) {
                tell_values(to, cell);
            });
        } else if (command == "delcounters") {
            erase(out, host_.store().counters(), words);
        } else if (command == "deltimers") {
            erase(out, host_.store().timers(), words);
        } else if (command == "delgauges") {
            erase(out, host_.store().gauges(), words);
        } else if (command == "health") {
            if (words.size() > 1 && (words[1] == "up" || words[1] == "down"))
                host_.healthy() = words[1] == "up";
            out += host_.healthy() ? "health: up\n" : "health: down\n";
        } else if (command == "config") {
            out += '\n';
            out += host_.config();
        } else if (command == "quit") {
            with.ends = true;
        } else {
            out += "ERROR\n";
        }
    }

    [[nodiscard]] static std::vector<std::string_view> split(std::string_view line) {
        std::vector<std::string_view> words;
        while (!line.empty()) {
            std::size_t size = 0;
            while (size < line.size() && !detail::is_blank(line[size]))
                ++size;
            words.push_back(line.substr(0, size));
            line = detail::trim(line.substr(size));
        }
        return words;
    }

    void tell_statistics(std::string& out) {
        for (const auto& one : host_.statistics()) {
            out += one.name + ": ";
            detail::append_number(out, one.value);
            out += '\n';
        }
        out += end_mark;
    }

    /// An object with a member for each series, on a line each unless it is short.
    template <class Table, class Tell>
    static void tell(std::string& out, const Table& table, const Tell& tell_cell) {
        std::vector<std::string> members;
        std::size_t bytes = 0;
        std::size_t left_out = 0;
        for (const auto& one : table.entries()) {
            if (bytes > answer_bytes_max) {
                ++left_out;
                continue;
            }
            auto& member = members.emplace_back();
            if (detail::is_javascript_name(one.name()))
                member += one.name();
            else
                detail::append_javascript_text(member, one.name());
            member += ": ";
            tell_cell(member, one.cell);
            bytes += member.size();
        }
        if (left_out > 0)
            members.push_back("... " + std::to_string(left_out) + " more");
        const bool short_one = bytes + 2 * members.size() <= line_bytes_max;
        out += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            out += i == 0 ? "" : ",";
            out += (short_one ? " " : "\n  ") + members[i];
        }
        out += members.empty() ? "}" : short_one ? " }" : "\n}";
        out += '\n';
        out += end_mark;
    }

    /// The values, or what a sketch knows that has them no longer.
    template <class Cell>
    static void tell_values(std::string& out, const Cell& cell) {
        const auto& sketch = cell.values();
        if constexpr (requires { sketch.keeps_values(); }) {
            if (sketch.keeps_values())
                return tell_list(out, sketch.values());
        } else if constexpr (requires { sketch.values().size(); }) {
            return tell_list(out, sketch.values());
        }
        out += "{ count: ";
        detail::append_number(out, cell.count());
        const std::pair<std::string_view, double> facts[] = {
            {", sum: ", cell.sum()}, {", lower: ", cell.min()}, {", upper: ", cell.max()}};
        for (const auto& [name, value] : facts) {
            out += name;
            detail::append_number(out, cell.count() > 0 ? value : 0);
        }
        out += " }";
    }

    static void tell_list(std::string& out, const std::vector<double>& values) {
        out += '[';
        for (std::size_t i = 0; i < values.size() && i < list_items_max; ++i) {
            out += i == 0 ? " " : ", ";
            detail::append_number(out, values[i]);
        }
        if (values.size() > list_items_max)
            out += ", ... " + std::to_string(values.size() - list_items_max) + " more items";
        out += values.empty() ? "]" : " ]";
    }

    template <class Table>
    static void erase(std::string& out, Table& table, const std::vector<std::string_view>& words) {
        for (std::size_t i = 1; i < words.size(); ++i) {
            auto wanted = words[i];
            const bool folder = wanted.ends_with(".*");
            if (folder)
                wanted.remove_suffix(1);
            const auto leaves = [&](const auto& one) {
                return folder ? one.name().starts_with(wanted) : one.name() == wanted;
            };
            bool any = false;
            for (const auto& one : table.entries()) {
                if (!leaves(one))
                    continue;
                any = true;
                out += "deleted: ";
                out += one.name();
                out += '\n';
            }
            if (any)
                table.erase_if(leaves);
            else
                out += "metric " + std::string(words[i]) + " not found\n";
        }
        out += end_mark;
    }

    static constexpr std::string_view end_mark = "END\n\n";
    /// What Node.js puts in one line of 80 characters, separators counted and braces not.
    static constexpr std::size_t line_bytes_max = 69;

    Host& host_;
};

} // namespace quipu

// quipu/server/flush_clock.hpp

// When to flush: ticks of the wall clock that do not drift.

namespace quipu {

/// When flushes are due. All times in milliseconds.
struct flush_schedule {
    std::int64_t interval_ms = 10'000;
    /// Flush at multiples of the interval on the wall clock, not of the start; the first interval
    /// is then a short one as a rule.
    bool aligned = false;
    /// With `aligned`: so much later.
    std::int64_t offset_ms = 0;
};

/// Tells when the next flush is due. It holds no clock: the time is told to it, so that it can be
/// tested, and steps of the clock can be seen.
///
/// The ticks are start + k × interval, or multiples of the interval plus the offset, whatever
/// happened between them. A tick that was missed altogether (the machine slept, the clock stepped
/// forward) is left out and counted; after a step back the ticks begin anew from the new time, but
/// for one that was done already: twice the same would be two flushes of one timestamp.
/// Threads  distinct objects safe, shared objects unsafe.
class flush_clock {
public:
    /// Units    `now_ms`: Unix milliseconds.
    flush_clock(flush_schedule schedule, std::int64_t now_ms) noexcept
        : schedule_(schedule), next_ms_(first_after(now_ms)) {
        QUIPU_ASSERT(schedule.interval_ms > 0);
        QUIPU_ASSERT(schedule.offset_ms >= 0 && schedule.offset_ms < schedule.interval_ms);
    }

    /// The time of the next flush, in Unix milliseconds.
    [[nodiscard]] std::int64_t next_ms() const noexcept { return next_ms_; }

    /// How long to wait for it, 0 if it is due.
    [[nodiscard]] std::int64_t wait_ms(std::int64_t now_ms) noexcept {
        if (next_ms_ - now_ms > schedule_.interval_ms) {
            const std::int64_t first_ms = first_after(now_ms);
            if (first_ms != last_ms_)
                next_ms_ = first_ms;
        }
        return next_ms_ > now_ms ? next_ms_ - now_ms : 0;
    }

    /// Says that the flush which was due is being done; moves on to the first tick in the future.
    /// Returns  the tick that the flush belongs to, in Unix milliseconds: the last one that is
    /// past.
    std::int64_t tick(std::int64_t now_ms) noexcept {
        const std::int64_t late_ms = now_ms > next_ms_ ? now_ms - next_ms_ : 0;
        const std::int64_t missed = late_ms / schedule_.interval_ms;
        missed_ += static_cast<std::uint64_t>(missed);
        const std::int64_t due_ms = next_ms_ + missed * schedule_.interval_ms;
        last_ms_ = due_ms;
        next_ms_ = due_ms + schedule_.interval_ms;
        return due_ms;
    }

    /// How many ticks passed without a flush.
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

private:
    [[nodiscard]] std::int64_t first_after(std::int64_t now_ms) const noexcept {
        if (!schedule_.aligned)
            return now_ms + schedule_.interval_ms;
        const std::int64_t since = (now_ms - schedule_.offset_ms) % schedule_.interval_ms;
        const std::int64_t tick_ms =
            now_ms - since; // the one before, or the one after if since < 0
        return since < 0 ? tick_ms : tick_ms + schedule_.interval_ms;
    }

    flush_schedule schedule_;
    std::int64_t next_ms_;
    std::int64_t last_ms_ = std::numeric_limits<std::int64_t>::min();
    std::uint64_t missed_ = 0;
};

} // namespace quipu

// quipu/server/ini.hpp

// INI files, as C programs and Python's ConfigParser read them.

namespace quipu {

/// A place in a config file, and what is wrong there.
struct config_error {
    std::size_t line = 0;
    std::string why{}; ///< empty: nothing
};

/// `key = value` within a section; the line counts from 1.
struct ini_entry {
    std::string section{};
    std::string key{};
    std::string value{};
    std::size_t line = 0;
};

/// A header `[name]`. A section may have several, and each of its entries names the section too.
struct ini_section {
    std::string name{};
    std::size_t line = 0;
};

struct ini_file {
    std::vector<ini_section> sections{};
    std::vector<ini_entry> entries{};
    /// If something is wrong: the first place. What stands before it was read.
    config_error error{};
};

/// Reads `[section]`, `key = value` and `key: value`. Blanks around each part do not count, nor does
/// the indent of a line. A line that begins with ';' or '#' is a comment, and so is the rest of a line
/// from a blank and ';' on. Keys and sections keep their case.
///
/// Cost     O(size), allocates.
/// Threads  pure.
/// Source   inih and Python's ConfigParser, where they agree.
[[nodiscard]] inline ini_file parse_ini(std::string_view text) {
    ini_file read;
    constexpr std::string_view mark = "\xef\xbb\xbf"; // of UTF-8
    if (text.starts_with(mark))
        text.remove_prefix(mark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = detail::trim(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty() || line.front() == ';' || line.front() == '#')
            continue;
        const auto fail = [&](std::string why) {
            read.error = {number, std::move(why)};
            return read;
        };
        if (line.front() == '[') {
            const auto close = line.find(']');
            if (close == line.npos)
                return fail("a section begins with '[' but does not end with ']'");
            read.sections.push_back({std::string(detail::trim(line.substr(1, close - 1))), number});
            continue;
        }
        const auto separator = line.find_first_of("=:");
        const auto key = detail::trim(line.substr(0, separator));
        if (separator == line.npos || key.empty())
            return fail("neither 'key = value' nor '[section]'");
        if (read.sections.empty())
            return fail("'" + std::string(key) + "' stands before the first '[section]'");
        auto value = line.substr(separator + 1);
        for (std::size_t at = 0; (at = value.find(';', at)) != value.npos; ++at) {
            if (at > 0 && detail::is_blank(value[at - 1])) {
                value = value.substr(0, at);
                break;
            }
        }
        read.entries.push_back({read.sections.back().name,
                                std::string(key),
                                std::string(detail::trim(value)),
                                number});
    }
    return read;
}

} // namespace quipu

// quipu/server/key_frequency.hpp

// How often each key came: what `keyFlush` of Etsy's statsd tells.

namespace quipu {

/// A key and the lines that it came with.
struct key_count {
    std::string key{};
    std::uint64_t count = 0;

    friend bool operator==(const key_count&, const key_count&) = default;
};

/// Counts keys exactly, as long as there is room for new ones. Nothing is allocated before the first.
///
/// Bounds   `keys_max` keys, `text_bytes_max` bytes of them; what comes beyond them under a new key is
///          counted in `left_out` alone.
/// Cost     O(1) as a rule for each key; allocates for new ones.
/// Threads  distinct objects safe, shared objects unsafe.
class key_counts {
public:
    static constexpr std::size_t keys_max = 65'536;
    static constexpr std::size_t text_bytes_max = std::size_t{8} << 20;

    key_counts() = default;
    key_counts(key_counts&&) = default; // not copied: the index looks into the entries
    key_counts& operator=(key_counts&&) = default;

    void add(std::string_view key, std::uint64_t count = 1) {
        if (const auto found = index_.find(key); found != index_.end()) {
            entries_[found->second].count += count;
            return;
        }
        if (entries_.size() == keys_max || key.size() > text_bytes_max - text_bytes_) {
            left_out_ += count;
            return;
        }
        text_bytes_ += key.size();
        entries_.push_back({std::string(key), count});
        index_.emplace(entries_.back().key, entries_.size() - 1);
    }

    void merge(const key_counts& other) {
        for (const auto& one : other.entries_)
            add(one.key, one.count);
        left_out_ += other.left_out_;
    }

    void clear() {
        index_.clear(); // it looks into the entries
        entries_.clear();
        text_bytes_ = 0;
        left_out_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty() && left_out_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Lines whose keys found no room.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

    /// The most frequent keys first, of equally frequent ones those that came first.
    ///
    /// Input    `percent` of the keys are told, rounded up.
    /// Cost     O(n log n) for n keys.
    [[nodiscard]] std::vector<key_count> most_frequent(double percent = 100) const {
        std::vector<key_count> all(entries_.begin(), entries_.end());
        std::stable_sort(
            all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
        const double told = std::ceil(static_cast<double>(all.size()) * (percent / 100));
        if (told < static_cast<double>(all.size()))
            all.resize(told > 0 ? static_cast<std::size_t>(told) : 0);
        return all;
    }

private:
    std::deque<key_count> entries_{}; // their addresses stay
    std::unordered_map<std::string_view, std::size_t> index_{};
    std::size_t text_bytes_ = 0;
    std::uint64_t left_out_ = 0;
};

/// What came under which key up to a moment.
struct key_report {
    std::int64_t timestamp = 0; ///< Unix seconds
    key_counts keys{};

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
};

/// Appends a line for each key: `TIME count=N key=K`. Bytes that would end the line or drive a terminal
/// become '?'.
///
/// Input    `time` as it is to stand there, `percent` as most_frequent.
/// Source   statsd/statsd 0.10.2, stats.js, as observed.
inline void
append_key_lines(std::string& out, const key_counts& keys, double percent, std::string_view time) {
    for (const auto& one : keys.most_frequent(percent)) {
        out += time;
        out += " count=";
        char digits[integer_bytes_max];
        const auto* const end = write_integer(digits, static_cast<std::int64_t>(one.count));
        out.append(digits, static_cast<std::size_t>(end - digits));
        out += " key=";
        for (const char c : one.key)
            out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
        out += '\n';
    }
}

} // namespace quipu

// quipu/server/intake.hpp

// From received bytes to the cells of one receiving thread.

namespace quipu {

/// What came in, counted.
struct intake_counts {
    std::uint64_t packets = 0; ///< datagrams, or pieces of a stream
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
    /// Lines, or samples of a line, that were refused, by cause.
    std::uint64_t refused[errc_count] = {};
    /// Datagrams that never came, since the system's buffer was full or they were too long.
    std::uint64_t dropped = 0;
    /// Tags in names that were left out of their series, since they lack a key or a value.
    std::uint64_t tags_dropped = 0;
    /// When something last came, in Unix seconds; 0: never, or nobody said.
    std::int64_t last_seen = 0;

    [[nodiscard]] std::uint64_t refused_in_all() const noexcept {
        std::uint64_t all = 0;
        for (const auto one : refused)
            all += one;
        return all;
    }

    void merge(const intake_counts& other) noexcept {
        packets += other.packets;
        bytes += other.bytes;
        lines += other.lines;
        dropped += other.dropped;
        tags_dropped += other.tags_dropped;
        last_seen = other.last_seen > last_seen ? other.last_seen : last_seen;
        for (std::size_t cause = 0; cause < errc_count; ++cause) {
            refused[cause] += other.refused[cause];
        }
    }
};

/// What one thread received in one interval.
template <class StoreTraits>
struct interval_input {
    explicit interval_input(std::uint64_t seed = 0) : store(seed) {}

    basic_store<StoreTraits> store;
    intake_counts counts{};
    key_counts keys{}; ///< of the lines that were taken, if they are counted
};

/// Parses what one thread receives and adds it to the thread's store. `Profile` names the dialect
/// and the store's traits (profile.hpp).
///
/// Threads  one thread, the owner of `shard()`, from which the flusher takes.
template <class Profile>
class basic_intake {
public:
    using dialect_type = typename Profile::dialect_type;
    using input = interval_input<typename Profile::store_traits>;

    /// The seed of the tables' hash.
    explicit basic_intake(std::uint64_t seed = 0) : shard_(seed) {}

    /// Takes the whole lines of one datagram or of a piece of a stream.
    ///
    /// Input    `now`: Unix seconds, for profiles that stamp key/values when they come.
    ///          `on_refusal(refusal, std::string_view line)` is told of what was not accepted,
    ///          after it was counted; of a sample that a bound refused it gets the name.
    /// Cost     O(size of the text); allocates for new series and growing cells only.
    template <class OnRefusal>
    void receive(padded_text text, std::int64_t now, OnRefusal&& on_refusal) {
        take(text, text.text, now, on_refusal);
    }
    /// The same for a text with nothing behind it; a little slower.
    template <class OnRefusal>
    void receive(std::string_view text, std::int64_t now, OnRefusal&& on_refusal) {
        take(text, text, now, on_refusal);
    }

    /// Takes one sample that did not come as a line, such as that of a binary record.
    /// Input    as above.
    template <class OnRefusal>
    void receive(const sample& one, std::int64_t now, OnRefusal&& on_refusal) {
        input& into = shard_.active();
        const auto refuse_sample = [&](errc error, std::string_view name) {
            refuse(into, {error, 0}, name, on_refusal);
        };
        ++into.counts.lines;
        if (counts_keys_)
            count_key(one, into.keys);
        batch_.begin(into.store);
        add(one, nullptr, now, refuse_sample);
        batch_.apply(refuse_sample);
    }

    /// Counts a refusal that was found elsewhere, of a line or a record.
    void refuse_line(errc why) noexcept {
        ++shard_.active().counts.lines;
        count_refusals(why, 1);
    }
    /// Counts refusals that were found elsewhere, such as an overlong line of a stream.
    void count_refusals(errc why, std::uint64_t count) noexcept {
        shard_.active().counts.refused[static_cast<std::size_t>(why)] += count;
    }
    /// Remembers that something came. Units: Unix seconds.
    void note_seen(std::int64_t now) noexcept { shard_.active().counts.last_seen = now; }
    /// Counts datagrams that never came.
    void count_dropped(std::uint64_t count) noexcept { shard_.active().counts.dropped += count; }

    /// Counts the keys of what comes from now on; a line of several values is one. Each line is read
    /// twice then. Before anything is received.
    void count_keys() noexcept { counts_keys_ = true; }

    [[nodiscard]] quipu::shard<input>& shard() noexcept { return shard_; }

private:
    template <class OnRefusal>
    static void refuse(input& into, refusal why, std::string_view line, OnRefusal& on_refusal) {
        ++into.counts.refused[static_cast<std::size_t>(why.error)];
        on_refusal(why, line);
    }

    /// Adds a sample to the batch. `readable` is where the bytes behind its name end that can be
    /// read, or null.
    template <class OnRefusal>
    void
    add(const sample& one, const char* readable, std::int64_t now, const OnRefusal& refuse_sample) {
        const auto name = names_.name(one.series);
        if (!name)
            return refuse_sample(name.error(), one.series.name);
        if constexpr (Profile::stamps_on_receipt) {
            if (one.timestamp == no_timestamp) {
                sample stamped = one;
                stamped.timestamp = now;
                return batch_.add(*name, stamped, refuse_sample);
            }
        }
        // A name that stands in the text stays there until the batch is applied.
        const bool stays = readable != nullptr && name->data() == one.series.name.data();
        if (stays && readable - name->data() >= std::ptrdiff_t{detail::short_name_bytes})
            batch_.add(detail::padded_name{*name}, one, refuse_sample);
        else
            batch_.add(*name, one, refuse_sample);
    }

    void count_key(const sample& one, key_counts& into) {
        if (const auto name = names_.name(one.series))
            into.add(*name);
    }

    void count_keys(std::string_view text, key_counts& into) {
        for_each_line(text, [&](std::string_view line) {
            bool counted = false;
            parse_line<dialect_type>(
                line,
                [&](const sample& one) {
                    if (!std::exchange(counted, true))
                        count_key(one, into);
                },
                [](refusal) {});
        });
    }

    template <class Text, class OnRefusal>
    void take(Text text, std::string_view bytes, std::int64_t now, OnRefusal& on_refusal) {
        input& into = shard_.active();
        const auto refuse_line = [&](refusal why, std::string_view line) {
            refuse(into, why, line, on_refusal);
        };
        const auto refuse_sample = [&](errc error, std::string_view name) {
            refuse(into, {error, 0}, name, on_refusal);
        };
        constexpr bool padded = std::is_same_v<Text, padded_text>;
        const char* const readable =
            bytes.data() + bytes.size() + (padded ? read_padding_bytes : 0);
        ++into.counts.packets;
        into.counts.bytes += bytes.size();
        if (counts_keys_)
            count_keys(bytes, into.keys);
        batch_.begin(into.store);
        const auto on_sample = [&](const sample& one) { add(one, readable, now, refuse_sample); };
        const auto tags_dropped = names_.tags_dropped();
        into.counts.lines += parse_datagram<dialect_type>(text, on_sample, refuse_line);
        into.counts.tags_dropped += names_.tags_dropped() - tags_dropped;
        batch_.apply(refuse_sample);
    }

    basic_batch<typename Profile::store_traits> batch_{};
    canonical_buffer<dialect_type> names_{};
    quipu::shard<input> shard_;
    bool counts_keys_ = false;
};

} // namespace quipu

// quipu/server/log.hpp

// What a server tells its operator: lines on standard error or in the system's log, at a limited rate.

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

namespace quipu {

enum class log_level : std::uint8_t { info, warning, error };

/// Writes one line for each event to a descriptor, standard error as a rule:
///
///     2026-11-21T22:30:40Z warning: refused "hits:x|c" at byte 5: the value is not a number
///
/// It never waits: a line that nobody takes, since the pipe is full, is dropped, and the next one
/// that gets through says how many were.
/// Threads  safe: a line is one write.
class log {
public:
    /// The system's log in place of a descriptor; who wants a name or a facility there calls
    /// openlog before.
    static constexpr int to_syslog = -2;

    /// What is below `least` is not written.
    explicit log(int fd = 2, log_level least = log_level::info)
        : fd_(fd), least_(std::make_shared<std::atomic<log_level>>(least)) {}
    /// A copy writes to the same place; what the other dropped, the other tells.
    log(const log& other) noexcept : fd_(other.fd_), least_(other.least_) {}
    log& operator=(const log&) = delete;
    ~log() = default;

    void write(log_level level, std::string_view text) const {
        if (level < least_->load(std::memory_order_relaxed))
            return;
        if (fd_ == to_syslog) {
            constexpr int priorities[] = {LOG_INFO, LOG_WARNING, LOG_ERR};
            ::syslog(priorities[static_cast<std::size_t>(level)],
                     "%.*s",
                     static_cast<int>(text.size()),
                     text.data());
            return;
        }
        constexpr std::string_view words[] = {"info: ", "warning: ", "error: "};
        char time[32];
        const std::time_t now = std::time(nullptr);
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        const auto size = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ ", &parts);
        pollfd room{fd_, POLLOUT, 0};
        if (::poll(&room, 1, 0) == 0) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        std::string line(time, size);
        line += words[static_cast<std::size_t>(level)];
        line += text;
        if (const auto dropped = dropped_.exchange(0, std::memory_order_relaxed); dropped != 0)
            line += " (and " + std::to_string(dropped) + " lines that nobody took)";
        // A pipe that is ready has room for so much in one piece.
        if (line.size() >= PIPE_BUF)
            line.resize(PIPE_BUF - 1);
        line += '\n';
        // Who cannot be told by this line cannot be told at all.
        static_cast<void>(!::write(fd_, line.data(), line.size()));
    }

    /// From now on what is below `least` is not written, by all copies.
    void set_level(log_level least) const noexcept {
        least_->store(least, std::memory_order_relaxed);
    }

    void info(std::string_view text) const { write(log_level::info, text); }
    void warning(std::string_view text) const { write(log_level::warning, text); }
    void error(std::string_view text) const { write(log_level::error, text); }

private:
    int fd_;
    std::shared_ptr<std::atomic<log_level>> least_; // one for all copies
    mutable std::atomic<std::uint64_t> dropped_{0};
};

/// Lets through so many events in each period and counts the others.
/// Threads  distinct objects safe, shared objects unsafe.
class rate_limit {
public:
    explicit rate_limit(std::uint32_t events_max = 10, std::int64_t period_ms = 10'000) noexcept
        : events_max_(events_max), period_ms_(period_ms) {}

    /// True if the event may pass. Units: `now_ms` of any clock.
    [[nodiscard]] bool allows(std::int64_t now_ms) noexcept {
        if (now_ms - period_start_ms_ >= period_ms_ || now_ms < period_start_ms_) {
            period_start_ms_ = now_ms;
            events_ = 0;
        }
        if (events_ < events_max_) {
            ++events_;
            return true;
        }
        ++held_back_;
        return false;
    }

    /// How many events did not pass since this was last called.
    [[nodiscard]] std::uint64_t take_held_back() noexcept {
        const auto count = held_back_;
        held_back_ = 0;
        return count;
    }

private:
    std::uint32_t events_max_;
    std::int64_t period_ms_;
    std::int64_t period_start_ms_ = 0;
    std::uint32_t events_ = 0;
    std::uint64_t held_back_ = 0;
};

/// Text from the wire between quotes for a log: at most `bytes_max` bytes of it, and no byte that
/// could end the line or drive a terminal.
[[nodiscard]] inline std::string quoted(std::string_view text, std::size_t bytes_max = 120) {
    constexpr std::string_view hex = "0123456789abcdef";
    const bool cut = text.size() > bytes_max;
    std::string out = "\"";
    for (const char c : text.substr(0, bytes_max)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f) {
            out += "\\x";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            if (c == '"' || c == '\\')
                out += '\\';
            out += c;
        }
    }
    out += cut ? "\"..." : "\"";
    return out;
}

} // namespace quipu

// quipu/server/reception.hpp

// What comes through the sockets of one receiving thread, as lines and records for its intake.

namespace quipu {

/// Takes datagrams and the pieces of streams, and tells the log, at a limited rate, of what is
/// refused.
///
/// Threads  one thread, that of the intake.
template <class Profile>
class basic_reception {
public:
    using dialect_type = typename Profile::dialect_type;
    static constexpr bool takes_binary = Profile::takes_binary;

    /// What joins the pieces of one stream.
    using stream_type = std::conditional_t<takes_binary, mixed_stream, line_stream>;

    basic_reception(basic_intake<Profile>& intake, const log& messages)
        : intake_(intake), log_(messages) {}

    [[nodiscard]] static stream_type open_stream() {
        return stream_type(takes_binary
                               ? std::max(dialect_type::line_bytes_max, binary_record_bytes_max)
                               : dialect_type::line_bytes_max);
    }

    /// Takes a datagram; padded, as receivers hand them out.
    void receive_datagram(std::string_view text) {
        if constexpr (takes_binary) {
            if (!text.empty() && text.front() == binary_magic)
                return receive_records(text);
        }
        receive(text);
    }

    /// Takes a piece of a stream, padded likewise.
    /// Errors   a record is broken: nothing that follows can be read.
    [[nodiscard]] errc receive_piece(stream_type& stream, std::string_view bytes) {
        const auto overlong = stream.overlong();
        const errc broken = feed(stream, bytes);
        if (stream.overlong() != overlong) {
            intake_.count_refusals(errc::line_too_long, stream.overlong() - overlong);
            log_limited("refused a line of a stream", errc::line_too_long);
        }
        return broken;
    }

    /// Takes or refuses what is left of a stream that ended.
    /// Input    whole: it ended in good order, so that a line without a newline is one where the
    ///          dialect says so; else it may have been cut off within a number.
    void end_stream(stream_type& stream, bool whole) {
        if constexpr (takes_binary) {
            if (stream.in_record())
                return refuse_record(errc::unterminated_line, {});
        }
        const auto rest = stream.rest();
        if (rest.empty())
            return;
        if (whole && dialect_type::unterminated_lines)
            return receive(rest);
        intake_.count_refusals(errc::unterminated_line, 1);
        log_refusal({errc::unterminated_line, 0}, rest);
    }

    void log_limited(std::string_view text) {
        if (may_log())
            log_.warning(std::string(text) + held_back());
    }
    void log_limited(std::string_view what, errc why) {
        if (may_log())
            log_.warning(std::string(what) + ": " + std::string(message(why)) + held_back());
    }

private:
    [[nodiscard]] static std::int64_t stamp() {
        return Profile::stamps_on_receipt ? std::time(nullptr) : 0;
    }

    void receive(std::string_view text) {
        intake_.receive(padded_text{text}, stamp(), [&](refusal why, std::string_view line) {
            log_refusal(why, line);
        });
    }

    void receive(const sample& one) {
        intake_.receive(
            one, stamp(), [&](refusal why, std::string_view name) { log_refusal(why, name); });
    }

    [[nodiscard]] errc feed(line_stream& lines, std::string_view bytes) {
        lines.feed(bytes, [&](std::string_view text) { receive(text); });
        return errc::ok;
    }
    [[nodiscard]] errc feed(mixed_stream& mixed, std::string_view bytes) {
        const errc broken = mixed.template feed<dialect_type>(
            bytes,
            [&](std::string_view text) { receive(text); },
            [&](const sample& one) { receive(one); },
            [&](refusal why, std::string_view record) { refuse_record(why.error, record); });
        if (broken != errc::ok)
            refuse_record(broken, {});
        return broken;
    }

    /// A datagram of records, perhaps with newlines between them.
    void receive_records(std::string_view bytes) {
        while (!bytes.empty()) {
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
            if (bytes.front() != binary_magic)
                return receive(bytes);
            const auto record = parse_binary<dialect_type>(bytes);
            if (!record || !record->complete())
                return refuse_record(record ? errc::bad_length : record.error(), bytes);
            const auto whole = bytes.substr(0, record->size);
            if (record->refused.error == errc::ok)
                receive(record->sample);
            else
                refuse_record(record->refused.error, whole);
            bytes.remove_prefix(whole.size());
        }
    }

    void refuse_record(errc why, std::string_view record) {
        intake_.refuse_line(why);
        log_refusal({why, 0}, record);
    }

    [[nodiscard]] bool may_log() noexcept { return limit_.allows(std::time(nullptr) * 1000); }

    [[nodiscard]] std::string held_back() {
        const auto count = limit_.take_held_back();
        return count == 0 ? "" : " (and " + std::to_string(count) + " lines not logged)";
    }

    void log_refusal(refusal why, std::string_view line) {
        if (!may_log())
            return;
        log_.warning("refused " + quoted(line) + " at byte " + std::to_string(why.offset) + ": " +
                     std::string(message(why.error)) + held_back());
    }

    basic_intake<Profile>& intake_;
    const log& log_;
    rate_limit limit_{};
};

} // namespace quipu

// quipu/server/listeners.hpp

// The ways in of one receiving thread: sockets, a pipe, and what comes through them.

namespace quipu {

/// The bounds of what listens.
struct listener_options {
    /// The system's buffer for datagrams that wait to be taken; it may grant less. 0: its default.
    std::size_t receive_buffer_bytes = std::size_t{4} << 20;
    /// Open connections; beyond it new ones are turned away.
    std::size_t connections_max = 1024;
};

/// Sockets that feed one intake.
///
/// Threads  `listen` and its kin before the thread that calls `run` starts; `stop` from any thread, or
///          from a signal handler.
template <class Profile>
class basic_listeners {
public:
    /// Errors   of `ready`: too_many_descriptors.
    basic_listeners(basic_intake<Profile>& intake,
                    const log& messages,
                    listener_options options = {})
        : intake_(intake), reception_(intake, messages), options_(options),
          loop_(event_loop::open()), waker_(waker::open()) {
        if (loop_ && waker_)
            ready_ = loop_->add(waker_->fd(), waker_token);
    }

    /// Whether the system gave what is needed before anything can listen.
    [[nodiscard]] errc ready() const noexcept {
        if (!loop_)
            return loop_.error();
        return waker_ ? ready_ : waker_.error();
    }

    // What each of the following has bound is added to `bound()`.

    /// Binds every address that the host of `at` has here.
    /// Errors   those of resolve and of binding; what was bound before the error stays.
    [[nodiscard]] errc listen(const endpoint& at) {
        const auto addresses = resolve(at.at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            const errc error = at.protocol == ip_protocol::udp ? listen_udp(one) : listen_tcp(one);
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    /// Binds a path of this machine, which goes away with this object.
    /// Errors   those of unix_listener.
    [[nodiscard]] errc listen_unix(const std::string& path,
                                   unix_kind kind,
                                   std::optional<unsigned> mode = std::nullopt) {
        auto opened = unix_listener::bind(path, kind, mode);
        if (!opened)
            return opened.error();
        const bool datagrams = kind == unix_kind::datagrams;
        const errc error = take_over(opened->release(), datagrams);
        if (error != errc::ok)
            return error;
        paths_.push_back(*std::move(opened));
        bound_.push_back((datagrams ? "unixgram://" : "unix://") + path);
        return errc::ok;
    }

    /// Takes over the sockets that this program was started with; see take_inherited_sockets.
    /// Errors   address_unavailable: there is none.
    [[nodiscard]] errc listen_inherited() {
        auto taken = take_inherited_sockets();
        for (auto& one : taken) {
            const auto local = one.bound.local_address();
            const std::string at = local ? to_string(*local) : "a path";
            if (const errc error = take_over(std::move(one.bound), one.datagrams);
                error != errc::ok)
                return error;
            bound_.push_back("inherited " + at);
        }
        return taken.empty() ? errc::address_unavailable : errc::ok;
    }

    /// Reads a descriptor that stays the caller's, standard input as a rule, up to its end; then
    /// `at_end` is called on the thread of `run`, if nothing else listens.
    /// Errors   those of event_loop.
    [[nodiscard]] errc listen_file(int fd, std::function<void()> at_end) {
        at_end_ = std::move(at_end);
        const auto at = place(stream<file_reader>{file_reader(fd), reception_.open_stream()});
        const errc error = loop_->add(fd, at);
        if (error == errc::unsupported) {
            always_ready_ = at; // a file has all that it will have
        } else if (error != errc::ok) {
            sources_[at] = std::monostate{};
            return error;
        }
        bound_.emplace_back("stdin:");
        return errc::ok;
    }

    /// What is bound, as `udp://127.0.0.1:8125`, with the ports that the system chose.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

    /// Receives until `stop`, then takes what has come by then, and returns.
    void run() {
        while (!stopping_)
            wait(-1);
        // What the senders got rid of before the end is not lost: datagrams and bytes that wait.
        const deadline enough(drain_ms_max); // for who never ends to send
        while (wait(0) > 0 && enough.remaining_ms() > 0) {
        }
        end_streams();
        count_dropped();
    }

    /// Brings `run` to its end.
    void stop() noexcept {
        stop_asked_.store(true, std::memory_order_release);
        wake();
    }

    /// Brings `run` to its next boundary, where the shard of the intake may be handed over.
    void wake() noexcept {
        if (waker_)
            waker_->wake();
    }

private:
    template <class From>
    struct stream {
        From from;
        typename basic_reception<Profile>::stream_type lines;
        [[nodiscard]] int fd() const noexcept { return from.fd(); }
    };
    using source = std::variant<std::monostate,
                                udp_receiver,
                                tcp_listener,
                                stream<tcp_connection>,
                                stream<file_reader>>;

    static constexpr std::uint64_t waker_token = ~std::uint64_t{0};
    /// So much is taken from one socket before the others have their turn.
    static constexpr int turns_max = 16;
    static constexpr int drain_ms_max = 250;

    [[nodiscard]] errc listen_udp(const address& at) {
        udp_receiver_options options;
        options.receive_buffer_bytes = options_.receive_buffer_bytes;
        return add(udp_receiver::bind(at, options), "udp://");
    }

    [[nodiscard]] errc listen_tcp(const address& at) {
        return add(tcp_listener::listen(at), "tcp://");
    }

    template <class Opened>
    [[nodiscard]] errc add(result<Opened> opened, const char* scheme) {
        if (!opened)
            return opened.error();
        const auto local = opened->local_address();
        if (!local)
            return local.error();
        const errc error = add(*std::move(opened));
        if (error == errc::ok)
            bound_.push_back(scheme + to_string(*local));
        return error;
    }

    template <class Opened>
    [[nodiscard]] errc add(Opened opened) {
        const int fd = opened.fd();
        const auto at = place(std::move(opened));
        const errc error = loop_->add(fd, at);
        if (error != errc::ok)
            sources_[at] = std::monostate{};
        return error;
    }

    [[nodiscard]] errc take_over(socket bound, bool datagrams) {
        if (datagrams)
            return add(udp_receiver::take_over(std::move(bound)));
        auto listens = tcp_listener::take_over(std::move(bound));
        return listens ? add(*std::move(listens)) : listens.error();
    }

    /// Puts a source into a free place and returns its token.
    [[nodiscard]] std::uint64_t place(source&& opened) {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            if (!std::holds_alternative<std::monostate>(sources_[i]))
                continue;
            sources_[i] = std::move(opened);
            return i;
        }
        sources_.push_back(std::move(opened));
        return sources_.size() - 1;
    }

    /// Waits for readiness and takes what is there. Returns how much: datagrams, pieces of streams,
    /// and connections that began or ended.
    std::size_t wait(int timeout_ms) {
        taken_ = 0;
        const auto ready =
            loop_->wait(always_ready_ ? 0 : timeout_ms, [&](std::uint64_t token) { take(token); });
        if (!ready)
            reception_.log_limited("cannot wait for input", ready.error());
        if (always_ready_)
            take(*always_ready_);
        if (taken_ > 0)
            intake_.note_seen(std::time(nullptr));
        pass_boundary();
        return taken_;
    }

    void take(std::uint64_t token) {
        if (token == waker_token) {
            waker_->clear();
            stopping_ = stop_asked_.load(std::memory_order_acquire);
            return;
        }
        source& from = sources_[token];
        if (auto* const datagrams = std::get_if<udp_receiver>(&from))
            take_datagrams(*datagrams);
        else if (std::holds_alternative<tcp_listener>(from))
            take_connections(token);
        else if (std::holds_alternative<stream<tcp_connection>>(from))
            take_pieces<tcp_connection>(token);
        else if (std::holds_alternative<stream<file_reader>>(from))
            take_pieces<file_reader>(token);
    }

    void take_datagrams(udp_receiver& from) {
        for (int turn = 0; turn < turns_max; ++turn) {
            const auto count =
                from.receive([&](std::string_view text) { reception_.receive_datagram(text); });
            if (!count)
                return reception_.log_limited("cannot receive", count.error());
            if (*count == 0)
                return;
            taken_ += *count;
            pass_boundary();
        }
    }

    void take_connections(std::uint64_t token) {
        for (int turn = 0; turn < turns_max; ++turn) {
            auto accepted = std::get<tcp_listener>(sources_[token]).accept();
            if (!accepted) {
                if (accepted.error() == errc::would_block)
                    return;
                return reception_.log_limited("a connection is turned away", accepted.error());
            }
            if (connections_ == options_.connections_max) {
                reception_.log_limited("a connection is turned away: too many are open");
                continue;
            }
            ++taken_;
            const errc error =
                add(stream<tcp_connection>{*std::move(accepted), reception_.open_stream()});
            if (error != errc::ok)
                return reception_.log_limited("a connection is turned away", error);
            ++connections_;
        }
    }

    template <class From>
    void take_pieces(std::uint64_t token) {
        auto& open = std::get<stream<From>>(sources_[token]);
        for (int turn = 0; turn < turns_max; ++turn) {
            errc broken = errc::ok;
            const auto count = open.from.receive([&](std::string_view bytes) {
                broken = reception_.receive_piece(open.lines, bytes);
            });
            if (!count || open.from.closed() || broken != errc::ok) {
                if (broken == errc::ok)
                    reception_.end_stream(open.lines, count.error() == errc::ok);
                ++taken_;
                return close<From>(token);
            }
            if (*count == 0)
                return;
            ++taken_;
            pass_boundary();
        }
    }

    template <class From>
    void close(std::uint64_t token) {
        loop_->remove(std::get<stream<From>>(sources_[token]).fd());
        sources_[token] = std::monostate{};
        if constexpr (std::is_same_v<From, tcp_connection>) {
            --connections_;
        } else {
            always_ready_.reset();
            if (bound_.size() == 1 && at_end_)
                at_end_();
        }
    }

    void end_streams() {
        for (auto& one : sources_) {
            if (auto* const open = std::get_if<stream<tcp_connection>>(&one))
                reception_.end_stream(open->lines, false);
            else if (auto* const file = std::get_if<stream<file_reader>>(&one))
                reception_.end_stream(file->lines, false);
        }
    }

    void pass_boundary() {
        if (!intake_.shard().asked())
            return;
        count_dropped();
        intake_.shard().pass_boundary();
    }

    /// Counts the datagrams that were lost before they could be taken.
    void count_dropped() {
        std::uint64_t lost = 0;
        for (auto& one : sources_) {
            auto* const datagrams = std::get_if<udp_receiver>(&one);
            if (datagrams != nullptr) {
                lost += datagrams->oversized() + datagrams->dropped().value_or(0);
            }
        }
        intake_.count_dropped(lost - std::exchange(lost_, lost));
    }

    basic_intake<Profile>& intake_;
    basic_reception<Profile> reception_;
    listener_options options_;
    result<event_loop> loop_;
    result<waker> waker_;
    errc ready_ = errc::ok;
    std::atomic<bool> stop_asked_{false};
    bool stopping_ = false;
    std::vector<source> sources_{};
    std::vector<unix_listener> paths_{};
    std::vector<std::string> bound_{};
    std::optional<std::uint64_t> always_ready_{};
    std::function<void()> at_end_{};
    std::size_t connections_ = 0;
    std::size_t taken_ = 0;
    std::uint64_t lost_ = 0;
};

} // namespace quipu

// quipu/server/object_literal.hpp

// JavaScript's object literals, as config files have them: read, never run.

namespace quipu {

enum class literal_kind : std::uint8_t { nothing, boolean, number, text, list, object };

/// A value of a literal.
struct literal {
    literal_kind kind = literal_kind::nothing; ///< null and undefined are nothing
    bool truth = false;                        ///< of a boolean
    double number = 0;                         ///< of a number
    /// Of a text, without quotes and escapes; of a number and a boolean, as it is written.
    std::string text{};
    std::vector<literal> items{};     ///< of a list, and the values of an object, in their order
    std::vector<std::string> names{}; ///< of an object: the name of each item
    std::size_t line = 0;             ///< where it begins, from 1

    /// The item of a name, or null; of several of one name the last counts.
    [[nodiscard]] const literal* find(std::string_view name) const noexcept {
        for (std::size_t i = names.size(); i > 0; --i) {
            if (names[i - 1] == name)
                return &items[i - 1];
        }
        return nullptr;
    }
};

struct parsed_literal {
    literal value{};
    config_error error{};
};

namespace detail {

class literal_reader {
public:
    explicit literal_reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] parsed_literal read() {
        parsed_literal made;
        skip();
        const bool braced = take('('); // as programs write it that evaluate the file
        if (read_value(made.value, 0) && braced)
            static_cast<void>(expect(')', "a ')' is missing"));
        while (error_.why.empty() && (skip(), take(';'))) {
        }
        if (error_.why.empty() && !rest_.empty())
            static_cast<void>(fail("there is more after the end: only one value is read"));
        made.error = std::move(error_);
        return made;
    }

private:
    static constexpr int depth_max = 32;

    [[nodiscard]] bool fail(std::string why) {
        error_ = {line_, std::move(why)};
        return false;
    }

    [[nodiscard]] char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

    void advance() noexcept {
        line_ += std::size_t{rest_.front() == '\n'};
        rest_.remove_prefix(1);
    }

    [[nodiscard]] bool take(char c) noexcept {
        if (peek() != c || rest_.empty())
            return false;
        advance();
        return true;
    }

    /// Blanks and comments. One that does not end takes the rest: what is missing then is told.
    void skip() noexcept {
        for (;;) {
            if (!rest_.empty() && is_blank(rest_.front())) {
                advance();
            } else if (rest_.starts_with("\xef\xbb\xbf")) {
                rest_.remove_prefix(3);
            } else if (rest_.starts_with("//")) {
                while (!rest_.empty() && rest_.front() != '\n')
                    advance();
            } else if (rest_.starts_with("/*")) {
                while (!rest_.empty() && !rest_.starts_with("*/"))
                    advance();
                rest_.remove_prefix(rest_.empty() ? 0 : 2);
            } else {
                return;
            }
        }
    }

    [[nodiscard]] bool expect(char c, const char* why) {
        skip();
        return take(c) || fail(why);
    }

    [[nodiscard]] bool read_value(literal& into, int depth) {
        if (depth > depth_max)
            return fail("it is nested too deeply");
        skip();
        into.line = line_;
        const char first = peek();
        if (first == '{')
            return read_object(into, depth);
        if (first == '[')
            return read_list(into, depth);
        if (first == '"' || first == '\'' || first == '`')
            return read_text(into);
        return read_word(into);
    }

    [[nodiscard]] bool read_object(literal& into, int depth) {
        into.kind = literal_kind::object;
        advance();
        for (;;) {
            skip();
            if (take('}'))
                return true;
            std::string name;
            if (peek() == '"' || peek() == '\'') {
                literal quoted;
                if (!read_text(quoted))
                    return false;
                name = std::move(quoted.text);
            } else {
                name = word();
                if (name.empty())
                    return fail(rest_.empty() ? "a '}' is missing" : "here a name is expected");
            }
            literal value;
            if (!expect(':', "a ':' is expected after the name") || !read_value(value, depth + 1))
                return false;
            into.names.push_back(std::move(name));
            into.items.push_back(std::move(value));
            skip();
            if (!take(',') && peek() != '}')
                return fail("a ',' or a '}' is expected after a value");
        }
    }

    [[nodiscard]] bool read_list(literal& into, int depth) {
        into.kind = literal_kind::list;
        advance();
        for (;;) {
            skip();
            if (take(']'))
                return true;
            into.items.emplace_back();
            if (!read_value(into.items.back(), depth + 1))
                return false;
            skip();
            if (!take(',') && peek() != ']')
                return fail("a ',' or a ']' is expected after a value");
        }
    }

    [[nodiscard]] bool read_text(literal& into) {
        into.kind = literal_kind::text;
        const char quote = peek();
        advance();
        while (!rest_.empty() && rest_.front() != quote) {
            if (rest_.front() == '\n' && quote != '`')
                return fail("the text does not end in its line");
            if (quote == '`' && rest_.starts_with("${"))
                return fail("a value to compute: only plain values are read");
            if (rest_.front() != '\\') {
                into.text += rest_.front();
                advance();
            } else if (!read_escape(into.text)) {
                return false;
            }
        }
        return take(quote) || fail("the text does not end");
    }

    [[nodiscard]] bool read_escape(std::string& into) {
        constexpr std::string_view letters = "nrtbfv0";
        constexpr std::string_view meant("\n\r\t\b\f\v\0", 7);
        advance();
        const char c = peek();
        if (rest_.empty())
            return fail("the text does not end");
        advance();
        if (c == 'x')
            return read_character(into, 2);
        if (c == 'u')
            return read_character(into, 4);
        if (c == '\n')
            return true; // the line goes on
        const auto at = letters.find(c);
        into += at == letters.npos ? c : meant[at];
        return true;
    }

    /// A character by its number, as UTF-8; halves of a pair are not put together.
    [[nodiscard]] bool read_character(std::string& into, std::size_t digits) {
        unsigned code = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const unsigned digit = rest_.empty() ? 16 : hexadecimal_value(rest_.front());
            if (digit == 16)
                return fail("an escape lacks its digits");
            code = code * 16 + digit;
            advance();
        }
        const auto put = [&](unsigned byte) { into += static_cast<char>(byte); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xc0U | code >> 6U);
            put(0x80U | (code & 0x3fU));
        } else if (code >= 0xd800 && code < 0xe000) {
            return fail("half a character: write it as it is");
        } else {
            put(0xe0U | code >> 12U);
            put(0x80U | (code >> 6U & 0x3fU));
            put(0x80U | (code & 0x3fU));
        }
        return true;
    }

    /// A run of what names and numbers are made of.
    [[nodiscard]] std::string word() {
        std::string made;
        while (!rest_.empty()) {
            const char c = rest_.front();
            const bool sign = (c == '+' || c == '-') &&
                              (made.empty() || made.back() == 'e' || made.back() == 'E');
            const bool part = is_letter(c) || is_digit(c) || c == '_' || c == '$' || c == '.' ||
                              static_cast<unsigned char>(c) >= 0x80;
            if (!sign && !part)
                break;
            made += c;
            advance();
        }
        return made;
    }

    [[nodiscard]] bool read_word(literal& into) {
        into.text = word();
        if (into.text == "true" || into.text == "false") {
            into.kind = literal_kind::boolean;
            into.truth = into.text == "true";
            return true;
        }
        if (into.text == "null" || into.text == "undefined")
            return true;
        if (into.text.empty())
            return fail(rest_.empty() ? "a value is missing at the end"
                                      : "here a value is expected");
        const auto number = parse_javascript_number(into.text);
        if (!number)
            return fail("'" + into.text + "' is no plain value: nothing is evaluated");
        into.kind = literal_kind::number;
        into.number = *number;
        return true;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    config_error error_{};
};

} // namespace detail

/// Reads one object, list or plain value: names with and without quotes, texts in either kind of
/// quotes, numbers as JavaScript writes them, comments, a comma behind the last; parentheses around
/// it all and semicolons behind. What would have to be evaluated is an error.
///
/// Cost     O(size), allocates; nesting beyond 32 is refused.
/// Threads  pure.
/// Source   the config files of Etsy's statsd, which are given to eval() there.
[[nodiscard]] inline parsed_literal parse_object_literal(std::string_view text) {
    return detail::literal_reader(text).read();
}

} // namespace quipu

// quipu/server/profile.hpp

// Profiles: dialect, cells and schema bound together, so that the whole equals one existing server.

namespace quipu {

namespace profile {

/// quipu's own: the native dialect; idle series do not report, gauges stay.
struct quipu {
    static constexpr std::string_view name = "quipu";
    using dialect_type = dialect::quipu;
    using store_traits = ::quipu::store_traits;
    using schema_type = native_schema;
    using schema_options = native_schema_options;
    /// A key/value without a time gets the time when it came, not that of the flush.
    static constexpr bool stamps_on_receipt = false;
    /// statsite's binary records are taken wherever a line may begin.
    static constexpr bool takes_binary = false;
    /// The server's own counters are part of each flush, as in Etsy's statsd.
    static constexpr bool counts_itself = false;
    /// Graphite gets a connection of its own for each flush.
    static constexpr bool connects_for_each_flush = false;
};

/// Etsy's statsd: nothing that was once seen is forgotten, unless its settings say so.
struct etsy {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<exact, timer_weighting::count_only>;
        using counter_retention = retention::adjustable;
        using timer_retention = retention::adjustable;
        using gauge_retention = retention::adjustable;
        using unique_retention = retention::adjustable;
    };

    static constexpr std::string_view name = "etsy";
    using dialect_type = dialect::etsy;
    using schema_type = etsy_schema;
    using schema_options = etsy_schema_options;
    static constexpr bool stamps_on_receipt = false;
    static constexpr bool takes_binary = false;
    static constexpr bool counts_itself = true;
    static constexpr bool connects_for_each_flush = true;
};

/// Etsy's statsd with `keyNameSanitize: false`.
struct etsy_verbatim : etsy {
    using dialect_type = dialect::etsy_verbatim;
};

/// The Python statsite: every interval begins with nothing.
struct kiip {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<exact>;
    };

    static constexpr std::string_view name = "kiip";
    using dialect_type = dialect::kiip;
    using schema_type = kiip_schema;
    using schema_options = kiip_schema_options;
    static constexpr bool stamps_on_receipt = true;
    static constexpr bool takes_binary = false;
    static constexpr bool counts_itself = false;
    static constexpr bool connects_for_each_flush = false;
};

/// statsite, the one in C: every interval begins with nothing, gauges too.
struct statsite {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<arrivals, timer_weighting::count_only>;
        using gauge = interval_gauge;
        using unique = basic_unique<statsite_set>;
        using gauge_retention = retention::each_interval;
    };

    static constexpr std::string_view name = "statsite";
    using dialect_type = dialect::statsite;
    using schema_type = statsite_schema;
    using schema_options = statsite_schema_options;
    static constexpr bool stamps_on_receipt = false;
    static constexpr bool takes_binary = true;
    static constexpr bool counts_itself = false;
    static constexpr bool connects_for_each_flush = false;
};

} // namespace profile

/// Binds what a server needs to know at compile time.
/// Requires  the types and constants of `profile::quipu`.
/// Provided  profile::quipu (default), etsy, etsy_verbatim, kiip, statsite.   Chosen at  basic_intake, basic_pipeline.
template <class P>
concept server_profile = requires {
    { P::name } -> std::convertible_to<std::string_view>;
    { P::stamps_on_receipt } -> std::convertible_to<bool>;
    { P::takes_binary } -> std::convertible_to<bool>;
    { P::counts_itself } -> std::convertible_to<bool>;
    { P::connects_for_each_flush } -> std::convertible_to<bool>;
    typename P::schema_options;
    requires wire_dialect<typename P::dialect_type>;
    requires schema_for<typename P::schema_type, typename P::store_traits>;
};

static_assert(server_profile<profile::quipu>);
static_assert(server_profile<profile::etsy>);
static_assert(server_profile<profile::etsy_verbatim>);
static_assert(server_profile<profile::kiip>);
static_assert(server_profile<profile::statsite>);

} // namespace quipu

// quipu/server/pipeline.hpp

// From the shards of the receiving threads to snapshots: the flusher's half of a server.

namespace quipu {

/// Merges what the receiving threads handed over, keeps what lasts beyond an interval, and makes
/// the snapshot of each flush. It does no input or output and holds no clock.
///
/// Threads  one thread, the flusher's.
template <server_profile Profile = profile::quipu>
class basic_pipeline {
public:
    using store_traits = typename Profile::store_traits;
    using snapshot_type = basic_snapshot<store_traits>;
    using input = interval_input<store_traits>;

    /// `own_prefix` is the node of the server's own counters, if the profile has them.
    explicit basic_pipeline(std::uint64_t seed = 0,
                            std::string own_prefix = "statsd",
                            basic_retentions<store_traits> keep = {})
        : store_(seed), keep_(keep), own_prefix_(std::move(own_prefix)) {
        if constexpr (Profile::counts_itself)
            count_itself({});
    }

    /// From the next flush on.
    void set_retentions(const basic_retentions<store_traits>& keep) { keep_ = keep; }

    /// Counts the lines that were taken as a counter of that name, as statsite's `input_counter`
    /// does; an empty name: not.
    void count_lines_as(std::string name) { input_counter_ = std::move(name); }

    /// Adds the input of one thread and empties it; its series stay known to the thread for a
    /// while, so that they cost no allocation when they come again.
    void take(input& from) {
        if constexpr (Profile::counts_itself)
            count_itself(from.counts);
        count_lines(from.counts);
        counts_.merge(from.counts);
        const auto refused = store_.merge(from.store);
        counts_.refused[static_cast<std::size_t>(errc::series_limit)] += refused;
        from.store.reset(known_intervals_max);
        from.counts = {};
        if (!from.keys.empty()) {
            keys_.merge(from.keys);
            from.keys.clear();
        }
    }

    /// Makes the snapshot of the interval that ends now and begins the next.
    ///
    /// Units    `timestamp` in Unix seconds.
    /// Cost     O(size of the cells), see collect.
    [[nodiscard]] snapshot_type flush(std::int64_t timestamp, double interval_seconds) {
        if constexpr (Profile::counts_itself) {
            if (last_timestamp_ != 0) {
                const auto since = static_cast<double>(timestamp - last_timestamp_);
                apply_own(".timestamp_lag", metric_kind::gauge, since - interval_seconds);
            }
            last_timestamp_ = timestamp;
        }
        return collect(store_, timestamp, interval_seconds, keep_);
    }

    /// What came in since `take_counts` was last called.
    [[nodiscard]] const intake_counts& counts() const noexcept { return counts_; }
    /// The same, and begins to count anew.
    [[nodiscard]] intake_counts take_counts() noexcept { return std::exchange(counts_, {}); }

    /// The keys that were counted since this was last called; see basic_intake::count_keys.
    [[nodiscard]] key_counts take_keys() { return std::exchange(keys_, {}); }

    [[nodiscard]] const basic_store<store_traits>& store() const noexcept { return store_; }
    [[nodiscard]] basic_store<store_traits>& store() noexcept { return store_; }

private:
    /// Idle intervals after which a receiving thread forgets a series.
    static constexpr std::uint32_t known_intervals_max = 8;

    void count_lines(const intake_counts& counts) {
        const auto refused = counts.refused_in_all();
        if (input_counter_.empty() || counts.lines <= refused)
            return;
        apply(input_counter_, metric_kind::counter, static_cast<double>(counts.lines - refused));
    }

    void count_itself(const intake_counts& counts) {
        apply_own(
            ".bad_lines_seen", metric_kind::counter, static_cast<double>(counts.refused_in_all()));
        apply_own(".packets_received", metric_kind::counter, static_cast<double>(counts.packets));
        apply_own(".metrics_received", metric_kind::counter, static_cast<double>(counts.lines));
    }

    void apply_own(std::string_view tail, metric_kind kind, double value) {
        apply(own_prefix_ + std::string(tail), kind, value);
    }

    void apply(std::string_view name, metric_kind kind, double value) {
        sample own;
        own.series = {kind, {}, {}};
        own.value = value;
        static_cast<void>(store_.apply(name, own));
    }

    basic_store<store_traits> store_;
    basic_retentions<store_traits> keep_;
    std::string own_prefix_;
    std::string input_counter_{};
    intake_counts counts_{};
    key_counts keys_{};
    std::int64_t last_timestamp_ = 0;
};

using pipeline = basic_pipeline<>;

} // namespace quipu

// quipu/server/sink_worker.hpp

// A sink with a queue and a thread of its own, so that it delays nobody.

namespace quipu {

/// The bounds of a sink worker.
struct sink_worker_options {
    /// Snapshots that wait while a backend is down; beyond it the oldest is dropped, counted and
    /// logged.
    std::size_t snapshots_max = 64;
    /// The pause after a failed write: doubled after each, up to the second.
    std::chrono::milliseconds pause_first{250};
    std::chrono::milliseconds pause_max{15'000};
    /// Change for a sink that takes nothing twice: a flush that fails is dropped then, counted and
    /// logged.
    bool tries_again = true;
};

/// How a sink does. Times in Unix seconds, 0 for never.
struct sink_report {
    std::int64_t last_success = 0;
    std::int64_t last_failure = 0;
    double write_milliseconds = 0; ///< of the last success
    std::size_t waiting = 0;       ///< snapshots in the queue
    std::uint64_t dropped = 0;     ///< snapshots, since the beginning
    errc error = errc::ok;         ///< of the last try
};

/// Hands snapshots to one sink, in order, on a thread of its own. A write that fails is tried again
/// after a pause; meanwhile snapshots wait in a bounded queue. The first failure and the recovery
/// are logged, not each try.
///
/// Threads  `push` and `finish` from one thread.
template <class Snapshot>
class sink_worker {
public:
    using write_function = std::function<errc(const Snapshot&)>;

    /// `name` is for the log; `write` is called on the worker's thread only.
    sink_worker(std::string name,
                write_function write,
                const log& messages,
                sink_worker_options options = {})
        : state_(std::make_shared<state>(std::move(name), std::move(write), messages, options)),
          thread_([shared = state_] { shared->run(); }) {}

    sink_worker(const sink_worker&) = delete;
    sink_worker& operator=(const sink_worker&) = delete;
    ~sink_worker() { finish(std::chrono::milliseconds(0)); }

    /// Queues a snapshot; an empty one only if none waits, so that it takes the place of none.
    void push(std::shared_ptr<const Snapshot> one) { state_->push(std::move(one)); }

    /// Announces the end: what waits is tried more often from now on, for `patience` at most.
    /// Returns at once, so that several sinks can use the same time; the first call sets the end.
    void end_within(std::chrono::milliseconds patience) { state_->end_within(patience); }

    /// Tries to write all that waits and ends the thread. What a sink has not taken after
    /// `patience`, or that of `end_within`, is dropped, counted and logged; a write that hangs is
    /// left behind.
    void finish(std::chrono::milliseconds patience) {
        if (!thread_.joinable())
            return;
        state_->end_within(patience);
        if (state_->await_end()) {
            thread_.join();
        } else {
            thread_.detach(); // it owns a share of the state
        }
    }

    /// How many snapshots were dropped.
    [[nodiscard]] std::uint64_t dropped() const { return state_->report().dropped; }

    [[nodiscard]] sink_report report() const { return state_->report(); }
    [[nodiscard]] const std::string& name() const noexcept { return state_->name(); }

private:
    using clock = std::chrono::steady_clock;

    class state {
    public:
        state(std::string name,
              write_function write,
              const log& messages,
              sink_worker_options options)
            : name_(std::move(name)), write_(std::move(write)), log_(messages), options_(options) {
            QUIPU_ASSERT(options.snapshots_max > 0);
        }

        void push(std::shared_ptr<const Snapshot> one) {
            const std::lock_guard hold(mutex_);
            if (one->size() == 0 && !queue_.empty())
                return;
            if (queue_.size() == options_.snapshots_max) {
                queue_.pop_front();
                // One in the middle of its write is lost only if that fails.
                if (writing_ && !front_left_) {
                    front_left_ = true;
                } else {
                    count_dropped();
                }
            }
            queue_.push_back(std::move(one));
            changed_.notify_all();
        }

        void end_within(std::chrono::milliseconds patience) {
            const std::lock_guard hold(mutex_);
            if (finishing_)
                return;
            end_ = clock::now() + patience;
            finishing_ = true;
            changed_.notify_all();
        }

        /// False if a write hangs; else the thread has ended or does so at once.
        [[nodiscard]] bool await_end() {
            std::unique_lock hold(mutex_);
            if (changed_.wait_until(hold, end_, [&] { return ended_; }))
                return true;
            give_up();
            changed_.notify_all();
            return !writing_;
        }

        [[nodiscard]] sink_report report() const {
            const std::lock_guard hold(mutex_);
            sink_report now = report_;
            now.waiting = queue_.size();
            now.dropped = dropped_;
            return now;
        }

        [[nodiscard]] const std::string& name() const noexcept { return name_; }

        void run() {
            std::unique_lock hold(mutex_);
            auto pause = options_.pause_first;
            for (;;) {
                changed_.wait(hold, [&] { return !queue_.empty() || finishing_; });
                if (queue_.empty() || given_up_)
                    break;
                const auto one = queue_.front();
                writing_ = true;
                hold.unlock();
                const auto start = clock::now();
                const errc error = write_(*one);
                const std::chrono::duration<double, std::milli> took = clock::now() - start;
                hold.lock();
                writing_ = false;
                note(error, took.count());
                const bool left = std::exchange(front_left_, false);
                if (error == errc::ok) {
                    if (!left && !given_up_)
                        queue_.pop_front();
                    report_recovery();
                    pause = options_.pause_first;
                    continue;
                }
                if (!options_.tries_again) {
                    lose(error, left);
                    continue;
                }
                report_failure(error);
                if (left)
                    count_dropped();
                if (finishing_)
                    pause = std::min(pause, options_.pause_first);
                const auto until = clock::now() + pause;
                if (finishing_ && until >= end_)
                    break;
                const bool was_finishing = finishing_;
                changed_.wait_until(
                    hold, until, [&] { return given_up_ || finishing_ != was_finishing; });
                pause = std::min(pause * 2, options_.pause_max);
            }
            if (!given_up_)
                give_up();
            ended_ = true;
            changed_.notify_all();
        }

    private:
        void note(errc error, double milliseconds) {
            report_.error = error;
            if (error != errc::ok) {
                report_.last_failure = std::time(nullptr);
            } else {
                report_.last_success = std::time(nullptr);
                report_.write_milliseconds = milliseconds;
            }
        }

        void report_failure(errc error) {
            if (failing_)
                return;
            failing_ = true;
            log_.error(name_ + ": " + std::string(message(error)) +
                       "; flushes wait until it can be reached");
        }

        void lose(errc error, bool left) {
            if (left || !given_up_) // else `give_up` has counted it
                ++dropped_;
            if (!left && !given_up_)
                queue_.pop_front();
            log_.error(name_ + ": " + std::string(message(error)) + "; the flush is lost");
        }

        void report_recovery() {
            if (!failing_)
                return;
            failing_ = false;
            log_.info(name_ +
                      ": reached again; flushes still waiting: " + std::to_string(queue_.size()));
        }

        void count_dropped() {
            ++dropped_;
            log_.error(name_ + ": dropped the oldest of " + std::to_string(options_.snapshots_max) +
                       " waiting flushes");
        }

        void give_up() {
            given_up_ = true;
            if (queue_.empty())
                return;
            dropped_ += queue_.size();
            log_.error(name_ + ": flushes that could not be sent before the end: " +
                       std::to_string(queue_.size()));
            queue_.clear();
        }

        const std::string name_;
        const write_function write_;
        const log log_;
        const sink_worker_options options_;

        mutable std::mutex mutex_{};
        std::condition_variable changed_{};
        std::deque<std::shared_ptr<const Snapshot>> queue_{};
        clock::time_point end_{};
        sink_report report_{}; // but for what is counted beside it
        std::uint64_t dropped_ = 0;
        bool writing_ = false;    // the front one, at the moment
        bool front_left_ = false; // the one that is being written is no longer in the queue
        bool failing_ = false;
        bool finishing_ = false;
        bool given_up_ = false;
        bool ended_ = false;
    };

    std::shared_ptr<state> state_;
    std::thread thread_;
};

} // namespace quipu

// quipu/server/server.hpp

// A whole server: sockets, the flush clock, the pipeline and the sinks, each at its place.

namespace quipu {

/// What a server can be told.
struct server_options {
    flush_schedule schedule{};
    listener_options listeners{};
    sink_worker_options sinks{};
    /// The node of the server's own counters, if the profile has them.
    std::string own_prefix = "statsd";
    /// A counter of that name counts the lines that are taken; empty: none.
    std::string input_counter{};
    /// The seed of the tables' hash; choose it at random.
    std::uint64_t hash_seed = 0;
    /// What the admin command `config` tells: lines `key: value`.
    std::string config{};
    /// End with the first flush.
    bool once = false;
    /// How long the sinks may take for what is left at the end.
    std::chrono::milliseconds patience{1500};
};

/// Receives, aggregates, flushes. Bind with `listen`, add sinks, and `run`.
///
/// Threads  one thread calls everything but `stop`, which any thread or signal handler may call.
///          `run` adds one thread for the input and one for each sink, and ends them.
template <server_profile Profile = profile::quipu>
class basic_server {
public:
    using snapshot_type = basic_snapshot<typename Profile::store_traits>;
    using write_function = typename sink_worker<snapshot_type>::write_function;

    using retentions = basic_retentions<typename Profile::store_traits>;

    explicit basic_server(const log& messages, server_options options = {}, retentions keep = {})
        : options_(std::move(options)), log_(messages), intake_(options_.hash_seed),
          pipeline_(options_.hash_seed, options_.own_prefix, keep),
          listeners_(intake_, log_, options_.listeners), loop_(event_loop::open()),
          waker_(waker::open()) {
        pipeline_.count_lines_as(options_.input_counter);
    }

    /// Whether the system gave what is needed before anything can listen.
    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] errc ready() {
        if (!loop_)
            return loop_.error();
        if (!waker_)
            return waker_.error();
        const errc error = loop_->add(waker_->fd(), waker_token);
        return error == errc::ok ? listeners_.ready() : error;
    }

    /// Binds every address that the host of `at` has here.
    /// Errors   address_in_use, permission_denied, name_unresolved, and the like.
    [[nodiscard]] errc listen(const endpoint& at) { return listeners_.listen(at); }

    /// Binds a path of this machine; see basic_listeners.
    /// Errors   those of unix_listener.
    [[nodiscard]] errc listen_unix(const std::string& path,
                                   unix_kind kind,
                                   std::optional<unsigned> mode = std::nullopt) {
        return listeners_.listen_unix(path, kind, mode);
    }

    /// Takes over the sockets that this program was started with, as by systemd.
    /// Errors   address_unavailable: there is none.
    [[nodiscard]] errc listen_inherited() { return listeners_.listen_inherited(); }

    /// Reads a descriptor, standard input as a rule. If nothing else listens, its end is that of
    /// `run`, unless the server is to go on.
    /// Errors   those of event_loop.
    [[nodiscard]] errc listen_file(int fd = 0, bool goes_on = false) {
        return listeners_.listen_file(
            fd, goes_on ? std::function<void()>() : [this] { stop(); });
    }

    /// The addresses that are bound, as `udp://127.0.0.1:8125`, with the ports that the system
    /// chose.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept {
        return listeners_.bound();
    }

    /// Answers the commands of `admin_commands` at every address that the host has here.
    /// Errors   as `listen`.
    [[nodiscard]] errc listen_admin(const host_port& at) {
        return converse(at, admin_commands<basic_server>(*this));
    }

    /// Says `YES` to whoever connects, for monitors that ask whether the server lives, as the Python
    /// statsite does.
    /// Errors   as `listen`.
    [[nodiscard]] errc listen_aliveness(const host_port& at) {
        return converse(at, [](conversation& with) {
            with.output = "YES";
            with.ends = true;
        });
    }

    /// The addresses of the latter two, in the order in which they were bound.
    [[nodiscard]] std::vector<address> admin_addresses() const {
        return conversations_.local_addresses();
    }

    /// Adds a sink; `write` is called on a thread of its own. `name` is for the log.
    void add_sink(std::string name, write_function write) {
        add_sink(std::move(name), std::move(write), options_.sinks);
    }
    void add_sink(std::string name, write_function write, const sink_worker_options& bounds) {
        sinks_.push_back(std::make_unique<sink_worker<snapshot_type>>(
            std::move(name), std::move(write), log_, bounds));
    }

    /// Counts the keys of what comes, and tells them each `interval_ms` and at the end; `write` is
    /// called on a thread of its own. Without a call nothing is counted. Before `run`.
    void report_keys(std::int64_t interval_ms,
                     typename sink_worker<key_report>::write_function write) {
        QUIPU_ASSERT(interval_ms > 0);
        intake_.count_keys();
        keys_interval_ms_ = interval_ms;
        sink_worker_options bounds;
        bounds.tries_again = false; // a part may have been written
        keys_sink_ =
            std::make_unique<sink_worker<key_report>>("key report", std::move(write), log_, bounds);
    }

    /// Serves until `stop`; then flushes what has come by then, and returns within the patience of
    /// the options and a moment.
    void run() {
        start_ = std::time(nullptr);
        std::thread input([this] { listeners_.run(); });
        flushed_ms_ = now_ms();
        clock_.emplace(options_.schedule, flushed_ms_);
        keys_due_ms_ = flushed_ms_ + keys_interval_ms_;
        bool ticked = false;
        for (;;) {
            const auto wait_ms = wait_until_due(now_ms());
            bool woken = false;
            static_cast<void>(loop_->wait(static_cast<int>(wait_ms), [&](std::uint64_t token) {
                if (token == waker_token)
                    woken = true;
                else
                    conversations_.take(*loop_, token, now_ms());
            }));
            if (woken) {
                waker_->clear();
                if (stop_asked_.load(std::memory_order_acquire))
                    break;
                if (interrupted_.exchange(false, std::memory_order_acq_rel) && on_interrupt_)
                    on_interrupt_();
            }
            const auto now = now_ms();
            conversations_.close_idle(*loop_, now);
            if (keys_sink_ && now >= keys_due_ms_) {
                take(intake_.shard());
                push_keys(now);
            }
            if (now < clock_->next_ms())
                continue;
            if (options_.once)
                break;
            const auto missed = clock_->missed();
            const auto due = clock_->tick(now);
            flush(due, clock_->missed() - missed + 1, [&](auto& shard) { take(shard); });
            ticked = true;
        }
        listeners_.stop();
        input.join();
        // The rest of an interval belongs to the interval's end: stamped earlier, it would take the
        // place of the flush before where a backend keeps one value for each interval.
        flush(ticked ? clock_->next_ms() : now_ms(), 1, [&](auto& shard) {
            shard.end();
            for (int side = 0; side < 2; ++side)
                pipeline_.take(shard.retire([] {}));
        });
        if (keys_sink_) {
            push_keys(now_ms());
            keys_sink_->end_within(options_.patience);
        }
        // All use the same time: one that hangs leaves it to the others.
        for (auto& sink : sinks_)
            sink->end_within(options_.patience);
        for (auto& sink : sinks_)
            sink->finish(options_.patience);
        if (keys_sink_)
            keys_sink_->finish(options_.patience);
    }

    /// Brings `run` to its end. Async-signal-safe.
    void stop() noexcept {
        stop_asked_.store(true, std::memory_order_release);
        waker_->wake();
    }

    /// Lets the thread of `run` call what `on_interrupt` was given. Async-signal-safe.
    void interrupt() noexcept {
        interrupted_.store(true, std::memory_order_release);
        waker_->wake();
    }
    /// Before `run`.
    void on_interrupt(std::function<void()> then) { on_interrupt_ = std::move(then); }

    // On the thread of `run`, or before:

    /// The interval that is under way ends as the new schedule says.
    void set_schedule(const flush_schedule& schedule) {
        options_.schedule = schedule;
        if (!clock_)
            return;
        clock_.emplace(schedule, now_ms());
        rescheduled_ = true;
    }
    void set_retentions(const retentions& keep) { pipeline_.set_retentions(keep); }

    // What the admin commands are about; on the thread of `run`.

    /// The series, with all that came so far.
    [[nodiscard]] auto& store() {
        take(intake_.shard());
        return pipeline_.store();
    }

    /// The numbers of Etsy's `stats`: seconds since the start, since something came, and, for each
    /// sink, since its last success and failure.
    [[nodiscard]] std::vector<admin_statistic> statistics() {
        take(intake_.shard());
        intake_counts all = counts_;
        all.merge(pipeline_.counts());
        const std::int64_t now = std::time(nullptr);
        const auto since = [now](std::int64_t then) { return static_cast<double>(now - then); };
        std::vector<admin_statistic> told{
            {"uptime", since(start_)},
            {"messages.last_msg_seen", since(all.last_seen != 0 ? all.last_seen : start_)},
            {"messages.bad_lines_seen", static_cast<double>(all.refused_in_all())}};
        for (const auto& one : sinks_) {
            const auto report = one->report();
            const auto name = one->name().substr(0, one->name().find(':')) + '.';
            const auto or_start = [&](std::int64_t then) {
                return since(then != 0 ? then : start_);
            };
            told.push_back({name + "last_flush", or_start(report.last_success)});
            told.push_back({name + "last_exception", or_start(report.last_failure)});
            told.push_back({name + "flush_time", std::floor(report.write_milliseconds)});
            told.push_back({name + "waiting", static_cast<double>(report.waiting)});
            told.push_back({name + "dropped", static_cast<double>(report.dropped)});
        }
        return told;
    }

    [[nodiscard]] std::string_view config() const noexcept { return options_.config; }
    [[nodiscard]] bool& healthy() noexcept { return healthy_; }

private:
    static constexpr std::uint64_t waker_token = 0;

    [[nodiscard]] errc converse(const host_port& at, const converse_function& service) {
        const auto addresses = resolve(at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            const errc error = conversations_.listen(*loop_, one, service);
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    [[nodiscard]] std::int64_t wait_until_due(std::int64_t now) {
        const std::int64_t flush_ms = clock_->wait_ms(now);
        if (!keys_sink_)
            return flush_ms;
        keys_due_ms_ = std::min(keys_due_ms_, now + keys_interval_ms_); // the clock was set back
        return std::min(flush_ms, std::max<std::int64_t>(keys_due_ms_ - now, 0));
    }

    void push_keys(std::int64_t now) {
        keys_due_ms_ += keys_interval_ms_;
        if (keys_due_ms_ <= now) // what was missed is in this one
            keys_due_ms_ = now + keys_interval_ms_;
        key_report report{(now + 500) / 1000, pipeline_.take_keys()};
        if (report.keys.left_out() > 0) {
            log_.warning("key report: " + std::to_string(report.keys.left_out()) +
                         " lines are not in it: there are more than " +
                         std::to_string(report.keys.size()) + " keys");
        }
        keys_sink_->push(std::make_shared<const key_report>(std::move(report)));
    }

    /// Brings what came so far into the store that lasts.
    void take(shard<typename basic_intake<Profile>::input>& from) {
        pipeline_.take(from.retire([&] { listeners_.wake(); }));
    }

    [[nodiscard]] static std::int64_t now_ms() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }

    /// Flushes what came in so many intervals: more than one if ticks were missed.
    template <class TakeShard>
    void flush(std::int64_t at_ms, std::uint64_t intervals, TakeShard&& take_shard) {
        const auto start = std::chrono::steady_clock::now();
        take_shard(intake_.shard());
        // One that began under another schedule has its own length.
        const auto interval_ms =
            std::exchange(rescheduled_, false) && at_ms > flushed_ms_
                ? at_ms - flushed_ms_
                : options_.schedule.interval_ms * static_cast<std::int64_t>(intervals);
        flushed_ms_ = at_ms;
        const double interval_seconds = static_cast<double>(interval_ms) / 1000;
        auto one = pipeline_.flush((at_ms + 500) / 1000, interval_seconds);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - start;
        one.processing_milliseconds = static_cast<double>(static_cast<std::int64_t>(took.count()));
        const auto shared = std::make_shared<const snapshot_type>(std::move(one));
        for (auto& sink : sinks_)
            sink->push(shared);
        const auto counts = pipeline_.take_counts();
        counts_.merge(counts);
        log_losses(counts);
        if (intervals > 1) {
            log_.warning("the clock or this machine skipped " + std::to_string(intervals - 1) +
                         " flushes; the last one has what came meanwhile");
        }
    }

    /// Says what of the interval's input was not taken, and why.
    void log_losses(const intake_counts& counts) const {
        std::string causes;
        for (std::size_t cause = 0; cause < errc_count; ++cause) {
            if (counts.refused[cause] == 0)
                continue;
            causes += causes.empty() ? ": " : ", ";
            causes += std::to_string(counts.refused[cause]) + " × " +
                      std::string(message(static_cast<errc>(cause)));
        }
        if (!causes.empty()) {
            log_.warning("refused in this interval, of " + std::to_string(counts.lines) + " lines" +
                         causes);
        }
        if (counts.dropped > 0) {
            log_.warning("lost in this interval: " + std::to_string(counts.dropped) +
                         " datagrams: the system's buffer was full, or they were too long");
        }
        if (counts.tags_dropped > 0) {
            log_.warning("left out in this interval: " + std::to_string(counts.tags_dropped) +
                         " tags in names, without a key or a value");
        }
    }

    server_options options_;
    const log log_;
    basic_intake<Profile> intake_;
    basic_pipeline<Profile> pipeline_;
    basic_listeners<Profile> listeners_;
    result<event_loop> loop_;
    result<waker> waker_;
    std::atomic<bool> stop_asked_{false};
    std::atomic<bool> interrupted_{false};
    std::function<void()> on_interrupt_{};
    std::optional<flush_clock> clock_{};
    conversations conversations_{waker_token + 1};
    intake_counts counts_{}; // up to the last flush
    std::int64_t start_ = 0;
    bool healthy_ = true;
    std::int64_t flushed_ms_ = 0; // when the interval began
    bool rescheduled_ = false;    // since then
    std::vector<std::unique_ptr<sink_worker<snapshot_type>>> sinks_{};
    std::unique_ptr<sink_worker<key_report>> keys_sink_{}; // if they are counted
    std::int64_t keys_interval_ms_ = 0;
    std::int64_t keys_due_ms_ = 0;
};

using server = basic_server<>;

} // namespace quipu

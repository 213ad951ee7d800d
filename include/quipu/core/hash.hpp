// Hashes of bytes: seeded, of 64 bits, and the same at compile time, at run time and everywhere.
#pragma once

#include <quipu/core/little_endian.hpp>
#include <quipu/core/wide_product.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

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

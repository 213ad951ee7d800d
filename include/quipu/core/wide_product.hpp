// The 128-bit product of two 64-bit numbers, on every compiler and at compile time.
#pragma once

#include <cstdint>

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

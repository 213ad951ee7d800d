// Powers of ten as 128-bit significands: what exact conversion between decimal and binary needs.
#pragma once

#include <quipu/core/wide_product.hpp>

#include <bit>
#include <cstdint>

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

// Doubles to text with a given number of decimals, exactly.
#pragma once

#include <quipu/core/big_integer.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/nearest_double.hpp>
#include <quipu/core/power_of_ten.hpp>
#include <quipu/core/wide_product.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

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

// A bounded unsigned integer, large enough to decide every rounding between decimal and binary.
#pragma once

#include <quipu/core/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

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

// Numbers from and to bytes in little-endian order, on every machine and at compile time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

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

// How a table hashes and compares names: seeded, and without a branch for names of usual lengths.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/wide_product.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

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

#if defined(__SSE2__)
[[nodiscard]] inline __m128i load_16(const char* at) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
#endif

/// Whether the first `size` bytes of two texts are equal; `kept` has zeros from there to
/// `Capacity`, which is a multiple of 16, and behind `name` as many can be read.
template <std::size_t Capacity>
[[nodiscard]] inline bool
equal_short_names(const char* kept, const char* name, std::size_t size) noexcept {
    static_assert(Capacity % 16 == 0 && Capacity <= short_name_bytes);
#if defined(__SSE2__)
    __m128i equal = _mm_set1_epi8('\xff');
    for (std::size_t i = 0; i < Capacity; i += 16) {
        const __m128i masked = _mm_and_si128(load_16(name + i), load_16(masks.keeping(size) + i));
        equal = _mm_and_si128(equal, _mm_cmpeq_epi8(masked, load_16(kept + i)));
    }
    return _mm_movemask_epi8(equal) == 0xffff;
#else
    return std::memcmp(kept, name, size) == 0;
#endif
}

/// Whether two texts of `size` bytes, 16 at least, are equal: a call of memcmp costs more.
[[nodiscard]] inline bool
equal_long_names(const char* kept, const char* name, std::size_t size) noexcept {
    QUIPU_ASSERT(size >= 16);
#if defined(__SSE2__)
    const std::size_t last = size - 16; // may overlap the sixteen before
    __m128i equal = _mm_cmpeq_epi8(load_16(kept + last), load_16(name + last));
    for (std::size_t i = 0; i < last; i += 16)
        equal = _mm_and_si128(equal, _mm_cmpeq_epi8(load_16(kept + i), load_16(name + i)));
    return _mm_movemask_epi8(equal) == 0xffff;
#else
    return std::memcmp(kept, name, size) == 0;
#endif
}

} // namespace quipu::detail

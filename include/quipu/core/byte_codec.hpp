// Numbers and texts to bytes and back, in a form that stays the same: what checkpoints, spools and
// serialised sketches are made of.
#pragma once

#include <quipu/core/little_endian.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

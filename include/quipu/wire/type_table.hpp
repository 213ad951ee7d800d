// What the types of a dialect's lines stand for, in a table.
#pragma once

#include <quipu/wire/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

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

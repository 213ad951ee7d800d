// Names as literals, checked by the compiler: `quipu::static_name<"api.hits">`.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>

#include <cstddef>
#include <string_view>

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

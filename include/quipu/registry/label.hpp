// Labels, and the text of a series that has some.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/series.hpp>

#include <cstddef>
#include <string_view>

namespace quipu {

/// A key and a value that tell series of one name apart: a tag. Owns nothing.
struct label {
    std::string_view key{};
    std::string_view value{};

    friend constexpr bool operator==(const label&, const label&) = default;
};

namespace detail {

/// Builds the canonical text of a series from a name, perhaps with tags, and labels.
class series_text {
public:
    /// Returns  a view into the name or into this, valid until the next call.
    /// Errors   those of a name in the native dialect; too_many_tags, line_too_long.
    [[nodiscard]] result<std::string_view>
    of(std::string_view name, const label* labels, std::size_t count) noexcept {
        if (const auto error = dialect::quipu::check_name(name); error != errc::ok)
            return error;
        if (count == 0)
            return canonical_.name({.name = name});
        if (name.size() > sizeof text_)
            return errc::line_too_long;
        size_ = 0;
        append(name);
        for (std::size_t i = 0; i < count; ++i) {
            const label& one = labels[i];
            if (one.key.empty() || one.value.empty())
                continue;
            if (sizeof text_ - size_ < one.key.size() + one.value.size() + 2)
                return errc::line_too_long;
            text_[size_++] = ';';
            append_part(one.key, true);
            text_[size_++] = '=';
            append_part(one.value, false);
        }
        return canonical_.name({.name = {text_, size_}});
    }

private:
    void append(std::string_view text) noexcept {
        for (const char c : text)
            text_[size_++] = c;
    }

    void append_part(std::string_view text, bool is_key) noexcept {
        for (const char c : text) {
            const bool marks = c == ';' || c == '|' || is_control(c) || (is_key && c == '=');
            text_[size_++] = marks ? '_' : c;
        }
    }

    char text_[native_line_bytes_max];
    std::size_t size_ = 0;
    canonical_buffer<> canonical_{};
};

} // namespace detail

} // namespace quipu

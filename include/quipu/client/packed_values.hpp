// Several values of one timer in one line: `name:1:2:3|ms`.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace quipu {

/// Whether the readers of a dialect take several values of one type in a line.
template <wire_dialect Dialect>
inline constexpr bool packs_values =
    Dialect::repeats == repetition::packed || Dialect::repeats == repetition::values;

/// Appends one line with as many values as there is room for, in the buffer and in a line of the
/// dialect.
///
/// Input    `like`: a timer with its first value. `more`: the others, at `value()` the next one until
///          `done()`; `advance()` is called for each that was taken.
/// Returns  how many values the line has; 1 where the dialect does not pack them.
/// Errors   those of `format` for the first one; nothing was appended then.
/// Cost     that of `format`, and of writing each further value.
template <wire_dialect Dialect, name_policy Names, class Values, std::size_t BytesMax>
[[nodiscard]] constexpr result<std::size_t>
format_packed(const sample& like, Values& more, basic_line_buffer<BytesMax>& out) noexcept {
    const std::size_t before = out.size();
    if (const errc error = format<Dialect, Names>(like, out); error != errc::ok)
        return error;
    std::size_t count = 1;
    if constexpr (packs_values<Dialect>) {
        const std::size_t values_end = out.view().find('|', before); // none is in a name
        basic_line_buffer<Dialect::line_bytes_max> rest;
        if (!rest.append(out.view().substr(values_end)))
            return count;
        const std::size_t room = std::min(BytesMax, before + Dialect::line_bytes_max) - rest.size();
        out.resize(values_end);
        while (count < Dialect::values_max && !more.done()) {
            const std::size_t last = out.size();
            const double value = more.value() == 0 ? 0 : more.value(); // not "-0"
            if (!out.append(":") || !detail::append_plain(value, out) || out.size() > room) {
                out.resize(last);
                break;
            }
            more.advance();
            ++count;
        }
        static_cast<void>(out.append(rest.view())); // the room was kept for it
    }
    return count;
}

} // namespace quipu

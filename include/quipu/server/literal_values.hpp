// Values of JavaScript as config files have them, and what its operators make of them.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/whole_number.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

enum class literal_kind : std::uint8_t { nothing, boolean, number, text, list, object };

/// A value of a literal.
struct literal {
    literal_kind kind = literal_kind::nothing; ///< null and undefined are nothing
    bool truth = false;                        ///< of a boolean
    double number = 0;                         ///< of a number
    /// Of a text, without quotes and escapes; of a number and a boolean, as it is written.
    std::string text{};
    std::vector<literal> items{};     ///< of a list, and the values of an object, in their order
    std::vector<std::string> names{}; ///< of an object: the name of each item
    std::size_t line = 0;             ///< where it begins, from 1

    /// The item of a name, or null; of several of one name the last counts.
    [[nodiscard]] const literal* find(std::string_view name) const noexcept {
        for (std::size_t i = names.size(); i > 0; --i) {
            if (names[i - 1] == name)
                return &items[i - 1];
        }
        return nullptr;
    }
};

/// What a config file may ask about where it is read.
struct literal_surroundings {
    /// The value of `process.env.NAME`; nothing if it is not set.
    std::function<std::optional<std::string>(std::string_view name)> environment{};
    /// What `require('os').hostname()` says.
    std::string hostname{};
};

namespace detail {

[[nodiscard]] inline literal literal_of(std::string text) {
    literal made;
    made.kind = literal_kind::text;
    made.text = std::move(text);
    return made;
}

[[nodiscard]] inline literal literal_of(bool truth) {
    literal made;
    made.kind = literal_kind::boolean;
    made.truth = truth;
    made.text = truth ? "true" : "false";
    return made;
}

[[nodiscard]] inline literal literal_of(double number) {
    literal made;
    made.kind = literal_kind::number;
    made.number = number;
    if (number - number == 0) {
        char text[layout::shortest::bytes_max];
        made.text.assign(text,
                         static_cast<std::size_t>(layout::shortest::write(text, number) - text));
    } else {
        made.text = number != number ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }
    return made;
}

/// What `if` takes for true.
[[nodiscard]] inline bool is_truthy(const literal& of) noexcept {
    switch (of.kind) {
    case literal_kind::nothing: return false;
    case literal_kind::boolean: return of.truth;
    case literal_kind::number: return of.number != 0 && of.number == of.number;
    case literal_kind::text: return !of.text.empty();
    case literal_kind::list:
    case literal_kind::object: break;
    }
    return true;
}

/// What `Number(x)` gives; NaN for what is none.
[[nodiscard]] inline double to_number(const literal& of) {
    switch (of.kind) {
    case literal_kind::boolean: return of.truth ? 1 : 0;
    case literal_kind::number: return of.number;
    case literal_kind::text: {
        const auto text = trim(of.text);
        if (text.empty())
            return 0;
        const auto number = parse_javascript_number(text);
        return number ? *number : std::numeric_limits<double>::quiet_NaN();
    }
    case literal_kind::nothing:
    case literal_kind::list:
    case literal_kind::object: break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

/// What `parseInt(x, radix)` gives: the digits that a text begins with. Radix 0: 16 behind `0x`, else 10.
[[nodiscard]] inline double to_integer(const literal& of, unsigned radix) {
    std::string_view text = trim(of.text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    if ((radix == 0 || radix == 16) && (text.starts_with("0x") || text.starts_with("0X"))) {
        text.remove_prefix(2);
        radix = 16;
    }
    radix = radix == 0 ? 10 : radix;
    double value = 0;
    bool any = false;
    for (const char c : text) {
        const unsigned digit = is_digit(c)    ? static_cast<unsigned>(c - '0')
                               : is_letter(c) ? static_cast<unsigned>((c | 0x20) - 'a') + 10
                                              : 36;
        if (digit >= radix)
            break;
        value = value * radix + digit;
        any = true;
    }
    if (!any)
        return std::numeric_limits<double>::quiet_NaN();
    return negative ? -value : value;
}

/// What `parseInt`, `parseFloat`, `Number` or `String` gives.
[[nodiscard]] inline literal
convert(std::string_view name, const literal& of, const literal& radix) {
    if (name == "String")
        return literal_of(of.kind == literal_kind::nothing ? std::string("undefined") : of.text);
    if (name == "parseInt")
        return literal_of(to_integer(of, nearest_whole<unsigned>(radix.number)));
    return literal_of(to_number(of));
}

/// What `a === b` gives, and what `a == b` does for values of one kind.
[[nodiscard]] inline bool are_equal(const literal& a, const literal& b) noexcept {
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case literal_kind::nothing: return true;
    case literal_kind::boolean: return a.truth == b.truth;
    case literal_kind::number: return a.number == b.number;
    case literal_kind::text: return a.text == b.text;
    case literal_kind::list:
    case literal_kind::object: break;
    }
    return false; // two of them are two
}

/// What an operator of numbers gives: + - * / %; + joins if one of them is a text.
[[nodiscard]] inline literal compute(char what, const literal& a, const literal& b) {
    const auto text_of = [](const literal& one) {
        return one.kind == literal_kind::nothing ? std::string("undefined") : one.text;
    };
    if (what == '+' && (a.kind == literal_kind::text || b.kind == literal_kind::text))
        return literal_of(text_of(a) + text_of(b));
    const double x = to_number(a);
    const double y = to_number(b);
    switch (what) {
    case '+': return literal_of(x + y);
    case '-': return literal_of(x - y);
    case '*': return literal_of(x * y);
    case '/': return literal_of(x / y);
    default: return literal_of(std::fmod(x, y));
    }
}

} // namespace detail

} // namespace quipu

// JavaScript's object literals, as config files have them: read, never run.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/server/ini.hpp>

#include <cstddef>
#include <cstdint>
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

struct parsed_literal {
    literal value{};
    config_error error{};
};

namespace detail {

class literal_reader {
public:
    explicit literal_reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] parsed_literal read() {
        parsed_literal made;
        skip();
        const bool braced = take('('); // as programs write it that evaluate the file
        if (read_value(made.value, 0) && braced)
            static_cast<void>(expect(')', "a ')' is missing"));
        while (error_.why.empty() && (skip(), take(';'))) {
        }
        if (error_.why.empty() && !rest_.empty())
            static_cast<void>(fail("there is more after the end: only one value is read"));
        made.error = std::move(error_);
        return made;
    }

private:
    static constexpr int depth_max = 32;

    [[nodiscard]] bool fail(std::string why) {
        error_ = {line_, std::move(why)};
        return false;
    }

    [[nodiscard]] char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

    void advance() noexcept {
        line_ += std::size_t{rest_.front() == '\n'};
        rest_.remove_prefix(1);
    }

    [[nodiscard]] bool take(char c) noexcept {
        if (peek() != c || rest_.empty())
            return false;
        advance();
        return true;
    }

    /// Blanks and comments. One that does not end takes the rest: what is missing then is told.
    void skip() noexcept {
        for (;;) {
            if (!rest_.empty() && is_blank(rest_.front())) {
                advance();
            } else if (rest_.starts_with("\xef\xbb\xbf")) {
                rest_.remove_prefix(3);
            } else if (rest_.starts_with("//")) {
                while (!rest_.empty() && rest_.front() != '\n')
                    advance();
            } else if (rest_.starts_with("/*")) {
                while (!rest_.empty() && !rest_.starts_with("*/"))
                    advance();
                rest_.remove_prefix(rest_.empty() ? 0 : 2);
            } else {
                return;
            }
        }
    }

    [[nodiscard]] bool expect(char c, const char* why) {
        skip();
        return take(c) || fail(why);
    }

    [[nodiscard]] bool read_value(literal& into, int depth) {
        if (depth > depth_max)
            return fail("it is nested too deeply");
        skip();
        into.line = line_;
        const char first = peek();
        if (first == '{')
            return read_object(into, depth);
        if (first == '[')
            return read_list(into, depth);
        if (first == '"' || first == '\'' || first == '`')
            return read_text(into);
        return read_word(into);
    }

    [[nodiscard]] bool read_object(literal& into, int depth) {
        into.kind = literal_kind::object;
        advance();
        for (;;) {
            skip();
            if (take('}'))
                return true;
            std::string name;
            if (peek() == '"' || peek() == '\'') {
                literal quoted;
                if (!read_text(quoted))
                    return false;
                name = std::move(quoted.text);
            } else {
                name = word();
                if (name.empty())
                    return fail(rest_.empty() ? "a '}' is missing" : "here a name is expected");
            }
            literal value;
            if (!expect(':', "a ':' is expected after the name") || !read_value(value, depth + 1))
                return false;
            into.names.push_back(std::move(name));
            into.items.push_back(std::move(value));
            skip();
            if (!take(',') && peek() != '}')
                return fail("a ',' or a '}' is expected after a value");
        }
    }

    [[nodiscard]] bool read_list(literal& into, int depth) {
        into.kind = literal_kind::list;
        advance();
        for (;;) {
            skip();
            if (take(']'))
                return true;
            into.items.emplace_back();
            if (!read_value(into.items.back(), depth + 1))
                return false;
            skip();
            if (!take(',') && peek() != ']')
                return fail("a ',' or a ']' is expected after a value");
        }
    }

    [[nodiscard]] bool read_text(literal& into) {
        into.kind = literal_kind::text;
        const char quote = peek();
        advance();
        while (!rest_.empty() && rest_.front() != quote) {
            if (rest_.front() == '\n' && quote != '`')
                return fail("the text does not end in its line");
            if (quote == '`' && rest_.starts_with("${"))
                return fail("a value to compute: only plain values are read");
            if (rest_.front() != '\\') {
                into.text += rest_.front();
                advance();
            } else if (!read_escape(into.text)) {
                return false;
            }
        }
        return take(quote) || fail("the text does not end");
    }

    [[nodiscard]] bool read_escape(std::string& into) {
        constexpr std::string_view letters = "nrtbfv0";
        constexpr std::string_view meant("\n\r\t\b\f\v\0", 7);
        advance();
        const char c = peek();
        if (rest_.empty())
            return fail("the text does not end");
        advance();
        if (c == 'x')
            return read_character(into, 2);
        if (c == 'u')
            return read_character(into, 4);
        if (c == '\n')
            return true; // the line goes on
        const auto at = letters.find(c);
        into += at == letters.npos ? c : meant[at];
        return true;
    }

    /// A character by its number, as UTF-8; halves of a pair are not put together.
    [[nodiscard]] bool read_character(std::string& into, std::size_t digits) {
        unsigned code = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const unsigned digit = rest_.empty() ? 16 : hexadecimal_value(rest_.front());
            if (digit == 16)
                return fail("an escape lacks its digits");
            code = code * 16 + digit;
            advance();
        }
        const auto put = [&](unsigned byte) { into += static_cast<char>(byte); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xc0U | code >> 6U);
            put(0x80U | (code & 0x3fU));
        } else if (code >= 0xd800 && code < 0xe000) {
            return fail("half a character: write it as it is");
        } else {
            put(0xe0U | code >> 12U);
            put(0x80U | (code >> 6U & 0x3fU));
            put(0x80U | (code & 0x3fU));
        }
        return true;
    }

    /// A run of what names and numbers are made of.
    [[nodiscard]] std::string word() {
        std::string made;
        while (!rest_.empty()) {
            const char c = rest_.front();
            const bool sign = (c == '+' || c == '-') &&
                              (made.empty() || made.back() == 'e' || made.back() == 'E');
            const bool part = is_letter(c) || is_digit(c) || c == '_' || c == '$' || c == '.' ||
                              static_cast<unsigned char>(c) >= 0x80;
            if (!sign && !part)
                break;
            made += c;
            advance();
        }
        return made;
    }

    [[nodiscard]] bool read_word(literal& into) {
        into.text = word();
        if (into.text == "true" || into.text == "false") {
            into.kind = literal_kind::boolean;
            into.truth = into.text == "true";
            return true;
        }
        if (into.text == "null" || into.text == "undefined")
            return true;
        if (into.text.empty())
            return fail(rest_.empty() ? "a value is missing at the end"
                                      : "here a value is expected");
        const auto number = parse_javascript_number(into.text);
        if (!number)
            return fail("'" + into.text + "' is no plain value: nothing is evaluated");
        into.kind = literal_kind::number;
        into.number = *number;
        return true;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    config_error error_{};
};

} // namespace detail

/// Reads one object, list or plain value: names with and without quotes, texts in either kind of
/// quotes, numbers as JavaScript writes them, comments, a comma behind the last; parentheses around
/// it all and semicolons behind. What would have to be evaluated is an error.
///
/// Cost     O(size), allocates; nesting beyond 32 is refused.
/// Threads  pure.
/// Source   the config files of Etsy's statsd, which are given to eval() there.
[[nodiscard]] inline parsed_literal parse_object_literal(std::string_view text) {
    return detail::literal_reader(text).read();
}

} // namespace quipu

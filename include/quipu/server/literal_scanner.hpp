// The characters of a config file in JavaScript: blanks, comments, words and escapes.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/server/ini.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace quipu::detail {

/// Goes through a text and knows its line. The first error stays.
class literal_scanner {
protected:
    explicit literal_scanner(std::string_view text) noexcept : rest_(text) {}

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

    /// Takes a word, if it stands here as a whole.
    [[nodiscard]] bool take_word(std::string_view what) {
        skip();
        if (!rest_.starts_with(what))
            return false;
        const char next = rest_.size() > what.size() ? rest_[what.size()] : '\0';
        const bool goes_on = is_letter(what.back()) &&
                             (is_letter(next) || is_digit(next) || next == '_' || next == '$');
        if (goes_on)
            return false;
        for (std::size_t i = 0; i < what.size(); ++i)
            advance();
        return true;
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

    std::string_view rest_;
    std::size_t line_ = 1;
    config_error error_{};
};

} // namespace quipu::detail

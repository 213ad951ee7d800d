#include <quipu/core/ascii.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu::detail;
using namespace std::string_view_literals;

namespace {

/// The characters for which `holds`, in the order of their codes.
template <class Predicate>
struct members {
    char text[256] = {};
    std::size_t size = 0;

    constexpr explicit members(Predicate holds) {
        for (int code = 0; code < 256; ++code) {
            const char c = static_cast<char>(code);
            if (holds(c)) {
                text[size++] = c;
            }
        }
    }
    constexpr std::string_view view() const { return {text, size}; }
};

constexpr members blanks([](char c) { return is_blank(c); });
constexpr members controls([](char c) { return is_control(c); });
constexpr members digits([](char c) { return is_digit(c); });
constexpr members letters([](char c) { return is_letter(c); });

/// Puts every character at every place of texts of 1 to 20 bytes and asks for it.
template <char... Marks>
std::size_t wrong_answers() {
    std::size_t wrong = 0;
    for (std::size_t size = 1; size <= 20; ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            for (int code = 0; code < 256; ++code) {
                // On the heap and exact, so that a sanitizer sees what is read outside.
                std::vector<char> bytes(size, 'x');
                bytes[place] = static_cast<char>(code);
                const bool wanted =
                    is_control(bytes[place]) || (false || ... || (bytes[place] == Marks));
                wrong += has_control_or<Marks...>(std::string_view(bytes.data(), size)) != wanted;
            }
        }
    }
    return wrong;
}

} // namespace

TEST_CASE("ascii: each kind has its characters and no other of the 256", "[core][ascii]") {
    STATIC_REQUIRE(blanks.view() == "\t\n\v\f\r ");
    STATIC_REQUIRE(digits.view() == "0123456789");
    STATIC_REQUIRE(letters.view() == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    STATIC_REQUIRE(controls.view() ==
                   "\0\1\2\3\4\5\6\a\b\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"
                   "\x1a\x1b\x1c\x1d\x1e\x1f\x7f"sv);
}

TEST_CASE("ascii: only letters have a case", "[core][ascii]") {
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const bool upper = i >= 'A' && i <= 'Z';
        if (is_upper(c) != upper || to_lower(c) != static_cast<char>(upper ? i + 32 : i))
            FAIL_CHECK("character " << i);
    }
    STATIC_REQUIRE(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
    CHECK_FALSE(equal_ignoring_case("host", "hosts"));
    CHECK_FALSE(equal_ignoring_case("a[", "a{")); // 32 apart, as letters are
}

TEST_CASE("ascii: trim takes the blanks of both ends and none within", "[core][ascii]") {
    STATIC_REQUIRE(trim("ms") == "ms");
    STATIC_REQUIRE(trim(" ms") == "ms");
    STATIC_REQUIRE(trim("ms\r") == "ms");
    STATIC_REQUIRE(trim(" \t\n\v\f\rm s\r\f\v\n\t ") == "m s");
    STATIC_REQUIRE(trim(" \t ").empty());
    STATIC_REQUIRE(trim("").empty());
    STATIC_REQUIRE(trim("\0"sv) == "\0"sv);
    STATIC_REQUIRE(trim("\xa0"sv) == "\xa0"sv); // a blank of other alphabets
}

TEST_CASE("ascii: one character among others is found wherever it stands", "[core][ascii]") {
    CHECK(wrong_answers<>() == 0);
    CHECK(wrong_answers<'|'>() == 0);
    CHECK(wrong_answers<':', '|'>() == 0);
    STATIC_REQUIRE_FALSE(has_control_or<>(""));
    STATIC_REQUIRE_FALSE(has_control_or<'|'>("a name of more than eight bytes"));
    STATIC_REQUIRE(has_control_or<'|'>("a name of more than eight bytes|"));
    STATIC_REQUIRE(has_control_or<'|'>("a|b"));
}

TEST_CASE("ascii: a text is printable if each of its characters is", "[core][ascii]") {
    std::size_t wrong = 0;
    for (std::size_t size = 1; size <= 20; ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            for (int code = 0; code < 256; ++code) {
                std::string text(size, 'a');
                text[place] = static_cast<char>(code);
                const bool printable = code >= 0x20 && code < 0x7f;
                wrong += is_printable_without<>(text) != printable;
                wrong += is_printable_without<' ', '/'>(text) !=
                         (printable && code != ' ' && code != '/');
            }
        }
    }
    CHECK(wrong == 0);
    STATIC_REQUIRE(is_printable_without<'/'>(""));
    STATIC_REQUIRE(is_printable_without<'/'>("a name.of more"));
    STATIC_REQUIRE_FALSE(is_printable_without<'/'>("a/name.of more"));
}

TEST_CASE("ascii: a character is found in a text of any size, at any place", "[core][ascii]") {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size <= 70; ++size) {
        const std::string without(size, 'a');
        wrong += contains(without, ';');
        for (std::size_t place = 0; place < size; ++place) {
            auto with = without;
            with[place] = ';';
            wrong += !contains(with, ';');
        }
        // What is around it does not count.
        const std::string around = ';' + without + ';';
        wrong += contains(std::string_view(around).substr(1, size), ';');
    }
    CHECK(wrong == 0);
    STATIC_REQUIRE(contains("a name of some length;and", ';'));
    STATIC_REQUIRE_FALSE(contains("a name of some length", ';'));
}

#include <quipu/core/terminal_text.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

using quipu::cells;
using quipu::short_text;
using quipu::sparkline;
using quipu::terminal_style;

namespace {

constexpr terminal_style ascii{.utf8 = false};

} // namespace

TEST_CASE("terminal_text: texts fill their cells", "[core][terminal_text]") {
    CHECK(cells("abc", 5) == "abc  ");
    CHECK(cells("abc", 5, {}, true) == "  abc");
    CHECK(cells("abc", 3) == "abc");
    CHECK(cells("abcd", 3) == "ab…");
    CHECK(cells("abcd", 3, ascii) == "ab~");
    CHECK(cells("abcd", 1) == "…");
    CHECK(cells("abcd", 0).empty());
    CHECK(cells("", 2) == "  ");
}

TEST_CASE("terminal_text: characters have the width that terminals give them",
          "[core][terminal_text]") {
    CHECK(cells("añb", 4) == "añb ");
    CHECK(cells("añb", 4, ascii) == "a?b ");
    CHECK(cells("日本", 5) == "日本 ");
    CHECK(cells("日本", 4) == "日本");
    CHECK(cells("日本語", 5) == "日本…");
    CHECK(cells("日本語", 4) == "日… "); // half a character is not shown
    CHECK(cells("e\u0301x", 3) == "e\u0301x ");
}

TEST_CASE("terminal_text: nothing drives the terminal", "[core][terminal_text]") {
    CHECK(cells("a\x1b[31mb", 8) == "a?[31mb ");
    CHECK(cells("a\nb\tc\r", 6) == "a?b?c?");
    CHECK(cells("\x7f\xc2\x9b", 2) == "??");       // DEL, and the one-character CSI
    CHECK(cells("a\u202eb\u200fc", 5) == "a?b?c"); // turns the text around
    CHECK(cells("\xff\xc3z", 3) == "??z");
}

TEST_CASE("terminal_text: a line plot", "[core][terminal_text]") {
    constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    CHECK(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8) == "▁▂▃▄▅▆▇█");
    CHECK(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8, ascii) == "_.-:=+*#");
    CHECK(sparkline({7, 7}, 4) == "  ██");
    CHECK(sparkline({0, 0}, 2) == "▁▁");
    CHECK(sparkline({-7, 0, 7}, 3) == "▁▅█");
    CHECK(sparkline({1, nothing, 2, 100}, 3) == " ▁█"); // the last ones
    CHECK(sparkline({}, 3) == "   ");
    CHECK(sparkline({-1.7e308, 1.7e308}, 2) == "▁█"); // whose difference is no double
    CHECK(sparkline({1, std::numeric_limits<double>::infinity(), 2}, 3) == "▅ █");
    CHECK(sparkline({1}, 0).empty());
}

TEST_CASE("terminal_text: numbers in few characters", "[core][terminal_text]") {
    CHECK(short_text(0) == "0");
    CHECK(short_text(1) == "1");
    CHECK(short_text(-7.25) == "-7.25");
    CHECK(short_text(12.3456) == "12.35");
    CHECK(short_text(123.456) == "123.5");
    CHECK(short_text(1234.4) == "1234");
    CHECK(short_text(9999) == "9999");
    CHECK(short_text(10'000) == "10k");
    CHECK(short_text(1'234'567) == "1.235M");
    CHECK(short_text(-2.5e9) == "-2.5G");
    CHECK(short_text(7e12) == "7T");
    CHECK(short_text(1.5e17) == "1.5e17");
    CHECK(short_text(0.0625) == "0.063");
    CHECK(short_text(0.00015) == "1.5e-4");
    CHECK(short_text(-1.7e308) == "-1.7e308");
    CHECK(short_text(std::numeric_limits<double>::infinity()) == "-");
    CHECK(short_text(std::numeric_limits<double>::quiet_NaN()) == "-");
    for (double value = 1e-9; value < 1e20; value *= 1.37)
        CHECK(short_text(-value).size() <= 8);
}

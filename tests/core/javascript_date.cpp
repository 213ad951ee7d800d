#include <quipu/core/javascript_date.hpp>

#include "support/catch.hpp"

#include <string>

TEST_CASE("append_javascript_date: as Node.js prints it", "[core]") {
    std::string text;
    quipu::append_javascript_date(text, 0);
    CHECK(text == "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)");
    text.clear();
    quipu::append_javascript_date(text, 1'582'934'399, -12'600, "NST");
    CHECK(text == "Fri Feb 28 2020 20:29:59 GMT-0330 (NST)");
}

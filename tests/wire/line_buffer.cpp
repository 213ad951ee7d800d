#include <quipu/wire/line_buffer.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string_view>

using namespace quipu;

TEST_CASE("line_buffer: takes a piece whole or not at all", "[wire][line_buffer]") {
    basic_line_buffer<5> out;
    CHECK(out.append("abc"));
    CHECK_FALSE(out.append("def"));
    CHECK(out.view() == "abc");
    CHECK_FALSE(out.append(-12.5));
    CHECK_FALSE(out.append(std::int64_t{-12}));
    CHECK(out.append(12));
    CHECK(out.view() == "abc12");
    CHECK(out.append(""));
    CHECK(out.append(std::string_view()));
    CHECK_FALSE(out.append("x"));
    out.resize(1);
    CHECK(out.append(std::int64_t{-123}));
    CHECK(out.view() == "a-123");
}

#include <quipu/server/literal_scanner.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

struct scanner : quipu::detail::literal_scanner {
    explicit scanner(std::string_view text) : literal_scanner(text) {}
    using literal_scanner::expect;
    using literal_scanner::skip;
    using literal_scanner::take_word;
    using literal_scanner::word;
    [[nodiscard]] std::size_t line() const { return line_; }
    [[nodiscard]] const std::string& why() const { return error_.why; }
};

} // namespace

TEST_CASE("literal_scanner: words are whole ones, blanks and comments are passed by",
          "[server][object_literal]") {
    scanner text("\xef\xbb\xbf // one\n /* two\n */ variable var x.y$1 1e-3+2");
    CHECK_FALSE(text.take_word("var"));
    CHECK(text.line() == 3);
    CHECK(text.word() == "variable");
    CHECK(text.take_word("var"));
    text.skip();
    CHECK(text.word() == "x.y$1");
    text.skip();
    CHECK(text.word() == "1e-3");
    CHECK_FALSE(text.expect(')', "a ')' is missing"));
    CHECK(text.why() == "a ')' is missing");
}

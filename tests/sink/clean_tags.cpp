#include <quipu/sink/clean_tags.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace quipu::detail;

namespace {

std::string cleaned(std::string_view tags, bool keeps_empty = true) {
    const auto without_dashes = [](std::string& out, std::string_view text) {
        for (const char c : text)
            out += c == '-' ? '_' : c;
    };
    std::string out;
    append_tags(out, clean_tags(tags, without_dashes, without_dashes, keeps_empty));
    return out;
}

} // namespace

TEST_CASE("clean_tags: none of several tags of one key is dropped", "[sink][clean_tags]") {
    CHECK(cleaned("").empty());
    CHECK(cleaned(";a=1;b=2") == ";a=1;b=2");
    CHECK(cleaned(";team=b;team=a;x=1") == ";team=b,a;x=1");
    CHECK(cleaned(";a-b=1;a_b=2;a_b") == ";a_b=1,2,true");
    CHECK(cleaned(";;bare;k=;=v") == ";bare=true;k=;=v");
    CHECK(cleaned(";;bare;k=", false) == ";bare=true");
    CHECK(cleaned(";k=a=b") == ";k=a=b");
}

TEST_CASE("clean_tags: tags that any backend keeps are told apart", "[sink][clean_tags]") {
    CHECK(are_simple_tags(""));
    CHECK(are_simple_tags(";a=1;b=2=3"));
    for (const auto* const tags : {";a", ";a=", ";=1", ";a=1;a=2", ";;a=1"})
        CHECK_FALSE(are_simple_tags(tags));
}

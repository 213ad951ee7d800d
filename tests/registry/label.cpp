#include <quipu/registry/label.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

std::string text_of(std::string_view name, const std::vector<label>& labels) {
    detail::series_text text;
    const auto canonical = text.of(name, labels.data(), labels.size());
    return canonical ? std::string(*canonical) : "! " + std::string(message(canonical.error()));
}

errc error_of(std::string_view name, const std::vector<label>& labels = {}) {
    detail::series_text text;
    return text.of(name, labels.data(), labels.size()).error();
}

} // namespace

TEST_CASE("label: the text of a series is canonical", "[registry][label]") {
    CHECK(text_of("hits", {}) == "hits");
    CHECK(text_of("hits;b=2;a=1", {}) == "hits;a=1;b=2");
    CHECK(text_of("hits", {{"b", "2"}, {"a", "1"}}) == "hits;a=1;b=2");
    CHECK(text_of("hits;b=2", {{"a", "1"}}) == "hits;a=1;b=2");
    CHECK(text_of("hits", {{"a", "1"}, {"a", "1"}}) == "hits;a=1");
    CHECK(text_of("hits", {{"a", ""}, {"", "1"}, {"b", "2"}}) == "hits;b=2");
}

TEST_CASE("label: nothing in a label can look like another one", "[registry][label]") {
    CHECK(text_of("hits", {{"path", "/a;b=c|d\n"}}) == "hits;path=/a_b=c_d_");
    CHECK(text_of("hits", {{"a=b;c", "d"}}) == "hits;a_b_c=d");
    CHECK(text_of("hits", {{"path", "/é,:#"}}) == "hits;path=/é,:#");
}

TEST_CASE("label: what cannot be a series is refused with its cause", "[registry][label]") {
    CHECK(error_of("") == errc::empty_name);
    CHECK(error_of("a|b") == errc::bad_name);
    CHECK(error_of(std::string(1025, 'x')) == errc::name_too_long);
    CHECK(error_of("x", {{"a", std::string(9000, 'x')}}) == errc::line_too_long);
    const std::string half(4000, 'x');
    CHECK(error_of("x", {{"a", half}, {"b", half}, {"c", half}}) == errc::line_too_long);
    std::vector<label> many;
    std::vector<std::string> keys;
    for (int i = 0; i < 65; ++i)
        keys.push_back("k" + std::to_string(i));
    for (const auto& key : keys)
        many.push_back({key, "v"});
    CHECK(error_of("x", many) == errc::too_many_tags);
    many.pop_back();
    CHECK(error_of("x", many) == errc::ok);
}

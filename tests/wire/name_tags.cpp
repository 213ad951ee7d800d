#include <quipu/wire/name_tags.hpp>

#include "support/catch.hpp"

#include <string_view>

using namespace quipu;

namespace {

template <name_tags Form>
constexpr bool gives(std::string_view name,
                     std::string_view before,
                     std::string_view tags,
                     std::string_view after = {}) {
    const auto parts = split_name<Form>(name);
    return parts.tagged && parts.before == before && parts.tags == tags && parts.after == after;
}

template <name_tags Form>
constexpr bool has_none(std::string_view name) {
    const auto parts = split_name<Form>(name);
    return !parts.tagged && parts.before == name && parts.tags.empty() && parts.after.empty();
}

} // namespace

TEST_CASE("name_tags: the first mark ends the name", "[wire][name_tags]") {
    STATIC_REQUIRE(gives<name_tags::graphite>("a;b=c;d=e", "a", "b=c;d=e"));
    STATIC_REQUIRE(gives<name_tags::influx>("a,b=c,d=e", "a", "b=c,d=e"));
    STATIC_REQUIRE(gives<name_tags::librato>("a#b=c,d#e", "a", "b=c,d#e"));
    STATIC_REQUIRE(gives<name_tags::influx>("a,", "a", ""));
    STATIC_REQUIRE(gives<name_tags::influx>(",b=c", "", "b=c"));
}

TEST_CASE("name_tags: a name without the mark is all name", "[wire][name_tags]") {
    STATIC_REQUIRE(has_none<name_tags::absent>("a;b=c,d#e[f]"));
    STATIC_REQUIRE(has_none<name_tags::graphite>("a,b=c#d[e]"));
    STATIC_REQUIRE(has_none<name_tags::influx>("a;b=c#d[e]"));
    STATIC_REQUIRE(has_none<name_tags::librato>("a;b=c,d[e]"));
    STATIC_REQUIRE(has_none<name_tags::signalfx>("a;b=c,d#e"));
    STATIC_REQUIRE(has_none<name_tags::influx>(""));
}

TEST_CASE("name_tags: brackets stand anywhere, but both and in order", "[wire][name_tags]") {
    STATIC_REQUIRE(gives<name_tags::signalfx>("na[b=c]me", "na", "b=c", "me"));
    STATIC_REQUIRE(gives<name_tags::signalfx>("name[b=c]", "name", "b=c"));
    STATIC_REQUIRE(gives<name_tags::signalfx>("[b=c]name", "", "b=c", "name"));
    STATIC_REQUIRE(gives<name_tags::signalfx>("na[]me", "na", "", "me"));
    STATIC_REQUIRE(gives<name_tags::signalfx>("a[b]c[d]e", "a", "b", "c[d]e"));
    STATIC_REQUIRE(has_none<name_tags::signalfx>("na[b=cme"));
    STATIC_REQUIRE(has_none<name_tags::signalfx>("nab=c]me"));
    STATIC_REQUIRE(has_none<name_tags::signalfx>("na]b=c[me"));
}

TEST_CASE("name_tags: Graphite's form alone goes with tags after the type", "[wire][name_tags]") {
    STATIC_REQUIRE_FALSE(excludes_tag_field(name_tags::absent));
    STATIC_REQUIRE_FALSE(excludes_tag_field(name_tags::graphite));
    STATIC_REQUIRE(excludes_tag_field(name_tags::influx));
    STATIC_REQUIRE(excludes_tag_field(name_tags::librato));
    STATIC_REQUIRE(excludes_tag_field(name_tags::signalfx));
    STATIC_REQUIRE(tag_separator(name_tags::graphite) == ';');
    STATIC_REQUIRE(tag_separator(name_tags::signalfx) == ',');
}

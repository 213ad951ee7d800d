#include <quipu/server/name_mapping.hpp>

#include "support/catch.hpp"

#include <quipu/server/intake.hpp>
#include <quipu/server/profile.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

using quipu::errc;
using quipu::fault_of;
using quipu::mapping_rule;
using quipu::mapping_rules;
using quipu::metric_kind;

namespace {

std::shared_ptr<const mapping_rules> shared(mapping_rules rules) {
    for (const auto& one : rules)
        REQUIRE(fault_of(one).empty());
    return std::make_shared<const mapping_rules>(std::move(rules));
}

/// What becomes of a name.
template <class Dialect = quipu::dialect::quipu>
std::string mapped(const mapping_rules& rules,
                   std::string_view canonical,
                   metric_kind kind = metric_kind::counter) {
    quipu::name_mapper<Dialect> mapper(shared(rules));
    mapper.begin();
    std::string told;
    for (int i = 0; i < 2; ++i) { // made, and remembered
        const auto& to = mapper.find(kind, canonical);
        auto text = to.error != errc::ok ? std::string(message(to.error))
                    : to.drop            ? "dropped"
                                         : std::string(to.name);
        if (to.scale != 1)
            text += " * " + std::to_string(to.scale);
        CHECK((i == 0 || text == told));
        told = text;
    }
    return told;
}

struct reception {
    explicit reception(mapping_rules rules) { intake.map_names(shared(std::move(rules))); }

    void receive(std::string_view text) {
        intake.receive(
            text, 0, [&](quipu::refusal why, std::string_view) { refused.push_back(why.error); });
    }
    auto& store() { return intake.shard().active().store; }

    quipu::basic_intake<quipu::profile::quipu> intake{};
    std::vector<errc> refused{};
};

} // namespace

TEST_CASE("name_mapping: a name is made of parts of the old one", "[server][name_mapping]") {
    CHECK(mapped({{.match = "test.dispatcher.*.*.*", .name = "dispatcher.$3.${1}x$2"}},
                 "test.dispatcher.FooProcessor.send.success") ==
          "dispatcher.success.FooProcessorxsend");
    CHECK(mapped({{.match = "a.*", .name = "b"}}, "a.x;host=web") == "b;host=web");
    CHECK(mapped({{.match = "a.*", .name = "b"}}, "a.x.y") == "a.x.y");
    CHECK(mapped({{.match = "a.*", .scale = 0.001}}, "a.x") == "a.x * 0.001000");
}

TEST_CASE("name_mapping: tags are added, take the place of others, and are sorted",
          "[server][name_mapping]") {
    const mapping_rules rules{
        {.match = "api.*.*", .name = "api", .tags = {{"service", "$1"}, {"method", "m-$2"}}}};
    CHECK(mapped(rules, "api.shop.get") == "api;method=m-get;service=shop");
    CHECK(mapped(rules, "api.shop.get;method=old;zone=b;bare") ==
          "api;bare;method=m-get;service=shop;zone=b");
    // Etsy's tags keep their order.
    CHECK(mapped<quipu::dialect::etsy>(rules, "api.shop.get;zone=b") ==
          "api;zone=b;service=shop;method=m-get");
}

TEST_CASE("name_mapping: the first rule that matches counts, of its kind",
          "[server][name_mapping]") {
    const mapping_rules rules{
        {.match = "a.*", .kind = metric_kind::timer, .name = "timer"},
        {.match = "a.b", .name = "b"},
        {.match = "a.*", .name = "other"},
        {.match = "debug.*", .drop = true},
    };
    CHECK(mapped(rules, "a.b", metric_kind::timer) == "timer");
    CHECK(mapped(rules, "a.b") == "b");
    CHECK(mapped(rules, "a.c") == "other");
    CHECK(mapped(rules, "debug.x;tag=1", metric_kind::gauge) == "dropped");
    CHECK(mapped(rules, "debug") == "debug");
}

TEST_CASE("name_mapping: what the dialect has no room for is refused", "[server][name_mapping]") {
    mapping_rule many{.match = "a"};
    for (std::size_t i = 0; i <= quipu::dialect::quipu::tags_max; ++i)
        many.tags.emplace_back("t" + std::to_string(i), "x");
    CHECK(mapped({many}, "a") == message(errc::too_many_tags));
    const mapping_rule longer{.match = "*", .name = "$1$1$1$1$1$1$1$1$1"};
    CHECK(mapped({longer}, std::string(1'000, 'x')) == message(errc::line_too_long));
    CHECK(mapped({{.match = "a*", .name = "$1"}}, "a") == message(errc::empty_name));
}

TEST_CASE("name_mapping: rules that make no sense say why", "[server][name_mapping]") {
    CHECK(fault_of({.match = "", .name = "x"}) == "it needs a pattern to match");
    CHECK(fault_of({.match = "a"}).starts_with("it changes nothing"));
    CHECK(fault_of({.match = "a", .name = "b", .drop = true}).starts_with("what is dropped"));
    for (const auto* const name : {"$1", "$", "a$x", "${1", "$0", "b.${2}"}) {
        CAPTURE(name);
        CHECK(fault_of({.match = "a", .name = name}).starts_with("$1 is what"));
        CHECK(fault_of({.match = "a", .tags = {{"k", name}}}).starts_with("$1 is what"));
    }
    for (const auto* const name : {"a b", "a|c", "a;b", "a\n"}) {
        CAPTURE(name);
        CHECK(fault_of({.match = "a", .name = name}).starts_with("a name or a tag cannot"));
        CHECK(fault_of({.match = "a", .tags = {{"k", name}}}).starts_with("a name or a tag"));
        CHECK(fault_of({.match = "a", .tags = {{name, "v"}}}).starts_with("a name or a tag"));
    }
    CHECK(fault_of({.match = "a", .tags = {{"k", "1"}, {"k", "2"}}}) == "it gives a tag twice");
    CHECK(fault_of({.match = "*", .name = "$2"}).starts_with("$1 is what"));
    CHECK(fault_of({.match = "*.*", .name = "$2${1}"}).empty());
}

TEST_CASE("name_mapping: hostile numbers of names are forgotten, not kept",
          "[server][name_mapping]") {
    quipu::name_mapper<> mapper(shared({{.match = "x.*", .name = "y"}}));
    for (std::size_t i = 0; i < 3 * quipu::name_mapper<>::names_max; ++i) {
        mapper.begin();
        CHECK(mapper.find(metric_kind::counter, "x." + std::to_string(i)).name == "y");
    }
}

TEST_CASE("name_mapping: an intake stores under the new names", "[server][name_mapping]") {
    reception here({
        {.match = "api.*.latency", .name = "latency", .tags = {{"service", "$1"}}, .scale = 0.001},
        {.match = "api.*.hits", .name = "hits", .tags = {{"service", "$1"}}},
        {.match = "old.*", .name = "hits"},
        {.match = "depth", .scale = 10},
        {.match = "noise.*", .drop = true},
        {.match = "huge", .scale = 1e300},
    });
    here.receive("api.shop.latency:250|ms\napi.shop.latency:500|ms|#zone:b\n"
                 "api.shop.hits:2|c|@0.5\nold.a:3|c\nold.b:4|c\n"
                 "depth:7|g\ndepth:+1|g\nnoise.x:1|c\nnoise.y:1|ms\nplain:1|c\nhuge:1e300|g");
    auto& store = here.store();
    REQUIRE(store.timers().find("latency;service=shop") != nullptr);
    CHECK(store.timer("latency;service=shop").sum() == 0.25);
    CHECK(store.timer("latency;service=shop;zone=b").sum() == 0.5);
    CHECK(store.counter("hits;service=shop").sum() == 4);
    CHECK(store.counter("hits").sum() == 7);
    CHECK(store.gauge("depth").value() == 80);
    CHECK(store.counter("plain").sum() == 1);
    CHECK(store.size() == 6);
    const auto& counts = here.intake.shard().active().counts;
    CHECK(counts.discarded == 2);
    CHECK(counts.lines == 11);
    CHECK(here.refused == std::vector<errc>{errc::number_out_of_range});
}

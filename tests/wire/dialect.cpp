#include <quipu/wire/dialect.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <string_view>

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

/// How a dialect is made: one line is another.
struct with_meters : dialect::quipu {
    [[nodiscard]] static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "m" ? metric_kind::counter : quipu::kind(type);
    }
};
static_assert(wire_dialect<with_meters>);

constexpr expectation meters[] = {
    {"a:1|m", {{counter("a", 1)}}},
    {"a:1:2|m|@0.5", {{counter("a", 1).sampled(0.5), counter("a", 2).sampled(0.5)}}},
    {"a:1|ms", {{timer("a", 1)}}},
    {"a:1|x", {{}, {{errc::unknown_type, 4}}}},
};
static_assert(first_wrong<with_meters>(meters) == "none");

struct may_throw : dialect::quipu {
    static constexpr errc check_name(std::string_view) { return errc::ok; }
};
struct without_kind {
    static constexpr auto line_bytes_max = dialect::quipu::line_bytes_max;
};

} // namespace

TEST_CASE("dialect: one's own overrides a line of the native one", "[wire][dialect]") {
    check<with_meters>(meters);
}

TEST_CASE("dialect: rates too small to weigh by are refused by all", "[wire][dialect]") {
    constexpr auto tiny =
        "a:1|c|@0.00000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000001"sv;
    const outcome wanted{{}, {{errc::bad_rate, 6}}};
    CHECK(read<dialect::quipu>(tiny) == wanted);
    CHECK(read<dialect::etsy>(tiny) == wanted);
    CHECK(read<dialect::kiip>(tiny) == wanted);
    CHECK(read<dialect::quipu>("a:1|c|@2.2250738585072014e-308").accepted == 1);
    CHECK(read<dialect::quipu>("a:1|c|@2.2250738585072009e-308") == wanted);
}

TEST_CASE("dialect: what lacks a function, or throws, is none", "[wire][dialect]") {
    STATIC_REQUIRE_FALSE(wire_dialect<may_throw>);
    STATIC_REQUIRE_FALSE(wire_dialect<without_kind>);
    STATIC_REQUIRE(has_dialect_constants<may_throw>);
    STATIC_REQUIRE_FALSE(has_dialect_functions<may_throw>);
    STATIC_REQUIRE_FALSE(has_dialect_constants<without_kind>);
}

#include <quipu/wire/dialect.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

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

TEMPLATE_TEST_CASE("dialect: rates too small to weigh by are refused by all",
                   "[wire][dialect]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::kiip,
                   dialect::dogstatsd,
                   dialect::influx) {
    const std::string tiny = "a:1|c|@0." + std::string(16, '0') + "1";
    const outcome wanted{{}, {{errc::bad_rate, 6}}};
    CHECK(read<TestType>(tiny) == wanted);
    const std::string smallest = "a:1|c|@0." + std::string(15, '0') + "11102230246251565404";
    CHECK(read<TestType>(smallest).accepted == 1);
    CHECK(read<TestType>(smallest).samples[0].rate == rate_min);
}

namespace {

bool lies_within(std::string_view part, std::string_view line) {
    return part.empty() ||
           (part.data() >= line.data() && part.data() + part.size() <= line.data() + line.size());
}

std::string any_bytes(std::mt19937_64& random) {
    constexpr auto alphabet = "ab:|#@T;,=[]+-.0123eEcgmskvhd \t\r\0\x7f\xc3\xa9\xff"sv;
    std::string text(random() % 24, '?');
    for (char& c : text) {
        c = alphabet[random() % alphabet.size()];
    }
    return text;
}

} // namespace

// The laws of a dialect: whatever it accepts is sane, whatever it refuses has a place.
TEMPLATE_TEST_CASE("dialect: what is read from any bytes can be counted with",
                   "[wire][dialect]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::kiip,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx,
                   with_meters) {
    std::mt19937_64 random(11);
    std::size_t accepted = 0;
    std::size_t wrong = 0;
    for (int i = 0; i < 40000; ++i) {
        const auto bytes = random() % 2 == 0 ? any_bytes(random) : "a:" + any_bytes(random) + "|c";
        const std::vector<char> exact(bytes.begin(), bytes.end()); // so that sanitizers see its end
        const std::string_view line(exact.data(), exact.size());
        parse_line<TestType>(
            line,
            [&](const sample& one) {
                ++accepted;
                // Etsy's statsd counts an empty member as "0", which stands in no line.
                const bool within = lies_within(one.series.name, line) &&
                                    lies_within(one.series.tags, line) &&
                                    (lies_within(one.member, line) || one.member == "0") &&
                                    lies_within(one.origin.container(), line);
                const bool sane = one.rate >= rate_min && one.weight() > 0 &&
                                  std::isfinite(one.weight()) && std::isfinite(one.value);
                if (!within || !sane) {
                    ++wrong;
                }
            },
            [&](refusal why) {
                if (why.error == errc::ok || why.offset > line.size()) {
                    ++wrong;
                }
            });
    }
    CHECK(wrong == 0);
    CHECK(accepted > 50);
}

TEST_CASE("dialect: what lacks a function, or throws, is none", "[wire][dialect]") {
    STATIC_REQUIRE_FALSE(wire_dialect<may_throw>);
    STATIC_REQUIRE_FALSE(wire_dialect<without_kind>);
    STATIC_REQUIRE(has_dialect_constants<may_throw>);
    STATIC_REQUIRE_FALSE(has_dialect_functions<may_throw>);
    STATIC_REQUIRE_FALSE(has_dialect_constants<without_kind>);
}

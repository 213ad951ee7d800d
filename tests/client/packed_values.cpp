#include <quipu/client/packed_values.hpp>

#include <quipu/wire/datagram.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

struct listed {
    std::vector<double> all;
    std::size_t at = 0;
    [[nodiscard]] bool done() const { return at == all.size(); }
    [[nodiscard]] double value() const { return all[at]; }
    void advance() { ++at; }
};

sample timer(double value, double rate = 1) {
    sample one{{metric_kind::timer, "t", "a:b"}, value};
    one.rate = rate;
    return one;
}

} // namespace

TEMPLATE_TEST_CASE("packed_values: the line reads back as its values",
                   "[client]",
                   dialect::quipu,
                   dialect::dogstatsd) {
    listed more{{-0.5, 1e300, 1e-300, -0.0, 0.1}};
    basic_line_buffer<8192> out;
    REQUIRE(out.append("x:1|c\n"));
    REQUIRE(format_packed<TestType, format_policy::refuse>(timer(3, 0.5), more, out).value_or(0) ==
            6);
    CHECK(more.done());
    std::vector<double> read;
    parse_datagram<TestType>(
        out.view().substr(6),
        [&](const sample& one) {
            CHECK(one.series == timer(1).series);
            CHECK(one.rate == 0.5);
            read.push_back(one.value);
        },
        [](auto, std::string_view line) { FAIL(std::string(line)); });
    CHECK(read == std::vector<double>{3, -0.5, 1e300, 1e-300, 0, 0.1});
}

TEST_CASE("packed_values: as many as there is room for, and the rest waits", "[client]") {
    listed more{{2, 3, 4}};
    basic_line_buffer<15> out; // t:1|ms|#a:b are 11
    CHECK(format_packed<dialect::quipu, format_policy::refuse>(timer(1), more, out).value_or(0) ==
          3);
    CHECK(out.view() == "t:1:2:3|ms|#a:b");
    CHECK(more.value() == 4);
    CHECK(format_packed<dialect::quipu, format_policy::refuse>(timer(1), more, out).error() ==
          errc::no_space);
    CHECK(out.view() == "t:1:2:3|ms|#a:b");
}

TEST_CASE("packed_values: one, where servers read no more", "[client]") {
    listed more{{2}};
    basic_line_buffer<64> out;
    sample bare = timer(1);
    bare.series.tags = {};
    CHECK(format_packed<dialect::etsy, format_policy::refuse>(bare, more, out).value_or(0) == 1);
    CHECK(out.view() == "t:1|ms");
    CHECK_FALSE(more.done());
}

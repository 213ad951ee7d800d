// What the tests of Prometheus' statsd_exporter ask of its four tag dialects. It reads all of them
// at once; here each is a dialect of its own, and what is compared is the canonical text.
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string_view>

using namespace quipu;

namespace {

/// What a line gives: its samples' one canonical text, how many they are, their first value, kind
/// and rate; or why there are none.
struct expectation {
    std::string_view line;
    std::string_view name{};
    std::size_t samples = 0;
    double value = 0;
    metric_kind kind = metric_kind::counter;
    double rate = 1;
    errc refused = errc::ok;
};

constexpr expectation gives(std::string_view line,
                            std::string_view name,
                            double value,
                            metric_kind kind = metric_kind::counter,
                            double rate = 1,
                            std::size_t samples = 1) {
    return {line, name, samples, value, kind, rate, errc::ok};
}

constexpr expectation refuses(std::string_view line, errc why) {
    return {.line = line, .refused = why};
}

template <class Dialect>
constexpr bool holds(const expectation& row) {
    canonical_buffer<Dialect> buffer;
    std::size_t samples = 0;
    bool same = true;
    errc refused = errc::ok;
    parse_line<Dialect>(
        row.line,
        [&](const sample& one) {
            const auto name = buffer.name(one.series);
            same = same && name && *name == row.name && one.series.kind == row.kind &&
                   one.rate == row.rate && (samples > 0 || one.value == row.value);
            ++samples;
        },
        [&](refusal why) { refused = why.error; });
    return same && samples == row.samples && refused == row.refused;
}

template <class Dialect, std::size_t Size>
constexpr std::string_view first_wrong(const expectation (&table)[Size]) {
    for (const auto& row : table) {
        if (!holds<Dialect>(row)) {
            return row.line;
        }
    }
    return "none";
}

template <class Dialect, std::size_t Size>
void check(const expectation (&table)[Size]) {
    for (const auto& row : table) {
        CAPTURE(row.line);
        CHECK(holds<Dialect>(row));
    }
}

constexpr auto gauge = metric_kind::gauge;
constexpr auto timer = metric_kind::timer;
constexpr auto counter = metric_kind::counter;

// Without tags or with tags after the type: the same in all of our dialects that have tags there.
constexpr expectation common[] = {
    gives("bar:2|c", "bar", 2),
    gives("bar:3|g", "bar", 3, gauge),
    gives("bar:3|g|@0.2", "bar", 3, gauge, 0.2),
    gives("bar:200|ms", "bar", 200, timer), // milliseconds stay so
    gives("bar:200|h", "bar", 200, timer),
    gives("bar:200|d", "bar", 200, timer),
    gives("bar:0.5|ms|@0.1", "bar", 0.5, timer, 0.1),
    gives("bar:0.02|d|@0.2|#k1:v1,#k2:v2", "bar;k1=v1;k2=v2", 0.02, timer, 0.2),
    gives("bar:0.02|h|@0.2|#k1:v1,#k2:v2", "bar;k1=v1;k2=v2", 0.02, timer, 0.2),
    gives("bar:10|c|#k1:v1,k2:v2", "bar;k1=v1;k2=v2", 10),
    gives("bar:10|c|#k1:v1,#k2:v2", "bar;k1=v1;k2=v2", 10), // as a client in PHP sends them
    gives("bar:10|c|#01digits:0,with.dots:1", "bar;01digits=0;with.dots=1", 10),
    gives("bar:10|c|@0.1|#k1:v1,#k2:v2", "bar;k1=v1;k2=v2", 10, counter, 0.1),
    gives("bar:10|c|@0.1|#k1:v1:w1", "bar;k1=v1:w1", 10, counter, 0.1),
    gives("bar:10|c|#k:v,,", "bar;k=v", 10),
    // A tag without a value is left out there; here it stays, as DogStatsD means it.
    gives("bar:10|c|#bare", "bar;bare", 10),
    gives("bar:10|c|#bare,k:v", "bar;bare;k=v", 10),
    gives("bar:.5:120:3e3|ms|#k:v", "bar;k=v", 0.5, timer, 1, 3),
    gives("bar:.5:120:3e3|ms", "bar", 0.5, timer, 1, 3),
    gives("bar:.5:120:3e3|ms|@0.5", "bar", 0.5, timer, 0.5, 3),
    gives("bar:.5:120:3e3|h|@0.5|#k:v", "bar;k=v", 0.5, timer, 0.5, 3),
    gives("bar:.5:120:3e3|d|#k:v", "bar;k=v", 0.5, timer, 1, 3),
    // Packed counters and gauges are refused there; DogStatsD has them.
    gives("bar:1:2|c|#k:v", "bar;k=v", 1, counter, 1, 2),
    gives("bar:1:2|g|#k:v", "bar;k=v", 1, gauge, 1, 2),
    gives("bar:10|c|#k:v|c:container1", "bar;k=v", 10),
    gives("bar:50|g|#k:v|c:container1", "bar;k=v", 50, gauge),
    gives("bar:10|ms|#k:v|c:sha256:abcd", "bar;k=v", 10, timer),
    // An empty last field and a malformed container are refused there, and unknown here.
    gives("bar:1|c|", "bar", 1),
    gives("bar:10|c|#k:v|c", "bar;k=v", 10),
    gives("bar:10|c|#k:v|c:", "bar;k=v", 10),
    refuses("", errc::missing_value),
    refuses("bar", errc::missing_value),
    refuses("bar:1", errc::missing_type),
    refuses("bar:1x|c", errc::bad_number),
    refuses("bar:2|t", errc::unknown_type),
    refuses(":10|ms", errc::empty_name),
    // A rate that is none is taken for 1 there, but a wrong count is worse than a refusal.
    refuses("bar:1|c|@baz", errc::bad_rate),
    refuses("bar:2|c|@0", errc::bad_rate),
    // Halves of a line that was cut in two.
    refuses("some.consumer.cpu_idle:  0.11  -0.05  -0.19 (  2.41)", errc::missing_type),
    refuses("|h|#consumer:Some::Consumer,topic:update,partition:1", errc::bad_name),
};
static_assert(first_wrong<dialect::quipu>(common) == "none");
static_assert(first_wrong<dialect::influx>(common) == "none");
static_assert(first_wrong<dialect::librato>(common) == "none");
static_assert(first_wrong<dialect::signalfx>(common) == "none");

constexpr expectation of_signs[] = {
    gives("bar:-10|g", "bar", -10, gauge),
    gives("bar:+10|g", "bar", 10, gauge),
};
static_assert(parse("bar:-10|g")->relative);
static_assert(first_wrong<dialect::quipu>(of_signs) == "none");

constexpr expectation librato[] = {
    gives("bar#k1=v1,k2=v2:10|c", "bar;k1=v1;k2=v2", 10),
    gives("bar#k2=v2,k1=v1:10|c", "bar;k1=v1;k2=v2", 10),
    gives("bar#01digits=0,with.dots=1:10|c", "bar;01digits=0;with.dots=1", 10),
    gives("bar#k1=v1:10|ms|@0.5", "bar;k1=v1", 10, timer, 0.5),
    gives("bar#bare,k1=v1,=v,k=:10|c", "bar;k1=v1", 10),
    gives("bar,k1=v1:10|c", "bar,k1=v1", 10),
    gives("bar[k1=v1]:10|c", "bar[k1=v1]", 10),
    refuses("bar#k1=v1,k2=v2:10|c|#k3:v3,#k4:v4", errc::mixed_tags),
    refuses("bar#k1=v1,k2=v2:10|c|@0.1|#k3:v3", errc::mixed_tags),
};
static_assert(first_wrong<dialect::librato>(librato) == "none");

constexpr expectation influx[] = {
    gives("bar,k1=v1,k2=v2:10|c", "bar;k1=v1;k2=v2", 10),
    gives("bar,01digits=0,with.dots=1:10|c", "bar;01digits=0;with.dots=1", 10),
    gives("bar,k1=v1:1:2:3|ms", "bar;k1=v1", 1, timer, 1, 3),
    gives("bar,bare,k1=v1,=v,k=:10|c", "bar;k1=v1", 10),
    gives("bar,,k1=v1:10|c", "bar;k1=v1", 10),
    gives("bar#k1=v1:10|c", "bar#k1=v1", 10),
    refuses("bar,k1=v1,k2=v2:10|c|#k3:v3,#k4:v4", errc::mixed_tags),
};
static_assert(first_wrong<dialect::influx>(influx) == "none");

constexpr expectation signalfx[] = {
    gives("bar.[k1=v1,k2=v2]baz:10|c", "bar.baz;k1=v1;k2=v2", 10),
    gives("bar.baz[k1=v1,k2=v2]:10|c", "bar.baz;k1=v1;k2=v2", 10),
    gives("[k1=v1,k2=v2]bar.baz:10|c", "bar.baz;k1=v1;k2=v2", 10),
    gives("bar.[]baz:10|c", "bar.baz", 10),
    gives("bar.[k1,k2]baz:10|c", "bar.baz", 10),
    gives("[k1=v1,k2=v2bar.baz:10|c", "[k1=v1,k2=v2bar.baz", 10),
    gives("k1=v1,k2=v2]bar.baz:10|c", "k1=v1,k2=v2]bar.baz", 10),
    gives("bar]k1=v1[baz:10|c", "bar]k1=v1[baz", 10),
    gives("bar.[k1=v1]baz:.5:120|ms", "bar.baz;k1=v1", 0.5, timer, 1, 2), // refused there
    gives("bar,k1=v1:10|c", "bar,k1=v1", 10),
    refuses("bar[k1=v1,k2=v2]:10|c|#k3:v3,#k4:v4", errc::mixed_tags),
};
static_assert(first_wrong<dialect::signalfx>(signalfx) == "none");

// With a dialect off, its tags are part of the name, or of nothing.
constexpr expectation without_name_tags[] = {
    gives("bar#k1=v1,k2=v2:10|c", "bar#k1=v1,k2=v2", 10),
    gives("bar,k1=v1,k2=v2:10|c", "bar,k1=v1,k2=v2", 10),
    gives("bar.[k1=v1,k2=v2]baz:10|c", "bar.[k1=v1,k2=v2]baz", 10),
    gives("bar,k1=v1:10|c|#k2:v2", "bar,k1=v1;k2=v2", 10),
};
static_assert(first_wrong<dialect::quipu>(without_name_tags) == "none");
static_assert(first_wrong<dialect::dogstatsd>(without_name_tags) == "none");

constexpr expectation graphite[] = {
    gives("bar;k1=v1;k2=v2:10|c", "bar;k1=v1;k2=v2", 10),
    gives("bar;k2=v2;k1=v1:10|c", "bar;k1=v1;k2=v2", 10),
    gives("bar;k2=v2:10|c|#k1:v1", "bar;k1=v1;k2=v2", 10),
    gives("bar;bare;k1=v1;=v;k=:10|c", "bar;k1=v1", 10),
};
static_assert(first_wrong<dialect::quipu>(graphite) == "none");

// UTF-8 is asked for in DogStatsD alone, and of its names.
constexpr expectation utf8[] = {
    refuses("bar\xc3\x28:1|c", errc::bad_name),
};
static_assert(first_wrong<dialect::dogstatsd>(utf8) == "none");

} // namespace

TEST_CASE("peers: statsd_exporter's lines without tags in the name", "[oracle][statsd_exporter]") {
    check<dialect::quipu>(common);
    check<dialect::influx>(common);
    check<dialect::librato>(common);
    check<dialect::signalfx>(common);
    check<dialect::quipu>(of_signs);
    check<dialect::dogstatsd>(utf8);
}

TEST_CASE("peers: statsd_exporter's lines with tags in the name", "[oracle][statsd_exporter]") {
    check<dialect::librato>(librato);
    check<dialect::influx>(influx);
    check<dialect::signalfx>(signalfx);
    check<dialect::quipu>(graphite);
}

TEST_CASE("peers: a dialect that is off finds no tags", "[oracle][statsd_exporter]") {
    check<dialect::quipu>(without_name_tags);
    check<dialect::dogstatsd>(without_name_tags);
}

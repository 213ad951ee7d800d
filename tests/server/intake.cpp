#include <quipu/server/intake.hpp>
#include <quipu/server/profile.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using quipu::errc;
namespace profile = quipu::profile;

namespace {

constexpr std::int64_t now = 1'700'000'000;

template <class Profile>
struct taken {
    quipu::basic_intake<Profile> intake{};
    std::vector<std::string> refused{};

    void receive(std::string_view text, std::int64_t at = now) {
        intake.receive(text, at, [&](quipu::refusal why, std::string_view line) {
            refused.push_back(std::string(line) + " @" + std::to_string(why.offset) + ": " +
                              std::string(message(why.error)));
        });
    }
    auto& input() { return intake.shard().active(); }
    std::uint64_t refusals(errc why) {
        return input().counts.refused[static_cast<std::size_t>(why)];
    }
};

struct few_series : profile::quipu {
    struct store_traits : quipu::store_traits {
        static constexpr std::size_t series_max = 2;
    };
};

} // namespace

TEST_CASE("intake: a packet is counted in packets, bytes and lines", "[server][intake]") {
    taken<profile::quipu> here;
    here.receive("a:1|c\n\nb:2|g\n");
    here.receive("a:1|c");
    here.receive("");
    const auto& counts = here.input().counts;
    CHECK(counts.packets == 3);
    CHECK(counts.bytes == 13 + 5);
    CHECK(counts.lines == 3);
    CHECK(counts.refused_in_all() == 0);
    CHECK(here.input().store.counter("a").sum() == 2);
    CHECK(here.input().store.gauge("b").value() == 2);
}

TEST_CASE("intake: a bad line costs none of its neighbours", "[server][intake]") {
    taken<profile::quipu> here;
    here.receive("a:1|c\nrubbish\na:x|c\na:1|c|@2\na:1|q\n:1|c\na:1|c");
    CHECK(here.input().store.counter("a").sum() == 2);
    CHECK(here.input().counts.lines == 7);
    CHECK(here.input().counts.refused_in_all() == 5);
    CHECK(here.refusals(errc::missing_value) == 1);
    CHECK(here.refusals(errc::bad_number) == 1);
    CHECK(here.refusals(errc::bad_rate) == 1);
    CHECK(here.refusals(errc::unknown_type) == 1);
    CHECK(here.refusals(errc::empty_name) == 1);
    REQUIRE(here.refused.size() == 5);
    CHECK(here.refused[1] == "a:x|c @2: the value is not a number");
}

TEST_CASE("intake: tags in a name that are none are counted", "[server][intake]") {
    taken<profile::quipu> here;
    here.receive("a;k=v;bad;=x:1|c\na;k=v:1|c\na:1|c|#bare");
    CHECK(here.input().counts.tags_dropped == 2);
    CHECK(here.input().counts.lines == 3);
    quipu::intake_counts all;
    all.merge(here.input().counts);
    all.merge(here.input().counts);
    CHECK(all.tags_dropped == 4);
}

TEST_CASE("intake: a series beyond the limit is refused, what is known goes on",
          "[server][intake]") {
    taken<few_series> here;
    here.receive("a:1|c\nb:1|c\nc:1|c\na:1|c");
    CHECK(here.refusals(errc::series_limit) == 1);
    REQUIRE(here.refused.size() == 1);
    CHECK(here.refused[0].starts_with("c @0: "));
    CHECK(here.input().store.counter("a").sum() == 2);
}

TEST_CASE("intake: a key/value without a time gets one where the profile says so",
          "[server][intake]") {
    taken<profile::kiip> here;
    here.receive("k:1|kv\nk:2|kv|@5\nk:3|kv|@0", 77);
    const auto& values = here.input().store.keyvalue("k").values();
    REQUIRE(values.size() == 3);
    CHECK(values[0].timestamp == 77);
    CHECK(values[1].timestamp == 5);
    CHECK(values[2].timestamp == 0); // that of the flush, says its schema

    taken<profile::quipu> other;
    other.receive("k:1|kv", 77);
    CHECK(other.input().store.keyvalue("k").values()[0].timestamp == quipu::no_timestamp);
}

TEST_CASE("intake: names are those of the profile", "[server][intake]") {
    taken<profile::quipu> native;
    native.receive("a b:1|c|#z:1,b:2\na b:1|c|#b:2,z:1");
    CHECK(native.input().store.size() == 1);
    CHECK(native.input().store.counter("a b;b=2;z=1").sum() == 2);
    taken<profile::etsy> etsy;
    etsy.receive("a b/c$:1|c");
    CHECK(etsy.input().store.counter("a_b-c").sum() == 1);
    CHECK(etsy.input().store.size() == 1);
}

TEST_CASE("intake: what others found is counted with the rest", "[server][intake]") {
    taken<profile::quipu> here;
    here.intake.count_refusals(errc::line_too_long, 3);
    here.intake.count_dropped(4);
    here.intake.count_dropped(1);
    CHECK(here.refusals(errc::line_too_long) == 3);
    CHECK(here.input().counts.dropped == 5);
    CHECK(here.refused.empty());
}

TEST_CASE("intake: counts add up", "[server][intake]") {
    quipu::intake_counts one;
    one.packets = 1;
    one.bytes = 2;
    one.lines = 3;
    one.dropped = 4;
    one.refused[static_cast<std::size_t>(errc::bad_rate)] = 5;
    one.refused[static_cast<std::size_t>(errc::bad_name)] = 1;
    auto sum = one;
    sum.merge(one);
    CHECK(sum.packets == 2);
    CHECK(sum.bytes == 4);
    CHECK(sum.lines == 6);
    CHECK(sum.dropped == 8);
    CHECK(sum.refused[static_cast<std::size_t>(errc::bad_rate)] == 10);
    CHECK(sum.refused_in_all() == 12);
}

TEST_CASE("intake: known series cost no memory", "[server][intake]") {
    taken<profile::quipu> here;
    const std::string_view text = "a.b.c:1|c\nd:+2|g\ne:1|c|#x:1,y:2\nf:ann|s\n";
    here.receive(text);
    const auto before = allocations();
    for (int i = 0; i < 1000; ++i)
        here.receive(text);
    CHECK(allocations() == before);
    CHECK(here.input().store.counter("a.b.c").sum() == 1001);
}

TEST_CASE("intake: the keys of the lines that were taken are counted if asked", "[server][keys]") {
    taken<profile::etsy> silent;
    silent.receive("a:1|c");
    CHECK(silent.input().keys.empty());

    taken<profile::etsy> counting;
    counting.intake.count_keys();
    counting.receive("x y:1|c\na:1|c:2|c\nbad line|\nx y:3|ms\n");
    CHECK(counting.input().keys.most_frequent() ==
          std::vector<quipu::key_count>{{"x_y", 2}, {"a", 1}});
}

#include <quipu/server/intake.hpp>
#include <quipu/server/profile.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

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
        intake.came(text.size());
        intake.receive(text, at, note_refusals());
    }
    void receive_padded(std::string text) {
        const auto size = text.size();
        text.append(quipu::read_padding_bytes, '#');
        const quipu::padded_text padded{std::string_view(text).substr(0, size)};
        intake.receive(padded, now, note_refusals());
    }
    auto note_refusals() {
        return [this](quipu::refusal why, std::string_view line) {
            refused.push_back(std::string(line) + " @" + std::to_string(why.offset) + ": " +
                              std::string(message(why.error)));
        };
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

TEST_CASE("intake: names that Etsy's server cleans come to one series, in their order",
          "[server][intake]") {
    using profile = profile::etsy;
    generator random(8);
    const std::vector<std::string> names = {"clean.name.that.is.long.enough",
                                            "clean/name.that.is longer than others",
                                            "clean-name.that.is_longer_than_others",
                                            "clean/name.that.is  longer than others",
                                            "short",
                                            "sh(o)rt",
                                            "(",
                                            "with;tag=1",
                                            "%with;tag=1"};
    const std::vector<std::string> ends = {
        "|c", "|ms", "|g", "|s", "|c|@0.5", "|g|#tag:1", "|c|#a:b/c"};
    const auto mostly_clean = GENERATE(false, true);
    taken<profile> here;
    quipu::basic_store<profile::store_traits> expected;
    quipu::canonical_buffer<profile::dialect_type> canonical;
    for (int round = 0; round < 60; ++round) {
        std::string text;
        for (auto lines = random.below(200); lines > 0; --lines) {
            const auto& name =
                mostly_clean && !random.one_in(50) ? names[0] : names[random.below(names.size())];
            text += name + ":" + (random.one_in(5) ? "+" : "") + std::to_string(random.below(90)) +
                    ends[random.below(ends.size())] + "\n";
        }
        quipu::parse_datagram<profile::dialect_type>(
            std::string_view(text),
            [&](const quipu::sample& one) {
                CHECK(expected.apply(*canonical.name(one.series), one) == errc::ok);
            },
            [](quipu::refusal, std::string_view line) { FAIL_CHECK(line); });
        random.one_in(2) ? here.receive(text) : here.receive_padded(text);
    }
    CHECK(here.refused.empty());
    auto& found = here.input().store;
    store_model::check_same(expected, found);
    CHECK(found.counters().find("clean-name.that.is_longer_than_others") != nullptr);
    CHECK(found.counters().find("") != nullptr);
}

TEST_CASE("intake: a name that waits for room keeps its text", "[server][intake]") {
    taken<profile::etsy> here;
    std::string text = "unknown.name:1|c\nanother/unknown.name:1|c\n";
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i) {
        names.push_back(std::string(500, 'n') + std::to_string(i));
        text += names.back() + ":1|c|#a:b\n"; // its text is another, and is copied
    }
    here.receive_padded(text);
    CHECK(here.input().store.size() == 22);
    CHECK(here.input().store.counters().find("another-unknown.name") != nullptr);
    for (const auto& name : names)
        CHECK(here.input().store.counters().find(name + ";a=b") != nullptr);
}

TEST_CASE("intake: what others found is counted with the rest", "[server][intake]") {
    taken<profile::quipu> here;
    here.intake.refuse_lines(errc::line_too_long, 3);
    here.intake.count_dropped(4);
    here.intake.count_dropped(1);
    CHECK(here.refusals(errc::line_too_long) == 3);
    CHECK(here.input().counts.dropped == 5);
    CHECK(here.input().counts.lines == 3);
    CHECK(here.input().counts.bad_lines == 3);
    CHECK(here.refused.empty());
}

TEST_CASE("intake: a line is bad once, however much of it is", "[server][intake]") {
    taken<profile::etsy> here;
    here.receive("a:1|c\nb:x|c:y|c:z|c\nc:1|c:x|c\nbad\nd:1|c\n");
    CHECK(here.input().counts.lines == 5);
    CHECK(here.input().counts.bad_lines == 3);
    CHECK(here.input().counts.refused_in_all() > 3);
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

TEST_CASE("intake: a sample with a time of its own is refused, for none but key/values keeps it",
          "[server][intake]") {
    quipu::basic_intake<quipu::profile::dogstatsd> intake;
    std::string refused;
    const auto take = [&](std::string_view text) {
        intake.receive(text, 0, [&](quipu::refusal why, std::string_view line) {
            refused += std::string(line) + ' ' + std::string(quipu::message(why.error)) + '\n';
        });
    };
    take("a:5|c|T1656581400\na:1|c\nb:2|g|#x:y|T1656581400\n");
    auto& input = intake.shard().active();
    CHECK(input.store.counters().find("a")->sum() == 1);
    CHECK(input.store.size() == 1);
    CHECK(input.counts.refused[static_cast<std::size_t>(quipu::errc::time_not_kept)] == 2);
    CHECK(refused.find("a the sample has a time of its own, `|T`") == 0);
    quipu::basic_intake<quipu::profile::quipu> native;
    native.receive("k:5|kv|@1656581400", 0, [](quipu::refusal, std::string_view) {});
    CHECK(native.shard().active().store.size() == 1);
}

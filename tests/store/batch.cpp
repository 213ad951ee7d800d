#include <quipu/store/batch.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/store_model.hpp"

#include <quipu/core/ascii.hpp>
#include <quipu/sketch/exact_set.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace quipu;

namespace {

struct small_traits : store_traits {
    using timer = basic_timer<basic_exact<20>>;
    using unique = basic_unique<basic_exact_set<3>>;
    using keyvalue = basic_keyvalue<20>;
    static constexpr std::size_t series_max = 300;
};

constexpr auto no_refusal = [](errc error, std::string_view name) {
    FAIL_CHECK(name << " is refused: " << message(error));
};

/// A name as a receiver has it: other text is behind it.
std::string padded(const std::string& name) {
    return name + ":1|c\nanother.name.that.is.long.enough.to.be.behind.it:1|c\n";
}

sample of(metric_kind kind, double value = 1) {
    sample one;
    one.series.kind = kind;
    one.value = value;
    one.member = "m";
    return one;
}

} // namespace

TEST_CASE("batch: a store cannot tell that there was one", "[store][batch]") {
    generator random(1);
    store single(5);
    store batched(5);
    batch samples;
    std::vector<std::string> texts(200); // of the samples since the last apply
    for (int round = 0; round < 200; ++round) {
        samples.begin(batched);
        const auto count = random.below(texts.size());
        for (std::size_t i = 0; i < count; ++i) {
            auto name = store_model::make_name(random, 150);
            if (random.one_in(500))
                name.resize(5000, 'x'); // more than is copied
            const auto one = store_model::make_sample(random);
            CHECK(single.apply(name, one) == errc::ok);
            if (random.one_in(2)) {
                texts[i] = padded(name);
                const auto text = std::string_view(texts[i]).substr(0, name.size());
                samples.add(detail::padded_name{text}, one, no_refusal);
            } else {
                samples.add(std::string_view(name), one, no_refusal);
                std::fill(name.begin(), name.end(), '?'); // it need not hold
            }
        }
        samples.apply(no_refusal);
        samples.apply(no_refusal); // there is nothing left
    }
    store_model::check_same(single, batched);
}

TEST_CASE("batch: names that are not canonical come to the series of their text",
          "[store][batch]") {
    // The canonical text has no capitals, and a '!' no text at all.
    struct owner {
        std::vector<std::string>& refused;
        std::string text{};

        void operator()(errc error, std::string_view name) const {
            refused.push_back(std::string(message(error)) + ": " + std::string(name));
        }
        result<std::string_view> canonical(std::string_view name) {
            if (name.find('!') != name.npos)
                return errc::bad_name;
            text = name;
            for (char& c : text)
                c = detail::to_lower(c);
            return std::string_view(text);
        }
    };
    generator random(3);
    basic_store<small_traits> single(5);
    basic_store<small_traits> batched(5);
    basic_batch<small_traits> samples;
    std::vector<std::string> expected;
    std::vector<std::string> told;
    owner tells{told};
    owner also{expected};
    std::vector<std::string> texts(150);
    for (int round = 0; round < 300; ++round) {
        samples.begin(batched);
        for (auto& text : texts) {
            auto name = store_model::make_name(random, 400);
            for (char& c : name)
                c = random.one_in(40) ? '!' : random.one_in(20) ? static_cast<char>(c & ~' ') : c;
            // In the order in which the batch takes them: refusals of a kind, not of them all.
            const auto one = of(metric_kind::counter, static_cast<double>(random.below(9)));
            const auto canonical = also.canonical(name);
            const errc error = canonical ? single.apply(*canonical, one) : canonical.error();
            if (error != errc::ok)
                also(error, canonical.value_or(name));
            text = padded(name);
            samples.add(
                detail::padded_name{std::string_view(text).substr(0, name.size())}, one, tells);
        }
        samples.apply(tells);
    }
    store_model::check_same(single, batched);
    CHECK(told == expected);
    CHECK(told.size() > 1000);
    CHECK(batched.size() > 20);
}

TEST_CASE("batch: samples of a kind keep their order", "[store][batch]") {
    store into;
    batch samples;
    samples.begin(into);
    auto change = of(metric_kind::gauge, -2);
    change.relative = true;
    samples.add(std::string_view("g"), of(metric_kind::gauge, 5), no_refusal);
    for (int i = 0; i < 200; ++i)
        samples.add(std::string_view("kv"), of(metric_kind::keyvalue, i), no_refusal);
    samples.add(std::string_view("g"), of(metric_kind::gauge, 7), no_refusal);
    samples.add(std::string_view("g"), change, no_refusal);
    samples.apply(no_refusal);
    CHECK(into.gauges().find("g")->value() == 5);
    const auto& values = into.keyvalues().find("kv")->values();
    REQUIRE(values.size() == 200);
    for (std::size_t i = 0; i < values.size(); ++i)
        CHECK(values[i].value == static_cast<double>(i));
}

TEST_CASE("batch: what a sample carries arrives", "[store][batch]") {
    store into;
    batch samples;
    samples.begin(into);
    auto sampled = of(metric_kind::counter, 3);
    sampled.rate = 0.25;
    sampled.integral = true;
    samples.add(std::string_view("sampled"), sampled, no_refusal);
    sampled.rate = 1;
    samples.add(std::string_view("whole"), sampled, no_refusal);
    sampled.integral = false;
    samples.add(std::string_view("broken"), sampled, no_refusal);
    auto timing = of(metric_kind::timer, 2.5);
    timing.rate = 0.5;
    samples.add(std::string_view("timing"), timing, no_refusal);
    auto stamped = of(metric_kind::keyvalue, 4);
    stamped.timestamp = 1'234'567'890;
    stamped.integral = true;
    samples.add(std::string_view("stamped"), stamped, no_refusal);
    auto member = of(metric_kind::unique);
    for (const auto* const one : {"a", "b", "a", ""}) {
        member.member = one;
        samples.add(std::string_view("set"), member, no_refusal);
    }
    samples.apply(no_refusal);
    CHECK(into.counters().find("sampled")->sum() == 12);
    CHECK(into.counters().find("sampled")->samples() == 4);
    CHECK_FALSE(into.counters().find("sampled")->integral());
    CHECK(into.counters().find("whole")->integral());
    CHECK_FALSE(into.counters().find("broken")->integral());
    CHECK(into.timers().find("timing")->count() == 2);
    CHECK(into.timers().find("timing")->sum() == 5);
    CHECK_FALSE(into.timers().find("timing")->integral());
    CHECK(into.uniques().find("set")->estimate() == 3);
    CHECK(into.keyvalues().find("stamped")->values() ==
          std::vector<timed_value>{{4, 1'234'567'890, true}});
}

TEST_CASE("batch: tells which samples a bound refused", "[store][batch]") {
    using refusal = std::pair<errc, std::string>;
    basic_store<small_traits> into;
    basic_batch<small_traits> samples;
    samples.begin(into);
    std::vector<refusal> told;
    const auto note = [&](errc error, std::string_view name) { told.emplace_back(error, name); };
    for (int i = 0; i < 21; ++i)
        samples.add(std::string_view("kv"), of(metric_kind::keyvalue, i), note);
    samples.apply(note);
    CHECK(told == std::vector<refusal>{{errc::value_limit, "kv"}});
    told.clear();
    std::vector<refusal> expected;
    for (int i = 1; i < 310; ++i) {
        const auto name = std::to_string(i);
        samples.add(std::string_view(name), of(metric_kind::counter, i), note);
        if (i >= 300)
            expected.emplace_back(errc::series_limit, name);
    }
    samples.add(std::string_view("7"), of(metric_kind::counter, 0), note);
    samples.apply(note);
    CHECK(told == expected);
    CHECK(into.size() == 300);
}

TEST_CASE("batch: known series cost no allocation once their cells have grown", "[store][batch]") {
    generator random(12);
    store all(random.next());
    batch samples;
    std::vector<std::string> names;
    for (int i = 0; i < 500; ++i)
        names.push_back(padded(std::string(random.below(80), 'n') + std::to_string(i)));
    std::vector<std::pair<std::string_view, sample>> came;
    for (int i = 0; i < 8'000; ++i) {
        const std::string_view text = names[random.below(names.size())];
        came.emplace_back(text.substr(0, text.find(':')), store_model::make_sample(random));
    }
    const auto interval = [&] {
        samples.begin(all);
        for (const auto& [name, one] : came) {
            if (one.value < 20)
                samples.add(name, one, no_refusal);
            else
                samples.add(detail::padded_name{name}, one, no_refusal);
        }
        samples.apply(no_refusal);
    };
    interval();
    all.reset(1);
    const auto before = allocations();
    interval();
    all.reset(1);
    CHECK(allocations() == before);
}

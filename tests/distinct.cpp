// Distinct series never become one silently: hostile names and tags through each sink, read back by its
// backend's rules. Different series in are different series out, or were merged and counted, and the
// sums agree to the last bit.
#include <quipu/net/memory.hpp>
#include <quipu/schema/native.hpp>
#include <quipu/sink/graphite.hpp>
#include <quipu/sink/influx.hpp>
#include <quipu/sink/json_lines.hpp>
#include <quipu/sink/opentsdb.hpp>
#include <quipu/sink/prometheus.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

std::string pick(generator& random, const std::vector<std::string>& from, std::size_t parts) {
    std::string text;
    for (std::size_t i = 0; i < parts; ++i)
        text += from[random.below(from.size())];
    return text;
}

/// A line of a counter with a name, and perhaps tags, that backends have no form for.
std::string hostile_line(generator& random, std::uint64_t value) {
    static const std::vector<std::string> names{"a",
                                                "b",
                                                ".",
                                                "..",
                                                " ",
                                                "_",
                                                "/",
                                                "-",
                                                "\\",
                                                "=",
                                                ",",
                                                "#",
                                                "\"",
                                                "\xc3\xa9",
                                                "\xff",
                                                "\xe2\x80\x83",
                                                "$"};
    static const std::vector<std::string> keys{"k",
                                               "K",
                                               "name",
                                               "name_",
                                               "time",
                                               "le",
                                               "host",
                                               "k-k",
                                               "k_k",
                                               "k k",
                                               "a=",
                                               "__x",
                                               "_field",
                                               "~",
                                               "!"};
    static const std::vector<std::string> values{
        "a", "b", "~a", "_a", "a b", "a_b", "a/b", "\\", "true", "\xff", "=", "\xc3\xa9", ""};
    std::string line =
        "n" + pick(random, names, 1 + random.below(3)) + ':' + std::to_string(value) + "|c";
    const auto tags = random.below(4);
    for (std::uint64_t i = 0; i < tags; ++i) {
        line += i == 0 ? "|#" : ",";
        line += pick(random, keys, 1);
        if (!random.one_in(5))
            line += ':' + pick(random, values, 1);
    }
    return line;
}

struct traffic {
    store all{};
    double sum = 0;
};

/// Each counter has another power of two, so that a sum tells which ones are in it.
void fill(traffic& into, generator& random) {
    canonical_buffer<> names;
    std::uint64_t value = 1;
    for (int i = 0; i < 40; ++i) {
        const auto line = hostile_line(random, value);
        parse_line<dialect::quipu>(
            line,
            [&](const sample& one) {
                const auto name = names.name(one.series);
                if (!name)
                    return;
                REQUIRE(into.all.apply(*name, one) == errc::ok);
                into.sum += one.value;
                value *= 2;
            },
            [](refusal) {});
    }
}

/// What a backend has: a sum for each series that it can tell apart.
using kept = std::map<std::string, std::vector<double>>;

void check(const kept& in, traffic& sent, std::uint64_t merged) {
    double sum = 0;
    for (const auto& [name, values] : in) {
        CAPTURE(name);
        REQUIRE(values.size() == 1); // else the last would win
        sum += values[0];
    }
    CHECK(sum == sent.sum);
    CHECK(in.size() + merged == sent.all.counters().size());
}

template <class F>
void for_each_line_of(std::string_view text, F f) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        f(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
}

/// As carbon reads a name: one word; folders of a path without empty nodes; tags in whichever order, none
/// called `name`, each with a value.
std::string carbon_name(std::string_view word) {
    REQUIRE(word.find_first_of(" \t") == word.npos);
    const auto parts = split_canonical(word);
    std::string path;
    for (const char c : parts.name)
        if (c != '.' || (!path.empty() && path.back() != '.'))
            path += c;
    while (!path.empty() && path.back() == '.')
        path.pop_back();
    std::map<std::string, std::string> tags;
    std::string_view rest = parts.tags;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const auto tag = std::string(rest.substr(0, rest.find(';')));
        rest.remove_prefix(tag.size());
        const auto equals = tag.find('=');
        REQUIRE(equals != tag.npos);
        REQUIRE(equals > 0);
        REQUIRE(equals + 1 < tag.size());
        REQUIRE(tag[equals + 1] != '~');
        if (tag.substr(0, equals) != "name")
            tags[tag.substr(0, equals)] = tag.substr(equals + 1);
    }
    for (const auto& [key, value] : tags)
        path += ';' + key + '=' + value;
    return path;
}

} // namespace

TEST_CASE("distinct: in Graphite", "[distinct]") {
    generator random(1);
    for (int round = 0; round < 300; ++round) {
        traffic sent;
        fill(sent, random);
        basic_graphite sink{native_schema(), memory_transport()};
        REQUIRE(sink.write(collect(sent.all, 7, 10)) == errc::ok);
        kept in;
        for_each_line_of(sink.transport().text(), [&](std::string_view line) {
            const auto word = line.substr(0, line.find(' '));
            if (!split_canonical(word).name.ends_with(".count"))
                return;
            in[carbon_name(word)].push_back(std::stod(std::string(line.substr(word.size()))));
        });
        check(in, sent, sink.united().merged);
    }
}

TEST_CASE("distinct: in InfluxDB", "[distinct]") {
    generator random(2);
    for (int round = 0; round < 300; ++round) {
        traffic sent;
        fill(sent, random);
        basic_influx sink{memory_transport()};
        REQUIRE(sink.write(collect(sent.all, 7, 10)) == errc::ok);
        kept in;
        std::string text;
        for (const auto& piece : sink.transport().sent())
            text += piece;
        for_each_line_of(text, [&](std::string_view line) {
            // A blank that no backslash stands before ends the series.
            std::size_t end = 0;
            while (line[end] != ' ')
                end += line[end] == '\\' ? 2U : 1U;
            const auto field = line.substr(end + 1);
            REQUIRE(field.starts_with("value="));
            REQUIRE_FALSE(line.starts_with('#'));
            in[std::string(line.substr(0, end))].push_back(std::stod(std::string(field.substr(6))));
        });
        check(in, sent, sink.united().merged);
    }
}

TEST_CASE("distinct: in OpenTSDB", "[distinct]") {
    generator random(3);
    for (int round = 0; round < 300; ++round) {
        traffic sent;
        fill(sent, random);
        basic_opentsdb sink{native_schema(), memory_transport()};
        REQUIRE(sink.write(collect(sent.all, 7, 10)) == errc::ok);
        kept in;
        std::string text;
        for (const auto& piece : sink.transport().sent())
            text += piece;
        for_each_line_of(text, [&](std::string_view line) {
            std::vector<std::string> words;
            for (std::size_t at = 0; at < line.size();) {
                const auto end = std::min(line.find(' ', at), line.size());
                words.emplace_back(line.substr(at, end - at));
                at = end + 1;
            }
            REQUIRE(words.size() >= 5);
            if (!words[1].ends_with(".count"))
                return;
            std::map<std::string, std::string> tags;
            for (std::size_t i = 4; i < words.size(); ++i) {
                const auto equals = words[i].find('=');
                REQUIRE(equals == words[i].rfind('='));
                REQUIRE(tags.emplace(words[i].substr(0, equals), words[i].substr(equals)).second);
            }
            auto name = words[1];
            for (const auto& [key, value] : tags)
                name += ' ' + key + value;
            in[name].push_back(std::stod(words[3]));
        });
        check(in, sent, sink.united().merged);
    }
}

TEST_CASE("distinct: in Prometheus", "[distinct]") {
    generator random(4);
    for (int round = 0; round < 300; ++round) {
        traffic sent;
        fill(sent, random);
        prometheus_page page;
        page.add(collect(sent.all, 7, 10));
        kept in;
        for_each_line_of(page.render(), [&](std::string_view line) {
            if (!line.starts_with('#'))
                in[std::string(line.substr(0, line.rfind(' ')))].push_back(
                    std::stod(std::string(line.substr(line.rfind(' ')))));
        });
        check(in, sent, page.losses().merged);
        CHECK(page.losses().conflicts == 0);
    }
}

TEST_CASE("distinct: in lines of JSON no key comes twice", "[distinct]") {
    generator random(5);
    for (int round = 0; round < 300; ++round) {
        traffic sent;
        fill(sent, random);
        basic_json_lines sink{memory_transport()};
        REQUIRE(sink.write(collect(sent.all, 7, 10)) == errc::ok);
        kept in;
        for_each_line_of(sink.transport().text(), [&](std::string_view line) {
            const auto count = line.find(",\"count\":");
            REQUIRE(count != line.npos);
            in[std::string(line.substr(0, count))].push_back(
                std::stod(std::string(line.substr(count + 9))));
        });
        // Bytes that are not UTF-8 are the one thing that JSON has no form for.
        double sum = 0;
        for (const auto& [name, values] : in) {
            for (const double value : values)
                sum += value;
        }
        CHECK(sum == sent.sum);
        CHECK(in.size() == sent.all.counters().size());
    }
}

TEST_CASE("distinct: three series of one key stay three", "[distinct]") {
    store all;
    all.counter("x;team=a;team=b").add(1);
    all.counter("x;team=b").add(2);
    all.counter("x;team=a").add(4);
    const auto from = collect(all, 7, 10);
    basic_json_lines json{memory_transport()};
    REQUIRE(json.write(from) == errc::ok);
    CHECK(json.transport().text().find("\"tags\":{\"team\":[\"a\",\"b\"]},\"count\":1") !=
          std::string::npos);
    basic_graphite graphite{native_schema(), memory_transport()};
    REQUIRE(graphite.write(from) == errc::ok);
    CHECK(graphite.transport().text().find("x.count;team=a,b 1 7\n") != std::string::npos);
    CHECK(graphite.united().merged == 0);
}

#include <quipu/wire/datagram.hpp>

#include "support/catch.hpp"
#include "support/parsed.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace parsed;
using namespace std::string_view_literals;

namespace {

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return random() % bound;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    const auto count =
        for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
    CHECK(count == lines.size());
    return lines;
}

/// Bytes on the heap with nothing behind them, so that a sanitizer sees who reads on.
class exact_bytes {
public:
    explicit exact_bytes(std::string_view text)
        : bytes_(new char[text.size()]), size_(text.size()) {
        std::copy(text.begin(), text.end(), bytes_.get());
    }
    std::string_view view() const { return {bytes_.get(), size_}; }
    bool holds(std::string_view part) const {
        return part.empty() ||
               (part.data() >= bytes_.get() && part.data() + part.size() <= bytes_.get() + size_);
    }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

/// Any bytes, or pieces of lines with perhaps one byte spoilt; never a newline or a 'G'.
std::string garbage(generator& random) {
    constexpr std::string_view pieces[] = {
        "a:",      "b.c:",     "a:1|c", "a:b:c|s",    "1",     "-2.5",  ":3",     "+4e2",
        "|c",      "|ms",      "|g",    "|s",         "|kv",   "|h",    "|",      ":",
        "|@",      "|@0.1",    "|@2",   "|#",         "|#x:y", ",z",    "|T1700", "|T",
        "\r",      "\xc3\xa9", "0x1F",  "1e400",      "NaN",   "|c:id", " ",      "#",
        "a:1:2|c", "@",        "_e{9",  "a b/c;d=e:", "|0.5",  "\t",    "1|ms",   "x"};
    std::string text;
    if (below(random, 4) == 0) {
        text.resize(below(random, 28));
        std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    } else {
        text = below(random, 3) == 0 ? "" : "a:1|c"; // to go on from
        for (auto left = below(random, 5); left > 0; --left) {
            text += pieces[below(random, std::size(pieces))];
        }
        if (!text.empty() && below(random, 4) == 0) {
            text[below(random, text.size())] = static_cast<char>(random());
        }
    }
    std::replace(text.begin(), text.end(), '\n', 'n');
    std::replace(text.begin(), text.end(), 'G', 'g');
    return text;
}

struct tally {
    double value = 0;
    std::size_t samples = 0;
    std::size_t refusals = 0;
    std::size_t lines = 0;

    friend constexpr bool operator==(const tally&, const tally&) = default;
};

constexpr tally count(std::string_view text) {
    tally all;
    all.lines = parse_datagram(
        text,
        [&](const sample& one) {
            all.value += one.value;
            ++all.samples;
        },
        [&](refusal, std::string_view) { ++all.refusals; });
    return all;
}

static_assert(count("a:1|c\nb:2:3|ms\n\nbad\nc:4|g") == tally{10, 4, 1, 4});

} // namespace

TEST_CASE("datagram: lines are parted by newlines, and empty ones are none", "[wire][datagram]") {
    using list = std::vector<std::string>;
    CHECK(lines_of("").empty());
    CHECK(lines_of("\n").empty());
    CHECK(lines_of("\n\n\n").empty());
    CHECK(lines_of("a") == list{"a"});
    CHECK(lines_of("a\n") == list{"a"});
    CHECK(lines_of("\na\n\nb") == list{"a", "b"});
    CHECK(lines_of("a\r\n\0\n b \n"sv) == list{"a\r", std::string(1, '\0'), " b "});
}

TEST_CASE("datagram: parses all its lines in their order", "[wire][datagram]") {
    CHECK(count("a:1|c\nb:2:3|ms\n\nbad\nc:4|g") == tally{10, 4, 1, 4});
    CHECK(count("a:1|c\r\nb:2|c\r\n") == tally{3, 2, 0, 2});

    std::vector<std::string> heard;
    parse_datagram(
        "a:1|c\nb|c\nc:1:x|c\n",
        [&](const sample& one) { heard.emplace_back(one.series.name); },
        [&](refusal why, std::string_view line) {
            heard.push_back(std::string(line) + " at " + std::to_string(why.offset));
        });
    CHECK(heard == std::vector<std::string>{"a", "b|c at 0", "c", "c:1:x|c at 4"});
}

TEST_CASE("datagram: the largest that UDP carries is read", "[wire][datagram]") {
    constexpr std::size_t largest = 65507;
    const exact_bytes one_line(std::string(largest, 'x'));
    CHECK(count(one_line.view()) == tally{0, 0, 1, 1});

    std::string text;
    while (text.size() + 6 <= largest) {
        text += "a:1|c\n";
    }
    const auto lines = text.size() / 6;
    text += std::string(largest - text.size(), '\n');
    const exact_bytes many_lines(text);
    CHECK(count(many_lines.view()) == tally{double(lines), lines, 0, lines});
}

TEMPLATE_TEST_CASE("datagram: any bytes are read or refused, and good lines among them survive",
                   "[wire][datagram]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::kiip) {
    generator random(7);
    std::size_t accepted = 0;
    for (int i = 0; i < 70000; ++i) {
        std::string text = garbage(random);
        const auto good_lines = below(random, 3);
        for (std::size_t line = 0; line < good_lines; ++line) {
            text += "\nGOOD:1|c\n" + garbage(random);
        }
        const exact_bytes bytes(text);
        std::size_t good = 0;
        bool sound = true;
        parse_datagram<TestType>(
            bytes.view(),
            [&](const sample& one) {
                good += one.series.name == "GOOD" && one.value == 1 ? 1u : 0u;
                sound = sound && bytes.holds(one.series.name) && bytes.holds(one.series.tags) &&
                        (bytes.holds(one.member) || one.member == "0") &&
                        std::isfinite(one.value) && std::isfinite(one.weight()) && one.rate > 0;
                ++accepted;
            },
            [&](refusal why, std::string_view line) {
                sound = sound && bytes.holds(line) && why.offset <= line.size() &&
                        why.error != errc::ok;
            });
        if (good != good_lines || !sound) {
            FAIL("datagram " << i << ": " << text);
        }
    }
    CHECK(accepted > 80000); // the good ones alone are about 70000
}

TEST_CASE("datagram: what is accepted can be written and reads back equal", "[wire][datagram]") {
    generator random(8);
    std::size_t written = 0;
    for (int i = 0; i < 100000; ++i) {
        const auto text = garbage(random);
        parse_datagram(
            text,
            [&](const sample& one) {
                line_buffer out;
                const auto error = format(one, out);
                if (error == errc::bad_name && detail::has_control_or<>(one.member)) {
                    return;
                }
                if (error != errc::ok) {
                    FAIL(text << ": " << message(error));
                }
                auto again = parse(out.view());
                REQUIRE(again);
                again->integral = one.integral;
                if (*again != one) {
                    FAIL(text << " becomes " << out.view());
                }
                ++written;
            },
            [](refusal, std::string_view) {});
    }
    CHECK(written > 10000);
}

TEST_CASE("datagram_writer: packs lines until one does not fit", "[wire][datagram]") {
    basic_datagram_writer<11> writer;
    CHECK(writer.empty());
    CHECK(writer.view().empty());
    CHECK(writer.add(counter("a", 1)) == errc::ok);
    CHECK(writer.view() == "a:1|c");
    CHECK(writer.add(counter("b", 23)) == errc::no_space); // a newline and six bytes
    CHECK(writer.view() == "a:1|c");
    CHECK(writer.add(counter("b", 2)) == errc::ok);
    CHECK(writer.view() == "a:1|c\nb:2|c");
    CHECK(writer.add(counter("c", 3)) == errc::no_space);
    CHECK(writer.view() == "a:1|c\nb:2|c");
    CHECK_FALSE(writer.empty());

    writer.clear();
    CHECK(writer.empty());
    CHECK(writer.add(counter("c", 3)) == errc::ok);
    CHECK(writer.view() == "c:3|c");
    CHECK(writer.add(counter("c:", 3)) == errc::bad_name);
    CHECK(writer.view() == "c:3|c");
}

TEST_CASE("datagram_writer: keeps the two lines of a negative gauge together", "[wire][datagram]") {
    basic_datagram_writer<18> writer;
    CHECK(writer.add(counter("a", 1)) == errc::ok);
    CHECK(writer.add(gauge("b", -12)) == errc::no_space); // 6 + 5 + 1 + 7
    CHECK(writer.view() == "a:1|c");
    CHECK(writer.add(gauge("b", -1)) == errc::ok);
    CHECK(writer.view() == "a:1|c\nb:0|g\nb:-1|g");
}

TEST_CASE("datagram_writer: what never fits leaves it empty", "[wire][datagram]") {
    basic_datagram_writer<5> writer;
    CHECK(writer.add(counter("long", 1)) == errc::no_space);
    CHECK(writer.empty());
    CHECK(writer.add(counter("a", 1)) == errc::ok);
}

TEST_CASE("datagram_writer: the usual one fits an Ethernet frame", "[wire][datagram]") {
    datagram_writer writer;
    std::size_t added = 0;
    while (writer.add(counter("name", 1)) == errc::ok) {
        ++added;
    }
    CHECK(added == (1432 + 1) / 9);
    CHECK(count(writer.view()) == tally{double(added), added, 0, added});
}

TEST_CASE("datagram: blank lines are none, however they end", "[wire][datagram]") {
    const auto text = "\r\n\n\r\na:1|c\r\n\r\nb:2|c\r\n\r\n\n\r"sv;
    CHECK(count(text) == tally{3, 2, 0, 2});
    // As a padded text likewise, and as a text without anything behind it.
    const auto padded = std::string(text) + std::string(read_padding_bytes, 'x');
    std::size_t samples = 0;
    std::size_t refusals = 0;
    const auto lines = parse_datagram<dialect::dogstatsd>(
        padded_text{std::string_view(padded).substr(0, text.size())},
        [&](const sample&) { ++samples; },
        [&](refusal, std::string_view) { ++refusals; });
    CHECK(lines == 2);
    CHECK(samples == 2);
    CHECK(refusals == 0);
}

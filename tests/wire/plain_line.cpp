#include <quipu/wire/plain_line.hpp>

#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace quipu;

/// What a text says: its samples and refusals in order.
using outcome = std::vector<std::pair<sample, refusal>>;

template <class Dialect>
void add_line(outcome& to, std::string_view line) {
    parse_line<Dialect>(
        line,
        [&](const sample& one) {
            to.push_back({one, {}});
        },
        [&](refusal why) {
            to.push_back({{}, why});
        });
}

/// The full parser's word on each line.
template <class Dialect>
outcome parsed(std::string_view text) {
    outcome all;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (!line.empty())
            add_line<Dialect>(all, line);
        text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    }
    return all;
}

template <class Dialect, class Scan>
outcome read(std::string_view text, std::size_t* plain = nullptr) {
    outcome all;
    detail::read_plain_lines<Dialect, Scan>(
        text,
        [&](const sample& one) {
            all.push_back({one, {}});
            if (plain != nullptr)
                ++*plain;
        },
        [&](std::string_view line) { add_line<Dialect>(all, line); });
    return all;
}

/// A text with a padding that tempts the reader: marks, digits, anything.
class padded {
public:
    padded(std::string_view text, generator& random)
        : size_(text.size()), bytes_(text.size() + read_padding_bytes) {
        if (!text.empty())
            std::memcpy(bytes_.data(), text.data(), text.size());
        constexpr std::string_view tempting = ":|@#c1.\n";
        for (std::size_t i = text.size(); i < bytes_.size(); ++i)
            bytes_[i] = tempting[random.below(tempting.size())];
    }
    [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

private:
    std::size_t size_;
    std::vector<char> bytes_; // on the heap, of the exact size: a sanitizer sees a read beyond
};

/// Lines made of pieces that make sense together now and then.
std::string pieces(generator& random) {
    constexpr std::string_view words[] = {
        "a",        "name.x",    ":",
        "|",        "1",         "12.5",
        "c",        "ms",        "g",
        "s",        "kv",        "h",
        "|@0.1",    "|#env:p,x", "\n",
        "\n",       "+",         "-3",
        "@",        "#",         "|c",
        "|ms",      ":1|c",      "1234567",
        "99999999", "0.5",       "2",
        "\r",       "\x01",      "T12",
        "|T5",      "e",         "long.name.of.a.series.in.production",
        "|@2",      "|@0",       " ",
        "\xc3\xa9", ",",         "|c:abc",
        ":1:2.5",   ":3:4:5",    "|g",
        "|@1",      "|@.5",      "|#",
        "||",       ".",         "\x7f",
    };
    std::string text;
    const auto count = 1 + random.below(24);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (random.one_in(3)) {
            text += "nm:";
            text += random.one_in(2) ? "7" : "7.25";
            text += random.one_in(2) ? "|c" : "|ms";
        } else {
            text += words[random.below(std::size(words))];
        }
    }
    return text;
}

} // namespace

TEMPLATE_TEST_CASE("plain_line: says what the full parser says, however a block is looked at",
                   "[wire][plain_line]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::kiip,
                   dialect::statsite,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx) {
    constexpr std::uint64_t seed = 7;
    generator random(seed);
    std::size_t plain = 0;
    for (int i = 0; i < 20'000; ++i) {
        const padded lines(pieces(random), random);
        const auto wanted = parsed<TestType>(lines.text());
        if (read<TestType, detail::default_scan>(lines.text(), &plain) != wanted ||
            read<TestType, detail::swar_scan>(lines.text()) != wanted ||
            read<TestType, detail::plain_scan>(lines.text()) != wanted)
            FAIL("text " << i << " of seed " << seed << ": " << lines.text());
    }
    CHECK(plain > 500); // else nothing was proven
}

TEST_CASE("plain_line: the commonest shapes take the fast way", "[wire][plain_line]") {
    generator random(1);
    for (const std::string_view line : {"a:1|c",
                                        "api.requests:12345678|c",
                                        "api.latency:12.5|ms",
                                        "a:.5|h",
                                        "a:5.|d",
                                        "a:1|kv",
                                        "a:7|g",
                                        "users:ann|s",
                                        "users:0123456789abcdef|s",
                                        "a:1|c|@0.1",
                                        "a:1|c|#env:prod,x",
                                        "a:1|c|@0.25|#env:prod",
                                        "a:1|ms|#"}) {
        CAPTURE(line);
        const padded text(line, random);
        std::size_t plain = 0;
        CHECK(read<dialect::quipu, detail::default_scan>(text.text(), &plain).size() == 1);
        CHECK(plain == 1);
    }
}

TEMPLATE_TEST_CASE("plain_line: lines of several values take the fast way",
                   "[wire][plain_line]",
                   dialect::quipu,
                   dialect::dogstatsd) {
    generator random(11);
    for (const std::size_t values : {2U, 8U, 64U, 65U}) {
        std::string line = "api.latency";
        for (std::size_t i = 0; i < values; ++i)
            line +=
                ':' + std::to_string(random.below(i % 8 == 0 ? 1'000'000'000'000 : 1'000)) + ".25";
        for (const std::string_view end : {"|ms", "|h|@0.5", "|d|#env:prod,x", "|c|@0.1|#x"}) {
            const padded text(line + std::string(end), random);
            CAPTURE(text.text());
            std::size_t plain = 0;
            const auto found = read<TestType, detail::default_scan>(text.text(), &plain);
            CHECK(found == parsed<TestType>(text.text()));
            CHECK(found.size() == values);
            CHECK(plain == (values <= 64 ? values : 0));
        }
    }
}

TEST_CASE("plain_line: a line of several values is read whole or not at all",
          "[wire][plain_line]") {
    generator random(12);
    for (const std::string_view line : {"a:1:x|ms",
                                        "a:1::2|ms",
                                        "a:1:2|",
                                        "a:1:2|zz",
                                        "a:1:2|ms|@2",
                                        "a:1:2|ms|c:3",
                                        "a:1:2|s",
                                        "a:1:2",
                                        ":1:2|ms",
                                        "a:1:2|ms:3|c",
                                        "a:1:-2|g",
                                        "a:1:2|ms|@0.5|#a:b|c:x"}) {
        CAPTURE(line);
        const padded text(line, random);
        std::size_t plain = 0;
        CHECK(read<dialect::quipu, detail::default_scan>(text.text(), &plain) ==
              parsed<dialect::quipu>(text.text()));
        CHECK(plain == 0);
        CHECK(read<dialect::dogstatsd, detail::default_scan>(text.text()) ==
              parsed<dialect::dogstatsd>(text.text()));
    }
}

TEST_CASE("plain_line: lines of every length are read", "[wire][plain_line]") {
    generator random(2);
    constexpr auto name_max = dialect::quipu::name_bytes_max;
    for (std::size_t size = 1; size <= name_max + 1; size += size < 140 ? 1 : 49) {
        const std::string line = std::string(size, 'n') + ":1|c";
        for (const std::string_view end : {"", "\n", "|@0.5", "|#k:v\nb:2|c"}) {
            const padded text(line + std::string(end), random);
            std::size_t plain = 0;
            CAPTURE(size, end);
            CHECK(read<dialect::quipu, detail::default_scan>(text.text(), &plain) ==
                  parsed<dialect::quipu>(text.text()));
            // The full parser reads what is as long as a name may be and more.
            const bool second = end.ends_with("b:2|c");
            if (line.size() + end.size() < name_max)
                CHECK(plain == (second ? 2U : 1U));
        }
    }
}

TEST_CASE("plain_line: tags may be as long as a piece", "[wire][plain_line]") {
    generator random(5);
    for (std::size_t size = 1; size < 5'000; size += 1 + size / 3) {
        std::string tags = "k:v";
        while (tags.size() < size)
            tags += ",k:v";
        for (const std::string_view end : {"", "|c:x", "\na:1|c"}) {
            const padded text("a:1|c|#" + tags + std::string(end), random);
            CAPTURE(size, end);
            CHECK(read<dialect::quipu, detail::default_scan>(text.text()) ==
                  parsed<dialect::quipu>(text.text()));
        }
    }
}

TEST_CASE("plain_line: values and rates of any length do no harm", "[wire][plain_line]") {
    generator random(9);
    for (std::size_t size = 0; size < 80; ++size) {
        const std::string zeros(size, '0');
        for (const std::string& line : {"a:" + zeros + "|s",
                                        "a:" + zeros + "|c",
                                        "a:1|c|@0." + zeros + "1",
                                        "a:1|c|@" + zeros}) {
            const padded text(line, random);
            CAPTURE(line);
            CHECK(read<dialect::quipu, detail::default_scan>(text.text()) ==
                  parsed<dialect::quipu>(text.text()));
        }
    }
}

TEMPLATE_TEST_CASE("plain_line: no line is lost where one piece ends and the next begins",
                   "[wire][plain_line]",
                   detail::default_scan,
                   detail::swar_scan) {
    generator random(6);
    constexpr std::size_t piece = detail::mark_index<TestType>::piece_bytes;
    const std::string line = "api.requests.of.some.length:12.5|ms|@0.5|#env:prod";
    for (std::size_t before = piece - line.size() - 3; before <= piece + 2; ++before) {
        std::string text(before - 1, 'x');
        text[before / 2] = '\n';
        text += '\n' + line;
        for (const std::string_view end : {"", "\n", "\n\n", "\nb:2|c\n"}) {
            const padded lines(text + std::string(end), random);
            std::size_t plain = 0;
            CAPTURE(before, end);
            CHECK(read<dialect::quipu, TestType>(lines.text(), &plain) ==
                  parsed<dialect::quipu>(lines.text()));
            CHECK(plain >= 1);
        }
    }
    for (int i = 0; i < 200; ++i) {
        std::string text;
        while (text.size() < 3 * piece)
            text += pieces(random) + (random.one_in(40) ? std::string(piece, 'y') : "\n");
        const padded lines(text, random);
        if (read<dialect::quipu, TestType>(lines.text()) != parsed<dialect::quipu>(lines.text()))
            FAIL("text " << i);
    }
}

TEST_CASE("plain_line: numbers of many digits are correctly rounded", "[wire][plain_line]") {
    generator random(8);
    std::size_t plain = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string number;
        const auto size = 1 + random.below(18);
        while (number.size() < size)
            number += static_cast<char>('0' + random.below(10));
        if (random.one_in(2))
            number[random.below(size)] = '.';
        if (random.one_in(50))
            number[random.below(size)] = '.';
        const padded text("a:" + number + "|ms", random);
        if (read<dialect::quipu, detail::default_scan>(text.text(), &plain) !=
            parsed<dialect::quipu>(text.text()))
            FAIL(number);
    }
    CHECK(plain > 14'000);
}

namespace {

/// Dialects that override one thing each.
struct by_length : dialect::quipu {
    [[nodiscard]] static constexpr errc
    read_value(std::string_view text, std::string_view, sample& out) noexcept {
        out.value = static_cast<double>(text.size());
        return errc::ok;
    }
};
struct shouting : dialect::quipu {
    [[nodiscard]] static constexpr errc check_name(std::string_view name) noexcept {
        return name == "A" ? errc::ok : errc::bad_name;
    }
};
struct without_rates : dialect::quipu {
    [[nodiscard]] static constexpr errc
    read_field(std::string_view, std::size_t, sample&) noexcept {
        return errc::unknown_field;
    }
};
struct short_names : dialect::quipu {
    static constexpr std::size_t name_bytes_max = 3;
};
struct short_lines : dialect::quipu {
    static constexpr std::size_t line_bytes_max = 5;
};
struct short_tags : dialect::quipu {
    static constexpr std::size_t tag_bytes_max = 3;
};
struct names_of_70 : dialect::quipu {
    static constexpr std::size_t name_bytes_max = 70;
};
struct tags_of_70 : dialect::quipu {
    static constexpr std::size_t tag_bytes_max = 70;
};
struct lines_of_90 : dialect::quipu {
    static constexpr std::size_t line_bytes_max = 90;
};

template <class Dialect>
void check_override(std::string_view text) {
    generator random(3);
    const padded lines(text, random);
    CHECK(read<Dialect, detail::default_scan>(lines.text()) == parsed<Dialect>(lines.text()));
}

} // namespace

TEST_CASE("plain_line: tags in the place of the type are no type", "[wire][plain_line]") {
    generator random(4);
    const padded text("a:1|#\na:1|#|c\nb:2|c", random);
    CHECK(read<dialect::etsy, detail::default_scan>(text.text()) ==
          parsed<dialect::etsy>(text.text()));
}

TEST_CASE("plain_line: what a dialect overrides is never passed by", "[wire][plain_line]") {
    STATIC_REQUIRE(detail::has_plain_values<dialect::quipu>);
    STATIC_REQUIRE(detail::has_plain_values<shouting>);
    STATIC_REQUIRE(!detail::has_plain_values<by_length>);
    STATIC_REQUIRE(!detail::has_plain_fields<without_rates>);
    check_override<shouting>("A:1|c\na:1|c\n");
    check_override<without_rates>("A:1|c|@0.5\na:1|c\n");
    check_override<short_names>("abc:1|c\nabcd:1|c\n");
    STATIC_REQUIRE(!detail::has_plain_values<short_lines>);
    check_override<short_tags>("a:1|c|#abc\na:1|c|#abcd\n");
    for (const std::size_t size : {69U, 70U, 71U, 84U, 85U, 86U}) {
        check_override<names_of_70>(std::string(size, 'n') + ":1|c");
        check_override<tags_of_70>("a:1|c|#" + std::string(size, 't'));
        check_override<lines_of_90>("a:1|c|#" + std::string(size - 2, 't'));
        check_override<lines_of_90>(std::string(size, 'n') + ":1|c");
    }
    check_override<dialect::influx>("a,k=v:1|c|#x:y\na,k=v:1|c\n");
}

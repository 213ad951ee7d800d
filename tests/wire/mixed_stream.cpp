#include <quipu/wire/mixed_stream.hpp>

#include "support/binaries.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace std::string_view_literals;
using binaries::scalar_record;
using binaries::set_record;

namespace {

/// What a stream hands out, line by line and record by record, in a form to compare and print.
class listener {
public:
    explicit listener(std::size_t bytes_max = 100) : stream(bytes_max) {}

    errc feed(std::string_view bytes) {
        const std::vector<char> copy(bytes.begin(), bytes.end()); // gone after the call
        return stream.feed(
            {copy.data(), copy.size()},
            [&](std::string_view text) {
                REQUIRE_FALSE(text.empty());
                REQUIRE(text.back() == '\n');
                while (!text.empty()) {
                    const auto newline = text.find('\n');
                    if (newline > 0)
                        heard.push_back("line " + std::string(text.substr(0, newline)));
                    text.remove_prefix(newline + 1);
                }
            },
            [&](const sample& one) {
                heard.push_back("sample " + std::string(to_string(one.series.kind)) + ' ' +
                                std::string(one.series.name) + ' ' + std::string(one.member) +
                                std::to_string(one.value));
            },
            [&](refusal why, std::string_view record) {
                heard.push_back("refused " + std::string(message(why.error)) + ' ' +
                                std::to_string(record.size()));
            });
    }

    mixed_stream stream;
    std::vector<std::string> heard;
};

using list = std::vector<std::string>;

} // namespace

TEST_CASE("mixed_stream: tells lines and records apart", "[wire][mixed_stream]") {
    listener one;
    CHECK(one.feed("a:1|c\nb:2|c\n" + scalar_record(2, 3, "c\0"sv) + "d:4|c\ne") == errc::ok);
    CHECK(one.heard == list{"line a:1|c", "line b:2|c", "sample counter c 3.000000", "line d:4|c"});
    CHECK(one.stream.rest() == "e");
    CHECK_FALSE(one.stream.in_record());
    CHECK(one.feed(":5|c\n\xaa") == errc::ok);
    CHECK(one.heard.back() == "line e:5|c");
    CHECK(one.stream.rest().empty());
    CHECK(one.stream.in_record());
    CHECK(one.feed(set_record("f\0"sv, "g\0"sv).substr(1)) == errc::ok);
    CHECK(one.heard.back() == "sample set f g0.000000");
    CHECK_FALSE(one.stream.in_record());
    CHECK(one.feed("") == errc::ok);
}

TEST_CASE("mixed_stream: whole lines and records are not copied", "[wire][mixed_stream]") {
    const auto bytes = "a\nb\xaa\n" + scalar_record(2, 3, "c\0"sv);
    mixed_stream stream(100);
    int calls = 0;
    const auto error = stream.feed(
        bytes,
        [&](std::string_view text) {
            ++calls;
            CHECK(text.data() == bytes.data());
            CHECK(text.size() == 5);
        },
        [&](const sample& read) {
            ++calls;
            CHECK(read.series.name.data() == bytes.data() + 5 + 12);
        },
        [](refusal, std::string_view) { FAIL("nothing is wrong"); });
    CHECK(error == errc::ok);
    CHECK(calls == 2);
}

TEST_CASE("mixed_stream: newlines between records do not count", "[wire][mixed_stream]") {
    const auto record = scalar_record(5, 1, "a\0"sv);
    listener one;
    CHECK(one.feed("\n" + record + "\n" + record + "\n\n" + record + record + "\nb\n\n" + record) ==
          errc::ok);
    const std::string gauge = "sample gauge a 1.000000";
    CHECK(one.heard == list{gauge, gauge, gauge, gauge, "line b", gauge});
}

TEST_CASE("mixed_stream: the mark within a line is a character", "[wire][mixed_stream]") {
    listener one;
    CHECK(one.feed("\xc2\xaa:1|c\na\xaa\n\xc2") == errc::ok);
    CHECK(one.feed("\xaa:2|c\n") == errc::ok);
    CHECK(one.heard == list{"line \xc2\xaa:1|c", "line a\xaa", "line \xc2\xaa:2|c"});
}

TEST_CASE("mixed_stream: gives the same wherever it is cut", "[wire][mixed_stream]") {
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const auto bytes = "first:1|c\n\n" + scalar_record(2, 3, "c\0"sv) + "\n" +
                       set_record("s\0"sv, "\xaa\n\0"sv) + "\xc2\xaa|x\n" +
                       scalar_record(3, nan, "t\0"sv) + scalar_record(1, 4, "\n\xaa\0"sv) + "\n\n" +
                       scalar_record(2, 5, std::string(60, 'n') + '\0') + "last:3|g\nunfinished";
    listener whole(40);
    REQUIRE(whole.feed(bytes) == errc::ok);
    REQUIRE(whole.heard == list{"line first:1|c",
                                "sample counter c 3.000000",
                                "refused a character that a name cannot have 11",
                                "line \xc2\xaa|x",
                                "refused the value is not a number 14",
                                "refused a character that a name cannot have 15",
                                "line last:3|g"});
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        for (std::size_t again = cut; again <= bytes.size(); ++again) {
            listener parts(40);
            REQUIRE(parts.feed(std::string_view(bytes).substr(0, cut)) == errc::ok);
            REQUIRE(parts.feed(std::string_view(bytes).substr(cut, again - cut)) == errc::ok);
            REQUIRE(parts.feed(std::string_view(bytes).substr(again)) == errc::ok);
            CAPTURE(cut, again);
            REQUIRE(parts.heard == whole.heard);
            REQUIRE(parts.stream.rest() == "unfinished");
            REQUIRE(parts.stream.overlong() == 1);
        }
    }
    listener bytewise(40);
    for (const char c : bytes)
        REQUIRE(bytewise.feed(std::string_view(&c, 1)) == errc::ok);
    CHECK(bytewise.heard == whole.heard);
}

TEST_CASE("mixed_stream: gives the same in pieces of any sizes", "[wire][mixed_stream]") {
    generator random(21);
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        const auto name = binaries::generated_name(random, 30);
        switch (random.below(3)) {
        case 0: bytes += 'a' + name + '\n'; break;
        case 1: bytes += scalar_record(2, 1, name + '\0'); break;
        default: bytes += set_record("s\0"sv, name + '\0');
        }
        if (random.one_in(4))
            bytes += '\n';
    }
    listener whole(50);
    REQUIRE(whole.feed(bytes) == errc::ok);
    REQUIRE(whole.heard.size() >= 299);
    for (std::size_t largest = 1; largest < 200; largest += 7) {
        listener parts(50);
        for (std::string_view left = bytes; !left.empty();) {
            const auto piece = left.substr(0, 1 + random.below(largest));
            REQUIRE(parts.feed(piece) == errc::ok);
            left.remove_prefix(piece.size());
        }
        CHECK(parts.heard == whole.heard);
    }
}

TEST_CASE("mixed_stream: a broken record ends it", "[wire][mixed_stream]") {
    const struct {
        std::string broken;
        errc wanted;
    } cases[] = {
        {"\xaa\x07", errc::unknown_type},
        {scalar_record(2, 1, "b"), errc::bad_terminator},
        {scalar_record(2, 1, ""), errc::bad_terminator},
        {set_record("b\0"sv, "c"), errc::bad_terminator},
    };
    for (const auto& [broken, wanted] : cases) {
        const auto bytes = "a\n" + broken + "next:1|c\n" + scalar_record(2, 1, "d\0"sv);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            listener one;
            const auto first = one.feed(std::string_view(bytes).substr(0, cut));
            CHECK((first == errc::ok || first == wanted));
            CHECK(one.feed(std::string_view(bytes).substr(cut)) == wanted);
            CHECK(one.feed("more\n") == wanted);
            CHECK(one.feed("") == wanted);
            CHECK(one.heard == list{"line a"});
        }
    }
}

TEST_CASE("mixed_stream: records are as long as the bound, and no longer", "[wire][mixed_stream]") {
    const auto longest = set_record("a\0"sv, std::string(91, 'b') + '\0');
    REQUIRE(longest.size() == 100);
    const auto longer = set_record("a\0"sv, std::string(92, 'b') + '\0');
    for (std::size_t cut = 0; cut <= longest.size(); ++cut) {
        CAPTURE(cut);
        listener one(100);
        CHECK(one.feed(std::string_view(longest).substr(0, cut)) == errc::ok);
        CHECK(one.feed(longest.substr(cut) + "x\n") == errc::ok);
        CHECK(one.heard.size() == 2);
        CHECK(one.stream.overlong() == 0);

        listener other(100);
        CHECK(other.feed(std::string_view(longer).substr(0, cut)) == errc::ok);
        CHECK(other.stream.in_record() == (cut > 0));
        CHECK(other.feed(longer.substr(cut) + "x\n" + longest) == errc::ok);
        CHECK(other.heard.size() == 2);
        CHECK(other.heard.front() == "line x");
        CHECK(other.stream.overlong() == 1);
    }
}

TEST_CASE("mixed_stream: 100 MB without a newline are thrown away and counted once",
          "[wire][mixed_stream]") {
    listener one(8192);
    const std::string piece(1 << 20, 'x');
    CHECK(one.feed("good\n") == errc::ok);
    for (int i = 0; i < 100; ++i) {
        CHECK(one.feed(piece) == errc::ok);
        CHECK(one.stream.rest().size() <= 8192);
    }
    CHECK(one.stream.overlong() == 1);
    CHECK(one.feed("\nnext\n" + scalar_record(2, 1, "a\0"sv)) == errc::ok);
    CHECK(one.heard == list{"line good", "line next", "sample counter a 1.000000"});
}

TEST_CASE("mixed_stream: lines of an overlong length do not hide a record",
          "[wire][mixed_stream]") {
    listener one(20);
    CHECK(one.feed(std::string(15, 'x')) == errc::ok);
    CHECK(one.feed(std::string(15, 'x')) == errc::ok);
    CHECK(one.feed("\n" + scalar_record(2, 1, "a\0"sv)) == errc::ok);
    CHECK(one.heard == list{"sample counter a 1.000000"});
    CHECK(one.stream.overlong() == 1);
}

TEST_CASE("mixed_stream: any bytes are read alike, whole and in pieces", "[wire][mixed_stream]") {
    generator random(22);
    static constexpr std::string_view often = "\xaa\xaa\1\2\4\4\0\0\0\0\0\0a:|\n\n"sv;
    int ended = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string bytes;
        for (auto left = random.below(200); left > 0; --left)
            bytes += random.one_in(8) ? static_cast<char>(random.below(256))
                                      : often[random.below(often.size())];
        listener whole(300);
        const auto wanted = whole.feed(bytes);
        ended += wanted == errc::ok ? 0 : 1;
        listener parts(300);
        auto error = errc::ok;
        for (std::string_view left = bytes; !left.empty();) {
            const auto piece = left.substr(0, 1 + random.below(20));
            error = parts.feed(piece);
            left.remove_prefix(piece.size());
        }
        CHECK(error == wanted);
        CHECK(parts.heard == whole.heard);
        CHECK(parts.stream.rest() == whole.stream.rest());
        CHECK(parts.stream.in_record() == whole.stream.in_record());
        CHECK(parts.stream.overlong() == whole.stream.overlong());
    }
    CHECK(ended > 300);
    CHECK(ended < 2700);
}

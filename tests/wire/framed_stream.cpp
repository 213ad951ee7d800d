#include <quipu/wire/framed_stream.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace std::string_view_literals;

namespace {

std::string framed(std::string_view text) {
    std::string out;
    for (unsigned shift = 0; shift < 32; shift += 8)
        out += static_cast<char>(text.size() >> shift & 0xff);
    return out += text;
}

struct outcome {
    std::string texts{}; // each behind a '>'
    errc error = errc::ok;
    std::string rest{};
    bool in_packet = false;

    bool operator==(const outcome&) const = default;
};

outcome read(std::initializer_list<std::string_view> pieces) {
    framed_stream stream(100);
    outcome made;
    for (const auto piece : pieces) {
        made.error = stream.feed(piece, [&](std::string_view text) {
            made.texts += '>';
            made.texts += text;
        });
    }
    made.rest = stream.rest();
    made.in_packet = stream.in_packet();
    return made;
}

} // namespace

TEST_CASE("framed_stream: packets are whole texts, wherever they are cut",
          "[wire][framed_stream]") {
    const auto all = framed("one:1|c\ntwo:2|c\n") + framed("x:1|g") + framed("") + framed("y:2|g");
    const outcome whole{">one:1|c\ntwo:2|c\n>x:1|g>y:2|g", errc::ok, "", false};
    CHECK(read({all}) == whole);
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        const std::string_view view(all);
        CHECK(read({view.substr(0, cut), view.substr(cut)}) == whole);
        const auto part = read({view.substr(0, cut)});
        CHECK(whole.texts.starts_with(part.texts));
        CHECK(part.error == errc::ok);
    }
    framed_stream bytewise(100);
    std::string texts;
    for (const char c : all)
        REQUIRE(bytewise.feed({&c, 1}, [&](std::string_view text) { (texts += '>') += text; }) ==
                errc::ok);
    CHECK(texts == whole.texts);
    CHECK(read({std::string_view(all).substr(0, 9)}).in_packet);
    CHECK(read({std::string_view(all).substr(0, 22)}).in_packet);
}

TEST_CASE("framed_stream: lines are what they were", "[wire][framed_stream]") {
    for (const auto text : {"a:1|c\nb:2|c\nc"sv,
                            "\n\n\n\na:1|c\n"sv,
                            "a\n"sv,
                            "\0\0\0\0\n"sv,
                            "abc\1d:1|c\n"sv,
                            "\xff\xff\xff\xff:1|c\n"sv}) {
        CAPTURE(text);
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            std::string expected;
            line_stream lines(100);
            lines.feed(text, [&](std::string_view one) { expected += one; });
            expected += lines.rest();
            framed_stream stream(100);
            std::string got;
            for (const auto piece : {text.substr(0, cut), text.substr(cut)})
                REQUIRE(stream.feed(piece, [&](std::string_view one) { got += one; }) == errc::ok);
            CHECK(got + std::string(stream.rest()) == expected);
            CHECK_FALSE(stream.in_packet());
        }
    }
    CHECK(read({"a:1"}).rest == "a:1"); // nobody knows yet
}

TEST_CASE("framed_stream: a packet that is too long ends the stream", "[wire][framed_stream]") {
    const auto good = framed("a:1|c");
    auto bad = framed(std::string(70'000, 'x'));
    CHECK(read({bad}).error == errc::message_too_long);
    CHECK(read({good, bad}) == outcome{">a:1|c", errc::message_too_long, "", false});
    CHECK(read({good, "\xff\xff\xff\xff"}).error == errc::message_too_long);
    CHECK(read({good + bad, good}).texts == ">a:1|c");
    CHECK(read({framed(std::string(65'536, 'x'))}).texts.size() == 65'537);
}

#include <quipu/wire/stream.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

/// Feeds a stream and keeps what it hands out, line by line.
class listener {
public:
    explicit listener(std::size_t line_bytes_max) : stream_(line_bytes_max) {}

    void feed(std::string_view bytes) {
        const auto before = texts_;
        stream_.feed(bytes, [&](std::string_view text) {
            ++texts_;
            REQUIRE_FALSE(text.empty());
            CHECK(text.back() == '\n');
            if (text.data() < bytes.data() || text.data() > bytes.data() + bytes.size()) {
                touch_padding(text);
            }
            while (!text.empty()) {
                const auto newline = text.find('\n');
                lines_.emplace_back(text.substr(0, newline));
                text.remove_prefix(newline + 1);
            }
        });
        CHECK(texts_ - before <= 2);
    }

    const std::vector<std::string>& lines() const { return lines_; }
    const line_stream& stream() const { return stream_; }
    /// What has been read behind texts: a sanitizer tells if that was not allowed.
    unsigned padding() const { return padding_; }

    void touch_padding(std::string_view text) {
        for (std::size_t i = 0; i < read_padding_bytes; ++i) {
            padding_ += static_cast<unsigned char>(text.data()[text.size() + i]);
        }
    }

private:
    line_stream stream_;
    std::vector<std::string> lines_;
    std::size_t texts_ = 0;
    unsigned padding_ = 0;
};

using list = std::vector<std::string>;

} // namespace

TEST_CASE("stream: hands out whole lines and holds the rest", "[wire][stream]") {
    listener heard(100);
    heard.feed("");
    CHECK(heard.stream().rest().empty());
    heard.feed("a:1|c\nb:2|c\nc:");
    CHECK(heard.lines() == list{"a:1|c", "b:2|c"});
    CHECK(heard.stream().rest() == "c:");
    heard.feed("3");
    heard.feed("|c");
    CHECK(heard.lines().size() == 2);
    CHECK(heard.stream().rest() == "c:3|c");
    heard.feed("\n");
    CHECK(heard.lines().back() == "c:3|c");
    CHECK(heard.stream().rest().empty());
    heard.feed("d");
    heard.feed("\ne\nf");
    CHECK(heard.lines() == list{"a:1|c", "b:2|c", "c:3|c", "d", "e"});
    CHECK(heard.stream().rest() == "f");
    CHECK(heard.stream().overlong() == 0);
}

TEST_CASE("stream: whole lines are not copied", "[wire][stream]") {
    line_stream stream(100);
    const std::string bytes = "a\nb\nc";
    stream.feed(bytes, [&](std::string_view text) {
        CHECK(text.data() == bytes.data());
        CHECK(text == "a\nb\n");
    });
}

TEST_CASE("stream: gives the same lines wherever it is cut", "[wire][stream]") {
    const std::string bytes = "first:1|c\n\nsecond:22|ms\r\n:\n\n\nlast:3|g\nunfinished";
    const list wanted{"first:1|c", "", "second:22|ms\r", ":", "", "", "last:3|g"};
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        for (std::size_t again = cut; again <= bytes.size(); ++again) {
            CAPTURE(cut, again);
            listener heard(14);
            heard.feed(std::string_view(bytes).substr(0, cut));
            heard.feed(std::string_view(bytes).substr(cut, again - cut));
            heard.feed(std::string_view(bytes).substr(again));
            CHECK(heard.lines() == wanted);
            CHECK(heard.stream().rest() == "unfinished");
            CHECK(heard.stream().overlong() == 0);
        }
    }
}

TEST_CASE("stream: gives the same lines in pieces of any sizes", "[wire][stream]") {
    std::mt19937_64 random(9);
    std::string bytes;
    list wanted;
    for (int i = 0; i < 500; ++i) {
        wanted.emplace_back(random() % 40, static_cast<char>('a' + random() % 26));
        bytes += wanted.back() + '\n';
    }
    for (std::size_t largest = 1; largest < 200; largest += 7) {
        listener heard(39);
        for (std::string_view left = bytes; !left.empty();) {
            const auto size = std::min<std::size_t>(1 + random() % largest, left.size());
            heard.feed(std::string(left.substr(0, size))); // gone after the call
            left.remove_prefix(size);
        }
        CHECK(heard.lines() == wanted);
    }
}

TEST_CASE("stream: a held line is as long as the bound, and no longer", "[wire][stream]") {
    for (std::size_t cut = 1; cut <= 10; ++cut) {
        CAPTURE(cut);
        listener longest(10);
        longest.feed(std::string_view("0123456789").substr(0, cut));
        longest.feed(std::string_view("0123456789\nnext\n").substr(cut));
        CHECK(longest.lines() == list{"0123456789", "next"});
        CHECK(longest.stream().overlong() == 0);

        listener longer(10);
        longer.feed(std::string_view("0123456789x").substr(0, cut));
        longer.feed(std::string_view("0123456789x\nnext\n").substr(cut));
        CHECK(longer.lines() == list{"next"});
        CHECK(longer.stream().overlong() == 1);
    }
}

TEST_CASE("stream: a rest is no longer than the bound", "[wire][stream]") {
    listener heard(10);
    heard.feed("0123456789");
    CHECK(heard.stream().rest() == "0123456789");
    heard.feed("x");
    CHECK(heard.stream().rest().empty());
    CHECK(heard.stream().overlong() == 1);
}

TEST_CASE("stream: an overlong line is counted once and the next one lives", "[wire][stream]") {
    listener heard(10);
    heard.feed("good\n");
    for (int i = 0; i < 1000; ++i) {
        heard.feed("0123456789");
        CHECK(heard.stream().rest().size() <= 10);
    }
    CHECK(heard.stream().overlong() == 1);
    heard.feed("end\nnext\nrest");
    CHECK(heard.lines() == list{"good", "next"});
    CHECK(heard.stream().rest() == "rest");
    heard.feed("01234567890\n");
    heard.feed("last\n");
    CHECK(heard.lines() == list{"good", "next", "last"});
    CHECK(heard.stream().overlong() == 2);
}

TEST_CASE("stream: what it hands out of itself has padding behind it", "[wire][stream]") {
    for (std::size_t size = 1; size < 300; ++size) {
        listener heard(300);
        heard.feed(std::string(size, 'x'));
        heard.touch_padding(heard.stream().rest());
        heard.feed("\n");
        CHECK(heard.lines() == list{std::string(size, 'x')});
        CHECK(heard.padding() < 2 * 256 * read_padding_bytes);
    }
}

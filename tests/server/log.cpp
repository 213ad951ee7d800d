#include <quipu/server/log.hpp>

#include "support/catch.hpp"

#include <array>
#include <climits>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

using quipu::quoted;

namespace {

/// What is written to one end and read at the other.
class pipe_text {
public:
    pipe_text() { REQUIRE(::pipe(ends_.data()) == 0); }
    ~pipe_text() {
        close_writer();
        ::close(ends_[0]);
    }
    pipe_text(const pipe_text&) = delete;
    pipe_text& operator=(const pipe_text&) = delete;

    [[nodiscard]] int writer() const { return ends_[1]; }
    [[nodiscard]] int reader() const { return ends_[0]; }

    /// All up to the end.
    std::string read() {
        close_writer();
        std::string all;
        std::array<char, 4096> piece{};
        ssize_t size = 0;
        while ((size = ::read(ends_[0], piece.data(), piece.size())) > 0)
            all.append(piece.data(), static_cast<std::size_t>(size));
        return all;
    }

private:
    void close_writer() {
        if (ends_[1] >= 0)
            ::close(ends_[1]);
        ends_[1] = -1;
    }
    std::array<int, 2> ends_{};
};

/// The text with each digit as 'n'.
std::string shape(std::string text) {
    for (char& c : text) {
        if (c >= '0' && c <= '9')
            c = 'n';
    }
    return text;
}

} // namespace

TEST_CASE("log: a line has the time in UTC, the level and the text", "[server][log]") {
    pipe_text out;
    const quipu::log log(out.writer());
    log.info("listening");
    log.warning("");
    log.error("cannot");
    CHECK(shape(out.read()) == "nnnn-nn-nnTnn:nn:nnZ info: listening\n"
                               "nnnn-nn-nnTnn:nn:nnZ warning: \n"
                               "nnnn-nn-nnTnn:nn:nnZ error: cannot\n");
}

TEST_CASE("log: what is below its level is not written, by a copy neither", "[server][log]") {
    pipe_text out;
    const quipu::log log(out.writer(), quipu::log_level::error);
    const quipu::log copy(log);
    log.info("a");
    copy.warning("b");
    copy.error("c");
    log.set_level(quipu::log_level::info);
    copy.info("d");
    CHECK(shape(out.read()) == "nnnn-nn-nnTnn:nn:nnZ error: c\n"
                               "nnnn-nn-nnTnn:nn:nnZ info: d\n");
}

TEST_CASE("log: lines of several threads stay whole", "[server][log]") {
    pipe_text out;
    const quipu::log log(out.writer());
    std::vector<std::thread> writers;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
        writers.emplace_back([&log, letter] {
            for (int i = 0; i < 100; ++i) // all of it fits the pipe
                log.info(std::string(20, letter));
        });
    }
    for (auto& one : writers)
        one.join();
    const auto text = out.read();
    const std::string_view head = "nnnn-nn-nnTnn:nn:nnZ info: ";
    int lines = 0;
    for (std::size_t start = 0; start < text.size(); ++lines) {
        const auto end = text.find('\n', start);
        REQUIRE(end != text.npos);
        const auto line = text.substr(start, end - start);
        REQUIRE(shape(line.substr(0, head.size())) == head);
        const auto rest = line.substr(head.size());
        REQUIRE(rest == std::string(20, rest[0]));
        start = end + 1;
    }
    CHECK(lines == 400);
}

TEST_CASE("log: nobody reads it, and nothing happens", "[server][log]") {
    quipu::log(-1).error("lost");
    SUCCEED();
}

TEST_CASE("log: who does not read does not hold up the server", "[server][log]") {
    pipe_text pipe;
    const quipu::log messages(pipe.writer());
    constexpr int lines = 2'000; // of 100 bytes: a pipe has room for 64 KiB
    const std::string text(100, 'x');
    for (int i = 0; i < lines; ++i)
        messages.info(text);
    std::array<char, 32 * 1024> taken{};
    REQUIRE(::read(pipe.reader(), taken.data(), taken.size()) > 0);
    messages.info("now");
    const auto rest = pipe.read();
    const auto now = rest.find("info: now (and ");
    REQUIRE(now != rest.npos);
    CHECK(std::stoi(rest.substr(now + 15)) > lines / 2);
    CHECK(rest.substr(now).find(" lines that nobody took)\n") != rest.npos);
}

TEST_CASE("log: a long line is cut to what a pipe takes in one piece", "[server][log]") {
    pipe_text pipe;
    quipu::log(pipe.writer()).info(std::string(100'000, 'x'));
    const auto text = pipe.read();
    CHECK(text.size() == PIPE_BUF);
    CHECK(text.ends_with("x\n"));
}

TEST_CASE("rate_limit: so many events pass in each period", "[server][log]") {
    quipu::rate_limit limit(3, 1'000);
    CHECK(limit.allows(5'000));
    CHECK(limit.allows(5'001));
    CHECK(limit.allows(5'999));
    CHECK_FALSE(limit.allows(5'999));
    CHECK_FALSE(limit.allows(5'999));
    CHECK(limit.take_held_back() == 2);
    CHECK(limit.take_held_back() == 0);
    CHECK(limit.allows(6'000));
    CHECK(limit.allows(6'001));
    CHECK(limit.allows(6'002));
    CHECK_FALSE(limit.allows(6'003));
    CHECK(limit.take_held_back() == 1);
}

TEST_CASE("rate_limit: a clock that is set back does not silence the log", "[server][log]") {
    quipu::rate_limit limit(1, 1'000);
    CHECK(limit.allows(1'000'000));
    CHECK_FALSE(limit.allows(1'000'001));
    CHECK(limit.allows(10));
    CHECK_FALSE(limit.allows(11));
}

TEST_CASE("rate_limit: zero events lets none through", "[server][log]") {
    quipu::rate_limit limit(0, 1'000);
    CHECK_FALSE(limit.allows(10'000));
    CHECK(limit.take_held_back() == 1);
}

TEST_CASE("quoted: plain text stays as it is", "[server][log]") {
    CHECK(quoted("") == "\"\"");
    CHECK(quoted("api.hits:1|c|@0.1|#a:b") == "\"api.hits:1|c|@0.1|#a:b\"");
}

TEST_CASE("quoted: no byte can end the line or drive a terminal", "[server][log]") {
    CHECK(quoted("a\nb\r\t") == R"("a\x0ab\x0d\x09")");
    CHECK(quoted("\x1b[2J\x7f") == R"("\x1b[2J\x7f")");
    CHECK(quoted("say \"x\" \\ y") == R"("say \"x\" \\ y")");
    CHECK(quoted("\xc3\xa9\xff") == R"("\xc3\xa9\xff")");
    CHECK(quoted(std::string_view("\0", 1)) == R"("\x00")");
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        for (const char shown : quoted({&c, 1}))
            CHECK((shown >= ' ' && shown < 0x7f));
    }
}

TEST_CASE("quoted: long text is cut, and says so", "[server][log]") {
    CHECK(quoted("abcd", 4) == "\"abcd\"");
    CHECK(quoted("abcde", 4) == "\"abcd\"...");
    CHECK(quoted(std::string(1'000'000, '\n')).size() == 120 * 4 + 5);
}

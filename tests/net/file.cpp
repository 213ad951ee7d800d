#include <quipu/net/file.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using quipu::errc;
using quipu::file_writer;

namespace {

struct open_pipe {
    std::array<int, 2> ends{};
    open_pipe() { REQUIRE(::pipe(ends.data()) == 0); }
    ~open_pipe() {
        close_reader();
        ::close(ends[1]);
    }
    open_pipe(const open_pipe&) = delete;
    open_pipe& operator=(const open_pipe&) = delete;

    void close_reader() {
        if (ends[0] >= 0)
            ::close(ends[0]);
        ends[0] = -1;
    }
    /// Reads `bytes` and no more.
    [[nodiscard]] std::string read(std::size_t bytes) const {
        std::string all;
        std::array<char, 65536> piece{};
        while (all.size() < bytes) {
            const auto size = ::read(ends[0], piece.data(), piece.size());
            if (size < 0)
                continue; // a signal
            if (size == 0)
                break;
            all.append(piece.data(), static_cast<std::size_t>(size));
        }
        return all;
    }
};

} // namespace

TEST_CASE("file_writer: writes what it is given", "[net][file]") {
    open_pipe to;
    file_writer writer(to.ends[1]);
    CHECK(writer.send("hello\n") == errc::ok);
    CHECK(writer.send("") == errc::ok);
    CHECK(writer.send("world\n") == errc::ok);
    CHECK(to.read(12) == "hello\nworld\n");
}

TEST_CASE("file_writer: more than a pipe holds waits for the reader", "[net][file]") {
    const bool waits_itself = GENERATE(true, false);
    CAPTURE(waits_itself);
    open_pipe to;
    if (!waits_itself)
        REQUIRE(::fcntl(to.ends[1], F_SETFL, O_NONBLOCK) == 0);
    std::string text;
    while (text.size() < 1'000'000)
        text += std::to_string(text.size()) + ' ';
    errc done = errc::system_failure;
    std::thread sender([&] { done = file_writer(to.ends[1]).send(text); });
    const auto got = to.read(text.size());
    sender.join();
    CHECK(done == errc::ok);
    CHECK(got == text);
}

TEST_CASE("file_writer: signals do not cut a text", "[net][file]") {
    open_pipe to;
    const std::string text(5'000'000, 'x');
    const quipu::test::interruptions signals;
    errc done = errc::system_failure;
    std::thread sender([&] { done = file_writer(to.ends[1]).send(text); });
    const auto got = to.read(text.size());
    sender.join();
    CHECK(done == errc::ok);
    CHECK(got.size() == text.size());
}

TEST_CASE("file_writer: a reader that has left is told", "[net][file]") {
    const auto before = std::signal(SIGPIPE, SIG_IGN); // the program decides about it
    open_pipe to;
    to.close_reader();
    CHECK(file_writer(to.ends[1]).send("x") == errc::connection_lost);
    std::signal(SIGPIPE, before);
}

TEST_CASE("file_writer: what cannot be written is an error", "[net][file]") {
    CHECK(file_writer(-1).send("x") == errc::system_failure);
    CHECK(file_writer(-1).send("") == errc::ok);
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full >= 0) {
        CHECK(file_writer(full).send("x") == errc::disk_full);
        ::close(full);
    }
}

TEST_CASE("file_reader: hands out what comes, and tells the end", "[net][file]") {
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    quipu::file_reader reader(ends[0]);
    REQUIRE(::write(ends[1], "hello", 5) == 5);
    std::string text;
    const auto take = [&] {
        return reader.receive([&](std::string_view bytes) { text += bytes; });
    };
    CHECK(*take() == 1);
    CHECK(text == "hello");
    CHECK_FALSE(reader.closed());
    REQUIRE(::write(ends[1], "abc", 3) == 3);
    std::vector<char> room(2 + quipu::read_padding_bytes);
    for (const std::string_view piece : {"ab", "c"}) {
        CHECK(*reader.receive(room, [&](std::string_view bytes) {
            CHECK(bytes == piece);
            CHECK(bytes.data() == room.data());
        }) == 1);
    }
    REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(*take() == 0);
    CHECK_FALSE(reader.closed());
    ::close(ends[1]);
    CHECK(*take() == 0);
    CHECK(reader.closed());
    CHECK(*take() == 0);
    ::close(ends[0]);
    CHECK_FALSE(quipu::file_reader(-1).receive([](std::string_view) {}));
}

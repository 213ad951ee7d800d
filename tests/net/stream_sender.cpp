#include <quipu/net/stream_sender.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

using namespace quipu;

// What is particular to TCP and to Unix paths is in the tests of those; here is what a route's failures
// lead to.

namespace {

/// What a route was asked, and what it is to answer.
struct script {
    errc says = errc::connection_refused;
    int asked = 0;
    std::chrono::steady_clock::time_point asked_at{};
    descriptor peer{};
    bool has_moved = false;
    int looked_up = 0;
};

struct scripted_route {
    using place_type = script*;
    explicit scripted_route(script* to) : by(to) {}

    result<quipu::socket> connect(const deadline& /*end*/) noexcept {
        ++by->asked;
        by->asked_at = std::chrono::steady_clock::now();
        if (by->says != errc::ok)
            return by->says;
        int ends[2] = {};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
            return last_error();
        by->peer = descriptor{ends[1]};
        descriptor ours{ends[0]};
        static_cast<void>(ours.never_wait_nor_inherit());
        return quipu::socket(std::move(ours));
    }

    [[nodiscard]] bool leads_to(const quipu::socket& /*connected*/) const noexcept {
        ++by->looked_up;
        return !by->has_moved;
    }

    script* by;
};

using sender = basic_stream_sender<scripted_route>;

void sleep_ms(int time) {
    ::poll(nullptr, 0, time);
}

} // namespace

TEST_CASE("stream_sender: after a failure it fails at once for a while, and then tries again",
          "[net][stream_sender]") {
    script by;
    sender out(&by, {.reconnect_ms = 200});
    CHECK(out.send("x") == errc::connection_refused);
    const deadline pause{200};
    by.says = errc::unreachable;
    while (pause.remaining_ms() > 50) { // a slow machine may see one send, or many
        CHECK(out.send("x") == errc::connection_refused);
        sleep_ms(10);
    }
    CHECK(by.asked == 1);
    sleep_ms(pause.remaining_ms() + 20);
    by.says = errc::ok;
    CHECK(out.send("x") == errc::ok);
    CHECK(by.asked == 2);
}

TEST_CASE("stream_sender: pauses double up to their bound, and begin anew after a success",
          "[net][stream_sender]") {
    script by;
    sender out(&by, {.reconnect_ms = 20, .reconnect_ms_max = 80});
    // From attempt to attempt: measured, so it may only be longer than it should.
    const auto pause = [&] {
        const int before = by.asked;
        const auto begun = by.asked_at;
        while (by.asked == before) {
            static_cast<void>(out.send("x"));
            sleep_ms(1);
        }
        return std::chrono::duration_cast<std::chrono::milliseconds>(by.asked_at - begun).count();
    };
    pause(); // the first attempt comes at once
    CHECK(pause() >= 19);
    CHECK(pause() >= 39);
    CHECK(pause() >= 79);
    CHECK(pause() >= 79);
    by.says = errc::ok;
    REQUIRE(out.connect() == errc::ok);
    out.close();
    by.says = errc::connection_refused;
    pause();
    CHECK(pause() >= 19);
    CHECK(by.asked == 8);
}

TEST_CASE("stream_sender: without pauses each send tries, and connect in any case",
          "[net][stream_sender]") {
    script by;
    sender every_time(&by, {.reconnect_ms = 0});
    for (int i = 1; i <= 3; ++i) {
        CHECK(every_time.send("x") == errc::connection_refused);
        CHECK(by.asked == i);
    }
    script other;
    sender out(&other, {.reconnect_ms = 60'000, .reconnect_ms_max = 60'000});
    CHECK(out.send("x") == errc::connection_refused);
    CHECK(out.send("x") == errc::connection_refused);
    CHECK(other.asked == 1);
    other.says = errc::ok;
    CHECK(out.connect() == errc::ok);
    CHECK(out.send("x") == errc::ok);
    CHECK(other.asked == 2);
}

TEST_CASE("stream_sender: the pause goes along when the sender is moved", "[net][stream_sender]") {
    script by;
    sender first(&by, {.reconnect_ms = 60'000, .reconnect_ms_max = 60'000});
    CHECK(first.send("x") == errc::connection_refused);
    sender second = std::move(first);
    CHECK(second.send("x") == errc::connection_refused);
    script unused;
    sender third(&unused);
    third = std::move(second);
    CHECK(third.send("x") == errc::connection_refused);
    CHECK(by.asked == 1);
    CHECK(unused.asked == 0);
}

TEST_CASE("stream_sender: a place that has moved is followed", "[net][stream_sender]") {
    script by;
    by.says = errc::ok;
    sender never(&by, {});
    by.has_moved = true;
    CHECK(never.send("x") == errc::ok);
    CHECK(never.send("x") == errc::ok);
    CHECK(by.looked_up == 0);
    CHECK(by.asked == 1);

    sender out(&by, {.send_timeout_ms = 20, .look_up_ms = 1});
    CHECK(out.send("a") == errc::ok);
    CHECK(by.asked == 2);
    const auto old = std::move(by.peer);
    sleep_ms(5);
    CHECK(out.send("b") == errc::ok);
    CHECK(by.asked == 3);
    CHECK(out.delivery().moves == 1);
    char text[8];
    CHECK(::recv(old.fd(), text, sizeof text, 0) == 1);
    CHECK(::recv(old.fd(), text, sizeof text, 0) == 0); // the old one has all that it was sent
    CHECK(::recv(by.peer.fd(), text, sizeof text, 0) == 1);
    CHECK(text[0] == 'b');
    by.has_moved = false;
    sleep_ms(5);
    const int looked_up = by.looked_up;
    CHECK(out.send("c") == errc::ok);
    CHECK(by.looked_up == looked_up + 1);
    CHECK(by.asked == 3);
}

TEST_CASE("stream_sender: over a Unix socket only what the peer has read is proven",
          "[net][stream_sender]") {
    script by;
    by.says = errc::ok;
    sender out(&by, {.reconnect_ms = 0, .resend_bytes_max = 100});
    CHECK(out.send("ab") == errc::ok);
    CHECK(out.send("cd") == errc::ok);
    char text[8];
    CHECK(::recv(by.peer.fd(), text, 1, 0) == 1);
    by.peer = descriptor(); // with the rest unread
    CHECK(out.send("ef") == errc::ok);
    CHECK(::recv(by.peer.fd(), text, sizeof text, 0) == 6);
    CHECK(std::string_view(text, 6) == "abcdef");
    by.peer = descriptor();
    CHECK(out.send("gh") == errc::ok);
    CHECK(::recv(by.peer.fd(), text, sizeof text, 0) == 2);
}

#include <quipu/server/conversations.hpp>

#include "support/asking.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

using namespace quipu;
using quipu::test::asking;

namespace {

constexpr std::uint64_t first_token = 5;

/// Says each line again, in angles; "end" ends the connection.
void echo(conversation& with) {
    for (;;) {
        const auto end = with.input.find('\n');
        if (end == with.input.npos)
            return;
        const auto line = with.input.substr(0, end);
        with.input.erase(0, end + 1);
        if (line == "end")
            with.ends = true;
        with.output += '<' + line + '>';
    }
}

/// Conversations in this thread: they go on when it is said.
class service {
public:
    explicit service(converse_function converse = echo, conversation_options options = {})
        : talks_(first_token, options) {
        REQUIRE(loop_);
        REQUIRE(talks_.listen(*loop_, address::loopback_v4(0), std::move(converse)) == errc::ok);
    }

    [[nodiscard]] std::uint16_t port() const { return talks_.local_addresses().at(0).port(); }

    /// Takes all that has come by now.
    void go_on() {
        for (;;) {
            const auto told =
                loop_->wait(5, [&](std::uint64_t token) { talks_.take(*loop_, token, now_ms); });
            REQUIRE(told);
            if (*told == 0)
                return;
        }
    }

    void tell(const converse_function& say) { talks_.tell(*loop_, now_ms, say); }
    void close_idle() { talks_.close_idle(*loop_, now_ms); }
    conversations& talks() { return talks_; }

    std::int64_t now_ms = 1000;

private:
    result<event_loop> loop_ = event_loop::open();
    conversations talks_;
};

} // namespace

TEST_CASE("conversations: what is asked is answered, in any pieces", "[server][conversations]") {
    service one;
    asking client(one.port());
    client.say("a\nb");
    one.go_on();
    CHECK(client.hear(">") == "<a>");
    client.say("c\nd\n");
    one.go_on();
    CHECK(client.hear("<d>") == "<bc><d>");
    CHECK(one.talks().size() == 1);
}

TEST_CASE("conversations: a service may speak first and end", "[server][conversations]") {
    service one([](conversation& with) {
        with.output = with.opens ? "YES" : "no";
        with.ends = true;
    });
    asking client(one.port());
    one.go_on();
    CHECK(client.hear_all() == "YES");
    CHECK(one.talks().size() == 0);
}

TEST_CASE("conversations: what was asked before an end is still answered",
          "[server][conversations]") {
    service one;
    asking client(one.port());
    client.say("a\n");
    REQUIRE(::shutdown(client.fd(), SHUT_WR) == 0);
    one.go_on();
    CHECK(client.hear_all() == "<a>");
    CHECK(one.talks().size() == 0);
}

TEST_CASE("conversations: an end of the service closes behind the answer",
          "[server][conversations]") {
    service one;
    asking client(one.port());
    client.say("end\nmore\n");
    one.go_on();
    CHECK(client.hear_all() == "<end><more>");
    CHECK(one.talks().size() == 0);
}

TEST_CASE("conversations: an answer larger than any buffer waits for who reads it",
          "[server][conversations]") {
    constexpr std::size_t large = std::size_t{32} << 20;
    std::size_t asked = 0;
    service one([&asked](conversation& with) {
        if (with.opens)
            return;
        ++asked;
        with.input.clear();
        with.output.assign(large, 'x');
    });
    asking client(one.port());
    client.say("?");
    one.go_on();
    client.say("?"); // not taken before the answer is gone
    one.go_on();
    CHECK(asked == 1);
    std::size_t heard = 0;
    std::vector<char> bytes(std::size_t{1} << 20);
    CHECK(test::eventually([&] {
        one.go_on();
        const auto size = ::recv(client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        heard += size > 0 ? static_cast<std::size_t>(size) : 0;
        return heard >= 2 * large;
    }));
    CHECK(heard == 2 * large);
    CHECK(asked == 2);
}

TEST_CASE("conversations: bytes that nobody takes are bounded", "[server][conversations]") {
    const auto opened = [](std::size_t bytes) {
        service one(echo, {64, 100, 1000});
        asking client(one.port());
        client.say(std::string(bytes, 'x'));
        one.go_on();
        return one.talks().size();
    };
    CHECK(opened(100) == 1);
    CHECK(opened(101) == 0);
    CHECK(opened(100'000) == 0);
}

TEST_CASE("conversations: too many are turned away, and the others go on",
          "[server][conversations]") {
    service one(echo, {2, 8192, 1000});
    asking a(one.port());
    asking b(one.port());
    one.go_on();
    asking c(one.port());
    one.go_on();
    CHECK(c.hear_all().empty());
    CHECK(one.talks().size() == 2);
    CHECK(one.talks().turned_away() == 1);
    a.say("a\n");
    one.go_on();
    CHECK(a.hear(">") == "<a>");
    a.say("end\n");
    one.go_on();
    asking d(one.port());
    d.say("d\n");
    one.go_on();
    CHECK(d.hear(">") == "<d>");
}

TEST_CASE("conversations: of too many the one that is silent for longest makes room",
          "[server][conversations]") {
    service one(echo, {.connections_max = 2, .idle_ms_max = 100'000, .request_ms_max = 1'000});
    asking a(one.port());
    one.go_on();
    one.now_ms += 500;
    asking b(one.port());
    one.go_on();
    one.now_ms += 600; // a has been silent for more than a second
    asking c(one.port());
    c.say("c\n");
    one.go_on();
    CHECK(c.hear(">") == "<c>");
    CHECK(a.hear_all().empty());
    asking d(one.port()); // nobody has
    one.go_on();
    CHECK(d.hear_all().empty());
    CHECK(one.talks().turned_away() == 2);
    b.say("b\n");
    one.go_on();
    CHECK(b.hear(">") == "<b>");
}

TEST_CASE("conversations: who is silent for too long is closed", "[server][conversations]") {
    service one(echo, {64, 8192, 1000});
    asking silent(one.port());
    asking lively(one.port());
    one.go_on();
    one.now_ms += 600;
    lively.say("a\n");
    one.go_on();
    one.now_ms += 400;
    one.close_idle();
    CHECK(one.talks().size() == 2);
    one.now_ms += 1;
    one.close_idle();
    CHECK(one.talks().size() == 1);
    CHECK(silent.hear_all().empty());
}

TEST_CASE("conversations: a connection that breaks is forgotten", "[server][conversations]") {
    service one;
    {
        asking client(one.port());
        client.say("a\n");
        one.go_on();
        const linger at_once{1, 0};
        REQUIRE(::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    }
    one.go_on();
    CHECK(one.talks().size() == 0);
}

TEST_CASE("conversations: several services, each at its address", "[server][conversations]") {
    auto loop = event_loop::open();
    REQUIRE(loop);
    conversations talks(0);
    const auto says = [](const char* text) {
        return [text](conversation& with) {
            with.output = text;
            with.ends = true;
        };
    };
    REQUIRE(talks.listen(*loop, address::loopback_v4(0), says("one")) == errc::ok);
    REQUIRE(talks.listen(*loop, address::loopback_v4(0), says("two")) == errc::ok);
    const auto at = talks.local_addresses();
    REQUIRE(at.size() == 2);
    CHECK(talks.listen(*loop, at[0], says("three")) == errc::address_in_use);
    asking second(at[1].port());
    while (talks.size() == 0 &&
           *loop->wait(0, [&](std::uint64_t token) { talks.take(*loop, token, 0); }) == 0) {
    }
    CHECK(second.hear_all() == "two");
}

TEST_CASE("conversations: a service that wants to is called again when its answer is gone",
          "[server][conversations]") {
    constexpr std::size_t large = std::size_t{8} << 20;
    service one([&](conversation& with) {
        if (with.input.empty())
            return;
        with.output.assign(large, with.input.front());
        with.input.erase(0, 1);
        with.again = !with.input.empty();
    });
    asking client(one.port());
    client.say("abc");
    std::string all;
    while (all.size() < 3 * large) {
        one.go_on();
        char bytes[65536];
        const auto size = ::recv(client.fd(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0)
            all.append(bytes, static_cast<std::size_t>(size));
        REQUIRE((size > 0 || one.talks().size() == 1));
    }
    CHECK(all == std::string(large, 'a') + std::string(large, 'b') + std::string(large, 'c'));
}

TEST_CASE("conversations: who follows something is told, and who does not take it is left out",
          "[server][conversations]") {
    service one([](conversation& with) { with.follows = std::exchange(with.input, {}); });
    asking follower(one.port());
    asking other(one.port());
    follower.say("it");
    one.go_on();
    CHECK(one.talks().followers() == 1);
    one.tell([](conversation& with) { with.output += "told " + with.follows + '.'; });
    CHECK(follower.hear(".") == "told it.");
    const std::string much(std::size_t{16} << 20, 'x');
    one.tell([&](conversation& with) { with.output += much; });
    CHECK(one.talks().left_out() == 0);
    one.tell([](conversation& with) { with.output += "never"; });
    CHECK(one.talks().left_out() == 1);
}

TEST_CASE("conversations: one that is told something is not idle", "[server][conversations]") {
    service one([](conversation& with) { with.follows = "it"; });
    asking follower(one.port());
    one.go_on();
    one.now_ms += 300'000;
    one.tell([](conversation& with) { with.output += "."; });
    CHECK(follower.hear(".") == ".");
    one.now_ms += 300'000;
    one.close_idle();
    CHECK(one.talks().size() == 1);
}

TEST_CASE("conversations: who asks too slowly is closed, not who is silent between",
          "[server][conversations]") {
    service one;
    asking slow(one.port());
    asking silent(one.port());
    slow.say("begin");
    silent.say("whole\n");
    one.go_on();
    for (int i = 0; i < 5; ++i) { // each piece comes in time
        one.now_ms += 2'001;
        one.close_idle();
        slow.say("x");
        one.go_on();
    }
    one.close_idle();
    CHECK(slow.hear_all().empty());
    CHECK(one.talks().size() == 1);
}

TEST_CASE("conversations: answers that nobody takes are bounded together",
          "[server][conversations]") {
    conversation_options options;
    options.output_bytes_max = std::size_t{40} << 20;
    service one(
        [](conversation& with) {
            if (!with.input.empty())
                with.output.assign(std::size_t{30} << 20, 'x');
            with.input.clear();
        },
        options);
    asking first(one.port());
    asking second(one.port());
    first.say("a");
    one.go_on();
    second.say("b");
    one.go_on();
    CHECK(one.talks().size() == 1);
    CHECK(second.hear_all().empty());
}

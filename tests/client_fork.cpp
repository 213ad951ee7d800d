// What a client does at a fork, as its documentation tells.
#include <quipu/client/client.hpp>
#include <quipu/net/queued.hpp>
#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

namespace {

/// Runs `f` in a child, which ends without destructors, and returns whether it said yes.
template <class F>
bool in_child(const F& f) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0)
        ::_exit(f() ? 0 : 1);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status == 0;
}

struct server {
    udp_receiver receiver = *udp_receiver::bind(address::loopback_v4(0));

    [[nodiscard]] udp_sender connect() const {
        return *udp_sender::connect(*receiver.local_address());
    }
    std::vector<std::string> receive(std::size_t count) {
        auto all = test::receive_texts(receiver, count);
        std::sort(all.begin(), all.end());
        return all;
    }
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("client: after a flush, both processes of a fork send what is theirs", "[client][fork]") {
    server to;
    basic_client client{to.connect()};
    client.increment("before");
    REQUIRE(client.flush() == errc::ok);
    CHECK(in_child([&] {
        client.increment("child");
        return client.flush() == errc::ok;
    }));
    client.increment("parent");
    CHECK(client.flush() == errc::ok);
    CHECK(to.receive(3) == texts{"before:1|c", "child:1|c", "parent:1|c"});
}

TEST_CASE("client: what waits at a fork is in both processes", "[client][fork]") {
    server to;
    basic_client client{to.connect()};
    client.increment("waits");
    CHECK(in_child([&] { return client.flush() == errc::ok; }));
    CHECK(client.flush() == errc::ok);
    CHECK(to.receive(2) == texts{"waits:1|c", "waits:1|c"});
}

TEST_CASE("client: a queue stays with the parent of a fork, and the child counts its loss",
          "[client][fork]") {
    server to;
    basic_client client{queued(to.connect())};
    client.increment("waits");
    CHECK(in_child([&] {
        const bool refused = client.flush() == errc::unsupported && client.counts().lost == 1 &&
                             client.last_error() == errc::unsupported;
        basic_client mine{to.connect()}; // a sanitizer of threads lets a child start none
        mine.increment("child");
        return refused && mine.flush() == errc::ok;
    }));
    CHECK(client.flush(deadline{5'000}) == errc::ok);
    CHECK(to.receive(2) == texts{"child:1|c", "waits:1|c"});
}

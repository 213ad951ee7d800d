#include <quipu/net/inherited.hpp>

#include <quipu/net/address.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/tcp.hpp"

#include <cstdlib>
#include <initializer_list>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

namespace {

/// Runs in a process of its own, whose descriptors from 3 on are these, and whose environment says
/// so; gives what it returns.
template <class Body>
int in_child(std::initializer_list<int> descriptors, bool for_it, const Body& body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // Out of the way first, since some may be among the numbers that they are to have.
        int copies[8] = {};
        int count = 0;
        for (const int fd : descriptors)
            copies[count++] = ::fcntl(fd, F_DUPFD, 100);
        for (int i = 0; i < count; ++i)
            ::dup2(copies[i], 3 + i);
        ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
        ::setenv("LISTEN_PID", std::to_string(for_it ? ::getpid() : 1).c_str(), 1);
        ::_exit(body());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("inherited: sockets for datagrams and those that listen are taken over",
          "[net][inherited]") {
    const auto udp = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(udp);
    const auto tcp = test::listening();
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    const int code = in_child({udp->fd(), pipe[0], tcp.fd()}, true, [] {
        const auto taken = take_inherited_sockets();
        if (taken.size() != 2 || !taken[0].datagrams || taken[1].datagrams)
            return 1;
        if (taken[0].bound.fd() != 3 || taken[1].bound.fd() != 5)
            return 2;
        if (std::getenv("LISTEN_FDS") != nullptr || std::getenv("LISTEN_PID") != nullptr)
            return 3;
        if ((::fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 || (::fcntl(3, F_GETFL) & O_NONBLOCK) == 0)
            return 4;
        return take_inherited_sockets().empty() ? 0 : 5;
    });
    CHECK(code == 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_CASE("inherited: those of another process are not ours", "[net][inherited]") {
    const auto tcp = test::listening();
    CHECK(in_child({tcp.fd()}, false, [] { return take_inherited_sockets().empty() ? 0 : 1; }) ==
          0);
}

TEST_CASE("inherited: numbers that are none, or of no starter, are none", "[net][inherited]") {
    const auto tcp = test::listening();
    for (const auto* const count : {"x", "", "-1", "99999999999999999999", "1e3", " 1"}) {
        CAPTURE(count);
        CHECK(in_child({tcp.fd()}, true, [&] {
                  ::setenv("LISTEN_FDS", count, 1);
                  return take_inherited_sockets().empty() ? 0 : 1;
              }) == 0);
    }
    CHECK(in_child({tcp.fd()}, true, [] {
              ::setenv("LISTEN_FDS", "2000000000", 1); // not one look for each of them
              return take_inherited_sockets().empty() ? 1 : 0;
          }) == 0);
}

#include <quipu/net/unix_path.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>

using namespace quipu;

TEST_CASE("unix_path: what the system takes, and nothing else", "[net][unix_path]") {
    CHECK(unix_path::of("").error() == errc::bad_address);
    CHECK(unix_path::of(std::string_view("a\0b", 3)).error() == errc::bad_address);
    CHECK(unix_path::of(std::string(unix_path::bytes_max + 1, 'x')).error() == errc::bad_address);

    const std::string longest(unix_path::bytes_max, 'x');
    const auto made = unix_path::of(longest);
    REQUIRE(made);
    CHECK(made->c_str() == longest);
    CHECK(made->native()->sa_family == AF_UNIX);
}

TEST_CASE("unix_path: who is not there refuses", "[net][unix_path]") {
    const test::scratch_folder folder;
    const auto path = unix_path::of(folder.path("nobody"));
    REQUIRE(path);
    for (const auto kind : {unix_kind::datagrams, unix_kind::streams})
        CHECK(path->connect(kind).error() == errc::connection_refused);
    const auto in_no_folder = unix_path::of(folder.path("none/nobody"));
    CHECK(in_no_folder->connect(unix_kind::streams).error() == errc::connection_refused);
}

TEST_CASE("unix_path: a socket of each kind, which no child inherits", "[net][unix_path]") {
    for (const auto kind : {unix_kind::datagrams, unix_kind::streams}) {
        const auto opened = unix_path::open(kind);
        REQUIRE(opened);
        int type = 0;
        socklen_t size = sizeof type;
        REQUIRE(::getsockopt(opened->fd(), SOL_SOCKET, SO_TYPE, &type, &size) == 0);
        CHECK(type == (kind == unix_kind::datagrams ? SOCK_DGRAM : SOCK_STREAM));
        CHECK((::fcntl(opened->fd(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(opened->fd(), F_GETFL) & O_NONBLOCK) != 0);
    }
}

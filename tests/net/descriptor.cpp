#include <quipu/net/descriptor.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <array>
#include <string>
#include <type_traits>
#include <utility>

using namespace quipu;

static_assert(!std::is_copy_constructible_v<descriptor>);
static_assert(std::is_nothrow_move_constructible_v<descriptor>);
static_assert(std::is_nothrow_move_assignable_v<descriptor>);

namespace {

descriptor open_null() {
    return descriptor{::open("/dev/null", O_RDWR | O_CLOEXEC)};
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

} // namespace

TEST_CASE("from_errno: each number has its cause", "[net][descriptor]") {
    struct expectation {
        int number;
        errc cause;
    };
    constexpr std::array cases{
        expectation{0, errc::ok},
        expectation{EAGAIN, errc::would_block},
        expectation{EWOULDBLOCK, errc::would_block},
        expectation{EADDRINUSE, errc::address_in_use},
        expectation{EADDRNOTAVAIL, errc::address_unavailable},
        expectation{EACCES, errc::permission_denied},
        expectation{EPERM, errc::permission_denied},
        expectation{ECONNREFUSED, errc::connection_refused},
        expectation{ECONNRESET, errc::connection_lost},
        expectation{ECONNABORTED, errc::connection_lost},
        expectation{EPIPE, errc::connection_lost},
        expectation{ENOTCONN, errc::connection_lost},
        expectation{EHOSTUNREACH, errc::unreachable},
        expectation{ENETUNREACH, errc::unreachable},
        expectation{ENETDOWN, errc::unreachable},
        expectation{ETIMEDOUT, errc::timed_out},
        expectation{EMSGSIZE, errc::message_too_long},
        expectation{ENOBUFS, errc::queue_full},
        expectation{EMFILE, errc::too_many_descriptors},
        expectation{ENFILE, errc::too_many_descriptors},
        expectation{EAFNOSUPPORT, errc::unsupported},
        expectation{EPROTONOSUPPORT, errc::unsupported},
        expectation{EOPNOTSUPP, errc::unsupported},
        expectation{ENOPROTOOPT, errc::unsupported},
        expectation{ENOSYS, errc::unsupported},
        expectation{EIO, errc::system_failure},
    };
    for (const auto& [number, cause] : cases) {
        CAPTURE(number);
        CHECK(from_errno(number) == cause);
    }
    STATIC_REQUIRE(from_errno(EAGAIN) == errc::would_block);
}

TEST_CASE("last_error: is the cause of the call that failed", "[net][descriptor]") {
    REQUIRE(::open("/dev/null/no/such", O_RDONLY | O_CLOEXEC) < 0);
    CHECK(last_error() == errc::no_such_file);
    errno = ECONNREFUSED;
    CHECK(last_error() == errc::connection_refused);
}

TEST_CASE("uninterrupted: calls again after a signal, and only then", "[net][descriptor]") {
    int calls = 0;
    CHECK(uninterrupted([&] {
              errno = EINTR;
              return ++calls < 4 ? -1 : 7;
          }) == 7);
    CHECK(calls == 4);
    calls = 0;
    CHECK(uninterrupted([&] {
              errno = EIO;
              ++calls;
              return -1;
          }) == -1);
    CHECK(calls == 1);
}

TEST_CASE("descriptor: closes what it owns, once", "[net][descriptor]") {
    const std::size_t before = test::open_descriptors();
    int number = -1;
    {
        const descriptor owner = open_null();
        REQUIRE(owner);
        number = owner.fd();
        CHECK(is_open(number));
    }
    CHECK_FALSE(is_open(number));
    {
        descriptor owner = open_null();
        descriptor next = std::move(owner);
        // NOLINTNEXTLINE(bugprone-use-after-move) because that is what is tested
        CHECK_FALSE(owner);
        CHECK(owner.fd() == -1);
        CHECK(is_open(next.fd()));
        const int replaced = next.fd();
        next = open_null();
        CHECK(next);
        CHECK((next.fd() == replaced || !is_open(replaced)));
        descriptor& same = next;
        next = std::move(same);
        CHECK(is_open(next.fd()));
    }
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("descriptor: what is released stays open", "[net][descriptor]") {
    int number = -1;
    {
        descriptor owner = open_null();
        number = owner.release();
        CHECK_FALSE(owner);
    }
    CHECK(is_open(number));
    const descriptor closes_it{number};
}

TEST_CASE("descriptor: closing keeps errno", "[net][descriptor]") {
    descriptor owner = open_null();
    descriptor unusable{1 << 20}; // not open: close fails with EBADF
    errno = ETIMEDOUT;
    owner.close();
    CHECK(errno == ETIMEDOUT);
    unusable.close();
    CHECK(errno == ETIMEDOUT);
}

TEST_CASE("descriptor: a duplicate is not inherited by other programs", "[net][descriptor]") {
    const descriptor owner = open_null();
    const auto copy = owner.duplicate();
    REQUIRE(copy);
    CHECK(copy->fd() != owner.fd());
    CHECK((::fcntl(copy->fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(descriptor{}.duplicate().error() == errc::system_failure);

    errc refusal = errc::ok;
    {
        const test::descriptor_limit only_the_standard_ones{3};
        refusal = owner.duplicate().error();
    }
    CHECK(refusal == errc::too_many_descriptors);
}

TEST_CASE("descriptor: can be set never to wait nor be inherited", "[net][descriptor]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    descriptor reader{ends[0]};
    const descriptor writer{ends[1]};
    REQUIRE(reader.never_wait_nor_inherit() == errc::ok);
    CHECK((::fcntl(reader.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    char byte = 0;
    CHECK(::read(reader.fd(), &byte, 1) == -1);
    CHECK(last_error() == errc::would_block);
    CHECK(descriptor{}.never_wait_nor_inherit() == errc::system_failure);
}

#include <quipu/net/unix_datagram.hpp>

#include <quipu/client/client.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/sockets.hpp"

#include <array>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace quipu;

namespace {

/// A server's end, at a path.
class receiving_end {
public:
    explicit receiving_end(const std::string& path)
        : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    }
    receiving_end(const receiving_end&) = delete;
    receiving_end& operator=(const receiving_end&) = delete;
    ~receiving_end() {
        ::close(fd_);
        ::unlink(path_.c_str());
    }

    std::string receive() {
        if (!test::comes_ready(fd_))
            return "nothing";
        std::array<char, 9000> bytes{};
        const auto size = ::recv(fd_, bytes.data(), bytes.size(), 0);
        return size < 0 ? "an error" : std::string(bytes.data(), static_cast<std::size_t>(size));
    }

private:
    std::string path_;
    int fd_;
};

} // namespace

TEST_CASE("unix_datagram_sender: a datagram arrives as it was", "[net][unix]") {
    const test::scratch_folder folder;
    receiving_end server(folder.path("socket"));
    unix_datagram_sender to(folder.path("socket"));
    CHECK(to.send("hits:1|c") == errc::ok);
    CHECK(to.send("") == errc::ok);
    CHECK(to.send(std::string(8192, 'x')) == errc::ok);
    CHECK(server.receive() == "hits:1|c");
    CHECK(server.receive() == "");
    CHECK(server.receive() == std::string(8192, 'x'));
}

TEST_CASE("unix_datagram_sender: nobody is there, and then somebody is", "[net][unix]") {
    const test::scratch_folder folder;
    unix_datagram_sender to(folder.path("socket"));
    CHECK(to.send("lost") == errc::connection_refused);
    {
        receiving_end server(folder.path("socket"));
        CHECK(to.send("first") == errc::ok);
        CHECK(server.receive() == "first");
    }
    CHECK(to.send("lost") == errc::connection_refused);
    receiving_end server(folder.path("socket")); // another one, at the same path
    CHECK(to.send("second") == errc::ok);
    CHECK(server.receive() == "second");
}

TEST_CASE("unix_datagram_sender: a receiver that does not read makes nobody wait", "[net][unix]") {
    const test::scratch_folder folder;
    receiving_end server(folder.path("socket"));
    unix_datagram_sender to(folder.path("socket"));
    errc last = errc::ok;
    for (int i = 0; i < 100'000 && last == errc::ok; ++i)
        last = to.send("hits:1|c");
    CHECK((last == errc::would_block || last == errc::queue_full));
    CHECK(server.receive() == "hits:1|c");
    CHECK(to.send("again") == errc::ok);
}

TEST_CASE("unix_datagram_sender: a path that is none is refused", "[net][unix]") {
    for (const auto& path : {std::string(), std::string(200, 'p'), std::string("a\0b", 3)})
        CHECK(unix_datagram_sender(path).send("x") == errc::bad_address);
    const auto before = test::open_descriptors();
    CHECK(unix_datagram_sender("/nowhere/at/all").send("x") == errc::connection_refused);
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("unix_datagram_sender: carries a client's lines", "[net][unix]") {
    struct traits : client_traits {
        using dialect_type = dialect::dogstatsd;
    };
    const test::scratch_folder folder;
    receiving_end server(folder.path("socket"));
    basic_client<unix_datagram_sender, traits> client{unix_datagram_sender(folder.path("socket")),
                                                      {.prefix = "app"}};
    client.increment("hits");
    client.distribution("size", 7);
    CHECK(client.flush() == errc::ok);
    CHECK(server.receive() == "app.hits:1|c\napp.size:7|d");
}

#include <quipu/net/unix_listener.hpp>

#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/net/unix_datagram.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace quipu;

namespace {

std::string free_path() {
    const auto path = std::filesystem::temp_directory_path() /
                      ("quipu_unix_listener_" + std::to_string(::getpid()));
    std::filesystem::remove(path);
    return path.string();
}

unix_listener
bound(const std::string& path, unix_kind kind, std::optional<unsigned> mode = std::nullopt) {
    auto made = unix_listener::bind(path, kind, mode);
    REQUIRE(made);
    return *std::move(made);
}

} // namespace

TEST_CASE("unix_listener: datagrams come to its path", "[net][unix_listener]") {
    const auto path = free_path();
    auto listener = bound(path, unix_kind::datagrams);
    auto receiver = udp_receiver::take_over(listener.release());
    unix_datagram_sender sender(path);
    CHECK(sender.send("one") == errc::ok);
    CHECK(sender.send("two") == errc::ok);
    CHECK(test::receive_texts(receiver, 2) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("unix_listener: connections come to its path", "[net][unix_listener]") {
    const auto path = free_path();
    auto listener = bound(path, unix_kind::streams);
    auto accepts = tcp_listener::take_over(listener.release());
    REQUIRE(accepts);
    const descriptor client{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(client.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    REQUIRE(::send(client.fd(), "hello", 5, MSG_NOSIGNAL) == 5);
    REQUIRE(test::comes_ready(accepts->fd()));
    auto connection = accepts->accept();
    REQUIRE(connection);
    CHECK(test::receive_bytes(*connection, 5) == "hello");
}

TEST_CASE("unix_listener: the file has the mode, and goes away", "[net][unix_listener]") {
    const auto path = free_path();
    {
        auto first = bound(path, unix_kind::streams, 0620);
        struct stat file {};
        REQUIRE(::stat(path.c_str(), &file) == 0);
        CHECK((file.st_mode & 0777U) == 0620U);
        const auto moved = std::move(first);
        CHECK(std::filesystem::exists(path));
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("unix_listener: what an earlier run left is replaced, what lives is not",
          "[net][unix_listener]") {
    const auto kind = GENERATE(unix_kind::datagrams, unix_kind::streams);
    const auto path = free_path();
    {
        auto listener = bound(path, kind);
        CHECK(unix_listener::bind(path, kind).error() == errc::address_in_use);
        // Killed: the file stays.
        std::filesystem::rename(path, path + ".kept");
    }
    std::filesystem::rename(path + ".kept", path);
    const auto again = bound(path, kind);
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("unix_listener: a file that is no socket is left alone", "[net][unix_listener]") {
    const auto path = free_path();
    std::ofstream(path) << "text";
    CHECK(unix_listener::bind(path, unix_kind::streams).error() == errc::address_in_use);
    CHECK(std::filesystem::file_size(path) == 4);
    std::filesystem::remove(path);
}

TEST_CASE("unix_listener: another's file that took its place stays", "[net][unix_listener]") {
    const auto path = free_path();
    {
        const auto first = bound(path, unix_kind::streams);
        std::filesystem::rename(path, path + ".old");
        const auto second = bound(path, unix_kind::streams);
        std::filesystem::remove(path + ".old");
        std::filesystem::rename(path, path + ".second");
        std::ofstream(path) << "other";
    }
    CHECK(std::filesystem::exists(path));
    std::filesystem::remove(path);
    std::filesystem::remove(path + ".second");
}

TEST_CASE("unix_listener: paths that cannot be", "[net][unix_listener]") {
    const auto error = [](const std::string& path) {
        return unix_listener::bind(path, unix_kind::streams).error();
    };
    CHECK(error("") == errc::bad_address);
    CHECK(error(std::string("/tmp/a\0b", 8)) == errc::bad_address);
    CHECK(error("/tmp/" + std::string(200, 'x')) == errc::bad_address);
    CHECK(error("/no/such/folder/x") == errc::no_such_file);
}

TEST_CASE("unix_listener: where a link leads to stays as it is", "[net][unix_listener]") {
    const auto kind = GENERATE(unix_kind::datagrams, unix_kind::streams);
    const auto path = free_path();
    const auto target = path + ".target";
    std::filesystem::create_symlink(target, path);
    std::ofstream(target) << "text";
    REQUIRE(::chmod(target.c_str(), 0600) == 0);
    CHECK(unix_listener::bind(path, kind, 0666).error() == errc::address_in_use);
    struct stat file {};
    REQUIRE(::stat(target.c_str(), &file) == 0);
    CHECK((file.st_mode & 0777U) == 0600U);
    std::filesystem::remove(target);
    {
        const auto left_over = bound(target, kind);
        std::filesystem::rename(target, target + ".kept");
    }
    std::filesystem::rename(target + ".kept", target); // a socket at which nobody listens
    CHECK(unix_listener::bind(path, kind).error() == errc::address_in_use);
    CHECK(std::filesystem::is_symlink(path));
    std::filesystem::remove(path);
    std::filesystem::remove(target);
}

#include <quipu/client/packer.hpp>

#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <string_view>

using namespace quipu;

namespace {

auto writing(std::string_view line) {
    return [line](auto& out) { return out.append(line) ? errc::ok : errc::no_space; };
}

struct stream_transport : memory_transport {
    static constexpr bool is_stream = true;
};

} // namespace

TEST_CASE("packer: fills a datagram to its last byte", "[client]") {
    detail::packer<memory_transport, 8> packer{memory_transport()};
    CHECK(packer.append(writing("aaaa")) == errc::ok);
    CHECK(packer.append(writing("bbb")) == errc::ok);
    CHECK(packer.transport().sent().empty());
    CHECK(packer.append(writing("c")) == errc::ok);
    CHECK(packer.append(writing("123456789")) == errc::no_space); // and what was there has left
    CHECK(packer.flush() == errc::ok);
    CHECK(packer.transport().sent() == std::vector<std::string>{"aaaa\nbbb", "c"});
    CHECK(packer.counts.datagrams == 2);
    CHECK(packer.counts.bytes == 9);
}

TEST_CASE("packer: a stream has room for its newline", "[client]") {
    detail::packer<stream_transport, 8> packer{stream_transport()};
    CHECK(packer.append(writing("12345678")) == errc::no_space);
    CHECK(packer.append(writing("1234567")) == errc::ok);
    CHECK(packer.flush() == errc::ok);
    CHECK(packer.transport().text() == "1234567\n");
}

TEST_CASE("packer: counts what was in a datagram that is lost", "[client]") {
    detail::packer<memory_transport, 8> packer{memory_transport()};
    packer.transport().fail_with(errc::would_block);
    CHECK(packer.append(writing("a")) == errc::ok);
    packer.stands_for(7);
    CHECK(packer.flush() == errc::would_block);
    CHECK(packer.flush() == errc::ok); // nothing is there
    CHECK(packer.counts.lost == 7);
    CHECK(packer.counts.failures == 1);
    CHECK(packer.last_error == errc::would_block);
}

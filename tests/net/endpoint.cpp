#include <quipu/net/endpoint.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <string_view>

using namespace quipu;
using namespace std::string_view_literals;

TEST_CASE("endpoint: reads protocol, host and port", "[net][endpoint]") {
    struct expectation {
        std::string_view text;
        ip_protocol protocol;
        std::string_view host;
        std::uint16_t port;
    };
    constexpr std::array cases{
        expectation{"udp://127.0.0.1:8125", ip_protocol::udp, "127.0.0.1", 8125},
        expectation{"tcp://127.0.0.1:0", ip_protocol::tcp, "127.0.0.1", 0},
        expectation{"udp://[::1]:8125", ip_protocol::udp, "::1", 8125},
        expectation{"udp://[::]:1", ip_protocol::udp, "::", 1},
        expectation{"udp://[fe80::1%eth0]:65535", ip_protocol::udp, "fe80::1%eth0", 65535},
        expectation{"udp://[::ffff:10.0.0.1]:9", ip_protocol::udp, "::ffff:10.0.0.1", 9},
        expectation{"tcp://localhost:2003", ip_protocol::tcp, "localhost", 2003},
        expectation{"tcp://graphite-1.my_site.example:2003",
                    ip_protocol::tcp,
                    "graphite-1.my_site.example",
                    2003},
        expectation{"udp://:8125", ip_protocol::udp, "", 8125},
        expectation{"udp://*:8125", ip_protocol::udp, "*", 8125},
        expectation{"udp://h:00080", ip_protocol::udp, "h", 80},
    };
    for (const auto& wanted : cases) {
        CAPTURE(wanted.text);
        const auto read = parse_endpoint(wanted.text);
        REQUIRE(read);
        CHECK(read->protocol == wanted.protocol);
        CHECK(read->at.host == wanted.host);
        CHECK(read->at.port == wanted.port);
        // The default does not displace a port that is written.
        CHECK(*parse_endpoint(wanted.text, 1234) == *read);
    }
}

TEST_CASE("endpoint: the port may be left out where there is a default", "[net][endpoint]") {
    for (const auto text :
         {"udp://h"sv, "udp://127.0.0.1"sv, "udp://[::1]"sv, "udp://"sv, "udp://*"sv}) {
        CAPTURE(text);
        const auto read = parse_endpoint(text, 8125);
        REQUIRE(read);
        CHECK(read->at.port == 8125);
        CHECK(parse_endpoint(text).error() == errc::bad_address);
    }
}

TEST_CASE("endpoint: refuses what cannot be one", "[net][endpoint]") {
    const std::string too_long = "udp://" + std::string(host_bytes_max + 1, 'a') + ":1";
    for (const std::string_view text : {
             ""sv,
             "127.0.0.1:8125"sv,
             "http://h:1"sv,
             "UDP://h:1"sv,
             "udp:h:1"sv,
             "udp:///h:1"sv,
             "udp://h:"sv,
             "udp://h:65536"sv,
             "udp://h:100000"sv,
             "udp://h:000080"sv,
             "udp://h:-1"sv,
             "udp://h:+1"sv,
             "udp://h: 1"sv,
             "udp://h:1 "sv,
             "udp://h:1/"sv,
             "udp://h:0x1"sv,
             "udp://h:http"sv,
             "udp://a b:1"sv,
             "udp://user@h:1"sv,
             "udp://h\n:1"sv,
             "udp://h\0:1"sv,
             "udp://::1"sv,
             "udp://::1:8125"sv,
             "udp://[::1:8125"sv,
             "udp://[::1]8125"sv,
             "udp://[]:1"sv,
             "udp://[h]:1"sv,
             "udp://[127.0.0.1]:1"sv,
             "udp://[::1%]:1"sv,
             "udp://[::1%a/b]:1"sv,
             "udp://[::1\0]:1"sv,
             "udp://[:::1]:1"sv,
             "udp://8125"sv,
             "udp://8125:1"sv,
             "udp://127.1:1"sv,
             "udp://1.2.3.256:1"sv,
             "udp://1.2.3.4.5:1"sv,
             std::string_view{too_long},
         }) {
        CAPTURE(text);
        CHECK(parse_endpoint(text, 8125).error() == errc::bad_address);
    }
}

TEST_CASE("endpoint: what is written reads back equal", "[net][endpoint]") {
    for (const auto text : {"udp://127.0.0.1:8125"sv,
                            "tcp://[::1]:0"sv,
                            "udp://[fe80::1%eth0]:1"sv,
                            "udp://:8125"sv,
                            "tcp://*:65535"sv,
                            "tcp://localhost:1"sv}) {
        CAPTURE(text);
        CHECK(to_string(*parse_endpoint(text)) == text);
    }
}

TEST_CASE("host_port: is an endpoint without its protocol", "[net][endpoint]") {
    CHECK(*parse_host_port("[::1]:80") == host_port{"::1", 80});
    CHECK(*parse_host_port("h", 80) == host_port{"h", 80});
    CHECK(to_string(host_port{"::1", 80}) == "[::1]:80");
    CHECK(parse_host_port("udp://h:80").error() == errc::bad_address);
    CHECK(parse_host_port("h").error() == errc::bad_address);
    const std::string longest(host_bytes_max, 'a');
    CHECK(parse_host_port(longest, 80)->host == longest);
}

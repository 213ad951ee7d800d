#include <quipu/server/own_hosts.hpp>

#include "support/catch.hpp"

#include <string>

#include <unistd.h>

using quipu::own_hosts;

TEST_CASE("own_hosts: addresses, localhost, the machine's name and those that are set",
          "[server][http]") {
    const own_hosts own({"metrics.example"});
    char name[256] = {};
    REQUIRE(::gethostname(name, sizeof name - 1) == 0);
    for (const std::string& host : {std::string("127.0.0.1"),
                                    std::string("127.0.0.1:8126"),
                                    std::string("[::1]:8126"),
                                    std::string("localhost:8126"),
                                    std::string("LocalHost"),
                                    std::string("a.localhost"),
                                    std::string("metrics.example:80"),
                                    std::string("Metrics.Example."),
                                    std::string(name) + ":8126"})
        CHECK(own.has(host));
    for (const auto* const host : {"evil.example",
                                   "evil.example:8126",
                                   "",
                                   "localhost.evil.example",
                                   "127.0.0.1.evil.example",
                                   "xlocalhost",
                                   ".",
                                   "metrics.example.org"})
        CHECK_FALSE(own.has(host));
}

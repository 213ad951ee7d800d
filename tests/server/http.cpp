#include <quipu/server/http.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>

using namespace quipu;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// Says the path again; /stream is one.
struct echo_routes {
    http_reply operator()(const http_request& asked) const {
        http_reply made;
        made.body = '<' + std::string(asked.path) + '>';
        if (asked.path == "/stream")
            made.follows = "it";
        return made;
    }
};

/// One connection to the service, without a socket.
class talk {
public:
    /// What is answered when a text comes, once for each time the service is called.
    std::string say(std::string_view text) {
        with_.input += text;
        std::string all;
        do {
            with_.again = false;
            service_(with_);
            all += std::exchange(with_.output, {});
        } while (with_.again && !with_.ends);
        return all;
    }
    std::string say_once(std::string_view text) {
        with_.input += text;
        service_(with_);
        return std::exchange(with_.output, {});
    }
    [[nodiscard]] const conversation& state() const { return with_; }

private:
    conversation with_{};
    http_service<echo_routes> service_{echo_routes(), [](conversation& with) {
                                           with.output += "text:" + with.input;
                                           with.input.clear();
                                       }};
};

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

} // namespace

TEST_CASE("http: a request is answered, in any pieces, and the connection stays",
          "[server][http]") {
    talk one;
    for (const char c : get.substr(0, get.size() - 1))
        CHECK(one.say({&c, 1}).empty());
    CHECK(one.say("\n").ends_with("\r\n\r\n</a>"));
    CHECK_FALSE(one.state().ends);
    CHECK(one.say(get).ends_with("</a>"));
    CHECK(one.say("\r\n" + std::string(get)).ends_with("</a>"));
}

TEST_CASE("http: requests that come at once are answered in order, one at a time",
          "[server][http]") {
    talk one;
    const std::string two = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    const auto first = one.say_once(two + "GET /3");
    CHECK(count(first, "HTTP/1.1 200") == 1);
    CHECK(first.ends_with("</1>"));
    CHECK(one.state().again);
    CHECK(one.say("").ends_with("</2>"));
    CHECK(one.say(" HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("</3>"));
}

TEST_CASE("http: the connection ends when the request says so", "[server][http]") {
    talk one;
    const std::string asked = "GET / HTTP/1.0\r\n\r\n" + std::string(get);
    CHECK(count(one.say(asked), "HTTP/1.1 200") == 1);
    CHECK(one.state().ends);
}

TEST_CASE("http: what is wrong is answered and ends the connection, whatever follows",
          "[server][http]") {
    talk one;
    const auto answer = one.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\n"
                                "delcounters .*\n");
    CHECK(answer.starts_with("HTTP/1.1 405 "));
    CHECK(count(answer, "HTTP/1.1") == 1);
    CHECK(answer.find("text:") == answer.npos);
    CHECK(one.state().ends);
    CHECK(one.state().input.empty());
}

TEST_CASE("http: a connection stays what it began as", "[server][http]") {
    talk http;
    REQUIRE(http.say(get).ends_with("</a>"));
    CHECK(http.say("stats\n").starts_with("HTTP/1.1 400 "));
    talk text;
    CHECK(text.say("stats\n") == "text:stats\n");
    CHECK(text.say(get) == "text:" + std::string(get));
}

TEST_CASE("http: a stream is told nothing that it asks", "[server][http]") {
    talk one;
    CHECK(one.say("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("</stream>"));
    CHECK(one.state().follows == "it");
    CHECK_FALSE(one.state().ends);
    CHECK(one.say(get).empty());
    CHECK(one.state().input.empty());
    talk head;
    CHECK(head.say("HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n"));
    CHECK(head.state().follows.empty());
    CHECK(head.state().ends);
}

#include <quipu/net/http_post.hpp>

#include "support/catch.hpp"
#include "support/http_server.hpp"

#include <algorithm>
#include <string>

using namespace quipu;
using test::http_server;

TEST_CASE("http_post: a message is the body of a request", "[net][http]") {
    http_server server({http_server::taken});
    http_post to(server.host(), "/write?db=x");
    CHECK(to.send("a b=1") == errc::ok);
    CHECK(to.answer().status() == 204);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].head == "POST /write?db=x HTTP/1.1\r\nHost: " + to_string(server.host()) +
                                  "\r\nUser-Agent: quipu\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Length: 5\r\n\r\n");
    CHECK(requests[0].body == "a b=1");
}

TEST_CASE("http_post: a connection serves one message after the other", "[net][http]") {
    http_server server({http_server::taken,
                        "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad",
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
    http_post to(server.host(), "/");
    const std::string much(3'000'000, 'x');
    CHECK(to.send("") == errc::ok);
    CHECK(to.send("1") == errc::message_refused);
    CHECK(to.answer().body() == "bad");
    CHECK(to.send(much) == errc::ok);
    CHECK(server.connections() == 1);
    CHECK(server.requests().back().body == much);
}

TEST_CASE("http_post: the status tells whether to try again is of use", "[net][http]") {
    const auto error_of = [](const std::string& status) {
        http_server server({"HTTP/1.1 " + status + " Said\r\nContent-Length: 0\r\n\r\n"});
        http_post to(server.host(), "/");
        return to.send("x");
    };
    CHECK(error_of("200") == errc::ok);
    CHECK(error_of("302") == errc::message_refused);
    CHECK(error_of("400") == errc::message_refused);
    CHECK(error_of("404") == errc::message_refused);
    CHECK(error_of("413") == errc::message_refused);
    CHECK(error_of("408") == errc::peer_failed);
    CHECK(error_of("429") == errc::peer_failed);
    CHECK(error_of("500") == errc::peer_failed);
    CHECK(error_of("503") == errc::peer_failed);
}

TEST_CASE("http_post: a kept connection that the server has ended is replaced", "[net][http]") {
    http_server server({http_server::taken, "", http_server::taken});
    http_post to(server.host(), "/");
    CHECK(to.send("1") == errc::ok);
    CHECK(to.send("2") == errc::ok); // asked twice: there was no answer
    CHECK(server.connections() == 2);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[1].body == "2");
    CHECK(requests[2].body == "2");
}

TEST_CASE("http_post: a new connection that breaks off is an error", "[net][http]") {
    http_server server({""});
    http_post to(server.host(), "/");
    CHECK(to.send("1") == errc::connection_lost);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("http_post: an answer that ends with its connection", "[net][http]") {
    http_server server({"!HTTP/1.1 404 No\r\n\r\ndatabase not found"});
    http_post to(server.host(), "/");
    CHECK(to.send("1") == errc::message_refused);
    CHECK(to.answer().body() == "database not found");
    CHECK(to.send("1") == errc::message_refused);
    CHECK(server.connections() == 2);
}

TEST_CASE("http_post: what is not HTTP, or breaks off, is the peer's failure", "[net][http]") {
    for (const char* const answer :
         {"220 ready\r\n", "!HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
        http_server server({answer});
        http_post to(server.host(), "/");
        CHECK(to.send("1") == errc::peer_failed);
    }
}

TEST_CASE("http_post: a silent server is not waited for longer than told", "[net][http]") {
    const auto listener = test::listening();
    http_post_options options;
    options.answer_timeout_ms = 50;
    http_post to({"127.0.0.1", listener.local_address()->port()}, "/", options);
    CHECK(to.send("1") == errc::timed_out);
    CHECK(to.answer().status() == 0);
}

TEST_CASE("http_post: nobody there", "[net][http]") {
    host_port gone;
    {
        const auto listener = test::listening();
        gone = {"127.0.0.1", listener.local_address()->port()};
    }
    http_post to(gone, "/");
    CHECK(to.connect() == errc::connection_refused);
    CHECK(to.send("1") == errc::connection_refused);
}

#include <quipu/server/http_request.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <string_view>

using namespace quipu;

namespace {

int status_of(std::string_view text) {
    return parse_http_request(text).status;
}

std::string with_headers(std::string_view headers) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

} // namespace

TEST_CASE("http_request: a request is read, and ends where the next begins",
          "[server][http_request]") {
    constexpr std::string_view text = "GET /api/series?sort=name&limit=2 HTTP/1.1\r\n"
                                      "Host: localhost:8126\r\nAccept: */*\r\n\r\nGET /";
    constexpr auto asked = parse_http_request(text);
    STATIC_REQUIRE(asked.status == 200);
    CHECK(asked.path == "/api/series");
    CHECK(asked.query == "sort=name&limit=2");
    CHECK(asked.keeps_alive);
    CHECK_FALSE(asked.head_only);
    CHECK(text.substr(asked.size) == "GET /");
}

TEST_CASE("http_request: every beginning of a request waits for the rest",
          "[server][http_request]") {
    const std::string text = "HEAD /metrics HTTP/1.1\r\nHost: x\r\nX-A:  b \r\n\r\n";
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK(status_of(text.substr(0, size)) == 0);
    }
    const auto whole = parse_http_request(text);
    CHECK(whole.status == 200);
    CHECK(whole.head_only);
    CHECK(whole.size == text.size());
}

TEST_CASE("http_request: a whole URL is its path", "[server][http_request]") {
    for (const auto& [target, path, query] :
         {std::array<std::string_view, 3>{"http://a.b:1/x?y=1", "/x", "y=1"},
          {"http://a/", "/", ""},
          {"http://a", "/", ""},
          {"http://a?q", "/", "q"}}) {
        CAPTURE(target);
        const std::string text = "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        const auto asked = parse_http_request(text);
        CHECK(asked.status == 200);
        CHECK(asked.path == path);
        CHECK(asked.query == query);
    }
}

TEST_CASE("http_request: lines may end with a newline alone", "[server][http_request]") {
    CHECK(status_of("GET /healthz HTTP/1.0\n\n") == 200);
    CHECK(status_of("GET / HTTP/1.1\nHost: a\n\n") == 200);
}

TEST_CASE("http_request: the version and the header say whether the connection stays",
          "[server][http_request]") {
    CHECK(parse_http_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keeps_alive);
    CHECK_FALSE(parse_http_request("GET / HTTP/1.0\r\n\r\n").keeps_alive);
    CHECK(parse_http_request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keeps_alive);
    CHECK_FALSE(parse_http_request(with_headers("connection: TE, Close\r\n")).keeps_alive);
}

TEST_CASE("http_request: what only asks to read is taken", "[server][http_request]") {
    CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n") == 405);
    CHECK(status_of("DELETE /x HTTP/1.1\r\n") == 405);
    CHECK(status_of("OPTIONS * HTTP/1.1\r\n") == 405);
    CHECK(status_of("get / HTTP/1.1\r\n") == 405);
    CHECK(status_of(with_headers("Content-Length: 5\r\n")) == 413);
    CHECK(status_of(with_headers("Transfer-Encoding: chunked\r\n")) == 413);
    CHECK(status_of(with_headers("Content-Length: 0\r\n")) == 200);
}

TEST_CASE("http_request: what is no request is refused", "[server][http_request]") {
    for (const char* const text : {"GET\r\n",
                                   "GET /\r\n",
                                   " GET / HTTP/1.1\r\n",
                                   "GET  HTTP/1.1\r\n",
                                   "GET / HTTP/11\r\n",
                                   "GET / HTTP/1.x\r\n",
                                   "GET / http/1.1\r\n",
                                   "GET /a b HTTP/1.1\r\n",
                                   "GET /\x01 HTTP/1.1\r\n",
                                   "GET /\xc3\xa9 HTTP/1.1\r\n",
                                   "GET https://a/ HTTP/1.1\r\n",
                                   "GET a:80 HTTP/1.1\r\n",
                                   "G(T / HTTP/1.1\r\n",
                                   "GETGETGETGETGETGET / HTTP/1.1\r\n",
                                   "GETGETGETGETGETGET",
                                   "GETGETGETGETGETGET /",
                                   "GET / HTTP/1.1\r\n\r\n",
                                   "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n"}) {
        CAPTURE(text);
        CHECK(status_of(text) == 400);
    }
    CHECK(status_of("GET / HTTP/2.0\r\n") == 505);
    for (const char* const header : {"no colon\r\n",
                                     ": nothing\r\n",
                                     "blank : before\r\n",
                                     " folded: line\r\n",
                                     "X: a\x01z\r\n",
                                     "Content-Length: 1, 1\r\n",
                                     "Content-Length: -1\r\n",
                                     "Content-Length:\r\n"}) {
        CAPTURE(header);
        CHECK(status_of(with_headers(header)) == 400);
    }
    CHECK(status_of(with_headers(std::string_view("X: a\0z\r\n", 8))) == 400);
}

TEST_CASE("http_request: its parts are bounded", "[server][http_request]") {
    const auto target = [](std::size_t size) {
        return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    CHECK(status_of(target(http_limits::target_bytes_max)) == 200);
    CHECK(status_of(target(http_limits::target_bytes_max + 1)) == 414);
    CHECK(status_of("GET /" + std::string(http_limits::target_bytes_max + 100, 'a')) == 414);

    std::string headers;
    for (std::size_t i = 1; i < http_limits::headers_max; ++i)
        headers += "X: y\r\n";
    CHECK(status_of(with_headers(headers)) == 200);
    CHECK(status_of(with_headers(headers + "X: y\r\n")) == 431);

    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const auto filled = head + std::string(http_limits::head_bytes_max - head.size() - 4, 'b');
    CHECK(status_of(filled + "\r\n\r\n") == 200);
    CHECK(status_of(filled + "b\r\n\r\n") == 431);
    CHECK(status_of(filled + "bbbbb") == 431);
    CHECK(status_of(filled) == 0);
}

TEST_CASE("http_request: commands of Etsy's are told apart by how they begin",
          "[server][http_request]") {
    STATIC_REQUIRE(guess_http("GET /") == http_guess::yes);
    STATIC_REQUIRE(guess_http("OPTIONS *") == http_guess::yes);
    for (const char* const begin : {"GET http://a/x HTTP/1.1\r\n",
                                    "x / HTTP/1.1\r\nHost: a\r\n\r\ndelgauges g\n",
                                    "M-SEARCH * HTTP/1.1",
                                    "CONNECT a:1 HTTP/1.0\n"}) {
        CAPTURE(begin);
        CHECK(guess_http(begin) == http_guess::yes);
    }
    for (const char* const begin : {"", "G", "GET", "GET ", "HELP"})
        CHECK(guess_http(begin) == http_guess::undecided);
    for (const char* const begin :
         {"stats\n", "HELP\n", "\n", " GET /", "GET a", "1", "GETGETGETGETGETGET", "Gauges"}) {
        CAPTURE(begin);
        CHECK(guess_http(begin) == http_guess::no);
    }
}

TEST_CASE("http_request: queries are taken apart", "[server][http_request]") {
    CHECK(query_value("a=1&b=2&a=3", "a") == "1");
    CHECK(query_value("a=1&b", "b") == "");
    CHECK_FALSE(query_value("a=1", "c"));
    CHECK_FALSE(query_value("", "c"));
    CHECK(query_value("x%20y=%3Cimg%3E+z", "x y") == "<img> z");
    CHECK(unescape_query("%") == "%");
    CHECK(unescape_query("%4") == "%4");
    CHECK(unescape_query("%4g%41") == "%4gA");
    CHECK(unescape_query("%00").size() == 1);

    std::string every;
    for (int c = 0; c < 256; ++c)
        every += static_cast<char>(c);
    std::string escaped;
    append_escaped_query(escaped, every);
    CHECK(unescape_query(escaped) == every);
    CHECK(escaped.find_first_of(" &=<>\"'+#\n") == escaped.npos);
}

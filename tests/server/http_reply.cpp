#include <quipu/server/http_reply.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace quipu;

namespace {

std::string written(const http_reply& answer, bool keeps_alive = true, bool head_only = false) {
    std::string out;
    append_http_reply(out, answer, keeps_alive, head_only);
    return out;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("http_reply: an answer has its length, and says what a page may not do",
          "[server][http_reply]") {
    http_reply answer;
    answer.body = "up\n";
    CHECK(written(answer) ==
          "HTTP/1.1 200 OK\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Length: 3\r\n"
          "Cache-Control: no-store\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
          "Referrer-Policy: no-referrer\r\n"
          "Connection: keep-alive\r\n\r\n"
          "up\n");
}

TEST_CASE("http_reply: to HEAD all is said but the body", "[server][http_reply]") {
    http_reply answer;
    answer.body = "body";
    const auto whole = written(answer, false);
    CHECK(has(whole, "Connection: close\r\n"));
    CHECK(written(answer, false, true) == whole.substr(0, whole.size() - 4));
}

TEST_CASE("http_reply: a stream has no length and ends with its connection",
          "[server][http_reply]") {
    http_reply answer;
    answer.type = "text/event-stream";
    answer.body = "data: 1\n\n";
    answer.follows = "all";
    const auto text = written(answer);
    CHECK_FALSE(has(text, "Content-Length"));
    CHECK(has(text, "Connection: close\r\n\r\ndata: 1\n\n"));
}

TEST_CASE("http_reply: what is wrong is said in words", "[server][http_reply]") {
    CHECK(http_error(404).body == "404 Not Found\n");
    CHECK(http_error(404, "no such series").body == "404 Not Found: no such series\n");
    CHECK(has(written(http_error(405)), "HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK(has(written(http_error(405)), "Allow: GET, HEAD\r\n"));
    CHECK_FALSE(has(written(http_error(404)), "Allow:"));
    for (const int status : {200, 400, 404, 405, 413, 414, 431, 503, 505})
        CHECK(http_reason(status) != "Error");
    CHECK(http_reason(599) == "Error");
}

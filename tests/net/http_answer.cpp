#include <quipu/net/http_answer.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using quipu::http_answer;
using state = http_answer::state;

namespace {

/// The same whether the bytes come at once or one by one.
http_answer answer_of(std::string_view bytes, state expected) {
    http_answer whole;
    whole.take(bytes);
    CHECK(whole.take("") == expected);
    http_answer single;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        single.take(bytes.substr(i, 1));
    CHECK(single.take("") == expected);
    CHECK(single.status() == whole.status());
    CHECK(single.body() == whole.body());
    CHECK(single.keeps_connection() == whole.keeps_connection());
    return whole;
}

} // namespace

TEST_CASE("http_answer: a status without a body", "[net][http]") {
    const auto none =
        answer_of("HTTP/1.1 204 No Content\r\nX-Request-Id: 1\r\n\r\n", state::complete);
    CHECK(none.status() == 204);
    CHECK(none.keeps_connection());
    CHECK(none.body().empty());
}

TEST_CASE("http_answer: a body ends where its length says", "[net][http]") {
    const auto refused =
        answer_of("HTTP/1.1 400 Bad Request\r\ncontent-LENGTH:  5\r\n\r\nwrong", state::complete);
    CHECK(refused.status() == 400);
    CHECK(refused.body() == "wrong");
    CHECK(refused.keeps_connection());
    const auto open =
        answer_of("HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\nwrong", state::body);
    CHECK(open.status() == 400);
    const auto empty = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", state::complete);
    CHECK(empty.keeps_connection());
}

TEST_CASE("http_answer: of a long body the begin is kept", "[net][http]") {
    const std::string much(1000, 'x');
    const auto long_one =
        answer_of("HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n" + much, state::complete);
    CHECK(long_one.body() == much.substr(0, http_answer::kept_bytes));
}

TEST_CASE("http_answer: what has no length ends with its connection", "[net][http]") {
    for (const char* const head :
         {"HTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        auto open = answer_of(std::string(head) + "text", state::body);
        CHECK_FALSE(open.keeps_connection());
        CHECK(open.end() == state::complete);
        CHECK(open.status() == 200);
    }
}

TEST_CASE("http_answer: a connection is not kept against the server's word", "[net][http]") {
    CHECK_FALSE(answer_of("HTTP/1.1 204 No\r\nConnection: Close\r\n\r\n", state::complete)
                    .keeps_connection());
    CHECK_FALSE(answer_of("HTTP/1.0 204 No\r\n\r\n", state::complete).keeps_connection());
}

TEST_CASE("http_answer: an answer in advance is passed over", "[net][http]") {
    const auto one =
        answer_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", state::complete);
    CHECK(one.status() == 204);
}

TEST_CASE("http_answer: what is none is broken", "[net][http]") {
    for (const char* const text : {"SSH-2.0-OpenSSH_9.2\r\n",
                                   "HTTP/2 200\r\n",
                                   "HTTP/1.1 20x OK\r\n",
                                   "HTTP/1.1 099 OK\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: many\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length:\r\n"}) {
        INFO(text);
        answer_of(text, state::broken);
    }
    const std::string endless =
        "HTTP/1.1 200 OK\r\nX: " + std::string(http_answer::head_bytes_max, 'x');
    answer_of(endless, state::broken);
}

TEST_CASE("http_answer: one that breaks off is broken", "[net][http]") {
    for (const char* const text :
         {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
        http_answer one;
        one.take(text);
        CHECK(one.end() == state::broken);
    }
}

#include <quipu/server/event_stream.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using quipu::errc;
using quipu::event_stream;

namespace {

constexpr std::string_view head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

struct reading {
    errc take(std::string_view bytes) {
        return stream.take(bytes, [this](std::string_view data) { events.emplace_back(data); });
    }
    event_stream stream{};
    std::vector<std::string> events{};
};

} // namespace

TEST_CASE("event_stream: events are put together, whatever the pieces", "[server][event_stream]") {
    const std::string all = std::string(head) +
                            "data: {\"a\":1}\n\n: a comment\n\n\nid: 7\ndata:two\ndata: lines\n\n"
                            "data: not whole";
    const auto size = GENERATE(values<std::size_t>({1, 2, 7, 1000}));
    reading here;
    for (std::string_view left = all; !left.empty();) {
        CHECK(here.take(left.substr(0, size)) == errc::ok);
        left.remove_prefix(size < left.size() ? size : left.size());
    }
    CHECK(here.stream.status() == 200);
    CHECK(here.events == std::vector<std::string>{"{\"a\":1}", "two\nlines"});
}

TEST_CASE("event_stream: another answer is an error", "[server][event_stream]") {
    reading busy;
    CHECK(busy.take("HTTP/1.1 503 Service Unavailable\r\n\r\ndata: x\n\n") == errc::peer_failed);
    CHECK(busy.stream.status() == 503);
    CHECK(busy.events.empty());
    reading other;
    CHECK(other.take("SSH-2.0-OpenSSH\r\n\r\n") == errc::peer_failed);
    reading odd;
    CHECK(odd.take("HTTP/1.1 \r\n\r\n") == errc::peer_failed);
}

TEST_CASE("event_stream: what does not end is refused", "[server][event_stream]") {
    const std::string much(std::size_t{1} << 20U, 'x');
    const bool in_head = GENERATE(true, false);
    reading here;
    errc error = in_head ? errc::ok : here.take(head);
    for (int i = 0; i < 20 && error == errc::ok; ++i)
        error = here.take(much);
    CHECK(error == errc::no_space);
}

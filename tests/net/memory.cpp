#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

using texts = std::vector<std::string>;

texts receive_all(memory_receiver& from) {
    texts all;
    while (from.receive([&](std::string_view text) { all.emplace_back(text); }).value_or(0) != 0) {
    }
    return all;
}

constexpr auto ignore = [](std::string_view) noexcept {};

} // namespace

TEST_CASE("memory_transport: keeps each message", "[net][memory]") {
    memory_transport to;
    CHECK(to.send("a:1|c\n") == errc::ok);
    CHECK(to.send("") == errc::ok);
    CHECK(to.send("b:2|g\n") == errc::ok);
    CHECK(to.sent() == texts{"a:1|c\n", "", "b:2|g\n"});
    CHECK(to.text() == "a:1|c\nb:2|g\n");
    to.clear();
    CHECK(to.sent().empty());
    CHECK(to.text().empty());
}

TEST_CASE("memory_transport: fails as it was told and keeps nothing", "[net][memory]") {
    memory_transport to;
    to.fail_with(errc::connection_lost);
    CHECK(to.send("x") == errc::connection_lost);
    CHECK(to.sent().empty());
    to.fail_with(errc::ok);
    CHECK(to.send("y") == errc::ok);
    CHECK(to.text() == "y");
}

TEST_CASE("memory_transport: is full at its bound, until it is cleared", "[net][memory]") {
    memory_transport to{10};
    CHECK(to.send("12345") == errc::ok);
    CHECK(to.send("123456") == errc::queue_full);
    CHECK(to.send("67890") == errc::ok);
    CHECK(to.send("x") == errc::queue_full);
    CHECK(to.text() == "1234567890");
    to.clear();
    CHECK(to.send("1234567890") == errc::ok);
}

TEST_CASE("memory_receiver: hands out in order, a batch a call", "[net][memory]") {
    memory_receiver from;
    CHECK(*from.receive(ignore) == 0);
    texts pushed;
    for (std::size_t i = 0; i != memory_receiver::batch_max + 3; ++i) {
        pushed.push_back(std::to_string(i));
        from.push(pushed.back());
    }
    CHECK(*memory_receiver{from}.receive(ignore) == memory_receiver::batch_max);
    CHECK(receive_all(from) == pushed);
    from.push("");
    CHECK(receive_all(from) == texts{""});
    CHECK(*from.receive(ignore) == 0);
}

TEST_CASE("memory_receiver: the bytes behind a text can be read", "[net][memory]") {
    memory_receiver from;
    from.push("hits:1|c");
    std::string behind;
    REQUIRE(*from.receive([&](std::string_view text) {
        behind.assign(text.data() + text.size(), read_padding_bytes);
    }) == 1);
    CHECK(behind == std::string(read_padding_bytes, '\0'));
}

TEST_CASE("memory_receiver: more may be put in while it hands out", "[net][memory]") {
    memory_receiver from;
    from.push("first");
    texts came;
    const auto push_two_more = [&](std::string_view text) {
        came.emplace_back(text);
        if (came.size() < 3)
            from.push(std::string(200, 'x'));
    };
    CHECK(*from.receive(push_two_more) == 3);
    CHECK(came == texts{"first", std::string(200, 'x'), std::string(200, 'x')});
}

TEST_CASE("memory_receiver: ends in good order behind what waits", "[net][memory]") {
    memory_receiver from;
    from.push("last");
    from.close();
    CHECK_FALSE(from.closed());
    CHECK(receive_all(from) == texts{"last"});
    CHECK(from.closed());
    CHECK(*from.receive(ignore) == 0);
}

TEST_CASE("memory_receiver: breaks off behind what waits", "[net][memory]") {
    memory_receiver from;
    from.push("last");
    from.fail_with(errc::connection_lost);
    CHECK(*from.receive(ignore) == 1);
    CHECK(from.receive(ignore).error() == errc::connection_lost);
    CHECK_FALSE(from.closed());
}

TEST_CASE("null_transport: takes all", "[net][memory]") {
    STATIC_REQUIRE(null_transport::send("anything") == errc::ok);
}

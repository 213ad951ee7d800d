#include <quipu/client/pipeline.hpp>

#include <quipu/client/scoped_timer.hpp>
#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

using texts = std::vector<std::string>;

struct single_traits : client_traits {
    static constexpr bool batches = false;
};
struct small_traits : single_traits {
    static constexpr std::size_t datagram_bytes_max = 20;
};
struct stream_transport : memory_transport {
    static constexpr bool is_stream = true;
};
using single_client = basic_client<memory_transport, single_traits>;

template <class Client>
texts sent(Client& client) {
    texts all;
    for (const auto& datagram : client.transport().sent())
        all.emplace_back(datagram);
    return all;
}

} // namespace

TEST_CASE("pipeline: what is in it leaves together, in order, when it ends", "[client][pipeline]") {
    single_client client{memory_transport(), {.prefix = "app", .tags = "env:test"}};
    {
        auto batch = open_pipeline(client);
        batch.increment("a");
        batch.gauge("b", 2);
        client.increment("alone");
        batch.timing("c", 3, {.tags = "x:1"});
        CHECK(sent(client) == texts{"app.alone:1|c|#env:test"});
    }
    CHECK(sent(client) ==
          texts{"app.alone:1|c|#env:test",
                "app.a:1|c|#env:test\napp.b:2|g|#env:test\napp.c:3|ms|#env:test,x:1"});
    CHECK(client.counts().samples == 4);
}

TEST_CASE("pipeline: of a pipeline, too", "[client][pipeline]") {
    single_client client{memory_transport()};
    {
        auto outer = open_pipeline(client);
        outer.increment("outer");
        {
            auto inner = open_pipeline(outer);
            inner.increment("inner");
            inner.flush();
            inner.gauge("inner.last", 1);
        }
        outer.increment("end");
        CHECK(sent(client).empty());
    }
    CHECK(sent(client) == texts{"outer:1|c\ninner:1|c\ninner.last:1|g\nend:1|c"});
}

TEST_CASE("pipeline: what fits no datagram together goes in several, none cut",
          "[client][pipeline]") {
    basic_client<memory_transport, small_traits> client{memory_transport()};
    {
        auto batch = open_pipeline(client);
        for (int i = 0; i < 5; ++i)
            batch.increment("abc"); // 7 bytes: two in a datagram
        CHECK(batch.increment("much.too.long.a.name") == errc::no_space);
        CHECK(batch.counts().refused == 1);
    }
    CHECK(sent(client) == texts{"abc:1|c\nabc:1|c", "abc:1|c\nabc:1|c", "abc:1|c"});
    CHECK(client.counts().samples == 5);
    CHECK(client.counts().lost == 0);
}

TEST_CASE("pipeline: a full one fits into a client of a stream", "[client][pipeline]") {
    basic_client<stream_transport, small_traits> client{stream_transport()};
    {
        auto batch = open_pipeline(client);
        CHECK(batch.increment("abcdefghijklmno") == errc::ok); // 19 bytes
        CHECK(batch.increment("abcdefghijklmnop") == errc::no_space);
    }
    CHECK(client.transport().text() == "abcdefghijklmno:1|c\n");
}

TEST_CASE("pipeline: a block that is left by an exception sends what it had",
          "[client][pipeline]") {
    single_client client{memory_transport()};
    const auto fails = [&] {
        auto batch = open_pipeline(client);
        batch.increment("begun");
        throw std::runtime_error("no");
    };
    CHECK_THROWS_AS(fails(), std::runtime_error);
    CHECK(sent(client) == texts{"begun:1|c"});
}

TEST_CASE("pipeline: each draws by chance of its own", "[client][pipeline]") {
    single_client client{memory_transport()};
    int kept = 0;
    for (int i = 0; i < 1000; ++i) {
        auto batch = open_pipeline(client);
        batch.increment("a", 1, {.rate = 0.5});
        kept += batch.counts().samples == 1 ? 1 : 0;
    }
    CHECK(kept > 400);
    CHECK(kept < 600);
}

TEST_CASE("pipeline: a client's loss is the client's to tell", "[client][pipeline]") {
    struct broken {
        static errc send(std::string_view) noexcept { return errc::unreachable; }
    };
    basic_client<broken, single_traits> client{broken()};
    {
        auto batch = open_pipeline(client);
        batch.increment("a");
        batch.increment("b");
    }
    CHECK(client.counts().lost == 2);
    CHECK(client.last_error() == errc::unreachable);
}

#include <quipu/net/queued.hpp>

#include <quipu/client/client.hpp>
#include <quipu/net/memory.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

namespace {

/// What a transport was given, and whether it may take more.
struct gate {
    std::mutex mutex{};
    std::condition_variable opened{};
    bool open = true;
    std::atomic<int> entered{0};
    std::atomic<int> failures{0};
    std::vector<std::string> sent{};

    void set(bool to) {
        const std::lock_guard hold(mutex);
        open = to;
        opened.notify_all();
    }
    std::vector<std::string> all() {
        const std::lock_guard hold(mutex);
        return sent;
    }
};

struct gated {
    std::shared_ptr<gate> at;

    errc send(std::string_view bytes) noexcept {
        ++at->entered;
        if (at->failures > 0) {
            --at->failures;
            return errc::connection_refused;
        }
        std::unique_lock hold(at->mutex);
        at->opened.wait(hold, [&] { return at->open; });
        at->sent.emplace_back(bytes);
        return errc::ok;
    }
};

struct gated_stream : gated {
    static constexpr bool is_stream = true;
};

using texts = std::vector<std::string>;
constexpr int long_ms = 20'000;

} // namespace

static_assert(transport<queued<null_transport>>);
static_assert(queued<gated_stream>::is_stream && !queued<gated>::is_stream);

TEST_CASE("queued: passes messages on in order", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    queued<gated> queue(gated{at});
    CHECK(queue.send("a") == errc::ok);
    CHECK(queue.send("") == errc::ok);
    CHECK(queue.send("b") == errc::ok);
    CHECK(queue.flush(deadline(long_ms)) == errc::ok);
    CHECK(at->all() == texts{"a", "", "b"});
    CHECK(queue.counts().sent == 3);
    CHECK(queue.counts().waiting == 0);
    CHECK(queue.flush(deadline(0)) == errc::ok); // nothing is there
}

TEST_CASE("queued: drops and counts what there is no room for", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    at->set(false);
    queued<gated> queue(gated{at}, {.bytes_max = 10});
    CHECK(queue.send("first") == errc::ok);
    REQUIRE(test::eventually([&] { return at->entered == 1; }));
    CHECK(queue.send("12345678") == errc::ok);
    CHECK(queue.send("a\nb") == errc::queue_full);
    CHECK(queue.send("9") == errc::ok);
    CHECK(queue.send("a\nb\nc\n") == errc::queue_full);
    CHECK(queue.flush(deadline(1)) == errc::timed_out);
    CHECK(queue.counts().dropped == 2);
    CHECK(queue.counts().dropped_lines == 5);
    CHECK(queue.counts().waiting == 3);
    at->set(true);
    CHECK(queue.flush(deadline(long_ms)) == errc::ok);
    CHECK(at->all() == texts{"first", "12345678", "9"});
}

TEST_CASE("queued: packs what waits", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    {
        queued<gated> queue(gated{at}, {.pack_bytes_max = 5, .interval_ms = long_ms});
        for (const auto* const text : {"a", "bc", "d", "longer", "e"})
            CHECK(queue.send(text) == errc::ok);
        CHECK(queue.flush(deadline(long_ms)) == errc::ok);
        CHECK(at->all() == texts{"a\nbc", "d", "longer", "e"});
        CHECK(queue.counts().sent == 5);
    }
    const auto stream = std::make_shared<gate>();
    queued<gated_stream> queue(gated_stream{{stream}},
                               {.pack_bytes_max = 6, .interval_ms = long_ms});
    for (const auto* const text : {"a\n", "bc\n", "d\n"})
        CHECK(queue.send(text) == errc::ok);
    CHECK(queue.flush(deadline(long_ms)) == errc::ok);
    CHECK(stream->all() == texts{"a\nbc\n", "d\n"});
}

TEST_CASE("queued: sends when its interval is over, or it is half full", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    queued<gated> soon(gated{at}, {.interval_ms = 1});
    CHECK(soon.send("a") == errc::ok);
    CHECK(test::eventually([&] { return at->all().size() == 1; }));
    queued<gated> full(gated{at}, {.bytes_max = 8, .interval_ms = long_ms});
    CHECK(full.send("bc") == errc::ok);
    CHECK(full.send("de") == errc::ok);
    CHECK(test::eventually([&] { return at->all().size() == 3; }));
}

TEST_CASE("queued: tries again, or counts what was not taken", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    at->failures = 3;
    queued<gated> patient(gated{at}, {.retry_ms = 1, .retry_ms_max = 2});
    CHECK(patient.send("a") == errc::ok);
    CHECK(patient.flush(deadline(long_ms)) == errc::ok);
    CHECK(at->all() == texts{"a"});
    CHECK(patient.counts().last_error == errc::connection_refused);
    at->failures = 1;
    queued<gated> hasty(gated{at});
    CHECK(hasty.send("b\nc") == errc::ok);
    CHECK(hasty.flush(deadline(long_ms)) == errc::ok);
    CHECK(hasty.counts().failed == 1);
    CHECK(hasty.counts().failed_lines == 2);
    CHECK(hasty.counts().sent == 0);
}

TEST_CASE("queued: the end sends what waits", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    {
        queued<gated> queue(gated{at}, {.interval_ms = long_ms, .stop_timeout_ms = long_ms});
        const queued<gated> copy = queue;
        CHECK(queue.send("a") == errc::ok);
    }
    CHECK(at->all() == texts{"a"});
}

TEST_CASE("queued: the end waits no longer than it was told", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    {
        queued<gated> queue(gated{at}, {.retry_ms = long_ms, .stop_timeout_ms = 1});
        at->failures = 1;
        CHECK(queue.send("never taken") == errc::ok);
        REQUIRE(test::eventually([&] { return at->entered == 1; }));
    }
    CHECK(at->all().empty());
    {
        at->set(false);
        queued<gated> queue(gated{at}, {.stop_timeout_ms = 1});
        CHECK(queue.send("hangs") == errc::ok);
        REQUIRE(test::eventually([&] { return at->entered == 2; }));
    }
    at->set(true); // its thread lives on until the transport returns
    CHECK(test::eventually([&] { return at->all().size() == 1; }));
}

TEST_CASE("queued: many threads, each with a copy, lose nothing", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    queued<gated> queue(gated{at}, {.pack_bytes_max = 512});
    std::atomic<int> flushed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([copy = queue, i, &flushed]() mutable {
            basic_client client{copy};
            for (int n = 0; n < 1000; ++n) {
                client.increment("c" + std::to_string(i));
                client.flush();
            }
            flushed += client.flush(deadline(long_ms)) == errc::ok ? 1 : 0;
        });
    for (auto& each : threads)
        each.join();
    CHECK(flushed == 4);
    std::size_t lines = 0;
    for (const auto& text : at->all())
        lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    CHECK(lines == 4000);
    CHECK(queue.counts().sent == 4000);
}

TEST_CASE("queued: the child of a fork neither hangs nor sends", "[net][queued]") {
    const auto at = std::make_shared<gate>();
    at->set(false);
    auto* const client = new basic_client{queued<gated>(gated{at})};
    client->increment("sent");
    client->flush();
    REQUIRE(test::eventually([&] { return at->entered == 1; }));
    client->increment("waits in the client");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(10); // if it hangs
        const bool refused = client->flush() == errc::unsupported &&
                             client->transport().flush(deadline(-1)) == errc::unsupported &&
                             client->transport().counts().sent == 0;
        delete client;
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    at->set(true);
    delete client;
    CHECK(at->all() == texts{"sent:1|c", "waits in the client:1|c"});
}

#include <quipu/client/flushing.hpp>

#include <quipu/client/client.hpp>
#include <quipu/core/tick_clock.hpp>
#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

/// A clock that a test sets.
struct set_clock {
    const std::uint64_t* at = nullptr;

    [[nodiscard]] std::uint64_t now() const noexcept { return *at; }
    [[nodiscard]] double milliseconds(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) / 10;
    }
};
static_assert(tick_clock<set_clock>);
static_assert(flushing_policy<flushing::at_intervals<set_clock>>);
static_assert(flushing_policy<flushing::at_intervals<steady_ticks>>);

struct timed : client_traits {
    using flushing = quipu::flushing::at_intervals<set_clock>;
};
struct timed_sums : timed {
    using aggregation = quipu::aggregation::by_series<>;
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("flushing: with the first call when the time is over", "[client]") {
    std::uint64_t now = 5;
    basic_client<memory_transport, timed> client(
        memory_transport(), {}, timed::flushing(100, set_clock{&now}));
    client.increment("a");
    now += 999;
    client.increment("a");
    CHECK(client.transport().sent().empty());
    now += 1;
    client.increment("b");
    CHECK(client.transport().sent() == texts{"a:1|c\na:1|c\nb:1|c"});
    now += 999;
    client.increment("c");
    CHECK(client.transport().sent().size() == 1);
    client.flush(); // counts as well
    now += 999;
    client.increment("d");
    CHECK(client.transport().sent().size() == 2);
    now += 1;
    CHECK(client.increment("") == errc::empty_name);
    CHECK(client.transport().sent().size() == 2); // a refused call sends nothing
    client.increment("e");
    CHECK(client.transport().sent().back() == "d:1|c\ne:1|c");
}

TEST_CASE("flushing: sums, too", "[client]") {
    std::uint64_t now = 0;
    basic_client<memory_transport, timed_sums> client(
        memory_transport(), {}, timed::flushing(1, set_clock{&now}));
    client.increment("a");
    client.increment("a");
    now = 10;
    client.increment("a");
    CHECK(client.transport().sent() == texts{"a:3|c"});
}

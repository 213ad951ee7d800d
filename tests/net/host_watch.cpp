#include <quipu/net/host_watch.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/scripted_names.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;
using test::eventually;
using test::list_of;
using test::scripted_names;

namespace {

using watch = basic_host_watch<scripted_names>;

const host_port stats{"stats.example", 8125};
const address_list one = list_of({address::loopback_v4(1)});
const address_list other = list_of({address::loopback_v4(2), address::loopback_v6(2)});

} // namespace

TEST_CASE("host_watch: knows the addresses when it is made", "[net][host_watch]") {
    const watch seen(stats, {}, scripted_names(one));
    CHECK(seen.generation() == 1);
    REQUIRE(seen.addresses());
    CHECK(*seen.addresses() == one);
    CHECK(seen.host() == stats);
}

TEST_CASE("host_watch: sees a change, and nothing where there is none", "[net][host_watch]") {
    scripted_names names(one);
    const watch seen(stats, {.ttl_ms = 1}, names);
    CHECK(eventually([&] { return names.asked() > 5; }));
    CHECK(seen.generation() == 1);
    names.say(other);
    CHECK(eventually([&] { return seen.generation() == 2; }));
    CHECK(*seen.addresses() == other);
}

TEST_CASE("host_watch: what was known stays while no name server answers", "[net][host_watch]") {
    scripted_names names(one);
    const watch seen(stats, {.ttl_ms = 1, .retry_ms = 1}, names);
    names.say(errc::name_unresolved);
    const int before = names.asked();
    CHECK(eventually([&] { return names.asked() > before + 5; }));
    CHECK(seen.generation() == 1);
    CHECK(*seen.addresses() == one);
}

TEST_CASE("host_watch: without a first answer it says why, and tries again", "[net][host_watch]") {
    scripted_names names(errc::name_unresolved);
    const watch seen(stats, {.ttl_ms = 3'600'000, .retry_ms = 1}, names);
    CHECK(seen.generation() == 0);
    CHECK(seen.addresses().error() == errc::name_unresolved);
    names.say(one);
    CHECK(eventually([&] { return seen.generation() == 1; }));
    CHECK(*seen.addresses() == one);
}

TEST_CASE("host_watch: an address that is no name is asked for once", "[net][host_watch]") {
    scripted_names names(one);
    const watch seen({"127.0.0.1", 1}, {.ttl_ms = 1, .retry_ms = 1}, names);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    CHECK(names.asked() == 1);
}

TEST_CASE("host_watch: ends while a name server does not answer", "[net][host_watch]") {
    struct gate {
        std::atomic<int> asked{0};
        std::atomic<bool> open{false};
    };
    struct silent_names {
        std::shared_ptr<gate> at;
        result<address_list> operator()(const host_port&) const {
            while (at->asked++ > 0 && !at->open)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return one;
        }
    };
    const auto at = std::make_shared<gate>();
    {
        const basic_host_watch<silent_names> seen(stats, {.ttl_ms = 1}, {at});
        CHECK(eventually([&] { return at->asked > 1; }));
    }
    at->open = true; // whoever asked then ends as well
    CHECK(eventually([&] { return at.use_count() == 1; }));
}

TEST_CASE("host_watch: in the child of a fork the addresses stay", "[net][host_watch]") {
    scripted_names names(one);
    const watch seen(stats, {.ttl_ms = 1}, names);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool right = seen.generation() == 1 && seen.addresses().error() == errc::unsupported;
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("host_watch: this machine's own names", "[net][host_watch]") {
    const host_watch seen({"localhost", 8125});
    REQUIRE(seen.addresses());
    CHECK(*seen.addresses() == *resolve("localhost", 8125, address_use::connect));
}

#include <quipu/net/transport.hpp>

#include "support/catch.hpp"

using namespace quipu;

namespace {

struct sends {
    errc send(std::string_view) noexcept { return errc::ok; }
};
struct sends_but_may_throw {
    errc send(std::string_view) { return errc::ok; }
};
struct sends_and_says_nothing {
    void send(std::string_view) noexcept {}
};

struct receives {
    template <class OnBytes>
    result<std::size_t> receive(OnBytes&&) noexcept {
        return std::size_t{0};
    }
    [[nodiscard]] bool closed() const noexcept { return true; }
};
struct receives_but_may_throw : receives {
    template <class OnBytes>
    result<std::size_t> receive(OnBytes&&) {
        return std::size_t{0};
    }
};
struct receives_and_never_says_the_end {
    template <class OnBytes>
    result<std::size_t> receive(OnBytes&&) noexcept {
        return std::size_t{0};
    }
};
struct counts_in_int : receives {
    template <class OnBytes>
    int receive(OnBytes&&) noexcept {
        return 0;
    }
};
struct receives_and_can_be_watched : receives {
    [[nodiscard]] int fd() const noexcept { return 0; }
};

} // namespace

TEST_CASE("transport: is what sends, without exceptions, and says how it went",
          "[net][transport]") {
    STATIC_REQUIRE(transport<sends>);
    STATIC_REQUIRE_FALSE(transport<sends_but_may_throw>);
    STATIC_REQUIRE_FALSE(transport<sends_and_says_nothing>);
    STATIC_REQUIRE_FALSE(transport<receives>);
    STATIC_REQUIRE(require_transport<sends>());
}

TEST_CASE("receiver: is what hands out bytes and tells its end", "[net][transport]") {
    STATIC_REQUIRE(receiver<receives>);
    STATIC_REQUIRE_FALSE(receiver<receives_but_may_throw>);
    STATIC_REQUIRE_FALSE(receiver<receives_and_never_says_the_end>);
    STATIC_REQUIRE_FALSE(receiver<counts_in_int>);
    STATIC_REQUIRE_FALSE(receiver<sends>);
    STATIC_REQUIRE(require_receiver<receives>());
    STATIC_REQUIRE(watchable_receiver<receives_and_can_be_watched>);
    STATIC_REQUIRE_FALSE(watchable_receiver<receives>);
}

#include <quipu/client/static_name.hpp>

#include <quipu/client/client.hpp>
#include <quipu/net/memory.hpp>

#include "support/catch.hpp"

#include <string_view>

using namespace quipu;

TEST_CASE("static_name: is the literal, known to the compiler", "[client][static_name]") {
    STATIC_REQUIRE(static_name<"api.hits"> == "api.hits");
    STATIC_REQUIRE(static_name<"a b/c-d_e"> == "a b/c-d_e");
    STATIC_REQUIRE(static_name<"api.hits">.data() ==
                   static_name<"api.hits">.data()); // one for all uses
    basic_client client{memory_transport()};
    client.increment(static_name<"api.hits">);
    client.flush();
    CHECK(client.transport().sent().front() == "api.hits:1|c");
}

#include <quipu/net/unproven_bytes.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using quipu::unproven_bytes;

namespace {

std::string all_of(const unproven_bytes& from) {
    std::string all;
    CHECK(from.for_each([&](std::string_view piece) {
        all += piece;
        all += '|';
        return true;
    }));
    return all;
}

} // namespace

TEST_CASE("unproven_bytes: keeps the last ones, whole pieces, up to a bound", "[net][unproven]") {
    unproven_bytes kept(10);
    CHECK(kept.empty());
    kept.begin_flush();
    kept.add("aaa");
    kept.add("");
    kept.add("bbb");
    kept.begin_flush();
    kept.add("cccc");
    CHECK(all_of(kept) == "aaa|bbb|cccc|");
    CHECK(kept.bytes() == 10);
    CHECK(kept.flushes() == 2);
    kept.begin_flush();
    kept.add("d");
    CHECK(all_of(kept) == "bbb|cccc|d|");
    CHECK(kept.flushes() == 3);
    int calls = 0;
    CHECK_FALSE(kept.for_each([&](std::string_view) { return ++calls < 2; }));
    CHECK(calls == 2);
    kept.add(std::string(11, 'e'));
    CHECK(kept.empty());
    kept.add("f");
    kept.clear();
    CHECK(all_of(kept).empty());
    CHECK(kept.bytes() == 0);
}

TEST_CASE("unproven_bytes: counts without keeping", "[net][unproven]") {
    unproven_bytes kept(10, false);
    kept.add("a\nb\n");
    kept.add("c\nd");
    CHECK(kept.lines() == 3);
    CHECK(kept.bytes() == 7);
    CHECK(all_of(kept) == "||");
    kept.add("e\ne\n");
    CHECK(kept.lines() == 3);
    kept.clear();
    CHECK(kept.lines() == 0);
}

TEST_CASE("unproven_bytes: without room it keeps nothing", "[net][unproven]") {
    unproven_bytes kept;
    kept.add("x");
    CHECK(kept.empty());
    CHECK(kept.flushes() == 0);
}

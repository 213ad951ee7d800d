#include <quipu/store/key.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

// A copy's texts would be views into the original.
static_assert(!std::is_copy_constructible_v<key_arena>);
static_assert(!std::is_copy_assignable_v<key_arena>);
static_assert(std::is_nothrow_move_constructible_v<key_arena>);
static_assert(std::is_nothrow_move_assignable_v<key_arena>);

TEST_CASE("key arena: texts stay where they are, whatever comes later", "[store][key]") {
    generator random(1);
    key_arena arena;
    std::vector<std::string> texts;
    std::vector<std::string_view> views;
    std::size_t bytes = 0;
    for (int i = 0; i < 20'000; ++i) {
        texts.push_back(std::string(random.below(60), static_cast<char>('a' + random.below(26))));
        views.push_back(arena.intern(texts.back()));
        bytes += texts.back().size();
    }
    CHECK(arena.bytes() == bytes);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (views[i] != texts[i] || views[i].data() == texts[i].data())
            FAIL_CHECK("text " << i << " has changed");
    }
}

TEST_CASE("key arena: a text may be longer than any chunk", "[store][key]") {
    key_arena arena;
    const auto before = arena.intern("before");
    const std::string long_text(1'000'000, 'x');
    const auto kept = arena.intern(long_text);
    const auto behind = arena.intern("behind");
    CHECK(before == "before");
    CHECK((kept == long_text));
    CHECK(behind == "behind");
}

TEST_CASE("key arena: the empty text is a text", "[store][key]") {
    key_arena arena;
    CHECK(arena.intern("").empty());
    CHECK(arena.intern("a") == "a");
    CHECK(arena.intern("").data() != nullptr);
    CHECK(arena.bytes() == 1);
}

TEST_CASE("key arena: moving leaves the texts in place", "[store][key]") {
    key_arena first;
    const auto text = first.intern("text");
    key_arena second(std::move(first));
    CHECK(second.bytes() == 4);
    CHECK(text == "text");
    key_arena third;
    const auto other = third.intern("other");
    CHECK(other == "other");
    third = std::move(second);
    CHECK(third.bytes() == 4);
    CHECK(text == "text");
    CHECK(third.intern("more") == "more");
}

TEST_CASE("key arena: one that was moved from is empty and ready", "[store][key]") {
    key_arena first;
    static_cast<void>(first.intern("text"));
    const key_arena second(std::move(first));
    CHECK(first.bytes() == 0);
    CHECK(first.intern("again") == "again");
    CHECK(first.bytes() == 5);
    CHECK(second.bytes() == 4);
}

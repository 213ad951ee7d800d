#include <quipu/server/key_frequency.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using quipu::key_count;
using quipu::key_counts;

TEST_CASE("key_counts: the most frequent first, then as they came", "[server][keys]") {
    key_counts keys;
    for (const char* one : {"b", "a", "c", "a", "d"})
        keys.add(one);
    CHECK(keys.most_frequent() == std::vector<key_count>{{"a", 2}, {"b", 1}, {"c", 1}, {"d", 1}});
    CHECK(keys.most_frequent(50) == std::vector<key_count>{{"a", 2}, {"b", 1}});
    CHECK(keys.most_frequent(51) == std::vector<key_count>{{"a", 2}, {"b", 1}, {"c", 1}});
    CHECK(keys.most_frequent(1) == std::vector<key_count>{{"a", 2}});
}

TEST_CASE("key_counts: what several threads counted is added up", "[server][keys]") {
    key_counts keys;
    keys.add("a", 3);
    key_counts others;
    others.add("b", 5);
    others.add("a");
    keys.merge(others);
    CHECK(keys.most_frequent() == std::vector<key_count>{{"b", 5}, {"a", 4}});
    keys.clear();
    CHECK(keys.empty());
    CHECK(keys.most_frequent().empty());
}

TEST_CASE("key_counts: beyond the bound new keys are counted as left out", "[server][keys]") {
    key_counts keys;
    for (std::size_t i = 0; i < key_counts::keys_max; ++i)
        keys.add(std::to_string(i));
    CHECK(keys.left_out() == 0);
    keys.add("new", 7);
    keys.add("0");
    CHECK(keys.left_out() == 7);
    CHECK(keys.size() == key_counts::keys_max);
    CHECK(keys.most_frequent(0.001).front() == key_count{"0", 2});
}

TEST_CASE("append_key_lines: a line for each key, whatever is in it", "[server][keys]") {
    key_counts keys;
    keys.add("a\nb", 2);
    keys.add("c");
    std::string text;
    append_key_lines(text, keys, 100, "NOW");
    CHECK(text == "NOW count=2 key=a?b\nNOW count=1 key=c\n");
}

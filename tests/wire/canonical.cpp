#include <quipu/wire/canonical.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace std::string_view_literals;

namespace {

struct expectation {
    std::string_view name;
    std::string_view tags;
    std::string_view wanted;
};

template <class Dialect>
constexpr bool gives(const expectation& row) {
    canonical_buffer<Dialect> buffer;
    const auto name = buffer.name({metric_kind::counter, row.name, row.tags});
    return name && *name == row.wanted;
}

/// The name of the first row that gives something else, or "none". For the compiler.
template <class Dialect, std::size_t Size>
constexpr std::string_view first_wrong(const expectation (&table)[Size]) {
    for (const auto& row : table) {
        if (!gives<Dialect>(row)) {
            return row.wanted;
        }
    }
    return "none";
}

template <class Dialect, std::size_t Size>
void check(const expectation (&table)[Size]) {
    canonical_buffer<Dialect> buffer; // one for all: nothing may stay from the row before
    for (const auto& row : table) {
        CAPTURE(row.name, row.tags);
        const auto name = buffer.name({metric_kind::counter, row.name, row.tags});
        REQUIRE(name);
        CHECK(*name == row.wanted);
    }
}

constexpr expectation native[] = {
    {"a", "", "a"},
    {"A b/c!\xc3\xa9", "", "A b/c!\xc3\xa9"}, // byte for byte
    {"a;b=c", "", "a;b=c"},
    // Tags in the name and after the type are one list.
    {"a;z=1;b=2", "", "a;b=2;z=1"},
    {"a;z=1;b=2", "m:3", "a;b=2;m=3;z=1"},
    {"a;b=2", "b:2", "a;b=2"},
    {"a;b=c=d", "", "a;b=c=d"},
    {"a,b=c", "", "a,b=c"},
    // In a name a tag has a key and a value.
    {"a;b=1;c;d=;=e;;f=2;", "", "a;b=1;f=2"},
    {"a;", "", "a"},
    {"a;b", "c", "a;c"},
    {"a", "b:c", "a;b=c"},
    {"a", "z:1,b:2", "a;b=2;z=1"},
    {"a", "b:2,z:1", "a;b=2;z=1"},
    {"a", "b:2,b:1", "a;b=1;b=2"},
    {"a", "b:2,b:2", "a;b=2"},
    {"a", "x:1,b:2,x:1,b:2", "a;b=2;x=1"},
    {"a", "b", "a;b"},
    {"a", "c,b", "a;b;c"},
    {"a", "b:", "a;b="},
    {"a", "b:,b", "a;b;b="},
    {"a", "b,b:,b", "a;b;b="},
    {"a", ":c", "a;=c"},
    {"a", ":", "a;="},
    {"a", "b:c:d", "a;b=c:d"},
    {"a", "url:http://x:80", "a;url=http://x:80"},
    {"a", "#b:c,#d", "a;b=c;d"},
    {"a", "##b", "a;#b"},
    {"a", "#", "a"},
    {"a", ",", "a"},
    {"a", ",b:c,,d,", "a;b=c;d"},
    {"a", "ab:1,a:2", "a;a=2;ab=1"},
    // What has a meaning in the canonical text does not stay.
    {"a", "b;c:d;e", "a;b_c=d_e"},
    {"a", "b=c:d=e", "a;b_c=d=e"},
};
static_assert(first_wrong<dialect::quipu>(native) == "none");

constexpr expectation etsy[] = {
    {"a.b-c_D9;e=f", "", "a.b-c_D9;e=f"},
    {"a b", "", "a_b"},
    {"a \t\r\v\f b", "", "a_b"},
    {" a ", "", "_a_"},
    {"a/b//c", "", "a-b--c"},
    {"a!b\xc3\xa9|@#c", "", "abc"},
    {"a !b", "", "a_b"},
    {"a ! b", "", "a__b"},
    {"..a..b.", "", "..a..b."},
    {"", "", ""},
    {"!", "", ""},
    {"a", "b:c", "a;b=c"},
    {"a", "z:1,b:2,z:1", "a;z=1;b=2;z=1"}, // in the order given, however often
    {"a", "b", "a;b"},
    {"a", "b:", "a;b="},
    {"a", "b:c:d", "a;b=cd"},
    {"a", "b;c;d:e", "a;b_c;d=e"},
    {"a", "b:c;d;e:f", "a;b=c_d;ef"},
    {"a", "b;c,d;e", "a;b_c;d_e"},
    {"a", ",", "a;;"},
    {"a", "b,,c", "a;b;;c"},
    {"a", "b,", "a;b;"},
    {"a", "b:c d/e!", "a;b=c_d-e"},
    {"a", "b:c|@0.5", "a;b=c0.5"},
    {"a", "b:c|c:abc", "a;b=ccabc"},
    {"a", "#b:c", "a;b=c"},
    {"a ", " b", "a_;_b"},
    {"a", "b:1\r", "a;b=1_"},
};
static_assert(first_wrong<dialect::etsy>(etsy) == "none");

constexpr expectation influx[] = {
    {"a", "", "a"},
    {"a,z=1,b=2", "", "a;b=2;z=1"},
    {"a,b=2,b=2", "", "a;b=2"},
    {"a", "z:1,b", "a;b;z=1"},
    {"a,b=c=d", "", "a;b=c=d"},
    {"a,b,c=,=d,,e=f,", "", "a;e=f"},
    {"a,", "", "a"},
    {"a#b=c[d]", "", "a#b=c[d]"},
    // A ';' means nothing here, so it must not begin to.
    {"a;b=c", "", "a_b=c"},
    {"a;b,c=d;e", "", "a_b;c=d_e"},
};
static_assert(first_wrong<dialect::influx>(influx) == "none");

constexpr expectation librato[] = {
    {"a#z=1,b=2", "", "a;b=2;z=1"},
    {"a#b#c=d#e", "", "a;b#c=d#e"},
    {"a,b=c", "x", "a,b=c;x"},
};
static_assert(first_wrong<dialect::librato>(librato) == "none");

constexpr expectation signalfx[] = {
    {"foo.[tag=bar,baz=1]test", "", "foo.test;baz=1;tag=bar"},
    {"foo.test[tag=bar]", "", "foo.test;tag=bar"},
    {"[tag=bar]foo", "", "foo;tag=bar"},
    {"foo.[]test", "", "foo.test"},
    {"foo.[tag1,tag2]test", "", "foo.test"},
    {"[tag=bar,foo.test", "", "[tag=bar,foo.test"},
    {"tag=bar]foo", "x:y", "tag=bar]foo;x=y"},
    {"a;b[c=d]", "", "a_b;c=d"},
};
static_assert(first_wrong<dialect::signalfx>(signalfx) == "none");

constexpr expectation dogstatsd[] = {
    {"a,b=c#d[e]", "", "a,b=c#d[e]"},
    {"a;b=c", "", "a_b=c"},
    {"a;b=c", "d:e", "a_b=c;d=e"},
};
static_assert(first_wrong<dialect::dogstatsd>(dogstatsd) == "none");

constexpr expectation statsite[] = {
    {" a/b;c=d,e#f[g]\xff", "", " a/b;c=d,e#f[g]\xff"},
};
static_assert(first_wrong<dialect::statsite>(statsite) == "none");

struct unsorted : dialect::quipu {
    static constexpr bool sorts_tags = false;
};
constexpr expectation as_it_came[] = {
    {"a", "z:1,b:2,z:1", "a;z=1;b=2;z=1"},
    {"a", ",#b:c,,d", "a;b=c;d"},
};
static_assert(first_wrong<unsorted>(as_it_came) == "none");

std::string numbered_tags(std::size_t count) {
    std::string tags;
    for (std::size_t i = 0; i < count; ++i) {
        tags += "tag" + std::to_string(i) + ":x,";
    }
    return tags;
}

} // namespace

TEST_CASE("canonical: tags are sorted, each once, and empty ones go", "[wire][canonical]") {
    check<dialect::quipu>(native);
}

TEST_CASE("canonical: etsy's names are cleaned as that server does", "[wire][canonical]") {
    check<dialect::etsy>(etsy);
}

TEST_CASE("canonical: a dialect knows the tags of a name", "[wire][canonical]") {
    check<dialect::influx>(influx);
    check<dialect::librato>(librato);
    check<dialect::signalfx>(signalfx);
}

TEST_CASE("canonical: where names have no tags they get none", "[wire][canonical]") {
    check<dialect::dogstatsd>(dogstatsd);
    check<dialect::statsite>(statsite);
}

TEST_CASE("canonical: a name of tags alone is none", "[wire][canonical]") {
    const auto error = [](auto&& buffer, std::string_view name) {
        return buffer.name({metric_kind::counter, name, {}}).error();
    };
    CHECK(error(canonical_buffer<>(), ";b=c") == errc::empty_name);
    CHECK(error(canonical_buffer<dialect::influx>(), ",b=c") == errc::empty_name);
    CHECK(error(canonical_buffer<dialect::signalfx>(), "[b=c]") == errc::empty_name);
}

TEST_CASE("canonical: a form that excludes others does", "[wire][canonical]") {
    const auto error = [](auto&& buffer, std::string_view name) {
        return buffer.name({metric_kind::counter, name, "x:y"}).error();
    };
    CHECK(error(canonical_buffer<dialect::influx>(), "a,b=c") == errc::mixed_tags);
    CHECK(error(canonical_buffer<dialect::librato>(), "a#b=c") == errc::mixed_tags);
    CHECK(error(canonical_buffer<dialect::signalfx>(), "[b=c]a") == errc::mixed_tags);
    CHECK(error(canonical_buffer<>(), "a;b=c") == errc::ok);
}

TEST_CASE("canonical: tags that a name loses are counted", "[wire][canonical]") {
    canonical_buffer<dialect::influx> buffer;
    const auto dropped_after = [&](std::string_view name) {
        CHECK(buffer.name({metric_kind::counter, name, {}}));
        return buffer.tags_dropped();
    };
    CHECK(dropped_after("a") == 0);
    CHECK(dropped_after("a,b=c,") == 0);
    CHECK(dropped_after("a,b,c=d,=e,f=") == 3);
    CHECK(dropped_after("a,,b=c") == 4);
}

TEST_CASE("canonical: tags of a name count as others do", "[wire][canonical]") {
    std::string name = "a";
    for (std::size_t i = 0; i < dialect::quipu::tags_max; ++i) {
        name += ";t" + std::to_string(i) + "=x";
    }
    canonical_buffer<> buffer;
    CHECK(buffer.name({metric_kind::counter, name, "t0:x"}));
    CHECK(buffer.name({metric_kind::counter, name, "u:x"}).error() == errc::too_many_tags);
    CHECK(buffer.name({metric_kind::counter, name + ";u=x", {}}).error() == errc::too_many_tags);
}

TEST_CASE("canonical: a dialect may leave tags in their order", "[wire][canonical]") {
    check<unsorted>(as_it_came);
}

TEST_CASE("canonical: the order of tags splits no series", "[wire][canonical]") {
    std::vector<std::string> tags{"a", "a:", "a:1", "a:2", "ab:1", "#b:1", "c:x:y"};
    canonical_buffer<> buffer;
    std::sort(tags.begin(), tags.end());
    do {
        std::string list;
        for (const auto& tag : tags) {
            list += tag + ',';
        }
        const auto name = buffer.name({metric_kind::counter, "n", list});
        if (!name || *name != "n;a;a=;a=1;a=2;ab=1;b=1;c=x:y") {
            FAIL(list << " gives " << name.value_or("nothing"));
        }
    } while (std::next_permutation(tags.begin(), tags.end()));
}

TEST_CASE("canonical: a name that needs no change is not copied", "[wire][canonical]") {
    const std::string name = "api.hits";
    canonical_buffer<> buffer;
    CHECK(buffer.name({metric_kind::counter, name, {}})->data() == name.data());
    canonical_buffer<dialect::etsy> cleaning;
    CHECK(cleaning.name({metric_kind::counter, name, {}})->data() == name.data());
    CHECK(cleaning.name({metric_kind::counter, "a b", {}})->data() != name.data());
}

TEST_CASE("canonical: a series has as many tags as the bound, and no more", "[wire][canonical]") {
    constexpr auto bound = dialect::quipu::tags_max;
    canonical_buffer<> buffer;
    const auto count = [&](const std::string& tags) {
        const auto name = buffer.name({metric_kind::counter, "a", tags});
        return name ? static_cast<std::size_t>(std::count(name->begin(), name->end(), ';')) : 0;
    };
    CHECK(count(numbered_tags(bound)) == bound);
    CHECK(count(numbered_tags(bound) + "tag0:x,tag63:x,,") == bound); // none is new
    CHECK(buffer.name({metric_kind::counter, "a", numbered_tags(bound + 1)}).error() ==
          errc::too_many_tags);
    CHECK(count("b:c") == 1); // a refusal leaves nothing behind
}

TEMPLATE_TEST_CASE("canonical: a series is as long as a line may be, and no longer",
                   "[wire][canonical]",
                   dialect::quipu,
                   dialect::etsy) {
    canonical_buffer<TestType> buffer;
    const std::string name(TestType::line_bytes_max - 10, '/');
    const auto longest = buffer.name({metric_kind::counter, name, "0123456789"});
    REQUIRE(longest);
    CHECK(longest->size() == TestType::line_bytes_max + 1); // and the ';'
    CHECK(longest->ends_with(";0123456789"));
    CHECK(buffer.name({metric_kind::counter, name, "01234567890"}).error() == errc::line_too_long);
}

TEST_CASE("canonical: parts at the first semicolon", "[wire][canonical]") {
    STATIC_REQUIRE(split_canonical("a").name == "a");
    STATIC_REQUIRE(split_canonical("a").tags.empty());
    STATIC_REQUIRE(split_canonical("a;b=c;d").name == "a");
    STATIC_REQUIRE(split_canonical("a;b=c;d").tags == ";b=c;d");
    STATIC_REQUIRE(split_canonical(";b").name.empty());
    STATIC_REQUIRE(split_canonical("").name.empty());
}

TEMPLATE_TEST_CASE("canonical: any bytes have a name that fits, or a reason",
                   "[wire][canonical]",
                   dialect::quipu,
                   dialect::etsy,
                   dialect::statsite,
                   dialect::dogstatsd,
                   dialect::influx,
                   dialect::librato,
                   dialect::signalfx) {
    constexpr auto alphabet = "ab;=,#:[]. \t\0\xff"sv;
    std::mt19937_64 random(3);
    const auto bytes = [&] {
        std::vector<char> text(random() % 12, '?'); // so that sanitizers see its end
        for (char& c : text) {
            c = alphabet[random() % alphabet.size()];
        }
        return text;
    };
    canonical_buffer<TestType> buffer;
    std::size_t named = 0;
    for (int i = 0; i < 20000; ++i) {
        const auto name = bytes();
        const auto tags = bytes();
        const auto canonical = buffer.name({metric_kind::counter,
                                            std::string_view(name.data(), name.size()),
                                            std::string_view(tags.data(), tags.size())});
        if (canonical) {
            ++named;
            REQUIRE(canonical->size() <= name.size() + tags.size() + 1);
        } else if (canonical.error() != errc::empty_name) {
            REQUIRE(canonical.error() == errc::mixed_tags);
        }
    }
    CHECK(named > 3000);
}

TEST_CASE("canonical: Etsy's form without cleaning keeps every byte", "[wire][canonical]") {
    canonical_buffer<dialect::etsy_verbatim> names;
    const auto of = [&](std::string_view name, std::string_view tags) {
        return std::string(*names.name({metric_kind::counter, name, tags}));
    };
    CHECK(of("a /b!;c", "") == "a /b!;c");
    CHECK(of("a /b!", "x:1:2,y;z;z,,#w") == "a /b!;x=1:2;y_z;z;;#w");
    canonical_buffer<dialect::etsy> clean;
    CHECK(*clean.name({metric_kind::counter, "a /b!", "x:1:2,y;z;z,,#w"}) == "a_-b;x=12;y_z;z;;w");
}

TEST_CASE("canonical: what Etsy's rule takes is the same at any place of any text",
          "[wire][canonical]") {
    using quipu::detail::is_etsy_key;
    for (const std::size_t size : {1U, 7U, 15U, 16U, 17U, 31U, 32U, 33U, 48U, 50U}) {
        for (std::size_t place = 0; place < size; ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[place] = static_cast<char>(byte);
                if (is_etsy_key(std::string_view(text)) != is_etsy_key(text[place]))
                    FAIL(size << ' ' << place << ' ' << byte);
            }
        }
    }
    CHECK(is_etsy_key(std::string_view()));
    STATIC_REQUIRE(is_etsy_key(std::string_view("servers.north.web_1;a=b-C")));
    STATIC_REQUIRE_FALSE(is_etsy_key(std::string_view("servers.north.web 1;a=b-C")));
}

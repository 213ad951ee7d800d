#include <quipu/server/series_query.hpp>

#include "support/catch.hpp"

#include <string>

using namespace quipu;

TEST_CASE("series_query: what is left out is the first fifty by name", "[server][series_query]") {
    CHECK(parse_series_query("") == series_query());
    CHECK(parse_series_query("other=1") == series_query());
}

TEST_CASE("series_query: all that can be asked is read", "[server][series_query]") {
    const auto all =
        parse_series_query("search=api%20hits&kind=timer&sort=value&order=desc&offset=20&limit=10");
    REQUIRE(all);
    CHECK(all->search == "api hits");
    CHECK(all->kind == metric_kind::timer);
    CHECK(all->order == series_order::value);
    CHECK(all->descending);
    CHECK(all->offset == 20);
    CHECK(all->limit == 10);
    CHECK(parse_series_query("sort=rate")->order == series_order::rate);
    CHECK(parse_series_query("sort=kind")->order == series_order::kind);
    CHECK(parse_series_query("limit=100000")->limit == series_query::limit_max);
    CHECK_FALSE(parse_series_query("kind=")->kind);
}

TEST_CASE("series_query: what cannot be asked is refused", "[server][series_query]") {
    for (const char* const query : {"kind=counters",
                                    "sort=size",
                                    "order=up",
                                    "limit=",
                                    "limit=-1",
                                    "limit=1e3",
                                    "offset=1234567890"}) {
        CAPTURE(query);
        CHECK_FALSE(parse_series_query(query));
    }
}

TEST_CASE("series_query: kinds have a word each", "[server][series_query]") {
    for (std::size_t i = 0; i < metric_kind_count; ++i) {
        const auto kind = static_cast<metric_kind>(i);
        CHECK(kind_of(kind_word(kind)) == kind);
    }
}

TEST_CASE("series_query: every word of a search has to be there", "[server][series_query]") {
    series_query asked;
    CHECK(asked.finds("anything"));
    asked.search = "  API env=prod ";
    CHECK(asked.finds("web.api.hits;env=Prod"));
    CHECK_FALSE(asked.finds("web.api.hits;env=test"));
    CHECK_FALSE(asked.finds(""));
    asked.search = " \t ";
    CHECK(asked.finds(""));
}

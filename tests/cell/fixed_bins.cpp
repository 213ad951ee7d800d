#include <quipu/cell/fixed_bins.hpp>

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

namespace {

using numbers = std::vector<double>;

} // namespace

TEST_CASE("fixed bins: a value on an edge is in the bin that begins there", "[cell][fixed_bins]") {
    fixed_bins bins(*bin_edges::at({0, 10, 20}));
    for (const double value : {-5.0, -0.001, 0.0, 9.999, 10.0, 19.0, 20.0, 1e300})
        bins.record(value);
    bins.record(15, 2.5);
    CHECK(bins.counts() == numbers{2, 2, 4.5, 2});
    fixed_bins none;
    none.record(5);
    CHECK(none.counts() == numbers{1});
}

TEST_CASE("fixed bins: of one width there are as many as fit", "[cell][fixed_bins]") {
    CHECK(bin_edges::uniform(0, 40, 10)->values() == numbers{0, 10, 20, 30, 40});
    // What is left beyond the last whole bin is outside.
    CHECK(bin_edges::uniform(10, 200, 30)->values() == numbers{10, 40, 70, 100, 130, 160, 190});
    CHECK(bin_edges::uniform(-1, 0.5, 5)->values() == numbers{-1});
    CHECK(bin_edges::uniform(0, 1022, 1)->bins() == 1024);
    CHECK(bin_edges::uniform(0, 1023, 1).error() == errc::value_limit);
    for (const double width : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
        CHECK(bin_edges::uniform(0, 10, width).error() == errc::bad_number);
    CHECK(bin_edges::uniform(10, 10, 1).error() == errc::bad_number);
    CHECK(bin_edges::uniform(-1e308, 1e308, 1).error() == errc::bad_number);
}

TEST_CASE("fixed bins: edges ascend and are numbers, and not too many", "[cell][fixed_bins]") {
    CHECK(bin_edges::at({1, 1}).error() == errc::bad_number);
    CHECK(bin_edges::at({2, 1}).error() == errc::bad_number);
    CHECK(bin_edges::at({std::numeric_limits<double>::quiet_NaN()}).error() == errc::bad_number);
    numbers many(1023);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i] = static_cast<double>(i);
    CHECK(bin_edges::at(many)->bins() == 1024);
    many.push_back(5000);
    CHECK(bin_edges::at(many).error() == errc::value_limit);
}

TEST_CASE("fixed bins: parts merge to the whole", "[cell][fixed_bins]") {
    generator random(1);
    const auto edges = *bin_edges::uniform(0, 100, 7);
    fixed_bins whole(edges);
    fixed_bins parts[2] = {fixed_bins(edges), fixed_bins(edges)};
    for (int i = 0; i < 1000; ++i) {
        const auto value = static_cast<double>(random.below(140)) - 20;
        whole.record(value);
        parts[random.below(2)].record(value);
    }
    parts[0].merge(parts[1]);
    CHECK(parts[0].counts() == whole.counts());
    whole.clear();
    CHECK(whole.counts() == numbers(edges.bins()));
    CHECK(whole.edges() == edges);
}

TEST_CASE("fixed bins: what was written is read, and nothing else", "[cell][fixed_bins]") {
    generator random(2);
    fixed_bins bins(*bin_edges::at({0, 10, 20}));
    bins.record(5);
    bins.record(25, 0.5);
    const auto bytes = bytes_of(bins);
    fixed_bins back;
    byte_reader in(bytes);
    REQUIRE(back.read(in));
    CHECK(back.edges() == bins.edges());
    CHECK(back.counts() == bins.counts());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        byte_reader cut(std::string_view(bytes).substr(0, size));
        CHECK_FALSE(back.read(cut));
        CHECK(back.counts() == numbers{0});
    }
    for (int i = 0; i < 3000; ++i) {
        auto changed = bytes;
        changed[random.below(changed.size())] = static_cast<char>(random.below(256));
        byte_reader from(changed);
        if (back.read(from))
            CHECK(bytes_of(back) == changed.substr(0, changed.size() - from.left()));
    }
}

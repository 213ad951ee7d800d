#include <quipu/sketch/ckms_summary.hpp>

#include <quipu/core/byte_codec.hpp>

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

using namespace quipu;

namespace {

struct targets {
    static constexpr double error = 0.05;
    static constexpr std::array quantiles{0.5, 0.9};
};

using summary = detail::ckms_summary<targets>;

struct kept {
    double value;
    std::uint64_t width;
    std::uint64_t delta;
};

std::string form(std::initializer_list<kept> list) {
    std::string bytes;
    byte_writer out(bytes);
    out.count(list.size());
    for (const auto& one : list) {
        out.number(one.value);
        out.count(one.width);
        out.count(one.delta);
    }
    return bytes;
}

bool reads(const std::string& bytes) {
    summary values;
    values.record(7, 3);
    byte_reader from(bytes);
    const bool good = values.read(from);
    CHECK(bytes_of(values) == (good ? bytes : form({})));
    return good;
}

} // namespace

TEST_CASE("ckms summary: values are in order, whenever they came", "[sketch][ckms_summary]") {
    generator random(1);
    for (int round = 0; round < 50; ++round) {
        summary values;
        std::vector<double> all(1 + random.below(300));
        std::uint64_t ranks = 0;
        for (double& value : all) {
            value = static_cast<double>(random.below(100)) - 50;
            const auto width = 1 + random.below(3);
            values.record(value, width);
            ranks += width;
            if (random.one_in(50))
                values.settle();
        }
        values.settle();
        CHECK(values.ranks() == ranks);
        CHECK(values.lowest() == *std::min_element(all.begin(), all.end()));
        CHECK(values.highest() == *std::max_element(all.begin(), all.end()));
        std::vector<double> upwards;
        std::uint64_t widths = 0;
        values.for_each([&](double value, std::uint64_t width) {
            upwards.push_back(value);
            widths += width;
            return true;
        });
        CHECK(upwards.size() == values.size());
        CHECK(widths == ranks);
        CHECK(std::is_sorted(upwards.begin(), upwards.end()));
        std::vector<double> downwards;
        values.for_each_backwards([&](double value, std::uint64_t) {
            downwards.push_back(value);
            return true;
        });
        CHECK(std::equal(upwards.begin(), upwards.end(), downwards.rbegin(), downwards.rend()));
    }
}

TEST_CASE("ckms summary: what is taken ends where it says", "[sketch][ckms_summary]") {
    summary values;
    for (int value = 1; value <= 5; ++value)
        values.record(value, 1);
    values.settle();
    double sum = 0;
    values.for_each([&](double value, std::uint64_t) { return (sum += value) < 3; });
    CHECK(sum == 3);
    values.for_each_backwards([&](double value, std::uint64_t) { return (sum += value) < 12; });
    CHECK(sum == 12);
}

TEST_CASE("ckms summary: a value of several events is kept as its first and its others",
          "[sketch][ckms_summary]") {
    summary values;
    values.record(2, 5);
    values.record(1, 1);
    values.record(3, 2);
    values.settle();
    CHECK(bytes_of(values) == form({{1, 1, 0}, {2, 1, 0}, {2, 4, 0}, {3, 1, 0}, {3, 1, 0}}));
}

TEST_CASE("ckms summary: a merge adds the doubt about the rank among the others",
          "[sketch][ckms_summary]") {
    summary ours;
    const auto bytes = form({{1, 1, 0}, {4, 3, 0}, {9, 1, 0}});
    byte_reader from(bytes);
    CHECK(ours.read(from));
    summary theirs;
    theirs.record(2, 1);
    theirs.record(5, 1);
    theirs.settle();
    ours.merge(theirs);
    // The 2 is below three that end at 4; of these, it is not known how many are below it.
    CHECK(bytes_of(ours) == form({{1, 1, 0}, {2, 1, 2}, {4, 3, 0}, {5, 1, 0}, {9, 1, 0}}));
}

TEST_CASE("ckms summary: what no summary would write is not read", "[sketch][ckms_summary]") {
    CHECK(reads(form({})));
    CHECK(reads(form({{1, 1, 0}})));
    CHECK(reads(form({{1, 1, 0}, {1, 4, 1}, {2, 1, 0}})));
    CHECK_FALSE(reads(""));
    CHECK_FALSE(reads(form({{2, 1, 0}, {1, 1, 0}})));            // out of order
    CHECK_FALSE(reads(form({{1, 0, 0}})));                       // of no event
    CHECK_FALSE(reads(form({{1, 1, 1}, {2, 5, 0}})));            // the lowest in doubt
    CHECK_FALSE(reads(form({{1, 1, 0}, {2, 5, 1}})));            // the highest in doubt
    CHECK_FALSE(reads(form({{1, 1, 0}, {2, 1, 2}, {3, 1, 0}}))); // a rank beyond the number
    CHECK_FALSE(reads(form({{1, 1, 0}, {HUGE_VAL, 1, 0}})));
    CHECK_FALSE(reads(form({{NAN, 1, 0}})));
    constexpr auto many = std::uint64_t{1} << 61U;
    CHECK_FALSE(reads(form({{1, many, 0}, {2, many, 0}, {3, many, 0}}))); // beyond counting
    CHECK_FALSE(reads(form({{1, 1, 0}, {2, 1, ~std::uint64_t{0}}, {3, 1, 0}})));
    const auto good = form({{1, 1, 0}, {2, 1, 0}});
    CHECK_FALSE(reads(good.substr(0, good.size() - 1)));
}

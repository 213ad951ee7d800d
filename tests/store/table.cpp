#include <quipu/store/table.hpp>

#include <quipu/cell/counter.hpp>
#include <quipu/cell/timer.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/ledger_allocator.hpp"

#include <cstdint>
#include <map>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace quipu;

using counter_table = basic_table<counter>;

static_assert(!std::is_copy_constructible_v<counter_table>);
static_assert(!std::is_copy_assignable_v<counter_table>);
static_assert(std::is_nothrow_move_constructible_v<counter_table>);

namespace {

constexpr std::size_t unbounded = SIZE_MAX;

counter& at(counter_table& table, const std::string& name) {
    counter* const cell = table.find_or_insert(name, unbounded);
    REQUIRE(cell != nullptr);
    return *cell;
}

std::vector<std::string> names(const counter_table& table) {
    std::vector<std::string> all;
    for (const auto& one : table.entries())
        all.emplace_back(one.name());
    return all;
}

/// Names that have one home in the index as long as it has up to 256, and one tag there.
std::vector<std::string> colliding_names(std::uint64_t seed, std::size_t count) {
    const counter_table table(seed);
    std::vector<std::string> found;
    for (std::uint64_t i = 0; found.size() < count; ++i) {
        auto name = "name.of.a.series." + std::to_string(i);
        const auto hash = table.hash(name);
        if (hash % 256 == 255 && hash >> 56U == 7)
            found.push_back(std::move(name));
    }
    return found;
}

} // namespace

TEST_CASE("table: finds what was inserted and nothing else", "[store][table]") {
    counter_table table(7);
    CHECK(table.find("a") == nullptr);
    at(table, "a").add(1);
    at(table, "b").add(2);
    at(table, "a").add(3);
    CHECK(table.size() == 2);
    CHECK(table.find("a")->sum() == 4);
    CHECK(table.find("b")->sum() == 2);
    CHECK(table.find("c") == nullptr);
    CHECK(table.find("") == nullptr);
}

TEST_CASE("table: any bytes of any length are a name", "[store][table]") {
    using namespace std::string_literals;
    counter_table table;
    const std::vector<std::string> odd{
        ""s, "\0"s, "\0\0"s, " "s, "\xff"s, std::string(100'000, 'x'), std::string(100'001, 'x')};
    double value = 1;
    for (const auto& name : odd)
        at(table, name).add(value++);
    CHECK(table.size() == odd.size());
    value = 1;
    for (const auto& name : odd)
        CHECK(table.find(name)->sum() == value++);
}

TEST_CASE("table: entries keep the order in which they came", "[store][table]") {
    counter_table table;
    std::vector<std::string> expected;
    for (int i = 0; i < 1000; ++i) {
        expected.push_back("series." + std::to_string(i * 7919 % 1000));
        at(table, expected.back()).add();
    }
    CHECK(names(table) == expected);
}

TEST_CASE("table: names that collide are all found", "[store][table]") {
    constexpr std::uint64_t seed = 42;
    const auto found = colliding_names(seed, 40);
    counter_table table(seed);
    double value = 1;
    for (const auto& name : found)
        at(table, name).add(value++);
    value = 1;
    for (const auto& name : found)
        CHECK(table.find(name)->sum() == value++);
    const auto stranger = colliding_names(seed, 41).back();
    CHECK(table.find(stranger) == nullptr);

    // Every second one leaves; the rest are found across the gaps.
    int position = 0;
    table.erase_if([&](const auto&) { return position++ % 2 == 0; });
    for (std::size_t i = 0; i < found.size(); ++i)
        CHECK((table.find(found[i]) == nullptr) == (i % 2 == 0));
}

TEST_CASE("table: refuses new series at the bound and knows the old ones", "[store][table]") {
    // Around the sizes at which the table grows.
    for (const std::size_t bound : {0u, 1u, 11u, 12u, 13u, 24u, 25u}) {
        counter_table table;
        for (std::size_t i = 0; i < bound; ++i)
            CHECK(table.find_or_insert(std::to_string(i), bound) != nullptr);
        CHECK(table.find_or_insert("one more", bound) == nullptr);
        CHECK(table.size() == bound);
        for (std::size_t i = 0; i < bound; ++i)
            CHECK(table.find_or_insert(std::to_string(i), bound) != nullptr);
        CHECK(table.find("one more") == nullptr);
    }
}

TEST_CASE("table: to look up or to refuse allocates nothing at any size", "[store][table]") {
    counter_table table;
    for (std::size_t size = 1; size <= 200; ++size) {
        at(table, std::to_string(size)).add();
        const auto before = allocations();
        auto* const known = table.find_or_insert("1", unbounded);
        auto* const refused = table.find_or_insert("new", size);
        if (allocations() != before)
            FAIL_CHECK("it does at " << size);
        CHECK(known != nullptr);
        CHECK(refused == nullptr);
    }
}

TEST_CASE("table: what leaves is gone, what stays keeps order, name and cell", "[store][table]") {
    generator random(3);
    counter_table table(random.next());
    std::vector<std::string> expected;
    std::map<std::string, double> sums;
    for (int round = 0; round < 60; ++round) {
        for (auto left = random.below(200); left > 0; --left) {
            const auto name =
                std::string(random.below(30), 'n') + std::to_string(random.below(500));
            if (!sums.contains(name))
                expected.push_back(name);
            const auto value = static_cast<double>(random.below(100));
            sums[name] += value;
            at(table, name).add(value);
        }
        const auto limit = static_cast<double>(random.below(120)); // now and then all leave
        table.erase_if([&](const auto& one) { return one.cell.sum() < limit; });
        std::erase_if(expected, [&](const std::string& name) { return sums[name] < limit; });
        std::erase_if(sums, [&](const auto& one) { return one.second < limit; });
        CHECK(names(table) == expected);
        for (const auto& [name, sum] : sums) {
            const counter* const cell = table.find(name);
            if (cell == nullptr || cell->sum() != sum)
                FAIL_CHECK(name << " is wrong");
        }
    }
}

TEST_CASE("table: a million counters take 120 bytes each at most", "[store][table]") {
    constexpr std::size_t count = 1'000'000;
    ledger book;
    {
        basic_table<counter, ledger_allocator> table(1, ledger_allocator<char>(book));
        std::size_t inserted = 0;
        std::string name = "web.api.requests.count.0000000";
        REQUIRE(name.size() == 30);
        for (std::size_t i = 0; i < count; ++i) {
            std::size_t rest = i;
            for (std::size_t place = name.size(); rest > 0; rest /= 10)
                name[--place] = static_cast<char>('0' + rest % 10);
            inserted += table.find_or_insert(name, unbounded) != nullptr;
        }
        CHECK(inserted == count);
        CHECK(table.size() == count);
        CHECK(book.bytes <= 120 * count);
        CHECK(book.bytes > 64 * count); // else the ledger sees nothing
    }
    CHECK(book.bytes == 0);
}

TEST_CASE("table: what fails leaves it as it was, whichever allocation it is", "[store][table]") {
    const auto name_of = [](std::size_t i) {
        return std::to_string(i) + std::string(i % 5 == 0 ? 100 : 5, 'x');
    };
    constexpr std::size_t count = 5000; // beyond the first segment
    bool failed = true;
    std::size_t failures = 0;
    for (std::size_t fails_at = 0; failed; ++fails_at) {
        failed = false;
        ledger book{.fails_at = fails_at};
        {
            basic_table<counter, ledger_allocator> table(1, ledger_allocator<char>(book));
            for (std::size_t i = 0; i < count; ++i) {
                try {
                    table.find_or_insert(name_of(i), unbounded)->add();
                } catch (const std::bad_alloc&) {
                    failed = true;
                    CHECK(table.size() == i);
                    CHECK(table.find(name_of(i)) == nullptr);
                    table.find_or_insert(name_of(i), unbounded)->add();
                }
            }
            CHECK(table.size() == count);
            std::size_t right = 0;
            for (std::size_t i = 0; i < count; ++i) {
                const auto* const found = table.find(name_of(i));
                right += found != nullptr && found->sum() == 1;
            }
            CHECK(right == count);
        }
        CHECK(book.bytes == 0);
        failures += failed;
    }
    CHECK(failures > 20);
}

TEST_CASE("table: names stay valid when those that left are cleared away", "[store][table]") {
    counter_table table;
    at(table, "the first").add(1);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 1000; ++i)
            at(table, "round " + std::to_string(round) + " number " + std::to_string(i)).add();
        table.erase_if([](const auto& one) { return one.name().starts_with("round"); });
        CHECK(names(table) == std::vector<std::string>{"the first"});
    }
    table.erase_if([](const auto&) { return true; });
    CHECK(table.size() == 0);
    CHECK(table.find("the first") == nullptr);
    at(table, "the first").add(5);
    CHECK(table.find("the first")->sum() == 5);
}

TEST_CASE("table: cells with storage of their own survive growth and departures",
          "[store][table]") {
    basic_table<timer> table;
    for (int i = 0; i < 100; ++i) {
        for (int value = 0; value <= i; ++value)
            static_cast<void>(table.find_or_insert(std::to_string(i), unbounded)->record(value));
    }
    table.erase_if([](const auto& one) { return one.cell.count() < 50; });
    CHECK(table.size() == 51);
    for (int i = 49; i < 100; ++i)
        CHECK(table.find(std::to_string(i))->count() == i + 1);
}

TEST_CASE("table: one that is moved takes its names along", "[store][table]") {
    counter_table first;
    at(first, "a").add(1);
    counter_table second(std::move(first));
    CHECK(second.find("a")->sum() == 1);
    CHECK(first.size() == 0);
    CHECK(first.find("a") == nullptr);
    at(first, "b").add(2);
    CHECK(first.find("b")->sum() == 2);
    first = std::move(second);
    CHECK(names(first) == std::vector<std::string>{"a"});
    CHECK(first.find("a")->sum() == 1);
}

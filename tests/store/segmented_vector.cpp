#include <quipu/store/segmented_vector.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/ledger_allocator.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using quipu::detail::segmented_vector;

namespace {

template <class T>
using plain = segmented_vector<T, std::allocator>;
template <class T>
using observed = segmented_vector<T, ledger_allocator>;

constexpr std::size_t segment = plain<int>::segment_size;

static_assert(!std::is_copy_constructible_v<plain<int>>);
static_assert(!std::is_copy_assignable_v<plain<int>>);
static_assert(std::is_nothrow_move_constructible_v<plain<int>>);
static_assert(std::is_nothrow_move_assignable_v<plain<int>>);

/// Long enough to lie outside the string.
std::string text(std::size_t i) {
    return "a text that is too long for the string itself, number " + std::to_string(i);
}

bool holds(const auto& vector, std::size_t size) {
    if (vector.size() != size || vector.empty() != (size == 0))
        return false;
    std::size_t i = 0;
    for (const auto& one : vector) {
        if (one != text(i) || &one != &vector[i])
            return false;
        ++i;
    }
    return i == size;
}

} // namespace

TEST_CASE("segmented vector: holds what came, in order", "[store][segmented_vector]") {
    plain<std::string> all;
    CHECK(holds(all, 0));
    for (std::size_t i = 0; i < 2 * segment + 5; ++i) {
        if (all.emplace_back(text(i)) != text(i))
            FAIL_CHECK("what was added is not what is returned");
    }
    CHECK(holds(all, 2 * segment + 5));
    for (auto& one : all)
        one += '!';
    CHECK(all[segment] == text(segment) + '!');
    auto walker = all.begin();
    CHECK(*walker++ == text(0) + '!');
    CHECK(walker->size() == text(1).size() + 1);
}

TEST_CASE("segmented vector: from the first full segment on nothing moves",
          "[store][segmented_vector]") {
    plain<std::string> all;
    std::vector<const std::string*> places;
    for (std::size_t i = 0; i < segment; ++i)
        all.emplace_back(text(i));
    for (const auto& one : all)
        places.push_back(&one);
    for (std::size_t i = segment; i < 4 * segment; ++i)
        places.push_back(&all.emplace_back(text(i)));
    std::size_t moved = 0;
    for (std::size_t i = 0; i < places.size(); ++i)
        moved += &all[i] != places[i];
    CHECK(moved == 0);
}

TEST_CASE("segmented vector: one more element costs two allocations at most, of bounded size",
          "[store][segmented_vector]") {
    ledger book;
    observed<std::uint64_t> all{ledger_allocator<char>(book)};
    std::size_t calls_max = 0;
    std::size_t bytes_max = 0;
    for (std::size_t i = 0; i < 20 * segment; ++i) {
        const ledger before = book;
        all.emplace_back(i);
        calls_max = std::max(calls_max, book.calls - before.calls);
        bytes_max = std::max(bytes_max, book.bytes - before.bytes);
    }
    CHECK(calls_max == 2);
    CHECK(bytes_max < segment * sizeof(std::uint64_t) + 1024); // a segment, and the list of them
    CHECK(book.calls < 50);
}

TEST_CASE("segmented vector: shrinking destroys the last ones and keeps the storage",
          "[store][segmented_vector]") {
    ledger book;
    observed<std::shared_ptr<int>> all{ledger_allocator<char>(book)};
    const auto shared = std::make_shared<int>(1);
    const auto fill = [&] {
        while (all.size() < 2 * segment + 1)
            all.emplace_back(shared);
    };
    fill();
    const auto size = GENERATE(as<std::size_t>{}, 2 * segment, segment + 1, segment, 1, 0);
    size == 0 ? all.clear() : all.shrink(size);
    CHECK(all.size() == size);
    CHECK(shared.use_count() == static_cast<long>(size) + 1);
    const auto calls = book.calls;
    fill();
    CHECK(book.calls == calls);
    CHECK(shared.use_count() == static_cast<long>(2 * segment) + 2);
}

TEST_CASE("segmented vector: what fails leaves it as it was, whichever allocation it is",
          "[store][segmented_vector]") {
    bool failed = true;
    for (std::size_t fails_at = 0; failed; ++fails_at) {
        ledger book{.fails_at = fails_at};
        {
            observed<std::string> all{ledger_allocator<char>(book)};
            failed = false;
            for (std::size_t i = 0; i < 2 * segment + 1; ++i) {
                try {
                    all.emplace_back(text(i));
                } catch (const std::bad_alloc&) {
                    failed = true;
                    CHECK(holds(all, i));
                    all.emplace_back(text(i));
                }
            }
            CHECK(holds(all, 2 * segment + 1));
        }
        CHECK(book.bytes == 0);
    }
}

TEST_CASE("segmented vector: moves take memory and allocator along", "[store][segmented_vector]") {
    const auto size = GENERATE(as<std::size_t>{}, 1, segment, 2 * segment + 1);
    ledger first_book;
    ledger second_book;
    {
        observed<std::string> first{ledger_allocator<char>(first_book)};
        for (std::size_t i = 0; i < size; ++i)
            first.emplace_back(text(i));
        const auto* const place = &first[size - 1];
        observed<std::string> second(std::move(first));
        CHECK(holds(second, size));
        CHECK(&second[size - 1] == place);
        CHECK(holds(first, 0));
        first.emplace_back(text(0)); // it is empty, and ready
        CHECK(holds(first, 1));

        observed<std::string> third{ledger_allocator<char>(second_book)};
        third.emplace_back("something that was there before the assignment");
        third = std::move(second);
        CHECK(holds(third, size));
        CHECK(&third[size - 1] == place);
        CHECK(second_book.bytes == 0);
        const auto calls = second_book.calls;
        for (std::size_t i = size; i < size + segment; ++i)
            third.emplace_back(text(i));
        CHECK(holds(third, size + segment));
        CHECK(second_book.calls == calls);
        CHECK(holds(second, 0));
    }
    CHECK(first_book.bytes == 0);
}

TEST_CASE("segmented vector: what can only be moved can be in it", "[store][segmented_vector]") {
    plain<std::unique_ptr<std::size_t>> all;
    for (std::size_t i = 0; i < segment + 1; ++i)
        all.emplace_back(std::make_unique<std::size_t>(i));
    CHECK(*all[segment] == segment);
    CHECK(*all[0] == 0);
}

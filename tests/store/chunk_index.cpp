#include <quipu/store/chunk_index.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/ledger_allocator.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using chunks = quipu::detail::chunk_index<std::allocator>;
using observed_chunks = quipu::detail::chunk_index<ledger_allocator>;

static_assert(std::is_nothrow_move_constructible_v<chunks>);
static_assert(std::is_nothrow_move_assignable_v<chunks>);

/// The hashes of places 0, 1, ..., and an index of them.
template <class Index>
struct indexed {
    Index places;
    std::vector<std::uint64_t> hashes{};
    std::size_t hashes_asked = 0;

    void add(std::uint64_t hash) {
        hashes.push_back(hash);
        struct rollback {
            std::vector<std::uint64_t>* from;
            ~rollback() {
                if (from != nullptr)
                    from->pop_back();
            }
        } unless_added{&hashes};
        places.insert(
            hash, static_cast<std::uint32_t>(hashes.size() - 1), [&](std::uint32_t place) {
                ++hashes_asked;
                return hashes[place];
            });
        unless_added.from = nullptr;
    }

    [[nodiscard]] bool finds(std::uint32_t place) const {
        return places.find(hashes[place], [&](std::uint32_t one) { return one == place; }) == place;
    }
    [[nodiscard]] bool finds_all() const {
        for (std::uint32_t place = 0; place < hashes.size(); ++place) {
            if (!finds(place))
                return false;
        }
        return true;
    }

    /// Removes a place as a table does: those behind it move up by one.
    void erase(std::uint32_t gone) {
        places.erase(hashes[gone], gone);
        for (std::uint32_t place = gone + 1; place < hashes.size(); ++place)
            places.renumber(hashes[place], place, place - 1);
        hashes.erase(hashes.begin() + gone);
    }
};

/// Kinds of hashes, from good ones to the worst there are.
constexpr int hash_kinds = 5;
std::uint64_t make_hash(generator& random, int kind) {
    constexpr std::uint64_t tag = std::uint64_t{0xff} << 56U;
    switch (kind) {
    case 0: return random.next();
    case 1: return random.next() & ~tag;                      // one tag, and that 0
    case 2: return random.next() << 32U;                      // one home
    case 3: return 0x1234'5678'9abc'def0;                     // one hash
    default: return random.below(4) << 62U | random.below(3); // few of all
    }
}

std::uint32_t nothing(std::uint32_t) {
    return 0;
}

} // namespace

TEST_CASE("chunk index: in an empty one nothing is found", "[store][chunk_index]") {
    const chunks none;
    CHECK(none.prefetch(5) == nullptr);
    CHECK(chunks::candidate(nullptr, 5) == chunks::none);
    CHECK(none.find(5, [](std::uint32_t) { return true; }) == chunks::none);
    CHECK(none.bytes() == 0);
}

TEST_CASE("chunk index: finds every place, whatever the hashes are", "[store][chunk_index]") {
    const auto kind = GENERATE(range(0, hash_kinds));
    generator random(static_cast<std::uint64_t>(kind));
    indexed<chunks> all;
    for (int i = 0; i < 600; ++i)
        all.add(make_hash(random, kind));
    CHECK(all.finds_all());
    // What is asked about has the tag of the hash, and stands where the hash is at home.
    std::set<std::uint32_t> asked;
    CHECK(all.places.find(all.hashes[7], [&](std::uint32_t place) {
        asked.insert(place);
        return false;
    }) == chunks::none);
    CHECK(asked.contains(7));
    CHECK((kind != 0 || asked.size() < 4));
    CHECK((kind != 3 || asked.size() == all.hashes.size()));
}

TEST_CASE("chunk index: the candidate of a hash is the place as a rule", "[store][chunk_index]") {
    generator random(8);
    indexed<chunks> all;
    for (int i = 0; i < 3000; ++i)
        all.add(random.next());
    const auto candidate = [&](std::uint64_t hash) {
        return chunks::candidate(all.places.prefetch(hash), hash);
    };
    std::size_t right = 0;
    for (std::uint32_t place = 0; place < 3000; ++place)
        right += candidate(all.hashes[place]) == place;
    CHECK(right > 2800);
    std::size_t wrong = 0;
    for (int i = 0; i < 3000; ++i)
        wrong += candidate(random.next()) != chunks::none;
    CHECK(wrong < 200);
}

TEST_CASE("chunk index: places come, go and are renumbered", "[store][chunk_index]") {
    const auto kind = GENERATE(range(0, hash_kinds));
    generator random(static_cast<std::uint64_t>(kind) + 10);
    indexed<chunks> all;
    for (int round = 0; round < 40; ++round) {
        for (auto count = random.below(40); count > 0; --count)
            all.add(make_hash(random, kind));
        for (auto count = random.below(40); count > 0 && !all.hashes.empty(); --count) {
            const auto gone = static_cast<std::uint32_t>(random.below(all.hashes.size()));
            const auto hash = all.hashes[gone];
            all.erase(gone);
            const auto last = static_cast<std::uint32_t>(all.hashes.size());
            if (all.places.find(hash, [&](auto place) { return place == last; }) != chunks::none)
                FAIL_CHECK("a place is there twice");
        }
        if (!all.finds_all())
            FAIL_CHECK("a place is lost in round " << round);
    }
}

TEST_CASE("chunk index: storage is used again", "[store][chunk_index]") {
    const auto kind = GENERATE(range(0, hash_kinds));
    generator random(static_cast<std::uint64_t>(kind) + 20);
    indexed<chunks> all;
    std::size_t bytes = 0;
    for (int round = 0; round < 20; ++round) {
        while (all.hashes.size() < 100)
            all.add(make_hash(random, kind));
        if (round == 5)
            bytes = all.places.bytes();
        while (!all.hashes.empty()) {
            all.places.erase(all.hashes.back(), static_cast<std::uint32_t>(all.hashes.size() - 1));
            all.hashes.pop_back();
        }
    }
    // What is at home where differs from round to round, and so does the number of followers.
    CHECK(all.places.bytes() <= bytes + bytes / 4);
}

TEST_CASE("chunk index: one insertion parts one chunk at most", "[store][chunk_index]") {
    generator random(30);
    ledger book;
    indexed<observed_chunks> all{observed_chunks{ledger_allocator<char>(book)}};
    std::size_t calls_max = 0;
    std::size_t asked_max = 0;
    std::size_t chunks_max = 0;
    for (int i = 0; i < 60'000; ++i) {
        const auto before = book.calls;
        const auto asked = all.hashes_asked;
        const auto bytes = all.places.bytes();
        all.add(random.next());
        calls_max = std::max(calls_max, book.calls - before);
        asked_max = std::max(asked_max, all.hashes_asked - asked);
        chunks_max = std::max(chunks_max, (all.places.bytes() - bytes) / 64);
    }
    CHECK(calls_max <= 2);
    CHECK(asked_max <= 36); // a chunk and two that follow it
    CHECK(chunks_max <= 2); // the new one, and one that follows another
    CHECK(all.places.bytes() / all.hashes.size() <= 12);
}

TEST_CASE("chunk index: what fails leaves it as it was, whichever allocation it is",
          "[store][chunk_index]") {
    const auto kind = GENERATE(range(0, hash_kinds));
    bool failed = true;
    for (std::size_t fails_at = 0; failed; ++fails_at) {
        generator random(static_cast<std::uint64_t>(kind) + 40);
        ledger book{.fails_at = fails_at};
        {
            indexed<observed_chunks> all{observed_chunks{ledger_allocator<char>(book)}};
            failed = false;
            for (int i = 0; i < 500; ++i) {
                const auto hash = make_hash(random, kind);
                try {
                    all.add(hash);
                } catch (const std::bad_alloc&) {
                    failed = true;
                    CHECK(all.finds_all());
                    CHECK(all.places.find(hash, [&](auto place) {
                        return place == all.hashes.size();
                    }) == observed_chunks::none);
                    all.add(hash);
                }
            }
            CHECK(all.finds_all());
        }
        CHECK(book.bytes == 0);
    }
}

TEST_CASE("chunk index: one that was moved from is empty and ready", "[store][chunk_index]") {
    generator random(50);
    indexed<chunks> first;
    for (int i = 0; i < 1000; ++i)
        first.add(i % 3 == 0 ? std::uint64_t{7} : random.next());
    for (int i = 0; i < 100; ++i)
        first.erase(0); // so that there are free followers
    indexed<chunks> second{std::move(first.places), std::exchange(first.hashes, {})};
    CHECK(second.finds_all());
    CHECK(first.places.bytes() == 0);
    CHECK(first.places.find(7, [](std::uint32_t) { return true; }) == chunks::none);
    for (int i = 0; i < 500; ++i)
        first.add(i % 3 == 0 ? std::uint64_t{7} : random.next());
    CHECK(first.finds_all());

    first.places = std::move(second.places);
    first.hashes = std::exchange(second.hashes, {});
    CHECK(first.finds_all());
    second.places.insert(3, 0, nothing);
    CHECK(second.places.find(3, [](std::uint32_t) { return true; }) == 0);
}

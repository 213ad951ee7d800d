#include <quipu/store/name_hash.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;
using detail::equal_long_names;
using detail::equal_short_names;
using detail::name_hash;
using detail::padded_name;
using detail::short_name_bytes;

namespace {

std::string random_text(generator& random, std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text)
        c = static_cast<char>(random.next());
    return text;
}

/// A name with other bytes behind it, and nothing behind those: as much as a padded one must have.
class surrounded_name {
public:
    surrounded_name(generator& random, std::string_view name)
        : bytes_(std::max(name.size(), short_name_bytes)), size_(name.size()) {
        for (char& c : bytes_)
            c = static_cast<char>(random.next());
        std::copy(name.begin(), name.end(), bytes_.begin());
    }
    [[nodiscard]] padded_name get() const { return {{bytes_.data(), size_}}; }

private:
    std::vector<char> bytes_;
    std::size_t size_;
};

constexpr std::size_t sizes_max = 100; // beyond the short ones

} // namespace

TEST_CASE("name hash: is about the name, not about what stands behind it", "[store][name_hash]") {
    generator random(1);
    for (std::size_t size = 0; size <= sizes_max; ++size) {
        const name_hash hash(random.next());
        const auto name = random_text(random, size);
        const auto expected = hash(std::string_view(name.data(), name.size()));
        for (int i = 0; i < 3; ++i) {
            const surrounded_name other(random, name);
            if (hash(other.get().text) != expected)
                FAIL_CHECK("what stands behind " << size << " bytes is part of the hash");
        }
    }
    CHECK(name_hash(3)(std::string_view()) == name_hash(3)(std::string_view("")));
}

TEST_CASE("name hash: every bit of a name matters, and so does its size", "[store][name_hash]") {
    generator random(2);
    for (std::size_t size = 0; size <= sizes_max; ++size) {
        const name_hash hash(random.next());
        auto name = random_text(random, size);
        std::set<std::uint64_t> seen{hash(std::string_view(name))};
        for (std::size_t bit = 0; bit < size * 8; ++bit) {
            name[bit / 8] = static_cast<char>(name[bit / 8] ^ (1 << bit % 8));
            seen.insert(hash(std::string_view(name)));
            name[bit / 8] = static_cast<char>(name[bit / 8] ^ (1 << bit % 8));
        }
        seen.insert(hash(std::string_view(name + '\0')));
        CHECK(seen.size() == size * 8 + 2);
    }
    std::set<std::uint64_t> of_zeros;
    for (std::size_t size = 0; size <= sizes_max; ++size)
        of_zeros.insert(name_hash(0)(std::string_view(std::string(size, '\0'))));
    CHECK(of_zeros.size() == sizes_max + 1);
}

TEST_CASE("name hash: each bit of a name flips each bit of the hash half of the time",
          "[store][name_hash]") {
    constexpr int rounds = 400;
    generator random(3);
    for (const std::size_t size : {1u, 8u, 20u, 48u}) {
        std::vector<int> flips(size * 8 * 64);
        for (int round = 0; round < rounds; ++round) {
            const name_hash hash(random.next());
            auto name = random_text(random, size);
            const auto before = hash(std::string_view(name));
            for (std::size_t bit = 0; bit < size * 8; bit += 5) {
                const char kept = name[bit / 8];
                name[bit / 8] = static_cast<char>(kept ^ (1 << bit % 8));
                auto changed = before ^ hash(std::string_view(name));
                for (; changed != 0; changed &= changed - 1)
                    ++flips[bit * 64 + static_cast<std::size_t>(std::countr_zero(changed))];
                name[bit / 8] = kept;
            }
        }
        int least = rounds;
        int most = 0;
        for (std::size_t bit = 0; bit < size * 8; bit += 5) {
            for (std::size_t out = 0; out < 64; ++out) {
                least = std::min(least, flips[bit * 64 + out]);
                most = std::max(most, flips[bit * 64 + out]);
            }
        }
        CHECK(least > rounds * 0.35); // six standard deviations
        CHECK(most < rounds * 0.65);
    }
}

TEST_CASE("name hash: names of a kind spread over the homes of an index", "[store][name_hash]") {
    constexpr std::size_t homes = 1024;
    constexpr std::size_t names = homes * 8;
    for (const std::uint64_t seed : {0ULL, 1ULL, 0xffff'ffff'ffff'ffffULL}) {
        const name_hash hash(seed);
        std::vector<double> at_home(homes);
        std::vector<double> tagged(256);
        for (std::size_t i = 0; i < names; ++i) {
            const auto found = hash(std::string_view("servers.web.cpu." + std::to_string(i)));
            ++at_home[found % homes];
            ++tagged[found >> 56U];
        }
        // The sums of squares as chance has them: mean and five standard deviations of chi squared.
        const auto excess = [](const std::vector<double>& counts) {
            const double expected = names / static_cast<double>(counts.size());
            double sum = 0;
            for (const double count : counts)
                sum += (count - expected) * (count - expected) / expected;
            const auto degrees = static_cast<double>(counts.size() - 1);
            return (sum - degrees) / std::sqrt(2 * degrees);
        };
        CHECK(std::abs(excess(at_home)) < 5);
        CHECK(std::abs(excess(tagged)) < 5);
    }
}

TEST_CASE("name hash: names that collide under one seed do not under another",
          "[store][name_hash]") {
    constexpr std::uint64_t homes = 1024;
    const name_hash known(17);
    std::vector<std::string> chosen; // they share the home
    for (std::uint64_t i = 0; chosen.size() < 32; ++i) {
        auto name = "attack." + std::to_string(i);
        if (known(std::string_view(name)) % homes == 99)
            chosen.push_back(std::move(name));
    }
    for (std::uint64_t seed = 18; seed < 50; ++seed) {
        const name_hash other(seed);
        std::vector<std::size_t> at_home(homes);
        for (const auto& name : chosen)
            ++at_home[other(std::string_view(name)) % homes];
        CHECK(*std::max_element(at_home.begin(), at_home.end()) <= 4);
    }
}

TEMPLATE_TEST_CASE_SIG("name hash: short names are equal if all their bytes are",
                       "[store][name_hash]",
                       ((std::size_t Capacity), Capacity),
                       16,
                       32,
                       48) {
    generator random(4);
    for (std::size_t size = 0; size <= Capacity; ++size) {
        const auto name = random_text(random, size);
        const surrounded_name same(random, name);
        std::string kept = name;
        kept.resize(Capacity);
        if (!equal_short_names<Capacity>(kept.data(), same.get().text.data(), size))
            FAIL_CHECK("two names of " << size << " bytes differ");
        for (std::size_t i = 0; i < size; ++i) {
            auto changed = name;
            changed[i] = static_cast<char>(changed[i] ^ (1 << random.below(8)));
            const surrounded_name other(random, changed);
            if (equal_short_names<Capacity>(kept.data(), other.get().text.data(), size))
                FAIL_CHECK("byte " << i << " of " << size << " does not matter");
        }
    }
}

TEST_CASE("name hash: long names are equal if all their bytes are", "[store][name_hash]") {
    generator random(5);
    for (std::size_t size = 16; size <= 100; ++size) {
        const auto name = random_text(random, size);
        const auto same = name + random_text(random, random.below(3));
        if (!equal_long_names(name.data(), same.data(), size))
            FAIL_CHECK("two names of " << size << " bytes differ");
        for (std::size_t i = 0; i < size; ++i) {
            auto other = same;
            other[i] = static_cast<char>(other[i] ^ (1 << random.below(8)));
            if (equal_long_names(name.data(), other.data(), size))
                FAIL_CHECK("byte " << i << " of " << size << " does not matter");
        }
    }
}

TEST_CASE("name hash: a mask keeps as many bytes as it says", "[store][name_hash]") {
    for (std::size_t size = 0; size <= short_name_bytes; ++size) {
        const char* const mask = detail::masks.keeping(size);
        for (std::size_t i = 0; i < short_name_bytes; ++i) {
            if ((mask[i] == '\xff') != (i < size) || (mask[i] == 0) != (i >= size))
                FAIL_CHECK("byte " << i << " of " << size);
        }
    }
}

#include <quipu/core/hash.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using quipu::hash_bytes;
using quipu::mix;

namespace {

// Its prefixes are keys of every length.
constexpr std::string_view sentence =
    "The quick brown fox jumps over the lazy dog while the knotted "
    "cords of the Inca keep their counts.";

struct golden {
    std::size_t size;
    std::uint64_t seed;
    std::uint64_t hash;
};

constexpr golden golden_hashes[] = {
    {0, 0, 0x315b'9848'3e4d'cbac},
    {1, 0, 0x935c'013d'0ef6'2065},
    {2, 0, 0xb87b'1471'3b90'37f3},
    {3, 0, 0x51dd'4d8a'0692'3b23},
    {4, 0, 0x6700'6ae1'8be7'62e6},
    {7, 0, 0xcd5f'49b4'eae9'5ba7},
    {8, 0, 0x2a82'dcb1'dac4'9738},
    {9, 0, 0x6980'c752'1471'0824},
    {15, 0, 0xb609'fc6b'4cbb'066d},
    {16, 0, 0x04ab'082b'c4c8'cb15},
    {17, 0, 0x4999'691a'6f25'9c91},
    {24, 0, 0x9523'76a2'f276'3091},
    {31, 0, 0x6a5b'cf3b'004b'96da},
    {32, 0, 0xc6ad'8024'c506'da4d},
    {33, 0, 0x072b'0725'e430'c3c2},
    {40, 0, 0xda86'bfbf'8b5d'd83b},
    {48, 0, 0x4105'ce5c'be9a'a267},
    {49, 0, 0xec07'7193'bbd9'38a0},
    {63, 0, 0x6e88'32f4'999e'878a},
    {64, 0, 0x2c84'da2a'7afd'9ed9},
    {65, 0, 0x5234'ae15'd007'9e81},
    {95, 0, 0x0c61'd5df'66a7'2e6c},
    {96, 0, 0xb6a5'8df4'c2d4'27d9},
    {97, 0, 0x160f'b5b7'9e27'0241},
    {98, 0, 0xb48b'83fb'acf8'f423},
    {0, 0x0123'4567'89ab'cdef, 0x0213'8e12'306f'cdb9},
    {3, 0x0123'4567'89ab'cdef, 0xa9a3'8c65'72f2'cbe5},
    {8, 0x0123'4567'89ab'cdef, 0x00b1'8552'dc8f'3220},
    {16, 0x0123'4567'89ab'cdef, 0x55cd'f21e'fac7'021e},
    {32, 0x0123'4567'89ab'cdef, 0x6256'a219'8356'193d},
    {64, 0x0123'4567'89ab'cdef, 0x3634'16ea'864e'c9ea},
    {98, 0x0123'4567'89ab'cdef, 0xacec'b43b'39fb'8932},
};

constexpr bool all_golden() {
    for (const auto& [size, seed, hash] : golden_hashes) {
        if (hash_bytes(sentence.substr(0, size), seed) != hash)
            return false;
    }
    return true;
}

/// How far the counts of `hashes` in 256 equal classes, by the eight bits at `shift`, are from
/// chance: in standard deviations of the chi-square statistic.
double unevenness(const std::vector<std::uint64_t>& hashes, int shift) {
    std::array<double, 256> counts{};
    for (const std::uint64_t hash : hashes)
        ++counts[hash >> shift & 255];
    const double expected = static_cast<double>(hashes.size()) / 256;
    double chi_square = 0;
    for (const double count : counts)
        chi_square += (count - expected) * (count - expected) / expected;
    return (chi_square - 255) / std::sqrt(2 * 255.0);
}

/// What no hash of some quality does: two equal values among these, more than a few that agree in
/// 32 bits, or values that fill classes unevenly. Bounds of five standard deviations.
void check_spread(const std::vector<std::uint64_t>& hashes) {
    const auto count = static_cast<double>(hashes.size());
    const auto repeated = [&hashes](int shift) {
        std::vector<std::uint64_t> part;
        for (const std::uint64_t hash : hashes)
            part.push_back(shift < 0 ? hash : hash >> shift & 0xffff'ffff);
        std::sort(part.begin(), part.end());
        double pairs = 0;
        for (std::size_t i = 1; i < part.size(); ++i)
            pairs += part[i - 1] == part[i] ? 1 : 0;
        return pairs;
    };
    CHECK(repeated(-1) == 0);
    const double expected = count * count / 2 / 0x1p32;
    for (const int shift : {0, 16, 32})
        CHECK(repeated(shift) <= expected + 5 * std::sqrt(expected) + 2);
    for (int shift = 0; shift <= 56; shift += 4) {
        INFO("bits from " << shift);
        CHECK(std::abs(unevenness(hashes, shift)) < 6);
    }
}

/// Flips every bit of `key_bits` and counts how often each bit of the hash flips with it.
/// Returns  the largest distance from one half, in standard deviations.
template <class Hash>
double worst_avalanche(std::size_t key_bits, int rounds, Hash hash) {
    std::vector<std::array<int, 64>> flips(key_bits);
    for (int round = 0; round < rounds; ++round) {
        const std::uint64_t before = hash(round, key_bits); // no bit flipped
        for (std::size_t bit = 0; bit < key_bits; ++bit) {
            const std::uint64_t difference = before ^ hash(round, bit);
            for (std::size_t i = 0; i < 64; ++i)
                flips[bit][i] += static_cast<int>(difference >> i & 1);
        }
    }
    double worst = 0;
    for (const auto& row : flips) {
        for (const int count : row)
            worst = std::max(worst, std::abs(count - rounds / 2.0) / std::sqrt(rounds / 4.0));
    }
    return worst;
}

} // namespace

TEST_CASE("hash: the values never change", "[core][hash]") {
    STATIC_REQUIRE(all_golden());
    CHECK(all_golden());
    STATIC_REQUIRE(mix(0) == 0);
    STATIC_REQUIRE(mix(1) == 0x67cf'85dd'0542'041d);
    STATIC_REQUIRE(mix(0x0123'4567'89ab'cdef) == 0xd6e9'b794'41aa'70a9);
}

TEST_CASE("hash: compile time and run time agree for every length", "[core][hash]") {
    constexpr auto at_compile_time = [] {
        std::array<std::uint64_t, sentence.size() + 1> hashes{};
        for (std::size_t size = 0; size < hashes.size(); ++size)
            hashes[size] = hash_bytes(sentence.substr(0, size), size);
        return hashes;
    };
    constexpr auto hashes = at_compile_time();
    for (std::size_t size = 0; size < hashes.size(); ++size) {
        INFO(size);
        CHECK(hash_bytes(exact_copy(sentence.substr(0, size)).view(), size) == hashes[size]);
    }
}

TEST_CASE("hash: nothing outside the bytes counts, every byte does", "[core][hash]") {
    std::string text(202, 'x');
    for (std::size_t size = 0; size <= 200; ++size) {
        const std::string_view key(text.data() + 1, size);
        const std::uint64_t before = hash_bytes(key, 1);
        text[0] ^= 1;
        text[size + 1] ^= 1;
        CHECK(hash_bytes(key, 1) == before);
        text[0] ^= 1;
        text[size + 1] ^= 1;
        for (std::size_t i = 1; i <= size; ++i) {
            text[i] ^= 1;
            CHECK(hash_bytes(key, 1) != before);
            text[i] ^= 1;
        }
    }
}

TEST_CASE("hash: zeros of different length differ", "[core][hash]") {
    const std::string zeros(20'000, '\0');
    std::vector<std::uint64_t> hashes;
    for (std::size_t size = 0; size <= zeros.size(); ++size)
        hashes.push_back(hash_bytes({zeros.data(), size}, 0));
    check_spread(hashes);
}

TEST_CASE("hash: names that differ in a number spread evenly", "[core][hash]") {
    for (const std::string_view prefix :
         {"",
          "stats.",
          "servers.web.requests.",
          "eu.west.servers.frontend.web.requests.by_host.",
          "a.name.that.is.much.longer.than.sixty.four.bytes.as.the.names.of.some.programs.are."}) {
        INFO(prefix);
        std::vector<std::uint64_t> hashes;
        for (int i = 0; i < 100'000; ++i)
            hashes.push_back(hash_bytes(std::string(prefix) + std::to_string(i), 0));
        check_spread(hashes);
    }
}

TEST_CASE("hash: keys with two bits set spread evenly", "[core][hash]") {
    for (const std::size_t size : std::initializer_list<std::size_t>{8, 12, 16, 24, 32, 48, 64}) {
        INFO(size << " bytes");
        std::string key(size, '\0');
        const auto flip = [&key](std::size_t bit) {
            key[bit / 8] = static_cast<char>(key[bit / 8] ^ 1 << bit % 8);
        };
        std::vector<std::uint64_t> hashes;
        for (std::size_t first = 0; first < size * 8; ++first) {
            flip(first);
            for (std::size_t second = 0; second < first; ++second) {
                flip(second);
                hashes.push_back(hash_bytes(key, 0));
                flip(second);
            }
            flip(first);
        }
        check_spread(hashes);
    }
}

TEST_CASE("hash: seeds are independent functions", "[core][hash]") {
    std::vector<std::uint64_t> low;
    std::vector<std::uint64_t> high;
    std::vector<std::uint64_t> sums; // of neighbouring seeds
    for (std::uint64_t seed = 0; seed < 100'000; ++seed) {
        low.push_back(hash_bytes("stats.requests", seed));
        high.push_back(hash_bytes("", seed << 40));
        sums.push_back(hash_bytes("stats.requests", seed) ^ hash_bytes("stats.errors", seed));
    }
    check_spread(low);
    check_spread(high);
    check_spread(sums);
}

TEST_CASE("hash: each bit of key and seed flips each bit of the hash half of the time",
          "[core][hash]") {
    generator random(13);
    for (const std::size_t size :
         std::initializer_list<std::size_t>{1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 48, 64, 65, 100}) {
        INFO(size << " bytes");
        constexpr int rounds = 1000;
        std::vector<std::string> keys;
        std::vector<std::uint64_t> seeds;
        for (int i = 0; i < rounds; ++i) {
            std::string key;
            while (key.size() < size)
                key += static_cast<char>('a' + random.below(26));
            keys.push_back(key);
            seeds.push_back(random.next());
        }
        const auto hash = [&](int round, std::size_t bit) {
            std::string& key = keys[static_cast<std::size_t>(round)];
            std::uint64_t seed = seeds[static_cast<std::size_t>(round)];
            if (bit >= size * 8)
                return hash_bytes(
                    key, bit == size * 8 + 64 ? seed : seed ^ std::uint64_t{1} << (bit - size * 8));
            const char before = key[bit / 8];
            key[bit / 8] = static_cast<char>(before ^ 1 << bit % 8);
            const std::uint64_t changed = hash_bytes(key, seed);
            key[bit / 8] = before;
            return changed;
        };
        // Of 50,000 counts one is 5 standard deviations off in every fortieth table.
        CHECK(worst_avalanche(size * 8 + 64, rounds, hash) < 6.5);
    }
}

TEST_CASE("hash: mix spreads small numbers and flips half of the bits", "[core][hash]") {
    std::vector<std::uint64_t> low;
    std::vector<std::uint64_t> high;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        low.push_back(mix(i));
        high.push_back(mix(i << 40));
    }
    check_spread(low);
    check_spread(high);
    generator random(14);
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 4000; ++i)
        values.push_back(random.next());
    const auto hash = [&values](int round, std::size_t bit) {
        const std::uint64_t value = values[static_cast<std::size_t>(round)];
        return mix(bit == 64 ? value : value ^ std::uint64_t{1} << bit);
    };
    CHECK(worst_avalanche(64, 4000, hash) < 6.5);
}

#include <quipu/sketch/hyperloglog.hpp>

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/hash.hpp>

#include "support/allocations.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"
#include "support/hyperloglog_accuracy.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace quipu;
using namespace std::string_view_literals;

static_assert(std::is_nothrow_move_constructible_v<hyperloglog<>>);
static_assert(sizeof(hyperloglog<>) == sizeof(void*));
static_assert(hyperloglog<>::standard_error() == 1.04 / 128);
static_assert(hyperloglog<12>::standard_error() == 1.04 / 64);
static_assert(hyperloglog<4>::standard_error() == 1.04 / 4);

namespace {

/// Whether the bytes are read, and then are what is written.
template <unsigned Precision>
bool reads(std::string_view bytes) {
    hyperloglog<Precision> sketch;
    sketch.insert(1);
    byte_reader from(bytes);
    const bool good = sketch.read(from);
    if (good)
        CHECK(bytes_of(sketch) == bytes);
    else
        CHECK(sketch.empty());
    return good;
}

/// The hash that sets this register to this rank.
template <unsigned Precision>
std::uint64_t hash_of(std::uint64_t at, unsigned rank) {
    const auto place = at << (64 - Precision);
    return rank == 65 - Precision ? place : place | std::uint64_t{1} << (64 - Precision - rank);
}

template <unsigned Precision>
void check_accuracy(int seeds) {
    constexpr double theory = hyperloglog<Precision>::standard_error();
    const auto measured = hyperloglog_accuracy::measure<Precision>(seeds);
    for (std::size_t i = 0; i < measured.size(); ++i) {
        INFO("precision " << Precision << ", n/m " << hyperloglog_accuracy::ratios[i]);
        CHECK(std::abs(measured[i].bias) <= 3 * theory / std::sqrt(seeds) + 0.001);
        CHECK(measured[i].rmse <= 1.1 * theory);
    }
}

} // namespace

TEST_CASE("hyperloglog: neither biased nor further off than promised", "[sketch][hyperloglog]") {
    check_accuracy<10>(400);
    check_accuracy<12>(100);
    check_accuracy<14>(100);
}

TEST_CASE("hyperloglog: a few members are counted as well as exactly", "[sketch][hyperloglog]") {
    hyperloglog<> sketch;
    for (std::uint64_t members = 1; members <= 100; ++members) {
        sketch.insert(mix(members));
        CHECK(std::round(sketch.estimate()) == Approx(members).margin(1));
    }
}

TEST_CASE("hyperloglog: the functions of the estimator are those of the paper",
          "[sketch][hyperloglog]") {
    CHECK(detail::hyperloglog_sigma(0) == 0);
    CHECK(detail::hyperloglog_sigma(0.5) ==
          Approx(0.5 + 0.25 + 2 * 0.0625 + 4 * 0.00390625).epsilon(1e-3));
    CHECK(detail::hyperloglog_sigma(1) == HUGE_VAL);
    CHECK(detail::hyperloglog_tau(0) == 0);
    CHECK(detail::hyperloglog_tau(1) == 0);
    double tau = 1 - 0.25;
    for (int k = 1; k < 60; ++k)
        tau -= std::pow(1 - std::pow(0.25, std::pow(2, -k)), 2) * std::pow(2, -k);
    CHECK(detail::hyperloglog_tau(0.25) == Approx(tau / 3).epsilon(1e-12));
}

TEST_CASE("hyperloglog: hashes that were chosen to mislead give a number",
          "[sketch][hyperloglog]") {
    hyperloglog<4> sketch;
    for (std::uint64_t at = 0; at < 16; ++at) {
        sketch.insert(hash_of<4>(at, 61));
        CHECK(std::isfinite(sketch.estimate()));
    }
    CHECK(sketch.estimate() == 0x1p64);
}

TEST_CASE("hyperloglog: one of higher precision merges as if inserted here",
          "[sketch][hyperloglog]") {
    generator random(5);
    for (int round = 0; round < 20; ++round) {
        hyperloglog<12> fine;
        hyperloglog<8> merged;
        hyperloglog<8> inserted;
        for (auto left = random.below(1000); left > 0; --left) {
            // Many zeros in front, so that the bits between the precisions matter.
            const auto hash = random.next() >> random.below(64);
            fine.insert(hash);
            inserted.insert(hash);
        }
        merged.merge(fine);
        CHECK(bytes_of(merged) == bytes_of(inserted));
    }
}

TEST_CASE("hyperloglog: allocates with its first member, once", "[sketch][hyperloglog]") {
    const auto before = allocations();
    hyperloglog<> sketch;
    sketch.merge(hyperloglog<>{});
    CHECK(sketch.empty());
    CHECK(sketch.estimate() == 0);
    sketch.clear();
    CHECK(allocations() == before);
    for (std::uint64_t i = 0; i < 1000; ++i) {
        sketch.insert(mix(i));
        if (i % 300 == 0)
            sketch.clear();
    }
    CHECK(allocations() == before + 1);
}

TEST_CASE("hyperloglog: the form is the registers in use, or all of them",
          "[sketch][hyperloglog]") {
    hyperloglog<4> sketch;
    CHECK(bytes_of(sketch) == "\x04\0"sv);
    sketch.insert(hash_of<4>(3, 61));
    sketch.insert(hash_of<4>(4, 1));
    sketch.insert(hash_of<4>(0, 2));
    // A distance of 0, of 2 and of 0 above the rank's six bits.
    CHECK(bytes_of(sketch) == "\x04\x03\x02\xbd\x01\x01"sv);
    for (std::uint64_t at = 0; at < 5; ++at)
        sketch.insert(hash_of<4>(at, 1));
    CHECK(bytes_of(sketch) == "\x04\x05\x42\x10\xf4\x01\0\0\0\0\0\0\0\0"sv);
    CHECK(reads<4>("\x04\x05\x42\x10\xf4\x01\0\0\0\0\0\0\0\0"sv));
}

TEST_CASE("hyperloglog: what no sketch of its precision would write is not read",
          "[sketch][hyperloglog]") {
    CHECK(reads<4>("\x04\0"sv));
    CHECK(reads<4>("\x04\x01\xfd\x07"sv)); // the last register, the highest rank
    CHECK_FALSE(reads<4>(""));
    CHECK_FALSE(reads<4>("\x05\0"sv));               // another precision
    CHECK_FALSE(reads<4>("\x04\x01\xbd\x08"sv));     // beyond the last register
    CHECK_FALSE(reads<4>("\x04\x02\xfd\x07\x01"sv)); // likewise
    CHECK_FALSE(reads<4>("\x04\x01\x3e"sv));         // beyond the highest rank
    CHECK_FALSE(reads<4>("\x04\x01\0"sv));           // a register that is 0
    CHECK_FALSE(reads<4>("\x04\x01"sv));             // cut short
    CHECK_FALSE(reads<4>("\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));
    CHECK_FALSE(reads<4>("\x04\x06\x42\x10\xf4\x01\0\0\0\0\0\0\0\0"sv)); // five, not six
    CHECK_FALSE(reads<4>("\x04\x04\x42\x10\xf4\0\0\0\0\0\0\0\0\0"sv));   // few, but all
    CHECK_FALSE(reads<4>("\x04\x05\x7f\x10\xf4\x01\0\0\0\0\0\0\0\0"sv)); // beyond the highest rank
    CHECK_FALSE(reads<4>("\x04\x05\x42\x10\xf4\x01\0\0\0\0\0\0\0"sv));   // cut short
}

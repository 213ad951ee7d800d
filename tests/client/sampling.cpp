#include <quipu/client/sampling.hpp>

#include "support/catch.hpp"

#include <cmath>

using namespace quipu;

namespace {

struct without_seed {
    static bool keep(double) noexcept { return true; }
};
static_assert(!sampling_policy<without_seed>);
static_assert(!sampling_policy<int>);

int kept(std::uint64_t seed, double rate, int calls) {
    sampling::bernoulli sampler(seed);
    int count = 0;
    for (int i = 0; i < calls; ++i)
        count += sampler.keep(rate);
    return count;
}

} // namespace

TEST_CASE("sampling: keeps the share that the rate says", "[client][sampling]") {
    constexpr int calls = 100'000;
    for (const double rate : {0.001, 0.1, 0.5, 0.9}) {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            const double expected = calls * rate;
            const double deviation = std::sqrt(expected * (1 - rate));
            CHECK(std::abs(kept(seed, rate, calls) - expected) < 4 * deviation);
        }
    }
    CHECK(kept(1, 1, calls) == calls);
    CHECK(kept(1, 0, calls) == 0);
}

TEST_CASE("sampling: a seed says which calls, and another one others", "[client][sampling]") {
    sampling::bernoulli first(7);
    sampling::bernoulli same(7);
    sampling::bernoulli other(8);
    int differing = 0;
    for (int i = 0; i < 1000; ++i) {
        const bool keeps = first.keep(0.5);
        CHECK(same.keep(0.5) == keeps);
        differing += other.keep(0.5) != keeps;
    }
    CHECK(differing > 400);
    CHECK(differing < 600);
}

TEST_CASE("sampling: a rate of 1 draws nothing", "[client][sampling]") {
    sampling::bernoulli one(3);
    sampling::bernoulli other(3);
    for (int i = 0; i < 100; ++i) {
        CHECK(one.keep(1));
        CHECK(one.keep(0.3) == other.keep(0.3));
    }
    CHECK(sampling::keep_all().keep(0.001));
}

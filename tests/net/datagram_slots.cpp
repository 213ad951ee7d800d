#include <quipu/net/datagram_slots.hpp>

#include "support/catch.hpp"

#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

#include <sys/prctl.h>
#include <unistd.h>

using namespace quipu;

static_assert(std::is_nothrow_move_constructible_v<datagram_slots>);
static_assert(std::is_nothrow_move_assignable_v<datagram_slots>);
static_assert(!std::is_copy_constructible_v<datagram_slots>);

namespace {

/// The memory of this process that is real, in bytes.
std::size_t resident_bytes() {
    std::FILE* const statistics = std::fopen("/proc/self/statm", "r");
    REQUIRE(statistics != nullptr);
    unsigned long all = 0;
    unsigned long resident = 0;
    const int read = std::fscanf(statistics, "%lu %lu", &all, &resident);
    std::fclose(statistics);
    REQUIRE(read == 2);
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

TEST_CASE("datagram_slots: each has room for a datagram and its padding", "[net][slots]") {
    const datagram_slots slots{3, 100};
    // The address sanitizer sees to it that the last one is not too short.
    for (std::size_t slot = 0; slot != 3; ++slot)
        std::memset(slots[slot], static_cast<int>('a' + slot), 100 + read_padding_bytes);
    for (std::size_t slot = 0; slot != 3; ++slot) {
        CHECK(slots[slot][0] == static_cast<char>('a' + slot));
        CHECK(slots[slot][100 + read_padding_bytes - 1] == static_cast<char>('a' + slot));
    }
}

TEST_CASE("datagram_slots: stay where they are when moved", "[net][slots]") {
    datagram_slots first{2, 10};
    char* const place = first[1];
    datagram_slots second{std::move(first)};
    CHECK(second[1] == place);
    datagram_slots third;
    third = std::move(second);
    CHECK(third[1] == place);
}

TEST_CASE("datagram_slots: what no datagram reaches takes no memory", "[net][slots]") {
    // Huge pages, where the system makes them by itself, would make more of it real.
    REQUIRE(::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
    const std::size_t before = resident_bytes();
    const datagram_slots slots{1024, 65'535}; // 64 MiB
    for (std::size_t slot = 0; slot != 1024; ++slot)
        slots[slot][0] = 'x';
    CHECK(resident_bytes() - before < std::size_t{32} << 20U);
    REQUIRE(::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0);
}

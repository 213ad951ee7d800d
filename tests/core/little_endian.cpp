#include <quipu/core/little_endian.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdint>

using quipu::detail::read_little_endian;
using quipu::detail::write_little_endian;

namespace {

constexpr char bytes[] = "\x01\x02\x83\x04\x05\x06\x07\xf8";

template <class Unsigned>
constexpr bool round_trips(Unsigned value) {
    std::array<char, sizeof(Unsigned)> buffer{};
    write_little_endian(buffer.data(), value);
    return read_little_endian<Unsigned>(buffer.data()) == value;
}

} // namespace

TEST_CASE("little_endian: the lowest byte comes first, at compile time and at run time",
          "[core][little_endian]") {
    STATIC_REQUIRE(read_little_endian<std::uint8_t>(bytes + 7) == 0xf8);
    STATIC_REQUIRE(read_little_endian<std::uint16_t>(bytes + 2) == 0x0483);
    STATIC_REQUIRE(read_little_endian<std::uint32_t>(bytes) == 0x0483'0201);
    STATIC_REQUIRE(read_little_endian<std::uint64_t>(bytes) == 0xf807'0605'0483'0201);
    CHECK(read_little_endian<std::uint8_t>(bytes + 7) == 0xf8);
    CHECK(read_little_endian<std::uint16_t>(bytes + 2) == 0x0483);
    CHECK(read_little_endian<std::uint32_t>(bytes) == 0x0483'0201);
    CHECK(read_little_endian<std::uint64_t>(bytes) == 0xf807'0605'0483'0201);

    std::array<char, 9> out{};
    write_little_endian(out.data(), std::uint64_t{0xf807'0605'0483'0201});
    CHECK(std::string_view(out.data()) == bytes);
}

TEST_CASE("little_endian: what is written is read", "[core][little_endian]") {
    STATIC_REQUIRE(round_trips(std::uint8_t{0xfe}));
    STATIC_REQUIRE(round_trips(std::uint16_t{0xfedc}));
    STATIC_REQUIRE(round_trips(std::uint32_t{0xfedc'ba98}));
    STATIC_REQUIRE(round_trips(std::uint64_t{0xfedc'ba98'7654'3210}));
    CHECK(round_trips(std::uint16_t{0xfedc}));
    CHECK(round_trips(std::uint64_t{0xfedc'ba98'7654'3210}));
}

#include <quipu/server/reception.hpp>

#include <quipu/server/profile.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using quipu::errc;
namespace profile = quipu::profile;

namespace {

template <class Profile>
struct reception_of {
    /// As from a receiver: bytes behind the text can be read.
    void datagram(std::string text) {
        const auto size = text.size();
        text.resize(size + quipu::read_padding_bytes);
        reception.receive_datagram(std::string_view(text).substr(0, size));
    }
    errc piece(std::string text) {
        const auto size = text.size();
        text.resize(size + quipu::read_padding_bytes);
        return reception.receive_piece(stream, std::string_view(text).substr(0, size));
    }
    auto& input() { return intake.shard().active(); }
    double hits() { return input().store.counter("hits").sum(); }
    std::uint64_t refused(errc why) {
        return input().counts.refused[static_cast<std::size_t>(why)];
    }

    quipu::basic_intake<Profile> intake{};
    quipu::log log{-1};
    quipu::basic_reception<Profile> reception{intake, log};
    typename quipu::basic_reception<Profile>::stream_type stream = reception.open_stream();
};

} // namespace

TEST_CASE("reception: datagrams are whole, streams are joined", "[server][reception]") {
    reception_of<profile::quipu> here;
    here.datagram("hits:1|c\nhits:2|c");
    CHECK(here.piece("hits:4|c\nhi") == errc::ok);
    CHECK(here.piece("ts:8|c\nhits:16|c") == errc::ok);
    CHECK(here.hits() == 15);
    here.reception.end_stream(here.stream, true);
    CHECK(here.hits() == 31);
}

TEST_CASE("reception: what is left of a stream that was cut off is refused",
          "[server][reception]") {
    reception_of<profile::quipu> here;
    CHECK(here.piece("hits:16|c") == errc::ok);
    here.reception.end_stream(here.stream, false);
    CHECK(here.hits() == 0);
    CHECK(here.refused(errc::unterminated_line) == 1);

    reception_of<profile::etsy> etsy; // which takes no such line at all
    CHECK(etsy.piece("hits:16|c") == errc::ok);
    etsy.reception.end_stream(etsy.stream, true);
    CHECK(etsy.refused(errc::unterminated_line) == 1);
}

TEST_CASE("reception: an overlong line is counted once", "[server][reception]") {
    reception_of<profile::quipu> here;
    for (int i = 0; i < 40; ++i)
        CHECK(here.piece(std::string(1000, 'x')) == errc::ok);
    CHECK(here.piece("\nhits:1|c\n") == errc::ok);
    CHECK(here.refused(errc::line_too_long) == 1);
    CHECK(here.hits() == 1);
}

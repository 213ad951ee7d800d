#include <quipu/sink/graphite_pickle.hpp>

#include <quipu/net/command.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/schema/native.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

using quipu::errc;
using quipu::graphite_pickles;
using quipu::memory_transport;
using quipu::point;
using quipu::test::snapshot_of;
using namespace std::string_literals;

namespace {

constexpr std::int64_t now = 1'700'000'000;

template <bool Verbatim = false>
std::string frame(const std::vector<point>& points) {
    std::string piece;
    for (const auto& one : points)
        CHECK(graphite_pickles::append<quipu::layout::shortest, Verbatim>(piece, one));
    graphite_pickles::finish(piece);
    return piece;
}

struct fixed_schema {
    using number_layout = quipu::layout::shortest;
    std::vector<point> points;

    template <class Traits, class Out>
    void write(const quipu::basic_snapshot<Traits>&, const quipu::sink_history&, Out&& out) const {
        for (const auto& one : points)
            out(one);
    }
};

struct verbatim : quipu::graphite_traits {
    static constexpr bool verbatim_names = true;
};

std::size_t length_of(std::string_view framed) {
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i)
        length = length << 8U | static_cast<unsigned char>(framed[static_cast<std::size_t>(i)]);
    return length;
}

/// What Python reads in frames, a line `repr` each; or nothing if there is no python3.
std::string read_by_python(std::string_view frames) {
    if (std::system("command -v python3 >/dev/null 2>&1") != 0)
        return "";
    char path[] = "/tmp/quipu_pickle_XXXXXX";
    const quipu::descriptor made{::mkstemp(path)};
    REQUIRE(made);
    quipu::command python(R"(python3 -c "
import pickle, struct, sys
data = sys.stdin.buffer.read()
while data:
    size = struct.unpack('!I', data[:4])[0]
    for one in pickle.loads(data[4:4 + size]):
        print(ascii(one))
    data = data[4 + size:]
" > )"s + path);
    CHECK(python.send(frames) == errc::ok);
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    ::unlink(path);
    return text;
}

} // namespace

TEST_CASE("graphite pickle: a frame, byte for byte", "[sink][graphite_pickle]") {
    CHECK(frame({{"a.", "b", ".c", "", 1.5, false, now}}) == "\x00\x00\x00\x20"
                                                             "\x80\x02]("
                                                             "X\x05\x00\x00\x00"
                                                             "a.b.c"
                                                             "J\x00\xf1\x53\x65"
                                                             "G\x3f\xf8\x00\x00\x00\x00\x00\x00"
                                                             "\x86\x86"
                                                             "e."s);
    // Two of them, one with a time that four bytes cannot say.
    CHECK(frame({{"", "x", "", "", -0.0, true, -1}, {"", "y", "", "", 2, true, 4'294'967'296}}) ==
          "\x00\x00\x00\x37"
          "\x80\x02]("
          "X\x01\x00\x00\x00xJ\xff\xff\xff\xffG\x80\x00\x00\x00\x00\x00\x00\x00\x86\x86"
          "X\x01\x00\x00\x00y\x8a\x08\x00\x00\x00\x00\x01\x00\x00\x00"
          "G\x40\x00\x00\x00\x00\x00\x00\x00\x86\x86"
          "e."s);
}

TEST_CASE("graphite pickle: names are those of the plain text", "[sink][graphite_pickle]") {
    CHECK(frame({{"", "a b", "/c", ";flag", 1, false, 1}}).find("X\x0f\0\0\0a_b-c;flag=trueJ"s) ==
          8);
    CHECK(frame({{"", "\xff\xc3\xa4", "", "", 1, false, 1}}).find("X\x03\0\0\0_\xc3\xa4J"s) == 8);
    SECTION("or to the letter, unless they are not UTF-8") {
        CHECK(frame<true>({{"", "a b", "/c", ";flag", 1, false, 1}})
                  .find("X\x0a\0\0\0a b/c;flagJ"s) == 8);
        CHECK(frame<true>({{"", "a \xff", "", "", 1, false, 1}}).find("X\x03\0\0\0a__J"s) == 8);
    }
}

TEST_CASE("graphite pickle: Python reads what was written", "[sink][graphite_pickle]") {
    quipu::basic_graphite_pickle<quipu::native_schema, memory_transport> to{quipu::native_schema(),
                                                                            memory_transport()};
    REQUIRE(to.write(snapshot_of("hits:3|c\nload:0.1|g|#dc:eu\nkey\xc3\xa4:1|kv|@4000000000",
                                 now)) == errc::ok);
    const auto text = read_by_python(to.transport().text());
    if (text.empty())
        return;
    CHECK(text == "('stats.counters.hits.count', (1700000000, 3.0))\n"
                  "('stats.counters.hits.rate', (1700000000, 0.3))\n"
                  "('stats.gauges.load;dc=eu', (1700000000, 0.1))\n"
                  "('stats.kv.key\\xe4', (4000000000, 1.0))\n");
}

TEST_CASE("graphite pickle: a large flush is several bounded frames", "[sink][graphite_pickle]") {
    const std::vector<point> points(1'250, point{"", "name", "", "", 1, false, now});
    quipu::basic_graphite_pickle<fixed_schema, memory_transport> to{{points}, memory_transport()};
    REQUIRE(to.write(quipu::snapshot()) == errc::ok);
    const auto& frames = to.transport().sent();
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].size() == frames[1].size());
    for (const auto& one : frames) {
        CHECK(length_of(one) == one.size() - 4);
        CHECK(one.ends_with("\x86\x86"
                            "e."));
    }
    const std::size_t each = 9 + 5 + 9 + 2; // bytes of a point
    CHECK(frames[0].size() == 4 + 4 + 500 * each + 2);
    CHECK(frames[2].size() == 4 + 4 + 250 * each + 2);
    CHECK(to.history().flush_bytes == static_cast<double>(4 * 2 + 1'250 * each + 6 * 3 + 4));
}

TEST_CASE("graphite pickle: a frame never reaches what carbon refuses", "[sink][graphite_pickle]") {
    const std::string longest(graphite_pickles::name_bytes_max, 'n');
    const std::string longer = longest + 'n';
    const double nan = std::numeric_limits<double>::quiet_NaN();
    std::vector<point> points(40, point{"", longest, "", "", 1, false, now});
    points.push_back({"", longer, "", "", 1, false, now});
    points.push_back({"", "b", "", "", nan, false, now});
    quipu::basic_graphite_pickle<fixed_schema, memory_transport, verbatim> to{{points},
                                                                              memory_transport()};
    REQUIRE(to.write(quipu::snapshot()) == errc::ok);
    for (const auto& one : to.transport().sent())
        CHECK(length_of(one) < std::size_t{1} << 20);
    CHECK(to.skipped() == 2);
}

TEST_CASE("graphite pickle: nothing is sent where there is nothing to say",
          "[sink][graphite_pickle]") {
    const std::string longer(graphite_pickles::name_bytes_max + 1, 'n');
    quipu::basic_graphite_pickle<fixed_schema, memory_transport> to{
        {{{"", longer, "", "", 1, false, now}}}, memory_transport()};
    REQUIRE(to.write(quipu::snapshot()) == errc::ok);
    CHECK(to.transport().sent().empty());
    CHECK(to.skipped() == 1);
}

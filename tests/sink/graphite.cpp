#include <quipu/sink/graphite.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/schema/native.hpp>

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using quipu::errc;
using quipu::memory_transport;
using quipu::point;
using quipu::test::snapshot_of;

namespace {

constexpr std::int64_t now = 1'700'000'000;

using sink = quipu::basic_graphite<quipu::native_schema, memory_transport>;

template <class Layout = quipu::layout::shortest>
std::string line(const point& one) {
    std::string out;
    quipu::append_graphite_line<Layout>(out, one);
    return out;
}

/// Writes the points it is given, whatever the snapshot.
struct fixed_schema {
    using number_layout = quipu::layout::shortest;
    std::vector<point> points;

    template <class Traits, class Out>
    void write(const quipu::basic_snapshot<Traits>&, const quipu::sink_history&, Out&& out) const {
        for (const auto& one : points)
            out(one);
    }
};

/// Refuses everything after the first so many messages.
class failing_later {
public:
    explicit failing_later(std::size_t messages) : left_(messages) {}
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        if (left_ == 0)
            return errc::connection_lost;
        --left_;
        return kept_.send(bytes);
    }
    memory_transport kept_{};
    std::size_t left_;
};

/// A transport with connections, counted.
class connecting {
public:
    [[nodiscard]] errc send(std::string_view bytes) noexcept {
        connected_ = true;
        return bytes.empty() ? errc::system_failure : errc::ok;
    }
    [[nodiscard]] errc connect() noexcept {
        ++connects_;
        return connect_result_;
    }
    void close() noexcept {
        ++closes_;
        connected_ = false;
    }
    int connects_ = 0;
    int closes_ = 0;
    bool connected_ = false;
    errc connect_result_ = errc::ok;
};

struct small_pieces : quipu::graphite_traits {
    static constexpr std::size_t piece_bytes = 40;
};
struct closing : quipu::graphite_traits {
    static constexpr bool closes_after_flush = true;
};

} // namespace

TEST_CASE("graphite: a point is a line of name, value and time", "[sink][graphite]") {
    CHECK(line({"stats.counters.", "api.hits", ".rate", "", 0.1, false, now}) ==
          "stats.counters.api.hits.rate 0.1 1700000000\n");
    CHECK(line({"", "x", "", "", -3, false, -1}) == "x -3 -1\n");
    CHECK(line({"", "x", "", "", 1e300, false, 9'223'372'036'854'775'807}) ==
          "x 1e300 9223372036854775807\n");
}

TEST_CASE("graphite: a whole number is printed as one in any layout", "[sink][graphite]") {
    using quipu::layout::python2;
    const auto value = [](double number, bool integral) {
        const auto text = line<python2>({"", "x", "", "", number, integral, 1});
        return text.substr(2, text.size() - 5);
    };
    CHECK(value(42, true) == "42");
    CHECK(value(42, false) == "42.0");
    CHECK(value(-7, true) == "-7");
    CHECK(value(123'456'789'012'345, true) == "123456789012345");
    CHECK(value(123'456'789'012'345, false) == "1.23456789012e+14");
    CHECK(value(1e16, true) == value(1e16, false)); // no longer exact
    CHECK(value(-1e300, true) == value(-1e300, false));
}

TEST_CASE("graphite: names go out to the letter where the dialect has cleaned them",
          "[sink][graphite]") {
    std::string out;
    quipu::append_graphite_line<quipu::layout::shortest, true>(
        out, {"", "a", ".b", ";flag;;k=", 1, false, 2});
    CHECK(out == "a.b;flag=true;k=_ 1 2\n"); // but for tags that carbon would not take
}

TEST_CASE("graphite: a snapshot becomes lines", "[sink][graphite]") {
    sink to{quipu::native_schema(), memory_transport()};
    CHECK(to.write(snapshot_of("hits:3|c\nload:0.5|g\nmy key:1|kv|@1313107325", now)) == errc::ok);
    CHECK(to.transport().text() == "stats.counters.hits.count 3 1700000000\n"
                                   "stats.counters.hits.rate 0.3 1700000000\n"
                                   "stats.gauges.load 0.5 1700000000\n"
                                   "stats.kv.my_key 1 1313107325\n");
}

TEST_CASE("graphite: an empty snapshot sends nothing", "[sink][graphite]") {
    sink to{quipu::native_schema(), memory_transport()};
    CHECK(to.write(snapshot_of("", now)) == errc::ok);
    CHECK(to.transport().sent().empty());
    CHECK(to.history().last_flush == now);
    CHECK(to.history().flush_bytes == 0);
}

TEST_CASE("graphite: an empty snapshot shows whether the backend is there", "[sink][graphite]") {
    quipu::basic_graphite<quipu::native_schema, connecting> to{quipu::native_schema(), {}};
    CHECK(to.write(snapshot_of("", now)) == errc::ok);
    CHECK(to.transport().connects_ == 1);
    to.transport().connect_result_ = errc::connection_refused;
    CHECK(to.write(snapshot_of("", now + 10)) == errc::connection_refused);
    CHECK(to.history().last_exception == now + 10);
    CHECK(to.write(snapshot_of("a:1|c", now + 20)) == errc::ok);
    CHECK(to.transport().connects_ == 2); // to send is to look
}

TEST_CASE("graphite: lines are sent in pieces that end with a line", "[sink][graphite]") {
    quipu::basic_graphite<fixed_schema, memory_transport, small_pieces> to{{}, memory_transport()};
    const auto sent = [&](std::size_t lines, std::string_view name) {
        const point one{"", name, "", "", 1, false, 1'000'000'000};
        decltype(to) other{{std::vector<point>(lines, one)}, memory_transport()};
        REQUIRE(other.write(quipu::snapshot()) == errc::ok);
        return other.transport().sent();
    };
    const std::string line_of_20 = "aaaaaa 1 1000000000\n";
    const std::string line_of_39 = std::string(25, 'a') + " 1 1000000000\n";
    CHECK(sent(0, "aaaaaa").empty());
    CHECK(sent(1, "aaaaaa") == std::vector<std::string>{line_of_20});
    // A piece of just the size is full: nothing is left to send at the end.
    CHECK(sent(2, "aaaaaa") == std::vector<std::string>{line_of_20 + line_of_20});
    CHECK(sent(3, "aaaaaa") == std::vector<std::string>{line_of_20 + line_of_20, line_of_20});
    CHECK(sent(2, std::string(25, 'a')) == std::vector<std::string>{line_of_39 + line_of_39});
    CHECK(sent(2, std::string(1'000, 'a')).size() == 2);
}

TEST_CASE("graphite: the pieces of a large flush are its text", "[sink][graphite]") {
    std::string lines;
    for (int i = 0; i < 5'000; ++i)
        lines += "series." + std::to_string(i) + ":1|c\n";
    sink to{quipu::native_schema(), memory_transport()};
    REQUIRE(to.write(snapshot_of(lines, now)) == errc::ok);
    const auto& pieces = to.transport().sent();
    CHECK(pieces.size() > 3);
    std::size_t bytes = 0;
    for (const auto& piece : pieces) {
        CHECK(piece.ends_with('\n'));
        CHECK(piece.size() < quipu::graphite_traits::piece_bytes + 100);
        bytes += piece.size();
    }
    CHECK(to.history().flush_bytes == static_cast<double>(bytes));
}

TEST_CASE("graphite: what is not finite is left out and counted", "[sink][graphite]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::vector<point> points{
        {"", "a", "", "", infinity, false, 1},
        {"", "b", "", "", 1, false, 1},
        {"", "c", "", "", std::numeric_limits<double>::quiet_NaN(), false, 1},
        {"", "d", "", "", -infinity, true, 1},
    };
    quipu::basic_graphite<fixed_schema, memory_transport> to{{points}, memory_transport()};
    CHECK(to.write(quipu::snapshot()) == errc::ok);
    CHECK(to.transport().text() == "b 1 1\n");
    CHECK(to.skipped() == 3);

    SECTION("once for each snapshot, however often it is tried") {
        to.transport().fail_with(errc::timed_out);
        CHECK(to.write(quipu::snapshot()) == errc::timed_out);
        CHECK(to.write(quipu::snapshot()) == errc::timed_out);
        CHECK(to.skipped() == 3);
        to.transport().fail_with(errc::ok);
        CHECK(to.write(quipu::snapshot()) == errc::ok);
        CHECK(to.skipped() == 6);
    }
}

TEST_CASE("graphite: a transport that fails is told, and the snapshot can come again",
          "[sink][graphite]") {
    sink to{quipu::native_schema(), memory_transport()};
    const auto one = snapshot_of("hits:3|c", now);
    to.transport().fail_with(errc::connection_refused);
    CHECK(to.write(one) == errc::connection_refused);
    CHECK(to.history().last_exception == now);
    CHECK(to.history().last_flush == 0);
    to.transport().fail_with(errc::ok);
    CHECK(to.write(one) == errc::ok);
    CHECK(to.transport().text() == "stats.counters.hits.count 3 1700000000\n"
                                   "stats.counters.hits.rate 0.3 1700000000\n");
    CHECK(to.history().last_flush == now);
}

TEST_CASE("graphite: after a piece that failed no other follows", "[sink][graphite]") {
    const std::vector<point> points(10, point{"", "aaaaaa", "", "", 1, false, 1'000'000'000});
    quipu::basic_graphite<fixed_schema, failing_later, small_pieces> to{{points}, failing_later(2)};
    CHECK(to.write(quipu::snapshot()) == errc::connection_lost);
    CHECK(to.transport().kept_.sent().size() == 2);
    to.transport().left_ = 100;
    CHECK(to.write(quipu::snapshot()) == errc::ok);
    CHECK(to.transport().kept_.sent().size() == 2 + 5); // from its beginning
}

TEST_CASE("graphite: a connection for each flush, where the backend expects it",
          "[sink][graphite]") {
    using etsys = quipu::basic_graphite<quipu::native_schema, connecting, closing>;
    etsys to{quipu::native_schema(), {}};
    CHECK(to.write(snapshot_of("a:1|c", now)) == errc::ok);
    CHECK(to.transport().closes_ == 1);
    CHECK_FALSE(to.transport().connected_);
    CHECK(to.write(snapshot_of("a:1|c", now + 10)) == errc::ok);
    CHECK(to.transport().closes_ == 2);

    quipu::basic_graphite<quipu::native_schema, connecting> keeps{quipu::native_schema(), {}};
    CHECK(keeps.write(snapshot_of("a:1|c", now)) == errc::ok);
    CHECK(keeps.transport().closes_ == 0);
    CHECK(keeps.transport().connected_);
}

TEST_CASE("graphite: a schema may tell what the sink did before", "[sink][graphite]") {
    using profile = quipu::profile::etsy;
    quipu::basic_graphite<profile::schema_type, memory_transport> to{profile::schema_type(),
                                                                     memory_transport()};
    REQUIRE(to.write(snapshot_of<profile>("a:1|c", now)) == errc::ok);
    const auto first = to.transport().text().size();
    to.transport().clear();
    to.transport().fail_with(errc::timed_out);
    REQUIRE(to.write(snapshot_of<profile>("a:1|c", now + 10)) == errc::timed_out);
    to.transport().fail_with(errc::ok);
    to.history().flush_milliseconds = 7;
    REQUIRE(to.write(snapshot_of<profile>("a:1|c", now + 20)) == errc::ok);
    const auto text = to.transport().text();
    const auto has = [&](const std::string& end) {
        return text.find("stats.statsd.graphiteStats." + end + " 1700000020\n") != text.npos;
    };
    CHECK(has("last_flush 1700000000"));
    CHECK(has("last_exception 1700000010"));
    CHECK(has("flush_length " + std::to_string(first)));
    CHECK(has("flush_time 7"));
}

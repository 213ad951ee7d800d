#include <quipu/server/key_reporter.hpp>

#include "support/catch.hpp"
#include "support/log_file.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

using namespace quipu;
using namespace std::chrono_literals;
using test::log_file;

namespace {

key_counts of(const std::string& key, std::size_t others = 0) {
    key_counts made;
    made.add(key, 3);
    for (std::size_t i = 0; i < others; ++i)
        made.add(std::to_string(i));
    return made;
}

} // namespace

TEST_CASE("key_reporter: reports come in their intervals, whatever the clock does",
          "[server][key_reporter]") {
    std::vector<std::int64_t> times;
    std::size_t keys = 0;
    key_reporter reporter(
        1'000,
        [&](const key_report& one) {
            times.push_back(one.timestamp);
            keys += one.size();
            return errc::ok;
        },
        quipu::log(-1));
    reporter.start(10'000);
    CHECK_FALSE(reporter.is_due(10'999));
    CHECK(reporter.wait_ms(10'400) == 600);
    CHECK(reporter.is_due(11'000));
    CHECK(reporter.wait_ms(11'500) == 0);
    reporter.push(11'100, of("a"));
    CHECK(reporter.wait_ms(11'100) == 900); // of 12 s: what is late does not shift the rest
    reporter.push(15'600, of("b"));         // what was missed is in this one
    CHECK(reporter.wait_ms(15'600) == 1'000);
    CHECK(reporter.wait_ms(2'000) == 1'000); // the clock was set back
    CHECK(reporter.is_due(3'000));
    reporter.end_within(10s);
    reporter.finish(10s);
    CHECK(times == std::vector<std::int64_t>{11, 16});
    CHECK(keys == 2);
}

TEST_CASE("key_reporter: keys for which there was no room are told", "[server][key_reporter]") {
    const log_file file;
    key_reporter reporter(
        1'000, [](const key_report&) { return errc::ok; }, quipu::log(file.fd()));
    reporter.push(1'000, of("a", key_counts::keys_max + 1));
    reporter.finish(10s);
    CHECK(file.sum_behind("key report: ") == 2);
}

#include <quipu/server/losses.hpp>

#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/log_file.hpp"

#include <chrono>
#include <string>

using namespace quipu;
using namespace std::chrono_literals;
using test::log_file;

TEST_CASE("losses: each cause has its number, and what is well says nothing", "[server][losses]") {
    const log_file file;
    intake_counts counts;
    counts.lines = 7;
    log_losses(quipu::log(file.fd()), counts, 0);
    CHECK(file.text().empty());
    counts.refused[static_cast<std::size_t>(errc::bad_number)] = 2;
    counts.refused[static_cast<std::size_t>(errc::empty_name)] = 1;
    counts.dropped = 4;
    counts.tags_dropped = 5;
    log_losses(quipu::log(file.fd()), counts, 120);
    const auto text = file.text();
    CHECK(text.find("refused in this interval, of 7 lines: 1 × the name is empty, 2 × the value is "
                    "not a number\n") != text.npos);
    CHECK(text.find("lost in this interval: 4 datagrams, some 120 lines: ") != text.npos);
    CHECK(text.find("left out in this interval: 5 tags in names") != text.npos);
}

TEST_CASE("losses: of a repeater what failed is told once, and how it does", "[server][losses]") {
    auto receiver = udp_receiver::bind(address::loopback_v4(0));
    REQUIRE(receiver);
    repeater_list all;
    all.add({repeat_protocol::udp4, {"127.0.0.1", receiver->local_address()->port()}});
    const log_file file;
    repeater_watch watch(all, quipu::log(file.fd()));
    auto& one = *all.all()[0];
    all.send("a:1|c");
    CHECK(one.finish(deadline{5'000}) == 0);
    watch.log_losses();
    CHECK(file.text().empty());
    CHECK(watch.report(one).successes == 1);
    CHECK(watch.report(one).error == errc::ok);
    all.send("no newline:" + std::string(70'000, 'x')); // for which there is no datagram
    CHECK(one.finish(deadline{5'000}) == 0);
    all.skip();
    watch.log_losses();
    CHECK(watch.report(one).failures == 1);
    CHECK(watch.report(one).error == errc::message_too_long);
    watch.log_losses();
    CHECK(watch.report(one).error == errc::ok); // now
    watch.finish(1s);
    CHECK(file.sum_behind("not sent in this interval: ") == 1);
    CHECK(file.sum_behind("not repeated in this interval: ") == 1);
}

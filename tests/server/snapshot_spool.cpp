#include <quipu/server/snapshot_spool.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <quipu/snapshot/collect.hpp>

#include <fstream>
#include <string>

#include <sys/resource.h>

using quipu::errc;
using quipu::test::scratch_folder;

namespace {

quipu::snapshot flush_at(std::int64_t timestamp, double hits) {
    quipu::store series;
    series.counter("hits").add(hits);
    series.gauge("load").set(hits / 2);
    return collect(series, timestamp, 10);
}

quipu::snapshot_spool<> opened(const scratch_folder& folder) {
    auto files = quipu::spool::open(folder.path());
    REQUIRE(files);
    return quipu::snapshot_spool<>(*std::move(files));
}

} // namespace

TEST_CASE("snapshot_spool: flushes come back in order, with their own times",
          "[server][snapshot_spool]") {
    const scratch_folder folder;
    {
        auto waits = opened(folder);
        REQUIRE(waits.push(flush_at(100, 1)) == errc::ok);
        REQUIRE(waits.push(flush_at(110, 2)) == errc::ok);
    }
    auto again = opened(folder);
    REQUIRE(again.size() == 2);
    for (const int i : {1, 2}) {
        const auto one = again.front();
        REQUIRE(one);
        CHECK((*one)->timestamp == 90 + 10 * i);
        REQUIRE((*one)->counters.size() == 1);
        CHECK((*one)->counters[0].name == "hits");
        CHECK((*one)->counters[0].cell.sum() == i);
        again.pop();
    }
    CHECK(again.size() == 0);
}

TEST_CASE("snapshot_spool: one that is damaged is set aside", "[server][snapshot_spool]") {
    const scratch_folder folder;
    auto waits = opened(folder);
    REQUIRE(waits.push(flush_at(100, 1)) == errc::ok);
    REQUIRE(waits.push(flush_at(110, 2)) == errc::ok);
    std::fstream(folder.path("00000000000000000001")).seekp(20) << "oops";
    CHECK(waits.front().error() == errc::bad_encoding);
    REQUIRE(waits.size() == 1);
    CHECK((*waits.front())->timestamp == 110);
}

TEST_CASE("snapshot_spool: what cannot be read now stays", "[server][snapshot_spool]") {
    const scratch_folder folder;
    auto waits = opened(folder);
    REQUIRE(waits.push(flush_at(100, 1)) == errc::ok);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto read = waits.front();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(read.error() == errc::too_many_descriptors);
    REQUIRE(waits.size() == 1);
    CHECK((*waits.front())->timestamp == 100);
}

TEST_CASE("snapshot_spool: a checkpoint has the gauges, as those of an earlier interval",
          "[server][snapshot_spool]") {
    const scratch_folder folder;
    const auto path = folder.path("gauges");
    CHECK(quipu::read_checkpoint<>(path).error() == errc::no_such_file);
    REQUIRE(quipu::write_checkpoint(path, flush_at(100, 8)) == errc::ok);
    const auto kept = quipu::read_checkpoint<>(path);
    REQUIRE(kept);
    CHECK(kept->counters.empty());
    REQUIRE(kept->gauges.size() == 1);
    CHECK(kept->gauges[0].name == "load");
    CHECK(kept->gauges[0].cell.value() == 4);
    CHECK(kept->gauges[0].cell.idle());

    std::ofstream(path) << "no checkpoint";
    CHECK(quipu::read_checkpoint<>(path).error() == errc::bad_magic);
}

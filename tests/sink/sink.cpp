#include <quipu/sink/sink.hpp>

#include <quipu/net/memory.hpp>
#include <quipu/schema/native.hpp>
#include <quipu/sink/console.hpp>
#include <quipu/sink/graphite.hpp>

#include "support/catch.hpp"

#include <cstddef>

namespace {

/// As small as a sink can be.
struct counting_sink {
    std::size_t series = 0;
    quipu::errc write(const quipu::snapshot& from) {
        series += from.size();
        return quipu::errc::ok;
    }
};

struct silent_sink {
    void write(const quipu::snapshot&) {}
};

struct other_traits : quipu::store_traits {
    using counter_retention = quipu::retention::forever;
};

} // namespace

TEST_CASE("sink: whatever takes a snapshot and says how it went is one", "[sink]") {
    using traits = quipu::store_traits;
    STATIC_REQUIRE(quipu::sink_for<counting_sink, traits>);
    STATIC_REQUIRE_FALSE(quipu::sink_for<counting_sink, other_traits>);
    STATIC_REQUIRE_FALSE(quipu::sink_for<silent_sink, traits>);
    STATIC_REQUIRE_FALSE(quipu::sink_for<int, traits>);
    STATIC_REQUIRE(quipu::require_sink<counting_sink, traits>());
}

TEST_CASE("sink: those of the library take snapshots of any store", "[sink]") {
    using graphite = quipu::basic_graphite<quipu::native_schema, quipu::memory_transport>;
    using console = quipu::basic_console<quipu::memory_transport>;
    STATIC_REQUIRE(quipu::sink_for<graphite, quipu::store_traits>);
    STATIC_REQUIRE(quipu::sink_for<graphite, other_traits>);
    STATIC_REQUIRE(quipu::sink_for<console, quipu::store_traits>);
    STATIC_REQUIRE(quipu::sink_for<console, other_traits>);
}

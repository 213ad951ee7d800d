#include <quipu/schema/schema.hpp>

#include <quipu/core/number_text.hpp>
#include <quipu/snapshot/collect.hpp>

#include "support/catch.hpp"
#include "support/points.hpp"

#include <string>
#include <vector>

using namespace quipu;

namespace {

/// A schema of one's own: nothing but the counters, and not even those of zero.
struct busy_counters {
    using number_layout = layout::fixed<1>;

    template <class Traits, class Out>
    void write(const basic_snapshot<Traits>& from, const sink_history& history, Out&& out) const {
        for (const auto& one : from.counters) {
            if (one.cell.sum() != 0)
                out(point{.name = one.name, .value = one.cell.sum(), .timestamp = from.timestamp});
        }
        out(point{.head = "own.",
                  .name = "bytes",
                  .value = history.flush_bytes,
                  .timestamp = history.last_flush});
    }
};
static_assert(schema_for<busy_counters, store_traits>);

struct without_layout {
    void write(const snapshot&, const sink_history&, detail::point_taker) const;
};
struct without_a_known_layout {
    using number_layout = int;
    void write(const snapshot&, const sink_history&, detail::point_taker) const;
};
struct without_write {
    using number_layout = layout::shortest;
};
struct changes_itself {
    using number_layout = layout::shortest;
    void write(const snapshot&, const sink_history&, detail::point_taker);
};
static_assert(!schema_for<int, store_traits>);
static_assert(!schema_for<without_layout, store_traits>);
static_assert(!schema_for<without_a_known_layout, store_traits>);
static_assert(!schema_for<without_write, store_traits>);
static_assert(!schema_for<changes_itself, store_traits>);

} // namespace

TEST_CASE("schema: anyone can name the numbers", "[schema]") {
    store all;
    sample one;
    one.value = 2.25;
    all.apply("b", one);
    one.value = 0;
    all.apply("a", one);
    const sink_history history{.last_flush = 5, .flush_bytes = 77};
    CHECK(points(busy_counters(), collect(all, 10, 10), history) ==
          std::vector<std::string>{"b 2.2", "own.bytes 77.0 5"});
}

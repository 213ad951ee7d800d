// What a sink is: the end of the road, which renders snapshots for one backend.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/snapshot/snapshot.hpp>

#include <concepts>

namespace quipu {

/// Renders snapshots for one backend and sends them.
/// Requires  errc write(const snapshot&): all of it, or an error; the same snapshot may come again
///           after an error, so what was sent of it already must do no harm twice. A sink whose backend
///           adds up says `static constexpr bool takes_twice = false`: then nothing comes again.
/// Provided  graphite, console.   Chosen at  the program that assembles a server.
/// Cost      one write for each flush, outside of the path that takes samples.
template <class S, class Traits>
concept sink_for = requires(S s, const basic_snapshot<Traits>& from) {
    { s.write(from) } -> std::same_as<errc>;
};

/// Says in one sentence what a type lacks to be a sink.
template <class S, class Traits>
consteval bool require_sink() {
    static_assert(sink_for<S, Traits>, "quipu sink: needs `errc write(const snapshot&)`");
    return true;
}

} // namespace quipu

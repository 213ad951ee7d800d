// Some of a snapshot's series.
#pragma once

#include <quipu/snapshot/snapshot.hpp>

#include <string_view>

namespace quipu {

/// A snapshot of those series of another whose canonical name `keeps` agrees to. Its cells are copies;
/// its names are views of the other's, which has to live as long.
/// Cost     a call of `keeps` for each series, and a copy of each cell that stays.
template <class Traits, class Keeps>
[[nodiscard]] basic_snapshot<Traits> select(const basic_snapshot<Traits>& from, Keeps&& keeps) {
    basic_snapshot<Traits> some;
    some.timestamp = from.timestamp;
    some.interval_seconds = from.interval_seconds;
    some.processing_milliseconds = from.processing_milliseconds;
    for_each_kind(
        [&](auto& into, const auto& all) {
            for (const auto& one : all) {
                if (keeps(std::string_view(one.name)))
                    into.push_back(one);
            }
        },
        some,
        from);
    return some;
}

} // namespace quipu

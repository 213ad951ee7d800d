// Snapshots of lines, made as a server makes them.
#pragma once

#include <quipu/server/intake.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>

#include <cstdint>
#include <string_view>

namespace quipu::test {

/// An interval of ten seconds that ends at `timestamp`. Lines that are refused are left out.
template <class Profile = profile::quipu>
typename basic_pipeline<Profile>::snapshot_type snapshot_of(std::string_view lines,
                                                            std::int64_t timestamp) {
    basic_intake<Profile> intake;
    intake.receive(lines, timestamp, [](refusal, std::string_view) {});
    basic_pipeline<Profile> pipeline;
    pipeline.take(intake.shard().active());
    return pipeline.flush(timestamp, 10);
}

} // namespace quipu::test

// Ours against the C statsite: the same input gives the same lines, to the digit.
#include <quipu/schema/statsite.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/sink/statsite_stream.hpp>

#include "support/catch.hpp"
#include "support/recorded.hpp"
#include "support/source_tree.hpp"

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace quipu;

namespace {

using lines = std::multiset<std::string>; // the order there is that of a hash table

constexpr double interval_seconds = 2;

std::filesystem::path folder() {
    return std::filesystem::path(QUIPU_SOURCE_DIR) / "tests" / "oracle" / "statsite";
}

struct configuration {
    statsite_schema_options options{};
    std::string input_counter{};
};

configuration configured(std::string_view name) {
    configuration made;
    auto& options = made.options;
    if (name == "statsite-extended") {
        options.extended_counters = true;
        options.legacy_extended_counters = false;
        options.quantiles.quantiles = {0.5, 0.90, 0.999};
        options.global_prefix = "stats.";
        options.use_type_prefix = false;
        made.input_counter = "numStats";
    } else if (name == "statsite-legacyext") {
        options.extended_counters = true;
        options.timers_include = timer_numbers::count | timer_numbers::sum | timer_numbers::upper;
    }
    return made;
}

/// What ours puts out in the two flushes after an input, without the timestamps.
std::pair<lines, lines> ours(const std::string& input, const configuration& how) {
    basic_intake<profile::statsite> intake;
    basic_pipeline<profile::statsite> pipeline;
    pipeline.count_lines_as(how.input_counter);
    for (const auto& line :
         source_tree::lines_of(source_tree::read_text(folder() / (input + ".txt")))) {
        intake.receive(recorded_input::unescape(line), 0, [](refusal, std::string_view) {});
    }
    intake.shard().end();
    for (int side = 0; side < 2; ++side)
        pipeline.take(intake.shard().retire([] {}));
    const statsite_schema schema(how.options);
    const auto flush = [&] {
        lines told;
        schema.write(pipeline.flush(1, interval_seconds), {}, [&](const point& one) {
            std::string line;
            append_statsite_line<statsite_schema::number_layout>(line, one);
            told.insert(line.substr(0, line.rfind('|')));
        });
        return told;
    };
    auto first = flush();
    return {std::move(first), flush()};
}

/// The recorded lines without their timestamps.
lines recorded(const std::string& file) {
    lines all;
    for (const auto& line : source_tree::lines_of(source_tree::read_text(folder() / file)))
        all.insert(line.substr(0, line.rfind('|')));
    return all;
}

} // namespace

TEST_CASE("oracle: our lines are those of statsite", "[oracle][statsite]") {
    std::size_t compared = 0;
    for (const auto& [path, text] : source_tree::read_files(folder(), ".out")) {
        const auto file = std::filesystem::path(path).filename().string();
        const auto input = file.substr(0, file.find('.'));
        const auto config = file.substr(input.size() + 1, file.rfind('.') - input.size() - 1);
        CAPTURE(file);
        const auto theirs = recorded(file);
        CHECK(theirs.size() > 3);
        const auto [first, second] = ours(input, configured(config));
        CHECK(first == theirs);
        CHECK(second.empty());
        ++compared;
    }
    CHECK(compared == 15);
}

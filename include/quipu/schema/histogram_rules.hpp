// Which timers get a fixed-bin histogram, with which bins, and how these are called.
#pragma once

#include <quipu/cell/fixed_bins.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// The histogram of the timers that a pattern is for.
struct histogram_rule {
    std::string pattern;
    bin_edges edges{};
    /// What the name of each bin ends with; where there are fewer, the last bins are not told.
    std::vector<std::string> tails{};
};

/// A rule of Etsy's statsd: the pattern may stand anywhere in a key. The limits of the bins, as
/// text, ascend; each is exclusive, and `inf`, which may be the last, is none. What is not below any
/// is not told.
/// Errors   bad_number, value_limit.
/// Source   statsd/statsd, exampleConfig.js, "histogram".
[[nodiscard]] inline result<histogram_rule> etsy_histogram(std::string pattern,
                                                           const std::vector<std::string>& limits) {
    histogram_rule made{std::move(pattern), {}, {}};
    std::vector<double> edges;
    for (const auto& limit : limits) {
        if (limit != "inf") {
            const auto edge = parse_number(limit);
            if (!edge)
                return edge.error();
            edges.push_back(*edge);
        } else if (&limit != &limits.back()) {
            return errc::bad_number;
        }
        std::string tail = limit;
        if (const auto dot = tail.find('.'); dot != tail.npos)
            tail[dot] = '_';
        made.tails.push_back(".histogram.bin_" + tail);
    }
    auto at = bin_edges::at(std::move(edges));
    if (!at)
        return at.error();
    made.edges = *std::move(at);
    return made;
}

/// A rule of statsite: the pattern is what a key begins with, an empty one is for all.
/// Errors   bad_number, value_limit.
/// Source   statsite, "histogram sections".
[[nodiscard]] inline result<histogram_rule>
statsite_histogram(std::string prefix, double min, double max, double width) {
    auto edges = bin_edges::uniform(min, max, width);
    if (!edges)
        return edges.error();
    const auto text = [](double edge) {
        char number[layout::fixed<2>::bytes_max];
        return std::string(number, layout::fixed<2>::write(number, edge));
    };
    histogram_rule made{std::move(prefix), *std::move(edges), {}};
    made.tails.push_back(".histogram.bin_<" + text(min));
    const auto& all = made.edges.values();
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        made.tails.push_back(".histogram.bin_" + text(all[i]));
    made.tails.push_back(".histogram.bin_>" + text(max));
    return made;
}

/// Which of several rules is a key's.
enum class histogram_match : std::uint8_t {
    first_within,   ///< Etsy's: the first whose pattern stands anywhere in the key
    longest_prefix, ///< statsite's: that of the longest pattern with which the key begins
};

/// The rule of a key, or null.
/// Cost     O(rules * key size).
[[nodiscard]] inline const histogram_rule* find_rule(const std::vector<histogram_rule>& rules,
                                                     histogram_match match,
                                                     std::string_view key) noexcept {
    const histogram_rule* found = nullptr;
    for (const auto& one : rules) {
        if (match == histogram_match::first_within && key.find(one.pattern) != key.npos)
            return &one;
        if (match == histogram_match::longest_prefix && key.starts_with(one.pattern) &&
            (found == nullptr || one.pattern.size() > found->pattern.size()))
            found = &one;
    }
    return found;
}

/// The samples of a sketch that keeps its values, by bins; each counts once, whatever its weight.
template <class Sketch>
[[nodiscard]] fixed_bins count_samples(const Sketch& sketch, const bin_edges& edges) {
    fixed_bins counted(edges);
    for (const double value : sketch.values())
        counted.record(value);
    return counted;
}

} // namespace quipu

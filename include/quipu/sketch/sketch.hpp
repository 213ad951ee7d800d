// What a sketch is: a summary of many values from which quantiles, or the number of distinct
// members, can be read.
#pragma once

#include <quipu/core/byte_codec.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quipu {

/// A part of a distribution: its lowest or its highest values.
struct distribution_part {
    double count = 0; ///< in weights
    double sum = 0;
    double sum_squares = 0;
    /// The value at the cut: the largest of the lowest, the smallest of the highest.
    double boundary = 0;
};

/// Summarises values so that quantiles can be read.
/// Requires  record, merge, clear; settle, which comes after the last record and before a read;
///           count (the sum of the weights), sum, sum_squares, min, max, quantile, median, lowest and highest
///           (the part up to a quantile, from it on), squared_deviations (from the mean), and
///           dropped: how many values it could not take into its quantiles; write and read, to
///           bytes in a form that stays the same and back: read replaces the contents, and is false
///           and leaves nothing if the bytes make no sense.
/// Laws      merge is associative and commutative as far as quantiles tell; a weight w equals w
///           repetitions; quantile is monotonic in q and within [min, max]; the lowest and the
///           highest, cut between the same two events, are the whole; what was written is read.
/// Provided  exact, exponential_histogram, adaptive (default), ckms.   Chosen at  basic_timer.
/// Cost      one record for each sample.
template <class S>
concept quantile_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, double value, double weight, byte_writer& out, byte_reader& in) {
    s.record(value, weight);
    s.merge(other);
    s.settle();
    s.clear();
    { other.count() } -> std::same_as<double>;
    { other.sum() } -> std::same_as<double>;
    { other.sum_squares() } -> std::same_as<double>;
    { other.min() } -> std::same_as<double>;
    { other.max() } -> std::same_as<double>;
    { other.quantile(value) } -> std::same_as<double>;
    { other.median() } -> std::same_as<double>;
    { other.lowest(value) } -> std::same_as<distribution_part>;
    { other.highest(value) } -> std::same_as<distribution_part>;
    { other.squared_deviations() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
    other.write(out);
    { s.read(in) } -> std::same_as<bool>;
};

/// Estimates how many distinct members it has seen.
/// Requires  insert(hash), which is false if a new member finds no room; dropped, how often that
///           was so; merge, clear; empty; estimate, and standard_error, its deviation relative to
///           the true number, 0 while that is what it is; write, a form of bytes that stays the
///           same, and read, which takes its place, or is false and leaves nothing if the bytes
///           are no such form.
/// Laws      merge is associative and commutative; a member counts once however often it comes;
///           what is written reads back equal, and what is read is written as the same bytes; as
///           long as nothing is dropped, the order of the members does not show.
/// Provided  exact_set, hyperloglog, adaptive_set (default).   Chosen at  basic_unique.
/// Cost      one insert for each sample.
template <class S>
concept distinct_sketch = std::default_initializable<S> &&
    requires(S s, const S& other, std::uint64_t hash, byte_writer& out, byte_reader& from) {
    { s.insert(hash) } -> std::same_as<bool>;
    s.merge(other);
    s.clear();
    { other.empty() } -> std::same_as<bool>;
    { other.estimate() } -> std::same_as<double>;
    { other.standard_error() } -> std::same_as<double>;
    { other.dropped() } -> std::same_as<std::size_t>;
    other.write(out);
    { s.read(from) } -> std::same_as<bool>;
};

} // namespace quipu

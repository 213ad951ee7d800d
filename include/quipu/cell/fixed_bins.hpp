// The fixed-bin histogram: how many values fell between edges that were chosen before.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace quipu {

/// The edges of bins, ascending: one bin below the first, one between each two, one from the last
/// on. A value on an edge is in the bin that begins there.
class bin_edges {
public:
    /// How many bins there may be: what statsite allows.
    static constexpr std::size_t bins_max = 1024;

    /// No edge: one bin for all.
    bin_edges() = default;

    /// Edges as they are given.
    /// Errors   bad_number: they do not ascend, or are no numbers; value_limit: more than bins_max.
    [[nodiscard]] static result<bin_edges> at(std::vector<double> edges) {
        if (edges.size() >= bins_max)
            return errc::value_limit;
        bin_edges made;
        made.edges_ = std::move(edges);
        if (!made.ascends())
            return errc::bad_number;
        return made;
    }

    /// Edges from `min` on, each `width` above the last, as many as fit up to `max`. So there are
    /// (max - min) / width bins, rounded down, and the two outer ones.
    /// Errors   bad_number: width is not above 0, or max not above min; value_limit.
    /// Source   statsite, "histogram sections".
    [[nodiscard]] static result<bin_edges> uniform(double min, double max, double width) {
        if (!(width > 0 && max > min && max - min < 1e300))
            return errc::bad_number;
        const double bins = std::floor((max - min) / width);
        if (bins + 2 > static_cast<double>(bins_max))
            return errc::value_limit;
        std::vector<double> edges;
        for (double i = 0; i <= bins; ++i)
            edges.push_back(min + i * width);
        return at(std::move(edges));
    }

    [[nodiscard]] const std::vector<double>& values() const noexcept { return edges_; }
    [[nodiscard]] std::size_t bins() const noexcept { return edges_.size() + 1; }

    /// The bin of a value.
    /// Cost     O(log bins).
    [[nodiscard]] std::size_t bin(double value) const noexcept {
        return static_cast<std::size_t>(std::upper_bound(edges_.begin(), edges_.end(), value) -
                                        edges_.begin());
    }

    friend bool operator==(const bin_edges&, const bin_edges&) = default;

private:
    [[nodiscard]] bool ascends() const noexcept {
        for (std::size_t i = 0; i < edges_.size(); ++i) {
            if (edges_[i] != edges_[i] || (i > 0 && !(edges_[i - 1] < edges_[i])))
                return false;
        }
        return true;
    }

    std::vector<double> edges_{};
};

/// Counts values by bins.
/// Memory   8 bytes a bin and 8 an edge.
/// Threads  distinct objects safe, shared objects unsafe.
class fixed_bins {
public:
    fixed_bins() = default;
    explicit fixed_bins(bin_edges edges) : edges_(std::move(edges)), counts_(edges_.bins()) {}

    void record(double value, double weight = 1) noexcept { counts_[edges_.bin(value)] += weight; }

    /// Adds the counts of another one with the same edges.
    void merge(const fixed_bins& other) noexcept {
        QUIPU_ASSERT(other.edges_ == edges_);
        for (std::size_t i = 0; i < counts_.size(); ++i)
            counts_[i] += other.counts_[i];
    }

    /// Sets all counts to 0 and keeps the edges.
    void clear() noexcept { std::fill(counts_.begin(), counts_.end(), 0.0); }

    [[nodiscard]] const bin_edges& edges() const noexcept { return edges_; }
    /// One count a bin, that below the first edge first.
    [[nodiscard]] const std::vector<double>& counts() const noexcept { return counts_; }

    /// Writes the edges and the counts.
    void write(byte_writer& out) const {
        out.count(edges_.values().size());
        for (const double edge : edges_.values())
            out.number(edge);
        for (const double count : counts_)
            out.number(count);
    }

    /// Takes the place of what it held. False, and without an edge, if the bytes are no such bins.
    [[nodiscard]] bool read(byte_reader& from) {
        std::vector<double> edges(from.count_of(16));
        for (double& edge : edges)
            edge = from.number();
        auto made = bin_edges::at(std::move(edges));
        *this = made && !from.failed() ? fixed_bins(*std::move(made)) : fixed_bins();
        bool sound = made.has_value();
        for (double& count : counts_) {
            count = from.number();
            sound = sound && count >= 0;
        }
        if (sound && !from.failed())
            return true;
        *this = fixed_bins();
        return false;
    }

private:
    bin_edges edges_{};
    std::vector<double> counts_ = std::vector<double>(1);
};

} // namespace quipu

// The metrics of a page of Prometheus: which name and labels a series has there, who has them already,
// and how long nothing came for it.
#pragma once

#include <quipu/core/hash.hpp>
#include <quipu/sink/prometheus_name.hpp>
#include <quipu/sink/prometheus_protobuf.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/series.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu::detail {

/// What the page has of one series.
struct prometheus_series {
    double value = 0; // of a timer the sum
    double count = 0;
    std::vector<double> parts{}; // quantiles, or the counts up to the bounds
    made_late<exponential_histogram<>> native{};
    bool has_buckets = false; // a timer whose parts are counts

    metric_kind kind = metric_kind::counter;
    double idle_seconds = 0;   // since something came
    std::uint64_t origin = 0;  // the hash of the canonical text that came first
    std::uint64_t seen = 0;    // the number of the last snapshot that had it
    std::uint64_t updated = 0; // and of the last one for which something came
};

struct prometheus_family {
    prometheus_type type = prometheus_type::counter;
    std::string help{};
    std::map<std::string, prometheus_series> by_labels{};
};

/// What was not taken as it came, in series of snapshots, since the beginning.
struct prometheus_losses {
    std::uint64_t conflicts = 0; ///< left out: the name, or the series, is one of another kind
    std::uint64_t refused = 0;   ///< left out: no room
    std::uint64_t merged = 0;    ///< taken, into the series of another name that is the same there
    std::uint64_t fallen = 0;    ///< left out: a counter's step below zero
    std::uint64_t out_of_range = 0; ///< left out: the total would be no number
    std::uint64_t expired = 0;      ///< series that left, since nothing came for too long
    /// The last one that was merged, and into what: `a-b` and `a_b_total`.
    std::string merged_name{}, merged_into{};
    /// The last counter that would have fallen.
    std::string fallen_name{};
};

/// Metrics by name, each with its series by labels.
/// Threads  distinct objects safe, shared objects unsafe.
class prometheus_families {
public:
    using series = prometheus_series;
    using map = std::map<std::string, prometheus_family>;

    /// Names that begin so are the page's own: `statsd_` stands before a series of such a name.
    void reserve(std::string prefix) { reserved_prefix_ = std::move(prefix); }

    /// What comes from here on is of the next snapshot. Gauges and sets, of which the last value counts,
    /// leave: those that are still there come with it, and their places are kept for the `gauges` in it.
    void begin(std::size_t gauges) {
        ++snapshot_;
        const std::size_t before = size_;
        for (auto& [name, family] : families_) {
            if (family.type != prometheus_type::gauge)
                continue;
            size_ -= family.by_labels.size();
            family.by_labels.clear();
        }
        kept_places_ = std::min(before - size_, gauges);
    }

    /// The series of a canonical text, new if there is none and fewer than `series_max` are there; null
    /// if it cannot be, which is counted. `first`: nothing of this snapshot is in it yet.
    [[nodiscard]] series* find(std::string_view canonical,
                               std::string_view suffix,
                               prometheus_type type,
                               metric_kind kind,
                               std::size_t series_max,
                               bool& first) {
        const auto parts = split_canonical(canonical);
        std::string name;
        append_prometheus_name<true>(name, parts.name);
        if (!name.ends_with(suffix))
            name += suffix;
        if (!reserved_prefix_.empty() && name.starts_with(reserved_prefix_))
            name.insert(0, "statsd_");
        auto labels = prometheus_labels(parts.tags);
        auto known = families_.find(name);
        if (known != families_.end() && known->second.type != type)
            return ++losses.conflicts, nullptr;
        series* found = nullptr;
        if (known != families_.end()) {
            const auto at = known->second.by_labels.find(labels);
            found = at == known->second.by_labels.end() ? nullptr : &at->second;
        }
        const auto origin = hash_bytes(canonical, 0);
        if (found == nullptr) {
            // A name without a series would stay for ever.
            const bool is_gauge = type == prometheus_type::gauge;
            if (size_ + (is_gauge ? 0 : kept_places_) >= series_max)
                return ++losses.refused, nullptr;
            if (known == families_.end()) {
                if (!claim(name, type))
                    return ++losses.conflicts, nullptr;
                prometheus_family made{.type = type, .help = "StatsD's " + std::string(parts.name)};
                known = families_.emplace(std::move(name), std::move(made)).first;
            }
            ++size_;
            kept_places_ -= is_gauge && kept_places_ > 0 ? 1U : 0U;
            found = &known->second.by_labels[std::move(labels)];
            found->kind = kind;
            found->origin = origin;
        } else if (found->kind != kind) {
            return ++losses.conflicts, nullptr;
        } else if (found->origin != origin) {
            ++losses.merged;
            losses.merged_name = canonical;
            losses.merged_into = labels.empty() ? known->first : known->first + '{' + labels + '}';
        }
        first = found->seen != snapshot_;
        found->seen = snapshot_;
        return found;
    }

    /// Something came for it in this snapshot.
    void touch(series& one) const noexcept { one.updated = snapshot_; }

    /// At the end of a snapshot: what nothing has come for in more than `ttl_seconds` leaves, if that is
    /// above 0. Calls quiet(series) for each of the others for which nothing came.
    template <class Quiet>
    void end(double interval_seconds, double ttl_seconds, Quiet quiet) {
        for (auto family = families_.begin(); family != families_.end();) {
            auto& all = family->second.by_labels;
            for (auto one = all.begin(); one != all.end();) {
                series& of = one->second;
                of.idle_seconds = of.updated == snapshot_ ? 0 : of.idle_seconds + interval_seconds;
                if (ttl_seconds > 0 && of.idle_seconds > ttl_seconds && is_sum(of.kind)) {
                    ++losses.expired;
                    one = remove(all, one);
                    continue;
                }
                if (of.updated != snapshot_)
                    quiet(of);
                ++one;
            }
            family = all.empty() ? remove(family) : std::next(family);
        }
    }

    /// Calls f(family) for each, and removes those for which it is true, with all their series.
    template <class F>
    void remove_if(F f) {
        for (auto family = families_.begin(); family != families_.end();) {
            if (!f(family->second)) {
                ++family;
                continue;
            }
            auto& all = family->second.by_labels;
            for (auto one = all.begin(); one != all.end();)
                one = remove(all, one);
            family = remove(family);
        }
    }

    [[nodiscard]] const map& all() const noexcept { return families_; }
    /// Whether lines of a family begin with that name.
    [[nodiscard]] bool has_line(const std::string& name) const { return taken_.contains(name); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; } ///< series
    [[nodiscard]] std::size_t natives() const noexcept { return natives_; }
    void count_native() noexcept { ++natives_; }

    prometheus_losses losses{};

private:
    [[nodiscard]] static bool is_sum(metric_kind kind) noexcept {
        return kind == metric_kind::counter || kind == metric_kind::timer;
    }

    using labelled = std::map<std::string, series>;

    labelled::iterator remove(labelled& from, labelled::iterator one) {
        --size_;
        natives_ -= one->second.native ? 1U : 0U;
        return from.erase(one);
    }

    map::iterator remove(map::iterator family) {
        for (const auto& name : lines_of(family->first, family->second.type))
            taken_.erase(name);
        return families_.erase(family);
    }

    /// The names that a family's lines begin with.
    [[nodiscard]] static std::vector<std::string> lines_of(const std::string& name,
                                                           prometheus_type type) {
        std::vector<std::string> lines{name};
        if (type == prometheus_type::summary || type == prometheus_type::histogram) {
            for (const char* const tail : {"_sum", "_count", "_bucket"})
                lines.push_back(name + tail);
        }
        return lines;
    }

    /// Takes the names of a family's lines, unless one of them is taken.
    [[nodiscard]] bool claim(const std::string& name, prometheus_type type) {
        const auto lines = lines_of(name, type);
        for (const auto& one : lines) {
            if (taken_.contains(one))
                return false;
        }
        taken_.insert(lines.begin(), lines.end());
        return true;
    }

    std::string reserved_prefix_{};
    map families_{};
    std::set<std::string> taken_{};
    std::size_t size_ = 0;
    std::size_t kept_places_ = 0; // for gauges that are still to come
    std::size_t natives_ = 0;
    std::uint64_t snapshot_ = 0;
};

} // namespace quipu::detail

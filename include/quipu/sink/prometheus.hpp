// Snapshots in the formats of Prometheus.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/sink/prometheus_families.hpp>
#include <quipu/sink/prometheus_format.hpp>
#include <quipu/sink/prometheus_protobuf.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/bucket_layout.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What the page of Prometheus can be told.
struct prometheus_options {
    /// A timer is a summary with these quantiles of the last interval, each 0 to 1,
    std::vector<double> quantiles = {0.5, 0.9, 0.99};
    /// or, if there are any here, a histogram with these upper bounds, ascending.
    std::vector<double> bounds{};
    /// Series beyond it are left out, and counted.
    std::size_t series_max = 100'000;
    /// Timers that can be native histograms; those beyond it are what they are without.
    std::size_t native_max = 10'000;
    /// A series for which nothing came for so long leaves the page, and its place; one that comes again
    /// begins with nothing. 0: never.
    double ttl_seconds = 3600;
    /// Names that begin so are somebody else's: `statsd_` is put before them. Empty: none.
    std::string reserved_prefix{};
};

/// The page that Prometheus scrapes. A snapshot tells what came in one interval, Prometheus wants
/// what came since the start, so the page keeps sums:
///
///     # HELP api_hits_total StatsD's api.hits
///     # TYPE api_hits_total counter
///     api_hits_total{method="get"} 1200
///     # HELP queue StatsD's queue
///     # TYPE queue gauge
///     queue 7
///     # HELP api_latency StatsD's api.latency
///     # TYPE api_latency summary
///     api_latency{quantile="0.5"} 12.5
///     api_latency_sum 18250
///     api_latency_count 1460
///
/// Sets are gauges. Key/values are left out. Times are in the unit of the timer. A timer for which
/// nothing came in an interval has no quantiles; its sum and count stay.
///
/// Names are cleaned. Series that are one after that are merged: counters add, timers and sets merge, of
/// gauges the later stays. Where a name would be of two kinds of metrics the first has it, and the other
/// is left out. A counter never falls: a step below zero is left out, and so is one that would lead
/// beyond the doubles. `losses` counts all that.
///
/// In the form of protocol buffers timers are native histograms, from `collect_native` on.
///
/// Memory   some 400 bytes for each series, up to `series_max`; gauges and sets go, and leave their names
///          to others, when they are in no snapshot any more, all others `ttl_seconds` after the last
///          that came. Of a native histogram 8 bytes for each bucket between its lowest value and its
///          highest, 512 bytes an octave, 64 KiB at most.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Prometheus, "Exposition formats", text format 0.0.4; OpenMetrics 1.0.0; for protocol buffers
///          see prometheus_message. That a counter does not fall and series expire: statsd_exporter.
class prometheus_page {
public:
    explicit prometheus_page(prometheus_options options = {}) { change(std::move(options)); }

    /// From the next snapshot on timers have the buckets of native histograms, too, which begin with
    /// nothing.
    void collect_native() noexcept { native_ = true; }

    /// Takes other options. Counts and sums stay, but those of timers whose buckets change: these begin
    /// with nothing. The reserved prefix is for series that are new. Of quantiles and bounds that are
    /// equal the first stays, since two lines of one label are one; infinite ones are left out.
    void change(prometheus_options options) {
        keep_distinct(options.quantiles);
        keep_distinct(options.bounds);
        const bool other_buckets = options.bounds != options_.bounds;
        options_ = std::move(options);
        families_.reserve(options_.reserved_prefix);
        families_.remove_if([&](auto& family) {
            if (family.type == prometheus_type::histogram)
                return other_buckets;
            if (family.type != prometheus_type::summary)
                return false;
            for (auto& [labels, one] : family.by_labels)
                one.parts.assign(options_.quantiles.size(), not_a_number);
            return other_buckets;
        });
    }
    [[nodiscard]] const prometheus_options& options() const noexcept { return options_; }

    /// Takes in the next snapshot.
    template <class StoreTraits>
    void add(const basic_snapshot<StoreTraits>& from) {
        families_.begin(from.gauges.size() + from.uniques.size());
        bool first = false;
        for (const auto& one : from.counters) {
            if (auto* const known = find(
                    from, one, "_total", prometheus_type::counter, metric_kind::counter, first))
                add_counter(*known, one);
        }
        for (const auto& one : from.gauges) {
            if (auto* const known =
                    find(from, one, "", prometheus_type::gauge, metric_kind::gauge, first))
                known->value = one.cell.value();
        }
        add_timers(from);
        add_uniques(from);
        families_.end(from.interval_seconds, options_.ttl_seconds, [](series& quiet) {
            if (quiet.kind == metric_kind::timer && !quiet.has_buckets)
                std::fill(quiet.parts.begin(), quiet.parts.end(), not_a_number);
        });
    }

    /// The page as it is now. In OpenMetrics a counter `x_total` is of the metric `x`, or of an unknown
    /// type if there is another metric `x`, or one with lines of that name. `more` is what belongs to the page, in the same format.
    [[nodiscard]] std::string render(prometheus_format form = prometheus_format::text,
                                     std::string_view more = {}) const {
        const bool open = form == prometheus_format::openmetrics;
        std::string out;
        if (form == prometheus_format::protobuf)
            return append_messages(out), out += more;
        for (const auto& [name, one] : families_.all()) {
            auto title = name;
            auto type = word(one.type);
            if (open && one.type == prometheus_type::counter) {
                title.resize(title.size() - std::string_view("_total").size());
                if (title.empty() || families_.has_line(title))
                    title = name, type = "unknown";
            }
            detail::append_prometheus_title(out, title, type, one.help, form);
            for (const auto& [labels, values] : one.by_labels)
                append(out, name, one.type, labels, values);
        }
        out += more;
        return open ? out += "# EOF\n" : out;
    }

    /// What was not taken as it came, since the beginning.
    [[nodiscard]] const detail::prometheus_losses& losses() const noexcept {
        return families_.losses;
    }
    [[nodiscard]] std::size_t size() const noexcept { return families_.size(); } ///< series

private:
    using series = detail::prometheus_series;

    static void keep_distinct(std::vector<double>& points) {
        auto end = points.begin();
        for (const double one : points) {
            if (detail::is_finite(one) && std::find(points.begin(), end, one) == end)
                *end++ = one;
        }
        points.erase(end, points.end());
    }

    [[nodiscard]] static std::string_view word(prometheus_type type) noexcept {
        switch (type) {
        case prometheus_type::counter: return "counter";
        case prometheus_type::gauge: return "gauge";
        case prometheus_type::summary: return "summary";
        case prometheus_type::histogram: return "histogram";
        }
        return "untyped";
    }

    /// The series of an entry; null if it is left out.
    template <class Snapshot, class Entry>
    [[nodiscard]] series* find(const Snapshot& from,
                               const Entry& one,
                               std::string_view suffix,
                               prometheus_type type,
                               metric_kind kind,
                               bool& first) {
        const double idle_seconds = one.idle_intervals * from.interval_seconds;
        if (options_.ttl_seconds > 0 && idle_seconds > options_.ttl_seconds) {
            const bool was_there = idle_seconds - from.interval_seconds <= options_.ttl_seconds;
            if (type == prometheus_type::gauge && was_there)
                ++families_.losses.expired;
            return nullptr; // it has left, or will at the end of this
        }
        auto* const known =
            families_.find(one.name, suffix, type, kind, options_.series_max, first);
        if (known != nullptr && !one.cell.idle())
            families_.touch(*known);
        return known;
    }

    template <class Entry>
    void add_counter(series& to, const Entry& one) {
        const double more = one.cell.sum();
        if (more < 0) {
            ++families_.losses.fallen;
            families_.losses.fallen_name = one.name;
        } else if (!detail::sum_is_finite(to.value, more)) {
            ++families_.losses.out_of_range;
        } else {
            to.value += more;
        }
    }

    /// Series that are one here give the quantiles of all their values.
    template <class StoreTraits>
    void add_timers(const basic_snapshot<StoreTraits>& from) {
        const bool classic = !options_.bounds.empty();
        std::vector<series*> homes;
        homes.reserve(from.timers.size());
        std::map<series*, typename StoreTraits::timer> merged;
        for (const auto& one : from.timers) {
            bool first = false;
            auto* const known =
                find(from,
                     one,
                     "",
                     classic ? prometheus_type::histogram : prometheus_type::summary,
                     metric_kind::timer,
                     first);
            if (known != nullptr) {
                add_timer(*known, one.cell, classic);
                if (!first)
                    merge_with_first(merged, homes, known, from.timers, one.cell);
            }
            homes.push_back(known);
        }
        for (auto& [to, cell] : merged) {
            cell.settle();
            if (!classic)
                set_quantiles(*to, cell);
        }
    }

    template <class StoreTraits>
    void add_uniques(const basic_snapshot<StoreTraits>& from) {
        std::vector<series*> homes;
        homes.reserve(from.uniques.size());
        std::map<series*, typename StoreTraits::unique> merged;
        for (const auto& one : from.uniques) {
            bool first = false;
            auto* const known =
                find(from, one, "", prometheus_type::gauge, metric_kind::unique, first);
            if (known != nullptr) {
                known->value = one.cell.estimate();
                if (!first)
                    merge_with_first(merged, homes, known, from.uniques, one.cell);
            }
            homes.push_back(known);
        }
        for (auto& [to, cell] : merged) {
            cell.settle();
            to->value = cell.estimate();
        }
    }

    /// Adds a cell to those that came before it for the same series.
    template <class Cell, class Entries>
    static void merge_with_first(std::map<series*, Cell>& merged,
                                 const std::vector<series*>& homes,
                                 series* of,
                                 const Entries& entries,
                                 const Cell& cell) {
        auto known = merged.find(of);
        if (known == merged.end()) {
            const auto first = std::find(homes.begin(), homes.end(), of);
            known =
                merged.emplace(of, entries[static_cast<std::size_t>(first - homes.begin())].cell)
                    .first;
        }
        static_cast<void>(known->second.merge(cell));
    }

    template <class Timer>
    void set_quantiles(series& to, const Timer& cell) const {
        to.parts.clear();
        for (const double q : options_.quantiles)
            to.parts.push_back(cell.idle() ? not_a_number : cell.values().quantile(q));
    }

    template <class Timer>
    void add_timer(series& to, const Timer& cell, bool classic) {
        if (!detail::sum_is_finite(to.value, cell.sum()) ||
            !detail::sum_is_finite(to.count, cell.count())) {
            ++families_.losses.out_of_range;
            if (classic)
                to.parts.resize(options_.bounds.size());
            else
                to.parts.assign(options_.quantiles.size(), not_a_number);
            return;
        }
        if (native_ && (to.native || families_.natives() < options_.native_max))
            add_native(to, cell.values());
        to.value += cell.sum();
        to.count += cell.count();
        to.has_buckets = classic;
        if (!classic)
            return set_quantiles(to, cell);
        const auto counts = cumulative_counts(cell.values(), options_.bounds);
        to.parts.resize(counts.size());
        for (std::size_t i = 0; i < counts.size(); ++i)
            to.parts[i] += counts[i];
    }

    template <class Sketch>
    void add_native(series& to, const Sketch& values) {
        auto& buckets = to.native.background();
        if (!to.native) {
            to.native.put();
            families_.count_native();
        }
        if constexpr (requires { values.merge_into(buckets); }) {
            values.merge_into(buckets);
        } else if constexpr (requires { values.keeps_values(); }) {
            for (std::size_t i = 0; i < values.values().size(); ++i)
                buckets.record(values.values()[i], values.weight(i));
        } else {
            // Any other sketch tells its quantiles: so many of them stand for all.
            constexpr double points_max = 1000;
            const double points = std::min(std::ceil(values.count()), points_max);
            for (double i = 0; i < points; ++i)
                buckets.record(values.quantile((i + 0.5) / points), values.count() / points);
        }
    }

    void append_messages(std::string& out) const {
        for (const auto& [name, one] : families_.all()) {
            const bool distributes =
                one.type == prometheus_type::summary || one.type == prometheus_type::histogram;
            const auto has_native = [](const auto& each) {
                return static_cast<bool>(each.second.native);
            };
            const bool native =
                distributes && std::any_of(one.by_labels.begin(), one.by_labels.end(), has_native);
            prometheus_message message(
                name, one.help, native ? prometheus_type::histogram : one.type);
            const auto* const points = one.type == prometheus_type::histogram ? &options_.bounds
                                       : native                               ? nullptr
                                                                              : &options_.quantiles;
            for (const auto& [labels, of] : one.by_labels) {
                if (!distributes)
                    message.add(labels, of.value);
                else
                    message.add(
                        labels,
                        {of.value, of.count, points, &of.parts, of.native ? &*of.native : nullptr});
            }
            message.append_to(out);
        }
    }

    static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

    void append(std::string& out,
                std::string_view name,
                prometheus_type type,
                std::string_view labels,
                const series& of) const {
        if (type == prometheus_type::counter || type == prometheus_type::gauge)
            return detail::append_prometheus_line(out, name, "", labels, "", of.value);
        const bool classic = type == prometheus_type::histogram;
        const auto& points = classic ? options_.bounds : options_.quantiles;
        for (std::size_t i = 0; i < points.size(); ++i) {
            detail::append_prometheus_line(
                out,
                name,
                classic ? "_bucket" : "",
                labels,
                detail::prometheus_label(classic ? "le" : "quantile", points[i]),
                of.parts[i]);
        }
        if (classic)
            detail::append_prometheus_line(out, name, "_bucket", labels, "le=\"+Inf\"", of.count);
        detail::append_prometheus_line(out, name, "_sum", labels, "", of.value);
        detail::append_prometheus_line(out, name, "_count", labels, "", of.count);
    }

    prometheus_options options_{};
    detail::prometheus_families families_{};
    bool native_ = false;
};

/// Sends the whole page after each snapshot, to a file or a terminal, say.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport>
class basic_prometheus {
    static_assert(require_transport<Transport>());

public:
    explicit basic_prometheus(Transport transport, prometheus_options options = {})
        : transport_(std::move(transport)), page_(std::move(options)) {}

    /// Returns  ok when the transport has taken everything.
    /// Errors   those of the transport: then the snapshot has not been taken in, and may come again,
    ///          also as a part of a longer one.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        prometheus_page next = page_;
        next.add(from);
        const errc error = transport_.send(next.render());
        if (error == errc::ok)
            page_ = std::move(next);
        return error;
    }

    [[nodiscard]] const prometheus_page& page() const noexcept { return page_; }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    Transport transport_;
    prometheus_page page_;
};

} // namespace quipu

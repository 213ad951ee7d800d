// Snapshots in the formats of Prometheus.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/sink/prometheus_format.hpp>
#include <quipu/sink/prometheus_name.hpp>
#include <quipu/sink/prometheus_protobuf.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/bucket_layout.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
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
    /// Names that begin so are somebody else's: left out, and counted as conflicts. Empty: none.
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
/// Sets are gauges. Names are cleaned; where a name would be of two metrics, or of two gauges, the first
/// has it, and `conflicts` counts the other. Key/values are left out. Times are in the unit of the timer.
///
/// In the form of protocol buffers timers are native histograms, from `collect_native` on.
///
/// Memory   some 400 bytes for each series that ever was, up to `series_max`; gauges and sets go, and
///          leave their names to others, when they are in no snapshot any more. Of a native
///          histogram 8 bytes for each bucket between its lowest value and its highest, 512 bytes an
///          octave, 64 KiB at most.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Prometheus, "Exposition formats", text format 0.0.4; OpenMetrics 1.0.0; for protocol buffers
///          see prometheus_message.
class prometheus_page {
public:
    explicit prometheus_page(prometheus_options options = {}) : options_(std::move(options)) {}

    /// From the next snapshot on timers have the buckets of native histograms, too, which begin with
    /// nothing.
    void collect_native() noexcept { native_ = true; }

    /// Takes in the next snapshot.
    template <class StoreTraits>
    void add(const basic_snapshot<StoreTraits>& from) {
        for (auto& [name, one] : families_) {
            if (one.type != prometheus_type::gauge)
                continue;
            size_ -= one.by_labels.size();
            one.by_labels.clear();
        }
        for (const auto& one : from.counters) {
            if (auto* const known = find(one.name, "_total", prometheus_type::counter))
                known->value += one.cell.sum();
        }
        for (const auto& one : from.gauges) {
            if (auto* const known = find(one.name, "", prometheus_type::gauge))
                known->value = one.cell.value();
        }
        for (const auto& one : from.timers) {
            const bool classic = !options_.bounds.empty();
            if (auto* const known = find(
                    one.name, "", classic ? prometheus_type::histogram : prometheus_type::summary))
                add_timer(*known, one.cell, classic);
        }
        for (const auto& one : from.uniques) {
            if (auto* const known = find(one.name, "", prometheus_type::gauge))
                known->value = one.cell.estimate();
        }
        for (auto one = families_.begin(); one != families_.end();) {
            const bool gone = one->second.by_labels.empty();
            if (gone)
                taken_.erase(one->first); // only gauges go, which have one name
            one = gone ? families_.erase(one) : std::next(one);
        }
    }

    /// The page as it is now. In OpenMetrics a counter `x_total` is of the metric `x`, or of an unknown
    /// type if there is another metric `x`. `more` is what belongs to the page, in the same format.
    [[nodiscard]] std::string render(prometheus_format form = prometheus_format::text,
                                     std::string_view more = {}) const {
        const bool open = form == prometheus_format::openmetrics;
        std::string out;
        if (form == prometheus_format::protobuf)
            return append_messages(out), out += more;
        for (const auto& [name, one] : families_) {
            auto title = name;
            auto type = word(one.type);
            if (open && one.type == prometheus_type::counter) {
                title.resize(title.size() - std::string_view("_total").size());
                if (title.empty() || families_.contains(title))
                    title = name, type = "unknown";
            }
            detail::append_prometheus_title(out, title, type, one.help, form);
            for (const auto& [labels, values] : one.by_labels)
                append(out, name, one.type, labels, values);
        }
        out += more;
        return open ? out += "# EOF\n" : out;
    }

    /// How often a series was left out: its name is another metric's, or there was no room.
    [[nodiscard]] std::uint64_t conflicts() const noexcept { return conflicts_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct series {
        double value = 0; // of a timer the sum
        double count = 0;
        std::vector<double> parts{}; // quantiles, or the counts up to the bounds
        detail::made_late<exponential_histogram<>> native{};
    };

    struct family {
        prometheus_type type = prometheus_type::counter;
        std::string help{};
        std::map<std::string, series> by_labels{};
    };

    [[nodiscard]] static std::string_view word(prometheus_type type) noexcept {
        switch (type) {
        case prometheus_type::counter: return "counter";
        case prometheus_type::gauge: return "gauge";
        case prometheus_type::summary: return "summary";
        case prometheus_type::histogram: return "histogram";
        }
        return "untyped";
    }

    /// The series of a canonical text, new if there is none; null if it cannot be.
    [[nodiscard]] series*
    find(std::string_view canonical, std::string_view suffix, prometheus_type type) {
        const auto parts = split_canonical(canonical);
        std::string name;
        detail::append_prometheus_name<true>(name, parts.name);
        if (!name.ends_with(suffix))
            name += suffix;
        if (!options_.reserved_prefix.empty() && name.starts_with(options_.reserved_prefix))
            return ++conflicts_, nullptr;
        auto labels = detail::prometheus_labels(parts.tags);
        auto known = families_.find(name);
        if (known != families_.end()) {
            if (known->second.type != type)
                return ++conflicts_, nullptr;
            auto& all = known->second.by_labels;
            if (const auto found = all.find(labels); found != all.end()) {
                // What adds up is one series; a gauge of this snapshot stands there already.
                if (type == prometheus_type::gauge)
                    return ++conflicts_, nullptr;
                return &found->second;
            }
        }
        // A name without a series would stay for ever.
        if (size_ >= options_.series_max)
            return ++refused_, nullptr;
        if (known == families_.end()) {
            if (!claim(name, type))
                return ++conflicts_, nullptr;
            family made{.type = type, .help = "StatsD's " + std::string(parts.name)};
            known = families_.emplace(std::move(name), std::move(made)).first;
        }
        ++size_;
        return &known->second.by_labels[std::move(labels)];
    }

    /// Takes the names of a family's lines, unless one of them is taken.
    [[nodiscard]] bool claim(const std::string& name, prometheus_type type) {
        std::vector<std::string> lines{name};
        if (type == prometheus_type::summary || type == prometheus_type::histogram) {
            for (const char* const tail : {"_sum", "_count", "_bucket"})
                lines.push_back(name + tail);
        }
        for (const auto& one : lines) {
            if (taken_.contains(one))
                return false;
        }
        taken_.insert(lines.begin(), lines.end());
        return true;
    }

    template <class Timer>
    void add_timer(series& to, const Timer& cell, bool classic) {
        if (native_ && (to.native || natives_ < options_.native_max))
            add_native(to, cell.values());
        to.value += cell.sum();
        to.count += cell.count();
        if (!classic) {
            to.parts.clear();
            for (const double q : options_.quantiles)
                to.parts.push_back(cell.idle() ? not_a_number : cell.values().quantile(q));
            return;
        }
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
            ++natives_;
        }
        if constexpr (requires { values.merge_into(buckets); }) {
            values.merge_into(buckets);
        } else {
            for (std::size_t i = 0; i < values.values().size(); ++i)
                buckets.record(values.values()[i], values.weight(i));
        }
    }

    void append_messages(std::string& out) const {
        for (const auto& [name, one] : families_) {
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

    static void append_number(std::string& out, double value) {
        if (!detail::is_finite(value)) {
            out += value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
            return;
        }
        char text[layout::shortest::bytes_max];
        out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
    }

    /// A line; `more` is one more label, or nothing.
    static void append_line(std::string& out,
                            std::string_view name,
                            std::string_view tail,
                            std::string_view labels,
                            std::string_view more,
                            double value) {
        (out += name) += tail;
        if (!labels.empty() || !more.empty()) {
            (out += '{') += labels;
            out += labels.empty() || more.empty() ? "" : ",";
            (out += more) += '}';
        }
        out += ' ';
        append_number(out, value);
        out += '\n';
    }

    [[nodiscard]] static std::string own_label(std::string_view key, double value) {
        std::string label(key);
        label += "=\"";
        append_number(label, value);
        return label += '"';
    }

    void append(std::string& out,
                std::string_view name,
                prometheus_type type,
                std::string_view labels,
                const series& of) const {
        if (type == prometheus_type::counter || type == prometheus_type::gauge)
            return append_line(out, name, "", labels, "", of.value);
        const bool classic = type == prometheus_type::histogram;
        const auto& points = classic ? options_.bounds : options_.quantiles;
        for (std::size_t i = 0; i < points.size(); ++i) {
            append_line(out,
                        name,
                        classic ? "_bucket" : "",
                        labels,
                        own_label(classic ? "le" : "quantile", points[i]),
                        of.parts[i]);
        }
        if (classic)
            append_line(out, name, "_bucket", labels, "le=\"+Inf\"", of.count);
        append_line(out, name, "_sum", labels, "", of.value);
        append_line(out, name, "_count", labels, "", of.count);
    }

    prometheus_options options_;
    std::map<std::string, family> families_{};
    std::set<std::string> taken_{};
    std::size_t size_ = 0;
    std::size_t natives_ = 0;
    bool native_ = false;
    std::uint64_t conflicts_ = 0;
    std::uint64_t refused_ = 0;
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

// What quipud can be told, by the command line and by config files alike.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/schema/histogram_rules.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/server/log.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

enum class profile_name { quipu, etsy, kiip };
enum class sink_kind { none, console, graphite };

/// A way out.
struct sink_setting {
    sink_kind kind = sink_kind::console;
    quipu::host_port to{}; ///< Graphite's
    std::string url = "console:";
};

/// The histogram of some timers. Which fields are read is the profile's.
struct histogram_setting {
    std::string section{};
    std::string match{};             ///< etsy: what stands in the key
    std::vector<std::string> bins{}; ///< etsy: the limits
};

/// For how many flushes an idle series stays; nothing: for ever.
using idle_flushes = std::optional<std::uint32_t>;

struct settings {
    profile_name profile = profile_name::quipu;
    std::vector<quipu::endpoint> listen{};
    std::vector<sink_setting> sinks{};
    std::int64_t interval_ms = 10'000;
    bool align = false;
    std::int64_t offset_ms = 0;
    std::optional<std::vector<quipu::percentile>> percentiles{};
    std::optional<std::string> prefix{};
    std::string own_prefix = "statsd";
    std::optional<quipu::host_port> admin{};
    std::optional<quipu::host_port> aliveness{};
    quipu::log_level log_level = quipu::log_level::info;
    std::size_t receive_buffer_bytes = std::size_t{4} << 20;

    // [names], of etsy
    bool legacy_names = true;
    bool flush_counts = true;
    bool sanitize_names = true;
    std::string counters_node = "counters";
    std::string timers_node = "timers";
    std::string gauges_node = "gauges";
    std::string sets_node = "sets";
    std::string suffix{};
    std::vector<std::string> timer_metrics{}; ///< empty: all

    // [idle], of etsy
    idle_flushes counters_idle{};
    idle_flushes timers_idle{};
    idle_flushes gauges_idle{};
    idle_flushes sets_idle{};

    std::vector<histogram_setting> histograms{}; ///< [histogram …], of etsy
};

/// One setting as a source has it.
struct assignment {
    std::string section{};
    std::string key{};
    std::string value{};
    /// What the user calls it: `--interval`, `flushInterval`.
    std::string name{};
    /// What stands before that name when something is told: `statsd.js:3: `.
    std::string place{};

    [[nodiscard]] std::string origin() const { return place + name; }
};

/// Takes assignments of several sources, the later one over the earlier.
class settings_builder {
public:
    /// Begins another source, such as a file: what it lists (ways in and out, histograms) takes the
    /// place of what those before listed.
    void begin_source() noexcept;

    /// What is wrong with the assignment, as one line; empty if it was taken.
    [[nodiscard]] std::string apply(const assignment& one);

    /// What the parts lack together, as one line; empty if all is well. Fills in what the profile
    /// has for what nobody set.
    [[nodiscard]] std::string finish();

    settings& made() noexcept { return made_; }
    [[nodiscard]] const settings& made() const noexcept { return made_; }

private:
    settings made_{};
    bool lists_listen_ = false;
    bool lists_sinks_ = false;
    bool lists_histograms_ = false;
};

/// The settings as a config file of quipud's own: read again, they are the same.
[[nodiscard]] std::string print_config(const settings& all);

/// The same as lines `key: value`, and `section > key: value` for all sections but [quipud].
[[nodiscard]] std::string print_lines(const settings& all);

/// The candidate that is written most like the word, or nothing if none is near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

/// `'text'`, in one line whatever it has in it.
[[nodiscard]] std::string in_quotes(std::string_view text);

} // namespace quipud

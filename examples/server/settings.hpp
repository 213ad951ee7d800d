// What quipud can be told, by the command line and by config files alike.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/net/unix_listener.hpp>
#include <quipu/schema/histogram_rules.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/statsite.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/name_mapping.hpp>
#include <quipu/server/status_counts.hpp>

#include "sink_setting.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

enum class profile_name { quipu, etsy, kiip, statsite, dogstatsd };
enum class way_in { address, unix_path, standard_input, inherited };

/// A way in.
struct listen_setting {
    way_in kind = way_in::address;
    quipu::endpoint at{}; ///< of an address
    quipu::unix_kind unix = quipu::unix_kind::streams;
    std::string path{};
    std::optional<unsigned> mode{}; ///< of the path

    [[nodiscard]] std::string url() const;
};

/// The histogram of some timers. Which fields are read is the profile's.
struct histogram_setting {
    std::string section{};
    std::string match{};               ///< etsy: what stands in the key; statsite: its begin
    std::vector<std::string> bins{};   ///< etsy: the limits
    std::string min{}, max{}, width{}; ///< statsite

    /// Errors   as etsy_histogram and statsite_histogram.
    [[nodiscard]] quipu::result<quipu::histogram_rule> rule(profile_name profile) const;
};

/// What becomes of some series by their names, as a section [map NAME] says it.
struct mapping_setting {
    std::string section{};
    quipu::mapping_rule rule{};
};

/// For how many flushes an idle series stays; nothing: for ever.
using idle_flushes = std::optional<std::uint32_t>;

struct settings {
    profile_name profile = profile_name::quipu;
    std::vector<listen_setting> listen{};
    bool listens = true; ///< false: nowhere
    std::vector<sink_setting> sinks{};
    std::int64_t interval_ms = 10'000;
    bool align = false;
    std::int64_t offset_ms = 0;
    std::optional<std::vector<quipu::percentile>> percentiles{};
    std::vector<double> quantiles{0.5, 0.95, 0.99}; ///< of statsite
    double quantile_error = 0.01;                   ///< of statsite
    std::optional<std::string> prefix{};
    std::string own_prefix = "statsd";
    std::optional<quipu::host_port> admin{};
    bool admin_is_default = true; ///< nobody set it: the server does without if it is taken
    std::int64_t metrics_ttl_ms = 60 * 60 * 1000; ///< 0: never
    std::vector<std::string> admin_hosts{};
    std::int64_t connection_idle_ms = 60'000; ///< 0: none makes room for another
    std::size_t repeat_datagram_bytes = 0; ///< 0: as the way to the target has it
    quipu::health_rule down_if = quipu::health_rule::all_sinks;
    std::optional<quipu::host_port> aliveness{};
    quipu::log_level log_level = quipu::log_level::info;
    std::string log_name = "quipud"; ///< in the system's log
    bool log_lines = false;
    std::optional<std::string> syslog{}; ///< the facility; nothing: standard error
    std::size_t receive_buffer_bytes = std::size_t{4} << 20;
    std::size_t threads = 1; ///< that receive
    std::string state{};     ///< the folder of what outlives a run; empty: nothing does
    std::uint64_t spool_bytes = std::uint64_t{1} << 30; ///< of each sink, in that folder
    std::string input_counter{};
    std::string self_node{}; ///< of the server's numbers as series; empty: they are none
    bool once = false;
    bool daemonize = false;
    std::string pid_file{};

    // [keys]
    std::int64_t keys_interval_ms = 0; ///< 0: they are not counted
    double keys_percent = 100;
    std::string keys_log = "stdout"; ///< or a file

    // [prometheus]
    std::vector<double> metrics_buckets{}; ///< empty: timers are summaries of
    std::vector<double> metrics_quantiles{0.5, 0.9, 0.99};
    bool metrics_native = true; ///< for who asks for protocol buffers

    // [names], of etsy and statsite
    std::optional<std::string> counters_node{};
    std::optional<std::string> timers_node{};
    std::optional<std::string> gauges_node{};
    std::optional<std::string> sets_node{};
    std::vector<std::string> timer_metrics{}; ///< empty: all
    // of etsy
    bool legacy_names = true;
    bool flush_counts = true;
    bool sanitize_names = true;
    std::string suffix{};
    // of statsite
    std::string keyvalues_node = "kv.";
    bool type_nodes = true;
    bool extended_counters = false;
    bool counts_samples = true;

    // [idle], of quipu and etsy
    std::optional<idle_flushes> counters_idle{};
    std::optional<idle_flushes> timers_idle{};
    std::optional<idle_flushes> gauges_idle{};
    std::optional<idle_flushes> sets_idle{};

    std::vector<mapping_setting> mapping{};      ///< [map …]
    std::vector<histogram_setting> histograms{}; ///< [histogram …], of etsy and statsite
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

    friend bool operator==(const assignment&, const assignment&) = default;
};

/// Takes assignments of several sources, the later one over the earlier.
class settings_builder {
public:
    /// Begins another source, such as a file: what it lists (ways in and out, histograms, mapping) takes the
    /// place of what those before listed. A section [sink NAME] is one more, or changes the one of
    /// that name; and so does any section that the command line names, which is no file.
    void begin_source(bool is_file = true) noexcept;

    /// What is wrong with the assignment, as one line; empty if it was taken.
    [[nodiscard]] std::string apply(const assignment& one);

    /// What the parts lack together, as one line; empty if all is well. Fills in what the profile
    /// has for what nobody set.
    [[nodiscard]] std::string finish();

    settings& made() noexcept { return made_; }
    [[nodiscard]] const settings& made() const noexcept { return made_; }

private:
    struct applied {
        assignment one;
        unsigned of; // the profiles that have it
    };

    /// Where a section, a setting or a sink comes from, as far as is known.
    [[nodiscard]] std::string origin_of(std::string_view section) const;
    [[nodiscard]] std::string origin_of(std::string_view section, std::string_view key) const;
    [[nodiscard]] std::string origin_of_sink(const sink_setting& sink) const;

    settings made_{};
    std::vector<applied> applied_{};
    bool lists_listen_ = false;
    bool lists_sinks_ = false;
    std::size_t earlier_sinks_ = 0; // of the sources before
    bool lists_histograms_ = false;
    bool lists_mapping_ = false;
};

/// What a timer of statsite is to tell, by the names of its numbers; nothing if one is unknown.
[[nodiscard]] std::optional<quipu::timer_numbers>
timer_numbers_of(const std::vector<std::string>& names);

/// The settings as a config file of quipud's own: read again, they are the same.
[[nodiscard]] std::string print_config(const settings& all);

/// The same as lines `key: value`, and `section > key: value` for all sections but [quipud].
[[nodiscard]] std::string print_lines(const settings& all);

/// The settings of a running server with what it can take over from the files.
[[nodiscard]] settings take_over(settings running, const settings& files);

/// What a running server is told by other settings than it has, a line each: what changes, and what
/// would need a new start.
[[nodiscard]] std::vector<std::string> changes(const settings& from, const settings& to);

/// The candidate that is written most like the word, or nothing if none is near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

/// `'text'`, in one line whatever it has in it.
[[nodiscard]] std::string in_quotes(std::string_view text);

} // namespace quipud

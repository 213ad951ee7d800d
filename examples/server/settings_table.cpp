#include "settings_table.hpp"

#include "setting_values.hpp"
#include "sink_setting.hpp"

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/whole_number.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace quipud {

namespace {

using text = std::string_view;
using text_list = std::vector<std::string>;

constexpr std::uint16_t statsd_port = 8125;
constexpr std::uint16_t admin_port = 8126;
constexpr std::uint16_t aliveness_port = 8325;
constexpr std::int64_t interval_ms_min = 100;
constexpr std::int64_t keys_interval_ms_min = 10;
constexpr std::size_t threads_max = 64;
constexpr std::uint64_t spool_bytes_max = std::uint64_t{1} << 50;
constexpr std::int64_t interval_ms_max = std::int64_t{24} * 60 * 60 * 1000;

// Settings that are one member of `settings`, by the kind of their values.

template <auto Member>
constexpr setting of_switch(text section, text key, unsigned of) {
    return {section,
            key,
            of,
            [](settings& s, text value) { return read_switch(value, s.*Member); },
            [](const settings& s) { return text_list{print_switch(s.*Member)}; }};
}

template <auto Member>
constexpr setting of_node(text section, text key, unsigned of) {
    return {section,
            key,
            of,
            [](settings& s, text value) { return read_node(value, s.*Member); },
            [](const settings& s) { return text_list{s.*Member}; }};
}

/// A node that is the profile's own unless it is set; `finish` has seen to that.
template <auto Member>
constexpr setting of_own_node(text section, text key, unsigned of) {
    return {section,
            key,
            of,
            [](settings& s, text value) { return read_node(value, (s.*Member).emplace()); },
            [](const settings& s) { return text_list{*(s.*Member)}; }};
}

template <auto Member>
constexpr setting of_idle(text section, text key, unsigned of) {
    return {section,
            key,
            of,
            [](settings& s, text value) { return read_idle(value, (s.*Member).emplace()); },
            [](const settings& s) { return text_list{print_idle(*(s.*Member))}; }};
}

template <auto Member, std::uint16_t Port>
constexpr setting of_address(text section, text key, unsigned of) {
    return {section,
            key,
            of,
            [](settings& s, text value) { return read_address(value, Port, s.*Member); },
            [](const settings& s) { return text_list{print_address(s.*Member)}; }};
}

// The others.

constexpr std::array<std::pair<text, profile_name>, 5> profile_names{
    {{"quipu", profile_name::quipu},
     {"etsy", profile_name::etsy},
     {"kiip", profile_name::kiip},
     {"statsite", profile_name::statsite},
     {"dogstatsd", profile_name::dogstatsd}}};

std::string read_profile(settings& all, text value) {
    for (const auto& [name, profile] : profile_names) {
        if (value == name)
            return all.profile = profile, std::string();
    }
    return "choose quipu, etsy, kiip, statsite or dogstatsd";
}

text_list print_profile(const settings& all) {
    return {std::string(profile_names[static_cast<std::size_t>(all.profile)].first)};
}

/// A path, with `?mode=0660` behind it perhaps. Nothing if it is none.
std::optional<listen_setting> read_path(text value, quipu::unix_kind kind) {
    constexpr text option = "?mode=";
    listen_setting made;
    made.kind = way_in::unix_path;
    made.unix = kind;
    const auto end = value.rfind(option);
    made.path = value.substr(0, end);
    if (made.path.empty() || made.path.find('?') != made.path.npos) // a slip of the mode's name
        return std::nullopt;
    if (end == value.npos)
        return made;
    unsigned mode = 0;
    const auto digits = value.substr(end + option.size());
    for (const char c : digits) {
        if (c < '0' || c > '7')
            return std::nullopt;
        mode = mode * 8 + static_cast<unsigned>(c - '0');
    }
    if (digits.empty() || mode > 0777)
        return std::nullopt;
    made.mode = mode;
    return made;
}

std::string read_listen(settings& all, text url) {
    if (url == "none:")
        return all.listens = false, std::string();
    constexpr text datagrams = "unixgram://";
    constexpr text streams = "unix://";
    std::optional<listen_setting> made;
    if (url == "stdin:" || url == "inherited:") {
        made.emplace();
        made->kind = url == "stdin:" ? way_in::standard_input : way_in::inherited;
    } else if (url.starts_with(datagrams)) {
        made = read_path(url.substr(datagrams.size()), quipu::unix_kind::datagrams);
    } else if (url.starts_with(streams)) {
        made = read_path(url.substr(streams.size()), quipu::unix_kind::streams);
    } else if (auto read = quipu::parse_endpoint(url, statsd_port)) {
        made.emplace();
        made->at = *std::move(read);
    }
    if (!made)
        return "use udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH, unixgram:///PATH, stdin: or "
               "inherited:";
    all.listens = true;
    all.listen.push_back(*std::move(made));
    return {};
}

text_list print_listen(const settings& all) {
    text_list lines;
    for (const auto& one : all.listen)
        lines.push_back(one.url());
    if (lines.empty())
        lines.emplace_back("none:");
    return lines;
}

std::string read_sink(settings& all, text url) {
    return read_sink_url(url, all.sinks.emplace_back());
}

/// Those of a section have their own lines.
text_list print_sinks(const settings& all) {
    text_list lines;
    for (const auto& one : all.sinks) {
        if (one.section.empty())
            lines.push_back(one.url);
    }
    return lines;
}

std::string read_admin(settings& all, text value) {
    all.admin_is_default = false;
    return read_address(value, admin_port, all.admin);
}

std::string read_down_if(settings& all, text value) {
    if (value != "all" && value != "any")
        return "use all (/healthz answers 503 when every sink fails) or any (when one does)";
    all.down_if = value == "all" ? quipu::health_rule::all_sinks : quipu::health_rule::any_sink;
    return {};
}

text_list print_down_if(const settings& all) {
    return {all.down_if == quipu::health_rule::all_sinks ? "all" : "any"};
}

std::string read_interval(settings& all, text value) {
    auto why = read_time(value, interval_ms_min, interval_ms_max, all.interval_ms);
    return why.empty() ? why : why + ", from 100ms to 24h";
}

std::string read_offset(settings& all, text value) {
    return read_time(value, 0, interval_ms_max, all.offset_ms);
}

std::string read_quantiles(settings& all, text value) {
    std::vector<double> list;
    for (const auto& one : split(value, ',')) {
        const auto quantile = quipu::parse_number(one);
        if (!quantile || !(*quantile > 0 && *quantile < 1))
            return "use numbers between 0 and 1 such as 0.5,0.95,0.99";
        list.push_back(*quantile);
    }
    all.quantiles = std::move(list);
    return {};
}

std::string read_quantile_error(settings& all, text value) {
    const auto error = quipu::parse_number(value);
    if (!error || !(*error > 0 && *error < 0.5))
        return "use a number above 0 and below 0.5";
    all.quantile_error = *error;
    return {};
}

constexpr std::array<text, 3> level_names{"info", "warning", "error"};

std::string read_log_level(settings& all, text value) {
    // The other servers have more levels, and others' names for them.
    const text ours = value == "debug"      ? "info"
                      : value == "warn"     ? "warning"
                      : value == "critical" ? "error"
                                            : value;
    const auto* const found = std::find(level_names.begin(), level_names.end(), ours);
    if (found == level_names.end())
        return "choose info, warning or error";
    all.log_level = static_cast<quipu::log_level>(found - level_names.begin());
    return {};
}

text_list print_log_level(const settings& all) {
    return {std::string(level_names[static_cast<std::size_t>(all.log_level)])};
}

/// "stderr", "syslog" or "syslog:FACILITY".
std::string read_log(settings& all, text value) {
    const auto colon = value.find(':');
    const auto facility = colon == value.npos ? text("daemon") : value.substr(colon + 1);
    if (value == "stderr")
        return all.syslog.reset(), std::string();
    if (value.substr(0, colon) != "syslog" || !facility_of(facility))
        return "use stderr or syslog:FACILITY, such as syslog:local0";
    all.syslog = std::string(facility);
    return {};
}

text_list print_log(const settings& all) {
    return {all.syslog ? "syslog:" + *all.syslog : "stderr"};
}

std::string read_pid_file(settings& all, text value) {
    all.pid_file = value;
    return {};
}

std::string read_threads(settings& all, text value) {
    const auto number = quipu::parse_number(value);
    const auto threads = number ? quipu::whole_number<std::size_t>(*number) : std::nullopt;
    if (!threads || *threads < 1 || *threads > threads_max)
        return "use a whole number from 1 to 64";
    all.threads = *threads;
    return {};
}

std::string read_spool(settings& all, text value) {
    const auto number = quipu::parse_number(value);
    const auto bytes = number ? quipu::whole_number<std::uint64_t>(*number) : std::nullopt;
    if (!bytes || *bytes > spool_bytes_max)
        return "use a number of bytes up to 1 PiB; 0: flushes wait in memory alone";
    all.spool_bytes = *bytes;
    return {};
}

std::string read_keys_interval(settings& all, text value) {
    if (value == "off")
        return all.keys_interval_ms = 0, std::string();
    const auto why = read_time(value, keys_interval_ms_min, interval_ms_max, all.keys_interval_ms);
    return why.empty() ? why : "use a time such as 10s from 10ms on, or off";
}

text_list print_keys_interval(const settings& all) {
    return {all.keys_interval_ms == 0 ? "off" : print_time(all.keys_interval_ms)};
}

std::string read_keys_percent(settings& all, text value) {
    const auto percent = quipu::parse_number(value);
    if (!percent || !(*percent > 0 && *percent <= 100))
        return "use a number above 0 and up to 100";
    all.keys_percent = *percent;
    return {};
}

std::string read_keys_log(settings& all, text value) {
    if (value.empty())
        return "use stdout or the path of a file";
    all.keys_log = value;
    return {};
}

/// Rising numbers within two bounds, or none at all.
std::string read_rising(text value, double low, double high, std::vector<double>& into) {
    std::vector<double> list;
    for (const auto& one : split(value, ',')) {
        const auto number = quipu::parse_number(one);
        if (!number || !(*number >= low && *number <= high) ||
            (!list.empty() && !(*number > list.back())))
            return "use rising numbers";
        list.push_back(*number);
    }
    into = std::move(list);
    return {};
}

std::string read_metrics_buckets(settings& all, text value) {
    constexpr double limit = 1e300;
    const auto why = read_rising(value, -limit, limit, all.metrics_buckets);
    return why.empty() ? why : why + " such as 1,10,100";
}

std::string read_metrics_quantiles(settings& all, text value) {
    const auto why = read_rising(value, 0, 1, all.metrics_quantiles);
    return why.empty() ? why : why + " from 0 to 1 such as 0.5,0.9,0.99";
}

std::string read_connection_idle(settings& all, text value) {
    if (value == "off")
        return all.connection_idle_ms = 0, std::string();
    const auto why = read_time(value, 1, interval_ms_max, all.connection_idle_ms);
    return why.empty() ? why : why + ", up to 24h, or off";
}

std::string read_metrics_ttl(settings& all, text value) {
    if (value == "off")
        return all.metrics_ttl_ms = 0, std::string();
    constexpr std::int64_t ms_min = 1000;
    constexpr std::int64_t ms_max = std::int64_t{366} * 24 * 60 * 60 * 1000;
    const auto why = read_time(value, ms_min, ms_max, all.metrics_ttl_ms);
    return why.empty() ? why : why + ", from 1s to 8784h, or off";
}

std::string read_timer_metrics(settings& all, text value) {
    all.timer_metrics = split(value, ',');
    return {};
}

} // namespace

const std::vector<setting>& all_settings() {
    constexpr auto of_both = of_etsy | of_statsite;
    constexpr auto with_idle = of_quipu | of_etsy | of_dogstatsd;
    constexpr auto with_percentiles = of_quipu | of_etsy | of_kiip | of_dogstatsd;
    static const std::vector<setting> all{
        {"quipud", "profile", of_all, read_profile, print_profile},
        {"quipud", "listen", of_all, read_listen, print_listen},
        {"quipud", "sink", of_all, read_sink, print_sinks},
        {"quipud",
         "interval",
         of_all,
         read_interval,
         [](const settings& s) { return text_list{print_time(s.interval_ms)}; }},
        of_switch<&settings::align>("quipud", "align", of_all),
        {"quipud",
         "offset",
         of_all,
         read_offset,
         [](const settings& s) { return text_list{print_time(s.offset_ms)}; }},
        {"quipud",
         "percentiles",
         with_percentiles,
         [](settings& s, text value) { return read_percentiles(value, s.percentiles.emplace()); },
         [](const settings& s) { return text_list{print_percentiles(*s.percentiles)}; }},
        {"quipud",
         "quantiles",
         of_statsite,
         read_quantiles,
         [](const settings& s) { return text_list{print_numbers(s.quantiles)}; }},
        {"quipud",
         "quantile_error",
         of_statsite,
         read_quantile_error,
         [](const settings& s) { return text_list{print_numbers({s.quantile_error})}; }},
        of_own_node<&settings::prefix>("quipud", "prefix", of_all),
        of_node<&settings::own_prefix>("quipud", "own_prefix", of_etsy),
        of_node<&settings::input_counter>("quipud", "input_counter", of_all),
        of_node<&settings::self_node>("quipud", "self", of_all),
        {"quipud",
         "admin",
         of_all,
         read_admin,
         [](const settings& s) { return text_list{print_address(s.admin)}; }},
        {"quipud",
         "admin_hosts",
         of_all,
         [](settings& s, text value) { return s.admin_hosts = split(value, ','), std::string(); },
         [](const settings& s) { return text_list{joined(s.admin_hosts)}; }},
        {"quipud", "down_if", of_all, read_down_if, print_down_if},
        of_address<&settings::aliveness, aliveness_port>("quipud", "aliveness", of_all),
        {"quipud", "log", of_all, read_log, print_log},
        of_node<&settings::log_name>("quipud", "log_name", of_all),
        {"quipud", "log_level", of_all, read_log_level, print_log_level},
        of_switch<&settings::log_lines>("quipud", "log_lines", of_all),
        {"quipud",
         "receive_buffer",
         of_all,
         [](settings& s, text value) { return read_bytes(value, s.receive_buffer_bytes); },
         [](const settings& s) { return text_list{std::to_string(s.receive_buffer_bytes)}; }},
        {"quipud",
         "connection_idle",
         of_all,
         read_connection_idle,
         [](const settings& s) {
             return text_list{s.connection_idle_ms == 0 ? "off" : print_time(s.connection_idle_ms)};
         }},
        {"quipud",
         "repeat_datagram",
         of_all,
         [](settings& s, text value) { return read_bytes(value, s.repeat_datagram_bytes); },
         [](const settings& s) { return text_list{std::to_string(s.repeat_datagram_bytes)}; }},
        {"quipud",
         "threads",
         of_all,
         read_threads,
         [](const settings& s) { return text_list{std::to_string(s.threads)}; }},
        {"quipud",
         "state",
         of_all,
         [](settings& s, text value) { return s.state = value, std::string(); },
         [](const settings& s) { return text_list{s.state}; }},
        {"quipud",
         "spool",
         of_all,
         read_spool,
         [](const settings& s) { return text_list{std::to_string(s.spool_bytes)}; }},
        of_switch<&settings::once>("quipud", "once", of_all),
        of_switch<&settings::daemonize>("quipud", "daemonize", of_all),
        {"quipud",
         "pid_file",
         of_all,
         read_pid_file,
         [](const settings& s) { return text_list{s.pid_file}; }},
        {"keys", "interval", of_all, read_keys_interval, print_keys_interval},
        {"keys",
         "percent",
         of_all,
         read_keys_percent,
         [](const settings& s) { return text_list{print_numbers({s.keys_percent})}; }},
        {"keys",
         "log",
         of_all,
         read_keys_log,
         [](const settings& s) { return text_list{s.keys_log}; }},
        {"prometheus",
         "buckets",
         of_all,
         read_metrics_buckets,
         [](const settings& s) { return text_list{print_numbers(s.metrics_buckets)}; }},
        {"prometheus",
         "quantiles",
         of_all,
         read_metrics_quantiles,
         [](const settings& s) { return text_list{print_numbers(s.metrics_quantiles)}; }},
        {"prometheus",
         "ttl",
         of_all,
         read_metrics_ttl,
         [](const settings& s) {
             return text_list{s.metrics_ttl_ms == 0 ? "off" : print_time(s.metrics_ttl_ms)};
         }},
        of_switch<&settings::metrics_native>("prometheus", "native", of_all),
        of_switch<&settings::legacy_names>("names", "legacy", of_etsy),
        of_switch<&settings::flush_counts>("names", "counts", of_etsy),
        of_switch<&settings::sanitize_names>("names", "sanitize", of_etsy),
        of_switch<&settings::type_nodes>("names", "types", of_statsite),
        of_node<&settings::keyvalues_node>("names", "keyvalues", of_statsite),
        of_own_node<&settings::counters_node>("names", "counters", of_both),
        of_own_node<&settings::timers_node>("names", "timers", of_both),
        of_own_node<&settings::gauges_node>("names", "gauges", of_both),
        of_own_node<&settings::sets_node>("names", "sets", of_both),
        of_node<&settings::suffix>("names", "suffix", of_etsy),
        {"names",
         "timer_metrics",
         of_both,
         read_timer_metrics,
         [](const settings& s) { return text_list{joined(s.timer_metrics)}; }},
        of_switch<&settings::extended_counters>("names", "extended_counters", of_statsite),
        of_switch<&settings::counts_samples>("names", "counts_samples", of_statsite),
        of_idle<&settings::counters_idle>("idle", "counters", with_idle),
        of_idle<&settings::timers_idle>("idle", "timers", with_idle),
        of_idle<&settings::gauges_idle>("idle", "gauges", with_idle),
        of_idle<&settings::sets_idle>("idle", "sets", with_idle),
    };
    return all;
}

} // namespace quipud

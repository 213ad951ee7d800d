#include "settings.hpp"

#include "setting_values.hpp"

#include <quipu/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace quipud {

namespace {

using quipu::result;

constexpr std::uint16_t statsd_port = 8125;
constexpr std::uint16_t graphite_port = 2003;
constexpr std::uint16_t admin_port = 8126;
constexpr std::uint16_t aliveness_port = 8325;
constexpr std::int64_t interval_ms_min = 100;
constexpr std::int64_t interval_ms_max = std::int64_t{24} * 60 * 60 * 1000;

constexpr std::array later_schemes{
    std::string_view("unixgram:"),
    std::string_view("unix:"),
    std::string_view("stdin:"),
    std::string_view("graphite+pickle:"),
    std::string_view("prometheus:"),
    std::string_view("influx:"),
    std::string_view("opentsdb:"),
    std::string_view("json:"),
    std::string_view("exec:"),
    std::string_view("statsd:"),
};

/// What is to come says so.
constexpr std::string_view not_yet = "not available yet";

bool is_later_scheme(std::string_view url) {
    const auto colon = url.find(':');
    return colon != url.npos &&
           std::find(later_schemes.begin(), later_schemes.end(), url.substr(0, colon + 1)) !=
               later_schemes.end();
}

std::string read_profile(settings& all, std::string_view text) {
    if (text == "quipu") {
        all.profile = profile_name::quipu;
    } else if (text == "etsy") {
        all.profile = profile_name::etsy;
    } else if (text == "kiip") {
        all.profile = profile_name::kiip;
    } else if (text == "statsite" || text == "dogstatsd") {
        return std::string(not_yet);
    } else {
        return "choose quipu, etsy or kiip";
    }
    return {};
}

std::string print_profile(profile_name name) {
    switch (name) {
    case profile_name::quipu: return "quipu";
    case profile_name::etsy: return "etsy";
    case profile_name::kiip: return "kiip";
    }
    return {};
}

std::string read_listen(settings& all, std::string_view text) {
    if (is_later_scheme(text))
        return std::string(not_yet);
    auto read = quipu::parse_endpoint(text, statsd_port);
    if (!read)
        return "use udp://HOST:PORT or tcp://HOST:PORT";
    all.listen.push_back(*std::move(read));
    return {};
}

std::string read_sink(settings& all, std::string_view text) {
    if (text == "console:" || text == "none:") {
        all.sinks.push_back(
            {text == "none:" ? sink_kind::none : sink_kind::console, {}, std::string(text)});
        return {};
    }
    if (is_later_scheme(text))
        return std::string(not_yet);
    constexpr std::string_view graphite = "graphite://";
    if (text.starts_with(graphite)) {
        auto to = quipu::parse_host_port(text.substr(graphite.size()), graphite_port);
        if (to && !to->host.empty() && to->host != "*" && to->port != 0) {
            all.sinks.push_back({sink_kind::graphite, *std::move(to), std::string(text)});
            return {};
        }
    }
    return "use console:, none: or graphite://HOST:PORT";
}

std::string read_percentiles(settings& all, std::string_view text) {
    std::vector<quipu::percentile> list;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto one = quipu::parse_percentile(quipu::detail::trim(text.substr(0, comma)));
        if (!one || comma + 1 == text.size())
            return "use numbers from -100 to 100 such as 50,90,99.9";
        list.push_back(*std::move(one));
        text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    all.percentiles = std::move(list);
    return {};
}

constexpr std::array<std::string_view, 3> level_names{"info", "warning", "error"};

std::string read_log_level(settings& all, std::string_view text) {
    const auto* const found = std::find(level_names.begin(), level_names.end(), text);
    if (found == level_names.end())
        return "choose info, warning or error";
    all.log_level = static_cast<quipu::log_level>(found - level_names.begin());
    return {};
}

/// A setting of a fixed name.
struct setting {
    std::string_view section;
    std::string_view key;
    std::string (*read)(settings&, std::string_view);
    std::vector<std::string> (*print)(const settings&); ///< a line each
};

using text_list = std::vector<std::string>;

const std::vector<setting>& all_settings() {
    using text = std::string_view;
    static const std::vector<setting> all{
        {"quipud",
         "profile",
         read_profile,
         [](const settings& s) { return text_list{print_profile(s.profile)}; }},
        {"quipud",
         "listen",
         read_listen,
         [](const settings& s) {
             text_list lines;
             for (const auto& one : s.listen)
                 lines.push_back(to_string(one));
             return lines;
         }},
        {"quipud",
         "sink",
         read_sink,
         [](const settings& s) {
             text_list lines;
             for (const auto& one : s.sinks)
                 lines.push_back(one.url);
             return lines;
         }},
        {"quipud",
         "interval",
         [](settings& s, text value) {
             auto why = read_time(value, interval_ms_min, interval_ms_max, s.interval_ms);
             return why.empty() ? why : why + ", from 100ms to 24h";
         },
         [](const settings& s) { return text_list{print_time(s.interval_ms)}; }},
        {"quipud",
         "align",
         [](settings& s, text value) { return read_switch(value, s.align); },
         [](const settings& s) { return text_list{print_switch(s.align)}; }},
        {"quipud",
         "offset",
         [](settings& s, text value) { return read_time(value, 0, interval_ms_max, s.offset_ms); },
         [](const settings& s) { return text_list{print_time(s.offset_ms)}; }},
        {"quipud",
         "percentiles",
         read_percentiles,
         [](const settings& s) { return text_list{print_percentiles(*s.percentiles)}; }},
        {"quipud",
         "prefix",
         [](settings& s, text value) { return read_node(value, s.prefix.emplace()); },
         [](const settings& s) { return text_list{*s.prefix}; }},
        {"quipud",
         "own_prefix",
         [](settings& s, text value) { return read_node(value, s.own_prefix); },
         [](const settings& s) { return text_list{s.own_prefix}; }},
        {"quipud",
         "admin",
         [](settings& s, text value) { return read_address(value, admin_port, s.admin); },
         [](const settings& s) { return text_list{print_address(s.admin)}; }},
        {"quipud",
         "aliveness",
         [](settings& s, text value) { return read_address(value, aliveness_port, s.aliveness); },
         [](const settings& s) { return text_list{print_address(s.aliveness)}; }},
        {"quipud",
         "log_level",
         read_log_level,
         [](const settings& s) {
             return text_list{std::string(level_names[static_cast<std::size_t>(s.log_level)])};
         }},
        {"quipud",
         "receive_buffer",
         [](settings& s, text value) { return read_bytes(value, s.receive_buffer_bytes); },
         [](const settings& s) { return text_list{std::to_string(s.receive_buffer_bytes)}; }},
        {"names",
         "legacy",
         [](settings& s, text value) { return read_switch(value, s.legacy_names); },
         [](const settings& s) { return text_list{print_switch(s.legacy_names)}; }},
        {"names",
         "counts",
         [](settings& s, text value) { return read_switch(value, s.flush_counts); },
         [](const settings& s) { return text_list{print_switch(s.flush_counts)}; }},
        {"names",
         "sanitize",
         [](settings& s, text value) { return read_switch(value, s.sanitize_names); },
         [](const settings& s) { return text_list{print_switch(s.sanitize_names)}; }},
        {"names",
         "counters",
         [](settings& s, text value) { return read_node(value, s.counters_node); },
         [](const settings& s) { return text_list{s.counters_node}; }},
        {"names",
         "timers",
         [](settings& s, text value) { return read_node(value, s.timers_node); },
         [](const settings& s) { return text_list{s.timers_node}; }},
        {"names",
         "gauges",
         [](settings& s, text value) { return read_node(value, s.gauges_node); },
         [](const settings& s) { return text_list{s.gauges_node}; }},
        {"names",
         "sets",
         [](settings& s, text value) { return read_node(value, s.sets_node); },
         [](const settings& s) { return text_list{s.sets_node}; }},
        {"names",
         "suffix",
         [](settings& s, text value) { return read_node(value, s.suffix); },
         [](const settings& s) { return text_list{s.suffix}; }},
        {"names",
         "timer_metrics",
         [](settings& s, text value) { return s.timer_metrics = split(value, ','), std::string(); },
         [](const settings& s) { return text_list{joined(s.timer_metrics)}; }},
        {"idle",
         "counters",
         [](settings& s, text value) { return read_idle(value, s.counters_idle); },
         [](const settings& s) { return text_list{print_idle(s.counters_idle)}; }},
        {"idle",
         "timers",
         [](settings& s, text value) { return read_idle(value, s.timers_idle); },
         [](const settings& s) { return text_list{print_idle(s.timers_idle)}; }},
        {"idle",
         "gauges",
         [](settings& s, text value) { return read_idle(value, s.gauges_idle); },
         [](const settings& s) { return text_list{print_idle(s.gauges_idle)}; }},
        {"idle",
         "sets",
         [](settings& s, text value) { return read_idle(value, s.sets_idle); },
         [](const settings& s) { return text_list{print_idle(s.sets_idle)}; }},
    };
    return all;
}

constexpr std::string_view histogram_section = "histogram";

/// Whether the section is read by that profile alone.
bool is_etsy_section(std::string_view section) {
    return section == "names" || section == "idle" || section.starts_with(histogram_section);
}

std::string read_histogram(settings& all, const assignment& one) {
    if (all.histograms.empty() || all.histograms.back().section != one.section)
        all.histograms.push_back({one.section, {}, {}});
    auto& rule = all.histograms.back();
    if (one.key == "match") {
        rule.match = one.value;
    } else if (one.key == "bins") {
        rule.bins = split(one.value, ',');
        if (!quipu::etsy_histogram({}, rule.bins))
            return "use rising limits such as 10,100,inf";
    } else {
        return "a histogram has match and bins";
    }
    return {};
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t above_left = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = above_left + (a[i - 1] == b[j - 1] ? 0 : 1);
            above_left = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

std::string unknown(const assignment& one) {
    std::vector<std::string_view> sections{histogram_section};
    std::vector<std::string_view> keys;
    for (const auto& known : all_settings()) {
        sections.push_back(known.section);
        if (known.section == one.section)
            keys.push_back(known.key);
    }
    const bool section = keys.empty();
    std::string why =
        one.place + "unknown " +
        (section ? "section " + in_quotes(one.section) : "setting " + in_quotes(one.name));
    const auto meant = nearest(section ? one.section : one.key, section ? sections : keys);
    return meant.empty() ? why : why + "; did you mean " + in_quotes(meant) + "?";
}

} // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto one : candidates) {
        const auto far = distance(word, one);
        if (far < best_distance) {
            best = one;
            best_distance = far;
        }
    }
    return best;
}

std::string in_quotes(std::string_view text) {
    std::string shown = "'" + std::string(text) + "'";
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            c = '?';
    }
    return shown;
}

void settings_builder::begin_source() noexcept {
    lists_listen_ = lists_sinks_ = lists_histograms_ = false;
}

std::string settings_builder::apply(const assignment& one) {
    const bool histogram = one.section.starts_with(histogram_section);
    if (one.section == "quipud" && one.key == "listen" && !std::exchange(lists_listen_, true))
        made_.listen.clear();
    if (one.section == "quipud" && one.key == "sink" && !std::exchange(lists_sinks_, true))
        made_.sinks.clear();
    if (histogram && !std::exchange(lists_histograms_, true))
        made_.histograms.clear();
    const auto& all = all_settings();
    const auto known = std::find_if(all.begin(), all.end(), [&](const setting& other) {
        return other.section == one.section && other.key == one.key;
    });
    if (known == all.end() && !histogram)
        return unknown(one);
    const auto why = histogram ? read_histogram(made_, one) : known->read(made_, one.value);
    return why.empty() ? why : one.origin() + ' ' + in_quotes(one.value) + ": " + why;
}

std::string settings_builder::finish() {
    const bool own = made_.profile == profile_name::quipu;
    if (made_.listen.empty() && own) {
        made_.listen = {{quipu::ip_protocol::udp, {"127.0.0.1", statsd_port}},
                        {quipu::ip_protocol::tcp, {"127.0.0.1", statsd_port}}};
    } else if (made_.listen.empty()) {
        made_.listen = {{quipu::ip_protocol::udp, {"", statsd_port}}};
    }
    if (made_.sinks.empty())
        made_.sinks = {{}};
    if (!made_.percentiles) {
        made_.percentiles = own ? std::vector<quipu::percentile>{{50, "50"}, {90, "90"}, {99, "99"}}
                                : std::vector<quipu::percentile>{{90, "90"}};
    }
    if (!made_.prefix)
        made_.prefix = made_.profile == profile_name::kiip ? "statsite" : "stats";
    if (made_.offset_ms >= made_.interval_ms)
        return "offset '" + print_time(made_.offset_ms) + "': it has to be less than the interval";
    return {};
}

namespace {

/// Calls `tell(section, key, value)` for each line of a config file.
template <class Tell>
void for_each_line(const settings& all, const Tell& tell) {
    for (const auto& one : all_settings()) {
        if (is_etsy_section(one.section) && all.profile != profile_name::etsy)
            continue;
        for (const auto& value : one.print(all))
            tell(one.section, one.key, value);
    }
    for (const auto& rule : all.histograms) {
        tell(rule.section, "match", rule.match);
        tell(rule.section, "bins", joined(rule.bins));
    }
}

} // namespace

std::string print_config(const settings& all) {
    std::string text;
    std::string last_section;
    for_each_line(all, [&](std::string_view section, std::string_view key, std::string_view value) {
        if (section != last_section) {
            last_section = section;
            text += (text.empty() ? "[" : "\n[") + last_section + "]\n";
        }
        text += std::string(key) + " = " + std::string(value) + '\n';
    });
    return text;
}

std::string print_lines(const settings& all) {
    std::string text;
    for_each_line(all, [&](std::string_view section, std::string_view key, std::string_view value) {
        if (section != "quipud")
            text += std::string(section) + " > ";
        text += std::string(key) + ": " + std::string(value) + '\n';
    });
    return text;
}

} // namespace quipud

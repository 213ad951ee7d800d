#include "settings.hpp"

#include "config_slips.hpp"

#include "setting_values.hpp"
#include "settings_table.hpp"

#include <quipu/core/number.hpp>
#include <quipu/server/ini.hpp>
#include <quipu/server/series_query.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>

namespace quipud {

namespace {

using text_list = std::vector<std::string>;
using mapping_tags = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view mapping_section = "map";

/// What a section is about, new if the section is.
template <class T>
T& of_section(std::vector<T>& all, const std::string& section) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const T& one) { return one.section == section; });
    if (found != all.end())
        return *found;
    all.emplace_back();
    all.back().section = section;
    return all.back();
}

std::string read_histogram(settings& all, const assignment& one) {
    auto& rule = of_section(all.histograms, one.section);
    if (one.key == "bins") {
        rule.bins = split(one.value, ',');
        return {};
    }
    const std::array<std::pair<std::string_view, std::string*>, 4> texts{
        {{"match", &rule.match}, {"min", &rule.min}, {"max", &rule.max}, {"width", &rule.width}}};
    for (const auto& [key, into] : texts) {
        if (one.key == key)
            return *into = one.value, std::string();
    }
    return "a histogram has match, and bins or min, max and width";
}

/// `KEY=VALUE, KEY=VALUE`. False if one is no tag.
bool read_tags(std::string_view text, mapping_tags& into) {
    into.clear();
    for (const auto& one : split(text, ',')) {
        const auto equals = one.find('=');
        if (equals == one.npos || equals == 0 || one.find(';') != one.npos)
            return false;
        into.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    }
    return true;
}

std::string read_mapping(settings& all, const assignment& one) {
    auto& rule = of_section(all.mapping, one.section).rule;
    if (one.key == "match")
        return rule.match = one.value, slip_in_glob(one.value);
    if (one.key == "name")
        return one.value.find(';') == one.value.npos ? (rule.name = one.value, std::string())
                                                     : "use a name without ';'";
    if (one.key == "drop")
        return read_switch(one.value, rule.drop);
    if (one.key == "tags")
        return read_tags(one.value, rule.tags) ? "" : "use a list such as service=$1,method=$2";
    if (one.key == "kind") {
        rule.kind = quipu::kind_of(one.value);
        return rule.kind ? "" : "choose counter, timer, gauge, set or keyvalue";
    }
    if (one.key == "scale") {
        const auto scale = quipu::parse_number(one.value);
        if (!scale || *scale == 0)
            return "use a number such as 0.001";
        return rule.scale = *scale, std::string();
    }
    return "a mapping has match, kind, name, tags, scale and drop";
}

void tell_mapping(const quipu::mapping_rule& rule,
                  const std::function<void(std::string_view, const std::string&)>& tell) {
    tell("match", rule.match);
    if (rule.kind)
        tell("kind", std::string(quipu::kind_word(*rule.kind)));
    if (!rule.name.empty())
        tell("name", rule.name);
    text_list tags;
    for (const auto& [key, value] : rule.tags)
        tags.push_back(key + '=' + value);
    if (!tags.empty())
        tell("tags", joined(tags));
    if (rule.scale != 1)
        tell("scale", print_numbers({rule.scale}));
    if (rule.drop)
        tell("drop", "yes");
}

/// Begins the sink of a section where it is named first.
std::string read_sink_section(settings& all, const assignment& one) {
    auto found = std::find_if(all.sinks.begin(), all.sinks.end(), [&](const sink_setting& known) {
        return known.section == one.section;
    });
    if (found == all.sinks.end()) {
        found = all.sinks.emplace(found);
        found->section = one.section;
        found->url.clear();
    }
    return read_sink_option(one.key, one.value, *found);
}

/// Whether the section is one of several, such as `histogram fast`.
bool is_named(std::string_view section, std::string_view kind) {
    return section.starts_with(kind) && section.size() > kind.size() + 1 &&
           section[kind.size()] == ' ';
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
    std::vector<std::string_view> sections{histogram_section, sink_section, mapping_section};
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
    const auto kind = std::string_view(one.section).substr(0, one.section.find(' '));
    const auto meant = nearest(section ? kind : one.key, section ? sections : keys);
    return meant.empty() ? why : why + "; did you mean " + in_quotes(meant) + "?";
}

/// What statsite and Etsy's statsd call their kinds.
void name_nodes(settings& all) {
    const std::string dot = all.profile == profile_name::statsite ? "." : "";
    const auto name = [&](std::optional<std::string>& node, const char* usual) {
        if (!node)
            node = usual + dot;
    };
    name(all.counters_node, all.profile == profile_name::statsite ? "counts" : "counters");
    name(all.timers_node, "timers");
    name(all.gauges_node, "gauges");
    name(all.sets_node, "sets");
}

void fill_in(settings& all) {
    const bool dogstatsd = all.profile == profile_name::dogstatsd;
    const bool own = all.profile == profile_name::quipu || dogstatsd;
    const bool both = own || all.profile == profile_name::statsite;
    if (all.listens && all.listen.empty()) {
        const char* const host = own ? "127.0.0.1" : "";
        all.listen.push_back({.at = {quipu::ip_protocol::udp, {host, 8125}}});
        if (both && !dogstatsd)
            all.listen.push_back({.at = {quipu::ip_protocol::tcp, {host, 8125}}});
    }
    if (all.admin_is_default && all.profile == profile_name::quipu)
        all.admin = quipu::host_port{"127.0.0.1", 8126};
    if (all.sinks.empty())
        all.sinks.emplace_back();
    if (!all.percentiles && own)
        all.percentiles = std::vector<quipu::percentile>{{50, "50"}, {90, "90"}, {99, "99"}};
    if (!all.percentiles)
        all.percentiles = std::vector<quipu::percentile>{{90, "90"}};
    if (!all.prefix) {
        all.prefix = all.profile == profile_name::kiip       ? "statsite"
                     : all.profile == profile_name::statsite ? ""
                                                             : "stats";
    }
    name_nodes(all);
    const idle_flushes usual = own ? idle_flushes(0) : idle_flushes();
    for (auto* const idle : {&all.counters_idle, &all.timers_idle, &all.sets_idle})
        *idle = idle->value_or(usual);
    all.gauges_idle = all.gauges_idle.value_or(idle_flushes());
}

} // namespace

std::string listen_setting::url() const {
    switch (kind) {
    case way_in::address: return to_string(at);
    case way_in::standard_input: return "stdin:";
    case way_in::inherited: return "inherited:";
    case way_in::unix_path: break;
    }
    std::string text = unix == quipu::unix_kind::datagrams ? "unixgram://" : "unix://";
    text += path;
    if (!mode)
        return text;
    text += "?mode=0";
    for (int shift = 6; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + (*mode >> shift & 7U));
    return text;
}

quipu::result<quipu::histogram_rule> histogram_setting::rule(profile_name profile) const {
    if (profile != profile_name::statsite)
        return quipu::etsy_histogram(match, bins);
    const auto from = quipu::parse_number(min);
    const auto to = quipu::parse_number(max);
    const auto step = quipu::parse_number(width);
    if (!from || !to || !step)
        return quipu::errc::bad_number;
    return quipu::statsite_histogram(match, *from, *to, *step);
}

std::optional<quipu::timer_numbers> timer_numbers_of(const std::vector<std::string>& names) {
    constexpr std::array<std::string_view, 10> known{"sum",
                                                     "sum_sq",
                                                     "mean",
                                                     "lower",
                                                     "upper",
                                                     "count",
                                                     "stdev",
                                                     "median",
                                                     "rate",
                                                     "sample_rate"};
    if (names.empty())
        return quipu::timer_numbers::all;
    auto all = quipu::timer_numbers::none;
    for (const auto& name : names) {
        const auto* const found = std::find(known.begin(), known.end(), in_lower_case(name));
        if (found == known.end())
            return std::nullopt;
        all = all | static_cast<quipu::timer_numbers>(1U << (found - known.begin()));
    }
    return all;
}

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

void settings_builder::begin_source(bool is_file) noexcept {
    lists_listen_ = lists_sinks_ = false;
    lists_histograms_ = lists_mapping_ = !is_file;
    earlier_sinks_ = made_.sinks.size();
}

std::string settings_builder::apply(const assignment& one) {
    const bool histogram = one.section.starts_with(histogram_section);
    if (one.section == "quipud" && one.key == "listen" && !std::exchange(lists_listen_, true))
        made_.listen.clear();
    const bool sink = is_named(one.section, sink_section);
    if (one.section == "quipud" && one.key == "sink" && !std::exchange(lists_sinks_, true)) {
        const auto begin = made_.sinks.begin();
        made_.sinks.erase(begin, begin + static_cast<std::ptrdiff_t>(earlier_sinks_));
    }
    if (histogram && !std::exchange(lists_histograms_, true))
        made_.histograms.clear();
    const bool mapping = is_named(one.section, mapping_section);
    if (mapping && !std::exchange(lists_mapping_, true))
        made_.mapping.clear();
    const auto& all = all_settings();
    const auto known = std::find_if(all.begin(), all.end(), [&](const setting& other) {
        return other.section == one.section && other.key == one.key;
    });
    if (known == all.end() && !histogram && !sink && !mapping)
        return unknown(one);
    const auto why = histogram ? read_histogram(made_, one)
                     : sink    ? read_sink_section(made_, one)
                     : mapping ? read_mapping(made_, one)
                               : known->read(made_, one.value);
    if (!why.empty())
        return one.origin() + ' ' + in_quotes(one.value) + ": " + why;
    const auto of = histogram ? of_histograms : sink || mapping ? of_all : known->of;
    applied_.push_back({one, of});
    return {};
}

std::string settings_builder::finish() {
    fill_in(made_);
    for (const auto& [one, of] : applied_) {
        if ((of & bit_of(made_.profile)) == 0) {
            return one.origin() + ": the profile " + all_settings().front().print(made_).front() +
                   " has no such setting";
        }
    }
    if (made_.prefix) {
        if (const auto why = slip_in_prefix(made_, *made_.prefix); !why.empty())
            return origin_of("quipud", "prefix") + ' ' + in_quotes(*made_.prefix) + ": " + why;
    }
    if (made_.percentiles) {
        if (const auto why = slip_in_percentiles(*made_.percentiles); !why.empty())
            return origin_of("quipud", "percentiles") + ' ' +
                   in_quotes(print_percentiles(*made_.percentiles)) + ": " + why;
    }
    if (made_.offset_ms >= made_.interval_ms)
        return origin_of("quipud", "offset") + " '" + print_time(made_.offset_ms) +
               "': it has to be less than the interval";
    for (const auto& one : made_.histograms) {
        if (!one.rule(made_.profile)) {
            return origin_of(one.section) + "[" + one.section +
                   (made_.profile == profile_name::statsite
                        ? "]: use numbers for min, max and width, with up to 1,024 bins"
                        : "]: use rising limits for bins, such as 10,100,inf");
        }
    }
    for (const auto& one : made_.mapping) {
        if (const auto why = quipu::fault_of(one.rule); !why.empty())
            return origin_of(one.section) + '[' + one.section + "]: " + std::string(why);
    }
    if (made_.profile == profile_name::statsite && !timer_numbers_of(made_.timer_metrics))
        return origin_of("names", "timer_metrics") + ' ' + in_quotes(joined(made_.timer_metrics)) +
               ": choose of sum, sum_sq, mean, lower, upper, count, stdev, median, rate and "
               "sample_rate";
    for (const auto& one : made_.sinks) {
        const auto slip = one.prefix        ? slip_in_prefix(made_, *one.prefix)
                          : one.percentiles ? slip_in_percentiles(*one.percentiles)
                                            : std::string();
        if (!slip.empty())
            return origin_of(one.section) + '[' + one.section +
                   "]: " + (one.prefix ? "prefix: " : "percentiles: ") + slip;
        if (const auto why = check_sink(one); !why.empty() && !one.section.empty())
            return origin_of(one.section) + '[' + one.section + "]: " + why;
        if (one.pretty && made_.profile != profile_name::etsy)
            return origin_of_sink(one) + in_quotes(one.url) + ": that form is the profile etsy's";
        if (one.form != quipu::statsite_form::lines && made_.profile != profile_name::statsite)
            return origin_of_sink(one) + in_quotes(one.url) +
                   ": the binary form is the profile statsite's";
    }
    return {};
}

std::string settings_builder::origin_of(std::string_view section, std::string_view key) const {
    std::string origin(key);
    for (const auto& [one, of] : applied_) {
        if (one.section == section && one.key == key)
            origin = one.origin();
    }
    return origin;
}

std::string settings_builder::origin_of_sink(const sink_setting& sink) const {
    std::string origin = "sink";
    for (const auto& [one, of] : applied_) {
        if (one.value == sink.url && (one.key == "sink" || one.key == "url"))
            origin = one.origin();
    }
    return origin + ' ';
}

std::string settings_builder::origin_of(std::string_view section) const {
    for (const auto& [one, of] : applied_) {
        if (one.section == section)
            return one.place;
    }
    return {};
}

namespace {

/// Calls `tell(section, key, value)` for each line of a config file.
template <class Tell>
void for_each_line(const settings& all, const Tell& tell) {
    for (const auto& one : all_settings()) {
        if ((one.of & bit_of(all.profile)) == 0)
            continue;
        for (const auto& value : one.print(all))
            tell(one.section, one.key, value);
    }
    for (const auto& sink : all.sinks) {
        if (!sink.section.empty())
            print_sink(sink, [&](std::string_view key, const std::string& value) {
                tell(sink.section, key, value);
            });
    }
    for (const auto& one : all.mapping) {
        tell_mapping(one.rule, [&](std::string_view key, const std::string& value) {
            tell(one.section, key, value);
        });
    }
    for (const auto& rule : all.histograms) {
        tell(rule.section, "match", rule.match);
        if (all.profile != profile_name::statsite) {
            tell(rule.section, "bins", joined(rule.bins));
        } else {
            tell(rule.section, "min", rule.min);
            tell(rule.section, "max", rule.max);
            tell(rule.section, "width", rule.width);
        }
    }
}

/// The lines of sinks, mappings and histograms by their sections.
std::map<std::string, std::string> named_sections(const settings& all) {
    std::map<std::string, std::string> sections;
    for_each_line(all, [&](std::string_view section, std::string_view key, std::string_view value) {
        if (section.find(' ') != section.npos || section.starts_with(histogram_section))
            ((sections[std::string(section)] += key) += '=').append(value) += '\n';
    });
    return sections;
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
        (text += key) += " = ";
        quipu::append_ini_value(text, value);
        text += '\n';
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

settings take_over(settings running, const settings& files) {
    for (const auto& one : all_settings()) {
        if (one.changes_at_run_time() && (one.of & bit_of(running.profile)) != 0 &&
            (one.of & bit_of(files.profile)) != 0)
            static_cast<void>(one.read(running, one.print(files).front()));
    }
    running.mapping = files.mapping;
    return running;
}

std::vector<std::string> changes(const settings& from, const settings& to) {
    std::vector<std::string> told;
    for (const auto& one : all_settings()) {
        if ((one.of & bit_of(from.profile)) == 0 || (one.of & bit_of(to.profile)) == 0)
            continue;
        const auto before = one.print(from);
        const auto after = one.print(to);
        if (before == after)
            continue;
        told.push_back(std::string(one.section) + '.' + std::string(one.key) + " is now " +
                       in_quotes(joined(after)) +
                       (one.changes_at_run_time() ? "" : " in the files: it needs a new start"));
    }
    const auto before = named_sections(from);
    const auto after = named_sections(to);
    auto names = before;
    names.insert(after.begin(), after.end());
    for (const auto& one : names) {
        const auto same = [&](const auto& all) {
            const auto found = all.find(one.first);
            return found != all.end() && found->second == one.second;
        };
        if (!same(before) || !same(after))
            told.push_back(
                '[' + one.first + "] is another one " +
                (one.first.starts_with("map ") ? "now" : "in the files: it needs a new start"));
    }
    const auto order = [](const settings& all) {
        text_list sections;
        for (const auto& one : all.mapping)
            sections.push_back(one.section);
        return sections;
    };
    if (before == after && order(from) != order(to))
        told.emplace_back("the order of the mappings is another one now");
    return told;
}

} // namespace quipud

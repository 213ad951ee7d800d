#include "config_slips.hpp"

#include <quipu/core/ascii.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace quipud {

namespace {

/// Settings that are lists: one line for each.
bool may_come_twice(const quipu::ini_entry& one) {
    return one.section == "quipud" && (one.key == "listen" || one.key == "sink");
}

} // namespace

quipu::config_error slip_in(const quipu::ini_file& file) {
    std::map<std::pair<std::string, std::string>, std::size_t> keys;
    for (const auto& one : file.entries) {
        const auto [known, is_new] = keys.emplace(std::pair(one.section, one.key), one.line);
        if (!is_new && !may_come_twice(one))
            return {one.line,
                    in_quotes(one.key) + " of [" + one.section + "] stands in line " +
                        std::to_string(known->second) + " already"};
        if (one.value.starts_with('"') && (one.value.size() == 1 || !one.value.ends_with('"')))
            return {one.line, in_quotes(one.key) + ": the quote does not end"};
    }
    return {};
}

std::string slip_in_glob(std::string_view glob) {
    if (glob.starts_with('^') || glob.ends_with('$') || glob.find('\\') != glob.npos)
        return "use a glob such as api.*.latency: this is a regular expression";
    return {};
}

std::string slip_in_prefix(const settings& all, const std::string& prefix) {
    if (all.profile == profile_name::statsite || prefix.empty())
        return {}; // there a prefix is put before names as it is
    if (prefix.ends_with('.'))
        return "use " + in_quotes(prefix.substr(0, prefix.find_last_not_of('.') + 1)) +
               ": a dot is put behind it";
    return prefix.starts_with('.') ? "a name does not begin with a dot" : "";
}

std::string slip_in_percentiles(const std::vector<quipu::percentile>& all) {
    const auto is_fraction = [](const quipu::percentile& one) {
        return one.value > 0 && one.value < 1;
    };
    if (all.empty() || !std::all_of(all.begin(), all.end(), is_fraction))
        return {};
    return "these are percentages: 50,99 and not 0.5,0.99";
}

} // namespace quipud

// The settings of the Python statsite.
#include "config_file.hpp"
#include "setting_values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace quipud {

namespace {

constexpr std::array<std::string_view, 6> sections{
    "statsite", "collector", "store", "aggregator", "aliveness_check", "metrics"};

struct known_key {
    std::string_view section;
    std::string_view key;
    std::string_view value; ///< by default
};

constexpr std::array known_keys{
    known_key{"statsite", "flush_interval", "10"},
    known_key{"statsite", "log_level", "info"},
    known_key{"collector", "class", "collector.UDPCollector"},
    known_key{"collector", "host", "0.0.0.0"},
    known_key{"collector", "port", "8125"},
    known_key{"aggregator", "class", "aggregator.DefaultAggregator"},
    known_key{"store", "class", "metrics_store.GraphiteStore"},
    known_key{"store", "host", "localhost"},
    known_key{"store", "port", "2003"},
    known_key{"store", "prefix", "statsite"},
    known_key{"store", "attempts", "3"},
    known_key{"metrics", "ms.percentile", "90"},
    known_key{"aliveness_check", "enabled", ""},
    known_key{"aliveness_check", "host", "0.0.0.0"},
    known_key{"aliveness_check", "port", "8325"},
};

class translator {
public:
    explicit translator(const std::vector<kiip_setting>& all) : all_(all) {}

    loaded_config translate() {
        put("profile", "kiip", "the Python statsite's settings");
        for (const auto& one : all_)
            check_known(one);
        put("interval", value("statsite", "flush_interval"), origin("statsite", "flush_interval"));
        put_log_level();
        put_collector();
        require_class("aggregator", {"DefaultAggregator"});
        require_class("store", {"GraphiteStore"});
        put("sink",
            "graphite://" + host("store") + ':' + value("store", "port"),
            origin("store", "port"));
        put("prefix", value("store", "prefix"), origin("store", "prefix"));
        if (find("store", "attempts") != nullptr)
            made_.notices.push_back(origin("store", "attempts") +
                                    " has no effect: flushes wait until Graphite takes them");
        // A file's percentile costs that server each flush, since it is a text there.
        if (find("metrics", "ms.percentile") != nullptr)
            put("percentiles",
                value("metrics", "ms.percentile"),
                origin("metrics", "ms.percentile"));
        put_aliveness();
        return std::move(made_);
    }

private:
    [[nodiscard]] const kiip_setting* find(std::string_view section, std::string_view key) const {
        const auto found = std::find_if(all_.rbegin(), all_.rend(), [&](const auto& one) {
            return one.section == section && one.key == key;
        });
        return found == all_.rend() ? nullptr : &*found;
    }

    [[nodiscard]] std::string value(std::string_view section, std::string_view key) const {
        if (const auto* const set = find(section, key))
            return set->value;
        const auto* const known =
            std::find_if(known_keys.begin(), known_keys.end(), [&](const auto& one) {
                return one.section == section && one.key == key;
            });
        return std::string(known->value);
    }

    [[nodiscard]] std::string origin(std::string_view section, std::string_view key) const {
        const auto* const set = find(section, key);
        return set != nullptr ? set->origin() : std::string(section) + '.' + std::string(key);
    }

    /// A host as addresses have it: an IPv6 one in brackets.
    [[nodiscard]] std::string host(std::string_view section) const {
        return in_brackets(value(section, "host"));
    }

    void put(std::string key, std::string value, std::string origin) {
        made_.assignments.push_back(
            {"quipud", std::move(key), std::move(value), std::move(origin), {}});
    }

    void fail(std::string why) {
        if (made_.error.empty())
            made_.error = std::move(why);
    }

    void check_known(const kiip_setting& one) {
        for (const auto& known : known_keys) {
            if (one.section == known.section && one.key == known.key)
                return;
        }
        made_.notices.push_back(one.origin() + " is unknown and left out");
    }

    void put_log_level() {
        const auto level = value("statsite", "log_level");
        constexpr std::array<std::pair<std::string_view, std::string_view>, 6> levels{{
            {"debug", "info"},
            {"info", "info"},
            {"warn", "warning"},
            {"warning", "warning"},
            {"error", "error"},
            {"critical", "error"},
        }};
        const auto lower = in_lower_case(level);
        for (const auto& [name, ours] : levels) {
            if (name == lower)
                return put("log_level", std::string(ours), origin("statsite", "log_level"));
        }
        fail(origin("statsite", "log_level") + ' ' + in_quotes(level) +
             ": choose debug, info, warn, error or critical");
    }

    /// The class that is asked for: the index of its name, which may have modules before it.
    std::size_t require_class(std::string_view section,
                              const std::vector<std::string_view>& names) {
        const auto full = value(section, "class");
        const auto dot = full.rfind('.');
        const auto name = std::string_view(full).substr(dot == full.npos ? 0 : dot + 1);
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) {
            std::string choice;
            for (const auto one : names)
                choice += (choice.empty() ? "" : " or ") + std::string(one);
            fail(origin(section, "class") + ' ' + in_quotes(full) + ": use " + choice);
            return 0;
        }
        return static_cast<std::size_t>(found - names.begin());
    }

    void put_collector() {
        const auto tcp = require_class("collector", {"UDPCollector", "TCPCollector"}) == 1;
        put("listen",
            (tcp ? "tcp://" : "udp://") + host("collector") + ':' + value("collector", "port"),
            origin("collector", "port"));
    }

    void put_aliveness() {
        const auto enabled = value("aliveness_check", "enabled");
        for (const std::string_view no : {"", "False", "false", "no", "off", "0"}) {
            if (enabled == no)
                return;
        }
        put("aliveness",
            host("aliveness_check") + ':' + value("aliveness_check", "port"),
            origin("aliveness_check", "port"));
    }

    const std::vector<kiip_setting>& all_;
    loaded_config made_{};
};

} // namespace

bool is_kiip_section(std::string_view section) {
    return std::find(sections.begin(), sections.end(), section) != sections.end();
}

loaded_config translate_kiip(const std::vector<kiip_setting>& all) {
    return translator(all).translate();
}

} // namespace quipud

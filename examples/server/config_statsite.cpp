// The config file of statsite, the one in C.
#include "config_file.hpp"
#include "setting_values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace quipud {

namespace {

/// A key that is a setting of ours as it is.
struct same_setting {
    std::string_view key;
    std::string_view section;
    std::string_view name;
    bool is_switch = false;
};

constexpr std::array same_settings{
    same_setting{"flush_interval", "quipud", "interval"},
    same_setting{"aligned_flush", "quipud", "align", true},
    same_setting{"timer_eps", "quipud", "quantile_error"},
    same_setting{"quantiles", "quipud", "quantiles"},
    same_setting{"input_counter", "quipud", "input_counter"},
    same_setting{"daemonize", "quipud", "daemonize", true},
    same_setting{"pid_file", "quipud", "pid_file"},
    same_setting{"global_prefix", "quipud", "prefix"},
    same_setting{"use_type_prefix", "names", "types", true},
    same_setting{"kv_prefix", "names", "keyvalues"},
    same_setting{"counts_prefix", "names", "counters"},
    same_setting{"timers_prefix", "names", "timers"},
    same_setting{"gauges_prefix", "names", "gauges"},
    same_setting{"sets_prefix", "names", "sets"},
    same_setting{"extended_counters", "names", "extended_counters", true},
    same_setting{"legacy_extended_counters", "names", "counts_samples", true},
    same_setting{"timers_include", "names", "timer_metrics"},
};

/// Keys that are put together with others.
constexpr std::array<std::string_view, 10> together{"port",
                                                    "tcp_port",
                                                    "udp_port",
                                                    "bind_address",
                                                    "parse_stdin",
                                                    "stream_cmd",
                                                    "binary_stream",
                                                    "prefix_binary_stream",
                                                    "udp_rcvbuf",
                                                    "log_facility"};

class translator {
public:
    translator(std::string path, const quipu::ini_file& file)
        : path_(std::move(path)), file_(file) {}

    loaded_config translate() {
        put("quipud", "profile", "statsite", nullptr, "statsite's settings");
        for (const auto& one : file_.sections) {
            if (one.name != "statsite" && !one.name.starts_with("histogram"))
                fail(one.line, "unknown section " + in_quotes(one.name));
        }
        for (const auto& one : file_.entries) {
            if (one.section == "statsite")
                read(one);
            else
                read_histogram(one);
        }
        put_ways_in();
        put_way_out();
        put_log();
        return std::move(made_);
    }

private:
    [[nodiscard]] std::string at(std::size_t line) const {
        return line == 0 ? "" : path_ + ':' + std::to_string(line) + ": ";
    }

    void fail(std::size_t line, const std::string& why) {
        if (made_.error.empty())
            made_.error = at(line) + why;
    }

    void put(std::string_view section,
             std::string_view key,
             std::string value,
             const quipu::ini_entry* from,
             std::string_view name = {}) {
        made_.assignments.push_back({std::string(section),
                                     std::string(key),
                                     std::move(value),
                                     from != nullptr ? from->key : std::string(name),
                                     from != nullptr ? at(from->line) : std::string()});
    }

    void read(const quipu::ini_entry& one) {
        if (std::find(together.begin(), together.end(), one.key) != together.end())
            return;
        if (one.key == "log_level")
            return read_log_level(one);
        for (const auto& known : same_settings) {
            if (one.key == known.key)
                return put(known.section,
                           known.name,
                           known.is_switch ? in_lower_case(one.value) : one.value,
                           &one);
        }
        const bool known = one.key == "set_eps";
        made_.notices.push_back(at(one.line) + one.key +
                                (known ? " has no effect here" : " is unknown and left out"));
    }

    void read_log_level(const quipu::ini_entry& one) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 5> levels{
            {{"debug", "info"},
             {"info", "info"},
             {"warn", "warning"},
             {"error", "error"},
             {"critical", "error"}}};
        for (const auto& [name, ours] : levels) {
            if (in_lower_case(one.value) == name)
                return put("quipud", "log_level", std::string(ours), &one);
        }
        fail(one.line,
             one.key + ' ' + in_quotes(one.value) +
                 ": choose DEBUG, INFO, WARN, ERROR or CRITICAL");
    }

    void read_histogram(const quipu::ini_entry& one) {
        if (one.key == "prefix")
            return put(one.section, "match", one.value, &one);
        if (one.key == "min" || one.key == "max" || one.key == "width")
            return put(one.section, one.key, one.value, &one);
        made_.notices.push_back(at(one.line) + one.key + " is unknown and left out");
    }

    [[nodiscard]] const quipu::ini_entry* find(std::string_view key) const {
        const auto found =
            std::find_if(file_.entries.rbegin(), file_.entries.rend(), [&](const auto& one) {
                return one.section == "statsite" && one.key == key;
            });
        return found == file_.entries.rend() ? nullptr : &*found;
    }

    [[nodiscard]] bool is_on(std::string_view key) {
        const auto* const set = find(key);
        if (set == nullptr)
            return false;
        const auto value = in_lower_case(set->value);
        if (value == "true" || value == "yes" || value == "1")
            return true;
        if (value == "false" || value == "no" || value == "0")
            return false;
        fail(set->line, set->key + ' ' + in_quotes(set->value) + ": use true or false");
        return false;
    }

    void put_ways_in() {
        const auto* const bind = find("bind_address");
        const auto host = bind == nullptr ? std::string() : bind->value;
        const auto shown = in_brackets(host);
        bool any = false;
        const auto listen = [&](const char* scheme, const quipu::ini_entry* port) {
            const auto number = port == nullptr ? std::string("8125") : port->value;
            if (number == "0")
                return;
            any = true;
            put("quipud", "listen", scheme + shown + ':' + number, port, "port");
        };
        const auto* const tcp = find("tcp_port");
        listen("tcp://", tcp != nullptr ? tcp : find("port"));
        listen("udp://", find("udp_port"));
        if (is_on("parse_stdin")) {
            any = true;
            put("quipud", "listen", "stdin:", find("parse_stdin"));
        }
        if (!any)
            put("quipud", "listen", "none:", nullptr, "udp_port");
        if (const auto* const bytes = find("udp_rcvbuf"); bytes != nullptr)
            put("quipud", "receive_buffer", bytes->value, bytes);
    }

    void put_way_out() {
        const auto* const command = find("stream_cmd");
        const bool binary = is_on("binary_stream");
        const bool prefixed = is_on("prefix_binary_stream");
        const char* const scheme = !binary ? "exec:" : prefixed ? "exec+prefixed:" : "exec+binary:";
        put("quipud",
            "sink",
            scheme + (command == nullptr ? std::string("cat") : command->value),
            command,
            "stream_cmd");
    }

    /// It writes to both logs there; here standard error is enough for who can see it.
    void put_log() {
        const auto* const facility = find("log_facility");
        if (is_on("daemonize"))
            put("quipud",
                "log",
                "syslog:" +
                    (facility == nullptr ? std::string("local0") : in_lower_case(facility->value)),
                facility,
                "log_facility");
    }

    std::string path_;
    const quipu::ini_file& file_;
    loaded_config made_{};
};

} // namespace

bool is_statsite_key(std::string_view key) {
    return key == "log_level" ||
           std::find(together.begin(), together.end(), key) != together.end() ||
           std::any_of(same_settings.begin(), same_settings.end(), [key](const auto& one) {
               return one.key == key;
           });
}

loaded_config translate_statsite(const std::string& path, const quipu::ini_file& file) {
    return translator(path, file).translate();
}

loaded_config translate_statsite() {
    return translate_statsite({}, {});
}

} // namespace quipud

// The config file of Etsy's statsd.
#include "config_file.hpp"
#include "setting_values.hpp"

#include <quipu/core/number.hpp>
#include <quipu/core/whole_number.hpp>
#include <quipu/server/object_literal.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include <unistd.h>

namespace quipud {

namespace {

using quipu::literal;
using quipu::literal_kind;

/// Options that quipud knows, but that change nothing about it.
constexpr std::array<std::string_view, 7> without_effect{
    "debug",
    "title",
    "healthStatus",
    "console",
    "automaticConfigReload",
    "repeater", // unless it is a backend
    "repeaterProtocol",
};

class translator {
public:
    translator(const std::string& path, std::string_view text)
        : path_(path), file_(quipu::parse_object_literal(text, surroundings())),
          config_(file_.value) {}

    loaded_config translate() {
        if (!file_.error.why.empty()) {
            fail(file_.error.line, file_.error.why);
        } else if (config_.kind != literal_kind::object) {
            fail(config_.line, "an object is expected: { … }");
        } else {
            read();
        }
        return std::move(made_);
    }

private:
    /// What a file may ask for is read here, and now.
    static quipu::literal_surroundings surroundings() {
        quipu::literal_surroundings made;
        made.environment = [](std::string_view name) -> std::optional<std::string> {
            const char* const value = std::getenv(std::string(name).c_str());
            return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
        };
        char name[256] = {};
        if (::gethostname(name, sizeof name - 1) == 0)
            made.hostname = name;
        return made;
    }

    void read() {
        if (config_.find("nodes") != nullptr)
            return fail(line_of(config_, "nodes"),
                        "this is the file of Etsy's proxy: quipud spreads nothing over `nodes`");
        put("quipud", "profile", "etsy", config_.line, "the file");
        read_interval();
        if (is_true(config_, "percentThreshold", false)) // 0 and the like are none there, too
            copy(config_, "percentThreshold", "quipud", "percentiles");
        copy(config_, "prefixStats", "quipud", "own_prefix");
        copy(config_, "flush_counts", "names", "counts");
        copy(config_, "keyNameSanitize", "names", "sanitize");
        copy(config_, "dumpMessages", "quipud", "log_lines");
        if (const auto* const list = config_.find("calculatedTimerMetrics");
            list != nullptr && list->kind == literal_kind::list) {
            copy(config_, "calculatedTimerMetrics", "names", "timer_metrics");
        }
        read_ways_in();
        read_admin();
        read_ways_out();
        read_names();
        read_log();
        read_key_flush();
        read_idle();
        read_histograms();
        for (std::size_t i = 0; i < config_.items.size(); ++i)
            note_unread(config_.names[i], config_.items[i].line);
        if (!config_.names.empty() && made_.notices.size() == config_.names.size() && !knows_any_)
            fail(config_.line, "nothing in it is an option of Etsy's statsd");
    }

    // What is found is marked as read, so that the rest can be told.

    const literal* find(const literal& within, std::string_view key) {
        if (&within == &config_)
            read_.push_back(key);
        const auto* const found = within.find(key);
        return found == nullptr || found->kind == literal_kind::nothing ? nullptr : found;
    }

    /// The text of a plain value, or of a list of them with commas between.
    std::string text(const literal& value, std::string_view key) {
        switch (value.kind) {
        case literal_kind::number:
        case literal_kind::boolean:
        case literal_kind::text: return value.text;
        case literal_kind::list: {
            std::string all;
            for (const auto& one : value.items)
                all += (all.empty() ? "" : ",") + text(one, key);
            return all;
        }
        case literal_kind::nothing:
        case literal_kind::object: break;
        }
        fail(value.line, std::string(key) + ": a plain value is expected");
        return {};
    }

    std::string text_or(const literal& within, std::string_view key, std::string otherwise) {
        const auto* const value = find(within, key);
        return value == nullptr ? otherwise : text(*value, key);
    }

    /// What JavaScript takes for true.
    bool is_true(const literal& within, std::string_view key, bool otherwise) {
        const auto* const value = find(within, key);
        if (value == nullptr)
            return otherwise;
        switch (value->kind) {
        case literal_kind::boolean: return value->truth;
        case literal_kind::number: return value->number != 0;
        case literal_kind::text: return !value->text.empty();
        default: return true;
        }
    }

    std::size_t line_of(const literal& within, std::string_view key) const {
        const auto* const value = within.find(key);
        return value == nullptr ? within.line : value->line;
    }

    std::string at(std::size_t line) const { return path_ + ':' + std::to_string(line) + ": "; }

    void fail(std::size_t line, const std::string& why) {
        if (made_.error.empty())
            made_.error = at(line) + why;
    }

    void put(std::string section,
             std::string key,
             std::string value,
             std::size_t line,
             std::string_view name) {
        made_.assignments.push_back(
            {std::move(section), std::move(key), std::move(value), std::string(name), at(line)});
    }

    /// Hands a plain value on, if it is there.
    void copy(const literal& within, std::string_view from, const char* section, const char* key) {
        const auto* const value = find(within, from);
        if (value != nullptr)
            put(section, key, text(*value, from), value->line, from);
    }

    void read_interval() {
        const auto* const value = find(config_, "flushInterval");
        if (value == nullptr)
            return;
        const auto written = text(*value, "flushInterval");
        if (!quipu::parse_number(written))
            return fail(value->line,
                        "flushInterval " + in_quotes(written) + ": use a number of milliseconds");
        put("quipud", "interval", written + "ms", value->line, "flushInterval");
    }

    void read_ways_in() {
        const auto* const servers = find(config_, "servers");
        if (servers == nullptr)
            return read_way_in(config_);
        if (servers->kind != literal_kind::list)
            return fail(servers->line, "servers: a list is expected");
        for (const auto& one : servers->items)
            read_way_in(one);
    }

    void read_way_in(const literal& one) {
        const auto name = text_or(one, "server", "./servers/udp");
        const auto line = line_of(one, "server");
        const bool tcp = name.ends_with("servers/tcp");
        if (!tcp && !name.ends_with("servers/udp"))
            return fail(line, "server " + in_quotes(name) + ": use ./servers/udp or ./servers/tcp");
        static_cast<void>(find(one, "address_ipv6")); // every address is of both kinds here
        if (const auto* const socket = find(one, "socket"); tcp && socket != nullptr)
            return put("quipud",
                       "listen",
                       "unix://" + socket->text + mode_of(one),
                       socket->line,
                       "socket");
        const auto host = text_or(one, "address", "");
        const auto port = text_or(one, "port", "8125");
        put("quipud",
            "listen",
            (tcp ? "tcp://" : "udp://") + in_brackets(host) + ':' + port,
            line_of(one, "port"),
            "port");
    }

    /// A number, be it written 0660 or 432, or the digits as a text.
    std::string mode_of(const literal& one) {
        const auto* const mode = find(one, "socket_mod");
        if (mode == nullptr)
            return {};
        const auto bits = quipu::whole_number<unsigned>(mode->number);
        const bool is_mode = bits && *bits <= 07777; // else it is refused as it stands
        if (mode->kind == literal_kind::text || mode->text.starts_with('0') || !is_mode)
            return "?mode=" + mode->text;
        std::string octal;
        for (auto left = *bits; left > 0; left /= 8)
            octal.insert(octal.begin(), static_cast<char>('0' + left % 8));
        return "?mode=0" + octal;
    }

    void read_admin() {
        const auto host = text_or(config_, "mgmt_address", "");
        const auto port = text_or(config_, "mgmt_port", "8126");
        put("quipud",
            "admin",
            in_brackets(host) + ':' + port,
            line_of(config_, "mgmt_port"),
            "mgmt_port");
    }

    void read_ways_out() {
        const auto host = text_or(config_, "graphiteHost", "");
        const auto protocol = text_or(config_, "graphiteProtocol", "text");
        const bool pickle = protocol == "pickle";
        if (!pickle && protocol != "text")
            fail(line_of(config_, "graphiteProtocol"),
                 "graphiteProtocol " + in_quotes(protocol) + ": use text or pickle");
        const auto text_port = text_or(config_, "graphitePort", "2003");
        const auto pickle_port = text_or(config_, "graphitePicklePort", "2004");
        const auto graphite = pickle ? "graphite+pickle://" + in_brackets(host) + ':' + pickle_port
                                     : "graphite://" + in_brackets(host) + ':' + text_port;
        const auto put_graphite = [&](std::size_t line) {
            if (!host.empty())
                put("quipud", "sink", graphite, line, "graphiteHost");
        };
        const auto* const backends = find(config_, "backends");
        if (host.empty() || backends != nullptr)
            put("quipud",
                "sink",
                "none:",
                config_.line,
                "backends"); // the table is for who asks for it
        if (backends == nullptr)
            return put_graphite(line_of(config_, "graphiteHost"));
        if (backends->kind != literal_kind::list)
            return fail(backends->line, "backends: a list is expected");
        for (const auto& one : backends->items) {
            auto name = text(one, "backends");
            if (name.ends_with(".js"))
                name.resize(name.size() - 3);
            if (name.ends_with("backends/graphite"))
                put_graphite(one.line);
            else if (name.ends_with("backends/console"))
                put_console(one.line);
            else if (name.ends_with("backends/repeater"))
                read_repeater();
            else
                fail(one.line,
                     "backends " + in_quotes(name) +
                         ": use ./backends/graphite, ./backends/console or ./backends/repeater");
        }
    }

    void put_console(std::size_t line) {
        const auto* const console = find(config_, "console");
        const bool pretty = console != nullptr && console->kind == literal_kind::object &&
                            is_true(*console, "prettyprint", false);
        put("quipud", "sink", pretty ? "console:pretty" : "console:", line, "backends");
    }

    void read_repeater() {
        const auto* const targets = find(config_, "repeater");
        if (targets == nullptr)
            return;
        if (targets->kind != literal_kind::list)
            return fail(targets->line, "repeater: a list is expected");
        // What is neither of these is udp4 there, too.
        const auto protocol = text_or(config_, "repeaterProtocol", "udp4");
        const std::string scheme = protocol == "tcp"    ? "repeat+tcp://"
                                   : protocol == "udp6" ? "repeat+udp6://"
                                                        : "repeat+udp4://";
        for (const auto& one : targets->items) {
            const auto host = text_or(one, "host", "");
            put("quipud",
                "sink",
                scheme + in_brackets(host) + ':' + text_or(one, "port", "8125"),
                one.line,
                "repeater");
        }
    }

    void read_names() {
        const auto* const graphite = find(config_, "graphite");
        if (graphite == nullptr)
            return;
        if (graphite->kind != literal_kind::object)
            return fail(graphite->line, "graphite: an object is expected");
        copy(*graphite, "legacyNamespace", "names", "legacy");
        copy(*graphite, "prefixCounter", "names", "counters");
        copy(*graphite, "prefixTimer", "names", "timers");
        copy(*graphite, "prefixGauge", "names", "gauges");
        copy(*graphite, "prefixSet", "names", "sets");
        copy(*graphite, "globalSuffix", "names", "suffix");
        // The legacy names do not heed it.
        if (!is_true(*graphite, "legacyNamespace", true))
            copy(*graphite, "globalPrefix", "quipud", "prefix");
    }

    void read_log() {
        const auto* const log = find(config_, "log");
        if (log == nullptr || log->kind != literal_kind::object)
            return;
        if (text_or(*log, "backend", "stdout") == "syslog") {
            put("quipud", "log", "syslog:user", line_of(*log, "backend"), "backend");
            const auto line = line_of(*log, "application");
            put("quipud", "log_name", text_or(*log, "application", "statsd"), line, "application");
        }
        const auto level = text_or(*log, "level", "LOG_INFO");
        const bool quiet = level == "LOG_ERR" || level == "LOG_CRIT" || level == "LOG_ALERT" ||
                           level == "LOG_EMERG";
        if (quiet || level == "LOG_WARNING")
            put("quipud",
                "log_level",
                quiet ? "error" : "warning",
                line_of(*log, "level"),
                "level");
    }

    void read_key_flush() {
        const auto* const keys = find(config_, "keyFlush");
        if (keys == nullptr || keys->kind != literal_kind::object)
            return;
        const auto number = [&](const char* option, const char* key, const char* unit) {
            const auto* const value = find(*keys, option);
            // That server takes 0 and the empty text for nothing.
            if (value == nullptr || !is_true(*keys, option, false) || value->number == 0)
                return;
            const auto written = text(*value, option);
            if (!quipu::parse_number(written))
                return fail(value->line,
                            std::string(option) + ' ' + in_quotes(written) + ": use a number");
            put("keys", key, written + unit, value->line, option);
        };
        number("interval", "interval", "ms");
        number("percent", "percent", "");
        if (is_true(*keys, "log", false))
            copy(*keys, "log", "keys", "log");
    }

    void read_idle() {
        const bool all = is_true(config_, "deleteIdleStats", false);
        const auto drop = [&](const char* option, const char* key, std::string flushes) {
            if (is_true(config_, option, all))
                put("idle", key, std::move(flushes), line_of(config_, option), option);
        };
        drop("deleteCounters", "counters", "drop");
        drop("deleteTimers", "timers", "drop");
        drop("deleteSets", "sets", "drop");
        // The flush of the interval in which it came is the first of so many.
        const auto* const ttl = find(config_, "gaugesMaxTTL");
        const double flushes = ttl == nullptr ? 1 : ttl->number;
        if (ttl != nullptr && (ttl->kind != literal_kind::number || !(flushes <= 1e9)))
            return fail(ttl->line, "gaugesMaxTTL: a number of flushes is expected");
        const auto idle = flushes >= 2 ? quipu::nearest_whole<std::uint64_t>(flushes) - 1 : 0;
        drop("deleteGauges", "gauges", std::to_string(idle));
    }

    void read_histograms() {
        const auto* const list = find(config_, "histogram");
        if (list == nullptr)
            return;
        if (list->kind != literal_kind::list)
            return fail(list->line, "histogram: a list is expected");
        std::size_t count = 0;
        for (const auto& one : list->items) {
            const auto section = "histogram " + std::to_string(++count);
            put(section, "match", text_or(one, "metric", ""), one.line, "metric");
            put(section, "bins", text_or(one, "bins", ""), line_of(one, "bins"), "bins");
        }
    }

    void note_unread(const std::string& name, std::size_t line) {
        if (std::find(read_.begin(), read_.end(), name) != read_.end())
            return;
        const bool known =
            std::find(without_effect.begin(), without_effect.end(), name) != without_effect.end();
        knows_any_ = knows_any_ || known;
        made_.notices.push_back(at(line) + in_quotes(name) +
                                (known ? " has no effect here" : " is unknown and left out"));
    }

    const std::string& path_;
    quipu::parsed_literal file_;
    const literal& config_;
    std::vector<std::string_view> read_{};
    bool knows_any_ = false; // of what has no effect
    loaded_config made_{};
};

} // namespace

loaded_config translate_etsy(const std::string& path, std::string_view text) {
    return translator(path, text).translate();
}

} // namespace quipud

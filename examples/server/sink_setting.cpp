#include "sink_setting.hpp"

#include "config_slips.hpp"
#include "setting_values.hpp"
#include "settings_table.hpp"

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/whole_number.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <unistd.h>

namespace quipud {

namespace {

struct scheme {
    std::string_view begin;
    sink_kind kind;
    std::uint16_t port;
};

constexpr std::array<scheme, 7> schemes{{
    {"graphite://", sink_kind::graphite, 2003},
    {"graphite+pickle://", sink_kind::graphite, 2004},
    {"influx://", sink_kind::influx, 8086},
    {"influx+udp://", sink_kind::influx_udp, 8089},
    {"opentsdb://", sink_kind::opentsdb, 4242},
    {"statsd://", sink_kind::statsd, 8125},
    {"statsd+tcp://", sink_kind::statsd_tcp, 8125},
}};

/// The text as a value within a query.
std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (quipu::detail::is_letter(c) || quipu::detail::is_digit(c) || c == '-' || c == '_' ||
            c == '.' || c == '~') {
            out += c;
        } else {
            ((out += '%') += digits[byte >> 4U]) += digits[byte & 15U];
        }
    }
    return out;
}

std::string name_of_this_host() {
    std::array<char, 256> name{};
    const bool known = ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
    return known ? name.data() : "localhost";
}

/// Takes what stands behind the port; false if the kind has no such thing, or lacks it.
bool read_rest(std::string_view rest, sink_setting& into) {
    if (into.kind == sink_kind::influx) {
        const auto database = rest.substr(rest.empty() ? 0 : 1);
        into.rest = "/write?db=" + escaped(database) + "&precision=s";
        return rest.starts_with('/') && !database.empty() &&
               database.find_first_of("/?") == database.npos;
    }
    if (into.kind == sink_kind::opentsdb) {
        constexpr std::string_view host = "?host=";
        into.rest = rest.empty() ? name_of_this_host()
                                 : rest.substr(host.size() < rest.size() ? host.size() : 0);
        return rest.empty() || (rest.starts_with(host) && rest.size() > host.size());
    }
    return rest.empty();
}

/// A backend over the network; false if the URL is none, or lacks a part.
bool read_backend(std::string_view url, sink_setting& into) {
    for (const auto& [begin, kind, port] : schemes) {
        if (!url.starts_with(begin))
            continue;
        const auto place = url.substr(begin.size());
        const auto end = place.find_first_of("/?");
        auto to = quipu::parse_host_port(place.substr(0, end), port);
        into.kind = kind;
        into.pickles = begin == "graphite+pickle://";
        if (!to || to->host.empty() || to->host == "*" || to->port == 0 ||
            !read_rest(end == place.npos ? "" : place.substr(end), into))
            return false;
        into.to = *std::move(to);
        return true;
    }
    return false;
}

bool read_command(std::string_view url, sink_setting& into) {
    constexpr std::array<std::pair<std::string_view, quipu::statsite_form>, 3> commands{
        {{"exec:", quipu::statsite_form::lines},
         {"exec+binary:", quipu::statsite_form::binary},
         {"exec+prefixed:", quipu::statsite_form::prefixed_binary}}};
    for (const auto& [scheme, form] : commands) {
        if (!url.starts_with(scheme) || url.size() == scheme.size())
            continue;
        into.kind = sink_kind::command;
        into.form = form;
        return true;
    }
    return false;
}

/// `json:///PATH`, or `json:` for standard output.
bool read_json(std::string_view url, sink_setting& into) {
    constexpr std::string_view file = "json://";
    into.kind = sink_kind::json;
    into.rest = url.substr(std::min(url.size(), file.size()));
    return url == "json:" || (url.starts_with(file) && into.rest.starts_with('/'));
}

bool read_console(std::string_view url, sink_setting& into) {
    into.kind = url == "none:" ? sink_kind::none : sink_kind::console;
    into.pretty = url == "console:pretty";
    return url == "none:" || url == "console:" || into.pretty;
}

bool read_repeater(std::string_view url, sink_setting& into) {
    auto target = quipu::parse_repeat_target(url, 8125);
    if (!target)
        return false;
    into.kind = sink_kind::repeat;
    into.copies = *std::move(target);
    return true;
}

std::string read_pause(std::string_view value, std::optional<std::int64_t>& into) {
    constexpr std::int64_t ms_max = std::int64_t{60} * 60 * 1000;
    auto why = read_time(value, 1, ms_max, into.emplace());
    return why.empty() ? why : why + ", up to 1h";
}

/// Whether the kind gives names a prefix.
bool has_prefix(sink_kind kind) {
    return kind == sink_kind::graphite || kind == sink_kind::opentsdb || kind == sink_kind::command;
}

/// Whether it sends its flushes over a connection that stays.
bool keeps_a_connection(sink_kind kind) {
    return kind == sink_kind::graphite || kind == sink_kind::opentsdb ||
           kind == sink_kind::statsd_tcp;
}

/// Whether it takes flushes, and so all that is about them.
bool takes_flushes(sink_kind kind) {
    return kind != sink_kind::none && kind != sink_kind::repeat;
}

} // namespace

std::string read_sink_url(std::string_view url, sink_setting& into) {
    if (url.starts_with("prometheus:"))
        return "Prometheus asks for its numbers: at /metrics of the admin port";
    into.url = url;
    for (const auto reads : {read_console, read_command, read_repeater, read_json, read_backend}) {
        if (reads(url, into))
            return {};
    }
    return "use console:, none:, graphite://HOST:PORT, graphite+pickle://HOST:PORT, "
           "influx://HOST:PORT/DATABASE, influx+udp://HOST:PORT, opentsdb://HOST:PORT, "
           "statsd://HOST:PORT, statsd+tcp://HOST:PORT, repeat://HOST:PORT, "
           "repeat+tcp://HOST:PORT, json:///PATH or exec:COMMAND";
}

std::string read_sink_option(std::string_view key, std::string_view value, sink_setting& into) {
    if (key == "url")
        return read_sink_url(value, into);
    if (key == "prefix")
        return read_node(value, into.prefix.emplace());
    if (key == "percentiles")
        return read_percentiles(value, into.percentiles.emplace());
    if (key == "only" || key == "except") {
        auto& globs = key == "only" ? into.only : into.except;
        globs = split(value, ',');
        for (const auto& one : globs) {
            if (auto why = slip_in_glob(one); !why.empty())
                return why;
        }
        return {};
    }
    if (key == "queue") {
        constexpr std::size_t flushes_max = 100'000;
        const auto number = quipu::parse_number(value);
        const auto flushes = number ? quipu::whole_number<std::size_t>(*number) : std::nullopt;
        if (!flushes || *flushes < 1 || *flushes > flushes_max)
            return "use a number of flushes from 1 to 100000";
        into.queue = *flushes;
        return {};
    }
    if (key == "retry")
        return read_pause(value, into.retry_ms);
    if (key == "retry_max")
        return read_pause(value, into.retry_max_ms);
    if (key == "resend")
        return read_bytes(value, into.resend.emplace());
    if (key == "look_up") {
        if (value == "never")
            return into.look_up_ms = 0, std::string();
        constexpr std::int64_t ms_max = std::int64_t{24} * 60 * 60 * 1000;
        auto why = read_time(value, 1000, ms_max, into.look_up_ms.emplace());
        return why.empty() ? why : why + ", from 1s to 24h, or never";
    }
    const auto meant = nearest(key,
                               {"url",
                                "prefix",
                                "percentiles",
                                "only",
                                "except",
                                "queue",
                                "retry",
                                "retry_max",
                                "resend",
                                "look_up"});
    return "a sink has url, prefix, percentiles, only, except, queue, retry, retry_max, resend and "
           "look_up" +
           (meant.empty() ? std::string() : "; did you mean " + in_quotes(meant) + "?");
}

std::string check_sink(const sink_setting& one) {
    if (one.url.empty())
        return "url is missing";
    if (one.prefix && !has_prefix(one.kind))
        return "prefix: this sink gives names none";
    const bool has_options = one.percentiles || one.is_filtered() || one.queue || one.retry_ms ||
                             one.retry_max_ms || one.resend || one.look_up_ms;
    if (has_options && !takes_flushes(one.kind))
        return "this sink takes no flushes: url is its only option";
    if (one.percentiles && (one.kind == sink_kind::statsd || one.kind == sink_kind::statsd_tcp))
        return "percentiles: the other server has its own";
    if ((one.resend || one.look_up_ms) && !keeps_a_connection(one.kind))
        return std::string(one.resend ? "resend" : "look_up") +
               ": this sink keeps no connection open";
    return {};
}

void print_sink(const sink_setting& one,
                const std::function<void(std::string_view, const std::string&)>& tell) {
    tell("url", one.url);
    if (one.prefix)
        tell("prefix", *one.prefix);
    if (one.percentiles)
        tell("percentiles", print_percentiles(*one.percentiles));
    if (!one.only.empty())
        tell("only", joined(one.only));
    if (!one.except.empty())
        tell("except", joined(one.except));
    if (one.queue)
        tell("queue", std::to_string(*one.queue));
    if (one.retry_ms)
        tell("retry", print_time(*one.retry_ms));
    if (one.retry_max_ms)
        tell("retry_max", print_time(*one.retry_max_ms));
    if (one.resend)
        tell("resend", std::to_string(*one.resend));
    if (one.look_up_ms)
        tell("look_up", *one.look_up_ms == 0 ? "never" : print_time(*one.look_up_ms));
}

} // namespace quipud

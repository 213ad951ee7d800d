#include "command_line.hpp"

#include <quipu/core/number.hpp>

#include <array>
#include <utility>

namespace quipud {

namespace {

using quipu::result;

constexpr std::uint16_t statsd_port = 8125;
constexpr std::uint16_t graphite_port = 2003;
constexpr std::int64_t interval_ms_min = 100;
constexpr std::int64_t interval_ms_max = std::int64_t{24} * 60 * 60 * 1000;

/// Known to quipu's design, but not to this version.
constexpr std::array later_options{
    std::string_view("--config"),
    std::string_view("-c"),
    std::string_view("-f"),
    std::string_view("--set"),
    std::string_view("-s"),
    std::string_view("--offset"),
    std::string_view("--threads"),
    std::string_view("--state"),
    std::string_view("--admin"),
    std::string_view("--check"),
    std::string_view("--log-level"),
    std::string_view("--print-config"),
};

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

template <class List>
bool contains(const List& list, std::string_view text) {
    for (const auto one : list) {
        if (one == text)
            return true;
    }
    return false;
}

bool is_later_scheme(std::string_view url) {
    const auto colon = url.find(':');
    return colon != url.npos && contains(later_schemes, url.substr(0, colon + 1));
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

/// "10s", "500ms", "2m", "1h"; a bare number is seconds.
result<std::int64_t> parse_interval(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, double>, 4> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
    double unit_ms = 1000;
    for (const auto& [name, ms] : units) {
        if (text.ends_with(name)) {
            unit_ms = ms;
            text.remove_suffix(name.size());
            break;
        }
    }
    const auto number = quipu::parse_number(text);
    if (!number)
        return number.error();
    const double ms = *number * unit_ms;
    if (!(ms >= interval_ms_min && ms <= interval_ms_max))
        return quipu::errc::number_out_of_range;
    return static_cast<std::int64_t>(ms + 0.5);
}

/// The arguments, read one by one into the options.
class reader {
public:
    explicit reader(const std::vector<std::string_view>& arguments) : arguments_(arguments) {}

    parsed_command_line read() {
        while (error_.empty() && next_ < arguments_.size())
            read_argument(arguments_[next_++]);
        return {std::move(options_), std::move(error_)};
    }

private:
    void read_argument(std::string_view argument) {
        const auto equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
        const auto name = argument.substr(0, equals);
        if (name == "--help" || name == "-h")
            return read_switch(name, equals, options_.help);
        if (name == "--version")
            return read_switch(name, equals, options_.version);
        if (name == "--align")
            return read_switch(name, equals, options_.align);
        if (contains(later_options, name))
            return fail("not available yet: " + std::string(name));
        if (!name.starts_with('-'))
            return fail("not available yet: config file " + quoted(name));

        using setter = void (reader::*)(std::string_view);
        constexpr std::array<std::pair<std::string_view, setter>, 6> valued{{
            {"--profile", &reader::set_profile},
            {"--listen", &reader::add_listen},
            {"--sink", &reader::add_sink},
            {"--interval", &reader::set_interval},
            {"--percentiles", &reader::set_percentiles},
            {"--prefix", &reader::set_prefix},
        }};
        for (const auto& [option, set] : valued) {
            if (name != option)
                continue;
            if (equals != argument.npos)
                return (this->*set)(argument.substr(equals + 1));
            if (next_ == arguments_.size())
                return fail(std::string(name) + " needs a value");
            return (this->*set)(arguments_[next_++]);
        }
        fail("unknown option " + quoted(name) + "; --help lists them");
    }

    void read_switch(std::string_view name, std::size_t equals, bool& option) {
        if (equals != std::string_view::npos)
            return fail(std::string(name) + " takes no value");
        option = true;
    }

    void set_profile(std::string_view value) {
        if (value == "quipu") {
            options_.profile = profile_name::quipu;
        } else if (value == "etsy") {
            options_.profile = profile_name::etsy;
        } else if (value == "kiip") {
            options_.profile = profile_name::kiip;
        } else if (value == "statsite" || value == "dogstatsd") {
            fail("not available yet: --profile " + std::string(value));
        } else {
            fail("--profile " + quoted(value) + ": choose quipu, etsy or kiip");
        }
    }

    void add_listen(std::string_view value) {
        if (is_later_scheme(value))
            return fail("not available yet: --listen " + std::string(value));
        auto read = quipu::parse_endpoint(value, statsd_port);
        if (!read) {
            return fail("--listen " + quoted(value) + ": use udp://HOST:PORT or tcp://HOST:PORT");
        }
        options_.listen.push_back(*std::move(read));
    }

    void add_sink(std::string_view value) {
        if (value == "console:")
            return options_.sinks.push_back({});
        if (is_later_scheme(value))
            return fail("not available yet: --sink " + std::string(value));
        constexpr std::string_view graphite = "graphite://";
        if (value.starts_with(graphite)) {
            auto to = quipu::parse_host_port(value.substr(graphite.size()), graphite_port);
            if (to && !to->host.empty() && to->host != "*" && to->port != 0) {
                options_.sinks.push_back({sink_kind::graphite, *std::move(to), std::string(value)});
                return;
            }
        }
        fail("--sink " + quoted(value) + ": use console: or graphite://HOST:PORT");
    }

    void set_interval(std::string_view value) {
        const auto ms = parse_interval(value);
        if (!ms) {
            return fail("--interval " + quoted(value) +
                        ": use a time such as 10s, 500ms or 1m, from 100ms to 24h");
        }
        options_.interval_ms = *ms;
    }

    void set_percentiles(std::string_view value) {
        auto list = quipu::parse_percentiles(value);
        if (!list) {
            return fail("--percentiles " + quoted(value) +
                        ": use numbers from -100 to 100 such as 50,90,99.9");
        }
        options_.percentiles = *std::move(list);
    }

    void set_prefix(std::string_view value) {
        for (const char c : value) {
            if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ';') {
                return fail("--prefix " + quoted(value) + ": a blank or ';' cannot be in a name");
            }
        }
        options_.prefix = std::string(value);
    }

    /// What is wrong is one line, whatever the argument has in it.
    void fail(std::string why) {
        for (char& c : why) {
            if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
                c = '?';
        }
        error_ = std::move(why);
    }

    const std::vector<std::string_view>& arguments_;
    std::size_t next_ = 0;
    command_line options_{};
    std::string error_{};
};

} // namespace

parsed_command_line parse_command_line(const std::vector<std::string_view>& arguments) {
    return reader(arguments).read();
}

std::string_view help_text() noexcept {
    return R"(quipud: a StatsD server

usage: quipud [OPTION]...

  --listen URL         udp://HOST:PORT or tcp://HOST:PORT; may be given several times
                       (default: udp and tcp on 127.0.0.1:8125; etsy and kiip: udp on every address)
  --sink URL           console: (the default) or graphite://HOST:PORT; may be given several times
  --interval TIME      the time between two flushes, such as 10s (the default), 500ms or 1m
  --align              flush at multiples of the interval on the wall clock
  --percentiles LIST   of timers, such as 50,90,99.9; a negative one is about the highest values
                       (default: 50,90,99; etsy and kiip: 90)
  --prefix NAME        the first node of every name (default: stats; kiip: statsite)
  --profile NAME       which server to be:
                         quipu   its own names (default)
                         etsy    Etsy's statsd: stats.K, stats_counts.K, stats.timers.K.upper_90
                         kiip    the Python statsite: counts.K, timers.K.upper_90, kv.K
  --help, --version

quipud says "server is up" on standard output once its sockets are bound. SIGTERM and SIGINT flush
once more and end it. Exit codes: 0 after that, 1 if it could not start, 2 for a wrong command line.

try it:  quipud --interval 1s   and   echo 'hello:1|c' > /dev/udp/127.0.0.1/8125
)";
}

} // namespace quipud

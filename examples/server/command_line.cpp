#include "command_line.hpp"

#include "config_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace quipud {

namespace {

/// An option that is a setting of the section [quipud].
struct setting_option {
    std::string_view name;
    std::string_view key;
};

constexpr std::array setting_options{
    setting_option{"--profile", "profile"},
    setting_option{"--listen", "listen"},
    setting_option{"--sink", "sink"},
    setting_option{"--interval", "interval"},
    setting_option{"--offset", "offset"},
    setting_option{"--percentiles", "percentiles"},
    setting_option{"--prefix", "prefix"},
    setting_option{"--threads", "threads"},
    setting_option{"--state", "state"},
    setting_option{"--admin", "admin"},
    setting_option{"--log-level", "log_level"},
};

/// The arguments, read one by one. Files come first, then what `--set` and the other options say.
class reader {
public:
    reader(std::string_view program, const std::vector<std::string_view>& arguments)
        : program_(program.substr(program.rfind('/') + 1)), arguments_(arguments) {}

    command_line read() {
        while (made_.error.empty() && next_ < arguments_.size())
            read_argument(arguments_[next_++]);
        if (made_.error.empty() && made_.what != action::help && made_.what != action::version)
            build();
        return std::move(made_);
    }

private:
    void read_argument(std::string_view argument) {
        const auto equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
        const auto name = argument.substr(0, equals);
        if (name == "--help" || name == "-h")
            return read_action(name, equals, action::help);
        if (name == "--version")
            return read_action(name, equals, action::version);
        if (name == "--check")
            return read_action(name, equals, action::check);
        if (name == "--print-config")
            return read_action(name, equals, action::print_config);
        if (name == "--align" || name == "--once") {
            if (equals != argument.npos)
                return fail(std::string(name) + " takes no value");
            return set(name.substr(2), "yes", name);
        }
        if (!name.starts_with('-'))
            return add_file(argument, config_option::other);
        for (const auto& one : setting_options) {
            if (name == one.name)
                return with_value(name, equals, argument, [&](std::string_view value) {
                    set(one.key, value, name);
                });
        }
        if (name == "--config" || name == "-f" || name == "-c")
            return with_value(name, equals, argument, [&](std::string_view value) {
                add_file(value, name == "-c" ? config_option::c : config_option::other);
            });
        if (name == "--set" || name == "--setting" || name == "-s")
            return with_value(
                name, equals, argument, [&](std::string_view value) { add_set(name, value); });
        if (name == "-l")
            return with_value(
                name, equals, argument, [&](std::string_view value) { level_ = value; });
        fail("unknown option " + in_quotes(name) + meant_instead(name));
    }

    static std::string meant_instead(std::string_view name) {
        std::vector<std::string_view> names{"--config", "--set", "--check", "--print-config"};
        for (const auto& one : setting_options)
            names.push_back(one.name);
        const auto meant = nearest(name, names);
        return meant.empty() ? "; --help lists them"
                             : "; did you mean " + in_quotes(meant) + "? --help lists them all";
    }

    template <class Take>
    void with_value(std::string_view name,
                    std::size_t equals,
                    std::string_view argument,
                    const Take& take) {
        if (equals != argument.npos)
            return take(argument.substr(equals + 1));
        if (next_ == arguments_.size())
            return fail(std::string(name) + " needs a value");
        take(arguments_[next_++]);
    }

    void read_action(std::string_view name, std::size_t equals, action one) {
        if (equals != std::string_view::npos)
            return fail(std::string(name) + " takes no value");
        made_.what = one;
    }

    void set(std::string_view key, std::string_view value, std::string_view name) {
        options_.push_back({"quipud", std::string(key), std::string(value), std::string(name), {}});
    }

    void add_file(std::string_view path, config_option option) {
        files_.push_back({std::string(path), option});
    }

    /// `SECTION.KEY=VALUE`; the section ends at the first dot.
    void add_set(std::string_view name, std::string_view text) {
        const auto equals = text.find('=');
        const auto dot = text.substr(0, equals).find('.');
        if (equals == text.npos || dot == text.npos)
            return fail(std::string(name) + ' ' + in_quotes(text) + ": use SECTION.KEY=VALUE");
        sets_.push_back({std::string(text.substr(0, dot)),
                         std::string(text.substr(dot + 1, equals - dot - 1)),
                         std::string(text.substr(equals + 1)),
                         std::string(text.substr(0, equals)),
                         std::string(name) + ' '});
    }

    void build() {
        settings_builder builder;
        std::vector<config_file> files;
        for (const auto& [path, option] : files_) {
            files.push_back(load_config(path, option, sets_));
            if (!files.back().error.empty())
                return fail(std::move(files.back().error));
            take(files.back().notices);
        }
        const auto is_there = [&](file_form form) {
            return std::any_of(
                files.begin(), files.end(), [form](const auto& one) { return one.form == form; });
        };
        if (program_ == "statsite" && files_.empty())
            apply(builder, translate_statsite().assignments, true);
        // What the command line says of [statsite] has gone to the file of the one in C.
        if (is_there(file_form::statsite))
            std::erase_if(sets_, [](const auto& one) { return one.section == "statsite"; });
        const bool is_kiip = files_.empty() || is_there(file_form::kiip);
        if (level_ && is_kiip)
            sets_.push_back({"statsite", "log_level", *level_, "-l", {}});
        else if (level_)
            options_.push_back({"quipud", "log_level", *level_, "-l", {}});
        apply_files(builder, files);
        apply(builder, sets_, false);
        apply(builder, options_, false);
        if (made_.error.empty())
            fail(builder.finish());
        made_.all = builder.made();
    }

    /// Those of the Python statsite count together, with what the command line says in its words, where
    /// the last of them stands.
    void apply_files(settings_builder& builder, const std::vector<config_file>& files) {
        const config_file* last = nullptr;
        std::vector<kiip_setting> kiip;
        for (const auto& one : files) {
            if (one.form != file_form::kiip)
                continue;
            last = &one;
            kiip.insert(kiip.end(), one.assignments.begin(), one.assignments.end());
        }
        const bool any_file = last != nullptr;
        std::vector<kiip_setting> said;
        if (files.empty() || any_file) { // else such a section is unknown
            const auto of_kiip =
                std::stable_partition(sets_.begin(), sets_.end(), [](const auto& one) {
                    return !is_kiip_section(one.section);
                });
            said.assign(of_kiip, sets_.end());
            sets_.erase(of_kiip, sets_.end());
        }
        const auto of_files = translate_kiip(kiip);
        kiip.insert(kiip.end(), said.begin(), said.end());
        auto all = translate_kiip(kiip);
        if (any_file || !said.empty()) {
            if (!all.error.empty())
                return fail(std::move(all.error));
            take(all.notices);
        }
        for (const auto& one : files) {
            if (one.form != file_form::kiip)
                apply(builder, one.assignments, true);
            else if (&one == last)
                apply(builder, all.assignments, true);
        }
        if (said.empty())
            return;
        // Later files have no say in what the command line has said.
        if (any_file) {
            std::erase_if(all.assignments, [&](const assignment& one) {
                return std::find(of_files.assignments.begin(), of_files.assignments.end(), one) !=
                       of_files.assignments.end();
            });
        }
        apply(builder, all.assignments, false);
    }

    void apply(settings_builder& builder, const std::vector<assignment>& source, bool is_file) {
        builder.begin_source(is_file);
        for (const auto& one : source) {
            if (made_.error.empty())
                fail(builder.apply(one));
        }
    }

    void take(std::vector<std::string>& notices) {
        for (auto& one : notices)
            made_.notices.push_back(std::move(one));
    }

    void fail(std::string why) { made_.error = std::move(why); }

    struct named_file {
        std::string path;
        config_option option;
    };

    std::string_view program_;
    const std::vector<std::string_view>& arguments_;
    std::size_t next_ = 0;
    std::vector<named_file> files_{};
    std::vector<assignment> sets_{};
    std::vector<assignment> options_{};
    std::optional<std::string> level_{}; // what `-l` says
    command_line made_{};
};

} // namespace

command_line parse_command_line(std::string_view program,
                                const std::vector<std::string_view>& arguments) {
    return reader(program, arguments).read();
}

std::string_view help_text() noexcept {
    return R"(quipud: a StatsD server

usage: quipud [OPTION]... [FILE]...
       quipud top [OPTION]... [HOST[:PORT]]      a running server on a terminal; `quipud top --help`

  FILE                 a config file: quipud's own (INI), that of the Python statsite (INI), or that of
                       Etsy's statsd (an object literal, .js), or that of statsite (INI); the latter three
                       choose their profile
  --config, -c, -f FILE    the same
  --set, -s SECTION.KEY=VALUE    one setting, as a file would have it
  --listen URL         udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH, unixgram:///PATH (both with
                       ?mode=0660 perhaps), stdin:, or inherited: from systemd; may be given several times
                       (default: udp and tcp on 127.0.0.1:8125; etsy and kiip: udp on every address)
  --sink URL           console: (the default), none:, graphite://HOST:PORT, graphite+pickle://HOST:PORT,
                       influx://HOST:PORT/DATABASE, influx+udp://HOST:PORT, opentsdb://HOST:PORT (with
                       ?host=NAME perhaps, for its tag), statsd://HOST:PORT or statsd+tcp://HOST:PORT (another
                       StatsD server), repeat://HOST:PORT or repeat+tcp://HOST:PORT (raw copies of
                       what is received), json:///PATH (a line for each series; json: to standard output),
                       or exec:COMMAND, which is run at each flush and gets lines
                       NAME|VALUE|TIME; may be given several times
  --interval TIME      the time between two flushes, such as 10s (the default), 500ms or 1m
  --align              flush at multiples of the interval on the wall clock
  --offset TIME        with --align: so much later
  --percentiles LIST   of timers, such as 50,90,99.9; a negative one is about the highest values
                       (default: 50,90,99; etsy and kiip: 90)
  --prefix NAME        the first node of every name (default: stats; kiip: statsite)
  --profile NAME       which server to be:
                         quipu   its own names (default)
                         etsy    Etsy's statsd: stats.K, stats_counts.K, stats.timers.K.upper_90
                         kiip    the Python statsite: counts.K, timers.K.upper_90, kv.K
                         statsite    the one in C: counts.K, timers.K.p95, gauges.K, sets.K
                         dogstatsd   what Datadog's clients send, under the names of quipu
  --state DIR          keeps gauges there over a restart, and flushes while their backend is down
  --threads N          that receive (default: 1); the system spreads clients over them
  --admin HOST:PORT    a live page, /metrics, and Etsy's commands there (default: 127.0.0.1:8126 if that is
                       free; other profiles: off); off: nowhere
  --log-level LEVEL    info (the default), warning or error
  --once               ends with the first flush
  --check              reads all that and ends: says what is wrong, or nothing
  --print-config       prints the settings as a config file of quipud's own
  --help, --version

Of what several say, the command line counts before files, and a later file before an earlier one.

quipud says "server is up" on standard output once its sockets are bound. SIGTERM and SIGINT flush
once more and end it. Exit codes: 0 after that, 1 if it could not start, 2 for a wrong command line
or config file.

try it:  quipud --interval 1s   and   echo 'hello:1|c' > /dev/udp/127.0.0.1/8125
)";
}

} // namespace quipud

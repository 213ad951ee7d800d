#include "top.hpp"

#include "serve_profiles.hpp"
#include "settings.hpp"
#include "terminal.hpp"

#include <quipu/core/result.hpp>
#include <quipu/core/whole_number.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/waker.hpp>
#include <quipu/server/event_stream.hpp>
#include <quipu/server/terminal_view.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <langinfo.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace quipud {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::string_view help = R"(quipud top: a running quipud on a terminal

usage: quipud top [OPTION]... [HOST[:PORT]]

  HOST:PORT            where its admin port is (default: 127.0.0.1:8126)
  --once               prints what is now, and ends: so it is also where there is no terminal
  --search WORDS       series with all these words in their names or tags
  --kind KIND          counter, timer, gauge, set or keyvalue
  --sort KEY           name (the default), kind, value or rate; with '-' behind it downwards
  --help
)";

struct top_options {
    quipu::host_port at{"127.0.0.1", 8126};
    bool once = false;
    quipu::series_query series{};
};

/// What is wrong, or nothing.
std::string read_sort(std::string_view text, quipu::series_query& into) {
    constexpr std::array<std::string_view, 4> names{"name", "kind", "value", "rate"};
    into.descending = text.ends_with('-');
    if (into.descending)
        text.remove_suffix(1);
    const auto* const found = std::find(names.begin(), names.end(), text);
    if (found == names.end())
        return "choose name, kind, value or rate";
    into.order = static_cast<quipu::series_order>(found - names.begin());
    return {};
}

std::string read_option(std::string_view name, std::string_view value, top_options& into) {
    std::string why;
    if (name == "--search") {
        into.series.search = value;
    } else if (name == "--kind") {
        into.series.kind = quipu::kind_of(value);
        if (!into.series.kind)
            why = "choose counter, timer, gauge, set or keyvalue";
    } else {
        why = read_sort(value, into.series);
    }
    return why.empty() ? why : std::string(name) + ' ' + in_quotes(value) + ": " + why;
}

/// What is wrong with the command line, as one line; or nothing.
std::string read(const std::vector<std::string_view>& arguments, top_options& into) {
    bool placed = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto argument = arguments[i];
        const auto equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
        const auto name = argument.substr(0, equals);
        if (argument == "--once") {
            into.once = true;
        } else if (name == "--search" || name == "--kind" || name == "--sort") {
            if (equals == argument.npos && ++i == arguments.size())
                return std::string(name) + " needs a value";
            const auto value = equals == argument.npos ? arguments[i] : argument.substr(equals + 1);
            if (auto why = read_option(name, value, into); !why.empty())
                return why;
        } else if (argument.starts_with('-')) {
            return "unknown option " + in_quotes(argument) + "; top --help lists them";
        } else {
            auto at = quipu::parse_host_port(argument, into.at.port);
            if (!at || placed)
                return in_quotes(argument) + ": use one HOST:PORT";
            placed = true;
            into.at = *std::move(at);
            if (into.at.host.empty())
                into.at.host = "127.0.0.1";
        }
    }
    return {};
}

/// The events of a server, as long as there is a connection.
class follower {
public:
    explicit follower(quipu::host_port at) : at_(std::move(at)) {}

    /// Asks for another stream. What is wrong, or ok.
    quipu::errc ask(const quipu::series_query& series) {
        connection_.emplace(at_, patience());
        stream_ = {};
        quipu::errc error = connection_->connect();
        if (error == quipu::errc::ok) {
            error = connection_->send("GET " + quipu::events_path(series) + " HTTP/1.1\r\nHost: " +
                                      to_string(at_) + "\r\nAccept: text/event-stream\r\n\r\n");
        }
        if (error != quipu::errc::ok)
            connection_.reset();
        return error;
    }

    /// Takes what has come; `event` is the last whole event of it, if there is any.
    quipu::errc take(std::optional<quipu::literal>& event) {
        std::array<char, 16'384> bytes;
        for (;;) {
            const auto size = quipu::uninterrupted(
                [&] { return ::recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT); });
            if (size < 0 && quipu::last_error() == quipu::errc::would_block)
                return quipu::errc::ok;
            quipu::errc error = size > 0    ? quipu::errc::ok
                                : size == 0 ? quipu::errc::connection_lost
                                            : quipu::last_error();
            if (size > 0) {
                error = stream_.take({bytes.data(), static_cast<std::size_t>(size)},
                                     [&](std::string_view data) {
                                         auto parsed = quipu::parse_object_literal(data);
                                         if (parsed.error.why.empty())
                                             event = std::move(parsed.value);
                                     });
            }
            if (error != quipu::errc::ok) {
                connection_.reset();
                return error;
            }
        }
    }

    void leave() { connection_.reset(); }

    [[nodiscard]] bool connected() const { return connection_.has_value(); }
    [[nodiscard]] int fd() const { return connection_ ? connection_->fd() : -1; }
    /// Of the answer; 0 if there was none.
    [[nodiscard]] int status() const { return stream_.status(); }

private:
    static quipu::stream_sender_options patience() {
        quipu::stream_sender_options options;
        options.reconnect_ms = 0;
        return options;
    }

    quipu::host_port at_;
    std::optional<quipu::tcp_sender> connection_{};
    quipu::event_stream stream_{};
};

std::string trouble_with(const follower& of, quipu::errc error) {
    if (of.status() == 503)
        return "the server has too many followers";
    if (error == quipu::errc::peer_failed)
        return "no quipud answers there";
    return std::string(quipu::message(error));
}

/// What signals say.
std::atomic<quipu::waker*> woken{nullptr};
std::atomic<bool> end_asked{false};

void on_signal(int number) {
    if (number != SIGWINCH)
        end_asked = true;
    woken.load()->wake();
}

/// The frames one after the other, until somebody has seen enough.
class screen {
public:
    screen(const top_options& options, quipu::waker& wakes, const quipu::terminal_style& style)
        : from_(options.at), wakes_(wakes) {
        asked_.at = to_string(options.at);
        asked_.series = options.series;
        asked_.style = style;
    }

    void run() {
        while (!ends_) {
            connect_if_due();
            draw();
            wait();
        }
    }

private:
    static constexpr auto retry_after = std::chrono::seconds(1);
    /// A server tells something each second.
    static constexpr auto silence_max = std::chrono::seconds(5);

    void connect_if_due() {
        const auto now = clock::now();
        if (from_.connected() && now - heard_ > silence_max)
            lose(quipu::errc::timed_out);
        const auto rows = std::min(terminal::measure().rows, quipu::series_query::limit_max);
        if (from_.connected() && rows > asked_.series.limit)
            ask_again(); // the terminal has grown
        if (from_.connected() || now < again_)
            return;
        asked_.series.limit = rows;
        heard_ = now;
        if (const auto error = from_.ask(asked_.series); error != quipu::errc::ok)
            lose(error);
    }

    void lose(quipu::errc error) {
        asked_.trouble = trouble_with(from_, error) + "; tries again each second";
        from_.leave();
        again_ = clock::now() + retry_after;
    }

    void draw() {
        const auto size = terminal::measure();
        asked_.columns = size.columns;
        asked_.rows = size.rows;
        terminal_.draw(quipu::terminal_view(last_, asked_));
    }

    void wait() {
        pollfd each[] = {
            {STDIN_FILENO, POLLIN, 0}, {wakes_.fd(), POLLIN, 0}, {from_.fd(), POLLIN, 0}};
        static_cast<void>(::poll(each, 3, 1000));
        wakes_.clear();
        ends_ = end_asked;
        if (each[0].revents != 0) {
            bool ended = false;
            const auto keys = terminal_.read(ended);
            ends_ = ends_ || ended || (keys.empty() && (each[0].revents & POLLHUP) != 0);
            for (const auto& one : keys)
                press(one);
        }
        if (each[2].revents != 0 && from_.connected())
            hear();
    }

    void hear() {
        std::optional<quipu::literal> event;
        const auto error = from_.take(event);
        if (event) {
            last_ = *std::move(event);
            heard_ = clock::now();
            asked_.trouble.clear();
        }
        if (error != quipu::errc::ok)
            lose(error);
    }

    /// The next event is of another question.
    void ask_again() {
        from_.leave();
        again_ = {};
    }

    void press(const key_press& one) {
        if (asked_.typing)
            return type(one);
        auto& series = asked_.series;
        const auto page = asked_.series.limit > 10 ? asked_.series.limit - 10 : 1;
        switch (one.what) {
        case key::character: return press(one.character);
        case key::down: return move(series.offset + 1);
        case key::up: return move(series.offset > 0 ? series.offset - 1 : 0);
        case key::page_down: return move(series.offset + page);
        case key::page_up: return move(series.offset > page ? series.offset - page : 0);
        case key::home: return move(0);
        case key::end: return move(matched());
        case key::escape:
            series.search.clear();
            series.kind.reset();
            return move(0, true);
        default: return;
        }
    }

    void press(char c) {
        auto& series = asked_.series;
        switch (c) {
        case 'q':
        case '\x03': // Ctrl-C
            ends_ = true;
            return;
        case '/': asked_.typing = true; return;
        case 'n': return sort(quipu::series_order::name, false);
        case 't': return sort(quipu::series_order::kind, false);
        case 'v': return sort(quipu::series_order::value, true);
        case 'r': return sort(quipu::series_order::rate, true);
        case 'o': series.descending = !series.descending; return move(0, true);
        case 'f': {
            const auto next = series.kind ? static_cast<std::size_t>(*series.kind) + 1 : 0;
            series.kind = next < quipu::metric_kind_count
                              ? std::optional(static_cast<quipu::metric_kind>(next))
                              : std::nullopt;
            return move(0, true);
        }
        case 'j': return press({key::down});
        case 'k': return press({key::up});
        case ' ': return press({key::page_down});
        case 'g': return press({key::home});
        case 'G': return press({key::end});
        default: return;
        }
    }

    void type(const key_press& one) {
        auto& search = asked_.series.search;
        switch (one.what) {
        case key::enter: asked_.typing = false; return;
        case key::escape:
            asked_.typing = false;
            search.clear();
            break;
        case key::erase:
            // A whole character, of however many bytes.
            while (!search.empty() && (static_cast<unsigned char>(search.back()) & 0xc0U) == 0x80)
                search.pop_back();
            if (!search.empty())
                search.pop_back();
            break;
        case key::character:
            if (one.character == '\x03') {
                ends_ = true;
                return;
            }
            if (static_cast<unsigned char>(one.character) < ' ' || search.size() >= search_max)
                return;
            search += one.character;
            break;
        default: return;
        }
        move(0, true);
    }

    void sort(quipu::series_order order, bool descending) {
        asked_.series.order = order;
        asked_.series.descending = descending;
        move(0, true);
    }

    [[nodiscard]] std::size_t matched() const {
        const auto* const list = last_.find("list");
        const auto* const count = list == nullptr ? nullptr : list->find("matched");
        return count == nullptr ? 0 : quipu::nearest_whole<std::size_t>(count->number);
    }

    /// Shows the rows from there on; the last one stays to be seen.
    void move(std::size_t offset, bool changed = false) {
        if (!changed)
            offset = std::min(offset, std::max<std::size_t>(matched(), 1) - 1);
        if (!changed && offset == asked_.series.offset)
            return;
        asked_.series.offset = offset;
        ask_again();
    }

    static constexpr std::size_t search_max = 200;

    follower from_;
    quipu::waker& wakes_;
    quipu::terminal_request asked_{};
    quipu::literal last_{};
    terminal terminal_{};
    clock::time_point heard_{};
    clock::time_point again_{};
    bool ends_ = false;
};

/// One frame as plain text.
int print_once(const top_options& options, quipu::terminal_style style) {
    const auto end = clock::now() + std::chrono::seconds(5);
    quipu::terminal_request asked;
    asked.at = to_string(options.at);
    asked.series = options.series;
    asked.series.limit = quipu::series_query::limit_max;
    asked.columns = 120;
    asked.rows = 0;
    style.colours = false;
    asked.style = style;
    follower from(options.at);
    auto error = from.ask(asked.series);
    std::optional<quipu::literal> event;
    while (error == quipu::errc::ok && !event) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
        pollfd one{from.fd(), POLLIN, 0};
        if (left <= 0 || ::poll(&one, 1, static_cast<int>(left)) == 0)
            error = quipu::errc::timed_out;
        else
            error = from.take(event);
    }
    if (!event)
        return fail(exit_not_started, asked.at + ": " + trouble_with(from, error));
    for (auto line : quipu::terminal_view(*event, asked)) {
        line.erase(line.find_last_not_of(' ') + 1);
        std::puts(line.c_str());
    }
    return std::fflush(stdout) == 0 ? exit_ok : exit_not_started;
}

} // namespace

int top(const std::vector<std::string_view>& arguments) {
    for (const auto one : arguments) {
        if (one == "--help" || one == "-h")
            return std::fwrite(help.data(), 1, help.size(), stdout), exit_ok;
    }
    top_options options;
    if (const auto why = read(arguments, options); !why.empty())
        return fail(exit_usage, "top: " + why);
    std::setlocale(LC_CTYPE, "");
    quipu::terminal_style style;
    style.utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    style.colours = std::getenv("NO_COLOR") == nullptr;
    if (options.once || ::isatty(STDOUT_FILENO) == 0 || ::isatty(STDIN_FILENO) == 0)
        return print_once(options, style);
    auto wakes = quipu::waker::open();
    if (!wakes)
        return fail(exit_not_started, quipu::message(wakes.error()));
    woken = &*wakes;
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (const int one : {SIGTERM, SIGINT, SIGHUP, SIGWINCH})
        ::sigaction(one, &action, nullptr);
    screen(options, *wakes, style).run();
    return exit_ok;
}

} // namespace quipud

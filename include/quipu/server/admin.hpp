// The commands of Etsy's statsd for who looks after a server: what is in it, and what shall leave it.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/server/conversations.hpp>
#include <quipu/server/http_request.hpp>

#include <concepts>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// A number that the server tells about itself: `messages.bad_lines_seen`.
struct admin_statistic {
    std::string name{};
    double value = 0;
};

/// What the commands are about. All is called on one thread.
///
/// Requires  store(): a basic_store with all that came so far; std::vector<admin_statistic>
///           statistics(); std::string_view config(): lines `key: value`; bool& healthy(): what
///           `health` says, on every connection.
/// Provided  basic_server.
template <class H>
concept admin_host = requires(H& host) {
    host.store().counters();
    { host.statistics() } -> std::convertible_to<std::vector<admin_statistic>>;
    { host.config() } -> std::convertible_to<std::string_view>;
    { host.healthy() } -> std::same_as<bool&>;
};

namespace detail {

/// Text as JavaScript would print it between single quotes; a name needs none.
inline void append_javascript_text(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    out += '\'';
    for (const char c : text) {
        if (is_control(c)) {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\x";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            if (c == '\'' || c == '\\')
                out += '\\';
            out += c;
        }
    }
    out += '\'';
}

[[nodiscard]] inline bool is_javascript_name(std::string_view text) noexcept {
    bool name = !text.empty() && !is_digit(text.front());
    for (const char c : text)
        name = name && (is_letter(c) || is_digit(c) || c == '_' || c == '$');
    return name;
}

inline void append_number(std::string& out, double value) {
    char text[layout::javascript::bytes_max];
    out.append(text, layout::javascript::write(text, value));
}

} // namespace detail

/// The service of the commands, each a line or all that comes at once:
///
///     help   stats   counters   timers   gauges   sets   config   quit   health [up|down]
///     delcounters NAME...   deltimers NAME...   delgauges NAME...
///
/// A line of a browser ends the connection.
///
/// A name that ends in `.*` means all that begin with what stands before the star. `counters` and the
/// like print an object as Node.js does; a list of more than 100 values is cut there. An answer is
/// no longer than `answer_bytes_max`; a list that would be says how much is left out.
///
/// Threads  that of the host.
/// Source   statsd/statsd 0.10.2, lib/mgmt_console.js and stats.js, as observed.
/// Deviation  `sets` is an error there; here it tells the number of members.
template <admin_host Host>
class admin_commands {
public:
    static constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;
    static constexpr std::size_t list_items_max = 100;

    explicit admin_commands(Host& host) noexcept : host_(host) {}

    /// Answers the first line of what has come, and the next one once that is sent, so that of many
    /// answers one is kept. An end without a newline counts as one, since people's tools send none.
    void operator()(conversation& with) {
        std::string_view rest = with.input;
        std::string_view line;
        while (line.empty() && !rest.empty()) {
            const auto end = rest.find('\n');
            line = detail::trim(rest.substr(0, end));
            rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        }
        if (!line.empty())
            answer(line, with);
        with.again = !rest.empty() && !with.ends;
        with.input.erase(0, with.ends ? with.input.npos : with.input.size() - rest.size());
    }

private:
    void answer(std::string_view line, conversation& with) {
        auto& out = with.output;
        const auto words = split(line);
        const auto command = words.front();
        if (command == "help") {
            out += "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, "
                   "health, config, quit\n\n";
        } else if (command == "stats") {
            tell_statistics(out);
        } else if (command == "counters") {
            tell(out, host_.store().counters(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.sum());
            });
        } else if (command == "gauges") {
            tell(out, host_.store().gauges(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.value());
            });
        } else if (command == "sets") {
            tell(out, host_.store().uniques(), [](std::string& to, const auto& cell) {
                detail::append_number(to, cell.estimate());
            });
        } else if (command == "timers") {
            tell(out, host_.store().timers(), [](std::string& to, const auto& cell) {
                tell_values(to, cell);
            });
        } else if (command == "delcounters") {
            erase(out, host_.store().counters(), words);
        } else if (command == "deltimers") {
            erase(out, host_.store().timers(), words);
        } else if (command == "delgauges") {
            erase(out, host_.store().gauges(), words);
        } else if (command == "health") {
            if (words.size() > 1 && (words[1] == "up" || words[1] == "down"))
                host_.healthy() = words[1] == "up";
            out += host_.healthy() ? "health: up\n" : "health: down\n";
        } else if (command == "config") {
            out += '\n';
            out += host_.config();
        } else if (command == "quit") {
            with.ends = true;
        } else if (is_of_a_browser(line)) {
            with.ends = true;
        } else {
            out += "ERROR\n";
        }
    }

    /// Whether a line is of a request of HTTP that began like no other: a page may have written what
    /// follows, and may not command.
    [[nodiscard]] static bool is_of_a_browser(std::string_view line) noexcept {
        constexpr std::string_view header = "host:";
        return ends_as_http(line) ||
               (line.size() >= header.size() &&
                detail::equal_ignoring_case(line.substr(0, header.size()), header));
    }

    [[nodiscard]] static std::vector<std::string_view> split(std::string_view line) {
        std::vector<std::string_view> words;
        while (!line.empty()) {
            std::size_t size = 0;
            while (size < line.size() && !detail::is_blank(line[size]))
                ++size;
            words.push_back(line.substr(0, size));
            line = detail::trim(line.substr(size));
        }
        return words;
    }

    void tell_statistics(std::string& out) {
        for (const auto& one : host_.statistics()) {
            out += one.name + ": ";
            detail::append_number(out, one.value);
            out += '\n';
        }
        out += end_mark;
    }

    /// An object with a member for each series, on a line each unless it is short.
    template <class Table, class Tell>
    static void tell(std::string& out, const Table& table, const Tell& tell_cell) {
        std::vector<std::string> members;
        std::size_t bytes = 0;
        std::size_t left_out = 0;
        for (const auto& one : table.entries()) {
            if (bytes > answer_bytes_max) {
                ++left_out;
                continue;
            }
            auto& member = members.emplace_back();
            if (detail::is_javascript_name(one.name()))
                member += one.name();
            else
                detail::append_javascript_text(member, one.name());
            member += ": ";
            tell_cell(member, one.cell);
            bytes += member.size();
        }
        if (left_out > 0)
            members.push_back("... " + std::to_string(left_out) + " more");
        const bool short_one = bytes + 2 * members.size() <= line_bytes_max;
        out += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            out += i == 0 ? "" : ",";
            out += (short_one ? " " : "\n  ") + members[i];
        }
        out += members.empty() ? "}" : short_one ? " }" : "\n}";
        out += '\n';
        out += end_mark;
    }

    /// The values, or what a sketch knows that has them no longer.
    template <class Cell>
    static void tell_values(std::string& out, const Cell& cell) {
        const auto& sketch = cell.values();
        if constexpr (requires { sketch.keeps_values(); }) {
            if (sketch.keeps_values())
                return tell_list(out, sketch.values());
        } else if constexpr (requires { sketch.values().size(); }) {
            return tell_list(out, sketch.values());
        }
        out += "{ count: ";
        detail::append_number(out, cell.count());
        const std::pair<std::string_view, double> facts[] = {
            {", sum: ", cell.sum()}, {", lower: ", cell.min()}, {", upper: ", cell.max()}};
        for (const auto& [name, value] : facts) {
            out += name;
            detail::append_number(out, cell.count() > 0 ? value : 0);
        }
        out += " }";
    }

    static void tell_list(std::string& out, const std::vector<double>& values) {
        out += '[';
        for (std::size_t i = 0; i < values.size() && i < list_items_max; ++i) {
            out += i == 0 ? " " : ", ";
            detail::append_number(out, values[i]);
        }
        if (values.size() > list_items_max)
            out += ", ... " + std::to_string(values.size() - list_items_max) + " more items";
        out += values.empty() ? "]" : " ]";
    }

    /// A name without control characters, which a terminal would obey.
    static void append_name(std::string& out, std::string_view name) {
        for (const char c : name)
            out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    }

    static void tell_deleted(std::string& out, std::string_view name, std::size_t& left_out) {
        if (out.size() > answer_bytes_max) {
            ++left_out;
            return;
        }
        out += "deleted: ";
        append_name(out, name);
        out += '\n';
    }

    /// Cost     a look-up for each name; O(series) once if any is there, and for each `folder.*`.
    template <class Table>
    static void erase(std::string& out, Table& table, const std::vector<std::string_view>& words) {
        std::set<std::string_view> leaving; // of names that stand there as they are
        std::size_t left_out = 0;
        const auto erase_leaving = [&] {
            if (!leaving.empty())
                table.erase_if([&](const auto& one) { return leaving.contains(one.name()); });
            leaving.clear();
        };
        for (std::size_t i = 1; i < words.size(); ++i) {
            const auto wanted = words[i];
            bool found = false;
            if (wanted.ends_with(".*")) {
                erase_leaving();
                const auto folder = wanted.substr(0, wanted.size() - 1);
                const auto is_in = [&](const auto& one) { return one.name().starts_with(folder); };
                for (const auto& one : table.entries()) {
                    if (!is_in(one))
                        continue;
                    found = true;
                    tell_deleted(out, one.name(), left_out);
                }
                if (found)
                    table.erase_if(is_in);
            } else if (table.find(wanted) != nullptr && leaving.insert(wanted).second) {
                found = true;
                tell_deleted(out, wanted, left_out);
            }
            if (!found && out.size() <= answer_bytes_max) {
                out += "metric ";
                append_name(out, wanted);
                out += " not found\n";
            }
        }
        erase_leaving();
        if (left_out > 0)
            out += "deleted: " + std::to_string(left_out) + " more\n";
        out += end_mark;
    }

    static constexpr std::string_view end_mark = "END\n\n";
    /// What Node.js puts in one line of 80 characters, separators counted and braces not.
    static constexpr std::size_t line_bytes_max = 69;

    Host& host_;
};

} // namespace quipu

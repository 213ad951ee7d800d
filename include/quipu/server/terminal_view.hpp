// How a server does, on a terminal: made of what its API tells.
#pragma once

#include <quipu/core/terminal_text.hpp>
#include <quipu/core/whole_number.hpp>
#include <quipu/server/object_literal.hpp>
#include <quipu/server/series_query.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What is to be seen.
struct terminal_request {
    std::string at{};         ///< where the server is
    series_query series{};    ///< which series, from which on
    bool typing = false;      ///< the search is being typed
    std::string trouble{};    ///< what is wrong with the connection; empty: nothing
    std::size_t columns = 80; ///< of the terminal
    std::size_t rows = 24;    ///< likewise; 0: as many as there are
    terminal_style style{};
};

namespace detail {

[[nodiscard]] inline double number_in(const literal& of, std::string_view name) noexcept {
    const auto* const found = of.find(name);
    return found != nullptr && found->kind == literal_kind::number
               ? found->number
               : std::numeric_limits<double>::quiet_NaN();
}

[[nodiscard]] inline std::string_view text_in(const literal& of, std::string_view name) noexcept {
    const auto* const found = of.find(name);
    return found == nullptr ? std::string_view() : std::string_view(found->text);
}

[[nodiscard]] inline std::vector<double> numbers_in(const literal& of, std::string_view name) {
    std::vector<double> all;
    if (const auto* const found = of.find(name)) {
        for (const auto& one : found->items)
            all.push_back(one.kind == literal_kind::number
                              ? one.number
                              : std::numeric_limits<double>::quiet_NaN());
    }
    return all;
}

/// `3d 04:05:06`
[[nodiscard]] inline std::string duration_text(double seconds) {
    if (!(seconds >= 0 && seconds < 1e12))
        return "-";
    const auto all = nearest_whole<std::int64_t>(seconds);
    const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    const auto days = all / 86'400;
    return (days > 0 ? std::to_string(days) + "d " : "") + two(all / 3600 % 24) + ':' +
           two(all / 60 % 60) + ':' + two(all % 60);
}

class terminal_frame {
public:
    terminal_frame(const literal& event, const terminal_request& asked)
        : asked_(asked), status_(part(event, "status")), list_(part(event, "list")) {}

    [[nodiscard]] std::vector<std::string> draw() {
        head();
        ways();
        table();
        foot();
        return std::move(lines_);
    }

private:
    static constexpr std::size_t number_columns = 9;
    static constexpr std::size_t kind_columns = 8;
    static constexpr std::size_t ways_max = 4; // in, and out

    [[nodiscard]] static const literal& part(const literal& of, std::string_view name) noexcept {
        static const literal nothing{};
        const auto* const found = of.find(name);
        return found == nullptr ? nothing : *found;
    }

    /// One more line, as wide as the terminal.
    void line(std::string_view text, std::string_view look = {}) {
        const auto fitted = cells(text, asked_.columns, asked_.style);
        const bool plain = look.empty() || !asked_.style.colours;
        lines_.push_back(plain ? fitted : std::string(look) + fitted + "\x1b[0m");
    }

    void head() {
        if (!status_.items.empty())
            line("quipud " + std::string(text_in(status_, "version")) + "  profile " +
                     std::string(text_in(status_, "profile")) + "  up " +
                     duration_text(number_in(status_, "uptime")) + "  " +
                     std::string(text_in(status_, "health")) + "  " + asked_.at,
                 bold);
        else
            line("quipud  " + asked_.at, bold);
        if (!asked_.trouble.empty())
            line("! " + asked_.trouble, red);
        const auto& past = part(status_, "past");
        std::string rates;
        for (const auto& [one, word] :
             {std::pair<std::string_view, std::string_view>("lines", "lines"),
              {"bytes", "bytes"},
              {"refused", "refused"},
              {"lost_lines", "lost"}}) {
            const auto all = numbers_in(past, one);
            const double last = all.empty() ? 0 : all.back();
            rates +=
                (rates.empty() ? "" : "  ") + std::string(word) + ' ' + short_text(last) + "/s";
            if (one == "lines" && asked_.columns >= 60)
                rates +=
                    ' ' +
                    sparkline(all, std::min<std::size_t>(asked_.columns / 5, 40), asked_.style);
        }
        line(rates);
        std::string_view ailments = text_in(status_, "ailments");
        while (!ailments.empty()) {
            line("! " + std::string(ailments.substr(0, ailments.find('\n'))), red);
            ailments.remove_prefix(std::min(ailments.find('\n'), ailments.size() - 1) + 1);
        }
    }

    /// The ways in and out, a line each.
    void ways() {
        const auto tell = [&](std::string_view list, auto text_of) {
            const auto& all = part(status_, list).items;
            for (std::size_t i = 0; i < all.size() && i < ways_max; ++i) {
                const auto& [text, bad] = text_of(all[i]);
                line(text, bad ? red : std::string_view());
            }
            if (all.size() > ways_max)
                line("     and " + std::to_string(all.size() - ways_max) + " more");
        };
        const auto counted = [](std::string& text, double count, std::string_view what) {
            if (count > 0)
                ((text += "  ") += short_text(count) + ' ') += what;
            return count > 0;
        };
        tell("listeners", [&](const literal& one) {
            std::string text = " in  " + std::string(text_in(one, "at"));
            counted(text, number_in(one, "lines"), "lines");
            counted(text, number_in(one, "packets"), "packets");
            counted(text, number_in(one, "connections"), "connections");
            // What once happened stays to be read; what happens is red.
            const auto& recent = part(one, "recent");
            bool bad = false;
            for (const auto& [name, words] :
                 {std::pair<std::string_view, std::string_view>("dropped", "dropped by the system"),
                  {"oversized", "too long"},
                  {"turned_away", "turned away"}}) {
                if (!counted(text, number_in(one, name), words))
                    continue;
                const double lately = number_in(recent, name);
                text += lately > 0 ? " (" + short_text(lately) + " lately)" : " (none lately)";
                bad = bad || lately > 0;
            }
            return std::pair(text, bad);
        });
        const double now = number_in(status_, "now");
        tell("sinks", [&](const literal& one) {
            std::string text = " out " + std::string(text_in(one, "name"));
            const double success = number_in(one, "last_success");
            text += success > 0 ? "  written " + duration_text(now - success) + " ago"
                                : "  nothing written yet";
            counted(text, number_in(one, "waiting"), "waiting");
            counted(text, number_in(one, "on_disk"), "on disk");
            counted(text, number_in(one, "failures"), "failures");
            counted(text, number_in(one, "dropped"), "dropped");
            const bool losing = number_in(one, "recent_dropped") > 0;
            const auto* const failing = one.find("failing");
            return std::pair(text, losing || (failing != nullptr && failing->truth));
        });
    }

    struct layout {
        std::size_t name;
        bool kind;
        bool high;
        std::size_t plot; // 0: none
    };

    [[nodiscard]] layout columns() const noexcept {
        const auto all = asked_.columns;
        layout made{};
        made.kind = all >= 50;
        made.high = all >= 70;
        made.plot = all >= 60 ? std::min<std::size_t>(all / 5, 40) : 0;
        const std::size_t others = (made.kind ? kind_columns + 1 : 0) + 2 * (number_columns + 1) +
                                   (made.high ? number_columns + 1 : 0) +
                                   (made.plot > 0 ? made.plot + 1 : 0);
        made.name = all > others + 8 ? all - others : 8;
        return made;
    }

    [[nodiscard]] std::string row(const layout& as,
                                  std::string_view name,
                                  std::string_view kind,
                                  std::string_view value,
                                  std::string_view rate,
                                  std::string_view high,
                                  const std::string& plot) const {
        const auto& style = asked_.style;
        std::string text = cells(name, as.name, style);
        if (as.kind)
            text += ' ' + cells(kind, kind_columns, style);
        for (const auto number : {value, rate})
            text += ' ' + cells(number, number_columns, style, true);
        if (as.high)
            text += ' ' + cells(high, number_columns, style, true);
        return as.plot > 0 ? text + ' ' + plot : text;
    }

    void table() {
        const auto as = columns();
        const auto title = [&](series_order order, std::string_view name) {
            const bool sorted = asked_.series.order == order;
            return std::string(name) + (!sorted ? "" : asked_.series.descending ? "-" : "+");
        };
        line("");
        line(row(as,
                 title(series_order::name, "NAME"),
                 title(series_order::kind, "KIND"),
                 title(series_order::value, "VALUE"),
                 title(series_order::rate, "RATE/S"),
                 "P99",
                 cells("LAST", as.plot, asked_.style)),
             reverse);
        std::size_t shown = 0;
        const auto& rows = part(list_, "rows").items;
        for (const auto& one : rows) {
            if (asked_.rows > 0 && lines_.size() + foot_lines >= asked_.rows)
                break;
            const auto* const idle = one.find("idle");
            line(row(as,
                     std::string(text_in(one, "name")) + std::string(text_in(one, "tags")),
                     text_in(one, "kind"),
                     short_text(number_in(one, "value")),
                     short_text(number_in(one, "rate")),
                     short_text(number_in(one, "high")),
                     sparkline(numbers_in(one, "points"), as.plot, asked_.style)),
                 idle != nullptr && idle->truth ? dim : std::string_view());
            ++shown;
        }
        const auto matched = whole_number<std::uint64_t>(number_in(list_, "matched"));
        if (rows.empty())
            line(status_.items.empty()           ? "waiting for the server"
                 : list_.items.empty()           ? "the rows are too long to be told"
                 : !(number_in(list_, "at") > 0) ? "nothing is flushed yet"
                 : asked_.series.search.empty() && !asked_.series.kind
                     ? "no series"
                     : "no series is asked for by these words");
        else
            shown_ = std::to_string(asked_.series.offset + 1) + '-' +
                     std::to_string(asked_.series.offset + shown) +
                     (matched ? " of " + std::to_string(*matched) : "");
    }

    void foot() {
        if (asked_.rows == 0)
            return line(shown_);
        while (lines_.size() + foot_lines < asked_.rows)
            line("");
        std::string text = shown_;
        if (asked_.series.kind)
            text += "  " + std::string(kind_word(*asked_.series.kind)) + "s only";
        if (asked_.typing || !asked_.series.search.empty())
            text += "  /" + asked_.series.search + (asked_.typing ? "_" : "");
        line(text);
        line(asked_.typing ? "type words of a name; Enter ends, Esc forgets them"
                           : "q quit  / search  n name  v value  r rate  t type  o turn  f kinds  "
                             "arrows, PgUp, PgDn",
             dim);
    }

    static constexpr std::size_t foot_lines = 2;
    static constexpr std::string_view bold = "\x1b[1m";
    static constexpr std::string_view dim = "\x1b[2m";
    static constexpr std::string_view red = "\x1b[31m";
    static constexpr std::string_view reverse = "\x1b[7m";

    const terminal_request& asked_;
    const literal& status_;
    const literal& list_;
    std::string shown_{};
    std::vector<std::string> lines_{};
};

} // namespace detail

/// The lines of a screen, each as wide as the terminal: the server's rates and health, and the series
/// that are asked for, as far as there is room.
/// Input    event: one of `/api/events`, parsed; one without members before there is any.
/// Cost     O(event).
/// Threads  pure.
[[nodiscard]] inline std::vector<std::string> terminal_view(const literal& event,
                                                            const terminal_request& asked) {
    return detail::terminal_frame(event, asked).draw();
}

/// The path of `/api/events` that tells what is to be seen.
[[nodiscard]] inline std::string events_path(const series_query& asked) {
    constexpr std::string_view orders[] = {"name", "kind", "value", "rate"};
    std::string path = "/api/events?search=";
    append_escaped_query(path, asked.search);
    if (asked.kind)
        (path += "&kind=") += kind_word(*asked.kind);
    (path += "&sort=") += orders[static_cast<std::size_t>(asked.order)];
    path += asked.descending ? "&order=desc" : "&order=asc";
    return path + "&offset=" + std::to_string(asked.offset) +
           "&limit=" + std::to_string(asked.limit);
}

} // namespace quipu

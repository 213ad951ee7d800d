// Snapshots as tables for people to read.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/sink/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

namespace detail {

/// Appends a number rounded to three decimals, which is plenty to look at.
inline void append_rounded(std::string& out, double value) {
    if (!is_finite(value)) {
        out += value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
        return;
    }
    if (value > -1e12 && value < 1e12) {
        const auto thousandths = static_cast<std::int64_t>(value * 1000 + (value < 0 ? -0.5 : 0.5));
        value = static_cast<double>(thousandths) / 1000;
    }
    char text[layout::shortest::bytes_max];
    out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
}

/// Appends Unix seconds as `2026-11-21 22:30:40 UTC`.
inline void append_utc(std::string& out, std::int64_t seconds) {
    constexpr std::int64_t day_seconds = 86400;
    std::int64_t days = seconds / day_seconds;
    std::int64_t left = seconds % day_seconds;
    if (left < 0) {
        left += day_seconds;
        --days;
    }
    // The civil date from days since 1970-01-01, in eras of 400 years that begin on a 1 March.
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

    const auto append = [&out](std::int64_t number, char before) {
        if (before != '\0')
            out += before;
        if (number < 10)
            out += '0';
        char text[integer_bytes_max];
        out.append(text, static_cast<std::size_t>(write_integer(text, number) - text));
    };
    append(year, '\0');
    append(month, '-');
    append(day, '-');
    append(left / 3600, ' ');
    append(left / 60 % 60, ':');
    append(left % 60, ':');
    out += " UTC";
}

/// The size of the UTF-8 character that `text` begins with; 0 if it is none, or one that controls a
/// terminal.
[[nodiscard]] constexpr std::size_t visible_character_bytes(std::string_view text) noexcept {
    const auto size = utf8_size(text);
    const bool control =
        size == 1 ? is_control(text[0]) : size == 2 && text[0] == '\xc2' && text[1] < '\xa0';
    return control ? 0 : size;
}

/// Appends text from the wire so that a terminal shows it and does nothing else: each byte of a
/// control character, and of what is not UTF-8, becomes '?'.
inline void append_visible(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto size = visible_character_bytes(text);
        if (size == 0) {
            out += '?';
            text.remove_prefix(1);
        } else {
            out += text.substr(0, size);
            text.remove_prefix(size);
        }
    }
}

/// Rows of cells under a heading, in columns as wide as they need to be; the first is aligned to
/// the left, the others to the right. A first cell of more than `first_columns_max` shifts its own
/// row alone, so that one long name does not push all others out of sight.
class text_table {
public:
    static constexpr std::size_t first_columns_max = 48;

    explicit text_table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool has_rows() const noexcept { return rows_.size() > 1; }

    void append_to(std::string& out) const {
        std::vector<std::size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i) {
                const auto width = columns(row[i]);
                if (width > widths[i] && (i > 0 || width <= first_columns_max))
                    widths[i] = width;
            }
        }
        for (const auto& row : rows_) {
            if (&row != &rows_.front())
                out += "  ";
            out += row.front();
            const auto first = columns(row.front());
            auto pad = first < widths.front() ? widths.front() - first : 0;
            if (&row == &rows_.front())
                pad += 2;
            for (std::size_t i = 1; i < row.size(); ++i) {
                pad += widths[i] - columns(row[i]) + 2;
                out.append(pad, ' ');
                out += row[i];
                pad = 0;
            }
            out += '\n';
        }
    }

private:
    /// How many columns a terminal needs for UTF-8 text of ordinary width.
    [[nodiscard]] static std::size_t columns(std::string_view text) noexcept {
        std::size_t count = 0;
        for (const char c : text) {
            if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U)
                ++count;
        }
        return count;
    }

    std::vector<std::vector<std::string>> rows_{};
};

} // namespace detail

/// Prints each snapshot as tables, one for each kind that has series:
///
///     2026-11-21 22:30:40 UTC, 10 s, 2 series
///     counters    count  rate/s
///       api.hits   1200     120
///     gauges    value
///       queue       7
///
/// Timers show count, mean, standard deviation, lowest and highest value and the percentiles asked
/// for. Numbers are rounded to three decimals.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Transport>
class basic_console {
    static_assert(require_transport<Transport>());

public:
    explicit basic_console(Transport transport,
                           std::vector<percentile> percentiles = {{50, "50"},
                                                                  {90, "90"},
                                                                  {99, "99"}})
        : transport_(std::move(transport)), percentiles_(std::move(percentiles)) {}

    /// Returns  ok when the transport has taken everything.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        text_.clear();
        detail::append_utc(text_, from.timestamp);
        text_ += ", ";
        detail::append_rounded(text_, from.interval_seconds);
        text_ += " s, ";
        detail::append_rounded(text_, static_cast<double>(from.size()));
        text_ += " series\n";
        add_counters(from);
        add_timers(from);
        add_gauges(from);
        add_sets(from);
        add_keyvalues(from);
        text_ += '\n';
        return transport_.send(text_);
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }

private:
    [[nodiscard]] static std::string number(double value) {
        std::string text;
        detail::append_rounded(text, value);
        return text;
    }

    [[nodiscard]] static std::string name(std::string_view canonical) {
        std::string text;
        detail::append_visible(text, canonical);
        return text;
    }

    void append(const detail::text_table& table) {
        if (table.has_rows())
            table.append_to(text_);
    }

    template <class StoreTraits>
    void add_counters(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"counters", "count", "rate/s"});
        for (const auto& one : from.counters) {
            table.add({name(one.name),
                       number(one.cell.sum()),
                       number(one.cell.rate(from.interval_seconds))});
        }
        append(table);
    }

    template <class StoreTraits>
    void add_timers(const basic_snapshot<StoreTraits>& from) {
        std::vector<std::string> heading{"timers", "count", "mean", "std", "lower", "upper"};
        for (const auto& one : percentiles_)
            heading.push_back(label(one));
        detail::text_table table(heading);
        for (const auto& one : from.timers) {
            const auto& cell = one.cell;
            std::vector<std::string> row{name(one.name),
                                         number(cell.count()),
                                         number(cell.mean()),
                                         number(cell.population_deviation()),
                                         number(cell.min()),
                                         number(cell.max())};
            for (const auto& wanted : percentiles_) {
                const auto part = wanted.value < 0 ? cell.values().highest(wanted.share())
                                                   : cell.values().lowest(wanted.share());
                row.push_back(number(part.boundary));
            }
            table.add(std::move(row));
        }
        append(table);
    }

    /// `p99.9`, or `top10` for the lowest of the highest.
    [[nodiscard]] static std::string label(const percentile& one) {
        return one.value < 0 ? one.suffix : 'p' + number(one.value);
    }

    template <class StoreTraits>
    void add_gauges(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"gauges", "value"});
        for (const auto& one : from.gauges)
            table.add({name(one.name), number(one.cell.value())});
        append(table);
    }

    template <class StoreTraits>
    void add_sets(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"sets", "members"});
        for (const auto& one : from.uniques) {
            table.add({name(one.name), number(one.cell.estimate())});
        }
        append(table);
    }

    template <class StoreTraits>
    void add_keyvalues(const basic_snapshot<StoreTraits>& from) {
        detail::text_table table({"key/values", "value", "time"});
        for (const auto& one : from.keyvalues) {
            for (const auto& value : one.cell.values()) {
                std::string time;
                const bool timed = value.timestamp != no_timestamp;
                detail::append_utc(time, timed ? value.timestamp : from.timestamp);
                table.add({name(one.name), number(value.value), std::move(time)});
            }
        }
        append(table);
    }

    Transport transport_;
    std::vector<percentile> percentiles_;
    std::string text_{};
};

} // namespace quipu
